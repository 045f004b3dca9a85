package geostwin

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/vector"
)

// text is everything that a run of s found, to the last bit; zones by name, and no numbers that are those of a run.
func (s *scene) text(c *collector) string {
	var b strings.Builder
	for _, k := range c.keys() {
		found := c.found[k]
		found.Alike = redline.Alike{}
		fmt.Fprintf(&b, "%v %+v", k, found)
		for _, o := range c.overlaps[k] {
			z := &s.in.Zones[o.Zone]
			fmt.Fprintf(&b, " %s/%s:%v", z.Layer, z.ID, o.AreaM2)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// partName tells parts of one scene from each other: the first cell of the patch and the zone.
type partName struct {
	first int
	zone  string
}

// named lists a run's parts, with the cells of patches moved by move: a patch is known
// by the first of its moved cells.
func (s *scene) named(c *collector, move func(cell int) int, rename func(zone string) string) map[partName]redline.Candidate {
	patches, of := s.flood()
	first := make([]int, len(patches))
	for i, p := range patches {
		first[i] = math.MaxInt
		for _, cell := range p.cells {
			first[i] = min(first[i], move(cell))
		}
	}
	out := map[partName]redline.Candidate{}
	for k, cand := range c.found {
		name := partName{first[of[int(k.Row)*s.in.Grid.Cols+int(k.Col)]], rename(cand.Layer + "/" + cand.ZoneID)}
		if sum, ok := out[name]; ok { // two halves of one zone
			cand.AreaM2 += sum.AreaM2
		}
		out[name] = cand
	}
	return out
}

func stay(cell int) int              { return cell }
func sameName(z string) string       { return z }
func exactly(got, want float64) bool { return got == want }

// roughly is equality up to rounding: moved coordinates round at 10⁻¹⁴ cells, and for
// each zone mere touching (10⁻⁷ cells) may be taken or left.
func (s *scene) roughly(got, want float64) bool {
	return math.Abs(got-want) <= relative*want+s.slackM2()
}

func (s *scene) slackM2() float64 {
	return cellM2 * (2*rounding + 2*touching*float64(len(s.in.Zones)+1))
}

// same compares parts. halves tells that thresholds are not to be compared, as a zone was split.
func (s *scene) same(v *verdict, got, want map[partName]redline.Candidate, alike func(got, want float64) bool, halves bool) {
	small := func(c redline.Candidate) bool { return c.AreaM2 <= s.slackM2()+cellM2*touching }
	minimum := s.o.MinPart.M2
	if minimum == 0 {
		minimum = cellM2 * s.o.MinPart.Cells
	}
	for name, w := range want {
		g, ok := got[name]
		switch v.comparisons++; {
		case !ok && small(w):
		case !ok:
			v.bad("%v of %.12g m² is missing", name, w.AreaM2)
		default:
			if !alike(g.AreaM2, w.AreaM2) {
				v.bad("%v measures %.12g m², want %.12g", name, g.AreaM2, w.AreaM2)
			}
			equal(v, fmt.Sprint(name, " cells"), g.Cells, w.Cells)
			if !halves && math.Abs(w.AreaM2-minimum) > relative*minimum+s.slackM2() {
				equal(v, fmt.Sprint(name, " change, severity, reason"), fmt.Sprint(g.Change, g.Severity, g.Reason), fmt.Sprint(w.Change, w.Severity, w.Reason))
			}
		}
	}
	for name, g := range got {
		if _, ok := want[name]; !ok && !small(g) {
			v.bad("%v of %.12g m² is new", name, g.AreaM2)
		}
	}
}

// rearranged is a copy of s on a grid of that size, cell by cell moved, and zones point
// by point.
func (m *maker) rearranged(s *scene, g raster.Grid, cell func(cell int) int, point func(p orb.Point) orb.Point) *scene {
	out := *s
	in := *s.in
	out.in = &in
	out.before, out.after = make([]uint8, g.Cells()), make([]uint8, g.Cells())
	for i := range out.before {
		out.before[i], out.after[i] = 1, 1
	}
	for i := range s.before {
		out.before[cell(i)], out.after[cell(i)] = s.before[i], s.after[i]
	}
	m.place(&out, g)
	in.Zones, in.Exempt = nil, nil
	for _, z := range s.in.Zones {
		shape := z.Shape.Clone()
		for _, p := range shape {
			for _, r := range p {
				for i := range r {
					r[i] = point(r[i])
				}
			}
		}
		m.zone(&out, z.Layer, z.ID, z.Type, vector.Orient(shape))
	}
	return &out
}

// A relation says how two runs must be related.
type relation struct {
	name  string
	check func(m *maker, rng *rand.Rand, s *scene, c *collector, sum *redline.Summary, v *verdict)
}

func mustRun(s *scene, tune engine.Tuning, v *verdict) (*collector, *redline.Summary) {
	c, sum, err := run(s, tune)
	if err != nil {
		v.bad("the changed run failed: %v\n%s", err, s)
	}
	return c, sum
}

var relations = []relation{
	{"flip east and west: the same up to rounding", func(m *maker, _ *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		cols := s.in.Grid.Cols
		move := func(i int) int { return i/cols*cols + cols - 1 - i%cols }
		flipped := m.rearranged(s, s.in.Grid, move, func(p orb.Point) orb.Point { return orb.Point{float64(cols) - p[0], p[1]} })
		got, _ := mustRun(flipped, engine.Tuning{Workers: 1}, v)
		s.same(v, flipped.named(got, stay, sameName), s.named(c, move, sameName), s.roughly, false)
	}},
	{"flip north and south: the same up to rounding", func(m *maker, _ *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		cols, rows := s.in.Grid.Cols, s.in.Grid.Rows
		move := func(i int) int { return (rows-1-i/cols)*cols + i%cols }
		flipped := m.rearranged(s, s.in.Grid, move, func(p orb.Point) orb.Point { return orb.Point{p[0], float64(rows) - p[1]} })
		got, _ := mustRun(flipped, engine.Tuning{Workers: 1}, v)
		s.same(v, flipped.named(got, stay, sameName), s.named(c, move, sameName), s.roughly, false)
	}},
	{"transpose: the same up to rounding", func(m *maker, _ *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		g := s.in.Grid
		cols, rows := g.Cols, g.Rows
		g.Cols, g.Rows = rows, cols
		move := func(i int) int { return i%cols*rows + i/cols }
		turned := m.rearranged(s, g, move, func(p orb.Point) orb.Point { return orb.Point{p[1], p[0]} })
		got, _ := mustRun(turned, engine.Tuning{Workers: 1}, v)
		s.same(v, turned.named(got, stay, sameName), s.named(c, move, sameName), s.roughly, false)
	}},
	{"swap epochs: the matrix is transposed, zones keep their ground, exactly", func(m *maker, _ *rand.Rand, s *scene, _ *collector, sum *redline.Summary, v *verdict) {
		swapped := m.clone(s)
		swapped.before, swapped.after = swapped.after, swapped.before
		m.place(swapped, s.in.Grid)
		_, other := mustRun(swapped, engine.Tuning{Workers: 1}, v)
		if other == nil {
			return
		}
		text := func(all []redline.Transition, turn bool) string {
			var lines []string
			for _, t := range all {
				if turn {
					t.From, t.To = t.To, t.From
				}
				lines = append(lines, fmt.Sprint(t.From.Code, t.From.Ecosystem, t.To.Code, t.To.Ecosystem, t.Cells, t.AreaM2))
			}
			slices.Sort(lines)
			return strings.Join(lines, "\n")
		}
		equal(v, "matrix", text(other.Codes, true), text(sum.Codes, false))
		equal(v, "matrix of ecosystems", text(other.Ecosystems, true), text(sum.Ecosystems, false))
		equal(v, "changed cells", other.ChangedCells, sum.ChangedCells)
		for i := range sum.Zones {
			a, b := sum.Zones[i], other.Zones[i]
			equal(v, "zone "+a.Zone.ID, [3]float64{b.ControlledM2, b.NoDataM2, b.OutsideM2}, [3]float64{a.ControlledM2, a.NoDataM2, a.OutsideM2})
		}
	}},
	{"shift by whole cells: the same ids exactly, areas up to rounding", func(m *maker, rng *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		g := s.in.Grid
		du, dv := rng.IntN(9), rng.IntN(9)
		cols := g.Cols
		g.OriginX, g.OriginY = g.OriginX-float64(du)*cellM, g.OriginY+float64(dv)*cellM
		g.Cols, g.Rows = g.Cols+du+rng.IntN(5), g.Rows+dv+rng.IntN(5)
		move := func(i int) int { return (i/cols+dv)*g.Cols + i%cols + du }
		shifted := m.rearranged(s, g, move, func(p orb.Point) orb.Point { return orb.Point{p[0] + float64(du), p[1] + float64(dv)} })
		got, _ := mustRun(shifted, engine.Tuning{Workers: 1}, v)
		have, want := shifted.named(got, stay, sameName), s.named(c, move, sameName)
		s.same(v, have, want, s.roughly, false)
		for name, w := range want {
			if g, ok := have[name]; ok {
				equal(v, "ids", g.ID+g.PatchID, w.ID+w.PatchID)
			}
		}
	}},
	{"split a zone in two: the halves add up, other zones keep theirs, up to rounding", func(m *maker, rng *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		if len(s.in.Zones) == 0 {
			v.skipped = true
			return
		}
		split := m.clone(s)
		k := rng.IntN(len(s.in.Zones))
		z := s.in.Zones[k]
		for i := range s.in.Zones {
			if i != k && s.in.Zones[i].ID == z.ID {
				v.skipped = true // the new ids would not have the old one's place in the order
				return
			}
		}
		at := ordinate(rng, s.in.Grid.Cols)
		west := orb.MultiPolygon{{rectangle(-1000, -1000, at, 1000)}}
		a, errA := m.geos.Intersection(z.Shape, west)
		b, errB := m.geos.Difference(z.Shape, west)
		if errA != nil || errB != nil {
			v.bad("cannot split: %v, %v", errA, errB)
			return
		}
		split.in.Zones = slices.Delete(split.in.Zones, k, k+1)
		m.zone(split, z.Layer, z.ID+".a", z.Type, a)
		m.zone(split, z.Layer, z.ID+".b", z.Type, b)
		got, _ := mustRun(split, engine.Tuning{Workers: 1}, v)
		rename := func(name string) string { return strings.TrimSuffix(strings.TrimSuffix(name, ".a"), ".b") }
		split.same(v, split.named(got, stay, rename), s.named(c, stay, sameName), split.roughly, true)
	}},
	{"shuffle features: the same to the last bit", func(m *maker, rng *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		shuffled := m.clone(s)
		z := shuffled.in.Zones
		rng.Shuffle(len(z), func(i, j int) { z[i], z[j] = z[j], z[i] })
		got, _ := mustRun(shuffled, engine.Tuning{Workers: 1}, v)
		equal(v, "everything", shuffled.text(got), s.text(c))
	}},
	{"other starts, directions and order of rings: the same up to rounding", func(m *maker, rng *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		turned := m.clone(s)
		for i := range turned.in.Zones {
			mp := turned.in.Zones[i].Shape
			rng.Shuffle(len(mp), func(i, j int) { mp[i], mp[j] = mp[j], mp[i] })
			for _, p := range mp {
				rng.Shuffle(len(p)-1, func(i, j int) { p[1+i], p[1+j] = p[1+j], p[1+i] })
				for k, r := range p {
					n := len(r) - 1
					by := rng.IntN(n)
					open := append(slices.Clone(r[by:n]), r[:by]...)
					p[k] = append(open, open[0])
					if rng.IntN(2) == 0 {
						slices.Reverse(p[k])
					}
				}
			}
			turned.in.Zones[i].Shape = vector.Orient(mp) // as reading does
		}
		got, _ := mustRun(turned, engine.Tuning{Workers: 1}, v)
		s.same(v, turned.named(got, stay, sameName), s.named(c, stay, sameName), s.roughly, false)
	}},
	{"on a grid of degrees: the same parts, each with the area of its rows", func(m *maker, _ *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		g := s.in.Grid
		g.OriginX, g.OriginY, g.CellX, g.CellY = 110, 41, 0.0003, 0.0003
		g.CRS = raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}
		earth, err := raster.NewEarth(g, nil, nil)
		if err != nil {
			v.bad("%v", err)
			return
		}
		geographic := m.clone(s)
		geographic.in.Grid, geographic.in.Earth = g, earth
		for _, e := range []*redline.Epoch{&geographic.in.Before, &geographic.in.After} {
			e.Source.(*raster.Memory).On = g
		}
		row := func(r int) float64 {
			area := earth.Row(min(max(r, 0), g.Rows-1))
			return area.Run(0, 1).M2()
		}
		for i := range geographic.in.Zones {
			z := &geographic.in.Zones[i]
			z.TotalM2 *= row(g.Rows/2) / cellM2 // good enough: it only tells what lies outside
		}
		got, _ := mustRun(geographic, engine.Tuning{Workers: 1}, v)
		have, want := s.named(got, stay, sameName), s.named(c, stay, sameName)
		span := map[partName][2]int{} // first and last row of the patch
		patches, _ := s.flood()
		for name := range want {
			for _, p := range patches {
				if p.cells[0] == name.first {
					span[name] = [2]int{p.cells[0] / g.Cols, p.cells[len(p.cells)-1] / g.Cols}
				}
			}
		}
		for name, w := range want {
			// Cells grow towards the equator: by 1e-5 from row to row, less within one.
			cells, rows := w.AreaM2/cellM2, span[name]
			least, most := cells*row(rows[0]-1), cells*row(rows[1]+1)
			if rows[0] == 0 {
				least *= 1 - 2e-5
			}
			if rows[1] == g.Rows-1 {
				most *= 1 + 2e-5
			}
			if x, ok := have[name]; ok {
				v.comparisons++
				if x.AreaM2 < least*(1-relative)-s.slackM2() || x.AreaM2 > most*(1+relative)+s.slackM2() {
					v.bad("%v measures %.12g m², not within %.12g … %.12g", name, x.AreaM2, least, most)
				}
				x.AreaM2 = w.AreaM2
				have[name] = x
			}
		}
		s.same(v, have, want, s.roughly, true)
	}},
	{"tiles and workers: the same to the last bit", func(m *maker, rng *rand.Rand, s *scene, c *collector, _ *redline.Summary, v *verdict) {
		want := s.text(c)
		whole := max(s.in.Grid.Cols, s.in.Grid.Rows)
		for _, tune := range []engine.Tuning{
			{Tile: 1, Workers: 1 + rng.IntN(8)}, {Tile: 2 + rng.IntN(whole), Workers: 1}, {Tile: 1 + rng.IntN(7), Workers: 2 + rng.IntN(7)}, {Tile: whole, Workers: 8},
		} {
			got, _ := mustRun(s, tune, v)
			equal(v, fmt.Sprintf("everything with tiles of %d and %d workers", tune.Tile, tune.Workers), s.text(got), want)
		}
	}},
}

func TestMetamorphic(t *testing.T) {
	all := seeds(t, 40, 800)
	for _, r := range relations {
		t.Run(r.name, func(t *testing.T) {
			m := newMaker(t)
			failed, comparisons, skipped := 0, 0, 0
			for _, seed := range all {
				s := m.random(seed)
				v := &verdict{}
				c, sum, err := run(s, engine.Tuning{Workers: 1})
				if err != nil {
					t.Fatalf("scene %d: %v", seed, err)
				}
				r.check(m, rand.New(rand.NewPCG(seed, 7)), s, c, sum, v)
				comparisons += v.comparisons
				if v.skipped {
					skipped++
				}
				if len(v.problems) > 0 {
					failed++
					report(t, s, v)
				}
			}
			if comparisons < len(all) {
				t.Error("too few comparisons to mean anything")
			}
			t.Logf("tally: scenes %d", len(all)-skipped)
			t.Logf("tally: skipped %d", skipped)
			t.Logf("tally: failed %d", failed)
			t.Logf("tally: comparisons %d", comparisons)
		})
	}
}

// The comparison of two runs must see a lost part, a changed area and a changed reason.
func TestRelationsSeeWrongAnswers(t *testing.T) {
	m := newMaker(t)
	s := plain(m)
	c, _, err := run(s, engine.Tuning{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	first := func(parts map[partName]redline.Candidate) partName {
		for name := range parts {
			if parts[name].Reason == "" && parts[name].AreaM2 > 2*cellM2 {
				return name
			}
		}
		t.Fatal("no part")
		return partName{}
	}
	want := s.named(c, stay, sameName)
	v := &verdict{}
	if s.same(v, s.named(c, stay, sameName), want, exactly, false); len(v.problems) > 0 || len(want) < 3 {
		t.Fatalf("the right answer is refused: %v", v.problems)
	}
	cases := map[string]func(parts map[partName]redline.Candidate){
		"lost": func(p map[partName]redline.Candidate) { delete(p, first(p)) },
		"new":  func(p map[partName]redline.Candidate) { p[partName{99, "x"}] = p[first(p)] },
		"area": func(p map[partName]redline.Candidate) {
			n := first(p)
			x := p[n]
			x.AreaM2 *= 1 + 1e-6
			p[n] = x
		},
		"reason": func(p map[partName]redline.Candidate) {
			n := first(p)
			x := p[n]
			x.Reason = redline.ReasonArea
			p[n] = x
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			got := s.named(c, stay, sameName)
			spoil(got)
			v := &verdict{}
			if s.same(v, got, want, s.roughly, false); len(v.problems) == 0 {
				t.Error("not seen")
			}
		})
	}
	t.Logf("tally: mutations %d", len(cases))
}
