package visits

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/geopackage"
	"greenshield/redline/qgis"
)

// never is the time of the last change, which the plan does not know.
const never = "2000-01-01T00:00:00.000Z"

// layer is a table of visits.gpkg.
type layer struct{ name, title, geometry string }

// The layers, in the order in which the file has them.
var (
	points = layer{"visit_points", "核查点位", "POINT"}
	areas  = layer{"visit_areas", "核查点位范围", "MULTIPOLYGON"}
	routes = layer{"visit_routes", "每日次序（直线，不是道路）", "LINESTRING"}
)

// geoPackage writes visits.gpkg until the first error, which it keeps.
type geoPackage struct {
	db  *sqlite.Conn
	err error
	box map[string]orb.Bound // by table
}

// writeGPKG writes visits.gpkg to a path: points, outlines and a line for each day.
func (p *Plan) writeGPKG(ctx context.Context, path string) (err error) {
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetInterrupt(ctx.Done())
	w := &geoPackage{db: db, box: map[string]orb.Bound{}}
	w.run("PRAGMA page_size = 4096")
	w.run("PRAGMA encoding = 'UTF-8'")
	w.run("PRAGMA application_id = 1196444487")
	w.run("PRAGMA user_version = 10300")
	w.run("BEGIN")
	w.script(geopackage.Schema)
	for _, row := range geopackage.SpatialRefs() {
		w.run("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", row...)
	}
	declared := ", day INTEGER, date TEXT, seq INTEGER"
	for _, c := range columns() {
		declared += fmt.Sprintf(", %s %s", c.name, c.kind)
	}
	w.table(points, declared)
	w.table(areas, declared)
	w.table(routes, ", day INTEGER, date TEXT, stops INTEGER, worth REAL, straight_km REAL")
	for day := range p.Days {
		w.day(p, day)
	}
	for i, l := range []layer{points, areas, routes} {
		w.contents(p, int64(i+1), l)
	}
	w.run("INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)", "layer_styles", "attributes", "layer_styles", "QGIS",
		never, nil, nil, nil, nil, nil)
	w.run("COMMIT")
	return w.err
}

// run runs one statement.
func (w *geoPackage) run(sql string, args ...any) {
	if w.err == nil {
		w.err = sqlitex.ExecuteTransient(w.db, sql, &sqlitex.ExecOptions{Args: args})
	}
}

// script runs statements.
func (w *geoPackage) script(sql string) {
	for line := range strings.Lines(geopackage.Continued(sql)) {
		if strings.TrimSpace(line) != "" {
			w.run(strings.TrimSpace(line))
		}
	}
}

// table makes the table of a layer. It has no index: a plan has few features.
func (w *geoPackage) table(l layer, declared string) {
	w.run(fmt.Sprintf("CREATE TABLE %s (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom %s%s)", l.name, l.geometry,
		declared))
}

// insert adds a feature to a layer.
func (w *geoPackage) insert(l layer, geom []byte, box orb.Bound, values []any) {
	if whole, ok := w.box[l.name]; ok {
		box = box.Union(whole)
	}
	w.box[l.name] = box
	w.run(fmt.Sprintf("INSERT INTO %s VALUES (NULL, ?%s)", l.name, strings.Repeat(", ?", len(values))),
		append([]any{geom}, values...)...)
}

// day adds the features of a day.
func (w *geoPackage) day(p *Plan, day int) {
	d := &p.Days[day]
	for i, s := range d.Stops {
		values := []any{int64(day + 1), string(d.Date), int64(i + 1)}
		for _, c := range columns() {
			values = append(values, c.value(d, i))
		}
		w.insert(points, geopackage.Point(s.At), s.At.Bound(), values)
		if blob, box := geopackage.Polygons(s.Outline); blob != nil {
			w.insert(areas, blob, box, values)
		}
	}
	if route := p.route(day); len(route) > 1 {
		blob, box := geopackage.Line(route)
		w.insert(routes, blob, box, []any{int64(day + 1), string(d.Date), int64(len(d.Stops)), d.Worth(), d.Metres() / 1000})
	}
}

// contents names a layer, and gives it a style by day.
func (w *geoPackage) contents(p *Plan, number int64, l layer) {
	row := []any{l.name, "features", l.name, l.title, never, nil, nil, nil, nil, int64(geopackage.SRS)}
	if b, ok := w.box[l.name]; ok {
		row[5], row[6], row[7], row[8] = b.Min[0], b.Min[1], b.Max[0], b.Max[1]
	}
	w.run("INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)", row...)
	w.run("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", l.name, l.geometry, int64(geopackage.SRS))
	qml, err := qgis.QML(p.style(l))
	w.err = errors.Join(w.err, err)
	w.run("INSERT INTO layer_styles VALUES (?,'','',?,'geom',?,?,'',1,'greenshield','',NULL,?)", number, l.name, l.title,
		qml, never)
}

// style returns how QGIS shows a layer: by day, cases with day and order as labels, lines dashed, for they are no
// roads.
func (p *Plan) style(l layer) qgis.Style {
	s := qgis.Style{Points: l == points, Lines: l == routes, Attr: "day", Preview: `"case_id"`,
		SortBy: `-("day" * 1000 + "seq")`,
		Fields: []qgis.Field{{Name: "day", Alias: "第几天", Type: "INTEGER"}, {Name: "date", Alias: "日期", Type: "TEXT"}}}
	line := "solid"
	if l == routes {
		line, s.Preview, s.SortBy = "dash", `"day"`, `-"day"`
		s.Fields = append(s.Fields, qgis.Field{Name: "stops", Alias: "点位数", Type: "INTEGER"},
			qgis.Field{Name: "worth", Alias: "价值合计", Type: "REAL"},
			qgis.Field{Name: "straight_km", Alias: "直线距离合计(公里)", Type: "REAL"})
	} else {
		s.Fields = append(s.Fields, qgis.Field{Name: "seq", Alias: "次序", Type: "INTEGER"})
		for _, c := range columns() {
			s.Fields = append(s.Fields, qgis.Field{Name: c.name, Alias: c.title, Type: c.kind})
		}
	}
	if l == points {
		s.Label, s.LabelSize, s.LabelScale, s.LabelPlacement = `"day" || '-' || "seq"`, 9, 5_000_000, 1
	}
	for day := range p.Days {
		c := colour(day)
		s.Classes = append(s.Classes, qgis.Class{Value: fmt.Sprint(day + 1), Type: "long", Label: p.dayTitle(day),
			RGB: fmt.Sprintf("%d,%d,%d", c[0], c[1], c[2]), FillAlpha: 110, Line: line, OutlineMM: 0.5, CasingMM: 1,
			Marker: "circle", Alpha: 1})
	}
	return s
}
