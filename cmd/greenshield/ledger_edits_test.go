package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestLedgerEdits: what a reviewer saves in QGIS, in the layer of a database, becomes events in his name by ledger take,
// and what cannot be is refused and stays.
func TestLedgerEdits(t *testing.T) {
	super := os.Getenv("GREENSHIELD_POSTGIS")
	if super == "" {
		t.Skip("no PostgreSQL is named: make test-postgis starts one and runs this test")
	}
	if out, err := exec.Command("/usr/bin/python3", "-c", "import qgis.core").CombinedOutput(); err != nil {
		t.Skipf("QGIS is missing: %s", out)
	}
	ask := func(database string, statements ...string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), super+" dbname="+database)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		for _, sql := range statements {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
	}
	ask("postgres", "CREATE DATABASE edited")
	ask("edited", "CREATE EXTENSION IF NOT EXISTS postgis")
	config, err := pgx.ParseConfig(super)
	if err != nil {
		t.Fatal(err)
	}
	place := fmt.Sprintf("postgres://%s@/edited?host=%s", config.User, config.Host)
	dir := newLedger(t)
	here(t, dir, "ledger", "export", "all.ndjson").want(t, 0)
	here(t, dir, "ledger", "import", "all.ndjson", "--ledger", place).want(t, 0)
	ids := query(t, filepath.Join(dir, "ledger.gpkg"), "SELECT id FROM cases WHERE county = '990102' ORDER BY id")
	ask("edited", "CREATE ROLE xu LOGIN IN ROLE ledger_reviewer", "INSERT INTO ledger.people VALUES ('xu', '徐静', 'county', '990102')")
	session := exec.Command("/usr/bin/python3", filepath.Join(scriptFolder, "../redline/ledgerpg/testdata/session.py"), config.Host, "edited", "xu")
	session.Env = append(os.Environ(), "QT_QPA_PLATFORM=offscreen", "PYTHONDONTWRITEBYTECODE=1", "HOME="+t.TempDir())
	session.Stdin = strings.NewReader(fmt.Sprintf("verdict\t%s\tconfirmed\nnote\t%[1]s\t已推平\nverdict\t%s\trefuted\n", ids[0], ids[1]))
	out, err := session.Output()
	if lines := bufio.NewScanner(strings.NewReader(string(out))); err != nil || !lines.Scan() || lines.Text() != fmt.Sprintf("ready %d EPSG:4490", len(ids)) || strings.Count(string(out), "saved\n") != 3 {
		t.Fatalf("QGIS: %s, %v", out, err)
	}
	take := []string{"ledger", "take", "--edits", "--ledger", place}
	here(t, dir, append(take, "--dry-run")...).has(t, "it would be 1 event: 1 judged\n")
	o := here(t, dir, take...)
	o.want(t, 13)
	o.has(t, ids[1]+": the verdict refuted needs a reason", "1 event written to ")
	here(t, dir, "ledger", "case", ids[0], "--ledger", place).has(t, "judged  徐静 (county)", "已推平", "confirmed")
	here(t, dir, "ledger", "verify", "--ledger", place).want(t, 0)
	again := here(t, dir, take...)
	again.has(t, ids[1]+": the verdict refuted needs a reason", "nothing was written to ")
	if strings.Contains(again.stdout, "nothing new") {
		t.Errorf("what was taken is still there: %s", again.stdout)
	}
	o = here(t, dir, "ledger", "take", "--edits", "--as", "李明", "--level", "county")
	o.want(t, 10)
	o.has(t, "--edits takes what is in a database; name it by --ledger postgres://…, and no file")
}
