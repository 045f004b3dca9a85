// Package answer is how the handlers of the service read JSON, and answer: JSON, problems (RFC 9457), entity tags, and
// addresses as clients see them.
package answer

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
)

// Problem is what is told of a request that failed. Detail is a sentence for the person or program that asked; it never
// names a path or an address of the server's inside.
type Problem struct {
	Type   string `json:"type,omitempty"` // an address below /problems of the service, "" for about:blank
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// More are further members, by name.
	More map[string]any `json:"-"`
}

// Fail answers with a problem of a status.
func Fail(w http.ResponseWriter, r *http.Request, status int, detail string) {
	Problem{Status: status, Detail: detail}.Write(w, r)
}

// Write answers with the problem. Title is that of the status when it is empty.
func (p Problem) Write(w http.ResponseWriter, r *http.Request) {
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	all := map[string]any{"title": p.Title, "status": p.Status}
	for name, value := range p.More {
		all[name] = value
	}
	if p.Type != "" {
		all["type"] = p.Type
	}
	if p.Detail != "" {
		all["detail"] = p.Detail
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(all) // the client may be gone
	}
}

// JSON answers with a value, as application/json unless a type is set already.
func JSON(w http.ResponseWriter, r *http.Request, status int, value any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(value) // the client may be gone
	}
}

// Unchanged sets the entity tag of what is asked for, which tag is the inside of, and answers 304 when the client has
// it already (RFC 9110, 13.1.2). The handler is done when it returns true.
func Unchanged(w http.ResponseWriter, r *http.Request, tag string) bool {
	return known(w, r, "", tag)
}

// Alike is Unchanged with a weak tag: for what may differ in bytes, such as the time of the answer, and means the same.
func Alike(w http.ResponseWriter, r *http.Request, tag string) bool {
	return known(w, r, "W/", tag)
}

func known(w http.ResponseWriter, r *http.Request, weak, tag string) bool {
	etag := `"` + tag + `"`
	w.Header().Set("ETag", weak+etag)
	for given := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if given = strings.TrimSpace(given); given == "*" || strings.TrimPrefix(given, "W/") == etag {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

type logKey struct{}

// WithLog returns a context in which Log is that logger.
func WithLog(ctx context.Context, log *slog.Logger) context.Context {
	return context.WithValue(ctx, logKey{}, log)
}

// Log returns the logger of the service; one that tells nobody where nobody set it.
func Log(ctx context.Context) *slog.Logger {
	if log, ok := ctx.Value(logKey{}).(*slog.Logger); ok && log != nil {
		return log
	}
	return slog.New(slog.DiscardHandler)
}

type baseKey struct{}

// WithBase returns a context in which Base is that address.
func WithBase(ctx context.Context, base string) context.Context {
	return context.WithValue(ctx, baseKey{}, base)
}

// Base returns the address of the service as the client sees it, without a slash at the end, such as
// https://office.example/greenshield; "" where nobody set it.
func Base(ctx context.Context) string {
	base, _ := ctx.Value(baseKey{}).(string)
	return base
}
