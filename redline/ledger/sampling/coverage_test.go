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

// TestAreaCoverage: of 500 campaigns whose units have very unequal areas (sigma of their logarithms) at least 93 % have
// the true area inside the interval, also where few are real or nearly all are. A normal interval fails there.
func TestAreaCoverage(t *testing.T) {
	const campaigns = 500
	normalFails := 0
	for _, sigma := range []float64{0, 0.7, 1.2} {
		for _, base := range []float64{0.005, 0.02, 0.10, 0.40, 0.90} {
			for _, n := range []int{50, 200} {
				r := rand.New(rand.NewPCG(uint64(n), uint64(10000*base+sigma)))
				inside, normal, width := 0, 0, 0.0
				for range campaigns {
					strata, real := areasOf(t, r, campaignOf(r, []int{150, 110, 80, 40, 24, 12, 5, 3, 1}, base, 0.8), n, sigma)
					got := Estimate(strata).Area
					width += got.HighM2 - got.LowM2
					if got.LowM2-1e-6 <= real && real <= got.HighM2+1e-6 {
						inside++
					}
					if math.Abs(got.M2-real) <= 1.96*got.Error+1e-6 {
						normal++
					}
				}
				t.Logf("sigma %.1f, base %4.1f %%, n = %3d: %5.1f %% inside (normal interval %5.1f %%), mean width %.1f", sigma,
					100*base, n, 100*float64(inside)/campaigns, 100*float64(normal)/campaigns, width/campaigns)
				if inside < campaigns*93/100 {
					t.Errorf("sigma %g, base %g, n = %d: only %d of %d are inside", sigma, base, n, inside, campaigns)
				}
				if normal < campaigns*93/100 {
					normalFails++
				}
			}
		}
	}
	if normalFails < 10 {
		t.Errorf("a normal interval fails in %d alone; the campaigns are too easy", normalFails)
	}
}

// areasOf draws as sampleOf does, of units with areas of a lognormal distribution, and sums those of all real ones.
func areasOf(t *testing.T, r *rand.Rand, c campaign, n int, sigma float64) (strata []Stratum, realM2 float64) {
	t.Helper()
	drawn, _ := sampleOf(t, r, c, n)
	for h, units := range c {
		s := Stratum{Units: len(units)}
		for i, at := range r.Perm(len(units)) {
			d := Drawn{math.Exp(sigma * r.NormFloat64()), NotReal}
			if s.AreaM2 += d.AreaM2; units[at] {
				d.Answer = Real
				realM2 += d.AreaM2
			}
			if i < len(drawn[h].Drawn) {
				s.Drawn = append(s.Drawn, d)
			}
		}
		strata = append(strata, s)
	}
	return strata, realM2
}

// TestNothingFound: a sample without any real one does not say that there is none, neither of numbers nor of areas.
func TestNothingFound(t *testing.T) {
	for _, answer := range []Answer{NotReal, Real} {
		s := Stratum{Units: 400, AreaM2: 4000}
		for range 40 {
			s.Drawn = append(s.Drawn, Drawn{10, answer})
		}
		got := Estimate([]Stratum{s})
		a := got.Area
		if answer == NotReal && !(a.M2 == 0 && a.LowM2 == 0 && a.HighM2 > 150 && a.HighM2 < 400) {
			t.Errorf("none of 40 is real: area %+v, at most %d of 400", a, got.AtMost)
		}
		if answer == Real && !(a.M2 == 4000 && a.HighM2 == 4000 && a.LowM2 < 3850 && a.LowM2 > 3600) {
			t.Errorf("all of 40 are real: area %+v, at least %d of 400", a, got.AtLeast)
		}
	}
}
