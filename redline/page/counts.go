package page

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// gathered is the candidates of zones that lie close together on the map.
type gathered struct {
	at    orb.Point // the middle of the candidates of the zone that has most
	count int64
	worst redline.Severity
}

// gatherRange is how far apart, in units, the middles of gathered zones lie at least. A disc has at most half of that
// as its radius, so that none covers another.
const gatherRange = 56

// gatherZones counts the candidates of each zone. A zone whose middle lies within the range of one with more candidates
// is counted there, so that each candidate counts once.
func gatherZones(f frame, dots []dot) (all []gathered) {
	zones := map[string]*gathered{}
	for _, d := range dots {
		z := zones[d.zone]
		if z == nil {
			z = &gathered{}
			zones[d.zone] = z
		}
		p := f.place(d.at)
		z.at[0] += p[0]
		z.at[1] += p[1]
		z.count++
		z.worst = max(z.worst, d.severity)
	}
	for _, z := range zones {
		z.at[0] /= float64(z.count)
		z.at[1] /= float64(z.count)
	}
	keys := slices.SortedFunc(maps.Keys(zones), func(a, b string) int {
		return cmp.Or(cmp.Compare(zones[b].count, zones[a].count), cmp.Compare(a, b))
	})
next:
	for _, key := range keys {
		z := zones[key]
		for i := range all {
			if math.Hypot(all[i].at[0]-z.at[0], all[i].at[1]-z.at[1]) < gatherRange {
				all[i].count += z.count
				all[i].worst = max(all[i].worst, z.worst)
				continue next
			}
		}
		all = append(all, *z)
	}
	return all
}

// mostZoneNames is how many zones have their names where there are only numbers of candidates.
const mostZoneNames = 15

// counts draws how many candidates counties and zones have.
func (w *writer) counts(found *findings.Findings, dots []dot) {
	colors := map[redline.Severity]string{}
	for _, s := range findings.Severities() {
		colors[s.Severity] = hexColor(s.Color)
	}
	all := gatherZones(w.frame, dots)
	most := int64(1)
	for _, g := range all {
		most = max(most, g.count)
	}
	for _, g := range all {
		text := whole(g.count)
		r := max(textWidth(text, numberSize)/2+2, gatherRange/2*math.Sqrt(float64(g.count)/float64(most)))
		w.pane.Marks = append(w.pane.Marks, mark{tenth(g.at[0]), tenth(g.at[1]), tenth(r), colors[g.worst]})
		w.pane.Labels = append(w.pane.Labels,
			label{X: tenth(g.at[0]), Y: tenth(g.at[1] + 0.36*numberSize), Text: text, Class: "count"})
		w.taken.take(box{g.at[0] - r, g.at[1] - r, 2 * r, 2 * r})
	}
	w.countyCounts(found.Inputs.Admin, dots)
	w.zones(found.Inputs.Zones, dots, mostZoneNames)
}

// countyCounts writes a plate with the name and the number of candidates in each county that has any: as near to the
// middle of the county as there is room inside its bounds, else in the middle over all else.
func (w *writer) countyCounts(counties []redline.Area, dots []dot) {
	by := standings{}
	for _, d := range dots {
		by.add(d.county, "", &redline.Candidate{Severity: d.severity, AreaM2: d.m2})
	}
	for _, a := range counties {
		s := by[a.Code+"\x00"+a.Name]
		if s == nil || len(a.Shape) == 0 {
			continue
		}
		l := label{Class: "county-name", Text: fmt.Sprintf("%s %s 个，%s %s 个",
			findings.Visible(a.Name), whole(s.total()), redline.Critical.Chinese(), whole(s.count[redline.Critical]))}
		wide, high := textWidth(l.Text, countySize)+8, float64(countySize+6)
		bound := a.Shape.Bound()
		c, low, top := w.frame.place(bound.Center()), w.frame.place(bound.Min), w.frame.place(bound.Max)
		c[0] = min(max(c[0], wide/2+1), w.frame.width-wide/2-1)
		c[1] = min(max(c[1], high), w.frame.height-high)
		at := c
		for _, shift := range shifts() {
			p := orb.Point{c[0] + shift[0], c[1] + shift[1]}
			inside := p[0] > low[0] && p[0] < top[0] && p[1] > low[1] && p[1] < top[1]
			b := box{p[0] - wide/2, p[1] - high/2, wide, high}
			inside = inside && b.X > 0 && b.X+wide < w.frame.width && b.Y > 0 && b.Y+high < w.frame.height
			if inside && w.taken.free(b) {
				at = p
				break
			}
		}
		b := box{tenth(at[0] - wide/2), tenth(at[1] - high/2), tenth(wide), high}
		w.taken.take(b)
		l.X, l.Y, l.Plate = tenth(at[0]), tenth(at[1]+0.36*countySize), &b
		w.pane.Labels = append(w.pane.Labels, l)
	}
}

// shifts lists by how much a plate may lie off its place, the nearest first.
func shifts() (all []orb.Point) {
	for x := -120.0; x <= 120; x += 10 {
		for y := -160.0; y <= 160; y += 10 {
			all = append(all, orb.Point{x, y})
		}
	}
	slices.SortStableFunc(all, func(a, b orb.Point) int {
		return cmp.Compare(a[0]*a[0]+a[1]*a[1], b[0]*b[0]+b[1]*b[1])
	})
	return all
}

// numbers is how many candidates have their numbers on the pane.
func (p *pane) numbers() (n int) {
	for _, l := range p.Labels {
		if l.Class == "number" {
			n++
		}
	}
	return n
}
