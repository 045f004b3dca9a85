package engine

import (
	"context"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/patch"
	"greenshield/redline/census"
	"greenshield/vector/overlay"
)

// Part is what a band of rows yields: a value that can be encoded, sent, and joined with the band below it. The
// candidates of its closed patches have gone to the sink.
type Part struct {
	Patches patch.Band // the closed ones are cut and left out as soon as they are known whole
	Matrix  change.Matrix
	Covered sparse[raster.Area] // changed, unruled and NoData area of each territory; see plan.slot
	Shared  sparse[SharedCover] // by region of Division.Shared
	// Top and Bottom are the symbols of before in the first two and in the last two rows; in the only row of a band of
	// one.
	Top, Bottom [][]uint8
	Units       *census.Band // nil without a survey
	Tally       Tally
	Rim         Covers // of the ground of the open patches
}

// SharedCover is what lies on some ground besides candidates and suppressed changes: on a region that two zones
// share, or on a whole zone.
type SharedCover struct {
	NoData  raster.Area
	Unruled raster.Area // change that no rule covers
}

func (s *SharedCover) add(other *SharedCover) {
	s.NoData.Add(other.NoData)
	s.Unruled.Add(other.Unruled)
}

// Covers tell of the ground of some bands which zone controls it, which regions zones share, and which shapes of the
// annotators cover it.
type Covers struct {
	Control, Shared overlay.Stack
	Notes           []overlay.Stack // by annotator
}

// excerpt returns what the covers tell of the ground of patches.
func (c *Covers) excerpt(patches []patch.Patch) Covers {
	runs := func(yield func(int32, [2]int32) bool) {
		for i := range patches {
			if patches[i].Tag == patch.OutsideTag {
				continue
			}
			for _, r := range patches[i].Runs {
				if !yield(r.Row, [2]int32{r.Col0, r.Col1}) {
					return
				}
			}
		}
	}
	of := func(s overlay.Stack) overlay.Stack { return s.Excerpt(runs) }
	out := Covers{Control: of(c.Control), Shared: of(c.Shared)}
	for _, s := range c.Notes {
		out.Notes = append(out.Notes, of(s))
	}
	return out
}

// addBelow adds the covers of the band below.
func (c *Covers) addBelow(b Covers) {
	c.Control, c.Shared = append(c.Control, b.Control...), append(c.Shared, b.Shared...)
	for i := range c.Notes {
		c.Notes[i] = append(c.Notes[i], b.Notes[i]...)
	}
}

// part returns the part of a compared band: it finds where the band lies, labels its patches, dates their cells, and
// cuts those that are closed.
func (s *scanner) part(ctx context.Context, b *compared, cut *cutter) (*Part, error) {
	p, err := s.locate(b)
	if err != nil {
		return nil, err
	}
	s.spare = compared{runs: b.runs, byShift: b.byShift}
	if err := s.date(p); err != nil {
		return nil, err
	}
	p.Rim = s.covers // of the whole band, until its closed patches are cut
	if err := cut.closed(ctx, p); err != nil {
		return nil, err
	}
	p.Rim = s.covers.excerpt(p.Patches.Open)
	return p, nil
}

// join adds to a the band directly below it. Patches that this closes are among the closed ones of a.
func (p *plan) join(a, b *Part) {
	p.explainSeams(a, b)
	if a.Units != nil {
		p.units.Join(a.Units, b.Units, b.Patches.Row0)
	}
	a.Patches = patch.Join(p.raster(), a.Patches, b.Patches)
	a.Matrix.Add(&b.Matrix)
	for i := range a.Covered {
		a.Covered[i].Add(b.Covered[i])
	}
	for i := range a.Shared {
		a.Shared[i].add(&b.Shared[i])
	}
	if len(a.Top) == 1 {
		a.Top = append(a.Top, b.Top[0])
	}
	if len(b.Bottom) == 1 {
		b.Bottom = [][]uint8{a.Bottom[len(a.Bottom)-1], b.Bottom[0]}
	}
	a.Bottom = b.Bottom
	a.Tally.add(&b.Tally)
	a.Rim.addBelow(b.Rim)
}

// explainSeams counts in the open patches which cells a shift explains in the two rows at the seam between a and b, the
// band below it. Until the bands are joined, one of the rows beside each of these was not known. A band of one row has
// a seam on both sides: its row is counted when both of its neighbours are known.
func (p *plan) explainSeams(a, b *Part) {
	add := func(open []patch.Patch, seam []patch.Seam, above, at, below []uint8) {
		for _, r := range seam {
			if r.Open >= 0 {
				open[r.Open].ByShift += int64(p.classifier.ByShift(r.Run, above, at, below))
			}
		}
	}
	last, first := a.Bottom[len(a.Bottom)-1], b.Top[0]
	if len(a.Bottom) == 2 {
		add(a.Patches.Open, a.Patches.Bottom, a.Bottom[0], last, first)
	} else if a.Patches.Row0 == 0 {
		add(a.Patches.Open, a.Patches.Bottom, nil, last, first)
	}
	if len(b.Top) == 2 {
		add(b.Patches.Open, b.Patches.Top, last, first, b.Top[1])
	} else if b.Patches.Row1 == p.in.Grid.Rows {
		add(b.Patches.Open, b.Patches.Top, last, first, nil)
	}
}
