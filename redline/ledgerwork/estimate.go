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
	Open   map[string]int      `json:"open"`   // drawn cases that do not count yet, by why
	Real   record.SampleResult `json:"real"`   // confirmed, partly
	Change record.SampleResult `json:"change"` // also refuted, but for another reason than a wrong map
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
		ha := func(m2 float64) float64 { return roundedTo(m2/redline.M2PerHa, 4) }
		out.Area = &record.SampleArea{Ha: ha(r.Area.M2), ErrorHa: ha(r.Area.Error), LowHa: ha(r.Area.LowM2),
			HighHa: ha(r.Area.HighM2)}
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
	t.Note = "由随机抽查的点位推断全部点位，区间为 95 %；抽中而无结论的按两种极端计入区间；" +
		"属实率与面积按已核查的抽查点位估计，有的层抽中而都无结论时不能估计；不含漏检。"
	for i := range st.Samples {
		e := EstimateOf(&st.Samples[i])
		for _, h := range e.Strata {
			t.Rows = append(t.Rows, []any{e.Sample, StratumTitle(e.By, h.Name), int64(h.Cases), int64(h.Drawn),
				int64(h.Judged), int64(h.Real), int64(h.Change), nil, nil, nil, nil, nil, nil, nil})
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
		t.Rows = append(t.Rows, row)
	}
	return t, len(st.Samples) > 0
}

// expected says in one sentence what is expected of all cases.
func (e *Estimate) expected() string {
	r := e.Real
	if r.Judged == 0 {
		return fmt.Sprintf("样本“%s”（%s 抽取）：抽查 %d 个，尚无核查结论，不作估计。", e.Sample, e.Day, r.Drawn)
	}
	return fmt.Sprintf("样本“%s”（%s 抽取）：全部 %d 个点位中，预计 %d–%d 个属实（95 %% 区间；随机抽查 %d 个，已核查 %d 个）。",
		e.Sample, e.Day, r.Cases, r.AtLeast, r.AtMost, r.Drawn, r.Judged)
}
