package features

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// Features is the part of the service that shows collections.
type Features struct {
	sources []collection.Source
	crs     Transformer
	now     func() time.Time

	mu        sync.Mutex // of fragments
	fragments []fragment
}

// New shows the collections of all sources, in their order; where two have the same id, the first one is shown. Without
// a transformer collections are offered in degrees only.
func New(sources []collection.Source, crs Transformer) *Features {
	return &Features{sources: sources, crs: crs, now: time.Now}
}

// Routes adds the resources to the mux.
func (f *Features) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", f.landing)
	mux.HandleFunc("GET /conformance", f.conformance)
	mux.HandleFunc("GET /api", f.api)
	mux.HandleFunc("GET /api/pages.css", style)
	mux.HandleFunc("GET /collections", f.collections)
	mux.HandleFunc("GET /collections/{id}", f.one)
	mux.HandleFunc("GET /collections/{id}/queryables", f.queryables)
	mux.HandleFunc("GET /collections/{id}/items", f.items)
	mux.HandleFunc("GET /collections/{id}/items/{fid}", f.item)
}

// all lists the collections of all sources, each id once.
func (f *Features) all(ctx context.Context) ([]collection.Collection, error) {
	var all []collection.Collection
	seen := map[string]bool{}
	for _, s := range f.sources {
		some, err := s.Collections(ctx)
		if err != nil {
			return nil, err
		}
		for _, c := range some {
			if id := c.Info().ID; !seen[id] {
				seen[id] = true
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// withheld lists what sources do not offer.
func (f *Features) withheld(ctx context.Context) (all []collection.Withheld, err error) {
	for _, s := range f.sources {
		if w, ok := s.(collection.Withholder); ok {
			some, err := w.Withheld(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	return all, nil
}

// find returns the collection that a request names. It answers where there is none, and returns nil.
func (f *Features) find(w http.ResponseWriter, r *http.Request) collection.Collection {
	for _, s := range f.sources {
		c, err := s.Collection(r.Context(), r.PathValue("id"))
		if err == nil {
			return c
		}
		if !errors.Is(err, collection.ErrNoCollection) {
			fail(w, r, err)
			return nil
		}
	}
	answer.Fail(w, r, http.StatusNotFound, "There is no collection of that id; /collections lists all.")
	return nil
}

// fail answers that a source could not be read; why is for the log alone.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Del("ETag")
	var bad *collection.BadQuery
	var off *collection.Unavailable
	switch {
	case errors.As(err, &bad):
		answer.Fail(w, r, http.StatusBadRequest, bad.Detail)
	case r.Context().Err() != nil: // nobody waits for an answer
	case errors.As(err, &off):
		answer.Log(r.Context()).ErrorContext(r.Context(), "a collection cannot be read now",
			"path", r.URL.Path, "error", err.Error())
		w.Header().Set("Retry-After", off.Seconds())
		answer.Fail(w, r, http.StatusServiceUnavailable, "The data cannot be read now; try again soon.")
	default:
		answer.Log(r.Context()).ErrorContext(r.Context(), "a collection cannot be read",
			"path", r.URL.Path, "error", err.Error())
		answer.Fail(w, r, http.StatusInternalServerError, "The data cannot be read now; the log of the service tells why.")
	}
}
