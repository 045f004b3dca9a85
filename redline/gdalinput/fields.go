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
		have := ly.Fields
		if role == roleSince {
			have = ly.withoutRole()
		}
		field, _ := l.vocab.Field(role, have)
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

// withoutRole returns the fields that have no role yet.
func (ly *layer) withoutRole() []string {
	return slices.DeleteFunc(slices.Clone(ly.Fields), func(f string) bool {
		return slices.ContainsFunc(ly.in.Layer.Roles, func(r FieldRole) bool { return r.Field == f })
	})
}

// technicalFields are fields that GIS programs make: none of them describes what a feature is.
var technicalFields = []string{
	"fid", "id", "objectid", "shape", "shape_leng", "shape_length", "shape_area", "shape_le_1", "area", "perimeter",
}

// warnOfUnknownFields warns of roles without a field, when the layer has fields that serve for none. wanted says for
// each role what comes of its lack; its entries are pairs of a role and the words.
func (ly *layer) warnOfUnknownFields(wanted ...[2]string) {
	field := map[string]string{} // by role
	used := slices.Clone(technicalFields)
	for _, r := range ly.in.Layer.Roles {
		field[r.Role] = r.Field
		used = append(used, strings.ToLower(r.Field))
	}
	spare := func(f string) bool { return !slices.Contains(used, strings.ToLower(f)) }
	if !slices.ContainsFunc(ly.Fields, spare) {
		return
	}
	var lacks, keys []string
	for _, w := range wanted {
		if field[w[0]] == "" {
			lacks, keys = append(lacks, w[1]), append(keys, w[0]+": …")
		}
	}
	if lacks != nil {
		ly.in.warn("%s; name the field by fields: {%s} in the job file (its fields are %s)",
			strings.Join(lacks, ", and "), strings.Join(keys, ", "), strings.Join(ly.Fields, ", "))
	}
}
