package gdalexchange

/*
#cgo pkg-config: gdal
#include <gdal.h>
#include <stdlib.h>

// gx_writes tells whether GDAL has a driver that writes.
static int gx_writes(const char *driver) {
	GDALDriverH d = GDALGetDriverByName(driver);
	return d != NULL && GDALGetMetadataItem(d, GDAL_DCAP_CREATE, NULL) != NULL;
}

static const char *gx_version(void) { return GDALVersionInfo("RELEASE_NAME"); }
*/
import "C"

import (
	"archive/zip"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/paulmach/orb"

	"greenshield/redline"
)

// geodatabase is the format of file geodatabases, packed: what is published are files, not folders. geographic says
// that its CRS is one of degrees. Coordinates are whole billionths of a degree, or whole tenths of a millimetre (0.0001
// units of the CRS), as is usual in ArcGIS.
func geodatabase(geographic bool) *format {
	g, tolerance := grid{origin: -1e9, scale: 1e4}, "0.001"
	if geographic {
		g, tolerance = grid{origin: -400, scale: 1e9}, "0.000000008983153"
	}
	options := []string{"XYTOLERANCE=" + tolerance, fmt.Sprintf("XYSCALE=%.0f", g.scale),
		fmt.Sprintf("XORIGIN=%.0f", g.origin), fmt.Sprintf("YORIGIN=%.0f", g.origin)}
	return &format{".gdb.zip", "OpenFileGDB", C.wkbMultiPolygon, options, math.MaxInt64, 0, "UTF-8", true, g}
}

// writable returns nil when the GDAL at hand writes files of the driver, else a fault that says what to do.
func writable(driver string) error {
	name := C.CString(driver)
	defer C.free(unsafe.Pointer(name))
	if C.gx_writes(name) != 0 {
		return nil
	}
	return redline.Faultf(redline.Usage, "formats: GDAL %s cannot write file geodatabases (driver %s); "+
		"install GDAL 3.6 or later, or take gdb out of formats", C.GoString(C.gx_version()), driver)
}

// grid is the lattice to which a format rounds coordinates: origin + n/scale, n whole. The zero grid rounds nothing.
type grid struct{ origin, scale float64 }

// snap returns polygons with their vertices on the grid.
func (g grid) snap(mp orb.MultiPolygon) orb.MultiPolygon {
	if g.scale == 0 {
		return mp
	}
	out := make(orb.MultiPolygon, len(mp))
	for i, polygon := range mp {
		for _, ring := range polygon {
			snapped := make(orb.Ring, len(ring))
			for k, p := range ring {
				snapped[k] = orb.Point{g.round(p[0]), g.round(p[1])}
			}
			out[i] = append(out[i], snapped)
		}
	}
	return out
}

func (g grid) round(x float64) float64 { return math.Round((x-g.origin)*g.scale)/g.scale + g.origin }

// opened is the name by which GDAL opens a file of the format.
func (f *format) opened(path string) string {
	if inside, ok := strings.CutSuffix(path, ".zip"); ok {
		return "/vsizip/{" + path + "}/" + filepath.Base(inside)
	}
	return path
}

// pack makes the file of a geodatabase out of its folder, which it removes. Other formats are files already.
func (w *writer) pack() error {
	from := w.made()
	if from == w.folder.Path(w.name()) {
		return nil
	}
	items, err := w.items(from)
	if err != nil {
		return err
	}
	err = w.folder.Write(w.name(), func(to io.Writer) error {
		z := zip.NewWriter(to)
		if err := packAll(z, from, items); err != nil {
			return err
		}
		return z.Close()
	})
	if err == nil {
		err = os.RemoveAll(from)
	}
	return w.folder.Fault(w.name(), err)
}

// packed is the time of all that is packed, the first that an archive can hold.
var packed = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// packAll adds the files of a folder, in the order of their names, with the items' GUIDs replaced.
func packAll(z *zip.Writer, from string, items *strings.Replacer) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		head := &zip.FileHeader{Name: filepath.Base(from) + "/" + e.Name(), Method: zip.Deflate, Modified: packed}
		to, err := z.CreateHeader(head)
		if err != nil {
			return err
		}
		if err := packFile(to, filepath.Join(from, e.Name()), items); err != nil {
			return err
		}
	}
	return nil
}

// packFile adds a file. Tables of the system, which are small, may hold GUIDs.
func packFile(to io.Writer, path string, items *strings.Replacer) error {
	if slices.Contains(systemTables, filepath.Base(path)) {
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = items.WriteString(to, string(text))
		}
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, file)
	return cmp.Or(err, file.Close())
}

// systemTables are those that hold GUIDs of items: GDB_Items and GDB_ItemRelationships.
var systemTables = []string{"a00000004.gdbtable", "a00000006.gdbtable"}

// items replaces the GUIDs of the items of a geodatabase and of what relates them, which GDAL counts up, by such as
// follow from the name of the layer and their order.
func (w *writer) items(path string) (*strings.Replacer, error) {
	guids, err := guids(path, w.format)
	if err != nil {
		return nil, w.folder.Fault(w.name(), fmt.Errorf("%w: %w", errCut, err))
	}
	var pairs []string
	for i, guid := range guids {
		var b [16]byte
		if n, err := hex.Decode(b[:], []byte(strings.Trim(strings.ReplaceAll(guid, "-", ""), "{}"))); n != 16 || err != nil {
			return nil, w.differs(w.layer.name, fmt.Errorf("its GUID is %q", guid))
		}
		slices.Reverse(b[:4]) // as it lies in the file
		slices.Reverse(b[4:6])
		slices.Reverse(b[6:8])
		hash := sha256.Sum256(fmt.Append(nil, "greenshield ", w.layer.name, i))
		hash[7], hash[8] = hash[7]&0x0f|0x80, hash[8]&0x3f|0x80 // of version 8, that is by custom
		pairs = append(pairs, string(b[:]), string(hash[:16]))
	}
	return strings.NewReplacer(pairs...), nil
}

// guids returns the GUIDs of the items of a geodatabase and of what relates them.
func guids(path string, f *format) ([]string, error) {
	d, err := open(path, f)
	if err != nil {
		return nil, err
	}
	defer d.close()
	items, err := d.texts("GDB_Items", "UUID")
	if err != nil {
		return nil, err
	}
	relations, err := d.texts("GDB_ItemRelationships", "UUID")
	return append(items, relations...), err
}
