package ledger

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
)

// Format is the version of what a ledger keeps. It grows when an older program would misread a newer ledger.
const Format = 1

var (
	// ErrConflict says that the ledger has grown since its head was read.
	ErrConflict = errors.New("the ledger has changed in the meantime; read it again and repeat")
	// ErrNoCase says that there is no case of that id.
	ErrNoCase = errors.New("there is no such case in the ledger")
)

// Head is where the chain ends. That of an empty ledger is the zero value.
type Head struct {
	Seq    int64  `json:"seq"`     // number of the last event
	Hash   string `json:"hash"`    // its hash
	LastNo int64  `json:"last_no"` // highest number that a case of this ledger's code has, see [CaseID]
}

// Batch is what one command adds, made by Commit. Its events follow one another and the head Base.
type Batch struct {
	Base, Next Head
	Events     []Event
	Detections []Detection // new ones
	Cases      []Case      // as they are after Events: each replaces what the store has of that id
}

// CaseFilter chooses cases; what is empty chooses all.
type CaseFilter struct {
	IDs      []string
	States   []State
	Counties []string // codes, or their beginnings: 3417 chooses all counties of that city
	List     string   // name of a list
	Ground   bool     // only those that have ground

	Verdicts  []string // codes; who has no verdict is Unreviewed
	Relations []Relation
	Unit      string // part of the name of the responsible unit
	ExtNo     string
	Disputed  bool // a conflict is open
	Suspected bool // a suspicion is open
	ToConfirm bool // what was carried has to be confirmed
}

// EventFilter chooses events; what is zero chooses all.
type EventFilter struct {
	After int64  // only those with a higher number
	Case  string // only those of the case
	Limit int    // at most so many
	// NoCase chooses only those of no case: that the ledger was founded, which runs were added, and how samples were
	// drawn. There are few.
	NoCase bool
	Kinds  []Kind // only those of one of the kinds
	Latest bool   // only the last one of each case
}

// DetectionFilter chooses detections; what is zero chooses all.
type DetectionFilter struct {
	IDs    []string
	Run    string // only those of the run with that ID
	Ground bool   // only those that are ground of a case
	// Cells has only ID, Run and Spans read of each, which takes a fraction of the time.
	Cells bool
}

// RowError says that somebody else than this program has changed a row of a store.
type RowError struct {
	Key string // of the row: the number of the event, or the ID of the case or detection; "" when it has none
	Err error  // which row, and what was changed
}

func (e *RowError) Error() string { return e.Err.Error() }
func (e *RowError) Unwrap() error { return e.Err }

// Store keeps a ledger. Many may read it at once while one writes: a reader that began before an Append sees all of
// it or nothing. Iterators end with the first error that they yield unless it is a [RowError]: whoever goes on after
// that is given the other rows. What comes with it is as much of the row as can be read. Breaking out of an iterator is
// allowed.
type Store interface {
	// Head returns where the chain ends.
	Head(ctx context.Context) (Head, error)
	// Append adds all of a batch or, when it returns an error, nothing. It fails with [ErrConflict] when the head is
	// not b.Base, and when an event number or a detection's ID is there already. It returns nil only when the batch is
	// where a loss of power cannot take it away.
	Append(ctx context.Context, b Batch) error
	// AppendAll is Append of batches of which each begins at the head where the one before ended, one after the other, so
	// that they need not be in memory together: all of them or, when it returns an error or parts yields one, nothing.
	AppendAll(ctx context.Context, parts iter.Seq2[Batch, error]) error
	// Events yields events by number.
	Events(ctx context.Context, f EventFilter) iter.Seq2[Event, error]
	// Cases yields cases by ID (as bytes), as they are at the head.
	Cases(ctx context.Context, f CaseFilter) iter.Seq2[Case, error]
	// Detections yields detections by ID (as bytes).
	Detections(ctx context.Context, f DetectionFilter) iter.Seq2[Detection, error]
	// Backup writes a whole copy, as it is at one head, to a new file; it fails when there is one of that name. It
	// never leaves half a file.
	Backup(ctx context.Context, path string) error
	// Close frees what the store holds, once all that was begun to be read is read. Nobody may be writing. Reading that
	// begins later fails, or is as before.
	Close() error
}

// Match tells whether the filter chooses the case.
func (f CaseFilter) Match(c *Case) bool {
	return (len(f.IDs) == 0 || slices.Contains(f.IDs, c.ID)) &&
		(len(f.States) == 0 || slices.Contains(f.States, c.State)) &&
		(len(f.Counties) == 0 || slices.ContainsFunc(f.Counties, c.inCounty)) &&
		(f.List == "" || slices.Contains(c.Lists(), f.List)) &&
		(!f.Ground || len(c.Ground) > 0) &&
		(len(f.Verdicts) == 0 || slices.Contains(f.Verdicts, cmp.Or(c.Get(FieldVerdict), string(Unreviewed)))) &&
		(len(f.Relations) == 0 || slices.Contains(f.Relations, c.Relation)) &&
		strings.Contains(c.Get(FieldUnit), f.Unit) &&
		(f.ExtNo == "" || f.ExtNo == c.Get(FieldExtNo)) &&
		(!f.Disputed || len(c.Disputes) > 0) &&
		(!f.Suspected || c.Suspicion != "") &&
		(!f.ToConfirm || c.Get(FieldToConfirm) != "")
}

// ofKind tells whether the filter chooses events of a kind.
func (f EventFilter) ofKind(k Kind) bool { return len(f.Kinds) == 0 || slices.Contains(f.Kinds, k) }

// oneBatch yields a batch.
func oneBatch(b Batch) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) { yield(b, nil) }
}

// CaseOf returns the case of that id, or [ErrNoCase].
func CaseOf(ctx context.Context, s Store, id string) (Case, error) {
	for c, err := range s.Cases(ctx, CaseFilter{IDs: []string{id}}) {
		return c, err
	}
	return Case{}, ErrNoCase
}

// MaxText is how many bytes a field of an event may have.
const MaxText = 4 << 20
