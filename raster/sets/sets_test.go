package sets

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// twin holds the name of each element's set, and renames all elements of a set one by one.
type twin []int32

func (w twin) union(a, b int32) {
	from, to := max(w[a], w[b]), min(w[a], w[b])
	for i := range w {
		if w[i] == from {
			w[i] = to
		}
	}
}

// differs returns the first element whose root is not the name that the twin has for its set, or −1.
func differs(s Sets, w twin) int {
	for i, name := range w {
		if s.Find(int32(i)) != name {
			return i
		}
	}
	return -1
}

// TestAgainstTwin unites elements of sets that grow meanwhile, and looks up all of them now and then only, so that
// ways to the root become long.
func TestAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		n := rng.IntN(20)
		s, w := New(n), make(twin, n)
		for i := range w {
			w[i] = int32(i)
		}
		for range 3 * (n + 5) {
			switch k := rng.IntN(8); {
			case k == 0:
				if i := s.Add(); i != int32(len(w)) {
					t.Fatalf("round %d: element %d was added to %d", round, i, len(w))
				}
				w = append(w, int32(len(w)))
			case k == 1 && rng.IntN(4) == 0:
				s.Flatten()
				if !slices.Equal(s, Sets(w)) {
					t.Fatalf("round %d: flat sets are %v, want %v", round, s, w)
				}
			case k == 1:
				if i := differs(s, w); i >= 0 {
					t.Fatalf("round %d: the root of %d is %d, want %d", round, i, s.Find(int32(i)), w[i])
				}
			case len(w) > 0:
				a, b := rng.Int32N(int32(len(w))), rng.Int32N(int32(len(w)))
				w.union(a, b)
				if root := s.Union(a, b); root != w[a] {
					t.Fatalf("round %d: the union of %d and %d has the root %d, want %d", round, a, b, root, w[a])
				}
			}
		}
		if i := differs(s, w); i >= 0 {
			t.Fatalf("round %d: the root of %d is %d, want %d", round, i, s.Find(int32(i)), w[i])
		}
	}
}

// TestDiffersSeesWrongAnswers compares sets with a twin that has united others.
func TestDiffersSeesWrongAnswers(t *testing.T) {
	s, w := New(4), twin{0, 1, 2, 3}
	s.Union(1, 3)
	if differs(s, w) != 3 {
		t.Error("a union that the twin lacks is not seen")
	}
	w.union(1, 2)
	if differs(s, w) != 2 {
		t.Error("a union of other elements is not seen")
	}
}
