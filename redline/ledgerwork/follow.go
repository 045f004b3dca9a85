package ledgerwork

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/follow"
	"greenshield/redline/record"
)

// Image is the raster of one epoch, in which the ground of cases is looked at.
type Image struct {
	Year    int
	Product string
	Legend  string // name and hash, as of a run
	Source  string // identity: see [SourceOf]
	Run     string // id of the run that looked, "" when none did
}

// ImageOf returns the image that an input of a run or of a follow-up is.
func ImageOf(in record.Input) Image {
	return Image{Year: in.Year, Product: in.Legend, Legend: legendOf(in), Source: SourceOf(in)}
}

// legendOf names the legend of an input, with its hash.
func legendOf(in record.Input) string { return fmt.Sprintf("%s %.16s", in.Legend, in.LegendSHA256) }

// SourceOf returns the identity of a raster as the input of a run or of a follow-up: the same values by the same legend
// have the same, wherever the files lie.
func SourceOf(in record.Input) string {
	var parts []string
	for _, f := range in.Files {
		parts = append(parts, f.SHA256)
	}
	slices.Sort(parts)
	parts = append(parts, in.LegendSHA256, fmt.Sprint(max(in.Band, 1)))
	if in.NoData != nil {
		parts = append(parts, fmt.Sprint(*in.NoData))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, " ")))
	return hex.EncodeToString(sum[:])
}

// Judging says how follow-ups are judged.
type Judging struct {
	Findings   follow.Settings
	Suspicions ledger.Suspecting // whose MinM2 holds beside MinCells
	MinCells   float64           // cells of the case that are bad, for a rebound
}

// DefaultJudging returns the usual settings for a minimum area of patches in cells.
func DefaultJudging(minCells float64) Judging {
	return Judging{follow.Defaults(), ledger.DefaultSuspecting(0), minCells}
}

// cellTolerance is by how much cells of one case may differ in area.
const cellTolerance = 1e-4

// suspecting returns the settings for a case with that ground.
func (j Judging) suspecting(g *follow.Ground) ledger.Suspecting {
	s := j.Suspicions
	if total := g.Total(); g.Cells > 0 {
		s.MinM2 = max(s.MinM2, j.MinCells*total.M2()/float64(g.Cells))
	}
	s.MinM2 *= 1 - cellTolerance
	return s
}

// Follow returns the change that says of each case what an image shows on its ground, and what that gives reason to
// suspect, for a person to confirm. Cases that were merged or handed over are left out, and so is what the ledger knows
// already: the same image changes nothing the second time. Rows of cases that the ledger does not have, and of images
// from the future, are refused.
func Follow(ctx context.Context, s ledger.Store, i Image, grounds []follow.Ground, j Judging, by By) (*Change, error) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, err
	}
	cases := map[string]*ledger.Case{}
	for known, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		cases[known.ID] = &known
	}
	c.follow(cases, i, grounds, j, by)
	return c, nil
}

// follow adds what [Follow] says of the cases, which are as they are before the change. Nothing of the change may have
// touched them before.
func (c *Change) follow(cases map[string]*ledger.Case, i Image, grounds []follow.Ground, j Judging, by By) {
	rules := ledger.Shipped()
	about := map[string]string{ledger.FieldYear: strconv.Itoa(i.Year)}
	for name, value := range map[string]string{ledger.FieldSource: i.Source, ledger.FieldProduct: i.Product,
		ledger.FieldLegend: i.Legend, ledger.FieldRun: i.Run} {
		if value != "" {
			about[name] = value
		}
	}
	for k := range grounds {
		g := &grounds[k]
		known := cases[g.ID]
		switch {
		case known == nil:
			c.refuse("", "", g.ID, fmt.Errorf("the ledger has no such case"))
			continue
		case known.MergedInto != "" || known.HandedTo != "":
			continue
		case known.Saw(about[ledger.FieldYear], i.Source):
			c.Same++
			continue
		}
		fields := j.Findings.Fields(g)
		maps.Copy(fields, about)
		e := by.event(g.ID, ledger.FollowUp, fields)
		if err := rules.Check(known, e); err != nil {
			c.refuse("", "", g.ID, err)
			continue
		}
		c.Events = append(c.Events, e)
		if suspected, ok := rules.Suspect(known, e, j.suspecting(g)); ok {
			c.Events = append(c.Events, suspected)
		}
	}
}

// Suspicion is that a follow-up of a change suspects a case of something.
type Suspicion struct {
	Case      string `json:"case"`
	Suspicion string `json:"suspicion"`
	BadPct    string `json:"share_bad"` // share of the ground, in %
}

// Followed counts the follow-ups of a change by finding, and lists the suspicions by case.
func (c *Change) Followed() (found map[string]int, suspected []Suspicion) {
	found = map[string]int{}
	for i := range c.Events {
		switch e := &c.Events[i]; e.Kind {
		case ledger.FollowUp:
			found[e.Fields[ledger.FieldFinding]]++
		case ledger.Suspected:
			suspected = append(suspected, Suspicion{e.Case, e.Fields[ledger.FieldSuspect], e.Fields[ledger.FieldShareBad]})
		}
	}
	return found, suspected
}
