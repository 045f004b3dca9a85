package gate

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"greenshield/redline/service/answer"
)

// cookieName is that of the cookie of a session.
const cookieName = "greenshield_session"

//go:embed login.html
var loginHTML string

//go:embed login.css
var loginCSS []byte

var loginPage = template.Must(template.New("login").Parse(loginHTML))

// Routes adds login and logout, who one is, state and metrics.
func (g *Gate) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		g.showLogin(w, r, http.StatusOK, "", r.URL.Query().Get("next"))
	})
	mux.HandleFunc("POST /login", g.login)
	mux.HandleFunc("POST /logout", g.logout)
	mux.HandleFunc("GET /login.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(loginCSS) // the client may be gone
	})
	mux.HandleFunc("GET /me", me)
	mux.HandleFunc("GET /healthz", g.healthz)
	mux.Handle("GET /metrics", g.metrics.handler())
}

// showLogin answers with the page of the login.
func (g *Gate) showLogin(w http.ResponseWriter, r *http.Request, status int, trouble, next string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	user := UserOf(r.Context())
	_ = loginPage.Execute(w, map[string]any{ // the client may be gone
		"Base": answer.Base(r.Context()), "Trouble": trouble, "Next": next, "User": user.Name, "Open": g.people.now() == nil,
	})
}

// login lets in whose token the form holds, by a session of its own, whatever session there was before.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) {
	if g.people.now() == nil {
		answer.Fail(w, r, http.StatusNotFound, "there are no users here; everybody is let in")
		return
	}
	if err := r.ParseForm(); err != nil {
		status := http.StatusBadRequest
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			status = http.StatusRequestEntityTooLarge
		}
		answer.Fail(w, r, status, "the form cannot be read")
		return
	}
	next := r.PostForm.Get("next")
	token := strings.TrimSpace(r.PostForm.Get("token"))
	u, bad := g.byToken(token, g.address(r))
	if bad != nil {
		g.metrics.refused.WithLabelValues(bad.reason).Inc()
		trouble := "令牌不正确 · the token is nobody's"
		if bad.wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(bad.wait))
			trouble = "尝试次数过多，请稍后再试 · too many attempts, try again later"
		}
		g.showLogin(w, r, bad.status, trouble, next)
		return
	}
	g.endSession(r)
	seen(w).user = u
	g.setCookie(w, g.sessions.begin(sha256.Sum256([]byte(token))), int(sessionAbsolute/time.Second))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, answer.Base(r.Context())+"/"+local(next), http.StatusSeeOther)
}

// local returns an address below the service, without a slash at its beginning; "" for one that is elsewhere.
func local(next string) string {
	u, err := url.Parse("/" + next)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.ContainsAny(next, "\\\r\n\t") ||
		strings.HasPrefix(next, "/") {
		return ""
	}
	return next
}

// logout ends the session of who asks.
func (g *Gate) logout(w http.ResponseWriter, r *http.Request) {
	g.endSession(r)
	g.setCookie(w, "", -1)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, answer.Base(r.Context())+"/login", http.StatusSeeOther)
}

// endSession ends the session that a request brings.
func (g *Gate) endSession(r *http.Request) {
	for _, cookie := range r.CookiesNamed(cookieName) {
		g.sessions.end(cookie.Value)
	}
}

// setCookie sets the cookie of a session for so many seconds; −1 takes it away.
func (g *Gate) setCookie(w http.ResponseWriter, secret string, seconds int) {
	c := &http.Cookie{
		Name: cookieName, Value: secret, Path: "/", MaxAge: seconds,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: g.TLS,
	}
	if g.PublicURL != nil {
		c.Path = g.PublicURL.EscapedPath() + "/"
		c.Secure = g.PublicURL.Scheme == "https"
	}
	http.SetCookie(w, c)
}

// me answers with who asks.
func me(w http.ResponseWriter, r *http.Request) {
	u := UserOf(r.Context())
	counties := u.Counties
	if counties == nil {
		counties = []string{}
	}
	w.Header().Set("Cache-Control", "no-store")
	answer.JSON(w, r, http.StatusOK, map[string]any{
		"login": u.Login, "name": u.Name, "role": u.Role, "level": u.Level, "counties": counties,
	})
}

// healthz tells whether the service can answer.
func (g *Gate) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if g.Ready != nil {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if err := g.Ready(ctx); err != nil {
			g.Log.Error("not ready", "error", err.Error())
			answer.Fail(w, r, http.StatusServiceUnavailable, "the ledger cannot be read; the log says why")
			return
		}
	}
	answer.JSON(w, r, http.StatusOK, map[string]string{"status": "ok"})
}
