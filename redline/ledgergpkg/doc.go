// Package ledgergpkg keeps a ledger in one file, a GeoPackage 1.3 (OGC 12-128r17) that QGIS opens: a layer of cases
// with their present state, and tables of events, detections, and of where the chain ends. See package rows for the
// columns.
//
// # Who may write
//
// One [Store] at a time may write to a file, in whatever process: it holds the lock of a file beside it. Any
// number may read meanwhile, QGIS among them. Triggers refuse, in Chinese and English, whatever somebody else than this
// program wants to change by SQL or in QGIS. They keep honest people from accidents; what dishonest ones change in
// spite of them the hash chain and the check of rows tell.
//
// # What survives
//
// An append is one transaction in SQLite's write-ahead log with synchronous=FULL: it counts from the moment that the
// log was synced, which is the last thing that [Store.Append] does. With NORMAL nothing would be synced in an append,
// and a loss of power could take it away; a rollback journal would be synced as well, but takes more syncs, and keeps
// readers out meanwhile. TestAppendIsSynced counts that. When the disk fails for good while the log is synced, an
// append fails although its events may be found there later: all of them, or none. When the last store closes, the log
// is taken into the file again, which then is one plain file.
//
// # Where
//
// On a network share SQLite's locks may not hold, and shared memory does not reach other machines. [OnNetwork] tells so
// that a command can warn.
package ledgergpkg
