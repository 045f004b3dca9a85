package sampling

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

var box = orb.Bound{Min: orb.Point{116, 20}, Max: orb.Point{118, 60}}

// TestPlace: places follow from SHA-256 alone, and are spread by area on the ellipsoid: so many lie south of a parallel as
// the authalic latitude says.
func TestPlace(t *testing.T) {
	// printf '7\nrun\npoint\n1' | sha256sum: 8d22946cfed9b78b1728486de591c75de30e49daa710c65d1d4a4266bf0ceb5a
	p, counts := Place(box, 7, "run", 1)
	if want := (orb.Point{117.1026178, 23.6183367}); p != want || counts != true {
		t.Errorf("%v %v, want %v", p, counts, want)
	}
	q := func(lat float64) float64 {
		e, s := math.Sqrt(e2), math.Sin(lat*math.Pi/180)
		return s/(1-e2*s*s) + math.Atanh(e*s)/e
	}
	const n = 100000
	tries, err := Places(box, 1, "run", n, func(orb.Point) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	south, west := 0.0, 0.0
	for _, k := range tries {
		p, counts := Place(box, 1, "run", k)
		if !counts || !box.Contains(p) {
			t.Fatalf("%v was taken", p)
		}
		if p[1] < 37 {
			south++
		}
		if p[0] < 116.5 {
			west++
		}
	}
	want := (q(37) - q(20)) / (q(60) - q(20)) // 0.497; by degrees it would be 0.425
	if got := south / n; math.Abs(got-want) > 4*0.5/math.Sqrt(n) {
		t.Errorf("south of 37°: %.4f, want %.4f", got, want)
	}
	if got := west / n; math.Abs(got-0.25) > 4*0.44/math.Sqrt(n) {
		t.Errorf("west of 116.5°: %.4f", got)
	}
	again, _ := Places(box, 1, "run", 20, func(p orb.Point) bool { return p[1] < 37 })
	if !slices.IsSorted(again) || len(again) != 20 || again[0] != tries[slices.IndexFunc(tries, func(k int) bool {
		p, _ := Place(box, 1, "run", k)
		return p[1] < 37
	})] {
		t.Errorf("the first tries south of 37°: %v", again)
	}
	if other, _ := Places(box, 2, "run", 20, func(orb.Point) bool { return true }); slices.Equal(other, tries[:20]) {
		t.Error("another seed draws the same")
	}
}

func TestPlacesNowhere(t *testing.T) {
	defer func(most int) { maxTries = most }(maxTries)
	maxTries = 1000
	if _, err := Places(box, 1, "run", 1, func(orb.Point) bool { return false }); err == nil ||
		!strings.Contains(err.Error(), "of 1000 places around the zones only 0 lie in the ground; draw fewer points") {
		t.Errorf("%v", err)
	}
}

// TestOlofssonByPoints: the example of [TestOlofsson] with its largest class as points, of which two of 325 were
// deforestation: the same area and standard error.
func TestOlofssonByPoints(t *testing.T) {
	w := Points{AreaM2: 6450000 * 900, Drawn: 325, Real: 2, NotReal: 323}.Estimates([]Stratum{
		answered(200000, 66, 9, 0), answered(150000, 0, 75, 0), answered(3200000, 1, 164, 0)})
	if ha, ci := w.Total.M2/1e4, 1.96*w.Total.Error/1e4; math.Abs(ha-21158) > 0.5 || math.Abs(ci-6158) > 1 {
		t.Errorf("%.1f ± %.1f ha", ha, ci)
	}
	if want := (200000*66.0/75 + 3200000.0/165) / 235086; math.Abs(w.Found.Estimate-want) > 1e-5 {
		t.Errorf("share found %.5f, want %.5f", w.Found.Estimate, want)
	}
	// Clopper and Pearson for 2 of 325: 0.000746 to 0.022056
	if lo, hi := w.Missed.LowM2/6450000/900, w.Missed.HighM2/6450000/900; math.Abs(lo-0.000746) > 2e-6 ||
		math.Abs(hi-0.022056) > 2e-5 {
		t.Errorf("%.6f to %.6f", lo, hi)
	}
}

// TestMissedUnanswered: what has no answer makes the intervals wider and moves no estimate; none real leaves an upper limit;
// without an estimate of what was detected only what was missed is told.
func TestMissedUnanswered(t *testing.T) {
	units := []Stratum{answered(100, 20, 20, 0)}
	whole := Points{1e6, 100, 2, 98}.Estimates(units)
	open := Points{1e6, 150, 2, 98}.Estimates(units)
	if open.Missed.M2 != whole.Missed.M2 || open.Missed.LowM2 >= whole.Missed.LowM2 || open.Missed.HighM2 < 1e6*52/150 ||
		open.Found.Low >= whole.Found.Low || open.Total.HighM2 <= whole.Total.HighM2 {
		t.Errorf("%+v, with answers %+v", open, whole)
	}
	unjudged := Points{1e6, 100, 2, 98}.Estimates([]Stratum{answered(100, 20, 20, 30)})
	if unjudged.Total.M2 != whole.Total.M2 || unjudged.Total.LowM2 >= whole.Total.LowM2 ||
		unjudged.Found.High <= whole.Found.High {
		t.Errorf("%+v, with answers %+v", unjudged.Total, whole.Total)
	}
	none := Points{1e6, 300, 0, 300}.Estimates(units)
	if m := none.Missed; m.M2 != 0 || m.LowM2 != 0 || math.Abs(m.HighM2-1e6*(1-math.Pow(0.025, 1.0/300))) > 1e-3 {
		t.Errorf("none of 300: %+v", m)
	}
	if none.Found.Estimate != 1 || none.Found.Low > 0.9 || none.Found.High < 1-1e-9 {
		t.Errorf("none of 300: %+v", none.Found)
	}
	if w := (Points{1e6, 100, 2, 98}).Estimates([]Stratum{answered(100, 0, 0, 9)}); w.Total != nil || w.Found != nil || w.Missed.M2 != 2e4 {
		t.Errorf("nobody judged what was detected: %+v", w)
	}
	if w := (Points{1e6, 100, 1, 0}).Estimates(units); w != nil {
		t.Errorf("one answer: %+v", w)
	}
	if w := (Points{1e6, 100, 0, 100}).Estimates(nil); w.Total.M2 != 0 || w.Found != nil {
		t.Errorf("nothing anywhere: %+v", w)
	}
}

// TestWholeCampaigns: over 500 campaigns for each share that was missed and number of points, the mean of the estimates is
// the truth, and at least 93 % of the intervals of all that is real, of what was missed, and of the share found hold it.
func TestWholeCampaigns(t *testing.T) {
	const campaigns = 500
	for _, missed := range []float64{0.001, 0.01, 0.05} {
		for _, points := range []int{100, 400} {
			r := rand.New(rand.NewPCG(uint64(points), uint64(1e6*missed)))
			detected, real := unitsOf(r)
			const ground = 40e6 // m²
			truth := real + ground*missed
			sum, squares, held := 0.0, 0.0, [3]float64{}
			for range campaigns {
				p := Points{AreaM2: ground, Drawn: points}
				for range points {
					if r.Float64() < missed {
						p.Real++
					} else {
						p.NotReal++
					}
				}
				w := p.Estimates(drawnOf(r, detected))
				sum, squares = sum+w.Total.M2, squares+w.Total.M2*w.Total.M2
				for i, in := range []bool{w.Missed.LowM2 <= ground*missed && ground*missed <= w.Missed.HighM2,
					w.Total.LowM2 <= truth && truth <= w.Total.HighM2,
					w.Found.Low <= real/truth && real/truth <= w.Found.High} {
					if in {
						held[i]++
					}
				}
			}
			mean := sum / campaigns
			scatter := math.Sqrt((squares/campaigns - mean*mean) / campaigns)
			t.Logf("missed %g, %d points: bias %+.2f standard errors of the mean; held: missed %.3f, total %.3f, found %.3f",
				missed, points, (mean-truth)/scatter, held[0]/campaigns, held[1]/campaigns, held[2]/campaigns)
			if math.Abs(mean-truth) > 3.5*scatter {
				t.Errorf("missed %g, %d points: mean %.0f, truth %.0f ± %.0f", missed, points, mean, truth, scatter)
			}
			for i, what := range []string{"what was missed", "all that is real", "share found"} {
				if held[i] < 0.93*campaigns {
					t.Errorf("missed %g, %d points: %s is held in %g of %d", missed, points, what, held[i], campaigns)
				}
			}
		}
	}
}

// unitsOf returns two strata of detected units of unequal size with their answers, and the area of the real ones.
func unitsOf(r *rand.Rand) (all []Stratum, real float64) {
	for _, size := range []int{250, 100} {
		s := Stratum{Units: size}
		for range size {
			d := Drawn{AreaM2: 900 * float64(4+r.IntN(20)), Answer: NotReal}
			if r.Float64() < 0.4 {
				d.Answer, real = Real, real+d.AreaM2
			}
			s.AreaM2, s.Drawn = s.AreaM2+d.AreaM2, append(s.Drawn, d)
		}
		all = append(all, s)
	}
	return all, real
}

// drawnOf draws a fifth of each stratum.
func drawnOf(r *rand.Rand, all []Stratum) (drawn []Stratum) {
	for _, s := range all {
		d := Stratum{Units: s.Units, AreaM2: s.AreaM2}
		for _, at := range r.Perm(s.Units)[:s.Units/5] {
			d.Drawn = append(d.Drawn, s.Drawn[at])
		}
		drawn = append(drawn, d)
	}
	return drawn
}
