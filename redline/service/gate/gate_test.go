package gate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"greenshield/redline/service/answer"
)

// lockedBuffer is a log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// office is a gate with a real server behind it, whose clock the test sets.
type office struct {
	*httptest.Server
	gate *Gate
	log  *lockedBuffer

	mu    sync.Mutex
	clock time.Time
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

// openOffice starts a server on 127.0.0.1 with the users of exampleUsers but nobody anonymous, a reader, and a token for
// each: one, two, three.
func openOffice(t *testing.T, change func(*Options)) *office {
	t.Helper()
	users, err := readUsers(t, strings.NewReplacer("role: keeper", "role: keeper\n    token_sha256: SUM2",
		"anonymous: reader\n", "", "127.0.0.1/32", "10.0.0.9/32").Replace(exampleUsers)+
		"  - login: du\n    name: 杜\n    role: reader\n    token_sha256: \""+TokenSum("three")+"\"\n")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{log: &lockedBuffer{}, clock: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	options := Options{Users: users, Log: slog.New(slog.NewJSONHandler(o.log, nil)), Now: o.now,
		Bodies: map[string]int64{"/evidence": 4 << 20}}
	if change != nil {
		change(&options)
	}
	if o.gate, err = New(options); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	o.gate.Routes(mux)
	mux.HandleFunc("GET /cases/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer.JSON(w, r, http.StatusOK, map[string]string{"login": UserOf(r.Context()).Login,
			"base": answer.Base(r.Context()), "header": strings.Join(r.Header["X-Remote-User"], "|"),
			"authorization": r.Header.Get("Authorization")})
	})
	take := func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			answer.Fail(w, r, http.StatusRequestEntityTooLarge, "")
			return
		}
		w.WriteHeader(http.StatusCreated)
	}
	mux.HandleFunc("POST /cases/{id}", take)
	mux.HandleFunc("POST /evidence", take)
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("a secret of the inside") })
	o.Server = httptest.NewServer(o.gate.Wrap(Routed(mux)))
	t.Cleanup(o.Close)
	return o
}

// ask sends a request with headers ("Name: value") and returns the answer with its body.
func (o *office) ask(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, o.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Add(name, value)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer c.CloseIdleConnections()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

const (
	bearerOne   = "Authorization: Bearer one"
	bearerTwo   = "Authorization: Bearer two"
	bearerThree = "Authorization: Bearer three"
)

// TestGate: who gets what from each kind of request.
func TestGate(t *testing.T) {
	o := openOffice(t, nil)
	form := "Content-Type: application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     string // part of body
	}{
		{"nobody", "GET", "/cases/1", "", nil, 401, `"log in first, or send a token"`},
		{"nobody writes", "POST", "/cases/1", "{}", nil, 401, ""},
		{"token", "GET", "/cases/1", "", []string{bearerOne}, 200, `"login":"li.ming"`},
		{"token is not shown on", "GET", "/cases/1", "", []string{bearerOne}, 200, `"authorization":""`},
		{"wrong token", "GET", "/cases/1", "", []string{"Authorization: Bearer onf"}, 401, `"the token is nobody's"`},
		{"no bearer", "GET", "/cases/1", "", []string{"Authorization: Basic b25lOm9uZQ=="}, 401, `"the token is nobody's"`},
		{"two tokens", "GET", "/cases/1", "", []string{bearerOne, bearerTwo}, 401, `"the token is nobody's"`},
		{"reviewer writes", "POST", "/cases/1", "{}", []string{bearerOne}, 201, ""},
		{"reader writes", "POST", "/cases/1", "{}", []string{bearerThree}, 403, "a reader changes nothing"},
		{"me", "GET", "/me", "", []string{bearerOne}, 200,
			`{"counties":["341702","341703"],"level":"county","login":"li.ming","name":"李明","role":"reviewer"}`},
		{"health", "GET", "/healthz", "", nil, 200, `{"status":"ok"}`},
		{"login page", "GET", "/login", "", nil, 200, `<label for="token">访问令牌`},
		{"next is text", "GET", "/login?next=%22%3E%3Cscript%3E", "", nil, 200, `value="&#34;&gt;&lt;script&gt;"`},
		{"style", "GET", "/login.css", "", nil, 200, "body {"},
		{"another name", "GET", "/healthz", "", []string{"Host: evil.example"}, 421, ""},
		{"another name with ours", "GET", "/healthz", "", []string{"Host: localhost@evil.example"}, 421, ""},
		{"localhost", "GET", "/healthz", "", []string{"Host: LocalHost:80"}, 200, ""},
		{"gzip", "POST", "/cases/1", "x", []string{bearerOne, "Content-Encoding: gzip"}, 415, ""},
		{"deflate", "POST", "/cases/1", "x", []string{bearerOne, "Content-Encoding: deflate"}, 415, ""},
		{"large", "POST", "/cases/1", strings.Repeat("x", 1<<20+1), []string{bearerOne}, 413, ""},
		{"just not large", "POST", "/cases/1", strings.Repeat("x", 1<<20), []string{bearerOne}, 201, ""},
		{"evidence", "POST", "/evidence", strings.Repeat("x", 1<<20+1), []string{bearerOne}, 201, ""},
		{"large login", "POST", "/login", "token=" + strings.Repeat("x", 1<<20), []string{form}, 413, ""},
		{"no route", "GET", "/none", "", []string{bearerOne}, 404, `"title":"Not Found"`},
		{"no method", "DELETE", "/cases/1", "", []string{bearerOne}, 405, `"title":"Method Not Allowed"`},
		{"panic", "GET", "/panic", "", []string{bearerOne}, 500, "something went wrong here"},
		{"metrics for a keeper", "GET", "/metrics", "", []string{bearerTwo, "X-Forwarded-For: 1.2.3.4"}, 200,
			"greenshield_http_requests_total"},
		{"metrics for this computer", "GET", "/metrics", "", nil, 200, "greenshield_sessions 0"},
		{"metrics through a proxy", "GET", "/metrics", "", []string{"X-Forwarded-For: 127.0.0.1"}, 401, ""},
		{"metrics for a reviewer", "GET", "/metrics", "", []string{bearerOne, "Forwarded: for=1.2.3.4"}, 403, ""},
	} {
		resp, body := o.ask(t, c.method, c.path, c.body, c.headers...)
		if resp.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
		if problem := resp.Header.Get("Content-Type") == "application/problem+json"; problem != (c.status >= 400) {
			t.Errorf("%s: %s", c.name, resp.Header.Get("Content-Type"))
		}
		if c.status == 405 && resp.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: allows %q", c.name, resp.Header.Get("Allow"))
		}
		for name, part := range map[string]string{"Content-Security-Policy": "frame-ancestors 'none'",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if !strings.Contains(resp.Header.Get(name), part) {
				t.Errorf("%s: %s is %q", c.name, name, resp.Header.Get(name))
			}
		}
		if strings.Contains(body, "secret of the inside") {
			t.Errorf("%s: the answer shows the panic", c.name)
		}
	}
	if !strings.Contains(o.log.String(), "a secret of the inside") {
		t.Error("the log does not tell of the panic")
	}
	resp, _ := o.ask(t, "GET", "/cases/1?a=b", "", "Accept: text/html")
	if to := resp.Header.Get("Location"); resp.StatusCode != 303 || to != o.URL+"/login?next=cases%2F1%3Fa%3Db" {
		t.Errorf("a page without a login: %d to %s", resp.StatusCode, to)
	}
}

// TestBodyWithoutLength: a body that does not tell its length is bounded as well.
func TestBodyWithoutLength(t *testing.T) {
	o := openOffice(t, nil)
	r, err := http.NewRequestWithContext(t.Context(), "POST", o.URL+"/cases/1",
		io.LimitReader(strings.NewReader(strings.Repeat("x", 2<<20)), 2<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer one")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if r.ContentLength > 0 || resp.StatusCode != 413 {
		t.Errorf("length %d, status %d", r.ContentLength, resp.StatusCode)
	}
}

// TestLog: a line of the log has what is asked, by whom and with what result, and nothing that the request could forge
// or that should not be kept.
func TestLog(t *testing.T) {
	o := openOffice(t, nil)
	o.ask(t, "GET", "/cases/%0d%0a%7B%22user%22:%22wang%22%7D?name=%E6%9D%8E%E6%98%8E%0A", "", bearerOne,
		"User-Agent: x", "X-Request-Id: forged")
	o.ask(t, "GET", "/x", "", "Authorization: Bearer topsecret")
	lines := strings.Split(strings.TrimSpace(o.log.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"user": "li.ming", "method": "GET", "route": "GET /cases/{id}",
		"status": 200.0, "from": "127.0.0.1", "msg": "request"} {
		if line[name] != want {
			t.Errorf("%s is %v", name, line[name])
		}
	}
	if id, _ := line["request"].(string); len(id) != 16 {
		t.Errorf("request %q", id)
	}
	if line["bytes"].(float64) < 10 || line["ms"] == nil || line["time"] == nil {
		t.Errorf("%v", line)
	}
	for _, word := range []string{"topsecret", "Bearer", "wang", "李明", "forged"} {
		if strings.Contains(o.log.String(), word) {
			t.Errorf("the log holds %q: %s", word, o.log.String())
		}
	}
	_, metrics := o.ask(t, "GET", "/metrics", "")
	for _, want := range []string{
		`greenshield_http_requests_total{method="GET",route="GET /cases/{id}",status="200"} 1`,
		`greenshield_http_requests_total{method="GET",route="none",status="401"} 1`,
		`greenshield_http_refused_total{reason="token"} 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// browser is a client with cookies that follows no redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// do sends a request as a browser would from a page of origin; "" for a program that is no browser.
func (o *office) do(t *testing.T, c *http.Client, method, path, origin string, form url.Values) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, o.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// TestSession: a login makes a session that ends at logout, when it is not used, and after half a day whatever is done.
func TestSession(t *testing.T) {
	o := openOffice(t, nil)
	c := browser(t)
	resp := o.do(t, c, "POST", "/login", o.URL, url.Values{"token": {" one "}, "next": {"review?a=b"}})
	if resp.StatusCode != 303 || resp.Header.Get("Location") != o.URL+"/review?a=b" {
		t.Fatalf("%d to %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	cookie := resp.Header.Get("Set-Cookie")
	for _, part := range []string{"greenshield_session=", "HttpOnly", "SameSite=Strict", "Path=/;", "Max-Age=43200"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie is %q", cookie)
		}
	}
	in := func() int { return o.do(t, c, "GET", "/cases/1", "", nil).StatusCode }
	if got := in(); got != 200 {
		t.Fatalf("after the login: %d", got)
	}
	o.pass(sessionIdle - time.Second)
	if got := in(); got != 200 {
		t.Errorf("just used: %d", got)
	}
	o.pass(sessionIdle)
	if got := in(); got != 401 {
		t.Errorf("not used: %d", got)
	}

	o.do(t, c, "POST", "/login", o.URL, url.Values{"token": {"one"}})
	for begun := o.now(); o.now().Sub(begun) < sessionAbsolute-time.Hour; o.pass(time.Hour) {
		if got := in(); got != 200 {
			t.Fatalf("after %s: %d", o.now().Sub(begun), got)
		}
	}
	o.pass(time.Hour)
	if got := in(); got != 401 {
		t.Errorf("after half a day: %d", got)
	}

	o.do(t, c, "POST", "/login", o.URL, url.Values{"token": {"one"}})
	at, _ := url.Parse(o.URL)
	kept := c.Jar.Cookies(at)[0]
	if resp := o.do(t, c, "POST", "/logout", o.URL, nil); resp.StatusCode != 303 || in() != 401 {
		t.Errorf("logout: %d", resp.StatusCode)
	}
	if resp, _ := o.ask(t, "GET", "/cases/1", "", "Cookie: "+kept.String()); resp.StatusCode != 401 {
		t.Errorf("the cookie of before still holds: %d", resp.StatusCode)
	}
}

// TestSessionFixation: the session after a login is a new one, whatever cookie the login came with, which ends.
func TestSessionFixation(t *testing.T) {
	o := openOffice(t, nil)
	attacker := browser(t)
	o.do(t, attacker, "POST", "/login", o.URL, url.Values{"token": {"three"}})
	at, _ := url.Parse(o.URL)
	planted := attacker.Jar.Cookies(at)[0]
	victim := browser(t)
	victim.Jar.SetCookies(at, []*http.Cookie{planted})
	o.do(t, victim, "POST", "/login", o.URL, url.Values{"token": {"two"}})
	if now := victim.Jar.Cookies(at)[0].Value; now == planted.Value || len(now) != 43 {
		t.Errorf("the session is %q", now)
	}
	if got := o.do(t, attacker, "GET", "/cases/1", "", nil).StatusCode; got != 401 {
		t.Errorf("the planted session: %d", got)
	}
	for _, secret := range []string{"", "x", strings.Repeat("A", 43)} { // chosen by the client
		victim.Jar.SetCookies(at, []*http.Cookie{{Name: cookieName, Value: secret}})
		if got := o.do(t, victim, "GET", "/cases/1", "", nil).StatusCode; got != 401 {
			t.Errorf("%q: %d", secret, got)
		}
	}
}

// TestPlantedCookies: a cookie that another site of the domain plants beside that of a session neither ends it nor has its
// user act as another.
func TestPlantedCookies(t *testing.T) {
	o := openOffice(t, nil)
	at, _ := url.Parse(o.URL)
	login := func(token string) string {
		b := browser(t)
		o.do(t, b, "POST", "/login", o.URL, url.Values{"token": {token}})
		return b.Jar.Cookies(at)[0].String()
	}
	own, planted := login("two"), login("three")
	for cookies, want := range map[string]int{own: 200, own + "; " + own: 200, own + "; " + cookieName + "=x": 200,
		cookieName + "=" + strings.Repeat("A", 43) + "; " + own: 200, planted + "; " + own: 401, own + "; " + planted: 401} {
		if resp, _ := o.ask(t, "GET", "/cases/1", "", "Cookie: "+cookies); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", cookies, resp.StatusCode, want)
		}
	}
}

// TestSessionsAreBounded: a user has so many sessions, the newest.
func TestSessionsAreBounded(t *testing.T) {
	clock := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	s := &sessions{now: func() time.Time { return clock }, open: map[[32]byte]*session{}}
	u, other := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	kept := s.begin(other)
	var all []string
	for range sessionsPerUser + 2 {
		clock = clock.Add(time.Second)
		all = append(all, s.begin(u))
	}
	for i, secret := range all {
		if token := s.token(secret); (token != nil && *token == u) != (i >= 2) {
			t.Errorf("session %d of %d: %v", i, len(all), token)
		}
	}
	if token := s.token(kept); token == nil || *token != other || s.count() != sessionsPerUser+1 {
		t.Errorf("%d sessions", s.count())
	}
}

// TestLoginLeadsNowhereElse: after a login the browser goes to a page of the service.
func TestLoginLeadsNowhereElse(t *testing.T) {
	o := openOffice(t, nil)
	for _, next := range []string{"https://evil.example/", "//evil.example", "/evil.example", `\evil.example`, "\r\nX: y"} {
		resp := o.do(t, browser(t), "POST", "/login", o.URL, url.Values{"token": {"one"}, "next": {next}})
		to, err := url.Parse(resp.Header.Get("Location"))
		if at, _ := url.Parse(o.URL); err != nil || to.Host != at.Host {
			t.Errorf("%q leads to %s", next, resp.Header.Get("Location"))
		}
	}
}

// TestCSRF: a page of another site cannot have a browser write, by cookies or by the name that everybody has.
func TestCSRF(t *testing.T) {
	o := openOffice(t, nil)
	c := browser(t)
	o.do(t, c, "POST", "/login", o.URL, url.Values{"token": {"one"}})
	for origin, want := range map[string]int{o.URL: 201, "": 201, "https://evil.example": 403, "null": 403,
		"http://127.0.0.1:1": 403} {
		if got := o.do(t, c, "POST", "/cases/1", origin, nil).StatusCode; got != want {
			t.Errorf("from %q: %d", origin, got)
		}
	}
	for _, path := range []string{"/login", "/logout"} {
		if got := o.do(t, c, "POST", path, "https://evil.example", url.Values{"token": {"two"}}).StatusCode; got != 403 {
			t.Errorf("%s from elsewhere: %d", path, got)
		}
	}
	for _, site := range []string{"cross-site", "same-site"} {
		if resp, _ := o.ask(t, "POST", "/cases/1", "", "Sec-Fetch-Site: "+site); resp.StatusCode != 403 {
			t.Errorf("%s: %d", site, resp.StatusCode)
		}
	}
	if resp, _ := o.ask(t, "POST", "/cases/1", "", bearerOne, "Origin: https://evil.example"); resp.StatusCode != 201 {
		t.Errorf("by a token: %d", resp.StatusCode)
	}
	alone := openOffice(t, func(o *Options) { o.Users, o.Alone = nil, &User{Login: "local", Role: Keeper} })
	for origin, want := range map[string]int{alone.URL: 201, "https://evil.example": 403} {
		if got := alone.do(t, browser(t), "POST", "/cases/1", origin, nil).StatusCode; got != want {
			t.Errorf("without users, from %q: %d", origin, got)
		}
	}
}

// TestProxyHeader: only the proxy names users by its header, whatever others send.
func TestProxyHeader(t *testing.T) {
	trusted := func(o *Options) { o.Users.Proxy.From = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	header := "X-Remote-User: wang"
	o := openOffice(t, trusted)
	for _, c := range []struct {
		headers []string
		status  int
		want    string
	}{
		{[]string{header}, 200, `"login":"wang"`},
		{[]string{header}, 200, `"header":""`},
		{[]string{"X-Remote-User: nobody"}, 403, ""},
		{[]string{"X-Remote-User: "}, 403, ""},
		{[]string{header, "X-Remote-User: li.ming"}, 403, ""},
		{[]string{"X_Remote_User: wang"}, 401, ""},
		{nil, 401, ""},
	} {
		if resp, body := o.ask(t, "GET", "/cases/1", "", c.headers...); resp.StatusCode != c.status ||
			!strings.Contains(body, c.want) {
			t.Errorf("%v: %d %s", c.headers, resp.StatusCode, body)
		}
	}
	if resp, _ := o.ask(t, "POST", "/cases/1", "", header, "Origin: https://evil.example"); resp.StatusCode != 403 {
		t.Errorf("from a page of another site: %d", resp.StatusCode)
	}
	elsewhere := openOffice(t, nil) // believes 10.0.0.9
	for _, headers := range [][]string{
		{header}, {header, "X-Forwarded-For: 10.0.0.9"}, {header, "X-Real-IP: 10.0.0.9"},
		{header, "Forwarded: for=10.0.0.9"},
	} {
		if resp, body := elsewhere.ask(t, "GET", "/cases/1", "", headers...); resp.StatusCode != 401 {
			t.Errorf("%v: %d %s", headers, resp.StatusCode, body)
		}
	}
	if _, body := elsewhere.ask(t, "GET", "/cases/1", "", header, bearerOne); !strings.Contains(body, `"header":""`) ||
		!strings.Contains(body, `"login":"li.ming"`) {
		t.Errorf("beside a token: %s", body)
	}
}

// TestFailuresAreSlow: who guesses tokens must wait after ten, also with a right one; others need not.
func TestFailuresAreSlow(t *testing.T) {
	trusted := func(o *Options) { o.Users.Proxy.From = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	o := openOffice(t, trusted)
	const from = "X-Forwarded-For: 6.6.6.6, 192.0.2.1" // the proxy names the last one
	var bodies []string
	for i := range DefaultLimits.Failures.Burst {
		resp, body := o.ask(t, "GET", "/cases/1", "", "Authorization: Bearer "+strings.Repeat("o", i), from)
		if resp.StatusCode != 401 {
			t.Fatalf("guess %d: %d", i, resp.StatusCode)
		}
		bodies = append(bodies, body)
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("answers differ: %q", bodies)
	}
	resp, _ := o.ask(t, "GET", "/cases/1", "", bearerOne, from)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "5" {
		t.Errorf("%d, again after %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	resp, body := o.ask(t, "POST", "/login", "token=one", from, "Content-Type: application/x-www-form-urlencoded")
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "5" || !strings.Contains(body, "尝试次数过多") {
		t.Errorf("login: %d, again after %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	resp, _ = o.ask(t, "GET", "/cases/1", "", bearerOne, "X-Forwarded-For: 192.0.2.1, 192.0.2.2")
	if resp.StatusCode != 200 {
		t.Errorf("another address: %d", resp.StatusCode)
	}
	o.pass(5 * time.Second)
	if resp, _ := o.ask(t, "GET", "/cases/1", "", bearerOne, from); resp.StatusCode != 200 {
		t.Errorf("later: %d", resp.StatusCode)
	}
}

// TestRates: a user who asks too often must wait; others need not.
func TestRates(t *testing.T) {
	o := openOffice(t, func(o *Options) { o.Limits.Requests = Rate{0.5, 3} })
	var got []int
	for range 4 {
		resp, _ := o.ask(t, "GET", "/me", "", bearerOne)
		got = append(got, resp.StatusCode)
		if after := resp.Header.Get("Retry-After"); resp.StatusCode == 429 && after != "2" {
			t.Errorf("again after %q", after)
		}
	}
	if !slices.Equal(got, []int{200, 200, 200, 429}) {
		t.Errorf("%v", got)
	}
	if resp, _ := o.ask(t, "GET", "/me", "", bearerTwo); resp.StatusCode != 200 {
		t.Errorf("another user: %d", resp.StatusCode)
	}
	o.pass(2 * time.Second)
	if resp, _ := o.ask(t, "GET", "/me", "", bearerOne); resp.StatusCode != 200 {
		t.Errorf("later: %d", resp.StatusCode)
	}
}

// TestLimitersAreBounded: the memory of limiters does not grow with those who ask.
func TestLimitersAreBounded(t *testing.T) {
	clock := time.Unix(0, 0)
	l := newLimiters(Rate{1, 1}, func() time.Time { return clock })
	l.take("first")
	for i := range keptLimiters {
		if i == keptLimiters/2 && l.take("first") == 0 {
			t.Error("one that is asked for is forgotten")
		}
		l.take(addressKey(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})))
	}
	if len(l.byKey) != keptLimiters || l.recent.Len() != keptLimiters {
		t.Errorf("%d limiters, %d in order", len(l.byKey), l.recent.Len())
	}
	one, two := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff:0:0:1")
	if addressKey(one) != addressKey(two) || addressKey(one) == addressKey(netip.MustParseAddr("2001:db8:0:1::1")) {
		t.Errorf("%s, %s", addressKey(one), addressKey(two))
	}
}

// TestPublicURL: behind a proxy, addresses, cookies and origins are those that browsers see, whether the proxy takes the path
// away or leaves it.
func TestPublicURL(t *testing.T) {
	public, _ := url.Parse("https://office.example/greenshield")
	o := openOffice(t, func(o *Options) { o.PublicURL = public })
	for _, path := range []string{"/cases/1", "/greenshield/cases/1"} {
		if _, body := o.ask(t, "GET", path, "", bearerOne); !strings.Contains(body, `"base":"https://office.example/greenshield"`) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if resp, _ := o.ask(t, "GET", "/greenshieldcases/1", "", bearerOne); resp.StatusCode != 404 {
		t.Errorf("a path that begins alike: %d", resp.StatusCode)
	}
	if resp, _ := o.ask(t, "GET", "/healthz", "", "Host: office.example"); resp.StatusCode != 200 {
		t.Errorf("the public name: %d", resp.StatusCode)
	}
	resp := o.do(t, browser(t), "POST", "/login", "https://office.example", url.Values{"token": {"one"}})
	cookie := resp.Header.Get("Set-Cookie")
	if resp.StatusCode != 303 || !strings.Contains(cookie, "Path=/greenshield/;") || !strings.Contains(cookie, "; Secure") {
		t.Errorf("%d, cookie %q", resp.StatusCode, cookie)
	}
}

// TestNotReady: when the ledger cannot be read, the state says so, and only the log says why.
func TestNotReady(t *testing.T) {
	o := openOffice(t, func(o *Options) { o.Ready = func(context.Context) error { return errors.New("/srv/x is gone") } })
	resp, body := o.ask(t, "GET", "/healthz", "")
	if resp.StatusCode != 503 || strings.Contains(body, "/srv") || !strings.Contains(o.log.String(), "/srv/x is gone") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// TestAnonymous: where anybody may read, nobody without a login writes.
func TestAnonymous(t *testing.T) {
	o := openOffice(t, func(o *Options) { o.Users.Anonymous = Reader })
	for method, want := range map[string]int{"GET": 200, "POST": 401} {
		if resp, _ := o.ask(t, method, "/cases/1", ""); resp.StatusCode != want {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
}
