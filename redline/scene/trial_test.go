package scene

import (
	"bytes"
	"testing"
)

// differ returns how many of a hundred cells differ.
func differ(a, b []uint8) float64 {
	n := 0
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return 100 * float64(n) / float64(len(a))
}

// TestTrialRates: the maps of a trial are as often right, and as unlike each other, as is published; what they show of
// change is many times what there is, and the newest ground is mostly that of epoch 1.
func TestTrialRates(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		trial, err := NewTrial(seed, 768)
		if err != nil {
			t.Fatal(err)
		}
		within := func(what string, got, low, high float64) {
			t.Logf("seed %d: %s %.2f %%", seed, what, got)
			if got < low || got > high {
				t.Errorf("seed %d: %s %.2f %%, want %g to %g", seed, what, got, low, high)
			}
		}
		within("true changes", differ(trial.Truth(0), trial.Truth(1)), 0.3, 0.6)
		within("true changes after", differ(trial.Truth(1), trial.Truth(2)), 0.05, 0.2)
		var maps [numProducts][2][]uint8
		for k, published := range [numProducts]float64{79.31, 80.88, 85.72} {
			for e := range 2 {
				maps[k][e] = trial.Map(Product(k), e)
				within("right", 100-differ(maps[k][e], trial.Truth(e)), published-0.9, published+0.9)
			}
			within("changes", differ(maps[k][0], maps[k][1]), 5, 9)
		}
		for k := range numProducts {
			within("of two products differ", differ(maps[k][1], maps[(k+1)%numProducts][1]), 21.10, 37.53)
		}
		checkErrors(t, trial, maps[First], within)
	}
}

// checkErrors: errors come in patches, along borders more than elsewhere, and mostly in both epochs.
func checkErrors(t *testing.T, trial *Trial, maps [2][]uint8, within func(what string, got, low, high float64)) {
	t.Helper()
	cols := trial.Grid().Cols
	truth := trial.Truth(0)
	wrong := func(e, i int) bool { return maps[e][i] != trial.Truth(e)[i] }
	var errors, beside, again, border, wrongAtBorder int
	var byClass, ofClass [10]int
	for i := range truth[:len(truth)-cols-1] {
		atBorder := truth[i] != truth[i+1] || truth[i] != truth[i+cols]
		ofClass[truth[i]]++
		if atBorder {
			border++
		}
		if !wrong(0, i) {
			continue
		}
		errors++
		byClass[truth[i]]++
		if atBorder {
			wrongAtBorder++
		}
		if wrong(0, i+1) {
			beside++
		}
		if wrong(1, i) {
			again++
		}
	}
	share := func(a, b int) float64 { return 100 * float64(a) / float64(b) }
	within("of wrong cells have a wrong neighbour in the east", share(beside, errors), 70, 95)
	within("of wrong cells are wrong in the other epoch", share(again, errors), 75, 95)
	within("of cells at borders are wrong", share(wrongAtBorder, border), 28, 60)
	rate := func(class int) float64 { return float64(byClass[class]) / float64(ofClass[class]) }
	for _, good := range []int{cropland, forest, water} {
		for _, poor := range []int{shrub, grassland, wetland, barren} {
			if rate(good) >= rate(poor) {
				t.Errorf("class %d is wrong in %.2f of its cells, class %d in %.2f", good, rate(good), poor, rate(poor))
			}
		}
	}
}

// TestTrialIsTheSame: a seed gives the same trial, another one another.
func TestTrialIsTheSame(t *testing.T) {
	var all [3]*Trial
	for i, seed := range []uint64{1, 1, 2} {
		var err error
		if all[i], err = NewTrial(seed, 512); err != nil {
			t.Fatal(err)
		}
	}
	for e := range 3 {
		if !bytes.Equal(all[0].Truth(e), all[1].Truth(e)) || !bytes.Equal(all[0].Map(Third, e), all[1].Map(Third, e)) {
			t.Errorf("epoch %d differs", e)
		}
		if bytes.Equal(all[0].Truth(e), all[2].Truth(e)) {
			t.Errorf("epoch %d is that of another seed", e)
		}
	}
}

// TestTrialBuildsNearSettlements: most that is built is built within some cells of what stood before.
func TestTrialBuildsNearSettlements(t *testing.T) {
	trial, err := NewTrial(3, 768)
	if err != nil {
		t.Fatal(err)
	}
	before, after := trial.Truth(0), trial.Truth(1)
	cols := trial.Grid().Cols
	near, built := 0, 0
	for i := range before {
		if before[i] == after[i] || after[i] != impervious {
			continue
		}
		built++
		row, col := i/cols, i%cols
	look:
		for r := max(0, row-settled); r <= min(cols-1, row+settled); r++ {
			for c := max(0, col-settled); c <= min(cols-1, col+settled); c++ {
				if before[r*cols+c] == impervious {
					near++
					break look
				}
			}
		}
	}
	if built < 500 || float64(near) < 0.8*float64(built) {
		t.Errorf("%d of %d built cells are near others", near, built)
	}
}
