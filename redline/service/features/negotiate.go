package features

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/service/answer"
)

// Media types of answers.
const (
	typeJSON    = "application/json"
	typeGeoJSON = "application/geo+json"
	typeSchema  = "application/schema+json"
	typeOpenAPI = "application/vnd.oai.openapi+json;version=3.0"
	typeHTML    = "text/html"
)

// Values of the parameter f.
const (
	formatJSON = "json"
	formatHTML = "html"
)

// format decides between JSON, of which native is the media type, and HTML: by the parameter f, else by Accept. It
// answers a request that neither fits, and one with a parameter that is not among those allowed or is given twice
// though it is no name of many values; then ok is false.
func format(w http.ResponseWriter, r *http.Request, native string, allowed ...string) (f string, ok bool) {
	for name, values := range r.URL.Query() {
		switch {
		case name == "f" && len(values) == 1 && (values[0] == formatJSON || values[0] == formatHTML):
		case name == "f":
			bad(w, r, "f is json or html.")
			return "", false
		case !slices.Contains(allowed, name):
			bad(w, r, "There is no parameter "+strconv.Quote(name)+" here; /api lists those that there are.")
			return "", false
		}
	}
	w.Header().Add("Vary", "Accept")
	if f = r.URL.Query().Get("f"); f != "" {
		return f, true
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if accept == "" {
		return formatJSON, true
	}
	asJSON := max(quality(accept, native), quality(accept, typeJSON))
	asHTML := quality(accept, typeHTML)
	switch {
	case asJSON <= 0 && asHTML <= 0:
		answer.Fail(w, r, http.StatusNotAcceptable, "This is offered as "+native+" and as text/html.")
		return "", false
	case asHTML > asJSON:
		return formatHTML, true
	}
	return formatJSON, true
}

// quality tells how welcome a media type is by a header Accept (RFC 9110, 12.5.1), from 0 to 1. The most precise range
// counts.
func quality(accept, mediaType string) float64 {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	kind, _, _ := strings.Cut(mediaType, "/")
	best, precise := 0.0, -1
	for part := range strings.SplitSeq(accept, ",") {
		given, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		p := slices.Index([]string{"*/*", kind + "/*", mediaType}, given)
		if p < 0 || p < precise {
			continue
		}
		q := 1.0
		if text, has := params["q"]; has {
			if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		best, precise = q, p
	}
	return best
}

func bad(w http.ResponseWriter, r *http.Request, detail string) {
	answer.Fail(w, r, http.StatusBadRequest, detail)
}
