package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tool runs a program of Debian's gdal-bin in the job's folder.
func (f folder) tool(name string, args ...string) {
	f.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = f.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		f.t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// TestKML reads the same layer as KML, as KMZ and as GeoPackage.
func TestKML(t *testing.T) {
	source := newSample(t)
	f := folder{t, source}
	f.tool("ogr2ogr", "-f", "LIBKML", "redline.kml", "redline.gpkg", "redline")
	f.remove("redline.gpkg")
	f.tool("ogr2ogr", "-f", "GPKG", "-dim", "XY", "-nlt", "PROMOTE_TO_MULTI", "redline.gpkg", "redline.kml", "redline")
	text, err := os.ReadFile(f.path("redline.kml"))
	f.check(err)
	kml := string(text)
	here(t, source, append([]string{"run", "job.yaml"}, plainly...)...).want(t, 0)
	want := contents(t, filepath.Join(source, "out"))
	if !strings.Contains(want["coverage.csv"], "示例生态保护红线1号") {
		t.Fatalf("coverage is %s", want["coverage.csv"])
	}
	// put puts a KML text in the place of the red line.
	put := func(text string) func(f folder) {
		return func(f folder) {
			f.check(os.WriteFile(f.path("redline.kml"), []byte(text), 0o666))
			f.edit("redline.gpkg, layer: redline", "redline.kml")
		}
	}
	one := func(coordinates string) string {
		return `<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>红线</name><Placemark><name>示例</name>` +
			`<ExtendedData><Data name="HXBM"><value>Z1</value></Data></ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>` + coordinates +
			`</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Document></kml>`
	}
	const ring = "116.99,30.99,50 117.01,30.99,50 117.01,31.01,50 116.99,31.01,50 116.99,30.99,50"
	folders := func(f folder) {
		text := one(ring)
		placemark := text[strings.Index(text, "<Placemark>") : strings.Index(text, "</Placemark>")+len("</Placemark>")]
		put(strings.Replace(text, placemark, "<Folder><name>核心</name>"+placemark+"</Folder><Folder><name>其他</name>"+placemark+"</Folder>", 1))(f)
	}
	// alike wants the results of the GeoPackage, but for the name of the layer's file.
	alike := func(file string) func(f folder, o outcome, out string) {
		return func(f folder, o outcome, out string) {
			got := contents(f.t, out)
			for name, text := range got {
				got[name] = strings.ReplaceAll(text, ","+file+"|redline,", ",redline.gpkg|redline,")
			}
			sameFiles(f.t, got, want, tellOfInputs...)
		}
	}
	fields := func(f folder) { f.edit("fields: {id: HXBM, name: HXMC}", "fields: {id: HXBM, name: Name}") }
	zone := func(f folder, o outcome, out string) {
		if z := f.coverage(out)[0]; z.id != "Z1" || z.areaHa < 423 || z.areaHa > 425 { // 0.02° × 0.02° at 31° N
			f.t.Errorf("the zone is %+v", z)
		}
		if !strings.Contains(contents(f.t, out)["coverage.csv"], ",示例,") {
			f.t.Error("the zone has lost its name")
		}
	}
	testFaults(t, []fault{
		{name: "V48 KML", spoil: put(kml), check: alike("redline.kml")},
		{name: "V48 KMZ", spoil: func(f folder) {
			put(kml)(f)
			f.zip("redline.kmz", "redline.kml=doc.kml")
			f.edit("redline.kml", "redline.kmz")
		}, check: alike("doc.kml")},
		{name: "V48 altitudes, Chinese names", spoil: func(f folder) { put(one(ring))(f); fields(f) }, check: func(f folder, o outcome, out string) {
			zone(f, o, out)
			f.says(o, "warning: redline.kml: heights or measures (Z, M) of 1 feature are dropped")
		}},
		{name: "V48 network link", spoil: func(f folder) {
			put(strings.Replace(one(ring), "<Placemark>", "<NetworkLink><Link><href>http://127.0.0.1:1/a.kml</href></Link></NetworkLink><Placemark>", 1))(f)
			fields(f)
		}, check: func(f folder, o outcome, out string) {
			zone(f, o, out)
			f.says(o, "warning: redline.kml: 1 network link is not followed: what is behind is not read")
		}},
		{name: "V48 folder by its name", spoil: func(f folder) {
			folders(f)
			fields(f)
			f.edit("file: redline.kml", "file: redline.kml, layer: 核心")
		}, check: zone},
		{name: "V48 several folders", spoil: folders, status: 12, want: "redline.kml: it has 2 layers, say which one by |layername=NAME (layer: NAME in a job file); its layers: 核心, 其他"},
		{name: "V48 KML cut", spoil: put(kml[:len(kml)/2]), status: 12, want: "redline.kml: not KML in UTF-8: XML syntax error on line …: …"},
		{name: "V48 KML in GBK", spoil: put(strings.Replace(one(ring), `encoding="UTF-8"`, `encoding="GBK"`, 1)), status: 12, want: "redline.kml: not KML in UTF-8: …"},
		{name: "V48 entities", spoil: put(strings.Replace(one(ring), "<kml", `<!DOCTYPE kml [<!ENTITY a "x">]><kml`, 1)), status: 12,
			want: "redline.kml: it has a document type declaration, which KML does not need; remove it"},
		{name: "V48 coordinates with spaces", spoil: put(one("116.99, 30.99 117.01, 30.99 117.01, 31.01 116.99, 30.99")), status: 12,
			want: `redline.kml: placemark 1: the coordinates "116.99," are not LONGITUDE,LATITUDE or LONGITUDE,LATITUDE,ALTITUDE; correct the file`},
		{name: "V48 open ring", spoil: put(one("116.99,30.99 117.01,30.99 117.01,31.01 116.99,31.01")), status: 12,
			want: "redline.kml, layer 红线: feature 1: polygon 1, ring 1 is not closed: it starts at … and ends at …"},
		{name: "V48 GPX as KML", spoil: put("<gpx/>"), status: 12, want: "redline.kml: not KML: it begins with <gpx>"},
		{name: "V48 deep nesting", spoil: put("<kml>" + strings.Repeat("<Folder>", 2000) + strings.Repeat("</Folder>", 2000) + "</kml>"), status: 12,
			want: "redline.kml: not KML: its elements are nested more than 1000 deep"},
	})
}
