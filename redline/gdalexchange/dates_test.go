package gdalexchange

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// TestDates: years are whole numbers, and those that are not known are null, in every format; a format that lost that
// would not be published, since each is read back.
func TestDates(t *testing.T) {
	if _, err := exec.LookPath("ogr2ogr"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no ogr2ogr: install gdal-bin")
	}
	in := inputs(t)
	in.Between, in.Zones[0].Since = []redline.Epoch{{Year: 2016}}, redline.Date{Year: 2017, Month: 3}
	candidates := []redline.Candidate{redlinetest.Candidate("C1"), redlinetest.Candidate("C2"), redlinetest.Candidate("C3")}
	for i, d := range []redline.Dated{
		{Year: 2016, From: 2016, To: 2016, Shares: []redline.YearShare{{Year: 2016, Pct: 12.5}, {Year: 2020, Pct: 80}}, Grade: redline.GradeA},
		{From: 2016, To: 2020, Grade: redline.GradeC}, {Grade: redline.GradeD},
	} {
		candidates[i].Dated, candidates[i].ZoneSince = &d, in.Zones[0].Since
		candidates[i].VsZone = []redline.VsZone{redline.VsBefore, redline.VsStraddles, redline.VsUnknown}[i]
	}
	want := "C1 2016 2016 2016 2016:12.5;2020:80 A 2017-03 before, C2 <nil> 2016 2020  C 2017-03 straddles, C3 <nil> <nil> <nil>  D 2017-03 unknown"
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
			row := fmt.Sprint(p["cand_id"])
			for _, name := range []string{"chg_year", "chg_from", "chg_to", "chg_years", "date_grd", "zone_since", "vs_zone"} {
				if v := p[name]; v == nil && name == "chg_years" {
					row += " " // a Shapefile has no empty text
				} else {
					row += fmt.Sprint(" ", v)
				}
			}
			rows[fmt.Sprint(p["cand_id"])] = row
		}
		if got := rows["C1"] + ", " + rows["C2"] + ", " + rows["C3"]; got != want {
			t.Errorf("%s\n%s\nwant\n%s", name, got, want)
		}
	}
	table, err := os.ReadFile(filepath.Join(out, fieldsName))
	redlinetest.Must(t, err)
	for _, line := range []string{"candidates,chg_year,变化年份,integer,chg_year\n", "candidates,vs_zone,与设立时间的先后,text,vs_zone\n"} {
		if !strings.Contains(string(table), line) {
			t.Errorf("%s lacks %s", fieldsName, line)
		}
	}
}
