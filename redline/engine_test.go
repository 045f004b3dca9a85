package redline

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/vector"
	"greenshield/vector/trace"
)

// pureOverlayer overlays without cgo, for tests.
type pureOverlayer struct{}

func toGeom(mp orb.MultiPolygon) geom.Geometry {
	if len(mp) == 0 {
		return geom.MultiPolygon{}.AsGeometry()
	}
	g, err := geom.UnmarshalWKB(wkb.MustMarshal(mp), geom.NoValidate{})
	if err != nil {
		panic(err)
	}
	return g
}

func fromGeom(g geom.Geometry, err error) (orb.MultiPolygon, error) {
	if err != nil || g.IsEmpty() {
		return nil, err
	}
	o, err := wkb.Unmarshal(g.AsBinary())
	if err != nil {
		return nil, err
	}
	var mp orb.MultiPolygon
	switch o := o.(type) {
	case orb.Polygon:
		mp = orb.MultiPolygon{o}
	case orb.MultiPolygon:
		mp = o
	case orb.Collection:
		for _, part := range o {
			if p, ok := part.(orb.Polygon); ok {
				mp = append(mp, p)
			}
		}
	}
	return vector.Orient(mp), nil
}

func (pureOverlayer) Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return fromGeom(geom.Intersection(toGeom(a), toGeom(b)))
}

func (pureOverlayer) Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return fromGeom(geom.Difference(toGeom(a), toGeom(b)))
}

func (pureOverlayer) Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error) {
	sum := geom.MultiPolygon{}.AsGeometry()
	for _, mp := range all {
		var err error
		if sum, err = geom.Union(sum, toGeom(mp)); err != nil {
			return nil, err
		}
	}
	return fromGeom(sum, nil)
}

func (pureOverlayer) Valid(a orb.MultiPolygon) (bool, string) {
	if err := toGeom(a).Validate(); err != nil {
		return false, err.Error()
	}
	return true, ""
}

func (pureOverlayer) Snap(orb.MultiPolygon, float64) (orb.MultiPolygon, error) {
	return nil, fmt.Errorf("no precision model in these tests")
}

// collector is a Sink that keeps everything.
type collector struct {
	mu    sync.Mutex
	found map[Key]Candidate
	over  map[Key][]Overlap
}

func (c *collector) Put(key Key, cand *Candidate, overlaps []Overlap) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, twice := c.found[key]; twice {
		return fmt.Errorf("key %v twice", key)
	}
	kept := *cand
	kept.ZonesAll, kept.Flags = slices.Clone(cand.ZonesAll), slices.Clone(cand.Flags)
	c.found[key] = kept
	c.over[key] = slices.Clone(overlaps)
	return nil
}

// text is everything that was found, in order.
func (c *collector) text() string {
	keys := make([]Key, 0, len(c.found))
	for k := range c.found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return slices.Compare([]int32{a.Row, a.Col, a.Zone}, []int32{b.Row, b.Col, b.Zone})
	})
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%v %+v %v\n", k, c.found[k], c.over[k])
	}
	return b.String()
}

const testLegend = "code,name_en,name_zh,color,ecosystem\n" +
	"1,Crop,农田,#FAE39C,cropland\n2,Forest,森林,#446F33,forest\n3,Built,不透水面,#E24290,built\n4,Water,水体,#1E69B4,wetland\n5,Bare,裸地,#CFBDA3,bare\n"

func testRules(t testing.TB) *RuleTable {
	t.Helper()
	var b strings.Builder
	b.WriteString("change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n")
	for _, z := range ZoneTypes() {
		severity := 4 - int(z)/3
		fmt.Fprintf(&b, "construction,新增建设,forest|wetland,built,%s,%d,a,b,,\n", z, severity)
		fmt.Fprintf(&b, "stripping,裸露,forest|wetland,bare,%s,%d,a,b,,\n", z, severity)
		fmt.Fprintf(&b, "restoration,恢复,built|bare,forest|wetland,%s,0,a,b,,\n", z)
	}
	rules, err := ParseRules("test", []byte(b.String()), time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &rules
}

const radius = 6371000.0

// flatEarth measures a grid of 30 m cells in a cylindrical equal-area projection of a
// sphere: every cell is 900 m².
func flatEarth(t testing.TB, cols, rows int) (raster.Grid, *raster.Earth) {
	t.Helper()
	g := raster.Grid{OriginX: 5000, OriginY: 9000, CellX: 30, CellY: 30, Cols: cols, Rows: rows, CRS: raster.CRS{Name: "flat", SemiMajorM: radius}}
	e, err := raster.NewEarth(g, func(x, y []float64) error {
		for i := range x {
			x[i] *= 180 / math.Pi / radius
			y[i] = math.Asin(y[i]/radius) * 180 / math.Pi
		}
		return nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g, e
}

// sub is the number of slow twin's subcells along a cell: zones have their vertices on them.
const sub = 4

// twinScene is a scene with zones made of rectangles on the subcell lattice.
type twinScene struct {
	in      *Inputs
	inZone  [][]bool // by zone, by subcell
	symbols [2][]uint8
}

func newTwinScene(t testing.TB, rng *rand.Rand) *twinScene {
	cols, rows := 1+rng.IntN(14), 1+rng.IntN(14)
	s := &twinScene{}
	legend, err := landcover.ParseLegend("test", []byte(testLegend))
	if err != nil {
		t.Fatal(err)
	}
	before, after := make([]uint8, cols*rows), make([]uint8, cols*rows)
	classes := 2 + rng.IntN(3)
	for i := range before {
		before[i] = uint8(rng.IntN(classes))
		after[i] = before[i]
		if rng.IntN(2) == 0 {
			after[i] = uint8(rng.IntN(5))
		}
		if rng.IntN(20) == 0 {
			before[i] = raster.NoData
		}
		if rng.IntN(20) == 0 {
			after[i] = raster.NoData
		}
	}
	s.symbols = [2][]uint8{before, after}
	g, earth := flatEarth(t, cols, rows)
	whole := raster.Window{Cols: cols, Rows: rows}
	s.in = &Inputs{
		Grid: g, Earth: earth,
		Before: Epoch{"before", &raster.Memory{On: g, Classes: 5, Symbols: before, Block: rng.IntN(4)}, legend, 2015, whole},
		After:  Epoch{"after", &raster.Memory{On: g, Classes: 5, Symbols: after}, legend, 2020, whole},
	}
	for range 1 + rng.IntN(5) {
		s.addZone(rng)
	}
	return s
}

func (s *twinScene) addZone(rng *rand.Rand) {
	g := s.in.Grid
	w, h := g.Cols*sub, g.Rows*sub
	mask := make([]bool, w*h)
	for range 1 + rng.IntN(3) {
		u0, v0 := rng.IntN(w), rng.IntN(h)
		u1, v1 := u0+1+rng.IntN(w-u0), v0+1+rng.IntN(h-v0)
		if rng.IntN(2) == 0 { // borders on cell edges
			u0, v0 = u0/sub*sub, v0/sub*sub
			u1, v1 = (u1+sub-1)/sub*sub, (v1+sub-1)/sub*sub
		}
		value := rng.IntN(4) > 0
		for v := v0; v < v1; v++ {
			for u := u0; u < u1; u++ {
				mask[v*w+u] = value
			}
		}
	}
	var runs []trace.Run
	for v := range h {
		for u := range w {
			if mask[v*w+u] {
				runs = append(runs, trace.Run{Row: int32(v), Col0: int32(u), Col1: int32(u + 1)})
			}
		}
	}
	if len(runs) == 0 {
		return
	}
	shape := trace.Polygons(runs)
	for _, p := range shape {
		for _, r := range p {
			for i := range r {
				r[i][0] /= sub
				r[i][1] /= sub
			}
		}
	}
	types := []ZoneType{Core, Experimental, RedLine, RedLine}
	z := Zone{Layer: LayerReserve, ID: fmt.Sprint("z", len(s.in.Zones)), Type: types[rng.IntN(len(types))], Shape: shape, TotalM2: float64(len(runs)) * 900 / sub / sub}
	s.in.Zones = append(s.in.Zones, z)
	s.inZone = append(s.inZone, mask)
}

// twinPart is what the twin finds of a candidate.
type twinPart struct {
	m2   float64
	edge int64 // see Candidate.EdgeCells
}

// twin finds everything cell by cell: flood fill, and each subcell given to its zone.
func (s *twinScene) twin(o Options) map[Key]twinPart {
	g := s.in.Grid
	legend := s.in.Before.Legend
	kind := func(r, c int) int {
		if r < 0 || c < 0 || r >= g.Rows || c >= g.Cols {
			return -1
		}
		b, a := s.symbols[0][r*g.Cols+c], s.symbols[1][r*g.Cols+c]
		if b == raster.NoData || a == raster.NoData || b == a {
			return -1
		}
		return o.Rules.Change(legend.Classes[b].Ecosystem, legend.Classes[a].Ecosystem)
	}
	order := make([]int, len(s.in.Zones))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return precedes(&s.in.Zones[a], &s.in.Zones[b]) })
	hadBefore := func(r, c int, symbol uint8) bool {
		return r >= 0 && c >= 0 && r < g.Rows && c < g.Cols && s.symbols[0][r*g.Cols+c] == symbol
	}
	found := map[Key]twinPart{}
	seen := make([]bool, g.Rows*g.Cols)
	for r := range g.Rows {
		for c := range g.Cols {
			k := kind(r, c)
			if k < 0 || seen[r*g.Cols+c] {
				continue
			}
			stack := [][2]int{{r, c}}
			seen[r*g.Cols+c] = true
			edge := int64(0)
			for len(stack) > 0 {
				at := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				for i := range sub * sub {
					u, v := at[1]*sub+i%sub, at[0]*sub+i/sub
					for rank, z := range order {
						if s.inZone[z][v*g.Cols*sub+u] {
							key := Key{int32(r), int32(c), int32(rank)}
							part := found[key]
							part.m2 += 900.0 / sub / sub
							found[key] = part
							break
						}
					}
				}
				near := false
				for i := range 9 {
					near = near || hadBefore(at[0]+i/3-1, at[1]+i%3-1, s.symbols[1][at[0]*g.Cols+at[1]])
				}
				if near {
					edge++
				}
				for dr := -1; dr <= 1; dr++ {
					for dc := -1; dc <= 1; dc++ {
						nr, nc := at[0]+dr, at[1]+dc
						if (o.Conn == patch.Four && dr != 0 && dc != 0) || kind(nr, nc) != k || seen[nr*g.Cols+nc] {
							continue
						}
						seen[nr*g.Cols+nc] = true
						stack = append(stack, [2]int{nr, nc})
					}
				}
			}
			for key, part := range found {
				if key.Row == int32(r) && key.Col == int32(c) {
					part.edge = edge
					found[key] = part
				}
			}
		}
	}
	return found
}

// differs says how found areas differ from the twin's, "" when they do not.
func differs(found *collector, want map[Key]twinPart) string {
	for k, part := range want {
		c, ok := found.found[k]
		if !ok {
			return fmt.Sprintf("%v of %g m² is missing", k, part.m2)
		}
		if math.Abs(c.AreaM2-part.m2) > 1e-6 {
			return fmt.Sprintf("%v measures %.9g m², want %.9g", k, c.AreaM2, part.m2)
		}
		if c.EdgeCells != part.edge || slices.Contains(c.Flags, FlagEdge) != (part.edge*5 >= c.Cells*4) {
			return fmt.Sprintf("%v has %d of %d cells at an edge and the flags %v, want %d", k, c.EdgeCells, c.Cells, c.Flags, part.edge)
		}
	}
	if len(found.found) != len(want) {
		return fmt.Sprintf("%d found, want %d", len(found.found), len(want))
	}
	return ""
}

func run(t testing.TB, in *Inputs, o Options, tune Tuning) (*collector, *Summary, error) {
	t.Helper()
	found := &collector{found: map[Key]Candidate{}, over: map[Key][]Overlap{}}
	sum, err := Run(context.Background(), in, o, tune, func() Overlayer { return pureOverlayer{} }, found, &Progress{})
	return found, sum, err
}

func TestRunAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	rules := testRules(t)
	parts := 0
	for i := range 500 {
		s := newTwinScene(t, rng)
		o := Options{Rules: rules, Conn: patch.Eight, MinArea: Size{Cells: 4}, MinPart: Size{Cells: 1}, MinSeverity: 1}
		if rng.IntN(2) == 0 {
			o.Conn = patch.Four
		}
		found, sum, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatalf("scene %d: %v", i, err)
		}
		if d := differs(found, s.twin(o)); d != "" {
			t.Fatalf("scene %d: %s", i, d)
		}
		parts += len(found.found)
		for tile := 1; tile < 16; tile += 1 + rng.IntN(4) {
			again, _, err := run(t, s.in, o, Tuning{Workers: 1 + rng.IntN(3), Tile: tile})
			if err != nil {
				t.Fatal(err)
			}
			if again.text() != found.text() {
				t.Fatalf("scene %d: tile %d gives another result", i, tile)
			}
		}
		for _, z := range sum.Zones {
			if z.OutsideM2 != 0 {
				t.Fatalf("scene %d: zone %s is %g m² outside", i, z.Zone.ID, z.OutsideM2)
			}
		}
	}
	t.Logf("%d parts compared", parts)
	if parts < 1200 {
		t.Error("too few parts to mean anything")
	}
}

// slowOverlayer cancels at its first difference, and then hangs as GEOS may.
type slowOverlayer struct {
	pureOverlayer
	cancel context.CancelCauseFunc
	calls  *atomic.Int32
	hang   chan struct{}
}

var errEnough = errors.New("enough")

func (s slowOverlayer) Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	s.calls.Add(1)
	s.cancel(errEnough)
	<-s.hang
	return s.pureOverlayer.Difference(a, b)
}

// A cancelled run does not wait for what GEOS is at, and asks it for nothing more.
func TestCancelWhileZonesAreDivided(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	tried := 0
	for range 20 {
		s := newTwinScene(t, rng)
		ctx, cancel := context.WithCancelCause(t.Context())
		o := slowOverlayer{cancel: cancel, calls: new(atomic.Int32), hang: make(chan struct{})}
		sink := &collector{found: map[Key]Candidate{}, over: map[Key][]Overlap{}}
		const workers = 2
		_, err := Run(ctx, s.in, Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: workers}, func() Overlayer { return o }, sink, &Progress{})
		close(o.hang)
		cancel(nil)
		if o.calls.Load() == 0 {
			continue // its zones are apart
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
type pickyOverlayer struct{ pureOverlayer }

func (pickyOverlayer) Valid(a orb.MultiPolygon) (bool, string) {
	return len(a) > 0 && math.Signbit(math.Sin(1e9*(a[0][0][0][0]+a[0][0][0][1]))), "picky"
}

func TestOutlineThatCannotBeWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	o := Options{Rules: testRules(t), Conn: patch.Eight, MinArea: Size{Cells: 1}, MinPart: Size{Cells: 0.1}, MinSeverity: 1}
	odd, kept := 0, 0
	for range 50 {
		s := newTwinScene(t, rng)
		want, wantSum, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := &collector{found: map[Key]Candidate{}, over: map[Key][]Overlap{}}
		sum, err := Run(context.Background(), s.in, o, Tuning{Workers: 2}, func() Overlayer { return pickyOverlayer{} }, got, &Progress{})
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
			case c.Reason == ReasonShape && w.Reason == "" && c.Geometry == nil && c.Lon == w.Lon && c.Lat == w.Lat:
				here++
			case c.Reason != w.Reason:
				t.Fatalf("%v: reason %q, before %q", k, c.Reason, w.Reason)
			case c.Reason == "":
				kept++
			}
		}
		if sum.ByReason[ReasonShape] != here {
			t.Fatalf("%d counted, %d found", sum.ByReason[ReasonShape], here)
		}
		odd += int(here)
	}
	if odd < 50 || kept < 5 {
		t.Errorf("%d odd, %d kept: too few to mean anything", odd, kept)
	}
}

func TestDiffersSeesWrongAnswers(t *testing.T) {
	want := map[Key]twinPart{{1, 2, 0}: {900, 4}}
	edge := []string{FlagEdge}
	right := &collector{found: map[Key]Candidate{{1, 2, 0}: {AreaM2: 900, Cells: 5, EdgeCells: 4, Flags: edge}}}
	if d := differs(right, want); d != "" {
		t.Error("right answer refused:", d)
	}
	for name, found := range map[string]map[Key]Candidate{
		"missing": {},
		"area":    {{1, 2, 0}: {AreaM2: 901, Cells: 5, EdgeCells: 4, Flags: edge}},
		"edge":    {{1, 2, 0}: {AreaM2: 900, Cells: 5, EdgeCells: 5, Flags: edge}},
		"flag":    {{1, 2, 0}: {AreaM2: 900, Cells: 5, EdgeCells: 4}},
		"zone":    {{1, 2, 1}: {AreaM2: 900, Cells: 5, EdgeCells: 4, Flags: edge}},
		"more":    {{1, 2, 0}: {AreaM2: 900, Cells: 5, EdgeCells: 4, Flags: edge}, {3, 3, 0}: {AreaM2: 900}},
	} {
		if differs(&collector{found: found}, want) == "" {
			t.Error(name, "not seen")
		}
	}
}

// A partial result survives encoding: bands joined from decoded values give the same patches.
func TestPartialCanBeSent(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 50 {
		s := newTwinScene(t, rng)
		o := Options{Rules: testRules(t), Conn: patch.Eight}
		scan := func(rows []int, send func(*Partial) *Partial) *Partial {
			parts, err := divide(t.Context(), s.in, Tuning{Workers: 1}, func() Overlayer { return pureOverlayer{} })
			if err != nil {
				t.Fatal(err)
			}
			sv, err := newSurvey(s.in, o)
			if err != nil {
				t.Fatal(err)
			}
			if sv.admin, err = newLocator(s.in.Grid, nil); err != nil {
				t.Fatal(err)
			}
			sv.parts, sv.tileCols, sv.tileRows = parts, s.in.Grid.Cols, 1+rng.IntN(s.in.Grid.Rows)
			sc, err := sv.newScanner()
			if err != nil {
				t.Fatal(err)
			}
			var total *Partial
			for i := range len(rows) - 1 {
				c, err := sc.compare(i, rows[i], rows[i+1])
				if err != nil {
					t.Fatal(err)
				}
				p, err := sc.locate(c)
				if err != nil {
					t.Fatal(err)
				}
				if p = send(p); total == nil {
					total = p
				} else {
					sv.join(total, p)
				}
			}
			slices.SortFunc(total.Patches.Closed, func(a, b patch.Patch) int {
				ra, ca := a.First()
				rb, cb := b.First()
				return slices.Compare([]int32{ra, ca}, []int32{rb, cb})
			})
			return total
		}
		rows := []int{0}
		for r := range s.in.Grid.Rows - 1 {
			if rng.IntN(3) == 0 {
				rows = append(rows, r+1)
			}
		}
		rows = append(rows, s.in.Grid.Rows)
		whole := scan([]int{0, s.in.Grid.Rows}, func(p *Partial) *Partial { return p })
		sent := scan(rows, func(p *Partial) *Partial {
			var b bytes.Buffer
			var out Partial
			if err := gob.NewEncoder(&b).Encode(p); err != nil {
				t.Fatal(err)
			}
			if err := gob.NewDecoder(&b).Decode(&out); err != nil {
				t.Fatal(err)
			}
			return &out
		})
		if a, b := fmt.Sprintf("%+v", *whole), fmt.Sprintf("%+v", *sent); a != b {
			t.Fatalf("joined bands %v differ:\n%s\n%s", rows, a, b)
		}
	}
}

func TestFillsHoles(t *testing.T) {
	outer := orb.MultiPolygon{{{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0}}, {{2, 2}, {2, 5}, {5, 5}, {5, 2}, {2, 2}}}}
	for name, c := range map[string]struct {
		inner orb.MultiPolygon
		fills bool
	}{
		"same start":    {orb.MultiPolygon{{{{2, 2}, {5, 2}, {5, 5}, {2, 5}, {2, 2}}}}, true},
		"another start": {orb.MultiPolygon{{{{5, 5}, {2, 5}, {2, 2}, {5, 2}, {5, 5}}}}, true},
		"smaller":       {orb.MultiPolygon{{{{2, 2}, {4, 2}, {4, 5}, {2, 5}, {2, 2}}}}, false},
		"a part more":   {orb.MultiPolygon{{{{2, 2}, {5, 2}, {5, 5}, {2, 5}, {2, 2}}}, {{{7, 7}, {8, 7}, {8, 8}, {7, 7}}}}, false},
		"the shell":     {orb.MultiPolygon{{{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0}}}}, false},
	} {
		if got := fillsHoles(c.inner, outer); got != c.fills {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A zone with an island in its hole overlaps what fills the hole.
func TestIslandInAFilledHole(t *testing.T) {
	outer := orb.MultiPolygon{
		{{{0, 0}, {12, 0}, {12, 12}, {0, 12}, {0, 0}}, {{2, 2}, {2, 10}, {10, 10}, {10, 2}, {2, 2}}},
		{{{4, 4}, {6, 4}, {6, 6}, {4, 6}, {4, 4}}},
	}
	inner := orb.MultiPolygon{{{{2, 2}, {10, 2}, {10, 10}, {2, 10}, {2, 2}}}}
	in := flatInputs(t, 12, 12, []Zone{
		{Layer: LayerRedLine, ID: "outer", Type: RedLine, Shape: outer, TotalM2: 84 * 900},
		{Layer: LayerReserve, ID: "inner", Type: Core, Shape: inner, TotalM2: 64 * 900},
	}, func(int, int) bool { return true })
	_, sum, err := run(t, in, Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1})
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
		in := flatInputs(t, 20, 20, []Zone{{Layer: LayerRedLine, ID: "a", Type: RedLine, Shape: shape, TotalM2: (200 + 20*off) * 900}},
			func(row, col int) bool { return col == 9 && row%2 == 0 })
		found, _, err := run(t, in, Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1})
		if err != nil || len(found.found) > 0 {
			t.Errorf("%g cells: %d found, %v", off, len(found.found), err)
		}
	}
}

// flatInputs is a scene of forest in which some cells become built.
func flatInputs(t *testing.T, cols, rows int, zones []Zone, changed func(row, col int) bool) *Inputs {
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
	return &Inputs{Grid: g, Earth: earth, Zones: zones,
		Before: Epoch{"before", &raster.Memory{On: g, Classes: 5, Symbols: before}, legend, 2015, whole},
		After:  Epoch{"after", &raster.Memory{On: g, Classes: 5, Symbols: after}, legend, 2020, whole}}
}

// The tallest gap between vertices may lie in a spike; the point must not.
func TestInnerPointAvoidsSpikes(t *testing.T) {
	spiked := orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0.5, 1}, {0.5 - 1e-9, 9}, {0.5 - 2e-9, 1}, {0, 1}, {0, 0}}}}
	if p := new(finder).innerPoint(spiked); p[1] > 1 {
		t.Errorf("%v lies in the spike", p)
	}
}

// Lattice lines of a projected grid bend in degrees: a long thin outline must follow.
func TestLongEdgesOnAProjectedGrid(t *testing.T) {
	const cols, rows = 2000, 3
	g := raster.Grid{OriginX: 150000, OriginY: 3.4e6, CellX: 30, CellY: 30, Cols: cols, Rows: rows, CRS: raster.CRS{SemiMajorM: radius}}
	transverseMercator := func(x, y []float64) error {
		for i := range x {
			u, v := x[i]/radius, y[i]/radius
			x[i], y[i] = 117+math.Atan2(math.Sinh(u), math.Cos(v))*180/math.Pi, math.Asin(math.Sin(v)/math.Cosh(u))*180/math.Pi
		}
		return nil
	}
	earth, err := raster.NewEarth(g, transverseMercator, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := orb.MultiPolygon{{{{0, 0}, {cols, 0}, {cols, rows}, {0, rows}, {0, 0}}}}
	cut := orb.MultiPolygon{{{{0.5, 0}, {cols, 0}, {cols, rows}, {0.5, rows}, {0.5, 0}}}}
	for name, shape := range map[string]orb.MultiPolygon{"whole": whole, "cut": cut} {
		in := flatInputs(t, cols, rows, []Zone{{Layer: LayerRedLine, ID: "a", Type: RedLine, Shape: shape}},
			func(row, col int) bool { return row == 0 || row == 1 && col%3 == 0 })
		in.Grid, in.Earth = g, earth
		in.Zones[0].TotalM2 = earth.PolygonM2(shape)
		found, _, err := run(t, in, Options{Rules: testRules(t), Conn: patch.Eight, MinSeverity: 1}, Tuning{Workers: 1})
		if err != nil || len(found.found) != 1 {
			t.Fatalf("%s: %d found, %v", name, len(found.found), err)
		}
		for _, c := range found.found {
			if ok, reason := (pureOverlayer{}).Valid(c.Geometry); !ok {
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
