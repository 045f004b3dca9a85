package redline_test

import (
	"testing"

	"greenshield/redline"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name string
		z    redline.ZoneTotal
		want redline.Status
	}{
		{"all seen, nothing changed", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100}, "clean"},
		{"rounding is no change", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100, ChangedM2: 1e-9, OutsideM2: 1e-9, UnruledM2: -1e-9}, "clean"},
		{"changed", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100, ChangedM2: 1}, "changed"},
		{"changed without a rule", redline.ZoneTotal{TotalM2: 100, ControlledM2: 100, UnruledM2: 1}, "changed"},
		{"changed and partly outside", redline.ZoneTotal{TotalM2: 100, OutsideM2: 50, ControlledM2: 50, ChangedM2: 1}, "changed"},
		{"outside in part", redline.ZoneTotal{TotalM2: 100, OutsideM2: 50, ControlledM2: 50}, "partly_covered"},
		{"NoData in part", redline.ZoneTotal{TotalM2: 100, NoDataM2: 1, ControlledM2: 100}, "partly_covered"},
		{"outside", redline.ZoneTotal{TotalM2: 100, OutsideM2: 100}, "not_covered"},
		{"outside and NoData", redline.ZoneTotal{TotalM2: 100, OutsideM2: 60, NoDataM2: 40, ControlledM2: 40}, "not_covered"},
		{"controlled by others", redline.ZoneTotal{TotalM2: 100}, "overruled"},
		{"a candidate where others control", redline.ZoneTotal{TotalM2: 100, ControlledM2: 50,
			Inside: redline.InsideTotal{Candidates: 1, CandidateM2: 1}}, "controlled_elsewhere"},
		{"a suppressed change where others control all of it", redline.ZoneTotal{TotalM2: 100,
			Inside: redline.InsideTotal{Suppressed: 1, SuppressedM2: 1}}, "controlled_elsewhere"},
		{"change without a rule where others control", redline.ZoneTotal{TotalM2: 100, ControlledM2: 50,
			Inside: redline.InsideTotal{UnruledM2: 1}}, "controlled_elsewhere"},
		{"change where others control, and partly outside", redline.ZoneTotal{TotalM2: 100, OutsideM2: 50, ControlledM2: 20,
			Inside: redline.InsideTotal{Candidates: 1, CandidateM2: 1}}, "controlled_elsewhere"},
		{"change in both", redline.ZoneTotal{TotalM2: 100, ControlledM2: 50, ChangedM2: 1, Candidates: 1,
			Inside: redline.InsideTotal{Candidates: 2, CandidateM2: 2}}, "changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.z.Status(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
