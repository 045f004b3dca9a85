package page

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
)

// TestCharts: the chart library is the one that assets/README.md tells of, and can stand inside a script element.
func TestCharts(t *testing.T) {
	readme, err := os.ReadFile("assets/README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(charts))
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("the SHA-256 of charts.js is %x", sum)
	}
	for _, code := range []string{charts, script} {
		if lower := strings.ToLower(code); strings.Contains(lower, "</script") || strings.Contains(lower, "<!--") {
			t.Error("the code would end its element")
		}
	}
}

func TestGrouped(t *testing.T) {
	for _, c := range []struct {
		x        float64
		decimals int
		want     string
	}{{0, 0, "0"}, {999.4, 0, "999"}, {1000, 0, "1,000"}, {-1234567.891, 2, "-1,234,567.89"}, {-100, 1, "-100.0"}, {-0.3, 0, "0"}, {-0.004, 2, "0.00"}, {0.005, 2, "0.01"}, {1e9, 0, "1,000,000,000"}, {math.NaN(), 2, "—"}} {
		if got := grouped(c.x, c.decimals); got != c.want {
			t.Errorf("grouped(%g, %d) = %s, want %s", c.x, c.decimals, got, c.want)
		}
	}
}

func TestLength(t *testing.T) {
	for m, want := range map[float64]string{5: "5 米", 615.8: "616 米", 1000: "1 公里", 50e3: "50 公里", 12340: "12.3 公里", 500e3: "500 公里", 2e6: "2,000 公里"} {
		if got := length(m); got != want {
			t.Errorf("%g m: %s, want %s", m, got, want)
		}
	}
}

func TestRanked(t *testing.T) {
	all := map[string]*counted{"a": {"甲", 1, 5, ""}, "b": {"乙", 2, 7, ""}, "c": {"丙", 3, 5, ""}, "d": {"丁", 4, 1, ""}}
	if got := ranked(all, 4); len(got) != 4 || got[0].Name != "乙" || got[1].Name != "甲" || got[2].Name != "丙" || got[3].Name != "丁" {
		t.Errorf("ranked: %v", got)
	}
	if got := ranked(all, 3); len(got) != 3 || got[2] != (counted{Name: "其余 2 个", Count: 7, Ha: 6}) || got[0].Count+got[1].Count+got[2].Count != 10 {
		t.Errorf("ranked with a rest: %v", got)
	}
}

// TestWindow: a chip holds the whole candidate with room around it, and never leaves the grid.
func TestWindow(t *testing.T) {
	g := raster.Grid{Cols: 300, Rows: 100}
	for _, box := range []orb.Bound{
		{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}, {Min: orb.Point{299, 99}, Max: orb.Point{300, 100}}, {Min: orb.Point{140, 50}, Max: orb.Point{160, 52}},
		{Min: orb.Point{10, 2}, Max: orb.Point{90, 98}}, {Min: orb.Point{0, 0}, Max: orb.Point{300, 100}},
	} {
		w := window(g, box)
		if w.Col < 0 || w.Row < 0 || w.Col+w.Cols > g.Cols || w.Row+w.Rows > g.Rows || w.Cols < minChipCells || w.Rows < minChipCells {
			t.Errorf("%v: window %+v", box, w)
		}
		if float64(w.Col) > box.Min[0] || float64(w.Row) > box.Min[1] || float64(w.Col+w.Cols) < box.Max[0] || float64(w.Row+w.Rows) < box.Max[1] {
			t.Errorf("%v: window %+v cuts it", box, w)
		}
	}
	if w := window(raster.Grid{Cols: 9000, Rows: 9000}, orb.Bound{Max: orb.Point{5000, 5000}}); w.Cols != maxChipCells || w.Rows != maxChipCells {
		t.Errorf("a huge candidate has a chip of %+v", w)
	}
}

// TestVisible: leaving out vertices of a ring changes nothing inside the window.
func TestVisible(t *testing.T) {
	w := raster.Window{Cols: 20, Rows: 20}
	ring := orb.LineString{}
	for i := range 400 { // a wild closed line, most of it outside
		a := float64(i) / 400 * 2 * math.Pi
		r := 30 + 28*math.Sin(17*a)
		ring = append(ring, orb.Point{10 + r*math.Cos(a), 10 + r*math.Sin(a)})
	}
	ring = append(ring, ring[0])
	short := visible(ring, w)
	if len(short) >= len(ring)*3/4 {
		t.Errorf("%d of %d vertices are kept", len(short), len(ring))
	}
	inside := func(line orb.LineString, x, y float64) (in bool) {
		for i := range len(line) - 1 {
			a, b := line[i], line[i+1]
			if (a[1] > y) != (b[1] > y) && x < a[0]+(y-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
				in = !in
			}
		}
		return in
	}
	n := 0
	for y := 0.05; y < 20; y += 0.1 {
		for x := 0.05; x < 20; x += 0.1 {
			in := inside(ring, x, y)
			if in {
				n++
			}
			if in != inside(short, x, y) {
				t.Fatalf("at %g, %g the shortened ring differs", x, y)
			}
		}
	}
	if n < 100 || n > 39900 {
		t.Errorf("%d points inside: the test sees nothing", n)
	}
}

func TestPalettedIfFew(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 30, 30))
	for i := range 900 {
		picture.Set(i%30, i/30, color.RGBA{uint8(i % 250), 7, 9, 255})
	}
	few := palettedIfFew(picture)
	p, ok := few.(*image.Paletted)
	if !ok || len(p.Palette) != 250 {
		t.Fatalf("%T", few)
	}
	for i := range 900 {
		if p.At(i%30, i/30) != picture.At(i%30, i/30) {
			t.Fatalf("pixel %d differs", i)
		}
	}
	picture.Set(3, 3, color.RGBA{1, 2, 3, 255})
	for i := range 10 {
		picture.Set(i, 0, color.RGBA{1, uint8(i), 200, 255})
	}
	if _, ok := palettedIfFew(picture).(*image.RGBA); !ok {
		t.Error("a palette of more than 256 colours")
	}
}
