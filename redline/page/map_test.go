package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// scatter returns n candidates, the worst first, on a frame of one unit for each cell: each at a place that at gives, in
// one of three zones.
func scatter(n int, at func(i int) orb.Point) (f frame, dots []dot) {
	f = frame{0, 0, 1, 1, 900, 900}
	for i := range n {
		dots = append(dots, dot{m2: float64(i % 7), severity: redline.Severity(1 + i%4), rank: findings.Rank{AreaM2: float64(i % 7), Severity: uint8(1 + i%4), Position: uint32(i)}, zone: strconv.Itoa(i % 3), at: at(i)})
	}
	slices.SortFunc(dots, func(a, b dot) int { return a.rank.Compare(b.rank) })
	return f, dots
}

var nothing = &findings.Findings{Inputs: &redline.Inputs{}, Summary: &redline.Summary{}}

func write(f frame, dots []dot, counted bool) pane {
	var p pane
	w := writer{&p, f, newRoom()}
	if counted {
		w.counts(nothing, dots)
	} else {
		w.candidates(nothing, dots)
	}
	return p
}

// TestMapNumbers: each candidate has its mark, larger when it is more severe; a number stands beside the mark of its
// candidate, or leads to it, and those of the worst are there however narrow it is.
func TestMapNumbers(t *testing.T) {
	for name, at := range map[string]func(i int) orb.Point{
		"apart":       func(i int) orb.Point { return orb.Point{20 + float64(i%17)*50, 20 + float64(i/17)*40} },
		"on a heap":   func(i int) orb.Point { return orb.Point{300 + float64(i%20), 300 + float64(i/20)} },
		"one place":   func(int) orb.Point { return orb.Point{5, 5} },
		"in a row":    func(i int) orb.Point { return orb.Point{float64(i) * 3, 899} },
		"outside":     func(i int) orb.Point { return orb.Point{-1 - float64(i), 20} },
		"in a corner": func(i int) orb.Point { return orb.Point{900, 900 - float64(i)/10} },
	} {
		f, dots := scatter(300, at)
		p := write(f, dots, false)
		inside := 0
		for _, d := range dots {
			if f.holds(d.at) {
				inside++
			}
		}
		if len(p.Marks) != inside {
			t.Errorf("%s: %d marks of %d candidates", name, len(p.Marks), inside)
		}
		seen := map[int]bool{}
		for _, l := range p.Labels {
			n, err := strconv.Atoi(l.Text)
			if err != nil || seen[n] || n < 1 || n > 300 {
				t.Fatalf("%s: %+v", name, l)
			}
			seen[n] = true
			d := dots[n-1]
			if l.Leads && (l.FromX != tenth(d.at[0]) || l.FromY != tenth(d.at[1])) ||
				!l.Leads && math.Hypot(l.X-d.at[0], l.Y-d.at[1]) > 25 {
				t.Errorf("%s: number %d at %v, its candidate at %v", name, n, l, d.at)
			}
		}
		for n := 1; n <= worst && inside > 0; n++ {
			if !seen[n] {
				t.Errorf("%s: %d has no number", name, n)
			}
		}
		if name == "apart" && len(seen) != 300 {
			t.Errorf("%s: %d numbers", name, len(seen))
		}
	}
	for s := redline.Notice; s < redline.Critical; s++ {
		if radius[s] >= radius[s+1] {
			t.Errorf("%s is not smaller than %s", s, s+1)
		}
	}
}

// TestRoom: what is taken stays free of other texts.
func TestRoom(t *testing.T) {
	r, taken := newRoom(), []box{}
	for i := range 4000 {
		b := box{float64(i*7919%883) - 20, float64(i*104729%887) - 20, 3 + float64(i%60), 9}
		meets := slices.ContainsFunc(taken, b.meets)
		if r.free(b) == meets {
			t.Fatalf("%+v: free %t", b, !meets)
		}
		if !meets {
			r.take(b)
			taken = append(taken, b)
		}
	}
	if len(taken) < 100 || len(taken) > 3000 {
		t.Errorf("%d boxes: the test sees nothing", len(taken))
	}
}

// TestCrowded: the limit is two candidates in a square of 12 units, on average over squares that hold any.
func TestCrowded(t *testing.T) {
	for n, want := range map[int]bool{0: false, 1: false, 50: false, 100: false, 101: true, 5000: true} {
		f, dots := scatter(n, func(i int) orb.Point { return orb.Point{6 + float64(i%50)*12, 6} }) // 50 squares
		if got := crowded(f, dots); got != want {
			t.Errorf("%d candidates: %t", n, got)
		}
	}
}

// TestGatherZones: each candidate counts once, and no disc covers another.
func TestGatherZones(t *testing.T) {
	f, dots := scatter(3000, func(i int) orb.Point { return orb.Point{float64(i * 7919 % 900), float64(i * 104729 % 900)} })
	for i := range dots {
		dots[i].zone = fmt.Sprint(int(dots[i].at[0])/30, ",", int(dots[i].at[1])/30)
	}
	p := write(f, dots, true)
	sum := 0
	for _, l := range p.Labels {
		n, err := strconv.Atoi(l.Text)
		if err != nil {
			t.Fatal(l, err)
		}
		sum += n
	}
	if sum != 3000 || len(p.Marks) != len(p.Labels) || len(p.Marks) < 20 {
		t.Errorf("%d candidates in %d discs with %d numbers", sum, len(p.Marks), len(p.Labels))
	}
	for i, a := range p.Marks {
		for _, b := range p.Marks[:i] {
			if d := math.Hypot(a.X-b.X, a.Y-b.Y); d < a.R+b.R-0.3 {
				t.Errorf("discs of %g and %g lie %g apart", a.R, b.R, d)
			}
		}
	}
}

// TestDense: the enlarged part lies on the map, and holds the most severe heap.
func TestDense(t *testing.T) {
	for _, heap := range []orb.Point{{3, 3}, {899, 899}, {450, 200}} {
		f, dots := scatter(400, func(i int) orb.Point {
			if i%4 == 3 { // the critical ones
				return orb.Point{heap[0] + float64(i%5)/10, heap[1] - float64(i%7)/10}
			}
			return orb.Point{float64(i * 7919 % 900), float64(i * 104729 % 900)}
		})
		b, ok := dense(f, dots)
		if !ok || b.X < 0 || b.Y < 0 || b.X+b.W > 900 || b.Y+b.H > 900 || b.W > 300 || !b.meets(box{heap[0] - 0.1, heap[1] - 0.5, 0.2, 0.2}) {
			t.Errorf("heap at %v: %+v", heap, b)
		}
	}
	if _, ok := dense(frame{0, 0, 1, 1, 900, 900}, nil); ok {
		t.Error("a part of nothing")
	}
}

// TestEnlarge: what lies in the corners of the part lies in the corners of the enlarged one.
func TestEnlarge(t *testing.T) {
	f := frame{0, 0, 0.5, 0.25, 900, 800}
	b := box{100, 200, 90, 48}
	e := f.enlarge(b)
	for at, want := range map[orb.Point]orb.Point{{200, 800}: {0, 0}, {380, 992}: {900, 480}, {290, 896}: {450, 240}} {
		if got := e.place(at); math.Hypot(got[0]-want[0], got[1]-want[1]) > 1e-9 {
			t.Errorf("%v is placed at %v, want %v", at, got, want)
		}
	}
	if e.width != 900 || e.height != 480 {
		t.Errorf("%+v", e)
	}
}

// TestCutOutline: an outline that goes far beyond the map runs inside it as it is.
func TestCutOutline(t *testing.T) {
	f := frame{0, 0, 1, 1, 100, 100}
	var o outline
	o.add(orb.MultiPolygon{{{{50, -9000}, {9000, 50}, {50, 9000}, {-9000, 50}, {50, -9000}}}}, f)
	if got := string(o.path); got != "M105.0 -5.0L105.0 105.0L-5.0 105.0L-5.0 -5.0Z" {
		t.Error(got)
	}
	o = outline{}
	o.add(orb.MultiPolygon{{{{50, 20}, {5000, 20}, {5000, 80}, {50, 80}, {50, 20}}}}, f)
	if got := string(o.path); got != "M50.0 20.0L105.0 20.0L105.0 80.0L50.0 80.0Z" {
		t.Error(got)
	}
	o = outline{}
	if o.add(orb.MultiPolygon{{{{500, 20}, {5000, 20}, {5000, 80}, {500, 20}}}}, f); len(o.path) > 0 {
		t.Errorf("what lies elsewhere is drawn: %s", o.path)
	}
}
