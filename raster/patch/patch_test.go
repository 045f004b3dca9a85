package patch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"greenshield/raster/change"
)

// cells is the slow twin's raster: a type per cell, change.NoDataType for NoData, −1 for none.
type cells struct {
	rows, cols int
	kind       []int
}

func (c cells) at(row, col int) int {
	if row < 0 || col < 0 || row >= c.rows || col >= c.cols {
		return -1
	}
	return c.kind[row*c.cols+col]
}

func (c cells) runs(row0, row1 int) (runs []change.Run, tags []int32) {
	for row := row0; row < row1; row++ {
		for col := range c.cols {
			if k := c.at(row, col); k >= 0 {
				n := len(runs)
				runs = change.Append(runs, change.Run{Row: int32(row), Col0: int32(col), Col1: int32(col + 1), Pair: uint16(k), Type: uint8(k)})
				if len(runs) > n {
					tags = append(tags, int32(row/3)) // any value that runs may share
				}
			}
		}
	}
	return runs, tags
}

// patches is what flood finds, as text writes it.
func (c cells) patches(conn Connectivity) []string {
	all, outside := c.flood(conn)
	return append(all, fmt.Sprint(outside))
}

// flood finds the patches by flood fill: as text, in the order of their first cells, those
// with another tag than OutsideTag; of the others the counts.
func (c cells) flood(conn Connectivity) (all []string, outside []Count) {
	seen := make([]bool, len(c.kind))
	for start, k := range c.kind {
		if k < 0 || k >= change.UnruledType || seen[start] {
			continue
		}
		nodata, edge, tag := false, false, int32(start/c.cols/3)
		members := []int{start}
		seen[start] = true
		for i := 0; i < len(members); i++ {
			row, col := members[i]/c.cols, members[i]%c.cols
			edge = edge || row == 0 || col == 0 || row == c.rows-1 || col == c.cols-1
			if int32(row/3) != tag {
				tag = MixedTag
			}
			for dr := -1; dr <= 1; dr++ {
				for dc := -1; dc <= 1; dc++ {
					other := c.at(row+dr, col+dc)
					nodata = nodata || other == change.NoDataType
					at := (row+dr)*c.cols + col + dc
					if other == k && !seen[at] && (conn == Eight || dr == 0 || dc == 0) {
						seen[at] = true
						members = append(members, at)
					}
				}
			}
		}
		if tag == OutsideTag {
			outside = count(outside, uint8(k), Count{1, int64(len(members))})
			continue
		}
		slices.Sort(members)
		all = append(all, fmt.Sprint(k, nodata, edge, tag, members))
	}
	return all, outside
}

// text writes the patches of a band, and the counts of those outside.
func text(c cells, band *Band) (all []string) {
	patches := band.Closed
	slices.SortFunc(patches, func(a, b Patch) int {
		ra, ca := a.First()
		rb, cb := b.First()
		return int(ra-rb)*c.cols + int(ca-cb)
	})
	for _, p := range patches {
		var members []int
		for _, r := range p.Runs {
			for col := r.Col0; col < r.Col1; col++ {
				members = append(members, int(r.Row)*c.cols+int(col))
			}
		}
		if int64(len(members)) != p.Cells {
			all = append(all, "wrong number of cells")
		}
		all = append(all, fmt.Sprint(p.Type, p.TouchesNoData, p.TouchesEdge, p.Tag, members))
	}
	return append(all, fmt.Sprint(band.Outside))
}

// date gives each run of the patches a date by its place.
func date(c cells, patches []Patch) {
	for i := range patches {
		p := &patches[i]
		p.Dates = make([]uint16, len(p.Runs))
		for k, r := range p.Runs {
			p.Dates[k] = uint16(int(r.Row)*c.cols + int(r.Col0))
		}
	}
}

func draw(rng *rand.Rand) cells {
	c := cells{rows: 1 + rng.IntN(12), cols: 1 + rng.IntN(12)}
	density := rng.Float64()
	for range c.rows * c.cols {
		k := -1
		if rng.Float64() < density {
			k = []int{0, 0, 1, change.NoDataType, change.UnruledType}[rng.IntN(5)]
		}
		c.kind = append(c.kind, k)
	}
	return c
}

// Any cutting into bands, joined in any order, gives the patches of the flood fill.
func TestAgainstFloodFill(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for i := range 4000 {
		c := draw(rng)
		conn := []Connectivity{Four, Eight}[rng.IntN(2)]
		r := Raster{Rows: c.rows, Cols: c.cols, Conn: conn}
		var labeler Labeler
		var bands []Band
		for row := 0; row < c.rows; {
			end := min(c.rows, row+1+rng.IntN(4))
			runs, tags := c.runs(row, end)
			band := labeler.Label(r, row, end, runs, tags, nil)
			if i%2 == 0 {
				date(c, band.Open)
				date(c, band.Closed)
			}
			bands = append(bands, band)
			row = end
		}
		for len(bands) > 1 {
			k := rng.IntN(len(bands) - 1)
			bands[k] = Join(r, bands[k], bands[k+1])
			bands = slices.Delete(bands, k+1, k+2)
		}
		if len(bands[0].Open) != 0 {
			t.Fatalf("scene %d: %d patches stay open", i, len(bands[0].Open))
		}
		for _, p := range bands[0].Closed {
			dates := slices.Clone(p.Dates)
			again := []Patch{p}
			if date(c, again); i%2 == 0 && !slices.Equal(dates, again[0].Dates) || i%2 != 0 && dates != nil {
				t.Fatalf("scene %d: the runs %v have the dates %v", i, p.Runs, dates)
			}
		}
		if got, want := text(c, &bands[0]), c.patches(conn); !slices.Equal(got, want) {
			t.Fatalf("scene %d, connectivity %d:\n got %v\nwant %v", i, conn, got, want)
		}
	}
}

func TestFloodFillSeesDifferences(t *testing.T) {
	c := cells{2, 2, []int{0, -1, -1, 0}}
	if four, eight := c.patches(Four), c.patches(Eight); fmt.Sprint(four) != "[[{2 2}]]" || fmt.Sprint(eight) != "[[{1 2}]]" {
		t.Errorf("two diagonal cells: %v, %v", four, eight)
	}
}

func BenchmarkLabel(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	c := cells{rows: 512, cols: 4096}
	for range c.rows * c.cols {
		k := -1
		if rng.IntN(25) == 0 {
			k = rng.IntN(3)
		}
		c.kind = append(c.kind, k)
	}
	runs, tags := c.runs(0, c.rows)
	for i, run := range runs {
		if tags[i] = 1; run.Col0 > 1000 { // as many lie outside the zones of a province
			tags[i] = OutsideTag
		}
	}
	r := Raster{Rows: c.rows, Cols: c.cols, Conn: Eight}
	all, outside := c.flood(Eight)
	want := len(all)
	for _, n := range outside {
		want += int(n.Patches)
	}
	var labeler Labeler
	for b.Loop() {
		band := labeler.Label(r, 0, c.rows, runs, tags, nil)
		got := len(band.Closed)
		for _, n := range band.Outside {
			got += int(n.Patches)
		}
		if got != want || len(band.Open) != 0 || got == len(band.Closed) {
			b.Fatalf("%d patches, %d of them inside, and %d open ones, want %d", got, len(band.Closed), len(band.Open), want)
		}
	}
	b.ReportMetric(float64(len(runs)), "runs/op")
}
