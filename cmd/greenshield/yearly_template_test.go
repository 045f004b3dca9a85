package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// templateText is the sample's job as a template: the map of a year against that of five years before it.
const templateText = `before: {files: [lc{year-5}.tif], year: {year-5}, legend: clcd}
after:  {files: [lc{year}.tif], year: {year}, legend: clcd}
redline: [{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}]
reserve: [{file: reserves.shp, encoding: GBK, fields: {name: BHDMC, func_zone: GNFQ, level: BHDJB}}]
admin:   {file: counties.geojson, fields: {code: adcode, name: name, city: city}}
formats: geojson,gpkg
ledger: ledger.gpkg
out: out{year}
`

func writeTemplate(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestTemplateJob: a template in a year is the job that was written for it, to the byte; without a year it is refused,
// and what the message tells to do helps.
func TestTemplateJob(t *testing.T) {
	dir := newSample(t)
	text := strings.ReplaceAll(templateText, "ledger: ledger.gpkg\n", "")
	writeTemplate(t, filepath.Join(dir, "t.yaml"), text)
	o := here(t, dir, "check", "t.yaml", "--quiet")
	o.want(t, 10)
	o.has(t, "t.yaml:1: {year-5} stands for a year, and none is said; say --year YEAR")
	writeTemplate(t, filepath.Join(dir, "typo.yaml"), strings.Replace(text, "out{year}", "'out{ year}'", 1))
	o = here(t, dir, "check", "typo.yaml", "--quiet", "--year", "2020")
	o.want(t, 10)
	o.has(t, "{ year} is not read; write {year}, or {year-5} for five years before it")
	here(t, dir, "check", "t.yaml", "--quiet", "--year", "-1").want(t, 10)

	here(t, dir, "check", "t.yaml", "--quiet", "--year", "2020").want(t, 0)
	here(t, dir, "run", "t.yaml", "--quiet", "--year", "2020").want(t, 0)
	written := strings.NewReplacer("{year-5}", "2015", "{year}", "2020").Replace(text)
	writeTemplate(t, filepath.Join(dir, "j.yaml"), strings.Replace(written, "out2020", "plain", 1))
	here(t, dir, "run", "j.yaml", "--quiet").want(t, 0)
	got, want := contents(t, filepath.Join(dir, "out2020")), contents(t, filepath.Join(dir, "plain"))
	delete(got, "manifest.json")
	delete(want, "manifest.json")
	if len(want) < 3 || !maps.Equal(got, want) {
		t.Error("the run of a template is another one than that of the job written out")
	}
	here(t, dir, "plan", "t.yaml", "--quiet", "--year", "2020", "--shards", "1", "--out", "plan").want(t, 0)
	here(t, dir, "shard", "plan", "0", "--quiet").want(t, 0)
	here(t, dir, "merge", "plan", "--quiet", "--out", "merged").want(t, 0)
	got = contents(t, filepath.Join(dir, "merged"))
	delete(got, "manifest.json")
	if !maps.Equal(got, want) {
		t.Error("merged, it is another one")
	}
}
