package page

import (
	"cmp"
	"slices"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// statusRow is a type of zones.
type statusRow struct {
	Type   string
	Zones  int64
	Ha     string
	Counts []int64 // how many zones are in each state
}

// coverageRow is a zone in the table of coverage.
type coverageRow struct {
	Name, Type, Status, Code        string
	Area, Seen, Controlled, Changed string
	Candidates                      int64 // that the zone controls
	CandidateHa                     string
	Inside                          int64 // that lie in the zone, whoever controls them
	InsideHa                        string
}

// shown is how many zones have a row, at most.
const shown = 400

// coverage counts the zones by type and state, and lists them. Zones of which less was seen come
// first; among those alike, the zones with more area of candidates.
func (p *page) coverage(sum *redline.Summary) {
	order := map[redline.Status]int{redline.StatusNot: 0, redline.StatusPartly: 1, redline.StatusChanged: 2,
		redline.StatusElsewhere: 3, redline.StatusOverruled: 4, redline.StatusClean: 5}
	position := map[redline.Status]int{}
	for i, s := range redline.Statuses() {
		position[s] = i
		p.StatusNames = append(p.StatusNames, s.Chinese())
	}
	zones := make([]*redline.ZoneTotal, len(sum.Zones))
	for i := range zones {
		zones[i] = &sum.Zones[i]
	}
	slices.SortStableFunc(zones, func(a, b *redline.ZoneTotal) int {
		return cmp.Or(cmp.Compare(order[a.Status()], order[b.Status()]),
			cmp.Compare(b.CandidateM2, a.CandidateM2), cmp.Compare(b.Inside.CandidateM2, a.Inside.CandidateM2))
	})
	for _, t := range redline.ZoneTypes() {
		row := statusRow{Type: t.Chinese(), Counts: make([]int64, len(p.StatusNames))}
		var m2 float64
		for _, z := range zones {
			if z.Zone.Type == t {
				row.Zones++
				m2 += z.TotalM2
				row.Counts[position[z.Status()]]++
			}
		}
		if row.Ha = grouped(m2/1e4, 2); row.Zones > 0 {
			p.Statuses = append(p.Statuses, row)
		}
	}
	p.Hidden = int64(max(0, len(zones)-shown))
	for _, z := range zones[:min(len(zones), shown)] {
		code := z.Status()
		p.Coverage = append(p.Coverage, coverageRow{
			Name: findings.Visible(cmp.Or(z.Zone.Name, z.Zone.ID)), Type: z.Zone.Type.Chinese(),
			Status: code.Chinese(), Code: code.String(),
			Area: grouped(z.TotalM2/1e4, 2), Seen: percent(z.SeenPct()), Controlled: grouped(z.ControlledM2/1e4, 2),
			Changed:    grouped((z.ChangedM2+z.UnruledM2)/1e4, 2),
			Candidates: z.Candidates, CandidateHa: grouped(z.CandidateM2/1e4, 2),
			Inside: z.Inside.Candidates, InsideHa: grouped(z.Inside.CandidateM2/1e4, 2),
		})
	}
}
