package files

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

// FuzzCandidate: a candidate with any texts, numbers and corners is one line of GeoJSON
// and one record of CSV, from which others read the same: texts but for bytes that are
// no UTF-8, areas to the last decimal printed, corners to half a unit of the seventh.
func FuzzCandidate(f *testing.F) {
	fields := findings.Columns{}.Fields()
	for _, s := range redlinetest.Hostile {
		f.Add(s, "c1", 8100.0, 10800.0, int64(12), 117.00005, 30.00005)
	}
	f.Add("", "\x00\xff", 0.0, 5e-324, int64(-1), -180.0, 90.0)
	f.Add("a", "b", 1e14, 5.1e14, int64(math.MaxInt64), 179.99999995, -89.99999995)
	f.Add("=1", "'", 0.005, 0.00499999, int64(0), 1e-8, -1e-8)
	f.Add("a", "b", 1.0, 2.0, int64(1), 4.9999999e-8, 1.23456785)
	f.Fuzz(func(t *testing.T, s, id string, areaM2, patchM2 float64, cells int64, lon, lat float64) {
		c := redlinetest.Candidate(id)
		c.ZoneName, c.ZonesAll, c.AdmName = s, []string{s, id}, s+id
		c.AreaM2, c.PatchM2, c.Cells, c.Lon, c.Lat = areaM2, patchM2, cells, lon, lat
		ring := orb.Ring{{lon, lat}, {-lon, lat}, {lon / 3, -lat}, {lon, lat}}
		c.Geometry = orb.MultiPolygon{{ring, ring}, {ring}}
		if !writable(&c) {
			return
		}

		line := line(&c)
		if bytes.ContainsAny(line, "\n\r") || !json.Valid(line) {
			t.Fatalf("no line of JSON: %q", line)
		}
		var got struct {
			Type, ID   string
			Properties map[string]any
			Geometry   struct {
				Type        string
				Coordinates [][][][2]json.Number
			}
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		redlinetest.Must(t, d.Decode(&got))
		utf8 := func(s string) string { // as package json decodes bytes that are none: one by one
			b, err := json.Marshal(s)
			redlinetest.Must(t, err)
			redlinetest.Must(t, json.Unmarshal(b, &s))
			return s
		}
		for key, want := range map[string]string{"cand_id": id, "zone_name": s, "zones_all": s + ";" + id, "adm_name": s + id, "verdict": "unreviewed"} {
			if got.Properties[key] != utf8(want) {
				t.Fatalf("%s: %q became %q", key, want, got.Properties[key])
			}
		}
		if got.Type != "Feature" || got.ID != utf8(id) || len(got.Properties) != len(fields) || got.Geometry.Type != "MultiPolygon" {
			t.Fatalf("%s", line)
		}
		number := func(n json.Number, want, unit float64) {
			x, err := n.Float64()
			redlinetest.Must(t, err)
			if math.Abs(x-want) > unit/2+1e-15*math.Abs(want) || strings.HasPrefix(string(n), "-0") && x == 0 {
				t.Fatalf("%v became %s", want, n)
			}
		}
		number(got.Properties["area_ha"].(json.Number), areaM2/redline.M2PerHa, 1e-6)
		number(got.Properties["patch_ha"].(json.Number), patchM2/redline.M2PerHa, 1e-6)
		number(got.Properties["lon"].(json.Number), lon, 1e-7)
		if n := got.Properties["cells"].(json.Number); string(n) != strconv.FormatInt(cells, 10) {
			t.Fatalf("%d cells became %s", cells, n)
		}
		for i, polygon := range c.Geometry {
			for j, ring := range polygon {
				for k, p := range ring {
					for axis := range p {
						number(got.Geometry.Coordinates[i][j][k][axis], p[axis], 1e-7)
					}
				}
			}
		}
		if len(got.Geometry.Coordinates) != 2 || len(got.Geometry.Coordinates[0]) != 2 || len(got.Geometry.Coordinates[0][1]) != len(ring) {
			t.Fatalf("%s", line)
		}

		collection := FeaturesHead + string(line) + FeaturesTail
		n, areaHa, err := readFeatures(strings.NewReader(collection))
		if id == "" {
			if err == nil {
				t.Fatal("a candidate without id is read back")
			}
		} else if err != nil || n != 1 {
			t.Fatalf("read back: %d, %v", n, err)
		} else if areaM2 < 1e14 {
			number(json.Number(strconv.FormatFloat(areaHa, 'f', -1, 64)), areaM2/redline.M2PerHa, 1e-6)
		}

		c.Reason = redline.ReasonArea
		table, err := csv.NewReader(bytes.NewReader(row(&c))).ReadAll()
		redlinetest.Must(t, err)
		if len(table) != 1 || len(table[0]) != len(fields)+1 || table[0][len(fields)] != c.Reason.String() {
			t.Fatalf("CSV record is %q", table)
		}
		for i, field := range fields {
			if field.Text == nil {
				continue
			}
			cell, want := table[0][i], strings.ReplaceAll(strings.ToValidUTF8(field.Text(&c), "\uFFFD"), "\r\n", "\n") // Go's reader of CSV takes CR LF for LF
			if strings.ReplaceAll(cell, "\r\n", "\n") != want && cell != "'"+want {
				t.Fatalf("%s: %q became %q", field.Name, want, cell)
			}
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Fatalf("%s: a spreadsheet may run %q", field.Name, cell)
			}
		}
	})
}

// writable tells that a candidate may come to be written: others a run refuses before.
func writable(c *redline.Candidate) bool {
	for _, x := range []float64{c.AreaM2, c.PatchM2, c.AreaM2 / c.PatchM2} {
		if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
			return false
		}
	}
	onEarth := math.Abs(c.Lon) <= 180 && math.Abs(c.Lat) <= 90
	return onEarth && c.Cells > 0 && c.EdgeCells >= 0 && c.EdgeCells <= c.Cells
}

// FuzzPatches: whatever the compressed text is, reading it ends, and what is read to the end without an error is the
// same when it is written again.
func FuzzPatches(f *testing.F) {
	head := PatchesHead(patchGrid)
	one := redline.Patch{ID: "P1", Group: "natural>built", Cells: []trace.Run{
		{Row: 1, Col0: 250, Col1: 300}, {Row: 2, Col0: 0, Col1: 4}, {Row: 2, Col0: 6, Col1: 7},
	}}
	f.Add(head + string(AppendPatch(nil, &one)) + PatchesTail)
	f.Add(head + PatchesTail)
	f.Add(head + "\x02P1\x00\x02\x00\x00\x01\xff\xff\xff\xff\x0f\x01\x01" + PatchesTail)
	f.Fuzz(func(t *testing.T, text string) {
		all, grid, err := readPatches(patchFile(t, text))
		if err != nil {
			return
		}
		again := PatchesHead(raster.Grid{OriginX: grid.OriginX, OriginY: grid.OriginY, CellX: grid.CellX, CellY: grid.CellY,
			Cols: grid.Cols, Rows: grid.Rows, CRS: raster.CRS{Name: grid.CRS, EPSG: grid.EPSG, WKT: grid.WKT}})
		for i := range all {
			again += string(AppendPatch(nil, &all[i]))
		}
		back, gridBack, err := readPatches(patchFile(t, again, PatchesTail))
		if err != nil || gridBack != grid || !reflect.DeepEqual(back, all) {
			t.Fatalf("%q: %v on %v became %v on %v, %v", text, all, grid, back, gridBack, err)
		}
	})
}
