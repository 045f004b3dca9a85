package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"greenshield/redline/priority"
	"greenshield/redline/redlinetest"
)

// TestPriorityOfAModel: the weights of a calibrated model are printed as CSV, of an edited one too, which is said.
func TestPriorityOfAModel(t *testing.T) {
	dir := t.TempDir()
	card := priority.Card{Base: -1.5, Bands: []priority.Band{
		{Feature: priority.AgreePct, From: 50, To: math.Inf(1), Weight: 1.25, Why: "其他地图也显示同类变化"},
		{Feature: priority.Width, From: math.Inf(-1), To: 2, Weight: -0.75, Why: "很窄,不足2个像元"}}}
	own := priority.Card{Base: 0.5}
	f := &priority.File{Name: "池州2026", Target: "problem", From: priority.Origin{Verdicts: priority.Count{Yes: 40, No: 20}},
		Default: card.ToFile(), Groups: map[string]priority.CardFile{"natural>built": own.ToFile()}}
	var text bytes.Buffer
	redlinetest.Must(t, f.Write(&text))
	const rows = `group,feature,from,to,weight,why
,base,,,-1.5,
,agree_pct,50,,1.25,其他地图也显示同类变化
,width,,2,-0.75,"很窄,不足2个像元"
natural>built,base,,,0.5,
`
	for name, c := range map[string]struct{ text, head string }{
		"model.json":  {text.String(), "# \"池州2026\"：由 60 条核查结论率定，率定后未修改"},
		"edited.json": {strings.Replace(text.String(), "池州", "滁州", 1), "# \"滁州2026\"：由 60 条核查结论率定，率定后被修改过"},
	} {
		redlinetest.Must(t, os.WriteFile(filepath.Join(dir, name), []byte(c.text), 0o600))
		o := run(t, dir, "priority", name)
		o.want(t, 0)
		head, got, _ := strings.Cut(o.stdout, "\n")
		if got != rows || head != c.head {
			t.Errorf("%s: %s\n%s", name, head, got)
		}
	}
	redlinetest.Must(t, os.WriteFile(filepath.Join(dir, "no.json"), []byte("{}"), 0o600))
	o := run(t, dir, "priority", "no.json")
	o.want(t, 10)
	if want := "greenshield: no.json: this is no model of priorities"; !strings.HasPrefix(o.stderr, want) {
		t.Errorf("stderr is %s, want %s", o.stderr, want)
	}
}

// TestPriorityNear: how far changes are from ground of their new class is looked for when the job asks, whatever the
// workers; else it is known only where they touch.
func TestPriorityNear(t *testing.T) {
	dir := newSample(t)
	distances := func(out string) (far int, text string) {
		b, err := os.ReadFile(filepath.Join(dir, out, "candidates.geojson"))
		redlinetest.Must(t, err)
		var found struct {
			Features []struct {
				Properties struct {
					NearM *float64 `json:"near_m"`
				}
			}
		}
		redlinetest.Must(t, json.Unmarshal(b, &found))
		for _, f := range found.Features {
			if d := f.Properties.NearM; d != nil && *d > 0 {
				far++
			}
		}
		return far, string(b)
	}
	for _, args := range [][]string{{"--out", "plain"}, {"--out", "one", "--priority-near", "--workers", "1"},
		{"--out", "four", "--priority-near", "--workers", "4"}} {
		run(t, dir, append([]string{"run", "job.yaml", "--formats", "geojson", "--quiet"}, args...)...).want(t, 0)
	}
	if far, _ := distances("plain"); far != 0 {
		t.Errorf("%d distances that nobody asked for", far)
	}
	far, one := distances("one")
	if _, four := distances("four"); far == 0 || one != four {
		t.Errorf("%d distances; the same with four workers: %v", far, one == four)
	}
	for out, want := range map[string]bool{"plain": false, "one": true} {
		b, err := os.ReadFile(filepath.Join(dir, out, "manifest.json"))
		redlinetest.Must(t, err)
		if got := bytes.Contains(b, []byte(`"priority_near": true`)); got != want {
			t.Errorf("the manifest of %s tells of it: %v", out, got)
		}
	}
}
