package overlay

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/paulmach/orb"
)

// What is said of a band's memory before its cover is made is neither less than that takes, nor much more.
func TestCoverBytes(t *testing.T) {
	held := func(b *Builder) int64 {
		c := &b.cover
		return int64(len(c.spans))*(int64(unsafe.Sizeof(Span{}))+2*int64(unsafe.Sizeof(bandSpan{}))+4) +
			int64(len(c.cells))*int64(unsafe.Sizeof(cell{})) + int64(len(c.lines))*int64(unsafe.Sizeof(line{})) +
			int64(len(c.points))*int64(unsafe.Sizeof(orb.Point{}))
	}
	square := func(u0, v0, side float64) orb.MultiPolygon {
		return orb.MultiPolygon{orb.Bound{Min: orb.Point{u0, v0}, Max: orb.Point{u0 + side, v0 + side}}.ToPolygon()}
	}
	var stacked []orb.MultiPolygon
	for i := range 50 {
		stacked = append(stacked, square(10+float64(i)*1e-3, 10+float64(i)*1e-3, 180))
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var stars []orb.MultiPolygon
	for range 30 {
		stars = append(stars, star(rng, 200, 200))
	}
	for name, tt := range map[string]struct {
		regions    []orb.MultiPolygon
		most, more float64 // times what is held, and bytes
	}{
		"stacked squares": {stacked, 2, 0},
		"slivers":         {[]orb.MultiPolygon{{{{{10, 10}, {190, 10}, {190, 10.001}, {10, 10.001}, {10, 10}}}}}, 3, 0},
		"beyond":          {[]orb.MultiPolygon{square(-1e6, -1e6, 2e6), square(-500, 50, 400), square(300, 0, 100)}, 4, 5000},
		"stars":           {stars, 4, 5000},
		"one cell":        {[]orb.MultiPolygon{square(5.2, 5.2, 0.5)}, 4, 1000},
		"zones":           {zones(2, 3000), 4, 0},
	} {
		o, err := NewOutlines(200, 200, tt.regions)
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, rows := range [][2]int{{0, 200}, {0, 64}, {64, 128}, {128, 200}, {10, 11}} {
			b := new(Builder)
			if _, err := b.Cover(o, rows[0], rows[1], nil); err != nil {
				t.Fatal(err)
			}
			said, got := o.CoverBytes(rows[0], rows[1]), held(b)
			if said < got || float64(said) > tt.most*float64(got)+tt.more+1000*float64(len(tt.regions)) {
				t.Errorf("%s, rows %v: %d bytes are said, %d held", name, rows, said, got)
			}
			if rows[1] < 200 && rows[0] != 10 || rows[0] == 128 {
				sum += said
			}
		}
		if whole := o.CoverBytes(0, 200); math.Abs(float64(whole-sum)) > 10+1e-9*float64(whole) {
			t.Errorf("%s: bands sum to %d bytes, the whole has %d", name, sum, whole)
		}
	}
}

// The same of the outlines themselves.
func TestOutlinesBytes(t *testing.T) {
	for name, regions := range map[string][]orb.MultiPolygon{
		"many vertices": zones(20, 3000),
		"long edges":    {{{{{1, 1}, {1999, 90}, {1999, 99}, {1, 10}, {1, 1}}}}},
		"beyond":        {{{{{-1e9, -1e9}, {1e9, -1e9}, {1e9, 1e9}, {-1e9, 1e9}, {-1e9, -1e9}}}}},
	} {
		o, err := NewOutlines(2000, 100, regions)
		if err != nil {
			t.Fatal(err)
		}
		got := int64(len(o.chunks))*int64(unsafe.Sizeof(chunk{})) + int64(len(o.extents))*int64(unsafe.Sizeof(extent{})) + int64(len(o.weights))*int64(unsafe.Sizeof(weight{}))
		if said := OutlinesBytes(2000, 100, regions); said < got || said > 2*got {
			t.Errorf("%s: %d bytes are said, %d held", name, said, got)
		}
	}
}
