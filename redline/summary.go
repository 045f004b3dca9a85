package redline

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// M2PerHa is how many square metres a hectare has.
const M2PerHa = 1e4

// Percent is the share of part in whole, in %, rounded to two decimals: the rule by which every output writes shares.
// Only all of it is 100, and only nothing is 0. The share of nothing is 0.
func Percent(part, whole float64) float64 {
	switch {
	case part == 0 || whole == 0:
		return 0
	case part == whole:
		return 100
	}
	pct := math.Round(1e4*part/whole) / 100
	if part > 0 && part < whole {
		pct = min(max(pct, 0.01), 99.99)
	}
	return pct
}

// ZonesDated tells whether some zone has a date.
func (s *Summary) ZonesDated() bool {
	return slices.ContainsFunc(s.Zones, func(z ZoneTotal) bool { return z.Zone.Since != Date{} })
}

// SeenPct is the share of the zone that lies on cells valid in both epochs, in %; see [Percent]. What is missing and
// smaller than [VisibleM2] counts as none.
func (z *ZoneTotal) SeenPct() float64 { return SeenPct(z.TotalM2, z.OutsideM2+z.NoDataM2) }

// SeenPct is the share in % of a zone that is seen when so much of it is missing, as [SeenOf] judges.
func SeenPct(totalM2, missingM2 float64) float64 {
	switch SeenOf(totalM2, missingM2) {
	case SeenWhole:
		return 100
	case SeenNot:
		return 0
	}
	return Percent(totalM2-missingM2, totalM2)
}

// Transition totals one ordered pair of codes, or of ecosystem classes.
type Transition struct {
	From, To landcover.Class // for ecosystem totals only Ecosystem is set
	Cells    int64
	AreaM2   float64
	Change   string // name of the change type, "" when no rule covers the transition or nothing changed
}

// ChangeTotal totals one change type over the whole grid.
type ChangeTotal struct {
	Change, ChangeZH string
	Cells, Patches   int64
	AreaM2           float64
}

// ZoneTotal is what a run says of one zone, also of a zone without any change.
type ZoneTotal struct {
	Zone         *Zone
	TotalM2      float64 // area of the whole zone
	OutsideM2    float64 // its part outside the common grid
	NoDataM2     float64 // its part on cells that are NoData in either epoch
	ControlledM2 float64 // its part inside the grid that this zone controls
	ChangedM2    float64 // controlled area that changed, under any change type; summed over cells, not over candidates
	UnruledM2    float64 // controlled area whose transition no rule covers
	CandidateM2  float64 // sum of the candidates' areas
	SuppressedM2 float64 // sum of the suppressed changes' areas
	Candidates   int64
	Suppressed   int64
	Controlled   orb.MultiPolygon // what ControlledM2 measures, in lattice coordinates
	Inside       InsideTotal      // the same for all ground of the zone, whoever controls it
}

// InsideTotal is what lies inside a zone, whoever controls the ground. Zones overlap, so these numbers do not sum over
// zones: a candidate counts in every zone that it touches, with the area that lies there.
type InsideTotal struct {
	Candidates   int64
	Suppressed   int64
	CandidateM2  float64
	SuppressedM2 float64
	UnruledM2    float64 // change that no rule covers
}

// ChangedM2 is the area that changed, by any transition.
func (i *InsideTotal) ChangedM2() float64 { return i.CandidateM2 + i.SuppressedM2 + i.UnruledM2 }

// Words is a text in two languages: in English for programs and analysts, in Chinese for officials and reviewers.
type Words struct{ EN, ZH string }

// Check is one balance that must hold before a run may be published.
type Check struct {
	Name        Words
	Left, Right float64
	Tolerance   float64 // by how much the two may differ, absolute
	OK          bool    // they differ by no more than that
}

// NewCheck compares two numbers that may differ by tolerance, that included.
func NewCheck(name Words, left, right, tolerance float64) Check {
	return Check{name, left, right, tolerance, math.Abs(left-right) <= tolerance}
}

// Summary is what a run found, apart from the candidates themselves.
type Summary struct {
	Grid                      raster.Grid // the common grid
	YearA, YearB              int
	Cells                     int64        // cells of the grid
	ValidCells                int64        // cells that are valid in both epochs
	NoDataCells               int64        // cells that are NoData in either epoch
	ChangedCells              int64        // valid cells whose ecosystem class differs
	UnruledCells              int64        // changed cells whose transition no rule covers
	CodeChangedCells          int64        // valid cells whose code differs; −1 when the epochs have different legends
	Codes                     []Transition // every pair that occurs, sorted by (from, to) code
	Ecosystems                []Transition // every pair that occurs, in table order
	Changes                   []ChangeTotal
	Zones                     []ZoneTotal // parallel to Inputs.Zones
	Candidates, Suppressed    int64
	CandidateM2, SuppressedM2 float64
	KeptPatches               int64                // patches of which a part is a kept candidate
	KeptPatchCells            int64                // cells of these, inside zones and outside
	BySeverity                [NumSeverities]int64 // kept candidates
	ByReason                  map[Reason]int64     // suppressed changes
	Checks                    []Check
	Survey                    *Survey   // nil unless Options.Survey
	Overview                  *Overview // nil unless Options.Survey
}
