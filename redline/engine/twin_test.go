package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

// collector is a Sink that keeps everything.
type collector struct {
	mu    sync.Mutex
	found map[redline.Key]redline.Candidate
	over  map[redline.Key][]redline.Overlap
	// patches are those that came with a candidate.
	patches map[redline.Key]redline.Patch
	alike   map[string]string // by member and number of redline.Alike: the values
}

func newCollector() *collector {
	return &collector{
		found:   map[redline.Key]redline.Candidate{},
		over:    map[redline.Key][]redline.Overlap{},
		patches: map[redline.Key]redline.Patch{},
		alike:   map[string]string{},
	}
}

// checkAlike refuses a candidate that has other values than one before it with the same number.
func (c *collector) checkAlike(of *redline.Candidate) error {
	for _, m := range []struct {
		name   string
		number uint32
		values []any
	}{
		{"transition", of.Alike.Transition, []any{of.YearA, of.YearB, of.Change, of.ChangeZH, of.FromEco, of.FromCode,
			of.FromName, of.ToEco, of.ToCode, of.ToName}},
		{"rule", of.Alike.Rule, []any{of.Severity, of.RuleID, of.Activity, of.Basis}},
		{"zone", of.Alike.Zone, []any{of.Layer, of.ZoneID, of.ZoneName, of.ZoneType, of.FuncZone, of.ZoneLvl}},
		{"county", of.Alike.County, []any{of.AdmCode, of.AdmName}},
		{"flags", of.Alike.Flags, []any{of.Flags}},
	} {
		if m.number == 0 {
			if m.name == "county" && of.AdmCode == "" {
				continue // the run has none
			}
			return fmt.Errorf("candidate %s: its %s has no number", of.ID, m.name)
		}
		key, values := fmt.Sprint(m.name, m.number), fmt.Sprintf("%q", m.values)
		if known, ok := c.alike[key]; ok && known != values {
			return fmt.Errorf("%s %d of candidate %s is %s, and was %s", m.name, m.number, of.ID, values, known)
		}
		c.alike[key] = values
	}
	return nil
}

func (c *collector) Put(key redline.Key, cand *redline.Candidate, overlaps []redline.Overlap) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, twice := c.found[key]; twice {
		return fmt.Errorf("key %v twice", key)
	}
	if err := c.checkAlike(cand); err != nil {
		return err
	}
	kept := *cand
	kept.Alike = redline.Alike{}
	kept.ZonesAll, kept.Flags, kept.Geometry = slices.Clone(cand.ZonesAll), slices.Clone(cand.Flags), cand.Geometry.Clone()
	if p := cand.Patch; p != nil {
		c.patches[key] = redline.Patch{ID: p.ID, Group: p.Group, Cells: slices.Clone(p.Cells)}
		kept.Patch = nil
	}
	c.found[key] = kept
	c.over[key] = slices.Clone(overlaps)
	return nil
}

// text is everything that was found, in order.
func (c *collector) text() string {
	keys := make([]redline.Key, 0, len(c.found))
	for k := range c.found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b redline.Key) int {
		return slices.Compare([]int32{a.Row, a.Col, a.Zone}, []int32{b.Row, b.Col, b.Zone})
	})
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%v %+v %v %v\n", k, c.found[k], c.over[k], c.patches[k])
	}
	return b.String()
}

// TestCheckAlike: a candidate is refused that has a number of another one, or none, and is not as that one.
func TestCheckAlike(t *testing.T) {
	first := redlinetest.Candidate("c1")
	first.Alike = redline.Alike{Transition: 1, Rule: 1, Zone: 1, County: 1, Flags: 1}
	for name, change := range map[string]func(c *redline.Candidate){
		"transition": func(c *redline.Candidate) { c.ToName += "x" },
		"rule":       func(c *redline.Candidate) { c.Severity++ },
		"zone":       func(c *redline.Candidate) { c.ZoneLvl += "x" },
		"county":     func(c *redline.Candidate) { c.AdmName += "x" },
		"flags":      func(c *redline.Candidate) { c.Flags = append([]string{"x"}, c.Flags...) },
		"no number":  func(c *redline.Candidate) { c.Alike.Zone = 0 },
	} {
		c, second := newCollector(), first
		redlinetest.Must(t, c.checkAlike(&first))
		redlinetest.Must(t, c.checkAlike(&first))
		if change(&second); c.checkAlike(&second) == nil {
			t.Errorf("%s: another value passes", name)
		}
	}
}

const testLegend = "code,name_en,name_zh,color,ecosystem\n" +
	"1,Crop,农田,#FAE39C,cropland\n2,Forest,森林,#446F33,forest\n3,Built,不透水面,#E24290,built\n4,Water,水体,#1E69B4,wetland\n5,Bare,裸地,#CFBDA3,bare\n"

func testRules(t testing.TB) *redline.RuleTable {
	t.Helper()
	var b strings.Builder
	b.WriteString("change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n")
	for _, z := range redline.ZoneTypes() {
		severity := 4 - int(z)/3
		fmt.Fprintf(&b, "construction,新增建设,forest|wetland,built,%s,%d,a,b,,\n", z, severity)
		fmt.Fprintf(&b, "stripping,裸露,forest|wetland,bare,%s,%d,a,b,,\n", z, severity)
		fmt.Fprintf(&b, "restoration,恢复,built|bare,forest|wetland,%s,0,a,b,,\n", z)
	}
	rules, err := redline.ParseRules("test", []byte(b.String()), time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
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
	in      *redline.Inputs
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
	s.in = &redline.Inputs{
		Grid: g, Earth: earth,
		Before: redline.Epoch{Name: "before", Source: &raster.Memory{On: g, Classes: 5, Symbols: before, Block: rng.IntN(4)}, Legend: legend, Year: 2015, Window: whole},
		After:  redline.Epoch{Name: "after", Source: &raster.Memory{On: g, Classes: 5, Symbols: after}, Legend: legend, Year: 2020, Window: whole},
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
	types := []redline.ZoneType{redline.Core, redline.Experimental, redline.RedLine, redline.RedLine}
	z := redline.Zone{Layer: redline.LayerReserve, ID: fmt.Sprint("z", len(s.in.Zones)), Type: types[rng.IntN(len(types))], Shape: shape, TotalM2: float64(len(runs)) * 900 / sub / sub}
	s.in.Zones = append(s.in.Zones, z)
	s.inZone = append(s.inZone, mask)
}

// twinPart is what the twin finds of a candidate.
type twinPart struct {
	m2   float64
	edge int64 // see Candidate.EdgeCells
	// cells are those of the whole patch, of the change type with that number.
	cells [][2]int
	kind  int
}

// twin finds everything cell by cell: flood fill, and each subcell given to its zone.
func (s *twinScene) twin(o redline.Options) map[redline.Key]twinPart {
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
	slices.SortFunc(order, func(a, b int) int {
		x, y := &s.in.Zones[a], &s.in.Zones[b]
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.ID, y.ID))
	})
	hadBefore := func(r, c int, symbol uint8) bool {
		return r >= 0 && c >= 0 && r < g.Rows && c < g.Cols && s.symbols[0][r*g.Cols+c] == symbol
	}
	found := map[redline.Key]twinPart{}
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
			var cells [][2]int
			for len(stack) > 0 {
				at := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				cells = append(cells, at)
				for i := range sub * sub {
					u, v := at[1]*sub+i%sub, at[0]*sub+i/sub
					for rank, z := range order {
						if s.inZone[z][v*g.Cols*sub+u] {
							key := redline.Key{Row: int32(r), Col: int32(c), Zone: int32(rank)}
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
					part.edge, part.cells, part.kind = edge, cells, k
					found[key] = part
				}
			}
		}
	}
	return found
}

// differs says how found areas differ from the twin's, "" when they do not.
func differs(found *collector, want map[redline.Key]twinPart) string {
	for k, part := range want {
		c, ok := found.found[k]
		if !ok {
			return fmt.Sprintf("%v of %g m² is missing", k, part.m2)
		}
		if math.Abs(c.AreaM2-part.m2) > 1e-6 {
			return fmt.Sprintf("%v measures %.9g m², want %.9g", k, c.AreaM2, part.m2)
		}
		if c.EdgeCells != part.edge || slices.Contains(c.Flags, redline.FlagEdge) != (part.edge*5 >= c.Cells*4) {
			return fmt.Sprintf("%v has %d of %d cells at an edge and the flags %v, want %d", k, c.EdgeCells, c.Cells, c.Flags, part.edge)
		}
	}
	if len(found.found) != len(want) {
		return fmt.Sprintf("%d found, want %d", len(found.found), len(want))
	}
	return ""
}

// differInPatches says how the patches that came with the candidates differ from the twin's: the first kept candidate
// of each patch has all its cells, and no other one has any.
func differInPatches(found *collector, want map[redline.Key]twinPart, changes []redline.ChangeType) string {
	groups := []string{"natural>built", "natural>bare", "bare+built>natural+water"}
	for k, c := range found.found {
		first := c.Reason == ""
		for other, d := range found.found {
			first = first && !(other.Row == k.Row && other.Col == k.Col && other.Zone < k.Zone && d.Reason == "")
		}
		p, has := found.patches[k]
		if has != first {
			return fmt.Sprintf("%v has a patch: %t, want %t", k, has, first)
		}
		if !has {
			continue
		}
		var cells [][2]int
		for i, r := range p.Cells {
			if i > 0 && r.Row == p.Cells[i-1].Row && r.Col0 <= p.Cells[i-1].Col1 {
				return fmt.Sprintf("%v: two runs meet: %v", k, p.Cells)
			}
			for col := r.Col0; col < r.Col1; col++ {
				cells = append(cells, [2]int{int(r.Row), int(col)})
			}
		}
		all := slices.SortedFunc(slices.Values(want[k].cells), func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(cells, all) {
			return fmt.Sprintf("%v has the cells %v, want %v", k, cells, all)
		}
		if p.ID != c.PatchID || p.Group != groups[want[k].kind] || changes[want[k].kind].Name != c.Change {
			return fmt.Sprintf("%v: patch %s of %s in group %s", k, p.ID, c.PatchID, p.Group)
		}
	}
	return ""
}

func run(t testing.TB, in *redline.Inputs, o redline.Options, tune Tuning) (*collector, *redline.Summary, error) {
	t.Helper()
	found := newCollector()
	sum, err := Run(context.Background(), in, o, tune, Ports{NewOverlayer: newOverlayer, Sink: found}, &redline.Progress{})
	return found, sum, err
}

func TestRunAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	rules := testRules(t)
	parts, patches := 0, 0
	for i := range 500 {
		s := newTwinScene(t, rng)
		o := redline.Options{Rules: rules, Conn: patch.Eight, MinArea: redline.Size{Cells: 4}, MinPart: redline.Size{Cells: 1}, MinSeverity: 1}
		if i%2 == 0 { // most are kept
			o.MinArea.Cells, o.MinPart.Cells = 1, 0.1
		}
		if rng.IntN(2) == 0 {
			o.Conn = patch.Four
		}
		found, sum, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatalf("scene %d: %v", i, err)
		}
		twin := s.twin(o)
		if d := cmp.Or(differs(found, twin), differInPatches(found, twin, rules.Changes)); d != "" {
			t.Fatalf("scene %d: %s", i, d)
		}
		cells := int64(0)
		for _, p := range found.patches {
			cells += trace.Count(p.Cells)
		}
		if sum.KeptPatches != int64(len(found.patches)) || sum.KeptPatchCells != cells {
			t.Fatalf("scene %d: %d patches of %d cells are counted, not %d of %d", i, sum.KeptPatches, sum.KeptPatchCells,
				len(found.patches), cells)
		}
		patches += len(found.patches)
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
	t.Logf("%d parts and %d patches compared", parts, patches)
	if parts < 1200 || patches < 100 {
		t.Error("too few parts to mean anything")
	}
}

func TestDiffersSeesWrongAnswers(t *testing.T) {
	want := map[redline.Key]twinPart{{Row: 1, Col: 2}: {m2: 900, edge: 4}}
	edge := []string{redline.FlagEdge}
	right := &collector{found: map[redline.Key]redline.Candidate{{Row: 1, Col: 2}: {AreaM2: 900, Cells: 5, EdgeCells: 4, Flags: edge}}}
	if d := differs(right, want); d != "" {
		t.Error("right answer refused:", d)
	}
	for name, found := range map[string]map[redline.Key]redline.Candidate{
		"missing": {},
		"area":    {{Row: 1, Col: 2}: {AreaM2: 901, Cells: 5, EdgeCells: 4, Flags: edge}},
		"edge":    {{Row: 1, Col: 2}: {AreaM2: 900, Cells: 5, EdgeCells: 5, Flags: edge}},
		"flag":    {{Row: 1, Col: 2}: {AreaM2: 900, Cells: 5, EdgeCells: 4}},
		"zone":    {{Row: 1, Col: 2, Zone: 1}: {AreaM2: 900, Cells: 5, EdgeCells: 4, Flags: edge}},
		"more":    {{Row: 1, Col: 2}: {AreaM2: 900, Cells: 5, EdgeCells: 4, Flags: edge}, {Row: 3, Col: 3}: {AreaM2: 900}},
	} {
		if differs(&collector{found: found}, want) == "" {
			t.Error(name, "not seen")
		}
	}
}

func TestDifferInPatchesSeesWrongAnswers(t *testing.T) {
	k, other := redline.Key{Row: 1, Col: 2}, redline.Key{Row: 1, Col: 2, Zone: 1}
	want := map[redline.Key]twinPart{k: {cells: [][2]int{{2, 2}, {1, 2}, {1, 3}}}}
	changes := []redline.ChangeType{{Name: "construction"}}
	right := func() *collector {
		c := newCollector()
		c.found[k] = redline.Candidate{PatchID: "p", Change: "construction"}
		c.found[other] = c.found[k]
		c.patches[k] = redline.Patch{ID: "p", Group: "natural>built", Cells: []trace.Run{{Row: 1, Col0: 2, Col1: 4}, {Row: 2, Col0: 2, Col1: 3}}}
		return c
	}
	if d := differInPatches(right(), want, changes); d != "" {
		t.Error("right answer refused:", d)
	}
	for name, spoil := range map[string]func(c *collector, p *redline.Patch){
		"missing": func(c *collector, p *redline.Patch) { delete(c.patches, k) },
		"twice":   func(c *collector, p *redline.Patch) { c.patches[other] = *p },
		"a cell":  func(c *collector, p *redline.Patch) { p.Cells = p.Cells[:1]; c.patches[k] = *p },
		"unjoined": func(c *collector, p *redline.Patch) {
			p.Cells = []trace.Run{{Row: 1, Col0: 2, Col1: 3}, {Row: 1, Col0: 3, Col1: 4}, p.Cells[1]}
			c.patches[k] = *p
		},
		"its group": func(c *collector, p *redline.Patch) { p.Group = "natural>bare"; c.patches[k] = *p },
		"its id":    func(c *collector, p *redline.Patch) { p.ID = "q"; c.patches[k] = *p },
	} {
		c := right()
		p := c.patches[k]
		if spoil(c, &p); differInPatches(c, want, changes) == "" {
			t.Error(name, "not seen")
		}
	}
}

func newOverlayer() Overlayer { return redlinetest.Overlayer{} }
