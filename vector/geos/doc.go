// Package geos reaches GEOS for what needs exact predicates: overlay, validity, repair and snapping of planar
// polygons. It needs cgo.
//
// All results hold only polygons (points and lines that an overlay leaves are dropped), with shells counter-clockwise
// and holes clockwise (x right, y up), in GEOS's normal order: they depend on the input's shape alone, not on what
// was computed before. No result is nil-and-no-error by failure: an empty MultiPolygon means that no area is left.
//
// GEOS does what it is best at: judging and repairing rings in doubt, and overlaying zones where rounding leaves it in
// doubt how their outlines meet. It is asked about validity only if package vector cannot prove it: see
// [Context.Valid].
//
// Its answers are checked by whoever asks. GEOS 3.11 was seen to return an empty intersection of overlapping polygons
// without an error (5 of 6,000 hostile chains of zones), so the parts of each split must add up.
package geos
