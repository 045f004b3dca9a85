package main

import (
	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/job"
)

// Out of descriptors or of address space, libraries go on with less than they should and
// Go's runtime ends the program; both limits are known beforehand.
const (
	minFiles = 64 // of the program and its libraries, with some rasters and layers

	// Reserved, not used: by the runtime and the libraries, and by each thread.
	baseAddressSpace   = 2 << 30
	workerAddressSpace = 128 << 20
)

// enoughFiles refuses a limit on open files that no run can work with. It comes before
// the first file is opened.
func enoughFiles() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < minFiles {
		return redline.Faultf(redline.Limit, "only %d files may be open at once (ulimit -n); allow %d at least", limit.Cur, minFiles)
	}
	return nil
}

// enoughMemory refuses a limit on the address space that the run could hit.
func enoughMemory(j *job.Job) error {
	need := baseAddressSpace + workerAddressSpace*int64(j.Workers) + j.MaxMemory
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err == nil && limit.Cur < uint64(need) {
		const mib = 1 << 20
		return redline.Faultf(redline.Limit, "the address space is limited to %d MiB (ulimit -v), but %d workers with --max-memory %d MiB may reserve %d MiB; lift the limit (--max-memory bounds what is used), or lower --workers and --max-memory",
			limit.Cur/mib, j.Workers, j.MaxMemory/mib, (need+mib-1)/mib)
	}
	return nil
}
