package features

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// items answers with a page of features.
func (f *Features) items(w http.ResponseWriter, r *http.Request) {
	c := f.find(w, r)
	if c == nil {
		return
	}
	version, info := c.Version(), c.Info()
	form, ok := format(w, r, typeGeoJSON, parameters(info)...)
	if !ok {
		return
	}
	want, err := f.want(r.URL.Query(), info)
	var refused refusal
	switch {
	case errors.As(err, &refused):
		bad(w, r, refused.Error())
		return
	case err != nil:
		fail(w, r, err)
		return
	}
	w.Header().Set("Content-Crs", "<"+want.crs.uri+">")
	if unchanged(w, r, version, form) {
		return
	}
	want.query.Without = (form == formatHTML || want.plain) && (want.area == nil || want.area.exact == nil)
	page, err := pageOf(r.Context(), c, want)
	if err != nil {
		fail(w, r, err)
		return
	}
	for i := range page.Features {
		if want.plain {
			page.Features[i].Geometry = nil
		}
	}
	links := selves(r, form, typeGeoJSON)
	if page.Next != "" {
		kind := typeGeoJSON
		if form == formatHTML {
			kind = typeHTML
		}
		links = append(links, link{here(r, "after", page.Next), "next", kind, "下一页"})
	}
	links = append(links, link{at(r, "collections", info.ID), "collection", typeJSON, info.Title})
	linkHeader(w, links)
	if form == formatHTML {
		f.itemsPage(w, r, info, want, page, links)
		return
	}
	w.Header().Set("Content-Type", typeGeoJSON)
	if r.Method == http.MethodHead {
		return
	}
	f.stream(w, r, page, want.crs, links)
}

// stream writes a page as GeoJSON, feature by feature. A feature that cannot be written breaks the connection off, so
// that no client takes the rest for the whole.
func (f *Features) stream(w http.ResponseWriter, r *http.Request, page *collection.Page, c crs, links []link) {
	out := bufio.NewWriterSize(w, 64<<10)
	head, _ := json.Marshal(links)
	_, _ = out.WriteString(`{"type":"FeatureCollection","timeStamp":"` + f.now().UTC().Format(time.RFC3339Nano) + `"`)
	if page.Matched >= 0 {
		_, _ = out.WriteString(`,"numberMatched":` + strconv.Itoa(page.Matched))
	}
	_, _ = out.WriteString(`,"numberReturned":` + strconv.Itoa(len(page.Features)) + `,"links":`)
	_, _ = out.Write(head)
	_, _ = out.WriteString(`,"features":[`)
	for i := range page.Features {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		_ = out.WriteByte('\n')
		if err := f.feature(out, &page.Features[i], c, ""); err != nil {
			answer.Log(r.Context()).ErrorContext(r.Context(), "a feature cannot be written",
				"path", r.URL.Path, "feature", page.Features[i].ID, "error", err.Error())
			panic(http.ErrAbortHandler)
		}
	}
	_, _ = out.WriteString("\n]}\n")
	_ = out.Flush() // the client may be gone
}

// feature writes a feature; more are further members, each with a comma before it.
func (f *Features) feature(out *bufio.Writer, feature *collection.Feature, c crs, more string) error {
	geometry, err := f.transformed(feature.Geometry, c)
	if err != nil {
		return err
	}
	if geometry == nil {
		geometry = []byte("null")
	}
	properties := feature.Properties
	if properties == nil {
		properties = []byte("null")
	}
	id, err := json.Marshal(feature.ID)
	if err != nil {
		return err
	}
	_, _ = out.WriteString(`{"type":"Feature","id":`)
	_, _ = out.Write(id)
	_, _ = out.WriteString(more + `,"geometry":`)
	_, _ = out.Write(geometry)
	_, _ = out.WriteString(`,"properties":`)
	_, _ = out.Write(properties)
	return out.WriteByte('}')
}

// pageOf reads a page. Where a box is decided by geometries, the page has fewer features than asked for when others
// nearby were read in vain; it is empty only when no more follow.
func pageOf(ctx context.Context, c collection.Collection, want *wanted) (*collection.Page, error) {
	if want.area == nil {
		return c.Items(ctx, want.query)
	}
	if want.area.none {
		return &collection.Page{}, nil
	}
	if want.area.exact == nil {
		return c.Items(ctx, want.query)
	}
	q := want.query
	for {
		page, err := c.Items(ctx, q)
		if err != nil {
			return nil, err
		}
		chosen := &collection.Page{Next: page.Next, Matched: -1}
		for _, feature := range page.Features {
			if feature.Geometry == nil {
				continue
			}
			meets, err := want.area.exact(feature.Geometry)
			if err != nil {
				return nil, err
			}
			if meets {
				chosen.Features = append(chosen.Features, feature)
			}
		}
		if len(chosen.Features) > 0 || page.Next == "" {
			if q.After == "" && page.Next == "" {
				chosen.Matched = len(chosen.Features)
			}
			return chosen, nil
		}
		q.After = page.Next
	}
}

// item answers with one feature.
func (f *Features) item(w http.ResponseWriter, r *http.Request) {
	c := f.find(w, r)
	if c == nil {
		return
	}
	version, info := c.Version(), c.Info()
	form, ok := format(w, r, typeGeoJSON, "crs")
	if !ok {
		return
	}
	q := r.URL.Query()
	in, ok := f.choose(info, q.Get("crs"))
	if !ok || len(q["crs"]) > 1 || q.Has("crs") && q.Get("crs") == "" {
		bad(w, r, "crs is none of those that the collection lists.")
		return
	}
	feature, err := c.Item(r.Context(), r.PathValue("fid"))
	switch {
	case errors.Is(err, collection.ErrNoItem):
		answer.Fail(w, r, http.StatusNotFound, "The collection has no feature of that id.")
		return
	case err != nil:
		fail(w, r, err)
		return
	}
	w.Header().Set("Content-Crs", "<"+in.uri+">")
	if unchanged(w, r, version, form) {
		return
	}
	links := append(selves(r, form, typeGeoJSON), link{at(r, "collections", info.ID), "collection", typeJSON, info.Title})
	linkHeader(w, links)
	if form == formatHTML {
		f.itemPage(w, r, info, feature, links)
		return
	}
	w.Header().Set("Content-Type", typeGeoJSON)
	if r.Method == http.MethodHead {
		return
	}
	more, _ := json.Marshal(links)
	out := bufio.NewWriterSize(w, 64<<10)
	if err := f.feature(out, feature, in, `,"links":`+string(more)); err != nil {
		fail(w, r, err) // before any byte was sent
		return
	}
	_ = out.Flush() // the client may be gone
}

// unchanged answers 304 when the client has already what it asks for: the same address and form of the same version.
// The entity tag is weak, since the time of the answer is not part of it.
func unchanged(w http.ResponseWriter, r *http.Request, version, form string) bool {
	w.Header().Set("Cache-Control", "private, no-cache")
	address := base(r) + r.URL.EscapedPath() + "?" + r.URL.Query().Encode()
	sum := sha256.Sum256([]byte(version + "\n" + form + "\n" + address))
	return answer.Alike(w, r, hex.EncodeToString(sum[:12]))
}
