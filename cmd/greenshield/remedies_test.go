package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster/gdalraster"
)

// remedy is a fault of the sample job, and what the program's message tells to do about it.
type remedy struct {
	name   string
	spoil  string                     // a shell script in the folder of the job that makes the faulty input with GDAL's tools
	make   func(f folder)             // does what no script can, after it
	args   []string                   // of the first run
	status int                        // of the first run
	says   string                     // part of its message
	fill   map[string]string          // what a user writes in place of the placeholders of the message
	mend   string                     // a shell script that does what a user does beside running the commands
	follow func(f folder, say string) // the same where that depends on the message, say
	then   []string                   // more arguments of the second run
	result func(f folder, out string) // looks at the result of the second run; nil: the same bytes as of the sound job
}

var (
	printedCommand = regexp.MustCompile("`([^`]+)`")
	printedCRS     = regexp.MustCompile(`crs: ("[^"]+"|'[^']+'|[A-Z0-9]+(?::[0-9]+)?)`)
	printedFiles   = regexp.MustCompile(`files: (\[[^\]]+\])`)
	printedFlag    = regexp.MustCompile(`--[a-z-]+(?: [0-9]+MiB)?`)
)

// script runs a shell script in the folder.
func (f folder) script(text string) {
	f.t.Helper()
	cmd := exec.Command("sh", "-ec", text)
	cmd.Dir = f.dir
	cmd.Env = os.Environ()
	if e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}}); err == nil {
		west, south, east, north := e.Grid().Bounds()
		cmd.Env = append(cmd.Env, fmt.Sprintf("WEST=%.15g", west), fmt.Sprintf("SOUTH=%.15g", south),
			fmt.Sprintf("EAST=%.15g", east), fmt.Sprintf("NORTH=%.15g", north))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("%s: %v\n%s", text, err, out)
	}
}

// say puts keys of one line before the others of an input of the job.
func (f folder) say(file, keys string) {
	f.t.Helper()
	for _, head := range []string{"{file: " + file, "{files: [" + file} {
		text, err := os.ReadFile(f.path("job.yaml"))
		f.check(err)
		if strings.Contains(string(text), head) {
			f.edit(head, "{"+keys+", "+head[1:])
			return
		}
	}
	f.t.Fatalf("the job has no %s", file)
}

// stateCRS does what a message tells: it states the CRS that it prints, under the file.
func stateCRS(file string) func(f folder, say string) {
	return func(f folder, say string) {
		f.t.Helper()
		crs := printedCRS.FindStringSubmatch(say)
		if crs == nil {
			f.t.Fatalf("no CRS is printed: %s", say)
		}
		f.say(file, "crs: "+crs[1])
	}
}

// mended puts the copies that the printed commands made into the job, in place of the files that they are of.
func (f folder) mended() {
	f.t.Helper()
	made, err := filepath.Glob(f.path("*-mended.*"))
	f.check(err)
	text, err := os.ReadFile(f.path("job.yaml"))
	f.check(err)
	job := string(text)
	for _, path := range made {
		stem, _, _ := strings.Cut(filepath.Base(path), "-mended.")
		job = regexp.MustCompile(regexp.QuoteMeta(stem)+`\.[a-z0-9]+\b`).ReplaceAllLiteralString(job, filepath.Base(path))
	}
	elsewhere := regexp.MustCompile(`image-mended\.tif|\.zip`) // named by an option, or in an archive
	if job == string(text) && len(made) > 0 && !elsewhere.MatchString(strings.Join(made, " ")+job) {
		f.t.Fatalf("%v are of no file of the job", made)
	}
	f.check(os.WriteFile(f.path("job.yaml"), []byte(job), 0o666))
}

// TestRemedies does what messages tell a user to do: each makes a faulty input, runs the job, executes the printed
// commands as they are printed, and runs again. The result must then be right. REMEDIES.md is the table of them.
func TestRemedies(t *testing.T) { testRemedies(t, rasterRemedies, mosaicRemedies, layerRemedies) }

func testRemedies(t *testing.T, tables ...[]remedy) {
	sound := newSample(t)
	here(t, sound, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	clean := contents(t, filepath.Join(sound, "out"))
	all := slices.Concat(tables...)
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel() // most of the time goes by in GDAL's tools
			f := folder{t, filepath.Join(t.TempDir(), "data")}
			f.check(os.CopyFS(f.dir, os.DirFS(sound)))
			f.script(r.spoil)
			if r.make != nil {
				r.make(f)
			}
			o := run(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", f.path("first")}, plainly, r.args)...)
			o.want(t, r.status)
			say := o.stderr
			if !strings.Contains(say, r.says) {
				t.Errorf("got %s\nwant %s", say, r.says)
			}
			for placeholder, value := range r.fill {
				if !strings.Contains(say, placeholder) {
					t.Errorf("%q is not in the message: %s", placeholder, say)
				}
				say = strings.ReplaceAll(say, placeholder, value)
			}
			for _, command := range printedCommand.FindAllStringSubmatch(say, -1) {
				f.script(command[1])
			}
			f.mended()
			f.script(r.mend)
			if r.follow != nil {
				r.follow(f, say)
			}
			out := f.path("second")
			if i := slices.Index(r.then, "--out"); i >= 0 {
				out = f.path(r.then[i+1])
			}
			o = run(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", out}, plainly, r.then)...)
			o.want(t, 0)
			if r.result != nil {
				r.result(f, out)
				return
			}
			sameFiles(t, contents(t, out), clean, tellOfInputs...)
		})
	}
	t.Logf("tally: faults %d", len(all))
}

// sameAreas wants the tables of the sound job, but for what a datum shift or a change of projection to and fro rounds.
func sameAreas(f folder, out string) { sameAreasBut("source")(f, out) }

// sameAreasBut is sameAreas that leaves out a column, too.
func sameAreasBut(skip string) func(f folder, out string) {
	return func(f folder, out string) { compareAreas(f, out, "source", skip) }
}

func compareAreas(f folder, out string, skip ...string) {
	f.t.Helper()
	for _, name := range []string{"coverage.csv", "overlaps.csv"} {
		got, want := table(f.t, filepath.Join(out, name)), table(f.t, f.path("out/"+name))
		if len(got) != len(want) || len(want) < 3 {
			f.t.Fatalf("%s has %d rows, want %d", name, len(got), len(want))
		}
		for i, row := range want {
			for column, cell := range row {
				a, errA := strconv.ParseFloat(got[i][column], 64)
				b, errB := strconv.ParseFloat(cell, 64)
				if got[i][column] != cell && !slices.Contains(skip, column) && (errA != nil || errB != nil || math.Abs(a-b) > 1e-3+1e-6*math.Abs(b)) {
					f.t.Fatalf("%s: row %d has %s, want %s in %s", name, i, got[i][column], cell, column)
				}
			}
		}
	}
}

// masked makes of a file one whose mask says what is no data.
const masked = `
masked() {
	gdal_translate -q -b 1 -mask mask -a_nodata none --config GDAL_TIFF_INTERNAL_MASK YES $1 masked.tif
	mv masked.tif $1
}
`

var rasterRemedies = []remedy{
	{name: "alpha band", status: 11, says: "has an alpha band",
		spoil: `gdal_translate -q -b 1 -b mask -colorinterp_2 alpha -a_nodata none lc2020.tif a.tif; mv a.tif lc2020.tif`},
	{name: "alpha band and its number", status: 11, says: "has an alpha band", args: []string{"--after-band", "1"},
		spoil: `gdal_translate -q -b 1 -b mask -colorinterp_2 alpha -a_nodata none lc2020.tif a.tif; mv a.tif lc2020.tif`},
	{name: "complex numbers", status: 11, says: "data type CFloat32 cannot hold class codes",
		spoil: `gdal_translate -q -ot CFloat32 -a_nodata none lc2020.tif c.tif; mv c.tif lc2020.tif`},
	{name: "64 bits", status: 11, says: "data type Int64 cannot hold class codes",
		spoil: `gdalwarp -q -ot Int64 -dstnodata -9999 lc2020.tif i.tif; mv i.tif lc2020.tif`},
	{name: "scale", status: 11, says: "has scale 0.1 and offset 5",
		spoil: `gdal_translate -q -a_scale 0.1 -a_offset 5 lc2020.tif s.tif; mv s.tif lc2020.tif`},
	{name: "scale in netCDF", status: 11, says: "has scale 0.1 and offset 5",
		spoil: `gdal_translate -q -of netCDF -a_scale 0.1 -a_offset 5 lc2020.tif lc2020.nc; rm lc2020.tif; sed -i 's/lc2020.tif/lc2020.nc/' job.yaml`},
	{name: "scale in an archive", status: 11, says: "has scale 0.1 and offset 5", make: func(f folder) { f.zip("maps.zip", "lc2020.tif"); f.edit("lc2020.tif", "maps.zip") },
		spoil:  `gdal_translate -q -a_scale 0.1 -a_offset 5 lc2020.tif s.tif; mv s.tif lc2020.tif`,
		follow: func(f folder, _ string) { f.edit("maps.zip", "lc2020-mended.tif") }},
	{name: "NoData that is a class", status: 11, says: "its NoData value 2 is a class of the legend",
		spoil: `gdal_translate -q -a_nodata 2 lc2020.tif n.tif; mv n.tif lc2020.tif`},
	{name: "NoData that is impossible", status: 11, says: "NoData value -9999 is impossible",
		make: func(f folder) { f.noData(-9999) }},
	{name: "NoData that is impossible, mask", status: 11, says: "NoData value -9999 is impossible",
		spoil: masked + `masked lc2020.tif`, make: func(f folder) { f.noData(-9999) }},
	{name: "two pages", status: 11, says: "holds 2 rasters (pages)",
		spoil: `gdal_translate -q lc2020.tif pages.tif
			gdal_translate -q -co APPEND_SUBDATASET=YES lc2015.tif pages.tif; mv pages.tif lc2020.tif`},
	{name: "mirrored", status: 11, says: "is mirrored east to west", make: func(f folder) {
		f.turn(func(col, row, cols, rows int) (int, int) { return cols - 1 - col, row },
			func(g [6]float64, cols, rows float64) [6]float64 {
				return [6]float64{g[0] + cols*g[1], -g[1], 0, g[3], 0, g[5]}
			})
	}},
	{name: "no place, world file", status: 11, says: "what lc2020.tfw says is not read",
		spoil: `gdal_translate -q -co PROFILE=BASELINE -co TFW=YES lc2020.tif b.tif; mv b.tif lc2020.tif; mv b.tfw lc2020.tfw; rm -f b.tif.aux.xml`,
		then:  []string{"--after-crs", "EPSG:4490"}},
	{name: "no place, sidecar", status: 11, says: "what lc2020.tif.aux.xml says is not read",
		spoil: `gdal_translate -q -co PROFILE=BASELINE lc2020.tif b.tif; mv b.tif lc2020.tif; mv b.tif.aux.xml lc2020.tif.aux.xml`},
	{name: "no place", status: 11, says: "has no geotransform", then: []string{"--after-crs", "EPSG:4490"},
		spoil: `gdal_translate -q -co PROFILE=BASELINE lc2020.tif b.tif; mv b.tif lc2020.tif; rm -f b.tif.aux.xml`,
		fill:  map[string]string{"WEST NORTH EAST SOUTH lc": "$WEST $NORTH $EAST $SOUTH lc"}},
	{name: "ground control points", status: 11, says: "it has ground control points",
		spoil: `gdal_translate -q -co PROFILE=BASELINE lc2020.tif b.tif; rm -f b.tif.aux.xml
			gdal_translate -q -a_srs EPSG:4490 -a_nodata 0 -gcp 0 0 $WEST $NORTH -gcp 300 0 $EAST $NORTH -gcp 0 280 $WEST $SOUTH b.tif lc2020.tif; rm -f lc2020.tif.aux.xml`,
		then: []string{"--align"}, result: func(f folder, out string) { sameShares(f, out, 0.02) }},
	{name: "no CRS", status: 11, says: "has no coordinate reference system", fill: map[string]string{"EPSG:…": "EPSG:4490"},
		make: folder.noCRS, follow: stateCRS("lc2020.tif")},
	{name: "no CRS, .prj beside it", status: 11, says: "lc2020.prj beside it is not read, but says crs: EPSG:4490",
		spoil: `gdalsrsinfo -o wkt_esri EPSG:4490 > lc2020.prj`, make: folder.noCRS,
		follow: func(f folder, say string) { stateCRS("lc2020.tif")(f, say[strings.Index(say, ".prj beside"):]) }},
	{name: "no CRS, sidecar", status: 11, says: "lc2020.tif.aux.xml beside it is not read, but says crs: EPSG:4490",
		make: folder.noCRS, spoil: `echo "<PAMDataset><SRS>$(gdalsrsinfo --single-line -o wkt1 EPSG:4490)</SRS></PAMDataset>" > lc2020.tif.aux.xml`,
		follow: func(f folder, say string) { stateCRS("lc2020.tif")(f, say[strings.Index(say, "aux.xml beside"):]) }},
	{name: "blocks too large", status: 17, says: "blocks of 9008 × 8400 cells need 72 MB each",
		spoil: `gdal_translate -q -outsize 9000 8400 -co TILED=YES -co BLOCKXSIZE=9008 -co BLOCKYSIZE=8400 -co COMPRESS=LZW lc2020.tif l.tif; mv l.tif lc2020.tif
			gdal_translate -q -outsize 9000 8400 -co COMPRESS=LZW lc2015.tif l.tif; mv l.tif lc2015.tif`,
		then:   []string{"--min-area", "3600cells", "--min-part", "900cells"},
		result: func(f folder, out string) { sameShares(f, out, 1e-9) }},
	{name: "blocks too large for the memory", status: 17, says: "say --max-memory 161MiB, or ", args: []string{"--max-memory", "64MiB"},
		spoil: `gdal_translate -q -outsize 4096 4096 -co TILED=YES -co BLOCKXSIZE=4096 -co BLOCKYSIZE=4096 -co COMPRESS=LZW lc2020.tif l.tif
			mv l.tif lc2020.tif; gdal_translate -q -outsize 4096 4096 -co COMPRESS=LZW lc2015.tif l.tif; mv l.tif lc2015.tif`,
		then: []string{"--max-memory", "64MiB"}, result: func(f folder, out string) { sameShares(f, out, 0.001) }},
	{name: "too many cells", status: 17, says: "1000000 × 1000000 cells are more than", fill: map[string]string{"WEST NORTH EAST SOUTH lc": "$WEST $NORTH $EAST $SOUTH lc"},
		make: func(f folder) { f.vast() }},
	{name: "blocks never written", says: "map 0 to nodata in the legend if it is no class", status: 0,
		spoil: `gdal_translate -q -a_nodata none -co SPARSE_OK=TRUE -co TILED=YES -co BLOCKXSIZE=16 -co BLOCKYSIZE=16 lc2020.tif s.tif; mv s.tif lc2020.tif`,
		make:  func(f folder) { f.legendWithoutZero() }, args: []string{"--legend", "own.csv"},
		follow: func(f folder, _ string) { f.script(`sed -i 's/^0,.*/0,NoData,无数据,,nodata/' own.csv`) }, then: []string{"--legend", "own.csv"},
		result: func(f folder, out string) {
			sameFiles(f.t, contents(f.t, out), contents(f.t, f.path("out")), append(slices.Clone(tellOfInputs), "matrix.csv")...)
		}},
	{name: "image of 16 bits", status: 11, says: "is no picture of 8 bits a colour", args: []string{"--formats", "html", "--image-after", "image.tif"},
		spoil: `gdal_translate -q -ot UInt16 -b 1 -b 1 -b 1 -a_nodata none -colorinterp red,green,blue lc2020.tif image.tif`,
		then:  []string{"--formats", "html,csv", "--image-after", "image-mended.tif"}, result: func(f folder, out string) {
			if page := contents(f.t, out)["report.html"]; !strings.Contains(page, "与影像") {
				f.t.Error("the report shows no image")
			}
		}},
	{name: "a sphere", status: 11, says: "is on a sphere",
		spoil: `gdalwarp -q -r near -t_srs "+proj=sinu +R=6371007.181" -tr 3 3 lc2020.tif s.tif; mv s.tif lc2020.tif`,
		then:  []string{"--align"}, result: func(f folder, out string) { sameShares(f, out, 0.02) }},
	{name: "grids differ", status: 13, says: "say --align",
		spoil: `gdalwarp -q -r near -t_srs EPSG:32650 -tr 5 5 lc2020.tif u.tif; mv u.tif lc2020.tif`,
		follow: func(f folder, say string) {
			if flag := printedFlag.FindString(say); flag != "--align" {
				f.t.Errorf("the flag is %q", flag)
			}
		}, then: []string{"--align"}, result: func(f folder, out string) { sameShares(f, out, 0.02) }},
}

// halves cuts lc2020.tif into a western and an eastern half, which the job names in its place.
const halves = `
	gdal_translate -q -srcwin 0 0 150 280 lc2020.tif west.tif
	gdal_translate -q -srcwin 150 0 150 280 lc2020.tif east.tif
	sed -i 's/\[lc2020.tif\]/[west.tif, east.tif]/' job.yaml
`

var mosaicRemedies = []remedy{
	{name: "tile off the lattice", status: 11, says: "east.tif is not on the lattice of west.tif, the first file of the mosaic: off by 0.3 cells east",
		spoil: halves + `
			gdal_translate -q -a_ullr $(awk "BEGIN{c=($EAST-($WEST))/300; printf \"%.15f $NORTH %.15f $SOUTH\", $WEST+150.3*c, $EAST+.3*c}") east.tif e.tif
			mv e.tif east.tif`},
	{name: "western tile off the lattice", status: 11, says: "west.tif is not on the lattice of east.tif",
		spoil: halves + `
			gdal_translate -q -a_ullr $(awk "BEGIN{c=($EAST-($WEST))/300; printf \"%.15f %.15f %.15f %.15f\", $WEST-.2*c, $NORTH+.4*c, $WEST+149.8*c, $SOUTH+.4*c}") west.tif w.tif
			mv w.tif west.tif; sed -i 's/west.tif, east.tif/east.tif, west.tif/' job.yaml`},
	{name: "masked tile off the lattice", status: 11, says: "is not on the lattice",
		spoil: halves + masked + `
			masked west.tif; masked east.tif
			gdal_translate -q -a_ullr $(awk "BEGIN{c=($EAST-($WEST))/300; printf \"%.15f $NORTH %.15f $SOUTH\", $WEST+150.3*c, $EAST+.3*c}") --config GDAL_TIFF_INTERNAL_MASK YES east.tif e.tif
			mv e.tif east.tif`},
	{name: "tiles of two UTM zones", status: 11, says: "no tiles of one mosaic: CRS WGS 84 / UTM zone 50N (EPSG:32650) against WGS 84 / UTM zone 49N (EPSG:32649)",
		spoil: halves + `
			gdalwarp -q -t_srs EPSG:32650 -tr 10 10 west.tif w.tif
			gdalwarp -q -t_srs EPSG:32649 -tr 10 10 east.tif e.tif; mv w.tif west.tif; mv e.tif east.tif`,
		then: []string{"--align"}, result: func(f folder, out string) { sameShares(f, out, 0.02); whole(f, out) }},
	{name: "tiles of two CRSs without NoData", status: 11, says: "no tiles of one mosaic: CRS",
		spoil: halves + `
			gdalwarp -q -r near -t_srs EPSG:32650 -te_srs EPSG:4490 -te $(awk "BEGIN{c=($EAST-($WEST))/300; printf \"%.15f $SOUTH $EAST $NORTH\", $WEST+150*c}") -tr 5 5 lc2020.tif e.tif
			gdal_translate -q -a_nodata none e.tif east.tif; gdal_translate -q -a_nodata none west.tif w.tif; mv w.tif west.tif`,
		then: []string{"--align"}, result: func(f folder, out string) { sameShares(f, out, 0.02); whole(f, out) }},
	{name: "tiles of two NoData values", status: 11, says: "no tiles of one mosaic: NoData value 255 against 254",
		spoil: halves + `gdalwarp -q -dstnodata 255 west.tif w.tif; mv w.tif west.tif; gdalwarp -q -dstnodata 254 east.tif e.tif; mv e.tif east.tif`},
	{name: "first tile without NoData", status: 11, says: "no tiles of one mosaic: NoData value none against 255",
		spoil: halves + `gdalwarp -q -dstnodata 255 east.tif e.tif; mv e.tif east.tif`},
	{name: "second tile without NoData", status: 11, says: "no tiles of one mosaic: NoData value 255 against none",
		spoil: halves + `gdalwarp -q -dstnodata 255 west.tif w.tif; mv w.tif west.tif; gdal_translate -q -a_nodata none east.tif e.tif; mv e.tif east.tif`},
	{name: "tiles of two types", status: 11, says: "no tiles of one mosaic: data type Byte against Int16",
		spoil: halves + `gdal_translate -q -ot Int16 east.tif e.tif; mv e.tif east.tif`},
	{name: "tiles of types that neither holds", status: 11, says: "no tiles of one mosaic: data type UInt16 against Int16",
		spoil: halves + `gdal_translate -q -ot Int16 east.tif e.tif; mv e.tif east.tif; gdal_translate -q -ot UInt16 west.tif w.tif; mv w.tif west.tif`},
	{name: "tiles of two cell sizes", status: 11, says: "no tiles of one mosaic: cell size",
		spoil: halves + `gdal_translate -q -r near -outsize 300 560 east.tif e.tif; mv e.tif east.tif`},
	{name: "two tiles that do not fit", status: 11, says: "north.tif and south.tif are no tiles of one mosaic: data type Byte against Int32",
		spoil: `gdal_translate -q -srcwin 0 0 300 100 lc2020.tif north.tif; gdal_translate -q -srcwin 0 100 300 100 -ot Int16 lc2020.tif middle.tif
			gdal_translate -q -srcwin 0 200 300 80 -ot Int32 lc2020.tif south.tif; sed -i 's/\[lc2020.tif\]/[north.tif, middle.tif, south.tif]/' job.yaml`,
		then: []string{"--quiet"}, follow: func(f folder, _ string) {
			// The first round brings the first file to the type of one of them; the second round does the rest.
			say := run(f.t, f.dir, "run", "job.yaml", "--out", "between").stderr
			for _, command := range printedCommand.FindAllStringSubmatch(say, -1) {
				f.script(command[1])
			}
			f.mended()
		}},
	{name: "mosaic of masked tiles", status: 11, says: "element <MaskBand> is not allowed",
		spoil: halves + masked + `masked west.tif; masked east.tif; gdalbuildvrt -q m.vrt west.tif east.tif
			sed -i 's/\[west.tif, east.tif\]/[m.vrt]/' job.yaml`},
	{name: "mosaic of two resolutions", status: 11, says: "resamples a source",
		spoil: halves + `gdal_translate -q -r near -outsize 300 560 east.tif e.tif; gdalbuildvrt -q -resolution lowest m.vrt west.tif e.tif
			sed -i 's/\[west.tif, east.tif\]/[m.vrt]/' job.yaml`},
	{name: "warped VRT", status: 11, says: "is not allowed",
		spoil: `gdalwarp -q -of VRT lc2020.tif w.vrt; sed -i 's/\[lc2020.tif\]/[w.vrt]/' job.yaml`},
	{name: "mosaic of mosaics", status: 11, says: "is not a .tif, .tiff, .img or .asc file",
		spoil: halves + `gdalbuildvrt -q a.vrt west.tif; gdalbuildvrt -q m.vrt a.vrt east.tif; sed -i 's/\[west.tif, east.tif\]/[m.vrt]/' job.yaml`},
	{name: "VRT that drops NoData", status: 11, says: "has no NoData value, but its source", follow: nameFiles("m.vrt"),
		spoil: halves + `gdalwarp -q -dstnodata 255 west.tif w.tif; mv w.tif west.tif; gdalwarp -q -dstnodata 255 east.tif e.tif; mv e.tif east.tif
			gdalbuildvrt -q m.vrt west.tif east.tif; sed -i '/<NoDataValue>/d' m.vrt; sed -i 's/\[west.tif, east.tif\]/[m.vrt]/' job.yaml`},
	{name: "VRT of masked tiles without their masks", status: 11, says: "has a mask, which a VRT drops", follow: nameFiles("m.vrt"),
		spoil: halves + `gdalbuildvrt -q m.vrt west.tif east.tif; sed -i '/<NoDataValue>/d; /<NODATA>/d' m.vrt` + masked + `masked west.tif; masked east.tif
			sed -i 's/\[west.tif, east.tif\]/[m.vrt]/' job.yaml`},
	{name: "gap of a VRT", says: "no source covers 42000 cells", then: []string{"--legend", "own.csv"}, follow: nameFiles("m.vrt"),
		make: func(f folder) { f.legendWithoutZero() }, args: []string{"--legend", "own.csv"},
		spoil: halves + `gdal_translate -q -a_nodata none west.tif w.tif; gdalbuildvrt -q -te $WEST $SOUTH $EAST $NORTH m.vrt w.tif
			sed -i 's/\[west.tif, east.tif\]/[m.vrt]/' job.yaml`,
		result: func(f folder, out string) {
			if c := readManifest(f.t, out).Counts; c.Cells != 42000 {
				f.t.Errorf("%d cells are compared", c.Cells)
			}
		}},
}

// nameFiles does what a message tells: the job names the printed files in place of a VRT.
func nameFiles(vrt string) func(f folder, say string) {
	return func(f folder, say string) {
		f.t.Helper()
		files := printedFiles.FindStringSubmatch(say)
		if files == nil {
			f.t.Fatalf("no files are printed: %s", say)
		}
		f.edit("["+vrt+"]", files[1])
	}
}

// esriAlbers is a projection as maps of China use it, in WKT of ESRI; its datum is to be filled in.
const esriAlbers = `PROJCS["Albers",GEOGCS["GCS",DATUM["%s",SPHEROID["%s]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925199433]],PROJECTION["Albers"],PARAMETER["False_Easting",0],PARAMETER["False_Northing",0],PARAMETER["central_meridian",105],PARAMETER["Standard_Parallel_1",25],PARAMETER["Standard_Parallel_2",47],PARAMETER["latitude_of_origin",0],UNIT["Meter",1]]`

// reserves brings the reserves to a CRS by one definition and makes them declare another one; their text stays GBK.
func reserves(to, declared string) string {
	return fmt.Sprintf(`
		ogr2ogr -oo ENCODING=GBK -lco ENCODING=GBK -s_srs EPSG:4326 -t_srs '%s' r.shp reserves.shp; rm r.cpg
		ogr2ogr -oo ENCODING=GBK -lco ENCODING=GBK -a_srs '%s' s.shp r.shp
		rm reserves.*; for e in shp shx dbf prj; do mv s.$e reserves.$e; done`, to, declared)
}

var layerRemedies = []remedy{
	{name: "antimeridian", status: 12, says: "it seems to cross the antimeridian",
		spoil: `ogr2ogr -oo ENCODING=GBK plain.geojson reserves.shp; ogr2ogr -oo ENCODING=GBK -sql "SELECT * FROM reserves LIMIT 1" far.geojson reserves.shp
			sed -i 's/"coordinates": \[.*\]/"coordinates": [[[179,30],[-179,30],[-179,31],[179,31],[179,30]]]/; s/MultiPolygon/Polygon/' far.geojson
			sed -i 's/SLBHD00001/FAR/' far.geojson; ogr2ogr reserves.shp plain.geojson -lco ENCODING=GBK -overwrite; ogr2ogr -append reserves.shp far.geojson; rm reserves.cpg`,
		result: func(f folder, out string) {
			rows := table(f.t, filepath.Join(out, "coverage.csv"))
			if len(rows) != len(table(f.t, f.path("out/coverage.csv")))+1 {
				f.t.Errorf("%d zones", len(rows))
			}
			found := false
			for _, row := range rows {
				// Two degrees by one at 30.5° N are 192.00 km by 110.86 km.
				a, _ := strconv.ParseFloat(row["area_ha"], 64)
				found = found || math.Abs(a-2_128_500) < 400
			}
			if !found {
				f.t.Errorf("no zone has the area: %v", rows)
			}
		}},
	{name: "layer without CRS", status: 12, says: "layer has no CRS", follow: stateCRS("reserves.shp"),
		spoil: `rm reserves.prj`},
	{name: "layer without CRS, .qpj beside it", status: 12, says: "reserves.qpj beside it is not read, but says crs: EPSG:4490",
		spoil: `mv reserves.prj reserves.qpj`, follow: stateCRS("reserves.shp")},
	{name: "datum unknown, GRS 1980", status: 13, says: "names no datum, only its ellipsoid", follow: stateCRS("reserves.shp"), result: sameAreas,
		spoil: reserves("+proj=aea +lat_0=0 +lon_0=105 +lat_1=25 +lat_2=47 +ellps=GRS80", fmt.Sprintf(esriAlbers, "D_unknown", `GRS_1980",6378137,298.257222101`))},
	{name: "datum unknown, Krasovsky", status: 13, says: "names no datum, so if you know", result: sameAreas,
		spoil: reserves("+proj=aea +lat_0=0 +lon_0=105 +lat_1=25 +lat_2=47 +ellps=krass +towgs84=15.8,-154.4,-82.3,0.1,-0.2,0.3,-1.5",
			fmt.Sprintf(esriAlbers, "D_Krasovsky_1940", `Krasovsky_1940",6378245,298.3`)),
		fill: map[string]string{"DX,DY,DZ,RX,RY,RZ,DS": "15.8,-154.4,-82.3,0.1,-0.2,0.3,-1.5"}, follow: stateCRS("reserves.shp")},
	{name: "datum unknown, numbers of CGCS2000 on Krasovsky", status: 13, says: "in spite of its ellipsoid, say so by crs: CGCS2000", result: sameAreas,
		spoil:  reserves("+proj=aea +lat_0=0 +lon_0=105 +lat_1=25 +lat_2=47 +ellps=GRS80", fmt.Sprintf(esriAlbers, "D_Krasovsky_1940", `Krasovsky_1940",6378245,298.3`)),
		follow: func(f folder, say string) { stateCRS("reserves.shp")(f, say[strings.LastIndex(say, "say so by"):]) }},
	{name: "Beijing 1954", status: 13, says: "state the datum shift of Beijing 1954 / 3-degree Gauss-Kruger zone 39 (EPSG:2415)", result: sameAreas,
		spoil: reserves("+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=39500000 +y_0=0 +ellps=krass +towgs84=15.8,-154.4,-82.3,0.1,-0.2,0.3,-1.5", "EPSG:2415"),
		fill:  map[string]string{"DX,DY,DZ,RX,RY,RZ,DS": "15.8,-154.4,-82.3,0.1,-0.2,0.3,-1.5"}, follow: stateCRS("reserves.shp")},
	{name: "Xian 1980", status: 13, says: "state the datum shift of Xian 1980", result: sameAreas,
		spoil: reserves("+proj=longlat +a=6378140 +rf=298.257 +towgs84=24,-123,-94,-0.02,0.25,0.13,1.1", "EPSG:4610"),
		fill:  map[string]string{"DX,DY,DZ,RX,RY,RZ,DS": "24,-123,-94,-0.02,0.25,0.13,1.1"}, follow: stateCRS("reserves.shp")},
	{name: "layer on a sphere", status: 13, says: "is on a sphere", result: sameAreas,
		spoil: reserves("+proj=longlat +R=6371000", "+proj=longlat +R=6371000")},
	{name: "layer on a sphere, in an archive", status: 13, says: "is on a sphere", result: sameAreas,
		spoil: reserves("+proj=longlat +R=6371000", "+proj=longlat +R=6371000"), make: func(f folder) {
			f.zip("保护地 r.zip", "reserves.shp", "reserves.shx", "reserves.dbf", "reserves.prj")
			f.edit("reserves.shp", "保护地 r.zip")
		}, follow: func(f folder, _ string) { f.edit("保护地 r.zip", "reserves-mended.gpkg") }},
	{name: "degrees that are none", status: 12, says: "is not in degrees",
		spoil: reserves(`GEOGCS["g",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["grad",0.01570796326794897]]`,
			`GEOGCS["g",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101]],PRIMEM["Greenwich",0],UNIT["grad",0.01570796326794897]]`), result: sameAreas},
}

// noCRS takes the CRS from lc2020.tif.
func (f folder) noCRS() {
	f.t.Helper()
	f.dataset("lc2020.tif", func(ds *godal.Dataset) error { return ds.SetProjection("") })
}

// noData gives lc2020.tif a NoData value.
func (f folder) noData(value float64) {
	f.t.Helper()
	f.dataset("lc2020.tif", func(ds *godal.Dataset) error { return ds.SetNoData(value) })
}

// turn rewrites lc2020.tif with its cells elsewhere in the file, and the geotransform that says so.
func (f folder) turn(cell func(col, row, cols, rows int) (int, int), transform func(g [6]float64, cols, rows float64) [6]float64) {
	f.t.Helper()
	g, cells := f.cells("lc2020.tif")
	turned := make([]uint8, len(cells))
	for row := range g.Rows {
		for col := range g.Cols {
			c, r := cell(col, row, g.Cols, g.Rows)
			turned[r*g.Cols+c] = cells[row*g.Cols+col]
		}
	}
	f.write("lc2020.tif", godal.Byte, turned, 0)
	f.dataset("lc2020.tif", func(ds *godal.Dataset) error {
		return ds.SetGeoTransform(transform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}, float64(g.Cols), float64(g.Rows)))
	})
}

// vast replaces lc2020.tif by a raster of 10¹² cells, most of them never written, that holds it.
func (f folder) vast() {
	f.t.Helper()
	g, cells := f.cells("lc2020.tif")
	f.remove("lc2020.tif")
	const across, at = 1_000_000, 500_000
	ds, err := godal.Create(godal.GTiff, f.path("lc2020.tif"), 1, godal.Byte, across, across,
		godal.CreationOption("SPARSE_OK=YES", "TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=4096", "COMPRESS=LZW", "BIGTIFF=YES"))
	f.check(err)
	transform := [6]float64{g.OriginX - at*g.CellX, g.CellX, 0, g.OriginY + at*g.CellY, 0, -g.CellY}
	f.check(errors.Join(ds.SetGeoTransform(transform), ds.SetProjection(g.CRS.WKT), ds.SetNoData(0),
		ds.Bands()[0].Write(at, at, cells, g.Cols, g.Rows), ds.Close()))
}

// legendWithoutZero writes own.csv, the legend clcd in which code 0 is a class.
func (f folder) legendWithoutZero() {
	f.t.Helper()
	o := run(f.t, f.dir, "legends", "clcd")
	o.want(f.t, 0)
	f.text("own.csv", strings.Replace(o.stdout, "\n0,NoData,无数据,#000000,nodata", "\n0,none,无,,ice", 1))
	f.script(`grep -q '^0,none,无,,ice' own.csv; sed -i 's/, legend: clcd//' job.yaml
		gdal_translate -q -a_nodata none lc2015.tif n.tif; mv n.tif lc2015.tif`)
}

// sameShares wants the same part of the compared cells to have changed as in the sound job, within a tolerance.
func sameShares(f folder, out string, tolerance float64) {
	f.t.Helper()
	share := func(dir string) float64 {
		c := readManifest(f.t, dir).Counts
		return float64(c.ChangedCells) / float64(c.ValidCells)
	}
	if got, want := share(out), share(f.path("out")); !(math.Abs(got-want) <= tolerance*want) {
		f.t.Errorf("%.5f of the cells changed, want %.5f", got, want)
	}
}

// whole wants nearly all cells of the sound job to be compared.
func whole(f folder, out string) {
	f.t.Helper()
	got, want := readManifest(f.t, out).Counts, readManifest(f.t, f.path("out")).Counts
	if share := float64(got.ValidCells) / float64(want.ValidCells); share < 0.97 || share > 1 {
		f.t.Errorf("%d cells are compared, want %d", got.ValidCells, want.ValidCells)
	}
}
