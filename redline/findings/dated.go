package findings

import (
	"image/color"
	"strconv"

	"greenshield/redline"
)

// gradeValues returns the grades and what each means, such as "A 一次变化，前后稳定".
func gradeValues() []Value {
	values := Values(redline.Grades())
	for i := range values {
		values[i].Label = values[i].Code + " " + values[i].Label
	}
	return values
}

// datedFields returns the fields of when the ground of a candidate changed.
func datedFields() []Field {
	type C = redline.Candidate
	year := func(name, alias string, get func(d *redline.Dated) int) Field {
		f := integer(name, alias, func(c *C) int64 {
			if c.Dated == nil {
				return 0
			}
			return int64(get(c.Dated))
		})
		f.Optional = true
		return f
	}
	return []Field{
		year("chg_year", "变化年份", func(d *redline.Dated) int { return d.Year }),
		year("chg_from", "变化不早于(年)", func(d *redline.Dated) int { return d.From }),
		year("chg_to", "变化不晚于(年)", func(d *redline.Dated) int { return d.To }),
		text("chg_years", "各年变化面积比例(%)", func(c *C) string {
			if c.Dated == nil {
				return ""
			}
			return c.Dated.SharesText()
		}),
		coded("date_grd", "年份可信等级", func() []Value { return optional(gradeValues()) }, func(c *C) string {
			if c.Dated == nil {
				return ""
			}
			return c.Dated.Grade.String()
		}),
	}
}

// sinceFields returns the fields of whether a change came before or after its zone.
func sinceFields() []Field {
	type C = redline.Candidate
	return []Field{
		text("zone_since", "管控区设立时间", func(c *C) string { return c.ZoneSince.String() }),
		coded("vs_zone", "与设立时间的先后", func() []Value { return optional(Values(redline.VsZones())) },
			func(c *C) string { return c.VsZone.String() }),
	}
}

// When says when the ground of a candidate changed, and the grade: the year and the years between which it changed
// where these are others, such as "2018年（2017–2018），A级"; those years alone where the years contradict each other, as
// in "年份不定（2016–2018），C级"; and for grade D, which has no year, what is known of the smaller part of its ground.
func When(d *redline.Dated) string {
	if d == nil {
		return "年份不明"
	}
	span := strconv.Itoa(d.From)
	if d.From != d.To {
		span += "–" + strconv.Itoa(d.To)
	}
	var text string
	switch {
	case d.Grade == redline.GradeD && d.From == 0:
		text = "年份不明"
	case d.Grade == redline.GradeD:
		text = "年份不明（仅小部分可判：" + span + "）"
	case d.Grade == redline.GradeC || d.Year == 0:
		text = "年份不定（" + span + "）"
	case d.From == d.To && d.From == d.Year:
		text = span + "年"
	default:
		text = strconv.Itoa(d.Year) + "年（" + span + "）"
	}
	return text + "，" + d.Grade.String() + "级"
}

// GradeColor returns the colour of a grade. People with any of the common kinds of colour blindness can tell these
// apart, as those of [YearColor] and of [VsZoneColor].
func GradeColor(g redline.Grade) color.RGBA {
	switch g {
	case redline.GradeA:
		return color.RGBA{0, 90, 142, 255} // blue
	case redline.GradeB:
		return color.RGBA{86, 180, 233, 255} // light blue
	case redline.GradeC:
		return color.RGBA{230, 159, 0, 255} // orange
	}
	return color.RGBA{153, 153, 153, 255} // grey
}

// viridis are colours at equal steps of the scale of that name (https://bids.github.io/colormap/), which grows lighter
// from end to end.
var viridis = []color.RGBA{
	{68, 1, 84, 255}, {71, 45, 123, 255}, {59, 82, 139, 255}, {44, 114, 142, 255}, {33, 145, 140, 255},
	{40, 174, 128, 255}, {94, 201, 98, 255}, {173, 220, 48, 255}, {253, 231, 37, 255},
}

// YearColor returns the colour of year i of n, from 0: the later, the lighter.
func YearColor(i, n int) color.RGBA {
	at := float64(i) / float64(max(1, n-1)) * float64(len(viridis)-1)
	k := min(int(at), len(viridis)-2)
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*(at-float64(k)) + 0.5) }
	a, b := viridis[k], viridis[k+1]
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// SeveralYearsColor returns the colour of what changed in several years, none of which has half of it. It is none of a
// year.
func SeveralYearsColor() color.RGBA { return color.RGBA{204, 121, 167, 255} }

// VsZoneColor returns the colour of what is said of a change and the date of its zone.
func VsZoneColor(v redline.VsZone) color.RGBA {
	switch v {
	case redline.VsBefore:
		return color.RGBA{0, 114, 178, 255} // blue
	case redline.VsAfter:
		return color.RGBA{213, 94, 0, 255} // vermilion
	case redline.VsStraddles:
		return color.RGBA{240, 228, 66, 255} // yellow
	}
	return color.RGBA{153, 153, 153, 255} // grey
}
