//go:build linux && amd64

package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A shard that is killed at any call that has to do with the folder of its plan, or that a failing disk stops there,
// leaves no part or a whole one. The same shard run again and the merge are as if nothing had been.
func TestShardKilled(t *testing.T) {
	dir := stripScene(t)
	here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--out", "run").want(t, 0)
	want := contents(t, filepath.Join(dir, "run"))
	plan := filepath.Join(dir, "plan")
	here(t, dir, "plan", "job.yaml", "--quiet", "--formats", "geojson", "--shards", "3", "--out", plan).want(t, 0)
	shards(t, dir, plan, []int{0, 2})
	part := filepath.Join(plan, "parts", "0001")
	random := regexp.MustCompile(`\.tmp-[A-Z0-9]+`)
	changes := []string{"write", "fsync", "rename", "renameat", "renameat2", "openat", "flock", "close", "unlinkat", "exit_group"}
	// disturb runs the shard, and has call number n that changes something, from 0 on, end as err says.
	disturb := func(n int, err error) (o outcome, at string) {
		calls := 0
		o = traced(t, command(dir, "shard", plan, "1", "--quiet", "--workers", "1"), []string{filepath.Dir(part)},
			func(c systemCall) error {
				if !slices.Contains(changes, c.name) {
					return nil
				}
				if calls++; calls == n+1 {
					at = c.name + " " + random.ReplaceAllString(filepath.Base(c.path), "")
					return err
				}
				return nil
			})
		return o, at
	}
	seen := map[string]bool{}
	whole := 0
	for _, with := range []error{errKill, unix.ENOSPC} {
		for n := 0; ; n++ {
			_, at := disturb(n, with)
			if at == "" {
				break
			}
			seen[at] = true
			left := contents(t, filepath.Dir(part))
			if _, ok := left["0001"]; ok {
				whole++
			}
			if o := here(t, dir, "shard", plan, "1", "--quiet"); o.status != 0 {
				t.Fatalf("after %v at %s: %+v", with, at, o)
			}
			got := slices.Sorted(maps.Keys(contents(t, filepath.Dir(part))))
			if !slices.Equal(got, []string{"0000", "0001", "0002"}) {
				t.Errorf("after %v at %s the folder has %v", with, at, got)
			}
			out := filepath.Join(dir, "merged")
			here(t, dir, "merge", plan, "--quiet", "--out", out).want(t, 0)
			mergedAsRun(t, contents(t, out), want)
			if err := os.RemoveAll(out); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(part); err != nil {
				t.Fatal(err)
			}
		}
	}
	if whole == 0 || !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(at string) bool {
		return strings.HasPrefix(at, "rename")
	}) {
		t.Errorf("%d parts were whole, it was stopped at %v: too little to mean anything", whole, slices.Sorted(maps.Keys(seen)))
	}
}
