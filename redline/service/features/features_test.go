package features

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// handler serves collections at https://office.example/shield, at one instant.
func handler(collections ...collection.Collection) http.Handler {
	f := New([]collection.Source{source(collections)}, sphere{})
	f.now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	return serve(f)
}

func serve(f *Features) http.Handler {
	mux := http.NewServeMux()
	f.Routes(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(answer.WithBase(r.Context(), "https://office.example/shield")))
	})
}

// ask sends a request; header is name and value, again and again.
func ask(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// ids are those of the features of an answer, with the address of the next page.
func ids(t *testing.T, w *httptest.ResponseRecorder) (ids []string, next string) {
	t.Helper()
	var page struct {
		NumberMatched, NumberReturned *int
		Features                      []struct{ ID string }
		Links                         []link
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d, %v: %s", w.Code, err, w.Body)
	}
	for _, f := range page.Features {
		ids = append(ids, f.ID)
	}
	if page.NumberReturned == nil || *page.NumberReturned != len(ids) {
		t.Errorf("numberReturned %v of %v", page.NumberReturned, ids)
	}
	for _, l := range page.Links {
		if l.Rel == "next" {
			next = l.Href
		}
	}
	return ids, next
}

const root = "/collections/r1.candidates/items"

func TestFilters(t *testing.T) {
	h := handler(sample())
	for query, want := range map[string]string{
		"":                                   "F0 F1 F2 F3 F4 F5 F6",
		"limit=2":                            "F0 F1",
		"limit=00002":                        "F0 F1",
		"limit=10001":                        "F0 F1 F2 F3 F4 F5 F6",
		"limit=99999999999999999999999999":   "F0 F1 F2 F3 F4 F5 F6",
		"severity=3":                         "F2 F5",
		"severity=3&severity=2":              "F1 F2 F4 F5",
		"severity_min=2&near_lead=true":      "F2 F4",
		"area_ha_min=2.5":                    "F5 F6",
		"name=" + url.QueryEscape("地块 4"):    "F4",
		"opened_on=2021-03-15":               "F2",
		"sortby=-area_ha&limit=3":            "F6 F5 F4",
		"sortby=%2Barea_ha&limit=2":          "F0 F1",
		"sortby=+area_ha&limit=2":            "F0 F1",
		"datetime=2021-03-15":                "F2",
		"datetime=2021-03-15T12:00:00Z":      "F2",
		"datetime=2021-03-15T23:30:00-01:00": "",
		"datetime=../2021-02-15T00:00:00Z":   "F0 F1",
		"datetime=2021-06-15/..":             "F5 F6",
		"datetime=2021-06-15/":               "F5 F6",
		"datetime=2021-02-01/2021-03-15":     "F1 F2",
		"datetime=2021-02-01/P1M15D":         "F1 F2",
		"bbox=117.01,31.01,117.02,31.02":     "F0 F1",
		"bbox=117.011,31,117.019,32":         "",
		"bbox=117.1,31,0,117.1,32,9":         "F5",
		"bbox=117.041,-90,-180,90":           "F2 F3 F4 F5",
		"bbox=-1,-90,-1.5,90":                "F0 F1 F2 F3 F4 F5",
		"bbox=170,-90,-170,90":               "",
		"bbox=31,117.03,31.02,117.05&bbox-crs=" + uriEPSG + "4490":    "F1 F2",
		"bbox=117.03,31,117.05,31.02&bbox-crs=" + uriCRS84:            "F1 F2",
		"bbox=117.03,31,117.05,31.02&bbox-crs=" + uriEPSG + "4490":    "",
		"bbox=0,0,1e7,1e7&bbox-crs=" + uriEPSG + "4548":               "F0 F1 F2 F3 F4 F5",
		"bbox=-1e300,-1e300,1e300,1e300&bbox-crs=" + uriEPSG + "4548": "F0 F1 F2 F3 F4 F5",
		"bbox=0,0,1,1&bbox-crs=" + uriEPSG + "4548":                   "",
	} {
		got, _ := ids(t, ask(h, "GET", root+"?"+query))
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", query, got, want)
		}
	}
}

// TestSkipGeometry: geometries are left out, and not read where they do not decide, of whatever a query chooses; the next
// page is without as well.
func TestSkipGeometry(t *testing.T) {
	m := sample()
	h := handler(m)
	metres := "bbox=3000000,400000,4000000,501500&bbox-crs=" + uriEPSG + "4548"
	for query, want := range map[string]struct {
		ids     string
		without bool
	}{"limit=3": {"F0 F1 F2", true}, "bbox=117.041,31,118,32": {"F2 F3 F4 F5", true}, metres: {"F0", false}} {
		for value, skips := range map[string]bool{"true": true, "false": false} {
			w := ask(h, "GET", root+"?skipGeometry="+value+"&"+query)
			got, next := ids(t, w)
			if strings.Join(got, " ") != want.ids {
				t.Errorf("%s: %v, want %s", query, got, want.ids)
			}
			if n := strings.Count(w.Body.String(), `"geometry":null,"properties":{`); n != len(got) && skips || n != 0 && !skips {
				t.Errorf("%s, %s: %d of %d features have no geometry", query, value, n, len(got))
			}
			if asked := m.asked[len(m.asked)-1]; asked.Without != (want.without && skips) {
				t.Errorf("%s, %s: the source was asked %+v", query, value, asked)
			}
			if want := query == "limit=3"; strings.Contains(next, "skipGeometry="+value) != want {
				t.Errorf("%s: the next page is %q", query, next)
			}
		}
	}
	if m.features[0].Geometry == nil {
		t.Error("the collection itself lost its geometry")
	}
}

// TestUnavailable: what cannot be read for a while is told as such, and when to ask again, without what went wrong inside.
func TestUnavailable(t *testing.T) {
	m := sample()
	m.err = fmt.Errorf("wrapped: %w", &collection.Unavailable{After: 1500 * time.Millisecond, Err: errors.New("/srv/ledger.gpkg")})
	lost := serve(New([]collection.Source{gone{m.err}}, nil))
	for name, w := range map[string]*httptest.ResponseRecorder{
		"items": ask(handler(m), "GET", root), "item": ask(handler(m), "GET", root+"/F1"), "page": ask(handler(m), "GET", root+"?f=html"),
		"collections": ask(lost, "GET", "/collections"), "collection": ask(lost, "GET", "/collections/cases"),
		"api": ask(lost, "GET", "/api"),
	} {
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "2" || w.Header().Get("ETag") != "" ||
			w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "srv") {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	m.err = errors.New("/srv/ledger.gpkg")
	if w := ask(handler(m), "GET", root); w.Code != http.StatusInternalServerError || w.Header().Get("Retry-After") != "" {
		t.Errorf("another error: %d %v", w.Code, w.Header())
	}
}

func TestBadRequests(t *testing.T) {
	h := handler(sample())
	for _, query := range []string{
		"limt=1", "skipGeometry=", "skipGeometry=1", "skipGeometry=true&skipGeometry=true",
		"limit=0", "limit=-1", "limit=", "limit=1.5", "limit=%2B1", "limit=NaN", "limit=1&limit=2", "f=xml", "f=",
		"bbox=", "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=1,2,NaN,4", "bbox=1,2,Inf,4", "bbox=0,10,1,5", "bbox=1,2,9,3,4,5",
		"bbox=a,b,c,d", "bbox=117,31,118,32&bbox=1,2,3,4",
		"bbox=2,2,1,1&bbox-crs=" + uriEPSG + "4548", "bbox=1,2,3,4&bbox-crs=" + uriEPSG + "4326", "bbox=1,2,3,4&bbox-crs=",
		"crs=EPSG:4490", "crs=" + uriEPSG + "4549", "crs=",
		"datetime=", "datetime=yesterday", "datetime=../..", "datetime=/", "datetime=2021-02-30",
		"datetime=2021-03-01/2021-02-01",
		"datetime=2021-01-01/2021-02-01/2021-03-01", "datetime=2021-01-01/P", "datetime=2021-01-01/P1D1M",
		"datetime=2021-01-01/PT",
		"sortby=name", "sortby=none", "sortby=", "sortby=area_ha,severity", "sortby=--area_ha",
		"severity=4", "severity=heavy", "severity=", "severity_min=x", "severity_min=NaN", "severity_min=1&severity_min=2",
		"near_lead=yes", "opened_on=2021", "note=x", "name_min=1", "limit_min=1", "after=nothing",
	} {
		w := ask(h, "GET", root+"?"+query)
		var p answer.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusBadRequest || p.Status != w.Code ||
			p.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for target, want := range map[string]int{
		"/collections/none": 404, "/collections/none/items": 404, "/collections/none/items/F0": 404,
		"/collections/none/queryables": 404, root + "/F9": 404, root + "/..%2f..%2fetc": 404,
		"/?x=1": 400, "/api?x=1": 400, "/conformance?f=yaml": 400, "/collections?limit=1": 400,
		"/collections/r1.candidates?x": 400, root + "/F0?bbox=1,2,3,4": 400, root + "/F0?crs=x": 400,
	} {
		w := ask(h, "GET", target)
		if w.Code != want || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	if w := ask(h, "GET", root, "Accept", "image/png"); w.Code != http.StatusNotAcceptable {
		t.Errorf("image/png: %d", w.Code)
	}
}

// TestNextKeepsAll follows the links of a query of which each part matters.
func TestNextKeepsAll(t *testing.T) {
	h := handler(sample())
	q := url.Values{"limit": {"1"}, "severity": {"1", "2", "3"}, "severity_min": {"2"}, "sortby": {"-area_ha"},
		"bbox": {"31,117,32,118"}, "bbox-crs": {uriEPSG + "4490"}, "crs": {uriEPSG + "4548"}, "datetime": {"../2021-05-20"},
		"f": {"json"}}
	next := "https://office.example/shield" + root + "?" + q.Encode()
	var all []string
	for next != "" {
		target, ok := strings.CutPrefix(next, "https://office.example/shield")
		if !ok {
			t.Fatalf("a link to elsewhere: %s", next)
		}
		u, err := url.Parse(next)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range q {
			if !slices.Equal(u.Query()[name], values) {
				t.Errorf("%s became %v", name, u.Query()[name])
			}
		}
		w := ask(h, "GET", target)
		var got []string
		got, next = ids(t, w)
		all = append(all, got...)
		if w.Header().Get("Content-Crs") != "<"+uriEPSG+"4548>" {
			t.Errorf("Content-Crs %s", w.Header().Get("Content-Crs"))
		}
		if next != "" && !slices.Contains(w.Header().Values("Link"), "<"+next+`>; rel="next"; type="application/geo+json"`) {
			t.Errorf("Link: %v, want %s", w.Header().Values("Link"), next)
		}
	}
	if strings.Join(all, " ") != "F4 F2 F1" {
		t.Errorf("%v", all)
	}
}

func TestFeaturesToTheByte(t *testing.T) {
	m := sample()
	h := handler(m)
	w := ask(h, "GET", root+"?limit=1", "Accept", "application/geo+json")
	const self = "https://office.example/shield/collections/r1.candidates/items"
	want := `{"type":"FeatureCollection","timeStamp":"2026-01-02T03:04:05Z","numberMatched":7,"numberReturned":1,"links":[` +
		`{"href":"` + self + `?limit=1","rel":"self","type":"application/geo+json","title":"本文档"},` +
		`{"href":"` + self + `?f=html\u0026limit=1","rel":"alternate","type":"text/html","title":"网页"},` +
		`{"href":"` + self + `?after=F0\u0026limit=1","rel":"next","type":"application/geo+json","title":"下一页"},` +
		`{"href":"https://office.example/shield/collections/r1.candidates","rel":"collection","type":"application/json",` +
		`"title":"疑似图斑"}],` +
		`"features":[` + "\n" + `{"type":"Feature","id":"F0","geometry":` + string(m.features[0].Geometry) + `,"properties":` +
		string(m.features[0].Properties) + "}\n]}\n"
	if w.Body.String() != want {
		t.Errorf("%s\nwant\n%s", w.Body, want)
	}
	one := ask(h, "GET", root+"/F5?crs="+uriEPSG+"4490")
	if got := one.Body.String(); !strings.Contains(got, `"geometry":{"type":"Point","coordinates":[31.0050000,117.1000000]},"pro`) {
		t.Error(got)
	}
	if none := ask(h, "GET", root+"/F6?crs="+uriEPSG+"4548").Body.String(); !strings.Contains(none, `"geometry":null,`) {
		t.Error(none)
	}
}

func TestEntityTags(t *testing.T) {
	m := sample()
	f := New([]collection.Source{source{m}}, sphere{})
	hour := 0
	f.now = func() time.Time { hour++; return time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC) }
	h := serve(f)
	for _, target := range []string{root, root + "/F0", root + "?f=html", "/collections", "/", "/api",
		"/conformance", "/collections/r1.candidates"} {
		first := ask(h, "GET", target)
		tag := first.Header().Get("ETag")
		if tag == "" || strings.HasPrefix(tag, "W/") != strings.HasPrefix(target, root) {
			t.Errorf("%s: tag %q", target, tag)
		}
		again := ask(h, "GET", target, "If-None-Match", `"other", `+tag)
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 {
			t.Errorf("%s: %d", target, again.Code)
		}
		head := ask(h, "HEAD", target)
		if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("ETag") != tag {
			t.Errorf("HEAD %s: %d, %d bytes", target, head.Code, head.Body.Len())
		}
		if cache := first.Header().Get("Cache-Control"); cache != "private, no-cache" || first.Header().Get("Vary") != "Accept" {
			t.Errorf("%s: %s, %s", target, cache, first.Header().Get("Vary"))
		}
	}
	tag := ask(h, "GET", root).Header().Get("ETag")
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another query": ask(h, "GET", root+"?limit=1", "If-None-Match", tag),
		"another form":  ask(h, "GET", root, "If-None-Match", tag, "Accept", "text/html"),
	} {
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	m.version = "v2"
	if w := ask(h, "GET", root, "If-None-Match", tag); w.Code != http.StatusOK || w.Header().Get("ETag") == tag {
		t.Errorf("after a change: %d, %s", w.Code, w.Header().Get("ETag"))
	}
}

func TestNegotiation(t *testing.T) {
	h := handler(sample())
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, tt := range []struct{ target, accept, want string }{
		{"/", "", "application/json"}, {"/", "*/*", "application/json"}, {"/", browser, "text/html; charset=utf-8"},
		{"/?f=json", browser, "application/json"}, {"/?f=html", "application/json", "text/html; charset=utf-8"},
		{"/", "text/html;q=0.2, application/json;q=0.1", "text/html; charset=utf-8"},
		{"/", "text/html;q=0, */*", "application/json"},
		{root, "application/geo+json", "application/geo+json"}, {root, "application/json", "application/geo+json"},
		{root, browser, "text/html; charset=utf-8"},
		{"/api", "application/vnd.oai.openapi+json;version=3.0", typeOpenAPI}, {"/api", browser, "text/html; charset=utf-8"},
		{"/collections/r1.candidates/queryables", "application/schema+json", "application/schema+json"},
	} {
		var header []string
		if tt.accept != "" {
			header = []string{"Accept", tt.accept}
		}
		if w := ask(h, "GET", tt.target, header...); w.Code != 200 || w.Header().Get("Content-Type") != tt.want {
			t.Errorf("%s, %s: %d %s", tt.target, tt.accept, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

// TestHostileNames looks for markup that came out of the data on each page.
func TestHostileNames(t *testing.T) {
	m := sample()
	const bad = `<img src=x onerror=alert(1)>"'><script>alert(1)</script>`
	quoted, err := json.Marshal(bad)
	if err != nil {
		t.Fatal(err)
	}
	m.info.Title, m.info.Description = bad, bad
	for i := range m.info.Fields {
		m.info.Fields[i].Title = bad
	}
	m.info.Fields[1].Codes[0].Title = bad
	m.features[0].ID = bad
	m.features[0].Properties = json.RawMessage(fmt.Sprintf(`{"name":%s,"severity":1,"note":"javascript:alert(1)"}`, quoted))
	h := handler(m)
	for _, target := range []string{"/collections", "/collections/r1.candidates", "/collections/r1.candidates/queryables", root,
		root + "/" + url.PathEscape(bad), "/api", root + "?name=" + url.QueryEscape(bad)} {
		w := ask(h, "GET", target, "Accept", "text/html")
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, "&lt;img") {
			t.Errorf("%s: %d, the name is not shown: %s", target, w.Code, body)
		}
		for _, never := range []string{"<img", "<script", `href="javascript:`} {
			if strings.Contains(body, never) {
				t.Errorf("%s: %s", target, body)
			}
		}
	}
}

func TestPageForPeople(t *testing.T) {
	m := sample()
	body := ask(handler(m), "GET", root+"?limit=2&f=html").Body.String()
	for _, want := range []string{
		`<html lang="zh-CN">`, `<th scope="col">面积（公顷）</th>`, `<td>中</td>`, `<td>地块 1</td>`, `本页 2 条，共 7 条`,
		`<a rel="next" href="https://office.example/shield/collections/r1.candidates/items?after=F1&amp;f=html&amp;limit=2">`,
		`<a href="https://office.example/shield/collections/r1.candidates/items/F0">F0</a>`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if !m.asked[0].Without {
		t.Error("geometries are read that nobody shows")
	}
}
