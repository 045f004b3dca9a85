package features

import (
	"net/http"
	"net/url"
	"strings"

	"greenshield/redline/service/answer"
)

// link is a link of a document.
type link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// base is the address of the service as the client sees it.
func base(r *http.Request) string {
	if b := answer.Base(r.Context()); b != "" {
		return b
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host
}

// at is the address of a resource of the service, of which each segment is given as it is.
func at(r *http.Request, segments ...string) string {
	var b strings.Builder
	b.WriteString(base(r))
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// with adds a parameter to the address of a resource.
func with(address, name, value string) string {
	return address + "?" + name + "=" + url.QueryEscape(value)
}

// here is the address of the request with one parameter set anew.
func here(r *http.Request, name, value string) string {
	q := r.URL.Query()
	q.Set(name, value)
	return base(r) + r.URL.EscapedPath() + "?" + q.Encode()
}

// selves are the links of a document to itself and to its other form; native is the media type of the JSON.
func selves(r *http.Request, f, native string) []link {
	self := base(r) + r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		self += "?" + r.URL.Query().Encode()
	}
	if f == formatHTML {
		return []link{
			{self, "self", typeHTML, "本页"},
			{here(r, "f", formatJSON), "alternate", native, "JSON"},
		}
	}
	return []link{
		{self, "self", native, "本文档"},
		{here(r, "f", formatHTML), "alternate", typeHTML, "网页"},
	}
}

// linkHeader repeats links of a document in the header, as RFC 8288 has them.
func linkHeader(w http.ResponseWriter, links []link) {
	for _, l := range links {
		w.Header().Add("Link", "<"+l.Href+`>; rel="`+l.Rel+`"; type="`+l.Type+`"`)
	}
}
