package page

import (
	"fmt"
	"math"
	"strconv"

	"greenshield/raster"
)

// cellM returns the size of the cell in the middle of the grid, in metres, to some per mille.
func cellM(earth *raster.Earth, g raster.Grid) (width, height float64) {
	u, v := float64(g.Cols)/2, float64(g.Rows)/2
	lon, lat := earth.LonLat(u, v)
	distance := func(u, v float64) float64 {
		lon1, lat1 := earth.LonLat(u, v)
		const degree = 6371e3 * math.Pi / 180
		return degree * math.Hypot((lon1-lon)*math.Cos(lat*math.Pi/180), lat1-lat)
	}
	return distance(u+1, v), distance(u, v+1)
}

// length writes a length in whole metres below 1 km, else in kilometres with three digits or more.
func length(m float64) string {
	switch {
	case m < 1000:
		return fmt.Sprintf("%.0f 米", m)
	case m < 100_000:
		return fmt.Sprintf("%.3g 公里", m/1000)
	}
	return grouped(m/1000, 0) + " 公里"
}

// scaleBar fills in a bar of a round length of at most a fifth of the width of the map, which is right along the middle
// of the whole map. scale is in units of the view box for a cell, and cell the width of a cell in metres.
func (p *pane) scaleBar(scale, cell float64) {
	want := p.Width / 5 / scale * cell
	size := math.Pow(10, math.Floor(math.Log10(want)))
	for _, k := range []float64{5, 2, 1} {
		if k*size <= want {
			size *= k
			break
		}
	}
	p.ScaleLength, p.ScaleWidth = length(size), math.Round(size/cell*scale*10)/10
	p.ScaleMiddle, p.ScaleTop = p.ScaleWidth/2, math.Round(p.Height-18)
}

// extent fills in the coordinates of the edges.
func (m *overview) extent(earth *raster.Earth, g raster.Grid) {
	west, south, east, north := extent(earth, g)
	degrees := func(x float64, plus, minus string) string {
		if x < 0 {
			x, plus = -x, minus
		}
		return strconv.FormatFloat(x, 'f', 2, 64) + "°" + plus
	}
	m.West, m.East = degrees(west, "E", "W"), degrees(east, "E", "W")
	m.South, m.North = degrees(south, "N", "S"), degrees(north, "N", "S")
}

// extent returns the box of degrees that the grid fills. On a projected grid no corner need be at its edge, so the
// sides of the grid are followed.
func extent(earth *raster.Earth, g raster.Grid) (west, south, east, north float64) {
	west, south, east, north = math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	const steps = 64
	for i := range steps + 1 {
		u, v := float64(g.Cols)*float64(i)/steps, float64(g.Rows)*float64(i)/steps
		for _, p := range [][2]float64{{u, 0}, {u, float64(g.Rows)}, {0, v}, {float64(g.Cols), v}} {
			lon, lat := earth.LonLat(p[0], p[1])
			west, south, east, north = min(west, lon), min(south, lat), max(east, lon), max(north, lat)
		}
	}
	return west, south, east, north
}
