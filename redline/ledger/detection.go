package ledger

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Run is what the ledger keeps of a run of the engine. It is written as the fields of an event of kind [RunAdded].
type Run struct {
	ID           string // fingerprint of its manifest, 64 hexadecimal digits
	YearA, YearB int
	Product      string // name of the product of both epochs, or "before / after"
	Legend       string // name and hash of the legend, likewise
	Grid         Grid
}

// Event returns the event that the run was added.
func (r Run) Event() Event {
	return Event{Kind: RunAdded, Fields: map[string]string{FieldRun: r.ID, FieldYearA: strconv.Itoa(r.YearA),
		FieldYearB: strconv.Itoa(r.YearB), FieldProduct: r.Product, FieldLegend: r.Legend,
		FieldGrid: string(canonical(r.Grid))}}
}

// RunOf returns the run that an event of kind [RunAdded] says.
func RunOf(e Event) (Run, error) {
	r := Run{ID: e.Fields[FieldRun], Product: e.Fields[FieldProduct], Legend: e.Fields[FieldLegend]}
	var errA, errB error
	r.YearA, errA = strconv.Atoi(e.Fields[FieldYearA])
	r.YearB, errB = strconv.Atoi(e.Fields[FieldYearB])
	err := json.Unmarshal([]byte(e.Fields[FieldGrid]), &r.Grid)
	if e.Kind != RunAdded || errA != nil || errB != nil || err != nil {
		return Run{}, fmt.Errorf("event %d does not say which run was added", e.Seq)
	}
	return r, nil
}

// Grid is the lattice whose rows and columns the cells of a detection are counted in.
type Grid struct {
	CRS              string  `json:"crs"` // "EPSG:4490", or the WKT
	OriginX, OriginY float64 // map coordinates of the top-left corner of cell (0, 0)
	CellX, CellY     float64 // > 0
	Cols, Rows       int
}

// ID returns the identity of the grid: the hash of its canonical JSON. Cells of detections of one ID are compared as
// they are.
func (g Grid) ID() string { return hashOf(canonical(g)) }

// Span is a run of cells of one row: columns [Col0, Col1).
type Span struct{ Row, Col0, Col1 int32 }

// Candidate is what rules and zones said of a detection. These are attributes, never identity.
type Candidate struct {
	ID       string  `json:"id"`
	Change   string  `json:"change"` // code of the change type
	Rule     string  `json:"rule"`
	Severity int     `json:"severity"` // 0…4
	Layer    string  `json:"layer"`
	Zone     string  `json:"zone"` // id
	ZoneName string  `json:"zone_name"`
	ZoneType string  `json:"zone_type"`
	AreaM2   float64 `json:"area_m2"`
	Reason   string  `json:"reason,omitempty"` // why it is suppressed, "" when it is kept
	// Known is what the run knew of the verdict, by a ledger that it asked; nil when it asked none.
	Known *KnownVerdict `json:"known,omitempty"`
	// Features are what else was known of it that bears on whether its change is real, as the run printed them: by name
	// of the feature a number, or "inf". What is not known is left out.
	Features map[string]string `json:"features,omitempty"`
}

// KnownVerdict is the verdict of the case of a candidate as a run knew it.
type KnownVerdict struct {
	Given   string `json:"given"`             // verdict that the candidate was given out with to reviewers
	Verdict string `json:"verdict,omitempty"` // of the case, "" when there was no case
	Reason  string `json:"reason,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Holds tells whether the candidate was given out with the verdict of its case.
func (k *KnownVerdict) Holds() bool { return k.Verdict != "" && k.Given == k.Verdict }

// Detection is what one run found on one place: a whole patch, before zones cut it. It never changes.
type Detection struct {
	ID         string      `json:"id"` // unique in the ledger: [DetectionID]
	Run        string      `json:"run"`
	YearA      int         `json:"year_a"`
	YearB      int         `json:"year_b"`
	Product    string      `json:"product"`
	Legend     string      `json:"legend"`
	Grid       string      `json:"grid"`  // ID of the grid of the run
	Group      string      `json:"group"` // transition group, such as "natural>built"
	Spans      []Span      `json:"spans"` // row by row, in a row from west to east, none touch
	Cells      int64       `json:"cells"`
	AreaM2     float64     `json:"area_m2"` // of the whole patch, ellipsoidal
	Lon        float64     `json:"lon"`     // of a point inside, degrees
	Lat        float64     `json:"lat"`
	County     string      `json:"county"` // code of the county that holds the point, "" when none does
	CountyName string      `json:"county_name"`
	Candidates []Candidate `json:"candidates,omitempty"` // by ID
}

// Event returns the event that this detection meets a case, or opens it, with the attributes of the detection; the
// caller adds what it knows beside (ground, split_from, to_confirm, time, actor). A detection in no county says nothing
// of counties.
func (d *Detection) Event(caseID string, r Relation) Event {
	kept := []string{}
	for _, c := range d.Candidates {
		if c.Reason == "" {
			kept = append(kept, c.ID)
		}
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	fields := map[string]string{
		FieldDetection: d.ID, FieldDetectionHash: d.Hash(), FieldRelation: string(r), FieldGround: d.ID,
		FieldGroup: d.Group, FieldSeverity: strconv.Itoa(d.Severity()),
		FieldAreaM2: number(d.AreaM2), FieldLon: number(d.Lon), FieldLat: number(d.Lat),
		FieldYearA: strconv.Itoa(d.YearA), FieldYearB: strconv.Itoa(d.YearB), FieldRun: d.Run,
		FieldProduct: d.Product, FieldLegend: d.Legend, FieldCandidates: strings.Join(kept, " "),
	}
	if d.County != "" || d.CountyName != "" {
		fields[FieldCounty], fields[FieldCountyName] = d.County, d.CountyName
	}
	return Event{Case: caseID, Kind: Detected, Fields: fields}
}

// DetectionID returns the id of the patch of a run: the first 16 digits of the run and the id of the patch.
func DetectionID(run, patch string) string { return run[:min(16, len(run))] + "/" + patch }

// Hash returns the SHA-256 of the detection's canonical JSON, which holds its cells. It is "" when one of its numbers
// is not finite; [Commit] refuses such a detection.
func (d *Detection) Hash() string {
	numbers := []float64{d.AreaM2, d.Lon, d.Lat}
	for _, c := range d.Candidates {
		numbers = append(numbers, c.AreaM2)
	}
	for _, v := range numbers {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
	}
	return hashOf(canonical(d))
}

// CellsHash returns the SHA-256 of grid and cells alone: two detections of the same cells have the same one.
func (d *Detection) CellsHash() string {
	return hashOf(canonical(struct {
		Grid  string
		Spans []Span
	}{d.Grid, d.Spans}))
}

// Severity returns the highest severity of the kept candidates, 0 when there are none.
func (d *Detection) Severity() int {
	highest := 0
	for _, c := range d.Candidates {
		if c.Reason == "" {
			highest = max(highest, c.Severity)
		}
	}
	return highest
}
