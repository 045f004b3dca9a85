package ledgerwork

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"

	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// NoticeRow is one line of the public notice of a case.
type NoticeRow struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Notice returns the public notice of a case (公示), in the fields that the notices of several cities of Anhui have. It
// fails when the case lacks something that the notice must say, and names it.
func Notice(c *ledger.Case) ([]NoticeRow, error) {
	due := c.Get(ledger.FieldDueText)
	if due == "" {
		due = c.Get(ledger.FieldDueDate)
	}
	rows := []NoticeRow{
		{"整改问题", c.Get(ledger.FieldProblem)},
		{"整改实施主体", c.Get(ledger.FieldUnit)},
		{"重点措施", c.Get(ledger.FieldMeasures)},
		{"目标任务", c.Get(ledger.FieldGoal)},
		{"完成时限", due},
		{"整改完成情况", c.Get(ledger.FieldResult)},
		{"公示期", publicity(c)},
		{"受理单位", c.Get(ledger.FieldOffice)},
		{"联系电话", c.Get(ledger.FieldPhone)},
		{"电子邮箱", c.Get(ledger.FieldEmail)},
	}
	var missing []string
	for _, r := range rows {
		if r.Text == "" {
			missing = append(missing, r.Title)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("the notice lacks %s", strings.Join(missing, "、"))
	}
	return rows, nil
}

// publicity returns the time of the public notice in words, "" before it has begun.
func publicity(c *ledger.Case) string {
	start := ledger.Date(c.Get(ledger.FieldStart))
	days, err := strconv.Atoi(c.Get(ledger.FieldDays))
	if start == "" || err != nil {
		return ""
	}
	last, err := ledger.Shipped().LastDay(start, days)
	if err != nil {
		return fmt.Sprintf("自 %s 起 %d 个工作日", start, days)
	}
	return fmt.Sprintf("%s 至 %s（%d 个工作日）", start, last, days)
}

//go:embed notice.html.tmpl
var noticeText string

var noticePage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("notice").Parse(noticeText))
})

// Heading says which case a notice is of: its official number where it has one, its id, and the lists that it is on.
func Heading(c *ledger.Case) string {
	text := "问题编号：" + c.ID
	if no := c.Get(ledger.FieldExtNo); no != "" {
		text = "点位编号：" + no + "　" + text
	}
	if lists := c.Lists(); len(lists) > 0 {
		text += "　所在清单：" + strings.Join(lists, "、")
	}
	return text
}

// WriteNotices writes the notices of cases as one page to print, one case on a page of paper.
func WriteNotices(w io.Writer, cases []ledger.Case, notices [][]NoticeRow) error {
	type notice struct {
		Heading string
		Rows    []NoticeRow
	}
	var all []notice
	for i, rows := range notices {
		shown := notice{Heading: findings.Visible(Heading(&cases[i]))}
		for _, r := range rows {
			lines := strings.Split(r.Text, "\n")
			for k := range lines {
				lines[k] = findings.Visible(lines[k])
			}
			shown.Rows = append(shown.Rows, NoticeRow{r.Title, strings.Join(lines, "\n")})
		}
		all = append(all, shown)
	}
	return noticePage().Execute(w, all)
}
