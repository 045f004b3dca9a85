// Package manifests has the manifests that greenshield writes for Kubernetes, and what is wrong with some that are like
// them, for tests here and before a cluster.
package manifests

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Program is the program under test.
var Program = os.Getenv("GREENSHIELD")

// Greenshield runs the program in a folder and returns what it prints.
func Greenshield(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.Command(Program, args...)
	cmd.Dir = folder
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, stderr.String())
	}
	return out.String()
}

// sample writes the sample to a folder whose name is hard to quote, and returns that.
func sample(t *testing.T) string {
	t.Helper()
	if Program == "" {
		t.Fatal("GREENSHIELD names no program; the targets of make do")
	}
	folder := filepath.Join(t.TempDir(), `数据 $(HOME) $$ "a" 'b' \n #1`)
	Greenshield(t, "/", "demo", folder)
	return folder
}

// Planned writes the sample and a plan of it, in a folder whose name is hard to quote, and returns the folder and the
// manifests of the shards and of the merge.
func Planned(t *testing.T, shards int) (folder, each, merge string) {
	t.Helper()
	folder = sample(t)
	Greenshield(t, folder, "plan", "job.yaml", "--shards", fmt.Sprint(shards), "--out", "plan", "--quiet",
		"--kubernetes", "office.example/greenshield:1", "--claim", "maps:"+folder)
	manifest := func(name string) string { return text(t, filepath.Join(folder, "plan", "kubernetes", name)) }
	return folder, manifest("shards.yaml"), manifest("merge.yaml")
}

// text returns what a file holds.
func text(t *testing.T, path string) string {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// NameOf returns the name of what a manifest makes.
func NameOf(t *testing.T, manifest string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^  name: "(.*)"$`).FindStringSubmatch(manifest)
	if found == nil {
		t.Fatalf("no name in %s", manifest)
	}
	return found[1]
}

// Yearly returns the manifest of a CronJob that carries out a job of every year, in a folder whose name is hard to
// quote.
func Yearly(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(sample(t), "schedule")
	job := filepath.Join(filepath.Dir(folder), "yearly.yaml")
	if err := os.WriteFile(job, []byte(yearlyJob), 0o666); err != nil {
		t.Fatal(err)
	}
	Greenshield(t, "/", "schedule", job, "--first", "2020", "--user", "daemon", "--out", folder,
		"--kubernetes", "office.example/greenshield:1", "--claim", "maps:"+filepath.Dir(folder), "--cron", "30 2 * * *")
	return text(t, filepath.Join(folder, "greenshield-yearly.yaml"))
}

// yearlyJob is a job of every year on the sample.
const yearlyJob = `before: {files: [lc{year-5}.tif], year: {year-5}, legend: clcd}
after: {files: [lc{year}.tif], year: {year}, legend: clcd}
redline: [{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}]
out: out{year}
`

// Manifest is one that Kubernetes takes, or one that it refuses.
type Manifest struct {
	Kind, Text string
	Changed    string // what is wrong in it
	Want       string // part of what an API server says of it
	Early      string // part of what types and profile say of it, "" where it takes a server to see it
}

// All returns the manifests of a plan and of a schedule, and wrong ones that are like them.
func All(t *testing.T) (right, wrong []Manifest) {
	t.Helper()
	_, shards, merge := Planned(t, 10000)
	yearly := Yearly(t)
	right = []Manifest{{Kind: "jobs", Text: shards}, {Kind: "jobs", Text: merge}, {Kind: "cronjobs", Text: yearly}}
	for _, m := range []struct{ kind, text, old, changed, want, early string }{
		{"jobs", shards, "restartPolicy:", "restartPolice:", `unknown field "spec.template.spec.restartPolice"`,
			`unknown field "restartPolice"`},
		{"jobs", shards, "completions: 10000", "completions: many", "unmarshal string", "unmarshal string"},
		{"jobs", shards, "      containers:\n", "      initContainers:\n", "spec.template.spec.containers: Required value",
			"/spec/template/spec/containers is missing"},
		{"jobs", shards, "restartPolicy: Never", "restartPolicy: OnFailure",
			`only "Never" is supported when podFailurePolicy`, ""},
		{"jobs", shards, "completions: 10000", "completions: 100001", "spec.maxFailedIndexes: Required value", ""},
		{"jobs", shards, "completionMode: Indexed", "completionMode: NonIndexed", "requires indexed completion mode", ""},
		{"jobs", shards, "values: [1, 10", "values: [10, 1", "must be ordered", ""},
		{"jobs", shards, "containerName: greenshield", "containerName: other", "containerName", ""},
		{"jobs", shards, "mountPath: /tmp", `mountPath: ""`, "mountPath: Required value", ""},
		{"jobs", merge, "FailJob", "FailIndex", "FailIndex", ""},
		{"jobs", merge, "claimName: \"maps\"", "claimName: \"\"", "claimName: Required value", ""},
		{"jobs", merge, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true",
			"allowPrivilegeEscalation != false", "allowPrivilegeEscalation != false"},
		{"jobs", merge, "drop: [\"ALL\"]", "drop: []", "unrestricted capabilities", "unrestricted capabilities"},
		{"cronjobs", yearly, "30 2 * * *", "30 2 * *", "spec.schedule", "expected exactly 5 fields"},
		{"cronjobs", yearly, "Asia/Shanghai", "Asia/Nowhere", "spec.timeZone", "unknown time zone"},
		{"cronjobs", yearly, "Forbid", "Forbidden", "concurrencyPolicy", ""},
	} {
		if strings.Count(m.text, m.old) != 1 {
			t.Errorf("%q stands %d times in %s", m.old, strings.Count(m.text, m.old), m.text)
		}
		wrong = append(wrong, Manifest{m.kind, strings.Replace(m.text, m.old, m.changed, 1), m.changed, m.want, m.early})
	}
	return right, wrong
}
