package ledgerpg

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"greenshield/redline/redlinetest"
)

// run runs .ci/postgis with an environment, and returns its exit status, what it says, and what it leaves.
func run(t *testing.T, env []string, args ...string) (status int, said string, left []string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "greenshield-test-") // that of the test keeps the user postgres out
	redlinetest.Must(t, err)
	defer os.RemoveAll(folder)
	redlinetest.Must(t, os.Chmod(folder, 0o755))
	cmd := exec.Command("../../.ci/postgis", args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CI=") && !strings.HasPrefix(v, "PGBIN=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, "TMPDIR="+folder), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	redlinetest.Must(t, err)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	return cmd.ProcessState.ExitCode(), string(out), left
}

// TestClusterMissing: without PostgreSQL the command is not run, which CI does not accept.
func TestClusterMissing(t *testing.T) {
	const told = "PostgreSQL with PostGIS is missing (no initdb): install postgresql-postgis, or name the folder of initdb by PGBIN.\n"
	for ci, want := range map[string]struct {
		status int
		said   string
	}{"": {0, told + "skipped: echo never run\n"}, "true": {1, told}} {
		status, said, left := run(t, []string{"PGBIN=/nowhere", "CI=" + ci}, "echo", "never", "run")
		if status != want.status || said != want.said || len(left) > 0 {
			t.Errorf("CI=%q: status %d, %q, left %q", ci, status, said, left)
		}
	}
}

// TestClusterLeavesNothing: the command has a database with PostGIS, on a socket that only its user reaches, and its exit
// status is that of the script, which leaves neither files nor processes.
func TestClusterLeavesNothing(t *testing.T) {
	cluster(t) // where there is none, none can be started
	status, said, left := run(t, nil, "sh", "-c", `
		psql -AtX "$GREENSHIELD_POSTGIS" -c "SELECT postgis_lib_version() > '3', current_setting('listen_addresses') = '', pg_read_file('postmaster.pid')"
		exit 7`)
	if status != 7 || !strings.HasPrefix(said, "t|t|") || len(left) > 0 {
		t.Fatalf("status %d, left %q: %s", status, left, said)
	}
	pid, _, _ := strings.Cut(strings.TrimPrefix(said, "t|t|"), "\n")
	if _, err := os.Stat("/proc/" + pid); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("process %s is still there: %v", pid, err)
	}
}
