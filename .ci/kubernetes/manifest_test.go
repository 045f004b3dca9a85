package kubernetes

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/ci/manifests"
)

// The API server takes each manifest as it is, asked to be strict, without a warning; pods of the Jobs and of the CronJob
// keep to the strictest of the standard profiles. It refuses manifests that are wrong.
func TestManifests(t *testing.T) {
	c := newCluster(t)
	right, wrong := manifests.All(t)
	for _, m := range right {
		if err := c.post(t.Context(), m.Kind, m.Text, true); err != nil {
			t.Errorf("%v: %s", err, m.Text)
		}
	}
	for _, m := range wrong {
		if err := c.post(t.Context(), m.Kind, m.Text, true); err == nil || !strings.Contains(err.Error(), m.Want) {
			t.Errorf("%s: %v, want %s", m.Changed, err, m.Want)
		}
	}
}

// The controller of Jobs tries again what may pass, as often as the manifest says, gives up at once what would come again,
// does not count pods that the cluster took away, and lets no shard wait for another.
func TestWhatIsTriedAgain(t *testing.T) {
	c := newCluster(t)
	_, shards, merge := manifests.Planned(t, 7)
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
	condition, done, lost := k.carryOut(t, manifests.NameOf(t, shards))
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
	condition, _, _ = k.carryOut(t, manifests.NameOf(t, merge))
	if condition != "PodFailurePolicy" || k.attempts[""] != 2 {
		t.Errorf("merge: %s after %d pods", condition, k.attempts[""])
	}
}

// Pods that run the program by the manifests, one of them killed, make the files that run makes.
func TestPlanIsARun(t *testing.T) {
	c := newCluster(t)
	folder, shards, merge := manifests.Planned(t, 5)
	killed := false
	k := &kubelet{cluster: c, run: func(p container) ended {
		cmd := exec.Command(manifests.Program, p.args[1:]...)
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
		if condition, _, failed := k.carryOut(t, manifests.NameOf(t, manifest)); condition != "Complete" {
			t.Fatalf("%s: %s, failed %s", manifests.NameOf(t, manifest), condition, failed)
		}
	}
	if !killed {
		t.Error("nothing was killed")
	}
	manifests.Greenshield(t, folder, "run", "job.yaml", "--out", "run", "--quiet")
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
