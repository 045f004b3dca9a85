package job

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"greenshield/redline"
)

// text is any text with more than white space.
type text string

func (t *text) Set(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("the text is empty; write a value, or leave it out")
	}
	*t = text(s)
	return nil
}

func (t *text) String() string { return string(*t) }

// both is a text that goes to two places.
type both [2]*string

func (b both) Set(s string) error {
	return errors.Join((*text)(b[0]).Set(s), (*text)(b[1]).Set(s))
}

func (b both) String() string { return *b[0] }

// number is a whole number from min to max. What is smaller than min is not set yet.
type number struct {
	n        *int
	min, max int
}

func (v number) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < v.min || n > v.max {
		return fmt.Errorf("%q is not a whole number from %d to %d", s, v.min, v.max)
	}
	*v.n = n
	return nil
}

func (v number) String() string {
	if *v.n < v.min {
		return ""
	}
	return strconv.Itoa(*v.n)
}

// connectivity is 4 or 8.
type connectivity struct{ n *int }

func (v connectivity) Set(s string) error {
	if s != "4" && s != "8" {
		return fmt.Errorf("%q is neither 8 (edge and corner neighbours) nor 4 (edge neighbours)", s)
	}
	*v.n = int(s[0] - '0')
	return nil
}

func (v connectivity) String() string { return strconv.Itoa(*v.n) }

// word is one of some words.
type word struct {
	s     *string
	words []string
}

func (v word) Set(s string) error {
	if !slices.Contains(v.words, s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(v.words, ", "))
	}
	*v.s = s
	return nil
}

func (v word) String() string { return *v.s }

// toggle is true or false.
type toggle struct{ on *bool }

func (v toggle) Set(s string) error {
	if s != "true" && s != "false" {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	*v.on = s == "true"
	return nil
}

func (v toggle) String() string { return strconv.FormatBool(*v.on) }

// date is a day, as ISO 8601 writes it.
type date struct{ s *string }

func (v date) Set(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return fmt.Errorf("%q is not a date of the form 2026-03-15", s)
	}
	*v.s = s
	return nil
}

func (v date) String() string { return *v.s }

// since is the date of zones, of which month and day may be left out.
type since struct{ d *redline.Date }

func (v since) Set(s string) error {
	d, ok := redline.ParseDate(s)
	if !ok || d == (redline.Date{}) {
		return fmt.Errorf("%q is not a date of the form 2018, 2018-06 or 2018-06-30", s)
	}
	*v.d = d
	return nil
}

func (v since) String() string { return v.d.String() }

// sourceForm is how a layer is named on the command line.
const sourceForm = "FILE, then |layername=NAME, |zone_type=TYPE, |since=DATE, |crs=CRS or |where=EXPRESSION where they " +
	"are needed"

// Set makes s the layer that src names: FILE or FILE|layername=NAME, as QGIS writes it, then |zone_type=TYPE,
// |since=DATE and |crs=CRS in any order, and |where=EXPRESSION last. The error says which part of src is missing or not
// understood.
func (s *Source) Set(src string) error {
	rest, where, filtered := strings.Cut(src, "|where=")
	parts := strings.Split(rest, "|")
	named := Source{File: parts[0], Where: where}
	day := ""
	keys := map[string]*string{
		"layername": &named.Layer, "zone_type": &named.ZoneType, "since": &day, "crs": &named.CRS,
	}
	lacks := map[string]string{
		"layername": "names no layer", "zone_type": "names no zone type", "since": "states no date", "crs": "states no CRS",
	}
	switch {
	case strings.TrimSpace(named.File) == "":
		return fmt.Errorf("%q names no file; write %s", src, sourceForm)
	case filtered && strings.TrimSpace(where) == "":
		return fmt.Errorf("%q has no expression after where; write %s", src, sourceForm)
	}
	for _, part := range parts[1:] {
		key, text, _ := strings.Cut(part, "=")
		place := keys[key]
		switch {
		case place == nil:
			return fmt.Errorf("%q has parts besides the layer's name that are not known; write %s", src, sourceForm)
		case *place != "":
			return fmt.Errorf("%q says %s twice; write %s", src, key, sourceForm)
		case text == "":
			return fmt.Errorf("%q %s; write %s", src, lacks[key], sourceForm)
		}
		*place = text
	}
	if named.ZoneType != "" {
		if err := (word{&named.ZoneType, zoneTypeNames()}).Set(named.ZoneType); err != nil {
			return fmt.Errorf("zone_type: %w", err)
		}
	}
	if day != "" {
		if err := (since{&named.Since}).Set(day); err != nil {
			return fmt.Errorf("since: %w", err)
		}
	}
	*s = named
	return nil
}

// zoneTypeNames lists the names of the zone types, strictest first.
func zoneTypeNames() (names []string) {
	for _, t := range redline.ZoneTypes() {
		names = append(names, t.String())
	}
	return names
}

// field is the name of the attribute field for a role.
type field struct {
	s    *Source
	role string
}

func (f field) Set(name string) error {
	if f.s.Fields == nil {
		f.s.Fields = map[string]string{}
	}
	if name == FeatureNumber && f.role != "id" {
		return fmt.Errorf("%q, the number of the feature, serves only as an id; name a field", name)
	}
	t := (*text)(new(string))
	err := t.Set(name)
	f.s.Fields[f.role] = string(*t)
	return err
}

func (f field) String() string { return f.s.Fields[f.role] }
