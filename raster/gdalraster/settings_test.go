package gdalraster

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// TestSettings shows what each setting does. Some protect from the same thing; without
// names those, and they are dropped while one is tried: with it nothing must happen, at
// its bad value (GDAL's default, when "") something must.
func TestSettings(t *testing.T) {
	type effect struct {
		bad     string
		without []string
		happens func(t *testing.T) bool
		why     string // it has no test here
	}
	const layers = "concerns layers"
	effects := map[string]effect{
		"GDAL_PAM_ENABLED":                 {without: []string{"GDAL_DISABLE_READDIR_ON_OPEN", "GDAL_GEOREF_SOURCES"}, happens: sidecarCounts},
		"GDAL_DISABLE_READDIR_ON_OPEN":     {without: []string{"GDAL_PAM_ENABLED", "GDAL_GEOREF_SOURCES"}, happens: sidecarCounts},
		"GDAL_GEOREF_SOURCES":              {without: []string{"GDAL_PAM_ENABLED", "GDAL_DISABLE_READDIR_ON_OPEN"}, happens: sidecarCounts},
		"GDAL_MAX_DATASET_POOL_SIZE":       {happens: manySourcesAreOpen},
		"OSR_WKT_FORMAT":                   {happens: func(t *testing.T) bool { return !strings.HasPrefix(wktOfFile(t), "GEOGCRS[") }},
		"GDAL_HTTP_PROXY":                  {without: []string{"CPL_VSIL_CURL_ALLOWED_EXTENSIONS"}, happens: serverIsCalled},
		"CPL_VSIL_CURL_ALLOWED_EXTENSIONS": {without: []string{"GDAL_HTTP_PROXY"}, happens: serverIsCalled},

		"GTIFF_IGNORE_READ_ERRORS":          {why: "the reader takes every message of GDAL as an error, and libtiff's still come, see R08"},
		"GDAL_NUM_THREADS":                  {why: "GDAL 3.6.2 was not seen to read with more threads at any value"},
		"VRT_SHARED_SOURCE":                 {why: "two threads at one handle go wrong by chance only; TestConcurrentReaders reads so"},
		"GDAL_VRT_ENABLE_PYTHON":            {why: "no VRT with Python comes to GDAL, see TestVRTRefuses"},
		"GDAL_DRIVER_PATH":                  {why: "no plugins are looked for, since drivers are registered one by one"},
		"OGR_DRIVER_PATH":                   {why: "likewise"},
		"PROJ_NETWORK":                      {why: "each PROJ context is told, too"},
		"CPL_DEBUG":                         {why: "GDAL's default; its variable is removed"},
		"CPL_LOG_ERRORS":                    {why: "GDAL's default; its variable is removed"},
		"OSR_DEFAULT_AXIS_MAPPING_STRATEGY": {why: "no coordinates go through OSR, see TestTransform for the order"},
		"OGR_NUM_THREADS":                   {why: layers}, "GDAL_HTTP_CONNECTTIMEOUT": {why: layers}, "GDAL_HTTP_TIMEOUT": {why: layers}, "GDAL_HTTP_MAX_RETRY": {why: layers},
		"OGR_GEOMETRY_ACCEPT_UNCLOSED_RING": {why: layers}, "OGR_GEOJSON_MAX_OBJ_SIZE": {why: layers}, "SHAPE_RESTORE_SHX": {why: layers},
		"OGR_ORGANIZE_POLYGONS": {why: layers}, "OGR_ENABLE_PARTIAL_REPROJECTION": {why: layers},
		"ALLOW_OGR_SQL_FUNCTIONS_FROM_TRIGGER_AND_VIEW": {why: layers},
	}
	value := map[string]string{}
	for _, s := range settings {
		value[s[0]] = s[1]
		if _, ok := effects[s[0]]; !ok {
			t.Errorf("nothing is said of %s", s[0])
		}
	}
	for name, e := range effects {
		if value[name] == "" {
			t.Errorf("%s is not set", name)
		}
		if e.happens == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			set := func(name, to string) {
				setOption(name, to)
				t.Cleanup(func() { setOption(name, value[name]) })
			}
			for _, other := range e.without {
				set(other, "")
			}
			if e.happens(t) {
				t.Error("happens with the setting")
			}
			set(name, e.bad)
			if !e.happens(t) {
				t.Errorf("does not happen at %q either, so this test shows nothing", e.bad)
			}
		})
	}
}

// opened opens a raster, which must be sound.
func opened(t *testing.T, path string) *Epoch {
	t.Helper()
	e, err := Open([]string{path}, fourCodes)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func sidecarCounts(t *testing.T) bool {
	path := file{grid: utm(t, 2, 1), dtype: godal.Byte, cells: []uint8{10, 20}}.write(t, "a.tif")
	if err := os.WriteFile(path+".aux.xml", []byte(`<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category>x</Category></CategoryNames></PAMRasterBand></PAMDataset>`), 0o600); err != nil {
		t.Fatal(err)
	}
	return len(opened(t, path).Describe().Names) > 0
}

// tiles makes n files of one cell and a VRT of them.
func tiles(t *testing.T, n int) (vrt string) {
	t.Helper()
	dir := t.TempDir()
	var sources strings.Builder
	for i := range n {
		g := utm(t, 1, 1)
		g.OriginX += 30 * float64(i)
		file{grid: g, dtype: godal.Byte, cells: []uint8{10}}.write(t, filepath.Join(dir, fmt.Sprintf("%d.tif", i)))
		fmt.Fprintf(&sources, `<SimpleSource><SourceFilename relativeToVRT="1">%d.tif</SourceFilename><SourceBand>1</SourceBand><SrcRect xOff="0" yOff="0" xSize="1" ySize="1"/><DstRect xOff="%d" yOff="0" xSize="1" ySize="1"/></SimpleSource>`, i, i)
	}
	text := strings.ReplaceAll(strings.ReplaceAll(vrtText("", sources.String()), `rasterXSize="4"`, fmt.Sprintf(`rasterXSize="%d"`, n)), `rasterYSize="3"`, `rasterYSize="1"`)
	vrt = filepath.Join(dir, "a.vrt")
	if err := os.WriteFile(vrt, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return vrt
}

// openIn counts the files of a folder that this process has open.
func openIn(t *testing.T, dir string) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && filepath.Dir(to) == dir {
			n++
		}
	}
	return n
}

// readWhole reads an epoch and leaves it open until the test ends.
func readWhole(t *testing.T, e *Epoch) (closeIt func()) {
	t.Helper()
	r, err := e.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Read(whole(e), make([]uint8, whole(e).Cells())); err != nil {
		t.Fatal(err)
	}
	return func() { r.Close() }
}

func manySourcesAreOpen(t *testing.T) bool {
	vrt := tiles(t, 90)
	defer readWhole(t, opened(t, vrt))()
	return openIn(t, filepath.Dir(vrt)) > 55
}

func wktOfFile(t *testing.T) string {
	g := raster.Grid{OriginX: 117, OriginY: 31, CellX: 0.1, CellY: 0.1, Cols: 1, Rows: 1, CRS: crs(t, "EPSG:4490")}
	p := &part{path: "a.tif", name: file{grid: g, dtype: godal.Byte}.write(t, "a.tif"), driver: "GTiff"}
	ds, err := p.open(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	return ds.Projection()
}

// serverIsCalled hands a network name to GDAL, which Open never does.
func serverIsCalled(t *testing.T) bool {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	called := make(chan bool, 64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			called <- true
			c.Close()
		}
	}()
	if ds, err := godal.Open("/vsicurl/http://" + l.Addr().String() + "/a.tif"); err == nil {
		ds.Close()
	}
	return len(called) > 0 // each caller waits for an answer, so that a call is noted before Open ends
}

// TestForeignEnvironment: nothing by which GDAL is steered gets through, under any spelling.
func TestForeignEnvironment(t *testing.T) {
	for _, name := range []string{"GDAL_X", "OGR_X", "CPL_X", "VSI_X", "PROJ_X", "OSR_X", "GTIFF_X", "VRT_X", "gdal_x", "AWS_X", "OSS_SECRET"} {
		t.Setenv(name, "1")
	}
	t.Setenv("GREENSHIELD_X", "1")
	t.Setenv("PROJ_SKIP_READ_USER_WRITABLE_DIRECTORY", "") // Init's own, put back after the test
	os.Unsetenv("PROJ_SKIP_READ_USER_WRITABLE_DIRECTORY")
	removed := scrubEnv()
	want := []string{"CPL_X", "GDAL_X", "GTIFF_X", "OGR_X", "OSR_X", "PROJ_X", "VRT_X", "VSI_X", "gdal_x"}
	if !slices.Equal(removed, want) {
		t.Errorf("removed %q, want %q", removed, want)
	}
	if os.Getenv("AWS_X") != "" || os.Getenv("OSS_SECRET") != "" || os.Getenv("GREENSHIELD_X") != "1" {
		t.Error("the rest of the environment is wrong")
	}
}
