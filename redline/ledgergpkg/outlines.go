package ledgergpkg

import (
	"encoding/json"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/geopackage"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
)

// outline brings the outlines of cases up to date within a transaction: of those that have other ground than the one
// that their outline was made of. added are the detections that are written in the same transaction. Cases keep their
// outlines, or have none, as long as their ground is the same.
func (w *inserter) outline(cases []ledger.Case, added []ledger.Detection, degrees Degrees) {
	by := make(map[string]*ledger.Detection, len(added))
	for i := range added {
		by[added[i].ID] = &added[i]
	}
	g := &ground{degrees: degrees, grid: gridsIn(w.db)}
	defer g.close()
	g.detection = func(id string) (*ledger.Detection, error) {
		if d := by[id]; d != nil {
			return d, nil
		}
		return detectionIn(w.db, id)
	}
	for i := range cases {
		if c := &cases[i]; len(c.Ground) > 0 && w.err == nil {
			w.drawn(c, g)
		}
	}
}

// drawn writes the outline of a case that has none of its ground.
func (w *inserter) drawn(c *ledger.Case, g *ground) {
	fid, of, made := int64(0), "", false
	w.err = sqlitex.Execute(w.db, "SELECT fid, ground FROM outlines WHERE case_id = ?", &sqlitex.ExecOptions{
		Args: []any{c.ID}, ResultFunc: func(stmt *sqlite.Stmt) error {
			fid, of, made = stmt.ColumnInt64(0), stmt.ColumnText(1), true
			return nil
		}})
	now := strings.Join(c.Ground, " ")
	if w.err != nil || made && of == now {
		return
	}
	polygons, err := g.outline(c)
	if err != nil {
		w.err = err
		return
	}
	blob, box := geopackage.Polygons(polygons)
	if blob == nil && !made {
		return // it is shown as a point
	}
	w.run(`INSERT INTO outlines (case_id, ground, geom) VALUES (?, ?, ?)
		ON CONFLICT (case_id) DO UPDATE SET ground = excluded.ground, geom = excluded.geom`, c.ID, now, valueOf(blob))
	if !made {
		fid = w.db.LastInsertRowID()
	}
	w.run("DELETE FROM rtree_outlines_geom WHERE id = ?", fid)
	if blob == nil {
		return
	}
	w.run("INSERT INTO rtree_outlines_geom VALUES (?, ?, ?, ?, ?)", fid, box.Min[0], box.Max[0], box.Min[1], box.Max[1])
	w.run(`UPDATE gpkg_contents SET min_x = min(coalesce(min_x, ?1), ?1), min_y = min(coalesce(min_y, ?2), ?2),
		max_x = max(coalesce(max_x, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4)
		WHERE table_name IN ('case_areas', 'outlines')`,
		box.Min[0], box.Min[1], box.Max[0], box.Max[1])
}

// valueOf returns bytes as a value of a column, NULL for none.
func valueOf(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// gridsIn returns what reads the grid of a run from the table of grids, each once.
func gridsIn(db *sqlite.Conn) func(run string) (ledger.Grid, error) {
	known := map[string]ledger.Grid{}
	return func(run string) (ledger.Grid, error) {
		if g, ok := known[run]; ok {
			return g, nil
		}
		text := ""
		opts := one(&text)
		opts.Args = []any{run}
		if err := sqlitex.Execute(db, "SELECT grid FROM grids WHERE run = ?", opts); err != nil {
			return ledger.Grid{}, err
		}
		var g ledger.Grid
		if text != "" && json.Unmarshal([]byte(text), &g) != nil {
			g = ledger.Grid{} // what does not say where cells are places none
		}
		known[run] = g
		return g, nil
	}
}

// detectionIn reads a detection, nil when there is none.
func detectionIn(db *sqlite.Conn, id string) (found *ledger.Detection, err error) {
	sql := "SELECT " + list(rows.Detections(), `"NAME"`) + " FROM detections WHERE id = ?"
	err = sqlitex.Execute(db, sql, &sqlitex.ExecOptions{Args: []any{id}, ResultFunc: func(stmt *sqlite.Stmt) error {
		d, err := rows.Detection(values(stmt, nil))
		found = &d
		return err
	}})
	return found, err
}
