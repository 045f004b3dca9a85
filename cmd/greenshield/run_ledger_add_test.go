package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// addSaysTheSame: what the run told of its candidates is what the ledger says when the run is added.
func addSaysTheSame(t *testing.T, dir string, candidates map[string]map[string]any) {
	t.Helper()
	findings := map[string]string{}
	for _, row := range csvOf(t, filepath.Join(dir, "out2", "followup.csv")) {
		findings[row["case_id"]] = row["finding"]
	}
	known := map[string]bool{}
	for _, c := range listed(t, dir) {
		known[fmt.Sprint(c["id"])] = true
	}
	copyFile(t, filepath.Join(dir, "ledger.gpkg"), filepath.Join(dir, "followed.gpkg"))
	here(t, dir, strings.Fields("ledger add out2 --at 2026-03-01")...).want(t, 0)
	follow := func(ledger string) outcome {
		return here(t, dir, strings.Fields("ledger follow --raster lc2021.tif --year 2021 --legend clcd --at 2026-03-01 --ledger "+ledger)...)
	}
	follow("followed.gpkg").want(t, 0)
	followUps := func(ledger string) []string {
		return query(t, filepath.Join(dir, ledger), "SELECT case_id || ' ' || kind || ' ' || json_remove(fields, '$.run') FROM events WHERE kind IN ('follow_up', 'suspected') ORDER BY case_id, seq")
	}
	if a, b := followUps("ledger.gpkg"), followUps("followed.gpkg"); !slices.Equal(a, b) || len(a) != len(known) {
		t.Errorf("of %d cases the run saw\n%s\nand ledger follow\n%s", len(known), strings.Join(a, "\n"), strings.Join(b, "\n"))
	}
	follow("ledger.gpkg").has(t, "nothing was written")
	met := 0
	for ids, c := range listed(t, dir) {
		id := fmt.Sprint(c["id"])
		if known[id] && fmt.Sprint(c["finding"]) != findings[id] {
			t.Errorf("case %s: %v, but the run said %s", id, c["finding"], findings[id])
		}
		for _, candidate := range strings.Fields(ids) {
			row := candidates[candidate]
			if row == nil { // not met again
				continue
			}
			met++
			relation := row["relation"]
			if relation == "refuted_before" && slices.Contains([]any{"persisting", "shrunk"}, c["relation"]) {
				relation = c["relation"]
			}
			wantCase := row["case_id"]
			if wantCase == "" && !known[id] {
				wantCase = id
			}
			if c["relation"] != relation || id != wantCase || told(c["to_confirm"]) != row["confirm"] {
				t.Errorf("%s: the run says %s, the ledger %s", candidate, fieldsOf(row, "case_id", "relation", "confirm"), fieldsOf(c, "id", "relation", "to_confirm"))
			}
		}
	}
	if met != len(candidates) {
		t.Errorf("%d of %d candidates are of a case", met, len(candidates))
	}
}

func told(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// takeKnows: files of the run begin with the verdicts that hold. As they are they say nothing; a verdict that was carried
// can be changed, one that has to be confirmed can be given anew, and neither is a conflict unless the ledger has changed.
func takeKnows(t *testing.T, dir, refuted, confirmed, grown string) {
	t.Helper()
	copyTo := func(name string, said map[string]string) {
		copyFile(t, filepath.Join(dir, "out2", "review.gpkg"), filepath.Join(dir, name))
		for id, set := range said {
			query(t, filepath.Join(dir, name), fmt.Sprintf("UPDATE candidates SET %s WHERE cand_id = '%s'", set, id))
		}
	}
	take := func(file string) outcome {
		return here(t, dir, "ledger", "take", file, "--as", "赵", "--level", "city", "--reason", "natural", "--at", "2026-04-01")
	}
	copyTo("as-it-is.gpkg", nil)
	take("as-it-is.gpkg").has(t, "nothing was written")
	take(filepath.Join("out2", "candidates.xlsx")).has(t, "nothing was written")
	copyTo("note.gpkg", map[string]string{refuted: "rev_note = '再看'"})
	o := take("note.gpkg")
	o.want(t, 0)
	if c := listed(t, dir)[refuted]; fieldsOf(c, "verdict", "reason", "note") != "refuted misclassified 再看" {
		t.Errorf("with a note alone: %s", fieldsOf(c, "verdict", "reason", "note"))
	}
	copyTo("again.gpkg", map[string]string{grown: "verdict = 'partly', rev_reason = 'season'", confirmed: "verdict = 'refuted'"})
	o = take("again.gpkg")
	o.want(t, 0)
	for id, want := range map[string]string{grown: "partly natural 0", confirmed: "refuted natural 0"} {
		if c := listed(t, dir)[id]; fieldsOf(c, "verdict", "reason", "conflicts") != want {
			t.Errorf("judged again: %s, want %s\n%s", fieldsOf(c, "verdict", "reason", "conflicts"), want, o.stdout+o.stderr)
		}
	}
	copyTo("late.gpkg", map[string]string{confirmed: "verdict = 'partly', rev_reason = 'season'"})
	take("late.gpkg").want(t, 0)
	if c := listed(t, dir)[confirmed]; fieldsOf(c, "conflicts") != "1" {
		t.Errorf("two who disagree: %s conflicts", fieldsOf(c, "conflicts"))
	}
}
