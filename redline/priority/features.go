package priority

import (
	"math"
	"slices"

	"greenshield/redline"
)

// Feature is something known of a candidate that bears on whether its change is real. Its name is that of the column
// that shows it.
type Feature int

// The features.
const (
	AgreePct  Feature = iota // see [redline.Evidence.AgreedPct]
	AgreeN                   // pairs of maps that agree
	AgainstN                 // pairs of maps that see the ground and do not agree
	StaysPct                 // see [redline.Evidence]
	EdgePct                  // share of the patch's cells that a shift of one cell explains, in %
	Cells                    // of the patch
	Width                    // see [redline.Evidence]
	Compact                  // likewise
	Confused                 // likewise
	NearM                    // likewise
	LeadM                    // likewise
	DateGrade                // 1 for A to 4 for D
	Flicker                  // 1 with [redline.FlagFlicker], else 0
	NumFeatures
)

var names = [NumFeatures]string{"agree_pct", "agree_n", "against_n", "stays_pct", "edge_pct", "cells", "width",
	"compact", "confused", "near_m", "lead_m", "date_grd", "flicker"}

// String returns the name of the feature.
func (f Feature) String() string { return names[f] }

// ParseFeature returns the feature of that name.
func ParseFeature(name string) (Feature, bool) {
	i := slices.Index(names[:], name)
	return Feature(i), i >= 0
}

// Features are the values of all features of a candidate; NaN is not known.
type Features [NumFeatures]float64

// Of returns the features of a kept candidate whose evidence is set.
func Of(c *redline.Candidate) (f Features) {
	for i := range f {
		f[i] = math.NaN()
	}
	f[EdgePct] = redline.Percent(float64(c.EdgeCells), float64(c.Cells))
	f[Cells] = float64(c.Cells)
	if c.Dated != nil {
		f[DateGrade] = float64(c.Dated.Grade)
		f[Flicker] = 0
		if slices.Contains(c.Flags, redline.FlagFlicker) {
			f[Flicker] = 1
		}
	}
	e := c.Evidence
	if e == nil {
		return f
	}
	f[StaysPct], f[Width], f[Compact], f[Confused] = e.StaysPct, e.Width, e.Compact, e.Confused
	f[NearM], f[LeadM] = e.NearM, e.LeadM
	if agree, see := e.Agreeing(); see > 0 {
		f[AgreePct], f[AgreeN], f[AgainstN] = e.AgreedPct(), float64(agree), float64(see-agree)
	}
	return f
}
