package ledgerwork

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/sheets"
)

// Report returns the sheets of ledger.xlsx as of a day: totals by county, the four lists (四个清单), what is overdue,
// suspected rebounds and false rectifications, open conflicts, what changed since a day ("" for nothing), and the
// register of all cases but those that were merged into others. Cases are in the order that they are given in.
func Report(cases []ledger.Case, day, since ledger.Date) []sheets.Table {
	open := func(c *ledger.Case) bool { return !Closed(c) && c.State != ledger.Unreviewed }
	tables := []sheets.Table{totals(cases, day)}
	for _, l := range []struct {
		name    string
		columns []string
		chosen  func(c *ledger.Case) bool
	}{
		{"问题清单", []string{ledger.FieldProblem, "state"}, open},
		{"措施清单", []string{ledger.FieldProblem, ledger.FieldMeasures, ledger.FieldDueDate, ledger.FieldDueText}, open},
		{"标准清单", []string{ledger.FieldProblem, ledger.FieldStandard}, open},
		{"责任清单", []string{ledger.FieldProblem, ledger.FieldUnit, ledger.FieldPerson, ledger.FieldDueDate}, open},
		{"超期", []string{ledger.FieldUnit, ledger.FieldPerson, ledger.FieldDueDate, "state"},
			func(c *ledger.Case) bool { return c.Overdue(day) }},
		{"疑似反弹", []string{"state", ledger.FieldFinding, "rebounds"},
			func(c *ledger.Case) bool { return c.Suspicion == ledger.SuspectRebound }},
		{"疑似虚假整改", []string{"state", ledger.FieldFinding, ledger.FieldUnit},
			func(c *ledger.Case) bool { return c.Suspicion == ledger.SuspectFalse }},
		{"未决分歧", []string{ledger.FieldVerdict, ledger.FieldReason, ledger.FieldReviewer, ledger.FieldNote},
			func(c *ledger.Case) bool { return len(c.Disputes) > 0 }},
		{"新近变化", []string{"state", "since", ledger.FieldVerdict},
			func(c *ledger.Case) bool { return since != "" && c.Since >= since }},
	} {
		names := append([]string{"id", ledger.FieldExtNo, ledger.FieldCountyName}, l.columns...)
		tables = append(tables, table(l.name, names, cases, l.chosen))
	}
	var all []string
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return append(tables, table("登记册", all, cases, func(*ledger.Case) bool { return true }))
}

// table returns a sheet of columns of the cases that are chosen. Codes are in Chinese.
func table(name string, names []string, cases []ledger.Case, chosen func(c *ledger.Case) bool) sheets.Table {
	t := sheets.Table{Name: name}
	var shown []Column
	for _, name := range names {
		c := columns[slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })]
		shown = append(shown, c)
		wide := map[bool]float64{true: 24, false: 13}[slices.Contains(wordy, name)]
		t.Columns = append(t.Columns, sheets.TableColumn{Title: c.Title, Width: wide, Decimal: name == "area_ha"})
	}
	for i := range cases {
		if c := &cases[i]; c.MergedInto == "" && chosen(c) {
			var row []any
			for _, column := range shown {
				row = append(row, cell(column, c))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	t.Note = fmt.Sprintf("%s：%d 个问题点位", name, len(t.Rows))
	return t
}

// wordy are the columns that hold sentences.
var wordy = []string{ledger.FieldProblem, ledger.FieldMeasures, ledger.FieldStandard, ledger.FieldNote}

// cell returns what a sheet shows of a case in a column.
func cell(column Column, c *ledger.Case) any {
	v := column.Value(c)
	if code, ok := v.(string); ok && column.Codes != "" {
		return Label(column.Codes, code)
	}
	if n, ok := v.(int64); ok && column.Name == ledger.FieldSeverity {
		return redline.Severity(n).Chinese()
	}
	return v
}

// totals returns the sheet of counts by county, and of all.
func totals(cases []ledger.Case, day ledger.Date) sheets.Table {
	counted := []struct {
		title string
		is    func(c *ledger.Case) bool
	}{
		{"问题点位", func(*ledger.Case) bool { return true }},
		{"已核查", func(c *ledger.Case) bool { return verdictOf(c) != string(ledger.Unreviewed) }},
		{"属实", func(c *ledger.Case) bool {
			v, _ := ledger.Shipped().Verdict(verdictOf(c))
			return v.Outcome == ledger.Problem
		}},
		{"整改中", func(c *ledger.Case) bool { return c.State == ledger.Rectifying }},
		{"超期", func(c *ledger.Case) bool { return c.Overdue(day) }},
		{"已销号", func(c *ledger.Case) bool { return c.State == ledger.StruckOff }},
		{"公示异议", func(c *ledger.Case) bool { return c.Objections > 0 }},
		{"疑似反弹", func(c *ledger.Case) bool { return c.Suspicion == ledger.SuspectRebound }},
		{"反弹", func(c *ledger.Case) bool { return c.Rebounds > 0 }},
		{"外来线索", func(c *ledger.Case) bool { return c.Leads > 0 }},
	}
	t := sheets.Table{Name: "汇总", Note: fmt.Sprintf("截至 %s", day),
		Columns: []sheets.TableColumn{{Title: "行政区代码", Width: 13}, {Title: "行政区", Width: 16}}}
	for _, c := range counted {
		t.Columns = append(t.Columns, sheets.TableColumn{Title: c.title, Width: 11, Whole: true})
	}
	rows := map[[2]string][]int64{}
	all := [2]string{"\xff", "合计"} // sorts last
	for i := range cases {
		c := &cases[i]
		if c.MergedInto != "" {
			continue
		}
		for _, key := range [][2]string{{c.Get(ledger.FieldCounty), c.Get(ledger.FieldCountyName)}, all} {
			if rows[key] == nil {
				rows[key] = make([]int64, len(counted))
			}
			for k, what := range counted {
				if what.is(c) {
					rows[key][k]++
				}
			}
		}
	}
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	for _, key := range keys {
		row := []any{key[0], key[1]}
		if key == all {
			row[0] = ""
		}
		for _, n := range rows[key] {
			row = append(row, n)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
