package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"greenshield/redline/service/gate"
)

// crowdScene returns a folder with a ledger of the sample, its run as runs/first, its rasters, and a users file of so
// many users of a role.
func crowdScene(t *testing.T, users int, role gate.Role) (dir string, tokens []string) {
	t.Helper()
	dir = newLedger(t)
	if err := os.MkdirAll(filepath.Join(dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "out"), filepath.Join(dir, "runs", "first")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "users.yaml")
	tokens = writeUsers(t, path, users, role, func(path, text string) { writeText(t, path, text) })
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, tokens
}

var crowdFlags = strings.Fields("--ledger ledger.gpkg --runs runs --users users.yaml")

// inNotes tells which acknowledged events are not in the ledger, or not as they were told.
func (o *crowd) inNotes(t *testing.T, notes map[string][]int64) {
	t.Helper()
	for note, seqs := range o.said {
		if found := notes[note]; len(found) != 1 || !slices.Contains(seqs, found[0]) {
			t.Errorf("%s was acknowledged as events %v, and is in the ledger as %v", note, seqs, found)
		}
	}
}

// TestServeLoad: five reviewers who ask for all kinds of things at once get right answers or conflicts; what was
// acknowledged is in the ledger once; nothing of the server grows with the requests.
func TestServeLoad(t *testing.T) {
	dir, tokens := crowdScene(t, 5, gate.Reviewer)
	s := serveIn(t, dir, crowdFlags...)
	o := newCrowd(t, s.url, "first", tokens)
	round := func(requests int) {
		var all sync.WaitGroup
		for who := range tokens {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(who), uint64(requests)))
				for range requests {
					o.act(who, rng, time.Now())
				}
			})
		}
		all.Wait()
		o.client.CloseIdleConnections()
	}
	round(40)
	// settled returns a metric once it is at most that, or what it is after many requests: connections end a little after
	// those who closed them.
	settled := func(name string, most float64) (value float64) {
		for i := range 100 {
			if value = o.value(t, i%len(tokens), name); value <= most {
				break
			}
		}
		return value
	}
	goroutines, descriptors := settled("go_goroutines", 12), settled("process_open_fds", 0)
	round(80)
	for name, before := range map[string]float64{"go_goroutines": goroutines, "process_open_fds": descriptors} {
		if after := settled(name, before); after > before+24 { // pools fill meanwhile
			t.Errorf("%s: %v after 200 requests, %v after 600", name, before, after)
		}
	}
	for _, fault := range o.faults() {
		t.Error(fault)
	}
	for _, kind := range []string{"case", "event", "list", "standing", "items", "mvt", "png"} {
		if k := o.kinds[kind]; k == nil || kind != "png" && k.statuses[200]+k.statuses[201] == 0 {
			t.Errorf("no %s was asked for", kind)
		}
	}
	s.stop().want(t, 0)
	o.inNotes(t, notesOf(t, dir, "ledger.gpkg", "现场核查"))
	if len(o.said) == 0 {
		t.Error("nothing was said")
	}
	here(t, dir, "ledger", "verify").want(t, 0)
}

// mortalServer is a server that is killed while clients talk to it, and started again.
type mortalServer struct {
	t     *testing.T
	dir   string
	args  []string
	begun atomic.Int64 // requests
	until atomic.Int64 // the request at which due is told, 0 for none
	due   chan struct{}

	mu  sync.Mutex // held while there is no server
	url string
	cmd *served
}

// begin starts the server.
func (m *mortalServer) begin() {
	m.cmd = serveIn(m.t, m.dir, m.args...)
	m.url = m.cmd.url
}

// at returns where the server is, once there is one.
func (m *mortalServer) at() string {
	n := m.begun.Add(1)
	if until := m.until.Load(); until > 0 && n >= until && m.until.CompareAndSwap(until, 0) {
		m.due <- struct{}{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.url
}

// TestServeKilled: clients send events and evidence to a server that is killed several times at moments that nobody
// chose, and send again by the same keys what was not acknowledged. In the end each event is in the ledger once, each file
// is whole, and the ledger verifies; in a file, and in PostGIS, where verdicts are taken by a command meanwhile.
// make test-postgis starts that.
func TestServeKilled(t *testing.T) {
	t.Run("file", func(t *testing.T) {
		dir, tokens := crowdScene(t, 4, gate.Acceptor)
		killed(t, dir, "ledger.gpkg", tokens, nil)
	})
	t.Run("PostGIS", func(t *testing.T) {
		if os.Getenv("GREENSHIELD_POSTGIS") == "" {
			t.Skip("no PostgreSQL is named: make test-postgis starts one and runs this test")
		}
		dir, tokens := crowdScene(t, 4, gate.Acceptor)
		place := newDatabase(t, "killed")
		here(t, dir, "ledger", "export", "all.ndjson").want(t, 0)
		here(t, dir, "ledger", "import", "all.ndjson", "--ledger", place).want(t, 0)
		if err := os.Symlink(filepath.Join("runs", "first"), filepath.Join(dir, "out")); err != nil {
			t.Fatal(err)
		}
		judged := map[string]string{}
		for _, id := range candidateIDs(t, dir, 20) {
			judged[id] = "verdict = 'confirmed'"
		}
		back := judge(t, dir, "back.gpkg", judged)
		killed(t, dir, place, tokens, func() {
			for range 2 {
				for run(t, dir, "ledger", "take", back, "--as", "李", "--level", "county", "--ledger", place).status != 0 {
				} // the server wrote first
			}
		})
		taken := notesOf(t, dir, place, `"verdict":"confirmed"`)
		if len(taken) != 1 || len(taken[""]) != len(judged) {
			t.Errorf("%d verdicts were taken as %v", len(judged), taken)
		}
	})
}

// newDatabase makes a database with PostGIS in the cluster of the tests, and returns the place of a ledger in it.
func newDatabase(t *testing.T, name string) (place string) {
	t.Helper()
	given := os.Getenv("GREENSHIELD_POSTGIS")
	config, err := pgx.ParseConfig(given)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return "postgres:///" + name + "?" + url.Values{"host": {config.Host}, "user": {config.User}}.Encode()
}

// killed has clients talk to a server of a ledger that is killed again and again, while something else goes on.
func killed(t *testing.T, dir, place string, tokens []string, meanwhile func()) {
	t.Helper()
	kills, each := 3, 24
	if torture() {
		kills, each = 25, 200
	}
	m := &mortalServer{t: t, dir: dir, args: []string{"--ledger", place, "--runs", "runs", "--users", "users.yaml"},
		due: make(chan struct{}, 1)}
	m.begin()
	base := newCrowd(t, m.url, "", tokens)
	clients := make([]*killedClient, len(tokens))
	var all sync.WaitGroup
	done := make(chan struct{})
	for who := range tokens {
		c := &killedClient{crowd: &crowd{client: base.client, tokens: tokens, cases: base.cases, said: map[string][]int64{}},
			server: m, who: who, files: map[string]string{}, rng: rand.New(rand.NewPCG(19, uint64(who)))}
		clients[who] = c
		all.Go(func() {
			for n := range each {
				c.speak(n)
			}
		})
	}
	go func() { all.Wait(); close(done) }()
	var others sync.WaitGroup
	if meanwhile != nil {
		others.Go(meanwhile)
	}
	rng := rand.New(rand.NewPCG(19, 19))
	for n := range kills {
		m.until.Store(int64(3*len(tokens)*each*(n+1)/(kills+1)) + rng.Int64N(10)) // a client asks three times each
		select {
		case <-m.due:
		case <-done:
			t.Fatalf("the clients ended before kill %d", n+1)
		}
		m.mu.Lock()
		m.cmd.kill()
		m.begin()
		m.mu.Unlock()
	}
	<-done
	others.Wait()
	m.cmd.stop().want(t, 0)
	here(t, dir, "ledger", "verify", "--ledger", place).want(t, 0)
	notes, again := notesOf(t, dir, place, "说明"), 0
	for _, c := range clients {
		for _, p := range c.problems {
			t.Error(p)
		}
		if len(c.said) != each {
			t.Errorf("client %d: %d of %d were acknowledged", c.who, len(c.said), each)
		}
		c.inNotes(t, notes)
		again += c.again
	}
	evidenceWhole(t, filepath.Join(dir, "runs", ".greenshield-serve", "evidence"), clients)
	t.Logf("tally: kill points %d, requests sent again %d", kills, again)
}

// killedClient is a client that does not give up.
type killedClient struct {
	*crowd
	server   *mortalServer
	who      int
	rng      *rand.Rand
	again    int               // requests that were sent again
	files    map[string]string // SHA-256 of files that were acknowledged, and their content
	problems []string
}

// keep sends a request until there is an answer.
func (c *killedClient) keep(send func() (int, error)) (status int) {
	for {
		c.url = c.server.at()
		status, err := send()
		if status != 0 {
			if err != nil {
				c.problems = append(c.problems, err.Error())
			}
			return status
		}
		c.again++
	}
}

// speak sends a file, and an event about some case, until it is acknowledged: a conflict is looked at and sent anew.
func (c *killedClient) speak(n int) {
	content := strings.Repeat(fmt.Sprintf("照片 %d %d ", c.who, n), 5000)
	sum := sha256.Sum256([]byte(content))
	name := hex.EncodeToString(sum[:])
	c.keep(func() (int, error) {
		status, _, body, err := c.ask(c.who, http.MethodPost, "evidence?name=a.jpg",
			map[string]string{"Content-Type": "image/jpeg"}, []byte(content))
		if err == nil && (status != http.StatusCreated && status != http.StatusOK || !strings.Contains(string(body), name)) {
			err = fmt.Errorf("evidence: status %d: %s", status, body)
		}
		return status, err
	})
	c.files[name] = content
	note := fmt.Sprintf("说明 %d %d", c.who, n)
	for status := http.StatusConflict; status == http.StatusConflict; {
		id, etag := c.cases[c.rng.IntN(min(6, len(c.cases)))], ""
		c.keep(func() (int, error) {
			status, head, body, err := c.ask(c.who, http.MethodGet, "cases/"+id, nil, nil)
			if err != nil {
				return 0, err
			}
			if etag = head.Get("ETag"); status != http.StatusOK || etag == "" {
				err = fmt.Errorf("%s: status %d: %s", id, status, body)
			}
			return status, err
		})
		key := gate.NewToken()
		status = c.keep(func() (int, error) {
			status, seqs, err := c.event(c.who, id, etag, key, note)
			if seqs != nil {
				c.said[note] = seqs
			}
			return status, err
		})
	}
}

// evidenceWhole: below the folder each file is what its name says, and all that were acknowledged are there.
func evidenceWhole(t *testing.T, folder string, clients []*killedClient) {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		within, _ := filepath.Rel(folder, path)
		name := strings.ReplaceAll(within, "/", "")
		if err != nil || d.IsDir() || len(name) != 64 {
			return err
		}
		text, err := os.ReadFile(path)
		sum := sha256.Sum256(text)
		if found[name] = true; hex.EncodeToString(sum[:]) != name {
			t.Errorf("%s is not whole", within)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		for name := range c.files {
			if !found[name] {
				t.Errorf("the file %s was acknowledged, and is not there", name)
			}
		}
	}
}

// TestServeAndShell: while a server has a ledger, another server and a command that writes are refused and told who has
// it, and leave nothing behind; commands that read work, and see what was said. Afterwards the command works.
func TestServeAndShell(t *testing.T) {
	dir, tokens := crowdScene(t, 2, gate.Reviewer)
	s := serveIn(t, dir, crowdFlags...)
	o := newCrowd(t, s.url, "", tokens)
	rng := rand.New(rand.NewPCG(21, 21))
	head := func() string { return run(t, dir, "ledger", "verify").stdout }
	o.say(0, rng, time.Now())
	before := head()
	for name, args := range map[string][]string{
		"server": append([]string{"serve", "--listen", "127.0.0.1:0"}, crowdFlags...),
		"add":    {"ledger", "add", filepath.Join("runs", "first")},
		"set":    {"ledger", "set", o.cases[0], "note=x", "--as", "李明", "--level", "county"},
	} {
		c := run(t, dir, args...)
		if c.status != 16 || !strings.Contains(c.stderr, " writes to this ledger; wait until it ends") || c.stdout != "" ||
			strings.Count(c.stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %s%s", name, c.status, c.stdout, c.stderr)
		}
	}
	if after := head(); after != before {
		t.Errorf("the ledger was %s and is %s", before, after)
	}
	o.say(1, rng, time.Now())
	run(t, dir, "ledger", "list").want(t, 0)
	o.inNotes(t, notesOf(t, dir, "ledger.gpkg", "现场核查"))
	if faults := o.faults(); len(o.said) != 2 || len(faults) > 0 {
		t.Errorf("%d events: %v", len(o.said), faults)
	}
	s.stop().want(t, 0)
	run(t, dir, "ledger", "set", o.cases[0], "note=x", "--as", "李明", "--level", "county").want(t, 0)
	run(t, dir, "ledger", "add", filepath.Join("runs", "first")).want(t, 0)
	serveIn(t, dir, crowdFlags...).stop().want(t, 0)
}
