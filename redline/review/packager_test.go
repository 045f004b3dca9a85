package review

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/redlinetest"
)

// TestStepAgainstTwin: a statement that keeps texts of the row before writes what one that is prepared for each row
// writes.
func TestStepAgainstTwin(t *testing.T) {
	db, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	redlinetest.Must(t, err)
	defer db.Close()
	w := &packager{db: db}
	w.exec("CREATE TABLE kept (a, b, c)")
	w.exec("CREATE TABLE fresh (a, b, c)")
	random := rand.New(rand.NewPCG(21, 22))
	values := []any{nil, "", "绿盾", "a\x00b", "a\xffb", "a", []byte("a"), []byte{}, int64(0), 0.0, 1.5}
	s := w.prepare("INSERT INTO kept VALUES (?,?,?)")
	for range 2000 {
		row := make([]any, 3)
		for i := range row {
			row[i] = values[random.IntN(len(values))]
		}
		redlinetest.Must(t, s.step(row))
		w.insert("INSERT INTO fresh VALUES (?,?,?)", row)
	}
	w.finish(s)
	redlinetest.Must(t, w.err)
	rows := func(table string) (all []string) {
		sql := "SELECT quote(a)||typeof(a)||hex(a), quote(b)||typeof(b)||hex(b), quote(c)||typeof(c)||hex(c) FROM " + table
		redlinetest.Must(t, sqlitex.ExecuteTransient(db, sql, &sqlitex.ExecOptions{ResultFunc: func(r *sqlite.Stmt) error {
			all = append(all, r.ColumnText(0)+r.ColumnText(1)+r.ColumnText(2))
			return nil
		}}))
		return all
	}
	kept, fresh := rows("kept"), rows("fresh")
	if fmt.Sprint(kept) != fmt.Sprint(fresh) || len(kept) != 2000 {
		t.Errorf("%d rows of %d are others", len(kept), len(fresh))
	}
}
