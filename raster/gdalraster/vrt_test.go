package gdalraster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// vrtText is a VRT of 4 × 3 cells in UTM with one band of the given parts.
func vrtText(bandAttributes, parts string) string {
	return fmt.Sprintf(`<VRTDataset rasterXSize="4" rasterYSize="3"><SRS>EPSG:32650</SRS><GeoTransform>500000,30,0,3500000,0,-30</GeoTransform><VRTRasterBand dataType="Byte" band="1"%s>%s</VRTRasterBand></VRTDataset>`, bandAttributes, parts)
}

// simple is a source that fills the VRT.
func simple(file string) string {
	return `<SimpleSource><SourceFilename relativeToVRT="1">` + file + `</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="4" ySize="3"/><DstRect xOff="0" yOff="0" xSize="4" ySize="3"/></SimpleSource>`
}

func TestVRTRefuses(t *testing.T) {
	g, dir := utm(t, 4, 3), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file{grid: g, dtype: godal.Byte, cells: make([]uint8, 12)}.write(t, at("good.tif"))
	file{grid: g, dtype: godal.Byte, cells: make([]uint8, 12), nodata: num(7)}.write(t, at("seven.tif"))
	file{grid: g, dtype: godal.UInt16, cells: make([]uint16, 12)}.write(t, at("wide.tif"))
	file{grid: g, dtype: godal.Byte, edit: func(ds *godal.Dataset) error { return ds.SetScaleOffset(0.1, 0) }}.write(t, at("scale.tif"))
	file{grid: utm(t, 9000, 9000), dtype: godal.Byte, options: []string{"SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=9008", "BLOCKYSIZE=9008"}}.write(t, at("bomb.tif"))
	file{grid: g, dtype: godal.Byte, cells: make([]uint8, 12), edit: func(ds *godal.Dataset) error {
		_, err := ds.CreateMaskBand(2, godal.ConfigOption("GDAL_TIFF_INTERNAL_MASK=YES"))
		return err
	}}.write(t, at("mask.tif"))
	text := func(name, content string) {
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text("hidden.tif", vrtText("", simple("good.tif")))
	text("x.vrt", vrtText("", simple("good.tif")))
	text("GTIFF_DIR:2:x.tif", "x")
	edited := func(old, new string) string {
		if !strings.Contains(vrtText("", simple("good.tif")), old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(vrtText("", simple("good.tif")), old, new, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"no XML", "hello", "not readable as a VRT"},
		{"other XML", "<GDAL_WMS/>", "not readable as a VRT"},
		{"a VRT", vrtText("", simple("x.vrt")), "is not a .tif"},
		{"a VRT named .tif", vrtText("", simple("hidden.tif")), "hidden.tif: not a readable GTiff"},
		{"a network file", vrtText("", simple("/vsicurl/http://127.0.0.1/x.tif")), "not the name of a local file"},
		{"a network file behind a line break", vrtText("", simple("\n/vsicurl/http://127.0.0.1/x.tif")), "not the name of a local file"},
		{"a network file in CDATA", vrtText("", simple("<![CDATA[/vsicurl/http://127.0.0.1/x.tif]]>")), "not the name of a local file"},
		{"a network file by entities", vrtText("", simple("&#47;vsicurl&#x2f;http://127.0.0.1/x.tif")), "not the name of a local file"},
		{"an archive", vrtText("", simple("/vsizip/x.zip/x.tif")), "not the name of a local file"},
		{"a VRT in the name", vrtText("", simple("&lt;VRTDataset/&gt;.tif")), "not the name of a local file"},
		{"a page", vrtText("", simple("GTIFF_DIR:2:x.tif")), "not a readable GTiff"}, // the file of that name
		{"a missing file", vrtText("", simple("gone.tif")), "no such file"},
		{"another format", vrtText("", simple("/etc/passwd")), "is not a .tif"},
		{"resampled", edited(`ySize="3"/></S`, `ySize="2"/></S`), "resamples"},
		{"half a cell off", edited(`<DstRect xOff="0"`, `<DstRect xOff="0.5"`), "resamples"},
		{"resampled by name", edited(`<SimpleSource>`, `<SimpleSource resampling="average">`), "resamples"},
		{"resampled, other spelling", edited(`<SimpleSource>`, `<SimpleSource Resampling="average">`), "resamples"},
		{"beyond the source", edited(`<SrcRect xOff="0"`, `<SrcRect xOff="1"`), "takes cells"},
		{"raw bytes", vrtText(` subClass="VRTRawRasterBand"`, simple("good.tif")), `subClass="VRTRawRasterBand"`},
		{"raw bytes, other spelling", vrtText(` subclass="VRTRawRasterBand"`, `<SourceFilename>/etc/passwd</SourceFilename><ImageOffset>0</ImageOffset>`), `subclass="VRTRawRasterBand"`},
		{"warped", strings.Replace(vrtText("", simple("good.tif")), "<VRTDataset", `<VRTDataset SUBCLASS="VRTWarpedDataset"`, 1), `SUBCLASS="VRTWarpedDataset"`},
		{"Python", vrtText(` subClass="VRTDerivedRasterBand"`, `<PixelFunctionLanguage>Python</PixelFunctionLanguage>`+simple("good.tif")), "subClass"},
		{"Python element alone", vrtText("", `<PixelFunctionCode>import os</PixelFunctionCode>`+simple("good.tif")), "<PixelFunctionCode> is not allowed"},
		{"kernel", vrtText("", strings.ReplaceAll(simple("good.tif"), "SimpleSource", "KernelFilteredSource")), "<KernelFilteredSource> is not allowed"},
		{"table of codes", edited(`</SimpleSource>`, `<LUT>0:10</LUT></SimpleSource>`), "<LUT> is not allowed"},
		{"open options", edited(`</SimpleSource>`, `<OpenOptions/></SimpleSource>`), "<OpenOptions> is not allowed"},
		{"ratio", edited(`</SimpleSource>`, `<ScaleRatio>2</ScaleRatio></SimpleSource>`), "<ScaleRatio> is not allowed"},
		{"scale", vrtText("", "<Scale>2</Scale>"+simple("good.tif")), "<Scale> is not allowed"},
		{"mask", vrtText("", "<MaskBand/>"+simple("good.tif")), "<MaskBand> is not allowed"},
		{"overview elsewhere", vrtText("", `<Overview><SourceFilename>/vsicurl/http://127.0.0.1/x.tif</SourceFilename></Overview>`+simple("good.tif")), "<Overview> is not allowed"},
		{"hidden NoData", vrtText("", "<HideNoDataValue>1</HideNoDataValue>"+simple("good.tif")), "<HideNoDataValue> is not allowed"},
		{"ground control points", strings.Replace(vrtText("", simple("good.tif")), "<VRTRasterBand", "<GCPList/><VRTRasterBand", 1), "<GCPList> is not allowed"},
		{"mask of a source", edited("<SourceBand>1<", "<SourceBand>mask,1<"), `source band "mask,1"`},
		{"no band of a source", edited("<SourceBand>1<", "<SourceBand>2<"), "good.tif: no such band: 2"},
		{"source with a mask", vrtText("", simple("mask.tif")), "has a mask, which a VRT drops"},
		{"narrower type", vrtText("", simple("wide.tif")), "has type Byte, its source " + at("wide.tif") + " type UInt16: codes would be clipped"},
		{"scaled source", vrtText("", simple("scale.tif")), "scale 0.1"},
		{"bomb", vrtText("", simple("bomb.tif")), "limit exceeded"},
		{"NoData of a source is dropped", vrtText("", simple("seven.tif")), "has no NoData value, but its source"},
		{"NoData of a source is another", vrtText("", "<NoDataValue>0</NoDataValue>"+simple("seven.tif")), "has NoData value 0, but copies those of source"},
		{"NoData of a source is contradicted", vrtText("", "<NoDataValue>0</NoDataValue>"+strings.Replace(simple("seven.tif"), "</SimpleSource>", "<NODATA>3</NODATA></SimpleSource>", 1)), "takes 3 as NoData of source"},
		{"no source", `<VRTDataset rasterXSize="4" rasterYSize="3"/>`, "has no source files"},
		{"million laughs", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + vrtText("", simple("&b;")), "not readable as a VRT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text("case.vrt", c.text)
			_, err := Open([]string{at("case.vrt")}, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "case.vrt: ") {
				t.Errorf("error %v lacks %q", err, c.want)
			}
			if c.name == "bomb" && !errors.Is(err, raster.ErrLimit) {
				t.Error("is no fault of size")
			}
		})
	}
	text("case.vrt", vrtText(` shared="0"`, "<ColorInterp>Gray</ColorInterp><Metadata domain=\"OVERVIEWS\"><MDI key=\"OVERVIEW_FILE\">/vsicurl/http://127.0.0.1/x</MDI></Metadata>"+simple("good.tif")))
	if _, err := Open([]string{at("case.vrt")}, Options{}); err != nil {
		t.Errorf("the control: %v", err)
	}
}

// TestVRT: what gdalbuildvrt and gdal_translate write means what its sources mean.
func TestVRT(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a & b's") // which XML must escape
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	left, right := utm(t, 3, 2), utm(t, 3, 2)
	right.OriginX += 2 * 30 // one column of overlap
	const nd = raster.NoData
	for _, c := range []struct {
		name   string
		dtype  godal.DataType
		a, b   any
		nodata *float64
		want   []uint8
	}{
		{"Byte, no NoData", godal.Byte, []uint8{10, 20, 30, 10, 20, 30}, []uint8{30, 10, 10, 30, 10, 10}, nil, []uint8{0, 1, 2, 0, 0, 0, 1, 2, 0, 0}},
		{"Byte, NoData", godal.Byte, []uint8{10, 20, 30, 10, 20, 9}, []uint8{9, 10, 9, 20, 9, 10}, num(9), []uint8{0, 1, 2, 0, nd, 0, 1, 1, nd, 0}},
		{"UInt16", godal.UInt16, []uint16{300, 20, 30, 10, 20, 9}, []uint16{9, 10, 9, 20, 9, 300}, num(9), []uint8{3, 1, 2, 0, nd, 0, 1, 1, nd, 3}},
		{"Int32 beyond the exact range of float", godal.Int32, []int32{16777217, 20, 30, 10, 20, 9}, []int32{9, 10, 9, 20, 9, 10}, num(9), []uint8{4, 1, 2, 0, nd, 0, 1, 1, nd, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file{grid: left, dtype: c.dtype, cells: c.a, nodata: c.nodata}.write(t, at("a.tif"))
			file{grid: right, dtype: c.dtype, cells: c.b, nodata: c.nodata}.write(t, at("b.tif"))
			ds, err := godal.BuildVRT(at("all.vrt"), []string{at("a.tif"), at("b.tif")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := ds.Close(); err != nil {
				t.Fatal(err)
			}
			e, err := Open([]string{at("all.vrt")}, Options{Codes: []int64{10, 20, 30, 300, 16777217}})
			if err != nil {
				t.Fatal(err)
			}
			if got := classes(t, e, whole(e)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got := e.Files(); !slices.Equal(got, []string{at("all.vrt"), at("a.tif"), at("b.tif")}) {
				t.Errorf("files %q", got)
			}
			if w := e.Describe().Warnings; len(w) > 0 {
				t.Errorf("warnings %q", w)
			}
		})
	}
}

// TestVRTGap: cells that no source covers are counted, against a drawing of the sources.
func TestVRTGap(t *testing.T) {
	const seed = 7
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		v := vrt{Cols: 1 + random.IntN(12), Rows: 1 + random.IntN(12)}
		seen := make([]bool, v.Cols*v.Rows)
		var sources []vrtSource
		for range random.IntN(7) {
			r := vrtRect{float64(random.IntN(14) - 3), float64(random.IntN(14) - 3), float64(1 + random.IntN(9)), float64(1 + random.IntN(9))}
			sources = append(sources, vrtSource{Dst: &r})
			for i := range seen {
				x, y := float64(i%v.Cols), float64(i/v.Cols)
				seen[i] = seen[i] || x >= r.Col && x < r.Col+r.Cols && y >= r.Row && y < r.Row+r.Rows
			}
		}
		want := int64(0)
		for _, s := range seen {
			if !s {
				want++
			}
		}
		if got := v.gap(sources); got != want {
			t.Fatalf("%d × %d: %d cells, want %d", v.Cols, v.Rows, got, want)
		}
	}
}

func TestVRTGapIsWarnedOf(t *testing.T) {
	dir := t.TempDir()
	file{grid: utm(t, 4, 3), dtype: godal.Byte, cells: make([]uint8, 12)}.write(t, filepath.Join(dir, "good.tif"))
	path := filepath.Join(dir, "a.vrt")
	for noData, want := range map[string]int{"": 1, "<NoDataValue>0</NoDataValue>": 0} {
		text := strings.ReplaceAll(vrtText("", noData+simple("good.tif")), `rasterXSize="4"`, `rasterXSize="5"`)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Open([]string{path}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if w := e.Describe().Warnings; len(w) != want || want > 0 && !strings.Contains(w[0], "no source covers 3 cells") {
			t.Errorf("%q: warnings %q", noData, w)
		}
	}
}
