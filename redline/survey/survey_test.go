package survey

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"greenshield/raster/landcover"
	"greenshield/redline"
)

// TestReadmeExample computes the example of README.md from its two maps, and looks for every value that the page prints.
func TestReadmeExample(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(text), "2015      2020\n")
	if !ok {
		t.Fatal("no example")
	}
	classes := map[string]landcover.Ecosystem{"F": landcover.Forest, "G": landcover.Grassland, "W": landcover.Wetland, "C": landcover.Cropland, "B": landcover.Built}
	var u redline.UnitSurvey
	for _, line := range strings.Split(example, "\n")[:4] {
		letters := strings.Fields(line)
		for i := range 4 {
			b, a := classes[letters[i]], classes[letters[i+4]]
			u.Cells[b][a]++
			u.AreaM2[b][a] += 1e4
		}
	}
	u.Pattern[0][landcover.Forest] = redline.Pattern{Patches: 1, LargestM2: 4e4, EdgeM: 400}
	d := Default()
	got := Compute(&u, 5, d)
	f, c, b := &got.Classes[landcover.Forest], &got.Classes[landcover.Cropland], &got.Classes[landcover.Built]
	other := d
	other.Divisor, other.Annualise, other.Denominator = 2, false, Total
	rest := Compute(&u, 5, other)
	row := func(name string, format string, values ...any) {
		t.Helper()
		want := fmt.Sprintf(format, values...)
		for line := range strings.Lines(example) {
			if cells := strings.Split(strings.TrimSpace(line), " | "); strings.HasPrefix(cells[0], "| "+name) && strings.TrimSuffix(cells[len(cells)-1], " |") == want {
				return
			}
		}
		t.Errorf("no line %s … | %s |", name, want)
	}
	row("forest, rate of change", "%.4f %%", f.Rate)
	row("forest, single dynamic degree", "%.4f %%", f.Dynamic)
	row("cropland, net change", "%.0f, %.0f, %.0f, %.0f ha", c.NetM2/1e4, c.GainM2/1e4, c.LossM2/1e4, c.SwapM2/1e4)
	row("built, rate of change", "%.4f %%", b.Rate)
	row("cropland → built, row share", "%.4f %%", got.RowShare(landcover.Cropland, landcover.Built))
	row("cropland → built, column share", "%.4f %%", got.ColumnShare(landcover.Cropland, landcover.Built))
	row("comprehensive dynamic degree", "%.4f %%", got.Comprehensive)
	row("the same with divisor 2", "%.4f %%", rest.Comprehensive)
	row("transition index", "%.4f %%", got.Index)
	row("the same divided by all area", "%.4f %%", rest.Index)
	row("forest 2015: patches", "%d, %.0f ha, %.4f %%", u.Pattern[0][landcover.Forest].Patches, f.MeanM2[0]/1e4, f.LargestShare[0])
	row("forest 2015, edge density", "%.4f m/ha", f.EdgeDensity[0])
	for letter, class := range classes {
		sums := ""
		for _, k := range []landcover.Ecosystem{landcover.Forest, landcover.Grassland, landcover.Wetland, landcover.Cropland, landcover.Built} {
			sums += fmt.Sprintf(" %d |", u.Cells[class][k])
		}
		if line := fmt.Sprintf("| %s |%s %.0f |", letter, sums, got.Classes[class].BeforeM2/1e4); !strings.Contains(example, line) {
			t.Errorf("no line %s", line)
		}
	}
}

// TestBalances: whatever the matrix, gains are losses, and shares add up.
func TestBalances(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var u redline.UnitSurvey
		for _, b := range landcover.Ecosystems() {
			for _, a := range landcover.Ecosystems() {
				if rng.IntN(2) == 0 {
					u.Cells[b][a] = rng.Int64N(1000)
					u.AreaM2[b][a] = float64(u.Cells[b][a]) * 900
				}
			}
		}
		got := Compute(&u, 5, Default())
		var gain, loss, before, after float64
		near := func(what string, x, y float64) {
			if math.Abs(x-y) > 1e-9*max(1, math.Abs(x)) {
				t.Fatalf("%s: %g and %g", what, x, y)
			}
		}
		for _, e := range landcover.Ecosystems() {
			c := &got.Classes[e]
			gain, loss, before, after = gain+c.GainM2, loss+c.LossM2, before+c.BeforeM2, after+c.AfterM2
			near("net", c.NetM2, c.AfterM2-c.BeforeM2)
			row, column := 0.0, 0.0
			for _, o := range landcover.Ecosystems() {
				row, column = row+got.RowShare(e, o), column+got.ColumnShare(o, e)
			}
			if c.BeforeCells > 0 {
				near("row shares", row, 100)
			} else if !math.IsNaN(row) || !math.IsNaN(c.Rate) || !math.IsNaN(c.Dynamic) {
				t.Fatalf("%v is absent before, and has shares %g and the rate %g", e, row, c.Rate)
			}
			if c.AfterCells > 0 {
				near("column shares", column, 100)
			}
		}
		near("gains = losses", gain, loss)
		near("before", before, got.M2)
		near("after", after, got.M2)
		near("comprehensive", got.Comprehensive, 100*loss/before/5)
	}
	var none redline.UnitSurvey
	if got := Compute(&none, 5, Default()); !math.IsNaN(got.Comprehensive) || !math.IsNaN(got.Index) || !math.IsNaN(got.Classes[landcover.Forest].BeforeShare) {
		t.Errorf("a unit without cells has indicators: %+v", got)
	}
}

func TestSetRank(t *testing.T) {
	s := Default()
	for _, e := range landcover.Ecosystems() {
		if s.Ranks[e] < 1 {
			t.Errorf("%v has no rank", e)
		}
	}
	for class, rank := range map[string]int{"nodata": 1, "forest": 0, "sea": 2, "built": 10} {
		if s.SetRank(class, rank) == nil {
			t.Errorf("%s may have rank %d", class, rank)
		}
	}
}
