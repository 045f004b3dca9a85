package census

import (
	"cmp"
	"maps"
	"slices"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/vector/overlay"

	"github.com/paulmach/orb"
)

// Units are the units of a survey, and which cells belong to them. They do not change, so they may be used
// concurrently.
type Units struct {
	// all begins with the whole; then come cities and counties, from types on the zone types, and from zones on the
	// zones. A unit is named by its position here. Without counties there are no cities either.
	all          []redline.Unit
	types, zones int
	county       []int32 // by position in Inputs.Admin: the unit of the county
	noCounty     int32   // the unit of cells in no county
	cityOf       []int32 // by unit of a county: the unit of its city, −1 when none is known
	typeOf       []int32 // by unit of a zone: the unit of its type
	// outer are the units of counties that are outlines of a city or province, with areas inside.
	outer map[int32]bool

	counties  *overlay.Centres // nil without counties
	zoneCells *overlay.Centres
}

// NewUnits returns the units of a grid: the whole, cities and counties where there are any, zone types, and zones. The
// shapes of admin and zones are in lattice coordinates of the grid.
func NewUnits(g raster.Grid, admin []redline.Area, zones []redline.Zone) *Units {
	u := &Units{all: []redline.Unit{{Level: redline.LevelWhole}}, outer: map[int32]bool{}}
	shapes := func(areas []redline.Area) (shapes []orb.MultiPolygon) {
		for _, a := range areas {
			shapes = append(shapes, a.Shape)
		}
		return shapes
	}
	if len(admin) > 0 {
		u.addCounties(admin)
		u.counties = overlay.NewCentres(g.Cols, g.Rows, shapes(admin))
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
	u.typeOf = make([]int32, u.zones)
	var zoneShapes []orb.MultiPolygon
	for _, z := range zones {
		u.typeOf = append(u.typeOf, unitOfType[z.Type])
		u.all = append(u.all, redline.Unit{
			Level: redline.LevelZone, Layer: z.Layer, Code: z.ID, Name: z.Name, ZoneType: z.Type,
		})
		zoneShapes = append(zoneShapes, z.Shape)
	}
	u.zoneCells = overlay.NewCentres(g.Cols, g.Rows, zoneShapes)
	return u
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

// groups returns the two groupings of counties, into the whole and into cities; nil where there are no counties. Each
// says to which unit a unit belongs, −1 for a unit that is no county and for a county whose city is not known.
func (u *Units) groups() []func(unit int32) int32 {
	if u.counties == nil {
		return nil
	}
	county := func(unit int32) bool { return int(unit) < u.types && u.all[unit].Level == redline.LevelCounty }
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
