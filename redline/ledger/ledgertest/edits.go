package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// FindsEach makes many edits in a ledger of [Scene] (11) and expects that [ledger.Verify] tells of each row that was
// changed, and of no other.
func FindsEach(t *testing.T, b Behind) {
	t.Helper()
	defer b.Reset()
	// Detection n opens case n by event n+2; events 14 to 24 judge the cases.
	_, detections := Scene(11)
	edits := map[string]string{
		"events, row 3: the column time was changed by somebody":  "UPDATE events SET time = time || 'x' WHERE seq = 3",
		"events, row 14: the column time was changed by somebody": "UPDATE events SET time = time || 'x' WHERE seq = 14",
		"events, row 15: the column fields was changed by somebody": "UPDATE events SET fields = " +
			strings.Replace(b.JSON, ":", " : ", 1) + " WHERE seq = 15",
		"event 20 was changed": "UPDATE events SET actor = actor || 'x' WHERE seq = 20",
	}
	for n, column := range map[int]string{3: "run", 5: "county", 6: "body"} {
		value := column + " || 'x'"
		if column == "body" {
			value = b.JSON
		}
		edits[fmt.Sprintf("detections, row %s: the column %s was changed by", detections[n].ID, column)] =
			fmt.Sprintf("UPDATE detections SET %s = %s WHERE id = '%s'", column, value, detections[n].ID)
	}
	for n, column := range map[int]string{5: "state", 6: "ground", 8: "lists"} {
		edits[fmt.Sprintf("cases, row 340000-%06d: the column %s was changed by", n, column)] =
			fmt.Sprintf("UPDATE cases SET %s = %s || 'x' WHERE id = '340000-%06d'", column, column, n)
	}
	edits["case 340000-000009 is missing"] = "DELETE FROM cases WHERE id = '340000-000009'"
	edits["detection "+detections[9].ID+" is missing"] = "DELETE FROM detections WHERE id = '" + detections[9].ID + "'"
	for _, sql := range edits {
		if n, err := b.Exec(sql); err != nil || n == 0 {
			t.Fatalf("%s changes %d rows: %v", sql, n, err)
		}
	}
	found := b.problems(t)
	for want := range edits {
		if !slices.ContainsFunc(found, func(p string) bool { return strings.HasPrefix(p, want) }) {
			t.Errorf("not told: %s", want)
		}
	}
	if len(found) != len(edits) {
		t.Errorf("%d edits, told are %d:\n%s", len(edits), len(found), strings.Join(found, "\n"))
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
