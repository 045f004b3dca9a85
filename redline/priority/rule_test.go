package priority

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"greenshield/redline"
)

// unknown are features of which nothing is known.
func unknown() (f Features) {
	for i := range f {
		f[i] = math.NaN()
	}
	return f
}

// TestSimpleRule: each row of the shipped rule by a value in its midst and at its lower end. want is the sum of the
// weights with the base, and the one reason.
func TestSimpleRule(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		feature Feature
		values  []float64
		weight  float64
		why     string
	}{
		{AgreeN, []float64{2, 5}, 2.5, "至少两种其他地图也显示同类变化"},
		{AgreeN, []float64{1}, 1.5, "有一种其他地图也显示同类变化"},
		{AgreeN, []float64{0}, -1.5, "其他地图都没有显示同类变化"},
		{AgainstN, []float64{2, 3}, -0.5, "至少两种其他地图没有显示同类变化"},
		{AgainstN, []float64{0, 1}, 0, ""},
		{StaysPct, []float64{80, 100}, 1, "最新地图上基本保持变化后的地类"},
		{StaysPct, []float64{50, 79.9}, 0, ""},
		{StaysPct, []float64{20, 49.9}, -0.5, "最新地图上只有小部分保持变化后的地类"},
		{StaysPct, []float64{0, 19.9}, -1.5, "最新地图上已看不到这一变化"},
		{EdgePct, []float64{80, 100}, -1.5, "沿原有同类地边缘，错动一个像元就能解释"},
		{EdgePct, []float64{50, 79.9}, -0.5, "多半沿原有同类地边缘"},
		{EdgePct, []float64{20, 49.9}, 0, ""},
		{EdgePct, []float64{0, 19.9}, 0.5, "变化不在原有同类地边缘"},
		{Cells, []float64{1, 3}, -1, "图斑很小，不足4个像元"},
		{Cells, []float64{4, 8}, -0.3, "图斑较小，不足9个像元"},
		{Cells, []float64{9, 49}, 0, ""},
		{Cells, []float64{50, 1e8}, 0.7, "图斑较大，至少50个像元"},
		{Width, []float64{1, math.Sqrt2}, -1, "图斑很窄，宽不足2个像元"},
		{Width, []float64{2, 2.9}, 0, ""},
		{Width, []float64{3, 4.9}, 0.4, "图斑较宽，至少3个像元"},
		{Width, []float64{5, 64}, 0.8, "图斑很宽，至少5个像元"},
		{Compact, []float64{0, 14.9}, -0.5, "形状零碎"},
		{Compact, []float64{15, 59.9}, 0, ""},
		{Compact, []float64{60, 100}, 0.3, "形状规整"},
		{Confused, []float64{20, 100}, -1, "该产品常混淆这两类地"},
		{Confused, []float64{8, 19.9}, -0.5, "该产品有时混淆这两类地"},
		{Confused, []float64{0, 7.9}, 0, ""},
		{NearM, []float64{0, 499}, 0, ""},
		{NearM, []float64{500, inf}, -0.2, "附近原来没有同类地"},
		{LeadM, []float64{0, 49.9}, 2, "线索所指的地点就在此处"},
		{LeadM, []float64{50, 299.9}, 0.8, "附近有线索所指的地点"},
		{LeadM, []float64{300, inf}, 0, ""},
		{DateGrade, []float64{1}, 1, "逐年地图上只变化一次，前后稳定"},
		{DateGrade, []float64{2}, 0, ""},
		{DateGrade, []float64{3}, -0.5, "逐年地图上反复变化，只知区间"},
		{DateGrade, []float64{4}, -1.2, "逐年地图上看不出何时变化"},
		{Flicker, []float64{1}, -0.8, "逐年地图上来回变化"},
		{Flicker, []float64{0}, 0, ""},
	} {
		card := Simple().Card("natural>built")
		for _, v := range c.values {
			f := unknown()
			f[c.feature] = v
			if got := card.LogOdds(f); math.Abs(got-(c.weight-2)) > 1e-12 {
				t.Errorf("%s %v: log-odds %v, want %v", c.feature, v, got, c.weight-2)
			}
			if got := card.Score(f).Why; got != c.why {
				t.Errorf("%s %v: why %q, want %q", c.feature, v, got, c.why)
			}
		}
	}
	if got := *Simple().Card("").Score(unknown()); got != (redline.Priority{Score: 12}) {
		t.Errorf("of nothing follows %+v", got)
	}
}

// TestSimpleRuleIsReadable: why is Chinese without units of the machine, and short enough for a column.
func TestSimpleRuleIsReadable(t *testing.T) {
	why := regexp.MustCompile(`^[\p{Han}0-9，]{4,20}$`)
	seen := map[string]bool{}
	for _, b := range Simple().Default.Bands {
		if !why.MatchString(b.Why) || seen[b.Why] {
			t.Errorf("%s: %q", b.Feature, b.Why)
		}
		seen[b.Why] = true
	}
}

func TestSimpleIsAProposal(t *testing.T) {
	if m := Simple(); m.Name != "simple" || len(m.SHA256) != 64 || len(m.Groups) != 0 {
		t.Errorf("%+v", m)
	}
}

func TestParseCardFaults(t *testing.T) {
	const head = "feature,from,to,weight,why\n"
	for table, want := range map[string]string{
		head + "cells,1,2,1,小\n":                                "x: there is no row base",
		head + "base,,,1,\nbase,,,1,\n":                         "x:3: there is one row base, which has a weight alone",
		head + "base,1,,1,\n":                                   "x:2: there is one row base, which has a weight alone",
		head + "base,,,,\n":                                     `x:2: weight "" is no number`,
		head + "base,,,inf,\n":                                  `x:2: weight "inf" is no number`,
		head + "base,,,1,\nmoon,1,2,1,满\n":                      `x:3: there is no feature "moon"`,
		head + "base,,,1,\ncells,a,2,1,小\n":                     `x:3: from "a" is no number`,
		head + "base,,,1,\ncells,1,2,,小\n":                      `x:3: weight "" is no number`,
		head + "base,,,1,\ncells,1,2,1,\n":                      "x: band 1: the band of cells from 1 to 2 does not say why, in one line",
		head + "base,,,1,\ncells,1,3,1,小\ncells,2,,1,大\n":       "x: two bands of cells hold the value 2",
		head + "base,,,1,\ncells,,3,1,小\ncells,,2,1,大\n":        "x: two bands of cells hold the value -Inf",
		head + "base,,,1,\ncells,2,2,1,小\n":                     "x: band 1: cells from 2 to 2 holds no value",
		"feature,weight\nbase,1\n":                              "x:1: the columns are",
		head + "base,,,1,\ncells,1,2,1,小,x\n":                   "x:3: 6 fields",
		strings.Replace(head, "why", "reason", 1) + "base,,,1,": "x:1: the columns are",
	} {
		if _, err := ParseCard("x", []byte(table)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", table, err, want)
		}
	}
}
