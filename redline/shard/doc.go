// Package shard keeps what the commands plan, shard and merge have in common: a folder with the plan of a run, its
// layers, and one part for each shard.
//
// A folder of a plan has
//
//	plan.json       what is to be done: job, inputs with their hashes, versions, rows of the shards
//	layers          zones, counties and exemptions on the lattice, and the ground divided among the zones; no shapes
//	shapes          the shapes of these, each one once
//	slurm …         scripts and the like for schedulers, when they were asked for
//	parts/0000 …    the part of each shard: its candidates, as texts of files and reports, and the sums and open
//	                patches of its rows
//
// The folder appears with plan.json, layers and shapes in one step. plan.json holds the hash of the layers, and its own
// hash stands in every part: so parts and layers of another plan are seen. The shapes stand in groups of some
// kilobytes, those that rows are cut with before those of zones and exemptions, which are divided already; among these,
// shapes of about as many rows stand together, from top to bottom. layers says which rows each group reaches, how long
// it is, and its SHA-256. So a shard reads, and checks, the groups that reach its rows alone, and those of zones and
// exemptions only for a survey; merge reads all. A shard without rows reads none of them.
//
// A part begins with a line that says whose it is. Then come the texts of its candidates and their order, as
// [greenshield/redline/spool] has them, what they refer to and what else was found (both as gob writes it), 8 bytes with
// the offset of these, and the XXH3 (of 128 bits) of all bytes before. It appears in one step too: what is there is whole, or is
// seen to be damaged. Merge reads what else was found at once, and the texts and their order when it writes its files.
// It opens each part as often as it needs, so that few are open, and refuses one that is another than before. What a
// killed shard leaves is a file whose name begins with a dot; the next one of its number removes it, unless the other is
// still at work.
//
// Layers are written field by field as [writer] does, of this version of the program alone, and read as they were to
// the last bit.
package shard
