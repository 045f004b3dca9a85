package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/gdalraster"
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

// TestCountiesAndTheirCities: V39. A layer of counties that also holds the outlines of their cities and province gives
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

// TestZonesAtTwoLevels: V39. Features of one layer of zones that cover the same ground are told with both features and
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
		"The stricter zone type controls it. If one is there at two levels (a reserve and its functional zones), leave one level out"
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
