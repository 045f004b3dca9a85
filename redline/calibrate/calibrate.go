package calibrate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"

	"greenshield/redline"
	"greenshield/redline/priority"
)

// Row is a case on which somebody gave a verdict.
type Row struct {
	Case     string // its id; no two rows have one
	Group    string // transition group
	County   string // code
	Severity int
	Features priority.Features
	Real     bool
	Sampled  bool // it was drawn at random; people chose the others
}

// Minimum is how many verdicts a model needs, and a transition group for a card of its own.
type Minimum struct {
	Verdicts int
	Each     int // of each label, at least 1
}

// The warnings of a model.
const (
	WarnChosen  = "chosen"       // most verdicts are on cases that people chose
	WarnNoGain  = "no_gain"      // the simple rule has a Brier score that is as good
	WarnSlope   = "slope"        // 1 is not in the interval of the slope
	WarnPooled  = "pooled"       // some transition groups have no card of their own
	WarnFewAway = "few_counties" // fewer counties than [Folds]
)

// Fit fits a model to rows: the Default card to all of them, and one to each transition group that has the minimum by
// itself. It sets all of a file but the name, the target and what the ledger says. With too few verdicts or counties it
// is a fault of kind [redline.Incompatible] that says how many there are, and how many it needs. Rows are put in order.
func Fit(rows []Row, rule *priority.Model, least Minimum) (*priority.File, error) {
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Case, b.Case) })
	from := originOf(rows, rule)
	if err := enough(from, least); err != nil {
		return nil, err
	}
	d := designOf(rows, rule, least)
	fold, folds := foldsOf(rows)
	odds, base, err := d.heldOut(fold, folds)
	if err != nil {
		return nil, err
	}
	every := func(int) bool { return true }
	penalty, err := d.choose(fold, folds, every)
	if err != nil {
		return nil, err
	}
	m, err := d.fit(penalty, every)
	if err != nil {
		return nil, err
	}
	f := &priority.File{Format: priority.FileFormat, From: from, Penalty: penalty, Default: m.Default.ToFile(),
		Groups: map[string]priority.CardFile{}}
	for group, card := range m.Groups {
		f.Groups[group] = card.ToFile()
	}
	f.Measures = measures(rows, odds, base, rule)
	f.Measures.Folds = folds
	f.Warnings = warnings(f)
	return f, nil
}

// enough returns an error when there are too few verdicts or counties.
func enough(from priority.Origin, least Minimum) error {
	if least.Verdicts < 2 || least.Each < 1 {
		return redline.Faultf(redline.Usage, "a model needs at least 2 verdicts, and 1 of each label")
	}
	v, n := from.Verdicts, len(from.Counties)
	if v.All() < least.Verdicts || min(v.Yes, v.No) < least.Each {
		return redline.Faultf(redline.Incompatible, "there are %d verdicts that can be used, %d real and %d not; "+
			"a model needs %d, and %d of each: have more cases judged", v.All(), v.Yes, v.No, least.Verdicts, least.Each)
	}
	if n < MinCounties {
		return redline.Faultf(redline.Incompatible, "the verdicts are of %d counties; a model needs %d, for it is "+
			"tried on counties that it has not seen: have cases of other counties judged", n, MinCounties)
	}
	return nil
}

func originOf(rows []Row, rule *priority.Model) priority.Origin {
	every := func(int) bool { return true }
	o := priority.Origin{Rule: rule.SHA256, Data: dataHash(rows), Verdicts: countOf(rows, every),
		Groups: map[string]priority.Count{}, Counties: map[string]priority.Count{}, Known: map[string]int{}}
	for i := range rows {
		r := &rows[i]
		o.Groups[r.Group] = o.Groups[r.Group].Plus(r.Real)
		o.Counties[r.County] = o.Counties[r.County].Plus(r.Real)
		for k, v := range r.Features {
			if !math.IsNaN(v) {
				o.Known[priority.Feature(k).String()]++
			}
		}
		if r.Sampled {
			o.Sampled++
		} else {
			o.Chosen++
		}
	}
	return o
}

// dataHash returns the hash of the rows, which are in order.
func dataHash(rows []Row) string {
	h := sha256.New()
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(h, "%q %q %q %d %t %t", r.Case, r.Group, r.County, r.Severity, r.Real, r.Sampled)
		for _, v := range r.Features {
			h.Write([]byte(" " + strconv.FormatFloat(v, 'g', -1, 64)))
		}
		h.Write([]byte("\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func countOf(rows []Row, use func(i int) bool) (n priority.Count) {
	for i := range rows {
		if use(i) {
			n = n.Plus(rows[i].Real)
		}
	}
	return n
}

func warnings(f *priority.File) (codes []string) {
	m := &f.Measures
	for code, holds := range map[string]bool{
		WarnChosen:  f.From.Chosen > f.From.Sampled,
		WarnNoGain:  m.Brier.Value >= m.BrierSimple,
		WarnSlope:   m.Slope.Low > 1 || m.Slope.High < 1,
		WarnPooled:  len(f.Groups) < len(f.From.Groups),
		WarnFewAway: m.Folds < Folds,
	} {
		if holds {
			codes = append(codes, code)
		}
	}
	return slices.Sorted(slices.Values(codes))
}
