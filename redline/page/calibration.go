package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"

	"greenshield/redline/findings"
	"greenshield/redline/priority"
)

//go:embed calibration.html.tmpl
var calibrationTemplate string

//go:embed calibration.css
var calibrationStyle string

// Calibration is what the page of a calibrated model shows. Texts need not be escaped.
type Calibration struct {
	Title, Promise, Summary string
	Warnings                []string
	Figures                 []Figure
	Reliability             []priority.RelyBin
	Sections                []LedgerSection
	Foot                    []string
}

// calibrationPage is what the template shows. Lengths are those of the picture, whose axes go from 60 to 440 eastwards
// and from 400 to 20 upwards.
type calibrationPage struct {
	*Calibration
	Style       template.CSS
	Policy      string
	Alternative string
	Ticks       []diagramTick
	Points      []diagramPoint
}

type diagramTick struct{ X, Y, Text string }

type diagramPoint struct {
	X, Y, Low, High, R string
	N                  int
}

var parsedCalibration = sync.OnceValues(func() (*template.Template, error) {
	t, err := parseLedger()
	if err != nil {
		return nil, err
	}
	return t.Parse(calibrationTemplate)
})

// WriteCalibration writes the page of a calibrated model: in Chinese, complete in one file, without scripts, the same
// without a network and on paper. The same model gives the same bytes.
func WriteCalibration(w io.Writer, c *Calibration) error {
	t, err := parsedCalibration()
	if err != nil {
		return err
	}
	p := calibrationPage{Calibration: c.visible(), Style: template.CSS(style + ledgerStyle + calibrationStyle),
		Policy: "default-src 'none'; style-src 'unsafe-inline'", Alternative: alternative(c.Reliability)}
	for k := range 6 {
		v := float64(k) / 5
		p.Ticks = append(p.Ticks, diagramTick{across(v), up(v), wholePct(v)})
	}
	for _, b := range c.Reliability {
		p.Points = append(p.Points, diagramPoint{X: across(b.Chance), Y: up(b.Share), Low: up(b.Low), High: up(b.High),
			R: units(math.Min(9, 2.5+math.Sqrt(float64(b.N))/5)), N: b.N})
	}
	return t.ExecuteTemplate(w, "calibration", p)
}

func across(share float64) string { return units(60 + 380*share) }
func up(share float64) string     { return units(400 - 380*share) }
func units(v float64) string      { return strconv.FormatFloat(math.Round(10*v)/10, 'f', -1, 64) }

// wholePct returns a share in whole per cent.
func wholePct(share float64) string { return strconv.FormatFloat(100*share, 'f', 0, 64) + "%" }

// alternative says what the diagram shows to those who cannot see it.
func alternative(bins []priority.RelyBin) string {
	var b strings.Builder
	b.WriteString("横轴是可能性，纵轴是实际属实比例。")
	for i, bin := range bins {
		if i > 0 {
			b.WriteString("；")
		}
		fmt.Fprintf(&b, "可能性约 %s 的 %d 个点位中，实际属实 %s（95%% 区间 %s 至 %s）", wholePct(bin.Chance), bin.N,
			wholePct(bin.Share), wholePct(bin.Low), wholePct(bin.High))
	}
	return b.String() + "。"
}

// visible returns the calibration with texts whose control characters show as such.
func (c *Calibration) visible() *Calibration {
	v := *c
	l := (&Ledger{Title: c.Title, Summary: c.Summary, Sections: c.Sections, Foot: c.Foot}).visible()
	v.Title, v.Summary, v.Sections, v.Foot = l.Title, l.Summary, l.Sections, l.Foot
	v.Warnings = nil
	for _, w := range c.Warnings {
		v.Warnings = append(v.Warnings, findings.Visible(w))
	}
	return &v
}
