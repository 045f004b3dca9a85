package record

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline/redlinetest"
)

// write makes a folder of a run.
func write(t *testing.T, target string) (fingerprint string) {
	t.Helper()
	redlinetest.Must(t, os.Mkdir(target, 0o755))
	m := &Manifest{Format: Format, Program: "one"}
	m.Fingerprint = m.Identity()
	for _, name := range []string{"coverage.csv", "matrix.csv"} {
		path := filepath.Join(target, name)
		redlinetest.Must(t, os.WriteFile(path, []byte(name+"\nclean\n"), 0o644))
		sum, bytes, err := HashFile(context.Background(), path)
		redlinetest.Must(t, err)
		m.Outputs = append(m.Outputs, File{Name: name, Bytes: bytes, SHA256: sum})
	}
	w, err := os.Create(filepath.Join(target, Name))
	redlinetest.Must(t, err)
	redlinetest.Must(t, errors.Join(m.Write(w), w.Close()))
	return m.Fingerprint
}

func TestUnchanged(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, target string)
		want   bool
	}{
		{"as written", func(*testing.T, string) {}, true},
		{"a file of the user's beside it", func(t *testing.T, d string) { redlinetest.Must(t, os.WriteFile(filepath.Join(d, "x"), nil, 0o644)) }, true},
		{"output edited", func(t *testing.T, d string) { edit(t, d, "coverage.csv", "clean", "CLEAN") }, false},
		{"output missing", func(t *testing.T, d string) { redlinetest.Must(t, os.Remove(filepath.Join(d, "matrix.csv"))) }, false},
		{"output is a folder", func(t *testing.T, d string) {
			redlinetest.Must(t, os.Remove(filepath.Join(d, "matrix.csv")))
			redlinetest.Must(t, os.Mkdir(filepath.Join(d, "matrix.csv"), 0o755))
		}, false},
		{"manifest missing", func(t *testing.T, d string) { redlinetest.Must(t, os.Remove(filepath.Join(d, Name))) }, false},
		{"manifest cut", func(t *testing.T, d string) { redlinetest.Must(t, os.Truncate(filepath.Join(d, Name), 300)) }, false},
		{"other fingerprint", func(t *testing.T, d string) { edit(t, d, Name, `"fingerprint": "`, `"fingerprint": "0`) }, false},
		{"newer format", func(t *testing.T, d string) { edit(t, d, Name, `"format": 1`, `"format": 2`) }, false},
		{"outputs outside", func(t *testing.T, d string) { edit(t, d, Name, `"matrix.csv"`, `"../out/matrix.csv"`) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "out")
			fingerprint := write(t, target)
			c.change(t, target)
			if got := Unchanged(target, fingerprint); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if Unchanged(filepath.Join(t.TempDir(), "none"), "") {
		t.Error("a missing folder counts as unchanged")
	}
}

func edit(t *testing.T, dir, name, from, to string) {
	t.Helper()
	path := filepath.Join(dir, name)
	text, err := os.ReadFile(path)
	redlinetest.Must(t, err)
	changed := strings.Replace(string(text), from, to, 1)
	if changed == string(text) {
		t.Fatalf("%s does not hold %q", name, from)
	}
	redlinetest.Must(t, os.WriteFile(path, []byte(changed), 0o644))
}

func TestIdentity(t *testing.T) {
	base := func() *Manifest {
		return &Manifest{Program: "p 1", Inputs: []Input{{Role: "before", Path: "a.tif", Files: []File{{Name: "a.tif", Bytes: 3, SHA256: "aa"}}}}, Options: map[string]any{"min_area": "4 cells", "connectivity": 8}}
	}
	same := map[string]func(m *Manifest){
		"times":         func(m *Manifest) { m.Generated, m.Timings = time.Now(), []Timing{{"trace", 1}} },
		"machine":       func(m *Manifest) { m.Machine = map[string]any{"workers": 8} },
		"features read": func(m *Manifest) { m.Inputs[0].FeaturesRead, m.Inputs[0].CRS = 7, "EPSG:4490" },
		"results":       func(m *Manifest) { m.Warnings, m.Outputs = []string{"w"}, []File{{Name: "o", Bytes: 1, SHA256: "x"}} },
	}
	other := map[string]func(m *Manifest){
		"program": func(m *Manifest) { m.Program = "p 2" },
		"content": func(m *Manifest) { m.Inputs[0].Files[0].SHA256 = "ab" },
		"role":    func(m *Manifest) { m.Inputs[0].Role = "after" },
		"option":  func(m *Manifest) { m.Options["connectivity"] = 4 },
		"rules":   func(m *Manifest) { m.Rules.SHA256 = "cc" },
		"gdal":    func(m *Manifest) { m.Versions.GDAL = "3.9" },
		"band":    func(m *Manifest) { m.Inputs[0].Band = 21 },
	}
	want := base().Identity()
	for name, change := range same {
		m := base()
		if change(m); m.Identity() != want {
			t.Errorf("%s change the identity", name)
		}
	}
	for name, change := range other {
		m := base()
		if change(m); m.Identity() == want {
			t.Errorf("%s: the identity stays", name)
		}
	}
}

func TestHashFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "abc")
	redlinetest.Must(t, os.WriteFile(path, []byte("abc"), 0o644))
	sum, n, err := HashFile(context.Background(), path)
	redlinetest.Must(t, err)
	// FIPS 180-2, appendix B.1
	if sum != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || n != 3 {
		t.Errorf("got %s, %d bytes", sum, n)
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := HashFile(cancelled, path); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	pipe := filepath.Join(dir, "pipe")
	redlinetest.Must(t, unix.Mkfifo(pipe, 0o644))
	if _, _, err := HashFile(context.Background(), pipe); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("pipe: %v", err)
	}
}
