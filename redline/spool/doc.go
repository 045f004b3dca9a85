// Package spool keeps the candidates of a run on disk while they are found, in any order, and writes them in the order
// of files.
//
// [Spool.Put] encodes a candidate at once and keeps the bytes, the first 32 MB of all in memory and the rest in a file.
// So memory holds these, 56 bytes of index for each candidate whatever the size of its geometry, and values that many
// candidates have in common, once. The disk holds the rest twice until [Spool.Finish] is done.
package spool
