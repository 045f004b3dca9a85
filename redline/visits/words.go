package visits

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/priority"
)

// What every file says of places and distances.
const (
	placesNote = "坐标为 2000 国家大地坐标系（CGCS2000）经纬度，与 WGS 84 相差不到 1 米。高德、腾讯等手机地图用 GCJ-02，" +
		"百度用 BD-09，同一点相差几百米：未经转换，不得把坐标直接填入这些地图。"
	distancesNote = "距离均为椭球面直线距离，不是道路里程；未使用任何道路数据。"
	returnNote    = "结论填在 review.gpkg（用 QGIS 打开 review.qgz）中，带回后由台账的 take 命令收入；" +
		"纸质结论由 set 命令逐个登记。"
	careNote = "列出的都是待核查的疑似点位，不是认定的违法问题。"
)

// rankNote says by what the cases are ranked.
func (p *Plan) rankNote() string {
	const method = "价值 = 严重程度（1–4，不明按 2）× 核查优先级 ÷ 100（不明按 50）。"
	by := "简单规则，" + findings.ProposedWeights
	switch {
	case p.Ranked == 0:
		return "台账中没有这些点位的核查优先级，只按严重程度排序。" + method
	case p.Model.Name != priority.SimpleName:
		by = "按台账中的核查结论校准的模型 " + findings.Visible(p.Model.Name)
		if p.Model.Edited {
			by += "，" + findings.EditedModel
		}
	}
	return fmt.Sprintf("%d 个点位中 %d 个有核查优先级（%s）。", len(p.Stops), p.Ranked, by) + method
}

// settingsNote says how the days were made.
func (p *Plan) settingsNote() string {
	text := fmt.Sprintf("每天最多 %d 个点位", p.PerDay)
	if p.Hours > 0 {
		text += fmt.Sprintf("、%s 小时（假定每个点位停留 %s 分钟，直线速度每小时 %s 公里）", short(p.Hours), short(p.StayMin),
			short(p.SpeedKM))
	}
	if p.From != nil {
		text += fmt.Sprintf("；每天从 %s, %s 出发并返回", short(p.From[0]), short(p.From[1]))
	}
	return text + "。每天从剩余价值最高的点位开始，再依次选价值 ÷（1 + 到当天最近点位的公里数）最大的，最后排成较短的次序。"
}

// short returns a number with as many decimals as it needs.
func short(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// title returns the name of the plan.
func (p *Plan) title() string { return findings.Visible(p.Ledger) + " 外业核查计划" }

// dayTitle returns the name of a day.
func (p *Plan) dayTitle(day int) string {
	text := fmt.Sprintf("第 %d 天", day+1)
	if d := p.Days[day].Date; d != "" {
		text += "（" + d.Chinese() + "）"
	}
	return text
}

// daySummary says how much there is on a day.
func (p *Plan) daySummary(day int) string {
	d := &p.Days[day]
	return fmt.Sprintf("%d 个点位，价值合计 %.2f，直线距离合计 %.1f 公里", len(d.Stops), d.Worth(), d.Metres()/1000)
}

// leftNotes says which cases are not in the plan.
func (p *Plan) leftNotes() (notes []string) {
	for _, l := range p.Left {
		notes = append(notes, fmt.Sprintf("%s：%d 个", l.Why, l.Cases))
	}
	return notes
}

// severity returns the severity in Chinese.
func (s *Stop) severity() string {
	if s.Severity < 1 || s.Severity > 4 {
		return "未定"
	}
	return redline.Severity(s.Severity).Chinese()
}

// purpose says why the case waits for a visit.
func (s *Stop) purpose() string {
	var parts []string
	if v := s.Case.Get(ledger.FieldVerdict); v == "" || v == string(ledger.Unreviewed) {
		parts = append(parts, "待核查")
	}
	if code := s.Case.Get(ledger.FieldToConfirm); code != "" {
		parts = append(parts, "待确认："+ledgerwork.Label("confirm", code))
	}
	for _, d := range s.Case.Disputes {
		parts = append(parts, "有分歧："+ledgerwork.Title(d.Field))
	}
	return strings.Join(parts, "；")
}

// prio returns the priority as a text, "" when it is not known.
func (s *Stop) prio() (score, why string) {
	if s.Prio == nil {
		return "", ""
	}
	return strconv.Itoa(s.Prio.Score), s.Prio.Why
}

// lead returns what the first lead of the case says.
func (s *Stop) lead() string {
	parts := []string{s.Case.Get(ledger.FieldLeadSource), s.Case.Get(ledger.FieldLeadNo), s.Case.Get(ledger.FieldLeadText)}
	return findings.Visible(strings.Join(strings.Fields(strings.Join(parts, " ")), " "))
}

// county returns the name of the county, its code where it has none.
func (s *Stop) county() string {
	return findings.Visible(cmp.Or(s.Case.Get(ledger.FieldCountyName), s.Case.Get(ledger.FieldCounty)))
}

// areaHa returns the area in hectares, 0 when it is not known.
func (s *Stop) areaHa() float64 {
	m2, _ := strconv.ParseFloat(s.Case.Get(ledger.FieldAreaM2), 64)
	return m2 / redline.M2PerHa
}

// facts says in lines what a visitor has to know of the case.
func (s *Stop) facts(metres float64) (lines []string) {
	score, why := s.prio()
	area := ""
	if ha := s.areaHa(); ha > 0 {
		area = fmt.Sprintf("%.2f 公顷", ha)
	}
	next := ""
	if metres > 0 {
		next = fmt.Sprintf("%.2f 公里", metres/1000)
	}
	for _, f := range [][2]string{{"核查原因", s.purpose()}, {"点位编号", s.Case.Get(ledger.FieldExtNo)}, {"行政区", s.county()},
		{"严重程度", s.severity()}, {"核查优先级", score}, {"优先理由", why}, {"保护区", s.Zone}, {"面积", area},
		{"外来线索", s.lead()}, {"至下一点直线距离", next}} {
		if f[1] != "" {
			lines = append(lines, f[0]+"："+findings.Visible(f[1]))
		}
	}
	return lines
}

// degrees returns a longitude or latitude as files have it.
func degrees(x float64) string { return strconv.FormatFloat(x, 'f', findings.DegDecimals, 64) }
