package sheets

import (
	"strconv"

	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/survey"
)

func itoa(n int) string { return strconv.Itoa(n) }

// unitName returns what tables call a unit.
func unitName(u *redline.Unit) string {
	switch {
	case u.Level == redline.LevelWhole:
		return u.Level.Chinese()
	case u.Level == redline.LevelCounty && u.Code == "" && u.Name == "":
		return redline.NoCounty
	}
	return u.Name
}

// unitCode returns the code of a unit that people know: that of a zone type is a word of the program.
func unitCode(u *redline.Unit) string {
	if u.Level == redline.LevelZoneType {
		return ""
	}
	return u.Code
}

// compute returns the indicators of all units, and the years between the epochs.
func compute(found *findings.Findings, settings survey.Settings) (units []survey.Unit, years int) {
	s := found.Summary.Survey
	years = s.YearB - s.YearA
	for i := range s.Units {
		units = append(units, survey.Compute(&s.Units[i], years, settings))
	}
	return units, years
}
