package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
)

// Behind is a store with a way to its tables that goes around it.
type Behind struct {
	Open func() (ledger.Store, error)
	// Exec runs a statement with all guards off, and returns how many rows it changed.
	Exec func(sql string) (int, error)
	// Reset makes the tables what they were.
	Reset func()
	// JSON and Bytes return values of such columns in the SQL of the store.
	JSON, Bytes string
	// More are statements on what is no column of package rows, each of which does harm.
	More []string
}

// FindsEdits makes 100 random edits by SQL, one at a time, in a ledger of [Scene] (11), and expects that
// [ledger.Verify] finds each of them, and nothing once it is undone.
func FindsEdits(t *testing.T, b Behind) {
	t.Helper()
	random := rand.New(rand.NewPCG(16, 7))
	for i := range 100 {
		sql := b.random(random)
		if i < len(b.More) {
			sql = b.More[i]
		}
		if n, err := b.Exec(sql); err != nil || n == 0 {
			t.Fatalf("%s changes %d rows: %v", sql, n, err)
		}
		if len(b.problems(t)) == 0 {
			t.Errorf("nothing is found after %s", sql)
		}
		b.Reset()
		if found := b.problems(t); len(found) > 0 {
			t.Fatalf("%s was undone, and found is %q", sql, found)
		}
	}
}

// problems returns what is found, or what keeps the ledger from being read.
func (b *Behind) problems(t *testing.T) (found []string) {
	t.Helper()
	s, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if err := ledger.Verify(t.Context(), s, func(p string) { found = append(found, p) }); err != nil {
		found = append(found, err.Error())
	}
	return found
}

// tablesOfRows are the tables with the columns that package rows says, whose first is the key.
var tablesOfRows = map[string][]rows.Column{
	"events": rows.Events(), "detections": rows.Detections(), "cases": rows.Cases(),
}

// random returns a statement that changes, deletes or repeats a row.
func (b *Behind) random(r *rand.Rand) string {
	table := []string{"events", "detections", "cases"}[r.IntN(3)]
	columns := tablesOfRows[table]
	key := columns[0].Name
	row := fmt.Sprintf("%s = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %d)", key, key, table, key, r.IntN(11))
	switch r.IntN(10) {
	case 0:
		return fmt.Sprintf("DELETE FROM %s WHERE %s", table, row)
	case 1:
		var names, values []string
		for _, c := range columns {
			names = append(names, c.Name)
			value := c.Name
			if c.Name == key || c.Name == "hash" {
				value = b.other(c)
			}
			values = append(values, value)
		}
		return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s", table, strings.Join(names, ", "),
			strings.Join(values, ", "), table, row)
	}
	c := columns[r.IntN(len(columns))]
	return fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", table, c.Name, b.other(c), row)
}

// other returns an expression that is never the value that a column has.
func (b *Behind) other(c rows.Column) string {
	switch c.Type {
	case rows.JSON:
		return b.JSON
	case rows.Integer:
		return c.Name + " + 1000"
	case rows.Real:
		return "coalesce(" + c.Name + ", 0) + 0.5"
	case rows.Bytes:
		return b.Bytes
	}
	return c.Name + " || 'x'"
}
