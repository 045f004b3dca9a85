package sheets

import (
	"context"
	"fmt"
	"io"
	"math"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/survey"
)

// SurveyCSV returns the report that writes survey.csv: every number of the survey on a row of
// its own. Numbers that are not defined have no row, nor have classes that a unit has in
// neither epoch, nor transitions that do not occur.
func SurveyCSV(settings survey.Settings) findings.Report {
	return func(ctx context.Context, f findings.Folder, found *findings.Findings) error {
		units, _ := compute(found, settings)
		return f.Write("survey.csv", func(w io.Writer) error {
			r := files.Row(utf8BOM)
			r.Texts("level", "layer", "code", "name", "indicator", "indicator_zh",
				"class", "to_class", "year", "value", "unit", "cells")
			r.End()
			for i := range units {
				if err := ctx.Err(); err != nil {
					return err
				}
				r = appendUnit(r, &units[i], found.Summary.Survey)
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

// appendUnit appends all rows of a unit.
func appendUnit(r files.Row, u *survey.Unit, s *redline.Survey) files.Row {
	rows := unitRows{Row: r, unit: u, years: [2]string{itoa(s.YearA), itoa(s.YearB)},
		period: fmt.Sprintf("%d-%d", s.YearA, s.YearB)}
	rows.head.Texts(string(u.Level), u.Layer, u.Code, unitName(&u.Unit))
	rows.whole()
	for _, e := range landcover.Ecosystems() {
		if u.Classes[e].BeforeCells+u.Classes[e].AfterCells > 0 {
			rows.class(e)
			rows.patches(e)
		}
	}
	rows.transitions()
	return rows.Row
}

// unitRows appends the rows of one unit.
type unitRows struct {
	files.Row
	unit   *survey.Unit
	head   files.Row // the columns that name the unit
	years  [2]string // of the epochs
	period string    // both years
}

// indicator is what a row gives the value of.
type indicator struct {
	name, zh string
	unit     string // "" for numbers of things
	decimals int    // decimals that its values are written with
}

// Decimals of areas in hectares, and of shares and rates.
const (
	haDecimals    = 6
	shareDecimals = 4
)

// of is what an indicator is of: nothing but the unit, a class, or a transition to a class.
type of struct{ class, to string }

// put appends the row of a value, unless it is not defined.
func (r *unitRows) put(i indicator, what of, year string, value float64) {
	if r.begin(i, what, year, value) {
		r.Text("")
		r.End()
	}
}

// putCells appends the row of a value that so many cells have.
func (r *unitRows) putCells(i indicator, what of, year string, value float64, cells int64) {
	if r.begin(i, what, year, value) {
		r.Integer(cells)
		r.End()
	}
}

// begin appends a row up to the column of cells, and reports whether it did: a value that is not defined has no row.
func (r *unitRows) begin(i indicator, what of, year string, value float64) bool {
	if math.IsNaN(value) {
		return false
	}
	r.Row = append(r.Row, r.head...)
	r.Texts(i.name, i.zh, what.class, what.to, year)
	r.Fixed(value, i.decimals)
	r.Text(i.unit)
	return true
}

// whole appends what is said of the unit as a whole.
func (r *unitRows) whole() {
	u := r.unit
	r.putCells(indicator{"valid_area", "两期均有效面积", "ha", haDecimals}, of{}, r.period, u.M2/1e4, u.Cells)
	r.putCells(indicator{"nodata_cells", "无数据像元数", "cells", 0}, of{}, r.period,
		float64(u.NoDataCells), u.NoDataCells)
	r.put(indicator{"comprehensive_dynamic_degree", "综合动态度", "%", shareDecimals}, of{}, r.period,
		u.Comprehensive)
	r.put(indicator{"transition_index", "土地覆被转类指数", "%", shareDecimals}, of{}, r.period, u.Index)
}

// class appends what is said of the area of a class.
func (r *unitRows) class(e landcover.Ecosystem) {
	c, it := &r.unit.Classes[e], of{class: e.String()}
	area := indicator{"area", "面积", "ha", haDecimals}
	r.putCells(area, it, r.years[0], c.BeforeM2/1e4, c.BeforeCells)
	r.putCells(area, it, r.years[1], c.AfterM2/1e4, c.AfterCells)
	share := indicator{"share", "构成比例", "%", shareDecimals}
	r.put(share, it, r.years[0], c.BeforeShare)
	r.put(share, it, r.years[1], c.AfterShare)
	net := indicator{"net_change", "净变化", "ha", haDecimals}
	r.putCells(net, it, r.period, c.NetM2/1e4, c.AfterCells-c.BeforeCells)
	r.put(indicator{"gain", "转入", "ha", haDecimals}, it, r.period, c.GainM2/1e4)
	r.put(indicator{"loss", "转出", "ha", haDecimals}, it, r.period, c.LossM2/1e4)
	r.put(indicator{"swap", "交换变化", "ha", haDecimals}, it, r.period, c.SwapM2/1e4)
	r.put(indicator{"change_rate", "类型变化率", "%", shareDecimals}, it, r.period, c.Rate)
	r.put(indicator{"dynamic_degree", "单一动态度", "%", shareDecimals}, it, r.period, c.Dynamic)
}

// patches appends what is said of the patches of a class in each epoch that has some.
func (r *unitRows) patches(e landcover.Ecosystem) {
	c, it := &r.unit.Classes[e], of{class: e.String()}
	for epoch, year := range r.years {
		p := &r.unit.Pattern[epoch][e]
		if p.Patches == 0 {
			continue
		}
		r.put(indicator{"patches", "斑块数", "", 0}, it, year, float64(p.Patches))
		r.put(indicator{"mean_patch_area", "平均斑块面积", "ha", haDecimals}, it, year, c.MeanM2[epoch]/1e4)
		r.put(indicator{"largest_patch_area", "最大斑块面积", "ha", haDecimals}, it, year, p.LargestM2/1e4)
		r.put(indicator{"largest_patch_share", "最大斑块占比", "%", shareDecimals}, it, year, c.LargestShare[epoch])
		r.put(indicator{"edge_length", "边缘长度", "m", 1}, it, year, p.EdgeM)
		r.put(indicator{"edge_density", "边缘密度", "m/ha", shareDecimals}, it, year, c.EdgeDensity[epoch])
	}
}

// transitions appends the transitions that occur.
func (r *unitRows) transitions() {
	u := r.unit
	for _, from := range landcover.Ecosystems() {
		for _, to := range landcover.Ecosystems() {
			cells := u.UnitSurvey.Cells[from][to]
			if cells == 0 {
				continue
			}
			it := of{from.String(), to.String()}
			r.putCells(indicator{"transition", "转移面积", "ha", haDecimals}, it, r.period, u.AreaM2[from][to]/1e4, cells)
			r.put(indicator{"transition_row_share", "转移行比例（去向）", "%", shareDecimals}, it, r.period,
				u.RowShare(from, to))
			r.put(indicator{"transition_column_share", "转移列比例（来源）", "%", shareDecimals}, it, r.period,
				u.ColumnShare(from, to))
		}
	}
}
