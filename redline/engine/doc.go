// Package engine turns two land-cover epochs and a set of zones into candidates.
//
// A run has a plan: classes, tiles, and who controls which ground. By it any band of rows becomes a [Part]: matrix,
// patches, and sums of candidates. Parts of neighbouring bands are joined from top to bottom; the part of all bands is
// finished with balances and totals of zones, the [redline.Summary]. Candidates go to a [Sink] as soon as their patch
// is known whole.
//
// # Patches come from runs, not cells
//
// One worker compares, labels and cuts a band. Only patches that touch the edge of a band are cut after the join, and
// patches outside all zones are only counted. A Part is a plain value that survives encoding/gob, so that another
// process can make it.
//
// # Shards
//
// Processes that know nothing of each other can each compare some rows of the grid, at [Cuts]: [Divide] divides the
// ground once for all of them, [BeginRows] and [Comparison.Part] make the part of the rows, and a [Join] joins these
// parts and finishes the run. The candidates and the summary are those of [Run].
//
// # Dates are cut as classes are
//
// With maps between the epochs, [dating.Dater] dates the cells of patches that may be kept while their band is at hand,
// and their runs are cut where the dates change. So the area of a part by date is summed as that by pair of classes: of
// whole cells and of pieces, exactly, and alike however the work is shared out. What is dated depends on severity and
// size alone, and the dates on nothing else; so they are known before a rule is chosen.
//
// # Two ways to every sum
//
// The changed area of a zone is summed from cells and pieces of outline while a band is located (coverage), and again
// from the polygons of the candidates. The two are compared for each single candidate, and in total before anything is
// published. Classes are counted from the symbols, and again from the matrix.
//
// # One severity for each change type and zone type
//
// The order of zones never depends on severity, since one change type has one severity in all zones of a type.
package engine
