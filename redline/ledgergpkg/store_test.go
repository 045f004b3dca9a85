package ledgergpkg

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/redlinetest"
)

// suite makes stores without the lock, which would keep a second writer out before SQLite has to.
var suite = ledgertest.Kind{
	New: func(t *testing.T) func(ledgertest.Step) (ledger.Store, error) {
		path := newFile(t)
		return func(step ledgertest.Step) (ledger.Store, error) { return open(path, way{write: true, step: step}) }
	},
	Restore: func(_ *testing.T, path string) (ledger.Store, error) { return Open(path, true) },
}

func newFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "台账 #1?%41.gpkg")
	s, err := Create(path)
	redlinetest.Must(t, err)
	redlinetest.Must(t, s.Close())
	return path
}

// filled makes a ledger with n cases.
func filled(t *testing.T, n int) (path string) {
	t.Helper()
	path = newFile(t)
	s, err := Open(path, true)
	redlinetest.Must(t, err)
	events, detections := ledgertest.Scene(n)
	redlinetest.Must(t, ledger.Commit(t.Context(), s, ledger.Head{}, events, detections))
	redlinetest.Must(t, s.Close())
	return path
}

func TestStore(t *testing.T) { ledgertest.Run(t, suite) }

// TestOnePlainFile: nothing lies beside a closed ledger.
func TestOnePlainFile(t *testing.T) {
	path := filled(t, 3)
	entries, err := os.ReadDir(filepath.Dir(path))
	redlinetest.Must(t, err)
	if len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("beside the ledger: %v", entries)
	}
}

// TestOlderFile: a ledger that an older version wrote opens, has the hash that it had, and goes on.
func TestOlderFile(t *testing.T) {
	packed, err := os.Open("testdata/format-1.gpkg.gz")
	redlinetest.Must(t, err)
	defer packed.Close()
	r, err := gzip.NewReader(packed)
	redlinetest.Must(t, err)
	whole, err := io.ReadAll(r)
	redlinetest.Must(t, err)
	path := filepath.Join(t.TempDir(), "ledger.gpkg")
	redlinetest.Must(t, os.WriteFile(path, whole, 0o600))
	want := ledger.Head{Seq: 26, LastNo: 12, Hash: "da16646b8d36afcf64dcc0cb2fbffef1d45f4f988d00c19739e85fb082237a13"}
	for _, write := range []bool{false, true} {
		s, err := Open(path, write)
		redlinetest.Must(t, err)
		ledgertest.Sound(t, s)
		head, err := s.Head(t.Context())
		if err != nil || head != want {
			t.Errorf("the head is %v, %v", head, err)
		}
		if write {
			redlinetest.Must(t, ledger.Commit(t.Context(), s, head, []ledger.Event{note("later")}, nil))
			ledgertest.Sound(t, s)
		}
		redlinetest.Must(t, s.Close())
	}
	// The same statements made anew have the same hashes.
	s, err := Open(filled(t, 12), false)
	redlinetest.Must(t, err)
	defer s.Close()
	if head, err := s.Head(t.Context()); err != nil || head != want {
		t.Errorf("made anew, the head is %v, %v", head, err)
	}
}

// TestWriters: one writes, many read, and whoever comes second is told.
func TestWriters(t *testing.T) {
	path := filled(t, 3)
	first, err := Open(path, true)
	redlinetest.Must(t, err)
	_, err = Open(path, true)
	host, errHost := os.Hostname()
	redlinetest.Must(t, errHost)
	holder, errUser := user.Current()
	redlinetest.Must(t, errUser)
	want := fmt.Sprintf("%s: process %d of %s on %s writes to this ledger; wait until it ends", path, os.Getpid(), holder.Username, host)
	if redline.KindOf(err) != redline.Locked || err.Error() != want {
		t.Errorf("a second writer: %v", err)
	}
	// An older version of the program does not say who it is.
	redlinetest.Must(t, os.Truncate(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock"), 0))
	_, err = Open(path, true)
	want = path + ": another process writes to this ledger; wait until it ends"
	if redline.KindOf(err) != redline.Locked || err.Error() != want {
		t.Errorf("a second writer: %v", err)
	}
	reader, err := Open(path, false)
	redlinetest.Must(t, err)
	before, err := reader.Head(t.Context())
	redlinetest.Must(t, err)
	seen := 0
	for range reader.Events(t.Context(), ledger.EventFilter{}) { // an append in the middle does not reach this reading
		if seen++; seen == 2 {
			redlinetest.Must(t, ledger.Commit(t.Context(), first, before, []ledger.Event{note("later")}, nil))
		}
	}
	after, err := reader.Head(t.Context())
	redlinetest.Must(t, err)
	if int64(seen) != before.Seq || after.Seq != before.Seq+1 {
		t.Errorf("%d events of %d were read; then the head is %d", seen, before.Seq, after.Seq)
	}
	if err := reader.Append(t.Context(), ledger.Batch{}); err == nil || !strings.Contains(err.Error(), "is open for reading only") {
		t.Errorf("a reader appends: %v", err)
	}
	redlinetest.Must(t, first.Close())
	redlinetest.Must(t, reader.Close())
	again, err := Open(path, true) // the other one has ended
	redlinetest.Must(t, err)
	redlinetest.Must(t, again.Close())
}

func note(text string) ledger.Event {
	return ledger.Event{Case: "340000-000001", Kind: ledger.Set, Time: ledgertest.At.AddDate(0, 0, 1), Actor: "张三",
		Fields: map[string]string{ledger.FieldNote: text}}
}

// TestBusy: while another program writes, an append waits, and says so when it has waited long enough.
func TestBusy(t *testing.T) {
	path := filled(t, 1)
	s, err := Open(path, true)
	redlinetest.Must(t, err)
	defer s.Close()
	s.writer.SetBusyTimeout(0)
	other := raw(t, path)
	redlinetest.Must(t, sqlitex.ExecuteTransient(other, "BEGIN IMMEDIATE", nil))
	head, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	err = ledger.Commit(t.Context(), s, head, []ledger.Event{note("x")}, nil)
	if redline.KindOf(err) != redline.Locked || !strings.Contains(err.Error(), "another program, such as QGIS, is writing to it") {
		t.Errorf("the append says %v", err)
	}
	redlinetest.Must(t, sqlitex.ExecuteTransient(other, "ROLLBACK", nil))
	redlinetest.Must(t, ledger.Commit(t.Context(), s, head, []ledger.Event{note("x")}, nil))
}

// raw opens a file as any program does.
func raw(t *testing.T, path string) *sqlite.Conn {
	t.Helper()
	db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	redlinetest.Must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestGuards: what somebody may not do by SQL or in QGIS, and what he is told.
func TestGuards(t *testing.T) {
	db := raw(t, filled(t, 3))
	for sql, want := range map[string]string{
		"UPDATE events SET actor = 'x' WHERE seq = 3": "事项一经记录不能修改；有误请另记一条更正。Events never change: add one that corrects it.",
		"DELETE FROM events WHERE seq = 3":            "事项一经记录不能删除；有误请另记一条更正。Events are never deleted: add one that corrects it.",
		"INSERT INTO events SELECT 99, '', kind, time, actor, level, fields, '', '', '', 0, '', '', 'x' FROM events WHERE seq = 3": "台账只能由程序写入，不能在此新增。Only the program adds to the ledger: use greenshield ledger.",
		"UPDATE cases SET state = 'struck_off'":          "台账内容由事项推算，不能在此修改；请用 ledger take 或 ledger set。The ledger cannot be edited here: use ledger take or set.",
		"DELETE FROM cases":                              "台账只增不删；没有问题的点位请归档。Nothing is deleted from the ledger: archive what is no problem.",
		"UPDATE detections SET area_m2 = 1":              "台账内容由事项推算，不能在此修改；请用 ledger take 或 ledger set。The ledger cannot be edited here: use ledger take or set.",
		"DELETE FROM detections":                         "台账只增不删；没有问题的点位请归档。Nothing is deleted from the ledger: archive what is no problem.",
		"UPDATE meta SET value = '7' WHERE name = 'seq'": "台账内容由事项推算，不能在此修改；请用 ledger take 或 ledger set。The ledger cannot be edited here: use ledger take or set.",
	} {
		err := sqlitex.ExecuteTransient(db, sql, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// TestNoLedger: files that are none, and what is said of them.
func TestNoLedger(t *testing.T) {
	dir := t.TempDir()
	text, other, newer := filepath.Join(dir, "text.gpkg"), filepath.Join(dir, "other.gpkg"), filled(t, 1)
	redlinetest.Must(t, os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o600))
	db, err := sqlite.OpenConn(other, sqlite.OpenReadWrite, sqlite.OpenCreate)
	redlinetest.Must(t, err)
	redlinetest.Must(t, sqlitex.ExecuteTransient(db, "CREATE TABLE cases (id)", nil))
	redlinetest.Must(t, db.Close())
	db = raw(t, newer)
	redlinetest.Must(t, sqlitex.ExecuteScript(db, "DROP TRIGGER guard_meta_update; UPDATE meta SET value = '2' WHERE name = 'format'", nil))
	for path, want := range map[string]string{
		filepath.Join(dir, "no.gpkg"): "is no ledger: no such file or directory; make one by ledger init",
		text:                          "is no ledger; name the ledger.gpkg that ledger init made",
		other:                         "is no ledger; name the ledger.gpkg that ledger init made",
		newer:                         "is of format 2, which this version does not know; install a newer one",
	} {
		for _, write := range []bool{false, true} {
			_, err := Open(path, write)
			if redline.KindOf(err) != redline.Usage || err.Error() != path+": "+want {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if _, err := Create(newer); redline.KindOf(err) != redline.Output || err.Error() != newer+": exists; name another file" {
		t.Errorf("creating over a file: %v", err)
	}
	s, err := Create(filepath.Join(dir, "no.gpkg")) // which is what ledger init does
	redlinetest.Must(t, err)
	redlinetest.Must(t, s.Close())
}

// TestOnNetwork: the warning comes by the kind of file system, also for a file that is not there yet.
func TestOnNetwork(t *testing.T) {
	dir := t.TempDir()
	if said := OnNetwork(filepath.Join(dir, "new.gpkg")); said != nil {
		t.Errorf("a local disk: %s", said)
	}
	for magic, name := range map[int64]string{0x6969: "NFS", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x01021997: "9p", 0x65735546: "FUSE", 0xef53: ""} {
		said := onNetwork("/share/new.gpkg", func(path string, fs *unix.Statfs_t) error {
			if path != "/share" {
				return unix.ENOENT
			}
			fs.Type = magic
			return nil
		})
		want := ""
		if name != "" {
			want = "/share/new.gpkg: lies on a network share (" + name + "), where locks of SQLite may not hold and a ledger can be damaged; keep it on a local disk, or use PostGIS for several machines"
		}
		if got := fmt.Sprint(said); said == nil && want != "" || said != nil && got != want {
			t.Errorf("%#x: %q", magic, got)
		}
	}
	if said := onNetwork("/x/y", func(string, *unix.Statfs_t) error { return errors.New("unknown") }); said != nil {
		t.Errorf("unknown: %s", said)
	}
}

// TestEditsAreFound: whoever takes the guards away and changes anything is found out.
func TestEditsAreFound(t *testing.T) {
	path := filled(t, 11)
	whole, err := os.ReadFile(path)
	redlinetest.Must(t, err)
	behind := ledgertest.Behind{
		Open: func() (ledger.Store, error) { return Open(path, false) },
		Exec: func(sql string) (changed int, err error) {
			db, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
			redlinetest.Must(t, err)
			defer db.Close()
			var drop []string
			redlinetest.Must(t, sqlitex.ExecuteTransient(db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
				&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
					drop = append(drop, `DROP TRIGGER "`+stmt.ColumnText(0)+`";`)
					return nil
				}}))
			redlinetest.Must(t, sqlitex.ExecuteScript(db, strings.Join(drop, ""), nil))
			err = sqlitex.ExecuteTransient(db, sql, nil)
			return db.Changes(), err
		},
		Reset: func() { redlinetest.Must(t, os.WriteFile(path, whole, 0o600)) },
		JSON:  `'{"x":"1"}'`, Bytes: "x'0203'",
		More: []string{
			"UPDATE cases SET geom = NULL WHERE fid = 3",
			"UPDATE cases SET geom = (SELECT geom FROM cases WHERE fid = 4) WHERE fid = 3",
			"UPDATE cases SET geom = 'x' WHERE fid = 3",
			"UPDATE meta SET value = '1' WHERE name = 'seq'", "UPDATE meta SET value = 'x' WHERE name = 'seq'",
			"UPDATE meta SET value = 'x' WHERE name = 'hash'", "UPDATE meta SET value = '99' WHERE name = 'last_no'",
			"DELETE FROM meta WHERE name = 'hash'", "UPDATE events SET fields = replace(fields, '{', '{ ') WHERE seq = 4",
			"UPDATE events SET actor = x'00' WHERE seq = 4", "DELETE FROM events", "DELETE FROM cases", "DELETE FROM detections",
			"UPDATE cases SET body = replace(body, 'unreviewed', 'struck_off')", "UPDATE detections SET cells = x''",
			"UPDATE detections SET cells = x'02' WHERE fid = 2", "UPDATE detections SET cells = cells || x'80'",
			"UPDATE detections SET body = (SELECT body FROM detections WHERE fid = 1), id = id || ''",
		},
	}
	ledgertest.FindsEdits(t, behind)
	ledgertest.FindsEach(t, behind)
}

// TestGDALReads: GDAL, by which QGIS reads, sees the layer where it is, all tables, and is told why it may not edit.
func TestGDALReads(t *testing.T) {
	path := filled(t, 3)
	plain := filepath.Join(t.TempDir(), "ledger.gpkg")
	redlinetest.Must(t, os.Rename(path, plain))
	ogr := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("ogrinfo", args...).CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			t.Skip("ogrinfo is missing: make test installs it")
		}
		return string(out)
	}
	said := ogr("-ro", "-al", "-so", plain)
	for _, want := range []string{"Layer name: cases\nMetadata:\n  DESCRIPTION=问题点位\nGeometry: Point\nFeature Count: 3\nExtent: (117.242857, 31.700000) - (117.528571, 31.700000)",
		"China Geodetic Coordinate System 2000", "Layer name: events\nMetadata:\n  DESCRIPTION=事项\nGeometry: None\nFeature Count: 8", "state: String (0.0) NOT NULL", "area_m2: Real (0.0)",
		"Layer name: detections\nMetadata:\n  DESCRIPTION=变化图斑\nGeometry: None\nFeature Count: 3", "Layer name: meta\nMetadata:\n  DESCRIPTION=台账信息\nGeometry: None\nFeature Count: 6",
		"Layer name: case_areas\nMetadata:\n  DESCRIPTION=问题点位（范围）\nGeometry: Multi Polygon\nFeature Count: 3\nExtent: (117.500000, 31.000000) - (118.500000, 32.000000)",
		"said: String (0.0)", "rebounds: Integer64 (0.0) NOT NULL", "Layer name: case_history\nMetadata:\n  DESCRIPTION=办理经过\nGeometry: None\nFeature Count: 6"} {
		if !strings.Contains(said, want) {
			t.Errorf("ogrinfo does not say %q: %s", want, said)
		}
	}
	if strings.Contains(said, "Warning") || strings.Contains(said, "ERROR") {
		t.Errorf("ogrinfo complains: %s", said)
	}
	if said := ogr(plain, "-sql", "UPDATE events SET actor = 'x'"); !strings.Contains(said, "事项一经记录不能修改") {
		t.Errorf("an edit by GDAL: %s", said)
	}
	s, err := Open(plain, false)
	redlinetest.Must(t, err)
	defer s.Close()
	ledgertest.Sound(t, s)
}

// TestManyRows: after a batch of so many rows that guards are not asked of each, all of them are back, and those of older
// files are there too; so is what a failing one leaves behind.
func TestManyRows(t *testing.T) {
	schema := func(path string) (all []string) {
		redlinetest.Must(t, sqlitex.ExecuteTransient(raw(t, path), "SELECT sql FROM sqlite_schema ORDER BY sql",
			&sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
				all = append(all, stmt.ColumnText(0))
				return nil
			}}))
		return all
	}
	want, path := schema(filled(t, 3)), newFile(t)
	events, detections := ledgertest.Scene(manyRows)
	full := errors.New("the disk is full")
	for left := range 3 {
		seen := 0
		s, err := open(path, way{write: true, lock: true, step: func(what string) error {
			if strings.HasPrefix(what, "INSERT INTO cases") {
				seen++
			}
			if left < 2 && seen == 1+left*(manyRows-1) {
				return full
			}
			return nil
		}})
		redlinetest.Must(t, err)
		if err := ledger.Commit(t.Context(), s, ledger.Head{}, events, detections); (left < 2) != errors.Is(err, full) {
			t.Fatal(err)
		}
		ledgertest.Sound(t, s)
		redlinetest.Must(t, s.Close())
		if got := schema(path); !slices.Equal(got, want) {
			t.Errorf("the tables and triggers are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if len(want) < 30 || slices.ContainsFunc(want, func(sql string) bool { return strings.Contains(sql, "events_hash") }) {
		t.Errorf("a new file has %d tables, triggers and indexes, that of hashes among them", len(want))
	}
}
