package territory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/vector/arrangement"
	"greenshield/vector/overlay"
)

// Request is the ground to be divided. All shapes must be valid and in lattice coordinates of Grid.
type Request struct {
	Grid       raster.Grid
	Earth      *raster.Earth
	Zones      []redline.Zone
	Exempt     []redline.Area
	Overlayers []Overlayer // one for each goroutine that may work; at least one
	Vertices   int         // about how many vertices are divided at a time; 0 is 16384
	MaxBytes   int64       // about how much memory the division may take; 0 is no limit
}

// Division divides the ground among the zones. The rank of a zone is its place in the order of precedence; rank 0 is
// the strictest. A Division does not change, so it may be used concurrently.
type Division struct {
	ByRank    []int              // rank → position in Request.Zones
	Territory []orb.MultiPolygon // by rank; outside the grid it may be more than the zone controls
	Control   *overlay.Outlines  // the territories, by rank
	// Shared holds, as regions, what a territory has in common with weaker zones over it, and with the exemptions.
	Shared   *overlay.Outlines
	Sharing  []Sharing // of each region of Shared
	SharedOf [][]int32 // by rank: the regions of Shared that lie in the territory, ascending
	// SharedWith lists, by rank, all zones of these regions: positions in Request.Zones, by rank; [Exemptions] at the end.
	SharedWith [][]int
	InGridM2   []float64 // by position in Request.Zones: area of the zone inside the grid
	OwnM2      []float64 // by rank: area of the territory inside the grid
	// Cells is the planar area of all territories inside the grid, for the balance with their union.
	Cells float64
	Bytes int64 // about how much memory the division takes

	regions []orb.MultiPolygon // of Shared
	union   chan unionResult
}

// Sharing is a region of [Division.Shared]: ground of the territory of Rank that lies in each of some weaker zones.
// Most regions with the same Rank lie apart; where two lie one over the other, they have no zone in common.
type Sharing struct {
	Rank  int
	ranks arrangement.Set // Rank and those of the other zones; the number of zones for the exemptions
}

// SharedZones gives the zones, besides the one that controls it, of a region of [Division.Shared]: positions in
// Request.Zones, by rank; [Exemptions] for all exemptions together, at the end.
func (d *Division) SharedZones(region int) iter.Seq[int] {
	return func(yield func(int) bool) {
		sh := &d.Sharing[region]
		for rank := range sh.ranks.All() {
			if int(rank) != sh.Rank && !yield(d.zone(int(rank))) {
				return
			}
		}
	}
}

// zone returns the position in Request.Zones of the zone of a rank, or Exemptions.
func (d *Division) zone(rank int) int {
	if rank == len(d.ByRank) {
		return Exemptions
	}
	return d.ByRank[rank]
}

// Exemptions stands for the zone where a region is shared with exemptions.
const Exemptions = -1

// TouchCells is the largest overlap of two zones, in cells, that counts as mere touching: about 1 cm² in cells of 30 m.
// Neighbours that share a border overlap by less, through rounding.
const TouchCells = 1e-7

// Divide finds the territories and what zones share. It gives up soon after ctx is done, with its cause. The union of
// all zones is found afterwards, while the caller goes on; the Overlayers belong to it until [Division.UnionCells]
// returns.
//
// An error names the zones, unless it is about all of them. It is a fault of kind Unbalanced when areas do not add up,
// and wraps [ErrMemory] when the division would take more than Request.MaxBytes.
func Divide(ctx context.Context, r Request) (*Division, error) {
	d, err := divide(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := d.layOutlines(r.Grid.Cols, r.Grid.Rows, verticesOf(d.Territory, d.regions)); err != nil {
		return nil, err
	}
	if err := d.measure(ctx); err != nil {
		return nil, err
	}
	d.union = make(chan unionResult, 1)
	go func() { d.union <- d.unite(ctx) }()
	return d.Division, nil
}

// divide finds the territories and what zones share. Outlines, areas and the union are left to do.
func divide(ctx context.Context, r Request) (*divider, error) {
	n := len(r.Zones)
	d := &divider{Request: r, Division: &Division{
		ByRank:    make([]int, n),
		Territory: make([]orb.MultiPolygon, n),
		SharedOf:  make([][]int32, n), SharedWith: make([][]int, n),
	}}
	for i := range d.ByRank {
		d.ByRank[i] = i
	}
	slices.SortFunc(d.ByRank, func(a, b int) int { return precedes(&r.Zones[a], &r.Zones[b]) })
	d.frame = orb.Bound{Max: orb.Point{float64(r.Grid.Cols), float64(r.Grid.Rows)}}
	shapes := make([]orb.MultiPolygon, n) // by rank
	for rank, z := range d.ByRank {
		shapes[rank] = r.Zones[z].Shape
	}
	exempt, err := unionOf(r.Overlayers[0], r.Exempt)
	if err != nil {
		return nil, fmt.Errorf("exemptions: %w", err)
	}
	copy(d.Territory, shapes) // zones that do not meet the grid keep their shapes
	limits := groundLimits{vertices: cmp.Or(r.Vertices, tileVertices), workers: len(r.Overlayers)}
	d.account.limit = r.MaxBytes
	d.grounds = newGrounds(shapes, exempt, d.frame, limits)
	for _, g := range d.grounds {
		if err := d.chargeTiles(g.tiles...); err != nil {
			return nil, err
		}
	}
	regions, err := d.settle(ctx)
	if err != nil {
		return nil, err
	}
	for i, sh := range d.Sharing {
		d.SharedOf[sh.Rank] = append(d.SharedOf[sh.Rank], int32(i))
	}
	d.listShared()
	if err := d.account.take(overlay.OutlinesBytes(r.Grid.Cols, r.Grid.Rows, regions) +
		overlay.OutlinesBytes(r.Grid.Cols, r.Grid.Rows, d.Territory)); err != nil {
		return nil, err
	}
	d.regions = regions
	d.Bytes = d.account.used.Load()
	return d, nil
}

// listShared sets SharedWith.
func (d *divider) listShared() {
	seen := make([]bool, len(d.Zones)+1) // by rank
	var ranks []int32
	for of, regions := range d.SharedOf {
		ranks = ranks[:0]
		for _, region := range regions {
			for rank := range d.Sharing[region].ranks.All() {
				if !seen[rank] && int(rank) != of {
					seen[rank], ranks = true, append(ranks, rank)
				}
			}
		}
		slices.Sort(ranks)
		for _, rank := range ranks {
			seen[rank] = false
			d.SharedWith[of] = append(d.SharedWith[of], d.zone(int(rank)))
		}
	}
}

// divider is the state of one call of Divide.
type divider struct {
	Request
	*Division
	frame   orb.Bound // of the grid
	grounds []*ground
	account account
}

// id returns the id of the zone of that rank, for messages.
func (d *divider) id(rank int) string { return d.Zones[d.ByRank[rank]].ID }

// precedes orders zones by precedence: the strictest type first, then the smaller id, bytewise. Severity plays no part:
// a rule table has one rule for each change type and zone type, so two zones of one type never differ in severity.
func precedes(a, b *redline.Zone) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Layer, b.Layer))
}

// unionOf returns the union of the shapes of areas, nil for none.
func unionOf(o Overlayer, areas []redline.Area) (orb.MultiPolygon, error) {
	if len(areas) == 0 {
		return nil, nil
	}
	shapes := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		shapes[i] = a.Shape
	}
	return o.Union(shapes...)
}
