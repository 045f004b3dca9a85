package main

import (
	endian "encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector/gdalvector"
)

// esriCGCS2000 is EPSG:4490 as ESRI's software writes it.
const esriCGCS2000 = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",` +
	`SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

// clean returns the results of the unspoiled sample.
func clean(t *testing.T) map[string]string {
	t.Helper()
	dir := newSample(t)
	here(t, dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	return contents(t, filepath.Join(dir, "out"))
}

// same wants the results of the sample, and a warning, or none when it is "".
func same(want map[string]string, warning string) func(f folder, o outcome, out string) {
	return func(f folder, o outcome, out string) {
		f.t.Helper()
		sameFiles(f.t, contents(f.t, out), want, tellOfInputs...)
		warned(f, o, warning)
	}
}

// into moves files of the job to a folder of it.
func (f folder) into(dir string, names ...string) {
	f.t.Helper()
	f.check(os.MkdirAll(f.path(dir), 0o777))
	for _, name := range names {
		f.check(os.Rename(f.path(name), f.path(filepath.Join(dir, name))))
	}
}

// esriGrid replaces a raster of the job by an ESRI grid in a folder of that name, by what is published of the format.
// Its cells are in files of cols × rows cells each.
func (f folder) esriGrid(name, dir string, cols, rows int) {
	f.t.Helper()
	g, cells := f.cells(name)
	const across, down = 32, 4 // of a block
	west, south, east, north := g.Bounds()
	doubles := func(values ...float64) (b []byte) {
		for _, v := range values {
			b = endian.BigEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	header := make([]byte, 308)
	copy(header, "GRID1.2\x00")
	number := func(at, v int) { endian.BigEndian.PutUint32(header[at:], uint32(v)) }
	number(16, 1) // whole numbers
	copy(header[256:], doubles(g.CellX, g.CellY))
	number(288, cols/across)
	number(292, rows/down)
	number(296, across)
	number(300, 1)
	number(304, down)
	f.check(os.MkdirAll(f.path(dir), 0o777))
	files := map[string][]byte{"hdr.adf": header, "dblbnd.adf": doubles(west, south, east, north),
		"sta.adf": doubles(0, 9, 4, 2), "prj.adf": []byte(esriCGCS2000)}
	for ty := range (g.Rows + rows - 1) / rows {
		for tx := range (g.Cols + cols - 1) / cols {
			stem := fmt.Sprintf("z%03d%03d", tx+1, ty-1)
			if ty < 2 { // w001001 is north of w001000
				stem = fmt.Sprintf("w%03d%03d", tx+1, 1-ty)
			}
			files[stem+".adf"], files[stem+"x.adf"] = esriTile(g, cells, tx*cols, ty*rows, cols, rows, across, down)
		}
	}
	for file, content := range files {
		f.check(os.WriteFile(f.path(filepath.Join(dir, file)), content, 0o666))
	}
	f.remove(name)
}

// esriTile returns a file with cells of an ESRI grid and its index.
func esriTile(g raster.Grid, cells []uint8, col, row, cols, rows, across, down int) (data, index []byte) {
	head := make([]byte, 100)
	copy(head, "\x00\x00\x27\x0a\xff\xff\xfc\x14")
	data, index = slices.Clone(head), slices.Clone(head)
	for y := row; y < row+rows; y += down {
		for x := col; x < col+cols; x += across {
			block := []byte{0x08, 0} // a byte for each cell, above a least value of 0 bytes, that is 0
			for i := range across * down {
				c, r := x+i%across, y+i/across
				v := uint8(0)
				if c < g.Cols && r < g.Rows {
					v = cells[r*g.Cols+c]
				}
				block = append(block, v)
			}
			index = endian.BigEndian.AppendUint32(index, uint32(len(data)/2))
			index = endian.BigEndian.AppendUint32(index, uint32(len(block)/2))
			data = append(endian.BigEndian.AppendUint16(data, uint16(len(block)/2)), block...)
		}
	}
	endian.BigEndian.PutUint32(index[24:], uint32(len(index)/2))
	endian.BigEndian.PutUint32(data[24:], uint32(len(data)/2))
	return data, index
}

// TestFolders reads what is a folder rather than a file.
func TestFolders(t *testing.T) {
	want := clean(t)
	reserves := []string{"reserves.shp", "reserves.shx", "reserves.dbf", "reserves.prj"}
	geodatabase := func(name string) func(f folder) {
		return func(f folder) {
			e := f.grid()
			x0, y0 := e.Map(20, 60)
			x1, y1 := e.Map(60, 20)
			square := ring(orb.Point{x0, y0}, orb.Point{x1, y0}, orb.Point{x1, y1}, orb.Point{x0, y1})
			f.redlineAs(strings.TrimSuffix(name, "/"), []string{"HXBM"}, gdalvector.Row{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{square}}})
			f.edit("{file: "+strings.TrimSuffix(name, "/")+"}", "{file: '"+f.dir+"/"+name+"'}")
		}
	}
	square := func(f folder, _ outcome, out string) {
		if got, whole := f.coverage(out)[0].areaHa, f.cellHa()*1600; math.Abs(got/whole-1) > 0.001 {
			f.t.Errorf("the zone has %v ha, want about %v", got, whole)
		}
	}
	grid := func(f folder) { f.esriGrid("lc2020.tif", "lc2020", 320, 280) }
	named := func(name string) func(f folder) {
		return func(f folder) { grid(f); f.edit("lc2020.tif", name) }
	}
	testFaults(t, []fault{
		{name: "V39 folder of a Shapefile", spoil: func(f folder) { f.into("保护地", reserves...); f.edit("reserves.shp", "保护地") }, check: same(want, "")},
		{name: "V39 folder of a Shapefile and more", spoil: func(f folder) {
			f.into("d", reserves...)
			f.text("d/readme.txt", "x")
			f.edit("file: reserves.shp", "file: "+f.path("d/"))
		}, check: same(want, "")},
		{name: "V39 folder of two Shapefiles", spoil: func(f folder) {
			f.into("zones.gdb/d", reserves...)
			f.text("zones.gdb/d/B.SHP", "")
			f.edit("reserves.shp", "zones.gdb/d")
		}, status: 12, want: "…zones.gdb/d: is a folder with 2 Shapefiles, name one of them: B.SHP, reserves.shp"},
		{name: "V39 folder without a Shapefile", spoil: func(f folder) {
			f.check(os.MkdirAll(f.path("zones.gdb/d"), 0o777))
			f.edit("reserves.shp", "zones.gdb/d")
		}, status: 12, want: "…zones.gdb/d: is a folder without a Shapefile; name the file or the .gdb folder that is meant"},
		{name: "V14 file geodatabase with a slash", spoil: geodatabase("zones.gdb/"), check: square},
		{name: "V14 file geodatabase named like a table", spoil: geodatabase("abcdefghijklmn.gdb"), check: square},
		{name: "V14 file geodatabase named like a table, with a slash", spoil: geodatabase("act_localities.gdb/"), check: square},
		{name: "R42 ESRI grid by its folder", spoil: named("lc2020"), check: same(want, "")},
		{name: "R42 ESRI grid by its header", spoil: named("lc2020/hdr.adf"), check: same(want, "")},
		{name: "R42 ESRI grid by its cells", spoil: named("lc2020/w001001.adf"), check: func(f folder, o outcome, out string) {
			same(want, "")(f, o, out)
			var names []string
			for _, file := range readManifest(f.t, out).Inputs[1].Files {
				names = append(names, file.Name)
			}
			if got := strings.Join(names, " "); got != "hdr.adf dblbnd.adf prj.adf sta.adf w001001.adf w001001x.adf" {
				f.t.Errorf("the files are %s", got)
			}
		}},
		{name: "R42 ESRI grid of several files", spoil: func(f folder) {
			f.esriGrid("lc2020.tif", "lc2020", 128, 100)
			f.edit("lc2020.tif", "lc2020/")
		}, check: same(want, "")},
		{name: "R42 ESRI grid that lacks a file", spoil: func(f folder) {
			f.esriGrid("lc2020.tif", "lc2020", 128, 100)
			f.remove("lc2020/z002001.adf", "lc2020/z002001x.adf")
			f.check(os.Rename(f.path("lc2020"), f.path("lc2020.tif")))
		}, status: 11, want: "lc2020.tif/hdr.adf: …cannot be read: Failed to open grid file, …z002001.adf; the file is damaged or cut short: copy it again"},
		{name: "R42 ESRI grid cut", spoil: func(f folder) {
			grid(f)
			f.cut("lc2020/w001001.adf", 0.5)
			f.check(os.Rename(f.path("lc2020"), f.path("lc2020.tif")))
		}, status: 11, want: "lc2020.tif/hdr.adf: block x …, y … (cells from column …, row …) cannot be read: …; the file is damaged or cut short: copy it again"},
		{name: "R42 ESRI grid without header", spoil: func(f folder) {
			grid(f)
			f.remove("lc2020/hdr.adf")
			f.check(os.Rename(f.path("lc2020"), f.path("lc2020.tif")))
			f.edit("lc2020.tif", "lc2020.tif/w001001.adf")
		}, status: 11, want: "…w001001.adf: is no ESRI grid: no hdr.adf lies beside it; copy the whole folder again"},
		{name: "R42 ESRI grid without CRS", spoil: func(f folder) {
			grid(f)
			f.remove("lc2020/prj.adf")
			f.check(os.Rename(f.path("lc2020"), f.path("lc2020.tif")))
		}, status: 11, want: "lc2020.tif/hdr.adf: has no coordinate reference system; state the right one by crs: …"},
	})
}

// grid is the grid of lc2015.tif.
func (f folder) grid() raster.Grid {
	f.t.Helper()
	g, _ := f.cells("lc2015.tif")
	return g
}

// TestHarmlessWarnings runs a GeoTIFF whose directory libtiff warns of.
func TestHarmlessWarnings(t *testing.T) {
	swapped := func(f folder) {
		f.translate("lc2020.tif", "-mo", "TIFFTAG_IMAGEDESCRIPTION=y", "-co", "COMPRESS=DEFLATE")
		f.patch("lc2020.tif", func(b []byte) []byte {
			first := int(endian.LittleEndian.Uint32(b[4:])) + 2 // width and height
			return slices.Concat(b[:first], b[first+12:first+24], b[first:first+12], b[first+24:])
		})
	}
	testFaults(t, []fault{
		{name: "R43 tags not in order", spoil: swapped, check: same(clean(t), "lc2020.tif: its directory is not as TIFF asks for "+
			"(tags are not sorted in ascending order), which does not concern the cells: they are read")},
		{name: "R43 tags not in order, and cut", spoil: func(f folder) { swapped(f); f.cut("lc2020.tif", 0.9) }, status: 11,
			want: "lc2020.tif: block x …, y … (cells from column …, row …) cannot be read: …; the file is damaged or cut short: copy it again"},
	})
}
