package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// harmful are texts for SQL, paths, shells, templates, lines, pages and buffers.
var harmful = []string{
	"' OR '1'='1", `x"; DROP TABLE cases; --`, "1) UNION SELECT value FROM meta --", "' OR 1=1 /*", "%' LIKE '%",
	"../../../../etc/passwd", `..\..\windows`, "/etc/passwd", "\x00", "a\x00.candidates", "\r\nSet-Cookie: a=INJECTED",
	"{{7*7}}${7*7}", script, imageTag, "-1", "NaN", "1e999", "0x10", "９", "\xff\xfe", "\u202e", strings.Repeat("A",
		5000),
	"/vsicurl/http://evil.example/x.tif", "file:///etc/passwd", "plain.candidates' --", "|id", ";sleep 9",
}

// places are parts of addresses that texts are put into, with the statuses that may come of it: for a place in the path
// nothing is found; a filter that nothing passes finds nothing, and what is no value is refused.
var places = []struct {
	path     string
	statuses []int
}{
	{"/collections/TEXT", []int{404}}, {"/collections/TEXT/items", []int{404}}, {"/collections/TEXT/queryables",
		[]int{404}},
	{"/collections/cases/items/TEXT", []int{404}}, {"/collections/plain.candidates/items/TEXT", []int{404}},
	{"/collections/leads/items/TEXT", []int{404}}, {"/cases/TEXT", []int{404}}, {"/cases/TEXT/events", []int{404}},
	{"/evidence/TEXT", []int{404}}, {"/jobs/TEXT", []int{404}}, {"/jobs/TEXT/results",
		[]int{404}}, {"/jobs/TEXT/events", []int{404}},
	{"/processes/TEXT", []int{404}}, {"/tiles/TEXT", []int{404}}, {"/tiles/TEXT/legend", []int{404}},
	{"/tiles/TEXT/0/0/0.mvt", []int{404}}, {"/tiles/plain/TEXT/0/0/0.png",
		[]int{404}}, {"/tiles/TEXT/before/0/0/0.png", []int{404}},
	{"/static/TEXT/review.js", []int{404}}, {"/static/0/TEXT", []int{404}}, {"/TEXT", []int{404}},
	{"/collections/cases/items?limit=1&sortby=TEXT", []int{400}}, {"/collections/cases/items?after=TEXT", []int{400}},
	{"/collections/plain.candidates/items?after=TEXT", []int{400}}, {"/collections/plain.suppressed/items?sortby=TEXT",
		[]int{400}},
	{"/collections/cases/items?crs=TEXT", []int{400}}, {"/collections/cases/items?bbox-crs=TEXT", []int{400}},
	{"/collections/cases/items?bbox=TEXT", []int{400}}, {"/collections/cases/items?datetime=TEXT", []int{400}},
	{"/collections/cases/items?f=TEXT", []int{400}}, {"/collections?TEXT=1",
		[]int{400}}, {"/collections/cases/items?TEXT=1", []int{400}},
	{"/tiles/cases/0/0/0.mvt?TEXT=1", []int{400}}, {"/login?next=TEXT", []int{200}}, {"/review?lang=TEXT", []int{200}},
	{"/collections/cases/items?limit=TEXT", []int{400}},
}

// injections: no place takes a text for more than a text.
func (a *attacked) injections(t *testing.T) {
	users, n := []string{"keeper", "keeper2", "keeper3", "acceptor", "reviewer"}, 0
	count := func(path string) int {
		var page struct{ NumberMatched *int }
		got := a.want(t, 200, "keeper", "GET", path, "")
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || page.NumberMatched == nil {
			t.Fatalf("%s: %s, %v", path, got.body, err)
		}
		return *page.NumberMatched
	}
	all := count("/collections/cases/items?limit=1")
	before := a.events(t)
	for _, p := range places {
		for _, text := range harmful {
			escaped := url.PathEscape(text)
			if strings.Contains(p.path, "?") {
				escaped = url.QueryEscape(text)
			}
			user := users[n%3]
			if n++; !strings.HasPrefix(p.path, "/jobs") && !strings.HasPrefix(p.path, "/processes") {
				user = users[n%len(users)]
			}
			got := a.ask(t, user, "GET", strings.ReplaceAll(p.path, "TEXT", escaped), "")
			if !slices.Contains(p.statuses, got.status) {
				t.Errorf("%s with %.60q: %d %.200s", p.path, text, got.status, got.body)
			}
			if got.header.Get("Set-Cookie") != "" {
				t.Errorf("%s with %q sets a cookie", p.path, text)
			}
		}
	}
	for _, c := range []struct{ collection, property string }{{"cases", "county"}, {"cases", "assigned_to"},
		{"plain.candidates", "zone_name"},
		{"plain.zones", "zone_id"}, {"plain.coverage", "source"}, {"plain.suppressed", "zone_id"}} {
		for _, text := range harmful {
			n++
			path := "/collections/" + c.collection + "/items?limit=1&" + c.property + "=" + url.QueryEscape(text)
			got := a.ask(t, users[n%len(users)], "GET", path, "")
			if got.status != 200 || !strings.Contains(got.body, `"numberMatched":0,`) {
				t.Errorf("%s: %d %.200s", path, got.status, got.body)
			}
		}
	}
	if got := count("/collections/cases/items?limit=1"); got != all || a.events(t) != before {
		t.Errorf("%d cases of %d, %d events of %d", got, all, a.events(t), before)
	}
	for _, raw := range []string{"county=%zz", "county=a;b=c",
		"%"} { // a filter that cannot be read must not let all through
		a.want(t, 400, "keeper2", "GET", "/collections/cases/items?"+raw, "")
		a.want(t, 400, "keeper2", "GET", "/tiles/cases/0/0/0.mvt?"+raw, "")
	}
}

// traversal: nothing beside the folders of runs and jobs is reached, however its name is written.
func (a *attacked) traversal(t *testing.T) {
	list := a.want(t, 200, "keeper", "GET", "/collections", "").body
	for _, name := range []string{"link", "link--run", "secret", "other", ".greenshield-serve"} {
		if strings.Contains(list, `"`+name+".") {
			t.Errorf("the collections have %q: %s", name, list)
		}
	}
	if !strings.Contains(list, `"plain.candidates"`) {
		t.Errorf("collections: %s", list)
	}
	for _, up := range []string{"../secret/run", "..%2fsecret%2frun", "..%252fsecret%252frun", "%2e%2e%2fsecret%2frun",
		"..%5csecret%5crun",
		"link%2frun", "link--run", "other", "plain%2f..%2fplain", "%2fetc", "plain%00", ".greenshield-serve", "%c0%ae%c0%ae%c0%afsecret"} {
		for _, path := range []string{"/collections/UP.candidates", "/collections/UP.zones/items", "/tiles/UP/legend",
			"/tiles/UP",
			"/tiles/UP/before/0/0/0.png", "/tiles/UP.candidates/0/0/0.mvt"} {
			got := a.ask(t, "keeper", "GET", strings.ReplaceAll(path, "UP", up), "")
			if got.status == 200 || got.status == 304 {
				t.Errorf("%s with %s: %d %.200s", path, up, got.status, got.body)
			}
		}
	}
	for _, sum := range []string{"../named", "..%2f..%2f..%2fledger.gpkg", strings.Repeat("0", 63) + "%00",
		strings.Repeat("A", 64), "tmp", "."} {
		if got := a.ask(t, "keeper2", "GET", "/evidence/"+sum, ""); got.status == 200 {
			t.Errorf("evidence %s: %.100s", sum, got.body)
		}
	}
	for _, name := range []string{"../secret/job.yaml", "/etc/passwd", "link.yaml", "..", "", "jobs\\x.yaml",
		"a/../b.yaml", "x.yaml\x00", "./x.yaml",
		a.dir + "/secret/job.yaml", "http://evil.example/x.yaml", "%2e%2e/x.yaml", "-x.yaml", "$(id).yaml"} {
		body, err := json.Marshal(map[string]string{"job": name})
		a.check(err)
		got := a.ask(t, "keeper3", "POST", "/runs", string(body), "Content-Type", "application/json")
		if got.status != 400 && got.status != 404 {
			t.Errorf("job %q: %d %s", name, got.status, got.body)
		}
	}
}

// boxes: boxes, times and limits beyond all sense are refused or choose what they say.
func (a *attacked) boxes(t *testing.T) {
	for _, query := range []string{
		"bbox=NaN,0,1,1", "bbox=0,0,Inf,1", "bbox=0,0,1", "bbox=0,0,1,1,1", "bbox=0,1,1,0", "bbox=,,,", "bbox=1e999,0,1,1",
		"bbox=" + strings.Repeat("1,", 5000) +
			"1", "bbox=0,0,1,1&bbox=0,0,1,1", "bbox=0,0,1,1&bbox-crs=EPSG:4490", "bbox=",
		"datetime=2021-02-30", "datetime=../..", "datetime=/", "datetime=2021-01-02/2021-01-01", "datetime=2021-01-01/P", "datetime=x/y/z",
		"datetime=2021-01-01/P9999999Y", "datetime=99999-01-01", "datetime=-2021-01-01", "datetime=0000-01-01", "datetime=",
		"limit=0", "limit=-1", "limit=1.5", "limit=", "limit=1&limit=2", "limit=0x10", "limit=１", "area_ha_min=NaN",
	} {
		a.want(t, 400, "keeper", "GET", "/collections/cases/items?"+query, "")
		a.want(t, 400, "keeper2", "GET", "/collections/plain.candidates/items?"+query, "")
	}
	for _, query := range []string{"bbox=-1e300,-1e300,1e300,1e300", "bbox=170,-90,-170,90",
		"datetime=0001-01-01/9999-12-31T23:59:59Z",
		"datetime=2021-01-01/P99999Y", "limit=99999999999999999999", "area_ha_min=-1e300"} {
		a.want(t, 200, "keeper3", "GET", "/collections/cases/items?"+query, "")
		a.want(t, 200, "keeper3", "GET", "/collections/plain.candidates/items?"+query, "")
	}
	for _, bbox := range []string{"-1e300,-1e300,1e300,1e300", "0,0,1e-300,1e-300", "1e308,1e308,1.5e308,1.5e308"} {
		a.want(t, 200, "keeper3", "GET",
			"/collections/cases/items?bbox-crs=http://www.opengis.net/def/crs/EPSG/0/4548&bbox="+bbox, "")
	}
}

// tiles: what is no tile of the square is not there.
func (a *attacked) tiles(t *testing.T) {
	for _, zxy := range []string{"-1/0/0", "0/-1/0", "0/0/-1", "0/1/0", "0/0/1", "99/0/0", "21/0/0", "2147483648/0/0",
		"64/0/0",
		"9999999999999999999999/0/0", "NaN/0/0", "0/Inf/0", "00/0/0", "0/0x0/0", "0/+0/0", "0/0/%00", "1e1/0/0", "0/0/0%2f..", "20/1048576/0"} {
		for _, tile := range []string{"/tiles/cases/" + zxy + ".mvt", "/tiles/plain.candidates/" + zxy + ".mvt",
			"/tiles/plain/before/" + zxy + ".png", "/tiles/plain/image_after/" + zxy + ".png"} {
			a.want(t, 404, "keeper", "GET", tile, "")
		}
	}
	for _, path := range []string{"/tiles/cases/0/0/0.png", "/tiles/cases/0/0/0", "/tiles/plain/before/0/0/0.mvt",
		"/tiles/plain/before/0/0/0.png.mvt",
		"/tiles/cases/17/0/0.mvt", "/tiles/plain/before/0/0/0.PNG"} {
		a.want(t, 404, "keeper", "GET", path, "")
	}
	for _, path := range []string{"/tiles/cases/0/0/0.mvt", "/tiles/cases/16/65535/65535.mvt",
		"/tiles/plain.zones/16/0/0.mvt"} {
		got := a.want(t, 200, "keeper", "GET", path, "")
		if kind := got.header.Get("Content-Type"); kind != "application/vnd.mapbox-vector-tile" {
			t.Errorf("%s: %s", path, kind)
		}
	}
}
