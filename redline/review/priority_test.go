package review

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/record"
)

// TestPriority: with a priority the table and the next candidate go by it first, and form, map tip and name tell it; with
// other maps alone they tell these; without either there is nothing of it, and the actions have the same text as ever.
func TestPriority(t *testing.T) {
	for _, of := range []struct {
		columns           findings.Columns
		sort, group, tips string
	}{
		{findings.Columns{}, `"severity" * 1e9 + "area_ha"`, "", ""},
		{findings.Columns{Confirmed: true}, `"severity" * 1e9 + "area_ha"`, "agree_pct agree_n agree_of", "其他地图"},
		{findings.Columns{Newest: true}, `"severity" * 1e9 + "area_ha"`, "stays_pct", "最新图"},
		{findings.Columns{Ranked: true}, `"prio" * 1e8 + "severity" * 1e7 + "area_ha"`, "prio prio_why width compact confused near_m", "核查优先级"},
		{findings.Columns{Ranked: true, Known: true, Confirmed: true, Newest: true, Dated: true}, `"prio" * 1e8 + "severity" * 1e7 + "area_ha"`,
			"prio prio_why agree_pct agree_n agree_of stays_pct width compact confused near_m lead_m", "核查优先级 其他地图 最新图"},
	} {
		s := reviewStyle(of.columns.Fields())
		if s.SortBy != of.sort {
			t.Errorf("%+v: sorted by %s", of.columns, s.SortBy)
		}
		last, group := s.Form[0].Groups[len(s.Form[0].Groups)-1], ""
		if last.Name == "佐证与优先级" {
			group = strings.Join(last.Fields, " ")
		}
		if group != of.group {
			t.Errorf("%+v: the group has %q", of.columns, group)
		}
		for _, name := range last.Fields {
			if slices.Contains(s.Form[1].Fields, name) {
				t.Errorf("%s stands in the form twice", name)
			}
		}
		for _, word := range []string{"核查优先级", "其他地图", "最新图"} {
			if strings.Contains(s.MapTip, word) != slices.Contains(strings.Fields(of.tips), word) {
				t.Errorf("%+v: map tip %s", of.columns, s.MapTip)
			}
		}
		for _, name := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(s.MapTip+s.Preview+s.SortBy, -1) {
			if !has(s.Fields, name[1]) {
				t.Errorf("%+v: no field is called %s", of.columns, name[1])
			}
		}
		python := s.Actions[0].Does
		for code, ranks := range map[string]bool{`(["severity", "area_ha", "verdict"]`: false, `sorted((-f["severity"], `: false, "worst first": false,
			`(["prio", "severity", "area_ha", "verdict"]`: true, `sorted((-10 * f["prio"] - f["severity"], `: true, "highest priority first": true} {
			if strings.Contains(python, code) != (ranks == of.columns.Ranked) {
				t.Errorf("%+v: %s in the actions: %v", of.columns, code, !ranks)
			}
		}
		if strings.HasPrefix(python, judgePython+"\n") == of.columns.Ranked || strings.Contains(s.Preview, "prio") != of.columns.Ranked {
			t.Errorf("%+v: %s", of.columns, s.Preview)
		}
	}
}

// TestPriorityGroups: only a run with priorities has the theme, with a class for each band, the highest first and in
// colours of their own.
func TestPriorityGroups(t *testing.T) {
	found := &findings.Findings{Inputs: &redline.Inputs{Confirm: make([]redline.Pair, 1)}, Summary: &redline.Summary{}, Manifest: &record.Manifest{}}
	if g := priorityGroups(found); g != nil {
		t.Errorf("without priorities: %+v", g)
	}
	found.Manifest.Priority = &record.Ranking{}
	groups := priorityGroups(found)
	if len(groups) != 1 || groups[0].Name != "核查优先级" || !groups[0].Hidden || !groups[0].Layers[0].ReadOnly || groups[0].Layers[0].Style.Actions != nil {
		t.Fatalf("groups %+v", groups)
	}
	s := groups[0].Layers[0].Style
	var labels []string
	colours := map[string]bool{}
	for _, c := range s.Classes {
		labels, colours[c.RGB] = append(labels, c.Label), true
		if c.Label != c.Value {
			t.Errorf("class %+v", c)
		}
	}
	if got := strings.Join(labels, " "); got != "80–100 60–79 40–59 20–39 0–19" || len(colours) != 5 || s.OrderBy != `"prio"` {
		t.Errorf("classes %s, %d colours", got, len(colours))
	}
	if want := `CASE WHEN "prio" >= 80 THEN '80–100' WHEN "prio" >= 60 THEN '60–79' WHEN "prio" >= 40 THEN '40–59' WHEN "prio" >= 20 THEN '20–39' WHEN "prio" >= 0 THEN '0–19' END`; s.Attr != want {
		t.Errorf("classes by %s", s.Attr)
	}
}
