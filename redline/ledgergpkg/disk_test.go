package ledgergpkg

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/redlinetest"
)

// disk stands between SQLite and the system's files, under the name "steps": it is told of each step that changes them.
type disk struct {
	mu     sync.Mutex
	before func(what string) error // nil: nothing; the error makes the step fail
	keep   []any                   // functions that only SQLite's memory, which Go does not search, refers to
}

func (d *disk) ask(what string) int32 {
	d.mu.Lock()
	before := d.before
	d.mu.Unlock()
	if before == nil {
		return sqlite3.SQLITE_OK
	}
	switch err := before(what); {
	case err == nil:
		return sqlite3.SQLITE_OK
	case errors.Is(err, unix.ENOSPC):
		return sqlite3.SQLITE_FULL
	}
	return sqlite3.SQLITE_IOERR | 1<<8 // of any kind
}

func (d *disk) set(before func(what string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = before
}

type (
	openFunc     = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	deleteFunc   = func(tls *libc.TLS, vfs, name uintptr, sync int32) int32
	writeFunc    = func(tls *libc.TLS, file, buffer uintptr, n int32, at int64) int32
	truncateFunc = func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc     = func(tls *libc.TLS, file uintptr, flags int32) int32
)

// pointer returns a function as SQLite's translation to Go keeps it; it must stay reachable.
func pointer[F any](f *F) uintptr { return *(*uintptr)(unsafe.Pointer(f)) }

// call returns the function of such a pointer.
func call[F any](p *uintptr) F { return *(*F)(unsafe.Pointer(p)) }

// at returns what lies at an address of SQLite's own memory.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// watched returns the disk that stands behind "vfs=steps".
var watched = sync.OnceValue(func() *disk {
	d := &disk{}
	tls := libc.NewTLS()
	sqlite3.Xsqlite3_initialize(tls)
	system := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	open, remove := system.FxOpen, system.FxDelete
	methods := map[uintptr]*sqlite3.Tsqlite3_io_methods{} // ours, by the system's
	var mu sync.Mutex
	replace := func(theirs *sqlite3.Tsqlite3_io_methods) *sqlite3.Tsqlite3_io_methods {
		ours := at[sqlite3.Tsqlite3_io_methods](libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*theirs))))
		*ours = *theirs
		write := writeFunc(func(tls *libc.TLS, file, buffer uintptr, n int32, at int64) int32 {
			if code := d.ask("write"); code != 0 {
				return code
			}
			return call[writeFunc](&theirs.FxWrite)(tls, file, buffer, n, at)
		})
		truncate := truncateFunc(func(tls *libc.TLS, file uintptr, size int64) int32 {
			if code := d.ask("truncate"); code != 0 {
				return code
			}
			return call[truncateFunc](&theirs.FxTruncate)(tls, file, size)
		})
		flush := syncFunc(func(tls *libc.TLS, file uintptr, flags int32) int32 {
			if code := d.ask("sync"); code != 0 {
				return code
			}
			return call[syncFunc](&theirs.FxSync)(tls, file, flags)
		})
		ours.FxWrite, ours.FxTruncate, ours.FxSync = pointer(&write), pointer(&truncate), pointer(&flush)
		d.keep = append(d.keep, write, truncate, flush)
		return ours
	}
	opened := openFunc(func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
		if flags&sqlite3.SQLITE_OPEN_CREATE != 0 {
			if code := d.ask("open"); code != 0 {
				return code
			}
		}
		code := call[openFunc](&open)(tls, vfs, name, file, flags, out)
		f := at[sqlite3.Tsqlite3_file](file)
		if code == 0 && f.FpMethods != 0 {
			mu.Lock()
			defer mu.Unlock()
			if methods[f.FpMethods] == nil {
				methods[f.FpMethods] = replace(at[sqlite3.Tsqlite3_io_methods](f.FpMethods))
			}
			f.FpMethods = uintptr(unsafe.Pointer(methods[f.FpMethods]))
		}
		return code
	})
	removed := deleteFunc(func(tls *libc.TLS, vfs, name uintptr, sync int32) int32 {
		if code := d.ask("delete"); code != 0 {
			return code
		}
		return call[deleteFunc](&remove)(tls, vfs, name, sync)
	})
	d.keep = append(d.keep, opened, removed)
	name, err := libc.CString("steps")
	if err != nil {
		panic(err)
	}
	ours := at[sqlite3.Tsqlite3_vfs](libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*system))))
	*ours = *system
	ours.FzName, ours.FxOpen, ours.FxDelete, ours.FpNext = name, pointer(&opened), pointer(&removed), 0
	if code := sqlite3.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(ours)), 0); code != 0 {
		panic(fmt.Sprint("SQLite refuses the disk: ", code))
	}
	return d
})

// copied copies a ledger to a folder of its own.
func copied(t *testing.T, path string) string {
	t.Helper()
	whole, err := os.ReadFile(path)
	redlinetest.Must(t, err)
	to := filepath.Join(t.TempDir(), "ledger.gpkg")
	redlinetest.Must(t, os.WriteFile(to, whole, 0o600))
	return to
}

// add2 is what is appended while the disk fails: two events, a case and a detection.
func add2(t *testing.T, s *Store) error {
	t.Helper()
	head, err := s.Head(t.Context())
	if err != nil {
		return err
	}
	d := ledgertest.Detection(2, 9, 100)
	e := d.Event(ledger.CaseID("340000", 12), ledger.New)
	e.Time = ledgertest.At.AddDate(0, 0, 2)
	return ledger.Commit(t.Context(), s, head, []ledger.Event{note("one"), e}, []ledger.Detection{d})
}

// after says whether a ledger of 11 cases holds what add2 appends; it must be sound and hold all of that or nothing.
func after(t *testing.T, path string) bool {
	t.Helper()
	s, err := Open(path, true)
	redlinetest.Must(t, err)
	defer s.Close()
	ledgertest.Sound(t, s)
	cases, detections := 0, 0
	for _, err := range s.Cases(t.Context(), ledger.CaseFilter{}) {
		redlinetest.Must(t, err)
		cases++
	}
	for _, err := range s.Detections(t.Context(), ledger.DetectionFilter{}) {
		redlinetest.Must(t, err)
		detections++
	}
	head, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	if extra := head.Seq - 24; extra != 2*int64(cases-11) || cases != detections || extra != 0 && extra != 2 {
		t.Errorf("%d events, %d cases, %d detections", head.Seq, cases, detections)
	}
	return cases == 12
}

// steps counts those of opening, appending and closing.
func steps(t *testing.T, path string) (all []string) {
	t.Helper()
	d := watched()
	d.set(func(what string) error {
		all = append(all, what)
		return nil
	})
	defer d.set(nil)
	s, err := open(path, way{write: true, lock: true, options: "vfs=steps"})
	redlinetest.Must(t, err)
	redlinetest.Must(t, add2(t, s))
	redlinetest.Must(t, s.Close())
	return all
}

// TestFailingWrites: whichever step of SQLite fails, once or from there on, all of an append is kept or nothing, an error
// is told when nothing is, and the ledger can be used afterwards. When the disk fails for good while the log is synced, the
// append fails, and may be found when the disk works again.
func TestFailingWrites(t *testing.T) {
	whole := filled(t, 11)
	all, d := steps(t, copied(t, whole)), watched()
	n := len(all)
	if n < 10 {
		t.Fatalf("only %d steps are seen", n)
	}
	outcomes := map[bool]int{}
	for point := 1; point <= n; point++ {
		for _, forever := range []bool{false, true} {
			path, step := copied(t, whole), 0
			d.set(func(string) error {
				if step++; step == point || forever && step > point {
					return unix.ENOSPC
				}
				return nil
			})
			s, err := open(path, way{write: true, lock: true, options: "vfs=steps"})
			if err == nil {
				err = add2(t, s)
				_ = s.Close()
			}
			d.set(nil)
			in := after(t, path)
			outcomes[in]++
			unsure := forever && all[point-1] == "sync" // the log is written, and nobody can take it back
			if in && err != nil && !unsure || !in && err == nil {
				t.Errorf("step %d of %d fails, forever %v: the append says %v, and its events are there: %v", point, n, forever, err, in)
			}
			if err != nil && !strings.Contains(err.Error(), path+": ") {
				t.Errorf("the fault does not name the file: %v", err)
			}
		}
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("outcomes: %v", outcomes)
	}
}

// TestKilled: a process that is killed, as by kill -9, before any step of SQLite leaves all of its append or nothing.
func TestKilled(t *testing.T) {
	if at := os.Getenv("GREENSHIELD_TEST_KILL_AT"); at != "" {
		last, err := strconv.Atoi(at)
		redlinetest.Must(t, err)
		step := 0
		watched().set(func(string) error {
			if step++; step == last {
				return unix.Kill(os.Getpid(), unix.SIGKILL)
			}
			return nil
		})
		s, err := open(os.Getenv("GREENSHIELD_TEST_LEDGER"), way{write: true, lock: true, options: "vfs=steps"})
		redlinetest.Must(t, err)
		redlinetest.Must(t, add2(t, s))
		fmt.Println("appended")
		redlinetest.Must(t, s.Close())
		return
	}
	whole := filled(t, 11)
	n, outcomes := len(steps(t, copied(t, whole))), map[bool]int{}
	for point := 1; point <= n; point++ {
		path := copied(t, whole)
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "GREENSHIELD_TEST_KILL_AT="+strconv.Itoa(point), "GREENSHIELD_TEST_LEDGER="+path)
		said, err := cmd.Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.String() != "signal: killed" {
			t.Fatalf("killed at %d of %d: %v, %s", point, n, err, said)
		}
		in := after(t, path)
		outcomes[in]++
		if strings.Contains(string(said), "appended") && !in {
			t.Errorf("killed at %d of %d: the append had ended, and is gone", point, n)
		}
	}
	if outcomes[true] == 0 || outcomes[false] == 0 {
		t.Errorf("outcomes: %v", outcomes)
	}
}

// TestAppendIsSynced: the last step of an append is to sync the log, in the mode that the program takes; with NORMAL
// nothing would be synced, and a rollback journal would need more syncs.
func TestAppendIsSynced(t *testing.T) {
	watched()
	whole, got := filled(t, 11), map[string]int{}
	for _, mode := range []string{"", "synchronous = NORMAL", "journal_mode = DELETE"} {
		s, err := open(copied(t, whole), way{write: true, lock: true, options: "vfs=steps"})
		redlinetest.Must(t, err)
		if mode != "" {
			redlinetest.Must(t, sqlitex.ExecuteTransient(s.writer, "PRAGMA "+mode, nil))
		}
		redlinetest.Must(t, add2(t, s)) // the log has its header now
		head, err := s.Head(t.Context())
		redlinetest.Must(t, err)
		var all []string
		watched().set(func(what string) error {
			all = append(all, what)
			return nil
		})
		redlinetest.Must(t, ledger.Commit(t.Context(), s, head, []ledger.Event{note("two")}, nil))
		watched().set(nil)
		redlinetest.Must(t, s.Close())
		got[mode] = strings.Count(strings.Join(all, " "), "sync")
		if mode == "" && all[len(all)-1] != "sync" {
			t.Errorf("the steps of an append are %v", all)
		}
	}
	if want := map[string]int{"": 1, "synchronous = NORMAL": 0, "journal_mode = DELETE": 3}; !maps.Equal(got, want) {
		t.Errorf("syncs by mode: %v, want %v", got, want)
	}
}

// TestBackup: a backup is a ledger with the same content, and a failing disk leaves no half of one.
func TestBackup(t *testing.T) {
	s, err := open(copied(t, filled(t, 11)), way{write: true, lock: true})
	redlinetest.Must(t, err)
	defer s.Close()
	redlinetest.Must(t, add2(t, s)) // still in the log
	want := export(t, s)
	dir := t.TempDir()
	redlinetest.Must(t, s.Backup(t.Context(), filepath.Join(dir, "backup.gpkg")))
	b, err := Open(filepath.Join(dir, "backup.gpkg"), false)
	redlinetest.Must(t, err)
	defer b.Close()
	if !reflect.DeepEqual(export(t, b), want) {
		t.Error("the backup differs")
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "no", "backup.gpkg")); err == nil ||
		!strings.Contains(err.Error(), "cannot be created: no such file or directory; name a folder where you may write") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := wholeFile(filepath.Join(dir, "half.gpkg"), func(string) error { return unix.ENOSPC }); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("a full disk: %v", err)
	}
	entries, err := os.ReadDir(dir)
	redlinetest.Must(t, err)
	if len(entries) != 1 {
		t.Errorf("left: %v", entries)
	}
}

func export(t *testing.T, s ledger.Store) string {
	t.Helper()
	var b strings.Builder
	redlinetest.Must(t, ledger.Export(t.Context(), s, &b))
	return b.String()
}
