// Package ledger is the words and rules of the ledger (台账): what is kept of places that somebody has to answer
// for, over years and many runs. It does no I/O but through its port [Store].
//
// # Three objects
//
// A [Detection] is what one run found on one place: a whole patch with its cells. It never changes. A [Case]
// (问题点位) is a place that somebody has to answer for; its id outlives runs, rules, legends and zones. An [Event]
// is what a person or a run said of a case. Events are only ever appended. Everything in a Case follows from its
// events: [Case.Apply] is the only thing that changes one, and [Verify] computes all cases anew and compares.
//
// # The chain
//
// Events are numbered from 1 without gaps. Each has the hash of the one before and its own, which is the SHA-256 of
// its canonical JSON ([Event.Canonical]). An event of kind [Detected] has the hash of its detection
// ([Detection.Hash]) in its fields, so that the chain covers detections too. The first event is of kind [Founded]
// and has the metadata of the ledger in its fields. [Head] is the last number with its hash: whoever has an older
// head can prove that nothing before it was changed.
//
// # Writing
//
// A command makes events by hand (only the fields that it knows: [Event] says which), and gives them to [Commit]
// with the head, which reads the head, checks and seals the events, computes the cases that they touch, and has the
// store append all of it at once. All of a command's events are in the ledger afterwards, or none. When another
// writer was faster the store refuses with [ErrConflict], and the command reads anew.
//
//	err := ledger.Commit(ctx, store, head, events, detections)
//
// A new case is opened by its first event, of kind [Detected] or [LeadTold], under the id that the command gives it:
// [CaseID] of the ledger's code and the number after LastNo of the head, in an order that does not depend on
// anything but the inputs.
//
// # Rules
//
// [Rules] are the lists of codes, the holidays, and what closing a case takes: data that ships in folder ledger of
// seeds ([Shipped]) and may be replaced ([ParseRules]). [Rules.Check] refuses an event that must not follow in a
// case, with every reason: a command checks each event before it commits. [Rules.Judge] adds the move that follows
// from a verdict. [Rules.Take] compares what a reviewer's file says with the ledger, and [Rules.Carry] says which
// verdicts a case keeps when a run meets it again. [Rules.Suspect] says what follows from a follow-up, and [Adopt]
// what a ledger lacks of another one.
//
// # What a store does
//
// A store keeps what it is given and gives it back equal, in order. It knows no rules. For speed it may keep
// columns of cases beside their JSON (state, county, …), which it takes from the [Case] in the [Batch]. Fields of
// events and cases are texts without NUL, valid UTF-8, at most [MaxText] bytes each. Texts come back byte for byte:
// no trimming, no normalisation; a JSON type that sorts keys or drops white space is good enough, for the canonical
// JSON is made anew from the values. The suite in package ledgertest holds every store to this.
//
// # Time
//
// An event's time is given by whoever makes the command; it is UTC with whole seconds. Its day ([Event.Day]) is
// that of China (UTC+8). Nothing else reads a clock: what is overdue is computed for a day that the caller names.
package ledger
