package findings

import (
	"image/color"
	"math"
	"testing"

	"greenshield/redline"
)

// linear returns the components of a colour in linear light, 0 to 1.
func linear(c color.RGBA) (rgb [3]float64) {
	for i, v := range []uint8{c.R, c.G, c.B} {
		if x := float64(v) / 255; x <= 0.04045 {
			rgb[i] = x / 12.92
		} else {
			rgb[i] = math.Pow((x+0.055)/1.055, 2.4)
		}
	}
	return rgb
}

// lab returns a colour in CIELAB under D65.
func lab(c color.RGBA) [3]float64 {
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	l := linear(c)
	x := f((0.4124*l[0] + 0.3576*l[1] + 0.1805*l[2]) / 0.9505)
	y := f(0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2])
	z := f((0.0193*l[0] + 0.1192*l[1] + 0.9505*l[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// TestColoursDiffer: zone types and severities can be told apart (CIE76 of 25 or more), and names in the colours of zone
// types can be read on white (contrast of 4.5 or more).
func TestColoursDiffer(t *testing.T) {
	names, colors := []string{}, []color.RGBA{}
	for _, z := range redline.ZoneTypes() {
		names, colors = append(names, z.String()), append(colors, ZoneColor(z))
		l := linear(ZoneColor(z))
		if contrast := 1.05 / (0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2] + 0.05); contrast < 4.5 {
			t.Errorf("%s has a contrast of %.2f", z, contrast)
		}
	}
	for _, s := range Severities() {
		names, colors = append(names, s.String()), append(colors, s.Color)
	}
	for i := range colors {
		for k := range i {
			a, b := lab(colors[i]), lab(colors[k])
			if d := math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]); d < 25 {
				t.Errorf("%s and %s differ by %.1f", names[i], names[k], d)
			}
		}
	}
}

// TestDateColoursDiffer: the colours of one theme of dates can be told apart, those of years from what is of no year,
// and later years are lighter.
func TestDateColoursDiffer(t *testing.T) {
	differ := func(what string, least float64, colors ...color.RGBA) {
		t.Helper()
		for i := range colors {
			for k := range i {
				a, b := lab(colors[i]), lab(colors[k])
				if d := math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]); d < least {
					t.Errorf("%s: %d and %d differ by %.1f", what, i, k, d)
				}
			}
		}
	}
	var of []color.RGBA
	for _, g := range redline.Grades() {
		of = append(of, GradeColor(g))
	}
	differ("grades", 25, of...)
	of = nil
	for _, v := range redline.VsZones() {
		of = append(of, VsZoneColor(v))
	}
	differ("zones", 25, of...)
	for n := 1; n <= 30; n++ {
		of = []color.RGBA{SeveralYearsColor(), GradeColor(redline.GradeD)}
		for i := range n {
			c := YearColor(i, n)
			differ("years", 25, append(of[:2:2], c)...)
			if i > 0 && lab(c)[0] <= lab(of[len(of)-1])[0] {
				t.Errorf("year %d of %d is no lighter", i, n)
			}
			of = append(of, c)
		}
		if n <= 8 {
			differ("years", 12, of...)
		}
	}
	if first, last := YearColor(0, 5), YearColor(4, 5); first != viridis[0] || last != viridis[8] {
		t.Errorf("the scale goes from %v to %v", first, last)
	}
}
