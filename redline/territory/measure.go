package territory

import (
	"context"
	"slices"

	"greenshield/raster/parallel"
	"greenshield/vector"
	"greenshield/vector/overlay"

	"github.com/paulmach/orb"
)

// measure sets the areas inside the grid: of territories, of zones, and the sum of all territories in cells.
func (d *divider) measure(ctx context.Context) error {
	n := len(d.Zones)
	d.OwnM2, d.InGridM2 = make([]float64, n), make([]float64, n)
	own := make([]float64, n)
	err := parallel.Each(ctx, d.Overlayers, n, func(o Overlayer, rank int) error {
		z := d.ByRank[rank]
		all, err := within(o, d.Zones[z].Shape, d.frame)
		if err != nil {
			return err
		}
		allM2 := d.Earth.PolygonM2(all)
		t, tM2 := all, allM2
		if !d.Territory[rank].Equal(d.Zones[z].Shape) { // most zones meet no stricter one, and control all their ground
			if t, err = within(o, d.Territory[rank], d.frame); err != nil {
				return err
			}
			tM2 = d.Earth.PolygonM2(t)
		}
		d.OwnM2[rank], own[rank], d.InGridM2[z] = tM2, ringArea(t), allM2
		return nil
	})
	for _, cells := range own {
		d.Cells += cells
	}
	return err
}

// unionResult is the planar area of the union of all zones inside the grid.
type unionResult struct {
	cells float64
	err   error
}

// UnionCells waits for the planar area, in cells, of the union of all zones inside the grid. This is found without
// the territories, so that [Division.Cells] can be compared with it. UnionCells may be called once. When ctx is done
// before the area is found, the error is the cause of that: a call of a C library cannot be stopped, and is left to
// come to its end by itself.
func (d *Division) UnionCells(ctx context.Context) (float64, error) {
	select {
	case u := <-d.union:
		return u.cells, u.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// unite measures the union of all zones, tile by tile. Who controls the centres of cells is held against the zones
// first, row by row and without any overlay.
func (d *divider) unite(ctx context.Context) (sum unionResult) {
	if sum.err = d.checkCentres(ctx); sum.err != nil {
		return sum
	}
	var tiles []*tile
	for _, g := range d.grounds {
		tiles = append(tiles, g.tiles...)
	}
	areas := make([]float64, len(tiles))
	sum.err = parallel.Each(ctx, d.Overlayers, len(tiles), func(o Overlayer, i int) error {
		var err error
		areas[i], err = tiles[i].unionCells(o, d.frame)
		return err
	})
	for _, cells := range areas {
		sum.cells += cells
	}
	return sum
}

// unionCells returns the planar area that the zones of the tile cover inside the frame.
func (t *tile) unionCells(o Overlayer, frame orb.Bound) (cells float64, err error) {
	if t.union != nil {
		all, err := within(o, t.union, frame)
		return ringArea(all), err
	}
	zones := t.zoneShapes()
	if i := slices.IndexFunc(zones, t.filledBy); i >= 0 {
		zones = zones[i : i+1]
	}
	for _, members := range clusters(zones, t.box) {
		all := zones[members[0]]
		if len(members) > 1 {
			shapes := make([]orb.MultiPolygon, len(members))
			for k, i := range members {
				shapes[k] = zones[i]
			}
			if all, err = o.Union(shapes...); err != nil {
				return 0, err
			}
		}
		if all, err = within(o, all, frame); err != nil {
			return 0, err
		}
		cells += ringArea(all)
	}
	return cells, nil
}

// within returns the part of a valid shape that lies in the frame. All its rings may be in one polygon, so it only
// serves for measuring with [ringArea] and [raster.Earth.PolygonM2].
func within(o Overlayer, shape orb.MultiPolygon, frame orb.Bound) (orb.MultiPolygon, error) {
	if b := vector.Bound(shape); frame.Contains(b.Min) && frame.Contains(b.Max) {
		return shape, nil
	}
	rings := slices.Concat(shape...)
	for axis := range 2 {
		_, high, ok := overlay.Halve(rings, axis, frame.Min[axis])
		if ok {
			rings, _, ok = overlay.Halve(high, axis, frame.Max[axis])
		}
		if !ok {
			return o.Intersection(shape, orb.MultiPolygon{frame.ToPolygon()})
		}
	}
	return orb.MultiPolygon{rings}, nil
}

// ringArea returns the planar area of oriented rings, whichever polygons they stand in.
func ringArea(mp orb.MultiPolygon) (sum float64) {
	for _, p := range mp {
		for _, r := range p {
			sum += vector.SignedArea(r)
		}
	}
	return sum
}
