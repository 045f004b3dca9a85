package priority

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"greenshield/redline"
)

// FileFormat is the version of the file of a calibrated model.
const FileFormat = 1

// File is a calibrated model as its file has it: JSON in UTF-8, members as here, none other. Numbers are finite; those
// that are calibrated are rounded to 6 decimals.
type File struct {
	Format int    `json:"greenshield_priority"` // [FileFormat]
	Name   string `json:"name"`
	Target string `json:"target"` // what a chance is of: "problem" or "change"
	From   Origin `json:"made_from"`
	// Penalty pulls the weights of Default towards those of the simple rule, and those of a group towards those of
	// Default: what is least is Σ −log-likelihood + Penalty/2 · Σ (weight − weight that it is pulled towards)².
	Penalty  float64             `json:"penalty"`
	Measures Measures            `json:"measures"`
	Default  CardFile            `json:"default"`
	Groups   map[string]CardFile `json:"groups,omitempty"` // by transition group
	Warnings []string            `json:"warnings,omitempty"`
	SHA256   string              `json:"sha256"` // of the JSON of all other members, without white space
}

// Origin is what a model was calibrated from.
type Origin struct {
	Ledger   string           `json:"ledger"` // code of the ledger
	Events   int64            `json:"events"` // number of its last event
	Head     string           `json:"head"`   // hash of that
	Data     string           `json:"data_sha256"`
	Rule     string           `json:"rule_sha256"` // of the simple rule
	Verdicts Count            `json:"verdicts"`
	Groups   map[string]Count `json:"groups"`          // by transition group
	Counties map[string]Count `json:"counties"`        // by code
	LeftOut  map[string]int   `json:"left_out"`        // cases with candidates that were not used, by why
	Known    map[string]int   `json:"known,omitempty"` // by feature: verdicts of which it was known; nil is not told
	Sampled  int              `json:"sampled"`         // of the verdicts, on cases that were drawn at random
	Chosen   int              `json:"chosen"`          // of the verdicts, on cases that people chose
}

// Count is how many verdicts there are of each label.
type Count struct {
	Yes int `json:"yes"`
	No  int `json:"no"`
}

// All returns how many there are.
func (c Count) All() int { return c.Yes + c.No }

// Plus returns the count with one verdict more.
func (c Count) Plus(yes bool) Count {
	if yes {
		c.Yes++
	} else {
		c.No++
	}
	return c
}

// Measures are how well the model tells chances in counties whose verdicts it has not seen.
type Measures struct {
	Folds       int       `json:"folds"`
	Brier       Measure   `json:"brier"`
	BrierBase   float64   `json:"brier_base"` // of giving everyone the share of the other counties
	BrierSimple float64   `json:"brier_simple"`
	Slope       Measure   `json:"slope"`     // 1 is right; < 1: chances are too extreme
	Intercept   Measure   `json:"intercept"` // 0 is right; > 0: chances are too low
	First       []First   `json:"first"`
	Reliability []RelyBin `json:"reliability"`
}

// Measure is a number with its 95 % interval, by drawing counties with replacement.
type Measure struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// First is the precision among the first N: by the model's chance, and by severity.
type First struct {
	N        int     `json:"n"`
	Model    Measure `json:"model"`
	Simple   float64 `json:"simple"`
	Severity float64 `json:"severity"` // the expected one where N cuts candidates of one severity
}

// RelyBin is one bin of a reliability diagram: candidates with a chance of From ≤ chance < To, the last bin with To.
type RelyBin struct {
	From   float64 `json:"from"`
	To     float64 `json:"to"`
	N      int     `json:"n"`
	Chance float64 `json:"chance"` // mean of the model's chances
	Share  float64 `json:"share"`  // that is real
	Low    float64 `json:"low"`    // 95 % interval of Share, by Wilson
	High   float64 `json:"high"`
}

// CardFile is a scorecard in a file.
type CardFile struct {
	Base  float64    `json:"base"`
	Bands []BandFile `json:"bands"`
}

// BandFile is a band in a file. Without From or To it is open to that side.
type BandFile struct {
	Feature string   `json:"feature"`
	From    *float64 `json:"from,omitempty"`
	To      *float64 `json:"to,omitempty"`
	Weight  float64  `json:"weight"`
	Why     string   `json:"why"`
}

// ToFile returns a card as a file has it.
func (c *Card) ToFile() CardFile {
	f := CardFile{Base: c.Base, Bands: []BandFile{}}
	bound := func(v float64) *float64 {
		if math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	for _, b := range c.Bands {
		f.Bands = append(f.Bands, BandFile{b.Feature.String(), bound(b.From), bound(b.To), b.Weight, b.Why})
	}
	return f
}

// card returns the card that is in a file.
func (f *CardFile) card() (*Card, error) {
	c := &Card{Base: f.Base}
	bound := func(v *float64, open float64) float64 {
		if v == nil {
			return open
		}
		return *v
	}
	for _, b := range f.Bands {
		feature, ok := ParseFeature(b.Feature)
		if !ok {
			return nil, fmt.Errorf("there is no feature %q", b.Feature)
		}
		c.Bands = append(c.Bands, Band{feature, bound(b.From, math.Inf(-1)), bound(b.To, math.Inf(1)), b.Weight, b.Why})
	}
	return c, c.Check()
}

// Hash returns the hash that belongs into the file; an error when a number is not finite.
func (f *File) Hash() (string, error) {
	bare := *f
	bare.SHA256 = ""
	text, err := json.Marshal(bare)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Write writes a model with its format and hash, indented. One that [Read] would refuse is an error.
func (f *File) Write(w io.Writer) error {
	f.Format = FileFormat
	hash, err := f.Hash()
	if err != nil {
		return err
	}
	f.SHA256 = hash
	if _, err := f.model(); err != nil {
		return err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Parse returns the model that a text holds, and whether somebody changed it after it was calibrated.
func Parse(text []byte) (f *File, edited bool, err error) {
	var version struct {
		Format int `json:"greenshield_priority"`
	}
	err = json.Unmarshal(text, &version)
	switch {
	case err != nil:
		return nil, false, fmt.Errorf("this is no whole JSON: %w", err)
	case version.Format == 0:
		return nil, false, errors.New("this is no model of priorities, as ledger calibrate writes it")
	case version.Format != FileFormat:
		return nil, false, fmt.Errorf("the model has format %d, this program reads %d; calibrate it again by greenshield "+
			"ledger calibrate", version.Format, FileFormat)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	f = &File{}
	if err := dec.Decode(f); err != nil {
		return nil, false, err
	}
	hash, err := f.Hash()
	if err != nil {
		return nil, false, err
	}
	_, err = f.model()
	return f, hash != f.SHA256, err
}

// model returns the scorecards of the file.
func (f *File) model() (*Model, error) {
	m := &Model{Name: f.Name, Groups: map[string]*Card{}, Made: f}
	c, err := f.Default.card()
	if err != nil {
		return nil, fmt.Errorf("default: %w", err)
	}
	m.Default = *c
	for _, group := range slices.Sorted(maps.Keys(f.Groups)) {
		if _, _, ok := redline.GroupClasses(group); !ok {
			return nil, fmt.Errorf("there is no transition group %q", group)
		}
		of := f.Groups[group]
		if m.Groups[group], err = of.card(); err != nil {
			return nil, fmt.Errorf("group %s: %w", group, err)
		}
	}
	return m, nil
}

// Read reads the file of a calibrated model. One that somebody changed after it was calibrated is refused unless edited
// allows it. Its name is path. Errors are faults of kind [redline.Usage].
func Read(path string, edited bool) (*Model, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, redline.WithKind(redline.Usage, err)
	}
	f, changed, err := Parse(text)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: %w", path, err)
	}
	if changed && !edited {
		return nil, redline.Faultf(redline.Usage, "%s: the model was changed after it was calibrated; calibrate it again, "+
			"or allow it by priority_edited: true, and the run says so", path)
	}
	m, err := f.model()
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: %w", path, err)
	}
	sum := sha256.Sum256(text)
	m.Name, m.SHA256, m.Edited = path, hex.EncodeToString(sum[:]), changed
	return m, nil
}
