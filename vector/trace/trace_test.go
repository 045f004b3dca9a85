package trace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"
)

// mask is the slow twin's view of a set of cells.
type mask struct {
	rows, cols int
	in         []bool
}

func (m mask) at(r, c int) bool {
	return r >= 0 && r < m.rows && c >= 0 && c < m.cols && m.in[r*m.cols+c]
}

func (m mask) runs() (runs []Run) {
	for r := range m.rows {
		for c := 0; c < m.cols; c++ {
			if m.at(r, c) {
				runs = append(runs, Run{int32(r), int32(c), int32(c + 1)})
			}
		}
	}
	return runs
}

// parts counts 4-connected parts by flood fill.
func (m mask) parts() int {
	seen := make([]bool, len(m.in))
	n := 0
	var fill func(r, c int)
	fill = func(r, c int) {
		if !m.at(r, c) || seen[r*m.cols+c] {
			return
		}
		seen[r*m.cols+c] = true
		fill(r+1, c)
		fill(r-1, c)
		fill(r, c+1)
		fill(r, c-1)
	}
	for r := range m.rows {
		for c := range m.cols {
			if m.at(r, c) && !seen[r*m.cols+c] {
				n++
				fill(r, c)
			}
		}
	}
	return n
}

// problem says how polygons differ from the mask, "" when they do not.
func problem(m mask, mp orb.MultiPolygon) string {
	if len(mp) != m.parts() {
		return "number of parts"
	}
	if len(mp) == 0 {
		return "" // no cells, as m.parts says
	}
	g, err := geom.UnmarshalWKB(wkb.MustMarshal(mp), geom.NoValidate{})
	if err != nil {
		return err.Error()
	}
	if err := g.Validate(); err != nil {
		return "invalid: " + err.Error()
	}
	area, corners := 0.0, 0
	for _, p := range mp {
		for k, ring := range p {
			a := DoubleArea(ring) / 2
			if (a > 0) != (k == 0) {
				return "orientation"
			}
			area += a
			corners += len(ring) - 1
			for i := 1; i < len(ring); i++ {
				if (ring[i-1][0] == ring[i][0]) == (ring[i-1][1] == ring[i][1]) {
					return "an edge that does not follow the lattice"
				}
			}
		}
	}
	cells, turns := 0, 0
	for r := 0; r <= m.rows; r++ {
		for c := 0; c <= m.cols; c++ {
			if m.at(r, c) {
				cells++
				in := false
				for _, p := range mp {
					for _, ring := range p {
						if i, _ := Inside(ring, orb.Point{float64(c) + 0.5, float64(r) + 0.5}); i {
							in = !in
						}
					}
				}
				if !in {
					return "a cell outside"
				}
			}
			n := 0
			for _, d := range [][2]int{{0, 0}, {0, -1}, {-1, 0}, {-1, -1}} {
				if m.at(r+d[0], c+d[1]) {
					n++
				}
			}
			if n%2 == 1 {
				turns++
			} else if n == 2 && m.at(r, c) == m.at(r-1, c-1) {
				turns += 2
			}
		}
	}
	if area != float64(cells) {
		return "area"
	}
	if corners != turns {
		return "number of corners"
	}
	return ""
}

func parse(rows ...string) mask {
	m := mask{rows: len(rows), cols: len(rows[0])}
	for _, r := range rows {
		for _, c := range r {
			m.in = append(m.in, c == '#')
		}
	}
	return m
}

func TestPolygons(t *testing.T) {
	cases := map[string]mask{
		"one cell":             parse("#"),
		"bar":                  parse("...", "###"),
		"gap between rows":     parse("#", ".", "#"),
		"hole":                 parse("###", "#.#", "###"),
		"diagonal":             parse("#.", ".#"),
		"other diagonal":       parse(".#", "#."),
		"hole opens diagonal":  parse("##..", "#.#.", "####"),
		"hole touches shell":   parse("###.", "#.##", "##.#", ".###"),
		"two holes touch":      parse("####", "#.##", "##.#", "####"),
		"island in a hole":     parse("#####", "#...#", "#.#.#", "#...#", "#####"),
		"island touches shell": parse("####", "#..#", "#.#.", "####"),
		"chess board":          parse("#.#.", ".#.#", "#.#.", ".#.#"),
		"ring of diagonals":    parse(".#.", "#.#", ".#."),
	}
	for name, m := range cases {
		t.Run(name, func(t *testing.T) {
			if p := problem(m, Polygons(m.runs())); p != "" {
				t.Errorf("%s: %v", p, Polygons(m.runs()))
			}
		})
	}
}

func TestPolygonsRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var tracer Tracer
	var last mask
	var lastPolygons orb.MultiPolygon
	for i := range 4000 {
		m := mask{rows: 1 + rng.IntN(9), cols: 1 + rng.IntN(9)}
		density := rng.Float64()
		for range m.rows * m.cols {
			m.in = append(m.in, rng.Float64() < density)
		}
		polygons := tracer.Polygons(m.runs())
		if p := problem(m, polygons); p != "" {
			t.Fatalf("scene %d: %s: %+v", i, p, m)
		}
		if i > 0 {
			if p := problem(last, lastPolygons); p != "" {
				t.Fatalf("scene %d spoils the one before: %s: %+v", i, p, last)
			}
		}
		last, lastPolygons = m, polygons
	}
}

func TestProblemSeesWrongOutlines(t *testing.T) {
	m := parse("##", "##")
	square := func(a, b, c, d float64) orb.Polygon {
		return orb.Polygon{{{a, b}, {c, b}, {c, d}, {a, d}, {a, b}}}
	}
	wrong := map[string]orb.MultiPolygon{
		"too small":   {square(0, 0, 1, 2)},
		"too large":   {square(0, 0, 2, 3)},
		"in two":      {square(0, 0, 1, 2), square(1, 0, 2, 2)},
		"elsewhere":   {square(1, 0, 3, 2)},
		"clockwise":   {{{{0, 0}, {0, 2}, {2, 2}, {2, 0}, {0, 0}}}},
		"extra point": {{{{0, 0}, {1, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}}}},
	}
	for name, mp := range wrong {
		if problem(m, mp) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	if p := problem(m, orb.MultiPolygon{square(0, 0, 2, 2)}); p != "" {
		t.Errorf("right outline refused: %s", p)
	}
}

// Most patches of a run have a few cells; some have many, with many holes.
func BenchmarkPolygons(b *testing.B) {
	large := mask{rows: 300, cols: 300}
	rng := rand.New(rand.NewPCG(1, 2))
	for range large.rows * large.cols {
		large.in = append(large.in, rng.IntN(4) > 0)
	}
	for _, m := range []mask{parse("..##..", ".####.", "##.###", ".###.."), large} {
		b.Run(fmt.Sprintf("cells=%d", m.rows*m.cols), func(b *testing.B) {
			cells, parts, runs := 0.0, m.parts(), m.runs()
			for _, r := range runs {
				cells += float64(r.Col1 - r.Col0)
			}
			var tracer Tracer
			for b.Loop() {
				mp := tracer.Polygons(runs)
				area := 0.0
				for _, p := range mp {
					for _, ring := range p {
						area += DoubleArea(ring) / 2
					}
				}
				if len(mp) != parts || area != cells {
					b.Fatalf("%d parts of %g cells, want %d of %g", len(mp), area, parts, cells)
				}
			}
			b.ReportMetric(float64(len(runs)), "runs/op")
		})
	}
}

func TestAssembleDropsNoise(t *testing.T) {
	square := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}
	sliver := orb.Ring{{9, 0}, {9, 1}, {9 + 1e-12, 0.5}, {9, 0}}
	if mp, err := Assemble([]orb.Ring{square, sliver}); err != nil || len(mp) != 1 || len(mp[0]) != 1 {
		t.Errorf("%v, %v", mp, err)
	}
	lost := orb.Ring{{9, 0}, {9, 1}, {10, 1}, {10, 0}, {9, 0}}
	if _, err := Assemble([]orb.Ring{square, lost}); err == nil {
		t.Error("a real hole without a shell is accepted")
	}
}

// TestShellsAroundLarge: for shells of very many points the answer is that of [Inside] for all of their edges.
func TestShellsAroundLarge(t *testing.T) {
	rng := rand.New(rand.NewPCG(20152020, 7))
	var shells []orb.Ring
	for _, radius := range []float64{100, 60, 30} {
		var r orb.Ring
		for i := range 2 * largeShell {
			s, c := math.Sincos(math.Pi * float64(i) / largeShell)
			d := radius + 5*rng.Float64()
			r = append(r, orb.Point{math.Round(20*d*c) / 20, math.Round(20*d*s) / 20})
		}
		shells = append(shells, append(r, r[0]))
	}
	find := shellsAround(shells)
	found := map[int]int{}
	for range 20_000 {
		x, y := math.Round(rng.Float64()*4400-2200)/20, math.Round(rng.Float64()*4400-2200)/20
		if rng.IntN(4) == 0 { // on a shell
			r := shells[rng.IntN(len(shells))]
			q := r[rng.IntN(len(r))]
			x, y = q[0], q[1]
		}
		hole := orb.Ring{{x, y}, {x, y + 0.05}, {x + 0.05, y}, {x, y}}
		want := -1
		for k, r := range shells {
			if around(func(p orb.Point) (in, on bool) { return Inside(r, p) }, hole) {
				want = k // the later ones are smaller
			}
		}
		if got := find(hole); got != want {
			t.Fatalf("hole %v: shell %d, not %d", hole, got, want)
		}
		found[want]++
	}
	if len(found) != 4 {
		t.Errorf("the holes are too easy: %v", found)
	}
}
