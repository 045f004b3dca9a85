// Package change compares two epochs cell by cell: it finds maximal runs of cells with one transition and fills the
// transition matrix.
//
// Only what differs is looked at. Where all cells of a row have one area, as on grids in degrees, and a stretch of
// 4,096 cells has no NoData, only the cells whose symbols differ between the epochs make runs; what did not change is
// what is left of the counts of each symbol (bytes.Count). So the margin of the matrix before follows from how the
// matrix is made, and the margin after is the check, against a count of its own. Projected grids are compared run by
// run, 7 to 8 times as slowly (BenchmarkRow).
package change
