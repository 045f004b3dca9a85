package redline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// listed is a package as go list prints it.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

// layer is the height of a package in the house: it may import what lies lower, and
// its own layer where that has several packages. −1: not ours.
func layer(path string) int {
	switch {
	case path == "greenshield/seeds":
		return 0
	case strings.HasPrefix(path, "greenshield/raster"):
		return 1
	case strings.HasPrefix(path, "greenshield/vector"):
		return 2
	case path == "greenshield/redline":
		return 3
	case strings.HasPrefix(path, "greenshield/redline/"):
		return 4
	case strings.HasPrefix(path, "greenshield/cmd/"):
		return 5
	}
	return -1
}

func mayUseC(path string) bool {
	return strings.Contains(path, "gdal") || strings.Contains(path, "geos")
}

// breaches lists what is wrong with the imports of packages.
func breaches(packages []listed) (found []string) {
	for _, p := range packages {
		own := layer(p.ImportPath)
		if own < 0 {
			found = append(found, p.ImportPath+" has no place in the house")
		}
		for _, i := range p.Imports {
			if l := layer(i); l > own || (l == own && (own == 0 || own == 3)) {
				found = append(found, fmt.Sprintf("%s imports %s, which lies higher", p.ImportPath, i))
			}
		}
		if len(p.CgoFiles) > 0 && !mayUseC(p.ImportPath) {
			found = append(found, p.ImportPath+" uses cgo")
		}
		if own == 5 || mayUseC(p.ImportPath) {
			continue
		}
		for _, d := range p.Deps {
			if mayUseC(d) || d == "github.com/airbusgeo/godal" {
				found = append(found, p.ImportPath+" depends on "+d)
			}
		}
	}
	return found
}

func TestImportsGoDownwards(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps,CgoFiles", "greenshield/...")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=1") // to see cgo files where they exist
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list knows only %d packages", len(packages))
	}
	for _, b := range breaches(packages) {
		t.Error(b)
	}
}

func TestBreachesAreSeen(t *testing.T) {
	for name, p := range map[string]listed{
		"upwards":          {ImportPath: "greenshield/raster/patch", Imports: []string{"greenshield/vector"}},
		"into a writer":    {ImportPath: "greenshield/redline", Imports: []string{"greenshield/redline/report"}},
		"seeds look":       {ImportPath: "greenshield/seeds", Imports: []string{"greenshield/raster"}},
		"cgo":              {ImportPath: "greenshield/vector", CgoFiles: []string{"x.go"}},
		"GDAL by a detour": {ImportPath: "greenshield/redline/report", Deps: []string{"greenshield/raster/gdalraster"}},
		"a decoder in C":   {ImportPath: "greenshield/raster/lzw", CgoFiles: []string{"x.go"}},
		"a new folder":     {ImportPath: "greenshield/util"},
	} {
		if len(breaches([]listed{p})) != 1 {
			t.Errorf("%s: %v", name, breaches([]listed{p}))
		}
	}
	if b := breaches([]listed{{ImportPath: "greenshield/vector/geos", Imports: []string{"greenshield/vector", "greenshield/raster"}, CgoFiles: []string{"x.go"}}}); len(b) > 0 {
		t.Error("a good package is refused:", b)
	}
}
