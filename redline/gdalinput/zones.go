package gdalinput

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"greenshield/redline"
	"greenshield/redline/job"
)

// zoneKey names a zone: ids are unique within all layers of one role.
type zoneKey struct{ role, id string }

// takeZones takes the features of a layer as zones.
func (l *Loaded) takeZones(ly *layer) {
	before := ly.in.Err // a shape may be wrong already; the attributes are judged all the same
	id, name := l.chooseField(ly, "id"), l.chooseField(ly, "name")
	funcZone := ""
	if ly.source.ZoneType == "" {
		funcZone = l.chooseField(ly, "func_zone")
	}
	level := l.chooseField(ly, "level")
	dates := l.takeDates(ly)
	if ly.in.Err != before {
		return
	}
	if _, blank := ly.source.ZoneTypes[""]; ly.role == redline.LayerReserve && funcZone == "" &&
		!blank && ly.source.ZoneType == "" {
		all := fmt.Sprintf("all its %d features count", len(ly.Features))
		if len(ly.Features) == 1 {
			all = "its only feature counts"
		}
		ly.in.warn("has no field for the functional zone, so %s as unzoned, as strict as a core zone; name the field by "+
			"fields: {func_zone: …} in the job file, or say what they all are by zone_type: … (its fields are %s)",
			all, strings.Join(ly.Fields, ", "))
	}
	ly.warnOfUnknownFields(
		[2]string{"id", "no field is known to hold the ids of the zones, so they are numbered in the order of the file"},
		[2]string{"name", "no field is known to hold the names of the zones, so they have none"})
	unknown := map[string]int{} // text of a functional zone → number of zones
	ids, words := make([]string, len(ly.Features)), ly.words()
	for i, f := range ly.Features {
		ids[i] = ly.Name + ":" + strconv.Itoa(f.Number)
		if id != "" && id != job.FeatureNumber {
			ids[i] = words.key(i, id, ly.value(i, id))
		}
		zone := redline.Zone{
			Layer:    ly.role,
			ID:       ids[i],
			Name:     words.label(i, name),
			FuncZone: words.label(i, funcZone),
			Level:    words.label(i, level),
			Since:    dates[i],
			Feature:  f.Number,
			Source:   ly.label(),
		}
		var known bool
		if zone.Type, known = l.zoneType(ly, zone.FuncZone); !known {
			unknown[zone.FuncZone]++
		}
		ly.in.Layer.countZone(zone.FuncZone, zone.Type, known)
		if ly.shapes != nil {
			zone.Shape, zone.TotalM2 = ly.shapes[i].shape, ly.shapes[i].m2
		}
		l.Inputs.Zones, l.zoneIn = append(l.Inputs.Zones, zone), append(l.zoneIn, ly.in)
	}
	words.judge()
	refuseUnknownTexts(ly, funcZone, unknown)
	l.checkIDs(ly, id, ids)
	warnOfNumbers(ly, "id", id, ids)
	l.checkRepairs(ly, ids)
}

// zoneType returns the zone type of a feature with that functional zone; known is false when nobody knows it.
func (l *Loaded) zoneType(ly *layer, funcZone string) (t redline.ZoneType, known bool) {
	if ly.source.ZoneType != "" {
		t, err := redline.ParseZoneType(ly.source.ZoneType)
		return t, err == nil
	}
	return l.vocab.ZoneType(ly.role, funcZone, ly.source.ZoneTypes)
}

// refuseUnknownTexts makes a fault of texts in the field funcZone for which no zone type is known; unknown counts the
// zones of each.
func refuseUnknownTexts(ly *layer, funcZone string, unknown map[string]int) {
	if len(unknown) == 0 {
		return
	}
	texts := slices.Sorted(maps.Keys(unknown))
	var list, types []string
	for _, text := range texts {
		list = append(list, fmt.Sprintf("%q (%d)", firstCharacters(text), unknown[text]))
	}
	for _, t := range redline.ZoneTypes() {
		types = append(types, t.String())
	}
	ly.in.addFault(redline.Vector, "field %s holds functional zones that nobody knows, with the number of features: %s; "+
		"say what they are in the job file, such as zone_types: {%q: core} under this layer (zone types: %s)",
		funcZone, firstTen(list), firstCharacters(texts[0]), strings.Join(types, ", "))
}

// separator stands between the ids of the column zones_all, so no id may hold it.
const separator = ";"

// checkIDs refuses zones without an id, ids that two zones of one role share, and ids that hold the separator. field is
// where ids, parallel to the features, were read.
func (l *Loaded) checkIDs(ly *layer, field string, ids []string) {
	remedy := "correct the field, name another one (fields: {id: NAME} in the job file), " +
		`or take the features' numbers (fields: {id: "#"})`
	if field == "" || field == job.FeatureNumber {
		remedy = "two layers have one name: give one of the layers, not of the files, another one, " +
			"or name a field with ids (fields: {id: NAME} in the job file)"
	}
	var empty, twice, split []string
	for i, id := range ids {
		number := strconv.Itoa(ly.Features[i].Number)
		if strings.Contains(id, separator) {
			split = append(split, fmt.Sprintf("feature %s (%q)", number, firstCharacters(id)))
		}
		key := zoneKey{ly.role, id}
		switch first, taken := l.ids[key]; {
		case id == "":
			empty = append(empty, number)
		case taken:
			twice = append(twice, fmt.Sprintf("%q of feature %s is that of %s", firstCharacters(id), number, first))
		default:
			l.ids[key] = "feature " + number + " of " + ly.label()
		}
	}
	if empty != nil {
		ly.in.addFault(redline.Vector, "the id of the zones, field %s, is empty in %d of the %d features, feature %s; %s",
			field, len(empty), len(ids), firstTen(empty), remedy)
	}
	switch {
	case split == nil:
	case field == "" || field == job.FeatureNumber:
		ly.in.addFault(redline.Vector, "the ids of the zones begin with the name of the layer, which holds %q: that stands "+
			"between the ids of several zones in the results; give the layer another name, or name a field with ids "+
			"(fields: {id: NAME} in the job file)", separator)
	default:
		ly.in.addFault(redline.Vector, "the id of the zones, field %s, holds %q in %s: that stands between the ids of "+
			"several zones in the results; %s", field, separator, firstTen(split), remedy)
	}
	if twice != nil {
		ly.in.addFault(redline.Vector, "zones of the layer %s share an id (%d of the %d in this file): %s; %s",
			ly.role, len(twice), len(ids), firstTen(twice), remedy)
	}
}

// firstCharacters returns a text, or its beginning with … when it is long, for a message.
func firstCharacters(text string) string {
	const shown = 100
	if utf8.RuneCountInString(text) <= shown {
		return text
	}
	return string([]rune(text)[:shown]) + "…"
}

// firstTen joins the first ten entries of a list, and says how many more there are.
func firstTen(list []string) string {
	const maxListed = 10
	if len(list) > maxListed {
		return strings.Join(list[:maxListed], ", ") + fmt.Sprintf(" and %d more", len(list)-maxListed)
	}
	return strings.Join(list, ", ")
}
