package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline/redlinetest"
)

// A plan for Kubernetes has manifests beside it, also together with scripts of Slurm, and nothing is planned that pods
// could not carry out.
func TestPlanKubernetes(t *testing.T) {
	dir := stripScene(t)
	plan := func(more ...string) outcome {
		t.Helper()
		return here(t, dir, append([]string{"plan", "job.yaml", "--quiet", "--shards", "3", "--workers", "3", "--out", "计划"},
			more...)...)
	}
	job := filepath.Join(dir, "job.yaml")
	text, err := os.ReadFile(job)
	redlinetest.Must(t, err)
	refused := func(want string, more ...string) {
		t.Helper()
		o := plan(more...)
		if o.want(t, 10); !strings.Contains(o.stderr, want) {
			t.Errorf("%q: %s, want %s", more, o.stderr, want)
		}
		if _, err := os.Lstat(filepath.Join(dir, "计划")); err == nil {
			t.Error("there is a folder")
		}
	}
	refused("leave out --claim", "--claim", "maps:"+dir)
	refused("lies outside /data, where pods find the claim greenshield; move it there", "--kubernetes", "image")
	refused("lies outside "+dir+"/other", "--kubernetes", "image", "--claim", "maps:"+dir+"/other")
	refused("--claim: \"maps\": the folder must be an absolute path", "--kubernetes", "image", "--claim", "maps")
	refused("no name of an image", "--kubernetes", "a b", "--claim", "maps:"+dir)
	redlinetest.Must(t, os.WriteFile(job, []byte(strings.Replace(string(text), "\nout: ", "\n# ", 1)), 0o600))
	refused("name one by out: DIR in the job file", "--kubernetes", "image", "--claim", "maps:"+dir)
	redlinetest.Must(t, os.WriteFile(job, text, 0o600))

	o := plan("--kubernetes", "office.example/greenshield:1", "--claim", "maps:"+dir, "--slurm")
	if o.want(t, 0); !strings.Contains(o.stdout, "\nmanifests for Kubernetes: 计划/kubernetes\n") {
		t.Error(o.stdout)
	}
	for name, command := range map[string]string{"shards.yaml": "shard", "merge.yaml": "merge"} {
		manifest, err := os.ReadFile(filepath.Join(dir, "计划", "kubernetes", name))
		redlinetest.Must(t, err)
		for _, want := range []string{`image: "office.example/greenshield:1"`, `claimName: "maps"`, `mountPath: "` + dir + `"`,
			`- "` + command + `"`, `- "` + filepath.Join(dir, "计划") + `"`, `cpu: 3`} {
			if strings.Count(string(manifest), want+"\n") != 1 {
				t.Errorf("%s lacks %s: %s", name, want, manifest)
			}
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "计划", "slurm", "submit.sh")); err != nil {
		t.Error(err)
	}
}
