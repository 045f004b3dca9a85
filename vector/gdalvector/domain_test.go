package gdalvector

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
)

// codedLayer writes a layer "zones" of three features as GeoPackage whose field GNFQ has the coded-value domain ZT.
func codedLayer(t *testing.T) (path string) {
	t.Helper()
	var features []string
	for i, code := range []string{"1", "2", "9"} {
		features = append(features, fmt.Sprintf(`{"type":"Feature","properties":{"HXBM":"Z%s","GNFQ":%s},"geometry":`+
			`{"type":"Polygon","coordinates":[[[%d,30],[%[3]d.5,30],[%[3]d.5,31],[%[3]d,30]]]}}`, code, code, 117+i))
	}
	path = filepath.Join(t.TempDir(), "a.gpkg")
	text := `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + "]}"
	if err := translate(path, []byte(text), []string{"-f", "GPKG", "-nln", "zones"}); err != nil {
		t.Fatal(err)
	}
	ds, err := godal.Open(path, godal.Update(), godal.VectorOnly())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT)",
		"CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT)",
		"INSERT INTO gpkg_data_columns VALUES ('zones','GNFQ',NULL,NULL,NULL,NULL,'ZT')",
		"INSERT INTO gpkg_data_column_constraints VALUES ('ZT','enum','1',NULL,NULL,NULL,NULL,'核心区')",
		"INSERT INTO gpkg_data_column_constraints VALUES ('ZT','enum','2',NULL,NULL,NULL,NULL,'缓冲区')",
	} {
		if _, err := ds.ExecuteSQL(sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// geodatabase writes a layer as a file geodatabase.
func geodatabase(t *testing.T, layer string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.gdb")
	src, err := godal.Open(layer, godal.VectorOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	// By Arrow, GDAL 3.8 takes no values that their domain lacks.
	dst, err := src.VectorTranslate(path, []string{"-f", "OpenFileGDB"}, godal.ConfigOption("OGR2OGR_USE_ARROW_API=NO"))
	if err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// texts are what the values of a field stand for.
func (l *Layer) texts(field int) string {
	var all []string
	for _, f := range l.Features {
		text, known := l.Domains[field].Text(f.Values[field])
		all = append(all, fmt.Sprint(text, known))
	}
	return strings.Join(all, " ")
}

func TestDomains(t *testing.T) {
	gpkg := codedLayer(t)
	for _, path := range []string{gpkg, geodatabase(t, gpkg)} {
		l := read(t, Source{File: path})
		if d := l.Domains[1]; d.Name != "ZT" || l.texts(1) != "核心区true 缓冲区true 9false" || l.texts(0) != "Z1true Z2true Z9true" {
			t.Errorf("%s: domain %+v, texts %s, %s", path, d, l.texts(0), l.texts(1))
		}
		if l.Value(&l.Features[0], "GNFQ") != "1" {
			t.Errorf("%s: the value is %q", path, l.Features[0].Values)
		}
	}
}

// GDAL writes no subtypes, so they are put into the XML that defines the layer, in the place of what nobody reads.
func TestSubtypes(t *testing.T) {
	for _, c := range []struct {
		name, xml, want string
		warnings        int
	}{
		{"of the field", "<SubtypeFieldName>GNFQ</SubtypeFieldName><Subtypes>" + subtypeXML("1", "实验区") + subtypeXML("9", "外围") + "</Subtypes>", "实验区true 2false 外围true", 0},
		{"of another field", "<SubtypeFieldName>HXBM</SubtypeFieldName><Subtypes><Subtype><FieldInfos><SubtypeFieldInfo><FieldName>GNFQ</FieldName><DomainName>X</DomainName></SubtypeFieldInfo></FieldInfos></Subtype></Subtypes>", "1true 2true 9true", 1},
		{"none", "<SubtypeFieldName></SubtypeFieldName>", "核心区true 缓冲区true 9false", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := geodatabase(t, codedLayer(t))
			tables, err := filepath.Glob(filepath.Join(path, "*.gdbtable"))
			if err != nil {
				t.Fatal(err)
			}
			done := false
			for _, table := range tables {
				b, err := os.ReadFile(table)
				if err != nil {
					t.Fatal(err)
				}
				first := bytes.Index(b, []byte("<typens:DEFeatureClassInfo"))
				if first < 0 {
					continue
				}
				start := first + bytes.Index(b[first:], []byte("<ChildrenExpanded>"))
				end := first + bytes.Index(b[first:], []byte("<GPFieldInfoExs"))
				done = true
				if end-start < len(c.xml) {
					t.Fatalf("there is room for %d bytes, not %d", end-start, len(c.xml))
				}
				copy(b[start:end], c.xml+strings.Repeat(" ", end-start-len(c.xml)))
				if err := os.WriteFile(table, b, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			l := read(t, Source{File: path})
			if l.texts(1) != c.want || len(l.Warnings) != c.warnings || !done {
				t.Errorf("texts %s, warnings %q; want %s", l.texts(1), l.Warnings, c.want)
			}
			if c.warnings == 1 && l.Warnings[0] != "the values of field GNFQ are codes: what they stand for differs by subtype (field HXBM), which is not read" {
				t.Errorf("warnings are %q", l.Warnings)
			}
		})
	}
}

func subtypeXML(code, name string) string {
	return "<Subtype><SubtypeName>" + name + "</SubtypeName><SubtypeCode>" + code + "</SubtypeCode></Subtype>"
}
