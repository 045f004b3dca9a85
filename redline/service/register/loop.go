package register

import (
	"greenshield/redline/ledger"
)

// loop is where a case stands on its way from being found to being struck off.
type loop struct {
	state              ledger.State
	county, countyName string
	merged             string // case that it was merged into
	judged, problem    bool
	rectified          bool // reported as rectified, and not sent back since
	suspicion          string
	rebounds, leads    int
}

func loopOf(c *ledger.Case) loop {
	verdict := c.Get(ledger.FieldVerdict)
	v, _ := ledger.Shipped().Verdict(verdict)
	l := loop{state: c.State, county: c.Get(ledger.FieldCounty), countyName: c.Get(ledger.FieldCountyName),
		merged: c.MergedInto, judged: verdict != "" && verdict != string(ledger.Unreviewed),
		problem: v.Outcome == ledger.Problem, suspicion: c.Suspicion, rebounds: c.Rebounds, leads: c.Leads}
	switch c.State {
	case ledger.Submitted, ledger.CountyOK, ledger.CityOK, ledger.ProvinceOK, ledger.Recorded, ledger.Publicity,
		ledger.StruckOff:
		l.rectified = true
	}
	return l
}
