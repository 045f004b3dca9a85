//go:build linux && amd64

package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"greenshield/redline/ledger"
)

// headOf returns where the chain of a ledger ends, of which nothing may have been changed.
func headOf(t *testing.T, dir, place string) (head ledger.Head, problem string) {
	t.Helper()
	o := run(t, dir, "ledger", "verify", "--json", "--ledger", place)
	var said struct{ Head ledger.Head }
	if err := json.Unmarshal([]byte(o.stdout), &said); o.status != 0 || err != nil {
		return head, o.stdout + o.stderr
	}
	return said.Head, ""
}

// writing is a command that writes to a ledger.
type writing struct {
	dir      string // in which it runs
	before   string // folder with the ledger as it is before
	args     []string
	old, new ledger.Head
}

// place makes a copy of the folder of the ledger.
func (w *writing) place(t *testing.T) (folder, ledger string) {
	t.Helper()
	folder = t.TempDir()
	text, err := os.ReadFile(filepath.Join(w.before, "l.gpkg"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "l.gpkg"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder, filepath.Join(folder, "l.gpkg")
}

// steps are calls that change files.
var steps = []string{"write", "pwrite64", "writev", "ftruncate", "fallocate", "fsync", "fdatasync", "unlinkat", "unlink", "renameat",
	"rename", "openat"}

// watch returns what to trace the command with: it tells f the moments at which files of the folder change.
func (w *writing) watch(folder string, f func(moment) error) func(systemCall) error {
	count := map[moment]int{}
	return func(c systemCall) error {
		if c.path == "" || !slices.Contains(steps, c.name) || c.name == "openat" && !c.new {
			return nil
		}
		m := moment{call: c.name, path: strings.TrimPrefix(c.path, folder)}
		count[m]++
		m.nth = count[m]
		return f(m)
	}
}

// disturb runs the command with an injection, judges the ledger, and repeats the command.
func (w *writing) disturb(t *testing.T, in injection) {
	t.Helper()
	folder, place := w.place(t)
	defer os.RemoveAll(folder) // there are many
	happened := false
	o := traced(t, command(w.dir, append(w.args, "--ledger", place)...), []string{folder}, w.watch(folder, func(m moment) error {
		if m != in.at && !(happened && in.forever && m.call == in.at.call) {
			return nil
		}
		happened = true
		return in.err
	}))
	if !happened {
		t.Errorf("%v did not happen", in)
	}
	head, problem := headOf(t, w.dir, place)
	switch {
	case problem != "":
		t.Errorf("%v: %s", in, problem)
	case head != w.old && head != w.new:
		t.Errorf("%v: the ledger ends at %v, neither at %v nor at %v", in, head, w.old, w.new)
	case in.err == errKill && o.status != -1:
		t.Errorf("%v: the program was not killed", in)
	case in.err != errKill && o.status == 0 && head != w.new:
		t.Errorf("%v: success is told, but the ledger ends at %v", in, head)
	case in.err != errKill && o.status != 0 && (o.status != 15 || !strings.HasPrefix(lastLine(o.stderr), "greenshield: ")):
		t.Errorf("%v: status %d, %s", in, o.status, o.stderr)
	}
	again := run(t, w.dir, append(w.args, "--ledger", place)...)
	if head, problem := headOf(t, w.dir, place); again.status != 0 || problem != "" || head != w.new {
		t.Errorf("%v: repeated, it ends with status %d at %v, want %v: %s%s", in, again.status, head, w.new, problem, again.stderr)
	}
}

// TestLedgerDisasters kills the commands that write to a ledger before each step that changes a file, and has each such
// step fail: all of a command's events are there, or none, and repeating the command ends with the same chain. Without
// torture, it does so at steps that are spread over all of them.
func TestLedgerDisasters(t *testing.T) {
	dir := newLedger(t)
	here(t, dir, strings.Fields("ledger init --code 340000 --name 省 --as 王 --level province --at 2026-01-05 --ledger 省.gpkg")...).want(t, 0)
	ids := candidateIDs(t, dir, 2)
	judge(t, dir, "a.gpkg", map[string]string{ids[0]: "verdict = 'confirmed'", ids[1]: "verdict = 'refuted', rev_reason = 'class'"})
	for name, c := range map[string]struct{ ledger, args string }{
		"add":    {"省.gpkg", "ledger add out --at 2026-02-01"},
		"take":   {"ledger.gpkg", "ledger take a.gpkg --as 李 --level county --at 2026-02-01"},
		"merge":  {"省.gpkg", "ledger merge ledger.gpkg --as 王 --level province --at 2026-02-01"},
		"sample": {"ledger.gpkg", "ledger sample --n 9 --min-each 1 --by none --as 王 --level city --at 2026-02-01"},
		"follow": {"ledger.gpkg", "ledger follow --raster lc2020.tif --year 2021 --legend clcd --at 2026-02-01"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &writing{dir: dir, before: t.TempDir(), args: strings.Fields(c.args)}
			text, err := os.ReadFile(filepath.Join(dir, c.ledger))
			if err == nil {
				err = os.WriteFile(filepath.Join(w.before, "l.gpkg"), text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.old, _ = headOf(t, dir, filepath.Join(w.before, "l.gpkg"))
			folder, place := w.place(t)
			var all []moment
			traced(t, command(dir, append(w.args, "--ledger", place)...), []string{folder}, w.watch(folder, func(m moment) error {
				all = append(all, m)
				return nil
			})).want(t, 0)
			var problem string
			if w.new, problem = headOf(t, dir, place); problem != "" || w.new.Seq <= w.old.Seq || len(all) < 20 {
				t.Fatalf("%d steps, from %v to %v: %s", len(all), w.old, w.new, problem)
			}
			every := max(1, len(all)/3)
			if torture() {
				every = 1
			}
			points := 0
			for i := every / 2; i < len(all); i += every {
				for _, in := range []injection{{at: all[i], err: errKill}, {at: all[i], err: unix.ENOSPC}, {at: all[i], err: unix.EIO, forever: true}} {
					if in.at.call == "unlinkat" && errors.Is(in.err, unix.ENOSPC) {
						continue // never says so
					}
					w.disturb(t, in)
					points++
				}
			}
			t.Logf("tally: kill points %d", points)
		})
	}
}
