package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"
	"github.com/tidwall/geodesic"
	gogeos "github.com/twpayne/go-geos"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/scene"
	"greenshield/vector/gdalvector"
	"greenshield/vector/geos"
)

// A truthCase is a synthetic scene laid on a grid somewhere on the earth.
type truthCase struct {
	name       string
	crs        string // of the rasters
	ellipsoid  *geodesic.Ellipsoid
	lon, lat   float64 // centre of the grid
	zones      int     // EPSG code of the zone layers
	size, conn int
	seed       uint64
	cell       float64 // in units of crs; 0 for about 30 m
}

// chinaAlbers is the projection that CLCD is published in.
const chinaAlbers = `PROJCS["China_Albers",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Albers_Conic_Equal_Area"],PARAMETER["standard_parallel_1",25],PARAMETER["standard_parallel_2",47],PARAMETER["latitude_of_center",0],PARAMETER["longitude_of_center",105],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]`

// coarse is the size of large cells, in degrees.
const coarse = 0.05

// utmKilometres is UTM zone 50 N in kilometres.
const utmKilometres = `PROJCS["UTM 50N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",117],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500],PARAMETER["false_northing",0],UNIT["kilometre",1000]]`

func truthCases() (all []truthCase) {
	grs80, wgs84 := geodesic.NewEllipsoid(6378137, 1/298.257222101), geodesic.NewEllipsoid(6378137, 1/298.257223563)
	places := []truthCase{
		{name: "degrees 31N", crs: "EPSG:4490", ellipsoid: grs80, lon: 117, lat: 31, zones: 4527},
		{name: "Gauss-Kruger 3 degrees 29N", crs: "EPSG:4547", ellipsoid: grs80, lon: 115.4, lat: 29, zones: 4547},
		{name: "Gauss-Kruger 6 degrees 35N", crs: "EPSG:4509", ellipsoid: grs80, lon: 119.8, lat: 35, zones: 4509},
		{name: "Albers 31N", crs: chinaAlbers, ellipsoid: wgs84, lon: 117, lat: 31, zones: 4326},
		{name: "UTM 33N", crs: "EPSG:32650", ellipsoid: wgs84, lon: 118, lat: 33, zones: 32650},
		{name: "degrees 0", crs: "EPSG:4490", ellipsoid: grs80, lon: 110, lat: 0, zones: 4490},
		{name: "degrees 60N", crs: "EPSG:4490", ellipsoid: grs80, lon: 117, lat: 60, zones: 4490},
		{name: "Gauss-Kruger 3 degrees 0", crs: "EPSG:4547", ellipsoid: grs80, lon: 115, lat: 0, zones: 4547},
		{name: "Gauss-Kruger 6 degrees 60N", crs: "EPSG:4509", ellipsoid: grs80, lon: 114.5, lat: 60, zones: 4509},
		{name: "Albers 0", crs: chinaAlbers, ellipsoid: wgs84, lon: 117, lat: 0, zones: 4326},
		{name: "Albers 60N", crs: chinaAlbers, ellipsoid: wgs84, lon: 90, lat: 60, zones: 4326},
		{name: "UTM 0", crs: "EPSG:32650", ellipsoid: wgs84, lon: 116, lat: 0, zones: 32650},
		{name: "UTM 60N", crs: "EPSG:32650", ellipsoid: wgs84, lon: 119.5, lat: 60, zones: 32650},
		{name: "degrees 31N, cells of 0.05°", crs: "EPSG:4490", ellipsoid: grs80, lon: 117, lat: 31, zones: 4490, cell: coarse},
		{name: "UTM 33N in kilometres", crs: utmKilometres, ellipsoid: wgs84, lon: 118, lat: 33, zones: 32650, cell: 0.03},
	}
	for i, c := range places {
		c.seed, c.size, c.conn = 20152020+uint64(i), 300, []int{8, 4}[i%2]
		if !torture() {
			all = append(all, c)
			continue
		}
		c.size = 600 + 50*(i%5)
		for seed := range uint64(2) {
			for _, conn := range []int{8, 4} {
				c.seed, c.conn = 1000*seed+uint64(i), conn
				all = append(all, c)
			}
		}
	}
	return all
}

// truthKey names one part of a patch: its change type, the controlling zone, and the
// patch's first cell.
type truthKey struct {
	change, zone string
	row, col     int32
}

// truthPart is what two pipelines have to agree on about a part of a patch.
type truthPart struct {
	m2, patchM2 float64
	patchCells  int64
	reason      redline.Reason
	overlaps    map[string]float64 // by zone, the controlling one included
	planar      float64            // cells; only of the oracle
}

// truth is all that is known of a scene.
type truth struct {
	parts      map[truthKey]truthPart
	controlled map[string]float64 // m² by zone, inside the grid
	patches    map[string]int64   // by change type
}

// TestTruth compares whole runs, candidate by candidate, with a pipeline that shares
// nothing with them but the files: GDAL reads, GDALPolygonize outlines the cells, flood
// fill joins them to patches, GEOS cuts them, and GeographicLib's planimeter measures.
// simplefeatures cuts them a second time.
func TestTruth(t *testing.T) {
	if _, err := gdalraster.Init(0); err != nil {
		t.Fatal(err)
	}
	var total truthTally
	scenes := 0
	for _, c := range truthCases() {
		t.Run(fmt.Sprintf("%s, %d neighbours, seed %d", c.name, c.conn, c.seed), func(t *testing.T) {
			files := c.write(t)
			got := files.run(t)
			o := newOracle(t, files)
			want := o.truth()
			var tally truthTally
			for _, d := range tally.differences(got, want) {
				t.Error(d)
			}
			o.simplefeatures(got, &tally)
			if torture() {
				o.planimeterProgram(100)
			}
			t.Logf("%d candidates and suppressed, %d of 1 ha or more; worst relative error %.3g of those (%v), worst error %.3g m² of smaller ones; simplefeatures worst %.3g, skipped %v",
				len(got.parts), tally.large, tally.worst, tally.worstKey, tally.worstSmallM2, tally.worstSF, tally.skipped)
			total.add(tally)
			scenes++
		})
	}
	t.Logf("worst relative error of %d candidates of 1 ha or more: %.3g; worst error of smaller ones: %.3g m²; controlled zones: %.3g; simplefeatures: worst relative error %.3g", total.large, total.worst, total.worstSmallM2, total.worstZone, total.worstSF)
	t.Logf("tally: scenes %d", scenes)
	t.Logf("tally: comparisons %d", total.comparisons+total.comparisonsSF)
	skipped := 0
	for _, reason := range slices.Sorted(maps.Keys(total.skipped)) {
		t.Logf("skipped, %s: %d", reason, total.skipped[reason])
		skipped += total.skipped[reason]
	}
	t.Logf("tally: skipped %d", skipped)
	if total.large < 15*scenes || total.comparisonsSF < 50*scenes {
		t.Errorf("too little was compared: %d candidates of 1 ha or more, %d by simplefeatures", total.large, total.comparisonsSF)
	}
	if skipped*20 > total.comparisonsSF {
		t.Errorf("too much was skipped: %d of %d", skipped, total.comparisonsSF)
	}
}

// truthTally counts comparisons and keeps the worst.
type truthTally struct {
	comparisons, comparisonsSF, large       int
	worst, worstSmallM2, worstZone, worstSF float64
	worstKey                                truthKey
	skipped                                 map[string]int
}

func (a *truthTally) add(b truthTally) {
	a.comparisons, a.comparisonsSF, a.large = a.comparisons+b.comparisons, a.comparisonsSF+b.comparisonsSF, a.large+b.large
	a.worst, a.worstSmallM2, a.worstZone, a.worstSF = max(a.worst, b.worst), max(a.worstSmallM2, b.worstSmallM2), max(a.worstZone, b.worstZone), max(a.worstSF, b.worstSF)
	for reason, n := range b.skipped {
		a.skip(reason, n)
	}
}

func (a *truthTally) skip(reason string, n int) {
	if a.skipped == nil {
		a.skipped = map[string]int{}
	}
	a.skipped[reason] += n
}

const (
	truthRel = 1e-7 // of areas of 1 ha or more; asked for is 1e-6
	// truthSmallM2 is allowed on areas below 1 ha: rounding of the planimeter, whose sums
	// over the edges reach down to the equator.
	truthSmallM2 = 0.001
)

// near tells that an area is as measured, and by how much it is not.
func near(got, want float64) (off float64, ok bool) {
	d := math.Abs(got - want)
	if want >= 1e4 {
		return d / want, d <= truthRel*want
	}
	return d, d <= truthSmallM2
}

// touching is the planar area, in cells, below which a part is rounding of a border: the
// engine's limit is 1e-7, and what lies within a factor of 10 may be told either way.
const touching = 1e-6

// differences lists where a run and the oracle disagree.
func (a *truthTally) differences(got, want truth) (all []string) {
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	byType := map[[2]string][2]float64{}
	for k, w := range want.parts {
		g, found := got.parts[k]
		a.comparisons++
		if !found {
			if w.planar > touching {
				fault("%v: not found, want %.4f m²", k, w.m2)
			}
			continue
		}
		off, ok := near(g.m2, w.m2)
		if w.m2 >= 1e4 {
			a.large++
			if off > a.worst {
				a.worst, a.worstKey = off, k
			}
		} else {
			a.worstSmallM2 = max(a.worstSmallM2, off)
		}
		if !ok {
			fault("%v: %.6f m², want %.6f (off by %.3g)", k, g.m2, w.m2, off)
		}
		if _, ok := near(g.patchM2, w.patchM2); !ok || g.patchCells != w.patchCells {
			fault("%v: its patch has %d cells, %.6f m², want %d, %.6f", k, g.patchCells, g.patchM2, w.patchCells, w.patchM2)
		}
		if g.reason != w.reason {
			fault("%v: %.6f cells are suppressed for the reason %q, want %q", k, w.planar, g.reason, w.reason)
		}
		for _, zone := range slices.Sorted(maps.Keys(w.overlaps)) {
			a.comparisons++
			if _, ok := near(g.overlaps[zone], w.overlaps[zone]); !ok {
				fault("%v: %.6f m² in zone %s, want %.6f", k, g.overlaps[zone], zone, w.overlaps[zone])
			}
		}
		for zone, m2 := range g.overlaps {
			if _, known := w.overlaps[zone]; !known && m2 > truthSmallM2 {
				fault("%v: %.6f m² in zone %s, want none", k, m2, zone)
			}
		}
		sums := byType[[2]string{k.change, k.zone}]
		byType[[2]string{k.change, k.zone}] = [2]float64{sums[0] + g.m2, sums[1] + w.m2}
	}
	for k, g := range got.parts {
		if _, known := want.parts[k]; !known {
			fault("%v: %.6f m² were found, want none", k, g.m2)
		}
	}
	for k, sums := range byType {
		a.comparisons++
		if _, ok := near(sums[0], sums[1]); !ok {
			fault("%v: all parts have %.4f m², want %.4f", k, sums[0], sums[1])
		}
	}
	for zone, w := range want.controlled {
		a.comparisons++
		g := got.controlled[zone]
		off, ok := near(g, w)
		if !ok {
			fault("zone %s controls %.4f m², want %.4f", zone, g, w)
		}
		if w >= 1e4 {
			a.worstZone = max(a.worstZone, off)
		}
	}
	for change, w := range want.patches {
		a.comparisons++
		if g := got.patches[change]; g != w {
			fault("%s: %d patches, want %d", change, g, w)
		}
	}
	slices.Sort(all)
	return all
}

// Each wrong answer must be seen.
func TestTruthSeesWrongAnswers(t *testing.T) {
	k := truthKey{"construction", "redline/A", 3, 4}
	right := func() truth {
		return truth{
			parts:      map[truthKey]truthPart{k: {m2: 20000, patchM2: 30000, patchCells: 33, overlaps: map[string]float64{"redline/A": 20000, "reserve/B": 500}, planar: 22}},
			controlled: map[string]float64{"redline/A": 5e6}, patches: map[string]int64{"construction": 1},
		}
	}
	change := func(f func(p *truthPart)) truth {
		tr := right()
		p := tr.parts[k]
		f(&p)
		tr.parts[k] = p
		return tr
	}
	wrong := map[string]truth{
		"area by 2e-7":       change(func(p *truthPart) { p.m2 *= 1 + 2e-7 }),
		"patch area":         change(func(p *truthPart) { p.patchM2 += 0.01 }),
		"cells":              change(func(p *truthPart) { p.patchCells++ }),
		"reason":             change(func(p *truthPart) { p.reason = redline.ReasonArea }),
		"overlap by 2 dm²":   change(func(p *truthPart) { p.overlaps["reserve/B"] += 0.02 }),
		"an overlap missing": change(func(p *truthPart) { delete(p.overlaps, "reserve/B") }),
		"an overlap more":    change(func(p *truthPart) { p.overlaps["reserve/C"] = 1 }),
		"missing":            {parts: map[truthKey]truthPart{}, controlled: right().controlled, patches: right().patches},
	}
	more := right()
	more.parts[truthKey{"construction", "reserve/B", 3, 4}] = truthPart{m2: 5}
	wrong["one more"] = more
	elsewhere := right()
	elsewhere.parts = map[truthKey]truthPart{{"construction", "redline/A", 3, 5}: right().parts[k]}
	wrong["elsewhere"] = elsewhere
	controlled := right()
	controlled.controlled["redline/A"] *= 1 + 2e-6
	wrong["controlled area"] = controlled
	patches := right()
	patches.patches["construction"]++
	wrong["patches"] = patches
	for name, got := range wrong {
		if d := new(truthTally).differences(got, right()); len(d) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
	if d := new(truthTally).differences(right(), right()); len(d) > 0 {
		t.Errorf("equal truths differ: %v", d)
	}
}

// truthFiles is a case written to files.
type truthFiles struct {
	truthCase
	dir           string
	grid          raster.Grid // without CRS
	before, after string
	redLine       string
	reserve       string
}

func srs(t *testing.T, text string) *godal.SpatialRef {
	t.Helper()
	sr, err := godal.NewSpatialRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return sr
}

// converter returns a conversion by GDAL from one CRS to another.
func converter(t *testing.T, from, to *godal.SpatialRef) func(x, y []float64) {
	t.Helper()
	trn, err := godal.NewTransform(from, to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trn.Close)
	return func(x, y []float64) {
		if err := trn.TransformEx(x, y, make([]float64, len(x)), nil); err != nil {
			t.Fatal(err)
		}
	}
}

// write lays the synthetic scene's cells and zones on the grid of the case.
func (c truthCase) write(t *testing.T) *truthFiles {
	t.Helper()
	s, err := scene.New(scene.Params{Seed: c.seed, Cols: c.size, Rows: c.size + 17, RedLines: 6, Reserves: 4, Vertices: 500, Changed: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	f := &truthFiles{truthCase: c, dir: t.TempDir()}
	crs, err := gdalraster.ParseCRS(c.crs)
	if err != nil {
		t.Fatal(err)
	}
	g := raster.Grid{Cols: c.size, Rows: c.size + 17, CellX: 30, CellY: 30, CRS: crs}
	x, y := []float64{c.lon}, []float64{c.lat}
	if crs.Geographic {
		g.CellX, g.CellY = scene.CellDeg, scene.CellDeg
	} else {
		converter(t, srs(t, "EPSG:4326"), srs(t, c.crs))(x, y)
	}
	if c.cell != 0 {
		g.CellX, g.CellY = c.cell, c.cell
	}
	g.OriginX, g.OriginY = x[0]-float64(g.Cols/2)*g.CellX, y[0]+float64(g.Rows/2)*g.CellY
	noData := 0.0
	for epoch, name := range []string{"before.tif", "after.tif"} {
		cells := make([]uint8, g.Cells())
		for row := range g.Rows {
			s.Row(epoch, row, cells[row*g.Cols:(row+1)*g.Cols])
		}
		if err := gdalraster.WriteByte(filepath.Join(f.dir, name), g, cells, &noData); err != nil {
			t.Fatal(err)
		}
	}
	f.before, f.after = filepath.Join(f.dir, "before.tif"), filepath.Join(f.dir, "after.tif")
	zoneCRS, err := gdalraster.ParseCRS(fmt.Sprintf("EPSG:%d", c.zones))
	if err != nil {
		t.Fatal(err)
	}
	toZones := converter(t, srs(t, c.crs), srs(t, fmt.Sprintf("EPSG:%d", c.zones)))
	layer := func(name string, l scene.Layer) string {
		var rows []gdalvector.Row
		for _, feature := range l.Features {
			shape := feature.Shape.Clone()
			for _, p := range shape {
				for _, r := range p {
					for i := range r {
						mx, my := g.Map(r[i][0], r[i][1])
						x, y := []float64{mx}, []float64{my}
						if c.crs != fmt.Sprintf("EPSG:%d", c.zones) {
							toZones(x, y)
						}
						r[i] = orb.Point{x[0], y[0]}
					}
				}
			}
			rows = append(rows, gdalvector.Row{Values: feature.Values, Shape: shape})
		}
		path := filepath.Join(f.dir, name)
		if err := gdalvector.Write(path, zoneCRS, l.Fields, rows, gdalvector.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f.redLine, f.reserve = layer("redline.gpkg", s.RedLines()), layer("reserves.gpkg", s.Reserves())
	g.CRS = raster.CRS{}
	f.grid = g
	return f
}

// run is the engine's answer.
func (f *truthFiles) run(t *testing.T) truth {
	t.Helper()
	j := job.Default()
	j.Before.Files, j.After.Files = []string{f.before}, []string{f.after}
	j.Before.Legend, j.After.Legend = "clcd", "clcd"
	j.RedLine = []job.Source{{File: f.redLine, Fields: map[string]string{"id": "HXBM", "name": "HXMC"}}}
	j.Reserve = []job.Source{{File: f.reserve, Fields: map[string]string{"id": "BSM", "name": "BHDMC", "func_zone": "GNFQ", "level": "BHDJB"}}}
	j.Connectivity, j.AcceptRepairs = f.conn, true
	loaded, err := gdalinput.Load(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	sink := &truthSink{zones: loaded.Inputs.Zones, parts: map[truthKey]truthPart{}}
	sum, err := engine.Run(context.Background(), &loaded.Inputs, loaded.Options, engine.Tuning{Workers: 2, Tile: 128},
		engine.Ports{NewOverlayer: func() engine.Overlayer { return geos.New() }, Sink: sink}, new(redline.Progress))
	if err != nil {
		t.Fatal(err)
	}
	out := truth{parts: sink.parts, controlled: map[string]float64{}, patches: map[string]int64{}}
	for _, z := range sum.Zones {
		out.controlled[zoneName(z.Zone)] = z.ControlledM2
	}
	for _, c := range sum.Changes {
		out.patches[c.Change] = c.Patches
	}
	return out
}

func zoneName(z *redline.Zone) string { return z.Layer + "/" + z.ID }

type truthSink struct {
	mu    sync.Mutex
	zones []redline.Zone
	parts map[truthKey]truthPart
}

func (s *truthSink) Put(key redline.Key, c *redline.Candidate, overlaps []redline.Overlap) error {
	p := truthPart{m2: c.AreaM2, patchM2: c.PatchM2, patchCells: c.Cells, reason: c.Reason, overlaps: map[string]float64{}}
	for _, o := range overlaps {
		p.overlaps[zoneName(&s.zones[o.Zone])] = o.AreaM2
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := truthKey{c.Change, c.Layer + "/" + c.ZoneID, key.Row, key.Col}
	if _, twice := s.parts[k]; twice {
		return fmt.Errorf("%v twice", k)
	}
	s.parts[k] = p
	return nil
}

// truthOracle finds the truth of a case by other means than the engine.
type truthOracle struct {
	*truthFiles
	t        *testing.T
	geos     *gogeos.Context
	toBase   func(x, y []float64) // nil on a geographic grid
	severity map[[2]string]int    // by change type and zone type
	zoneList []truthZone          // strictest first

	labels  []int // patch of each cell, −1 without change
	patches []truthPatch
}

type truthZone struct {
	name, kind string
	order      string // of precedence
	shape      *gogeos.Geom
	territory  *gogeos.Geom
}

type truthPatch struct {
	change   string
	first    int // cell
	cells    int64
	polygons orb.MultiPolygon
}

func newOracle(t *testing.T, f *truthFiles) *truthOracle {
	o := &truthOracle{truthFiles: f, t: t, geos: gogeos.NewContext()}
	if f.crs != "EPSG:4490" {
		o.toBase = converter(t, srs(t, f.crs), srs(t, map[bool]string{true: "EPSG:4490", false: "EPSG:4326"}[f.crs == "EPSG:4547" || f.crs == "EPSG:4509"]))
	}
	o.readSeverities()
	o.readZones()
	o.label()
	o.polygonize()
	return o
}

// readSeverities reads the rule table; its severities are the same in all periods.
func (o *truthOracle) readSeverities() {
	text, err := os.ReadFile(filepath.Join("..", "..", "seeds", "rules", "green-shield.csv"))
	if err != nil {
		o.t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		o.t.Fatal(err)
	}
	o.severity = map[[2]string]int{}
	for _, row := range rows[1:] {
		if o.severity[[2]string{row[0], row[4]}], err = strconv.Atoi(row[5]); err != nil {
			o.t.Fatal(err)
		}
	}
}

// readZones reads the layers by GDAL, brings them to the grid's CRS vertex by vertex, and
// takes all stricter zones out of each.
func (o *truthOracle) readZones() {
	strictness := map[string]string{"core": "1", "buffer": "2", "unzoned": "3", "experimental": "4", "redline": "5"}
	kinds := map[string]string{"核心区": "core", "缓冲区": "buffer", "实验区": "experimental", "": "unzoned"}
	for layerName, path := range map[string]string{"redline": o.redLine, "reserve": o.reserve} {
		ds, err := godal.Open(path, godal.VectorOnly())
		if err != nil {
			o.t.Fatal(err)
		}
		layer := ds.Layers()[0]
		toGrid := converter(o.t, srs(o.t, fmt.Sprintf("EPSG:%d", o.zones)), srs(o.t, o.crs))
		for f := layer.NextFeature(); f != nil; f = layer.NextFeature() {
			text, err := f.Geometry().WKB()
			if err != nil {
				o.t.Fatal(err)
			}
			fields := f.Fields()
			z := truthZone{name: layerName + "/", kind: "redline"}
			if layerName == "reserve" {
				zone := fields["GNFQ"]
				z.kind = kinds[zone.String()]
				id := fields["BSM"]
				z.name += id.String()
			} else {
				id := fields["HXBM"]
				z.name += id.String()
			}
			z.order = strictness[z.kind] + strings.TrimPrefix(z.name, layerName) + layerName
			f.Close()
			shape := o.valid(multi(o.t, text)) // in its own CRS: where rings cross depends on what is straight
			for _, p := range shape {
				for _, r := range p {
					for i := range r {
						if o.crs != fmt.Sprintf("EPSG:%d", o.zones) {
							x, y := []float64{r[i][0]}, []float64{r[i][1]}
							toGrid(x, y)
							r[i] = orb.Point{x[0], y[0]}
						}
					}
				}
			}
			z.shape = o.geom(o.valid(shape))
			o.zoneList = append(o.zoneList, z)
		}
		ds.Close()
	}
	slices.SortFunc(o.zoneList, func(a, b truthZone) int { return cmp.Compare(a.order, b.order) })
	for i := range o.zoneList {
		z := &o.zoneList[i]
		var stricter []*gogeos.Geom
		for k := range i {
			stricter = append(stricter, o.zoneList[k].shape.Clone())
		}
		z.territory = z.shape
		if i > 0 {
			z.territory = z.shape.Difference(o.geos.NewCollection(gogeos.TypeIDGeometryCollection, stricter).UnaryUnion())
		}
	}
}

// label joins changed cells to patches by flood fill.
func (o *truthOracle) label() {
	// CLCD's codes as those that newGuineaChange knows; ice (6) takes part in no change.
	code := [10]uint8{255, 1, 2, 6, 3, 9, 100, 7, 5, 9}
	n := o.grid.Cols * o.grid.Rows
	var both [2][]uint8
	for i, path := range []string{o.before, o.after} {
		ds, err := godal.Open(path)
		if err != nil {
			o.t.Fatal(err)
		}
		both[i] = make([]uint8, n)
		if err := ds.Read(0, 0, both[i], o.grid.Cols, o.grid.Rows); err != nil {
			o.t.Fatal(err)
		}
		ds.Close()
	}
	kinds := make([]int, n)
	o.labels = make([]int, n)
	for i := range kinds {
		kinds[i] = newGuineaChange(code[both[0][i]], code[both[1][i]])
		o.labels[i] = -1
	}
	var stack []int
	for start, kind := range kinds {
		if kind == 0 || o.labels[start] >= 0 {
			continue
		}
		p := truthPatch{change: newGuineaChanges[kind], first: start}
		o.labels[start] = len(o.patches)
		stack = append(stack, start)
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			p.cells++
			row, col := at/o.grid.Cols, at%o.grid.Cols
			for dr := -1; dr <= 1; dr++ {
				for dc := -1; dc <= 1; dc++ {
					r, c := row+dr, col+dc
					if r < 0 || r >= o.grid.Rows || c < 0 || c >= o.grid.Cols || o.conn == 4 && dr != 0 && dc != 0 {
						continue
					}
					if next := r*o.grid.Cols + c; o.labels[next] < 0 && kinds[next] == kind {
						o.labels[next] = len(o.patches)
						stack = append(stack, next)
					}
				}
			}
		}
		o.patches = append(o.patches, p)
	}
}

// polygonize outlines the cells of each change type by GDALPolygonize, 4-connected, and
// gives each polygon to the patch of its first cell.
func (o *truthOracle) polygonize() {
	t, g := o.t, o.grid
	for _, change := range newGuineaChanges[1:] {
		mask := make([]uint8, len(o.labels))
		for i, label := range o.labels {
			if label >= 0 && o.patches[label].change == change {
				mask[i] = 1
			}
		}
		ds, err := godal.Create(godal.Memory, "", 1, godal.Byte, g.Cols, g.Rows)
		if err != nil {
			t.Fatal(err)
		}
		if err := ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}); err != nil {
			t.Fatal(err)
		}
		band := ds.Bands()[0]
		if err := band.Write(0, 0, mask, g.Cols, g.Rows); err != nil {
			t.Fatal(err)
		}
		if err := band.SetNoData(0); err != nil {
			t.Fatal(err)
		}
		shapes, err := godal.CreateVector("Memory", "")
		if err != nil {
			t.Fatal(err)
		}
		layer, err := shapes.CreateLayer("change", nil, godal.GTPolygon, godal.NewFieldDefinition("kind", godal.FTInt))
		if err != nil {
			t.Fatal(err)
		}
		if err := band.Polygonize(layer, godal.PixelValueFieldIndex(0), godal.Mask(band.MaskBand())); err != nil {
			t.Fatal(err)
		}
		layer.ResetReading()
		for f := layer.NextFeature(); f != nil; f = layer.NextFeature() {
			text, err := f.Geometry().WKB()
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			for _, polygon := range multi(t, text) {
				// The cell below the first vertex, in reading order, is one of the polygon.
				first := math.MaxInt
				for _, v := range polygon[0] {
					col, row := math.Round((v[0]-g.OriginX)/g.CellX), math.Round((g.OriginY-v[1])/g.CellY)
					first = min(first, int(row)*(g.Cols+1)+int(col))
				}
				p := &o.patches[o.labels[first/(g.Cols+1)*g.Cols+first%(g.Cols+1)]]
				p.polygons = append(p.polygons, polygon)
			}
		}
		shapes.Close()
		ds.Close()
	}
}

// truth cuts every patch by every territory.
func (o *truthOracle) truth() truth {
	out := truth{parts: map[truthKey]truthPart{}, controlled: map[string]float64{}, patches: map[string]int64{}}
	for _, change := range newGuineaChanges[1:] {
		out.patches[change] = 0
	}
	for i := range o.patches {
		p := &o.patches[i]
		out.patches[p.change]++
		if planar := o.planarCells(p.polygons); math.Abs(planar-float64(p.cells)) > 1e-6 {
			o.t.Fatalf("patch at cell %d: GDAL outlines %.9f cells, flood fill has %d", p.first, planar, p.cells)
		}
		shape := o.geom(p.polygons)
		patchM2 := -1.0
		for _, z := range o.zoneList {
			inside := shape.Intersection(z.territory)
			parts := multi(o.t, inside.ToWKB())
			planar := o.planarCells(parts)
			if planar < touching/100 {
				continue
			}
			if patchM2 < 0 {
				patchM2 = o.m2(p.polygons)
			}
			part := truthPart{m2: o.m2(parts), patchM2: patchM2, patchCells: p.cells, planar: planar, overlaps: map[string]float64{}}
			for _, other := range o.zoneList {
				if common := multi(o.t, inside.Intersection(other.shape).ToWKB()); o.planarCells(common) > touching {
					part.overlaps[other.name] = o.m2(common)
				}
			}
			switch {
			case o.severity[[2]string{p.change, z.kind}] == 0:
				part.reason = redline.ReasonSeverity0
			case p.cells < 4:
				part.reason = redline.ReasonArea
			case planar < 1-1e-7:
				part.reason = redline.ReasonPart
			}
			out.parts[o.key(p, &z)] = part
		}
	}
	frame := o.geos.NewGeomFromBounds(o.grid.OriginX, o.grid.OriginY-float64(o.grid.Rows)*o.grid.CellY, o.grid.OriginX+float64(o.grid.Cols)*o.grid.CellX, o.grid.OriginY)
	for _, z := range o.zoneList {
		out.controlled[z.name] = o.m2(multi(o.t, z.territory.Intersection(frame).ToWKB()))
	}
	return out
}

func (o *truthOracle) key(p *truthPatch, z *truthZone) truthKey {
	return truthKey{p.change, z.name, int32(p.first / o.grid.Cols), int32(p.first % o.grid.Cols)}
}

// multi returns the polygons of a geometry coded as WKB.
func multi(t *testing.T, text []byte) (mp orb.MultiPolygon) {
	t.Helper()
	g, err := wkb.Unmarshal(text)
	if err != nil {
		t.Fatal(err)
	}
	var add func(g orb.Geometry)
	add = func(g orb.Geometry) {
		switch g := g.(type) {
		case orb.Polygon:
			if len(g) > 0 {
				mp = append(mp, g)
			}
		case orb.MultiPolygon:
			mp = append(mp, g...)
		case orb.Collection:
			for _, part := range g {
				add(part)
			}
		}
	}
	add(g)
	return mp
}

func (o *truthOracle) geom(mp orb.MultiPolygon) *gogeos.Geom {
	g, err := o.geos.NewGeomFromWKB(wkb.MustMarshal(mp))
	if err != nil {
		o.t.Fatal(err)
	}
	return g
}

// valid repairs what is invalid, as GEOS does it by structure.
func (o *truthOracle) valid(mp orb.MultiPolygon) orb.MultiPolygon {
	g := o.geom(mp)
	if g.IsValid() {
		return mp
	}
	return multi(o.t, g.MakeValidWithParams(gogeos.MakeValidStructure, gogeos.MakeValidDiscardCollapsed).ToWKB())
}

// planarCells is the area of a multipolygon in the plane of the map, in cells.
func (o *truthOracle) planarCells(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for i, r := range p {
			double := 0.0
			for k := 1; k < len(r); k++ {
				double += (r[k-1][0]-r[0][0])*(r[k][1]-r[0][1]) - (r[k][0]-r[0][0])*(r[k-1][1]-r[0][1])
			}
			sum += map[bool]float64{true: 1, false: -1}[i == 0] * math.Abs(double) / 2
		}
	}
	return sum / (o.grid.CellX * o.grid.CellY)
}

// outline returns a ring in degrees, its edges cut into pieces of at most a third of a
// cell, or of 20 m of larger ones, so that geodesics follow what is straight on the map.
func (o *truthOracle) outline(r orb.Ring) (lon, lat []float64) {
	for k := 1; k < len(r); k++ {
		a, b := r[k-1], r[k]
		pieces := 3.0
		if o.cell == coarse {
			pieces = 300
		}
		n := math.Ceil(pieces * math.Hypot(b[0]-a[0], b[1]-a[1]) / o.grid.CellX)
		for i := range int(n) {
			s := float64(i) / n
			lon, lat = append(lon, a[0]+s*(b[0]-a[0])), append(lat, a[1]+s*(b[1]-a[1]))
		}
	}
	if o.toBase != nil && len(lon) > 0 {
		o.toBase(lon, lat)
	}
	return lon, lat
}

// m2 measures on the ellipsoid, by GeographicLib's planimeter.
func (o *truthOracle) m2(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for i, r := range p {
			lon, lat := o.outline(r)
			ring := o.ellipsoid.PolygonInit(false)
			for k := range lon {
				ring.AddPoint(lat[k], lon[k])
			}
			var area float64
			ring.Compute(false, true, &area, nil)
			sum += map[bool]float64{true: 1, false: -1}[i == 0] * math.Abs(area)
		}
	}
	return sum
}

// simplefeatures cuts all patches again by another library, in lattice coordinates. Its
// overlay is known to fail or to lose area: what does not add up (A∩B + A\B = A) is its own
// fault and skipped, everything else must be what the engine found.
func (o *truthOracle) simplefeatures(got truth, tally *truthTally) {
	for _, z := range o.zoneList {
		own := multi(o.t, z.territory.ToWKB())
		if len(own) == 0 {
			continue // stricter zones have it all
		}
		// Not validated: rounding to lattice coordinates may make a ring touch itself.
		territory, err := geom.UnmarshalWKB(wkb.MustMarshal(o.toLattice(own)), geom.NoValidate{})
		if err != nil {
			o.t.Fatal(err)
		}
		bound := own.Bound()
		for i := range o.patches {
			p := &o.patches[i]
			if !p.polygons.Bound().Intersects(bound) {
				continue
			}
			shape, err := geom.UnmarshalWKB(wkb.MustMarshal(o.toLattice(p.polygons)))
			if err != nil {
				o.t.Errorf("patch at cell %d: %v", p.first, err)
				continue
			}
			inside, err := geom.Intersection(shape, territory)
			if err != nil {
				tally.skip("simplefeatures cannot intersect", 1)
				continue
			}
			outside, err := geom.Difference(shape, territory)
			if err != nil {
				tally.skip("simplefeatures cannot subtract", 1)
				continue
			}
			if !additive(inside.Area(), outside.Area(), float64(p.cells)) {
				tally.skip("simplefeatures does not add up", 1)
				continue
			}
			g, found := got.parts[o.key(p, &z)]
			if !found {
				if inside.Area() > touching {
					o.t.Errorf("%v: not found, simplefeatures has %.9f cells", o.key(p, &z), inside.Area())
				}
				continue // agreed that there is nothing
			}
			tally.comparisonsSF++
			want := o.m2(o.toMap(multi(o.t, inside.AsBinary())))
			off, ok := near(g.m2, want)
			if want >= 1e4 {
				tally.worstSF = max(tally.worstSF, off)
			}
			if !ok {
				o.t.Errorf("%v: %.6f m², simplefeatures has %.6f", o.key(p, &z), g.m2, want)
			}
		}
	}
}

// additive tells that the parts of a polygon have its area.
func additive(inside, outside, whole float64) bool {
	return math.Abs(inside+outside-whole) <= 1e-8*whole+1e-8
}

func TestAdditiveSeesWrongAreas(t *testing.T) {
	for name, c := range map[string]struct {
		inside, outside, whole float64
		ok                     bool
	}{
		"right":     {3, 4, 7, true},
		"all":       {7, 0, 7, true},
		"lost":      {0, 4, 7, false},
		"both full": {7, 7, 7, false},
		"a sliver":  {3.00001, 4, 7, false},
	} {
		if additive(c.inside, c.outside, c.whole) != c.ok {
			t.Error(name)
		}
	}
}

func (o *truthOracle) toLattice(mp orb.MultiPolygon) orb.MultiPolygon {
	return moved(mp, func(p orb.Point) orb.Point {
		return orb.Point{(p[0] - o.grid.OriginX) / o.grid.CellX, (o.grid.OriginY - p[1]) / o.grid.CellY}
	})
}

func (o *truthOracle) toMap(mp orb.MultiPolygon) orb.MultiPolygon {
	return moved(mp, func(p orb.Point) orb.Point {
		return orb.Point{o.grid.OriginX + p[0]*o.grid.CellX, o.grid.OriginY - p[1]*o.grid.CellY}
	})
}

func moved(mp orb.MultiPolygon, f func(orb.Point) orb.Point) orb.MultiPolygon {
	out := mp.Clone()
	for _, p := range out {
		for _, r := range p {
			for i := range r {
				r[i] = f(r[i])
			}
		}
	}
	return out
}

// planimeterProgram measures a sample of parts with GeographicLib's own program, where
// that is installed, and expects what its Go twin says.
func (o *truthOracle) planimeterProgram(sample int) {
	program, err := exec.LookPath("Planimeter")
	if err != nil {
		o.t.Log("GeographicLib's program Planimeter (geographiclib-tools) is not installed: its Go twin alone measured")
		return
	}
	type ring struct {
		m2   float64
		what string
	}
	var rings []ring
	var input bytes.Buffer
	for i := range o.patches {
		p := &o.patches[i]
		if len(rings) == sample {
			break
		}
		if len(p.polygons) != 1 || len(p.polygons[0]) != 1 || p.cells < 12 {
			continue
		}
		lon, lat := o.outline(p.polygons[0][0])
		for k := range lon {
			fmt.Fprintf(&input, "%.18f %.18f\n", lat[k], lon[k]) // the program knows no exponents
		}
		input.WriteString("\n")
		rings = append(rings, ring{o.m2(p.polygons), fmt.Sprintf("%s patch at cell %d", p.change, p.first)})
	}
	cmd := exec.Command(program, "-e", fmt.Sprintf("%.17g", o.ellipsoid.Radius()), fmt.Sprintf("%.17g", o.ellipsoid.Flattening()), "-p", "12") // the area then has 7 decimals
	cmd.Stdin = &input
	text, err := cmd.Output()
	if err != nil {
		o.t.Fatalf("Planimeter: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != len(rings) {
		o.t.Fatalf("Planimeter answers %d polygons of %d", len(lines), len(rings))
	}
	worst := 0.0
	for i, line := range lines {
		var points int
		var perimeter, area float64
		if _, err := fmt.Sscan(line, &points, &perimeter, &area); err != nil {
			o.t.Fatalf("Planimeter: %q: %v", line, err)
		}
		off := math.Abs(math.Abs(area)-rings[i].m2) / rings[i].m2
		worst = max(worst, off)
		if off > truthRel {
			o.t.Errorf("%s: Planimeter has %.6f m², its Go twin %.6f", rings[i].what, math.Abs(area), rings[i].m2)
		}
	}
	o.t.Logf("Planimeter measured %d patches, worst relative difference from its Go twin %.3g", len(rings), worst)
}

// What is read back from candidates.geojson, by GDAL, is what was written: valid after
// rounding, and of the area that it says, as far as 7 decimals can tell.
func TestPublishedPolygons(t *testing.T) {
	if _, err := gdalraster.Init(0); err != nil {
		t.Fatal(err)
	}
	for i, c := range truthCases() {
		if !torture() && i%4 != 0 || torture() && i%8 != 0 {
			continue
		}
		t.Run("N11 7 decimals, "+c.name, func(t *testing.T) {
			c.size = max(c.size, 400) // for more candidates
			f := c.write(t)
			out := filepath.Join(f.dir, "out")
			var stdout, stderr bytes.Buffer
			if status := execute([]string{"run", "--before", f.before, "--after", f.after, "--legend", "clcd", "--redline", f.redLine, "--reserve", f.reserve,
				"--connectivity", strconv.Itoa(c.conn), "--accept-repairs", "--quiet", "--formats", "geojson", "--out", out}, &stdout, &stderr); status != 0 {
				t.Fatalf("exit status %d\n%s%s", status, &stdout, &stderr)
			}
			ds, err := godal.Open(filepath.Join(out, "candidates.geojson"), godal.VectorOnly())
			if err != nil {
				t.Fatal(err)
			}
			defer ds.Close()
			layer := ds.Layers()[0]
			g := gogeos.NewContext()
			compared, worst, said, measured := 0, 0.0, 0.0, 0.0
			for feature := layer.NextFeature(); feature != nil; feature = layer.NextFeature() {
				text, err := feature.Geometry().WKB()
				if err != nil {
					t.Fatal(err)
				}
				fields := feature.Fields()
				id, ha := fields["cand_id"], fields["area_ha"]
				name, m2 := id.String(), ha.Float()*1e4
				feature.Close()
				mp := multi(t, text)
				off, problem := publishedProblem(g, c.ellipsoid, mp, m2)
				if problem != "" {
					t.Errorf("%s: %s", name, problem)
				}
				if m2 >= 1e4 {
					worst = max(worst, off/m2)
				}
				compared++
				area, _ := degreesM2(c.ellipsoid, mp)
				said, measured = said+m2, measured+area
			}
			t.Logf("%d candidates; worst relative error of 1 ha or more %.3g, of all together %.3g", compared, worst, math.Abs(said-measured)/said)
			t.Logf("tally: comparisons %d", compared)
			if math.Abs(said-measured) > 1e-5*said { // roundings cancel out
				t.Errorf("candidates are said to have %.4f m², their polygons have %.4f", said, measured)
			}
			if compared < 30 {
				t.Error("too little was compared")
			}
		})
	}
}

// degreesM2 measures polygons whose edges are straight in degrees, and their outline.
func degreesM2(e *geodesic.Ellipsoid, mp orb.MultiPolygon) (m2, outlineM float64) {
	for _, p := range mp {
		for i, r := range p {
			ring := e.PolygonInit(false)
			for k := 1; k < len(r); k++ {
				for s := range 4 { // edges are at most 850 m long
					at := float64(s) / 4
					ring.AddPoint(r[k-1][1]+at*(r[k][1]-r[k-1][1]), r[k-1][0]+at*(r[k][0]-r[k-1][0]))
				}
			}
			var area, length float64
			ring.Compute(false, true, &area, &length)
			m2 += map[bool]float64{true: 1, false: -1}[i == 0] * math.Abs(area)
			outlineM += length
		}
	}
	return m2, outlineM
}

// publishedProblem says what is wrong with a published polygon. A vertex is off by at most
// half a unit of the 7th decimal in each direction, 8 mm in all. Rounding may not cost more
// than that along the outline.
func publishedProblem(g *gogeos.Context, e *geodesic.Ellipsoid, mp orb.MultiPolygon, m2 float64) (off float64, problem string) {
	shape, err := g.NewGeomFromWKB(wkb.MustMarshal(mp))
	if err != nil {
		return 0, err.Error()
	}
	if !shape.IsValid() {
		return 0, "invalid after rounding: " + shape.IsValidReason()
	}
	got, outlineM := degreesM2(e, mp)
	off = math.Abs(got - m2)
	if limit := 0.008*outlineM + 0.02; off > limit {
		return off, fmt.Sprintf("its polygon measures %.4f m², said are %.4f; rounding explains %.4f", got, m2, limit)
	}
	return off, ""
}

func TestPublishedProblemSeesWrongPolygons(t *testing.T) {
	g, e := gogeos.NewContext(), geodesic.NewEllipsoid(6378137, 1/298.257222101)
	square := orb.MultiPolygon{{{{117, 31}, {117.001, 31}, {117.001, 31.001}, {117, 31.001}, {117, 31}}}}
	m2, _ := degreesM2(e, square)
	if _, problem := publishedProblem(g, e, square, m2); problem != "" {
		t.Error("right refused:", problem)
	}
	if _, problem := publishedProblem(g, e, square, m2+10); problem == "" {
		t.Error("a wrong area is not seen")
	}
	moved := square.Clone()
	moved[0][0][1][0] += 1e-6
	if _, problem := publishedProblem(g, e, moved, m2); problem == "" {
		t.Error("a moved vertex is not seen")
	}
	twisted := orb.MultiPolygon{{{{117, 31}, {117.001, 31.001}, {117.001, 31}, {117, 31.001}, {117, 31}}}}
	if _, problem := publishedProblem(g, e, twisted, 0); problem == "" {
		t.Error("an invalid polygon is not seen")
	}
}
