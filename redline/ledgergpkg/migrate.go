package ledgergpkg

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/geopackage"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
	"greenshield/redline/qgis"
)

// migrations bring a file from one version of its tables to the next; the first makes version 2 of version 1, which
// does not tell its version. They only go forward, and leave events, detections and cases as they are.
var migrations = []func(w *inserter, degrees Degrees){layersOfQGIS, withoutIndexes}

// migrate brings a file to the present version in one transaction. One of a later version is written as well.
func migrate(db *sqlite.Conn, degrees Degrees) (err error) {
	version, text := 1, ""
	if err := sqlitex.ExecuteTransient(db, "SELECT value FROM meta WHERE name = 'tables'", one(&text)); err != nil {
		return err
	}
	if text != "" {
		if version, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("the version of its tables is %q; restore the ledger from a backup", text)
		}
	}
	if version > len(migrations) {
		return nil
	}
	end, err := sqlitex.ImmediateTransaction(db)
	if err != nil {
		return err
	}
	defer end(&err)
	w := &inserter{db: db}
	w.run("UPDATE meta SET value = '1' WHERE name = 'writing'")
	if text == "" {
		w.run("INSERT INTO meta (name, value) VALUES ('tables', '1')")
	}
	for _, m := range migrations[version-1:] {
		m(w, degrees)
	}
	w.run("UPDATE meta SET value = ? WHERE name = 'tables'", strconv.Itoa(len(migrations)+1))
	w.run("UPDATE meta SET value = '0' WHERE name = 'writing'")
	return w.err
}

// outlineTables are the tables of version 2: outlines of cases, each with the ground that it was made of; the grids
// that cells are counted in; words of the ledger in Chinese. The index of places follows cases by triggers.
const outlineTables = `
CREATE TABLE outlines (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON, case_id TEXT NOT NULL UNIQUE,
	ground TEXT NOT NULL);
CREATE TABLE grids (run TEXT PRIMARY KEY NOT NULL, grid TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE words (field TEXT NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (field, code))
	WITHOUT ROWID;
CREATE VIRTUAL TABLE rtree_outlines_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE VIRTUAL TABLE rtree_cases_geom USING rtree(id, minx, maxx, miny, maxy);
CREATE TRIGGER rtree_cases_geom_insert AFTER INSERT ON cases WHEN NEW.geom IS NOT NULL BEGIN
	INSERT OR REPLACE INTO rtree_cases_geom VALUES (NEW.fid, LON, LON, LAT, LAT); END;
CREATE TRIGGER rtree_cases_geom_update AFTER UPDATE OF geom ON cases WHEN NEW.geom IS NOT OLD.geom BEGIN
	DELETE FROM rtree_cases_geom WHERE id = NEW.fid; INSERT OR REPLACE INTO rtree_cases_geom
	SELECT NEW.fid, LON, LON, LAT, LAT WHERE NEW.geom IS NOT NULL; END;
`

// layersOfQGIS makes the layers that QGIS shows, and the outlines of the cases that there are.
func layersOfQGIS(w *inserter, degrees Degrees) {
	number := func(field string) string { return "CAST(json_extract(NEW.body, '$.fields." + field + "') AS REAL)" }
	sql := strings.NewReplacer("LON", number(ledger.FieldLon), "LAT", number(ledger.FieldLat)).Replace(outlineTables)
	for _, v := range views() {
		sql += v.create()
	}
	for _, name := range []string{"outlines", "grids", "words"} {
		sql += strings.ReplaceAll(guardInsert+guardUpdate+guardDelete, "TABLE", name)
	}
	w.script(geopackage.Continued(sql))
	for _, word := range words() {
		w.run("INSERT INTO words VALUES (?, ?, ?)", word[0], word[1], word[2])
	}
	w.register()
	w.run("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "+
		"VALUES ('outlines', 'features', 'outlines', '用地范围', ?, ?)", never, int64(geopackage.SRS))
	w.run("INSERT INTO gpkg_geometry_columns VALUES ('outlines', 'geom', 'MULTIPOLYGON', ?, 0, 0)",
		int64(geopackage.SRS))
	w.run("UPDATE cases SET geom = NULL WHERE geom IS NOT NULL")
	w.earlier(degrees)
}

// withoutIndexes makes version 3: events are told apart by their numbers, and nobody looks for their hashes, nor for
// the detections of a run.
func withoutIndexes(w *inserter, _ Degrees) {
	w.run("DROP INDEX IF EXISTS events_hash")
	w.run("DROP INDEX IF EXISTS detections_run")
}

// script runs statements within the transaction.
func (w *inserter) script(sql string) {
	for stmt := range strings.SplitSeq(strings.TrimSpace(sql), ";\n") {
		w.run(stmt)
	}
}

// earlier brings what was written before into the tables of version 2.
func (w *inserter) earlier(degrees Degrees) {
	if w.err != nil {
		return
	}
	var runs []ledger.Event
	w.err = sqlitex.Execute(w.db, "SELECT "+list(rows.Events(), `"NAME"`)+" FROM events WHERE kind = ?",
		&sqlitex.ExecOptions{Args: []any{string(ledger.RunAdded)}, ResultFunc: func(stmt *sqlite.Stmt) error {
			e, err := rows.Event(values(stmt, nil))
			runs = append(runs, e)
			return err
		}})
	w.grids(runs)
	var cases []ledger.Case
	if w.err == nil {
		w.err = sqlitex.Execute(w.db, "SELECT body FROM cases ORDER BY id", &sqlitex.ExecOptions{
			ResultFunc: func(stmt *sqlite.Stmt) error {
				var c ledger.Case
				err := json.Unmarshal([]byte(stmt.ColumnText(0)), &c)
				cases = append(cases, c)
				return err
			}})
	}
	for i := range cases {
		w.run("UPDATE cases SET geom = ? WHERE id = ?", geometry(&cases[i]), cases[i].ID)
	}
	w.outline(cases, nil, degrees)
}

// grids keeps the grids of the runs that events tell of.
func (w *inserter) grids(events []ledger.Event) {
	for i := range events {
		if e := &events[i]; e.Kind == ledger.RunAdded {
			w.run("INSERT OR IGNORE INTO grids VALUES (?, ?)", e.Fields[ledger.FieldRun], e.Fields[ledger.FieldGrid])
		}
	}
}

// register tells of the layers, with their styles, as the standard and QGIS want it.
func (w *inserter) register() {
	for _, v := range views() {
		kind, srs := "features", any(int64(geopackage.SRS))
		if v.geometry == "" {
			kind, srs = "attributes", nil
		}
		w.run("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "+
			"VALUES (?,?,?,?,?,?)", v.name, kind, v.name, v.title, never, srs)
		if v.geometry != "" {
			w.run("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", v.name, v.geometry,
				int64(geopackage.SRS))
		}
	}
	for _, table := range []string{"cases", "outlines"} {
		w.run("INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', "+
			"'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')", table)
	}
	for i, l := range ledgerLayers() {
		text, err := qgis.QML(l.style)
		if err != nil && w.err == nil {
			w.err = err
		}
		w.run("INSERT INTO layer_styles VALUES (?,'','',?,'geom',?,?,'',?,'greenshield','',NULL,?)", int64(i+1), l.view,
			l.name, text, int64(l.first), never)
	}
}
