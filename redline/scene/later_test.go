package scene

import (
	"bytes"
	"testing"
)

// TestLaterEpoch: the third epoch of the demo is the second one but in its windows, and has there what they say.
func TestLaterEpoch(t *testing.T) {
	s, err := New(Default())
	if err != nil {
		t.Fatal(err)
	}
	cols, rows := s.Grid().Cols, s.Grid().Rows
	changed := make([]int, len(story))
	for row := range rows {
		var epochs [3][]uint8
		for e := range epochs {
			epochs[e] = make([]uint8, cols)
			s.Row(e, row, epochs[e])
		}
		want := bytes.Clone(epochs[1])
		for i, l := range story {
			for col := l.Col; col < l.Col+l.Cols && row >= l.Row && row < l.Row+l.Rows; col++ {
				before := epochs[0][col]
				switch {
				case l.how == unseen:
					want[col] = 0
				case l.how == restored:
					want[col] = before
				case before == forest || before == cropland:
					want[col] = impervious
				}
				if want[col] != epochs[1][col] {
					changed[i]++
				}
			}
		}
		if !bytes.Equal(epochs[2], want) {
			t.Fatalf("row %d: %v, want %v", row, epochs[2], want)
		}
	}
	for i, n := range changed {
		if n < 10 {
			t.Errorf("window %d changes %d cells", i, n)
		}
	}
}

// TestOnlyTheDemoHasALaterEpoch: other scenes have two.
func TestOnlyTheDemoHasALaterEpoch(t *testing.T) {
	p := Default()
	p.Seed++
	s, err := New(p)
	if err != nil || s.Later() {
		t.Errorf("%v, %v", s.Later(), err)
	}
}
