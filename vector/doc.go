// Package vector works on polygons in the plane: coding them as WKB, their area and
// the orientation of their rings. Inside the program a geometry is an
// [orb.MultiPolygon]; go-geom appears only in this package, where geometry is coded.
//
// Everything here is pure Go, holds no state, and may be called concurrently. The
// folders below it trace cells into rings, overlay patches with zones, and reach GEOS
// (geos) and files (gdalvector).
//
// Signs and orientation assume x to the right and y up. In lattice coordinates, where
// v grows south, counter-clockwise reads as clockwise on the map.
package vector
