package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"greenshield/raster"
	"greenshield/redline/gdalinput"
)

// between puts maps between the epochs into the job file.
func between(text string) func(folder) {
	return func(f folder) {
		f.t.Helper()
		f.edit("redline: ", "between: "+text+"\nredline: ")
	}
}

// elsewhere makes m.tif of lc2020.tif, which stays as it is, moved by some cells to the east.
func elsewhere(cells float64) func(folder) {
	return func(f folder) {
		f.t.Helper()
		f.copy("lc2020.tif", "kept.tif")
		f.raster(func(g *raster.Grid, _ []uint8) { g.OriginX += cells * g.CellX })
		f.copy("lc2020.tif", "m.tif")
		f.copy("kept.tif", "lc2020.tif")
		f.remove("kept.tif")
	}
}

// betweenInputs lists the maps between in the record of a run: year, band and files of each.
func betweenInputs(t *testing.T, out string) (all []string) {
	t.Helper()
	for _, in := range readManifest(t, out).Inputs {
		if in.Role == gdalinput.RoleBetween {
			var files []string
			for _, file := range in.Files {
				files = append(files, file.Name)
			}
			all = append(all, fmt.Sprint(in.Year, " ", in.Band, " ", files))
		}
	}
	return all
}

// withBetween wants a run with these maps between.
func withBetween(want ...string) func(f folder, _ outcome, out string) {
	return func(f folder, _ outcome, out string) {
		f.t.Helper()
		if got := betweenInputs(f.t, out); !slices.Equal(got, want) {
			f.t.Errorf("maps between are %q, want %q", got, want)
		}
	}
}

// TestBetweenFaults spoils the maps between the epochs, one fault at a time.
func TestBetweenFaults(t *testing.T) {
	moved := func(cells float64, text string) func(folder) {
		return func(f folder) {
			elsewhere(cells)(f)
			between(text)(f)
		}
	}
	stacked := func(text string) func(folder) {
		return func(f folder) {
			f.copy("lc2015.tif", "s.tif")
			f.translate("s.tif", "-b", "1", "-b", "1", "-b", "1", "-colorinterp", "gray,undefined,undefined")
			between(text)(f)
		}
	}
	testFaults(t, []fault{
		{name: "C14 year outside", spoil: between("[{year: 2021, files: [lc2015.tif]}]"), status: 10,
			want: "the map of 2021 (lc2015.tif) does not lie between before (2015) and after (2020); correct its year or theirs, or leave it out"},
		{name: "C14 year of before", spoil: func(folder) {}, args: []string{"--between", "2015=lc2015.tif"}, status: 10,
			want: "the map of 2015 (lc2015.tif) does not lie between before (2015) and after (2020); correct its year or theirs, or leave it out"},
		{name: "C14 one year twice", spoil: between("[{year: 2016, files: [lc2015.tif]}, {years: 2016-2017, files: [s.tif], first_band: 2}]"), status: 10,
			want: "there are two maps of 2016 between the epochs, lc2015.tif and s.tif; keep one of them, or name the tiles of one map in one list of files"},
		{name: "C14 years reversed", spoil: between("[{years: 2019-2016, files: [s.tif], first_band: 2}]"), status: 10,
			want: `job.yaml:5: years: "2019-2016" runs backwards; write 2016-2019, and the band of 2016 first`},
		{name: "C14 epochs reversed", spoil: between("[{year: 2016, files: [lc2015.tif]}]"), args: []string{"--before-year", "2020", "--after-year", "2015"}, status: 10,
			want: "the year of after (2015) is not later than that of before (2020); correct --after-year or --before-year, or exchange the rasters"},
		{name: "C14 no year", spoil: between("[{files: [lc2015.tif]}]"), status: 10,
			want: "between, lc2015.tif: no year; write year: YEAR, or years: FIRST-LAST with first_band: N for bands of one file"},
		{name: "C14 no file", spoil: between("[{year: 2016}]"), status: 10,
			want: "a map between the epochs has no file; name it by --between YEAR=FILE, or between: [{year: YEAR, files: [FILE]}] in a job file"},
		{name: "C14 year and years", spoil: between("[{year: 2016, years: 2016-2017, files: [s.tif], first_band: 1}]"), status: 10,
			want: "between, s.tif: year and years contradict each other; keep year for one map, years for several"},
		{name: "C14 band and first_band", spoil: between("[{years: 2016-2017, files: [s.tif], first_band: 1, band: 1}]"), status: 10,
			want: "between, s.tif: band and first_band contradict each other; keep band for one year, first_band for several"},
		{name: "C14 years without first_band", spoil: func(folder) {}, args: []string{"--between", "2016-2017=s.tif"}, status: 10,
			want: "between, s.tif: no first_band, so it is not known which bands are 2016-2017; write the band of 2016 as first_band: N, or |first_band=N behind the file"},
		{name: "C14 first_band of one year", spoil: func(folder) {}, args: []string{"--between", "2016=s.tif|first_band=3"}, status: 10,
			want: "between, s.tif: first_band is for several years; write band: 3 for the map of 2016, or years: FIRST-LAST"},
		{name: "C14 too many maps", spoil: between("[{years: 1951-2014, files: [s.tif], first_band: 1}]"), args: []string{"--before-year", "1950"}, status: 10,
			want: "there are 64 maps between the epochs, at most 60 are taken; leave some years out"},
		{name: "C14 flag without year", spoil: func(folder) {}, args: []string{"--between", "s.tif"}, status: 10,
			want: `--between: "s.tif" names no year; write YEAR=FILE or FIRST-LAST=FILE|first_band=N, then |band=N, |legend=L or |crs=CRS where they are needed`},
		{name: "C14 flag with something else", spoil: func(folder) {}, args: []string{"--between", "2016=s.tif|layername=x"}, status: 10,
			want: `--between: "2016=s.tif|layername=x" has parts behind the file that are not known; write YEAR=FILE …`},
		{name: "C14 no range of years", spoil: func(folder) {}, args: []string{"--between", "2016-17=s.tif|first_band=1"}, status: 10,
			want: `--between: "2016-17" is not a range of years from 1900 to 2100, such as 2016-2019`},
		{name: "R52 nothing of the common grid", spoil: moved(300, "[{year: 2016, files: [m.tif]}]"), status: 13,
			want: "m.tif: covers …° E, …° N, nothing of the common grid of before and after (…° E, …° N); name a map of that area for 2016, or leave that year out"},
		{name: "R52 another lattice", spoil: moved(0.5, "[{year: 2016, files: [m.tif]}]"), status: 13,
			want: "m.tif: does not share the grid of before (lc2015.tif): origins are not on one lattice: …; say --align (align: true in a job file) to bring it onto that grid by nearest neighbour"},
		{name: "R52 another lattice, aligned", spoil: moved(0.5, "[{year: 2016, files: [m.tif]}]"), args: []string{"--align"},
			check: func(f folder, o outcome, out string) {
				warned(f, o, "m.tif: is brought onto before's grid by nearest neighbour (same CRS), because origins are not on one lattice: ")
				warned(f, o, "m.tif: covers about 99.83 % of the common grid; of the cells beyond it nothing is known in its year")
				withBetween("2016 1 [m.tif]")(f, o, out)
			}},
		{name: "R52 a part of the common grid", spoil: moved(100, "[{year: 2016, files: [m.tif]}]"), check: func(f folder, o outcome, out string) {
			warned(f, o, "m.tif: covers 66.67 % of the common grid; of the cells beyond it nothing is known in its year")
			withBetween("2016 1 [m.tif]")(f, o, out)
		}},
		{name: "R52 missing map", spoil: between("[{year: 2016, files: [m.tif]}]"), status: 11, want: "m.tif: no such file…"},
		{name: "R52 no such band", spoil: stacked("[{years: 2016-2019, files: [s.tif], first_band: 1}]"), status: 10,
			want: "s.tif: no such band: 4 is asked for, its bands are 1 to 3; say which with --before-band, --after-band or |band=N in --between, --confirm or --newest (job file: band, first_band)"},
		{name: "R52 bands of one file", spoil: stacked("[{years: 2016-2018, files: [s.tif], first_band: 1}]"),
			check: withBetween("2016 1 [s.tif]", "2017 2 [s.tif]", "2018 3 [s.tif]")},
		{name: "R52 one map twice", spoil: between("[2016=lc2015.tif, 2017=lc2015.tif]"), check: func(f folder, o outcome, out string) {
			warned(f, o, "lc2015.tif: the map of 2017 has the same content as that of 2015; is it the right file?")
			withBetween("2016 1 [lc2015.tif]", "2017 1 [lc2015.tif]")(f, o, out)
		}},
	})
}

// TestBetweenRemedies does what the messages of maps between tell.
func TestBetweenRemedies(t *testing.T) {
	job := func(name, bad, mended, says string, status int, want ...string) remedy {
		r := remedy{name: name, status: status, says: says, make: func(f folder) { between(bad)(f) }, mend: "sed -i '/^between/d' job.yaml"}
		if mended != "" {
			r.follow = func(f folder, _ string) { between(mended)(f) }
			r.result = func(f folder, out string) { withBetween(want...)(f, outcome{}, out) }
		}
		return r
	}
	const one, named = "[{year: 2016, files: [lc2015.tif]}]", "2016 1 [lc2015.tif]"
	apart := job("map elsewhere", "[{year: 2016, files: [m.tif]}]", one, "name a map of that area for 2016, or leave that year out", 13, named)
	apart.make = func(f folder) { elsewhere(300)(f); between("[{year: 2016, files: [m.tif]}]")(f) }
	left := job("map elsewhere, left out", "", "", "name a map of that area for 2016, or leave that year out", 13)
	left.make = apart.make
	shifted := job("map on another lattice", "", "", "say --align (align: true in a job file) to bring it onto that grid", 13)
	shifted.make = func(f folder) { elsewhere(0.5)(f); between("[{year: 2016, files: [m.tif]}]")(f) }
	shifted.mend, shifted.then = "", []string{"--align"}
	shifted.result = func(f folder, out string) { withBetween("2016 1 [m.tif]")(f, outcome{}, out) }
	banded := func(name, bad, mended, says string, status int, want ...string) remedy {
		r := job(name, bad, mended, says, status, want...)
		r.make = func(f folder) {
			f.script("gdal_translate -q -b 1 -b 1 -colorinterp gray,undefined lc2015.tif m.tif")
			between(bad)(f)
		}
		return r
	}
	const plain, states = "[{year: 2016, files: [m.tif]}]", "[{year: 2016, files: [m.tif], crs: CGCS2000}]"
	unstated := job("CRS stated of before alone", plain, states,
		"say so by crs: CGCS2000 under it, or by |crs=CGCS2000 behind its file", 13, "2016 1 [m.tif]")
	unstated.make = func(f folder) {
		f.copy("lc2015.tif", "m.tif")
		for _, file := range []string{"lc2015.tif", "lc2020.tif", "m.tif"} {
			f.translate(file, "-a_srs", "+proj=longlat +ellps=GRS80")
		}
		between(plain)(f)
		f.say("lc2015.tif", "crs: CGCS2000")
		f.say("lc2020.tif", "crs: CGCS2000")
	}
	testRemedies(t, []remedy{apart, unstated, left, shifted,
		banded("band of a file", "[2016=m.tif]", "['2016=m.tif|band=2']",
			"has 2 bands; say which with --before-band, --after-band or |band=N in --between", 11, "2016 2 [m.tif]"),
		banded("first_band too high", "[{years: 2016-2017, first_band: 2, files: [m.tif]}]", "[{years: 2016-2017, first_band: 1, files: [m.tif]}]",
			"|band=N in --between, --confirm or --newest (job file: band, first_band)", 10, "2016 1 [m.tif]", "2017 2 [m.tif]"),
		job("year outside", "[{year: 2020, files: [lc2015.tif]}]", one, "correct its year or theirs, or leave it out", 10, named),
		job("year outside, left out", "[{year: 2020, files: [lc2015.tif]}]", "", "correct its year or theirs, or leave it out", 10),
		job("one year twice", "[2016=lc2015.tif, 2016=lc2015.tif|band=1]", one, "keep one of them, or name the tiles of one map in one list of files", 10, named),
		job("years reversed", "[{years: 2017-2016, files: [lc2015.tif], first_band: 1}]", "[{years: 2016-2016, files: [lc2015.tif], first_band: 1}]",
			"runs backwards; write 2016-2017, and the band of 2016 first", 10, named),
		job("no file between", "[{year: 2016}]", one, "name it by --between YEAR=FILE", 10, named),
		job("no year between", "[{files: [lc2015.tif]}]", one, "write year: YEAR, or years: FIRST-LAST with first_band: N", 10, named),
		job("year and years", "[{year: 2016, years: 2016-2016, first_band: 1, files: [lc2015.tif]}]", one, "keep year for one map, years for several", 10, named),
		job("band and first_band", "[{year: 2016, band: 1, first_band: 1, files: [lc2015.tif]}]", "[{year: 2016, band: 1, files: [lc2015.tif]}]",
			"keep band for one year, first_band for several", 10, named),
		job("no first_band", "[{years: 2016-2016, files: [lc2015.tif]}]", "[{years: 2016-2016, files: [lc2015.tif], first_band: 1}]",
			"write the band of 2016 as first_band: N, or |first_band=N behind the file", 10, named),
		job("first_band of one year", "[{year: 2016, first_band: 1, files: [lc2015.tif]}]", "[{year: 2016, band: 1, files: [lc2015.tif]}]",
			"write band: 1 for the map of 2016, or years: FIRST-LAST", 10, named),
		job("too many maps", "[{years: 1950-2014, first_band: 1, files: [lc2015.tif]}, {year: 2016, files: [lc2015.tif]}]", one,
			"at most 60 are taken; leave some years out", 10, named),
	})
}

// TestBetweenFlagIsTheKey: flags and job file name the same run, which is not done twice, and another one without them.
func TestBetweenFlagIsTheKey(t *testing.T) {
	f := folder{t, newSample(t)}
	args := slices.Concat([]string{"run", "job.yaml"}, plainly)
	here(t, f.dir, append(args, "--between", "2017=lc2020.tif", "--between", "2016=lc2015.tif|band=1|legend=clcd")...).want(t, 0)
	if got := betweenInputs(t, f.path("out")); !slices.Equal(got, []string{"2016 1 [lc2015.tif]", "2017 1 [lc2020.tif]"}) {
		t.Errorf("maps between are %q", got)
	}
	fingerprint := readManifest(t, f.path("out")).Fingerprint
	between("[{year: 2016, files: [lc2015.tif], band: 1}, {year: 2017, files: [lc2020.tif]}]")(f)
	o := here(t, f.dir, args...)
	if o.want(t, 0); !strings.HasPrefix(o.stdout, "nothing has changed: out holds the results of the same inputs") {
		t.Errorf("got %s", o.stdout)
	}
	here(t, f.dir, append(args, "--between", "2017=lc2015.tif", "--out", "other")...).want(t, 0)
	if readManifest(t, f.path("other")).Fingerprint == fingerprint {
		t.Error("another stack is taken for the same run")
	}
}

// TestBetweenIsChecked: check tells of maps between what it tells of the epochs.
func TestBetweenIsChecked(t *testing.T) {
	f := folder{t, newSample(t)}
	elsewhere(100)(f)
	between("[{year: 2017, files: [m.tif]}, {year: 2016, files: [lc2015.tif]}]")(f)
	o := here(t, f.dir, "check", "job.yaml", "--quiet")
	o.want(t, 0)
	for _, want := range []string{"between  lc2015.tif  2016\n", "between  m.tif  2017\n", "  warning    covers 66.67 % of the common grid; ",
		"common grid\n  grid       the whole of both rasters\n"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("%q is not in\n%s", want, o.stdout)
		}
	}
	if zh := chinese(t, f.dir, "check", "job.yaml", "--quiet"); !strings.Contains(zh.stdout, "期间  m.tif  2017\n") || !strings.Contains(zh.stdout, "只覆盖共同格网的 66.67 %；") {
		t.Errorf("in Chinese:\n%s", zh.stdout)
	}
	o = here(t, f.dir, "check", "job.yaml", "--quiet", "--json")
	var d gdalinput.Diagnosis
	f.check(json.Unmarshal([]byte(o.stdout), &d))
	in := d.Inputs[3]
	if in.Role != "between" || in.Path != "m.tif" || in.Year != 2017 || in.Raster == nil || in.Raster.CensusFacts == nil ||
		in.Raster.Cells != 84000 || *in.Raster.OutsideCells != 28000 || len(in.Raster.Codes) != 1 || in.Raster.Codes[0].Code != 2 {
		t.Errorf("got %+v", in)
	}
}
