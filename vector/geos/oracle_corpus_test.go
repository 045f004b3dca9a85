package geos

import (
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geos"

	"greenshield/vector"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// corpus returns a folder of other projects' test geometries.
func corpus(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the corpus is missing: %v; set GREENSHIELD_DATA", err)
		}
		t.Skipf("the corpus is not here: %v; set GREENSHIELD_DATA to its folder", err)
	}
	return dir
}

// corpusTally counts what became of the cases of a corpus.
type corpusTally struct {
	comparisons, failed int
	skipped             map[string]int
}

func (c *corpusTally) skip(reason string) {
	if c.skipped == nil {
		c.skipped = map[string]int{}
	}
	c.skipped[reason]++
}

// check counts a comparison, and reports it when it does not hold.
func (c *corpusTally) check(t *testing.T, problem string, format string, args ...any) {
	t.Helper()
	c.comparisons++
	if problem != "" {
		c.failed++
		t.Errorf("%s: %s", fmt.Sprintf(format, args...), problem)
	}
}

func (c *corpusTally) print(t *testing.T) {
	t.Helper()
	skipped := 0
	for _, reason := range slices.Sorted(maps.Keys(c.skipped)) {
		t.Logf("skipped, %s: %d", reason, c.skipped[reason])
		skipped += c.skipped[reason]
	}
	t.Logf("tally: comparisons %d", c.comparisons)
	t.Logf("tally: skipped %d", skipped)
	t.Logf("tally: failed %d", c.failed)
	if c.comparisons == 0 {
		t.Error("nothing was compared")
	}
}

// xmlRun is a file of the test runner of GEOS and JTS.
type xmlRun struct {
	Precision struct {
		Scale string `xml:"scale,attr"`
	} `xml:"precisionModel"`
	Cases []xmlCase `xml:"case"`
}

type xmlCase struct {
	Desc  string `xml:"desc"`
	A     string `xml:"a"`
	B     string `xml:"b"`
	Tests []struct {
		Ops []xmlOp `xml:"op"`
	} `xml:"test"`
}

type xmlOp struct {
	Name string `xml:"name,attr"`
	Arg1 string `xml:"arg1,attr"`
	Arg2 string `xml:"arg2,attr"`
	Want string `xml:",chardata"`
}

func readXML(t *testing.T, path string) (run xmlRun) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &run); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return run
}

// parse reads WKT, or WKB in hexadecimal digits, by our decoder of WKB. pure is false when
// it holds anything but polygons.
func parse(text string) (mp orb.MultiPolygon, pure bool, err error) {
	text = strings.TrimSpace(text)
	var code []byte
	if compact := strings.Join(strings.Fields(text), ""); compact != "" && strings.Trim(compact, "0123456789abcdefABCDEF") == "" {
		if code, err = hex.DecodeString(compact); err != nil {
			return nil, false, err
		}
	} else {
		g, err := geos.NewContext().NewGeomFromWKT(text)
		if err != nil {
			return nil, false, err
		}
		code = g.ToWKB()
	}
	mp, info, err := vector.DecodeWKB(code)
	return mp, info.NonPolygon == 0 && len(mp) > 0, err
}

// unlike says how two areas differ, "" when they are the same set of points up to slivers
// of rounding.
func unlike(c *Context, got, want orb.MultiPolygon) string {
	more, err := c.Difference(got, want)
	if err != nil {
		return err.Error()
	}
	less, err := c.Difference(want, got)
	if err != nil {
		return err.Error()
	}
	limit := 1e-9*math.Max(vector.Area(want), vector.Area(got)) + rounding(want)
	if a, b := vector.Area(more), vector.Area(less); a > limit || b > limit {
		return fmt.Sprintf("area %g, want %g; %g too much, %g missing", vector.Area(got), vector.Area(want), a, b)
	}
	if d := vector.Area(got) - vector.Area(want); math.Abs(d) > limit {
		return fmt.Sprintf("area %g, want %g", vector.Area(got), vector.Area(want))
	}
	return ""
}

// rounding is what moving the vertices of mp by a few units of their last place may do to
// its area.
func rounding(mp orb.MultiPolygon) (m float64) {
	for _, p := range mp {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				largest := max(math.Abs(r[i][0]), math.Abs(r[i][1]))
				m += 8 * (math.Nextafter(largest, math.Inf(1)) - largest) * math.Hypot(r[i][0]-r[i-1][0], r[i][1]-r[i-1][1])
			}
		}
	}
	return m
}

func TestUnlikeSeesWrongAreas(t *testing.T) {
	c := New()
	right := orb.MultiPolygon{{rect(0, 0, 10, 10), rect(2, 2, 3, 3)}}
	for name, wrong := range map[string]orb.MultiPolygon{
		"empty":     nil,
		"moved":     {{rect(1, 0, 11, 10), rect(2, 2, 3, 3)}},
		"no hole":   {{rect(0, 0, 10, 10)}},
		"a sliver":  {{rect(0, 0, 10, 10.000001), rect(2, 2, 3, 3)}},
		"elsewhere": {{rect(0, 0, 10, 10), rect(3, 3, 4, 4)}},
	} {
		if unlike(c, wrong, right) == "" || unlike(c, right, wrong) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	if d := unlike(c, right, right); d != "" {
		t.Errorf("right refused: %s", d)
	}
}

func TestCorpusXML(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus(t, "geos_xml_overlay"), "*.xml"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, filepath.Join(corpus(t, "jts_wkt"), "TestInvalidA.xml"))
	var tally corpusTally
	c := New()
	for _, path := range files {
		run := readXML(t, path)
		if len(run.Cases) == 0 {
			t.Errorf("%s: no cases", path)
		}
		for i, k := range run.Cases {
			for _, test := range k.Tests {
				for _, op := range test.Ops {
					name := fmt.Sprintf("%s, case %d (%s), %s", filepath.Base(path), i+1, strings.Join(strings.Fields(k.Desc), " "), op.Name)
					xmlCompare(t, &tally, c, name, run, k, op)
				}
			}
		}
	}
	tally.print(t)
	if tally.comparisons < 500 {
		t.Error("too little was compared")
	}
}

func xmlCompare(t *testing.T, tally *corpusTally, c *Context, name string, run xmlRun, k xmlCase, op xmlOp) {
	t.Helper()
	kind := strings.TrimSuffix(strings.ToLower(op.Name), "ng")
	a, pure, err := parse(k.A)
	if err != nil {
		tally.skip("no geometry of simple features: " + firstWords(err))
		return
	}
	if !pure {
		tally.skip("A holds no polygon, or not polygons alone")
		return
	}
	switch kind {
	case "isvalid":
		want := strings.EqualFold(strings.TrimSpace(op.Want), "true")
		ok, reason := c.Valid(a)
		problem := ""
		if ok != want {
			problem = fmt.Sprintf("valid is %v (%s), want %v", ok, reason, want)
		}
		tally.check(t, problem, "%s", name)
		tally.check(t, repairProblem(c, a, want), "%s: repair", name)
		return
	case "makevalid":
		tally.check(t, repairProblem(c, a, false), "%s: repair", name)
		want, _, err := parse(op.Want)
		fixed, err2 := c.MakeValid(a)
		switch {
		case err != nil || err2 != nil:
			tally.check(t, fmt.Sprint(err, err2), "%s", name)
		case math.Abs(vector.Area(fixed)-vector.Area(want)) > 1e-9*vector.Area(want):
			tally.skip(fmt.Sprintf("the answer is that of GEOS's other method, linework: %s has %g, want %g", name, vector.Area(fixed), vector.Area(want)))
		default:
			tally.check(t, unlike(c, fixed, want), "%s", name)
		}
		return
	}
	b, pure, err := parse(k.B)
	if err != nil || !pure {
		tally.skip("B holds no polygon, or not polygons alone")
		return
	}
	if okA, _ := c.Valid(a); !okA {
		tally.skip("A is invalid, our overlay asks for valid ones")
		return
	}
	if okB, _ := c.Valid(b); !okB {
		tally.skip("B is invalid, our overlay asks for valid ones")
		return
	}
	tally.check(t, additiveProblem(c, a, b), "%s: A∩B + A\\B = A", name)
	tally.check(t, additiveProblem(c, b, a), "%s: A∩B + B\\A = B", name)
	if _, n := checkArrangement(t, c, []orb.MultiPolygon{vector.Orient(a), vector.Orient(b)}); n > 0 {
		tally.comparisons++
	}
	if strings.EqualFold(strings.TrimSpace(op.Arg1), "B") {
		a, b = b, a
	}
	var got orb.MultiPolygon
	switch kind {
	case "intersection":
		got, err = c.Intersection(a, b)
	case "union":
		got, err = c.Union(a, b)
	case "difference":
		got, err = c.Difference(a, b)
	case "symdifference":
		var left, right orb.MultiPolygon
		if left, err = c.Difference(a, b); err == nil {
			if right, err = c.Difference(b, a); err == nil {
				got, err = c.Union(left, right)
			}
		}
	case "areatest", "overlayareatest":
		return // is what was checked above
	default:
		tally.skip("operation " + op.Name)
		return
	}
	if err != nil {
		tally.check(t, err.Error(), "%s", name)
		return
	}
	if s := run.Precision.Scale; s != "" {
		tally.skip("the answer is rounded to a scale of " + s + ", only additivity was compared")
		return
	}
	want, _, err := parse(op.Want)
	if err != nil {
		tally.check(t, err.Error(), "%s: expected answer", name)
		return
	}
	tally.check(t, unlike(c, got, want), "%s", name)
}

func firstWords(err error) string {
	words := strings.Fields(err.Error())
	return strings.Join(words[:min(4, len(words))], " ")
}

// repairProblem says what is wrong with the repair of a polygon, "" when nothing is: a
// valid one must come back as it was, any other valid and measured.
func repairProblem(c *Context, a orb.MultiPolygon, valid bool) string {
	fixed, r, err := c.Repair(a)
	if err != nil {
		return err.Error()
	}
	if valid {
		if r != nil || !fixed.Equal(a) {
			return fmt.Sprintf("a valid polygon was changed: %+v", r)
		}
		return ""
	}
	if ok, reason := c.Valid(fixed); !ok {
		return "still invalid: " + reason
	}
	if !oriented(fixed) && r != nil {
		return "wrong orientation"
	}
	if r != nil {
		if math.Abs(vector.Area(fixed)-r.After) > 1e-9*r.After || math.Abs(vector.Area(a)-r.Before) > 1e-9*math.Abs(r.Before) || math.IsNaN(r.Change()) {
			return fmt.Sprintf("areas %g and %g are reported as %+v", vector.Area(a), vector.Area(fixed), r)
		}
		var all orb.MultiPoint // holes too: one outside its shell becomes a part
		for _, p := range a {
			for _, ring := range p {
				all = append(all, ring...)
			}
		}
		if b := all.Bound(); len(fixed) > 0 && !(b.Contains(fixed.Bound().Min) && b.Contains(fixed.Bound().Max)) {
			return "the repaired polygon reaches out of the original's bounds"
		}
	}
	again, second, err := c.Repair(fixed)
	if err != nil || second != nil || !again.Equal(fixed) {
		return fmt.Sprintf("repairing again changes it: %+v, %v", second, err)
	}
	return ""
}

func additiveProblem(c *Context, a, b orb.MultiPolygon) string {
	common, err := c.Intersection(a, b)
	if err != nil {
		return err.Error()
	}
	rest, err := c.Difference(a, b)
	if err != nil {
		return err.Error()
	}
	if sum, whole := vector.Area(common)+vector.Area(rest), vector.Area(a); math.Abs(sum-whole) > 1e-9*whole+rounding(a)+rounding(b) {
		return fmt.Sprintf("%g + %g is not %g", vector.Area(common), vector.Area(rest), whole)
	}
	return ""
}

// shape is a named polygon of a corpus.
type shape struct {
	name string
	mp   orb.MultiPolygon
}

// corpusShapes collects the polygons of all corpora, each once.
func corpusShapes(t *testing.T, tally *corpusTally) (all []shape) {
	seen := map[string]bool{}
	add := func(name, text string) {
		text = strings.TrimSpace(text)
		if text == "" || seen[text] {
			return
		}
		seen[text] = true
		mp, _, err := parse(text)
		switch {
		case err != nil:
			tally.skip("no geometry of simple features: " + firstWords(err))
		case len(mp) == 0:
			tally.skip("no polygon in it")
		default:
			all = append(all, shape{name, mp})
		}
	}
	for _, folder := range []string{"geos_xml_overlay", "jts_wkt", "exactextract_wkt"} {
		files, err := filepath.Glob(filepath.Join(corpus(t, folder), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			base := filepath.Base(path)
			if filepath.Ext(path) == ".xml" {
				for i, k := range readXML(t, path).Cases {
					add(fmt.Sprintf("%s, case %d A", base, i+1), k.A)
					add(fmt.Sprintf("%s, case %d B", base, i+1), k.B)
				}
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			switch filepath.Ext(path) {
			case ".csv":
				for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
					wkt, _, _ := strings.Cut(line, "|")
					add(fmt.Sprintf("%s, line %d", base, i+2), wkt)
				}
			case ".wkt":
				for i, wkt := range geometries(string(text)) {
					add(fmt.Sprintf("%s, geometry %d", base, i+1), wkt)
				}
			}
		}
	}
	return all
}

// geometries splits a text into its geometries: each ends where its brackets close.
func geometries(text string) (all []string) {
	depth, start := 0, 0
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				all = append(all, strings.Trim(text[start:i+1], "\" \r\n"))
				start = i + 1
			}
		}
	}
	return all
}

// Every polygon of the corpora, repaired if need be and brought to a lattice in several
// ways, is cut by cells: all of them, a random half, the other half, against GEOS.
func TestCorpusOnTheLattice(t *testing.T) {
	var tally corpusTally
	c := New()
	shapes := corpusShapes(t, &tally)
	if len(shapes) < 300 {
		t.Errorf("only %d polygons in the corpora", len(shapes))
	}
	torture := os.Getenv("GREENSHIELD_TORTURE") != ""
	cuts, invalid, sizes := 0, map[string]int{}, []int{5}
	if torture {
		sizes = []int{1, 3, 12, 24}
	}
	const seed = 7
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 8))
	for i, s := range shapes {
		fixed, _, err := c.Repair(s.mp)
		if err != nil {
			tally.check(t, err.Error(), "%s: repair", s.name)
			continue
		}
		if vector.Area(fixed) == 0 {
			tally.skip("no area is left")
			continue
		}
		all := lattices(fixed, sizes)
		if !torture { // one lattice each, in turn
			all = all[i%len(all):][:1]
		}
		for _, lattice := range all {
			// Rounding may have made rings touch; the engine repairs zones on the lattice too.
			placed, _, err := c.Repair(lattice.mp)
			if err != nil {
				tally.check(t, err.Error(), "%s on %s: repair", s.name, lattice.name)
				continue
			}
			if vector.Area(placed) < 1e-9 {
				tally.skip("smaller than a billionth of a cell")
				continue
			}
			placed = vector.Orient(placed)
			cover, err := coverOf(lattice.n, placed)
			if err != nil {
				tally.check(t, err.Error(), "%s on %s: cover", s.name, lattice.name)
				continue
			}
			problem, bad := latticeProblem(c, cover, placed, lattice.n, rng, &tally)
			for _, reason := range bad {
				invalid[reason]++
			}
			cuts += 3
			tally.check(t, problem, "%s on %s", s.name, lattice.name)
		}
	}
	if cuts < 2500 {
		t.Error("too little was cut")
	}
	t.Logf("%d polygons, %d cuts; invalid where rings of the polygon touch, all mended by GEOS: %v", len(shapes), cuts, invalid)
	tally.print(t)
}

type onLattice struct {
	name string
	n    int // cells a side
	mp   orb.MultiPolygon
}

// lattices brings a polygon to lattices of some sizes: wholly inside and off the lattice
// lines; with its extent on lattice lines; many vertices on lattice lines, when the
// coordinates are multiples of a unit; and reaching out on all sides.
func lattices(mp orb.MultiPolygon, sizes []int) (all []onLattice) {
	b := mp.Bound()
	extent := math.Max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1])
	place := func(name string, n int, scale, du, dv float64) {
		out := mp.Clone()
		for _, p := range out {
			for _, r := range p {
				for i := range r {
					r[i] = orb.Point{(r[i][0]-b.Min[0])*scale + du, (r[i][1]-b.Min[1])*scale + dv}
				}
			}
		}
		all = append(all, onLattice{fmt.Sprintf("%d cells, %s", n, name), n, out})
	}
	for _, n := range sizes {
		f := float64(n)
		place("inside", n, 0.93*f/extent, 0.031*f, 0.037*f)
		place("to the edges", n, f/extent, 0, 0)
		place("reaching out", n, 2.17*f/extent, -0.61*f, -0.53*f)
	}
	for _, unit := range []float64{1, 10, 20} { // these cases like multiples of ten
		if n := extent / unit; n <= float64(sizes[len(sizes)-1]) && n == math.Trunc(n) {
			place("on the lattice lines", int(n), 1/unit, 0, 0)
		}
	}
	return all
}

// latticeProblem says how the cut of a polygon by cells is wrong, "" when it is not.
func latticeProblem(c *Context, cover *overlay.Cover, mp orb.MultiPolygon, n int, rng *rand.Rand, tally *corpusTally) (problem string, invalid []string) {
	var err error
	frame := orb.MultiPolygon{{rect(0, 0, float64(n), float64(n))}}
	whole := mp
	if b := mp.Bound(); b.Min[0] < 0 || b.Min[1] < 0 || b.Max[0] > float64(n) || b.Max[1] > float64(n) {
		if whole, err = c.Intersection(mp, frame); err != nil {
			return err.Error(), nil
		}
	}
	var all, half, rest []trace.Run
	for row := range int32(n) {
		all = append(all, trace.Run{Row: row, Col0: 0, Col1: int32(n)})
		for col := range int32(n) {
			run := trace.Run{Row: row, Col0: col, Col1: col + 1}
			if rng.IntN(2) == 0 {
				half = trace.Append(half, run)
			} else {
				rest = trace.Append(rest, run)
			}
		}
	}
	var clipper overlay.Clipper
	sum := 0.0
	limit := 1e-9 * (1 + vector.Area(whole))
	for i, runs := range [][]trace.Run{all, half, rest} {
		got, err := clipper.Clip(overlay.Stack{cover}, runs, 0)
		if err != nil {
			tally.skip("the lattice cut gives up and leaves it to GEOS: " + firstWords(err))
			return "", nil
		}
		want, err := whole, error(nil)
		if i > 0 {
			sum += vector.Area(got)
			if want, err = c.Intersection(whole, trace.Polygons(runs)); err != nil {
				return err.Error(), invalid
			}
		}
		if d := vector.Area(got) - vector.Area(want); math.Abs(d) > limit {
			return fmt.Sprintf("cells %d: the cut has %.12f cells, want %.12f", i, vector.Area(got), vector.Area(want)), invalid
		}
		if covered := covered(cover, runs); math.Abs(covered-vector.Area(want)) > limit {
			return fmt.Sprintf("cells %d: the cover has %.12f cells, want %.12f", i, covered, vector.Area(want)), invalid
		}
		if ok, reason := c.Valid(got); !ok { // where the polygon's own rings touch: GEOS repairs such cuts before they are published
			reason, _, _ = strings.Cut(reason, "[")
			invalid = append(invalid, reason)
			if got, err = c.MakeValid(got); err != nil {
				return err.Error(), invalid
			}
		}
		// The same ground, not only as much of it.
		for _, pair := range [2][2]orb.MultiPolygon{{got, want}, {want, got}} {
			d, err := c.Difference(pair[0], pair[1])
			if err != nil {
				return err.Error(), invalid
			}
			if vector.Area(d) > limit {
				return fmt.Sprintf("cells %d: %g cells lie elsewhere", i, vector.Area(d)), invalid
			}
		}
	}
	if math.Abs(sum-vector.Area(whole)) > limit {
		return fmt.Sprintf("two halves have %.12f cells, the whole %.12f", sum, vector.Area(whole)), invalid
	}
	return "", invalid
}

// covered sums a cover's only region over cells, from spans and pieces.
// coverOf covers a lattice of n × n cells.
func coverOf(n int, region orb.MultiPolygon) (*overlay.Cover, error) {
	o, err := overlay.NewOutlines(n, n, []orb.MultiPolygon{region})
	if err != nil {
		return nil, err
	}
	return new(overlay.Builder).Cover(o, 0, n, nil)
}

func covered(c *overlay.Cover, runs []trace.Run) (sum float64) {
	for _, run := range runs {
		c.Spans(run.Row, run.Col0, run.Col1, func(s overlay.Span) {
			if !s.Mixed() {
				sum += float64(min(s.Col1, run.Col1) - max(s.Col0, run.Col0))
				return
			}
			if err := c.Piece(s, func(a, b orb.Point) {
				u, v := float64(s.Col0), float64(run.Row)
				sum += ((a[0]-u)*(b[1]-v) - (b[0]-u)*(a[1]-v)) / 2
			}); err != nil {
				sum = math.NaN()
			}
		})
	}
	return sum
}

// A cover that is not that of the polygon must be seen.
func TestLatticeProblemSeesWrongCuts(t *testing.T) {
	c := New()
	right := orb.MultiPolygon{{rect(0.3, 0.4, 2.2, 2.7)}}
	hole := rect(1.1, 1.1, 1.2, 1.2)
	hole.Reverse()
	for name, covered := range map[string]orb.MultiPolygon{
		"right":           right,
		"smaller":         {{rect(0.3, 0.4, 2.2, 2.6999)}},
		"moved":           {{rect(0.31, 0.4, 2.21, 2.7)}},
		"with a hole":     {{rect(0.3, 0.4, 2.2, 2.7), slices.Clone(hole)}},
		"with an island":  {{rect(0.3, 0.4, 2.2, 2.7)}, {rect(2.5, 2.5, 2.6, 2.6)}},
		"of nothing":      nil,
		"in another cell": {{rect(0.3, 0.4, 1.2, 2.7)}, {rect(2.05, 0.4, 2.95, 2.7)}},
	} {
		cover, err := coverOf(3, covered)
		if err != nil {
			t.Fatal(err)
		}
		problem, _ := latticeProblem(c, cover, right, 3, rand.New(rand.NewPCG(1, 1)), new(corpusTally))
		if (problem == "") != (name == "right") {
			t.Errorf("%s: %q", name, problem)
		}
	}
}
