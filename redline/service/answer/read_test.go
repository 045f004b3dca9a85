package answer

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// said is a value as parts of the service read them.
type said struct {
	Kind   string            `json:"kind"`
	Seq    int64             `json:"seq"`
	Fields map[string]string `json:"fields"`
	List   []said            `json:"list"`
}

func TestReadJSON(t *testing.T) {
	for body, want := range map[string]int{
		`{"kind": "a", "seq": 1, "fields": {"b": "c", "d": ""}, "list": [{"kind": "a"}, {"kind": "a"}]}`: 0, ` {} `: 0, `null`: 400,
		`{"fields": null}`: 400, `{"fields": {"b": null}}`: 400, `{"list": [null]}`: 400, `{"kind": "null"}`: 0,
		`{"kind": "a", "kind": "b"}`: 400, `{"kind": "a", "KIND": "b"}`: 400, `{"\u006bind": "a", "kind": "b"}`: 400,
		`{"seq": 1, "ſeq": 2}`: 400, `{"Kind": "a", "kind": "b"}`: 400, `{"list": [{"kind": "a", "kind": "b"}]}`: 400,
		`{"fields": {"b": "c", "b": "d"}}`: 400, `{"none": 1}`: 400, `{} {}`: 400, `{} x`: 400, `{`: 400, ``: 400, `{"kind": 1}`: 400,
		"{\"kind\": \"\xff\"}": 400, strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500): 400, strings.Repeat(`{"a":`,
			150): 400,
		`{"kind": "` + strings.Repeat("a", 1024) + `"}`: 413,
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		var into said
		text, wrong := ReadJSON(httptest.NewRecorder(), r, 1024, &into)
		switch {
		case want == 0 && (wrong != nil || string(text) != body):
			t.Errorf("%.60s: %v", body, wrong)
		case want != 0 && (wrong == nil || wrong.Status != want):
			t.Errorf("%.60s: %+v, want %d", body, wrong, want)
		}
	}
	for name, header := range map[string][2]string{"form": {"Content-Type", "text/plain"}, "none": {"Content-Type", ""},
		"packed": {"Content-Encoding", "gzip"}} {
		r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(header[0], header[1])
		if _, wrong := ReadJSON(httptest.NewRecorder(), r, 1024, &said{}); wrong == nil || wrong.Status != 415 {
			t.Errorf("%s: %+v", name, wrong)
		}
	}
}

// FuzzDecodeJSON: what is read is what encoding/json reads, and never of two meanings: in other order of its members, or
// written anew, it is read as the same.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"kind": "a", "seq": 1, "fields": {"b": "c"}}`, `{"kind":"a","KIND":"b"}`, `[[[`,
		`{"list":[{"seq":-1}]}`,
		"{\"kind\":\"\\ud800\"}", `{"ſeq":1}`, `"x"`, `{"a":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got, plain, again said
		if DecodeJSON(text, &got) != nil {
			return
		}
		if err := json.Unmarshal(text, &plain); err != nil || !reflect.DeepEqual(got, plain) {
			t.Fatalf("%q is read as %+v; encoding/json: %+v, %v", text, got, plain, err)
		}
		var tree any // of which a doubled member would have lost one
		numbers := json.NewDecoder(bytes.NewReader(text))
		numbers.UseNumber()
		if err := numbers.Decode(&tree); err != nil {
			t.Fatal(err)
		}
		anew, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(anew, &again); err != nil || !reflect.DeepEqual(got, again) {
			t.Fatalf("%q is read as %+v, and anew as %+v, %v", text, got, again, err)
		}
	})
}
