package main

import (
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/report"
)

// reports are what j wants besides the files that every run writes.
func (p *program) reports(j *job.Job, loaded *gdalinput.Loaded) (reports []report.Report) {
	return reports
}
