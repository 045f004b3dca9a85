package job

import (
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/redline/survey"
)

// Job is what a user asks of a run.
type Job struct {
	Before, After Epoch
	Between       []Maps // of years between the two, which date the changes; see [Job.Stack]
	Confirm       []Pair // other pairs of maps, which may show the same changes; see [Job.Pairs]
	// ConfirmTolerance is by how many years each map of Confirm may differ from that of its epoch.
	ConfirmTolerance int
	Newest           Epoch // a map of a year after both; see [Job.NewestMap]
	RedLine          []Source
	Reserve          []Source
	Admin            Source   // layer of counties; its File is "" when there are none
	Exempt           []Source // layers of approved projects
	Encoding         string   // encoding of attribute text that declares none; "" to find it from the text

	Rules string // rule table: a shipped name or a CSV file, see [IsFile]
	// Priority is by what candidates are ranked: [priority.SimpleName], [PriorityOff], or the file of a model, see
	// [IsModelFile].
	Priority       string
	PriorityEdited bool // take a model also when it was edited after it was written
	PriorityNear   bool // look for [redline.Evidence].NearM of all candidates

	Connectivity int          // 4 or 8 neighbours of a cell belong to its patch
	MinArea      redline.Size // smallest patch
	MinPart      redline.Size // smallest part of a patch inside a zone
	MinSeverity  int          // smallest severity, 0 to 4

	Align         bool // bring after onto before's grid when the two differ
	AcceptRepairs bool // accept also repairs that change a feature's area by more than 0.1 %

	Workers   int     // parallel workers, at least 1
	MaxMemory int64   // memory that the run may use, in bytes
	Out       string  // folder of the results, "" when none is named
	Replace   bool    // replace an earlier run in that folder
	Formats   Formats // what to write

	Suppressed string // how suppressed.csv is written, one of [SuppressedForms]
	// Ledger is the ledger that is asked what it knows of the candidates: a file, or an address that begins with
	// postgres:// or postgresql://; "" for none.
	Ledger string

	ShpEncoding string // encoding of a Shapefile's text, one of [ShpEncodings]
	OutCRS      string // CRS of the formats for exchange

	Survey survey.Settings

	ImageBefore, ImageAfter string // image mosaics for the report and the QGIS project; "" for none

	MapService string // address of a map service with {lon} and {lat}, for the QGIS project; "" for none
	Basemap    string // address of tiles with {z}, {x}, and {y} or {-y}, for the same; "" for none
	// What the head of the report says; "" for nothing. ReportDate is an ISO date.
	Region, Issuer, ReportDate string

	// Path is the job file, "" for a job of flags alone. Relative paths in that file are
	// relative to its folder; in the Job they are resolved.
	Path string
	// Given has for paths that [Job.Absolute] made absolute what they were before; nil without that.
	Given map[string]string
}

// Epoch is one land-cover map.
type Epoch struct {
	Files  []string // rasters of class codes; several are the tiles of one mosaic
	Year   int
	Band   int    // band of the files, from 1; 0 stands for the only one
	Legend string // legend of the codes: a shipped name or a CSV file, see [IsFile]
	CRS    string // CRS of the files, or their datum alone, whatever they declare; "" for what they declare
}

// Source is one layer of polygons.
type Source struct {
	File     string
	Layer    string // name of the layer; "" stands for the only one
	Encoding string // encoding of attribute text, whatever the file declares; "" to take what it declares
	CRS      string // CRS of the file, or its datum alone, whatever it declares; "" for what it declares
	// Fields names the attribute field for each role: id, name, func_zone, level and since of
	// zones; code, name and city of counties. A role without a field takes a known name.
	// [FeatureNumber] may be the field of an id.
	Fields map[string]string
	// Where is an attribute filter, a WHERE clause of OGR SQL without that word; "" keeps all features.
	Where string
	// ZoneType is the name of the zone type of all features of a layer of reserves, "" when it is found for each.
	ZoneType string
	// ZoneTypes maps the texts of functional zones to the names of zone types.
	ZoneTypes map[string]string
	// Since is the date of the zones of the layer that have none of their own, the zero date when it is not known.
	Since redline.Date
}

// Compact is the form of suppressed.csv without what can be looked up.
const Compact = "compact"

// SuppressedForms are the forms of suppressed.csv, the default first.
var SuppressedForms = []string{"full", Compact}

// ShpEncodings are the encodings that Shapefiles may be written in, the default first.
var ShpEncodings = []string{"UTF-8", "GBK"}

// FeatureNumber as the field of an id means the number of the feature in its layer.
const FeatureNumber = "#"

// Default returns the job of a user who has said nothing. It has no inputs yet.
func Default() *Job {
	return &Job{
		Before: Epoch{Year: 2015}, After: Epoch{Year: 2020},
		ConfirmTolerance: 2, Priority: priority.SimpleName,
		Rules: "green-shield", Connectivity: 8,
		MinArea: redline.Size{Cells: 4}, MinPart: redline.Size{Cells: 1}, MinSeverity: 1,
		Workers: runtime.NumCPU(), MaxMemory: 2 << 30, Formats: AllFormats,
		Suppressed: SuppressedForms[0], ShpEncoding: ShpEncodings[0], OutCRS: "EPSG:4490",
		Survey: survey.Default(),
	}
}

// IsFile reports whether the name of a legend or rule table is a CSV file rather than
// a shipped one: it ends in .csv or has a path separator.
func IsFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || strings.EqualFold(filepath.Ext(name), ".csv")
}

// Validate returns faults that say all that is missing from the job or does not fit
// together, nil when there is nothing.
func (j *Job) Validate() error {
	return errors.Join(j.ValidateSeries(), errors.Join(j.toleranceFaults()...))
}

// ValidateSeries is Validate for a job whose maps are compared year by year: the pairs of Confirm may be of any years.
func (j *Job) ValidateSeries() error {
	var faults []error
	fail := func(format string, args ...any) {
		faults = append(faults, redline.Faultf(redline.Usage, format, args...))
	}
	for _, e := range []struct {
		name string
		*Epoch
	}{{"before", &j.Before}, {"after", &j.After}} {
		if len(e.Files) == 0 {
			fail("no raster for %[1]s; name its files by --%[1]s FILE or %[1]s: {files: [FILE]} in a job file", e.name)
		}
		if e.Legend == "" {
			fail("no legend for %[1]s; name one by --legend or %[1]s: {legend: NAME} in a job file "+
				"(greenshield legends lists the shipped ones)", e.name)
		}
	}
	if j.After.Year <= j.Before.Year {
		fail("the year of after (%d) is not later than that of before (%d); "+
			"correct --after-year or --before-year, or exchange the rasters", j.After.Year, j.Before.Year)
	}
	if year := time.Now().Year(); j.After.Year > year {
		fail("the year of after (%d) is still to come: it is %d by this machine's clock; "+
			"correct --after-year, or the clock", j.After.Year, year)
	}
	faults = append(faults, j.betweenFaults()...)
	faults = append(faults, j.confirmFaults()...)
	if len(j.RedLine)+len(j.Reserve) == 0 {
		fail("no zones; name a layer by --redline SRC or --reserve SRC, or redline: or reserve: in a job file")
	}
	for _, s := range slices.Concat(j.RedLine, j.Exempt, []Source{j.Admin}) {
		if s.ZoneType != "" {
			fail("%s: zone_type is for layers of reserves; leave it out", s)
		}
	}
	for _, s := range append(slices.Clone(j.Exempt), j.Admin) {
		if s.Since != (redline.Date{}) {
			fail("%s: since is for layers of zones; leave it out", s)
		}
	}
	for _, s := range j.Reserve {
		if s.ZoneType != "" && (len(s.ZoneTypes) > 0 || s.Fields["func_zone"] != "") {
			fail("%s: zone_type says what all its features are, and zone_types or fields: {func_zone: …} what each one is; "+
				"keep one of them", s)
		}
	}
	return errors.Join(faults...)
}

// Choices returns those options that change the outputs of a run, apart from the inputs
// themselves, as plain values for the record of the run.
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
		choices["survey"] = map[string]any{
			"dynamic_degree_divisor": j.Survey.Divisor, "annualise": j.Survey.Annualise,
			"lcci_denominator": j.Survey.Denominator, "ranks": ranks,
		}
	}
	if j.Formats.Has(GPKG) && j.MapService != "" {
		choices["map_service"] = j.MapService
	}
	if j.Formats.Has(GPKG) && j.Basemap != "" {
		choices["basemap"] = j.Basemap
	}
	if j.Formats.Has(HTML) {
		for key, text := range map[string]string{"region": j.Region, "issuer": j.Issuer, "report_date": j.ReportDate} {
			if text != "" {
				choices[key] = text
			}
		}
	}
	if j.PriorityNear && j.Priority != PriorityOff {
		choices["priority_near"] = true
	}
	if j.Suppressed == Compact {
		choices["suppressed"] = j.Suppressed
	}
	if j.Formats.Has(Exchange) {
		choices["out_crs"] = j.OutCRS
	}
	if j.Formats.Has(SHP) {
		choices["shp_encoding"] = j.ShpEncoding
	}
	layers := map[string][]Source{"redline": j.RedLine, "reserve": j.Reserve, "admin": {j.Admin}, "exempt": j.Exempt}
	for role, sources := range layers {
		for _, s := range sources {
			shown := Source{File: j.Relative(s.File), Layer: s.Layer}
			reading := map[string]any{"source": shown.String()}
			if len(s.Fields) > 0 {
				reading["fields"] = s.Fields
			}
			if len(s.ZoneTypes) > 0 {
				reading["zone_types"] = s.ZoneTypes
			}
			if s.ZoneType != "" {
				reading["zone_type"] = s.ZoneType
			}
			if s.Where != "" {
				reading["where"] = s.Where
			}
			if s.Since != (redline.Date{}) {
				reading["since"] = s.Since.String()
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
	path = j.AsGiven(path)
	if j.Path != "" {
		if rel, err := filepath.Rel(filepath.Dir(j.Path), path); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return path
}

// AsGiven returns a path as it was before [Job.Absolute].
func (j *Job) AsGiven(path string) string {
	if given, ok := j.Given[path]; ok {
		return given
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
