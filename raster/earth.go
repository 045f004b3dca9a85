package raster

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// Earth ties the lattice of a [Grid] to the ellipsoid: longitude and latitude of its points, and true areas of its
// cells and of polygons on it. Edges of polygons are straight on the lattice, as cell edges are. It is immutable and
// safe for concurrent use.
//
// On a geographic grid the area of a cell follows from its row by the closed form of the authalic latitude (Snyder,
// Map Projections, USGS PP 1395, eq. 3-11, 3-12). On a projected grid the local area scale, the Jacobian of the
// inverse projection, is approximated to 1e-10 by a Chebyshev series over the whole grid.
type Earth struct {
	grid Grid

	cells []Area // by row: area of a cell; nil if the cells of a row differ in area
	// The strip of a geographic grid is the area between the parallels of v = 0 and v, one column wide.
	above []float64                          // by row: the strip up to it, and at last the whole one; nil if projected
	strip []atomic.Pointer[[stripRows]cubic] // by row r/stripRows and r%stripRows: in v−r; nil until it is needed

	// These two are for projected grids.
	stripUV surface   // m² per unit of u, from v = 0 on: the integral of the area scale over v
	rows    []float64 // by row, unless cells are known: the terms of a series in u, the m² of the row's cells west of u

	lonlat []surface // longitude, latitude; nil if the published ones are those of the grid itself

	mu    sync.Mutex
	exact Transform // what lonlat approximates on the grid, for places beyond it; guarded by mu
}

// Transform converts map coordinates to degrees of longitude and latitude in place.
type Transform func(x, y []float64) error

// lonlatTolerance is the error allowed to approximated longitudes and latitudes, in degrees: 0.1 mm.
const lonlatTolerance = 1e-9

// lonSlack is how far, in degrees, rounding may carry a geographic grid beyond 180°: one unit of the last decimal
// that is published.
const lonSlack = 1e-7

// splitThere is what to do with a grid across the antimeridian: RFC 7946 §3.1.9 wants its
// polygons cut there, which the program does not do.
const splitThere = "where polygons would have to be cut in two; cut the raster at 180°, with longitudes from -180 to " +
	"180, and run its parts one by one"

// NewEarth measures grid g, which must not lie across the antimeridian. base converts to the geographic CRS that g's
// own CRS is built on, and is used for areas; it may be nil if g is geographic. lonlat converts to the longitudes and
// latitudes that are published; nil means that they are those of base. The one of the two that does must stay usable as
// long as the Earth is; the Earth calls it from one goroutine at a time.
func NewEarth(g Grid, base, lonlat Transform) (*Earth, error) {
	e := &Earth{grid: g}
	if !g.CRS.Geographic && base == nil {
		return nil, fmt.Errorf("projected grid without a conversion to degrees")
	}
	if g.CRS.Geographic {
		minX, minY, maxX, maxY := g.Bounds()
		if minY < -90-1e-9 || maxY > 90+1e-9 {
			return nil, fmt.Errorf("latitudes from %.6f to %.6f are not on the earth; are the axes swapped?", minY, maxY)
		}
		if minX < -180-lonSlack || maxX > 180+lonSlack {
			return nil, fmt.Errorf("longitudes from %.6f to %.6f reach beyond 180°, %s", minX, maxX, splitThere)
		}
		e.measureRows()
	} else {
		tolerance := 1e-10 * g.CellX * g.CellY * g.CRS.MetresPerUnit() * g.CRS.MetresPerUnit() // of m² for each cell
		fits, err := fitSurfaces(float64(g.Cols), float64(g.Rows), []float64{tolerance},
			func(u, v []float64, out [][]float64) error {
				return e.sampleDensity(base, u, v, out[0])
			})
		if err != nil {
			return nil, err
		}
		fits[0].trim(tolerance / 8)
		e.stripUV = fits[0].integralV()
		e.integrateRows()
		if lonlat == nil {
			lonlat = base
		}
	}
	if lonlat != nil {
		fits, err := fitSurfaces(float64(g.Cols), float64(g.Rows), []float64{lonlatTolerance, lonlatTolerance},
			func(u, v []float64, out [][]float64) error {
				for i := range u {
					out[0][i], out[1][i] = g.Map(u[i], v[i])
				}
				if err := lonlat(out[0], out[1]); err != nil {
					return err
				}
				if len(u) > 0 && slices.Max(out[0])-slices.Min(out[0]) > 180 {
					return fmt.Errorf("it lies across the meridian of 180°, %s", splitThere)
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
		e.lonlat, e.exact = fits, lonlat
	}
	return e, nil
}

// authalic returns the area between the equator and latitude phi (radians), per
// radian of longitude, on the ellipsoid with semi-major axis a and flattening f.
func authalic(a, f, phi float64) float64 {
	s := math.Sin(phi)
	if f == 0 {
		return a * a * s
	}
	e2 := f * (2 - f)
	ecc := math.Sqrt(e2)
	b2 := a * a * (1 - e2)
	return b2 / 2 * (s/(1-e2*s*s) + math.Atanh(ecc*s)/ecc)
}

// cubic is what the strip of a geographic grid gains within a row: coefficients of the first to the third power.
type cubic [3]float64

// stripRows is of how many rows the cubics are made at once.
const stripRows = 64

// authalicAt returns the area from the equator to the parallel of v, one column wide, positive southwards.
func (e *Earth) authalicAt(v float64) float64 {
	g := &e.grid
	_, lat := g.Map(0, v)
	return -(g.CellX * math.Pi / 180) *
		authalic(g.CRS.SemiMajorM, g.CRS.Flattening, math.Max(-90, math.Min(90, lat))*math.Pi/180)
}

// measureRows measures the rows of a geographic grid.
func (e *Earth) measureRows() {
	rows := e.grid.Rows
	e.cells, e.above = make([]Area, rows), make([]float64, rows+1)
	e.strip = make([]atomic.Pointer[[stripRows]cubic], rows/stripRows+1)
	total, lost := 0.0, 0.0 // summed as by Kahan, since errors would add up over many rows
	north := e.authalicAt(0)
	for r := range rows {
		south := e.authalicAt(float64(r + 1))
		row := south - north
		e.cells[r].AddM2(row)
		sum := row - lost
		next := total + sum
		lost = (next - total) - sum
		total, north = next, south
		e.above[r+1] = total
	}
}

// cubicOf returns the cubic of a row, or of the place below the last one. Within a row the strip area is a cubic in v;
// the error is of the order of (cell / earth radius)⁴, far below rounding.
func (e *Earth) cubicOf(r int) *cubic {
	at := &e.strip[r/stripRows]
	some := at.Load()
	if some == nil { // several goroutines that need it make the same
		some = new([stripRows]cubic)
		first := r - r%stripRows
		for i := range min(stripRows, e.grid.Rows+1-first) {
			some[i] = e.newCubic(first + i)
		}
		at.Store(some)
	}
	return &some[r%stripRows]
}

func (e *Earth) newCubic(r int) cubic {
	if r > 0 && r == e.grid.Rows { // reached by rounding alone
		return cubic{e.newCubic(r - 1)[0]}
	}
	v := float64(r)
	y0, y1, y2, y3 := e.authalicAt(v), e.authalicAt(v+1.0/3), e.authalicAt(v+2.0/3), e.authalicAt(v+1)
	row := y3 - y0
	// The cubic through the four values, with its end exactly at row.
	d1, d2 := y1-y0, y2-y0
	c1 := 9*d1 - 4.5*d2 + row
	c2 := -22.5*d1 + 18*d2 - 4.5*row
	return cubic{c1, c2, row - c1 - c2}
}

// equalArea tells that the grid's projection is an equal-area one: the area scale is one term, its integral two.
func (e *Earth) equalArea() bool { return e.stripUV.n == 2 }

// integrateRows fills the table of a projected grid. On an equal-area projection all cells have one area.
func (e *Earth) integrateRows() {
	if e.equalArea() {
		var cell Area
		cell.AddM2(e.stripUV.at(0, 1))
		e.cells = slices.Repeat([]Area{cell}, e.grid.Rows)
		return
	}
	terms := e.stripUV.n + 1
	e.rows = make([]float64, 0, e.grid.Rows*terms)
	upper := e.stripUV.row(0)
	for r := range e.grid.Rows {
		lower := e.stripUV.row(float64(r + 1))
		for i := range upper.coef {
			upper.coef[i] = lower.coef[i] - upper.coef[i]
		}
		e.rows = append(e.rows, upper.integral().coef...)
		upper = lower
	}
}

// sampleDensity computes m² per lattice unit square from the Jacobian of the inverse
// projection, by central differences of fourth order.
func (e *Earth) sampleDensity(base Transform, u, v, out []float64) error {
	g := e.grid
	a, e2 := g.CRS.SemiMajorM, g.CRS.Flattening*(2-g.CRS.Flattening)
	// With 2 km, rounding divided by the step is about as large as truncation: 1e-12.
	step := 2000 / g.CRS.MetresPerUnit()
	offsets := [...]float64{-2, -1, 1, 2}
	weights := [...]float64{1. / 12, -8. / 12, 8. / 12, -1. / 12}
	x, y := make([]float64, 0, 9*len(u)), make([]float64, 0, 9*len(u))
	for i := range u {
		mx, my := g.Map(u[i], v[i])
		for _, o := range offsets {
			x, y = append(x, mx+o*step, mx), append(y, my, my+o*step)
		}
		x, y = append(x, mx), append(y, my)
	}
	if err := base(x, y); err != nil {
		return err
	}
	for i := range u {
		lon, lat := x[9*i:9*i+9], y[9*i:9*i+9]
		var dLonX, dLonY, dLatX, dLatY float64
		for k, w := range weights {
			turn := func(l float64) float64 { return math.Remainder(l-lon[8], 360) }
			dLonX += w * turn(lon[2*k])
			dLonY += w * turn(lon[2*k+1])
			dLatX += w * (lat[2*k] - lat[8])
			dLatY += w * (lat[2*k+1] - lat[8])
		}
		rad := math.Pi / 180 / step
		jacobian := math.Abs(dLonX*dLatY-dLonY*dLatX) * rad * rad
		s, c := math.Sincos(lat[8] * math.Pi / 180)
		w2 := 1 - e2*s*s
		out[i] = jacobian * a * a * (1 - e2) / (w2 * w2) * c * g.CellX * g.CellY
	}
	return nil
}

// Degrees takes lattice points anywhere on earth to longitude and latitude, in degrees and in place. On the grid the
// answers are those of LonLat, whose series means nothing beyond.
func (e *Earth) Degrees(u, v []float64) error {
	var beyond []int
	for i := range u {
		onGrid := u[i] >= 0 && u[i] <= float64(e.grid.Cols) && v[i] >= 0 && v[i] <= float64(e.grid.Rows)
		if e.lonlat == nil || onGrid {
			u[i], v[i] = e.LonLat(u[i], v[i])
		} else {
			beyond = append(beyond, i)
		}
	}
	if beyond == nil {
		return nil
	}
	x, y := make([]float64, len(beyond)), make([]float64, len(beyond))
	for k, i := range beyond {
		x[k], y[k] = e.grid.Map(u[i], v[i])
	}
	e.mu.Lock()
	err := e.exact(x, y)
	e.mu.Unlock()
	for k, i := range beyond {
		u[i], v[i] = x[k], y[k]
	}
	return err
}

// LonLat returns the longitude and latitude of the lattice point (u, v) of the grid or on its edge, in degrees. For
// points beyond see [Earth.Degrees].
func (e *Earth) LonLat(u, v float64) (lon, lat float64) {
	if e.lonlat == nil {
		return e.grid.Map(u, v)
	}
	return e.lonlat[0].at(u, v), e.lonlat[1].at(u, v)
}

// LonLats finds longitudes and latitudes as [Earth.LonLat] does, to the bit. Points of one height, such as corners or
// centres of the cells of a row, cost less after the first. It belongs to one goroutine.
type LonLats struct {
	earth   *Earth
	heights [lonLatHeights]height // by the number of half rows, modulo their number
}

// height is the series of longitude and latitude at one v; nil when there are none yet.
type height struct {
	v        float64
	lon, lat series
}

const lonLatHeights = 1024

// NewLonLats returns one for places on the grid.
func (e *Earth) NewLonLats() *LonLats { return &LonLats{earth: e} }

// At returns the longitude and latitude of the lattice point (u, v) of the grid or on its edge, in degrees.
func (l *LonLats) At(u, v float64) (lon, lat float64) {
	e := l.earth
	if e.lonlat == nil {
		return e.grid.Map(u, v)
	}
	if v*2 != math.Trunc(v*2) {
		return e.LonLat(u, v)
	}
	h := &l.heights[uint64(int64(v*2))%lonLatHeights]
	if h.lon.coef == nil || h.v != v {
		*h = height{v, e.lonlat[0].row(v), e.lonlat[1].row(v)}
	}
	return h.lon.at(u), h.lat.at(u)
}

// RowArea measures runs of cells of one row. It belongs to one goroutine: runs that follow each other cost less.
type RowArea struct {
	cell Area   // of one cell, if all have the same
	sum  series // area from column 0 to a column in m², otherwise

	col    int // the column up to which the cells were measured last, −1 for none
	before Area
}

// Row prepares the measuring of row r.
func (e *Earth) Row(r int) RowArea {
	if e.cells != nil {
		return RowArea{cell: e.cells[r]}
	}
	terms := e.stripUV.n + 1
	return RowArea{sum: series{e.stripUV.w, e.rows[r*terms : (r+1)*terms]}, col: -1}
}

// Run returns the area of the cells [col0, col1) of the row. A run's area is exactly the sum of the areas of its parts.
func (r *RowArea) Run(col0, col1 int) (a Area) {
	if r.sum.coef == nil {
		a.AddTimes(uint64(col1-col0), r.cell)
		return a
	}
	west := r.before
	if col0 != r.col {
		west = r.upTo(col0)
	}
	r.col, r.before = col1, r.upTo(col1)
	return r.before.Minus(west)
}

func (r *RowArea) upTo(col int) (a Area) {
	a.AddM2(max(0, r.sum.at(float64(col))))
	return a
}

// Cell returns the area of every cell of the row; even is false if the cells differ in area.
func (r *RowArea) Cell() (a Area, even bool) { return r.cell, r.sum.coef == nil }

// Lattice returns the lattice coordinates of a place near the grid: the inverse of LonLat, to some 1e-6 of a cell. It
// is slow on projected grids, where it iterates.
func (e *Earth) Lattice(lon, lat float64) (u, v float64) {
	if e.lonlat == nil {
		return e.grid.Lattice(lon, lat)
	}
	u, v = float64(e.grid.Cols)/2, float64(e.grid.Rows)/2
	for range 20 { // Newton, with differences for derivatives
		x, y := e.LonLat(u, v)
		xu, yu := e.LonLat(u+1, v)
		xv, yv := e.LonLat(u, v+1)
		a, b, c, d := xu-x, xv-x, yu-y, yv-y
		det := a*d - b*c
		du, dv := (d*(lon-x)-b*(lat-y))/det, (a*(lat-y)-c*(lon-x))/det
		u, v = u+du, v+dv
		if math.Abs(du)+math.Abs(dv) < 1e-7 {
			break
		}
	}
	return u, v
}
