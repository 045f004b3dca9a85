package calibrate

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/priority"
)

var inf = math.Inf(1)

// simple is a rule of a few bands.
func simple() *priority.Model {
	return &priority.Model{Name: "simple", SHA256: strings.Repeat("a", 64), Default: priority.Card{Base: -1, Bands: []priority.Band{
		{Feature: priority.AgreePct, From: 50, To: inf, Weight: 1, Why: "其他图也显示同类变化"},
		{Feature: priority.AgreePct, From: 0, To: 10, Weight: -0.5, Why: "其他图不显示变化"},
		{Feature: priority.EdgePct, From: 60, To: inf, Weight: -0.5, Why: "多为边缘像元"},
		{Feature: priority.Width, From: 4, To: inf, Weight: 0.5, Why: "图斑较宽"},
		{Feature: priority.Cells, From: 0, To: inf, Weight: 0, Why: "像元数已知"}}}} // constant
}

// truth are the weights of the landscape, which the rule only guesses.
var truth = []float64{-2, 2.5, -1, -1.5, 1, 0}

// simulated returns n rows of so many counties. In the second group the base is another.
func simulated(seed uint64, n, counties int) []Row {
	r := rand.New(rand.NewPCG(18, seed))
	rule := simple().Default
	away := make([]float64, counties)
	for i := range away {
		away[i] = 0.2 * r.NormFloat64()
	}
	rows := make([]Row, n)
	for i := range rows {
		c := r.IntN(counties)
		rows[i] = Row{Case: fmt.Sprintf("34-%06d", i), Group: "natural>built", County: fmt.Sprint(340000 + c), Severity: 1 + r.IntN(4)}
		for k := range rows[i].Features {
			rows[i].Features[k] = math.NaN()
		}
		f := &rows[i].Features
		f[priority.EdgePct], f[priority.Width], f[priority.Cells] = 100*r.Float64(), 1+8*r.Float64(), float64(4+r.IntN(90))
		if r.Float64() < 0.8 {
			f[priority.AgreePct] = 100 * r.Float64()
		}
		odds := truth[0] + away[c]
		for _, j := range columnsOf(&rule, f) {
			odds += truth[j]
		}
		if r.Float64() < 0.3 {
			rows[i].Group = "natural>bare"
			odds++
		}
		rows[i].Real = r.Float64() < priority.Chance(odds)
	}
	return rows
}

var least = Minimum{Verdicts: 50, Each: 10}

func fitted(t *testing.T, rows []Row) *priority.File {
	t.Helper()
	f, err := Fit(rows, simple(), least)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(&bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestCalibrated: with enough verdicts the weights are those of the landscape, chances of counties that were not seen
// are right, and better than the rule's.
func TestCalibrated(t *testing.T) {
	for seed := range uint64(6) {
		f := fitted(t, simulated(seed, 6000, 30))
		m := &f.Measures
		if m.Slope.Value < 0.9 || m.Slope.Value > 1.1 || math.Abs(m.Intercept.Value) > 0.15 {
			t.Errorf("seed %d: slope %v, intercept %v", seed, m.Slope, m.Intercept)
		}
		if !(m.Brier.Value < m.BrierSimple && m.Brier.Value < m.BrierBase) {
			t.Errorf("seed %d: Brier %v, simple %v, base %v", seed, m.Brier, m.BrierSimple, m.BrierBase)
		}
		for _, measure := range []priority.Measure{m.Brier, m.Slope, m.Intercept} {
			if !(measure.Low <= measure.Value && measure.Value <= measure.High && measure.Low < measure.High) {
				t.Errorf("seed %d: interval %v", seed, measure)
			}
		}
		own := f.Groups["natural>built"]
		for k, b := range own.Bands[:4] {
			if math.Abs(b.Weight-truth[k+1]) > 0.3 {
				t.Errorf("seed %d: weight of %s is %v, in truth %v", seed, b.Feature, b.Weight, truth[k+1])
			}
		}
		if d := f.Groups["natural>bare"].Base - own.Base; math.Abs(d-1) > 0.4 {
			t.Errorf("seed %d: the bases differ by %v, in truth by 1", seed, d)
		}
		if first := m.First[3]; first.N != 100 || !(first.Model.Value > first.Severity+0.2) {
			t.Errorf("seed %d: among the first: %+v", seed, first)
		}
		seen := 0
		for _, bin := range m.Reliability {
			seen += bin.N
			if bin.N > 200 && (bin.Chance < bin.Low-0.05 || bin.Chance > bin.High+0.05) {
				t.Errorf("seed %d: bin %+v", seed, bin)
			}
		}
		if seen != 6000 || m.Folds != 5 {
			t.Errorf("seed %d: the bins hold %d rows of %d folds", seed, seen, m.Folds)
		}
	}
}

// TestIntervalOfSlope: of 40 landscapes the intervals hold the slope of a fit that is right in most: with 30 counties a
// bootstrap falls a little short of 95 %.
func TestIntervalOfSlope(t *testing.T) {
	rule := simple()
	for j, w := range truth {
		if j == 0 {
			rule.Default.Base = w
		} else {
			rule.Default.Bands[j-1].Weight = w
		}
	}
	holds := 0
	for seed := range uint64(40) {
		rows := slices.DeleteFunc(simulated(100+seed, 700, 30), func(r Row) bool { return r.Group != "natural>built" })
		odds := make([]float64, len(rows))
		for i := range rows {
			odds[i] = rule.Default.LogOdds(rows[i].Features)
		}
		if with := toldOf(rows, odds, rule).intervals(rows, nil); with[1].Low <= 1 && 1 <= with[1].High {
			holds++
		}
	}
	if holds < 34 {
		t.Errorf("the interval holds the slope %d times of 40", holds)
	}
}

// TestFewVerdicts: they change little.
func TestFewVerdicts(t *testing.T) {
	f := fitted(t, simulated(3, 70, 6))
	for k, b := range f.Default.Bands {
		if w := simple().Default.Bands[k].Weight; math.Abs(b.Weight-w) > 1.6 {
			t.Errorf("weight of %s goes from %v to %v", b.Feature, w, b.Weight)
		}
	}
}

// TestOrderOfRows: neither the order of rows nor the run of the program changes a byte.
func TestOrderOfRows(t *testing.T) {
	rows := simulated(7, 400, 7)
	var first, second bytes.Buffer
	if err := fitted(t, rows).Write(&first); err != nil {
		t.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	if err := fitted(t, rows).Write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("%s\n%s", &first, &second)
	}
	rows[0].Real = !rows[0].Real
	if dataHash(rows) == fitted(t, simulated(7, 400, 7)).From.Data {
		t.Error("other verdicts have the same hash")
	}
}

func TestHardRows(t *testing.T) {
	for name, spoil := range map[string]func(rows []Row){
		"a group of one label": func(rows []Row) {
			for i := range rows {
				rows[i].Real = rows[i].Real || rows[i].Group == "natural>bare"
			}
		},
		"parted wholly": func(rows []Row) {
			for i := range rows {
				rows[i].Real = rows[i].Features[priority.EdgePct] < 60
			}
		},
		"nothing known": func(rows []Row) {
			for i := range rows {
				for k := range rows[i].Features {
					rows[i].Features[k] = math.NaN()
				}
			}
		},
		"all real ones in one county": func(rows []Row) {
			for i := range rows {
				rows[i].Real = rows[i].County == "340001"
			}
		},
		"one county with nearly all": func(rows []Row) {
			for i := range rows[20:] {
				rows[20+i].County = "340001"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			rows := simulated(5, 300, 5)
			spoil(rows)
			f := fitted(t, rows)
			_, own := f.Groups["natural>bare"]
			if name == "a group of one label" && (own || !slices.Contains(f.Warnings, WarnPooled)) {
				t.Errorf("it has a card of its own; warnings %v", f.Warnings)
			}
			if w := f.Default.Bands[2].Weight; name == "parted wholly" && !(w < -2) {
				t.Errorf("the weight of the band that parts is %v", w)
			}
			if name == "nothing known" && f.Default.Bands[0].Weight != 1 {
				t.Errorf("the weight of a band that never holds is %v", f.Default.Bands[0].Weight)
			}
		})
	}
}

func TestTooFew(t *testing.T) {
	for name, c := range map[string]struct {
		n, counties int
		least       Minimum
		kind        redline.Kind
		want        string
	}{
		"verdicts": {49, 5, least, redline.Incompatible, "there are 49 verdicts that can be used,"},
		"none":     {0, 1, least, redline.Incompatible, "there are 0 verdicts that can be used, 0 real and 0 not; a model needs 50, and 10 of each"},
		"of each":  {60, 5, Minimum{50, 40}, redline.Incompatible, "and 40 of each"},
		"counties": {100, 2, least, redline.Incompatible, "the verdicts are of 2 counties; a model needs 3"},
		"setting":  {100, 5, Minimum{50, 0}, redline.Usage, "1 of each label"},
	} {
		_, err := Fit(simulated(1, c.n, c.counties), simple(), c.least)
		if err == nil || redline.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFolds(t *testing.T) {
	rows := simulated(2, 500, 11)
	of, n := foldsOf(rows)
	fold, sizes := map[string]int{}, make([]int, n)
	for i := range rows {
		if f, ok := fold[rows[i].County]; ok && f != of[i] {
			t.Fatalf("county %s is in two folds", rows[i].County)
		}
		fold[rows[i].County] = of[i]
		sizes[of[i]]++
	}
	if n != 5 || slices.Min(sizes) < 70 {
		t.Errorf("sizes of folds: %v", sizes)
	}
	var small []Row
	for _, county := range []string{"B", "C", "A", "B"} {
		small = append(small, Row{County: county})
	}
	if of, n := foldsOf(small); n != 3 || !reflect.DeepEqual(of, []int{0, 2, 1, 0}) {
		t.Errorf("folds %v of %d", of, n)
	}
}

// TestHeldOut: a verdict never has a say in the chance of its own county, not even in whether a transition group has
// weights of its own.
func TestHeldOut(t *testing.T) {
	rows := simulated(9, 300, 6)
	odds := func(least Minimum) []float64 {
		fold, folds := foldsOf(rows)
		odds, _, err := designOf(rows, simple(), least).heldOut(fold, folds)
		if err != nil {
			t.Fatal(err)
		}
		return odds
	}
	flip := func() {
		for i := range rows {
			if rows[i].County == "340002" {
				rows[i].Real = !rows[i].Real
			}
		}
	}
	fewest := func() int {
		n := originOf(rows, simple()).Groups["natural>bare"]
		return min(n.Yes, n.No)
	}
	before := fewest()
	flip()
	after := fewest()
	flip()
	if before == after {
		t.Fatal("the verdicts of the county decide nothing")
	}
	for _, least := range []Minimum{{50, 10}, {2, 1}, {2, max(before, after)}} {
		was := odds(least)
		flip()
		others := 0
		for i, v := range odds(least) {
			switch {
			case rows[i].County == "340002" && v != was[i]:
				t.Fatalf("%v: row %d: %v became %v", least, i, was[i], v)
			case v != was[i]:
				others++
			}
		}
		if others == 0 {
			t.Error("the verdicts have no say at all")
		}
		flip()
	}
}

func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{{0, 10, 0, 0.277533}, {5, 10, 0.236593, 0.763407}, {10, 10, 0.722467, 1}, {1, 1, 0.206549, 1}, {82, 3935, 0.0168206, 0.0257913}} {
		if low, high := Wilson(c.k, c.n); math.Abs(low-c.low) > 1e-6 || math.Abs(high-c.high) > 1e-6 {
			t.Errorf("%d of %d: %v to %v, want %v to %v", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

func TestPrecision(t *testing.T) {
	s := &told{odds: []float64{1, 3, 2, 2, 2, 0}, real: []bool{true, true, true, false, false, false}, times: []float64{1, 1, 1, 1, 1, 1}}
	s.byOdds = downwards(s.odds)
	for n, want := range map[int]float64{1: 1, 2: (1 + 1./3) / 2, 4: 2. / 4, 5: 3. / 5, 6: 3. / 6, 9: 3. / 6} {
		if got := s.precision(s.odds, s.byOdds, n); math.Abs(got-want) > 1e-12 {
			t.Errorf("among the first %d: %v, want %v", n, got, want)
		}
	}
	s.times = []float64{0, 2, 0, 1, 0, 0}
	if got := s.precision(s.odds, s.byOdds, 3); math.Abs(got-2./3) > 1e-12 {
		t.Errorf("drawn twice: %v", got)
	}
}

// TestRecalibrated: log-odds that are twice too large have the slope 1/2, those that are 1 too low the intercept 1.
func TestRecalibrated(t *testing.T) {
	s := &told{}
	for _, x := range []float64{-2, -1, 0, 1, 2} {
		yes := int(math.Round(1e5 * priority.Chance(x)))
		s.odds, s.real, s.times = append(s.odds, x, x), append(s.real, true, false), append(s.times, float64(yes), float64(1e5-yes))
	}
	moved := func(by, of float64) *told {
		m := *s
		m.odds = slices.Clone(s.odds)
		for i := range m.odds {
			m.odds[i] = by*m.odds[i] + of
		}
		return &m
	}
	for name, c := range map[string]struct{ by, of, slope, intercept float64 }{
		"right": {1, 0, 1, 0}, "too extreme": {2, 0, 0.5, 0}, "too low": {1, -1, 1, 1}} {
		_, slope := moved(c.by, c.of).recalibrated(false)
		intercept, _ := moved(c.by, c.of).recalibrated(true)
		if math.Abs(slope-c.slope) > 1e-3 || math.Abs(intercept-c.intercept) > 1e-3 {
			t.Errorf("%s: slope %v, intercept %v", name, slope, intercept)
		}
	}
	parted := &told{odds: []float64{-1, 1}, real: []bool{false, true}, times: []float64{5, 5}}
	if a, b := parted.recalibrated(false); !(b > 1) || math.IsInf(b, 0) || math.IsNaN(a+b) {
		t.Errorf("parted wholly: %v, %v", a, b)
	}
}
