package gdalvector

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPlainNumber(t *testing.T) {
	for text, want := range map[string]string{
		"340102": "340102", "340102.00000000000": "340102", "3.40102000000e+005": "340102", "3.40102E5": "340102",
		"000340102": "340102", "0": "0", "0.000": "0", "-0": "0", "-7.50": "-7.5", ".5": "0.5", "5.": "5", "1e-3": "0.001",
		"12.5e-1": "1.25", "9007199254740993": "9007199254740993", "12345678901234567890.25": "12345678901234567890.25",
		"": "", ".": ".", "1e99": "1e99", "1e9999": "1e9999", "340102A": "340102A", "1.2.3": "1.2.3", "+4": "4",
	} {
		if got := plainNumber(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// A code that is kept as a number is the same text from every format, whatever the type of the field; as text it keeps
// its zeros.
func TestCodesAsNumbers(t *testing.T) {
	const polygon = `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`
	text := []byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":` +
		`{"real":340102.0,"whole":340102,"long":340102001001,"half":340102.5,"text":"0340102"},"geometry":` + polygon + `}]}`)
	for name, driver := range map[string]string{
		"a.geojson": "", "a.gpkg": "GPKG", "a.fgb": "FlatGeobuf", "a.shp": "ESRI Shapefile", "a.gdb": "OpenFileGDB",
	} {
		path := filepath.Join(t.TempDir(), name)
		var err error
		if driver == "" {
			err = os.WriteFile(path, text, 0o666)
		} else {
			args := []string{"-f", driver, "-nlt", "MULTIPOLYGON"}
			if driver == "OpenFileGDB" { // it has no integers of 64 bits
				args = append(args, "-mapFieldType", "Integer64=Real")
			}
			err = translate(path, text, args)
		}
		if err != nil {
			t.Fatal(err)
		}
		l, err := Read(Source{File: path})
		if err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]string{
			"real": "340102", "whole": "340102", "long": "340102001001", "half": "340102.5", "text": "0340102",
		} {
			if got := l.Value(&l.Features[0], field); got != want {
				t.Errorf("%s: %s is %q, want %q", name, field, got, want)
			}
		}
		if at := slices.Index(l.Fields, "real"); driver != "ESRI Shapefile" && (l.FloatBits[at] != 64 || l.FloatBits[at+1] != 0) {
			t.Errorf("%s: bits of %v are %v", name, l.Fields, l.FloatBits)
		}
		if driver != "ESRI Shapefile" {
			continue
		}
		// Other programs write decimals of a certain number, or an exponent.
		dbf := strings.TrimSuffix(path, "shp") + "dbf"
		b, err := os.ReadFile(dbf)
		if err != nil {
			t.Fatal(err)
		}
		old := []byte(fmt.Sprintf("%24s", "340102.000000000000000"))
		if !bytes.Contains(b, old) {
			t.Fatalf("the .dbf is %q", b)
		}
		for _, spelled := range []string{"340102.00000000000", "3.40102000000e+005", "340102", "3.40102E+05", "000340102"} {
			if err := os.WriteFile(dbf, bytes.Replace(b, old, fmt.Appendf(nil, "%24s", spelled), 1), 0o666); err != nil {
				t.Fatal(err)
			}
			if l, err = Read(Source{File: path}); err != nil || l.Value(&l.Features[0], "real") != "340102" {
				t.Errorf("%q is read as %v, %v", spelled, l, err)
			}
		}
	}
}
