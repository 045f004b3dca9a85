// Package overlay cuts patches of cells by regions.
//
// [Outlines] are the polygons of one set, its regions, on a lattice. A [Cover] holds what they cover of a band of
// rows, as rows of spans: cells wholly inside a region cost nothing to answer for, and only the cells that an edge
// passes, the mixed cells, keep a piece of the outline. A [Clipper] joins those pieces with the outline of a patch.
// [Centres] tells which cells have their centres in a region. [Halve] and [Join] cut polygons into tiles and put them
// together again.
//
// All coordinates are lattice coordinates. Polygon vertices that lie on a lattice line u = k or v = k count as lying
// infinitesimally right of, or below, that line; so no vertex is ever on the border of a cell, and the answers for
// two cells never contradict each other.
//
// The overlay of patches with zones is our own. A patch is rectilinear and a zone's outline passes few of its cells,
// so the cut needs no general overlay: a Cover follows each outline from cell to cell, and [Clipper.Clip] links
// pieces of outline with sides of cells by equal coordinates. This keeps the zones' own vertices to the last bit,
// runs without cgo, and is tested cell by cell against Sutherland–Hodgman clipping and for validity. A cut may touch
// itself along an edge where the zone's outline runs on cell edges: seldom in random scenes, in about 1 of 100 cuts
// on the test corpora of GEOS and JTS.
//
// The ground is known band by band. The cells that outlines pass are found for the rows of one band, in memory that
// the next band uses again: for the whole raster they took 120 MB, and as much again to put them together. A chunk of
// outline is some 32 edges, or 256 steps of a long one; whoever follows it begins in the middle of a stay in a cell
// and leaves that to the chunk before, so nobody has to go round the ring first. Steps have numbers that do not
// depend on the band, by which a cut knows that an edge only passes from cell to cell. TestBands compares bands of
// any height with the whole, to the last bit.
//
// Ground is cut into tiles so that several workers can divide it. The lines of [Halve] keep clear of all vertices.
// [Join] puts pieces together by dropping the vertices on the lines, so that a joined outline has its own vertices
// and no others.
//
// In degrees with seven decimals an outline that runs beside lines of cells folds: it leads there and back, with no
// ground between. [Unfolder] leaves the folds out where that is all there is to do, as GEOS would by snapping to the
// grid, in a tenth of its time: of 11,203 cuts of a scene whose zones share borders with the cells, 1,955 fold, and it
// unfolds 1,923.
//
// A centre on an outline belongs to what lies east of it, or south where the outline runs east to west. So counties
// sum to the province to the last cell.
package overlay
