package ledgerpg

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/jackc/pgx/v5"

	"greenshield/redline"
)

//go:embed migrations/*.sql
var files embed.FS

// migrations returns the statements of each version, the first of version 1. There is no way back from one.
func migrations() (all []string) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is right
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // the file is in the program
		}
		all = append(all, string(text))
	}
	return all
}

// begun makes what knows the version. It says nothing when that is there.
const begun = `
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA IF NOT EXISTS ledger;
CREATE TABLE IF NOT EXISTS ledger.migrations (version int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());
`

// Migrate makes a ledger without events of a database that has none, and brings an older one up to date. Each version
// is one transaction. The role of the connection must be allowed to create roles and the extension PostGIS.
func Migrate(ctx context.Context, url string) error { return migrateTo(ctx, url, len(migrations())) }

func migrateTo(ctx context.Context, url string, version int) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return faultOf(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for done := false; !done && err == nil; {
		err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			done, err = migrateOnce(ctx, tx, version)
			return err
		})
	}
	return faultOf(err)
}

// migrateOnce takes one step towards a version; done tells that there is none to take.
func migrateOnce(ctx context.Context, tx pgx.Tx, version int) (done bool, err error) {
	// Whoever else migrates this database waits here.
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('greenshield ledger'))"); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, begun); err != nil {
		return false, err
	}
	at, err := versionOf(ctx, tx)
	if err != nil || at >= version {
		return true, err
	}
	if _, err := tx.Exec(ctx, migrations()[at]); err != nil {
		return false, fmt.Errorf("version %d: %w", at+1, err)
	}
	_, err = tx.Exec(ctx, "INSERT INTO ledger.migrations (version) VALUES ($1)", at+1)
	return false, err
}

// querier is what a query is made with: a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func versionOf(ctx context.Context, q querier) (version int, err error) {
	err = q.QueryRow(ctx, "SELECT coalesce(max(version), 0) FROM ledger.migrations").Scan(&version)
	if err == nil && version > len(migrations()) {
		err = redline.Faultf(redline.Usage, "the ledger in PostgreSQL is of version %d, which this program does not know; "+
			"install a newer one", version)
	}
	return version, err
}
