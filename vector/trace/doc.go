// Package trace turns sets of lattice cells into polygons whose edges follow the cell
// edges exactly.
package trace
