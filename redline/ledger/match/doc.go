// Package match tells which cases of the ledger the detections of a run are: it compares cells with cells, within one
// transition group, and knows nothing of rules, severities and zones.
//
// # Edges
//
// A case of |A| cells and a detection of |B| cells that share c cells have an edge when c > |A|/2 or c > |B|/2.
// Components of the graph of all edges decide: [Match] calls them persisting, grown, and so on. All other pairs that
// share cells, touch, or have at most [NearCells] cells between them are told as near: hints for whoever judges.
//
// # Order
//
// The result depends on the cases and detections alone, not on the order in which they or their cells are given.
// Everything that might be equal is decided by ids in the end.
package match
