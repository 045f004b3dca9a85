package engine

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/dating"
	"greenshield/redline/territory"
	"greenshield/vector"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// cutter turns closed patches into candidates. It belongs to one goroutine.
type cutter struct {
	*plan
	sink     Sink
	over     Overlayer
	examiner Examiner // nil for none
	clipper  overlay.Clipper
	tracer   trace.Tracer
	lonlats  *raster.LonLats
	wide     bool    // cells are so large that the outline of whole ones is valid in rounded degrees
	covers   *Covers // of all rows of the patches that are cut
	tally    *Tally

	// Memory that one patch leaves to the next.
	cells   []trace.Run
	whole   piece
	patch   redline.Patch
	told    bool // the sink has the patch
	touched []*piece
	pool    []*piece // pieces from which the touched ones are taken
	shared  []raster.Area
	byZone  []raster.Area
	out     redline.Candidate
	common  []redline.Overlap
	place   []byte
	idWords []byte
	mix     []byte
	degrees degrees
	finder  finder

	unfolder overlay.Unfolder
}

// newCutter returns a cutter that works with over.
func (c *Comparison) newCutter(over Overlayer) *cutter {
	g := c.in.Grid
	cut := &cutter{plan: c.plan, sink: c.ports.Sink, over: over, lonlats: c.in.Earth.NewLonLats(),
		wide: g.CRS.Geographic || min(g.CellX, g.CellY)*g.CRS.MetresPerUnit() >= wideM}
	if c.ports.NewExaminer != nil {
		cut.examiner = c.ports.NewExaminer()
	}
	return cut
}

// close closes what the cutter opened.
func (c *cutter) close() error {
	if c.examiner == nil {
		return nil
	}
	return c.examiner.Close()
}

// closed cuts all closed patches of a part, and forgets them.
func (c *cutter) closed(ctx context.Context, p *Part) error {
	c.covers, c.tally = &p.Rim, &p.Tally
	for i := range p.Patches.Closed {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := c.cut(&p.Patches.Closed[i]); err != nil {
			return err
		}
	}
	p.Patches.Closed = nil
	return nil
}

// piece is what a patch has in common with one territory.
type piece struct {
	rank    int32
	shape   orb.MultiPolygon // lattice coordinates; nil when the part is the whole patch and not traced yet
	whole   bool             // the territory holds the whole patch
	m2      float64
	cells   float64  // planar area
	inside  int64    // cells of the patch that lie whole inside the territory, but for rounding
	rows    [2]int32 // first and last row with a cell of the part, when it is not whole
	mixture []share  // areas by pair of classes
	dates   []dating.Share
}

// share is the area of a part with one pair of classes.
type share struct {
	pair uint16
	area raster.Area
}

// addTo returns the sum to which area with that pair of classes is to be added.
func (p *piece) addTo(pair uint16) *raster.Area {
	for i := range p.mixture {
		if p.mixture[i].pair == pair {
			return &p.mixture[i].area
		}
	}
	p.mixture = append(p.mixture, share{pair: pair})
	return &p.mixture[len(p.mixture)-1].area
}

// cut gives all parts of a closed patch to the sink.
func (c *cutter) cut(p *patch.Patch) error {
	c.tally.Patches[p.Type]++
	c.tally.PatchCells[p.Type] += p.Cells
	c.cells = c.cells[:0]
	for _, r := range p.Runs {
		c.cells = trace.Append(c.cells, trace.Run{Row: r.Row, Col0: r.Col0, Col1: r.Col1})
	}
	c.patch, c.told = redline.Patch{Group: c.groups[p.Type], Cells: c.cells}, false
	whole := &c.whole
	c.measure(p, whole)
	if p.Tag > 0 {
		whole.rank = p.Tag - 1
		return c.put(p, whole, whole)
	}
	parts, err := c.split(p)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := c.put(p, whole, part); err != nil {
			return err
		}
	}
	return nil
}

// measure sets whole to the description of the whole patch.
func (c *cutter) measure(p *patch.Patch, whole *piece) {
	*whole = piece{whole: true, cells: float64(p.Cells), inside: p.Cells, mixture: whole.mixture[:0],
		dates: whole.dates[:0]}
	var total raster.Area
	var area raster.RowArea
	row := int32(-1)
	for i, r := range p.Runs {
		if r.Row != row {
			row = r.Row
			area = c.in.Earth.Row(int(row))
		}
		size := area.Run(int(r.Col0), int(r.Col1))
		total.Add(size)
		whole.addTo(r.Pair).Add(size)
		if p.Dates != nil {
			whole.addDate(p.Dates[i], size)
		}
	}
	whole.m2 = total.M2()
}

// split finds the parts of a patch that lies in several territories, or partly in none. They are sorted by rank, and
// belong to the cutter again with the next patch.
func (c *cutter) split(p *patch.Patch) ([]*piece, error) {
	if err := c.measureParts(p); err != nil {
		return nil, err
	}
	slices.SortFunc(c.touched, func(a, b *piece) int { return cmp.Compare(a.rank, b.rank) })
	parts := c.touched[:0]
	for _, t := range c.touched {
		var err error
		if t.shape, err = c.clip(t); err != nil {
			return nil, err
		}
		t.m2, t.cells = c.in.Earth.PolygonM2(t.shape), vector.Area(t.shape)
		if err := c.checkArea(t); err != nil {
			return nil, err
		}
		if t.cells > territory.TouchCells {
			parts = append(parts, t)
		} else {
			c.tally.Zones[c.division.ByRank[t.rank]].TouchingM2.AddM2(max(0, t.m2))
		}
	}
	return parts, nil
}

// part returns the piece of the territory of that rank among those touched. row is the row in which the patch meets
// it; the first call for a rank begins the piece.
func (c *cutter) part(rank, row int32) *piece {
	for _, t := range c.touched {
		if t.rank == rank {
			t.rows[1] = row
			return t
		}
	}
	if len(c.touched) == len(c.pool) {
		c.pool = append(c.pool, new(piece))
	}
	t := c.pool[len(c.touched)]
	*t = piece{rank: rank, rows: [2]int32{row, row}, mixture: t.mixture[:0], dates: t.dates[:0]}
	c.touched = append(c.touched, t)
	return t
}

// measureParts sets touched to the parts of a patch, with all but their shapes and the areas of these.
func (c *cutter) measureParts(p *patch.Patch) (err error) {
	c.touched = c.touched[:0]
	for i, r := range p.Runs {
		area := c.in.Earth.Row(int(r.Row))
		control := c.covers.Control.At(r.Row)
		control.Spans(r.Row, r.Col0, r.Col1, func(span overlay.Span) {
			if err != nil {
				return
			}
			t := c.part(span.Region, r.Row)
			var size raster.Area
			if span.Mixed() {
				var m2 float64
				if m2, err = pieceM2(c.in.Earth, control, span); err == nil {
					size.AddM2(m2)
				}
				// An outline along the sides of the cell passes the cell too, and leaves it whole.
				cellM2 := area.Run(int(span.Col0), int(span.Col1)).M2()
				if m2 >= cellM2*(1-1e-9) {
					t.inside++
				}
			} else {
				col0, col1 := max(span.Col0, r.Col0), min(span.Col1, r.Col1)
				size = area.Run(int(col0), int(col1))
				t.inside += int64(col1 - col0)
			}
			t.addTo(r.Pair).Add(size)
			if p.Dates != nil {
				t.addDate(p.Dates[i], size)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// clip returns the shape of a part: the patch cut by the territory. Only the rows where the two meet, and one more on
// each side, matter for the outline.
func (c *cutter) clip(t *piece) (orb.MultiPolygon, error) {
	byRow := func(r trace.Run, row int32) int { return cmp.Compare(r.Row, row) }
	first, _ := slices.BinarySearchFunc(c.cells, t.rows[0]-1, byRow)
	last, _ := slices.BinarySearchFunc(c.cells, t.rows[1]+2, byRow)
	shape, err := c.clipper.Clip(c.covers.Control, c.cells[first:last], t.rank)
	if err != nil { // the outline runs within rounding of a lattice line over and over
		return c.over.Intersection(trace.Polygons(c.cells), c.division.Territory[t.rank])
	}
	return shape, nil
}

// checkArea compares the area of a part's polygons with the sum over its cells.
func (c *cutter) checkArea(t *piece) error {
	var sum raster.Area
	for _, s := range t.mixture {
		sum.Add(s.area)
	}
	if d := math.Abs(sum.M2() - t.m2); d > 1e-9*t.m2+roundingM2*(1+float64(len(c.cells))) {
		zone := &c.in.Zones[c.division.ByRank[t.rank]]
		return redline.Faultf(redline.Unbalanced, "zone %s, patch at row %d, column %d: "+
			"its polygons measure %.6f m², its cells %.6f m²; nothing is published, please report this",
			zone.ID, c.cells[0].Row, c.cells[0].Col0, t.m2, sum.M2())
	}
	return nil
}

// roundingM2 is by how many square metres rounding may change one term of a sum of areas.
const roundingM2 = 1e-6

// overlaps measures what the part, which zone z controls, has in common with each zone over it, whose ids it adds to
// out, and with exemptions.
func (c *cutter) overlaps(out *redline.Candidate, z int, t *piece) (overlaps []redline.Overlap, err error) {
	overlaps = append(c.common[:0], redline.Overlap{Zone: z, AreaM2: t.m2})
	defer func() { c.common = overlaps }()
	regions := c.division.SharedOf[t.rank]
	if len(regions) == 0 {
		return overlaps, nil
	}
	sums := slices.Grow(c.shared[:0], len(regions))[:len(regions)]
	clear(sums)
	c.shared = sums
	for _, r := range c.cells {
		area := c.in.Earth.Row(int(r.Row))
		shared := c.covers.Shared.At(r.Row)
		shared.Spans(r.Row, r.Col0, r.Col1, func(span overlay.Span) {
			i, ok := slices.BinarySearch(regions, span.Region)
			if !ok || err != nil {
				return
			}
			if !span.Mixed() {
				sums[i].Add(area.Run(int(max(span.Col0, r.Col0)), int(min(span.Col1, r.Col1))))
				return
			}
			var m2 float64
			if m2, err = pieceM2(c.in.Earth, shared, span); err == nil {
				sums[i].AddM2(m2)
			}
		})
	}
	with := c.division.SharedWith[t.rank]
	byZone := slices.Grow(c.byZone[:0], len(with))[:len(with)]
	clear(byZone)
	c.byZone = byZone
	for i, region := range regions {
		if sums[i] == (raster.Area{}) {
			continue
		}
		k := 0 // zones of a region stand in the order of with
		for z := range c.division.SharedZones(int(region)) {
			for with[k] != z {
				k++
			}
			byZone[k].Add(sums[i])
		}
	}
	for k, z := range with {
		switch m2 := byZone[k].M2(); {
		case m2 <= roundingM2:
		case z == territory.Exemptions:
			out.ExemptM2 = min(m2, t.m2)
			if m2 >= t.m2*(1-1e-9)-roundingM2 {
				out.ExemptM2 = t.m2
			}
		default:
			overlaps = append(overlaps, redline.Overlap{Zone: z, AreaM2: m2})
			out.ZonesAll = append(out.ZonesAll, c.in.Zones[z].ID)
		}
	}
	return overlaps, err
}
