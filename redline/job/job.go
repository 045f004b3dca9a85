package job

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// Job is what a user asks of a run.
type Job struct {
	Before, After Epoch
	RedLine       []Source
	Reserve       []Source
	Admin         Source // counties; File "" when there are none
	Exempt        []Source
	Encoding      string // of attribute text that declares none

	Rules        string // a shipped name or a CSV file, see [IsFile]
	Connectivity int    // 4 or 8
	MinArea      redline.Size
	MinPart      redline.Size
	MinSeverity  int // 0 to 4

	Align         bool // bring after onto before's grid when the two differ
	AcceptRepairs bool // also repairs that change a feature's area by more than 0.1 %

	Workers   int   // at least 1
	MaxMemory int64 // bytes
	Out       string
	Replace   bool
	Formats   Formats

	Survey survey.Settings

	ImageBefore, ImageAfter string // image mosaics for the pictures in the report; "" for none

	// Path is the job file, "" for a job of flags alone. Paths that it holds are
	// relative to its folder in the file, and resolved here.
	Path string
}

// Epoch is one land-cover map.
type Epoch struct {
	Files  []string
	Year   int
	Band   int    // from 1; 0 is the only one
	Legend string // a shipped name or a CSV file, see [IsFile]
}

// Source is one layer of polygons.
type Source struct {
	File, Layer, Encoding string
	// Fields names the attribute field for a role: id, name, func_zone, level of zones,
	// code, name, city of counties. The id field "#" is the number of the feature.
	Fields map[string]string
	// ZoneTypes maps the texts of functional zones to the names of zone types.
	ZoneTypes map[string]string
}

// FeatureNumber as the field of a role means the number of the feature in its layer.
const FeatureNumber = "#"

// Default returns the job before anything is said.
func Default() *Job {
	return &Job{
		Before: Epoch{Year: 2015}, After: Epoch{Year: 2020},
		Rules: "green-shield", Connectivity: 8,
		MinArea: redline.Size{Cells: 4}, MinPart: redline.Size{Cells: 1}, MinSeverity: 1,
		Workers: runtime.NumCPU(), MaxMemory: 2 << 30, Formats: AllFormats,
		Survey: survey.Default(),
	}
}

// IsFile reports whether the name of a legend or rule table is a CSV file rather than
// a shipped one: it ends in .csv or has a path separator.
func IsFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.EqualFold(filepath.Ext(name), ".csv")
}

// Validate says what is missing from the job, or does not fit together.
func (j *Job) Validate() error {
	var faults []error
	fail := func(format string, args ...any) {
		faults = append(faults, redline.Faultf(redline.Usage, format, args...))
	}
	for _, e := range []struct {
		name string
		*Epoch
	}{{"before", &j.Before}, {"after", &j.After}} {
		if len(e.Files) == 0 {
			fail("no raster for %s; name its files by --%s FILE or %s: {files: [FILE]} in a job file", e.name, e.name, e.name)
		}
		if e.Legend == "" {
			fail("no legend for %s; name one by --legend or %s: {legend: NAME} in a job file (greenshield legends lists the shipped ones)", e.name, e.name)
		}
	}
	if j.After.Year <= j.Before.Year {
		fail("the year of after (%d) is not later than that of before (%d); correct --after-year or --before-year, or exchange the rasters", j.After.Year, j.Before.Year)
	}
	if year := time.Now().Year(); j.After.Year > year {
		fail("the year of after (%d) is still to come: it is %d by this machine's clock; correct --after-year, or the clock", j.After.Year, year)
	}
	if len(j.RedLine)+len(j.Reserve) == 0 {
		fail("no zones; name a layer by --redline SRC or --reserve SRC, or redline: or reserve: in a job file")
	}
	return errors.Join(faults...)
}

// Formats is a set of formats.
type Formats uint8

// The formats that results may have. GeoJSON stands for what is always written: the candidates with their
// style, what was suppressed, overlaps, coverage and matrices.
const (
	GeoJSON    Formats = 1 << iota
	CSV                // candidates.csv, survey.csv
	GPKG               // review.gpkg, review.qgz
	XLSX               // candidates.xlsx, survey.xlsx
	HTML               // report.html
	AllFormats = GeoJSON | CSV | GPKG | XLSX | HTML
)

var formatNames = []string{"geojson", "csv", "gpkg", "xlsx", "html"}

// Has tells whether a format of these is wanted.
func (f Formats) Has(any Formats) bool { return f&any != 0 }

// Set reads names of formats, joined by commas, or all.
func (f *Formats) Set(s string) error {
	if s == "all" {
		*f = AllFormats
		return nil
	}
	set := GeoJSON
	for name := range strings.SplitSeq(s, ",") {
		i := slices.Index(formatNames, strings.TrimSpace(name))
		if i < 0 {
			return fmt.Errorf("%q is no format; write all, or some of %s, joined by commas", name, strings.Join(formatNames, ", "))
		}
		set |= 1 << i
	}
	*f = set
	return nil
}

func (f *Formats) String() string {
	if *f == AllFormats {
		return "all"
	}
	var names []string
	for i, name := range formatNames {
		if f.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// Choices returns the options that change the outputs of a run, apart from its inputs,
// as plain values for the record of the run.
func (j *Job) Choices() map[string]any {
	choices := map[string]any{
		"connectivity": j.Connectivity, "min_area": FormatSize(j.MinArea), "min_part": FormatSize(j.MinPart),
		"min_severity": j.MinSeverity, "align": j.Align, "accept_repairs": j.AcceptRepairs, "formats": j.Formats.String(),
	}
	if j.Formats.Has(CSV | XLSX | HTML) {
		ranks := map[string]int{}
		for _, e := range landcover.Ecosystems() {
			ranks[e.String()] = j.Survey.Ranks[e]
		}
		choices["survey"] = map[string]any{"dynamic_degree_divisor": j.Survey.Divisor, "annualise": j.Survey.Annualise, "lcci_denominator": j.Survey.Denominator, "ranks": ranks}
	}
	for role, sources := range map[string][]Source{"redline": j.RedLine, "reserve": j.Reserve, "admin": {j.Admin}} {
		for _, s := range sources {
			reading := map[string]any{"source": j.Relative(s.String())}
			if len(s.Fields) > 0 {
				reading["fields"] = s.Fields
			}
			if len(s.ZoneTypes) > 0 {
				reading["zone_types"] = s.ZoneTypes
			}
			if len(reading) > 1 {
				readings, _ := choices[role].([]any)
				choices[role] = append(readings, reading)
			}
		}
	}
	return choices
}

// Relative returns path as seen from the job file's folder when it lies there, so that
// records of a run do not depend on the folder that the program was started in.
func (j *Job) Relative(path string) string {
	if j.Path != "" {
		if rel, err := filepath.Rel(filepath.Dir(j.Path), path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return path
}

// String returns the source as FILE or FILE|layername=NAME.
func (s Source) String() string {
	if s.Layer == "" {
		return s.File
	}
	return s.File + "|layername=" + s.Layer
}
