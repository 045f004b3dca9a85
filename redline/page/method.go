package page

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/report"
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

// rules lists which severity a change has in which type of zone.
func (p *page) rules(rules *redline.RuleTable) {
	for _, z := range redline.ZoneTypes() {
		p.ZoneTypes = append(p.ZoneTypes, z.Chinese())
	}
	for i, c := range rules.Changes {
		row := ruleRow{Change: report.Visible(c.NameZH)}
		for _, z := range redline.ZoneTypes() {
			row.Levels = append(row.Levels, rules.Rule(i, z).Severity)
		}
		p.Rules = append(p.Rules, row)
	}
}

// balances has the names of checks in Chinese, by what their own names begin with. A name that
// ends with a colon is followed by what the check is of.
var balances = []struct{ english, chinese string }{
	{"cells of the matrix = cells of the grid", "转移矩阵像元数 = 网格像元数"},
	{"valid + NoData = cells of the grid", "有效像元 + 无数据像元 = 网格像元数"},
	{"classes of before = margin of the matrix", "前期各类像元数 = 转移矩阵行合计"},
	{"classes of after = margin of the matrix", "后期各类像元数 = 转移矩阵列合计"},
	{"cells in patches of ", "图斑像元数 = 对应转移的像元数："},
	{"worst zone ", "误差最大的管控区：候选 + 未列入 = 变化面积（平方米）："},
	{"all candidates + suppressed = changed area in zones", "全部候选 + 未列入 = 管控区内变化面积（平方米）"},
	{"survey of the whole = matrix of ecosystem classes", "全区调查统计 = 生态系统转移矩阵（像元）"},
	{"territories = union of all zones", "各区管控范围之和 = 全部管控区并集（像元）"},
}

// checks lists the balances of the run.
func (p *page) checks(all []report.Check, rules *redline.RuleTable) {
	number := func(x float64) string {
		if x == math.Trunc(x) {
			return grouped(x, 0)
		}
		return grouped(x, 4)
	}
	for _, c := range all {
		row := checkRow{c.Name, number(c.Left), number(c.Right)}
		for _, b := range balances {
			if rest, ok := strings.CutPrefix(c.Name, b.english); ok {
				row.Name = b.chinese
				if strings.HasSuffix(b.chinese, "：") {
					rest, _, _ = strings.Cut(rest, " = ")
					rest, _, _ = strings.Cut(rest, ": ")
					for _, c := range rules.Changes {
						if c.Name == rest {
							rest = c.NameZH
						}
					}
					row.Name += report.Visible(rest)
				}
				break
			}
		}
		p.Checks = append(p.Checks, row)
	}
}

// roles has what the files of a run serve for in Chinese.
var roles = map[string]string{
	"before": "前期土地覆盖", "after": "后期土地覆盖", "redline": "生态保护红线", "reserve": "自然保护地",
	"admin": "行政区", "exempt": "已批准项目", "image_before": "前期影像", "image_after": "后期影像",
}

// inputs lists the files that were read.
func (p *page) inputs(m *report.Manifest) {
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
		if in.CRS != "" {
			detail = append(detail, strings.Replace(in.CRS, ", to the rasters' CRS by: ", "；转换至栅格坐标系：", 1))
		}
		p.Inputs = append(p.Inputs, inputRow{
			cmp.Or(roles[in.Role], in.Role), report.Visible(in.Path), report.Visible(strings.Join(detail, "；")),
		})
	}
	p.Connectivity = fmt.Sprint(m.Options["connectivity"])
}
