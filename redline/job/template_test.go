package job

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const template = `before: {files: [map{year-5}.tif], year: {year-5}, legend: l{year}.csv}
after: {files: ["a b/{year}/map{year}.tif"], year: {year}, legend: clcd}
between: [{year: {year-1}, files: [m{year-1}.tif]}]
redline: [{file: '{year}.gpkg', layer: "l{year}", where: "Y <= {year+1}"}]
issuer: 第{year}年
out: out{year}
`

// TestTemplate: a year stands for {year} in every text of a job, and years around it for {year-5} and {year+1}.
func TestTemplate(t *testing.T) {
	path := write(t, template)
	dir := filepath.Dir(path)
	j, err := ParseYear(path, 2026)
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		j.Before.Files[0]: dir + "/map2021.tif", j.After.Files[0]: dir + "/a b/2026/map2026.tif",
		j.Before.Legend: dir + "/l2026.csv", j.Between[0].Files[0]: dir + "/m2025.tif", j.RedLine[0].File: dir + "/2026.gpkg",
		j.RedLine[0].Layer: "l2026", j.RedLine[0].Where: "Y <= 2027", j.Issuer: "第2026年", j.Out: dir + "/out2026",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if j.Before.Year != 2021 || j.After.Year != 2026 || j.Between[0].Year != 2025 {
		t.Errorf("the years are %d, %v, %d", j.Before.Year, j.Between[0].Years, j.After.Year)
	}
	inputs := []string{"2026.gpkg", "a b/2026/map2026.tif", "l2026.csv", "m2025.tif", "map2021.tif"}
	for i := range inputs {
		inputs[i] = filepath.Join(dir, inputs[i])
	}
	if got := j.Inputs(); !slices.Equal(got, inputs) {
		t.Errorf("the inputs are %q", got)
	}
	plain, err := ParseYear(write(t, "out: out\nbefore: {year: 2016}\n"), 2026)
	if err != nil || plain.Before.Year != 2016 {
		t.Errorf("a job that is no template: %v", err)
	}
}

// TestTemplateRefuses: what cannot be a year is told with its line, and what comes of a year is judged as any text.
func TestTemplateRefuses(t *testing.T) {
	for _, tt := range []struct {
		text string
		year int
		want string
	}{
		{template, 0, `job.yaml:1: {year-5} stands for a year, and none is said; say --year YEAR`},
		{"\nout: o{year-9}", 9, "job.yaml:2: {year-9} is no year when the year is 9"},
		{"out: o{year+1}", 9999, "job.yaml:1: {year+1} is no year when the year is 9999"},
		{"out: 'o{ year }'", 2026, "job.yaml:1: { year } is not read; write {year}, or {year-5} for five years before it"},
		{"out: '{Year}'", 2026, "{Year} is not read"},
		{"out: '{year - 1}'", 2026, "{year - 1} is not read"},
		{"out: '{year-x}'", 0, "{year-x} is not read"},
		{"out: '{year-12345}'", 2026, "{year-12345} is not read"},
		{"out: o\nbefore: {yaer: {year}}", 2026, `job.yaml:2: unknown key "yaer"`},
		{"workers: {year-2026}", 2026, "{year-2026} is no year when the year is 2026"},
	} {
		_, err := ParseYear(write(t, tt.text), tt.year)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q in %d: %v, want %s", tt.text, tt.year, err, tt.want)
		}
	}
}
