package geostwin

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/vector"
	"greenshield/vector/geos"
)

const legendCSV = "code,name_en,name_zh,color,ecosystem\n" +
	"1,Crop,农田,#FAE39C,cropland\n2,Forest,森林,#446F33,forest\n3,Built,不透水面,#E24290,built\n4,Water,水体,#1E69B4,wetland\n5,Bare,裸地,#CFBDA3,bare\n"

// ecosystems of the symbols 0 … 4 of legendCSV.
var ecosystems = [5]string{"cropland", "forest", "built", "wetland", "bare"}

// changeTypes is the rule table of all scenes. severity has one digit per zone type,
// strictest first.
var changeTypes = []struct{ name, from, to, severity string }{
	{"construction", "forest|wetland", "built", "444333222"},
	{"stripping", "forest|wetland", "bare", "433322111"},
	{"restoration", "built|bare", "forest|wetland", "000000000"},
	{"loss_of_crops", "cropland", "built|bare", "321032103"},
}

// rulesCSV is changeTypes as a rule table is written.
func rulesCSV() string {
	var b strings.Builder
	b.WriteString("change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n")
	for _, c := range changeTypes {
		for z, name := range redline.ZoneTypes() {
			fmt.Fprintf(&b, "%s,变化,%s,%s,%s,%c,a,b,,\n", c.name, c.from, c.to, name, c.severity[z])
		}
	}
	return b.String()
}

func rules(t testing.TB) *redline.RuleTable {
	t.Helper()
	table, err := redline.ParseRules("test", []byte(rulesCSV()), time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return &table
}

const (
	radius = 6371000.0 // of the sphere
	cellM  = 30.0
	cellM2 = cellM * cellM
	// Published degrees are integers when multiplied by this.
	degree = 10_000_000
)

// A scene is one run's inputs and options.
type scene struct {
	seed          uint64
	in            *redline.Inputs
	before, after []uint8
	o             redline.Options
	// step is how far apart cells are published, in 10⁻⁷ degrees: cell corners stay exact.
	step int64
}

// A maker makes scenes. It belongs to one goroutine.
type maker struct {
	t      testing.TB
	geos   *geos.Context
	rules  *redline.RuleTable
	legend landcover.Legend
}

func newMaker(t testing.TB) *maker {
	t.Helper()
	legend, err := landcover.ParseLegend("test", []byte(legendCSV))
	if err != nil {
		t.Fatal(err)
	}
	return &maker{t, geos.New(), rules(t), legend}
}

// blank is a scene of forest without zones, on a cylindrical equal-area grid of a
// sphere: every cell measures 900 m².
func (m *maker) blank(cols, rows int, step int64) *scene {
	m.t.Helper()
	g := raster.Grid{OriginX: 6000, OriginY: 9000, CellX: cellM, CellY: cellM, Cols: cols, Rows: rows, CRS: raster.CRS{Name: "flat", SemiMajorM: radius}}
	s := &scene{in: &redline.Inputs{Grid: g}, before: make([]uint8, cols*rows), after: make([]uint8, cols*rows), step: step,
		o: redline.Options{Rules: m.rules, Conn: patch.Eight, MinArea: redline.Size{Cells: 4}, MinPart: redline.Size{Cells: 1}, MinSeverity: 1}}
	for i := range s.before {
		s.before[i], s.after[i] = 1, 1
	}
	m.place(s, g)
	return s
}

// place puts the scene's rasters on grid g.
func (m *maker) place(s *scene, g raster.Grid) {
	m.t.Helper()
	base := func(x, y []float64) error {
		for i := range x {
			x[i], y[i] = x[i]/radius*180/math.Pi, math.Asin(y[i]/radius)*180/math.Pi
		}
		return nil
	}
	published := func(x, y []float64) error {
		for i := range x {
			x[i] = 100 + (x[i]-6000)/cellM*float64(s.step)/degree
			y[i] = 40 + (y[i]-9000)/cellM*float64(s.step)/degree
		}
		return nil
	}
	earth, err := raster.NewEarth(g, base, published)
	if err != nil {
		m.t.Fatal(err)
	}
	s.in.Grid, s.in.Earth = g, earth
	whole := raster.Window{Cols: g.Cols, Rows: g.Rows}
	s.in.Before = redline.Epoch{Name: "before", Source: &raster.Memory{On: g, Classes: 5, Symbols: s.before}, Legend: m.legend, Year: 2015, Window: whole}
	s.in.After = redline.Epoch{Name: "after", Source: &raster.Memory{On: g, Classes: 5, Symbols: s.after}, Legend: m.legend, Year: 2020, Window: whole}
}

// zone adds a zone, repaired as the program repairs what it reads. It tells whether
// anything was left of it.
func (m *maker) zone(s *scene, layer, id string, kind redline.ZoneType, shape orb.MultiPolygon) bool {
	m.t.Helper()
	shape, _, err := m.geos.Repair(shape)
	if err != nil {
		m.t.Fatalf("scene %d: %v", s.seed, err)
	}
	if shape = vector.Orient(shape); len(shape) == 0 {
		return false
	}
	s.in.Zones = append(s.in.Zones, redline.Zone{Layer: layer, ID: id, Type: kind, Shape: shape, TotalM2: cellM2 * vector.Area(shape)})
	return true
}

func rectangle(u0, v0, u1, v1 float64) orb.Ring {
	return orb.Ring{{u0, v0}, {u1, v0}, {u1, v1}, {u0, v1}, {u0, v0}}
}

// random makes the scene of a seed: hostile, and always the same.
func (m *maker) random(seed uint64) *scene {
	m.t.Helper()
	rng := rand.New(rand.NewPCG(seed, 20152020))
	size := 12
	switch rng.IntN(40) {
	case 0:
		size = 64
	case 1, 2, 3:
		size = 30
	}
	s := m.blank(1+rng.IntN(size), 1+rng.IntN(size), []int64{3000, degree}[rng.IntN(2)])
	s.seed = seed
	paint(rng, s)
	s.in.Before.Source.(*raster.Memory).Block = rng.IntN(4)
	sizes := []redline.Size{{}, {Cells: 1}, {Cells: 4}, {Cells: 0.5}, {M2: 900}, {M2: 3600}, {M2: 1234.5}}
	s.o.MinArea, s.o.MinPart = sizes[rng.IntN(len(sizes))], sizes[rng.IntN(len(sizes))]
	s.o.MinSeverity = redline.Severity(rng.IntN(4))
	if rng.IntN(2) == 0 {
		s.o.Conn = patch.Four
	}
	kinds := []redline.ZoneType{redline.Core, redline.Experimental, redline.RedLine, redline.RedLine, redline.Periphery}
	order := rng.Perm(10)
	for i := range 1 + rng.IntN(6) {
		layer := []string{redline.LayerRedLine, redline.LayerReserve}[rng.IntN(2)]
		m.zone(s, layer, fmt.Sprint("z", order[i]), kinds[rng.IntN(len(kinds))], m.hostile(rng, s))
	}
	if rng.IntN(4) == 0 { // the same id in the other layer
		z := s.in.Zones[:min(1, len(s.in.Zones))]
		for _, z := range z {
			other := map[string]string{redline.LayerRedLine: redline.LayerReserve, redline.LayerReserve: redline.LayerRedLine}[z.Layer]
			m.zone(s, other, z.ID, z.Type, m.hostile(rng, s))
		}
	}
	if rng.IntN(4) == 0 {
		if shape, _, err := m.geos.Repair(m.hostile(rng, s)); err == nil && len(shape) > 0 {
			s.in.Exempt = append(s.in.Exempt, redline.Area{Code: "x", Shape: vector.Orient(shape)})
		}
	}
	return s
}

// paint fills both epochs.
func paint(rng *rand.Rand, s *scene) {
	cols, rows := s.in.Grid.Cols, s.in.Grid.Rows
	classes := 2 + rng.IntN(4)
	switch rng.IntN(4) {
	case 0: // noise
		for i := range s.before {
			s.before[i], s.after[i] = uint8(rng.IntN(classes)), uint8(rng.IntN(classes))
		}
	case 1: // one change, dense
		density := rng.Float64()
		for i := range s.after {
			if rng.Float64() < density {
				s.after[i] = 2
			}
		}
	case 2: // rectangles
		for _, layer := range [][]uint8{s.before, s.after, s.after, s.after} {
			col, row := rng.IntN(cols), rng.IntN(rows)
			class := uint8(rng.IntN(classes))
			for r := row; r < row+1+rng.IntN(rows); r++ {
				for c := col; c < min(cols, col+1+rng.IntN(cols)) && r < rows; c++ {
					layer[r*cols+c] = class
				}
			}
		}
	case 3: // a chess board and rings
		k := 2 + rng.IntN(3)
		for i := range s.after {
			if r, c := i/cols, i%cols; (r+c)%k == 0 || min(r, c, rows-1-r, cols-1-c)%3 == 1 {
				s.after[i] = 2
			}
		}
	}
	if rng.IntN(2) == 0 {
		for i := range s.after {
			switch rng.IntN(40) {
			case 0:
				s.before[i] = raster.NoData
			case 1:
				s.after[i] = raster.NoData
			}
		}
	}
}

// ordinate draws a coordinate of 0 … n in one of the ways that hurt.
func ordinate(rng *rand.Rand, n int) float64 {
	k := float64(rng.IntN(n + 1))
	switch rng.IntN(7) {
	case 0, 1:
		return k
	case 2:
		return k + 0.5
	case 3:
		tiny := []float64{1e-9, 1e-10, 1e-11, 1e-12, 3e-8}[rng.IntN(5)]
		return k + tiny*float64(1-2*rng.IntN(2))
	case 4:
		return k + 0.1
	}
	return rng.Float64() * float64(n)
}

// hostile draws a zone.
func (m *maker) hostile(rng *rand.Rand, s *scene) orb.MultiPolygon {
	cols, rows := s.in.Grid.Cols, s.in.Grid.Rows
	spot := func() orb.Point { return orb.Point{ordinate(rng, cols), ordinate(rng, rows)} }
	box := func() orb.Ring {
		p, q := spot(), spot()
		return rectangle(min(p[0], q[0]), min(p[1], q[1]), max(p[0], q[0])+float64(rng.IntN(2)), max(p[1], q[1])+float64(rng.IntN(2)))
	}
	star := func(c orb.Point, size float64, n int) (r orb.Ring) {
		round := []float64{0, 0, 1, 2, 10}[rng.IntN(5)]
		for i := range n {
			a := 2 * math.Pi * (float64(i) + 0.9*rng.Float64()) / float64(n)
			d := size * (0.2 + 0.8*rng.Float64())
			p := orb.Point{c[0] + d*math.Cos(a), c[1] + d*math.Sin(a)}
			if round > 0 {
				p = orb.Point{math.Round(p[0]*round) / round, math.Round(p[1]*round) / round}
			}
			r = append(r, p)
		}
		return append(r, r[0])
	}
	reach := float64(max(cols, rows))
	var last orb.MultiPolygon
	if n := len(s.in.Zones); n > 0 {
		last = s.in.Zones[rng.IntN(n)].Shape.Clone()
	}
	moved := func(du, dv float64) orb.MultiPolygon {
		for _, p := range last {
			for _, r := range p {
				for i := range r {
					r[i] = orb.Point{r[i][0] + du, r[i][1] + dv}
				}
			}
		}
		return last
	}
	switch kind := rng.IntN(16); {
	case kind == 0 && last != nil: // the same again
		return last
	case kind == 1 && last != nil: // the same, hardly moved
		tiny := []float64{1e-9, 1e-12, 1e-7, -1e-9}[rng.IntN(4)]
		return moved(tiny, tiny*float64(rng.IntN(3)-1))
	case kind == 2 && last != nil: // beside it: they share a border or part of it
		b := last.Bound()
		return moved(b.Max[0]-b.Min[0], float64(rng.IntN(2))*0.5)
	case kind == 3 && last != nil: // at its corner
		b := last.Bound()
		return orb.MultiPolygon{{rectangle(b.Max[0], b.Max[1], b.Max[0]+2, b.Max[1]+1.5)}}
	case kind == 4 && last != nil: // what it leaves of a box: borders in common, vertex by vertex or not
		rest, err := m.geos.Difference(orb.MultiPolygon{{box()}}, last)
		if err == nil && len(rest) > 0 {
			return rest
		}
	case kind == 5: // with a hole, and an island in the hole
		c := spot()
		k := 1 + float64(rng.IntN(1+int(reach/2)))/2
		mp := orb.MultiPolygon{{rectangle(c[0]-3*k, c[1]-3*k, c[0]+3*k, c[1]+3*k), rectangle(c[0]-2*k, c[1]-2*k, c[0]+2*k, c[1]+2*k)}}
		if rng.IntN(2) == 0 {
			mp = append(mp, orb.Polygon{rectangle(c[0]-k, c[1]-k, c[0]+k, c[1]+k)})
		}
		return mp
	case kind == 6: // a sliver
		p, q := spot(), spot()
		w := math.Pow(10, -1-7*rng.Float64())
		return orb.MultiPolygon{{{p, {p[0] + w, p[1]}, {q[0] + w, q[1] + w}, q, p}}}
	case kind == 7: // far beyond the raster
		return orb.MultiPolygon{{star(spot(), reach*(1+3*rng.Float64()), 3+rng.IntN(9))}}
	case kind == 8: // with a spike that repair takes away, or one that it keeps
		b := box()
		w := []float64{0, 1e-9, 1e-6}[rng.IntN(3)]
		tip := spot()
		return orb.MultiPolygon{{{b[0], b[1], b[2], {b[2][0] - w, b[2][1]}, tip, {b[2][0] - w, b[2][1]}, b[3], b[0]}}}
	case kind == 9: // a line that crosses itself
		var r orb.Ring
		for range 4 + rng.IntN(4) {
			r = append(r, spot())
		}
		return orb.MultiPolygon{{append(r, r[0])}}
	case kind == 10: // two boxes
		return orb.MultiPolygon{{box()}, {box()}}
	case kind == 11: // round
		return orb.MultiPolygon{{star(spot(), 0.5+reach/2*rng.Float64(), 30+rng.IntN(60))}}
	case kind <= 13:
		return orb.MultiPolygon{{star(spot(), 0.2+reach*rng.Float64(), 3+rng.IntN(9))}}
	}
	return orb.MultiPolygon{{box()}}
}

// long is a scene with one zone of n vertices, along and across many cells.
func (m *maker) long(seed uint64, n int) *scene {
	m.t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	s := m.blank(64, 64, 3000)
	s.seed = seed
	for i := range s.after {
		s.after[i] = uint8(1 + rng.IntN(2))
	}
	ring := make(orb.Ring, n)
	for i := range ring {
		a := 2 * math.Pi * float64(i) / float64(n)
		d := 25 + 5*math.Sin(7*a) + 0.01*rng.Float64()
		ring[i] = orb.Point{32 + d*math.Cos(a), 32 + d*math.Sin(a)}
	}
	m.zone(s, redline.LayerRedLine, "long", redline.RedLine, orb.MultiPolygon{{append(ring, ring[0])}})
	m.zone(s, redline.LayerReserve, "box", redline.Core, orb.MultiPolygon{{rectangle(20, 20.5, 70, 41)}})
	return s
}

// clone copies what tests change of a scene.
func (m *maker) clone(s *scene) *scene {
	c := *s
	in := *s.in
	c.in = &in
	c.before, c.after = slices.Clone(s.before), slices.Clone(s.after)
	in.Zones, in.Exempt = slices.Clone(s.in.Zones), slices.Clone(s.in.Exempt)
	for i := range in.Zones {
		in.Zones[i].Shape = in.Zones[i].Shape.Clone()
	}
	for i := range in.Exempt {
		in.Exempt[i].Shape = in.Exempt[i].Shape.Clone()
	}
	m.place(&c, s.in.Grid)
	return &c
}
