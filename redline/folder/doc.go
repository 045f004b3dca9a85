// Package folder publishes the folder of one run in one step: after a crash, a kill or a full disk at any point, the
// target is the old run or the new one, whole.
//
// [Begin] locks the target and opens a temporary [Folder] beside it, on the same file system. [Folder.Publish] brings
// it to the disk and renames it; an existing folder is replaced by renameat2(RENAME_EXCHANGE), so that there is no
// moment without a whole result. Only what a manifest lists is ever replaced.
package folder
