package overlay

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// answers is all that covers of a lattice answer: rows, spans of a part of each row, and pieces.
func answers(s Stack, cols, rows int) string {
	var b bytes.Buffer
	for row := range int32(rows) {
		c := s.At(row)
		fmt.Fprintln(&b, "row", row, c.Row(row))
		c.Spans(row, int32(cols)/3, int32(cols)-int32(cols)/3, func(span Span) {
			fmt.Fprintln(&b, "span", span, span.Mixed())
			if span.Mixed() {
				err := c.Piece(span, func(p, q orb.Point) { fmt.Fprintln(&b, p, q) })
				fmt.Fprintln(&b, err)
			}
		})
	}
	return b.String()
}

// A cover that was sent answers the same; also in a stack, and where it is empty.
func TestCoversCanBeSent(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	var builder Builder
	mixed := 0
	for range 2000 {
		cols, rows, runs, region, ok := scene(t, rng)
		if !ok {
			continue
		}
		o, err := NewOutlines(cols, rows, []orb.MultiPolygon{region, nil, star(rng, cols, rows)})
		if err != nil {
			t.Fatal(err)
		}
		var bands Stack
		for row := 0; row < rows; {
			end := min(rows, row+1+rng.IntN(3))
			band, err := builder.Cover(o, row, end, nil)
			if err != nil {
				t.Fatal(err)
			}
			bands = append(bands, band.Excerpt(func(yield func(int32, [2]int32) bool) {
				for r := row; r < end && r%5 > 0; r++ { // not all rows
					if !yield(int32(r), [2]int32{0, int32(cols)}) {
						return
					}
				}
			}))
			row = end
		}
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(bands); err != nil {
			t.Fatal(err)
		}
		sent := Stack{new(Cover)}
		if err := gob.NewDecoder(&b).Decode(&sent); err != nil {
			t.Fatal(err)
		}
		if got, want := answers(sent, cols, rows), answers(bands, cols, rows); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
		for row := range int32(rows) {
			got, want := describe(sent.At(row), row, 0, int32(cols)), describe(bands.At(row), row, 0, int32(cols))
			if got != want {
				t.Fatalf("row %d: got %s, want %s", row, got, want)
			}
		}
		want, errWant := new(Clipper).Clip(bands, runs, 0)
		got, err := new(Clipper).Clip(sent, runs, 0)
		if fmt.Sprint(got, err) != fmt.Sprint(want, errWant) {
			t.Fatalf("a patch is cut to %v %v, want %v %v", got, err, want, errWant)
		}
		for _, c := range sent {
			mixed += len(c.cells)
		}
	}
	if mixed < 5000 {
		t.Errorf("only %d mixed cells", mixed)
	}
}

// Bytes that are no cover are refused.
func TestSentCoverIsDamaged(t *testing.T) {
	text, err := build(t, 5, 4, orb.MultiPolygon{{{{0.5, 0.5}, {3, 1}, {2, 3}, {0.5, 0.5}}}}).GobEncode()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{nil, text[:len(text)/2], []byte("cover")} {
		if new(Cover).GobDecode(bad) == nil {
			t.Errorf("%d bytes pass for a cover", len(bad))
		}
	}
}
