// Package review writes what a reviewer opens in QGIS: a GeoPackage, a project that shows it,
// and the style of the candidates. README.md beside this file explains layers and columns.
//
// # SQLite by a library
//
// review.gpkg is written by SQLite translated to Go (zombiezen.com/go/sqlite), without a journal
// and with fixed times, so that the same findings give the same bytes. GDAL's writer puts the
// time of day in the file. The spatial index is filled row by row beside each table, and kept in
// step with edits by the triggers of the standard.
package review
