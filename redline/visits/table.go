package visits

import (
	"io"

	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/ledger"
)

// column is a column of visits.csv and of the layers of visits.gpkg. Values are string, int64 or float64; nil is not
// known.
type column struct {
	name, title, kind string // kind: its type in SQLite
	decimals          int    // of a float64
	value             func(d *Day, i int) any
}

// text returns a column of texts.
func text(name, title string, value func(s *Stop) string) column {
	return column{name, title, "TEXT", 0, func(d *Day, i int) any { return findings.Visible(value(d.Stops[i])) }}
}

// decimal returns a column of numbers; 0 or less is not known.
func decimal(name, title string, decimals int, value func(d *Day, i int) float64) column {
	return column{name, title, "REAL", decimals, func(d *Day, i int) any {
		if v := value(d, i); v > 0 {
			return v
		}
		return nil
	}}
}

// columns returns the columns after day and seq.
func columns() []column {
	field := func(name string) func(s *Stop) string { return func(s *Stop) string { return s.Case.Get(name) } }
	return []column{
		text("case_id", "问题编号", func(s *Stop) string { return s.Case.ID }),
		text("ext_no", "点位编号", field(ledger.FieldExtNo)),
		text("purpose", "核查原因", (*Stop).purpose),
		text("county", "行政区代码", field(ledger.FieldCounty)), text("county_name", "行政区", (*Stop).county),
		{"lon", "经度", "REAL", findings.DegDecimals, func(d *Day, i int) any { return d.Stops[i].At[0] }},
		{"lat", "纬度", "REAL", findings.DegDecimals, func(d *Day, i int) any { return d.Stops[i].At[1] }},
		text("severity", "严重程度", (*Stop).severity),
		{"prio", "核查优先级", "INTEGER", 0, func(d *Day, i int) any {
			if p := d.Stops[i].Prio; p != nil {
				return int64(p.Score)
			}
			return nil
		}},
		text("prio_why", "优先理由", func(s *Stop) string { _, why := s.prio(); return why }),
		{"worth", "价值", "REAL", 2, func(d *Day, i int) any { return d.Stops[i].Worth }},
		text("zone", "保护区", func(s *Stop) string { return s.Zone }),
		decimal("area_ha", "面积(公顷)", findings.HaDecimals, func(d *Day, i int) float64 { return d.Stops[i].areaHa() }),
		decimal("next_km", "至下一点直线距离(公里)", 3, func(d *Day, i int) float64 { return d.Legs[i] / 1000 }),
		text("lead", "外来线索", (*Stop).lead),
	}
}

// writeCSV writes visits.csv.
func (p *Plan) writeCSV(w io.Writer) error {
	all := columns()
	r := files.Row("\uFEFF") // without it Excel reads the file in the encoding of the machine
	r.Texts("day", "date", "seq")
	for _, c := range all {
		r.Text(c.name)
	}
	r.End()
	for day := range p.Days {
		d := &p.Days[day]
		for i := range d.Stops {
			r.Integer(int64(day + 1))
			r.Text(string(d.Date))
			r.Integer(int64(i + 1))
			for _, c := range all {
				switch v := c.value(d, i).(type) {
				case string:
					r.Text(v)
				case int64:
					r.Integer(v)
				case float64:
					r.Fixed(v, c.decimals)
				default:
					r.Text("")
				}
			}
			r.End()
		}
	}
	_, err := w.Write(r)
	return err
}
