package main

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// tableNamed returns the texts of the rows of a table with an id.
func tableNamed(doc *html.Node, id string) (rows [][]string) {
	for n := range doc.Descendants() {
		if n.Data != "table" || !slices.Contains(n.Attr, html.Attribute{Key: "id", Val: id}) {
			continue
		}
		for row := range n.Descendants() {
			if row.Data != "tr" {
				continue
			}
			var cells []string
			for c := range row.ChildNodes() {
				if c.Type == html.ElementNode {
					cells = append(cells, textOfNode(c))
				}
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

func textOfNode(n *html.Node) (text string) {
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			text += d.Data
		}
	}
	return text
}

// TestServeDashboard: the numbers and lists of the dashboard are those of ledger.xlsx of the same day, today and before.
func TestServeDashboard(t *testing.T) {
	dir := reported(t)
	s := serveIn(t, dir, "--ledger", "ledger.gpkg")
	for i, day := range []string{"2026-10-01", "2026-05-15", "2026-01-25"} {
		out := "report" + string(rune('0'+i))
		here(t, dir, "ledger", "report", "--out", out, "--day", day, "--since", "2026-01-21").want(t, 0)
		status, body := asked(t, http.DefaultClient, getRequest(t, s.url+"/dashboard?since=2026-01-21&day="+day))
		if status != 200 || strings.Contains(body, "评分") {
			t.Fatal(status, body)
		}
		doc, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for id, sheet := range map[string]string{"places": "汇总", "overdue": "超期", "rebound": "疑似反弹", "false": "疑似虚假整改", "news": "新近变化"} {
			want := sheetRows(t, filepath.Join(dir, out, "ledger.xlsx"), sheet)[1:] // below the note
			for len(want) > 0 && len(want[0]) == 0 {
				want = want[1:]
			}
			got := tableNamed(doc, id)
			if len(want) == 1 && len(got) == 0 { // the header alone
				continue
			}
			if id == "news" {
				slices.Reverse(want[1:])
			}
			for k := range want {
				if id == "places" {
					want[k] = want[k][1:] // without the code, and the score
					want[k] = want[k][:min(len(want[k]), 15)]
				}
				if len(want) != len(got) || !slices.Equal(trimmed(want[k]), trimmed(got[k])) {
					t.Fatalf("%s, %s: %d rows, want %d: row %d is\n%q, want\n%q", day, id, len(got), len(want), k, got[min(k, len(got)-1)], want[k])
				}
			}
		}
	}
}

// trimmed returns a row without empty cells at its end, its numbers without zeros at their ends.
func trimmed(row []string) (all []string) {
	for _, c := range row {
		if strings.Contains(c, ".") && strings.Trim(c, "0123456789.") == "" {
			c = strings.TrimRight(strings.TrimRight(c, "0"), ".")
		}
		all = append(all, c)
	}
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}
