package gdalraster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// codes are what the rasters of these tests hold.
var codes = []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}

// patchy fills a grid with patches of the codes 1 to 9 and some single cells.
func patchy(g raster.Grid, seed uint64) []uint8 {
	rng := rand.New(rand.NewPCG(seed, 1))
	const side = 24
	across := g.Cols/side + 2
	patches := make([]uint8, across*(g.Rows/side+2))
	for i := range patches {
		patches[i] = uint8(1 + rng.IntN(9))
	}
	cells := make([]uint8, g.Cells())
	for i := range cells {
		col, row := i%g.Cols+rng.IntN(3), i/g.Cols+rng.IntN(2)
		cells[i] = patches[row/side*across+col/side]
		if rng.IntN(50) == 0 {
			cells[i] = uint8(1 + rng.IntN(9))
		}
	}
	return cells
}

// openBoth opens a file twice, the second time for GDAL alone.
func openBoth(t testing.TB, o Options, files ...string) (fast, slow *Epoch, err error) {
	t.Helper()
	if fast, err = Open(files, o); err != nil {
		return nil, nil, err
	}
	if slow, err = Open(files, o); err != nil {
		t.Fatalf("opens only once: %v", err)
	}
	for _, p := range slow.parts {
		p.layout = nil
	}
	return fast, slow, nil
}

// readAll reads windows with one reader, up to the first error, and says how many blocks lzw decoded.
func readAll(t testing.TB, e *Epoch, windows []raster.Window) (cells [][]uint8, decoded int, err error) {
	t.Helper()
	opened, err := e.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for _, w := range windows {
		dst := make([]uint8, w.Cells())
		if err := opened.Read(w, dst); err != nil {
			return cells, opened.(*reader).decoded, err
		}
		cells = append(cells, dst)
	}
	return cells, opened.(*reader).decoded, nil
}

// sameReading says how two readings differ, "" when they do not.
func sameReading(a, b [][]uint8, errA, errB error) string {
	switch {
	case fmt.Sprint(errA) != fmt.Sprint(errB):
		return fmt.Sprintf("error %v against %v", errA, errB)
	case len(a) != len(b):
		return fmt.Sprintf("%d windows against %d", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Sprintf("window %d has other cells", i)
		}
	}
	return ""
}

func TestSameReadingSeesWrongAnswers(t *testing.T) {
	a := [][]uint8{{1, 2}, {3}}
	for name, diff := range map[string]string{
		"cell":   sameReading(a, [][]uint8{{1, 2}, {4}}, nil, nil),
		"window": sameReading(a, a[:1], nil, nil),
		"error":  sameReading(a, a, nil, errors.New("x")),
		"errors": sameReading(a, a, errors.New("y"), errors.New("x")),
	} {
		if diff == "" {
			t.Errorf("another %s is not seen", name)
		}
	}
	if diff := sameReading(a, [][]uint8{{1, 2}, {3}}, nil, nil); diff != "" {
		t.Error(diff)
	}
}

// windowsOf are the whole grid, rows of blocks, and windows that cut blocks.
func windowsOf(g raster.Grid, rng *rand.Rand) []raster.Window {
	list := []raster.Window{{Cols: g.Cols, Rows: g.Rows}}
	for row := 0; row < g.Rows; row += 64 {
		list = append(list, raster.Window{Row: row, Cols: g.Cols, Rows: min(64, g.Rows-row)})
	}
	for range 20 {
		w := raster.Window{Col: rng.IntN(g.Cols), Row: rng.IntN(g.Rows)}
		w.Cols, w.Rows = 1+rng.IntN(g.Cols-w.Col), 1+rng.IntN(g.Rows-w.Row)
		list = append(list, w)
	}
	return list
}

// TestBlocks: every layout is read as GDAL reads it, and those that are meant to be are
// decoded here.
func TestBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tiles := func(n int, more ...string) []string {
		return append([]string{"COMPRESS=LZW", "TILED=YES", fmt.Sprint("BLOCKXSIZE=", n), fmt.Sprint("BLOCKYSIZE=", n)}, more...)
	}
	strips := func(n int, more ...string) []string {
		return append([]string{"COMPRESS=LZW", fmt.Sprint("BLOCKYSIZE=", n)}, more...)
	}
	as := func(compression string, options []string) []string {
		options[0] = "COMPRESS=" + compression
		return options
	}
	odd, even := utm(t, 333, 217), utm(t, 256, 128)
	type layoutCase struct {
		file file
		band int
		here bool
	}
	cases := map[string]layoutCase{
		"no predictor":       {file{grid: odd, options: tiles(64, "PREDICTOR=1")}, 0, true},
		"predictor":          {file{grid: odd, options: tiles(64, "PREDICTOR=2")}, 0, true},
		"predictor, strips":  {file{grid: odd, options: strips(8, "PREDICTOR=2")}, 0, true},
		"4 bits":             {file{grid: odd, options: tiles(64, "NBITS=4")}, 0, false},
		"7 bits":             {file{grid: odd, options: strips(8, "NBITS=7")}, 0, false},
		"BigTIFF":            {file{grid: odd, options: tiles(64, "BIGTIFF=YES")}, 0, true},
		"big-endian":         {file{grid: odd, options: tiles(64, "ENDIANNESS=BIG")}, 0, true},
		"big-endian BigTIFF": {file{grid: odd, options: strips(8, "ENDIANNESS=BIG", "BIGTIFF=YES")}, 0, true},
		"white is zero":      {file{grid: odd, options: tiles(64, "PHOTOMETRIC=MINISWHITE")}, 0, true},
		"several, planes":    {file{grid: odd, bands: 3, options: tiles(64, "INTERLEAVE=BAND")}, 2, true},
		"strips in planes":   {file{grid: odd, bands: 3, options: strips(8, "INTERLEAVE=BAND")}, 3, true},
		"several, pixels":    {file{grid: odd, bands: 3, options: tiles(64, "INTERLEAVE=PIXEL")}, 2, false},
		"DEFLATE":            {file{grid: odd, options: []string{"COMPRESS=DEFLATE"}}, 0, true},
		"DEFLATE, predictor": {file{grid: odd, options: as("DEFLATE", tiles(64, "PREDICTOR=2"))}, 0, true},
		"ZSTD":               {file{grid: odd, options: as("ZSTD", tiles(64))}, 0, true},
		"ZSTD, predictor":    {file{grid: odd, options: as("ZSTD", strips(8, "PREDICTOR=2"))}, 0, true},
		"LZMA":               {file{grid: odd, options: []string{"COMPRESS=LZMA"}}, 0, false},
		"PACKBITS":           {file{grid: odd, options: []string{"COMPRESS=PACKBITS"}}, 0, false},
		"south-up":           {file{grid: odd, transform: &[6]float64{500000, 30, 0, 3500000, 0, 30}, options: tiles(64)}, 0, true},
		"south-up strips":    {file{grid: odd, transform: &[6]float64{500000, 30, 0, 3500000, 0, 30}, options: strips(10)}, 0, true},
		"one block":          {file{grid: odd, options: strips(217)}, 0, true},
		"a high strip":       {file{grid: utm(t, 20, 2500), options: strips(2500)}, 0, false}, // GDAL makes rows of it
		"with a mask": {file{grid: odd, options: tiles(64), edit: func(ds *godal.Dataset) error {
			mask, err := ds.CreateMaskBand(2, godal.ConfigOption("GDAL_TIFF_INTERNAL_MASK=YES"))
			if err != nil {
				return err
			}
			return mask.Write(0, 0, bytes.Repeat([]byte{0, 255, 255}, odd.Cols*odd.Rows/3), odd.Cols, odd.Rows)
		}}, 0, false},
	}
	for _, n := range []int{16, 32, 128, 256, 512} {
		cases[fmt.Sprint("tiles of ", n)] = layoutCase{file{grid: odd, options: tiles(n)}, 0, true}
		cases[fmt.Sprint("even tiles of ", n)] = layoutCase{file{grid: even, options: tiles(n)}, 0, true}
	}
	for _, n := range []int{1, 7, 100} {
		cases[fmt.Sprint("strips of ", n)] = layoutCase{file{grid: odd, options: strips(n)}, 0, true}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.file.dtype == 0 {
				c.file.dtype = godal.Byte
			}
			g, edit := c.file.grid, c.file.edit
			c.file.edit = func(ds *godal.Dataset) error {
				if edit != nil {
					if err := edit(ds); err != nil {
						return err
					}
				}
				for i, b := range ds.Bands() { // each has its own cells
					if err := b.Write(0, 0, patchy(g, uint64(i)), g.Cols, g.Rows); err != nil {
						return err
					}
				}
				return nil
			}
			path := c.file.write(t, "a.tif")
			fast, slow, err := openBoth(t, Options{Band: c.band, Codes: codes}, path)
			if err != nil {
				t.Fatal(err)
			}
			checkBoth(t, fast, slow, windowsOf(g, rng), c.here)
		})
	}
}

// TestBlocksTypes: cells of every type, in either order of bytes and as differences, are read as GDAL reads them.
func TestBlocksTypes(t *testing.T) {
	g := utm(t, 333, 217)
	rng := rand.New(rand.NewPCG(1, 3))
	types := []struct {
		dtype godal.DataType
		codes []int64 // of the legend; then one that is not in it
	}{
		{godal.Int16, []int64{-32768, -1, 0, 1, 255, 256, 300, 32767, -300, 77}},
		{godal.UInt16, []int64{65535, 32768, 0, 1, 255, 256, 300, 32767, 11, 77}},
		{godal.Int32, []int64{-1 << 31, -1, 0, 1, 256, 65536, 1 << 24, 1<<31 - 1, -65536, 77}},
		{godal.UInt32, []int64{1<<32 - 1, 1 << 31, 0, 1, 256, 65536, 1 << 24, 11, 12, 77}},
		{godal.Float32, []int64{-1, 0, 1, 2, 3, 11, 256, 1 << 24, -1 << 31, 77}},
		{godal.Float64, []int64{-1, 0, 1, 2, 3, 11, 256, 1 << 52, -1 << 31, 77}},
	}
	for _, ty := range types {
		values := make([]float64, g.Cells())
		for i, v := range patchy(g, 3) {
			values[i] = float64(ty.codes[v])
			if i%7 == 0 {
				values[i] = float64(ty.codes[0])
			}
			if !ranges[ty.dtype].integer && i%11 == 0 {
				values[i] = math.NaN()
			}
		}
		for _, options := range [][]string{
			{"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"},
			{"COMPRESS=LZW", "BLOCKYSIZE=8", "ENDIANNESS=BIG"},
			{"COMPRESS=LZW", "BLOCKYSIZE=100", "PREDICTOR=2"},
			{"COMPRESS=DEFLATE", "BLOCKYSIZE=1", "PREDICTOR=2", "ENDIANNESS=BIG"},
			{"COMPRESS=ZSTD", "TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256"},
			{"COMPRESS=ZSTD", "PREDICTOR=2", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32", "BIGTIFF=YES"},
			{"COMPRESS=DEFLATE", "PREDICTOR=3"},
		} {
			here := true
			if slices.Contains(options, "PREDICTOR=3") {
				if here = false; ranges[ty.dtype].integer {
					continue
				}
			}
			t.Run(fmt.Sprint(ty.dtype, options), func(t *testing.T) {
				f := file{grid: g, dtype: ty.dtype, cells: values, nodata: num(float64(ty.codes[1])), options: options}
				o := Options{Codes: slices.Delete(slices.Clone(ty.codes[:9]), 1, 2), NoDataCodes: ty.codes[2:3]}
				o.Codes = slices.Delete(o.Codes, 1, 2)
				fast, slow, err := openBoth(t, o, f.write(t, "a.tif"))
				if err != nil {
					t.Fatal(err)
				}
				checkBoth(t, fast, slow, windowsOf(g, rng), here)
				// One reader meets what GDAL says of every cell.
				got, _, err := readAll(t, fast, []raster.Window{whole(fast)})
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range values {
					want := uint8(raster.NoData)
					if code := int64(v); v == v && code != ty.codes[1] && code != ty.codes[2] {
						if want = raster.Unknown; slices.Contains(o.Codes, code) {
							want = uint8(slices.Index(o.Codes, code))
						}
					}
					if is := fast.Index()[got[0][i]]; is != want {
						t.Fatalf("cell %d, %v, is %d, want %d", i, v, is, want)
					}
				}
			})
		}
	}
}

// TestBlocksNoCode: a cell that cannot be a code is refused in the same words, wherever it lies.
func TestBlocksNoCode(t *testing.T) {
	g := utm(t, 200, 150)
	for _, dtype := range []godal.DataType{godal.Float32, godal.Float64} {
		values := make([]float64, g.Cells())
		for i, v := range patchy(g, 3) {
			values[i] = float64(v)
		}
		values[77*g.Cols+133] = 2.5
		path := file{grid: g, dtype: dtype, cells: values, options: []string{"COMPRESS=LZW", "BLOCKYSIZE=8"}}.write(t, "a.tif")
		fast, slow, err := openBoth(t, Options{Codes: codes}, path)
		if err != nil {
			t.Fatal(err)
		}
		windows := []raster.Window{{Cols: g.Cols, Rows: 64}, {Row: 64, Cols: g.Cols, Rows: 64}}
		got, decoded, err := readAll(t, fast, windows)
		want, _, errWant := readAll(t, slow, windows)
		if diff := sameReading(got, want, err, errWant); diff != "" || err == nil || decoded == 0 ||
			!strings.Contains(err.Error(), "column 133, row 77 (from 0) is 2.5") {
			t.Errorf("%v: %s; %d blocks are decoded here; %v", dtype, diff, decoded, err)
		}
	}
}

// checkBoth reads windows, the first of which is the whole grid, from both, and whether lzw decodes all blocks of fast.
func checkBoth(t *testing.T, fast, slow *Epoch, windows []raster.Window, here bool) {
	t.Helper()
	p := fast.parts[0]
	blocks := ((p.size[0] + p.block[0] - 1) / p.block[0]) * ((p.size[1] + p.block[1] - 1) / p.block[1])
	if !here {
		blocks = 0
	}
	if _, decoded, err := readAll(t, fast, windows[:1]); err != nil || decoded != blocks {
		t.Errorf("%d blocks are decoded here, want %d; %v", decoded, blocks, err)
	}
	got, _, err := readAll(t, fast, windows)
	want, decoded, errWant := readAll(t, slow, windows)
	if diff := sameReading(got, want, err, errWant); diff != "" || errWant != nil {
		t.Error(diff, errWant)
	}
	if decoded != 0 {
		t.Errorf("GDAL was to read alone, but %d blocks are decoded here", decoded)
	}
}

// TestBlocksSparse: blocks that were never written are GDAL's, the others are decoded here.
func TestBlocksSparse(t *testing.T) {
	g := utm(t, 300, 300)
	one := raster.Window{Col: 64, Row: 128, Cols: 64, Rows: 64}
	path := file{grid: g, dtype: godal.Byte, nodata: num(7), options: []string{"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "SPARSE_OK=TRUE"},
		edit: func(ds *godal.Dataset) error {
			return ds.Bands()[0].Write(one.Col, one.Row, patchy(raster.Grid{Cols: one.Cols, Rows: one.Rows}, 3), one.Cols, one.Rows)
		}}.write(t, "a.tif")
	fast, slow, err := openBoth(t, Options{Codes: codes[:6]}, path)
	if err != nil {
		t.Fatal(err)
	}
	windows := windowsOf(g, rand.New(rand.NewPCG(1, 1)))
	if _, decoded, err := readAll(t, fast, windows[:1]); err != nil || decoded != 1 {
		t.Errorf("%d blocks are decoded here, want 1; %v", decoded, err)
	}
	got, _, err := readAll(t, fast, windows)
	want, _, errWant := readAll(t, slow, windows)
	if diff := sameReading(got, want, err, errWant); diff != "" {
		t.Error(diff)
	}
}

// TestBlocksOverviews: of a file in the order of a cloud-optimized GeoTIFF, overviews first, the cells themselves are
// read.
func TestBlocksOverviews(t *testing.T) {
	g := utm(t, 700, 500)
	plain := file{grid: g, dtype: godal.Byte, cells: patchy(g, 5)}.write(t, "plain.tif")
	ds, err := godal.Open(plain, godal.Update())
	if err != nil {
		t.Fatal(err)
	}
	if err := ds.BuildOverviews(godal.Levels(2, 4), godal.Resampling(godal.Nearest)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cog.tif")
	made, err := ds.Translate(path, []string{"-co", "COPY_SRC_OVERVIEWS=YES", "-co", "TILED=YES", "-co", "BLOCKXSIZE=128", "-co", "BLOCKYSIZE=128", "-co", "COMPRESS=LZW"}, godal.GTiff)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(made.Bands()[0].Overviews()); n != 2 {
		t.Errorf("%d overviews, want 2", n)
	}
	if err := errors.Join(made.Close(), ds.Close()); err != nil {
		t.Fatal(err)
	}
	fast, slow, err := openBoth(t, Options{Codes: codes}, path)
	if err != nil {
		t.Fatal(err)
	}
	checkBoth(t, fast, slow, windowsOf(g, rand.New(rand.NewPCG(1, 1))), true)
}

// TestBlocksMosaic: files that lie askew of each other's blocks, overlap and leave gaps.
func TestBlocksMosaic(t *testing.T) {
	all := utm(t, 500, 400)
	var paths []string
	for i, w := range []raster.Window{{Col: 0, Row: 0, Cols: 300, Rows: 200}, {Col: 211, Row: 133, Cols: 289, Rows: 267}, {Col: 10, Row: 250, Cols: 100, Rows: 100}} {
		g := all.Sub(w)
		paths = append(paths, file{grid: g, dtype: godal.Byte, nodata: num(9), cells: patchy(g, uint64(i)), options: []string{"COMPRESS=LZW", "BLOCKYSIZE=16"}}.write(t, "a.tif"))
	}
	fast, slow, err := openBoth(t, Options{Codes: codes[:8]}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	windows := windowsOf(all, rand.New(rand.NewPCG(1, 1)))
	got, decoded, err := readAll(t, fast, windows)
	want, _, errWant := readAll(t, slow, windows)
	if diff := sameReading(got, want, err, errWant); diff != "" || decoded == 0 {
		t.Errorf("%s; %d blocks are decoded here", diff, decoded)
	}
}

// TestBlocksScattered: blocks that lie in another order in the file, with others between them.
func TestBlocksScattered(t *testing.T) {
	g := utm(t, 200, 200)
	rng := rand.New(rand.NewPCG(4, 4))
	for name, options := range map[string][]string{
		"strips": {"COMPRESS=LZW", "BLOCKYSIZE=1"},
		"tiles":  {"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=32"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file{grid: g, dtype: godal.Byte, cells: bytes.Repeat([]byte{1}, int(g.Cells())), options: options}.write(t, "a.tif")
			cells := patchy(g, 6) // takes more than one class does, so the blocks are moved to the end
			before, err := Open([]string{path}, Options{Codes: codes})
			if err != nil {
				t.Fatal(err)
			}
			cols, rows := before.BlockSize()
			across := (g.Cols + cols - 1) / cols
			for _, i := range rng.Perm(across * ((g.Rows + rows - 1) / rows)) {
				if i%3 == 0 {
					continue
				}
				w := raster.Window{Col: i % across * cols, Row: i / across * rows}
				w.Cols, w.Rows = min(cols, g.Cols-w.Col), min(rows, g.Rows-w.Row)
				var block []uint8
				for row := range w.Rows {
					block = append(block, cells[(w.Row+row)*g.Cols+w.Col:][:w.Cols]...)
				}
				ds, err := godal.Open(path, godal.Update())
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(ds.Bands()[0].Write(w.Col, w.Row, block, w.Cols, w.Rows), ds.Close()); err != nil {
					t.Fatal(err)
				}
			}
			fast, slow, err := openBoth(t, Options{Codes: codes}, path)
			if err != nil {
				t.Fatal(err)
			}
			checkBoth(t, fast, slow, windowsOf(g, rng), true)
		})
	}
}

// countingReader counts reads.
type countingReader struct {
	io.ReaderAt
	reads, bytes int
}

func (c *countingReader) ReadAt(b []byte, at int64) (int, error) {
	c.reads++
	c.bytes += len(b)
	return c.ReaderAt.ReadAt(b, at)
}

// TestBlocksReads: blocks that lie together are read together, and no bytes twice.
func TestBlocksReads(t *testing.T) {
	g := utm(t, 300, 400)
	for name, c := range map[string]struct {
		options []string
		reads   int // of blocks; two more for their places
	}{
		"strips": {[]string{"COMPRESS=LZW", "BLOCKYSIZE=1"}, 1},
		"tiles":  {[]string{"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=128", "BLOCKYSIZE=128"}, 4},
	} {
		path := file{grid: g, dtype: godal.Byte, cells: patchy(g, 1), options: c.options}.write(t, "a.tif")
		e, err := Open([]string{path}, Options{Codes: codes})
		if err != nil {
			t.Fatal(err)
		}
		r := &reader{e: e}
		defer r.Close()
		h, err := r.handle(e.parts[0])
		if err != nil {
			t.Fatal(err)
		}
		f := e.parts[0].reopen()
		if f == nil {
			t.Fatal("cannot be opened again")
		}
		defer f.Close()
		file := &countingReader{ReaderAt: f}
		bw, bh := h.part.block[0], h.part.block[1]
		x1, y1 := (g.Cols-1)/bw, (g.Rows-1)/bh
		for by := range y1 + 1 {
			for bx := range x1 + 1 {
				if _, ok := r.decodeBlock(h, file, [2]int{bx, by}, [2]int{x1, y1}, nil); !ok {
					t.Fatalf("%s: block %d, %d is not decoded", name, bx, by)
				}
			}
		}
		if file.reads != c.reads+2 || int64(file.bytes) > h.part.info.Size() {
			t.Errorf("%s: %d reads of %d bytes, want %d of at most %d", name, file.reads, file.bytes, c.reads+2, h.part.info.Size())
		}
	}
}

// TestTogether: what is read at once ends where blocks do not follow each other, are not wanted, or are too many.
func TestTogether(t *testing.T) {
	const far = 1 << 40
	for name, c := range map[string]struct {
		offsets, sizes []uint64
		ahead          int
		want           int64
	}{
		"alone":           {[]uint64{100}, []uint64{10}, 5, 10},
		"all":             {[]uint64{100, 110, 120}, []uint64{10, 10, 7}, 5, 27},
		"as wanted":       {[]uint64{100, 110, 120}, []uint64{10, 10, 7}, 1, 20},
		"a small gap":     {[]uint64{100, 118}, []uint64{10, 10}, 1, 28},
		"a gap":           {[]uint64{100, 300, 110}, []uint64{10, 10, 10}, 2, 10},
		"before":          {[]uint64{100, 90}, []uint64{10, 10}, 1, 10},
		"overlapping":     {[]uint64{100, 105}, []uint64{10, 10}, 1, 10},
		"not stored":      {[]uint64{100, 0, 110}, []uint64{10, 0, 10}, 2, 10},
		"empty":           {[]uint64{100, 110, 110}, []uint64{10, 0, 10}, 2, 20},
		"too large":       {[]uint64{100, 110}, []uint64{10, math.MaxUint64}, 1, 10},
		"far":             {[]uint64{far, far + 10}, []uint64{10, 10}, 1, 20},
		"just enough":     {[]uint64{100, 110}, []uint64{10, readAtOnce - 10}, 1, readAtOnce},
		"one too many":    {[]uint64{100, 110}, []uint64{10, readAtOnce - 9}, 1, 10},
		"large by itself": {[]uint64{100, 100 + 2*readAtOnce}, []uint64{2 * readAtOnce, 1}, 1, 2 * readAtOnce},
	} {
		h := &handle{blocks: blockState{from: 7, offsets: append([]uint64{1}, c.offsets...), sizes: append([]uint64{1}, c.sizes...)}}
		if got := h.together(8, c.ahead); got != c.want {
			t.Errorf("%s: %d bytes, want %d", name, got, c.want)
		}
	}
}

// TestBlocksSymbols: codes that Read translates are translated.
func TestBlocksSymbols(t *testing.T) {
	g := utm(t, 100, 100)
	var paths []string
	for i := range 2 {
		w := raster.Window{Col: i * 50, Cols: 50, Rows: 100}
		paths = append(paths, file{grid: g.Sub(w), dtype: godal.Byte, cells: patchy(g.Sub(w), uint64(i)), options: []string{"COMPRESS=LZW"}}.write(t, "a.tif"))
	}
	every := make([]int64, 254)
	for i := range every {
		every[i] = int64(i)
	}
	o := Options{Codes: every[1:]}
	fast, slow, err := openBoth(t, o, paths...)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []*Epoch{fast, slow} {
		e.symbols.raw, e.symbols.table = false, slices.Clone(e.symbols.table)
		e.symbols.table[5] = 77
	}
	got, decoded, err := readAll(t, fast, []raster.Window{whole(fast)})
	want, _, errWant := readAll(t, slow, []raster.Window{whole(fast)})
	if diff := sameReading(got, want, err, errWant); diff != "" || decoded == 0 || !bytes.Contains(got[0], []byte{77}) {
		t.Errorf("%s; %d blocks are decoded here", diff, decoded)
	}
}

// TestBlocksDamaged: whatever is changed in a file, the outcome is the one without decoding here.
func TestBlocksDamaged(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	rounds := 150
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		rounds = 3000
	}
	g := utm(t, 150, 130)
	for name, options := range map[string][]string{
		"tiles":   {"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"},
		"strips":  {"COMPRESS=LZW", "BLOCKYSIZE=8"},
		"BigTIFF": {"COMPRESS=LZW", "BLOCKYSIZE=20", "BIGTIFF=YES", "ENDIANNESS=BIG"},
		"DEFLATE": {"COMPRESS=DEFLATE", "BLOCKYSIZE=8"},
		"ZSTD":    {"COMPRESS=ZSTD", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "PREDICTOR=2"},
		"Int16":   {"COMPRESS=LZW", "BLOCKYSIZE=8"},
		"Float32": {"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "ENDIANNESS=BIG"},
	} {
		t.Run(name, func(t *testing.T) {
			f := file{grid: g, dtype: godal.Byte, cells: patchy(g, 8), options: options}
			switch name {
			case "Int16":
				f.dtype = godal.Int16
			case "Float32":
				f.dtype = godal.Float32
			}
			path := f.write(t, "a.tif")
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(seed, 0))
			refused, failed, decodedHere := 0, 0, 0
			for round := range rounds {
				bad := slices.Clone(good)
				for range 1 + rng.IntN(3) {
					at := rng.IntN(len(bad))
					if round%2 == 0 {
						at = rng.IntN(min(len(bad), 800)) // the directory and the places of the blocks
					}
					bad[at] ^= 1 << rng.IntN(8)
				}
				if rng.IntN(5) == 0 {
					bad = bad[:len(bad)-rng.IntN(len(bad)/2)]
				}
				if err := os.WriteFile(path, bad, 0o666); err != nil {
					t.Fatal(err)
				}
				fast, slow, err := openBoth(t, Options{Codes: codes}, path)
				if err != nil {
					refused++
					continue
				}
				windows := windowsOf(fast.Grid(), rng)
				if fast.Grid().Cells() > 1e6 {
					refused++
					continue
				}
				got, decoded, err := readAll(t, fast, windows)
				want, _, errWant := readAll(t, slow, windows)
				if diff := sameReading(got, want, err, errWant); diff != "" {
					t.Errorf("round %d: %s", round, diff)
				}
				if err != nil {
					failed++
				}
				decodedHere += min(decoded, 1)
			}
			if t.Logf("of %d files %d are refused, %d fail, of %d blocks are decoded here", rounds, refused, failed, decodedHere); failed == 0 || decodedHere == 0 {
				t.Error("that leaves something untested")
			}
		})
	}
}

// TestBlocksChanged: when the file is not the one that was opened, GDAL reads, which still has the old one.
func TestBlocksChanged(t *testing.T) {
	g := utm(t, 128, 128)
	f := file{grid: g, dtype: godal.Byte, cells: patchy(g, 1), options: []string{"COMPRESS=LZW"}}
	path := f.write(t, "a.tif")
	e, err := Open([]string{path}, Options{Codes: codes})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]uint8, g.Cells())
	read := func() {
		t.Helper()
		if err := r.Read(whole(e), got); err != nil || !bytes.Equal(got, f.cells.([]uint8)) {
			t.Fatal("other cells, or", err)
		}
	}
	read()
	before := r.(*reader).decoded
	other := f
	other.cells = patchy(g, 2)
	if err := os.Rename(other.write(t, "b.tif"), path); err != nil {
		t.Fatal(err)
	}
	read()
	if now := r.(*reader).decoded; before == 0 || now != before {
		t.Errorf("%d blocks are decoded here before, %d after", before, now)
	}
}

// TestBlocksDisagreement: where GDAL has other cells, GDAL reads the whole file.
func TestBlocksDisagreement(t *testing.T) {
	g := utm(t, 64, 64)
	f := file{grid: g, dtype: godal.Byte, cells: patchy(g, 1), options: []string{"COMPRESS=LZW", "BLOCKYSIZE=8"}}
	fast, slow, err := openBoth(t, Options{Codes: codes}, f.write(t, "a.tif"))
	if err != nil {
		t.Fatal(err)
	}
	fast.parts[0].layout.offsets.at += int64(fast.parts[0].layout.offsets.bytes) // the next block, and so on
	fast.parts[0].layout.sizes.at += int64(fast.parts[0].layout.sizes.bytes)
	fast.parts[0].layout.blocks--
	got, decoded, err := readAll(t, fast, []raster.Window{whole(fast)})
	want, _, errWant := readAll(t, slow, []raster.Window{whole(fast)})
	if diff := sameReading(got, want, err, errWant); diff != "" || decoded != 0 {
		t.Errorf("%s; %d blocks are decoded here", diff, decoded)
	}
}

// TestDirectory: tags that change what the cells are leave the file to GDAL.
func TestDirectory(t *testing.T) {
	g := utm(t, 64, 64)
	good := file{grid: g, dtype: godal.Byte, cells: patchy(g, 1), options: []string{"COMPRESS=LZW", "BLOCKYSIZE=8"}}.write(t, "a.tif")
	e, err := Open([]string{good}, Options{Codes: codes})
	if err != nil {
		t.Fatal(err)
	}
	p := e.parts[0]
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	const ifd = 8 // where GDAL puts the first one
	layoutOf := func(raw []byte) *layout {
		d := readDirectory(bytes.NewReader(raw), ifd)
		if d == nil {
			return nil
		}
		return p.blockLayout(bytes.NewReader(raw), d, 1)
	}
	if layoutOf(raw) == nil {
		t.Fatal("the good file is left to GDAL")
	}
	d := readDirectory(bytes.NewReader(raw), ifd)
	for i, e := range d.fields {
		at := ifd + 2 + 12*i
		matters := slices.Contains([]uint16{tagImageWidth, tagImageLength, tagBitsPerSample, tagCompression, tagPhotometric, tagStripOffsets, tagSamplesPerPixel,
			tagRowsPerStrip, tagStripByteCounts, tagPlanarConfig, tagPredictor, tagSampleFormat}, e.tag)
		for what, change := range map[string]func(b []byte){
			"type":  func(b []byte) { b[2] = 5 },
			"count": func(b []byte) { b[4]++ },
			"value": func(b []byte) { b[8] += 16 },
		} {
			bad := slices.Clone(raw)
			change(bad[at:])
			// Other places of the lists cannot be told, and are found when reading.
			if what == "value" && (e.tag == tagStripOffsets || e.tag == tagStripByteCounts) {
				continue
			}
			if left := layoutOf(bad) == nil; left != matters {
				t.Errorf("tag %d with another %s: left to GDAL %t, want %t", e.tag, what, left, matters)
			}
		}
		// In the place of a tag that says nothing here, one that does.
		for tag, value := range map[uint16]byte{tagFillOrder: 2, tagPredictor: 3, tagOrientation: 2, tagImageDepth: 2, tagTileDepth: 2, tagNewSubfileType: 1} {
			bad := slices.Clone(raw)
			copy(bad[at:], []byte{byte(tag), byte(tag >> 8), 3, 0, 1, 0, 0, 0, value, 0, 0, 0})
			if layoutOf(bad) != nil {
				t.Errorf("tag %d with value %d in the place of tag %d is overlooked", tag, value, e.tag)
			}
		}
	}
	for _, n := range []int{0, 3, 8, 9, 10, 20, ifd + 2 + 12*len(d.fields) - 1} {
		if layoutOf(raw[:n]) != nil {
			t.Errorf("cut to %d bytes it is not left to GDAL", n)
		}
	}
	for at, v := range map[int]byte{0: 'X', 1: 'M', 2: 44, ifd: 0, ifd + 1: 0xff} {
		bad := slices.Clone(raw)
		bad[at] = v
		if layoutOf(bad) != nil {
			t.Errorf("with %#x at %d it is not left to GDAL", v, at)
		}
	}
}

// BenchmarkBlocks reads a file in rows of blocks, as the engine does, with and without decoding here by turns.
func BenchmarkBlocks(b *testing.B) {
	g := utm(b, 4096, 2048)
	for name, options := range map[string][]string{
		"tiles of 512": {"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512"},
		"tiles of 256": {"COMPRESS=LZW", "TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256"},
		"strips of 1":  {"COMPRESS=LZW", "BLOCKYSIZE=1"},
		"DEFLATE":      {"COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512"},
		"ZSTD":         {"COMPRESS=ZSTD", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512"},
	} {
		b.Run(name, func(b *testing.B) {
			cells := patchy(g, 1)
			path := file{grid: g, dtype: godal.Byte, cells: cells, options: options}.write(b, "a.tif")
			fast, slow, err := openBoth(b, Options{Codes: codes}, path)
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]uint8, g.Cols*512)
			read := func(e *Epoch) (took time.Duration) {
				r, err := e.Open()
				if err != nil {
					b.Fatal(err)
				}
				defer r.Close()
				for row := 0; row < g.Rows; row += 512 {
					start := time.Now()
					err := r.Read(raster.Window{Row: row, Cols: g.Cols, Rows: 512}, dst)
					took += time.Since(start)
					if err != nil || !bytes.Equal(dst, cells[row*g.Cols:][:len(dst)]) {
						b.Fatal("other cells, or", err)
					}
				}
				return took
			}
			var here, gdal time.Duration
			for b.Loop() {
				here += read(fast)
				gdal += read(slow)
			}
			b.ReportMetric(float64(gdal)/float64(here), "gdal/here")
		})
	}
}
