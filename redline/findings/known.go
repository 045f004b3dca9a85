package findings

import (
	"image/color"
	"slices"

	"greenshield/redline"
	"greenshield/redline/ledger"
)

// RefutedBefore is the relation of a patch that goes on with a case of which it was said that there is no problem,
// where that still holds. Other relations are those of [ledger.Relation].
const RefutedBefore = "refuted_before"

// ConfirmDisputed is why a verdict does not hold that reviewers, or the cases that became one, do not agree on. The
// other reasons are those of package ledger, and [ledger.Grown].
const ConfirmDisputed = "disputed"

// Relations returns what a patch can be to the cases of a ledger.
func Relations() []Value {
	var values []Value
	for _, r := range []ledger.Relation{ledger.New, ledger.Grown, ledger.Shrunk, ledger.Shifted, ledger.Persisting,
		ledger.Split, ledger.MergedOf, ledger.Complex, RefutedBefore} {
		values = append(values, Value{string(r), ledger.Shipped().Label("relation", string(r))})
	}
	return values
}

// optional returns values with one more for none, which has no label.
func optional(values []Value) []Value { return append([]Value{{"", ""}}, values...) }

// labelled returns codes with the labels that the ledger has for them in a set.
func labelled(set string, codes ...string) []Value {
	values := []Value{}
	for _, code := range codes {
		values = append(values, Value{code, ledger.Shipped().Label(set, code)})
	}
	return optional(values)
}

// verdictValues returns the verdicts that can be given; known adds those of the ledger.
func verdictValues(known bool) func() []Value {
	return func() []Value {
		values := Values(redline.Verdicts())
		if !known {
			return values
		}
		for _, v := range ledger.Shipped().Verdicts {
			if !slices.ContainsFunc(values, func(o Value) bool { return o.Code == v.Code }) {
				values = append(values, Value{v.Code, v.Label})
			}
		}
		return values
	}
}

// knownFields returns the fields of what a ledger knows.
func knownFields() []Field {
	of := func(get func(k *redline.Known) string) func(c *redline.Candidate) string {
		return func(c *redline.Candidate) string {
			if c.Known == nil {
				return ""
			}
			return get(c.Known)
		}
	}
	states := func() []Value {
		var codes []string
		for _, s := range ledger.States() {
			codes = append(codes, string(s))
		}
		return labelled("state", codes...)
	}
	verdicts := func() (values []Value) {
		for _, v := range ledger.Shipped().Verdicts {
			values = append(values, Value{v.Code, v.Label})
		}
		return optional(values)
	}
	reasons := func() (values []Value) {
		for _, r := range ledger.Shipped().Reasons {
			values = append(values, Value{r.Code, r.Label})
		}
		return optional(values)
	}
	confirm := func() []Value {
		return append(labelled("to_confirm", ledger.ConfirmShifted, ledger.ConfirmSplit, ledger.ConfirmComplex,
			ledger.ConfirmExpired, ledger.ConfirmApproval, ledger.ConfirmGroup, ledger.ConfirmProduct,
			ledger.ConfirmLegend, ledger.ConfirmGrid, ConfirmDisputed),
			labelled("relation", string(ledger.Grown))[1:]...)
	}
	findings := func() []Value {
		return labelled("finding", ledger.Still, ledger.Restored, ledger.Partly, ledger.Unseen)
	}
	return []Field{
		text("case_id", "问题编号", of(func(k *redline.Known) string { return k.Case })),
		coded("relation", "与台账的关系", Relations, of(func(k *redline.Known) string { return k.Relation })),
		coded("case_state", "问题状态", states, of(func(k *redline.Known) string { return k.State })),
		text("case_link", "同地块其他问题", of(func(k *redline.Known) string { return k.Linked })),
		text("case_near", "邻近问题", of(func(k *redline.Known) string { return k.Near })),
		coded("case_verd", "台账结论", verdicts, of(func(k *redline.Known) string { return k.Verdict })),
		coded("case_why", "台账依据", reasons, of(func(k *redline.Known) string { return k.Reason })),
		text("case_note", "台账说明", of(func(k *redline.Known) string { return k.Note })),
		coded("confirm", "待确认事项", confirm, of(func(k *redline.Known) string { return k.Confirm })),
		coded("follow_up", "现状", findings, of(func(k *redline.Known) string { return k.FollowUp })),
	}
}

// Standing is how maps and tables show the relations of patches to the cases of a ledger: each has a colour.
type Standing struct {
	Code, Label string
	Color       color.RGBA
}

// Standings returns all of them, the most urgent first: what is new, what has grown, what is known, and what was
// refuted before. People with any of the common kinds of colour blindness can tell the colours apart.
func Standings() []Standing {
	label := func(code string) string { return ledger.Shipped().Label("relation", code) }
	return []Standing{
		{string(ledger.New), label(string(ledger.New)), color.RGBA{213, 94, 0, 255}},
		{string(ledger.Grown), label(string(ledger.Grown)), color.RGBA{204, 121, 167, 255}},
		{"known", "台账已有", color.RGBA{0, 114, 178, 255}},
		{RefutedBefore, label(RefutedBefore), color.RGBA{153, 153, 153, 255}},
	}
}

// StandingOf returns the code of how a relation is shown.
func StandingOf(relation string) string {
	switch relation {
	case string(ledger.New), string(ledger.Grown), RefutedBefore:
		return relation
	}
	return "known"
}
