package gdalexchange

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

func TestTooLarge(t *testing.T) {
	c := redlinetest.Candidate("C1")
	// The .dbf has 34 + 3·32 bytes and records of 1 + 2 + 15 + 7, the .shp 100 and records of 8 + 44 + 3·4 + 15·16.
	redlinetest.Must(t, ready(t, t.TempDir(), 100+2*304, c, c).run(t.Context()))
	err := ready(t, t.TempDir(), 100+2*304-1, c, c).run(t.Context())
	redlinetest.WantFault(t, err, redline.Limit, "candidates.shp: would have more than 707 bytes", "can have more than 707; ", "take shp out of formats")
	redlinetest.Must(t, ready(t, t.TempDir(), 34+3*32+100*25, hundred(c)...).plan(t.Context()))
	err = ready(t, t.TempDir(), 34+3*32+100*25-1, hundred(c)...).plan(t.Context())
	redlinetest.WantFault(t, err, redline.Limit, "candidates.dbf: would have more than 2629 bytes")
	dir := t.TempDir()
	redlinetest.Must(t, ready(t, dir, maxShapefile, hundred(c)...).run(t.Context()))
	for name, want := range map[string]int64{"candidates.shp": 100 + 100*304, "candidates.dbf": 34 + 3*32 + 100*25} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != want {
			t.Errorf("%s: %v, %v, want %d bytes", name, info, err, want)
		}
	}
}

func hundred(c redline.Candidate) (all []redline.Candidate) {
	for range 100 {
		all = append(all, c)
	}
	return all
}

// Whatever is spoiled behind the back of the writer is seen when the file is compared.
func TestCompareSeesWrongAnswers(t *testing.T) {
	one, two := redlinetest.Candidate("C1"), redlinetest.Candidate("C2")
	const dbfHeader, record = 33 + 3*32, 25
	for name, c := range map[string]struct {
		file string
		at   int64
		text string
		want string
	}{
		"id":         {"candidates.dbf", dbfHeader + 1, "X", `C1: cand_id is "X1" instead of "C1"`},
		"Chinese":    {"candidates.dbf", dbfHeader + record + 3, "错", `C2: zone_name is "错试保护区" instead of "测试保护区"`},
		"area":       {"candidates.dbf", dbfHeader + record + 18, "9", `C2: area is "9100.00" instead of "8100.00"`},
		"coordinate": {"candidates.shp", 100 + 8 + 44 + 3*4 + 16 + 2, "\x01", "C1: its outline is another one"},
		"gone":       {"candidates.dbf", dbfHeader, "*", "C1: cand_id"},
	} {
		dir := t.TempDir()
		w := ready(t, dir, maxShapefile, one, two)
		redlinetest.Must(t, w.run(t.Context()))
		f, err := os.OpenFile(filepath.Join(dir, c.file), os.O_WRONLY, 0)
		redlinetest.Must(t, err)
		_, err = f.WriteAt([]byte(c.text), c.at)
		redlinetest.Must(t, err)
		redlinetest.Must(t, f.Close())
		t.Run(name, func(t *testing.T) {
			redlinetest.WantFault(t, w.compare(t.Context()), redline.Unbalanced, c.want, "nothing is published")
		})
	}
	dir := t.TempDir()
	redlinetest.Must(t, ready(t, dir, maxShapefile, one, two).run(t.Context()))
	redlinetest.WantFault(t, ready(t, dir, maxShapefile, one).compare(t.Context()), redline.Unbalanced, "it has more than")
	redlinetest.WantFault(t, ready(t, dir, maxShapefile, one, two, one).compare(t.Context()), redline.Unbalanced, "C1: it is missing")
}

func TestReportRefuses(t *testing.T) {
	for crs, want := range map[string]string{"EPSG:0": "", "here": "", "EPSG:5773": "", "EPSG:2436": "no reliable transformation"} {
		_, err := Report(Options{true, true, true, crs, "UTF-8"})
		redlinetest.WantFault(t, err, redline.Usage, fmt.Sprintf("out_crs %q: ", crs), want, "name another CRS, such as EPSG:4549")
	}
}

// A GDAL without a driver that writes geodatabases is told before the work.
func TestNotWritable(t *testing.T) {
	redlinetest.Must(t, writable("OpenFileGDB"))
	for _, driver := range []string{"none", "HTTP"} {
		redlinetest.WantFault(t, writable(driver), redline.Usage, "formats: GDAL 3.", "cannot write file geodatabases (driver "+driver+
			"); install GDAL 3.6 or later, or take gdb out of formats")
	}
}

// What the disk does not take is a fault of output, and nothing is published.
func TestCannotBeWritten(t *testing.T) {
	w := ready(t, filepath.Join(t.TempDir(), "none"), maxShapefile, redlinetest.Candidate("C1"))
	redlinetest.WantFault(t, w.run(t.Context()), redline.Output, "candidates.shp: cannot be written")
}

// A disk that takes only so many bytes of a file, wherever that falls, is a fault of output that says so.
// The limit is that of a process of its own, in which the tests' own files are not written.
func TestDiskTakesNoMore(t *testing.T) {
	if os.Getenv("GREENSHIELD_LIMITED") == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestDiskTakesNoMore$", "-test.v")
		cmd.Env = append(os.Environ(), "GREENSHIELD_LIMITED=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestDiskTakesNoMore") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(unix.SIGXFSZ)
	defer signal.Reset(unix.SIGXFSZ)
	candidates := hundred(redlinetest.Candidate("C1"))
	shapes := ready(t, t.TempDir(), maxShapefile, candidates...)
	flat := ready(t, t.TempDir(), maxShapefile, candidates...)
	flat.format, flat.texts = flatGeobuf(), &texts{encoding: "UTF-8"}
	base := ready(t, t.TempDir(), maxShapefile, candidates...)
	base.format, base.texts = geodatabase(true), &texts{encoding: "UTF-8"}
	for _, w := range []*writer{shapes, flat, base} {
		redlinetest.Must(t, w.run(t.Context()))
		size := largest(t, w.folder.Path(w.name()))
		if size < 10000 {
			t.Fatalf("%s has %d bytes", w.name(), size)
		}
		fewer(t, w, size)
	}
}

// largest is how many bytes a file has, the largest one in it if it is an archive.
func largest(t *testing.T, path string) (bytes uint64) {
	t.Helper()
	if filepath.Ext(path) != ".zip" {
		info, err := os.Stat(path)
		redlinetest.Must(t, err)
		return uint64(info.Size())
	}
	z, err := zip.OpenReader(path)
	redlinetest.Must(t, err)
	defer z.Close()
	for _, f := range z.File {
		bytes = max(bytes, f.UncompressedSize64)
	}
	return bytes
}

// fewer writes the file again on disks that take fewer bytes than it has.
func fewer(t *testing.T, w *writer, size uint64) {
	t.Helper()
	var old unix.Rlimit
	redlinetest.Must(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &old))
	for limit := uint64(100); limit < size; limit += 509 {
		w.folder, w.rows = plain(t.TempDir()), 0
		redlinetest.Must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: old.Max}))
		err := w.run(t.Context())
		redlinetest.Must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &old))
		said := errors.Is(err, unix.EFBIG) || errors.Is(err, errCut) || w.format.ext == ".gdb.zip" // where GDAL forgets the cause
		if redline.KindOf(err) != redline.Output || !said {
			t.Errorf("%s of %d bytes: %v", w.name(), limit, err)
		}
	}
}

// A FlatGeobuf has an index, and what is in it is compared whatever its order.
func TestFlatGeobufIsCompared(t *testing.T) {
	one, two := redlinetest.Candidate("C1"), redlinetest.Candidate("C2")
	one.Geometry = orb.MultiPolygon{{{{118, 30}, {118.001, 30}, {118.001, 30.001}, {118, 30}}}}
	dir := t.TempDir()
	flat := func(candidates ...redline.Candidate) *writer {
		w := ready(t, dir, maxShapefile, candidates...)
		w.format, w.texts = flatGeobuf(), &texts{encoding: "UTF-8"}
		return w
	}
	all := []redline.Candidate{one, two}
	for i := range 40 {
		c := redlinetest.Candidate(fmt.Sprint("D", i))
		x := 117 + 0.01*float64(i*7%40)
		c.Geometry = orb.MultiPolygon{{{{x, 31}, {x + 0.001, 31}, {x + 0.001, 31.001}, {x, 31}}}}
		all = append(all, c)
	}
	redlinetest.Must(t, flat(all...).run(t.Context()))
	text, err := os.ReadFile(filepath.Join(dir, "candidates.fgb"))
	redlinetest.Must(t, err)
	at := 8
	for i := -1; i < len(all); i++ {
		if i == 0 {
			at += 40 * (42 + 3 + 1) // 42 features below 3 nodes below 1
		}
		at += 4 + int(binary.LittleEndian.Uint32(text[at:]))
	}
	if at != len(text) {
		t.Errorf("header, index and features have %d bytes of %d", at, len(text))
	}
	l := read(t, filepath.Join(dir, "candidates.fgb"))
	if first := l.Value(&l.Features[0], "cand_id"); first == "C1" && l.Value(&l.Features[1], "cand_id") == "C2" {
		t.Error("the order is that of the candidates, which shows nothing")
	}
	redlinetest.WantFault(t, flat(all[:41]...).compare(t.Context()), redline.Unbalanced, "it has more than")
	redlinetest.WantFault(t, flat(append(all, two)...).compare(t.Context()), redline.Unbalanced, "C2: no feature has its values and its outline")
	for name, spoil := range map[string]func(c *redline.Candidate){
		"value":   func(c *redline.Candidate) { c.AreaM2++ },
		"outline": func(c *redline.Candidate) { c.Geometry = orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}} },
	} {
		other := slices.Clone(all)
		spoil(&other[1])
		t.Run(name, func(t *testing.T) {
			redlinetest.WantFault(t, flat(other...).compare(t.Context()), redline.Unbalanced, "C2: no feature has its values and its outline")
		})
	}
}

// A geodatabase of which a byte is spoiled, or that says another name of a field, is seen; so are coordinates that are not
// on its grid brought there before the comparison.
func TestGeodatabaseIsCompared(t *testing.T) {
	w := ready(t, t.TempDir(), maxShapefile, redlinetest.Candidate("C1"), redlinetest.Candidate("C2"))
	w.format, w.texts = geodatabase(true), &texts{encoding: "UTF-8"}
	redlinetest.Must(t, w.run(t.Context()))
	if left, err := os.ReadDir(w.folder.Path("")); len(left) != 1 || err != nil || left[0].Name() != "candidates.gdb.zip" {
		t.Errorf("left %v, %v", left, err)
	}
	w.layer.columns[1].alias = "名称"
	redlinetest.WantFault(t, w.compare(t.Context()), redline.Unbalanced, `the alias of its field zone_name is "" instead of "名称"`)
	w.layer.columns[1].alias = ""
	text, err := os.ReadFile(w.folder.Path(w.name()))
	redlinetest.Must(t, err)
	at := bytes.Index(text, []byte("a00000009.gdbtable")) + 100
	text[at] ^= 1
	redlinetest.Must(t, os.WriteFile(w.folder.Path(w.name()), text, 0o666))
	redlinetest.WantFault(t, w.compare(t.Context()), redline.Output, "candidates.gdb.zip: cannot be written: ")
}

// An outline on the grid of a geodatabase is valid there, and off by no more than half a step.
func TestGrid(t *testing.T) {
	p, err := newProjection("EPSG:4549")
	redlinetest.Must(t, err)
	defer p.close()
	g := geodatabase(false).grid
	out, _, err := p.shape(redlinetest.Candidate("C1").Geometry, g)
	redlinetest.Must(t, err)
	exact, _, err := p.shape(redlinetest.Candidate("C1").Geometry, grid{})
	redlinetest.Must(t, err)
	moved := 0.0
	for i, polygon := range out {
		for j, ring := range polygon {
			for k, q := range ring {
				steps := (q[0] - g.origin) * g.scale
				if math.Abs(steps-math.Round(steps)) > 1e-2 {
					t.Errorf("%v is not on the grid", q)
				}
				moved = max(moved, math.Abs(q[0]-exact[i][j][k][0]), math.Abs(q[1]-exact[i][j][k][1]))
			}
		}
	}
	if moved == 0 || moved > 0.51e-4 {
		t.Errorf("vertices moved by up to %v m", moved)
	}
	thin := orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0.5, 3e-10}, {0, 1}, {0, 0}}}}
	q, err := newProjection("EPSG:4490")
	redlinetest.Must(t, err)
	defer q.close()
	mended, changed, err := q.shape(thin, geodatabase(true).grid)
	redlinetest.Must(t, err)
	if ok, why := q.over.Valid(mended); !ok || changed < 0 || changed > 1e-9 {
		t.Errorf("%v: %s, changed by %v", mended, why, changed)
	}
}

// GDAL does not tell when the small files beside a Shapefile are cut.
func TestCutBeside(t *testing.T) {
	for _, name := range []string{"candidates.prj", "candidates.cpg"} {
		dir := t.TempDir()
		w := ready(t, dir, maxShapefile, redlinetest.Candidate("C1"))
		redlinetest.Must(t, w.run(t.Context()))
		redlinetest.Must(t, os.Truncate(filepath.Join(dir, name), 4))
		redlinetest.WantFault(t, w.compare(t.Context()), redline.Output, name+": cannot be written: ")
		redlinetest.Must(t, os.Remove(filepath.Join(dir, name)))
		redlinetest.WantFault(t, w.compare(t.Context()), redline.Output, name+": cannot be written: ")
	}
}
