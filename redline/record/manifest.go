package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"greenshield/raster"
	"greenshield/redline"
)

const (
	// Name is the name of the manifest in the folder of a run.
	Name = "manifest.json"

	// Format is the version of the run folder's format. It grows when a reader of older run folders would misread a new
	// one.
	Format = 1
)

// Manifest is the record of a run. Whoever starts the run sets Program to Repairs, but for Fingerprint and Grid, which
// [Manifest.Fill] sets with Format and all from Counts on; the writer of the run adds checks and sets Outputs. The
// manifest is the only file of a run that holds a time.
type Manifest struct {
	Format      int       `json:"format"`
	Program     string    `json:"program"`     // name and version
	Fingerprint string    `json:"fingerprint"` // see [Manifest.Identity]
	Generated   time.Time `json:"generated"`
	Timings     []Timing  `json:"timings,omitempty"`

	Inputs   []Input        `json:"inputs"`
	Ledger   *Ledger        `json:"ledger,omitempty"` // that was asked, nil for none
	Grid     Grid           `json:"grid"`
	Rules    RuleTable      `json:"rules"`
	Dating   *Dating        `json:"dating,omitempty"`   // how changes were dated, nil without maps between the epochs
	Priority *Ranking       `json:"priority,omitempty"` // by what candidates are ranked, nil when they are not
	Options  map[string]any `json:"options"`            // choices that change the outputs
	Machine  map[string]any `json:"machine,omitempty"`  // choices that do not, such as workers and memory
	Versions Versions       `json:"versions"`
	Warnings []string       `json:"warnings,omitempty"` // as the user has seen them
	Repairs  []Repair       `json:"repairs,omitempty"`

	Counts  Counts  `json:"counts"`
	Checks  []Check `json:"checks"`
	Outputs []File  `json:"outputs"` // all files of the folder but the manifest itself, by name
}

// Ledger is a ledger as it was when a run read it.
type Ledger struct {
	Place  string `json:"place,omitempty"`       // as the user gave it, without a password
	Code   string `json:"code"`                  // of its owner
	Events int64  `json:"events"`                // number of its last event
	Hash   string `json:"hash"`                  // of that
	Day    string `json:"day"`                   // on which approvals had to be in force, such as 2026-03-05
	Leads  int    `json:"lead_places,omitempty"` // that its leads name; without any lead_m is not known
	// Sample is what the newest random sample of exactly the cases of this run says of them, nil without one.
	Sample *SampleEstimate `json:"sample_estimate,omitempty"`
}

// Timing is the wall time of one stage of the run.
type Timing struct {
	Stage   string  `json:"stage"`
	Seconds float64 `json:"seconds"`
}

// File is a file with its length and the hash of its content.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	ETag   string `json:"etag,omitempty"` // of an object of a store, by which the store tells its states apart
}

// Input is one input of the run: the mosaic of one epoch, a picture of it, or one layer.
type Input struct {
	// Role is before, after, between, confirm_before, confirm_after, newest, redline, reserve, admin, exempt, image_before
	// or image_after.
	Role  string `json:"role"`
	Name  string `json:"name,omitempty"` // of the pair of maps that it is one of
	Path  string `json:"path"`           // as the user gave it, relative to the job file
	Layer string `json:"layer,omitempty"`
	Files []File `json:"files"` // all files that were read, with their sidecars
	CRS   string `json:"crs,omitempty"`
	// CRSStated is what the user stated of the CRS, whatever the file declares; "" for nothing.
	CRSStated string `json:"crs_stated,omitempty"`
	Encoding  string `json:"encoding,omitempty"` // of attribute text
	// EncodingFrom is how the encoding is known, such as "declared in .cpg" or "guessed".
	EncodingFrom string `json:"encoding_from,omitempty"`

	Year         int      `json:"year,omitempty"`
	Band         int      `json:"band,omitempty"`
	NoData       *float64 `json:"nodata,omitempty"`
	Legend       string   `json:"legend,omitempty"`
	LegendSHA256 string   `json:"legend_sha256,omitempty"`

	FeaturesDeclared int64 `json:"features_declared,omitempty"`
	FeaturesRead     int64 `json:"features_read,omitempty"`
	// FeaturesLeftOut counts those that an attribute filter does not keep; the filter stands in the options.
	FeaturesLeftOut int64 `json:"features_left_out,omitempty"`
}

// RuleTable names the rules of the run.
type RuleTable struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the whole table
	Rules  int    `json:"rules"`  // number of rules in force
}

// Dating is the settings by which changes were dated.
type Dating struct {
	Rule        string `json:"rule"`         // in words
	Steady      int    `json:"steady"`       // for how many years a state must stand to be believed
	MajorityPct int    `json:"majority_pct"` // of the ground of a candidate that a year or a grade stands for
	TailPct     int    `json:"tail_pct"`     // of the ground that is left out at each end of its years
}

// Ranking names the model by which candidates got their priority.
type Ranking struct {
	Model  string `json:"model"`            // "simple", or the file as the user gave it
	SHA256 string `json:"sha256"`           // of the table or file
	Edited bool   `json:"edited,omitempty"` // somebody changed the file after it was calibrated
	// Missed are features, by name, that most verdicts came with from which the model was calibrated, and that the run
	// does not have; Fresh are those the other way round. With either, scores are no chances.
	Missed []string `json:"missed,omitempty"`
	Fresh  []string `json:"fresh,omitempty"`
}

// Versions are the versions of the libraries that shape the results.
type Versions struct {
	GDAL string `json:"gdal"`
	GEOS string `json:"geos"`
	PROJ string `json:"proj"`
	Go   string `json:"go"`
}

// Repair is an invalid geometry that was made valid on reading.
type Repair struct {
	Source   string  `json:"source"`  // "file|layer"
	Feature  int     `json:"feature"` // number of the feature, from 1
	Zone     string  `json:"zone,omitempty"`
	Reason   string  `json:"reason"` // what was invalid
	BeforeM2 float64 `json:"before_m2"`
	AfterM2  float64 `json:"after_m2"`
}

// Grid is the common grid of the two epochs; origin and cell in units of the CRS.
type Grid struct {
	CRS     string  `json:"crs"`
	EPSG    int     `json:"epsg,omitempty"`
	WKT     string  `json:"wkt"`
	OriginX float64 `json:"origin_x"` // top-left corner
	OriginY float64 `json:"origin_y"`
	CellX   float64 `json:"cell_x"`
	CellY   float64 `json:"cell_y"`
	Cols    int     `json:"cols"`
	Rows    int     `json:"rows"`
}

// GridOf returns the record of a grid.
func GridOf(g raster.Grid) Grid {
	return Grid{g.CRS.Name, g.CRS.EPSG, g.CRS.WKT, g.OriginX, g.OriginY, g.CellX, g.CellY, g.Cols, g.Rows}
}

// Counts are the totals of the run.
type Counts struct {
	Cells        int64 `json:"cells"`
	ValidCells   int64 `json:"valid_cells"`
	NoDataCells  int64 `json:"nodata_cells"`
	ChangedCells int64 `json:"changed_cells"`
	UnruledCells int64 `json:"unruled_cells"`
	// CodeChanged counts the cells whose class code differs; nil when the epochs have different legends.
	CodeChanged  *int64           `json:"code_changed_cells,omitempty"`
	Zones        int              `json:"zones"`
	Candidates   int64            `json:"candidates"`
	CandidateHa  float64          `json:"candidate_ha"`
	Suppressed   int64            `json:"suppressed"`
	SuppressedHa float64          `json:"suppressed_ha"`
	BySeverity   map[string]int64 `json:"by_severity"` // of kept candidates
	ByReason     map[string]int64 `json:"by_reason"`   // of suppressed ones
	Changes      []Change         `json:"changes"`
}

// Change totals one change type over the whole grid.
type Change struct {
	Change   string  `json:"change"`
	ChangeZH string  `json:"change_zh"`
	Cells    int64   `json:"cells"`
	Patches  int64   `json:"patches"`
	AreaHa   float64 `json:"area_ha"`
}

// Check is one balance; see [redline.Check].
type Check struct {
	Name      string  `json:"name"`
	Left      float64 `json:"left"`
	Right     float64 `json:"right"`
	Tolerance float64 `json:"tolerance"` // absolute
	OK        bool    `json:"ok"`
}

// CheckOf returns the record of a balance, with its English name.
func CheckOf(c redline.Check) Check { return Check{c.Name.EN, c.Left, c.Right, c.Tolerance, c.OK} }

// Identity returns the SHA-256, in hexadecimal digits, over all that determines the outputs: format, program, rules,
// options, versions of libraries, the head of the ledger, and of every input what the user said of it and the hashes of
// its files. It is
// known as soon as the inputs are hashed, before anything is computed: so [Unchanged] can tell whether a rerun would
// write the same. [Manifest.Fill] records it as the Fingerprint. It panics when Options holds what JSON cannot.
func (m *Manifest) Identity() string {
	inputs := slices.Clone(m.Inputs)
	for i, in := range inputs {
		// The other fields follow from the files. They may or may not be set yet, which must not matter.
		inputs[i] = Input{
			Role:         in.Role,
			Name:         in.Name,
			Path:         in.Path,
			Layer:        in.Layer,
			Files:        in.Files,
			Encoding:     in.Encoding,
			CRSStated:    in.CRSStated,
			Year:         in.Year,
			Band:         in.Band,
			Legend:       in.Legend,
			LegendSHA256: in.LegendSHA256,
		}
	}
	var ledger *Ledger
	if m.Ledger != nil {
		ledger = &Ledger{Code: m.Ledger.Code, Events: m.Ledger.Events, Hash: m.Ledger.Hash, Day: m.Ledger.Day}
	}
	text, err := json.Marshal(Manifest{
		Format:   Format,
		Program:  m.Program,
		Inputs:   inputs,
		Ledger:   ledger,
		Rules:    m.Rules,
		Priority: m.Priority,
		Options:  m.Options,
		Versions: m.Versions,
	})
	if err != nil {
		panic(fmt.Sprintf("manifest options are not plain values: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Fill sets Format, Fingerprint, Grid, Counts and Checks. The fields of [Manifest.Identity] must be set.
func (m *Manifest) Fill(s *redline.Summary) {
	m.Format, m.Fingerprint = Format, m.Identity()
	m.Grid = GridOf(s.Grid)
	m.Counts = Counts{
		Cells:        s.Cells,
		ValidCells:   s.ValidCells,
		NoDataCells:  s.NoDataCells,
		ChangedCells: s.ChangedCells,
		UnruledCells: s.UnruledCells,
		Zones:        len(s.Zones),
		Candidates:   s.Candidates,
		CandidateHa:  s.CandidateM2 / redline.M2PerHa,
		Suppressed:   s.Suppressed,
		SuppressedHa: s.SuppressedM2 / redline.M2PerHa,
		BySeverity:   map[string]int64{},
		ByReason:     map[string]int64{},
		Changes:      []Change{},
	}
	if n := s.CodeChangedCells; n >= 0 {
		m.Counts.CodeChanged = &n
	}
	for reason, n := range s.ByReason {
		m.Counts.ByReason[reason.String()] = n
	}
	for _, severity := range redline.Severities() {
		m.Counts.BySeverity[severity.String()] = s.BySeverity[severity]
	}
	for _, c := range s.Changes {
		m.Counts.Changes = append(m.Counts.Changes, Change{
			Change:   c.Change,
			ChangeZH: c.ChangeZH,
			Cells:    c.Cells,
			Patches:  c.Patches,
			AreaHa:   c.AreaM2 / redline.M2PerHa,
		})
	}
	m.Checks = nil
	for _, c := range s.Checks {
		m.Checks = append(m.Checks, CheckOf(c))
	}
}

// Write writes the manifest as JSON.
func (m *Manifest) Write(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(m)
}

// Read reads the manifest in the folder of a published run. A manifest without outputs, or with an output that is no
// plain name of a file, is an error.
func Read(folder string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(folder, Name))
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

// Parse reads the text of a manifest, as Read does.
func Parse(text []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	if m.Format < 1 || len(m.Outputs) == 0 {
		return nil, fmt.Errorf("%s: not the record of a run", Name)
	}
	for _, o := range m.Outputs {
		if o.Name != filepath.Base(o.Name) || strings.Trim(o.Name, ".") == "" {
			return nil, fmt.Errorf("%s: output %q is not a file name", Name, o.Name)
		}
	}
	return m, nil
}

// Unchanged reports whether the folder target holds a whole run with this fingerprint: its manifest has the
// fingerprint, and every output that the manifest lists still has the listed content. It is false when there is any
// doubt, such as a file that cannot be read.
func Unchanged(target, fingerprint string) bool {
	m, err := Read(target)
	if err != nil || m.Format != Format || m.Fingerprint != fingerprint {
		return false
	}
	for _, o := range m.Outputs {
		sum, bytes, err := HashFile(context.Background(), filepath.Join(target, o.Name))
		if err != nil || sum != o.SHA256 || bytes != o.Bytes {
			return false
		}
	}
	return true
}
