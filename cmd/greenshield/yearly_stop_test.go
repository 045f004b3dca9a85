//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestYearlyStopped: when a look is stopped or killed while a step is at work, that ends too, and it is no failure of the
// year. A database that never answers has the step wait.
func TestYearlyStopped(t *testing.T) {
	for signal, status := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130, syscall.SIGKILL: -1} {
		dir := newYears(t)
		comes(t, dir, 2015, 2017)
		comes(t, dir, 2020, 2018)
		database, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer database.Close()
		writeTemplate(t, filepath.Join(dir, "y.yaml"), strings.Replace(yearlyText, "ledger.gpkg",
			fmt.Sprintf("postgres://x@%s/l?sslmode=disable", database.Addr()), 1))
		cmd := command(dir, "yearly", "y.yaml", "--first", "2018", "--every", "100", "--settle", "0s")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		asked, err := database.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it ends with a status
		if got := cmd.ProcessState.ExitCode(); got != status {
			t.Errorf("%v: status %d, want %d", signal, got, status)
		}
		for b := make([]byte, 512); ; { // until the step is gone
			if _, err := asked.Read(b); err != nil {
				break
			}
		}
		if state := fileText(t, filepath.Join(dir, "y-yearly", "state.json")); strings.Contains(state, "trouble") {
			t.Errorf("%v is taken for a failure: %s", signal, state)
		}
		if _, err := os.Stat(filepath.Join(dir, "out2018")); err == nil {
			t.Error("there are results")
		}
	}
}
