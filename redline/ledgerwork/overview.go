package ledgerwork

import (
	"greenshield/redline/ledger"
	"greenshield/redline/page"
	"greenshield/redline/sheets"
)

// Overview is how a ledger stands, without the cases that have nothing to be looked at: parts of ledger.html and tables
// of ledger.xlsx, the very same.
type Overview struct {
	Title, Summary string
	Figures        []page.Figure
	Funnel, States []page.Step
	Stages         []PlaceStages // parallel to the rows of Places
	// Places are the totals by place without the score. Its first column is the code of the place, "" for all.
	Places, Overdue, Rebounds, False, News sheets.Table
}

// Stage is how far a case has come; each case is at one.
type Stage int

// The stages, in the order of the way.
const (
	Unjudged    Stage = iota // nobody has judged it
	NoProblem                // judged: it is none, or nobody can say
	ToRectify                // a problem that is not reported as rectified, or was sent back
	Rectified                // reported as rectified, not struck off yet
	AllDone                  // struck off
	NumOfStages = iota
)

// StageOf returns how far a case has come.
func StageOf(c *ledger.Case) Stage {
	v, _ := ledger.Shipped().Verdict(verdictOf(c))
	switch c.State {
	case ledger.StruckOff:
		return AllDone
	case ledger.Submitted, ledger.CountyOK, ledger.CityOK, ledger.ProvinceOK, ledger.Recorded, ledger.Publicity:
		return Rectified
	}
	switch {
	case v.Outcome == ledger.Problem:
		return ToRectify
	case verdictOf(c) != string(ledger.Unreviewed):
		return NoProblem
	}
	return Unjudged
}

// PlaceStages counts the cases of a place by stage.
type PlaceStages struct {
	City, All bool // a city, or all cases together; a county otherwise
	Counts    [NumOfStages]int64
}

// OverviewOf returns how a ledger stands.
func OverviewOf(st *Standing) *Overview {
	places, all := st.tallies()
	o := st.overview(all)
	for _, t := range Report(st, Score{weights: make([]float64, len(indicators))}) {
		switch t.Name {
		case "汇总":
			o.Places = unscored(t)
		case "超期":
			o.Overdue = t
		case "疑似反弹":
			o.Rebounds = t
		case "疑似虚假整改":
			o.False = t
		case "新近变化":
			o.News = t
		}
	}
	for _, t := range append(places, all) {
		o.Stages = append(o.Stages, PlaceStages{City: t.city, All: t == all, Counts: t.stages})
	}
	return o
}

// overview returns what stands at the head of the page.
func (st *Standing) overview(all *tally) *Overview {
	return &Overview{Title: st.title(), Summary: st.summary(all), Figures: st.figures(all), Funnel: st.funnel(all),
		States: st.states()}
}

// unscored returns the totals without the score, which is their last column.
func unscored(t sheets.Table) sheets.Table {
	last := len(t.Columns) - 1
	t.Columns, t.Note = t.Columns[:last], ""
	for i := range t.Rows {
		t.Rows[i] = t.Rows[i][:last]
	}
	return t
}
