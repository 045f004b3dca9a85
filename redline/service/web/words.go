package web

import (
	"html/template"
	"strings"

	report "greenshield/redline/page"
)

// functions are those of the templates.
var functions = template.FuncMap{
	"t": func(lang, text string) string {
		if english, ok := words[text]; ok && lang == "en" {
			return english
		}
		return text
	},
	"percent": func(s report.Step) string { return share(int64(s.Share*1e9), 1e9) },
	"pairs":   func(all ...any) []any { return all },
	// number tells whether a text of a table is a number, which stands to the right.
	"number": func(text string) bool { return text != "" && strings.Trim(text, "0123456789.") == "" },
	"inc":    func(i int) int { return i + 1 },
}

// words are the texts of pages made here, in English.
var words = map[string]string{
	"看板": "Dashboard", "核查": "Review", "截至": "As of", "统计日": "Day", "变化自": "Changes since", "查看": "Show",
	"从发现到销号": "From finding to striking off", "各市县进度": "Progress by city and county", "各市县情况": "Totals by city and county",
	"超期未改": "Overdue", "疑似反弹": "Suspected rebounds", "疑似虚假整改": "Suspected false rectifications",
	"新近变化": "Recent changes", "位置": "Where they are", "主要数字": "Main figures", "目录": "Contents",
	"待核查": "Not judged", "不属实或无法核实": "No problem, or unverifiable", "待整改": "To be rectified",
	"已整改待销号": "Rectified, not struck off",
	"已销号":    "Struck off", "问题点位": "Cases", "已核查": "Judged", "属实": "Confirmed", "按期整改": "Rectified in time",
	"逾期整改": "Rectified late", "公示异议": "Objections", "认定反弹": "Rebounds", "认定虚假整改": "False rectifications",
	"外来线索": "Leads", "办结天数（中位）": "Days taken (median)", "行政区": "Place", "已立案": "Filed", "开始整改": "In rectification",
	"报整改完成": "Reported rectified", "通过验收": "Accepted", "进度": "Progress", "日期": "Day", "问题编号": "Case",
	"点位编号": "Number outside",
	"事项":   "Event", "内容": "What", "由谁": "By", "层级": "Level", "责任单位": "Unit", "责任人": "Person", "完成时限": "Due", "状态": "State",
	"问题": "Problem", "超期天数": "Days overdue", "状态起始日": "In it since", "现状": "Finding", "反弹次数": "Rebounds",
	"整改完成日":     "Rectified on",
	"疑似反弹、虚假整改": "Suspected", "办结天数": "Days taken", "须人工核实": "to be checked by a person", "个": "", "天": "days",
	"影像提示，须人工核实，不是认定": "An image suggests it; a person must check it. It is no finding.",
	"没有。": "None.", "全部问题点位": "all cases", "超期或疑似": "overdue or suspected", "在核查页查看": "Show in the review page",
	"合计": "All", "跳到内容": "Skip to the content",
}
