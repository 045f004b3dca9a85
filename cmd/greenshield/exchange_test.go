package main

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline/record"
	"greenshield/vector"
	"greenshield/vector/gdalvector"
)

// TestExchange: what offices exchange is what the run found, in the order of candidates.geojson.
func TestExchange(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "shp,fgb,gdb", "--shp-encoding", "GBK", "--out-crs", "EPSG:4549").want(t, 0)
	var want struct {
		Features []struct {
			ID         string
			Properties struct {
				Area float64 `json:"area_ha"`
				Name string  `json:"zone_name"`
			}
		}
	}
	text, err := os.ReadFile(f.path("out/candidates.geojson"))
	f.check(err)
	f.check(json.Unmarshal(text, &want))
	flat, err := gdalvector.Read(gdalvector.Source{File: f.path("out/candidates.fgb")})
	f.check(err)
	z, err := zip.OpenReader(f.path("out/candidates.gdb.zip"))
	f.check(err)
	f.check(os.CopyFS(f.dir, z))
	f.check(z.Close())
	base, err := gdalvector.Read(gdalvector.Source{File: f.path("candidates.gdb")})
	f.check(err)
	l, err := gdalvector.Read(gdalvector.Source{File: f.path("out/candidates.shp")})
	f.check(err)
	if l.CRS.EPSG != 4549 || l.Encoding != "GBK" || len(want.Features) < 10 || len(l.Features) != len(want.Features) ||
		len(flat.Features) != len(want.Features) || flat.CRS.EPSG != 4549 || len(base.Features) != len(want.Features) || base.CRS.EPSG != 4549 {
		t.Fatalf("EPSG:%d, %s, %d of %d features", l.CRS.EPSG, l.Encoding, len(l.Features), len(want.Features))
	}
	for i, w := range want.Features {
		g := &l.Features[i]
		got := []string{l.Value(g, "cand_id"), l.Value(g, "zone_name"), l.Value(g, "area_ha")}
		if area := fmt.Sprint(w.Properties.Area); !slices.Equal(got, []string{w.ID, w.Properties.Name, area}) {
			t.Errorf("got %q, want %q, %q, %s", got, w.ID, w.Properties.Name, area)
		}
		for k, value := range base.Features[i].Values { // numbers of a geodatabase are binary, as in any of its kind
			if x, err := strconv.ParseFloat(value, 64); value != g.Values[k] && (err != nil || math.Abs(x-number(t, g.Values[k])) > 1e-9) {
				t.Errorf("%s: the geodatabase has %s %q, the Shapefile %q", w.ID, base.Fields[k], value, g.Values[k])
			}
		}
		if area, want := vector.Area(vector.Orient(base.Features[i].Shape)), vector.Area(vector.Orient(g.Shape)); math.Abs(area-want) > 1e-5*want {
			t.Errorf("%s: %.9g square metres in the geodatabase, %.9g in the Shapefile", w.ID, area, want)
		}
		same := &flat.Features[slices.IndexFunc(flat.Features, func(f gdalvector.Feature) bool { return flat.Value(&f, "cand_id") == w.ID })]
		if !slices.Equal(same.Values, g.Values) || math.Abs(vector.Area(same.Shape)-vector.Area(vector.Orient(g.Shape))) > 1e-6 {
			t.Errorf("%s: the FlatGeobuf has %q, the Shapefile %q", w.ID, same.Values, g.Values)
		}
	}
	rows := table(t, f.path("out/coverage.csv"))
	coverage, err := gdalvector.Read(gdalvector.Source{File: f.path("out/coverage.shp")})
	f.check(err)
	if len(coverage.Features) != len(rows) {
		t.Fatalf("%d zones, want %d", len(coverage.Features), len(rows))
	}
	for i, row := range rows {
		g := &coverage.Features[i]
		for field, column := range map[string]string{"zone_id": "zone_id", "zone_name": "zone_name", "status": "status",
			"control_ha": "controlled_ha", "in_cand_ha": "inside_candidate_ha"} {
			got := coverage.Value(g, field)
			if strings.HasSuffix(field, "_ha") && math.Abs(number(t, got)-number(t, row[column])) > 1e-9 ||
				!strings.HasSuffix(field, "_ha") && got != row[column] {
				t.Errorf("%s: %s is %s, want %s", row["zone_id"], field, got, row[column])
			}
		}
	}
	m := readManifest(t, f.path("out"))
	for _, name := range []string{"candidates.shp", "candidates.dbf", "coverage.shx", "coverage.fgb", "coverage.gdb.zip", "exchange_fields.csv"} {
		if !slices.ContainsFunc(m.Outputs, func(o record.File) bool { return o.Name == name }) {
			t.Errorf("the manifest does not list %s", name)
		}
	}
	before := contents(t, f.path("out"))
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "shp,fgb,gdb", "--shp-encoding", "GBK", "--out-crs", "EPSG:4549", "--out", "again").want(t, 0)
	sameFiles(t, contents(t, f.path("again")), before, "manifest.json")
}

// TestExchangeFaults: choices that cannot be used are told before the work.
func TestExchangeFaults(t *testing.T) {
	f := folder{t, newSample(t)}
	for _, c := range []struct{ name, flag, value, want string }{
		{"C13 no such CRS", "--out-crs", "EPSG:1", `out_crs "EPSG:1": …; name another CRS, such as EPSG:4549`},
		{"C13 CRS of another datum", "--out-crs", "EPSG:2436", `out_crs "EPSG:2436": no reliable transformation from …; name another CRS, such as EPSG:4549`},
		{"C13 no such encoding", "--shp-encoding", "BIG5", `--shp-encoding: "BIG5" is none of UTF-8, GBK`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "shp", c.flag, c.value)
			o.want(t, 10)
			if !like(strings.TrimSpace(o.stderr), "greenshield: "+c.want) {
				t.Errorf("stderr is %s", o.stderr)
			}
			if _, err := os.Stat(f.path("out")); !os.IsNotExist(err) {
				t.Errorf("out: %v", err)
			}
		})
	}
}

// TestExchangeCutsTexts: a text that a Shapefile cannot hold is told, once, and also in the record of the run.
func TestExchangeCutsTexts(t *testing.T) {
	f := folder{t, newSample(t)}
	rules, err := os.ReadFile("../../seeds/rules/green-shield.csv")
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(string(rules)))
	r.Comment = '#'
	rows, err := r.ReadAll()
	f.check(err)
	for _, row := range rows[1:] {
		row[slices.Index(rows[0], "basis")] = strings.Repeat("依据", 60)
	}
	var text strings.Builder
	f.check(csv.NewWriter(&text).WriteAll(rows))
	f.check(os.WriteFile(f.path("rules.csv"), []byte(text.String()), 0o666))
	o := here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "shp", "--rules", "rules.csv")
	o.want(t, 0)
	m := readManifest(t, f.path("out"))
	want := "candidates.shp: … texts of field basis cut, since a field of a Shapefile holds 254 bytes; the first is that of …; candidates.geojson has them whole"
	if len(m.Warnings) == 0 || !like(m.Warnings[len(m.Warnings)-1], want) || strings.Count(o.stderr, m.Warnings[len(m.Warnings)-1]) != 1 {
		t.Errorf("warnings %q, stderr %s", m.Warnings, o.stderr)
	}
}
