package page

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/priority"
)

// evidenceStyle is what a page with evidence adds to the style, evidenceScript what it adds to the scripts.
//
//go:embed evidence.css
var evidenceStyle string

//go:embed evidence.js
var evidenceScript string

// evidence is what the page shows of the priority of candidates, and of the evidence on them.
type evidence struct {
	Ranked       bool
	Scores       []scoreRow // by [findings.ScoreBands]
	Total        scoreRow
	Severities   []string
	Model, Hash  string
	Simple       bool     // the model is the shipped rule
	Edited       string   // what is said of a model that somebody changed, "" for another
	Made         []string // what a calibrated model was made from, and how good it is
	Estimate     string   // what a random sample says of all candidates, "" without one
	Weights      []weightRow
	Pairs        []pairRow
	Newest       int // the year of the newest map, 0 for none
	Stays, Turns int64
	Unknown      int64 // candidates of which the newest map knows nothing

	agreed int64 // candidates that at least one pair confirms
	totals []findings.PairTotal
}

// scoreRow is the candidates of a band of priorities, by severity, the most severe first.
type scoreRow struct {
	Name   string  `json:"name"`
	Color  string  `json:"color"`
	Counts []int64 `json:"counts"`
}

// Sum returns how many candidates there are.
func (r scoreRow) Sum() (sum int64) {
	for _, n := range r.Counts {
		sum += n
	}
	return sum
}

// weightRow is a row of the table of weights.
type weightRow struct{ Group, Feature, Values, Weight, Why string }

// pairRow is what another pair of maps shows of all candidates: shares of their ground in %.
type pairRow struct {
	Name, Years           string
	Agree, Against, Blind int64
	Shares                []string
}

// newEvidence returns what is shown of evidence, nil when candidates have none. Candidates are not counted yet.
func newEvidence(found *findings.Findings) *evidence {
	columns := found.Columns()
	if !columns.Examined() {
		return nil
	}
	e := &evidence{Ranked: columns.Ranked, totals: found.PairTotals()}
	e.Pairs = make([]pairRow, len(e.totals))
	if columns.Newest {
		e.Newest = found.Inputs.Newest.Year
	}
	if of := found.Manifest.Ledger; of != nil {
		e.Estimate = estimate(of.Sample)
	}
	if !columns.Ranked {
		return e
	}
	of := found.Manifest.Priority
	if of.Edited {
		e.Edited = findings.EditedModel
	}
	e.Model, e.Hash, e.Simple = findings.Visible(of.Model), of.SHA256, of.Model == priority.SimpleName
	for _, s := range redline.Severities() {
		e.Severities = append(e.Severities, s.Chinese())
	}
	e.Total = scoreRow{Name: "合计", Counts: make([]int64, len(e.Severities))}
	for _, b := range findings.ScoreBands() {
		e.Scores = append(e.Scores, scoreRow{b.String(), hexColor(b.Color), make([]int64, len(e.Severities))})
	}
	if found.Ranking != nil {
		e.Made = append(madeFrom(found.Ranking.Made), findings.ApartNotes(of)...)
		for _, w := range findings.Weights(found.Ranking) {
			group := findings.Visible(redline.GroupChinese(w.Group))
			if group == "" {
				group = "其余全部"
				if len(found.Ranking.Groups) == 0 {
					group = "全部"
				}
			}
			e.Weights = append(e.Weights, weightRow{group, w.Feature, w.Values, signed(w.Weight),
				findings.Visible(w.Why)})
		}
	}
	return e
}

// signed writes a weight with its sign.
func signed(x float64) string {
	text := grouped(x, 2)
	if x > 0 {
		return "+" + text
	}
	return text
}

// Ranked tells whether candidates have a priority.
func (p *page) Ranked() bool { return p.Evidence != nil && p.Evidence.Ranked }

// title returns the heading of the section, "" when there is none.
func (e *evidence) title() string {
	switch {
	case e == nil:
		return ""
	case e.Ranked:
		return "核查优先级与佐证"
	}
	return "其他地图的佐证"
}

// add counts a candidate.
func (e *evidence) add(c *redline.Candidate) {
	if e == nil {
		return
	}
	if c.Priority != nil && e.Ranked {
		for i, s := range redline.Severities() {
			if s == c.Severity {
				e.Scores[findings.ScoreBandOf(c.Priority.Score)].Counts[i]++
				e.Total.Counts[i]++
			}
		}
	}
	if c.Evidence == nil {
		return
	}
	findings.AddPairs(e.totals, c)
	if agree, _ := c.Evidence.Agreeing(); agree > 0 {
		e.agreed++
	}
	switch stays := c.Evidence.StaysPct; {
	case math.IsNaN(stays):
		e.Unknown++
	case stays >= redline.AgreePct:
		e.Stays++
	default:
		e.Turns++
	}
}

// chart fills in what the chart of priorities is drawn from, and the rows of the pairs.
func (e *evidence) chart(data *chartData) {
	if e == nil {
		return
	}
	data.Scores = e.Scores
	for i := range e.totals {
		t := &e.totals[i]
		e.Pairs[i] = pairRow{t.Name, t.Years(), t.Agree, t.Against, t.Blind, nil}
		for _, share := range findings.AgreementShares(t.Area) {
			e.Pairs[i].Shares = append(e.Pairs[i].Shares, percent(share))
		}
	}
}

// summary says in a sentence or two how many candidates have a high priority, and how many other maps confirm.
func (e *evidence) summary() string {
	if e == nil {
		return ""
	}
	text := ""
	if e.Ranked {
		text = fmt.Sprintf("核查优先级 %s 的 %s 个，%s 的 %s 个。", e.Scores[0].Name, whole(e.Scores[0].Sum()),
			e.Scores[1].Name, whole(e.Scores[1].Sum()))
	}
	if len(e.Pairs) > 0 {
		text += fmt.Sprintf("至少一对其他地图也显示同类变化的 %s 个。", whole(e.agreed))
	}
	return text
}

// ink returns the colour of text on a colour.
func ink(c color.RGBA) string {
	if 299*int(c.R)+587*int(c.G)+114*int(c.B) < 128000 {
		return "#ffffff"
	}
	return "#000000"
}

// evidenceRow is what the card of a candidate says of its evidence. Score is "" without a priority.
type evidenceRow struct {
	Score, Color, Ink, Why string
	Pairs                  []pair
	Facts                  string
}

// newEvidenceRow returns what the card of a candidate says of its evidence, nil when it has none.
func newEvidenceRow(found *findings.Findings, c *redline.Candidate) *evidenceRow {
	if c.Evidence == nil {
		return nil
	}
	r := &evidenceRow{}
	if c.Priority != nil {
		band := findings.ScoreBands()[findings.ScoreBandOf(c.Priority.Score)]
		r.Score, r.Color, r.Ink = strconv.Itoa(c.Priority.Score), hexColor(band.Color), ink(band.Color)
		r.Why = findings.Visible(c.Priority.Why)
	}
	for i, a := range c.Evidence.Agreed {
		of := &found.Inputs.Confirm[i]
		s := findings.AgreementShares(a)
		name := fmt.Sprintf("%s（%d–%d）", findings.Visible(of.Name), of.Before.Year, of.After.Year)
		r.Pairs = append(r.Pairs, pair{name, fmt.Sprintf("%s：同类变化 %.0f%%，其他变化 %.0f%%，无变化 %.0f%%，无数据 %.0f%%",
			findings.AgreementWord(a), s[0], s[1], s[2], s[3])})
	}
	r.Facts = facts(found, c)
	return r
}

// facts lists the evidence on a candidate besides other pairs of maps; what is not known is left out.
func facts(found *findings.Findings, c *redline.Candidate) string {
	var texts []string
	e, columns := c.Evidence, found.Columns()
	add := func(there bool, x float64, format, none, touching string) {
		switch {
		case !there || math.IsNaN(x):
		case math.IsInf(x, 1):
			texts = append(texts, none)
		case x == 0 && touching != "":
			texts = append(texts, touching)
		default:
			texts = append(texts, fmt.Sprintf(format, x))
		}
	}
	if columns.Newest {
		add(true, e.StaysPct, fmt.Sprintf("最新图（%d 年）%%.0f%%%% 仍为新地类", found.Inputs.Newest.Year), "", "")
	}
	add(columns.Ranked, e.Width, "最大宽度 %.1f 个像元", "", "")
	add(columns.Ranked, e.Compact, "紧凑度 %.0f%%", "", "")
	add(columns.Ranked, redline.Percent(float64(c.EdgeCells), float64(c.Cells)), "错位可解释 %.0f%%", "", "")
	add(columns.Ranked, e.Confused, "两类易混程度 %.0f%%", "", "")
	add(columns.Ranked, e.NearM, "距前期同类地物 %.0f 米", "附近没有前期同类地物", "紧邻前期同类地物")
	add(columns.Ranked && columns.Known, e.LeadM, "距线索 %.0f 米", "附近没有线索", "线索就在此处")
	return strings.Join(texts, "；")
}

// evidenceIndex is what the list says of the evidence on candidates.
type evidenceIndex struct {
	whys   names[string]
	pairs  []pair // name and years
	newest int
	known  bool
}

// newEvidenceIndex returns the index of a run, without candidates.
func newEvidenceIndex(found *findings.Findings) *evidenceIndex {
	columns := found.Columns()
	x := &evidenceIndex{known: columns.Known}
	for i := range found.Inputs.Confirm {
		of := &found.Inputs.Confirm[i]
		x.pairs = append(x.pairs, pair{findings.Visible(of.Name), fmt.Sprintf("%d–%d", of.Before.Year, of.After.Year)})
	}
	if columns.Newest {
		x.newest = found.Inputs.Newest.Year
	}
	return x
}

// appendTo appends the evidence on a candidate to its row, and ends that: an array of priority, number of the reasons,
// share still of the new class, width, compactness, share that a shift explains, confusion, distance to what was there
// before, distance to a lead, and for each pair of maps an array of its four shares and of whether it agrees (2), does
// not (1), or does not see the ground (0). What is not known is null; what is too far away for a distance, −1.
func (x *evidenceIndex) appendTo(b []byte, c *redline.Candidate) []byte {
	b = append(b, ",["...)
	if c.Priority == nil {
		b = append(b, "null,null"...)
	} else {
		b = strconv.AppendInt(b, int64(c.Priority.Score), 10)
		b = strconv.AppendInt(append(b, ','), int64(x.whys.number(findings.Visible(c.Priority.Why))), 10)
	}
	number := func(f float64, decimals int) {
		switch b = append(b, ','); {
		case math.IsNaN(f):
			b = append(b, "null"...)
		case math.IsInf(f, 1):
			b = append(b, "-1"...)
		default:
			b = strconv.AppendFloat(b, f, 'f', decimals, 64)
		}
	}
	none := math.NaN()
	e := c.Evidence
	if e == nil {
		e = &redline.Evidence{Width: none, Compact: none, Confused: none, NearM: none, LeadM: none, StaysPct: none,
			Agreed: make([]redline.Agreement, len(x.pairs))}
	}
	number(e.StaysPct, 0)
	number(e.Width, 1)
	number(e.Compact, 0)
	number(redline.Percent(float64(c.EdgeCells), float64(c.Cells)), 0)
	number(e.Confused, 0)
	number(e.NearM, 0)
	number(e.LeadM, 0)
	for _, a := range e.Agreed {
		word := 0
		if a.Agrees() {
			word = 2
		} else if a.Sees() {
			word = 1
		}
		s := findings.AgreementShares(a)
		b = fmt.Appendf(b, ",[%.0f,%.0f,%.0f,%.0f,%d]", s[0], s[1], s[2], s[3], word)
	}
	return append(b, "]]"...)
}

// evidenceLists is what rows refer to.
type evidenceLists struct {
	Whys   []string `json:"whys"`
	Pairs  []pair   `json:"pairs"`
	Newest int      `json:"newest"`
	Known  bool     `json:"known"`
	Bands  []string `json:"bands"`
}

// MarshalJSON writes both texts as an array.
func (p pair) MarshalJSON() ([]byte, error) { return json.Marshal([]string{p.Name, p.Value}) }

// addTo adds what rows refer to.
func (x *evidenceIndex) addTo(lists map[string]any) {
	of := evidenceLists{x.whys.list, x.pairs, x.newest, x.known, nil}
	for _, b := range findings.ScoreBands() {
		of.Bands = append(of.Bands, b.String())
	}
	lists["evidence"] = of
}
