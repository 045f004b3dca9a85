package ledgergpkg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/geopackage"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
	"greenshield/redline/qgis"
)

// Editable lists the fields that may be changed in a copy for reviewers: those of a verdict, and those of [ledger.Set]
// that tell of the rectification.
func Editable() []string { return append(ledger.Reviewed(), rectifiedFields...) }

// Shown returns what the layers show of a case, by the names of their fields. Numbers have no more digits than they
// need.
func Shown(c *ledger.Case) map[string]string {
	all := map[string]string{}
	for i, column := range rows.Cases() {
		switch v := rows.OfCase(c)[i].(type) {
		case string:
			all[column.Name] = v
		case int64:
			all[column.Name] = strconv.FormatInt(v, 10)
		case float64:
			all[column.Name] = strconv.FormatFloat(v, 'g', 15, 64)
		}
	}
	if all[ledger.FieldVerdict] == "" {
		all[ledger.FieldVerdict] = string(ledger.Unreviewed)
	}
	all["handed_to"], all["leads"] = c.HandedTo, ""
	if c.Leads > 0 {
		all["leads"] = strconv.Itoa(c.Leads)
	}
	shown := map[string]string{}
	for _, column := range columns() {
		value, ok := all[column.Name]
		if !ok {
			value = c.Get(column.Name)
		}
		shown[column.Name] = value
	}
	return shown
}

// copyTables are what a copy has beside its layers. handed_out says what the copy was written from.
const copyTables = `
CREATE TABLE handed_out (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
CREATE TABLE case_history (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, COLUMNS);
`

// copyGuards keep reviewers from what they may not do. See [geopackage.Continued].
const copyGuards = `
CREATE TRIGGER guard_TABLE_insert BEFORE INSERT ON TABLE
	BEGIN SELECT RAISE(ABORT, '点位由台账生成，不能新增。Cases cannot be added here.'); END;
CREATE TRIGGER guard_TABLE_delete BEFORE DELETE ON TABLE
	BEGIN SELECT RAISE(ABORT, '点位不能删除；不属实的请在核查结论中选“不属实”。Cases cannot be deleted; judge them.'); END;
CREATE TRIGGER guard_TABLE_update BEFORE UPDATE ON TABLE WHEN CHANGED
	BEGIN SELECT RAISE(ABORT, '只能填写核查和整改内容，其余不能修改。Only verdict and rectification can be changed.'); END;
`

// Copy is a file for reviewers: cases of a ledger whose verdict and rectification may be edited in QGIS.
type Copy struct {
	path    string
	head    ledger.Head
	extent  *orb.Bound
	columns []column
}

// WriteCopy writes a new GeoPackage of cases with their outlines and what was said of them, for reviewers to edit. It
// tells which event the ledger ended with, so that what comes back can be compared with what was given out.
func WriteCopy(ctx context.Context, s ledger.Store, path string, cases []ledger.Case, degrees Degrees) (*Copy, error) {
	c := &Copy{path: path, columns: columns()}
	var err error
	if c.head, err = s.Head(ctx); err != nil {
		return nil, err
	}
	g := &ground{degrees: degrees}
	defer g.close()
	if err := g.readFrom(ctx, s, cases); err != nil {
		return nil, err
	}
	err = wholeFile(path, func(tmp string) (err error) {
		db, err := sqlite.OpenConn(tmp, sqlite.OpenReadWrite)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		db.SetInterrupt(ctx.Done())
		if err := pragmas(db, settings...); err != nil {
			return err
		}
		end, err := sqlitex.ImmediateTransaction(db)
		if err != nil {
			return err
		}
		defer end(&err)
		w := &inserter{db: db}
		c.tables(w)
		for i := range cases {
			c.row(w, &cases[i], g)
			c.history(ctx, w, s, cases[i].ID)
		}
		c.guards(w)
		return w.err
	})
	return c, err
}

// readFrom reads the ground of cases from a store.
func (g *ground) readFrom(ctx context.Context, s ledger.Store, cases []ledger.Case) error {
	wanted := map[string]bool{}
	for i := range cases {
		for _, id := range cases[i].Ground {
			wanted[id] = true
		}
	}
	detections := map[string]*ledger.Detection{}
	chosen := ledger.DetectionFilter{Ground: true, Cells: true}
	if len(wanted) < 10_000 {
		chosen.Ground, chosen.IDs = false, slices.Sorted(maps.Keys(wanted))
	}
	if len(wanted) > 0 {
		for d, err := range s.Detections(ctx, chosen) {
			if err != nil {
				return err
			}
			if wanted[d.ID] {
				detections[d.ID] = &d
			}
		}
	}
	grids := map[string]ledger.Grid{}
	for e, err := range s.Events(ctx, ledger.EventFilter{NoCase: true, Kinds: []ledger.Kind{ledger.RunAdded}}) {
		if err == nil {
			var r ledger.Run
			if r, err = ledger.RunOf(e); err == nil {
				grids[r.ID] = r.Grid
			}
		}
		if err != nil {
			return err
		}
	}
	g.grid = func(run string) (ledger.Grid, error) { return grids[run], nil }
	g.detection = func(id string) (*ledger.Detection, error) { return detections[id], nil }
	return nil
}

// layersOfCopy are the tables of cases of a copy.
var layersOfCopy = []struct{ name, title, geometry string }{
	{"case_areas", "问题点位（范围）", "MULTIPOLYGON"}, {"case_points", "问题点位（位置）", "POINT"},
}

// tables makes the tables of a copy.
func (c *Copy) tables(w *inserter) {
	declared := func(columns []column) string {
		var all []string
		for _, column := range columns {
			all = append(all, `"`+column.Name+`" `+column.Type)
		}
		return strings.Join(all, ", ")
	}
	sql := geopackage.Schema + strings.Replace(copyTables, "COLUMNS", declared(historyFields()), 1)
	for _, l := range layersOfCopy {
		sql += fmt.Sprintf("CREATE TABLE %s (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom %s, %s);\n"+
			"CREATE VIRTUAL TABLE rtree_%s_geom USING rtree(id, minx, maxx, miny, maxy);\n",
			l.name, l.geometry, declared(c.columns), l.name)
	}
	w.script(geopackage.Continued(sql))
	for _, row := range geopackage.SpatialRefs() {
		w.run("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", row...)
	}
	content := func(name, kind, title string, srs any) {
		w.run("INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "+
			"VALUES (?,?,?,?,?,?)", name, kind, name, title, never, srs)
	}
	for i, l := range layersOfCopy {
		content(l.name, "features", l.title, int64(geopackage.SRS))
		w.run("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", l.name, l.geometry, int64(geopackage.SRS))
		w.run("INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', "+
			"'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')", l.name)
		text, err := qgis.QML(byVerdict(l.geometry == "POINT"))
		w.err = errors.Join(w.err, err)
		w.run("INSERT INTO layer_styles VALUES (?,'','',?,'geom',?,?,'',1,'greenshield','',NULL,?)", int64(i+1), l.name,
			l.title, text, never)
	}
	content("case_history", "attributes", "办理经过", nil)
	content("handed_out", "attributes", "来源", nil)
	content("layer_styles", "attributes", "QGIS", nil)
	for _, row := range [][2]string{{"seq", strconv.FormatInt(c.head.Seq, 10)}, {"hash", c.head.Hash}} {
		w.run("INSERT INTO handed_out (name, value) VALUES (?, ?)", row[0], row[1])
	}
}

// row writes a case into the layer of areas, or of points.
func (c *Copy) row(w *inserter, of *ledger.Case, g *ground) {
	polygons, err := g.outline(of)
	w.err = errors.Join(w.err, err)
	blob, box := geopackage.Polygons(polygons)
	table, geom := "case_areas", valueOf(blob)
	if blob == nil {
		table, geom = "case_points", geometry(of)
		if p, ok := rows.Place(of); ok {
			box = p.Bound()
		}
	}
	shown := Shown(of)
	values := []any{geom}
	for _, column := range c.columns {
		values = append(values, typed(column.Type, shown[column.Name]))
	}
	w.run(fmt.Sprintf("INSERT INTO %s VALUES (NULL, ?%s)", table, strings.Repeat(", ?", len(c.columns))), values...)
	if geom == nil {
		return
	}
	w.run("INSERT INTO rtree_"+table+"_geom VALUES (?, ?, ?, ?, ?)", w.db.LastInsertRowID(), box.Min[0], box.Max[0],
		box.Min[1], box.Max[1])
	if c.extent != nil {
		box = box.Union(*c.extent)
	}
	c.extent = &box
}

// typed returns a value of a column of a type of SQLite; no number is NULL, no text is empty.
func typed(kind, text string) any {
	switch kind {
	case "INTEGER":
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v
		}
		return nil
	case "REAL":
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			return v
		}
		return nil
	}
	return text
}

// history writes what was said of a case.
func (c *Copy) history(ctx context.Context, w *inserter, s ledger.Store, id string) {
	if w.err != nil {
		return
	}
	for e, err := range s.Events(ctx, ledger.EventFilter{Case: id}) {
		if w.err = errors.Join(w.err, err); w.err != nil {
			return
		}
		w.run("INSERT INTO case_history VALUES (NULL"+strings.Repeat(", ?", len(historyFields()))+")", e.Case,
			e.Time.In(ledger.China).Format("2006-01-02 15:04"), string(e.Kind), e.Actor, string(e.Level), said(e), e.Doc.Name)
	}
}

// said returns what an event says, in Chinese.
func said(e ledger.Event) string {
	var parts []string
	chinese := wordsByCode()
	for name, value := range e.Fields {
		if title := chinese[[2]string{name, ""}]; title != "" {
			if w := chinese[[2]string{name, value}]; w != "" && value != "" {
				value = w
			}
			if value == "" {
				value = "（空）"
			}
			parts = append(parts, title+"："+value)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, "；")
}

// guards closes a copy for all but what reviewers may do.
func (c *Copy) guards(w *inserter) {
	if c.extent != nil {
		for _, l := range layersOfCopy {
			w.run("UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?",
				c.extent.Min[0], c.extent.Min[1], c.extent.Max[0], c.extent.Max[1], l.name)
		}
	}
	changed := []string{"NEW.fid IS NOT OLD.fid", "NEW.geom IS NOT OLD.geom"}
	for _, column := range c.columns {
		if !slices.Contains(Editable(), column.Name) {
			changed = append(changed, fmt.Sprintf(`NEW."%[1]s" IS NOT OLD."%[1]s"`, column.Name))
		}
	}
	for _, l := range layersOfCopy {
		sql := strings.NewReplacer("TABLE", l.name, "CHANGED", strings.Join(changed, " OR ")).Replace(copyGuards)
		sql += strings.ReplaceAll(geopackage.IndexTriggers, "TABLE", l.name)
		for _, stmt := range triggers(geopackage.Continued(sql)) {
			w.run(stmt)
		}
	}
}

// triggers splits statements of which each stands in a line.
func triggers(sql string) []string {
	return slices.DeleteFunc(strings.Split(sql, "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// Project writes the project that shows a copy in QGIS, a QGZ file that lies beside it.
func (c *Copy) Project(w io.Writer) error {
	p := qgis.Project{Title: "绿盾问题点位核查"}
	if c.extent != nil {
		p.Extent = qgis.Around(*c.extent)
	}
	shown := projected{source: "./" + filepath.Base(c.path), editable: Editable(), project: &p}
	shown.group("verdict", "按核查结论", "", byVerdict, func(*qgis.Style) {})
	shown.group("severity", "按严重程度", "", func(points bool) qgis.Style { return edited(bySeverity(points)) },
		func(*qgis.Style) {})
	shown.history()
	return qgis.WriteProject(w, "review", p)
}
