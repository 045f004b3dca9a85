package visits

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/paulmach/orb"

	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

//go:embed visits.html.tmpl
var pageText string

var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("visits").Parse(pageText)) })

// sheet is what the page shows of a day.
type sheet struct {
	Title, Summary string
	Rows           []sheetRow
	Sketch         sketch
}

type sheetRow struct {
	Seq                                                           int
	ID, Purpose, Place, At, Severity, Prio, Why, Zone, Area, Next string
	Verdicts                                                      []string
}

// writePage writes visits.html: a sheet of A4 paper, or more, for each day.
func (p *Plan) writePage(w io.Writer) error {
	var verdicts []string
	for _, v := range ledger.Shipped().Verdicts {
		if v.Code != string(ledger.Unreviewed) {
			verdicts = append(verdicts, v.Label)
		}
	}
	var sheets []sheet
	for day := range p.Days {
		d := &p.Days[day]
		s := sheet{Title: p.dayTitle(day), Summary: p.daySummary(day), Sketch: p.sketch(day)}
		for i, stop := range d.Stops {
			score, why := stop.prio()
			r := sheetRow{Seq: i + 1, ID: stop.Case.ID, Purpose: stop.purpose(), Place: stop.county(),
				At: degrees(stop.At[0]) + ", " + degrees(stop.At[1]), Severity: stop.severity(), Prio: score,
				Why: findings.Visible(why), Zone: findings.Visible(stop.Zone), Verdicts: verdicts}
			if lead := stop.lead(); lead != "" {
				r.Purpose += "；线索：" + lead
			}
			if ha := stop.areaHa(); ha > 0 {
				r.Area = fmt.Sprintf("%.2f", ha)
			}
			if m := d.Legs[i]; m > 0 {
				r.Next = fmt.Sprintf("%.2f", m/1000)
			}
			s.Rows = append(s.Rows, r)
		}
		sheets = append(sheets, s)
	}
	notes := []string{careNote, distancesNote, placesNote, p.rankNote(), p.settingsNote(), returnNote}
	return page().Execute(w, map[string]any{"Title": p.title(), "Sheets": sheets, "Notes": notes, "Left": p.leftNotes(),
		"Foot": fmt.Sprintf("台账共 %d 条记录，末条校验值 %s；相同的台账与参数得到逐字节相同的结果。",
			p.Head.Seq, p.Head.Hash)})
}

// sketch is a map of a day without a background, in units of the drawing, y downwards.
type sketch struct {
	Route    string
	Outlines []string
	Stops    []sketchStop
	Start    *sketchStop
	Bar      float64 // length of the scale bar
	BarText  string
}

type sketchStop struct {
	X, Y string
	Text string
}

// Size of the drawing, its margin, and the room for the scale bar below.
const (
	sketchWidth, sketchHeight = 720.0, 300.0
	sketchMargin, sketchFoot  = 24.0, 50.0
)

// sketch draws a day, north up.
func (p *Plan) sketch(day int) sketch {
	stops := p.Days[day].Stops
	box := orb.LineString(p.route(day)).Bound()
	for _, s := range stops {
		if s.Outline != nil {
			box = box.Union(s.Outline.Bound())
		}
	}
	c := box.Center()
	const step = 0.01
	perLon := ledgerwork.Geodesic(c, orb.Point{c[0] + step, c[1]}) / step
	perLat := ledgerwork.Geodesic(c, orb.Point{c[0], c[1] + step}) / step
	const least = 500 // metres that the drawing shows at least
	width, height := max(least, (box.Max[0]-box.Min[0])*perLon), max(least, (box.Max[1]-box.Min[1])*perLat)
	scale := min((sketchWidth-2*sketchMargin)/width, (sketchHeight-sketchMargin-sketchFoot)/height) // units for a metre
	at := func(q orb.Point) (x, y string) {
		return fmt.Sprintf("%.1f", sketchWidth/2+(q[0]-c[0])*perLon*scale),
			fmt.Sprintf("%.1f", (sketchHeight+sketchMargin-sketchFoot)/2-(q[1]-c[1])*perLat*scale)
	}
	line := func(points []orb.Point) string {
		var all []string
		for _, q := range points {
			x, y := at(q)
			all = append(all, x+","+y)
		}
		return strings.Join(all, " ")
	}
	s := sketch{Route: line(p.route(day))}
	for i, stop := range stops {
		for _, polygon := range stop.Outline {
			s.Outlines = append(s.Outlines, line(polygon[0]))
		}
		x, y := at(stop.At)
		s.Stops = append(s.Stops, sketchStop{x, y, fmt.Sprint(i + 1)})
	}
	if p.From != nil {
		x, y := at(*p.From)
		s.Start = &sketchStop{x, y, startName}
	}
	metres := niceLength(sketchWidth / 4 / scale)
	s.Bar = math.Round(metres*scale*10) / 10
	if s.BarText = short(metres) + " 米"; metres >= 1000 {
		s.BarText = short(metres/1000) + " 公里"
	}
	return s
}

// niceLength returns the largest of 1, 2, 5, 10, 20… that is not more than x, which is at least 1.
func niceLength(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, digit := range []float64{5, 2} {
		if digit*power <= x {
			return digit * power
		}
	}
	return power
}
