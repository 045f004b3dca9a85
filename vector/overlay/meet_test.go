package overlay

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// plane is the box of what nothing cut.
var plane = orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}

func rect(u0, v0, u1, v1 float64) orb.Ring {
	return orb.Ring{{u0, v0}, {u1, v0}, {u1, v1}, {u0, v1}, {u0, v0}}
}

func hole(r orb.Ring) orb.Ring {
	slices.Reverse(r)
	return r
}

func TestMeet(t *testing.T) {
	square := orb.MultiPolygon{{rect(0, 0, 10, 10)}}
	frame := orb.MultiPolygon{{rect(0, 0, 10, 10), hole(rect(3, 3, 7, 7))}}
	for _, k := range []struct {
		name         string
		a, b         orb.MultiPolygon
		box          orb.Bound
		rest, common orb.MultiPolygon // both nil: left to others
	}{
		{"a corner", square, orb.MultiPolygon{{rect(5, 6, 20, 20)}}, plane,
			orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 6}, {5, 6}, {5, 10}, {0, 10}, {0, 0}}}}, orb.MultiPolygon{{rect(5, 6, 10, 10)}}},
		{"cut in two", square, orb.MultiPolygon{{rect(-1, 4, 11, 6)}}, plane,
			orb.MultiPolygon{{rect(0, 0, 10, 4)}, {rect(0, 6, 10, 10)}}, orb.MultiPolygon{{rect(0, 4, 10, 6)}}},
		{"apart", square, orb.MultiPolygon{{rect(11, 0, 12, 10)}}, plane, square, orb.MultiPolygon{}},
		{"apart, but not their bounds", orb.MultiPolygon{{{{0, 0}, {10, 0}, {0, 10}, {0, 0}}}}, orb.MultiPolygon{{rect(8, 8, 9, 9)}}, plane,
			orb.MultiPolygon{{{{0, 0}, {10, 0}, {0, 10}, {0, 0}}}}, orb.MultiPolygon{}},
		{"inside", orb.MultiPolygon{{rect(1, 1, 2, 2)}}, square, plane, orb.MultiPolygon{}, orb.MultiPolygon{{rect(1, 1, 2, 2)}}},
		{"around", square, orb.MultiPolygon{{rect(1, 1, 2, 2)}}, plane,
			orb.MultiPolygon{{rect(0, 0, 10, 10), hole(rect(1, 1, 2, 2))}}, orb.MultiPolygon{{rect(1, 1, 2, 2)}}},
		{"in a hole", frame, orb.MultiPolygon{{rect(4, 4, 5, 5)}}, plane, frame, orb.MultiPolygon{}},
		{"around a hole", frame, orb.MultiPolygon{{rect(2, 2, 8, 8)}}, plane,
			orb.MultiPolygon{{rect(0, 0, 10, 10), hole(rect(2, 2, 8, 8))}}, orb.MultiPolygon{{rect(2, 2, 8, 8), hole(rect(3, 3, 7, 7))}}},
		{"over a hole", frame, orb.MultiPolygon{{rect(5, 5, 6, 11)}}, plane,
			orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 10}, {6, 10}, {6, 7}, {7, 7}, {7, 3}, {3, 3}, {3, 7}, {5, 7}, {5, 10}, {0, 10}, {0, 0}}}}, orb.MultiPolygon{{rect(5, 7, 6, 10)}}},
		{"with nothing", square, nil, plane, square, orb.MultiPolygon{}},
		{"the same", square, square, plane, nil, nil},
		{"a side in common", square, orb.MultiPolygon{{rect(10, 0, 20, 10)}}, plane, nil, nil},
		{"part of a side in common", square, orb.MultiPolygon{{rect(5, 0, 6, 5)}}, plane, nil, nil},
		{"a vertex on an edge", square, orb.MultiPolygon{{{{10, 5}, {12, 4}, {12, 6}, {10, 5}}}}, plane, nil, nil},
		{"a vertex near an edge", square, orb.MultiPolygon{{{{math.Nextafter(10, 11), 5}, {12, 4}, {12, 6}, {math.Nextafter(10, 11), 5}}}}, plane, nil, nil},
		{"a vertex on a vertex", square, orb.MultiPolygon{{rect(10, 10, 11, 11)}}, plane, nil, nil},
		{"too narrow to be cut", square, orb.MultiPolygon{{rect(5, -1, math.Nextafter(5, 6), 11)}}, plane, nil, nil},
		{"a side of the tile in common", square, orb.MultiPolygon{{rect(5, 2, 10, 4)}}, orb.Bound{Min: orb.Point{-5, -5}, Max: orb.Point{10, 20}},
			orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 2}, {5, 2}, {5, 4}, {10, 4}, {10, 10}, {0, 10}, {0, 0}}}}, orb.MultiPolygon{{rect(5, 2, 10, 4)}}},
		{"a corner of the tile in common", square, orb.MultiPolygon{{rect(5, 6, 10, 10)}}, orb.Bound{Min: orb.Point{-5, -5}, Max: orb.Point{10, 10}},
			orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 6}, {5, 6}, {5, 10}, {0, 10}, {0, 0}}}}, orb.MultiPolygon{{rect(5, 6, 10, 10)}}},
		{"across the tile", orb.MultiPolygon{{rect(4, 0, 6, 10)}}, orb.MultiPolygon{{rect(0, 5, 10, 7)}}, orb.Bound{Max: orb.Point{10, 10}},
			orb.MultiPolygon{{rect(4, 0, 6, 5)}, {rect(4, 7, 6, 10)}}, orb.MultiPolygon{{rect(4, 5, 6, 7)}}},
	} {
		t.Run(k.name, func(t *testing.T) {
			m := Meet(NewShape(k.a), NewShape(k.b), k.box)
			if m == nil || k.common == nil {
				if m != nil || k.common != nil {
					t.Errorf("found: %v; want: %v", m != nil, k.common != nil)
				}
				return
			}
			for _, r := range []struct {
				name string
				own  func() (*Shape, error)
				want orb.MultiPolygon
			}{{"rest", m.Rest, k.rest}, {"common", m.Common, k.common}} {
				got, err := r.own()
				want, wantErr := Polygons(slices.Concat(r.want...))
				if err != nil || wantErr != nil {
					t.Fatal(err, wantErr)
				}
				same, err := Polygons(slices.Concat(got.Polygons()...))
				if err != nil || !same.Equal(want) {
					t.Errorf("%s: %v, want %v", r.name, got.Polygons(), want)
				}
			}
			if got := m.CommonArea(); math.Abs(got-area(k.common)) > 1e-12 {
				t.Errorf("common area %v, want %v", got, area(k.common))
			}
		})
	}
}

// Rings that touch each other may not be joined to one: it would touch itself.
func TestMeetOfTouchingRings(t *testing.T) {
	touching := orb.MultiPolygon{{rect(0, 0, 10, 10), {{0, 5}, {4, 7}, {4, 3}, {0, 5}}}}
	if Meet(NewShape(touching), NewShape(orb.MultiPolygon{{rect(5, 4, 11, 6)}}), plane) == nil {
		t.Error("rings that are not joined")
	}
	if Meet(NewShape(touching), NewShape(orb.MultiPolygon{{rect(3.5, 4, 11, 5)}}), plane) != nil {
		t.Error("a ring touches itself")
	}
}

// The twin computes with rationals.
func TestCrossingPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	exact := func(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
	minus := func(x, y *big.Rat) *big.Rat { return new(big.Rat).Sub(x, y) }
	times := func(x, y *big.Rat) *big.Rat { return new(big.Rat).Mul(x, y) }
	for range 20000 {
		var e [4]orb.Point
		for i := range e {
			e[i] = orb.Point{20000 + 10*rng.Float64(), 1 + 10*rng.Float64()}
		}
		if rng.IntN(2) == 0 { // nearly parallel
			e[2] = orb.Point{e[0][0] + 1e-3*rng.NormFloat64(), e[0][1] + 1e-3*rng.NormFloat64()}
			e[3] = orb.Point{e[1][0] + 1e-3*rng.NormFloat64(), e[1][1] + 1e-3*rng.NormFloat64()}
		}
		var c [4][2]*big.Rat
		for i := range e {
			c[i] = [2]*big.Rat{exact(e[i][0]), exact(e[i][1])}
		}
		du, dv, eu, ev := minus(c[1][0], c[0][0]), minus(c[1][1], c[0][1]), minus(c[3][0], c[2][0]), minus(c[3][1], c[2][1])
		det := minus(times(du, ev), times(dv, eu))
		if det.Sign() == 0 {
			continue
		}
		share := minus(times(minus(c[2][0], c[0][0]), ev), times(minus(c[2][1], c[0][1]), eu))
		share.Quo(share, det)
		if one := big.NewRat(1, 1); share.Sign() <= 0 || share.Cmp(one) >= 0 {
			continue
		}
		u, _ := new(big.Rat).Add(c[0][0], times(share, du)).Float64()
		v, _ := new(big.Rat).Add(c[0][1], times(share, dv)).Float64()
		want := orb.Point{u, v}
		for _, got := range []orb.Point{crossingPoint(e[0], e[1], e[2], e[3]), crossingPoint(e[3], e[2], e[0], e[1])} {
			if got != want {
				t.Fatalf("%v: %v, want %v", e, got, want)
			}
		}
	}
}

// Rings that touch are seen in whatever order they come, on the axes as well.
func TestRingsTouch(t *testing.T) {
	shell := orb.Ring{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}
	for _, k := range []struct {
		name string
		hole orb.Ring
		want bool
	}{
		{"apart", orb.Ring{{1, 5}, {4, 6}, {4, 4}, {1, 5}}, false},
		{"on the axis of x", orb.Ring{{5, 0}, {4, 2}, {6, 2}, {5, 0}}, true},
		{"on the axis of y", orb.Ring{{0, 5}, {2, 6}, {2, 4}, {0, 5}}, true},
		{"on another side", orb.Ring{{10, 5}, {8, 4}, {8, 6}, {10, 5}}, true},
		{"at the origin", orb.Ring{{0, 0}, {1, 2}, {2, 1}, {0, 0}}, true},
	} {
		for _, mp := range []orb.MultiPolygon{{{shell, k.hole}}, {{k.hole}, {shell}}} {
			s := NewShape(mp)
			s.index()
			if got := s.ringsTouch(); got != k.want {
				t.Errorf("%s: %v", k.name, got)
			}
		}
	}
}

// FuzzMeet: whatever two valid polygons are, in a tile or not, the results say of every point
// that is not on an outline what the two polygons say.
//
// A vertex is made of four bytes as in FuzzClip.
func FuzzMeet(f *testing.F) {
	vertices := func(points ...uint16) (b []byte) {
		for _, p := range points {
			b = binary.LittleEndian.AppendUint16(b, p*4096)
		}
		return b
	}
	f.Add(uint8(2), false, vertices(2, 2, 9, 3, 8, 9, 1, 8), vertices(5, 5, 14, 4, 13, 14, 6, 13))
	f.Add(uint8(2), true, vertices(2, 2, 9, 3, 8, 9, 1, 8), vertices(5, 5, 14, 4, 13, 14, 6, 13))
	f.Add(uint8(0), false, vertices(1, 1, 9, 1, 9, 9, 1, 9), vertices(9, 1, 12, 1, 12, 9, 9, 9))
	f.Add(uint8(2), true, vertices(0, 0, 15, 1, 14, 15, 1, 14), vertices(3, 4, 5, 4, 5, 6))
	f.Fuzz(func(t *testing.T, style uint8, cut bool, first, second []byte) {
		var shapes [2]orb.MultiPolygon
		for i, b := range [2][]byte{first, second} {
			var ring orb.Ring
			for ; len(b) >= 4 && len(ring) < 40; b = b[4:] {
				var p orb.Point
				for axis := range p {
					n := binary.LittleEndian.Uint16(b[2*axis:])
					switch style % 3 {
					case 0: // corners
						p[axis] = float64(n / 4096)
					case 1: // halves
						p[axis] = float64(n/2048) / 2
					case 2:
						p[axis] = float64(n) / 4097
					}
				}
				ring = append(ring, p)
			}
			if len(ring) < 3 {
				return
			}
			ring = append(ring, ring[0])
			if shapes[i] = (orb.MultiPolygon{{ring}}); toGeom(t, shapes[i]).Validate() != nil {
				return
			}
			if trace.DoubleArea(ring) < 0 {
				slices.Reverse(ring)
			}
		}
		box := plane
		if cut {
			box = orb.Bound{Min: orb.Point{3.7, 3.3}, Max: orb.Point{11.3, 12.1}}
			for i, mp := range shapes {
				rings := mp[0]
				for axis := range 2 {
					_, high, ok := Halve(rings, axis, box.Min[axis])
					if ok {
						rings, _, ok = Halve(high, axis, box.Max[axis])
					}
					if !ok {
						return
					}
				}
				var err error
				if shapes[i], err = Polygons(rings); err != nil || len(shapes[i]) == 0 {
					return
				}
			}
		}
		m := Meet(NewShape(shapes[0]), NewShape(shapes[1]), box)
		if m == nil {
			return
		}
		rest, err := m.Rest()
		if err != nil {
			t.Fatalf("%v: %v", shapes, err)
		}
		common, err := m.Common()
		if err != nil {
			t.Fatalf("%v: %v", shapes, err)
		}
		for _, s := range []*Shape{rest, common} {
			for _, p := range s.Polygons() {
				for k, r := range p {
					if len(r) < 4 || r[0] != r[len(r)-1] || (trace.DoubleArea(r) > 0) != (k == 0) {
						t.Fatalf("ring %d is open or the wrong way round: %v of %v", k, p, shapes)
					}
				}
			}
		}
		for i := range 33 * 33 {
			p := orb.Point{float64(i%33)/2 + 0.013, float64(i/33)/2 + 0.017}
			near := slices.ContainsFunc(shapes[:], func(mp orb.MultiPolygon) bool {
				return slices.ContainsFunc(slices.Concat(mp...), func(r orb.Ring) bool { return close(r, p) })
			})
			if near {
				continue
			}
			a, b := holds(shapes[0], p), holds(shapes[1], p)
			if holds(rest.Polygons(), p) != (a && !b) || holds(common.Polygons(), p) != (a && b) {
				t.Fatalf("%v is wrong: %v and %v, box %v: rest %v, common %v", p, shapes[0], shapes[1], box, rest.Polygons(), common.Polygons())
			}
		}
	})
}

func holds(mp orb.MultiPolygon, p orb.Point) (in bool) {
	for _, r := range slices.Concat(mp...) {
		if inside, _ := trace.Inside(r, p); inside {
			in = !in
		}
	}
	return in
}

// close tells whether p is near a ring.
func close(r orb.Ring, p orb.Point) bool {
	for i := 1; i < len(r); i++ {
		a, d := r[i-1], orb.Point{r[i][0] - r[i-1][0], r[i][1] - r[i-1][1]}
		share := ((p[0]-a[0])*d[0] + (p[1]-a[1])*d[1]) / (d[0]*d[0] + d[1]*d[1])
		share = min(max(share, 0), 1)
		if math.Hypot(a[0]+share*d[0]-p[0], a[1]+share*d[1]-p[1]) < 1e-6 {
			return true
		}
	}
	return false
}
