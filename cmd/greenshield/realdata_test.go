package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector"
	"greenshield/vector/gdalvector"
	"greenshield/vector/geos"
)

// realData returns a folder of the real data that tests may read.
func realData(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("real data is missing: %v; set GREENSHIELD_DATA", err)
		}
		t.Skipf("real data is not here: %v; set GREENSHIELD_DATA to its folder", err)
	}
	return dir
}

// runJob runs a job given as text and returns its folder of results.
func runJob(t *testing.T, dir, text string, flags ...string) string {
	t.Helper()
	jobFile := filepath.Join(dir, "job.yaml")
	if err := os.WriteFile(jobFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := execute(append([]string{"run", jobFile, "--quiet"}, flags...), &stdout, &stderr); status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, &stdout, &stderr)
	}
	return filepath.Join(dir, "out")
}

// table reads a CSV file as maps by column.
func table(t *testing.T, path string) (rows []map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all[0][0] = strings.TrimPrefix(all[0][0], "\uFEFF")
	for _, record := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// candidates reads the properties of candidates.geojson.
func candidates(t *testing.T, dir string) (rows []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "candidates.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	var collection struct {
		Features []struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(text, &collection); err != nil {
		t.Fatal(err)
	}
	for _, f := range collection.Features {
		rows = append(rows, f.Properties)
	}
	return rows
}

// zoneChange is what sums are compared by.
type zoneChange struct{ zone, change string }

// foundM2 sums candidates and suppressed by zone and change type, and counts them.
func foundM2(t *testing.T, out string) (sums map[zoneChange]float64, terms map[zoneChange]int) {
	t.Helper()
	sums, terms = map[zoneChange]float64{}, map[zoneChange]int{}
	for _, c := range candidates(t, out) {
		k := zoneChange{c["zone_id"].(string), c["change"].(string)}
		sums[k] += c["area_ha"].(float64) * 1e4
		terms[k]++
	}
	for _, c := range table(t, filepath.Join(out, "suppressed.csv")) {
		ha, err := strconv.ParseFloat(c["area_ha"], 64)
		if err != nil {
			t.Fatal(err)
		}
		k := zoneChange{c["zone_id"], c["change"]}
		sums[k] += ha * 1e4
		terms[k]++
	}
	return sums, terms
}

// differ lists where two tables of sums differ by more than rel, and by more than what
// rounding each term to 6 decimals of a hectare does to the sum.
func differ(got, want map[zoneChange]float64, rel float64, terms map[zoneChange]int) (all []string) {
	for k := range got {
		if _, ok := want[k]; !ok {
			all = append(all, fmt.Sprintf("%v: %.4f m², want none", k, got[k]))
		}
	}
	for k, w := range want {
		if g := got[k]; math.Abs(g-w) > rel*w+0.01*math.Sqrt(float64(terms[k])) {
			all = append(all, fmt.Sprintf("%v: %.4f m², want %.4f", k, g, w))
		}
	}
	return all
}

func TestDifferSeesWrongSums(t *testing.T) {
	want := map[zoneChange]float64{{"a", "x"}: 1e6}
	for name, got := range map[string]map[zoneChange]float64{
		"missing":   {},
		"different": {{"a", "x"}: 1e6 + 1},
		"more":      {{"a", "x"}: 1e6, {"b", "x"}: 5},
	} {
		if len(differ(got, want, 1e-9, nil)) == 0 {
			t.Error(name, "sums are not seen")
		}
	}
	if d := differ(want, want, 1e-9, nil); len(d) > 0 {
		t.Error("equal sums differ:", d)
	}
}

const newGuineaLegend = `code,name_en,name_zh,color,ecosystem
1,Agriculture,农业,#FAE39C,cropland
2,Forest,森林,#446F33,forest
3,Grassland,草地,#ABD37B,grassland
5,Settlement,聚落,#E24290,built
6,Shrubland,灌丛,#33A02C,shrub
7,Sparse,稀疏植被,#CFBDA3,bare
9,Water,水体,#1E69B4,wetland
255,NoData,无数据,#000000,nodata
`

// newGuineaChange is the change type of a pair of codes, by number, written down apart
// from the rule table; 0 is none.
func newGuineaChange(before, after uint8) int {
	natural := func(c uint8) bool { return c == 2 || c == 3 || c == 6 || c == 9 }
	vegetation := func(c uint8) bool { return c == 2 || c == 3 || c == 6 }
	switch {
	case before == after || before == 255 || after == 255:
		return 0
	case after == 5 && (natural(before) || before == 7):
		return 1 // construction
	case after == 7 && natural(before):
		return 2 // stripping
	case after == 1 && natural(before):
		return 3 // reclamation
	case after == 5 && before == 1:
		return 4 // construction_on_cropland
	case after == 9 && (vegetation(before) || before == 1):
		return 5 // inundation
	case before == 2 && (after == 3 || after == 6):
		return 6 // degradation
	case (before == 5 || before == 7) && natural(after), before == 1 && vegetation(after):
		return 7 // restoration
	case before == 1 && after == 7:
		return 8 // cropland_stripped
	}
	return 0
}

var newGuineaChanges = [...]string{1: "construction", "stripping", "reclamation", "construction_on_cropland",
	"inundation", "degradation", "restoration", "cropland_stripped"}

// newGuinea returns a folder with the rasters and the ecoregions of New Guinea: all 28 million cells at full size, else a
// window of them that meets ten of the 22 regions.
func newGuinea(t *testing.T) string {
	t.Helper()
	data := realData(t, "motif_newguinea_cci")
	if torture() {
		return data
	}
	if _, err := gdalraster.Init(0); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"landcover2001.tif", "landcover2015.tif"} {
		ds, err := godal.Open(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		window, err := ds.Translate(filepath.Join(dir, name), []string{"-srcwin", "1200", "700", "2600", "1600", "-co", "COMPRESS=DEFLATE"}, godal.GTiff)
		if err := errors.Join(err, window.Close(), ds.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(data, "ecoregions.gpkg"), filepath.Join(dir, "ecoregions.gpkg")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runNewGuinea runs the job of New Guinea with one more line, and returns the folder of the data and that of the results.
func runNewGuinea(t *testing.T, more string) (data, out string) {
	t.Helper()
	data = newGuinea(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "legend.csv"), []byte(newGuineaLegend), 0o644); err != nil {
		t.Fatal(err)
	}
	return data, runJob(t, dir, fmt.Sprintf(`
before: {files: [%[1]s/landcover2001.tif], year: 2001, legend: legend.csv}
after: {files: [%[1]s/landcover2015.tif], year: 2015, legend: legend.csv}
redline: [{file: %[1]s/ecoregions.gpkg, fields: {id: "#"}}]
%s
out: out
`, data, more))
}

// New Guinea: areas per zone and change type against GDAL's polygonizer
// and GEOS, in the plane of the raster's equal-area CRS; patches against flood fill.
func TestNewGuinea(t *testing.T) {
	data, out := runNewGuinea(t, "min_part: 0.001 cells\nformats: geojson")

	grid, kinds := newGuineaKinds(t, data)
	zones, err := gdalvector.Read(gdalvector.Source{File: filepath.Join(data, "ecoregions.gpkg")})
	if err != nil {
		t.Fatal(err)
	}
	want, outside := polygonized(t, grid, kinds, zones)
	got, terms := foundM2(t, out)
	if d := differ(got, want, 1e-9, terms); len(d) > 0 {
		t.Errorf("%d of %d sums differ:\n%s", len(d), len(want), strings.Join(d, "\n"))
	}
	// The ecoregions do not overlap: what is in zones and what is in none is the whole.
	all, cells := 0.0, 0
	for _, m2 := range got {
		all += m2
	}
	for _, k := range kinds {
		if k > 0 {
			cells++
		}
	}
	if whole := float64(cells) * grid.CellX * grid.CellY; math.Abs(all+outside-whole) > 1e-9*whole+1 {
		t.Errorf("in zones %.3f + outside %.3f m² are not the %.3f m² of all changed cells", all, outside, whole)
	}

	var manifest struct {
		Counts struct {
			Changes []struct {
				Change  string
				Patches int
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	flooded := floodFill(grid.Cols, kinds)
	patches := 0
	for _, c := range manifest.Counts.Changes {
		for k, name := range newGuineaChanges {
			if name == c.Change {
				if c.Patches != flooded[k] {
					t.Errorf("%s: %d patches, flood fill finds %d", name, c.Patches, flooded[k])
				}
				patches += c.Patches
			}
		}
	}
	t.Logf("%d sums over %d zones, %d patches, %.1f km² in zones, %.1f km² outside", len(want), len(zones.Features), patches, all/1e6, outside/1e6)
	least, sums := 2000, 35
	if torture() {
		least, sums = 10000, 50
	}
	if patches < least || len(want) < sums {
		t.Error("too little was compared")
	}
}

// New Guinea's survey by ecoregion: the transition matrix of each, cell for cell, and what follows from it, against GDAL's rasterizer
// and a count of pairs; patches against flood fill.
func TestNewGuineaSurvey(t *testing.T) {
	data, out := runNewGuinea(t, "formats: csv")

	grid, both := newGuineaCodes(t, data)
	region := ecoregions(t, data, grid)
	classes := map[uint8]string{1: "cropland", 2: "forest", 3: "grassland", 5: "built", 6: "shrub", 7: "bare", 9: "wetland"}
	type transition struct {
		region   int16 // −1 is the whole
		from, to string
	}
	type indicator struct {
		region      int16
		name, class string
		year        int
	}
	cells := map[transition]int64{}
	valid := [2][]uint8{make([]uint8, len(region)), make([]uint8, len(region))} // codes where both epochs have one
	for i, r := range region {
		from, to := classes[both[0][i]], classes[both[1][i]]
		if from == "" || to == "" {
			continue
		}
		valid[0][i], valid[1][i] = both[0][i], both[1][i]
		cells[transition{-1, from, to}]++
		if r > 0 {
			cells[transition{r, from, to}]++
		}
	}
	want := map[indicator]float64{}
	sums := map[int16][3]float64{} // cells, changed, changed × ranks
	ranks := map[string]float64{"forest": 1, "wetland": 1, "shrub": 2, "grassland": 3, "cropland": 4, "bare": 5, "built": 6}
	for k, n := range cells {
		want[indicator{k.region, "area", k.from, 2001}] += float64(n)
		want[indicator{k.region, "area", k.to, 2015}] += float64(n)
		sum := sums[k.region]
		sum[0] += float64(n)
		if k.from != k.to {
			want[indicator{k.region, "loss", k.from, 0}] += float64(n)
			want[indicator{k.region, "gain", k.to, 0}] += float64(n)
			sum[1] += float64(n)
			sum[2] += float64(n) * (ranks[k.from] - ranks[k.to])
		}
		sums[k.region] = sum
	}
	for r, sum := range sums {
		want[indicator{r, "comprehensive_dynamic_degree", "", 0}] = 100 * sum[1] / sum[0] / 14
		want[indicator{r, "transition_index", "", 0}] = 100 * sum[2] / sum[1]
		for _, class := range classes {
			before := want[indicator{r, "area", class, 2001}]
			net := want[indicator{r, "area", class, 2015}] - before
			want[indicator{r, "net_change", class, 0}] = net
			want[indicator{r, "swap", class, 0}] = 2 * min(want[indicator{r, "gain", class, 0}], want[indicator{r, "loss", class, 0}])
			want[indicator{r, "dynamic_degree", class, 0}] = 100 * net / before / 14
		}
	}
	for epoch, year := range []int{2001, 2015} {
		for code, class := range classes {
			whole := make([]uint8, len(region))
			byRegion := make([]uint8, len(region))
			for i, c := range valid[epoch] {
				if c == code {
					whole[i] = 1
					byRegion[i] = uint8(region[i])
				}
			}
			want[indicator{-1, "patches", class, year}] = float64(floodFill(grid.Cols, whole)[1])
			for r, n := range floodFill(grid.Cols, byRegion) {
				if n > 0 {
					want[indicator{int16(r), "patches", class, year}] = float64(n)
				}
			}
		}
	}

	cellHa := grid.CellX * grid.CellY / 1e4
	compared := map[string]int{}
	for _, row := range table(t, filepath.Join(out, "survey.csv")) {
		r := int16(-1)
		switch row["level"] {
		case "whole":
		case "zone":
			n, err := strconv.Atoi(strings.TrimPrefix(row["code"], "ecoregions:"))
			if err != nil {
				t.Fatal(err)
			}
			r = int16(n)
		default:
			continue
		}
		name, class, to := row["indicator"], row["class"], row["to_class"]
		value, err := strconv.ParseFloat(row["value"], 64)
		if err != nil {
			t.Fatal(err)
		}
		if name == "transition" {
			k := transition{r, class, to}
			if n, err := strconv.ParseInt(row["cells"], 10, 64); err != nil || n != cells[k] || math.Abs(value-float64(n)*cellHa) > 1e-6*value+1e-6 {
				t.Errorf("%v: %s cells, %g ha, want %d, %g", k, row["cells"], value, cells[k], float64(cells[k])*cellHa)
			}
			delete(cells, k)
			compared[name]++
			continue
		}
		year, _ := strconv.Atoi(row["year"]) // 0 for 2001-2015
		w, ok := want[indicator{r, name, class, year}]
		if !ok {
			continue
		}
		tolerance := 0.0
		switch row["unit"] {
		case "ha":
			w, tolerance = w*cellHa, 1e-6*math.Abs(w*cellHa)+1e-6
		case "%":
			tolerance = 1e-4 // its last decimal
		}
		if math.Abs(value-w) > tolerance {
			t.Errorf("region %d, %s %s %d: %g, want %g", r, name, class, year, value, w)
		}
		compared[name]++
	}
	for k, n := range cells {
		t.Errorf("%v with %d cells has no row", k, n)
	}
	t.Log(compared)
	regions := 10
	if torture() {
		regions = 20
	}
	for name, least := range map[string]int{"transition": 15, "patches": 10, "dynamic_degree": 5, "comprehensive_dynamic_degree": 1, "transition_index": 1, "swap": 5} {
		if compared[name] < least*regions {
			t.Errorf("too little was compared: %d × %s", compared[name], name)
		}
	}
}

// ecoregions numbers the cells of a grid by the feature, from 1, that holds their centre, as GDAL's rasterizer finds.
func ecoregions(t *testing.T, data string, g raster.Grid) []int16 {
	t.Helper()
	zones, err := godal.Open(filepath.Join(data, "ecoregions.gpkg"), godal.VectorOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer zones.Close()
	ds, err := godal.Create(godal.Memory, "", 1, godal.Int16, g.Cols, g.Rows)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	if err := ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}); err != nil {
		t.Fatal(err)
	}
	layer := zones.Layers()[0]
	n := 0
	for f := layer.NextFeature(); f != nil; f = layer.NextFeature() {
		n++
		if err := ds.RasterizeGeometry(f.Geometry(), godal.Values(float64(n))); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	cells := make([]int16, g.Cells())
	if err := ds.Read(0, 0, cells, g.Cols, g.Rows); err != nil {
		t.Fatal(err)
	}
	return cells
}

// newGuineaCodes reads both epochs by GDAL alone.
func newGuineaCodes(t *testing.T, data string) (grid raster.Grid, both [2][]uint8) {
	t.Helper()
	if _, err := gdalraster.Init(0); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"landcover2001.tif", "landcover2015.tif"} {
		ds, err := godal.Open(filepath.Join(data, name))
		if err != nil {
			t.Fatal(err)
		}
		s := ds.Structure()
		gt, err := ds.GeoTransform()
		if err != nil {
			t.Fatal(err)
		}
		grid = raster.Grid{OriginX: gt[0], OriginY: gt[3], CellX: gt[1], CellY: -gt[5], Cols: s.SizeX, Rows: s.SizeY}
		both[i] = make([]uint8, s.SizeX*s.SizeY)
		if err := ds.Read(0, 0, both[i], s.SizeX, s.SizeY); err != nil {
			t.Fatal(err)
		}
		ds.Close()
	}
	return grid, both
}

// newGuineaKinds numbers the change of each cell.
func newGuineaKinds(t *testing.T, data string) (raster.Grid, []uint8) {
	t.Helper()
	grid, both := newGuineaCodes(t, data)
	kinds := make([]uint8, len(both[0]))
	for i := range kinds {
		kinds[i] = uint8(newGuineaChange(both[0][i], both[1][i]))
	}
	return grid, kinds
}

// polygonized finds the area of each zone and change type: GDALPolygonize, 4-connected,
// then GEOS intersections. outside is the area of changes in no zone.
func polygonized(t *testing.T, g raster.Grid, kinds []uint8, zones *gdalvector.Layer) (want map[zoneChange]float64, outside float64) {
	t.Helper()
	ds, err := godal.Create(godal.Memory, "", 1, godal.Byte, g.Cols, g.Rows)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	if err := ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}); err != nil {
		t.Fatal(err)
	}
	band := ds.Bands()[0]
	if err := band.Write(0, 0, kinds, g.Cols, g.Rows); err != nil {
		t.Fatal(err)
	}
	if err := band.SetNoData(0); err != nil {
		t.Fatal(err)
	}
	shapes, err := godal.CreateVector("Memory", "")
	if err != nil {
		t.Fatal(err)
	}
	defer shapes.Close()
	layer, err := shapes.CreateLayer("change", nil, godal.GTPolygon, godal.NewFieldDefinition("kind", godal.FTInt))
	if err != nil {
		t.Fatal(err)
	}
	if err := band.Polygonize(layer, godal.PixelValueFieldIndex(0), godal.Mask(band.MaskBand())); err != nil {
		t.Fatal(err)
	}

	var tree rtree.RTreeG[int]
	for i := range zones.Features {
		b := zones.Features[i].Shape.Bound()
		tree.Insert(b.Min, b.Max, i)
	}
	c := geos.New()
	want = map[zoneChange]float64{}
	layer.ResetReading()
	for f := layer.NextFeature(); f != nil; f = layer.NextFeature() {
		kind := f.Fields()["kind"].Int()
		wkb, err := f.Geometry().WKB()
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		shape, _, err := vector.DecodeWKB(wkb)
		if err != nil {
			t.Fatal(err)
		}
		bound := shape.Bound()
		outside += math.Abs(vector.Area(shape))
		tree.Search(bound.Min, bound.Max, func(_, _ [2]float64, i int) bool {
			var part orb.MultiPolygon
			if part, err = c.Intersection(shape, zones.Features[i].Shape); err != nil {
				return false
			}
			if m2 := vector.Area(part); m2 > 0 {
				want[zoneChange{fmt.Sprintf("ecoregions:%d", zones.Features[i].Number), newGuineaChanges[kind]}] += m2
				outside -= m2
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return want, outside
}

// floodFill counts 8-connected patches of each kind.
func floodFill(cols int, kinds []uint8) (patches [256]int) {
	seen := make([]bool, len(kinds))
	var stack []int
	for start, k := range kinds {
		if k == 0 || seen[start] {
			continue
		}
		patches[k]++
		seen[start] = true
		stack = append(stack, start)
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			col := at % cols
			for dr := -cols; dr <= cols; dr += cols {
				for dc := -1; dc <= 1; dc++ {
					next := at + dr + dc
					if col+dc < 0 || col+dc >= cols || next < 0 || next >= len(kinds) || seen[next] || kinds[next] != k {
						continue
					}
					seen[next] = true
					stack = append(stack, next)
				}
			}
		}
	}
	return patches
}

// MOLUSCE's sample: NoData differs between the epochs, and three cells that go from
// NoData to class 4 are no change.
func TestMolusce(t *testing.T) {
	data := realData(t, "molusce_init_final")
	dir := t.TempDir()
	legend := "code,name_en,name_zh,color,ecosystem\n1,a,甲,#111111,cropland\n2,b,乙,#222222,forest\n3,c,丙,#333333,built\n4,d,丁,#444444,bare\n"
	if err := os.WriteFile(filepath.Join(dir, "legend.csv"), []byte(legend), 0o644); err != nil {
		t.Fatal(err)
	}
	zone := `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[48.7,56.1],[48.9,56.1],[48.9,56.25],[48.7,56.25],[48.7,56.1]]]}}]}`
	if err := os.WriteFile(filepath.Join(dir, "zone.geojson"), []byte(zone), 0o644); err != nil {
		t.Fatal(err)
	}
	out := runJob(t, dir, fmt.Sprintf(`
before: {files: [%[1]s/init.tif], year: 2000, legend: legend.csv}
after: {files: [%[1]s/final.tif], year: 2010, legend: legend.csv}
redline: [{file: zone.geojson}]
out: out
`, data), "--formats", "geojson")
	total, changed, tofour := 0, 0, 0
	for _, row := range table(t, filepath.Join(out, "matrix.csv")) {
		n, err := strconv.Atoi(row["cells"])
		if err != nil {
			t.Fatal(err)
		}
		total += n
		if row["from_code"] != row["to_code"] {
			changed += n
			if row["to_code"] == "4" {
				tofour += n
			}
		}
	}
	// 443 × 365 cells, of which 59 are NoData before and 56 after; 5337 change, counting
	// the three that only begin to be seen (the data's own README).
	if total != 443*365-59 {
		t.Errorf("%d cells are valid in both epochs, want %d", total, 443*365-59)
	}
	if changed != 5337-3 {
		t.Errorf("%d cells changed, want %d", changed, 5337-3)
	}
	t.Logf("%d valid, %d changed, %d of them to class 4", total, changed, tofour)
}

// Anhui's counties, of which 7 are invalid, and its prefectures, of which 4 are, as the
// admin layer of the sample: repaired, reported, and found again in the candidates.
func TestAnhuiCounties(t *testing.T) {
	data := realData(t, "anhui_admin_geomapdata")
	invalid := 0
	for _, file := range []string{"county.geojson", "city.geojson"} {
		var features []json.RawMessage
		pattern := filepath.Join(data, "citys", "*.json") // each holds the counties of a prefecture
		if file == "city.geojson" {
			pattern = filepath.Join(data, "province", "340000.json")
		}
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c struct{ Features []json.RawMessage }
			if err := json.Unmarshal(text, &c); err != nil {
				t.Fatal(err)
			}
			features = append(features, c.Features...)
		}
		all, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": features})
		if err != nil {
			t.Fatal(err)
		}
		dir := sample(t)
		if err := os.WriteFile(filepath.Join(dir, file), all, 0o644); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		out := runJob(t, dir, strings.NewReplacer("counties.geojson", file, ", city: city", "").Replace(string(text)), "--formats", "geojson")
		var manifest struct{ Repairs []struct{ Source string } }
		if text, err = os.ReadFile(filepath.Join(out, "manifest.json")); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatal(err)
		}
		for _, r := range manifest.Repairs {
			if strings.Contains(r.Source, file) {
				invalid++
			}
		}
		codes := map[string]int{}
		for _, c := range candidates(t, out) {
			code, name := c["adm_code"].(string), c["adm_name"].(string)
			if !strings.HasPrefix(code, "34") || len(code) != 6 || name == "" {
				t.Fatalf("%s: candidate with county %q %q", file, code, name)
			}
			codes[code]++
		}
		t.Logf("%s: %d features, candidates by code: %v", file, len(features), codes)
		if len(codes) < 3 {
			t.Errorf("%s: candidates in %d counties only", file, len(codes))
		}
	}
	if invalid != 11 {
		t.Errorf("%d polygons repaired, want the 11 invalid ones", invalid)
	}
}

// sample writes the built-in scene to a new folder.
func sample(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	var stdout, stderr bytes.Buffer
	if status := execute([]string{"demo", dir}, &stdout, &stderr); status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, &stdout, &stderr)
	}
	return dir
}
