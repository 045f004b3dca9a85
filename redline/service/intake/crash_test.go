package intake

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/redlinetest"
)

// childOf is the name of the variable that has the test binary serve a ledger instead of running tests, and die where it
// is told to.
const childOf = "GREENSHIELD_TEST_INTAKE"

func TestMain(m *testing.M) {
	if told := os.Getenv(childOf); told != "" {
		serve(told)
	}
	os.Exit(m.Run())
}

// mortal is a store whose process dies at an append.
type mortal struct {
	ledger.Store
	left  int // appends until then; below 0: never
	after bool
}

func (m *mortal) Append(ctx context.Context, b ledger.Batch) error {
	if m.left--; m.left == 0 && !m.after {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	err := m.Store.Append(ctx, b)
	if m.left == 0 {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	}
	return err
}

// serve serves the ledger in a folder, says where, and never returns.
func serve(told string) {
	s := &mortal{}
	folder := ""
	_, err := fmt.Sscan(told, &s.left, &s.after, &folder)
	if err == nil {
		s.Store, err = ledgergpkg.Open(filepath.Join(folder, "l.gpkg"), true)
	}
	var in *Intake
	if err == nil {
		in, err = New(context.Background(), Options{Store: s, Evidence: filepath.Join(folder, "evidence"),
			Now: func() time.Time { return today }})
	}
	var l net.Listener
	if err == nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err == nil {
		fmt.Println(l.Addr())
		err = http.Serve(l, letIn(in))
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// child is a process that serves a ledger.
type child struct {
	cmd *exec.Cmd
	url string
}

// start starts a child that dies at an append, before it or after it; below 0: never.
func start(t *testing.T, folder string, at int, after bool) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %v %s", childOf, at, after, folder))
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	redlinetest.Must(t, err)
	redlinetest.Must(t, c.cmd.Start())
	t.Cleanup(c.kill)
	address, err := bufio.NewReader(out).ReadString('\n')
	redlinetest.Must(t, err)
	c.url = "http://" + strings.TrimSpace(address)
	return c
}

// kill ends the child.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// folder makes a folder with a ledger of a scene.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s, err := ledgergpkg.Create(filepath.Join(dir, "l.gpkg"))
	redlinetest.Must(t, err)
	scene(t, s)
	publicized(t, s, case13)
	redlinetest.Must(t, s.Close())
	return dir
}

// thing is one that somebody says.
type thing struct {
	body, text string
	seq        int64 // of the case as it was seen
}

// say sends it once, and returns the number of the case's last event then; 0 when there is no answer.
func (c *child) say(th thing) (seq int64, status int) {
	r, err := http.NewRequest("POST", c.url+"/cases/"+case13+"/events", strings.NewReader(th.body))
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{"User": "zhao", "Content-Type": "application/json", "Idempotency-Key": th.text,
		"If-Match": fmt.Sprintf(`"%d"`, th.seq)} {
		r.Header.Set(name, value)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, 0
	}
	defer a.Body.Close()
	if _, err := fmt.Sscanf(a.Header.Get("ETag"), `"%d"`, &seq); err != nil {
		return 0, a.StatusCode
	}
	return seq, a.StatusCode
}

// counts reads how often each value was said.
func counts(t *testing.T, folder string) map[string]int {
	t.Helper()
	s, err := ledgergpkg.Open(filepath.Join(folder, "l.gpkg"), true)
	redlinetest.Must(t, err)
	defer func() { redlinetest.Must(t, s.Close()) }()
	sound(t, s)
	return saidOften(t, s)
}

// TestKilled: clients send to a server that is killed before or after an append, whichever it is, or at a moment that
// nobody chose. All that was acknowledged is there, once; what was not is sent again to the next server, and then it is
// there once as well.
func TestKilled(t *testing.T) {
	fields := []string{"problem", "objection of one", "objection of two", "objection of three"}
	for _, c := range []struct {
		at    int
		after bool
	}{{1, false}, {1, true}, {2, true}, {7, false}, {9, true}, {20, true}, {0, false}, {0, false}} {
		t.Run(fmt.Sprint(c.at, c.after), func(t *testing.T) {
			dir := folder(t)
			server := start(t, dir, c.at, c.after)
			var mu sync.Mutex
			var clients sync.WaitGroup
			acknowledged, open, first := map[string]bool{}, []thing{}, make(chan struct{})
			var once sync.Once
			for i, field := range fields {
				clients.Go(func() {
					th := thing{seq: 2 + 13}
					for n := 0; ; n++ {
						th.body, th.text = saysOf(field, n)
						seq, status := server.say(th)
						if status != 0 && status != 201 {
							t.Errorf("client %d: status %d", i, status)
						}
						if seq == 0 {
							mu.Lock()
							open = append(open, th)
							mu.Unlock()
							return
						}
						mu.Lock()
						acknowledged[th.text], th.seq = true, seq
						if len(acknowledged) >= 12 {
							once.Do(func() { close(first) })
						}
						mu.Unlock()
					}
				})
			}
			if c.at == 0 {
				<-first
				server.kill()
			}
			clients.Wait()
			_ = server.cmd.Wait()
			said := counts(t, dir)
			for text := range acknowledged {
				if said[text] != 1 {
					t.Errorf("%s was acknowledged, and is there %d times", text, said[text])
				}
			}
			server = start(t, dir, -1, false)
			for _, th := range open {
				want := map[int]int{0: 201, 1: 200}[said[th.text]]
				if _, status := server.say(th); status != want {
					t.Errorf("%s, which is there %d times, sent again: status %d, want %d", th.text, said[th.text], status, want)
				}
				acknowledged[th.text] = true
			}
			server.kill()
			said = counts(t, dir)
			for text := range acknowledged {
				if said[text] != 1 {
					t.Errorf("%s is there %d times at the end", text, said[text])
				}
			}
			if len(said) != len(acknowledged) || len(open) != len(fields) {
				t.Errorf("%d texts, %d were sent; %d were not acknowledged", len(said), len(acknowledged), len(open))
			}
		})
	}
}
