package findings

import "greenshield/redline"

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
		coded("date_grd", "年份可信等级", func() []Value { return optional(Values(redline.Grades())) }, func(c *C) string {
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
