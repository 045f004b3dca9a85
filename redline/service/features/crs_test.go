package features

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/redline/service/collection"
)

func TestZone(t *testing.T) {
	for lon, want := range map[float64]string{
		75: "4534", 60: "4534", 117: "4548", 115.6: "4548", 115.4: "4547", 118.4: "4548", 135: "4554", 150: "4554",
	} {
		if got := zone(lon); got.uri != uriEPSG+want || strconv.Itoa(got.epsg) != want {
			t.Errorf("%v° E: %+v, want %s", lon, got, want)
		}
	}
}

func TestTransformed(t *testing.T) {
	f := New(nil, sphere{})
	const square = `{"type":"Polygon","coordinates":[ [[117.0000000,31],[117.50 , 31.0],[117.5,31.5e0],[117.0000000,31]]]}`
	same, err := f.transformed([]byte(square), crs84)
	if err != nil || string(same) != square {
		t.Errorf("CRS84: %s, %v", same, err)
	}
	swapped, err := f.transformed([]byte(square), cgcs2000)
	const want = `{"type":"Polygon","coordinates":[ [[31,117.0000000],[31.0,117.50],[31.5e0,117.5],[31,117.0000000]]]}`
	if err != nil || string(swapped) != want {
		t.Errorf("EPSG:4490: %s, %v", swapped, err)
	}
	metres, err := f.transformed([]byte(`{"type":"Point","coordinates":[117,30]}`), zone(117))
	northing := strconv.FormatFloat(radius*math.Pi/6, 'f', 4, 64)
	if err != nil || string(metres) != `{"type":"Point","coordinates":[`+northing+`,500000.0000]}` {
		t.Errorf("EPSG:4548: %s, %v", metres, err)
	}
	if _, err := f.transformed([]byte(`{"type":"Point","coordinates":[117]}`), cgcs2000); err == nil {
		t.Error("a position of one number is taken")
	}
	if none, err := f.transformed(nil, cgcs2000); err != nil || none != nil {
		t.Errorf("no geometry: %s, %v", none, err)
	}
}

// ring returns a polygon with vertices at random distances around a place.
func ring(r *rand.Rand, lon, lat, size float64) string {
	var b strings.Builder
	n := 3 + r.IntN(6)
	var first string
	for i := range n {
		a, d := 2*math.Pi*float64(i)/float64(n), size*(0.3+0.7*r.Float64())
		p := "[" + strconv.FormatFloat(lon+d*math.Cos(a), 'f', 7, 64) + "," + strconv.FormatFloat(lat+d*math.Sin(a), 'f', 7, 64) + "]"
		if i == 0 {
			first = p
		}
		b.WriteString(p + ",")
	}
	return `{"type":"MultiPolygon","coordinates":[[[` + b.String() + first + `]]]}`
}

// TestBoxInMetres holds pages of features in a box of metres against looking at each feature as it is served, also large
// ones, whose sides bulge in degrees.
func TestBoxInMetres(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 1))
	f := New(nil, sphere{})
	for _, size := range []float64{0.01, 0.3, 2} {
		m := &memory{version: "v", info: collection.Info{ID: "c", Geometry: collection.Polygons}}
		for i := range 300 {
			g := ring(r, 114+6*r.Float64(), 28+5*r.Float64(), size)
			m.features = append(m.features, collection.Feature{ID: strconv.Itoa(i), Geometry: json.RawMessage(g)})
		}
		m.info.Box = boxOfAll(m.features)
		in := f.offered(m.info)[2]
		chosen := 0
		for range 60 {
			x, y := []float64{114 + 6*r.Float64()}, []float64{28 + 5*r.Float64()}
			_ = sphere{}.Project(in.epsg, x, y)
			w, h := math.Pow(10, 1+5*r.Float64()), math.Pow(10, 1+5*r.Float64())
			box := orb.Bound{Min: orb.Point{x[0], y[0]}, Max: orb.Point{x[0] + w, y[0] + h}}
			got := map[string]bool{}
			for id := range pagesOf(t, f, m, in, box) {
				got[id] = true
			}
			for _, feature := range m.features {
				served, err := f.transformed(feature.Geometry, in)
				if err != nil {
					t.Fatal(err)
				}
				g, err := geom.UnmarshalGeoJSON(served)
				if err != nil {
					t.Fatal(err)
				}
				if want := geom.Intersects(g, envelope(box)); want != got[feature.ID] {
					t.Fatalf("%s, box %v: chosen %v, want %v", served, box, got[feature.ID], want)
				}
			}
			chosen += len(got)
		}
		if chosen < 40 {
			t.Errorf("only %d features were chosen", chosen)
		}
	}
}

// envelope is a box of eastings and northings in the order of the axes.
func envelope(box orb.Bound) geom.Geometry {
	return geom.NewEnvelope(geom.XY{X: box.Min[1], Y: box.Min[0]}, geom.XY{X: box.Max[1], Y: box.Max[0]}).AsGeometry()
}

// pagesOf reads all pages of a box of eastings and northings.
func pagesOf(t *testing.T, f *Features, m *memory, in crs, box orb.Bound) map[string]bool {
	t.Helper()
	text := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	q := url.Values{"bbox-crs": {in.uri}, "limit": {"7"}, "bbox": {
		text(box.Min[1]) + "," + text(box.Min[0]) + "," + text(box.Max[1]) + "," + text(box.Max[0])}}
	ids := map[string]bool{}
	for {
		w, err := f.want(q, m.info)
		if err != nil {
			t.Fatal(err)
		}
		page, err := pageOf(t.Context(), m, w)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Features) == 0 && page.Next != "" || len(page.Features) > 7 {
			t.Fatalf("a page of %d features, next %q", len(page.Features), page.Next)
		}
		for _, feature := range page.Features {
			if ids[feature.ID] {
				t.Fatalf("%s comes twice", feature.ID)
			}
			ids[feature.ID] = true
		}
		if page.Next == "" {
			return ids
		}
		q.Set("after", page.Next)
	}
}

func TestMeetsEdgesAndHoles(t *testing.T) {
	const holed = `{"type":"MultiPolygon","coordinates":[[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[2,2],[8,2],[8,8],[2,8],[2,2]]]]}`
	for name, tt := range map[string]struct {
		geometry string
		box      [4]float64
		want     bool
	}{
		"inside the hole":        {holed, [4]float64{3, 3, 7, 7}, false},
		"touches the hole":       {holed, [4]float64{3, 3, 8, 7}, true},
		"in the flesh":           {holed, [4]float64{0.5, 0.5, 1, 1}, true},
		"touches the corner":     {holed, [4]float64{10, 10, 11, 11}, true},
		"beside":                 {holed, [4]float64{10.1, 0, 11, 10}, false},
		"covers":                 {holed, [4]float64{-1, -1, 11, 11}, true},
		"point on the edge":      {`{"type":"Point","coordinates":[3,3]}`, [4]float64{3, 0, 5, 5}, true},
		"point beside":           {`{"type":"Point","coordinates":[2.9,3]}`, [4]float64{3, 0, 5, 5}, false},
		"between two points":     {`{"type":"MultiPoint","coordinates":[[0,0],[10,10]]}`, [4]float64{4, 4, 6, 6}, false},
		"a line through the box": {`{"type":"LineString","coordinates":[[0,0],[10,10]]}`, [4]float64{4, 4, 6, 6}, true},
		"a line past the box":    {`{"type":"LineString","coordinates":[[0,0],[10,10]]}`, [4]float64{4, 0, 6, 3}, false},
	} {
		p, err := readPositions([]byte(tt.geometry))
		if err != nil {
			t.Fatal(err)
		}
		x, y, err := p.degrees()
		if err != nil {
			t.Fatal(err)
		}
		box := orb.Bound{Min: orb.Point{tt.box[0], tt.box[1]}, Max: orb.Point{tt.box[2], tt.box[3]}}
		if got := p.meets(x, y, box); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
