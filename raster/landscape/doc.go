// Package landscape measures the pattern of class maps: patches and edges of each class in each of several units,
// which may overlap. It works on runs of cells, row by row, in bands that join along their seams. However the raster
// is cut into bands, the numbers are the same.
//
// Some of the units may be parts, as counties are, in one family or several: no cell belongs to two parts of a family.
// What larger units made of parts of a family have follows from what the parts have and from where their patches touch,
// so cells are counted once: [Band.Groups] joins the patches that are linked across a border, and adds the edges along
// it.
//
// Both epochs are measured at once. Most cells have one class in both, and what is connected of them is connected in
// both, so it is labelled once; only runs that changed, and what they touch, have labels in each epoch.
package landscape
