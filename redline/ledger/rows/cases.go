package rows

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/redline/ledger"
)

// caseColumn is a column of cases with how its value follows.
type caseColumn struct {
	Column
	of   func(c *ledger.Case) any
	text func(c *ledger.Case) string // the same of a column of type Text
}

// says returns a column of texts.
func says(name, title string, text func(c *ledger.Case) string) caseColumn {
	return caseColumn{Column{name, title, Text}, func(c *ledger.Case) any { return text(c) }, text}
}

// is tells whether a value is what a case gives.
func (column *caseColumn) is(v any, c *ledger.Case) bool {
	if column.text == nil {
		return v == column.of(c)
	}
	text, ok := v.(string)
	return ok && text == column.text(c)
}

// of returns a column of a field of cases.
func of(field, title string) caseColumn {
	return says(field, title, func(c *ledger.Case) string { return c.Get(field) })
}

// number returns a column of a field that holds a number.
func number(field, title string) caseColumn {
	return caseColumn{Column: Column{field, title, Real}, of: func(c *ledger.Case) any {
		if x, ok := parse(c.Get(field)); ok {
			return x
		}
		return nil
	}}
}

var caseColumns = []caseColumn{
	says("id", "问题编号", func(c *ledger.Case) string { return c.ID }),
	{Column: Column{"seq", "最近事项", Integer}, of: func(c *ledger.Case) any { return c.Seq }},
	says("state", "状态", func(c *ledger.Case) string { return string(c.State) }),
	says("since", "状态起始日", func(c *ledger.Case) string { return string(c.Since) }),
	says("opened_on", "立项日", func(c *ledger.Case) string { return string(c.OpenedOn) }),
	of(ledger.FieldSeverity, "严重程度"), of(ledger.FieldCounty, "县代码"), of(ledger.FieldCountyName, "县"),
	number(ledger.FieldAreaM2, "面积"), of(ledger.FieldVerdict, "核查结论"), of(ledger.FieldReason, "依据"),
	says("relation", "与前期关系", func(c *ledger.Case) string { return string(c.Relation) }),
	says("suspicion", "疑似问题", func(c *ledger.Case) string { return c.Suspicion }),
	of(ledger.FieldToConfirm, "待确认"),
	{Column: Column{"disputes", "冲突数", Integer}, of: func(c *ledger.Case) any { return int64(len(c.Disputes)) }},
	{Column: Column{"rebounds", "反弹次数", Integer}, of: func(c *ledger.Case) any { return int64(c.Rebounds) }},
	of(ledger.FieldDueDate, "完成时限"), of(ledger.FieldUnit, "责任单位"), of(ledger.FieldExtNo, "上级编号"),
	of(ledger.FieldLists, "清单"),
	says("merged_into", "并入", func(c *ledger.Case) string { return c.MergedInto }),
	says("ground", "用地图斑", func(c *ledger.Case) string { return strings.Join(c.Ground, " ") }),
	{Column: Column{"body", "全文", JSON}, of: func(c *ledger.Case) any { return c.JSON() }},
}

// cases are the columns alone.
var cases = func() (columns []Column) {
	for _, c := range caseColumns {
		columns = append(columns, c.Column)
	}
	return slices.Clip(columns)
}()

// Cases returns the columns of the table of cases, without its geometry: see [Place].
func Cases() []Column { return cases }

// OfCase returns the row of a case.
func OfCase(c *ledger.Case) []any {
	row := make([]any, len(caseColumns))
	for i, column := range caseColumns {
		row[i] = column.of(c)
	}
	return row
}

// Case returns the case of a row.
func Case(row []any) (c ledger.Case, err error) {
	body := len(row) - 1
	if c, err = ledger.ParseCase(str(row[body])); err != nil {
		return c, changed("cases", row[0], "body")
	}
	for i := range caseColumns[:body] { // the body is what the case gives, for it was parsed
		if !caseColumns[i].is(row[i], &c) {
			return c, changed("cases", row[0], caseColumns[i].Name)
		}
	}
	return c, nil
}

// Place returns the point at which a case is shown, in degrees; ok is false when it has none.
func Place(c *ledger.Case) (p orb.Point, ok bool) {
	lon, okLon := parse(c.Get(ledger.FieldLon))
	lat, okLat := parse(c.Get(ledger.FieldLat))
	return orb.Point{lon, lat}, okLon && okLat && math.Abs(lon) <= 180 && math.Abs(lat) <= 90
}

// Misplaced is the fault of a case that is not shown where its place is.
func Misplaced(c *ledger.Case) error { return changed("cases", c.ID, "geom") }

// parse returns the finite number that a text says.
func parse(text string) (float64, bool) {
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
}

// Verdict is the verdict of a case, in the SQL of both databases: one that nobody has judged is unreviewed.
const Verdict = "CASE verdict WHEN '' THEN 'unreviewed' ELSE verdict END"

// Open returns the conditions, in the SQL of both databases, on cases of which something is open as a filter wants it:
// a conflict, a suspicion, what has to be confirmed.
func Open(f ledger.CaseFilter) (conditions []string) {
	for _, c := range []struct {
		wanted    bool
		condition string
	}{{f.Disputed, "disputes > 0"}, {f.Suspected, "suspicion <> ''"}, {f.ToConfirm, "to_confirm <> ''"}} {
		if c.wanted {
			conditions = append(conditions, c.condition)
		}
	}
	return conditions
}
