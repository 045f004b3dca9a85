// Package jobs has runs started over HTTP, in the shape of OGC API – Processes 1.0 with one process, run.
//
// A job names a job file of the allowed folder, which is how far a client can reach: it sends no paths of its own, no
// options and no data. The run is done by the program itself, as a process of its own, so that its crash is a job that
// failed and the service lives. Its folder is decided here: the id of the job, below the folder of runs; what the job
// file says of out and replace does not count, and no other key of a job file writes anywhere.
//
// # One at a time
//
// Jobs run one after the other, in the order in which they came. Only so many may wait ([Options.Queue]).
//
// # State
//
// Each job is a file of the state folder, written whole or not at all and brought to the disk before the job is
// acknowledged. After a restart those that waited go on. A process ends with the service that started it, however that
// ends; when its run was published before, the job is successful, else it failed: "interrupted". An id is never used
// twice: who wants an interrupted job sends it again, and gets another one. Of the jobs that ended the last 100 are
// kept; the folders of runs stay.
package jobs
