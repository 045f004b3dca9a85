// Package findings is what reports show of a run: columns with their Chinese labels, colours, and the candidates one by
// one. A report walks over the candidates as often as it likes, while the other files of the run are written; it reads
// no file of the run.
package findings
