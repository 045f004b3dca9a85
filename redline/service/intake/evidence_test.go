package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline/ledger"
	"greenshield/redline/redlinetest"
)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// kept lists the files of evidence in a folder, without what is noted of them.
func kept(t *testing.T, dir string) (all []string) {
	t.Helper()
	redlinetest.Must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if err == nil && !d.IsDir() && !strings.HasPrefix(name, "named") && !strings.HasPrefix(name, "fresh") {
			all = append(all, strings.ReplaceAll(name, string(filepath.Separator), ""))
		}
		return err
	}))
	return all
}

// form returns a form of parts, each with its header, and its type.
func form(parts ...[2]string) (body, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {p[0]}, "Content-Type": {"text/html"}})
		_, _ = io.WriteString(part, p[1])
	}
	_ = w.Close()
	return b.String(), w.FormDataContentType()
}

// TestEvidence: a file is kept once whoever sends it, given to those who have sent it, and to all when an event names it.
func TestEvidence(t *testing.T) {
	eachStore(t, func(t *testing.T, o *office) {
		const page = "<script>alert(1)</script>"
		sum := sumOf(page)
		a := o.want(201, o.send("POST", "/evidence?name=%E7%85%A7%E7%89%87%20%3Cb%3E.html", "li", page, "Content-Type", "text/html"))
		if a.said.SHA256 != sum || a.said.Bytes != int64(len(page)) || a.said.Name != "照片 <b>.html" || a.header.Get("Location") != "/evidence/"+sum {
			t.Errorf("sent: %s, %v", a.body, a.header)
		}
		o.want(404, o.send("GET", "/evidence/"+sum, "wang", ""))
		named := `{"kind":"judged","fields":{"verdict":"confirmed"},"doc":{"name":"照片 <b>.html","sha256":"` + sum + `"}}`
		o.want(422, o.post("wang", case13, o.at(case13).Seq, "w", named)) // who has not sent it
		body, kind := form([2]string{`form-data; name="file"; filename="../../照片.html"`, page})
		if a := o.want(201, o.send("POST", "/evidence", "wang", body, "Content-Type", kind)); a.said.SHA256 != sum || a.said.Name != "../../照片.html" {
			t.Errorf("sent as a form: %s", a.body)
		}
		if got := kept(t, o.dir); !slices.Equal(got, []string{sum}) {
			t.Errorf("kept is %v", got)
		}
		got := o.want(200, o.send("GET", "/evidence/"+sum, "wang", ""))
		for name, want := range map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff",
			"Content-Disposition": "attachment", "Content-Security-Policy": "sandbox; default-src 'none'"} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, got.header.Get(name), want)
			}
		}
		if got.body != page {
			t.Errorf("given is %q", got.body)
		}
		o.want(404, o.send("GET", "/evidence/"+sum, "reader", ""))
		o.want(201, o.post("wang", case13, o.at(case13).Seq, "w", named))
		o.want(200, o.send("GET", "/evidence/"+sum, "reader", ""))
		all := events(t, o.store, case13)
		if last := all[len(all)-1]; last.Doc != (ledger.Document{Name: "照片 <b>.html", SHA256: sum}) {
			t.Errorf("the event names %+v", last.Doc)
		}
		sound(t, o.store)
	})
}

// TestEvidenceOfRectification: evidence moves a case on, by its whole way; the same document twice is one.
func TestEvidenceOfRectification(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	sum := o.want(201, o.send("POST", "/evidence", "zhao", "报告")).said.SHA256
	doc := `"doc":{"name":"报告.pdf","sha256":"` + sum + `"}`
	o.want(201, o.post("zhao", case13, o.at(case13).Seq, "1", `{"events":[{"kind":"judged","fields":{"verdict":"confirmed"}},`+
		`{"kind":"advanced","fields":{"to":"filed"}},{"kind":"set","fields":{"problem":"毁林","measures":"复绿","standard":"林地",`+
		`"responsible_unit":"镇政府","responsible_person":"赵","due_date":"2026-12-31"}},{"kind":"advanced","fields":{"to":"rectifying"}},`+
		`{"kind":"evidence",`+doc+`},{"kind":"advanced","fields":{"to":"submitted"}}]}`))
	if a := o.want(200, o.post("zhao", case13, o.at(case13).Seq, "2", `{"kind":"evidence",`+doc+`}`)); len(a.said.Events) != 0 {
		t.Errorf("the same document: %s", a.body)
	}
	accept := `{"kind":"accepted","fields":{"accept_unit":"林业局","outcome":"passed"}}`
	o.want(422, o.post("shi", case13, o.at(case13).Seq, "3", accept)) // not yet the city's turn
	o.want(201, o.post("zhao", case13, o.at(case13).Seq, "3", accept))
	o.want(201, o.post("shi", case13, o.at(case13).Seq, "3", accept))
	if c := o.at(case13); c.State != ledger.CityOK || c.Accepted[1].Level != ledger.City {
		t.Errorf("accepted: %+v", c)
	}
	sound(t, o.store)
}

// TestEvidenceRefused: what is too large, no file, or not for its sender is refused, and nothing of it is kept.
func TestEvidenceRefused(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	file := func(name string) [2]string { return [2]string{`form-data; name="file"; filename="` + name + `"`, "x"} }
	two, kindTwo := form(file("a"), file("b"))
	named, kindNamed := form(file("a.jpg"))
	none, kindNone := form([2]string{`form-data; name="file"`, "x"})
	empty, kindEmpty := form()
	cut, kindCut := form(file("a"))
	for name, c := range map[string]struct {
		user, query, body, kind, coding string
		status                          int
	}{
		"nobody":          {"", "", "x", "", "", 401},
		"reader":          {"reader", "", "x", "", "", 403},
		"empty":           {"li", "", "", "", "", 400},
		"too large":       {"li", "", repeated("x", 1001), "", "", 413},
		"far too large":   {"li", "", repeated("x", 2<<20), "", "", 413},
		"compressed":      {"li", "", "x", "", "gzip", 415},
		"form of fields":  {"li", "", "a=b", "application/x-www-form-urlencoded", "", 415},
		"two files":       {"li", "", two, kindTwo, "", 400},
		"no file":         {"li", "", none, kindNone, "", 400},
		"no part":         {"li", "", empty, kindEmpty, "", 400},
		"cut":             {"li", "", cut[:len(cut)-10], kindCut, "", 400},
		"no boundary":     {"li", "", "x", "multipart/form-data", "", 400},
		"bad type":        {"li", "", "x", "a b/;", "", 400},
		"control in name": {"li", "?name=a%0d%0ab", "x", "", "", 400},
		"turned name":     {"li", "?name=a%e2%80%aegpj.exe", "x", "", "", 400},
		"no UTF-8":        {"li", "?name=%ff", "x", "", "", 400},
		"long name":       {"li", "?name=" + repeated("a", 1025), "x", "", "", 400},
		"long, of a form": {"li", "?name=" + repeated("a", 1025), named, kindNamed, "", 400},
	} {
		headers := []string{"Content-Type", c.kind}
		if c.coding != "" {
			headers = append(headers, "Content-Encoding", c.coding)
		}
		if a := o.send("POST", "/evidence"+c.query, c.user, c.body, headers...); a.status != c.status || a.said.Detail == "" {
			t.Errorf("%s: status %d, want %d: %s", name, a.status, c.status, a.body)
		}
	}
	for _, path := range []string{"..%2f..%2fl.gpkg", "named", repeated("a", 64), repeated("A", 64), repeated("a", 63) + "%00", "fresh%2fx"} {
		o.want(404, o.send("GET", "/evidence/"+path, "keeper", ""))
	}
	if got := kept(t, o.dir); len(got) > 0 {
		t.Errorf("kept is %v", got)
	}
	o.want(201, o.send("POST", "/evidence", "li", repeated("x", 1000)))
}

// TestUploadBreaksOff: of a file whose sender goes away nothing is kept.
func TestUploadBreaksOff(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	done := make(chan error, 1)
	in := &files{dir: o.dir, max: 1000, quota: 3000, now: time.Now}
	client, server := net.Pipe()
	go func() {
		_, _, err := in.put(io.MultiReader(server), "li")
		done <- err
	}()
	_, err := client.Write([]byte("half"))
	redlinetest.Must(t, err)
	redlinetest.Must(t, server.SetReadDeadline(time.Unix(1, 0)))
	var p *problem
	if err := <-done; !errors.As(err, &p) || p.Status != 408 {
		t.Errorf("%v", err)
	}
	if got := kept(t, o.dir); len(got) > 0 {
		t.Errorf("kept is %v", got)
	}
}

// TestQuota: who has sent much that no event names must wait; what events name does not count.
func TestQuota(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	file := func(i int) string { return fmt.Sprint(i) + repeated("x", 999) }
	for i := range 3 {
		o.want(201, o.send("POST", "/evidence", "li", file(i)))
	}
	if a := o.want(507, o.send("POST", "/evidence", "li", file(3))); len(kept(t, o.dir)) != 3 ||
		!strings.Contains(a.body, `"quota":true`) {
		t.Errorf("kept are %v: %s", kept(t, o.dir), a.body)
	}
	o.want(201, o.send("POST", "/evidence", "li", file(2)))
	o.want(201, o.send("POST", "/evidence", "wang", file(3)))
	o.want(201, o.post("li", case13, o.at(case13).Seq, "k", `{"kind":"set","fields":{"goal":"x"},"doc":{"name":"0","sha256":"`+sumOf(file(0))+`"}}`))
	o.want(201, o.send("POST", "/evidence", "li", file(4)))
}

// TestSweep: after a day what no event names is removed, and only that, also when nothing but the ledger knows that one
// does.
func TestSweep(t *testing.T) {
	o := newOffice(t, new(ledger.Memory))
	for _, text := range []string{"named", "named by another program", "forgotten", "half"} {
		o.want(201, o.send("POST", "/evidence", "li", text))
	}
	o.want(201, o.post("li", case13, o.at(case13).Seq, "k", `{"kind":"set","fields":{"goal":"x"},"doc":{"name":"a","sha256":"`+sumOf("named")+`"}}`))
	head, err := o.store.Head(t.Context())
	redlinetest.Must(t, err)
	redlinetest.Must(t, ledger.Commit(t.Context(), o.store, head, []ledger.Event{{Case: case13, Kind: ledger.Set, Time: today, Actor: "别处",
		Fields: map[string]string{"goal": "y"}, Doc: ledger.Document{Name: "b", SHA256: sumOf("named by another program")}}}, nil))
	half := filepath.Join(o.dir, "tmp", "upload-1")
	redlinetest.Must(t, os.WriteFile(half, []byte("half"), 0o600))
	redlinetest.Must(t, os.Chtimes(half, today, today))
	start := func(at time.Time) []string {
		t.Helper()
		in, err := New(t.Context(), Options{Store: o.store, Evidence: o.dir, Now: func() time.Time { return at }})
		redlinetest.Must(t, err)
		server := httptest.NewServer(letIn(in))
		defer server.Close()
		o.url = server.URL
		for _, text := range []string{"named", "named by another program"} {
			want := 200
			if text != "named" && !at.After(today.Add(keep)) {
				want = 404 // until the ledger was looked at
			}
			o.want(want, o.send("GET", "/evidence/"+sumOf(text), "reader", ""))
		}
		return kept(t, o.dir)
	}
	if got := start(today.Add(keep - time.Second)); len(got) != 5 {
		t.Errorf("within the day: %v", got)
	}
	want := []string{sumOf("named"), sumOf("named by another program")}
	slices.Sort(want)
	for range 2 {
		if got := start(today.Add(keep + time.Second)); !slices.Equal(got, want) {
			t.Errorf("after a day: %v, want %v", got, want)
		}
	}
}
