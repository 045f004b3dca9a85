package territory

import (
	"cmp"
	"context"
	"sync"

	"github.com/paulmach/orb"

	"greenshield/vector"
	"greenshield/vector/arrangement"
	"greenshield/vector/overlay"
)

// Prepared is a [Division] as plain values, so that it can be kept, or sent to other machines, instead of being made
// anew. The fields are those of the division. Who works on some rows alone may leave out, nil, shapes of Territory and
// Regions that do not reach them.
type Prepared struct {
	ByRank    []int
	Territory []orb.MultiPolygon
	Regions   []orb.MultiPolygon // of Division.Shared
	Sharing   []PreparedSharing  // of each region
	// Vertices has how many vertices each shape of Territory and then of Regions has, also when it is left out.
	Vertices          []int
	SharedOf          [][]int32
	SharedWith        [][]int
	InGridM2, OwnM2   []float64
	Cells, UnionCells float64
	Bytes             int64
}

// PreparedSharing is a [Sharing] as plain values.
type PreparedSharing struct {
	Rank  int
	Ranks string
}

// Prepare is [Divide] for a division that is to be kept: it waits for the union of all zones, and lays no outlines. The
// shapes share the memory of those of the zones where a zone controls all its ground.
func Prepare(ctx context.Context, r Request) (*Prepared, error) {
	d, err := divide(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := d.measure(ctx); err != nil {
		return nil, err
	}
	union := d.unite(ctx)
	if union.err != nil {
		return nil, union.err
	}
	p := &Prepared{
		ByRank: d.ByRank, Territory: d.Territory, Regions: d.regions, Sharing: make([]PreparedSharing, len(d.Sharing)),
		SharedOf: d.SharedOf, SharedWith: d.SharedWith, InGridM2: d.InGridM2, OwnM2: d.OwnM2,
		Cells: d.Cells, UnionCells: union.cells, Bytes: d.Bytes, Vertices: verticesOf(d.Territory, d.regions),
	}
	for i, sh := range d.Sharing {
		p.Sharing[i] = PreparedSharing{sh.Rank, string(sh.ranks)}
	}
	return p, nil
}

// Division returns the division on a grid of that size, which must be that of the request. Of what [Divide] does,
// only the outlines are left to make: that costs about as much as to read them.
func (p *Prepared) Division(cols, rows int) (*Division, error) {
	d := &Division{
		ByRank: p.ByRank, Territory: p.Territory, Sharing: make([]Sharing, len(p.Sharing)),
		SharedOf: p.SharedOf, SharedWith: p.SharedWith, InGridM2: p.InGridM2, OwnM2: p.OwnM2,
		Cells: p.Cells, Bytes: p.Bytes, regions: p.Regions, union: make(chan unionResult, 1),
	}
	for i, sh := range p.Sharing {
		d.Sharing[i] = Sharing{sh.Rank, arrangement.Set(sh.Ranks)}
	}
	d.union <- unionResult{cells: p.UnionCells}
	return d, d.layOutlines(cols, rows, p.Vertices)
}

// layOutlines sets Control and Shared from the territories and the regions. vertices is as in [Prepared].
func (d *Division) layOutlines(cols, rows int, vertices []int) error {
	var errShared, errControl error
	ofTerritory, ofRegions := vertices[:len(d.Territory)], vertices[len(d.Territory):]
	var outlines sync.WaitGroup
	outlines.Go(func() { d.Shared, errShared = overlay.NewSomeOutlines(cols, rows, d.regions, ofRegions) })
	d.Control, errControl = overlay.NewSomeOutlines(cols, rows, d.Territory, ofTerritory)
	outlines.Wait()
	return cmp.Or(errShared, errControl)
}

// verticesOf counts the vertices of each shape.
func verticesOf(lists ...[]orb.MultiPolygon) (all []int) {
	for _, shapes := range lists {
		for _, shape := range shapes {
			all = append(all, vector.Vertices(shape))
		}
	}
	return all
}
