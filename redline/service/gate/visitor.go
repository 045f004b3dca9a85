package gate

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/service/answer"
)

// visitor is who asks, and how he is known.
type visitor struct {
	user   *User      // nil for somebody who may not come in
	bearer bool       // by a token in the request itself, which no browser sends by itself
	from   netip.Addr // the address that he asks from
}

// refusal is why a request does not get in.
type refusal struct {
	status int
	reason string // a word for metrics
	detail string
	wait   int // seconds after which it may be asked again, 0 for nothing to wait for
}

var (
	unknownToken = refusal{http.StatusUnauthorized, "token", "the token is nobody's", 0}
	noUser       = refusal{http.StatusUnauthorized, "login", "log in first, or send a token", 0}
)

// refuse answers with a refusal. A browser that wants a page is sent to the login instead.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, why refusal) {
	g.metrics.refused.WithLabelValues(why.reason).Inc()
	if why == noUser && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
		next := strings.TrimPrefix(r.URL.RequestURI(), "/")
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, answer.Base(r.Context())+"/login?next="+url.QueryEscape(next), http.StatusSeeOther)
		return
	}
	if why.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="greenshield"`)
	}
	if why.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(why.wait))
	}
	answer.Fail(w, r, why.status, why.detail)
}

// tooMany is that somebody must wait.
func tooMany(seconds int) *refusal {
	return &refusal{http.StatusTooManyRequests, "rate", "too many requests; ask again later", seconds}
}

// address returns that of who asks: the one that the proxy names last, when the request comes from the proxy.
func (g *Gate) address(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	from, _ := netip.ParseAddr(host)
	from = from.Unmap().WithZone("")
	if users := g.people.now(); users == nil || !users.Proxy.trusts(from) {
		return from
	}
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if behind, err := netip.ParseAddr(strings.TrimSpace(chain[len(chain)-1])); err == nil {
		return behind.Unmap().WithZone("")
	}
	return from
}

// visitor tells who asks: by his token, by the proxy, by his session, or nobody.
func (g *Gate) visitor(r *http.Request) (visitor, *refusal) {
	v := visitor{from: g.address(r)}
	users := g.people.now()
	if users == nil {
		v.user = g.Alone
		return v, nil
	}
	if given := r.Header.Values("Authorization"); len(given) > 0 {
		scheme, token, _ := strings.Cut(given[0], " ")
		if len(given) > 1 || !strings.EqualFold(scheme, "Bearer") {
			return v, &unknownToken
		}
		var bad *refusal
		v.user, bad = g.byToken(strings.TrimSpace(token), v.from)
		v.bearer = bad == nil
		return v, bad
	}
	if named := users.Proxy.names(r); len(named) > 0 {
		if v.user = users.byLogin[named[0]]; v.user == nil || len(named) > 1 {
			return v, &refusal{http.StatusForbidden, "proxy", "the proxy names nobody who is known here", 0}
		}
		return v, nil
	}
	if token := g.session(r); token != nil {
		v.user = users.find(*token, subtle.ConstantTimeCompare)
	}
	if v.user == nil && users.Anonymous != "" {
		v.user = &User{Role: users.Anonymous}
	}
	return v, nil
}

// session returns the SHA-256 of the token whose session a request brings; nil for none, and for several: another site
// of the same domain may plant a cookie beside the right one, or in front of it.
func (g *Gate) session(r *http.Request) (token *[sha256.Size]byte) {
	known := map[string]bool{}
	for _, cookie := range r.CookiesNamed(cookieName) {
		t := g.sessions.token(cookie.Value)
		if t == nil || known[cookie.Value] {
			continue
		}
		if token != nil {
			return nil
		}
		token, known[cookie.Value] = t, true
	}
	return token
}

// byToken returns whose token it is, when the address has not been wrong too often.
func (g *Gate) byToken(token string, from netip.Addr) (*User, *refusal) {
	if wait := g.failures.spent(addressKey(from)); wait > 0 {
		return nil, tooMany(wait)
	}
	u := g.people.now().byToken(token)
	if u == nil {
		g.failures.take(addressKey(from))
		return nil, &unknownToken
	}
	return u, nil
}

// names returns the logins in the header of the proxy, none when the request comes from elsewhere.
func (p *Proxy) names(r *http.Request) []string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	remote, err := netip.ParseAddr(host)
	if p.Header == "" || err != nil || !p.trusts(remote.Unmap()) {
		return nil
	}
	return r.Header.Values(p.Header)
}

// open are paths that are for everybody.
var open = []string{"/healthz", "/login", "/login.css", "/logout"}

// mayAsk tells why a visitor may not ask what he asks, nil when he may.
func (g *Gate) mayAsk(r *http.Request, v visitor) *refusal {
	key := "address " + addressKey(v.from)
	if v.user != nil && v.user.Login != "" {
		key = "user " + v.user.Login
	}
	if wait := g.requests.take(key); wait > 0 {
		return tooMany(wait)
	}
	if !v.bearer && g.sameOrigin.Check(r) != nil {
		return &refusal{http.StatusForbidden, "origin", "the request comes from a page of another site", 0}
	}
	if slices.Contains(open, r.URL.Path) {
		return nil
	}
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	switch {
	case r.URL.Path == "/metrics":
		return g.mayMeasure(r, v)
	case v.user == nil:
		return &noUser
	case v.user.Role == Reader && !safe && v.user.Login == "":
		return &noUser
	case v.user.Role == Reader && !safe:
		return &refusal{http.StatusForbidden, "role", "a reader changes nothing", 0}
	}
	return nil
}

// mayMeasure lets keepers see metrics, and who asks from this computer and not through a proxy.
func (g *Gate) mayMeasure(r *http.Request, v visitor) *refusal {
	u, err := url.Parse("//" + r.Host)
	local := err == nil && slices.Contains(g.hosts[:3], u.Hostname()) && v.from.IsLoopback()
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		local = local && r.Header.Get(header) == ""
	}
	switch {
	case local || v.user != nil && v.user.Role == Keeper:
		return nil
	case v.user == nil || v.user.Login == "":
		return &noUser
	}
	return &refusal{http.StatusForbidden, "role", "metrics are for keepers", 0}
}
