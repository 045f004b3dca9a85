package geos

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

func rect(x0, y0, x1, y1 float64) orb.Ring {
	return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
}

func square(x, y, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{rect(x, y, x+size, y+size)}}
}

// oriented says whether shells run counter-clockwise and holes clockwise.
func oriented(mp orb.MultiPolygon) bool {
	for _, p := range mp {
		for i, r := range p {
			if (vector.SignedArea(r) > 0) != (i == 0) {
				return false
			}
		}
	}
	return true
}

func TestOverlay(t *testing.T) {
	c := New()
	ring := orb.MultiPolygon{{rect(0, 0, 10, 10), rect(2, 2, 8, 8)}}
	for _, k := range []struct {
		name  string
		got   func() (orb.MultiPolygon, error)
		area  float64
		parts int
	}{
		{"intersection", func() (orb.MultiPolygon, error) { return c.Intersection(square(0, 0, 10), square(5, 5, 10)) }, 25, 1},
		{"intersection in an edge only", func() (orb.MultiPolygon, error) { return c.Intersection(square(0, 0, 10), square(10, 0, 10)) }, 0, 0},
		{"intersection keeps polygons only", func() (orb.MultiPolygon, error) {
			return c.Intersection(square(0, 0, 10), orb.MultiPolygon{{rect(10, 0, 12, 3)}, {rect(9, 5, 12, 6)}})
		}, 1, 1},
		{"intersection with nothing", func() (orb.MultiPolygon, error) { return c.Intersection(square(0, 0, 10), nil) }, 0, 0},
		{"difference makes a hole", func() (orb.MultiPolygon, error) { return c.Difference(square(0, 0, 10), square(2, 2, 6)) }, 64, 1},
		{"difference leaves nothing", func() (orb.MultiPolygon, error) { return c.Difference(square(2, 2, 1), square(0, 0, 10)) }, 0, 0},
		{"difference splits", func() (orb.MultiPolygon, error) { return c.Difference(ring, orb.MultiPolygon{{rect(-1, 4, 11, 6)}}) }, 56, 2},
		{"union of overlapping and apart", func() (orb.MultiPolygon, error) {
			return c.Union(square(0, 0, 10), square(5, 0, 10), square(50, 50, 1))
		}, 151, 2},
		{"union of nothing", func() (orb.MultiPolygon, error) { return c.Union() }, 0, 0},
		{"snap", func() (orb.MultiPolygon, error) { return c.Snap(square(0.04, 0.04, 9.97), 0.1) }, 100, 1},
		{"snap drops what is narrower than the grid", func() (orb.MultiPolygon, error) {
			return c.Snap(append(square(0, 0, 10), orb.Polygon{rect(20, 0, 20.01, 10)}), 0.1)
		}, 100, 1},
	} {
		t.Run(k.name, func(t *testing.T) {
			got, err := k.got()
			if err != nil || math.Abs(vector.Area(got)-k.area) > 1e-9 || len(got) != k.parts || !oriented(got) {
				t.Errorf("got area %v in %d parts, %v: %v; want %v in %d", vector.Area(got), len(got), err, got, k.area, k.parts)
			}
			if ok, reason := c.Valid(got); !ok {
				t.Errorf("the result is invalid: %s", reason)
			}
		})
	}
	if oriented(orb.MultiPolygon{{rect(0, 0, 1, 1), rect(0, 0, 1, 1)}}) {
		t.Error("oriented accepts a counter-clockwise hole")
	}
}

func TestResultsDoNotDependOnTheirOrigin(t *testing.T) {
	c := New()
	a, b := square(0, 0, 4), square(10, 0, 4)
	turned := orb.MultiPolygon{{orb.Ring{{14, 4}, {14, 0}, {10, 0}, {10, 4}, {14, 4}}}}
	want, err := c.Union(a, b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Union(turned, a)
	if err != nil || !got.Equal(want) {
		t.Errorf("other order and start of rings: got %v, %v; want %v", got, err, want)
	}
}

func TestErrorsInsteadOfPanics(t *testing.T) {
	c := New()
	bowTie := orb.MultiPolygon{{orb.Ring{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}}
	unclosed := orb.MultiPolygon{{orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}
	nan := orb.MultiPolygon{{orb.Ring{{0, 0}, {math.NaN(), 0}, {1, 1}, {0, 0}}}}
	for _, k := range []struct {
		name string
		run  func() error
		want string
	}{
		{"intersection of a bow-tie", func() error { _, err := c.Intersection(square(0, 1, 5), bowTie); return err }, "input 2 is invalid: Self-intersection[5 5]"},
		{"unclosed ring", func() error { _, err := c.Union(unclosed); return err }, "GEOS cannot unite: "},
		{"NaN in a repair", func() error { _, _, err := c.Repair(nan); return err }, "GEOS cannot repair: "},
		{"NaN in a snap", func() error { _, err := c.Snap(nan, 1); return err }, "GEOS cannot snap: "},
	} {
		t.Run(k.name, func(t *testing.T) {
			if err := k.run(); err == nil || !strings.Contains(err.Error(), k.want) {
				t.Errorf("got %v, want an error with %q", err, k.want)
			}
		})
	}
	if got, err := c.Intersection(square(0, 0, 2), square(1, 1, 2)); err != nil || vector.Area(got) != 1 {
		t.Errorf("after the errors: got %v, %v", got, err)
	}
}

// go-geos frees C memory only after a garbage collection, which pays no heed to it: it must be made to collect. At full size,
// what the process holds is measured too.
func TestMemoryStaysBounded(t *testing.T) {
	c := New()
	circle := orb.Ring{}
	for i := range 400 {
		s, co := math.Sincos(2 * math.Pi * float64(i) / 400)
		circle = append(circle, orb.Point{co, s})
	}
	circle = append(circle, circle[0])
	a, b := orb.MultiPolygon{{circle}}, square(0, 0, 3)
	intersect := func(n int) {
		for range n {
			if got, err := c.Intersection(a, b); err != nil || len(got) != 1 {
				t.Fatal(got, err)
			}
		}
	}
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		quiet := make([]byte, 1<<30) // a large live heap (never touched), so that the collector rests
		intersect(2000)
		start := residentMB(t)
		intersect(28_000)
		grown := residentMB(t) - start
		t.Logf("grew by %d MB", grown)
		if grown > 700 { // 240 here, 580 under the race detector, 850 without the limit
			t.Errorf("resident memory grew by %d MB over 28000 intersections", grown)
		}
		runtime.KeepAlive(quiet)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // so that every collection is a forced one
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	intersect(11_000)
	runtime.ReadMemStats(&after)
	if n := after.NumForcedGC - before.NumForcedGC; n < 1 || n > 2 { // each takes 6 kB at least, so that 64 MiB are in C before the end
		t.Errorf("%d collections", n)
	}
}

func residentMB(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize() >> 20
}
