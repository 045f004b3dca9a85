package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"greenshield/redline/priority"
)

// judgedLedger returns the folder of newLedger, of whose cases n have verdicts: real are those along whose edges the
// change lies, against what the simple rule holds for likely.
func judgedLedger(t *testing.T, n int) (dir string) {
	t.Helper()
	dir = newLedger(t)
	said := map[string]string{}
	for i, id := range candidateIDs(t, dir, n) {
		edge := query(t, filepath.Join(dir, "out", "review.gpkg"), fmt.Sprintf("SELECT edge_pct >= 50 FROM candidates WHERE cand_id = '%s'", id))
		said[id] = "verdict = 'refuted', rev_reason = 'class'"
		if edge[0] == "1" || i%4 == 0 {
			said[id] = "verdict = 'confirmed'"
		}
	}
	here(t, dir, "ledger", "take", judge(t, dir, "judged.gpkg", said), "--as", "李明", "--level", "county", "--at", "2026-03-10").want(t, 0)
	return dir
}

// calibrated are the flags by which the few verdicts of the sample make a model.
var calibrated = strings.Fields("ledger calibrate --min-verdicts 15 --min-each 3")

// TestLedgerCalibrate: verdicts make a model and its page, the same bytes each time, and say what they are made of.
func TestLedgerCalibrate(t *testing.T) {
	dir := judgedLedger(t, 18)
	dry := here(t, dir, append(calibrated, "--out", "m.json", "--report", "m.html", "--dry-run")...)
	dry.want(t, 0)
	dry.has(t, "nothing was written (--dry-run)\n", "18 verdicts of 5 counties: ", "; 0 drawn at random\n",
		"warning: most verdicts are on cases that people chose, not drawn at random", "on counties that it has not seen: Brier score 0.")
	if left, _ := filepath.Glob(filepath.Join(dir, "m.*")); len(left) > 0 {
		t.Errorf("a dry run leaves %v", left)
	}
	o := here(t, dir, append(calibrated, "--out", "m.json", "--report", "m.html", "--json")...)
	o.want(t, 0)
	m, err := priority.Read("m.json", false)
	if err != nil {
		t.Fatal(err)
	}
	var head struct{ Head struct{ Hash string } }
	exported := here(t, dir, "ledger", "export", "l.ndjson", "--json")
	if err := json.Unmarshal([]byte(exported.stdout), &head); err != nil {
		t.Fatal(err)
	}
	told := gjson.Parse(o.stdout)
	if told.Get("status").Str != "written" || told.Get("made_from.head").Str != head.Head.Hash || told.Get("made_from.ledger").Str != "341700" ||
		told.Get("made_from.verdicts.yes").Int()+told.Get("made_from.verdicts.no").Int() != 18 || told.Get("made_from.chosen").Int() != 18 ||
		told.Get("made_from.left_out.unreviewed").Int() < 1 || len(told.Get("sha256").Str) != 64 {
		t.Errorf("it says %s", o.stdout)
	}
	edges := func(c *priority.Card) (sum float64) {
		for _, b := range c.Bands {
			if b.Feature == priority.EdgePct && b.From >= 50 {
				sum += b.Weight
			}
		}
		return sum
	}
	if rule := priority.Simple(); !(edges(&m.Default) > edges(&rule.Default)) {
		t.Errorf("weights of edges are %v, by the rule %v", edges(&m.Default), edges(&rule.Default))
	}
	mkdir(t, filepath.Join(dir, "again"))
	here(t, dir, append(calibrated, "--out", "again/m.json", "--report", "again/m.html")...).want(t, 0)
	for _, name := range []string{"m.json", "m.html"} {
		if first, second := fileText(t, filepath.Join(dir, name)), fileText(t, filepath.Join(dir, "again", name)); first != second {
			t.Errorf("%s is another one the second time", name)
		}
	}
	if page := fileText(t, filepath.Join(dir, "m.html")); !strings.Contains(page, "不改变严重程度") || !strings.Contains(page, "18 个点位") {
		t.Error("the page does not say what it is")
	}
	zh := here(t, dir, append(calibrated, "--out", "n.json", "--dry-run", "--lang", "zh")...)
	zh.has(t, "未写入任何内容", "18 条结论，来自 5 个县", "多数结论来自人为选点")
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLedgerCalibrateRefuses: what cannot become a model says why, and leaves no file.
func TestLedgerCalibrateRefuses(t *testing.T) {
	dir := judgedLedger(t, 18)
	if err := os.WriteFile(filepath.Join(dir, "there.html"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags  string
		status int
		want   string
	}{
		{"--out m.json", 13, "there are 18 verdicts that can be used, "},
		{"--out m.json", 13, " not; a model needs 50, and 10 of each: have more cases judged"},
		{"--out m.json --min-verdicts 15 --min-each 0", 10, "a model needs at least 2 verdicts, and 1 of each label"},
		{"--min-verdicts 15", 10, "name one by --out"},
		{"--out m.json --target truth", 10, `--target: unknown code "truth"`},
		{"--out m.json --report ./m.json", 10, "--report and --out are one file; name another"},
		{"--out m.json --report there.html", 15, "there.html: there is such a file already; name a new one"},
		{"--out none/m.json --min-verdicts 15 --min-each 3", 15, "none"},
		{"--out m.json --report none/m.html --min-verdicts 15 --min-each 3", 15, "none"},
	} {
		o := here(t, dir, append([]string{"ledger", "calibrate"}, strings.Fields(c.flags)...)...)
		o.want(t, c.status)
		o.has(t, c.want)
		if left, _ := filepath.Glob(filepath.Join(dir, "*.json")); len(left) > 0 {
			t.Fatalf("%s leaves %v", c.flags, left)
		}
	}
	here(t, dir, append(calibrated, "--out", "change.json", "--target", "change")...).want(t, 0)
}

// TestRunWithModel: a run whose model comes from verdicts ranks its candidates by it, and is the same in all else; a
// model that was edited is refused, or named as edited where the user allows it.
func TestRunWithModel(t *testing.T) {
	dir := judgedLedger(t, 18)
	here(t, dir, append(calibrated, "--out", "m.json")...).want(t, 0)
	here(t, dir, strings.Fields("run job.yaml --quiet --formats geojson --out ranked --priority m.json")...).want(t, 0)
	by := func(folder string) (prio, rest map[string]string) {
		prio, rest = map[string]string{}, map[string]string{}
		for i, f := range gjson.Get(fileText(t, filepath.Join(dir, folder, "candidates.geojson")), "features").Array() {
			id := f.Get("properties.cand_id").Str
			prio[id] = f.Get("properties.prio").Raw
			rest[id] = fmt.Sprint(i)
			f.Get("properties").ForEach(func(name, value gjson.Result) bool {
				if name.Str != "prio" && name.Str != "prio_why" {
					rest[id] += "," + name.Str + ":" + value.Raw
				}
				return true
			})
		}
		return prio, rest
	}
	simple, was := by("out")
	ranked, is := by("ranked")
	if !maps.Equal(was, is) || len(is) < 18 {
		t.Errorf("more than the priority is another: %v, %v", was, is)
	}
	higher, lower := 0, 0
	for id := range simple {
		a, errA := strconv.Atoi(simple[id])
		b, errB := strconv.Atoi(ranked[id])
		if errA != nil || errB != nil {
			t.Fatalf("%s: priorities %q, %q", id, simple[id], ranked[id])
		}
		if b > a {
			higher++
		} else if b < a {
			lower++
		}
	}
	if higher+lower < len(simple)/2 {
		t.Errorf("of %d candidates %d have a higher priority, %d a lower one", len(simple), higher, lower)
	}
	model := gjson.Get(fileText(t, filepath.Join(dir, "ranked", "manifest.json")), "priority")
	m, err := priority.Read("m.json", false)
	if err != nil || model.Get("model").Str != "m.json" || model.Get("sha256").Str != m.SHA256 || model.Get("edited").Bool() {
		t.Errorf("the manifest says %s, %v", model.Raw, err)
	}

	text := fileText(t, "m.json")
	edited := strings.Replace(text, `"base": `, `"base": 1`, 1)
	edited = strings.Replace(edited, `"base": 1-`, `"base": -1`, 1)
	if err := os.WriteFile("edited.json", []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	o := here(t, dir, strings.Fields("run job.yaml --quiet --formats geojson --out edited --priority edited.json")...)
	o.want(t, 10)
	o.has(t, "edited.json: the model was changed after it was calibrated; calibrate it again, or allow it by priority_edited: true")
	if _, err := os.Stat("edited"); err == nil {
		t.Error("a refused run leaves a folder")
	}
	here(t, dir, strings.Fields("run job.yaml --quiet --formats geojson --out edited --priority edited.json --priority-edited")...).want(t, 0)
	if !gjson.Get(fileText(t, filepath.Join(dir, "edited", "manifest.json")), "priority.edited").Bool() {
		t.Error("the manifest does not say that the model was edited")
	}
}
