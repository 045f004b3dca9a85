package page

import (
	"strings"

	"greenshield/redline"
)

// figures fills in the large numbers at the head of the page. The tables of zones must be filled in before.
func (p *page) figures(sum *redline.Summary) {
	var area, changed float64
	for _, t := range sum.Ecosystems {
		area += t.AreaM2
		if t.From.Ecosystem != t.To.Ecosystem {
			changed += t.AreaM2
		}
	}
	p.CellM2 = grouped(area/float64(sum.ValidCells), 0)
	codes := ""
	if n := sum.CodeChangedCells; n >= 0 {
		codes = "；" + grouped(float64(sum.ChangedCells), 0) +
			" 个像元，按地类代码计 " + grouped(float64(n), 0) + " 个"
	}
	of := func(s redline.Severity) string { return grouped(float64(sum.BySeverity[s]), 0) }
	named := func(s redline.Severity) string { return s.Chinese() + " " + of(s) + " 个" }
	p.Figures = []figure{
		{"候选图斑", grouped(float64(sum.Candidates), 0), "个",
			"面积合计 " + grouped(sum.CandidateM2/1e4, 2) + " 公顷"},
		{"其中" + redline.Critical.Chinese(), of(redline.Critical), "个",
			named(redline.Serious) + "，" + named(redline.Medium) + "，" + named(redline.Notice)},
		{"管控区", grouped(float64(len(sum.Zones)), 0), "个", p.states()},
		{"比对面积", grouped(area/1e6, 2), "平方公里",
			grouped(float64(sum.ValidCells), 0) + " 个两期均有效的像元"},
		{"生态系统类型变化", percent(redline.Percent(changed, area)), "",
			grouped(changed/1e4, 2) + " 公顷，管控区内外合计" + codes},
		{"区内未列为候选的变化", grouped(float64(sum.Suppressed), 0), "处",
			grouped(sum.SuppressedM2/1e4, 2) + " 公顷，原因逐条见 suppressed.csv"},
	}
	p.Figures = append(p.Figures, p.Known.figures()...)
}

// states returns a text that says how many zones are in which state.
func (p *page) states() string {
	var parts []string
	for i, name := range p.StatusNames {
		var n int64
		for _, row := range p.Statuses {
			n += row.Counts[i]
		}
		if n > 0 {
			parts = append(parts, name+" "+whole(n)+" 个")
		}
	}
	return strings.Join(parts, "；")
}
