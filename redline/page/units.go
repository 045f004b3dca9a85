package page

import (
	"cmp"
	"strings"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/survey"
)

// unitRow is a city or county of the survey.
type unitRow struct {
	Name       string
	County     bool     // a county, of the city above it
	Net        []string // net change in ha of each class of the page
	Changed    string
	Dynamic    string
	Index      string
	Candidates counted
}

// units lists the cities, each with its counties below, then counties of no city, and what lies in
// no county.
func (p *page) units(found *findings.Findings, settings survey.Settings, t *tally) {
	s := found.Summary.Survey
	type key struct{ code, name string }
	cityOf, cities := map[key]string{}, map[string]*counted{}
	for i := range found.Inputs.Admin {
		a := &found.Inputs.Admin[i]
		cityOf[key{a.Code, a.Name}] = a.CityCode()
	}
	for k, c := range t.counties {
		code, name, _ := strings.Cut(k, "\x00")
		if city := cityOf[key{code, name}]; city != "" {
			if cities[city] == nil {
				cities[city] = &counted{}
			}
			cities[city].Count += c.Count
			cities[city].Ha += c.Ha
		}
	}
	row := func(u *redline.UnitSurvey, candidates *counted) {
		of := survey.Compute(u, s.YearB-s.YearA, settings)
		if u.Code+u.Name == "" && of.Cells == 0 { // the unit of what lies in no county is empty
			return
		}
		var changed float64
		for _, c := range of.Classes {
			changed += c.LossM2
		}
		r := unitRow{Name: findings.Visible(cmp.Or(u.Name, u.Code, redline.NoCounty)), County: u.Level == redline.LevelCounty,
			Changed: grouped(changed/1e4, 0), Dynamic: percent(of.Comprehensive), Index: percent(of.Index)}
		for _, e := range p.classList {
			r.Net = append(r.Net, grouped(of.Classes[e].NetM2/1e4, 0))
		}
		if candidates != nil {
			r.Candidates = *candidates
		}
		p.Units = append(p.Units, r)
	}
	put := map[int]bool{}
	counties := func(city string) {
		for i := range s.Units {
			u := &s.Units[i]
			if u.Level == redline.LevelCounty && !put[i] && (city == "" || cityOf[key{u.Code, u.Name}] == city) {
				put[i] = true
				row(u, t.counties[u.Code+"\x00"+u.Name])
			}
		}
	}
	for i := range s.Units {
		if u := &s.Units[i]; u.Level == redline.LevelCity {
			row(u, cities[u.Code])
			counties(u.Code)
		}
	}
	counties("")
}
