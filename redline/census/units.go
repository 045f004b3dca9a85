package census

import (
	"cmp"
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

	counties  *overlay.Centres // nil without counties
	zoneCells *overlay.Centres
}

// NewUnits returns the units of a grid: the whole, cities and counties where there are any, zone types, and zones. The
// shapes of admin and zones are in lattice coordinates of the grid.
func NewUnits(g raster.Grid, admin []redline.Area, zones []redline.Zone) *Units {
	u := &Units{all: []redline.Unit{{Level: redline.LevelWhole}}}
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
// one county.
func (u *Units) addCounties(areas []redline.Area) {
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
		u.all = append(u.all, redline.Unit{Level: redline.LevelCity, Code: c.code, Name: c.name})
	}
	firstCounty := int32(len(u.all))
	u.cityOf = make([]int32, firstCounty)
	for _, c := range counties {
		u.all = append(u.all, redline.Unit{Level: redline.LevelCounty, Code: c.code, Name: c.name})
		u.cityOf = append(u.cityOf, -1)
	}
	u.noCounty = int32(len(u.all))
	u.all = append(u.all, redline.Unit{Level: redline.LevelCounty})
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
