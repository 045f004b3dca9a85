package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// strikeOff brings a case of a ledger from 2024-03-10 on, when it was reported as rectified, to its strike-off on
// 2024-03-29.
func strikeOff(t *testing.T, dir, id, measure string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "验收.pdf"), []byte("photo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{
		"set ID 核查结论=属实", "advance ID --to filed",
		"set ID problem=毁林 measures=拆除 measure_kind=" + measure + " standard=恢复林地 责任单位=镇政府 responsible_person=赵强 due_date=2024-04-30",
		"advance ID --to rectifying", "set ID --evidence 验收.pdf", "advance ID --to submitted",
		"advance ID --to county_checked --accept-unit 县林业局",
		"advance ID --to city_accepted --accept-unit 市林业局 --level city",
		"advance ID --to province_accepted --accept-unit 省林业局 --level province",
		"advance ID --to publicity --start 2024-03-11 --days 10",
		"advance ID --to struck_off --at 2024-03-29",
	} {
		if !strings.Contains(step, "--level") {
			step += " --level county"
		}
		if !strings.Contains(step, "--at") {
			step += " --at 2024-03-10"
		}
		here(t, dir, strings.Fields("ledger "+strings.ReplaceAll(step, "ID", id)+" --as 李明")...).want(t, 0)
	}
}

// ledgerOf2024 returns a folder with the sample, its run of 2015 and 2020, and a ledger.gpkg to which it was added, with
// two cases that were struck off, by demolition and by formalities.
func ledgerOf2024(t *testing.T) (dir, demolished, formal string) {
	t.Helper()
	dir = newSample(t)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson,gpkg").want(t, 0)
	here(t, dir, strings.Fields("ledger init --code 341700 --name 台账 --as 王建国 --level city --at 2024-01-05")...).want(t, 0)
	here(t, dir, strings.Fields("ledger add out --at 2024-01-05")...).want(t, 0)
	demolished, formal = "341700-000001", "341700-000002"
	strikeOff(t, dir, demolished, "拆除")
	strikeOff(t, dir, formal, "完善手续")
	return dir, demolished, formal
}

// events returns how many events the ledger of a folder has.
func events(t *testing.T, dir string, flags ...string) (n int) {
	t.Helper()
	o := here(t, dir, append([]string{"ledger", "verify", "--json"}, flags...)...)
	o.want(t, 0)
	var head struct{ Head struct{ Seq int } }
	if err := json.Unmarshal([]byte(o.stdout), &head); err != nil {
		t.Fatal(err)
	}
	return head.Head.Seq
}

func jsonOf(t *testing.T, o outcome) (said map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(o.stdout), &said); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestLedgerFollow: what stands on the ground of every case becomes events, once for each raster and year. Of a case that
// was struck off after its demolition, and stands in a later year, somebody is told; of one that may stand, nobody.
func TestLedgerFollow(t *testing.T) {
	dir, demolished, formal := ledgerOf2024(t)
	cases := len(listed(t, dir))
	look := func(args string) outcome { return here(t, dir, strings.Fields("ledger follow --legend clcd "+args)...) }
	before := events(t, dir)
	o := look("--raster lc2020.tif --year 2024") // the year of the claim
	o.want(t, 0)
	o.has(t, fmt.Sprintf("    still     %d\n    restored   0\n    partly     0\n    unseen     0\n%[1]d events written to ledger.gpkg: %[1]d follow_up\n", cases))
	look("--raster lc2020.tif --year 2024").has(t, fmt.Sprintf("nothing new in %d rows\nnothing was written to ledger.gpkg\n", cases))
	dry := look("--raster lc2020.tif --year 2025 --dry-run")
	dry.has(t, demolished+"  false_rectification  100 %\nnothing was written (--dry-run); it would be ", fmt.Sprintf("%d follow_up, 1 suspected\n", cases))
	if strings.Contains(dry.stdout, formal) || events(t, dir) != before+cases {
		t.Errorf("%d events, want %d, and no suspicion of %s:\n%s", events(t, dir), before+cases, formal, dry.stdout)
	}
	look("--raster lc2015.tif --year 2025").has(t, fmt.Sprintf("    still      0\n    restored  %d\n", cases))
	o = look("--raster lc2020.tif --year 2026 --json") // it was gone in 2025
	o.want(t, 0)
	var said struct {
		Status     string
		Findings   map[string]int
		Suspicions []map[string]string
		Kinds      map[string]int
	}
	if err := json.Unmarshal([]byte(o.stdout), &said); err != nil {
		t.Fatal(err)
	}
	if said.Status != "written" || said.Findings["still"] != cases || len(said.Suspicions) != 2 || said.Kinds["suspected"] != 2 {
		t.Errorf("%+v", said)
	}
	for i, id := range []string{demolished, formal} {
		if s := said.Suspicions[i]; s["case"] != id || s["suspicion"] != "rebound" || s["share_bad"] != "100" {
			t.Errorf("%v", s)
		}
	}
	suspected := listed(t, dir, "--suspected")
	if len(suspected) != 2 {
		t.Errorf("%d cases are suspected", len(suspected))
	}
	for _, c := range suspected {
		if c["state"] != "struck_off" { // only a person moves it
			t.Errorf("%v is %v", c["id"], c["state"])
		}
	}
	here(t, dir, "ledger", "set", demolished, "--decide", "confirmed", "--as", "王", "--level", "city").want(t, 0)
	here(t, dir, "ledger", "case", demolished).has(t, "filed", "rebound")
}

// TestLedgerFollowPlaces: a raster of finer cells says the same of what it covers; of what it does not cover nothing is
// said but that, and of nothing when its CRS is another one, case by case.
func TestLedgerFollowPlaces(t *testing.T) {
	dir := newLedger(t)
	cases := len(listed(t, dir))
	f := folder{t, dir}
	f.tool("gdalwarp", "-q", "-r", "near", "-t_srs", "EPSG:4527", "lc2020.tif", "metres.tif")
	f.tool("gdal_translate", "-q", "-outsize", "300%", "300%", "-r", "nearest", "lc2020.tif", "finer.tif")
	grid := readManifest(t, filepath.Join(dir, "out")).Grid
	half, rows := fmt.Sprint(grid.Cols/2), fmt.Sprint(grid.Rows)
	f.tool("gdal_translate", "-q", "-srcwin", "0", "0", half, rows, "lc2020.tif", "west.tif")
	f.tool("gdal_translate", "-q", "-srcwin", half, "0", half, rows, "lc2020.tif", "east.tif")
	look := func(args string) outcome {
		return here(t, dir, strings.Fields("ledger follow --legend clcd --year 2021 "+args)...)
	}
	o := look("--raster metres.tif")
	o.want(t, 13)
	o.has(t, "refused: 341700-000001: its cells are in China Geodetic Coordinate System 2000 (EPSG:4490), the raster is in CGCS2000 / 3-degree "+
		"Gauss-Kruger zone 39 (EPSG:4527); take a raster in that CRS, or bring this one into it by gdalwarp -r near\n",
		"nothing was written to ledger.gpkg\n")
	if n := strings.Count(o.stdout, "refused: "); n != cases {
		t.Errorf("%d of %d cases are told", n, cases)
	}
	f.tool("gdalwarp", "-q", "-r", "near", "-tr", "0.00007", "0.00007", "-dstnodata", "0", "lc2020.tif", "odd.tif")
	o = look("--raster odd.tif --dry-run --json") // cells of 0.26 of the size
	o.want(t, 0)
	if still := jsonOf(t, o)["findings"].(map[string]any)["still"]; still != float64(cases) {
		t.Errorf("%v still, want %d", still, cases)
	}
	look("--raster finer.tif --dry-run").has(t, fmt.Sprintf("    still     %d\n", cases))
	look("--raster west.tif --raster east.tif --dry-run").has(t, fmt.Sprintf("    still     %d\n", cases))
	o = look("--raster west.tif --json")
	o.want(t, 0)
	var said struct{ Findings map[string]int }
	if err := json.Unmarshal([]byte(o.stdout), &said); err != nil {
		t.Fatal(err)
	}
	if still, unseen := said.Findings["still"], said.Findings["unseen"]; still == 0 || unseen == 0 || still+unseen != cases {
		t.Errorf("%v", said.Findings)
	}
	shares := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT json_extract(body, '$.fields.share_nodata') || ' ' || json_extract(body, '$.fields.finding') FROM cases")
	for _, s := range shares {
		if nodata, finding, _ := strings.Cut(s, " "); (nodata == "100") && finding != "unseen" || nodata == "0" && finding != "still" {
			t.Errorf("%s %% are not seen, and it is %s", nodata, finding)
		}
	}
}

// TestLedgerFollowFaults: what is missing or cannot be is told at once, and nothing is written.
func TestLedgerFollowFaults(t *testing.T) {
	dir := newLedger(t)
	if err := os.WriteFile(filepath.Join(dir, "few.csv"), []byte("code,name_en,name_zh,color,ecosystem\n1,Crop,农田,,cropland\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := events(t, dir)
	for _, tt := range []struct {
		args, want string
		status     int
	}{
		{"--year 2021 --legend clcd", "no raster; name one by --raster FILE, or a job file", 10},
		{"--raster lc2020.tif --legend clcd", "the year of the raster is not said; give it by --year", 10},
		{"--raster lc2020.tif --legend clcd --year 3021", "--year: 3021 is no year of a raster; write one from 1949 to ", 10},
		{"--raster lc2020.tif --year 2021", "no legend of the raster; name one by --legend NAME", 10},
		{"--raster lc2020.tif --year 2021 --legend clcd --rebound-pct 0", "--rebound-pct: 0 is no share; write one above 0 and up to 100", 10},
		{"--raster lc2020.tif --year 2021 --legend clcd --min-area 4", `--min-area: "4" is not a size`, 10},
		{"--raster none.tif --year 2021 --legend clcd", "none.tif", 11},
		{"--raster lc2020.tif --year 2021 --legend few.csv", "is not in legend \"few.csv\"", 11},
		{"lc2020.tif lc2015.tif --year 2021 --legend clcd", "follow takes one job file; name rasters by --raster FILE", 10},
	} {
		o := here(t, dir, append([]string{"ledger", "follow"}, strings.Fields(tt.args)...)...)
		o.want(t, tt.status)
		o.has(t, tt.want)
	}
	if n := events(t, dir); n != before {
		t.Errorf("%d events, want %d", n, before)
	}
	here(t, dir, "ledger", "follow", "job.yaml", "--year", "2021").has(t, "follow_up\n")
}
