package evidence

import (
	"fmt"
	"math"
	"strconv"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/seeds"
)

// Confusion is how often maps of a product confuse ecosystem classes, by what the map shows and by what is true: of the
// ground of a true class, the share that maps show as the other, in %. What is not known is NaN.
type Confusion [landcover.NumEcosystems][landcover.NumEcosystems]float64

// sumSlack is how far above 100 rounded shares may sum, in %.
const sumSlack = 0.5

// ParseConfusion reads a table (see [landcover.ReadTable]) with the columns map,truth,pct: two ecosystem classes, and
// of the ground that is the second one in truth, the share that maps show as the first, 0 to 100. A pair may be
// missing; then it is not known. Errors begin with name and the line.
func ParseConfusion(name string, csv []byte) (*Confusion, error) {
	rows, err := landcover.ReadTable(name, csv, "map", "truth", "pct")
	if err != nil {
		return nil, err
	}
	c := unknownConfusion()
	var sums [landcover.NumEcosystems]float64
	for _, r := range rows {
		var pair [2]landcover.Ecosystem
		for i, column := range []string{"map", "truth"} {
			if pair[i], err = landcover.ParseEcosystem(r.Fields[column]); err != nil || pair[i] == landcover.NoData {
				return nil, fmt.Errorf("%s:%d: %s %q is no ecosystem class", name, r.Line, column, r.Fields[column])
			}
		}
		pct, err := strconv.ParseFloat(r.Fields["pct"], 64)
		if err != nil || !(pct >= 0 && pct <= 100) {
			return nil, fmt.Errorf("%s:%d: pct %q is not a number from 0 to 100", name, r.Line, r.Fields["pct"])
		}
		at := &c[pair[0]][pair[1]]
		if !math.IsNaN(*at) {
			return nil, fmt.Errorf("%s:%d: %s for %s stands in an earlier line too", name, r.Line, pair[0], pair[1])
		}
		*at = pct
		if sums[pair[1]] += pct; sums[pair[1]] > 100+sumSlack {
			return nil, fmt.Errorf("%s:%d: the shares of %s sum to more than 100 %%", name, r.Line, pair[1])
		}
	}
	return c, nil
}

// unknownConfusion returns one of which nothing is known.
func unknownConfusion() *Confusion {
	var c Confusion
	for i := range c {
		for k := range c[i] {
			c[i][k] = math.NaN()
		}
	}
	return &c
}

// confusionOf returns how often maps with the legend of an epoch confuse classes: what the shipped table of the product
// says. Legends that are not shipped have none.
func confusionOf(e *redline.Epoch) *Confusion {
	text, ok := seeds.Confusion(e.Legend.Name)
	if !ok {
		return unknownConfusion()
	}
	c, err := ParseConfusion(e.Legend.Name, text)
	if err != nil {
		panic(err) // a test reads all shipped tables
	}
	return c
}

// confused returns how likely ground that did not change looks like a change from one class to another, 0 to 100, in %:
// it is of the later class in truth and the map before shows the earlier one, or the other way round in the map after.
// NaN when one of the two is not known.
func confused(before, after *Confusion, from, to landcover.Ecosystem) float64 {
	return min(100, before[from][to]+after[to][from])
}
