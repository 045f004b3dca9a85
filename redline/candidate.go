package redline

import (
	"cmp"

	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// Flags of a candidate.
const (
	FlagEdge       = "EDGE"                // a shift of one cell between the epochs explains at least 80 % of the patch
	FlagSliver     = "SLIVER"              // narrower than a cell after clipping
	FlagNoData     = "TOUCHES_NODATA"      // a cell of the patch has a NoData neighbour, of 8
	FlagRasterEdge = "TOUCHES_RASTER_EDGE" // a cell of the patch lies on the edge of the common grid
	FlagExempt     = "EXEMPT"              // an exemption polygon covers the candidate
	FlagFlicker    = "FLICKER"             // more than half of its ground has the grades C or D
)

// Flags lists all flags in the order in which candidates have them.
func Flags() []string {
	return []string{FlagEdge, FlagSliver, FlagNoData, FlagRasterEdge, FlagExempt, FlagFlicker}
}

var flagsChinese = map[string]string{
	FlagEdge: "可由错位解释", FlagSliver: "裁切后窄于一个像元", FlagNoData: "与无数据相接",
	FlagRasterEdge: "与数据边缘相接", FlagExempt: "在已批准项目内", FlagFlicker: "年际反复",
}

// FlagChinese returns a flag in Chinese, and "" for what is none.
func FlagChinese(flag string) string { return flagsChinese[flag] }

// FlagsChinese returns flags in Chinese. What is none stays as it is.
func FlagsChinese(of []string) []string {
	words := make([]string, len(of))
	for i, f := range of {
		words[i] = cmp.Or(FlagChinese(f), f)
	}
	return words
}

// Candidate is one patch ∩ the territory that one zone controls: a lead (自动变化检测图斑) that a person has still to
// judge. A text that is not known is "".
type Candidate struct {
	ID, PatchID                 string
	YearA, YearB                int
	Change, ChangeZH            string
	FromEco, FromCode, FromName string // class before of the transition with the largest area in the candidate
	ToEco, ToCode, ToName       string // class after of that transition
	FromMix                     string // shares of the ecosystem classes before, % of area: "forest:62;cropland:38"
	Severity                    Severity
	RuleID, Activity, Basis     string
	Layer, ZoneID, ZoneName     string // the controlling zone
	ZoneType, FuncZone, ZoneLvl string
	ZonesAll                    []string // ids of all zones that cover some of it, the controlling zone first
	AreaM2, PatchM2             float64  // ellipsoidal areas of the candidate and of the whole patch
	Cells                       int64    // cells of the whole patch
	// EdgeCells counts those of Cells of which one of the 8 neighbours had before the ecosystem class that they have
	// after.
	EdgeCells        int64
	ExemptM2         float64 // area of the candidate that exemptions cover
	AdmCode, AdmName string  // the county that holds Lon, Lat
	Lon, Lat         float64 // degrees; a point inside the candidate
	Flags            []string
	Reason           Reason           // why the candidate is suppressed, "" when it is kept
	Geometry         orb.MultiPolygon // degrees with 7 decimals, RFC 7946 orientation; nil when suppressed
	// Dated is when the ground changed, nil when it was not dated: without maps between the epochs, and of changes that
	// are too small or not serious enough for a candidate.
	Dated     *Dated
	ZoneSince Date   // of the controlling zone
	VsZone    VsZone // "" when no zone of the run has a date
	// Evidence bears on whether the change is real, Priority follows from it; both are nil when suppressed, and when
	// nobody asked for them.
	Evidence *Evidence
	Priority *Priority
	// Known is what a ledger knows of the place, nil when none was asked, or not yet.
	Known *Known
	Alike Alike
	// Patch is the whole patch, on the first kept candidate of each patch when the engine hands it to a sink; else nil.
	Patch *Patch
}

// Alike says which values a candidate has of those that many candidates have in common: candidates of one run with the
// same number in a member have the same in all fields named beside it, whatever else differs. So who keeps these values
// once need not compare texts. Numbers begin at 1, and are about as small as they can be; 0 says nothing.
type Alike struct {
	Transition uint32 // YearA, YearB, Change, ChangeZH, and all fields of the classes before and after but FromMix
	Rule       uint32 // Severity, RuleID, Activity, Basis
	Zone       uint32 // Layer, ZoneID, ZoneName, ZoneType, FuncZone, ZoneLvl
	County     uint32 // AdmCode, AdmName
	Flags      uint32
}

// Patch is the cells of a patch, before zones cut it.
type Patch struct {
	ID    string
	Group string      // transition group, see [ChangeType.Group]
	Cells []trace.Run // row by row, in a row from west to east; none touch
}

// Key orders candidates: by the first cell of the patch (by row, then column), then by the rank of the controlling zone
// in the order of precedence. No two candidates of a run have the same key.
type Key struct{ Row, Col, Zone int32 }

// Overlap is the area that a candidate shares with one zone, controlling or not.
type Overlap struct {
	Zone   int // position in Inputs.Zones
	AreaM2 float64
}
