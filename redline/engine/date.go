package engine

import (
	"slices"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/dating"
	"greenshield/vector/overlay"
)

// datingBytes is how many bytes the date of a cell takes while its band is dated.
const datingBytes = 2

// dates dates the patches of bands. It is part of a scanner.
type dates struct {
	dater  *dating.Dater      // nil without maps between the epochs
	most   []redline.Severity // the largest severity in any zone of the run, by change type
	dated  []*patch.Patch     // those to be dated
	inZone []bool             // by run of all these patches: some of it lies in a zone
	wanted []change.Run       // what lies in a zone of these runs
}

func (p *plan) newDates() (d dates) {
	if p.stack != nil {
		d.dater = p.stack.NewDater(func(pair uint16) landcover.Ecosystem {
			before, _ := p.classifier.Classes(pair)
			return p.in.Before.Legend.Classes[before].Ecosystem
		})
	}
	return d
}

func (d *dates) close() {
	if d.dater != nil {
		d.dater.Close()
	}
}

// severest returns the largest severity that the rule table may give a change of a type in zones of a type.
func (p *plan) severest(kind uint8, z redline.ZoneType) redline.Severity {
	return p.options.Rules.Severest(int(kind), z)
}

// date cuts the runs of the patches that may become candidates where their cells are dated differently. Only cells
// that lie in a zone are dated. Without maps between the epochs it does nothing.
func (s *scanner) date(p *Part) error {
	d := &s.dates
	if d.dater == nil {
		return nil
	}
	d.wanted, d.dated, d.inZone = d.wanted[:0], d.dated[:0], d.inZone[:0]
	for i := range p.Patches.Closed {
		if patch := &p.Patches.Closed[i]; s.mayBeKept(patch, true) {
			s.want(patch)
		}
	}
	for i := range p.Patches.Open {
		if patch := &p.Patches.Open[i]; s.mayBeKept(patch, false) {
			s.want(patch)
		} else {
			patch.Dates = make([]uint16, len(patch.Runs)) // it may become one with another that has them
		}
	}
	codes, err := d.dater.Codes(d.wanted)
	if err != nil {
		return err
	}
	d.split(codes)
	return nil
}

// mayBeKept tells whether a patch may have a part that is kept. Whether it is large enough can be told of a complete
// one.
func (s *scanner) mayBeKept(p *patch.Patch, complete bool) bool {
	severity := redline.NoCandidate
	switch {
	case p.Tag == patch.OutsideTag:
		return false // what is outside here gives no part an area
	case p.Tag > 0:
		severity = s.severest(p.Type, s.in.Zones[s.division.ByRank[p.Tag-1]].Type)
	default:
		severity = s.mostSevere(p.Type)
	}
	if severity == redline.NoCandidate || severity < s.options.MinSeverity {
		return false
	}
	if !complete {
		return true
	}
	m2 := 0.0
	if s.options.MinArea.M2 > 0 {
		var sum raster.Area
		for _, r := range p.Runs {
			area := s.in.Earth.Row(int(r.Row))
			sum.Add(area.Run(int(r.Col0), int(r.Col1)))
		}
		m2 = sum.M2()
	}
	return reaches(s.options.MinArea, float64(p.Cells), m2)
}

// mostSevere returns the largest severity of a change type in any zone of the run.
func (s *scanner) mostSevere(kind uint8) redline.Severity {
	if s.dates.most == nil {
		present := map[redline.ZoneType]bool{}
		for i := range s.in.Zones {
			present[s.in.Zones[i].Type] = true
		}
		s.dates.most = make([]redline.Severity, s.types)
		for z := range present {
			for t := range s.types {
				s.dates.most[t] = max(s.dates.most[t], s.severest(uint8(t), z))
			}
		}
	}
	return s.dates.most[kind]
}

// want adds the cells of a patch that lie in a zone to those to be dated.
func (s *scanner) want(p *patch.Patch) {
	d := &s.dates
	d.dated = append(d.dated, p)
	for _, r := range p.Runs {
		in := r
		if p.Tag == patch.MixedTag {
			in.Col0, in.Col1 = r.Col1, r.Col0
			s.covers.Control[0].Spans(r.Row, r.Col0, r.Col1, func(span overlay.Span) {
				in.Col0, in.Col1 = min(in.Col0, max(span.Col0, r.Col0)), max(in.Col1, min(span.Col1, r.Col1))
			})
		}
		inZone := in.Col0 < in.Col1
		if inZone {
			d.wanted = append(d.wanted, in)
		}
		d.inZone = append(d.inZone, inZone)
	}
}

// split cuts the runs of the dated patches where the codes change, which are those of all cells that were wanted.
func (d *dates) split(codes []dating.Code) {
	n, at := len(d.inZone), 0
	for _, r := range d.wanted {
		n += 2 // what may lie beside the zone
		cells := codes[at:][:r.Col1-r.Col0]
		for k := 1; k < len(cells); k++ {
			if cells[k] != cells[k-1] {
				n++
			}
		}
		at += len(cells)
	}
	runs, dates := make([]change.Run, 0, n), make([]uint16, 0, n)
	add := func(r change.Run, col0, col1 int32, code dating.Code) {
		if r.Col0, r.Col1 = col0, col1; col0 < col1 {
			runs, dates = append(runs, r), append(dates, uint16(code))
		}
	}
	wanted, inZone := d.wanted, d.inZone
	for _, p := range d.dated {
		first := len(runs)
		for i, r := range p.Runs {
			if !inZone[i] {
				add(r, r.Col0, r.Col1, 0)
				continue
			}
			in := wanted[0]
			cells := codes[:in.Col1-in.Col0]
			wanted, codes = wanted[1:], codes[len(cells):]
			add(r, r.Col0, in.Col0, 0)
			start := 0
			for k := 1; k <= len(cells); k++ {
				if k == len(cells) || cells[k] != cells[start] {
					add(r, in.Col0+int32(start), in.Col0+int32(k), cells[start])
					start = k
				}
			}
			add(r, in.Col1, r.Col1, 0)
		}
		inZone = inZone[len(p.Runs):]
		p.Runs, p.Dates = runs[first:len(runs):len(runs)], dates[first:len(dates):len(dates)]
	}
}

// addDate adds the area of cells with a code.
func (p *piece) addDate(date uint16, area raster.Area) {
	code := dating.Code(date)
	for i := range p.dates {
		if p.dates[i].Code == code {
			p.dates[i].Area.Add(area)
			return
		}
	}
	p.dates = append(p.dates, dating.Share{Code: code, Area: area})
}

// vsZone says whether a part that changed then came before or after its zone, "" when no zone has a date.
func (c *cutter) vsZone(zone *redline.Zone, dated *redline.Dated) redline.VsZone {
	if !c.since {
		return ""
	}
	return dated.Compare(zone.Since, c.in.Before.Year, c.in.After.Year)
}

// dated tells when part t of p changed, and whether it flickers, if the part would be kept with the largest severity
// that it may have in its zone; else nil. It does not depend on which rule applies.
func (c *cutter) dated(p *patch.Patch, zone *redline.Zone, whole, t *piece) (*redline.Dated, bool, error) {
	if c.stack == nil || c.reason(c.severest(p.Type, zone.Type), whole, t) != "" {
		return nil, false, nil
	}
	if p.Dates == nil || slices.ContainsFunc(t.dates, func(share dating.Share) bool { return share.Code == 0 }) {
		row, col := p.First()
		return nil, false, redline.Faultf(redline.Internal, "the patch at row %d, column %d has ground in zone %s that "+
			"was not dated", row, col, zone.ID)
	}
	unknown := uint64(0)
	for _, share := range t.dates {
		unknown |= share.Code.Unknown()
	}
	if unknown != 0 { // the run will fail
		c.tally.UnknownBetween |= unknown
		return nil, false, nil
	}
	d, flickers := c.stack.Sum(t.dates)
	return d, flickers, nil
}
