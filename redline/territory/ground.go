package territory

import (
	"math"
	"slices"
	"sync"

	"greenshield/raster/sets"
	"greenshield/vector"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"
)

// ground is a cluster of zones whose bounds are linked: no other zone meets one of them. It is cut into several tiles
// when its zones are many or long, since GEOS may need time that grows with the square of what it is given.
type ground struct {
	whole    *tile
	tiles    []*tile
	limits   groundLimits
	attempts int  // how often it was cut into tiles so far
	pairs    bool // each shared part is with one zone, as some tile is overlaid
}

// groundLimits say how grounds are cut into tiles.
type groundLimits struct {
	vertices int // about the most that a tile has
	workers  int // goroutines that may cut at once
}

// maxAttempts is how often a ground is cut into tiles before it is left whole.
const maxAttempts = 4

// divide cuts the ground into tiles: each time by other lines, and after maxAttempts not at all.
func (g *ground) divide() {
	if g.attempts++; g.attempts > maxAttempts {
		g.tiles = []*tile{g.whole}
		return
	}
	g.tiles = g.halve(g.whole, 0)
}

// newGrounds finds the grounds of all zones that meet the frame, and cuts them into tiles. shapes are those of the
// zones by rank.
func newGrounds(shapes []orb.MultiPolygon, exempt orb.MultiPolygon, frame orb.Bound, limits groundLimits) []*ground {
	var grounds []*ground
	for _, ranks := range clusters(shapes, frame) {
		root := &tile{ranks: ranks}
		root.box.Min, root.box.Max = orb.Point{math.Inf(-1), math.Inf(-1)}, orb.Point{math.Inf(1), math.Inf(1)}
		var box orb.Bound
		for i, rank := range ranks {
			root.shapes = append(root.shapes, shapes[rank])
			if box = box.Union(vector.Bound(shapes[rank])); i == 0 {
				box = vector.Bound(shapes[rank])
			}
		}
		var known orb.MultiPolygon
		for _, p := range exempt {
			if p.Bound().Intersects(box) {
				known = append(known, p)
			}
		}
		if known != nil {
			root.ranks, root.shapes, root.exempted = append(root.ranks, len(shapes)), append(root.shapes, known), true
		}
		g := &ground{whole: root, limits: limits}
		g.divide()
		grounds = append(grounds, g)
	}
	return grounds
}

// share is where tiles are cut, of their longer side: by other lines in each attempt.
func (g *ground) share() float64 { return 0.5 + 0.0017*float64(g.attempts-1) }

// halve cuts the tile into halves, and these again, as long as that helps. depth is how often it was cut already.
func (g *ground) halve(t *tile, depth int) []*tile {
	const deepest = 48
	if depth == deepest || !t.heavy(g.limits.vertices) {
		return []*tile{t}
	}
	low, high, ok := t.halves(g.share())
	if !ok {
		return []*tile{t}
	}
	if 1<<depth >= g.limits.workers {
		return append(g.halve(low, depth+1), g.halve(high, depth+1)...)
	}
	var tiles [2][]*tile
	var wg sync.WaitGroup
	for i, half := range [2]*tile{low, high} {
		wg.Go(func() { tiles[i] = g.halve(half, depth+1) })
	}
	wg.Wait()
	return slices.Concat(tiles[0], tiles[1])
}

// clusters lists the positions of shapes whose bounds are linked, each list ascending. Shapes that do not meet the
// frame are left out.
func clusters(shapes []orb.MultiPolygon, frame orb.Bound) [][]int {
	linked := sets.New(len(shapes))
	bounds := make([]orb.Bound, len(shapes))
	var tree rtree.RTreeG[int]
	for rank, mp := range shapes {
		bounds[rank] = vector.Bound(mp)
		if bounds[rank].Intersects(frame) {
			tree.Insert(bounds[rank].Min, bounds[rank].Max, rank)
		}
	}
	for rank, b := range bounds {
		if !b.Intersects(frame) {
			continue
		}
		tree.Search(b.Min, b.Max, func(_, _ [2]float64, other int) bool {
			linked.Union(int32(rank), int32(other))
			return true
		})
	}
	var out [][]int
	at := map[int32]int{} // root → position in out
	for rank, b := range bounds {
		if !b.Intersects(frame) {
			continue
		}
		root := linked.Find(int32(rank))
		if _, seen := at[root]; !seen {
			at[root] = len(out)
			out = append(out, nil)
		}
		out[at[root]] = append(out[at[root]], rank)
	}
	return out
}
