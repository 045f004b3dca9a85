// Package corroborate tells what other maps show on the ground of candidates: whether further pairs of maps, of other
// products and years, show the same change, and whether a newer map still shows what the ground became.
//
// The maps lie on grids and in reference systems of their own. Nothing is resampled: the outline of a candidate is
// moved to the lattice of each map and cut by its cells. Blocks of the maps are read where candidates lie, and nowhere
// else, through a [Cache] of decoded blocks that goroutines share.
package corroborate
