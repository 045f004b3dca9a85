package shelf

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/service/collection"
	"greenshield/seeds"
)

// TestTime: candidates have the time of both years, both ends included; zones have none, and are always chosen.
func TestTime(t *testing.T) {
	dir := t.TempDir()
	publish(t, filepath.Join(dir, "a"), 3, 1)
	s := open(t, dir, t.TempDir())
	day := func(y int, m time.Month, d, hour int) time.Time { return time.Date(y, m, d, hour, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		time collection.Interval
		want int
	}{
		{collection.Interval{}, 3}, {collection.Interval{Until: day(2015, 1, 1, 0)}, 3}, {collection.Interval{Until: day(2014, 12, 31, 23)}, 0},
		{collection.Interval{From: day(2020, 12, 31, 12)}, 3}, {collection.Interval{From: day(2021, 1, 1, 0)}, 0},
		{collection.Interval{From: day(2017, 1, 1, 0), Until: day(2017, 1, 1, 0)}, 3},
	} {
		for id, want := range map[string]int{"a.candidates": c.want, "a.suppressed": c.want, "a.zones": 3, "a.coverage": 3} {
			of, err := s.Collection(t.Context(), id)
			redlinetest.Must(t, err)
			page, err := of.Items(t.Context(), collection.Query{Limit: 10, Time: &c.time})
			if err != nil || page.Matched != want || len(page.Features) != want {
				t.Errorf("%s at %v: %v, want %d", id, c.time, err, want)
			}
		}
	}
}

// TestInputsAndLegends: an input is found beside the run by its length, and a legend by its SHA-256; nothing else is.
func TestInputsAndLegends(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "out")
	redlinetest.Must(t, os.WriteFile(filepath.Join(dir, "a.tif"), []byte("abc"), 0o644))
	input := func(path string, n int64) record.Input {
		return record.Input{Path: path, Files: []record.File{{Name: filepath.Base(path), Bytes: n}}}
	}
	for want, in := range map[string]record.Input{
		filepath.Join(dir, "a.tif"): input("a.tif", 3), "": input("a.tif", 4),
	} {
		if got := found(folder, in); got != want {
			t.Errorf("%+v is at %q", in, got)
		}
	}
	for _, path := range []string{"/vsicurl/http://x/a.tif", "PG:a.tif", "../b.tif", ""} {
		if got := found(folder, input(path, 3)); got != "" {
			t.Errorf("%q is at %q", path, got)
		}
	}
	text, _ := seeds.Legend("clcd")
	in := record.Input{Legend: "clcd", LegendSHA256: fmt.Sprintf("%x", sha256.Sum256(text))}
	if l := legendOf(folder, in); len(l.Classes) == 0 || l.Classes[0].Color == "" {
		t.Errorf("got %+v", l)
	}
	if in.LegendSHA256 = "0"; len(legendOf(folder, in).Classes) != 0 {
		t.Error("another legend is taken for it")
	}
}
