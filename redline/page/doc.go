// Package page writes report.html: what a run found, for people who have no GIS, on one page.
// README.md beside this file says what stands on it.
//
// # The page needs nothing else
//
// The page is one file and asks nothing of any network. Charts are drawn by Apache ECharts, of
// which the page holds what it uses (assets/README.md). A Content-Security-Policy names the
// scripts by their hashes and forbids every request, so that a name from a user's file that
// slipped through all escaping still could not run.
//
// Maps and chips are drawn here from the data: a pixel for a cell, in the colours of the legend.
// The same page is the print: rows of tables stay whole, and their heads come again on each page.
//
// # One pass
//
// All charts come from one pass over the candidates and one over the suppressed changes
// (tally.go), whatever their number; of a candidate only what it is sorted by is kept, and all of
// the worst ones. The list of all candidates (index.go) comes from another pass in its own order
// and is kept compressed.
package page
