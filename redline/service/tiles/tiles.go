package tiles

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

const (
	cacheBytes = 64 << 20         // of vector tiles
	shapeBytes = 96 << 20         // of shapes of features
	timeLimit  = 20 * time.Second // for one tile
)

// Tiles answers for maps.
type Tiles struct {
	sources []collection.Source
	painter Painter
	shapes  *shapes
	cache   *cache[[]byte] // vector tiles, gzipped
	turns   chan struct{}  // those who draw hold one
}

// New returns tiles of the collections of sources. painter draws rasters; nil: there are none.
func New(sources []collection.Source, painter Painter) *Tiles {
	return &Tiles{
		sources: sources, painter: painter, shapes: newShapes(shapeBytes), cache: newCache[[]byte](cacheBytes),
		turns: make(chan struct{}, runtime.NumCPU()),
	}
}

// Routes adds the addresses of tiles to the mux.
func (t *Tiles) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /tiles/{id}", t.describe)
	mux.HandleFunc("GET /tiles/{run}/legend", t.legend)
	mux.HandleFunc("GET /tiles/{collection}/{z}/{x}/{y}", t.vector)
	mux.HandleFunc("GET /tiles/{run}/{layer}/{z}/{x}/{y}", t.picture)
}

// notFound answers that nothing is at an address.
func notFound(w http.ResponseWriter, r *http.Request) {
	answer.Fail(w, r, http.StatusNotFound, "there is no such tile or layer")
}

// find returns the collection of an id.
func (t *Tiles) find(ctx context.Context, id string) (collection.Collection, error) {
	for _, s := range t.sources {
		c, err := s.Collection(ctx, id)
		if !errors.Is(err, collection.ErrNoCollection) {
			return c, err
		}
	}
	return nil, collection.ErrNoCollection
}

// filters reads the properties by which an address chooses features.
func filters(info collection.Info, query url.Values) (where map[string][]string, err error) {
	for name, values := range query {
		i := slices.IndexFunc(info.Fields, func(f collection.Field) bool { return f.Name == name && f.Queryable })
		if i < 0 {
			return nil, &collection.BadQuery{Detail: fmt.Sprintf("%q is no property that can be asked for", name)}
		}
		if f := info.Fields[i]; f.Codes != nil || f.Type != collection.Text {
			values = strings.Split(strings.Join(values, ","), ",")
		}
		if where == nil {
			where = map[string][]string{}
		}
		where[name] = values
	}
	return where, nil
}

func (t *Tiles) vector(w http.ResponseWriter, r *http.Request) {
	tile, ok := parseTile(r.PathValue("z"), r.PathValue("x"), r.PathValue("y"), ".mvt", MaxVectorZoom)
	if !ok {
		notFound(w, r)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), timeLimit)
	defer stop()
	of, err := t.find(ctx, r.PathValue("collection"))
	if err != nil {
		fail(w, r, err)
		return
	}
	where, err := filters(of.Info(), r.URL.Query())
	if err != nil {
		fail(w, r, err)
		return
	}
	version := of.Version()
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Vary", "Accept-Encoding")
	if answer.Unchanged(w, r, version) {
		return
	}
	// Encode sorts by name, so one question has one key.
	key := fmt.Sprintf("%s %s %d/%d/%d %s", of.Info().ID, version, tile.Z, tile.X, tile.Y, url.Values(where).Encode())
	zipped, ok := t.cache.get(key)
	if !ok {
		if zipped, err = t.drawn(ctx, of, tile, where); err != nil {
			fail(w, r, err)
			return
		}
		if of.Version() == version {
			t.cache.put(key, zipped, int64(len(zipped)))
		}
	}
	w.Header().Set("Content-Type", "application/vnd.mapbox-vector-tile")
	send(w, r, zipped)
}

// drawn waits for a turn and draws a vector tile.
func (t *Tiles) drawn(
	ctx context.Context, of collection.Collection, tile Tile, where map[string][]string,
) ([]byte, error) {
	select {
	case t.turns <- struct{}{}:
		defer func() { <-t.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return t.shapes.draw(ctx, of, tile, where)
}

// send answers with what was gzipped, as it is where the client takes that.
func send(w http.ResponseWriter, r *http.Request, zipped []byte) {
	if accepts(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(zipped) // the client may be gone
		return
	}
	plain, err := gzip.NewReader(bytes.NewReader(zipped))
	if err == nil {
		_, _ = io.Copy(w, plain)
	}
}

// accepts tells whether a list of codings has one, and does not refuse it by q=0.
func accepts(list, coding string) bool {
	for part := range strings.SplitSeq(list, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.TrimSpace(name) == coding {
			q, ok := strings.CutPrefix(strings.ReplaceAll(quality, " ", ""), "q=0")
			return !ok || strings.Trim(q, ".0") != ""
		}
	}
	return false
}

// fail answers with the problem of an error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Del("ETag")
	var bad *collection.BadQuery
	var later *NotYet
	var off *collection.Unavailable
	switch {
	case errors.Is(err, collection.ErrNoCollection), errors.Is(err, ErrNoRaster):
		notFound(w, r)
	case errors.As(err, &bad):
		answer.Fail(w, r, http.StatusBadRequest, bad.Detail)
	case errors.As(err, &later):
		w.Header().Set("Retry-After", fmt.Sprint(max(1, int(later.After.Seconds()))))
		answer.Problem{Status: http.StatusServiceUnavailable, Detail: "the picture is being prepared",
			More: map[string]any{"percent": later.Percent}}.Write(w, r)
	case errors.As(err, &off):
		w.Header().Set("Retry-After", off.Seconds())
		answer.Fail(w, r, http.StatusServiceUnavailable, "the data cannot be read now; try again soon")
	case errors.Is(err, ErrUnusable):
		answer.Fail(w, r, http.StatusNotFound, "the files of this layer are not here, or cannot be drawn")
	case errors.Is(err, ErrBusy), errors.Is(err, context.DeadlineExceeded):
		w.Header().Set("Retry-After", "1")
		answer.Fail(w, r, http.StatusServiceUnavailable, "too much is asked for at once")
	case errors.Is(err, context.Canceled):
		w.WriteHeader(http.StatusServiceUnavailable) // nobody reads it
	default:
		answer.Log(r.Context()).ErrorContext(r.Context(), "a tile cannot be made", "path", r.URL.Path, "error", err.Error())
		answer.Fail(w, r, http.StatusInternalServerError, "the tile cannot be made")
	}
}
