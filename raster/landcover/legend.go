package landcover

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster"
)

// Class is one entry of a legend.
type Class struct {
	Code           int64
	NameEN, NameZH string
	Color          string // #RRGGBB
	Ecosystem      Ecosystem
}

// Name returns the Chinese name, or the English one where the legend has no Chinese.
func (c Class) Name() string {
	if c.NameZH != "" {
		return c.NameZH
	}
	return c.NameEN
}

// Legend maps the class codes of a land-cover product. Classes are sorted by code,
// the NoData entries after all others: a position in [Legend.Codes] is the same
// position in Classes.
type Legend struct {
	Name    string
	Classes []Class
}

var colorPattern = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// ParseLegend reads a legend: a table (see [ReadTable]) with the columns
// code,name_en,name_zh,color,ecosystem. Codes are integers, each once; at least one
// of the two names is given; a colour is #RRGGBB, empty for the ecosystem class's
// own. The error joins the first ten faults, each with name and line, and says how many more there are.
func ParseLegend(name string, csv []byte) (Legend, error) {
	rows, err := ReadTable(name, csv, "code", "name_en", "name_zh", "color", "ecosystem")
	if err != nil {
		return Legend{}, err
	}
	if len(rows) > raster.MaxClasses {
		return Legend{}, fmt.Errorf("%s:%d: more than %d entries; leave out codes that the raster does not hold", name,
			rows[raster.MaxClasses].Line, raster.MaxClasses)
	}
	l := Legend{Name: name, Classes: make([]Class, 0, len(rows))}
	lineOf := map[int64]int{}
	var faults []error
	for _, r := range rows {
		fault := func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("%s:%d: %s", name, r.Line, fmt.Sprintf(format, args...)))
		}
		c := Class{NameEN: r.Fields["name_en"], NameZH: r.Fields["name_zh"], Color: strings.ToUpper(r.Fields["color"])}
		if c.Code, err = strconv.ParseInt(r.Fields["code"], 10, 64); err != nil {
			fault("code %q is not an integer", r.Fields["code"])
			continue
		}
		if first, ok := lineOf[c.Code]; ok {
			fault("code %d stands already in line %d; keep one of the two", c.Code, first)
			continue
		}
		lineOf[c.Code] = r.Line
		if c.Name() == "" {
			fault("code %d has no name; fill in name_en or name_zh", c.Code)
		}
		if c.Ecosystem, err = ParseEcosystem(r.Fields["ecosystem"]); err != nil {
			fault("code %d: %v; valid are %s", c.Code, err, ecosystemNames())
			continue
		}
		if c.Color == "" {
			c.Color = c.Ecosystem.Color()
		}
		if !colorPattern.MatchString(c.Color) {
			fault("code %d: colour %q is not of the form #RRGGBB", c.Code, r.Fields["color"])
		}
		l.Classes = append(l.Classes, c)
	}
	const maxListed = 10
	if more := len(faults) - maxListed; more > 0 {
		faults = append(faults[:maxListed], fmt.Errorf("%s: %d more entries are wrong", name, more))
	}
	if faults != nil {
		return Legend{}, errors.Join(faults...)
	}
	slices.SortFunc(l.Classes, func(a, b Class) int {
		if (a.Ecosystem == NoData) != (b.Ecosystem == NoData) {
			if a.Ecosystem == NoData {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Code, b.Code)
	})
	if len(l.Codes()) == 0 {
		return Legend{}, fmt.Errorf("%s: no entry maps to an ecosystem class; a legend needs at least one that is not "+
			"nodata", name)
	}
	return l, nil
}

// Codes returns the codes of the classes other than NoData, in the order of Classes.
func (l Legend) Codes() []int64 {
	var codes []int64
	for _, c := range l.Classes {
		if c.Ecosystem != NoData {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// NoDataCodes returns the codes that mean "no observation", in the order of Classes.
func (l Legend) NoDataCodes() []int64 {
	var codes []int64
	for _, c := range l.Classes {
		if c.Ecosystem == NoData {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// Find returns the entry of that code, NoData entries included.
func (l Legend) Find(code int64) (Class, bool) {
	for _, c := range l.Classes {
		if c.Code == code {
			return c, true
		}
	}
	return Class{}, false
}

func ecosystemNames() string {
	valid := make([]string, NumEcosystems)
	for e := range valid {
		valid[e] = Ecosystem(e).String()
	}
	return strings.Join(valid, ", ")
}
