package redline

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/raster"
	"greenshield/vector"
	"greenshield/vector/overlay"
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
	control   *overlay.Cover
	// shared holds, as regions, what a territory has in common with each weaker zone
	// over it, and with the exemptions.
	shared   *overlay.Cover
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

func divide(in *Inputs, workers int, newOverlayer func() Overlayer) (*partition, error) {
	p := &partition{zones: in.Zones, byRank: make([]int, len(in.Zones))}
	for i := range p.byRank {
		p.byRank[i] = i
	}
	slices.SortFunc(p.byRank, func(a, b int) int { return precedes(&in.Zones[a], &in.Zones[b]) })

	frame := orb.Bound{Max: orb.Point{float64(in.Grid.Cols), float64(in.Grid.Rows)}}
	n := len(in.Zones)
	bounds := make([]orb.Bound, n) // by rank
	var tree rtree.RTreeG[int]
	for rank, z := range p.byRank {
		bounds[rank] = in.Zones[z].Shape.Bound()
		if bounds[rank].Intersects(frame) {
			tree.Insert(bounds[rank].Min, bounds[rank].Max, rank)
		}
	}
	shape := func(rank int) orb.MultiPolygon { return in.Zones[p.byRank[rank]].Shape }

	// Territory: the zone without all stricter zones. Which pairs really overlap is
	// found on the way.
	territory := make([]orb.MultiPolygon, n)
	weaker := make([][]int, n) // by rank, the weaker ranks over its zone
	var mu sync.Mutex
	err := parallel(workers, n, newOverlayer, func(o Overlayer, rank int) error {
		t := shape(rank)
		var stricter []int
		tree.Search(bounds[rank].Min, bounds[rank].Max, func(_, _ [2]float64, other int) bool {
			if other < rank {
				stricter = append(stricter, other)
			}
			return true
		})
		slices.Sort(stricter)
		for _, other := range stricter {
			if len(t) == 0 {
				break // stricter zones have it all
			}
			if fillsHoles(shape(other), shape(rank)) {
				continue
			}
			rest, err := o.Difference(t, shape(other))
			if err != nil {
				return p.overlayFault(rank, other, err)
			}
			before, after := vector.Area(t), vector.Area(rest)
			if before-after <= touchCells+1e-12*before {
				continue // keeps the outline free of the neighbour's vertices
			}
			t = rest
			mu.Lock()
			weaker[other] = append(weaker[other], rank)
			mu.Unlock()
		}
		territory[rank] = t
		return nil
	})
	if err != nil {
		return nil, err
	}

	exempt, err := union(newOverlayer(), in.Exempt)
	if err != nil {
		return nil, fmt.Errorf("exemptions: %w", err)
	}
	p.territory, p.sharedOf = territory, make([][]int32, n)
	for rank := range n {
		slices.Sort(weaker[rank])
		for _, w := range weaker[rank] {
			p.sharing = append(p.sharing, sharing{rank, p.byRank[w]})
		}
		if len(exempt) > 0 && exempt.Bound().Intersects(bounds[rank]) {
			p.sharing = append(p.sharing, sharing{rank, -1})
		}
	}
	common := make([]orb.MultiPolygon, len(p.sharing))
	err = parallel(workers, len(p.sharing), newOverlayer, func(o Overlayer, i int) (err error) {
		s := p.sharing[i]
		other := exempt
		if s.zone >= 0 {
			other = in.Zones[s.zone].Shape
		}
		common[i], err = o.Intersection(territory[s.rank], other)
		if err == nil { // GEOS is known to lose whole parts without an error: ask it twice
			var rest orb.MultiPolygon
			if rest, err = o.Difference(territory[s.rank], other); err == nil && !adds(vector.Area(common[i])+vector.Area(rest), vector.Area(territory[s.rank])) {
				common[i], err = o.Difference(territory[s.rank], rest)
				if err == nil && !adds(vector.Area(common[i])+vector.Area(rest), vector.Area(territory[s.rank])) {
					err = Faultf(Unbalanced, "GEOS cannot split it by another zone; nothing is published, please report this")
				}
			}
		}
		if err != nil {
			return fmt.Errorf("zone %s: %w", in.Zones[p.byRank[s.rank]].ID, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}

	for i, sh := range p.sharing {
		p.sharedOf[sh.rank] = append(p.sharedOf[sh.rank], int32(i))
	}
	sharedDone := make(chan error)
	go func() {
		var err error
		p.shared, err = overlay.NewCover(in.Grid.Cols, in.Grid.Rows, common, workers)
		sharedDone <- err
	}()
	p.control, err = overlay.NewCover(in.Grid.Cols, in.Grid.Rows, territory, workers)
	if err := errors.Join(err, <-sharedDone); err != nil {
		return nil, err
	}
	return p, p.measure(in.Earth, frame, territory, workers, newOverlayer)
}

// fillsHoles tells that every part of inner fills a hole of outer to the vertex, as
// functional zones of a reserve do: then they share no ground, which saves an overlay.
func fillsHoles(inner, outer orb.MultiPolygon) bool {
	if len(outer) != 1 { // another part of outer might be an island in the hole
		return false
	}
	for _, part := range inner {
		if !slices.ContainsFunc(outer[0][1:], func(hole orb.Ring) bool { return reversed(part[0], hole) }) {
			return false
		}
	}
	return true
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
func (p *partition) measure(earth *raster.Earth, frame orb.Bound, territory []orb.MultiPolygon, workers int, newOverlayer func() Overlayer) error {
	n := len(p.zones)
	p.ownM2, p.inGridM2 = make([]float64, n), make([]float64, n)
	own, inGrid := make([]float64, n), make([]orb.MultiPolygon, n)
	rectangle := orb.MultiPolygon{frame.ToPolygon()}
	err := parallel(workers, n, newOverlayer, func(o Overlayer, rank int) error {
		z := p.byRank[rank]
		clip := func(mp orb.MultiPolygon) (orb.MultiPolygon, error) {
			if b := mp.Bound(); frame.Contains(b.Min) && frame.Contains(b.Max) {
				return mp, nil
			}
			return o.Intersection(mp, rectangle)
		}
		t, err := clip(territory[rank])
		if err != nil {
			return err
		}
		if inGrid[rank], err = clip(p.zones[z].Shape); err != nil {
			return err
		}
		p.ownM2[rank], own[rank] = earth.PolygonM2(t), vector.Area(t)
		p.inGridM2[z] = earth.PolygonM2(inGrid[rank])
		return nil
	})
	if err != nil {
		return err
	}
	for _, cells := range own {
		p.territoryCells += cells
	}
	p.union = make(chan unionResult, 1)
	go func() { p.union <- unite(inGrid, workers, newOverlayer) }()
	return nil
}

// adds tells that planar areas agree but for rounding.
func adds(parts, whole float64) bool { return math.Abs(parts-whole) <= touchCells+1e-9*whole }

// unionResult is the planar area of the union of all zones inside the grid.
type unionResult struct {
	cells float64
	err   error
}

// unite finds the union, cluster by cluster of zones with linked bounds. Only the balance at the end needs it, so it runs beside the scan.
func unite(inGrid []orb.MultiPolygon, workers int, newOverlayer func() Overlayer) (sum unionResult) {
	groups := clusters(inGrid)
	areas := make([]float64, len(groups))
	sum.err = parallel(workers, len(groups), newOverlayer, func(o Overlayer, i int) error {
		shapes := make([]orb.MultiPolygon, len(groups[i]))
		for k, rank := range groups[i] {
			shapes[k] = inGrid[rank]
		}
		all := shapes[0]
		if len(shapes) > 1 {
			var err error
			if all, err = o.Union(shapes...); err != nil {
				return err
			}
		}
		areas[i] = vector.Area(all)
		return nil
	})
	for _, cells := range areas {
		sum.cells += cells
	}
	return sum
}

// clusters lists the ranks of zones whose bounds are linked, each list sorted. It does
// not ask which zones were found to overlap: the union shall tell when one was missed.
func clusters(shapes []orb.MultiPolygon) [][]int {
	parent := make([]int, len(shapes))
	var tree rtree.RTreeG[int]
	for rank, mp := range shapes {
		parent[rank] = rank
		b := mp.Bound()
		tree.Insert(b.Min, b.Max, rank)
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for rank, mp := range shapes {
		b := mp.Bound()
		tree.Search(b.Min, b.Max, func(_, _ [2]float64, other int) bool {
			x, y := find(rank), find(other)
			parent[max(x, y)] = min(x, y)
			return true
		})
	}
	var out [][]int
	at := map[int]int{}
	for rank := range parent {
		root := find(rank)
		if _, seen := at[root]; !seen {
			at[root] = len(out)
			out = append(out, nil)
		}
		out[at[root]] = append(out[at[root]], rank)
	}
	return out
}

func (p *partition) overlayFault(a, b int, err error) error {
	za, zb := p.zones[p.byRank[a]], p.zones[p.byRank[b]]
	return fmt.Errorf("zones %s and %s: %w", za.ID, zb.ID, err)
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
// own, and returns the error of the smallest number.
func parallel(workers, n int, newOverlayer func() Overlayer, f func(o Overlayer, i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			o := newOverlayer()
			for i := range next {
				errs[i] = f(o, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
