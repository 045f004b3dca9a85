package overlay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// stitch links the pieces to closed rings. Where several pieces begin at one point the
// ring turns left as sharply as it can, so that parts which only touch stay apart.
func (k *Clipper) stitch() ([]orb.Ring, error) {
	k.starts = k.starts[:0]
	for i := range k.pieces {
		k.starts = append(k.starts, start{k.points[k.pieces[i].from], int32(i)})
	}
	sortStarts(k.starts)
	var rings []orb.Ring
	for _, start := range k.starts {
		first := start.piece
		if k.pieces[first].used {
			continue
		}
		ring := k.ring[:0]
		branched := false
		for cur := first; ; {
			p := &k.pieces[cur]
			p.used = true
			ring = append(ring, k.points[p.from+1:p.to+1]...)
			end := k.points[p.to]
			next, options := int32(-1), 0
			for at := firstAt(k.starts, end); at < len(k.starts) && k.starts[at].at == end; at++ {
				i := k.starts[at].piece
				options++
				if k.pieces[i].used && i != first {
					continue
				}
				if next < 0 || leftOf(k.points[p.to-1], end, k.points[k.pieces[i].from+1], k.points[k.pieces[next].from+1]) {
					next = i
				}
			}
			if next < 0 {
				return nil, fmt.Errorf("internal: the outline is not closed at (%v, %v)", end[0], end[1])
			}
			branched = branched || options > 1
			if options == 1 && p.next >= 0 && p.next == k.pieces[next].start {
				// An edge of the region passes from cell to cell here: the point where it does is no vertex.
				ring = ring[:len(ring)-1]
			}
			if next == first {
				break
			}
			cur = next
		}
		k.ring = ring
		if !branched {
			if r := tidy(ring); r != nil {
				rings = append(rings, slices.Clone(r))
			}
			continue
		}
		for _, r := range trace.Simple(append(ring, ring[0])) {
			if r = tidy(r[:len(r)-1]); r != nil {
				rings = append(rings, r)
			}
		}
	}
	return rings, nil
}

// sortStarts sorts by the point, then by the piece. Up to 48 are sorted by insertion: pieces come row by row, so most
// stand near their place already.
func sortStarts(starts []start) {
	if len(starts) > 48 {
		slices.SortFunc(starts, func(a, b start) int {
			return cmp.Or(trace.ComparePoints(a.at, b.at), cmp.Compare(a.piece, b.piece))
		})
		return
	}
	for i := 1; i < len(starts); i++ {
		s, at := starts[i], i
		for ; at > 0 && trace.Before(s.at, starts[at-1].at); at-- {
			starts[at] = starts[at-1]
		}
		starts[at] = s
	}
}

// firstAt returns the position of the first start that is not before p.
func firstAt(starts []start, p orb.Point) int {
	lo, hi := 0, len(starts)
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); trace.Before(starts[mid].at, p) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// leftOf tells whether, coming from a to b, the way on to p turns further left than the way on to q. Turning back
// counts as turning furthest right.
func leftOf(a, b, p, q orb.Point) bool {
	d := orb.Point{b[0] - a[0], b[1] - a[1]}
	half := func(p orb.Point) int { // 2: left of straight on, 1: straight on, 0: right, −1: back
		e := orb.Point{p[0] - b[0], p[1] - b[1]}
		turn, ahead := d[0]*e[1]-d[1]*e[0], d[0]*e[0]+d[1]*e[1]
		switch {
		case turn > 0:
			return 2
		case turn < 0:
			return 0
		case ahead > 0:
			return 1
		}
		return -1
	}
	hp, hq := half(p), half(q)
	if hp != hq {
		return hp > hq
	}
	// Within one half plane the sharper left turn is the one that has the other on its right.
	return (q[0]-b[0])*(p[1]-b[1])-(q[1]-b[1])*(p[0]-b[0]) > 0
}

// tidy closes an open ring and removes repeated points, and points between two others on one line of the lattice,
// also where the ring goes there and back. The result is empty when nothing with an area is left.
func tidy(open orb.Ring) orb.Ring {
	redundant := func(a, b, c orb.Point) bool {
		return a == b || b == c || (a[0] == b[0] && b[0] == c[0]) || (a[1] == b[1] && b[1] == c[1])
	}
	out := open[:0]
	for _, p := range open {
		for len(out) > 1 && redundant(out[len(out)-2], out[len(out)-1], p) {
			out = out[:len(out)-1]
		}
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	for len(out) > 2 {
		n := len(out)
		if redundant(out[n-2], out[n-1], out[0]) {
			out = out[:n-1]
		} else if redundant(out[n-1], out[0], out[1]) {
			out = out[1:]
		} else {
			break
		}
	}
	if len(out) < 3 {
		return nil
	}
	out = append(out, out[0])
	if trace.DoubleArea(out) == 0 {
		return nil
	}
	return out
}
