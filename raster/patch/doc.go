// Package patch finds patches: maximal connected sets of cells of one change type, over the whole raster, from runs
// and never from single cells.
//
// The raster is cut into bands of rows. A [Labeler] finds the patches of one band; those that touch a neighbouring
// band stay open. [Join] joins two adjacent bands along their seam. So one worker compares, labels and cuts a band by
// itself, only the patches that touch a band's edge wait for the join, and patches outside all zones are only
// counted. Bands are plain values, which survive encoding/gob: they can be sent and joined elsewhere. However the
// raster is cut, and in whatever order neighbours are joined, the patches are the same: the tests hold random
// cuttings, joined in random order, against a flood fill.
package patch
