package trace

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
)

// simpleTwin is Simple by a map of the points on the path.
func simpleTwin(ring orb.Ring) []orb.Ring {
	var out []orb.Ring
	at := map[orb.Point]int{}
	var path orb.Ring
	for _, p := range ring {
		from, again := at[p]
		if !again {
			at[p] = len(path)
			path = append(path, p)
			continue
		}
		loop := append(append(orb.Ring(nil), path[from:]...), p)
		if len(loop) > 3 && DoubleArea(loop) != 0 {
			out = append(out, loop)
		}
		for _, q := range path[from+1:] {
			delete(at, q)
		}
		path = path[:from+1]
	}
	return out
}

// TestSimpleAgainstTwin: rings of all lengths around those that fit on the stack, that visit many points, few or none
// again, with zeros of both signs, on the lattice and beside it.
func TestSimpleAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	pieces := map[int]int{}
	for range 20000 {
		n, side := 1+rng.IntN(3*fewPoints), 2+rng.IntN(40)
		var ring orb.Ring
		p := orb.Point{float64(rng.IntN(5) - 2), math.Copysign(0, -1)}
		for range n {
			switch rng.IntN(3) {
			case 0:
				p = orb.Point{float64(rng.IntN(side) - side/2), float64(rng.IntN(side)) / 7}
			case 1:
				p[rng.IntN(2)]++
			default:
				p[rng.IntN(2)] *= -1
			}
			ring = append(ring, p)
		}
		ring = append(ring, ring[0])
		given := ring.Clone()
		got, want := Simple(ring), simpleTwin(ring)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: %v, want %v", ring, got, want)
		}
		for i := range got {
			got[i][0][0] = 1e9
		}
		if !reflect.DeepEqual(ring, given) {
			t.Fatalf("%v shares memory with its pieces", given)
		}
		pieces[min(len(want), 3)]++
	}
	if len(pieces) < 4 {
		t.Errorf("only so many pieces were met: %v", pieces)
	}
}

// TestNumberSpreads holds that points of common shapes seldom share a place of the table: else Simple is slow.
func TestNumberSpreads(t *testing.T) {
	for name, at := range map[string]func(i int) orb.Point{
		"lattice":  func(i int) orb.Point { return orb.Point{float64(16000 + i%40), float64(20000 + i/40)} },
		"a row":    func(i int) orb.Point { return orb.Point{float64(i), 3} },
		"a column": func(i int) orb.Point { return orb.Point{3, float64(i)} },
		"diagonal": func(i int) orb.Point { return orb.Point{float64(i), float64(i)} },
		"degrees":  func(i int) orb.Point { return orb.Point{117 + float64(i%40)/4096, 31 - float64(i/40)/4096} },
	} {
		places := map[uint64]int{}
		for i := range 1000 {
			places[hash(at(i))>>(64-12)]++
		}
		if len(places) < 800 {
			t.Errorf("%s: 1000 points have %d of 4096 places", name, len(places))
		}
	}
}
