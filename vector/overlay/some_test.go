package overlay

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// Covers of bands are the same when regions are left out that do not reach them, down to the numbers by which they join
// those of other bands.
func TestOutlinesLeftOut(t *testing.T) {
	const cols, rows = 100, 200
	rng := rand.New(rand.NewPCG(21, 22))
	left := 0
	for range 200 {
		var all []orb.MultiPolygon
		var vertices []int
		for range 8 {
			shape := star(rng, cols, 20)
			down := float64(rng.IntN(rows))
			for _, polygon := range shape {
				for _, ring := range polygon {
					for i := range ring {
						ring[i][1] += down
					}
				}
			}
			all, vertices = append(all, shape), append(vertices, vector.Vertices(shape))
		}
		whole, err := NewOutlines(cols, rows, all)
		if err != nil {
			t.Fatal(err)
		}
		row0 := rng.IntN(rows - 10)
		some := make([]orb.MultiPolygon, len(all))
		for i, shape := range all {
			if b := vector.Bound(shape); b.Min[1] < float64(row0+12) && b.Max[1] > float64(row0-2) {
				some[i] = shape
			} else {
				left++
			}
		}
		part, err := NewSomeOutlines(cols, rows, some, vertices)
		if err != nil {
			t.Fatal(err)
		}
		want, err := new(Builder).Cover(whole, row0, row0+10, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(Builder).Cover(part, row0, row0+10, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("rows from %d: %+v, want %+v", row0, got, want)
		}
	}
	if left < 800 {
		t.Errorf("only %d regions are left out", left)
	}
}
