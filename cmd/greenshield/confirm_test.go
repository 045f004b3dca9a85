package main

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/gdalinput"
	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// lines puts lines into the job file.
func lines(text string) func(folder) {
	return func(f folder) {
		f.t.Helper()
		f.edit("redline: ", text+"\nredline: ")
	}
}

// pairOf is a pair of maps as a job file has it.
func pairOf(name string, yearA int, fileA string, yearB int, fileB string) string {
	return fmt.Sprintf("confirm: [{name: %s, before: {year: %d, files: [%s]}, after: {year: %d, files: [%s]}}]", name, yearA, fileA, yearB, fileB)
}

// the pair that is the epochs themselves, whose every candidate has the same change.
var itself = pairOf("x", 2015, "lc2015.tif", 2020, "lc2020.tif")

// otherInputs lists the maps on grids of their own in the record of a run.
func otherInputs(t *testing.T, out string) (all []string) {
	t.Helper()
	for _, in := range readManifest(t, out).Inputs {
		switch in.Role {
		case gdalinput.RoleConfirmBefore, gdalinput.RoleConfirmAfter, gdalinput.RoleNewest:
			all = append(all, strings.TrimSpace(fmt.Sprint(in.Role, " ", in.Name, " ", in.Year, " ", in.Files[0].Name)))
		}
	}
	return all
}

// withOthers wants a run with these maps.
func withOthers(want ...string) func(f folder, _ outcome, out string) {
	return func(f folder, _ outcome, out string) {
		f.t.Helper()
		if got := otherInputs(f.t, out); !slices.Equal(got, want) {
			f.t.Errorf("maps are %q, want %q", got, want)
		}
	}
}

// TestConfirmFaults spoils the maps that confirm, the newest map and the model, one fault at a time.
func TestConfirmFaults(t *testing.T) {
	moved := func(cells float64, text string) func(folder) {
		return func(f folder) {
			elsewhere(cells)(f)
			lines(text)(f)
		}
	}
	asPair := pairOf("x", 2015, "lc2015.tif", 2020, "m.tif")
	testFaults(t, []fault{
		{name: "C15 two pairs of one name", spoil: lines("confirm: ['x:2015=lc2015.tif', 'x:2020=lc2020.tif', {name: X, before: {year: 2015, files: [a.tif]}, after: {year: 2020, files: [b.tif]}}]"),
			status: 10, want: `two pairs of confirm have the name "X"; give each one of its own`},
		{name: "C15 no name", spoil: lines("confirm: [{before: {year: 2015, files: [lc2015.tif]}, after: {year: 2020, files: [lc2020.tif]}}]"), status: 10,
			want: "a pair of confirm has no name; write name: NAME in the job file, or --confirm NAME:YEAR=FILE"},
		{name: "C15 half a pair", spoil: func(folder) {}, args: []string{"--confirm", "x:2015=lc2015.tif"}, status: 10,
			want: "confirm, x: no raster for after; write after: {year: YEAR, files: [FILE]} in the job file, or --confirm NAME:YEAR=FILE once for each of its two years"},
		{name: "C15 year beyond the tolerance", spoil: lines(pairOf("x", 2010, "lc2015.tif", 2020, "lc2020.tif")), status: 10,
			want: "confirm, x: its maps are of 2010 and 2020, those that are compared of 2015 and 2020: further apart than confirm_tolerance allows (2); name maps of nearer years, " +
				"allow more by --confirm-tolerance N (confirm_tolerance: N in a job file), or leave the pair out"},
		{name: "C15 third map of a pair", spoil: func(folder) {}, args: []string{"--confirm", "x:2015=a.tif", "--confirm", "x:2020=b.tif", "--confirm", "x:2021=c.tif"}, status: 10,
			want: `--confirm: "x:2021=c.tif" is a third map of the pair "x"; a pair has one of each of two years, whose tiles have the same band, legend and crs`},
		{name: "C15 newest not after", spoil: lines("newest: {year: 2020, files: [lc2020.tif]}"), status: 10,
			want: "newest, lc2020.tif: its year (2020) is not later than that of after (2020), so it cannot show what became of the changes; correct it, or leave it out"},
		{name: "C15 no such model", spoil: lines("priority: m.json"), status: 10, want: "open m.json: no such file or directory"},
		{name: "C15 no such rule", spoil: lines("priority: simpel"), status: 10,
			want: `job.yaml:5: priority: "simpel" is neither simple nor off, nor the file of a model, whose name ends in .json or has a /`},
		{name: "R53 nothing of the common grid", spoil: moved(300, asPair), status: 13,
			want: "m.tif: covers …° E, …° N, nothing of the common grid of before and after (…° E, …° N); name a map of that area, or leave out what it belongs to"},
		{name: "R53 missing map", spoil: lines("newest: {year: 2023, files: [m.tif]}"), status: 11, want: "m.tif: no such file…"},
		{name: "R53 rotated", spoil: func(f folder) {
			f.copy("lc2020.tif", "kept.tif")
			f.tiff(1, [6]float64{117, 0.00027, 0.00001, 31, 0.00001, -0.00027})
			f.copy("lc2020.tif", "m.tif")
			f.copy("kept.tif", "lc2020.tif")
			f.remove("kept.tif")
			lines(asPair)(f)
		}, status: 11, want: "m.tif: …rotated…"},
		{name: "R53 no way to its datum", spoil: func(f folder) {
			f.copy("lc2020.tif", "m.tif")
			f.translate("m.tif", "-a_srs", "EPSG:4214")
			lines(asPair)(f)
		}, status: 13, want: "m.tif: no reliable transformation from China Geodetic Coordinate System 2000 (EPSG:4490) to Beijing 1954 (EPSG:4214): …"},
		{name: "R53 codes of another legend", spoil: func(f folder) {
			lines("confirm: [{name: x, before: {year: 2015, files: [lc2015.tif], legend: esa_worldcover}, after: {year: 2020, files: [lc2020.tif]}}]")(f)
		}, status: 11, want: "…lc2015.tif …legend \"esa_worldcover\"…"},
		{name: "R53 a part of the common grid", spoil: moved(100.5, asPair), check: func(f folder, o outcome, out string) {
			warned(f, o, "m.tif: covers about 66.50 % of the common grid; of candidates beyond it nothing is known from it")
			withOthers("confirm_before x 2015 lc2015.tif", "confirm_after x 2020 m.tif")(f, o, out)
		}},
		{name: "R53 other years", spoil: lines(pairOf("x", 2014, "lc2015.tif", 2021, "lc2020.tif")), check: func(f folder, o outcome, out string) {
			warned(f, o, "lc2015.tif: is of 2014, the map that it stands beside of 2015; changes in between count as disagreement")
			warned(f, o, "lc2020.tif: is of 2021, the map that it stands beside of 2020; changes in between count as disagreement")
		}},
		{name: "R53 the epochs themselves", spoil: lines(itself + "\nnewest: {year: 2023, files: [lc2020.tif]}"), check: func(f folder, o outcome, out string) {
			warned(f, o, "lc2015.tif: has the same content as the raster of before, so it proves nothing; is it the right file?")
			warned(f, o, "lc2020.tif: has the same content as the raster of after, so that all changes stay; is it the right file?")
			rows := table(t, out+"/confirm.csv")
			for _, row := range rows {
				if row["name"] != "x" || row["same_pct"] != "100.00" || row["agrees"] != "1" {
					t.Errorf("got %v", row)
				}
			}
			if candidates := table(t, out+"/candidates.csv"); len(rows) == 0 || len(rows) != len(candidates) {
				t.Errorf("%d records of %d candidates", len(rows), len(candidates))
			} else if c := candidates[0]; c["agree_pct"] != "100.00" || c["agree_n"] != "1" || c["agree_of"] != "1" || c["stays_pct"] != "100.00" || c["prio"] == "" || c["prio_why"] == "" {
				t.Errorf("got %v", c)
			}
		}},
	})
}

// TestConfirmRemedies does what the messages of maps that confirm tell.
func TestConfirmRemedies(t *testing.T) {
	job := func(name, bad, mended, says string, status int, want ...string) remedy {
		return remedy{name: name, status: status, says: says, make: lines(bad), mend: "sed -i '/^confirm/d; /^newest/d' job.yaml",
			follow: func(f folder, _ string) {
				if mended != "" {
					lines(mended)(f)
				}
			},
			result: func(f folder, out string) { withOthers(want...)(f, outcome{}, out) }}
	}
	named := []string{"confirm_before x 2015 lc2015.tif", "confirm_after x 2020 lc2020.tif"}
	const newest = "newest: {year: 2023, files: [lc2020.tif]}"
	apart := job("pair elsewhere", pairOf("x", 2015, "lc2015.tif", 2020, "m.tif"), itself, "name a map of that area, or leave out what it belongs to", 13, named...)
	apart.make = func(f folder) { elsewhere(300)(f); lines(pairOf("x", 2015, "lc2015.tif", 2020, "m.tif"))(f) }
	nine := "confirm: ["
	for i := range 9 {
		nine += fmt.Sprintf("'p%d:2015=lc2015.tif', 'p%d:2020=lc2020.tif', ", i, i)
	}
	allowed := job("more tolerance", pairOf("x", 2012, "lc2015.tif", 2020, "lc2020.tif"), "", "allow more by --confirm-tolerance N", 10,
		"confirm_before x 2012 lc2015.tif", "confirm_after x 2020 lc2020.tif")
	allowed.mend, allowed.then = "", []string{"--confirm-tolerance", "3"}
	testRemedies(t, []remedy{apart, allowed,
		job("pair elsewhere, left out", pairOf("x", 2010, "lc2015.tif", 2020, "lc2020.tif"), "", "or leave the pair out", 10),
		job("too many pairs", nine+"]", itself, "at most 8 are taken; leave some out", 10, named...),
		job("one name twice", "confirm: ['x:2015=lc2015.tif', 'x:2020=lc2020.tif', {name: x, before: {year: 2015, files: [lc2015.tif]}, after: {year: 2020, files: [lc2020.tif]}}]", itself,
			"give each one of its own", 10, named...),
		job("pair without name", "confirm: [{before: {year: 2015, files: [lc2015.tif]}, after: {year: 2020, files: [lc2020.tif]}}]", itself, "write name: NAME in the job file", 10, named...),
		job("half a pair", "confirm: ['x:2015=lc2015.tif']", itself, "write after: {year: YEAR, files: [FILE]} in the job file", 10, named...),
		job("pair reversed", pairOf("x", 2016, "lc2015.tif", 2016, "lc2020.tif"), itself, "correct them, or exchange the rasters", 10, named...),
		job("pair of the future", pairOf("x", 2015, "lc2015.tif", 2099, "lc2020.tif"), itself, "by this machine's clock; correct it, or the clock", 10, named...),
		job("several years of a pair", "confirm: ['x:2015-2016=lc2015.tif']", itself, "one map is of one year: write YEAR=FILE|band=N", 10, named...),
		job("newest without file", "newest: {year: 2023}", newest, "write newest: {year: YEAR, files: [FILE]} in the job file, or --newest YEAR=FILE", 10, "newest  2023 lc2020.tif"),
		job("newest too early", "newest: {year: 2019, files: [lc2020.tif]}", newest, "correct it, or leave it out", 10, "newest  2023 lc2020.tif"),
		job("newest of the future", "newest: {year: 2099, files: [lc2020.tif]}", newest, "correct it, or the clock", 10, "newest  2023 lc2020.tif"),
	})
}

// TestConfirmFlagIsTheKey: flags and job file name the same run; a pair of another name, or another newest map, is
// another one.
func TestConfirmFlagIsTheKey(t *testing.T) {
	f := folder{t, newSample(t)}
	args := slices.Concat([]string{"run", "job.yaml"}, plainly)
	flags := []string{"--confirm", "x:2020=lc2020.tif", "--confirm", "x:2015=lc2015.tif", "--newest", "2023=lc2020.tif"}
	here(t, f.dir, slices.Concat(args, flags)...).want(t, 0)
	first := readManifest(t, f.path("out")).Fingerprint
	lines(itself + "\nnewest: {year: 2023, files: [lc2020.tif]}")(f)
	o := here(t, f.dir, args...)
	if o.want(t, 0); !strings.HasPrefix(o.stdout, "nothing has changed: out holds the results of the same inputs") {
		t.Errorf("got %s", o.stdout)
	}
	seen := []string{first}
	for i, more := range [][]string{{"--confirm", "y:2020=lc2020.tif", "--confirm", "y:2015=lc2015.tif"}, {"--newest", "2024=lc2020.tif"}, {"--priority", "off"}} {
		out := fmt.Sprint("other", i)
		here(t, f.dir, slices.Concat(args, more, []string{"--out", out})...).want(t, 0)
		if got := readManifest(t, f.path(out)).Fingerprint; slices.Contains(seen, got) {
			t.Errorf("%v is taken for the same run", more)
		} else {
			seen = append(seen, got)
		}
	}
}

// TestPriorityOff: without priority and other maps nothing of all this is in any output; whatever ranks, the rest of the
// candidates is the same.
func TestPriorityOff(t *testing.T) {
	f := folder{t, newSample(t)}
	args := []string{"run", "job.yaml", "--quiet", "--formats", "all,shp,fgb"}
	here(t, f.dir, append(args, "--out", "ranked")...).want(t, 0)
	here(t, f.dir, append(args, "--out", "plain", "--priority", "off")...).want(t, 0)
	m := readManifest(t, f.path("plain"))
	if m.Priority != nil || readManifest(t, f.path("ranked")).Priority == nil {
		t.Errorf("by %+v", m.Priority)
	}
	for name, text := range contents(t, f.path("plain")) {
		for _, word := range []string{"prio_why", "near_m", "agree_", "优先"} {
			if strings.Contains(text, word) && !strings.HasSuffix(name, ".html") && !strings.HasSuffix(name, ".gpkg") && !strings.HasSuffix(name, ".fgb") {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
	ranked, plain := table(t, f.path("ranked/candidates.csv")), table(t, f.path("plain/candidates.csv"))
	if len(ranked) != len(plain) || len(plain) == 0 {
		t.Fatalf("%d and %d candidates", len(ranked), len(plain))
	}
	for i, row := range plain {
		if len(ranked[i]) != len(row)+6 || ranked[i]["prio"] == "" {
			t.Errorf("ranked %v, plain %v", ranked[i], row)
		}
		for column, cell := range row {
			if ranked[i][column] != cell {
				t.Errorf("%s of %s is %q with priority, %q without", column, row["cand_id"], ranked[i][column], cell)
			}
		}
	}
}

// TestConfirmIsChecked: check tells what each map is, how much it covers and how its year differs, and by what
// candidates are ranked; it meets what a run meets.
func TestConfirmIsChecked(t *testing.T) {
	f := folder{t, newSample(t)}
	elsewhere(100)(f)
	lines("confirm: [{name: 另一产品, before: {year: 2013, files: [lc2015.tif]}, after: {year: 2020, files: [m.tif]}}]\nnewest: {year: 2023, files: [lc2015.tif]}")(f)
	o := here(t, f.dir, "check", "job.yaml", "--quiet")
	o.want(t, 0)
	for _, want := range []string{"priority  simple\n  model      SHA-256 ", "confirm_before  另一产品  lc2015.tif  2013\n", "  covers     100.00 % of the common grid\n  years apart -2\n",
		"confirm_after  另一产品  m.tif  2020\n", "  covers     66.67 % of the common grid\n  years apart 0\n", "newest  lc2015.tif  2023\n"} {
		if !strings.Contains(o.stdout, want) {
			t.Errorf("%q is not in\n%s", want, o.stdout)
		}
	}
	if zh := chinese(t, f.dir, "check", "job.yaml", "--quiet"); !strings.Contains(zh.stdout, "佐证前期  另一产品  lc2015.tif  2013\n") || !strings.Contains(zh.stdout, "共同格网的 66.67 %") {
		t.Errorf("in Chinese:\n%s", zh.stdout)
	}
	d := checkJSON(t, f.dir, 0, "job.yaml")
	if in := d.Inputs[3]; in.Role != "confirm_after" || in.Name != "另一产品" || *in.CoversPct < 66.66 || *in.CoversPct > 66.67 || *in.YearsApart != 0 || d.Priority.Model != "simple" {
		t.Errorf("got %+v, %+v", in, d.Priority)
	}
	f.edit("files: [m.tif]", "legend: esa_worldcover, files: [m.tif]")
	o = here(t, f.dir, "check", "job.yaml", "--quiet", "--priority", "none.json")
	o.want(t, 11)
	if !strings.Contains(o.stdout, `m.tif (2020): code 2 is not in legend "esa_worldcover"`) || !strings.Contains(o.stdout, "problem: open none.json: no such file or directory") {
		t.Errorf("got\n%s", o.stdout)
	}
}

// TestSeriesConfirms: each two years have the pairs that are near enough; those that are not are named.
func TestSeriesConfirms(t *testing.T) {
	f := newSeries(t)
	f.copy("lc2020.tif", "n.tif")
	lines(pairOf("x", 2015, "lc2015.tif", 2018, "lc2020.tif") + "\nnewest: {year: 2023, files: [n.tif]}\nconfirm_tolerance: 1")(f)
	o := here(t, f.dir, slices.Concat([]string{"series", "job.yaml", "--out", "years"}, plainly)...)
	o.want(t, 0)
	if !like(o.stderr, "warning: 2018-2020: confirm, x (2015, 2018) is left out: its years are further apart than confirm_tolerance allows (1)\n…") ||
		strings.Count(o.stderr, "is left out") != 1 {
		t.Errorf("told %s", o.stderr)
	}
	withOthers("confirm_before x 2015 lc2015.tif", "confirm_after x 2018 lc2020.tif", "newest  2023 n.tif")(f, o, f.path("years/2015-2018"))
	withOthers("newest  2023 n.tif")(f, o, f.path("years/2018-2020"))
}

// TestModelRanks: a job chooses the file of a model, which the record names with its hash; one that was edited is refused,
// or named as edited in the record, the warnings and check.
func TestModelRanks(t *testing.T) {
	f := folder{t, newSample(t)}
	card := priority.Card{Bands: []priority.Band{{Feature: priority.Cells, From: 0, To: math.Inf(1), Weight: 1, Why: "凡图斑"}}}
	var text bytes.Buffer
	f.check((&priority.File{Name: "试", Target: "problem", From: priority.Origin{Ledger: "990000", Verdicts: priority.Count{Yes: 30, No: 30}}, Default: card.ToFile()}).Write(&text))
	f.text("m.json", text.String())
	lines("priority: m.json")(f)
	args := slices.Concat([]string{"run", "job.yaml"}, plainly)
	here(t, f.dir, args...).want(t, 0)
	sound := readManifest(t, f.path("out"))
	if sum, _, err := record.HashFile(t.Context(), f.path("m.json")); err != nil || !reflect.DeepEqual(*sound.Priority, record.Ranking{Model: "m.json", SHA256: sum}) {
		t.Errorf("by %+v, %v", sound.Priority, err)
	}
	for _, c := range table(t, f.path("out/candidates.csv")) {
		if c["prio"] != "73" || c["prio_why"] != "凡图斑" { // 100 / (1 + exp(−1))
			t.Errorf("got %v", c)
		}
	}
	f.text("m.json", strings.Replace(text.String(), `"weight": 1`, `"weight": -1`, 1))
	o := here(t, f.dir, append(args, "--out", "edited")...)
	o.want(t, 10)
	const told = "m.json: the model was changed after it was calibrated; "
	if !like(o.stderr, "greenshield: "+told+"calibrate it again, or allow it by priority_edited: true, and the run says so\n") {
		t.Errorf("told %s", o.stderr)
	}
	here(t, f.dir, append(args, "--out", "edited", "--priority-edited")...).want(t, 0)
	m := readManifest(t, f.path("edited"))
	const warning = told + "its scores are no longer those of the verdicts"
	if !m.Priority.Edited || m.Priority.SHA256 == sound.Priority.SHA256 || m.Fingerprint == sound.Fingerprint || !slices.Contains(m.Warnings, warning) {
		t.Errorf("by %+v, %q", m.Priority, m.Warnings)
	}
	if c := table(t, f.path("edited/candidates.csv"))[0]; c["prio"] != "27" {
		t.Errorf("got %v", c)
	}
	if o := here(t, f.dir, "check", "job.yaml", "--quiet", "--priority-edited"); !strings.Contains(o.stdout, "priority  m.json\n") || !strings.Contains(o.stdout, "  warning    "+warning+"\n") {
		t.Errorf("got %s", o.stdout)
	}
}

// TestModelOfOtherEvidence: a model whose verdicts came with evidence that the run does not have, or without some that it
// has, ranks all the same, and record, warnings, report and check say that its scores are no chances.
func TestModelOfOtherEvidence(t *testing.T) {
	f := folder{t, newSample(t)}
	card := priority.Card{Bands: []priority.Band{{Feature: priority.AgreeN, From: 1, To: math.Inf(1), Weight: 1, Why: "有一致"},
		{Feature: priority.StaysPct, From: 50, To: math.Inf(1), Weight: 1, Why: "仍在"}}}
	var text bytes.Buffer
	f.check((&priority.File{Name: "试", Target: "problem", From: priority.Origin{Verdicts: priority.Count{Yes: 30, No: 30},
		Known: map[string]int{"agree_n": 60}}, Default: card.ToFile()}).Write(&text))
	f.text("m.json", text.String())
	lines("priority: m.json")(f)
	const (
		missed = "m.json: most verdicts that the model was calibrated from came with evidence that this run does not have: agree_n; " +
			"its scores here are an order, no chances"
		fresh = "m.json: most verdicts that the model was calibrated from came without evidence that this run has: stays_pct; " +
			"its scores here are an order, no chances"
	)
	args := []string{"run", "job.yaml", "--quiet"}
	here(t, f.dir, args...).want(t, 0)
	m := readManifest(t, f.path("out"))
	if !slices.Equal(m.Priority.Missed, []string{"agree_n"}) || m.Priority.Fresh != nil || !slices.Contains(m.Warnings, missed) {
		t.Errorf("by %+v, %q", m.Priority, m.Warnings)
	}
	if page := fileText(t, f.path("out/report.html")); !strings.Contains(page, "带有本次没有的佐证（agree_n）；模型得分在本次只表示先后，不是属实的可能性。") {
		t.Error("the page does not say it")
	}
	if o := here(t, f.dir, "check", "job.yaml", "--quiet"); !strings.Contains(o.stdout, "  warning    "+missed+"\n") {
		t.Errorf("check says %s", o.stdout)
	}
	f.text("simple", text.String()) // not the shipped rule, whatever its name
	here(t, f.dir, append(args, "--out", "named", "--priority", "./simple")...).want(t, 0)
	if m := readManifest(t, f.path("named")); m.Priority.Model != "./simple" {
		t.Errorf("by %+v", m.Priority)
	}
	lines(itself + "\nnewest: {year: 2023, files: [lc2020.tif]}")(f)
	here(t, f.dir, append(args, "--out", "more")...).want(t, 0)
	m = readManifest(t, f.path("more"))
	if m.Priority.Missed != nil || !slices.Equal(m.Priority.Fresh, []string{"stays_pct"}) || !slices.Contains(m.Warnings, fresh) {
		t.Errorf("by %+v, %q", m.Priority, m.Warnings)
	}
}
