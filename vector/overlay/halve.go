package overlay

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Halve cuts a region by the line on which coordinate axis (0 is u, 1 is v) equals at. rings are the region's closed
// rings in any order, with the region on the left hand (u to the right, v upwards), and so are the results; low holds
// what lies below the line. Vertices on the line count as lying infinitesimally above it. New vertices lie on the line,
// and only there. Rings that the line does not meet are shared, not copied.
//
// ok is false when rounding leaves the order of the cuts along the line in doubt, as it also does when rings cross. The
// cost is linear but for sorting the cuts.
func Halve(rings []orb.Ring, axis int, at float64) (low, high []orb.Ring, ok bool) {
	h := halver{axis: axis, at: at}
	for _, ring := range rings {
		h.cut(ring)
	}
	if !h.pair() {
		return nil, nil, false
	}
	h.link()
	return h.low, h.high, true
}

// halver cuts rings by a line: see Halve.
type halver struct {
	axis      int
	at        float64
	cuts      []lineCut // ring by ring, in their order along each
	low, high []orb.Ring
}

// lineCut is where a ring crosses the line.
type lineCut struct {
	pos     float64  // along the line
	up      bool     // the ring comes from below the line
	partner int32    // the cut at the other end of the stretch of the line that lies inside the region
	next    int32    // the cut that follows along the ring
	points  orb.Ring // from here to there, both included
	used    bool
}

// cut finds where a ring crosses the line. A ring that does not is a part of the result already.
func (h *halver) cut(ring orb.Ring) {
	n := len(ring) - 1
	above := func(i int) bool { return ring[i][h.axis] >= h.at }
	first := 0
	for first < n && above(first) == above(first+1) {
		first++
	}
	if first >= n {
		if n >= 0 && above(0) {
			h.high = append(h.high, ring)
		} else {
			h.low = append(h.low, ring)
		}
		return
	}
	base := int32(len(h.cuts))
	for k := range n {
		i := (first + k) % n
		a, b := ring[i], ring[i+1]
		if above(i) != above(i+1) {
			p := orb.Point{h.at, h.at}
			p[1-h.axis] = crossing(a, b, h.axis, h.at)
			if here := int32(len(h.cuts)); here > base {
				last := &h.cuts[here-1]
				last.next, last.points = here, append(last.points, p)
			}
			h.cuts = append(h.cuts, lineCut{pos: p[1-h.axis], up: above(i + 1), points: orb.Ring{p}})
		}
		last := &h.cuts[len(h.cuts)-1]
		last.points = append(last.points, b)
	}
	last := &h.cuts[len(h.cuts)-1]
	last.next, last.points = base, append(last.points, h.cuts[base].points[0])
}

// pair finds each cut's partner. Along the line the region begins and ends in turn, since it lies on the left hand of
// its rings. pair is false when cuts at one place, in whatever order, do not begin and end it in turn.
func (h *halver) pair() bool {
	cuts := h.cuts
	order := make([]int32, len(cuts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(cuts[a].pos, cuts[b].pos), cmp.Compare(a, b))
	})
	for k := range order {
		begins := (k%2 == 0) == (h.axis == 0) // on a line u = at, a ring that goes up begins the region
		j := k
		for j < len(order) && cuts[order[j]].pos == cuts[order[k]].pos && cuts[order[j]].up != begins {
			j++
		}
		if j == len(order) || cuts[order[j]].pos != cuts[order[k]].pos {
			return false
		}
		order[k], order[j] = order[j], order[k]
		if k%2 == 1 {
			a, b := order[k-1], order[k]
			cuts[a].partner, cuts[b].partner = b, a
		}
	}
	return true
}

// link makes the rings of the result: each goes along a ring to the line, and there to the partner of the cut.
func (h *halver) link() {
	for start := range h.cuts {
		if h.cuts[start].used {
			continue
		}
		var ring orb.Ring
		for at := int32(start); !h.cuts[at].used; {
			c := &h.cuts[at]
			c.used = true
			for _, p := range c.points {
				if len(ring) == 0 || ring[len(ring)-1] != p {
					ring = append(ring, p)
				}
			}
			at = h.cuts[c.next].partner
		}
		if ring[0] != ring[len(ring)-1] {
			ring = append(ring, ring[0])
		}
		if len(ring) < 4 {
			continue // narrower than rounding
		}
		if h.cuts[start].up {
			h.high = append(h.high, ring)
		} else {
			h.low = append(h.low, ring)
		}
	}
}

// Polygons makes polygons of rings that [Halve] left, oriented and ordered as by
// [trace.Polygons]. The rings are not changed.
func Polygons(rings []orb.Ring) (orb.MultiPolygon, error) {
	var simple []orb.Ring
	for _, r := range rings {
		simple = append(simple, trace.Simple(r)...)
	}
	return trace.Assemble(simple)
}
