package review

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/findings"
)

// TestSheet: everything lies on the paper, nothing on something else, and every field that a text names is there. With a
// ledger the sheet names the case of the candidate, and what was said of it; with dates, when it changed.
func TestSheet(t *testing.T) {
	for themes, maps := range map[string]string{
		"前期 后期": "前期 后期", "前期 后期 底图": "前期 后期", "前期 后期 后期影像": "前期 后期 后期影像",
		"前期 后期 后期影像 前期影像 底图": "前期 后期 前期影像 后期影像",
	} {
		t.Run(themes, func(t *testing.T) {
			testSheet(t, findings.Columns{}.Fields(), strings.Fields(themes), strings.Fields(maps))
		})
		t.Run(themes+" 与台账的关系", func(t *testing.T) {
			testSheet(t, findings.Columns{Known: true}.Fields(), strings.Fields(themes+" 与台账的关系"), strings.Fields(maps), "台账问题", `"case_id"`, "台账结论", `"case_verd"`, `"confirm"`)
		})
		t.Run(themes+" 变化年份", func(t *testing.T) {
			testSheet(t, findings.Columns{Dated: true, Since: true}.Fields(), strings.Fields(themes+" 变化年份"), strings.Fields(maps), "变化时间", `"chg_year"`, `"date_grd"`, "与设立先后", `"vs_zone"`)
		})
		t.Run(themes+" 与台账的关系 变化年份", func(t *testing.T) {
			testSheet(t, findings.AllColumns.Fields(), strings.Fields(themes), strings.Fields(maps), "台账问题", "变化时间", "与设立先后", "核查优先级", "其他地图", "最新图")
		})
		t.Run(themes+" 核查优先级", func(t *testing.T) {
			testSheet(t, findings.Columns{Ranked: true, Newest: true}.Fields(), strings.Fields(themes+" 核查优先级"), strings.Fields(maps), "核查优先级", `"prio"`, `"prio_why"`, "最新图", `"stays_pct"`)
		})
		t.Run(themes+" confirmed", func(t *testing.T) {
			testSheet(t, findings.Columns{Confirmed: true}.Fields(), strings.Fields(themes), strings.Fields(maps), "其他地图", `"agree_of"`)
		})
		t.Run(themes+" since", func(t *testing.T) {
			testSheet(t, findings.Columns{Since: true}.Fields(), strings.Fields(themes), strings.Fields(maps), "与设立先后", `"zone_since"`)
		})
	}
}

// testSheet looks at the sheet of a project of these fields and themes, and wants maps of those and more parts of text.
func testSheet(t *testing.T, fields []findings.Field, themes, maps []string, more ...string) {
	var all []theme
	for _, name := range themes {
		all = append(all, theme{Name: name})
	}
	s := candidateSheet(mapLayer{Style: reviewStyle(fields)}, extent{116.2, 30, 118.6, 32}, all)
	if !slices.EqualFunc(s.Maps, maps, func(m sheetMap, name string) bool { return m.Theme == name && m.Name == name+"图" }) {
		t.Errorf("maps %+v, want %v", s.Maps, maps)
	}
	if s.Meridian != 117 || s.Order != reviewStyle(fields).SortBy {
		t.Errorf("meridian %d, order %s", s.Meridian, s.Order)
	}
	var boxes []sheetBox
	for _, m := range s.Maps {
		boxes = append(boxes, m.SheetBox)
	}
	named := regexp.MustCompile(`"(\w+)"`)
	var written strings.Builder
	for _, text := range s.Texts {
		boxes = append(boxes, text.SheetBox)
		written.WriteString(text.Text)
		if strings.Contains(text.Text, `"prio_why"`) && text.Height < 13 {
			t.Errorf("the reasons of the priority have %v mm, not room for two lines", text.Height)
		}
		for _, name := range named.FindAllStringSubmatch(text.Text, -1) {
			if !slices.ContainsFunc(s.Coverage.Style.Fields, func(f field) bool { return f.Name == name[1] }) {
				t.Errorf("%s: no field is called %s", text.Text, name[1])
			}
		}
	}
	for i, a := range boxes {
		if a.X < 10 || a.Y < 5 || a.X+a.Width > 200 || a.Y+a.Height > 292 || a.Width < 20 || a.Height < 5 {
			t.Errorf("%v is too near the edge of the paper, or too small", a)
		}
		for _, b := range boxes[:i] {
			const touch = 1e-9
			beside := a.X+touch >= b.X+b.Width || b.X+touch >= a.X+a.Width
			if !beside && a.Y+touch < b.Y+b.Height && b.Y+touch < a.Y+a.Height {
				t.Errorf("%v lies on %v", a, b)
			}
		}
	}
	for _, part := range append(more, "签名", "□ 属实　□ 不属实　□ 已批准　□ 重复　□ 需实地", "候选线索，非违法认定") {
		if !strings.Contains(written.String(), part) {
			t.Errorf("the sheet lacks %s", part)
		}
	}
}
