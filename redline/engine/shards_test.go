package engine

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/territory"
)

// runInShards runs in n shards, each with inputs and ground of its own as on another machine, in any order and with
// any number of workers; the parts are sent, and joined.
func runInShards(
	t *testing.T, in *redline.Inputs, o redline.Options, n int, rng *rand.Rand,
) (found *collector, sum *redline.Summary, busy int) {
	t.Helper()
	found = newCollector()
	prepared, err := Divide(t.Context(), in, Tuning{Workers: 2}, newOverlayer)
	if err != nil {
		t.Fatal(err)
	}
	division := func() *territory.Division {
		d, err := prepared.Division(in.Grid.Cols, in.Grid.Rows)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	ports := func() Ports { return Ports{NewOverlayer: newOverlayer, Sink: found, Division: division()} }
	cuts := Cuts(in, division().Territory, n)
	if len(cuts) != n+1 || cuts[0] != 0 || cuts[n] != in.Grid.Rows || !slices.IsSorted(cuts) {
		t.Fatalf("cuts %v", cuts)
	}
	parts := make([]*Part, n)
	for _, i := range rng.Perm(n) {
		tune := Tuning{Workers: 1 + rng.IntN(3), Tile: rng.IntN(5)}
		c, err := BeginRows(t.Context(), in, o, tune, [2]int{cuts[i], cuts[i+1]}, &redline.Progress{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := c.Part(ports())
		c.Stop()
		if err != nil {
			t.Fatal(err)
		}
		if part != nil {
			parts[i] = sent(t, part)
			busy++
		}
	}
	j, err := NewJoin(t.Context(), in, o, Tuning{Workers: 1}, ports())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, part := range parts {
		if part == nil {
			continue
		}
		if err := j.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	if sum, err = j.Finish(); err != nil {
		t.Fatal(err)
	}
	return found, sum, busy
}

func TestShardsAreARun(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	candidates, busy, surveys, dated := 0, 0, 0, 0
	for scene := range 120 {
		s := newTwinScene(t, rng)
		var inCounty [][]bool
		for range rng.IntN(4) {
			s.addCounty(rng, &inCounty)
		}
		if rng.IntN(2) == 0 {
			s.addMaps(t, rng)
			dated++
		}
		o := redline.Options{Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: float64(rng.IntN(3))},
			MinSeverity: 1, Survey: rng.IntN(3) > 0}
		wantFound, want, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		n := []int{1, 2, 3, 7, 64}[scene%5]
		found, sum, made := runInShards(t, s.in, o, n, rng)
		if textOf(found) != textOf(wantFound) {
			t.Fatalf("%d shards have the candidates\n%s\nwant\n%s", n, textOf(found), textOf(wantFound))
		}
		if !reflect.DeepEqual(sum, want) {
			t.Fatalf("%d shards have the summary\n%+v\nwant\n%+v", n, sum, want)
		}
		candidates, busy = candidates+len(found.found), busy+made
		if sum.Survey != nil {
			surveys++
		}
	}
	if candidates < 300 || busy < 400 || surveys < 40 || dated < 30 {
		t.Errorf("%d candidates, %d shards with rows, %d surveys, %d with maps between: too few to mean anything",
			candidates, busy, surveys, dated)
	}
}

// blocks counts the blocks that are read of a source: each once for each call that reads a cell of it.
type blocks struct {
	raster.Source
	read atomic.Int64
}

func (b *blocks) Open() (raster.Reader, error) {
	r, err := b.Source.Open()
	return blocksReader{r, b}, err
}

type blocksReader struct {
	raster.Reader
	of *blocks
}

func (r blocksReader) Read(w raster.Window, dst []uint8) error {
	cols, rows := r.of.BlockSize()
	along := func(from, n, block int) int64 { return int64((from+n-1)/block - from/block + 1) }
	r.of.read.Add(along(w.Col, w.Cols, cols) * along(w.Row, w.Rows, rows))
	return r.Reader.Read(w, dst)
}

// A shard reads each block of its rows once, and no other, also when those of the epochs are not of one size. Shards
// with much ground in zones have fewer rows.
func TestWhatAShardReads(t *testing.T) {
	for _, sides := range [][2]int{{16, 16}, {16, 12}, {7, 5}, {10, 45}} {
		t.Run(fmt.Sprint(sides), func(t *testing.T) { shardsRead(t, sides) })
	}
}

// shardsRead checks what shards read of epochs with blocks of these sides.
func shardsRead(t *testing.T, sides [2]int) {
	t.Helper()
	const rows, cols, n = 700, 300, 5
	zone := orb.MultiPolygon{{{{0, 400}, {cols, 400}, {cols, rows}, {0, rows}, {0, 400}}}}
	in := flatInputs(t, cols, rows, []redline.Zone{{Layer: redline.LayerRedLine, ID: "a", Type: redline.RedLine,
		Shape: zone, TotalM2: 900 * 300 * cols}}, func(row, col int) bool { return row*col%7 == 0 })
	memories := [2]*raster.Memory{in.Before.Source.(*raster.Memory), in.After.Source.(*raster.Memory)}
	memories[0].Block, memories[1].Block = sides[0], sides[1]
	sources := [2]*blocks{{Source: memories[0]}, {Source: memories[1]}}
	in.Before.Source, in.After.Source = sources[0], sources[1]
	o := redline.Options{Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: 1}, MinSeverity: 1}
	prepared, err := Divide(t.Context(), in, Tuning{Workers: 1}, newOverlayer)
	if err != nil {
		t.Fatal(err)
	}
	d, err := prepared.Division(cols, rows)
	if err != nil {
		t.Fatal(err)
	}
	cuts := Cuts(in, d.Territory, n)
	if all := sources[0].read.Load() + sources[1].read.Load(); all != 0 {
		t.Errorf("the plan reads %d blocks", all)
	}
	for i := range n {
		c, err := BeginRows(t.Context(), in, o, Tuning{Workers: 2}, [2]int{cuts[i], cuts[i+1]}, &redline.Progress{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Part(Ports{NewOverlayer: newOverlayer, Sink: newCollector(), Division: d})
		c.Stop()
		if err != nil {
			t.Fatal(err)
		}
		for e, s := range sources {
			block := sides[e]
			own := int64((cuts[i+1]+block-1)/block-cuts[i]/block) * int64((cols+block-1)/block)
			if got := s.read.Swap(0); got != own || own == 0 {
				t.Errorf("rows %d to %d, epoch %d: %d blocks are read, want %d", cuts[i], cuts[i+1], e, got, own)
			}
		}
	}
	if first, last := cuts[1], rows-cuts[n-1]; first < 2*last {
		t.Errorf("%d rows outside of zones are as heavy as %d inside", first, last)
	}
}
