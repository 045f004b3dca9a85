package main

import (
	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/job"
)

// What a run needs at least. Without file descriptors libraries go on with less than they should read, and without
// address space Go's runtime ends the program. So both limits are checked beforehand.
const (
	minFiles = 64 // open files of the program and its libraries, with some rasters and layers

	// Address space that is reserved, not used: by the runtime and the libraries, and for each worker.
	baseAddressSpace   = 2 << 30
	workerAddressSpace = 128 << 20
)

// filesOf returns how many files a run of a job may have open at once. Each worker may hold each map between the epochs
// open twice: to date changes, and for the survey; and once each map of a pair that may confirm changes, and the newest
// map.
func filesOf(j *job.Job) uint64 {
	maps := 2*(len(j.Stack())-2) + 2*len(j.Confirm)
	if j.NewestMap() != nil {
		maps++
	}
	return minFiles + uint64(maps*j.Workers)
}

// checkFileLimit refuses a limit on open files with which no run can work that needs so many.
func checkFileLimit(need uint64) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < need {
		return redline.Faultf(redline.Limit, "only %d files may be open at once (ulimit -n); allow %d at least",
			limit.Cur, need)
	}
	return nil
}

// checkMemoryLimit refuses a limit on the address space that the run could reach.
func checkMemoryLimit(j *job.Job) error {
	need := baseAddressSpace + workerAddressSpace*int64(j.Workers) + j.MaxMemory
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err == nil && limit.Cur < uint64(need) {
		const mib = 1 << 20
		return redline.Faultf(redline.Limit, "the address space is limited to %d MiB (ulimit -v), "+
			"but %d workers with --max-memory %d MiB may reserve %d MiB; "+
			"lift the limit (--max-memory bounds what is used), or lower --workers and --max-memory",
			limit.Cur/mib, j.Workers, j.MaxMemory/mib, (need+mib-1)/mib)
	}
	return nil
}
