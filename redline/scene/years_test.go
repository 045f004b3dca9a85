package scene

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"testing"
)

// mapsOf returns the cells of the maps of all years between the epochs, and those of the epochs before and behind them.
func mapsOf(s *Scene, y *Years) (all map[int][]uint8) {
	e := epochs(s)
	all = map[int][]uint8{y.from: e[0], y.to: e[1]}
	cols := s.params.Cols
	for year := y.from + 1; year < y.to; year++ {
		all[year] = make([]uint8, len(e[0]))
		for row := s.params.Rows - 1; row >= 0; row-- { // rows come in any order
			at, end := row*cols, (row+1)*cols
			y.Row(year, row, e[0][at:end], e[1][at:end], all[year][at:end])
		}
	}
	return all
}

// TestYearsWithoutNoise: ground that differs between the epochs changes once, in the year that Change tells; other ground
// never does. All years occur, and neighbours mostly have the same.
func TestYearsWithoutNoise(t *testing.T) {
	s := newScene(t, small())
	for _, years := range [][2]int{{2015, 2020}, {1995, 2021}, {2019, 2020}} {
		y := s.Years(years[0], years[1], Noise{})
		all, cols := mapsOf(s, y), s.params.Cols
		seen, alike, pairs := map[int]int{}, 0, 0
		for i := range all[y.from] {
			row, col := i/cols, i%cols
			change := y.Change(row, col)
			if change <= y.from || change > y.to {
				t.Fatalf("cell %d changes in %d", i, change)
			}
			seen[change]++
			if col > 0 {
				if pairs++; y.Change(row, col-1) == change {
					alike++
				}
			}
			for year := y.from; year <= y.to; year++ {
				want := all[y.from][i]
				if year >= change {
					want = all[y.to][i]
				}
				if all[year][i] != want {
					t.Fatalf("cell %d has %d in %d, want %d: it changes in %d", i, all[year][i], year, want, change)
				}
			}
		}
		// There are 16 sites or so.
		if len(seen) < min(years[1]-years[0], 4) || float64(alike) < 0.95*float64(pairs) {
			t.Errorf("%v: years %v, %d of %d neighbours have the same", years, seen, alike, pairs)
		}
	}
}

// TestYearsWithNoise: wrong cells are as many as asked, other ones in every map; ground passes through another class in
// the year before it changes and at no other time, and never through that which it becomes; every third map has clouds.
func TestYearsWithNoise(t *testing.T) {
	p := small()
	p.Cols, p.Rows, p.Changed = 600, 500, 0.15
	s := newScene(t, p)
	const a, b = 2010, 2020
	clean := mapsOf(s, s.Years(a, b, Noise{}))

	blips := mapsOf(s, s.Years(a, b, Noise{Blips: 10_000}))
	twice := 0
	for year := a + 1; year < b; year++ {
		wrong := 0
		for i, class := range blips[year] {
			if class == clean[year][i] {
				continue
			}
			wrong++
			if year > a+1 && blips[year-1][i] != clean[year-1][i] {
				twice++
			}
		}
		// A hundredth of 300,000 cells, of which NoData is a twentieth or less, by four standard deviations.
		if math.Abs(float64(wrong)-2930) > 4*math.Sqrt(2930) {
			t.Errorf("%d cells are wrong in %d", wrong, year)
		}
	}
	if twice > 400 { // eight pairs of maps with a hundredth of a hundredth of the cells: 240
		t.Errorf("%d cells are wrong two years in a row", twice)
	}

	y := s.Years(a, b, Noise{Passing: 500_000})
	passing, through, changed := mapsOf(s, y), 0, 0
	for i := range clean[a] {
		change := y.Change(i/p.Cols, i%p.Cols)
		if clean[a][i] != clean[b][i] && clean[a][i] != 0 && change > a+1 {
			changed++
		}
		for year := a; year <= b; year++ {
			got, want := passing[year][i], clean[year][i]
			if got == want {
				continue
			}
			if through++; year != change-1 || got == clean[b][i] || got == 0 || want == 0 {
				t.Fatalf("cell %d has %d in %d, want %d: it becomes %d in %d", i, got, year, want, clean[b][i], change)
			}
		}
	}
	if share := float64(through) / float64(changed); share < 0.3 || share > 0.55 { // some of them are bare before
		t.Errorf("%d of %d changed cells pass through another class", through, changed)
	}

	// In sites that are not steady all of what changes has one class in a map, at random.
	y = s.Years(a, b, Noise{Unsteady: 500_000})
	unsteady, late, early := mapsOf(s, y), 0, 0
	for i := range clean[a] {
		change := y.Change(i/p.Cols, i%p.Cols)
		for year := a + 1; year < b; year++ {
			switch got := unsteady[year][i]; {
			case got == clean[year][i]:
			case got == clean[a][i] && year >= change:
				late++
			case got == clean[b][i] && year < change:
				early++
			default:
				t.Fatalf("cell %d has %d in %d", i, got, year)
			}
		}
	}
	// Half of the sites, and half of their maps.
	if share := float64(late+early) / float64(9*changed); share < 0.15 || share > 0.4 || late == 0 || early == 0 {
		t.Errorf("%d cells show the old class late, %d the new one early, of %d changed ones in nine maps", late, early, changed)
	}

	y = s.Years(a, b, Noise{Clouds: true})
	clouds := mapsOf(s, y)
	for year := a + 1; year < b; year++ {
		hidden := 0
		for i, class := range clouds[year] {
			switch {
			case class == clean[year][i]:
			case class == 0:
				hidden++
			default:
				t.Fatalf("cell %d has %d in %d, want %d", i, class, year, clean[year][i])
			}
		}
		cloudy := year == 2012 || year == 2015 || year == 2018
		if cloudy != y.Clouded(year) || cloudy != (hidden > 15_000) || !cloudy && hidden > 0 {
			t.Errorf("clouds hide %d cells in %d", hidden, year)
		}
	}
}

// TestYearsStay: the maps are the same on every machine.
func TestYearsStay(t *testing.T) {
	s := newScene(t, small())
	all := mapsOf(s, s.Years(2010, 2015, RealNoise))
	h := sha256.New()
	for year := 2011; year < 2015; year++ {
		h.Write(all[year])
	}
	if got, want := fmt.Sprintf("%x", h.Sum(nil)[:8]), "76342249cb0f5738"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// TestMapsOfTheDemo: its files hold one map of every year between its epochs.
func TestMapsOfTheDemo(t *testing.T) {
	year := YearA
	for _, m := range Maps() {
		for _, of := range m.Years {
			if year++; of != year {
				t.Errorf("%s has %d, want %d", m.File, of, year)
			}
		}
	}
	if year != YearB-1 {
		t.Errorf("the last map is of %d", year)
	}
}

// TestCoarseLegend: every class has a code, and the codes stand in the legend.
func TestCoarseLegend(t *testing.T) {
	for class, kinds := range becomes {
		code := CoarseCodes[class]
		if class == 0 || class == 6 {
			continue
		}
		if kinds == "" || !bytes.Contains(Coarse, fmt.Appendf(nil, "\n%d,", code)) {
			t.Errorf("class %d has code %d, which is not in the legend", class, code)
		}
	}
}
