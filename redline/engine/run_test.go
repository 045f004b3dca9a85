package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// slowOverlayer cancels at its first difference, and then hangs as GEOS may.
type slowOverlayer struct {
	redlinetest.Overlayer
	cancel context.CancelCauseFunc
	calls  *atomic.Int32
	hang   chan struct{}
}

var errEnough = errors.New("enough")

func (s slowOverlayer) Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	s.calls.Add(1)
	s.cancel(errEnough)
	<-s.hang
	return s.Overlayer.Difference(a, b)
}

// A cancelled run does not wait for what GEOS is at, and asks it for nothing more.
func TestCancelWhileZonesAreDivided(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	tried := 0
	for range 20 {
		s := newTwinScene(t, rng)
		for _, z := range s.in.Zones[:min(1, len(s.in.Zones))] { // three edges cross in one point: their order is in doubt
			p, q := z.Shape[0][0][0], z.Shape[0][0][1]
			u, v := (p[0]+q[0])/2, (p[1]+q[1])/2
			for i, d := range []orb.Point{{0.75, 0.5}, {-0.5, 0.75}} {
				a, b := orb.Point{u - d[0], v - d[1]}, orb.Point{u + d[0], v + d[1]}
				z.ID, z.Shape = fmt.Sprint("across ", i), orb.MultiPolygon{{{a, b, {b[0] - d[1]/2, b[1] + d[0]/2}, a}}}
				s.in.Zones = append(s.in.Zones, z)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		o := slowOverlayer{cancel: cancel, calls: new(atomic.Int32), hang: make(chan struct{})}
		sink := newCollector()
		const workers = 2
		_, err := Run(ctx, s.in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: workers}, Ports{NewOverlayer: func() Overlayer { return o }, Sink: sink}, &redline.Progress{})
		close(o.hang)
		cancel(nil)
		if o.calls.Load() == 0 {
			continue // there are no zones
		}
		tried++
		if !errors.Is(err, errEnough) || len(sink.found) > 0 {
			t.Errorf("error %v, %d candidates", err, len(sink.found))
		}
		time.Sleep(10 * time.Millisecond)
		if n := o.calls.Load(); n > workers {
			t.Errorf("%d overlays", n)
		}
	}
	if tried < 5 {
		t.Errorf("only %d scenes mean anything", tried)
	}
}

// pickyOverlayer calls every other outline invalid, as GEOS might a rare one after rounding.
type pickyOverlayer struct{ redlinetest.Overlayer }

func (pickyOverlayer) Valid(a orb.MultiPolygon) (bool, string) {
	return len(a) > 0 && math.Signbit(math.Sin(1e9*(a[0][0][0][0]+a[0][0][0][1]))), "picky"
}

func TestOutlineThatCannotBeWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	o := redline.Options{Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: 1}, MinPart: redline.Size{Cells: 0.1}, MinSeverity: 1}
	odd, kept := 0, 0
	for range 50 {
		s := newTwinScene(t, rng)
		want, wantSum, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := newCollector()
		var p redline.Progress
		p.Done.Store(12345) // by a stage before
		sum, err := Run(context.Background(), s.in, o, Tuning{Workers: 2}, Ports{NewOverlayer: func() Overlayer { return pickyOverlayer{} }, Sink: got}, &p)
		if done, total := p.Done.Load(), p.Total.Load(); done != total || total != s.in.Grid.Cells() {
			t.Errorf("%d of %d cells are done", done, total)
		}
		if err != nil {
			t.Fatal(err) // also when a balance does not hold
		}
		if len(got.found) != len(want.found) || sum.Candidates+sum.Suppressed != wantSum.Candidates+wantSum.Suppressed {
			t.Fatalf("%d candidates of %d", len(got.found), len(want.found))
		}
		var here int64
		for k, w := range want.found {
			switch c := got.found[k]; {
			case c.AreaM2 != w.AreaM2 || c.ID != w.ID:
				t.Fatalf("%v is another candidate", k)
			case c.Reason == redline.ReasonShape && w.Reason == "" && c.Geometry == nil && c.Lon == w.Lon && c.Lat == w.Lat:
				here++
			case c.Reason != w.Reason:
				t.Fatalf("%v: reason %q, before %q", k, c.Reason, w.Reason)
			case c.Reason == "":
				kept++
			}
		}
		if sum.ByReason[redline.ReasonShape] != here {
			t.Fatalf("%d counted, %d found", sum.ByReason[redline.ReasonShape], here)
		}
		odd += int(here)
	}
	if odd < 50 || kept < 5 {
		t.Errorf("%d odd, %d kept: too few to mean anything", odd, kept)
	}
}

// A zone with an island in its hole overlaps what fills the hole.
func TestIslandInAFilledHole(t *testing.T) {
	outer := orb.MultiPolygon{
		{{{0, 0}, {12, 0}, {12, 12}, {0, 12}, {0, 0}}, {{2, 2}, {2, 10}, {10, 10}, {10, 2}, {2, 2}}},
		{{{4, 4}, {6, 4}, {6, 6}, {4, 6}, {4, 4}}},
	}
	inner := orb.MultiPolygon{{{{2, 2}, {10, 2}, {10, 10}, {2, 10}, {2, 2}}}}
	in := flatInputs(t, 12, 12, []redline.Zone{
		{Layer: redline.LayerRedLine, ID: "outer", Type: redline.RedLine, Shape: outer, TotalM2: 84 * 900},
		{Layer: redline.LayerReserve, ID: "inner", Type: redline.Core, Shape: inner, TotalM2: 64 * 900},
	}, func(int, int) bool { return true })
	_, sum, err := run(t, in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if sum.CandidateM2+sum.SuppressedM2 != 144*900 {
		t.Errorf("%g m² found on %d", sum.CandidateM2+sum.SuppressedM2, 144*900)
	}
}

// Borders on cell edges but for rounding neither make candidates nor upset the balance.
func TestBordersBesideCellEdges(t *testing.T) {
	for _, off := range []float64{3e-8, 1e-9} {
		shape := orb.MultiPolygon{{{{10 - off, 0}, {20, 0}, {20, 20}, {10 - off, 20}, {10 - off, 0}}}}
		in := flatInputs(t, 20, 20, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine, Shape: shape, TotalM2: (200 + 20*off) * 900}},
			func(row, col int) bool { return col == 9 && row%2 == 0 })
		found, _, err := run(t, in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1})
		if err != nil || len(found.found) > 0 {
			t.Errorf("%g cells: %d found, %v", off, len(found.found), err)
		}
	}
}

// flatInputs is a scene of forest in which some cells become built.
func flatInputs(t *testing.T, cols, rows int, zones []redline.Zone, changed func(row, col int) bool) *redline.Inputs {
	t.Helper()
	legend, err := landcover.ParseLegend("test", []byte(testLegend))
	if err != nil {
		t.Fatal(err)
	}
	g, earth := flatEarth(t, cols, rows)
	before, after := make([]uint8, cols*rows), make([]uint8, cols*rows)
	for i := range before {
		before[i], after[i] = 1, 1
		if changed(i/cols, i%cols) {
			after[i] = 2
		}
	}
	whole := raster.Window{Cols: cols, Rows: rows}
	return &redline.Inputs{Grid: g, Earth: earth, Zones: zones,
		Before: redline.Epoch{Name: "before", Source: &raster.Memory{On: g, Classes: 5, Symbols: before}, Legend: legend, Year: 2015, Window: whole},
		After:  redline.Epoch{Name: "after", Source: &raster.Memory{On: g, Classes: 5, Symbols: after}, Legend: legend, Year: 2020, Window: whole}}
}

// fromTransverseMercator takes metres on the sphere to degrees.
func fromTransverseMercator(x, y []float64) error {
	for i := range x {
		u, v := x[i]/radius, y[i]/radius
		x[i], y[i] = 117+math.Atan2(math.Sinh(u), math.Cos(v))*180/math.Pi, math.Asin(math.Sin(v)/math.Cosh(u))*180/math.Pi
	}
	return nil
}

// TestOutlinesOfCellsAreValid: patches whose cells meet at corners are valid in rounded degrees, on cells as small as
// those of which this is taken for granted.
func TestOutlinesOfCellsAreValid(t *testing.T) {
	const cols, rows = 90, 90
	rng := rand.New(rand.NewPCG(90, 1))
	for _, cell := range []float64{wideM, 2.5, 30} {
		g := raster.Grid{OriginX: 150000, OriginY: 3.4e6, CellX: cell, CellY: cell, Cols: cols, Rows: rows,
			CRS: raster.CRS{SemiMajorM: radius}}
		earth, err := raster.NewEarth(g, fromTransverseMercator, nil)
		if err != nil {
			t.Fatal(err)
		}
		whole := orb.MultiPolygon{{{{0, 0}, {cols, 0}, {cols, rows}, {0, rows}, {0, 0}}}}
		density := 0.2 + 0.5*rng.Float64()
		in := flatInputs(t, cols, rows, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine, Shape: whole}},
			func(_, _ int) bool { return rng.Float64() < density })
		in.Grid, in.Earth = g, earth
		in.Zones[0].TotalM2 = earth.PolygonM2(whole)
		found, _, err := run(t, in, redline.Options{Rules: testRules(t), Conn: patch.Eight, MinSeverity: 1}, Tuning{Workers: 1})
		if err != nil || len(found.found) < 5 {
			t.Fatalf("%g m: %d found, %v", cell, len(found.found), err)
		}
		for _, c := range found.found {
			if ok, reason := (redlinetest.Overlayer{}).Valid(c.Geometry); !ok {
				t.Errorf("%g m: %s", cell, reason)
			}
		}
	}
}

// Lattice lines of a projected grid bend in degrees: a long thin outline must follow.
func TestLongEdgesOnAProjectedGrid(t *testing.T) {
	const cols, rows = 2000, 3
	g := raster.Grid{OriginX: 150000, OriginY: 3.4e6, CellX: 30, CellY: 30, Cols: cols, Rows: rows, CRS: raster.CRS{SemiMajorM: radius}}
	earth, err := raster.NewEarth(g, fromTransverseMercator, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := orb.MultiPolygon{{{{0, 0}, {cols, 0}, {cols, rows}, {0, rows}, {0, 0}}}}
	cut := orb.MultiPolygon{{{{0.5, 0}, {cols, 0}, {cols, rows}, {0.5, rows}, {0.5, 0}}}}
	for name, shape := range map[string]orb.MultiPolygon{"whole": whole, "cut": cut} {
		in := flatInputs(t, cols, rows, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine, Shape: shape}},
			func(row, col int) bool { return row == 0 || row == 1 && col%3 == 0 })
		in.Grid, in.Earth = g, earth
		in.Zones[0].TotalM2 = earth.PolygonM2(shape)
		found, _, err := run(t, in, redline.Options{Rules: testRules(t), Conn: patch.Eight, MinSeverity: 1}, Tuning{Workers: 1})
		if err != nil || len(found.found) != 1 {
			t.Fatalf("%s: %d found, %v", name, len(found.found), err)
		}
		for _, c := range found.found {
			if ok, reason := (redlinetest.Overlayer{}).Valid(c.Geometry); !ok {
				t.Errorf("%s: %s", name, reason)
			}
			// Measured in degrees, on a sphere: the area between parallels is R²·Δλ·Δsin φ.
			area := 0.0
			for _, p := range c.Geometry {
				for _, r := range p {
					for i := 1; i < len(r); i++ {
						mean := (r[i-1][1] + r[i][1]) / 2
						area -= (r[i][0] - r[i-1][0]) * math.Pi / 180 * radius * radius * (math.Sin(mean*math.Pi/180) - math.Sin(r[0][1]*math.Pi/180))
					}
				}
			}
			if math.Abs(area-c.AreaM2) > 1e-3*c.AreaM2 {
				t.Errorf("%s: the outline holds %.0f m², the candidate %.0f", name, area, c.AreaM2)
			}
		}
	}
}
