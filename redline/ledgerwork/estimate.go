package ledgerwork

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/sampling"
	"greenshield/redline/record"
	"greenshield/redline/sheets"
)

// Estimate is what the verdicts of the drawn cases of a sample, and no others, say of all cases that it was drawn from.
type Estimate struct {
	Sample string              `json:"sample"`
	Run    string              `json:"run"`
	Day    ledger.Date         `json:"day"` // of the draw
	Seed   int64               `json:"seed"`
	By     []string            `json:"by"`
	Strata []StratumSeen       `json:"strata"`
	Open   map[string]int      `json:"open"`             // drawn cases that do not count yet, by why
	Real   record.SampleResult `json:"real"`             // confirmed, partly
	Change record.SampleResult `json:"change"`           // also refuted, but for another reason than a wrong map
	Points *PointsSeen         `json:"points,omitempty"` // what no candidate shows; nil when no points were drawn
}

// PointsSeen is what random points say of the ground without candidates, and with the cases of all ground of the zones.
type PointsSeen struct {
	Drawn      int     `json:"drawn"`
	Changed    int     `json:"changed"`
	Unchanged  int     `json:"unchanged"`
	CannotTell int     `json:"cannot_tell"`
	GroundHa   float64 `json:"ground_ha"`
	// Missed is what changed there; nil while fewer than two points are answered by yes or no. All is what changed
	// anywhere, Found the share of it that cases show: both nil also while the cases give no area.
	Missed *record.SampleArea `json:"missed,omitempty"`
	All    *record.SampleArea `json:"all_change,omitempty"`
	Found  *ShareFound        `json:"share_found,omitempty"`
}

// ShareFound is a share, 0 to 1, with its interval of 95 %.
type ShareFound struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// pointsSeen returns what points say; change are the strata of cases by whether they are changes.
func pointsSeen(p *DrawnPoints, change []sampling.Stratum) *PointsSeen {
	if p == nil {
		return nil
	}
	seen := &PointsSeen{Drawn: len(p.Tries), GroundHa: roundedTo(p.GroundM2/redline.M2PerHa, 4)}
	for _, a := range p.Answers {
		switch a.Answer {
		case ledger.PointChanged:
			seen.Changed++
		case ledger.PointUnchanged:
			seen.Unchanged++
		default:
			seen.CannotTell++
		}
	}
	w := sampling.Points{AreaM2: p.GroundM2, Drawn: seen.Drawn, Real: seen.Changed,
		NotReal: seen.Unchanged}.Estimates(change)
	if w == nil {
		return seen
	}
	if seen.Missed = recorded(w.Missed); w.Total != nil {
		seen.All = recorded(*w.Total)
	}
	if f := w.Found; f != nil {
		seen.Found = &ShareFound{roundedTo(f.Estimate, 6), roundedTo(f.Low, 6), roundedTo(f.High, 6)}
	}
	return seen
}

// recorded returns an area in hectares with four digits.
func recorded(a sampling.Area) *record.SampleArea {
	ha := func(m2 float64) float64 { return roundedTo(m2/redline.M2PerHa, 4) }
	return &record.SampleArea{Ha: ha(a.M2), ErrorHa: ha(a.Error), LowHa: ha(a.LowM2), HighHa: ha(a.HighM2)}
}

// StratumSeen is a stratum with what its drawn cases are.
type StratumSeen struct {
	ledger.DrawStratum
	Judged int `json:"judged"`
	Real   int `json:"real"`
	Change int `json:"change"`
}

// Why a drawn case does not count: what its verdict is, or one of these.
const (
	openDisputed  = "disputed"   // reviewers say different things
	openToConfirm = "to_confirm" // its verdict was carried over and has to be confirmed
	openUnseen    = "unseen"     // it cannot be seen in this ledger
)

// EstimateOf says what follows from a sample. A case counts by its last verdict: confirmed and partly are real, refuted
// is not; for change, refuted for another reason than misclassified is a change too. Whatever else a case is, it is
// without an answer, and the intervals have room for all that it could be.
func EstimateOf(s *DrawnSample) *Estimate {
	e := &Estimate{Sample: s.Name, Run: s.Run, Day: s.Day, Seed: s.Seed, By: append([]string{}, s.By...),
		Open: map[string]int{}}
	var real, change []sampling.Stratum
	for _, stratum := range s.Strata {
		seen := StratumSeen{DrawStratum: stratum}
		r := sampling.Stratum{Units: stratum.Cases, AreaM2: stratum.AreaM2}
		c := r
		for i := range s.Cases {
			d := &s.Cases[i]
			if d.Stratum != stratum.Name {
				continue
			}
			isReal, isChange, why := answerOf(d.Case)
			areaM2, _ := strconv.ParseFloat(d.AreaM2, 64) // 0 where there is none
			r.Drawn = append(r.Drawn, sampling.Drawn{AreaM2: areaM2, Answer: isReal})
			c.Drawn = append(c.Drawn, sampling.Drawn{AreaM2: areaM2, Answer: isChange})
			seen.Judged += int(one(why == ""))
			seen.Real += int(one(isReal == sampling.Real))
			seen.Change += int(one(isChange == sampling.Real))
			if why != "" {
				e.Open[why]++
			}
		}
		for range stratum.Drawn - len(r.Drawn) {
			r.Drawn, c.Drawn = append(r.Drawn, sampling.Drawn{}), append(c.Drawn, sampling.Drawn{})
			e.Open[openUnseen]++
		}
		real, change, e.Strata = append(real, r), append(change, c), append(e.Strata, seen)
	}
	e.Real, e.Change = resultOf(sampling.Estimate(real)), resultOf(sampling.Estimate(change))
	e.Points = pointsSeen(s.Points, change)
	return e
}

// answerOf returns what a case is, and why it does not count, "" when it does.
func answerOf(c *ledger.Case) (real, change sampling.Answer, why string) {
	for _, d := range c.Disputes {
		if d.Field == ledger.FieldVerdict || d.Field == ledger.FieldReason {
			return sampling.Open, sampling.Open, openDisputed
		}
	}
	if c.Get(ledger.FieldToConfirm) != "" {
		return sampling.Open, sampling.Open, openToConfirm
	}
	v, _ := ledger.Shipped().Verdict(verdictOf(c))
	switch {
	case v.Outcome == ledger.Problem:
		return sampling.Real, sampling.Real, ""
	case v.Outcome == ledger.NoProblem && c.Get(ledger.FieldReason) == "misclassified":
		return sampling.NotReal, sampling.NotReal, ""
	case v.Outcome == ledger.NoProblem:
		return sampling.NotReal, sampling.Real, ""
	}
	return sampling.Open, sampling.Open, verdictOf(c)
}

// resultOf returns a result as it is recorded: with six digits of shares, and areas in hectares with four.
func resultOf(r sampling.Result) record.SampleResult {
	out := record.SampleResult{Cases: r.Units, Drawn: r.Drawn, Judged: r.Answered, Found: r.Real, AtLeast: r.AtLeast,
		AtMost: r.AtMost, Low: roundedTo(r.Low, 6), High: roundedTo(r.High, 6)}
	if r.Share != nil {
		share := roundedTo(r.Share.Estimate, 6)
		out.Share = &share
	}
	if r.Area != nil {
		out.Area = recorded(*r.Area)
	}
	return out
}

func roundedTo(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale) / scale
}

// estimateFor returns what the last sample says of which every case, and no other, is met by a run as it was, nil
// without one, and while none of its cases is judged: of a run that found more, less or something else it says nothing.
func estimateFor(samples []DrawnSample, met []Met) *record.SampleEstimate {
	var ids []string
	for i := range met {
		switch m := &met[i]; {
		case m.Detection == nil:
		case m.Case == nil || m.Relation != ledger.Persisting:
			return nil
		default:
			ids = append(ids, m.Case.ID)
		}
	}
	slices.Sort(ids)
	frame := ledger.FrameHash(slices.Compact(ids))
	for i := range slices.Backward(samples) {
		if samples[i].Frame == frame {
			e := EstimateOf(&samples[i])
			if e.Real.Judged == 0 {
				return nil
			}
			return &record.SampleEstimate{Sample: e.Sample, Day: string(e.Day), Real: e.Real, Change: e.Change}
		}
	}
	return nil
}

// StratumTitle returns the name of a stratum in Chinese; by are the fields that make it.
func StratumTitle(by []string, name string) string {
	if len(by) == 0 {
		return "全部"
	}
	values := strings.Split(name, "/")
	for i, value := range values {
		if i >= len(by) {
			break
		}
		switch n, err := strconv.Atoi(value); {
		case by[i] == ledger.FieldGroup:
			values[i] = redline.GroupChinese(value)
		case by[i] == ledger.FieldSeverity && err == nil:
			values[i] = redline.Severity(n).Chinese()
		}
	}
	return strings.Join(values, "/")
}

// OpenTitle returns in Chinese why a drawn case does not count.
func OpenTitle(why string) string {
	switch why {
	case openDisputed, openToConfirm:
		return ledger.Shipped().Label("side", why)
	case openUnseen:
		return "台账中看不到"
	}
	return Label("verdict", why)
}

// sampleTable says what follows from the samples: a sheet of ledger.xlsx; false without any sample.
func (st *Standing) sampleTable() (t sheets.Table, drawn bool) {
	t = sheets.Table{Name: "抽样估计", Frozen: 2, Plain: true, Columns: []sheets.TableColumn{{Title: "样本", Width: 20},
		{Title: "层", Width: 28}, {Title: "点位", Width: 9, Whole: true}, {Title: "抽取", Width: 9, Whole: true},
		{Title: "已核查", Width: 9, Whole: true}, {Title: "属实", Width: 9, Whole: true},
		{Title: "变化属实", Width: 10, Whole: true},
		{Title: "属实至少", Width: 10, Whole: true}, {Title: "属实至多", Width: 10, Whole: true},
		{Title: "属实率（%）", Width: 12, Decimal: true}, {Title: "属实面积（公顷）", Width: 16, Decimal: true},
		{Title: "标准误（公顷）", Width: 14, Decimal: true}, {Title: "面积至少（公顷）", Width: 16, Decimal: true},
		{Title: "面积至多（公顷）", Width: 16, Decimal: true}}}
	for _, title := range []string{"变化面积（公顷）", "变化面积标准误（公顷）", "变化面积至少（公顷）", "变化面积至多（公顷）",
		"检出率（%）", "检出率至少（%）", "检出率至多（%）"} {
		t.Columns = append(t.Columns, sheets.TableColumn{Title: title, Width: 14, Decimal: true})
	}
	t.Note = "由随机抽查的点位推断全部点位，区间为 95 %；抽中而无结论的按两种极端计入区间；属实率与面积按已核查的抽查点位估计；" +
		"变化面积与检出率仅在已答复无图斑范围的随机点时给出，否则不含漏检。"
	for i := range st.Samples {
		e := EstimateOf(&st.Samples[i])
		for _, h := range e.Strata {
			t.Rows = append(t.Rows, []any{e.Sample, StratumTitle(e.By, h.Name), int64(h.Cases), int64(h.Drawn),
				int64(h.Judged), int64(h.Real), int64(h.Change), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
				nil})
		}
		r := e.Real
		row := []any{e.Sample, "合计", int64(r.Cases), int64(r.Drawn), int64(r.Judged), int64(r.Found),
			int64(e.Change.Found), int64(r.AtLeast), int64(r.AtMost), nil, nil, nil, nil, nil}
		if r.Share != nil {
			row[9] = 100 * *r.Share
		}
		if r.Area != nil {
			row[10], row[11], row[12], row[13] = r.Area.Ha, r.Area.ErrorHa, r.Area.LowHa, r.Area.HighHa
		}
		t.Rows = append(t.Rows, append(row, nil, nil, nil, nil, nil, nil, nil))
		t.Rows = append(t.Rows, e.Points.rows(e.Sample)...)
	}
	return t, len(st.Samples) > 0
}

// rows returns the rows of points in the sheet of samples; of nil there are none.
func (p *PointsSeen) rows(sample string) (rows [][]any) {
	if p == nil {
		return nil
	}
	area := func(row []any, a *record.SampleArea) []any {
		if a == nil {
			return append(row, nil, nil, nil, nil)
		}
		return append(row, a.Ha, a.ErrorHa, a.LowHa, a.HighHa)
	}
	points := area([]any{sample, "无图斑处（随机点）", nil, int64(p.Drawn), int64(p.Changed + p.Unchanged), nil,
		int64(p.Changed), nil, nil, nil, nil, nil, nil, nil}, p.Missed)
	rows = append(rows, append(points, nil, nil, nil))
	if p.All == nil {
		return rows
	}
	all := area([]any{sample, "全部变化（含漏检）", nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil}, p.All)
	if f := p.Found; f != nil {
		return append(rows, append(all, 100*f.Share, 100*f.Low, 100*f.High))
	}
	return append(rows, append(all, nil, nil, nil))
}

// expected says in one sentence what is expected of all cases.
func (e *Estimate) expected() string {
	r := e.Real
	if r.Judged == 0 {
		return fmt.Sprintf("样本“%s”（%s 抽取）：抽查 %d 个，尚无核查结论，不作估计。", e.Sample, e.Day, r.Drawn)
	}
	return fmt.Sprintf("样本“%s”（%s 抽取）：全部 %d 个点位中，预计 %d–%d 个属实（95 %% 区间；随机抽查 %d 个，已核查 %d 个）。",
		e.Sample, e.Day, r.Cases, r.AtLeast, r.AtMost, r.Drawn, r.Judged) + e.Points.expected()
}

// expected says in a sentence what points say of what was missed.
func (p *PointsSeen) expected() string {
	switch {
	case p == nil:
		return "不含漏检。"
	case p.Missed == nil:
		return fmt.Sprintf("无图斑处抽取随机点 %d 个，答复不足两个，不含漏检。", p.Drawn)
	}
	said := fmt.Sprintf("无图斑处 %.2f 公顷中抽取随机点 %d 个，已答复 %d 个，其中 %d 个有变化："+
		"漏检面积估计 %.2f 公顷（95 %% 区间 %.2f–%.2f 公顷）。",
		p.GroundHa, p.Drawn, p.Changed+p.Unchanged, p.Changed, p.Missed.Ha, p.Missed.LowHa, p.Missed.HighHa)
	if p.All != nil {
		said += fmt.Sprintf("全部变化面积估计 %.2f 公顷（95 %% 区间 %.2f–%.2f 公顷，标准误 %.2f 公顷）。",
			p.All.Ha, p.All.LowHa, p.All.HighHa, p.All.ErrorHa)
	}
	if f := p.Found; f != nil {
		said += fmt.Sprintf("检出率（按面积）%.1f %%（95 %% 区间 %.1f–%.1f %%）。", 100*f.Share, 100*f.Low, 100*f.High)
	}
	return said
}
