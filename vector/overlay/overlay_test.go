package overlay

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/vector/trace"
)

func toGeom(t testing.TB, mp orb.MultiPolygon) geom.Geometry {
	t.Helper()
	if len(mp) == 0 {
		return geom.MultiPolygon{}.AsGeometry()
	}
	g, err := geom.UnmarshalWKB(wkb.MustMarshal(mp), geom.NoValidate{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func area(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for _, r := range p {
			sum += trace.DoubleArea(r) / 2
		}
	}
	return sum
}

// star returns a random simple ring around a centre; style decides where its vertices
// lie: anywhere, on half cells, or on lattice corners.
func star(rng *rand.Rand, cols, rows int) orb.MultiPolygon {
	cu, cv := rng.Float64()*float64(cols), rng.Float64()*float64(rows)
	if rng.IntN(2) == 0 {
		cu, cv = math.Round(cu), math.Round(cv)
	}
	n := 3 + rng.IntN(12)
	size := 0.2 + rng.Float64()*float64(cols)*0.7
	style := rng.IntN(4)
	angles := make([]float64, n)
	for i := range angles {
		angles[i] = 2 * math.Pi * rng.Float64()
	}
	slices.Sort(angles)
	var ring orb.Ring
	for _, a := range angles {
		r := size * (0.3 + 0.7*rng.Float64())
		p := orb.Point{cu + r*math.Cos(a), cv + r*math.Sin(a)}
		switch style {
		case 1:
			p = orb.Point{math.Round(p[0]*2) / 2, math.Round(p[1]*2) / 2}
		case 2:
			p = orb.Point{math.Round(p[0]), math.Round(p[1])}
		}
		ring = append(ring, p)
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// scene is a random patch and valid region; ok is false when the draw was not valid.
func scene(t testing.TB, rng *rand.Rand) (cols, rows int, runs []trace.Run, region orb.MultiPolygon, ok bool) {
	cols, rows = 1+rng.IntN(9), 1+rng.IntN(9)
	density := rng.Float64()
	for r := range rows {
		for c := range cols {
			if rng.Float64() < density {
				if n := len(runs); n > 0 && runs[n-1].Row == int32(r) && runs[n-1].Col1 == int32(c) {
					runs[n-1].Col1++
				} else {
					runs = append(runs, trace.Run{Row: int32(r), Col0: int32(c), Col1: int32(c + 1)})
				}
			}
		}
	}
	region = star(rng, cols, rows)
	if rng.IntN(3) == 0 { // a hole or an island
		other := star(rng, cols, rows)
		for i := range other[0][0] {
			other[0][0][i][0] = region[0][0][0][0] + (other[0][0][i][0]-region[0][0][0][0])*0.2
		}
		if rng.IntN(2) == 0 {
			slices.Reverse(other[0][0])
			region[0] = append(region[0], other[0][0])
		} else {
			region = append(region, other[0])
		}
	}
	for k := range region {
		for i, r := range region[k] {
			if (trace.DoubleArea(r) > 0) != (i == 0) {
				slices.Reverse(r)
			}
		}
	}
	return cols, rows, runs, region, toGeom(t, region).Validate() == nil
}

// coverOf covers all rows of a lattice.
func coverOf(cols, rows int, regions ...orb.MultiPolygon) (*Cover, error) {
	o, err := NewOutlines(cols, rows, regions)
	if err != nil {
		return nil, err
	}
	return new(Builder).Cover(o, 0, rows, nil)
}

func build(t testing.TB, cols, rows int, regions ...orb.MultiPolygon) *Cover {
	t.Helper()
	c, err := coverOf(cols, rows, regions...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// coverage sums the region's area over the cells of the runs, from spans and pieces.
func coverage(t testing.TB, c *Cover, runs []trace.Run, region int32) float64 {
	sum := 0.0
	for _, run := range runs {
		c.Spans(run.Row, run.Col0, run.Col1, func(s Span) {
			if s.Region != region {
				return
			}
			if !s.Mixed() {
				sum += float64(min(s.Col1, run.Col1) - max(s.Col0, run.Col0))
				return
			}
			double := 0.0
			if err := c.Piece(s, func(a, b orb.Point) {
				u, v := float64(s.Col0), float64(run.Row)
				double += (a[0]-u)*(b[1]-v) - (b[0]-u)*(a[1]-v)
			}); err != nil {
				t.Fatal(err)
			}
			sum += double / 2
		})
	}
	return sum
}

// clippedArea is the slow twin: every ring of the region is clipped by every cell, one
// side of the cell after the other (Sutherland and Hodgman 1974).
func clippedArea(runs []trace.Run, region orb.MultiPolygon) (sum float64) {
	for _, run := range runs {
		for col := run.Col0; col < run.Col1; col++ {
			for _, p := range region {
				for _, ring := range p {
					r := slices.Clone(ring[:len(ring)-1])
					for axis, at := range [2]float64{float64(col), float64(run.Row)} {
						r = halfPlane(r, axis, at, 1)
						r = halfPlane(r, axis, at+1, -1)
					}
					if len(r) > 2 {
						sum += trace.DoubleArea(append(r, r[0])) / 2
					}
				}
			}
		}
	}
	return sum
}

func halfPlane(ring orb.Ring, axis int, at, sign float64) (out orb.Ring) {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		in, next := sign*(p[axis]-at) >= 0, sign*(q[axis]-at) >= 0
		if in {
			out = append(out, p)
		}
		if in != next {
			t := (at - p[axis]) / (q[axis] - p[axis])
			out = append(out, orb.Point{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])})
		}
	}
	return out
}

func TestClipAgainstTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	tested, skipped, invalid := 0, 0, 0
	for i := range 6000 {
		cols, rows, runs, region, ok := scene(t, rng)
		if !ok {
			skipped++
			continue
		}
		c := build(t, cols, rows, region)
		got, err := new(Clipper).Clip(Stack{c}, runs, 0)
		if err != nil {
			t.Fatalf("scene %d: %v\nregion %v\nruns %v", i, err, region, runs)
		}
		want := clippedArea(runs, region)
		if math.Abs(area(got)-want) > 1e-9 {
			t.Fatalf("scene %d: area %.12f, want %.12f\nregion %v\nruns %v\ngot %v", i, area(got), want, region, runs, got)
		}
		if cov := coverage(t, c, runs, 0); math.Abs(cov-want) > 1e-9 {
			t.Fatalf("scene %d: coverage %.12f, want %.12f\nregion %v\nruns %v", i, cov, want, region, runs)
		}
		if err := toGeom(t, got).Validate(); err != nil {
			invalid++
			t.Logf("scene %d: %v\nregion %v\nruns %v\ngot %v", i, err, region, runs, got)
		}
		for _, run := range runs { // the right area at the right place
			for col := run.Col0; col < run.Col1; col++ {
				one := []trace.Run{{Row: run.Row, Col0: col, Col1: col + 1}}
				if has, want := clippedArea(one, got), clippedArea(one, region); math.Abs(has-want) > 1e-9 {
					t.Fatalf("scene %d, row %d, column %d: area %g, want %g", i, run.Row, col, has, want)
				}
			}
		}
		tested++
	}
	t.Logf("%d tested, %d skipped, %d invalid before rounding", tested, skipped, invalid)
	if tested < 3000 || invalid > 0 {
		t.Fail()
	}
}

// The parts of a patch in a region and in its complement add up to the patch.
func TestClipIsAdditive(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	tested := 0
	for range 3000 {
		cols, rows, runs, region, ok := scene(t, rng)
		if !ok {
			continue
		}
		frame := orb.Ring{{-30, -30}, {40, -30}, {40, 40}, {-30, 40}, {-30, -30}}
		rest, err := geom.Difference(toGeom(t, orb.MultiPolygon{{frame}}), toGeom(t, region))
		if err != nil {
			continue
		}
		c := build(t, cols, rows, region, fromGeom(t, rest))
		var k Clipper
		sum := 0.0
		for region := range int32(2) {
			mp, err := k.Clip(Stack{c}, runs, region)
			if err != nil {
				t.Fatal(err)
			}
			sum += area(mp)
		}
		cells := 0.0
		for _, r := range runs {
			cells += float64(r.Col1 - r.Col0)
		}
		if math.Abs(sum-cells) > 1e-9 {
			t.Fatalf("%g + rest = %g of %g cells: %v", area(region), sum, cells, region)
		}
		tested++
	}
	if tested < 1500 {
		t.Fatalf("only %d tested", tested)
	}
}

func fromGeom(t testing.TB, g geom.Geometry) orb.MultiPolygon {
	o, err := wkb.Unmarshal(g.AsBinary())
	if err != nil {
		t.Fatal(err)
	}
	var mp orb.MultiPolygon
	switch o := o.(type) {
	case orb.Polygon:
		mp = orb.MultiPolygon{o}
	case orb.MultiPolygon:
		mp = o
	default:
		t.Fatalf("%T", o)
	}
	for _, p := range mp {
		for i, r := range p {
			if (trace.DoubleArea(r) > 0) != (i == 0) {
				slices.Reverse(r)
			}
		}
	}
	return mp
}

// Vertices within rounding of a lattice line: both crossings must keep their order.
func TestSpikeBesideALatticeLine(t *testing.T) {
	region := orb.MultiPolygon{{{{2.1485287051621564, 0.84635126405972494}, {2.3667347619216064, 0.66100876056716751}, {3.0000000000000004, 2.8507283983708378}, {2.1485287051621564, 0.84635126405972494}}}}
	if trace.DoubleArea(region[0][0]) < 0 {
		slices.Reverse(region[0][0])
	}
	var runs []trace.Run
	for row := range int32(4) {
		runs = append(runs, trace.Run{Row: row, Col0: 2, Col1: 3})
	}
	got, err := new(Clipper).Clip(Stack{build(t, 5, 4, region)}, runs, 0)
	if err != nil || math.Abs(area(got)-area(region)) > 1e-12 {
		t.Errorf("%v, %v", got, err)
	}
}

// zones draws many-cornered zones in a row, none of which meets another or the lattice's
// border; zone i is around column 100i + 50.
func zones(n, vertices int) (regions []orb.MultiPolygon) {
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range n {
		ring := make(orb.Ring, vertices, vertices+1)
		for k := range ring {
			r := 30 + 15*rng.Float64()
			sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(vertices))
			ring[k] = orb.Point{float64(100*i+50) + r*cos, 50 + r*sin}
		}
		regions = append(regions, orb.MultiPolygon{{append(ring, ring[0])}})
	}
	return regions
}

// band returns full rows of the lattice of n zones.
func band(n int) (runs []trace.Run) {
	for row := range int32(100) {
		runs = append(runs, trace.Run{Row: row, Col0: 0, Col1: int32(100 * n)})
	}
	return runs
}

// What bands cover is what the whole lattice is covered by, to the last bit, and patches are cut
// by a stack of bands, or of excerpts of them, as by the whole.
func TestBands(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	var builder Builder
	for range 3000 {
		cols, rows, runs, region, ok := scene(t, rng)
		if !ok {
			continue
		}
		other := star(rng, cols, rows)
		for _, p := range other { // many chunks
			for i, q := range p[0] {
				p[0][i] = orb.Point{q[0]*2 - float64(cols)/2, q[1]*2 - float64(rows)/2}
			}
		}
		o, err := newOutlines(cols, rows, []orb.MultiPolygon{region, other, region}, nil, 1+rng.Int32N(4), 1+rng.Int32N(4))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := new(Builder).Cover(o, 0, rows, nil)
		if err != nil {
			t.Fatal(err)
		}
		var bands, excerpts, wanted Stack
		for row := 0; row < rows; {
			end := min(rows, row+1+rng.IntN(3))
			band, err := builder.Cover(o, row, end, nil)
			if err != nil {
				t.Fatal(err)
			}
			all := func(yield func(int32, [2]int32) bool) {
				for r := row; r < end; r++ {
					if !yield(int32(r), [2]int32{0, int32(cols)}) {
						return
					}
				}
			}
			ofRuns := func(yield func(int32, [2]int32) bool) {
				for _, run := range runs {
					if int(run.Row) >= row && int(run.Row) < end && !yield(run.Row, [2]int32{run.Col0, run.Col1}) {
						return
					}
				}
			}
			bands, excerpts = append(bands, band.Excerpt(all)), append(excerpts, band.Excerpt(ofRuns))
			var cells Cells
			cells.Reset(cols, row, end)
			for row, at := range ofRuns {
				cells.Add(row, at[0], at[1])
			}
			if band, err = builder.Cover(o, row, end, &cells); err != nil {
				t.Fatal(err)
			}
			wanted = append(wanted, band.Excerpt(all))
			row = end
		}
		for row := range int32(rows) {
			if got, want := describe(bands.At(row), row, 0, int32(cols)), describe(whole, row, 0, int32(cols)); got != want {
				t.Fatalf("row %d of %d × %d cells: %s, want %s\n%v\n%v", row, cols, rows, got, want, region, other)
			}
		}
		for _, run := range runs {
			got := describe(wanted.At(run.Row), run.Row, run.Col0, run.Col1)
			if want := describe(whole, run.Row, run.Col0, run.Col1); got != want {
				t.Fatalf("%v of %d × %d cells: %s, want %s\n%v\n%v", run, cols, rows, got, want, region, other)
			}
		}
		want, errWant := new(Clipper).Clip(Stack{whole}, runs, 0)
		for name, stack := range map[string]Stack{"bands": bands, "excerpts": excerpts, "wanted": wanted} {
			got, err := new(Clipper).Clip(stack, runs, 0)
			if fmt.Sprint(got, err) != fmt.Sprint(want, errWant) {
				t.Fatalf("%s: %v %v, want %v %v", name, got, err, want, errWant)
			}
		}
	}
}

// describe tells all that a cover knows of the columns [col0, col1) of a row, by region and column.
func describe(c *Cover, row, col0, col1 int32) string {
	var all []string
	for _, s := range c.Row(row) {
		if s.Col1 <= col0 || s.Col0 >= col1 {
			continue
		}
		text := fmt.Sprintln(s.Region, max(s.Col0, col0), min(s.Col1, col1), s.Mixed())
		if s.Mixed() {
			cell := c.cells[s.cell]
			text += fmt.Sprintln(cell.row, cell.col, cell.corners)
			for _, l := range c.lines[cell.first:cell.last] {
				text += fmt.Sprintln(c.points[l.from:l.to+1], l.start, l.next, l.enter, l.exit)
			}
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

func BenchmarkCover(b *testing.B) {
	const n, vertices = 64, 1000
	regions := zones(n, vertices)
	var c *Cover
	var builder Builder
	for b.Loop() {
		o, err := NewOutlines(100*n, 100, regions)
		if err != nil {
			b.Fatal(err)
		}
		if c, err = builder.Cover(o, 0, 100, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(n*vertices, "vertices/op")
	b.ReportMetric(float64(len(c.cells)), "mixed/op")
	for i, region := range regions {
		if got, want := coverage(b, c, band(n), int32(i)), area(region); math.Abs(got-want) > 1e-9*want {
			b.Fatalf("region %d covers %.9f cells, want %.9f", i, got, want)
		}
	}
}

// Each zone cuts a patch that holds all of it, and one that holds half of its cells.
// TestStartsAgainstTwin: few starts and many, in an order like that of rows or in none, some
// at one point, are sorted and found as by package slices.
func TestStartsAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	for range 2000 {
		starts := make([]start, random.IntN(100))
		for i := range starts {
			starts[i] = start{orb.Point{float64(random.IntN(9)) - 0.5*random.Float64(), float64(random.IntN(9))}, int32(i)}
			if random.IntN(2) == 0 {
				starts[i].at[0] = math.Ceil(starts[i].at[0])
			}
		}
		if random.IntN(2) == 0 {
			slices.SortStableFunc(starts, func(a, b start) int { return cmp.Compare(a.at[1], b.at[1]) })
			for i := range starts {
				starts[i].piece = int32(i)
			}
		}
		want := slices.Clone(starts)
		slices.SortFunc(want, func(a, b start) int {
			return cmp.Or(cmp.Compare(a.at[1], b.at[1]), cmp.Compare(a.at[0], b.at[0]), cmp.Compare(a.piece, b.piece))
		})
		if sortStarts(starts); !slices.Equal(starts, want) {
			t.Fatalf("sorted to\n%v, want\n%v", starts, want)
		}
		for u := -1.0; u < 10; u += 0.5 {
			p := orb.Point{u, float64(random.IntN(9))}
			want := slices.IndexFunc(starts, func(s start) bool { return trace.ComparePoints(s.at, p) >= 0 })
			if want < 0 {
				want = len(starts)
			}
			if got := firstAt(starts, p); got != want {
				t.Fatalf("%v comes at %d of\n%v, want %d", p, got, starts, want)
			}
		}
	}
}

func BenchmarkClip(b *testing.B) {
	const n = 64
	regions := zones(n, 1000)
	var k Clipper
	cover := build(b, 100*n, 100, regions...)
	rng := rand.New(rand.NewPCG(9, 10))
	for _, share := range []float64{1, 0.5} {
		b.Run(fmt.Sprintf("share=%g", share), func(b *testing.B) {
			patches, want := make([][]trace.Run, n), 0.0
			for i := range patches {
				for row := range int32(100) {
					for col := int32(100 * i); col < int32(100*i+100); col++ {
						if rng.Float64() >= share {
							continue
						}
						if runs := patches[i]; len(runs) > 0 && runs[len(runs)-1].Row == row && runs[len(runs)-1].Col1 == col {
							runs[len(runs)-1].Col1++
						} else {
							patches[i] = append(runs, trace.Run{Row: row, Col0: col, Col1: col + 1})
						}
					}
				}
				want += coverage(b, cover, patches[i], int32(i))
			}
			for b.Loop() {
				got := 0.0
				for i, runs := range patches {
					mp, err := k.Clip(Stack{cover}, runs, int32(i))
					if err != nil {
						b.Fatal(err)
					}
					got += area(mp)
				}
				if math.Abs(got-want) > 1e-9*want {
					b.Fatalf("%.9f cells, want %.9f", got, want)
				}
			}
			b.ReportMetric(n, "cuts/op")
		})
	}
}
