package main

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// TestRasterFaults spoils the rasters of a job, one fault at a time.
func TestRasterFaults(t *testing.T) {
	testFaults(t, []fault{
		{name: "R09 missing raster", spoil: func(f folder) { f.remove("lc2020.tif") }, status: 11,
			want: "lc2020.tif: no such file"},
		{name: "R01 empty raster", spoil: func(f folder) { f.cut("lc2020.tif", 0) }, status: 11,
			want: "lc2020.tif: empty file (0 bytes); copy it again"},
		{name: "R03 raster cut in its header", spoil: func(f folder) { f.cut("lc2020.tif", 0.01) }, status: 11,
			want: "lc2020.tif: not a readable GTiff file: …; it may be damaged, cut short, or of another format: copy or export it again"},
		{name: "R04 raster without its directory", spoil: func(f folder) { f.cut("lc2020.tif", 0.5) }, status: 11,
			want: "lc2020.tif: not a readable GTiff file: …; it may be damaged, cut short, or of another format: copy or export it again"},
		{name: "R04 raster without its last blocks", spoil: func(f folder) {
			f.raster(func(_ *raster.Grid, cells []uint8) {
				for i := range cells { // so that the blocks have some length
					cells[i] = 1 + uint8(i*i>>3)%9
				}
			})
			f.cut("lc2020.tif", 0.5)
		}, status: 11,
			want: "lc2020.tif: …block…"},
		{name: "R02 text as raster", spoil: func(f folder) { f.check(os.WriteFile(f.path("lc2020.tif"), []byte("hello"), 0o666)) }, status: 11,
			want: "lc2020.tif: not a readable GTiff file: …"},
		{name: "R09 directory as raster", spoil: func(f folder) { f.remove("lc2020.tif"); f.check(os.Mkdir(f.path("lc2020.tif"), 0o777)) }, status: 11,
			want: "lc2020.tif: is a directory; name the raster files in it"},
		{name: "R09 pipe as raster", spoil: func(f folder) { f.remove("lc2020.tif"); f.check(syscall.Mkfifo(f.path("lc2020.tif"), 0o666)) }, status: 11,
			want: "lc2020.tif: is a pipe or device, not a regular file; save its content to a file first"},
		{name: "R28 four bands", spoil: func(f folder) { f.tiff(4, [6]float64{117, 0.001, 0, 31, 0, -0.001}) }, status: 11,
			want: "lc2020.tif: has 4 bands…; say which with --before-band/--after-band (job file: band)"},
		{name: "R22 rotated", spoil: func(f folder) { f.tiff(1, [6]float64{117, 0.001, 0.0001, 31, 0, -0.001}) }, status: 11,
			want: "lc2020.tif: is rotated or sheared (geotransform [117 0.001 0.0001 31 0 -0.001]); warp it to a north-up grid with gdalwarp -r near"},
		{name: "R24 no CRS", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.CRS = raster.CRS{} }) }, status: 11,
			want: "lc2020.tif: has no coordinate reference system; set the right one with gdal_edit.py -a_srs EPSG:…"},
		{name: "R34 unknown code", spoil: func(f folder) {
			f.raster(func(g *raster.Grid, cells []uint8) { cells[2*g.Cols+7], cells[3*g.Cols] = 77, 77 })
		}, status: 11,
			want: `lc2020.tif (2020): code 77 is not in legend "clcd": 2 cells, first at row 2, column 7; name the right legend, or add the code to a legend CSV`},
		{name: "R18 a quarter of a cell off", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += g.CellX / 4 }) }, status: 13,
			want: "the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): origins are not on one lattice: off by 0.25 cells east and 0 cells south (about 6.43 m east, 0 m south); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{name: "R19 other cell size", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.CellX, g.CellY = 0.0003, 0.0003 }) }, status: 13,
			want: "the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): cell size differs: 0.000269494585236 × 0.000269494585236 against 0.0003 × 0.0003; say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{name: "R20 other CRS", spoil: func(f folder) {
			f.raster(func(g *raster.Grid, _ []uint8) {
				crs, err := gdalraster.ParseCRS("EPSG:32650")
				f.check(err)
				g.CRS = crs
				g.OriginX, g.OriginY, g.CellX, g.CellY = 500_000, 3_430_000, 30, 30
			})
		}, status: 13,
			want: "the two rasters do not share one grid: before (lc2015.tif) and after (lc2020.tif): their CRSs differ, China Geodetic Coordinate System 2000 (EPSG:4490) against WGS 84 / UTM zone 50N (EPSG:32650); say --align (align: true in a job file) to bring after onto before's grid by nearest neighbour"},
		{name: "R21 rasters apart", spoil: func(f folder) { f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += 1000 * g.CellX }) }, status: 13,
			want: "the two rasters do not overlap: before (lc2015.tif) covers …° E, …° N, after (lc2020.tif) …° E, …° N; name rasters of one area"},
		{name: "R30 raster of too many cells", spoil: func(f folder) {
			f.remove("lc2020.tif")
			ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), 1, godal.Byte, 1_000_000, 1_000_000,
				godal.CreationOption("SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=16384", "BLOCKYSIZE=16384", "COMPRESS=LZW", "BIGTIFF=YES"))
			f.check(err)
			f.check(errors.Join(ds.SetGeoTransform([6]float64{117, 1e-5, 0, 31, 0, -1e-5}), ds.Close()))
		}, status: 17,
			want: "lc2020.tif: 1000000 × 1000000 cells are more than 4e+11: limit exceeded; cut the area with gdal_translate -projwin"},
	})
}
