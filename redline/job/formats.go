package job

import (
	"fmt"
	"slices"
	"strings"
)

// Formats is a set of formats.
type Formats uint8

// The formats that results may have. GeoJSON stands for what is always written: the
// candidates with their style and patches, the suppressed changes, overlaps, coverage and matrices.
// AllFormats are those for work inside an office; what offices exchange is added by name.
const (
	GeoJSON    Formats = 1 << iota
	CSV                // candidates.csv, survey.csv, survey_years.csv
	GPKG               // review.gpkg, review.qgz
	XLSX               // candidates.xlsx, survey.xlsx
	HTML               // report.html
	SHP                // candidates.shp, coverage.shp
	FGB                // candidates.fgb, coverage.fgb
	GDB                // candidates.gdb.zip, coverage.gdb.zip
	Exchange   = SHP | FGB | GDB
	AllFormats = GeoJSON | CSV | GPKG | XLSX | HTML
)

// formatNames has the name of each format at the number of its bit.
var formatNames = []string{"geojson", "csv", "gpkg", "xlsx", "html", "shp", "fgb", "gdb"}

// Has reports whether f holds at least one of these formats.
func (f Formats) Has(any Formats) bool { return f&any != 0 }

// Set takes the set from names of formats joined by commas, of which "all" stands for
// AllFormats. GeoJSON always belongs to it. The error names the valid formats.
func (f *Formats) Set(s string) error {
	set := GeoJSON
	for name := range strings.SplitSeq(s, ",") {
		name = strings.TrimSpace(name)
		i := slices.Index(formatNames, name)
		switch {
		case name == "all":
			set |= AllFormats
		case i < 0:
			return fmt.Errorf("%q is no format; write all, or some of %s, joined by commas",
				name, strings.Join(formatNames, ", "))
		default:
			set |= 1 << i
		}
	}
	*f = set
	return nil
}

// String returns the set as Set reads it.
func (f *Formats) String() string {
	var names []string
	all := *f&AllFormats == AllFormats
	if all {
		names = append(names, "all")
	}
	for i, name := range formatNames {
		if f.Has(1<<i) && !(all && AllFormats.Has(1<<i)) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
