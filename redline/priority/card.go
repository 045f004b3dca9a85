package priority

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"greenshield/redline"
)

// Band is some values of a feature and what they say.
type Band struct {
	Feature  Feature
	From, To float64 // From ≤ value < To; To of +Inf holds +Inf too
	Weight   float64 // in log-odds: > 0 speaks for a real change
	Why      string  // in words, Chinese, such as "其他图也显示同类变化"
}

// Holds tells whether a value lies in the band. What is not known lies in none.
func (b *Band) Holds(x float64) bool { return x >= b.From && (x < b.To || math.IsInf(b.To, 1)) }

// Card is a scorecard: the score of a candidate is the chance that belongs to the sum of Base and the weights of all
// bands that hold.
type Card struct {
	Base  float64 // log-odds of a candidate of which nothing is known
	Bands []Band
}

// Reasons is how many reasons are told.
const Reasons = 3

// LogOdds returns the log-odds that a candidate with these features is real.
func (c *Card) LogOdds(f Features) float64 {
	sum := c.Base
	for i := range c.Bands {
		if b := &c.Bands[i]; b.Holds(f[b.Feature]) {
			sum += b.Weight
		}
	}
	return sum
}

// Score returns the priority of a candidate with these features. Its reasons are those whose weights are largest
// without their sign, the earlier one of equal ones first; bands without weight give none.
func (c *Card) Score(f Features) *redline.Priority {
	var held []*Band
	for i := range c.Bands {
		if b := &c.Bands[i]; b.Weight != 0 && b.Holds(f[b.Feature]) {
			held = append(held, b)
		}
	}
	slices.SortStableFunc(held, func(a, b *Band) int { return cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)) })
	var why []string
	for _, b := range held[:min(Reasons, len(held))] {
		why = append(why, b.Why)
	}
	return &redline.Priority{Score: int(math.Round(100 * Chance(c.LogOdds(f)))), Why: strings.Join(why, "；")}
}

// Chance returns the chance, 0 to 1, that log-odds stand for.
func Chance(logOdds float64) float64 { return 1 / (1 + math.Exp(-logOdds)) }

// Model is the scorecards by which a run ranks its candidates.
type Model struct {
	Name    string // as the user gave it: "simple", or the file
	SHA256  string // of the table or file
	Edited  bool   // somebody changed the file after it was calibrated
	Default Card
	Groups  map[string]*Card // by transition group, where one has a card of its own
	Made    *File            // what it was calibrated from, and how good it is; nil for the simple rule
}

// Card returns the scorecard for a transition group.
func (m *Model) Card(group string) *Card {
	if c := m.Groups[group]; c != nil {
		return c
	}
	return &m.Default
}
