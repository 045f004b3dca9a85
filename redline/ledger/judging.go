package ledger

import (
	"errors"
	"fmt"
	"slices"
)

// Reviewed lists the fields of a verdict, which files of reviewers may change.
func Reviewed() []string {
	return []string{FieldVerdict, FieldReason, FieldApproval, FieldValidUntil, FieldDuplicate, FieldReviewer,
		FieldReviewed, FieldBasis, FieldNote}
}

// Settable lists the fields that an event of kind [Set] may have.
func Settable() []string {
	return []string{FieldProblem, FieldMeasures, FieldMeasureKind, FieldStandard, FieldUnit, FieldPerson, FieldDueDate,
		FieldDueText, FieldExtNo, FieldLists, FieldLongTerm, FieldGoal, FieldResult, FieldOffice, FieldPhone, FieldEmail,
		FieldCounty, FieldCountyName, FieldNote, FieldAssigned}
}

func goodVerdict(r *Rules, c *Case, e Event) error {
	for name := range e.Fields {
		if !slices.Contains(Reviewed(), name) && name != FieldClaims {
			return because("the field %s is none of a verdict", termOf("field", name))
		}
	}
	return r.checkVerdict(e.Fields, func(name string) string {
		if value, ok := e.Fields[name]; ok {
			return value
		}
		return c.Get(name)
	})
}

// checkVerdict refuses codes that are unknown, and a verdict that says too little; get gives the value of a field.
func (r *Rules) checkVerdict(given map[string]string, get func(string) string) error {
	v, ok := r.Verdict(get(FieldVerdict))
	if !ok {
		return fmt.Errorf("the verdict %q is unknown; the verdicts are %s", get(FieldVerdict), list(codes(r.Verdicts)))
	}
	code := get(FieldReason)
	reason, ok := r.Reason(code)
	switch {
	case code != "" && !ok:
		return fmt.Errorf("the reason %q is unknown; the reasons are %s", code, list(codes(r.Reasons)))
	case code == "" && v.Reason == "required":
		return because("the verdict %s needs a reason; the reasons are %s", termOf("verdict", v.Code),
			termOf("reason", codes(r.Reasons)...))
	case given[FieldReason] != "" && v.Reason == "no":
		return because("the verdict %s has no reason, but %s is given", termOf("verdict", v.Code), termOf("reason", code))
	}
	told := func(name string) bool { return !blank(get(name)) }
	if len(reason.Needs) > 0 && !slices.ContainsFunc(reason.Needs, told) {
		return because("the reason %s needs one of the fields %s", termOf("reason", code), termOf("field", reason.Needs...))
	}
	return nil
}

// coded is a list of which the entries have codes.
type coded interface{ code() string }

func (v Verdict) code() string { return v.Code }
func (r Reason) code() string  { return r.Code }
func (m Measure) code() string { return m.Code }

func codes[T coded](entries []T) (all []string) {
	for _, e := range entries {
		all = append(all, e.code())
	}
	return all
}

func settable(r *Rules, _ *Case, e Event) error {
	if len(e.Fields) == 0 {
		return errors.New("there is nothing to set")
	}
	for name := range e.Fields {
		if !slices.Contains(Settable(), name) {
			return because("the field %s cannot be set; those that can are %s", termOf("field", name),
				termOf("field", Settable()...))
		}
	}
	if code := e.Fields[FieldMeasureKind]; code != "" {
		if _, ok := r.Measure(code); !ok {
			return fmt.Errorf("the kind of measures %q is unknown; the kinds are %s", code, list(codes(r.Measures)))
		}
	}
	return nil
}

func openDispute(_ *Rules, c *Case, e Event) error {
	if name := e.Fields[FieldField]; c.dispute(name) == nil {
		return because("there is no conflict over the field %s", termOf("field", name))
	}
	return nil
}

// goodValue: a conflict over a code is settled to a code, and one over a date to a date.
func goodValue(r *Rules, _ *Case, e Event) error {
	value := e.Fields[FieldValue]
	_, isVerdict := r.Verdict(value)
	_, isReason := r.Reason(value)
	_, isMeasure := r.Measure(value)
	switch name := e.Fields[FieldField]; {
	case name == FieldVerdict && !isVerdict:
		return fmt.Errorf("the verdict %q is unknown; the verdicts are %s", value, list(codes(r.Verdicts)))
	case name == FieldReason && value != "" && !isReason:
		return fmt.Errorf("the reason %q is unknown; the reasons are %s", value, list(codes(r.Reasons)))
	case name == FieldMeasureKind && value != "" && !isMeasure:
		return fmt.Errorf("the kind of measures %q is unknown; the kinds are %s", value, list(codes(r.Measures)))
	default:
		return checkDates(Event{Time: e.Time, Fields: map[string]string{name: value}})
	}
}
