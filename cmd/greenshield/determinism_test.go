package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
// layout of the rasters. At full size the scene is the demo's, and all runs make the page, which takes longest.
func TestSameBytes(t *testing.T) {
	layouts := map[string][]string{
		"tiles of 256, LZW":       nil,
		"strips, LZW":             {"COMPRESS=LZW"},
		"strips, none":            {"BLOCKYSIZE=7"},
		"tiles of 64, none":       {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"},
		"tiles of 512, ZSTD, big": {"TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=ZSTD", "BIGTIFF=YES"},
		"strips, DEFLATE":         {"COMPRESS=DEFLATE", "PREDICTOR=2"},
	}
	p := scene.Default()
	if !torture() {
		p.Cols, p.Rows, p.RedLines, p.Reserves, p.Vertices = 600, 520, 8, 4, 1500
	}
	write := func(options ...string) (dir string) {
		t.Helper()
		dir = filepath.Join(t.TempDir(), "demo")
		if err := gdalscene.Write(dir, p, options...); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	runs := map[string]int{}     // by formats
	first := map[string]string{} // digests of the first run
	compare := func(name, dir string, page bool, flags ...string) {
		t.Helper()
		formats, outputs := "csv,gpkg,xlsx", 14
		if page || torture() {
			formats, outputs = "all", 15
		}
		here(t, dir, slices.Concat([]string{"run", "job.yaml", "--quiet", "--out", "out", "--formats", formats}, flags)...).want(t, 0)
		d := digests(t, filepath.Join(dir, "out"))
		if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
			t.Fatal(err)
		}
		if runs[formats]++; runs[formats] == 1 {
			first[formats] = d
			if n := strings.Count(d, "\n") + 1; n != outputs {
				t.Fatalf("%d outputs, want %d:\n%s", n, outputs, d)
			}
		} else if d != first[formats] {
			t.Errorf("%s differs:\n%s\n\n%s", name, d, first[formats])
		}
	}
	for layout, options := range layouts {
		compare(layout, write(options...), layout == "strips, DEFLATE", "--workers", "2")
	}
	dir := write()
	for _, tile := range []string{"64", "100", "257", "1000", "2000"} {
		compare("tile "+tile+", 3 workers", dir, tile == "100", "--workers", "3", "--tile", tile)
		compare("tile "+tile+", 1 worker", dir, tile == "257", "--workers", "1", "--tile", tile)
	}
	compare("1 worker", dir, true, "--workers", "1")
	compare("3 workers", dir, false, "--workers", "3")
	compare("little memory", dir, false, "--workers", "2", "--max-memory", "64MiB")
	for _, kind := range []string{"UInt16", "Int16", "Int32", "Float32", "Float64"} {
		dir := write()
		for _, name := range []string{scene.RasterA, scene.RasterB} {
			retype(t, filepath.Join(dir, name), kind)
		}
		compare(kind, dir, kind == "Float32")
	}
	t.Logf("runs compared: %v", runs)
	if runs["all"] < 5 || runs["all"]+runs["csv,gpkg,xlsx"] != 24 {
		t.Error("too little was compared")
	}
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
