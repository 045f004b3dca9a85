package corroborate

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/vector/trace"
)

// Looker looks at the other maps for one goroutine.
type Looker struct {
	of     *Corroborator
	pairs  [][2]eye
	newest eye
	cutter cutter
	tracer trace.Tracer
	sums   [numKinds]raster.Area
}

// eye is what looks at one map.
type eye struct {
	*layer
	view  *View
	mover redline.Mover // nil until it is needed
	// shape is the candidate on the lattice of the map, and inside tells that the map has all of it.
	shape  orb.MultiPolygon
	inside bool
	points []orb.Point // of shape
}

// Looker returns one for the use of one goroutine. Nothing is opened before the first candidate.
func (c *Corroborator) Looker() *Looker {
	l := &Looker{of: c}
	for i := range c.pairs {
		p := &c.pairs[i]
		l.pairs = append(l.pairs,
			[2]eye{{layer: &p.before, view: p.before.blocks.View()}, {layer: &p.after, view: p.after.blocks.View()}})
	}
	if c.newest != nil {
		l.newest = eye{layer: c.newest, view: c.newest.blocks.View()}
	}
	return l
}

// Close closes what the looker opened.
func (l *Looker) Close() error {
	for i := range l.pairs {
		l.pairs[i][0].close()
		l.pairs[i][1].close()
	}
	l.newest.close()
	return nil
}

func (e *eye) close() {
	if e.mover != nil {
		e.mover.Close()
		e.mover = nil
	}
}

// Agree sets dst.Agreed, in the order of Inputs.Confirm, and dst.StaysPct, which is NaN without a newest map and where
// that knows nothing of the ground. shape is the ground of c on the lattice of the run's grid: shells are
// counter-clockwise, holes clockwise (u to the right, v upwards).
//
// The outline is moved to the lattice of each map with further vertices where its sides cross lines of the run's
// lattice; between them it is straight on the lattice of the map. Cells of the map count with the part of them that it
// encloses, times the area of the cell on the map's ellipsoid. Two maps of a pair that are not on one lattice cut the
// ground one after the other, and each piece has a class of both. A map on cells of the run is looked at as it is.
//
// What lies outside one of the maps is not known: it is NoData, in the amount that c.AreaM2 exceeds what was measured.
// Where the maps have all of the ground, what was measured is scaled. So the areas of an agreement always sum to
// c.AreaM2, but for rounding.
//
// It is a fault of kind Raster when a map cannot be read, or has a code on the ground that its legend lacks, and of
// kind Incompatible when the outline has no place in its reference system. What is set depends on c and shape alone.
func (l *Looker) Agree(c *redline.Candidate, shape orb.MultiPolygon, dst *redline.Evidence) error {
	g, ok := l.of.groups[c.Change]
	if !ok {
		return fmt.Errorf("internal: candidate %s has a change type %q that no rule has", c.ID, c.Change)
	}
	dst.Agreed, dst.StaysPct = dst.Agreed[:0], math.NaN()
	for i := range l.pairs {
		l.sums = [numKinds]raster.Area{}
		inside, err := l.pair(&l.of.pairs[i], &l.pairs[i], &g, shape)
		if err != nil {
			return err
		}
		dst.Agreed = append(dst.Agreed, l.agreement(c.AreaM2, inside))
	}
	if l.newest.layer == nil {
		return nil
	}
	bad, known, err := l.stays(&g, shape)
	if err == nil && known > 0 {
		dst.StaysPct = redline.Percent(bad, known)
	}
	return err
}

// agreement returns the sums in a total of m2.
func (l *Looker) agreement(m2 float64, inside bool) redline.Agreement {
	var all raster.Area
	for _, s := range l.sums {
		all.Add(s)
	}
	measured := all.M2()
	if measured == 0 {
		return redline.Agreement{NoData: m2}
	}
	whole := measured
	if !inside {
		whole = max(measured, m2)
	}
	of := func(kind int) float64 { return m2 * (l.sums[kind].M2() / whole) }
	return redline.Agreement{Same: of(same), Other: of(other), Unchanged: of(unchanged),
		NoData: of(noData) + m2*((whole-measured)/whole)}
}

// place sets the shape of a candidate on the lattice of the map.
func (e *eye) place(shape orb.MultiPolygon) (err error) {
	if e.mover == nil {
		if e.mover, err = e.layer.mover(); err != nil {
			return e.wrap(err)
		}
	}
	each := divided
	if e.aligned {
		each = copied
	}
	var shapes []orb.MultiPolygon
	shapes, e.points = mapped([]orb.MultiPolygon{shape}, e.points[:0], each)
	if err := e.mover.Move(e.points); err != nil {
		return e.wrap(err)
	}
	e.shape = shapes[0]
	e.inside = e.holds(e.grid, 0, 0)
	return nil
}

// holds tells whether a grid, in which the first cell of the map lies so far east and south, holds the shape.
func (e *eye) holds(g raster.Grid, east, south int) bool {
	const slack = raster.AlignTolerance
	b, _ := boundOf([]orb.MultiPolygon{e.shape})
	return b.Min[0]+float64(east) >= -slack && b.Max[0]+float64(east) <= float64(g.Cols)+slack &&
		b.Min[1]+float64(south) >= -slack && b.Max[1]+float64(south) <= float64(g.Rows)+slack
}

// look calls f for the ecosystem classes of the columns [col0, col1) of a row that lie on the map; col is the column of
// the first.
func (e *eye) look(row, col0, col1 int, f func(col int, symbols []uint8) error) error {
	return e.view.Row(row, col0, col1, func(col int, symbols []uint8) error {
		for i, s := range symbols {
			if e.eco[s] == unknown {
				return e.unknownCode(row, col+i)
			}
		}
		return f(col, symbols)
	})
}

// add adds some cells of a row of a map, with the share that a cut has of each, to a sum.
func add(sum *raster.Area, area *raster.RowArea, col0, col1 int, share float64) {
	run := area.Run(col0, col1)
	if share < 1 {
		sum.AddM2(share * run.M2())
		return
	}
	sum.Add(run)
}

// pair sums up what a pair shows of a candidate. inside tells that both maps have all of it.
func (l *Looker) pair(p *pair, eyes *[2]eye, g *group, shape orb.MultiPolygon) (inside bool, err error) {
	before, after := &eyes[0], &eyes[1]
	if err := before.place(shape); err != nil {
		return false, err
	}
	if p.onOne {
		inside = before.inside && before.holds(after.grid, p.east, p.south)
		return inside, l.onOne(p, eyes, g)
	}
	if err := after.place(shape); err != nil {
		return false, err
	}
	return before.inside && after.inside, l.refined(eyes, g, shape)
}

// onOne sums up what a pair on one lattice shows of the shape of before.
func (l *Looker) onOne(p *pair, eyes *[2]eye, g *group) error {
	before, after := &eyes[0], &eyes[1]
	return l.cutter.shares(before.grid, before.shape, func(c cut) error {
		area := before.Earth.Row(c.row)
		return before.look(c.row, c.col0, c.col1, func(col int, was []uint8) error {
			return after.look(c.row+p.south, col+p.east, col+p.east+len(was), func(at int, is []uint8) error {
				at -= p.east
				was := was[at-col:][:len(is)]
				kind := func(i int) uint8 { return g.kinds[before.eco[was[i]]][after.eco[is[i]]] }
				for i := 0; i < len(is); {
					k, end := kind(i), i+1
					for end < len(is) && kind(end) == k {
						end++
					}
					add(&l.sums[k], &area, at+i, at+end, c.share)
					i = end
				}
				return nil
			})
		})
	})
}

// refined sums up what a pair shows of a candidate whose maps are not on one lattice. The ground is cut by the cells of
// the map before, those of one class are put together, and these are moved and cut by the cells of the map after.
func (l *Looker) refined(eyes *[2]eye, g *group, shape orb.MultiPolygon) error {
	before, after := &eyes[0], &eyes[1]
	classes, regions, err := l.byClass(before)
	if err != nil {
		return err
	}
	regions, points := mapped(regions, nil, divided)
	if err := between(before, after, shape).Move(points); err != nil {
		return after.wrap(err)
	}
	return l.cutter.each(after.grid, regions, func(c cut) error {
		kinds := &g.kinds[classes[c.region]]
		area := after.Earth.Row(c.row)
		return after.look(c.row, c.col0, c.col1, func(col int, is []uint8) error {
			for i, s := range is {
				add(&l.sums[kinds[after.eco[s]]], &area, col+i, col+i+1, c.share)
			}
			return nil
		})
	})
}

// byClass returns the ground of the candidate by the ecosystem classes that a map has there, on the lattice of the map.
func (l *Looker) byClass(e *eye) (classes []uint8, regions []orb.MultiPolygon, err error) {
	var whole [landcover.NumEcosystems][]trace.Run
	var pieces [landcover.NumEcosystems]orb.MultiPolygon
	err = l.cutter.each(e.grid, []orb.MultiPolygon{e.shape}, func(c cut) error {
		return e.look(c.row, c.col0, c.col1, func(col int, symbols []uint8) error {
			for i, s := range symbols {
				class, at := e.eco[s], int32(col+i)
				if c.edges != nil {
					pieces[class] = rings(pieces[class], c.edges)
				} else {
					whole[class] = trace.Append(whole[class], trace.Run{Row: int32(c.row), Col0: at, Col1: at + 1})
				}
			}
			return nil
		})
	})
	for class := range whole {
		region := append(pieces[class], l.tracer.Polygons(whole[class])...)
		if len(region) > 0 {
			classes, regions = append(classes, uint8(class)), append(regions, region)
		}
	}
	return classes, regions, err
}

// chain moves points twice.
type chain [2]redline.Mover

// Move implements [redline.Mover].
func (c chain) Move(points []orb.Point) error {
	if err := c[0].Move(points); err != nil {
		return err
	}
	return c[1].Move(points)
}

// Close implements [redline.Mover].
func (chain) Close() {}

// between returns what moves points near a candidate from the lattice of a map to that of another one. It needs no
// closing.
func between(from, to *eye, shape orb.MultiPolygon) redline.Mover {
	if sameCRS(from.grid.CRS, to.grid.CRS) {
		return planar{from.grid, to.grid}
	}
	return chain{back{from.mover, shape.Bound().Center()}, to.mover}
}

// stays returns on how much of the ground of a candidate the newest map has still a class of the change, and how much
// it knows.
func (l *Looker) stays(g *group, shape orb.MultiPolygon) (bad, known float64, err error) {
	e := &l.newest
	if err := e.place(shape); err != nil {
		return 0, 0, err
	}
	var sums [2]raster.Area // of other classes, and of those of the change
	err = l.cutter.shares(e.grid, e.shape, func(c cut) error {
		area := e.Earth.Row(c.row)
		return e.look(c.row, c.col0, c.col1, func(col int, symbols []uint8) error {
			for i, s := range symbols {
				switch class := e.eco[s]; {
				case g.bad[class]:
					add(&sums[1], &area, col+i, col+i+1, c.share)
				case class != uint8(landcover.NoData):
					add(&sums[0], &area, col+i, col+i+1, c.share)
				}
			}
			return nil
		})
	})
	return sums[1].M2(), sums[0].M2() + sums[1].M2(), err
}
