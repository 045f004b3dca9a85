package review

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/redlinetest"
)

// edit runs statements on a review.gpkg as a reviewer's program would.
func edit(t *testing.T, path, sql string) {
	t.Helper()
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	redlinetest.Must(t, err)
	for _, name := range []string{"ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"} { // the triggers name them
		redlinetest.Must(t, db.CreateFunction(name, &sqlite.FunctionImpl{NArgs: 1, AllowIndirect: true, Scalar: func(sqlite.Context, []sqlite.Value) (sqlite.Value, error) {
			return sqlite.IntegerValue(0), nil
		}}))
	}
	redlinetest.Must(t, sqlitex.ExecuteScript(db, sql, nil))
	redlinetest.Must(t, db.Close())
}

// TestReadReturned: what a reviewer wrote comes back by candidate, labels as codes, and facts beside it.
func TestReadReturned(t *testing.T) {
	path := filepath.Join(run(t), gpkgName)
	edit(t, path, `UPDATE candidates SET verdict = 'refuted', rev_reason = 'class', rev_note = ' 阴影 ', reviewer = '王',
		rev_date = '2026-03-05' WHERE cand_id = 'C1';
		UPDATE candidates SET verdict = NULL, rev_date = '2026/3/6' WHERE cand_id = 'C2';
		UPDATE candidates SET verdict = '属实' WHERE cand_id = 'C3';`)
	rows, err := ReadReturned(t.Context(), path)
	redlinetest.Must(t, err)
	if len(rows) != len(hostile) {
		t.Fatalf("%d rows", len(rows))
	}
	for i, want := range []map[string]string{
		{"verdict": "unreviewed", "rev_reason": "", "rev_note": "", "reviewer": "", "rev_date": ""},
		{"verdict": "refuted", "rev_reason": "class", "rev_note": "阴影", "reviewer": "王", "rev_date": "2026-03-05"},
		{"verdict": "unreviewed", "rev_reason": "", "rev_note": "", "reviewer": "", "rev_date": "2026-03-06"},
		{"verdict": "confirmed", "rev_reason": "", "rev_note": "", "reviewer": "", "rev_date": ""},
	} {
		if rows[i].ID != fmt.Sprint("C", i) || rows[i].Place != fmt.Sprintf("candidates, feature %d", i+1) || fmt.Sprint(rows[i].Said) != fmt.Sprint(want) {
			t.Errorf("row %d is %s, %s, %v; want %v", i, rows[i].ID, rows[i].Place, rows[i].Said, want)
		}
	}
	facts := map[string]string{}
	for _, f := range rows[1].Facts {
		facts[f.Field] = f.Value
	}
	for field, want := range map[string]string{"severity": "2", "zone_id": "Z1", "zone_type": "core", "area_ha": "0.09", "lon": "117.0101"} {
		if facts[field] != want {
			t.Errorf("%s is %q, want %q", field, facts[field], want)
		}
	}
	edit(t, path, `ALTER TABLE candidates RENAME COLUMN cand_id TO id`)
	if _, err := ReadReturned(t.Context(), path); err == nil || !strings.HasSuffix(err.Error(), ": its layer of candidates has no field cand_id") {
		t.Error(err)
	}
	text := filepath.Join(t.TempDir(), "x.gpkg")
	redlinetest.Must(t, os.WriteFile(text, []byte("no database at all, but long enough to be read as one"), 0o644))
	if _, err := ReadReturned(t.Context(), text); err == nil || !strings.HasPrefix(err.Error(), text+": it has no layer of candidates that can be read: ") {
		t.Error(err)
	}
}
