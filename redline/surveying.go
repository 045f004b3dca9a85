package redline

import (
	"maps"
	"sort"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/raster/landscape"
)

// surveyed is what the survey finds in a band of rows: a value that can be encoded, sent, and joined with
// the band below it.
type surveyed struct {
	NoData   map[int32]int64      // cells by unit; here and below not of the whole and of cities where there are counties
	Pairs    map[int32]*unitPairs // by unit
	Pattern  [2]landscape.Band    // before, after; the parts are counties, or the whole
	Overview *Overview
}

// unitPairs is the cells and the area of a unit by pair of ecosystem classes, [before][after].
type unitPairs [landcover.NumEcosystems][landcover.NumEcosystems]struct {
	Cells int64
	Area  raster.Area
}

func (p *unitPairs) add(q *unitPairs) {
	for b := range p {
		for a := range p[b] {
			p[b][a].Cells += q[b][a].Cells
			p[b][a].Area.Add(q[b][a].Area)
		}
	}
}

// joinSurvey adds what the survey found in the band directly below, which begins at row0.
func (s *survey) joinSurvey(a, b *surveyed, row0 int) {
	for unit, cells := range b.NoData {
		a.NoData[unit] += cells
	}
	for unit, pairs := range b.Pairs {
		if known := a.Pairs[unit]; known != nil {
			known.add(pairs)
		} else {
			a.Pairs[unit] = pairs
		}
	}
	for e := range a.Pattern {
		a.Pattern[e] = landscape.Join(s.classMap(), a.Pattern[e], b.Pattern[e])
	}
	a.Overview.below(b.Overview, row0%a.Overview.Factor != 0)
}

func (s *survey) classMap() landscape.Map {
	return landscape.Map{Rows: s.in.Grid.Rows, Conn: s.options.Conn, Earth: s.in.Earth}
}

// A surveyor surveys bands. It belongs to one goroutine.
type surveyor struct {
	*survey
	classes  [2][256]uint8 // ecosystem class of each symbol
	rows     unitRows
	counters [2]*landscape.Counter
	nodata   []unitSpan         // of a row: what is NoData in either epoch
	valid    [2][]landscape.Run // of a row, by class: the rest
	runs     [2][]landscape.Run // the same by unit
	above    [2][]landscape.Run // those of the row above, which the counters have
}

func (s *survey) newSurveyor() *surveyor {
	sv := &surveyor{survey: s}
	for e, epoch := range []*Epoch{&s.in.Before, &s.in.After} {
		for symbol, class := range epoch.Source.Index() {
			if int(class) < len(epoch.Legend.Codes()) {
				sv.classes[e][symbol] = uint8(epoch.Legend.Classes[class].Ecosystem)
			}
		}
		sv.counters[e] = landscape.NewCounter(s.classMap())
	}
	return sv
}

// band surveys a compared band, of which symbols are the rows of both epochs.
func (s *surveyor) band(c *compared, symbols [2][]uint8) *surveyed {
	cols := s.in.Grid.Cols
	out := &surveyed{NoData: map[int32]int64{}, Pairs: map[int32]*unitPairs{}, Overview: newOverview(cols, s.in.Grid.Rows).band(c.runs, c.row0, c.row1)}
	s.rows.find(s.units, int32(cols), c.row0, c.row1)
	for _, counter := range s.counters {
		counter.Begin(c.row0)
	}
	changes := c.runs
	for row := c.row0; row < c.row1; row++ {
		area := s.in.Earth.Row(row)
		s.nodata = s.nodata[:0]
		for ; len(changes) > 0 && int(changes[0].Row) == row; changes = changes[1:] {
			if r := changes[0]; r.Type == change.NoDataType {
				s.nodata = append(s.nodata, unitSpan{col0: r.Col0, col1: r.Col1})
			}
		}
		spans := s.rows.spans[s.rows.rows[row-c.row0]:s.rows.rows[row-c.row0+1]]
		for e := range symbols {
			line := symbols[e][(row-c.row0)*cols:][:cols]
			s.valid[e] = s.appendValid(s.valid[e][:0], line, &s.classes[e])
			parts := s.rows.parts[row-c.row0]
			s.runs[e], s.above[e] = s.above[e][:0], s.runs[e]
			s.runs[e] = appendUnits(s.runs[e], s.valid[e], spans[:parts])
			ofParts := len(s.runs[e])
			s.runs[e] = appendUnits(s.runs[e], s.valid[e], spans[parts:])
			s.counters[e].Row(s.runs[e], ofParts, &area)
		}
		s.countNoData(out.NoData, spans)
		s.countPairs(out.Pairs, &area)
	}
	for e, counter := range s.counters {
		out.Pattern[e] = counter.End()
	}
	return out
}

// appendValid appends the runs of one class of a line of symbols, without what is NoData in either epoch.
func (s *surveyor) appendValid(runs []landscape.Run, line []uint8, classes *[256]uint8) []landscape.Run {
	col := int32(0)
	for _, hole := range s.nodata {
		runs = landscape.AppendRuns(runs, int(col), line[col:hole.col0], classes)
		col = hole.col1
	}
	return landscape.AppendRuns(runs, int(col), line[col:], classes)
}

// appendUnits appends the runs of each unit, those of one class cut at its spans.
func appendUnits(out, runs []landscape.Run, spans []unitSpan) []landscape.Run {
	for _, span := range spans {
		at := sort.Search(len(runs), func(i int) bool { return runs[i].Col1 > span.col0 })
		for ; at < len(runs) && runs[at].Col0 < span.col1; at++ {
			r := runs[at]
			out = append(out, landscape.Run{Col0: max(r.Col0, span.col0), Col1: min(r.Col1, span.col1), Key: landscape.KeyOf(span.unit, r.Key.Class())})
		}
	}
	return out
}

func (s *surveyor) countNoData(counts map[int32]int64, spans []unitSpan) {
	if len(s.nodata) == 0 {
		return
	}
	for _, span := range spans {
		for _, hole := range s.nodata {
			if n := min(span.col1, hole.col1) - max(span.col0, hole.col0); n > 0 {
				counts[span.unit] += int64(n)
			}
		}
	}
}

// countPairs adds a row, of which both epochs have the same cells in each unit.
func (s *surveyor) countPairs(counts map[int32]*unitPairs, area *raster.RowArea) {
	before, after := s.runs[0], s.runs[1]
	unit, col := int32(-1), int32(0) // what is before col in the first runs is counted
	var pairs *unitPairs
	for len(before) > 0 {
		b, a := &before[0], &after[0]
		if u := b.Key.Unit(); u != unit {
			unit, col = u, 0
			if pairs = counts[unit]; pairs == nil {
				pairs = new(unitPairs)
				counts[unit] = pairs
			}
		}
		start, end := max(col, b.Col0), min(b.Col1, a.Col1)
		p := &pairs[b.Key.Class()][a.Key.Class()]
		p.Cells += int64(end - start)
		p.Area.AddUnits(area.Run(int(start), int(end)))
		col = end
		if b.Col1 == end {
			before = before[1:]
		}
		if a.Col1 == end {
			after = after[1:]
		}
	}
}

// finishSurvey brings together what was found of each unit.
func (s *survey) finishSurvey(found *surveyed) *Survey {
	out := &Survey{YearA: s.in.Before.Year, YearB: s.in.After.Year, Units: make([]UnitSurvey, len(s.units.all))}
	totals, nodata := make([]unitPairs, len(s.units.all)), make([]int64, len(s.units.all))
	var patterns [2]map[landscape.Key]landscape.Total // of groups
	for unit, pairs := range found.Pairs {
		totals[unit].add(pairs)
	}
	for unit, cells := range found.NoData {
		nodata[unit] += cells
	}
	for _, of := range s.units.groups() {
		for unit, pairs := range found.Pairs {
			if group := of(unit); group >= 0 {
				totals[group].add(pairs)
			}
		}
		for unit, cells := range found.NoData {
			if group := of(unit); group >= 0 {
				nodata[group] += cells
			}
		}
		for e := range patterns {
			groups := found.Pattern[e].Groups(of)
			maps.Copy(groups, patterns[e])
			patterns[e] = groups
		}
	}
	for i := range out.Units {
		u := &out.Units[i]
		u.Unit, u.NoDataCells = s.units.all[i], nodata[i]
		for b := range u.Cells {
			for a := range u.Cells[b] {
				u.Cells[b][a], u.AreaM2[b][a] = totals[i][b][a].Cells, totals[i][b][a].Area.M2()
			}
		}
		for e := range u.Pattern {
			for class := range u.Pattern[e] {
				key := landscape.KeyOf(int32(i), uint8(class))
				t, ok := patterns[e][key]
				if !ok {
					t = found.Pattern[e].Total(key)
				}
				u.Pattern[e][class] = Pattern{t.Patches, t.Largest.M2(), float64(t.Edge) * raster.SideUnitM}
			}
		}
	}
	return out
}

// checkSurvey compares the survey of the whole, or of all counties, with the matrix of ecosystem classes.
func (s *survey) checkSurvey(sum *Summary, check func(string, float64, float64, float64)) {
	whole := &sum.Survey.Units[0]
	name := "survey of the whole = matrix of ecosystem classes"
	var cells float64
	for _, t := range sum.Ecosystems {
		b, a := t.From.Ecosystem, t.To.Ecosystem
		cells += float64(whole.Cells[b][a])
		if whole.Cells[b][a] != t.Cells || whole.AreaM2[b][a] != t.AreaM2 {
			check(name+", "+b.String()+" to "+a.String()+" (m²)", whole.AreaM2[b][a], t.AreaM2, 0)
			return
		}
	}
	check(name+" (cells)", cells, float64(sum.ValidCells), 0)
}
