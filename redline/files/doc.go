// Package files writes what every run writes, GeoJSON and CSV, and reads the candidates back as a stranger would.
// README.md beside this file explains every file and column.
package files
