//go:build linux && amd64

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"greenshield/redline/service/gate"
)

// failingDisk has calls of a traced server that change files fail while it is told an error.
type failingDisk struct {
	err   atomic.Value // an unix.Errno
	begun sync.Once
	pid   chan int // gets that of the server
}

func (d *failingDisk) set(err unix.Errno) { d.err.Store(err) }

func (d *failingDisk) intervene(c systemCall) error {
	d.begun.Do(func() { d.pid <- c.pid })
	err, _ := d.err.Load().(unix.Errno)
	grows := slices.Contains([]string{"write", "pwrite64", "writev", "fallocate"}, c.name) || c.name == "openat" && c.new
	if err == 0 || c.path == "" || !grows && !(err == unix.EIO && slices.Contains(steps, c.name)) {
		return nil
	}
	return err
}

// TestServeFullDisk: while the disk under a ledger is full, is read-only or fails, an event is refused with what to do, and
// the server goes on reading; once the disk works, the same request is taken, and each event is in the ledger once.
func TestServeFullDisk(t *testing.T) {
	dir, tokens := crowdScene(t, 1, gate.Acceptor)
	disk, done := &failingDisk{pid: make(chan int, 1)}, make(chan error, 1)
	disk.set(0)
	go func() { done <- disk.talk(dir, tokens) }()
	o := traced(t, command(dir, append([]string{"serve", "--listen", "127.0.0.1:0"}, crowdFlags...)...), []string{dir},
		disk.intervene)
	if err := <-done; err != nil {
		t.Errorf("%v\n%s", err, o.stderr)
	}
	o.want(t, 0)
	for _, part := range []string{"ledger.gpkg: no space left on device", "ledger.gpkg: input/output error"} {
		if !strings.Contains(o.stderr, part) {
			t.Errorf("the log has no %q", part)
		}
	}
	here(t, dir, "ledger", "verify").want(t, 0)
	notes := notesOf(t, dir, "ledger.gpkg", "满盘")
	for i := range 4 {
		if n := len(notes[fmt.Sprint("满盘 ", i)]); n != 1 {
			t.Errorf("event %d is there %d times", i, n)
		}
	}
}

// talk asks the server, ends it, and returns what was wrong.
func (d *failingDisk) talk(dir string, tokens []string) error {
	pid := <-d.pid
	defer func() { _ = unix.Kill(pid, unix.SIGTERM) }()
	url := ""
	for url == "" { // its standard output is a file
		said, err := os.ReadFile(fmt.Sprintf("/proc/%d/fd/1", pid))
		if err != nil {
			return err
		}
		if _, err := fmt.Sscanf(string(said), "serving at %s\n", &url); err != nil {
			runtime.Gosched()
		}
	}
	o := &crowd{url: url, client: &http.Client{}, tokens: tokens}
	defer o.client.CloseIdleConnections()
	id := "341700-000001"
	for i, c := range []struct {
		err    unix.Errno
		status int
		what   string
	}{{0, 0, ""}, {unix.ENOSPC, 507, "the disk of the service is full; have its keeper make room"},
		{unix.EIO, 500, "the disk of the service fails; have its keeper look at the log"},
		{unix.EROFS, 500, "the disk of the service "}} {
		_, head, body, err := o.ask(0, http.MethodGet, "cases/"+id, nil, nil)
		if err != nil || head.Get("ETag") == "" {
			return fmt.Errorf("%v: %s", err, body)
		}
		post := func() (int, http.Header, []byte, error) {
			text, err := json.Marshal(map[string]any{"kind": "set", "fields": map[string]string{"note": fmt.Sprint("满盘 ", i)}})
			if err != nil {
				return 0, nil, nil, err
			}
			return o.ask(0, http.MethodPost, "cases/"+id+"/events", map[string]string{"If-Match": head.Get("ETag"),
				"Idempotency-Key": fmt.Sprint("key ", i), "Content-Type": "application/json"}, text)
		}
		for range min(i, 1) * 2 {
			d.set(c.err)
			status, told, body, err := post()
			again, _, _, errAgain := o.ask(0, http.MethodGet, "cases/"+id, nil, nil)
			d.set(0)
			if err != nil || status != c.status || told.Get("Content-Type") != "application/problem+json" ||
				!strings.Contains(string(body), c.what) || strings.Contains(string(body), dir) {
				return fmt.Errorf("%v: status %d, %v: %s", c.err, status, err, body)
			}
			if errAgain != nil || again != http.StatusOK {
				return fmt.Errorf("%v: reading meanwhile: %d, %v", c.err, again, errAgain)
			}
		}
		if status, _, body, err := post(); err != nil || status != http.StatusCreated && status != http.StatusOK {
			return fmt.Errorf("after %v: status %d, %v: %s", c.err, status, err, body)
		}
	}
	return nil
}
