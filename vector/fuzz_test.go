package vector

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
	"github.com/twpayne/go-geom/encoding/wkbcommon"
)

// FuzzDecodeWKB: whatever is accepted consists of closed rings of finite coordinates,
// survives being coded again, and is what another library reads from the same bytes.
func FuzzDecodeWKB(f *testing.F) {
	saved := wkbcommon.MaxGeometryElements
	defer func() { wkbcommon.MaxGeometryElements = saved }()
	wkbcommon.MaxGeometryElements = [4]int{-1, 1 << 12, 1 << 12, 1 << 12} // hostile counts are not what DecodeWKB is for

	triangle := orb.MultiPolygon{{{{0, 0}, {4, 0}, {0, 4}, {0, 0}}}}
	two := append(triangle, orb.Polygon{rect(10, 10, 20, 20), rect(12, 12, 13, 13)})
	for _, mp := range []orb.MultiPolygon{nil, triangle, two, {{{{0, 0}, {4, 0}, {math.Inf(1), 4}, {0, 0}}}}, {{{{0, 0}, {4, 0}, {0, 4}}}}} {
		f.Add(EncodeWKB(mp))
	}
	for _, text := range []string{
		"POLYGON Z ((0 0 7, 4 0 8, 0 4 9, 0 0 7))", "MULTIPOLYGON ZM (((0 0 7 1, 4 0 8 2, 0 4 9 3, 0 0 7 4)))", "POINT (1 2)", "POINT EMPTY",
		"LINESTRING M (0 0 1, 1 1 2)", "MULTIPOINT ((1 2), (3 4))", "GEOMETRYCOLLECTION (POINT (1 2), POLYGON ((0 0, 4 0, 0 4, 0 0)))", "POLYGON EMPTY",
	} {
		for _, b := range coded(f, text) {
			f.Add(b)
		}
	}
	f.Add([]byte("\x01\x05\x00\x00\x80\x01\x00\x00\x00\x01\x02\x00\x00\x80\x00\x00\x00\x00")) // an empty line in a multi-line was counted
	f.Fuzz(func(t *testing.T, b []byte) {
		mp, info, err := DecodeWKB(b)
		if err != nil {
			if mp != nil || info != (WKBInfo{}) {
				t.Fatalf("an error comes with %v, %+v", mp, info)
			}
			return
		}
		if info.Empty && (len(mp) > 0 || info.NonPolygon > 0) {
			t.Fatalf("empty, and yet %v, %+v", mp, info)
		}
		for _, p := range mp {
			if len(p) == 0 {
				t.Fatalf("a polygon without rings: %v", mp)
			}
			for _, r := range p {
				if len(r) < 4 || !r.Closed() {
					t.Fatalf("ring %v", r)
				}
				for _, q := range r {
					if math.IsNaN(q[0]) || math.IsInf(q[0], 0) || math.IsNaN(q[1]) || math.IsInf(q[1], 0) {
						t.Fatalf("ring %v", r)
					}
				}
			}
		}
		again, info, err := DecodeWKB(EncodeWKB(mp))
		if err != nil || !reflect.DeepEqual(again, mp) || info != (WKBInfo{Empty: len(mp) == 0}) {
			t.Fatalf("%v became %v, %+v, %v", mp, again, info, err)
		}
		if other, ok := decodeOther(b); ok && !reflect.DeepEqual(mp, other) {
			t.Fatalf("got %v, another library reads %v", mp, other)
		}
	})
}

// decodeOther reads polygons by another library, false when it refuses the bytes or
// holds something else.
func decodeOther(b []byte) (mp orb.MultiPolygon, ok bool) {
	if len(b) < 5 || b[0] > 1 { // it takes any byte order but 0 for little-endian, as others do, but in nested parts differently
		return nil, false
	}
	order := binary.ByteOrder(binary.BigEndian)
	if b[0] == 1 {
		order = binary.LittleEndian
	}
	switch order.Uint32(b[1:]) % 1000 {
	case wkbcommon.PolygonID, wkbcommon.MultiPolygonID:
	default:
		return nil, false
	}
	g, err := geom.UnmarshalWKB(b, geom.NoValidate{})
	if err != nil {
		return nil, false
	}
	var polygons geom.MultiPolygon
	switch {
	case g.IsPolygon():
		polygons = g.MustAsPolygon().AsMultiPolygon()
	case g.IsMultiPolygon():
		polygons = g.MustAsMultiPolygon()
	default:
		return nil, false
	}
	for i := range polygons.NumPolygons() {
		var p orb.Polygon
		rings := polygons.PolygonN(i).DumpRings()
		for _, ring := range rings {
			var r orb.Ring
			s := ring.Coordinates()
			for k := range s.Length() {
				xy := s.GetXY(k)
				r = append(r, orb.Point{xy.X, xy.Y})
			}
			if len(r) > 0 {
				p = append(p, r)
			}
		}
		if len(p) > 0 {
			mp = append(mp, p)
		}
	}
	return mp, true
}
