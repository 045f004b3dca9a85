// Package spool keeps the candidates of a run on disk while they are found, in any order, and writes them in the order
// of files.
//
// [Spool.Put] encodes a candidate at once and keeps the bytes, the first 32 MB in memory and the rest in a file, or all
// in the file when that is much more; when reports are to follow, memory is left to the records of kept candidates,
// which these read again and again.
// So memory holds these, and values that many candidates have in common, once. The disk holds the rest twice until
// [Spool.Finish] is done. Texts for files and records for reports, and those of kept candidates and of suppressed
// changes, are kept apart, so that a walk over one of these reads nothing else.
//
// The index, some 32 bytes for each candidate, goes to the same file: in runs that are sorted by the keys, which
// [Spool.Finish] merges into lists of kept candidates and of suppressed changes. Memory does not grow with it.
//
// The spool of a shard ([NewPart]) writes all texts to the part of the shard, and after them the index, which it has in
// memory until then. The spool of a merge adopts the index ([Spool.Adopt]), and reads the texts where they are: for
// each part it keeps which of its own values those of the part are.
package spool
