package page

import (
	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/survey"
)

// classRow is an ecosystem class in the table of classes.
type classRow struct {
	Name, Color                          string
	Before, After, Net, Gain, Loss, Rate string
}

// classes fills in the classes that occur in either epoch, and the transitions between them.
func (p *page) classes(sum *redline.Summary, settings survey.Settings) {
	u := &sum.Survey.Units[0] // the first unit is the whole
	whole := survey.Compute(u, sum.YearB-sum.YearA, settings)
	p.Overall = pair{percent(whole.Comprehensive), percent(whole.Index)}
	for _, e := range landcover.Ecosystems() {
		c := &whole.Classes[e]
		if c.BeforeCells+c.AfterCells == 0 {
			continue
		}
		p.classList = append(p.classList, e)
		p.Data.Classes = append(p.Data.Classes,
			classBar{e.Chinese(), e.Color(), hectares(c.BeforeM2 / 1e4), hectares(c.AfterM2 / 1e4),
				hectares(c.LossM2 / 1e4), hectares(c.GainM2 / 1e4)})
		p.Classes = append(p.Classes, classRow{
			e.Chinese(), e.Color(), grouped(c.BeforeM2/1e4, 2), grouped(c.AfterM2/1e4, 2),
			grouped(c.NetM2/1e4, 2), grouped(c.GainM2/1e4, 2), grouped(c.LossM2/1e4, 2), percent(c.Rate),
		})
		for _, to := range landcover.Ecosystems() {
			if to != e && u.Cells[e][to] > 0 {
				p.Data.Links = append(p.Data.Links,
					classLink{e.Chinese(), to.Chinese(), hectares(u.AreaM2[e][to] / 1e4)})
			}
		}
	}
}
