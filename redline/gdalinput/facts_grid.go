package gdalinput

import (
	"fmt"
	"math"
	"strings"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// CRSFacts describe a CRS. As all facts of this package they are parts of the JSON that check prints;
// redline/gdalinput/README.md documents it.
type CRSFacts struct {
	Name          string `json:"name"`
	EPSG          int    `json:"epsg,omitempty"`           // the code whose definition is equal; 0 when there is none
	Projection    string `json:"projection,omitempty"`     // method of a projected CRS
	Geographic    bool   `json:"geographic"`               // coordinates are degrees
	Axes          string `json:"axes"`                     // as the program uses them: always east first
	AuthorityAxes string `json:"authority_axes,omitempty"` // as EPSG orders them; "" without a code
}

func crsFacts(c raster.CRS) CRSFacts {
	f := CRSFacts{Name: c.Name, EPSG: c.EPSG, Geographic: c.Geographic, Axes: "east, north"}
	if _, rest, ok := strings.Cut(c.WKT, `METHOD["`); ok && !c.Geographic {
		f.Projection, _, _ = strings.Cut(rest, `"`)
	}
	if c.EPSG != 0 {
		f.AuthorityAxes = axisDirections(c.WKT)
	}
	return f
}

// axisDirections reads the directions of the first two axes of a WKT 2; "" when it has fewer.
func axisDirections(wkt string) string {
	var found []string
	for len(found) < 2 {
		_, rest, ok := strings.Cut(wkt, `AXIS["`)
		if !ok {
			return ""
		}
		_, rest, _ = strings.Cut(rest, `",`)
		end := strings.IndexAny(rest, ",]")
		if end < 0 {
			return ""
		}
		found, wkt = append(found, rest[:end]), rest[end:]
	}
	return strings.Join(found, ", ")
}

// crsTitle names a CRS in messages and in the record of a run.
func crsTitle(c raster.CRS) string {
	switch {
	case c.EPSG != 0:
		return fmt.Sprintf("%s (EPSG:%d)", c.Name, c.EPSG)
	case c.Name == "" || c.Name == "unknown" || c.Name == "unnamed":
		return "a CRS without a name"
	}
	return c.Name
}

// GridFacts describe a grid.
type GridFacts struct {
	CRS     CRSFacts   `json:"crs"`
	OriginX float64    `json:"origin_x"` // of the top-left corner, in the CRS
	OriginY float64    `json:"origin_y"`
	CellX   float64    `json:"cell_x"` // sides of a cell, in units of the CRS
	CellY   float64    `json:"cell_y"`
	EastM   float64    `json:"cell_east_m"` // sides of a cell in the middle of the grid; 0 when they cannot be measured
	NorthM  float64    `json:"cell_north_m"`
	Cols    int        `json:"cols"`
	Rows    int        `json:"rows"`
	LonLat  [4]float64 `json:"extent_lonlat"` // west, south, east, north in degrees of the grid's own datum
}

func gridFacts(g raster.Grid) GridFacts {
	f := GridFacts{
		CRS:     crsFacts(g.CRS),
		OriginX: g.OriginX,
		OriginY: g.OriginY,
		CellX:   g.CellX,
		CellY:   g.CellY,
		Cols:    g.Cols,
		Rows:    g.Rows,
	}
	if degrees, done, err := latticeDegrees(g); err == nil {
		defer done()
		middle := []shiftPoint{{u: float64(g.Cols) / 2, v: float64(g.Rows) / 2}}
		if measurePoints(middle, degrees) == nil {
			m := middle[0].metres
			f.EastM, f.NorthM = math.Hypot(m[0][0], m[1][0]), math.Hypot(m[0][1], m[1][1])
		}
	}
	if geographic, err := gdalraster.Base(g.CRS); err == nil {
		if box, err := project(bounds(g), g.CRS, geographic); err == nil {
			f.LonLat = [4]float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
		}
	}
	return f
}
