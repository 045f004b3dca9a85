// Package overlay cuts patches of cells by polygons, exactly, and polygons by each other
// where their outlines merely cross.
//
// [Outlines] are the polygons of one set, its regions, on a lattice. A [Cover] holds what
// they cover of a band of rows, as rows of spans: cells wholly inside a region cost
// nothing to answer for, and only the cells that an edge passes, the mixed cells, keep a
// piece of the outline. A [Clipper] joins those pieces with the outline of a patch.
// [Meet] finds what two polygons share.
//
// All coordinates are lattice coordinates. Polygon vertices that lie on a lattice line
// u = k or v = k count as lying infinitesimally right of, or below, that line; so no
// vertex is ever on the border of a cell, and the answers for two cells never
// contradict each other.
package overlay
