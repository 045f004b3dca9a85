package job

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// option is one choice of a job: a key of the file, a flag, or both. It holds the
// place in the Job that it fills.
type option struct {
	key   string // "" when only a flag says it
	flag  string // "" when only the file says it
	arg   string // placeholder of the value in help
	usage string

	// What the file may hold under the key; more than one kind is possible.
	value value                    // a scalar
	keys  []option                 // a mapping of known keys
	pairs map[string]string        // a mapping of any keys, each value one of pairTo
	words []string                 // the values that pairs may have
	clear func()                   // a list: forget the items, then
	item  func() (value, []option) // add one, from a scalar or a mapping
}

// value is a scalar of the job. Set takes it from text; its error says what is wrong
// with the text, and what is valid.
type value interface {
	Set(text string) error
	String() string // what is set, "" for nothing
}

// options lists every option. Where two fill the same place, flags of later ones win.
func (j *Job) options() []option {
	return []option{
		{flag: "legend", arg: "L", usage: "legend of both rasters: a shipped name (see greenshield legends) or a CSV file", value: both{&j.Before.Legend, &j.After.Legend}},
		{key: "before", keys: j.Before.options("before")},
		{key: "after", keys: j.After.options("after")},
		sources("redline", &j.RedLine, "layer of the ecological red line: FILE or FILE|layername=NAME; repeat for more", false),
		sources("reserve", &j.Reserve, "layer of nature reserves; repeat for more", true),
		{key: "admin", flag: "admin", arg: "SRC", usage: "layer of counties", value: &j.Admin, keys: j.Admin.options([]string{"code", "name", "city"}, false)},
		exempt(&j.Exempt),
		{key: "encoding", flag: "encoding", arg: "ENC", usage: "encoding of attribute text that declares none, such as GBK", value: (*text)(&j.Encoding)},
		{key: "rules", flag: "rules", arg: "R", usage: "rule table: a shipped name (see greenshield rules) or a CSV file", value: (*text)(&j.Rules)},
		{key: "connectivity", flag: "connectivity", arg: "8|4", usage: "neighbours of a cell that belong to its patch", value: connectivity{&j.Connectivity}},
		{key: "min_area", flag: "min-area", arg: "SIZE", usage: "smallest patch: 0.5ha, 5000m2 or 4cells", value: size{&j.MinArea}},
		{key: "min_part", flag: "min-part", arg: "SIZE", usage: "smallest part of a patch inside a zone", value: size{&j.MinPart}},
		{key: "min_severity", flag: "min-severity", arg: "N", usage: "smallest severity, 0 to 4", value: number{&j.MinSeverity, 0, 4}},
		{key: "align", flag: "align", usage: "bring after onto before's grid when they differ (nearest neighbour)", value: toggle{&j.Align}},
		{key: "accept_repairs", flag: "accept-repairs", usage: "accept repairs that change a feature's area by more than 0.1 %", value: toggle{&j.AcceptRepairs}},
		{key: "workers", flag: "workers", arg: "N", usage: "parallel workers", value: number{&j.Workers, 1, 1024}},
		{key: "max_memory", flag: "max-memory", arg: "BYTES", usage: "memory that the run may use: 600MB, 2GiB", value: memory{&j.MaxMemory}},
		{key: "out", flag: "out", arg: "DIR", usage: "folder of the results", value: (*text)(&j.Out)},
		{key: "formats", flag: "formats", arg: "LIST", usage: "what to write: all, or some of geojson, csv, gpkg, xlsx, html, joined by commas; geojson is always written", value: &j.Formats},
		{key: "survey", keys: surveyOptions(&j.Survey)},
		{key: "image_before", flag: "image-before", arg: "FILE", usage: "image mosaic for the pictures in the report", value: (*text)(&j.ImageBefore)},
		{key: "image_after", flag: "image-after", arg: "FILE", usage: "the same, after", value: (*text)(&j.ImageAfter)},
		{key: "replace", flag: "replace", usage: "replace an earlier run in the folder of the results", value: toggle{&j.Replace}},
	}
}

func surveyOptions(s *survey.Settings) []option {
	var ranks []option
	for _, e := range landcover.Ecosystems() {
		ranks = append(ranks, option{key: e.String(), value: number{&s.Ranks[e], 1, survey.MaxRank}})
	}
	return []option{
		{key: "dynamic_degree_divisor", value: number{&s.Divisor, 1, 2}},
		{key: "annualise", value: toggle{&s.Annualise}},
		{key: "lcci_denominator", value: word{&s.Denominator, []string{survey.Changed, survey.Total}}},
		{key: "ranks", keys: ranks},
	}
}

func (e *Epoch) options(name string) []option {
	return []option{
		{key: "files", flag: name, arg: "FILE", usage: "raster of class codes " + name + "; repeat for tiles of a mosaic",
			clear: func() { e.Files = nil },
			item: func() (value, []option) {
				e.Files = append(e.Files, "")
				return (*text)(&e.Files[len(e.Files)-1]), nil
			}},
		{key: "year", flag: name + "-year", arg: "YEAR", usage: "its year", value: number{&e.Year, 1900, 2100}},
		{key: "band", flag: name + "-band", arg: "N", usage: "its band, for a file of several", value: number{&e.Band, 1, 65535}},
		{key: "legend", flag: name + "-legend", arg: "L", usage: "its legend, when the two differ", value: (*text)(&e.Legend)},
	}
}

func sources(name string, list *[]Source, usage string, funcZones bool) option {
	return option{key: name, flag: name, arg: "SRC", usage: usage,
		clear: func() { *list = nil },
		item: func() (value, []option) {
			*list = append(*list, Source{})
			s := &(*list)[len(*list)-1]
			return s, s.options([]string{"id", "name", "func_zone", "level"}, funcZones)
		}}
}

func exempt(list *[]Source) option {
	o := sources("exempt", list, "layer of approved projects, whose candidates get a flag; repeat for more", false)
	add := o.item
	o.item = func() (value, []option) {
		v, _ := add()
		return v, v.(*Source).options(nil, false)
	}
	return o
}

func (s *Source) options(roles []string, funcZones bool) []option {
	all := []option{
		{key: "file", value: (*text)(&s.File)},
		{key: "layer", value: (*text)(&s.Layer)},
		{key: "encoding", value: (*text)(&s.Encoding)},
	}
	if roles != nil {
		fields := option{key: "fields"}
		for _, role := range roles {
			fields.keys = append(fields.keys, option{key: role, value: field{s, role}})
		}
		all = append(all, fields)
	}
	if funcZones {
		types := option{key: "zone_types", pairs: map[string]string{}}
		for _, z := range redline.ZoneTypes() {
			types.words = append(types.words, z.String())
		}
		s.ZoneTypes = types.pairs
		all = append(all, types)
	}
	return all
}

// Flag describes a flag of the command line.
type Flag struct {
	Name, Arg, Usage string
	Default          string // "" for none
	Repeats          bool   // may be given several times
	Switch           bool   // stands without a value
}

// Flags lists the flags that a job can be made with, in the order of help.
func Flags() []Flag {
	var flags []Flag
	walkFlags(Default().options(), func(o option) {
		f := Flag{Name: o.flag, Arg: o.arg, Usage: o.usage, Repeats: o.item != nil}
		if _, f.Switch = o.value.(toggle); !f.Repeats && !f.Switch {
			f.Default = o.value.String()
		}
		flags = append(flags, f)
	})
	return flags
}

// Set takes what flags say, by name: the texts that each was given. It replaces what
// the job held, lists as a whole.
func (j *Job) Set(flags map[string][]string) error {
	var faults []error
	walkFlags(j.options(), func(o option) {
		texts := flags[o.flag]
		if len(texts) > 0 && o.clear != nil {
			o.clear()
		}
		for _, t := range texts {
			v := o.value
			if o.item != nil {
				v, _ = o.item()
			}
			if err := v.Set(t); err != nil {
				faults = append(faults, redline.Faultf(redline.Usage, "--%s: %w", o.flag, err))
			}
		}
	})
	return errors.Join(faults...)
}

func walkFlags(options []option, visit func(option)) {
	for _, o := range options {
		if o.flag != "" {
			visit(o)
		} else {
			walkFlags(o.keys, visit)
		}
	}
}

// text is any text but none.
type text string

func (t *text) Set(s string) error {
	if strings.TrimSpace(s) == "" {
		return errors.New("the text is empty; write a value, or leave it out")
	}
	*t = text(s)
	return nil
}

func (t *text) String() string { return string(*t) }

type both [2]*string

func (b both) Set(s string) error {
	return errors.Join((*text)(b[0]).Set(s), (*text)(b[1]).Set(s))
}

func (b both) String() string { return *b[0] }

// number is a whole number within bounds.
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

type toggle struct{ on *bool }

func (v toggle) Set(s string) error {
	if s != "true" && s != "false" {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	*v.on = s == "true"
	return nil
}

func (v toggle) String() string { return strconv.FormatBool(*v.on) }

// quantity is a decimal number and its unit.
var quantity = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+[²2]?)$`)

// units lists the units of a size.
var units = []struct {
	name  string
	cells float64
	m2    float64
}{{"cells", 1, 0}, {"cell", 1, 0}, {"m2", 0, 1}, {"m²", 0, 1}, {"ha", 0, 1e4}, {"km2", 0, 1e6}, {"km²", 0, 1e6}}

type size struct{ s *redline.Size }

// Largest thresholds that make sense: more cells than any raster has, and the surface of the earth.
const (
	maxSizeCells = 1e12
	maxSizeM2    = 5.1e14
)

func (v size) Set(s string) error {
	if m := quantity.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		for _, u := range units {
			if err != nil || u.name != m[2] {
				continue
			}
			if n*u.cells > maxSizeCells || n*u.m2 > maxSizeM2 {
				return fmt.Errorf("%q is larger than any raster", s)
			}
			*v.s = redline.Size{Cells: n * u.cells, M2: n * u.m2}
			return nil
		}
	}
	return fmt.Errorf("%q is not a size; write a number that is not negative and its unit, such as 4cells, 0.5ha or 5000m2", s)
}

func (v size) String() string { return FormatSize(*v.s) }

// FormatSize returns s as a job file writes it.
func FormatSize(s redline.Size) string {
	format := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	if s.M2 > 0 {
		return format(s.M2) + "m2"
	}
	if s.Cells == 1 {
		return "1cell"
	}
	return format(s.Cells) + "cells"
}

// byteUnits lists the units of memory, the best to print first.
var byteUnits = []struct {
	name  string
	bytes float64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"TB", 1e12}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}}

// minMemory is what a run needs besides its data.
const minMemory = 64 << 20

type memory struct{ bytes *int64 }

func (v memory) Set(s string) error {
	if m := quantity.FindStringSubmatch(s); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		for _, u := range byteUnits {
			if err != nil || u.name != m[2] {
				continue
			}
			if n *= u.bytes; n < minMemory || n > 1<<50 {
				return fmt.Errorf("%q is not between 64MiB and 1024TiB", s)
			}
			*v.bytes = int64(n)
			return nil
		}
	}
	return fmt.Errorf("%q is not an amount of memory; write a number and its unit, such as 2GiB or 600MB", s)
}

func (v memory) String() string {
	for _, u := range byteUnits {
		if n := float64(*v.bytes) / u.bytes; n == float64(int64(n)) {
			return fmt.Sprintf("%.0f%s", n, u.name)
		}
	}
	return strconv.FormatFloat(float64(*v.bytes)/1e6, 'f', -1, 64) + "MB"
}

// Set reads FILE or FILE|layername=NAME, as QGIS writes it.
func (s *Source) Set(src string) error {
	file, layer, named := strings.Cut(src, "|layername=")
	switch {
	case strings.TrimSpace(file) == "":
		return fmt.Errorf("%q names no file; write FILE or FILE|layername=NAME", src)
	case named && layer == "":
		return fmt.Errorf("%q names no layer; write FILE|layername=NAME", src)
	case strings.Contains(file+layer, "|"):
		return fmt.Errorf("%q has parts besides the layer's name; write FILE or FILE|layername=NAME", src)
	}
	*s = Source{File: file, Layer: layer}
	return nil
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
