package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestYears: with maps between, the survey has every year. What was so in 2015 stays until the map of 2016, and what is
// so in 2020 is so since the map of 2018; the first and the last year are those of survey.csv.
func TestYears(t *testing.T) {
	dir := newSample(t)
	f := folder{t, dir}
	f.copy("lc2015.tif", "same2016.tif")
	f.copy("lc2020.tif", "same2018.tif")
	here(t, dir, "run", "job.yaml", "--between", "2016=same2016.tif", "--between", "2018=same2018.tif", "--formats", "csv,xlsx,html",
		"--out", "out").want(t, 0)
	rows := func(name string) (rows [][]string) {
		text, err := os.ReadFile(f.path("out/" + name))
		f.check(err)
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			rows = append(rows, strings.Split(line, ","))
		}
		return rows
	}
	const indicator, class, toClass = 4, 6, 7
	areas := map[string]string{} // of the survey of both epochs
	for _, r := range rows("survey.csv") {
		if slices.Contains([]string{"area", "share"}, r[indicator]) {
			areas[strings.Join(append(r[:toClass:toClass], r[8]), ",")] = r[9] + r[11]
		}
	}
	same, changes := 0, map[string]int{}
	for _, r := range rows("survey_years.csv") {
		year := r[9]
		key := strings.Join(append(r[:toClass:toClass], map[string]string{"2016": "2015", "2018": "2020"}[year]), ",")
		if year == "2015" || year == "2020" {
			key = strings.Join(append(r[:toClass:toClass], year), ",")
		}
		if want, ok := areas[key]; ok {
			if got := r[10] + r[12]; got != want {
				t.Errorf("%s: %q, in survey.csv %q", strings.Join(r, ","), got, want)
			}
			same++
		}
		if r[indicator] == "transition" && r[class] != r[toClass] {
			changes[year]++
		}
	}
	if same != 2*len(areas) || len(areas) < 100 || len(changes) != 1 || changes["2016-2018"] == 0 {
		t.Errorf("%d numbers are those of %d in survey.csv; changes are %v", same, len(areas), changes)
	}
	d := readPage(t, f.path("out"))
	table := d.rows(t, "逐年各类型面积")
	if len(table) != 4 || table[0][0] != "2015" || !slices.Equal(table[0][1:4], table[1][1:4]) || slices.Equal(table[1][1:4], table[2][1:4]) {
		t.Errorf("the table of years has %q", table)
	}
}
