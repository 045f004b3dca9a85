package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
)

// annual is what the brute force knows of a job with maps between its epochs: all cells of all of them.
type annual struct {
	grid   raster.Grid
	years  []int              // ascending: before, those between, after
	cells  [][]uint8          // codes on the grid, by year
	nodata uint8              // its code
	after  map[string][]uint8 // the codes of the new group by change type, written down apart from the program
}

// cellDate is when a cell changed.
type cellDate struct {
	grade  byte // A to D
	lo, hi int
}

// date tells when a cell changed by the words of the rule, step by step.
func (a *annual) date(cell int, change string) cellDate {
	var years []int
	var isNew []bool
	for i, year := range a.years {
		if code := a.cells[i][cell]; code != a.nodata {
			years, isNew = append(years, year), append(isNew, slices.Contains(a.after[change], code))
		}
	}
	last := len(years) - 1
	if last < 1 || isNew[0] || !isNew[last] {
		return cellDate{grade: 'D'}
	}
	switches, first := 0, slices.Index(isNew, true)
	for i := range last {
		if isNew[i] != isNew[i+1] {
			switches++
		}
	}
	since := last
	for since > 0 && isNew[since-1] {
		since--
	}
	pre, hold := 0, last+1-since
	for i := since - 1; i >= 0 && !isNew[i]; i-- {
		pre++
	}
	switch {
	case switches == 1 && pre >= 2 && hold >= 2:
		return cellDate{'A', years[since-1] + 1, years[since]}
	case switches == 1:
		return cellDate{'B', years[since-1] + 1, years[since]}
	case hold >= 2:
		return cellDate{'C', years[first-1] + 1, years[since]}
	}
	return cellDate{grade: 'D'}
}

// dates sums the area of a candidate by the dates of its cells, in cells.
func (a *annual) dates(shape orb.MultiPolygon, change string) map[cellDate]float64 {
	sums := map[cellDate]float64{}
	a.eachCell(shape, func(cell int, area float64) { sums[a.date(cell, change)] += area })
	return sums
}

// eachCell calls visit with each cell of the grid that a shape meets and the part of it inside, in cells.
func (a *annual) eachCell(shape orb.MultiPolygon, visit func(cell int, area float64)) {
	b := shape.Bound()
	for row := int(b.Min[1]); row < min(int(math.Ceil(b.Max[1])), a.grid.Rows); row++ {
		var strips []orb.Ring
		for _, polygon := range shape {
			for _, ring := range polygon {
				if strip := within(ring, 1, float64(row), float64(row+1)); len(strip) > 2 {
					strips = append(strips, strip)
				}
			}
		}
		for col := int(b.Min[0]); col < min(int(math.Ceil(b.Max[0])), a.grid.Cols); col++ {
			area := 0.0
			for _, strip := range strips {
				area += shoelace(within(strip, 0, float64(col), float64(col+1)))
			}
			if area = math.Abs(area); area > 1e-9 {
				visit(row*a.grid.Cols+col, area)
			}
		}
	}
}

// within clips a ring to the strip between two coordinates of an axis, after Sutherland and Hodgman.
func within(ring orb.Ring, axis int, low, high float64) orb.Ring {
	for _, side := range [2]struct{ at, sign float64 }{{low, 1}, {high, -1}} {
		var out orb.Ring
		for i, p := range ring {
			q := ring[(i+1)%len(ring)]
			dp, dq := side.sign*(p[axis]-side.at), side.sign*(q[axis]-side.at)
			if dp >= 0 {
				out = append(out, p)
			}
			if dp > 0 && dq < 0 || dp < 0 && dq > 0 {
				t := dp / (dp - dq)
				cut := orb.Point{p[0] + t*(q[0]-p[0]), p[1] + t*(q[1]-p[1])}
				cut[axis] = side.at
				out = append(out, cut)
			}
		}
		ring = out
	}
	return ring
}

// shoelace is the area of a ring, signed by its direction: a hole runs against its polygon.
func shoelace(ring orb.Ring) (area float64) {
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		area += (p[0]*q[1] - q[0]*p[1]) / 2
	}
	return area
}

// dated is what the columns of a candidate say.
type dated struct {
	year, from, to int
	shares         map[int]float64 // %
	grade          string
	flicker        bool
}

// differs compares what a candidate says with the sums of its cells and returns the first contradiction. Where a share
// lies within 0.01 % of a bound, both sides of it are right: the outline in the file is rounded to a centimetre.
func (d *dated) differs(sums map[cellDate]float64) string {
	const eps = 1e-4
	var total, known float64 // known: grades A, B and C
	grades, shares := map[byte]float64{}, map[int]float64{}
	for c, area := range sums {
		total += area
		grades[c.grade] += area
		if c.grade == 'A' || c.grade == 'B' {
			shares[c.hi] += area
		}
		if c.grade != 'D' {
			known += area
		}
	}
	steady := grades['A'] + grades['B']
	at := strings.Index("ABCD", d.grade)
	if at < 0 || d.grade == "" {
		return fmt.Sprintf("grade %q", d.grade)
	}
	better := 0.0 // area of the grades up to and with that of the candidate
	for g := byte('A'); g <= 'A'+byte(at); g++ {
		better += grades[g]
	}
	if better < (0.5-eps)*total && at < 3 || at > 0 && better-grades['A'+byte(at)] >= (0.5+eps)*total {
		return fmt.Sprintf("grade %s of %v", d.grade, grades)
	}
	if unsure := grades['C'] + grades['D'] - total/2; math.Abs(unsure) > eps*total && d.flicker != (unsure > 0) {
		return fmt.Sprintf("flicker %v of %v", d.flicker, grades)
	}
	for year, area := range shares {
		if got, pct := d.shares[year], 100*area/total; math.Abs(got-pct) > 0.051 {
			return fmt.Sprintf("%d has %.2f %%, want %.3f", year, got, pct)
		}
	}
	for year := range d.shares {
		if shares[year] == 0 {
			return fmt.Sprintf("nothing changed in %d", year)
		}
	}
	return d.differsInYears(sums, shares, steady, known)
}

// differsInYears is [dated.differs] of the year, the first one and the last one.
func (d *dated) differsInYears(sums map[cellDate]float64, shares map[int]float64, steady, known float64) string {
	const eps = 1e-4
	half := func(year int) float64 { return shares[year] - steady/2 }
	if d.year != 0 && half(d.year) < -eps*steady {
		return fmt.Sprintf("year %d of %v", d.year, shares)
	}
	for year := range shares {
		if h := half(year); h > eps*steady && d.year != year || math.Abs(h) <= eps*steady && d.year == 0 && len(shares) == 1 {
			return fmt.Sprintf("year %d of %v", d.year, shares)
		}
	}
	if known == 0 {
		if d.from != 0 || d.to != 0 {
			return fmt.Sprintf("from %d to %d without a date", d.from, d.to)
		}
		return ""
	}
	var before, with, behind, withTo float64 // area that is left out, and that with the years named
	for c, area := range sums {
		if c.grade == 'D' {
			continue
		}
		if c.lo < d.from {
			before += area
		}
		if c.lo <= d.from {
			with += area
		}
		if c.hi > d.to {
			behind += area
		}
		if c.hi >= d.to {
			withTo += area
		}
	}
	if bound := (0.05 + eps) * known; before > bound || behind > bound {
		return fmt.Sprintf("from %d to %d leaves %.5f and %.5f of %.5f out", d.from, d.to, before, behind, known)
	}
	if bound := (0.05 - eps) * known; with <= bound || withTo <= bound {
		return fmt.Sprintf("from %d to %d is not the shortest: %v", d.from, d.to, sums)
	}
	return ""
}

// datedOf reads the columns of a candidate.
func datedOf(t *testing.T, value func(field string) string) *dated {
	t.Helper()
	number := func(field string) int {
		text := value(field)
		if text == "" {
			return 0
		}
		n, err := strconv.Atoi(text)
		if err != nil || n == 0 {
			t.Fatalf("%s is %q", field, text)
		}
		return n
	}
	d := dated{year: number("chg_year"), from: number("chg_from"), to: number("chg_to"), grade: value("date_grd"),
		shares: map[int]float64{}, flicker: slices.Contains(strings.Split(value("flags"), ";"), "FLICKER")}
	last := 0
	for _, part := range strings.Split(value("chg_years"), ";") {
		if part == "" {
			continue
		}
		year, pct, _ := strings.Cut(part, ":")
		y, err := strconv.Atoi(year)
		p, err2 := strconv.ParseFloat(pct, 64)
		if err != nil || err2 != nil || y <= last || strings.HasSuffix(pct, ".0") {
			t.Fatalf("chg_years is %q", value("chg_years"))
		}
		d.shares[y], last = p, y
	}
	return &d
}

// check holds every candidate of a run against the brute force. It returns how many candidates there are, and how many
// have each grade.
func (a *annual) check(t *testing.T, out string) (n int, grades map[string]int) {
	t.Helper()
	grades = map[string]int{}
	wrong := 0
	a.candidates(t, out, func(value func(field string) string, shape orb.MultiPolygon) {
		d := datedOf(t, value)
		n++
		grades[d.grade]++
		sums := a.dates(shape, value("change"))
		if text := d.differs(sums); text != "" {
			if wrong++; wrong <= 10 {
				t.Errorf("%s (%s): %s\n%+v, brute force %v", value("cand_id"), value("change"), text, *d, sums)
			}
		}
	})
	if wrong > 10 {
		t.Errorf("%d of %d candidates are wrong", wrong, n)
	}
	return n, grades
}

// candidates calls visit with the properties of each candidate of a run and its shape in lattice coordinates.
func (a *annual) candidates(t *testing.T, out string, visit func(value func(field string) string, shape orb.MultiPolygon)) {
	t.Helper()
	layer, err := gdalvector.Read(gdalvector.Source{File: filepath.Join(out, "candidates.geojson")})
	if err != nil {
		t.Fatal(err)
	}
	to, err := gdalraster.NewTransform(layer.CRS, a.grid.CRS)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	for i := range layer.Features {
		f := &layer.Features[i]
		visit(func(field string) string { return layer.Value(f, field) }, a.lattice(t, to, f.Shape))
	}
}

// lattice returns a shape of a file in lattice coordinates. What lies within 0.001 cells of a line of cells is on it.
func (a *annual) lattice(t *testing.T, to *gdalraster.Transform, shape orb.MultiPolygon) orb.MultiPolygon {
	t.Helper()
	out := make(orb.MultiPolygon, len(shape))
	for i, polygon := range shape {
		for _, ring := range polygon {
			x, y := make([]float64, len(ring)), make([]float64, len(ring))
			for k, p := range ring {
				x[k], y[k] = p[0], p[1]
			}
			if err := to.XY(x, y); err != nil {
				t.Fatal(err)
			}
			placed := make(orb.Ring, 0, len(ring))
			for k := range ring[1:] { // without the closing point
				p := orb.Point{(x[k] - a.grid.OriginX) / a.grid.CellX, (a.grid.OriginY - y[k]) / a.grid.CellY}
				for axis, v := range p {
					if whole := math.Round(v); math.Abs(v-whole) < 1e-3 {
						p[axis] = whole
					}
				}
				placed = append(placed, p)
			}
			out[i] = append(out[i], placed)
		}
	}
	return out
}

// writeBands writes maps of codes as bands of one file.
func writeBands(t *testing.T, path string, g raster.Grid, nodata uint8, pixels bool, bands ...[]uint8) {
	t.Helper()
	way := "INTERLEAVE=BAND"
	if pixels {
		way = "INTERLEAVE=PIXEL"
	}
	ds, err := godal.Create(godal.GTiff, path, len(bands), godal.Byte, g.Cols, g.Rows,
		godal.CreationOption("COMPRESS=DEFLATE", "TILED=YES", way))
	if err != nil {
		t.Fatal(err)
	}
	f := folder{t: t}
	f.check(ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}))
	f.check(ds.SetProjection(g.CRS.WKT))
	f.check(ds.SetNoData(float64(nodata)))
	for i, cells := range bands {
		f.check(ds.Bands()[i].Write(0, 0, cells, g.Cols, g.Rows))
	}
	f.check(ds.Close())
}

// TestBruteForceOfDates: the rule on sequences that a person dated, and areas of clipped shapes.
func TestBruteForceOfDates(t *testing.T) {
	for text, want := range map[string]cellDate{ // 2010 to 2015, one letter a year: o old, n new, . NoData
		"oooonn": {'A', 2014, 2014},
		"oonnnn": {'A', 2012, 2012},
		"onnnnn": {'B', 2011, 2011},
		"ooooon": {'B', 2015, 2015},
		"o....n": {'B', 2011, 2015},
		"oo..nn": {'A', 2012, 2014},
		"o.o.nn": {'A', 2013, 2014},
		"onoonn": {'C', 2011, 2014},
		"ononon": {'D', 0, 0},
		"onooon": {'D', 0, 0},
		"nnonnn": {'D', 0, 0},
		"on.onn": {'C', 2011, 2014},
		"o.nonn": {'C', 2011, 2014},
	} {
		a := annual{nodata: '.', after: map[string][]uint8{"change": {'n'}}}
		for i := range text {
			a.years, a.cells = append(a.years, 2010+i), append(a.cells, []uint8{text[i]})
		}
		if got := a.date(0, "change"); got != want {
			t.Errorf("%s is %+v, want %+v", text, got, want)
		}
	}
	// A square of 2 × 2 cells with a hole of a quarter of a cell, cut by a slope.
	a := annual{grid: raster.Grid{Cols: 3, Rows: 3}, years: []int{2010, 2011}, after: map[string][]uint8{"change": {'n'}}}
	a.cells = [][]uint8{[]uint8("ooooooooo"), []uint8("nnnnnnnnn")}
	shape := orb.MultiPolygon{{{{0.5, 0}, {2.5, 0}, {2.5, 2}, {0.5, 2}}, {{1, 0.5}, {1, 1}, {1.5, 1}, {1.5, 0.5}}}, {{{0, 3}, {1, 2}, {1, 3}}}}
	if sums := a.dates(shape, "change"); len(sums) != 1 || math.Abs(sums[cellDate{'B', 2011, 2011}]-4.25) > 1e-12 {
		t.Errorf("areas are %v", sums)
	}
}

// TestDatesAreCompared: the comparison sees each kind of wrong answer.
func TestDatesAreCompared(t *testing.T) {
	sums := map[cellDate]float64{
		{'A', 2012, 2012}: 60, {'B', 2014, 2014}: 20, {'C', 2011, 2013}: 16, {grade: 'D'}: 4,
	}
	good := func() *dated {
		return &dated{year: 2012, from: 2011, to: 2014, shares: map[int]float64{2012: 60, 2014: 20}, grade: "A"}
	}
	if text := good().differs(sums); text != "" {
		t.Error("the right answer is refused:", text)
	}
	for name, spoil := range map[string]func(d *dated){
		"year":            func(d *dated) { d.year = 2014 },
		"no year":         func(d *dated) { d.year = 0 },
		"from too late":   func(d *dated) { d.from = 2012 },
		"from too early":  func(d *dated) { d.from = 2010 },
		"to too early":    func(d *dated) { d.to = 2013 },
		"to too late":     func(d *dated) { d.to = 2015 },
		"a share":         func(d *dated) { d.shares[2012] = 60.2 },
		"a missing share": func(d *dated) { delete(d.shares, 2014) },
		"a share more":    func(d *dated) { d.shares[2013] = 0.1 },
		"grade":           func(d *dated) { d.grade = "B" },
		"no grade":        func(d *dated) { d.grade = "" },
		"flicker":         func(d *dated) { d.flicker = true },
	} {
		d := good()
		if spoil(d); d.differs(sums) == "" {
			t.Error("not seen:", name)
		}
	}
}
