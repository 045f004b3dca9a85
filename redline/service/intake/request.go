package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"greenshield/redline/ledger"
	"greenshield/redline/service/answer"
	"greenshield/redline/service/gate"
)

// Limits of one request.
const (
	maxBody   = 1 << 20
	maxText   = 64 << 10 // bytes of one field
	maxEvents = 50
	maxCases  = 5000
	maxKey    = 255
)

// statement is one thing that is said.
type statement struct {
	Kind   ledger.Kind       `json:"kind"`
	Fields map[string]string `json:"fields,omitempty"`
	Doc    *ledger.Document  `json:"doc,omitempty"`
}

// sent is the body of a request.
type sent struct {
	statement
	Events       []statement `json:"events"` // instead of one statement; not of many cases
	Cases        []reference `json:"cases"`  // of many
	Conflict     string      `json:"conflict"`
	AllOrNothing bool        `json:"all_or_nothing"`
}

// reference names a case, and the last event of it that was seen, 0 for the last that there is.
type reference struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// UnmarshalJSON reads an id, or an object.
func (r *reference) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		return json.Unmarshal(text, &r.ID)
	}
	type plain reference // without this method
	return answer.DecodeJSON(text, (*plain)(r))
}

// request is what somebody says of cases.
type request struct {
	user      *gate.User
	said      []ledger.Event // kind, fields and document
	rows      []reference
	keepBoth  bool
	whole     bool   // all of it or nothing
	key, body string // digests
}

// digests is what events keep of the request.
func (q *request) digests() string { return q.key + " " + q.body }

// read reads a request but for the case that the address names.
func read(w http.ResponseWriter, r *http.Request) (*request, *sent, error) {
	u := gate.UserOf(r.Context())
	if err := mayWrite(u, r); err != nil {
		return nil, nil, err
	}
	var s sent
	text, wrong := answer.ReadJSON(w, r, maxBody, &s)
	if wrong != nil {
		return nil, nil, &problem{Problem: *wrong}
	}
	key := r.Header.Values("Idempotency-Key")
	if len(key) != 1 || strings.TrimSpace(key[0]) == "" || len(key[0]) > maxKey {
		return nil, nil, fail(http.StatusBadRequest, fmt.Sprintf("the header Idempotency-Key is needed, once, with "+
			"at most %d bytes: a new value, such as a UUID, for each request, the same one when it is sent again", maxKey))
	}
	if err := checkTexts(text, &s); err != nil {
		return nil, nil, fail(http.StatusBadRequest, err.Error())
	}
	q := &request{user: u, keepBoth: s.Conflict == "keep_both", whole: s.AllOrNothing,
		key: digest(u.Login + "\x00" + key[0]), body: digest(string(text))}
	switch {
	case s.Conflict != "" && !q.keepBoth:
		return nil, nil, fail(http.StatusBadRequest, `"conflict" is "keep_both", or left out`)
	case (s.Kind == "") == (len(s.Events) == 0):
		return nil, nil, fail(http.StatusBadRequest, `say one thing by "kind", or several by "events"`)
	case len(s.Events) == 0:
		s.Events = []statement{s.statement}
	case s.Fields != nil || s.Doc != nil:
		return nil, nil, fail(http.StatusBadRequest, `"fields" and "doc" stand in each of "events"`)
	case len(s.Events) > maxEvents:
		return nil, nil, fail(http.StatusBadRequest, fmt.Sprintf("one request has at most %d events", maxEvents))
	}
	for _, what := range s.Events {
		e, err := q.event(what)
		if err != nil {
			return nil, nil, err
		}
		q.said = append(q.said, e)
	}
	return q, &s, nil
}

// digest returns 128 bits of the SHA-256 of a text, in hexadecimal digits.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// loginHeader may name the login, percent-encoded, in whose name a request is meant to write. A page sends it, since
// somebody else may have logged in in the same browser after it was loaded.
const loginHeader = "Greenshield-Login"

// mayWrite refuses who may only read, and who is not the one that a request is meant to come from.
func mayWrite(u *gate.User, r *http.Request) error {
	meant, err := url.PathUnescape(r.Header.Get(loginHeader))
	switch {
	case err != nil:
		return fail(http.StatusBadRequest, loginHeader+" is a login, percent-encoded")
	case meant != "" && meant != u.Login:
		return fail(http.StatusForbidden, "it was said by somebody else than who is logged in now")
	case slices.Index(gate.Roles(), u.Role) >= slices.Index(gate.Roles(), gate.Reviewer):
		return nil
	case u.Login == "":
		return fail(http.StatusUnauthorized, "log in to write")
	}
	return fail(http.StatusForbidden, "your account may read, not write")
}

// checkTexts refuses texts that are no text, and those that are too long.
func checkTexts(body []byte, s *sent) error {
	// What JSON writes as half a pair of UTF-16 is read as U+FFFD.
	escaped := !bytes.Contains(body, []byte("\ufffd")) && !bytes.Contains(bytes.ToLower(body), []byte(`\ufffd`))
	check := func(what, text string) error {
		switch {
		case strings.ContainsRune(text, 0) || escaped && strings.ContainsRune(text, utf8.RuneError):
			return fmt.Errorf("%s holds characters that are none", what)
		case len(text) > maxText:
			return fmt.Errorf("%s has more than %d bytes", what, maxText)
		}
		return nil
	}
	for _, e := range append(s.Events, s.statement) {
		for name, text := range e.Fields {
			if err := check(fmt.Sprintf("the field %q", shortened(name)), name+text); err != nil {
				return err
			}
		}
		if e.Doc != nil {
			if err := errors.Join(check("the name of the document", e.Doc.Name), checkName(e.Doc.Name)); err != nil {
				return err
			}
		}
	}
	for _, c := range s.Cases {
		if err := check("an id", c.ID); err != nil {
			return err
		}
	}
	return nil
}

func shortened(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}

// seen returns the number in If-Match.
func seen(r *http.Request) (int64, error) {
	tags := r.Header.Values("If-Match")
	if len(tags) == 0 {
		return 0, fail(http.StatusPreconditionRequired,
			`the header If-Match is needed: the ETag of the case as it was seen`)
	}
	tag := strings.TrimSpace(tags[0])
	digits := strings.TrimSuffix(strings.TrimPrefix(tag, `"`), `"`)
	seq, err := strconv.ParseInt(digits, 10, 64)
	if len(tags) > 1 || err != nil || tag != fmt.Sprintf(`"%d"`, seq) || seq < 1 {
		return 0, fail(http.StatusBadRequest, `If-Match is the ETag of one case as it was seen, such as "1234"`)
	}
	return seq, nil
}
