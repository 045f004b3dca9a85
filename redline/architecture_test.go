package redline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// listed is a package as go list prints it.
type listed struct {
	ImportPath string
	Standard   bool // of Go itself, which has another way without cgo
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

// floors are the packages by height in the house, the lowest first. A package may import those of lower floors; packages of
// one floor do not know each other.
//
// Of all that a run writes only package work knows the engine. The reports know what was found; they, and what reads
// inputs, are given to work by the commands.
var floors = [][]string{
	{"seeds"},
	{"raster/digits", "raster/lzw", "raster/object", "raster/parallel", "raster/sets"},
	{"raster"},
	{"raster/gdalraster", "raster/landcover"},
	{"raster/change"},
	{"raster/patch"},
	{"raster/landscape"},
	{"vector"},
	{"vector/trace"},
	{"vector/arrangement", "vector/gdalvector", "vector/geos", "vector/overlay"},
	{"redline"},
	{"redline/redlinetest"},
	{"redline/census", "redline/geopackage", "redline/language", "redline/ledger", "redline/ledger/match",
		"redline/ledger/sampling", "redline/priority", "redline/record", "redline/scene", "redline/survey", "redline/territory"},
	{"redline/calibrate", "redline/corroborate", "redline/dating", "redline/findings", "redline/job",
		"redline/ledger/follow", "redline/ledger/rows", "redline/scene/gdalscene"},
	{"redline/dispatch", "redline/evidence", "redline/files", "redline/folder", "redline/ledger/ledgertest", "redline/qgis",
		"redline/yearly"},
	{"redline/engine", "redline/spool"},
	{"redline/shard"},
	{"redline/gdalexchange", "redline/gdalinput", "redline/ledgergpkg", "redline/ledgerpg", "redline/page",
		"redline/review", "redline/sheets", "redline/work"},
	{"redline/geostwin", "redline/ledgerwork"},
	{"redline/service/answer", "redline/service/collection", "redline/visits"},
	{"redline/service/gate"},
	{"redline/service/features", "redline/service/intake", "redline/service/jobs",
		"redline/service/register", "redline/service/shelf", "redline/service/tiles", "redline/service/web"},
	{"redline/service", "redline/service/gdaltiles"},
	{"cmd/greenshield"},
}

// house is the path of the module.
const house = "greenshield/"

// rank is the floor of a package; −1: it has none.
func rank(path string) int {
	return slices.IndexFunc(floors, func(f []string) bool { return slices.Contains(f, strings.TrimPrefix(path, house)) })
}

func mayUseC(path string) bool {
	return strings.Contains(path, "gdal") || strings.Contains(path, "geos")
}

// breaches lists what is wrong with the imports of the packages that are ours.
func breaches(packages []listed) (found []string) {
	usesC := map[string]bool{}
	for _, p := range packages {
		usesC[p.ImportPath] = len(p.CgoFiles) > 0 && !p.Standard
	}
	for _, p := range packages {
		if !strings.HasPrefix(p.ImportPath, house) {
			continue
		}
		own := rank(p.ImportPath)
		if own < 0 {
			found = append(found, p.ImportPath+" has no place in the house")
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, house) && rank(i) >= own {
				found = append(found, fmt.Sprintf("%s imports %s, which does not lie lower", p.ImportPath, i))
			}
		}
		if len(p.CgoFiles) > 0 && !mayUseC(p.ImportPath) {
			found = append(found, p.ImportPath+" uses cgo")
		}
		if strings.HasPrefix(p.ImportPath, house+"cmd/") || mayUseC(p.ImportPath) {
			continue
		}
		for _, d := range p.Deps {
			if mayUseC(d) || usesC[d] {
				found = append(found, p.ImportPath+" depends on "+d)
			}
		}
	}
	return found
}

func TestImportsGoDownwards(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps,CgoFiles", "greenshield/...")
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
	for _, known := range []string{"greenshield/cmd/greenshield", "github.com/airbusgeo/godal"} {
		if !slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == known }) {
			t.Fatalf("go list does not know %s among %d packages", known, len(packages))
		}
	}
	for _, b := range breaches(packages) {
		t.Error(b)
	}
}

func TestBreachesAreSeen(t *testing.T) {
	for name, p := range map[string]listed{
		"upwards":             {ImportPath: "greenshield/raster/patch", Imports: []string{"greenshield/vector"}},
		"into a writer":       {ImportPath: "greenshield/redline", Imports: []string{"greenshield/redline/files"}},
		"record of columns":   {ImportPath: "greenshield/redline/record", Imports: []string{"greenshield/redline/findings"}},
		"engine in a report":  {ImportPath: "greenshield/redline/findings", Imports: []string{"greenshield/redline/engine"}},
		"work picks a report": {ImportPath: "greenshield/redline/work", Imports: []string{"greenshield/redline/page"}},
		"neighbours":          {ImportPath: "greenshield/redline/territory", Imports: []string{"greenshield/redline/census"}},
		"a tool looks":        {ImportPath: "greenshield/raster/sets", Imports: []string{"greenshield/raster"}},
		"seeds look":          {ImportPath: "greenshield/seeds", Imports: []string{"greenshield/raster"}},
		"cgo":                 {ImportPath: "greenshield/vector", CgoFiles: []string{"x.go"}},
		"GDAL by a detour":    {ImportPath: "greenshield/redline/work", Deps: []string{"greenshield/raster/gdalraster"}},
		"a decoder in C":      {ImportPath: "greenshield/raster/lzw", CgoFiles: []string{"x.go"}},
		"a new folder":        {ImportPath: "greenshield/util"},
		"a new package":       {ImportPath: "greenshield/redline/util", Imports: []string{"strings"}},
	} {
		if len(breaches([]listed{p})) != 1 {
			t.Errorf("%s: %v", name, breaches([]listed{p}))
		}
	}
	work := listed{ImportPath: "greenshield/redline/work", Deps: []string{"net", "example.org/c"}}
	foreign := listed{ImportPath: "example.org/c", CgoFiles: []string{"x.go"}}
	ofGo := listed{ImportPath: "net", Standard: true, CgoFiles: []string{"x.go"}}
	if b := breaches([]listed{work, foreign, ofGo}); len(b) != 1 {
		t.Error("C of others:", b)
	}
	if b := breaches([]listed{{ImportPath: "greenshield/vector/geos", Imports: []string{"greenshield/vector", "greenshield/raster"}, CgoFiles: []string{"x.go"}}}); len(b) > 0 {
		t.Error("a good package is refused:", b)
	}
}
