package overlay

import (
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// Centres tells which cells of a lattice have their centres in which of some shapes, for as many rows at a time as
// are wanted. It is immutable and safe for concurrent use.
//
// A centre on an outline belongs to what lies east of it, or south where the outline runs east to west: of two shapes
// that have a stretch of outline in common exactly one has it.
type Centres struct {
	cols  int
	edges []centreEdge // sorted by first row
	tall  []int32      // by block of edges: the largest number of rows that an edge in it passes

	memory sync.Pool // of *passes, for those who look next
}

// passes are where outlines pass some rows, one row after the other.
type passes struct {
	at   []uint64 // the shape, in the upper 32 bits, with the first column whose centre lies on the outline or east of it
	ends []int32  // by row: where its passes, which are sorted, end in at
}

// centreEdge is an edge of a shape, from north to south, that passes the middle of the rows [row0, row1).
type centreEdge struct {
	row0, row1     int32
	shape          int32
	u0, v0, slopeU float64 // u grows by slopeU for each row south
}

// CentreSpan is the cells [Col0, Col1) of one row, whose centres lie in a shape.
type CentreSpan struct{ Row, Col0, Col1, Shape int32 }

// edgeBlock is how many edges share a bound on their height.
const edgeBlock = 256

// NewCentres takes valid shapes, in lattice coordinates, for a lattice of cols × rows cells. They may reach beyond
// the lattice.
func NewCentres(cols, rows int, shapes []orb.MultiPolygon) *Centres {
	return EveryCentres(cols, rows, 1, shapes)
}

// EveryCentres does what NewCentres does, for the rows that are multiples of every; of other rows it knows nothing.
func EveryCentres(cols, rows, every int, shapes []orb.MultiPolygon) *Centres {
	c := &Centres{cols: cols}
	at := make([]int32, rows+1) // how many edges a row is the first of, then where the next one of them goes
	eachEdge(rows, every, shapes, func(_ int32, _, _ orb.Point, row0, _ int32) { at[row0+1]++ })
	for row := range rows {
		at[row+1] += at[row]
	}
	c.edges = make([]centreEdge, at[rows])
	eachEdge(rows, every, shapes, func(shape int32, a, b orb.Point, row0, row1 int32) {
		slope := (b[0] - a[0]) / (b[1] - a[1])
		c.edges[at[row0]] = centreEdge{row0, row1, shape, a[0], a[1], slope}
		at[row0]++
	})
	for block := range slices.Chunk(c.edges, edgeBlock) {
		tall := int32(0)
		for i := range block {
			tall = max(tall, block[i].row1-block[i].row0)
		}
		c.tall = append(c.tall, tall)
	}
	return c
}

// eachEdge calls f for each edge of shapes, from north to south, that passes the middle of rows [row0, row1), one of
// which is a multiple of every.
func eachEdge(rows, every int, shapes []orb.MultiPolygon, f func(shape int32, a, b orb.Point, row0, row1 int32)) {
	for i, shape := range shapes {
		for _, polygon := range shape {
			for _, ring := range polygon {
				for k := 1; k < len(ring); k++ {
					a, b := ring[k-1], ring[k]
					if a[1] > b[1] {
						a, b = b, a
					}
					// The first and the last row whose middle v has a[1] ≤ v < b[1].
					row0, row1 := max(0, math.Ceil(a[1]-0.5)), min(float64(rows), math.Ceil(b[1]-0.5))
					if row0 < row1 && (every == 1 || (int(row0)+every-1)/every*every < int(row1)) {
						f(int32(i), a, b, int32(row0), int32(row1))
					}
				}
			}
		}
	}
}

// Spans appends the cells of the rows [row0, row1) whose centres lie in a shape to spans, by row, then shape, then
// column.
func (c *Centres) Spans(spans []CentreSpan, row0, row1 int) []CentreSpan {
	p, _ := c.memory.Get().(*passes)
	if p == nil {
		p = &passes{}
	}
	defer c.memory.Put(p)
	c.find(p, int32(row0), int32(row1))
	start, from := len(spans), int32(0)
	for k, end := range p.ends {
		// An outline is closed: in each row a shape has an even number.
		for row := p.at[from:end]; len(row) > 1; row = row[2:] {
			a := CentreSpan{int32(row0 + k), int32(row[0] & math.MaxUint32), int32(row[1] & math.MaxUint32), int32(row[0] >> 32)}
			if a.Col0 == a.Col1 {
				continue
			}
			n := len(spans)
			if n > start && spans[n-1].Col1 == a.Col0 && spans[n-1].Row == a.Row && spans[n-1].Shape == a.Shape {
				spans[n-1].Col1 = a.Col1
				continue
			}
			spans = append(spans, a)
		}
		from = end
	}
	return spans
}

// find finds where outlines pass the rows [top, bottom).
func (c *Centres) find(p *passes, top, bottom int32) {
	rows := int(bottom - top)
	ends := slices.Grow(p.ends[:0], rows+1)[:rows+1] // first by how much more passes a row has than the one before
	clear(ends)
	for e := range c.passing(top, bottom) {
		ends[max(e.row0, top)-top]++
		ends[min(e.row1, bottom)-top]--
	}
	sum, count := int32(0), int32(0)
	for k, more := range ends { // then where a row begins, and that moves to its end as it fills
		ends[k], count = sum, count+more
		sum += count
	}
	at := slices.Grow(p.at[:0], int(sum))[:sum]
	for e := range c.passing(top, bottom) {
		for row := max(e.row0, top); row < min(e.row1, bottom); row++ {
			u := e.u0 + (float64(row)+0.5-e.v0)*e.slopeU
			col := int32(math.Ceil(min(max(u, 0), float64(c.cols)) - 0.5))
			at[ends[row-top]] = uint64(e.shape)<<32 | uint64(col)
			ends[row-top]++
		}
	}
	p.at, p.ends = at, ends[:rows]
	from := int32(0)
	for _, end := range p.ends {
		slices.Sort(at[from:end])
		from = end
	}
}

// passing gives the edges that pass one of the rows [top, bottom).
func (c *Centres) passing(top, bottom int32) iter.Seq[*centreEdge] {
	return func(yield func(*centreEdge) bool) {
		for block := range c.tall {
			edges := c.edges[block*edgeBlock : min(len(c.edges), (block+1)*edgeBlock)]
			if edges[0].row0 >= bottom {
				return
			}
			if edges[len(edges)-1].row0+c.tall[block] <= top {
				continue
			}
			for i := range edges {
				if e := &edges[i]; e.row0 < bottom && e.row1 > top && !yield(e) {
					return
				}
			}
		}
	}
}
