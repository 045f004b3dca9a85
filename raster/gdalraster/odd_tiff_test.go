package gdalraster

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
)

// entries is a directory of a little-endian classic TIFF: its fields of 12 bytes.
type entries [][]byte

func (e entries) tag(tag uint16) int {
	return slices.IndexFunc(e, func(f []byte) bool { return binary.LittleEndian.Uint16(f) == tag })
}

// editTIFF changes the first directory of a file of the given options, which has a description and a software.
func editTIFF(t *testing.T, options []string, change func(content []byte, e entries)) (path string) {
	t.Helper()
	g := utm(t, 70, 50)
	path = filepath.Join(t.TempDir(), "a.tif")
	file{grid: g, dtype: godal.Byte, cells: pattern(g), nodata: num(0), options: options, edit: func(ds *godal.Dataset) error {
		if err := ds.SetMetadata("TIFFTAG_IMAGEDESCRIPTION", `{"shape": [50, 70]}`); err != nil {
			return err
		}
		return ds.SetMetadata("TIFFTAG_SOFTWARE", "tifffile.py")
	}}.write(t, path)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := int(binary.LittleEndian.Uint32(b[4:]))
	var e entries
	for i := range int(binary.LittleEndian.Uint16(b[at:])) {
		e = append(e, slices.Clone(b[at+2+12*i:at+14+12*i]))
	}
	change(b, e)
	copy(b[at+2:], slices.Concat(e...))
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOddTIFF reads files as libraries other than libtiff write them, and refuses those whose oddity is no trifle.
func TestOddTIFF(t *testing.T) {
	const description, software, noData, geoKeys = 270, 305, 42113, 34735
	const odd = "a.tif: its directory is not as TIFF asks for ("
	retype := func(tag, kind uint16) func([]byte, entries) {
		return func(_ []byte, e entries) { binary.LittleEndian.PutUint16(e[e.tag(tag)][2:], kind) }
	}
	swap := func(a, b uint16) func([]byte, entries) {
		return func(_ []byte, e entries) { i, k := e.tag(a), e.tag(b); e[i], e[k] = e[k], e[i] }
	}
	for _, c := range []struct {
		name   string
		change func(content []byte, e entries)
		warn   string // "" for none
		refuse string // "" for a file that is read
	}{
		{"as it is", func([]byte, entries) {}, "", ""},
		{"tags not in order", swap(description, software), odd + "tags are not sorted in ascending order)", ""},
		{"tags of the cells not in order", swap(256, 257), odd + "tags are not sorted in ascending order)", ""},
		{"text as bytes", retype(description, 1), "", ""},
		{"text as numbers", retype(description, 3), odd + "its tag ImageDescription cannot be read)", ""},
		{"text with a NUL", func(b []byte, e entries) {
			b[binary.LittleEndian.Uint32(e[e.tag(software)][8:])+2] = 0
		}, odd + "its tag Software cannot be read)", ""},
		{"unknown tag", func(_ []byte, e entries) {
			binary.LittleEndian.PutUint16(e[e.tag(software)], 65001)
			slices.SortFunc(e, func(a, b []byte) int {
				return int(binary.LittleEndian.Uint16(a)) - int(binary.LittleEndian.Uint16(b))
			})
		}, "", ""},
		{"NoData value as a fraction", retype(noData, 5), "", "GDALNoDataValue"},
		{"GeoKeys as text", retype(geoKeys, 2), "", `"GeoKeyDirectory"; tag ignored`},
	} {
		for _, options := range [][]string{{"COMPRESS=LZW"}, {"COMPRESS=DEFLATE"}, nil} {
			t.Run(c.name+" "+strings.Join(options, ""), func(t *testing.T) {
				path := editTIFF(t, options, c.change)
				e, err := Open([]string{path}, fourCodes)
				if c.refuse != "" {
					if err == nil || !strings.Contains(err.Error(), c.refuse) {
						t.Fatalf("got %v, want %q", err, c.refuse)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if g := utm(t, 70, 50); !slices.Equal(classes(t, e, whole(e)), cut(g, pattern(g), whole(e))) || e.Grid() != g {
					t.Errorf("other cells, or grid %+v", e.Grid())
				}
				warnings := e.Describe().Warnings
				if len(warnings) != min(len(c.warn), 1) || c.warn != "" && !strings.Contains(warnings[0], c.warn) {
					t.Errorf("warnings %q, want %q", warnings, c.warn)
				}
				// What is harmless hides no damage.
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, content[:len(content)-40], 0o666); err != nil {
					t.Fatal(err)
				}
				e, err = Open([]string{path}, fourCodes)
				if err == nil {
					_, err = tryClasses(e, whole(e))
				}
				if err == nil {
					t.Error("a cut file was read")
				}
			})
		}
	}
}
