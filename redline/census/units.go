package census

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"greenshield/raster"
	"greenshield/raster/parallel"
	"greenshield/redline"
	"greenshield/vector/overlay"

	"github.com/paulmach/orb"
)

// Units are the units of a survey, and which cells belong to them. They do not change, so they may be used
// concurrently.
type Units struct {
	// all begins with the whole; then come cities and counties, from types on the zone types, and from zones on the
	// zones. A unit is named by its position here. Without counties there are no cities either. Numbers from len(all)
	// on are parts of types that are no unit of their own.
	all          []redline.Unit
	types, zones int
	county       []int32 // by position in Inputs.Admin: the unit of the county
	noCounty     int32   // the unit of cells in no county
	cityOf       []int32 // by unit of a county: the unit of its city, −1 when none is known
	partOf       []int32 // by zone: the part of its type that has its cells, but those that another zone's has
	typeOf       []int32 // by unit or part: the unit of the type that it is a part of, −1 for none
	// outer are the units of counties that are outlines of a city or province, with areas inside.
	outer map[int32]bool

	counties  *overlay.Centres // nil without counties
	zoneCells *overlay.Centres
}

// NewUnits returns the units of a grid: the whole, cities and counties where there are any, zone types, and zones. The
// shapes of admin and zones are in lattice coordinates of the grid. It looks at so many rows at a time as there are
// workers. The error is that of ctx.
func NewUnits(
	ctx context.Context, g raster.Grid, admin []redline.Area, zones []redline.Zone, workers int,
) (*Units, error) {
	u := &Units{all: []redline.Unit{{Level: redline.LevelWhole}}, outer: map[int32]bool{}}
	shapes := func(areas []redline.Area) (shapes []orb.MultiPolygon) {
		for _, a := range areas {
			shapes = append(shapes, a.Shape)
		}
		return shapes
	}
	var wg sync.WaitGroup
	if len(admin) > 0 {
		u.addCounties(admin)
		wg.Go(func() { u.counties = overlay.NewCentres(g.Cols, g.Rows, shapes(admin)) })
	}
	u.types = len(u.all)
	unitOfType := map[redline.ZoneType]int32{}
	for _, t := range redline.ZoneTypes() {
		if slices.ContainsFunc(zones, func(z redline.Zone) bool { return z.Type == t }) {
			unitOfType[t] = int32(len(u.all))
			u.all = append(u.all, redline.Unit{
				Level: redline.LevelZoneType, Code: t.String(), Name: t.Chinese(), ZoneType: t,
			})
		}
	}
	u.zones = len(u.all)
	u.typeOf = slices.Repeat([]int32{-1}, u.zones)
	var zoneShapes []orb.MultiPolygon
	for _, z := range zones {
		u.typeOf = append(u.typeOf, unitOfType[z.Type])
		u.all = append(u.all, redline.Unit{
			Level: redline.LevelZone, Layer: z.Layer, Code: z.ID, Name: z.Name, ZoneType: z.Type,
		})
		zoneShapes = append(zoneShapes, z.Shape)
	}
	u.zoneCells = overlay.NewCentres(g.Cols, g.Rows, zoneShapes)
	wg.Wait()
	return u, u.addParts(ctx, g.Rows, workers)
}

// addParts divides the ground of each type among parts. A zone that has no cell in common with another one of its type
// is a part. One that has does not have all cells of its part, so that is another one.
func (u *Units) addParts(ctx context.Context, rows, workers int) error {
	for i := u.zones; i < len(u.all); i++ {
		u.partOf = append(u.partOf, int32(i))
	}
	finders := make([]*overlapFinder, workers)
	for i := range finders {
		finders[i] = &overlapFinder{Units: u, overlaps: make([]bool, len(u.partOf))}
	}
	const atOnce = 256
	err := parallel.Each(ctx, finders, (rows+atOnce-1)/atOnce, func(f *overlapFinder, i int) error {
		f.find(atOnce*i, min(rows, atOnce*(i+1)))
		return nil
	})
	for i, part := range u.partOf {
		if slices.ContainsFunc(finders, func(f *overlapFinder) bool { return f.overlaps[i] }) {
			u.partOf[i] = int32(len(u.typeOf))
			u.typeOf = append(u.typeOf, u.typeOf[part])
			u.typeOf[part] = -1
		}
	}
	return err
}

// overlapFinder finds zones that have a cell in common with another one of their type. It belongs to one goroutine.
type overlapFinder struct {
	*Units
	overlaps []bool // by zone
	spans    []overlay.CentreSpan
}

// find looks at the rows [row0, row1).
func (f *overlapFinder) find(row0, row1 int) {
	f.spans = f.zoneCells.Spans(f.spans[:0], row0, row1)
	for rest := f.spans; len(rest) > 0; {
		var here []overlay.CentreSpan
		here, rest = ofRow(rest, rest[0].Row)
		f.sortByType(here)
		far := 0 // of the spans of a type so far the one that ends last
		for i := 1; i < len(here); i++ {
			if f.typeOfZone(here[i].Shape) != f.typeOfZone(here[far].Shape) {
				far = i
				continue
			}
			if here[i].Col0 < here[far].Col1 {
				f.overlaps[here[i].Shape], f.overlaps[here[far].Shape] = true, true
			}
			if here[i].Col1 > here[far].Col1 {
				far = i
			}
		}
	}
}

// typeOfZone returns the unit of the type of a zone.
func (u *Units) typeOfZone(zone int32) int32 { return u.typeOf[u.partOf[zone]] }

// sortByType sorts the spans of zones in a row by type, then column.
func (u *Units) sortByType(here []overlay.CentreSpan) {
	slices.SortFunc(here, func(a, b overlay.CentreSpan) int {
		return cmp.Or(cmp.Compare(u.typeOfZone(a.Shape), u.typeOfZone(b.Shape)), cmp.Compare(a.Col0, b.Col0))
	})
}

// addCounties adds the cities, the counties, and the unit of cells in no county. Areas with the same code and name are
// one county. Counties stand in the order of precedence. A city takes its name from the first county that knows it,
// else from its own outline.
func (u *Units) addCounties(areas []redline.Area) {
	order := make([]*redline.Area, len(areas)) // counties and what is counted as one, by precedence
	for i := range areas {
		order[i] = &areas[i]
	}
	slices.SortStableFunc(order, func(a, b *redline.Area) int {
		return cmp.Or(redline.CompareAreas(a, b), cmp.Compare(a.City, b.City))
	})
	cities := map[string]string{} // code → name
	for _, a := range order {
		if code := a.CityCode(); code != "" {
			cities[code] = cmp.Or(cities[code], a.City)
		}
	}
	for _, a := range order {
		if code := a.CityCode(); code != "" && a.AdminLevel() == redline.CityLevel {
			cities[code] = cmp.Or(cities[code], a.Name)
		}
	}
	unitOfCity := map[string]int32{}
	for _, code := range slices.Sorted(maps.Keys(cities)) {
		unitOfCity[code] = int32(len(u.all))
		u.all = append(u.all, redline.Unit{Level: redline.LevelCity, Code: code, Name: cities[code]})
	}
	u.cityOf = slices.Repeat([]int32{-1}, len(u.all))
	unitOf := map[*redline.Area]int32{}
	for i, a := range order {
		if i == 0 || redline.CompareAreas(order[i-1], a) != 0 {
			u.all = append(u.all, redline.Unit{Level: redline.LevelCounty, Code: a.Code, Name: a.Name})
			u.cityOf = append(u.cityOf, -1)
		}
		unit := int32(len(u.all)) - 1
		unitOf[a] = unit
		if slices.ContainsFunc(order, func(b *redline.Area) bool { return a.Contains(b) }) {
			u.outer[unit] = true
		}
		if city, known := unitOfCity[a.CityCode()]; known {
			u.cityOf[unit] = city
		}
	}
	u.noCounty = int32(len(u.all))
	u.all = append(u.all, redline.Unit{Level: redline.LevelCounty})
	u.cityOf = append(u.cityOf, -1)
	for i := range areas {
		u.county = append(u.county, unitOf[&areas[i]])
	}
}

// groups returns the groupings of parts: those of types, and of counties, where there are any, into the whole and into
// cities. Each says to which unit a unit or part belongs, −1 for one that does not take part, as a county whose city is
// not known.
func (u *Units) groups() []func(unit int32) int32 {
	types := func(unit int32) int32 { return u.typeOf[unit] }
	if u.counties == nil {
		return []func(unit int32) int32{types}
	}
	county := func(unit int32) bool { return int(unit) < u.types && u.all[unit].Level == redline.LevelCounty }
	return []func(unit int32) int32{
		types,
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
