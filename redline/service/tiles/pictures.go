package tiles

import (
	"context"
	_ "embed"
	"errors"
	"net/http"

	"github.com/paulmach/orb"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// changed is the picture of a tile whose raster is not that of the run any more: 资料已变.
//
//go:embed changed.png
var changed []byte

func (t *Tiles) picture(w http.ResponseWriter, r *http.Request) {
	tile, ok := parseTile(r.PathValue("z"), r.PathValue("x"), r.PathValue("y"), ".png", MaxPictureZoom)
	if !ok || t.painter == nil {
		notFound(w, r)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), timeLimit)
	defer stop()
	picture, err := t.painter.Paint(ctx, r.PathValue("run"), r.PathValue("layer"), tile)
	if errors.Is(err, ErrChanged) {
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(changed) // the client may be gone
		return
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	if answer.Unchanged(w, r, picture.Tag) {
		return
	}
	w.Header().Set("Content-Type", picture.Type)
	_, _ = w.Write(picture.Data)
}

// layerJSON is what is told of a raster.
type layerJSON struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"`
	Year    int       `json:"year,omitempty"`
	State   State     `json:"state"`
	Percent int       `json:"percent"`
	Tiles   []string  `json:"tiles"`
	Bounds  []float64 `json:"bounds,omitempty"` // west, south, east, north
	MinZoom int       `json:"minzoom"`
	MaxZoom int       `json:"maxzoom"`
	Size    int       `json:"tileSize"`
}

func boundsOf(box *orb.Bound) []float64 {
	if box == nil {
		return nil
	}
	return []float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
}

// rasters lists the rasters of a run; without a painter no run has any.
func (t *Tiles) rasters(ctx context.Context, run string) ([]Raster, error) {
	if t.painter == nil {
		return nil, ErrNoRaster
	}
	return t.painter.Rasters(ctx, run)
}

// describe tells of a run which rasters it has, of a collection what its tiles are (TileJSON 3.0).
func (t *Tiles) describe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-cache")
	id := r.PathValue("id")
	base := answer.Base(r.Context()) + "/tiles/" + id
	all, err := t.rasters(r.Context(), id)
	if errors.Is(err, ErrNoRaster) {
		t.describeCollection(w, r, id, base)
		return
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	layers := []layerJSON{}
	years := []int{}
	for _, l := range all {
		layers = append(layers, layerJSON{
			Name: l.Name, Title: l.Title, Year: l.Year, State: l.State, Percent: l.Percent,
			Tiles:  []string{base + "/" + l.Name + "/{z}/{x}/{y}.png"},
			Bounds: boundsOf(l.Box), MaxZoom: l.MaxZoom, Size: Pixels,
		})
		if l.Year != 0 && l.Classes != nil {
			years = append(years, l.Year)
		}
	}
	answer.JSON(w, r, http.StatusOK, map[string]any{"run": id, "layers": layers, "years": years})
}

func (t *Tiles) describeCollection(w http.ResponseWriter, r *http.Request, id, base string) {
	of, err := t.find(r.Context(), id)
	if err != nil {
		fail(w, r, err)
		return
	}
	info := of.Info()
	fields := map[string]string{"id": "编号"}
	for _, name := range fieldsOf(info) {
		fields[name] = titleOf(info, name)
	}
	counted := map[string]string{"count": "个数", "severity": "最高严重程度", "id": "编号"}
	layers := []map[string]any{{"id": layerName(info), "fields": fields}}
	if !areas(layerName(info)) {
		layers = append(layers, map[string]any{"id": layerName(info) + "_count", "fields": counted})
	}
	told := map[string]any{
		"tilejson": "3.0.0", "name": info.Title, "tiles": []string{base + "/{z}/{x}/{y}.mvt"}, "minzoom": 0,
		"maxzoom": MaxVectorZoom, "vector_layers": layers,
	}
	if info.Box != nil {
		told["bounds"] = boundsOf(info.Box)
	}
	answer.JSON(w, r, http.StatusOK, told)
}

func titleOf(info collection.Info, name string) string {
	for _, f := range info.Fields {
		if f.Name == name {
			return f.Title
		}
	}
	return ""
}

// legend tells the classes of the rasters of a run, by name of the raster.
func (t *Tiles) legend(w http.ResponseWriter, r *http.Request) {
	all, err := t.rasters(r.Context(), r.PathValue("run"))
	if err != nil {
		fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	told := map[string][]Class{}
	for _, l := range all {
		if l.Classes != nil {
			told[l.Name] = l.Classes
		}
	}
	answer.JSON(w, r, http.StatusOK, map[string]any{"run": r.PathValue("run"), "layers": told})
}
