// Package engine turns two land-cover epochs and a set of zones into candidates.
//
// A run is a plan (classes, tiles, who controls which ground), of which any band of rows makes a [Part]: its matrix, its
// patches, its candidates' sums. Parts of neighbouring bands are joined, from top to bottom, and what is left at the
// end is finished: balances, totals of zones, the [redline.Summary]. Candidates go to a [Sink] as soon as their patch
// is known whole.
//
// # Patches come from runs, not cells
//
// A band is compared, labelled and cut by one worker; only patches that touch a band's edge wait for the join, and
// patches outside all zones are only counted. A Part is a plain value that survives encoding/gob, so that it can be
// made elsewhere.
//
// # Two ways to every sum
//
// Change by zone is found from spans and pieces of outline while a band is located (coverage), and again from the
// polygons of the candidates; each single part is compared too, and the totals before anything is published. Classes
// are counted from the symbols, and again from the matrix.
//
// # One severity for each change type and zone type
//
// The order of zones never depends on severity, since one change type has one severity in all zones of a type.
package engine
