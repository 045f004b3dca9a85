package ledgerwork

import (
	"slices"
	"strings"

	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// judgedFields are the fields of a verdict for what is filled in in returned files, setFields those of the four lists.
var (
	judgedFields = map[string]string{
		findings.SaidVerdict: ledger.FieldVerdict, findings.SaidReviewer: ledger.FieldReviewer,
		findings.SaidDate: ledger.FieldReviewed, findings.SaidBasis: ledger.FieldReason,
		findings.SaidNote: ledger.FieldNote,
	}
	setFields = map[string]string{
		findings.SaidProblem: ledger.FieldProblem, findings.SaidMeasures: ledger.FieldMeasures,
		findings.SaidStandard: ledger.FieldStandard, findings.SaidWhoAnswer: ledger.FieldUnit,
	}
)

// saysWhy are the bases of a verdict of which the ledger knows the reason; the others only say what was looked at.
var saysWhy = []string{"permit", "season", "class", "shift"}

// judged returns the values of a verdict in a row. A verdict that needs a reason and has none has the given one.
func judged(said map[string]string, reason string) map[string]string {
	values := map[string]string{}
	for name, field := range judgedFields {
		if value, ok := said[name]; ok {
			values[field] = value
		}
	}
	v, _ := ledger.Shipped().Verdict(values[ledger.FieldVerdict])
	if basis := values[ledger.FieldReason]; v.Reason == "required" && reason != "" && !slices.Contains(saysWhy, basis) {
		values[ledger.FieldReason] = reason
		if basis != "" {
			values[ledger.FieldBasis] = basis
		}
	}
	return values
}

// listed returns the events by which a case learns what a row says of the four lists. A row was given out with nothing
// in them: where it still has nothing, it says nothing. Where the case has something else, that is a conflict, unless
// the same person filled that in before; what a case has heard once is not told again.
func (t *taking) listed(story *Story, said map[string]string) (events []ledger.Event) {
	set := map[string]string{}
	for name, field := range setFields {
		value, ours := said[name], story.Case.Get(field)
		speaker, heard := lastSaid(story.Events, field, value)
		switch {
		case value == "" || value == ours || heard:
		case ours == "" || speaker == t.by.Name:
			set[field] = value
		default:
			events = append(events, t.by.event(story.Case.ID, ledger.Conflict, map[string]string{
				ledger.FieldField: field, ledger.FieldOurs: ours, ledger.FieldFile: value, ledger.FieldValue: ours}))
		}
	}
	slices.SortFunc(events, func(a, b ledger.Event) int {
		return strings.Compare(a.Fields[ledger.FieldField], b.Fields[ledger.FieldField])
	})
	if len(set) > 0 {
		events = append(events, t.by.event(story.Case.ID, ledger.Set, set))
	}
	return events
}

// lastSaid returns who was the last to say something of a field, and whether its case has heard this value before.
func lastSaid(events []ledger.Event, field, value string) (speaker string, heard bool) {
	for _, e := range events {
		said, ok := e.Fields[field]
		switch e.Kind {
		case ledger.Set:
		case ledger.Conflict:
			said, ok = e.Fields[ledger.FieldFile], e.Fields[ledger.FieldField] == field
		case ledger.Settled:
			said, ok = e.Fields[ledger.FieldValue], e.Fields[ledger.FieldField] == field
		default:
			continue
		}
		if ok {
			speaker, heard = e.Actor, heard || said == value
		}
	}
	return speaker, heard
}
