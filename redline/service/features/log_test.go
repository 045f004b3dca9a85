package features

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"greenshield/redline/service/gate"
)

// TestFailuresAreLogged: what is answered with 500 is told to the log of the server, and not to the client.
func TestFailuresAreLogged(t *testing.T) {
	var log bytes.Buffer
	g, err := gate.New(gate.Options{Log: slog.New(slog.NewJSONHandler(&log, nil)), Alone: &gate.User{Role: gate.Reader}})
	if err != nil {
		t.Fatal(err)
	}
	h := g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, errors.New("/srv/x: broken"))
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/collections", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "/srv/x") {
		t.Error(w.Code, w.Body)
	}
	if text := log.String(); !strings.Contains(text, `"level":"ERROR"`) ||
		!strings.Contains(text, `"error":"/srv/x: broken"`) {
		t.Error(text)
	}
}
