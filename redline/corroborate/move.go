package corroborate

import (
	"errors"
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
)

// planar moves points between lattices of one CRS.
type planar struct{ from, to raster.Grid }

// Move implements [redline.Mover].
func (p planar) Move(points []orb.Point) error {
	for i := range points {
		points[i][0], points[i][1] = p.to.Lattice(p.from.Map(points[i][0], points[i][1]))
	}
	return nil
}

// Close implements [redline.Mover].
func (planar) Close() {}

// shift moves points by whole cells.
type shift [2]float64

// Move implements [redline.Mover].
func (s shift) Move(points []orb.Point) error {
	for i := range points {
		points[i][0], points[i][1] = points[i][0]+s[0], points[i][1]+s[1]
	}
	return nil
}

// Close implements [redline.Mover].
func (shift) Close() {}

// mover returns what moves points from the lattice of the run to that of the map.
func (l *layer) mover() (redline.Mover, error) {
	switch {
	case l.aligned:
		return shift{float64(l.east), float64(l.south)}, nil
	case l.NewMover == nil || sameCRS(l.run.CRS, l.grid.CRS):
		return planar{l.run, l.grid}, nil
	}
	return l.NewMover()
}

// back moves points the way back of another mover, by successive approximation around a point.
type back struct {
	redline.Mover
	around orb.Point // on the lattice to which points are moved
}

const (
	backSteps     = 60
	backPrecision = 1e-9 // in cells
)

// errBack is what back says of a map that is too strange.
var errBack = errors.New("internal: the way back between two lattices is not found")

// Move implements [redline.Mover].
func (b back) Move(points []orb.Point) error {
	frame := []orb.Point{b.around, {b.around[0] + 1, b.around[1]}, {b.around[0], b.around[1] + 1}}
	if err := b.Mover.Move(frame); err != nil {
		return err
	}
	o := frame[0]
	uu, uv, vu, vv := frame[1][0]-o[0], frame[1][1]-o[1], frame[2][0]-o[0], frame[2][1]-o[1]
	det := uu*vv - uv*vu
	step := func(d orb.Point) orb.Point {
		return orb.Point{(d[0]*vv - d[1]*vu) / det, (d[1]*uu - d[0]*uv) / det}
	}
	found, there := make([]orb.Point, len(points)), make([]orb.Point, len(points))
	for i, p := range points {
		d := step(orb.Point{p[0] - o[0], p[1] - o[1]})
		found[i] = orb.Point{b.around[0] + d[0], b.around[1] + d[1]}
	}
	for range backSteps {
		copy(there, found)
		if err := b.Mover.Move(there); err != nil {
			return err
		}
		far := 0.0
		for i, p := range points {
			d := step(orb.Point{p[0] - there[i][0], p[1] - there[i][1]})
			found[i] = orb.Point{found[i][0] + d[0], found[i][1] + d[1]}
			far = max(far, math.Abs(d[0]), math.Abs(d[1]))
		}
		if far <= backPrecision {
			copy(points, found)
			return nil
		}
	}
	return errBack
}
