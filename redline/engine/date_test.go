package engine

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// testNew are the new groups of the change types of testRules.
var testNew = []map[landcover.Ecosystem]bool{
	{landcover.Built: true},
	{landcover.Bare: true, landcover.Desert: true},
	{landcover.Forest: true, landcover.Shrub: true, landcover.Grassland: true, landcover.Ice: true, landcover.Wetland: true},
}

// addMaps adds maps of some years between the epochs, each with a legend and an extent of its own: what was before until
// some year, and then what is after, with errors and NoData.
func (s *twinScene) addMaps(t testing.TB, rng *rand.Rand) {
	g := s.in.Grid
	s.in.After.Year = 2026
	turn := make([]int, len(s.symbols[0]))
	for i := range turn {
		turn[i] = 2015 + rng.IntN(12)
	}
	noise := 2 + rng.IntN(20)
	lines := strings.Split(strings.TrimSpace(testLegend), "\n")
	for year := 2016; year < s.in.After.Year; year++ {
		if rng.IntN(3) == 0 && (year != 2020 || len(s.in.Between) > 0) {
			continue
		}
		order := rng.Perm(len(lines) - 1) // the ecosystem classes by code
		csv, symbolOf := lines[0]+"\n", make([]uint8, len(order))
		for code, class := range order {
			csv += fmt.Sprintf("%d,%s\n", code+1, lines[class+1][2:])
			symbolOf[class] = uint8(code)
		}
		legend, err := landcover.ParseLegend("test", []byte(csv))
		if err != nil {
			t.Fatal(err)
		}
		cover := raster.Window{Cols: g.Cols, Rows: g.Rows}
		if rng.IntN(3) == 0 {
			cover.Col, cover.Row = rng.IntN(g.Cols), rng.IntN(g.Rows)
			cover.Cols, cover.Rows = rng.IntN(g.Cols-cover.Col+1), rng.IntN(g.Rows-cover.Row+1)
		}
		west, north := rng.IntN(3), rng.IntN(3) // of the source beside the grid
		on := raster.Grid{Cols: cover.Cols + west + rng.IntN(3) + 1, Rows: cover.Rows + north + rng.IntN(3) + 1}
		m := &raster.Memory{On: on, Classes: len(order), Symbols: make([]uint8, on.Cells()), Block: rng.IntN(4)}
		for i := range m.Symbols {
			m.Symbols[i] = uint8(rng.IntN(len(order)))
		}
		for row := range cover.Rows {
			for col := range cover.Cols {
				cell := (row+cover.Row)*g.Cols + col + cover.Col
				symbol := s.symbols[min(1, max(0, year-turn[cell]+1))][cell]
				if rng.IntN(noise) == 0 {
					symbol = uint8(rng.IntN(len(order)))
				}
				if symbol != raster.NoData {
					symbol = symbolOf[symbol]
				}
				m.Symbols[(row+north)*on.Cols+col+west] = symbol
			}
		}
		e := redline.Epoch{Name: fmt.Sprint("map ", year), Year: year, Source: m, Legend: legend, AtCol: cover.Col, AtRow: cover.Row,
			Window: raster.Window{Col: west, Row: north, Cols: cover.Cols, Rows: cover.Rows}}
		s.in.Between = append(s.in.Between, e)
	}
}

// years are those of the sequence.
func (s *twinScene) years() []int {
	all := []int{s.in.Before.Year}
	for _, e := range s.in.Between {
		all = append(all, e.Year)
	}
	return append(all, s.in.After.Year)
}

// states are those of a cell in all years for a change type.
func (s *twinScene) states(kind, row, col int) []int {
	state := func(legend *landcover.Legend, symbol uint8) int {
		switch {
		case symbol == raster.NoData:
			return redlinetest.Unseen
		case testNew[kind][legend.Classes[symbol].Ecosystem]:
			return 1
		}
		return 0
	}
	cell := row*s.in.Grid.Cols + col
	all := []int{state(&s.in.Before.Legend, s.symbols[0][cell])}
	for i := range s.in.Between {
		e := &s.in.Between[i]
		r, c := row-e.AtRow, col-e.AtCol
		if r < 0 || c < 0 || r >= e.Window.Rows || c >= e.Window.Cols {
			all = append(all, redlinetest.Unseen)
			continue
		}
		m := e.Source.(*raster.Memory)
		all = append(all, state(&e.Legend, m.Symbols[(r+e.Window.Row)*m.On.Cols+c+e.Window.Col]))
	}
	return append(all, state(&s.in.After.Legend, s.symbols[1][cell]))
}

// pieces dates all subcells that the zone with that rank controls in a patch.
func (s *twinScene) pieces(kind int, cells [][2]int, rank int32) (pieces []redlinetest.CellDate) {
	order := make([]int, len(s.in.Zones))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &s.in.Zones[a], &s.in.Zones[b]
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.ID, y.ID))
	})
	years, width := s.years(), s.in.Grid.Cols*sub
	for _, at := range cells {
		date := redlinetest.DateCell(years, s.states(kind, at[0], at[1]))
		for i := range sub * sub {
			subcell := (at[0]*sub+i/sub)*width + at[1]*sub + i%sub
			first := slices.IndexFunc(order, func(z int) bool { return s.inZone[z][subcell] })
			if first == int(rank) {
				pieces = append(pieces, date)
			}
		}
	}
	return pieces
}

// differInDates says how candidates are dated otherwise than the twin dates them: those that are kept, and no other.
func differInDates(s *twinScene, found *collector, want map[redline.Key]twinPart) (dated int, difference string) {
	for k, c := range found.found {
		if c.Reason != "" && c.Reason != redline.ReasonShape {
			if c.Dated != nil || slices.Contains(c.Flags, redline.FlagFlicker) {
				return dated, fmt.Sprintf("%v is suppressed (%s) and dated", k, c.Reason)
			}
			continue
		}
		if c.Dated == nil {
			return dated, fmt.Sprintf("%v is not dated", k)
		}
		d, flickers := redlinetest.DateGround(s.pieces(want[k].kind, want[k].cells, k.Zone))
		got := *c.Dated
		got.Shares = slices.Clone(got.Shares)
		for i := range got.Shares {
			if i < len(d.Shares) && math.Abs(got.Shares[i].Pct-d.Shares[i].Pct) < 1e-9 {
				got.Shares[i].Pct = d.Shares[i].Pct
			}
		}
		if !reflect.DeepEqual(&got, d) || slices.Contains(c.Flags, redline.FlagFlicker) != flickers {
			return dated, fmt.Sprintf("%v is dated %+v, flags %v, want %+v, flickers: %t", k, got, c.Flags, *d, flickers)
		}
		dated++
	}
	return dated, ""
}

// mostKept keeps nearly all that lies in a zone.
func mostKept(t testing.TB) redline.Options {
	return redline.Options{Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: 1}, MinPart: redline.Size{Cells: 0.1}, MinSeverity: 1}
}

func TestDatesAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 1))
	dated := 0
	grades := map[redline.Grade]int{}
	for i := range 400 {
		s := newTwinScene(t, rng)
		o := mostKept(t)
		switch rng.IntN(7) {
		case 0:
			o.MinArea.Cells, o.MinPart.Cells = float64(rng.IntN(5)), 1
		case 1:
			o.MinArea, o.MinPart = redline.Size{M2: 900 * float64(rng.IntN(5))}, redline.Size{M2: 600}
		case 2:
			o.MinSeverity = redline.Severity(1 + rng.IntN(4))
		}
		s.addMaps(t, rng)
		bare := *s.in
		bare.Between = nil
		plain, plainSum, err := run(t, &bare, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		found, sum, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatalf("scene %d: %v", i, err)
		}
		n, d := differInDates(s, found, s.twin(o))
		if d != "" {
			t.Fatalf("scene %d, years %v: %s", i, s.years(), d)
		}
		dated += n
		for tile := 1; tile < 16; tile += 1 + rng.IntN(6) {
			again, _, err := run(t, s.in, o, Tuning{Workers: 1 + rng.IntN(3), Tile: tile})
			if err != nil {
				t.Fatal(err)
			}
			if textOf(again) != textOf(found) {
				t.Fatalf("scene %d: tile %d gives other dates", i, tile)
			}
		}
		// But for the dates nothing changes.
		for k, c := range found.found {
			if c.Dated != nil {
				grades[c.Dated.Grade]++
			}
			c.Dated = nil
			c.Flags = slices.DeleteFunc(c.Flags, func(f string) bool { return f == redline.FlagFlicker })
			found.found[k] = c
		}
		if found.text() != plain.text() || !reflect.DeepEqual(sum, plainSum) {
			t.Fatalf("scene %d: the maps between change more than dates\n%s\nwithout them\n%s", i, found.text(), plain.text())
		}
	}
	if dated < 500 || len(grades) != 4 {
		t.Errorf("%d are dated, %v: too few to mean anything", dated, grades)
	}
}

// textOf is what was found, with the dates themselves instead of where they are in memory.
func textOf(c *collector) string {
	dates := ""
	bare := newCollector()
	bare.over, bare.patches = c.over, c.patches
	for _, k := range slices.SortedFunc(keys(c.found), func(a, b redline.Key) int {
		return slices.Compare([]int32{a.Row, a.Col, a.Zone}, []int32{b.Row, b.Col, b.Zone})
	}) {
		candidate := c.found[k]
		dates += fmt.Sprintf("%v %+v\n", k, candidate.Dated)
		candidate.Dated = nil
		bare.found[k] = candidate
	}
	return bare.text() + dates
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// stackedYears is a scene of forest, in one zone, with the maps of all years from 2016 to 2023 between 2015 and 2024;
// stateOf says whether a cell is built in a year.
func stackedYears(t *testing.T, cols, rows int, built func(row, col, year int) bool) *redline.Inputs {
	whole := orb.MultiPolygon{{{{0, 0}, {float64(cols), 0}, {float64(cols), float64(rows)}, {0, float64(rows)}, {0, 0}}}}
	in := flatInputs(t, cols, rows, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine, Shape: whole,
		TotalM2: 900 * float64(cols*rows)}}, func(row, col int) bool { return built(row, col, 2024) })
	in.After.Year = 2024
	for year := 2016; year < 2024; year++ {
		symbols := make([]uint8, cols*rows)
		for i := range symbols {
			if symbols[i] = 1; built(i/cols, i%cols, year) {
				symbols[i] = 2
			}
		}
		e := in.Before
		e.Name, e.Year = fmt.Sprintf("lc%d.tif", year), year
		e.Source = &raster.Memory{On: in.Grid, Classes: 5, Symbols: symbols, Block: 8}
		in.Between = append(in.Between, e)
	}
	return in
}

// datesByPatch returns the dates of kept candidates by the first cell of their patches.
func datesByPatch(t *testing.T, in *redline.Inputs) map[[2]int32]redline.Dated {
	t.Helper()
	found, _, err := run(t, in, mostKept(t), Tuning{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	all := map[[2]int32]redline.Dated{}
	for k, c := range found.found {
		if c.Reason == "" {
			all[[2]int32{k.Row, k.Col}] = *c.Dated
		}
	}
	return all
}

// Ground that changes once has the very year, and is sure but at the ends.
func TestOneChangeIsDated(t *testing.T) {
	in := stackedYears(t, 40, 3, func(row, col, year int) bool { // blocks of 3 × 3 cells, one for each year
		return row < 3 && col%4 < 3 && col/4 < 9 && year >= 2016+col/4
	})
	got := datesByPatch(t, in)
	want := map[[2]int32]redline.Dated{}
	for year := 2016; year <= 2024; year++ {
		grade := redline.GradeA
		if year == 2016 || year == 2024 {
			grade = redline.GradeB
		}
		want[[2]int32{0, int32(4 * (year - 2016))}] = redline.Dated{Year: year, From: year, To: year, Grade: grade,
			Shares: []redline.YearShare{{Year: year, Pct: 100}}}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// What other cells show in the maps between makes no difference; neither does their being built for a year.
func TestErrorsElsewhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 2))
	year := make([]int, 900)
	for i := range year {
		year[i] = 2016 + rng.IntN(70) // most are not built by 2024
	}
	built := func(row, col, y int) bool { return y >= year[row*30+col] }
	want := datesByPatch(t, stackedYears(t, 30, 30, built))
	blips := 0
	got := datesByPatch(t, stackedYears(t, 30, 30, func(row, col, y int) bool {
		if !built(row, col, 2024) && y < 2024 && rng.IntN(5) == 0 {
			blips++
			return true
		}
		return built(row, col, y)
	}))
	if !reflect.DeepEqual(got, want) || len(want) < 20 || blips < 500 {
		t.Errorf("%d patches, %d blips: got %v\nwant %v", len(want), blips, got, want)
	}
}

// counted is a source that counts its readers and the cells that they read.
type counted struct {
	raster.Source
	opened, cells atomic.Int64
}

func (c *counted) Open() (raster.Reader, error) {
	c.opened.Add(1)
	r, err := c.Source.Open()
	return countedReader{r, c}, err
}

type countedReader struct {
	raster.Reader
	of *counted
}

func (r countedReader) Read(w raster.Window, dst []uint8) error {
	r.of.cells.Add(w.Cells())
	return r.Reader.Read(w, dst)
}

// Of the maps between only blocks are read that hold a patch that may be kept: large and serious enough, and in a zone.
func TestWhatIsReadOfMapsBetween(t *testing.T) {
	zone := orb.MultiPolygon{{{{0, 0}, {39.5, 0}, {39.5, 80}, {0, 80}, {0, 0}}}}
	square := func(row, col, atRow, atCol, side int) bool {
		return row >= atRow && row < atRow+side && col >= atCol && col < atCol+side
	}
	for name, c := range map[string]struct {
		built  func(row, col int) bool
		severe redline.Severity
		blocks int64
	}{
		"nothing":     {func(_, _ int) bool { return false }, 1, 0},
		"too small":   {func(row, col int) bool { return square(row, col, 9, 9, 2) }, 1, 0},
		"in a block":  {func(row, col int) bool { return square(row, col, 9, 9, 3) }, 1, 1},
		"in four":     {func(row, col int) bool { return square(row, col, 15, 15, 3) }, 1, 4},
		"outside":     {func(row, col int) bool { return square(row, col, 9, 60, 5) }, 1, 0},
		"partly in":   {func(row, col int) bool { return square(row, col, 9, 30, 20) && row == 9 }, 1, 2},
		"its part in": {func(row, col int) bool { return row < 8 && col >= 38 && (row == 0 || col%2 == 0) }, 1, 1},
		"not severe":  {func(row, col int) bool { return square(row, col, 9, 9, 3) }, 4, 0},
	} {
		in := flatInputs(t, 80, 80, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine, Shape: zone,
			TotalM2: 900 * 39.5 * 80}}, c.built)
		e := in.After
		source := &counted{Source: &raster.Memory{On: in.Grid, Classes: 5, Symbols: make([]uint8, 6400), Block: 8}}
		e.Source, e.Year = source, 2017
		in.Between = []redline.Epoch{e}
		o := mostKept(t)
		o.MinArea.Cells, o.MinSeverity = 5, c.severe
		if _, _, err := run(t, in, o, Tuning{Workers: 1}); err != nil {
			t.Fatal(err)
		}
		if got := source.cells.Load(); got != 64*c.blocks || source.opened.Load() != min(1, c.blocks) {
			t.Errorf("%s: %d cells of a map are read, opened %d times; want %d blocks of 64", name, got, source.opened.Load(), c.blocks)
		}
	}
}

// A code that a legend lacks at a dated cell ends the run, as it does in the epochs; elsewhere it does no harm.
func TestUnknownCodesBetween(t *testing.T) {
	built := func(row, col, year int) bool { return row > 3 && row < 9 && col > 3 && col < 9 && year >= 2020 }
	for name, c := range map[string]struct {
		cells map[int][]int // by year
		want  string
	}{
		"elsewhere": {map[int][]int{2017: {1*30 + 1}, 2018: {20*30 + 20}}, ""},
		"one":       {map[int][]int{2018: {5*30 + 7}}, `lc2018.tif (2018): code 77 is not in legend "test": 1 cell, first at row 5, column 7`},
		"all are counted": {map[int][]int{2019: {1, 5*30 + 7}, 2020: {5*30 + 7}},
			`lc2019.tif (2019): code 77 is not in legend "test": 2 cells, first at row 0, column 1`},
	} {
		t.Run(name, func(t *testing.T) {
			in := stackedYears(t, 30, 30, built)
			for year, cells := range c.cells {
				for _, cell := range cells {
					in.Between[year-2016].Source.(*raster.Memory).Symbols[cell] = 77
				}
			}
			for _, tune := range []Tuning{{Workers: 1}, {Workers: 3, Tile: 6}} {
				if _, _, err := run(t, in, mostKept(t), tune); c.want != "" {
					redlinetest.WantFault(t, err, redline.Raster, c.want, "add the code to a legend CSV")
				} else {
					redlinetest.Must(t, err)
				}
			}
		})
	}
}

// Whether a run fails does not depend on its bands: a patch that is too small is dated where it reaches over two.
func TestUnknownCodesOfSmallPatches(t *testing.T) {
	in := stackedYears(t, 30, 30, func(row, col, year int) bool {
		return (row == 5 || row == 6) && col == 9 && year >= 2020 // too small
	})
	in.Between[1].Source.(*raster.Memory).Symbols[5*30+9] = 77
	o := mostKept(t)
	for _, rows := range []int{0, 3, 4, 6} {
		o.MinArea.Cells = 3
		if _, sum, err := run(t, in, o, Tuning{Workers: 1, Tile: rows}); err != nil || sum.Suppressed != 1 {
			t.Errorf("tiles of %d rows, too small: %v", rows, err)
		}
		o.MinArea.Cells = 2
		_, _, err := run(t, in, o, Tuning{Workers: 1, Tile: rows})
		redlinetest.WantFault(t, err, redline.Raster, `lc2017.tif (2017): code 77 is not in legend "test": 1 cell`)
	}
}

// brokenSource cannot be opened or read.
type brokenSource struct {
	raster.Source
	opens bool
}

var errBroken = errors.New("lc2017.tif: the file is damaged")

func (b brokenSource) Open() (raster.Reader, error) {
	if !b.opens {
		return nil, errBroken
	}
	r, err := b.Source.Open()
	return brokenReader{r}, err
}

type brokenReader struct{ raster.Reader }

func (brokenReader) Read(raster.Window, []uint8) error { return errBroken }

func TestFaultsOfMapsBetween(t *testing.T) {
	in := stackedYears(t, 30, 30, func(row, col, year int) bool { return row < 5 && col < 5 && year >= 2020 })
	whole := in.Between[1].Source
	for _, opens := range []bool{false, true} {
		in.Between[1].Source = brokenSource{whole, opens}
		_, _, err := run(t, in, mostKept(t), Tuning{Workers: 2})
		redlinetest.WantFault(t, err, redline.Raster, "lc2017.tif: the file is damaged")
	}
	in.Between = slices.Repeat(in.Between, 8)[:63]
	_, _, err := run(t, in, mostKept(t), Tuning{Workers: 2})
	redlinetest.WantFault(t, err, redline.Usage, "63 maps between 2015 and 2024; at most 62 can date changes")
}
