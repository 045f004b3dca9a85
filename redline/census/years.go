package census

import (
	"slices"
	"sync"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// Years counts what the units of a survey are in the map of each year. Like the survey it counts only cells that are
// valid in both epochs, so that before and after are what the survey says of them; a map between may lack some of
// these. Its counters may be used concurrently, and keep counts alone, whatever the size of the grid.
type Years struct {
	*Ground
	maps     []yearMap // before, between, after
	mu       sync.Mutex
	counters []*YearCounter
}

// yearMap is the map of one year, and what its symbols mean.
type yearMap struct {
	*redline.Epoch
	classes [256]uint8 // ecosystem class of each symbol, landcover.NoData where it has none
	slots   [256]uint8 // position of each symbol in the legend, or that behind the last one
	unknown [256]bool  // the legend lacks the code
	fill    uint8      // a symbol for cells that the map does not cover
	// translate is nil, or the symbols of those that are read, for a map whose own symbols all stand for codes.
	translate *[256]uint8
}

// yearKey names a count of a unit: cells in a map that have a position in its legend, and were of a class in the map
// before. The class is landcover.NoData in the first map.
type yearKey struct {
	unit   int32
	number uint16 // of the map
	from   uint8
	slot   uint8
}

// amount is so many cells and their area.
type amount struct {
	cells int64
	area  raster.Area
}

func (a *amount) add(b amount) {
	a.cells += b.cells
	a.area.Add(b.area)
}

func (a amount) extent() redline.Extent { return redline.Extent{Cells: a.cells, AreaM2: a.area.M2()} }

// NewYears returns a Years of the maps before, between and after without counters; nil without maps between.
func (g *Ground) NewYears() *Years {
	if len(g.Between) == 0 {
		return nil
	}
	y := &Years{Ground: g, maps: []yearMap{newYearMap(g.Before)}}
	for i := range g.Between {
		y.maps = append(y.maps, newYearMap(&g.Between[i]))
	}
	y.maps = append(y.maps, newYearMap(g.After))
	return y
}

func newYearMap(e *redline.Epoch) yearMap {
	m := yearMap{Epoch: e}
	index := *e.Source.Index()
	fill := slices.Index(index[:], raster.NoData)
	if fill < 0 {
		own := index
		m.translate, fill = &own, raster.NoData
		for i := range index {
			index[i] = uint8(i)
		}
	}
	m.fill = uint8(fill)
	codes := len(e.Legend.Codes())
	for symbol, class := range index {
		m.slots[symbol], m.unknown[symbol] = uint8(codes), class != raster.NoData
		if int(class) < codes {
			m.slots[symbol], m.unknown[symbol] = class, false
			m.classes[symbol] = uint8(e.Legend.Classes[class].Ecosystem)
		}
	}
	return m
}

// Unknown returns a bit for each map between, the lowest for the first one: whether it holds codes that its legend
// lacks, on the common grid.
func (y *Years) Unknown() (maps uint64) {
	if y == nil {
		return 0
	}
	for _, c := range y.counters {
		for k, unknown := range c.unknown[1 : len(y.maps)-1] {
			if unknown {
				maps |= 1 << k
			}
		}
	}
	return maps
}

// fill sets the maps of a survey and the years of its units, which are all those of the ground.
func (y *Years) fill(s *redline.Survey) {
	if y == nil {
		return
	}
	for k := range y.maps {
		m := &y.maps[k]
		s.Maps = append(s.Maps, redline.SurveyMap{
			Year: m.Year, Legend: m.Legend.Name, Classes: m.Legend.Classes[:len(m.Legend.Codes())]})
	}
	found := make([]map[yearKey]amount, len(s.Units))
	put := func(unit int32, key yearKey, n amount) {
		if found[unit] == nil {
			found[unit] = map[yearKey]amount{}
		}
		n.add(found[unit][key])
		found[unit][key] = n
	}
	groups := y.Units.groups()
	for _, c := range y.counters {
		for key, n := range c.total {
			unit := key.unit
			key.unit = 0
			put(unit, key, n)
			for _, of := range groups {
				if group := of(unit); group >= 0 {
					put(group, key, n)
				}
			}
		}
	}
	for unit := range s.Units {
		s.Units[unit].Years = y.unitYears(found[unit])
	}
}

// unitYears returns the years of a unit from its counts.
func (y *Years) unitYears(found map[yearKey]amount) []redline.UnitYear {
	years := make([]redline.UnitYear, len(y.maps))
	for k := range years {
		legend := y.maps[k].Legend
		codes := len(legend.Codes())
		var classes [landcover.NumEcosystems]amount
		var changes [landcover.NumEcosystems][landcover.NumEcosystems]amount
		for slot := range codes + 1 {
			to, sum := landcover.NoData, amount{}
			if slot < codes {
				to = legend.Classes[slot].Ecosystem
			}
			for from := range landcover.NumEcosystems {
				n := found[yearKey{number: uint16(k), from: uint8(from), slot: uint8(slot)}]
				sum.add(n)
				changes[from][to].add(n)
			}
			classes[to].add(sum)
			if slot < codes && sum.cells > 0 {
				years[k].Codes = append(years[k].Codes, redline.CodeExtent{Class: slot, Extent: sum.extent()})
			}
		}
		for e := range classes {
			years[k].Classes[e] = classes[e].extent()
		}
		if k > 0 {
			years[k].Changes = listChanges(&changes)
		}
	}
	return years
}

// listChanges lists the pairs that occur.
func listChanges(all *[landcover.NumEcosystems][landcover.NumEcosystems]amount) (list []redline.ClassChange) {
	for from := range landcover.NumEcosystems {
		for to := range landcover.NumEcosystems {
			if n := all[from][to]; n.cells > 0 {
				list = append(list, redline.ClassChange{From: from, To: to, Extent: n.extent()})
			}
		}
	}
	return list
}
