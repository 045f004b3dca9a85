package main

import "testing"

// TestJobFaults spoils the job file, one fault at a time.
func TestJobFaults(t *testing.T) {
	testFaults(t, []fault{
		{name: "C01 unknown job key", spoil: func(f folder) { f.edit("min_area:", "min_aera:") }, status: 10,
			want: `job.yaml:10: unknown key "min_aera"; did you mean "min_area"?`},
		{name: "C04 unknown legend", spoil: func(f folder) { f.edit("year: 2020, legend: clcd", "year: 2020, legend: clcdd") }, status: 10,
			want: `after: unknown legend "clcdd", and no CSV file (ending in .csv); did you mean "clcd"?`},
		{name: "C08 missing rules", spoil: func(f folder) { f.edit("rules: green-shield", "rules: mine.csv") }, status: 10,
			want: `rule table mine.csv: no such file`},
		{name: "C10 years in the wrong order", spoil: func(f folder) { f.edit("year: 2015", "year: 2021") }, status: 10,
			want: "the year of after (2020) is not later than that of before (2021); correct --after-year or --before-year, or exchange the rasters"},
		{name: "C08 two at once", spoil: func(f folder) { f.remove("lc2015.tif"); f.remove("reserves.prj") }, status: 11,
			want: "lc2015.tif: no such file\nreserves.shp: layer has no CRS…"},
	})
}
