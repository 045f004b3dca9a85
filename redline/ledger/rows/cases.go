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
	of func(c *ledger.Case) any
}

// of returns a column of a field of cases.
func of(field, title string) caseColumn {
	return caseColumn{Column{field, title, Text}, func(c *ledger.Case) any { return c.Get(field) }}
}

// number returns a column of a field that holds a number.
func number(field, title string) caseColumn {
	return caseColumn{Column{field, title, Real}, func(c *ledger.Case) any {
		if x, ok := parse(c.Get(field)); ok {
			return x
		}
		return nil
	}}
}

var caseColumns = []caseColumn{
	{Column{"id", "问题编号", Text}, func(c *ledger.Case) any { return c.ID }},
	{Column{"seq", "最近事项", Integer}, func(c *ledger.Case) any { return c.Seq }},
	{Column{"state", "状态", Text}, func(c *ledger.Case) any { return string(c.State) }},
	{Column{"since", "状态起始日", Text}, func(c *ledger.Case) any { return string(c.Since) }},
	{Column{"opened_on", "立项日", Text}, func(c *ledger.Case) any { return string(c.OpenedOn) }},
	of(ledger.FieldSeverity, "严重程度"), of(ledger.FieldCounty, "县代码"), of(ledger.FieldCountyName, "县"),
	number(ledger.FieldAreaM2, "面积"), of(ledger.FieldVerdict, "核查结论"), of(ledger.FieldReason, "依据"),
	{Column{"relation", "与前期关系", Text}, func(c *ledger.Case) any { return string(c.Relation) }},
	{Column{"suspicion", "疑似问题", Text}, func(c *ledger.Case) any { return c.Suspicion }},
	of(ledger.FieldToConfirm, "待确认"),
	{Column{"disputes", "冲突数", Integer}, func(c *ledger.Case) any { return int64(len(c.Disputes)) }},
	{Column{"rebounds", "反弹次数", Integer}, func(c *ledger.Case) any { return int64(c.Rebounds) }},
	of(ledger.FieldDueDate, "完成时限"), of(ledger.FieldUnit, "责任单位"), of(ledger.FieldExtNo, "上级编号"),
	of(ledger.FieldLists, "清单"),
	{Column{"merged_into", "并入", Text}, func(c *ledger.Case) any { return c.MergedInto }},
	{Column{"ground", "用地图斑", Text}, func(c *ledger.Case) any { return strings.Join(c.Ground, " ") }},
	{Column{"body", "全文", JSON}, func(c *ledger.Case) any { return c.JSON() }},
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
	for i, column := range caseColumns[:body] { // the body is what the case gives, for it was parsed
		if row[i] != column.of(&c) {
			return c, changed("cases", row[0], column.Name)
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
