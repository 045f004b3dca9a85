package ledgerpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/redlinetest"
)

// cluster returns the connection string of the cluster that .ci/postgis has started.
func cluster(t *testing.T) string {
	t.Helper()
	url := os.Getenv("GREENSHIELD_POSTGIS")
	if url == "" {
		t.Skip("no PostgreSQL is named: make test-postgis starts one and runs this test")
	}
	return url
}

var (
	databases atomic.Int64
	template  sync.Once // a database that was migrated, of which others are copies
)

// database makes a database with an empty ledger, and returns the connection string of its owner.
func database(t *testing.T) string {
	t.Helper()
	url := cluster(t)
	template.Do(func() {
		super(t, url, "CREATE DATABASE migrated")
		redlinetest.Must(t, Migrate(context.Background(), url+" dbname=migrated"))
	})
	return made(t, "migrated")
}

// made makes a database as a copy of another.
func made(t *testing.T, of string) string {
	t.Helper()
	url := cluster(t)
	name := fmt.Sprint("t", databases.Add(1))
	super(t, url, "CREATE DATABASE "+name+" TEMPLATE "+of)
	t.Cleanup(func() { super(t, url, "DROP DATABASE "+name+" WITH (FORCE)") })
	return url + " dbname=" + name
}

// super runs statements as the superuser.
func super(t *testing.T, url string, sql ...string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	redlinetest.Must(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	for _, s := range sql {
		if _, err := conn.Exec(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// opened opens the ledger of a database; a step may be nil.
func opened(t *testing.T, url string, step func(string) error) (*Store, error) {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	redlinetest.Must(t, err)
	s, err := open(t.Context(), config)
	if err == nil {
		s.step = step
	}
	return s, err
}

func store(t *testing.T, url string) *Store {
	t.Helper()
	s, err := opened(t, url, nil)
	redlinetest.Must(t, err)
	t.Cleanup(func() { redlinetest.Must(t, s.Close()) })
	return s
}

// filled returns a database with a ledger of n cases.
func filled(t *testing.T, n int) string {
	t.Helper()
	url := database(t)
	s, err := Open(t.Context(), url)
	redlinetest.Must(t, err)
	events, detections := ledgertest.Scene(n)
	redlinetest.Must(t, ledger.Commit(t.Context(), s, ledger.Head{}, events, detections))
	redlinetest.Must(t, s.Close())
	return url
}

func note(text string) ledger.Event {
	return ledger.Event{Case: "340000-000001", Kind: ledger.Set, Time: ledgertest.At.AddDate(0, 0, 1), Actor: "张三",
		Fields: map[string]string{ledger.FieldNote: text}}
}

func TestStore(t *testing.T) {
	cluster(t)
	ledgertest.Run(t, ledgertest.Kind{
		New: func(t *testing.T) func(ledgertest.Step) (ledger.Store, error) {
			url := database(t)
			return func(step ledgertest.Step) (ledger.Store, error) { return opened(t, url, step) }
		},
		Restore: func(t *testing.T, path string) (ledger.Store, error) {
			s, err := Open(t.Context(), database(t))
			redlinetest.Must(t, err)
			f, err := os.Open(path)
			redlinetest.Must(t, err)
			defer f.Close()
			return s, ledger.Import(t.Context(), s, f)
		},
	})
}

// TestFullDisk: a database whose disk is full says so, and keeps nothing of an append; once there is room, the append works.
func TestFullDisk(t *testing.T) {
	url := filled(t, 3)
	super(t, url, `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`,
		"CREATE TRIGGER no_room BEFORE UPDATE ON ledger.head EXECUTE FUNCTION no_room()")
	s := store(t, url)
	before, err := s.Head(t.Context())
	redlinetest.Must(t, err)
	err = ledger.Commit(t.Context(), s, before, []ledger.Event{note("one")}, nil)
	if !errors.Is(err, unix.ENOSPC) || redline.KindOf(err) != redline.Output ||
		!strings.HasSuffix(err.Error(), "; make room on its disk, then repeat") {
		t.Errorf("the append says %v", err)
	}
	if head, err := s.Head(t.Context()); err != nil || head != before {
		t.Errorf("the ledger ends at %v, %v; it ended at %v", head, err, before)
	}
	super(t, url, "DROP TRIGGER no_room ON ledger.head")
	redlinetest.Must(t, ledger.Commit(t.Context(), s, before, []ledger.Event{note("one")}, nil))
	ledgertest.Sound(t, s)
}

// TestEditsAreFound: whoever has a superuser's rights and changes anything is found out.
func TestEditsAreFound(t *testing.T) {
	url := filled(t, 11)
	conn, err := pgx.Connect(t.Context(), url)
	redlinetest.Must(t, err)
	defer conn.Close(context.Background())
	exec := func(sql string) (int, error) {
		tag, err := conn.Exec(t.Context(), sql)
		return int(tag.RowsAffected()), err
	}
	must := func(sql string) {
		t.Helper()
		_, err := exec(sql)
		redlinetest.Must(t, err)
	}
	must("SET search_path = ledger, public; SET session_replication_role = replica; CREATE SCHEMA saved")
	tables := []string{"head", "events", "detections", "cases"}
	for _, name := range tables {
		must("CREATE TABLE saved." + name + " AS TABLE ledger." + name)
	}
	behind := ledgertest.Behind{
		Open: func() (ledger.Store, error) { return Open(t.Context(), url) },
		Exec: exec,
		Reset: func() {
			for _, name := range tables {
				must("DELETE FROM ledger." + name)
				must("INSERT INTO ledger." + name + " TABLE saved." + name)
			}
		},
		JSON: `'{"x":"1"}'::json`, Bytes: `'\x0203'::bytea`,
		More: []string{
			"UPDATE cases SET geom = NULL WHERE id = '340000-000003'",
			"UPDATE cases SET geom = ST_Translate(geom, 0, 1e-9) WHERE id = '340000-000003'",
			"UPDATE head SET seq = 1", "UPDATE head SET hash = 'x'", "UPDATE head SET last_no = 99", "DELETE FROM head",
			"UPDATE events SET fields = replace(fields::text, '{', '{ ')::json WHERE seq = 4",
			"DELETE FROM events", "DELETE FROM cases", "DELETE FROM detections", `UPDATE detections SET cells = '\x'`,
			"UPDATE cases SET body = replace(body::text, 'unreviewed', 'struck_off')::json",
		},
	}
	ledgertest.FindsEdits(t, behind)
	ledgertest.FindsEach(t, behind)
}

// TestMigrations: a ledger of each older version, with what it holds, is brought up to date; a newer one is refused.
func TestMigrations(t *testing.T) {
	for version := range len(migrations()) + 1 {
		url := made(t, "template1")
		redlinetest.Must(t, migrateTo(t.Context(), url, version))
		if version < len(migrations()) {
			_, err := Open(t.Context(), url)
			want := fmt.Sprintf("the ledger in PostgreSQL is of version %d, this program needs %d; have its owner bring it up to date by ledger init",
				version, len(migrations()))
			if redline.KindOf(err) != redline.Usage || err.Error() != want {
				t.Errorf("version %d: %v", version, err)
			}
		}
		events, detections := ledgertest.Scene(3)
		var head ledger.Head
		if version > 0 { // what was written then stays
			old := &Store{pool: pool(t, url)}
			redlinetest.Must(t, ledger.Commit(t.Context(), old, head, events, detections))
			events, detections = []ledger.Event{note("later")}, nil
		}
		redlinetest.Must(t, Migrate(t.Context(), url))
		redlinetest.Must(t, Migrate(t.Context(), url)) // nothing is left to do
		s := store(t, url)
		head, err := s.Head(t.Context())
		redlinetest.Must(t, err)
		redlinetest.Must(t, ledger.Commit(t.Context(), s, head, events, detections))
		ledgertest.Sound(t, s)
		if h, _ := s.Head(t.Context()); h.LastNo != 3 {
			t.Errorf("from version %d: the head is %v", version, h)
		}
	}
	url := database(t)
	super(t, url, "INSERT INTO ledger.migrations (version) VALUES (99)")
	for what, err := range map[string]error{"migrate": Migrate(t.Context(), url), "open": onlyError(Open(t.Context(), url))} {
		if redline.KindOf(err) != redline.Usage || !strings.Contains(err.Error(), "is of version 99, which this program does not know; install a newer one") {
			t.Errorf("%s a newer ledger: %v", what, err)
		}
	}
	empty := made(t, "template1")
	if err := onlyError(Open(t.Context(), empty)); err == nil || err.Error() != "this database has no ledger; make one by ledger init" {
		t.Errorf("a database without a ledger: %v", err)
	}
	redlinetest.Must(t, Migrate(t.Context(), empty)) // which is what ledger init does
	redlinetest.Must(t, store(t, empty).pool.Ping(t.Context()))
	if err := onlyError(Open(t.Context(), "host=/nowhere")); redline.KindOf(err) != redline.Output || !strings.HasPrefix(err.Error(), "PostgreSQL cannot be reached: ") {
		t.Errorf("no server: %v", err)
	}
	if err := onlyError(Open(t.Context(), "postgres://[")); redline.KindOf(err) != redline.Usage {
		t.Errorf("no URL: %v", err)
	}
}

func onlyError(_ *Store, err error) error { return err }

// pool connects without asking for the version.
func pool(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	p, err := pgxpool.New(t.Context(), url+" search_path=ledger,public")
	redlinetest.Must(t, err)
	t.Cleanup(p.Close)
	return p
}

// TestBackupFails: a backup that cannot be written leaves nothing.
func TestBackupFails(t *testing.T) {
	s := store(t, filled(t, 3))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := s.Backup(ctx, filepath.Join(dir, "backup")); err == nil {
		t.Error("a backup that was stopped is taken")
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "no", "backup")); err == nil || !strings.Contains(err.Error(), "name a folder where you may write") {
		t.Errorf("a folder that is not there: %v", err)
	}
	entries, err := os.ReadDir(dir)
	redlinetest.Must(t, err)
	if len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
}
