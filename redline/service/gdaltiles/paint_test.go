package gdaltiles

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline/record"
	"greenshield/redline/service/tiles"
	"greenshield/seeds"
)

func TestMain(m *testing.M) {
	if _, err := gdalraster.Init(0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const albers = "+proj=aea +lat_1=25 +lat_2=47 +lon_0=105 +datum=WGS84"

// gridOf is a lattice near 117° E 31° N in a CRS, with cells of about 30 m.
func gridOf(t testing.TB, crs string, cols, rows int) raster.Grid {
	t.Helper()
	c, err := gdalraster.ParseCRS(crs)
	if crs == albers {
		var ref *godal.SpatialRef
		if ref, err = godal.NewSpatialRefFromProj4(crs); err == nil {
			c, err = gdalraster.CRSOf(ref)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	g := raster.Grid{OriginX: 117.0001, OriginY: 31.00007, CellX: 0.00027, CellY: 0.00027, Cols: cols, Rows: rows, CRS: c}
	if !c.Geographic {
		degrees, err := gdalraster.ParseCRS("EPSG:4490")
		if err != nil {
			t.Fatal(err)
		}
		way, err := gdalraster.NewTransform(degrees, c)
		if err != nil {
			t.Fatal(err)
		}
		defer way.Close()
		x, y := []float64{g.OriginX}, []float64{g.OriginY}
		if err := way.XY(x, y); err != nil {
			t.Fatal(err)
		}
		g.OriginX, g.OriginY, g.CellX, g.CellY = x[0], y[0], 30, 30
	}
	return g
}

// scene is cells in patches of random classes of clcd, 1 to 9, and no data, 0.
func scene(seed uint64, g raster.Grid, grain int) []uint8 {
	r := rand.New(rand.NewPCG(seed, 7))
	wide := g.Cols/grain + 1
	codes := make([]uint8, wide*(g.Rows/grain+1))
	for i := range codes {
		codes[i] = uint8(r.IntN(10))
	}
	cells := make([]uint8, g.Cells())
	for i := range cells {
		col, row := i%g.Cols, i/g.Cols
		cells[i] = codes[row/grain*wide+col/grain]
	}
	return cells
}

func write(t testing.TB, path string, g raster.Grid, cells []uint8) {
	t.Helper()
	if err := gdalraster.WriteByte(path, g, cells, nil); err != nil {
		t.Fatal(err)
	}
}

// input is the record of a map whose files lie in a folder.
func input(t testing.TB, folder, role string, year int, names ...string) record.Input {
	t.Helper()
	in := record.Input{Role: role, Year: year, Band: 1, Legend: "clcd"}
	text, ok := seeds.Legend("clcd")
	if !ok {
		t.Fatal("no legend clcd")
	}
	sum := sha256.Sum256(text)
	in.LegendSHA256 = hex.EncodeToString(sum[:])
	for i, name := range names {
		if i > 0 {
			in.Path += ", "
		}
		in.Path += name
		is, size, err := record.HashFile(t.Context(), filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		in.Files = append(in.Files, record.File{Name: name, Bytes: size, SHA256: is})
	}
	return in
}

// painter shows run r, whose folder is "out" in that of its inputs.
func painter(t testing.TB, folder string, inputs ...record.Input) *Painter {
	t.Helper()
	return painterOf(t, Options{State: filepath.Join(t.TempDir(), "state")}, folder, inputs...)
}

func painterOf(t testing.TB, o Options, folder string, inputs ...record.Input) *Painter {
	t.Helper()
	run := &Run{Folder: filepath.Join(folder, "out"), Version: "1", Manifest: &record.Manifest{Inputs: inputs}}
	o.Run = func(_ context.Context, id string) (*Run, error) {
		if id != "r" {
			return nil, nil
		}
		return run, nil
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// ready waits until nothing is done in the background, and returns the rasters.
func ready(t testing.TB, p *Painter) []tiles.Raster {
	t.Helper()
	if _, err := p.Rasters(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	p.work.Wait()
	all, err := p.Rasters(t.Context(), "r")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// tileAt is the tile of a zoom in which a place lies.
func tileAt(z int, lon, lat float64) tiles.Tile {
	n := math.Exp2(float64(z))
	return tiles.Tile{Z: z, X: int((lon + 180) / 360 * n),
		Y: int((1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * n)}
}

// codes draws a tile and returns the code of each pixel by the colours of the legend, 0 where it is transparent.
func codes(t testing.TB, p *Painter, name string, tile tiles.Tile) []uint8 {
	t.Helper()
	picture, err := p.Paint(t.Context(), "r", name, tile)
	if err != nil {
		t.Fatal(tile, err)
	}
	if picture.Type != "image/png" || picture.Tag == "" {
		t.Error(picture.Type, picture.Tag)
	}
	drawn, err := png.Decode(bytes.NewReader(picture.Data))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := seeds.Legend("clcd")
	legend, err := landcover.ParseLegend("clcd", text)
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]uint8{}
	for _, c := range legend.Classes {
		if c.Ecosystem != landcover.NoData {
			of[c.Color] = uint8(c.Code)
		}
	}
	all := make([]uint8, 0, tiles.Pixels*tiles.Pixels)
	if drawn.Bounds() != image.Rect(0, 0, tiles.Pixels, tiles.Pixels) {
		t.Fatal(drawn.Bounds())
	}
	for y := range tiles.Pixels {
		for x := range tiles.Pixels {
			r, g, b, a := drawn.At(x, y).RGBA()
			code, ok := of[fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)]
			if a == 0 {
				code, ok = 0, true
			}
			if !ok {
				t.Fatalf("%v: pixel %d, %d has no colour of the legend", tile, x, y)
			}
			all = append(all, code)
		}
	}
	return all
}

// warped is a tile by gdalwarp, exact and by nearest neighbour, 0 beyond the raster.
func warped(t testing.TB, files []string, tile tiles.Tile) []uint8 {
	t.Helper()
	const half = math.Pi * 6378137
	side := 2 * half / math.Exp2(float64(tile.Z))
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 17, 64) }
	west, north := -half+float64(tile.X)*side, half-float64(tile.Y)*side
	into, err := godal.Create(godal.Memory, "", 1, godal.Byte, tiles.Pixels, tiles.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	defer into.Close()
	cells := make([]uint8, tiles.Pixels*tiles.Pixels)
	for _, file := range files {
		ds, err := godal.Open(file, godal.Drivers("GTiff"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := ds.Warp("", []string{"-of", "MEM", "-t_srs", "EPSG:3857", "-et", "0", "-r", "near", "-ovr", "NONE",
			"-te", number(west), number(north - side), number(west + side), number(north),
			"-ts", fmt.Sprint(tiles.Pixels), fmt.Sprint(tiles.Pixels)})
		if err != nil {
			t.Fatal(err)
		}
		own := make([]uint8, len(cells))
		if err := w.Bands()[0].Read(0, 0, own, tiles.Pixels, tiles.Pixels); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Close(), ds.Close()); err != nil {
			t.Fatal(err)
		}
		for i, v := range own {
			cells[i] = max(cells[i], v)
		}
	}
	return cells
}

// TestPixelsAreCells compares each pixel with what gdalwarp finds there, in each kind of CRS.
func TestPixelsAreCells(t *testing.T) {
	for name, crs := range map[string]string{
		"degrees": "EPSG:4490", "Gauss-Kruger": "EPSG:4527", "UTM": "EPSG:32650", "Albers": albers,
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			g := gridOf(t, crs, 700, 500)
			cells := scene(1, g, 3)
			// West and east half are files of one mosaic.
			west, east := raster.Window{Cols: 300, Rows: 500}, raster.Window{Col: 300, Cols: 400, Rows: 500}
			for file, w := range map[string]raster.Window{"west.tif": west, "east.tif": east} {
				var own []uint8
				for row := range w.Rows {
					own = append(own, cells[row*g.Cols+w.Col:][:w.Cols]...)
				}
				write(t, filepath.Join(folder, file), g.Sub(w), own)
			}
			p := painter(t, folder, input(t, folder, "before", 2015, "west.tif", "east.tif"))
			l := ready(t, p)[0]
			if l.State != tiles.Ready || l.Percent != 100 || l.MaxZoom < 13 || l.MaxZoom > 15 {
				t.Fatalf("%+v", l)
			}
			filled := 0
			for _, z := range []int{12, 13, 14, 16} {
				first := tileAt(z, l.Box.Min[0], l.Box.Max[1])
				for i := range 9 {
					tile := tiles.Tile{Z: z, X: first.X - 1 + i%3, Y: first.Y - 1 + i/3}
					got := codes(t, p, "before", tile)
					want := warped(t, []string{filepath.Join(folder, "west.tif"), filepath.Join(folder, "east.tif")}, tile)
					for k := range got {
						if got[k] != want[k] {
							t.Fatalf("%v: pixel %d, %d is %d, want %d", tile, k%256, k/256, got[k], want[k])
						}
						if got[k] != 0 {
							filled++
						}
					}
				}
			}
			if filled < 50_000 {
				t.Errorf("only %d pixels are of a class", filled)
			}
		})
	}
}

// TestOverviewsShowTheMostFrequentClass looks up the cells that each pixel of a low zoom stands for.
func TestOverviewsShowTheMostFrequentClass(t *testing.T) {
	folder := t.TempDir()
	g := gridOf(t, "EPSG:4490", 2047, 1021)
	cells := scene(2, g, 5)
	write(t, filepath.Join(folder, "a.tif"), g, cells)
	p := painter(t, folder, input(t, folder, "after", 2020, "a.tif"))
	l := ready(t, p)[0]
	most := func(col, row, n int) (clear uint8, ok bool, any map[uint8]int) {
		any = map[uint8]int{}
		for r := row * n; r < min((row+1)*n, g.Rows); r++ {
			for c := col * n; c < min((col+1)*n, g.Cols); c++ {
				if v := cells[r*g.Cols+c]; v != 0 {
					any[v]++
				}
			}
		}
		best, ties := 0, 0
		for v, count := range any {
			if count > best {
				clear, best, ties = v, count, 1
			} else if count == best {
				ties++
			}
		}
		return clear, ties == 1, any
	}
	clearly := 0
	centre := l.Box.Center()
	for _, z := range []int{10, 9, 8} {
		tile := tileAt(z, centre[0], centre[1])
		cell := 360 / 0.00027 / 256 / math.Exp2(float64(z)) // cells in a pixel
		n := 1 << int(math.Log2(cell))
		lon, lat := centres(tile)
		for i, got := range codes(t, p, "after", tile) {
			u, v := g.Lattice(lon(i%256), lat(i/256))
			if u < 0 || v < 0 || u >= float64(g.Cols) || v >= float64(g.Rows) {
				if got != 0 {
					t.Fatalf("%v: pixel %d beyond the raster is %d", tile, i, got)
				}
				continue
			}
			class, clear, any := most(int(u)/n, int(v)/n, n)
			if got == 0 && len(any) > 0 || got != 0 && any[got] == 0 || clear && got != class {
				t.Fatalf("%v: pixel %d is %d of %v, by %d", tile, i, got, any, n)
			}
			if clear {
				clearly++
			}
		}
	}
	if clearly < 5000 {
		t.Error("only", clearly)
	}
}
