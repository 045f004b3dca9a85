package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// digests returns name and SHA-256 of every output but the manifest, which holds times, and but for the fingerprint of the run, which covers
// the bytes of the inputs.
func digests(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range entries {
		if e.Name() == "manifest.json" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() == "report.html" {
			text = bytes.ReplaceAll(text, []byte(readManifest(t, dir).Fingerprint), nil)
		}
		lines = append(lines, fmt.Sprintf("%x  %s", sha256.Sum256(text), e.Name()))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// The same inputs give the same bytes for any number of workers, any tiles, and any
// layout of the rasters.
func TestSameBytes(t *testing.T) {
	layouts := map[string][]string{
		"tiles of 256, LZW":       nil,
		"strips, LZW":             {"COMPRESS=LZW"},
		"strips, none":            {"BLOCKYSIZE=7"},
		"tiles of 64, none":       {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"},
		"tiles of 512, ZSTD, big": {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=ZSTD", "BIGTIFF=YES"},
		"strips, DEFLATE":         {"COMPRESS=DEFLATE", "PREDICTOR=2"},
	}
	var first, firstName string
	compare := func(name, dir string) {
		t.Helper()
		d := digests(t, dir)
		if first == "" {
			first, firstName = d, name
			if n := strings.Count(d, "\n") + 1; n < 7 {
				t.Fatalf("only %d outputs:\n%s", n, d)
			}
		} else if d != first {
			t.Errorf("%s differs from %s:\n%s\n\n%s", name, firstName, d, first)
		}
	}
	runs := 0
	for layout, options := range layouts {
		dir := filepath.Join(t.TempDir(), "demo")
		if err := gdalscene.Write(dir, scene.Default(), options...); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		flags := [][]string{{"--workers", "2"}}
		if options == nil {
			for _, tile := range []string{"64", "100", "257", "1000", "2000"} {
				flags = append(flags, []string{"--workers", "3", "--tile", tile}, []string{"--workers", "1", "--tile", tile})
			}
			flags = append(flags, []string{"--workers", "1"}, []string{"--workers", "3"}, []string{"--workers", "2", "--max-memory", "64MiB"})
		}
		for _, f := range flags {
			out := runJob(t, dir, string(text), f...)
			compare(layout+" "+strings.Join(f, " "), out)
			runs++
			if err := os.RemoveAll(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, kind := range []string{"UInt16", "Int16", "Int32", "Float32", "Float64"} {
		dir := sample(t)
		for _, name := range []string{scene.RasterA, scene.RasterB} {
			retype(t, filepath.Join(dir, name), kind)
		}
		text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		compare(kind, runJob(t, dir, string(text)))
		runs++
	}
	t.Logf("%d runs compared", runs)
}

// retype rewrites a raster with another type of cell.
func retype(t *testing.T, path, kind string) {
	t.Helper()
	ds, err := godal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ds.Translate(path+".new.tif", []string{"-q", "-ot", kind, "-co", "COMPRESS=LZW"}, godal.GTiff,
		godal.ErrLogger(func(godal.ErrorCategory, int, string) error { return nil })) // a colour table is for bytes only
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*godal.Dataset{out, ds} {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(path+".new.tif", path); err != nil {
		t.Fatal(err)
	}
}

func TestDigestsSeeOneByte(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(path, []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := digests(t, dir)
	if err := os.WriteFile(path, []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if digests(t, dir) == before {
		t.Error("another byte gives the same digest")
	}
}
