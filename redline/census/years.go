package census

import (
	"cmp"
	"slices"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// Years is what the maps before, between and after mean to a survey, which counts its units in the map of each year.
// Like the survey it counts only cells that are valid in both epochs, so that before and after are what the survey says
// of them; a map between may lack some of these. It does not change, so it may be used concurrently.
type Years struct {
	*Ground
	maps []yearMap // before, between, after
}

// YearCount is so many cells of a unit: in a map, those that have one position in its legend and were of one class in
// the map before.
type YearCount struct {
	Map   uint16 // number of the map, 0 for the epoch before
	Slot  uint8  // position in the legend, that behind the last one without an observation
	From  uint8  // ecosystem class in the map before, landcover.NoData in the first map
	Cells int64
	Area  raster.Area
}

// compare orders counts, of which a unit has one of each kind.
func (c YearCount) compare(other YearCount) int {
	return cmp.Or(cmp.Compare(c.Map, other.Map), cmp.Compare(c.Slot, other.Slot), cmp.Compare(c.From, other.From))
}

// listYears lists what was counted, by unit.
func listYears(total map[yearKey]amount) map[int32][]YearCount {
	years := map[int32][]YearCount{}
	for key, n := range total {
		years[key.unit] = append(years[key.unit], YearCount{key.number, key.slot, key.from, n.cells, n.area})
	}
	for _, counts := range years {
		slices.SortFunc(counts, YearCount.compare)
	}
	return years
}

// addYears returns the sum of two lists of counts, each in order.
func addYears(a, b []YearCount) []YearCount {
	sum := make([]YearCount, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch order := a[0].compare(b[0]); {
		case order < 0:
			sum, a = append(sum, a[0]), a[1:]
		case order > 0:
			sum, b = append(sum, b[0]), b[1:]
		default:
			n := a[0]
			n.Cells += b[0].Cells
			n.Area.Add(b[0].Area)
			sum, a, b = append(sum, n), a[1:], b[1:]
		}
	}
	return append(append(sum, a...), b...)
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

// yearKey names a count of a unit; see [YearCount].
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

func (a *amount) extent() redline.Extent { return redline.Extent{Cells: a.cells, AreaM2: a.area.M2()} }

// NewYears returns the maps before, between and after; nil without maps between.
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

// fill sets the maps of a survey and the years of its units, which are all those of the ground, from [Band.Years].
func (y *Years) fill(s *redline.Survey, found map[int32][]YearCount) {
	if y == nil {
		return
	}
	for k := range y.maps {
		m := &y.maps[k]
		s.Maps = append(s.Maps, redline.SurveyMap{
			Year: m.Year, Legend: m.Legend.Name, Classes: m.Legend.Classes[:len(m.Legend.Codes())]})
	}
	groups := map[int32][]YearCount{}
	for _, of := range y.Units.groups() {
		for unit, counts := range found {
			if group := of(unit); group >= 0 {
				groups[group] = addYears(groups[group], counts)
			}
		}
	}
	for unit := range s.Units {
		s.Units[unit].Years = y.unitYears(addYears(found[int32(unit)], groups[int32(unit)]))
	}
}

// unitYears returns the years of a unit from its counts.
func (y *Years) unitYears(counts []YearCount) []redline.UnitYear {
	years := make([]redline.UnitYear, len(y.maps))
	for k := range years {
		legend := y.maps[k].Legend
		codes := legend.Codes()
		var classes [landcover.NumEcosystems]amount
		var changes [landcover.NumEcosystems][landcover.NumEcosystems]amount
		for len(counts) > 0 && int(counts[0].Map) == k {
			slot, to, sum := counts[0].Slot, landcover.NoData, amount{}
			if int(slot) < len(codes) {
				to = legend.Classes[slot].Ecosystem
			}
			for ; len(counts) > 0 && int(counts[0].Map) == k && counts[0].Slot == slot; counts = counts[1:] {
				n := amount{counts[0].Cells, counts[0].Area}
				sum.add(n)
				changes[counts[0].From][to].add(n)
			}
			classes[to].add(sum)
			if int(slot) < len(codes) {
				years[k].Codes = append(years[k].Codes, redline.CodeExtent{Class: int(slot), Extent: sum.extent()})
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
