package findings

import (
	"fmt"
	"image/color"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// ProposedWeights stands wherever the weights of the simple rule are shown, PriorityNote wherever priorities are
// explained, and EditedModel wherever a model is named that somebody changed after it was calibrated.
const (
	ProposedWeights = "建议权重，非官方标准"
	PriorityNote    = "优先级不改变严重程度，也不隐藏任何图斑"
	EditedModel     = "文件在校准之后被人修改过"
)

// ApartNotes says in Chinese of which evidence a run knows something else than was known when its model was calibrated.
func ApartNotes(of *record.Ranking) (notes []string) {
	const so = "；模型得分在本次只表示先后，不是属实的可能性。"
	if len(of.Missed) > 0 {
		notes = append(notes, "校准模型所用的多数核查结论带有本次没有的佐证（"+strings.Join(of.Missed, "、")+"）"+so)
	}
	if len(of.Fresh) > 0 {
		notes = append(notes, "校准模型所用的多数核查结论没有本次带有的佐证（"+strings.Join(of.Fresh, "、")+"）"+so)
	}
	return notes
}

// ScoreBand is the priorities that maps and tables show as one: From to To, both included.
type ScoreBand struct {
	From, To int
	Color    color.RGBA
}

// String returns the band as readers see it, such as "80–100".
func (b ScoreBand) String() string { return fmt.Sprintf("%d–%d", b.From, b.To) }

// ScoreBands returns all bands, the highest first. The colours are a scale of ColorBrewer (Purples), which grows darker
// with the priority, so that people with any of the common kinds of colour blindness can tell them apart.
func ScoreBands() []ScoreBand {
	return []ScoreBand{
		{80, 100, color.RGBA{84, 39, 143, 255}}, {60, 79, color.RGBA{117, 107, 177, 255}},
		{40, 59, color.RGBA{158, 154, 200, 255}}, {20, 39, color.RGBA{203, 201, 226, 255}},
		{0, 19, color.RGBA{242, 240, 247, 255}},
	}
}

// ScoreBandOf returns the position of the band of a score in [ScoreBands].
func ScoreBandOf(score int) int {
	return slices.IndexFunc(ScoreBands(), func(b ScoreBand) bool { return score >= b.From })
}

// Weight is a row of the table of weights. Group is "" for the card of all groups that have none of their own.
type Weight struct {
	Group, Feature, Values string
	Weight                 float64
	Why                    string
}

// Weights returns the weights of a model, card by card: the base first, then the bands in their order.
func Weights(m *priority.Model) (rows []Weight) {
	add := func(group string, c *priority.Card) {
		rows = append(rows, Weight{group, "基础分", "", c.Base, ""})
		for _, b := range c.Bands {
			rows = append(rows, Weight{group, FeatureName(b.Feature), bandValues(&b), b.Weight, b.Why})
		}
	}
	add("", &m.Default)
	for _, group := range slices.Sorted(maps.Keys(m.Groups)) {
		add(group, m.Groups[group])
	}
	return rows
}

// FeatureName returns the name of a feature in Chinese: that of its column, where it has one.
func FeatureName(f priority.Feature) string {
	switch f {
	case priority.AgainstN:
		return "不一致的图数"
	case priority.Flicker:
		return redline.FlagChinese(redline.FlagFlicker)
	}
	fields := AllColumns.Fields()
	return fields[slices.IndexFunc(fields, func(of Field) bool { return of.Name == f.String() })].Alias
}

// bandValues says which values of a feature lie in a band, such as "≥ 20，< 60". The grades of dates have letters.
func bandValues(b *priority.Band) string {
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	if b.Feature == priority.DateGrade {
		var text string
		for _, g := range redline.Grades() {
			if x := float64(g); x >= b.From && x < b.To {
				text += g.String()
			}
		}
		return text
	}
	if b.Feature == priority.Flicker && b.From <= 1 && b.From > 0 {
		return "是"
	}
	switch low, high := math.IsInf(b.From, -1), math.IsInf(b.To, 1); {
	case low && high:
		return "任何值"
	case low:
		return "< " + number(b.To)
	case high:
		return "≥ " + number(b.From)
	}
	return "≥ " + number(b.From) + "，< " + number(b.To)
}

// PairTotal is what another pair of maps shows of all candidates.
type PairTotal struct {
	Name string
	// Before and After are the years of its maps, OffA and OffB how many years these are later than the epochs.
	Before, After, OffA, OffB int
	Agree, Against, Blind     int64 // candidates with which it agrees, does not, and whose ground it does not see
	Area                      redline.Agreement
}

// PairTotals returns the totals of the other pairs of a run, of no candidates yet.
func (f *Findings) PairTotals() (all []PairTotal) {
	for i := range f.Inputs.Confirm {
		p := &f.Inputs.Confirm[i]
		all = append(all, PairTotal{Name: Visible(p.Name), Before: p.Before.Year, After: p.After.Year,
			OffA: p.Before.Year - f.Summary.YearA, OffB: p.After.Year - f.Summary.YearB})
	}
	return all
}

// Years says of which years the maps of the pair are, and how far these are from the epochs, such as "2015–2021（后期晚 1
// 年）".
func (t *PairTotal) Years() string {
	text, off := fmt.Sprintf("%d–%d", t.Before, t.After), ""
	for _, of := range []struct {
		epoch string
		years int
	}{{"前期", t.OffA}, {"后期", t.OffB}} {
		switch {
		case of.years == 0:
			continue
		case off != "":
			off += "，"
		}
		if of.years > 0 {
			off += fmt.Sprintf("%s晚 %d 年", of.epoch, of.years)
		} else {
			off += fmt.Sprintf("%s早 %d 年", of.epoch, -of.years)
		}
	}
	if off == "" {
		return text + "（与两期同年）"
	}
	return text + "（" + off + "）"
}

// Add counts what the pair shows of a candidate.
func (t *PairTotal) Add(a redline.Agreement) {
	switch {
	case a.Agrees():
		t.Agree++
	case a.Sees():
		t.Against++
	default:
		t.Blind++
	}
	t.Area.Same += a.Same
	t.Area.Other += a.Other
	t.Area.Unchanged += a.Unchanged
	t.Area.NoData += a.NoData
}

// AddPairs counts what all pairs show of a candidate. totals are those of [Findings.PairTotals].
func AddPairs(totals []PairTotal, c *redline.Candidate) {
	if c.Evidence == nil {
		return
	}
	for i, a := range c.Evidence.Agreed {
		totals[i].Add(a)
	}
}

// AgreementShares returns the shares of the ground on which a pair shows the same change, another one, none, and
// nothing, in %; all are 0 without ground.
func AgreementShares(a redline.Agreement) [4]float64 {
	all := a.Known() + a.NoData
	return [4]float64{redline.Percent(a.Same, all), redline.Percent(a.Other, all), redline.Percent(a.Unchanged, all),
		redline.Percent(a.NoData, all)}
}

// AgreementWord says in a word whether a pair confirms a candidate.
func AgreementWord(a redline.Agreement) string {
	switch {
	case a.Agrees():
		return "一致"
	case a.Sees():
		return "不一致"
	}
	return "看不到"
}
