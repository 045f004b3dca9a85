package engine

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"slices"
	"testing"

	"greenshield/raster"
)

// A sparse list is decoded as it was, however much of it is zero.
func TestSparse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	type part struct{ Areas sparse[raster.Area] }
	for range 200 {
		p := part{make(sparse[raster.Area], rng.IntN(500))}
		often := rng.IntN(4)
		for i := range p.Areas {
			if rng.IntN(4) < often {
				p.Areas[i] = raster.Area{Hi: rng.Uint64N(2), Lo: rng.Uint64() >> rng.IntN(64)}
			}
		}
		var out bytes.Buffer
		if err := gob.NewEncoder(&out).Encode(&p); err != nil {
			t.Fatal(err)
		}
		size := out.Len()
		var got part
		if err := gob.NewDecoder(&out).Decode(&got); err != nil || !slices.Equal(got.Areas, p.Areas) {
			t.Fatalf("got %v, %v; want %v", got.Areas, err, p.Areas)
		}
		if often == 0 && size > 300 {
			t.Errorf("%d zeros take %d bytes", len(p.Areas), size)
		}
	}
}

// A list whose places are not its own is refused.
func TestSparseRefuses(t *testing.T) {
	for _, e := range []some[int64]{
		{Len: 3, At: []int{3}, Values: []int64{1}},
		{Len: 3, At: []int{-1}, Values: []int64{1}},
		{Len: 3, At: []int{1, 2}, Values: []int64{1}},
		{Len: -1},
	} {
		var out bytes.Buffer
		if err := gob.NewEncoder(&out).Encode(&e); err != nil {
			t.Fatal(err)
		}
		if err := new(sparse[int64]).GobDecode(out.Bytes()); err == nil {
			t.Errorf("%+v is taken", e)
		}
	}
}
