package gdalraster

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"greenshield/raster"
)

// maxUnpacked is how many bytes the files in an archive may have together.
const maxUnpacked = 64 << 30

// virtualZip is how GDAL begins the name of a file in a zip archive.
const virtualZip = "/vsizip/"

// Packed splits the name of a file in a zip archive (.zip or .kmz), such as maps.zip/a/2015.tif, into the archive,
// which is a regular file, and the name within it. inner is "" for the archive alone. It is not ok for any other name.
func Packed(name string) (archive, inner string, ok bool) {
	name = strings.TrimPrefix(name, virtualZip)
	for at := 0; at < len(name); {
		part, _, _ := strings.Cut(name[at:], "/")
		at += len(part)
		if kind := strings.ToLower(filepath.Ext(part)); kind == ".zip" || kind == ".kmz" {
			if info, err := os.Stat(name[:at]); err == nil && info.Mode().IsRegular() {
				return name[:at], strings.Trim(name[at:], "/"), true
			}
		}
		at++
	}
	return "", "", false
}

// OpenPacked opens an archive and checks all of it: the names and sizes that it declares, and the checksum of every
// file. The caller closes it.
func OpenPacked(archive string) (*zip.ReadCloser, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, fmt.Errorf("%s: not a readable zip archive: %w; copy it again", archive, err)
	}
	if err := checkPacked(&z.Reader); err != nil {
		z.Close()
		return nil, fmt.Errorf("%s: %w", archive, err)
	}
	return z, nil
}

func checkPacked(z *zip.Reader) error {
	var total uint64
	seen := map[string]bool{}
	for _, f := range z.File {
		ascii := !strings.ContainsFunc(f.Name, func(r rune) bool { return r >= utf8.RuneSelf })
		switch {
		case !utf8.ValidString(f.Name) || f.NonUTF8 && !ascii:
			return fmt.Errorf("the name of %q in it is not in UTF-8; unpack it first", f.Name)
		case f.Name == "" || path.IsAbs(f.Name) || strings.Contains(f.Name, "\\") || path.Clean("/"+f.Name) !=
			"/"+strings.TrimSuffix(f.Name, "/"):
			return fmt.Errorf("%q in it is not the name of a file below its own folder", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("it has two files %s; unpack the one that is meant", f.Name)
		case f.Flags&1 != 0:
			return fmt.Errorf("%s in it is encrypted; unpack it first", f.Name)
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return fmt.Errorf("%s in it is packed by method %d, which is not read; unpack it first", f.Name, f.Method)
		case f.UncompressedSize64 > maxUnpacked-total:
			return fmt.Errorf("its files have more than %d GiB: %w; unpack it first", maxUnpacked>>30, raster.ErrLimit)
		}
		seen[f.Name] = true
		total += f.UncompressedSize64
	}
	for _, f := range z.File {
		if err := checkSum(f); err != nil {
			return fmt.Errorf("%s in it cannot be read: %w; the archive is damaged: copy it again", f.Name, err)
		}
	}
	return nil
}

// checkSum reads a packed file to its end, where its length and checksum are compared with those declared.
func checkSum(f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}

// ChoosePacked returns the name of the only thing in an archive that is of a kind that is read. standsFor returns what
// a file in it is or belongs to, "" for nothing of such a kind.
func ChoosePacked(archive string, standsFor func(name string) string) (name string, err error) {
	z, err := OpenPacked(archive)
	if err != nil {
		return "", err
	}
	defer z.Close()
	var known []string
	for _, f := range z.File {
		if it := standsFor(f.Name); it != "" {
			known = append(known, it)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	switch len(known) {
	case 0:
		return "", fmt.Errorf("%s: holds no file of a kind that is read from an archive; unpack it, and name what is inside",
			archive)
	case 1:
		return known[0], nil
	}
	return "", fmt.Errorf("%s: holds %d that could be meant, name one, such as %s/%s; it holds %s", archive, len(known),
		filepath.Base(archive), known[0], strings.Join(known, ", "))
}

// VirtualName returns what GDAL opens for a file in an archive.
func VirtualName(archive, inner string) (string, error) {
	absolute, err := filepath.Abs(archive)
	if err == nil && strings.ContainsAny(absolute, "{}") {
		err = fmt.Errorf("%s: its path holds a brace; rename the file or folder", archive)
	}
	return virtualZip + "{" + absolute + "}/" + inner, err
}

// BesideArchive is the name of a file in an archive as if it lay beside that.
func BesideArchive(archive, inner string) string {
	return filepath.Join(filepath.Dir(archive), filepath.Base(inner))
}

// packedRaster returns the name of a raster that is read from an archive, "" for any other one: those need files of
// their own.
func packedRaster(name string) string {
	if driver, _ := driverOf(name); driver != "GTiff" && driver != "HFA" && driver != "AAIGrid" {
		return ""
	}
	return name
}

// findPacked is find for a raster in an archive.
func findPacked(archive, inner string) (p *part, err error) {
	p = &part{path: archive, packed: true}
	if p.info, err = checkFile(archive); err != nil {
		return nil, err
	}
	if inner == "" {
		if inner, err = ChoosePacked(archive, packedRaster); err != nil {
			return nil, err
		}
	} else {
		z, err := OpenPacked(archive)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		if !slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == inner }) {
			return nil, fmt.Errorf("%s: holds no file %s", archive, inner)
		}
		if packedRaster(inner) == "" {
			return nil, fmt.Errorf("%s: %s in it is of a kind that is not read from an archive (GeoTIFF, ERDAS Imagine and "+
				"ASCII grid are); unpack it first", archive, inner)
		}
	}
	if p.driver, err = driverOf(inner); err != nil {
		return nil, err
	}
	p.variable = inner
	p.name, err = VirtualName(archive, inner)
	return p, err
}
