// Package shelf offers the runs of a folder as collections: what each run found, as it published it.
//
// # Runs
//
// A run is a folder with a manifest: the folder DIR of the shelf itself, one in it, or one in such a folder.
// Hidden folders, which those that are still written are too, are left out; so is what a symbolic link leads to
// outside DIR. Nobody names a path: the id of a run comes from the catalogue of what was found. It is the name of
// its folder below DIR where that is made of ASCII letters, digits, '-', '_' and '.', with "--" between folders;
// for any other name it is "r-" and 16 digits of the SHA-256 of that name. So two folders never have one id, and a
// folder keeps its own whatever else comes and goes. For DIR itself the name is that of DIR.
//
// At most once a second, when somebody asks, the folders are looked at: manifests and the files of collections, by
// inode, size and times. What is new or has another state is prepared; until that is done, its state before is
// offered. Whoever asks waits for that, but not longer than a second after it was begun. [Shelf.Wait] waits
// without end.
//
// # What is offered
//
//	RUN.candidates   candidates.geojson: each geometry is that of the file, byte for byte
//	RUN.suppressed   suppressed.csv: points at lon and lat, since no outlines are published
//	RUN.zones        the outlines of review.gpkg as the run used them, with the columns of coverage.csv
//	RUN.coverage     coverage.csv, with the same outlines; without geometry where review.gpkg has none
//
// Properties have the names and, as JSON values, the contents of the files; those of candidates have the id of the
// run besides. Candidates and suppressed changes have the time from 1 January of the first year to the end of the
// second. Features are in the order of the file. The ids of zones are their numbers in coverage.csv, from 1.
//
// A file of which the SHA-256 is not the manifest's is not what the run wrote, so its collection is not offered,
// and [Run] says why. A reviewer writes verdicts into review.gpkg, though. Zones are read from it once, while it
// is as the run wrote it; from then on the copy in the index stands for it.
//
// # Index
//
// Each collection has an index: a file of SQLite in the state folder, under a name that has the SHA-256 of the
// manifest, the kind and the format of the index, and the SHA-256 of the index itself. It is written under another
// name, and read back by that hash before it is used; one that is damaged is made again. It holds all that is
// served. So an answer never mixes states: a collection that was handed out stays as it was when its run is
// replaced.
//
// Text columns are in two tables: what can be asked for and sorted by, and the rest with the geometry. Pages go by
// keys: a page begins after a feature, whatever its number. Boxes are found in an R-tree; what only its own box
// puts into the query's box is tested exactly, by orientations without rounding. How many features match is
// counted once for each question.
package shelf
