//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answered is the answer to one request.
type answered struct {
	*http.Response
	body string
}

// ask sends a request as li.ming, unless a header Authorization says otherwise; "" for none at all. Headers are pairs.
func (o *fronted) ask(t *testing.T, method, url, body string, headers ...string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("li.ming", "secret")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Authorization" {
			r.Header.Del("Authorization")
		}
		if headers[i+1] != "" {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
	resp, err := o.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{resp, string(text)}
}

// want fails unless the answer has a status and texts in its body.
func (s answered) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if s.StatusCode != status {
		t.Errorf("%s %s: %d, want %d: %.300s", s.Request.Method, s.Request.URL, s.StatusCode, status, s.body)
	}
	for _, text := range texts {
		if !strings.Contains(s.body, text) {
			t.Errorf("%s %s: no %s in %s", s.Request.Method, s.Request.URL, text, s.body)
		}
	}
}

// officeWithLedger returns nginx in front of the program, which serves a ledger and a run; and the token of monitor.
func officeWithLedger(t *testing.T) (o *fronted, token string) {
	t.Helper()
	needsTool(t, "nginx")
	dir := newLedger(t)
	if err := os.MkdirAll(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "out"), filepath.Join(dir, "runs", "first")); err != nil {
		t.Fatal(err)
	}
	token = exampleUsers(t, filepath.Join(dir, "users.yaml"))
	s := serveIn(t, dir, "--ledger", "ledger.gpkg", "--runs", "runs", "--jobs", ".",
		"--users", "users.yaml", "--public-url", officeURL)
	return newFronted(t, strings.TrimPrefix(s.url, "http://")), token
}

// TestDelegationNginx: the example of nginx lets people in by the user that nginx knows and by no other, and all of the
// service works below its path.
func TestDelegationNginx(t *testing.T) {
	o, token := officeWithLedger(t)
	t.Run("who", func(t *testing.T) { o.lets(t, token) })
	t.Run("redirects", func(t *testing.T) {
		for from, to := range map[string]string{
			"http://office.example/greenshield/review?state=found": officeURL + "/review?state=found",
			officeURL: officeURL + "/",
		} {
			s := o.ask(t, "GET", from, "")
			if s.want(t, 308); s.Header.Get("Location") != to {
				t.Errorf("%s leads to %s", from, s.Header.Get("Location"))
			}
		}
		o.ask(t, "GET", "https://office.example/collections", "").want(t, 404)
	})
	t.Run("links", func(t *testing.T) { o.linksHold(t) })
	t.Run("pages", func(t *testing.T) { o.pagesHold(t) })
	t.Run("event", func(t *testing.T) { o.takesEvent(t) })
	t.Run("sizes", func(t *testing.T) { o.bounds(t) })
	t.Run("job", func(t *testing.T) { o.runsJob(t) })
	t.Run("session", func(t *testing.T) {
		form := url.Values{"token": {token}, "next": {"review"}}.Encode()
		s := o.ask(t, "POST", officeURL+"/login", form, "Content-Type", "application/x-www-form-urlencoded")
		if s.want(t, 303); s.Header.Get("Location") != officeURL+"/review" {
			t.Errorf("after the login: %s", s.Header.Get("Location"))
		}
		c := s.Cookies()
		if len(c) != 1 || c[0].Path != "/greenshield/" || !c[0].Secure || !c[0].HttpOnly {
			t.Errorf("cookie: %v", s.Header["Set-Cookie"])
		}
	})
	t.Run("packed", func(t *testing.T) {
		s := o.ask(t, "GET", officeURL+"/collections/cases/items?limit=1000", "", "Accept-Encoding", "gzip")
		if s.want(t, 200); s.Header.Get("Content-Encoding") != "gzip" || !strings.HasPrefix(s.Header.Get("ETag"), `W/"`) {
			t.Errorf("headers %v", s.Header)
		}
		o.ask(t, "GET", officeURL+"/collections/cases/items?limit=1000", "", "Accept-Encoding", "gzip",
			"If-None-Match", s.Header.Get("ETag")).want(t, 304)
	})
}

// lets holds who is let in as whom.
func (o *fronted) lets(t *testing.T, token string) {
	const unchecked = "Basic d2FuZy5qaWFuZ3VvOndyb25n" // wang.jianguo, with a wrong password
	for name, c := range map[string]struct {
		headers []string
		status  int
		body    string
	}{
		"by nginx":       {nil, 200, `"login":"li.ming","name":"李明","role":"reviewer"`},
		"header":         {[]string{"X-Remote-User", "wang.jianguo"}, 200, `"login":"li.ming"`},
		"header, nobody": {[]string{"Authorization", "", "X-Remote-User", "wang.jianguo"}, 401, "nginx"},
		"header, token": {[]string{"Authorization", "Bearer " + token, "X-Remote-User", "wang.jianguo"}, 200,
			`"login":"monitor"`},
		"two headers":        {[]string{"x-remote-user", "wang.jianguo", "X_Remote_User", "wang.jianguo"}, 200, `"login":"li.ming"`},
		"wrong password":     {[]string{"Authorization", "Basic bGkubWluZzp3cm9uZw=="}, 401, "nginx"},
		"unknown user":       {[]string{"Authorization", "Basic Z3Vlc3Q6c2VjcmV0"}, 403, "the proxy names nobody"},
		"token":              {[]string{"Authorization", "Bearer " + token}, 200, `"login":"monitor"`},
		"wrong token":        {[]string{"Authorization", "Bearer wrong"}, 401, "the token is nobody's"},
		"token, then a name": {[]string{"Authorization", "Bearer wrong", "Authorization", unchecked}, 401, ""},
		"a name, then token": {[]string{"Authorization", unchecked, "Authorization", "Bearer wrong"}, 401, ""},
	} {
		t.Run(name, func(t *testing.T) { o.ask(t, "GET", officeURL+"/me", "", c.headers...).want(t, c.status, c.body) })
	}
	t.Run("metrics", func(t *testing.T) {
		o.ask(t, "GET", officeURL+"/metrics", "").want(t, 403, "metrics are for keepers")
	})
	t.Run("another site", func(t *testing.T) {
		o.ask(t, "POST", officeURL+"/cases/events", "{}", "Sec-Fetch-Site", "cross-site").want(t, 403, "another site")
	})
}

// linksHold follows the links of the interface for programs.
func (o *fronted) linksHold(t *testing.T) {
	var top struct {
		Links       []struct{ Href string }
		Collections []struct {
			ID    string
			Links []struct{ Href string }
		}
	}
	s := o.ask(t, "GET", officeURL+"/collections", "", "Accept", "application/json")
	if s.want(t, 200); json.Unmarshal([]byte(s.body), &top) != nil || len(top.Collections) < 6 {
		t.Fatalf("collections: %s", s.body)
	}
	links := top.Links
	for _, c := range top.Collections {
		links = append(links, c.Links...)
	}
	for _, l := range links {
		if !strings.HasPrefix(l.Href, officeURL+"/") {
			t.Errorf("%s leads out", l.Href)
			continue
		}
		o.ask(t, "GET", l.Href, "").want(t, 200)
	}
	var page struct{ Links []struct{ Rel, Href string } }
	s = o.ask(t, "GET", officeURL+"/collections/cases/items?limit=1", "")
	if err := json.Unmarshal([]byte(s.body), &page); err != nil {
		t.Fatal(err)
	}
	for _, l := range page.Links {
		if l.Rel == "next" {
			o.ask(t, "GET", l.Href, "").want(t, 200, `"numberReturned":1`)
			return
		}
	}
	t.Errorf("no next page: %v", page.Links)
}

var reference = regexp.MustCompile(`(?:href|src|action)="([^"#]+)"`)

// pagesHold follows what pages name: all below the path, static files kept by nginx, the policy of the service unchanged.
func (o *fronted) pagesHold(t *testing.T) {
	static := 0
	for _, path := range []string{"/review", "/login", "/collections?f=html", "/collections/cases/items?f=html"} {
		s := o.ask(t, "GET", officeURL+path, "", "Accept", "text/html")
		s.want(t, 200, "<html")
		if p := s.Header["Content-Security-Policy"]; len(p) != 1 || !strings.HasPrefix(p[0], "default-src 'self';") {
			t.Errorf("%s: policy %q", path, p)
		}
		if s.Header.Get("Strict-Transport-Security") == "" || s.ProtoMajor != 2 {
			t.Errorf("%s: %s %v", path, s.Proto, s.Header)
		}
		for _, m := range reference.FindAllStringSubmatch(s.body, -1) {
			u, err := s.Request.URL.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
			if err != nil || u.Host != "office.example" || !strings.HasPrefix(u.Path, "/greenshield/") {
				t.Errorf("%s: %s leads out, %v", path, m[1], err)
			} else if u.Path != "/greenshield/logout" {
				o.ask(t, "GET", u.String(), "").want(t, 200)
			}
			if strings.HasPrefix(u.Path, "/greenshield/static/") {
				static++
			}
		}
	}
	kept := 0
	_ = filepath.WalkDir(filepath.Join(o.folder, "greenshield"), func(path string, d os.DirEntry, err error) error {
		if text, _ := os.ReadFile(path); strings.Contains(string(text), "KEY: http://greenshield/greenshield/static/") {
			kept++
		}
		return err
	})
	if static == 0 || kept == 0 {
		t.Errorf("%d static files, of which nginx keeps %d", static, kept)
	}
}

// takesEvent judges a case that was read through nginx with the ETag that came with it.
func (o *fronted) takesEvent(t *testing.T) {
	var list struct{ Features []struct{ ID string } }
	s := o.ask(t, "GET", officeURL+"/collections/cases/items?limit=2", "")
	if json.Unmarshal([]byte(s.body), &list) != nil || len(list.Features) != 2 {
		t.Fatalf("cases: %s", s.body)
	}
	at := officeURL + "/cases/" + list.Features[0].ID
	s = o.ask(t, "GET", at, "", "Accept-Encoding", "gzip")
	s.want(t, 200)
	tag := s.Header.Get("ETag")
	judge := func(headers ...string) answered {
		t.Helper()
		return o.ask(t, "POST", at+"/events", `{"kind": "judged", "fields": {"verdict": "confirmed", "note": "现场核实"}}`,
			append(headers, "Content-Type", "application/json", "Idempotency-Key", "one", "Sec-Fetch-Site", "same-origin")...)
	}
	judge().want(t, 428)
	done := judge("If-Match", tag)
	done.want(t, 201, `"verdict":"confirmed"`)
	if now := o.ask(t, "GET", at, ""); now.Header.Get("ETag") != done.Header.Get("ETag") ||
		!strings.Contains(now.body, `"actor":"李明"`) {
		t.Errorf("ETag %s, then %s: %s", done.Header.Get("ETag"), now.Header.Get("ETag"), now.body)
	}
	again := judge("If-Match", tag)
	again.want(t, 200, `"verdict":"confirmed"`)
}

// runsJob starts a job as keeper and reads what happens to it until it has ended.
func (o *fronted) runsJob(t *testing.T) {
	const keeper = "Basic d2FuZy5qaWFuZ3VvOnNlY3JldA==" // wang.jianguo, secret
	const body = `{"inputs": {"job": "job.yaml"}}`
	at := officeURL + "/processes/run/execution"
	o.ask(t, "POST", at, body, "Content-Type", "application/json").want(t, 403, "jobs are for keepers")
	s := o.ask(t, "POST", at, body, "Content-Type", "application/json", "Authorization", keeper)
	job := s.Header.Get("Location")
	if s.want(t, 201); !strings.HasPrefix(job, officeURL+"/jobs/") {
		t.Fatalf("the job is at %q", job)
	}
	s = o.ask(t, "GET", job+"/events", "", "Authorization", keeper, "Accept-Encoding", "gzip")
	s.want(t, 200, "successful")
	if kind := s.Header.Get("Content-Type"); kind != "text/event-stream" || s.Header.Get("Content-Encoding") != "" {
		t.Errorf("events: %v", s.Header)
	}
	o.ask(t, "GET", job, "", "Authorization", keeper).want(t, 200, `"status":"successful"`)
}

// bounds holds which bodies are too large, and for whom.
func (o *fronted) bounds(t *testing.T) {
	event, file := "/cases/events", "/evidence"
	json := []string{"Content-Type", "application/json"}
	o.ask(t, "POST", officeURL+event, strings.Repeat(" ", 1<<20), json...).want(t, 400) // the service has seen it
	o.ask(t, "POST", officeURL+event, strings.Repeat(" ", 1<<20+1), json...).want(t, 413, "nginx")
	picture := strings.Repeat("x", 2<<20)
	s := o.ask(t, "POST", officeURL+file+"?name=a.bin", picture, "Content-Type", "application/octet-stream")
	s.want(t, 201, "sha256")
	if at := s.Header.Get("Location"); !strings.HasPrefix(at, officeURL+"/evidence/") {
		t.Errorf("evidence at %q", at)
	} else if back := o.ask(t, "GET", at, ""); back.StatusCode != 200 || back.body != picture {
		t.Errorf("back came %d, %d bytes", back.StatusCode, len(back.body))
	}
	o.ask(t, "POST", officeURL+file, strings.Repeat("x", 51<<20+1)).want(t, 413, "nginx")
}

// TestDelegationNginxStreams: what a service says of a job is there at once, not when nginx has enough of it; and one
// address cannot ask without end.
func TestDelegationNginxStreams(t *testing.T) {
	read := make(chan struct{}) // closed when the client has read the first event
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("X-Accel-Buffering", "no") // as jobs do
		_, _ = fmt.Fprintf(w, "data: %s|%s|%s|%s\n\n", strings.Join(r.Header["X-Remote-User"], ","),
			strings.Join(r.Header["X-Forwarded-For"], ","), strings.Join(r.Header["Authorization"], ","), r.Host)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-read:
			_, _ = io.WriteString(w, "data: end\n\n")
		case <-r.Context().Done():
		}
	}))
	defer fake.Close()
	o := newFronted(t, strings.TrimPrefix(fake.URL, "http://"), "rate=200r/s", "rate=1r/m", "burst=500", "burst=1")
	r := getRequest(t, officeURL+"/jobs/1/events")
	r.SetBasicAuth("li.ming", "secret")
	r.Header.Set("X-Forwarded-For", "10.9.9.9")
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := o.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	if !lines.Scan() || lines.Text() != "data: li.ming|127.0.0.1||office.example" {
		t.Errorf("first came %q, %v", lines.Text(), lines.Err())
	}
	close(read)
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	if !slices.Contains(rest, "data: end") {
		t.Errorf("then came %q", rest)
	}
	o.ask(t, "GET", officeURL+"/me", "").want(t, 200)
	o.ask(t, "GET", officeURL+"/me", "").want(t, 429)
}
