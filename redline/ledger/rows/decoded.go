package rows

import (
	"iter"
	"runtime"
)

// A chunk of rows is read, then decoded while the next ones are read; it ends where its values have so many bytes.
const (
	chunkRows  = 256
	chunkBytes = 1 << 20
)

// Decoded yields what rows say, in their order, decoded by other goroutines while more rows are read. An error of rows
// comes after the things before it, and ends it.
func Decoded[T any](rows iter.Seq2[[]any, error], of func(row []any) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var waiting []*chunk[T]
		next, bytes := &chunk[T]{}, 0
		begin := func() {
			waiting = append(waiting, next)
			next.begin(of)
			next, bytes = &chunk[T]{}, 0
		}
		end := func(left int) bool { // yields all but so many chunks
			for ; len(waiting) > left; waiting = waiting[1:] {
				if !waiting[0].give(yield) {
					return false
				}
			}
			return true
		}
		for row, err := range rows {
			if err != nil {
				begin()
				var none T
				if end(0) {
					yield(none, err)
				}
				return
			}
			next.rows = append(next.rows, row)
			if bytes += size(row); len(next.rows) < chunkRows && bytes < chunkBytes {
				continue
			}
			if begin(); !end(runtime.GOMAXPROCS(0)) {
				return
			}
		}
		begin()
		end(0)
	}
}

// size returns how many bytes the values of a row have that can be long.
func size(row []any) (bytes int) {
	for _, v := range row {
		switch v := v.(type) {
		case string:
			bytes += len(v)
		case []byte:
			bytes += len(v)
		}
	}
	return bytes
}

// chunk is rows with what they say.
type chunk[T any] struct {
	rows   [][]any
	things []T
	errs   []error
	done   chan struct{}
}

// begin decodes the rows in another goroutine.
func (c *chunk[T]) begin(of func(row []any) (T, error)) {
	c.done = make(chan struct{})
	go func() {
		defer close(c.done)
		for _, row := range c.rows {
			thing, err := of(row)
			c.things, c.errs = append(c.things, thing), append(c.errs, err)
		}
		c.rows = nil
	}()
}

// give yields what the rows say.
func (c *chunk[T]) give(yield func(T, error) bool) bool {
	<-c.done
	for i := range c.things {
		if !yield(c.things[i], c.errs[i]) {
			return false
		}
	}
	return true
}
