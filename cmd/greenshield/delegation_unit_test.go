//go:build linux

package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// unitOf writes the unit of the examples for the program under test, and returns its path.
func unitOf(t *testing.T, oldNew ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "greenshield-serve.service")
	writeText(t, path, exampleText(t, "greenshield-serve.service", append(oldNew, "/usr/bin/greenshield", binary)...))
	return path
}

// TestDelegationUnit: systemd has nothing to say of the unit, and finds it shut as tightly as it was left: 0 is best, 10
// worst.
func TestDelegationUnit(t *testing.T) {
	analyze := needsTool(t, "systemd-analyze")
	if out, err := exec.Command(analyze, "verify", "--man=no", unitOf(t)).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("verify: %v: %s", err, out)
	}
	bad := unitOf(t, "ProtectHome=yes", "ProtectHome=maybe")
	if out, _ := exec.Command(analyze, "verify", "--man=no", bad).CombinedOutput(); !strings.Contains(string(out), "maybe") {
		t.Errorf("a wrong unit is verified: %s", out)
	}
	out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold=12", unitOf(t)).CombinedOutput()
	score := regexp.MustCompile(`Overall exposure level.*`).FindString(string(out))
	if t.Log(score); err != nil || score == "" {
		t.Errorf("security: %v: %s", err, out)
	}
}

// callSets returns the sets of system calls by name that systemd knows, each with the calls and sets in it.
func callSets(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command(needsTool(t, "systemd-analyze"), "--no-pager", "syscall-filter").Output()
	if err != nil {
		t.Fatal(err)
	}
	sets, name := map[string][]string{}, ""
	for line := range strings.Lines(string(out)) {
		switch entry := strings.TrimSpace(line); {
		case strings.HasPrefix(line, "@"):
			name = entry
		case name != "" && entry != "" && !strings.HasPrefix(entry, "#"):
			sets[name] = append(sets[name], entry)
		}
	}
	return sets
}

// allowedCalls returns the system calls that the filters of the unit let through, each line upon those before it.
func allowedCalls(t *testing.T) map[string]bool {
	t.Helper()
	sets, allowed := callSets(t), map[string]bool{}
	var add func(name string, allow bool)
	add = func(name string, allow bool) {
		for _, entry := range sets[name] {
			add(entry, allow)
		}
		if !strings.HasPrefix(name, "@") {
			allowed[name] = allow
		}
	}
	lines := regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(@.*)$`).
		FindAllStringSubmatch(exampleText(t, "greenshield-serve.service"), -1)
	for _, line := range lines {
		for name := range strings.FieldsSeq(line[2]) {
			if sets[name] == nil {
				t.Fatalf("systemd knows no %s", name)
			}
			add(name, line[1] == "")
		}
	}
	add("@default", true) // is always let through
	if len(lines) == 0 || !allowed["read"] || allowed["setuid"] || allowed["reboot"] {
		t.Fatalf("%d filters: %v", len(lines), allowed)
	}
	return allowed
}

// TestDelegationUnitLetsServe: what the server and a job ask of the system the unit lets through, and neither makes
// memory that can be written executable.
func TestDelegationUnitLetsServe(t *testing.T) {
	strace, allowed := needsTool(t, "strace"), allowedCalls(t)
	dir := newLedger(t)
	if err := os.Mkdir(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command(strace, "-f", "-qq", "-e", "signal=none", "-o", trace, binary, "serve", "--listen", "127.0.0.1:0",
		"--ledger", "ledger.gpkg", "--runs", "runs", "--jobs", ".", "--as", "王建国", "--level", "city")
	cmd.Dir = dir
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", cmd.Process.Pid, cmd.Process.Pid))
	server, err := strconv.Atoi(strings.TrimSpace(string(children)))
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	at, serving := strings.CutPrefix(strings.TrimSpace(line), "serving at ")
	if !serving || err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(trace); len(text) == 0 && os.Getenv("CI") == "" {
			t.Skip("strace may not trace here")
		}
		t.Fatalf("the server says %q; %v", line, err)
	}
	serveJob(t, at)
	if err := syscall.Kill(server, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server ends with %v", err)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	lets(t, string(text), allowed)
}

// serveJob runs a job, follows it to its end, and looks at a page, cases and a tile.
func serveJob(t *testing.T, at string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/runs", strings.NewReader(`{"job": "job.yaml"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	job := resp.Header.Get("Location")
	if _, body := asked(t, http.DefaultClient, getRequest(t, job+"/events")); !strings.Contains(body, "successful") {
		t.Fatalf("the job: %s", body)
	}
	run := job[strings.LastIndex(job, "/")+1:]
	picture := "/tiles/" + run + "/after/0/0/0.png" // the first to ask has the raster prepared: 503 until then
	for _, path := range []string{"/review", "/collections/cases/items", picture} {
		status, body := asked(t, http.DefaultClient, getRequest(t, at+path))
		if status != 200 && (path != picture || status != 503) {
			t.Errorf("%s: %d %.200s", path, status, body)
		}
	}
}

var tracedCall = regexp.MustCompile(`(?m)^\d+ +([a-z_0-9]+)\((.*)$`)

// lets fails for calls of a trace that are not allowed.
func lets(t *testing.T, trace string, allowed map[string]bool) {
	t.Helper()
	found := map[string]int{}
	for _, m := range tracedCall.FindAllStringSubmatch(trace, -1) {
		call, args := m[1], m[2]
		if found[call]++; strings.Contains(args, "PROT_EXEC") &&
			(call == "mprotect" || call == "mmap" && strings.Contains(args, "PROT_WRITE")) {
			t.Errorf("memory is made executable: %s(%s", call, args)
		}
		if found[call] > 1 || allowed[call] || call == "fchown" && os.Geteuid() == 0 { // which SQLite asks of root alone
			continue
		}
		t.Errorf("%s is not let through", call)
	}
	for _, call := range []string{"execve", "accept4", "fsync", "setpriority", "waitid"} {
		if found[call] == 0 {
			t.Errorf("no %s among %d calls: the trace does not show a server with its job", call, len(found))
		}
	}
}
