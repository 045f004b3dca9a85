package follow

import (
	"math"
	"strconv"

	"greenshield/raster"
	"greenshield/redline/ledger"
)

// Settings are the thresholds of findings, in % of the ground that is seen. A share that equals one reaches it.
type Settings struct {
	StillPct    float64 // bad
	RestoredPct float64 // from before
	BadPct      float64 // bad: from there on it is not restored
}

// Defaults returns the usual settings.
func Defaults() Settings { return Settings{StillPct: 70, RestoredPct: 70, BadPct: 30} }

// reaches tells that part is at least pct % of whole.
func reaches(part, whole raster.Area, pct float64) bool {
	return part.M2()*100 >= whole.M2()*pct*(1-1e-9)
}

// Finding judges the ground of a case: [ledger.Still], [ledger.Restored], [ledger.Partly], or [ledger.Unseen] when more
// than half of it is not seen.
func (s Settings) Finding(g *Ground) string {
	seen := g.Bad
	seen.Add(g.Before)
	seen.Add(g.Other)
	switch {
	case seen.Less(g.NoData) || seen == (raster.Area{}):
		return ledger.Unseen
	case reaches(g.Bad, seen, s.StillPct):
		return ledger.Still
	case reaches(g.Before, seen, s.RestoredPct) && !reaches(g.Bad, seen, s.BadPct):
		return ledger.Restored
	}
	return ledger.Partly
}

// Percent returns the share that a part is of the whole as a text: in %, of four digits after the point, rounded down,
// so that no share seems to reach what it does not.
func Percent(part, whole raster.Area) string {
	if part == (raster.Area{}) || whole == (raster.Area{}) {
		return "0"
	}
	return strconv.FormatFloat(math.Floor(part.M2()/whole.M2()*1e6*(1+1e-9))/1e4, 'f', -1, 64)
}

// Fields returns the fields of a follow-up that say what stands on the ground: the finding, the shares of the whole
// ground, and the area that is bad.
func (s Settings) Fields(g *Ground) map[string]string {
	total := g.Total()
	return map[string]string{
		ledger.FieldFinding: s.Finding(g), ledger.FieldShareBad: Percent(g.Bad, total),
		ledger.FieldShareOld: Percent(g.Before, total), ledger.FieldShareOth: Percent(g.Other, total),
		ledger.FieldShareNo: Percent(g.NoData, total),
		ledger.FieldBadM2:   strconv.FormatFloat(math.Round(g.Bad.M2()*100)/100, 'f', -1, 64),
	}
}
