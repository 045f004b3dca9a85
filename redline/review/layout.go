package review

import (
	"math"
	"slices"

	"greenshield/redline"
)

// sheetRow is a row of the table of a sheet: one or two names, and what is said of each.
type sheetRow struct {
	Height float64
	Cells  []string // name, text, name, text
}

// candidateSheet returns the sheet of a candidate: both epochs, the facts, and room to judge and to sign by hand. whole
// is where the candidates lie. Below the land cover are the images of those themes that there are, 前期影像 to the left
// and 后期影像 to the right; what is written by hand then has less room.
func candidateSheet(coverage mapLayer, whole extent, themes []theme) sheet {
	s := sheet{Coverage: coverage, Order: coverage.Style.SortBy, Meridian: int(math.Round((whole[0] + whole[2]) / 2))}
	s.Texts = []sheetText{
		{SheetBox: at(12, 9, 186, 9), Text: "自动变化检测图斑核查单", Points: 16, Bold: true},
		{SheetBox: at(12, 18, 186, 6), Points: 9,
			Text: `[% "cand_id" %]　第 [% @atlas_featurenumber %] / [% @atlas_totalfeatures %] 张　候选线索，非违法认定`},
		{SheetBox: at(12, 284, 186, 6), Text: `[% @project_title %]`, Points: 8},
	}
	images := slices.ContainsFunc(themes, func(t theme) bool { return t.Name == "前期影像" || t.Name == "后期影像" })
	more := moreRows(coverage.Style.Fields)
	rows := 0.0 // how many rows of 9 mm are as high
	for _, row := range more {
		rows += row.Height / 9
	}
	lower := 9 * max(0, rows-2) // maps are lower where more rows would leave too little room to write
	height, y, free := 91-lower, 127-lower, 26-9*rows+lower
	if images {
		height, y, free = 56-4*rows, 153-8*rows, -rows
	}
	for i, of := range []struct{ theme, title string }{
		{"前期", `[% "year_a" %]年土地覆盖`}, {"后期", `[% "year_b" %]年土地覆盖`}, {"前期影像", "前期影像"}, {"后期影像", "后期影像"},
	} {
		if !slices.ContainsFunc(themes, func(t theme) bool { return t.Name == of.theme }) {
			continue
		}
		m := sheetMap{Name: of.theme + "图", Theme: of.theme,
			SheetBox: at(12+95*float64(i%2), 32+(height+7)*float64(i/2), 91, height)}
		s.Maps = append(s.Maps, m)
		scale := `map_get(item_variables('` + m.Name + `'), 'map_scale')`
		s.Texts = append(s.Texts, sheetText{SheetBox: at(m.X, m.Y-6, 91, 6), Points: 9, Bold: true,
			Text: of.title + `　约 1 : [% format_number(round(` + scale + `, -2), 0) %]`})
	}
	for _, row := range sheetRows(free, more) {
		const name = 26
		x, width := 12.0, 372/float64(len(row.Cells))
		for i := 0; i < len(row.Cells); i += 2 {
			s.Texts = append(s.Texts,
				sheetText{SheetBox: at(x, y, name, row.Height), Text: row.Cells[i], Points: 9, Bold: true, Framed: true},
				sheetText{SheetBox: at(x+name, y, width-name, row.Height), Text: row.Cells[i+1], Points: 9, Framed: true,
					Top: row.Height > 20})
			x += width
		}
		y += row.Height
	}
	return s
}

// at returns a box on the paper, in millimetres.
func at(x, y, width, height float64) sheetBox {
	return sheetBox{X: x, Y: y, Width: width, Height: height}
}

// sheetRows returns the table of a sheet, 129 mm high and free more for what is written by hand, and with more rows.
// Where nobody has judged, it has boxes to tick.
func sheetRows(free float64, more []sheetRow) []sheetRow {
	choices := ""
	for _, v := range redline.Verdicts()[1:] {
		choices += "□ " + v.Chinese() + "　"
	}
	rows := []sheetRow{
		{9, []string{"严重程度", `[% regexp_replace(represent_value("severity"), ' [a-z]+$', '') %]`, "变化类型", `[% "change_zh" %]`}},
		{9, []string{"前期地类", `[% "from_name" %]`, "后期地类", `[% "to_name" %]`}},
		{9, []string{"图斑面积", `[% format_number("area_ha", 2) %] 公顷`, "行政区", `[% "adm_name" %]`}},
		{13, []string{"管控区名称", `[% "zone_name" %]`, "管控区类型", `[% represent_value("zone_type") %]`}},
		{9, []string{"经度，纬度", `[% format_number("lon", 6) %]，[% format_number("lat", 6) %]`,
			"质量标记", `[% represent_value("flags") %]`}},
		{9, []string{"疑似人类活动", `[% regexp_replace("activity", ' \\([^)]*\\)', '') %]`}},
		{13, []string{"法规依据", `[% "basis" %]`}},
		{10, []string{"核查结论", `[% if("verdict" = 'unreviewed', '` + choices + `', represent_value("verdict")) %]`}},
		{10, []string{"核查依据", `[% if("rev_reason" = '', '', represent_value("rev_reason")) %]`}},
		{14 + free*20/26, []string{"核查说明", `[% "rev_note" %]`}},
		{12 + free*4/26, []string{"核查人", `[% "reviewer" %]`, "核查日期", `[% format_date("rev_date", 'yyyy-MM-dd') %]`}},
		{12 + free*2/26, []string{"签名", ""}},
	}
	return slices.Insert(rows, 7, more...)
}

// moreRows returns the rows of a sheet that not all candidates have: its priority and what other maps show of it, when
// it changed, and what the ledger knows of it.
func moreRows(fields []field) (rows []sheetRow) {
	rows = evidenceRows(fields)
	var when []string
	if dated(fields) {
		when = append(when, "变化时间", "[% "+whenChanged+" %]")
	}
	if since(fields) {
		when = append(when, "与设立先后", "[% "+againstZone+" %]")
	}
	if when != nil {
		rows = append(rows, sheetRow{9, when})
	}
	if knows(fields) {
		unless := func(field, before, after string) string {
			return `if("` + field + `" = '', '', ` + before + after + `)`
		}
		rows = append(rows, sheetRow{9, []string{
			"台账问题", `[% ` + unless("case_id", `"case_id" || '　'`, "") + ` || represent_value("relation") || ` +
				unless("case_state", `'　' || `, `represent_value("case_state")`) + ` %]`,
			"台账结论", `[% ` + unless("case_verd", `represent_value("case_verd") || `,
				unless("confirm", `'，待确认：' || `, `represent_value("confirm")`)) + ` %]`,
		}})
	}
	return rows
}
