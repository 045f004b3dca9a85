package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline/service/gate"
)

// attacked is a server with two users of each role, reviewers of different counties, a run whose zones and folder have
// names made to do harm, and things beside the folder of runs that are none of its business.
type attacked struct {
	*testing.T
	*served
	dir    string
	tokens map[string]string // by login
	mine   []string          // cases of county 990201
	others []string          // cases of county 990102
}

// The texts that would run, if a page took them for more than text.
const (
	script   = `<script>alert('gs')</script>`
	imageTag = `<img src=x onerror=alert('gs')>`
)

// attackedServer starts one with further options.
func attackedServer(t *testing.T, args ...string) *attacked {
	t.Helper()
	dir, byCounty := ledgerOfYears(t)
	a := &attacked{T: t, dir: dir, tokens: map[string]string{}, mine: byCounty["990201"], others: byCounty["990102"]}
	users := "proxy:\n  header: X-Remote-User\n  from: [192.0.2.0/24]\nusers:\n"
	for _, u := range [][2]string{{"reader", "[990201]"}, {"reviewer", "[990201]"}, {"reviewer2", "[990102]"},
		{"acceptor", "[990201]"}, {"keeper", `["99"]`}, {"keeper2", `["99"]`}, {"keeper3", `["99"]`}} {
		token := gate.NewToken()
		a.tokens[u[0]] = token
		users += fmt.Sprintf("  - login: %s\n    name: 用户%[1]s\n    role: %s\n    level: county\n    counties: %s\n"+
			"    token_sha256: \"%s\"\n", u[0], strings.TrimRight(u[0], "123"), u[1], gate.TokenSum(token))
	}
	writeText(t, filepath.Join(dir, "users.yaml"), users)
	a.check(os.Chmod(filepath.Join(dir, "users.yaml"), 0o600))
	for _, name := range []string{"runs", "jobs", "secret"} {
		a.check(os.Mkdir(filepath.Join(dir, name), 0o777))
	}
	a.check(os.CopyFS(filepath.Join(dir, "runs", "plain"), os.DirFS(filepath.Join(dir, "out"))))
	a.check(os.CopyFS(filepath.Join(dir, "secret", "run"), os.DirFS(filepath.Join(dir, "out"))))
	a.check(os.Symlink(filepath.Join(dir, "secret"), filepath.Join(dir, "runs", "link")))
	a.check(os.Symlink(filepath.Join(dir, "secret", "run"), filepath.Join(dir, "runs", "other")))
	writeText(t, filepath.Join(dir, "secret", "job.yaml"), "")
	a.check(os.Symlink(filepath.Join(dir, "secret", "job.yaml"), filepath.Join(dir, "jobs", "link.yaml")))
	scene := newSample(t)
	query(t, filepath.Join(scene, "redline.gpkg"), "UPDATE redline SET HXMC = '"+strings.ReplaceAll(imageTag, "'",
		"''")+"'")
	here(t, scene, "run", "job.yaml", "--quiet", "--formats", "geojson,gpkg", "--out",
		filepath.Join(dir, "runs", strings.ReplaceAll(imageTag, "/", ""))).want(t, 0)
	a.served = serveIn(t, dir, append([]string{"--ledger", "ledger.gpkg", "--runs", "runs", "--jobs", "jobs",
		"--users", "users.yaml"}, args...)...)
	return a
}

func (a *attacked) check(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as a user, "" for nobody, and looks whether the answer keeps what each one must. Headers are
// names, each with its value behind.
func (a *attacked) ask(t *testing.T, user, method, path, body string, header ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		r.Header.Set("Authorization", "Bearer "+a.tokens[user])
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return a.do(t, r)
}

// stay is a client that follows nobody.
var stay = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (a *attacked) do(t *testing.T, r *http.Request) reply {
	t.Helper()
	resp, err := stay.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	got := reply{resp.StatusCode, resp.Header, string(text)}
	a.sound(t, r.Method+" "+r.URL.String(), got)
	return got
}

// sound looks at what no answer may lack or hold, whatever was asked.
func (a *attacked) sound(t *testing.T, asked string, got reply) {
	t.Helper()
	wrong := func(what string) { t.Errorf("%.200s: status %d: %s: %.300s", asked, got.status, what, got.body) }
	head := fmt.Sprint(got.header)
	kind := got.header.Get("Content-Type")
	switch {
	case got.status >= 500 && (got.status != 503 || got.header.Get("Retry-After") == ""): // pictures are made
		wrong("the server failed")
	case got.header.Get("X-Content-Type-Options") != "nosniff":
		wrong("browsers may guess what it is")
	case got.header.Get("Content-Security-Policy") == "":
		wrong("no policy")
	case strings.Contains(got.body+head, a.dir) || strings.Contains(got.body+head, os.TempDir()+"/"):
		wrong("a path of the server")
	case strings.Contains(got.body, ".go:") || strings.Contains(got.body, "goroutine "):
		wrong("an inside of the program")
	case len(got.body) > 0 && kind == "":
		wrong("nobody says what it is")
	case strings.HasPrefix(kind, "text/html") && (strings.Contains(got.body, script) || strings.Contains(got.body,
		imageTag)):
		wrong("a text is taken for HTML")
	case got.status >= 400 && len(got.body) > 0 && kind != "application/problem+json" && !strings.HasPrefix(kind,
		"text/html"):
		wrong("the error is no problem")
	}
}

// want asks and wants a status.
func (a *attacked) want(t *testing.T, status int, user, method, path, body string, header ...string) reply {
	t.Helper()
	got := a.ask(t, user, method, path, body, header...)
	if got.status != status {
		t.Errorf("%s: %s %.200s %.200s: status %d, want %d: %.300s", user, method, path, body, got.status, status,
			got.body)
	}
	return got
}

// events is how many events the ledger has, by its file.
func (a *attacked) events(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(query(t, filepath.Join(a.dir, "ledger.gpkg"), "SELECT count(*) FROM events")[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// seq is the number of the last event of a case.
func (a *attacked) seq(t *testing.T, id string) string {
	t.Helper()
	return a.want(t, 200, "keeper", "GET", "/cases/"+id, "").header.Get("ETag")
}

// say sends what a user says of a case.
func (a *attacked) say(t *testing.T, user, id, key, body string, header ...string) reply {
	t.Helper()
	return a.ask(t, user, "POST", "/cases/"+id+"/events", body, append([]string{"Content-Type", "application/json",
		"Idempotency-Key", key, "If-Match", a.seq(t, id)}, header...)...)
}

// login returns the cookie of a session.
func (a *attacked) login(t *testing.T, user string, header ...string) *http.Cookie {
	t.Helper()
	got := a.want(t, 303, "", "POST", "/login", url.Values{"token": {a.tokens[user]}}.Encode(),
		append(header, "Content-Type", "application/x-www-form-urlencoded")...)
	all := (&http.Response{Header: got.header}).Cookies()
	if len(all) != 1 {
		t.Fatalf("cookies: %v", all)
	}
	return all[0]
}

// raw sends bytes on a connection of their own, and returns the first answer.
func (a *attacked) raw(t *testing.T, text string) reply {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(a.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, text) // the server may refuse before it has read all
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.80q: %v", text, err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // it may be cut off as the connection is
	return reply{resp.StatusCode, resp.Header, string(body)}
}

const judged = `{"kind": "judged", "fields": {"verdict": "refuted", "reason": "natural"}}`

// mutating are all routes that change something, with what would be taken of a user of the least role; "" is for
// those without a name.
var mutating = []struct{ method, path, kind, body, role string }{
	{"POST", "/cases/MINE/events", "application/json", judged, "reviewer"},
	{"POST", "/cases/MINE/events", "application/json", `{"kind": "advanced", "fields": {"to": "filed"}}`, "acceptor"},
	{"POST", "/cases/events", "application/json",
		`{"kind": "judged", "fields": {"verdict": "refuted"}, "cases": ["MINE"]}`,
		"reviewer"},
	{"POST", "/evidence?name=a.jpg", "image/jpeg", "evidence", "reviewer"},
	{"POST", "/runs", "application/json", `{"job": "none.yaml"}`, "keeper"},
	{"POST", "/processes/run/execution", "application/json", `{"inputs": {"job": "none.yaml"}}`, "keeper"},
	{"DELETE", "/jobs/none", "", "", "keeper"},
	{"POST", "/login", "application/x-www-form-urlencoded", "token=none", ""},
	{"POST", "/logout", "application/x-www-form-urlencoded", "", ""},
}

// reading are routes that read, of which all are for readers but those of jobs.
var reading = []string{"/", "/conformance", "/api", "/collections", "/collections/cases",
	"/collections/cases/queryables",
	"/collections/cases/items", "/collections/cases/items/MINE", "/collections/leads/items", "/cases/MINE",
	"/cases/MINE/events", "/vocabulary", "/standing", "/tiles/cases", "/tiles/cases/0/0/0.mvt", "/tiles/plain/legend",
	"/review", "/me", "/api/pages.css", "/evidence/" + strings.Repeat("0", 64), "/static/none/none", "/metrics",
	"/tiles/plain/before/0/0/0.png", "/collections/plain.candidates/items"}

// keeping are routes that keepers alone read.
var keeping = []string{"/processes", "/processes/run", "/jobs", "/jobs/none", "/jobs/none/results", "/jobs/none/events"}

// roles is a table of routes and who may ask them.
func (a *attacked) roles(t *testing.T) {
	order := []string{"reader", "reviewer", "acceptor", "keeper"}
	for _, m := range mutating {
		path, body := strings.ReplaceAll(m.path, "MINE", a.mine[0]), strings.ReplaceAll(m.body, "MINE", a.mine[0])
		for i, user := range order {
			got := a.ask(t, user, m.method, path, body, "Content-Type", m.kind, "Idempotency-Key", user+m.path+m.body,
				"If-Match", `"1"`)
			may := m.role == "" || i >= slices.Index(order, m.role)
			if refused := got.status == 403; may == refused || got.status == 405 {
				t.Errorf("%s: %s %s %s: status %d: %s", user, m.method, m.path, m.body, got.status, got.body)
			}
		}
		if m.role != "" {
			a.want(t, 401, "", m.method, path, body, "Content-Type", m.kind, "Idempotency-Key", "x", "If-Match", `"1"`)
		}
	}
	for _, path := range slices.Concat(reading, keeping) {
		path = strings.ReplaceAll(path, "MINE", a.mine[0])
		if path != "/metrics" { // which this computer may read
			a.want(t, 401, "", "GET", path, "")
			got := a.want(t, 303, "", "GET", path, "", "Accept", "text/html")
			if to := got.header.Get("Location"); !strings.HasPrefix(to, a.url+"/login?next=") {
				t.Errorf("%s: to %s", path, to)
			}
		}
		for _, user := range order {
			refused := slices.Contains(keeping, path) && user != "keeper"
			if got := a.ask(t, user, "GET", path, ""); (got.status == 403) != refused || got.status == 401 {
				t.Errorf("%s: %s: status %d", user, path, got.status)
			}
		}
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"} {
		a.want(t, 405, "keeper", method, "/cases/"+a.mine[0], "")
	}
}

// counties: a reviewer of one county says nothing of cases of another, however he wraps it.
func (a *attacked) counties(t *testing.T) {
	before := a.events(t)
	other, own := a.others[4], a.mine[2]
	if got := a.say(t, "reviewer", other, "c1", judged); got.status != 403 {
		t.Errorf("alone: %d %s", got.status, got.body)
	}
	several := `{"events": [{"kind": "set", "fields": {"note": "a"}}, ` + judged + `]}`
	if got := a.say(t, "reviewer", other, "c2", several); got.status != 403 {
		t.Errorf("several: %d %s", got.status, got.body)
	}
	for _, into := range []string{"990102", "", "9901"} {
		moved := `{"kind": "set", "fields": {"county": "` + into + `"}}`
		if got := a.say(t, "reviewer", own, "c3"+into, moved); got.status != 403 {
			t.Errorf("moved into %q: %d %s", into, got.status, got.body)
		}
	}
	settled := `{"kind": "settled", "fields": {"field": "county", "value": "990102"}}`
	if got := a.say(t, "acceptor", own, "c4", settled); got.status != 403 {
		t.Errorf("settled: %d %s", got.status, got.body)
	}
	merged := `{"kind": "merged", "fields": {"into": "` + other + `"}}`
	if got := a.say(t, "acceptor", own, "c5", merged); got.status != 403 && got.status != 422 {
		t.Errorf("merged: %d %s", got.status, got.body)
	}
	many := fmt.Sprintf(`{"kind": "judged", "fields": {"verdict": "refuted", "reason": "natural"}, "all_or_nothing": true, `+
		`"cases": [%q, %q]}`, own, other)
	head := []string{"Content-Type", "application/json", "Idempotency-Key"}
	if got := a.ask(t, "reviewer", "POST", "/cases/events", many, append(head, "c6")...); got.status != 422 ||
		!strings.Contains(got.body, `"status":403`) {
		t.Errorf("many: %d %s", got.status, got.body)
	}
	if n := a.events(t); n != before {
		t.Errorf("%d events more", n-before)
	}
	some := strings.Replace(many, "true", "false", 1)
	got := a.want(t, 201, "reviewer", "POST", "/cases/events", some, append(head, "c7")...)
	if !strings.Contains(got.body, `"refused":1`) || !strings.Contains(got.body, `"taken":1`) {
		t.Errorf("some: %s", got.body)
	}
	if text := a.want(t, 200, "keeper", "GET", "/cases/"+other, "").body; strings.Contains(text, "用户reviewer") {
		t.Errorf("it stands in the other county: %s", text)
	}
}

// replays: a key that is sent again makes nothing new, and is of its user and its body.
func (a *attacked) replays(t *testing.T) {
	id, at := a.mine[3], a.seq(t, a.mine[3])
	send := func(user, id, seq, body string) reply {
		return a.ask(t, user, "POST", "/cases/"+id+"/events", body, "Content-Type", "application/json",
			"Idempotency-Key", "one", "If-Match", seq)
	}
	note := `{"kind": "set", "fields": {"note": "一"}}`
	first := send("reviewer", id, at, note)
	before := a.events(t)
	again := send("reviewer", id, at, note)
	if first.status != 201 || again.status != 200 || first.body != again.body || a.events(t) != before {
		t.Errorf("again: %d, %d %s", first.status, again.status, again.body)
	}
	if got := send("reviewer", id, at, strings.Replace(note, "一", "二", 1)); got.status != 422 ||
		a.events(t) != before {
		t.Errorf("another body: %d %s", got.status, got.body)
	}
	if got := send("reviewer2", id, at, note); got.status != 403 || a.events(t) != before {
		t.Errorf("another county's user: %d %s", got.status, got.body)
	}
	if got := send("keeper", id, a.seq(t, id), strings.Replace(note, "一", "三", 1)); got.status != 201 {
		t.Errorf("another user's own request: %d %s", got.status, got.body)
	}
	before = a.events(t)
	if got := send("reviewer", a.others[3], a.seq(t, a.others[3]), note); got.status != 403 || a.events(t) != before {
		t.Errorf("another case: %d %s", got.status, got.body)
	}
	for _, key := range []string{"", " ", strings.Repeat("k", 256)} {
		a.want(t, 400, "reviewer", "POST", "/cases/"+id+"/events", note, "Content-Type", "application/json",
			"Idempotency-Key", key, "If-Match", at)
	}
	a.want(t, 400, "reviewer", "POST", "/cases/"+id+"/events", note, "Content-Type", "application/json",
		"Idempotency-Key", "a", "Idempotency-Key", "b", "If-Match", at)
}

// zeros is a zip of a file of zeros, a thousand times as large as itself.
func zeros(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	writeZip(t, &b, size)
	return b.Bytes()
}
