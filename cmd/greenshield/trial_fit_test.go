package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"greenshield/redline/calibrate"
	"greenshield/redline/priority"
)

// partByCounty parts candidates into n parts of whole counties, at random by the seed.
func partByCounty(all []*trialFound, n int, seed uint64) [][]*trialFound {
	var counties []string
	for _, f := range all {
		counties = append(counties, f.County)
	}
	slices.Sort(counties)
	counties = slices.Compact(counties)
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(len(counties), func(i, j int) { counties[i], counties[j] = counties[j], counties[i] })
	parts := make([][]*trialFound, n)
	for _, f := range all {
		k := slices.Index(counties, f.County) % n
		parts[k] = append(parts[k], f)
	}
	return parts
}

// asCountyJudges returns n of the candidates: half of them the first by priority, the others at random of the rest.
func asCountyJudges(all []*trialFound, n int, seed uint64) []*trialFound {
	order := slices.Clone(all)
	random := rand.New(rand.NewPCG(seed, 2))
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	slices.SortStableFunc(order, func(a, b *trialFound) int { return cmp.Compare(b.Prio, a.Prio) })
	rest := order[n/2:]
	random.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
	return order[:min(n, len(order))]
}

// calibratedFrom returns the model of verdicts that tell the truth.
func calibratedFrom(t *testing.T, judged []*trialFound) *priority.Model {
	t.Helper()
	var rows []calibrate.Row
	for _, f := range judged {
		rows = append(rows, calibrate.Row{Case: f.County + f.ID, Group: f.group, County: f.County,
			Severity: int(f.Severity), Features: f.features(), Real: f.real})
	}
	file, err := calibrate.Fit(rows, priority.Simple(), calibrate.Minimum{Verdicts: 50, Each: 10})
	if err != nil {
		t.Fatal(err)
	}
	file.Name, file.Target = "trial", "change"
	var text bytes.Buffer
	path := filepath.Join(t.TempDir(), "model.json")
	if err := file.Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	model, err := priority.Read(path, false)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// odds returns what a model says of candidates.
func odds(m *priority.Model, all []*trialFound) map[*trialFound]float64 {
	of := map[*trialFound]float64{}
	for _, f := range all {
		of[f] = m.Card(f.group).LogOdds(f.features())
	}
	return of
}

// brier returns the mean of (chance − truth)² by log-odds.
func brier(of map[*trialFound]float64, all []*trialFound) float64 {
	sum := 0.0
	for _, f := range all {
		miss := priority.Chance(of[f])
		if f.real {
			miss = 1 - miss
		}
		sum += miss * miss
	}
	return sum / float64(len(all))
}

// slope returns the slope by which log-odds fit the truth best, with its standard error; 1 is right. It is found by
// Newton's steps for the two numbers of a logistic regression.
func slope(of map[*trialFound]float64, all []*trialFound) (b, se float64) {
	a := 0.0
	b = 1
	for range 50 {
		var ga, gb, haa, hab, hbb float64
		for _, f := range all {
			x := of[f]
			p := priority.Chance(a + b*x)
			miss, w := -p, p*(1-p)
			if f.real {
				miss++
			}
			ga, gb, haa, hab, hbb = ga+miss, gb+miss*x, haa+w, hab+w*x, hbb+w*x*x
		}
		det := haa*hbb - hab*hab
		a, b, se = a+(hbb*ga-hab*gb)/det, b+(haa*gb-hab*ga)/det, math.Sqrt(haa/det)
	}
	return b, se
}

// scores sums up how models do in counties whose verdicts they have not seen, beside the simple rule.
type scores struct{ n, brier, simpleBrier, tenth, simpleTenth float64 }

// add scores the log-odds of candidates that were held out.
func (s *scores) add(t *testing.T, name string, of map[*trialFound]float64, held []*trialFound) {
	t.Helper()
	rule := odds(priority.Simple(), held)
	one := scores{1, brier(of, held), brier(rule, held), first(held, func(f *trialFound) float64 { return of[f] }),
		first(held, func(f *trialFound) float64 { return rule[f] })}
	t.Logf("%s: of %d held out %.1f %% real; first tenth %.1f %%, simple rule %.1f %%; Brier %.4f, simple rule %.4f",
		name, len(held), realShare(held), one.tenth, one.simpleTenth, one.brier, one.simpleBrier)
	*s = scores{s.n + 1, s.brier + one.brier, s.simpleBrier + one.simpleBrier, s.tenth + one.tenth,
		s.simpleTenth + one.simpleTenth}
}

// better fails unless the models do better than the simple rule in the mean: more real ones among the first tenth, and a
// lower Brier score.
func (s *scores) better(t *testing.T) {
	t.Helper()
	t.Logf("mean: first tenth %.1f %%, simple rule %.1f %%; Brier %.4f, simple rule %.4f",
		s.tenth/s.n, s.simpleTenth/s.n, s.brier/s.n, s.simpleBrier/s.n)
	if s.tenth <= s.simpleTenth || s.brier >= s.simpleBrier {
		t.Error("the calibrated models are no better than the simple rule")
	}
}

// tellChances fails unless models of four fifths of the counties tell true chances in the last one, whichever it is.
func tellChances(t *testing.T, all []*trialFound) {
	t.Helper()
	const n = 5
	parts := partByCounty(all, n, 1)
	of := map[*trialFound]float64{}
	for k, held := range parts {
		others := slices.Concat(slices.Concat(parts[:k]...), slices.Concat(parts[k+1:]...))
		maps.Copy(of, odds(calibratedFrom(t, others), held))
	}
	var s scores
	s.add(t, fmt.Sprintf("%d verdicts", len(all)*(n-1)/n), of, all)
	s.better(t)
	b, se := slope(of, all)
	t.Logf("slope %.3f, standard error %.3f", b, se)
	if b < 0.9 || b > 1.1 {
		t.Errorf("the slope is %.3f", b)
	}
}
