package vector

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// SignedArea returns the planar area that r encloses, in squared units of its
// coordinates: positive when r runs counter-clockwise, negative when clockwise. Loops
// that run opposite ways cancel. It is summed relative to the first vertex, so large
// offsets cost no digits. A ring of fewer than three points has area 0; closing the
// ring is optional.
func SignedArea(r orb.Ring) float64 { return planar.Area(r) }

// Area returns the nominal planar area of mp: over its polygons, |shell| − Σ|holes|,
// whatever their orientation. Where polygons overlap, the overlap counts twice; the
// result is the covered area only when mp is valid. It can be negative when holes are
// larger than their shell.
func Area(mp orb.MultiPolygon) float64 { return planar.Area(mp) }

// Bound returns the bounds of mp, which are those of its shells. The bounds of an empty mp intersect nothing.
func Bound(mp orb.MultiPolygon) orb.Bound {
	b := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, p := range mp {
		if len(p) == 0 {
			continue
		}
		for _, q := range p[0] {
			b.Min[0], b.Max[0] = min(b.Min[0], q[0]), max(b.Max[0], q[0])
			b.Min[1], b.Max[1] = min(b.Min[1], q[1]), max(b.Max[1], q[1])
		}
	}
	return b
}

// Vertices returns the number of vertices of mp, with those that close a ring.
func Vertices(mp orb.MultiPolygon) (n int) {
	for _, p := range mp {
		for _, r := range p {
			n += len(r)
		}
	}
	return n
}

// Bytes returns about how much memory mp takes.
func Bytes(mp orb.MultiPolygon) int64 {
	const header, point = 24, 16 // of a slice, and of a vertex
	n := int64(header)
	for _, p := range mp {
		n += header + header*int64(len(p))
		for _, r := range p {
			n += point * int64(len(r))
		}
	}
	return n
}

// Orient returns mp with shells counter-clockwise and holes clockwise, as RFC 7946
// §3.1.6 asks for. mp is not changed; the result shares the rings that were right
// already. Rings without area stay as they are.
func Orient(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(mp))
	for i, p := range mp {
		out[i] = slices.Clone(p)
		for j, r := range p {
			want := orb.CW
			if j == 0 {
				want = orb.CCW
			}
			if len(r) > 0 && r.Orientation() == -want {
				out[i][j] = r.Clone()
				out[i][j].Reverse()
			}
		}
	}
	return out
}
