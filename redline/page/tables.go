package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/report"
	"greenshield/redline/survey"
)

// statusRow is a kind of zones: how many are in which state.
type statusRow struct {
	Type   string
	Zones  int64
	Ha     string
	Counts []int64
}

// unitRow is a unit of the survey.
type unitRow struct {
	Name       string
	County     bool     // of the city above
	Net        []string // ha, by class
	Changed    string
	Dynamic    string
	Index      string
	Candidates counted
}

type checkRow struct {
	Name        string
	Left, Right string
}

type coverageRow struct {
	Name, Type, Status, Code        string
	Area, Seen, Controlled, Changed string
	Candidates                      int64
	CandidateHa                     string
}

type inputRow struct{ Role, Path, Detail string }

type ruleRow struct {
	Change string
	Levels []int
}

// shown is how many zones have a row.
const shown = 400

// coverage counts the zones by type and state, and lists them: those first of which least was seen, then those with the most candidates.
func (p *page) coverage(sum *redline.Summary) {
	order := map[string]int{"not_covered": 0, "partly_covered": 1, "changed": 2, "overruled": 3, "clean": 4}
	position := map[string]int{}
	for i, s := range report.Statuses() {
		position[s.Code] = i
		p.StatusNames = append(p.StatusNames, s.Label)
	}
	zones := make([]*redline.ZoneTotal, len(sum.Zones))
	for i := range zones {
		zones[i] = &sum.Zones[i]
	}
	slices.SortStableFunc(zones, func(a, b *redline.ZoneTotal) int {
		return cmp.Or(cmp.Compare(order[report.Status(a)], order[report.Status(b)]), cmp.Compare(b.CandidateM2, a.CandidateM2))
	})
	for _, t := range redline.ZoneTypes() {
		row := statusRow{Type: t.Chinese(), Counts: make([]int64, len(p.StatusNames))}
		var m2 float64
		for _, z := range zones {
			if z.Zone.Type == t {
				row.Zones++
				m2 += z.TotalM2
				row.Counts[position[report.Status(z)]]++
			}
		}
		if row.Ha = grouped(m2/1e4, 2); row.Zones > 0 {
			p.Statuses = append(p.Statuses, row)
		}
	}
	p.Hidden = max(0, len(zones)-shown)
	for _, z := range zones[:min(len(zones), shown)] {
		seen := 100 * (z.TotalM2 - z.OutsideM2 - z.NoDataM2) / z.TotalM2
		code := report.Status(z)
		p.Coverage = append(p.Coverage, coverageRow{
			Name: report.Visible(cmp.Or(z.Zone.Name, z.Zone.ID)), Type: z.Zone.Type.Chinese(), Status: p.StatusNames[position[code]], Code: code,
			Area: grouped(z.TotalM2/1e4, 2), Seen: percent(seen), Controlled: grouped(z.ControlledM2/1e4, 2), Changed: grouped((z.ChangedM2+z.UnruledM2)/1e4, 2),
			Candidates: z.Candidates, CandidateHa: grouped(z.CandidateM2/1e4, 2),
		})
	}
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

// balances are the names of checks in Chinese, by what they begin with.
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

var roles = map[string]string{"before": "前期土地覆盖", "after": "后期土地覆盖", "redline": "生态保护红线", "reserve": "自然保护地", "admin": "行政区", "exempt": "已批准项目", "image_before": "前期影像", "image_after": "后期影像"}

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
		p.Inputs = append(p.Inputs, inputRow{cmp.Or(roles[in.Role], in.Role), report.Visible(in.Path), report.Visible(strings.Join(detail, "；"))})
	}
	p.Connectivity = fmt.Sprint(m.Options["connectivity"])
}

// units lists cities, each with its counties below, and what is in no county.
func (p *page) units(found *report.Findings, settings survey.Settings, t *tally) {
	s := found.Summary.Survey
	type key struct{ code, name string }
	cityOf, cities := map[key]string{}, map[string]*counted{}
	for i := range found.Inputs.Admin {
		a := &found.Inputs.Admin[i]
		cityOf[key{a.Code, a.Name}] = a.CityCode()
	}
	for k, c := range t.counties {
		code, name, _ := strings.Cut(k, "\x00")
		if city := cityOf[key{code, name}]; city != "" {
			if cities[city] == nil {
				cities[city] = &counted{}
			}
			cities[city].Count += c.Count
			cities[city].Ha += c.Ha
		}
	}
	row := func(u *redline.UnitSurvey, candidates *counted) {
		of := survey.Compute(u, s.YearB-s.YearA, settings)
		if u.Code+u.Name == "" && of.Cells == 0 { // nothing lies in no county
			return
		}
		var changed float64
		for _, c := range of.Classes {
			changed += c.LossM2
		}
		r := unitRow{Name: report.Visible(cmp.Or(u.Name, u.Code, "（不在任何县内）")), County: u.Level == redline.LevelCounty,
			Changed: grouped(changed/1e4, 0), Dynamic: percent(of.Comprehensive), Index: percent(of.Index)}
		for _, e := range p.classList {
			r.Net = append(r.Net, grouped(of.Classes[e].NetM2/1e4, 0))
		}
		if candidates != nil {
			r.Candidates = *candidates
		}
		p.Units = append(p.Units, r)
	}
	put := map[int]bool{}
	counties := func(city string) {
		for i := range s.Units {
			u := &s.Units[i]
			if u.Level == redline.LevelCounty && !put[i] && (city == "" || cityOf[key{u.Code, u.Name}] == city) {
				put[i] = true
				row(u, t.counties[u.Code+"\x00"+u.Name])
			}
		}
	}
	for i := range s.Units {
		if u := &s.Units[i]; u.Level == redline.LevelCity {
			row(u, cities[u.Code])
			counties(u.Code)
		}
	}
	counties("")
}
