//go:build linux && amd64

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A systemCall is one call of a traced program that names a file or folder at or under
// a watched one, or an open file there; or exit_group, its last, without a path.
type systemCall struct {
	name string
	path string // absolute; of a rename the old one
	pid  int    // of the program
	new  bool   // may make a file or folder
	at   int    // 1 for the first such call of the whole program, over all of its threads
}

func (c systemCall) String() string { return fmt.Sprintf("%s %s (call %d)", c.name, c.path, c.at) }

// callArgs says where calls that change files, or lead to a change, have their names:
// the position of an open file (or folder) and of a path; -1 for none.
var callArgs = map[uint64]struct {
	name     string
	fd, path int
}{
	unix.SYS_WRITE: {"write", 0, -1}, unix.SYS_PWRITE64: {"pwrite64", 0, -1}, unix.SYS_WRITEV: {"writev", 0, -1}, unix.SYS_PWRITEV: {"pwritev", 0, -1},
	unix.SYS_READ: {"read", 0, -1}, unix.SYS_PREAD64: {"pread64", 0, -1}, unix.SYS_GETDENTS64: {"getdents64", 0, -1},
	unix.SYS_COPY_FILE_RANGE: {"copy_file_range", 2, -1}, unix.SYS_FTRUNCATE: {"ftruncate", 0, -1}, unix.SYS_FALLOCATE: {"fallocate", 0, -1},
	unix.SYS_FSYNC: {"fsync", 0, -1}, unix.SYS_FDATASYNC: {"fdatasync", 0, -1}, unix.SYS_FCHMOD: {"fchmod", 0, -1},
	unix.SYS_FLOCK: {"flock", 0, -1}, unix.SYS_CLOSE: {"close", 0, -1},
	unix.SYS_OPENAT: {"openat", 0, 1}, unix.SYS_MKDIRAT: {"mkdirat", 0, 1}, unix.SYS_UNLINKAT: {"unlinkat", 0, 1}, unix.SYS_FCHMODAT: {"fchmodat", 0, 1},
	unix.SYS_NEWFSTATAT: {"newfstatat", 0, 1}, unix.SYS_RENAMEAT: {"renameat", 0, 1}, unix.SYS_RENAMEAT2: {"renameat2", 0, 1},
	unix.SYS_EXIT_GROUP: {"exit_group", -1, -1},
	unix.SYS_RENAME:     {"rename", -1, 0}, unix.SYS_UNLINK: {"unlink", -1, 0}, unix.SYS_RMDIR: {"rmdir", -1, 0}, unix.SYS_MKDIR: {"mkdir", -1, 0},
}

// traced runs cmd, whose folder is absolute, and asks intervene before each system call that
// has to do with one of the folders watched; "" stands for all. When that answers with an error the call is not
// made but fails with it; errKill, errHold and errWait have meanings of their own.
// Unlike strace, which counts for each thread, this makes every call of the whole
// program addressable.
func traced(t *testing.T, cmd *exec.Cmd, watched []string, intervene func(systemCall) error) outcome {
	t.Helper()
	runtime.LockOSThread() // the thread that starts a process is the one that may trace it
	defer runtime.UnlockOSThread()
	stdout, stderr := tempFile(t), tempFile(t)
	defer stdout.Close()
	defer stderr.Close()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// A group of its own, so that waiting for it does not take other tests' children.
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, unix.EPERM) && os.Getenv("CI") == "" {
			t.Skipf("this system forbids tracing: %v", err)
		}
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	var hangs atomic.Bool
	watchdog := time.AfterFunc(10*time.Minute, func() {
		hangs.Store(true)
		_ = unix.Kill(pid, unix.SIGKILL)
	})
	defer watchdog.Stop()
	status, err := follow(pid, cmd.Dir, watched, intervene)
	if err != nil {
		_ = unix.Kill(-pid, unix.SIGKILL)
		t.Fatalf("tracing: %v", err)
	}
	if hangs.Load() {
		t.Fatal("the program hangs")
	}
	_ = cmd.Process.Release()
	return outcome{status, readBackFile(t, stdout), readBackFile(t, stderr)}
}

// Answers that are no failures of the call.
var (
	errKill = errors.New("kill")              // kills the program on the spot, as by kill -9
	errHold = errors.New("hold the thread")   // the thread stays where it is for ever, while all others go on
	errWait = errors.New("let others settle") // the thread goes on when all others wait for something to happen
)

// follow traces the process pid and all of its threads to the end. A program that was
// killed has status -1.
func follow(pid int, folder string, watched []string, intervene func(systemCall) error) (status int, err error) {
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, unix.WALL, nil); err != nil || !ws.Stopped() {
		return 0, fmt.Errorf("the program does not stop at its start: %v, %#x", err, ws)
	}
	options := unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		return 0, err
	}
	known := map[int]bool{pid: true}
	inCall := map[int]callMade{} // by thread
	last := map[int]uint64{}     // the call before, by thread
	waits := 0                   // the thread that waits for all others, 0 for none
	calls := 0
	resume := func(tid, signal int) error {
		if err := unix.PtraceSyscall(tid, signal); !errors.Is(err, unix.ESRCH) { // gone, when the program ends
			return err
		}
		return nil
	}
	if err := resume(pid, 0); err != nil {
		return 0, err
	}
	for {
		options := unix.WALL
		if waits != 0 {
			options |= unix.WNOHANG
		}
		tid, err := unix.Wait4(-pid, &ws, options, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case tid == 0 && err == nil:
			if settled(pid, waits, inCall) {
				if err := resume(waits, 0); err != nil {
					return 0, err
				}
				waits = 0
			} else {
				time.Sleep(time.Millisecond) // leaves the core to the program
			}
			continue
		case err != nil:
			return 0, err
		case tid == pid && ws.Exited():
			return ws.ExitStatus(), nil
		case tid == pid && ws.Signaled():
			return -1, nil
		case !ws.Stopped():
			continue
		}
		signal := 0
		switch s := ws.StopSignal(); {
		case s == unix.SIGTRAP|0x80:
			call, leaves := inCall[tid]
			failWith := call.failWith
			if leaves && failWith == nil { // by far the most
				delete(inCall, tid)
				break
			}
			var regs unix.PtraceRegs
			if err := unix.PtraceGetRegs(tid, &regs); errors.Is(err, unix.ESRCH) {
				continue
			} else if err != nil {
				return 0, err
			}
			if leaves {
				delete(inCall, tid)
				var number unix.Errno
				errors.As(failWith, &number)
				regs.Rax = -uint64(number)
				if err := unix.PtraceSetRegs(tid, &regs); err != nil {
					return 0, err
				}
				break
			}
			number := regs.Orig_rax
			if number == unix.SYS_RESTART_SYSCALL { // a stop has interrupted it
				number = last[tid]
			}
			inCall[tid], last[tid] = callMade{number: number}, number
			c, ok := look(pid, &regs, folder)
			if !ok || c.name != "exit_group" && !slices.ContainsFunc(watched, func(dir string) bool {
				return c.path == dir || strings.HasPrefix(c.path, dir+"/")
			}) {
				break
			}
			calls++
			c.at = calls
			failWith = intervene(c)
			switch failWith {
			case errKill:
				if err := unix.Kill(pid, unix.SIGKILL); err != nil {
					return 0, err
				}
				continue // not resumed: the call is never made
			case errHold:
				continue
			case errWait:
				if waits != 0 {
					return 0, errors.New("two threads wait for each other")
				}
				known[tid], waits = true, tid
				continue
			}
			if failWith != nil {
				inCall[tid] = callMade{regs.Orig_rax, failWith}
				regs.Orig_rax = ^uint64(0) // no call
				if err := unix.PtraceSetRegs(tid, &regs); err != nil {
					return 0, err
				}
			}
		case s == unix.SIGTRAP && ws.TrapCause() > 0: // a new thread
		case s == unix.SIGSTOP && !known[tid]: // how a new thread begins
		default:
			signal = int(s)
		}
		known[tid] = true
		if err := resume(tid, signal); err != nil {
			return 0, err
		}
	}
}

// callMade is a system call that a thread is in.
type callMade struct {
	number   uint64
	failWith error // nil when it is made
}

// settled says that all threads of a program but one sleep until something happens to them, so that what could be done
// without that one is done. While this looks, no thread can come back from its call: the tracer has to let it.
func settled(pid, except int, inCall map[int]callMade) bool {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return false
	}
	for _, task := range tasks {
		if task.Name() == strconv.Itoa(except) {
			continue
		}
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			return false
		}
		// Go's watchman naps with nanosleep while there may be work, and waits with futex when there is none.
		switch call, ok := inCall[tid]; {
		case !ok:
			return false
		case !slices.Contains([]uint64{unix.SYS_FUTEX, unix.SYS_EPOLL_WAIT, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_PWAIT2}, call.number):
			return false
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
		if end := bytes.LastIndexByte(stat, ')'); err != nil || end < 0 || !bytes.HasPrefix(stat[end:], []byte(") S")) {
			return false
		}
	}
	return true
}

// look says which file a system call that a thread is about to make is for.
func look(pid int, regs *unix.PtraceRegs, folder string) (systemCall, bool) {
	where, ok := callArgs[regs.Orig_rax]
	if !ok {
		return systemCall{}, false
	}
	args := [...]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10}
	path := ""
	if where.path >= 0 {
		path = text(pid, args[where.path])
	}
	if !filepath.IsAbs(path) && where.fd >= 0 {
		base := folder
		if fd := int32(args[where.fd]); fd != unix.AT_FDCWD {
			base, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)) // an error leaves "", which is nowhere
			base = strings.TrimSuffix(base, " (deleted)")
		}
		path = filepath.Join(base, path)
	}
	created := strings.HasPrefix(where.name, "mkdir") || where.name == "openat" && regs.Rdx&unix.O_CREAT != 0
	if path != "" {
		path = filepath.Clean(path)
	}
	return systemCall{name: where.name, path: path, pid: pid, new: created}, true
}

// text reads a C string of another process; "" when it cannot be read.
func text(pid int, address uint64) string {
	var b []byte
	buf := make([]byte, 256)
	for len(b) < unix.PathMax {
		// Up to the end of the page: the next one may not be there.
		n := min(len(buf), 4096-int(address%4096))
		local := []unix.Iovec{{Base: &buf[0], Len: uint64(n)}}
		got, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: uintptr(address), Len: n}}, 0)
		if err != nil || got <= 0 {
			return ""
		}
		if end := bytes.IndexByte(buf[:got], 0); end >= 0 {
			return string(append(b, buf[:end]...))
		}
		b, address = append(b, buf[:got]...), address+uint64(got)
	}
	return ""
}

func tempFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func readBackFile(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
