package ledgergpkg

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/qgis"
)

// View says what a project shows of a ledger.
type View struct {
	Source   string      // of the ledger: a path from the folder of the project
	Day      ledger.Date // on which cases are overdue
	Counties []string    // codes, or their beginnings; all when there are none
}

// Project writes the project that shows a ledger in QGIS, a QGZ file: its cases by state, by severity, those that are
// overdue, have rebounded or are suspected of it, or of false rectification, each group with a theme; in the form of a
// case what was said of it. Nothing can be edited.
func (s *Store) Project(ctx context.Context, w io.Writer, v View) error {
	db, err := s.reader()
	if err != nil {
		return err
	}
	defer s.giveBack(db)
	db.SetInterrupt(ctx.Done())
	if text := ""; sqlitex.ExecuteTransient(db, "SELECT value FROM meta WHERE name = 'tables'", one(&text)) != nil ||
		text == "" {
		return redline.Faultf(redline.Usage, "%s: was made by an earlier version; any command that writes to it, such as "+
			"ledger add, brings it up to date", s.path)
	}
	p := qgis.Project{Title: "绿盾问题点位台账"}
	if p.Extent, p.Bookmarks, err = bookmarks(db, v.where()); err != nil {
		return s.fault(err)
	}
	shown := projected{source: v.Source, where: v.where(), project: &p}
	for _, g := range []struct {
		id, name, where string
		severity        bool
	}{
		{"state", "按状态", "", false}, {"severity", "按严重程度", "", true},
		{"overdue", fmt.Sprintf("超期（截至%s）", v.Day), overdue(v.Day), false},
		{"rebound", "反弹（含疑似）", fmt.Sprintf(`("suspicion" = '%s' OR "rebounds" > 0)`, ledger.SuspectRebound), false},
		{"false", "疑似虚假整改", fmt.Sprintf(`"suspicion" = '%s'`, ledger.SuspectFalse), false},
	} {
		style := byState
		if g.severity {
			style = bySeverity
		}
		shown.group(g.id, g.name, g.where, style, func(s *qgis.Style) { s.Actions = countyActions() })
	}
	shown.history()
	return qgis.WriteProject(w, "ledger", p)
}

// where returns the condition on cases that a view shows, "" for all.
func (v *View) where() string {
	var any []string
	for _, code := range v.Counties {
		quoted := strings.ReplaceAll(code, "'", "''")
		any = append(any, fmt.Sprintf(`substr("county", 1, %d) = '%s'`, len([]rune(code)), quoted))
	}
	if len(any) == 0 {
		return ""
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// overdue returns the condition of [ledger.Case.Overdue].
func overdue(day ledger.Date) string {
	return fmt.Sprintf(`"state" IN ('%s', '%s') AND "due_date" <> '' AND "due_date" < '%s' AND "handed_to" = ''`,
		ledger.Filed, ledger.Rectifying, day)
}

// projected is a project that layers of cases are added to.
type projected struct {
	source, where string
	editable      []string // names of fields
	project       *qgis.Project
}

// historyID is the id of the layer of what was said of cases.
const historyID = qgis.IDPrefix + "history"

// group adds a group with the areas and the points of those cases that meet a condition, and its theme. All but the
// first one are hidden. more sets what else a style has.
func (p *projected) group(id, name, where string, style func(points bool) qgis.Style, more func(*qgis.Style)) {
	g := qgis.Group{Name: name, Hidden: len(p.project.Groups) > 0, Closed: len(p.project.Groups) > 0}
	for _, of := range []struct {
		view, name string
		points     bool
	}{{"case_points", "位置", true}, {"case_areas", "范围", false}} {
		l := qgis.Layer{ID: qgis.IDPrefix + of.view + "_" + id, Name: name + " " + of.name, Provider: "ogr",
			Source: p.source + "|layername=" + of.view, ReadOnly: len(p.editable) == 0, Style: style(of.points)}
		conditions := slices.DeleteFunc([]string{where, p.where}, func(s string) bool { return s == "" })
		if len(conditions) > 0 {
			l.Source += "|subset=" + strings.Join(conditions, " AND ")
		}
		relation := qgis.Relation{ID: l.ID + "_history", Name: "办理经过", Table: historyID, TableField: "case_id",
			Layer: l.ID, Field: "id"}
		p.project.Relations = append(p.project.Relations, relation)
		l.Style.Form = slices.Insert(l.Style.Form, 2, qgis.FormTab{Name: relation.Name, Relation: relation.ID})
		more(&l.Style)
		g.Layers = append(g.Layers, l)
	}
	p.project.Groups = append(p.project.Groups, g)
	p.project.Themes = append(p.project.Themes, qgis.Theme{Name: name, Groups: []qgis.Group{g}})
}

// history adds the layer of what was said of cases.
func (p *projected) history() {
	p.project.Groups = append(p.project.Groups, qgis.Group{Name: "办理经过", Hidden: true, Closed: true,
		Layers: []qgis.Layer{{ID: historyID, Name: "办理经过", Source: p.source + "|layername=case_history",
			Provider: "ogr", ReadOnly: true, Style: historyStyle()}}})
}

//go:embed county.py
var countyPython string

// countyActions returns the actions that show one county alone, and all again.
func countyActions() []qgis.Action {
	action := func(id, name, county string, scopes ...string) qgis.Action {
		return qgis.Action{ID: "{6c766475-6e00-4000-8001-00000000000" + id + "}", Name: name, Type: qgis.PythonAction,
			Does: strings.ReplaceAll(countyPython, "COUNTY", county), Scopes: scopes}
	}
	return []qgis.Action{
		action("1", "只看本县", `project.mapLayer("[% @layer_id %]").getFeature(int("[% $id %]"))["county"]`, "Canvas", "Feature"),
		action("2", "看全部县", "None", "Canvas", "Feature", "Layer"),
	}
}

// bookmarks returns the box of the cases that meet a condition, and that of each county.
func bookmarks(db *sqlite.Conn, where string) (whole qgis.Extent, counties []qgis.Bookmark, err error) {
	if where == "" {
		where = "1 = 1"
	}
	var all *orb.Bound
	sql := `SELECT county, max(county_name), min(minx), min(miny), max(maxx), max(maxy) FROM (
		SELECT c.county, c.county_name, r.* FROM cases c JOIN rtree_cases_geom r ON r.id = c.fid WHERE c.merged_into = ''
		UNION ALL SELECT c.county, c.county_name, r.* FROM outlines o JOIN rtree_outlines_geom r ON r.id = o.fid
		JOIN cases c ON c.id = o.case_id WHERE c.merged_into = '') WHERE ` + where + " GROUP BY county ORDER BY county"
	err = sqlitex.ExecuteTransient(db, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		b := orb.Bound{Min: orb.Point{stmt.ColumnFloat(2), stmt.ColumnFloat(3)},
			Max: orb.Point{stmt.ColumnFloat(4), stmt.ColumnFloat(5)}}
		if name := stmt.ColumnText(1); stmt.ColumnText(0) != "" {
			counties = append(counties, qgis.Bookmark{Name: name, Extent: qgis.Around(b)})
		}
		if all != nil {
			b = all.Union(b)
		}
		all = &b
		return nil
	}})
	if all != nil {
		whole = qgis.Around(*all)
	}
	return whole, counties, err
}
