package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/redline/gdalinput"
)

// fieldFiles are the files that TestFieldData reads, by their SHA-256. CONTRIBUTING.md tells where each is from.
var fieldFiles = map[string]string{
	"lc100_2015.tif":          "3cfdb013d64ab164c7cd552ebaa495cf40d66a03f3385c078c29298018bcd217",
	"lc100_2019.tif":          "d6d75dc65a321d381f69672f3f79f630e4792e9d07203a2e5fb5550fdee277e0",
	"neiba.gpkg":              "d81852968d05d89c2ef6e362f8192a8b87ecb234f29b5b76e323618bf7de172a",
	"wc2020.tif":              "83f9f2c7cb4df780ab024c3c45862c3b27be8d93c849a2047ceae370d471e741",
	"wc2021.tif":              "1032240c983d7669aa6847d07b8780ce641ef707fb0f8d8bd3f8330097681309",
	"c3s2018.tif":             "7afc3a029e9d725af93d70a0476d1f49a1ab9c6bea74327eb63bd9d90cc515fb",
	"cdl.tif":                 "8576d87b54d27c46666cf51800dfcc53a4bff754d4559e3c89c088b26f00880d",
	"cdl_-106095_1807575.tif": "913447229675fdebb5d654a5f2e87ec3c9d76ee3150909947dd8320cb38cf95d",
	"cdl_-106095_1822575.tif": "05dde5a10d222f35907e834aa57d2238742049a5ff9f2bc2da350b8b76b94cd5",
	"cdl_-91095_1807575.tif":  "c5efbf43626c0ecdf851f6a096b545549c67d181467bb7d05dd4fe2ef16f506a",
	"cdl_-91095_1822575.tif":  "93f45bfc8c962a63aa828766fc57182f874add5cdc5c0b4874da8854a9c2398c",
	"lcmap_pri.tif":           "fe381c2816d7931fed777ca50d79f8c1e189c7c23b7b6666331aba48d99c082b",
	"lcmap_sec.tif":           "4cb63586526904a42b5074c89667c94ae7384ca3e8cfe998c6a9500e0518fe4b",
	"nlcd.tif":                "dab126a59758e87c2872013fdcacd3f71a37a2fb56eaae6209a25e03f145da41",
	"nlcd2011.tif":            "cdeb1894b9b0938a9df040aa8b150ba8329a78e1fd43f596e2289d63aeb915da",
	"zion.gpkg":               "03b8584ae4f4e329c0626749596733e07158cf503b5ae8590af88fa70e9d6290",
	"lc.tif":                  "18bdce9d767cad9964e5e3e9525992a1706680e6c71852524d993b8cfe75bd17",
	"cordex.zip":              "8a982a58cc480e8efc03683d06d57d6d174908c0b9667589040bf4cee1f07790",
	"fiona.gdb.zip":           "fa58b0c8f21649c2a456268180b6da9c8e9074985131c0bff6fed9b02f24d18b",
}

// fieldData returns a folder with links to the field data, which it checks; archives are unpacked.
func fieldData(t *testing.T) folder {
	t.Helper()
	from := os.Getenv("GREENSHIELD_FIELD")
	if from == "" {
		t.Skip("no field data: set GREENSHIELD_FIELD to a folder with the files that CONTRIBUTING.md lists")
	}
	from, err := filepath.Abs(from)
	f := folder{t, t.TempDir()}
	f.check(err)
	for name, want := range fieldFiles {
		content, err := os.Open(filepath.Join(from, name))
		f.check(err)
		h := sha256.New()
		_, err = io.Copy(h, content)
		f.check(err)
		f.check(content.Close())
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Fatalf("%s is another file: its SHA-256 is %s, want %s", name, got, want)
		}
		f.check(os.Symlink(filepath.Join(from, name), f.path(name)))
		if strings.HasSuffix(name, ".zip") {
			archive, err := zip.OpenReader(f.path(name))
			f.check(err)
			f.check(os.CopyFS(f.dir, archive))
			f.check(archive.Close())
		}
	}
	return f
}

// legendOf writes a legend CSV from codes by ecosystem class.
func (f folder) legendOf(name string, classes map[string][]int) {
	f.t.Helper()
	text := "code,name_en,name_zh,color,ecosystem\n"
	for _, ecosystem := range slices.Sorted(maps.Keys(classes)) {
		for _, code := range classes[ecosystem] {
			text += fmt.Sprintf("%d,class %d,,,%s\n", code, code, ecosystem)
		}
	}
	f.text(name, text)
}

// square writes a layer of one red-line zone.
func (f folder) square(name string, west, south, east, north float64) {
	f.t.Helper()
	f.text(name, fmt.Sprintf(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"HXBM":"Z1"},"geometry":{"type":"Polygon",`+
		`"coordinates":[[[%[1]g,%[2]g],[%[3]g,%[2]g],[%[3]g,%[4]g],[%[1]g,%[4]g],[%[1]g,%[2]g]]]}}]}`, west, south, east, north))
}

// job writes a job file; before and after are what stands in the braces of an epoch, but for the year.
func (f folder) job(before, after, zones string) {
	f.t.Helper()
	f.text("job.yaml", fmt.Sprintf("before: {year: 2015, %s}\nafter: {year: 2020, %s}\n%s\nout: out\n", before, after, zones))
}

// counts wants these cells of each code, as GDAL counts them: "code:cells" in any order.
func counts(t *testing.T, in *gdalinput.InputFacts, want string) {
	t.Helper()
	var got []string
	for _, c := range in.Raster.Codes {
		got = append(got, fmt.Sprintf("%d:%d", c.Code, c.Cells))
	}
	wanted := strings.Fields(want)
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) || len(in.Raster.Unknown) > 0 {
		t.Errorf("%s holds %v, want %v", in.Path, got, wanted)
	}
}

// transitions runs the job and wants so many cells that are valid in both epochs and so many whose code, and whose
// ecosystem class, is another one.
func (f folder) transitions(valid, codes, ecosystems int64, args ...string) outcome {
	f.t.Helper()
	o := here(f.t, f.dir, append([]string{"run", "job.yaml", "--quiet", "--formats", "csv", "--replace"}, args...)...)
	o.want(f.t, 0)
	var gotValid, gotCodes, gotEcosystems int64
	for _, row := range table(f.t, f.path("out/matrix.csv")) {
		n, err := strconv.ParseInt(row["cells"], 10, 64)
		f.check(err)
		gotValid += n
		if row["from_code"] != row["to_code"] {
			gotCodes += n
		}
		if row["from_eco"] != row["to_eco"] {
			gotEcosystems += n
		}
	}
	if gotValid != valid || gotCodes != codes || gotEcosystems != ecosystems {
		f.t.Errorf("%d cells are valid, %d change code, %d ecosystem; want %d, %d, %d", gotValid, gotCodes, gotEcosystems, valid, codes, ecosystems)
	}
	if m := readManifest(f.t, f.path("out")); m.Counts.ChangedCells != ecosystems {
		f.t.Errorf("the manifest counts %d changed cells", m.Counts.ChangedCells)
	}
	return o
}

// noDoubt fails when something is said against the legend or the CRS of the rasters.
func noDoubt(t *testing.T, c checked) {
	t.Helper()
	for _, w := range c.Warnings {
		if strings.Contains(w.Text, "another product") || strings.Contains(w.Text, "its coordinates seem") {
			t.Errorf("in doubt: %s", w.Text)
		}
	}
}

// TestFieldData runs maps and layers of several makers as they are found in the field. Cells by code, and cells whose
// code changes, were counted once in what gdal_translate -of ENVI makes of the files; areas are those of the closed
// form of the authalic latitude.
func TestFieldData(t *testing.T) {
	f := fieldData(t)
	sub := func(name string, test func(f folder)) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			entries, err := os.ReadDir(f.dir)
			f := folder{t, f.dir}
			f.check(err)
			for _, e := range entries {
				f.check(os.Symlink(f.path(e.Name()), filepath.Join(dir, e.Name())))
			}
			test(folder{t, dir})
		})
	}
	sub("Copernicus LC100, WDPA", fieldLC100)
	sub("ESA WorldCover", fieldWorldCover)
	sub("C3S land cover, at sea", fieldC3S)
	sub("USDA CDL, a mosaic", fieldMosaic)
	sub("USGS LCMAP", fieldLCMAP)
	sub("NLCD of Zion", fieldNLCD)
	sub("NLCD of Puerto Rico", fieldPuertoRico)
	sub("CORDEX, netCDF", fieldNetCDF)
	sub("file geodatabase of ArcGIS", fieldGeodatabase)
}

func fieldLC100(f folder) {
	f.legendOf("lc100.csv", map[string][]int{"shrub": {20}, "grassland": {30}, "cropland": {40}, "built": {50}, "bare": {60, 100}, "ice": {70},
		"wetland": {80, 90, 200}, "forest": {111, 112, 113, 114, 115, 116, 121, 122, 123, 124, 125, 126}, "nodata": {0}})
	f.job("files: [lc100_2015.tif], legend: lc100.csv", "files: [lc100_2019.tif], legend: lc100.csv", "reserve: [{file: neiba.gpkg, fields: {id: WDPAID}}]")
	c := checkJSON(f.t, f.dir, 0, "job.yaml")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], "20:3112 30:6074 40:491 50:106 112:10750 114:130 115:4743 116:555 122:7269 124:570 125:14 126:25830")
	counts(f.t, &c.Inputs[1], "20:3111 30:6072 40:491 50:106 80:1 90:2 112:10750 114:130 115:4743 116:556 122:7270 124:569 125:14 126:25829")
	if len(c.Zones) != 1 || c.Zones[0].ID != "478140" || c.Zones[0].Type != "unzoned" {
		f.t.Errorf("zones %+v", c.Zones)
	}
	f.transitions(59644, 7, 3)
	// As two files of one epoch they disagree in the seven cells.
	for _, files := range []string{"lc100_2015.tif, lc100_2019.tif", "lc100_2019.tif, lc100_2015.tif"} {
		f.job("files: ["+files+"], legend: lc100.csv", "files: [lc100_2019.tif], legend: lc100.csv", "reserve: [{file: neiba.gpkg, fields: {id: WDPAID}}]")
		o := f.transitions(59644-7, 0, 0)
		if !strings.Contains(o.stderr, "lc100_2015.tif: its files overlap and disagree in 7 cells, first at row ") {
			f.t.Errorf("%s: said is %s", files, o.stderr)
		}
	}
}

func fieldWorldCover(f folder) {
	for _, year := range []string{"2020", "2021"} { // the part around São Tomé of a tile of 36,000 × 36,000 cells
		const col, row, cols, rows = 5400, 30900, 3900, 5000
		const cell = 1.0 / 12000
		rect := fmt.Sprintf(`xSize="%d" ySize="%d"/>`, cols, rows)
		f.text("wc"+year+".vrt", fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%d"><SRS>EPSG:4326</SRS><GeoTransform>%v,%v,0,%v,0,%v</GeoTransform>`+
			`<VRTRasterBand dataType="Byte" band="1"><NoDataValue>0</NoDataValue><SimpleSource><SourceFilename relativeToVRT="1">wc%s.tif</SourceFilename>`+
			`<SourceBand>1</SourceBand><SrcRect xOff="%d" yOff="%d" %s<DstRect xOff="0" yOff="0" %s</SimpleSource></VRTRasterBand></VRTDataset>`,
			cols, rows, 6+col*cell, cell, 3-row*cell, -cell, year, col, row, rect, rect))
	}
	f.square("zone.geojson", 6.45, 0.01, 6.77, 0.42)
	f.job("files: [wc2020.vrt], legend: esa_worldcover", "files: [wc2021.vrt], legend: esa_worldcover", "redline: [{file: zone.geojson}]")
	c := checkJSON(f.t, f.dir, 0, "job.yaml")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], "10:9237630 20:2551 30:371412 40:7402 50:125138 60:179444 80:9571018 90:5306 95:99")
	counts(f.t, &c.Inputs[1], "10:9254369 20:368 30:359351 40:4672 50:172784 60:116471 80:9585885 90:1463 95:4637")
	f.transitions(19500000, 405628, 402399)
}

func fieldC3S(f folder) {
	f.square("zone.geojson", -175, 80, -174, 81)
	f.job("files: [c3s2018.tif], legend: esa_cci", "files: [c3s2018.tif], legend: esa_cci", "redline: [{file: zone.geojson}]")
	c := checkJSON(f.t, f.dir, 0, "job.yaml")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], "210:16402500")
	f.square("zone.geojson", 117, 31, 118, 32)
	o := here(f.t, f.dir, "check", "job.yaml")
	if o.status != 13 || !strings.Contains(o.stdout, "the rasters -180.0000° to -168.7500° E, 78.7500° to 90.0000° N") {
		f.t.Errorf("status %d: %s", o.status, o.stdout)
	}
}

func fieldMosaic(f folder) {
	f.legendOf("cdl.csv", map[string][]int{"cropland": {1, 2, 4, 5, 6, 24, 26, 27, 28, 29, 36, 44, 58, 59, 61, 74, 205, 225, 228, 236, 240},
		"grassland": {37, 176}, "wetland": {111, 190, 195}, "built": {121, 122, 123, 124}, "bare": {131}, "forest": {141, 142, 143}, "shrub": {152}})
	f.square("zone.geojson", -97.2, 39.2, -97, 39.4)
	tiles := []string{"cdl_-106095_1807575.tif", "cdl_-91095_1822575.tif", "cdl_-106095_1822575.tif", "cdl_-91095_1807575.tif"}
	const all = "1:95008 2:15 4:63850 5:203274 6:10 24:67941 26:37673 27:65 28:688 29:26 36:16340 37:22554 44:2 58:7 59:23 61:13 74:2 111:56814 " +
		"121:28308 122:16829 123:4279 124:1085 131:308 141:75762 142:861 143:386 152:25 176:303665 190:960 195:332 205:284 225:317 228:18 236:2228 240:48"
	for range 2 { // the maker's tiles are the maker's whole, in any order
		f.job("files: ["+strings.Join(tiles, ", ")+"], legend: cdl.csv", "files: [cdl.tif], legend: cdl.csv", "redline: [{file: zone.geojson}]")
		c := checkJSON(f.t, f.dir, 0, "job.yaml")
		if len(c.Warnings) > 0 {
			f.t.Errorf("warnings %v", c.Warnings)
		}
		counts(f.t, &c.Inputs[0], all)
		counts(f.t, &c.Inputs[1], all)
		f.transitions(1000000, 0, 0)
		slices.Reverse(tiles)
	}
}

func fieldLCMAP(f folder) {
	f.legendOf("lcmap.csv", map[string][]int{"built": {1}, "cropland": {2}, "grassland": {3}, "forest": {4}, "wetland": {5, 6}, "ice": {7}, "bare": {8}, "nodata": {0}})
	f.square("zone.geojson", -124.6, 43.1, -124.36, 43.8)
	f.job("files: [lcmap_pri.tif], legend: lcmap.csv", "files: [lcmap_sec.tif], legend: lcmap.csv", "redline: [{file: zone.geojson}]")
	c := checkJSON(f.t, f.dir, 0, "job.yaml")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], "1:11703 2:3664 3:13539 4:23679 5:160164 6:11696 8:5063")
	counts(f.t, &c.Inputs[1], "1:15026 2:10902 3:29239 4:10793 5:1363 6:63 8:162122")
	if n := c.Inputs[0].Raster.NoDataCells; n != 24770492 {
		f.t.Errorf("%d cells are NoData", n)
	}
	f.transitions(229508, 229508, 229272)
}

// Two codings of one map: the detailed one declares a datum of its own, so its CRS has to be stated.
func fieldNLCD(f folder) {
	f.legendOf("nlcd.csv", map[string][]int{"wetland": {11, 90, 95}, "built": {21, 22, 23, 24}, "bare": {31}, "forest": {41, 42, 43}, "shrub": {52}, "grassland": {71}, "cropland": {81, 82}})
	f.legendOf("level.csv", map[string][]int{"wetland": {1, 8}, "built": {2}, "bare": {3}, "forest": {4}, "shrub": {5}, "grassland": {6}, "cropland": {7}})
	f.job("files: [nlcd2011.tif], legend: nlcd.csv", "files: [nlcd.tif], legend: level.csv", "redline: [{file: zion.gpkg}]")
	refused := here(f.t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv")
	if refused.status != 13 || !strings.Contains(refused.stderr, "their CRSs differ, UTM Zone 12, Northern Hemisphere against NAD83 / UTM zone 12N (EPSG:26912)") {
		f.t.Errorf("status %d: %s", refused.status, refused.stderr)
	}
	o := f.transitions(1458207, 1458207, 0, "--before-crs", "EPSG:26912")
	if !strings.Contains(o.stderr, "nlcd2011.tif: declares UTM Zone 12, Northern Hemisphere, but is taken to be in NAD83 / UTM zone 12N (EPSG:26912), as stated") {
		f.t.Errorf("said is %s", o.stderr)
	}
	c := checkJSON(f.t, f.dir, 0, "job.yaml", "--before-crs", "EPSG:26912")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], "11:1209 21:14149 22:3173 23:195 31:106070 41:196044 42:564668 43:6825 52:545771 71:4878 81:8460 82:268 90:6422 95:75")
	counts(f.t, &c.Inputs[1], "1:1209 2:17517 3:106070 4:767537 5:545771 6:4878 7:8728 8:6497")
}

// A map that lies beyond the area of use of its CRS by 6° is as its maker meant it; only its datum has to be stated.
func fieldPuertoRico(f folder) {
	f.legendOf("nlcd.csv", map[string][]int{"nodata": {0}, "wetland": {11, 90, 95}, "built": {21, 22, 23, 24}, "bare": {31}, "forest": {42}, "shrub": {52}, "grassland": {71}, "cropland": {81, 82}})
	f.square("zone.geojson", -67, 18, -66, 18.4)
	f.job("files: [lc.tif], legend: nlcd.csv", "files: [lc.tif], legend: nlcd.csv", "redline: [{file: zone.geojson}]")
	refused := here(f.t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv")
	if refused.status != 13 || !strings.Contains(refused.stderr, "lc.tif: no reliable transformation from NAD83 / Conus Albers (EPSG:5070) to WGS 84 (EPSG:4326)") {
		f.t.Errorf("status %d: %s", refused.status, refused.stderr)
	}
	c := checkJSON(f.t, f.dir, 0, "job.yaml", "--before-crs", "WGS84", "--after-crs", "WGS84")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], "11:252 21:25 22:81 23:48 24:5 31:3 42:456 52:37 71:270 81:24 82:24 90:10 95:14")
	f.transitions(84*46-2615, 0, 0, "--before-crs", "WGS84", "--after-crs", "WGS84")
}

// The file has three variables, one of which must be named; that one lies on a sphere, which is refused, and the command
// of that message makes a file that runs.
func fieldNetCDF(f folder) {
	const mask = "EURO-CORDEX_81_DOMAIN000_mask_int.nc"
	f.legendOf("mask.csv", map[string][]int{"nodata": {0}, "forest": {2}})
	f.square("zone.geojson", 9, 47, 10, 48)
	name := func(file string) {
		f.job("files: ["+file+"], legend: mask.csv", "files: ["+file+"], legend: mask.csv", "redline: [{file: zone.geojson}]")
	}
	refused := func(status int, text string) outcome {
		f.t.Helper()
		o := here(f.t, f.dir, "run", "job.yaml", "--quiet", "--formats", "csv")
		if o.status != status || !strings.Contains(o.stderr, text) {
			f.t.Errorf("status %d: %s", o.status, o.stderr)
		}
		return o
	}
	name(mask)
	refused(11, mask+": holds 3 variables, say which one by its name, such as "+mask+"|variable=mask; its variables: mask, xlat, xlon")
	name(mask + "|variable=mask")
	o := refused(11, mask+": its CRS unnamed is on a sphere")
	f.printed(o)
	mended := strings.TrimSuffix(mask, ".nc") + "-mended.tif"
	out, err := godal.Open(f.path(mended))
	f.check(err)
	size := out.Structure()
	cells := map[int32]int64{} // as GDAL reads them
	all := make([]int32, size.SizeX*size.SizeY)
	f.check(out.Read(0, 0, all, size.SizeX, size.SizeY))
	f.check(out.Close())
	name(mended)
	for _, v := range all {
		cells[v]++
	}
	if share := float64(cells[2]) / float64(cells[0]+cells[2]); math.Abs(share-0.57) > 0.05 { // 159,561 of 530 × 530 in the file
		f.t.Errorf("%.2f of the cells are inside the mask", share)
	}
	f.transitions(cells[2], 0, 0)
	c := checkJSON(f.t, f.dir, 0, "job.yaml")
	noDoubt(f.t, c)
	counts(f.t, &c.Inputs[0], fmt.Sprintf("2:%d", cells[2]))
	if r := c.Inputs[0].Raster; r.NoData != "-2147483647" || r.NoDataCells != cells[0]+cells[-2147483647] {
		f.t.Errorf("NoData %s, %d cells of %v", r.NoData, r.NoDataCells, cells)
	}
}

func fieldGeodatabase(f folder) {
	job := fieldJob(f.t, "EPSG:4326", 700, 0.01, nil, func(int, int) bool { return false })
	f.copyRaster(job.path("a.tif"))
	const square, holed, nine = 1230846.3894, 2153978.3306, 11063390.6571 // ha: 1° × 1° at the equator, two less a hole, nine up to 5° N
	for layer, want := range map[string]struct {
		keys string
		ha   []float64
		text string
	}{
		"polygon":          {"", slices.Repeat([]float64{square}, 5), ""},
		"multipolygon":     {"", slices.Repeat([]float64{holed}, 5), ""},
		"polygonzm":        {"", []float64{square}, "heights or measures (Z, M) of 1 feature"},
		"several_polygons": {", crs: EPSG:4326", nil, ""},
		"null_polygon":     {"", nil, "layer null_polygon: empty layer: none of its 5 features has a polygon"},
		"point":            {"", nil, "layer point: "},
	} {
		f.job("files: [g.tif], legend: clcd", "files: [g.tif], legend: clcd", fmt.Sprintf("redline: [{file: testopenfilegdb.gdb, layer: %s%s}]", layer, want.keys))
		status := 0
		if want.text != "" && want.ha == nil {
			status = 12
		}
		c := checkJSON(f.t, f.dir, status, "job.yaml")
		var said []string
		for _, w := range c.Warnings {
			said = append(said, w.Text)
		}
		for _, p := range c.Problems {
			said = append(said, p.Text)
		}
		if !strings.Contains(strings.Join(said, "\n"), want.text) {
			f.t.Errorf("%s: said is %q", layer, said)
		}
		sum := 0.0
		for i, z := range c.Zones {
			if sum += z.AreaHa; want.ha != nil && (len(c.Zones) != len(want.ha) || math.Abs(z.AreaHa-want.ha[i]) > 0.01) {
				f.t.Errorf("%s: %d zones, the area of one is %.4f ha", layer, len(c.Zones), z.AreaHa)
			}
		}
		if layer == "several_polygons" && (len(c.Zones) != 9 || math.Abs(sum-nine) > 0.1) {
			f.t.Errorf("%d zones, %.4f ha", len(c.Zones), sum)
		}
	}
}

// copyRaster copies a raster of [fieldJob] to g.tif, with its corner at 1° W, 6° N.
func (f folder) copyRaster(from string) {
	f.t.Helper()
	ds, err := godal.Open(from)
	f.check(err)
	out, err := ds.Translate(f.path("g.tif"), []string{"-a_ullr", "-1", "6", "6", "-1"})
	f.check(err)
	f.check(out.Close())
	f.check(ds.Close())
}
