// Package files writes the GeoJSON and CSV files of every run, and reads the candidates back as a stranger would.
// README.md beside this file explains every file and column.
package files
