// Package tiles serves maps by tile: vector tiles (Mapbox Vector Tiles 2.1) of the collections of the service, and
// pictures of rasters, which a [Painter] draws. Tiles are those of the Web Mercator square (XYZ: row 0 is in the
// north).
//
// # Addresses
//
//	GET /tiles/{collection}/{z}/{x}/{y}.mvt    features of a collection; properties as in items filter them: ?state=open
//	GET /tiles/{run}/{layer}/{z}/{x}/{y}.png   a raster of a run: before, after, 2017, image_before, image_after
//	GET /tiles/{run}/legend                    classes of each raster: code, Chinese name, colour
//	GET /tiles/{id}                            TileJSON of a collection, or what rasters a run has
//
// # Vector tiles
//
// The layer of a tile is called what its features are: candidates, zones, cases. A tile has 4096 units along a side,
// and features reach 64 units beyond its edges. It holds each feature once whose geometry meets it or that margin, as
// the collection answers it for this box.
//
//   - From zoom 14 on, a vertex is at most half a unit from where it is. Below, outlines are simplified by at most 4
//     units and half of one; a hole that has no area left is left out.
//   - A polygon that is smaller than 16 units both ways is a point, the centre of its box. So is one that simplifying
//     and rounding leave without area or let cross itself: all polygons of a tile are valid, and nothing is dropped.
//   - Where more than 4,000 features meet a tile, it has counts instead, in a layer with _count behind the name: one
//     point for each of 32 × 32 cells of the tile that holds centres of features, in the mean of these, with count, the
//     highest severity, and the id where it is one feature. A feature is counted in the one tile where the centre of
//     its box lies.
//   - Zones and what covers them are areas, of which counts say nothing: there the 4,000 largest boxes are shown, by id
//     where they are equal, and left_out of each says how many are not.
package tiles
