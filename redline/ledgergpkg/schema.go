package ledgergpkg

import (
	"fmt"
	"strings"

	"greenshield/redline/geopackage"
	"greenshield/redline/ledger/rows"
)

// settings of a new file: a GeoPackage of version 1.3.
var settings = []string{"page_size = 8192", "encoding = 'UTF-8'", "application_id = 1196444487", "user_version = 10300"}

// never is the time of a change that no event tells of.
const never = "2000-01-01T00:00:00.000Z"

// table is a table of the ledger with what it is called in QGIS.
type table struct {
	name, title string
	columns     []rows.Column
	more        string // columns before these
	guards      string
}

func tables() []table {
	return []table{
		{"cases", "问题点位", rows.Cases(), "geom POINT, ", guardInsert + guardUpdate + guardDelete},
		{"events", "事项", rows.Events(), "", guardInsert + guardEvents},
		{"detections", "变化图斑", rows.Detections(), "", guardInsert + guardUpdate + guardDelete},
		{"meta", "台账信息", []rows.Column{{Name: "name", Type: rows.Text}, {Name: "value", Type: rows.Text}}, "",
			guardInsert + strings.Replace(guardUpdate, "WHEN", "WHEN OLD.name <> 'writing' AND", 1) + guardDelete},
	}
}

// closed says that nobody is writing who may: an append sets the row "writing" as long as its transaction lasts.
const closed = `(SELECT value FROM meta WHERE name = 'writing') <> '1'`

// Guards of a table TABLE, whose lines that begin with a tab are continued.
const (
	guardInsert = `
CREATE TRIGGER "guard_TABLE_insert" BEFORE INSERT ON "TABLE" WHEN ` + closed + `
	BEGIN SELECT RAISE(ABORT,
	'台账只能由程序写入，不能在此新增。Only the program adds to the ledger: use greenshield ledger.'); END;
`
	guardUpdate = `
CREATE TRIGGER "guard_TABLE_update" BEFORE UPDATE ON "TABLE" WHEN ` + closed + `
	BEGIN SELECT RAISE(ABORT,
	'台账内容由事项推算，不能在此修改；请用 ledger take 或 ledger set。The ledger cannot be edited here: use ledger take or set.');
	END;
`
	guardDelete = `
CREATE TRIGGER "guard_TABLE_delete" BEFORE DELETE ON "TABLE"
	BEGIN SELECT RAISE(ABORT,
	'台账只增不删；没有问题的点位请归档。Nothing is deleted from the ledger: archive what is no problem.'); END;
`
	guardEvents = `
CREATE TRIGGER "guard_events_update" BEFORE UPDATE ON events
	BEGIN SELECT RAISE(ABORT,
	'事项一经记录不能修改；有误请另记一条更正。Events never change: add one that corrects it.'); END;
CREATE TRIGGER "guard_events_delete" BEFORE DELETE ON events
	BEGIN SELECT RAISE(ABORT,
	'事项一经记录不能删除；有误请另记一条更正。Events are never deleted: add one that corrects it.'); END;
`
)

// guardsOfRows returns the statements that take the guards away which are asked of each row that is added or changed,
// and those that make them anew.
func guardsOfRows() (drop, create string) {
	for _, t := range tables() {
		for _, guard := range [][2]string{{"insert", guardInsert}, {"update", guardUpdate}} {
			if t.name != "meta" && strings.Contains(t.guards, guard[1]) {
				drop += fmt.Sprintf("DROP TRIGGER IF EXISTS guard_%s_%s;\n", t.name, guard[0])
				create += strings.ReplaceAll(guard[1], "TABLE", t.name)
			}
		}
	}
	return drop, geopackage.Continued(create)
}

// indexes are those of version 1.
const indexes = `
CREATE UNIQUE INDEX events_hash ON events (hash);
CREATE INDEX events_case ON events (case_id, seq);
CREATE INDEX detections_run ON detections (run);
CREATE INDEX cases_state ON cases (state);
CREATE INDEX cases_county ON cases (county);
`

// create returns the statement that makes a table. A GeoPackage wants a key that is a number.
func (t *table) create() string {
	key := "fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "
	var columns []string
	for i, c := range t.columns {
		column := fmt.Sprintf(`"%s" %s`, c.Name, [...]string{rows.Text: "TEXT NOT NULL", rows.JSON: "TEXT NOT NULL",
			rows.Integer: "INTEGER NOT NULL", rows.Real: "REAL", rows.Bytes: "BLOB NOT NULL"}[c.Type])
		switch {
		case i == 0 && c.Type == rows.Integer:
			key, column = "", `"`+c.Name+`" INTEGER PRIMARY KEY NOT NULL`
		case i == 0:
			column += " UNIQUE"
		}
		columns = append(columns, column)
	}
	return fmt.Sprintf("CREATE TABLE %s (%s%s%s);\n", t.name, key, t.more, strings.Join(columns, ", "))
}

// schema returns the statements that make a ledger of a new file.
func schema() string {
	b := strings.Builder{}
	b.WriteString(geopackage.Schema)
	for _, t := range tables() {
		b.WriteString(t.create())
	}
	b.WriteString(indexes)
	for _, t := range tables() {
		b.WriteString(strings.ReplaceAll(t.guards, "TABLE", t.name))
	}
	return geopackage.Continued(b.String())
}

// contents returns the rows of gpkg_contents.
func contents() (all [][]any) {
	for _, t := range tables() {
		kind, srs := "attributes", any(nil)
		if t.name == "cases" {
			kind, srs = "features", int64(geopackage.SRS)
		}
		all = append(all, []any{t.name, kind, t.name, t.title, never, srs})
	}
	return append(all, []any{"layer_styles", "attributes", "layer_styles", "QGIS", never, nil})
}

// list returns the names of columns, each by a pattern, with commas.
func list(columns []rows.Column, pattern string) string {
	var all []string
	for _, c := range columns {
		all = append(all, strings.ReplaceAll(pattern, "NAME", c.Name))
	}
	return strings.Join(all, ", ")
}
