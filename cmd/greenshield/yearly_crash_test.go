//go:build linux && amd64

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// killYearly has a look begin, and kills it at the second time that it brings the state to the disk, which is after a
// step: just before that, or just after. killed tells that it came so far.
func killYearly(t *testing.T, dir string, after bool, flags ...string) (killed bool) {
	t.Helper()
	saved := 0
	o := traced(t, command(dir, append([]string{"yearly", "y.yaml"}, flags...)...), []string{filepath.Join(dir, "y-yearly")},
		func(c systemCall) error {
			if saved == 2 && after {
				return errKill
			}
			if strings.HasPrefix(c.name, "rename") && strings.HasPrefix(filepath.Base(c.path), ".state.json-") {
				if saved++; saved == 2 && !after {
					return errKill
				}
			}
			return nil
		})
	if o.status != -1 && o.status != 0 {
		t.Fatalf("it ends with %+v", o)
	}
	return o.status == -1
}

// TestYearlyKilled: two years of which each step is killed twice, before it is known to be done and after that, end as
// two years that nobody disturbed: the same candidates, cases and number of events.
func TestYearlyKilled(t *testing.T) {
	flags := []string{"--first", "2018", "--settle", "0s"}
	calm, dir := newYears(t), newYears(t)
	for _, d := range []string{calm, dir} {
		comes(t, d, 2015, 2017)
	}
	kills := 0
	for i, scene := range []int{2020, 2015} {
		for _, d := range []string{calm, dir} {
			comes(t, d, scene, 2018+i)
		}
		run(t, calm, append([]string{"yearly", "y.yaml"}, flags...)...).want(t, 0)
		for killYearly(t, dir, false, flags...) {
			if kills++; killYearly(t, dir, true, flags...) {
				kills++
			}
		}
		if !strings.Contains(fileText(t, filepath.Join(dir, "y-yearly", "summary.txt")), "nothing new") {
			t.Error("not all is done")
		}
	}
	if kills < 2*2*5 {
		t.Errorf("it was killed %d times only", kills)
	}
	for _, year := range []string{"2018", "2019"} {
		name := filepath.Join("out"+year, "candidates.geojson")
		if got, want := fileText(t, filepath.Join(dir, name)), fileText(t, filepath.Join(calm, name)); got != want || year == "2018" && len(want) < 1000 {
			t.Errorf("%s is another one", name)
		}
	}
	if got, want := eventsOf(t, dir), eventsOf(t, calm); got != want || want == "" {
		t.Errorf("the ledger has %s, not %s", got, want)
	}
	if got, want := listCases(t, dir), listCases(t, calm); !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("cases %v, want %v", got, want)
	}
}
