package main

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUmask: all that a run writes may be read and written by whom the user's umask lets.
func TestUmask(t *testing.T) {
	f := folder{t, newSample(t)}
	for umask, modes := range map[string][2]os.FileMode{"002": {0o775, 0o664}, "077": {0o700, 0o600}} {
		t.Run("O12 umask "+umask, func(t *testing.T) {
			out := "out" + umask
			finish(t, limited(f.dir, "umask "+umask, "run", "job.yaml", "--quiet", "--out", out)).want(t, 0)
			info, err := os.Stat(f.path(out))
			f.check(err)
			if info.Mode().Perm() != modes[0] {
				t.Errorf("the folder has mode %03o, want %03o", info.Mode().Perm(), modes[0])
			}
			entries, err := os.ReadDir(f.path(out))
			f.check(err)
			if len(entries) < 12 {
				t.Errorf("only %d files", len(entries))
			}
			for _, e := range entries {
				info, err := e.Info()
				f.check(err)
				if info.Mode().Perm() != modes[1] {
					t.Errorf("%s has mode %03o, want %03o", e.Name(), info.Mode().Perm(), modes[1])
				}
			}
		})
	}
}

// TestProjectBelowALink: the rasters that review.qgz names are found from where its folder really is.
func TestProjectBelowALink(t *testing.T) {
	f := folder{t, newSample(t)}
	f.check(os.MkdirAll(f.path("store/deep"), 0o777))
	f.check(os.Symlink("store/deep", f.path("link")))
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "gpkg", "--out", "link/out").want(t, 0)
	z, err := zip.OpenReader(f.path("link/out/review.qgz"))
	f.check(err)
	defer z.Close()
	file, err := z.Open("review.qgs")
	f.check(err)
	text, err := io.ReadAll(file)
	f.check(err)
	var project struct {
		Layers []struct {
			Source   string `xml:"datasource"`
			Provider string `xml:"provider"`
		} `xml:"projectlayers>maplayer"`
	}
	f.check(xml.Unmarshal(text, &project))
	rasters := map[string]bool{}
	for _, l := range project.Layers {
		if l.Provider == "gdal" {
			rasters[l.Source] = true
			if _, err := os.Stat(f.path("store/deep/out") + "/" + l.Source); err != nil {
				t.Error(err)
			}
		}
	}
	if len(rasters) != 2 || !rasters["../../../lc2015.tif"] || !rasters["../../../lc2020.tif"] {
		t.Errorf("rasters are %v", rasters)
	}
}

// TestLongName: a name with which a run could not end is refused at the beginning, and says so.
func TestLongName(t *testing.T) {
	f := folder{t, newSample(t)}
	for _, c := range []struct {
		name   string
		status int
	}{{strings.Repeat("x", 242), 0}, {strings.Repeat("x", 243), 15}, {strings.Repeat("x", 255), 15}, {strings.Repeat("绿", 100), 15}} {
		o := here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--out", c.name)
		o.want(t, c.status)
		want := fmt.Sprintf("greenshield: %s: the name of the folder has %d bytes, at most 242 are possible, since the results are first written beside it under a longer one; name another folder\n", c.name, len(c.name))
		if c.status != 0 && !strings.HasSuffix(o.stderr, want) {
			t.Errorf("stderr is %s", o.stderr)
		}
		left, err := filepath.Glob(f.path(".*"))
		f.check(err)
		if len(left) > 0 {
			t.Errorf("left are %q", left)
		}
	}
}
