package gdalinput

import (
	"context"
	"math"
	"slices"

	"greenshield/redline"
)

// measureZones finds what zones share, what of them lies outside the common grid, and the sums of each layer.
func (x *Examination) measureZones(ctx context.Context) error {
	if len(x.Inputs.Zones) == 0 {
		return nil
	}
	s, err := x.newSurface()
	if err != nil {
		return err
	}
	defer s.close()
	if x.ground == groundCommon {
		if x.outside, err = s.measureOutside(ctx); err != nil {
			return err
		}
	}
	pairs, err := s.findOverlaps(ctx, x.job.MaxMemory)
	if err != nil {
		return err
	}
	covered, err := s.coveredM2(ctx, pairs, func(int) bool { return true })
	if err != nil {
		return err
	}
	x.found.Overlaps = x.overlaps(pairs, covered)
	for _, in := range x.Read {
		if in.Layer == nil || !slices.Contains(x.zoneIn, in) {
			continue
		}
		covered, err := s.coveredM2(ctx, pairs, func(zone int) bool { return x.zoneIn[zone] == in })
		if err != nil {
			return err
		}
		in.Layer.CoveredHa = hectares(covered)
		x.sumTypes(in)
	}
	return nil
}

// overlaps describes what all zones share; coveredM2 is the ground under them.
func (x *Examination) overlaps(pairs []Overlap, coveredM2 float64) *Overlaps {
	total := 0.0
	for i := range x.Inputs.Zones {
		total += x.Inputs.Zones[i].TotalM2
	}
	all := &Overlaps{ZonesHa: hectares(total), CoveredHa: hectares(coveredM2), Pairs: []Overlap{}}
	for _, o := range pairs {
		m2A, m2B := x.Inputs.Zones[o.a].TotalM2, x.Inputs.Zones[o.b].TotalM2
		o.A, o.B, o.AreaHa = x.zoneRef(o.a), x.zoneRef(o.b), hectares(o.m2)
		o.PctA, o.PctB = percent(o.m2, m2A), percent(o.m2, m2B)
		const identicalShare = 0.9999
		o.Identical = o.m2 >= identicalShare*m2A && o.m2 >= identicalShare*m2B
		all.Pairs = append(all.Pairs, o)
	}
	return all
}

// percent returns the share of a part in per cent with 2 decimals, 0 of nothing.
func percent(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(1e4*part/whole) / 100
}

// sumTypes sums the zones of one layer, all and by zone type.
func (x *Examination) sumTypes(in *Input) {
	counts, areas := map[redline.ZoneType]int{}, map[redline.ZoneType]float64{}
	total := 0.0
	for i, zone := range x.Inputs.Zones {
		if x.zoneIn[i] == in {
			counts[zone.Type]++
			areas[zone.Type] += zone.TotalM2
			total += zone.TotalM2
		}
	}
	in.Layer.ZonesHa = hectares(total)
	for _, t := range redline.ZoneTypes() {
		if counts[t] > 0 {
			in.Layer.Types = append(in.Layer.Types, TypeFacts{
				Type: t.String(), TypeZH: t.Chinese(), Zones: counts[t], AreaHa: hectares(areas[t]),
			})
		}
	}
}
