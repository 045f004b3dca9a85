package corroborate

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/vector"
	"greenshield/vector/trace"
)

// built is the change type of land that was built on, by the shipped rules.
func built(rules *redline.RuleTable) string {
	return rules.Changes[rules.Change(landcover.Forest, landcover.Built)].Name
}

// What is found does not depend on the order of candidates, on how many look at once, or on the size of the cache, to
// the last bit.
func TestOrderWorkersAndCacheDoNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	rules := testRules(t)
	for range 40 {
		s := newScene(t, rng, rules)
		var shapes []orb.MultiPolygon
		for len(shapes) < 12 {
			if shape := randomShape(t, rng, s.in.Grid.Cols, s.in.Grid.Rows); vector.Area(shape) > 1e-6 {
				shapes = append(shapes, shape)
			}
		}
		agree := func(l *Looker, i int) string {
			var e redline.Evidence
			c := redline.Candidate{Change: built(rules), AreaM2: s.in.Earth.PolygonM2(shapes[i])}
			if err := l.Agree(&c, shapes[i], &e); err != nil {
				t.Error(err)
			}
			return fmt.Sprint(e.Agreed, e.StaysPct)
		}
		want := make([]string, len(shapes))
		for i := range shapes { // each alone
			want[i] = agree(New(s.in, rules, NewCache(1000, 1<<20)).Looker(), i)
		}
		for _, bytes := range []int64{0, 200, 1 << 20} {
			c := New(s.in, rules, NewCache(1000, bytes))
			var workers sync.WaitGroup
			for range 3 {
				order := rng.Perm(len(shapes))
				workers.Go(func() {
					l := c.Looker()
					defer l.Close()
					for _, i := range order {
						if got := agree(l, i); got != want[i] {
							t.Errorf("%s, cache of %d bytes: %s, want %s", s.kind, bytes, got, want[i])
						}
					}
				})
			}
			workers.Wait()
		}
	}
}

// Only blocks are read that candidates touch, each once. Touching the side of a block is not enough.
func TestOnlyTouchedBlocksAreRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	rules := testRules(t)
	unread := 0
	for range 150 {
		s := newScene(t, rng, rules)
		cache := NewCache(1000, 1<<20)
		c := New(s.in, rules, cache)
		l := c.Looker()
		maps := []*layer{&c.pairs[0].before, &c.pairs[0].after, c.newest}
		ways := []redline.Mover{s.twin.toBefore, s.twin.toAfter, s.newest}
		touched := make([]map[[2]int]bool, len(maps))
		for i := range touched {
			touched[i] = map[[2]int]bool{}
		}
		for range 2 {
			shape := randomShape(t, rng, s.in.Grid.Cols, s.in.Grid.Rows)
			if vector.Area(shape) < 1e-6 {
				continue
			}
			var e redline.Evidence
			redlinetest.Must(t, l.Agree(&redline.Candidate{Change: built(rules), AreaM2: 1}, shape, &e))
			for i, m := range maps {
				w := m.Source.(*watched)
				cells(w.On, moved(t, ringsOf(shape), ways[i]), func(row, col int, in []orb.Ring) {
					if areaOf(in) > 2e-9 {
						touched[i][[2]int{row / w.rows, col / w.cols}] = true
					}
				})
			}
		}
		for i, m := range maps {
			w := m.Source.(*watched)
			for r, n := range w.read {
				if at := [2]int{r.Row / w.rows, r.Col / w.cols}; !touched[i][at] || n != 1 {
					t.Fatalf("%s, map %d: block %v is read %d times; touched: %t", s.kind, i, at, n, touched[i][at])
				}
			}
			distinct, reads := m.blocks.Counts()
			if distinct != len(w.read) || reads != distinct {
				t.Fatalf("%d blocks, %d reads of %d", distinct, reads, len(w.read))
			}
			unread += (w.On.Cols+w.cols-1)/w.cols*((w.On.Rows+w.rows-1)/w.rows) - len(w.read)
		}
	}
	if unread < 300 {
		t.Errorf("%d blocks are not read: too few to mean anything", unread)
	}
}

// Regions of whole cells are cut as others are: one vertex in the middle of a side of a cell makes no difference.
func TestWholeCellsAreCutAsOthersAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(61, 62))
	var k cutter
	cells := 0
	for range 500 {
		cols, rows := 1+rng.IntN(12), 1+rng.IntN(12)
		shape := trace.Polygons(randomRuns(rng, cols, rows))
		if len(shape) == 0 {
			continue
		}
		g := raster.Grid{Cols: 1 + rng.IntN(14), Rows: 1 + rng.IntN(14)}
		shape = k.shifted([]orb.MultiPolygon{shape}, float64(rng.IntN(9)-4), float64(rng.IntN(9)-4))[0].Clone()
		list := func(fast bool) (all [][3]int) {
			if k.alongCells(shape) != fast {
				t.Fatalf("%v is not what this test means", shape)
			}
			redlinetest.Must(t, k.each(g, []orb.MultiPolygon{shape}, func(c cut) error {
				for col := c.col0; col < c.col1; col++ {
					all = append(all, [3]int{c.row, col, int(c.share)})
				}
				return nil
			}))
			return all
		}
		got := list(true)
		ring := shape[0][0]
		mid := orb.Point{ring[0][0] + (ring[1][0]-ring[0][0])/2, ring[0][1] + (ring[1][1]-ring[0][1])/2}
		mid[0] += 0.25 * float64(min(1, max(-1, ring[1][0]-ring[0][0])))
		mid[1] += 0.25 * float64(min(1, max(-1, ring[1][1]-ring[0][1])))
		shape[0][0] = slices.Insert(ring, 1, mid)
		if want := list(false); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v, of %v", got, want, shape)
		}
		cells += len(got)
	}
	if cells < 3000 {
		t.Errorf("%d cells: too few to mean anything", cells)
	}
}

// square is a square of whole cells.
func square(col, row, size float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{col, row}, {col + size, row}, {col + size, row + size}, {col, row + size}, {col, row}}}}
}

// oneMap is a run of 4 × 4 cells with a newest map on the same cells, of these symbols.
func oneMap(t *testing.T, symbols ...uint8) (*redline.Inputs, *watched) {
	g := degrees("A", 0, 0, 1, 4, 4)
	w := &watched{cols: 4, rows: 4, read: map[raster.Window]int{},
		Memory: raster.Memory{On: g, Classes: len(classes), Symbols: symbols}}
	newest := redline.OtherMap{Earth: earthOf(t, g),
		Epoch: redline.Epoch{Name: "n.tif", Year: 2023, Source: w, Legend: legendOf(t, classes...)}}
	return &redline.Inputs{Grid: g, Earth: earthOf(t, g), Newest: &newest}, w
}

// Codes that the legend lacks are told where candidates lie, and only there.
func TestUnknownCode(t *testing.T) {
	in, _ := oneMap(t, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, raster.NoData, 77, 0, 0, 0, 0)
	rules := testRules(t)
	l := New(in, rules, NewCache(1000, 100)).Looker()
	c := redline.Candidate{Change: built(rules), AreaM2: 1}
	var e redline.Evidence
	redlinetest.Must(t, l.Agree(&c, square(1, 1, 2), &e))
	if e.StaysPct != 100 || e.Agreed != nil {
		t.Errorf("%+v: three cells are built, one is not known", e)
	}
	redlinetest.Must(t, l.Agree(&c, square(0, 0, 2), &e))
	if e.StaysPct != 25 {
		t.Errorf("stays %g %%, want 25: the upper rows are smaller by far less than 0.01 %%", e.StaysPct)
	}
	redlinetest.Must(t, l.Agree(&c, square(2, 2, 1), &e))
	if !math.IsNaN(e.StaysPct) {
		t.Errorf("stays %g %% of ground of which nothing is known", e.StaysPct)
	}
	redlinetest.WantFault(t, l.Agree(&c, square(2, 2, 2), &e), redline.Raster,
		`n.tif (2023): code 77 is not in legend "test": row 2, column 3; name the legend`)
	in.Newest.NewMover = func() (redline.Mover, error) { return nowhere{}, nil }
	in.Newest.Source.(*watched).On.CRS.WKT = "B"
	err := New(in, rules, NewCache(1000, 100)).Looker().Agree(&c, square(0, 0, 1), &e)
	redlinetest.WantFault(t, err, redline.Incompatible,
		"n.tif (2023): a candidate has no place on the map: beyond the pole")
	if err := l.Agree(&redline.Candidate{Change: "none"}, square(0, 0, 1), &e); redline.KindOf(err) != redline.Internal {
		t.Error(err)
	}
}

// nowhere is the way to a map that has no place for any point.
type nowhere struct{}

func (nowhere) Move([]orb.Point) error { return errors.New("beyond the pole") }
func (nowhere) Close()                 {}

// Without other maps nothing is known, and nothing is read.
func TestNoMaps(t *testing.T) {
	g := degrees("A", 0, 0, 1, 4, 4)
	rules := testRules(t)
	l := New(&redline.Inputs{Grid: g, Earth: earthOf(t, g)}, rules, NewCache(1000, 100)).Looker()
	e := redline.Evidence{StaysPct: 3}
	redlinetest.Must(t, l.Agree(&redline.Candidate{Change: built(rules), AreaM2: 1}, square(0, 0, 2), &e))
	if len(e.Agreed) != 0 || !math.IsNaN(e.StaysPct) {
		t.Errorf("%+v", e)
	}
	redlinetest.Must(t, l.Close())
}
