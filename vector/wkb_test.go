package vector

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
	"github.com/twpayne/go-geom/encoding/wkb"
	"github.com/twpayne/go-geom/encoding/wkbcommon"
	"github.com/twpayne/go-geom/encoding/wkt"
)

func rect(x0, y0, x1, y1 float64) orb.Ring {
	return orb.Ring{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}
}

func reversed(r orb.Ring) orb.Ring {
	r = r.Clone()
	r.Reverse()
	return r
}

// coded returns the WKB of text in each dialect and byte order that libraries write.
func coded(t testing.TB, text string) map[string][]byte {
	t.Helper()
	g, err := wkt.Unmarshal(text)
	if err != nil {
		t.Fatal(err)
	}
	nan := wkbcommon.WKBOptionEmptyPointHandling(wkbcommon.EmptyPointHandlingNaN)
	all := map[string][]byte{}
	for name, order := range map[string]binary.ByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		if all["ISO "+name], err = wkb.Marshal(g, order, nan); err != nil {
			t.Fatal(err)
		}
		if all["EWKB "+name], err = ewkb.Marshal(g, order); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestDecodeWKB(t *testing.T) {
	triangle := orb.MultiPolygon{{{{0, 0}, {4, 0}, {0, 4}, {0, 0}}}}
	two := append(triangle, orb.Polygon{rect(10, 10, 20, 20), rect(12, 12, 13, 13)})
	for _, c := range []struct {
		name, wkt string
		want      orb.MultiPolygon
		info      WKBInfo
	}{
		{"polygon", "POLYGON ((0 0, 4 0, 0 4, 0 0))", triangle, WKBInfo{}},
		{"multipolygon with a hole", "MULTIPOLYGON (((0 0, 4 0, 0 4, 0 0)), ((10 10, 20 10, 20 20, 10 20, 10 10), (12 12, 13 12, 13 13, 12 13, 12 12)))", two, WKBInfo{}},
		{"an empty member is left out", "MULTIPOLYGON (EMPTY, ((0 0, 4 0, 0 4, 0 0)))", triangle, WKBInfo{}},
		{"heights", "POLYGON Z ((0 0 7, 4 0 8, 0 4 9, 0 0 7))", triangle, WKBInfo{HasZ: true}},
		{"measures", "MULTIPOLYGON M (((0 0 7, 4 0 8, 0 4 9, 0 0 7)))", triangle, WKBInfo{HasM: true}},
		{"both", "POLYGON ZM ((0 0 1 7, 4 0 1 8, 0 4 1 9, 0 0 1 7))", triangle, WKBInfo{HasZ: true, HasM: true}},
		{"empty polygon", "POLYGON EMPTY", nil, WKBInfo{Empty: true}},
		{"empty multipolygon", "MULTIPOLYGON EMPTY", nil, WKBInfo{Empty: true}},
		{"empty collection", "GEOMETRYCOLLECTION EMPTY", nil, WKBInfo{Empty: true}},
		{"empty point", "POINT EMPTY", nil, WKBInfo{Empty: true}},
		{"point", "POINT (1 2)", nil, WKBInfo{NonPolygon: 1}},
		{"lines count one by one", "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))", nil, WKBInfo{NonPolygon: 2}},
		{"collection", "GEOMETRYCOLLECTION (POINT (1 2), POLYGON ((0 0, 4 0, 0 4, 0 0)), LINESTRING (0 0, 1 1))", triangle, WKBInfo{NonPolygon: 2}},
		{"nested collection", "GEOMETRYCOLLECTION (MULTIPOINT (1 2, 3 4), GEOMETRYCOLLECTION (POLYGON ((0 0, 4 0, 0 4, 0 0))))", triangle, WKBInfo{NonPolygon: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for dialect, b := range coded(t, c.wkt) {
				got, info, err := DecodeWKB(b)
				if err != nil || !reflect.DeepEqual(got, c.want) || info != c.info {
					t.Errorf("%s: got %v %+v, %v; want %v %+v", dialect, got, info, err, c.want, c.info)
				}
			}
		})
	}
}

func TestDecodeWKBRefuses(t *testing.T) {
	good := EncodeWKB(orb.MultiPolygon{{rect(0, 0, 1, 1)}})
	tin := append([]byte{1}, binary.LittleEndian.AppendUint32(nil, 1016)...)
	line := func(pts ...float64) []byte {
		b, _ := wkb.Marshal(geom.NewPolygonFlat(geom.XY, pts, []int{len(pts)}), binary.LittleEndian)
		return b
	}
	for _, c := range []struct {
		name string
		wkb  []byte
		want string
	}{
		{"nothing", nil, "cut short"},
		{"cut", good[:len(good)-3], "cannot be read"},
		{"bytes left over", append(good[:len(good):len(good)], 0), "1 bytes left over"},
		{"unclosed ring", line(0, 0, 4, 0, 4, 4, 0, 4), "polygon 1, ring 1 is not closed"},
		{"two points", line(0, 0, 0, 0), "has 2 points"},
		{"NaN", line(0, 0, 4, math.NaN(), 0, 4, 0, 0), "point 2 has the coordinates (4, NaN)"},
		{"infinite", line(0, 0, math.Inf(-1), 1, 0, 4, 0, 0), "(-Inf, 1)"},
		{"TIN Z", tin, "TIN is not supported"},
		{"point type of no kind", []byte{1, 99, 0, 0, 0}, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mp, _, err := DecodeWKB(c.wkb)
			if err == nil || !strings.Contains(err.Error(), c.want) || mp != nil {
				t.Errorf("got %v, %v; want an error with %q", mp, err, c.want)
			}
		})
	}
}

func TestEncodeWKBEqualsGoGeom(t *testing.T) {
	mp := orb.MultiPolygon{{rect(0, 0, 10, 10), rect(1, 1, 2, 2)}, {reversed(rect(20, 0, 30, 10))}, {}}
	g := geom.NewMultiPolygon(geom.XY)
	for _, p := range mp {
		q := geom.NewPolygon(geom.XY)
		for _, r := range p {
			var flat []float64
			for _, pt := range r {
				flat = append(flat, pt[0], pt[1])
			}
			if err := q.Push(geom.NewLinearRingFlat(geom.XY, flat)); err != nil {
				t.Fatal(err)
			}
		}
		if err := g.Push(q); err != nil {
			t.Fatal(err)
		}
	}
	want, err := wkb.Marshal(g, binary.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	if got := EncodeWKB(mp); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	back, _, err := DecodeWKB(EncodeWKB(mp))
	if err != nil || !reflect.DeepEqual(back, mp[:2]) {
		t.Errorf("round trip gives %v, %v", back, err)
	}
}

// TestDecodePoint: points of two and more dimensions, alone or the only one of several; nothing else.
func TestDecodePoint(t *testing.T) {
	const x, y = "0000000000005d40", "0000000000003f40" // 116, 31
	for code, want := range map[string]string{
		"0101000000" + x + y:                                               "",
		"01e9030000" + x + y + x:                                           "", // with a height
		"010400000001000000" + "0101000000" + x + y:                        "",
		"010400000002000000" + "0101000000" + x + y + "0101000000" + x + y: "it has 2 points, and one is wanted",
		"0101000000" + "000000000000f87f" + y:                              "the point has the coordinates (NaN, 31)",
		"010200000002000000" + x + y + y + x:                               "neither a polygon nor a point",
		"0101000000" + x:                                                   "WKB cannot be read",
	} {
		b, err := hex.DecodeString(code)
		if err != nil {
			t.Fatal(err)
		}
		p, err := DecodePoint(b)
		if want == "" && (err != nil || p != orb.Point{116, 31}) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, %v, want %s", code, p, err, want)
		}
	}
}
