package gdaltiles

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/redline/record"
	"greenshield/redline/service/tiles"
)

// small writes one map into a folder and returns its record and grid.
func small(t testing.TB, folder string) (record.Input, raster.Grid) {
	t.Helper()
	g := gridOf(t, "EPSG:4490", 600, 600)
	write(t, filepath.Join(folder, "a.tif"), g, scene(3, g, 4))
	return input(t, folder, "before", 2015, "a.tif"), g
}

func TestChangedFilesAreNotShown(t *testing.T) {
	folder := t.TempDir()
	in, g := small(t, folder)
	path := filepath.Join(folder, "a.tif")
	own, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := painter(t, folder, in)
	l := ready(t, p)[0]
	tile := tileAt(12, l.Box.Min[0]+0.05, l.Box.Max[1]-0.05)
	first := codes(t, p, "before", tile)

	// Another map of the same length, under the same name; then none; then the first again.
	write(t, path, g, scene(4, g, 4))
	other, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(other) < len(own) {
		other = append(other, make([]byte, len(own)-len(other))...)
	}
	if err := os.WriteFile(path, other[:len(own)], 0o644); err != nil {
		t.Fatal(err)
	}
	var later *tiles.NotYet
	if _, err := p.Paint(t.Context(), "r", "before", tile); !errors.As(err, &later) && !errors.Is(err, tiles.ErrChanged) {
		t.Error("drawn before it is known whose the file is:", err)
	}
	if l := ready(t, p)[0]; l.State != tiles.Changed || l.Box != nil {
		t.Errorf("%+v", l)
	}
	if _, err := p.Paint(t.Context(), "r", "before", tile); !errors.Is(err, tiles.ErrChanged) {
		t.Error(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if l := ready(t, p)[0]; l.State != tiles.Missing {
		t.Errorf("%+v", l)
	}
	if _, err := p.Paint(t.Context(), "r", "before", tile); !errors.Is(err, tiles.ErrUnusable) {
		t.Error(err)
	}
	if err := os.WriteFile(path, own, 0o644); err != nil {
		t.Fatal(err)
	}
	if l := ready(t, p)[0]; l.State != tiles.Ready {
		t.Errorf("%+v", l)
	}
	if !slices.Equal(codes(t, p, "before", tile), first) {
		t.Error("the picture is another one")
	}
}

func TestChangedLegendIsNotShown(t *testing.T) {
	folder := t.TempDir()
	in, _ := small(t, folder)
	in.LegendSHA256 = strings.Repeat("0", 64)
	unknown := in
	unknown.Role, unknown.Legend = "after", "no-such-legend"
	p := painter(t, folder, in, unknown)
	all := ready(t, p)
	if all[0].State != tiles.Changed || all[1].State != tiles.Missing {
		t.Errorf("%+v", all)
	}
}

// TestLowZoomsWait: until there are overviews a picture that needs them is not there, others are.
func TestLowZoomsWait(t *testing.T) {
	folder := t.TempDir()
	in, _ := small(t, folder)
	p := painter(t, folder, in)
	p.build.Lock() // nothing is done in the background
	_, err := p.Paint(t.Context(), "r", "before", tiles.Tile{})
	var later *tiles.NotYet
	if !errors.As(err, &later) || later.After <= 0 {
		t.Error(err)
	}
	p.build.Unlock()
	l := ready(t, p)[0]
	layer := p.runs["r"].layers[0]
	centre := l.Box.Center()
	folderOf := layer.opened.folder
	layer.opened.folder = "" // as while they are being made
	if _, err := p.Paint(t.Context(), "r", "before", tileAt(8, centre[0], centre[1])); !errors.As(err, &later) {
		t.Error(err)
	}
	codes(t, p, "before", tileAt(14, centre[0], centre[1]))
	layer.opened.folder = folderOf
	codes(t, p, "before", tileAt(8, centre[0], centre[1]))
	if _, err := p.Paint(t.Context(), "r", "after", tiles.Tile{}); !errors.Is(err, tiles.ErrNoRaster) {
		t.Error(err)
	}
	if _, err := p.Rasters(t.Context(), "../r"); !errors.Is(err, tiles.ErrNoRaster) {
		t.Error(err)
	}
}

func TestCancelledRequestsStop(t *testing.T) {
	folder := t.TempDir()
	in, _ := small(t, folder)
	p := painter(t, folder, in)
	l := ready(t, p)[0]
	ctx, stop := context.WithCancel(t.Context())
	stop()
	centre := l.Box.Center()
	if _, err := p.Paint(ctx, "r", "before", tileAt(13, centre[0], centre[1])); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestStateIsUsedAgain: a second process hashes nothing, makes no overviews, and finds pictures; without the state it
// makes all anew. What a process that was killed left is removed.
func TestStateIsUsedAgain(t *testing.T) {
	folder := t.TempDir()
	in, _ := small(t, folder)
	o := Options{State: filepath.Join(t.TempDir(), "state")}
	p := painterOf(t, o, folder, in)
	l := ready(t, p)[0]
	centre := l.Box.Center()
	tile := tileAt(9, centre[0], centre[1])
	first := codes(t, p, "before", tile)
	key := p.runs["r"].layers[0].opened.key
	overview := overviewFile(p.overviewFolder(key), 1)
	before, err := os.Stat(overview)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(o.State, "pictures", p.disk.name(key, tile))
	text, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(o.State, "overviews", "x"+unfinished)
	if err := os.Mkdir(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, text[:len(text)/2], 0o644); err != nil { // as a power failure may leave it
		t.Fatal(err)
	}

	again := painterOf(t, o, folder, in)
	ready(t, again)
	if _, err := os.Stat(left); err == nil {
		t.Error("what was unfinished is still there")
	}
	after, err := os.Stat(overview)
	if err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
		t.Error("the overviews were made again", err)
	}
	if !slices.Equal(codes(t, again, "before", tile), first) {
		t.Error("half a picture was shown")
	}
	if len(again.hashes.of) != 1 {
		t.Error(again.hashes.of)
	}
	if err := os.RemoveAll(o.State); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(codes(t, painterReady(t, o, folder, in), "before", tile), first) {
		t.Error("without the state the picture is another one")
	}
}

func painterReady(t *testing.T, o Options, folder string, in ...record.Input) *Painter {
	p := painterOf(t, o, folder, in...)
	ready(t, p)
	return p
}

// TestInputsAreFoundElsewhere: files that are not beside the run are found in the folders of Data, those of the right
// length before others of the same name.
func TestInputsAreFoundElsewhere(t *testing.T) {
	folder, data, wrong := t.TempDir(), t.TempDir(), t.TempDir()
	in, _ := small(t, data)
	in.Path = "maps/a.tif"
	if err := os.WriteFile(filepath.Join(wrong, "a.tif"), []byte("no raster"), 0o644); err != nil {
		t.Fatal(err)
	}
	state := func() string { return filepath.Join(t.TempDir(), "state") }
	for _, c := range []struct {
		data []string
		want tiles.State
	}{{nil, tiles.Missing}, {[]string{wrong}, tiles.Changed}, {[]string{wrong, data}, tiles.Ready}} {
		p := painterOf(t, Options{State: state(), Data: c.data}, folder, in)
		if l := ready(t, p)[0]; l.State != c.want {
			t.Errorf("%v: %s, want %s", c.data, l.State, c.want)
		}
	}
}

func TestPicturesOnDiskAreBounded(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "pictures")
	d, err := openDisk(folder, 10*int64(len(nothing())))
	if err != nil {
		t.Fatal(err)
	}
	for x := range 30 {
		d.put("k", tiles.Tile{Z: 5, X: x}, nothing())
		if _, ok := d.get("k", tiles.Tile{Z: 5}); !ok {
			t.Fatal("what is asked for leaves first")
		}
	}
	files, err := os.ReadDir(filepath.Join(folder, "k", "5"))
	if err != nil || len(files) != 10 || d.bytes != 10*int64(len(nothing())) {
		t.Error(len(files), d.bytes, err)
	}
	again, err := openDisk(folder, 4*int64(len(nothing())))
	if err != nil || again.bytes != 4*int64(len(nothing())) {
		t.Error(again.bytes, err)
	}
	if files, _ := os.ReadDir(filepath.Join(folder, "k", "5")); len(files) != 4 {
		t.Error(len(files))
	}
}

// TestImages draws a picture whose red tells the column and whose green tells the row, at its own scale and far below.
func TestImages(t *testing.T) {
	folder := t.TempDir()
	g := gridOf(t, "EPSG:4527", 1001, 800)
	path := filepath.Join(folder, "image.tif")
	ds, err := godal.Create(godal.GTiff, path, 3, godal.Byte, g.Cols, g.Rows)
	if err != nil {
		t.Fatal(err)
	}
	pixel := func(col, row int) [3]uint8 { return [3]uint8{uint8(col / 4), uint8(row / 4), 99} }
	for i, b := range ds.Bands() {
		plane := make([]uint8, g.Cells())
		for k := range plane {
			plane[k] = pixel(k%g.Cols, k/g.Cols)[i]
		}
		if err := b.Write(0, 0, plane, g.Cols, g.Rows); err != nil {
			t.Fatal(err)
		}
	}
	err = errors.Join(ds.SetGeoTransform([6]float64{g.OriginX, g.CellX, 0, g.OriginY, 0, -g.CellY}),
		ds.SetProjection(g.CRS.WKT), ds.Close())
	if err != nil {
		t.Fatal(err)
	}
	in := input(t, folder, "image_after", 0, "image.tif")
	in.Legend, in.LegendSHA256, in.Year = "", "", 0
	o := Options{State: filepath.Join(t.TempDir(), "state"), Images: map[string]string{"drone": path}}
	p := painterOf(t, o, folder, in)
	all := ready(t, p)
	if len(all) != 2 || all[0].Name != "image_after" || all[1].Name != "drone" || all[0].State != tiles.Ready ||
		all[1].State != tiles.Ready || all[0].Classes != nil {
		t.Fatalf("%+v", all)
	}
	centre := all[0].Box.Center()
	layer := p.runs["r"].layers[0].opened
	tool, err := layer.tool()
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range []int{15, 12, 9} {
		tile := tileAt(z, centre[0], centre[1])
		for _, name := range []string{"image_after", "drone"} {
			drawn, err := p.Paint(t.Context(), "r", name, tile)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[int]string{15: "image/jpeg", 9: "image/png"}[z]; want != "" && drawn.Type != want {
				t.Errorf("zoom %d: %s", z, drawn.Type)
			}
			picture, _, err := image.Decode(bytes.NewReader(drawn.Data))
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			lon, lat := centres(tile)
			for y := 0; y < tiles.Pixels; y += 5 {
				for x := 0; x < tiles.Pixels; x += 5 {
					u, v := []float64{lon(x)}, []float64{lat(y)}
					if err := layer.lattice(tool, u, v); err != nil {
						t.Fatal(err)
					}
					r, green, b, a := picture.At(x, y).RGBA()
					far := layer.cellsPerPixel / math.Exp2(float64(z)) // cells in a pixel
					if u[0] < far+2 || v[0] < far+2 || u[0] > float64(g.Cols)-far-2 || v[0] > float64(g.Rows)-far-2 {
						continue // at the edge
					}
					seen++
					within := far/4 + 4 // steps of colour; JPEG is not exact
					if a>>8 != 255 || math.Abs(float64(r>>8)-u[0]/4) > within || math.Abs(float64(green>>8)-v[0]/4) > within ||
						math.Abs(float64(b>>8)-99) > 6 {
						t.Fatalf("zoom %d: pixel %d, %d is %d %d %d %d, at %.1f %.1f", z, x, y, r>>8, green>>8, b>>8, a>>8, u[0], v[0])
					}
				}
			}
			if seen < 20 {
				t.Errorf("zoom %d: only %d pixels", z, seen)
			}
		}
	}
}

// TestStateGoesWhileServing: overviews that cannot be written are told to the log and tried again later; a state that is
// removed while the server runs is made anew.
func TestStateGoesWhileServing(t *testing.T) {
	folder := t.TempDir()
	in, _ := small(t, folder)
	log := &bytes.Buffer{}
	o := Options{State: filepath.Join(t.TempDir(), "state"), Log: slog.New(slog.NewTextHandler(log, nil))}
	p := painterOf(t, o, folder, in)
	if err := os.RemoveAll(o.State); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.State, nil, 0o644); err != nil { // no folder can be made there, as on a disk that is full
		t.Fatal(err)
	}
	if l := ready(t, p)[0]; l.State != tiles.Unusable || !strings.Contains(log.String(), "msg=overviews") {
		t.Errorf("%s, %s", l.State, log)
	}
	if err := os.Remove(o.State); err != nil {
		t.Fatal(err)
	}
	l := p.runs["r"].layers[0]
	if ready(t, p); l.state != tiles.Unusable {
		t.Errorf("tried again at once: %s", l.state)
	}
	l.mu.Lock()
	l.again = time.Now().Add(-time.Second)
	l.mu.Unlock()
	if l := ready(t, p)[0]; l.State != tiles.Ready {
		t.Fatalf("tried again: %s, %s", l.State, log)
	}
	tile := tileAt(9, l.describe().Box.Center()[0], l.describe().Box.Center()[1])
	first := codes(t, p, "before", tile)
	if other := painterReady(t, Options{State: filepath.Join(t.TempDir(), "state")}, folder, in); !slices.Equal(first,
		codes(t, other, "before", tile)) {
		t.Error("the picture is another one")
	}
}
