package ledgerpg

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/ledger"
	"greenshield/redline/redlinetest"
)

// session is one of QGIS.
type session struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Scanner
	cmd *exec.Cmd
}

// qgis starts a session as a role, which has loaded the layer of judging when this returns.
func qgis(t *testing.T, url, role string) (s session, said string) {
	t.Helper()
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import qgis.core").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("QGIS is missing: %s", out)
		}
		t.Skip("QGIS is missing: make test-postgis installs it")
	}
	config, err := pgx.ParseConfig(url)
	redlinetest.Must(t, err)
	s = session{t: t, cmd: exec.Command(python, "testdata/session.py", config.Host, config.Database, role)}
	s.cmd.Env = append(os.Environ(), "QT_QPA_PLATFORM=offscreen", "PYTHONDONTWRITEBYTECODE=1", "HOME="+t.TempDir())
	s.cmd.Stderr = os.Stderr
	s.in, err = s.cmd.StdinPipe()
	redlinetest.Must(t, err)
	out, err := s.cmd.StdoutPipe()
	redlinetest.Must(t, err)
	s.out = bufio.NewScanner(out)
	redlinetest.Must(t, s.cmd.Start())
	return s, s.line()
}

func (s session) line() string {
	s.t.Helper()
	if !s.out.Scan() {
		s.t.Fatalf("the session ended: %v, %v", s.out.Err(), s.cmd.Wait())
	}
	return s.out.Text()
}

// edit changes a field of a case and saves.
func (s session) edit(field, id, value string) string {
	s.t.Helper()
	_, err := fmt.Fprintf(s.in, "%s\t%s\t%s\n", field, id, value)
	redlinetest.Must(s.t, err)
	return s.line()
}

func (s session) end() {
	s.t.Helper()
	redlinetest.Must(s.t, s.in.Close())
	redlinetest.Must(s.t, s.cmd.Wait())
}

// TestTwoSessionsOfQGIS: two reviewers load the same cases, the ledger moves on, and both judge: what each says is kept,
// with what he had seen; what has changed meanwhile, and what may not be changed, is refused with the reason.
func TestTwoSessionsOfQGIS(t *testing.T) {
	url := peopled(t)
	super(t, url, "UPDATE ledger.people SET county = '3417' WHERE role = 'wang'")
	li, ready := qgis(t, url, "li")
	if ready != "ready 2 EPSG:4490" {
		t.Errorf("li: %s", ready)
	}
	wang, ready := qgis(t, url, "wang")
	if ready != "ready 6 EPSG:4490" {
		t.Errorf("wang: %s", ready)
	}
	keeper := store(t, url+" user=keeping")
	head, err := keeper.Head(t.Context())
	redlinetest.Must(t, err)
	moved := note("what nobody has seen") // of 000001; 000004 is li's too, 000003 is not
	redlinetest.Must(t, ledger.Commit(t.Context(), keeper, head, []ledger.Event{moved}, nil))
	for _, c := range []struct {
		who              session
		field, id, value string
		want             string
	}{
		{li, "verdict", "340000-000004", "refuted", "saved"}, {wang, "verdict", "340000-000004", "unverifiable", "saved"},
		{li, "note", "340000-000004", "现场已复核　'引号'", "saved"}, {wang, "verdict", "340000-000003", "partly", "saved"},
		{wang, "state", "340000-000003", "archived", "字段 state 不能在此修改。The field state cannot be changed here."},
		{li, "verdict", "340000-000004", "partly", "saved"},
		{li, "verdict", "340000-000001", "partly", "该点位在您读取之后已有变化，或不归您管；请刷新图层后再改。"},
	} {
		if said := c.who.edit(c.field, c.id, c.value); said != c.want && (c.want == "saved" || !strings.Contains(said, c.want)) {
			t.Errorf("%s of %s: %s, want %s", c.field, c.id, said, c.want)
		}
	}
	li.end()
	wang.end()
	got := edits(t, keeper)
	slices.Sort(got)
	want := []string{
		"340000-000003@11 verdict=partly by wang wang某 county", "340000-000004@12 note=现场已复核　'引号' by li li某 county",
		"340000-000004@12 verdict=partly by li li某 county", "340000-000004@12 verdict=unverifiable by wang wang某 county",
	}
	if !slices.Equal(got, want) {
		t.Errorf("edits: %q, want %q", got, want)
	}
}
