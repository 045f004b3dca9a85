package tiles

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt/vectortile"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/redline/service/collection"
)

// around lists the tiles of a zoom around a place, and one where nothing is.
func around(z int, lon, lat float64) (all []Tile) {
	at := mercator(Tile{Z: z}, lon, lat)
	x, y := int(at[0]/4096), int(at[1]/4096)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			if t := (Tile{z, x + dx, y + dy}); t.X >= 0 && t.Y >= 0 && t.X < 1<<z && t.Y < 1<<z {
				all = append(all, t)
			}
		}
	}
	return append(all, Tile{z, 0, 0})
}

func (t Tile) path() string { return fmt.Sprintf("%d/%d/%d.mvt", t.Z, t.X, t.Y) }

// points lists the vertices of a geometry.
func points(g geom.Geometry) (all []geom.XY) {
	flat := g.DumpCoordinates()
	for i := range flat.Length() {
		all = append(all, flat.GetXY(i))
	}
	return all
}

// inUnits is a feature in units of a tile, not rounded.
func inUnits(t Tile, g geom.Geometry) geom.Geometry {
	return g.TransformXY(func(p geom.XY) geom.XY {
		at := mercator(t, p.X, p.Y)
		return geom.XY{X: at[0], Y: at[1]}
	})
}

// TestTilesHoldWhatMeetsThem compares decoded tiles of all zooms with each feature of the collection.
func TestTilesHoldWhatMeetsThem(t *testing.T) {
	of := newFake(t, candidates(), patches(rand.New(rand.NewPCG(1, 2)), 1500)...)
	handler := serve(New([]collection.Source{of}, nil))
	polygons := 0
	for z := range MaxVectorZoom + 1 {
		for _, tile := range append(around(z, 117.0123456, 31.0123456), around(z, 116.85, 30.95)...) {
			w := get(handler, "/tiles/r1.candidates/"+tile.path())
			if w.Code != http.StatusOK {
				t.Fatal(tile, w.Code, w.Body)
			}
			var got, want []string
			shapes := map[string]geom.Geometry{}
			for i, f := range of.features {
				if meets(of.shapes[i], tile.Degrees(64.0/4096)) {
					want = append(want, f.ID)
					shapes[f.ID] = of.shapes[i]
				}
			}
			for _, d := range decode(t, w.Body.Bytes()) {
				id := d.properties["id"].(string)
				got = append(got, id)
				if d.kind == vectortile.Tile_POLYGON {
					polygons++
				}
				if d.layer != "candidates" || shapes[id].IsEmpty() {
					t.Fatal(tile, d.layer, id)
				}
				compareShape(t, tile, d, shapes[id])
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%v: %d features, want %d", tile, len(got), len(want))
			}
		}
	}
	if polygons < 1000 {
		t.Errorf("only %d polygons were compared", polygons)
	}
}

// compareShape holds a feature of a tile against the place where it is.
func compareShape(t *testing.T, tile Tile, d decoded, g geom.Geometry) {
	t.Helper()
	exact := inUnits(tile, g)
	if d.kind == vectortile.Tile_POINT {
		low, high, _ := exact.Envelope().MinMaxXYs()
		p := d.parts[0][0]
		if math.Abs(p[0]-(low.X+high.X)/2) > 0.501 || math.Abs(p[1]-(low.Y+high.Y)/2) > 0.501 {
			t.Errorf("%v: point %v of %v %v", tile, p, low, high)
		}
		if tile.Z >= 14 && !g.IsPoint() {
			t.Errorf("%v: %v is a point", tile, d.properties)
		}
		return
	}
	areas := d.polygon()
	if _, err := valid(areas); err != nil {
		t.Fatalf("%v: %v: %v", tile, d.properties, err)
	}
	for _, polygon := range areas {
		for i, ring := range polygon {
			if (area(ring) > 0) != (i == 0) {
				t.Errorf("%v: ring %d of %v turns the wrong way", tile, i, d.properties)
			}
		}
	}
	cut, err := geom.Intersection(exact, geom.NewEnvelope(geom.XY{X: -64, Y: -64}, geom.XY{X: 4160, Y: 4160}).AsGeometry())
	if err != nil {
		t.Fatal(err)
	}
	within := 0.71 // half a unit both ways, and a little
	if tile.Z < 14 {
		within = 4.71
	}
	own, _ := valid(areas)
	near := func(of, to geom.Geometry) {
		for _, p := range points(of) {
			if tile.Z < 14 && (min(p.X, p.Y) < -40 || max(p.X, p.Y) > 4136) {
				continue // at the edge of the margin slivers come and go with what is simplified
			}
			if gap, ok := geom.Distance(p.AsPoint().AsGeometry(), to.Boundary()); ok && gap > within {
				t.Errorf("%v: %v: %v is %.2f units away", tile, d.properties, p, gap)
			}
		}
	}
	near(own.AsGeometry(), cut)
	for _, part := range cut.Dump() {
		if p, ok := part.AsPolygon(); ok && tile.Z < 14 { // holes that are narrow may be left out
			near(p.ExteriorRing().AsGeometry(), own.AsGeometry())
		} else {
			near(part, own.AsGeometry())
		}
	}
	if off := math.Abs(own.Area() - cut.Area()); off > within*cut.Boundary().Length()+1 {
		t.Errorf("%v: %v: area %.0f, want %.0f", tile, d.properties, own.Area(), cut.Area())
	}
}

// TestVerticesAreWhereTheyAre brings tiles of the largest zoom back to degrees.
func TestVerticesAreWhereTheyAre(t *testing.T) {
	f := patches(rand.New(rand.NewPCG(3, 4)), 1)[0]
	of := newFake(t, candidates(), f)
	handler := serve(New([]collection.Source{of}, nil))
	at := of.shapes[0].Envelope().Center()
	centre, _ := at.XY()
	// At zoom 13 nearly always the whole patch lies in one tile; 14 is the least that is exact.
	tile := around(14, centre.X, centre.Y)[4]
	all := decode(t, get(handler, "/tiles/r1.candidates/"+tile.path()).Body.Bytes())
	if len(all) != 1 {
		t.Fatal(len(all))
	}
	for _, p := range points(of.shapes[0]) {
		want := mercator(tile, p.X, p.Y)
		found := false
		for _, ring := range all[0].parts {
			found = found || slices.ContainsFunc(ring, func(q orb.Point) bool {
				return math.Abs(q[0]-want[0]) <= 0.5+1e-6 && math.Abs(q[1]-want[1]) <= 0.5+1e-6
			})
		}
		if !found {
			t.Errorf("no vertex at %v in %v", want, all[0].parts)
		}
	}
}

// TestCountsAddUp: where a tile has counts, each feature is counted in one tile.
func TestCountsAddUp(t *testing.T) {
	const n = maxFeatures + 1000
	of := newFake(t, candidates(), patches(rand.New(rand.NewPCG(5, 6)), n)...)
	handler := serve(New([]collection.Source{of}, nil))
	for z := range 9 { // 8: several tiles, in some of which there are few enough to be shown
		counted, shown := int64(0), map[string]bool{}
		worst := int64(0)
		n := 1 << z
		at := mercator(Tile{Z: z}, 117, 31.1)
		for x := int(at[0]/4096) - 1; x <= int(at[0]/4096)+1; x++ {
			for y := int(at[1]/4096) - 1; y <= int(at[1]/4096)+1; y++ {
				if x < 0 || y < 0 || x >= n || y >= n {
					continue
				}
				for _, d := range decode(t, get(handler, "/tiles/r1.candidates/"+Tile{z, x, y}.path()).Body.Bytes()) {
					if d.layer == "candidates" {
						shown[d.properties["id"].(string)] = true
						continue
					}
					p := d.parts[0][0]
					if d.layer != "candidates_count" || p[0] < 0 || p[1] < 0 || p[0] > 4096 || p[1] > 4096 {
						t.Fatal(d.layer, p)
					}
					count := d.properties["count"].(int64)
					counted += count
					worst = max(worst, d.properties["severity"].(int64))
					if _, one := d.properties["id"]; one != (count == 1) {
						t.Error(d.properties)
					}
				}
			}
		}
		if len(shown) == 0 && (counted != int64(len(of.features)) || worst != 4) {
			t.Errorf("zoom %d: %d counted of %d, worst %d", z, counted, len(of.features), worst)
		}
		if z < 7 && counted == 0 || counted+int64(len(shown)) < int64(len(of.features)) {
			t.Errorf("zoom %d: %d counted, %d shown", z, counted, len(shown))
		}
	}
}

// TestLargestZonesAreShown: of too many zones a tile has the largest, and says how many it left out.
func TestLargestZonesAreShown(t *testing.T) {
	var all []collection.Feature
	for i := range maxFeatures + 7 {
		size := 0.01 + 0.00001*float64(i)
		all = append(all, feature(fmt.Sprintf("Z%05d", i), fmt.Sprintf(
			`{"type":"Polygon","coordinates":[[[117,31],[%[1]f,31],[%[1]f,%[2]f],[117,%[2]f],[117,31]]]}`, 117+size, 31+size), 1))
	}
	of := newFake(t, collection.Info{ID: "r1.zones", Run: "r1"}, all...)
	got := decode(t, get(serve(New([]collection.Source{of}, nil)), "/tiles/r1.zones/"+around(10, 117.001, 31.001)[4].path()).
		Body.Bytes())
	if len(got) != maxFeatures {
		t.Fatal(len(got))
	}
	for i, d := range got {
		if want := fmt.Sprintf("Z%05d", maxFeatures+6-i); d.properties["id"] != want || d.properties["left_out"] != int64(7) ||
			d.layer != "zones" {
			t.Fatalf("%s %v, want %s", d.layer, d.properties, want)
		}
	}
}

func TestPropertiesAndFilters(t *testing.T) {
	of := newFake(t, candidates(), patches(rand.New(rand.NewPCG(7, 8)), 100)...)
	handler := serve(New([]collection.Source{of}, nil))
	count := map[int64]int{}
	for _, d := range decode(t, get(handler, "/tiles/r1.candidates/0/0/0.mvt").Body.Bytes()) {
		count[d.properties["severity"].(int64)]++
		for name := range d.properties {
			if !slices.Contains([]string{"id", "cand_id", "severity"}, name) { // zone_type is null, basis no map needs
				t.Errorf("property %s", name)
			}
		}
	}
	if len(count) != 4 {
		t.Fatal(count)
	}
	for query, want := range map[string]int{
		"?severity=2": count[2], "?severity=2,3": count[2] + count[3], "?severity=2&severity=3": count[2] + count[3],
		"?severity=9": 0, "?adm_name=%E7%A4%BA%E4%BE%8B%E5%8E%BFA": 102, "?adm_name=a&severity=2": 0,
	} {
		w := get(handler, "/tiles/r1.candidates/0/0/0.mvt"+query)
		if got := decode(t, w.Body.Bytes()); w.Code != http.StatusOK || len(got) != want {
			t.Errorf("%s: %d features, want %d", query, len(got), want)
		}
	}
	for _, query := range []string{"?basis=1", "?bbox=1,2,3,4", "?%00=1"} {
		if w := get(handler, "/tiles/r1.candidates/0/0/0.mvt"+query); w.Code != http.StatusBadRequest {
			t.Error(query, w.Code)
		}
	}
}

func TestAddressesOfNoTile(t *testing.T) {
	of := newFake(t, candidates(), patches(rand.New(rand.NewPCG(7, 8)), 3)...)
	handler := serve(New([]collection.Source{of}, nil))
	for _, path := range []string{
		"r1.candidates/0/0/1.mvt", "r1.candidates/0/1/0.mvt", "r1.candidates/17/0/0.mvt", "r1.candidates/-1/0/0.mvt",
		"r1.candidates/a/0/0.mvt", "r1.candidates/0/0/0", "r1.candidates/0/0/0.png", "r1.candidates/00/0/0.mvt",
		"r1.candidates/1/+1/0.mvt", "r1.candidates/1/1/99999999999999999999.mvt", "r2.candidates/0/0/0.mvt",
		"r1.candidates/0/0/0.mvt.mvt", "r1/before/0/0/0.png", "r1/legend", "r1", "..%2f..%2fetc/0/0/0.mvt",
	} {
		w := get(handler, "/tiles/"+path)
		if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Error(path, w.Code, w.Body)
		}
	}
}

func TestTilesAreKeptUntilTheCollectionChanges(t *testing.T) {
	of := newFake(t, candidates(), patches(rand.New(rand.NewPCG(7, 8)), 3)...)
	handler := serve(New([]collection.Source{of}, nil))
	const path = "/tiles/r1.candidates/0/0/0.mvt"
	w := get(handler, path, "Accept-Encoding", "br, gzip;q=0.8")
	zipped, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zipped)
	if err != nil || len(decode(t, text)) != 5 {
		t.Fatal(err, len(text))
	}
	h := w.Header()
	if h.Get("Content-Encoding") != "gzip" || h.Get("ETag") != `"v1"` || h.Get("Cache-Control") != "private, no-cache" ||
		h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Type") != "application/vnd.mapbox-vector-tile" {
		t.Error(h)
	}
	asked := of.asked
	if w := get(handler, path, "Accept-Encoding", "gzip;q=0"); w.Body.String() != string(text) || of.asked != asked {
		t.Error("the tile is not kept, or differs")
	}
	if w := get(handler, path, "If-None-Match", `"v1"`); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Error(w.Code)
	}
	of.version, of.features, of.shapes = "v2", of.features[:1], of.shapes[:1]
	w = get(handler, path, "If-None-Match", `"v1"`)
	if w.Code != http.StatusOK || w.Header().Get("ETag") != `"v2"` || len(decode(t, w.Body.Bytes())) != 1 {
		t.Error(w.Code, w.Header())
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache[int](3 * 1000)
	for i := range 10 {
		c.put(fmt.Sprint(i), i, 700)
		if _, ok := c.get("0"); !ok {
			t.Fatal("what is asked for leaves before what is not")
		}
	}
	c.put("large", 1, 3000)
	_, large := c.get("large")
	_, old := c.get("8")
	v, ok := c.get("9")
	if c.bytes > 3000 || len(c.places) != 3 || large || !ok || v != 9 || !old {
		t.Error(c.bytes, len(c.places), large, old, ok)
	}
}

// TestUnavailable: what cannot be read for a while is told as such, with when to ask again.
func TestUnavailable(t *testing.T) {
	off := &collection.Unavailable{After: 3 * time.Second, Err: errors.New("/srv/ledger.gpkg")}
	features := patches(rand.New(rand.NewPCG(1, 2)), 3)
	unread, lost := newFake(t, candidates(), features...), newFake(t, candidates(), features...)
	unread.err, lost.lost = off, off
	for path, of := range map[string]*fake{"/0/0/0.mvt": unread, "/1/1/0.mvt": lost, "": lost} {
		w := get(serve(New([]collection.Source{of}, nil)), "/tiles/r1.candidates"+path)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "3" || w.Header().Get("ETag") != "" ||
			strings.Contains(w.Body.String(), "srv") {
			t.Errorf("%q: %d %v %s", path, w.Code, w.Header(), w.Body)
		}
	}
}
