package ledgerpg

import (
	"context"
	"iter"
	"time"

	"greenshield/redline/ledger"
)

// Edit is what somebody wrote in one field of a layer and nobody has brought into the ledger yet.
type Edit struct {
	ID      int64
	Case    string
	BaseSeq int64 // the last event of the case that the editor had seen: what the field was then is the base
	Field   string
	Value   string
	Editor  string       // role
	Name    string       // of the person, as ledger.people has it; "" for none
	Level   ledger.Level // likewise
	Made    time.Time
}

// Edits yields the edits by case, then in the order that they were first made in.
func (s *Store) Edits(ctx context.Context) iter.Seq2[Edit, error] {
	return func(yield func(Edit, error) bool) {
		found, err := s.pool.Query(ctx, `SELECT e.id, case_id, base_seq, field, value, editor::text, coalesce(p.name, ''),
			coalesce(p.level, ''), made FROM ledger.edits e LEFT JOIN ledger.people p ON p.role = e.editor
			ORDER BY case_id, e.id`)
		if err != nil {
			yield(Edit{}, faultOf(err))
			return
		}
		defer found.Close()
		for found.Next() {
			var e Edit
			err := found.Scan(&e.ID, &e.Case, &e.BaseSeq, &e.Field, &e.Value, &e.Editor, &e.Name, &e.Level, &e.Made)
			if !yield(e, faultOf(err)) || err != nil {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(Edit{}, faultOf(err))
		}
	}
}

// Taken removes edits whose events are in the ledger. One that was changed since it was read stays. Whoever is killed
// between an append and this finds the edits again, and the ledger has their values already.
func (s *Store) Taken(ctx context.Context, edits []Edit) error {
	for _, e := range edits {
		if _, err := s.pool.Exec(ctx, "DELETE FROM ledger.edits WHERE id = $1 AND value = $2 AND made = $3",
			e.ID, e.Value, e.Made); err != nil {
			return faultOf(err)
		}
	}
	return nil
}
