package vector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	"github.com/twpayne/go-geom/encoding/ewkb"
	"github.com/twpayne/go-geom/encoding/wkb"
	"github.com/twpayne/go-geom/encoding/wkbcommon"
)

// WKBInfo says what a WKB geometry held besides the polygons that were taken from it.
type WKBInfo struct {
	HasZ, HasM bool // heights or measures were dropped
	Empty      bool // the geometry holds no coordinates at all
	NonPolygon int  // points, lines and the like that were left out, parts of a multi-geometry counted one by one
}

// DecodeWKB returns the polygons of a geometry coded as ISO WKB or EWKB, in their
// order and with their rings as coded. A GeometryCollection yields the polygons at any
// depth. Polygons without points are left out.
//
// It is an error when b is no complete WKB, has bytes left over, or is a curve or a
// surface other than a polygon; when a ring is not closed or has fewer than four
// points; and when a coordinate is NaN or infinite. The counts inside b are trusted
// for allocation: b has to come from a geometry library, not from the network.
func DecodeWKB(b []byte) (mp orb.MultiPolygon, info WKBInfo, err error) {
	g, err := unmarshal(b)
	if err != nil {
		return nil, WKBInfo{}, err
	}
	info.Empty = g.Empty()
	err = collect(g, &mp, &info)
	if err != nil {
		return nil, WKBInfo{}, err
	}
	return mp, info, nil
}

func unmarshal(b []byte) (geom.T, error) {
	if len(b) < 5 {
		return nil, errors.New("WKB is cut short")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 0 {
		order = binary.BigEndian
	}
	code := order.Uint32(b[1:])
	if name := surfaceName(code & 0x0fffffff % 1000); name != "" {
		return nil, fmt.Errorf("geometry type %s is not supported: only Polygon, MultiPolygon and collections of them are",
			name)
	}
	r := bytes.NewReader(b)
	var g geom.T
	var err error
	if code>>28 != 0 { // these are the flags of EWKB; ISO adds thousands instead
		g, err = ewkb.Read(r)
	} else {
		g, err = wkb.Read(r, wkbcommon.WKBOptionEmptyPointHandling(wkbcommon.EmptyPointHandlingNaN))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("WKB cannot be read: %w", err)
	case r.Len() > 0:
		return nil, fmt.Errorf("WKB has %d bytes left over", r.Len())
	}
	return g, nil
}

// surfaceName names the WKB types that are areas or curves but no plain polygon.
func surfaceName(code uint32) string {
	switch code {
	case 8:
		return "CircularString"
	case 9:
		return "CompoundCurve"
	case 10:
		return "CurvePolygon"
	case 11:
		return "MultiCurve"
	case 12:
		return "MultiSurface"
	case wkbcommon.PolyhedralSurfaceID:
		return "PolyhedralSurface"
	case wkbcommon.TINID:
		return "TIN"
	case wkbcommon.TriangleID:
		return "Triangle"
	}
	return ""
}

func collect(g geom.T, mp *orb.MultiPolygon, info *WKBInfo) error {
	if c, ok := g.(*geom.GeometryCollection); ok {
		for _, member := range c.Geoms() {
			if err := collect(member, mp, info); err != nil {
				return err
			}
		}
		return nil
	}
	info.HasZ = info.HasZ || g.Layout().ZIndex() >= 0
	info.HasM = info.HasM || g.Layout().MIndex() >= 0
	switch g := g.(type) {
	case *geom.Polygon:
		return appendPolygon(mp, g.FlatCoords(), 0, g.Ends(), g.Stride())
	case *geom.MultiPolygon:
		start := 0
		for _, ends := range g.Endss() {
			if err := appendPolygon(mp, g.FlatCoords(), start, ends, g.Stride()); err != nil {
				return err
			}
			if len(ends) > 0 {
				start = ends[len(ends)-1]
			}
		}
	case *geom.MultiPoint:
		for i := range g.NumPoints() {
			if !g.Point(i).Empty() {
				info.NonPolygon++
			}
		}
	case *geom.MultiLineString:
		for i := range g.NumLineStrings() {
			if !g.LineString(i).Empty() {
				info.NonPolygon++
			}
		}
	default:
		if !g.Empty() {
			info.NonPolygon++
		}
	}
	return nil
}

// appendPolygon appends the polygon whose first ring starts at flat[start].
func appendPolygon(mp *orb.MultiPolygon, flat []float64, start int, ends []int, stride int) error {
	if len(ends) == 0 || ends[len(ends)-1] == start {
		return nil
	}
	p := make(orb.Polygon, 0, len(ends))
	for k, end := range ends {
		r := make(orb.Ring, 0, (end-start)/stride)
		for i := start; i < end; i += stride {
			x, y := flat[i], flat[i+1]
			if math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(y) || math.IsInf(y, 0) {
				return fmt.Errorf("polygon %d, ring %d, point %d has the coordinates (%g, %g)", len(*mp)+1, k+1, len(r)+1, x, y)
			}
			r = append(r, orb.Point{x, y})
		}
		start = end
		switch {
		case len(r) == 0 && k > 0:
			continue
		case len(r) < 4:
			return fmt.Errorf("polygon %d, ring %d has %d points, a closed ring has at least 4", len(*mp)+1, k+1, len(r))
		case !r.Closed():
			return fmt.Errorf("polygon %d, ring %d is not closed: it starts at %v and ends at %v", len(*mp)+1, k+1, r[0],
				r[len(r)-1])
		}
		p = append(p, r)
	}
	*mp = append(*mp, p)
	return nil
}

// DecodePoint returns the point of a geometry coded as ISO WKB or EWKB: a Point, or a MultiPoint of one. Anything else
// is an error, as is a coordinate that is NaN or infinite.
func DecodePoint(b []byte) (orb.Point, error) {
	g, err := unmarshal(b)
	if err != nil {
		return orb.Point{}, err
	}
	flat := g.FlatCoords()
	switch g.(type) {
	case *geom.Point, *geom.MultiPoint:
		if len(flat) != g.Stride() {
			return orb.Point{}, fmt.Errorf("it has %d points, and one is wanted", len(flat)/max(1, g.Stride()))
		}
	default:
		return orb.Point{}, errors.New("neither a polygon nor a point")
	}
	for _, x := range flat[:2] {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return orb.Point{}, fmt.Errorf("the point has the coordinates (%g, %g)", flat[0], flat[1])
		}
	}
	return orb.Point{flat[0], flat[1]}, nil
}

// EncodeWKB returns mp as a little-endian WKB MultiPolygon of two dimensions. Rings
// are written as they are.
func EncodeWKB(mp orb.MultiPolygon) []byte {
	size := 9
	for _, p := range mp {
		size += 9
		for _, r := range p {
			size += 4 + 16*len(r)
		}
	}
	le := binary.LittleEndian
	header := func(b []byte, code uint32, n int) []byte {
		return le.AppendUint32(le.AppendUint32(append(b, wkbcommon.NDRID), code), uint32(n))
	}
	b := header(make([]byte, 0, size), wkbcommon.MultiPolygonID, len(mp))
	for _, p := range mp {
		b = header(b, wkbcommon.PolygonID, len(p))
		for _, r := range p {
			b = le.AppendUint32(b, uint32(len(r)))
			for _, pt := range r {
				b = le.AppendUint64(b, math.Float64bits(pt[0]))
				b = le.AppendUint64(b, math.Float64bits(pt[1]))
			}
		}
	}
	return b
}
