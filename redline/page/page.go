package page

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/record"
	"greenshield/redline/survey"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var style string

//go:embed page.js
var script string

// listScript shows the list of all candidates. Some of its lines have marks, see [marked].
//
//go:embed list.js
var listScript string

// marks end those lines of scripts that only some pages have: pages with a ledger, with maps between the epochs, with
// dates of zones, with either of these, with scripts that draw charts of their own, with evidence on candidates, with
// priorities, and with other pairs of maps.
var marks = map[string]func(p *page) bool{
	" // ledger":    func(p *page) bool { return p.Known != nil },
	" // dated":     func(p *page) bool { return p.Dates != nil && p.Dates.Dated },
	" // since":     func(p *page) bool { return p.Dates != nil && p.Dates.Since },
	" // dates":     func(p *page) bool { return p.Dates != nil },
	" // report":    func(p *page) bool { return p.Years != nil || p.Evidence != nil },
	" // evidence":  func(p *page) bool { return p.Evidence != nil },
	" // ranked":    func(p *page) bool { return p.Evidence != nil && p.Evidence.Ranked },
	" // confirmed": func(p *page) bool { return p.Evidence != nil && len(p.Evidence.Pairs) > 0 },
}

// marked returns a script with the lines that the page has, without their marks.
func (p *page) marked(script string) string {
	var b strings.Builder
lines:
	for line := range strings.Lines(script) {
		for mark, there := range marks {
			if text, ok := strings.CutSuffix(line, mark+"\n"); ok {
				if there(p) {
					b.WriteString(text + "\n")
				}
				continue lines
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// charts is what the page needs of Apache ECharts; assets/README.md says where it comes from.
//
//go:embed assets/charts.js
var charts string

// worst is how many candidates, the first of the list, have a row and chips of their own.
const worst = 20

// mostBars is how many changes, counties or zones a chart has bars for.
const mostBars = 20

// Options are what the page needs besides the findings.
type Options struct {
	Rules   *redline.RuleTable
	Survey  survey.Settings
	MinArea redline.Size // smallest patch of the run
	MinPart redline.Size // smallest part of a patch inside a zone
	// Region, Issuer and Date (2026-03-15) stand at the head; "" for none. Without a region, the only county or city
	// has its place.
	Region, Issuer, Date string
	Workbook, Project    bool // candidates.xlsx, and review.qgz with review.gpkg, are written beside the page
	// Images are mosaics of before and after, for pictures beside the class maps; nil for none.
	Images [2]Imagery
	// Warnings returns the warnings about the inputs. Those about the machine do not belong
	// here, since the page is the same on all machines.
	Warnings func() []string
}

// page is all that the template shows. Texts are not escaped yet: the template does that.
type page struct {
	YearA, YearB int
	Style        template.CSS
	Scripts      []template.JS
	Policy       string
	Region       string // "" for none, as are Issuer and Date
	Issuer, Date string
	Workbook     bool
	Project      bool
	Summary      string
	Unseen       int64         // zones that were not seen as a whole
	Index        template.HTML // all candidates, for the script of the list
	Candidates   int64         // how many there are
	Sections     []section
	Figures      []figure
	SeverityRows []severityRow
	// SeverityTotal sums up SeverityRows, which are empty where there are no counties.
	SeverityTotal severityRow
	Map           overview
	Data          chartData
	Classes       []classRow
	Years         *years // nil without maps between
	Worst         []candidateRow
	Legend        []legendEntry
	Images        bool
	Coverage      []coverageRow
	Statuses      []statusRow
	StatusNames   []string
	WhatIf        []whatIf
	Hidden        int64 // zones that have no row in Coverage
	Units         []unitRow
	Overall       pair // comprehensive dynamic degree and transition index of the whole
	Formulas      []survey.Formula
	Unverified    string
	Inputs        []inputRow
	ZoneTypes     []string
	Rules         []ruleRow
	Checks        []checkRow
	Warnings      []string
	CellM2        string
	MinArea       string
	Connectivity  string
	Manifest      *record.Manifest
	Repairs       string    // how many polygons were repaired, "" for none
	Known         *known    // nil without a ledger
	Dates         *dates    // nil without maps between the epochs and dates of zones
	Evidence      *evidence // nil without evidence
	CLCD          bool      // a raster has the legend of CLCD, for which the accuracy is known

	classList []landcover.Ecosystem // the classes of Classes
}

// DatedMaps tells whether there are maps between the epochs.
func (p *page) DatedMaps() bool { return p.Dates != nil && p.Dates.Dated }

// figure is one of the large numbers at the head of the page.
type figure struct{ Name, Value, Unit, Note string }

// pair is two texts.
type pair struct{ Name, Value string }

// legendEntry is a colour of a map and what it stands for.
type legendEntry struct{ Name, Color string }

// Report returns the report that writes report.html.
func Report(o Options) findings.Report {
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		p, err := gather(ctx, o, found)
		if err != nil {
			return err
		}
		count := func(n int64) string { return grouped(float64(n), 0) }
		t, err := template.New("page").Funcs(template.FuncMap{"count": count}).Parse(pageTemplate)
		if err != nil {
			return err
		}
		return f.Write("report.html", func(w io.Writer) error { return t.Execute(w, p) })
	}
}

// hashSource returns the name that a Content-Security-Policy has for a script: its hash.
func hashSource(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// runningHead returns the rules of style that print the name of the report and the number of the page on each page.
func runningHead(yearA, yearB int) string {
	return fmt.Sprintf(`
@page {
  @top-left { content: "生态状况变化调查与问题线索报告 %d–%d"; }
  @top-right { content: "候选线索，非违法认定"; }
  @bottom-left { content: "绿盾"; }
  @bottom-right { content: "第 " counter(page) " 页，共 " counter(pages) " 页"; }
}
`, yearA, yearB)
}

// gather finds all that the template shows.
func gather(ctx context.Context, o Options, found *findings.Findings) (*page, error) {
	sum, m := found.Summary, found.Manifest
	p := &page{
		YearA: sum.YearA, YearB: sum.YearB,
		Style: template.CSS(style + runningHead(sum.YearA, sum.YearB)), Candidates: sum.Candidates,
		Policy:     "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src",
		Unverified: survey.Unverified, Formulas: o.Survey.Formulas(sum.YearB - sum.YearA), Manifest: m,
		Images: o.Images[0] != nil || o.Images[1] != nil, Known: newKnown(found),
	}
	p.Dates, p.Evidence = newDates(found), newEvidence(found)
	if p.Evidence != nil {
		p.Style += template.CSS(evidenceStyle)
	}
	if p.Known != nil {
		p.Style += template.CSS(knownStyle)
	}
	for _, w := range o.Warnings() {
		p.Warnings = append(p.Warnings, findings.Visible(w))
	}
	tally := newTally(o, found.Inputs.Zones)
	for c, err := range found.Candidates.All(ctx, false) {
		if err != nil {
			return nil, err
		}
		tally.add(c)
		p.Known.add(c)
		p.Dates.add(c)
		p.Evidence.add(c)
	}
	for c, err := range found.Candidates.All(ctx, true) {
		if err != nil {
			return nil, err
		}
		tally.suppressed(c)
	}
	p.Data = chartData{
		YearA: sum.YearA, YearB: sum.YearB,
		Severities: tally.severities(), Changes: ranked(tally.changes, mostBars), Counties: ranked(tally.counties, mostBars),
		Zones: ranked(tally.zones, mostBars), Sizes: tally.bySize,
	}
	p.Dates.chart(&p.Data)
	p.Evidence.chart(&p.Data)
	p.WhatIf = tally.byArea
	if n := len(m.Repairs); n > 0 {
		p.Repairs = whole(int64(n))
	}
	if p.MinArea = strconv.FormatFloat(o.MinArea.Cells, 'f', -1, 64) + " 个像元"; o.MinArea.M2 > 0 {
		p.MinArea = strconv.FormatFloat(o.MinArea.M2/1e4, 'f', -1, 64) + " 公顷"
	}
	p.head(o, found, tally)
	p.severityTable(tally)
	p.coverage(sum)
	p.figures(sum)
	p.classes(sum, o.Survey)
	p.years(sum.Survey, o.Survey)
	p.rules(o.Rules)
	p.inputs(m)
	p.checks(found.Summary.Checks)
	p.units(found, o.Survey, tally)
	var err error
	slices.SortFunc(tally.dots, func(a, b dot) int { return a.rank.Compare(b.rank) })
	if p.Map, err = drawMap(found, tally.dots); err != nil {
		return nil, err
	}
	if p.Index, err = newIndex(found).pack(ctx, found.Candidates, tally.ranks); err != nil {
		return nil, err
	}
	if p.Worst, p.Legend, err = drawChips(o, found, tally.worst); err != nil {
		return nil, err
	}
	p.contents()
	p.scripts()
	return p, nil
}

// scripts sets the scripts of the page, and the policy that allows no others.
func (p *page) scripts() {
	codes := []string{charts, p.marked(script), p.marked(listScript)}
	if p.Years != nil {
		codes = slices.Insert(codes, 2, yearsScript)
	}
	if p.Evidence != nil {
		codes = slices.Insert(codes, len(codes)-1, evidenceScript)
	}
	for _, code := range codes {
		p.Scripts = append(p.Scripts, template.JS(code))
		p.Policy += " " + hashSource(code)
	}
}
