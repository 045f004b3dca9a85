package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
	"greenshield/vector/gdalvector"
	"greenshield/vector/geos"
)

// collection is a GeoJSON layer of polygons, to be changed.
type collection struct {
	f        folder
	Type     string    `json:"type"`
	Features []feature `json:"features"`
}

type feature struct {
	Type       string            `json:"type"`
	Properties map[string]any    `json:"properties"`
	Geometry   geometryOfFeature `json:"geometry"`
}

type geometryOfFeature struct {
	Type        string           `json:"type"`
	Coordinates orb.MultiPolygon `json:"coordinates"`
}

func (g *geometryOfFeature) UnmarshalJSON(text []byte) error {
	var raw struct {
		Type        string
		Coordinates json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	g.Type, g.Coordinates = "MultiPolygon", make(orb.MultiPolygon, 1)
	if raw.Type == "Polygon" {
		return json.Unmarshal(raw.Coordinates, &g.Coordinates[0])
	}
	return json.Unmarshal(raw.Coordinates, &g.Coordinates)
}

// newLayer is a layer without features.
func (f folder) newLayer() *collection { return &collection{f: f, Type: "FeatureCollection"} }

// open reads a GeoJSON layer.
func (f folder) open(name string) *collection {
	f.t.Helper()
	text, err := os.ReadFile(f.path(name))
	f.check(err)
	c := f.newLayer()
	f.check(json.Unmarshal(text, c))
	return c
}

// add adds a feature with the properties of pairs: a name, then its value.
func (c *collection) add(shape orb.MultiPolygon, pairs ...any) {
	properties := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		properties[pairs[i].(string)] = pairs[i+1]
	}
	c.Features = append(c.Features, feature{"Feature", properties, geometryOfFeature{"MultiPolygon", shape}})
}

// save writes the layer.
func (c *collection) save(name string) {
	c.f.t.Helper()
	text, err := json.Marshal(c)
	c.f.check(err)
	c.f.check(os.WriteFile(c.f.path(name), text, 0o666))
}

// union is the ground under the features whose field has a value that begins so.
func (c *collection) union(field, prefix string) orb.MultiPolygon {
	c.f.t.Helper()
	var shapes []orb.MultiPolygon
	for _, feature := range c.Features {
		if strings.HasPrefix(fmt.Sprint(feature.Properties[field]), prefix) {
			shapes = append(shapes, feature.Geometry.Coordinates)
		}
	}
	all, err := geos.New().Union(shapes...)
	c.f.check(err)
	return all
}

// rectangle is the one between two corners in cells of the sample's grid.
func (f folder) rectangle(u0, v0, u1, v1 float64) orb.MultiPolygon {
	f.t.Helper()
	e, err := gdalraster.Open([]string{f.path("lc2015.tif")}, gdalraster.Options{Codes: []int64{1}})
	f.check(err)
	x0, y0 := e.Grid().Map(u0, v1)
	x1, y1 := e.Grid().Map(u1, v0)
	return orb.MultiPolygon{{ring(orb.Point{x0, y0}, orb.Point{x1, y0}, orb.Point{x1, y1}, orb.Point{x0, y1})}}
}

// TestCountiesAndTheirCities: V46. A layer of counties that also holds the outlines of their cities and province gives
// what the counties alone give, and says so.
func TestCountiesAndTheirCities(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "good"}, plainly)...).want(t, 0)
	c := f.open("counties.geojson")
	first, second, whole := c.union("adcode", "9901"), c.union("adcode", "9902"), c.union("adcode", "99")
	c.add(first, "adcode", "990100", "name", "示例市甲")
	c.add(second, "adcode", "990200", "name", "示例市乙")
	c.add(whole, "adcode", "990000", "name", "示例省")
	c.save("counties.geojson")
	o := here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...)
	o.want(t, 0)
	f.says(o, "warning: counties.geojson: 3 areas are outlines of a city or province whose counties are in the layer too, such as feature 9 (990000 示例省), a province, over feature …: … ha (100.00 %) of the ground is covered twice. There the lower level counts; what is in no county of it keeps the code of the outline")
	if strings.Contains(o.stderr, "leave one level out") {
		t.Errorf("stderr is %s", o.stderr)
	}
	sameFiles(t, contents(t, f.path("out")), contents(t, f.path("good")), tellOfInputs...)

	// Where a county is missing, its ground is told by its city.
	missing := c.Features[0]
	c.Features = c.Features[1:]
	c.save("counties.geojson")
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--replace"}, plainly)...).want(t, 0)
	good, got := candidateCounties(t, f.path("good")), candidateCounties(t, f.path("out"))
	want := maps.Clone(good)
	gone := fmt.Sprint(missing.Properties["adcode"])
	for id, county := range want {
		if strings.HasPrefix(county, gone) {
			want[id] = "990100 示例市甲"
		}
	}
	if maps.Equal(want, good) || !maps.Equal(got, want) {
		t.Errorf("counties of candidates are %v, want %v", got, want)
	}
}

// candidateCounties is the county of each candidate of a run.
func candidateCounties(t *testing.T, out string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, row := range table(t, filepath.Join(out, "candidates.csv")) {
		all[row["cand_id"]] = row["adm_code"] + " " + row["adm_name"]
	}
	return all
}

// TestZonesAtTwoLevels: V46. Features of one layer of zones that cover the same ground are told with both features and
// the share that is covered twice.
func TestZonesAtTwoLevels(t *testing.T) {
	f := folder{t, newSample(t)}
	c := f.newLayer()
	c.add(f.rectangle(40, 40, 200, 200), "BSM", "N1", "BHDMC", "甲保护区")
	c.add(f.rectangle(80, 60, 120, 100), "BSM", "N2", "BHDMC", "甲核心区", "GNFQ", "核心区")
	c.add(f.rectangle(120, 60, 160, 100), "BSM", "N3", "BHDMC", "甲缓冲区", "GNFQ", "缓冲区")
	c.save("n.geojson")
	f.edit("reserve: [{file: reserves.shp, encoding: GBK, fields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}]",
		"reserve: [{file: n.geojson}]")
	o := here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...)
	o.want(t, 0)
	const want = "n.geojson: feature 1 (N1 甲保护区, unzoned) and feature 2 (N2 甲核心区, core) cover the same ground, … ha, " +
		"100.00 % of the second; 2 pairs of features do so: … ha (… %) of the ground of the layer reserve is covered twice. " +
		"The stricter zone type controls it. If one is there at two levels (a reserve and its functional zones), leave one level out by where: …"
	f.says(o, "warning: "+want)
	for _, w := range checkJSON(t, f.dir, 0, "job.yaml").Warnings {
		if !like(w.Text, want) || *w.Input != 3 {
			continue
		}
		var pair, twice, share float64
		_, numbers, _ := strings.Cut(w.Text, "ground, ")
		fmt.Sscanf(numbers, "%f ha,", &pair)
		_, numbers, _ = strings.Cut(numbers, "do so: ")
		fmt.Sscanf(numbers, "%f ha (%f %%)", &twice, &share)
		ha := 1600 * f.cellHa()
		if math.Abs(pair/ha-1) > 1e-3 || math.Abs(twice/ha-2) > 2e-3 || math.Abs(share-12.5) > 0.01 {
			t.Errorf("%s, want %f ha, twice as much, 12.5 %%", w.Text, ha)
		}
		return
	}
	t.Error("check does not warn")
}

// TestOrderOfFilesAndFeatures: V40. The order of files, and of features in them, changes no byte but the numbers of
// features.
func TestOrderOfFilesAndFeatures(t *testing.T) {
	f := folder{t, newSample(t)}
	read := func(s gdalvector.Source) *gdalvector.Layer {
		s.File = f.path(s.File)
		l, err := gdalvector.Read(s)
		f.check(err)
		return l
	}
	write := func(name string, l *gdalvector.Layer, features []gdalvector.Feature) {
		var rows []gdalvector.Row
		for _, feature := range features {
			rows = append(rows, gdalvector.Row{Values: feature.Values, Shape: feature.Shape})
		}
		f.check(gdalvector.Write(f.path(name), l.CRS, l.Fields, rows, gdalvector.WriteOptions{Layer: "z"}))
	}
	red, reserves := read(gdalvector.Source{File: "redline.gpkg"}), read(gdalvector.Source{File: "reserves.shp", Encoding: "GBK"})
	counties := f.open("counties.geojson")
	counties.add(counties.union("adcode", "9901"), "adcode", "990100", "name", "示例市甲")
	counties.add(f.rectangle(10, 10, 200, 250), "adcode", "990101", "name", "另一县") // contradicts the others
	exempt := f.open("exempt.geojson")
	exempt.add(f.rectangle(0.1, 0.1, 90.7, 120.3))
	exempt.add(f.rectangle(50.3, 70.3, 190.7, 220.3))
	f.edit("[{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}]", "[{file: r1.gpkg}, {file: r2.gpkg}]")
	f.edit("[{file: reserves.shp, encoding: GBK, fields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}]", "[{file: n.gpkg}]")
	variants := map[string]func(){
		"as they are": func() {},
		"files swapped": func() {
			f.edit("[{file: r1.gpkg}, {file: r2.gpkg}]", "[{file: r2.gpkg}, {file: r1.gpkg}]")
		},
		"features shuffled": func() {
			rng := rand.New(rand.NewPCG(3, 4))
			for _, list := range [][]gdalvector.Feature{red.Features, reserves.Features} {
				rng.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
			}
			for _, list := range [][]feature{counties.Features, exempt.Features} {
				rng.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
			}
		},
	}
	var first map[string]string
	for _, name := range []string{"as they are", "files swapped", "features shuffled"} {
		variants[name]()
		for _, old := range []string{"r1.gpkg", "r2.gpkg", "n.gpkg"} {
			os.Remove(f.path(old))
		}
		at := 0 // r1 has the first half of the ids
		slices.SortStableFunc(red.Features, func(a, b gdalvector.Feature) int { return halfOf(a) - halfOf(b) })
		for at < len(red.Features) && halfOf(red.Features[at]) == 0 {
			at++
		}
		write("r1.gpkg", red, red.Features[:at])
		write("r2.gpkg", red, red.Features[at:])
		write("n.gpkg", reserves, reserves.Features)
		counties.save("counties.geojson")
		exempt.save("exempt.geojson")
		o := here(t, f.dir, "run", "job.yaml", "--quiet", "--replace")
		o.want(t, 0)
		f.says(o, "warning: counties.geojson: features share a code but not the name, 1 in all: …; each name counts as a county of its own")
		got := contents(t, f.path("out"))
		if first == nil {
			first = got
			continue
		}
		skip := tellOfInputs
		if name == "features shuffled" {
			for _, files := range []map[string]string{first, got} {
				files["coverage.csv"] = withoutColumn(t, files["coverage.csv"], "feature")
			}
			skip = append(slices.Clone(skip), "review.gpkg")
		}
		sameFiles(t, got, first, skip...)
	}
}

// halfOf tells to which of two files a zone goes: 0 or 1, by its id.
func halfOf(f gdalvector.Feature) int { return int(f.Values[0][len(f.Values[0])-1]) % 2 }

// withoutColumn drops a column of a CSV file.
func withoutColumn(t *testing.T, text, column string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[0], column)
	var b strings.Builder
	w := csv.NewWriter(&b)
	for _, row := range rows {
		if err := w.Write(slices.Delete(row, at, at+1)); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.String()
}

// TestDestroyedText: V40. Text that was lost before it came into the file is counted, with the first place.
func TestDestroyedText(t *testing.T) {
	f := folder{t, newSample(t)}
	c := f.newLayer()
	for i, name := range []string{"好", "????1??", "\uFFFD\uFFFD保护区", "为什么?", "?"} {
		c.add(f.rectangle(float64(20*i), 40, float64(20*i+20), 60), "HXBM", fmt.Sprint("Z", i+1), "HXMC", name)
	}
	c.save("zones.geojson")
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}", "{file: zones.geojson}")
	o := here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...)
	o.want(t, 0)
	f.says(o, `warning: zones.geojson: the text of 3 values is destroyed, the first one "????1??" in field HXMC, feature 2; nothing can bring it back: get the layer from where it was still readable`)
}

// TestCodedValues: V42. Codes of a domain are read as what they stand for, but for ids.
func TestCodedValues(t *testing.T) {
	f := folder{t, newSample(t)}
	c := f.newLayer()
	for i, code := range []int{1, 2, 7} {
		c.add(f.rectangle(float64(20*i), 40, float64(20*i+20), 60), "BSM", code, "GNFQ", code)
	}
	c.save("n.geojson")
	src, err := godal.Open(f.path("n.geojson"), godal.VectorOnly())
	f.check(err)
	defer src.Close()
	ds, err := src.VectorTranslate(f.path("n.gpkg"), []string{"-f", "GPKG", "-nln", "n"})
	f.check(err)
	for _, sql := range []string{
		"CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT)",
		"CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT)",
		"INSERT INTO gpkg_data_columns VALUES ('n','GNFQ',NULL,NULL,NULL,NULL,'ZT'), ('n','BSM',NULL,NULL,NULL,NULL,'ZT')",
		"INSERT INTO gpkg_data_column_constraints VALUES ('ZT','enum','1',NULL,NULL,NULL,NULL,'核心区'), ('ZT','enum','2',NULL,NULL,NULL,NULL,'实验区')",
	} {
		_, err = ds.ExecuteSQL(sql)
		f.check(err)
	}
	f.check(ds.Close())
	f.edit("[{file: reserves.shp, encoding: GBK, fields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}]",
		"[{file: n.gpkg, zone_types: {7: buffer}}]")
	o := here(t, f.dir, "check", "job.yaml", "--quiet")
	o.want(t, 0)
	for _, want := range []string{
		"\n  codes      GNFQ, by the domain ZT: 1 → 核心区 (1), 2 → 实验区 (1), 7 → ? (1)\n",
		"\n  warning    field GNFQ: its coded-value domain lacks 1 of 3 values, which stay as they are, the first one \"7\" in feature 3\n",
		"\n  func_zone  7 → buffer (1), 实验区 → experimental (1), 核心区 → core (1)\n",
	} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, o.stdout)
		}
	}
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...).want(t, 0)
	var got []string
	for _, row := range table(t, filepath.Join(f.path("out"), "coverage.csv")) {
		if row["layer"] == "reserve" {
			got = append(got, row["zone_id"]+" "+row["zone_type"]+" "+row["func_zone"])
		}
	}
	if want := []string{"1 core 核心区", "2 experimental 实验区", "7 buffer 7"}; !slices.Equal(got, want) {
		t.Errorf("zones are %q, want %q", got, want)
	}
}

// TestWhereAndZoneType: V44. A filter on attributes takes features out of a layer, in GBK too, and says so; a whole layer
// can be of one zone type; what is wrong with either is told.
func TestWhereAndZoneType(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "good"}, plainly)...).want(t, 0)
	reserves := func(out string) (zones map[string]string) {
		zones = map[string]string{}
		for _, row := range table(t, filepath.Join(f.path(out), "coverage.csv")) {
			if row["layer"] == "reserve" {
				zones[row["zone_id"]] = row["zone_type"] + " " + row["func_zone"]
			}
		}
		return zones
	}
	want := reserves("good")
	all := len(want)
	maps.DeleteFunc(want, func(_, zone string) bool { return strings.HasSuffix(zone, "核心区") })
	if len(want) == all || len(want) == 0 {
		t.Fatalf("%d of %d zones are no core", len(want), all)
	}
	const layer = "{file: reserves.shp, encoding: GBK, fields: {id: BSM, name: BHDMC, func_zone: GNFQ, level: BHDJB}}"
	filtered := strings.Replace(layer, "GBK,", `GBK, where: "GNFQ <> '核心区' OR GNFQ IS NULL",`, 1)
	f.edit(layer, filtered)
	o := here(t, f.dir, slices.Concat([]string{"run", "job.yaml"}, plainly)...)
	o.want(t, 0)
	f.says(o, fmt.Sprintf("warning: reserves.shp: where leaves out %d of its %d features: GNFQ <> '核心区' OR GNFQ IS NULL", all-len(want), all))
	if got := reserves("out"); !maps.Equal(got, want) {
		t.Errorf("zones are %v, want %v", got, want)
	}
	m := readManifest(t, f.path("out"))
	in, options := m.Inputs[3], fmt.Sprint(m.Options["reserve"])
	if in.FeaturesLeftOut != int64(all-len(want)) || in.FeaturesDeclared != int64(all) || in.FeaturesRead != int64(len(want)) ||
		!strings.Contains(options, "where:GNFQ <> '核心区' OR GNFQ IS NULL") {
		t.Errorf("the manifest has %+v, %s", in, options)
	}
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "html", "--out", "page").want(t, 0)
	if text := fmt.Sprintf("%d 个要素；按属性条件排除 %d 个要素", len(want), all-len(want)); !strings.Contains(contents(t, f.path("page"))["report.html"], text) {
		t.Errorf("the report lacks %s", text)
	}
	o = here(t, f.dir, "check", "job.yaml", "--quiet")
	o.want(t, 0)
	if text := fmt.Sprintf("layer reserves: %d features; %d left out by where\n", all, all-len(want)); !strings.Contains(o.stdout, text) {
		t.Errorf("stdout lacks %q:\n%s", text, o.stdout)
	}

	f.edit("GNFQ <> '核心区'", "GNFK <> '核心区'")
	o = here(t, f.dir, "run", "job.yaml", "--replace", "--quiet")
	o.want(t, 12)
	if !like(o.stderr, "greenshield: reserves.shp: where GNFK <> '核心区' OR GNFQ IS NULL: \"GNFK\" not recognised as an available field.; its fields are …\n") {
		t.Errorf("stderr is %s", o.stderr)
	}

	// The same layer as one of the periphery, by the job and by a flag.
	f.edit(strings.Replace(filtered, "GNFQ <>", "GNFK <>", 1), "{file: reserves.shp, encoding: GBK, zone_type: periphery, fields: {id: BSM}}")
	for id := range reserves("good") {
		want[id] = "periphery "
	}
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--replace"}, plainly)...).want(t, 0)
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "flag", "--encoding", "GBK", "--reserve", "reserves.shp|zone_type=periphery"}, plainly)...).want(t, 0)
	if got := reserves("out"); !maps.Equal(got, want) || !maps.Equal(reserves("flag"), want) {
		t.Errorf("zones are %v and %v, want %v", got, reserves("flag"), want)
	}
	f.edit("zone_type: periphery", "zone_type: perifery")
	o = here(t, f.dir, "run", "job.yaml", "--quiet")
	o.want(t, 10)
	if !like(o.stderr, `greenshield: job.yaml:…: zone_type: "perifery" is none of core, buffer, …, periphery`+"\n") {
		t.Errorf("stderr is %s", o.stderr)
	}
}

// TestZonesOutsideAreNotListed: V44. Zones wholly outside the rasters are counted and do not take the place of others.
func TestZonesOutsideAreNotListed(t *testing.T) {
	f := folder{t, newSample(t)}
	c := f.newLayer()
	for i := range 30 {
		c.add(f.rectangle(float64(-1000-20*i), 0, float64(-990-20*i), 10), "HXBM", fmt.Sprint("far", i))
	}
	c.add(f.rectangle(-10, 20, 20, 60), "HXBM", "part")
	c.save("zones.geojson")
	f.edit("{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}", "{file: zones.geojson}")
	f.withoutReserves()
	o := here(t, f.dir, "check", "job.yaml", "--quiet")
	o.want(t, 0)
	for _, want := range []string{"31 zones: 0 seen whole, 1 in part, 30 not at all\n             30 zones wholly outside the rasters, not listed\n", "    redline part  "} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, o.stdout)
		}
	}
	if strings.Contains(o.stdout, "redline far") {
		t.Errorf("stdout lists zones outside:\n%s", o.stdout)
	}
}

// TestLayerRemedies does what messages about layers tell.
func TestLayerRemedies(t *testing.T) {
	testRemedies(t, []remedy{
		{name: "CRS that the coordinates contradict", status: 13, says: "state the right one by crs: EPSG:4527 under this layer in the job file",
			spoil: "ogr2ogr -a_srs EPSG:4548 n.gpkg redline.gpkg; mv n.gpkg redline.gpkg", follow: stateCRS("redline.gpkg")},
		{name: "CRS that the coordinates contradict, as printed", status: 13, says: "suggest CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527)",
			spoil: "ogr2ogr -a_srs EPSG:4490 n.gpkg redline.gpkg; mv n.gpkg redline.gpkg", mend: "sed -i 's/redline.gpkg,/redline.gpkg, crs: EPSG:4527,/' job.yaml"},
		edited("where of an unknown field", "s/redline.gpkg,/redline.gpkg, where: HXBN IS NOT NULL,/", "s/HXBN/HXBM/", "\"HXBN\" not recognised as an available field.; its fields are HXBM, HXMC", 12),
		{name: "name of zones", says: "name the field by fields: {name: …} in the job file",
			spoil: `ogr2ogr -nln redline -sql "SELECT geom, HXBM, HXMC AS X FROM redline" n.gpkg redline.gpkg; mv n.gpkg redline.gpkg; sed -i 's/, name: HXMC//' job.yaml`,
			mend:  "sed -i 's/id: HXBM/id: HXBM, name: X/' job.yaml"},
	})
}
