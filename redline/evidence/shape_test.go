package evidence

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"greenshield/vector/trace"
)

// drawn is cells as a picture: # is one of them.
func drawn(rows ...string) (patch []trace.Run) {
	for r, row := range rows {
		for c, ch := range row {
			if ch == '#' {
				patch = trace.Append(patch, trace.Run{Row: int32(r) + 7, Col0: int32(c) + 3, Col1: int32(c) + 4})
			}
		}
	}
	return patch
}

// rectangle is rows × cols cells.
func rectangle(rows, cols int32) (patch []trace.Run) {
	for r := range rows {
		patch = append(patch, trace.Run{Row: r, Col0: 5, Col1: 5 + cols})
	}
	return patch
}

func TestShape(t *testing.T) {
	var w widths
	for name, c := range map[string]struct {
		patch          []trace.Run
		width, compact float64
	}{
		"cell":            {drawn("#"), 1, 100},
		"strip":           {drawn("######"), 1, 1600 * 6 / (14. * 14)},
		"square":          {drawn("##", "##"), 2, 100},
		"square of 3":     {drawn("###", "###", "###"), 3, 100},
		"ring":            {drawn("###", "#.#", "###"), 1, 1600 * 8 / (16. * 16)},
		"corner to touch": {drawn("##..", "##..", "..##", "..##"), 2, 1600 * 8 / (16. * 16)},
		"plus":            {drawn(".#.", "###", ".#."), math.Sqrt2, 1600 * 5 / (12. * 12)},
		"broad plus":      {drawn(".##.", "####", "####", ".##."), math.Sqrt(8), 1600 * 12 / (16. * 16)},
		"widest told":     {rectangle(64, 200), 64, 1600 * 64 * 200 / (528. * 528)},
		"wider":           {rectangle(90, 90), 64, 100},
		"as wide, across": {rectangle(200, 63), 63, 1600 * 63 * 200 / (526. * 526)},
	} {
		if got := w.width(c.patch); got != c.width {
			t.Errorf("%s: width %v, want %v", name, got, c.width)
		}
		if got := compact(c.patch); math.Abs(got-c.compact) > 1e-12 {
			t.Errorf("%s: compact %v, want %v", name, got, c.compact)
		}
	}
}

// TestFurther: every point that may stand beside every other, in rows of any length, becomes what it does alone.
func TestFurther(t *testing.T) {
	for length := range 20 {
		for r := range uint8(inside + 1) {
			for n := range uint8(inside + 1) {
				row, next, want := make([]uint8, length), make([]uint8, length), make([]uint8, length)
				for x := range length { // neighbours differ, so that one byte of a word may borrow from another
					row[x], next[x] = (r+uint8(x)*29)%(inside+1), (n+uint8(x)*17)%(inside+1)
					want[x] = row[x]
					if next[x] < row[x] {
						want[x] = next[x] + 1
					}
				}
				before := slices.Clone(row)
				if further(row, next); !slices.Equal(row, want) {
					t.Fatalf("%v beside %v becomes %v, want %v", before, next, row, want)
				}
			}
		}
	}
}

// grown is a random patch that hangs together by sides or corners.
func grown(rng *rand.Rand, rows, cols int32, share float64) (patch []trace.Run) {
	for r := range rows {
		for c := range cols {
			if r == 0 && c == 0 || rng.Float64() < share {
				patch = trace.Append(patch, trace.Run{Row: r, Col0: c, Col1: c + 1})
			}
		}
	}
	return patch
}

// cells is the set of cells of a patch.
func cells(patch []trace.Run) map[[2]int32]bool {
	set := map[[2]int32]bool{}
	for _, r := range patch {
		for c := r.Col0; c < r.Col1; c++ {
			set[[2]int32{r.Row, c}] = true
		}
	}
	return set
}

// twinCompact counts the sides of each cell by itself.
func twinCompact(patch []trace.Run) float64 {
	set, sides := cells(patch), 0.0
	for at := range set {
		for _, n := range [][2]int32{{at[0] - 1, at[1]}, {at[0] + 1, at[1]}, {at[0], at[1] - 1}, {at[0], at[1] + 1}} {
			if !set[n] {
				sides++
			}
		}
	}
	return 1600 * float64(len(set)) / (sides * sides)
}

// twinWidth measures from every point, in half cells, to the closed squares of all cells around that are not in the
// patch.
func twinWidth(patch []trace.Run) float64 {
	set, best := cells(patch), 0.0
	last := patch[len(patch)-1].Row
	east := int32(0)
	for _, r := range patch {
		east = max(east, r.Col1)
	}
	beyond := func(at, low float64) float64 { return max(0, low-at, at-low-2) } // from a square of two half cells
	for y := 0.0; y <= 2*float64(last+1); y++ {
		for x := 0.0; x <= 2*float64(east); x++ {
			nearest := math.Inf(1)
			for r := int32(-1); r <= last+1; r++ {
				for c := int32(-1); c <= east; c++ {
					if !set[[2]int32{r, c}] {
						nearest = min(nearest, math.Hypot(beyond(x, 2*float64(c)), beyond(y, 2*float64(r))))
					}
				}
			}
			best = max(best, nearest)
		}
	}
	return best
}

func TestShapeTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var w widths
	for i := range 300 {
		patch := grown(rng, 1+rng.Int32N(12), 1+rng.Int32N(12), []float64{0.5, 0.8, 0.95, 1}[i%4])
		if got, want := w.width(patch), min(twinWidth(patch), MaxWidth); math.Abs(got-want) > 1e-12 {
			t.Fatalf("patch %d: width %v, want %v: %v", i, got, want, patch)
		}
		if got, want := compact(patch), twinCompact(patch); math.Abs(got-want) > 1e-12 {
			t.Fatalf("patch %d: compact %v, want %v: %v", i, got, want, patch)
		}
	}
}

// moved is the patch so many cells further.
func moved(patch []trace.Run, rows, cols int32) []trace.Run {
	out := make([]trace.Run, len(patch))
	for i, r := range patch {
		out[i] = trace.Run{Row: r.Row + rows, Col0: r.Col0 + cols, Col1: r.Col1 + cols}
	}
	return out
}

// TestWidthAcrossTiles sets a block of cells of known width at all places of a long frame, so that it lies across the
// sides of tiles.
func TestWidthAcrossTiles(t *testing.T) {
	var w widths
	for _, at := range [][2]int32{{0, 0}, {30, 1000}, {215, 1010}, {230, 1023}, {255, 1024}, {256, 2040}, {300, 1020}} {
		var patch []trace.Run
		for r := int32(0); r < 400; r++ { // a column at the left and a row at the top
			run := trace.Run{Row: r, Col0: 0, Col1: 1}
			if r == 0 {
				run.Col1 = 2200
			}
			patch = append(patch, run)
			if r > 1 && r-2 >= at[0] && r-2 < at[0]+41 {
				patch = trace.Append(patch, trace.Run{Row: r, Col0: 1 + at[1], Col1: 1 + at[1] + 43})
			}
		}
		if got := w.width(patch); got != 41 {
			t.Errorf("%v: width %v, want 41", at, got)
		}
		if got := w.width(moved(patch, 1000, 77)); got != 41 {
			t.Errorf("%v: width %v elsewhere, want 41", at, got)
		}
	}
}

func TestShapeTakesNoMemory(t *testing.T) {
	var w widths
	patch := drawn(".##.", "####", "####", ".##.")
	w.width(patch)
	if n := testing.AllocsPerRun(100, func() { w.width(patch); compact(patch) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkShape(b *testing.B) {
	var w widths
	patch := drawn(".##.", "####", "####", ".##.")
	for b.Loop() {
		w.width(patch)
		compact(patch)
	}
}
