package jobs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/gate"
)

// The test program is also what the jobs run, and the service that is killed.
const (
	childSocket = "JOBS_TEST_CHILD"
	serveFolder = "JOBS_TEST_SERVE"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "run":
		child()
	case os.Getenv(serveFolder) != "":
		j, err := Open(options(os.Getenv(serveFolder)))
		if err == nil {
			_, err = j.start("a/job.yaml", os.Getenv("JOBS_TEST_SUM"), "keeper")
		}
		if err != nil {
			panic(err)
		}
		select {}
	}
	os.Exit(m.Run())
}

// child does what it is told by the test: each line that it is sent is a word and a text.
func child() {
	c, err := net.Dial("unix", os.Getenv(childSocket))
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(c, "%d %s\n", os.Getpid(), strings.Join(os.Args[1:], "|"))
	for in := bufio.NewScanner(c); in.Scan(); {
		word, text, _ := strings.Cut(in.Text(), " ")
		switch word {
		case "say":
			fmt.Fprintln(os.Stderr, text)
		case "publish":
			out := os.Args[slices.Index(os.Args, "--out")+1]
			if os.Mkdir(out, 0o700) != nil || os.WriteFile(filepath.Join(out, "manifest.json"), nil, 0o600) != nil {
				os.Exit(15)
			}
		case "exit":
			var status int
			fmt.Sscan(text, &status)
			os.Exit(status)
		case "die":
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		case "throw":
			panic("no")
		}
	}
}

const goodJob = `before: {files: [a.tif], year: 2015, legend: clcd}
after: {files: [b.tif], year: 2020, legend: clcd}
redline: [{file: r.gpkg}]
out: /etc/elsewhere
replace: true
max_memory: 100MB
workers: 3
`

func options(dir string) Options {
	return Options{Allowed: filepath.Join(dir, "jobs"), Out: filepath.Join(dir, "runs"),
		State: filepath.Join(dir, "state"), Command: []string{os.Args[0]}, Queue: 2, Heartbeat: time.Millisecond}
}

// server is a service with jobs, and those who ask it.
type server struct {
	*testing.T
	dir      string
	children net.Listener
	jobs     *Jobs
	http     *httptest.Server
}

func newServer(t *testing.T) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "jobs") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &server{T: t, dir: dir}
	for _, d := range []string{"jobs/a/b", "runs", "elsewhere"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.write("jobs/a/job.yaml", goodJob)
	if s.children, err = net.Listen("unix", filepath.Join(dir, "socket")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.children.Close() })
	t.Setenv(childSocket, filepath.Join(dir, "socket"))
	return s
}

// open starts the service.
func (s *server) open(change ...func(o *Options)) *server {
	s.Helper()
	o := options(s.dir)
	for _, f := range change {
		f(&o)
	}
	var err error
	if s.jobs, err = Open(o); err != nil {
		s.Fatal(err)
	}
	mux := http.NewServeMux()
	s.jobs.Routes(mux)
	s.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		role := gate.Keeper
		if given := r.Header.Get("Test-Role"); given != "" {
			role = gate.Role(given)
		}
		ctx := gate.WithUser(r.Context(), &gate.User{Login: "k", Name: "王主任", Role: role})
		mux.ServeHTTP(w, r.WithContext(answer.WithBase(ctx, "https://office.example/gs")))
	}))
	s.Cleanup(s.stop)
	return s
}

func (s *server) stop() {
	if s.jobs != nil {
		s.jobs.Close()
		s.http.CloseClientConnections()
		s.http.Close()
		s.jobs = nil
	}
}

func (s *server) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// told is what the server answers.
type told struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func (s *server) ask(method, path, body string, header ...string) told {
	s.Helper()
	r, err := http.NewRequest(method, s.http.URL+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	a := told{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	return a
}

// post starts a job and returns its id.
func (s *server) post() string {
	s.Helper()
	a := s.ask("POST", "/runs", `{"job": "a/job.yaml"}`)
	if a.status != 201 {
		s.Fatalf("%d %s", a.status, a.text)
	}
	return a.body["jobID"].(string)
}

// process is a process of a job.
type childProcess struct {
	net.Conn
	pid  int
	args []string
}

// next waits for the next process.
func (s *server) next() *childProcess {
	s.Helper()
	c, err := s.children.Accept()
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { c.Close() })
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		s.Fatal(err)
	}
	p := &childProcess{Conn: c}
	var args string
	if _, err := fmt.Sscan(line, &p.pid, &args); err != nil {
		s.Fatal(err)
	}
	p.args = strings.Split(args, "|")
	return p
}

func (p *childProcess) tell(lines ...string) { fmt.Fprintln(p, strings.Join(lines, "\n")) }

// ended waits until a job has ended, and returns it. It reads its events to their end.
func (s *server) ended(id string) map[string]any {
	s.Helper()
	s.ask("GET", "/jobs/"+id+"/events", "")
	return s.ask("GET", "/jobs/"+id, "").body
}

func (s *server) want(job map[string]any, status, message string) {
	s.Helper()
	if job["status"] != status || job["message"] != message {
		s.Errorf("the job is %v: %v; want %s: %s", job["status"], job["message"], status, message)
	}
}

func TestJob(t *testing.T) {
	s := newServer(t).open()
	a := s.ask("POST", "/processes/run/execution", `{"inputs": {"job": "a/job.yaml"}, "response": "document"}`,
		"Prefer", "respond-async")
	id, _ := a.body["jobID"].(string)
	if a.status != 201 || a.header.Get("Location") != "https://office.example/gs/jobs/"+id || a.body["type"] != "process" ||
		a.body["processID"] != "run" || a.body["user"] != "王主任" || a.header.Get("Preference-Applied") != "respond-async" {
		t.Fatalf("%d %v %s", a.status, a.header, a.text)
	}
	p := s.next()
	out := filepath.Join(s.dir, "runs", id)
	if got := strings.Join(p.args, " "); got != "run --json --out "+out+" --max-memory 95.367431640625MiB --workers 3 -- a/job.yaml" {
		t.Errorf("the program is called with %s", got)
	}
	if nice, err := syscall.Getpriority(syscall.PRIO_PROCESS, p.pid); err != nil || 20-nice != niceness {
		t.Errorf("the process has the nice value %d (%v)", 20-nice, err)
	}
	for told := ""; told != strconv.Itoa(oomScore); { // it is set a moment after the process begins
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", p.pid))
		if err != nil {
			t.Fatal(err)
		}
		told = strings.TrimSpace(string(text))
	}
	if group, err := syscall.Getpgid(p.pid); err != nil || group != p.pid {
		t.Errorf("the process is of the group %d (%v)", group, err)
	}
	if r := s.ask("GET", "/jobs/"+id+"/results", ""); r.status != 404 || !strings.HasSuffix(fmt.Sprint(r.body["type"]), "/result-not-ready") {
		t.Errorf("results of a running job: %d %s", r.status, r.text)
	}
	p.tell(`say {"event":"progress","stage":"compare","cells":30,"total":120}`, "publish", "exit 0")
	job := s.ended(id)
	s.want(job, "successful", "the run is complete")
	if job["progress"] != 100.0 || job["created"] == nil || job["started"] == nil || job["finished"] == nil {
		t.Errorf("the job is %v", job)
	}
	r := s.ask("GET", "/jobs/"+id+"/results", "")
	for _, name := range []string{"candidates", "suppressed", "zones", "coverage"} {
		output, _ := r.body[name].(map[string]any)
		if output["href"] != "https://office.example/gs/collections/"+id+"."+name {
			t.Errorf("%s is %v", name, output)
		}
	}
	if list := s.ask("GET", "/jobs", "").body["jobs"].([]any); len(list) != 1 || list[0].(map[string]any)["jobID"] != id {
		t.Errorf("the list is %v", list)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "state/jobs/*.alive")); left != nil {
		t.Errorf("left: %s", left)
	}
}

// TestBoundsOfARun: a run has what its job file asks for, up to what the service allows. It gives way to the service.
func TestBoundsOfARun(t *testing.T) {
	for _, c := range []struct {
		memory  int64
		workers int
		want    string
	}{
		{0, 0, "--max-memory 95.367431640625MiB --workers 3"}, {64 << 20, 2, "--max-memory 64MiB --workers 2"},
		{1 << 40, 9, "--max-memory 95.367431640625MiB --workers 3"},
	} {
		s := newServer(t)
		j := &Jobs{o: options(s.dir)}
		j.o.MaxMemory, j.o.Workers = or(c.memory, DefaultMemory), c.workers
		parsed, err := j.read("a/job.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(j.command(t.Context(), &work{}, parsed).Args, " "); !strings.Contains(got, c.want+" -- ") {
			t.Errorf("%d bytes, %d workers: %s", c.memory, c.workers, got)
		}
	}
}

func TestProcess(t *testing.T) {
	s := newServer(t)
	s.write("jobs/a/b/z.yml", goodJob)
	s.write("jobs/a/b/data.tif", "")
	if err := os.Symlink("../elsewhere", filepath.Join(s.dir, "jobs/link")); err != nil {
		t.Fatal(err)
	}
	s.write("elsewhere/job.yaml", goodJob)
	s.open()
	list := s.ask("GET", "/processes", "").body["processes"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["id"] != "run" {
		t.Errorf("the processes are %v", list)
	}
	inputs := s.ask("GET", "/processes/run", "").body["inputs"].(map[string]any)
	enum := inputs["job"].(map[string]any)["schema"].(map[string]any)["enum"]
	if fmt.Sprint(enum) != "[a/b/z.yml a/job.yaml]" {
		t.Errorf("the job files are %v", enum)
	}
	if a := s.ask("GET", "/processes/walk", ""); a.status != 404 || !strings.HasSuffix(fmt.Sprint(a.body["type"]), "/no-such-process") {
		t.Errorf("another process: %d %s", a.status, a.text)
	}
}

// TestJobsThatEndBadly: whatever becomes of a process, the job says it and the service goes on.
func TestJobsThatEndBadly(t *testing.T) {
	s := newServer(t).open()
	for _, c := range []struct{ name, told, status, message string }{
		{"fault", `say {"event":"error","code":11,"message":"` + filepath.Join(s.dir, "jobs/a/a.tif") + `: no such file"}` +
			"\nexit 11", "failed", "a/a.tif: no such file"},
		{"elsewhere", `say {"event":"error","code":15,"message":"/var/lib/secret/x.tif: cannot be read"}` + "\nexit 15",
			"failed", "…/x.tif: cannot be read"},
		{"panic", "throw", "failed", "crashed: exit status 2"},
		{"killed", "die", "failed", "crashed: signal: killed; perhaps there was not enough memory"},
		{"silent", "exit 1", "failed", "crashed: exit status 1"},
		{"good", "exit 0", "successful", "the run is complete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := s.post()
			s.next().tell(c.told)
			s.want(s.ended(id), c.status, c.message)
			if r := s.ask("GET", "/jobs/"+id+"/results", ""); c.status == "failed" && r.status != 409 {
				t.Errorf("results: %d %s", r.status, r.text)
			}
		})
	}
	t.Run("segmentation fault", func(t *testing.T) {
		id := s.post()
		p := s.next()
		if err := syscall.Kill(p.pid, syscall.SIGSEGV); err != nil {
			t.Fatal(err)
		}
		s.want(s.ended(id), "failed", "crashed: exit status 2")
	})
}

func TestDismiss(t *testing.T) {
	s := newServer(t).open(func(o *Options) { o.Grace = time.Millisecond })
	running, waiting := s.post(), s.post()
	p := s.next()
	s.want(s.ask("DELETE", "/jobs/"+waiting, "").body, "dismissed", "dismissed before it ran")
	s.want(s.ask("DELETE", "/jobs/"+running, "").body, "dismissed", "dismissed while it ran")
	if err := syscall.Kill(p.pid, 0); err != syscall.ESRCH {
		t.Errorf("the process is still there: %v", err)
	}
	if a := s.ask("DELETE", "/jobs/"+running, ""); a.status != 409 {
		t.Errorf("dismissed again: %d %s", a.status, a.text)
	}
	stubborn := s.post()
	p = s.next()
	if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil { // it cannot even take the signal
		t.Fatal(err)
	}
	s.want(s.ask("DELETE", "/jobs/"+stubborn, "").body, "dismissed", "dismissed while it ran")
	if err := syscall.Kill(p.pid, 0); err != syscall.ESRCH {
		t.Errorf("the stubborn process is still there: %v", err)
	}
}

// TestFlood: one runs, two wait, and no more are taken.
func TestFlood(t *testing.T) {
	s := newServer(t).open()
	first := s.post()
	p := s.next()
	others := []string{s.post(), s.post()}
	for range 1000 {
		if a := s.ask("POST", "/runs", `{"job": "a/job.yaml"}`); a.status != 429 || a.header.Get("Retry-After") == "" {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(s.dir, "state/jobs/*.json")); len(files) != 3 {
		t.Errorf("%d jobs are kept", len(files))
	}
	p.tell("exit 0")
	for _, id := range append([]string{first}, others...) {
		if id != first {
			next := s.next()
			if !slices.Contains(next.args, filepath.Join(s.dir, "runs", id)) {
				t.Errorf("%s is not next: %v", id, next.args)
			}
			next.tell("exit 0")
		}
		s.want(s.ended(id), "successful", "the run is complete")
	}
	s.post()
}

// TestRefused: what is not a job of the allowed folder is no job.
func TestRefused(t *testing.T) {
	s := newServer(t)
	for name, target := range map[string]string{"away": "../elsewhere", "a/away.yaml": "../../elsewhere/job.yaml",
		"a/here.yaml": "job.yaml", "root.yaml": "/etc/passwd"} {
		if err := os.Symlink(target, filepath.Join(s.dir, "jobs", name)); err != nil {
			t.Fatal(err)
		}
	}
	s.write("elsewhere/job.yaml", goodJob)
	s.write("jobs/a/bad.yaml", goodJob+"command: rm\n")
	s.write("jobs/a/none.yaml", "workers: 2\n")
	if err := os.Mkdir(filepath.Join(s.dir, "jobs/folder.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(s.dir, "jobs/pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.open()
	for name, want := range map[string]int{
		"": 400, "../elsewhere/job.yaml": 400, "a/../../elsewhere/job.yaml": 400, "%2e%2e/elsewhere/job.yaml": 404,
		`..\\elsewhere\\job.yaml`: 400, "/etc/passwd": 400, "/etc/x.yaml": 400, s.dir + "/jobs/a/job.yaml": 400,
		"./a/job.yaml": 400, "a//job.yaml": 400, `a/job.yaml\u0000`: 400, `a\u0000/job.yaml`: 400, "a/data.tif": 400,
		"/vsicurl/http://127.0.0.1/job.yaml": 400, "vsicurl/http://127.0.0.1/job.yaml": 400, "PG:dbname=x.yaml": 404,
		"--out.yaml": 404, strings.Repeat("a", 500) + ".yaml": 400,
		"away/job.yaml": 404, "a/away.yaml": 404, "a/here.yaml": 404, "root.yaml": 404, "folder.yaml": 404,
		"pipe.yaml": 404, "a/missing.yaml": 404, "a/bad.yaml": 422, "a/none.yaml": 422,
	} {
		for path, body := range map[string]string{"/runs": `{"job": "` + name + `"}`,
			"/processes/run/execution": `{"inputs": {"job": "` + name + `"}}`} {
			a := s.ask("POST", path, body)
			if a.status != want || strings.Contains(a.text, s.dir) ||
				a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %q: %d %s; want %d", path, name, a.status, a.text, want)
			}
		}
	}
	if a := s.ask("POST", "/runs", `{"job": "a/bad.yaml"}`); !strings.HasPrefix(
		fmt.Sprint(a.body["detail"]), `a/bad.yaml:8: unknown key "command"`) {
		t.Errorf("an unknown key: %s", a.text)
	}
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/runs", `{"job": "a/job.yaml", "out": "/tmp"}`, 400},
		{"/processes/run/execution", `{"inputs": {"job": "a/job.yaml", "out": "/tmp"}}`, 400},
		{"/processes/run/execution", `{"inputs": {"job": "a/job.yaml"}, "subscriber": {"successUri": "http://x"}}`, 400},
		{"/processes/run/execution", `{"inputs": {"job": "a/job.yaml"}, "response": "x"}`, 400},
		{"/runs", `{"job": "a/bad.yaml", "job": "a/job.yaml"}`, 400}, {"/runs", `{"job": "a/job.yaml"} {}`, 400}, {"/runs", `{"job": 1}`, 400}, {"/runs", `[`, 400},
		{"/runs", `{"job": "` + strings.Repeat("a", 70<<10) + `"}`, 413},
	} {
		if a := s.ask("POST", c.path, c.body); a.status != c.want {
			t.Errorf("%s %.60s: %d %s; want %d", c.path, c.body, a.status, a.text, c.want)
		}
	}
	if a := s.ask("POST", "/runs", `{"job": "a/job.yaml"}`, "Content-Type", "text/plain"); a.status != 415 {
		t.Errorf("text/plain: %d", a.status)
	}
	if files, _ := filepath.Glob(filepath.Join(s.dir, "state/jobs/*.json")); files != nil {
		t.Errorf("jobs were accepted: %s", files)
	}
}

// TestKeepersOnly: nobody else sees or does anything.
func TestKeepersOnly(t *testing.T) {
	s := newServer(t).open()
	id := s.post()
	s.next()
	for _, role := range []gate.Role{gate.Reader, gate.Reviewer, gate.Acceptor} {
		for _, path := range []string{"GET /processes", "GET /processes/run", "POST /processes/run/execution",
			"POST /runs", "GET /jobs", "GET /jobs/" + id, "GET /jobs/" + id + "/results", "GET /jobs/" + id + "/events",
			"DELETE /jobs/" + id} {
			method, path, _ := strings.Cut(path, " ")
			if a := s.ask(method, path, "", "Test-Role", string(role)); a.status != 403 {
				t.Errorf("%s %s %s: %d", role, method, path, a.status)
			}
		}
	}
	if a := s.ask("GET", "/jobs/nobody", ""); a.status != 404 || !strings.HasSuffix(fmt.Sprint(a.body["type"]), "/no-such-job") {
		t.Errorf("no job: %d %s", a.status, a.text)
	}
}

// TestChangedJobFile: what runs is what was accepted.
func TestChangedJobFile(t *testing.T) {
	s := newServer(t).open()
	s.post()
	p := s.next()
	id := s.post()
	s.write("jobs/a/job.yaml", goodJob+"min_area: 1ha\n")
	p.tell("exit 0")
	s.want(s.ended(id), "failed", "the job file was changed or removed after the job was accepted; start it again")
}
