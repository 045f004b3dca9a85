package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// ReadJSON reads a body of at most so many bytes into a value: application/json in UTF-8, one value, without null,
// members that nobody knows, those that stand twice, also in other capitals, and more levels than anybody needs. It
// returns the body, and what is wrong with it; nil for nothing.
func ReadJSON(w http.ResponseWriter, r *http.Request, most int64, into any) (text []byte, wrong *Problem) {
	fail := func(status int, detail string) ([]byte, *Problem) {
		return nil, &Problem{Status: status, Detail: detail}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return fail(http.StatusUnsupportedMediaType, "the body is application/json")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return fail(http.StatusUnsupportedMediaType, "the body is not compressed")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fail(http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", most))
	} else if err != nil {
		return fail(http.StatusBadRequest, "the body ended too early")
	}
	if err := DecodeJSON(text, into); err != nil {
		return fail(http.StatusBadRequest, "the body is not as it should be: "+err.Error())
	}
	return text, nil
}

// DecodeJSON reads one value of JSON as ReadJSON does.
func DecodeJSON(text []byte, into any) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	if err := unique(json.NewDecoder(bytes.NewReader(text))); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("something follows the value")
	}
	return nil
}

// maxDepth is how many levels JSON may have.
const maxDepth = 32

// unique refuses the next value of JSON when an object in it has a member twice, null is in it, or it has too many
// levels. Names that differ by capitals alone are one: encoding/json reads both into the same field. Null is refused
// because encoding/json reads it as nothing said, where who sent it may mean a text that is empty.
func unique(dec *json.Decoder) error {
	type level struct {
		names map[string]bool // nil in a list
		name  bool            // comes next
	}
	var open []level
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return errors.New("it ends too early")
		} else if err != nil {
			return err
		}
		top := len(open) - 1
		switch t := token.(type) {
		case nil:
			return errors.New("null stands in it; leave out what there is not")
		case json.Delim:
			switch t {
			case '{', '[':
				if len(open) == maxDepth {
					return fmt.Errorf("it has more than %d levels", maxDepth)
				}
				next := level{}
				if t == '{' {
					next = level{map[string]bool{}, true}
				}
				open = append(open, next)
				continue
			}
			open = open[:top]
			top--
		case string:
			if top >= 0 && open[top].name {
				folded := strings.ToLower(strings.ToUpper(t))
				if open[top].names[folded] {
					return fmt.Errorf("the member %.40q stands there twice", t)
				}
				open[top].names[folded], open[top].name = true, false
				continue
			}
		}
		if top < 0 {
			return nil
		}
		open[top].name = open[top].names != nil
	}
}
