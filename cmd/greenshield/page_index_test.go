package main

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"github.com/xuri/excelize/v2"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// index returns the list of all candidates that the page holds.
func (d document) index(t *testing.T) gjson.Result {
	t.Helper()
	for _, s := range d.all("script", "") {
		if s.attr("id") != "index" {
			continue
		}
		packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(s.text())))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(packed)
		if err != nil || !json.Valid(text) {
			t.Fatal(err, string(text))
		}
		return gjson.ParseBytes(text)
	}
	t.Fatal("no index")
	return gjson.Result{}
}

// TestPageIndex: the list of the page has all candidates with what candidates.geojson says of them, in the order of
// candidates.xlsx, and each where it is on the map.
func TestPageIndex(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, "run", "job.yaml", "--formats", "html,xlsx").want(t, 0)
	d := readPage(t, f.path("out"))
	index := d.index(t)
	book, err := excelize.OpenFile(f.path(filepath.Join("out", "candidates.xlsx")))
	f.check(err)
	defer book.Close()
	sheet, err := book.GetRows("问题清单")
	f.check(err)
	var numbered []string // ids in the order of their numbers
	for _, row := range sheet {
		if len(row) > 1 && strings.HasPrefix(row[1], "C") {
			numbered = append(numbered, row[1])
			if row[0] != strconv.Itoa(len(numbered)) {
				t.Fatalf("%s has the number %s", row[1], row[0])
			}
		}
	}
	features, err := os.ReadFile(f.path(filepath.Join("out", "candidates.geojson")))
	f.check(err)
	candidates := map[string]gjson.Result{}
	for _, feature := range gjson.GetBytes(features, "features").Array() {
		candidates[feature.Get("properties.cand_id").Str] = feature.Get("properties")
	}
	rows := index.Get("rows").Array()
	if len(rows) != len(candidates) || len(rows) != len(numbered) || len(rows) <= 20 {
		t.Fatalf("%d rows for %d candidates, of which candidates.xlsx has %d", len(rows), len(candidates), len(numbered))
	}
	list := func(name string, at gjson.Result) gjson.Result { return index.Get("lists." + name).Array()[at.Int()] }
	m := readManifest(t, f.path("out"))
	view := strings.Fields(d.all("figure", "map")[0].all("svg", "")[0].attr("viewBox"))
	wide := number(t, view[2]) / float64(m.Grid.Cols) / m.Grid.CellX
	high := number(t, view[3]) / float64(m.Grid.Rows) / m.Grid.CellY
	for i, row := range rows {
		r := row.Array()
		c := candidates[r[0].Str]
		if r[0].Str != numbered[i] {
			t.Fatalf("number %d is %s, in candidates.xlsx %s", i+1, r[0].Str, numbered[i])
		}
		zone := list("zones", r[3]).Array()
		kind, err := redline.ParseZoneType(c.Get("zone_type").Str)
		f.check(err)
		for what, pair := range map[string][2]string{
			"severity": {list("severities", r[1]).Get("Name").Str, redline.Severity(c.Get("severity").Int()).Chinese()},
			"county":   {list("counties", r[2]).Str, c.Get("adm_name").Str}, "zone": {zone[0].Str, c.Get("zone_name").Str},
			"kind":     {list("kinds", zone[1]).Str, kind.Chinese()},
			"change":   {list("changes", r[4]).Str, c.Get("change_zh").Str},
			"activity": {list("activities", r[5]).Str, findings.Chinese(c.Get("activity").Str)},
			"area":     {r[6].Raw, strconv.FormatFloat(c.Get("area_ha").Float(), 'f', 6, 64)},
			"lon":      {r[7].Raw, strconv.FormatFloat(c.Get("lon").Float(), 'f', 6, 64)},
			"lat":      {r[8].Raw, strconv.FormatFloat(c.Get("lat").Float(), 'f', 6, 64)},
			"flags":    {list("flags", r[9]).Str, strings.Join(redline.FlagsChinese(strings.FieldsFunc(c.Get("flags").Str, func(r rune) bool { return r == ';' })), "；")},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s %q, in candidates.geojson %q", r[0].Str, what, pair[0], pair[1])
			}
		}
		x, y := (r[7].Float()-m.Grid.OriginX)*wide, (m.Grid.OriginY-r[8].Float())*high
		if math.Abs(r[10].Float()+0.5-x) > 0.6 || math.Abs(r[11].Float()+0.5-y) > 0.6 {
			t.Errorf("%s lies at %.1f, %.1f on the map, in the index at %s, %s", r[0].Str, x, y, r[10].Raw, r[11].Raw)
		}
	}
}

// TestPageLinks: every link of the page leads to one place of it, the contents to all sections, and cards tell the
// number and the coordinates that the list has.
func TestPageLinks(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html").want(t, 0)
	d := readPage(t, filepath.Join(dir, "out"))
	rows := d.index(t).Get("rows").Array()
	ids := map[string]int{}
	for n := range d.Descendants() {
		if id := (document{n}).attr("id"); id != "" {
			ids[id]++
		}
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("%d elements are %s", n, id)
		}
	}
	for i := range rows { // the script leads from #r1 to the row of the first candidate, and from #m1 to it on the map
		ids["r"+strconv.Itoa(i+1)], ids["m"+strconv.Itoa(i+1)] = 1, 1
	}
	links := 0
	for _, a := range d.all("a", "") {
		if id, ok := strings.CutPrefix(a.attr("href"), "#"); !ok || ids[id] == 0 {
			t.Errorf("the link %q leads nowhere", a.attr("href"))
		}
		links++
	}
	if links < 49 {
		t.Errorf("%d links", links)
	}
	contents := d.all("nav", "")[0].all("a", "")
	var headings []document
	for _, h := range d.all("h2", "") {
		if strings.HasPrefix(h.attr("id"), "s-") {
			headings = append(headings, h)
		}
	}
	if len(contents) != len(headings) || len(contents) != 9 {
		t.Fatalf("%d entries of the contents for %d sections", len(contents), len(headings))
	}
	for i, a := range contents {
		h, number := headings[i], string([]rune("一二三四五六七八九")[i])+"、"
		if a.attr("href") != "#"+h.attr("id") || a.text() != h.text() || !strings.HasPrefix(h.text(), number) {
			t.Errorf("entry %q leads to %s, section %d is %q", a.text(), a.attr("href"), i+1, h.text())
		}
	}
	cards := d.all("article", "")
	for i, card := range cards {
		r := rows[i].Array()
		n := strconv.Itoa(i + 1)
		copied, shown := card.all("button", "copy"), r[7].Raw+"°E，"+r[8].Raw+"°N"
		if len(copied) != 1 || copied[0].attr("data-copy") != r[7].Raw+","+r[8].Raw || !strings.Contains(card.text(), shown) {
			t.Errorf("card %s does not have the coordinates %s, %s", n, r[7].Raw, r[8].Raw)
		}
		if card.attr("id") != "c"+n || card.all("small", "")[0].text() != r[0].Str {
			t.Errorf("card %d is %s of %s, the list has %s", i+1, card.attr("id"), card.all("small", "")[0].text(), r[0].Str)
		}
		for _, to := range []string{"#m" + n, "#r" + n} {
			if !slices.Contains(hrefs(card), to) {
				t.Errorf("card %s has no link %s", n, to)
			}
		}
	}
	if len(cards) != 20 {
		t.Errorf("%d cards", len(cards))
	}
	without := d.all("noscript", "")
	if len(without) != 2 || !strings.Contains(without[1].text(), "candidates.xlsx") {
		t.Error("without scripts the page does not say where the candidates are")
	}
	style := d.all("style", "")[0].text()
	for _, want := range []string{`"生态状况变化调查与问题线索报告 2015–2020"`, "counter(page)", "counter(pages)"} {
		if !strings.Contains(style, want) {
			t.Errorf("no page is printed with %s", want)
		}
	}
}

// hrefs returns where the links of an element lead.
func hrefs(d document) (to []string) {
	for _, a := range d.all("a", "") {
		to = append(to, a.attr("href"))
	}
	return to
}

// TestPageWithoutCandidates: a run that finds nothing has a page without cards and list, its sections numbered on.
func TestPageWithoutCandidates(t *testing.T) {
	f := folder{t, newSample(t)}
	f.copy("lc2015.tif", "lc2020.tif")
	here(t, f.dir, "run", "job.yaml", "--formats", "html").want(t, 0)
	d := readPage(t, f.path("out"))
	for _, id := range []string{"index", "list", "s-list", "s-worst"} {
		for n := range d.Descendants() {
			if (document{n}).attr("id") == id {
				t.Errorf("the page has %s", id)
			}
		}
	}
	var titles []string
	for _, a := range d.all("nav", "")[0].all("a", "") {
		titles = append(titles, a.text())
	}
	want := "一、总览图 二、生态系统类型变化 三、候选图斑 四、核查优先级与佐证 五、管控区覆盖情况 六、市县调查统计 " +
		"七、方法、数据、精度与局限"
	if got := strings.Join(titles, " "); got != want {
		t.Errorf("contents %s", got)
	}
}
