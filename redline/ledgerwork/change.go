package ledgerwork

import (
	"context"
	"time"

	"greenshield/redline/ledger"
)

// By is who makes a change, at which level and when.
type By struct {
	Name  string
	Level ledger.Level
	At    time.Time
}

// Refusal is a row of a file, or a case, that a change leaves out.
type Refusal struct {
	File   string `json:"file,omitempty"`
	Place  string `json:"place,omitempty"` // in the file
	ID     string `json:"id,omitempty"`    // of the candidate, the case or the lead
	Reason string `json:"reason"`
}

// Change is what a command would add to a ledger.
type Change struct {
	Base       ledger.Head
	Events     []ledger.Event
	Detections []ledger.Detection
	Refused    []Refusal
	Same       int            // rows that say what the ledger knows already
	Twice      [][2]string    // cases of one place that two ledgers have, see [Merge]
	Sample     *ledger.Sample // that is drawn, see [DrawSample]
	Points     *ledger.Points // that are drawn, see [DrawPoints]

	known map[string]*ledger.Case // that were read since Base was
}

// begin returns a change of a ledger as it is now.
func begin(ctx context.Context, s ledger.Store) (*Change, error) {
	head, err := s.Head(ctx)
	return &Change{Base: head}, err
}

// add adds an event of a case with the fields.
func (c *Change) add(by By, id string, kind ledger.Kind, fields map[string]string) {
	c.Events = append(c.Events, by.event(id, kind, fields))
}

// event returns an event of a case.
func (by By) event(id string, kind ledger.Kind, fields map[string]string) ledger.Event {
	return ledger.Event{Case: id, Kind: kind, Time: by.At, Actor: by.Name, Level: by.Level, Fields: fields}
}

// refuse leaves a row out.
func (c *Change) refuse(file, place, id string, reason error) {
	c.Refused = append(c.Refused, Refusal{file, place, id, reason.Error()})
}

// Commit adds the change to the ledger.
func (c *Change) Commit(ctx context.Context, s ledger.Store) error {
	return ledger.CommitKnowing(ctx, s, c.Base, c.said())
}

// Try finds out whether the change could be added, and adds nothing.
func (c *Change) Try(ctx context.Context, s ledger.Store) error {
	_, err := ledger.PrepareKnowing(ctx, s, c.Base, c.said())
	return err
}

func (c *Change) said() ledger.Said {
	return ledger.Said{Events: c.Events, Detections: c.Detections, Known: c.known}
}

// Kinds counts the events by kind.
func (c *Change) Kinds() map[ledger.Kind]int {
	n := map[ledger.Kind]int{}
	for i := range c.Events {
		n[c.Events[i].Kind]++
	}
	return n
}
