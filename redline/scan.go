package redline

import (
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/patch"
	"greenshield/vector/overlay"
)

// Partial is what a band of rows yields before its patches are cut: a value that can
// be encoded, sent, and joined with the band below it.
type Partial struct {
	Patches      patch.Band
	Matrix       change.Matrix
	Covered      []raster.Area // changed, unruled and NoData area of each territory; see survey.slot
	SharedNoData []raster.Area // NoData area of each region of partition.shared
	// Top and Bottom are the symbols before of the first and of the last two rows, or of the only one.
	Top, Bottom [][]uint8
	Survey      *surveyed // nil without one
}

// join adds the band directly below.
func (s *survey) join(a, b *Partial) {
	s.explainSeams(a, b)
	if a.Survey != nil {
		s.joinSurvey(a.Survey, b.Survey, b.Patches.Row0)
	}
	a.Patches = patch.Join(s.raster(), a.Patches, b.Patches)
	a.Matrix.Add(&b.Matrix)
	for i := range a.Covered {
		a.Covered[i].Add(b.Covered[i])
	}
	for i := range a.SharedNoData {
		a.SharedNoData[i].Add(b.SharedNoData[i])
	}
	if len(a.Top) == 1 {
		a.Top = append(a.Top, b.Top[0])
	}
	if len(b.Bottom) == 1 {
		b.Bottom = [][]uint8{a.Bottom[len(a.Bottom)-1], b.Bottom[0]}
	}
	a.Bottom = b.Bottom
}

// explainSeams counts in the open patches what a shift would explain of the two rows of the seam between
// a and b, the band below: before, one of the rows beside each was not known. The only row of a band waits until both are.
func (s *survey) explainSeams(a, b *Partial) {
	add := func(open []patch.Patch, seam []patch.Seam, above, at, below []uint8) {
		for _, r := range seam {
			if r.Open >= 0 {
				open[r.Open].ByShift += int64(s.classifier.ByShift(r.Run, above, at, below))
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
	} else if b.Patches.Row1 == s.in.Grid.Rows {
		add(b.Patches.Open, b.Patches.Top, last, first, nil)
	}
}

// survey is what all scanners of a run share; it does not change, but for parts and admin,
// which are there from when the zones are divided.
type survey struct {
	in                 *Inputs
	options            Options
	classifier         *change.Classifier
	parts              *partition
	admin              *locator
	units              *units // with Options.Survey; there before parts are
	types              int    // change types
	tileCols, tileRows int
}

// slot is the position in Partial.Covered for a territory and a run's type. The types
// are followed by unruled change and NoData.
func (s *survey) slot(rank int32, t uint8) int {
	k := int(t)
	switch t {
	case change.UnruledType:
		k = s.types
	case change.NoDataType:
		k = s.types + 1
	}
	return int(rank)*(s.types+2) + k
}

func (s *survey) raster() patch.Raster {
	return patch.Raster{Rows: s.in.Grid.Rows, Cols: s.in.Grid.Cols, Conn: s.options.Conn}
}

// A scanner reads and compares bands. It belongs to one goroutine.
type scanner struct {
	*survey
	comparer      *change.Comparer
	before, after raster.Reader
	bufB, bufA    []uint8
	tiles         []tileRuns // of a row of tiles
	symbols       [2][]uint8 // of the band that is compared; after only for a survey
	surveyor      *surveyor  // nil without a survey
	tags          []int32
	labeler       patch.Labeler

	builders struct{ control, shared, admin overlay.Builder }
	covers   covers // of the band located last
}

// covers tells of the ground of some bands who controls it, what zones share of it, and
// which counties lie there.
type covers struct{ control, shared, admin overlay.Stack }

// excerpt keeps of one band what is known of the ground of patches.
func (c *covers) excerpt(patches []patch.Patch) covers {
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
	return covers{overlay.Stack{c.control[0].Excerpt(runs)}, overlay.Stack{c.shared[0].Excerpt(runs)}, overlay.Stack{c.admin[0].Excerpt(runs)}}
}

// below adds what is known of the band below.
func (c *covers) below(b covers) {
	c.control, c.shared, c.admin = append(c.control, b.control...), append(c.shared, b.shared...), append(c.admin, b.admin...)
}

// tileRuns is the runs of a tile; those of its row r are runs[rows[r]:rows[r+1]].
type tileRuns struct {
	runs []change.Run
	rows []int32
}

// compared is a band of rows whose runs are not located yet. Scanners may exchange it.
type compared struct {
	band, row0, row1 int
	runs             []change.Run
	byShift          []int32 // parallel: cells that a shift would explain; 0 in rows next to another band
	top, bottom      [][]uint8
	survey           *surveyed
	matrix           *change.Matrix
}

// maxWaiting is how many bands may be compared before the zones are divided, and about how
// many runs, of 16 bytes, they may have in all.
const (
	maxWaiting     = 32
	maxWaitingRuns = 1 << 20
)

func (s *survey) newScanner() (*scanner, error) {
	b, err := s.in.Before.Source.Open()
	if err != nil {
		return nil, WithKind(Raster, err)
	}
	a, err := s.in.After.Source.Open()
	if err != nil {
		b.Close()
		return nil, WithKind(Raster, err)
	}
	sc := &scanner{survey: s, comparer: s.classifier.NewComparer(), before: b, after: a}
	if s.options.Survey {
		sc.surveyor = s.newSurveyor()
	}
	return sc, nil
}

func (s *scanner) close() {
	s.before.Close()
	s.after.Close()
}

// compare reads and compares the rows [row0, row1).
func (s *scanner) compare(band, row0, row1 int) (*compared, error) {
	c := &compared{band: band, row0: row0, row1: row1, matrix: s.classifier.NewMatrix()}
	for e := range s.symbols {
		if need := (row1 - row0) * s.in.Grid.Cols; cap(s.symbols[e]) < need && (e == 0 || s.surveyor != nil) {
			s.symbols[e] = make([]uint8, need)
		}
	}
	for row := row0; row < row1; row += s.tileRows {
		s.tiles = s.tiles[:0]
		for col := 0; col < s.in.Grid.Cols; col += s.tileCols {
			w := raster.Window{Col: col, Row: row, Cols: min(s.tileCols, s.in.Grid.Cols-col), Rows: min(s.tileRows, row1-row)}
			if err := s.tile(w, row-row0, c.matrix); err != nil {
				return nil, err
			}
		}
		c.runs = s.mergeTiles(c.runs, min(s.tileRows, row1-row))
	}
	s.explain(c)
	if s.surveyor != nil {
		c.survey = s.surveyor.band(c, s.symbols)
	}
	return c, nil
}

// explain counts what a shift would explain of a compared band, and keeps the rows that its neighbours need.
func (s *scanner) explain(c *compared) {
	cols, rows := s.in.Grid.Cols, c.row1-c.row0
	at := func(row int) []uint8 { return s.symbols[0][row*cols:][:cols] }
	keep := func(row int) []uint8 { return slices.Clone(at(row)) }
	c.top, c.bottom = [][]uint8{keep(0)}, [][]uint8{keep(rows - 1)}
	if rows > 1 {
		c.top, c.bottom = append(c.top, keep(1)), [][]uint8{keep(rows - 2), c.bottom[0]}
	}
	c.byShift = make([]int32, len(c.runs))
	for i, run := range c.runs {
		row := int(run.Row) - c.row0
		if run.Type >= change.UnruledType || (row == 0 && c.row0 > 0) || (row == rows-1 && c.row1 < s.in.Grid.Rows) {
			continue
		}
		var above, below []uint8
		if row > 0 {
			above = at(row - 1)
		}
		if row < rows-1 {
			below = at(row + 1)
		}
		c.byShift[i] = int32(s.classifier.ByShift(run, above, at(row), below))
	}
}

// tile compares one window, whose first row is that of its band, and keeps its runs.
func (s *scanner) tile(w raster.Window, row int, m *change.Matrix) error {
	cells := int(w.Cells())
	if cap(s.bufB) < cells {
		s.bufB, s.bufA = make([]uint8, cells), make([]uint8, cells)
	}
	s.bufB, s.bufA = s.bufB[:cells], s.bufA[:cells]
	shifted := func(by raster.Window) raster.Window {
		return raster.Window{Col: w.Col + by.Col, Row: w.Row + by.Row, Cols: w.Cols, Rows: w.Rows}
	}
	if err := s.before.Read(shifted(s.in.Before.Window), s.bufB); err != nil {
		return WithKind(Raster, err)
	}
	if err := s.after.Read(shifted(s.in.After.Window), s.bufA); err != nil {
		return WithKind(Raster, err)
	}
	if len(s.tiles) < cap(s.tiles) {
		s.tiles = s.tiles[:len(s.tiles)+1]
	} else {
		s.tiles = append(s.tiles, tileRuns{})
	}
	tile := &s.tiles[len(s.tiles)-1]
	runs, rows := tile.runs[:0], append(tile.rows[:0], 0)
	for r := range w.Rows {
		area := s.in.Earth.Row(w.Row + r)
		before, after := s.bufB[r*w.Cols:(r+1)*w.Cols], s.bufA[r*w.Cols:(r+1)*w.Cols]
		runs = s.comparer.Row(change.Stretch{Row: w.Row + r, Col0: w.Col, Before: before, After: after, Area: &area}, m, runs)
		rows = append(rows, int32(len(runs)))
		at := (row+r)*s.in.Grid.Cols + w.Col
		copy(s.symbols[0][at:], s.bufB[r*w.Cols:(r+1)*w.Cols])
		if s.surveyor != nil {
			copy(s.symbols[1][at:], s.bufA[r*w.Cols:(r+1)*w.Cols])
		}
	}
	tile.runs, tile.rows = runs, rows
	return nil
}

// mergeTiles appends the runs of a row of tiles, so many rows high, to runs in row-major order.
func (s *scanner) mergeTiles(runs []change.Run, rows int) []change.Run {
	n := 0
	for i := range s.tiles {
		n += len(s.tiles[i].runs)
	}
	runs = slices.Grow(runs, n)
	for r := range rows {
		for i := range s.tiles {
			t := &s.tiles[i]
			if row := t.runs[t.rows[r]:t.rows[r+1]]; len(row) > 0 {
				runs = append(change.Append(runs, row[0]), row[1:]...)
			}
		}
	}
	return runs
}

// locate finds for each run of a compared band where it lies, adds up the covered areas,
// from the spans alone, and labels the patches. The scanner's covers are then those of the band.
func (s *scanner) locate(c *compared) (*Partial, error) {
	p := &Partial{
		Matrix:       *c.matrix,
		Covered:      make([]raster.Area, len(s.in.Zones)*(s.types+2)),
		SharedNoData: make([]raster.Area, len(s.parts.sharing)),
		Top:          c.top, Bottom: c.bottom, Survey: c.survey,
	}
	for _, k := range []struct {
		builder  *overlay.Builder
		outlines *overlay.Outlines
		cover    *overlay.Stack
	}{{&s.builders.control, s.parts.control, &s.covers.control}, {&s.builders.shared, s.parts.shared, &s.covers.shared}, {&s.builders.admin, s.admin.outlines, &s.covers.admin}} {
		cover, err := k.builder.Cover(k.outlines, c.row0, c.row1)
		if err != nil {
			return nil, err
		}
		*k.cover = overlay.Stack{cover}
	}
	if err := s.tag(c.runs, p); err != nil {
		return nil, err
	}
	p.Patches = s.labeler.Label(s.raster(), c.row0, c.row1, c.runs, s.tags, c.byShift)
	return p, nil
}

// tag sets the tag of each run: patch.OutsideTag is outside every zone, rank+1 wholly in that territory,
// and patch.MixedTag anything else.
func (s *scanner) tag(runs []change.Run, p *Partial) error {
	s.tags = s.tags[:0]
	control := s.covers.control[0]
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
				covered.AddUnits(area.Run(int(col0), int(col1)))
				tag = span.Region + 1
			default:
				covered.AddUnits(area.Run(int(col0), int(col1)))
				tag = patch.MixedTag
			}
		}
		s.tags = append(s.tags, tag)
		if run.Type == change.NoDataType {
			if err := s.sharedNoData(run, &area, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scanner) sharedNoData(run change.Run, area *raster.RowArea, p *Partial) (err error) {
	shared := s.covers.shared[0]
	shared.Spans(run.Row, run.Col0, run.Col1, func(span overlay.Span) {
		if err != nil {
			return
		}
		if span.Mixed() {
			var m2 float64
			if m2, err = pieceM2(s.in.Earth, shared, span); err == nil {
				p.SharedNoData[span.Region].AddM2(m2)
			}
			return
		}
		p.SharedNoData[span.Region].AddUnits(area.Run(int(max(span.Col0, run.Col0)), int(min(span.Col1, run.Col1))))
	})
	return err
}

// pieceM2 is the area of the part of a mixed cell that lies in the span's region.
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

// unknownCodes reads the raster again, slowly, to say which codes the legend lacks.
func (s *survey) unknownCodes(bands [][2]int) error {
	sc, err := s.newScanner()
	if err != nil {
		return err
	}
	defer sc.close()
	for _, e := range []struct {
		epoch  *Epoch
		reader raster.Reader
	}{{&s.in.Before, sc.before}, {&s.in.After, sc.after}} {
		index := e.epoch.Source.Index()
		known := map[int64]bool{}
		for _, c := range e.epoch.Legend.Classes {
			known[c.Code] = true
		}
		type found struct {
			code     int64
			row, col int
		}
		var first *found
		others := map[int64]int64{}
		for _, band := range bands {
			for col := 0; col < s.in.Grid.Cols; col += s.tileCols {
				w := raster.Window{Col: col + e.epoch.Window.Col, Row: band[0] + e.epoch.Window.Row, Cols: min(s.tileCols, s.in.Grid.Cols-col), Rows: band[1] - band[0]}
				symbols, codes := make([]uint8, w.Cells()), make([]int64, w.Cells())
				if err := e.reader.Read(w, symbols); err != nil {
					return WithKind(Raster, err)
				}
				if err := e.reader.Codes(w, codes); err != nil {
					return WithKind(Raster, err)
				}
				for i, sym := range symbols {
					if index[sym] != raster.Unknown {
						continue
					}
					at := found{code: codes[i], row: w.Row + i/w.Cols, col: w.Col + i%w.Cols}
					if first == nil || at.row < first.row || (at.row == first.row && at.col < first.col) {
						first = &at
					}
					others[codes[i]]++
				}
			}
		}
		if first != nil {
			more := ""
			if len(others) > 1 {
				more = fmt.Sprintf(", and %d other codes", len(others)-1)
			}
			return Faultf(Raster, "%s (%d): code %d is not in legend %q: %d cells, first at row %d, column %d%s; name the right legend, or add the code to a legend CSV",
				e.epoch.Name, e.epoch.Year, first.code, e.epoch.Legend.Name, others[first.code], first.row, first.col, more)
		}
	}
	return fmt.Errorf("internal: unknown codes were counted but not found again")
}
