package redline

import (
	"fmt"
	"slices"
	"strings"

	"greenshield/raster/landcover"
)

// fieldRoles are the roles that [Vocabulary.Field] knows.
var fieldRoles = []string{"id", "name", "func_zone", "level", "since", "code", "city"}

// Vocabulary holds the words that layers use for functional zones and for their attribute fields. It does not change,
// so it may be used concurrently.
type Vocabulary struct {
	zoneTypes map[string]ZoneType // by folded text
	aliases   map[string][]string // by role: folded aliases, best first
}

// SameWord tells whether a vocabulary takes two texts for the same word: they differ at most in the case of letters and
// in white space around them.
func SameWord(a, b string) bool { return fold(a) == fold(b) }

// fold returns the same text for all texts that count as the same word.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// ParseVocabulary reads the two tables of a vocabulary (see [landcover.ReadTable]): zoneTypes with the columns
// value,zone_type, and fields with the columns role,alias, in which the better alias of a role comes first. Errors name
// the table and the line.
func ParseVocabulary(zoneTypes, fields []byte) (*Vocabulary, error) {
	v := &Vocabulary{zoneTypes: map[string]ZoneType{}, aliases: map[string][]string{}}
	rows, err := landcover.ReadTable("zone types", zoneTypes, "value", "zone_type")
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		t, err := parseZoneType(r.Fields["zone_type"])
		if err != nil {
			return nil, fmt.Errorf("zone types:%d: %w", r.Line, err)
		}
		value := fold(r.Fields["value"])
		if value == "" {
			return nil, fmt.Errorf(
				"zone types:%d: the value is empty; a blank functional zone is unzoned without a line here", r.Line)
		}
		if _, twice := v.zoneTypes[value]; twice {
			return nil, fmt.Errorf("zone types:%d: %q stands already in an earlier line; keep one of the two",
				r.Line, r.Fields["value"])
		}
		v.zoneTypes[value] = t
	}
	if rows, err = landcover.ReadTable("fields", fields, "role", "alias"); err != nil {
		return nil, err
	}
	for _, r := range rows {
		role, alias := r.Fields["role"], fold(r.Fields["alias"])
		if !slices.Contains(fieldRoles, role) {
			return nil, fmt.Errorf("fields:%d: unknown role %q%s", r.Line, role, DidYouMean(role, fieldRoles))
		}
		if alias == "" || slices.Contains(v.aliases[role], alias) {
			return nil, fmt.Errorf("fields:%d: alias %q of %s is empty or stands already in an earlier line; remove it",
				r.Line, r.Fields["alias"], role)
		}
		v.aliases[role] = append(v.aliases[role], alias)
	}
	return v, nil
}

// ZoneType returns the zone type that a feature of the layer ([LayerRedLine] or [LayerReserve]) has by the text of its
// functional zone, and false when the vocabulary lacks the text. Every feature of a red-line layer is [RedLine]. In a
// reserve layer override, a map from text to the name of a zone type, goes before the vocabulary, and a blank text is
// [Unzoned] unless override has it. Texts are compared as by [SameWord].
func (v *Vocabulary) ZoneType(layer, funcZone string, override map[string]string) (ZoneType, bool) {
	if layer == LayerRedLine {
		return RedLine, true
	}
	text := fold(funcZone)
	for from, to := range override {
		if fold(from) == text {
			t, err := ParseZoneType(to)
			return t, err == nil
		}
	}
	if text == "" {
		return Unzoned, true
	}
	t, ok := v.zoneTypes[text]
	return t, ok
}

// Field returns the one of the fields have, as it is written there, that holds what role asks for: id, name, func_zone,
// level or since of a layer of zones, code, name or city of a layer of counties. It is the one that the best alias of
// the role names; false when none does.
func (v *Vocabulary) Field(role string, have []string) (string, bool) {
	for _, alias := range v.aliases[role] {
		for _, field := range have {
			if fold(field) == alias {
				return field, true
			}
		}
	}
	return "", false
}
