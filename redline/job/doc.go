// Package job holds what a user asks of a run: its inputs, rules, thresholds and
// target. A [Job] starts as [Default], takes what a job file says ([Parse]), and then
// what flags say ([Job.Set]). One list of options, in options.go, makes the keys of the
// file and the flags.
//
// Every error is a [redline.Fault] of kind Usage that names the file and line, or the
// flag. Nothing but the job file itself is read here.
package job
