package sampling

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestAllocate(t *testing.T) {
	for _, tt := range []struct {
		units    []int
		n, least int
		want     string
	}{
		{[]int{100, 100, 100}, 30, 2, "[10 10 10]"},
		{[]int{700, 200, 95, 5}, 50, 2, "[34 10 4 2]"}, // 0.25 is less than 2; of 48 are 33.77, 9.65, 4.58
		{[]int{3, 1, 1000}, 10, 2, "[2 1 7]"},
		{[]int{5, 5, 1000}, 1009, 2, "[5 5 999]"},
		{[]int{5, 5}, 10, 2, "[5 5]"},
		{[]int{0, 8}, 4, 2, "[0 4]"},
		{[]int{9, 9}, 4, 2, "[2 2]"},
		{[]int{9, 9}, 3, 2, "3 are to be drawn, but 2 strata of at least 2 each take 4"},
		{[]int{9, 9}, 19, 2, "19 are to be drawn, but there are only 18"},
	} {
		got, err := Allocate(tt.units, tt.n, tt.least)
		said := fmt.Sprint(got)
		if err != nil {
			said = err.Error()
		}
		if said != tt.want {
			t.Errorf("%v, %d: %s, want %s", tt.units, tt.n, said, tt.want)
		}
	}
}

// TestAllocateSums: whatever the strata are, n are drawn, none less than the minimum or above its units.
func TestAllocateSums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		units, total, floor := make([]int, 1+r.IntN(12)), 0, 0
		for h := range units {
			units[h] = r.IntN(1 + r.IntN(300))
			total += units[h]
			floor += min(units[h], 2)
		}
		n := floor + r.IntN(total-floor+1)
		got, err := Allocate(units, n, 2)
		sum := 0
		for h, d := range got {
			sum += d
			if d < min(2, units[h]) || d > units[h] {
				t.Fatalf("%v, %d: %v", units, n, got)
			}
		}
		if err != nil || sum != n {
			t.Fatalf("%v, %d: %v, %v", units, n, got, err)
		}
	}
}

// TestDraw: the units drawn are those that sha256sum ranks first, whatever their order; each is drawn as often as another.
func TestDraw(t *testing.T) {
	// for c in a b c d e; do echo "$(printf '7\nrun\n%s' $c | sha256sum) $c"; done | sort
	units, wantDrawn := []string{"e", "d", "c", "b", "a"}, []string{"a", "d"}
	if got := Draw(units, 2, 7, "run"); !slices.Equal(got, wantDrawn) {
		t.Errorf("drawn: %v", got)
	}
	slices.Reverse(units)
	if got := Draw(units, 2, 7, "run"); !slices.Equal(got, wantDrawn) {
		t.Errorf("drawn in another order: %v", got)
	}
	times := map[string]int{}
	for seed := range int64(5000) {
		for _, u := range Draw(units, 2, seed, "run") {
			times[u]++
		}
	}
	for _, u := range units {
		if n := times[u]; n < 1860 || n > 2140 { // 2000 by design, ±4 standard deviations of 35
			t.Errorf("%s was drawn %d times of 5000", u, n)
		}
	}
}

// answered returns a stratum of units of 900 m² of which so many drawn are real, not real, and open.
func answered(units, real, not, open int) Stratum {
	s := Stratum{Units: units, AreaM2: 900 * float64(units)}
	for a, n := range map[Answer]int{Real: real, NotReal: not, Open: open} {
		s.Drawn = append(s.Drawn, slices.Repeat([]Drawn{{900, a}}, n)...)
	}
	return s
}

// TestOlofsson: the worked example of Olofsson et al. 2014, section 5.2: counts of the sample by map class of table 8, of
// which 200,000, 150,000, 3,200,000 and 6,450,000 pixels of 30 m are the map. The area of deforestation is 21,158 ± 6,158 ha
// (95 %), of which 235,086 pixels. The correction for the finite population is below the last digit.
func TestOlofsson(t *testing.T) {
	got := Estimate([]Stratum{answered(200000, 66, 9, 0), answered(150000, 0, 75, 0), answered(3200000, 1, 164, 0),
		answered(6450000, 2, 323, 0)})
	if ha, ci := got.Area.M2/1e4, 1.96*got.Area.Error/1e4; math.Abs(ha-21158) > 0.5 || math.Abs(ci-6158) > 1 {
		t.Errorf("%.1f ± %.1f ha", ha, ci)
	}
	if pixels := got.Share.Count; math.Abs(pixels-235086) > 1 {
		t.Errorf("%.1f pixels", pixels)
	}
}

// TestAreaOfUnequalUnits: the area and its standard error by hand, where units differ: 3 of 10 units drawn with 100, 0 and
// 200 m² real, of a second stratum both.
func TestAreaOfUnequalUnits(t *testing.T) {
	got := Estimate([]Stratum{
		{Units: 10, AreaM2: 1500, Drawn: []Drawn{{100, Real}, {300, NotReal}, {200, Real}}},
		{Units: 2, AreaM2: 60, Drawn: []Drawn{{20, Real}, {40, NotReal}}},
	})
	// 10·100 + 20; s² = 10,000; 100·0.7·10,000/3, and nothing of the census
	if a := got.Area; a.M2 != 1020 || math.Abs(a.Error-math.Sqrt(700000.0/3)) > 1e-9 || math.Abs(a.LowM2-320) > 1e-9 ||
		math.Abs(a.HighM2-(1560-340)) > 1e-9 {
		t.Errorf("%+v", *a)
	}
	if got := Estimate([]Stratum{{Units: 10, AreaM2: 1, Drawn: []Drawn{{1, Real}, {1, Open}}}}); got.Area != nil {
		t.Errorf("one answer says how units differ: %+v", got.Area)
	}
}

// TestUnbiased: over all samples the mean of the estimates is the truth, share and area.
func TestUnbiased(t *testing.T) {
	areas, real := []float64{10, 20, 400, 30, 70}, []bool{true, false, true, false, true}
	share, area, n := 0.0, 0.0, 0.0
	for i := range areas {
		for k := range i {
			s := Stratum{Units: 5, AreaM2: 530}
			for _, at := range []int{i, k} {
				d := Drawn{areas[at], NotReal}
				if real[at] {
					d.Answer = Real
				}
				s.Drawn = append(s.Drawn, d)
			}
			got := Estimate([]Stratum{s})
			share, area, n = share+got.Share.Estimate, area+got.Area.M2, n+1
		}
	}
	if math.Abs(share/n-0.6) > 1e-12 || math.Abs(area/n-480) > 1e-9 {
		t.Errorf("mean share %g, mean area %g", share/n, area/n)
	}
}

// TestUnanswered: the interval has room for whatever those without an answer are, and is as wide as without them at least;
// among those answered nothing is told of a stratum without any.
func TestUnanswered(t *testing.T) {
	whole := Estimate([]Stratum{answered(200, 4, 36, 0), answered(50, 3, 7, 0)})
	part := Estimate([]Stratum{answered(200, 4, 26, 10), answered(50, 3, 7, 0)})
	all := Estimate([]Stratum{answered(200, 14, 26, 0), answered(50, 3, 7, 0)})
	if part.AtLeast != whole.AtLeast || part.AtMost != all.AtMost || part.AtMost <= whole.AtMost || part.Answered != 40 ||
		part.Drawn != 50 || part.Real != 7 {
		t.Errorf("%+v, with answers %+v and %+v", part, whole, all)
	}
	if want := (200*4.0/30 + 50*3.0/10) / 250; math.Abs(part.Share.Estimate-want) > 1e-12 {
		t.Errorf("share among those answered %g, want %g", part.Share.Estimate, want)
	}
	if got := Estimate([]Stratum{answered(200, 4, 26, 0), answered(50, 0, 0, 10)}); got.Share != nil || got.Area != nil ||
		got.AtLeast < 4 || got.AtMost > 224 {
		t.Errorf("a stratum without any answer: %+v", got)
	}
}

// TestSureThings: a census says all; nothing found leaves an upper limit, of which the rule of three is a check.
func TestSureThings(t *testing.T) {
	if got := Estimate([]Stratum{answered(10, 4, 6, 0), answered(3, 0, 3, 0)}); got.AtLeast != 4 || got.AtMost != 4 {
		t.Errorf("a census: %+v", got)
	}
	got := Estimate([]Stratum{answered(100000, 0, 300, 0)})
	if got.Low != 0 || got.High < 0.009 || got.High > 0.0125 {
		t.Errorf("none of 300: %+v", got)
	}
	if got := Estimate([]Stratum{answered(100000, 150, 150, 0)}); math.Abs(got.Low-0.442) > 0.002 || math.Abs(got.High-0.558) > 0.002 {
		t.Errorf("half of 300, 0.442 to 0.558 by Clopper and Pearson: %+v", got)
	}
	if got := Estimate(nil); got != (Result{}) {
		t.Errorf("no strata: %+v", got)
	}
}
