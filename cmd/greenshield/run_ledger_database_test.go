package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/files"
)

// TestLedgerDatabaseRun: a run that asks a ledger in a database, as somebody who may only read it, is told what the same
// ledger in a file tells, to the byte; its record names the database without the password, and the database is as it was.
// A ledger that was edited behind the program's back is refused.
func TestLedgerDatabaseRun(t *testing.T) {
	super := os.Getenv("GREENSHIELD_POSTGIS")
	if super == "" {
		t.Skip("no PostgreSQL is named: make test-postgis starts one and runs this test")
	}
	config, err := pgx.ParseConfig(super)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(database string, statements ...string) (found string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), super+" dbname="+database)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		for _, sql := range statements {
			rows, err := conn.Query(t.Context(), sql)
			if err == nil && rows.Next() {
				values, _ := rows.Values()
				found = fmt.Sprint(values...)
			}
			if rows.Close(); err != nil || rows.Err() != nil {
				t.Fatalf("%s: %v %v", sql, err, rows.Err())
			}
		}
		return found
	}
	ask("postgres", "CREATE DATABASE asked")
	ask("asked", "CREATE EXTENSION IF NOT EXISTS postgis")
	dir := newLedger(t)
	ids := candidateIDs(t, dir, 3)
	judge(t, dir, "back.gpkg", map[string]string{ids[0]: "verdict = 'confirmed'", ids[1]: "verdict = 'refuted', rev_note = '看过'"})
	here(t, dir, "ledger", "take", "back.gpkg", "--as", "李明", "--level", "county", "--reason", "misclassified", "--at", "2026-02-01").want(t, 0)
	here(t, dir, "ledger", "export", "all.ndjson").want(t, 0)
	here(t, dir, "ledger", "import", "all.ndjson", "--ledger", fmt.Sprintf("postgres://%s@/asked?host=%s", config.User, config.Host)).want(t, 0)
	ask("asked", "CREATE ROLE zhao LOGIN IN ROLE ledger_reader")
	const state = "SELECT count(*), max(seq), max(hash) FROM ledger.events"
	before := ask("asked", state)

	place := fmt.Sprintf("postgres://zhao:secret@/asked?host=%s", config.Host)
	run := func(out, ledger string) outcome {
		return here(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson,html", "--out", out, "--ledger", ledger)
	}
	run("of-file", "ledger.gpkg").want(t, 0)
	run("of-database", place).want(t, 0)
	if after := ask("asked", state); after != before {
		t.Errorf("the run has written to the database: %s, then %s", before, after)
	}
	for _, name := range []string{files.CandidatesName, files.FollowUpName} {
		a, err := os.ReadFile(filepath.Join(dir, "of-file", name))
		b, other := os.ReadFile(filepath.Join(dir, "of-database", name))
		if err != nil || other != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is another with a database: %v %v", name, err, other)
		}
	}
	candidates := candidatesOf(t, filepath.Join(dir, "of-database"))
	if got := fieldsOf(candidates[ids[0]], "relation", "verdict") + " " + fieldsOf(candidates[ids[1]], "relation", "verdict", "case_note"); got != "persisting confirmed refuted_before refuted 看过" {
		t.Errorf("told %s", got)
	}
	of, in := readManifest(t, filepath.Join(dir, "of-file")).Ledger, readManifest(t, filepath.Join(dir, "of-database")).Ledger
	if of.Hash != in.Hash || of.Events != in.Events || of.Code != in.Code {
		t.Errorf("the file is %+v, the database %+v", of, in)
	}
	for _, name := range []string{"manifest.json", "report.html"} {
		text, err := os.ReadFile(filepath.Join(dir, "of-database", name))
		if err != nil || bytes.Contains(text, []byte("secret")) {
			t.Errorf("%s tells the password: %v", name, err)
		}
	}
	here(t, dir, "check", "job.yaml", "--quiet", "--ledger", place).has(t, "head       event "+fmt.Sprint(in.Events)+", SHA-256 "+in.Hash, "no problems")

	ask("asked", "SET session_replication_role = replica", "UPDATE ledger.events SET actor = 'somebody else' WHERE seq = (SELECT max(seq) FROM ledger.events)")
	o := run("edited", place)
	o.want(t, 13)
	o.has(t, "the ledger does not end with the event that its head names")
	if bytes.Contains([]byte(o.stderr), []byte("secret")) {
		t.Errorf("the fault tells the password: %s", o.stderr)
	}
}
