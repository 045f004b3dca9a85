package gate

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"greenshield/redline/service/answer"
)

// Options are what a gate follows.
type Options struct {
	// Users are those who may come in; nil lets everybody in as Alone.
	Users *Users
	// UsersFile is the file that Users come from. It is read again when it has changed; "": they stay as they are.
	UsersFile string
	Alone     *User
	// PublicURL is the address of the service as browsers see it, without a slash at its end, when a proxy stands in
	// front; its path may be left in requests or taken away by the proxy. nil: the address that requests name.
	PublicURL *url.URL
	// Hosts are names that requests may use, beside those of the computer itself and of PublicURL.
	Hosts []string
	TLS   bool // requests come by TLS, so that cookies are for TLS alone
	Log   *slog.Logger
	// Ready tells why the service cannot answer now; nil: it always can.
	Ready func(ctx context.Context) error
	// Bodies are the largest bodies of requests below paths such as "/evidence", in bytes; elsewhere Limits.Body.
	Bodies map[string]int64
	Limits Limits           // the zero value of a limit is that of DefaultLimits
	Now    func() time.Time // nil: time.Now
}

// Limits are what one who asks may ask for.
type Limits struct {
	Body     int64 // bytes of a request's body
	Requests Rate  // of a user; of an address, when it gives no name
	Failures Rate  // of an address: logins and tokens that are nobody's
}

// DefaultLimits are limits for an office.
var DefaultLimits = Limits{Body: 1 << 20, Requests: Rate{100, 500}, Failures: Rate{0.2, 10}}

// Gate stands around all parts of the service. It is a part too: of login, logout, state and metrics.
type Gate struct {
	Options
	people     *people
	sessions   *sessions
	requests   *limiters
	failures   *limiters
	sameOrigin *http.CrossOriginProtection
	hosts      []string
	metrics    *metrics
	streams    streams
}

// New returns a gate.
func New(o Options) (*Gate, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Limits.Body == 0 {
		o.Limits.Body = DefaultLimits.Body
	}
	if o.Limits.Requests == (Rate{}) {
		o.Limits.Requests = DefaultLimits.Requests
	}
	if o.Limits.Failures == (Rate{}) {
		o.Limits.Failures = DefaultLimits.Failures
	}
	g := &Gate{
		Options:    o,
		people:     newPeople(&o),
		sessions:   &sessions{now: o.Now, open: map[[32]byte]*session{}},
		requests:   newLimiters(o.Limits.Requests, o.Now),
		failures:   newLimiters(o.Limits.Failures, o.Now),
		sameOrigin: http.NewCrossOriginProtection(),
		hosts:      append([]string{"localhost", "127.0.0.1", "::1"}, o.Hosts...),
	}
	g.metrics = newMetrics(g.sessions.count)
	if o.PublicURL != nil {
		g.hosts = append(g.hosts, o.PublicURL.Hostname())
		if err := g.sameOrigin.AddTrustedOrigin(o.PublicURL.Scheme + "://" + o.PublicURL.Host); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Wrap returns a handler that lets to inner what may go in, with its user ([UserOf]) and the address of the service
// ([answer.Base]). It sets headers that browsers protect themselves by, and logs and counts all.
func (g *Gate) Wrap(inner http.Handler) http.Handler {
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		if users := g.people.look(); users != nil {
			g.sessions.endOthers(users)
		}
		if g.hostStrange(r) {
			g.refuse(w, r, refusal{http.StatusMisdirectedRequest, "host", "this name is none of the service's", 0})
			return
		}
		r = g.based(r)
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil { // else what it chooses by would be left out
			g.refuse(w, r, refusal{http.StatusBadRequest, "query", "the query of the address cannot be read", 0})
			return
		}
		if bad := g.bodyBad(w, r); bad != nil {
			g.refuse(w, r, *bad)
			return
		}
		v, bad := g.visitor(r)
		if bad == nil {
			bad = g.mayAsk(r, v)
		}
		if bad != nil {
			g.refuse(w, r, *bad)
			return
		}
		seen(w).user = v.user
		inner.ServeHTTP(w, g.inside(r, v))
	})
	return g.watched(guarded)
}

// inside makes the request one with its user, without what only the gate may know.
func (g *Gate) inside(r *http.Request, v visitor) *http.Request {
	inside := r.WithContext(r.Context())
	if v.user != nil { // else UserOf is somebody without a name
		inside = r.WithContext(WithUser(r.Context(), v.user))
	}
	inside.Header.Del("Authorization")
	if users := g.people.now(); users != nil && users.Proxy.Header != "" {
		inside.Header.Del(users.Proxy.Header)
	}
	return inside
}

// protect sets headers that browsers protect the user by. Parts may replace them.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; "+
		"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache") // no server in front gives to one what another may see
}

// hostStrange tells whether a request is for a name that is none of the service's, as those of a page whose name was
// made to point at this computer.
func (g *Gate) hostStrange(r *http.Request) bool {
	u, err := url.Parse("//" + r.Host)
	return err != nil || u.Host != r.Host || !slices.ContainsFunc(g.hosts, func(host string) bool {
		return strings.EqualFold(host, u.Hostname())
	})
}

// based returns the request with the address of the service, and without the path of the public address.
func (g *Gate) based(r *http.Request) *http.Request {
	if g.PublicURL == nil {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		return r.WithContext(answer.WithBase(answer.WithLog(r.Context(), g.Log), scheme+r.Host))
	}
	r = r.WithContext(answer.WithBase(answer.WithLog(r.Context(), g.Log), g.PublicURL.String()))
	prefix := g.PublicURL.Path
	if rest, below := strings.CutPrefix(r.URL.Path, prefix); below && prefix != "" && strings.HasPrefix(rest+"/", "/") {
		u := *r.URL
		u.Path, u.RawPath = rest, strings.TrimPrefix(r.URL.RawPath, prefix)
		if rest == "" {
			u.Path = "/"
		}
		r.URL = &u
	}
	return r
}

// bodyBad bounds the body of a request, or tells why it is refused at once.
func (g *Gate) bodyBad(w http.ResponseWriter, r *http.Request) *refusal {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &refusal{http.StatusUnsupportedMediaType, "encoding", "bodies are taken without compression alone", 0}
	}
	limit := g.Limits.Body
	for path, bytes := range g.Bodies {
		if r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") {
			limit = bytes
		}
	}
	if r.ContentLength > limit {
		return &refusal{http.StatusRequestEntityTooLarge, "size", "the body is larger than the service takes", 0}
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	return nil
}
