package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

var patchGrid = raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.25, CellY: 0.25, Cols: 300, Rows: 200,
	CRS: raster.CRS{Name: "CGCS2000", EPSG: 4490, WKT: "GEOGCRS[…]"}}

// patchFile compresses the texts of a file of patches.
func patchFile(t testing.TB, texts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := Compressed(&b)
	_, err := io.WriteString(z, strings.Join(texts, ""))
	redlinetest.Must(t, err)
	redlinetest.Must(t, z.Close())
	return b.Bytes()
}

// readPatches reads all patches of a file.
func readPatches(file []byte) (all []redline.Patch, grid record.Grid, err error) {
	in, err := NewPatches(bytes.NewReader(file))
	if err != nil {
		return nil, grid, err
	}
	for p, err := range in.All() {
		if err != nil {
			return all, in.Grid, err
		}
		all = append(all, redline.Patch{ID: p.ID, Group: p.Group, Cells: slices.Clone(p.Cells)})
	}
	return all, in.Grid, nil
}

func randomPatches(rng *rand.Rand) (all []redline.Patch) {
	for i := range rng.IntN(6) {
		p := redline.Patch{ID: fmt.Sprintf("P%016d", i), Group: []string{"natural>built", ""}[rng.IntN(2)]}
		for row := int32(i * 30); row < int32(i*30+1+rng.IntN(20)); row++ {
			if rng.IntN(4) == 0 && len(p.Cells) > 0 {
				continue
			}
			for col := int32(rng.IntN(280)); col < 300; col += 1 + int32(rng.IntN(200)) {
				end := min(300, col+1+int32(rng.IntN(20)))
				p.Cells = append(p.Cells, trace.Run{Row: row, Col0: col, Col1: end})
				col = end
			}
		}
		if len(p.Cells) > 0 {
			all = append(all, p)
		}
	}
	return all
}

// What is written is read, whole; a file that is cut off or damaged anywhere is never read to its end without an error.
func TestPatchesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	most := 0
	for range 300 {
		want := randomPatches(rng)
		most = max(most, len(want))
		texts := []string{PatchesHead(patchGrid)}
		for i := range want {
			texts = append(texts, string(AppendPatch(nil, &want[i])))
		}
		file := patchFile(t, append(texts, PatchesTail)...)
		got, grid, err := readPatches(file)
		if err != nil || !reflect.DeepEqual(got, want) || grid != record.GridOf(patchGrid) {
			t.Fatalf("%v became %v on %v, %v", want, got, grid, err)
		}
		n := rng.IntN(len(file))
		if _, _, err := readPatches(file[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: %v", n, len(file), err)
		}
		damaged := slices.Clone(file)
		damaged[n] ^= 1 << rng.IntN(8)
		if got, grid, err := readPatches(damaged); err == nil && (!reflect.DeepEqual(got, want) || grid != record.GridOf(patchGrid)) {
			t.Fatalf("byte %d is damaged: %v", n, got)
		}
	}
	if most < 4 {
		t.Errorf("at most %d patches", most)
	}
}

// Files that are whole as gzip sees it, but wrong.
func TestPatchesRefused(t *testing.T) {
	head := PatchesHead(patchGrid)
	record := func(runs ...trace.Run) string {
		return string(AppendPatch(nil, &redline.Patch{ID: "p", Group: "g", Cells: runs}))
	}
	good := record(trace.Run{Row: 1, Col0: 2, Col1: 4})
	for name, test := range map[string]struct {
		texts []string
		want  string
	}{
		"another file":      {[]string{"green-shield-patches 2\n", "{}\n", PatchesTail}, `it does not begin as "green-shield-patches 1"`},
		"no grid":           {[]string{patchesTitle, "x\n", PatchesTail}, "its grid: invalid character"},
		"an empty grid":     {[]string{patchesTitle, "{}\n", PatchesTail}, "its grid has 0 columns and 0 rows"},
		"no tail":           {[]string{head, good}, "patch 2: unexpected EOF"},
		"after the tail":    {[]string{head, good, PatchesTail, "x"}, "patch 2: something follows the end"},
		"no cells":          {[]string{head, record(), PatchesTail}, "patch 1: it has no cells"},
		"row outside":       {[]string{head, record(trace.Run{Row: 200, Col0: 2, Col1: 4}), PatchesTail}, "columns 2 to 4 of row 200 are no cells of the grid"},
		"column outside":    {[]string{head, record(trace.Run{Row: 1, Col0: 2, Col1: 301}), PatchesTail}, "columns 2 to 301 of row 1 are no cells of the grid"},
		"west of the grid":  {[]string{head, record(trace.Run{Row: 1, Col0: -1, Col1: 4}), PatchesTail}, "columns -1 to 4 of row 1 are no cells of the grid"},
		"an empty run":      {[]string{head, record(trace.Run{Row: 1, Col0: 4, Col1: 4}), PatchesTail}, "columns 4 to 4 of row 1 are no cells of the grid"},
		"runs that touch":   {[]string{head, record(trace.Run{Row: 1, Col0: 2, Col1: 4}, trace.Run{Row: 1, Col0: 4, Col1: 5}), PatchesTail}, "two runs of row 1 touch"},
		"order":             {[]string{head, good, record(trace.Run{Row: 1, Col0: 1, Col1: 4}), PatchesTail}, "patch 2: it is out of order"},
		"twice":             {[]string{head, good, good, PatchesTail}, "patch 2: it is out of order"},
		"a huge text":       {[]string{head, "\xff\xff\xff\xff\x0f"}, "a text of 4294967295 bytes, of at most 65536"},
		"huge steps":        {[]string{head, "\x01p\x01g\x01" + strings.Repeat("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 3)}, "are no cells of the grid"},
		"more runs claimed": {[]string{head, "\x01p\x01g\xff\xff\xff\xff\xff\x01\x01\x02\x03"}, "patch 1: unexpected EOF"},
	} {
		_, _, err := readPatches(patchFile(t, test.texts...))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if _, _, err := readPatches([]byte("not compressed")); !errors.Is(err, gzip.ErrHeader) {
		t.Errorf("not compressed: %v", err)
	}
}
