package intake

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"greenshield/redline/ledger"
	"greenshield/redline/service/gate"
)

// kind is what may be said of a kind, and from which role on.
type kind struct {
	role   gate.Role
	fields []string
	level  bool // somebody of a level must answer for it
}

// kinds are those that people may send.
var kinds = map[ledger.Kind]kind{
	ledger.Judged: {gate.Reviewer, ledger.Reviewed(), false},
	ledger.Set:    {gate.Reviewer, ledger.Settable(), false},
	ledger.Advanced: {gate.Acceptor,
		[]string{ledger.FieldTo, ledger.FieldNote, ledger.FieldOverride, ledger.FieldDoneDate}, false},
	ledger.Evidence:  {gate.Acceptor, []string{ledger.FieldNote}, false},
	ledger.Accepted:  {gate.Acceptor, []string{ledger.FieldAcceptUnit, ledger.FieldOutcome, ledger.FieldNote}, true},
	ledger.Published: {gate.Acceptor, []string{ledger.FieldStart, ledger.FieldDays, ledger.FieldNote}, false},
	ledger.Objection: {gate.Acceptor, []string{ledger.FieldObjection}, false},
	ledger.Answered:  {gate.Acceptor, []string{ledger.FieldAnswer}, false},
	ledger.Settled:   {gate.Acceptor, []string{ledger.FieldField, ledger.FieldValue, ledger.FieldNote}, true},
	ledger.Decided:   {gate.Acceptor, []string{ledger.FieldDecision, ledger.FieldNote}, true},
	ledger.Merged:    {gate.Acceptor, []string{ledger.FieldInto, ledger.FieldNote}, false},
	ledger.Handed:    {gate.Acceptor, []string{ledger.FieldHandedTo, ledger.FieldNote}, true},
}

// event returns a statement as an event, which its sender may say.
func (q *request) event(s statement) (ledger.Event, error) {
	k, known := kinds[s.Kind]
	if !known {
		var all []string
		for name := range kinds {
			all = append(all, string(name))
		}
		slices.Sort(all)
		return ledger.Event{}, fail(http.StatusBadRequest,
			fmt.Sprintf("nobody can send the kind %q; the kinds are %s", shortened(string(s.Kind)),
				strings.Join(all, ", ")))
	}
	e := ledger.Event{Kind: s.Kind, Fields: maps.Clone(s.Fields)}
	if e.Fields == nil {
		e.Fields = map[string]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if !slices.Contains(k.fields, name) {
			return e, fail(http.StatusBadRequest, fmt.Sprintf("%q is no field of the kind %s; its fields are %s",
				shortened(name), s.Kind, strings.Join(k.fields, ", ")))
		}
	}
	if slices.Index(gate.Roles(), q.user.Role) < slices.Index(gate.Roles(), k.role) {
		return e, fail(http.StatusForbidden, fmt.Sprintf("your account may not send the kind %s; the role %s may",
			s.Kind, k.role))
	}
	if k.level && q.user.Level == "" {
		return e, fail(http.StatusForbidden,
			fmt.Sprintf("the kind %s is said at a level, and your account has none", s.Kind))
	}
	county, moves := e.Fields[ledger.FieldCounty]
	if e.Kind == ledger.Settled && e.Fields[ledger.FieldField] == ledger.FieldCounty {
		county, moves = e.Fields[ledger.FieldValue], true
	}
	if moves && !q.user.Covers(county) {
		return e, fail(http.StatusForbidden, "your account does not cover the county that the case would be in")
	}
	if s.Doc != nil {
		e.Doc = *s.Doc
	}
	if s.Kind == ledger.Evidence && s.Doc == nil {
		return e, fail(http.StatusBadRequest, `evidence names a document: "doc": {"name": …, "sha256": …}`)
	}
	if s.Doc != nil && (strings.TrimSpace(s.Doc.Name) == "" || !isSum(s.Doc.SHA256)) {
		return e, fail(http.StatusBadRequest, "a document has a name, and its SHA-256 in 64 hexadecimal digits")
	}
	return e, nil
}
