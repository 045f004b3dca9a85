package calibrate

import (
	"math"

	"greenshield/redline/priority"
)

// Penalties are the strengths that are tried. 1 is what a weight of the rule weighs that is about 1 off in log-odds.
var Penalties = []float64{1, 2, 5, 10, 20, 50, 100}

// design is the rows with the columns of the rule's bands.
type design struct {
	rows  []Row
	rule  *priority.Model
	least Minimum
	all   [][]int // by row: the columns of the rule's default card, band k being column k + 1
	group [][]int // likewise of the rule's card for the row's group
}

func designOf(rows []Row, rule *priority.Model, least Minimum) *design {
	d := &design{rows: rows, rule: rule, least: least}
	for i := range rows {
		d.all = append(d.all, columnsOf(&rule.Default, &rows[i].Features))
		d.group = append(d.group, columnsOf(rule.Card(rows[i].Group), &rows[i].Features))
	}
	return d
}

func columnsOf(c *priority.Card, f *priority.Features) (columns []int) {
	for k := range c.Bands {
		if c.Bands[k].Holds(f[c.Bands[k].Feature]) {
			columns = append(columns, k+1)
		}
	}
	return columns
}

// fit returns the model of the rows that use chooses, by which it is also decided which groups have a card of their
// own. The weights of a group are pulled towards those of all rows, unless the rule has a card for the group. Of rows
// with one label only the card stays as what it is pulled towards.
func (d *design) fit(penalty float64, use func(i int) bool) (*priority.Model, error) {
	m := &priority.Model{Groups: map[string]*priority.Card{}}
	pooled, err := fitCard(&d.rule.Default, d.all, d.rows, penalty, use)
	if err != nil {
		return nil, err
	}
	m.Default = *pooled
	groups := map[string]priority.Count{}
	for i := range d.rows {
		if r := &d.rows[i]; use(i) {
			groups[r.Group] = groups[r.Group].Plus(r.Real)
		}
	}
	for group, n := range groups {
		if n.All() < d.least.Verdicts || min(n.Yes, n.No) < d.least.Each {
			continue
		}
		own := func(i int) bool { return d.rows[i].Group == group && use(i) }
		towards := pooled
		if d.rule.Groups[group] != nil {
			towards = d.rule.Groups[group]
		}
		m.Groups[group], err = fitCard(towards, d.group, d.rows, penalty, own)
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// fitCard fits a card to the rows that use chooses, with columns of its bands, pulled towards rule.
func fitCard(rule *priority.Card, columns [][]int, rows []Row, penalty float64, use func(i int) bool,
) (*priority.Card, error) {
	card := &priority.Card{Base: rule.Base, Bands: append([]priority.Band(nil), rule.Bands...)}
	var held [][]int
	var real []bool
	for i := range rows {
		if use(i) {
			held, real = append(held, columns[i]), append(real, rows[i].Real)
		}
	}
	if count := countOf(rows, use); count.Yes == 0 || count.No == 0 {
		return card, nil
	}
	prior := []float64{rule.Base}
	for k := range rule.Bands {
		prior = append(prior, rule.Bands[k].Weight)
	}
	b, err := ridge(held, real, prior, penalty)
	if err != nil {
		return nil, err
	}
	card.Base = round6(b[0])
	for k := range card.Bands {
		card.Bands[k].Weight = round6(b[k+1])
	}
	return card, nil
}

// round6 rounds to 6 decimals, so that a number is the same on every machine; never to −0.
func round6(v float64) float64 { return math.Round(v*1e6)/1e6 + 0 }

// choose returns the penalty with the least loss on the folds that use chooses, each seen by a fit to the others; the
// largest of equal ones.
func (d *design) choose(fold []int, folds int, use func(f int) bool) (best float64, err error) {
	least := math.Inf(1)
	for _, penalty := range Penalties {
		sum := 0.0
		for out := range folds {
			if !use(out) {
				continue
			}
			m, err := d.fit(penalty, func(i int) bool { return fold[i] != out && use(fold[i]) })
			if err != nil {
				return 0, err
			}
			for i := range d.rows {
				if fold[i] == out {
					sum += loss(m.Card(d.rows[i].Group).LogOdds(d.rows[i].Features), d.rows[i].Real)
				}
			}
		}
		if sum = round6(sum); sum <= least {
			least, best = sum, penalty
		}
	}
	return best, nil
}

// heldOut returns for each row the log-odds by a model that was fitted, its penalty too, to the other folds, and the
// share of real ones in these.
func (d *design) heldOut(fold []int, folds int) (odds, base []float64, err error) {
	odds, base = make([]float64, len(d.rows)), make([]float64, len(d.rows))
	for out := range folds {
		others := func(f int) bool { return f != out }
		penalty, err := d.choose(fold, folds, others)
		if err != nil {
			return nil, nil, err
		}
		m, err := d.fit(penalty, func(i int) bool { return others(fold[i]) })
		if err != nil {
			return nil, nil, err
		}
		count := countOf(d.rows, func(i int) bool { return others(fold[i]) })
		for i := range d.rows {
			if fold[i] == out {
				odds[i] = m.Card(d.rows[i].Group).LogOdds(d.rows[i].Features)
				base[i] = float64(count.Yes) / float64(count.All())
			}
		}
	}
	return odds, base, nil
}
