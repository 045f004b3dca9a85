package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func server(t *testing.T) *httptest.Server {
	t.Helper()
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.Routes(mux)
	s := httptest.NewServer(http.StripPrefix("/office/shield", mux)) // behind a path, as another server may have it
	t.Cleanup(s.Close)
	return s
}

// get asks for an address below the path of the service, and returns the answer and its body as it was sent.
func get(t *testing.T, s *httptest.Server, path string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest("GET", s.URL+"/office/shield"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	a, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(a.Body)
	if err := a.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a, string(body)
}

var loads = regexp.MustCompile(`(?:src|href)="([^"#]*)"`)

// TestPage: the page may load nothing from elsewhere, and all that it names is there, below whatever path.
func TestPage(t *testing.T) {
	s := server(t)
	a, body := get(t, s, "/review")
	csp := a.Header.Get("Content-Security-Policy")
	if a.StatusCode != 200 || !strings.HasPrefix(csp, "default-src 'self';") || strings.Contains(csp, "unsafe") ||
		a.Header.Get("Cache-Control") != "private, no-cache" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("status %d, header %v", a.StatusCode, a.Header)
	}
	n := 0
	for _, m := range loads.FindAllStringSubmatch(body, -1) {
		if !strings.HasPrefix(m[1], "static/") {
			if strings.HasPrefix(m[1], "/") || strings.Contains(m[1], ":") {
				t.Errorf("the page names %s, which is not relative", m[1])
			}
			continue
		}
		n++
		if a, _ := get(t, s, "/"+m[1]); a.StatusCode != 200 || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, header %v", m[1], a.StatusCode, a.Header)
		}
	}
	if n < 4 {
		t.Errorf("the page loads %d files", n)
	}
	for _, bad := range []string{"<script>", " onclick=", " style="} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %s, which its policy does not allow", bad)
		}
	}
}

var imports = regexp.MustCompile(`(?:from |import\()"\./([^"]+)"|new URL\("\./([^"]+)"`)

// TestModules: modules load files that are there, by the same part of the address that changes with any of them.
func TestModules(t *testing.T) {
	s := server(t)
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range w.files {
		if strings.HasPrefix(name, "map") { // of others
			continue
		}
		for _, m := range imports.FindAllStringSubmatch(string(f.plain), -1) {
			wanted := m[1] + m[2]
			if wanted == "" || name == "texts.js" {
				continue
			}
			if _, ok := w.files[wanted]; !ok {
				t.Errorf("%s loads %s, which is not there", name, wanted)
			}
		}
		for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://", "http://"} {
			if strings.HasSuffix(name, ".js") && strings.Contains(string(f.plain), bad) {
				t.Errorf("%s has %s", name, bad)
			}
		}
	}
	for path, status := range map[string]int{
		"/static/0000000000000000/review.js": 404, "/static/" + w.hash + "/none.js": 404,
		"/static/" + w.hash + "/..%2fweb.go": 404, "/static/" + w.hash + "/review.js": 200,
	} {
		if a, _ := get(t, s, path); a.StatusCode != status {
			t.Errorf("%s: status %d, want %d", path, a.StatusCode, status)
		}
	}
	a, packed := get(t, s, "/static/"+w.hash+"/map.js", "Accept-Encoding", "gzip")
	if a.Header.Get("Content-Encoding") != "gzip" || len(packed) >= len(w.files["map.js"].plain)/2 {
		t.Errorf("map.js has %d bytes, %v", len(packed), a.Header)
	}
}

// TestLanguage: Chinese, unless English is asked for.
func TestLanguage(t *testing.T) {
	s := server(t)
	for _, c := range []struct{ query, accepted, want string }{
		{"", "", "zh-CN"}, {"", "zh-CN,en;q=0.5", "zh-CN"}, {"", "en-GB", "en"}, {"?lang=en", "zh-CN", "en"}, {"?lang=zh", "en", "zh-CN"},
	} {
		if _, body := get(t, s, "/review"+c.query, "Accept-Language", c.accepted); !strings.Contains(body, `<html lang="`+c.want+`">`) {
			t.Errorf("%v: %.60s", c, body)
		}
	}
}

// TestAssets: what is of others is as its package has it, and the README tells which.
func TestAssets(t *testing.T) {
	readme, err := files.ReadFile("assets/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"licences.txt", "map-worker.js", "map.css", "map.js"} {
		text, err := files.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if row := "| " + name + " | `" + hex.EncodeToString(sum[:]) + "` |"; !strings.Contains(string(readme), row) {
			t.Errorf("assets/README.md lacks the row %s", row)
		}
	}
}
