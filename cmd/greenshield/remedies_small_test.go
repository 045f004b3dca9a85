package main

import (
	"bytes"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
)

// damaged copies a file away, spoils it, and copies it back as the remedy.
func harmed(name, file, spoil, says string, status int) remedy {
	return remedy{name: name, status: status, says: says, spoil: "cp " + file + " kept\n" + spoil, mend: "rm -rf " + file + "; mv kept " + file}
}

// edited is a mistake in the job file, and its correction.
func edited(name, spoil, mend, says string, status int) remedy {
	return remedy{name: name, status: status, says: says, spoil: "sed -i '" + spoil + "' job.yaml", mend: "sed -i '" + mend + "' job.yaml"}
}

var fileRemedies = []remedy{
	harmed("empty raster", "lc2020.tif", ": > lc2020.tif", "empty file (0 bytes); copy it again", 11),
	harmed("cut raster", "lc2020.tif", "truncate -s 300 lc2020.tif", "copy or export it again", 11),
	harmed("cut blocks", "lc2020.tif", "gdal_translate -q -co TILED=YES -co BLOCKXSIZE=64 -co BLOCKYSIZE=64 kept n.tif; truncate -s 60000 n.tif; mv n.tif lc2020.tif",
		"the file is damaged or cut short: copy it again", 11),
	harmed("directory as raster", "lc2020.tif", "rm lc2020.tif; mkdir lc2020.tif; cp kept lc2020.tif/a.tif", "is a directory; name the raster files in it", 11),
	harmed("pipe as raster", "lc2020.tif", "rm lc2020.tif; mkfifo lc2020.tif", "save its content to a file first", 11),
	harmed("cut .dbf", "reserves.dbf", "truncate -s -300 reserves.dbf", "present; get a complete copy", 12),
	harmed("cut .shx", "reserves.shx", "truncate -s -3 reserves.shx", "the .shx is cut or damaged; get a complete copy", 12),
	harmed("cut .shp", "reserves.shp", "truncate -s -30 reserves.shp", "the .shp is cut: it declares", 12),
	harmed("missing .dbf", "reserves.dbf", "rm reserves.dbf", "the .dbf is missing; copy it from where the .shp came from", 12),
	harmed("text that is not UTF-8", "counties.geojson", "iconv -f UTF-8 -t GBK kept > counties.geojson", "UTF-8", 12),
	harmed("NUL in GeoJSON", "counties.geojson", `sed 's/"adcode": *"/&\\u0000/' kept > counties.geojson`, "its text holds a NUL character (\\u0000); correct the attribute", 12),
	harmed("journal beside a GeoPackage", "redline.gpkg", "echo x > redline.gpkg-wal", "close that program", 12).
		with("rm -f redline.gpkg-wal kept"),
	{name: "percent sign", status: 12, says: "rename the file or folder", spoil: "mv redline.gpkg 'r%41.gpkg'; sed -i 's/redline.gpkg/r%41.gpkg/' job.yaml",
		mend: "mv 'r%41.gpkg' redline.gpkg; sed -i 's/r%41.gpkg/redline.gpkg/' job.yaml"},
	{name: "layers to choose from", status: 12, says: "it has 2 layers, say which one by |layername=NAME (layer: NAME in a job file); its layers: redline, other",
		spoil: "ogr2ogr -update -nln other redline.gpkg redline.gpkg redline; sed -i 's/ layer: redline,//' job.yaml", mend: "sed -i 's/redline.gpkg,/redline.gpkg, layer: redline,/' job.yaml"},
	{name: "layer of points", status: 12, says: "remove it or give a polygon layer", spoil: `cp redline.gpkg kept; ogr2ogr -dialect SQLite -sql "SELECT ST_Centroid(geom) AS geom, HXBM, HXMC FROM redline" -nln redline n.gpkg kept; mv n.gpkg redline.gpkg`,
		mend: "mv kept redline.gpkg"},
	{name: ".cpg that is wrong", status: 12, says: "say encoding: GB18030", spoil: "echo UTF-8 > reserves.cpg; sed -i 's/ encoding: GBK,//' job.yaml", mend: "sed -i 's/reserves.shp,/reserves.shp, encoding: GB18030,/' job.yaml"},
	{name: ".cpg to be written", status: 12, says: "or write GB18030 into its .cpg", spoil: "echo UTF-8 > reserves.cpg; sed -i 's/ encoding: GBK,//' job.yaml", mend: "echo GB18030 > reserves.cpg"},
	{name: "encoding guessed", says: "if that reads wrong, say --encoding NAME", spoil: "sed -i 's/ encoding: GBK,//' job.yaml", then: []string{"--encoding", "GBK"}},
	{name: "large repairs", status: 12, says: "or say --accept-repairs", then: []string{"--accept-repairs"},
		spoil: `cp redline.gpkg kept; ogr2ogr -t_srs EPSG:4490 r.geojson redline.gpkg redline
			sed -i '0,/"coordinates": \[.*\]/s//"coordinates": [[[[116.98,30.98],[117.0,31.0],[117.0,30.98],[116.98,31.0],[116.98,30.98]]]]/' r.geojson
			sed -i 's/{file: redline.gpkg, layer: redline,/{file: r.geojson,/' job.yaml`,
		result: func(f folder, out string) {
			if m := readManifest(f.t, out); len(m.Repairs) < 2 {
				f.t.Errorf("repairs are %+v", m.Repairs)
			}
		}},
	{name: "feature too large for the memory", status: 17, says: "split it, or make a copy that can be used by `ogr2ogr --config OGR_GEOJSON_MAX_OBJ_SIZE 0 -f GPKG ",
		args: []string{"--max-memory", "64MiB"}, then: []string{"--max-memory", "64MiB"},
		spoil: `awk 'BEGIN {
				printf "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"properties\":{\"HXBM\":\"B\"},\"geometry\":{\"type\":\"Polygon\",\"coordinates\":["
				printf "[[116.97,30.97],[117.03,30.97],[117.03,31.03],[116.97,31.03],[116.97,30.97]]"
				for (i = 0; i < 20000; i++) { x = 116.98 + i % 200 * .0002; y = 30.98 + int(i / 200) * .0002
					printf ",[[%.5f,%.5f],[%.5f,%.5f],[%.5f,%.5f],[%.5f,%.5f],[%.5f,%.5f]]", x, y, x, y + .0001, x + .0001, y + .0001, x + .0001, y, x, y }
				print "]}}]}" }' > big.geojson
			sed -i 's/redline.gpkg, layer: redline/big.geojson/; s/, name: HXMC//' job.yaml`,
		result: func(f folder, out string) {
			// A square of 0.06°, less 20,000 of 0.0001°; at 31° N a square degree is 95.5 km by 110.9 km.
			const want = (.06*.06 - 20000*1e-8) * 95.5 * 110.9 * 100
			if got, _ := strconv.ParseFloat(table(f.t, filepath.Join(out, "coverage.csv"))[0]["area_ha"], 64); math.Abs(got-want) > want/500 {
				f.t.Errorf("the zone has %v ha, want %v", got, want)
			}
		}},
	{name: "zones elsewhere", status: 13, says: "name a layer of the same area, or correct its CRS",
		spoil: `for l in redline.gpkg reserves.shp; do ogr2ogr -oo ENCODING=GBK -lco ENCODING=GBK -t_srs EPSG:4527 -nln x k.shp $l 2>/dev/null || ogr2ogr -t_srs EPSG:4527 k.shp $l; done
			cp redline.gpkg kept; ogr2ogr -t_srs EPSG:4490 -s_srs EPSG:4530 n.gpkg redline.gpkg; mv n.gpkg redline.gpkg; sed -i '/^reserve:/d' job.yaml; rm k.*`,
		mend: "mv kept redline.gpkg", result: func(f folder, out string) { someZones(f, out, 6) }},
	{name: "no functional zone", says: "name the field by fields: {func_zone: …}", spoil: `cp job.yaml kept; ogr2ogr -oo ENCODING=GBK -lco ENCODING=GBK -sql "SELECT BSM, BHDMC, GNFQ AS X, BHDJB FROM reserves" n.shp reserves.shp
			for e in shp shx dbf prj; do mv n.$e reserves.$e; done; sed -i 's/func_zone: GNFQ, //' job.yaml`,
		mend: "sed -i 's/level: BHDJB/func_zone: X, level: BHDJB/' job.yaml"},
	{name: "functional zones that nobody knows", status: 12, says: "say what they are in the job file, such as zone_types: {",
		spoil: `ogr2ogr -oo ENCODING=GBK -lco ENCODING=GBK -dialect SQLite -sql "SELECT BSM, BHDMC, replace(GNFQ, '核心区', '甲') AS GNFQ, BHDJB, geometry FROM reserves" n.shp reserves.shp
			for e in shp shx dbf prj; do mv n.$e reserves.$e; done`,
		mend: "sed -i 's/level: BHDJB}/level: BHDJB}, zone_types: {甲: core}/' job.yaml", result: sameAreasBut("func_zone")},
	{name: "ids twice", status: 12, says: `take the features' numbers (fields: {id: "#"})`, spoil: "sed -i 's/id: BSM/id: BHDJB/' job.yaml", mend: `sed -i 's/id: BHDJB/id: "#"/' job.yaml`,
		result: func(f folder, out string) { someZones(f, out, len(table(f.t, f.path("out/coverage.csv")))) }},
	{name: "name of a county", says: "name them by fields: {code: …, name: …}", spoil: `sed -i 's/"adcode"/"a"/g; s/"name":/"b":/g' counties.geojson; sed -i 's/fields: {code: adcode, name: name, city: city}/fields: {city: city}/' job.yaml`,
		mend: "sed -i 's/fields: {city: city}/fields: {code: a, name: b, city: city}/' job.yaml"},
	{name: "unknown code", status: 11, says: "name the right legend, or add the code to a legend CSV", make: ownLegend("s/^8,/88,/"), mend: "sed -i 's/^88,/8,/' own.csv"},
	{name: "legend of too many entries", status: 10, says: "leave out codes that the raster does not hold",
		make: func(f folder) {
			ownLegend("")(f)
			f.script("for i in $(seq 1000 1300); do echo $i,more,多余,,built; done >> own.csv")
		}, mend: "sed -i '/^1[0-9][0-9][0-9],/d' own.csv"},
	{name: "legend without a name", status: 10, says: "code 8 has no name; fill in name_en or name_zh", make: ownLegend("s/^8,[^,]*,[^,]*,/8,,,/"),
		mend: "sed -i 's/^8,,,/8,Impervious,不透水面,/' own.csv"},
	{name: "two layers of one name", status: 12, says: "give one of the layers, not of the files, another one", spoil: `mkdir d; ogr2ogr -f GeoJSON z.geojson redline.gpkg redline; cp z.geojson d
			sed -i 's/^redline: .*/redline: [{file: z.geojson, fields: {id: "#"}}, {file: d\/z.geojson, fields: {id: "#"}}]/' job.yaml`,
		mend:   `sed -i 's/"name": "redline"/"name": "y"/' d/z.geojson`,
		result: func(f folder, out string) { someZones(f, out, len(table(f.t, f.path("out/coverage.csv")))+6) }},
	{name: "legend with two of one code", status: 10, says: "keep one of the two", make: ownLegend("$a 8,again,再,,built"), mend: "sed -i '$d' own.csv"},
}

var jobRemedies = []remedy{
	edited("no raster", "/^after:/d", "1a after:  {files: [lc2020.tif], year: 2020, legend: clcd}", "name its files by --after FILE or after: {files: [FILE]}", 10),
	edited("no legend", "s/year: 2020, legend: clcd/year: 2020/", "s/year: 2020/year: 2020, legend: clcd/", "name one by --legend or after: {legend: NAME}", 10),
	edited("years exchanged", "s/year: 2020/year: 2009/", "s/year: 2009/year: 2020/", "correct --after-year or --before-year", 10),
	edited("year to come", "s/year: 2020/year: 2099/", "s/year: 2099/year: 2020/", "correct --after-year, or the clock", 10),
	edited("no zones", "s/^red/#red/; s/^res/#res/", "s/^#red/red/; s/^#res/res/", "name a layer by --redline SRC or --reserve SRC", 10),
	edited("a tab", "s/^min_area/\\tmin_area/", "s/^\\tmin_area/min_area/", "indent with spaces", 10),
	edited("key twice", "$a out: other", "$d", "keep one of the two", 10),
	edited("no value", "s/^rules: .*/rules:/", "s/^rules:/rules: green-shield/", "write one, or remove the line", 10),
	edited("list for a value", "s/^rules: green-shield/rules: [green-shield]/", "s/^rules: .*/rules: green-shield/", "write it without brackets and dashes", 10),
	edited("layer without file", "s/file: exempt.geojson/layer: x/", "s/layer: x/file: exempt.geojson/", "write file: FILE", 10),
	edited("no size", "s/^min_area: .*/min_area: 4/", "s/^min_area: .*/min_area: 4cells/", "such as 4cells, 0.5ha or 5000m2", 10),
	edited("no amount of memory", "$a max_memory: 2", "s/^max_memory: .*/max_memory: 2GiB/", "such as 2GiB or 600MB", 10),
	edited("alias", "s/^rules: .*/rules: \\&a green-shield/", "s/^rules: .*/rules: green-shield/", "write the value itself, in quotes if it begins so", 10),
	edited("tag", "s/^rules: .*/rules: !green/", "s/^rules: .*/rules: green-shield/", "tags (!) are not read", 10),
	edited("number of a feature as a name", `s/name: HXMC/name: "#"/`, `s/name: "#"/name: HXMC/`, "serves only as an id; name a field", 10),
	edited("datum for a file without projection", "s/year: 2020/year: 2020, crs: CGCS2000/", "s/crs: CGCS2000/crs: EPSG:4490/", "state a whole CRS, such as crs: EPSG:4547", 11).
		made(folder.noCRS),
	edited("no EPSG code", "s/year: 2020/year: 2020, crs: EPSG:x/", "s/crs: EPSG:x/crs: EPSG:4490/", "write EPSG: and a number", 11),
	edited("control character", `s/^min_area: .*/min_area: 4\x01cells/`, "s/^min_area: .*/min_area: 4cells/", "the line holds a control character; remove it", 10),
	edited("no format", "$a formats: pdf", "s/^formats: .*/formats: csv/", "is no format; write all, or some of", 10),
	edited("complex key", "$a ? [x]\\n: y", "/^? /d; /^: y/d", "complex keys (?) are not read; write the value in quotes if it begins so", 10),
	edited("empty text", `s/^rules: .*/rules: ""/`, "s/^rules: .*/rules: green-shield/", "the text is empty; write a value, or leave it out", 10),
	edited("map service without a place", "$a map_service: https://map.example/?center={lon}", "s/center={lon}/center={lon},{lat}/",
		"has no {lat}; write an address such as https://map.example/?center={lon},{lat}", 10),
	edited("tiles that are none", "$a basemap: tiles/{z}/{x}/{y}.png", "s|tiles/{z}|https://tiles.example/{z}|",
		"is no address of a service; write an address such as https://tiles.example/{z}/{x}/{y}.png", 10),
	{name: "flag without CRS", status: 10, says: "states no CRS; write FILE, then |layername=NAME, |zone_type=TYPE, |since=DATE, |crs=CRS", spoil: "sed -i '/^redline/d' job.yaml", args: []string{"--redline", "redline.gpkg|crs="}, then: []string{"--redline", "redline.gpkg|layername=redline|crs=EPSG:4527"}},
	{name: "flag without file", status: 10, says: "names no file; write FILE, then |layername=NAME", spoil: "sed -i '/^redline/d' job.yaml", args: []string{"--redline", "|layername=redline"}, then: []string{"--redline", "redline.gpkg"}},
	{name: "flag without layer", status: 10, says: "names no layer; write FILE, then |layername=NAME", spoil: "sed -i '/^redline/d' job.yaml", args: []string{"--redline", "redline.gpkg|layername="}, then: []string{"--redline", "redline.gpkg|layername=redline"}},
	{name: "flag with something else", status: 10, says: "has parts besides the layer's name that are not known; write FILE, then |layername=NAME", spoil: "sed -i '/^redline/d' job.yaml", args: []string{"--redline", "redline.gpkg|layerid=0"}, then: []string{"--redline", "redline.gpkg"}},
	{name: "a rule is missing", status: 10, says: "add rows for it or extend their periods", spoil: "sed -i 's/^rules: .*/rules: own.csv/' job.yaml", make: func(f folder) {
		o := run(f.t, f.dir, "rules", "green-shield")
		o.want(f.t, 0)
		f.text("kept.csv", o.stdout)
		f.script("grep -v '^construction,.*,periphery,' kept.csv > own.csv; ! cmp -s kept.csv own.csv")
	}, mend: "mv kept.csv own.csv"},
	{name: "band of a band", status: 11, says: "say which with --before-band, --after-band or |band=N in --between, --confirm or --newest (job file: band)", spoil: "gdal_translate -q -b 1 -b 1 -b 1 lc2020.tif n.tif; mv n.tif lc2020.tif",
		mend: "sed -i 's/year: 2020/year: 2020, band: 2/' job.yaml"},
	{name: "too little memory for the blocks", status: 17, says: "say --max-memory 161MiB", args: []string{"--max-memory", "64MiB"}, then: []string{"--max-memory", "161MiB"},
		spoil: `gdal_translate -q -outsize 4096 4096 -co TILED=YES -co BLOCKXSIZE=4096 -co BLOCKYSIZE=4096 -co COMPRESS=LZW lc2020.tif l.tif
			mv l.tif lc2020.tif; gdal_translate -q -outsize 4096 4096 -co COMPRESS=LZW lc2015.tif l.tif; mv l.tif lc2015.tif`, result: func(f folder, out string) { sameShares(f, out, 0.001) }},
}

var outputRemedies = []remedy{
	{name: "target exists", status: 15, says: "say --replace to replace it, or name another folder", args: []string{"--out", "out", "--min-area", "5cells"}, then: []string{"--out", "out", "--replace"}},
	{name: "target is a link", status: 15, says: "name the folder that it leads to", spoil: "mkdir d; ln -s d/new link; mkdir d/new", args: []string{"--out", "link"}, then: []string{"--out", "d/newer"}},
	{name: "target is a file", status: 15, says: "is not a folder; name another one", spoil: "echo x > f", args: []string{"--out", "f"}, then: []string{"--out", "g"}},
	{name: "no folder above", status: 15, says: "create it, or name another folder", args: []string{"--out", "a/b"}, mend: "mkdir a", then: []string{"--out", "a/b"}},
	{name: "no folder of a run", status: 15, says: "is not the folder of a run", spoil: "mkdir x; echo y > x/y", args: []string{"--out", "x", "--replace"}, then: []string{"--out", "z", "--replace"}},
	{name: "a file of one's own", status: 15, says: "move that away, or name another folder", spoil: "echo y > out/y", args: []string{"--out", "out", "--replace", "--min-area", "5cells"},
		mend: "mv out/y .", then: []string{"--out", "out", "--replace"}},
}

// ownLegend gives lc2020.tif a copy of the legend clcd, own.csv, changed by a script of sed.
func ownLegend(change string) func(f folder) {
	return func(f folder) {
		f.t.Helper()
		o := run(f.t, f.dir, "legends", "clcd")
		o.want(f.t, 0)
		f.text("own.csv", o.stdout)
		f.script("sed -i '" + change + "' own.csv; sed -i 's/year: 2020, legend: clcd/year: 2020, legend: own.csv/' job.yaml")
	}
}

// with replaces what a user does.
func (r remedy) with(mend string) remedy { r.mend = mend; return r }

// made does what no script can, after the spoiling.
func (r remedy) made(by func(f folder)) remedy { r.make = by; return r }

// someZones wants the result to have that many zones.
func someZones(f folder, out string, n int) {
	f.t.Helper()
	if got := len(table(f.t, filepath.Join(out, "coverage.csv"))); got != n {
		f.t.Errorf("%d zones, want %d", got, n)
	}
}

func TestSmallRemedies(t *testing.T) { testRemedies(t, fileRemedies, jobRemedies, outputRemedies) }

// TestOpenPatches: stripes that stay open from the first row to the last need memory for each of their rows.
func TestOpenPatches(t *testing.T) {
	zone := []gdalvector.Row{{Values: []string{"Z1"}, Shape: orb.MultiPolygon{{ring(orb.Point{117.19, 31.49}, orb.Point{117.21, 31.49}, orb.Point{117.21, 31.51}, orb.Point{117.19, 31.51})}}}}
	f := fieldJob(t, "EPSG:4527", 2400, 30, zone, func(col, _ int) bool { return col%2 == 0 })
	o := here(t, f.dir, "run", "job.yaml", "--formats", "geojson", "--quiet", "--max-memory", "64MiB")
	o.want(t, 17)
	if !like(o.stderr, "…patches that are still open at row … hold … runs, more than half of --max-memory; raise it\n") {
		t.Errorf("got %s", o.stderr)
	}
	here(t, f.dir, "run", "job.yaml", "--formats", "geojson", "--quiet", "--max-memory", "1GiB").want(t, 0)
	if c := readManifest(t, f.path("out")).Counts; c.ChangedCells != 2_880_000 {
		t.Errorf("%d cells changed", c.ChangedCells)
	}
}

// TestRasterAcross180: a raster across the antimeridian is cut in two as the message says, and each part runs.
func TestRasterAcross180(t *testing.T) {
	const cell = 0.0005
	f := folder{t, t.TempDir()}
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	g := raster.Grid{OriginX: 179.95, OriginY: 31, CellX: cell, CellY: cell, Cols: 200, Rows: 100, CRS: crs}
	forest := bytes.Repeat([]byte{2}, int(g.Cells()))
	built := bytes.Repeat([]byte{8}, int(g.Cells()))
	f.check(gdalraster.WriteByte(f.path("a.tif"), g, forest, nil))
	f.check(gdalraster.WriteByte(f.path("b.tif"), g, built, nil))
	box := func(west, east float64) gdalvector.Row {
		return gdalvector.Row{Values: []string{fmt.Sprint(west)}, Shape: orb.MultiPolygon{{ring(orb.Point{west, 30.96}, orb.Point{east, 30.96}, orb.Point{east, 30.99}, orb.Point{west, 30.99})}}}
	}
	f.check(gdalvector.Write(f.path("zones.geojson"), crs, []string{"HXBM"}, []gdalvector.Row{box(179.96, 179.99), box(-179.99, -179.97)}, gdalvector.WriteOptions{}))
	run := func(before, after, out string) outcome {
		return here(t, f.dir, "run", "--before", before, "--after", after, "--before-year", "2015", "--after-year", "2020", "--legend", "clcd",
			"--redline", "zones.geojson", "--quiet", "--formats", "geojson", "--out", out)
	}
	o := run("a.tif", "b.tif", "out")
	o.want(t, 11)
	if !strings.Contains(o.stderr, "cut the raster at 180°, with longitudes from -180 to 180, and run its parts one by one") {
		t.Errorf("got %s", o.stderr)
	}
	for _, name := range []string{"a", "b"} {
		for _, command := range []string{"gdal_translate -q -projwin 179.95 31 180 30.95 %[1]s.tif %[1]s-west.tif",
			"gdal_translate -q -projwin 180 31 180.05 30.95 -a_ullr -180 31 -179.95 30.95 %[1]s.tif %[1]s-east.tif"} {
			cmd := exec.Command("sh", "-c", fmt.Sprintf(command, name))
			cmd.Dir = f.dir
			f.check(cmd.Run())
		}
	}
	for part, width := range map[string]float64{"west": 0.03, "east": 0.02} {
		run("a-"+part+".tif", "b-"+part+".tif", part).want(t, 0)
		// A degree of longitude at 30.975° N is 95.5 km, one of latitude 110.9 km.
		want := width * 95.5 * 0.03 * 110.9 * 100
		if got := readManifest(t, f.path(part)).Counts.CandidateHa; math.Abs(got-want) > want/500 {
			t.Errorf("%s: %v ha, want %v", part, got, want)
		}
	}
}
