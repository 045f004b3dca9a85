package raster

import (
	"fmt"
	"math"
)

// CRS is what the engine needs to know of a coordinate reference system.
// The zero value is "unknown". Axis order is always x = easting or longitude,
// y = northing or latitude, whatever the authority says.
type CRS struct {
	WKT        string  // full definition, as GDAL prints it (WKT1 or WKT2)
	Name       string  // name of the outermost CRS, for messages
	EPSG       int     // 0 if no EPSG code is known
	Geographic bool    // coordinates are degrees
	UnitM      float64 // length of a unit of projected coordinates, in metres; 0 stands for 1
	SemiMajorM float64 // semi-major axis of the ellipsoid, in metres
	Flattening float64 // flattening f of the ellipsoid; 0 for a sphere
}

// MetresPerUnit returns the length of a unit of projected coordinates.
func (c CRS) MetresPerUnit() float64 {
	if c.UnitM == 0 {
		return 1
	}
	return c.UnitM
}

// Grid is a north-up lattice of cells: row 0 is the northernmost, column 0 the
// westernmost. It is a value; all edge rules of the program live in this file.
//
// Lattice coordinates (u, v) count cells from the top-left corner: u grows east,
// v grows south, cell (row, col) is the half-open square
// [col, col+1) × [row, row+1).
type Grid struct {
	OriginX, OriginY float64 // map coordinates of the top-left corner, in CRS units
	CellX, CellY     float64 // cell size in CRS units, both > 0
	Cols, Rows       int
	CRS              CRS
}

// Window is a half-open rectangle of cells: columns [Col, Col+Cols), rows [Row, Row+Rows).
type Window struct{ Col, Row, Cols, Rows int }

// Cells returns the number of cells of the window.
func (w Window) Cells() int64 { return int64(w.Cols) * int64(w.Rows) }

// Map returns the map coordinates of the lattice point (u, v).
func (g Grid) Map(u, v float64) (x, y float64) {
	return g.OriginX + u*g.CellX, g.OriginY - v*g.CellY
}

// Lattice returns the lattice coordinates of the map point (x, y).
func (g Grid) Lattice(x, y float64) (u, v float64) {
	return (x - g.OriginX) / g.CellX, (g.OriginY - y) / g.CellY
}

// Bounds returns the map extent of the grid.
func (g Grid) Bounds() (minX, minY, maxX, maxY float64) {
	maxX, minY = g.Map(float64(g.Cols), float64(g.Rows))
	return g.OriginX, minY, maxX, g.OriginY
}

// Cells returns the number of cells of the grid.
func (g Grid) Cells() int64 { return int64(g.Cols) * int64(g.Rows) }

// Sub returns the grid of the cells of w, which must lie inside g.
func (g Grid) Sub(w Window) Grid {
	g.OriginX, g.OriginY = g.Map(float64(w.Col), float64(w.Row))
	g.Cols, g.Rows = w.Cols, w.Rows
	return g
}

// AlignTolerance is the largest difference, in cells, at which two lattices still
// count as the same one. It is far above the rounding of a decimal origin and far
// below anything that moves a class boundary.
const AlignTolerance = 1e-6

// DriftTolerance is how far, in cells, two lattices may drift apart over the whole
// extent because their cell sizes are written with different numbers of digits.
const DriftTolerance = 1e-3

// MismatchError says why two grids are not one lattice.
type MismatchError struct{ Reason string }

func (e *MismatchError) Error() string { return e.Reason }

// Offset returns where the top-left cell of b lies in a: so many columns east and rows south, which may be negative.
// The two grids must have origins that differ by whole cells, within [AlignTolerance], and the same cell size, within
// [DriftTolerance] over the whole extent; otherwise the error is a *[MismatchError]. CRSs are not compared.
func Offset(a, b Grid) (cols, rows int, err error) {
	span := func(n int, sa, sb float64) float64 { return float64(n) * math.Abs(sa-sb) / sa }
	if span(max(a.Cols, b.Cols), a.CellX, b.CellX) > DriftTolerance ||
		span(max(a.Rows, b.Rows), a.CellY, b.CellY) > DriftTolerance {
		return 0, 0, &MismatchError{fmt.Sprintf("cell size differs: %.12g × %.12g against %.12g × %.12g", a.CellX,
			a.CellY, b.CellX, b.CellY)}
	}
	u, v := a.Lattice(b.OriginX, b.OriginY)
	du, dv := math.Round(u), math.Round(v)
	if offU, offV := u-du, v-dv; math.Abs(offU) > AlignTolerance || math.Abs(offV) > AlignTolerance {
		return 0, 0, &MismatchError{fmt.Sprintf("origins are not on one lattice: off by %.6g cells east and %.6g cells "+
			"south%s", offU, offV, a.inMetres(offU, offV))}
	}
	return int(du), int(dv), nil
}

// Common returns the windows of a and b that cover their common cells. When they are not on one
// lattice, see [Offset], or do not overlap, the error is a *[MismatchError]. CRSs are not compared.
func Common(a, b Grid) (inA, inB Window, err error) {
	du, dv, err := Offset(a, b)
	if err != nil {
		return inA, inB, err
	}
	col0, row0 := max(0, du), max(0, dv)
	col1, row1 := min(a.Cols, du+b.Cols), min(a.Rows, dv+b.Rows)
	if col0 >= col1 || row0 >= row1 {
		return inA, inB, &MismatchError{"the two extents do not overlap"}
	}
	inA = Window{Col: col0, Row: row0, Cols: col1 - col0, Rows: row1 - row0}
	inB = Window{Col: col0 - du, Row: row0 - dv, Cols: inA.Cols, Rows: inA.Rows}
	return inA, inB, nil
}

func (g Grid) inMetres(du, dv float64) string {
	x, y := du*g.CellX, dv*g.CellY
	if g.CRS.Geographic {
		lat := (g.OriginY - float64(g.Rows)/2*g.CellY) * math.Pi / 180
		x *= math.Pi / 180 * g.CRS.SemiMajorM * math.Cos(lat)
		y *= math.Pi / 180 * g.CRS.SemiMajorM
	}
	return fmt.Sprintf(" (about %.3g m east, %.3g m south)", x, y)
}
