package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline/record"
	"greenshield/seeds"
	"greenshield/vector/gdalvector"
)

// mutationSeed makes the places and values of damaged bytes.
const mutationSeed = 20260315

// damaged is one way to spoil a file.
type damaged struct {
	name    string
	content []byte
	oneByte bool // differs from the good file in one byte
}

// damages lists what is done to a file: it is cut, single bytes spread over it are
// changed, and stretches of 512 bytes become zero.
func damages(good []byte, rng *rand.Rand) (all []damaged) {
	for _, percent := range []int{1, 10, 50, 90, 99} {
		all = append(all, damaged{name: fmt.Sprintf("cut at %d %%", percent), content: good[:len(good)*percent/100]})
	}
	const flips = 64
	for i := range min(flips, len(good)) {
		part := float64(len(good)) / float64(min(flips, len(good)))
		at := min(int(part*(float64(i)+rng.Float64())), len(good)-1)
		b := slices.Clone(good)
		if i%2 == 0 { // a single bit, which may well leave a letter or a digit
			b[at] ^= 1 << rng.IntN(8)
		} else {
			b[at] ^= byte(1 + rng.IntN(255))
		}
		all = append(all, damaged{fmt.Sprintf("byte %d from %#02x to %#02x", at, good[at], b[at]), b, true})
	}
	const zeros = 512
	for i := range 4 {
		at := max(0, len(good)-zeros) * i / 3
		b := slices.Clone(good)
		clear(b[at:min(len(b), at+zeros)])
		all = append(all, damaged{name: fmt.Sprintf("zeros from byte %d", at), content: b})
		if len(good) <= zeros {
			break
		}
	}
	return slices.DeleteFunc(all, func(d damaged) bool { return slices.Equal(d.content, good) })
}

// TestDamagedInputs spoils every input file of a job in many ways. A run then says what
// is wrong and publishes nothing, or its results are those of the good files, or they
// differ because, and only where, the file holds other values than before: no feature
// is lost, all balances hold, and the record has the hash of the spoilt file.
func TestDamagedInputs(t *testing.T) {
	good := newMutationSample(t)
	jobs := map[string]mutationJob{}
	for _, name := range []string{"a.yaml", "b.yaml"} {
		here(t, good, mutationRun(name, "out-"+name)...).want(t, 0)
		out := filepath.Join(good, "out-"+name)
		jobs[name] = mutationJob{files: contents(t, out), manifest: readManifest(t, out)}
	}

	// The files, each with a job that reads it and what its contents are.
	inputs := []struct {
		file, job string
		decode    func(path string) (decoded, error)
	}{
		{"lc2015.tif", "a.yaml", decodeRaster}, // uncompressed
		{"lc2020.tif", "a.yaml", decodeRaster}, // LZW
		{"deflate.tif", "b.yaml", decodeRaster},
		{"redline.gpkg", "a.yaml", decodeLayer},
		{"redline.fgb", "b.yaml", decodeLayer},
		{"reserves.shp", "a.yaml", decodeLayer},
		{"reserves.shx", "a.yaml", decodeLayer},
		{"reserves.dbf", "a.yaml", decodeLayer},
		{"reserves.prj", "a.yaml", decodeLayer},
		{"reserves.cpg", "a.yaml", decodeLayer},
		{"counties.geojson", "a.yaml", decodeLayer},
		{"exempt.geojson", "a.yaml", decodeLayer},
		{"legend.csv", "a.yaml", decodeLines},
		{"rules.csv", "a.yaml", decodeLines},
		{"a.yaml", "a.yaml", decodeLines},
	}
	t.Logf("seed %d", mutationSeed)
	var mu sync.Mutex
	tally := map[string]int{}
	count := func(words ...string) {
		mu.Lock()
		defer mu.Unlock()
		for _, w := range words {
			tally[w]++
		}
	}
	t.Run("files", func(t *testing.T) {
		for i, in := range inputs {
			t.Run(in.file, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(mutationSeed, uint64(i)))
				content, err := os.ReadFile(filepath.Join(good, in.file))
				if err != nil {
					t.Fatal(err)
				}
				all := damages(content, rng)
				if !torture() {
					rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
					all = all[:min(4, len(all))]
				}
				before, err := in.decode(filepath.Join(good, in.file))
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range all {
					class, problem := mutate(t, good, in.file, in.job, d, jobs[in.job], before, in.decode)
					if problem != "" {
						t.Errorf("%s: %s", d.name, problem)
					}
					count("mutations", "mutations "+class, in.file+" "+class)
				}
			})
		}
	})
	refused, harmless := tally["mutations refused"], tally["mutations without effect"]
	if all := tally["mutations"]; all < 55 || refused < all/3 || harmless < all/20 || all-refused-harmless < all/20 {
		t.Errorf("too little was spoilt, or all in one way: %v", tally)
	}
	for _, word := range slices.Sorted(maps.Keys(tally)) {
		if strings.HasPrefix(word, "mutations") {
			t.Logf("tally: %s %d", word, tally[word])
		} else {
			t.Logf("%4d × %s", tally[word], word)
		}
	}
}

// mutationRun is the command line of a run with inputs that may be spoilt.
func mutationRun(jobFile, out string) []string {
	return slices.Concat([]string{"run", jobFile, "--out", out, "--workers", "1"}, plainly)
}

// mutationJob is what a job yields with good files.
type mutationJob struct {
	files    map[string]string
	manifest record.Manifest
}

// newMutationSample makes a folder with two jobs that between them read every kind of file.
func newMutationSample(t *testing.T) (dir string) {
	t.Helper()
	f := folder{t, newSample(t)}
	write := func(name, text string) { f.check(os.WriteFile(f.path(name), []byte(text), 0o666)) }
	for source, option := range map[string]string{"lc2015.tif": "COMPRESS=NONE", "lc2020.tif": "COMPRESS=DEFLATE"} {
		e, err := gdalraster.Open([]string{f.path(source)}, gdalraster.Options{Codes: codes(t)})
		f.check(err)
		cells := make([]int64, e.Grid().Cells())
		f.check(readCodes(e, cells))
		symbols := make([]uint8, len(cells))
		for i, c := range cells {
			if c >= 0 {
				symbols[i] = uint8(c)
			}
		}
		nodata := 0.0
		f.check(gdalraster.WriteByte(f.path("new.tif"), e.Grid(), symbols, &nodata, option, "TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=128"))
		name := source
		if source == "lc2020.tif" {
			name = "deflate.tif"
		}
		f.check(os.Rename(f.path("new.tif"), f.path(name)))
	}
	l, err := gdalvector.Read(gdalvector.Source{File: f.path("redline.gpkg"), Layer: "redline"})
	f.check(err)
	var rows []gdalvector.Row
	for _, feature := range l.Features {
		rows = append(rows, gdalvector.Row{Values: feature.Values, Shape: feature.Shape})
	}
	f.check(gdalvector.Write(f.path("redline.fgb"), l.CRS, l.Fields, rows, gdalvector.WriteOptions{}))
	legend, _ := seeds.Legend("clcd")
	rules, _ := seeds.Rules("green-shield")
	write("legend.csv", string(legend))
	write("rules.csv", string(rules))
	write("reserves.cpg", "GBK")
	const rest = `
reserve: [{file: reserves.shp, fields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}]
admin: {file: counties.geojson, fields: {code: adcode, name: name}}
exempt: [exempt.geojson]
rules: rules.csv
min_area: 4 cells
`
	write("a.yaml", `before: {files: [lc2015.tif], year: 2015, legend: legend.csv}
after: {files: [lc2020.tif], year: 2020, legend: legend.csv}
redline: [{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}]`+rest)
	write("b.yaml", `before: {files: [lc2015.tif], year: 2015, legend: legend.csv}
after: {files: [deflate.tif], year: 2020, legend: legend.csv}
redline: [{file: redline.fgb, fields: {id: HXBM, name: HXMC}}]`+rest)
	f.remove("job.yaml", "README.txt")
	return f.dir
}

// mutate runs the job with one file spoilt, and says what came of it and what is wrong
// with that.
func mutate(t *testing.T, good, file, jobFile string, d damaged, want mutationJob, before decoded, decode func(string) (decoded, error)) (class, problem string) {
	dir, err := os.MkdirTemp(filepath.Dir(good), "mutation-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	entries, err := os.ReadDir(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != file && e.Type().IsRegular() {
			if err := os.Link(filepath.Join(good, e.Name()), filepath.Join(dir, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, file), d.content, 0o666); err != nil {
		t.Fatal(err)
	}
	// The program itself, which may crash. If it hangs, so does this test, until go test's own limit.
	o := run(t, dir, mutationRun(jobFile, "out")...)
	if o.status != 0 {
		return "refused", badRefusal(o, dir, file, len(entries)-2)
	}

	out := filepath.Join(dir, "out")
	m := readManifest(t, out)
	for _, c := range m.Checks {
		if !c.OK {
			return "wrong", "published although " + c.Name + " does not hold"
		}
	}
	if strings.HasSuffix(file, ".yaml") == recorded(m, want.manifest) {
		return "wrong", "the record has the hash of the good file"
	}
	got, same := contents(t, out), true
	for name, text := range want.files {
		same = same && (slices.Contains(tellOfInputs, name) || got[name] == text)
	}
	if same && len(got) == len(want.files) {
		return "without effect", ""
	}
	after, err := decode(filepath.Join(dir, file))
	if err != nil {
		return "wrong", fmt.Sprintf("the results differ, and the file cannot be read: %v", err)
	}
	what, problem := before.difference(after, d.oneByte, file == "lc2015.tif") // uncompressed: a byte is a cell
	if problem != "" {
		return "wrong", problem + zonesDiffer(got["coverage.csv"], want.files["coverage.csv"])
	}
	if zones, wanted := records(t, got["coverage.csv"]), records(t, want.files["coverage.csv"]); zones != wanted && what != "lines" {
		return "wrong", fmt.Sprintf("%d zones are reported, %d before", zones, wanted)
	}
	return "seen as other " + what, ""
}

// badRefusal says what a refusal lacks.
func badRefusal(o outcome, dir, file string, files int) string {
	documented := []int{10, 11, 12, 13, 14, 17}
	var message string
	for line := range strings.Lines(o.stderr) {
		if text, ok := strings.CutPrefix(line, "greenshield: "); ok {
			message += text
		}
	}
	// A job file names others, and its faults may be theirs; the parts of a Shapefile are named by the .shp or their ending.
	stem, _, _ := strings.Cut(file, ".")
	entries, err := os.ReadDir(dir)
	switch {
	case !slices.Contains(documented, o.status):
		return fmt.Sprintf("status %d: %s", o.status, o.stderr)
	case len(message) < 20:
		return fmt.Sprintf("status %d without a message: %q", o.status, o.stderr)
	case !strings.HasSuffix(file, ".yaml") && !strings.Contains(message, stem+"."):
		return fmt.Sprintf("status %d, and the message does not name the file: %s", o.status, o.stderr)
	case o.stdout != "":
		return fmt.Sprintf("status %d with stdout %q", o.status, o.stdout)
	case err != nil || len(entries) != files:
		return fmt.Sprintf("status %d leaves %v behind", o.status, entries)
	}
	return ""
}

// recorded tells whether two records differ in the hash of an input.
func recorded(a, b record.Manifest) bool {
	hashes := func(m record.Manifest) (all []string) {
		for _, in := range m.Inputs {
			all = append(all, in.LegendSHA256)
			for _, f := range in.Files {
				all = append(all, f.SHA256)
			}
		}
		return append(all, m.Rules.SHA256)
	}
	return !slices.Equal(hashes(a), hashes(b))
}

func records(t *testing.T, text string) int {
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func zonesDiffer(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("; first zone that differs:\n%s\nbefore\n%s", a[i], b[i])
		}
	}
	return ""
}

// decoded is what a file holds: what is true of all of it, and its parts.
type decoded struct {
	kind  string // of the parts: cells, features, lines
	head  any
	parts []any
}

// difference says how b differs from a, and what of that one changed byte, or a
// stretch of them, cannot explain.
func (a decoded) difference(b decoded, oneByte, exact bool) (what, problem string) {
	if a.kind != "lines" && len(a.parts) != len(b.parts) {
		return "", fmt.Sprintf("%d %s, %d before, and nothing is said", len(b.parts), a.kind, len(a.parts))
	}
	changed := 0
	for i := range min(len(a.parts), len(b.parts)) {
		if !reflect.DeepEqual(a.parts[i], b.parts[i]) {
			changed++
		}
	}
	switch {
	case !reflect.DeepEqual(a.head, b.head):
		return "frame", ""
	case a.kind == "lines":
		return "lines", ""
	case changed == 0:
		return "", "the results differ, but the file holds the same as before"
	case oneByte && changed > 1 && (a.kind == "features" || exact):
		return "", fmt.Sprintf("one byte changed %d %s", changed, a.kind)
	}
	return a.kind, ""
}

func decodeLines(path string) (decoded, error) {
	text, err := os.ReadFile(path)
	d := decoded{kind: "lines"}
	for line := range strings.Lines(string(text)) {
		d.parts = append(d.parts, line)
	}
	return d, err
}

func decodeLayer(path string) (decoded, error) {
	if stem := strings.TrimSuffix(path, filepath.Ext(path)); filepath.Base(stem) == "reserves" {
		path = stem + ".shp"
	}
	s := gdalvector.Source{File: path}
	if filepath.Ext(path) == ".gpkg" {
		s.Layer = "redline"
	}
	l, err := gdalvector.Read(s)
	if err != nil {
		return decoded{}, err
	}
	d := decoded{kind: "features", head: []any{l.CRS, l.Fields, l.Encoding}}
	for _, f := range l.Features {
		d.parts = append(d.parts, f)
	}
	return d, nil
}

func decodeRaster(path string) (decoded, error) {
	e, err := gdalraster.Open([]string{path}, gdalraster.Options{Codes: []int64{1}})
	if err != nil {
		return decoded{}, err
	}
	cells := make([]int64, e.Grid().Cells())
	if err := readCodes(e, cells); err != nil {
		return decoded{}, err
	}
	d := decoded{kind: "cells", head: e.Grid()}
	for _, c := range cells {
		d.parts = append(d.parts, c)
	}
	return d, nil
}

func readCodes(s raster.Source, cells []int64) error {
	r, err := s.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	g := s.Grid()
	return r.Codes(raster.Window{Cols: g.Cols, Rows: g.Rows}, cells)
}

func codes(t *testing.T) []int64 {
	t.Helper()
	text, _ := seeds.Legend("clcd")
	l, err := landcover.ParseLegend("clcd", text)
	if err != nil {
		t.Fatal(err)
	}
	return l.Codes()
}

// What TestDamagedInputs judges by sees what is wrong.
func TestDamagedInputsAreJudged(t *testing.T) {
	a := decoded{"features", "head", []any{1, 2, 3}}
	for name, c := range map[string]struct {
		b     decoded
		one   bool
		what  string
		wrong bool
	}{
		"lost":      {decoded{"features", "head", []any{1, 2}}, true, "", true},
		"same":      {a, true, "", true},
		"two":       {decoded{"features", "head", []any{0, 2, 0}}, true, "", true},
		"two zeros": {decoded{"features", "head", []any{0, 2, 0}}, false, "features", false},
		"one":       {decoded{"features", "head", []any{1, 2, 0}}, true, "features", false},
		"head":      {decoded{"features", "tail", []any{1, 2, 3}}, true, "frame", false},
	} {
		if what, problem := a.difference(c.b, c.one, false); what != c.what || (problem != "") != c.wrong {
			t.Errorf("%s: %q, %q", name, what, problem)
		}
	}
	dir := t.TempDir()
	for name, o := range map[string]outcome{
		"crash":       {2, "", "greenshield: x.tif: something is wrong with it\n"},
		"no file":     {11, "", "greenshield: something is wrong with some file\n"},
		"no message":  {11, "", "panic: x.tif\n"},
		"with result": {11, "results", "greenshield: x.tif: something is wrong with it\n"},
	} {
		if badRefusal(o, dir, "x.tif", 0) == "" {
			t.Errorf("%s: not seen", name)
		}
	}
	good := outcome{11, "", "greenshield: x.tif: something is wrong with it\n"}
	if problem := badRefusal(good, dir, "x.tif", 0); problem != "" {
		t.Error(problem)
	}
	if badRefusal(good, dir, "x.tif", 1) == "" {
		t.Error("a file that is left behind is not seen")
	}
}

// TestVertexOffTheEarth: found by damaged bytes, which made a coordinate that no area
// can be had of, or that no sum of areas holds for.
func TestVertexOffTheEarth(t *testing.T) {
	for name, latitude := range map[string]float64{"NaN areas": -1e226, "unbalanced": -1e12, "beyond the pole": 91} {
		t.Run(name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			f.redline(orb.MultiPolygon{{ring(orb.Point{117, 31}, orb.Point{117.05, latitude}, orb.Point{117.05, 31})}})
			o := here(t, f.dir, "run", "job.yaml", "--quiet")
			o.want(t, 12)
			if !like(o.stderr, fmt.Sprintf("…greenshield: zones.geojson: feature 1: cannot be brought to the CRS of the rasters: (117.05, %g) is no longitude and latitude; correct or remove it\n", latitude)) {
				t.Errorf("stderr is %s", o.stderr)
			}
		})
	}
}
