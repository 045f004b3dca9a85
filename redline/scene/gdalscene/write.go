// Package gdalscene writes a synthetic scene to files of the kinds that real data come in:
// GeoTIFF, GeoPackage, Shapefile in GBK, GeoJSON. It needs cgo.
package gdalscene

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/scene"
	"greenshield/vector/gdalvector"
)

// The CRSs of the files of a scene of stars. Reserves are in degrees. The red line is in the 3-degree
// Gauss-Krüger zone 39, with the number of the zone in its eastings. GeoJSON is in longitude
// and latitude of WGS 84, as RFC 7946 wants it, for which CGCS2000 is taken unchanged.
const (
	reserveCRS = "EPSG:4490"
	redLineCRS = "EPSG:4527"
	geoJSONCRS = "EPSG:4326"
)

// gridCRS returns the CRS of the rasters. Albers is that of maps of China, with 25° and 47° N as standard parallels.
func gridCRS(p scene.Params) string {
	switch p.Projection {
	case scene.GaussKruger:
		return "EPSG:4527"
	case scene.Albers:
		return `PROJCS["CGCS2000 / Albers of China",
  GEOGCS["China Geodetic Coordinate System 2000",
    DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],
    PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],
    UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4490"]],
  PROJECTION["Albers_Conic_Equal_Area"],
  PARAMETER["latitude_of_center",0],PARAMETER["longitude_of_center",105],
  PARAMETER["standard_parallel_1",25],PARAMETER["standard_parallel_2",47],
  PARAMETER["false_easting",0],PARAMETER["false_northing",0],
  UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH]]`
	}
	return "EPSG:4490"
}

// layerFile is a layer, the file that it is written to, and how.
type layerFile struct {
	file     string
	layer    scene.Layer
	crs      string
	encoding string
}

// layerFiles lists the layers of a scene. Those that share borders are all in the CRS of the rasters, in a format that
// keeps every bit, so that they share them in the files too.
func layerFiles(s *scene.Scene, p scene.Params) []layerFile {
	exempt := layerFile{scene.Exempt, s.Exemptions(), geoJSONCRS, ""}
	if p.Layout != scene.Stars {
		return []layerFile{
			{scene.RedLine, s.RedLines(), gridCRS(p), ""},
			{scene.SharedReserve, s.Reserves(), gridCRS(p), ""},
			{scene.SharedCounty, s.Counties(), gridCRS(p), ""},
			exempt,
		}
	}
	return []layerFile{
		{scene.RedLine, s.RedLines(), redLineCRS, ""},
		{scene.Reserve, s.Reserves(), reserveCRS, "GBK"},
		{scene.County, s.Counties(), geoJSONCRS, ""},
		exempt,
	}
}

// Write makes the scene of p and writes it to the folder dir: two GeoTIFFs, the zones,
// counties and the exemption, the job file and a README, and of a scene with a third epoch
// that, the maps of the years between, those of another product, and the files of its story,
// under the names that package scene has as constants and in [scene.Maps]. The folder is made when it does not exist;
// when it does it must be empty. The job file is written last, so a folder that has one is complete.
//
// tiffOptions are creation options of GDAL's GeoTIFF driver; without any the files have LZW
// tiles of 256 × 256 cells. The same p and options give the same bytes. Cells are made and
// written in bands of rows, so memory does not grow with the number of rows.
func Write(dir string, p scene.Params, tiffOptions ...string) error {
	s, err := scene.New(p)
	if err != nil {
		return err
	}
	if err := emptyFolder(dir); err != nil {
		return err
	}
	if _, err := gdalraster.Init(0); err != nil {
		return err
	}
	tiffOptions = tiled(tiffOptions)
	epochs := []string{scene.RasterA, scene.RasterB}
	if s.Later() {
		epochs = append(epochs, scene.RasterC)
	}
	for epoch, name := range epochs {
		if err := writeRaster(filepath.Join(dir, name), s, epoch, gridCRS(p), tiffOptions); err != nil {
			return err
		}
	}
	grid, err := gdalraster.ParseCRS(gridCRS(p))
	if err != nil {
		return err
	}
	for _, l := range layerFiles(s, p) {
		if err := writeLayer(filepath.Join(dir, l.file), s, grid, l); err != nil {
			return err
		}
	}
	if s.Later() {
		if err := WriteOther(dir, s, tiffOptions...); err != nil {
			return err
		}
		years := s.Years(scene.YearA, scene.YearB, scene.RealNoise)
		if err := WriteMaps(dir, dir, s, years, scene.Maps(), tiffOptions...); err != nil {
			return err
		}
	}
	texts := []textFile{{scene.ReadmeFile, []byte(scene.Readme(p))}}
	if s.Later() {
		texts = append(texts, textFile{scene.LaterJobFile, []byte(scene.LaterJob(p))},
			textFile{scene.LeadsFile, scene.Leads}, textFile{scene.StoryFile, scene.Story})
	}
	for _, f := range append(texts, textFile{scene.JobFile, []byte(scene.Job(p))}) {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// tiled returns options of the GeoTIFF driver, or those for LZW tiles when there are none.
func tiled(options []string) []string {
	if len(options) == 0 {
		return []string{"TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=256", "COMPRESS=LZW"}
	}
	return options
}

type textFile struct {
	name string
	text []byte
}

// emptyFolder makes the folder dir, or sees that it is empty.
func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, 0o777)
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty; name a new folder for the scene", dir)
	}
	return nil
}

// bandRows is how many rows are made and written at once. Tiles whose height divides 512
// are then written whole, so that GDAL compresses each of them once.
const bandRows = 512

// writeRaster writes the raster of an epoch.
func writeRaster(path string, s *scene.Scene, epoch int, crsName string, options []string) error {
	grid := s.Grid()
	crs, err := gdalraster.ParseCRS(crsName)
	if err != nil {
		return err
	}
	grid.CRS = crs
	noData := 0.0
	w, err := gdalraster.Create(path, grid, &noData, palette(), options...)
	if err != nil {
		return err
	}
	band := make([]uint8, min(bandRows, grid.Rows)*grid.Cols)
	for row := 0; row < grid.Rows && err == nil; row += bandRows {
		band = band[:min(bandRows, grid.Rows-row)*grid.Cols]
		fill(band, s, epoch, row)
		err = w.WriteRows(row, band)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	year := [...]int{scene.YearA, scene.YearB, scene.YearC}[epoch]
	return describe(path, fmt.Sprintf("%s Land cover %d, CLCD codes.", scene.Synthetic, year))
}

// fill makes the rows of a band on all processors.
func fill(band []uint8, s *scene.Scene, epoch, firstRow int) {
	cols := s.Grid().Cols
	eachRow(len(band)/cols, func(i int) { s.Row(epoch, firstRow+i, band[i*cols:(i+1)*cols]) })
}

// eachRow calls do for the numbers 0 … n−1, on all processors.
func eachRow(n int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// describe writes a text into the raster at path, as its description.
func describe(path, text string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	ds, err := godal.Open(absolute, godal.Update(), godal.RasterOnly(), godal.Drivers("GTiff"))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := errors.Join(ds.SetMetadata("TIFFTAG_IMAGEDESCRIPTION", text), ds.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// palette returns the colours of CLCD by class code: red, green, blue, opacity.
func palette() *[256][4]uint8 {
	return &[256][4]uint8{
		1: {0xFA, 0xE3, 0x9C, 255}, // cropland
		2: {0x44, 0x6F, 0x33, 255}, // forest
		3: {0x33, 0xA0, 0x2C, 255}, // shrub
		4: {0xAB, 0xD3, 0x7B, 255}, // grassland
		5: {0x1E, 0x69, 0xB4, 255}, // water
		6: {0xA6, 0xCE, 0xE3, 255}, // snow and ice
		7: {0xCF, 0xBD, 0xA3, 255}, // barren
		8: {0xE2, 0x42, 0x90, 255}, // impervious
		9: {0x28, 0x9B, 0xE8, 255}, // wetland
	}
}

// writeLayer writes a layer of a scene whose rasters are in the CRS grid.
func writeLayer(path string, s *scene.Scene, grid raster.CRS, l layerFile) error {
	crs, err := gdalraster.ParseCRS(l.crs)
	if err != nil {
		return err
	}
	rows, err := project(s, l.layer, grid, crs)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return gdalvector.Write(path, crs, l.layer.Fields, rows, gdalvector.WriteOptions{Layer: l.layer.Name, Encoding: l.encoding})
}

// project takes a layer's shapes from lattice coordinates to a CRS.
func project(s *scene.Scene, l scene.Layer, grid, crs raster.CRS) ([]gdalvector.Row, error) {
	t, err := gdalraster.NewTransform(grid, crs)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	var rows []gdalvector.Row
	for _, f := range l.Features {
		shape := make(orb.MultiPolygon, len(f.Shape))
		for i, polygon := range f.Shape {
			for _, ring := range polygon {
				x, y := make([]float64, len(ring)), make([]float64, len(ring))
				for k, p := range ring {
					x[k], y[k] = s.Map(p[0], p[1])
				}
				if err := t.XY(x, y); err != nil {
					return nil, err
				}
				out := make(orb.Ring, len(ring))
				for k := range ring {
					out[k] = orb.Point{x[k], y[k]}
				}
				shape[i] = append(shape[i], out)
			}
		}
		rows = append(rows, gdalvector.Row{Values: f.Values, Shape: shape})
	}
	return rows, nil
}
