package redline

import (
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/landcover"
)

// Transition totals one ordered pair of codes, or of ecosystem classes.
type Transition struct {
	From, To landcover.Class // for ecosystem totals only Ecosystem is set
	Cells    int64
	AreaM2   float64
	Change   string // name of the change type, "" when no rule covers the transition
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
	TotalM2      float64 // the whole zone
	OutsideM2    float64 // of it outside the common grid
	NoDataM2     float64 // of it on cells that are NoData in either epoch
	ControlledM2 float64 // of it controlled by this zone, inside the grid
	ChangedM2    float64 // controlled area that changed, under any change type; found as a coverage sum
	UnruledM2    float64 // controlled area whose transition no rule covers
	CandidateM2  float64 // candidates' areas
	SuppressedM2 float64
	Candidates   int64
	Suppressed   int64
	Controlled   orb.MultiPolygon // what ControlledM2 measures, in lattice coordinates
}

// Check is one balance that must hold before a run may be published.
type Check struct {
	Name        string
	Left, Right float64
	Tolerance   float64 // absolute
	OK          bool
}

// Summary is what a run found, apart from the candidates themselves.
type Summary struct {
	Grid                      raster.Grid // the common grid
	YearA, YearB              int
	Cells                     int64        // of the grid
	ValidCells                int64        // valid in both epochs
	NoDataCells               int64        // NoData in either epoch
	ChangedCells              int64        // ecosystem class differs
	UnruledCells              int64        // ecosystem differs, but no rule covers the transition
	Codes                     []Transition // every pair that occurs, sorted by (from, to) code
	Ecosystems                []Transition // every pair that occurs, in table order
	Changes                   []ChangeTotal
	Zones                     []ZoneTotal // as Inputs.Zones
	Candidates, Suppressed    int64
	CandidateM2, SuppressedM2 float64
	BySeverity                [5]int64 // kept candidates
	ByReason                  map[string]int64
	Checks                    []Check
	Survey                    *Survey   // nil unless Options.Survey
	Overview                  *Overview // likewise
}
