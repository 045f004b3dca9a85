package job

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline"
)

// confirmed is a job of 2015 and 2020 with these lines more.
func confirmed(t *testing.T, lines string) *Job {
	t.Helper()
	j := parse(t, "before: {files: [/a.tif], year: 2015, legend: clcd}\nafter: {files: [/b.tif], year: 2020, legend: clcd}\n"+
		"redline: [/r.gpkg]\n"+lines)
	return j
}

// TestPairs: a pair has the legend of the job's before where it names none, and its after that of its own before.
func TestPairs(t *testing.T) {
	j := confirmed(t, `confirm:
  - {name: same, before: {year: 2014, files: [/c.tif]}, after: {year: 2021, files: [/d.tif]}}
  - {name: other, before: {year: 2015, files: [/e.tif], legend: glc_fcs30d}, after: {year: 2020, files: [/f.tif]}}
  - {name: third, before: {year: 2015, files: [/g.tif]}, after: {year: 2020, files: [/h.tif], legend: esa_cci}}
newest: {year: 2023, files: [/n.tif]}
`)
	if err := j.Validate(); err != nil {
		t.Error(err)
	}
	want := []Pair{
		{"same", Epoch{Files: []string{"/c.tif"}, Year: 2014, Legend: "clcd"}, Epoch{Files: []string{"/d.tif"}, Year: 2021, Legend: "clcd"}},
		{"other", Epoch{Files: []string{"/e.tif"}, Year: 2015, Legend: "glc_fcs30d"}, Epoch{Files: []string{"/f.tif"}, Year: 2020, Legend: "glc_fcs30d"}},
		{"third", Epoch{Files: []string{"/g.tif"}, Year: 2015, Legend: "clcd"}, Epoch{Files: []string{"/h.tif"}, Year: 2020, Legend: "esa_cci"}},
	}
	if got := j.Pairs(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if j.Confirm[0].Before.Legend != "" {
		t.Error("the job itself was changed")
	}
	if got := j.NewestMap(); !reflect.DeepEqual(got, &Epoch{Files: []string{"/n.tif"}, Year: 2023, Legend: "clcd"}) {
		t.Errorf("newest is %+v", got)
	}
	if j := Default(); j.NewestMap() != nil || len(j.Pairs()) != 0 || j.ConfirmTolerance != 2 || j.Priority != "simple" || j.PriorityEdited || j.PriorityNear {
		t.Errorf("defaults are %+v", j)
	}
}

// TestConfirmFlags: maps of a pair come in any order, the earlier is that of before; tiles join, and flags go before the
// file.
func TestConfirmFlags(t *testing.T) {
	j := confirmed(t, "confirm: [{name: x, before: {year: 2015, files: [/c.tif]}, after: {year: 2020, files: [/d.tif]}}]\n"+
		"newest: {year: 2021, files: [/n.tif], band: 7}\n")
	err := j.Set(map[string][]string{
		"confirm": {"glc: fine:2021=b1.tif|band=2", "two:2016=p.tif", "glc: fine:2015=a.nc|variable=lc|legend=my/l.csv|crs=+proj=longlat", "two:2016=q.tif",
			"glc: fine:2021=b2.tif|band=2", "two:2019=s.tif"},
		"newest": {"2023=n1.tif|legend=esa_cci", "2023=n2.tif|legend=esa_cci"}, "confirm-tolerance": {"1"}, "priority": {"off"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Pair{
		{"glc: fine", Epoch{Files: []string{"a.nc|variable=lc"}, Year: 2015, Legend: "my/l.csv", CRS: "+proj=longlat"}, Epoch{Files: []string{"b1.tif", "b2.tif"}, Year: 2021, Band: 2}},
		{"two", Epoch{Files: []string{"p.tif", "q.tif"}, Year: 2016}, Epoch{Files: []string{"s.tif"}, Year: 2019}},
	}
	if !reflect.DeepEqual(j.Confirm, want) {
		t.Errorf("got  %+v\nwant %+v", j.Confirm, want)
	}
	if !reflect.DeepEqual(j.Newest, Epoch{Files: []string{"n1.tif", "n2.tif"}, Year: 2023, Legend: "esa_cci"}) || j.ConfirmTolerance != 1 || j.Priority != "off" {
		t.Errorf("got %+v", j)
	}
	if err := j.Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfirmFlagsRefuse(t *testing.T) {
	for text, want := range map[string]string{
		"b.tif":                          `"b.tif" names no pair; write NAME:YEAR=FILE, then |band=N, |legend=L or |crs=CRS where they are needed, once for each of the two years`,
		"2015=C:b.tif":                   `"2015=C:b.tif" names no pair; write NAME:YEAR=FILE`,
		" :2015=b.tif":                   `" :2015=b.tif" names no pair; write NAME:YEAR=FILE`,
		"x:b.tif":                        `"b.tif" names no year; write NAME:YEAR=FILE`,
		"x:2015=":                        `"2015=" names no file; write NAME:YEAR=FILE`,
		"x:2015=b.tif|name=y":            `"2015=b.tif|name=y" has parts behind the file that are not known; write NAME:YEAR=FILE`,
		"x:2015-2020=b.tif":              `one map is of one year: write YEAR=FILE|band=N`,
		"x:2015=b.tif|first_band=2":      `one map is of one year: write YEAR=FILE|band=N`,
		"x:2015=b.tif|band=2|band=2":     `"2015=b.tif|band=2|band=2" says band twice; write NAME:YEAR=FILE`,
		"full:2016=b.tif":                `"full:2016=b.tif" is a third map of the pair "full"; a pair has one of each of two years, whose tiles have the same band, legend and crs`,
		"full:2015=b.tif|legend=esa_cci": `"full:2015=b.tif|legend=esa_cci" is a third map of the pair "full"`,
	} {
		j := Default()
		err := j.Set(map[string][]string{"confirm": {"full:2015=a.tif", "full:2020=c.tif", text}})
		if err == nil || !strings.HasPrefix(err.Error(), "--confirm: "+want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"b.tif":          `--newest: "b.tif" names no year; write YEAR=FILE, then |band=N, |legend=L or |crs=CRS where they are needed`,
		"2023=b.tif|x=1": `--newest: "2023=b.tif|x=1" has parts behind the file that are not known; write YEAR=FILE, then |band=N`,
		"2022=b.tif":     `--newest: "2022=b.tif" is another map than "a.tif"; the tiles of one have the same year, band, legend and crs`,
	} {
		err := Default().Set(map[string][]string{"newest": {"2023=a.tif", text}})
		if err == nil || !strings.HasPrefix(err.Error(), want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("%s: got %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"of":   `--priority: "of" is neither simple nor off, nor the file of a model, whose name ends in .json or has a /`,
		"a.js": `--priority: "a.js" is neither simple nor off`,
		"":     `--priority: "" is neither simple nor off`,
	} {
		if err := Default().Set(map[string][]string{"priority": {text}}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// TestValidateConfirm: what is missing or contradicts itself is told, each with the way on.
func TestValidateConfirm(t *testing.T) {
	pair := func(name string, before, after int) string {
		return "{name: " + name + ", before: {year: " + strconv.Itoa(before) + ", files: [/c.tif]}, after: {year: " + strconv.Itoa(after) + ", files: [/d.tif]}}"
	}
	for lines, want := range map[string][]string{
		"confirm: [{before: {year: 2015, files: [/c.tif]}, after: {year: 2020, files: [/d.tif]}}]": {
			"a pair of confirm has no name; write name: NAME in the job file, or --confirm NAME:YEAR=FILE"},
		"confirm: [{name: x, before: {year: 2015, files: [/c.tif]}}]": {
			"confirm, x: no raster for after; write after: {year: YEAR, files: [FILE]} in the job file, or --confirm NAME:YEAR=FILE once for each of its two years"},
		"confirm: [{name: x, before: {files: [/c.tif]}, after: {year: 2020, files: [/d.tif]}}]": {
			"confirm, x: no year for before; write before: {year: YEAR, files: [FILE]} in the job file"},
		"confirm: [" + pair("x", 2015, 2015) + "]": {
			"confirm, x: the year of its after (2015) is not later than that of its before (2015); correct them, or exchange the rasters"},
		"confirm: [" + pair("x", 2015, 2099) + "]\nconfirm_tolerance: 100": {"confirm, x: the year of its after (2099) is still to come: it is "},
		"confirm: [" + pair("x", 2012, 2020) + "]": {
			"confirm, x: its maps are of 2012 and 2020, those that are compared of 2015 and 2020: further apart than confirm_tolerance allows (2); name maps of nearer years, allow more by " +
				"--confirm-tolerance N (confirm_tolerance: N in a job file), or leave the pair out"},
		"confirm: [" + pair("x", 2015, 2022) + "]\nconfirm_tolerance: 1":          {"confirm, x: its maps are of 2015 and 2022, those that are compared of 2015 and 2020: further apart than confirm_tolerance allows (1)"},
		"confirm: [" + pair("x", 2013, 2022) + "]":                                nil,
		"confirm: [" + pair("X", 2015, 2020) + ", " + pair("x", 2015, 2020) + "]": {`two pairs of confirm have the name "x"; give each one of its own`},
		"newest: {year: 2020, files: [/n.tif]}": {
			"newest, /n.tif: its year (2020) is not later than that of after (2020), so it cannot show what became of the changes; correct it, or leave it out"},
		"newest: {year: 2099, files: [/n.tif]}": {"newest, /n.tif: its year (2099) is still to come: it is "},
		"newest: {files: [/n.tif]}":             {"newest, /n.tif: no year; write newest: {year: YEAR, files: [FILE]} in the job file, or --newest YEAR=FILE"},
		"newest: {year: 2023}":                  {"newest has no file; write newest: {year: YEAR, files: [FILE]} in the job file, or --newest YEAR=FILE"},
		"newest: {year: 2021, files: [/n.tif]}": nil,
	} {
		err := confirmed(t, lines+"\n").Validate()
		got := redline.Faults(err)
		if len(got) != len(want) {
			t.Errorf("%s: got %v", lines, err)
			continue
		}
		for i, w := range want {
			if !strings.HasPrefix(got[i].Error(), w) || redline.KindOf(got[i]) != redline.Usage {
				t.Errorf("%s: got %v", lines, got[i])
			}
		}
	}
	j := confirmed(t, "confirm: ["+pair("x", 2001, 2002)+"]\n")
	if err := j.ValidateSeries(); err != nil {
		t.Errorf("a series: %v", err)
	}
	for i := 0; len(j.Confirm) <= MaxConfirm; i++ {
		more := j.Confirm[0]
		more.Name = strconv.Itoa(i)
		j.Confirm = append(j.Confirm, more)
	}
	if err := j.ValidateSeries(); err == nil || err.Error() != "confirm has 9 pairs of maps, at most 8 are taken; leave some out" {
		t.Errorf("too many: %v", err)
	}
}
