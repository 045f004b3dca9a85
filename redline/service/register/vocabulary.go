package register

import (
	"net/http"
	"sync"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/service/answer"
	"greenshield/redline/service/collection"
)

// texts returns codes as texts.
func texts[C ~string](codes ...C) (all []string) {
	for _, c := range codes {
		all = append(all, string(c))
	}
	return all
}

// sets are all codes by set, in their order.
var sets = sync.OnceValue(func() map[string][]string {
	rules := ledger.Shipped()
	all := map[string][]string{
		"state": texts(ledger.States()...), "level": texts(ledger.Levels()...), "verdict": ledgerwork.Verdicts(),
		"relation": texts(ledger.New, ledger.Persisting, ledger.Grown, ledger.Shrunk, ledger.Shifted, ledger.Split,
			ledger.MergedOf, ledger.Complex, ledger.NotCovered),
		"finding":   {ledger.Still, ledger.Partly, ledger.Restored, ledger.Unseen},
		"suspicion": {ledger.SuspectRebound, ledger.SuspectFalse},
		"decision":  {ledger.SureOf, ledger.Dismissed},
		"outcome":   {ledger.Passed, ledger.Returned, ledger.OnlyRecord},
		"confirm": {"grown", "shifted", "split", "complex", "approval_expired", "approval_changed", "group_changed",
			"product_changed", "legend_changed", "grid_changed", "disputed"},
		"side": {"overdue", "long_term", "merged", "handed_over", "suspected_rebound", "suspected_false_rectification",
			"disputed", "to_confirm"},
		"event": texts(ledger.Founded, ledger.RunAdded, ledger.Detected, ledger.LeadTold, ledger.FollowUp, ledger.Judged,
			ledger.Set, ledger.Advanced, ledger.Evidence, ledger.Accepted, ledger.Published, ledger.Objection,
			ledger.Answered, ledger.Conflict, ledger.Settled, ledger.Suspected, ledger.Decided, ledger.Merged,
			ledger.Handed, ledger.SampleDesigned, ledger.CaseDrawn, ledger.PointsDrawn, ledger.PointAnswered),
	}
	for _, r := range rules.Reasons {
		all["reason"] = append(all["reason"], r.Code)
	}
	for _, m := range rules.Measures {
		all["measure"] = append(all["measure"], m.Code)
	}
	return all
})

// term is a code with its Chinese.
type term struct {
	Code  string `json:"code"`
	Title string `json:"title"`
}

// verdict is a verdict with what it asks for.
type verdict struct {
	term
	Reason  string         `json:"reason"`  // no, optional or required
	Outcome ledger.Outcome `json:"outcome"` // open, problem or none
}

// reason is a reason with the fields of which it needs one.
type reason struct {
	term
	Needs []field `json:"needs"`
}

// measure is a kind of measures.
type measure struct {
	term
	Clearing bool `json:"clearing"` // after it nothing of the problem stands there
}

// field is a field with its Chinese.
type field struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Codes string `json:"codes,omitempty"` // set of its codes
}

func fieldNamedBy(name string) field {
	return field{name, ledgerwork.Title(name), ledgerwork.Codes(name)}
}

func fieldsNamed(names []string) []field {
	all := []field{}
	for _, name := range names {
		all = append(all, fieldNamedBy(name))
	}
	return all
}

// vocabulary returns all codes with their Chinese.
func vocabulary() map[string]any {
	all := map[string]any{}
	for set, codes := range sets() {
		var terms []term
		for _, code := range codes {
			terms = append(terms, term{code, ledgerwork.Label(set, code)})
		}
		all[set] = terms
	}
	var verdicts []verdict
	for _, v := range ledger.Shipped().Verdicts {
		verdicts = append(verdicts, verdict{term{v.Code, v.Label}, v.Reason, v.Outcome})
	}
	var reasons []reason
	for _, r := range ledger.Shipped().Reasons {
		reasons = append(reasons, reason{term{r.Code, r.Label}, fieldsNamed(r.Needs)})
	}
	var measures []measure
	for _, m := range ledger.Shipped().Measures {
		measures = append(measures, measure{term{m.Code, m.Label}, m.Clearing})
	}
	var grades []term
	for _, c := range severities() {
		grades = append(grades, term{c.Value, c.Title})
	}
	all["verdict"], all["reason"], all["measure"], all["severity"] = verdicts, reasons, measures, grades
	all["judged_fields"] = fieldsNamed(ledger.Reviewed())
	all["set_fields"] = fieldsNamed(ledger.Settable())
	all["columns"] = columnsOf(caseFields)
	return all
}

func columnsOf(fields []collection.Field) (all []field) {
	sets := map[string]string{ledger.FieldSeverity: "severity"}
	for _, c := range ledgerwork.Columns() {
		if c.Codes != "" {
			sets[c.Name] = c.Codes
		}
	}
	for _, f := range fields {
		all = append(all, field{f.Name, f.Title, sets[f.Name]})
	}
	return all
}

func (r *Register) serveVocabulary(w http.ResponseWriter, q *http.Request) {
	answer.JSON(w, q, http.StatusOK, vocabulary())
}
