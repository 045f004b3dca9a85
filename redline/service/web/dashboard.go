package web

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	report "greenshield/redline/page"
	"greenshield/redline/service/answer"
	"greenshield/redline/sheets"
)

// Dashboard is the page for officials: how a ledger stands at the end of a day, in numbers that are those of
// ledger.xlsx and ledger.html of that day.
type Dashboard struct {
	web    *Web
	boards *boards
	now    func() time.Time
}

// Dashboard returns the page of a ledger, whose head the function tells. Whoever has opened the store closes it, after
// [Dashboard.Close].
func (w *Web) Dashboard(store ledger.Store, head func(context.Context) (ledger.Head, error)) *Dashboard {
	return &Dashboard{web: w, boards: newBoards(store, head), now: time.Now}
}

// Close waits until nothing of the page uses the store. Nobody may be using the page.
func (d *Dashboard) Close() error {
	d.boards.close()
	return nil
}

// Warm reads what the first request of a day would otherwise wait for.
func (d *Dashboard) Warm(ctx context.Context) error {
	today := ledger.DayOf(d.now())
	_, _, err := d.boards.at(ctx, boardKey{today, d.weekBefore(today)})
	return err
}

// Routes adds GET /dashboard.
func (d *Dashboard) Routes(mux *http.ServeMux) { mux.HandleFunc("GET /dashboard", d.serve) }

func (d *Dashboard) serve(w http.ResponseWriter, r *http.Request) {
	today := ledger.DayOf(d.now())
	k, fault := d.asked(r.URL.Query(), today)
	if fault != "" {
		answer.Fail(w, r, http.StatusBadRequest, fault)
		return
	}
	b, behind, err := d.boards.at(r.Context(), k)
	if err != nil {
		w.Header().Set("Retry-After", "2")
		answer.Fail(w, r, http.StatusServiceUnavailable, "the ledger cannot be read now; ask again in a moment")
		return
	}
	status := http.StatusOK
	v := &boardView{seen: seen{"static/" + d.web.hash, language(r)}, Today: today, Day: k.day, Since: k.since,
		Behind: behind}
	if b == nil {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	} else {
		v.fill(b)
	}
	var text bytes.Buffer
	if err := d.web.templates.ExecuteTemplate(&text, "dashboard.html", v); err != nil {
		answer.Fail(w, r, http.StatusInternalServerError, "the page cannot be made")
		return
	}
	pageHeader(w.Header())
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // the client may be gone
}

// asked returns which board an address asks for, or what is wrong with it.
func (d *Dashboard) asked(q url.Values, today ledger.Date) (k boardKey, fault string) {
	k.day = today
	var err error
	if text := q.Get("day"); text != "" {
		if k.day, err = ledger.ParseDate(text); err != nil || k.day > today {
			return k, "day must be a calendar day that is not to come, such as 2026-03-05"
		}
	}
	k.since = d.weekBefore(k.day)
	if text := q.Get("since"); text != "" {
		if k.since, err = ledger.ParseDate(text); err != nil || k.since > k.day {
			return k, "since must be a calendar day that is not after day, such as 2026-03-05"
		}
	}
	return k, ""
}

// weekBefore is the day since which the page tells changes when nobody asks for another one.
func (d *Dashboard) weekBefore(day ledger.Date) ledger.Date {
	at, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		return day
	}
	return ledger.Date(at.AddDate(0, 0, -7).Format(time.DateOnly))
}

// mostRows is how many rows the lists of the page have; ledger.xlsx has all.
const mostRows = 100

// list is a list of the page, with its first rows, and how many it has in all.
type list struct {
	ID, Title, Warning string
	Query              string // of the review page, which shows the same cases of today; "" for none
	Columns            []sheets.TableColumn
	Rows               [][]string
	Total              int
	Case               int // column with the id of the case
}

// Cut tells how many of the rows are not shown.
func (l list) Cut() int { return l.Total - len(l.Rows) }

// listsOf returns the lists of an overview, of what is new the last first.
func listsOf(o *ledgerwork.Overview) []list {
	news := o.News
	news.Rows = slices.Clone(news.Rows)
	slices.Reverse(news.Rows)
	const sure = "影像提示，须人工核实，不是认定"
	lists := []list{
		listOf("overdue", "超期未改", o.Overdue), listOf("rebound", "疑似反弹", o.Rebounds),
		listOf("false", "疑似虚假整改", o.False), listOf("news", "新近变化", news)}
	lists[0].Query = "overdue=true"
	lists[1].Query, lists[1].Warning = "suspicion="+ledger.SuspectRebound, sure
	lists[2].Query, lists[2].Warning = "suspicion="+ledger.SuspectFalse, sure
	lists[3].Case = 1
	return lists
}

func listOf(id, title string, t sheets.Table) list {
	l := list{ID: id, Title: title, Columns: t.Columns, Total: len(t.Rows)}
	for _, row := range t.Rows[:min(mostRows, len(t.Rows))] {
		l.Rows = append(l.Rows, textsOf(row))
	}
	return l
}

func textsOf(row []any) (texts []string) {
	for _, v := range row {
		switch v := v.(type) {
		case string:
			texts = append(texts, findings.Visible(v))
		case int64:
			texts = append(texts, strconv.FormatInt(v, 10))
		case float64:
			texts = append(texts, strconv.FormatFloat(v, 'f', -1, 64))
		default:
			texts = append(texts, "")
		}
	}
	return texts
}

// boardView is what the HTML of the dashboard is made from.
type boardView struct {
	seen
	Today, Day, Since ledger.Date
	Behind            int64 // records that the page does not know yet
	Ready             bool
	Seq               int64
	Title, Summary    string
	Figures           []report.Figure
	Funnel            []report.Step
	Places            []placeView
	Columns           []sheets.TableColumn // of the totals, without the code
	Lists             []list
	Spots             spots
}

// Now tells whether the page is of today: then the review page shows the same cases.
func (v *boardView) Now() bool { return v.Day == v.Today }

// Stages are the names of the stages.
func (v *boardView) Stages() []string { return stageNames[:] }

var stageNames = [ledgerwork.NumOfStages]string{"待核查", "不属实或无法核实", "待整改", "已整改待销号", "已销号"}

// placeView is a place: how many of its cases are at which stage, and its totals.
type placeView struct {
	Code, Name string
	City, All  bool
	Parts      []part
	Total      int64
	Cells      []cellView
}

// part is a piece of a bar, from X on, as wide as W, both in percent.
type part struct {
	Stage int
	Name  string
	Count int64
	X, W  string
}

// cellView is a number of the totals, and the query of the review page for what it counts, "" for none.
type cellView struct {
	Text  string
	Query template.URL
}

// queries are those of the review page for what the totals count, by the titles of their columns.
var queries = map[string]string{"问题点位": "", "超期未改": "overdue=true", "已销号": "state=" + string(ledger.StruckOff),
	"疑似反弹": "suspicion=" + ledger.SuspectRebound, "疑似虚假整改": "suspicion=" + ledger.SuspectFalse}

func (v *boardView) fill(b *board) {
	v.Ready, v.Seq, v.Title, v.Summary = true, b.head.Seq, b.Title, b.Summary
	v.Figures, v.Funnel, v.Lists, v.Spots = b.Figures, b.Funnel, b.lists, b.spots
	v.Columns = b.Places.Columns[1:]
	for i, row := range b.Places.Rows {
		v.Places = append(v.Places, v.place(textsOf(row), b.Places.Columns, b.Stages[i]))
	}
}

// place returns a row of the totals as the page shows it.
func (v *boardView) place(row []string, columns []sheets.TableColumn, st ledgerwork.PlaceStages) placeView {
	p := placeView{Code: row[0], Name: row[1], City: st.City, All: st.All}
	for _, n := range st.Counts {
		p.Total += n
	}
	from := int64(0)
	for i, n := range st.Counts {
		p.Parts = append(p.Parts, part{i, stageNames[i], n, share(from, p.Total), share(n, p.Total)})
		from += n
	}
	for i := 2; i < len(row); i++ {
		c := cellView{Text: row[i]}
		if query, ok := queries[columns[i].Title]; ok && v.Now() && row[i] != "0" && (p.All || p.Code != "" && !p.City) {
			if !p.All {
				query = strings.TrimRight("county="+url.QueryEscape(p.Code)+"&"+query, "&")
			}
			c.Query = template.URL(query)
		}
		p.Cells = append(p.Cells, c)
	}
	return p
}

// share returns a part of a whole in percent, as an attribute of SVG has it.
func share(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	return strconv.FormatFloat(100*float64(part)/float64(whole), 'f', 3, 64) + "%"
}
