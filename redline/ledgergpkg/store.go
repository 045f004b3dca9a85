package ledgergpkg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline"
	"greenshield/redline/folder"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
)

// Store is a ledger in a file. Its methods may be called concurrently.
type Store struct {
	path    string
	way     way
	release func() // gives the lock back; nil for none

	writing sync.Mutex
	writer  *sqlite.Conn // nil for a reader
	mu      sync.Mutex
	idle    []*sqlite.Conn // for reading
	closed  bool           // nobody begins to read any more
	reading sync.WaitGroup // who has a connection for reading
}

var _ ledger.Store = (*Store)(nil)

// patience is how long SQLite waits for another program, such as QGIS, to end its writing.
const patience = 10 * time.Second

// Create makes a new ledger without events, and opens it for writing. It never leaves half a file.
func Create(path string, degrees ...Degrees) (*Store, error) {
	if err := wholeFile(path, func(tmp string) error { return makeFile(tmp) }); err != nil {
		return nil, err
	}
	return Open(path, true, degrees...)
}

// Open opens a ledger, for writing or for reading. The fault is of kind Locked while another process has it open for
// writing. Opening for writing brings a file of an older version to the present one. degrees is one conversion at most:
// without it only cases of geographic grids have outlines.
func Open(path string, write bool, degrees ...Degrees) (*Store, error) {
	w := way{write: write, lock: write}
	for _, w.degrees = range degrees {
	}
	return open(path, w)
}

// way is how a file is opened.
type way struct {
	write, lock bool
	degrees     Degrees
	options     string                  // for SQLite, such as "vfs=other" (https://www.sqlite.org/uri.html)
	step        func(what string) error // called before each step of an append; its error is that of the step
}

func open(path string, way way) (s *Store, err error) {
	if _, err := os.Stat(path); err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: is no ledger: %w; make one by ledger init", path, errors.Unwrap(err))
	}
	s = &Store{path: path, way: way}
	if way.lock {
		if s.release, err = folder.Lock(path); errors.Is(err, unix.EWOULDBLOCK) {
			return nil, locked(path)
		} else if err != nil {
			return nil, redline.Faultf(redline.Output, "%s: cannot be locked: %w; "+
				"keep the ledger where you may write, on a file system that has locks", path, err)
		}
	}
	if err := s.begin(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// locked says that another process writes to a ledger, and which where that is known.
func locked(path string) error {
	if h, ok := folder.HolderOf(path); ok {
		return redline.Faultf(redline.Locked,
			"%s: process %d of %s on %s writes to this ledger; wait until it ends", path, h.Process, h.User, h.Host)
	}
	return redline.Faultf(redline.Locked, "%s: another process writes to this ledger; wait until it ends", path)
}

// begin opens the file and sees that it is a ledger that this program knows.
func (s *Store) begin() (err error) {
	db, err := s.reader()
	if err == nil {
		defer s.giveBack(db)
		err = s.examine(db)
	}
	if err != nil || !s.way.write {
		return err
	}
	if s.writer, err = s.connect(); err != nil {
		return err
	}
	if err := pragmas(s.writer, "journal_mode = WAL", "synchronous = FULL",
		"cache_size = -131072", "temp_store = MEMORY"); err != nil {
		return s.fault(err)
	}
	return s.fault(migrate(s.writer, s.way.degrees))
}

// pragmas sets what cannot be set within a transaction.
func pragmas(db *sqlite.Conn, all ...string) (err error) {
	for _, p := range all {
		if err == nil {
			err = sqlitex.ExecuteTransient(db, "PRAGMA "+p, nil)
		}
	}
	return err
}

func (s *Store) examine(db *sqlite.Conn) error {
	format := ""
	err := sqlitex.ExecuteTransient(db, "SELECT value FROM meta WHERE name = 'format'", one(&format))
	version, errVersion := strconv.Atoi(format)
	switch {
	case err != nil && sqlite.ErrCode(err).ToPrimary() != sqlite.ResultError && sqlite.ErrCode(err) != sqlite.ResultNotADB:
		return s.fault(err)
	case err != nil || errVersion != nil:
		return redline.Faultf(redline.Usage, "%s: is no ledger; name the ledger.gpkg that ledger init made", s.path)
	case version > ledger.Format:
		return redline.Faultf(redline.Usage, "%s: is of format %d, which this version does not know; install a newer one",
			s.path, version)
	}
	return nil
}

// connect opens the file once more. Readers too open it for writing, where they may: what a killed writer left half
// done has to be undone before anybody can read.
func (s *Store) connect() (*sqlite.Conn, error) {
	path, err := filepath.Abs(s.path)
	if err != nil {
		return nil, s.fault(err)
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: s.way.options}
	db, err := sqlite.OpenConn(name.String(), sqlite.OpenReadWrite, sqlite.OpenURI)
	if err != nil {
		return nil, s.fault(err)
	}
	db.SetBusyTimeout(patience)
	return db, nil
}

// reader returns a connection for reading, which nobody else uses until it is given back.
func (s *Store) reader() (*sqlite.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("%s: %w", s.path, fs.ErrClosed)
	}
	var db *sqlite.Conn
	if n := len(s.idle); n > 0 {
		db = s.idle[n-1]
		s.idle = s.idle[:n-1]
	} else {
		var err error
		if db, err = s.connect(); err != nil {
			return nil, err
		}
		if err := pragmas(db, "query_only = 1"); err != nil {
			return nil, errors.Join(s.fault(err), db.Close())
		}
	}
	s.reading.Add(1)
	return db, nil
}

func (s *Store) giveBack(db *sqlite.Conn) {
	db.SetInterrupt(nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, db)
	s.reading.Done()
}

// Head implements [ledger.Store].
func (s *Store) Head(ctx context.Context) (h ledger.Head, err error) {
	db, err := s.reader()
	if err != nil {
		return h, err
	}
	defer s.giveBack(db)
	db.SetInterrupt(ctx.Done())
	h, err = headOf(db)
	return h, s.fault(err)
}

// headOf reads where the chain ends.
func headOf(db *sqlite.Conn) (h ledger.Head, err error) {
	found := 0
	err = sqlitex.Execute(db, "SELECT name, value FROM meta WHERE name IN ('seq', 'hash', 'last_no')",
		&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) (err error) {
			found++
			value := stmt.ColumnText(1)
			switch stmt.ColumnText(0) {
			case "seq":
				h.Seq, err = strconv.ParseInt(value, 10, 64)
			case "hash":
				h.Hash = value
			default:
				h.LastNo, err = strconv.ParseInt(value, 10, 64)
			}
			return err
		}})
	if err == nil && found != 3 {
		err = &ledger.RowError{Err: errors.New("rows of the table meta are missing; restore the ledger from a backup")}
	}
	return h, err
}

// Backup implements [ledger.Store]: the copy is a ledger as well.
func (s *Store) Backup(ctx context.Context, path string) error {
	db, err := s.connect()
	if err != nil {
		return err
	}
	db.SetInterrupt(ctx.Done())
	err = wholeFile(path, func(tmp string) error {
		return sqlitex.ExecuteTransient(db, "VACUUM INTO ?", &sqlitex.ExecOptions{Args: []any{tmp}})
	})
	db.SetInterrupt(nil)
	return errors.Join(err, s.fault(db.Close()))
}

// Close implements [ledger.Store]. It waits until what was begun to be read is read. Nobody may be writing.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.reading.Wait()
	var err error
	for _, db := range s.idle {
		err = errors.Join(err, db.Close())
	}
	s.idle = nil
	if s.writer != nil {
		// While others read, this fails, and the file stays as it is, which is as good for them.
		_ = sqlitex.ExecuteTransient(s.writer, "PRAGMA journal_mode = DELETE", nil)
		err = errors.Join(err, s.writer.Close())
		s.writer = nil
	}
	if s.release != nil {
		s.release()
	}
	return s.fault(err)
}

// fault returns an error of SQLite with the file and what to do.
func (s *Store) fault(err error) error { return faultOf(s.path, err) }

func faultOf(path string, err error) error {
	if err == nil {
		return nil
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultInterrupt:
		return context.Canceled
	case sqlite.ResultBusy, sqlite.ResultLocked:
		return redline.Faultf(redline.Locked, "%s: another program, such as QGIS, is writing to it; "+
			"save or close it there, then repeat", path)
	case sqlite.ResultFull:
		err = unix.ENOSPC
	case sqlite.ResultIOErr:
		err = unix.EIO
	case sqlite.ResultCantOpen:
		err = errors.New("SQLite cannot open it or what belongs beside it")
	case sqlite.ResultReadOnly:
		err = unix.EROFS
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		err = errors.New("it is damaged; restore it from a backup")
	}
	return redline.WithKind(redline.Output, fmt.Errorf("%s: %w", path, err))
}

// one returns options that copy the only value of a row.
func one(to *string) *sqlitex.ExecOptions {
	return &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		*to = stmt.ColumnText(0)
		return nil
	}}
}

// query yields what a statement finds, one thing for each row.
func query[T any](ctx context.Context, s *Store, sql string, args []any,
	of func(row []any) (T, error)) iter.Seq2[T, error] {
	return rows.Decoded(s.rows(ctx, sql, args), func(row []any) (T, error) {
		thing, err := of(row)
		return thing, s.fault(err)
	})
}

// rows yields the rows that a statement finds.
func (s *Store) rows(ctx context.Context, sql string, args []any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		db, err := s.reader()
		if err != nil {
			yield(nil, err)
			return
		}
		defer s.giveBack(db)
		db.SetInterrupt(ctx.Done())
		var last []any
		err = sqlitex.Execute(db, sql, &sqlitex.ExecOptions{Args: args, ResultFunc: func(stmt *sqlite.Stmt) error {
			if last = values(stmt, last); !yield(last, nil) {
				return io.EOF // enough
			}
			return nil
		}})
		if err != nil && !errors.Is(err, io.EOF) {
			yield(nil, s.fault(err))
		}
	}
}

// values returns those of the row that a statement is at, each as SQLite keeps it. Short texts that the last row has as
// well, if there is one, take no memory of their own.
func values(stmt *sqlite.Stmt, last []any) []any {
	row := make([]any, stmt.ColumnCount())
	var room [100]byte
	for i := range row {
		switch stmt.ColumnType(i) {
		case sqlite.TypeInteger:
			row[i] = stmt.ColumnInt64(i)
		case sqlite.TypeFloat:
			row[i] = stmt.ColumnFloat(i)
		case sqlite.TypeText:
			if n := stmt.ColumnLen(i); last != nil && n <= len(room) {
				before, ok := last[i].(string)
				stmt.ColumnBytes(i, room[:n])
				if text := room[:n]; ok && string(text) == before {
					row[i] = last[i]
				} else {
					row[i] = string(text)
				}
				continue
			}
			row[i] = stmt.ColumnText(i)
		case sqlite.TypeBlob:
			b := make([]byte, stmt.ColumnLen(i))
			stmt.ColumnBytes(i, b)
			row[i] = b
		}
	}
	return row
}
