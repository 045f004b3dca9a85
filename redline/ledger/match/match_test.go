package match

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/vector/trace"
)

const side = 18 // of the ground of histories, in cells

// ground is two transition groups' bad cells as they stand. It lives on from run to run.
type ground [2]set

// change does to the ground what happens between two runs: blobs appear, grow, shrink, are cut in two, joined, vanish
// and move by a cell.
func (g *ground) change(rng *rand.Rand) {
	box := func(height, width int) (cells []cell) {
		row, col := rng.IntN(side), rng.IntN(side)
		for r := row; r < min(side, row+height); r++ {
			for c := col; c < min(side, col+width); c++ {
				cells = append(cells, cell{r, c})
			}
		}
		return cells
	}
	for range 1 + rng.IntN(5) {
		i := rng.IntN(2)
		switch rng.IntN(8) {
		case 0, 1: // appears, grows or joins
			for _, c := range box(1+rng.IntN(6), 1+rng.IntN(6)) {
				g[i][c] = true
			}
		case 2: // shrinks or vanishes
			for _, c := range box(1+rng.IntN(8), 1+rng.IntN(8)) {
				delete(g[i], c)
			}
		case 3: // a road or a river cuts
			for _, c := range box(1, side) {
				delete(g[i], c)
			}
		case 4:
			for _, c := range box(side, 1) {
				delete(g[i], c)
			}
		case 5: // all moves by a cell
			dy, dx := rng.IntN(3)-1, rng.IntN(3)-1
			moved := set{}
			for c := range g[i] {
				if to := (cell{c.row + dy, c.col + dx}); to.row >= 0 && to.col >= 0 && to.row < side && to.col < side {
					moved[to] = true
				}
			}
			g[i] = moved
		case 6: // a rim grows
			grown := set{}
			for _, c := range g[i].inOrder() {
				for _, to := range []cell{c, {c.row, c.col + 1}, {c.row + 1, c.col}} {
					if to.row < side && to.col < side && (to == c || rng.IntN(2) == 0) {
						grown[to] = true
					}
				}
			}
			g[i] = grown
		case 7: // one is cut while its east joins the next one
			col := rng.IntN(side - 1)
			for row := range side {
				delete(g[i], cell{row, col})
			}
			for _, c := range g[i].inOrder() {
				for to := c.col; c.col > col && to < min(side, c.col+5); to++ {
					g[i][cell{c.row, to}] = true
				}
			}
		}
	}
}

// detections returns the patches of the ground, of 8 neighbours.
func (g *ground) detections() (all []place) {
	for i, bad := range g {
		left := set{}
		for c := range bad {
			left[c] = true
		}
		for len(left) > 0 {
			first := left.first()
			patch, queue := set{}, []cell{first}
			for len(queue) > 0 {
				c := queue[0]
				queue = queue[1:]
				if !left[c] {
					continue
				}
				delete(left, c)
				patch[c] = true
				for dy := -1; dy <= 1; dy++ {
					for dx := -1; dx <= 1; dx++ {
						queue = append(queue, cell{c.row + dy, c.col + dx})
					}
				}
			}
			id := fmt.Sprintf("P%d-%02d-%02d", i, first.row, first.col)
			all = append(all, place{id: id, group: []string{"natural>built", "natural>bare"}[i], cells: patch})
		}
	}
	return all
}

// book is the smallest ledger that lineage needs: the cases that are not merged into others.
type book struct {
	open  []place
	cases int // how many there ever were
}

// add does what the components say.
func (b *book) add(rng *rand.Rand, run int, r Result, detections []place) {
	of := func(all []place, id string) *place {
		return &all[slices.IndexFunc(all, func(p place) bool { return p.id == id })]
	}
	begin := func(d *place) {
		b.cases++
		opened := fmt.Sprintf("202%d-01-01", run/2)
		b.open = append(b.open, place{fmt.Sprintf("C%03d", b.cases), d.group, opened, rng.IntN(3), d.cells})
	}
	for _, c := range r.Components {
		if c.Relation == Complex || c.Relation == Alone {
			continue
		}
		if c.Relation == New {
			begin(of(detections, c.Detection))
			continue
		}
		of(b.open, c.Case).cells = of(detections, c.Detection).cells
		for _, id := range c.Cases {
			if id != c.Case {
				b.open = slices.DeleteFunc(b.open, func(p place) bool { return p.id == id })
			}
		}
		for _, id := range c.Detections {
			if id != c.Detection {
				begin(of(detections, id))
			}
		}
	}
}

// 10,000 histories of several runs, in which cases go on, begin, split and merge as the components say: ids, relations
// and lineage are those of a twin that compares cell by cell, in
// whatever order cases, detections and their runs are given.
func TestHistories(t *testing.T) {
	met := map[Relation]int{}
	near := 0
	for seed := range 10_000 {
		rng := rand.New(rand.NewPCG(uint64(seed), 16))
		s := Settings{MinCells: int64(rng.IntN(6)), Percent: int64(rng.IntN(3) * 10)}
		g := ground{set{}, set{}}
		var b book
		for run := range 2 + rng.IntN(4) {
			g.change(rng)
			detections := g.detections()
			want := twin(b.open, detections, s)
			var r Result
			for turn := range 2 {
				cases, found := given(rng, b.open, detections)
				again := Match(cases, found, s)
				if turn > 0 && !reflect.DeepEqual(r, again) {
					t.Fatalf("history %d, run %d: another order gives\n%v\nnot\n%v", seed, run, text(again), text(r))
				}
				r = again
			}
			if got := text(r); got != want {
				t.Fatalf("history %d, run %d, %+v:\n got\n%s\nwant\n%s", seed, run, s, got, want)
			}
			for _, c := range r.Components {
				met[c.Relation]++
			}
			near += len(r.Near)
			b.add(rng, run, r, detections)
		}
	}
	for _, r := range []Relation{New, Persisting, Grown, Shrunk, Shifted, Split, Merged, Complex, Alone} {
		if met[r] < 10 {
			t.Errorf("only %d components are %s", met[r], r)
		}
	}
	if near < 1000 {
		t.Errorf("only %d pairs are near", near)
	}
}

// The twin and Match are held against what a reader of the rules expects, one rule at a time.
func TestRelations(t *testing.T) {
	s := Settings{MinCells: 2, Percent: 10}
	for _, test := range []struct{ name, cases, detections, want string }{
		{"nothing", "", "", ""},
		{"new", "....", "bb..", "new [] [b]:  with b"},
		{"alone", "aa..", "....", "alone [a] []: a with "},
		{"the same", "aaaa", "bbbb", "persisting [a] [b]: a with b shared 4 gained 0 lost 0"},
		{"a cell more is too few", "aaaa.", "bbbbb", "persisting [a] [b]: a with b shared 4 gained 1 lost 0"},
		{"grown", "aaa..", "bbbbb", "grown [a] [b]: a with b shared 3 gained 2 lost 0 increment [{0 3 5}]"},
		{"shrunk", "aaaaa", "bbb..", "shrunk [a] [b]: a with b shared 3 gained 0 lost 2"},
		{"shifted", "aaaaa..", "..bbbbb", "shifted [a] [b]: a with b shared 3 gained 2 lost 2"},
		{"just half of both is no edge", "aaaa..", "..bbbb",
			"alone [a] []: a with \nnear a b shared 2 gap 0\nnew [] [b]:  with b"},
		{"most of the detection", "aaaaaaa", "......b", "shrunk [a] [b]: a with b shared 1 gained 0 lost 6"},
		{"split, the largest share", "aaaaa", "bb.cc", "split [a] [b c]: a with b"},
		{"split, a tie of shares", "aaaaa/aaaaa", "cc.bb/cc.bb", "split [a] [b c]: a with c"},
		{"split, the larger share is in the east", "aaaaaa", "c.bbb.", "split [a] [b c]: a with b"},
		{"merged", "aa.cc", "bbbbb", "merged [a c] [b]: a with b"},
		{"complex", "aaaaadd", "c.bbbbb", "complex [a d] [b c]:  with "},
		{"touching", "aa..", "..bb", "alone [a] []: a with \nnear a b shared 0 gap 0\nnew [] [b]:  with b"},
		{"two cells between", "aa....", "....bb", "alone [a] []: a with \nnear a b shared 0 gap 2\nnew [] [b]:  with b"},
		{"three cells between", "aa.....", ".....bb", "alone [a] []: a with \nnew [] [b]:  with b"},
		{"a corner", "a./..", "../.b", "alone [a] []: a with \nnear a b shared 0 gap 0\nnew [] [b]:  with b"},
		{"two rows between, seen from below", ".../.../.../..a", "b../.../.../...",
			"alone [a] []: a with \nnear a b shared 0 gap 2\nnew [] [b]:  with b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			read := func(drawing string) (all []place) {
				by := map[rune]set{}
				for row, line := range strings.Split(drawing, "/") {
					for col, r := range line {
						if r == '.' {
							continue
						}
						if by[r] == nil {
							by[r] = set{}
						}
						by[r][cell{row, col}] = true
					}
				}
				for r, cells := range by {
					all = append(all, place{id: string(r), group: "g", cells: cells})
				}
				return all
			}
			cases, detections := read(test.cases), read(test.detections)
			as, bs := given(rand.New(rand.NewPCG(1, 1)), cases, detections)
			if got := text(Match(as, bs, s)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if got := twin(cases, detections, s); got != test.want {
				t.Errorf("the twin has\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// Of merged cases the most advanced one goes on, then the earliest, then that of the smallest id. Other groups never
// meet.
func TestSurvivor(t *testing.T) {
	row := func(col0, col1 int32) []trace.Run { return []trace.Run{{Row: 0, Col0: col0, Col1: col1}} }
	all := Detection{"d", "g", row(0, 9)}
	for name, test := range map[string]struct {
		want string
		of   [3]Case
	}{
		"most advanced": {"y", [3]Case{{"x", "g", 1, "2020-01-01", row(0, 3)}, {"y", "g", 2, "2021-01-01", row(3, 6)},
			{"z", "g", 0, "2019-01-01", row(6, 9)}}},
		"earliest": {"z", [3]Case{{"x", "g", 1, "2020-01-02", row(0, 3)}, {"y", "g", 1, "2020-01-03", row(3, 6)},
			{"z", "g", 1, "2020-01-01", row(6, 9)}}},
		"smallest id": {"x", [3]Case{{"y", "g", 1, "2020-01-01", row(0, 3)}, {"x", "g", 1, "2020-01-01", row(3, 6)},
			{"z", "g", 1, "2020-01-01", row(6, 9)}}},
	} {
		r := Match(test.of[:], []Detection{all}, Settings{})
		if len(r.Components) != 1 || r.Components[0].Relation != Merged || r.Components[0].Case != test.want {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r := Match([]Case{{ID: "x", Group: "h", Cells: row(0, 9)}}, []Detection{all}, Settings{})
	if got := text(r); got != "alone [x] []: x with \nnew [] [d]:  with d" {
		t.Errorf("another group: %s", got)
	}
}

// Set operations on runs are those on cells.
func TestSets(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	draw := func() (runs []trace.Run) {
		for range rng.IntN(12) {
			col := int32(rng.IntN(20))
			runs = append(runs, trace.Run{Row: int32(rng.IntN(4)), Col0: col, Col1: col + int32(rng.IntN(6))})
		}
		return runs
	}
	for range 2000 {
		a, b := draw(), draw()
		both, rest := set{}, set{}
		for c := range setOf(a) {
			both[c] = true
			if !setOf(b)[c] {
				rest[c] = true
			}
		}
		for c := range setOf(b) {
			both[c] = true
		}
		union, minus := Union(a, b), Minus(Union(a), Union(b))
		if !reflect.DeepEqual(setOf(union), both) || trace.Count(union) != int64(len(both)) {
			t.Fatalf("%v ∪ %v = %v", a, b, union)
		}
		if !reflect.DeepEqual(setOf(minus), rest) || trace.Count(minus) != int64(len(rest)) {
			t.Fatalf("%v ∖ %v = %v", a, b, minus)
		}
		for _, s := range [][]trace.Run{union, minus} {
			for i := 1; i < len(s); i++ {
				if s[i-1].Row == s[i].Row && s[i-1].Col1 >= s[i].Col0 || byPlace(s[i-1], s[i]) > 0 {
					t.Fatalf("%v, %v: %v is not in order", a, b, s)
				}
			}
		}
	}
}

// BenchmarkMatch matches 50,000 cases with as many detections, of which most persist.
func BenchmarkMatch(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	const n = 50_000
	cases, detections := make([]Case, n), make([]Detection, n)
	for i := range cases {
		row, col := int32(i/250*40), int32(i%250*40)
		blob := func(dy, dx int32) (runs []trace.Run) {
			for r := range int32(12) {
				left := int32(rng.IntN(5))
				runs = append(runs, trace.Run{Row: row + dy + r, Col0: col + dx + left, Col1: col + dx + 10 + left})
			}
			return runs
		}
		cases[i] = Case{ID: fmt.Sprintf("C%06d", i), Group: "natural>built", Cells: blob(0, 0)}
		shift := int32(rng.IntN(4) / 3 * 8)
		detections[i] = Detection{ID: fmt.Sprintf("P%06d", i), Group: "natural>built", Cells: blob(shift, shift)}
	}
	for b.Loop() {
		if r := Match(cases, detections, Settings{MinCells: 4, Percent: 10}); len(r.Components) < n {
			b.Fatalf("%d components", len(r.Components))
		}
	}
}
