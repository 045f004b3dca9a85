package ledgerwork

import (
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
	"greenshield/redline/priority"
)

// printed is a number as candidates.geojson has it: "null" for none, "" where there is no such column.
type printed string

// UnmarshalJSON takes the number as it is printed.
func (p *printed) UnmarshalJSON(text []byte) error {
	*p = printed(text)
	return nil
}

// examined is what is read of a candidate in candidates.geojson that bears on whether its change is real.
type examined struct {
	AgreePct printed `json:"agree_pct"`
	AgreeN   int     `json:"agree_n"`
	AgreeOf  int     `json:"agree_of"`
	StaysPct printed `json:"stays_pct"`
	EdgePct  printed `json:"edge_pct"`
	Cells    printed `json:"cells"`
	Width    printed `json:"width"`
	Compact  printed `json:"compact"`
	Confused printed `json:"confused"`
	NearM    printed `json:"near_m"`
	LeadM    printed `json:"lead_m"`
	Grade    string  `json:"date_grd"`
	Flags    string  `json:"flags"`
}

// lookedFor tells which distances a run looked for.
type lookedFor struct {
	near  bool // all of near_m, not only where it is 0
	leads bool // the ledger that was asked had places of leads
}

// features returns the features of the candidate as a ledger keeps them. A distance that has a column, but no number,
// is farther than the run looked: "inf"; it is not known when the run did not look for it.
func (e *examined) features(looked lookedFor) map[string]string {
	f := make(map[string]string, 8)
	put := func(of priority.Feature, p printed, none string) {
		if p == "null" {
			p = printed(none)
		}
		if p != "" {
			f[of.String()] = string(p)
		}
	}
	put(priority.EdgePct, e.EdgePct, "")
	put(priority.Cells, e.Cells, "")
	put(priority.StaysPct, e.StaysPct, "")
	put(priority.Width, e.Width, "")
	put(priority.Compact, e.Compact, "")
	put(priority.Confused, e.Confused, "")
	if looked.near || e.NearM != "null" {
		put(priority.NearM, e.NearM, priority.Beyond)
	}
	if looked.leads || e.LeadM != "null" {
		put(priority.LeadM, e.LeadM, priority.Beyond)
	}
	if e.AgreeOf > 0 {
		put(priority.AgreePct, e.AgreePct, "")
		put(priority.AgreeN, printed(strconv.Itoa(e.AgreeN)), "")
		put(priority.AgainstN, printed(strconv.Itoa(e.AgreeOf-e.AgreeN)), "")
	}
	for _, g := range redline.Grades() {
		if g.String() != e.Grade {
			continue
		}
		flicker := "0"
		if slices.Contains(strings.Split(e.Flags, ";"), redline.FlagFlicker) {
			flicker = "1"
		}
		put(priority.DateGrade, printed(strconv.Itoa(int(g))), "")
		put(priority.Flicker, printed(flicker), "")
	}
	return f
}
