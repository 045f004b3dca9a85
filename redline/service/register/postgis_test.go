package register

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgerpg"
	"greenshield/redline/service/collection"
)

// database makes an empty ledger in the cluster of the tests, and returns it with what runs a statement as the superuser
// of another database.
func database(t *testing.T) (s *ledgerpg.Store, run func(sql string)) {
	t.Helper()
	url := os.Getenv("GREENSHIELD_POSTGIS")
	if url == "" {
		t.Skip("GREENSHIELD_POSTGIS is not set; make test-postgis sets it")
	}
	run = func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	run("CREATE DATABASE register")
	t.Cleanup(func() { run("DROP DATABASE register WITH (FORCE)") })
	own := url + " dbname=register"
	conn, err := pgx.Connect(t.Context(), own)
	if err == nil {
		_, err = conn.Exec(t.Context(), "CREATE EXTENSION IF NOT EXISTS postgis")
		err = errors.Join(err, conn.Close(t.Context()), ledgerpg.Migrate(t.Context(), own))
	}
	if err != nil {
		t.Fatal(err)
	}
	if s, err = ledgerpg.Open(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, run
}

// TestPostGIS: cases of a ledger in a database are found as a search through all of them does it, appends of others are
// seen as wholes, and a database that is away for a while is waited for.
func TestPostGIS(t *testing.T) {
	s, run := database(t)
	random := rand.New(rand.NewPCG(3, 4))
	randomLedger(t, s, random, 80)
	r := open(t, s)
	agrees(t, random, collectionOf(t, r, "cases"), plainCases(t, s))
	besides(t, s, r)
	asAnew(t, s, r)

	run("ALTER DATABASE register ALLOW_CONNECTIONS false")
	run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'register'")
	var off *collection.Unavailable
	if _, err := r.Collection(t.Context(), "cases"); !errors.As(err, &off) {
		t.Error(err)
	}
	if w := get(t, r, "/cases/"+caseID(1), nil); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Error(w.Code, w.Header())
	}
	run("ALTER DATABASE register ALLOW_CONNECTIONS true")
	for range 20 { // each connection that was cut fails once
		if _, err := r.Collection(t.Context(), "cases"); err == nil {
			break
		}
	}
	commit(t, s, begin.AddDate(0, 2, 0), nil, say(caseID(7), ledger.Set, ledger.FieldUnit, "又来"))
	asAnew(t, s, r)
	var c Case
	if get(t, r, "/cases/"+caseID(7), &c); c.ID != caseID(7) {
		t.Errorf("%+v", c)
	}
}
