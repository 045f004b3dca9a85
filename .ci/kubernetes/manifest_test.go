package kubernetes

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// program is the program under test.
var program = os.Getenv("GREENSHIELD")

// greenshield runs the program in a folder and returns what it prints.
func greenshield(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = folder
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, stderr.String())
	}
	return out.String()
}

// planned writes the sample and a plan of it, in a folder whose name is hard to quote.
func planned(t *testing.T, shards int) (folder, each, merge string) {
	t.Helper()
	if program == "" {
		t.Fatal("GREENSHIELD names no program; make test-dispatch does")
	}
	folder = filepath.Join(t.TempDir(), `数据 $(HOME) $$ "a" 'b' \n #1`)
	greenshield(t, "/", "demo", folder)
	greenshield(t, folder, "plan", "job.yaml", "--shards", fmt.Sprint(shards), "--out", "plan", "--quiet",
		"--kubernetes", "office.example/greenshield:1", "--claim", "maps:"+folder)
	return folder, text(t, folder, "shards.yaml"), text(t, folder, "merge.yaml")
}

// text returns a manifest of the plan.
func text(t *testing.T, folder, name string) string {
	t.Helper()
	all, err := os.ReadFile(filepath.Join(folder, "plan", "kubernetes", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// nameOf returns the name of what a manifest makes.
func nameOf(t *testing.T, manifest string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^  name: "(.*)"$`).FindStringSubmatch(manifest)
	if found == nil {
		t.Fatalf("no name in %s", manifest)
	}
	return found[1]
}

// yearly returns the manifest of a CronJob that the tests of package dispatch hold to what it makes.
func yearly(t *testing.T) string {
	t.Helper()
	all, err := os.ReadFile("../../redline/dispatch/testdata/cronjob.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// The API server takes each manifest as it is, asked to be strict, without a warning; pods of the Jobs and of the CronJob
// keep to the strictest of the standard profiles. It refuses manifests that are wrong.
func TestManifests(t *testing.T) {
	c := newCluster(t)
	_, shards, merge := planned(t, 10000)
	yearly := yearly(t)
	for _, m := range []struct{ kind, text string }{{"jobs", shards}, {"jobs", merge}, {"cronjobs", yearly}} {
		if err := c.post(t.Context(), m.kind, m.text, true); err != nil {
			t.Errorf("%v: %s", err, m.text)
		}
	}
	for _, wrong := range []struct{ kind, text, old, changed, want string }{
		{"jobs", shards, "restartPolicy:", "restartPolice:", `unknown field "spec.template.spec.restartPolice"`},
		{"jobs", shards, "completions: 10000", "completions: many", "unmarshal string"},
		{"jobs", shards, "      containers:\n", "      initContainers:\n", "spec.template.spec.containers: Required value"},
		{"jobs", shards, "restartPolicy: Never", "restartPolicy: OnFailure", `only "Never" is supported when podFailurePolicy`},
		{"jobs", shards, "completions: 10000", "completions: 100001", "spec.maxFailedIndexes: Required value"},
		{"jobs", shards, "completionMode: Indexed", "completionMode: NonIndexed", "requires indexed completion mode"},
		{"jobs", shards, "values: [1, 10", "values: [10, 1", "must be ordered"},
		{"jobs", shards, "containerName: greenshield", "containerName: other", "containerName"},
		{"jobs", shards, "mountPath: /tmp", `mountPath: ""`, "mountPath: Required value"},
		{"jobs", merge, "FailJob", "FailIndex", "FailIndex"},
		{"jobs", merge, "claimName: \"maps\"", "claimName: \"\"", "claimName: Required value"},
		{"jobs", merge, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation != false"},
		{"jobs", merge, "drop: [\"ALL\"]", "drop: []", "unrestricted capabilities"},
		{"cronjobs", yearly, "30 2 * * *", "30 2 * *", "spec.schedule"},
		{"cronjobs", yearly, "Asia/Shanghai", "Asia/Nowhere", "spec.timeZone"},
		{"cronjobs", yearly, "Forbid", "Forbidden", "concurrencyPolicy"},
	} {
		if strings.Count(wrong.text, wrong.old) != 1 {
			t.Errorf("%q stands %d times in %s", wrong.old, strings.Count(wrong.text, wrong.old), wrong.text)
		}
		err := c.post(t.Context(), wrong.kind, strings.Replace(wrong.text, wrong.old, wrong.changed, 1), true)
		if err == nil || !strings.Contains(err.Error(), wrong.want) {
			t.Errorf("%s: %v, want %s", wrong.changed, err, wrong.want)
		}
	}
}

// The controller of Jobs tries again what may pass, as often as the manifest says, gives up at once what would come again,
// does not count pods that the cluster took away, and lets no shard wait for another.
func TestWhatIsTriedAgain(t *testing.T) {
	c := newCluster(t)
	_, shards, merge := planned(t, 7)
	failed, evicted := func(s int32) ended { return ended{status: s} }, ended{143, true}
	story := map[string][]ended{
		"0": {{}},
		"1": {failed(137), failed(16), {}}, // killed, then locked
		"2": {failed(11)},
		"3": {evicted, evicted, evicted, evicted, evicted, {}},
		"4": {failed(15), failed(15), failed(15), {}},
		"5": {failed(143), failed(143), failed(143), failed(143)},
		"6": {failed(1)},
	}
	k := &kubelet{cluster: c, run: func(p container) ended {
		if ends := story[p.index]; p.attempt < len(ends) {
			return ends[p.attempt]
		}
		t.Errorf("shard %s: pod %d was not expected", p.index, p.attempt)
		return ended{}
	}}
	if err := c.post(t.Context(), "jobs", shards, false); err != nil {
		t.Fatal(err)
	}
	condition, done, lost := k.carryOut(t, nameOf(t, shards))
	if condition != "FailedIndexes" || done != "0,1,3,4" || lost != "2,5,6" {
		t.Errorf("%s: complete %s, failed %s", condition, done, lost)
	}
	for index, ends := range story {
		if k.attempts[index] != len(ends) {
			t.Errorf("shard %s: %d pods, want %d", index, k.attempts[index], len(ends))
		}
	}
	k.run = func(p container) ended { return []ended{failed(16), failed(13)}[p.attempt] }
	if err := c.post(t.Context(), "jobs", merge, false); err != nil {
		t.Fatal(err)
	}
	if condition, _, _ := k.carryOut(t, nameOf(t, merge)); condition != "PodFailurePolicy" || k.attempts[""] != 2 {
		t.Errorf("merge: %s after %d pods", condition, k.attempts[""])
	}
}

// Pods that run the program by the manifests, one of them killed, make the files that run makes.
func TestPlanIsARun(t *testing.T) {
	c := newCluster(t)
	folder, shards, merge := planned(t, 5)
	killed := false
	k := &kubelet{cluster: c, run: func(p container) ended {
		cmd := exec.Command(program, p.args[1:]...)
		cmd.Env, cmd.Dir = append(p.env, "PATH="+os.Getenv("PATH")), "/"
		if p.args[0] != "greenshield" {
			t.Errorf("the pod runs %q", p.args)
		}
		if p.index == "3" && p.attempt == 0 {
			killed = true
			if err := cmd.Start(); err != nil {
				t.Error(err)
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return ended{status: 137}
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("%q: %v: %s", p.args, err, out)
		}
		return ended{status: int32(cmd.ProcessState.ExitCode())}
	}}
	for _, manifest := range []string{shards, merge} {
		if err := c.post(t.Context(), "jobs", manifest, false); err != nil {
			t.Fatal(err)
		}
		if condition, _, failed := k.carryOut(t, nameOf(t, manifest)); condition != "Complete" {
			t.Fatalf("%s: %s, failed %s", nameOf(t, manifest), condition, failed)
		}
	}
	if !killed {
		t.Error("nothing was killed")
	}
	greenshield(t, folder, "run", "job.yaml", "--out", "run", "--quiet")
	same(t, filepath.Join(folder, "out"), filepath.Join(folder, "run"))
}

// same compares all files of two folders but the manifest, which has times.
func same(t *testing.T, got, want string) {
	t.Helper()
	names := func(folder string) (all []string) {
		if err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				all = append(all, path)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if !slices.Equal(names(got), names(want)) || len(names(want)) < 10 {
		t.Fatalf("files %q, want %q", names(got), names(want))
	}
	for _, name := range names(want) {
		a, errA := os.ReadFile(filepath.Join(got, name))
		b, errB := os.ReadFile(filepath.Join(want, name))
		if errA != nil || errB != nil || name != "manifest.json" && !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v, %v", name, errA, errB)
		}
	}
}
