package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// standing is the candidates of a county, a reserve or a kind of change, by severity.
type standing struct {
	name  string
	count [redline.NumSeverities]int64
	m2    [redline.NumSeverities]float64
}

// standings are counted under keys that tell those of one name apart.
type standings map[string]*standing

// add counts a candidate under key, which is shown as name.
func (all standings) add(key, name string, c *redline.Candidate) {
	s := all[key]
	if s == nil {
		s = &standing{name: findings.Visible(name)}
		all[key] = s
	}
	s.count[c.Severity]++
	s.m2[c.Severity] += c.AreaM2
}

// ranked lists the standings, the worst first: the one with more critical candidates, or of the next severity where
// these are alike, then with more area.
func (all standings) ranked() (ranked []*standing) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		ranked = append(ranked, all[key])
	}
	slices.SortStableFunc(ranked, func(a, b *standing) int {
		for _, s := range redline.Severities() {
			if order := cmp.Compare(b.count[s], a.count[s]); order != 0 {
				return order
			}
		}
		return cmp.Compare(b.totalM2(), a.totalM2())
	})
	return ranked
}

func (s *standing) total() (n int64) {
	for _, count := range s.count {
		n += count
	}
	return n
}

func (s *standing) totalM2() (m2 float64) {
	for _, part := range s.m2 {
		m2 += part
	}
	return m2
}

// String says how many candidates there are, and how many of the highest severity that occurs.
func (s *standing) String() string {
	text := fmt.Sprintf("%s（%s 个、%s 公顷", s.name, whole(s.total()), hectares(s.totalM2()/redline.M2PerHa))
	for _, severity := range redline.Severities() {
		if n := s.count[severity]; n > 0 {
			return text + "，其中" + severity.Chinese() + " " + whole(n) + " 个）"
		}
	}
	return text + "）"
}

// whole writes a whole number with commas between thousands.
func whole(n int64) string { return grouped(float64(n), 0) }

// severityRow is a county, or the total, in the table of severities: number and area in ha for each severity, the most
// severe first, then for all.
type severityRow struct {
	Name  string
	Cells []string
}

// mostCounties is how many counties have a row in the table of severities; more are summed up in one.
const mostCounties = 150

// severityTable fills in the table of severities by county, the worst county first.
func (p *page) severityTable(t *tally) {
	row := func(s *standing) severityRow {
		r := severityRow{Name: s.name}
		for _, severity := range redline.Severities() {
			r.Cells = append(r.Cells, whole(s.count[severity]), hectares(s.m2[severity]/redline.M2PerHa).String())
		}
		r.Cells = append(r.Cells, whole(s.total()), hectares(s.totalM2()/redline.M2PerHa).String())
		return r
	}
	sum := func(name string, of []*standing) *standing {
		total := &standing{name: name}
		for _, s := range of {
			for i := range s.count {
				total.count[i] += s.count[i]
				total.m2[i] += s.m2[i]
			}
		}
		return total
	}
	counties := t.byCounty.ranked()
	p.SeverityTotal = row(sum("合计", counties))
	if len(counties) == 1 && counties[0].name == redline.NoCounty {
		p.SeverityTotal.Name = "全区"
		return
	}
	if len(counties) > mostCounties {
		rest := counties[mostCounties-1:]
		counties = append(counties[:mostCounties-1:mostCounties-1], sum(fmt.Sprintf("其余 %d 个", len(rest)), rest))
	}
	for _, c := range counties {
		p.SeverityRows = append(p.SeverityRows, row(c))
	}
}

// head fills in the title and the summary.
func (p *page) head(o Options, found *findings.Findings, t *tally) {
	p.Region = findings.Visible(cmp.Or(o.Region, onlyArea(found, t)))
	p.Issuer = findings.Visible(o.Issuer)
	if day, err := time.Parse(time.DateOnly, o.Date); err == nil {
		p.Date = fmt.Sprintf("%d 年 %d 月 %d 日", day.Year(), day.Month(), day.Day())
	}
	p.Workbook, p.Project = o.Workbook, o.Project
	p.Summary = summary(found.Summary, p.Region, t) + p.Dates.summary() + p.Known.summary() + p.Evidence.summary()
	for i := range found.Summary.Zones {
		if found.Summary.Zones[i].Seen() != redline.SeenWhole {
			p.Unseen++
		}
	}
}

// onlyArea returns the name of the county or city if there is only one and no candidate lies outside, else "".
func onlyArea(found *findings.Findings, t *tally) string {
	if len(found.Inputs.Admin) == 0 || t.byCounty["\x00"] != nil {
		return ""
	}
	counties, cities := map[string]bool{}, map[string]bool{}
	for _, a := range found.Inputs.Admin {
		counties[a.Code+"\x00"+a.Name] = true
		cities[a.CityCode()] = true
	}
	if len(counties) == 1 {
		return found.Inputs.Admin[0].Name
	}
	for _, u := range found.Summary.Survey.Units {
		if u.Level == redline.LevelCity && len(cities) == 1 && cities[u.Code] {
			return u.Name
		}
	}
	return ""
}

// summary says what was found in one paragraph.
func summary(sum *redline.Summary, region string, t *tally) string {
	var b strings.Builder
	if region != "" {
		region += " "
	}
	fmt.Fprintf(&b, "%d 年至 %d 年，%s%s 个管控区内", sum.YearA, sum.YearB, region, whole(int64(len(sum.Zones))))
	if sum.Candidates == 0 {
		b.WriteString("没有发现候选图斑。")
	} else {
		fmt.Fprintf(&b, "发现候选图斑 %s 个、%s 公顷：",
			whole(sum.Candidates), hectares(sum.CandidateM2/redline.M2PerHa))
		var parts []string
		for _, s := range redline.Severities() {
			parts = append(parts, s.Chinese()+" "+whole(sum.BySeverity[s])+" 个")
		}
		b.WriteString(strings.Join(parts, "，") + "。")
		parts = nil
		for _, of := range []struct {
			what string
			standings
		}{
			{"县（区、市）", t.byCounty}, {"自然保护地", t.byReserve},
			{"生态保护红线", t.byRedLine}, {"变化类型", t.byKind},
		} {
			if ranked := of.ranked(); len(ranked) > 0 && ranked[0].name != redline.NoCounty {
				parts = append(parts, of.what+"为"+ranked[0].String())
			}
		}
		b.WriteString("最重的" + strings.Join(parts, "；") + "。")
	}
	b.WriteString(unseen(sum))
	return b.String()
}

// unseen says how many zones were not seen, or not as a whole.
func unseen(sum *redline.Summary) string {
	var n [redline.SeenWhole + 1]int64
	for i := range sum.Zones {
		n[sum.Zones[i].Seen()]++
	}
	var parts []string
	if not := n[redline.SeenNot]; not > 0 {
		parts = append(parts, whole(not)+" 个管控区没有看过")
	}
	if partly := n[redline.SeenPartly]; partly > 0 {
		parts = append(parts, whole(partly)+" 个管控区只看过一部分")
	}
	if parts == nil {
		return "管控区全部看过。"
	}
	return "有 " + strings.Join(parts, "，") + "：没有看过的地方不能作为没有问题的依据。"
}
