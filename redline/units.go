package redline

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/overlay"
)

// units are the units of a survey, and which cells are theirs.
type units struct {
	all []Unit
	// Positions in all: cities and counties are [1, types), types [types, zones), zones the rest. Without counties
	// there are no cities either.
	types, zones int
	county       []int32 // by Inputs.Admin: its unit
	noCounty     int32   // the unit of cells in no county
	cityOf       []int32 // by unit: of a county its city's unit, or −1
	typeOf       []int32 // by unit: of a zone its type's unit

	counties, zoneCells *overlay.Centres
}

// gbCode is a code of a county (GB/T 2260): the first four digits are its city.
var gbCode = regexp.MustCompile(`^[0-9]{6}$`)

func newUnits(in *Inputs) *units {
	u := &units{all: []Unit{{Level: LevelWhole}}}
	shapes := func(areas []Area) (shapes []orb.MultiPolygon) {
		for _, a := range areas {
			shapes = append(shapes, a.Shape)
		}
		return shapes
	}
	if len(in.Admin) > 0 {
		u.addCounties(in.Admin)
		u.counties = overlay.NewCentres(in.Grid.Cols, in.Grid.Rows, shapes(in.Admin))
	}
	u.types = len(u.all)
	unitOfType := map[ZoneType]int32{}
	for _, t := range ZoneTypes() {
		if slices.ContainsFunc(in.Zones, func(z Zone) bool { return z.Type == t }) {
			unitOfType[t] = int32(len(u.all))
			u.all = append(u.all, Unit{Level: LevelZoneType, Code: t.String(), Name: t.Chinese(), ZoneType: t})
		}
	}
	u.zones = len(u.all)
	u.typeOf = make([]int32, u.zones)
	var zones []orb.MultiPolygon
	for _, z := range in.Zones {
		u.typeOf = append(u.typeOf, unitOfType[z.Type])
		u.all = append(u.all, Unit{Level: LevelZone, Layer: z.Layer, Code: z.ID, Name: z.Name, ZoneType: z.Type})
		zones = append(zones, z.Shape)
	}
	u.zoneCells = overlay.NewCentres(in.Grid.Cols, in.Grid.Rows, zones)
	return u
}

// CityCode is the code of the unit of the survey for a county's city: that in the county's own code (GB/T 2260), else the city's name;
// "" when neither is known.
func (a *Area) CityCode() string {
	if gbCode.MatchString(a.Code) {
		return a.Code[:4] + "00"
	}
	return a.City
}

// addCounties adds the cities, the counties and what is in no county. Areas with the same code and name are one county.
func (u *units) addCounties(areas []Area) {
	type named struct{ code, name string }
	var cities, counties []named
	for i := range areas {
		a := &areas[i]
		counties = append(counties, named{a.Code, a.Name})
		code := a.CityCode()
		if code == "" {
			continue
		}
		if at := slices.IndexFunc(cities, func(c named) bool { return c.code == code }); at < 0 {
			cities = append(cities, named{code, a.City})
		} else {
			cities[at].name = cmp.Or(cities[at].name, a.City)
		}
	}
	order := func(a, b named) int { return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.name, b.name)) }
	slices.SortFunc(cities, order)
	slices.SortFunc(counties, order)
	counties = slices.Compact(counties)
	firstCity := int32(len(u.all))
	for _, c := range cities {
		u.all = append(u.all, Unit{Level: LevelCity, Code: c.code, Name: c.name})
	}
	firstCounty := int32(len(u.all))
	u.cityOf = make([]int32, firstCounty)
	for _, c := range counties {
		u.all = append(u.all, Unit{Level: LevelCounty, Code: c.code, Name: c.name})
		u.cityOf = append(u.cityOf, -1)
	}
	u.noCounty = int32(len(u.all))
	u.all = append(u.all, Unit{Level: LevelCounty})
	u.cityOf = append(u.cityOf, -1)
	for i := range areas {
		a := &areas[i]
		at, _ := slices.BinarySearchFunc(counties, named{a.Code, a.Name}, order)
		unit := firstCounty + int32(at)
		u.county = append(u.county, unit)
		if code := a.CityCode(); code != "" {
			at := slices.IndexFunc(cities, func(c named) bool { return c.code == code })
			u.cityOf[unit] = firstCity + int32(at)
		}
	}
}

// unitSpan is the cells [col0, col1) of a row that belong to a unit.
type unitSpan struct{ col0, col1, unit int32 }

// unitRows are the spans of the units of a band of rows: those of row r are spans[rows[r]:rows[r+1]], the first parts[r] of them those of the
// parts of the whole, by column, the rest by unit, then column.
type unitRows struct {
	spans  []unitSpan
	rows   []int32
	parts  []int32
	passes []overlay.CentreSpan // memory for the next band
	row    []unitSpan
}

// find fills in the rows [row0, row1) of a grid so many columns wide.
func (r *unitRows) find(u *units, cols int32, row0, row1 int) {
	r.spans, r.rows, r.parts = r.spans[:0], append(r.rows[:0], 0), r.parts[:0]
	var counties []overlay.CentreSpan
	r.passes = u.zoneCells.Spans(r.passes[:0], row0, row1)
	zones := r.passes
	if u.counties != nil {
		n := len(r.passes)
		r.passes = u.counties.Spans(r.passes, row0, row1)
		zones, counties = r.passes[:n], r.passes[n:]
	}
	for row := int32(row0); row < int32(row1); row++ {
		first := len(r.spans)
		if u.counties != nil {
			var here []overlay.CentreSpan
			here, counties = ofRow(counties, row)
			r.addCounties(u, here, cols)
		} else {
			r.spans = append(r.spans, unitSpan{0, cols, 0})
		}
		r.parts = append(r.parts, int32(len(r.spans)-first))
		r.row = r.row[:0]
		var here []overlay.CentreSpan
		here, zones = ofRow(zones, row)
		for _, s := range here {
			unit := int32(u.zones) + s.Shape
			r.row = append(r.row, unitSpan{s.Col0, s.Col1, unit}, unitSpan{s.Col0, s.Col1, u.typeOf[unit]})
		}
		slices.SortFunc(r.row, func(a, b unitSpan) int { return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.col0, b.col0)) })
		first = len(r.spans)
		for _, s := range r.row { // zones of one type overlap, or lie side by side
			if n := len(r.spans); n > first && r.spans[n-1].unit == s.unit && r.spans[n-1].col1 >= s.col0 {
				r.spans[n-1].col1 = max(r.spans[n-1].col1, s.col1)
				continue
			}
			r.spans = append(r.spans, s)
		}
		r.rows = append(r.rows, int32(len(r.spans)))
	}
}

// ofRow parts spans, which begin with those of the row, if any.
func ofRow(spans []overlay.CentreSpan, row int32) (here, rest []overlay.CentreSpan) {
	n := 0
	for n < len(spans) && spans[n].Row == row {
		n++
	}
	return spans[:n], spans[n:]
}

// addCounties gives every cell of a row to one county: the first one in the order of units where several hold its centre, and noCounty
// where none does.
func (r *unitRows) addCounties(u *units, here []overlay.CentreSpan, cols int32) {
	slices.SortFunc(here, func(a, b overlay.CentreSpan) int { return cmp.Compare(a.Col0, b.Col0) })
	add := func(col0, col1, unit int32) {
		if col0 < col1 {
			r.spans = append(r.spans, unitSpan{col0, col1, unit})
		}
	}
	at := int32(0)
	for i := 0; i < len(here); {
		add(at, here[i].Col0, u.noCounty)
		// A group of spans that overlap is divided at all their ends; nearly always it is one span.
		group, end := i, here[i].Col1
		for i++; i < len(here) && here[i].Col0 < end; i++ {
			end = max(end, here[i].Col1)
		}
		if i == group+1 {
			add(here[group].Col0, end, u.county[here[group].Shape])
			at = end
			continue
		}
		var cuts []int32
		for _, s := range here[group:i] {
			cuts = append(cuts, s.Col0, s.Col1)
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		for k := 1; k < len(cuts); k++ {
			best := u.noCounty
			for _, s := range here[group:i] {
				if s.Col0 <= cuts[k-1] && s.Col1 >= cuts[k] {
					best = min(best, u.county[s.Shape])
				}
			}
			add(cuts[k-1], cuts[k], best)
		}
		at = end
	}
	add(at, cols, u.noCounty)
}

// groups are the two kinds of units that counties make, where there are any: each says which unit a county is of, −1 for none.
func (u *units) groups() []func(unit int32) int32 {
	if u.counties == nil {
		return nil
	}
	county := func(unit int32) bool { return int(unit) < u.types && u.all[unit].Level == LevelCounty }
	return []func(unit int32) int32{
		func(unit int32) int32 {
			if county(unit) {
				return 0
			}
			return -1
		},
		func(unit int32) int32 {
			if county(unit) {
				return u.cityOf[unit]
			}
			return -1
		},
	}
}
