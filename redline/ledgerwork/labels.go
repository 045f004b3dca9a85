package ledgerwork

import (
	"greenshield/redline"
	"greenshield/redline/ledger"
)

// fieldCodes are the sets of codes that fields of events are of.
var fieldCodes = map[string]string{
	ledger.FieldRelation: "relation", ledger.FieldVerdict: "verdict", ledger.FieldReason: "reason",
	ledger.FieldTo: "state", ledger.FieldOutcome: "outcome", ledger.FieldFinding: "finding",
	ledger.FieldSuspect: "suspicion", ledger.FieldDecision: "decision", ledger.FieldToConfirm: "confirm",
	ledger.FieldMeasureKind: "measure", ledger.FieldGroup: "group",
}

// Label returns the Chinese of a code of a set: those of [ledger.Rules.Label], verdict, reason, measure, group for
// transition groups, and confirm for why something has to be confirmed. Other texts are returned as they are.
func Label(set, code string) string {
	r := ledger.Shipped()
	switch set {
	case "verdict":
		if v, ok := r.Verdict(code); ok {
			return v.Label
		}
	case "reason":
		if v, ok := r.Reason(code); ok {
			return v.Label
		}
	case "measure":
		if v, ok := r.Measure(code); ok {
			return v.Label
		}
	case "group":
		return redline.GroupChinese(code)
	case "confirm":
		if code == confirmGrown {
			return r.Label("relation", code)
		}
		set = "to_confirm"
	}
	return r.Label(set, code)
}

// titles are the Chinese names of fields of events that are no columns.
var titles = map[string]string{
	ledger.FieldDetection: "检测斑块", ledger.FieldRelation: "与上次的关系", ledger.FieldGroup: "变化类别",
	ledger.FieldAreaM2: "面积(平方米)", ledger.FieldGainedM2: "新增部分面积(平方米)",
	ledger.FieldYearA: "前期年份", ledger.FieldYearB: "后期年份",
	ledger.FieldProduct: "数据产品", ledger.FieldLegend: "图例", ledger.FieldLeadDate: "线索日期",
	ledger.FieldLeadText: "线索内容", ledger.FieldLeadDistance: "与最近问题的距离(米)", ledger.FieldLeadPlace: "线索位置",
	ledger.FieldLeadNearest: "最近的问题",
	ledger.FieldApproval:    "批准文号", ledger.FieldValidUntil: "有效期至", ledger.FieldDuplicate: "与之重复",
	ledger.FieldBasis: "核查方式", ledger.FieldMeasureKind: "措施类别",
	ledger.FieldLongTerm: "长期坚持", ledger.FieldGoal: "目标任务", ledger.FieldResult: "整改完成情况",
	ledger.FieldOffice: "受理单位", ledger.FieldPhone: "电话", ledger.FieldEmail: "邮箱", ledger.FieldTo: "转为",
	ledger.FieldPrio: "核查优先级", ledger.FieldOverride: "例外说明", ledger.FieldAcceptUnit: "验收单位",
	ledger.FieldOutcome: "验收结果", ledger.FieldStart: "公示开始", ledger.FieldDays: "公示工作日",
	ledger.FieldObjection: "异议", ledger.FieldAnswer: "答复", ledger.FieldField: "字段", ledger.FieldBase: "原值",
	ledger.FieldSource: "影像标识", ledger.FieldOurs: "台账值", ledger.FieldFile: "文件值", ledger.FieldValue: "裁定值",
	ledger.FieldYear:     "年份",
	ledger.FieldShareBad: "仍为问题地类(%)", ledger.FieldShareOld: "恢复为原地类(%)", ledger.FieldShareOth: "其他地类(%)",
	ledger.FieldShareNo: "无数据(%)", ledger.FieldBadM2: "问题地类面积(平方米)",
	stateField: "状态", ledger.FieldDecision: "认定", ledger.FieldInto: "并入",
	ledger.FieldSample: "抽查样本", ledger.FieldStratum: "所在层", ledger.FieldInclusion: "入样概率",
	ledger.FieldDrawnM2: "运行中的面积(平方米)",
}

// Codes returns the set of codes that values of a field are of, "" for other texts; see [Label].
func Codes(field string) string {
	if field == stateField {
		return "state"
	}
	return fieldCodes[field]
}

// Title returns the Chinese name of a field, the name itself when it has none.
func Title(field string) string {
	for _, c := range columns {
		if c.Name == field {
			return c.Title
		}
	}
	if t, ok := titles[field]; ok {
		return t
	}
	return field
}

// CodeOf returns the code of a field that a text is the Chinese of, and other texts as they are.
func CodeOf(field, text string) string {
	set := fieldCodes[field]
	r := ledger.Shipped()
	var codes []string
	switch set {
	case "verdict":
		codes = Verdicts()
	case "reason":
		for _, reason := range r.Reasons {
			codes = append(codes, reason.Code)
		}
	case "measure":
		for _, m := range r.Measures {
			codes = append(codes, m.Code)
		}
	case "decision":
		codes = []string{ledger.SureOf, ledger.Dismissed}
	}
	for _, code := range codes {
		if Label(set, code) == text {
			return code
		}
	}
	return text
}
