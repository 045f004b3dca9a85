package landscape

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"greenshield/raster"
	"greenshield/raster/patch"
)

// wide is the size in degrees of cells of some 1,700 km², about 40 of which have more units of area than 64 bits hold.
const wide = 0.4

// earth measures a geographic grid, whose rows differ in area and in the length of sides.
func earth(t testing.TB, cell float64, cols, rows int) *raster.Earth {
	t.Helper()
	e, err := raster.NewEarth(raster.Grid{OriginX: 117, OriginY: 31, CellX: cell, CellY: cell, Cols: cols, Rows: rows,
		CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// scene is classes of cells before and after, 0 in both for none, and units, which may overlap, but for parts of one
// family, some of which make larger units.
type scene struct {
	cols, rows int
	classes    [2][]uint8
	units      [][]bool
	parts      [2][]int32 // by family and cell; −1 for none
}

// The units of a scene: the parts are those from firstPart, the groups that they make those from firstGroup.
const firstPart, firstGroup = 10, 20

// partOf returns the unit of a part of a family, which has four.
func partOf(family int, part int32) int32 { return firstPart + 4*int32(family) + part }

// groupsOf are three ways to make groups of the parts of both families; −1 is none.
var groupsOf = [3][8]int32{
	{firstGroup, firstGroup + 1, firstGroup, -1, -1, -1, -1, -1},
	{firstGroup + 2, firstGroup + 2, firstGroup + 2, firstGroup + 2, -1, -1, -1, -1},
	{-1, -1, -1, -1, firstGroup + 3, -1, firstGroup + 4, firstGroup + 3},
}

// all returns the cells of each unit.
func (s *scene) all() map[int32][]bool {
	all := map[int32][]bool{}
	for u, cells := range s.units {
		all[int32(u)] = cells
	}
	add := func(unit int32, cell int) {
		if all[unit] == nil {
			all[unit] = make([]bool, s.cols*s.rows)
		}
		all[unit][cell] = true
	}
	for family := range s.parts {
		for cell, part := range s.parts[family] {
			if part < 0 {
				continue
			}
			add(partOf(family, part), cell)
			for _, groups := range groupsOf {
				if g := groups[4*int32(family)+part]; g >= 0 {
					add(g, cell)
				}
			}
		}
	}
	return all
}

func newScene(rng *rand.Rand) *scene {
	most := 12
	if rng.IntN(10) == 0 { // patches that touch both borders of a band and meet late
		most = 40
	}
	s := &scene{cols: 1 + rng.IntN(most), rows: 1 + rng.IntN(most)}
	switch rng.IntN(12) {
	case 0:
		s.cols = 1
	case 1:
		s.rows = 1
	}
	n := s.cols * s.rows
	s.classes = [2][]uint8{make([]uint8, n), make([]uint8, n)}
	kinds, changed := 1+rng.IntN(3), []float64{0, 0.05, 0.3, 1}[rng.IntN(4)]
	for i := range n {
		if rng.IntN(10) == 0 {
			continue
		}
		s.classes[0][i] = uint8(1 + rng.IntN(kinds))
		if s.classes[1][i] = s.classes[0][i]; rng.Float64() < changed {
			s.classes[1][i] = uint8(1 + rng.IntN(kinds))
		}
	}
	for range 1 + rng.IntN(3) {
		unit, share := make([]bool, n), rng.Float64()
		for i := range unit {
			unit[i] = rng.Float64() < share+0.3
		}
		s.units = append(s.units, unit)
	}
	for family := range s.parts {
		parts := make([]int32, n)
		kind, share := rng.IntN(3), rng.Float64()
		for i := range parts {
			switch r, c := i/s.cols, i%s.cols; {
			case kind == 0: // none
				parts[i] = -1
			case kind == 1 && rng.Float64() < share || i == 0: // anyhow
				parts[i] = int32(rng.IntN(5) - 1)
			case r > 0: // mostly large pieces
				parts[i] = parts[i-s.cols]
			default:
				parts[i] = int32(c*4/s.cols+rng.IntN(2)) % 4
			}
		}
		s.parts[family] = parts
	}
	return s
}

// row returns the runs of a row, some of them in pieces, those of parts first, and where each family ends; it leaves
// units out that have none.
func (s *scene) row(rng *rand.Rand, row int) (runs []Pair, families []int) {
	first := 0
	add := func(col int, unit int32) {
		k := row*s.cols + col
		if s.classes[0][k] == 0 {
			return
		}
		key := PairOf(unit, s.classes[0][k], s.classes[1][k])
		if n := len(runs); n > first && runs[n-1].Col1 == int32(col) && runs[n-1].Key == key && rng.IntN(8) > 0 {
			runs[n-1].Col1++
		} else {
			runs = append(runs, Pair{int32(col), int32(col + 1), key})
		}
	}
	for family, parts := range s.parts {
		first = len(runs)
		for col := range s.cols {
			if part := parts[row*s.cols+col]; part >= 0 {
				add(col, partOf(family, part))
			}
		}
		families = append(families, len(runs))
	}
	for u, unit := range s.units {
		first = len(runs)
		for col := range s.cols {
			if unit[row*s.cols+col] {
				add(col, int32(u))
			}
		}
	}
	return runs, families
}

// twin measures an epoch cell by cell.
func (s *scene) twin(m Map, epoch int) []Total {
	totals := map[Key]*Total{}
	for u, unit := range s.all() {
		class := func(r, c int) uint8 {
			if r < 0 || c < 0 || r >= s.rows || c >= s.cols || !unit[r*s.cols+c] {
				return 0
			}
			return s.classes[epoch][r*s.cols+c]
		}
		seen := make([]bool, len(unit))
		for k := range unit {
			r, c := k/s.cols, k%s.cols
			kind := class(r, c)
			if kind == 0 {
				continue
			}
			key := KeyOf(u, kind)
			t := totals[key]
			if t == nil {
				t = &Total{Key: key}
				totals[key] = t
			}
			side := func(r, c int, length int64) {
				if o := class(r, c); o != 0 && o != kind {
					t.Edge += length
				}
			}
			side(r, c-1, m.Earth.SideNS(r))
			side(r, c+1, m.Earth.SideNS(r))
			side(r-1, c, m.Earth.SideEW(r))
			side(r+1, c, m.Earth.SideEW(r+1))
			if seen[k] {
				continue
			}
			size, stack := raster.Area{}, []int{k}
			seen[k] = true
			for len(stack) > 0 {
				at := stack[len(stack)-1]
				stack = stack[:len(stack)-1]
				r, c := at/s.cols, at%s.cols
				area := m.Earth.Row(r)
				size.Add(area.Run(c, c+1))
				for i := range 9 {
					nr, nc := r+i/3-1, c+i%3-1
					if (m.Conn == patch.Four && i%2 == 0) || class(nr, nc) != kind || seen[nr*s.cols+nc] {
						continue
					}
					seen[nr*s.cols+nc] = true
					stack = append(stack, nr*s.cols+nc)
				}
			}
			t.Patches++
			if t.Largest.Less(size) {
				t.Largest = size
			}
		}
	}
	var all []Total
	for _, t := range totals {
		all = append(all, *t)
	}
	slices.SortFunc(all, func(a, b Total) int { return int(a.Key) - int(b.Key) })
	return all
}

func differs(b Band, want []Total) string {
	if len(b.Open) > 0 || len(b.Top) > 0 || len(b.Bottom) > 0 {
		return fmt.Sprintf("%d patches are open", len(b.Open))
	}
	if !slices.Equal(b.Totals, want) {
		return fmt.Sprintf("got\n%+v, want\n%+v", b.Totals, want)
	}
	return ""
}

// TestAgainstTwin: scenes cut into bands anywhere, that are joined in any order, and sent.
func TestAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	patches, beyond, linked := int64(0), 0, 0
	for range 3000 {
		s := newScene(rng)
		m := Map{Rows: s.rows, Conn: patch.Eight, Earth: earth(t, wide*12/float64(max(12, s.cols)), s.cols, s.rows)}
		if rng.IntN(2) == 0 {
			m.Conn = patch.Four
		}
		counter := NewCounter(m)
		var bands [2][]Band
		for row := 0; row < s.rows; {
			counter.Begin(row)
			end := row + 1 + rng.IntN(s.rows-row)
			for ; row < end; row++ {
				area := m.Earth.Row(row)
				runs, families := s.row(rng, row)
				counter.Row(runs, families, &area)
				if rng.IntN(3) == 0 { // as it does by itself where there is more to forget
					counter.sweep()
				}
			}
			for e, band := range counter.End() {
				bands[e] = append(bands[e], band)
			}
		}
		for epoch := range bands {
			band := joined(t, rng, m, bands[epoch])
			linked += len(band.Links)
			want := s.twin(m, epoch)
			if d := differs(band, want); d != "" {
				t.Fatalf("epoch %d, %d neighbours, %d × %d: %s", epoch, m.Conn, s.cols, s.rows, d)
			}
			for _, w := range want {
				patches += w.Patches
				if w.Largest.Hi > 0 {
					beyond++
				}
				if band.Total(w.Key) != w {
					t.Fatalf("%v is %+v", w.Key, band.Total(w.Key))
				}
			}
		}
	}
	if patches < 50000 || beyond < 100 || linked < 1000 {
		t.Errorf("only %d patches, %d totals with one beyond 64 bits, %d links", patches, beyond, linked)
	}
}

// joined joins bands in any order, sends them meanwhile, and adds the totals of groups.
func joined(t *testing.T, rng *rand.Rand, m Map, bands []Band) Band {
	t.Helper()
	for len(bands) > 1 {
		i := rng.IntN(len(bands) - 1)
		var wire bytes.Buffer
		if err := gob.NewEncoder(&wire).Encode(Join(m, bands[i], bands[i+1])); err != nil {
			t.Fatal(err)
		}
		bands = slices.Delete(bands, i+1, i+2)
		bands[i] = Band{}
		if err := gob.NewDecoder(&wire).Decode(&bands[i]); err != nil {
			t.Fatal(err)
		}
	}
	var ofGroups []Total
	for _, groups := range groupsOf {
		got := bands[0].Groups(func(unit int32) int32 {
			if unit < firstPart {
				return -1
			}
			return groups[unit-firstPart]
		})
		for _, total := range got {
			ofGroups = append(ofGroups, total)
		}
	}
	bands[0].Totals = append(bands[0].Totals, ofGroups...)
	slices.SortFunc(bands[0].Totals, func(a, b Total) int { return int(a.Key) - int(b.Key) })
	return bands[0]
}

func TestDiffersSeesWrongAnswers(t *testing.T) {
	right := Total{Key: 17, Patches: 2, Largest: raster.Area{Lo: 3}, Edge: 4}
	if d := differs(Band{Totals: []Total{right}}, []Total{right}); d != "" {
		t.Error("right answer refused:", d)
	}
	for name, wrong := range map[string]Band{
		"key":     {Totals: []Total{{16, 2, raster.Area{Lo: 3}, 4}}},
		"patches": {Totals: []Total{{17, 1, raster.Area{Lo: 3}, 4}}},
		"largest": {Totals: []Total{{17, 2, raster.Area{Lo: 4}, 4}}},
		"high":    {Totals: []Total{{17, 2, raster.Area{Hi: 1, Lo: 3}, 4}}},
		"edge":    {Totals: []Total{{17, 2, raster.Area{Lo: 3}, 5}}},
		"missing": {},
		"open":    {Totals: []Total{right}, Open: []Open{{Key: 17}}},
	} {
		if differs(wrong, []Total{right}) == "" {
			t.Error(name, "not seen")
		}
	}
}

// TestPatchWiderThan64Bits: its area is that of all its rows, however many bands it was found in.
func TestPatchWiderThan64Bits(t *testing.T) {
	const cols, rows = 12, 60
	m := Map{Rows: rows, Conn: patch.Four, Earth: earth(t, wide, cols, rows)}
	counter := NewCounter(m)
	for _, height := range []int{rows, 20} {
		var total Band
		wantM2 := 0.0
		for row := 0; row < rows; row += height {
			counter.Begin(row)
			for r := row; r < row+height; r++ {
				area := m.Earth.Row(r)
				counter.Row([]Pair{{0, cols, PairOf(0, 1, 1)}}, nil, &area)
				wantM2 += area.Run(0, cols).M2()
			}
			if bands := counter.End(); row == 0 {
				total = bands[0]
			} else {
				total = Join(m, total, bands[0])
			}
		}
		got := total.Total(KeyOf(0, 1))
		if gotM2 := got.Largest.M2(); got.Patches != 1 || wantM2 < 1<<37 || math.Abs(gotM2/wantM2-1) > 1e-12 {
			t.Errorf("bands of %d rows: %d patches, the largest of %.0f m², want one of %.0f", height, got.Patches, gotM2, wantM2)
		}
	}
}

// slowPairs finds runs symbol by symbol.
func slowPairs(pairs []Pair, col0 int, before, after []uint8, classes *[2][256]uint8) []Pair {
	for i, s := range before {
		b, a, col := classes[0][s], classes[1][after[i]], int32(col0+i)
		if b == 0 || a == 0 {
			continue
		}
		key := PairOf(0, b, a)
		if n := len(pairs); n > 0 && pairs[n-1].Col1 == col && pairs[n-1].Key == key {
			pairs[n-1].Col1++
		} else {
			pairs = append(pairs, Pair{col, col + 1, key})
		}
	}
	return pairs
}

func FuzzAppendPairs(f *testing.F) {
	f.Add([]byte{1, 1, 2, 2, 2, 3, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 5}, []byte{1, 1, 1, 4, 7}, 3, 7)
	f.Add([]byte{}, []byte{}, 0, 0)
	f.Add(bytes.Repeat([]byte{9}, 40), []byte{3}, 5, 20)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{64, 65, 66, 127, 128, 129, 130, 300} {
		row := patchy(rng, n, 1+rng.IntN(20))
		f.Add(row, patchy(rng, n, 1+rng.IntN(20)), 0, rng.IntN(n))
		f.Add(row, row, 0, n)
	}
	var classes [2][256]uint8
	for i := range classes[0] {
		classes[0][i], classes[1][i] = uint8(i%5), uint8(i/2%5) // several symbols are of one class, some of none
	}
	f.Fuzz(func(t *testing.T, before, changed []byte, col0, cut int) {
		after := slices.Clone(before)
		copy(after, changed)
		col0 = max(0, min(col0, 1<<20))
		cut = max(0, min(cut, len(before)))
		got := AppendPairs(nil, col0, before[:cut], after[:cut], &classes)
		got = AppendPairs(got, col0+cut, before[cut:], after[cut:], &classes)
		if want := slowPairs(nil, col0, before, after, &classes); !slices.Equal(got, want) {
			t.Fatalf("%v, %v cut at %d: got %v, want %v", before, after, cut, got, want)
		}
	})
}

// patchy returns rows of symbols with runs of so many cells on average.
func patchy(rng *rand.Rand, n, mean int) []uint8 {
	row := make([]uint8, n)
	for i := range row {
		if i == 0 || rng.IntN(mean) == 0 {
			row[i] = uint8(1 + rng.IntN(9))
		} else {
			row[i] = row[i-1]
		}
	}
	return row
}

// numbered has classes with the numbers of their symbols.
func numbered() (classes [2][256]uint8) {
	for i := range uint8(10) {
		classes[0][i], classes[1][i] = i, i
	}
	return classes
}

func BenchmarkAppendPairs(b *testing.B) {
	classes := numbered()
	for _, mean := range []int{16, 1000} {
		b.Run(fmt.Sprintf("mean=%d", mean), func(b *testing.B) {
			row := patchy(rand.New(rand.NewPCG(1, 2)), 16384, mean)
			after := slices.Clone(row)
			copy(after[5000:], row[5100:])
			want := slowPairs(nil, 0, row, after, &classes)
			var runs []Pair
			b.SetBytes(int64(len(row)))
			for b.Loop() {
				runs = AppendPairs(runs[:0], 0, row, after, &classes)
			}
			if !slices.Equal(runs, want) {
				b.Fatal("wrong runs")
			}
		})
	}
}

// BenchmarkRow has rows like those of real maps: runs of some six cells, few of which lie below one that is the same,
// and a tenth of which changed.
func BenchmarkRow(b *testing.B) {
	const cols, rows = 16384, 256
	rng := rand.New(rand.NewPCG(3, 4))
	classes := numbered()
	m := Map{Rows: rows, Conn: patch.Eight, Earth: earth(b, 0.1, 100, rows)}
	var lines [rows][]Pair
	symbols, after := make([]uint8, cols), make([]uint8, cols)
	n, changed := 0, 0
	for i := range lines {
		for c := range symbols { // mostly as in the west or, as it still is, in the north
			switch r := rng.IntN(100); {
			case i > 0 && r < 30:
			case c > 0 && r < 96:
				symbols[c] = symbols[c-1]
			default:
				symbols[c] = uint8(1 + rng.IntN(9))
			}
		}
		copy(after, symbols)
		for range cols / 40 {
			at := rng.IntN(cols - 8)
			after[at], after[at+1] = 1, 1
		}
		lines[i] = AppendPairs(nil, 0, symbols, after, &classes)
		n += len(lines[i])
		for _, run := range lines[i] {
			if !run.Key.steady() {
				changed++
			}
		}
	}
	if mean, share := float64(cols*rows)/float64(n), float64(changed)/float64(n); mean < 3 || mean > 7 || share < 0.05 || share > 0.2 {
		b.Fatalf("runs of %.1f cells, a share of %.2f changed", mean, share)
	}
	counter := NewCounter(m)
	var bands [2]Band
	for b.Loop() {
		counter.Begin(0)
		for i := range lines {
			area := m.Earth.Row(i)
			counter.Row(lines[i], nil, &area)
		}
		bands = counter.End()
	}
	for _, band := range bands {
		if len(band.Totals) != 9 || len(band.Open) != 0 {
			b.Fatalf("%+v", band)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/float64(b.N), "ns/run")
}
