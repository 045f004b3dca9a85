package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/airbusgeo/godal"
)

// TestRasterWithoutPermission: a raster that may not be read.
func TestRasterWithoutPermission(t *testing.T) {
	f := folder{t, newSample(t)}
	f.check(os.Chmod(f.path("lc2020.tif"), 0))
	cmd := command(f.dir, "check", "job.yaml")
	if os.Getuid() == 0 { // whom permissions do not stop
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		for dir := f.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			f.check(os.Chmod(dir, 0o755))
		}
	}
	o := finish(t, cmd)
	o.want(t, 11)
	if !strings.Contains(o.stdout, "problem: open lc2020.tif: permission denied\n") && !strings.Contains(o.stdout, "lc2020.tif: permission denied\n") {
		t.Errorf("stdout is %s", o.stdout)
	}
}

// TestRasterBomb: a small file of many cells is a raster like any other; at full size it takes no more memory than any.
func TestRasterBomb(t *testing.T) {
	size := 6_000
	if torture() {
		size = 60_000 // 3.6 GB of cells each
	}
	f := folder{t, newSample(t)}
	g, _ := f.cells("lc2015.tif")
	for i, name := range []string{"lc2015.tif", "lc2020.tif"} {
		f.remove(name)
		ds, err := godal.Create(godal.GTiff, f.path(name), 1, godal.Byte, size, size, godal.CreationOption("TILED=YES", "COMPRESS=DEFLATE", "BLOCKXSIZE=1024", "BLOCKYSIZE=1024"))
		f.check(err)
		f.check(ds.SetProjection(g.CRS.WKT))
		f.check(ds.SetGeoTransform([6]float64{g.OriginX, g.CellX / 50, 0, g.OriginY, 0, -g.CellY / 50}))
		f.check(ds.Bands()[0].Fill(float64(1+i), 0))
		f.check(ds.Close())
		info, err := os.Stat(f.path(name))
		f.check(err)
		if ratio := int64(size) * int64(size) / info.Size(); ratio < 500 {
			t.Fatalf("is no bomb: %d bytes", info.Size())
		}
	}
	cmd := command(f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--max-memory", "300MB")
	o := finish(t, cmd)
	o.want(t, 0)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if most := int64(400 << 10); torture() && usage.Maxrss > most {
		t.Errorf("took %d KiB of memory, more than %d", usage.Maxrss, most)
	}
	if m := readManifest(t, f.path("out")); m.Counts.ChangedCells != int64(size)*int64(size) {
		t.Errorf("%d cells have changed", m.Counts.ChangedCells)
	}
	t.Logf("%d × %d cells: %d MiB", size, size, usage.Maxrss>>10)
}

// TestMemoryHoldsForBlocks: many workers on large blocks take no more memory than they may.
func TestMemoryHoldsForBlocks(t *testing.T) {
	side, memory := 4096, int64(512<<20)
	if torture() {
		side, memory = 8192, 2<<30 // the largest blocks that are read
	}
	f := folder{t, newSample(t)}
	g, _ := f.cells("lc2015.tif")
	for i, name := range []string{"lc2015.tif", "lc2020.tif"} {
		f.remove(name)
		options := []string{"TILED=YES", "COMPRESS=DEFLATE", fmt.Sprint("BLOCKXSIZE=", side), fmt.Sprint("BLOCKYSIZE=", side)}
		ds, err := godal.Create(godal.GTiff, f.path(name), 1, godal.Byte, 2*side, 3*side, godal.CreationOption(options...))
		f.check(err)
		f.check(ds.SetProjection(g.CRS.WKT))
		f.check(ds.SetGeoTransform([6]float64{g.OriginX, g.CellX / 50, 0, g.OriginY, 0, -g.CellY / 50}))
		f.check(ds.Bands()[0].Fill(float64(1+i), 0))
		f.check(ds.Close())
	}
	for _, formats := range []string{"geojson", "csv"} {
		cmd := command(f.dir, "run", "job.yaml", "--quiet", "--formats", formats, "--workers", "64", "--max-memory", fmt.Sprint(memory>>20, "MiB"), "--out", formats)
		finish(t, cmd).want(t, 0)
		if took := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; took > memory>>10 {
			t.Errorf("%s: took %d KiB of memory, more than %d", formats, took, memory>>10)
		}
		if m := readManifest(t, f.path(formats)); m.Counts.ChangedCells != 6*int64(side)*int64(side) {
			t.Errorf("%s: %d cells have changed", formats, m.Counts.ChangedCells)
		}
	}
}

// TestRasterChangesWhileRead: a raster, or what a VRT is made of, that is written to
// during the run.
func TestRasterChangesWhileRead(t *testing.T) {
	appended := func(f folder) {
		file, err := os.OpenFile(f.path("lc2020.tif"), os.O_APPEND|os.O_WRONLY, 0)
		f.check(err)
		_, err = file.Write([]byte("x"))
		f.check(err)
		f.check(file.Close())
	}
	for _, tt := range []struct {
		name          string
		spoil, change func(f folder)
	}{
		{"appended to", func(folder) {}, appended},
		{"replaced", func(f folder) { f.copy("lc2020.tif", "other.tif") }, func(f folder) { f.check(os.Rename(f.path("other.tif"), f.path("lc2020.tif"))) }},
		{"removed", func(folder) {}, func(f folder) { f.remove("lc2020.tif") }},
		{"source of a VRT appended to", func(f folder) { f.vrt("") }, appended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			tt.spoil(f)
			before := contents(t, f.dir)
			t.Chdir(f.dir)
			// The run tells that it has repaired a reserve when all inputs are open, and before it hashes any.
			var stderr strings.Builder
			changed := 0
			status := execute([]string{"run", "job.yaml", "--quiet", "--formats", "geojson"}, &bytes.Buffer{}, writer(func(text []byte) (int, error) {
				if stderr.Len() == 0 {
					if _, err := os.Stat("lc2020.tif"); err != nil || !bytes.HasPrefix(text, []byte("repaired: ")) {
						t.Errorf("%v; the run first says %s", err, text)
					}
					tt.change(f)
					changed++
				}
				return stderr.Write(text)
			}))
			if _, message, _ := strings.Cut(stderr.String(), "greenshield: "); changed != 1 || status != 11 || !strings.Contains(message, "lc2020.tif") {
				t.Errorf("status %d, stderr %s", status, stderr.String())
			}
			after := contents(t, f.dir)
			for _, name := range []string{"lc2020.tif", "other.tif"} { // which the test itself has changed
				delete(before, name)
				delete(after, name)
			}
			sameFiles(t, after, before)
		})
	}
}

// TestInputChangesWhileRead: the same of a layer, a legend and a rule table, each with the status of its kind.
func TestInputChangesWhileRead(t *testing.T) {
	for name, status := range map[string]int{"reserves.dbf": 12, "redline.gpkg": 12, "counties.geojson": 12, "mine.csv": 10, "rules.csv": 10} {
		t.Run(name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			for file, shipped := range map[string]string{"mine.csv": "legends/clcd.csv", "rules.csv": "rules/green-shield.csv"} {
				text, err := os.ReadFile("../../seeds/" + shipped)
				f.check(err)
				f.check(os.WriteFile(f.path(file), text, 0o666))
			}
			t.Chdir(f.dir)
			var stderr strings.Builder
			args := []string{"run", "job.yaml", "--quiet", "--formats", "geojson", "--legend", "mine.csv", "--rules", "rules.csv"}
			got := execute(args, &bytes.Buffer{}, writer(func(text []byte) (int, error) {
				if stderr.Len() == 0 { // all inputs are read, none is hashed
					file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
					f.check(err)
					_, err = file.WriteString("\n")
					f.check(errors.Join(err, file.Close()))
				}
				return stderr.Write(text)
			}))
			want := "greenshield: " + name + ": was changed while it was read, so the results may mix two states of it; run again when nobody writes to it\n"
			if got != status || !strings.HasSuffix(stderr.String(), want) {
				t.Errorf("status %d, stderr %s", got, stderr.String())
			}
			f.tidy()
		})
	}
}

// writer is a function that does what an [io.Writer] does.
type writer func([]byte) (int, error)

func (w writer) Write(text []byte) (int, error) { return w(text) }

// ear is a server that only notes who calls.
type ear struct {
	address string
	calls   atomic.Int64
}

func listen(t *testing.T) *ear {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	e := &ear{address: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			e.calls.Add(1)
			c.Close()
		}
	}()
	return e
}

// TestRastersStayOffTheNetwork: whatever a raster says, nobody is called.
func TestRastersStayOffTheNetwork(t *testing.T) {
	e := listen(t)
	url := "http://" + e.address
	hostile := map[string]func(f folder) string{ // each returns the raster to be named
		"a name of GDAL": func(folder) string { return "/vsicurl/" + url + "/a.tif" },
		"a URL":          func(folder) string { return url + "/a.tif" },
		"a name of GDAL in a relative path": func(f folder) string {
			f.check(os.MkdirAll(f.path("vsicurl/http:/"+e.address), 0o777))
			f.copy("lc2020.tif", "vsicurl/http:/"+e.address+"/a.tif")
			return "./vsicurl/http:/" + e.address + "/a.tif"
		},
		"VRT of a URL": func(f folder) string {
			f.vrt("")
			f.replace("lc2020.vrt", "lc2020.tif", "/vsicurl/"+url+"/a.tif")
			return "lc2020.vrt"
		},
		"VRT with an overview elsewhere": func(f folder) string {
			f.vrt(`<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/` + url + `/a.tif</MDI></Metadata>`)
			return "lc2020.vrt"
		},
		"VRT of a TIFF that is a VRT": func(f folder) string {
			f.vrt("")
			f.text("lc2020.tif", disguises("/vsicurl/" + url + "/a.tif")["VRT"])
			return "lc2020.vrt"
		},
		"sidecar with an overview elsewhere": func(f folder) string {
			f.text("lc2020.tif.aux.xml", `<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/`+url+`/a.tif</MDI></Metadata></PAMDataset>`)
			return "lc2020.tif"
		},
		"header of an .img with its cells elsewhere": func(f folder) string {
			f.vrt("")
			f.translate("lc2020.vrt", "-of", "HFA", "-co", "USE_SPILL=YES")
			f.check(os.Rename(f.path("lc2020.vrt"), f.path("lc2020.img")))
			f.replace("lc2020.img", "new.ige", "/vsi.ig")
			return "lc2020.img"
		},
	}
	for name, text := range disguises("/vsicurl/" + url + "/a.tif") {
		for _, ending := range []string{".tif", ".vrt", ".asc", ".img", ".xml"} {
			hostile[name+" named "+ending] = func(f folder) string { f.text("a"+ending, text); return "a" + ending }
		}
	}
	for name, text := range disguises(url) {
		hostile[name+" of a bare URL"] = func(f folder) string { f.text("a.tif", text); return "a.tif" }
	}
	for name, make := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := folder{t, newSample(t)}
			for _, key := range []string{"reserve:", "admin:", "exempt:"} { // the red line is enough to open rasters
				f.edit(key, "#")
			}
			named := make(f)
			// The environment asks for everything that the program switches off.
			cmd := command(f.dir, "check", "job.yaml", "--after", named)
			cmd.Env = append(cmd.Env, "GDAL_PAM_ENABLED=YES", "CPL_VSIL_CURL_ALLOWED_EXTENSIONS=.tif", "GDAL_DISABLE_READDIR_ON_OPEN=NO", "PROJ_NETWORK=ON", "PROJ_NETWORK_ENDPOINT="+url)
			o := finish(t, cmd)
			if o.status != 0 && o.status != 11 {
				t.Errorf("status %d: %s%s", o.status, o.stdout, o.stderr)
			}
		})
	}
	t.Cleanup(func() { // after the parallel tests
		if n := e.calls.Load(); n > 0 {
			t.Errorf("%d calls", n)
		}
		t.Logf("tally: faults %d", len(hostile))
	})
}

// TestTheEarHears: a GDAL as it comes does call, so the silence above says something.
func TestTheEarHears(t *testing.T) {
	gdalinfo, err := exec.LookPath("gdalinfo")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("gdalinfo is not installed")
	}
	for _, name := range []string{"VRT", "WMS", "sidecar"} {
		t.Run(name, func(t *testing.T) {
			e := listen(t)
			f := folder{t, newSample(t)}
			place := "/vsicurl/http://" + e.address + "/a.tif"
			switch name {
			case "sidecar":
				f.text("lc2020.tif.aux.xml", `<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">`+place+`</MDI></Metadata></PAMDataset>`)
			case "WMS":
				f.text("lc2020.tif", disguises("http://" + e.address)[name])
			default:
				f.text("lc2020.tif", disguises(place)[name])
			}
			args := []string{"-checksum", f.path("lc2020.tif")}
			cmd := exec.Command(gdalinfo, args...)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GDAL_HTTP_TIMEOUT=5"}
			out, _ := cmd.CombinedOutput() // fails, since nobody answers
			if e.calls.Load() == 0 {
				t.Errorf("no call: %s", out)
			}
		})
	}
}

// replace changes bytes of a file of the job, which stays as long where the texts are.
func (f folder) replace(name, old, new string) {
	f.t.Helper()
	content, err := os.ReadFile(f.path(name))
	f.check(err)
	if !strings.Contains(string(content), old) {
		f.t.Fatalf("%q is not in %s", old, name)
	}
	f.text(name, strings.ReplaceAll(string(content), old, new))
}

// TestNoPluginIsLoaded: code in the folder that GDAL_DRIVER_PATH names stays where it is.
func TestNoPluginIsLoaded(t *testing.T) {
	gdalinfo, errInfo := exec.LookPath("gdalinfo")
	gcc, errCC := exec.LookPath("gcc")
	if errInfo != nil || errCC != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(errInfo, errCC)
		}
		t.Skip("gdalinfo or gcc is not installed")
	}
	f := folder{t, newSample(t)}
	f.check(os.Mkdir(f.path("plugins"), 0o777))
	loaded := f.path("plugins/loaded")
	f.text("plugin.c", fmt.Sprintf("#include <stdio.h>\n__attribute__((constructor)) void hello(void) { FILE *f = fopen(%q, \"w\"); if (f) fclose(f); }\nvoid GDALRegister_evil(void) {}\n", loaded))
	if out, err := exec.Command(gcc, "-shared", "-fPIC", "-o", f.path("plugins/gdal_evil.so"), f.path("plugin.c")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	env := []string{"GDAL_DRIVER_PATH=" + f.path("plugins"), "OGR_DRIVER_PATH=" + f.path("plugins")}
	cmd := command(f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson")
	cmd.Env = append(cmd.Env, env...)
	o := finish(t, cmd)
	o.want(t, 0)
	if _, err := os.Stat(loaded); err == nil {
		t.Error("the plugin was loaded")
	}
	if !strings.Contains(o.stderr, "warning: environment variables are ignored: GDAL_DRIVER_PATH, OGR_DRIVER_PATH\n") {
		t.Errorf("stderr is %s", o.stderr)
	}
	control := exec.Command(gdalinfo, "--formats")
	control.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	if out, err := control.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := os.Stat(loaded); err != nil {
		t.Errorf("the control does not load it: %v", err)
	}
}
