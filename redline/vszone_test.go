package redline_test

import (
	"testing"

	"greenshield/redline"
)

// TestCompare: years alone say whether a change came before or after its zone; what they leave open is left open.
func TestCompare(t *testing.T) {
	since := func(year int) redline.Date { return redline.Date{Year: year} }
	dated := func(g redline.Grade, from, to int) *redline.Dated {
		return &redline.Dated{Grade: g, From: from, To: to}
	}
	for _, tt := range []struct {
		name  string
		d     *redline.Dated
		since redline.Date
		want  redline.VsZone
	}{
		{"a map of the year before shows it", dated(redline.GradeA, 2016, 2017), since(2018), redline.VsBefore},
		{"the map of the year shows it first", dated(redline.GradeA, 2018, 2018), since(2018), redline.VsStraddles},
		{"the map of the year still shows the old ground", dated(redline.GradeA, 2019, 2019), since(2018), redline.VsAfter},
		{"years on both sides", dated(redline.GradeB, 2017, 2019), since(2018), redline.VsStraddles},
		{"until the year", dated(redline.GradeB, 2016, 2018), since(2018), redline.VsStraddles},
		{"from the year", dated(redline.GradeB, 2018, 2020), since(2018), redline.VsStraddles},
		{"month and day do not matter, before", dated(redline.GradeA, 2017, 2017), redline.Date{Year: 2018, Month: 1, Day: 1}, redline.VsBefore},
		{"month and day do not matter, within", dated(redline.GradeA, 2018, 2018), redline.Date{Year: 2018, Month: 12, Day: 31}, redline.VsStraddles},
		{"month and day do not matter, after", dated(redline.GradeA, 2019, 2019), redline.Date{Year: 2018, Month: 12}, redline.VsAfter},
		{"an interval before", dated(redline.GradeC, 2016, 2017), since(2018), redline.VsBefore},
		{"an interval after", dated(redline.GradeC, 2019, 2020), since(2018), redline.VsAfter},
		{"grade D", dated(redline.GradeD, 2016, 2016), since(2018), redline.VsUnknown},
		{"grade D without years", dated(redline.GradeD, 0, 0), since(2018), redline.VsUnknown},
		{"no date of the zone", dated(redline.GradeA, 2016, 2016), redline.Date{}, redline.VsUnknown},
		{"not dated, the map before is of the zone's year", nil, since(2015), redline.VsAfter},
		{"not dated, the map before is later", nil, since(1980), redline.VsAfter},
		{"not dated, a year after the map before", nil, since(2016), redline.VsStraddles},
		{"not dated, the map after is of the zone's year", nil, since(2020), redline.VsStraddles},
		{"not dated, the map after is earlier", nil, since(2021), redline.VsBefore},
		{"not dated, no date of the zone", nil, redline.Date{}, redline.VsUnknown},
	} {
		if got := tt.d.Compare(tt.since, 2015, 2020); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
