package gdalvector

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"greenshield/raster/gdalraster"
	"greenshield/raster/object"
)

// Source names one layer of a vector file.
type Source struct {
	File  string // as [Find] returns it
	Layer string // "" for the only layer of the file

	// Encoding is the encoding of a Shapefile's text, whatever the file declares; "" means to find it out.
	// DefaultEncoding is that of text that declares none. The other formats have one encoding.
	Encoding, DefaultEncoding string

	// Where is an attribute filter: a WHERE clause of OGR SQL, without that word, over the values as they are stored; ""
	// keeps all features. It is the same for all formats. A feature for which it does not hold is left out.
	Where string

	// Places keeps features without an area too: points, see [Feature], and those without geometry.
	Places bool

	Memory int64 // bytes that its features may take; 0 is no limit

	// CRS is stated by the user, see [gdalraster.Definitions.StateCRS]; "" for what the file declares.
	CRS         string
	Definitions *gdalraster.Definitions // shared with what else reads CRSs, nil for none
}

// String returns the source as FILE or FILE|layername=NAME, as QGIS writes it, without encodings.
func (s Source) String() string {
	if s.Layer == "" {
		return s.File
	}
	return s.File + "|layername=" + s.Layer
}

// driverOf returns the only driver that may open path, by its extension.
func driverOf(path string) (string, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".shp":
		return "ESRI Shapefile", nil
	case ".gpkg":
		return "GPKG", nil
	case ".gdb":
		return "OpenFileGDB", nil
	case ".geojson", ".json":
		return "GeoJSON", nil
	case ".fgb":
		return "FlatGeobuf", nil
	case ".kml":
		return "LIBKML", nil
	}
	switch {
	case convertible[strings.ToLower(filepath.Ext(path))] != "":
		return "", convert(path, convertible[strings.ToLower(filepath.Ext(path))])
	case strings.EqualFold(filepath.Ext(path), ".mdb"):
		return "", errors.New("personal geodatabases are not read; export the layer to a .gpkg or .gdb")
	}
	return "", errors.New("unknown kind of vector file; give a .shp, .gpkg, .gdb, .geojson, .json, .fgb, .kml or .kmz")
}

// Find returns the file or file geodatabase that a path names: the path itself, without slashes at its end, or the only
// Shapefile of a folder. The error lists the Shapefiles of a folder that has none or several.
func Find(path string) (string, error) {
	path = strings.TrimRight(path, "/")
	if archive, inner, ok := gdalraster.Packed(path); ok {
		return findPacked(archive, inner)
	}
	info, err := os.Stat(path)
	if _, unknown := driverOf(path); unknown == nil || err != nil || !info.IsDir() {
		return path, nil // what is wrong with it is said when it is read
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, cause(err))
	}
	var shapefiles []string
	for _, e := range entries {
		if strings.EqualFold(filepath.Ext(e.Name()), ".shp") {
			shapefiles = append(shapefiles, e.Name())
		}
	}
	switch len(shapefiles) {
	case 0:
		return "", fmt.Errorf("%s: is a folder without a Shapefile; name the file or the .gdb folder that is meant", path)
	case 1:
		return filepath.Join(path, shapefiles[0]), nil
	}
	return "", fmt.Errorf("%s: is a folder with %d Shapefiles, name one of them: %s", path, len(shapefiles),
		strings.Join(shapefiles, ", "))
}

// connection matches what GDAL would take for a database or service rather than a file.
var connection = regexp.MustCompile(`^[A-Za-z_0-9]{2,}:`)

// escape matches what stands for another character where SQLite reads names as URIs. GDAL lets it do so for files
// that nobody changes.
var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// locate checks that path is a local file of a known kind, without opening it: a FIFO must not hang, and nothing but
// a file may be handed to GDAL.
func locate(path string) (driver, abs string, err error) {
	if object.Named(path) {
		return locateObject(path)
	}
	if strings.HasPrefix(path, "/vsi") || strings.Contains(path, "://") || connection.MatchString(path) ||
		strings.HasPrefix(strings.TrimSpace(path), "<") || strings.HasPrefix(strings.TrimSpace(path), "{") ||
		strings.ContainsRune(path, 0) {
		return "", "", errors.New("not the name of a local file; virtual files, links and database connections are not " +
			"opened")
	}
	if driver, err = driverOf(path); err != nil {
		return "", "", err
	}
	if abs, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	info, err := stat(abs)
	switch {
	case driver == "GPKG" && escape.MatchString(abs):
		return "", "", errors.New("its path holds a percent sign with two hexadecimal digits, by which SQLite would open a " +
			"file of another name; rename the file or folder")
	case err != nil:
		return "", "", cause(err)
	case driver == "OpenFileGDB" && !info.IsDir():
		return "", "", errors.New("a file geodatabase is a folder; unpack the archive first")
	case driver != "OpenFileGDB" && !info.Mode().IsRegular():
		return "", "", errors.New("not a regular file")
	case driver != "OpenFileGDB" && info.Size() == 0:
		return "", "", errors.New("the file is empty")
	}
	return driver, abs, nil
}

// locateObject is [locate] for an object, which must be a format of one file.
func locateObject(path string) (driver, name string, err error) {
	if driver, err = driverOf(path); err != nil {
		return "", "", err
	}
	switch driver {
	case "GPKG", "GeoJSON", "FlatGeobuf":
	default:
		return "", "", errors.New("of object stores only .gpkg, .geojson and .fgb are read; copy all its files to a folder " +
			"and name the one there")
	}
	info, err := object.Stat(path)
	switch {
	case err != nil:
		return "", "", objectCause(path, err)
	case info.Size() == 0:
		return "", "", errors.New("the file is empty")
	}
	return driver, path, nil
}

// objectCause strips the name of an object from the error of reading it, which the caller's message names already.
func objectCause(name string, err error) error {
	text, ok := strings.CutPrefix(err.Error(), name+": ")
	if !ok {
		return err
	}
	return errors.New(text)
}

// cause strips the path of an error, which the caller's message names already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// siblings returns the files beside a Shapefile that belong to it, by lower-case
// extension without dot, whatever case they are written in.
func siblings(shp string) (map[string]string, error) {
	dir := filepath.Dir(shp)
	entries, err := names(dir)
	if err != nil {
		return nil, cause(err)
	}
	stem := strings.TrimSuffix(filepath.Base(shp), filepath.Ext(shp))
	found := map[string]string{"shp": shp}
	for _, name := range entries {
		ext := filepath.Ext(name)
		key := strings.TrimPrefix(strings.ToLower(ext), ".")
		if strings.TrimSuffix(name, ext) == stem && ext != "" && key != "shp" {
			found[key] = filepath.Join(dir, name)
		}
	}
	return found, nil
}

// geodatabaseFiles lists the files of a .gdb folder that hold data, sorted. Compressed
// tables are refused: OGR leaves them out in silence.
func geodatabaseFiles(dir string) (files []string, err error) {
	walk := filepath.WalkDir
	if archive, inner, ok := gdalraster.Packed(dir); ok {
		z, err := zip.OpenReader(archive)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		dir, walk = inner, func(root string, visit fs.WalkDirFunc) error { return fs.WalkDir(z, root, visit) }
	}
	err = walk(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.EqualFold(filepath.Ext(path), ".cdf") {
			return fmt.Errorf("the file geodatabase is compressed (%s), which cannot be read; uncompress it in ArcGIS, or "+
				"export the layer to a .gpkg", d.Name())
		}
		if err == nil && d.Type().IsRegular() && !strings.EqualFold(filepath.Ext(path), ".lock") {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// checkJournal refuses a GeoPackage whose last changes are still in SQLite's journal:
// reading it would miss them, or change the file.
func checkJournal(gpkg string) error {
	if object.Named(gpkg) { // beside which nothing is read
		return nil
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if info, err := stat(gpkg + suffix); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s lies beside it: another program has the file open or was stopped while writing; close that "+
				"program (in QGIS remove the layer), or open the file once in QGIS and export it, copying %s along with it",
				filepath.Base(gpkg)+suffix, filepath.Base(gpkg)+suffix)
		}
	}
	return nil
}
