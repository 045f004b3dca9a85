package gdalinput

import (
	"slices"
	"strings"

	"greenshield/redline"
	"greenshield/redline/job"
)

// chooseField returns the attribute field of a layer that holds what role asks for, and notes the choice: the field
// that the job names, else the first known alias. It is "" when there is none, and [job.FeatureNumber] when the job
// wants the number of the feature. A field that the job names and the layer lacks is a fault.
func (l *Loaded) chooseField(ly *layer, role string) string {
	field := l.findField(ly, role)
	ly.in.Layer.Roles = append(ly.in.Layer.Roles, FieldRole{role, field})
	return field
}

// findField does the work of chooseField.
func (l *Loaded) findField(ly *layer, role string) string {
	named, ok := ly.source.Fields[role]
	if !ok {
		field, _ := l.vocab.Field(role, ly.Fields)
		return field
	}
	if named == job.FeatureNumber || slices.Contains(ly.Fields, named) {
		return named
	}
	for _, f := range ly.Fields {
		if strings.EqualFold(f, named) {
			return f
		}
	}
	ly.in.addFault(redline.Vector, "has no field %q for %s; its fields are %s", named, role, strings.Join(ly.Fields, ", "))
	return ""
}
