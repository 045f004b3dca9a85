package gdalvector

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filterLayer writes the same five zones in a format: with a functional zone in Chinese, a number, and a gap in each.
func filterLayer(t *testing.T, name string) Source {
	t.Helper()
	var features []string
	for i, properties := range []string{
		`"名":"甲","GNFQ":"核心区","N":1`, `"名":"乙","GNFQ":"外围保护地带","N":2`, `"名":"丙","GNFQ":null,"N":3`,
		`"名":"丁","GNFQ":"缓冲区","N":null`, `"名":"It's \"x\" || y","GNFQ":"外围保护地带","N":340102.5`,
	} {
		features = append(features, fmt.Sprintf(`{"type":"Feature","properties":{%s},"geometry":`+
			`{"type":"Polygon","coordinates":[[[%d,30],[%[2]d.5,30],[%[2]d.5,31],[%[2]d,30]]]}}`, properties, 110+i))
	}
	text := []byte(`{"type":"FeatureCollection","features":[` + strings.Join(features, ",\n") + "]}")
	path := filepath.Join(t.TempDir(), name)
	driver, err := driverOf(path)
	if err != nil {
		t.Fatal(err)
	}
	if driver == "GeoJSON" {
		err = os.WriteFile(path, text, 0o666)
	} else {
		args := []string{"-f", driver, "-nlt", "MULTIPOLYGON"}
		switch driver {
		case "FlatGeobuf": // its index would put features into another order
			args = append(args, "-lco", "SPATIAL_INDEX=NO")
		case "ESRI Shapefile":
			args = append(args, "-lco", "ENCODING=GBK")
		}
		err = translate(path, text, args)
	}
	if err != nil {
		t.Fatal(err)
	}
	if driver == "ESRI Shapefile" { // much software declares no encoding
		if err := undeclare(strings.TrimSuffix(path, ".shp")); err != nil {
			t.Fatal(err)
		}
		return Source{File: path, Encoding: "GBK"}
	}
	return Source{File: path}
}

// An expression keeps the same features in every format, in GBK too.
func TestWhere(t *testing.T) {
	for _, name := range []string{"a.shp", "a.gpkg", "a.gdb", "a.geojson", "a.fgb"} {
		s := filterLayer(t, name)
		for _, c := range []struct {
			where, want string // numbers of features
			undecided   int
		}{
			{"GNFQ <> '外围保护地带'", "1 4", 1}, {"GNFQ <> '外围保护地带' OR GNFQ IS NULL", "1 3 4", 0},
			{"GNFQ = '外围保护地带'", "2 5", 1}, {"GNFQ IN ('核心区', '缓冲区')", "1 4", 1}, {"GNFQ LIKE '%区'", "1 4", 1},
			{"N > 1", "2 3 5", 1}, {"N = 340102.5", "5", 1}, {`"N" IS NULL`, "4", 0}, {"n >= 2 AND gnfq = '外围保护地带' AND N IS NOT NULL", "2 5", 0},
			{"名 = '甲' OR \"名\" = '乙'", "1 2", 0}, {`名 = 'It''s "x" || y'`, "5", 0},
		} {
			s.Where = c.where
			l, err := Read(s)
			if err != nil {
				t.Errorf("%s: %s: %v", name, c.where, err)
				continue
			}
			var got []string
			for _, f := range l.Features {
				got = append(got, fmt.Sprint(f.Number))
				if x := f.Shape.Bound().Min[0]; int(x+0.5) != 109+f.Number {
					t.Errorf("%s: feature %d lies at %v", name, f.Number, x)
				}
			}
			if strings.Join(got, " ") != c.want || l.LeftOut != 5-len(got) || l.Declared != 5 {
				t.Errorf("%s: %s keeps %v, leaves out %d; want %s", name, c.where, got, l.LeftOut, c.want)
			}
			warning := ""
			if c.undecided > 0 {
				field := strings.Fields(c.where)[0]
				warning = fmt.Sprintf("where leaves out %d feature that has no value in a field that it names, such as %s, since no comparison holds there; say OR %[2]s IS NULL if they are to stay", c.undecided, field)
			}
			if got := strings.Join(l.Warnings, "; "); got != warning {
				t.Errorf("%s: %s: warnings %q, want %q", name, c.where, got, warning)
			}
		}
		for where, want := range map[string]string{
			"GNFK = 1":          `where GNFK = 1: "GNFK" not recognised as an available field.; its fields are 名, GNFQ, N`,
			"GNFQ = ":           "where GNFQ = : SQL Expression Parsing Error: syntax error, unexpected end of string",
			"GNFQ = '核心区":       "where GNFQ = '核心区: ",
			"N > 400000":        "where leaves out all of its features (5); correct the expression",
			"1 = 1; DROP TABLE": "where 1 = 1; DROP TABLE: ",
		} {
			s.Where = where
			if _, err := Read(s); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %s: got %v, want %s", name, where, err, want)
			}
		}
	}
}

// Attributes may be long, and hold what looks like a path.
func TestWhereOverLongText(t *testing.T) {
	var features []string
	for i := range 300 {
		features = append(features, fmt.Sprintf(`{"type":"Feature","properties":{"N":%d,"D":"2019/08/%02d","T":%q},"geometry":`+
			`{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}`, i, i%30, strings.Repeat("安/徽", 100)))
	}
	path := writeFile(t, "a.geojson", `{"type":"FeatureCollection","features":[`+strings.Join(features, ",")+"]}")
	if l := read(t, Source{File: path, Where: "D = '2019/08/07' AND T LIKE '安/徽安%'"}); len(l.Features) != 10 || l.Features[1].Number != 38 {
		t.Errorf("%d features", len(l.Features))
	}
}

// What is left out may be damaged, but the file must be whole; open rings are found after a filter as without one.
func TestWhereLeavesOutDamage(t *testing.T) {
	const bad = `{"type":"Feature","properties":{"N":2},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0.5]]]}}`
	const good = `{"type":"Feature","properties":{"N":1},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}`
	path := writeFile(t, "a.geojson", `{"type":"FeatureCollection","features":[`+bad+","+good+"]}")
	if l := read(t, Source{File: path, Where: "N = 1"}); len(l.Features) != 1 || l.Features[0].Number != 2 || l.LeftOut != 1 {
		t.Errorf("got %+v", l)
	}
	refused(t, Source{File: path, Where: "N > 0"}, "feature 1: polygon 1, ring 1 is not closed")
}
