package gdalraster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/airbusgeo/godal"
)

// drivers maps the ending of a file's name to the only GDAL driver that may open it, so that no file is read as
// anything else than what its name says.
var drivers = map[string]string{
	".tif": "GTiff", ".tiff": "GTiff", ".img": "HFA", ".asc": "AAIGrid", ".vrt": "VRT", ".adf": "AIG",
}

// checkFile refuses names that GDAL would not take as a local file, and whatever
// cannot be a raster file, before GDAL sees it.
func checkFile(path string) (os.FileInfo, error) {
	lower := strings.ToLower(path)
	if path == "" || strings.HasPrefix(lower, "/vsi") || strings.Contains(path, "://") || strings.Contains(path, "<") {
		return nil, fmt.Errorf("%q is not the name of a local file; download or unpack it first", path)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: no such file", path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s: is a directory; name the raster files in it", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is a pipe or device, not a regular file; save its content to a file first", path)
	case info.Size() == 0:
		return nil, fmt.Errorf("%s: empty file (0 bytes); copy it again", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return info, f.Close()
}

func driverOf(path string) (string, error) {
	driver, ok := drivers[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return "", fmt.Errorf("%s: unknown kind of raster; supported are GeoTIFF (.tif, .tiff), ERDAS Imagine (.img), ASCII "+
			"grid (.asc), ESRI grid (a folder with hdr.adf) and mosaics (.vrt): convert it with gdal_translate", path)
	}
	return driver, nil
}

// close closes ds on behalf of a function that is about to return *err, which it sets if nothing went wrong before.
func (p *part) close(ds *godal.Dataset, err *error) {
	if closeErr := ds.Close(); *err == nil && closeErr != nil {
		*err = fmt.Errorf("%s: %w", p.path, closeErr)
	}
}

// harmless are parts of warnings that GDAL gives at opening and that do not put the cells in doubt.
var harmless = []string{
	"used to have optimizations in its layout", // a cloud-optimized GeoTIFF that was edited
}

// open opens the file with the one driver that its name allows. Every other warning of GDAL is an error, since a file
// that was cut short often opens with nothing but a warning.
func (p *part) open() (*godal.Dataset, error) {
	ds, err := godal.Open(p.name, godal.RasterOnly(), godal.Drivers(p.driver), godal.ErrLogger(
		func(category godal.ErrorCategory, _ int, message string) error {
			isHarmless := func(part string) bool { return strings.Contains(message, part) }
			if category < godal.CE_Warning || category == godal.CE_Warning && slices.ContainsFunc(harmless, isHarmless) {
				return nil
			}
			return errors.New(message)
		}))
	if err != nil {
		return nil, fmt.Errorf("%s: not a readable %s file: %s; it may be damaged, cut short, or of another format: copy or "+
			"export it again", p.path, p.driver, oneLine(err))
	}
	return ds, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
