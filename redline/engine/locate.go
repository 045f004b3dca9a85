package engine

import (
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/patch"
	"greenshield/vector/overlay"
)

// locate finds for each run of a compared band where it lies, adds up the covered areas from the spans alone, and
// labels the patches. It leaves the covers of the band in the scanner.
func (s *scanner) locate(c *compared) (*Part, error) {
	p := &Part{
		Matrix:  *c.matrix,
		Covered: make([]raster.Area, len(s.in.Zones)*(s.types+2)),
		Shared:  make([]SharedCover, len(s.division.Sharing)),
		Top:     c.top,
		Bottom:  c.bottom,
		Units:   c.units,
		Tally:   s.newTally(),
	}
	p.Tally.UnknownBetween = c.unknownBetween
	if s.noteBuilders == nil {
		s.noteBuilders = make([]overlay.Builder, len(s.notes))
		s.covers.Notes = make([]overlay.Stack, len(s.notes))
	}
	s.changed.Reset(s.in.Grid.Cols, c.row0, c.row1)
	for _, run := range c.runs {
		s.changed.Add(run.Row, run.Col0, run.Col1)
	}
	cover := func(stack *overlay.Stack, b *overlay.Builder, outlines *overlay.Outlines) error {
		cover, err := b.Cover(outlines, c.row0, c.row1, &s.changed)
		*stack = overlay.Stack{cover}
		return err
	}
	if err := cover(&s.covers.Control, &s.control, s.division.Control); err != nil {
		return nil, err
	}
	if err := cover(&s.covers.Shared, &s.shared, s.division.Shared); err != nil {
		return nil, err
	}
	for i, note := range s.notes {
		if err := cover(&s.covers.Notes[i], &s.noteBuilders[i], note.Outlines()); err != nil {
			return nil, err
		}
	}
	if err := s.tag(c.runs, p); err != nil {
		return nil, err
	}
	p.Patches = s.labeler.Label(s.raster(), c.row0, c.row1, c.runs, s.tags, c.byShift)
	return p, nil
}

// tag sets the tag of each run, and adds the run to what p covers. The tag is patch.OutsideTag outside every zone,
// rank+1 wholly inside one territory, and patch.MixedTag for all else.
func (s *scanner) tag(runs []change.Run, p *Part) error {
	s.tags = slices.Grow(s.tags[:0], len(runs))
	control := s.covers.Control[0]
	var spans []overlay.Span
	var area raster.RowArea
	row := int32(-1)
	for _, run := range runs {
		if run.Row != row {
			row = run.Row
			spans = control.Row(row)
			area = s.in.Earth.Row(int(row))
		}
		for len(spans) > 0 && spans[0].Col1 <= run.Col0 {
			spans = spans[1:]
		}
		tag := int32(patch.OutsideTag)
		for _, span := range spans {
			if span.Col0 >= run.Col1 {
				break
			}
			if span.Col1 <= run.Col0 {
				continue
			}
			covered := &p.Covered[s.slot(span.Region, run.Type)]
			col0, col1 := max(span.Col0, run.Col0), min(span.Col1, run.Col1)
			switch {
			case span.Mixed():
				m2, err := pieceM2(s.in.Earth, control, span)
				if err != nil {
					return err
				}
				covered.AddM2(m2)
				tag = patch.MixedTag
			case tag == patch.OutsideTag && col0 == run.Col0 && col1 == run.Col1:
				covered.Add(area.Run(int(col0), int(col1)))
				tag = span.Region + 1
			default:
				covered.Add(area.Run(int(col0), int(col1)))
				tag = patch.MixedTag
			}
		}
		s.tags = append(s.tags, tag)
		if run.Type == change.NoDataType || run.Type == change.UnruledType {
			if err := s.addShared(run, &area, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// addShared adds a run of NoData, or of change that no rule covers, to the regions of ground that zones share.
func (s *scanner) addShared(run change.Run, area *raster.RowArea, p *Part) (err error) {
	shared := s.covers.Shared[0]
	shared.Spans(run.Row, run.Col0, run.Col1, func(span overlay.Span) {
		if err != nil {
			return
		}
		sum := &p.Shared[span.Region].NoData
		if run.Type == change.UnruledType {
			sum = &p.Shared[span.Region].Unruled
		}
		if span.Mixed() {
			var m2 float64
			if m2, err = pieceM2(s.in.Earth, shared, span); err == nil {
				sum.AddM2(m2)
			}
			return
		}
		sum.Add(area.Run(int(max(span.Col0, run.Col0)), int(min(span.Col1, run.Col1))))
	})
	return err
}

// pieceM2 returns the area of the part of a mixed cell that lies in the span's region.
func pieceM2(earth *raster.Earth, c *overlay.Cover, span overlay.Span) (float64, error) {
	sum, refV := 0.0, -1.0
	err := c.Piece(span, func(a, b orb.Point) {
		if refV < 0 {
			refV = a[1]
		}
		sum += earth.EdgeM2(a, b, refV)
	})
	return max(0, sum), err
}
