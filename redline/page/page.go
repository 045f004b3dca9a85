// Package page writes report.html: what a run found, for people who have no GIS, on one page that needs nothing else, no network
// included. README.md beside this file says what stands on it.
package page

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strconv"
	"strings"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/report"
	"greenshield/redline/survey"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var style string

//go:embed page.js
var script string

// charts is what the page needs of Apache ECharts; assets/README.md says where it comes from.
//
//go:embed assets/charts.js
var charts string

// worst is how many candidates have a row and chips of their own.
const worst = 20

// Options are what the page needs besides the findings.
type Options struct {
	Rules    *redline.RuleTable
	Survey   survey.Settings
	MinArea  redline.Size // of the run
	MinPart  redline.Size
	Images   [2]Imagery      // before, after: for chips beside the class maps; nil for none
	Warnings func() []string // about the inputs; not those about the machine, since the page is the same on all
}

// page is all that the template shows. Texts are plain: the template escapes them.
type page struct {
	YearA, YearB int
	Style        template.CSS
	Charts, Code template.JS
	Policy       string
	Figures      []figure
	Map          overview
	Data         chartData
	Classes      []classRow
	Worst        []candidateRow
	Legend       []legendEntry
	Images       bool
	Coverage     []coverageRow
	Statuses     []statusRow
	StatusNames  []string
	WhatIf       []whatIf
	Hidden       int // zones that have no row in Coverage
	Units        []unitRow
	Overall      pair // comprehensive dynamic degree, transition index
	Formulas     []survey.Formula
	Unverified   string
	Inputs       []inputRow
	ZoneTypes    []string
	Rules        []ruleRow
	Checks       []checkRow
	Warnings     []string
	CellM2       string
	MinArea      string
	Connectivity string
	Manifest     *report.Manifest
	CLCD         bool

	classList []landcover.Ecosystem // those of Classes
}

type figure struct{ Name, Value, Unit, Note string }

// counted is a class of candidates.
type counted struct {
	Name  string   `json:"name"`
	Count int64    `json:"count"`
	Ha    hectares `json:"ha"`
	Color string   `json:"color,omitempty"`
}

type pair struct{ Name, Value string }

// chartData is what the charts are drawn from.
type chartData struct {
	YearA      int         `json:"yearA"`
	YearB      int         `json:"yearB"`
	Classes    []classBar  `json:"classes"`
	Links      []classLink `json:"links"`
	Severities []counted   `json:"severities"`
	Changes    []counted   `json:"changes"`
	Counties   []counted   `json:"counties"`
	Zones      []counted   `json:"zones"`
	Sizes      []counted   `json:"sizes"`
}

type classBar struct {
	Name   string   `json:"name"`
	Color  string   `json:"color"`
	Before hectares `json:"before"`
	After  hectares `json:"after"`
}

type classLink struct {
	From string   `json:"from"`
	To   string   `json:"to"`
	Ha   hectares `json:"ha"`
}

// hectares are printed with two decimals.
type hectares float64

// MarshalJSON writes two decimals.
func (h hectares) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(h), 'f', 2, 64), nil
}

func (h hectares) String() string { return grouped(float64(h), 2) }

// grouped writes a number with commas between thousands.
func grouped(x float64, decimals int) string {
	if x != x {
		return "—"
	}
	text := strconv.FormatFloat(x, 'f', decimals, 64)
	digits, fraction, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(digits, "-") {
		if digits = digits[1:]; strings.Trim(text, "-0.") != "" {
			sign = "-"
		}
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if decimals > 0 {
		return sign + b.String() + "." + fraction
	}
	return sign + b.String()
}

type classRow struct {
	Name, Color                          string
	Before, After, Net, Gain, Loss, Rate string
}

type legendEntry struct{ Name, Color string }

// Report returns the report that writes report.html.
func Report(o Options) report.Report {
	return func(ctx context.Context, f *report.Folder, found *report.Findings) error {
		p, err := gather(ctx, o, found)
		if err != nil {
			return err
		}
		t, err := template.New("page").Funcs(template.FuncMap{"count": func(n int64) string { return grouped(float64(n), 0) }}).Parse(pageTemplate)
		if err != nil {
			return err
		}
		return f.Write("report.html", func(w io.Writer) error { return t.Execute(w, p) })
	}
}

// hashSource is a script as a Content-Security-Policy names it: nothing else on the page may run.
func hashSource(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func gather(ctx context.Context, o Options, found *report.Findings) (*page, error) {
	sum, m := found.Summary, found.Manifest
	p := &page{
		YearA: sum.YearA, YearB: sum.YearB, Style: template.CSS(style), Charts: template.JS(charts), Code: template.JS(script),
		Policy:     "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src " + hashSource(charts) + " " + hashSource(script),
		Unverified: survey.Unverified, Formulas: o.Survey.Formulas(sum.YearB - sum.YearA), Manifest: m,
		Images: o.Images[0] != nil || o.Images[1] != nil,
	}
	for _, w := range o.Warnings() {
		p.Warnings = append(p.Warnings, report.Visible(w))
	}
	tally := newTally(o, found.Inputs.Zones)
	for c, err := range found.Candidates(ctx, false) {
		if err != nil {
			return nil, err
		}
		tally.add(c)
	}
	for c, err := range found.Candidates(ctx, true) {
		if err != nil {
			return nil, err
		}
		tally.suppressed(c)
	}
	p.Data = chartData{YearA: sum.YearA, YearB: sum.YearB, Severities: tally.severities(), Changes: ranked(tally.changes, 20), Counties: ranked(tally.counties, 20),
		Zones: ranked(tally.zones, 20), Sizes: tally.bySize}
	p.WhatIf = tally.byArea
	if p.MinArea = strconv.FormatFloat(o.MinArea.Cells, 'f', -1, 64) + " 个像元"; o.MinArea.M2 > 0 {
		p.MinArea = strconv.FormatFloat(o.MinArea.M2/1e4, 'f', -1, 64) + " 公顷"
	}
	p.coverage(sum)
	p.figures(sum)
	p.classes(sum, o.Survey)
	p.rules(o.Rules)
	p.inputs(m)
	p.checks(m.Checks, o.Rules)
	p.units(found, o.Survey, tally)
	var err error
	if p.Map, err = drawMap(found, tally.dots); err != nil {
		return nil, err
	}
	p.Worst, p.Legend, err = drawChips(o, found, tally.worst)
	return p, err
}

func (p *page) figures(sum *redline.Summary) {
	var area, changed float64
	for _, t := range sum.Ecosystems {
		area += t.AreaM2
		if t.From.Ecosystem != t.To.Ecosystem {
			changed += t.AreaM2
		}
	}
	p.CellM2 = grouped(area/float64(sum.ValidCells), 0)
	of := func(level int) string { return grouped(float64(sum.BySeverity[level]), 0) }
	p.Figures = []figure{
		{"候选图斑", grouped(float64(sum.Candidates), 0), "个", "面积合计 " + grouped(sum.CandidateM2/1e4, 2) + " 公顷"},
		{"其中严重", of(4), "个", "较重 " + of(3) + "，一般 " + of(2) + "，提示 " + of(1)},
		{"管控区", grouped(float64(len(sum.Zones)), 0), "个", p.states()},
		{"比对面积", grouped(area/1e6, 2), "平方公里", grouped(float64(sum.ValidCells), 0) + " 个两期均有效的像元"},
		{"生态系统类型变化", percent(100 * changed / area), "", grouped(changed/1e4, 2) + " 公顷，管控区内外合计"},
		{"区内未列为候选的变化", grouped(float64(sum.Suppressed), 0), "处", grouped(sum.SuppressedM2/1e4, 2) + " 公顷，原因逐条见 suppressed.csv"},
	}
}

// states says how many zones are in which state.
func (p *page) states() string {
	var parts []string
	for i, name := range p.StatusNames {
		var n int64
		for _, row := range p.Statuses {
			n += row.Counts[i]
		}
		if n > 0 {
			parts = append(parts, name+" "+grouped(float64(n), 0))
		}
	}
	return strings.Join(parts, "，")
}

// classes fills in the classes that occur in either epoch, and the transitions between them.
func (p *page) classes(sum *redline.Summary, settings survey.Settings) {
	u := &sum.Survey.Units[0] // the whole
	whole := survey.Compute(u, sum.YearB-sum.YearA, settings)
	p.Overall = pair{percent(whole.Comprehensive), percent(whole.Index)}
	for _, e := range landcover.Ecosystems() {
		c := &whole.Classes[e]
		if c.BeforeCells+c.AfterCells == 0 {
			continue
		}
		p.classList = append(p.classList, e)
		p.Data.Classes = append(p.Data.Classes, classBar{e.Chinese(), e.Color(), hectares(c.BeforeM2 / 1e4), hectares(c.AfterM2 / 1e4)})
		p.Classes = append(p.Classes, classRow{e.Chinese(), e.Color(), grouped(c.BeforeM2/1e4, 2), grouped(c.AfterM2/1e4, 2),
			grouped(c.NetM2/1e4, 2), grouped(c.GainM2/1e4, 2), grouped(c.LossM2/1e4, 2), percent(c.Rate)})
		for _, to := range landcover.Ecosystems() {
			if to != e && u.Cells[e][to] > 0 {
				p.Data.Links = append(p.Data.Links, classLink{e.Chinese(), to.Chinese(), hectares(u.AreaM2[e][to] / 1e4)})
			}
		}
	}
}

// percent writes a number of %, a dash where it is not defined.
func percent(x float64) string {
	if x != x {
		return "—"
	}
	return strconv.FormatFloat(x, 'f', 2, 64) + "%"
}
