package shelf

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"greenshield/redline/redlinetest"
	"greenshield/redline/service/collection"
)

// ids are the collections that a shelf offers.
func ids(t *testing.T, s *Shelf) string {
	t.Helper()
	redlinetest.Must(t, s.Wait(t.Context()))
	all, err := s.Collections(t.Context())
	redlinetest.Must(t, err)
	var names []string
	for _, c := range all {
		names = append(names, c.Info().ID)
	}
	return strings.Join(names, " ")
}

// of are the four collections of runs.
func of(runs ...string) string {
	var names []string
	for _, run := range runs {
		for _, k := range kinds {
			names = append(names, run+"."+k.kind)
		}
	}
	return strings.Join(names, " ")
}

// refusals says why collections of a run are not offered.
func refusals(t *testing.T, s *Shelf, id string) (text string) {
	t.Helper()
	runs, err := s.Runs(t.Context())
	redlinetest.Must(t, err)
	for _, r := range runs {
		if r.ID == id {
			for _, f := range r.Refusals {
				text += f.Kind + ": " + f.Reason + "\n"
			}
		}
	}
	return text
}

// edit changes a byte of a file in its place.
func edit(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	redlinetest.Must(t, err)
	text[len(text)/2] ^= 1
	redlinetest.Must(t, os.WriteFile(path, text, 0o644))
}

// TestRunsAreFound: in the folder, one and two levels below; not deeper, hidden, temporary, or outside by a link. They
// come and go.
func TestRunsAreFound(t *testing.T) {
	outside, dir := t.TempDir(), filepath.Join(t.TempDir(), "shelf")
	publish(t, filepath.Join(outside, "run"), 3, 1)
	for _, name := range []string{"a", "b/c", "b/c/d", "b/c/d/e", ".hidden", ".a.tmp-1", "b/.x"} {
		redlinetest.Must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		redlinetest.Must(t, os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(outside, "run"))))
	}
	for name, to := range map[string]string{"out": filepath.Join(outside, "run"), "up": "../" + filepath.Base(outside), "loop": ".", "latest": "a"} {
		redlinetest.Must(t, os.Symlink(to, filepath.Join(dir, name)))
	}
	redlinetest.Must(t, os.Mkdir(filepath.Join(dir, "no run"), 0o755))
	s := open(t, dir, t.TempDir())
	// A link to the folder itself shows its runs once more, one level deeper.
	if got := ids(t, s); got != of("a", "b--c", "latest", "loop--a", "loop--latest") {
		t.Errorf("found %s", got)
	}
	redlinetest.Must(t, os.Remove(filepath.Join(dir, "loop")))
	redlinetest.Must(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "z")))
	publish(t, filepath.Join(dir, "n"), 3, 2)
	if got := ids(t, s); got != of("b--c", "n", "z") {
		t.Errorf("then found %s", got)
	}
	runs, err := s.Runs(t.Context())
	redlinetest.Must(t, err)
	n := runs[1]
	if count, ha := n.Count(); n.Title != "n 2015–2020" || n.YearA != 2015 || n.YearB != 2020 || count != 3 || ha <= 0 || n.Manifest == nil {
		t.Errorf("got %+v, %d", n, count)
	}
}

// TestEditedFile: what is not as the run wrote it is not offered, whether it has an index or not, and is again when it is
// put back. Zones stay when review.gpkg is edited after it was read, and are refused when it was before.
func TestEditedFile(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	run := filepath.Join(dir, "a")
	publish(t, run, 5, 1)
	s := open(t, dir, cache)
	for name, want := range map[string]string{
		"candidates.geojson": "a.suppressed a.zones a.coverage", "suppressed.csv": "a.candidates a.zones a.coverage",
		"coverage.csv": "a.candidates a.suppressed", "review.gpkg": of("a"),
	} {
		path := filepath.Join(run, name)
		edit(t, path)
		for state, s := range map[string]*Shelf{"open": s, "opened again": open(t, dir, cache)} {
			if got := ids(t, s); got != want {
				t.Errorf("%s is edited, %s: %s", name, state, got)
			}
		}
		if got := refusals(t, s, "a"); want != of("a") && !strings.Contains(got, name+" is not as the run wrote it") || strings.Contains(got, dir) {
			t.Errorf("%s is edited: %q", name, got)
		}
		if name != "review.gpkg" {
			edit(t, path)
		}
		if got := ids(t, s); got != of("a") {
			t.Errorf("%s is put back: %s", name, got)
		}
	}
	fresh := open(t, dir, t.TempDir())
	if got := ids(t, fresh); got != "a.candidates a.suppressed a.coverage" || !strings.Contains(refusals(t, fresh, "a"), "zones: review.gpkg is not as") {
		t.Errorf("review.gpkg was edited before: %s", got)
	}
	with, errWith := s.Collection(t.Context(), "a.coverage")
	without, errWithout := fresh.Collection(t.Context(), "a.coverage")
	redlinetest.Must(t, errors.Join(errWith, errWithout))
	if w, o := with.Info(), without.Info(); w.Geometry != collection.Polygons || w.Box == nil || o.Geometry != collection.None ||
		o.Box != nil || !strings.HasSuffix(o.Description, "没有几何") || with.Version() == without.Version() {
		t.Errorf("coverage is %+v, and without outlines %+v", w, o)
	}
	if f, err := without.Item(t.Context(), "1"); err != nil || f.Geometry != nil || f.Properties == nil {
		t.Errorf("a row of coverage without outlines is %+v, %v", f, err)
	}
	redlinetest.Must(t, os.Truncate(filepath.Join(run, "manifest.json"), 40))
	if got := ids(t, s); got != "" || !strings.Contains(refusals(t, s, "a"), "candidates: manifest.json cannot be used") {
		t.Errorf("the manifest is cut: %s, %s", got, refusals(t, s, "a"))
	}
}

// TestWithheldIsTold: what is not offered is told to readers, and to the log once for each state of the run.
func TestWithheldIsTold(t *testing.T) {
	dir := t.TempDir()
	publish(t, filepath.Join(dir, "a"), 5, 1)
	edit(t, filepath.Join(dir, "a", "candidates.geojson"))
	s, err := Open(dir, t.TempDir())
	redlinetest.Must(t, err)
	t.Cleanup(func() { redlinetest.Must(t, s.Close()) })
	s.every = 0
	var log bytes.Buffer
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	for range 3 {
		redlinetest.Must(t, s.Wait(t.Context()))
	}
	all, err := s.Withheld(t.Context())
	if err != nil || len(all) != 1 || all[0].Run != "a" || all[0].Kind != "candidates" ||
		!strings.HasSuffix(all[0].Title, " 候选图斑") || !strings.Contains(all[0].Reason, "is not as the run wrote it") {
		t.Errorf("%+v, %v", all, err)
	}
	if text := log.String(); strings.Count(text, "is not offered") != 1 ||
		!strings.Contains(text, "run=a kind=candidates reason=") {
		t.Error(text)
	}
	edit(t, filepath.Join(dir, "a", "candidates.geojson"))
	redlinetest.Must(t, s.Wait(t.Context()))
	if all, err := s.Withheld(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("put back: %+v, %v", all, err)
	}
}

// TestReplacedWhileRead: a collection that was handed out stays as it was while its run is replaced, page by page; a
// page of it is none of the new state.
func TestReplacedWhileRead(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "a")
	publish(t, run, 30, 1)
	s := open(t, dir, t.TempDir())
	before := featuresOf(t, run)
	c, err := s.Collection(t.Context(), "a.candidates")
	redlinetest.Must(t, err)
	page, err := c.Items(t.Context(), collection.Query{Limit: 10})
	redlinetest.Must(t, err)
	got := page.Features
	publish(t, run, 40, 2)
	if ids(t, s) != of("a") {
		t.Error("the run is gone")
	}
	for page.Next != "" {
		page, err = c.Items(t.Context(), collection.Query{Limit: 10, After: page.Next})
		redlinetest.Must(t, err)
		got = append(got, page.Features...)
		next, err := s.Collection(t.Context(), "a.candidates")
		redlinetest.Must(t, err)
		var bad *collection.BadQuery
		if _, err := next.Items(t.Context(), collection.Query{Limit: 10, After: page.Next}); page.Next != "" && !errors.As(err, &bad) {
			t.Errorf("the page of the state before: %v", err)
		}
		if now, err := next.Items(t.Context(), collection.Query{Limit: 10}); err != nil || now.Matched != 40 || next.Version() == c.Version() {
			t.Errorf("the new state: %v", err)
		}
	}
	if len(got) != len(before) {
		t.Fatalf("%d features, want %d", len(got), len(before))
	}
	for i := range got {
		if got[i].ID != before[i].ID {
			t.Errorf("feature %d is %s", i, got[i].ID)
		}
	}
}

// TestDamagedIndex: an index that is cut, changed or gone is made again, also while it is in use.
func TestDamagedIndex(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	publish(t, filepath.Join(dir, "a"), 300, 1)
	redlinetest.Must(t, os.WriteFile(filepath.Join(cache, "x.1"+draft), nil, 0o644))
	check := func(what string, s *Shelf) {
		t.Helper()
		for _, c := range []string{"a.candidates", "a.suppressed"} {
			c, err := s.Collection(t.Context(), c)
			redlinetest.Must(t, err)
			page, err := c.Items(t.Context(), collection.Query{Limit: 1000})
			if err != nil || len(page.Features) != 300 {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	for what, damage := range map[string]func(path string) error{
		"cut":     func(path string) error { return os.Truncate(path, 8192) },
		"changed": func(path string) error { edit(t, path); return nil },
		"gone":    os.Remove,
	} {
		s := open(t, dir, cache)
		paths, err := filepath.Glob(filepath.Join(cache, "*"))
		if err != nil || len(paths) != 3 {
			t.Fatalf("%v: %q", err, paths)
		}
		for _, path := range paths {
			redlinetest.Must(t, damage(path))
		}
		if what == "cut" {
			check(what+" while it is in use", s)
		}
		check(what, open(t, dir, cache))
	}
}

// TestManyReaders: a hundred at once, while the run is replaced again and again, always see one state.
func TestManyReaders(t *testing.T) {
	dir := t.TempDir()
	run := filepath.Join(dir, "a")
	publish(t, run, 20, 1)
	s := open(t, dir, t.TempDir())
	var readers sync.WaitGroup
	for range 100 {
		readers.Go(func() {
			for range 3 {
				c, err := s.Collection(t.Context(), "a.candidates")
				if err != nil {
					t.Error(err)
					return
				}
				page, err := c.Items(t.Context(), collection.Query{Limit: 100, Sort: collection.Sort{Field: "area_ha"}})
				if err != nil || len(page.Features) != page.Matched || page.Matched != 20 && page.Matched != 25 {
					t.Errorf("%v: %+v", err, page)
				}
			}
		})
	}
	publish(t, run, 25, 2)
	readers.Wait()
	redlinetest.Must(t, s.Wait(t.Context()))
	if c, err := s.Collection(t.Context(), "a.candidates"); err != nil || c.Info().Box == nil {
		t.Error(err)
	}
}

// TestOldIndexesGo: the indexes of a run that was replaced twice are removed, but for that of its zones.
func TestOldIndexesGo(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	s := open(t, dir, cache)
	var first string
	for seed := range uint64(3) {
		publish(t, filepath.Join(dir, "a"), 3, seed)
		redlinetest.Must(t, s.Wait(t.Context()))
		runs, err := s.Runs(t.Context())
		redlinetest.Must(t, err)
		if seed == 0 {
			first = runs[0].Version
		}
		left, err := filepath.Glob(filepath.Join(cache, first+".*"))
		if want := []int{3, 3, 1}[seed]; err != nil || len(left) != want {
			t.Errorf("after run %d: %v, %q", seed, err, left)
		}
	}
}
