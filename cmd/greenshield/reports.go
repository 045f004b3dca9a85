package main

import (
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/report"
	"greenshield/redline/sheets"
)

// reports are what j wants besides the files that every run writes.
func (p *program) reports(j *job.Job, loaded *gdalinput.Loaded) (reports []report.Report) {
	if j.Formats.Has(job.CSV) {
		reports = append(reports, sheets.CandidatesCSV, sheets.SurveyCSV(j.Survey))
	}
	if j.Formats.Has(job.XLSX) {
		reports = append(reports, sheets.CandidatesXLSX, sheets.SurveyXLSX(j.Survey))
	}
	return reports
}
