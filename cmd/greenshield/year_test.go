package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listCases returns the cases that flags choose, by their ids.
func listCases(t *testing.T, dir string, flags ...string) (ids []string) {
	t.Helper()
	o := here(t, dir, append([]string{"ledger", "list", "--format", "json"}, flags...)...)
	o.want(t, 0)
	var list struct {
		Cases []struct {
			ID string `json:"id"`
		} `json:"cases"`
	}
	if err := json.Unmarshal([]byte(o.stdout), &list); err != nil {
		t.Fatalf("%v\n%s", err, o.stdout)
	}
	for _, c := range list.Cases {
		ids = append(ids, c.ID)
	}
	return ids
}

// wantStory fails unless the ledger in dir ended as the year of the sample does.
func wantStory(t *testing.T, dir string) {
	t.Helper()
	for flags, want := range map[string][]string{
		"--relation new":         {"990000-000068", "990000-000182", "990000-000327", "990000-000335"},
		"--relation grown":       {"990000-000093"},
		"--relation merged":      {"990000-000055"},
		"--relation split":       {"990000-000195", "990000-000336"},
		"--relation shrunk":      {"990000-000218"},
		"--lead":                 {"990000-000218", "990000-000334"},
		"--suspected":            {"990000-000218", "990000-000269"},
		"--merged 990000-000258": {"990000-000258"},
	} {
		if got := listCases(t, dir, strings.Fields(flags)...); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", flags, got, want)
		}
	}
	here(t, dir, "ledger", "verify").want(t, 0)
}

// TestStory runs the story that the sample brings.
func TestStory(t *testing.T) {
	d := newTried(t)
	d.try(block{"sh", "greenshield demo sample && cd sample && greenshield run job.yaml --quiet && sh years.sh"})
	wantStory(t, filepath.Join(d.dir, "sample"))
}

// TestYearOfWork does what the pages tell to do, one command after the other.
func TestYearOfWork(t *testing.T) {
	for _, document := range []string{"A-YEAR-OF-WORK.md", "A-YEAR-OF-WORK.zh-CN.md"} {
		t.Run(document, func(t *testing.T) {
			d := newTried(t)
			for _, b := range blocks(t, document) {
				d.try(b)
			}
			if d.ran < 12 {
				t.Errorf("only %d blocks of commands were run", d.ran)
			}
			wantStory(t, filepath.Join(d.dir, "sample"))
		})
	}
}
