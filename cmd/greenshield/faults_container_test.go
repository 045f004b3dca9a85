package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
)

// as replaces lc2020.tif by a file of another name and format.
func (f folder) as(name, format string, switches ...string) {
	f.t.Helper()
	f.translate("lc2020.tif", append([]string{"-of", format}, switches...)...)
	f.check(os.Rename(f.path("lc2020.tif"), f.path(name)))
	f.edit("lc2020.tif", name)
}

// TestContainers reads files that hold variables: netCDF and HDF.
func TestContainers(t *testing.T) {
	want := clean(t)
	classic := func(f folder) { f.as("lc2020.nc", "netCDF") }
	two := func(f folder) { // two variables, of which the second is the map
		f.translate("lc2020.tif", "-b", "1", "-b", "1")
		f.dataset("lc2020.tif", func(ds *godal.Dataset) error { return ds.Bands()[0].Fill(77, 0) })
		f.as("lc2020.nc", "netCDF")
	}
	years := func(f folder) { // one variable of two years
		f.translate("lc2020.tif", "-b", "1", "-b", "1", "-mo", "NETCDF_DIM_EXTRA={time}", "-mo", "NETCDF_DIM_time_DEF={2,6}", "-mo", "NETCDF_DIM_time_VALUES={2015,2020}")
		f.dataset("lc2020.tif", func(ds *godal.Dataset) error { return ds.Bands()[0].Fill(77, 0) })
		f.as("lc2020.nc", "netCDF")
	}
	// What the libraries below GDAL say on their own is seen by the program's own standard error only.
	asProgram := []string{"PROGRAM=1"}
	quiet := func(f folder, o outcome, out string) {
		same(want, "")(f, o, out)
		if strings.Contains(o.stderr, "HDF5") {
			f.t.Errorf("stderr is %s", o.stderr)
		}
	}
	faults := []fault{
		{name: "R44 netCDF", spoil: classic, check: func(f folder, o outcome, out string) {
			same(want, "")(f, o, out)
			if in := readManifest(f.t, out).Inputs[1]; len(in.Files) != 1 || in.Files[0].Name != "lc2020.nc" || len(in.Files[0].SHA256) != 64 || in.CRS != "China Geodetic Coordinate System 2000 (EPSG:4490)" {
				f.t.Errorf("input is %+v", in)
			}
		}},
		{name: "R44 netCDF from north to south", spoil: func(f folder) { f.as("lc2020.nc", "netCDF", "-co", "WRITE_BOTTOMUP=NO") }, check: same(want, "")},
		{name: "R44 netCDF-4", spoil: func(f folder) { f.as("lc2020.nc", "netCDF", "-co", "FORMAT=NC4", "-co", "COMPRESS=DEFLATE") }, env: asProgram, check: quiet},
		{name: "R44 netCDF-4 named as HDF5", spoil: func(f folder) { f.as("lc2020.h5", "netCDF", "-co", "FORMAT=NC4") }, check: same(want, "")},
		{name: "R44 netCDF with 64-bit offsets", spoil: func(f folder) { f.as("lc2020.nc", "netCDF", "-co", "FORMAT=NC2") }, check: same(want, "")},
		{name: "R44 netCDF of codes of 16 bits", spoil: func(f folder) { f.as("lc2020.nc", "netCDF", "-ot", "Int16") }, check: same(want, "")},
		{name: "R44 netCDF of codes above 127", spoil: func(f folder) { f.recode(godal.Byte, 28); f.as("lc2020.nc", "netCDF") }, check: func(f folder, _ outcome, out string) {
			for _, name := range []string{"matrix_ecosystem.csv", "coverage.csv", "overlaps.csv"} {
				if got := contents(f.t, out)[name]; got != want[name] || got == "" {
					f.t.Errorf("%s differs", name)
				}
			}
		}},
		{name: "R44 netCDF, its variable by name", spoil: func(f folder) { classic(f); f.edit("lc2020.nc", "lc2020.nc|variable=Band1") }, check: same(want, "")},
		{name: "R44 netCDF, one of two variables", spoil: func(f folder) { two(f); f.edit("lc2020.nc", "lc2020.nc|variable=Band2") }, check: same(want, "")},
		{name: "R44 netCDF of two variables", spoil: two, status: 11,
			want: "lc2020.nc: holds 2 variables, say which one by its name, such as lc2020.nc|variable=Band1; its variables: Band1, Band2"},
		{name: "R44 netCDF without that variable", spoil: func(f folder) { two(f); f.edit("lc2020.nc", "lc2020.nc|variable=lccs_class") }, status: 11,
			want: `lc2020.nc: has no variable "lccs_class"; its variables: Band1, Band2`},
		{name: "R44 variable of a GeoTIFF", spoil: func(f folder) { f.edit("lc2020.tif", "lc2020.tif|variable=Band1") }, status: 11,
			want: "lc2020.tif: is no netCDF or HDF file, so it has no variables: name it without |variable=Band1"},
		{name: "R44 netCDF of two years", spoil: years, args: []string{"--after-band", "2"}, check: same(want, "")},
		{name: "R44 netCDF of two years, none named", spoil: years, status: 11,
			want: "lc2020.nc: has 2 bands; say which with --before-band, --after-band or |band=N in --between, --confirm or --newest (job file: band)"},
		{name: "R44 netCDF without grid mapping", spoil: func(f folder) {
			classic(f)
			f.patch("lc2020.nc", func(b []byte) []byte {
				return bytes.ReplaceAll(b, []byte("\x00\x00\x00\x0cgrid_mapping"), []byte("\x00\x00\x00\x0cgridXmapping"))
			})
		}, status: 11, want: "lc2020.nc: has no coordinate reference system; state the right one by crs: EPSG:… under this raster in the job file, or --before-crs, --after-crs, |crs=CRS in --between, --confirm or --newest"},
		{name: "R44 netCDF whose grid mapping states nothing", spoil: func(f folder) {
			classic(f)
			f.patch("lc2020.nc", func(b []byte) []byte {
				for _, name := range []string{"grid_mapping_name", "crs_wkt", "spatial_ref"} {
					b = bytes.ReplaceAll(b, []byte(name), []byte("X"+name[1:]))
				}
				return b
			})
		}, status: 11, want: "lc2020.nc: has no coordinate reference system; state the right one by crs: EPSG:… under this raster in the job file, or --before-crs, --after-crs, |crs=CRS in --between, --confirm or --newest"},
		{name: "R44 netCDF without grid mapping, but stated", spoil: func(f folder) {
			classic(f)
			f.patch("lc2020.nc", func(b []byte) []byte {
				return bytes.ReplaceAll(b, []byte("\x00\x00\x00\x0cgrid_mapping"), []byte("\x00\x00\x00\x0cgridXmapping"))
			})
		}, args: []string{"--after-crs", "EPSG:4490"}, check: same(want, "lc2020.nc: declares no CRS that can be used; it is taken to be in China Geodetic Coordinate System 2000 (EPSG:4490), as stated")},
		{name: "R44 text as netCDF", spoil: func(f folder) { f.text("lc2020.nc", "hello"); f.edit("lc2020.tif", "lc2020.nc") }, status: 11, want: "lc2020.nc: not a readable netCDF file: …"},
		{name: "R44 magic number of netCDF alone", spoil: func(f folder) { f.text("lc2020.nc", "CDF\x01"); f.edit("lc2020.tif", "lc2020.nc") }, status: 11,
			want: "lc2020.nc: its netCDF header cannot be read: …; the file is damaged or cut short: copy it again"},
		{name: "R44 text as HDF", spoil: func(f folder) { f.text("lc2020.hdf", "hello"); f.edit("lc2020.tif", "lc2020.hdf") }, status: 11, want: "lc2020.hdf: not a readable HDF4 file: …"},
		{name: "R44 link as netCDF", spoil: func(f folder) { f.edit("lc2020.tif", "'NETCDF:http://127.0.0.1:1/a.nc'") }, status: 11, want: "NETCDF:http:/127.0.0.1:1/a.nc: no such file"},
	}
	for _, percent := range []int{50, 90, 99} {
		faults = append(faults,
			fault{name: fmt.Sprintf("R44 netCDF cut at %d", percent), spoil: func(f folder) { classic(f); f.cut("lc2020.nc", float64(percent)/100) }, status: 11,
				want: "lc2020.nc: is cut: its netCDF header tells of … bytes, it has …; copy it again"},
			fault{name: fmt.Sprintf("R44 netCDF-4 cut at %d", percent), env: asProgram, spoil: func(f folder) {
				f.as("lc2020.nc", "netCDF", "-co", "FORMAT=NC4")
				f.cut("lc2020.nc", float64(percent)/100)
			}, status: 11, want: "lc2020.nc: not a readable netCDF file: …"},
			fault{name: fmt.Sprintf("R44 HDF4 cut at %d", percent), spoil: func(f folder) {
				f.as("lc2020.hdf", "HDF4Image")
				f.cut("lc2020.hdf", float64(percent)/100)
			}, status: 11, want: "lc2020.hdf: not a readable HDF4 file: …"})
	}
	testFaults(t, faults)
}

// TestHDF4: GDAL writes the place of an HDF4 file with six decimals, so the grid is one that has no more.
func TestHDF4(t *testing.T) {
	f := folder{t, newSample(t)}
	for _, name := range []string{"lc2015.tif", "lc2020.tif"} {
		f.dataset(name, func(ds *godal.Dataset) error {
			return ds.SetGeoTransform([6]float64{116.98, 0.00027, 0, 31.02, 0, -0.00027})
		})
	}
	args := []string{"run", "job.yaml", "--quiet", "--formats", "csv,gpkg", "--out"}
	here(t, f.dir, append(args, "tif")...).want(t, 0)
	f.as("lc2020.hdf", "HDF4Image")
	o := here(t, f.dir, append(args, "hdf")...)
	o.want(t, 0)
	warned(f, o, "")
	sameFiles(t, contents(t, f.path("hdf")), contents(t, f.path("tif")), tellOfInputs...)
	if text := contents(t, f.path("hdf"))["candidates.geojson"]; strings.Count(text, "\n") < 5 {
		t.Errorf("there are no candidates: %s", text)
	}
}
