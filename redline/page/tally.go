package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// tally is what one pass over all candidates leaves.
type tally struct {
	o                        Options
	bySeverity               [redline.NumSeverities]counted
	changes, counties, zones map[string]*counted
	byCounty, byKind         standings
	byReserve, byRedLine     standings         // by name: the functional zones of a reserve share one
	zoneNames                map[string]string // names of zones by layer and id
	bySize                   []counted
	byArea                   []whatIf
	worst                    []redline.Candidate // the first candidates of the list
	dots                     []dot               // all candidates, as they come
	ranks                    []findings.Rank     // of all candidates, in the order of files
}

// sizes are the upper ends of the classes of area, in ha. They do not belong to their class.
var sizes = []float64{0.5, 1, 2, 5, 10, 50, math.Inf(1)}

// thresholds are the minimum areas of the what-if table, in cells.
var thresholds = []int64{1, 2, 4, 6, 8, 12, 16, 25, 50, 100}

// whatIf is what would be candidates with another minimum area.
type whatIf struct {
	Cells   int64 // the minimum area in cells
	Count   int64
	Ha      hectares
	Current bool // the minimum area is that of the run
}

// newTally returns a tally of nothing yet.
func newTally(o Options, zones []redline.Zone) *tally {
	t := &tally{
		o: o, zoneNames: map[string]string{}, bySize: make([]counted, len(sizes)),
		changes: map[string]*counted{}, counties: map[string]*counted{}, zones: map[string]*counted{},
		byCounty: standings{}, byKind: standings{}, byReserve: standings{}, byRedLine: standings{},
	}
	for _, z := range zones {
		name := cmp.Or(z.Name, z.ID)
		if z.Layer == redline.LayerReserve { // the zones of a reserve share its name
			name += "（" + z.Type.Chinese() + "）"
		}
		t.zoneNames[z.Layer+"\x00"+z.ID] = name
	}
	for i, end := range sizes {
		switch {
		case i == 0:
			t.bySize[i].Name = fmt.Sprintf("< %g 公顷", end)
		case math.IsInf(end, 1):
			t.bySize[i].Name = fmt.Sprintf("≥ %g 公顷", sizes[i-1])
		default:
			t.bySize[i].Name = fmt.Sprintf("%g–%g 公顷", sizes[i-1], end)
		}
	}
	cells, own := slices.Clone(thresholds), int64(0)
	if o.MinArea.M2 == 0 {
		own = int64(math.Ceil(o.MinArea.Cells))
		cells = append(cells, own)
	}
	slices.Sort(cells)
	for _, n := range slices.Compact(cells) {
		if n > 0 {
			t.byArea = append(t.byArea, whatIf{Cells: n, Current: n == own})
		}
	}
	return t
}

// add counts one more candidate.
func (c *counted) add(ha float64) {
	c.Count++
	c.Ha += hectares(ha)
}

// addTo counts one more candidate under key, which is shown as name.
func addTo(m map[string]*counted, key, name string, ha float64) {
	c := m[key]
	if c == nil {
		c = &counted{Name: findings.Visible(name)}
		m[key] = c
	}
	c.add(ha)
}

// add counts a candidate in all that the tally keeps.
func (t *tally) add(c *redline.Candidate) {
	ha := c.AreaM2 / 1e4
	t.bySeverity[c.Severity].add(ha)
	addTo(t.changes, c.Change, c.ChangeZH, ha)
	addTo(t.counties, c.AdmCode+"\x00"+c.AdmName, cmp.Or(c.AdmName, c.AdmCode, redline.NoCounty), ha)
	zone := c.Layer + "\x00" + c.ZoneID
	addTo(t.zones, zone, t.zoneNames[zone], ha)
	t.byCounty.add(c.AdmCode+"\x00"+c.AdmName, cmp.Or(c.AdmName, c.AdmCode, redline.NoCounty), c)
	t.byKind.add(c.Change, c.ChangeZH, c)
	byZone, name := t.byRedLine, cmp.Or(c.ZoneName, c.ZoneID)
	if c.Layer == redline.LayerReserve {
		byZone = t.byReserve
	}
	byZone.add(name, name, c)
	for i, end := range sizes {
		if ha < end {
			t.bySize[i].add(ha)
			break
		}
	}
	t.perhaps(c)
	rank := findings.RankOf(c, len(t.ranks))
	t.dots = append(t.dots, dot{lon: c.Lon, lat: c.Lat, m2: c.AreaM2, severity: c.Severity, rank: rank,
		county: c.AdmCode + "\x00" + c.AdmName, zone: zone})
	t.ranks = append(t.ranks, rank)
	// A candidate comes after those that came before it and are alike.
	at := sort.Search(len(t.worst), func(i int) bool {
		return findings.RankOf(&t.worst[i], 0).Compare(findings.RankOf(c, 0)) > 0
	})
	if at < worst {
		kept := *c
		kept.Geometry, kept.ZonesAll = c.Geometry.Clone(), slices.Clone(c.ZonesAll)
		t.worst = slices.Insert(t.worst, at, kept)
		t.worst = t.worst[:min(worst, len(t.worst))]
	}
}

// suppressed counts a change that is no candidate as one for smaller minimum areas, if that is all it lacks.
func (t *tally) suppressed(c *redline.Candidate) {
	if c.Reason != redline.ReasonArea {
		return
	}
	enough := c.AreaM2 >= t.o.MinPart.M2*(1-1e-9)
	if t.o.MinPart.M2 == 0 { // cells of the part, by its share of the patch
		enough = c.AreaM2/c.PatchM2*float64(c.Cells) >= t.o.MinPart.Cells*(1-1e-9)
	}
	if enough {
		t.perhaps(c)
	}
}

// perhaps counts a change as a candidate for all minimum areas that it reaches.
func (t *tally) perhaps(c *redline.Candidate) {
	for i := range t.byArea {
		if w := &t.byArea[i]; c.Cells >= w.Cells {
			w.Count++
			w.Ha += hectares(c.AreaM2 / 1e4)
		}
	}
}

// severities returns the candidates by severity, the worst first.
func (t *tally) severities() (all []counted) {
	for _, s := range findings.Severities() {
		c := t.bySeverity[s.Severity]
		c.Name, c.Color = s.Chinese(), hexColor(s.Color)
		all = append(all, c)
	}
	return all
}

// ranked lists what was counted, the largest area first. Of more than n, the last ones are summed up in one.
func ranked(m map[string]*counted, n int) (all []counted) {
	for _, key := range slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b].Ha, m[a].Ha), cmp.Compare(a, b))
	}) {
		all = append(all, *m[key])
	}
	if len(all) > n {
		rest := counted{Name: fmt.Sprintf("其余 %d 个", len(all)-n+1)}
		for _, c := range all[n-1:] {
			rest.Count += c.Count
			rest.Ha += c.Ha
		}
		all = append(all[:n-1:n-1], rest)
	}
	return all
}
