package territory

import (
	"context"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster/parallel"
	"greenshield/redline"
	"greenshield/vector"
	"greenshield/vector/arrangement"
	"greenshield/vector/overlay"
)

// settle divides all grounds. It returns the regions that are shared, parallel to d.Sharing. Where the pieces of a
// ground's tiles do not fit together, that ground is cut into other tiles, and all begins anew.
func (d *divider) settle(ctx context.Context) ([]orb.MultiPolygon, error) {
	for {
		if again, err := d.divideTiles(ctx); err != nil {
			return nil, err
		} else if again {
			continue
		}
		a := d.gather()
		regions, again, err := d.assemble(ctx, a)
		if !again || err != nil {
			return regions, err
		}
	}
}

// divideTiles divides the ground of each tile by itself. It asks for another attempt when it had to cut a ground anew.
func (d *divider) divideTiles(ctx context.Context) (again bool, err error) {
	if err := d.arrangeTiles(ctx); err != nil {
		return false, err
	}
	var tiles []*tile
	var of []*ground
	for _, g := range d.grounds {
		tiles = append(tiles, g.tiles...)
		of = append(of, slices.Repeat([]*ground{g}, len(g.tiles))...)
	}
	// Two zones that merely touch in one tile but overlap in the next, or in all of them together, must be cut in each,
	// or else their outlines would not meet.
	overlapping, touching := map[[2]int]bool{}, map[[2]int]float64{}
	for _, t := range tiles {
		for _, pair := range t.meeting {
			overlapping[pair] = true
		}
		for _, at := range t.touching {
			if touching[at.pair] += at.cells; touching[at.pair] > TouchCells {
				overlapping[at.pair] = true
			}
		}
	}
	isOverlapping := func(at touch) bool { return overlapping[at.pair] }
	err = parallel.Each(ctx, d.Overlayers, len(tiles), func(o Overlayer, i int) error {
		if tiles[i].apart || !slices.ContainsFunc(tiles[i].touching, isOverlapping) {
			return nil
		}
		return d.divideTile(ctx, o, of[i], tiles[i], overlapping)
	})
	if err != nil {
		return false, err
	}
	for _, g := range d.grounds {
		if slices.ContainsFunc(g.tiles, func(t *tile) bool { return t.apart }) {
			if err := d.cutAnew(g); err != nil {
				return false, err
			}
			again = true
		}
	}
	return again, nil
}

// arrangeTiles divides each tile for the first time.
func (d *divider) arrangeTiles(ctx context.Context) error {
	type part struct {
		ground *ground
		tiles  []*tile
	}
	var parts []part
	for _, g := range d.grounds {
		for i := range g.tiles {
			parts = append(parts, part{g, g.tiles[i : i+1]})
		}
	}
	err := parallel.Each(ctx, d.Overlayers, len(parts), func(o Overlayer, i int) (err error) {
		parts[i].tiles, err = d.arrangeTile(ctx, o, parts[i].ground, parts[i].tiles[0])
		return err
	})
	if err != nil {
		return err
	}
	for _, g := range d.grounds {
		g.tiles = nil
	}
	for _, p := range parts {
		p.ground.tiles = append(p.ground.tiles, p.tiles...)
	}
	return d.pairUp(ctx)
}

// pairUp divides the arranged tiles of grounds of which others were overlaid once more, so that in all of them each
// shared part is with one zone: or else the parts would not meet.
func (d *divider) pairUp(ctx context.Context) error {
	for _, g := range d.grounds {
		g.pairs = slices.ContainsFunc(g.tiles, func(t *tile) bool { return t.overlaid })
		if !g.pairs {
			continue
		}
		err := parallel.Each(ctx, d.Overlayers, len(g.tiles), func(o Overlayer, i int) error {
			if t := g.tiles[i]; !t.apart && !t.overlaid {
				return d.divideTile(ctx, o, g, t, nil)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// arrangeTile divides a tile for the first time. When its outlines cannot be arranged it is halved, and so are its
// halves, until they can be, or are small enough for an Overlayer. It returns the tiles that have become of it.
func (d *divider) arrangeTile(ctx context.Context, o Overlayer, g *ground, t *tile) ([]*tile, error) {
	if t.apart = t.makePolygons() != nil; t.apart {
		return []*tile{t}, nil
	}
	if done, err := d.divideArranged(ctx, t, false, nil); done || err != nil {
		return []*tile{t}, err
	}
	if t.heavy(min(overlaidVertices, g.limits.vertices)) {
		if low, high, ok := t.halves(g.share()); ok {
			d.release(t)
			if err := d.chargeTiles(low, high); err != nil {
				return nil, err
			}
			tiles, err := d.arrangeTile(ctx, o, g, low)
			if err != nil {
				return nil, err
			}
			more, err := d.arrangeTile(ctx, o, g, high)
			return append(tiles, more...), err
		}
	}
	return []*tile{t}, d.divideOverlaid(ctx, o, t, nil)
}

// whole holds the pieces that the tiles of a ground have of one territory, or of one shared region.
type whole struct {
	ground *ground
	pieces []overlay.Piece
}

// gathered is the pieces of all tiles.
type gathered struct {
	territories []whole // by rank; a zone that does not meet the grid has no ground
	shared      []whole // parallel to Division.Sharing
}

// gather collects the pieces of each territory and region from the tiles, and sets d.Sharing: by rank, then by the
// ranks of the other zones, exemptions last.
func (d *divider) gather() gathered {
	n := len(d.Zones)
	a := gathered{territories: make([]whole, n)}
	regions := map[arrangement.Set]*whole{} // by the ranks of the territory and of the zones that it is shared with
	var ranks []int32
	var key []byte
	for _, g := range d.grounds {
		for _, t := range g.tiles {
			for i, rank := range t.ranks {
				if rank < n {
					w := &a.territories[rank]
					w.ground, w.pieces = g, append(w.pieces, overlay.Piece{Box: t.box, Shape: t.territory[i]})
				}
			}
			for _, s := range t.shared {
				ranks = append(ranks[:0], int32(t.ranks[s.i]))
				for j := range s.with.All() {
					ranks = append(ranks, int32(t.ranks[j]))
				}
				key = arrangement.AppendSet(key[:0], ranks)
				r := regions[arrangement.Set(key)]
				if r == nil {
					r = &whole{ground: g}
					regions[arrangement.Set(key)] = r
				}
				r.pieces = append(r.pieces, overlay.Piece{Box: t.box, Shape: s.shape})
			}
		}
	}
	d.Sharing = nil
	for _, key := range slices.Sorted(maps.Keys(regions)) { // by ranks
		d.Sharing, a.shared = append(d.Sharing, Sharing{int(key.First()), key}), append(a.shared, *regions[key])
	}
	return a
}

// assemble joins the pieces of each territory and region. When some do not fit, for example because GEOS moved an edge
// where it was cut, it cuts their grounds anew and asks for another attempt.
func (d *divider) assemble(ctx context.Context, a gathered) (regions []orb.MultiPolygon, again bool, err error) {
	n := len(d.Zones)
	regions = make([]orb.MultiPolygon, len(d.Sharing))
	apart := make([]bool, n+len(regions))
	before := d.account.used.Load()
	err = parallel.Each(ctx, d.Overlayers, len(apart), func(_ Overlayer, i int) error {
		var w *whole
		var out *orb.MultiPolygon
		switch {
		case i >= n:
			w, out = &a.shared[i-n], &regions[i-n]
		case a.territories[i].ground != nil:
			w, out = &a.territories[i], &d.Territory[i]
		default:
			return nil
		}
		shape, err := joinPieces(w.pieces)
		if apart[i] = err != nil; apart[i] {
			return nil
		}
		*out = shape
		return d.account.take(vector.Bytes(shape))
	})
	failed := map[*ground]bool{}
	for i, yes := range apart {
		switch {
		case yes && i >= n:
			failed[a.shared[i-n].ground] = true
		case yes:
			failed[a.territories[i].ground] = true
		}
	}
	if err != nil || len(failed) == 0 {
		return regions, false, err
	}
	d.account.used.Store(before)
	for g := range failed {
		if err := d.cutAnew(g); err != nil {
			return nil, false, err
		}
	}
	return nil, true, nil
}

// joinPieces joins pieces of tiles. It is an error when that loses or gains area.
func joinPieces(pieces []overlay.Piece) (orb.MultiPolygon, error) {
	if len(pieces) == 1 && endless(pieces[0].Box) {
		return pieces[0].Shape, nil
	}
	all, err := overlay.Join(pieces)
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for _, p := range pieces {
		sum += vector.Area(p.Shape)
	}
	if !adds(sum, vector.Area(all)) {
		return nil, redline.Faultf(redline.Unbalanced, "the pieces of a zone measure %.9f cells, and %.9f put together; "+
			"nothing is published, please report this", sum, vector.Area(all))
	}
	return all, nil
}

// endless tells that a box reaches to infinity on both axes, so that nothing was cut.
func endless(b orb.Bound) bool {
	return math.IsInf(b.Max[0]-b.Min[0], 1) && math.IsInf(b.Max[1]-b.Min[1], 1)
}
