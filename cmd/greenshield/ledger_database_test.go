//go:build linux && amd64

package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/ledger"
)

// proxy stands between the program and PostgreSQL, and disturbs one of the messages of the program.
type proxy struct {
	folder string // of its socket
	target string // the server's socket

	mu   sync.Mutex
	sent int            // messages of the program
	at   int            // which of them is disturbed, from 1; 0 for none
	how  func(net.Conn) // disturbs it
	late bool           // the server gets it
}

// serve passes connections on until the test ends.
func (p *proxy) serve(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(p.folder, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", p.target)
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(client, server)
				client.Close()
			}()
			go p.pass(client, server)
		}
	}()
}

// pass passes what the program sends on to the server.
func (p *proxy) pass(client, server net.Conn) {
	defer server.Close()
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.sent++
		hit := p.sent == p.at
		p.mu.Unlock()
		if hit && !p.late {
			p.how(client)
			return
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
		if hit {
			p.how(client)
			return
		}
	}
}

// reset has the proxy count anew and disturb one message, or none.
func (p *proxy) reset(at int, late bool, how func(net.Conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent, p.at, p.late, p.how = 0, at, late, how
}

// TestLedgerDatabaseDisasters: the commands write to a ledger in PostGIS, over a connection that is cut before or after a
// message, or are killed before one. All of a command's events are there, or none, and repeating it ends with the same
// chain. make test-postgis starts the server.
func TestLedgerDatabaseDisasters(t *testing.T) {
	given := os.Getenv("GREENSHIELD_POSTGIS")
	if given == "" {
		t.Skip("no PostGIS; make test-postgis starts one")
	}
	config, err := pgx.ParseConfig(given)
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer keeper.Close(t.Context())
	sql := func(statement string) {
		t.Helper()
		if _, err := keeper.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	socket, err := os.MkdirTemp("", "") // a short name: sockets have no long ones
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(socket)
	p := &proxy{folder: socket, target: filepath.Join(config.Host, ".s.PGSQL.5432")}
	p.serve(t)
	at := func(host, database string) string {
		return "postgres:///" + database + "?" + url.Values{"host": {host}, "user": {config.User}}.Encode()
	}
	quiet := func(database string) { // a server may go on with what it got before a connection was cut
		for n := 1; n > 0; {
			if err := keeper.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", database).Scan(&n); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := newLedger(t)
	ids := candidateIDs(t, dir, 1)
	judge(t, dir, "a.gpkg", map[string]string{ids[0]: "verdict = 'confirmed'"})
	database := func(name string, steps ...string) {
		sql("CREATE DATABASE " + name)
		for _, step := range steps {
			here(t, dir, append(strings.Fields(step), "--ledger", at(config.Host, name))...).want(t, 0)
		}
		quiet(name)
	}
	const found = "ledger init --code 340000 --name 省 --as 王 --level province --at 2026-01-05"
	database("founded", found)
	database("filled", found, "ledger add out --at 2026-01-05")
	for name, c := range map[string]struct{ template, args string }{
		"add":    {"founded", "ledger add out --at 2026-02-01"},
		"take":   {"filled", "ledger take a.gpkg --as 李 --level county --at 2026-02-01"},
		"merge":  {"founded", "ledger merge ledger.gpkg --as 王 --level province --at 2026-02-01"},
		"sample": {"filled", "ledger sample --n 9 --min-each 1 --by none --as 王 --level city --at 2026-02-01"},
		"follow": {"filled", "ledger follow --raster lc2020.tif --year 2021 --legend clcd --at 2026-02-01"},
	} {
		t.Run(name, func(t *testing.T) {
			args := func(host string) []string { return append(strings.Fields(c.args), "--ledger", at(host, "work")) }
			fresh := func() {
				sql("DROP DATABASE IF EXISTS work WITH (FORCE)")
				sql("CREATE DATABASE work TEMPLATE " + c.template)
			}
			head := func() ledger.Head {
				t.Helper()
				quiet("work")
				h, problem := headOf(t, dir, at(config.Host, "work"))
				if problem != "" {
					t.Error(problem)
				}
				return h
			}
			fresh()
			before := head()
			p.reset(0, false, nil)
			run(t, dir, args(socket)...).want(t, 0)
			after, messages := head(), p.count()
			if after.Seq <= before.Seq || messages < 10 {
				t.Fatalf("%d messages, from %v to %v", messages, before, after)
			}
			every := max(1, messages/4)
			if torture() {
				every = 1
			}
			ends := map[bool]int{}
			for i := messages; i > 0; i -= every {
				for _, how := range []string{"cut before", "cut after", "killed before"} {
					fresh()
					cmd := command(dir, args(socket)...)
					p.reset(i, how == "cut after", func(client net.Conn) {
						if how == "killed before" {
							_ = cmd.Process.Kill()
						}
						client.Close()
					})
					o := finish(t, cmd)
					end, what := head(), fmt.Sprintf("%s message %d of %d", how, i, messages)
					if end != before && end != after || o.status == 0 && end != after {
						t.Errorf("%s: status %d at %v, not at %v or %v: %s", what, o.status, end, before, after, o.stderr)
					}
					if ends[end == after]++; o.status > 0 && o.status != 13 && o.status != 15 {
						t.Errorf("%s: status %d: %s", what, o.status, o.stderr)
					}
					again := run(t, dir, args(config.Host)...)
					if end := head(); again.status != 0 || end != after {
						t.Errorf("%s: repeated, it ends with status %d at %v, want %v: %s", what, again.status, end, after, again.stderr)
					}
				}
			}
			if ends[false] == 0 {
				t.Errorf("nothing was lost: %v", ends)
			}
		})
	}
}

// count returns how many messages the program has sent.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent
}
