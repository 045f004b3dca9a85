package vector

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Mend returns the valid multipolygon that covers what the rings of mp mean. Every shell contributes what it goes
// round, shells are united, and every hole is taken out of its own shell, as by the structure method of GEOS, which
// looks at each shell for each hole. Rings may meet in vertices of both or along whole edges: a ring may touch itself,
// as outlines traced from cells do that pass a corner twice, lead there and back, or run along its shell or another
// part by the same edges. Where rings of a polygon meet otherwise, or holes lie elsewhere, repair gets the shell and
// those holes, and returns what they cover. Mend is not ok where rings of two polygons meet otherwise, where repair
// fails or would get all of a polygon, and where a proof of the result is in doubt. Shells are counter-clockwise, holes
// clockwise, and their vertices those of mp and of what was repaired.
//
// The proof: the result has each edge that bounds ground once, with the ground on its left, so how often its rings go
// round a point is the sum of how often those of mp do. That is 0 or 1 for each ring of mp by itself, else it is not
// ok, and so for a polygon only if its holes lie in its shell apart, and for all only if no ground is in two. The same
// holds of what was repaired and the other holes, which are taken out of that.
func (p *Prover) Mend(
	mp orb.MultiPolygon, repair func(orb.Polygon) (orb.MultiPolygon, error),
) (mended orb.MultiPolygon, ok bool) {
	var all []orb.Ring
	for _, polygon := range gathered(mp) {
		if mended, ok = p.mendTouching(polygon); !ok {
			if mended, ok = p.mendCrossing(polygon, repair); !ok {
				return nil, false
			}
		}
		all = append(all, slices.Concat(mended...)...)
	}
	if len(mp) > 1 {
		return p.joined(all)
	}
	return mended, ok
}

// mendTouching does what Mend does with a polygon whose rings meet in vertices or along whole edges.
func (p *Prover) mendTouching(polygon orb.Polygon) (mended orb.MultiPolygon, ok bool) {
	var bounds []orb.Ring
	for i, r := range polygon {
		if bounds, ok = p.appendBounds(bounds, r, i > 0); !ok {
			return nil, false
		}
	}
	return p.joined(bounds)
}

// mendCrossing does what Mend does with a polygon whose rings meet otherwise too.
func (p *Prover) mendCrossing(
	polygon orb.Polygon, repair func(orb.Polygon) (orb.MultiPolygon, error),
) (mended orb.MultiPolygon, ok bool) {
	well, ok := p.wellHoles(polygon)
	if !ok {
		return nil, false
	}
	rest, kept := polygon[:1:1], polygon[:1:1]
	for i, hole := range polygon[1:] {
		if well[i+1] {
			kept = append(kept, hole)
		} else {
			rest = append(rest, hole)
		}
	}
	if len(kept) == 1 {
		return nil, false
	}
	repaired, err := repair(rest)
	if err != nil {
		return nil, false
	}
	bounds := Orient(orb.MultiPolygon{kept})[0][1:]
	for _, part := range Orient(repaired) {
		bounds = append(bounds, part...)
	}
	return p.joined(bounds)
}

// appendBounds appends the rings that bound what lies in a ring, with that on their left, or what lies outside of a
// hole. It is not ok when the ring goes round ground twice, and when that is in doubt.
func (p *Prover) appendBounds(bounds []orb.Ring, r orb.Ring, hole bool) ([]orb.Ring, bool) {
	if r = slices.Clone(r); SignedArea(r) < 0 {
		slices.Reverse(r)
	}
	inside, ok := p.joined([]orb.Ring{r})
	for _, r := range slices.Concat(inside...) {
		if hole {
			slices.Reverse(r)
		}
		bounds = append(bounds, r)
	}
	return bounds, ok
}

// joined returns the polygons that directed rings with ground on their left bound together.
func (p *Prover) joined(rings []orb.Ring) (orb.MultiPolygon, bool) {
	rings, ok := simple(rings)
	if !ok {
		return nil, false
	}
	// Each ring as a polygon of its own, to find which lie around it.
	apart := make(orb.MultiPolygon, len(rings))
	for i := range rings {
		apart[i] = rings[i : i+1 : i+1] // appending a hole copies the polygon
	}
	if len(apart) == 0 || !p.load(apart) || !p.apart() {
		return nil, false
	}
	p.allowRays()
	around := make([][]int32, len(rings))
	for i := range rings {
		if !p.surround(int32(i)) {
			return nil, false
		}
		around[i] = slices.Clone(p.around)
	}
	for i, outer := range around {
		hole := len(outer)%2 == 1
		if hole == (p.winding(i) > 0) {
			return nil, false
		}
		if !hole {
			continue
		}
		shell := slices.IndexFunc(outer, func(k int32) bool { return len(around[k]) == len(outer)-1 })
		if shell < 0 {
			return nil, false
		}
		apart[outer[shell]] = append(apart[outer[shell]], rings[i])
	}
	mended := make(orb.MultiPolygon, 0, len(rings))
	for i, polygon := range apart {
		if len(around[i])%2 == 0 {
			mended = append(mended, polygon)
		}
	}
	return mended, p.CertainlyValid(mended)
}

// directed is an edge between two vertices, by their numbers.
type directed struct{ from, to int32 }

// simple returns the rings of the same edges that pass each vertex once and keep to the same ground. Edges that are
// passed once in each direction bound nothing, and are left out. It is not ok when some are passed in one direction
// twice, or when the rings have no consistent sides.
func simple(rings []orb.Ring) (parted []orb.Ring, ok bool) {
	number := map[orb.Point]int32{}
	var at []orb.Point
	var edges []directed
	for _, r := range rings {
		if len(r) < 4 || !r.Closed() {
			return nil, false
		}
		before := int32(-1)
		for _, q := range r {
			if !(math.Abs(q[0]) < maxOrdinate && math.Abs(q[1]) < maxOrdinate) {
				return nil, false
			}
			v, known := number[q]
			if !known {
				v = int32(len(at))
				number[q], at = v, append(at, q)
			}
			if before >= 0 && before != v {
				edges = append(edges, directed{before, v})
			}
			before = v
		}
	}
	if edges, ok = once(edges); !ok {
		return nil, false
	}
	first := make([]int32, len(at)+1) // the edges that begin at vertex v are first[v] to first[v+1]
	for _, e := range edges {
		first[e.from+1]++
	}
	for v := range at {
		first[v+1] += first[v]
	}
	// next is the edge after e: of those that begin where it ends the one that bounds the same ground.
	next := func(e directed) int32 {
		best := first[e.to]
		for k := best + 1; k < first[e.to+1]; k++ {
			if between(at[e.to], at[edges[best].to], at[e.from], at[edges[k].to]) {
				best = k
			}
		}
		return best
	}
	used := make([]bool, len(edges))
	place := make([]int32, len(at)) // in path, from 1
	for start := range edges {
		if used[start] {
			continue
		}
		path := []int32{edges[start].from}
		place[path[0]] = 1
		for e := int32(start); ; {
			if used[e] {
				return nil, false
			}
			used[e] = true
			v := edges[e].to
			if from := place[v]; from > 0 { // a ring is closed
				ring := make(orb.Ring, 0, len(path)-int(from)+2)
				for _, w := range path[from-1:] {
					ring = append(ring, at[w])
					place[w] = 0
				}
				parted = append(parted, append(ring, at[v]))
				path = path[:from-1]
			}
			path = append(path, v)
			place[v] = int32(len(path))
			if e = next(edges[e]); int(e) == start {
				break
			}
		}
		if len(path) != 1 {
			return nil, false
		}
		place[path[0]] = 0
	}
	return parted, true
}

// once returns the edges that are passed in one direction only, sorted. It is not ok when one is passed so twice.
func once(edges []directed) (kept []directed, ok bool) {
	ends := func(e directed) (int32, int32) { return min(e.from, e.to), max(e.from, e.to) }
	slices.SortFunc(edges, func(e, f directed) int {
		a, b := ends(e)
		c, d := ends(f)
		return cmp.Or(cmp.Compare(a, c), cmp.Compare(b, d), cmp.Compare(e.from, f.from))
	})
	for i := 0; i < len(edges); {
		e, end := edges[i], i+1
		for end < len(edges) && (edges[end] == e || edges[end] == directed{e.to, e.from}) {
			end++
		}
		switch {
		case end == i+1:
			kept = append(kept, e)
		case end > i+2 || edges[i+1] == e:
			return nil, false
		}
		i = end
	}
	slices.SortFunc(kept, func(e, f directed) int { return cmp.Or(cmp.Compare(e.from, f.from), cmp.Compare(e.to, f.to)) })
	return kept, true
}
