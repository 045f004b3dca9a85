package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// judged returns a tally of candidates, each of a county, a layer, a zone, a kind of change, a severity and an area in ha.
func judged(t *testing.T, candidates ...string) *tally {
	t.Helper()
	all := newTally(Options{MinArea: redline.Size{Cells: 4}}, nil)
	for i, text := range candidates {
		c := redline.Candidate{ID: fmt.Sprint("C", i), Cells: 9}
		var ha float64
		if n, err := fmt.Sscan(text, &c.AdmName, &c.Layer, &c.ZoneName, &c.ChangeZH, &c.Severity, &ha); n != 6 {
			t.Fatal(text, err)
		}
		c.AdmName = strings.Trim(c.AdmName, "-")
		c.AdmCode, c.Change, c.AreaM2 = c.AdmName, c.ChangeZH, ha*redline.M2PerHa
		all.add(&c)
	}
	return all
}

// TestRankedStandings: more critical candidates are worse than any number of others; then the next severity counts, then area.
func TestRankedStandings(t *testing.T) {
	all := judged(t, "甲 reserve 一区 建设 3 100", "甲 reserve 一区 建设 3 100", "乙 reserve 二区 开垦 4 0.5",
		"丙 redline 一线 建设 3 1", "丙 redline 一线 建设 3 1", "丁 redline 一线 建设 4 0.25", "丁 redline 一线 建设 1 0.25")
	var names []string
	for _, s := range all.byCounty.ranked() {
		names = append(names, s.name)
	}
	if want := []string{"丁", "乙", "甲", "丙"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if got := all.byReserve.ranked()[1].String(); got != "一区（2 个、200.00 公顷，其中较重 2 个）" {
		t.Error(got)
	}
}

// TestSeverityTable: each candidate counts in one row, and the total is that of all.
func TestSeverityTable(t *testing.T) {
	var p page
	p.severityTable(judged(t, "甲 reserve 一区 建设 4 1000.5", "甲 reserve 一区 建设 2 0.004", "- redline 一线 开垦 4 1"))
	if want := (severityRow{"甲", []string{"1", "1,000.50", "0", "0.00", "1", "0.00", "0", "0.00", "2", "1,000.50"}}); len(p.SeverityRows) != 2 ||
		p.SeverityRows[0].Name != want.Name || !slices.Equal(p.SeverityRows[0].Cells, want.Cells) || p.SeverityRows[1].Name != redline.NoCounty {
		t.Errorf("rows %v", p.SeverityRows)
	}
	if want := []string{"2", "1,001.50", "0", "0.00", "1", "0.00", "0", "0.00", "3", "1,001.50"}; !slices.Equal(p.SeverityTotal.Cells, want) {
		t.Errorf("total %v", p.SeverityTotal)
	}

	var many []string
	for i := range mostCounties + 5 {
		many = append(many, fmt.Sprintf("县%03d reserve 一区 建设 4 %d", i, 1000-i))
	}
	p = page{}
	p.severityTable(judged(t, many...))
	if rest := p.SeverityRows[len(p.SeverityRows)-1]; len(p.SeverityRows) != mostCounties || rest.Name != "其余 6 个" || rest.Cells[0] != "6" {
		t.Errorf("%d rows, the last %v", len(p.SeverityRows), rest)
	}

	p = page{}
	p.severityTable(judged(t, "- redline 一线 开垦 4 1"))
	if p.SeverityRows != nil || p.SeverityTotal.Name != "全区" || p.SeverityTotal.Cells[0] != "1" {
		t.Errorf("without counties: %v, %v", p.SeverityRows, p.SeverityTotal)
	}
}

func TestSummary(t *testing.T) {
	zone := func(total, outside float64) redline.ZoneTotal {
		return redline.ZoneTotal{TotalM2: total, OutsideM2: outside}
	}
	sum := &redline.Summary{YearA: 2015, YearB: 2020, Zones: make([]redline.ZoneTotal, 1200)}
	for _, c := range []struct {
		name, region string
		zones        []redline.ZoneTotal
		candidates   []string
		want         string
	}{
		{"nothing", "", []redline.ZoneTotal{zone(1, 0)}, nil, "2015 年至 2020 年，1 个管控区内没有发现候选图斑。管控区全部看过。"},
		{"nothing, and not all seen", "某市", []redline.ZoneTotal{zone(1, 1), zone(9, 1), zone(9, 0)}, nil,
			"2015 年至 2020 年，某市 3 个管控区内没有发现候选图斑。有 1 个管控区没有看过，1 个管控区只看过一部分：没有看过的地方不能作为没有问题的依据。"},
		{"some", "某市", []redline.ZoneTotal{zone(1, 0)}, []string{"甲 reserve 一区 建设 4 1000.5", "乙 redline 一线 开垦 3 2", "乙 redline 一线 开垦 3 2"},
			"2015 年至 2020 年，某市 1 个管控区内发现候选图斑 3 个、1,004.50 公顷：严重 1 个，较重 2 个，一般 0 个，提示 0 个。最重的县（区、市）为甲（1 个、1,000.50 公顷，其中严重 1 个）；" +
				"自然保护地为一区（1 个、1,000.50 公顷，其中严重 1 个）；生态保护红线为一线（2 个、4.00 公顷，其中较重 2 个）；变化类型为建设（1 个、1,000.50 公顷，其中严重 1 个）。管控区全部看过。"},
		{"no counties", "", []redline.ZoneTotal{zone(1, 0)}, []string{"- reserve 一区 建设 4 1"},
			"2015 年至 2020 年，1 个管控区内发现候选图斑 1 个、1.00 公顷：严重 1 个，较重 0 个，一般 0 个，提示 0 个。" +
				"最重的自然保护地为一区（1 个、1.00 公顷，其中严重 1 个）；变化类型为建设（1 个、1.00 公顷，其中严重 1 个）。管控区全部看过。"},
	} {
		all := judged(t, c.candidates...)
		sum.Zones, sum.Candidates, sum.CandidateM2 = c.zones, int64(len(c.candidates)), 0
		for s, n := range all.bySeverity {
			sum.BySeverity[s] = n.Count
			sum.CandidateM2 += float64(n.Ha) * redline.M2PerHa
		}
		if got := summary(sum, c.region, all); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestOnlyArea: the only county, or the city of all counties, names the report, unless a candidate lies outside.
func TestOnlyArea(t *testing.T) {
	one := []redline.Area{{Code: "340101", Name: "甲县"}}
	city := append(one, redline.Area{Code: "340102", Name: "乙县"})
	two := append(city, redline.Area{Code: "350101", Name: "丙县"})
	units := []redline.UnitSurvey{{Unit: redline.Unit{Level: redline.LevelCity, Code: "340100", Name: "某市"}}}
	for _, c := range []struct {
		name  string
		admin []redline.Area
		in    string
		want  string
	}{{"no counties", nil, "甲县", ""}, {"one county", one, "甲县", "甲县"}, {"a candidate outside", one, "-", ""},
		{"one city", city, "甲县", "某市"}, {"two cities", two, "甲县", ""}} {
		found := &findings.Findings{Inputs: &redline.Inputs{Admin: c.admin}, Summary: &redline.Summary{Survey: &redline.Survey{Units: units}}}
		if got := onlyArea(found, judged(t, c.in+" reserve 一区 建设 4 1")); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
