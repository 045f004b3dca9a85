package review

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/qgis"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
)

// datedColumns are the columns of runs with maps between the epochs, with dates of zones, with both, and with neither.
var datedColumns = []findings.Columns{{}, {Dated: true}, {Since: true}, {Dated: true, Since: true}}

// TestTimes: QGIS shows a candidate in the years in which it may have changed, with maps between the epochs; without
// these no layer and no project has times, nor has one of zones.
func TestTimes(t *testing.T) {
	for _, columns := range datedColumns {
		text, err := qgis.QML(candidateStyle(shownFields(columns.Fields())))
		redlinetest.Must(t, err)
		var style struct {
			Categories string `xml:"styleCategories,attr"`
			Temporal   struct {
				Enabled string `xml:"enabled,attr"`
				Mode    string `xml:"mode,attr"`
				Begins  string `xml:"startExpression,attr"`
				Ends    string `xml:"endExpression,attr"`
			} `xml:"temporal"`
		}
		redlinetest.Must(t, xml.Unmarshal([]byte(text), &style))
		want := "{  }"
		if columns.Dated {
			want = `{1 4 make_datetime(coalesce("chg_from", "year_a" + 1), 1, 1, 0, 0, 0) make_datetime(coalesce("chg_to", "year_b") + 1, 1, 1, 0, 0, 0)}`
		} else if want = "{   }"; strings.Contains(text, "emporal") {
			t.Errorf("%+v: times in\n%s", columns, text)
		}
		if got := fmt.Sprint(style.Temporal); got != want || strings.HasSuffix(style.Categories, "|Temporal") != columns.Dated {
			t.Errorf("%+v: times %s of %s, want %s", columns, got, style.Categories, want)
		}
	}
	for _, s := range []style{zoneStyle(true), coverageStyle(), suppressedStyle(), overlapStyle()} {
		if s.Begins != "" {
			t.Errorf("a layer without dates has times: %s", s.Begins)
		}
	}
}

// TestProjectYears: a project with years has the time from the first instant of the first to that of the year after the
// last, in steps of a year.
func TestProjectYears(t *testing.T) {
	for years, want := range map[[2]int]string{{}: "", {2016, 2020}: "2016-01-01T00:00:00Z to 2021-01-01T00:00:00Z by 1 y"} {
		var out bytes.Buffer
		redlinetest.Must(t, qgis.WriteProject(&out, "p", project{Years: years}))
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		redlinetest.Must(t, err)
		f, err := z.Open("p.qgs")
		redlinetest.Must(t, err)
		text, err := io.ReadAll(f)
		redlinetest.Must(t, err)
		var p struct {
			Times *struct {
				Unit  string `xml:"timeStepUnit,attr"`
				Step  string `xml:"timeStep,attr"`
				Start string `xml:"TemporalRange>start"`
				End   string `xml:"TemporalRange>end"`
			} `xml:"ProjectTimeSettings"`
		}
		redlinetest.Must(t, xml.Unmarshal(text, &p))
		got := ""
		if p.Times != nil {
			got = p.Times.Start + " to " + p.Times.End + " by " + p.Times.Step + " " + p.Times.Unit
		}
		if got != want {
			t.Errorf("years %v: %q, want %q", years, got, want)
		}
	}
}

// TestDateGroups: a run has the themes that its columns allow, each class in a colour of its own; every year that a map
// has is a class, and what cannot be told is hatched or grey.
func TestDateGroups(t *testing.T) {
	for _, columns := range datedColumns {
		found := &findings.Findings{Inputs: &redline.Inputs{Zones: []redline.Zone{{}}}, Summary: &redline.Summary{YearA: 2015, YearB: 2020}, Manifest: &record.Manifest{}}
		var want []string
		if columns.Dated {
			found.Inputs.Between = []redline.Epoch{{Year: 2016}, {Year: 2018}}
			want = append(want, "变化年份: 2016 2016 年, 2018 2018 年, 2020 2020 年, several 分多年变化, C C 反复变化，仅知区间 hatched, D D 无法判定年份")
		}
		if columns.Since {
			found.Inputs.Zones[0].Since.Year = 2017
			want = append(want, "与设立时间的先后: before 历史遗留, after 新增, straddles 不能判定, unknown 未知")
		}
		var got []string
		for _, g := range dateGroups(found) {
			var classes []string
			colours := map[string]bool{}
			for _, c := range g.Layers[0].Style.Classes {
				text := c.Value + " " + c.Label
				if c.Hatched {
					text += " hatched"
				}
				classes, colours[c.RGB] = append(classes, text), true
			}
			got = append(got, g.Name+": "+strings.Join(classes, ", "))
			if len(colours) != len(classes) || !g.Hidden || g.Layers[0].Style.Actions != nil || !g.Layers[0].ReadOnly {
				t.Errorf("%s: %d colours, hidden %v", g.Name, len(colours), g.Hidden)
			}
			for _, expression := range []string{g.Layers[0].Style.Attr, g.Layers[0].Style.Label} {
				for i, name := range strings.Split(expression, `"`) {
					if i%2 == 1 && !slices.ContainsFunc(found.Fields(), func(f findings.Field) bool { return f.Name == name }) {
						t.Errorf("%s: no field is called %s", expression, name)
					}
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v:\n%s\nwant\n%s", columns, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestDatesInForm: the form has a group of the dates that there are, none of which a reviewer may change, and so has the
// map tip.
func TestDatesInForm(t *testing.T) {
	for i, want := range []string{"", "chg_year chg_from chg_to chg_years date_grd", "zone_since vs_zone", "chg_year chg_from chg_to chg_years date_grd zone_since vs_zone"} {
		s := reviewStyle(datedColumns[i].Fields())
		groups := s.Form[0].Groups
		got := ""
		if last := groups[len(groups)-1]; last.Name == "变化时间" {
			got = strings.Join(last.Fields, " ")
		}
		if got != want || len(groups) != 2+min(1, len(want)) {
			t.Errorf("%+v: the group has %q, want %q", datedColumns[i], got, want)
		}
		for _, f := range s.Fields {
			if slices.Contains(strings.Fields(want), f.Name) && f.Editable || slices.Contains(s.Form[1].Fields, f.Name) && strings.Contains(" "+want+" ", " "+f.Name+" ") {
				t.Errorf("%s can be changed, or stands in the form twice", f.Name)
			}
		}
		if strings.Contains(s.MapTip, "date_grd") != datedColumns[i].Dated || strings.Contains(s.MapTip, "vs_zone") != datedColumns[i].Since {
			t.Errorf("%+v: map tip %s", datedColumns[i], s.MapTip)
		}
	}
}
