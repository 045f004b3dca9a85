package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline/redlinetest"
	"greenshield/redline/scene"
	"greenshield/redline/scene/gdalscene"
)

// stripScene writes a scene of strips of 7 rows to a new folder.
func stripScene(t *testing.T) (dir string) {
	t.Helper()
	p := scene.Default()
	p.Seed, p.Cols, p.Rows, p.RedLines, p.Reserves, p.Vertices = 77, 300, 280, 6, 3, 600
	dir = filepath.Join(t.TempDir(), "data")
	redlinetest.Must(t, gdalscene.Write(dir, p, "BLOCKYSIZE=7"))
	return dir
}

// shards makes the parts of a plan in an order, and some of them twice.
func shards(t *testing.T, dir, plan string, order []int) {
	t.Helper()
	for _, i := range order {
		o := here(t, dir, "shard", plan, strconv.Itoa(i), "--quiet", "--workers", strconv.Itoa(1+i%3))
		o.want(t, 0)
		if i%5 == 0 {
			o = here(t, dir, "shard", plan, strconv.Itoa(i), "--quiet")
			if o.want(t, 0); o.stdout != fmt.Sprintf("nothing is to be done: the part of shard %d is there\n", i) {
				t.Errorf("repeated: %s", o.stdout)
			}
		}
	}
}

// mergedAsRun compares the folder of a merge with that of a run.
func mergedAsRun(t *testing.T, merged, run map[string]string) {
	t.Helper()
	sameFiles(t, merged, run, "manifest.json")
	got, want := timeless(merged["manifest.json"]), timeless(run["manifest.json"])
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("the manifest has %s, want %s", got[max(0, i-80):i+40], want[max(0, i-80):i+40])
		}
	}
	if len(got) != len(want) {
		t.Errorf("the manifest has %d bytes, want %d", len(got), len(want))
	}
}

// What is merged is what a run writes, to the byte: for any number of shards and any order of them, from any working
// folder, with all formats, maps between, other pairs and the newest map.
func TestShards(t *testing.T) {
	dir := stripScene(t)
	here(t, dir, "run", "job.yaml", "--quiet", "--out", "run").want(t, 0)
	want := contents(t, filepath.Join(dir, "run"))
	if n := readManifest(t, filepath.Join(dir, "run")).Counts.Candidates; len(want) < 15 || n < 25 {
		t.Fatalf("%d files, %d candidates: too little to mean anything", len(want), n)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 7, 64} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			plan := filepath.Join(t.TempDir(), "plan")
			o := here(t, dir, "plan", "job.yaml", "--shards", strconv.Itoa(n), "--out", plan)
			if o.want(t, 0); !strings.Contains(o.stdout, "greenshield merge "+plan) {
				t.Errorf("it says %s", o.stdout)
			}
			away := t.TempDir()
			shards(t, away, plan, rng.Perm(n))
			out := filepath.Join(dir, "merged-"+strconv.Itoa(n)) // beside the run: the QGIS project names the maps as seen from it
			here(t, away, "merge", plan, "--out", out, "--quiet").want(t, 0)
			mergedAsRun(t, contents(t, out), want)
			o = here(t, away, "merge", plan, "--out", out, "--quiet")
			if o.want(t, 0); !strings.Contains(o.stdout, "nothing has changed") {
				t.Errorf("merged again: %s", o.stdout)
			}
		})
	}
}

// A job of flags alone, whose paths are relative to the working folder, is shared out as well.
func TestShardsOfFlags(t *testing.T) {
	dir := stripScene(t)
	flags := []string{"--before", "lc2015.tif", "--after", "lc2020.tif", "--legend", "clcd",
		"--redline", "redline.gpkg|layername=redline", "--reserve", "reserves.shp", "--encoding", "GBK",
		"--formats", "geojson,csv", "--suppressed", "compact", "--priority", "off", "--min-area", "0.5ha"}
	here(t, dir, slices.Concat([]string{"run", "--quiet", "--out", "run"}, flags)...).want(t, 0)
	here(t, dir, slices.Concat([]string{"plan", "--quiet", "--shards", "4", "--out", "plan"}, flags)...).want(t, 0)
	shards(t, filepath.Join(dir, "plan"), ".", []int{3, 1, 0, 2})
	here(t, dir, "merge", "plan", "--quiet", "--out", "merged").want(t, 0)
	mergedAsRun(t, contents(t, filepath.Join(dir, "merged")), contents(t, filepath.Join(dir, "run")))
}

// What does not fit is refused, and nothing is published.
func TestShardsAreRefused(t *testing.T) {
	dir := stripScene(t)
	plan := func(name string, more ...string) {
		t.Helper()
		here(t, dir, slices.Concat([]string{"plan", "job.yaml", "--quiet", "--formats", "geojson", "--shards", "3", "--out",
			name}, more)...).want(t, 0)
	}
	plan("plan")
	plan("other", "--connectivity", "4")
	shards(t, dir, "plan", []int{1})
	shards(t, dir, "other", []int{0, 1, 2})
	part := func(plan string, i int) string { return filepath.Join(dir, plan, "parts", fmt.Sprintf("%04d", i)) }
	refused := func(status int, want string, args ...string) {
		t.Helper()
		o := here(t, dir, args...)
		if o.want(t, status); !strings.Contains(o.stderr, want) {
			t.Errorf("%v: %s, want %s", args, o.stderr, want)
		}
		if _, err := os.Lstat(filepath.Join(dir, "out")); err == nil {
			t.Errorf("%v: something is published", args)
		}
	}
	missing := func(want string, more ...string) {
		t.Helper()
		o := here(t, dir, slices.Concat([]string{"shard", "plan", "--missing"}, more)...)
		if o.want(t, 0); o.stdout != want {
			t.Errorf("missing: %q, want %q", o.stdout, want)
		}
	}
	refused(13, "plan: 2 of 3 parts are missing: 0 2; run greenshield shard plan NUMBER for each of them", "merge", "plan")
	missing("0\n2\n")
	text, err := os.ReadFile(part("other", 2))
	redlinetest.Must(t, err)
	redlinetest.Must(t, os.WriteFile(part("plan", 2), text, 0o600))
	refused(13, "it is the part of another plan", "merge", "plan")
	refused(13, "1 of 3 parts are missing: 0;", "merge", "plan")
	missing("0\n2\n")
	here(t, dir, "shard", "plan", "2", "--quiet").want(t, 0) // replaces it
	missing("0\n")
	refused(13, "1 of 3 parts are missing: 0;", "merge", "plan")

	raster := filepath.Join(dir, "lc2015.tif")
	before, err := os.ReadFile(raster)
	redlinetest.Must(t, err)
	redlinetest.Must(t, os.WriteFile(raster, append(slices.Clone(before), 0), 0o600))
	changed := raster + ": is not as it was when the plan was made; make the plan and all shards again"
	refused(13, changed, "shard", "plan", "0", "--quiet")
	refused(13, changed, "merge", "other", "--quiet")
	redlinetest.Must(t, os.WriteFile(raster, before, 0o600)) // only the time of writing is another one
	here(t, dir, "shard", "plan", "0", "--quiet").want(t, 0)
	missing("")
	o := here(t, dir, "shard", "plan", "--missing", "--json")
	if o.want(t, 0); !strings.Contains(o.stdout, `"missing": []`) {
		t.Errorf("it says %s", o.stdout)
	}

	o = here(t, dir, "plan", "job.yaml", "--shards", "300", "--out", "it's a 计划", "--formats", "geojson")
	if o.want(t, 0); !strings.HasSuffix(o.stdout, `now run greenshield shard 'it'\''s a 计划' I for each I from 0 to 299, `+
		"and then greenshield merge 'it'\\''s a 计划'\n") {
		t.Errorf("it says %s", o.stdout)
	}
	shards(t, dir, "it's a 计划", []int{1, 3, 4, 297})
	redlinetest.Must(t, os.WriteFile(part("it's a 计划", 3), nil, 0o600))
	refused(13, "it is not a whole part; run greenshield shard 'it'\\''s a 计划' 3 again", "merge", "it's a 计划")
	refused(13, "296 of 300 parts are missing: 0 2 5-296 298 299; run greenshield shard 'it'\\''s a 计划' NUMBER for each of "+
		"them", "merge", "it's a 计划")

	redlinetest.Must(t, os.Remove(part("plan", 1)))
	redlinetest.Must(t, os.MkdirAll(filepath.Join(part("plan", 1), "kept"), 0o700))
	inPlace := "plan/parts/0001: is a folder where a part is to be; move it away and run greenshield shard " +
		"plan 1 again"
	refused(13, inPlace, "merge", "plan")
	refused(13, inPlace, "shard", "plan", "1", "--quiet")
	missing("1\n")
	redlinetest.Must(t, os.Rename(part("plan", 1), filepath.Join(dir, "moved away")))
	here(t, dir, "shard", "plan", "1", "--quiet").want(t, 0)
	missing("")

	refused(10, "--shards: say into how many shards, 1 to 10000", "plan", "job.yaml", "--out", "new")
	refused(10, "no folder for the plan", "plan", "job.yaml", "--shards", "2")
	refused(15, "plan: is not empty; name a new folder for the plan, or remove this one", "plan", "job.yaml", "--shards", "2",
		"--out", "plan")
	refused(15, "none/p: the folder above it cannot be used: stat none: no such file or directory; create it, or name "+
		"another folder", "plan", "job.yaml", "--shards", "2", "--out", "none/p")
	refused(10, "no number of a shard; name one, 0 to 2", "shard", "plan")
	refused(10, `"3" is no shard of the plan; name one, 0 to 2`, "shard", "plan", "3")
	refused(10, "data: is not the folder of a plan", "shard", "../data", "0")
	refused(10, "data: is not the folder of a plan", "shard", "../data", "--missing")
	refused(10, "--missing looks at all shards; leave out the number", "shard", "plan", "0", "--missing")
	refused(10, "no plan; name its folder", "merge")
	manifest := filepath.Join(dir, "plan", "plan.json")
	text, err = os.ReadFile(manifest)
	redlinetest.Must(t, err)
	old := strings.Replace(string(text), `"gdal": "`, `"gdal": "1.`, 1)
	redlinetest.Must(t, os.WriteFile(manifest, []byte(old), 0o600))
	refused(13, "make the plan, all shards and the merge with one version of program and libraries", "merge", "plan")
	refused(13, "make the plan, all shards and the merge with one version", "shard", "plan", "0")
	refused(13, "make the plan, all shards and the merge with one version", "shard", "plan", "--missing")
	redlinetest.Must(t, os.WriteFile(manifest, append(text, ' '), 0o600)) // another plan
	refused(13, "parts/0001: it is the part of another plan", "merge", "plan")
	redlinetest.Must(t, os.WriteFile(manifest, text, 0o600))
	here(t, dir, "merge", "plan", "--quiet").want(t, 0)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--out", "run").want(t, 0)
	mergedAsRun(t, contents(t, filepath.Join(dir, "out")), contents(t, filepath.Join(dir, "run")))
}

// A task of an array finds its number in the environment.
func TestShardOfArray(t *testing.T) {
	dir := stripScene(t)
	here(t, dir, "plan", "job.yaml", "--quiet", "--formats", "geojson", "--shards", "3", "--out", "plan").want(t, 0)
	for i, name := range indexVariables {
		cmd := command(dir, "shard", "plan", "--quiet")
		cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d", name, i))
		if o := finish(t, cmd); o.status != 0 || !strings.HasPrefix(o.stdout, fmt.Sprintf("the part of shard %d of 3, ", i)) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	cmd := command(dir, "shard", "plan")
	cmd.Env = append(cmd.Env, "SLURM_ARRAY_TASK_ID=x")
	if o := finish(t, cmd); o.status != 10 || !strings.Contains(o.stderr, `SLURM_ARRAY_TASK_ID: "x" is no shard of the plan`) {
		t.Errorf("%+v", o)
	}
	parts := contents(t, filepath.Join(dir, "plan", "parts"))
	if got := slices.Sorted(maps.Keys(parts)); !slices.Equal(got, []string{"0000", "0001", "0002"}) {
		t.Errorf("%v", got)
	}
}

// A run that asks a ledger is shared out as well. While the ledger has no leads only merge asks it; with leads shards do
// too, since the leads bear on the priorities, and then a ledger that has got events since the plan is refused.
func TestShardsAskLedger(t *testing.T) {
	dir := newLedger(t)
	c := listed(t, dir)[candidateIDs(t, dir, 1)[0]]
	lead := func(no string) {
		t.Helper()
		table := fmt.Sprintf("编号,内容,经度,纬度\n%s,毁林,%v,%v\n", no, c["lon"], c["lat"])
		redlinetest.Must(t, os.WriteFile(filepath.Join(dir, "信访.csv"), []byte(table), 0o600))
		here(t, dir, strings.Fields("ledger leads 信访.csv --source 信访 --map number=编号,text=内容,lon=经度,lat=纬度 "+
			"--as 李明 --level county --at 2026-03-10")...).want(t, 0)
	}
	job := []string{"job.yaml", "--quiet", "--formats", "geojson,csv", "--ledger", "ledger.gpkg"}
	args := func(more ...string) []string { return slices.Concat(more[:1], job, more[1:]) }
	for _, name := range []string{"without", "with"} {
		here(t, dir, args("run", "--out", "run-"+name)...).want(t, 0)
		here(t, dir, args("plan", "--shards", "2", "--out", "plan-"+name)...).want(t, 0)
		shards(t, dir, "plan-"+name, []int{1, 0})
		here(t, dir, "merge", "plan-"+name, "--quiet", "--out", "merged-"+name).want(t, 0)
		run := contents(t, filepath.Join(dir, "run-"+name))
		if !strings.Contains(run["candidates.geojson"], "case_id") {
			t.Error("the run knows nothing of the ledger")
		}
		mergedAsRun(t, contents(t, filepath.Join(dir, "merged-"+name)), run)
		lead(name)
	}
	for _, args := range [][]string{{"merge", "plan-with", "--out", "new"}, {"shard", "plan-with", "0"}} {
		o := here(t, dir, args...)
		if o.want(t, 13); !strings.Contains(o.stderr, "ledger.gpkg: the ledger has changed since the plan was made") {
			t.Errorf("%v: %s", args, o.stderr)
		}
	}
}
