package redline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/raster"
	"greenshield/vector"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// touchCells is the overlap of two zones, in cells, that counts as mere touching:
// about 1 cm² at 30 m. Neighbours that share a border overlap by less through rounding.
const touchCells = 1e-7

// partition divides the ground among the zones. Zones are known by rank, their place
// in the order of precedence; rank 0 is the strictest.
type partition struct {
	zones     []Zone
	byRank    []int              // rank → position in zones
	territory []orb.MultiPolygon // by rank
	control   *overlay.Outlines  // the territories, by rank
	// shared holds, as regions, what a territory has in common with each weaker zone
	// over it, and with the exemptions.
	shared   *overlay.Outlines
	sharing  []sharing
	sharedOf [][]int32 // by rank: its regions in shared
	inGridM2 []float64 // by position in zones: area of the zone inside the grid
	ownM2    []float64 // by rank: area of the territory inside the grid

	territoryCells float64 // planar area inside the grid, for the balance with the union
	union          chan unionResult
}

// sharing is a region of partition.shared: territory of rank ∩ the zone, or ∩ the
// exemptions when zone is −1.
type sharing struct {
	rank, zone int
}

// precedes orders zones by precedence: the strictest type, then the smaller id, bytewise.
// The rule table gives one severity per change type and zone type, so that two zones
// of one type never differ in severity.
func precedes(a, b *Zone) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Layer, b.Layer))
}

// divide finds territories and what zones share. It gives up soon after ctx is done.
func divide(ctx context.Context, in *Inputs, t Tuning, newOverlayer func() Overlayer) (*partition, error) {
	n := len(in.Zones)
	p := &partition{zones: in.Zones, byRank: make([]int, n), territory: make([]orb.MultiPolygon, n), sharedOf: make([][]int32, n)}
	for i := range p.byRank {
		p.byRank[i] = i
	}
	slices.SortFunc(p.byRank, func(a, b int) int { return precedes(&in.Zones[a], &in.Zones[b]) })
	frame := orb.Bound{Max: orb.Point{float64(in.Grid.Cols), float64(in.Grid.Rows)}}
	shapes := make([]orb.MultiPolygon, n) // by rank
	for rank, z := range p.byRank {
		shapes[rank] = in.Zones[z].Shape
	}
	exempt, err := union(newOverlayer(), in.Exempt)
	if err != nil {
		return nil, fmt.Errorf("exemptions: %w", err)
	}

	copy(p.territory, shapes) // stays so outside the grid
	grounds := newGrounds(shapes, exempt, frame, cmp.Or(t.Vertices, tileVertices), t.Workers)
	regions, err := p.settle(ctx, grounds, t.Workers, newOverlayer)
	if err != nil {
		return nil, err
	}
	for i, sh := range p.sharing {
		p.sharedOf[sh.rank] = append(p.sharedOf[sh.rank], int32(i))
	}
	if p.shared, err = overlay.NewOutlines(in.Grid.Cols, in.Grid.Rows, regions); err != nil {
		return nil, err
	}
	if p.control, err = overlay.NewOutlines(in.Grid.Cols, in.Grid.Rows, p.territory); err != nil {
		return nil, err
	}
	if err := p.measure(ctx, in.Earth, frame, t.Workers, newOverlayer); err != nil {
		return nil, err
	}
	p.union = make(chan unionResult, 1)
	go func() { p.union <- unite(ctx, grounds, frame, t.Workers, newOverlayer) }()
	return p, nil
}

// settle divides all grounds. It returns what is shared, in the order of p.sharing.
func (p *partition) settle(ctx context.Context, grounds []*ground, workers int, newOverlayer func() Overlayer) ([]orb.MultiPolygon, error) {
	n := len(p.zones)
	tiles := allTiles(grounds)
	apart := make([]bool, len(tiles))
	err := parallel(ctx, workers, len(tiles), newOverlayer, func(o Overlayer, i int) error {
		if apart[i] = tiles[i].assemble() != nil; apart[i] {
			return nil
		}
		return p.divideTile(ctx, o, tiles[i], nil)
	})
	if err != nil {
		return nil, err
	}
	// Two zones that merely touch in one tile but overlap in the next, or in all of them
	// together, must be cut in each, or else their outlines would not meet.
	overlapping, touching := map[[2]int]bool{}, map[[2]int]float64{}
	for _, t := range tiles {
		for _, pair := range t.meeting {
			overlapping[pair] = true
		}
		for _, at := range t.touching {
			if touching[at.pair] += at.cells; touching[at.pair] > touchCells {
				overlapping[at.pair] = true
			}
		}
	}
	isOverlapping := func(at touch) bool { return overlapping[at.pair] }
	err = parallel(ctx, workers, len(tiles), newOverlayer, func(o Overlayer, i int) error {
		if apart[i] || !slices.ContainsFunc(tiles[i].touching, isOverlapping) {
			return nil
		}
		return p.divideTile(ctx, o, tiles[i], overlapping)
	})
	if err != nil {
		return nil, err
	}
	again := false
	i := 0
	for _, g := range grounds {
		n := len(g.tiles)
		if slices.Contains(apart[i:i+n], true) {
			g.divide()
			again = true
		}
		i += n
	}
	if again {
		return p.settle(ctx, grounds, workers, newOverlayer)
	}
	type whole struct {
		ground *ground
		pieces []overlay.Piece
	}
	territories, shared := make([]whole, n), map[sharing]*whole{}
	for _, g := range grounds {
		for _, t := range g.tiles {
			for i, rank := range t.ranks {
				if rank < n {
					territories[rank].ground = g
					territories[rank].pieces = append(territories[rank].pieces, overlay.Piece{Box: t.box, Shape: t.territory[i]})
				}
			}
			for _, s := range t.shared {
				key := sharing{rank: t.ranks[s.i], zone: -1}
				if other := t.ranks[s.j]; other < n {
					key.zone = p.byRank[other]
				}
				if shared[key] == nil {
					shared[key] = &whole{ground: g}
				}
				shared[key].pieces = append(shared[key].pieces, overlay.Piece{Box: t.box, Shape: s.shape})
			}
		}
	}
	rankOf := make([]int, n+1) // by zone + 1; exemptions come last
	rankOf[0] = n
	for rank, z := range p.byRank {
		rankOf[z+1] = rank
	}
	p.sharing = slices.SortedFunc(maps.Keys(shared), func(a, b sharing) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(rankOf[a.zone+1], rankOf[b.zone+1]))
	})
	regions := make([]orb.MultiPolygon, len(p.sharing))
	apart = make([]bool, n+len(regions))
	err = parallel(ctx, workers, len(apart), newOverlayer, func(_ Overlayer, i int) error {
		var err error
		switch {
		case i >= n:
			regions[i-n], err = joined(shared[p.sharing[i-n]].pieces)
		case territories[i].ground != nil:
			p.territory[i], err = joined(territories[i].pieces)
		}
		apart[i] = err != nil
		return nil
	})
	failed := map[*ground]bool{}
	for i, yes := range apart {
		if yes {
			w := &territories[min(i, n-1)]
			if i >= n { // what is shared
				w = shared[p.sharing[i-n]]
			}
			failed[w.ground] = true
		}
	}
	for g := range failed {
		g.divide()
		again = true
	}
	if again && err == nil { // GEOS moved an edge where it was cut
		return p.settle(ctx, grounds, workers, newOverlayer)
	}
	return regions, err
}

func allTiles(grounds []*ground) (tiles []*tile) {
	for _, g := range grounds {
		tiles = append(tiles, g.tiles...)
	}
	return tiles
}

// divideTile finds the territories in a tile, and what they share. Zones that overlap
// elsewhere are cut however little they do so here.
func (p *partition) divideTile(ctx context.Context, o Overlayer, t *tile, elsewhere map[[2]int]bool) error {
	k := len(t.ranks)
	shapes := make([]*overlay.Shape, k)
	for i, s := range t.shapes {
		shapes[i] = overlay.NewShape(s)
	}
	territory := make([]*overlay.Shape, k)
	t.territory, t.shared, t.meeting, t.touching = make([]orb.MultiPolygon, k), nil, nil, nil
	type overlap struct {
		with int
		left float64 // area of the other shape outside the territory; −1 unknown
		// meeting is that of both whole shapes, if it tells what they share.
		meeting *overlay.Meeting
	}
	weaker := make([][]overlap, k)
	cut := make([]bool, k) // the territory is less than the shape
	for i, rank := range t.ranks {
		if rank == len(p.zones) { // exemptions control nothing
			break
		}
		rest := shapes[i]
		var taken []*overlay.Shape                           // what rest is the shape without
		for j := 0; j < i && len(rest.Polygons()) > 0; j++ { // j is stricter; which pairs really overlap is found on the way
			if !shapes[i].Bound().Intersects(shapes[j].Bound()) || fillsHoles(t.shapes[j], t.shapes[i]) {
				continue
			}
			if err := context.Cause(ctx); err != nil {
				return err
			}
			less, meeting, ok := t.subtract(rest, shapes[j])
			without := append(slices.Clip(taken), shapes[j])
			if !ok {
				if again, merged, found := t.subtractAll(shapes[i], taken, shapes[j]); found {
					less, without = again, merged
				} else if polygons, err := o.Difference(rest.Polygons(), t.shapes[j]); err == nil {
					less = overlay.NewShape(polygons)
				} else {
					return fmt.Errorf("zones %s and %s: %w", p.id(rank), p.id(t.ranks[j]), err)
				}
			}
			before, after := rest.Area(), less.Area()
			pair := [2]int{t.ranks[j], rank}
			if before-after <= touchCells+1e-12*before && !elsewhere[pair] {
				if before != after {
					t.touching = append(t.touching, touch{pair, before - after})
				}
				continue // keeps the outline free of the neighbour's vertices
			}
			t.meeting = append(t.meeting, pair)
			known := overlap{with: i, left: -1}
			if !cut[i] && !cut[j] {
				known.left, known.meeting = after, meeting
			}
			rest, taken, cut[i] = less, without, true
			weaker[j] = append(weaker[j], known)
		}
		t.territory[i], territory[i] = rest.Polygons(), rest
	}
	given := make([]float64, k) // area of the shape that is in some territory
	for i := range t.ranks {
		if territory[i] == nil {
			continue
		}
		given[i] += territory[i].Area()
		if last := k - 1; t.ranks[last] == len(p.zones) && i < last && len(t.territory[i]) > 0 && shapes[i].Bound().Intersects(shapes[last].Bound()) {
			weaker[i] = append(weaker[i], overlap{with: last, left: -1})
		}
		for _, other := range weaker[i] {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			shape, err := t.split(o, territory[i], shapes[other.with], other.left, other.meeting)
			if err != nil {
				return fmt.Errorf("zone %s: %w", p.id(t.ranks[i]), err)
			}
			if len(shape) > 0 {
				t.shared = append(t.shared, sharedPart{i, other.with, shape})
				given[other.with] += vector.Area(shape)
			}
		}
	}
	for i := range t.zoneShapes() {
		if all := shapes[i].Area(); math.Abs(given[i]-all) > float64(k)*touchCells+1e-9*all {
			return Faultf(Unbalanced, "zone %s: it has %.9f cells, %.9f of them are in the territory of a zone; nothing is published, please report this", p.id(t.ranks[i]), all, given[i])
		}
	}
	return nil
}

func (p *partition) id(rank int) string { return p.zones[p.byRank[rank]].ID }

// fillsHoles tells that every part of inner fills a hole of outer to the vertex, as
// functional zones of a reserve do: then they share no ground, which saves an overlay.
func fillsHoles(inner, outer orb.MultiPolygon) bool {
	for _, part := range inner {
		k, h := filledHole(part[0], outer)
		if k < 0 {
			return false
		}
		for other, island := range outer { // an island in the hole might overlap with inner
			if in, on := trace.Inside(outer[k][h], island[0][0]); other != k && (in || on) {
				return false
			}
		}
	}
	return true
}

// filledHole finds the hole of outer that a shell fills to the vertex: ring h of part k. It
// returns k = −1 if there is none.
func filledHole(shell orb.Ring, outer orb.MultiPolygon) (k, h int) {
	for k, part := range outer {
		for h := 1; h < len(part); h++ {
			if reversed(shell, part[h]) {
				return k, h
			}
		}
	}
	return -1, 0
}

// filled is outer with the holes filled that inner fills.
func filled(inner, outer orb.MultiPolygon) orb.MultiPolygon {
	whole := make(orb.MultiPolygon, len(outer))
	for k, part := range outer {
		whole[k] = slices.Clone(part)
	}
	for _, part := range inner {
		k, h := filledHole(part[0], whole)
		whole[k] = slices.Concat(whole[k][:h], whole[k][h+1:], part[1:])
	}
	return whole
}

// reversed tells whether two closed rings have the same vertices, one backwards.
func reversed(a, b orb.Ring) bool {
	n := len(a) - 1
	if len(b) != len(a) {
		return false
	}
	start := slices.Index(b, a[0])
	if start < 0 {
		return false
	}
	for i := range n {
		if a[i] != b[((start-i)%n+n)%n] {
			return false
		}
	}
	return true
}

// measure finds areas inside the grid.
func (p *partition) measure(ctx context.Context, earth *raster.Earth, frame orb.Bound, workers int, newOverlayer func() Overlayer) error {
	n := len(p.zones)
	p.ownM2, p.inGridM2 = make([]float64, n), make([]float64, n)
	own := make([]float64, n)
	err := parallel(ctx, workers, n, newOverlayer, func(o Overlayer, rank int) error {
		z := p.byRank[rank]
		t, err := within(o, p.territory[rank], frame)
		if err != nil {
			return err
		}
		all, err := within(o, p.zones[z].Shape, frame)
		if err != nil {
			return err
		}
		p.ownM2[rank], own[rank] = earth.PolygonM2(t), ringArea(t)
		p.inGridM2[z] = earth.PolygonM2(all)
		return nil
	})
	for _, cells := range own {
		p.territoryCells += cells
	}
	return err
}

// adds tells that planar areas agree but for rounding.
func adds(parts, whole float64) bool { return math.Abs(parts-whole) <= touchCells+1e-9*whole }

// unionResult is the planar area of the union of all zones inside the grid.
type unionResult struct {
	cells float64
	err   error
}

// unite finds the union, tile by tile. Only the balance at the end needs it, so it runs beside the scan.
func unite(ctx context.Context, grounds []*ground, frame orb.Bound, workers int, newOverlayer func() Overlayer) (sum unionResult) {
	tiles := allTiles(grounds)
	areas := make([]float64, len(tiles))
	sum.err = parallel(ctx, workers, len(tiles), newOverlayer, func(o Overlayer, i int) error {
		var err error
		areas[i], err = tiles[i].union(o, frame)
		return err
	})
	for _, cells := range areas {
		sum.cells += cells
	}
	return sum
}

// clusters lists the ranks of zones whose bounds are linked, each list sorted. Zones that
// do not meet the frame are left out.
func clusters(shapes []orb.MultiPolygon, frame orb.Bound) [][]int {
	parent := make([]int, len(shapes))
	bounds := make([]orb.Bound, len(shapes))
	var tree rtree.RTreeG[int]
	for rank, mp := range shapes {
		parent[rank], bounds[rank] = rank, vector.Bound(mp)
		if bounds[rank].Intersects(frame) {
			tree.Insert(bounds[rank].Min, bounds[rank].Max, rank)
		}
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for rank, b := range bounds {
		if !b.Intersects(frame) {
			continue
		}
		tree.Search(b.Min, b.Max, func(_, _ [2]float64, other int) bool {
			x, y := find(rank), find(other)
			parent[max(x, y)] = min(x, y)
			return true
		})
	}
	var out [][]int
	at := map[int]int{}
	for rank, b := range bounds {
		if !b.Intersects(frame) {
			continue
		}
		root := find(rank)
		if _, seen := at[root]; !seen {
			at[root] = len(out)
			out = append(out, nil)
		}
		out[at[root]] = append(out[at[root]], rank)
	}
	return out
}

func union(o Overlayer, areas []Area) (orb.MultiPolygon, error) {
	if len(areas) == 0 {
		return nil, nil
	}
	shapes := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		shapes[i] = a.Shape
	}
	return o.Union(shapes...)
}

// parallel calls f for 0 … n−1 on that many goroutines, each with an Overlayer of its
// own, and returns the error of the smallest number. When ctx is done it begins no more
// calls, and returns its cause.
func parallel(ctx context.Context, workers, n int, newOverlayer func() Overlayer, f func(o Overlayer, i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			o := newOverlayer()
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				errs[i] = f(o, i)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
