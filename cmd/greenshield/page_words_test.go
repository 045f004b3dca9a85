package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"
	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"
)

// TestPageHead: the settings name the report, and the next steps name only files that are there.
func TestPageHead(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html,xlsx", "--region", "示例<市>", "--issuer", "示例局", "--report-date", "2026-03-05").want(t, 0)
	d := readPage(t, filepath.Join(dir, "out"))
	m := readManifest(t, filepath.Join(dir, "out"))
	if got := d.all("title", "")[0].text(); got != "示例<市>生态状况变化调查与问题线索报告 2015–2020" {
		t.Error(got)
	}
	if got := d.all("p", "issued")[0].text(); got != "示例局 2026 年 3 月 5 日" || m.Options["report_date"] != "2026-03-05" {
		t.Error(got, m.Options)
	}
	if got := d.all("p", "summary")[0].text(); !strings.HasPrefix(got, fmt.Sprintf("2015 年至 2020 年，示例<市> 13 个管控区内发现候选图斑 %d 个、%.2f 公顷：",
		m.Counts.Candidates, m.Counts.CandidateHa)) || !strings.Contains(got, "最重的县（区、市）为示例县") {
		t.Error(got)
	}
	var sums [10]float64
	rows := d.rows(t, "按县（区、市）与严重程度")
	for _, row := range rows[:len(rows)-1] {
		for i, cell := range row[1:] {
			sums[i] += number(t, cell)
		}
	}
	for i, cell := range rows[len(rows)-1][1:] {
		if math.Abs(number(t, cell)-sums[i]) > 0.0051*float64(len(rows)) {
			t.Errorf("column %d: %g, total %s", i, sums[i], cell)
		}
	}
	if number(t, rows[len(rows)-1][9]) != float64(m.Counts.Candidates) || len(rows) != 6 {
		t.Errorf("rows %q", rows)
	}
	if steps := d.all("section", "steps")[0].text(); !strings.Contains(steps, "candidates.xlsx") || strings.Contains(steps, "review.") {
		t.Error(steps)
	}

	here(t, dir, "run", "job.yaml", "--formats", "html", "--out", "plain").want(t, 0)
	d = readPage(t, filepath.Join(dir, "plain"))
	if len(d.all("p", "issued")) != 0 || // the sample has two cities
		!strings.HasPrefix(d.all("h1", "")[0].text(), "生态状况") {
		t.Error(d.all("header", "")[0].text())
	}
}

// TestPageOrder: the rows of the page have the numbers of the list of problems, and the map has all of them.
func TestPageOrder(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html,xlsx").want(t, 0)
	out := filepath.Join(dir, "out")
	book, err := excelize.OpenFile(filepath.Join(out, "candidates.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows("问题清单")
	if err != nil {
		t.Fatal(err)
	}
	ids, listed := map[string]string{}, 0
	for _, row := range rows {
		if _, err := strconv.Atoi(row[0]); err == nil {
			ids[row[0]] = row[1]
			listed++
		}
	}
	d := readPage(t, out)
	articles := d.all("article", "")
	for i, a := range articles {
		if id := a.all("small", "")[0].text(); id != ids[strconv.Itoa(i+1)] {
			t.Errorf("number %d is %s, in the list %s", i+1, id, ids[strconv.Itoa(i+1)])
		}
	}
	n := readManifest(t, out).Counts.Candidates
	svg := d.all("figure", "map")[0].all("svg", "")[0]
	if len(articles) != 20 || int64(listed) != n || int64(len(svg.all("circle", ""))) != n || len(svg.all("text", "number")) < 20 {
		t.Errorf("%d rows, %d listed, %d marks with %d numbers, %d candidates",
			len(articles), listed, len(svg.all("circle", "")), len(svg.all("text", "number")), n)
	}
}

// prose matches what is no Chinese on the page although it is words; besides it only names of the sample may stand there.
var prose = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9_]`)

// TestPageProse: the page speaks Chinese, on a geographic grid and on a projected one, with and without maps between and dates
// of zones, apart from names of files and programs, identifiers, CRS and units.
func TestPageProse(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html,xlsx,gpkg", "--out", "degrees").want(t, 0)
	f := folder{t, dir}
	for _, year := range []string{"lc2015.tif", "lc2020.tif"} {
		ds, err := godal.Open(f.path(year))
		f.check(err)
		warped, err := ds.Warp(f.path("new.tif"), []string{"-t_srs", "EPSG:32650", "-tr", "40", "40", "-r", "near", "-dstnodata", "255"})
		f.check(err)
		f.check(errors.Join(warped.Close(), ds.Close(), os.Rename(f.path("new.tif"), f.path(year))))
	}
	here(t, dir, "run", "job.yaml", "--formats", "html", "--out", "metres").want(t, 0)
	f.edit("layer: redline,", "layer: redline, since: 2018-06,")
	f.copy("lc2015.tif", "lc2016.tif")
	f.copy("lc2020.tif", "lc2018.tif")
	f.translate("lc2016.tif", "-co", "COMPRESS=DEFLATE") // a file of its own, or a warning is quoted
	f.translate("lc2018.tif", "-co", "COMPRESS=DEFLATE")
	here(t, dir, "run", "job.yaml", "--between", "2016=lc2016.tif", "--between", "2018=lc2018.tif", "--formats", "html,xlsx,gpkg",
		"--out", "dated").want(t, 0)
	allowed := regexp.MustCompile(`^([a-zA-Z0-9_]+\.(xlsx|csv|json|geojson|qgz|gpkg|tif|shp)|EPSG|CGCS2000|WGS|QGIS|SHA-256|CLCD|clcd|green-shield|` +
		`doi|essd-13-3907-2021|MapBiomas|min|C[0-9a-z]{16}|SLHX[0-9]{5}|SLBHD[0-9]{5}|all|formats)$`)
	for _, out := range []string{"degrees", "metres", "dated"} {
		words, chinese := 0, 0
		d := readPage(t, filepath.Join(dir, out))
		told := d.all("body", "")[0].text()
		for _, c := range []struct {
			part string
			here bool
		}{
			{"两期数据只说明其间有变化，不说明发生在何时", out != "dated"}, {"变化年份由逐年土地覆盖推断", out == "dated"},
			{"变化年份的判读", out == "dated"}, {"与设立时间的先后", out == "dated"}, {"逐年各类型面积", out == "dated"},
		} {
			if strings.Contains(told, c.part) != c.here {
				t.Errorf("%s: that it says %q is %t", out, c.part, !c.here)
			}
		}
		for n := range d.all("body", "")[0].Descendants() {
			if n.Type != html.TextNode {
				continue
			}
			if p := n.Parent.Data; p == "script" || p == "noscript" || p == "code" || n.Parent.Parent.Data == "footer" {
				continue
			}
			for _, word := range prose.FindAllString(n.Data, -1) {
				words++
				if !allowed.MatchString(word) {
					t.Errorf("%s: %q in %q", out, word, strings.TrimSpace(n.Data))
				}
			}
			if strings.Contains(n.Data, "视同 WGS 84（经纬度不变）") {
				chinese++
			}
		}
		if words < 20 || chinese == 0 {
			t.Errorf("%s: the test sees %d words, %d operations", out, words, chinese)
		}
	}
}

// TestPageSankey: the ends of the flows have the numbers of the table, which the flows that are rounded each need not add up to.
func TestPageSankey(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html").want(t, 0)
	d := readPage(t, filepath.Join(dir, "out"))
	rows := d.rows(t, "各类型面积")
	var data struct {
		Classes []struct {
			Name                      string
			Before, After, Loss, Gain json.Number
		}
	}
	for _, s := range d.all("script", "") {
		if s.attr("id") == "data" {
			if err := json.Unmarshal([]byte(s.text()), &data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(data.Classes) != len(rows) || len(rows) < 5 {
		t.Fatalf("%d classes, %d rows", len(data.Classes), len(rows))
	}
	for i, c := range data.Classes {
		plain := func(column int) string { return strings.ReplaceAll(rows[i][column], ",", "") }
		if c.Name != rows[i][0] || c.Before.String() != plain(1) || c.After.String() != plain(2) || c.Gain.String() != plain(4) ||
			c.Loss.String() != plain(5) {
			t.Errorf("%+v, in the table %q", c, rows[i])
		}
	}
}

// TestPercent: check writes shares by the rule of the report and the files.
func TestPercent(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{629, 800, "78.63 %"}, {1, 1e6, "0.01 %"}, {1e6 - 1, 1e6, "99.99 %"}, {0, 0, "0.00 %"}, {5, 5, "100.00 %"}} {
		if got := percent(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}
