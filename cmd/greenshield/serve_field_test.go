package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rasterStates returns what the server tells of the rasters of a run, by name, once none is being looked at any more.
func rasterStates(t *testing.T, s *served, run string) map[string]string {
	t.Helper()
	for {
		status, body := asked(t, http.DefaultClient, getRequest(t, s.url+"/tiles/"+run))
		var told struct {
			Layers []struct{ Name, State string }
		}
		if err := json.Unmarshal([]byte(body), &told); status != 200 || err != nil {
			t.Fatalf("%d %v %s", status, err, body)
		}
		states, waits := map[string]string{}, false
		for _, l := range told.Layers {
			states[l.Name] = l.State
			waits = waits || l.State == "checking" || l.State == "preparing"
		}
		if !waits {
			return states
		}
		<-time.After(20 * time.Millisecond) // the server bounds how often one asks
	}
}

// TestServeInputsElsewhere: the rasters of a run that was copied without them are found by --data, and --image adds a
// picture to each run.
func TestServeInputsElsewhere(t *testing.T) {
	dir, scene := t.TempDir(), newSample(t)
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	here(t, scene, "run", "job.yaml", "--out", filepath.Join(dir, "runs", "first"), "--quiet").want(t, 0)
	s := serveIn(t, dir, "--runs", "runs")
	if got := rasterStates(t, s, "first"); len(got) != 2 || got["before"] != "missing" || got["after"] != "missing" {
		t.Errorf("without its inputs: %v", got)
	}
	s.stop().want(t, 0)
	s = serveIn(t, dir, "--runs", "runs", "--data", dir, "--data", scene, "--image", "drone="+filepath.Join(scene, "lc2020.tif"))
	got := rasterStates(t, s, "first")
	if len(got) != 3 || got["before"] != "ready" || got["after"] != "ready" || got["drone"] == "" || got["drone"] == "missing" {
		t.Errorf("with --data and --image: %v", got)
	}
	s.stop().want(t, 0)

	if err := os.Mkdir(filepath.Join(dir, "data"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(dir, "a.tif"), "a")
	for args, message := range map[string]string{
		"--runs runs --data none":                     "the folder of inputs cannot be read",
		"--runs runs --data a.tif":                    "a.tif: is no folder of inputs",
		"--runs runs --image a.tif":                   `"a.tif" is no name with its file; write it as drone=FILE`,
		"--runs runs --image 2015=a.tif":              "with a name of ASCII letters and digits",
		"--runs runs --image before=a.tif":            "the name before is taken; choose another one",
		"--runs runs --image a=a.tif --image a=a.tif": "the name a is taken",
		"--runs runs --image a=none.tif":              "the image a cannot be read: ",
		"--runs runs --image a=data":                  "data is no file",
		"--ledger none.gpkg --data data":              "name their folder by --runs FOLDER",
		"--ledger none.gpkg --image drone=a.tif":      "name their folder by --runs FOLDER",
	} {
		o := here(t, dir, append([]string{"serve"}, strings.Fields(args)...)...)
		if o.status != 10 || !strings.Contains(o.stderr, message) || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("%s: status %d: %s", args, o.status, o.stderr)
		}
	}
}
