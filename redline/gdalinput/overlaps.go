package gdalinput

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/redline"
)

// Overlaps tell how much ground zones share.
type Overlaps struct {
	ZonesHa   float64   `json:"zones_ha"`   // sum of all zones
	CoveredHa float64   `json:"covered_ha"` // ground under them, counted once
	Pairs     []Overlap `json:"pairs"`      // zones that share more than 1 m², largest first
}

// Overlap is the ground that two zones share.
type Overlap struct {
	A         ZoneRef `json:"a"`
	B         ZoneRef `json:"b"`
	AreaHa    float64 `json:"area_ha"`
	PctA      float64 `json:"pct_a"` // of the zone's own area
	PctB      float64 `json:"pct_b"`
	Identical bool    `json:"identical"` // each covers the other but for 0.01 %

	a, b int
	m2   float64
}

// ZoneRef names a zone.
type ZoneRef struct {
	Input   int    `json:"input"` // position in Diagnosis.Inputs
	Layer   string `json:"layer"` // redline, reserve
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"zone_type"`
	Feature int    `json:"feature"`
}

// surface measures zones against each other, one goroutine with each of its placers.
type surface struct {
	zones   []redline.Zone
	placers []*placer
}

func (l *Loaded) newSurface() (*surface, error) {
	s := &surface{zones: l.Inputs.Zones}
	for _, c := range l.geos {
		p, err := newPlacer(c, l.Inputs.Grid, l.Inputs.Earth, l.Inputs.Grid.CRS, true)
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

// each calls do for 0 … n−1 and returns an error of one of them.
func (s *surface) each(ctx context.Context, n int, do func(p *placer, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, p := range s.placers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(p, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// outside measures what of each zone lies outside the lattice.
func (s *surface) outside(ctx context.Context) ([]float64, error) {
	out := make([]float64, len(s.zones))
	return out, s.each(ctx, len(s.zones), func(p *placer, i int) error {
		frame := orb.Bound{Max: orb.Point{float64(p.grid.Cols), float64(p.grid.Rows)}}
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
		if out[i] < 1e-9*z.TotalM2 { // rounding of the cut, as in coverage.csv
			out[i] = 0
		}
		return err
	})
}

// overlaps finds the pairs of zones that share ground, largest first.
func (s *surface) overlaps(ctx context.Context) ([]Overlap, error) {
	var tree rtree.RTreeG[int]
	var pairs []Overlap
	for i := range s.zones {
		if len(s.zones[i].Shape) == 0 {
			continue
		}
		box := s.zones[i].Shape.Bound()
		tree.Search(box.Min, box.Max, func(_, _ [2]float64, other int) bool {
			pairs = append(pairs, Overlap{a: other, b: i})
			return true
		})
		tree.Insert(box.Min, box.Max, i)
	}
	err := s.each(ctx, len(pairs), func(p *placer, i int) (err error) {
		common, err := p.geos.Intersection(s.zones[pairs[i].a].Shape, s.zones[pairs[i].b].Shape)
		if err == nil {
			pairs[i].m2, err = p.areaM2(common)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	const touchM2 = 1
	pairs = slices.DeleteFunc(pairs, func(o Overlap) bool { return !(o.m2 > touchM2) })
	slices.SortFunc(pairs, func(x, y Overlap) int {
		return cmp.Or(cmp.Compare(y.m2, x.m2), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	return pairs, nil
}

// coveredM2 returns the ground under the zones for which in holds, counted once. Only
// zones that overlap are united; pairs are all overlaps.
func (s *surface) coveredM2(ctx context.Context, pairs []Overlap, in func(zone int) bool) (float64, error) {
	parent := make([]int, len(s.zones))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, o := range pairs {
		if in(o.a) && in(o.b) {
			x, y := find(o.a), find(o.b)
			parent[max(x, y)] = min(x, y)
		}
	}
	groups := make([][]int, len(s.zones))
	for i := range s.zones {
		if in(i) {
			groups[find(i)] = append(groups[find(i)], i)
		}
	}
	groups = slices.DeleteFunc(groups, func(g []int) bool { return len(g) == 0 })
	areas := make([]float64, len(groups))
	err := s.each(ctx, len(groups), func(p *placer, i int) error {
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
