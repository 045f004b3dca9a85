package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"greenshield/redline/ledger"
)

// knownOnPage: report.html tells of each candidate what candidates.geojson tells, counts them by their relation, and the
// cases of followup.csv by what stands on their ground.
func knownOnPage(t *testing.T, folder string, want map[string]map[string]any) {
	t.Helper()
	d := readPage(t, folder)
	rows, lists := d.index(t).Get("rows").Array(), d.index(t).Get("lists")
	if len(rows) != len(want) {
		t.Fatalf("%d rows for %d candidates", len(rows), len(want))
	}
	rules := ledger.Shipped()
	labelled := func(set string, code any) string { return cmp.Or(rules.Label(set, fmt.Sprint(code)), "—") }
	standings := map[string]int{}
	cards := d.all("article", "")
	for i, row := range rows {
		r, c := row.Array(), want[row.Get("0").Str]
		relation, said := lists.Get("relations").Array()[r[12].Int()], "—"
		if v, ok := rules.Verdict(fmt.Sprint(c["case_verd"])); ok {
			said = v.Label
		}
		if c["confirm"] == "grown" {
			said += "（待确认：规模扩大）"
		} else if c["confirm"] != "" {
			said += "（待确认：" + rules.Label("to_confirm", fmt.Sprint(c["confirm"])) + "）"
		}
		standings[relation.Get("Standing").Str]++
		got := []string{relation.Get("Code").Str, relation.Get("Name").Str, r[13].Str, lists.Get("states").Array()[r[14].Int()].Str,
			lists.Get("verdicts").Array()[r[15].Int()].Str, lists.Get("findings").Array()[r[16].Int()].Str}
		if want := []string{fmt.Sprint(c["relation"]), labelled("relation", c["relation"]), fmt.Sprint(c["case_id"]), labelled("state", c["case_state"]),
			said, labelled("finding", c["follow_up"])}; !slices.Equal(got, want) {
			t.Errorf("%s: the list says %q, not %q", r[0].Str, got, want)
		}
		if i < len(cards) {
			for _, text := range []string{got[1], got[2], strings.TrimSuffix(got[3], "—")} {
				if !strings.Contains(cards[i].text(), text) {
					t.Errorf("the card of %s lacks %s: %s", r[0].Str, text, cards[i].text())
				}
			}
		}
	}
	if len(standings) < 3 {
		t.Errorf("only %v", standings)
	}
	table := d.rows(t, "本次候选图斑，按与台账中问题点位的关系")
	for _, row := range table[:4] {
		if row[1] != fmt.Sprint(standings[row[0]]) {
			t.Errorf("the page counts %q, the list %d", row, standings[row[0]])
		}
	}
	counts, total := map[string]int{}, 0
	for _, row := range csvOf(t, filepath.Join(folder, "followup.csv")) {
		counts[rules.Label("state", row["case_state"])+" "+rules.Label("finding", row["finding"])]++
		total++
	}
	table = d.rows(t, "台账中的全部问题点位")
	seen := 0
	for _, row := range table[:len(table)-1] {
		for i, code := range []string{"still", "partly", "restored", "unseen"} {
			name := rules.Label("finding", code)
			seen += counts[row[0]+" "+name]
			if row[1+i] != fmt.Sprint(counts[row[0]+" "+name]) {
				t.Errorf("the page has %q of %s, followup.csv %d", row, name, counts[row[0]+" "+name])
			}
		}
	}
	if seen != total || table[len(table)-1][5] != fmt.Sprint(total) {
		t.Errorf("%d of %d cases; the page says %q", seen, total, table[len(table)-1])
	}
}
