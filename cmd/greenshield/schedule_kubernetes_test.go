package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
)

// TestScheduleKubernetes: a schedule has a CronJob beside its units, whose pods do a year by the arguments that stand
// there, and nothing is written that a cluster could not carry out.
func TestScheduleKubernetes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `年度 $(HOME) "x"`)
	redlinetest.Must(t, os.Rename(newYears(t), dir))
	notify, _, told := scripts(t)
	units := filepath.Join(dir, "units")
	schedule := func(more ...string) outcome {
		args := strings.Fields("schedule y.yaml --first 2018 --every 100 --settle 0s --user daemon --out units")
		return run(t, dir, append(args, more...)...)
	}
	pods := []string{"--kubernetes", "office.example/greenshield:1", "--claim", "maps:" + dir}
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"--claim goes with --kubernetes IMAGE; add it, or leave out --claim", []string{"--claim", "maps:" + dir}},
		{"--cron goes with --kubernetes IMAGE; add it, or leave out --cron", []string{"--cron", "0 6 * * *"}},
		{"lies outside /data, where pods find the claim greenshield; move it there", pods[:2]},
		{"map2017.tif: lies outside " + dir + "/maps",
			[]string{"--kubernetes", "image", "--claim", "maps:" + dir + "/maps"}},
		{notify + ": lies outside " + dir, slices.Concat(pods, []string{"--notify", notify})},
		{"y-yearly: lies outside " + dir, slices.Concat(pods, []string{"--state", filepath.Join(told, "y-yearly")})},
		{`--name: "Green_1" is no name for a CronJob; write at most 52 lower-case letters, digits and -`,
			slices.Concat(pods, []string{"--name", "Green_1"})},
		{"is no name for a CronJob", slices.Concat(pods, []string{"--name", strings.Repeat("a", 53)})},
		{"is no name for a CronJob", slices.Concat(pods, []string{"--name", "green-"})},
		{`--cron: "60 6 * * *" is no time for Kubernetes (end of range (60) above maximum (59): 60); write minute, hour, day`,
			slices.Concat(pods, []string{"--cron", "60 6 * * *"})},
		{"names a time zone, which Kubernetes refuses there; leave it out",
			slices.Concat(pods, []string{"--cron", "TZ=UTC 0 6 * * *"})},
		{`--cron: "0 0 30 2 *" never comes; correct day and month`, slices.Concat(pods, []string{"--cron", "0 0 30 2 *"})},
		{`--user: this machine has no user "nobody-here", whose number the pods need; create it first`,
			slices.Concat(pods, []string{"--user", "nobody-here"})},
		{"--workers: 1025 is not from 1 to 1024; leave it out for those of the job",
			slices.Concat(pods, []string{"--workers", "1025"})},
	} {
		o := schedule(tt.args...)
		o.want(t, 10)
		o.has(t, tt.want)
		if _, err := os.Lstat(units); err == nil {
			t.Fatalf("%q leaves a folder", tt.args)
		}
	}

	o := schedule(slices.Concat(pods, []string{"--name", strings.Repeat("a", 52), "--cron", "30 6,18 * * mon-fri"})...)
	o.want(t, 0)
	o.has(t, "in place of the timer, for Kubernetes: kubectl apply -f units/"+strings.Repeat("a", 52)+".yaml")
	holds(t, filepath.Join(units, strings.Repeat("a", 52)+".yaml"), `schedule: "30 6,18 * * mon-fri"`)
	redlinetest.Must(t, os.RemoveAll(units))

	own := filepath.Join(dir, "notify")
	writeTemplate(t, own, "#!/bin/sh\ncat > told\n")
	redlinetest.Must(t, os.Chmod(own, 0o755))
	schedule(slices.Concat(pods, []string{"--workers", "3", "--notify", own, "--skip", "2118"})...).want(t, 0)
	manifest := filepath.Join(units, "greenshield-yearly.yaml")
	holds(t, manifest, "kind: CronJob", `name: "greenshield-yearly"`, `schedule: "0 * * * *"`, `timeZone: "Asia/Shanghai"`,
		`image: "office.example/greenshield:1"`, `claimName: "maps"`, "mountPath: "+strconv.Quote(dir), "runAsUser: 1",
		"runAsGroup: 1", "cpu: 3", "memory: 3456Mi")
	args := podArgs(t, manifest)
	want := []string{"yearly", filepath.Join(dir, "y.yaml"), "--first", "2018", "--every", "100", "--settle", "0s",
		"--state", filepath.Join(dir, "y-yearly"), "--skip", "2118", "--notify", own, "--workers", "3", "--lang", "en"}
	if !slices.Equal(args, want) {
		t.Errorf("the arguments are %q, want %q", args, want)
	}
	service := fileText(t, filepath.Join(units, "greenshield-yearly.service"))
	if !strings.Contains(service, `"--workers" "3"`) {
		t.Errorf("the service has other workers: %s", service)
	}
	comes(t, dir, 2015, 2017)
	comes(t, dir, 2020, 2018)
	o = run(t, dir, args...)
	o.want(t, 0)
	o.has(t, "2018: done, ")
	m, err := record.Read(filepath.Join(dir, "out2018"))
	if redlinetest.Must(t, err); m.Machine["workers"] != 3.0 {
		t.Errorf("the run had %v workers", m.Machine["workers"])
	}
}

// TestScheduleKubernetesWorkers: pods work with what the job says, and with two workers where it says nothing, as their
// memory is bounded for; they must find the job file too.
func TestScheduleKubernetesWorkers(t *testing.T) {
	dir := newYears(t)
	writeTemplate(t, filepath.Join(dir, "five.yaml"), yearlyText+"workers: 1000\nmax_memory: 1GiB\n")
	for name, want := range map[string][]string{"y.yaml": {"2", "cpu: 2", "memory: 3328Mi"},
		"five.yaml": {"1000", "cpu: 1000", "memory: 130048Mi"}} {
		units := filepath.Join(dir, name+"-units")
		run(t, dir, "schedule", name, "--first", "2018", "--user", "daemon", "--out", units, "--kubernetes", "image",
			"--claim", "maps:"+dir).want(t, 0)
		manifest := filepath.Join(units, "greenshield-yearly.yaml")
		holds(t, manifest, want[1:]...)
		args := podArgs(t, manifest)
		if i := slices.Index(args, "--workers"); i < 0 || args[i+1] != want[0] {
			t.Errorf("%s: %q, want %s workers", name, args, want[0])
		}
		service := fileText(t, filepath.Join(units, "greenshield-yearly.service"))
		if strings.Contains(service, "--workers") {
			t.Errorf("%s: the service is told what the job says: %s", name, service)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.yaml") // of files that all lie inside
	inside := strings.NewReplacer("map{", dir+"/map{", "file: ", "file: "+dir+"/", "ledger: ", "ledger: "+dir+"/",
		"out: ", "out: "+dir+"/")
	writeTemplate(t, outside, inside.Replace(yearlyText))
	o := run(t, dir, "schedule", outside, "--first", "2018", "--user", "daemon", "--out", "u", "--state", "state",
		"--kubernetes", "image", "--claim", "maps:"+dir)
	o.want(t, 10)
	o.has(t, "outside.yaml: lies outside "+dir+", where pods find the claim maps")
}

// holds checks that a manifest has each of these lines, whatever their indentation.
func holds(t *testing.T, manifest string, lines ...string) {
	t.Helper()
	text := fileText(t, manifest)
	for _, line := range lines {
		if !regexp.MustCompile(`(?m)^[ -]*` + regexp.QuoteMeta(line) + `$`).MatchString(text) {
			t.Errorf("%s lacks %s: %s", manifest, line, text)
		}
	}
}

// podArgs returns the arguments of the pods of a manifest, as Kubernetes gives them.
func podArgs(t *testing.T, manifest string) (args []string) {
	t.Helper()
	_, text, _ := strings.Cut(fileText(t, manifest), " args:\n")
	text, _, found := strings.Cut(text, " securityContext:\n")
	if !found {
		t.Fatalf("no arguments in %s", manifest)
	}
	for line := range strings.Lines(text) {
		if quoted, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			arg, err := strconv.Unquote(quoted)
			redlinetest.Must(t, err)
			args = append(args, strings.ReplaceAll(arg, "$$", "$"))
		}
	}
	return args
}
