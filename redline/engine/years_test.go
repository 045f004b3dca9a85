package engine

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
)

// otherLegend has two codes for one class, and another order of classes than testLegend.
const otherLegend = `code,name_en,name_zh,color,ecosystem
10,water,水,#0000FF,wetland
11,marsh,沼泽,#0000EE,wetland
20,town,城镇,#FF0000,built
30,trees,林,#00FF00,forest
31,ice,冰,#FFFFFF,ice
40,fields,田,#FFFF00,cropland
`

// everySource has symbols that all stand for codes, so that none means NoData.
type everySource struct{ *raster.Memory }

func (s everySource) Index() *[256]uint8 {
	var index [256]uint8
	for symbol := range index {
		index[symbol] = uint8(symbol % s.Classes)
	}
	return &index
}

// yearClass is what a map shows in a cell of the grid: the position in its legend, raster.NoData where it has none.
type yearClass func(cell int) int

// addYears adds random maps between, and returns what all maps show. Some cover a part of the grid, or none; they have
// one of two legends, and one kind of source each.
func (s *twinScene) addYears(t *testing.T, rng *rand.Rand) []yearClass {
	t.Helper()
	other, err := landcover.ParseLegend("other", []byte(otherLegend))
	if err != nil {
		t.Fatal(err)
	}
	g := s.in.Grid
	of := func(symbols []uint8) yearClass { return func(cell int) int { return int(symbols[cell]) } }
	maps := []yearClass{of(s.symbols[0])}
	for year := s.in.Before.Year + 1; year < s.in.After.Year; year++ {
		if rng.IntN(3) == 0 {
			continue
		}
		e := redline.Epoch{Name: fmt.Sprint(year), Year: year, Legend: s.in.Before.Legend}
		if rng.IntN(2) == 0 {
			e.Legend = other
		}
		classes := len(e.Legend.Codes())
		// The source reaches over some sides of the grid, and does not reach others.
		west, north := rng.IntN(7)-3, rng.IntN(7)-3 // of the grid, on the source
		on := g
		on.Cols, on.Rows = max(1, g.Cols+rng.IntN(7)-3), max(1, g.Rows+rng.IntN(7)-3)
		if rng.IntN(3) > 0 {
			west, north, on.Cols, on.Rows = 0, 0, g.Cols, g.Rows
		}
		m := &raster.Memory{On: on, Classes: classes, Symbols: make([]uint8, on.Cols*on.Rows), Block: rng.IntN(4)}
		every := rng.IntN(3) == 0
		for i := range m.Symbols {
			m.Symbols[i] = uint8(rng.IntN(classes))
			switch {
			case every && rng.IntN(2) == 0:
				m.Symbols[i] += uint8(classes * rng.IntN(200/classes))
			case !every && rng.IntN(6) == 0:
				m.Symbols[i] = raster.NoData
			}
		}
		e.Source = m
		if every {
			e.Source = everySource{m}
		}
		e.AtCol, e.AtRow = max(0, -west), max(0, -north)
		e.Window = raster.Window{Col: max(0, west), Row: max(0, north)}
		e.Window.Cols = max(0, min(g.Cols-e.AtCol, on.Cols-e.Window.Col))
		e.Window.Rows = max(0, min(g.Rows-e.AtRow, on.Rows-e.Window.Row))
		if e.Window.Cols == 0 || e.Window.Rows == 0 {
			e.Window, e.AtCol, e.AtRow = raster.Window{}, 0, 0
		}
		s.in.Between = append(s.in.Between, e)
		index := e.Source.Index()
		maps = append(maps, func(cell int) int {
			row, col := cell/g.Cols+north, cell%g.Cols+west
			if row < 0 || col < 0 || row >= on.Rows || col >= on.Cols {
				return raster.NoData
			}
			return int(index[m.Symbols[row*on.Cols+col]])
		})
	}
	return append(maps, of(s.symbols[1]))
}

// twinYears counts the years of a unit cell by cell.
func (s *twinScene) twinYears(in []bool, maps []yearClass) []redline.UnitYear {
	epochs := append([]redline.Epoch{s.in.Before}, append(slices.Clone(s.in.Between), s.in.After)...)
	class := func(k, cell int) landcover.Ecosystem {
		if at := maps[k](cell); at != raster.NoData {
			return epochs[k].Legend.Classes[at].Ecosystem
		}
		return landcover.NoData
	}
	years := make([]redline.UnitYear, len(maps))
	for cell := range in {
		if !in[cell] || s.symbols[0][cell] == raster.NoData || s.symbols[1][cell] == raster.NoData {
			continue
		}
		for k := range years {
			y, one := &years[k], redline.Extent{Cells: 1, AreaM2: 900}
			add := func(to *redline.Extent) { to.Cells, to.AreaM2 = to.Cells+1, to.AreaM2+900 }
			to, at := class(k, cell), maps[k](cell)
			add(&y.Classes[to])
			if i := slices.IndexFunc(y.Codes, func(c redline.CodeExtent) bool { return c.Class == at }); i >= 0 {
				add(&y.Codes[i].Extent)
			} else if at != raster.NoData {
				y.Codes = append(y.Codes, redline.CodeExtent{Class: at, Extent: one})
			}
			if k == 0 {
				continue
			}
			from := class(k-1, cell)
			same := func(c redline.ClassChange) bool { return c.From == from && c.To == to }
			if i := slices.IndexFunc(y.Changes, same); i >= 0 {
				add(&y.Changes[i].Extent)
			} else {
				y.Changes = append(y.Changes, redline.ClassChange{From: from, To: to, Extent: one})
			}
		}
	}
	for k := range years {
		slices.SortFunc(years[k].Codes, func(a, b redline.CodeExtent) int { return a.Class - b.Class })
		slices.SortFunc(years[k].Changes, func(a, b redline.ClassChange) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
		})
	}
	return years
}

// yearsDiffer says how the years of a unit differ, "" when they do not.
func yearsDiffer(got, want []redline.UnitYear) string {
	rounded := func(years []redline.UnitYear) (out []redline.UnitYear) {
		round := func(e redline.Extent) redline.Extent { e.AreaM2 = math.Round(e.AreaM2*1e6) / 1e6; return e }
		for _, y := range years {
			y.Codes, y.Changes = slices.Clone(y.Codes), slices.Clone(y.Changes)
			for e := range y.Classes {
				y.Classes[e] = round(y.Classes[e])
			}
			for i := range y.Codes {
				y.Codes[i].Extent = round(y.Codes[i].Extent)
			}
			for i := range y.Changes {
				y.Changes[i].Extent = round(y.Changes[i].Extent)
			}
			out = append(out, y)
		}
		return out
	}
	a, b := rounded(got), rounded(want)
	for k := range max(len(a), len(b)) {
		if k >= len(a) || k >= len(b) || !reflect.DeepEqual(a[k], b[k]) {
			return fmt.Sprintf("map %d:\n%+v, want\n%+v", k, a[k:min(k+1, len(a))], b[k:min(k+1, len(b))])
		}
	}
	return ""
}

func TestYearsAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 20))
	rules := testRules(t)
	maps, partial, none, units := 0, 0, 0, 0
	for i := range 250 {
		s := newTwinScene(t, rng)
		var inCounty [][]bool
		for range rng.IntN(6) {
			s.addCounty(rng, &inCounty)
		}
		o := redline.Options{Rules: rules, Conn: patch.Eight, MinSeverity: 1, Survey: true}
		_, alone, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatalf("scene %d: %v", i, err)
		}
		stack := s.addYears(t, rng)
		for _, e := range s.in.Between {
			maps++
			switch cells := e.Window.Cells(); {
			case cells == 0:
				none++
			case cells < s.in.Grid.Cells():
				partial++
			}
		}
		cells := s.twinUnits(inCounty)
		var first *redline.Survey
		for tile := 0; tile < 16; tile += 1 + rng.IntN(6) {
			_, sum, err := run(t, s.in, o, Tuning{Workers: 1 + rng.IntN(3), Tile: tile})
			if err != nil {
				t.Fatalf("scene %d: %v", i, err)
			}
			if first != nil && !reflect.DeepEqual(sum.Survey, first) {
				t.Fatalf("scene %d: tile %d gives another survey", i, tile)
			}
			first = sum.Survey
		}
		for k := range first.Units {
			u := &first.Units[k]
			if len(s.in.Between) > 0 {
				units++
				if d := yearsDiffer(u.Years, s.twinYears(cells[u.Unit], stack)); d != "" {
					t.Fatalf("scene %d, %+v: %s", i, u.Unit, d)
				}
				if d := endsDiffer(u); d != "" {
					t.Fatalf("scene %d, %+v: %s", i, u.Unit, d)
				}
			}
			u.Years = nil
		}
		first.Maps = nil
		if !reflect.DeepEqual(first, alone.Survey) {
			t.Fatalf("scene %d: with maps between, the survey of the epochs is another one", i)
		}
	}
	t.Logf("%d maps, %d of them cover a part and %d nothing; %d units", maps, partial, none, units)
	if maps < 500 || partial < 100 || none == 0 || units < 1000 {
		t.Error("too few of some to mean anything")
	}
}

// endsDiffer says how the first and the last year differ from the matrix of the unit, "" when they do not.
func endsDiffer(u *redline.UnitSurvey) string {
	first, last := &u.Years[0].Classes, &u.Years[len(u.Years)-1].Classes
	for e := range u.Cells {
		var b, a redline.Extent
		for o := range u.Cells {
			b.Cells, b.AreaM2 = b.Cells+u.Cells[e][o], b.AreaM2+u.AreaM2[e][o]
			a.Cells, a.AreaM2 = a.Cells+u.Cells[o][e], a.AreaM2+u.AreaM2[o][e]
		}
		near := func(x, y redline.Extent) bool { return x.Cells == y.Cells && math.Abs(x.AreaM2-y.AreaM2) < 1e-6 }
		if !near(first[e], b) || !near(last[e], a) {
			return fmt.Sprintf("class %d has %+v and %+v, in the matrix %+v and %+v", e, first[e], last[e], b, a)
		}
	}
	return ""
}

func TestYearsDifferSeesWrongAnswers(t *testing.T) {
	right := func() []redline.UnitYear {
		y := make([]redline.UnitYear, 2)
		one := redline.Extent{Cells: 1, AreaM2: 900}
		y[1].Classes[2] = one
		y[1].Codes = []redline.CodeExtent{{Class: 3, Extent: one}}
		y[1].Changes = []redline.ClassChange{{From: 1, To: 2, Extent: one}}
		return y
	}
	if d := yearsDiffer(right(), right()); d != "" {
		t.Error("right answer refused:", d)
	}
	for name, spoil := range map[string]func(y []redline.UnitYear) []redline.UnitYear{
		"a year less": func(y []redline.UnitYear) []redline.UnitYear { return y[:1] },
		"class":       func(y []redline.UnitYear) []redline.UnitYear { y[0].Classes[1].Cells++; return y },
		"code":        func(y []redline.UnitYear) []redline.UnitYear { y[1].Codes[0].Class++; return y },
		"code area":   func(y []redline.UnitYear) []redline.UnitYear { y[1].Codes[0].AreaM2++; return y },
		"change":      func(y []redline.UnitYear) []redline.UnitYear { y[1].Changes[0].To++; return y },
		"change lost": func(y []redline.UnitYear) []redline.UnitYear { y[1].Changes = nil; return y },
		"area":        func(y []redline.UnitYear) []redline.UnitYear { y[1].Changes[0].AreaM2++; return y },
	} {
		if yearsDiffer(spoil(right()), right()) == "" {
			t.Error(name, "not seen")
		}
	}
}

// lineOf returns a map of one row of four cells.
func lineOf(t *testing.T, in *redline.Inputs, year int, legend landcover.Legend, symbols ...uint8) redline.Epoch {
	t.Helper()
	return redline.Epoch{Name: fmt.Sprint("lc", year, ".tif"), Year: year, Legend: legend,
		Source: &raster.Memory{On: in.Grid, Classes: len(legend.Codes()), Symbols: symbols},
		Window: raster.Window{Cols: 4, Rows: 1}}
}

// fourCells is a row of four cells of 900 m² in 2015, 2018 and 2020, the map between in another legend: forest that
// became a town by 2018; forest that is marsh in 2018 only; forest without observation in 2018; NoData in 2020.
func fourCells(t *testing.T, between ...uint8) *redline.Inputs {
	t.Helper()
	s := &redline.Inputs{}
	s.Grid, s.Earth = flatEarth(t, 4, 1)
	legend, err := landcover.ParseLegend("test", []byte(testLegend))
	if err != nil {
		t.Fatal(err)
	}
	other, err := landcover.ParseLegend("other", []byte(otherLegend))
	if err != nil {
		t.Fatal(err)
	}
	at := func(e landcover.Ecosystem) uint8 {
		return uint8(slices.IndexFunc(legend.Classes, func(c landcover.Class) bool { return c.Ecosystem == e }))
	}
	f, b := at(landcover.Forest), at(landcover.Built)
	s.Before = lineOf(t, s, 2015, legend, f, f, f, f)
	s.After = lineOf(t, s, 2020, legend, b, f, f, raster.NoData)
	s.Between = []redline.Epoch{lineOf(t, s, 2018, other, between...)}
	return s
}

// TestYearsOfFourCells has its numbers from the comment of fourCells.
func TestYearsOfFourCells(t *testing.T) {
	in := fourCells(t, 2, 1, raster.NoData, 2)
	_, sum, err := run(t, in, redline.Options{Rules: testRules(t), Survey: true}, Tuning{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	n := func(cells int64) redline.Extent { return redline.Extent{Cells: cells, AreaM2: 900 * float64(cells)} }
	want := make([]redline.UnitYear, 3)
	want[0].Classes[landcover.Forest] = n(3)
	want[0].Codes = []redline.CodeExtent{{Class: 0, Extent: n(3)}}
	want[1].Classes[landcover.Built], want[1].Classes[landcover.Wetland] = n(1), n(1)
	want[1].Classes[landcover.NoData] = n(1)
	want[1].Codes = []redline.CodeExtent{{Class: 1, Extent: n(1)}, {Class: 2, Extent: n(1)}}
	want[1].Changes = []redline.ClassChange{{From: landcover.Forest, To: landcover.NoData, Extent: n(1)},
		{From: landcover.Forest, To: landcover.Wetland, Extent: n(1)},
		{From: landcover.Forest, To: landcover.Built, Extent: n(1)}}
	want[2].Classes[landcover.Forest], want[2].Classes[landcover.Built] = n(2), n(1)
	want[2].Codes = []redline.CodeExtent{{Class: 0, Extent: n(2)}, {Class: 3, Extent: n(1)}}
	want[2].Changes = []redline.ClassChange{{From: landcover.NoData, To: landcover.Forest, Extent: n(1)},
		{From: landcover.Wetland, To: landcover.Forest, Extent: n(1)},
		{From: landcover.Built, To: landcover.Built, Extent: n(1)}}
	for k := range want { // positions of the legend of the epochs are those of the fixture
		for i := range want[k].Codes {
			if k != 1 {
				e := [2]landcover.Ecosystem{landcover.Forest, landcover.Built}[i]
				want[k].Codes[i].Class = slices.IndexFunc(in.Before.Legend.Classes,
					func(c landcover.Class) bool { return c.Ecosystem == e })
			}
		}
	}
	if d := yearsDiffer(sum.Survey.Units[0].Years, want); d != "" {
		t.Error(d)
	}
	if m := sum.Survey.Maps; len(m) != 3 || m[1].Year != 2018 || m[1].Legend != "other" || m[1].Classes[2].Code != 20 {
		t.Errorf("the maps are %+v", m)
	}
	checks := 0
	for _, c := range sum.Checks {
		if strings.Contains(c.Name.ZH, "逐年构成") && c.Left > 0 {
			checks++
		}
	}
	if checks != 4 {
		t.Errorf("%d checks of the years, want 4", checks)
	}
}

// TestYearWithUnknownCode: a code that the legend of a map between lacks is a fault, also where an epoch is NoData.
func TestYearWithUnknownCode(t *testing.T) {
	for _, symbols := range [][]uint8{{2, 1, 99, 2}, {2, 1, 2, 99}} {
		in := fourCells(t, symbols...)
		_, _, err := run(t, in, redline.Options{Rules: testRules(t), Survey: true}, Tuning{Workers: 1})
		if redline.KindOf(err) != redline.Raster || !strings.Contains(err.Error(), `lc2018.tif (2018): code 99 is not in legend "other"`) {
			t.Errorf("%v: got %v", symbols, err)
		}
	}
}

func TestCheckYears(t *testing.T) {
	build := func() *redline.Survey {
		in := fourCells(t, 2, 1, raster.NoData, 2)
		_, sum, err := run(t, in, redline.Options{Rules: testRules(t), Survey: true}, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		return sum.Survey
	}
	failed := func(s *redline.Survey) (names string) {
		b := new(balance)
		checkYears(s, b)
		for _, c := range b.checks {
			if !c.OK {
				names += c.Name.EN + "; "
			}
		}
		return names
	}
	if names := failed(build()); names != "" {
		t.Error("what adds up is refused:", names)
	}
	for name, spoil := range map[string]struct {
		do   func(y []redline.UnitYear)
		want string
	}{
		"a cell of the change":   {func(y []redline.UnitYear) { y[1].Changes[1].Cells++ }, "rows of the change to the next year, NoData included, whole  , 2015, forest (cells)"},
		"NoData of a year":       {func(y []redline.UnitYear) { y[1].Classes[0].Cells++ }, ", whole  , 2018, nodata (cells)"},
		"area of a year":         {func(y []redline.UnitYear) { y[1].Classes[landcover.Built].AreaM2 += 1e-3 }, ", whole  , 2018, built (m²)"},
		"a cell of the last one": {func(y []redline.UnitYear) { y[2].Classes[landcover.Built].Cells++ }, "= survey of both epochs, whole  , 2020, built (cells)"},
	} {
		s := build()
		spoil.do(s.Units[0].Years)
		if names := failed(s); !strings.Contains(names, spoil.want) {
			t.Errorf("%s: %q fails, want %q", name, names, spoil.want)
		}
	}
}
