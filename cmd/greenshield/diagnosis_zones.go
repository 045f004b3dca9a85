package main

import (
	"cmp"
	"fmt"
	"slices"

	"greenshield/redline"
	"greenshield/redline/gdalinput"
)

// printCommonGrid prints the cells that both epochs have.
func (p *program) printCommonGrid(d *gdalinput.Diagnosis) {
	if d.Grid == nil {
		return
	}
	p.printf("common grid\n")
	roles := []string{gdalinput.RoleBefore, gdalinput.RoleAfter}
	outside := map[string]int64{} // cells outside the common grid by role, as far as they are known
	all := int64(0)
	for i := range d.Inputs {
		r, role := d.Inputs[i].Raster, d.Inputs[i].Role
		if slices.Contains(roles, role) && r != nil && r.CensusFacts != nil && r.OutsideCells != nil {
			outside[role] = *r.OutsideCells
			all += *r.OutsideCells
		}
	}
	if len(outside) == len(roles) && all == 0 {
		p.line("grid", "the whole of both rasters")
	} else {
		p.printGrid(d.Grid)
		for _, role := range roles {
			if n, ok := outside[role]; ok {
				p.line(role, "%s outside it", p.cells(n))
			}
		}
	}
	p.printf("\n")
}

// printOverlaps prints how much ground zones share.
func (p *program) printOverlaps(o *gdalinput.Overlaps) {
	if o == nil {
		return
	}
	p.printf("overlaps of zones\n")
	p.line("sum", "%s ha in all zones", hectares(o.ZonesHa))
	if len(o.Pairs) == 0 {
		p.line("pairs", "no two zones share ground")
		p.printf("\n")
		return
	}
	p.line("ground", "%s ha under them, %s ha less: what zones share is counted once",
		hectares(o.CoveredHa), hectares(max(0, o.ZonesHa-o.CoveredHa)))
	identical := 0
	rows := [][]string{p.header("ha", "zone", "% of it", "zone", "% of it")}
	for i, pair := range o.Pairs {
		remark := ""
		if pair.Identical {
			identical++
			remark = p.words.Word("identical")
		}
		if i < maxListed {
			rows = append(rows, []string{
				hectares(pair.AreaHa),
				p.zoneText(pair.A), fmt.Sprintf("%.2f", pair.PctA),
				p.zoneText(pair.B), fmt.Sprintf("%.2f", pair.PctB),
				remark,
			})
		}
	}
	text := p.words.Say("%s of zones", p.plural(len(o.Pairs), "pair"))
	if identical > 0 {
		text += p.words.Say(", %d of them identical", identical)
	}
	if len(o.Pairs) > maxListed {
		text += p.words.Word("; the largest:")
	}
	p.line("pairs", "%s", text)
	p.table(rows, "rlrlrl")
	p.printf("\n")
}

// zoneText names a zone by layer, id and name.
func (p *program) zoneText(z gdalinput.ZoneRef) string {
	text := p.words.Word(z.Layer) + " " + z.ID
	if z.Name != "" && z.Name != z.ID {
		text += " " + z.Name
	}
	return text
}

// seenText says how many zones were seen whole, in part, and not at all.
func (p *program) seenText(zones map[redline.Seen]int) string {
	n := func(seen redline.Seen) string { return thousands(int64(zones[seen])) }
	return p.words.Say("%s seen whole, %s in part, %s not at all",
		n(redline.SeenWhole), n(redline.SeenPartly), n(redline.SeenNot))
}

// printCoverage prints how much of the zones the rasters show, unless they have no common grid.
func (p *program) printCoverage(zones []gdalinput.ZoneFacts) {
	if len(zones) == 0 || zones[0].OutsideHa == nil {
		return
	}
	compared := zones[0].NoDataHa != nil
	seen := map[redline.Seen]int{}
	var missing []*gdalinput.ZoneFacts // zones that are not seen whole, but for those that lie outside
	outside := 0
	for i := range zones {
		seen[zones[i].Seen]++
		const visibleHa = 1e-4 // one step of the areas of zones
		switch {
		case zones[i].Seen == redline.SeenWhole:
		case zones[i].AreaHa-*zones[i].OutsideHa < visibleHa:
			outside++
		default:
			missing = append(missing, &zones[i])
		}
	}
	p.printf("coverage of zones\n")
	p.line("zones", "%s: %s", p.plural(len(zones), "zone"), p.seenText(seen))
	if outside > 0 {
		p.line("", "%s wholly outside the rasters, not listed", p.plural(outside, "zone"))
	}
	if !compared {
		p.line("", "NoData is not counted, since the cells could not be compared")
	}
	if len(missing) > 0 {
		p.printMissing(missing, compared)
	}
	p.printf("\n")
}

// printMissing prints zones that are not seen whole, those of which the largest share is missing first. compared tells
// whether their NoData is known.
func (p *program) printMissing(zones []*gdalinput.ZoneFacts, compared bool) {
	missingHa := func(z *gdalinput.ZoneFacts) float64 {
		if compared {
			return *z.OutsideHa + *z.NoDataHa
		}
		return *z.OutsideHa
	}
	share := func(z *gdalinput.ZoneFacts) float64 { return missingHa(z) / max(z.AreaHa, 1e-9) }
	slices.SortStableFunc(zones, func(a, b *gdalinput.ZoneFacts) int {
		return cmp.Or(cmp.Compare(share(b), share(a)), cmp.Compare(missingHa(b), missingHa(a)))
	})
	rows := [][]string{p.header("zone", "ha", "outside", "NoData", "seen")}
	for i, z := range zones {
		if i == maxListed {
			rows = append(rows, []string{p.plural(len(zones)-maxListed, "more zone")})
			break
		}
		nodata, seen := "", ""
		if compared {
			nodata, seen = hectares(*z.NoDataHa), fmt.Sprintf("%.2f %%", *z.SeenPct)
		}
		rows = append(rows, []string{p.zoneText(z.ZoneRef), hectares(z.AreaHa), hectares(*z.OutsideHa), nodata, seen})
	}
	p.table(rows, "lrrrr")
}
