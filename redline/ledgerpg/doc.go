// Package ledgerpg keeps a ledger in PostgreSQL 15 or later with PostGIS, in the schema "ledger" of a database, for
// many people at once. See package rows for the columns.
//
// # Who may do what
//
// Migration 0002 makes four roles that cannot log in; a keeper of the database grants them to people's own roles, and
// says in ledger.people who they are and which cases are theirs, by the beginning of the county's code:
//
//   - ledger_reader sees all
//   - ledger_reviewer sees the cases of its counties and edits the layer ledger.judging
//   - ledger_acceptor sees them likewise and edits the layer ledger.accepting
//   - ledger_keeper sees all, and is who the commands write as: only it appends
//
// Grants and row-level security hold this, whatever client is used. Nobody changes or deletes events or detections:
// triggers refuse that; what a superuser does in spite of them the hash chain tells.
//
// # Edits in QGIS
//
// The layers are views. What somebody writes there is kept in ledger.edits, with the last event of the case that he had
// seen ([Store.Edits]), and becomes an event when a command brings it in. It is no event at once, since the rules of
// what a case may become, and the JSON that hashes are of, are in the program: made a second time in SQL they would be
// a second truth. Each sees his own edits in the layer, and those of others in a column; two who edit the same field
// both keep what they wrote, and bringing them in makes a conflict. The key of a layer's row is the case with its last
// event: whoever saves a case that has moved on since he read it is told so.
//
// # Writing
//
// An append is one transaction, which locks the row of the head before it compares it. Whoever read an older head is
// refused. When the connection is lost while it commits, the store asks the server anew whether the head has moved; the
// hash of the head tells without doubt whose append that was.
package ledgerpg
