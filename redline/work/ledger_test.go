package work

import (
	"errors"
	"testing"

	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/vector/trace"
)

// counting is a sink that counts.
type counting struct {
	engine.Sink
	puts int
}

func (n *counting) Put(redline.Key, *redline.Candidate, []redline.Overlap) error {
	n.puts++
	return nil
}

// TestCollectorCountsCells: the cells of patches count together with those of the ledger, once for each patch; what is
// too many is told with the memory that there is, and nothing more is kept.
func TestCollectorCountsCells(t *testing.T) {
	const runs, of = 100, 7
	put := func(c *collector) error {
		return c.Put(redline.Key{}, &redline.Candidate{PatchM2: 900, Patch: &redline.Patch{ID: "p", Cells: make([]trace.Run, runs)}}, nil)
	}
	for maxMemory, fits := range map[int64]int{0: 20, 2 * CellBytes(of+10*runs): 10, 2*CellBytes(of+10*runs) - 2: 9, 2 * CellBytes(of): 0} {
		sink := &counting{}
		c := &collector{Sink: sink, limit: LedgerBytes(maxMemory), bytes: CellBytes(of)}
		var err error
		for range 20 {
			if err = put(c); err != nil {
				break
			}
			if err := c.Put(redline.Key{}, &redline.Candidate{}, nil); err != nil { // another part of the patch, or suppressed
				t.Fatal(err)
			}
		}
		if len(c.all) != fits || sink.puts != 2*fits {
			t.Errorf("%d bytes: %d patches fit, and %d candidates", maxMemory, len(c.all), sink.puts)
		}
		if fits < 20 && (redline.KindOf(err) != redline.Limit || err.Error() != TooManyCells(maxMemory/2).Error()) || fits == 20 && err != nil {
			t.Errorf("%d bytes: %v", maxMemory, err)
		}
	}
	if text := errors.Unwrap(TooManyCells(64 << 20)); text == nil || TooManyCells(64<<20).Error() != "the cells of the cases of the ledger, and of the patches that are compared with them, need more than 64 MiB, half of --max-memory; raise it" {
		t.Errorf("%v", TooManyCells(64<<20))
	}
}
