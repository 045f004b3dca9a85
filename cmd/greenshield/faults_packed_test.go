package main

import (
	"archive/zip"
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/gdalvector"
)

// zip moves files of the job into an archive; each name is that of the file, or FILE=NAME in the archive.
func (f folder) zip(archive string, names ...string) {
	f.t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		file, inner, other := strings.Cut(name, "=")
		if !other {
			inner = file
		}
		content, err := os.ReadFile(f.path(file))
		f.check(err)
		to, err := w.Create(inner)
		f.check(err)
		_, err = to.Write(content)
		f.check(err)
		f.remove(file)
	}
	f.check(w.Close())
	f.check(os.WriteFile(f.path(archive), b.Bytes(), 0o666))
}

// TestPacked reads what lies in zip archives.
func TestPacked(t *testing.T) {
	want := clean(t)
	reserves := []string{"reserves.shp", "reserves.shx", "reserves.dbf", "reserves.prj"}
	zipped := func(f folder) { f.zip("lc2020.zip", "lc2020.tif"); f.edit("lc2020.tif", "lc2020.zip") }
	tables := func(f folder) (all []string) {
		entries, err := os.ReadDir(f.path("zones.gdb"))
		f.check(err)
		for _, e := range entries {
			all = append(all, "zones.gdb/"+e.Name()+"=d/zones.gdb/"+e.Name())
		}
		return all
	}
	testFaults(t, []fault{
		{name: "R45 packed raster", spoil: zipped, check: func(f folder, o outcome, out string) {
			same(want, "")(f, o, out)
			if files := readManifest(f.t, out).Inputs[1].Files; len(files) != 1 || files[0].Name != "lc2020.zip" || len(files[0].SHA256) != 64 {
				f.t.Errorf("files are %+v", files)
			}
		}},
		{name: "R45 packed raster by its name", spoil: func(f folder) {
			f.zip("maps.zip", "lc2020.tif=年/lc2020.tif", "lc2015.tif=年/lc2015.tif")
			f.edit("lc2015.tif", "maps.zip/年/lc2015.tif")
			f.edit("lc2020.tif", "/vsizip/maps.zip/年/lc2020.tif")
		}, check: same(want, "")},
		{name: "R45 packed raster, DEFLATE inside", spoil: func(f folder) { f.translate("lc2020.tif", "-co", "COMPRESS=DEFLATE"); zipped(f) }, check: same(want, "")},
		{name: "R45 two packed rasters", spoil: func(f folder) {
			f.zip("maps.zip", "lc2020.tif", "lc2015.tif")
			f.edit("lc2015.tif", "maps.zip/lc2015.tif")
			f.edit("lc2020.tif", "maps.zip")
		}, status: 11, want: "maps.zip: holds 2 that could be meant, name one, such as maps.zip/lc2015.tif; it holds lc2015.tif, lc2020.tif"},
		{name: "R45 archive without a raster", spoil: func(f folder) {
			f.text("a.txt", "x")
			f.zip("lc2020.zip", "a.txt")
			f.edit("lc2020.tif", "lc2020.zip")
		}, status: 11, want: "lc2020.zip: holds no file of a kind that is read from an archive; unpack it, and name what is inside"},
		{name: "R45 no such file in the archive", spoil: func(f folder) { zipped(f); f.edit("lc2020.zip", "lc2020.zip/b.tif") }, status: 11, want: "lc2020.zip: holds no file b.tif"},
		{name: "R45 archive in an archive", spoil: func(f folder) {
			zipped(f)
			f.zip("outer.zip", "lc2020.zip")
			f.edit("lc2020.zip", "outer.zip/lc2020.zip/lc2020.tif")
		}, status: 11, want: "outer.zip: holds no file lc2020.zip/lc2020.tif"},
		{name: "R45 archive cut", spoil: func(f folder) { zipped(f); f.cut("lc2020.zip", 0.9) }, status: 11, want: "lc2020.zip: not a readable zip archive: …; copy it again"},
		{name: "R45 byte of the archive changed", spoil: func(f folder) {
			zipped(f)
			f.patch("lc2020.zip", func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, status: 11, want: "lc2020.zip: lc2020.tif in it cannot be read: …; the archive is damaged: copy it again"},
		{name: "R45 declared size of an archive", spoil: func(f folder) {
			zipped(f)
			f.patch("lc2020.zip", func(b []byte) []byte { // 4 GB less 2 bytes, in each of 17 entries
				at := bytes.Index(b, []byte("PK\x01\x02"))
				end := bytes.Index(b, []byte("PK\x05\x06"))
				entry := slices.Clone(b[at:end])
				copy(entry[24:], "\xfe\xff\xff\xff")
				var all []byte
				for i := range 17 {
					entry[46] = 'a' + byte(i)
					all = append(all, entry...)
				}
				tail := slices.Clone(b[end:])
				tail[8], tail[10] = 17, 17
				tail[12], tail[13] = byte(len(all)), byte(len(all)>>8)
				return slices.Concat(b[:at], all, tail)
			})
		}, status: 17, want: "lc2020.zip: its files have more than 64 GiB: limit exceeded; unpack it first"},
		{name: "R45 name that leads out of the archive", spoil: func(f folder) {
			f.zip("lc2020.zip", "lc2020.tif=../lc2020.tif")
			f.edit("lc2020.tif", "lc2020.zip")
		}, status: 11, want: `lc2020.zip: "../lc2020.tif" in it is not the name of a file below its own folder`},
		{name: "R45 VRT in an archive", spoil: func(f folder) {
			f.vrt("")
			f.zip("lc2020.zip", "lc2020.vrt")
			f.edit("lc2020.vrt", "lc2020.zip/lc2020.vrt")
		}, status: 11, want: "lc2020.zip: lc2020.vrt in it is of a kind that is not read from an archive (GeoTIFF, ERDAS Imagine and ASCII grid are); unpack it first"},
		{name: "R45 archive by its link", spoil: func(f folder) { f.edit("lc2020.tif", "/vsizip//vsicurl/http://127.0.0.1:1/a.zip/a.tif") }, status: 11,
			want: `"/vsicurl/http://127.0.0.1:1/a.zip/a.tif" is not the name of a local file; download or unpack it first`},

		{name: "V47 packed Shapefile", spoil: func(f folder) { f.zip("保护地.zip", reserves...); f.edit("reserves.shp", "保护地.zip") }, check: func(f folder, o outcome, out string) {
			same(want, "")(f, o, out)
			if files := readManifest(f.t, out).Inputs[3].Files; len(files) != 1 || files[0].Name != "保护地.zip" {
				f.t.Errorf("files are %+v", files)
			}
		}},
		{name: "V47 packed GeoPackage", spoil: func(f folder) { f.zip("redline.zip", "redline.gpkg"); f.edit("redline.gpkg", "redline.zip") }, check: same(want, "")},
		{name: "V47 packed layers by their names", spoil: func(f folder) {
			f.zip("all.zip", append(reserves, "redline.gpkg=d/redline.gpkg")...)
			f.edit("redline.gpkg", "all.zip/d/redline.gpkg")
			f.edit("reserves.shp", "/vsizip/all.zip/reserves.shp")
		}, check: same(want, "")},
		{name: "V47 two packed layers", spoil: func(f folder) {
			f.zip("all.zip", append(reserves, "redline.gpkg=d/redline.gpkg")...)
			f.edit("redline.gpkg", "all.zip")
			f.edit("reserves.shp", "all.zip/reserves.shp")
		}, status: 12, want: "all.zip: holds 2 that could be meant, name one, such as all.zip/d/redline.gpkg; it holds d/redline.gpkg, reserves.shp"},
		{name: "V47 packed Shapefile without its table", spoil: func(f folder) {
			f.zip("r.zip", "reserves.shp", "reserves.shx", "reserves.prj")
			f.edit("reserves.shp", "r.zip")
		}, status: 12, want: "r.zip/reserves.shp: the .dbf is missing; copy it from where the .shp came from"},
		{name: "V47 packed file geodatabase", spoil: func(f folder) {
			g := f.grid()
			x0, y0 := g.Map(20, 60)
			x1, y1 := g.Map(60, 20)
			f.redlineAs("zones.gdb", []string{"HXBM"}, gdalvector.Row{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{ring(orb.Point{x0, y0}, orb.Point{x1, y0}, orb.Point{x1, y1}, orb.Point{x0, y1})}}})
			f.zip("zones.gdb.zip", tables(f)...)
			f.edit("zones.gdb", "zones.gdb.zip")
		}, check: func(f folder, _ outcome, out string) {
			if got, whole := f.coverage(out)[0].areaHa, f.cellHa()*1600; math.Abs(got/whole-1) > 0.001 {
				f.t.Errorf("the zone has %v ha, want about %v", got, whole)
			}
		}},
		{name: "V47 archive cut", spoil: func(f folder) { f.zip("r.zip", reserves...); f.edit("reserves.shp", "r.zip"); f.cut("r.zip", 0.9) }, status: 12,
			want: "…r.zip: not a readable zip archive: …; copy it again"},
	})
}

// TestPackedChangesWhileRead: R39 for archives.
func TestPackedChangesWhileRead(t *testing.T) {
	f := folder{t, newSample(t)}
	f.zip("lc2020.zip", "lc2020.tif")
	f.edit("lc2020.tif", "lc2020.zip")
	done := false
	var stdout bytes.Buffer
	t.Chdir(f.dir)
	status := execute([]string{"run", "job.yaml", "--formats", "csv"}, &stdout, writer(func(text []byte) (int, error) {
		if !done {
			done = true
			f.patch("lc2020.zip", func(b []byte) []byte { return append(b, 0) })
		}
		return len(text), nil
	}))
	if status != 11 || !done {
		t.Errorf("status %d", status)
	}
	if _, err := os.Stat(filepath.Join(f.dir, "out")); err == nil {
		t.Error("results were published")
	}
}
