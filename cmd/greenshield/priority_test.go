package main

import (
	"bytes"
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
		{Feature: priority.Width, From: math.Inf(-1), To: 2, Weight: -0.75, Why: "很窄,不足2个栅格"}}}
	own := priority.Card{Base: 0.5}
	f := &priority.File{Name: "池州2026", Target: "problem", From: priority.Origin{Verdicts: priority.Count{Yes: 40, No: 20}},
		Default: card.ToFile(), Groups: map[string]priority.CardFile{"natural>built": own.ToFile()}}
	var text bytes.Buffer
	redlinetest.Must(t, f.Write(&text))
	const rows = `group,feature,from,to,weight,why
,base,,,-1.5,
,agree_pct,50,,1.25,其他地图也显示同类变化
,width,,2,-0.75,"很窄,不足2个栅格"
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
