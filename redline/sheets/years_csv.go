package sheets

import (
	"context"
	"io"
	"math"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/survey"
)

// YearsCSV returns the report that writes survey_years.csv: what the survey has of every year, one number on a row. It
// writes nothing without maps between the epochs. Numbers that are not defined have no row, nor have classes that a
// unit has in no year, nor transitions and codes that do not occur.
func YearsCSV(settings survey.Settings) findings.Report {
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		s := found.Summary.Survey
		if s.Maps == nil {
			return nil
		}
		return f.Write("survey_years.csv", func(w io.Writer) error {
			r := files.Row(utf8BOM)
			r.Texts("level", "layer", "code", "name", "indicator", "indicator_zh",
				"class", "to_class", "map_code", "year", "value", "unit", "cells")
			r.End()
			for i := range s.Units {
				if err := ctx.Err(); err != nil {
					return err
				}
				rows := yearRows{Row: r, unit: &s.Units[i], maps: s.Maps}
				rows.unitYears(settings)
				r = rows.Row
				if _, err := w.Write(r); err != nil {
					return err
				}
				r = r[:0]
			}
			_, err := w.Write(r)
			return err
		})
	}
}

// yearRows appends the rows of one unit.
type yearRows struct {
	files.Row
	unit *redline.UnitSurvey
	maps []redline.SurveyMap
	head files.Row // the columns that name the unit
	year string    // or two of them

	classes []landcover.Ecosystem // that the unit has in any year
}

// put appends the row of a value, unless it is not defined. The class may be all; to is "" and code nil for none, and
// cells is −1 for a value that is none of cells.
func (r *yearRows) put(i indicator, class landcover.Ecosystem, to string, code *int64, value float64, cells int64) {
	if math.IsNaN(value) {
		return
	}
	name := ""
	if class != all {
		name = class.String()
	}
	r.Row = append(r.Row, r.head...)
	r.Texts(i.name, i.zh, name, to)
	if code == nil {
		r.Text("")
	} else {
		r.Integer(*code)
	}
	r.Text(r.year)
	r.Fixed(value, i.decimals)
	r.Text(i.unit)
	if cells < 0 {
		r.Text("")
	} else {
		r.Integer(cells)
	}
	r.End()
}

// unitYears appends all rows of the unit: year by year the composition, then the change since the year before.
func (r *yearRows) unitYears(settings survey.Settings) {
	u := &r.unit.Unit
	r.classes = survey.YearClasses(r.unit)
	r.head.Texts(string(u.Level), u.Layer, u.Code, unitName(u))
	for k := range r.maps {
		r.year = itoa(r.maps[k].Year)
		r.composition(k)
		if k > 0 {
			r.year = itoa(r.maps[k-1].Year) + "-" + r.year
			r.change(k, settings)
		}
	}
}

// composition appends what the unit is in the map k.
func (r *yearRows) composition(k int) {
	y := survey.ComputeYear(&r.unit.Years[k])
	ha := func(name, zh string) indicator { return indicator{name, zh, "ha", haDecimals} }
	r.put(ha("valid_area", "有效面积"), all, "", nil, y.M2/redline.M2PerHa, y.Cells)
	nodata := y.Classes[landcover.NoData].Cells
	r.put(indicator{"nodata_cells", "无数据像元数", "cells", 0}, all, "", nil, float64(nodata), nodata)
	for _, e := range r.classes {
		c := &y.Classes[e]
		r.put(ha("area", "面积"), e, "", nil, c.AreaM2/redline.M2PerHa, c.Cells)
		r.put(indicator{"share", "构成比例", "%", shareDecimals}, e, "", nil, y.Shares[e], -1)
	}
	for _, c := range y.Codes {
		class := &r.maps[k].Classes[c.Class]
		r.put(ha("code_area", "地类代码面积"), class.Ecosystem, "", &class.Code, c.AreaM2/redline.M2PerHa, c.Cells)
	}
}

// change appends what became of the unit since the map before map k.
func (r *yearRows) change(k int, settings survey.Settings) {
	u := survey.ComputeStep(r.unit, r.maps, k, settings)
	ha := func(name, zh string) indicator { return indicator{name, zh, "ha", haDecimals} }
	share := func(name, zh string) indicator { return indicator{name, zh, "%", shareDecimals} }
	r.put(ha("valid_area", "两年均有效面积"), all, "", nil, u.M2/redline.M2PerHa, u.Cells)
	r.put(share("comprehensive_dynamic_degree", "综合动态度"), all, "", nil, u.Comprehensive, -1)
	r.put(share("transition_index", "土地覆被转类指数"), all, "", nil, u.Index, -1)
	for _, e := range r.classes {
		c := &u.Classes[e]
		r.put(ha("net_change", "净变化"), e, "", nil, c.NetM2/redline.M2PerHa, -1)
		r.put(ha("gain", "转入"), e, "", nil, c.GainM2/redline.M2PerHa, -1)
		r.put(ha("loss", "转出"), e, "", nil, c.LossM2/redline.M2PerHa, -1)
		r.put(share("change_rate", "类型变化率"), e, "", nil, c.Rate, -1)
		r.put(share("dynamic_degree", "单一动态度"), e, "", nil, c.Dynamic, -1)
	}
	for _, c := range r.unit.Years[k].Changes {
		r.put(ha("transition", "转移面积"), c.From, c.To.String(), nil, c.AreaM2/redline.M2PerHa, c.Cells)
	}
}
