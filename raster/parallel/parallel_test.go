package parallel

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

func TestEach(t *testing.T) {
	for workers := range 9 {
		for n := range 20 {
			done := make([]atomic.Int32, n)
			var mine [9]atomic.Int32
			numbers := make([]int, workers)
			for w := range numbers {
				numbers[w] = w
			}
			err := Each(t.Context(), numbers, n, func(w, i int) error {
				if mine[w].Add(1) != 1 {
					t.Errorf("worker %d is used twice at once", w)
				}
				done[i].Add(1)
				mine[w].Add(-1)
				return nil
			})
			for i := range done {
				if want := int32(min(workers, 1)); done[i].Load() != want || err != nil {
					t.Fatalf("%d workers, number %d of %d: done %d times, %v", workers, i, n, done[i].Load(), err)
				}
			}
		}
	}
}

// TestEachFirstError: several numbers fail, the larger ones sooner, and always the smallest one is named.
func TestEachFirstError(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		later := make(chan struct{})
		err := Each(t.Context(), make([]struct{}, workers), 100, func(_ struct{}, i int) error {
			switch {
			case i == 10 && workers > 1:
				<-later // until a larger number has failed
				return fmt.Errorf("number %d", i)
			case i == 10:
				return fmt.Errorf("number %d", i)
			case i == 11:
				defer close(later)
				return fmt.Errorf("number %d", i)
			case i > 11+workers:
				t.Errorf("number %d has begun after an error", i)
			}
			return nil
		})
		if err == nil || err.Error() != "number 10" {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

func TestEachStops(t *testing.T) {
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	begun := 0
	err := Each(ctx, make([]struct{}, 1), 100, func(_ struct{}, i int) error {
		begun++
		if i == 3 {
			cancel(cause)
		}
		return nil
	})
	if !errors.Is(err, cause) || begun != 4 {
		t.Errorf("%d begun, %v", begun, err)
	}
}
