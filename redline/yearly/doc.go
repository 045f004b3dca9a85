// Package yearly says what of a job of every year is due, and sees to it: each year in its order, when the maps of the
// year are there and nobody writes to them any more, each step once. What happened is kept in a [State]; files, clock
// and steps are given by an [Office].
//
// A year is due from its first day on, until it is done. Its own files are those that the job names for no other year.
// They are complete when size and time of change have been the same for [Schedule].Settle; then their SHA-256 is taken
// and the steps are done. An object of a store has an ETag in place of time and SHA-256. A step that fails is tried
// again: at once when its files, the job, or files of all years change, else after a quarter of an hour, a half, and so
// on, at last once a day, or once an hour when files cannot be read, or nothing can be written (kinds Output and
// Locked). What comes of a look is an [Outcome], which is worth telling when it is another one than the last.
package yearly
