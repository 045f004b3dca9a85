package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// newSeries makes a job of the sample with a map of 2018 between, which is that of 2015 but for a corner.
func newSeries(t *testing.T) folder {
	t.Helper()
	f := folder{t, newSample(t)}
	f.script("gdal_translate -q -srcwin 0 0 250 200 lc2015.tif lc2018.tif")
	between("[{year: 2018, files: [lc2018.tif]}]")(f)
	return f
}

// sameRun wants two folders to hold the same bytes, but for the times in the manifests.
func sameRun(t *testing.T, got, want string) {
	t.Helper()
	sameFiles(t, contents(t, got), contents(t, want), "manifest.json")
	a, b := readManifest(t, got), readManifest(t, want)
	a.Generated, a.Timings, b.Generated, b.Timings = time.Time{}, nil, time.Time{}, nil
	textA, errA := json.Marshal(a)
	textB, errB := json.Marshal(b)
	if errA != nil || errB != nil || string(textA) != string(textB) {
		t.Errorf("the manifests are\n%s\nand\n%s\n%v, %v", textA, textB, errA, errB)
	}
}

// TestSeries compares the three maps of the demo pair by pair: each folder is what run makes of the pair, and the ledger
// takes both in their order.
func TestSeries(t *testing.T) {
	f := folder{t, filepath.Join(t.TempDir(), "demo")}
	here(t, filepath.Dir(f.dir), "demo", "demo").want(t, 0)
	f.script("sed -i '/^confirm:/,$d' job.yaml") // nor maps between, of which the runs below would be dated
	const csv = "--formats=csv"
	maps := []string{"--after", "lc2021.tif", "--after-year", "2021", "--between", "2020=lc2020.tif", csv, "--quiet"}
	o := here(t, f.dir, slices.Concat([]string{"series", "job.yaml", "--out", "years"}, maps)...)
	o.want(t, 0)
	if !like(o.stderr, "pair 1 of 2: 2015-2020\n…\npair 2 of 2: 2020-2021\n…") ||
		!like(o.stdout, "…results: years/2015-2020\n…results: years/2020-2021\n…\n2 runs in years; bring them into a ledger in the order of their years by greenshield ledger add\n") {
		t.Errorf("told\n%s\nprinted\n%s", o.stderr, o.stdout)
	}
	here(t, f.dir, "run", "job.yaml", csv, "--quiet", "--out", "one").want(t, 0)
	here(t, f.dir, "run", "job.yaml", csv, "--quiet", "--out", "two", "--before", "lc2020.tif", "--before-year", "2020", "--after", "lc2021.tif", "--after-year", "2021").want(t, 0)
	sameRun(t, f.path("years/2015-2020"), f.path("one"))
	sameRun(t, f.path("years/2020-2021"), f.path("two"))
	here(t, f.dir, strings.Fields("ledger init --code 990000 --name 台账 --as 张敏 --level province --at 2020-06-01")...).want(t, 0)
	here(t, f.dir, "ledger", "add", "years/2015-2020", "--at", "2021-01-10").want(t, 0)
	first := len(listCases(t, f.dir))
	here(t, f.dir, "ledger", "add", "years/2020-2021", "--at", "2022-01-10").want(t, 0)
	if all := len(listCases(t, f.dir)); first == 0 || all <= first {
		t.Errorf("%d cases of the first pair, %d of both", first, all)
	}
	here(t, f.dir, "ledger", "verify").want(t, 0)
}

// TestSeriesOfYears: maps of years that are not asked for date the changes of their pair; a series that was done is not
// done again.
func TestSeriesOfYears(t *testing.T) {
	f := newSeries(t)
	args := slices.Concat([]string{"series", "job.yaml", "--out", "steps"}, plainly)
	here(t, f.dir, append(args, "--years", "2015,2020")...).want(t, 0)
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "steps/whole"}, plainly)...).want(t, 0)
	sameRun(t, f.path("steps/2015-2020"), f.path("steps/whole"))
	if got := betweenInputs(t, f.path("steps/2015-2020")); !slices.Equal(got, []string{"2018 1 [lc2018.tif]"}) {
		t.Errorf("maps between are %q", got)
	}
	made := readManifest(t, f.path("steps/2015-2020")).Generated
	o := here(t, f.dir, append(args, "--years", "2015, 2020", "--json")...)
	o.want(t, 0)
	var said struct {
		Status, Out string
		Runs        []struct{ Pair, Status, Out, Fingerprint string }
	}
	f.check(json.Unmarshal([]byte(o.stdout), &said))
	if len(said.Runs) != 1 || said.Status != "complete" || said.Out != "steps" || said.Runs[0].Pair != "2015-2020" || said.Runs[0].Status != "unchanged" ||
		said.Runs[0].Out != "steps/2015-2020" || said.Runs[0].Fingerprint != readManifest(t, f.path("steps/whole")).Fingerprint {
		t.Errorf("got %+v of %s", said, o.stdout)
	}
	if !strings.Contains(o.stderr, `{"event":"pair","number":1,"of":1,"pair":"2015-2020"}`) || !made.Equal(readManifest(t, f.path("steps/2015-2020")).Generated) {
		t.Errorf("told %s", o.stderr)
	}
	o = here(t, f.dir, append(args, "--years", "2015,2018", "--json")...)
	o.want(t, 0)
	f.check(json.Unmarshal([]byte(o.stdout), &said))
	if m := readManifest(t, f.path("steps/2015-2018")); said.Runs[0].Status != "complete" || m.Fingerprint != said.Runs[0].Fingerprint || m.Counts.Cells != 250*200 ||
		betweenInputs(t, f.path("steps/2015-2018")) != nil {
		t.Errorf("got %+v, %+v", said, m.Counts)
	}
}

// TestSeriesOfImages: the image of an epoch is shown beside its map only.
func TestSeriesOfImages(t *testing.T) {
	f := newSeries(t)
	f.script("gdal_translate -q -ot Byte -b 1 -b 1 -b 1 -colorinterp red,green,blue -a_nodata none lc2015.tif image.tif")
	here(t, f.dir, "series", "job.yaml", "--out", "years", "--quiet", "--formats", "html", "--image-before", "image.tif", "--image-after", "image.tif").want(t, 0)
	for pair, want := range map[string]string{"2015-2018": "image_before", "2018-2020": "image_after"} {
		var roles []string
		for _, in := range readManifest(t, f.path("years/"+pair)).Inputs {
			if strings.HasPrefix(in.Role, "image") {
				roles = append(roles, in.Role)
			}
		}
		if !slices.Equal(roles, []string{want}) {
			t.Errorf("%s has %q", pair, roles)
		}
	}
}

// TestSeriesStops: the first pair that fails gives the exit status and is named; the pairs before it stay.
func TestSeriesStops(t *testing.T) {
	f := newSeries(t)
	f.text("lc2020.tif", "")
	args := slices.Concat([]string{"series", "job.yaml", "--out", "years"}, plainly)
	o := here(t, f.dir, args...)
	o.want(t, 11)
	if !like(o.stderr, "…pair 2 of 2: 2018-2020\n…greenshield: 2018-2020: lc2020.tif: empty file (0 bytes)…") {
		t.Errorf("told %s", o.stderr)
	}
	inChinese(t, regexp.MustCompile(`(?m)^pair.*\n`).ReplaceAllString(o.stderr, ""))
	if zh := chinese(t, f.dir, args...); !strings.Contains(zh.stderr, "第 1 对，共 2 对：2015-2018\n") || zh.status != 11 {
		t.Errorf("in Chinese: %s", zh.stderr)
	}
	if found, err := filepath.Glob(f.path("years/*")); err != nil || !slices.Equal(found, []string{f.path("years/2015-2018")}) {
		t.Errorf("the folder holds %q, %v", found, err)
	}
	readManifest(t, f.path("years/2015-2018"))
}

// TestSeriesRefuses: nothing is begun where the pairs are not known.
func TestSeriesRefuses(t *testing.T) {
	f := newSeries(t)
	here(t, f.dir, slices.Concat([]string{"run", "job.yaml", "--out", "done"}, plainly)...).want(t, 0)
	done := contents(t, f.path("done"))
	for args, want := range map[string]string{
		"--out done": "done: is the folder of a run; name another one for those of the pairs by --out DIR",
		"--out years --ledger l.gpkg": "series takes no ledger, since a ledger knows a run only when it was added; leave --ledger out (ledger: in a job file) " +
			"and add the runs in their order by greenshield ledger add, or run and add one pair after the other",
		"--out years --years 2015,2017":      `--years: the job has no map of "2017"; choose from 2015, 2018, 2020`,
		"--out years --years 2018,2015":      "--years: 2015 comes behind 2018; write each year once, the earliest first",
		"--out years --years 2015,2015,2018": "--years: 2015 comes behind 2015; write each year once, the earliest first",
		"--out years --years 2018":           "--years: one year makes no pair; write two or more of 2015, 2018, 2020",
		"--out years --years 2015-2018":      `--years: the job has no map of "2015-2018"; choose from 2015, 2018, 2020`,
		"--out years --between 2014=x.tif":   "the map of 2014 (x.tif) does not lie between before (2015) and after (2020); correct its year or theirs, or leave it out",
		"--out lc2015.tif/years":             "mkdir lc2015.tif: not a directory",
	} {
		status := 10
		if strings.HasPrefix(want, "mkdir") || strings.HasPrefix(want, "done") {
			status = 15
		}
		o := here(t, f.dir, append([]string{"series", "job.yaml", "--quiet"}, strings.Fields(args)...)...)
		o.want(t, status)
		if o.stderr != "greenshield: "+want+"\n" || o.stdout != "" {
			t.Errorf("%s: told %q", args, o.stderr)
		}
		inChinese(t, o.stderr)
	}
	sameFiles(t, contents(t, f.path("done")), done)
	if found, err := filepath.Glob(f.path("years*")); err != nil || slices.Contains(found, f.path("years")) {
		t.Errorf("the folder holds %q, %v", found, err)
	}
}
