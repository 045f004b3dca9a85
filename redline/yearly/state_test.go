package yearly

import (
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
)

// TestState: what was written is read, and nothing else lies about.
func TestState(t *testing.T) {
	dir := t.TempDir()
	s, err := Read(dir)
	if err != nil || len(s.Years) != 0 {
		t.Fatalf("of nothing: %+v, %v", s, err)
	}
	day := time.Date(2022, 12, 1, 8, 0, 0, 0, time.UTC)
	s.Looked, s.Told = day, "ab"
	file := File{Path: "地图.tif", Bytes: 7, Modified: day.Add(5), SHA256: "cd"}
	s.Years[2022] = &Year{Files: []File{file}, Since: day, Done: []Step{Check, Run}, Own: true, Failures: 2, Failed: day,
		Trouble: &Trouble{Add, 16, "busy"}}
	s.Years[2021] = &Year{Files: []File{file}, Done: []Step{Check}, Finished: day, Later: []File{file}}
	for range 2 {
		if err := s.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := Read(dir); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("read %+v, %v", got, err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("there lie %v", left)
	}
}

// TestWrongState: a file that is no state of this version is not taken for an empty one.
func TestWrongState(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"format": 1}`, `{"format": 2, "years": {}}`, `{"format": 1, "years": {}, "more": 1}`,
		`{"format": 1, "years": {}} x`, `{"format": 1, "years": {"2022": null}}`, `{"format": 1, "years": {"x": {}}}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, StateName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Read(dir)
		if redline.KindOf(err) != redline.Output || !strings.Contains(err.Error(), "bring back a copy, or remove it") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestStateOnFullDisk: where it cannot be written it stays as it was, and nothing else lies about. A limit on the size of
// files stands for a full disk.
func TestStateOnFullDisk(t *testing.T) {
	dir := t.TempDir()
	s, err := Read(dir)
	if err == nil {
		err = s.Write(dir)
	}
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(filepath.Join(dir, StateName))
	signal.Ignore(unix.SIGXFSZ)
	defer signal.Reset(unix.SIGXFSZ)
	s.Told = strings.Repeat("x", 5000)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4096, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	err = s.Write(dir)
	if back := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); back != nil {
		t.Fatal(back)
	}
	if redline.KindOf(err) != redline.Output || !strings.Contains(err.Error(), "state.json: cannot be written: file too large; make room there") {
		t.Errorf("it is %v", err)
	}
	if again := s.Write(filepath.Join(dir, "none")); redline.KindOf(again) != redline.Output || again.Error() !=
		filepath.Join(dir, "none", StateName)+": cannot be written: no such file or directory; make room there, or give the right to write" {
		t.Errorf("where there is no folder it is %v", again)
	}
	after, _ := os.ReadFile(filepath.Join(dir, StateName))
	if left, _ := os.ReadDir(dir); len(left) != 1 || string(after) != string(before) || len(before) == 0 {
		t.Errorf("there lie %v; the state is %s", left, after)
	}
}
