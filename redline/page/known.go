package page

import (
	_ "embed"
	"slices"
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// knownStyle is what a page with a ledger adds to the style.
//
//go:embed known.css
var knownStyle string

// mostSuspects is how many cases of which something is suspected have a row.
const mostSuspects = 100

// known is what the page shows of the ledger that the run asked.
type known struct {
	Day, Hash string // the day of the ledger, and the hash of its last event
	Events    int64
	Standings []standingRow
	Found     counted // all candidates
	Findings  []string
	States    []stateRow
	Total     stateRow
	Suspects  []suspectRow
	More      int // suspects that have no row
	Suspected []counted
}

// standingRow is how many candidates are new, or have grown, or are known, or were refuted before.
type standingRow struct {
	counted
	Code string
}

// stateRow is how many cases of a state are as each finding says, and how much of their ground is still bad.
type stateRow struct {
	Name   string
	Counts []int64
	Cases  int64
	Bad    hectares
}

// suspectRow is a case of which a person has to find out whether it is as it is said to be.
type suspectRow struct{ Case, Suspicion, State, Bad, Share string }

// labelOf returns the Chinese of a code of the ledger, "" for none.
func labelOf(set, code string) string {
	if code == "" {
		return ""
	}
	return ledger.Shipped().Label(set, code)
}

// findingCodes returns what can stand on the ground of a case, the most urgent first.
func findingCodes() []string {
	return []string{ledger.Still, ledger.Partly, ledger.Restored, ledger.Unseen}
}

// newKnown returns what is shown of the ledger, nil when none was asked. Candidates are not counted yet.
func newKnown(found *findings.Findings) *known {
	if found.Manifest.Ledger == nil {
		return nil
	}
	of := found.Manifest.Ledger
	k := &known{Day: of.Day, Hash: of.Hash, Events: of.Events}
	for _, s := range findings.Standings() {
		k.Standings = append(k.Standings, standingRow{counted{Name: s.Label, Color: hexColor(s.Color)}, s.Code})
	}
	k.Found.Name = "合计"
	for _, code := range findingCodes() {
		k.Findings = append(k.Findings, labelOf("finding", code))
	}
	k.followUps(found.FollowUps)
	return k
}

// add counts a candidate.
func (k *known) add(c *redline.Candidate) {
	if k == nil || c.Known == nil {
		return
	}
	ha := c.AreaM2 / redline.M2PerHa
	at := slices.IndexFunc(k.Standings, func(r standingRow) bool { return r.Code == findings.StandingOf(c.Known.Relation) })
	k.Standings[at].add(ha)
	k.Found.add(ha)
}

// followUps counts what stands on the ground of the cases, by state in the order of their course.
func (k *known) followUps(all []redline.FollowUp) {
	codes := findingCodes()
	k.Total = stateRow{Name: "合计", Counts: make([]int64, len(codes))}
	by := map[string]*stateRow{}
	suspected := map[string]*counted{}
	for i := range all {
		f := &all[i]
		row := by[f.State]
		if row == nil {
			row = &stateRow{Name: labelOf("state", f.State), Counts: make([]int64, len(codes))}
			by[f.State] = row
		}
		for _, r := range []*stateRow{row, &k.Total} {
			r.Counts[slices.Index(codes, f.Finding)]++
			r.Cases++
			r.Bad += hectares(f.Bad / redline.M2PerHa)
		}
		if f.Suspicion != "" {
			addTo(suspected, f.Suspicion, labelOf("suspicion", f.Suspicion), f.Bad/redline.M2PerHa)
			k.suspect(f)
		}
	}
	for _, s := range ledger.States() {
		if row := by[string(s)]; row != nil {
			k.States = append(k.States, *row)
		}
	}
	for _, code := range []string{ledger.SuspectRebound, ledger.SuspectFalse} {
		c := counted{Name: labelOf("suspicion", code)}
		if s := suspected[code]; s != nil {
			c = *s
		}
		k.Suspected = append(k.Suspected, c)
	}
}

// suspect lists a case of which something is suspected.
func (k *known) suspect(f *redline.FollowUp) {
	if len(k.Suspects) == mostSuspects {
		k.More++
		return
	}
	k.Suspects = append(k.Suspects, suspectRow{
		Case: findings.Visible(f.Case), Suspicion: labelOf("suspicion", f.Suspicion), State: labelOf("state", f.State),
		Bad:   hectares(f.Bad / redline.M2PerHa).String(),
		Share: percent(redline.Percent(f.Bad, f.Bad+f.Before+f.Other+f.NoData)),
	})
}

// figures returns the large numbers of a page with a ledger.
func (k *known) figures() []figure {
	if k == nil {
		return nil
	}
	parts := func(all []pair) string {
		var texts []string
		for _, p := range all {
			texts = append(texts, p.Name+" "+p.Value+" 个")
		}
		return strings.Join(texts, "，")
	}
	var relations, follow, suspects []pair
	for _, r := range k.Standings[1:] {
		relations = append(relations, pair{r.Name, whole(r.Count)})
	}
	for i, name := range k.Findings[1:] {
		follow = append(follow, pair{name, whole(k.Total.Counts[i+1])})
	}
	sum := int64(0)
	for _, s := range k.Suspected {
		sum += s.Count
		suspects = append(suspects, pair{s.Name, whole(s.Count)})
	}
	return []figure{
		{k.Standings[0].Name + "候选图斑", whole(k.Standings[0].Count), "个", parts(relations)},
		{"台账问题点位" + k.Findings[0], whole(k.Total.Counts[0]), "个",
			"共 " + whole(k.Total.Cases) + " 个：" + parts(follow)},
		{"疑似问题，须人工核实", whole(sum), "个", parts(suspects)},
	}
}

// summary says in one sentence what the ledger has to do with what was found.
func (k *known) summary() string {
	if k == nil {
		return ""
	}
	text := "与台账比对："
	for i, r := range k.Standings {
		if i > 0 {
			text += "，"
		}
		text += r.Name + " " + whole(r.Count) + " 个"
	}
	text += "。台账的 " + whole(k.Total.Cases) + " 个问题点位中"
	for i, name := range k.Findings {
		if i > 0 {
			text += "，"
		}
		text += name + " " + whole(k.Total.Counts[i]) + " 个"
	}
	for _, s := range k.Suspected {
		if s.Count > 0 {
			text += "；" + s.Name + " " + whole(s.Count) + " 个，须人工核实"
		}
	}
	return text + "。"
}

// knownRow is what is said of the case of a candidate. Texts are "" where there is nothing to say.
type knownRow struct {
	Relation, Color, Case, State, Verdict, Note, Confirm, FollowUp, Linked, Near string
}

// newKnownRow returns what is said of the case of a candidate, nil when no ledger was asked.
func newKnownRow(c *redline.Candidate) *knownRow {
	k := c.Known
	if k == nil {
		return nil
	}
	r := &knownRow{
		Relation: labelOf("relation", k.Relation), Case: findings.Visible(k.Case), State: labelOf("state", k.State),
		Verdict: verdictLabel(k.Verdict), Note: findings.Visible(k.Note), Confirm: confirmLabel(k.Confirm),
		FollowUp: labelOf("finding", k.FollowUp), Linked: idList(k.Linked), Near: idList(k.Near),
	}
	if reason, ok := ledger.Shipped().Reason(k.Reason); ok {
		r.Verdict += "（" + reason.Label + "）"
	}
	for _, s := range findings.Standings() {
		if s.Code == findings.StandingOf(k.Relation) {
			r.Color = hexColor(s.Color)
		}
	}
	return r
}

// verdictLabel returns the Chinese of a verdict of the ledger, "" for none.
func verdictLabel(code string) string {
	v, ok := ledger.Shipped().Verdict(code)
	if !ok {
		return code
	}
	return v.Label
}

// confirmLabel returns the Chinese of why a verdict has to be confirmed.
func confirmLabel(code string) string {
	if code == string(ledger.Grown) {
		return labelOf("relation", code)
	}
	return labelOf("to_confirm", code)
}

// idList returns ids that are joined by ; for readers.
func idList(ids string) string { return strings.ReplaceAll(findings.Visible(ids), ";", "、") }
