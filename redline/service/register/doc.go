// Package register is the ledger as the service reads it:
//
//	collections cases, leads and followups    for features, tiles and pages
//	GET /cases/{id}                           all that is known of a case ([Case]), ETag "SEQ" for If-Match
//	GET /cases/{id}/events?after=&limit=      its history in parts, by the numbers of events
//	GET /vocabulary                           all codes with their Chinese, and which reason a verdict needs
//	GET /standing?day=                        how far cases are, by city and county ([Standing])
//
// Queries choose features without a value of a property by the value "". A day lasts from midnight to midnight in UTC.
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
