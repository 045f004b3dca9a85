package ledgerwork

import (
	"context"
	"slices"

	"greenshield/redline/ledger"
)

// Story is a case and all that was said of it.
type Story struct {
	Case   ledger.Case    `json:"case"`
	Events []ledger.Event `json:"events"` // by number
}

// StoryOf returns the story of a case. It fails with [ledger.ErrNoCase] when there is none of that id.
func StoryOf(ctx context.Context, s ledger.Store, id string) (*Story, error) {
	c, err := ledger.CaseOf(ctx, s, id)
	if err != nil {
		return nil, err
	}
	story := &Story{Case: c}
	story.Events, err = eventsOf(ctx, s, id)
	return story, err
}

// eventsOf returns the events of a case by number.
func eventsOf(ctx context.Context, s ledger.Store, id string) (events []ledger.Event, err error) {
	for e, err := range s.Events(ctx, ledger.EventFilter{Case: id}) {
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// Field is one field of an event, for a reader.
//
// Codes is the set of codes that the value is of, see [Label].
type Field struct{ Name, Title, Value, Codes string }

// hidden are fields of events that say nothing to a reader.
var hidden = []string{ledger.FieldDetectionHash, ledger.FieldRun, ledger.FieldGround, ledger.FieldRequest}

// Fields returns what an event says, in the order of columns, then by name.
func Fields(e ledger.Event) (fields []Field) {
	names := make([]string, 0, len(e.Fields))
	for name, value := range e.Fields {
		if value != "" && !slices.Contains(hidden, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	position := func(name string) int {
		at := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
		if at < 0 {
			return len(columns)
		}
		return at
	}
	slices.SortStableFunc(names, func(a, b string) int { return position(a) - position(b) })
	for _, name := range names {
		codes := fieldCodes[name]
		if of := e.Fields[ledger.FieldField]; e.Kind == ledger.Conflict || e.Kind == ledger.Settled {
			switch name {
			case ledger.FieldBase, ledger.FieldOurs, ledger.FieldFile, ledger.FieldValue:
				codes = fieldCodes[of]
			}
		}
		fields = append(fields, Field{name, Title(name), e.Fields[name], codes})
	}
	return fields
}
