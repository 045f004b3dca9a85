package scene

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"greenshield/redline/job"
)

// small is the smallest scene.
func small() Params {
	return Params{Seed: 1, Cols: MinSize, Rows: MinSize, RedLines: MinRedLines, Reserves: MinReserves, Vertices: 600, Changed: 0.04}
}

func newScene(t *testing.T, p Params) *Scene {
	t.Helper()
	s, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// epochs returns all cells of both epochs.
func epochs(s *Scene) [2][]uint8 { return band(s, 0, s.params.Rows) }

// band returns the cells of both epochs of some rows.
func band(s *Scene, firstRow, rows int) (cells [2][]uint8) {
	cols := s.params.Cols
	for epoch := range cells {
		cells[epoch] = make([]uint8, rows*cols)
		for i := range rows {
			s.Row(epoch, firstRow+i, cells[epoch][i*cols:(i+1)*cols])
		}
	}
	return cells
}

func TestRowsDoNotDependOnOrder(t *testing.T) {
	p := small()
	p.Cols = 1200 // more than two chunks
	s := newScene(t, p)
	want := epochs(s)

	// Another scene of the same parameters, its rows shuffled over four goroutines.
	twin := newScene(t, p)
	var got [2][]uint8
	for epoch := range got {
		got[epoch] = bytes.Repeat([]byte{77}, p.Cols*p.Rows)
		rows := rand.New(rand.NewPCG(1, 2)).Perm(p.Rows)
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				for i := worker; i < len(rows); i += 4 {
					twin.Row(epoch, rows[i], got[epoch][rows[i]*p.Cols:(rows[i]+1)*p.Cols])
				}
			})
		}
		wg.Wait()
		if !bytes.Equal(got[epoch], want[epoch]) {
			t.Errorf("epoch %d: rows in another order differ", epoch)
		}
	}

	p.Seed++
	if other := epochs(newScene(t, p)); bytes.Equal(other[0], want[0]) {
		t.Error("another seed gives the same cells")
	}
}

// TestGolden fails when a scene changes by a bit, on any machine. A change that is
// meant needs new hashes here, and makes results on older scenes incomparable.
func TestGolden(t *testing.T) {
	s := newScene(t, small())
	cells := epochs(s)
	zones := sha256.New()
	for _, l := range []Layer{s.RedLines(), s.Reserves(), s.Counties(), s.Exemptions()} {
		fmt.Fprintln(zones, l.Name, l.Fields)
		for _, f := range l.Features {
			fmt.Fprintln(zones, f.Values)
			for _, polygon := range f.Shape {
				for _, ring := range polygon {
					for _, p := range ring {
						lon, lat := s.Map(p[0], p[1])
						binary.Write(zones, binary.LittleEndian, []float64{p[0], p[1], lon, lat})
					}
				}
			}
		}
	}
	digest := func(b []byte) string { d := sha256.Sum256(b); return hex.EncodeToString(d[:8]) }
	for _, c := range []struct{ name, got, want string }{
		{"epoch 0", digest(cells[0]), "422f562b24b87238"},
		{"epoch 1", digest(cells[1]), "be92fa07b62d5db5"},
		{"layers", hex.EncodeToString(zones.Sum(nil)[:8]), "384c88b2deb01896"},
	} {
		if c.got != c.want {
			t.Errorf("%s: hash %s, want %s", c.name, c.got, c.want)
		}
	}
}

func TestNoiseDoesNotDependOnChunks(t *testing.T) {
	f := newField(5, 6, 2)
	want := make([]int32, 301)
	f.fill(want, 40, 7)
	for _, size := range []int{1, 3, 64, 100} {
		got := make([]int32, len(want))
		for i := 0; i < len(got); i += size {
			f.fill(got[i:min(i+size, len(got))], 40, 7+i)
		}
		if !slices.Equal(got, want) {
			t.Errorf("chunks of %d give other noise", size)
		}
	}
	if low, high := slices.Min(want), slices.Max(want); high-low < 20000 {
		t.Errorf("noise from %d to %d is flat", low, high)
	}
}

func TestShares(t *testing.T) {
	bounds := [10][2]float64{ // per cent of the valid cells
		cropland:   {45, 62},
		forest:     {24, 36},
		shrub:      {0.1, 2},
		grassland:  {0.2, 2.5},
		water:      {3, 7},
		barren:     {0.1, 2},
		impervious: {5, 12},
		wetland:    {0.5, 4},
	}
	wide := Params{Seed: 7, Cols: 1500, Rows: 700, RedLines: 12, Reserves: 3, Vertices: 1000, Changed: 0.02}
	still := wide
	still.Changed = 0
	for _, c := range []struct {
		name string
		p    Params
		step int
	}{{"demo", Default(), 7}, {"wide", wide, 3}, {"no change", still, 3}, {"bench", Bench(), 701}} {
		t.Run(c.name, func(t *testing.T) {
			s := newScene(t, c.p)
			var count [10]int
			var cells, changed, runs int
			a, b := make([]uint8, c.p.Cols), make([]uint8, c.p.Cols)
			for row := 0; row < c.p.Rows; row += c.step {
				s.Row(0, row, a)
				s.Row(1, row, b)
				for i := range a {
					if a[i] == 0 || b[i] == 0 {
						continue
					}
					cells++
					count[a[i]]++
					if a[i] != b[i] {
						changed++
					}
					if i > 0 && a[i] != a[i-1] {
						runs++
					}
				}
			}
			for class, n := range count {
				share := 100 * float64(n) / float64(cells)
				if share < bounds[class][0] || share > bounds[class][1] {
					t.Errorf("class %d covers %.2f %%, want %.1f to %.1f", class, share, bounds[class][0], bounds[class][1])
				}
			}
			if !(count[cropland] > count[forest] && count[forest] > count[impervious] && count[impervious] > count[water]) {
				t.Errorf("cropland, forest, impervious, water are not in this order: %v", count)
			}
			if share := float64(changed) / float64(cells); math.Abs(share-c.p.Changed) > 0.15*c.p.Changed+0.0005 {
				t.Errorf("%.2f %% changed, want about %.2f", 100*share, 100*c.p.Changed)
			}
			if mean := float64(cells) / float64(runs); mean < 8 {
				t.Errorf("runs of %.1f cells: too short to compress like land cover", mean)
			}
		})
	}
}

func TestNoDataDiffersBetweenEpochs(t *testing.T) {
	cells := epochs(newScene(t, small()))
	var first, second, both int
	for i := range cells[0] {
		switch a, b := cells[0][i] == 0, cells[1][i] == 0; {
		case a && b:
			both++
		case a:
			first++
		case b:
			second++
		}
	}
	if first == 0 || second == 0 || both == 0 {
		t.Errorf("NoData only in epoch 0: %d, only in epoch 1: %d, in both: %d cells; want some of each", first, second, both)
	}
}

func TestEveryClassChangesToAnother(t *testing.T) {
	for class, kinds := range becomes {
		if class == 0 {
			continue
		}
		if len(kinds) != 16 || strings.Contains(kinds, fmt.Sprint(class)) || strings.Trim(kinds, "12345789") != "" {
			t.Errorf("class %d becomes %q: want 16 codes other than its own", class, kinds)
		}
	}
}

func TestStampsKeepTheirShape(t *testing.T) {
	for name, st := range map[string]stamp{"holed": holed(), "chain": chain(), "project": project(), "shore": shore(), "quay": quay()} {
		if len(st.before) != len(st.after) {
			t.Fatalf("%s: %d rows before, %d after", name, len(st.before), len(st.after))
		}
		for i := range st.before {
			if len(st.before[i]) != len(st.before[0]) || len(st.after[i]) != len(st.before[0]) {
				t.Errorf("%s: row %d has another length", name, i)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*Params)
		want string
	}{
		{"too narrow", func(p *Params) { p.Cols = MinSize - 1 }, "columns and rows"},
		{"too tall", func(p *Params) { p.Rows = MaxSize + 1 }, "columns and rows"},
		{"few red lines", func(p *Params) { p.RedLines = MinRedLines - 1 }, "red-line zones"},
		{"few reserves", func(p *Params) { p.Reserves = MinReserves - 1 }, "reserves"},
		{"negative vertices", func(p *Params) { p.Vertices = -1 }, "vertices"},
		{"share not a number", func(p *Params) { p.Changed = math.NaN() }, "changed share"},
		{"share too large", func(p *Params) { p.Changed = 0.21 }, "changed share"},
		{"no room", func(p *Params) { p.RedLines = 50 }, "no room"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := small()
			c.edit(&p)
			if _, err := New(p); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
		})
	}
}

func TestJobNamesTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), JobFile)
	if err := os.WriteFile(path, []byte(Job(small())), 0o666); err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Validate(); err != nil {
		t.Fatal(err)
	}
	s := newScene(t, small())
	if a, b := j.Before, j.After; filepath.Base(a.Files[0]) != RasterA || a.Year != YearA || filepath.Base(b.Files[0]) != RasterB || b.Year != YearB {
		t.Errorf("epochs: %+v, %+v", a, b)
	}
	for _, c := range []struct {
		name   string
		got    job.Source
		file   string
		coding string
		layer  Layer
	}{
		{"redline", j.RedLine[0], RedLine, "", s.RedLines()},
		{"reserve", j.Reserve[0], Reserve, "GBK", s.Reserves()},
		{"admin", j.Admin, County, "", s.Counties()},
		{"exempt", j.Exempt[0], Exempt, "", s.Exemptions()},
	} {
		if filepath.Base(c.got.File) != c.file || c.got.Encoding != c.coding || c.got.Layer != "" && c.got.Layer != c.layer.Name {
			t.Errorf("%s: %+v, want %s, encoding %q, layer %s", c.name, c.got, c.file, c.coding, c.layer.Name)
		}
		for role, field := range c.got.Fields {
			if !slices.Contains(c.layer.Fields, field) {
				t.Errorf("%s: %s is to be field %s, the layer has %v", c.name, role, field, c.layer.Fields)
			}
		}
	}
	texts := []string{Job(small())}
	for layout, want := range map[Layout]string{Stars: "GBK", Shared: "tile their reserve", Slivers: "coast", Stacked: "shifted"} {
		p := surveyed()
		p.Layout = layout
		if texts = append(texts, Readme(p)); !strings.Contains(Readme(p), want) {
			t.Errorf("README of layout %d does not say %q", layout, want)
		}
	}
	for _, text := range texts {
		if !strings.Contains(text, "SYNTHETIC") || !strings.Contains(text, "合成") {
			t.Errorf("does not say that it is synthetic:\n%s", text)
		}
		if strings.Contains(text, "%!") {
			t.Errorf("formatting went wrong:\n%s", text)
		}
	}
}
