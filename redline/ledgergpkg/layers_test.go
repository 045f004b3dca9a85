package ledgergpkg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/raster"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/redlinetest"
	"greenshield/vector"
)

// found returns what a statement finds, the values of a row with bars between them.
func found(t *testing.T, path, sql string) (all []string) {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	redlinetest.Must(t, sqlitex.ExecuteTransient(db, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		var row []string
		for i := range stmt.ColumnCount() {
			row = append(row, stmt.ColumnText(i))
		}
		all = append(all, strings.Join(row, "|"))
		return nil
	}}))
	return all
}

// outlineOf returns the polygons of a case, and the box that the index has of it.
func outlineOf(t *testing.T, path, id string) (mp orb.MultiPolygon, box orb.Bound) {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	redlinetest.Must(t, sqlitex.ExecuteTransient(db, `SELECT o.geom, minx, miny, maxx, maxy FROM outlines o
		JOIN rtree_outlines_geom r ON r.id = o.fid WHERE case_id = ?`, &sqlitex.ExecOptions{Args: []any{id},
		ResultFunc: func(stmt *sqlite.Stmt) (err error) {
			b := make([]byte, stmt.ColumnLen(0))
			stmt.ColumnBytes(0, b)
			mp, _, err = vector.DecodeWKB(b[40:])
			box = orb.Bound{Min: orb.Point{stmt.ColumnFloat(1), stmt.ColumnFloat(2)}, Max: orb.Point{stmt.ColumnFloat(3), stmt.ColumnFloat(4)}}
			return err
		}}))
	return mp, box
}

// TestOutlines: a case is drawn as its cells lie, its hole left out, and anew when it has other ground.
func TestOutlines(t *testing.T) {
	path := filled(t, 2)
	s, err := Open(path, true)
	redlinetest.Must(t, err)
	ring := ledgertest.Detection(1, 3, 20) // cells around a hole: columns 1 to 3 of rows 20 to 22
	ring.Spans = []ledger.Span{{Row: 20, Col0: 1, Col1: 4}, {Row: 21, Col0: 1, Col1: 2}, {Row: 21, Col0: 3, Col1: 4}, {Row: 22, Col0: 1, Col1: 4}}
	ring.Cells = 8
	e := ring.Event("340000-000001", ledger.Grown)
	e.Fields[ledger.FieldGround] = ledgertest.Detection(1, 1, 0).ID + " " + ring.ID
	e.Time = ledgertest.At.AddDate(0, 0, 1)
	head, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	redlinetest.Must(t, ledger.Commit(t.Context(), s, head, []ledger.Event{e}, []ledger.Detection{ring}))
	redlinetest.Must(t, s.Close())
	got, box := outlineOf(t, path, "340000-000001")
	near := func(a, b float64) bool { return a-b < 1e-5 && b-a < 1e-5 } // the index has four bytes for a number
	if len(got) != 2 || len(got[0])+len(got[1]) != 3 || !near(box.Min[0], 117.1) || !near(box.Min[1], 29.7) || !near(box.Max[0], 118.5) || !near(box.Max[1], 32) {
		t.Fatalf("%v in %v", got, box)
	}
	want := map[orb.Bound]bool{{Min: orb.Point{117.5, 31.8}, Max: orb.Point{118.5, 32}}: true, {Min: orb.Point{117.1, 29.7}, Max: orb.Point{117.4, 30}}: true}
	area := 0.0
	for _, polygon := range got {
		b := polygon.Bound()
		known := false
		for w := range want {
			known = known || near(b.Min[0], w.Min[0]) && near(b.Min[1], w.Min[1]) && near(b.Max[0], w.Max[0]) && near(b.Max[1], w.Max[1])
		}
		if !known || polygon[0].Orientation() != orb.CCW {
			t.Errorf("%v", polygon)
		}
		for i, ring := range polygon {
			size := ring.Bound().Max[0] - ring.Bound().Min[0]
			area += map[bool]float64{true: 1, false: -1}[i == 0] * size * (ring.Bound().Max[1] - ring.Bound().Min[1])
		}
	}
	if !near(area, 0.28) { // 28 cells of 0.1 degrees
		t.Errorf("the outline holds %v square degrees", area)
	}
	if rows := found(t, path, "SELECT id, state, verdict, severity, note FROM case_areas WHERE id = '340000-000002'"); !slices.Equal(rows, []string{"340000-000002|unreviewed|confirmed|2|" + ledgertest.Hostile[1]}) {
		t.Errorf("case_areas has %q", rows)
	}
	history := found(t, path, "SELECT kind, said FROM case_history WHERE case_id = '340000-000002' ORDER BY OGC_FID DESC LIMIT 1")
	if !slices.Equal(history, []string{"judged|核查说明：" + ledgertest.Hostile[1] + "；核查结论：属实"}) {
		t.Errorf("case_history ends with %q", history)
	}
}

// TestPlaces: what has no outline is a point, in the index where it is; what was merged into another is nowhere.
func TestPlaces(t *testing.T) {
	path := filled(t, 3)
	s, err := Open(path, true)
	redlinetest.Must(t, err)
	lead := func(no int64, fields map[string]string) ledger.Event {
		fields[ledger.FieldLeadSource], fields[ledger.FieldLeadNo] = "信访", fmt.Sprint(no)
		return ledger.Event{Case: ledger.CaseID("340000", no), Kind: ledger.LeadTold, Time: ledgertest.At.AddDate(0, 0, 1), Actor: "李", Fields: fields}
	}
	head, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	redlinetest.Must(t, ledger.Commit(t.Context(), s, head, []ledger.Event{
		lead(4, map[string]string{ledger.FieldLon: "117.25", ledger.FieldLat: "30.5"}), lead(5, map[string]string{ledger.FieldCounty: "341702"}),
		{Case: "340000-000003", Kind: ledger.Merged, Time: ledgertest.At.AddDate(0, 0, 1), Actor: "李", Fields: map[string]string{ledger.FieldInto: "340000-000002"}},
	}, nil))
	redlinetest.Must(t, s.Close())
	for sql, want := range map[string][]string{
		"SELECT id FROM case_areas ORDER BY id":                         {"340000-000001", "340000-000002"},
		"SELECT id, geom IS NULL, lead_no FROM case_points ORDER BY id": {"340000-000004|0|4", "340000-000005|1|5"},
		"SELECT c.id FROM cases c JOIN rtree_cases_geom r ON r.id = c.fid WHERE minx < 117.251 AND maxx > 117.24 AND miny < 30.51 ORDER BY c.id": {"340000-000004"},
		"SELECT count(*) FROM rtree_cases_geom": {"4"},
	} {
		if got := found(t, path, sql); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// TestProjected: cells of a projected grid are drawn by the conversion that is given, and not at all without one.
func TestProjected(t *testing.T) {
	for _, given := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "ledger.gpkg")
		var degrees []Degrees
		if given {
			degrees = append(degrees, func(crs string) (raster.Transform, func(), error) {
				if crs != "EPSG:4527" {
					return nil, nil, errors.New("unknown")
				}
				return func(x, y []float64) error {
					for i := range x {
						x[i], y[i] = 100+x[i]/1e5, y[i]/1e5
					}
					return nil
				}, func() {}, nil
			})
		}
		s, err := Create(path, degrees...)
		redlinetest.Must(t, err)
		events, detections := ledgertest.Scene(2)
		events[1].Fields[ledger.FieldGrid] = `{"crs":"EPSG:4527","OriginX":1700000,"OriginY":3200000,"CellX":10000,"CellY":10000,"Cols":9,"Rows":9}`
		redlinetest.Must(t, ledger.Commit(t.Context(), s, ledger.Head{}, events, detections))
		redlinetest.Must(t, s.Close())
		got, _ := outlineOf(t, path, "340000-000001")
		switch want := (orb.Bound{Min: orb.Point{117.5, 31.8}, Max: orb.Point{118.5, 32}}); {
		case given && got.Bound() != want:
			t.Errorf("drawn is %v", got)
		case !given && (got != nil || len(found(t, path, "SELECT id FROM case_points")) != 2):
			t.Errorf("without a conversion: %v", got)
		}
	}
}

// TestMigrate: a file of the first version is brought to the present one by opening it for writing, with all that a new
// file has, and its chain and cases are what they were; reading alone changes nothing.
func TestMigrate(t *testing.T) {
	whole := filled(t, 5)
	old := filepath.Join(t.TempDir(), "old.gpkg")
	db, err := sqlite.OpenConn(old, sqlite.OpenReadWrite, sqlite.OpenCreate)
	redlinetest.Must(t, err)
	redlinetest.Must(t, first(db))
	redlinetest.Must(t, sqlitex.ExecuteTransient(db, "ATTACH ? AS whole", &sqlitex.ExecOptions{Args: []any{whole}}))
	redlinetest.Must(t, sqlitex.ExecuteScript(db, `UPDATE meta SET value = '1' WHERE name = 'writing';
		INSERT INTO events SELECT * FROM whole.events; INSERT INTO detections SELECT * FROM whole.detections;
		INSERT INTO cases SELECT * FROM whole.cases;
		UPDATE meta SET value = (SELECT value FROM whole.meta m WHERE m.name = meta.name) WHERE name IN ('seq', 'hash', 'last_no');
		UPDATE meta SET value = '0' WHERE name = 'writing'`, nil))
	redlinetest.Must(t, db.Close())
	before, err := os.ReadFile(old)
	redlinetest.Must(t, err)
	s, err := Open(old, false)
	redlinetest.Must(t, err)
	ledgertest.Sound(t, s)
	redlinetest.Must(t, s.Close())
	after, err := os.ReadFile(old)
	redlinetest.Must(t, err)
	if string(before) != string(after) {
		t.Error("reading changed the file")
	}
	for range 2 { // a second time nothing is left to do
		s, err = Open(old, true)
		redlinetest.Must(t, err)
		ledgertest.Sound(t, s)
		redlinetest.Must(t, s.Close())
	}
	for _, sql := range []string{
		"SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY type, name",
		"SELECT table_name, data_type, identifier, srs_id, description FROM gpkg_contents ORDER BY 1", "SELECT * FROM gpkg_geometry_columns ORDER BY 1",
		"SELECT * FROM gpkg_extensions ORDER BY 1", "SELECT * FROM layer_styles ORDER BY id", "SELECT * FROM words",
		"SELECT name, value FROM meta ORDER BY name", "SELECT case_id, ground, hex(geom) FROM outlines ORDER BY case_id", "SELECT id, hex(geom) FROM cases ORDER BY id",
		"SELECT id, minx, maxx, miny, maxy FROM rtree_cases_geom ORDER BY id", "SELECT id, minx, maxx, miny, maxy FROM rtree_outlines_geom ORDER BY id",
		"SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'case_areas'", "SELECT * FROM grids",
	} {
		got, want := found(t, old, sql), found(t, whole, sql)
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %.300q, a new file has %.300q", sql, got, want)
		}
	}
}

// TestGuardsOfLayers: nobody but the program changes what is shown.
func TestGuardsOfLayers(t *testing.T) {
	path := filled(t, 1)
	db := raw(t, path)
	defer db.Close()
	for _, sql := range []string{"UPDATE outlines SET ground = 'x'", "DELETE FROM outlines", "INSERT INTO words VALUES ('a', 'b', 'c')", "DELETE FROM grids", "UPDATE case_areas SET state = 'archived'"} {
		if err := sqlitex.ExecuteTransient(db, sql, nil); err == nil {
			t.Errorf("%s is allowed", sql)
		}
	}
}
