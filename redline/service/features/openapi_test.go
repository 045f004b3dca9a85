package features

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"

	"greenshield/redline/service/collection"
)

func init() {
	for _, kind := range []string{"application/geo+json", "application/schema+json", typeOpenAPI, "application/vnd.oai.openapi+json"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.JSONBodyDecoder)
	}
	openapi3filter.RegisterBodyDecoder("text/html", func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef,
		_ openapi3filter.EncodingFn) (any, error) {
		text, err := io.ReadAll(body)
		return string(text), err
	})
}

// document reads the API document of a service and validates it.
func document(t *testing.T, h http.Handler) *openapi3.T {
	t.Helper()
	w := ask(h, "GET", "/api?f=json")
	if w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestAnswersAreAsDescribed holds answers of all kinds against the API document.
func TestAnswersAreAsDescribed(t *testing.T) {
	other := sample()
	other.info.ID = "r2.candidates"
	other.info.Fields[1].Codes = nil
	empty := &memory{info: collection.Info{ID: "cases", Title: "案件", Geometry: collection.None}}
	h := handler(sample(), other, empty)
	doc := document(t, h)
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	for target, status := range map[string]int{
		"/": 200, "/conformance": 200, "/api": 200, "/collections": 200, "/collections/cases": 200,
		"/?f=html": 200, "/conformance?f=html": 200, "/collections?f=html": 200, "/api?f=html": 200,
		"/collections/r1.candidates": 200, "/collections/r1.candidates/queryables": 200, "/collections/r1.candidates?f=html": 200,
		"/collections/cases/items": 200, root: 200, root + "?f=html&limit=3": 200, root + "/F6": 200, root + "/F9": 404,
		root + "/F0?f=html": 200, root + "?bbox=117,31,118,32&limit=2&sortby=-area_ha&severity=1&severity=2": 200,
		root + "?crs=" + uriEPSG + "4548&bbox-crs=" + uriEPSG + "4490&bbox=31,117,32,118": 200, root + "?after=nothing": 400,
		"/collections/r2.candidates/items?severity=7": 200,
	} {
		w := ask(h, "GET", target)
		if w.Code != status {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
		r, err := http.NewRequest("GET", "https://office.example/shield"+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s is not described: %v", target, err)
			continue
		}
		in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route}
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: w.Code, Header: w.Header()}
		if err := openapi3filter.ValidateResponse(t.Context(), out.SetBodyBytes(w.Body.Bytes())); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// TestParametersAreThoseTaken holds the parameters in the document against those that requests may have.
func TestParametersAreThoseTaken(t *testing.T) {
	m := sample()
	doc := document(t, handler(m))
	described := map[string]bool{}
	for _, p := range doc.Paths.Find(root).Get.Parameters {
		described[p.Value.Name] = true
	}
	taken := parameters(m.info)
	for _, name := range taken {
		if !described[name] {
			t.Errorf("%s is taken and not described", name)
		}
	}
	if len(described) != len(taken) {
		t.Errorf("%v are described, %v taken", described, taken)
	}
	for _, name := range []string{"severity", "severity_min", "area_ha_min", "opened_on"} {
		if !described[name] {
			t.Errorf("%s is not described", name)
		}
	}
	if described["note"] || described["limit_min"] || described["name_min"] {
		t.Errorf("%v are described", described)
	}
}

func TestDescribe(t *testing.T) {
	f := New([]collection.Source{source{sample()}}, sphere{})
	const part = `{"tags":[{"name":"案件"}],"paths":{"/cases/{id}/events":{"post":{"summary":"一件事","parameters":[
		{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
		"responses":{"201":{"description":"记下了"},"400":{"$ref":"#/components/responses/BadRequest"}}}}},
		"components":{"schemas":{"event":{"type":"object"}},"securitySchemes":{"bearer":{"type":"http","scheme":"bearer"}}}}`
	if err := f.Describe([]byte(part)); err != nil {
		t.Fatal(err)
	}
	doc := document(t, serve(f))
	if doc.Paths.Find("/cases/{id}/events").Post.Summary != "一件事" || doc.Components.Schemas["event"] == nil ||
		doc.Components.SecuritySchemes["bearer"] == nil || doc.Tags.Get("案件") == nil {
		t.Error("the part is not in the document")
	}
	row := "<tr><td>POST</td><td>/cases/{id}/events</td><td>一件事</td><td>id</td></tr>"
	if html := ask(serve(f), "GET", "/api?f=html").Body.String(); !strings.Contains(html, row) {
		t.Error("the part is not on the page")
	}
	for name, bad := range map[string]string{
		"a path twice":      part,
		"a path of ours":    `{"paths":{"/collections":{}}}`,
		"a component twice": `{"components":{"schemas":{"link":{}}}}`,
		"no JSON":           `paths:`,
	} {
		if err := f.Describe([]byte(bad)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	var again map[string]any
	if err := json.Unmarshal(ask(serve(f), "GET", "/api").Body.Bytes(), &again); err != nil {
		t.Error(err)
	}
}

// TestDescribedBounds: the pattern of datetime fits what is taken, and not what no interval is; limit has its maximum, as
// the standard wants it, though a larger one is taken as that.
func TestDescribedBounds(t *testing.T) {
	doc := document(t, handler(sample()))
	pattern, err := regexp.Compile(doc.Components.Parameters["datetime"].Value.Schema.Value.Pattern)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"2021-03-15": true, "2021-03-15T12:00:00Z": true, "2021-03-15t12:00:00.25z": true, "2021-03-15T23:30:00-01:00": true,
		"../2021-02-15T00:00:00Z": true, "/2021-02-15": true, "2021-06-15/..": true, "2021-06-15/": true,
		"2021-02-01/2021-03-15": true, "2021-02-01/P1M15D": true, "2021-02-01/PT12H": true,
		"": false, "yesterday": false, "../..": false, "/": false, "2021": false, "2021-06-15/2021-06-16/2021-06-17": false,
		"2021-06-15/P": false, "2021-06-15 12:00:00Z": false, "x2021-06-15": false, "../P1D": false,
	} {
		if pattern.MatchString(text) != want {
			t.Errorf("%q: the pattern fits: %v", text, !want)
		}
		if i, err := interval(url.Values{"datetime": {text}}); (err == nil && i != nil) != want {
			t.Errorf("%q: taken as %v, %v", text, i, err)
		}
	}
	if most := doc.Components.Parameters["limit"].Value.Schema.Value.Max; most == nil || *most != collection.MaxLimit {
		t.Errorf("limit has the maximum %v", most)
	}
	if n, err := limit(url.Values{"limit": {"10001"}}); n != 10000 || err != nil {
		t.Errorf("10001 is taken as %d, %v", n, err)
	}
}
