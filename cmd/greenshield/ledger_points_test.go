package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"golang.org/x/text/encoding/simplifiedchinese"

	"greenshield/redline/ledgerwork"
)

// newPoints makes a ledger with a sample 甲 of eight cases, all judged, two of them wrong maps, and 40 points in 点.
func newPoints(t *testing.T) (dir string) {
	t.Helper()
	dir = newLedger(t)
	here(t, dir, strings.Fields("ledger sample --n 8 --by none --name 甲 --as 王建国 --level city --at 2026-03-01")...).want(t, 0)
	for i, id := range drawnIDs(t, dir, "甲") {
		says := []string{"verdict=属实"}
		if i < 2 {
			says = []string{"verdict=refuted", "reason=misclassified"}
		}
		here(t, dir, append(append([]string{"ledger", "set", id}, says...), "--as", "李明", "--level", "county", "--at", "2026-03-02")...).want(t, 0)
	}
	drawPoints(t, dir, "--points 40 --seed 3").has(t, "seed 3: 40 points are drawn in ", "1 event written to ledger.gpkg: 1 points_drawn", "results: 点\n")
	return dir
}

func drawPoints(t *testing.T, dir, flags string) outcome {
	t.Helper()
	return here(t, dir, append(strings.Fields("ledger sample --name 甲 --folder out --out 点 --as 王建国 --level city --at 2026-03-01"), strings.Fields(flags)...)...)
}

func takePoints(t *testing.T, dir string, flags ...string) outcome {
	t.Helper()
	return here(t, dir, append([]string{"ledger", "sample", "--as", "李明", "--level", "county", "--at", "2026-03-05", "--answers"}, flags...)...)
}

// answers writes a copy of points.csv with answers by number of the point.
func answers(t *testing.T, dir, name string, by map[int]string) {
	t.Helper()
	rows := pointRows(t, dir)
	for i, row := range rows[1:] {
		row[9] = by[i+1]
	}
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, name), b.String())
}

func pointRows(t *testing.T, dir string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "点", "points.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF")))).ReadAll()
	if err != nil || len(rows) != 41 {
		t.Fatal(len(rows), err)
	}
	return rows
}

func estimated(t *testing.T, dir string, flags ...string) (e ledgerwork.Estimate) {
	t.Helper()
	o := here(t, dir, append([]string{"ledger", "sample", "--estimate", "甲", "--json"}, flags...)...)
	if err := json.Unmarshal([]byte(o.stdout), &e); err != nil || o.status != 0 {
		t.Fatal(err, o.stderr)
	}
	return e
}

// shapesOf returns the geometries of a layer of the run's review.gpkg.
func shapesOf(t *testing.T, dir, layer string) (all []*godal.Geometry) {
	t.Helper()
	ds, err := godal.Open(filepath.Join(dir, "out", "review.gpkg"), godal.VectorOnly())
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	l := ds.LayerByName(layer)
	for f := l.NextFeature(); f != nil; f = l.NextFeature() {
		if g := f.Geometry(); g != nil && !g.Empty() {
			wkb, err := g.WKB()
			if err != nil {
				t.Fatal(err)
			}
			own, err := godal.NewGeometryFromWKB(wkb, nil)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, own)
		}
		f.Close()
	}
	return all
}

// TestLedgerPoints: points lie in the ground of the zones outside all candidates, by GEOS too; the ground is what
// coverage.csv says; the same command writes the same list and adds nothing; another ledger draws the same points.
func TestLedgerPoints(t *testing.T) {
	dir := newPoints(t)
	before := contents(t, filepath.Join(dir, "点"))
	ground, candidates := shapesOf(t, dir, "coverage"), shapesOf(t, dir, "candidates")
	for _, row := range pointRows(t, dir)[1:] {
		p, err := godal.NewGeometryFromWKT(fmt.Sprintf("POINT (%s %s)", row[2], row[3]), nil)
		if err != nil {
			t.Fatal(err)
		}
		in := func(all []*godal.Geometry) (n int) {
			for _, g := range all {
				if g.Contains(p) {
					n++
				}
			}
			return n
		}
		if in(ground) != 1 || in(candidates) != 0 {
			t.Errorf("point %s lies in the ground of %d zones, and in %d candidates", row[1], in(ground), in(candidates))
		}
	}
	want := 0.0
	for _, row := range csvOf(t, filepath.Join(dir, "out", "coverage.csv")) {
		for name, sign := range map[string]float64{"controlled_ha": 1, "candidate_ha": -1} {
			x, err := strconv.ParseFloat(row[name], 64)
			if err != nil {
				t.Fatal(err)
			}
			want += sign * x
		}
	}
	e := estimated(t, dir)
	if e.Points == nil || math.Abs(e.Points.GroundHa-want) > 0.001 || e.Points.Drawn != 40 || e.Points.Missed != nil {
		t.Errorf("the ground has %.4f ha: %+v", want, e.Points)
	}
	if err := os.RemoveAll(filepath.Join(dir, "点")); err != nil {
		t.Fatal(err)
	}
	drawPoints(t, dir, "--points 40 --seed 3").has(t, "nothing was written to ledger.gpkg", "results: 点")
	if after := contents(t, filepath.Join(dir, "点")); len(after) != 3 || !maps.Equal(before, after) {
		t.Error("the same command writes another list")
	}
	here(t, dir, "ledger", "sample", "--estimate", "甲").has(t, "40 points: 0 changed, 0 unchanged, 0 cannot tell, 40 without an answer", "nothing is said of omissions")
	here(t, dir, "ledger", "verify").want(t, 0)
	style, err := os.ReadFile(filepath.Join(dir, "点", "points.qml"))
	if err != nil || !strings.Contains(string(style), "无法判断") {
		t.Errorf("QGIS offers no answers: %v", err)
	}
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLedgerPointAnswers: answers come back from a spreadsheet and from QGIS, once; they make the area of all change and the
// share that was found; where files, or a file and the ledger, differ, rows are refused until somebody says so; whatever was
// changed is refused; all of it survives export and import.
func TestLedgerPointAnswers(t *testing.T) {
	dir := newPoints(t)
	first := map[int]string{1: "是", 2: "是", 37: "无法判断"}
	for n := 3; n <= 36; n++ {
		first[n] = "否"
	}
	answers(t, dir, "a.csv", first)
	takePoints(t, dir, "a.csv").has(t, "37 events written to ledger.gpkg: 37 point_answer")
	takePoints(t, dir, "a.csv").has(t, "nothing new in 37 rows", "nothing was written to ledger.gpkg")
	e := estimated(t, dir)
	p := e.Points
	if p.Changed != 2 || p.Unchanged != 34 || p.CannotTell != 1 || math.Abs(p.Missed.Ha-p.GroundHa*2/36) > 1e-3 {
		t.Errorf("%+v", p)
	}
	// Clopper and Pearson: 2 of 40, and with the four open ones 6 of 40.
	if low, high := p.Missed.LowHa/p.GroundHa, p.Missed.HighHa/p.GroundHa; math.Abs(low-0.006114) > 1e-5 || math.Abs(high-0.298353) > 1e-5 {
		t.Errorf("%f to %f of the ground", low, high)
	}
	if found := e.Change.Area.Ha; math.Abs(p.All.Ha-found-p.Missed.Ha) > 1e-3 || math.Abs(p.Found.Share-found/p.All.Ha) > 1e-5 ||
		math.Abs(p.All.ErrorHa-math.Hypot(e.Change.Area.ErrorHa, p.Missed.ErrorHa)) > 1e-3 || p.Found.Low >= p.Found.Share || p.Found.High <= p.Found.Share {
		t.Errorf("%+v %+v %+v, candidates %+v", p.All, p.Missed, p.Found, e.Change.Area)
	}
	said := here(t, dir, "ledger", "sample", "--estimate", "甲")
	said.has(t, "40 points: 2 changed, 34 unchanged, 1 cannot tell, 3 without an answer", "\nall change: ", "\nshare of it that the candidates show, by area: ")
	if strings.Contains(said.stdout, "nothing is said of omissions") {
		t.Error(said.stdout)
	}
	zh := chinese(t, dir, "ledger", "sample", "--estimate", "甲")
	if left := englishIn(zh.stdout); left != "" || strings.Contains(zh.stdout, "不含漏检") || !strings.Contains(zh.stdout, "全部变化：") {
		t.Errorf("%s in %s", left, zh.stdout)
	}
	reportsPoints(t, dir, e)
	refusesPoints(t, dir)
	geojson, err := os.ReadFile(filepath.Join(dir, "点", "points.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(geojson), "\n")
	lines[38] = strings.Replace(strings.Replace(lines[38], `"answer":""`, `"answer":"是"`, 1), `"reviewer":""`, `"reviewer":"赵六"`, 1) // point 38
	writeText(t, filepath.Join(dir, "q.geojson"), strings.ReplaceAll(strings.Join(lines, "\n"), `"note":""`, `"note":null`))
	takePoints(t, dir, "q.geojson").has(t, "1 event written")
	if e = estimated(t, dir); e.Points.Changed != 3 {
		t.Errorf("after QGIS: %+v", e.Points)
	}
	here(t, dir, "ledger", "export", "all.ndjson").want(t, 0)
	here(t, dir, "ledger", "import", "all.ndjson", "--ledger", "b.gpkg").want(t, 0)
	if again := estimated(t, dir, "--ledger", "b.gpkg"); fmt.Sprintf("%+v", *again.Points.All) != fmt.Sprintf("%+v", *e.Points.All) {
		t.Errorf("after import: %+v", again.Points)
	}
	here(t, dir, "ledger", "verify").want(t, 0)
}

// reportsPoints holds the report against the estimate.
func reportsPoints(t *testing.T, dir string, e ledgerwork.Estimate) {
	t.Helper()
	here(t, dir, "ledger", "report", "--out", "月报", "--day", "2026-03-31").want(t, 0)
	page, err := os.ReadFile(filepath.Join(dir, "月报", "ledger.html"))
	p := e.Points
	for _, want := range []string{fmt.Sprintf("漏检面积估计 %.2f 公顷", p.Missed.Ha), fmt.Sprintf("全部变化面积估计 %.2f 公顷", p.All.Ha), fmt.Sprintf("检出率（按面积）%.1f %%", 100*p.Found.Share)} {
		if err != nil || !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %s, %v", want, err)
		}
	}
	rows := sheetRows(t, filepath.Join(dir, "月报", "ledger.xlsx"), "抽样估计")
	at := slices.IndexFunc(rows, func(r []string) bool { return len(r) > 20 && r[1] == "全部变化（含漏检）" })
	if at < 1 || rows[at-1][3] != "40" || rows[at-1][4] != "36" || rows[at-1][6] != "2" {
		t.Fatalf("the sheet says %v", rows)
	}
	for i, want := range []float64{p.All.Ha, p.All.ErrorHa, p.All.LowHa, p.All.HighHa, 100 * p.Found.Share, 100 * p.Found.Low, 100 * p.Found.High} {
		if got, err := strconv.ParseFloat(strings.ReplaceAll(rows[at][14+i], ",", ""), 64); err != nil || math.Abs(got-want) > 0.006 {
			t.Errorf("column %d of the sheet: %s, want %.4f", 14+i, rows[at][14+i], want)
		}
	}
	here(t, dir, "ledger", "report", "--out", "三月二日", "--day", "2026-03-02").want(t, 0)
	if page, err := os.ReadFile(filepath.Join(dir, "三月二日", "ledger.html")); err != nil || !strings.Contains(string(page), "不含漏检") {
		t.Errorf("before any answer: %v", err)
	}
}

// refusesPoints holds what is refused, and that nothing of it came into the ledger but what is said to overrule.
func refusesPoints(t *testing.T, dir string) {
	t.Helper()
	answers(t, dir, "b.csv", map[int]string{3: "是", 39: "否"})
	takePoints(t, dir, "b.csv", "--dry-run").has(t, "refused: b.csv, row 4, 3: the ledger has the answer 否 of", "say --overrule", "it would be 1 event")
	answers(t, dir, "c.csv", map[int]string{39: "是"})
	takePoints(t, dir, "b.csv,c.csv", "--overrule", "--dry-run").has(t, "refused: b.csv, row 40, 39: the files say different things of the point", "refused: c.csv, row 40, 39: ", "it would be 1 event")
	answers(t, dir, "d.csv", map[int]string{40: "也许"})
	takePoints(t, dir, "d.csv").has(t, `refused: d.csv, row 41, 40: the answer "也许" is none; write 是, 否 or 无法判断`, "nothing was written")
	text, err := os.ReadFile(filepath.Join(dir, "c.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lon := pointRows(t, dir)[39][2]
	writeText(t, filepath.Join(dir, "e.csv"), strings.Replace(string(text), lon, "117.0000001", 1))
	takePoints(t, dir, "e.csv").has(t, "refused: e.csv, row 40, 39: lon 117.0000001 is not that of the point, "+lon)
	writeText(t, filepath.Join(dir, "f.csv"), strings.ReplaceAll(string(text), "甲,", "乙,"))
	takePoints(t, dir, "f.csv").has(t, "the ledger has no points of a sample 乙")
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(strings.TrimPrefix(string(text), "\uFEFF"))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "g.csv"), gbk)
	takePoints(t, dir, "g.csv", "--dry-run").has(t, "it would be 1 event: 1 point_answer")
	answers(t, dir, "h.csv", map[int]string{1: "否"})
	takePoints(t, dir, "h.csv", "--overrule").has(t, "1 event written")
	answers(t, dir, "i.csv", map[int]string{1: "是"})
	takePoints(t, dir, "i.csv", "--overrule").has(t, "1 event written")
	if p := estimated(t, dir).Points; p.Changed != 2 || p.Unchanged != 34 {
		t.Errorf("after refusals and two that overrule: %+v", p)
	}
}

// TestLedgerPointRemedies: what cannot be drawn or taken is refused before anything is written; with what the message says it
// goes.
func TestLedgerPointRemedies(t *testing.T) {
	dir := newPoints(t)
	here(t, dir, strings.Fields("ledger sample --n 3 --by none --name 乙 --as 王建国 --level city --at 2026-03-01")...).want(t, 0)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--out", "bare").want(t, 0)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "gpkg", "--min-area", "40cells", "--out", "other").want(t, 0)
	answers(t, dir, "a.csv", map[int]string{1: "否"})
	writeText(t, filepath.Join(dir, "a.txt"), "是")
	writeText(t, filepath.Join(dir, "b.csv"), "样本,点号\n甲,1\n")
	for _, tt := range [][3]string{
		{"--points 0 --folder out --out x", "--points: write a number from 1 to 100000", "--points 9 --folder out --out x"},
		{"--points 9 --out x", "--points are drawn in the ground of a run; name its folder by --folder", "--points 9 --folder out --out x"},
		{"--points 9 --folder out", "the folder of the points is not said; name one by --out", "--points 9 --folder out --out x"},
		{"--points 9 --folder bare --out x", "which has the outlines of its zones; run it again with --formats gpkg", "--points 9 --folder out --out x"},
		{"--points 9 --folder other --out x", "name the folder of the sample's run", "--points 9 --folder out --out x"},
		{"--points 9 --folder out --out x --name 甲", "the sample 甲 has 40 points by seed 3 already; draw another sample for other ones", "--points 9 --folder out --out x --name 乙"},
		{"--points 9 --n 3", "--points draws points for one, --answers takes what was answered", "--answers a.csv"},
		{"--answers a.txt", "neither a points.csv nor a points.geojson", "--answers a.csv"},
		{"--answers b.csv", "it has no column 经度 (lon)", "--answers a.csv"},
	} {
		said := func(flags string) outcome {
			return here(t, dir, append(strings.Fields("ledger sample --as 王建国 --level city --dry-run"), strings.Fields(flags)...)...)
		}
		if o := said(tt[0]); o.status == 0 || !strings.Contains(o.stderr, tt[1]) {
			t.Errorf("%s: %d, %swant %s", tt[0], o.status, o.stderr, tt[1])
		}
		if o := said(tt[2]); o.status != 0 {
			t.Errorf("%s: %d, %s", tt[2], o.status, o.stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a dry run wrote a list")
	}
}
