package geos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/trace"
)

// fine is one of the kinds of coordinates that real layers have: a change of scale and
// place, then rounding.
func fine(rng *rand.Rand, mp orb.MultiPolygon) orb.MultiPolygon {
	scale, offset, round := 1.0, orb.Point{}, func(x float64) float64 { return x }
	switch rng.IntN(6) {
	case 0: // degrees
		scale, offset = 1e-4*math.Exp(6*rng.Float64()), orb.Point{117, 31}
		round = func(x float64) float64 { return math.Round(x*1e7) / 1e7 }
	case 1: // the lattice of a large raster
		scale, offset = math.Exp(5*rng.Float64()), orb.Point{rng.Float64() * 2e4, rng.Float64() * 2e4}
	case 2: // its corners
		scale, offset, round = math.Exp(5*rng.Float64()), orb.Point{1e4, 1e4}, math.Round
	case 3: // metres with a zone number
		offset = orb.Point{39_500_000, 3_500_000}
		round = func(x float64) float64 { return math.Round(x*1e3) / 1e3 }
	case 4: // any magnitude
		scale = math.Exp2(float64(rng.IntN(400) - 200))
	}
	out := make(orb.MultiPolygon, len(mp))
	for i, p := range mp {
		for _, r := range p {
			moved := make(orb.Ring, len(r))
			for k, q := range r {
				moved[k] = orb.Point{round(q[0]*scale + offset[0]), round(q[1]*scale + offset[1])}
			}
			out[i] = append(out[i], moved)
		}
	}
	return out
}

// noisy is a ring like a surveyed boundary: its distance from the centre wanders.
func noisy(rng *rand.Rand, x, y, radius float64, n int) orb.Ring {
	var r orb.Ring
	waver := 0.0
	for i := range n {
		waver = waver*0.9 + (rng.Float64()-0.5)*0.2
		s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.8*rng.Float64()) / float64(n))
		d := radius * (1 + waver*0.4)
		r = append(r, orb.Point{x + d*c, y + d*s})
	}
	return append(r, r[0])
}

// spoilt changes a ring by little, so that it may just be invalid.
func spoilt(rng *rand.Rand, r orb.Ring) orb.Ring {
	r = slices.Clone(r[:len(r)-1])
	n := len(r)
	i, k := rng.IntN(n), rng.IntN(n)
	next := r[(i+1)%n]
	t := rng.Float64()
	on := orb.Point{r[i][0] + t*(next[0]-r[i][0]), r[i][1] + t*(next[1]-r[i][1])}
	switch rng.IntN(8) {
	case 0: // a vertex on another edge, or within an ulp or two of it
		for range rng.IntN(3) {
			on[0] = math.Nextafter(on[0], math.Inf(1-2*rng.IntN(2)))
		}
		r[k] = on
	case 1: // a spike back on itself
		r = slices.Insert(r, i+1, orb.Point{2*r[i][0] - on[0], 2*r[i][1] - on[1]}, r[i])
	case 2: // there and back along an edge
		r = slices.Insert(r, i+1, on, r[i], on)
	case 3: // a point repeated
		r = slices.Insert(r, i+1, r[i], r[i])
	case 4: // two vertices exchanged
		r[i], r[(i+1)%n] = r[(i+1)%n], r[i]
	case 5: // a touch
		r[k] = r[i]
	case 6: // a point between two others, along an edge
		r = slices.Insert(r, i+1, on)
	case 7: // a long spike, maybe across the ring
		c := r[(i+n/2)%n]
		r[i] = orb.Point{r[i][0] + 1.0000001*t*(c[0]-r[i][0]), r[i][1] + 1.0000001*t*(c[1]-r[i][1])}
	}
	return append(r, r[0])
}

// survey is a random scene: parts with holes and islands, most of them well made.
func survey(rng *rand.Rand) orb.MultiPolygon {
	if rng.IntN(4) == 0 {
		return fine(rng, randomPolygons(rng))
	}
	var mp orb.MultiPolygon
	size := func() int { return 4 + int(math.Exp(5*rng.Float64())) }
	for part := range 1 + rng.IntN(3)*rng.IntN(4) {
		x := 30 * float64(part)
		p := orb.Polygon{noisy(rng, x, 0, 10, 20+size())}
		for h := range rng.IntN(6) - 1 {
			s, c := math.Sincos(float64(h) * math.Pi / 2)
			radius := 0.3 + rng.Float64()
			p = append(p, noisy(rng, x+4*c, 4*s, radius, size()))
			if rng.IntN(4) == 0 {
				mp = append(mp, orb.Polygon{noisy(rng, x+4*c, 4*s, radius/3, size())})
			}
		}
		switch rng.IntN(16) {
		case 0: // a hole anywhere
			p = append(p, noisy(rng, x+20*rng.Float64()-10, 20*rng.Float64()-10, 2*rng.Float64(), size()))
		case 1: // a shell anywhere
			mp = append(mp, orb.Polygon{noisy(rng, x+20*rng.Float64()-10, 20*rng.Float64()-10, 2*rng.Float64(), size())})
		case 2: // a hole that touches its shell, or another one
			r := noisy(rng, x, 0, 2, size())
			other := p[rng.IntN(len(p))]
			r[1] = other[rng.IntN(len(other))]
			p = append(p, r)
		case 3: // a hole that equals its shell, or another one
			p = append(p, p[rng.IntN(len(p))])
		case 4, 5, 6:
			k := rng.IntN(len(p))
			p[k] = spoilt(rng, p[k])
		}
		mp = append(mp, p)
	}
	rng.Shuffle(len(mp), func(i, k int) { mp[i], mp[k] = mp[k], mp[i] })
	return fine(rng, mp)
}

// touching tells that two rings have a vertex in common.
func touching(mp orb.MultiPolygon) bool {
	seen, ring := map[orb.Point]int{}, 0
	for _, p := range mp {
		for _, r := range p {
			ring++
			for _, q := range r {
				if other := seen[q]; other != 0 && other != ring {
					return true
				}
				seen[q] = ring
			}
		}
	}
	return false
}

// TestProverOnCells: polygons traced from cells touch in corners; nearly all are proved valid, and none is that is not.
func TestProverOnCells(t *testing.T) {
	rng := rand.New(rand.NewPCG(20152020, 3))
	c := New()
	var p vector.Prover
	var certain, touch, broken int
	const scenes = 1500
	for i := range scenes {
		size, share := int32(3+rng.IntN(14)), 0.2+0.6*rng.Float64()
		var runs []trace.Run
		for row := range size {
			for col := range size {
				if rng.Float64() < share {
					runs = trace.Append(runs, trace.Run{Row: row, Col0: col, Col1: col + 1})
				}
			}
		}
		mp := trace.Polygons(runs)
		if rng.IntN(3) == 0 && len(mp) > 0 { // a hole of one part in another, or a ring again
			a, b := rng.IntN(len(mp)), rng.IntN(len(mp))
			mp[a] = append(mp[a], mp[b][rng.IntN(len(mp[b]))])
		}
		yes := p.CertainlyValid(mp)
		if w := wrongly(c, yes, mp); w != "" {
			t.Fatalf("scene %d: %s: %v", i, w, mp)
		}
		valid, _ := c.judge(mp)
		switch {
		case !valid:
			broken++
		case touching(mp):
			touch++
			if yes {
				certain++
			}
		}
	}
	t.Logf("%d of %d that touch are certain, %d are invalid", certain, touch, broken)
	if certain < touch/2 || touch < scenes/3 || broken < scenes/10 {
		t.Error("the scenes are too easy, or too much is left to GEOS")
	}
}

func TestProverAgainstGEOS(t *testing.T) {
	scenes := 3000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		scenes = 200_000
	}
	const seed = 20152020
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	c := New()
	var p vector.Prover // one for all: what it keeps of a shape must not matter
	var certain, valid, simple, missed, touches int
	for i := range scenes {
		mp := survey(rng)
		yes := p.CertainlyValid(mp)
		if w := wrongly(c, yes, mp); w != "" {
			t.Fatalf("scene %d: %s: %v", i, w, mp)
		}
		sweep := vector.CertainlyValid(mp)
		if yes && !sweep {
			if !touching(mp) {
				t.Fatalf("scene %d: certain, but not by the sweep: %v", i, mp)
			}
			touches++
		}
		if ok, _ := c.judge(mp); ok {
			valid++
		}
		if yes {
			certain++
		}
		if sweep { // valid, and nothing touches
			simple++
			if !yes {
				missed++
			}
		}
	}
	t.Logf("%d of %d valid ones were certain; missed though nothing touches: %d of %d", certain, valid, missed, simple)
	t.Logf("%d of them touch", touches)
	t.Logf("tally: comparisons %d", scenes)
	if certain < valid*9/10 || valid < scenes/3 || valid > scenes*9/10 || missed > simple/20 || touches < scenes/200 {
		t.Error("the scenes are too easy, or too much is left to others")
	}
}

// An answer that leaves out one of the tests is caught by the scenes.
func TestSurveySeesWrongAnswers(t *testing.T) {
	rng := rand.New(rand.NewPCG(20152020, 2))
	c := New()
	var apart, nested, neighbours int
	for range 3000 {
		mp := survey(rng)
		if valid, _ := c.judge(mp); valid {
			continue
		}
		var p vector.Prover
		each, parts := true, true
		for _, polygon := range mp {
			parts = parts && p.CertainlyValid(orb.MultiPolygon{polygon})
			for _, r := range polygon {
				each = each && p.CertainlyValid(orb.MultiPolygon{{r}})
			}
		}
		if each {
			apart++
		}
		if parts {
			nested++
		}
		if !each && len(mp) == 1 && len(mp[0]) == 1 {
			neighbours++
		}
	}
	t.Logf("of invalid scenes, %d have certain rings, %d certain polygons, and %d are a bad ring", apart, nested, neighbours)
	if apart == 0 || nested == 0 || neighbours == 0 {
		t.Error("no scene catches an answer that leaves out a test")
	}
}

func TestProverCases(t *testing.T) {
	nan, big := math.NaN(), rect(0, 0, 10, 10)
	comb := func(n int, length float64) (r orb.Ring) {
		for i := range n {
			x := float64(i)
			r = append(r, orb.Point{x, 0}, orb.Point{x + 0.5 + length, length})
		}
		r = append(r, orb.Point{float64(n), -1}, orb.Point{0, -1})
		return append(r, r[0])
	}
	// As zones made from a raster have: rays to the right of one meet half of its row.
	const side = 120
	holes := orb.Polygon{rect(-1, -1, 3*side, 3*side)}
	for i := range side * side {
		x, y := float64(i%side*3), float64(i/side*3)
		holes = append(holes, rect(x, y, x+1, y+1))
		if i == 0 {
			holes = append(holes, rect(1, 1, 2, 2))
		}
	}
	for _, k := range []struct {
		name string
		mp   orb.MultiPolygon
		want bool
	}{
		{"nothing", nil, true},
		{"very many holes, two of which touch", orb.MultiPolygon{holes}, true},
		{"square", square(0, 0, 1), true},
		{"triangle", orb.MultiPolygon{{{{0, 0}, {1, 0}, {0, 1}, {0, 0}}}}, true},
		{"vertices on one line", orb.MultiPolygon{{{{0, 0}, {5, 0}, {10, 0}, {10, 5}, {10, 10}, {0, 10}, {0, 5}, {0, 0}}}}, true},
		{"vertices on one slanting line", orb.MultiPolygon{{{{0, 0}, {1, 3}, {2, 6}, {3, 9}, {0, 9}, {0, 0}}}}, true},
		{"points repeated", orb.MultiPolygon{{{{0, 0}, {0, 0}, {10, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {0, 0}}}}, true},
		{"island of its own in a hole of an island", orb.MultiPolygon{{big, rect(1, 1, 9, 9)}, {rect(2, 2, 8, 8), rect(3, 3, 7, 7)}, {rect(4, 4, 6, 6)}}, true},
		{"island before its hole", orb.MultiPolygon{{rect(4, 4, 6, 6)}, {big, rect(2, 2, 8, 8)}}, true},
		{"hole of another part", orb.MultiPolygon{{big}, {rect(20, 0, 22, 2), rect(4, 4, 6, 6)}}, false},
		{"hole in an island in its shell", orb.MultiPolygon{{big, rect(4, 4, 6, 6)}, {rect(3, 3, 7, 7)}}, false},
		{"hole around its shell", orb.MultiPolygon{{rect(4, 4, 6, 6), big}}, false},
		{"hole in a hole", orb.MultiPolygon{{big, rect(2, 2, 8, 8), rect(4, 4, 6, 6)}}, false},
		{"hole outside", orb.MultiPolygon{{big, rect(20, 0, 22, 2)}}, false},
		{"nested shells", orb.MultiPolygon{{rect(4, 4, 6, 6)}, {big}}, false},
		{"same shell twice", orb.MultiPolygon{{big}, {big}}, false},
		{"touching in a point", orb.MultiPolygon{{big}, {rect(10, 10, 12, 12)}}, true},
		{"parts that touch in two points", orb.MultiPolygon{{{{0, 0}, {4, 0}, {2, 1}, {2, 2}, {4, 4}, {0, 4}, {0, 0}}},
			{{{4, 0}, {5, 2}, {4, 4}, {3, 2}, {4, 0}}}}, true},
		{"a hole that touches its shell", orb.MultiPolygon{{big, {{0, 0}, {1, 5}, {5, 1}, {0, 0}}}}, true},
		{"a hole that touches its shell twice", orb.MultiPolygon{{big, {{0, 0}, {1, 5}, {10, 10}, {5, 1}, {0, 0}}}}, false},
		{"a hole beside its shell that touches it", orb.MultiPolygon{{big, {{0, 0}, {-1, -5}, {-5, -1}, {0, 0}}}}, false},
		{"two holes that touch", orb.MultiPolygon{{big, rect(1, 1, 3, 3), rect(3, 3, 5, 5)}}, true},
		{"holes that touch in a circle", orb.MultiPolygon{{big, rect(1, 1, 3, 3), rect(3, 3, 5, 5), rect(5, 1, 7, 3),
			{{3, 1}, {4, 0.5}, {5, 1}, {4, 0.7}, {3, 1}}, rect(1, 5, 3, 7)}}, false},
		{"holes that part the ground", orb.MultiPolygon{{big, {{2, 2}, {5, 1}, {8, 2}, {5, 1.5}, {2, 2}},
			{{8, 2}, {9, 5}, {5, 8}, {7, 5}, {8, 2}}, {{5, 8}, {1, 6}, {2, 2}, {3, 5}, {5, 8}}}}, false},
		{"parts that cross in a vertex", orb.MultiPolygon{{{{0, 0}, {4, 0}, {2, 2}, {0, 4}, {0, 0}}},
			{{{2, 2}, {1, 1}, {5, 3}, {2, 2}}}}, false},
		{"an island that touches its hole", orb.MultiPolygon{{big, rect(2, 2, 8, 8)}, {{{2, 2}, {6, 4}, {4, 6}, {2, 2}}}}, true},
		{"an island that touches its hole in every vertex", orb.MultiPolygon{{big, rect(2, 2, 8, 8)},
			{{{2, 2}, {8, 2}, {8, 8}, {2, 2}}}}, false},
		{"a vertex on an edge", orb.MultiPolygon{{big}, {{{10, 5}, {12, 4}, {12, 6}, {10, 5}}}}, false},
		{"there and back", orb.MultiPolygon{{{{0, 0}, {5, 1}, {10, 2}, {5, 1}, {0, 0}}}}, false},
		{"flat", orb.MultiPolygon{{{{0, 0}, {5, 0}, {10, 0}, {0, 0}}}}, false},
		{"bow-tie", orb.MultiPolygon{{{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}}, false},
		{"one point", orb.MultiPolygon{{{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}}, false},
		{"unclosed", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, false},
		{"NaN", orb.MultiPolygon{{{{0, 0}, {nan, 0}, {1, 1}, {0, 0}}}}, false},
		{"NaN in a hole", orb.MultiPolygon{{big, {{2, 2}, {4, 2}, {4, nan}, {2, 2}}}}, false},
		{"infinite", orb.MultiPolygon{{{{0, 0}, {math.Inf(1), 0}, {1, 1}, {0, 0}}}}, false},
		{"no rings", orb.MultiPolygon{{}}, false},
		{"empty ring", orb.MultiPolygon{{{}}}, false},
		{"short comb", orb.MultiPolygon{{comb(2000, 2)}}, true},
		{"long comb", orb.MultiPolygon{{comb(2000, 2000)}}, false}, // valid, but each spike passes all others
	} {
		t.Run(k.name, func(t *testing.T) {
			var p vector.Prover
			if got := p.CertainlyValid(k.mp); got != k.want {
				t.Errorf("got %v", got)
			}
			if w := wrongly(New(), k.want, k.mp); w != "" {
				t.Error(w)
			}
		})
	}
}

// Holes and parts are proved, and those mended whose shell touches itself, in whatever order they come: as they lie, in
// none, and from west to east, as GEOS sorts them.
func TestProverInAnyOrder(t *testing.T) {
	const side = 150 // of the square of holes
	rng := rand.New(rand.NewPCG(1, 1))
	var squares []orb.Ring
	for i := range side * side {
		x, y := float64(i%side*2)+0.9*rng.Float64(), float64(i/side*2)
		squares = append(squares, rect(x, y, x+1, y+1))
	}
	orders := map[string]func(){
		"as they lie": func() {},
		"in none":     func() { rng.Shuffle(len(squares), func(i, k int) { squares[i], squares[k] = squares[k], squares[i] }) },
		"from west to east": func() {
			slices.SortFunc(squares, func(a, b orb.Ring) int { return slices.Compare(a[0][:], b[0][:]) })
		},
	}
	for _, name := range []string{"as they lie", "in none", "from west to east"} {
		orders[name]()
		holes := orb.MultiPolygon{append(orb.Polygon{rect(-1, -1, 2*side, 2*side)}, squares...)}
		var parts orb.MultiPolygon
		for _, r := range squares {
			parts = append(parts, orb.Polygon{r})
		}
		for kind, mp := range map[string]orb.MultiPolygon{"holes": holes, "parts": parts} {
			before := slices.Clone(mp[0])
			var p vector.Prover
			if !p.CertainlyValid(mp) {
				t.Errorf("%s %s: not proved", kind, name)
			}
			if !before.Equal(mp[0]) {
				t.Errorf("%s %s: the polygons were put in another order", kind, name)
			}
		}
		holes[0][0] = orb.Ring{{-1, -1}, {2 * side, -1}, {2 * side, 2 * side}, {-1, 2 * side}, {-2, side}, {-3, 2 * side},
			{-3, -1}, {-2, side}, {-1, -1}}
		mended, ok := new(vector.Prover).Mend(holes, func(orb.Polygon) (orb.MultiPolygon, error) {
			return nil, errors.New("nothing crosses")
		})
		if !ok || len(mended) != 2 || vector.Area(mended) != vector.Area(holes) {
			t.Errorf("holes %s: mended: %v, %d parts", name, ok, len(mended))
		}
	}
}

// The bounds of the edges of slanted spikes all overlap. The prover gives up on many of them, and would prove some
// hundred by comparing edges two by two; so it is seen when the prover takes more upon itself.
func TestProverGivesUp(t *testing.T) {
	for spikes, want := range map[int]bool{10: true, 1000: false, 20_000: false} {
		comb := orb.Ring{{0, -1}}
		for i := range spikes {
			x := float64(2 * i)
			comb = append(comb, orb.Point{x, 0}, orb.Point{x + float64(2*spikes), float64(spikes)})
		}
		mp := orb.MultiPolygon{{append(comb, orb.Point{float64(2 * spikes), -1}, comb[0])}}
		var p vector.Prover
		if got := p.CertainlyValid(mp); got != want {
			t.Errorf("%d spikes: certain: %v", spikes, got)
		}
		if ok, reason := New().Valid(mp); !ok { // from 10,000 vertices on by the sweep
			t.Errorf("%d spikes: %s", spikes, reason)
		}
	}
}

// FuzzProver: what is called certainly valid is valid for GEOS and certain for the sweep.
//
// A vertex is made of four bytes, a ring ends at a vertex of zeros, two of which begin a
// new polygon.
func FuzzProver(f *testing.F) {
	code := func(points ...uint16) (b []byte) {
		for _, p := range points {
			b = binary.LittleEndian.AppendUint16(b, p*4096)
		}
		return b
	}
	f.Add(uint8(0), code(2, 2, 9, 3, 8, 9, 1, 8))
	f.Add(uint8(0), code(1, 1, 9, 1, 9, 9, 1, 9, 0, 0, 2, 2, 3, 2, 3, 3))
	f.Add(uint8(1), code(1, 1, 9, 1, 9, 9, 1, 9, 0, 0, 2, 2, 8, 2, 8, 8, 2, 8, 0, 0, 0, 0, 4, 4, 6, 4, 6, 6))
	f.Add(uint8(2), code(1, 1, 9, 1, 9, 9, 1, 9, 0, 0, 0, 0, 9, 9, 12, 9, 12, 12))
	f.Add(uint8(2), code(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 1, 9))
	c := New()
	f.Fuzz(func(t *testing.T, style uint8, b []byte) {
		mp := orb.MultiPolygon{{{}}}
		for ; len(b) >= 4 && len(b) < 4000; b = b[4:] {
			u, v := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
			last := &mp[len(mp)-1]
			ring := &(*last)[len(*last)-1]
			if u == 0 && v == 0 {
				if len(*ring) == 0 && len(*last) > 1 {
					*last = (*last)[:len(*last)-1]
					mp = append(mp, orb.Polygon{{}})
				} else {
					*last = append(*last, orb.Ring{})
				}
				continue
			}
			at := func(n uint16) float64 {
				switch style % 3 {
				case 0:
					return float64(n)/4097 + 117
				case 1: // corners
					return float64(n / 2048)
				}
				return math.Round(float64(n)) / 1e7
			}
			*ring = append(*ring, orb.Point{at(u), at(v)})
		}
		for _, p := range mp {
			for k, r := range p {
				if len(r) > 0 {
					p[k] = append(r, r[0])
				}
			}
		}
		var p vector.Prover
		yes := p.CertainlyValid(mp)
		if w := wrongly(c, yes, mp); w != "" {
			t.Fatal(w, mp)
		}
		if sweep := vector.CertainlyValid(mp); yes && !sweep && !touching(mp) {
			t.Fatal("certain, but not by the sweep", mp)
		}
	})
}

// BenchmarkValid measures the ratio to GEOS on the same shapes in the same run.
func BenchmarkValid(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{4, 8, 16, 50, 130, 500, 1500, 5000} {
		shapes := make([]orb.MultiPolygon, 64)
		for i := range shapes {
			shapes[i] = orb.MultiPolygon{{noisy(rng, 9000, 9000, 500, n)}}
		}
		b.Run(fmt.Sprintf("vertices=%d", n), func(b *testing.B) { compareValid(b, shapes) })
	}
	shapes := make([]orb.MultiPolygon, 64)
	for i := range shapes {
		for part := range 4 {
			x := 40 * float64(part)
			shapes[i] = append(shapes[i], orb.Polygon{noisy(rng, x, 0, 10, 200), noisy(rng, x+4, 0, 1, 20), noisy(rng, x, 4, 2, 20), noisy(rng, x-4, 0, 1, 20)})
		}
	}
	b.Run("parts and holes", func(b *testing.B) { compareValid(b, shapes) })
}

func compareValid(b *testing.B, shapes []orb.MultiPolygon) {
	c := New()
	var ours, theirs time.Duration
	vertices := 0
	for b.Loop() {
		start := time.Now()
		var yes [64]bool
		for i, mp := range shapes {
			yes[i] = c.prover.CertainlyValid(mp)
			vertices += vector.Vertices(mp)
		}
		middle := time.Now()
		for i, mp := range shapes {
			if ok, reason := c.judge(mp); ok != yes[i] {
				b.Fatal(ok, reason, yes[i], mp)
			}
		}
		ours, theirs = ours+middle.Sub(start), theirs+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "ours/GEOS")
	b.ReportMetric(float64(ours)/float64(vertices), "ns/vertex")
}
