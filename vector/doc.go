// Package vector works on polygons in the plane: coding them as WKB, their area and the orientation of their rings, a
// tree of boxes over their edges, and proofs that they are valid. Inside the program a geometry is an
// [orb.MultiPolygon]; go-geom appears only in this package, where geometry is coded.
//
// Everything here is pure Go. Functions hold no state and may be called concurrently; a [Prover] and a [BoxTree] keep
// memory and belong to one goroutine at a time. The folders below it trace cells into rings, overlay patches with
// zones, and reach GEOS (geos) and files (gdalvector).
//
// Signs and orientation assume x to the right and y up. In lattice coordinates, where v grows south,
// counter-clockwise reads as clockwise on the map.
//
// Validity is judged in three steps, of which each leaves to the next what it cannot decide: package geos makes them.
// GEOS needs more than a minute to judge a noisy ring of a million vertices. So whatever is to be judged is first
// compared with itself in a tree of boxes, where only edges whose boxes meet are looked at, with predicates that know
// when rounding leaves them in doubt ([Prover]). What has 10,000 vertices and is in doubt, or has too many such
// edges, is swept over ([CertainlyValid]). Rings that touch in vertices of both, as those traced from cells do, are
// proved valid too. Only what that leaves goes to GEOS: outlines that touch otherwise, which are valid at times, and
// all that is invalid, whose fault GEOS names. On the benchmark's layers that were digitised twice (slivers) that is
// 148 of 51,000 shapes, and 2 of 8,000 on anhui-30m.
//
// What is invalid because rings touch themselves or have edges in common, as zones traced from cells by other programs
// do, is mended here as well ([Prover.Mend]); GEOS repairs what else is wrong, without the holes that are well, and
// names the fault of each.
package vector
