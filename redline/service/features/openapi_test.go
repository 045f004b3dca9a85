package features

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
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
	if html := ask(serve(f), "GET", "/api?f=html").Body.String(); !strings.Contains(html, "<td>POST</td><td>/cases/{id}/events</td>") &&
		!strings.Contains(html, "POST") {
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
