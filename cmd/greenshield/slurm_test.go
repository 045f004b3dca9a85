package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/redlinetest"
)

// A plan for Slurm has scripts beside it, which name the program and the memory of the job, and needs a folder for the
// results.
func TestPlanSlurm(t *testing.T) {
	dir := stripScene(t)
	text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	redlinetest.Must(t, err)
	without := slices.DeleteFunc(strings.Split(string(text), "\n"), func(l string) bool { return strings.HasPrefix(l, "out:") })
	if len(without) == strings.Count(string(text), "\n")+1 {
		t.Fatal("the job has no folder of results")
	}
	job := filepath.Join(dir, "job.yaml")
	redlinetest.Must(t, os.WriteFile(job, []byte(strings.Join(without, "\n")), 0o600))
	args := []string{"plan", "job.yaml", "--quiet", "--max-memory", "1GiB", "--slurm", "--shards", "3", "--out", "计划"}
	o := here(t, dir, args...)
	if o.want(t, 10); !strings.Contains(o.stderr, "name one by out: DIR in the job file") {
		t.Error(o.stderr)
	}
	if _, err := os.Lstat("计划"); err == nil {
		t.Error("there is a folder")
	}
	redlinetest.Must(t, os.WriteFile(job, []byte("out: results\n"+strings.Join(without, "\n")), 0o600))
	o = here(t, dir, args...)
	if o.want(t, 0); !strings.HasSuffix(o.stdout, "\nnow run 计划/slurm/submit.sh\n") {
		t.Error(o.stdout)
	}
	program, err := os.Executable()
	redlinetest.Must(t, err)
	for name, want := range map[string]string{
		"array.sbatch": "\n#SBATCH --mem=3072M\nexec '" + program + "' shard ",
		"merge.sbatch": "\n#SBATCH --mem=3072M\nexec '" + program + "' merge ",
		"submit.sh":    " of 3\"",
	} {
		path := filepath.Join("计划", "slurm", name)
		text, err := os.ReadFile(path)
		redlinetest.Must(t, err)
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is\n%s, want %s", name, text, want)
		}
		info, err := os.Stat(path)
		redlinetest.Must(t, err)
		if may := info.Mode()&0o100 != 0; may != (name == "submit.sh") {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	here(t, dir, "plan", "job.yaml", "--quiet", "--shards", "3", "--out", "plan").want(t, 0)
	if _, err := os.Lstat("plan/slurm"); err == nil {
		t.Error("nobody asked for scripts")
	}
}
