package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
)

// mix is a number that depends on two others alone, by the finalizer of SplitMix64.
func mix(a, b int) int {
	h := uint64(a)*0x9E3779B97F4A7C15 + uint64(b)
	h = (h ^ h>>30) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>27) * 0x94D049BB133111EB
	return int((h ^ h>>31) >> 1)
}

// patchYears gives each 8-connected patch of cells of one kind, but 0, a year from first to last, or, one in four, a
// negative number of its own.
func patchYears(cols int, kinds []uint8, first, last int) []int {
	years := make([]int, len(kinds))
	rows := len(kinds) / cols
	for start, kind := range kinds {
		if kind == 0 || years[start] != 0 {
			continue
		}
		year := first + mix(start, 1)%(last-first+1)
		if mix(start, 2)%4 == 0 {
			year = -start - 1
		}
		years[start] = year
		for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
			row, col := queue[0]/cols, queue[0]%cols
			for r := max(0, row-1); r <= min(rows-1, row+1); r++ {
				for c := max(0, col-1); c <= min(cols-1, col+1); c++ {
					if i := r*cols + c; kinds[i] == kind && years[i] == 0 {
						years[i] = year
						queue = append(queue, i)
					}
				}
			}
		}
	}
	return years
}

// newGuineaAfter are the codes of the new group of each change type, written down apart from the rule table.
var newGuineaAfter = map[string][]uint8{
	"construction": {5}, "stripping": {7}, "reclamation": {1}, "construction_on_cropland": {5}, "inundation": {9},
	"degradation": {3, 6}, "restoration": {2, 3, 6, 9}, "cropland_stripped": {7},
}

// newGuineaBetween makes maps of years between those of New Guinea: every patch of change has a year of its own, and some
// go to and fro; some cells are another class for a year, some have no data, and two maps cover a part of the grid.
func newGuineaBetween(grid raster.Grid, both [2][]uint8, kinds []uint8) *annual {
	const nodata = 255
	a := &annual{grid: grid, nodata: nodata, after: newGuineaAfter, years: []int{2001, 2003, 2004, 2007, 2009, 2010, 2013, 2015}}
	years := patchYears(grid.Cols, kinds, 2002, 2015)
	for k, year := range a.years {
		cells := both[min(k, 1)]
		if k > 0 && k < len(a.years)-1 {
			cells = slices.Clone(both[0])
			for i := range cells {
				row, col := i/grid.Cols, i%grid.Cols
				switch blip := mix(i, year); {
				case (year == 2004 || year == 2009) && col >= grid.Cols*2/3:
					cells[i] = nodata
				case mix(row/40*1000+col/40, year)%9 == 0:
					cells[i] = nodata
				case blip%31 == 0 && both[0][i] != nodata:
					cells[i] = []uint8{1, 2, 3, 5, 6, 7, 9}[blip/31%7]
				case kinds[i] > 0 && years[i] < 0:
					cells[i] = both[mix(years[i], year)%2][i]
				case kinds[i] > 0 && year >= years[i]:
					cells[i] = both[1][i]
				}
			}
		}
		a.cells = append(a.cells, cells)
	}
	return a
}

// left returns the western part of a map.
func left(g raster.Grid, cells []uint8, cols int) (raster.Grid, []uint8) {
	part := make([]uint8, 0, cols*g.Rows)
	for row := range g.Rows {
		part = append(part, cells[row*g.Cols:row*g.Cols+cols]...)
	}
	g.Cols = cols
	return g, part
}

// TestNewGuineaDates: on the land cover of New Guinea, with maps between that are made by a rule of their own and its
// ecoregions as zones, every candidate is dated as a count by cells says.
func TestNewGuineaDates(t *testing.T) {
	data := newGuinea(t)
	grid, both := newGuineaCodes(t, data)
	ds, err := godal.Open(filepath.Join(data, "landcover2001.tif"))
	if err != nil {
		t.Fatal(err)
	}
	grid.CRS, err = gdalraster.CRSOf(ds.SpatialRef())
	if err := errors.Join(err, ds.Close()); err != nil {
		t.Fatal(err)
	}
	kinds := make([]uint8, len(both[0]))
	for i := range kinds {
		kinds[i] = uint8(newGuineaChange(both[0][i], both[1][i]))
	}
	a := newGuineaBetween(grid, both, kinds)
	f := folder{t, t.TempDir()}
	for k, year := range a.years[1:5] {
		g, cells := grid, a.cells[k+1]
		if year == 2004 || year == 2009 {
			g, cells = left(grid, cells, grid.Cols*2/3)
		}
		writeBands(t, f.path(fmt.Sprintf("%d.tif", year)), g, a.nodata, false, cells)
	}
	writeBands(t, f.path("2010.tif"), grid, a.nodata, true, a.cells[6], a.cells[5], a.cells[6]) // a band of no use comes first
	writeBands(t, f.path("2013.tif"), grid, a.nodata, true, a.cells[6])
	f.text("legend.csv", newGuineaLegend)
	out := runJob(t, f.dir, fmt.Sprintf(`
before: {files: [%[1]s/landcover2001.tif], year: 2001, legend: legend.csv}
after: {files: [%[1]s/landcover2015.tif], year: 2015, legend: legend.csv}
between:
  - {year: 2009, files: [2009.tif]}
  - {year: 2003, files: [2003.tif]}
  - {year: 2004, files: [2004.tif]}
  - {year: 2007, files: [2007.tif]}
  - {year: 2010, files: [2010.tif], band: 2}
  - {year: 2013, files: [2013.tif]}
redline: [{file: %[1]s/ecoregions.gpkg, fields: {id: "#"}}]
formats: geojson
out: out
`, data))
	n, grades := a.check(t, out)
	t.Logf("%d candidates, grades %v", n, grades)
	if n < 500 || grades["A"] < 100 || grades["B"] < 50 || grades["C"] < 20 || grades["D"] < 20 {
		t.Errorf("too little was compared: %d candidates, grades %v", n, grades)
	}
	years := map[string]int{}
	for _, c := range candidates(t, out) {
		if year, ok := c["chg_year"].(float64); ok {
			years[fmt.Sprint(year)]++
		}
	}
	if len(years) < 7 {
		t.Errorf("candidates by year: %v", years)
	}
}

// stackLegend writes a legend from its codes by ecosystem class and returns the codes.
func stackLegend(f folder, classes map[string][]int) map[string][]uint8 {
	f.legendOf("legend.csv", classes)
	codes := map[string][]uint8{}
	for class, all := range classes {
		for _, code := range all {
			codes[class] = append(codes[class], uint8(code))
		}
	}
	return codes
}

// annualData returns a folder of real annual maps, which not everybody has.
func annualData(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	dir, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); root == "" || err != nil {
		t.Skipf("annual maps %s are not in the folder of GREENSHIELD_DATA; CONTRIBUTING.md tells where they are from", name)
	}
	return dir
}

// sinusoidal is the CRS of MODIS on an ellipsoid: the maps are on a sphere, on which areas come out wrong.
const sinusoidal = `PROJCS["Sinusoidal",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],` +
	`PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Sinusoidal"],PARAMETER["longitude_of_center",0],` +
	`PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]`

// matoGrosso is a test of real annual maps of Mato Grosso.
type matoGrosso struct {
	years   [2]int
	nodata  uint8
	classes map[string][]int
	file    func(data string, year int) (path string, band int)
	between func(data string) string
}

// run runs all years of the maps with four rectangles as zones and holds every candidate against the brute force.
func (m *matoGrosso) run(t *testing.T, data string) {
	f := folder{t, t.TempDir()}
	codes := stackLegend(f, m.classes)
	natural := slices.Concat(codes["forest"], codes["shrub"], codes["grassland"], codes["wetland"])
	a := &annual{nodata: m.nodata, after: map[string][]uint8{
		"construction": codes["built"], "construction_on_cropland": codes["built"], "reclamation": codes["cropland"],
		"inundation": codes["wetland"], "degradation": slices.Concat(codes["shrub"], codes["grassland"]), "restoration": natural,
	}}
	for year := m.years[0]; year <= m.years[1]; year++ {
		path, band := m.file(data, year)
		grid, cells := bandCodes(t, path, band, m.nodata)
		a.grid, a.years, a.cells = grid, append(a.years, year), append(a.cells, cells)
	}
	var err error
	a.grid.CRS, err = gdalraster.ParseCRS(sinusoidal)
	f.check(err)
	f.rectangles(a.grid)
	epoch := func(year int) string {
		path, band := m.file(data, year)
		return fmt.Sprintf("{files: [%s], band: %d, year: %d, legend: legend.csv, crs: %q}", path, band, year, sinusoidal)
	}
	out := runJob(t, f.dir, fmt.Sprintf(`
before: %s
after: %s
between: %s
redline: [{file: zones.gpkg, fields: {id: HXBM}}]
formats: all
out: out
`, epoch(m.years[0]), epoch(m.years[1]), m.between(data)))
	n, grades := a.check(t, out)
	t.Logf("%d candidates, grades %v", n, grades)
	if n < 100 || len(grades) < 3 {
		t.Errorf("too little was compared: %d candidates, grades %v", n, grades)
	}
}

// bandCodes reads a band of codes; what is none, or is no byte, becomes nodata.
func bandCodes(t *testing.T, path string, band int, nodata uint8) (raster.Grid, []uint8) {
	t.Helper()
	if _, err := gdalraster.Init(0); err != nil {
		t.Fatal(err)
	}
	ds, err := godal.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	s := ds.Structure()
	gt, err := ds.GeoTransform()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, s.SizeX*s.SizeY)
	if err := ds.Bands()[band-1].Read(0, 0, values, s.SizeX, s.SizeY); err != nil {
		t.Fatal(err)
	}
	cells := make([]uint8, len(values))
	for i, v := range values {
		if cells[i] = nodata; v >= 0 && v < 255 {
			cells[i] = uint8(v)
		}
	}
	return raster.Grid{OriginX: gt[0], OriginY: gt[3], CellX: gt[1], CellY: -gt[5], Cols: s.SizeX, Rows: s.SizeY}, cells
}

// rectangles writes four rectangles as zones, whose borders run through cells.
func (f folder) rectangles(g raster.Grid) {
	f.t.Helper()
	var rows []gdalvector.Row
	for i := range 4 {
		u, v := float64(i%2)*0.47+0.03, float64(i/2)*0.47+0.03
		corner := func(u, v float64) orb.Point {
			return orb.Point{g.OriginX + u*float64(g.Cols)*g.CellX, g.OriginY - v*float64(g.Rows)*g.CellY}
		}
		rows = append(rows, gdalvector.Row{Values: []string{fmt.Sprintf("Z%d", i+1)}, Shape: orb.MultiPolygon{{{
			corner(u, v+0.44), corner(u+0.44, v+0.44), corner(u+0.44, v), corner(u, v), corner(u, v+0.44)}}}})
	}
	f.check(gdalvector.Write(f.path("zones.gpkg"), g.CRS, []string{"HXBM"}, rows, gdalvector.WriteOptions{}))
}

// TestAnnualMaps: on real annual maps of Mato Grosso, 2001 to 2017 as files of bytes and 2001 to 2016 as bands of
// floating-point numbers, every candidate is dated as a count by cells says.
func TestAnnualMaps(t *testing.T) {
	t.Run("files", func(t *testing.T) {
		file := func(data string, year int) (string, int) {
			return filepath.Join(data, fmt.Sprintf("bb_recorte_13c_mt_%d_v4.tif", year)), 1
		}
		m := matoGrosso{years: [2]int{2001, 2017}, nodata: 15, file: file}
		m.classes = map[string][]int{"shrub": {1, 13}, "forest": {3}, "cropland": {2, 5, 6, 7, 8, 9, 10}, "grassland": {4},
			"built": {11}, "wetland": {12}}
		m.between = func(data string) string {
			var all []string
			for year := 2016; year > 2001; year-- {
				path, _ := file(data, year)
				all = append(all, fmt.Sprintf("{year: %d, files: [%s], crs: %q}", year, path, sinusoidal))
			}
			return "[" + strings.Join(all, ", ") + "]"
		}
		m.run(t, annualData(t, "mato_grosso_luccpl"))
	})
	t.Run("bands", func(t *testing.T) {
		file := func(data string, year int) (string, int) {
			return filepath.Join(data, "rasterItanhanga.tif"), year - 2000
		}
		m := matoGrosso{years: [2]int{2001, 2016}, nodata: 255, file: file}
		m.classes = map[string][]int{"shrub": {1}, "forest": {4}, "cropland": {2, 3, 8, 9, 10, 11, 12, 13, 14},
			"grassland": {5, 6, 7}, "wetland": {15, 16}}
		m.between = func(data string) string {
			path, _ := file(data, 2001)
			return fmt.Sprintf("[{years: 2002-2015, first_band: 2, files: [%s], crs: %q}]", path, sinusoidal)
		}
		m.run(t, annualData(t, "mato_grosso_luccalculus"))
	})
}
