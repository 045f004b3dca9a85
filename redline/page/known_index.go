package page

import (
	"cmp"
	"encoding/json"
	"slices"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// relationEntry is a relation of candidates to cases, and how it is shown.
type relationEntry struct{ Code, Name, Standing, Color string }

// knownIndex is what the list says of the cases of candidates.
type knownIndex struct {
	relations                  []relationEntry // the most urgent first
	states, verdicts, findings names[string]
}

// newKnownIndex returns an index of nothing yet.
func newKnownIndex() *knownIndex {
	x := &knownIndex{}
	for _, s := range findings.Standings() {
		for _, r := range findings.Relations() {
			if findings.StandingOf(r.Code) == s.Code {
				x.relations = append(x.relations, relationEntry{r.Code, r.Label, s.Label, hexColor(s.Color)})
			}
		}
	}
	return x
}

// appendTo appends what is known of a candidate to its row, and ends that.
func (x *knownIndex) appendTo(b []byte, k *redline.Known) ([]byte, error) {
	verdict := verdictLabel(k.Verdict)
	if k.Confirm != "" {
		verdict += "（待确认：" + confirmLabel(k.Confirm) + "）"
	}
	at := slices.IndexFunc(x.relations, func(r relationEntry) bool { return r.Code == k.Relation })
	more, err := json.Marshal([]any{at, findings.Visible(k.Case), x.states.number(orDash(labelOf("state", k.State))),
		x.verdicts.number(orDash(verdict)), x.findings.number(orDash(labelOf("finding", k.FollowUp)))})
	if err != nil {
		return b, err
	}
	more[0] = ','
	return append(b, more...), nil
}

// orDash returns a text, or a dash for none.
func orDash(text string) string { return cmp.Or(text, "—") }

// addTo adds the texts that rows have numbers for.
func (x *knownIndex) addTo(lists map[string]any) {
	lists["relations"], lists["states"] = x.relations, x.states.list
	lists["verdicts"], lists["findings"] = x.verdicts.list, x.findings.list
}
