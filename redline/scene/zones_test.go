package scene

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/paulmach/orb/planar"
	"github.com/peterstace/simplefeatures/geom"
)

// patch is a connected set of changed cells that became one class.
type patch struct {
	cells                    int
	top, left, bottom, right int // half-open
}

// patches flood-fills the cells whose class differs, 8 or 4 neighbours, by the class
// that they became.
func patches(cells [2][]uint8, cols, neighbours int) []patch {
	rows := len(cells[0]) / cols
	seen := make([]bool, len(cells[0]))
	changed := func(i int) bool {
		return cells[0][i] != 0 && cells[1][i] != 0 && cells[0][i] != cells[1][i]
	}
	var all []patch
	for start := range seen {
		if seen[start] || !changed(start) {
			continue
		}
		p := patch{top: rows, left: cols}
		seen[start] = true
		for queue := []int{start}; len(queue) > 0; {
			at := queue[0]
			queue = queue[1:]
			row, col := at/cols, at%cols
			p.cells++
			p.top, p.left, p.bottom, p.right = min(p.top, row), min(p.left, col), max(p.bottom, row+1), max(p.right, col+1)
			for dr := -1; dr <= 1; dr++ {
				for dc := -1; dc <= 1; dc++ {
					r, c := row+dr, col+dc
					if neighbours == 4 && dr != 0 && dc != 0 || r < 0 || r >= rows || c < 0 || c >= cols {
						continue
					}
					if next := r*cols + c; !seen[next] && changed(next) && cells[1][next] == cells[1][start] {
						seen[next] = true
						queue = append(queue, next)
					}
				}
			}
		}
		all = append(all, p)
	}
	return all
}

// boxed returns the patches that lie within the stamp's changed cells.
func boxed(all []patch, st stamp) []patch {
	w := st.changed()
	return slices.DeleteFunc(slices.Clone(all), func(p patch) bool {
		return p.top < w.Row || p.left < w.Col || p.bottom > w.Row+w.Rows || p.right > w.Col+w.Cols
	})
}

func TestPatches(t *testing.T) {
	s := newScene(t, small())
	cells := epochs(s)
	eight := patches(cells, s.params.Cols, 8)
	four := patches(cells, s.params.Cols, 4)

	var single, large, inside int
	for _, p := range eight {
		switch {
		case p.cells == 1:
			single++
		case p.cells >= 20:
			large++
			inside += p.cells
		}
	}
	if single < 60 || large < 20 || inside < 1000 {
		t.Errorf("%d single cells, %d patches of 20 cells and more with %d cells: want speckle and compact patches", single, large, inside)
	}

	for _, c := range []struct {
		name        string
		stamp       stamp
		eight, four []int // cells of the patches
	}{
		{"holed, with an island", holed(), []int{4, 107}, []int{4, 107}},
		{"project", project(), []int{22}, []int{22}},
		{"chain", chain(), []int{10}, []int{1, 1, 1, 1, 1, 1, 1, 1, 2}},
		{"shore", shore(), []int{10}, []int{10}},
		{"quay", quay(), []int{34}, []int{34}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := slices.IndexFunc(s.stamps, func(st stamp) bool { return slices.Equal(st.after, c.stamp.after) })
			st := s.stamps[at]
			sizes := func(all []patch) (n []int) {
				for _, p := range boxed(all, st) {
					n = append(n, p.cells)
				}
				slices.Sort(n)
				return n
			}
			if got := sizes(eight); !slices.Equal(got, c.eight) {
				t.Errorf("8 neighbours: patches of %v cells, want %v", got, c.eight)
			}
			if got := sizes(four); !slices.Equal(got, c.four) {
				t.Errorf("4 neighbours: patches of %v cells, want %v", got, c.four)
			}
		})
	}
	if w := s.stamps[len(s.stamps)-1].changed(); w.Row+w.Rows != s.params.Rows {
		t.Errorf("the quay ends at row %d, the raster at %d", w.Row+w.Rows, s.params.Rows)
	}
}

// changedIn counts the cells that differ, NoData included, and whose square meets the shape.
func changedIn(s *Scene, shape orb.MultiPolygon) (n int) {
	bound, cols := shape.Bound(), s.params.Cols
	top := int(bound.Min[1])
	cells := band(s, top, int(bound.Max[1])+1-top)
	for i := range cells[0] {
		if cells[0][i] == cells[1][i] {
			continue
		}
		u, v := float64(i%cols), float64(top+i/cols)
		for _, at := range []orb.Point{{u + 0.5, v + 0.5}, {u, v}, {u + 1, v}, {u, v + 1}, {u + 1, v + 1}} {
			if planar.MultiPolygonContains(shape, at) {
				n++
				break
			}
		}
	}
	return n
}

func TestCleanZoneHasNoChange(t *testing.T) {
	for name, p := range map[string]Params{"small": small(), "demo": Default()} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, p)
			zones := s.RedLines().Features
			clean := zones[siteClean].Shape
			if n := changedIn(s, clean); n != 0 {
				t.Errorf("%d cells changed in the clean zone", n)
			}
			if b := clean.Bound(); b.Min[0] < 0 || b.Min[1] < 0 || b.Max[0] > float64(p.Cols) || b.Max[1] > float64(p.Rows) {
				t.Errorf("the clean zone reaches out of the raster: %v", b)
			}
			if n := changedIn(s, zones[siteHoled].Shape); n < 100 {
				t.Errorf("%d cells changed in the zone of the holed patch: the count above proves nothing", n)
			}
		})
	}
}

// faults lists the features whose shape is not valid by OGC Simple Features.
func faults(t *testing.T, l Layer) (invalid []int) {
	t.Helper()
	for i, f := range l.Features {
		code, err := wkb.Marshal(f.Shape)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := geom.UnmarshalWKB(code); err != nil {
			invalid = append(invalid, i)
		}
	}
	return invalid
}

func TestLayers(t *testing.T) {
	medium := Params{Seed: 3, Cols: 900, Rows: 700, RedLines: 30, Reserves: 9, Vertices: 5000, Changed: 0.04}
	coarse := medium
	coarse.Seed, coarse.Vertices = 4, 0
	for name, p := range map[string]Params{"small": small(), "medium": medium, "coarse": coarse, "demo": Default()} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, p)
			for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties(), s.Exemptions()} {
				ids := map[string]bool{}
				for i, f := range l.Features {
					if len(f.Values) != len(l.Fields) {
						t.Errorf("%s %d: %d values for %d fields", l.Name, i, len(f.Values), len(l.Fields))
					}
					if ids[f.Values[0]] {
						t.Errorf("%s: id %s occurs twice", l.Name, f.Values[0])
					}
					ids[f.Values[0]] = true
					for _, polygon := range f.Shape {
						for k, ring := range polygon {
							if !ring.Closed() || len(ring) < 4 {
								t.Errorf("%s %d: ring %d is not closed", l.Name, i, k)
							}
							// Lattice rows grow southwards, so a ring that runs counter-clockwise on the map is clockwise here.
							if want := map[bool]orb.Orientation{true: orb.CW, false: orb.CCW}[k == 0]; ring.Orientation() != want {
								t.Errorf("%s %d: ring %d runs the wrong way", l.Name, i, k)
							}
						}
					}
				}
			}

			for _, c := range []struct {
				layer Layer
				want  []int
			}{{s.RedLines(), nil}, {s.Reserves(), []int{3}}, {s.Counties(), nil}, {s.Exemptions(), nil}} {
				if got := faults(t, c.layer); !slices.Equal(got, c.want) {
					t.Errorf("%s: features %v are invalid, want %v", c.layer.Name, got, c.want)
				}
			}
			if f := s.Reserves().Features[3]; f.Values[2] != "" {
				t.Errorf("the reserve without functional zones has %q", f.Values[2])
			}
		})
	}
}

func TestRedLine(t *testing.T) {
	s := newScene(t, Default())
	zones := s.RedLines().Features
	var vertices, holes, multipart int
	for i, f := range zones {
		multipart += min(1, len(f.Shape)-1)
		for _, polygon := range f.Shape {
			holes += len(polygon) - 1
			for _, ring := range polygon {
				vertices += len(ring) - 1
				for _, p := range ring {
					if p[0] == math.Trunc(p[0]) && p[1] == math.Trunc(p[1]) {
						t.Errorf("zone %d has a vertex on a cell corner: %v", i, p)
					}
				}
			}
		}
		for k, other := range zones[:i] {
			a, b := f.Shape.Bound(), other.Shape.Bound()
			if a.Intersects(b) {
				t.Errorf("zones %d and %d may overlap: %v, %v", k, i, a, b)
			}
		}
	}
	if want := Default().Vertices; vertices < want*4/5 || vertices > want*6/5 {
		t.Errorf("%d vertices, want about %d", vertices, want)
	}
	if holes < 3 || multipart < 3 {
		t.Errorf("%d holes, %d multipart zones: want some of each", holes, multipart)
	}
	if b := zones[siteOutside].Shape.Bound(); b.Max[1] <= float64(Default().Rows) || b.Min[1] >= float64(Default().Rows) {
		t.Errorf("no zone across the southern edge: %v", b)
	}
}

func TestReservesNest(t *testing.T) {
	s := newScene(t, Default())
	reserves := s.Reserves().Features
	core, buffer, experimental := reserves[0], reserves[1], reserves[2]
	for i, want := range []string{"核心区", "缓冲区", "实验区"} {
		if reserves[i].Values[2] != want || reserves[i].Values[1] != core.Values[1] {
			t.Errorf("feature %d is %v, want the first reserve's %s", i, reserves[i].Values, want)
		}
	}
	same := func(shell, hole orb.Ring) bool {
		hole = slices.Clone(hole)
		hole.Reverse()
		return slices.Equal(shell, hole)
	}
	if !same(core.Shape[0][0], buffer.Shape[0][1]) || !same(buffer.Shape[0][0], experimental.Shape[0][1]) {
		t.Error("a functional zone does not fill the hole of the next one")
	}
	if same(core.Shape[0][0], experimental.Shape[0][1]) {
		t.Error("the comparison of rings cannot fail")
	}
	line := s.RedLines().Features[siteReserve].Shape
	if !planar.MultiPolygonContains(line, core.Shape[0][0][0]) {
		t.Error("the first reserve's core does not overlap the red line")
	}
}

// TestReserveAdopted: the outline of one reserve of the sample is that of the red-line zone on its site.
func TestReserveAdopted(t *testing.T) {
	s := newScene(t, Default())
	var zones []orb.MultiPolygon
	for _, f := range s.Reserves().Features {
		if f.Values[1] == "示例5号自然保护区" {
			zones = append(zones, f.Shape)
		}
	}
	line := segments(t, []orb.MultiPolygon{s.RedLines().Features[siteReserve+adoptedReserve].Shape})
	whole := outline(segments(t, zones))
	if len(zones) != 3 || len(whole) != len(line) {
		t.Errorf("%d functional zones have %d edges outside, the red-line zone %d", len(zones), len(whole), len(line))
	}
	for e := range line {
		if !whole[e] {
			t.Fatalf("%v is no border of the reserve", e)
		}
	}
}

func TestExemptionCoversItsPatch(t *testing.T) {
	for name, p := range map[string]Params{"small": small(), "demo": Default()} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, p)
			exempt, core := s.Exemptions().Features[0].Shape, s.Reserves().Features[0].Shape
			for _, corner := range exempt[0][0] {
				if !planar.MultiPolygonContains(core, corner) {
					t.Errorf("corner %v of the exemption lies outside the core", corner)
				}
			}
			b := exempt.Bound()
			top := int(b.Min[1]) - 1
			var inside int
			for _, q := range patches(band(s, top, int(b.Max[1])+2-top), p.Cols, 8) {
				q.top, q.bottom = q.top+top, q.bottom+top
				if float64(q.left) < b.Min[0] || float64(q.top) < b.Min[1] || float64(q.right) > b.Max[0] || float64(q.bottom) > b.Max[1] {
					continue
				}
				inside += q.cells
				for _, corner := range []orb.Point{{float64(q.left), float64(q.top)}, {float64(q.right), float64(q.top)}, {float64(q.left), float64(q.bottom)}, {float64(q.right), float64(q.bottom)}} {
					if !planar.MultiPolygonContains(exempt, corner) {
						t.Errorf("corner %v of the patch is not covered", corner)
					}
				}
			}
			if inside != 22 {
				t.Errorf("%d changed cells under the exemption, want the patch of 22", inside)
			}
		})
	}
}

func TestCountiesTile(t *testing.T) {
	s := newScene(t, small())
	edges := map[[2]orb.Point]int{}
	for _, f := range s.Counties().Features {
		ring := f.Shape[0][0]
		for i := range ring[1:] {
			edges[[2]orb.Point{ring[i], ring[i+1]}]++
		}
	}
	var inner, outer int
	for e, n := range edges {
		switch {
		case n > 1:
			t.Errorf("two counties lie on one side of %v", e)
		case edges[[2]orb.Point{e[1], e[0]}] == 1:
			inner++
		default:
			outer++
		}
	}
	// Six counties in two rows have 7 common borders and 10 outer ones, of 48 edges each.
	if inner != 2*7*48 || outer != 10*48 {
		t.Errorf("%d edges have a neighbour, %d have none: the counties do not share their borders", inner, outer)
	}
	// Every place of the raster has one county.
	for i := range s.params.Cols {
		at := orb.Point{float64(i) + 0.123, float64(i*89%s.params.Rows) + 0.456}
		n := 0
		for _, f := range s.Counties().Features {
			if planar.MultiPolygonContains(f.Shape, at) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%v lies in %d counties", at, n)
		}
	}
}

func TestBenchHasItsSize(t *testing.T) {
	s := newScene(t, Bench())
	var vertices int
	for _, f := range s.RedLines().Features {
		for _, polygon := range f.Shape {
			for _, ring := range polygon {
				vertices += len(ring)
			}
		}
	}
	if n := len(s.RedLines().Features); n != 1000 || vertices < 250_000 || vertices > 350_000 {
		t.Errorf("%d red-line zones with %d vertices", n, vertices)
	}
	if n := len(s.Reserves().Features); n != 99*3+1 {
		t.Errorf("%d features of 100 reserves, one of them without functional zones", n)
	}

	// 512 × 512 cells, here in the middle, hold their share of more than a million patches.
	const side = 512
	var cells [2][]uint8
	for row := range side {
		var dst [side]uint8
		s.land.cover(9000+row, 7000, dst[:])
		cells[0] = append(cells[0], dst[:]...)
		s.land.change(9000+row, 7000, dst[:])
		cells[1] = append(cells[1], dst[:]...)
	}
	n := len(patches(cells, side, 8))
	if total := n * (s.params.Cols / side) * (s.params.Rows / side); total < 1_000_000 {
		t.Errorf("%d patches in a window, about %d in all: want over a million", n, total)
	}
}
