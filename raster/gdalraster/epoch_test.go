package gdalraster

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

var _ raster.Source = (*Epoch)(nil)

// fourCodes is a legend of the codes 10, 20, 30, and 0 for no data.
var fourCodes = Options{Codes: []int64{10, 20, 30}, NoDataCodes: []int64{0}}

func TestTypes(t *testing.T) {
	g := utm(t, 3, 2)
	const nd, un = raster.NoData, raster.Unknown
	wide := Options{Codes: []int64{-7, 300, 70000, 10}, NoDataCodes: []int64{0}}
	for _, c := range []struct {
		name    string
		dtype   godal.DataType
		cells   any
		nodata  *float64
		options Options
		want    []uint8
		codes   []int64 // of want; MinInt64 where NoData
	}{
		{"Byte", godal.Byte, []uint8{10, 20, 30, 0, 77, 255}, nil, fourCodes, []uint8{0, 1, 2, nd, un, un}, []int64{10, 20, 30, math.MinInt64, 77, 255}},
		{"Byte with a NoData value", godal.Byte, []uint8{10, 20, 30, 0, 254, 255}, num(255), fourCodes, []uint8{0, 1, 2, nd, un, nd}, []int64{10, 20, 30, math.MinInt64, 254, math.MinInt64}},
		{"Byte codes 254 and 255 are classes", godal.Byte, []uint8{254, 255, 0, 1, 2, 3}, nil, Options{Codes: []int64{255, 254}}, []uint8{1, 0, un, un, un, un}, []int64{254, 255, 0, 1, 2, 3}},
		{"UInt16", godal.UInt16, []uint16{300, 10, 0, 65535, 44, 300}, num(65535), wide, []uint8{1, 3, nd, nd, un, 1}, []int64{300, 10, math.MinInt64, math.MinInt64, 44, 300}},
		{"Int16", godal.Int16, []int16{300, -7, 0, -32768, 7, 10}, num(-32768), wide, []uint8{1, 0, nd, nd, un, 3}, []int64{300, -7, math.MinInt64, math.MinInt64, 7, 10}},
		{"Int32", godal.Int32, []int32{70000, -7, 0, math.MinInt32, 4464, 10}, num(math.MinInt32), wide, []uint8{2, 0, nd, nd, un, 3}, []int64{70000, -7, math.MinInt64, math.MinInt64, 4464, 10}},
		{"UInt32", godal.UInt32, []uint32{70000, 300, 0, math.MaxUint32, 4464, 10}, num(math.MaxUint32), wide, []uint8{2, 1, nd, nd, un, 3}, []int64{70000, 300, math.MinInt64, math.MinInt64, 4464, 10}},
		{"Float32", godal.Float32, []float32{70000, -7, 0, float32(math.NaN()), -3.4e38, 8}, num(-3.4e38), wide, []uint8{2, 0, nd, nd, nd, un}, []int64{70000, -7, math.MinInt64, math.MinInt64, math.MinInt64, 8}},
		{"Float32, NaN as NoData value", godal.Float32, []float32{70000, -7, 0, float32(math.NaN()), 10, 8}, num(math.NaN()), wide, []uint8{2, 0, nd, nd, 3, un}, nil},
		{"Float64", godal.Float64, []float64{70000, -7, 0, math.NaN(), 10, 9007199254740992}, nil, wide, []uint8{2, 0, nd, nd, 3, un}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file{grid: g, dtype: c.dtype, cells: c.cells, nodata: c.nodata}.write(t, "a.tif")
			e, err := Open([]string{path}, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if e.Grid() != g {
				t.Errorf("grid %+v, want %+v", e.Grid(), g)
			}
			if got := classes(t, e, whole(e)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got := classes(t, e, raster.Window{Col: 1, Row: 1, Cols: 2, Rows: 1}); !slices.Equal(got, c.want[4:]) {
				t.Errorf("window: got %v, want %v", got, c.want[4:])
			}
			if d := e.Describe(); d.Type != c.dtype.String() || d.Band != 1 || d.Driver != "GTiff" || (d.NoData == "") != (c.nodata == nil) {
				t.Errorf("description %+v", d)
			}
			if c.codes == nil {
				return
			}
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got := make([]int64, 6)
			if err := r.Codes(whole(e), got); err != nil || !slices.Equal(got, c.codes) {
				t.Errorf("codes %v, %v; want %v", got, err, c.codes)
			}
		})
	}
}

// pattern is a grid's worth of fourCodes with some structure.
func pattern(g raster.Grid) []uint8 {
	cells := make([]uint8, g.Cells())
	for i := range cells {
		x, y := i%g.Cols, i/g.Cols
		cells[i] = []uint8{10, 20, 30, 0}[(x/7+y/5+x*y%11/9)%4]
	}
	return cells
}

func TestLayoutsAreEqual(t *testing.T) {
	g := utm(t, 150, 90)
	cells := pattern(g)
	windows := []raster.Window{{Cols: 150, Rows: 90}, {Col: 10, Row: 20, Cols: 70, Rows: 33}, {Col: 149, Row: 89, Cols: 1, Rows: 1}}
	for name, options := range map[string][]string{
		"strips": nil, "one strip": {"BLOCKYSIZE=90"}, "tiles": {"TILED=YES", "BLOCKXSIZE=32", "BLOCKYSIZE=16"},
		"tiles LZW": {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS=LZW", "PREDICTOR=2"},
		"DEFLATE":   {"COMPRESS=DEFLATE"}, "ZSTD": {"COMPRESS=ZSTD"}, "PACKBITS": {"COMPRESS=PACKBITS"},
		"BigTIFF": {"BIGTIFF=YES"}, "5 bits": {"NBITS=5"}, "big-endian": {"ENDIANNESS=BIG"}, "sparse": {"SPARSE_OK=YES"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.tif")
			if err := WriteByte(path, g, cells, num(0), options...); err != nil {
				t.Fatal(err)
			}
			e, err := Open([]string{path}, fourCodes)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range windows {
				if got := classes(t, e, w); !slices.Equal(got, cut(g, cells, w)) {
					t.Errorf("window %+v differs", w)
				}
			}
			if cols, rows := e.BlockSize(); cols < 1 || rows < 1 || cols > 150 || rows > 90 {
				t.Errorf("block size %d × %d", cols, rows)
			}
		})
	}
}

// cut returns the index values of w that fourCodes gives to cells.
func cut(g raster.Grid, cells []uint8, w raster.Window) []uint8 {
	out := make([]uint8, 0, w.Cells())
	for row := w.Row; row < w.Row+w.Rows; row++ {
		for col := w.Col; col < w.Col+w.Cols; col++ {
			out = append(out, map[uint8]uint8{0: raster.NoData, 10: 0, 20: 1, 30: 2}[cells[row*g.Cols+col]])
		}
	}
	return out
}

func TestSouthUpEqualsNorthUp(t *testing.T) {
	g := utm(t, 40, 30)
	cells := pattern(g)
	flipped := slices.Clone(cells)
	flip(flipped, g.Cols)
	_, south, _, _ := g.Bounds()
	path := file{grid: g, transform: &[6]float64{g.OriginX, g.CellX, 0, south, 0, g.CellY}, dtype: godal.Byte, cells: flipped}.write(t, "a.tif")
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	if e.Grid() != g || !e.Describe().SouthUp {
		t.Errorf("grid %+v, want %+v; south-up %v", e.Grid(), g, e.Describe().SouthUp)
	}
	for _, w := range []raster.Window{whole(e), {Col: 3, Row: 4, Cols: 20, Rows: 11}, {Row: 29, Cols: 40, Rows: 1}} {
		if got := classes(t, e, w); !slices.Equal(got, cut(g, cells, w)) {
			t.Errorf("window %+v differs", w)
		}
	}
}

func TestMask(t *testing.T) {
	g := utm(t, 4, 1)
	hide := func(ds *godal.Dataset) error {
		b, err := ds.CreateMaskBand(2, godal.ConfigOption("GDAL_TIFF_INTERNAL_MASK=YES"))
		if err != nil {
			return err
		}
		return b.Write(0, 0, []uint8{255, 0, 255, 0}, 4, 1)
	}
	for name, c := range map[string]struct {
		o    Options
		want []uint8
	}{
		"with a NoData code": {fourCodes, []uint8{0, raster.NoData, raster.NoData, raster.NoData}},
		"without one":        {Options{Codes: []int64{10, 20, 30, 0}}, []uint8{0, raster.NoData, 3, raster.NoData}},
	} {
		t.Run(name, func(t *testing.T) {
			path := file{grid: g, dtype: godal.Byte, cells: []uint8{10, 20, 0, 77}, edit: hide}.write(t, "a.tif")
			e, err := Open([]string{path}, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := classes(t, e, whole(e)); !slices.Equal(got, c.want) || !e.Describe().Mask {
				t.Errorf("got %v, want %v; mask %v", got, c.want, e.Describe().Mask)
			}
		})
	}
}

func TestBands(t *testing.T) {
	g := utm(t, 2, 1)
	path := filepath.Join(t.TempDir(), "a.tif")
	file{grid: g, dtype: godal.Byte, bands: 3, options: []string{"PHOTOMETRIC=MINISBLACK"}, edit: func(ds *godal.Dataset) error {
		for i, b := range ds.Bands() {
			if err := b.Write(0, 0, []uint8{10, uint8(10 * (i + 1))}, 2, 1); err != nil {
				return err
			}
		}
		return nil
	}}.write(t, path)
	for band := 1; band <= 3; band++ {
		o := fourCodes
		o.Band = band
		e, err := Open([]string{path}, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := classes(t, e, whole(e)); !slices.Equal(got, []uint8{0, uint8(band - 1)}) || e.Describe().Band != band || e.Describe().Bands != 3 {
			t.Errorf("band %d: %v, %+v", band, got, e.Describe())
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	g := utm(t, 4, 3)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	text := func(name, content string) string {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	good := file{grid: g, dtype: godal.Byte, cells: make([]uint8, 12)}.write(t, at("good.tif"))
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("pipe.tif"), 0o600); err != nil {
		t.Fatal(err)
	}
	vrt := func(source string) string {
		return fmt.Sprintf(`<VRTDataset rasterXSize="4" rasterYSize="3"><VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename relativeToVRT="1">%s</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="4" ySize="3"/><DstRect xOff="0" yOff="0" xSize="4" ySize="3"/></SimpleSource></VRTRasterBand></VRTDataset>`, source)
	}
	text("evil.tif", vrt("good.tif"))
	make := func(name string, f file) string {
		if f.grid.Cols == 0 {
			f.grid = g
		}
		if f.dtype == godal.Unknown {
			f.dtype = godal.Byte
		}
		return f.write(t, at(name))
	}
	for _, c := range []struct {
		name, path, want string
		o                Options
	}{
		{"missing", at("none.tif"), "no such file", Options{}},
		{"directory", dir, "directory", Options{}},
		{"pipe", at("pipe.tif"), "pipe or device", Options{}},
		{"device", "/dev/zero", "pipe or device", Options{}},
		{"empty", text("empty.tif", ""), "empty file", Options{}},
		{"text named .tif", text("text.tif", "hello"), "not a readable GTiff", Options{}},
		{"header only", text("head.tif", string(content[:8])), "not a readable GTiff", Options{}},
		{"unknown ending", text("x.jpg", "x"), "unknown kind", Options{}},
		{"a GeoTIFF named .img", text("x.img", string(content)), "not a readable HFA", Options{}},
		{"network name of GDAL", "/vsicurl/http://127.0.0.1/x.tif", "not the name of a local file", Options{}},
		{"URL", "http://127.0.0.1/x.tif", "not the name of a local file", Options{}},
		{"inline XML", vrt("good.tif"), "not the name of a local file", Options{}},
		{"GDAL's page syntax", "GTIFF_DIR:1:" + good, "no such file", Options{}},
		{"VRT named .tif", at("evil.tif"), "not a readable GTiff", Options{}},
		{"three bands", make("three.tif", file{bands: 3, options: []string{"PHOTOMETRIC=RGB"}}), "3 bands and looks like a picture", Options{}},
		{"23 bands", make("many.tif", file{bands: 23}), "has 23 bands; say which with --before-band, --after-band or |band=N in --between", Options{}},
		{"band out of range", good, "no such band: 9", Options{Band: 9}},
		{"negative band", good, "bands count from 1", Options{Band: -1}},
		{"complex", make("complex.tif", file{dtype: godal.CFloat32}), "CFloat32", Options{}},
		{"NoData beyond bytes with sign", make("signed.tif", file{options: []string{"PIXELTYPE=SIGNEDBYTE"}, nodata: num(255)}),
			"NoData value 255 is impossible for type Byte (-128 to 127)", Options{}},
		{"rotated", make("rotated.tif", file{transform: &[6]float64{0, 30, 1, 0, 1, -30}}), "rotated", Options{}},
		{"sheared", make("sheared.tif", file{transform: &[6]float64{0, 30, 1, 0, 0, -30}}), "rotated", Options{}},
		{"mirrored", make("mirrored.tif", file{transform: &[6]float64{0, -30, 0, 0, 0, -30}}), "mirrored", Options{}},
		{"no geotransform", make("nowhere.tif", file{transform: &[6]float64{}}), "no geotransform", Options{}},
		{"no CRS", make("nocrs.tif", file{noCRS: true}), "no coordinate reference system", Options{}},
		{"scale", make("scale.tif", file{edit: func(ds *godal.Dataset) error { return ds.SetScaleOffset(0.1, 0) }}), "scale 0.1", Options{}},
		{"offset", make("offset.tif", file{edit: func(ds *godal.Dataset) error { return ds.SetScaleOffset(1, 5) }}), "offset 5", Options{}},
		{"alpha band", make("alpha.tif", file{bands: 2, options: []string{"ALPHA=YES"}}), "alpha", Options{Band: 1}},
		{"NoData out of range", make("range.tif", file{nodata: num(-9999)}), "NoData value -9999 is impossible for type Byte", Options{}},
		{"NoData no whole number", make("half.tif", file{nodata: num(0.5)}), "NoData value 0.5", Options{}},
		{"NoData is a class", make("class.tif", file{nodata: num(10)}), "NoData value 10 is a class", fourCodes},
		{"too many codes", good, "at most 254", Options{Codes: make64(255)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open([]string{c.path}, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v lacks %q", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") && !strings.Contains(c.path, "\n") {
				t.Errorf("error of several lines: %v", err)
			}
			if name := filepath.Base(c.path); c.o.Band >= 0 && c.o.Codes == nil && !strings.Contains(c.path, "<") && !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not name %s", err, name)
			}
		})
	}
	if _, err := Open(nil, Options{}); err == nil {
		t.Error("no file at all is accepted")
	}
}

func make64(n int) []int64 {
	codes := make([]int64, n)
	for i := range codes {
		codes[i] = int64(i)
	}
	return codes
}

func TestLimits(t *testing.T) {
	huge, block := utm(t, 1_000_000, 1_000_000), utm(t, 9000, 9000)
	for name, path := range map[string]string{
		"cells":              file{grid: huge, dtype: godal.Byte, options: []string{"SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=4096"}}.write(t, "a.tif"),
		"blocks":             file{grid: block, dtype: godal.Byte, options: []string{"SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=9008", "BLOCKYSIZE=9008"}}.write(t, "b.tif"),
		"interleaved blocks": file{grid: block, dtype: godal.Byte, bands: 2, options: []string{"SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=6000", "BLOCKYSIZE=6000", "INTERLEAVE=PIXEL"}}.write(t, "c.tif"),
	} {
		if _, err := Open([]string{path}, Options{Band: 1}); !errors.Is(err, raster.ErrLimit) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
	near := file{grid: utm(t, 2, 2), dtype: godal.Byte}.write(t, "near.tif")
	away := utm(t, 2, 2)
	away.OriginX, away.OriginY = away.OriginX+30*1e6, away.OriginY-30*1e6
	far := file{grid: away, dtype: godal.Byte}.write(t, "far.tif")
	if _, err := Open([]string{near, far}, Options{}); !errors.Is(err, raster.ErrLimit) {
		t.Errorf("mosaic: %v", err)
	}
}

func TestFloatCells(t *testing.T) {
	for name, v := range map[string]float32{"fraction": 1.5, "infinity": float32(math.Inf(-1))} {
		t.Run(name, func(t *testing.T) {
			path := file{grid: utm(t, 3, 2), dtype: godal.Float32, cells: []float32{10, 20, 30, 0, v, v}}.write(t, "a.tif")
			e, err := Open([]string{path}, fourCodes)
			if err != nil {
				t.Fatal(err)
			}
			_, err = tryClasses(e, whole(e))
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("column 1, row 1 (from 0) is %v", v)) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTruncated(t *testing.T) {
	g := utm(t, 600, 600)
	cells := pattern(g)
	for i := range cells { // noise, so that no block compresses to nothing
		if i*i%7 == 3 {
			cells[i] = 30
		}
	}
	for layout, options := range map[string][]string{
		"tiles deflate": {"TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS=DEFLATE"}, "strips": nil, "strips LZW": {"COMPRESS=LZW"},
	} {
		whole := filepath.Join(t.TempDir(), "whole.tif")
		if err := WriteByte(whole, g, cells, nil, options...); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		for _, percent := range []int{1, 10, 50, 90, 99} {
			t.Run(fmt.Sprintf("%s/%d%%", layout, percent), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "cut.tif")
				if err := os.WriteFile(path, content[:len(content)*percent/100], 0o600); err != nil {
					t.Fatal(err)
				}
				e, err := Open([]string{path}, fourCodes)
				if err == nil {
					_, err = tryClasses(e, raster.Window{Cols: 600, Rows: 600})
					if err != nil && !strings.Contains(err.Error(), "block x ") {
						t.Errorf("%v does not name the block", err)
					}
				}
				if err == nil || !strings.Contains(err.Error(), path) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestCorruptBlock(t *testing.T) {
	g := utm(t, 256, 256)
	for _, compress := range []string{"DEFLATE", "LZW", "ZSTD"} {
		t.Run(compress, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.tif")
			if err := WriteByte(path, g, pattern(g), nil, "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64", "COMPRESS="+compress); err != nil {
				t.Fatal(err)
			}
			ds, err := godal.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			var offset, size int
			fmt.Sscan(ds.Bands()[0].Metadata("BLOCK_OFFSET_2_1", godal.Domain("TIFF")), &offset)
			fmt.Sscan(ds.Bands()[0].Metadata("BLOCK_SIZE_2_1", godal.Domain("TIFF")), &size)
			ds.Close()
			content, _ := os.ReadFile(path)
			if size == 0 {
				t.Fatal("no such block")
			}
			copy(content[offset:offset+size], bytes.Repeat([]byte{0xA5}, size))
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			e, err := Open([]string{path}, fourCodes)
			if err != nil {
				t.Fatal(err)
			}
			_, err = tryClasses(e, whole(e))
			if err == nil || !strings.Contains(err.Error(), "block x 2, y 1") || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
			if _, err := tryClasses(e, raster.Window{Cols: 64, Rows: 64}); err != nil {
				t.Errorf("a sound block: %v", err)
			}
		})
	}
}

func TestSidecarIsIgnored(t *testing.T) {
	g := utm(t, 2, 1)
	path := file{grid: g, dtype: godal.Byte, cells: []uint8{10, 20}}.write(t, "a.tif")
	pam := `<PAMDataset><SRS>EPSG:4326</SRS><PAMRasterBand band="1"><NoDataValue>10</NoDataValue></PAMRasterBand></PAMDataset>`
	if err := os.WriteFile(path+".aux.xml", []byte(pam), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	if got := classes(t, e, whole(e)); !slices.Equal(got, []uint8{0, 1}) || e.Grid().CRS.EPSG != 32650 {
		t.Errorf("got %v in %s", got, e.Grid().CRS.Name)
	}
	if w := e.Describe().Warnings; len(w) != 1 || !strings.Contains(w[0], "a.tif.aux.xml is ignored") {
		t.Errorf("warnings %q", w)
	}
}

func TestWorldFile(t *testing.T) {
	g := utm(t, 2, 1)
	for _, c := range []struct{ name, text, want string }{
		{"a.tfw", "30\n0\n0\n-30\n500015\n3499985\n", ""}, // the same place
		{"a.tfw", "30\n0\n0\n-30\n500045\n3499985\n", "a.tfw is ignored: it has cells of 30 × 30 from 500030, 3500000 on"},
		{"a.tifw", "10\n0\n0\n-10\n500005\n3499995\n", "a.tifw is ignored: it has cells of 10 × 10"},
		{"a.wld", "hello", ""},
	} {
		path := file{grid: g, dtype: godal.Byte, cells: []uint8{10, 20}}.write(t, "a.tif")
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), c.name), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Open([]string{path}, fourCodes)
		if err != nil {
			t.Fatal(err)
		}
		if w := strings.Join(e.Describe().Warnings, "\n"); (w == "") != (c.want == "") || !strings.Contains(w, c.want) || e.Grid() != g {
			t.Errorf("%s %q: warnings %q, want %q; grid %+v", c.name, c.text, w, c.want, e.Grid())
		}
	}
}

// TestUnwrittenBlocks: what was never written is the NoData value, or code 0 with a count.
func TestUnwrittenBlocks(t *testing.T) {
	g := utm(t, 40, 40)
	for name, c := range map[string]struct {
		nodata *float64
		want   uint8
		warned string
	}{
		"no NoData value": {nil, 2, "1344 cells have never been written (empty blocks), and it has no NoData value, so they are code 0"},
		"NoData value":    {num(9), raster.NoData, ""},
	} {
		path := file{grid: g, dtype: godal.Byte, nodata: c.nodata, options: []string{"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "SPARSE_OK=YES"}, edit: func(ds *godal.Dataset) error {
			return ds.Bands()[0].Write(16, 16, bytes.Repeat([]uint8{20}, 256), 16, 16)
		}}.write(t, "a.tif")
		e, err := Open([]string{path}, Options{Codes: []int64{10, 20, 0}})
		if err != nil {
			t.Fatal(err)
		}
		got := classes(t, e, whole(e))
		if n := count(got, c.want); n != 40*40-256 || count(got, 1) != 256 {
			t.Errorf("%s: %d cells are %d, %d are 1", name, n, c.want, count(got, 1))
		}
		if w := e.Describe().Warnings; len(w) != min(1, len(c.warned)) || len(w) > 0 && !strings.Contains(w[0], c.warned) {
			t.Errorf("%s: warnings %q", name, w)
		}
	}
}

func TestLossyCompressionIsWarnedOf(t *testing.T) {
	g := utm(t, 16, 16)
	path := file{grid: g, dtype: godal.Byte, cells: bytes.Repeat([]uint8{10}, 256), options: []string{"COMPRESS=JPEG"}}.write(t, "a.tif")
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	if w := e.Describe().Warnings; len(w) != 1 || !strings.Contains(w[0], "JPEG can alter") {
		t.Errorf("warnings %q", w)
	}
}

func TestChangedFile(t *testing.T) {
	g := utm(t, 2, 1)
	path := file{grid: g, dtype: godal.Byte, cells: []uint8{10, 20}}.write(t, "a.tif")
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	other := file{grid: g, dtype: godal.Byte, cells: []uint8{20, 10}}.write(t, "b.tif")
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if _, err := tryClasses(e, whole(e)); err == nil || !strings.Contains(err.Error(), "changed while") {
		t.Errorf("got %v", err)
	}
}

func TestReadWindowMustFit(t *testing.T) {
	path := file{grid: utm(t, 4, 3), dtype: godal.Byte}.write(t, "a.tif")
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]raster.Window{"left": {Col: -1, Cols: 2, Rows: 2}, "right": {Col: 3, Cols: 2, Rows: 2}, "below": {Row: 2, Cols: 2, Rows: 2}, "empty": {}} {
		if _, err := tryClasses(e, w); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r, _ := e.Open()
	defer r.Close()
	if err := r.Read(raster.Window{Cols: 2, Rows: 2}, make([]uint8, 3)); err == nil {
		t.Error("a short buffer is accepted")
	}
}

func TestMosaic(t *testing.T) {
	all := utm(t, 50, 40)
	cells := pattern(all)
	dir := t.TempDir()
	tile := func(name string, w raster.Window, southUp bool) string {
		g := all.Sub(w)
		part := make([]uint8, 0, w.Cells())
		for row := range w.Rows {
			part = append(part, cells[(w.Row+row)*all.Cols+w.Col:][:w.Cols]...)
		}
		f := file{grid: g, dtype: godal.Byte, cells: part}
		if southUp {
			flip(part, w.Cols)
			_, south, _, _ := g.Bounds()
			f.transform = &[6]float64{g.OriginX, g.CellX, 0, south, 0, g.CellY}
		}
		return f.write(t, filepath.Join(dir, name))
	}
	// The south-east corner is a gap; b overlaps a by two columns.
	a := tile("a.tif", raster.Window{Cols: 30, Rows: 20}, false)
	b := tile("b.tif", raster.Window{Col: 28, Cols: 22, Rows: 20}, true)
	c := tile("c.tif", raster.Window{Row: 20, Cols: 30, Rows: 20}, false)
	want := cut(all, cells, raster.Window{Cols: 50, Rows: 40})
	for row := 20; row < 40; row++ {
		for col := 30; col < 50; col++ {
			want[row*50+col] = raster.NoData
		}
	}
	noCodeIsNoData := Options{Codes: []int64{10, 20, 30, 0}}
	for name, o := range map[string]Options{"NoData code": fourCodes, "every code a class": noCodeIsNoData} {
		for _, files := range [][]string{{a, b, c}, {c, b, a}} {
			e, err := Open(files, o)
			if err != nil {
				t.Fatal(err)
			}
			if e.Grid() != all || !slices.Equal(e.Files(), []string{a, b, c}) || len(e.Describe().Warnings) > 0 {
				t.Errorf("%s: grid %+v, want %+v; files %v, warnings %q", name, e.Grid(), all, e.Files(), e.Describe().Warnings)
			}
			for _, w := range []raster.Window{whole(e), {Col: 25, Row: 15, Cols: 10, Rows: 10}, {Col: 35, Row: 25, Cols: 3, Rows: 3}} {
				got, i := classes(t, e, w), 0
				for row := w.Row; row < w.Row+w.Rows; row++ {
					for col := w.Col; col < w.Col+w.Cols; col++ {
						wanted := want[row*50+col]
						if name != "NoData code" && wanted == raster.NoData && (row < 20 || col < 30) {
							wanted = 3 // code 0, here a class
						}
						if got[i] != wanted {
							t.Fatalf("%s: column %d, row %d is %d, want %d", name, col, row, got[i], wanted)
						}
						i++
					}
				}
			}
		}
	}
}

// Torn tells of the blocks of each file: of those of a mosaic in any order, of sources of a VRT, of a file that is
// stored from south to north, and of an epoch that is seen on another grid.
func TestTorn(t *testing.T) {
	all, dir := utm(t, 50, 45), t.TempDir()
	tile := func(name string, w raster.Window, strip int, southUp bool) string {
		g := all.Sub(w)
		cells := slices.Repeat([]uint8{10}, int(w.Cells()))
		f := file{grid: g, dtype: godal.Byte, cells: cells, options: []string{fmt.Sprintf("BLOCKYSIZE=%d", strip)}}
		if southUp {
			_, south, _, _ := g.Bounds()
			f.transform = &[6]float64{g.OriginX, g.CellX, 0, south, 0, g.CellY}
		}
		return f.write(t, filepath.Join(dir, name))
	}
	a := tile("a.tif", raster.Window{Cols: 30, Rows: 20}, 7, false)
	b := tile("b.tif", raster.Window{Col: 28, Row: 3, Cols: 22, Rows: 20}, 6, true)
	c := tile("c.tif", raster.Window{Row: 20, Cols: 30, Rows: 25}, 9, false)
	ds, err := godal.BuildVRT(filepath.Join(dir, "ac.vrt"), []string{c, a}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	blocksA := [][3]int{{0, 7, 30}, {7, 14, 30}, {14, 20, 30}} // first row, row below, columns
	blocksB := [][3]int{{3, 5, 22}, {5, 11, 22}, {11, 17, 22}, {17, 23, 22}}
	blocksC := [][3]int{{20, 29, 30}, {29, 38, 30}, {38, 45, 30}}
	for name, m := range map[string]struct {
		files  []string
		blocks [][3]int
	}{
		"north-up": {[]string{a}, blocksA},
		"south-up": {[]string{a, b}, slices.Concat(blocksA, blocksB)},
		"mosaic":   {[]string{c, b, a}, slices.Concat(blocksA, blocksB, blocksC)},
		"VRT":      {[]string{filepath.Join(dir, "ac.vrt")}, slices.Concat(blocksA, blocksC)},
		"VRT too":  {[]string{filepath.Join(dir, "ac.vrt"), b}, slices.Concat(blocksA, blocksB, blocksC)},
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, fourCodes, m.files...)
			finer := e.Grid()
			finer.OriginY, finer.CellY, finer.Rows = finer.OriginY+finer.CellY, finer.CellY/2, 2*finer.Rows
			onFiner := align(t, e, finer)
			for row := range e.Grid().Rows + 1 {
				rows, cells := 0, int64(0)
				for _, b := range m.blocks {
					if b[0] < row && row < b[1] {
						rows, cells = max(rows, b[1]-b[0]), cells+int64((b[1]-b[0])*b[2])
					}
				}
				if gotRows, got := e.Torn(row); gotRows != rows || got != cells {
					t.Errorf("row %d tears %d cells, %d rows high, want %d, %d", row, got, gotRows, cells, rows)
				}
				if gotRows, got := onFiner.Torn(2*row + 2); gotRows != rows || got != cells {
					t.Errorf("row %d of the finer grid tears %d cells, %d rows high, want %d, %d", 2*row+2, got, gotRows, cells, rows)
				}
			}
		})
	}
}

func TestMosaicRefuses(t *testing.T) {
	g := utm(t, 4, 4)
	first := file{grid: g, dtype: godal.Byte, nodata: num(0)}.write(t, "first.tif")
	shift := func(change func(*raster.Grid)) raster.Grid {
		moved := g
		moved.OriginX += 120
		change(&moved)
		return moved
	}
	for _, c := range []struct {
		name, want string
		f          file
	}{
		{"half a cell off", "off by -0.5 cells east", file{grid: shift(func(g *raster.Grid) { g.OriginX += 15 }), dtype: godal.Byte, nodata: num(0)}},
		{"cell size", "cell size", file{grid: shift(func(g *raster.Grid) { g.CellX = 10 }), dtype: godal.Byte, nodata: num(0)}},
		{"CRS", "CRS WGS 84 / UTM zone 50N (EPSG:32650) against WGS 84 / UTM zone 51N (EPSG:32651)", file{grid: shift(func(g *raster.Grid) { g.CRS = crs(t, "EPSG:32651") }), dtype: godal.Byte, nodata: num(0)}},
		{"type", "data type", file{grid: shift(func(*raster.Grid) {}), dtype: godal.UInt16, nodata: num(0)}},
		{"NoData", "NoData value 0 against none", file{grid: shift(func(*raster.Grid) {}), dtype: godal.Byte}},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := c.f.write(t, "second.tif")
			if _, err := Open([]string{first, second}, Options{}); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "second.tif") {
				t.Errorf("error %v lacks %q", err, c.want)
			}
		})
	}
	near := shift(func(g *raster.Grid) { g.OriginX += 30 * 1e-9 })
	if _, err := Open([]string{first, file{grid: near, dtype: godal.Byte, nodata: num(0)}.write(t, "near.tif")}, Options{}); err != nil {
		t.Errorf("a billionth of a cell off: %v", err)
	}
}

// More tiles than a reader keeps open, and several readers at once, also of a VRT,
// whose sources GDAL would by default share between handles.
func TestConcurrentReaders(t *testing.T) {
	const n = maxOpenFiles + 5
	all := utm(t, 20*n, 30)
	cells := pattern(all)
	dir := t.TempDir()
	var files []string
	var sources strings.Builder
	for i := range n {
		w := raster.Window{Col: 20 * i, Cols: 20, Rows: 30}
		var part []uint8
		for row := range w.Rows {
			part = append(part, cells[row*all.Cols+w.Col:][:w.Cols]...)
		}
		path := filepath.Join(dir, fmt.Sprintf("%02d.tif", i))
		if err := WriteByte(path, all.Sub(w), part, nil, "COMPRESS=LZW"); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
		fmt.Fprintf(&sources, `<SimpleSource><SourceFilename relativeToVRT="1">%02d.tif</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="20" ySize="30"/><DstRect xOff="%d" yOff="0" xSize="20" ySize="30"/></SimpleSource>`, i, 20*i)
	}
	vrt := filepath.Join(dir, "all.vrt")
	text := fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="30"><SRS>EPSG:32650</SRS><GeoTransform>%v,30,0,%v,0,-30</GeoTransform><VRTRasterBand dataType="Byte" band="1">%s</VRTRasterBand></VRTDataset>`, all.Cols, all.OriginX, all.OriginY, sources.String())
	if err := os.WriteFile(vrt, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string][]string{"files": files, "VRT": {vrt}} {
		t.Run(name, func(t *testing.T) {
			e, err := Open(list, fourCodes)
			if err != nil {
				t.Fatal(err)
			}
			if e.Grid() != all {
				t.Fatalf("grid %+v, want %+v", e.Grid(), all)
			}
			if name == "VRT" && len(e.Files()) != n+1 {
				t.Errorf("files %v", e.Files())
			}
			var wg sync.WaitGroup
			for worker := range 4 {
				wg.Go(func() {
					for i := range 12 {
						w := raster.Window{Col: (worker*31 + i*17) % 300, Row: i, Cols: 100, Rows: 10}
						got, err := tryClasses(e, w)
						if err != nil {
							t.Error(err)
						} else if !slices.Equal(got, cut(all, cells, w)) {
							t.Errorf("window %+v differs", w)
						}
					}
				})
			}
			wg.Wait()
			r, _ := e.Open()
			defer r.Close()
			if err := r.Read(whole(e), make([]uint8, all.Cells())); err != nil {
				t.Error(err)
			}
			if open := len(r.(*reader).open); open > maxOpenFiles {
				t.Errorf("%d files are open", open)
			}
		})
	}
}

func TestASCIIGrid(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.asc")
	text := "ncols 2\nnrows 2\nxllcorner 39500000\nyllcorner 3499940\ncellsize 30\nNODATA_value -9999\n10 20\n30 -9999\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open([]string{path}, fourCodes); err == nil || !strings.Contains(err.Error(), "no coordinate reference system") {
		t.Errorf("without .prj: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.prj"), []byte(esriGK39), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	g := e.Grid()
	if got := classes(t, e, whole(e)); !slices.Equal(got, []uint8{0, 1, 2, raster.NoData}) || g.CRS.EPSG != 4527 || g.OriginX != 39500000 || g.OriginY != 3500000 {
		t.Errorf("got %v on %+v", got, g)
	}
	if files := e.Files(); !slices.Equal(files, []string{path, filepath.Join(dir, "a.prj")}) {
		t.Errorf("files %v", files)
	}
}

func TestImagine(t *testing.T) {
	g := utm(t, 2, 1)
	path := filepath.Join(t.TempDir(), "a.img")
	ds, err := godal.Create(godal.HFA, path, 1, godal.UInt16, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ds.SetProjection(g.CRS.WKT), ds.SetGeoTransform([6]float64{g.OriginX, 30, 0, g.OriginY, 0, -30}), ds.Bands()[0].Write(0, 0, []uint16{10, 300}, 2, 1), ds.Close()); err != nil {
		t.Fatal(err)
	}
	e, err := Open([]string{path}, Options{Codes: []int64{300, 10}})
	if err != nil {
		t.Fatal(err)
	}
	if got := classes(t, e, whole(e)); !slices.Equal(got, []uint8{1, 0}) || e.Grid() != g || e.Describe().Driver != "HFA" {
		t.Errorf("got %v on %+v", got, e.Grid())
	}
}

func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		name, want string // "" = opens and reads
		o          Options
	}{
		{"rasterio_misc/rotated.tif", "rotated", Options{}},
		{"rasterio_misc/corrupt.tif", "3 bands and looks like a picture", Options{}},
		{"rasterio_misc/corrupt.tif", "block x ", Options{Band: 1}},
		{"rasterio_misc/float_nan.tif", "no coordinate reference system", Options{}},
		{"rasterio_misc/float_raster_with_nodata.tif", "not a whole number", Options{}},
		{"rasterio_misc/test_esri_wkt.tif", "", Options{}},
		{"rasterio_misc/all-nodata.tif", "4 bands", Options{}},
		{"rasterio_misc/all-nodata.tif", "", Options{Band: 1}},
		{"molusce_init_final/two_band.tif", "has 2 bands", Options{}},
		{"molusce_init_final/two_band.tif", "no coordinate reference system", Options{Band: 2}},
		{"molusce_init_final/init.tif", "", Options{Codes: []int64{1, 2, 3, 4}}},
		{"motif_newguinea_cci/landcover2001.tif", "", Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := data(t, c.name)
			e, err := Open([]string{path}, c.o)
			if err == nil {
				var got []uint8
				got, err = tryClasses(e, whole(e))
				if strings.Contains(c.name, "all-nodata") && slices.ContainsFunc(got, func(v uint8) bool { return v != raster.NoData }) {
					t.Error("not all cells are NoData")
				}
				if strings.Contains(c.name, "init.tif") {
					if n := count(got, raster.NoData); n != 59 || slices.Contains(got, raster.Unknown) {
						t.Errorf("%d cells of NoData, want 59", n)
					}
				}
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func count(cells []uint8, v uint8) (n int) {
	for _, c := range cells {
		if c == v {
			n++
		}
	}
	return n
}
