package job

import (
	"reflect"
	"strings"
	"testing"

	"greenshield/redline"
)

// dated is a job with two epochs, a zone, and maps between as a list in YAML.
func dated(t *testing.T, between string) *Job {
	t.Helper()
	j := parse(t, "before: {files: [a.tif], year: 2015, legend: clcd, band: 16}\nafter: {files: [a.tif], year: 2021, legend: esa_cci, band: 22}\n"+
		"redline: [r.gpkg]\nbetween: "+between+"\n")
	j.Before.Files, j.After.Files = []string{"a.tif"}, []string{"a.tif"}
	for i := range j.Between {
		for k, file := range j.Between[i].Files {
			j.Between[i].Files[k] = file[strings.LastIndexByte(file, '/')+1:]
		}
	}
	return j
}

// TestStack: all maps come by year, each with its own file, band and legend, in whatever form and order they are named.
func TestStack(t *testing.T) {
	before := Epoch{Files: []string{"a.tif"}, Year: 2015, Legend: "clcd", Band: 16}
	after := Epoch{Files: []string{"a.tif"}, Year: 2021, Legend: "esa_cci", Band: 22}
	for text, want := range map[string][]Epoch{
		"[{year: 2018, files: [c.tif]}, {year: 2016, files: [b.tif], legend: cnlucc, band: 2}]": {
			{Files: []string{"b.tif"}, Year: 2016, Legend: "cnlucc", Band: 2}, {Files: []string{"c.tif"}, Year: 2018, Legend: "clcd"}},
		"{years: 2016-2018, files: [s.tif], first_band: 17, crs: WGS84}": {
			{Files: []string{"s.tif"}, Year: 2016, Legend: "clcd", Band: 17, CRS: "WGS84"},
			{Files: []string{"s.tif"}, Year: 2017, Legend: "clcd", Band: 18, CRS: "WGS84"},
			{Files: []string{"s.tif"}, Year: 2018, Legend: "clcd", Band: 19, CRS: "WGS84"}},
		"[{years: 2019-2019, files: [s.tif], first_band: 4}, 2017=t.tif, 2017=u.tif, 2018=v.nc|variable=lc|band=3]": {
			{Files: []string{"t.tif", "u.tif"}, Year: 2017, Legend: "clcd"}, {Files: []string{"v.nc|variable=lc"}, Year: 2018, Legend: "clcd", Band: 3},
			{Files: []string{"s.tif"}, Year: 2019, Legend: "clcd", Band: 4}},
	} {
		j := dated(t, text)
		if err := j.Validate(); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		want = append(append([]Epoch{before}, want...), after)
		if got := j.Stack(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
		}
	}
	if got := Default().Stack(); len(got) != 2 || got[0].Year != 2015 || got[1].Year != 2020 {
		t.Errorf("without maps between: %+v", got)
	}
}

// TestBetweenFlag: the flags name maps, tiles of one map, and bands of a file, and go before those of the job file.
func TestBetweenFlag(t *testing.T) {
	j := dated(t, "[{year: 2019, files: [x.tif]}]")
	err := j.Set(map[string][]string{"between": {"2017=t.tif", "2016=b.tif|legend=my/l.csv|crs=+proj=longlat +datum=WGS84", "2017=u.tif",
		"2018-2019=s.tif|first_band=17"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Maps{
		{Epoch: Epoch{Files: []string{"t.tif", "u.tif"}, Year: 2017}},
		{Epoch: Epoch{Files: []string{"b.tif"}, Year: 2016, Legend: "my/l.csv", CRS: "+proj=longlat +datum=WGS84"}},
		{Epoch: Epoch{Files: []string{"s.tif"}}, Years: Span{2018, 2019}, FirstBand: 17},
	}
	if !reflect.DeepEqual(j.Between, want) {
		t.Errorf("got  %+v\nwant %+v", j.Between, want)
	}
	if err := j.Validate(); err != nil {
		t.Error(err)
	}
}

func TestBetweenFlagRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"b.tif":                             `"b.tif" names no year; write YEAR=FILE or FIRST-LAST=FILE|first_band=N, then |band=N, |legend=L or |crs=CRS where they are needed`,
		"=b.tif":                            `"=b.tif" names no year; write YEAR=FILE`,
		"2016=":                             `"2016=" names no file; write YEAR=FILE`,
		"2016=|band=2":                      `"2016=|band=2" names no file; write YEAR=FILE`,
		"16=b.tif":                          `"16" is not a whole number from 1900 to 2100`,
		"2016-=b.tif":                       `"2016-" is not a range of years from 1900 to 2100, such as 2016-2019`,
		"2016-2019-2020=b.tif":              `"2016-2019-2020" is not a range of years`,
		"2019-2016=b.tif|first_band=1":      `"2019-2016" runs backwards; write 2016-2019, and the band of 2016 first`,
		"2016=b.tif|layername=x":            `"2016=b.tif|layername=x" has parts behind the file that are not known; write YEAR=FILE`,
		"2016=b.tif|band=1|band=1":          `"2016=b.tif|band=1|band=1" says band twice; write YEAR=FILE`,
		"2016=b.tif|band=0":                 `band: "0" is not a whole number from 1 to 65535`,
		"2016-2017=b.tif|first_band=banana": `first_band: "banana" is not a whole number from 1 to 65535`,
		"2016=b.tif|legend=":                `legend: the text is empty; write a value, or leave it out`,
	} {
		err := Default().Set(map[string][]string{"between": {text}})
		if err == nil || !strings.HasPrefix(err.Error(), "--between: "+want) || redline.KindOf(err) != redline.Usage {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// TestBetweenFaults: what does not fit together is told with what to do.
func TestBetweenFaults(t *testing.T) {
	for text, want := range map[string][]string{
		"[{year: 2015, files: [b.tif]}]": {"the map of 2015 (b.tif) does not lie between before (2015) and after (2021); correct its year or theirs, or leave it out"},
		"[{year: 2021, files: [b.tif]}]": {"the map of 2021 (b.tif) does not lie between before (2015) and after (2021); correct its year or theirs, or leave it out"},
		"[{years: 2019-2022, files: [b.tif], first_band: 1}]": {
			"the map of 2021 (b.tif) does not lie between before (2015) and after (2021); correct its year or theirs, or leave it out",
			"the map of 2022 (b.tif) does not lie between before (2015) and after (2021); correct its year or theirs, or leave it out"},
		"[{year: 2016, files: [b.tif]}, {years: 2016-2017, files: [s.tif], first_band: 1}]": {
			"there are two maps of 2016 between the epochs, b.tif and s.tif; keep one of them, or name the tiles of one map in one list of files"},
		"[2016=b.tif, 2016=c.tif|band=2]": {
			"there are two maps of 2016 between the epochs, b.tif and c.tif; keep one of them, or name the tiles of one map in one list of files"},
		"[{year: 2016}]": {"a map between the epochs has no file; name it by --between YEAR=FILE, or between: [{year: YEAR, files: [FILE]}] in a job file"},
		"[{files: [b.tif]}]": {
			"between, b.tif: no year; write year: YEAR, or years: FIRST-LAST with first_band: N for bands of one file"},
		"[{files: [b.tif], year: 2016, years: 2016-2017, first_band: 1}]": {
			"between, b.tif: year and years contradict each other; keep year for one map, years for several"},
		"[{files: [b.tif], years: 2016-2017, band: 2, first_band: 1}]": {
			"between, b.tif: band and first_band contradict each other; keep band for one year, first_band for several"},
		"[{files: [b.tif, c.tif], years: 2016-2017}, {year: 2018}]": {
			"between, b.tif, c.tif: no first_band, so it is not known which bands are 2016-2017; write the band of 2016 as first_band: N, or |first_band=N behind the file",
			"a map between the epochs has no file; name it by --between YEAR=FILE, or between: [{year: YEAR, files: [FILE]}] in a job file"},
		"[{files: [b.tif], year: 2016, first_band: 3}]": {
			"between, b.tif: first_band is for several years; write band: 3 for the map of 2016, or years: FIRST-LAST"},
	} {
		err := dated(t, text).Validate()
		if err == nil || err.Error() != strings.Join(want, "\n") || redline.KindOf(err) != redline.Usage {
			t.Errorf("%s:\ngot  %v\nwant %s", text, err, strings.Join(want, "\n"))
		}
	}
	// Where the epochs run backwards nothing lies between them: that alone is told.
	j := dated(t, "[{year: 2018, files: [b.tif]}]")
	j.Before.Year = 2021
	if err := j.Validate(); err == nil || !strings.HasPrefix(err.Error(), "the year of after (2021) is not later") || strings.Contains(err.Error(), "\n") {
		t.Errorf("epochs backwards: got %v", err)
	}
	// 60 maps are taken, 61 are not.
	for last, want := range map[string]string{"2010": "", "2011": "there are 61 maps between the epochs, at most 60 are taken; leave some years out"} {
		j := dated(t, "[{years: 1951-"+last+", files: [s.tif], first_band: 1}]")
		j.Before.Year = 1950
		switch err := j.Validate(); {
		case want == "" && err != nil, want != "" && (err == nil || err.Error() != want):
			t.Errorf("1951 to %s: got %v", last, err)
		}
	}
}

func TestBetweenParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"between: [{year: 1816}]":                       `:1: year: "1816" is not a whole number from 1900 to 2100`,
		"between: [{years: [2016, 2018]}]":              `:1: years is not a list; write it without brackets and dashes`,
		"between: [{years: 2019-2016}]":                 `:1: years: "2019-2016" runs backwards; write 2016-2019, and the band of 2016 first`,
		"between: [{file: a.tif}]":                      `:1: unknown key "file"; did you mean "files"?`,
		"between:\n- {year: 2016}\n- 2017":              `:3: an item of between: "2017" names no year; write YEAR=FILE`,
		"between: [{year: 2016, out: x}]":               `:1: unknown key "out"; valid here are year, years, files, band, first_band, crs, legend`,
		"between: [{years: 2016-2017, first_band: -1}]": `:1: first_band: "-1" is not a whole number from 1 to 65535`,
	} {
		path := write(t, text+"\n")
		if _, err := Parse(path); err == nil || !strings.HasPrefix(err.Error(), path+want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
