package overlay

import (
	"math"
	"unsafe"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// weight says how much a cover holds of the rows above one, by which the memory of a band is known beforehand. While
// outlines are added, it says by how much a row differs from the one above.
type weight struct {
	stays  float64 // of outlines in mixed cells
	spans  float64 // that lie wholly inside a region, about
	points float64 // vertices of outlines
}

// weighShell adds the spans inside a polygon.
func (o *Outlines) weighShell(polygon orb.Polygon) {
	if len(polygon) == 0 {
		return
	}
	b := vector.Bound(orb.MultiPolygon{polygon})
	if b.Max[0] >= 0 && b.Min[0] < float64(o.cols) {
		o.weigh(b.Min[1], b.Max[1], weight{spans: 1})
	}
}

// weighRing adds the vertices and the stays of a ring.
func (o *Outlines) weighRing(ring orb.Ring) {
	if len(ring) > 0 {
		o.weigh(ring[0][1], ring[0][1], weight{stays: 1})
	}
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		o.weigh(b[1], b[1], weight{points: 1})
		if a[0] < 0 && b[0] < 0 || a[0] >= float64(o.cols) && b[0] >= float64(o.cols) {
			continue // no cell beside the lattice is kept
		}
		v0, v1 := math.Floor(min(a[1], b[1])), math.Floor(max(a[1], b[1]))
		u0, u1 := min(max(a[0], 0), float64(o.cols)), min(max(b[0], 0), float64(o.cols))
		lines := v1 - v0 + math.Abs(math.Floor(u0)-math.Floor(u1)) // each that is passed begins a stay
		if lines > 0 {
			o.weigh(v0, v1, weight{stays: lines / (v1 - v0 + 1)})
		}
	}
}

// weigh adds a weight to each row of the lattice from that of v0 to that of v1.
func (o *Outlines) weigh(v0, v1 float64, w weight) {
	if v1 < 0 || v0 >= float64(o.rows) {
		return
	}
	first, end := int(max(v0, 0)), int(min(v1, float64(o.rows-1)))+1
	at, behind := &o.weights[first], &o.weights[end]
	at.stays, at.spans, at.points = at.stays+w.stays, at.spans+w.spans, at.points+w.points
	behind.stays, behind.spans, behind.points = behind.stays-w.stays, behind.spans-w.spans, behind.points-w.points
}

// sumWeights makes sums over the rows above of what differs from row to row.
func (o *Outlines) sumWeights() {
	var row, above weight
	for i, d := range o.weights {
		row.stays, row.spans, row.points = row.stays+d.stays, row.spans+d.spans, row.points+d.points
		o.weights[i] = above
		above.stays, above.spans = above.stays+row.stays, above.spans+row.spans
		above.points += row.points
	}
}

// OutlinesBytes returns about how much memory [NewOutlines] would take for regions, beside these themselves.
func OutlinesBytes(cols, rows int, regions []orb.MultiPolygon) int64 {
	o := Outlines{cols: cols, rows: rows}
	chunks := 0
	for _, mp := range regions {
		for _, polygon := range mp {
			for _, ring := range polygon {
				chunks += 1 + len(ring)/chunkEdges
				for i := 1; i < len(ring); i++ {
					a, b := ring[i-1], ring[i]
					if math.Abs(a[0]-b[0])+math.Abs(a[1]-b[1]) > chunkSteps/2 && o.near(a) && o.near(b) {
						chunks += 1 + int(stepsOf(a, b)/chunkSteps)
					}
				}
			}
		}
	}
	// A slice that has grown may be larger by a quarter.
	grown := int64(chunks)*int64(unsafe.Sizeof(chunk{})) + int64(len(regions))*int64(unsafe.Sizeof(extent{}))
	return grown*5/4 + int64(rows+1)*int64(unsafe.Sizeof(weight{}))
}

// CoverBytes returns about how much memory a [Builder] takes for the cover of the rows [row0, row1).
func (o *Outlines) CoverBytes(row0, row1 int) int64 {
	const (
		reach = 4
		// A span stands in the cover and twice in the memory for sorting.
		span  = int64(unsafe.Sizeof(Span{})) + 2*int64(unsafe.Sizeof(bandSpan{})) + reach
		point = int64(unsafe.Sizeof(orb.Point{}))
		stay  = span + int64(unsafe.Sizeof(cell{})) + int64(unsafe.Sizeof(line{})) + 2*point
	)
	low, high := o.weights[row0], o.weights[row1]
	sum := (high.stays-low.stays)*float64(stay) + (high.spans-low.spans)*float64(span) +
		(high.points-low.points)*float64(point)
	return int64(sum * 5 / 4) // a slice that has grown may be larger by a quarter
}

// Bytes returns about how much memory the cover takes.
func (c *Cover) Bytes() int64 {
	return 4*int64(cap(c.rows)+cap(c.reach)) +
		int64(cap(c.spans))*int64(unsafe.Sizeof(Span{})) +
		int64(cap(c.cells))*int64(unsafe.Sizeof(cell{})) +
		int64(cap(c.lines))*int64(unsafe.Sizeof(line{})) +
		int64(cap(c.points))*int64(unsafe.Sizeof(orb.Point{}))
}
