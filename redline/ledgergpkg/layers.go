package ledgergpkg

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/qgis"
)

// column is a field of the layers of cases, and what it is in SQL, c being a row of cases.
type column struct {
	qgis.Field
	sql string
}

// field returns a column of a field of cases.
func field(name, alias string) column {
	return column{qgis.Field{Name: name, Alias: alias, Type: "TEXT"}, "json_extract(c.body, '$.fields." + name + "')"}
}

// coded returns a column that holds codes.
func coded(name, alias string, values []findings.Value) column {
	c := field(name, alias)
	c.Values = values
	return c
}

// kept returns a column that the table of cases has.
func (c column) kept() column {
	c.sql = `c."` + c.Name + `"`
	return c
}

// integer returns a column of whole numbers that the table of cases has.
func integer(name, alias string) column {
	return column{qgis.Field{Name: name, Alias: alias, Type: "INTEGER"}, `c."` + name + `"`}
}

// long returns a column with room for several lines.
func (c column) long() column {
	c.Multiline = true
	return c
}

// columns returns the fields of the layers of cases.
func columns() []column {
	area := column{qgis.Field{Name: ledger.FieldAreaM2, Alias: "面积(平方米)", Type: "REAL", Rounded: true}, "c.area_m2"}
	verdict := coded(ledger.FieldVerdict, "核查结论", verdicts())
	verdict.sql = "coalesce(nullif(c.verdict, ''), 'unreviewed')"
	leads := field("leads", "外来线索")
	leads.sql = "json_extract(c.body, '$.leads')"
	handed := field("handed_to", "移交")
	handed.sql = "json_extract(c.body, '$.handed_to')"
	return []column{
		field("id", "问题编号").kept(), field(ledger.FieldExtNo, "点位编号").kept(),
		coded("state", "状态", labels("state", ledger.States())).kept(), field("since", "状态起始日").kept(),
		coded(ledger.FieldSeverity, "严重程度", severities()).kept(),
		verdict, coded(ledger.FieldReason, "核查依据", reasons()),
		field(ledger.FieldApproval, "批准文号"), field(ledger.FieldValidUntil, "有效期至"),
		field(ledger.FieldDuplicate, "与之重复"),
		field(ledger.FieldReviewer, "核查人"), field(ledger.FieldReviewed, "核查日期"),
		field(ledger.FieldBasis, "核查方式"), field(ledger.FieldNote, "核查说明").long(),
		field(ledger.FieldCounty, "行政区代码").kept(), field(ledger.FieldCountyName, "行政区").kept(), area,
		coded("relation", "与上次的关系", labels("relation", relations)).kept(),
		coded(ledger.FieldToConfirm, "待确认事项", labels("to_confirm", confirmations)).kept(),
		coded(ledger.FieldFinding, "现状", labels("finding", []string{"still", "restored", "partly", "unseen"})),
		coded("suspicion", "疑似", labels("suspicion", suspicions)).kept(),
		integer("disputes", "未决分歧"), integer("rebounds", "反弹次数"), leads,
		field(ledger.FieldProblem, "问题").long(), field(ledger.FieldMeasures, "措施").long(),
		coded(ledger.FieldMeasureKind, "措施类别", measures()), field(ledger.FieldStandard, "标准").long(),
		field(ledger.FieldUnit, "责任单位").kept(), field(ledger.FieldPerson, "责任人"),
		field(ledger.FieldDueDate, "完成时限").kept(), field(ledger.FieldDueText, "完成时限说明"),
		field(ledger.FieldResult, "整改完成情况").long(), field(ledger.FieldLists, "所在清单").kept(),
		field(ledger.FieldLeadSource, "线索来源"), field(ledger.FieldLeadNo, "线索编号"),
		field(ledger.FieldLeadText, "线索内容").long(), field(ledger.FieldCandidates, "图斑编号"),
		field("opened_on", "建立日期").kept(), handed,
	}
}

var (
	relations = []ledger.Relation{"", ledger.New, ledger.Persisting, ledger.Grown, ledger.Shrunk, ledger.Shifted,
		ledger.Split, ledger.MergedOf, ledger.Complex, ledger.NotCovered}
	suspicions    = []string{"", ledger.SuspectRebound, ledger.SuspectFalse}
	confirmations = []string{"", "shifted", "split", "complex", "approval_expired", "approval_changed", "group_changed",
		"product_changed", "legend_changed", "grid_changed"}
	kinds = []ledger.Kind{ledger.Detected, ledger.LeadTold, ledger.FollowUp, ledger.Judged, ledger.Set, ledger.Advanced,
		ledger.Evidence, ledger.Accepted, ledger.Published, ledger.Objection, ledger.Answered, ledger.Conflict,
		ledger.Settled, ledger.Suspected, ledger.Decided, ledger.Merged, ledger.Handed,
		ledger.CaseDrawn}
)

// labels returns codes of a set with their Chinese; the code "" is none.
func labels[C ~string](set string, codes []C) (values []findings.Value) {
	for _, code := range codes {
		v := findings.Value{Code: string(code), Label: ledger.Shipped().Label(set, string(code))}
		if code == "" {
			v.Label = "无"
		}
		values = append(values, v)
	}
	return values
}

func severities() []findings.Value {
	values := []findings.Value{{Code: "", Label: "未定"}}
	for _, s := range redline.Severities() {
		values = append(values, findings.Value{Code: fmt.Sprint(int(s)), Label: s.Chinese()})
	}
	return values
}

func verdicts() (values []findings.Value) {
	for _, v := range ledger.Shipped().Verdicts {
		values = append(values, findings.Value{Code: v.Code, Label: v.Label})
	}
	return values
}

func reasons() []findings.Value {
	values := []findings.Value{{Code: "", Label: "未填"}}
	for _, r := range ledger.Shipped().Reasons {
		values = append(values, findings.Value{Code: r.Code, Label: r.Label})
	}
	return values
}

func measures() []findings.Value {
	values := []findings.Value{{Code: "", Label: "未填"}}
	for _, m := range ledger.Shipped().Measures {
		values = append(values, findings.Value{Code: m.Code, Label: m.Label})
	}
	return values
}

// historyFields are the fields of the history of cases.
func historyFields() []column {
	doc := column{qgis.Field{Name: "doc_name", Alias: "文件", Type: "TEXT"}, "e.doc_name"}
	return []column{
		{qgis.Field{Name: "case_id", Alias: "问题编号", Type: "TEXT"}, "e.case_id"},
		{qgis.Field{Name: "time", Alias: "时间（北京）", Type: "TEXT"}, "substr(datetime(e.time, '+8 hours'), 1, 16)"},
		{qgis.Field{Name: "kind", Alias: "事项", Type: "TEXT", Values: labels("event", kinds)}, "e.kind"},
		{qgis.Field{Name: "actor", Alias: "人员", Type: "TEXT"}, "e.actor"},
		{qgis.Field{Name: "level", Alias: "层级", Type: "TEXT",
			Values: labels("level", append([]ledger.Level{""}, ledger.Levels()...))}, "e.level"},
		{qgis.Field{Name: "said", Alias: "内容", Type: "TEXT", Multiline: true}, `(SELECT group_concat(t.text || '：' || ` +
			`coalesce(w.text, nullif(f.value, ''), '（空）'), '；') FROM json_each(e.fields) f ` +
			`JOIN words t ON t.field = f.key AND t.code = '' ` +
			`LEFT JOIN words w ON w.field = f.key AND w.code = f.value AND w.code <> '')`}, doc,
	}
}

// words returns the names of fields (code "") and of their codes in Chinese: field, code, text.
func words() (all [][3]string) {
	more := []column{
		coded(ledger.FieldTo, "转为", labels("state", ledger.States())),
		coded(ledger.FieldOutcome, "验收结果", labels("outcome", []string{"passed", "returned", "recorded"})),
		coded(ledger.FieldDecision, "认定", labels("decision", []string{"confirmed", "dismissed"})),
		field(ledger.FieldAcceptUnit, "验收单位"), field(ledger.FieldStart, "公示开始"),
		field(ledger.FieldDays, "公示工作日"), field(ledger.FieldObjection, "异议"), field(ledger.FieldAnswer, "答复"),
		field(ledger.FieldFile, "文件值"), field(ledger.FieldOurs, "台账值"), field(ledger.FieldValue, "裁定值"),
		field(ledger.FieldYear, "年份"), field(ledger.FieldInto, "并入"), field(ledger.FieldSplitFrom, "拆自"),
		field(ledger.FieldOverride, "例外说明"), field(ledger.FieldYearA, "前期年份"), field(ledger.FieldYearB, "后期年份"),
		field(ledger.FieldShareBad, "仍为问题地类(%)"),
	}
	for _, c := range append(columns(), more...) {
		all = append(all, [3]string{c.Name, "", c.Alias})
		for _, v := range c.Values {
			if v.Code != "" {
				all = append(all, [3]string{c.Name, v.Code, v.Label})
			}
		}
	}
	return all
}

// wordsByCode returns the words by field and code.
var wordsByCode = sync.OnceValue(func() map[[2]string]string {
	all := map[[2]string]string{}
	for _, w := range words() {
		all[[2]string{w[0], w[1]}] = w[2]
	}
	return all
})

// view is a layer of the file that follows from tables.
type view struct {
	name, title, geometry string // geometry "" for none
	columns               []column
	key, geom, from       string // in SQL
}

// views returns the layers that QGIS shows. Cases that were merged into others are in none of them.
func views() []view {
	return []view{
		{"case_areas", "问题点位（范围）", "MULTIPOLYGON", columns(), "o.fid", "o.geom",
			"outlines o JOIN cases c ON c.id = o.case_id WHERE o.geom IS NOT NULL AND c.merged_into = ''"},
		{"case_points", "问题点位（位置）", "POINT", columns(), "c.fid", "c.geom", "cases c WHERE c.merged_into = '' AND " +
			"NOT EXISTS (SELECT 1 FROM outlines o WHERE o.case_id = c.id AND o.geom IS NOT NULL)"},
		{"case_history", "办理经过", "", historyFields(), "e.seq", "", "events e WHERE e.case_id <> ''"},
	}
}

// create returns the statement that makes the view.
func (v *view) create() string {
	selected := []string{v.key + " AS OGC_FID"}
	if v.geom != "" {
		selected = append(selected, v.geom+" AS geom")
	}
	for _, c := range v.columns {
		value := c.sql // of a column of a table, whose type GDAL knows
		if strings.ContainsAny(value, "( ") {
			value = "CAST(coalesce(" + value + ", '') AS TEXT)"
		}
		selected = append(selected, value+` AS "`+c.Name+`"`)
	}
	return fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s;\n", v.name, strings.Join(selected, ", "), v.from)
}

// fields returns the fields of columns; those with the given names can be edited.
func fields(columns []column, editable []string) (all []qgis.Field) {
	for _, c := range columns {
		c.Editable = slices.Contains(editable, c.Name)
		all = append(all, c.Field)
	}
	return all
}
