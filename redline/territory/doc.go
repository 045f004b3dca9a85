// Package territory says who controls which ground where zones overlap.
//
// Zones are ordered by precedence: the strictest type first, then the smaller id. A territory is a zone without all
// stricter zones. The ground that a territory has in common with weaker zones becomes regions of a second set, by
// which overlaps of candidates are measured without any geometry: one region for each set of weaker zones, so that
// hundreds of zones over the same ground do not make hundreds of regions over each cell.
//
// # Zones are arranged together, not overlaid pair by pair
//
// Real layers share their borders: functional zones with each other, a red line with the reserve whose outline it
// adopted, parts with their neighbours. [arrangement.New] nodes the outlines of a tile once and together, whether they
// cross or coincide, and tells which ground lies in which zones; a territory is the ground whose strictest zone it is.
// Tiles are halves of halves of a cluster of zones, of some 16,384 vertices, cut by lines that keep clear of all
// vertices, so that workers share the work and memory stays near. Pieces are joined by dropping the vertices on the
// lines, so that a joined outline has its own vertices and no others. Where pieces do not meet, the ground is cut by
// other lines, and in the end not at all.
//
// Where rounding leaves an arrangement in doubt, its tile is halved until only some 512 vertices are left around the
// place, and these are overlaid pair by pair by an [Overlayer]. GEOS needs time that may grow with the square of what
// it gets, and GEOS 3.11 was seen to return an empty intersection of overlapping polygons without an error, in 5 of
// 6,000 hostile chains of zones.
//
// # Whatever was found must add up
//
// The parts of each split must have the area of the whole, and what a zone has in all territories the area of the
// zone. The union of all zones must have the area of all territories. And without any overlay or arrangement, the
// strictest zone over the centre of a cell must be the one whose territory that centre lies in: rows are looked up in
// the zones as they were read and in the territories as they were put together.
package territory
