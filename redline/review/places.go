package review

import (
	"context"
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline/findings"
	"greenshield/redline/qgis"
	"greenshield/vector"
)

// places returns the box of all candidates, or of all zones when there are no candidates, with a margin; without either
// it is zero. counties are the boxes of the candidates of each county, by code; candidates in none are left out.
func places(ctx context.Context, found *findings.Findings) (whole extent, counties []bookmark, err error) {
	var all box
	type county struct {
		name string
		box  box
	}
	byCode := map[string]*county{}
	for c, err := range found.Candidates.All(ctx, false) {
		if err != nil {
			return extent{}, nil, err
		}
		bound := vector.Bound(c.Geometry)
		all.add(bound)
		if c.AdmCode == "" && c.AdmName == "" {
			continue
		}
		if byCode[c.AdmCode] == nil {
			byCode[c.AdmCode] = &county{name: findings.Visible(c.AdmName)}
		}
		byCode[c.AdmCode].box.add(bound)
	}
	if all.bound == nil {
		for i := range found.Summary.Zones {
			outline, err := degrees(found.Inputs.Earth, found.Summary.Zones[i].Zone.Shape)
			if err != nil {
				return extent{}, nil, err
			}
			all.add(outline.Bound())
		}
	}
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		counties = append(counties, bookmark{Name: byCode[code].name, Extent: byCode[code].box.extent()})
	}
	return all.extent(), counties, nil
}

// box grows around what is added to it.
type box struct{ bound *orb.Bound } // nil for nothing

func (b *box) add(other orb.Bound) {
	if b.bound != nil {
		other = b.bound.Union(other)
	}
	b.bound = &other
}

// extent returns the box with a margin, and zero for nothing.
func (b *box) extent() extent {
	if b.bound == nil {
		return extent{}
	}
	return qgis.Around(*b.bound)
}
