// Package ledgerwork is what the commands of the ledger do: it takes runs, returned files and leads into a ledger, and
// tells what the ledger knows. It decides which events follow from what it is given; what these mean is the business of
// package ledger, where they are kept that of its stores.
//
// # Changes
//
// Whatever writes returns a [Change]: the events that it would add and, row by row, what it refused. Nothing is
// written until [Change.Commit], which adds all of it or nothing; [Change.Try] checks all of it and adds nothing. A
// change is made for the head that the ledger had when its making began: when another writer was faster, nothing is
// added.
//
// Taking the same file, run or leads again makes a change without events.
package ledgerwork
