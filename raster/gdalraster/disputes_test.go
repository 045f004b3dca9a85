package gdalraster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// TestFilesThatDisagree: a cell of which two files say different things is NoData, and is told of, in whatever order
// the files are named; an observation counts where the others have none.
func TestFilesThatDisagree(t *testing.T) {
	dir := t.TempDir()
	row := func(name string, east int, cells ...int16) string {
		g := utm(t, len(cells), 1)
		g.OriginX += 30 * float64(east)
		return file{grid: g, dtype: godal.Int16, cells: cells}.write(t, filepath.Join(dir, name))
	}
	one, two, three := row("one.tif", 0, 10, 0, 0, 20), row("two.tif", 0, 20, 20, 0, 20), row("three.tif", 3, 10, 30)
	const nd, none = raster.NoData, math.MinInt64
	for _, c := range []struct {
		files []string
		want  []uint8
		codes []int64
		told  string
	}{
		{[]string{one, two}, []uint8{nd, 1, nd, 1}, []int64{none, 20, none, 20},
			fmt.Sprintf("%s: its files overlap and disagree in 1 cell, first at row 0, column 0 (10 in %s, 20 in %s); what they disagree "+
				"in counts as NoData, in whatever order they are named: correct or leave out the wrong file", one, one, two)},
		{[]string{one, two, three}, []uint8{nd, 1, nd, nd, 2}, []int64{none, 20, none, none, 30},
			"disagree in 2 cells, first at row 0, column 0 (10 in " + one + ", 20 in " + two + ")"},
		{[]string{one, three}, []uint8{0, nd, nd, nd, 2}, []int64{10, none, none, none, 30},
			"disagree in 1 cell, first at row 0, column 3 (20 in " + one + ", 10 in " + three + ")"},
		{[]string{two, two}, []uint8{1, 1, nd, 1}, []int64{20, 20, none, 20}, ""},
	} {
		for range 2 {
			slices.Reverse(c.files)
			e, err := Open(c.files, fourCodes)
			if err != nil {
				t.Fatal(err)
			}
			if got := classes(t, e, whole(e)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if at := len(c.want) - 2; !slices.Equal(classes(t, e, raster.Window{Col: at, Cols: 2, Rows: 1}), c.want[at:]) {
				t.Errorf("%v: the last two are others by themselves", c.files)
			}
			r, _ := e.Open()
			got := make([]int64, len(c.want))
			if err := r.Codes(whole(e), got); err != nil || !slices.Equal(got, c.codes) {
				t.Errorf("codes %v, %v; want %v", got, err, c.codes)
			}
			r.Close()
			if w := e.Describe().Warnings; c.told == "" && len(w) > 0 || c.told != "" && (len(w) != 1 || !strings.Contains(w[0], c.told)) {
				t.Errorf("%v: told %q, want %q", c.files, w, c.told)
			}
		}
	}
}

// TestSourcesThatDisagree: the same holds for the sources of a VRT, whichever lies on top.
func TestSourcesThatDisagree(t *testing.T) {
	dir := t.TempDir()
	g := utm(t, 4, 3)
	for name, top := range map[string]uint8{"a.tif": 10, "b.tif": 20} {
		cells := slices.Repeat([]uint8{30}, 12)
		cells[5] = top
		cells[10] = map[string]uint8{"a.tif": 9, "b.tif": 20}[name] // NoData in a
		file{grid: g, dtype: godal.Byte, cells: cells, nodata: num(9)}.write(t, filepath.Join(dir, name))
	}
	complexSource := func(file string) string {
		return strings.NewReplacer("SimpleSource", "ComplexSource", "<SrcRect", "<NODATA>9</NODATA><SrcRect").Replace(simple(file))
	}
	for name, c := range map[string]struct {
		source func(string) string
		at10   uint8
		cells  string
	}{
		"NoData lets show through": {complexSource, 1, "1 cell, first at row 1, column 1 (10 in "},
		"NoData covers":            {simple, raster.NoData, "2 cells, first at row 1, column 1 (10 in "},
	} {
		for _, southUp := range []bool{false, true} {
			for _, files := range [][]string{{"a.tif", "b.tif"}, {"b.tif", "a.tif"}} {
				text := vrtText("", "<NoDataValue>9</NoDataValue>"+c.source(files[0])+c.source(files[1]))
				told := c.cells
				if southUp {
					text = strings.Replace(text, "3500000,0,-30", "3499910,0,30", 1)
					if c.at10 == raster.NoData {
						told = "2 cells, first at row 0, column 2 (NoData in "
					}
				}
				path := filepath.Join(dir, "all.vrt")
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				e, err := Open([]string{path}, fourCodes)
				if err != nil {
					t.Fatal(err)
				}
				want := slices.Repeat([]uint8{2}, 12)
				want[5], want[10] = raster.NoData, c.at10
				if southUp {
					flip(want, 4)
				}
				if got := classes(t, e, whole(e)); !slices.Equal(got, want) {
					t.Errorf("%s, south-up %v, %v: got %v, want %v", name, southUp, files, got, want)
				}
				if w := e.Describe().Warnings; len(w) != 1 || !strings.Contains(w[0], "all.vrt: its files overlap and disagree in "+told) {
					t.Errorf("%s, south-up %v, %v: told %q", name, southUp, files, w)
				}
			}
		}
	}
}

// TestMosaicsInAnyOrder holds mosaics of random tiles against a drawing of them, cell by cell, in random orders.
func TestMosaicsInAnyOrder(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	all := utm(t, 14, 9)
	for range 12 {
		dir := t.TempDir()
		said := make([][]uint8, all.Cells()) // the codes of each cell, without NoData
		var files []string
		for n := range 2 + random.IntN(5) {
			w := raster.Window{Col: random.IntN(9), Row: random.IntN(6), Cols: 1 + random.IntN(5), Rows: 1 + random.IntN(3)}
			cells := make([]uint8, w.Cells())
			for i := range cells {
				cells[i] = []uint8{0, 10, 10, 10, 20}[random.IntN(5)]
				if at := (w.Row+i/w.Cols)*all.Cols + w.Col + i%w.Cols; cells[i] != 0 {
					said[at] = append(said[at], cells[i])
				}
			}
			files = append(files, file{grid: all.Sub(w), dtype: godal.Byte, cells: cells}.write(t, filepath.Join(dir, fmt.Sprintf("%d.tif", n))))
		}
		var first *Epoch
		for range 3 {
			random.Shuffle(len(files), func(i, k int) { files[i], files[k] = files[k], files[i] })
			e, err := Open(files, fourCodes)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = e
			}
			if e.Grid() != first.Grid() || !slices.Equal(e.Describe().Warnings, first.Describe().Warnings) {
				t.Fatalf("another order gives %+v, %q", e.Grid(), e.Describe().Warnings)
			}
			u, v := all.Lattice(e.Grid().OriginX, e.Grid().OriginY)
			col0, row0 := int(math.Round(u)), int(math.Round(v))
			disputed := 0
			for i, got := range classes(t, e, whole(e)) {
				codes := said[(row0+i/e.Grid().Cols)*all.Cols+col0+i%e.Grid().Cols]
				want := uint8(raster.NoData)
				if len(codes) > 0 && len(slices.Compact(slices.Sorted(slices.Values(codes)))) == 1 {
					want = codes[0]/10 - 1
				} else if len(codes) > 0 {
					disputed++
				}
				if got != want {
					t.Fatalf("cell %d is %d, want %d of %v", i, got, want, codes)
				}
			}
			if w := e.Describe().Warnings; len(w) != min(disputed, 1) || disputed > 0 && !strings.Contains(w[0], fmt.Sprintf("disagree in %d cell", disputed)) {
				t.Fatalf("%d cells are disputed, told %q", disputed, w)
			}
		}
	}
}

// TestFilesOfTwoMaps: files that disagree in more cells than margins have are refused.
func TestFilesOfTwoMaps(t *testing.T) {
	g := utm(t, 1001, 1000)
	dir := t.TempDir()
	var files []string
	for i, c := range []uint8{10, 20} {
		files = append(files, file{grid: g, dtype: godal.Byte, cells: slices.Repeat([]uint8{c}, int(g.Cells()))}.write(t, filepath.Join(dir, fmt.Sprintf("%d.tif", i))))
	}
	_, err := Open(files, fourCodes)
	if want := fmt.Sprintf("%s and %s overlap and disagree in more than 1000000 cells, so they are no tiles of one map; name the right one alone", files[0], files[1]); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
