// Package report writes the folder of one run and publishes it in one step: after a
// crash, a kill or a full disk at any point, the target is the old run or the new
// one, whole.
//
// [Begin] locks the target and opens a temporary [Folder] beside it, a [Spool] takes
// the candidates while the engine runs, [Write] turns them and the summary into the
// files of the run, and [Folder.Publish] renames the folder to its target.
// README.md beside this file explains every file and column.
package report
