package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline/service/gate"
)

// TestServeAttacks attacks the whole server as it runs.
func TestServeAttacks(t *testing.T) {
	a := attackedServer(t)
	for _, one := range []struct {
		name   string
		attack func(t *testing.T)
	}{
		{"role by role", a.roles}, {"another county", a.counties}, {"replayed keys", a.replays},
		{"cross-site requests", a.crossSite}, {"sessions", a.sessions}, {"open redirect", a.redirects},
		{"stored scripts", a.scripts}, {"spoofed proxy", a.proxy}, {"strange hosts", a.hosts},
		{"large bodies", a.large}, {"bombs", a.bombs}, {"JSON", a.json}, {"smuggling", a.smuggling},
		{"methods and upgrades", a.methods}, {"shared caches", a.caches}, {"evidence in a browser", a.evidence},
	} {
		t.Run(one.name, one.attack)
	}
	a.logged(t)
}

// TestServeInjections puts what is made to do harm into each part of each address.
func TestServeInjections(t *testing.T) {
	a := attackedServer(t)
	for name, attack := range map[string]func(t *testing.T){
		"injection": a.injections, "traversal": a.traversal, "boxes and times": a.boxes, "tiles": a.tiles,
	} {
		t.Run(name, attack)
	}
	a.logged(t)
}

// crossSite: what a browser sends for another site's page changes nothing, whatever form it has, and GET never does.
func (a *attacked) crossSite(t *testing.T) {
	cookie := a.login(t, "keeper")
	session := cookie.Name + "=" + cookie.Value
	before := a.events(t)
	for _, m := range mutating {
		path, body := strings.ReplaceAll(m.path, "MINE", a.mine[0]), strings.ReplaceAll(m.body, "MINE", a.mine[0])
		for _, from := range [][]string{
			{"Origin", "http://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"},
			{"Sec-Fetch-Site", "same-site"}, {"Origin", a.url + ".evil.example"},
			{"Origin", "http://127.0.0.1:1"}, {"Sec-Fetch-Site", "cross-site", "Origin", a.url},
		} {
			head := append([]string{"Cookie", session, "Content-Type", m.kind, "Idempotency-Key", "x", "If-Match",
				a.seq(t, a.mine[0])}, from...)
			a.want(t, 403, "", m.method, path, body, head...)
		}
	}
	for _, kind := range []string{"application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x",
		""} {
		a.want(t, 415, "", "POST", "/cases/"+a.mine[0]+"/events", judged, "Cookie", session, "Content-Type", kind,
			"Idempotency-Key", "x", "If-Match", a.seq(t, a.mine[0]), "Origin", a.url)
		a.want(t, 415, "", "POST", "/runs", `{"job": "none.yaml"}`, "Cookie", session, "Content-Type", kind, "Origin",
			a.url)
	}
	for _, path := range append(reading, "/logout", "/login?token="+a.tokens["keeper"], "/cases/events", "/runs",
		"/processes/run/execution", "/evidence") {
		got := a.ask(t, "", "GET", strings.ReplaceAll(path, "MINE", a.mine[0]), "", "Cookie", session,
			"Sec-Fetch-Site", "cross-site", "Origin", "http://evil.example")
		if got.header.Get("Set-Cookie") != "" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	a.want(t, 200, "", "GET", "/me", "", "Cookie", session)
	if n := a.events(t); n != before {
		t.Errorf("%d events more", n-before)
	}
	a.want(t, 201, "", "POST", "/evidence", "own page", "Cookie", session, "Sec-Fetch-Site", "same-origin")
}

// sessions: a login makes a new session, which no page chooses and no script reads, and logout ends it.
func (a *attacked) sessions(t *testing.T) {
	const chosen = "greenshield_session=chosen"
	cookie := a.login(t, "reviewer", "Cookie", chosen)
	if cookie.Value == "chosen" || len(cookie.Value) != 43 || !cookie.HttpOnly ||
		cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("the cookie is %+v", cookie)
	}
	a.want(t, 401, "", "GET", "/me", "", "Cookie", chosen)
	session := "greenshield_session=" + cookie.Value
	a.want(t, 200, "", "GET", "/me", "", "Cookie", session)
	second := a.login(t, "keeper", "Cookie", session)
	a.want(t, 401, "", "GET", "/me", "", "Cookie", session)
	for _, from := range [][]string{{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}} {
		got := a.want(t, 403, "", "POST", "/login", url.Values{"token": {a.tokens["reviewer"]}}.Encode(),
			append(from, "Content-Type", "application/x-www-form-urlencoded")...)
		if got.header.Get("Set-Cookie") != "" {
			t.Error("another site's page logs in")
		}
	}
	session = "greenshield_session=" + second.Value
	a.want(t, 401, "", "GET", "/me", "", "Authorization", "Bearer "+second.Value)
	a.want(t, 303, "", "POST", "/logout", "", "Cookie", session, "Sec-Fetch-Site", "same-origin")
	a.want(t, 401, "", "GET", "/me", "", "Cookie", session)
}

// caches: no server in front may keep what a user is told, whether he is let in or not, but the program's own files.
func (a *attacked) caches(t *testing.T) {
	cookie := a.login(t, "keeper")
	session := cookie.Name + "=" + cookie.Value
	for _, path := range append(append([]string{"/", "/dashboard", "/review", "/login", "/healthz"}, reading...), keeping...) {
		for _, head := range [][]string{{"Cookie", session}, {"Cookie", session, "Accept", "text/html"}, nil} {
			got := a.ask(t, "", "GET", strings.ReplaceAll(path, "MINE", a.mine[0]), "", head...)
			if kept := got.header.Get("Cache-Control"); kept != "private, no-cache" && kept != "no-store" {
				t.Errorf("%s: status %d, Cache-Control %q", path, got.status, kept)
			}
		}
	}
}

// evidence: a file that is a page, or says so, is given to be saved, whole or in part, and never to be looked at.
func (a *attacked) evidence(t *testing.T) {
	const page = "<!DOCTYPE html><script>alert(1)</script>"
	sum := sha256.Sum256([]byte(page))
	name := "/evidence/" + hex.EncodeToString(sum[:])
	a.want(t, 201, "keeper", "POST", "/evidence?name=a.html", page, "Content-Type", "text/html")
	for _, c := range []struct {
		status int
		method string
		head   []string
	}{
		{200, "GET", nil}, {200, "HEAD", nil}, {206, "GET", []string{"Range", "bytes=0-14"}},
		{206, "GET", []string{"Range", "bytes=0-1,5-9"}}, {416, "GET", []string{"Range", "bytes=9999-"}},
		{304, "GET", []string{"If-None-Match", `"` + hex.EncodeToString(sum[:]) + `"`}},
		{200, "GET", []string{"Range", "bytes=0-" + strings.Repeat(",0-", 5000)}},
		{200, "GET", []string{"Accept", "text/html"}},
	} {
		got := a.want(t, c.status, "keeper", c.method, name, "", c.head...)
		h := got.header
		kind := h.Get("Content-Type")
		if h.Get("Content-Disposition") != "attachment" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || strings.Contains(kind, "html") ||
			c.status == 200 && kind != "application/octet-stream" {
			t.Errorf("%v: %v", c, h)
		}
	}
	for _, user := range []string{"reviewer", "acceptor", "reader", ""} { // until an event names it
		if got := a.ask(t, user, "GET", name, ""); got.status != 404 && got.status != 401 {
			t.Errorf("%s: status %d", user, got.status)
		}
	}
}

// redirects: after a login one is at this server.
func (a *attacked) redirects(t *testing.T) {
	for _, next := range []string{"//evil.example", "/\\evil.example", "https://evil.example/", "\\\\evil.example",
		"%2f%2fevil.example", "javascript:alert(1)", "@evil.example", ".evil.example", "\t//evil.example", "/evil.example",
		"..//evil.example", "?x=http://evil.example", "\r\nLocation: http://evil.example", ":80@evil.example", "http:evil.example",
	} {
		got := a.want(t, 303, "", "POST", "/login", url.Values{"token": {a.tokens["keeper2"]}, "next": {next}}.Encode(),
			"Content-Type", "application/x-www-form-urlencoded")
		to, err := url.Parse(got.header.Get("Location"))
		if err != nil || "http://"+to.Host != a.url || to.User != nil || len(got.header["Location"]) != 1 ||
			!strings.HasPrefix(got.header.Get("Location"), a.url+"/") {
			t.Errorf("%q leads to %q", next, got.header["Location"])
		}
		page := a.want(t, 200, "", "GET", "/login?next="+url.QueryEscape(next+`"`+script), "")
		if strings.Contains(page.body, `evil.example"`) {
			t.Errorf("%q leaves its place in the page", next)
		}
	}
	for _, path := range []string{"//evil.example", "//evil.example/..", "/.//evil.example", "///evil.example/%2e%2e"} {
		got := a.raw(t,
			"GET "+path+" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+a.tokens["keeper2"]+"\r\n\r\n")
		if to := got.header.Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://evil") ||
			got.status == 200 ||
			got.status/100 == 3 && to == "" {
			t.Errorf("%s: %d to %q", path, got.status, to)
		}
	}
}

// scripts: what people and maps call things is text in all pages, and JSON is JSON.
func (a *attacked) scripts(t *testing.T) {
	id := a.mine[0]
	text, err := json.Marshal(script + imageTag + `"'&\u2028` + "`{{7*7}}")
	a.check(err)
	if got := a.say(t, "reviewer", id, "xss",
		`{"kind": "set", "fields": {"note": `+string(text)+`}}`); got.status != 201 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	up := a.want(t, 201, "acceptor", "POST", "/evidence?name="+url.QueryEscape(imageTag+".html"), script)
	var file struct{ SHA256, Name string }
	a.check(json.Unmarshal([]byte(up.body), &file))
	got := a.want(t, 200, "acceptor", "GET", "/evidence/"+file.SHA256, "")
	if got.body != script || got.header.Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") ||
		!strings.HasPrefix(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("evidence: %v %s", got.header, got.body)
	}
	var list struct{ Collections []struct{ ID string } }
	a.check(json.Unmarshal([]byte(a.want(t, 200, "keeper", "GET", "/collections", "").body), &list))
	paths := []string{"/", "/api", "/collections", "/review", "/login", "/cases/" + id, "/cases/" + id + "/events",
		"/collections/cases/items/" + id, "/standing", "/tiles/cases", "/tiles/cases/0/0/0.mvt"}
	hostile := false
	for _, c := range list.Collections {
		hostile = hostile || strings.HasPrefix(c.ID, "r-")
		paths = append(paths, "/collections/"+c.ID, "/collections/"+c.ID+"/items", "/collections/"+c.ID+"/queryables",
			"/tiles/"+c.ID)
	}
	if !hostile {
		t.Errorf("the run with the hostile name is not there: %v", list.Collections)
	}
	shown := false
	for _, path := range paths {
		for _, as := range []string{"text/html", "application/json"} {
			got := a.ask(t, "keeper", "GET", path, "", "Accept", as)
			kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
			if strings.HasSuffix(kind, "json") && !json.Valid([]byte(got.body)) {
				t.Errorf("%s: no JSON: %.200s", path, got.body)
			}
			html := strings.HasPrefix(got.body, "<")
			if got.status != 200 && got.status != 406 || html != (kind == "text/html") {
				t.Errorf("%s: %d %s: %.100s", path, got.status, kind, got.body)
			}
			shown = shown || kind == "text/html" && strings.Contains(got.body, "&lt;img src=x onerror=")
		}
	}
	if !shown {
		t.Error("the hostile texts are on no page")
	}
}

// proxy: a header that a proxy would set is believed from nobody else.
func (a *attacked) proxy(t *testing.T) {
	for _, header := range [][]string{{"X-Remote-User", "keeper"}, {"X-Remote-User", "keeper", "X-Forwarded-For",
		"192.0.2.1"},
		{"X-Remote-User", "keeper", "X-Real-Ip", "192.0.2.1", "Forwarded", "for=192.0.2.1"}, {"x_remote_user",
			"keeper"}} {
		a.want(t, 401, "", "GET", "/me", "", header...)
		got := a.want(t, 200, "reader", "GET", "/me", "", header...)
		if !strings.Contains(got.body, `"login":"reader"`) {
			t.Errorf("%v: %s", header, got.body)
		}
		a.want(t, 403, "reader", "POST", "/runs", `{"job": "none.yaml"}`, append(header, "Content-Type",
			"application/json")...)
	}
}

// hosts: a page whose name was made to point at this computer is not answered.
func (a *attacked) hosts(t *testing.T) {
	line := "\r\nAuthorization: Bearer " + a.tokens["keeper"] + "\r\n\r\n"
	for _, host := range []string{"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8080",
		"localhost@evil.example",
		"evil.example:80@localhost", "0.0.0.0", "localhost:x", "[::1", "localhost/evil", "localhost, evil.example"} {
		if got := a.raw(t, "GET /me HTTP/1.1\r\nHost: "+host+line); got.status != 421 && got.status != 400 {
			t.Errorf("%s: %d %s", host, got.status, got.body)
		}
	}
	for _, text := range []string{"GET http://evil.example/me HTTP/1.1\r\nHost: localhost" + line, "GET /me HTTP/1.0" +
		line,
		"GET /me HTTP/1.1\r\nHost: localhost\r\nHost: evil.example" + line, "GET /me HTTP/1.1" + line} {
		if got := a.raw(t, text); got.status != 421 && got.status != 400 {
			t.Errorf("%q: %d %s", text, got.status, got.body)
		}
	}
	for _, host := range []string{"localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080"} {
		if got := a.raw(t, "GET /me HTTP/1.1\r\nHost: "+host+line); got.status != 200 {
			t.Errorf("%s: %d %s", host, got.status, got.body)
		}
	}
	got := a.raw(t,
		"GET /collections HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example"+line)
	if strings.Contains(got.body+fmt.Sprint(got.header), "evil.example") || got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// large: bodies beyond the limits are refused, by what their header says before any of it is sent.
func (a *attacked) large(t *testing.T) {
	head := "Host: localhost\r\nAuthorization: Bearer " + a.tokens["keeper"] +
		"\r\nContent-Type: application/json\r\n" +
		"Idempotency-Key: large\r\nIf-Match: \"1\"\r\n"
	for _, path := range []string{"/cases/" + a.mine[0] + "/events", "/cases/events", "/runs",
		"/processes/run/execution", "/login"} {
		if got := a.raw(t, "POST "+path+" HTTP/1.1\r\n"+head+"Content-Length: 9999999999\r\n\r\n"); got.status != 413 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
		kind := "application/json"
		if path == "/login" {
			kind = "application/x-www-form-urlencoded"
		}
		r, err := http.NewRequestWithContext(t.Context(), "POST", a.url+path,
			io.MultiReader(strings.NewReader(`{"job": "`),
				strings.NewReader(strings.Repeat("x", 2<<20)))) // of a length that is not said
		a.check(err)
		for name, value := range map[string]string{"Authorization": "Bearer " + a.tokens["keeper"],
			"Content-Type":    kind,
			"Idempotency-Key": "large", "If-Match": `"1"`} {
			r.Header.Set(name, value)
		}
		if got := a.do(t, r); got.status != 413 {
			t.Errorf("%s in chunks: %d %s", path, got.status, got.body)
		}
	}
	if got := a.raw(t, "POST /evidence HTTP/1.1\r\n"+head+"Content-Length: 99999999\r\n\r\n"); got.status != 413 {
		t.Errorf("evidence: %d %s", got.status, got.body)
	}
	if got := a.raw(t, "POST /login HTTP/1.1\r\n"+head+"Content-Length: -1\r\n\r\n"); got.status != 400 {
		t.Errorf("negative: %d %s", got.status, got.body)
	}
	if got := a.raw(t, "GET /me HTTP/1.1\r\n"+head+"X: "+strings.Repeat("x", 80<<10)+"\r\n\r\n"); got.status != 431 {
		t.Errorf("header: %d", got.status)
	}
	cookies := strings.Repeat("greenshield_session=x; ", 2000)
	a.want(t, 401, "", "GET", "/me", "", "Cookie", cookies)
	a.want(t, 303, "", "POST", "/logout", "", "Cookie", cookies)
}

func writeZip(t *testing.T, to io.Writer, size int) {
	t.Helper()
	z := zip.NewWriter(to)
	w, err := z.Create("../../zeros")
	if err == nil {
		_, err = w.Write(make([]byte, size))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// bombs: nothing that was sent is unpacked.
func (a *attacked) bombs(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write(make([]byte, 64<<20))
	a.check(err)
	a.check(z.Close())
	for _, m := range mutating {
		for _, coding := range []string{"gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP", "x"} {
			a.want(t, 415, "keeper", m.method, strings.ReplaceAll(m.path, "MINE", a.mine[0]), packed.String(),
				"Content-Type", m.kind, "Content-Encoding", coding, "Idempotency-Key", "x", "If-Match", `"1"`)
		}
	}
	bomb := zeros(t, 64<<20)
	sum := sha256.Sum256(bomb)
	up := a.want(t, 201, "keeper", "POST", "/evidence?name=..%2F..%2Fbomb.zip", string(bomb), "Content-Type",
		"application/zip")
	if !strings.Contains(up.body, hex.EncodeToString(sum[:])) || !strings.Contains(up.body, fmt.Sprintf(`"bytes":%d`,
		len(bomb))) {
		t.Errorf("%s", up.body)
	}
	if got := a.want(t, 200, "keeper", "GET", "/evidence/"+hex.EncodeToString(sum[:]), ""); got.body != string(bomb) {
		t.Error("it comes back as another")
	}
	kept := int64(0)
	a.check(filepath.WalkDir(filepath.Join(a.dir, "runs", ".greenshield-serve", "evidence"), func(p string,
		d fs.DirEntry, err error) error {
		if info, e := os.Lstat(p); e == nil && info.Mode().IsRegular() {
			kept += info.Size()
		}
		return err
	}))
	if kept > 2*int64(len(bomb)) {
		t.Errorf("%d bytes are kept of %d", kept, len(bomb))
	}
}

// json: what is no plain JSON of the members that there are is refused, and nothing is taken.
func (a *attacked) json(t *testing.T) {
	before := a.events(t)
	deep := strings.Repeat("[", 1<<19) + strings.Repeat("]", 1<<19)
	for _, body := range []string{
		deep, strings.Repeat(`{"fields":`, 50_000), `{"kind": "set", "fields": ` + deep[1<<19-500:1<<19+500] + "}",
		`{"kind": "judged", "kind": "set", "fields": {"note": "x"}}`, `{"kind": "set", "KIND": "judged", "fields": {"note": "x"}}`,
		`{"kind": "set", "fields": {"note": "x"}, "Fields": {"verdict": "refuted"}}`, `{"kind": "set", "fields": {"note": "x", "note": "y"}}`,
		`{"kind": "set", "fields": {"note": "x"}, "actor": "省长"}`, `{"kind": "set", "fields": {"note": 1}}`,
		`{"kind": "set", "fields": {"note": "x"}} {}`, `[]`, `null`, `"x"`, ``, `{`, "\xff", `{"kind": "set", "fields": {"note": "\ud800"}}`,
		`{"kind": "set", "fields": {"note": "a\u0000b"}}`, `{"kind": "detected", "fields": {}}`, `{"kind": "set", "fields": {"request": "x"}}`,
		`{"kind": "set", "fields": {"state": "closed"}}`, `{"__proto__": {"kind": "set"}}`,
		`{"kind": "set", "fields": {"note": "x"}, "doc": {"name": "../../x", "sha256": "../../../etc/passwd"}}`,
	} {
		got := a.say(t, "keeper", a.mine[0], "json", body)
		if got.status != 400 {
			t.Errorf("%.80q: %d %.200s", body, got.status, got.body)
		}
	}
	for _, body := range []string{deep[1<<19-500 : 1<<19+500], `{"job": "a.yaml", "job": "b.yaml"}`,
		`{"job": "a.yaml", "JOB": "b.yaml"}`, `{"job": "a.yaml"} 1`,
		`{"job": ["a.yaml"]}`, `{"job": "a.yaml", "out": "/etc"}`} {
		a.want(t, 400, "keeper", "POST", "/runs", body, "Content-Type", "application/json")
	}
	for _, tag := range []string{`"0"`, `"-1"`, "1", `W/"1"`, "*", `"1", "2"`, `"01"`, `"9223372036854775808"`,
		`"1e3"`, ""} {
		a.want(t, 400, "keeper", "POST", "/cases/"+a.mine[0]+"/events", judged, "Content-Type", "application/json",
			"Idempotency-Key", "json", "If-Match", tag)
	}
	if n := a.events(t); n != before {
		t.Errorf("%d events more", n-before)
	}
}

// smuggling: a request that two servers could take apart differently is refused.
func (a *attacked) smuggling(t *testing.T) {
	head := " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + a.tokens["keeper"] + "\r\n"
	for _, text := range []string{
		"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", "Transfer-Encoding: xchunked\r\n\r\n",
		"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Content-Length : 4\r\n\r\nabcd", "X\x00Y: 1\r\n\r\n", "Content-Length: 4,4\r\n\r\nabcd", "Content-Length: +4\r\n\r\nabcd",
		"X: a\r\n\x00b\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
	} {
		got := a.raw(t, "POST /logout"+head+text)
		if got.status < 400 && !strings.Contains(text, "fffff") { // the body of logout is not read
			t.Errorf("%q: %d", text, got.status)
		}
	}
	// Of both lengths the chunks count; the connection ends, so that nothing behind them is a request.
	got := a.raw(t,
		"POST /cases/events"+head+"Content-Type: application/json\r\nIdempotency-Key: x\r\nContent-Length: 6\r\n"+
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGPOST")
	if got.status != 400 {
		t.Errorf("both: %d %s", got.status, got.body)
	}
}

// methods: another method in a header is none, and nothing becomes another protocol.
func (a *attacked) methods(t *testing.T) {
	for _, header := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		a.want(t, 404, "keeper", "GET", "/jobs/none", "", header, "DELETE")
		a.want(t, 405, "keeper", "POST", "/jobs/none", "", header, "DELETE")
		a.want(t, 403, "reader", "POST", "/jobs/none?_method=GET", "", header, "GET")
	}
	got := a.raw(t, "GET /collections HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+a.tokens["keeper"]+
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if got.status != 200 || got.header.Get("Upgrade") != "" {
		t.Errorf("websocket: %d %v", got.status, got.header)
	}
	got = a.raw(t, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if got.status < 400 {
		t.Errorf("HTTP/2 without TLS: %d", got.status)
	}
	for _, line := range []string{"OPTIONS * HTTP/1.1", "CONNECT evil.example:443 HTTP/1.1", "TRACE / HTTP/1.1",
		"GET * HTTP/1.1"} {
		got := a.raw(t,
			line+"\r\nHost: localhost\r\nAuthorization: Bearer "+a.tokens["keeper"]+"\r\nX-Secret: 1\r\n\r\n")
		if got.status == 200 && len(got.body) > 0 || strings.Contains(got.body, "X-Secret") {
			t.Errorf("%s: %d %s", line, got.status, got.body)
		}
	}
}

// logged: each line of the log is JSON, and holds neither tokens nor what was asked for.
func (a *attacked) logged(t *testing.T) {
	t.Helper()
	end := a.stop()
	end.want(t, 0)
	for line := range strings.Lines(end.stderr) {
		var said map[string]any
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			t.Errorf("no JSON: %q", line)
		}
		if said["level"] == "ERROR" {
			t.Errorf("%s", line)
		}
	}
	for _, secret := range append([]string{"evil.example", "onerror", "alert(", "INJECTED"}, a.tokens["keeper"],
		a.tokens["reviewer"]) {
		if strings.Contains(end.stderr, secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if strings.Count(end.stderr, `"msg":"request"`) < 100 {
		t.Errorf("few requests: %d", strings.Count(end.stderr, `"msg":"request"`))
	}
}

// TestServeTokenGuessing: wrong tokens are answered alike, and only so many.
func TestServeTokenGuessing(t *testing.T) {
	dir, token := serveScene(t)
	s := serveIn(t, dir, "--runs", "runs", "--users", "users.yaml")
	ask := func(token string) (int, string) {
		r := getRequest(t, s.url+"/me")
		r.Header.Set("Authorization", "Bearer "+token)
		return asked(t, http.DefaultClient, r)
	}
	if status, _ := ask(token); status != 200 {
		t.Fatalf("status %d", status)
	}
	_, want := ask(gate.NewToken())
	for _, wrong := range []string{token[:42], token + "A", strings.ToUpper(token), "", gate.TokenSum(token),
		"li.ming", "\xff",
		strings.Repeat("A", 5000), token + " " + token} {
		if status, body := ask(wrong); status != 401 || body != want {
			t.Errorf("%.60q: %d %s", wrong, status, body)
		}
	}
	for _, next := range []string{gate.NewToken(), token} { // whose it is is not told any more
		if status, body := ask(next); status != 429 {
			t.Errorf("%d %s", status, body)
		}
	}
}

// TestServeAloneAttacked: where there are no users everybody is a keeper, but no other site's page is.
func TestServeAloneAttacked(t *testing.T) {
	dir, _ := serveScene(t)
	s := serveIn(t, dir, "--ledger", "ledger.gpkg", "--as", "李明", "--level", "county")
	post := func(header, value string) int {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/evidence", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Header.Set(header, value); header == "Host" {
			r.Host = value
		}
		status, _ := asked(t, http.DefaultClient, r)
		return status
	}
	for _, c := range []struct {
		header, value string
		status        int
	}{
		{"Origin", "http://evil.example", 403}, {"Origin", "null", 403}, {"Sec-Fetch-Site", "cross-site", 403},
		{"Host", "evil.example", 421}, {"Sec-Fetch-Site", "same-origin", 201}, {"Origin", s.url, 201},
	} {
		if got := post(c.header, c.value); got != c.status {
			t.Errorf("%s: %s: %d, want %d", c.header, c.value, got, c.status)
		}
	}
}
