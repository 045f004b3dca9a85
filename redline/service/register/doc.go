// Package register is the ledger as the service reads it: its cases, leads and follow-ups as collections, each case with
// all that is known of it, the vocabulary, and the standing of counties.
//
// # What is in memory
//
// A [Register] keeps of each case what lists tell and choose by, and its outline while there is room for it; the ground
// as cells, the history and the detections are read from the store when somebody asks. What is kept is of one head of
// the ledger. Each request reads the head, which costs nothing; when the ledger has grown, the events after the known
// head tell which cases to read again, whoever wrote them, and the next state is made beside the one that others still
// read. A ledger that was replaced by another, such as its backup, is read anew.
//
// # When the store does not answer
//
// Nothing is answered from memory that the store has not confirmed to be its present state: requests fail with
// [collection.Unavailable], which is 503 with Retry-After, until the store answers again.
package register
