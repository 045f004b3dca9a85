package gdalvector

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/object"
)

// packedLayer returns the name of the layer file or file geodatabase that a file in an archive is or belongs to, "" for
// any other file.
func packedLayer(name string) string {
	if at := strings.Index(strings.ToLower(name), ".gdb/"); at >= 0 {
		return name[:at+len(".gdb")]
	}
	if driver, err := driverOf(name); err != nil || driver == "OpenFileGDB" {
		return ""
	}
	return name
}

// gdalName returns what GDAL opens for a file.
func gdalName(file string) (string, error) {
	if archive, inner, ok := gdalraster.Packed(file); ok {
		return gdalraster.VirtualName(archive, inner)
	}
	return gdalraster.GDALName(file), nil
}

// stat is os.Stat, also for what is in an archive, all of which it checks.
func stat(file string) (fs.FileInfo, error) {
	archive, inner, ok := gdalraster.Packed(file)
	if !ok {
		return object.Stat(file)
	}
	z, err := gdalraster.OpenPacked(archive)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return fs.Stat(z, inner)
}

// readFile is os.ReadFile, also for a file in an archive.
func readFile(file string) ([]byte, error) {
	archive, inner, ok := gdalraster.Packed(file)
	if object.Named(file) {
		return readObject(file)
	}
	if !ok {
		return os.ReadFile(file)
	}
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	info, err := fs.Stat(z, inner)
	if err == nil && info.Size() > maxInMemory {
		err = fmt.Errorf("%w: %s in the archive has %d MB, at most %d MB are read there; unpack it first", raster.ErrLimit,
			inner, info.Size()>>20, maxInMemory>>20)
	}
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(z, inner)
}

// readObject returns all bytes of an object.
func readObject(name string) ([]byte, error) {
	info, err := object.Stat(name)
	if err != nil {
		return nil, err
	}
	f, err := object.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, info.Size())
	_, err = f.ReadAt(b, 0)
	return b, err
}

// names lists the files in a folder, also in one of an archive.
func names(folder string) (all []string, err error) {
	var entries []fs.DirEntry
	if archive, inner, ok := gdalraster.Packed(folder); ok {
		z, err := zip.OpenReader(archive)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		entries, err = fs.ReadDir(z, path.Clean(inner))
		if err != nil {
			return nil, err
		}
	} else if entries, err = os.ReadDir(folder); err != nil {
		return nil, err
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all, nil
}

// sized is a file that is read at any place.
type sized struct {
	io.ReaderAt
	size  int64
	close func() error
}

// openFile opens a file for reading at any place; one in an archive is read whole. The caller closes it.
func openFile(file string) (s sized, err error) {
	if _, _, ok := gdalraster.Packed(file); ok {
		b, err := readFile(file)
		return sized{bytes.NewReader(b), int64(len(b)), func() error { return nil }}, err
	}
	f, err := object.Open(file)
	if err != nil {
		return s, err
	}
	info, err := object.Stat(file)
	if err != nil {
		f.Close()
		return s, err
	}
	return sized{f, info.Size(), f.Close}, nil
}

// findPacked is [Find] for what is in an archive.
func findPacked(archive, inner string) (string, error) {
	if inner == "" {
		var err error
		if inner, err = gdalraster.ChoosePacked(archive, packedLayer); err != nil {
			return "", err
		}
	}
	return filepath.Join(archive, inner), nil
}
