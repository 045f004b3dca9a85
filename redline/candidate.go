package redline

import "github.com/paulmach/orb"

// Flags of a candidate.
const (
	FlagEdge        = "EDGE"                // a shift by one cell between the epochs would explain at least 80 % of the patch
	FlagSliver      = "SLIVER"              // narrower than a cell after clipping
	FlagNoData      = "TOUCHES_NODATA"      // a cell of the patch has a NoData neighbour, of 8
	FlagRasterEdge  = "TOUCHES_RASTER_EDGE" // a cell of the patch lies on the edge of the common grid
	FlagExempt      = "EXEMPT"              // an exemption polygon covers the candidate
	VerdictInitial  = "unreviewed"          // a reviewer has still to judge
	ReasonSeverity0 = "severity_0"          // the rule table says: not a candidate
	ReasonSeverity  = "below_min_severity"
	ReasonArea      = "below_min_area" // the patch is smaller than the minimum mapping unit
	ReasonPart      = "below_min_part" // the part inside the zone is too small
	ReasonShape     = "no_valid_shape" // with 7 decimals its outline touches itself, whatever is done
)

// Candidate is one patch ∩ the territory that one zone controls: a lead (自动变化检测图斑)
// that a person has still to judge. Reason is empty for a kept candidate and says
// why a suppressed one was not kept. Text fields are never nil or "null".
type Candidate struct {
	ID, PatchID                 string
	YearA, YearB                int
	Change, ChangeZH            string
	FromEco, FromCode, FromName string // largest transition inside, before
	ToEco, ToCode, ToName       string // and after
	FromMix                     string // "forest:62;cropland:38", % of area
	Severity                    int
	RuleID, Activity, Basis     string
	Layer, ZoneID, ZoneName     string
	ZoneType, FuncZone, ZoneLvl string
	ZonesAll                    []string // ids of every zone touched, controlling zone first
	AreaM2, PatchM2             float64
	Cells                       int64 // of the whole patch
	EdgeCells                   int64 // of Cells: those with a neighbour, of 8, that had the ecosystem class before that they have after
	AdmCode, AdmName            string
	Lon, Lat                    float64 // degrees; a point inside the candidate
	Flags                       []string
	Reason                      string
	Geometry                    orb.MultiPolygon // lon/lat rounded to 7 decimals, RFC 7946 orientation; nil when suppressed
}

// Key orders candidates: by the patch's first cell (row-major), then by the
// precedence rank of the controlling zone. It is unique within a run.
type Key struct{ Row, Col, Zone int32 }

// Overlap is the area that a candidate shares with one zone, controlling or not.
type Overlap struct {
	Zone   int // position in Inputs.Zones
	AreaM2 float64
}

// Sink takes what the engine finds. Put is called from several goroutines, in no
// order; c and its slices belong to the caller again when it returns.
type Sink interface {
	Put(key Key, c *Candidate, overlaps []Overlap) error
}
