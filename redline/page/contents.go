package page

import "fmt"

// section is a part of the page with a heading.
type section struct{ ID, Title string }

// contents numbers the sections that the page has.
func (p *page) contents() {
	add := func(there bool, id, title string) {
		if there {
			number := []rune("一二三四五六七八九十")[len(p.Sections)]
			p.Sections = append(p.Sections, section{id, string(number) + "、" + title})
		}
	}
	found := len(p.Worst) > 0
	add(true, "s-map", "总览图")
	add(true, "s-change", "生态系统类型变化")
	add(true, "s-candidates", "候选图斑")
	add(p.Known != nil, "s-ledger", "与台账的关系")
	add(p.Evidence != nil, "s-evidence", p.Evidence.title())
	first := "最严重的"
	if p.Ranked() {
		first = "优先核查的"
	}
	add(found, "s-worst", fmt.Sprintf("%s %d 个候选图斑", first, len(p.Worst)))
	add(found, "s-list", "候选图斑清单")
	add(true, "s-coverage", "管控区覆盖情况")
	add(len(p.Units) > 0, "s-units", "市县调查统计")
	add(true, "s-method", "方法、数据、精度与局限")
}

// Title returns the heading of a section, with its number.
func (p *page) Title(id string) string {
	for _, s := range p.Sections {
		if s.ID == id {
			return s.Title
		}
	}
	return ""
}
