package gdalexchange

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// TestEvidence: numbers of evidence that are not known are null in every format, and 0 is a number.
func TestEvidence(t *testing.T) {
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no ogr2ogr: install gdal-bin")
	}
	in := inputs(t)
	in.Confirm, in.Newest = []redline.Pair{{Name: "fcs"}}, &redline.OtherMap{}
	candidates := []redline.Candidate{redlinetest.Candidate("C1"), redlinetest.Candidate("C2")}
	for i, e := range []redline.Evidence{
		{StaysPct: 75.25, Agreed: []redline.Agreement{{Same: 3, Other: 1}}},
		{StaysPct: math.NaN(), Agreed: []redline.Agreement{{NoData: 4}}},
	} {
		candidates[i].Evidence = &e
	}
	const want = "C1 75 1 1 75.25, C2 <nil> 0 0 <nil>"
	out, warnings, err := writeOf(t, in, Options{Shapefile: true, FlatGeobuf: true, Geodatabase: true, CRS: "EPSG:4490", ShpEncoding: "UTF-8"}, candidates...)
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	for _, name := range []string{"candidates.shp", "candidates.fgb", "candidates.gdb.zip"} {
		path := filepath.Join(out, name)
		if strings.HasSuffix(name, ".zip") {
			path = "/vsizip/" + path
		}
		text, err := exec.Command("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", path).Output()
		redlinetest.Must(t, err)
		var read struct {
			Features []struct{ Properties map[string]any }
		}
		redlinetest.Must(t, json.Unmarshal(text, &read))
		rows := map[string]string{}
		for _, f := range read.Features {
			p := f.Properties
			rows[fmt.Sprint(p["cand_id"])] = fmt.Sprint(p["cand_id"], " ", p["agree_pct"], " ", p["agree_n"], " ", p["agree_of"], " ", p["stays_pct"])
		}
		if got := rows["C1"] + ", " + rows["C2"]; got != want {
			t.Errorf("%s\n%s\nwant\n%s", name, got, want)
		}
	}
	table, err := os.ReadFile(filepath.Join(out, fieldsName))
	redlinetest.Must(t, err)
	if line := "candidates,agree_n,一致的图数,integer,agree_n\n"; !strings.Contains(string(table), line) {
		t.Errorf("%s lacks %s", fieldsName, line)
	}
}
