package page

import (
	_ "embed"
	"fmt"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// yearsScript draws the charts of the years. A page without maps between lacks it.
//
//go:embed years.js
var yearsScript string

// mostHaDecimals is the area from which on the tables of the years have whole hectares.
const mostHaDecimals = 1e6

// yearData is what the charts of the years are drawn from.
type yearData struct {
	Years   []string    `json:"years"`
	Steps   []string    `json:"steps"`
	Classes []yearClass `json:"classes"`
}

// yearClass is a class, or what has no observation: its area by year, and what it gained and lost by step.
type yearClass struct {
	Name  string     `json:"name"`
	Color string     `json:"color"`
	Ha    []hectares `json:"ha"`
	Gain  []hectares `json:"gain"`
	Loss  []hectares `json:"loss"`
}

// years is what the page shows of every year.
type years struct {
	Note    string
	Rounded bool // the tables have whole hectares
	Classes []yearClass
	Rows    []yearRow // composition by year
	Steps   []yearRow // gain and loss by step
}

// yearRow is a row of a table: values by class, then those of all.
type yearRow struct {
	Name  string
	Cells []string
}

// noDataColor is that of what has no observation in a chart; the colour of the class would be read as one of ground.
const noDataColor = "#D0D4D8"

// years fills in the years, if there are maps between.
func (p *page) years(s *redline.Survey, settings survey.Settings) {
	if s.Maps == nil {
		return
	}
	u := &s.Units[0] // the first unit is the whole
	steps := make([]survey.Unit, len(s.Maps))
	for k := 1; k < len(s.Maps); k++ {
		steps[k] = survey.ComputeStep(u, s.Maps, k, settings)
	}
	data := &yearData{}
	for _, e := range append(landcover.Ecosystems(), landcover.NoData) {
		c := yearClass{Name: e.Chinese(), Color: e.Color()}
		var cells int64
		for k := range u.Years {
			cells += u.Years[k].Classes[e].Cells
			c.Ha = append(c.Ha, hectares(u.Years[k].Classes[e].AreaM2/redline.M2PerHa))
			if k > 0 && e != landcover.NoData {
				c.Gain = append(c.Gain, hectares(steps[k].Classes[e].GainM2/redline.M2PerHa))
				c.Loss = append(c.Loss, hectares(steps[k].Classes[e].LossM2/redline.M2PerHa))
			}
		}
		if e == landcover.NoData {
			c.Color = noDataColor
		}
		if cells > 0 {
			data.Classes = append(data.Classes, c)
		}
	}
	for k := range s.Maps {
		data.Years = append(data.Years, fmt.Sprint(s.Maps[k].Year))
		if k > 0 {
			data.Steps = append(data.Steps, fmt.Sprintf("%d–%d", s.Maps[k-1].Year, s.Maps[k].Year))
		}
	}
	p.Data.Years = data
	p.Years = &years{Note: survey.YearsNote, Classes: data.Classes}
	p.Years.tables(data, steps)
}

// tables fills in the tables.
func (y *years) tables(data *yearData, steps []survey.Unit) {
	var all hectares
	for i := range data.Classes {
		all += data.Classes[i].Ha[0]
	}
	y.Rounded = all >= mostHaDecimals
	ha := func(x hectares) string {
		if y.Rounded {
			return grouped(float64(x), 0)
		}
		return x.String()
	}
	for k, year := range data.Years {
		row := yearRow{Name: year}
		for i := range data.Classes {
			row.Cells = append(row.Cells, ha(data.Classes[i].Ha[k]))
		}
		if k == 0 {
			row.Cells = append(row.Cells, "—", "—")
		} else {
			changed := ha(hectares(steps[k].ChangedM2() / redline.M2PerHa))
			row.Cells = append(row.Cells, changed, percent(steps[k].Comprehensive))
		}
		y.Rows = append(y.Rows, row)
	}
	for k, step := range data.Steps {
		gain, loss := yearRow{Name: step + " 转入"}, yearRow{Name: step + " 转出"}
		for i := range data.Classes {
			if c := &data.Classes[i]; c.Gain != nil {
				gain.Cells, loss.Cells = append(gain.Cells, ha(c.Gain[k])), append(loss.Cells, ha(c.Loss[k]))
			}
		}
		sum := ha(hectares(steps[k+1].ChangedM2() / redline.M2PerHa))
		gain.Cells, loss.Cells = append(gain.Cells, sum), append(loss.Cells, sum)
		y.Steps = append(y.Steps, gain, loss)
	}
}
