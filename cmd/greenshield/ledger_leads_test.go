package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
)

// TestLedgerLeads: a lead joins the case near its place, others become cases of their own; personal columns are not kept;
// a second time nothing is new; what cannot be is refused.
func TestLedgerLeads(t *testing.T) {
	dir := newLedger(t)
	cases := listed(t, dir)
	c := cases[candidateIDs(t, dir, 1)[0]]
	table := fmt.Sprintf("\uFEFF编号,日期,内容,姓名,经度,纬度,县\nX1,2026/3/1,毁林,张某,%v,%v,\nX2,2026-03-02,采石,王某,100.5,20.25,\nX3,,垃圾,,,,341702\nX4,2026-02-30,水,,,,\nX5,,水,,200,95,\n,,水,,,,\n", c["lon"], c["lat"])
	if err := os.WriteFile(filepath.Join(dir, "信访.csv"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	args := strings.Fields("ledger leads 信访.csv --source 信访 --map number=编号,date=日期,text=内容,lon=经度,lat=纬度,county=县 --as 李明 --level county --at 2026-03-10")
	o := here(t, dir, args...)
	o.want(t, 13)
	o.has(t, "warning: nothing is kept of the columns 姓名\n", "refused: row 5, X4: \"2026-02-30\" is no day of the calendar", "refused: row 6, X5: longitude \"200\" and latitude \"95\" are no place",
		"refused: row 7: the number of the lead is missing\n", "3 events written to ledger.gpkg: 3 lead\n")
	here(t, dir, args...).has(t, "nothing new in 3 rows\nnothing was written to ledger.gpkg\n")
	if n := len(here(t, dir, "ledger", "list", "--json").stdout); strings.Contains(here(t, dir, "ledger", "export", "-").stdout, "张某") || n == 0 {
		t.Error("the name of a petitioner is in the ledger")
	}
	here(t, dir, "ledger", "case", fmt.Sprint(c["id"])).has(t, "lead_no             X1", "lead_distance_m     0", "lead_date           2026-03-01")
	o = here(t, dir, "ledger", "list", "--lead")
	o.has(t, fmt.Sprintf("341700-%06d", len(cases)+1), fmt.Sprintf("341700-%06d", len(cases)+2), "3 cases\n")
	for _, tt := range []struct{ args, message string }{
		{"--map number=号 --source 信访", "信访.csv: the table has no column 号"},
		{"--map nr=编号 --source 信访", `--map: unknown code "nr"`},
		{"--map number=编号", "the source of the leads is not said; give it by --source"},
		{"--map number=编号,text=姓名 --source 信访", "信访.csv: the column 姓名 says who a petitioner is; the ledger keeps nothing of it"},
		{"--map number=编号 --source 信访 --within -1", "--within: -1 is no distance; write metres, such as 100"},
	} {
		o := here(t, dir, append(strings.Fields("ledger leads 信访.csv --as 李明 --level county"), strings.Fields(tt.args)...)...)
		if o.status == 0 || !strings.Contains(o.stderr, tt.message) {
			t.Errorf("%s: status %d, %s", tt.args, o.status, o.stderr)
		}
		inChinese(t, o.stderr)
	}
}

// TestLedgerLeadLayers: points, polygons and features without a place come from a GeoJSON, a GeoPackage in another CRS and
// a Shapefile in GBK to the same cases; lines are refused.
func TestLedgerLeadLayers(t *testing.T) {
	dir := newLedger(t)
	c := listed(t, dir)[candidateIDs(t, dir, 1)[0]]
	lon, lat := c["lon"].(float64), c["lat"].(float64)
	feature := func(no, geometry string) string {
		return fmt.Sprintf(`{"type":"Feature","properties":{"编号":"%s","内容":"毁林，电话13800138000","姓名":"张某","县":"990101"},"geometry":%s}`, no, geometry)
	}
	write := func(name string, features ...string) {
		t.Helper()
		text := `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + "]}"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	point := fmt.Sprintf(`{"type":"Point","coordinates":[%.9f,%.9f]}`, lon, lat)
	far := fmt.Sprintf(`{"type":"Point","coordinates":[%.9f,%.9f]}`, lon+3, lat)
	box := fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%[1]f,%[3]f],[%[2]f,%[3]f],[%[2]f,%[4]f],[%[1]f,%[4]f],[%[1]f,%[3]f]]]}`, lon-2e-4, lon+2e-4, lat-2e-4, lat+2e-4)
	write("点.geojson", feature("1", point), feature("2", far), feature("3", "null"))
	write("面.geojson", feature("1", box))
	write("线.geojson", feature("1", fmt.Sprintf(`{"type":"LineString","coordinates":[[%f,%f],[%f,%f]]}`, lon, lat, lon+1, lat)))
	convert := func(from, to string, options ...string) {
		t.Helper()
		ds, err := godal.Open(filepath.Join(dir, from), godal.VectorOnly())
		if err != nil {
			t.Fatal(err)
		}
		defer ds.Close()
		out, err := ds.VectorTranslate(filepath.Join(dir, to), options)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	convert("点.geojson", "点.gpkg", "-f", "GPKG", "-t_srs", "EPSG:4527", "-nln", "points")
	convert("面.geojson", "面.gpkg", "-f", "GPKG", "-t_srs", "EPSG:32650", "-nln", "areas")
	convert("面.geojson", "面.gpkg", "-f", "GPKG", "-update", "-nln", "other")
	convert("点.geojson", "gbk.shp", "-f", "ESRI Shapefile", "-lco", "ENCODING=GBK", "-nlt", "POINT")
	if err := os.Remove(filepath.Join(dir, "gbk.cpg")); err != nil {
		t.Fatal(err)
	}
	first := len(listed(t, dir)) + 1
	for _, tt := range []struct {
		file, source string
		cases        string // by number of the lead
	}{
		{"点.geojson", "a", fmt.Sprintf("[%v 341700-%06d 341700-%06d]", c["id"], first, first+1)},
		{"点.gpkg", "b", fmt.Sprintf("[%v 341700-%06d 341700-%06d]", c["id"], first, first+2)},
		{"gbk.shp --encoding GBK", "c", fmt.Sprintf("[%v 341700-%06d 341700-%06d]", c["id"], first, first+3)},
		{"面.geojson", "d", fmt.Sprintf("[%v]", c["id"])},
		{"面.gpkg|layername=areas", "e", fmt.Sprintf("[%v]", c["id"])},
	} {
		args := strings.Fields("ledger leads " + tt.file + " --map number=编号,text=内容,county=县 --as 李明 --level county --source " + tt.source)
		o := here(t, dir, args...)
		o.want(t, 0)
		o.has(t, "warning: nothing is kept of the columns 姓名\n")
		here(t, dir, args...).has(t, "nothing was written to ledger.gpkg\n")
		var cases []string
		for _, line := range strings.Split(here(t, dir, "ledger", "export", "-").stdout, "\n") {
			var of struct {
				Event struct {
					Case, Kind string
					Fields     map[string]string
				}
			}
			err := json.Unmarshal([]byte(line), &of)
			if read := of.Event; err == nil && read.Kind == "lead" && read.Fields["lead_source"] == tt.source {
				cases = append(cases, read.Case)
				if read.Fields["lead_text"] != "毁林，电话〔号码已隐去〕" || read.Fields["county"] != "990101" {
					t.Errorf("%s: %v", tt.file, read.Fields)
				}
			}
		}
		if got := fmt.Sprint(cases); got != tt.cases {
			t.Errorf("%s: cases %s, want %s", tt.file, got, tt.cases)
		}
	}
	all := here(t, dir, "ledger", "export", "-").stdout
	if strings.Contains(all, "张某") || strings.Contains(all, "13800138000") {
		t.Error("who petitions is in the ledger")
	}
	here(t, dir, "ledger", "case", fmt.Sprintf("341700-%06d", first)).has(t, "lead_nearest", "lead_distance_m     28")
	for _, tt := range []struct{ file, message string }{
		{"线.geojson", "线.geojson: feature 1: neither a polygon nor a point"},
		{"面.gpkg", "it has 2 layers, say which one by |layername=NAME"},
		{"none.shp", "none.shp"},
	} {
		o := here(t, dir, strings.Fields("ledger leads "+tt.file+" --map number=编号 --source x --as 李明 --level county")...)
		o.want(t, 12)
		o.has(t, tt.message)
		inChinese(t, o.stderr)
	}
}

// TestLedgerNearLeads: a case that a run opens says which leads were there before it, on its cells.
func TestLedgerNearLeads(t *testing.T) {
	dir := newLedger(t)
	id := candidateIDs(t, dir, 1)[0]
	c := listed(t, dir)[id]
	if err := os.WriteFile(filepath.Join(dir, "信访.csv"), fmt.Appendf(nil, "编号,经度,纬度\nX1,%v,%v\nX2,100,20\n", c["lon"], c["lat"]), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"init --code 341700 --name 新 --as 王建国 --level city --at 2026-01-05",
		"leads 信访.csv --source 信访 --map number=编号,lon=经度,lat=纬度 --as 李明 --level county", "add out --near-leads 0"} {
		here(t, dir, strings.Fields("ledger "+args+" --ledger new.gpkg")...).want(t, 0)
	}
	cases := listed(t, dir, "--ledger", "new.gpkg")
	for candidate, c := range cases {
		if got, want := c["near_leads"] == "341700-000001", candidate == id; got != want {
			t.Errorf("the leads near %v are %v", c["id"], c["near_leads"])
		}
	}
	if len(cases) < 3 {
		t.Errorf("%d cases", len(cases))
	}
	o := here(t, dir, strings.Fields("ledger add out --near-leads -5")...)
	o.want(t, 10)
	o.has(t, "--near-leads: -5 is no distance; write metres, such as 100")
	inChinese(t, o.stderr)
}
