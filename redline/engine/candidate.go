package engine

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"greenshield/raster/digits"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/redline"
)

// put makes a candidate, kept or suppressed, of a part of p and hands it to the sink. whole describes the whole patch;
// t is the part.
func (c *cutter) put(p *patch.Patch, whole, t *piece) error {
	z := c.division.ByRank[t.rank]
	zone := &c.in.Zones[z]
	changeType := &c.options.Rules.Changes[p.Type]
	dated, flickers, err := c.dated(p, zone, whole, t)
	if err != nil {
		return err
	}
	vs := c.vsZone(zone, dated)
	rule := c.options.Rules.Rule(int(p.Type), zone.Type, vs)
	row, col := p.First()
	out := &c.out
	*out = redline.Candidate{
		YearA: c.in.Before.Year, YearB: c.in.After.Year,
		Change: changeType.Name, ChangeZH: changeType.NameZH,
		Severity: rule.Severity, RuleID: rule.ID, Basis: rule.Basis,
		Layer: zone.Layer, ZoneID: zone.ID, ZoneName: zone.Name,
		ZoneType: zone.Type.String(), FuncZone: zone.FuncZone, ZoneLvl: zone.Level,
		ZonesAll: append(out.ZonesAll[:0], zone.ID), Flags: out.Flags[:0],
		AreaM2: t.m2, PatchM2: whole.m2, Cells: p.Cells, EdgeCells: p.ByShift,
		Reason: c.reason(rule.Severity, whole, t),
		Dated:  dated, ZoneSince: zone.Since, VsZone: vs,
	}
	c.identify(out, row, col)
	pair, classes := c.describe(out, t)
	out.Activity = rule.Activities[classes]
	out.Alike = redline.Alike{Transition: 1 + uint32(pair), Zone: 1 + uint32(z),
		Rule: 1 + alikeRule(p.Type, zone.Type, vs, classes)}

	inner := c.innerPoint(t)
	lon, lat := c.lonlats.At(inner[0], inner[1])
	out.Lon, out.Lat = roundDegrees(lon), roundDegrees(lat)
	for i, note := range c.notes {
		note.Annotate(out, inner, c.covers.Notes[i])
	}
	overlaps, err := c.overlaps(out, z, t)
	if err != nil {
		return err
	}
	has := [...]bool{ // in the order of redline.Flags
		p.ByShift*100 >= p.Cells*edgePct, !t.whole && t.inside == 0, p.TouchesNoData, p.TouchesEdge,
		out.ExemptM2 == t.m2, flickers,
	}
	out.Alike.Flags = 1
	for i, flag := range redline.Flags() {
		if has[i] {
			out.Flags = append(out.Flags, flag)
			out.Alike.Flags += 1 << i
		}
	}
	if out.Reason == "" {
		out.Geometry, out.Reason = c.geometry(t)
	}
	if out.Reason == "" && c.examiner != nil {
		if err := c.examiner.Examine(out, c.cells, t.shape); err != nil {
			return err
		}
	}
	if out.Reason == "" && !c.told {
		c.patch.ID, c.told = out.PatchID, true
		out.Patch = &c.patch
	}
	c.tally.count(out, overlaps)
	return c.sink.Put(redline.Key{Row: row, Col: col, Zone: t.rank}, out, overlaps)
}

// alikeRule numbers what decides on the rule of a candidate, and on the activity that the rule names.
func alikeRule(change uint8, zone redline.ZoneType, vs redline.VsZone, classes [2]landcover.Ecosystem) uint32 {
	timings := redline.VsZones()
	n := uint32(change)*uint32(redline.NumZoneTypes) + uint32(zone)
	n = n*uint32(len(timings)+1) + uint32(1+slices.Index(timings, vs))
	n = n*uint32(landcover.NumEcosystems) + uint32(classes[0])
	return n*uint32(landcover.NumEcosystems) + uint32(classes[1])
}

// edgePct is the share of a patch's cells, in %, that a shift of one cell must explain for FlagEdge.
const edgePct = 80

// reason says why a part is suppressed that has this severity; "" keeps it. A part is kept when its size equals the
// threshold.
func (c *cutter) reason(severity redline.Severity, whole, t *piece) redline.Reason {
	switch {
	case severity == redline.NoCandidate:
		return redline.ReasonSeverity0
	case severity < c.options.MinSeverity:
		return redline.ReasonSeverity
	case !reaches(c.options.MinArea, whole.cells, whole.m2):
		return redline.ReasonArea
	case !reaches(c.options.MinPart, t.cells, t.m2):
		return redline.ReasonPart
	}
	return ""
}

// reaches tells whether an area is as large as s.
func reaches(s redline.Size, cells, m2 float64) bool {
	if s.M2 > 0 {
		return m2 >= s.M2*(1-1e-9)
	}
	return cells >= s.Cells*(1-1e-9)
}

// describe sets what changed: the transition with the largest area, and the mixture of classes before. It returns the
// pair of classes of that transition, and their ecosystem classes.
func (c *cutter) describe(out *redline.Candidate, t *piece) (uint16, [2]landcover.Ecosystem) {
	var byEco [landcover.NumEcosystems]float64
	total := 0.0
	best, most := 0, -1.0
	for i, s := range t.mixture {
		before, _ := c.classifier.Classes(s.pair)
		m2 := s.area.M2()
		byEco[c.in.Before.Legend.Classes[before].Ecosystem] += m2
		total += m2
		if m2 > most || (m2 == most && s.pair < t.mixture[best].pair) {
			best, most = i, m2
		}
	}
	pair := t.mixture[best].pair
	b, a := c.classifier.Classes(pair)
	from, to := &c.in.Before.Legend.Classes[b], &c.in.After.Legend.Classes[a]
	out.FromEco, out.FromCode, out.FromName = from.Ecosystem.String(), strconv.FormatInt(from.Code, 10), from.Name()
	out.ToEco, out.ToCode, out.ToName = to.Ecosystem.String(), strconv.FormatInt(to.Code, 10), to.Name()
	if byEco[from.Ecosystem] == total {
		out.FromMix = wholly[from.Ecosystem]
		return pair, [2]landcover.Ecosystem{from.Ecosystem, to.Ecosystem}
	}
	var classes [len(byEco)]landcover.Ecosystem
	present := classes[:0]
	for e := landcover.Forest; e < landcover.NumEcosystems; e++ {
		if byEco[e] > 0 {
			present = append(present, e)
		}
	}
	slices.SortStableFunc(present, func(x, y landcover.Ecosystem) int { return cmp.Compare(byEco[y], byEco[x]) })
	mix := c.mix[:0]
	for i, e := range present {
		if i > 0 {
			mix = append(mix, ';')
		}
		mix = append(append(mix, e.String()...), ':')
		mix = bytes.TrimSuffix(digits.AppendFixed(mix, 100*byEco[e]/total, 1), []byte(".0"))
	}
	c.mix = mix
	out.FromMix = string(mix)
	return pair, [2]landcover.Ecosystem{from.Ecosystem, to.Ecosystem}
}

// wholly has for each ecosystem class the mixture of ground that was of this one alone, as most ground was.
var wholly = func() (mixes [landcover.NumEcosystems]string) {
	for e := range mixes {
		mixes[e] = landcover.Ecosystem(e).String() + ":100"
	}
	return mixes
}()
