package tiles

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"github.com/gogo/protobuf/proto"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt/vectortile"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/redline/service/collection"
)

// fake is a collection that answers by looking at each feature.
type fake struct {
	info     collection.Info
	version  string
	features []collection.Feature
	shapes   []geom.Geometry // parallel to features
	asked    int             // pages
	err      error           // of all pages
	lost     error           // of the collection itself
}

func newFake(t testing.TB, info collection.Info, features ...collection.Feature) *fake {
	t.Helper()
	f := &fake{info: info, version: "v1", features: features}
	for _, each := range features {
		g, err := geom.UnmarshalGeoJSON(each.Geometry, geom.NoValidate{})
		if err != nil {
			t.Fatal(err)
		}
		f.shapes = append(f.shapes, g)
	}
	return f
}

func (f *fake) Info() collection.Info { return f.info }
func (f *fake) Version() string       { return f.version }

func (f *fake) Item(context.Context, string) (*collection.Feature, error) {
	return nil, collection.ErrNoItem
}

// Items has small pages, so that those who read have to turn them.
func (f *fake) Items(_ context.Context, q collection.Query) (*collection.Page, error) {
	f.asked++
	if f.err != nil {
		return nil, f.err
	}
	start, _ := strconv.Atoi(q.After)
	page := &collection.Page{Matched: -1}
	for i := start; i < len(f.features); i++ {
		if len(page.Features) == min(q.Limit, 1000) {
			page.Next = strconv.Itoa(i)
			break
		}
		if meets(f.shapes[i], *q.Box) && f.chosen(i, q.Where) {
			page.Features = append(page.Features, f.features[i])
		}
	}
	return page, nil
}

func (f *fake) chosen(i int, where map[string][]string) bool {
	var properties map[string]any
	if err := json.Unmarshal(f.features[i].Properties, &properties); err != nil {
		panic(err)
	}
	for name, values := range where {
		if !slices.Contains(values, fmt.Sprint(properties[name])) {
			return false
		}
	}
	return true
}

func meets(g geom.Geometry, box orb.Bound) bool {
	return geom.Intersects(g, geom.NewEnvelope(geom.XY{X: box.Min[0], Y: box.Min[1]},
		geom.XY{X: box.Max[0], Y: box.Max[1]}).AsGeometry())
}

// Collections implements collection.Source.
func (f *fake) Collections(context.Context) ([]collection.Collection, error) {
	return []collection.Collection{f}, nil
}

// Collection implements collection.Source.
func (f *fake) Collection(_ context.Context, id string) (collection.Collection, error) {
	if id != f.info.ID {
		return nil, collection.ErrNoCollection
	}
	return f, f.lost
}

// candidates describes a collection of candidates.
func candidates() collection.Info {
	return collection.Info{ID: "r1.candidates", Run: "r1", Title: "图斑", Fields: []collection.Field{
		{Name: "cand_id", Title: "图斑编号", Type: collection.Text},
		{Name: "severity", Title: "严重程度", Type: collection.Integer, Queryable: true},
		{Name: "adm_name", Title: "行政区", Type: collection.Text, Queryable: true},
		{Name: "zone_type", Title: "管控区类型", Type: collection.Text, Queryable: true},
		{Name: "basis", Title: "法规依据", Type: collection.Text},
	}}
}

func feature(id, geometry string, severity int) collection.Feature {
	return collection.Feature{ID: id, Geometry: json.RawMessage(geometry), Properties: json.RawMessage(fmt.Sprintf(
		`{"cand_id":%q,"severity":%d,"adm_name":"示例县A","zone_type":null,"basis":"长"}`, id, severity))}
}

// patches makes outlines of cells as runs have them: of a random number of columns side by side, with holes in some, and
// a frame around all.
func patches(r *rand.Rand, n int) (all []collection.Feature) {
	const cell = 0.00027
	at := func(x, y float64) string { return fmt.Sprintf("[%.7f,%.7f]", x, y) }
	ring := func(points ...orb.Point) string {
		text := "["
		for _, p := range append(points, points[0]) {
			text += at(p[0], p[1]) + ","
		}
		return text[:len(text)-1] + "]"
	}
	for i := range n {
		x, y := 116.8+0.4*r.Float64(), 30.9+0.4*r.Float64()
		var up, down []orb.Point
		columns := 1 + r.IntN(9)
		for k := range columns {
			low, high := y-float64(1+r.IntN(3))*cell, y+float64(1+r.IntN(3))*cell
			up = append(up, orb.Point{x + float64(k)*cell, high}, orb.Point{x + float64(k+1)*cell, high})
			down = append(down, orb.Point{x + float64(k)*cell, low}, orb.Point{x + float64(k+1)*cell, low})
		}
		slices.Reverse(up)
		text := `{"type":"MultiPolygon","coordinates":[[` + ring(append(down, up...)...)
		if columns > 2 {
			a, b, q := x+1.2*cell, x+1.8*cell, cell/2
			text += "," + ring(orb.Point{a, y - q}, orb.Point{a, y + q}, orb.Point{b, y + q}, orb.Point{b, y - q})
		}
		all = append(all, feature(fmt.Sprintf("C%05d", i), text+"]]}", 1+r.IntN(4)))
	}
	box := func(x0, y0, x1, y1 float64) string {
		return ring(orb.Point{x0, y0}, orb.Point{x1, y0}, orb.Point{x1, y1}, orb.Point{x0, y1})
	}
	return append(all,
		feature("frame", `{"type":"Polygon","coordinates":[`+box(116.7, 30.8, 117.3, 31.4)+","+
			box(116.85, 30.95, 117.15, 31.25)+"]}", 4),
		feature("point", `{"type":"Point","coordinates":[117.0123456,31.0123456]}`, 2))
}

// decoded is a feature of a tile.
type decoded struct {
	layer      string
	kind       vectortile.Tile_GeomType
	parts      [][]orb.Point // rings are closed
	properties map[string]any
}

// decode reads a tile by the specification.
func decode(t testing.TB, text []byte) (all []decoded) {
	t.Helper()
	var tile vectortile.Tile
	if err := proto.Unmarshal(text, &tile); err != nil {
		t.Fatal(err)
	}
	for _, l := range tile.Layers {
		if l.GetVersion() != 2 || l.GetExtent() != 4096 {
			t.Errorf("version %d, extent %d", l.GetVersion(), l.GetExtent())
		}
		for _, f := range l.Features {
			d := decoded{layer: l.GetName(), kind: f.GetType(), properties: map[string]any{}}
			for i := 0; i < len(f.Tags); i += 2 {
				v := l.Values[f.Tags[i+1]]
				d.properties[l.Keys[f.Tags[i]]] = cmp.Or[any](deref(v.StringValue), deref(v.SintValue), deref(v.DoubleValue),
					deref(v.BoolValue))
			}
			var x, y int32
			for i := 0; i < len(f.Geometry); {
				command, n := f.Geometry[i]&7, int(f.Geometry[i]>>3)
				i++
				if command == 7 {
					last := &d.parts[len(d.parts)-1]
					*last = append(*last, (*last)[0])
					continue
				}
				if command == 1 {
					d.parts = append(d.parts, nil)
				}
				for ; n > 0; n-- {
					x += int32(f.Geometry[i]>>1) ^ -int32(f.Geometry[i]&1)
					y += int32(f.Geometry[i+1]>>1) ^ -int32(f.Geometry[i+1]&1)
					i += 2
					d.parts[len(d.parts)-1] = append(d.parts[len(d.parts)-1], orb.Point{float64(x), float64(y)})
				}
			}
			all = append(all, d)
		}
	}
	return all
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// polygon is the polygons of a feature, by the rule that a ring of positive area begins one.
func (d decoded) polygon() (all orb.MultiPolygon) {
	for _, part := range d.parts {
		if area(part) > 0 {
			all = append(all, nil)
		}
		last := len(all) - 1
		all[last] = append(all[last], part)
	}
	return all
}

// area is that of a closed ring, positive when it turns clockwise in coordinates that point down.
func area(ring []orb.Point) (sum float64) {
	for i := range len(ring) - 1 {
		sum += ring[i][0]*ring[i+1][1] - ring[i+1][0]*ring[i][1]
	}
	return sum / 2
}

// get asks for an address and returns the answer.
func get(handler http.Handler, address string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func serve(t *Tiles) http.Handler {
	mux := http.NewServeMux()
	t.Routes(mux)
	return mux
}

// mercator takes degrees to units of a tile by the textbook.
func mercator(t Tile, lon, lat float64) orb.Point {
	n := 4096 * math.Pow(2, float64(t.Z))
	phi := lat * math.Pi / 180
	return orb.Point{
		(lon+180)/360*n - 4096*float64(t.X),
		(1-math.Log(math.Tan(phi)+1/math.Cos(phi))/math.Pi)/2*n - 4096*float64(t.Y),
	}
}
