//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// featureserv returns the path of pg_featureserv, or skips the test. It is no package of Debian's, and not every proxy
// of modules has it.
func featureserv(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("PG_FEATURESERV"); path != "" {
		return path
	}
	path, err := exec.LookPath("pg_featureserv")
	if err != nil {
		t.Skip("pg_featureserv is missing: go install github.com/CrunchyData/pg_featureserv@v1.3.1, or name it by PG_FEATURESERV")
	}
	return path
}

// ledgerDatabase makes a ledger of cases in a database of its own, with the role of the example and chen, who sees one
// county; it returns what executes SQL there as a user, and the folder of the sockets.
func ledgerDatabase(t *testing.T) (sql func(user, statement string) (string, error), socket string) {
	t.Helper()
	super := os.Getenv("GREENSHIELD_POSTGIS")
	if super == "" {
		t.Skip("no PostgreSQL is named: make test-delegation starts one and runs this test")
	}
	config, err := pgx.ParseConfig(super)
	if err != nil {
		t.Fatal(err)
	}
	at := func(user, database string) string {
		return "postgres:///" + database + "?" + url.Values{"host": {config.Host}, "user": {user}}.Encode()
	}
	exec := func(user, database, statement string) (found string, err error) {
		conn, err := pgx.Connect(t.Context(), at(user, database))
		if err != nil {
			return "", err
		}
		defer conn.Close(t.Context())
		results, err := conn.PgConn().Exec(t.Context(), statement).ReadAll()
		for _, r := range results {
			for _, row := range r.Rows {
				found += string(bytes.Join(row, []byte("|"))) + "\n"
			}
		}
		return strings.TrimSpace(found), err
	}
	if _, err := exec(config.User, "postgres", "CREATE DATABASE offered"); err != nil {
		t.Fatal(err)
	}
	dir := newLedger(t)
	here(t, dir, "ledger", "export", "all.ndjson").want(t, 0)
	here(t, dir, "ledger", "import", "all.ndjson", "--ledger", at(config.User, "offered")).want(t, 0)
	for _, statement := range []string{exampleText(t, "pg_featureserv.sql"), "CREATE ROLE chen LOGIN IN ROLE ledger_reviewer",
		"INSERT INTO ledger.people SELECT 'chen', '陈', 'county', min(county) FROM ledger.cases WHERE county <> ''"} {
		if _, err := exec(config.User, "offered", statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return func(user, statement string) (string, error) {
		if user == "" {
			user = config.User
		}
		return exec(user, "offered", statement)
	}, config.Host
}

// serveFeatures starts pg_featureserv by the example as a role, and returns its address.
func serveFeatures(t *testing.T, program, socket, role string) string {
	t.Helper()
	for range 3 { // a port that was free may have been taken
		l := listenFile(t)
		_, port, _ := net.SplitHostPort(l.at)
		l.file.Close()
		dir := t.TempDir()
		writeText(t, filepath.Join(dir, "f.toml"), exampleText(t, "pg_featureserv.toml", "HttpPort = 9000", "HttpPort = "+port,
			"host=/var/run/postgresql user=featureserv dbname=ledger", "host="+socket+" user="+role+" dbname=offered"))
		cmd := exec.Command(program, "--config", filepath.Join(dir, "f.toml"))
		var log bytes.Buffer
		cmd.Dir, cmd.Stderr, cmd.Stdout = dir, &log, &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
		look := time.NewTicker(20 * time.Millisecond)
		defer look.Stop()
		for open := false; !open; {
			select {
			case <-ended:
				open = true
			case <-look.C:
				if c, err := net.Dial("tcp", l.at); err == nil {
					c.Close()
					return "http://" + l.at
				}
			}
		}
		if !strings.Contains(log.String(), "address already in use") {
			t.Fatalf("pg_featureserv has ended: %s", &log)
		}
	}
	t.Fatal("no port stays free")
	return ""
}

// TestDelegationFeatureserv: pg_featureserv by the example offers the cases that its role sees, and nothing else, and its
// role cannot write.
func TestDelegationFeatureserv(t *testing.T) {
	sql, socket := ledgerDatabase(t)
	count := func(where string) string {
		n, err := sql("", "SELECT count(*) FROM ledger.cases"+where)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	all, few := count(""), count(" WHERE county = (SELECT min(county) FROM ledger.cases WHERE county <> '')")
	if all == few || few == "0" {
		t.Fatalf("%s cases, %s of a county", all, few)
	}
	for _, statement := range []string{"UPDATE ledger.cases SET verdict = 'refuted'", "DELETE FROM ledger.events",
		"CREATE TABLE mine (a int)", "BEGIN READ WRITE; INSERT INTO ledger.events SELECT * FROM ledger.events; COMMIT"} {
		if _, err := sql("featureserv", statement); err == nil {
			t.Errorf("the role may %s", statement)
		}
	}
	before := count(", ledger.events")
	program := featureserv(t)
	for role, want := range map[string]string{"featureserv": all, "chen": few} {
		t.Run(role, func(t *testing.T) { offered(t, serveFeatures(t, program, socket, role), want) })
	}
	if after := count(", ledger.events"); after != before {
		t.Errorf("cases times events were %s and are %s", before, after)
	}
}

// offered holds what pg_featureserv offers: so many cases, by their places, and no other table.
func offered(t *testing.T, at, want string) {
	t.Helper()
	var list struct{ Collections []struct{ ID string } }
	_, body := asked(t, http.DefaultClient, getRequest(t, at+"/collections.json"))
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Collections) != 1 || list.Collections[0].ID != "ledger.cases" {
		t.Errorf("%v: collections %s", err, body)
	}
	if !strings.Contains(body, `"https://office.example/cases/collections/ledger.cases"`) {
		t.Errorf("links lead elsewhere: %s", body)
	}
	var found struct {
		Features []struct {
			ID         string
			Geometry   struct{ Coordinates []float64 }
			Properties map[string]any
		}
	}
	items := at + "/collections/ledger.cases/items.json"
	tryWriting(t, http.MethodPost, items)
	tryWriting(t, http.MethodDelete, at+"/collections/ledger.cases/items/1")
	status, body := asked(t, http.DefaultClient, getRequest(t, items+"?limit=10000"))
	if err := json.Unmarshal([]byte(body), &found); err != nil || fmt.Sprint(len(found.Features)) != want {
		t.Fatalf("%d, %v: %d cases, want %s: %.300s", status, err, len(found.Features), want, body)
	}
	for _, f := range found.Features {
		if c := f.Geometry.Coordinates; len(c) != 2 || c[0] < 73 || c[0] > 136 || c[1] < 3 || c[1] > 54 || f.Properties["state"] == "" {
			t.Errorf("case %s is at %v: %v", f.ID, c, f.Properties)
		}
	}
	for _, path := range []string{"/collections/ledger.events/items.json", "/collections/ledger.people/items.json", "/functions/none.json"} {
		if status, body := asked(t, http.DefaultClient, getRequest(t, at+path)); status != 404 {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
	r := getRequest(t, items)
	r.Header.Set("Origin", "https://elsewhere.example")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if allowed := resp.Header.Get("Access-Control-Allow-Origin"); allowed == "*" || strings.Contains(allowed, "elsewhere") {
		t.Errorf("pages of %q may read", allowed)
	}
}

// tryWriting sends what pg_featureserv should not do anything about, whatever it answers.
func tryWriting(t *testing.T, method, url string) {
	t.Helper()
	body := `{"type": "Feature", "geometry": null, "properties": {"id": "1", "verdict": "refuted"}}`
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	asked(t, http.DefaultClient, r)
}
