package follow

import (
	"strconv"

	"greenshield/raster"
)

// Finding is what stands there now.
type Finding string

// The findings.
const (
	Still    Finding = "still"    // 仍存在
	Restored Finding = "restored" // 已恢复
	Partly   Finding = "partly"   // 部分恢复
	Unseen   Finding = "unseen"   // 未覆盖
)

// Suspicion is what a person has to look into.
type Suspicion string

// The suspicions.
const (
	Rebound            Suspicion = "rebound"             // 疑似反弹
	FalseRectification Suspicion = "false_rectification" // 疑似虚假整改
)

// Settings are the thresholds, in % of ground. A share that equals one reaches it.
type Settings struct {
	StillPct    float64 // bad, of the ground that is seen
	RestoredPct float64 // from before, of the ground that is seen
	ReboundPct  float64 // bad, of all ground: from there on it is bad again
	ReboundM2   float64 // and from this area on
	FalsePct    float64 // bad, of all ground: from there on nothing was cleared
}

// Defaults returns the usual settings; minM2 is the minimum area of a patch.
func Defaults(minM2 float64) Settings {
	return Settings{StillPct: 70, RestoredPct: 70, ReboundPct: 30, ReboundM2: minM2, FalsePct: 70}
}

// reaches tells that part is at least pct % of whole.
func reaches(part, whole raster.Area, pct float64) bool {
	return part.M2()*100 >= whole.M2()*pct*(1-1e-9)
}

// Finding judges the ground of a case. It is unseen when more than half of it is not seen. It is restored when enough
// of it is from before and less is bad than would be a rebound.
func (s Settings) Finding(g *Ground) Finding {
	seen := g.Bad
	seen.Add(g.Before)
	seen.Add(g.Other)
	switch {
	case seen.Less(g.NoData) || seen == (raster.Area{}):
		return Unseen
	case reaches(g.Bad, seen, s.StillPct):
		return Still
	case reaches(g.Before, seen, s.RestoredPct) && !reaches(g.Bad, seen, s.ReboundPct):
		return Restored
	}
	return Partly
}

// Claims is what was said of a case. Days are such as 2021-03-01, "" for what nobody has said.
type Claims struct {
	Reported  string // day on which it was reported as rectified
	StruckOff string // day on which it was struck off, if it is
	Clearing  bool   // the measure means that nothing of it stands there any more: 退出, 拆除, 生态修复
	// Gone tells that a follow-up since then has found it no longer bad, so that what is bad now is so again.
	Gone bool
}

// Suspect returns what the ground of a case, as a raster of that year shows it, gives reason to suspect:
//
//   - a rebound, when the case was struck off in an earlier year, as cleared or seen to be gone, and at least
//     ReboundPct and ReboundM2 of it are bad;
//   - a false rectification, when it was reported as cleared, or struck off so, in an earlier year, was not seen to be
//     gone since, and at least FalsePct of it are bad.
//
// A raster of the same year as a claim, or an older one, may be from before it and says nothing of it.
func (s Settings) Suspect(g *Ground, year int, c Claims) (all []Suspicion) {
	total := g.Total()
	if laterThan(year, c.StruckOff) && (c.Clearing || c.Gone) && g.Bad != (raster.Area{}) &&
		reaches(g.Bad, total, s.ReboundPct) && g.Bad.M2() >= s.ReboundM2*(1-1e-9) {
		all = append(all, Rebound)
	}
	if (laterThan(year, c.Reported) || laterThan(year, c.StruckOff)) && c.Clearing && !c.Gone &&
		g.Bad != (raster.Area{}) && reaches(g.Bad, total, s.FalsePct) {
		all = append(all, FalseRectification)
	}
	return all
}

// laterThan tells that a year lies after a day. No year lies after a day that nobody has said, or that is none.
func laterThan(year int, day string) bool {
	if len(day) < len("2006-") || day[4] != '-' {
		return false
	}
	of, err := strconv.Atoi(day[:4])
	return err == nil && year > of
}
