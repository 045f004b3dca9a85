package ledgerwork

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/ledger"
	"greenshield/redline/page"
	"greenshield/redline/sheets"
)

// mostRows is how many rows a table of the page has; ledger.xlsx has all.
const mostRows = 200

// PageOptions are the texts at the head of the page; without a title the name of the ledger stands there.
type PageOptions struct{ Title, Issuer string }

// WritePage writes ledger.html: what a ledger says, for people who have no other program. The same standing gives the
// same bytes.
func WritePage(w io.Writer, st *Standing, score Score, o PageOptions) error {
	_, all := st.tallies()
	head := st.overview(all)
	o.Title = cmp.Or(o.Title, head.Title)
	tables := map[string]sheets.Table{}
	for _, t := range Report(st, score) {
		tables[t.Name] = t
	}
	counties := section("s-places", "各市县情况", tables["汇总"])
	counties.Notes = []string{Unofficial + "；各项的含义与评分的权重见“统计口径”。"}
	l := page.Ledger{Title: o.Title, Issuer: o.Issuer, Date: st.Day.Chinese(), Summary: head.Summary,
		Figures: head.Figures, Funnel: head.Funnel, States: head.States, List: st.list(),
		Sections: []page.LedgerSection{counties}}
	if t, drawn := st.sampleTable(); drawn {
		part := section("s-sample", "抽样估计", t)
		for i := range st.Samples {
			part.Notes = append(part.Notes, EstimateOf(&st.Samples[i]).expected())
		}
		part.Notes = append(part.Notes, t.Note)
		l.Sections = append(l.Sections, part)
	}
	for _, s := range []struct{ id, title, table, empty, warning string }{
		{"s-overdue", "超期未改", "超期", "没有超期未改的点位。", ""},
		{"s-rebound", "疑似反弹", "疑似反弹", "没有疑似反弹的点位。",
			"疑似反弹，须人工核实：销号之后的影像又显示问题地类，不是认定。"},
		{"s-false", "疑似虚假整改", "疑似虚假整改", "没有疑似虚假整改的点位。",
			"疑似虚假整改，须人工核实：报整改完成之后的影像仍显示问题地类，不是认定。"},
		{"s-disputes", "未决分歧", "未决分歧", "没有未决的分歧。", ""},
		{"s-news", "新近变化", "新近变化", "没有变化。", ""},
		{"s-method", "统计口径", "说明", "", ""},
	} {
		part := section(s.id, s.title, tables[s.table])
		if part.Empty = s.empty; len(part.Rows) > 0 {
			part.Warning = s.warning
		}
		if s.table == "新近变化" {
			part.Notes = append(part.Notes, tables[s.table].Note+"。")
		}
		l.Sections = append(l.Sections, part)
	}
	l.Foot = []string{fmt.Sprintf("台账共 %d 条记录，末条校验值 %s；相同的台账与参数得到逐字节相同的结果。",
		st.Head.Seq, st.Head.Hash)}
	return page.WriteLedger(w, &l)
}

// section returns a sheet as a part of the page.
func section(id, title string, t sheets.Table) page.LedgerSection {
	s := page.LedgerSection{ID: id, Title: title}
	first := 0
	if t.Name == "汇总" {
		first = 1 // the code of a county stands in the workbook only
	}
	for _, c := range t.Columns[first:] {
		s.Head = append(s.Head, page.LedgerColumn{Title: c.Title, Number: c.Whole || c.Decimal})
	}
	for i, values := range t.Rows {
		if i == mostRows && t.Name != "汇总" {
			s.Notes = append(s.Notes, fmt.Sprintf("此处只列前 %d 行，共 %d 行，其余见 ledger.xlsx 的“%s”。",
				mostRows, len(t.Rows), t.Name))
			break
		}
		var r page.LedgerRow
		for k, v := range values[first:] {
			r.Cells = append(r.Cells, page.LedgerCell{Text: shownValue(v), Number: s.Head[k].Number})
		}
		switch {
		case i >= len(t.Rows)-t.Totals:
			r.Class = "current"
		case t.Name == "汇总" && strings.HasPrefix(r.Cells[0].Text, "全市"):
			r.Class = "city"
		}
		s.Rows = append(s.Rows, r)
	}
	return s
}

// shownValue returns what a cell of a sheet says.
func shownValue(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(math.Round(10*x)/10, 'f', -1, 64)
	}
	return ""
}

// summary says how things stand in one sentence.
func (st *Standing) summary(t *tally) string {
	text := fmt.Sprintf("截至 %s，%s共有问题点位 %d 个：已核查 %d 个，其中属实 %d 个；已销号 %d 个",
		st.Day.Chinese(), st.title(), t.n[nFound], t.n[nJudged], t.n[nConfirmed], t.n[nStruckOff])
	if n := t.n[nOverdue]; n > 0 {
		text += fmt.Sprintf("，超期未改 %d 个", n)
	}
	if n := t.n[nRebounds]; n > 0 {
		text += fmt.Sprintf("，认定反弹 %d 次", n)
	}
	if a, b := t.n[nSuspectedRebound], t.n[nSuspectedFalse]; a+b > 0 {
		text += fmt.Sprintf("；另有疑似反弹 %d 个、疑似虚假整改 %d 个，均须人工核实", a, b)
	}
	return text + "。"
}

// figures returns the large numbers at the head.
func (st *Standing) figures(t *tally) []page.Figure {
	share := func(part, whole int64, of string) string {
		if whole == 0 {
			return ""
		}
		return fmt.Sprintf("占%s的 %.1f%%", of, 100*float64(part)/float64(whole))
	}
	number := func(i int) string { return strconv.FormatInt(t.n[i], 10) }
	days, note := "—", "还没有销号的点位"
	if v, ok := t.median(); ok {
		days, note = shownValue(v), "从立案到销号，中位数"
	}
	return []page.Figure{
		{Name: "问题点位", Value: number(nFound), Unit: "个", Note: fmt.Sprintf("外来线索 %d 件", t.n[nLed])},
		{Name: "属实", Value: number(nConfirmed), Unit: "个", Note: share(t.n[nConfirmed], t.n[nJudged], "已核查")},
		{Name: "已销号", Value: number(nStruckOff), Unit: "个", Note: share(t.n[nStruckOff], t.n[nConfirmed], "属实")},
		{Name: "超期未改", Value: number(nOverdue), Unit: "个", Note: fmt.Sprintf("逾期整改 %d 个", t.n[nTooLate])},
		{Name: "疑似反弹、虚假整改", Value: strconv.FormatInt(t.n[nSuspectedRebound]+t.n[nSuspectedFalse], 10), Unit: "个",
			Note: "须人工核实"},
		{Name: "办结天数", Value: days, Unit: "天", Note: note},
	}
}

// funnel returns how many cases have come how far on the way to being struck off.
func (st *Standing) funnel(t *tally) []page.Step {
	way := ledger.States()
	since := func(s ledger.State) (n int64) {
		for i := range st.Cases {
			c := &st.Cases[i]
			at := slices.Index(way, c.State)
			n += one(c.MergedInto == "" && c.State != ledger.Archived && at >= slices.Index(way, s))
		}
		return n
	}
	accepted := since(ledger.ProvinceOK)
	for i := range st.Cases {
		accepted += one(acceptedByLast(&st.Cases[i]))
	}
	return steps([]page.Step{
		{Name: "问题点位", Count: t.n[nFound]}, {Name: "已核查", Count: t.n[nJudged]},
		{Name: "属实", Count: t.n[nConfirmed]},
		{Name: "已立案", Count: since(ledger.Filed)}, {Name: "开始整改", Count: since(ledger.Rectifying)},
		{Name: "报整改完成", Count: since(ledger.Submitted)}, {Name: "通过验收", Count: accepted},
		{Name: "已销号", Count: t.n[nStruckOff]},
	}, t.n[nFound])
}

// acceptedByLast tells whether the last level that must accept a case has, and it is a county or a city.
func acceptedByLast(c *ledger.Case) bool {
	levels := ledger.Shipped().Closing(c).Levels
	switch levels[len(levels)-1] {
	case ledger.County:
		return c.MergedInto == "" && c.State == ledger.CountyOK
	case ledger.City:
		return c.MergedInto == "" && c.State == ledger.CityOK
	}
	return false
}

// states returns how many cases are in each state.
func (st *Standing) states() []page.Step {
	var all []page.Step
	total := int64(0)
	for _, s := range ledger.States() {
		step := page.Step{Name: Label("state", string(s))}
		for i := range st.Cases {
			step.Count += one(st.Cases[i].MergedInto == "" && st.Cases[i].State == s)
		}
		total += step.Count
		all = append(all, step)
	}
	return steps(all, total)
}

// steps fills in the shares of a whole.
func steps(all []page.Step, whole int64) []page.Step {
	for i := range all {
		if whole > 0 {
			all[i].Share = float64(all[i].Count) / float64(whole)
		}
	}
	return all
}

// listed are the columns of the list of all cases; after them stand the side states.
var listed = []string{"id", ledger.FieldExtNo, "state", ledger.FieldVerdict, ledger.FieldSeverity,
	ledger.FieldCountyName, "area_ha", ledger.FieldUnit, ledger.FieldDueDate, "lists"}

// list returns the list of all cases.
func (st *Standing) list() (l page.LedgerList) {
	var shown []Column
	for i, name := range listed {
		c := columns[slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })]
		shown, l.Columns = append(shown, c), append(l.Columns, c.Title)
		switch name {
		case "state", ledger.FieldVerdict, ledger.FieldSeverity, ledger.FieldCountyName, "lists":
			l.Filters = append(l.Filters, i)
		}
	}
	l.Columns = append(l.Columns, "标记")
	l.Filters = append(l.Filters, len(listed))
	for i := range st.Cases {
		c := &st.Cases[i]
		if c.MergedInto != "" {
			continue
		}
		var row []string
		for _, column := range shown {
			v := cell(column, c)
			text := ""
			switch x := v.(type) {
			case string:
				text = x
			case float64:
				text = strconv.FormatFloat(x, 'f', 2, 64)
			}
			row = append(row, text)
		}
		var marks []string
		for _, side := range c.Side(st.Day) {
			marks = append(marks, Label("side", side))
		}
		if c.Leads > 0 {
			marks = append(marks, "外来线索")
		}
		if len(c.Draws) > 0 {
			marks = append(marks, "抽查")
		}
		l.Rows = append(l.Rows, append(row, strings.Join(marks, "；")))
	}
	return l
}
