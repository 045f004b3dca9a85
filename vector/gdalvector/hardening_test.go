package gdalvector

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/vector"
)

// hostile sets the environment variables by which GDAL would do what it must not. They are
// set after gdalraster.Init has cleaned the environment, so only the program's own
// settings stand against them.
func hostile(t *testing.T, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

// listener counts the connections to an address of this machine.
func listener(t *testing.T) (url string, heard *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heard = &atomic.Int64{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			heard.Add(1)
			fmt.Fprint(c, "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")
			c.Close()
		}
	}()
	return "http://" + l.Addr().String(), heard
}

// TestNothingIsFetched reads layers that name a server, past all checks of names and
// contents too, and wants the server to hear nothing. GDAL without the program's settings is the
// positive control.
func TestNothingIsFetched(t *testing.T) {
	url, heard := listener(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const polygon = `{"type":"Polygon","coordinates":[[[0,0],[4,0],[0,4],[0,0]]]}`
	linked := file("linked.geojson", `{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"`+url+`/crs"}},"features":[{"type":"Feature","properties":{},"geometry":`+polygon+`}]}`)
	vrt := `<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/vsicurl/` + url + `/a.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>`
	wfs := `<OGRWFSDataSource><URL>` + url + `/wfs</URL></OGRWFSDataSource>`
	shp := writeSample(t, "a.shp", WriteOptions{})
	for _, ext := range []string{".prj", ".cpg"} {
		if err := os.WriteFile(strings.TrimSuffix(shp, ".shp")+ext, []byte(url+"/a"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	gpkg := hostileGeoPackage(t, url)

	if path, err := exec.LookPath("ogrinfo"); err != nil {
		t.Log("no ogrinfo: nothing shows that the server can hear")
	} else {
		cmd := exec.Command(path, "-al", "-q", linked)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		out, _ := cmd.CombinedOutput()
		if heard.Load() == 0 {
			t.Fatalf("GDAL without settings asks nobody: %s", out)
		}
		heard.Store(0)
	}

	// Proxies of the environment must not open a way; no_proxy is set by TestMain.
	hostile(t, "http_proxy", url, "all_proxy", url, "CPL_VSIL_CURL_ALLOWED_EXTENSIONS", "", "GDAL_HTTP_PROXY", "",
		"ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW", "YES", "OGR_SQLITE_LOAD_EXTENSIONS", "YES")
	for name, source := range map[string]string{
		"GeoJSON with a linked CRS": linked,
		"VRT as GeoJSON":            file("vrt.geojson", vrt),
		"VRT as Shapefile":          file("vrt.shp", vrt),
		"VRT as GeoPackage":         file("vrt.gpkg", vrt),
		"VRT as FlatGeobuf":         file("vrt.fgb", vrt),
		"WFS as GeoJSON":            file("wfs.json", wfs),
		"link":                      url + "/a.geojson",
		"virtual file":              "/vsicurl/" + url + "/a.geojson",
		"virtual zip":               "/vsizip//vsicurl/" + url + "/a.zip/a.geojson",
		"WFS":                       "WFS:" + url + "/a.geojson",
		"database":                  "PG:host=127.0.0.1 port=" + url[strings.LastIndex(url, ":")+1:] + " dbname=a.gpkg",
		"inline GeoJSON":            `{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"` + url + `/crs"}},"features":[]}.geojson`,
		".prj and .cpg are links":   shp,
		"KML of links": file("links.kml", `<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>`+url+`/a.kml</href></Link></NetworkLink>`+
			`<NetworkLink><Url><href>`+url+`/b.kmz</href></Url></NetworkLink><Placemark><styleUrl>`+url+`/c.kml#s</styleUrl></Placemark></Document></kml>`),
		"view that geocodes": gpkg,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(Source{File: source, Layer: map[bool]string{true: "w"}[source == gpkg]}); err == nil {
				t.Error("was read")
			}
			if n := heard.Load(); n != 0 {
				t.Errorf("the server heard %d calls", n)
			}
		})
		t.Run(name+", past the checks", func(t *testing.T) {
			for _, driver := range []string{"GeoJSON", "ESRI Shapefile", "GPKG", "FlatGeobuf", "OpenFileGDB", "LIBKML"} {
				d, err := open(source, driver)
				if err != nil {
					continue
				}
				for _, ly := range d.layers() {
					_, _ = ly.crs(nil)
					for r, err := ly.next(0); r != nil && err == nil; r, err = ly.next(0) {
						continue
					}
				}
				d.close()
			}
			if n := heard.Load(); n != 0 {
				t.Errorf("the server heard %d calls", n)
				heard.Store(0)
			}
		})
	}
}

// hostileGeoPackage has a view, given out as a layer, that calls a function of GDAL's SQLite
// dialect which asks a server, and a trigger that does.
func hostileGeoPackage(t *testing.T, url string) string {
	t.Helper()
	path := writeSample(t, "hostile.gpkg", WriteOptions{Layer: "a"})
	ds, err := godal.Open(path, godal.VectorOnly(), godal.Update())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"CREATE VIEW w AS SELECT fid AS OGC_FID, geom, ogr_geocode('x', 'geometry', 'SERVICE=OSM_NOMINATIM', 'QUERY_TEMPLATE=" + url + "/%s') AS t FROM a",
		"INSERT INTO gpkg_contents (table_name, identifier, data_type, srs_id) VALUES ('w', 'w', 'features', 4326)",
		"CREATE TRIGGER tr AFTER UPDATE ON gpkg_contents BEGIN SELECT ogr_geocode('x'); END",
		"INSERT INTO gpkg_geometry_columns VALUES ('w', 'geom', 'GEOMETRY', 4326, 0, 0)",
	} {
		if rs, err := ds.ExecuteSQL(sql); err == nil {
			rs.Close()
		} else {
			t.Log(err)
		}
	}
	if err := ds.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// failures lets GDAL's warnings pass.
func failures(ec godal.ErrorCategory, _ int, msg string) error {
	if ec <= godal.CE_Warning {
		return nil
	}
	return errors.New(msg)
}

// TestVectorSettings shows each setting of GDAL that concerns layers by its effect: the
// environment asks for the contrary.
func TestVectorSettings(t *testing.T) {
	t.Run("OGR_GEOMETRY_ACCEPT_UNCLOSED_RING", func(t *testing.T) {
		hostile(t, "OGR_GEOMETRY_ACCEPT_UNCLOSED_RING", "YES")
		path := writeFile(t, "a.geojson", `{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[4,0],[0,4],[0,1]]]}}`)
		if ds, err := godal.Open(path, godal.VectorOnly(), godal.ErrLogger(failures)); err == nil {
			if f := ds.Layers()[0].NextFeature(); f != nil {
				t.Error("an open ring is read")
			}
			ds.Close()
		}
		// Read accepts it for as long as it takes to name the feature.
		refused(t, Source{File: path}, "feature 1: polygon 1, ring 1 is not closed")
	})
	t.Run("OGR_GEOJSON_MAX_OBJ_SIZE", func(t *testing.T) {
		hostile(t, "OGR_GEOJSON_MAX_OBJ_SIZE", "0.0001") // below which no layer could be read
		read(t, Source{File: writeSample(t, "a.geojson", WriteOptions{})})
	})
	t.Run("SHAPE_RESTORE_SHX", func(t *testing.T) {
		hostile(t, "SHAPE_RESTORE_SHX", "YES")
		path := writeSample(t, "a.shp", WriteOptions{})
		shx := strings.TrimSuffix(path, ".shp") + ".shx"
		if err := os.Remove(shx); err != nil {
			t.Fatal(err)
		}
		if d, err := open(path, "ESRI Shapefile"); err == nil {
			d.close()
			t.Error("is opened")
		}
		if _, err := os.Stat(shx); err == nil {
			t.Error("the .shx was written")
		}
	})
	t.Run("OGR_ORGANIZE_POLYGONS", func(t *testing.T) {
		hostile(t, "OGR_ORGANIZE_POLYGONS", "SKIP")
		path := filepath.Join(t.TempDir(), "a.shp")
		holed := square(117, 31, 1)
		holed[0] = append(holed[0], square(117.25, 31.25, 0.5)[0][0])
		holed = append(holed, square(119, 31, 1)...)
		if err := Write(path, epsg(t, 4326), []string{"a"}, []Row{{[]string{"x"}, holed}}, WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		if shape := read(t, Source{File: path}).Features[0].Shape; len(shape) != 2 || len(shape[0]) != 2 || vector.Area(shape) != 1.75 {
			t.Errorf("shape is %v", shape)
		}
	})
	// GDAL_HTTP_PROXY and the other settings of HTTP: TestNothingIsFetched. Partial
	// reprojection and the order of axes: no transformation of OGR is used, so their settings are
	// a second fence; TestFormatsAgree and the tests of package gdalinput show the effect.
}
