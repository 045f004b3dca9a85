// Package parallel shares numbered pieces of work out among goroutines.
package parallel

import (
	"context"
	"sync"
)

// Each calls do for the numbers 0 … n−1, on one goroutine for each of the workers, which are what a goroutine needs for
// itself. Numbers are given out in ascending order, none any more after an error or when ctx is done, and what has
// begun is brought to its end: so the error of the smallest number, which Each returns, does not depend on the
// number of workers. When ctx is done Each returns its cause.
func Each[W any](ctx context.Context, workers []W, n int, do func(worker W, i int) error) error {
	var (
		mu     sync.Mutex
		next   int
		failed = n // smallest number with an error
		first  error
		wg     sync.WaitGroup
	)
	take := func() (i int, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == n || first != nil || ctx.Err() != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	for _, worker := range workers[:min(len(workers), n)] {
		wg.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				err := do(worker, i)
				mu.Lock()
				if err != nil && i < failed {
					failed, first = i, err
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return first
}
