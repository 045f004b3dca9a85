package geostwin

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/vector"
	"greenshield/vector/geos"
)

// lie is about one result of GEOS: it lacks a polygon, or is shrunk when it has but one.
type lie struct {
	mu        sync.Mutex
	operation string
	at        int // this result, of those that are not empty
	told      bool
}

// liar is GEOS but for the lie.
type liar struct {
	redline.Overlayer
	*lie
}

func (l *lie) tell(operation string, mp orb.MultiPolygon, err error) (orb.MultiPolygon, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if operation != l.operation || err != nil || vector.Area(mp) < 0.01 {
		return mp, err
	}
	if len(mp) > 1 && vector.Area(mp[:1]) < 1e-6 {
		return mp, nil // as good as nothing
	}
	if l.at--; l.at >= 0 || l.told {
		return mp, nil
	}
	l.told = true
	if len(mp) > 1 {
		return mp[1:], nil
	}
	out := orb.MultiPolygon{make(orb.Polygon, len(mp[0]))}
	center := mp.Bound().Center()
	for i, r := range mp[0] {
		for _, p := range r {
			out[0][i] = append(out[0][i], orb.Point{center[0] + (p[0]-center[0])*0.9, center[1] + (p[1]-center[1])*0.9})
		}
	}
	return out, nil
}

func (l liar) Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	mp, err := l.Overlayer.Intersection(a, b)
	return l.tell("intersection", mp, err)
}

func (l liar) Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	mp, err := l.Overlayer.Difference(a, b)
	return l.tell("difference", mp, err)
}

func (l liar) Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error) {
	mp, err := l.Overlayer.Union(all...)
	return l.tell("union", mp, err)
}

// GEOS is known to lose parts of a result without an error. Whichever result it is,
// the run must fail or be right all the same.
func TestLossesOfGEOSAreSeen(t *testing.T) {
	m := newMaker(t)
	lies, refused, mended, skipped := 0, 0, 0, 0
	for _, seed := range seeds(t, 60, 1000) {
		s := m.random(seed)
		if len(s.in.Exempt) > 0 {
			skipped++
			continue // what is lost of the union of exemptions only flags less, see compare
		}
		for _, operation := range []string{"intersection", "difference", "union"} {
			for at := range 3 {
				l := &lie{operation: operation, at: at}
				c := &collector{found: map[redline.Key]redline.Candidate{}, overlaps: map[redline.Key][]redline.Overlap{}}
				sum, err := redline.Run(context.Background(), s.in, s.o, redline.Tuning{Workers: 1, Vertices: 16 * int(seed%2)}, func() redline.Overlayer { return liar{geos.New(), l} }, c, &redline.Progress{})
				if !l.told {
					break
				}
				lies++
				if fault := (*redline.Fault)(nil); errors.As(err, &fault) && fault.Kind == redline.Unbalanced {
					refused++
					continue
				}
				if err != nil {
					t.Fatalf("scene %d, %s %d: %v", seed, operation, at, err)
				}
				mended++
				if v := compare(s, solve(s), c, sum); len(v.problems) > 0 {
					t.Errorf("%s %d is wrong and not seen", operation, at)
					report(t, s, v)
				}
			}
		}
	}
	t.Logf("%d lies: %d refused, %d mended or of no effect", lies, refused, mended)
	t.Logf("tally: comparisons %d", mended)
	t.Logf("tally: skipped %d", skipped)
	if refused < 20 || mended < 20 {
		t.Error("too few to mean anything")
	}
}
