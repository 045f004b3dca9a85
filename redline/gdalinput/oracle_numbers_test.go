package gdalinput

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/job"
	"greenshield/vector"
	"greenshield/vector/gdalvector"
	"greenshield/vector/geos"
)

// found is what a run says of one part of a patch.
type found struct {
	m2, patchM2 float64
	reason      redline.Reason
	geometry    orb.MultiPolygon
}

// numberSink keeps what a run finds, by change type, zone and the patch's first cell.
type numberSink struct {
	mu    sync.Mutex
	parts map[string]found
}

func (s *numberSink) Put(key redline.Key, c *redline.Candidate, _ []redline.Overlap) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[fmt.Sprintf("%s in %s, patch at row %d, column %d", c.Change, c.ZoneID, key.Row, key.Col)] = found{c.AreaM2, c.PatchM2, c.Reason, c.Geometry.Clone()}
	return nil
}

// numberRun compares two epochs of forest, of which the given cells became built-up, with
// zones in lattice coordinates.
func numberRun(t *testing.T, g raster.Grid, built []bool, zones []orb.MultiPolygon) (map[string]found, error) {
	t.Helper()
	s := newScene(t, g, g)
	cells := make([]uint8, g.Cells())
	for i := range cells {
		cells[i] = 2
		if built[i] {
			cells[i] = 8
		}
	}
	noData := 0.0
	s.job.After.Files[0] = filepath.Join(s.dir, "built.tif")
	if err := gdalraster.WriteByte(s.job.After.Files[0], g, cells, &noData); err != nil {
		t.Fatal(err)
	}
	var rows []gdalvector.Row
	for i, z := range zones {
		shape := z.Clone()
		for _, p := range shape {
			for _, r := range p {
				for k := range r {
					r[k][0], r[k][1] = g.Map(r[k][0], r[k][1])
				}
			}
		}
		rows = append(rows, gdalvector.Row{Values: []string{fmt.Sprintf("Z%02d", i)}, Shape: shape})
	}
	source := s.layer("zones.gpkg", g.CRS.EPSG, []string{"id"}, rows...)
	source.Fields = map[string]string{"id": "id"}
	s.job.RedLine = []job.Source{source}
	loaded, err := Load(context.Background(), s.job)
	if err != nil {
		return nil, err
	}
	sink := &numberSink{parts: map[string]found{}}
	_, err = engine.Run(context.Background(), &loaded.Inputs, loaded.Options, engine.Tuning{Workers: 2, Tile: 16},
		engine.Ports{NewOverlayer: func() engine.Overlayer { return geos.New() }, Sink: sink}, new(redline.Progress))
	return sink.parts, err
}

// numberScene draws changed cells and zones: stars anywhere, and rectangles on cell edges,
// through cell centres, and on tenths of cells.
func numberScene(seed uint64, cols, rows int) (built []bool, zones []orb.MultiPolygon) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range cols * rows {
		built = append(built, rng.Float64() < 0.4)
	}
	box := func(u0, v0, u1, v1 float64) {
		zones = append(zones, orb.MultiPolygon{{{{u0, v0}, {u1, v0}, {u1, v1}, {u0, v1}, {u0, v0}}}})
	}
	box(3, 4, 17, 15)
	box(17, 4, 25, 15) // shares an edge
	box(30.5, 3.5, 41.5, 12.5)
	box(5.1, 20.3, 14.7, 29.9)
	for range 6 {
		n := 5 + rng.IntN(20)
		cu, cv, size := 5+rng.Float64()*float64(cols-10), 5+rng.Float64()*float64(rows-10), 2+rng.Float64()*8
		var ring orb.Ring
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			r := size * (0.4 + 0.6*rng.Float64())
			ring = append(ring, orb.Point{cu + r*cos, cv + r*sin})
		}
		zones = append(zones, orb.MultiPolygon{{append(ring, ring[0])}})
	}
	return built, zones
}

// twins lists where two runs differ: areas after scaling, up to rel and unit m², and, where an
// outline was cut, up to outline m² more. A part of exactly the least size, cellM2, may be told
// either way by that rounding; such ones are counted.
func twins(a, b map[string]found, scale, rel, outline, unit, cellM2 float64) (all []string, worst float64, skipped int) {
	for key, x := range a {
		y, ok := b[key]
		whole := math.Abs(x.m2-x.patchM2) <= 1e-12*x.m2
		limit := rel*x.m2 + unit
		if !whole {
			limit += outline
		}
		switch d := math.Abs(x.m2 - y.m2*scale); {
		case !ok && x.m2 > 10*outline:
			all = append(all, key+": has no twin")
		case ok && d > limit:
			all = append(all, fmt.Sprintf("%s: %.12g m², its twin %.12g", key, x.m2, y.m2*scale))
		case ok && x.reason != y.reason && !whole && math.Abs(x.m2-cellM2) <= limit:
			skipped++
		case ok && x.reason != y.reason:
			all = append(all, fmt.Sprintf("%s: %q, its twin %q", key, x.reason, y.reason))
		case ok && whole:
			worst = max(worst, d/x.m2)
		}
	}
	for key, y := range b {
		if _, ok := a[key]; !ok && y.m2*scale > 10*outline {
			all = append(all, key+": has no twin")
		}
	}
	return all, worst, skipped
}

func TestTwinsSeesDifferences(t *testing.T) {
	right := map[string]found{"a": {m2: 100, patchM2: 100}, "b": {m2: 50, patchM2: 70}}
	for name, wrong := range map[string]map[string]found{
		"area":       {"a": {m2: 100.000001, patchM2: 100.000001}, "b": {m2: 50, patchM2: 70}},
		"cut":        {"a": {m2: 100, patchM2: 100}, "b": {m2: 50.1, patchM2: 70}},
		"one less":   {"a": {m2: 100, patchM2: 100}},
		"one more":   {"a": {m2: 100, patchM2: 100}, "b": {m2: 50, patchM2: 70}, "c": {m2: 1, patchM2: 1}},
		"suppressed": {"a": {m2: 100, patchM2: 100}, "b": {m2: 50, patchM2: 70, reason: "below_min_area"}},
	} {
		if d, _, _ := twins(right, wrong, 1, 1e-9, 1e-6, 0, 10); len(d) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
	if d, _, _ := twins(right, right, 1, 1e-9, 1e-6, 0, 10); len(d) > 0 {
		t.Errorf("equal runs differ: %v", d)
	}
}

func TestNumericalFaults(t *testing.T) {
	// EPSG:6933 is equal-area: a cell has one area wherever the grid lies.
	t.Run("N02 cells of 0.1 m from an origin of 5e6+1/3", func(t *testing.T) {
		seeds := uint64(4)
		if os.Getenv("GREENSHIELD_TORTURE") != "" {
			seeds = 100
		}
		compared, skipped, worst := 0, 0, map[float64]float64{}
		for seed := range seeds {
			built, zones := numberScene(seed, 50, 40)
			whole := raster.Grid{OriginX: 5_000_000, OriginY: 3_900_000, CellX: 30, CellY: 30, Cols: 50, Rows: 40, CRS: crs(t, 6933)}
			want, err := numberRun(t, whole, built, zones)
			if err != nil {
				t.Fatal(err)
			}
			// 30.1 m: the edges lie at steps of 0.1 m too, and areas are far above their unit.
			for _, cell := range []float64{0.1, 30.1} {
				odd := whole
				odd.OriginX, odd.OriginY, odd.CellX, odd.CellY = 5e6+1./3, 3.9e6+1./3, cell, cell
				got, err := numberRun(t, odd, built, zones)
				if err != nil {
					t.Fatal(err)
				}
				// A vertex near 5e6 m is a multiple of 9.3e-10 m, 1e-8 cells of 0.1 m; areas are
				// sums of whole units for every run of cells.
				cut := 2e-8 * cell // for up to 20 cells of outline
				unit := 60 * raster.AreaUnitM2
				differences, w, atLimit := twins(got, want, cell*cell/900, 1e-9, cut, unit, cell*cell)
				skipped += atLimit
				for _, d := range differences {
					t.Errorf("seed %d, cells of %g m: %s", seed, cell, d)
				}
				compared, worst[cell] = compared+len(got), max(worst[cell], w)
			}
		}
		t.Logf("worst relative difference of whole patches, by cell size: %v", worst)
		t.Logf("tally: comparisons %d", compared)
		t.Logf("skipped, the reason of parts of exactly one cell, kept or not by rounding: %d", skipped)
		t.Logf("tally: skipped %d", skipped)
		if skipped*100 > compared {
			t.Errorf("%d of %d parts lie at the limit", skipped, compared)
		}
		if compared < 100 {
			t.Error("too little was compared")
		}
	})

	t.Run("N07 500 km from the central meridian, in the plane, on the ellipsoid and in an equal-area grid", func(t *testing.T) {
		const lon, lat, vertices = 111.8, 31, 2000 // 495 km west of the central meridian of UTM zone 50
		var ring orb.Ring
		want := geodesic.WGS84.PolygonInit(false)
		for i := range vertices {
			var y, x float64
			geodesic.WGS84.Direct(lat, lon, -360*float64(i)/vertices, 20_000*(1+0.3*math.Sin(7*float64(i)/vertices*2*math.Pi)), &y, &x, nil)
			ring = append(ring, orb.Point{x, y})
			want.AddPoint(y, x)
		}
		var m2 float64
		want.Compute(false, true, &m2, nil)
		zone := gdalvector.Row{Values: []string{"1"}, Shape: orb.MultiPolygon{{append(ring, ring[0])}}}
		for _, c := range []struct {
			name            string
			crs             string
			cell            float64
			lowest, highest float64 // of the relative error of the planar area
		}{
			{"UTM", "EPSG:32650", 100, 1e-3, 1e-2},
			{"equal-area", "EPSG:6933", 100, 0, 1e-6},
			{"degrees", "EPSG:4326", 0.001, 0, 0},
			{"coarse degrees", "EPSG:4326", 0.05, 0, 0},
			{"coarser degrees", "EPSG:4326", 0.1, 0, 0},
			{"UTM in kilometres", utm50(`UNIT["kilometre",1000]`, 500), 0.1, 1e-3, 1e-2},
			{"UTM in US survey feet", utm50(`UNIT["US survey foot",0.304800609601219]`, 500000*3937./1200), 300, 1e-3, 1e-2},
		} {
			toGrid, err := gdalraster.NewTransform(crs(t, 4326), crsOf(t, c.crs))
			if err != nil {
				t.Fatal(err)
			}
			x, y := []float64{lon}, []float64{lat}
			if err := toGrid.XY(x, y); err != nil {
				t.Fatal(err)
			}
			toGrid.Close()
			g := raster.Grid{OriginX: x[0] - 350*c.cell, OriginY: y[0] + 350*c.cell, CellX: c.cell, CellY: c.cell, Cols: 700, Rows: 700, CRS: crsOf(t, c.crs)}
			s := newScene(t, g, g)
			source := s.layer("zone.gpkg", 4326, []string{"id"}, zone)
			s.job.RedLine = []job.Source{source}
			loaded := s.mustLoad()
			z := loaded.Inputs.Zones[0]
			off := math.Abs(z.TotalM2-m2) / m2
			t.Logf("%s: %.6f km², relative error %.3g", c.name, z.TotalM2/1e6, off)
			if off > 1e-6 {
				t.Errorf("%s: %.3f m², the planimeter has %.3f", c.name, z.TotalM2, m2)
			}
			if g.CRS.Geographic {
				continue
			}
			side := c.cell * crsOf(t, c.crs).UnitM
			planar := math.Abs(vector.Area(z.Shape)*side*side-m2) / m2
			t.Logf("%s: the planar area is off by %.3g", c.name, planar)
			if planar < c.lowest || planar > c.highest {
				t.Errorf("%s: the planar area is off by %.3g, not between %g and %g: is this the place that it should be?", c.name, planar, c.lowest, c.highest)
			}
		}
	})

	t.Run("N08 a grid across the equator, the antimeridian, the border of a UTM zone", func(t *testing.T) {
		built, zones := numberScene(8, 50, 40)
		at := func(epsg int, x, y, cell float64) raster.Grid {
			return raster.Grid{OriginX: x, OriginY: y, CellX: cell, CellY: cell, Cols: 50, Rows: 40, CRS: crs(t, epsg)}
		}
		run := func(g raster.Grid) map[string]found {
			parts, err := numberRun(t, g, built, zones)
			if err != nil {
				t.Fatal(err)
			}
			if len(parts) < 20 {
				t.Fatalf("%d parts", len(parts))
			}
			return parts
		}
		same := func(name string, a, b map[string]found, rel float64) {
			differences, _, _ := twins(a, b, 1, rel, 1e-3, 0, 0)
			for _, d := range differences {
				t.Errorf("%s: %s", name, d)
			}
			t.Logf("tally: comparisons %d", len(a))
		}
		// The equator through the middle: turned upside down nothing changes but the signs.
		flip := func(mp orb.MultiPolygon) orb.MultiPolygon {
			out := mp.Clone()
			for _, p := range out {
				for _, r := range p {
					for i := range r {
						r[i][1] = 40 - r[i][1]
					}
				}
			}
			return out
		}
		north := run(at(4490, 110, 20*0.00027, 0.00027))
		flippedBuilt, flippedZones := make([]bool, len(built)), make([]orb.MultiPolygon, len(zones))
		for i := range built {
			flippedBuilt[(39-i/50)*50+i%50] = built[i]
		}
		for i, z := range zones {
			flippedZones[i] = flip(z)
		}
		south, err := numberRun(t, at(4490, 110, 20*0.00027, 0.00027), flippedBuilt, flippedZones)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := sumM2(north), sumM2(south); math.Abs(a-b) > 1e-9*a || len(north) != len(south) {
			t.Errorf("equator: %d parts of %.6f m², upside down %d of %.6f", len(north), a, len(south), b)
		}
		// UTM zone 50 ends at 120° E; zone 51 sees the same degrees with another scale.
		eastOf := run(at(32650, 785_700, 3_430_000, 30)) // 120° E lies 786 km east at 31° N
		for key, p := range eastOf {
			if p.reason == "" && p.m2 > 1e4 {
				if m2 := publishedM2(p.geometry); math.Abs(m2-p.m2) > 1e-3*p.m2 {
					t.Errorf("across a zone's border, %s: %.3f m², its published polygon has %.3f", key, p.m2, m2)
				}
			}
		}
		// Published polygons would have to be cut at 180°: such rasters are refused, and one that
		// ends there is not.
		const cell = 1. / 1024 // whole binary fractions: the lattice is the same to the last bit
		same("up to the antimeridian", run(at(4490, 180-50*cell, 31, cell)), run(at(4490, 110, 31, cell)), 1e-9)
		same("from the antimeridian", run(at(4490, -180, 31, cell)), run(at(4490, 110, 31, cell)), 1e-9)
		for name, g := range map[string]raster.Grid{
			"degrees":        at(4490, 180-25*cell, 31, cell),
			"degrees, west":  at(4490, -180-25*cell, 31, cell),
			"UTM zone 60 N":  at(32660, 785_700, 3_430_000, 30),
			"0 to 360° east": at(4490, 200, 31, cell),
		} {
			if _, err := numberRun(t, g, built, zones); err == nil || !strings.Contains(err.Error(), "180°") || redline.KindOf(err) != redline.Raster {
				t.Errorf("across the antimeridian, %s: %v", name, err)
			}
		}
	})

	t.Run("N12 a datum shift, at a known point", func(t *testing.T) {
		for _, c := range []struct {
			name, datum, ellipsoid string
			a, inverse             float64
			shift                  [3]float64 // to WGS 84, m
			lon, lat               float64    // in the zone's datum
			wantLon, wantLat       float64    // 0: only by our own formula
			epsg                   int        // of the grid
		}{
			// The example of EPSG Guidance Note 7-2 for geocentric translations, WGS 84 and ED50.
			{"ED50", "European_Datum_1950", "International 1924", 6378388, 297, [3]float64{-84.87, -96.49, -116.95},
				dms(2, 7, 51.477), dms(53, 48, 36.565), dms(2, 7, 46.38), dms(53, 48, 33.82), 4326},
			{"Krassowsky", "Beijing_1954", "Krassowsky 1940", 6378245, 298.3, [3]float64{15.8, -154.4, -82.3}, 117.1, 31.2, 0, 0, 4326},
			{"Krassowsky to CGCS2000", "Beijing_1954", "Krassowsky 1940", 6378245, 298.3, [3]float64{15.8, -154.4, -82.3}, 117.1, 31.2, 0, 0, 4490},
			{"Xian 1980 to CGCS2000", "Xian_1980", "IAG 1975", 6378140, 298.257, [3]float64{24, -123, -94}, 117.1, 31.2, 0, 0, 4490},
			{"no shift to CGCS2000", "Xian_1980", "IAG 1975", 6378140, 298.257, [3]float64{}, 117.1, 31.2, 0, 0, 4490},
		} {
			lon, lat := shifted(c.lon, c.lat, c.a, 1/c.inverse, c.shift)
			if c.wantLon != 0 {
				if d := metresApart(lon, lat, c.wantLon, c.wantLat); d > 0.05 {
					t.Fatalf("%s: our own formula is %.3f m off the published point", c.name, d)
				}
			}
			g := raster.Grid{OriginX: c.lon - 0.1, OriginY: c.lat + 0.2, CellX: 0.01, CellY: 0.01, Cols: 40, Rows: 30, CRS: crs(t, c.epsg)}
			s := newScene(t, g, g)
			ring := orb.Ring{{c.lon, c.lat}, {c.lon + 0.05, c.lat}, {c.lon + 0.05, c.lat + 0.05}, {c.lon, c.lat + 0.05}, {c.lon, c.lat}}
			source := s.layer("zone.shp", 4326, []string{"id"}, gdalvector.Row{Values: []string{"1"}, Shape: orb.MultiPolygon{{ring}}})
			prj := strings.TrimSuffix(source.File, ".shp") + ".prj"
			wkt := fmt.Sprintf(`GEOGCS["local",DATUM["%s",SPHEROID["%s",%g,%g],TOWGS84[%g,%g,%g,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]`,
				c.datum, c.ellipsoid, c.a, c.inverse, c.shift[0], c.shift[1], c.shift[2])
			if err := os.WriteFile(prj, []byte(wkt), 0o644); err != nil {
				t.Fatal(err)
			}
			s.job.RedLine = []job.Source{source}
			loaded, err := Load(context.Background(), s.job)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			nearest := math.Inf(1)
			var moved, want orb.Ring
			for _, v := range ring {
				x, y := shifted(v[0], v[1], c.a, 1/c.inverse, c.shift)
				want = append(want, orb.Point{x, y})
			}
			for _, v := range loaded.Inputs.Zones[0].Shape[0][0] {
				x, y := g.Map(v[0], v[1])
				moved = append(moved, orb.Point{x, y})
				nearest = min(nearest, metresApart(x, y, lon, lat))
			}
			t.Logf("%s: moved by %.3f m, %.2g m off our own formula", c.name, metresApart(c.lon, c.lat, lon, lat), nearest)
			if nearest > 1e-3 {
				t.Errorf("%s: the zone's corner is %.4f m off", c.name, nearest)
			}
			gotM2, wantM2 := publishedM2(orb.MultiPolygon{{moved}}), publishedM2(orb.MultiPolygon{{want}})
			if math.Abs(math.Abs(gotM2/wantM2)-1) > 1e-7 {
				t.Errorf("%s: the zone has %.2f m², want %.2f", c.name, gotM2, wantM2)
			}
		}
	})
}

func sumM2(parts map[string]found) (sum float64) {
	for _, p := range parts {
		sum += p.m2
	}
	return sum
}

// publishedM2 measures a published polygon by GeographicLib's planimeter.
func publishedM2(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for _, r := range p {
			g := geodesic.WGS84.PolygonInit(false)
			for _, v := range r[1:] {
				g.AddPoint(v[1], v[0])
			}
			var m2 float64
			g.Compute(false, true, &m2, nil)
			sum += m2
		}
	}
	return sum
}

func dms(d, m, s float64) float64 { return d + m/60 + s/3600 }

func metresApart(lon0, lat0, lon1, lat1 float64) (m float64) {
	geodesic.WGS84.Inverse(lat0, lon0, lat1, lon1, &m, nil, nil)
	return m
}

// shifted takes a point at height 0 from an ellipsoid to WGS 84 by a geocentric translation.
func shifted(lon, lat, a, f float64, shift [3]float64) (lon1, lat1 float64) {
	sinLat, cosLat := math.Sincos(lat * math.Pi / 180)
	sinLon, cosLon := math.Sincos(lon * math.Pi / 180)
	e2 := f * (2 - f)
	n := a / math.Sqrt(1-e2*sinLat*sinLat)
	x, y, z := n*cosLat*cosLon+shift[0], n*cosLat*sinLon+shift[1], n*(1-e2)*sinLat+shift[2]
	const a1, f1 = 6378137.0, 1 / 298.257223563
	e2 = f1 * (2 - f1)
	p := math.Hypot(x, y)
	phi := math.Atan2(z, p*(1-e2))
	for range 20 { // contracts by e² each time
		s := math.Sin(phi)
		phi = math.Atan2(z+e2*a1/math.Sqrt(1-e2*s*s)*s, p)
	}
	return math.Atan2(y, x) * 180 / math.Pi, phi * 180 / math.Pi
}

// utm50 is UTM zone 50 N with another unit of length, in which its false easting is 500 km.
func utm50(unit string, easting float64) string {
	return fmt.Sprintf(`PROJCS["UTM 50N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],`+
		`UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",117],`+
		`PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",%.9f],PARAMETER["false_northing",0],%s]`, easting, unit)
}

func crsOf(t *testing.T, text string) raster.CRS {
	t.Helper()
	c, err := gdalraster.ParseCRS(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
