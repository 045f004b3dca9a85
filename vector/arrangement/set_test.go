package arrangement

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// A set holds the numbers that it was made of, whatever their distances, and compares as they do.
func TestSets(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	random := func() (list []int32) {
		x := int64(-1)
		for range rng.IntN(6) {
			if x += 1 + rng.Int64N(2)*rng.Int64N(1<<uint(1+rng.IntN(30))); x >= 1<<31 {
				break
			}
			list = append(list, int32(x))
		}
		return list
	}
	before, orders := []int32{0, 239, 240, 496, 66033, 1<<31 - 1}, map[int]int{}
	for range 20_000 {
		list := random()
		s := MakeSet(list)
		if got := s.AppendTo(nil); !slices.Equal(got, list) {
			t.Fatalf("%v became %v", list, got)
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, list) || len(list) > 0 && s.First() != list[0] {
			t.Fatalf("%v gives %v", list, got)
		}
		want := slices.Compare(before, list)
		if got := cmp.Compare(MakeSet(before), s); got != want {
			t.Fatalf("%v and %v compare %d, want %d", before, list, got, want)
		}
		orders[want]++
		before = list
	}
	if orders[-1] < 1000 || orders[0] < 100 || orders[1] < 1000 {
		t.Errorf("orders %v", orders)
	}
	if hundreds := make([]int32, 300); len(MakeSet(consecutive(hundreds))) != 300 {
		t.Error("numbers that follow each other take more than a byte each")
	}
}

func consecutive(list []int32) []int32 {
	for i := range list {
		list[i] = int32(i)
	}
	return list
}
