package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"greenshield/redline/ledger"
	"greenshield/redline/service"
	"greenshield/redline/service/gate"
)

// forBrowsers are routes of pages and of what they load: people need no description of them.
var forBrowsers = []string{"GET /login", "GET /login.css", "GET /api/pages.css", "GET /static/{hash}/{name}", "GET /",
	"GET /dashboard", "GET /favicon.ico"}

// api is the service as serve puts it together.
type api struct {
	handler http.Handler
	mux     *http.ServeMux // its routes
	doc     *openapi3.T
	router  routers.Router
}

// apiOf puts the service of a folder together, with runs, ledger and jobs, for a keeper.
func apiOf(t *testing.T, dir string) *api {
	t.Helper()
	p := &program{stdout: &results{w: io.Discard}, stderr: io.Discard}
	o := &serveOptions{runs: dir, jobs: dir, state: t.TempDir()}
	o.place = filepath.Join(dir, "ledger.gpkg")
	s := &serving{program: p, options: o, log: slog.New(slog.DiscardHandler)}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	g, err := gate.New(gate.Options{Log: s.log,
		Alone: &gate.User{Login: "local", Name: "王建国", Role: gate.Keeper, Level: ledger.City}})
	if err != nil {
		t.Fatal(err)
	}
	a := &api{handler: service.New(g, s.parts...), mux: http.NewServeMux()}
	for _, part := range append([]service.Part{g}, s.parts...) {
		part.Routes(a.mux)
	}
	w := a.ask("GET", "/api", "")
	if a.doc, err = openapi3.NewLoader().LoadFromData(w.Body.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := a.doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a.router, err = gorillamux.NewRouter(a.doc); err != nil {
		t.Fatal(err)
	}
	return a
}

// request is one of JSON; header is name and value, again and again.
func request(method, target, body string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "http://127.0.0.1"+target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func (a *api) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, request(method, target, body, header...))
	return w
}

// registered are the patterns in the code of all parts.
func registered(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(scriptFolder, "../redline/service/*/*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no code of parts: ", err)
	}
	pattern := regexp.MustCompile(`^(GET|HEAD|POST|PUT|PATCH|DELETE) /\S*$`)
	all := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && pattern.MatchString(text) {
					all[text] = true
				}
			}
			return true
		})
	}
	return all
}

// TestServeDescribed: each route is in the API document, but for those of pages, and each operation of the document has a
// route.
func TestServeDescribed(t *testing.T) {
	dir, _, _ := ledgerOf2024(t)
	a := apiOf(t, dir)
	undescribed := registered(t)
	if len(undescribed) < 30 {
		t.Fatalf("only %v are registered", undescribed)
	}
	for _, pattern := range forBrowsers {
		if !undescribed[pattern] {
			t.Errorf("%s is no route any more", pattern)
		}
		delete(undescribed, pattern)
	}
	parameter := regexp.MustCompile(`\{\w+\}`)
	for path, item := range a.doc.Paths.Map() {
		for method := range item.Operations() {
			_, pattern := a.mux.Handler(request(method, parameter.ReplaceAllString(path, "1"), ""))
			if !strings.HasPrefix(pattern, method+" ") || pattern == "GET /" {
				t.Errorf("%s %s is described, and is no route", method, path)
			}
			delete(undescribed, pattern)
		}
	}
	if len(undescribed) > 0 {
		t.Errorf("not described: %v", slices.Sorted(maps.Keys(undescribed)))
	}
	t.Run("answers", func(t *testing.T) { a.answers(t) })
}

// answers holds answers of all kinds against the document.
func (a *api) answers(t *testing.T) {
	cases := caseIDs(t, a)
	id, other := cases[3], cases[4]
	etag := a.ask("GET", "/cases/"+id, "").Header().Get("ETag")
	judged := `{"kind":"judged","fields":{"verdict":"confirmed","note":"看过"}}`
	asked := map[string]bool{}
	sum := strings.Repeat("0", 64)
	for _, c := range []struct {
		method, target, body string
		status               int
		header               []string
	}{
		{"GET", "/", "", 200, nil}, {"GET", "/conformance", "", 200, nil}, {"GET", "/api", "", 200, nil},
		{"GET", "/collections", "", 200, nil}, {"GET", "/collections/cases", "", 200, nil},
		{"GET", "/collections/out.candidates/items?limit=3&skipGeometry=true", "", 200, nil},
		{"GET", "/collections/out.coverage/items", "", 200, nil}, {"GET", "/collections/out.suppressed/queryables", "", 200, nil},
		{"GET", "/collections/cases/items/" + id, "", 200, nil}, {"GET", "/collections/cases/items/x", "", 404, nil},
		{"GET", "/cases/" + id, "", 200, nil}, {"GET", "/cases/" + cases[0], "", 200, nil}, {"GET", "/cases/x", "", 404, nil},
		{"GET", "/cases/" + cases[0] + "/events?limit=2", "", 200, nil}, {"GET", "/cases/x/events", "", 404, nil},
		{"GET", "/cases/" + id + "/events?limit=0", "", 400, nil}, {"GET", "/vocabulary", "", 200, nil},
		{"GET", "/standing", "", 200, nil}, {"GET", "/standing?day=2024-02-30", "", 400, nil},
		{"POST", "/cases/" + id + "/events", judged, 428, []string{"Idempotency-Key", "k0"}},
		{"POST", "/cases/" + id + "/events", judged, 400, []string{"If-Match", etag}},
		{"POST", "/cases/" + id + "/events", judged, 201, []string{"If-Match", etag, "Idempotency-Key", "k1"}},
		{"POST", "/cases/" + id + "/events", judged, 200, []string{"If-Match", etag, "Idempotency-Key", "k1"}},
		{"POST", "/cases/" + id + "/events", `{"kind":"judged","fields":{"verdict":"refuted","reason":"natural"}}`, 409,
			[]string{"If-Match", etag, "Idempotency-Key", "k2"}},
		{"POST", "/cases/x/events", judged, 404, []string{"If-Match", etag, "Idempotency-Key", "k3"}},
		{"POST", "/cases/" + id + "/events", judged, 412, []string{"If-Match", `"999999"`, "Idempotency-Key", "k4"}},
		{"POST", "/cases/" + id + "/events", `{"kind":"advanced","fields":{"to":"struck_off"}}`, 422,
			[]string{"If-Match", etag, "Idempotency-Key", "k5"}},
		{"POST", "/cases/" + id + "/events", `{"events":[` + judged + `]}`, 415,
			[]string{"If-Match", etag, "Idempotency-Key", "k6", "Content-Type", "text/plain"}},
		{"POST", "/cases/events", strings.Replace(judged, "}}", `},"cases":["`+other+`",{"id":"x"}]}`, 1), 201,
			[]string{"Idempotency-Key", "b1"}},
		{"POST", "/cases/events", strings.Replace(judged, "}}", `},"cases":["x"],"all_or_nothing":true}`, 1), 422,
			[]string{"Idempotency-Key", "b2"}},
		{"POST", "/cases/events", judged, 400, []string{"Idempotency-Key", "b3"}},
		{"POST", "/evidence?name=a.txt", "abc", 201, []string{"Content-Type", "application/octet-stream"}},
		{"GET", "/evidence/" + sum, "", 404, nil}, {"GET", "/tiles/out", "", 200, nil}, {"GET", "/tiles/cases", "", 200, nil},
		{"GET", "/tiles/none", "", 404, nil}, {"GET", "/tiles/out/legend", "", 200, nil},
		{"GET", "/tiles/cases/0/0/0.mvt", "", 200, nil}, {"GET", "/tiles/cases/0/0/1.mvt", "", 404, nil},
		{"GET", "/tiles/out.candidates/3/6/3.mvt?severity=3", "", 200, nil},
		{"GET", "/tiles/cases/0/0/0.mvt?x=1", "", 400, nil}, {"GET", "/tiles/none/after/0/0/0.png", "", 404, nil},
		{"GET", "/processes", "", 200, nil}, {"GET", "/processes/run", "", 200, nil}, {"GET", "/processes/x", "", 404, nil},
		{"POST", "/processes/run/execution", `{"inputs":{"job":"none.yaml"}}`, 404, nil},
		{"POST", "/runs", `{"job":"../a"}`, 400, nil}, {"POST", "/runs", `{"job":"none.yaml"}`, 404, nil},
		{"GET", "/jobs", "", 200, nil}, {"GET", "/jobs/x", "", 404, nil}, {"DELETE", "/jobs/x", "", 404, nil},
		{"GET", "/jobs/x/results", "", 404, nil}, {"GET", "/jobs/x/events", "", 404, nil},
		{"GET", "/me", "", 200, nil}, {"GET", "/healthz", "", 200, nil}, {"GET", "/metrics", "", 200, nil},
		{"POST", "/login", "token=1", 404, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"POST", "/logout", "", 303, nil},
	} {
		w := a.ask(c.method, c.target, c.body, c.header...)
		what := fmt.Sprintf("%s %s %s", c.method, c.target, c.body)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d: %.300s", what, w.Code, c.status, w.Body)
		}
		r := request(c.method, c.target, c.body, c.header...)
		route, params, err := a.router.FindRoute(r)
		if err != nil {
			t.Errorf("%s is not described: %v", what, err)
			continue
		}
		asked[c.method+" "+route.Path] = true
		in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}}
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil && c.status < 300 {
			t.Errorf("%s: %v", what, err)
		}
		if route.Operation.Responses.Status(c.status) == nil {
			t.Errorf("%s: the status %d is not described", what, c.status)
		}
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header()}
		if err := openapi3filter.ValidateResponse(t.Context(), out.SetBodyBytes(w.Body.Bytes())); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for path, item := range a.doc.Paths.Map() {
		for method := range item.Operations() {
			if !asked[method+" "+path] && !strings.HasPrefix(path, "/collections/") {
				t.Errorf("nobody asked %s %s", method, path)
			}
		}
	}
}

// caseIDs are the ids of cases, in order.
func caseIDs(t *testing.T, a *api) (ids []string) {
	t.Helper()
	var page struct{ Features []struct{ ID string } }
	w := a.ask("GET", "/collections/cases/items?limit=10", "")
	if err := json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&page); err != nil || len(page.Features) < 5 {
		t.Fatalf("%v: %.300s", err, w.Body)
	}
	for _, f := range page.Features {
		ids = append(ids, f.ID)
	}
	return ids
}

func init() {
	plain := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		text, err := io.ReadAll(body)
		return string(text), err
	}
	for _, kind := range []string{"application/geo+json", "application/schema+json", "application/vnd.oai.openapi+json",
		"application/vnd.oai.openapi+json;version=3.0"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.JSONBodyDecoder)
	}
	for _, kind := range []string{"text/html", "image/png", "application/vnd.mapbox-vector-tile"} {
		openapi3filter.RegisterBodyDecoder(kind, plain)
	}
}
