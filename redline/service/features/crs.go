package features

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/redline/service/collection"
)

// Transformer takes coordinates, in place, between degrees and metres of the projected CRS of an EPSG code. The slices
// have equal lengths. It may be used by several goroutines.
type Transformer interface {
	// Project takes longitudes (x) and latitudes (y) to eastings (x) and northings (y).
	Project(epsg int, x, y []float64) error
	// Unproject takes eastings and northings to longitudes and latitudes.
	Unproject(epsg int, x, y []float64) error
}

// crs is a coordinate reference system that a collection is offered in.
type crs struct {
	uri  string
	epsg int // of a projected CRS, 0 for degrees
	// swapped is that the second axis of GeoJSON comes first: latitude before longitude, northing before easting.
	swapped bool
	title   string
}

const (
	uriCRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
	uriEPSG  = "http://www.opengis.net/def/crs/EPSG/0/"
	// The 3-degree Gauss-Kruger CRSs of CGCS2000 that are named by their central meridian: 4534 of 75° E to 4554 of
	// 135° E. Authority axis order: northing, easting; easting without the number of the zone.
	firstZone, lastZone         = 4534, 4554
	firstMeridian, zoneWidthDeg = 75, 3
)

var (
	crs84    = crs{uri: uriCRS84, title: "WGS 84（经度、纬度）"}
	cgcs2000 = crs{uri: uriEPSG + "4490", swapped: true, title: "CGCS2000（纬度、经度）"}
)

// zone is the 3-degree zone of a longitude, that of the nearest central meridian.
func zone(lon float64) crs {
	n := min(max(math.Round((lon-firstMeridian)/zoneWidthDeg), 0), lastZone-firstZone)
	code, meridian := firstZone+int(n), firstMeridian+zoneWidthDeg*int(n)
	return crs{
		uri: uriEPSG + strconv.Itoa(code), epsg: code, swapped: true,
		title: "CGCS2000 高斯-克吕格 3 度带，中央经线 " + strconv.Itoa(meridian) + "°E（北、东，米）",
	}
}

// offered lists the CRSs that a collection is offered in, CRS84 first.
func (f *Features) offered(info collection.Info) []crs {
	all := []crs{crs84, cgcs2000}
	if info.Box != nil && f.crs != nil && info.Geometry != collection.None {
		all = append(all, zone((info.Box.Min[0]+info.Box.Max[0])/2))
	}
	return all
}

// choose returns the offered CRS of a URI; CRS84 for "".
func (f *Features) choose(info collection.Info, uri string) (crs, bool) {
	if uri == "" {
		return crs84, true
	}
	for _, c := range f.offered(info) {
		if c.uri == strings.Trim(uri, "[]<>") {
			return c, true
		}
	}
	return crs{}, false
}

// transformed returns the geometry of a feature in a CRS: as it is in CRS84, with the same digits in the other order in
// EPSG:4490, rounded to 0.1 mm in metres. nil stays nil.
func (f *Features) transformed(geometry []byte, c crs) ([]byte, error) {
	if geometry == nil || c == crs84 {
		return geometry, nil
	}
	p, err := readPositions(geometry)
	if err != nil {
		return nil, err
	}
	if c.epsg == 0 {
		return p.write(func(i int, dst []byte) []byte {
			return append(append(append(dst, p.texts[i][1]...), ','), p.texts[i][0]...)
		}), nil
	}
	x, y, err := p.project(f.crs, c.epsg)
	if err != nil {
		return nil, err
	}
	return p.write(func(i int, dst []byte) []byte {
		dst = strconv.AppendFloat(dst, y[i], 'f', decimals, 64)
		return strconv.AppendFloat(append(dst, ','), x[i], 'f', decimals, 64)
	}), nil
}

// decimals of metres that are served.
const decimals = 4

// project returns eastings and northings as they are served.
func (p *positions) project(t Transformer, epsg int) (x, y []float64, err error) {
	x, y, err = p.degrees()
	if err != nil {
		return nil, nil, err
	}
	if err := t.Project(epsg, x, y); err != nil {
		return nil, nil, err
	}
	const unit = 10_000
	for i := range x {
		x[i], y[i] = math.Round(x[i]*unit)/unit, math.Round(y[i]*unit)/unit
	}
	return x, y, nil
}

// area is what a box in some CRS chooses.
type area struct {
	coarse orb.Bound // in degrees; all features of the area meet it
	// exact tests a geometry where coarse alone does not decide; nil where it does.
	exact func(geometry []byte) (bool, error)
	none  bool // no feature can lie in it
}

// metres is the area of a box of eastings and northings in the CRS of an EPSG code, for features within an extent in
// degrees.
func (f *Features) metres(box orb.Bound, epsg int, extent orb.Bound) (area, error) {
	edge := outline(extent)
	x, y := split(edge)
	if err := f.crs.Project(epsg, x, y); err != nil {
		return area{}, err
	}
	whole := join(x, y)
	// Sides of features are straight in metres for the exact test, in degrees for the coarse one. Between the two lies at
	// most what the sides of the extent bulge.
	bulge := bulges(whole)
	reach := whole.Bound().Pad(bulge + 1)
	if !reach.Intersects(box) {
		return area{none: true}, nil
	}
	inner := orb.Bound{
		Min: orb.Point{max(box.Min[0], reach.Min[0]), max(box.Min[1], reach.Min[1])},
		Max: orb.Point{min(box.Max[0], reach.Max[0]), min(box.Max[1], reach.Max[1])},
	}
	x, y = split(outline(inner))
	if err := f.crs.Unproject(epsg, x, y); err != nil {
		return area{}, err
	}
	around := join(x, y)
	coarse := around.Bound()
	const metresOfDegree = 110_000 // at least as many along a meridian
	lat := min(max(math.Abs(coarse.Min[1]), math.Abs(coarse.Max[1])), 89)
	pad := 4*bulge/(metresOfDegree*math.Cos(lat*math.Pi/180)) + 4*bulges(around) + 1e-6
	return area{coarse: coarse.Pad(pad), exact: func(geometry []byte) (bool, error) {
		p, err := readPositions(geometry)
		if err != nil {
			return false, err
		}
		x, y, err := p.project(f.crs, epsg)
		if err != nil {
			return false, err
		}
		return p.meets(x, y, box), nil
	}}, nil
}

// pieces is into how many each side of a box is cut for its outline.
const pieces = 64

// outline is a box with points along its sides.
func outline(b orb.Bound) orb.Ring {
	corners := b.ToRing()
	ring := make(orb.Ring, 0, 4*pieces+1)
	for i := range 4 {
		from, to := corners[i], corners[i+1]
		for k := range pieces {
			t := float64(k) / pieces
			ring = append(ring, orb.Point{from[0] + (to[0]-from[0])*t, from[1] + (to[1]-from[1])*t})
		}
	}
	return append(ring, corners[4])
}

// bulges tells how far the sides of a transformed outline lie at most from straight ones.
func bulges(ring orb.Ring) (most float64) {
	for side := range 4 {
		from, to := ring[side*pieces], ring[(side+1)*pieces]
		for k := range pieces {
			t, p := float64(k)/pieces, ring[side*pieces+k]
			most = max(most, math.Hypot(p[0]-from[0]-(to[0]-from[0])*t, p[1]-from[1]-(to[1]-from[1])*t))
		}
	}
	return most
}

func split(ring orb.Ring) (x, y []float64) {
	for _, p := range ring {
		x, y = append(x, p[0]), append(y, p[1])
	}
	return x, y
}

func join(x, y []float64) orb.Ring {
	ring := make(orb.Ring, len(x))
	for i := range x {
		ring[i] = orb.Point{x[i], y[i]}
	}
	return ring
}
