package tiles

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// fakePainter has a run r1 and answers for its rasters by their names.
type fakePainter struct{}

func (fakePainter) Rasters(_ context.Context, run string) ([]Raster, error) {
	if run != "r1" {
		return nil, ErrNoRaster
	}
	return []Raster{
		{Name: "before", Title: "2015 年地类", Year: 2015, State: Preparing, Percent: 40, MaxZoom: 14,
			Box: &orb.Bound{Min: orb.Point{116, 30}, Max: orb.Point{117, 31}}, Classes: []Class{{1, "农田", "#FAE39C"}}},
		{Name: "image_after", Title: "后期影像", State: Missing},
	}, nil
}

func (fakePainter) Paint(ctx context.Context, run, name string, t Tile) (*Picture, error) {
	if _, limited := ctx.Deadline(); !limited {
		return nil, errors.New("no time limit")
	}
	if run != "r1" {
		return nil, ErrNoRaster
	}
	errs := map[string]error{"changed": ErrChanged, "missing": ErrUnusable, "later": &NotYet{90 * time.Second, 40},
		"slow": context.DeadlineExceeded, "broken": errors.New("/srv/secret/lc.tif: not a readable GTiff file")}
	if err := errs[name]; err != nil {
		return nil, err
	}
	if name != "before" {
		return nil, ErrNoRaster
	}
	return &Picture{"image/jpeg", []byte{byte(t.Z), byte(t.X), byte(t.Y)}, "k1"}, nil
}

func TestPictures(t *testing.T) {
	handler := serve(New(nil, fakePainter{}))
	w := get(handler, "/tiles/r1/before/5/7/9.png")
	h := w.Header()
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), []byte{5, 7, 9}) || h.Get("Content-Type") != "image/jpeg" ||
		h.Get("ETag") != `"k1"` || h.Get("Cache-Control") != "private, no-cache" {
		t.Error(w.Code, w.Body.Bytes(), h)
	}
	if w := get(handler, "/tiles/r1/before/5/7/9.png", "If-None-Match", `"k1"`); w.Code != http.StatusNotModified {
		t.Error(w.Code)
	}
	w = get(handler, "/tiles/r1/changed/5/7/9.png")
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), changed) || w.Header().Get("Cache-Control") != "no-store" ||
		w.Header().Get("ETag") != "" {
		t.Error(w.Code, w.Header())
	}
	w = get(handler, "/tiles/r1/later/5/7/9.png")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "90" ||
		!strings.Contains(w.Body.String(), `"percent":40`) {
		t.Error(w.Code, w.Header(), w.Body)
	}
	for path, want := range map[string]int{
		"r1/missing/5/7/9.png": 404, "r1/slow/5/7/9.png": 503, "r1/broken/5/7/9.png": 500, "r1/other/5/7/9.png": 404,
		"r2/before/5/7/9.png": 404, "r1/before/5/32/9.png": 404, "r1/before/21/0/0.png": 404, "r1/before/5/7/9.jpg": 404,
		"r1/before/5/7/x.png": 404, "r1/before/-5/7/9.png": 404, "r1/%2e%2e/5/7/9.png": 404, "r2/legend": 404, "r2": 404,
	} {
		w := get(handler, "/tiles/"+path)
		if w.Code != want || w.Header().Get("Content-Type") != "application/problem+json" ||
			strings.Contains(w.Body.String(), "secret") || w.Header().Get("ETag") != "" {
			t.Error(path, w.Code, w.Body)
		}
	}
}

// told reads an answer in JSON.
func told(t *testing.T, handler http.Handler, path string) (v any) {
	t.Helper()
	w := get(handler, path)
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Code != http.StatusOK ||
		w.Header().Get("Content-Type") != "application/json" {
		t.Fatal(path, w.Code, err, w.Body)
	}
	return v
}

func TestDescriptions(t *testing.T) {
	of := newFake(t, candidates(), patches(rand.New(rand.NewPCG(7, 8)), 3)...)
	of.info.Box = &orb.Bound{Min: orb.Point{116, 30}, Max: orb.Point{117, 31}}
	plain := serve(New([]collection.Source{of}, fakePainter{}))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		plain.ServeHTTP(w, r.WithContext(answer.WithBase(r.Context(), "https://office.example/gs")))
	})
	for path, want := range map[string]string{
		"/tiles/r1": `{"run":"r1","years":[2015],"layers":[
			{"name":"before","title":"2015 年地类","year":2015,"state":"preparing","percent":40,"bounds":[116,30,117,31],
			 "tiles":["https://office.example/gs/tiles/r1/before/{z}/{x}/{y}.png"],"minzoom":0,"maxzoom":14,"tileSize":256},
			{"name":"image_after","title":"后期影像","state":"missing","percent":0,
			 "tiles":["https://office.example/gs/tiles/r1/image_after/{z}/{x}/{y}.png"],"minzoom":0,"maxzoom":0,"tileSize":256}]}`,
		"/tiles/r1/legend": `{"run":"r1","layers":{"before":[{"code":1,"name":"农田","color":"#FAE39C"}]}}`,
		"/tiles/r1.candidates": `{"tilejson":"3.0.0","name":"图斑","minzoom":0,"maxzoom":16,"bounds":[116,30,117,31],
			"tiles":["https://office.example/gs/tiles/r1.candidates/{z}/{x}/{y}.mvt"],"vector_layers":[
			{"id":"candidates","fields":{"id":"编号","cand_id":"图斑编号","severity":"严重程度","zone_type":"管控区类型"}},
			{"id":"candidates_count","fields":{"count":"个数","severity":"最高严重程度","id":"编号"}}]}`,
	} {
		var wanted any
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		if got := told(t, handler, path); !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: %v\nwant %v", path, got, wanted)
		}
	}
}
