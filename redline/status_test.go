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
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.z.Status(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
