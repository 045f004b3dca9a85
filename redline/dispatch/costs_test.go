package dispatch

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// costTable returns the rows of numbers below a heading of a table in COSTS.md, by their first cell. Cells without a
// number are 0.
func costTable(t *testing.T, text, heading string) map[string][]float64 {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n"+heading)
	if !found {
		t.Fatalf("COSTS.md has no table that begins with %q", heading)
	}
	_, rest, _ = strings.Cut(rest, "\n")
	rows := map[string][]float64{}
	for line := range strings.Lines(rest) {
		if !strings.HasPrefix(line, "|") && len(rows) > 0 {
			break
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 3 || strings.HasPrefix(cells[0], "---") {
			continue
		}
		var numbers []float64
		for _, cell := range cells[1:] {
			x, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(cell), ",", ""), 64)
			if err != nil {
				x = 0
			}
			numbers = append(numbers, x)
		}
		rows[strings.TrimSpace(cells[0])] = numbers
	}
	return rows
}

// size is what a survey costs depends on.
type size struct{ cells9, rows6, vertices6, shards float64 }

// costs are those of a survey: core-seconds, and MB on disk.
type costs struct{ plan, shards, merge, partsMB, resultsMB float64 }

// unitCosts are the rows of the table of units.
type unitCosts map[string][]float64

// of computes what a survey costs. Each shard is a process that reads the zones' outlines anew.
func (u unitCosts) of(s size) costs {
	at := func(column int, processes float64) float64 {
		return processes*(u["process"][column]+s.vertices6*u["10⁶ vertices"][column]) +
			s.cells9*u["10⁹ cells"][column] + s.rows6*u["10⁶ rows"][column]
	}
	merge := at(2, 1) + s.shards*u["part"][2]
	return costs{at(0, 1), at(1, s.shards), merge, at(3, 1), at(4, 1)}
}

// TestCosts: what COSTS.md says of scenes and surveys follows from its unit costs, which come within a quarter of what
// was measured on scenes that they were not fitted to.
func TestCosts(t *testing.T) {
	content, err := os.ReadFile("COSTS.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	units := unitCosts(costTable(t, text, "| for each | plan"))
	for _, row := range []string{"process", "part", "10⁹ cells", "10⁶ rows", "10⁶ vertices"} {
		if len(units[row]) != 5 {
			t.Fatalf("units: %q has %d numbers, want 5", row, len(units[row]))
		}
	}
	near := func(name string, said, want, atMost float64) {
		t.Helper()
		if math.Abs(said-want) > atMost {
			t.Errorf("%s: the page says %g, its units come to %.4g", name, said, want)
		}
	}
	scenes := costTable(t, text, "| scene, shards |")
	held := 0
	for name, row := range scenes {
		c := units.of(size{row[0], row[1], row[2], row[3]})
		for i, want := range []float64{c.plan, c.shards, c.merge} {
			measured, said := row[4+2*i], row[5+2*i]
			near(name, said, want, 0.051)
			if strings.HasSuffix(name, "*") {
				held++
				if math.Abs(said-measured) > measured/4 {
					t.Errorf("%s: %g was measured and %g computed, which is more than a quarter off", name, measured, said)
				}
			}
		}
	}
	if held == 0 {
		t.Error("no scene is marked as one that the units were not fitted to")
	}
	surveys := costTable(t, text, "| survey |")
	if len(surveys) < 2 {
		t.Errorf("%d surveys, want those of a province and of the nation", len(surveys))
	}
	for name, row := range surveys {
		s := size{row[0], row[1], row[2], row[3]}
		c := units.of(s)
		for i, want := range []float64{c.plan / 3600, c.shards / 3600, c.merge / 3600,
			(c.plan + c.shards/s.shards + c.merge) / 3600, c.partsMB / 1000, c.resultsMB / 1000} {
			near(name, row[4+i], want, 0.006+want/100)
		}
	}
}
