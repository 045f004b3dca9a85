package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/airbusgeo/godal"
	"github.com/tidwall/gjson"
	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/seeds"
)

// document is report.html as a browser takes it.
type document struct{ *html.Node }

func readPage(t *testing.T, dir string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document{root}
}

// all returns the elements of that name, with that class if it is not "".
func (d document) all(name, class string) (found []document) {
	for n := range d.Descendants() {
		if e := (document{n}); n.Type == html.ElementNode && n.Data == name && (class == "" || strings.Contains(" "+e.attr("class")+" ", " "+class+" ")) {
			found = append(found, e)
		}
	}
	return found
}

func (d document) attr(name string) string {
	for _, a := range d.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (d document) text() string {
	var b strings.Builder
	for n := range d.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

// rows returns the cells of the table whose caption holds those words.
func (d document) rows(t *testing.T, caption string) (rows [][]string) {
	t.Helper()
	for _, table := range d.all("table", "") {
		if c := table.all("caption", ""); len(c) == 0 || !strings.Contains(c[0].text(), caption) {
			continue
		}
		for _, tr := range table.all("tbody", "")[0].all("tr", "") {
			var row []string
			for n := range tr.ChildNodes() {
				if n.Type == html.ElementNode {
					row = append(row, document{n}.text())
				}
			}
			rows = append(rows, row)
		}
		return rows
	}
	t.Fatalf("no table %q", caption)
	return nil
}

func picture(t *testing.T, d document) image.Image {
	t.Helper()
	text, ok := strings.CutPrefix(d.attr("href"), "data:image/png;base64,")
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	p, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestPageWhatIf: a run with another minimum area finds what the page of this one says that it would.
func TestPageWhatIf(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html").want(t, 0)
	rows := readPage(t, filepath.Join(dir, "out")).rows(t, "最小图斑")
	if len(rows) != 10 {
		t.Fatalf("%d rows: %q", len(rows), rows)
	}
	for _, i := range []int{0, 1, 2, 4, 6, 8} {
		cells, _, _ := strings.Cut(rows[i][0], " ")
		out := "min" + cells
		here(t, dir, "run", "job.yaml", "--min-area", cells+" cells", "--formats", "geojson", "--out", out).want(t, 0)
		m := readManifest(t, filepath.Join(dir, out))
		if got, ha := number(t, rows[i][1]), number(t, rows[i][2]); got != float64(m.Counts.Candidates) || math.Abs(ha-m.Counts.CandidateHa) > 0.0051 {
			t.Errorf("with %s cells %g candidates, %g ha; such a run finds %d, %g", cells, got, ha, m.Counts.Candidates, m.Counts.CandidateHa)
		}
	}
	if number(t, rows[0][1]) <= number(t, rows[8][1]) {
		t.Error("the minimum area has no effect")
	}
}

// TestPageNumbers compares what the page counts and sums with the files beside it.
func TestPageNumbers(t *testing.T) {
	dir := newSample(t)
	here(t, dir, "run", "job.yaml", "--formats", "html").want(t, 0)
	out := filepath.Join(dir, "out")
	d := readPage(t, out)
	features, err := os.ReadFile(filepath.Join(out, "candidates.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	type sum struct {
		n  int64
		ha float64
	}
	sums := map[string]map[string]sum{}
	add := func(of, name string, ha float64) {
		if sums[of] == nil {
			sums[of] = map[string]sum{}
		}
		s := sums[of][name]
		sums[of][name] = sum{s.n + 1, s.ha + ha}
	}
	severities := []string{"", "提示", "一般", "较重", "严重"}
	gjson.GetBytes(features, "features").ForEach(func(_, f gjson.Result) bool {
		p := f.Get("properties")
		ha := p.Get("area_ha").Float()
		activity, wet := p.Get("activity").Str, p.Get("from_eco").Str == "wetland"
		if change := p.Get("change").Str; (change == "construction" || change == "reclamation") &&
			strings.ContainsAny(activity, "岸湖围") != wet || activity == "" {
			t.Errorf("%s on %s may be %q", change, p.Get("from_eco").Str, activity)
		}
		add("severities", severities[p.Get("severity").Int()], ha)
		add("changes", p.Get("change_zh").Str, ha)
		add("counties", p.Get("adm_name").Str, ha)
		return true
	})
	var data map[string]json.RawMessage
	for _, s := range d.all("script", "") {
		if s.attr("id") == "data" {
			if err := json.Unmarshal([]byte(s.text()), &data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(sums) != 3 {
		t.Fatalf("too little is compared: %v", sums)
	}
	for of, want := range sums {
		var got []struct {
			Name  string
			Count int64
			Ha    float64
		}
		if err := json.Unmarshal(data[of], &got); err != nil {
			t.Fatal(err)
		}
		for _, g := range got {
			if w := want[g.Name]; g.Count != w.n || math.Abs(g.Ha-w.ha) > 0.0051+1e-4*float64(w.n) {
				t.Errorf("%s of %s: %d, %g ha; in the file %d, %g", of, g.Name, g.Count, g.Ha, w.n, w.ha)
			}
			delete(want, g.Name)
		}
		if len(want) > 0 {
			t.Errorf("%s lacks %v", of, want)
		}
	}

	coverage, err := os.ReadFile(filepath.Join(out, "coverage.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(coverage)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	compareZones(t, d.rows(t, "逐区情况"), rows, checkJSON(t, dir, 0, "job.yaml").Zones)
	counts := map[string]float64{}
	for _, row := range d.rows(t, "各类管控区") {
		counts["zones"] += number(t, row[1])
		for _, cell := range row[3:] {
			counts["states"] += number(t, cell)
		}
	}
	if n := float64(len(rows) - 1); counts["zones"] != n || counts["states"] != n {
		t.Errorf("%v by type, %g zones", counts, n)
	}
	var whole, counties float64
	for _, tr := range d.all("tr", "county") {
		cells := tr.all("td", "")
		counties += number(t, cells[len(cells)-2].text())
	}
	for _, tr := range d.all("tr", "city") {
		cells := tr.all("td", "")
		whole += number(t, cells[len(cells)-2].text())
	}
	if total := float64(readManifest(t, out).Counts.Candidates); counties != total || whole != total {
		t.Errorf("%g candidates in counties, %g in cities, %g in all", counties, whole, total)
	}
	// The scale bar is as long as it says, along the middle of the map.
	m := readManifest(t, out)
	var mapWidth, mapHeight, bar, km float64
	scale := d.all("g", "scale")[0]
	_, err = fmt.Sscanf(d.all("figure", "map")[0].all("svg", "")[0].attr("viewBox"), "0 0 %g %g", &mapWidth, &mapHeight)
	_, err1 := fmt.Sscanf(scale.all("path", "")[0].attr("d"), "M0 0v7h%gv-7", &bar)
	_, err2 := fmt.Sscanf(scale.all("text", "")[0].text(), "%g 公里", &km)
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatal(err)
	}
	degreeKM := 6378.137 * math.Pi / 180
	wide := float64(m.Grid.Cols) * m.Grid.CellX * degreeKM * math.Cos((m.Grid.OriginY-float64(m.Grid.Rows)/2*m.Grid.CellY)*math.Pi/180)
	high := float64(m.Grid.Rows) * m.Grid.CellY * degreeKM
	if math.Abs(bar/mapWidth*wide/km-1) > 0.01 || math.Abs(bar/mapHeight*high/km-1) > 0.01 {
		t.Errorf("a bar of %g km on a map of %.1f × %.1f km, %g × %g units, is %g long", km, wide, high, mapWidth, mapHeight, bar)
	}
	checks := d.rows(t, "每次运行都检验")
	if len(checks) < 5 {
		t.Errorf("%d checks", len(checks))
	}
	for _, row := range checks {
		if strings.ContainsAny(row[0], "=") && !strings.ContainsAny(row[0], "像元区候选未列面") {
			t.Errorf("a check without a name in Chinese: %s", row[0])
		}
	}
}

// TestPageChips compares each pixel of each chip with the rasters, and the mosaics behind the chips of images with what they were made of.
// compareZones holds the numbers that report, coverage.csv and check tell of the same zones against each other.
func compareZones(t *testing.T, page, coverage [][]string, check []gdalinput.ZoneFacts) {
	t.Helper()
	if len(page) != len(coverage)-1 || len(check) != len(page) || len(page) == 0 {
		t.Fatalf("%d zones in the report, %d in coverage.csv, %d in check", len(page), len(coverage)-1, len(check))
	}
	rows := map[[2]string]map[string]string{} // by name, else id, and type
	key := func(name, id, zoneType string) [2]string {
		z, err := redline.ParseZoneType(zoneType)
		if err != nil {
			t.Fatal(err)
		}
		return [2]string{cmp.Or(name, id), z.Chinese()}
	}
	for _, r := range coverage[1:] {
		row := map[string]string{}
		for i, name := range coverage[0] {
			row[name] = r[i]
		}
		rows[key(row["zone_name"], row["zone_id"], row["zone_type"])] = row
	}
	for _, z := range check {
		rows[key(z.Name, z.ID, z.Type)]["seen"] = strconv.FormatFloat(*z.SeenPct, 'f', 2, 64)
	}
	if len(rows) != len(page) {
		t.Fatalf("%d names of %d zones", len(rows), len(page))
	}
	for _, cells := range page {
		row := rows[[2]string(cells)]
		if row == nil {
			t.Errorf("coverage.csv lacks %s", cells[0])
			continue
		}
		value := func(column string) float64 { return number(t, row[column]) }
		if got := strings.TrimSuffix(cells[4], "%"); got != row["seen"] {
			t.Errorf("%s: %s %% seen, in check %s %%", cells[0], got, row["seen"])
		}
		for at, want := range map[int]float64{3: value("area_ha"), 5: value("controlled_ha"), 6: value("changed_ha") + value("unruled_ha"),
			7: value("candidates"), 8: value("candidate_ha"), 9: value("inside_candidates"), 10: value("inside_candidate_ha")} {
			if got := number(t, cells[at]); math.Abs(got-want) > 0.005001 {
				t.Errorf("%s, column %d: %g, in coverage.csv %g", cells[0], at, got, want)
			}
		}
	}
}

func TestPageChips(t *testing.T) {
	f := folder{t, newSample(t)}
	f.mosaics()
	here(t, f.dir, "run", "job.yaml", "--formats", "html", "--image-before", "before-image.tif", "--image-after", "after-image.tif").want(t, 0)
	out := f.path("out")
	text, _ := seeds.Legend("clcd")
	legend, err := landcover.ParseLegend("clcd", text)
	f.check(err)
	colors := map[uint8]string{}
	for _, c := range legend.Classes {
		colors[uint8(c.Code)] = strings.ToLower(c.Color)
	}
	features, err := os.ReadFile(filepath.Join(out, "candidates.geojson"))
	f.check(err)
	shapes := map[string]gjson.Result{}
	gjson.GetBytes(features, "features").ForEach(func(_, f gjson.Result) bool {
		shapes[f.Get("properties.cand_id").Str] = f
		return true
	})
	g, before := f.cells("lc2015.tif")
	_, after := f.cells("lc2020.tif")
	articles := readPage(t, out).all("article", "")
	if len(articles) == 0 || len(articles) > 20 {
		t.Fatalf("%d candidates", len(articles))
	}
	rank := math.Inf(1)
	for _, a := range articles {
		id := a.all("small", "")[0].text()
		shape := shapes[id]
		p := shape.Get("properties")
		if s := p.Get("prio").Float()*1e7 + p.Get("severity").Float()*1e6 + p.Get("area_ha").Float(); s > rank {
			t.Errorf("%s should stand before the one before it", id)
		} else {
			rank = s
		}
		images := a.all("image", "")
		if len(images) != 4 {
			t.Fatalf("%d chips", len(images))
		}
		// The place of the chip: where the outline that it shows lies.
		var x, y float64
		_, err := fmt.Sscanf(strings.ReplaceAll(strings.TrimPrefix(a.all("path", "patch")[0].attr("d"), "M"), "L", " "), "%g %g", &x, &y)
		f.check(err)
		coordinates := shape.Get(map[string]string{"Polygon": "geometry.coordinates.0.0", "MultiPolygon": "geometry.coordinates.0.0.0"}[shape.Get("geometry.type").Str])
		u, v := g.Lattice(coordinates.Get("0").Float(), coordinates.Get("1").Float())
		col, row := int(math.Round(u-x)), int(math.Round(v-y))
		for k, cells := range [][]uint8{before, after} {
			chip := picture(t, images[2*k])
			wrong := 0
			for py := range chip.Bounds().Dy() {
				for px := range chip.Bounds().Dx() {
					r, gr, b, _ := chip.At(px, py).RGBA()
					want, ok := colors[cells[(row+py)*g.Cols+col+px]]
					if !ok || want == "" {
						want = "#ffffff"
					}
					if fmt.Sprintf("#%02x%02x%02x", r>>8, gr>>8, b>>8) != want {
						wrong++
					}
				}
			}
			if wrong > 0 || fmt.Sprint(chip.Bounds().Dx()) != images[2*k].attr("width") {
				t.Errorf("%s: %d of %v pixels have another colour than the raster", id, wrong, chip.Bounds().Size())
			}
			// The picture's colour tells the place: red grows to the east, green to the south.
			pictured := picture(t, images[2*k+1])
			size := pictured.Bounds().Size()
			worstOff := 0.0
			for _, p := range []image.Point{{0, 0}, {size.X - 1, 0}, {size.X / 2, size.Y / 2}, {size.X - 1, size.Y - 1}} {
				c := color.NRGBAModel.Convert(pictured.At(p.X, p.Y)).(color.NRGBA)
				wantU := (float64(col) + (float64(p.X)+0.5)/float64(size.X)*float64(chip.Bounds().Dx())) / float64(g.Cols)
				wantV := (float64(row) + (float64(p.Y)+0.5)/float64(size.Y)*float64(chip.Bounds().Dy())) / float64(g.Rows)
				if k == 1 && wantU > 0.5 { // the second mosaic ends in the middle
					if wantU > 0.51 && c.A != 0 {
						t.Errorf("%s: a pixel outside the mosaic is %v", id, c)
					}
					continue
				}
				if k == 1 && wantU > 0.49 {
					continue
				}
				worstOff = max(worstOff, math.Abs(float64(c.R)-255*wantU), math.Abs(float64(c.G)-255*wantV))
				if c.B != uint8(100+k) || c.A != 255 {
					t.Errorf("%s: pixel %v", id, c)
				}
			}
			if worstOff > 2 {
				t.Errorf("%s: the picture of epoch %d shows another place, %g of 255 off", id, k, worstOff)
			}
		}
	}
}

// mosaics makes pictures of the ground of which each pixel tells where it lies: the first in another CRS, the second with alpha, and of the western half.
func (f folder) mosaics() {
	f.t.Helper()
	g, _ := f.cells("lc2015.tif")
	crs, err := gdalraster.ParseCRS("EPSG:4490")
	f.check(err)
	for k, name := range []string{"before-image.tif", "after-image.tif"} {
		const n = 600
		share := []float64{1, 0.5}[k]
		ds, err := godal.Create(godal.GTiff, f.path("plain.tif"), 3+k, godal.Byte, int(n*share), n)
		f.check(err)
		f.check(errors.Join(ds.SetGeoTransform([6]float64{g.OriginX, g.CellX * float64(g.Cols) / n, 0, g.OriginY, 0, -g.CellY * float64(g.Rows) / n}), ds.SetProjection(crs.WKT)))
		for i, b := range ds.Bands() {
			plane := make([]byte, int(n*share)*n)
			for y := range n {
				for x := range int(n * share) {
					plane[y*int(n*share)+x] = []byte{byte(255 * (float64(x) + 0.5) / n), byte(255 * (float64(y) + 0.5) / n), byte(100 + k), 255}[i]
				}
			}
			f.check(errors.Join(b.SetColorInterp([]godal.ColorInterp{godal.CIRed, godal.CIGreen, godal.CIBlue, godal.CIAlpha}[i]), b.Write(0, 0, plane, int(n*share), n)))
		}
		if k == 0 {
			warped, err := ds.Warp(f.path(name), []string{"-t_srs", "EPSG:4527", "-r", "bilinear"})
			f.check(err)
			f.check(warped.Close())
		}
		f.check(ds.Close())
		if k == 1 {
			f.check(os.Rename(f.path("plain.tif"), f.path(name)))
		}
	}
}

// hostile are names that would do harm if some program took them for more than text.
var hostile = []string{
	`<img src=x onerror="document.title='owned'">`, `=cmd|'/c calc'!A1`, "示例\u202E区1", `"'引号\`, strings.Repeat("很长的名称", 40),
	`</script><script>document.title="owned"</script>`, `[% 'owned' %]{{.}}${HOME}&lt;b&gt;`, "+1\r\n-2\t@SUM(1)",
}

// TestHostileText: names of zones, counties and files that are made to do harm are only text in every output. The folder goes to GREENSHIELD_HOSTILE, if that
// is set, for other programs to open.
func TestHostileText(t *testing.T) {
	f := folder{t, newSample(t)}
	f.mosaics()
	ds, err := godal.Open(f.path("redline.gpkg"), godal.VectorOnly(), godal.Update())
	f.check(err)
	layer := ds.Layers()[0]
	for i := 0; ; i++ {
		feature := layer.NextFeature()
		if feature == nil {
			break
		}
		field := feature.Fields()["HXMC"]
		f.check(errors.Join(feature.SetFieldValue(field, hostile[i%len(hostile)]), layer.UpdateFeature(feature)))
		feature.Close()
	}
	f.check(ds.Close())
	counties, err := os.ReadFile(f.path("counties.geojson"))
	f.check(err)
	for i, name := range []string{"A", "B", "C", "D", "E", "F"} {
		quoted, err := json.Marshal(hostile[(i+5)%len(hostile)])
		f.check(err)
		counties = bytes.Replace(counties, []byte(`"示例县`+name+`"`), quoted, 1)
	}
	f.check(os.WriteFile(f.path("counties.geojson"), counties, 0o666))
	here(t, f.dir, "run", "job.yaml", "--image-before", "before-image.tif", "--image-after", "after-image.tif").want(t, 0)
	out := f.path("out")

	// GeoJSON and CSV hold the names as they are.
	wanted, zones := map[string]bool{}, map[string]bool{} // of zones with candidates, of all zones
	for _, name := range hostile[:6] {
		zones[name] = true
	}
	features, err := os.ReadFile(filepath.Join(out, "candidates.geojson"))
	f.check(err)
	if !json.Valid(features) || !utf8.Valid(features) {
		t.Error("candidates.geojson is no JSON in UTF-8")
	}
	gjson.GetBytes(features, "features").ForEach(func(_, feature gjson.Result) bool {
		if p := feature.Get("properties"); p.Get("layer").Str == "redline" {
			wanted[p.Get("zone_name").Str] = true
		}
		return true
	})
	plain := func(s string) string { return s }
	same := func(what string, got, wanted map[string]bool, as func(string) string) {
		t.Helper()
		for name := range wanted {
			if !got[as(name)] {
				t.Errorf("%s lacks zone %q", what, as(name))
			}
		}
	}
	if len(wanted) < 3 {
		t.Fatalf("candidates in zones %v", wanted)
	}
	for _, name := range []string{"candidates.csv", "suppressed.csv", "coverage.csv", "survey.csv", "overlaps.csv"} {
		text, err := os.ReadFile(filepath.Join(out, name))
		f.check(err)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF")))).ReadAll()
		f.check(err)
		got := map[string]bool{}
		for _, row := range rows {
			for _, cell := range row {
				if _, err := strconv.ParseFloat(cell, 64); cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") && err != nil {
					t.Errorf("%s: cell %q is a formula", name, cell)
				}
				got[strings.TrimPrefix(cell, "'")] = true
			}
		}
		switch name {
		case "candidates.csv":
			same(name, got, wanted, plain)
		case "coverage.csv", "survey.csv":
			same(name, got, zones, plain)
		}
	}

	// Workbooks have no formula; QGIS' files are XML as they should be, and hold no name but those of bookmarks.
	for _, name := range []string{"candidates.xlsx", "survey.xlsx"} {
		for part, text := range unzip(t, filepath.Join(out, name)) {
			wellFormed(t, name+"/"+part, text)
			if strings.Contains(text, "<f>") || strings.Contains(text, "<f ") || strings.Contains(text, "\u202E") || strings.Contains(part, "external") {
				t.Errorf("%s/%s: formula, link or turned text", name, part)
			}
		}
	}
	book, err := excelize.OpenFile(filepath.Join(out, "candidates.xlsx"))
	f.check(err)
	defer book.Close()
	got := map[string]bool{}
	rows, err := book.GetRows("问题清单")
	f.check(err)
	for _, row := range rows {
		for _, cell := range row {
			got[cell] = true
		}
	}
	seen := strings.NewReplacer("\u202E", "\uFFFD", "\r", "\uFFFD", "\n", " ", "\t", " ").Replace
	same("candidates.xlsx", got, wanted, seen)
	qml, err := os.ReadFile(filepath.Join(out, "candidates.qml"))
	f.check(err)
	files := unzip(t, filepath.Join(out, "review.qgz"))
	files["candidates.qml"] = string(qml)
	bookmark := regexp.MustCompile(`<Bookmark [^<>]*>`)
	if n := len(bookmark.FindAllString(files["review.qgs"], -1)); n < 5 {
		t.Errorf("review.qgs has %d bookmarks", n)
	}
	for name, text := range files {
		wellFormed(t, name, text)
		if rest := bookmark.ReplaceAllString(text, ""); strings.Contains(rest, "owned") || strings.Contains(text, "\u202E") {
			t.Errorf("%s holds a name of an input", name)
		}
	}
	db, err := sqlite.OpenConn(filepath.Join(out, "review.gpkg"), sqlite.OpenReadOnly)
	f.check(err)
	defer db.Close()
	for table, wanted := range map[string]map[string]bool{"candidates": wanted, "zones": zones, "coverage": zones} {
		got := map[string]bool{}
		f.check(sqlitex.Execute(db, "SELECT zone_name FROM "+table, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			got[s.ColumnText(0)] = true
			return nil
		}}))
		same("review.gpkg "+table, got, wanted, plain)
	}

	// The page runs its own four scripts and nothing else, and its links lead to itself.
	d := readPage(t, out)
	var kinds []string
	for _, s := range d.all("script", "") {
		kinds = append(kinds, s.attr("type"))
	}
	if strings.Join(kinds, ",") != "application/json,application/gzip,,,," {
		t.Errorf("scripts %q", kinds)
	}
	for n := range d.Descendants() {
		switch {
		case n.Type == html.ElementNode && strings.Contains(" img iframe object embed link base form ", " "+n.Data+" "):
			t.Errorf("the page has <%s>", n.Data)
		case n.Type == html.TextNode && strings.ContainsAny(n.Data, "\u202E\u202D\u2066"):
			t.Errorf("the page turns its text: %q", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "href" && n.Data == "a" && a.Val[:1] != "#" || strings.Contains(a.Val, "\u202E") {
				t.Errorf("the page has %s=%q", a.Key, a.Val)
			}
		}
	}
	got = map[string]bool{}
	for _, row := range d.rows(t, "逐区情况") {
		got[row[0]] = true
	}
	same("report.html", got, zones, seen)
	got = map[string]bool{}
	for _, zone := range d.index(t).Get("lists.zones").Array() {
		got[zone.Get("0").Str] = true
	}
	same("the list of report.html", got, wanted, seen)

	if to := os.Getenv("GREENSHIELD_HOSTILE"); to != "" {
		f.check(errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(f.dir))))
	}
}

func unzip(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(text)
	}
	return files
}

func wellFormed(t *testing.T, name, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
	}
}
