package geostwin

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/corroborate"
	"greenshield/redline/redlinetest"
	shipped "greenshield/seeds"
	"greenshield/vector"
	"greenshield/vector/geos"
	"greenshield/vector/trace"
)

// projMover moves points between lattices by PROJ.
type projMover struct {
	from, to raster.Grid
	by       *gdalraster.Transform
}

func newProjMover(t testing.TB, from, to raster.Grid) projMover {
	by, err := gdalraster.NewTransformWithin(from.CRS, to.CRS, gdalraster.ExtentOf(from))
	redlinetest.Must(t, err)
	t.Cleanup(by.Close)
	return projMover{from, to, by}
}

func (m projMover) Move(points []orb.Point) error {
	x, y := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], y[i] = m.from.Map(p[0], p[1])
	}
	if err := m.by.XY(x, y); err != nil {
		return err
	}
	for i := range points {
		points[i][0], points[i][1] = m.to.Lattice(x[i], y[i])
	}
	return nil
}

func (projMover) Close() {}

// gridAround is a grid of square cells of that size, in units of the CRS, around a point in degrees of CGCS2000.
func gridAround(t testing.TB, crs string, lon, lat, cell float64, cols, rows int) raster.Grid {
	t.Helper()
	to, err := gdalraster.ParseCRS(crs)
	redlinetest.Must(t, err)
	from, err := gdalraster.ParseCRS("EPSG:4490")
	redlinetest.Must(t, err)
	by, err := gdalraster.NewTransform(from, to)
	redlinetest.Must(t, err)
	defer by.Close()
	x, y := []float64{lon}, []float64{lat}
	redlinetest.Must(t, by.XY(x, y))
	return raster.Grid{OriginX: x[0] - float64(cols)/2*cell, OriginY: y[0] + float64(rows)/2*cell, CellX: cell,
		CellY: cell, Cols: cols, Rows: rows, CRS: to}
}

// projEarth measures a grid.
func projEarth(t testing.TB, g raster.Grid) *raster.Earth {
	t.Helper()
	var base raster.Transform
	if !g.CRS.Geographic {
		crs, err := gdalraster.Base(g.CRS)
		redlinetest.Must(t, err)
		by, err := gdalraster.NewTransform(g.CRS, crs)
		redlinetest.Must(t, err)
		t.Cleanup(by.Close)
		base = by.XY
	}
	e, err := raster.NewEarth(g, base, nil)
	redlinetest.Must(t, err)
	return e
}

// otherMap is a map of forest, built and cropland, with NoData.
func otherMap(t testing.TB, rng *rand.Rand, run, g raster.Grid, most uint8) redline.OtherMap {
	legend, err := landcover.ParseLegend("three", []byte("code,name_en,name_zh,color,ecosystem\n"+
		"1,Forest,,,forest\n2,Built,,,built\n3,Cropland,,,cropland\n"))
	redlinetest.Must(t, err)
	m := &raster.Memory{On: g, Classes: 3, Symbols: make([]uint8, g.Cells()), Block: 7}
	for i := range m.Symbols {
		m.Symbols[i] = [...]uint8{0, 1, 2, raster.NoData, most, most, most}[rng.IntN(7)]
	}
	return redline.OtherMap{Epoch: redline.Epoch{Name: "other", Source: m, Legend: legend}, Earth: projEarth(t, g),
		NewMover: func() (redline.Mover, error) { return newProjMover(t, run, g), nil }}
}

// movedShape is a shape whose sides are cut where they cross lines of its lattice, and then moved by m.
func movedShape(t testing.TB, shape orb.MultiPolygon, m redline.Mover) orb.MultiPolygon {
	t.Helper()
	out := make(orb.MultiPolygon, len(shape))
	for i, polygon := range shape {
		for _, ring := range polygon {
			var long []orb.Point
			for k := 1; k < len(ring); k++ {
				a, b := ring[k-1], ring[k]
				at := []float64{0}
				for axis := range 2 {
					for line := -50.; line < 100; line++ {
						if s := (line - a[axis]) / (b[axis] - a[axis]); s > 0 && s < 1 {
							at = append(at, s)
						}
					}
				}
				slices.Sort(at)
				for _, s := range at {
					long = append(long, orb.Point{a[0] + s*(b[0]-a[0]), a[1] + s*(b[1]-a[1])})
				}
			}
			long = append(long, ring[len(ring)-1])
			redlinetest.Must(t, m.Move(long))
			out[i] = append(out[i], long)
		}
	}
	return out
}

// inCells calls f for each cell of a grid with what it has in common with a shape, by GEOS.
func inCells(t testing.TB, g raster.Grid, shape orb.MultiPolygon, f func(row, col int, piece orb.MultiPolygon)) {
	t.Helper()
	over := geos.New()
	bound := shape.Bound()
	for row := max(0, int(bound.Min[1])); row < g.Rows && float64(row) < bound.Max[1]; row++ {
		for col := max(0, int(bound.Min[0])); col < g.Cols && float64(col) < bound.Max[0]; col++ {
			u, v := float64(col), float64(row)
			cell := orb.MultiPolygon{{{{u, v}, {u + 1, v}, {u + 1, v + 1}, {u, v + 1}, {u, v}}}}
			piece, err := over.Intersection(shape, cell)
			redlinetest.Must(t, err)
			if vector.Area(piece) > 1e-9 {
				f(row, col, piece)
			}
		}
	}
}

// ecoAt is the ecosystem class of a cell of a map.
func ecoAt(m *redline.OtherMap, row, col int) landcover.Ecosystem {
	s := m.Source.(*raster.Memory)
	if symbol := s.Symbols[row*s.On.Cols+col]; symbol != raster.NoData {
		return m.Legend.Classes[symbol].Ecosystem
	}
	return landcover.NoData
}

// mapCellM2 is the area of a cell of a map.
func mapCellM2(m *redline.OtherMap, row, col int) float64 {
	area := m.Earth.Row(row)
	cell := area.Run(col, col+1)
	return cell.M2()
}

// chinaAlbers is the conic of maps of all China.
const chinaAlbers = `PROJCS["China_Albers",GEOGCS["WGS 84",` +
	`DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],` +
	`PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Albers_Conic_Equal_Area"],` +
	`PARAMETER["standard_parallel_1",25],PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_center",0],` +
	`PARAMETER["longitude_of_center",105],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]`

// patchShape is the outline of random cells, or some cells cut by a zone.
func patchShape(t testing.TB, rng *rand.Rand, size int) orb.MultiPolygon {
	var runs []trace.Run
	density := 0.3 + 0.7*rng.Float64()
	for row := range size {
		for col := range size {
			if rng.Float64() < density {
				runs = trace.Append(runs, trace.Run{Row: int32(row), Col0: int32(col), Col1: int32(col + 1)})
			}
		}
	}
	shape := trace.Polygons(runs)
	if rng.IntN(2) == 0 {
		return shape
	}
	r := func() float64 { return float64(size) * rng.Float64() / 3 }
	far := float64(size)
	zone := orb.MultiPolygon{{{{r(), r()}, {far - r(), r()}, {far - r(), far - r()}, {r(), far - r()}}}}
	zone[0][0] = append(zone[0][0], zone[0][0][0])
	cut, err := geos.New().Intersection(shape, vector.Orient(zone))
	redlinetest.Must(t, err)
	return cut
}

// What maps in other reference systems show is what GEOS finds, cell by cell, with PROJ for the way between them:
// degrees, Gauss-Krüger and Albers, each as the CRS of the run, of the map before and of the map after.
func TestAgreementsByGEOSAndPROJ(t *testing.T) {
	const lon, lat, size = 117.3, 31.1, 9
	systems := []struct {
		crs  string
		cell float64
	}{{"EPSG:4490", 0.0003}, {"EPSG:4527", 29}, {chinaAlbers, 31}}
	csv, _ := shipped.Rules("green-shield")
	rules, err := redline.ParseRules("green-shield", csv, time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC))
	redlinetest.Must(t, err)
	change := rules.Changes[rules.Change(landcover.Forest, landcover.Built)]
	rng := rand.New(rand.NewPCG(41, 42))
	tested, partly, known := 0, 0, 0
	for i := range 27 {
		onRun, onBefore, onAfter := systems[i%3], systems[i/3%3], systems[i/9]
		run := gridAround(t, onRun.crs, lon, lat, onRun.cell, size, size)
		near := func() float64 { return 0.0022 * (rng.Float64() - 0.5) }
		in := &redline.Inputs{Grid: run, Earth: projEarth(t, run)}
		before := gridAround(t, onBefore.crs, lon+near(), lat+near(), onBefore.cell, 14, 14)
		after := gridAround(t, onAfter.crs, lon+near(), lat+near(), onAfter.cell*1.3, 11, 11)
		in.Confirm = []redline.Pair{
			{Name: "p", Before: otherMap(t, rng, run, before, 0), After: otherMap(t, rng, run, after, 1)}}
		toBefore, beforeAfter := newProjMover(t, run, before), newProjMover(t, before, after)
		cache := corroborate.NewCache(1000, 1<<20)
		l := corroborate.New(in, &rules, cache).Looker()
		for range 2 {
			shape := patchShape(t, rng, size)
			c := redline.Candidate{Change: change.Name, AreaM2: in.Earth.PolygonM2(shape)}
			var e redline.Evidence
			redlinetest.Must(t, l.Agree(&c, shape, &e))
			var want redline.Agreement
			p := &in.Confirm[0]
			inCells(t, before, movedShape(t, shape, toBefore), func(row, col int, piece orb.MultiPolygon) {
				from := ecoAt(&p.Before, row, col)
				inCells(t, after, movedShape(t, piece, beforeAfter), func(row, col int, piece orb.MultiPolygon) {
					m2, to := vector.Area(piece)*mapCellM2(&p.After, row, col), ecoAt(&p.After, row, col)
					k := rules.Change(from, to)
					switch {
					case from == landcover.NoData || to == landcover.NoData:
						want.NoData += m2
					case from == to:
						want.Unchanged += m2
					case k >= 0 && rules.Changes[k].Group() == change.Group():
						want.Same += m2
					default:
						want.Other += m2
					}
				})
			})
			if outside := c.AreaM2 - want.Known() - want.NoData; outside > 0.01 {
				want.NoData += outside
				partly++
			}
			a := e.Agreed[0]
			for _, d := range []float64{a.Same - want.Same, a.Other - want.Other, a.Unchanged - want.Unchanged,
				a.NoData - want.NoData} {
				if !(math.Abs(d) <= 1e-7*c.AreaM2) {
					t.Fatalf("run %s, before %s, after %s: %+v, want %+v, of %g m²\n%v", run.CRS.Name, before.CRS.Name,
						after.CRS.Name, a, want, c.AreaM2, shape)
				}
			}
			tested++
			if a.Same > 0 && a.Other > 0 && a.Unchanged > 0 && a.NoData > 0 {
				known++
			}
		}
		redlinetest.Must(t, l.Close())
		redlinetest.Must(t, cache.Close())
	}
	if tested != 54 || known < 25 || partly < 8 || partly > 45 {
		t.Errorf("%d tested, %d of all kinds, %d lack ground", tested, known, partly)
	}
}
