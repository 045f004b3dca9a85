package rows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestDecoded: things come in the order of their rows, each once, with their errors; who has enough is given no more.
func TestDecoded(t *testing.T) {
	odd, cut := errors.New("odd"), errors.New("cut off")
	for _, n := range []int{0, 1, chunkRows - 1, chunkRows, 10*chunkRows + 7} {
		for _, long := range []string{"", strings.Repeat("x", chunkBytes/3)} {
			if long != "" && n > chunkRows {
				continue
			}
			read := 0
			rows := func(yield func([]any, error) bool) {
				for i := range n {
					read++
					if !yield([]any{int64(i), long, []byte(long)}, nil) {
						return
					}
				}
				yield(nil, cut)
			}
			of := func(row []any) (int64, error) {
				if v := row[0].(int64); v%7 == 3 {
					return v, odd
				}
				return row[0].(int64), nil
			}
			var got, want []string
			for i := range n {
				err := error(nil)
				if i%7 == 3 {
					err = odd
				}
				want = append(want, fmt.Sprint(i, err))
			}
			want = append(want, fmt.Sprint(0, cut))
			for v, err := range Decoded(rows, of) {
				got = append(got, fmt.Sprint(v, err))
			}
			if !slices.Equal(got, want) {
				t.Errorf("of %d rows: %d things, want %d", n, len(got), len(want))
			}
			if n < 5*chunkRows {
				continue
			}
			read = 0
			for v := range Decoded(rows, of) {
				if v == 5 {
					break
				}
			}
			if read == 0 || read == n {
				t.Errorf("for six of %d rows %d were read", n, read)
			}
		}
	}
}
