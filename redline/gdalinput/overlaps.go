package gdalinput

import (
	"cmp"
	"context"
	"slices"
	"unsafe"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/raster/gdalraster"
	"greenshield/raster/parallel"
	"greenshield/raster/sets"
	"greenshield/redline"
	"greenshield/redline/territory"
)

// Overlaps tell how much ground the zones of all layers share.
type Overlaps struct {
	ZonesHa   float64   `json:"zones_ha"`   // sum of all zones
	CoveredHa float64   `json:"covered_ha"` // ground under the zones, counted once
	Pairs     []Overlap `json:"pairs"`      // zones that share more than 1 m², largest first
}

// Overlap is the ground that two zones share.
type Overlap struct {
	A         ZoneRef `json:"a"`
	B         ZoneRef `json:"b"`
	AreaHa    float64 `json:"area_ha"`
	PctA      float64 `json:"pct_a"`     // share of A's own area
	PctB      float64 `json:"pct_b"`     // share of B's own area
	Identical bool    `json:"identical"` // each covers the other but for 0.01 %

	a, b int     // positions of A and B in Inputs.Zones
	m2   float64 // area that they share
}

// surface measures zones against each other. It belongs to one goroutine, and starts one for each of its placers.
type surface struct {
	zones   []redline.Zone
	placers []*placer
}

// newSurface returns a surface of all zones; the caller closes it.
func (l *Loaded) newSurface() (*surface, error) {
	s := &surface{zones: l.Inputs.Zones}
	for _, c := range l.geos {
		p, err := newPlacer(c, l.Inputs.Grid, l.Inputs.Earth, l.Inputs.Grid.CRS, gdalraster.Extent{}, true)
		if err != nil {
			s.close()
			return nil, err
		}
		s.placers = append(s.placers, p)
	}
	return s, nil
}

func (s *surface) close() {
	for _, p := range s.placers {
		p.close()
	}
}

// measureOutside returns for each zone how many square metres of it lie outside the grid.
func (s *surface) measureOutside(ctx context.Context) ([]float64, error) {
	out := make([]float64, len(s.zones))
	return out, parallel.Each(ctx, s.placers, len(s.zones), func(p *placer, i int) error {
		frame := gridFrame(p.grid)
		z := &s.zones[i]
		box := z.Shape.Bound()
		switch {
		case frame.Contains(box.Min) && frame.Contains(box.Max):
			return nil
		case !overlap(frame, box):
			out[i] = z.TotalM2
			return nil
		}
		rest, err := p.geos.Difference(z.Shape, orb.MultiPolygon{frame.ToPolygon()})
		if err == nil {
			out[i], err = p.areaM2(rest)
		}
		if out[i] < 1e-9*z.TotalM2 { // rounding of the cut counts as nothing, as it does in coverage.csv
			out[i] = 0
		}
		return err
	})
}

// findOverlaps returns the pairs of zones that share more than 1 m², largest first. Of each pair only a, b and m2 are
// set. It is a fault of kind Limit when the pairs, listed twice, would take more than a quarter of memory, in bytes.
func (s *surface) findOverlaps(ctx context.Context, memory int64) ([]Overlap, error) {
	var tree rtree.RTreeG[int]
	var pairs []Overlap
	most := int(memory / 4 / 2 / int64(unsafe.Sizeof(Overlap{})))
	for i := range s.zones {
		if len(s.zones[i].Shape) == 0 {
			continue
		}
		box := s.zones[i].Shape.Bound()
		tree.Search(box.Min, box.Max, func(_, _ [2]float64, other int) bool {
			pairs = append(pairs, Overlap{a: other, b: i})
			return len(pairs) <= most
		})
		if len(pairs) > most {
			return nil, redline.Faultf(redline.Limit, "more than %d pairs of zones lie one over the other, as many as "+
				"--max-memory (%d MiB) has room for; %s; take copies and old versions of zones out of the layers, "+
				"or raise --max-memory", most, memory>>20, territory.Stacked(s.zones))
		}
		tree.Insert(box.Min, box.Max, i)
	}
	err := parallel.Each(ctx, s.placers, len(pairs), func(p *placer, i int) (err error) {
		common, err := p.geos.Intersection(s.zones[pairs[i].a].Shape, s.zones[pairs[i].b].Shape)
		if err == nil {
			pairs[i].m2, err = p.areaM2(common)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	const touchM2 = 1 // zones that only touch share no more than that, by rounding
	pairs = slices.DeleteFunc(pairs, func(o Overlap) bool { return !(o.m2 > touchM2) })
	slices.SortFunc(pairs, func(x, y Overlap) int {
		return cmp.Or(cmp.Compare(y.m2, x.m2), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return pairs, nil
}

// coveredM2 returns the square metres under those zones for which in returns true, counted once; in gets the position
// of a zone. pairs are all overlaps: only zones that overlap are united, since that takes long.
func (s *surface) coveredM2(ctx context.Context, pairs []Overlap, in func(zone int) bool) (float64, error) {
	linked := sets.New(len(s.zones))
	for _, o := range pairs {
		if in(o.a) && in(o.b) {
			linked.Union(int32(o.a), int32(o.b))
		}
	}
	groups := make([][]int, len(s.zones))
	for i := range s.zones {
		if in(i) {
			root := linked.Find(int32(i))
			groups[root] = append(groups[root], i)
		}
	}
	groups = slices.DeleteFunc(groups, func(g []int) bool { return len(g) == 0 })
	areas := make([]float64, len(groups))
	err := parallel.Each(ctx, s.placers, len(groups), func(p *placer, i int) error {
		if len(groups[i]) == 1 {
			areas[i] = s.zones[groups[i][0]].TotalM2
			return nil
		}
		shapes := make([]orb.MultiPolygon, len(groups[i]))
		for k, zone := range groups[i] {
			shapes[k] = s.zones[zone].Shape
		}
		all, err := p.geos.Union(shapes...)
		if err == nil {
			areas[i], err = p.areaM2(all)
		}
		return err
	})
	sum := 0.0
	for _, m2 := range areas {
		sum += m2
	}
	return sum, err
}
