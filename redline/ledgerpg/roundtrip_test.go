package ledgerpg_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/ledger"
	"greenshield/redline/ledger/ledgertest"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/ledgerpg"
	"greenshield/redline/redlinetest"
)

// TestRoundTrip: from a GeoPackage through PostgreSQL into another GeoPackage a ledger stays the same, event by event, case
// by case, and its exports have the same hash.
func TestRoundTrip(t *testing.T) {
	url := os.Getenv("GREENSHIELD_POSTGIS")
	if url == "" {
		t.Skip("no PostgreSQL is named: make test-postgis starts one and runs this test")
	}
	conn, err := pgx.Connect(t.Context(), url)
	redlinetest.Must(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), "CREATE DATABASE round_trip")
	redlinetest.Must(t, err)
	url += " dbname=round_trip"
	redlinetest.Must(t, ledgerpg.Migrate(t.Context(), url))

	dir := t.TempDir()
	first, err := ledgergpkg.Create(filepath.Join(dir, "first.gpkg"))
	redlinetest.Must(t, err)
	server, err := ledgerpg.Open(t.Context(), url)
	redlinetest.Must(t, err)
	second, err := ledgergpkg.Create(filepath.Join(dir, "second.gpkg"))
	redlinetest.Must(t, err)
	stores := []ledger.Store{first, server, second}

	events, detections := ledgertest.Scene(40)
	redlinetest.Must(t, ledger.Commit(t.Context(), first, ledger.Head{}, events, detections))
	var exports [][sha256.Size]byte
	for i, s := range stores {
		if i > 0 {
			var b bytes.Buffer
			redlinetest.Must(t, ledger.Export(t.Context(), stores[i-1], &b))
			redlinetest.Must(t, ledger.Import(t.Context(), s, &b))
		}
		ledgertest.Sound(t, s)
		var b bytes.Buffer
		redlinetest.Must(t, ledger.Export(t.Context(), s, &b))
		exports = append(exports, sha256.Sum256(b.Bytes()))
	}
	head, err := first.Head(t.Context())
	redlinetest.Must(t, err)
	for i, s := range stores {
		if got, err := s.Head(t.Context()); err != nil || got != head || exports[i] != exports[0] {
			t.Errorf("store %d: head %v, %v, want %v; export %x, want %x", i, got, err, head, exports[i], exports[0])
		}
		redlinetest.Must(t, s.Close())
	}
}
