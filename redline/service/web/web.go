// Package web is the pages of the service: the review page, and what pages load. A page is one HTML text that loads
// style sheets and ES modules of static; there is no build step but that of MapLibre GL JS, see assets/README.md.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"greenshield/redline/service/answer"
)

// files holds what pages load: of this program in static, of others in assets.
//
//go:embed static assets
var files embed.FS

//go:embed pages
var pages embed.FS

// policy is the content security policy of pages: everything comes from the service itself. The data: pictures are
// those in the style sheet of MapLibre GL JS, the blob: pictures are tiles that it decodes.
const policy = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

// page is one page: its address below the base, and the file in pages, both by that name.
type page string

// all lists the pages.
var all = []page{"review"}

// file is what pages load, as it is sent.
type file struct {
	kind          string // media type
	plain, packed []byte // packed by gzip; nil where that would not be smaller
}

// Web is the pages. It may be used by several goroutines.
type Web struct {
	hash      string // of all files together: part of their addresses
	files     map[string]file
	templates *template.Template
}

// New returns the pages.
func New() (*Web, error) {
	w := &Web{files: map[string]file{}}
	sum := sha256.New()
	for _, folder := range []string{"assets", "static"} { // names of files in both differ
		entries, err := fs.ReadDir(files, folder)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			text, err := fs.ReadFile(files, path.Join(folder, e.Name()))
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(sum, "%s %d\n%s", e.Name(), len(text), text)
			if w.files[e.Name()], err = fileOf(e.Name(), text); err != nil {
				return nil, err
			}
		}
	}
	w.hash = hex.EncodeToString(sum.Sum(nil)[:8])
	var err error
	w.templates, err = template.New("").Funcs(functions).ParseFS(pages, "pages/*.html")
	return w, err
}

func fileOf(name string, text []byte) (file, error) {
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // not as the system of the server has it
	case ".js":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".txt", ".md":
		kind = "text/plain; charset=utf-8"
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return file{}, err
	}
	if _, err := z.Write(text); err != nil {
		return file{}, err
	}
	if err := z.Close(); err != nil {
		return file{}, err
	}
	f := file{kind: kind, plain: text}
	if packed.Len() < len(text) {
		f.packed = packed.Bytes()
	}
	return f, nil
}

// Routes adds GET of each page, and of /static/HASH/NAME, what they load.
func (w *Web) Routes(mux *http.ServeMux) {
	for _, p := range all {
		mux.HandleFunc("GET /"+string(p), w.page(p))
	}
	mux.HandleFunc("GET /static/{hash}/{name}", w.static)
	mux.HandleFunc("GET /favicon.ico", w.icon) // which browsers ask for where a page of another part names none
}

func (w *Web) icon(rw http.ResponseWriter, _ *http.Request) {
	f := w.files["shield.svg"]
	rw.Header().Set("Content-Type", f.kind)
	rw.Header().Set("Cache-Control", "max-age=86400")
	_, _ = rw.Write(f.plain) // the client may be gone
}

// seen is what the HTML of a page is made from.
type seen struct {
	Static string // address of the folder of what it loads, from the page
	Lang   string // BCP 47
}

func (w *Web) page(p page) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var text bytes.Buffer
		if err := w.templates.ExecuteTemplate(&text, string(p)+".html", seen{"static/" + w.hash, language(r)}); err != nil {
			answer.Fail(rw, r, http.StatusInternalServerError, "the page cannot be made")
			return
		}
		pageHeader(rw.Header())
		_, _ = rw.Write(text.Bytes()) // the client may be gone
	}
}

// pageHeader sets the header of a page.
func pageHeader(h http.Header) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept-Language")
}

// language is the language of the page: English where the address asks for it by lang=en, or the browser speaks English
// and no Chinese; else Chinese.
func language(r *http.Request) string {
	accepted := strings.ToLower(r.Header.Get("Accept-Language"))
	asked := r.URL.Query().Get("lang")
	if asked == "en" || asked == "" && strings.Contains(accepted, "en") && !strings.Contains(accepted, "zh") {
		return "en"
	}
	return "zh-CN"
}

// static answers with a file. Its address changes with it, so it may be kept for ever.
func (w *Web) static(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.files[r.PathValue("name")]
	if !ok || r.PathValue("hash") != w.hash {
		answer.Fail(rw, r, http.StatusNotFound, "there is no such file; load the page again")
		return
	}
	h := rw.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	text := f.plain
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		text = f.packed
	}
	h.Set("Content-Length", fmt.Sprint(len(text)))
	if r.Method != http.MethodHead {
		_, _ = io.Copy(rw, bytes.NewReader(text)) // the client may be gone
	}
}
