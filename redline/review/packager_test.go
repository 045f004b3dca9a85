package review

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/geopackage"
	"greenshield/redline/redlinetest"
)

// inMemory returns a packager of a database in memory.
func inMemory(t *testing.T) *packager {
	t.Helper()
	db, err := sqlite.OpenConn(":memory:", sqlite.OpenReadWrite)
	redlinetest.Must(t, err)
	t.Cleanup(func() { db.Close() })
	w := &packager{db: db}
	w.exec("PRAGMA page_size = 8192")
	return w
}

// asked returns the rows of a query, each of one text.
func (w *packager) asked(t *testing.T, sql string) (rows []string) {
	t.Helper()
	redlinetest.Must(t, w.err)
	redlinetest.Must(t, sqlitex.ExecuteTransient(w.db, sql, &sqlitex.ExecOptions{ResultFunc: func(r *sqlite.Stmt) error {
		rows = append(rows, r.ColumnText(0))
		return nil
	}}))
	return rows
}

// TestInsertAgainstTwin: statements for several rows, that keep texts of rows before, write what one that is prepared
// for each row writes.
func TestInsertAgainstTwin(t *testing.T) {
	w := inMemory(t)
	w.exec("CREATE TABLE kept (a, b, c)")
	w.exec("CREATE TABLE fresh (a, b, c)")
	random := rand.New(rand.NewPCG(21, 22))
	values := []any{nil, "", "绿盾", "a\x00b", "a\xffb", "a", []byte("a"), []byte{}, int64(0), 0.0, 1.5}
	const n = 200*rowsAtOnce + 3
	in := w.into("kept")
	row := make([]any, 3)
	for range n {
		for i := range row {
			row[i] = values[random.IntN(len(values))]
		}
		in.add(valuesOf(row...)...)
		w.insert("fresh", row)
	}
	in.finish()
	const sql = "SELECT quote(a)||typeof(a)||hex(a)||' '||quote(b)||typeof(b)||hex(b)||' '||quote(c)||typeof(c)||hex(c) FROM "
	kept, fresh := w.asked(t, sql+"kept"), w.asked(t, sql+"fresh")
	if !slices.Equal(kept, fresh) || len(kept) != n {
		t.Errorf("%d rows are not the %d that they should be", len(kept), len(fresh))
	}
}

// TestFeatures: rows that are read while others are written come in their order, all of them or those before a fault;
// after a fault of the table no more are read.
func TestFeatures(t *testing.T) {
	fault := errors.New("a damaged record")
	for _, c := range []struct {
		name    string
		columns string
		n       int // rows before the fault
		err     error
		written int
	}{
		{"all", "geom, a", 3*rowsPerBatch + 5, nil, 3*rowsPerBatch + 5},
		{"whole batches", "geom, a", 2 * rowsPerBatch, nil, 2 * rowsPerBatch},
		{"none", "geom, a", 0, nil, 0},
		{"fault of the rows", "geom, a", 2*rowsPerBatch + 5, fault, 2 * rowsPerBatch},
		{"fault of the table", "geom", 1000 * rowsPerBatch, nil, -1},
		{"fault before", "", 1000 * rowsPerBatch, nil, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := inMemory(t)
			w.exec("CREATE TABLE made (fid INTEGER PRIMARY KEY AUTOINCREMENT, " + c.columns + ")")
			read := 0
			box := w.features(&layer{name: "made", fields: []field{{Name: "a"}}, rows: func(add func(place, []value) error) error {
				for ; read < c.n; read++ {
					point := &orb.Point{float64(read), 30}
					if read%3 == 0 {
						point = nil
					}
					if err := add(place{point: point}, []value{integer(int64(read))}); err != nil {
						return err
					}
				}
				return c.err
			}}, false)
			if c.written < 0 {
				// A batch that fails, two that wait, one that is handed over, and one that is made meanwhile.
				if w.err == nil || read > 5*rowsPerBatch {
					t.Errorf("%v after %d rows", w.err, read)
				}
				return
			}
			if !errors.Is(w.err, c.err) {
				t.Fatal(w.err)
			}
			w.err = nil
			got := w.asked(t, "SELECT fid||' '||a||' '||ifnull(hex(geom), '') FROM made ORDER BY rowid")
			var want []string
			for i := range c.written {
				geom := ""
				if i%3 > 0 {
					geom = fmt.Sprintf("%X", geopackage.Point(orb.Point{float64(i), 30}))
				}
				want = append(want, fmt.Sprint(i+1, " ", i, " ", geom))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d rows are not the %d that they should be", len(got), len(want))
			}
			if c.n > 0 && (box.Min != orb.Point{1, 30} || box.Max[0] < float64(c.n-2)) {
				t.Errorf("the box is %v", box)
			}
		})
	}
}

// TestIndexAgainstTwin: an index that is made at once holds what one holds into which the boxes were inserted by
// SQLite, which finds it sound, answers searches by it alike, and goes on to change it.
func TestIndexAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	for _, n := range []int{0, 1, 50, 51, 52, 53, 102, 103, 500, 51 * 51, 51*51 + 1, 6000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := inMemory(t)
			w.exec("CREATE VIRTUAL TABLE made USING rtree(id, minx, maxx, miny, maxy)")
			w.exec("CREATE VIRTUAL TABLE twin USING rtree(id, minx, maxx, miny, maxy)")
			made, twin := index{}, w.into("twin")
			for row := int64(1); row <= int64(n); row++ {
				x, y := math.Round(random.Float64()*1e7)/1e6-3, math.Round(random.Float64()*1e7)/1e6+30
				box := orb.Bound{Min: orb.Point{x, y}, Max: orb.Point{x + random.Float64()/10, y + random.Float64()/10}}
				if row%10 == 0 {
					continue // it is nowhere
				}
				made.add(row, box)
				twin.add(valuesOf(row, box.Min[0], box.Max[0], box.Min[1], box.Max[1])...)
			}
			made.write(w, "made")
			twin.finish()
			same := func(where string) {
				t.Helper()
				// SQLite makes a box wider than single precision needs.
				const sql = "SELECT id||' '||round(minx,5)||' '||round(maxx,5)||' '||round(miny,5)||' '||round(maxy,5) FROM "
				a, b := w.asked(t, sql+"made"+where+" ORDER BY id"), w.asked(t, sql+"twin"+where+" ORDER BY id")
				if !slices.Equal(a, b) {
					t.Errorf("%s: %d rows are not the %d that they should be", where, len(a), len(b))
				}
			}
			sound := func() {
				t.Helper()
				if said := w.asked(t, "SELECT rtreecheck('made')"); said[0] != "ok" {
					t.Error(said)
				}
			}
			same("")
			sound()
			for range 50 {
				x, y := random.Float64()*10-3, random.Float64()*10+30
				same(fmt.Sprintf(" WHERE minx < %f AND maxx > %f AND miny < %f AND maxy > %f", x+.4, x, y+.4, y))
			}
			for _, table := range []string{"made", "twin"} {
				w.exec("DELETE FROM " + table + " WHERE id % 3 = 0")
				w.exec("INSERT INTO " + table + " SELECT id + 100000, minx, maxx, miny, maxy FROM " + table + " WHERE id % 3 = 1")
			}
			same("")
			sound()
		})
	}
}

// TestIndexUnsound: SQLite says when an index is damaged.
func TestIndexUnsound(t *testing.T) {
	w := inMemory(t)
	w.exec("CREATE VIRTUAL TABLE made USING rtree(id, minx, maxx, miny, maxy)")
	made := index{}
	for row := range int64(100) {
		made.add(row, orb.Bound{Min: orb.Point{float64(row), 0}, Max: orb.Point{float64(row) + 1, 1}})
	}
	made.write(w, "made")
	w.exec("UPDATE made_rowid SET nodeno = 3 WHERE rowid = 0")
	if said := w.asked(t, "SELECT rtreecheck('made')"); said[0] == "ok" {
		t.Error("a row in another node was not found")
	}
}

// TestIndexAround: the box of a row in single precision is the least one around it.
func TestIndexAround(t *testing.T) {
	for _, x := range []float64{0, 1, 116.1234567, -116.1234567, 0.1, -0.1, 1e-300, -1e-300} {
		var made index
		made.add(1, orb.Bound{Min: orb.Point{x, x}, Max: orb.Point{x, x}})
		box := made[0].box
		inner := [2]float32{math.Nextafter32(box[0], float32(math.Inf(1))), math.Nextafter32(box[1], float32(math.Inf(-1)))}
		if float64(box[0]) > x || float64(box[1]) < x || float64(inner[0]) <= x || float64(inner[1]) >= x ||
			box[2] != box[0] || box[3] != box[1] {
			t.Errorf("%v: [%v, %v]", x, box[0], box[1])
		}
	}
}
