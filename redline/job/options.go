package job

import (
	"errors"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// option is one choice of a job: a key of the file, a flag, or both. It holds the
// place in the Job that it fills.
type option struct {
	key   string // key of the file, "" when only a flag sets it
	flag  string // name of the flag, "" when only the file sets it
	arg   string // placeholder of the flag's value in help
	usage string // explanation of the flag in help

	// What the file may hold under the key. An option has at least one of these.
	value value             // a scalar sets this
	keys  []option          // a mapping may have these keys
	pairs map[string]string // a mapping with keys of the user's own goes here
	words []string          // the values that pairs may have
	// A list forgets the items it has by clear, and then adds each by item, which
	// returns what a scalar sets and which keys a mapping may have.
	clear func()
	item  func() (value, []option)
}

// value is a scalar of the job. Set takes it from text; its error says what is wrong
// with the text, and what is valid. String returns it as Set reads it, "" while nothing
// is set.
type value interface {
	Set(text string) error
	String() string
}

// options lists every option. Where two flags fill the same place, that of the later
// option wins.
func (j *Job) options() []option {
	return []option{
		{flag: "legend", arg: "L", value: both{&j.Before.Legend, &j.After.Legend},
			usage: "legend of both rasters: a shipped name (see greenshield legends) or a CSV file"},
		{key: "before", keys: j.Before.options("before")},
		{key: "after", keys: j.After.options("after")},
		between(&j.Between),
		confirm(&j.Confirm),
		{key: "confirm_tolerance", flag: "confirm-tolerance", arg: "YEARS", value: number{&j.ConfirmTolerance, 0, 100},
			usage: "by how many years the maps of --confirm may differ from the two that are compared"},
		{key: "newest", keys: j.Newest.mapOptions()},
		newestFlag(&j.Newest),
		zoneLayers("redline", &j.RedLine,
			"layer of the ecological red line: FILE or FILE|layername=NAME, then |since=DATE, |crs=CRS and "+
				"|where=EXPRESSION; repeat for more", false),
		zoneLayers("reserve", &j.Reserve, "layer of nature reserves, also with |zone_type=TYPE; repeat for more", true),
		{key: "admin", flag: "admin", arg: "SRC", value: &j.Admin,
			keys:  j.Admin.options([]string{"code", "name", "city"}, false),
			usage: "layer of counties"},
		exempt(&j.Exempt),
		{key: "encoding", flag: "encoding", arg: "ENC", value: (*text)(&j.Encoding),
			usage: "encoding of attribute text that declares none, such as GBK"},
		{key: "rules", flag: "rules", arg: "R", value: (*text)(&j.Rules),
			usage: "rule table: a shipped name (see greenshield rules) or a CSV file"},
		{key: "priority", flag: "priority", arg: "P", value: model{&j.Priority},
			usage: "by what candidates are ranked for visits: simple, off, or a model of ledger calibrate (a .json file)"},
		{key: "priority_edited", flag: "priority-edited", value: toggle{&j.PriorityEdited},
			usage: "accept a model that was edited after it was written"},
		{key: "priority_near", flag: "priority-near", value: toggle{&j.PriorityNear},
			usage: "also look how far each change is from ground that was of its new class before, which takes longer"},
		{key: "connectivity", flag: "connectivity", arg: "8|4", value: connectivity{&j.Connectivity},
			usage: "neighbours of a cell that belong to its patch"},
		{key: "min_area", flag: "min-area", arg: "SIZE", value: size{&j.MinArea},
			usage: "smallest patch: 0.5ha, 5000m2 or 4cells"},
		{key: "min_part", flag: "min-part", arg: "SIZE", value: size{&j.MinPart},
			usage: "smallest part of a patch inside a zone"},
		{key: "min_severity", flag: "min-severity", arg: "N", value: number{&j.MinSeverity, 0, 4},
			usage: "smallest severity, 0 to 4"},
		{key: "align", flag: "align", value: toggle{&j.Align},
			usage: "bring after onto before's grid when they differ (nearest neighbour)"},
		{key: "accept_repairs", flag: "accept-repairs", value: toggle{&j.AcceptRepairs},
			usage: "accept repairs that change a feature's area by more than 0.1 %"},
		{key: "workers", flag: "workers", arg: "N", value: number{&j.Workers, 1, 1024},
			usage: "parallel workers"},
		{key: "max_memory", flag: "max-memory", arg: "BYTES", value: memory{&j.MaxMemory},
			usage: "memory that the run may use: 600MB, 2GiB"},
		{key: "ledger", flag: "ledger", arg: "LEDGER", value: (*text)(&j.Ledger),
			usage: "ledger of earlier runs, whose cases the candidates are compared with: a file, or postgres://…; it is only read"},
		{key: "out", flag: "out", arg: "DIR", value: (*text)(&j.Out),
			usage: "folder of the results"},
		{key: "formats", flag: "formats", arg: "LIST", value: &j.Formats,
			usage: "what to write, joined by commas: geojson (always), csv, gpkg, xlsx, html, or all for these; and shp, fgb, " +
				"gdb"},
		{key: "suppressed", flag: "suppressed", arg: "FORM", value: word{&j.Suppressed, SuppressedForms},
			usage: "suppressed.csv: full, or compact, without what other files of the folder tell"},
		{key: "shp_encoding", flag: "shp-encoding", arg: "ENC", value: word{&j.ShpEncoding, ShpEncodings},
			usage: "encoding of the text of Shapefiles that are written: UTF-8 or GBK"},
		{key: "out_crs", flag: "out-crs", arg: "CRS", value: (*text)(&j.OutCRS),
			usage: "CRS of Shapefiles, FlatGeobufs and geodatabases that are written"},
		{key: "survey", keys: surveyOptions(&j.Survey)},
		{key: "image_before", flag: "image-before", arg: "FILE", value: (*text)(&j.ImageBefore),
			usage: "image mosaic for the report and the QGIS project"},
		{key: "image_after", flag: "image-after", arg: "FILE", value: (*text)(&j.ImageAfter),
			usage: "the same, after"},
		{key: "map_service", flag: "map-service", arg: "URL",
			value: address{&j.MapService, []string{"{lon}", "{lat}"}, "https://map.example/?center={lon},{lat}"},
			usage: "address of a map service with {lon} and {lat}, which the QGIS project opens at a candidate"},
		{key: "basemap", flag: "basemap", arg: "URL",
			value: address{&j.Basemap, []string{"{z}", "{x}", "{y}|{-y}"}, "https://tiles.example/{z}/{x}/{y}.png"},
			usage: "address of tiles (XYZ or WMTS) with {z}, {x} and {y}, a layer of the QGIS project"},
		{key: "region", flag: "region", arg: "NAME", value: (*text)(&j.Region),
			usage: "what the area is called, in the title of the report"},
		{key: "issuer", flag: "issuer", arg: "NAME", value: (*text)(&j.Issuer),
			usage: "who issues the report"},
		{key: "report_date", flag: "report-date", arg: "DATE", value: date{&j.ReportDate},
			usage: "date of the report: 2026-03-15"},
		{key: "replace", flag: "replace", value: toggle{&j.Replace},
			usage: "replace an earlier run in the folder of the results"},
	}
}

// surveyOptions lists the keys of the settings of the survey.
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

// options lists the options of the epoch of that name, before or after.
func (e *Epoch) options(name string) []option {
	files := fileList(&e.Files)
	files.flag, files.arg, files.usage = name, "FILE", "raster of class codes "+name+"; repeat for tiles of a mosaic"
	return []option{
		files,
		{key: "year", flag: name + "-year", arg: "YEAR", usage: "its year", value: year(&e.Year)},
		{key: "band", flag: name + "-band", arg: "N", usage: "its band, for a file of several", value: band(&e.Band)},
		{key: "crs", flag: name + "-crs", arg: "CRS", value: (*text)(&e.CRS),
			usage: "its CRS (EPSG:…, WKT, PROJ string), or its datum alone (CGCS2000, WGS84), whatever the file declares"},
		{key: "legend", flag: name + "-legend", arg: "L", usage: "its legend, when the two differ",
			value: (*text)(&e.Legend)},
	}
}

// fileList is the option of the files of a map.
func fileList(files *[]string) option {
	return option{key: "files",
		clear: func() { *files = nil },
		item: func() (value, []option) {
			*files = append(*files, "")
			return (*text)(&(*files)[len(*files)-1]), nil
		}}
}

// year is the year of a map.
func year(n *int) value { return number{n, 1900, 2100} }

// band is a band of a file, from 1.
func band(n *int) value { return number{n, 1, 65535} }

// zoneLayers is the option of a list of layers of zones, which may have functional zones.
func zoneLayers(name string, list *[]Source, usage string, funcZones bool) option {
	return option{key: name, flag: name, arg: "SRC", usage: usage,
		clear: func() { *list = nil },
		item: func() (value, []option) {
			*list = append(*list, Source{})
			s := &(*list)[len(*list)-1]
			since := option{key: "since", value: since{&s.Since}}
			return s, append(s.options([]string{"id", "name", "func_zone", "level", "since"}, funcZones), since)
		}}
}

// exempt is the option of the layers of approved projects, of which no attribute is read.
func exempt(list *[]Source) option {
	o := zoneLayers("exempt", list, "layer of approved projects, whose candidates get a flag; repeat for more", false)
	add := o.item
	o.item = func() (value, []option) {
		v, _ := add()
		return v, v.(*Source).options(nil, false)
	}
	return o
}

// options lists the keys of a layer. roles are those that its fields may have.
func (s *Source) options(roles []string, funcZones bool) []option {
	all := []option{
		{key: "file", value: (*text)(&s.File)},
		{key: "layer", value: (*text)(&s.Layer)},
		{key: "encoding", value: (*text)(&s.Encoding)},
		{key: "crs", value: (*text)(&s.CRS)},
		{key: "where", value: (*text)(&s.Where)},
	}
	if roles != nil {
		fields := option{key: "fields"}
		for _, role := range roles {
			fields.keys = append(fields.keys, option{key: role, value: field{s, role}})
		}
		all = append(all, fields)
	}
	if funcZones {
		types := option{key: "zone_types", pairs: map[string]string{}, words: zoneTypeNames()}
		s.ZoneTypes = types.pairs
		all = append(all, types, option{key: "zone_type", value: word{&s.ZoneType, zoneTypeNames()}})
	}
	return all
}

// Flag describes a flag of the command line.
type Flag struct {
	Name    string // without dashes
	Arg     string // placeholder of the value in help, "" for a switch
	Usage   string // explanation in help
	Default string // as the flag takes it, "" for none
	Repeats bool   // the flag may be given several times
	Switch  bool   // the flag stands without a value
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

// Set takes what flags say: flags has, for the name of each, the texts that it was given.
// That replaces what the job held, lists as a whole. The error joins the faults of all
// flags.
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

// walkFlags visits the options that have a flag, in the order of help.
func walkFlags(options []option, visit func(option)) {
	for _, o := range options {
		if o.flag != "" {
			visit(o)
		} else {
			walkFlags(o.keys, visit)
		}
	}
}
