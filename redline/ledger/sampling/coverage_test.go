package sampling

import (
	"math"
	"math/rand/v2"
	"testing"
)

// campaign is a population with known truth: by stratum, which units are real.
type campaign [][]bool

// campaignOf makes strata of those sizes whose rates scatter (standard deviation of their logarithms) around a base rate,
// and scales them so that the whole has about the base rate.
func campaignOf(r *rand.Rand, sizes []int, base, scatter float64) campaign {
	var c campaign
	factors, mean, units := []float64{}, 0.0, 0
	for _, n := range sizes {
		f := math.Exp(scatter * r.NormFloat64())
		factors = append(factors, f)
		mean += float64(n) * f
		units += n
	}
	mean /= float64(units)
	for h, n := range sizes {
		rate := min(0.95, base*factors[h]/mean)
		real := make([]bool, n)
		for i := range real {
			real[i] = r.Float64() < rate
		}
		c = append(c, real)
	}
	return c
}

// sampleOf draws n units of area 1 from a campaign, at least two of each stratum, and counts the real ones of all.
func sampleOf(t *testing.T, r *rand.Rand, c campaign, n int) (strata []Stratum, real int) {
	t.Helper()
	var sizes []int
	for _, units := range c {
		sizes = append(sizes, len(units))
	}
	drawn, err := Allocate(sizes, n, 2)
	if err != nil {
		t.Fatal(err)
	}
	for h, units := range c {
		s := Stratum{Units: len(units), AreaM2: float64(len(units))}
		for i, at := range r.Perm(len(units)) {
			answer := NotReal
			if units[at] {
				answer = Real
				real++
			}
			if i < drawn[h] {
				s.Drawn = append(s.Drawn, Drawn{1, answer})
			}
		}
		strata = append(strata, s)
	}
	return strata, real
}

// TestCoverage: of 500 campaigns for each base rate and size of the sample at least 93 % have the true number of real
// ones inside the interval, also where nearly all of them lie in few strata (scatter 1.5). A normal interval fails there.
func TestCoverage(t *testing.T) {
	const campaigns = 500
	normalFails := 0
	for _, tt := range []struct {
		name    string
		sizes   []int
		scatter float64
	}{
		{"large", []int{700, 300, 227, 120, 90, 40, 15, 8}, 0.8},
		{"small", []int{150, 110, 80, 40, 24, 12, 5, 3, 1}, 0.8},
		{"two", []int{1200, 60}, 0.8},
		{"apart", []int{700, 300, 227, 120, 90, 40, 15, 8}, 1.5},
	} {
		for _, base := range []float64{0.02, 0.10, 0.40} {
			for _, n := range []int{50, 100, 200, 400} {
				r := rand.New(rand.NewPCG(uint64(n), uint64(1000*base)))
				inside, normal, width := 0, 0, 0.0
				for range campaigns {
					strata, real := sampleOf(t, r, campaignOf(r, tt.sizes, base, tt.scatter), n)
					got := Estimate(strata)
					width += got.High - got.Low
					if got.AtLeast <= real && real <= got.AtMost {
						inside++
					}
					if math.Abs(got.Area.M2-float64(real)) <= 1.96*got.Area.Error {
						normal++
					}
				}
				t.Logf("%-5s base %2.0f %%, n = %3d: %5.1f %% inside (normal interval %5.1f %%), mean width %.3f", tt.name,
					100*base, n, 100*float64(inside)/campaigns, 100*float64(normal)/campaigns, width/campaigns)
				if inside < campaigns*93/100 {
					t.Errorf("%s, base %g, n = %d: only %d of %d are inside", tt.name, base, n, inside, campaigns)
				}
				if normal < campaigns*93/100 {
					normalFails++
				}
			}
		}
	}
	if normalFails == 0 {
		t.Error("the campaigns are so easy that a normal interval would do")
	}
}
