package dating

import (
	"math/bits"
	"math/rand/v2"
	"reflect"
	"testing"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// words makes the two words of a sequence of states.
func words(states []int) (isNew, valid uint64) {
	for i, s := range states {
		if s != redlinetest.Unseen {
			valid |= 1 << i
		}
		if s == 1 {
			isNew |= 1 << i
		}
	}
	return isNew, valid
}

// dateOf turns a code into years.
func dateOf(c Code, years []int) redlinetest.CellDate {
	if c.Grade() == redline.GradeD {
		return redlinetest.CellDate{Grade: redline.GradeD}
	}
	return redlinetest.CellDate{Grade: c.Grade(), From: years[c.old()] + 1, Year: years[c.year()]}
}

// everySequence calls f with all sequences of so many years, and with some of the longest ones; the last year is new.
func everySequence(f func(years, states []int)) {
	var years []int
	for y := range MaxMaps + 2 {
		years = append(years, 1950+y+y/5) // with years that have no map
	}
	for n := 2; n <= 9; n++ {
		states := make([]int, n)
		total := 1
		for range n {
			total *= 3
		}
		for k := range total {
			for i, rest := 0, k; i < n; i, rest = i+1, rest/3 {
				states[i] = rest%3 - 1
			}
			if states[0] != redlinetest.Unseen && states[n-1] == 1 {
				f(years[:n], states)
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		states := make([]int, 10+rng.IntN(len(years)-9))
		calm := 1 + rng.IntN(40)
		for i := range states {
			switch {
			case i > 0 && rng.IntN(calm) > 0:
				states[i] = states[i-1]
			case i > 0 && rng.IntN(4) == 0:
				states[i] = redlinetest.Unseen
			default:
				states[i] = rng.IntN(2)
			}
		}
		states[len(states)-1] = 1
		f(years[:len(states)], states)
	}
}

func TestCodesAgainstTwin(t *testing.T) {
	var seen [redline.GradeD + 1]int
	everySequence(func(years, states []int) {
		c := CodeOf(words(states))
		if got, want := dateOf(c, years), redlinetest.DateCell(years, states); got != want {
			t.Fatalf("%v: %+v, want %+v", states, got, want)
		}
		seen[c.Grade()]++
	})
	for _, g := range redline.Grades() {
		if seen[g] < 100 {
			t.Errorf("%d sequences have grade %s: too few to mean anything", seen[g], g)
		}
	}
}

// When the ground is still new a year later, one change stays one, with the same years; only how sure it is may grow.
func TestOneYearMore(t *testing.T) {
	seen := map[[2]redline.Grade]int{}
	everySequence(func(years, states []int) {
		if len(states) > MaxMaps+1 {
			return
		}
		isNew, valid := words(states)
		was := CodeOf(isNew, valid)
		is := CodeOf(isNew|1<<len(states), valid|1<<len(states))
		if was.Grade() != redline.GradeD && (was.old() != is.old() || was.year() != is.year()) {
			t.Fatalf("%v: code %x becomes %x", states, was, is)
		}
		before := bits.OnesCount64(valid & (isNew&-isNew - 1))
		var want redline.Grade
		switch was.Grade() {
		case redline.GradeB:
			if want = redline.GradeB; before >= redline.Steady {
				want = redline.GradeA
			}
		case redline.GradeD:
			if want = redline.GradeC; isNew&1 != 0 {
				want = redline.GradeD
			}
		default:
			want = was.Grade()
		}
		if is.Grade() != want {
			t.Fatalf("%v: grade %s becomes %s, want %s", states, was.Grade(), is.Grade(), want)
		}
		seen[[2]redline.Grade{was.Grade(), is.Grade()}]++
	})
	if len(seen) != 6 {
		t.Errorf("changes of grades: %v", seen)
	}
}

// Time that runs backwards makes a gain of a loss: one change has its mirrored years, and the same grade.
func TestTimeReversed(t *testing.T) {
	mirrored := 0
	everySequence(func(years, states []int) {
		n := len(states)
		back := make([]int, n)
		for i, s := range states {
			if back[n-1-i] = s; s != redlinetest.Unseen {
				back[n-1-i] = 1 - s
			}
		}
		c := CodeOf(words(states))
		if g := c.Grade(); g != redline.GradeA && g != redline.GradeB {
			return
		}
		if got, want := CodeOf(words(back)), codeOf(c.Grade(), n-1-c.year(), n-1-c.old()); got != want {
			t.Fatalf("%v backwards: code %x, want %x", states, got, want)
		}
		mirrored++
	})
	if mirrored < 1000 {
		t.Errorf("%d sequences: too few to mean anything", mirrored)
	}
}

func TestSumAgainstTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	grades, flickering, none := map[redline.Grade]int{}, 0, 0
	for range 20000 {
		s := &Stack{}
		for y := 2000; len(s.years) < 2+rng.IntN(12); y += 1 + rng.IntN(2) {
			s.years = append(s.years, y)
		}
		n := len(s.years)
		var pieces []redlinetest.CellDate
		var shares []Share
		for range 1 + rng.IntN(8) {
			states := make([]int, n)
			for i := range states {
				states[i] = max(0, rng.IntN(9)-6) - max(0, rng.IntN(9)-7)
				if i > n/2 {
					states[i] = min(1, rng.IntN(4))
				}
			}
			states[0], states[n-1] = max(0, states[0]), 1
			cells := 1 + rng.IntN(4)
			if rng.IntN(3) == 0 {
				cells *= 20
			}
			code := CodeOf(words(states))
			for left := cells; left > 0; { // a code may come more than once
				k := 1 + rng.IntN(left)
				var area raster.Area
				area.AddTimes(uint64(k), raster.Area{Lo: 900 << 28})
				shares = append(shares, Share{code, area})
				left -= k
			}
			for range cells {
				pieces = append(pieces, redlinetest.DateCell(s.years, states))
			}
		}
		rng.Shuffle(len(shares), func(i, k int) { shares[i], shares[k] = shares[k], shares[i] })
		got, flickers := s.Sum(shares)
		want, wantFlickers := redlinetest.DateGround(pieces)
		if !reflect.DeepEqual(got, want) || flickers != wantFlickers {
			t.Fatalf("%v of %v: %+v %t, want %+v %t", shares, s.years, got, flickers, want, wantFlickers)
		}
		grades[got.Grade]++
		if flickers {
			flickering++
		}
		if got.Year == 0 {
			none++
		}
	}
	for _, g := range redline.Grades() {
		if grades[g] < 300 {
			t.Errorf("%d candidates have grade %s: too few to mean anything", grades[g], g)
		}
	}
	if flickering < 300 || none < 300 {
		t.Errorf("%d flicker, %d have no year: too few to mean anything", flickering, none)
	}
}

// The limits belong to what they limit: half is a majority and does not flicker, and 5 % may be left out. A hair of area
// more or less, by which cells of one grid differ, moves no limit.
func TestSumAtTheLimits(t *testing.T) {
	s := &Stack{years: []int{2015, 2016, 2017, 2018, 2019, 2020}}
	share := func(cells uint64, states ...int) Share {
		var a raster.Area
		a.AddTimes(cells, raster.Area{Lo: 900 << 28})
		return Share{CodeOf(words(states)), a}
	}
	a17, a18, b16 := []int{0, 0, 1, 1, 1, 1}, []int{0, 0, 0, 1, 1, 1}, []int{0, 1, 1, 1, 1, 1}
	c16, d := []int{0, 1, 0, 0, 1, 1}, []int{0, 1, 0, 0, 0, 1}
	for name, c := range map[string]struct {
		shares   []Share
		want     redline.Dated
		flickers bool
	}{
		"half": {[]Share{share(50, a18...), share(50, d...)},
			redline.Dated{Year: 2018, From: 2018, To: 2018, Grade: redline.GradeA, Shares: []redline.YearShare{{Year: 2018, Pct: 50}}}, false},
		"less than half": {[]Share{share(49, a18...), share(51, d...)},
			redline.Dated{Year: 2018, From: 2018, To: 2018, Grade: redline.GradeD, Shares: []redline.YearShare{{Year: 2018, Pct: 49}}}, true},
		"two years, the earlier counts": {[]Share{share(50, a18...), share(50, a17...)},
			redline.Dated{Year: 2017, From: 2017, To: 2018, Grade: redline.GradeA,
				Shares: []redline.YearShare{{Year: 2017, Pct: 50}, {Year: 2018, Pct: 50}}}, false},
		"5 % are left out": {[]Share{share(5, b16...), share(95, a18...)},
			redline.Dated{Year: 2018, From: 2018, To: 2018, Grade: redline.GradeA,
				Shares: []redline.YearShare{{Year: 2016, Pct: 5}, {Year: 2018, Pct: 95}}}, false},
		"6 % are not": {[]Share{share(6, b16...), share(94, a18...)},
			redline.Dated{Year: 2018, From: 2016, To: 2018, Grade: redline.GradeA,
				Shares: []redline.YearShare{{Year: 2016, Pct: 6}, {Year: 2018, Pct: 94}}}, false},
		"half but for a hair": {[]Share{share(49991, a18...), share(50009, d...)},
			redline.Dated{Year: 2018, From: 2018, To: 2018, Grade: redline.GradeA, Shares: []redline.YearShare{{Year: 2018, Pct: 49.991}}}, false},
		"less than half by more": {[]Share{share(49989, a18...), share(50011, d...)},
			redline.Dated{Year: 2018, From: 2018, To: 2018, Grade: redline.GradeD, Shares: []redline.YearShare{{Year: 2018, Pct: 49.989}}}, true},
		"two years but for a hair, the earlier counts": {[]Share{share(50009, a18...), share(49991, a17...)},
			redline.Dated{Year: 2017, From: 2017, To: 2018, Grade: redline.GradeA,
				Shares: []redline.YearShare{{Year: 2017, Pct: 49.991}, {Year: 2018, Pct: 50.009}}}, false},
		"5 % and a hair are left out": {[]Share{share(5009, b16...), share(94991, a18...)},
			redline.Dated{Year: 2018, From: 2018, To: 2018, Grade: redline.GradeA,
				Shares: []redline.YearShare{{Year: 2016, Pct: 5.009}, {Year: 2018, Pct: 94.991}}}, false},
		"more are not": {[]Share{share(5011, b16...), share(94989, a18...)},
			redline.Dated{Year: 2018, From: 2016, To: 2018, Grade: redline.GradeA,
				Shares: []redline.YearShare{{Year: 2016, Pct: 5.011}, {Year: 2018, Pct: 94.989}}}, false},
		"an interval": {[]Share{share(10, c16...)}, redline.Dated{From: 2016, To: 2019, Grade: redline.GradeC}, true},
		"nothing":     {[]Share{share(10, d...)}, redline.Dated{Grade: redline.GradeD}, true},
	} {
		if got, flickers := s.Sum(c.shares); !reflect.DeepEqual(*got, c.want) || flickers != c.flickers {
			t.Errorf("%s: %+v %t, want %+v %t", name, *got, flickers, c.want, c.flickers)
		}
	}
}
