package gdaltiles

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"greenshield/raster"
	"greenshield/redline/record"
	"greenshield/redline/service/tiles"
)

// mosaic is a VRT of a lattice with one source, which covers all of it.
func mosaic(g raster.Grid, source string) string {
	rect := fmt.Sprintf(`xOff="0" yOff="0" xSize="%d" ySize="%d"`, g.Cols, g.Rows)
	return fmt.Sprintf(`<VRTDataset rasterXSize="%d" rasterYSize="%d"><SRS>EPSG:4490</SRS>
<GeoTransform>%.17g, %.17g, 0, %.17g, 0, %.17g</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename relativeToVRT="0">%s</SourceFilename><SourceBand>1</SourceBand><SrcRect %s/><DstRect %s/>
</SimpleSource></VRTRasterBand></VRTDataset>`, g.Cols, g.Rows, g.OriginX, g.CellX, g.OriginY, -g.CellY, source, rect, rect)
}

// TestForgedInputsAreNotOpened: names in a manifest, which others may have written, lead to files of the run only: none
// is fetched, and none is drawn of which the manifest does not tell the content.
func TestForgedInputsAreNotOpened(t *testing.T) {
	folder := t.TempDir()
	in, g := small(t, folder)
	write(t, filepath.Join(folder, "other.tif"), g, scene(9, g, 4))
	var asked atomic.Int32
	server := httptest.NewUnstartedServer(http.FileServer(http.Dir(folder)))
	server.Config.ConnState = func(net.Conn, http.ConnState) { asked.Add(1) }
	server.Start()
	defer server.Close()
	link := filepath.Join(folder, "maps.tif")
	if err := os.Symlink("/proc/self/environ", link); err != nil {
		t.Fatal(err)
	}
	forged := map[string]func(in *record.Input){
		"nothing": func(*record.Input) {},
		"fetched": func(in *record.Input) { in.Path = "/vsicurl/" + server.URL + "/a.tif" },
		"fetched besides": func(in *record.Input) {
			in.Path += ", /vsicurl/" + server.URL + "/a.tif"
		},
		"in upper case": func(in *record.Input) { in.Path = "/VSICURL/" + server.URL + "/a.tif" },
		"cleaned":       func(in *record.Input) { in.Path = "//./vsicurl/" + server.URL + "/a.tif" },
		"a bucket":      func(in *record.Input) { in.Path = "/vsis3/bucket/a.tif" },
		"an archive":    func(in *record.Input) { in.Path = "/vsizip/" + folder + "/a.zip/a.tif" },
		"an address":    func(in *record.Input) { in.Path = server.URL + "/a.tif" },
		"a file of it":  func(in *record.Input) { in.Files[0].Name = "/vsicurl/" + server.URL + "/a.tif" },
		"line break":    func(in *record.Input) { in.Path += "\n"; in.Files[0].Name += "\n" },
		"a process":     func(in *record.Input) { in.Path, in.Files[0].Name = "/proc/self/exe", "exe" },
		"by a link":     func(in *record.Input) { in.Path, in.Files[0].Name = "maps.tif", "maps.tif" },
		"another file":  func(in *record.Input) { in.Path = "other.tif" },
		"one besides":   func(in *record.Input) { in.Path += ", other.tif" },
		"no files":      func(in *record.Input) { in.Files = nil },
		"no hash":       func(in *record.Input) { in.Files[0].SHA256 = "" },
		"no size":       func(in *record.Input) { in.Files[0].Bytes = 0 },
		"a legend":      func(in *record.Input) { in.Legend = "/vsicurl/" + server.URL + "/legend.yaml" },
	}
	for name, forge := range forged {
		for _, role := range []string{"before", "image_before"} {
			copied := in
			copied.Role, copied.Files = role, slices.Clone(in.Files)
			forge(&copied)
			want := tiles.Missing
			switch {
			case name == "nothing" && role == "before":
				want = tiles.Ready
			case name == "nothing": // it has one band
				want = tiles.Unusable
			}
			if l := ready(t, painter(t, folder, copied))[0]; l.State != want {
				t.Errorf("%s, %s: %s, want %s", name, role, l.State, want)
			}
		}
	}
	// A mosaic that is as the manifest says, and names a file that the manifest does not.
	for source, want := range map[string]tiles.State{
		filepath.Join(folder, "other.tif"):      tiles.Changed,
		"/vsicurl/" + server.URL + "/other.tif": tiles.Unusable,
	} {
		text := []byte(mosaic(g, source))
		if err := os.WriteFile(filepath.Join(folder, "a.vrt"), text, 0o644); err != nil {
			t.Fatal(err)
		}
		if l := ready(t, painter(t, folder, input(t, folder, "before", 2015, "a.vrt")))[0]; l.State != want {
			t.Errorf("%s: %s, want %s", source, l.State, want)
		}
	}
	if asked.Load() != 0 {
		t.Error("something was fetched")
	}
	if _, err := http.Get(server.URL + "/a.tif"); err != nil || asked.Load() == 0 {
		t.Error("the listener would not have noticed: ", err)
	}
}
