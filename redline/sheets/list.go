package sheets

import (
	"fmt"
	"slices"
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// Titles of columns that more than the list of columns names.
const (
	severityTitle = "严重程度"
	pointTitle    = "地图点(纬度, 经度)"
	verdictTitle  = "核查结论"
	dateTitle     = "核查日期"
)

// listed is a column of the list of candidates, with what it shows of each.
type listed struct {
	column
	value func(c *redline.Candidate) any
	note  string // what the sheet of explanations says of it
}

// lastPrinted is the last column of the list of candidates that is printed; those behind it are to look things up.
const lastPrinted = "责任"

// printedOf returns how many of the first columns of the sheet are printed; list are all but the first.
func printedOf(list []listed) int {
	return 2 + slices.IndexFunc(list, func(l listed) bool { return l.title == lastPrinted })
}

// list returns the columns of candidates.xlsx but the first, which counts the rows; fields are those of the candidates.
// Empty ones are for the reviewer and the bureau to fill in.
func list(fields []findings.Field) []listed {
	type C = redline.Candidate
	text := func(title string, width float64, get func(c *C) string, note string) listed {
		return listed{column{title, width, formatWrapped}, func(c *C) any { return get(c) }, note}
	}
	number := func(title string, width float64, format format, get func(c *C) float64, note string) listed {
		return listed{column{title, width, format}, func(c *C) any { return get(c) }, note}
	}
	empty := func(title string, width float64, format format, note string) listed {
		return listed{column{title, width, format}, func(*C) any { return nil }, note}
	}
	labels := labels(fields)
	activities := map[string]string{} // without their translations
	return slices.Concat([]listed{
		text("图斑编号", 19, func(c *C) string { return c.ID }, "与 candidates.geojson 的 cand_id 相同"),
		text(severityTitle, 6, func(c *C) string { return c.Severity.Chinese() }, "由规则表给出，底色随之变化"),
	}, ranking(fields), []listed{
		text("行政区", 9, func(c *C) string { return c.AdmName }, "代表点所在的县"),
		text("管控区名称", 18, func(c *C) string { return c.ZoneName }, "管控最严的一个"),
		text("管控区类型", 9, func(c *C) string { return labels["zone_type"][c.ZoneType] }, ""),
		text("变化类型", 9, func(c *C) string { return c.ChangeZH }, ""),
		text("前期地类", 8, func(c *C) string { return c.FromName }, "图斑内面积最大的转移"),
		text("后期地类", 8, func(c *C) string { return c.ToName }, "图斑内面积最大的转移"),
		number("图斑面积(公顷)", 9, formatHa, func(c *C) float64 { return c.AreaM2 / redline.M2PerHa },
			"管控区内的面积，可累加"),
		listed{column{pointTitle, 20, formatText}, func(c *C) any { return point(c) },
			"图斑内的一点；见上文“地图点”"},
		text("疑似人类活动", 26, func(c *C) string {
			name, known := activities[c.Activity]
			if !known {
				name = findings.Chinese(c.Activity)
				activities[c.Activity] = name
			}
			return name
		}, "由规则表给出，未经核查"),
		text(verdictTitle, 9, func(c *C) string { return labels["verdict"][c.Known.Given()] }, "下拉选择"),
		empty("核查人", 8, formatWrapped, "核查人填写"),
		empty(dateTitle, 11, formatDate, "核查人填写，形如 2026-03-05"),
		empty("核查说明", 14, formatWrapped, "核查人填写"),
		empty("问题", 14, formatWrapped, "主管部门填写"), empty("措施", 14, formatWrapped, "主管部门填写"),
		empty("标准", 10, formatWrapped, "主管部门填写"), empty(lastPrinted, 9, formatWrapped, "主管部门填写"),
	}, known(fields, labels), dates(fields, labels), evidence(fields), details(labels))
}

// known returns the columns of what a ledger knows, none when none was asked.
func known(fields []findings.Field, labels map[string]map[string]string) (columns []listed) {
	widths := map[string]float64{"case_id": 15, "case_note": 16, "case_link": 15, "case_near": 15}
	notes := map[string]string{
		"case_id":    "台账中同一地块的问题；新增的为空",
		"relation":   "新增、规模扩大、持续等；“曾核查不属实”为以前核查过、结论仍然有效的",
		"case_state": "问题在台账中的状态；已销号的也列出",
		"case_verd":  "以前的结论；有待确认事项时须重新核查",
		"confirm":    "为何以前的结论须由人确认",
		"follow_up":  "后期影像上该问题地块的现状",
	}
	for _, f := range fields {
		if f.Name != "relation" && !strings.HasPrefix(f.Name, "case_") && f.Name != "confirm" && f.Name != "follow_up" {
			continue
		}
		width := widths[f.Name]
		if width == 0 {
			width = 10
		}
		columns = append(columns, listed{column{f.Alias, width, formatWrapped}, func(c *redline.Candidate) any {
			if f.Values != nil {
				return labels[f.Name][f.Text(c)]
			}
			return f.Text(c)
		}, notes[f.Name]})
	}
	return columns
}

// details returns the columns of the list of candidates that are not printed.
func details(labels map[string]map[string]string) []listed {
	type C = redline.Candidate
	text := func(title string, width float64, get func(c *C) string, note string) listed {
		return listed{column{title, width, formatText}, func(c *C) any { return get(c) }, note}
	}
	integer := func(title string, format format, get func(c *C) int64, note string) listed {
		return listed{column{title, 9, format}, func(c *C) any { return get(c) }, note}
	}
	decimal := func(title string, format format, get func(c *C) float64, note string) listed {
		return listed{column{title, 13, format}, func(c *C) any { return get(c) }, note}
	}
	return []listed{
		integer("级别(4最重)", formatInteger, func(c *C) int64 { return int64(c.Severity) }, "严重程度的数字"),
		text("行政区代码", 11, func(c *C) string { return c.AdmCode }, ""),
		text("管控图层", 14, func(c *C) string { return labels["layer"][c.Layer] }, ""),
		text("管控区编号", 14, func(c *C) string { return c.ZoneID }, ""),
		text("功能分区(原文)", 13, func(c *C) string { return c.FuncZone }, "图层中的原文"),
		text("级别(原文)", 10, func(c *C) string { return c.ZoneLvl }, "图层中的原文"),
		text("涉及的全部管控区", 22, func(c *C) string { return strings.Join(c.ZonesAll, ";") }, "管控区编号"),
		integer("前期年份", formatYear, func(c *C) int64 { return int64(c.YearA) }, ""),
		integer("后期年份", formatYear, func(c *C) int64 { return int64(c.YearB) }, ""),
		decimal("整个斑块面积(公顷，不可累加)", formatHa, func(c *C) float64 { return c.PatchM2 / redline.M2PerHa },
			"一个斑块可跨多个管控区，会重复出现"),
		integer("斑块像元数", formatInteger, func(c *C) int64 { return c.Cells }, "整个斑块"),
		decimal("错位可解释的像元比例(%)", formatNumber, func(c *C) float64 {
			return redline.Percent(float64(c.EdgeCells), float64(c.Cells))
		}, "两期错位一个像元即可解释的部分"),
		decimal("经度", formatDegrees, func(c *C) float64 { return c.Lon }, "度"),
		decimal("纬度", formatDegrees, func(c *C) float64 { return c.Lat }, "度"),
		text("法规依据", 40, func(c *C) string { return c.Basis }, "由规则表给出"),
		decimal("已批准项目覆盖比例(%)", formatNumber, func(c *C) float64 {
			return redline.Percent(c.ExemptM2, c.AreaM2)
		}, ""),
		text("质量标记", 16, func(c *C) string { return strings.Join(redline.FlagsChinese(c.Flags), "；") }, "见上文“质量标记”"),
	}
}

// labels returns the labels of those of the fields that are coded, by name of the field and code.
func labels(fields []findings.Field) map[string]map[string]string {
	labels := map[string]map[string]string{}
	for _, f := range fields {
		if f.Values != nil {
			labels[f.Name] = map[string]string{}
			for _, v := range f.Values() {
				labels[f.Name][v.Code] = v.Label
			}
		}
	}
	return labels
}

// point returns the point of a candidate to about a metre as people write it: latitude, then longitude.
func point(c *redline.Candidate) string { return fmt.Sprintf("%.5f, %.5f", c.Lat, c.Lon) }

// geoURI returns the point of a candidate as a link (RFC 5870), which map programs open without a service.
func geoURI(c *redline.Candidate) string {
	return fmt.Sprintf("geo:%.*f,%.*f", findings.DegDecimals, c.Lat, findings.DegDecimals, c.Lon)
}
