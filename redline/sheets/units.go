package sheets

import (
	"strconv"

	"greenshield/redline"
	"greenshield/redline/report"
	"greenshield/redline/survey"
)

func itoa(n int) string { return strconv.Itoa(n) }

// levels are the levels of units in Chinese.
var levels = map[redline.Level]string{
	redline.LevelWhole: "全区", redline.LevelCity: "市", redline.LevelCounty: "县",
	redline.LevelZoneType: "管控区类型", redline.LevelZone: "管控区",
}

// unitName returns what tables call a unit.
func unitName(u *redline.Unit) string {
	switch {
	case u.Level == redline.LevelWhole:
		return "全区"
	case u.Level == redline.LevelCounty && u.Code == "" && u.Name == "":
		return "（不在任何县内）"
	}
	return u.Name
}

// compute returns the indicators of all units, and the years between the epochs.
func compute(found *report.Findings, settings survey.Settings) (units []survey.Unit, years int) {
	s := found.Summary.Survey
	years = s.YearB - s.YearA
	for i := range s.Units {
		units = append(units, survey.Compute(&s.Units[i], years, settings))
	}
	return units, years
}
