package dispatch

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// at returns what stands in a YAML document at a path of keys and numbers.
func at(t *testing.T, text string, path ...any) any {
	t.Helper()
	var v any
	redlinetest.Must(t, yaml.Unmarshal([]byte(text), &v))
	for _, key := range path {
		if i, ok := key.(int); ok {
			v = v.([]any)[i]
		} else {
			v = v.(map[string]any)[key.(string)]
		}
	}
	return v
}

// hardText is hard to quote, for YAML and for Kubernetes.
const hardText = "/数据/$(HOME) $$ 'a' \"b\" \\n #1: - {x} %20 \u0085\u00a0\u2028\ufeff\U0001f33f\x7f&*!|>"

// Arguments come out of the manifest as they were, but for $, of which Kubernetes takes two for one.
func TestArgumentsAreQuoted(t *testing.T) {
	c := &Cluster{Image: "greenshield", Claim: "maps", Folder: hardText, Workers: 3, MaxMemory: 1 << 30}
	m := c.Plan(hardText, 5)
	pod := []any{"spec", "template", "spec", "containers", 0}
	for name, command := range map[string]string{"kubernetes/shards.yaml": "shard", "kubernetes/merge.yaml": "merge"} {
		got := at(t, m[name], append(slices.Clone(pod), "args")...).([]any)
		want := []any{command, strings.ReplaceAll(hardText, "$", "$$"), "--workers", "3"}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := at(t, m[name], append(slices.Clone(pod), "volumeMounts", 0, "mountPath")...); got != hardText {
			t.Errorf("%s: mounted at %q", name, got)
		}
	}
	if len(m) != 2 {
		t.Errorf("%d manifests", len(m))
	}
}

// A plan of more shards than may begin at once; what pods ask for; who they are.
func TestPlanInNumbers(t *testing.T) {
	c := &Cluster{Image: "greenshield", Claim: "maps", Folder: "/data", User: 1001, Group: 1002, Workers: 3, MaxMemory: 1 << 30}
	for shards, parallel := range map[int]int{1: 1, 100: 100, 101: 100, 10000: 100} {
		text := c.Plan("/data/plan", shards)["kubernetes/shards.yaml"]
		if n, p := at(t, text, "spec", "completions"), at(t, text, "spec", "parallelism"); n != shards || p != parallel {
			t.Errorf("%d shards: completions %v, parallelism %v, want %d", shards, n, p, parallel)
		}
	}
	for user, want := range map[int][2]any{1001: {1001, 1002}, 0: {ContainerUser, ContainerUser}} {
		c.User = user
		text := c.Plan("/data/plan", 2)["kubernetes/merge.yaml"]
		security := at(t, text, "spec", "template", "spec", "securityContext").(map[string]any)
		if security["runAsUser"] != want[0] || security["runAsGroup"] != want[1] || security["runAsNonRoot"] != true {
			t.Errorf("user %d: %v", user, security)
		}
		requests := at(t, text, "spec", "template", "spec", "containers", 0, "resources", "requests").(map[string]any)
		if requests["cpu"] != 3 || requests["memory"] != "2432Mi" { // 1024, 1024, and 128 for each of 3
			t.Errorf("a pod asks for %v", requests)
		}
	}
}

// Each exit status is tried again or not, by a decision.
func TestFinalStatuses(t *testing.T) {
	passing := []redline.Kind{redline.Output, redline.Locked}
	for kind := redline.Internal; kind < 130; kind++ {
		known := kind == redline.Internal || kind >= redline.Usage && kind <= redline.Limit
		if final := slices.Contains(finalStatuses, kind); final != (known && !slices.Contains(passing, kind)) {
			t.Errorf("exit status %d: final is %v", kind, final)
		}
	}
	if !slices.IsSorted(finalStatuses) {
		t.Error("Kubernetes wants them in order")
	}
}

// A CronJob says when, in which zone, and what; a failure is left to the next turn.
func TestCronJob(t *testing.T) {
	c := &Cluster{Image: "greenshield", Claim: "maps", Folder: "/data", User: 1000, Group: 1000, Workers: 2, MaxMemory: 2 << 30}
	text := c.CronJob("greenshield-yearly", "30 2 * * *", "Asia/Shanghai", []string{"yearly", "/data/每年 $(YEAR).yaml"})
	if at(t, text, "spec", "schedule") != "30 2 * * *" || at(t, text, "spec", "timeZone") != "Asia/Shanghai" {
		t.Errorf("when? %s", text)
	}
	job := at(t, text, "spec", "jobTemplate", "spec").(map[string]any)
	args := at(t, text, "spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "args")
	if job["backoffLimit"] != 0 ||
		!slices.Equal(args.([]any), []any{"yearly", "/data/每年 $$(YEAR).yaml"}) {
		t.Errorf("the job is %v", job)
	}
	spec := at(t, c.CronJob("greenshield-yearly", "30 2 * * *", "", nil), "spec").(map[string]any)
	if _, ok := spec["timeZone"]; ok {
		t.Error("a time zone that nobody named")
	}
}

// What Kubernetes would refuse is refused, all the rest is taken.
func TestCheckCron(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, schedule := range []string{"0 6 * * *", "30 6,18 * * mon-fri", "*/15 0-6/2 1 jan-mar ?", "0 0 29 2 *", "0  6 * * SUN",
		"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "@every 1h30m"} {
		if err := CheckCron(schedule, now); err != nil {
			t.Errorf("%q: %v", schedule, err)
		}
	}
	for schedule, want := range map[string]string{
		"":                      "empty spec string",
		" ":                     "expected exactly 5 fields, found 0",
		"hourly":                "expected exactly 5 fields, found 1",
		"0 6 * *":               "expected exactly 5 fields, found 4",
		"0 0 6 * * *":           "expected exactly 5 fields, found 6",
		"60 6 * * *":            "end of range (60) above maximum (59)",
		"0 24 * * *":            "end of range (24) above maximum (23)",
		"0 6 0 * *":             "beginning of range (0) below minimum (1)",
		"0 6 * 13 *":            "end of range (13) above maximum (12)",
		"0 6 * * 7":             "end of range (7) above maximum (6)",
		"0 6 * * mon-sun":       "beginning of range (1) beyond end of range (0)",
		"*/0 6 * * *":           "step of range should be a positive number",
		"1-2-3 6 * * *":         "too many hyphens",
		"1/2/3 6 * * *":         "too many slashes",
		"-1 6 * * *":            "failed to parse int",
		"0 6 L * *":             "failed to parse int from L",
		"0 6 * * 星期一":           "failed to parse int from 星期一",
		"@reboot":               "unrecognized descriptor: @reboot",
		"@every":                "unrecognized descriptor: @every",
		"@every day":            "failed to parse duration",
		"TZ=UTC 0 6 * * *":      "names a time zone",
		"CRON_TZ=UTC 0 6 * * *": "names a time zone",
		"TZ=UTC":                "names a time zone",
		"0 0 30 2 *":            "never comes",
	} {
		err := CheckCron(schedule, now)
		if redline.KindOf(err) != redline.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", schedule, err, want)
		}
	}
}

// A claim and its folder are taken from one text, and what names none is refused.
func TestPlace(t *testing.T) {
	var c Cluster
	redlinetest.Must(t, c.Place("maps.office-1:/srv/数据//x/"))
	if c.Claim != "maps.office-1" || c.Folder != "/srv/数据/x" {
		t.Errorf("claim %q, folder %q", c.Claim, c.Folder)
	}
	for _, text := range []string{"", "maps", ":/srv", "Maps:/srv", "-maps:/srv", "maps:srv", "maps:", "maps:/", "maps:/a:b",
		"maps:/a\nb", "maps:/a\xff", "ma..ps:/srv", strings.Repeat("m", 254) + ":/srv"} {
		before := c
		if err := c.Place(text); redline.KindOf(err) != redline.Usage || c != before {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Pods find only what lies in the claim.
func TestCheck(t *testing.T) {
	c := &Cluster{Image: "registry.example/greenshield@sha256:0123", Claim: "maps", Folder: "/data"}
	redlinetest.Must(t, c.Check([]string{"/data/a.tif", "/data", "/data/x/../b.tif", "/vsis3/bucket/c.tif"}))
	for _, path := range []string{"/dat/a.tif", "/database/a.tif", "/data/../a.tif", "/", "/data/\xff.tif"} {
		if err := c.Check([]string{"/data/a.tif", path}); redline.KindOf(err) != redline.Usage {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, image := range []string{"", "a b", "a\n"} {
		c.Image = image
		if err := c.Check(nil); redline.KindOf(err) != redline.Usage {
			t.Errorf("image %q: %v", image, err)
		}
	}
}
