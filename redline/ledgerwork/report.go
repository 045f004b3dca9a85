package ledgerwork

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/sheets"
)

// Report returns the sheets of ledger.xlsx: totals by city and county, what is counted and how the score is made, the
// four lists (四个清单), what is overdue, suspected rebounds and false rectifications, open conflicts, what random
// samples say where any was drawn, what is new, and the register of all cases but those that were merged into others.
func Report(st *Standing, score Score) []sheets.Table {
	open := func(c *ledger.Case) bool { return !Closed(c) && c.State != ledger.Unreviewed }
	names := func(of ...string) (shown []Column) {
		for _, name := range append([]string{"id", ledger.FieldExtNo, ledger.FieldCountyName}, of...) {
			shown = append(shown, columns[slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })])
		}
		return shown
	}
	late := names(ledger.FieldUnit, ledger.FieldPerson, ledger.FieldDueDate, "state", ledger.FieldProblem)
	late = append(late, Column{Name: "overdue_days", Title: "超期天数", Value: func(c *ledger.Case) any {
		return ledger.Date(c.Get(ledger.FieldDueDate)).Until(st.Day)
	}})
	disputed := append(names(ledger.FieldVerdict), Column{Name: "disputes", Title: "分歧", Value: disputesOf})
	tables := []sheets.Table{totals(st, score), explained(st, score)}
	for _, l := range []struct {
		name    string
		columns []Column
		chosen  func(c *ledger.Case) bool
	}{
		{"问题清单", names("lists", ledger.FieldProblem, "state"), open},
		{"措施清单", names(ledger.FieldProblem, ledger.FieldMeasures, ledger.FieldDueDate, ledger.FieldDueText), open},
		{"标准清单", names(ledger.FieldProblem, ledger.FieldStandard), open},
		{"责任清单", names(ledger.FieldProblem, ledger.FieldUnit, ledger.FieldPerson, ledger.FieldDueDate), open},
		{"超期", late, func(c *ledger.Case) bool { return c.Overdue(st.Day) }},
		{"疑似反弹", names("state", "since", ledger.FieldFinding, "rebounds", ledger.FieldUnit),
			func(c *ledger.Case) bool { return c.Suspicion == ledger.SuspectRebound }},
		{"疑似虚假整改", names("state", ledger.FieldDoneDate, ledger.FieldFinding, ledger.FieldUnit),
			func(c *ledger.Case) bool { return c.Suspicion == ledger.SuspectFalse }},
		{"未决分歧", disputed, func(c *ledger.Case) bool { return len(c.Disputes) > 0 }},
	} {
		tables = append(tables, table(l.name, l.columns, st.Cases, l.chosen))
	}
	if estimates, drawn := st.sampleTable(); drawn {
		tables = append(tables, estimates)
	}
	register := table("登记册", columns, st.Cases, func(*ledger.Case) bool { return true })
	register.Printed = slices.IndexFunc(columns, func(c Column) bool { return c.Name == "relation" })
	return append(tables, news(st), register)
}

// suspected stands above what an image lets suspect.
const suspected = "影像提示的疑似问题，须人工核实，不是认定"

// table returns a sheet of columns of the cases that are chosen. Codes are in Chinese.
func table(name string, shown []Column, cases []ledger.Case, chosen func(c *ledger.Case) bool) sheets.Table {
	t := sheets.Table{Name: name, Frozen: 1}
	for _, c := range shown {
		column := sheets.TableColumn{Title: c.Title, Width: 13, Decimal: c.Name == "area_ha",
			Whole: slices.Contains([]string{"conflicts", "leads", "rebounds", "overdue_days"}, c.Name)}
		if width, ok := widths[c.Name]; ok {
			column.Width = width
		}
		t.Columns = append(t.Columns, column)
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
	if strings.HasPrefix(name, "疑似") {
		t.Note += "（" + suspected + "）"
	}
	return t
}

// widths of columns that are wider or narrower than most.
var widths = map[string]float64{
	"id": 16, ledger.FieldExtNo: 30, ledger.FieldCountyName: 14, ledger.FieldProblem: 32, ledger.FieldMeasures: 32,
	ledger.FieldStandard: 32, ledger.FieldNote: 32, ledger.FieldUnit: 22, "lists": 18, ledger.FieldCandidates: 24,
	ledger.FieldPerson: 10, ledger.FieldSeverity: 10, "overdue_days": 10,
	"disputes": 40,
}

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

// disputesOf says what reviewers say differently of a case.
func disputesOf(c *ledger.Case) any {
	var all []string
	for _, d := range c.Disputes {
		var values []string
		for _, v := range d.Values {
			if v = Label(fieldCodes[d.Field], v); v == "" {
				v = "（空）"
			}
			values = append(values, v)
		}
		all = append(all, Title(d.Field)+"："+strings.Join(values, " / "))
	}
	return strings.Join(all, "；")
}

// news returns the sheet of what is new.
func news(st *Standing) sheets.Table {
	t := sheets.Table{Name: "新近变化", Frozen: 1, Note: "没有指定起始日期（--since），不列变化"}
	t.Columns = []sheets.TableColumn{
		{Title: "日期", Width: 12}, {Title: "问题编号", Width: 16}, {Title: "点位编号", Width: 30},
		{Title: "行政区", Width: 14},
		{Title: "事项", Width: 12}, {Title: "内容", Width: 48}, {Title: "由谁", Width: 16}, {Title: "层级", Width: 8}}
	if st.Since != "" {
		t.Note = fmt.Sprintf("%s 至 %s 的变化：%d 条", st.Since, st.Day, len(st.News))
	}
	for _, n := range st.News {
		e := n.Event
		t.Rows = append(t.Rows, []any{string(e.Day()), e.Case, n.Case.Get(ledger.FieldExtNo),
			n.Case.Get(ledger.FieldCountyName), Label("event", string(e.Kind)), saidIn(e), e.Actor,
			Label("level", string(e.Level))})
	}
	return t
}

// saidIn returns what an event says, in one text.
func saidIn(e ledger.Event) string {
	var said []string
	for _, f := range Fields(e) {
		switch {
		case e.Kind == ledger.Detected && f.Name != ledger.FieldRelation, f.Name == ledger.FieldClaims,
			f.Name == ledger.FieldLeadPlace:
			continue
		}
		value := strings.ReplaceAll(Label(f.Codes, f.Value), "\n", "、")
		if f.Name == ledger.FieldField {
			value = Title(f.Value)
		}
		said = append(said, f.Title+"："+value)
	}
	if e.Doc.Name != "" {
		said = append(said, e.Doc.Name)
	}
	return strings.Join(said, "；")
}

// totals returns the sheet of counts by city and county, and of all.
func totals(st *Standing, score Score) sheets.Table {
	t := sheets.Table{Name: "汇总", Frozen: 2, Totals: 1, Plain: true,
		Note:    fmt.Sprintf("截至 %s。%s，算法与权重见“说明”。", st.Day, Unofficial),
		Columns: []sheets.TableColumn{{Title: "行政区代码", Width: 12}, {Title: "行政区", Width: 18}}}
	for _, c := range counted {
		width := max(9, float64(2*utf8.RuneCountInString(c.title)+1))
		t.Columns = append(t.Columns, sheets.TableColumn{Title: c.title, Width: width, Whole: true})
	}
	t.Columns = append(t.Columns, sheets.TableColumn{Title: "办结天数（中位）", Width: 11, Decimal: true},
		sheets.TableColumn{Title: "评分（非官方）", Width: 11, Decimal: true})
	places, all := st.tallies()
	for _, p := range append(places, all) {
		row := []any{p.code, p.name}
		for _, n := range p.n {
			row = append(row, n)
		}
		var days, points any
		if v, ok := p.median(); ok {
			days = v
		}
		if v, ok := score.of(p); ok {
			points = v
		}
		t.Rows = append(t.Rows, append(row, days, points))
	}
	return t
}

// definitions say what is counted.
var definitions = [][2]string{
	{"问题点位", "台账中的全部点位，并入其他点位的不计"},
	{"已核查", "核查结论不是“待核查”的点位"},
	{"属实", "核查结论为“属实”或“部分属实”的点位"},
	{"按期整改", "有完成时限的点位中，报整改完成（转为“待验收”）之日不晚于完成时限的；退回整改的，以最近一次为准"},
	{"逾期整改", "同上，报整改完成之日晚于完成时限的"},
	{"超期未改", "已立案或整改中，截至统计日完成时限已过的；时限只写文字（如“立行立改”）的无从计算，不计"},
	{"已销号", "公示期满后销号、目前仍为“已销号”的点位"},
	{"公示异议", "公示期间提出的异议件数，包括已经答复的"},
	{"疑似反弹", "销号之后的影像又显示问题地类、尚未认定的点位；" + suspected},
	{"疑似虚假整改", "报整改完成之后的影像仍显示问题地类、尚未认定的点位；" + suspected},
	{"认定反弹", "经人工认定的反弹次数"},
	{"认定虚假整改", "经人工认定的虚假整改次数"},
	{"外来线索", "信访、督察、警示片等外来线索的件数"},
	{"办结天数（中位）", "已销号点位从最近一次立案之日到销号之日的天数的中位数"},
}

// explained returns the sheet that says what is counted, and how the score is made.
func explained(st *Standing, score Score) sheets.Table {
	t := sheets.Table{Name: "说明", Note: st.title(), Plain: true,
		Columns: []sheets.TableColumn{{Title: "项目", Width: 20}, {Title: "说明", Width: 90}, {Title: "权重", Width: 10}}}
	line := func(name, text string, weight any) { t.Rows = append(t.Rows, []any{name, text, weight}) }
	line("台账", st.Name, nil)
	line("统计日", string(st.Day), nil)
	line("台账记录", fmt.Sprintf("共 %d 条，末条校验值 %s", st.Head.Seq, st.Head.Hash), nil)
	for _, d := range definitions {
		line(d[0], d[1], nil)
	}
	line("评分", Unofficial+"。评分 = 100 × Σ（权重 × 指标）÷ Σ 权重，没有可计对象的指标连同其权重不计", nil)
	for i, indicator := range indicators {
		line("　"+indicator.name, indicator.formula, fmt.Sprint(score.weights[i]))
	}
	return t
}

// title returns what the report is of.
func (st *Standing) title() string {
	if st.Name == "" {
		return "问题点位台账"
	}
	return st.Name
}
