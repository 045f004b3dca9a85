package gate

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"greenshield/redline/service/answer"
)

// response is what is sent, and what is known of it. It gives all abilities of the one below to
// [http.ResponseController].
type response struct {
	http.ResponseWriter
	status int // 0 before the header is sent
	bytes  int64
	user   *User
	stream func() // told once when the answer turns out to be a stream of events
}

// seen returns what is known of the response.
func seen(w http.ResponseWriter) *response { return w.(*response) }

// Unwrap is for [http.ResponseController].
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends what is written.
func (w *response) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush() // the client may be gone
}

// WriteHeader notes the status.
func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
		if w.stream != nil && strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
			w.stream()
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// streams are the answers without end that are being sent.
type streams struct {
	mu    sync.Mutex
	ended bool
	open  map[*http.Request]context.CancelFunc
}

func (s *streams) add(r *http.Request, end context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		end()
		return
	}
	if s.open == nil {
		s.open = map[*http.Request]context.CancelFunc{}
	}
	s.open[r] = end
}

func (s *streams) remove(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, r)
}

// EndStreams ends the contexts of requests that are answered by streams of events (text/event-stream), and of all that
// come later, so that a server that stops need not wait for them.
func (g *Gate) EndStreams() {
	g.streams.mu.Lock()
	defer g.streams.mu.Unlock()
	g.streams.ended = true
	for _, end := range g.streams.open {
		end()
	}
}

// watched logs, counts and times what inner answers, and answers when it panics.
func (g *Gate) watched(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		ctx, end := context.WithCancel(r.Context())
		defer end()
		route := &route{}
		ctx = context.WithValue(ctx, routeKey{}, route)
		id := rand.Text()[:16]
		r = r.WithContext(ctx)
		rec := &response{ResponseWriter: w, stream: func() { g.streams.add(r, end) }}
		defer g.streams.remove(r)
		rec.Header().Set("X-Request-Id", id)
		g.metrics.running.Inc()
		defer func() {
			g.metrics.running.Dec()
			failure := recover()
			if failure != nil && failure != http.ErrAbortHandler {
				g.Log.Error("panic", "request", id, "error", failure, "stack", string(debug.Stack()))
				if rec.status == 0 {
					answer.Fail(rec, r, http.StatusInternalServerError, "something went wrong here; the log says what, at request "+id)
				}
			}
			g.note(r, rec, route.pattern, id, time.Since(begun))
			if failure != nil && rec.status < 500 { // a part of an answer must not look like a whole one
				panic(http.ErrAbortHandler)
			}
		}()
		inner.ServeHTTP(rec, r)
	})
}

type routeKey struct{}

// route is which of the routes a request took.
type route struct{ pattern string }

// Routed returns a handler that notes which of the mux's routes a request takes, for the log and metrics of the gate
// around it, and answers with a problem where none fits.
func Routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if taken, ok := r.Context().Value(routeKey{}).(*route); ok {
			taken.pattern = pattern
		}
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		plain := &unsent{header: http.Header{}, status: http.StatusNotFound}
		h.ServeHTTP(plain, r)
		if plain.status < 400 { // to the same path without doubled slashes, where there is nothing either
			plain.status = http.StatusNotFound
		}
		if allow := plain.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
		}
		answer.Fail(w, r, plain.status, "")
	})
}

// unsent is an answer of which header and status are wanted alone.
type unsent struct {
	header http.Header
	status int
}

func (u *unsent) Header() http.Header         { return u.header }
func (u *unsent) Write(b []byte) (int, error) { return len(b), nil }
func (u *unsent) WriteHeader(status int)      { u.status = status }

// note writes the line of the access log, and counts. Neither holds what the request asked for beyond its route.
func (g *Gate) note(r *http.Request, w *response, pattern, id string, took time.Duration) {
	method := r.Method
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		method = "other"
	}
	if pattern == "" {
		pattern = "none"
	}
	login := ""
	if w.user != nil {
		login = w.user.Login
	}
	status := w.status
	if status == 0 {
		status = http.StatusOK
	}
	g.metrics.count(pattern, method, status, took)
	g.Log.LogAttrs(context.Background(), slog.LevelInfo, "request", slog.String("request", id),
		slog.String("user", login), slog.String("from", g.address(r).String()), slog.String("method", method),
		slog.String("route", pattern), slog.Int("status", status), slog.Int64("bytes", w.bytes),
		slog.Float64("ms", float64(took.Microseconds())/1000))
}
