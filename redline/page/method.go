package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/record"
)

// inputRow is a file that was read.
type inputRow struct{ Role, Path, Detail string }

// ruleRow is a type of change and its severity in each type of zone.
type ruleRow struct {
	Change string
	Levels []int
}

// checkRow is a balance of the run.
type checkRow struct {
	Name        string
	Left, Right string
}

// rules lists which severity a change has in which type of zone; where that differs by what the maps show of it, there
// is a row for each.
func (p *page) rules(rules *redline.RuleTable) {
	for _, z := range redline.ZoneTypes() {
		p.ZoneTypes = append(p.ZoneTypes, z.Chinese())
	}
	for i, c := range rules.Changes {
		timed := func(z redline.ZoneType) bool { return rules.Timed(i, z) != nil }
		timings := []redline.VsZone{""}
		if slices.ContainsFunc(redline.ZoneTypes(), timed) {
			timings = redline.VsZones()
		}
		for _, v := range timings {
			row := ruleRow{Change: findings.Visible(c.NameZH)}
			if v != "" {
				row.Change += "（按影像：" + v.Chinese() + "）"
			}
			for _, z := range redline.ZoneTypes() {
				row.Levels = append(row.Levels, int(rules.Rule(i, z, v).Severity))
			}
			p.Rules = append(p.Rules, row)
		}
	}
}

// checks lists the balances of the run.
func (p *page) checks(all []redline.Check) {
	number := func(x float64) string {
		if x == math.Trunc(x) {
			return grouped(x, 0)
		}
		return grouped(x, 4)
	}
	for _, c := range all {
		p.Checks = append(p.Checks, checkRow{findings.Visible(c.Name.ZH), number(c.Left), number(c.Right)})
	}
}

// roles has what the files of a run serve for in Chinese.
var roles = map[string]string{
	"before": "前期土地覆盖", "after": "后期土地覆盖", "between": "期间土地覆盖", "redline": "生态保护红线",
	"reserve":        "自然保护地",
	"confirm_before": "其他地图（前期）", "confirm_after": "其他地图（后期）", "newest": "最新土地覆盖",
	"admin": "行政区", "exempt": "已批准项目", "image_before": "前期影像", "image_after": "后期影像",
}

// inputs lists the files that were read.
func (p *page) inputs(m *record.Manifest) {
	for _, in := range m.Inputs {
		var detail []string
		if in.Year > 0 {
			detail = append(detail, strconv.Itoa(in.Year)+" 年")
		}
		if in.Legend != "" {
			detail = append(detail, "图例 "+in.Legend)
			p.CLCD = p.CLCD || in.Legend == "clcd"
		}
		if in.FeaturesRead > 0 {
			detail = append(detail, grouped(float64(in.FeaturesRead), 0)+" 个要素")
		}
		if in.FeaturesLeftOut > 0 {
			detail = append(detail, "按属性条件排除 "+grouped(float64(in.FeaturesLeftOut), 0)+" 个要素")
		}
		if in.CRS != "" {
			detail = append(detail, chineseCRS(in.CRS))
		}
		p.Inputs = append(p.Inputs, inputRow{
			cmp.Or(roles[in.Role], in.Role), findings.Visible(in.Path), findings.Visible(strings.Join(detail, "；")),
		})
	}
	p.Connectivity = fmt.Sprint(m.Options["connectivity"])
}
