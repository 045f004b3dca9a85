package main

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/pflag"

	"greenshield/redline"
	"greenshield/redline/dispatch"
	"greenshield/redline/job"
)

// podFlags are the flags that say how pods of Kubernetes run a job.
type podFlags struct {
	image string // "" where no manifests are wanted
	claim string // "" for defaultClaim
}

const (
	// defaultClaim is where pods find the data when nothing else is said: the image works in /data.
	defaultClaim = "greenshield:/data"
	// podWorkers is how many workers a pod has where the job does not say it.
	podWorkers = 2
)

// bind adds the flags; usage says what is made of an image.
func (f *podFlags) bind(flags *pflag.FlagSet, usage string) {
	flags.StringVar(&f.image, "kubernetes", "", usage)
	flags.StringVar(&f.claim, "claim", "",
		"PersistentVolumeClaim that holds all data, and where pods find it: `CLAIM:FOLDER`; "+
			"greenshield:/data without it")
}

// cluster returns how pods run what works on a job and in a folder, an absolute path; nil where no manifests are
// wanted. Faults have kind Usage.
func (f *podFlags) cluster(j *job.Job, folder string) (*dispatch.Cluster, error) {
	switch {
	case f.image == "" && f.claim != "":
		return nil, redline.Faultf(redline.Usage, "--claim goes with --kubernetes IMAGE; add it, or leave out --claim")
	case f.image == "":
		return nil, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	workers := j.Workers
	if workers == runtime.NumCPU() { // as many as this machine has, which says nothing of pods
		workers = podWorkers
	}
	c := &dispatch.Cluster{Image: f.image, User: os.Getuid(), Group: os.Getgid(), Workers: workers, MaxMemory: j.MaxMemory}
	if err := c.Place(cmp.Or(f.claim, defaultClaim)); err != nil {
		return nil, err
	}
	return c, c.Check(append(j.Absolute(here).Paths(), folder))
}

// manifests returns the manifests of a plan by their names below its folder; none where none are wanted.
func (o *planOptions) manifests(j *job.Job) (map[string]string, error) {
	folder, err := filepath.Abs(o.folder)
	if err != nil {
		return nil, err
	}
	c, err := o.pods.cluster(j, folder)
	switch {
	case c == nil || err != nil:
		return nil, err
	case j.Out == "":
		return nil, redline.Faultf(redline.Usage, "--kubernetes: nobody would tell the merge its folder; "+
			"name one by out: DIR in the job file")
	}
	return c.Plan(folder, o.shards), nil
}
