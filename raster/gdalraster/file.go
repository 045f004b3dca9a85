package gdalraster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/airbusgeo/godal"

	"greenshield/raster/object"
)

// drivers maps the ending of a file's name to the only GDAL driver that may open it, so that no file is read as
// anything else than what its name says.
var drivers = map[string]string{
	".tif": "GTiff", ".tiff": "GTiff", ".img": "HFA", ".asc": "AAIGrid", ".vrt": "VRT", ".adf": "AIG",
	".nc": "netCDF", ".nc4": "netCDF", ".h5": "netCDF", ".hdf5": "netCDF", ".he5": "netCDF", // netCDF-4 is HDF5
	".hdf": "HDF4", ".h4": "HDF4",
}

// checkFile refuses names that GDAL would not take as a local file, and whatever
// cannot be a raster file, before GDAL sees it.
func checkFile(path string) (os.FileInfo, error) {
	if object.Named(path) {
		return checkObject(path)
	}
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

// checkObject is checkFile for an object.
func checkObject(path string) (os.FileInfo, error) {
	info, err := object.Stat(path)
	if err == nil && info.Size() == 0 {
		err = fmt.Errorf("%s: empty file (0 bytes); copy it again", path)
	}
	return info, err
}

func driverOf(path string) (string, error) {
	driver, ok := drivers[strings.ToLower(filepath.Ext(path))]
	if !ok {
		return "", fmt.Errorf("%s: unknown kind of raster; supported are GeoTIFF (.tif, .tiff), ERDAS Imagine (.img), ASCII "+
			"grid (.asc), ESRI grid (a folder with hdr.adf), netCDF (.nc), HDF (.hdf, .h5) and mosaics (.vrt); %s", path,
			Mend(".tif", path, "gdal_translate -co COMPRESS=LZW"))
	}
	return driver, nil
}

// close closes ds on behalf of a function that is about to return *err, which it sets if nothing went wrong before.
func (p *part) close(ds *godal.Dataset, err *error) {
	if closeErr := ds.Close(); *err == nil && closeErr != nil {
		*err = fmt.Errorf("%s: %w", p.path, closeErr)
	}
}

// harmless lists the warnings of GDAL and libtiff that do not put the cells in doubt. libtiff has read the directory
// nonetheless, and each block is still checked when it is read. Whatever is not listed is an error, since a file that
// was cut short often opens with nothing but a warning.
var harmless = []struct {
	message *regexp.Regexp
	tell    string // what the user is told, with the first group of message; "" for nothing
}{
	// A cloud-optimized GeoTIFF that was edited; only its promise of an order of blocks is broken.
	{regexp.MustCompile(`used to have optimizations in its layout`), ""},
	// Of a netCDF file: a band is chosen by its number, whatever its dimension means.
	{regexp.MustCompile(`dimension #\d+ \(.*\) is not a Time or Vertical dimension`), ""},
	// Nor is a CRS taken from conventions, but from a grid mapping alone.
	{regexp.MustCompile(`No UNIDATA NC_GLOBAL:Conventions attribute`), ""},
	// libtiff finds tags wherever they stand, and of a tag that stands twice takes the first.
	{regexp.MustCompile(`: ?Invalid TIFF directory; (tags are not sorted in ascending order)$`), "%s"},
	// Text and resolution say nothing of the cells. The same of any other tag, such as the NoData value, is an error.
	{regexp.MustCompile(`(?:Incompatible type for|Incorrect (?:count|value) for|Wrong data type \d+ for|` +
		`ASCII value for tag) "(DocumentName|ImageDescription|Make|Model|PageName|Software|DateTime|Artist|HostComputer|` +
		`TargetPrinter|Copyright|[XY]Resolution|ResolutionUnit)"(?:; tag ignored| contains null byte in value;.*|` +
		` does not end in null byte.*)$`), "its tag %s cannot be read"},
}

// judge returns a handler of GDAL's messages that makes errors of all warnings but harmless ones, which tell is given
// in words; it may be nil.
func judge(tell func(what string)) func(godal.ErrorCategory, int, string) error {
	return func(category godal.ErrorCategory, _ int, message string) error {
		if category < godal.CE_Warning {
			return nil
		}
		for _, h := range harmless {
			match := h.message.FindStringSubmatch(message)
			if category > godal.CE_Warning || match == nil {
				continue
			}
			if h.tell != "" && tell != nil {
				tell(fmt.Sprintf(h.tell, match[1]))
			}
			return nil
		}
		return errors.New(message)
	}
}

// open opens the file with the one driver that its name allows. tell, if it is not nil, is given what is odd in the
// file but harmless.
func (p *part) open(tell func(what string)) (*godal.Dataset, error) {
	ds, err := godal.Open(p.name, godal.RasterOnly(), godal.Drivers(p.driver), godal.ErrLogger(judge(tell)))
	if fault := object.Fault(p.path); err != nil && fault != nil {
		return nil, fault
	}
	if err != nil {
		return nil, fmt.Errorf("%s: not a readable %s file: %s; it may be damaged, cut short, or of another format: copy or "+
			"export it again", p.path, p.driver, oneLine(err))
	}
	return ds, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
