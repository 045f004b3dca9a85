package gdalinput

import (
	"sync"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
)

// ways lead from the lattice of the run's grid to that of another one.
type ways struct {
	from, to raster.Grid
	straight *straight // nil where the CRSs differ
	// first is copied for each goroutine, by one at a time.
	first *gdalraster.Transform
	copy  sync.Mutex
}

// newWays finds the way from one grid to another.
func newWays(from, to raster.Grid) (*ways, error) {
	w := &ways{from: from, to: to}
	degrees := from.CRS.Geographic && to.CRS.Geographic
	if gdalraster.SameCRS(from.CRS, to.CRS) || degrees && gdalraster.SameDatum(from.CRS, to.CRS) {
		w.straight = straightWay(from, to)
		return w, nil
	}
	var err error
	w.first, err = gdalraster.NewTransformWithin(from.CRS, to.CRS, gdalraster.ExtentOf(from))
	return w, err
}

// newMover returns what moves points, for one goroutine.
func (w *ways) newMover() (redline.Mover, error) {
	if w.straight != nil {
		return w.straight, nil
	}
	w.copy.Lock()
	defer w.copy.Unlock()
	t, err := w.first.Clone()
	if err != nil {
		return nil, err
	}
	return &mover{from: w.from, to: w.to, transform: t}, nil
}

// covered returns which share of the first grid the other one covers, 0 to 1: where the CRSs differ, by the points of a
// net, which a narrower strip escapes.
func (w *ways) covered() (part float64, err error) {
	if w.straight != nil {
		corners := []orb.Point{{}, {float64(w.from.Cols), float64(w.from.Rows)}}
		_ = w.straight.Move(corners) // it never fails
		part := share(gridFrame(w.to), orb.Bound{Min: corners[0], Max: corners[1]})
		if 1-part < raster.AlignTolerance/float64(max(w.from.Cols, w.from.Rows)) { // which is no cell
			part = 1
		}
		return part, nil
	}
	m, err := w.newMover()
	if err != nil {
		return 0, err
	}
	defer m.Close()
	const steps = 200
	cols, rows := float64(w.from.Cols), float64(w.from.Rows)
	net := make([]orb.Point, 0, steps*steps)
	for i := range steps {
		for k := range steps {
			net = append(net, orb.Point{(float64(i) + 0.5) * cols / steps, (float64(k) + 0.5) * rows / steps})
		}
	}
	if err := m.Move(net); err != nil {
		return 0, err
	}
	inside := 0
	for frame := gridFrame(w.to); len(net) > 0; net = net[1:] {
		if frame.Contains(net[0]) {
			inside++
		}
	}
	return float64(inside) / (steps * steps), nil
}

// straight moves points between lattices of one CRS. It may be used by many goroutines.
type straight struct{ scaleU, scaleV, addU, addV float64 }

// straightWay returns the way between two grids whose coordinates mean the same. Between cells of one size that lie on
// one lattice it is exact.
func straightWay(from, to raster.Grid) *straight {
	if cols, rows, err := raster.Offset(to, from); err == nil {
		return &straight{1, 1, float64(cols), float64(rows)}
	}
	return &straight{
		from.CellX / to.CellX, from.CellY / to.CellY,
		(from.OriginX - to.OriginX) / to.CellX, (to.OriginY - from.OriginY) / to.CellY,
	}
}

// Move implements [redline.Mover].
func (m *straight) Move(points []orb.Point) error {
	for i, p := range points {
		points[i] = orb.Point{p[0]*m.scaleU + m.addU, p[1]*m.scaleV + m.addV}
	}
	return nil
}

// Close implements [redline.Mover].
func (*straight) Close() {}

// mover moves points between lattices of two CRSs, for one goroutine.
type mover struct {
	from, to  raster.Grid
	transform *gdalraster.Transform
	x, y      []float64 // memory that one call leaves to the next
}

// Move implements [redline.Mover].
func (m *mover) Move(points []orb.Point) error {
	m.x, m.y = m.x[:0], m.y[:0]
	for _, p := range points {
		x, y := m.from.Map(p[0], p[1])
		m.x, m.y = append(m.x, x), append(m.y, y)
	}
	if err := m.transform.XY(m.x, m.y); err != nil {
		return err
	}
	for i := range points {
		points[i][0], points[i][1] = m.to.Lattice(m.x[i], m.y[i])
	}
	return nil
}

// Close implements [redline.Mover].
func (m *mover) Close() { m.transform.Close() }
