package intake

import (
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/service/gate"
)

// FuzzRead: what a body and an If-Match say is read as events of kinds and fields that the sender may say, or refused by a
// problem of the client's.
func FuzzRead(f *testing.F) {
	f.Add(`{"kind":"judged","fields":{"verdict":"confirmed"}}`, `"12"`)
	f.Add(`{"events":[{"kind":"set","fields":{"note":"a","county":"341701"}}],"conflict":"keep_both"}`, `"1", "2"`)
	f.Add(`{"kind":"set","fields":{"note":"x"},"cases":["1",{"id":"2","seq":3}],"all_or_nothing":true}`, `W/"1"`)
	f.Add(`{"kind":"evidence","doc":{"name":"a","sha256":"`+strings.Repeat("0", 64)+`"}}`, `"9223372036854775807"`)
	f.Add(`{"kind":"settled","fields":{"field":"county","value":"1"}}`, `"-1"`)
	f.Fuzz(func(t *testing.T, body, match string) {
		r := httptest.NewRequest("POST", "/cases/a/events", strings.NewReader(body))
		r = r.WithContext(gate.WithUser(r.Context(), users["li"]))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "a")
		r.Header.Set("If-Match", match)
		if seq, err := seen(r); err == nil && (seq < 1 || strings.TrimSpace(match) != fmt.Sprintf(`"%d"`, seq)) {
			t.Fatalf("%q is read as %d", match, seq)
		}
		q, _, err := read(httptest.NewRecorder(), r)
		if err != nil {
			if p, is := err.(*problem); !is || p.Status < 400 || p.Status >= 500 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		for _, e := range q.said {
			k, known := kinds[e.Kind]
			if !known || k.role != gate.Reviewer {
				t.Fatalf("%q: a reviewer says %q", body, e.Kind)
			}
			for name := range e.Fields {
				if !slices.Contains(k.fields, name) {
					t.Fatalf("%q: %s says %q", body, e.Kind, name)
				}
			}
			if county, has := e.Fields["county"]; has && !users["li"].Covers(county) {
				t.Fatalf("%q moves the case to %q", body, county)
			}
			if e.Actor != "" || e.Level != "" || !e.Time.IsZero() {
				t.Fatalf("%q says who speaks: %+v", body, e)
			}
		}
	})
}

// FuzzFileOf: a body is a file, whole and with a name as it shows, or refused by a problem of the client's.
func FuzzFileOf(f *testing.F) {
	const form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"照片.jpg\"\r\n\r\nabc\r\n--b--\r\n"
	f.Add("multipart/form-data; boundary=b", form)
	f.Add("multipart/form-data; boundary=b", strings.Replace(form, "--b--", "--b", 1)+strings.TrimPrefix(form,
		"--b\r\n"))
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; filename*=UTF-8''%00..%2f\r\n\r\n")
	f.Add("multipart/form-data", form)
	f.Add("multipart/mixed; boundary=\"", "--")
	f.Add("image/jpeg", "abc")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest("POST", "/evidence?name=a", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		file, name, err := fileOf(r)
		var text []byte
		if err == nil {
			text, err = io.ReadAll(file)
		}
		if err != nil {
			if p, is := badUpload(err).(*problem); !is || p.Status < 400 || p.Status >= 500 {
				t.Fatalf("%q %q: %v", kind, body, err)
			}
			return
		}
		if !strings.Contains(body, string(text)) {
			t.Fatalf("%q %q is read as %q", kind, body, text)
		}
		if name != "a" && checkName(name) == nil && strings.ContainsAny(name, "\x00\r\n") {
			t.Fatalf("%q %q has the name %q", kind, body, name)
		}
	})
}
