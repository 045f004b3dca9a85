package page

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// yearsOf is three hectares of forest of which one is not seen in 2018 and one is a town from 2018 on, scale times.
func yearsOf(scale float64) *redline.Survey {
	ha := func(n int64) redline.Extent { return redline.Extent{Cells: n, AreaM2: 1e4 * scale * float64(n)} }
	f, b, none := landcover.Forest, landcover.Built, landcover.NoData
	change := func(from, to landcover.Ecosystem) redline.ClassChange {
		return redline.ClassChange{From: from, To: to, Extent: ha(1)}
	}
	y := make([]redline.UnitYear, 3)
	y[0].Classes[f] = ha(3)
	y[1].Classes[f], y[1].Classes[b], y[1].Classes[none] = ha(1), ha(1), ha(1)
	y[1].Changes = []redline.ClassChange{change(f, none), change(f, f), change(f, b)}
	y[2].Classes[f], y[2].Classes[b] = ha(2), ha(1)
	y[2].Changes = []redline.ClassChange{change(none, f), change(f, f), change(b, b)}
	return &redline.Survey{Maps: []redline.SurveyMap{{Year: 2015}, {Year: 2018}, {Year: 2020}},
		Units: []redline.UnitSurvey{{Years: y}}}
}

func TestYears(t *testing.T) {
	var p page
	p.years(yearsOf(1), survey.Default())
	data, err := json.Marshal(p.Data.Years)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"years":["2015","2018","2020"],"steps":["2015–2018","2018–2020"],"classes":[` +
		`{"name":"森林","color":"#006400","ha":[3.00,1.00,2.00],"gain":[0.00,0.00],"loss":[1.00,0.00]},` +
		`{"name":"城镇","color":"#E24290","ha":[0.00,1.00,1.00],"gain":[1.00,0.00],"loss":[0.00,0.00]},` +
		`{"name":"无数据","color":"#D0D4D8","ha":[0.00,1.00,0.00],"gain":null,"loss":null}]}`
	if string(data) != want {
		t.Errorf("the charts have\n%s, want\n%s", data, want)
	}
	rows := []yearRow{{"2015", []string{"3.00", "0.00", "0.00", "—", "—"}},
		{"2018", []string{"1.00", "1.00", "1.00", "1.00", "16.67%"}}, {"2020", []string{"2.00", "1.00", "0.00", "0.00", "0.00%"}}}
	if !reflect.DeepEqual(p.Years.Rows, rows) {
		t.Errorf("the table of years has %q", p.Years.Rows)
	}
	steps := []yearRow{{"2015–2018 转入", []string{"0.00", "1.00", "1.00"}}, {"2015–2018 转出", []string{"1.00", "0.00", "1.00"}},
		{"2018–2020 转入", []string{"0.00", "0.00", "0.00"}}, {"2018–2020 转出", []string{"0.00", "0.00", "0.00"}}}
	if !reflect.DeepEqual(p.Years.Steps, steps) {
		t.Errorf("the table of steps has %q", p.Years.Steps)
	}
	var large page
	large.years(yearsOf(1234567.8), survey.Default())
	if got := large.Years.Rows[0].Cells[0]; got != "3,703,703" || !large.Years.Rounded || p.Years.Rounded {
		t.Errorf("a large area is %s, rounded %v", got, large.Years.Rounded)
	}
}

// TestPageWithoutYears: without maps between, the page has nothing of the years.
func TestPageWithoutYears(t *testing.T) {
	var p page
	p.years(&redline.Survey{Units: make([]redline.UnitSurvey, 1)}, survey.Default())
	data, err := json.Marshal(p.Data)
	if err != nil || p.Years != nil || strings.Contains(string(data), `"years"`) {
		t.Errorf("%+v, %s, %v", p.Years, data, err)
	}
	without, with := p.marked(script), (&page{Years: &years{}}).marked(script)
	if strings.Contains(without, "globalThis.report") || !strings.Contains(with, "globalThis.report = {") || strings.Contains(with, "// years") {
		t.Error("only a page with years may give its charts to their script")
	}
	if lower := strings.ToLower(yearsScript); strings.Contains(lower, "</script") || strings.Contains(lower, "<!--") {
		t.Error("the code would end its element")
	}
}
