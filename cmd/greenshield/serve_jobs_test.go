package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// jobServer is a server with the job files of the small scene, of which held.yaml waits for a ledger that never answers.
type jobServer struct {
	*served
	dir     string
	waiting chan struct{} // gets one for each process that waits
}

func jobScene(t *testing.T) *jobServer {
	t.Helper()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	s := &jobServer{dir: newSample(t), waiting: make(chan struct{}, 100)}
	go func() {
		for {
			if _, err := silent.Accept(); err != nil { // the connection stays open until the test ends
				return
			}
			s.waiting <- struct{}{}
		}
	}()
	job, err := os.ReadFile(filepath.Join(s.dir, "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(s.dir, "held.yaml"), string(job)+"\nledger: postgres://x@"+silent.Addr().String()+"/x?sslmode=disable\n")
	if err := os.Mkdir(filepath.Join(s.dir, "runs"), 0o777); err != nil {
		t.Fatal(err)
	}
	s.start(t)
	return s
}

func (s *jobServer) start(t *testing.T) {
	t.Helper()
	s.served = serveIn(t, s.dir, "--runs", "runs", "--jobs", ".", "--as", "王主任", "--level", "city")
}

// post starts a job, and returns its id.
func (s *jobServer) post(t *testing.T, job string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/runs", strings.NewReader(`{"job": "`+job+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	status, body := asked(t, http.DefaultClient, r)
	var told struct{ JobID string }
	if err := json.Unmarshal([]byte(body), &told); err != nil || status != 201 {
		t.Fatal(status, body, err)
	}
	return told.JobID
}

// ended waits for the end of the events of a job, and returns what the job is then.
func (s *jobServer) ended(t *testing.T, id string) (status, message string) {
	t.Helper()
	asked(t, http.DefaultClient, getRequest(t, s.url+"/jobs/"+id+"/events"))
	_, body := asked(t, http.DefaultClient, getRequest(t, s.url+"/jobs/"+id))
	var told struct{ Status, Message string }
	if err := json.Unmarshal([]byte(body), &told); err != nil {
		t.Fatal(body, err)
	}
	return told.Status, told.Message
}

// process returns the id of the process of a job that runs.
func process(t *testing.T, id string) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if line, _ := os.ReadFile(path); bytes.Contains(line, []byte(id)) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatalf("no process of %s", id)
	return 0
}

// TestServeJob: a job over HTTP writes what run writes into another folder, to the byte but for the manifest.
func TestServeJob(t *testing.T) {
	s := jobScene(t)
	here(t, s.dir, "run", "--out", "runs/plain", "job.yaml").want(t, 0)
	id := s.post(t, "job.yaml")
	if status, message := s.ended(t, id); status != "successful" {
		t.Fatal(status, message)
	}
	files := 0
	err := fs.WalkDir(os.DirFS(filepath.Join(s.dir, "runs/plain")), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		want, err := os.ReadFile(filepath.Join(s.dir, "runs/plain", path))
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(s.dir, "runs", id, path))
		if files++; err == nil && path != "manifest.json" && !bytes.Equal(got, want) {
			t.Errorf("%s differs", path)
		}
		return err
	})
	if err != nil || files < 5 {
		t.Error(files, err)
	}
	if status, body := asked(t, http.DefaultClient, getRequest(t, s.url+"/collections/"+id+".candidates/items?f=json&limit=1")); status != 200 {
		t.Error(status, body)
	}
}

// TestServeJobsEnd: a crash of the process fails its job alone, one that is dismissed ends, the stop of the server ends
// what runs while somebody listens, and what waited goes on with the next server.
func TestServeJobsEnd(t *testing.T) {
	s := jobScene(t)
	id := s.post(t, "held.yaml")
	<-s.waiting
	if err := syscall.Kill(process(t, id), syscall.SIGSEGV); err != nil {
		t.Fatal(err)
	}
	if status, message := s.ended(t, id); status != "failed" || !strings.HasPrefix(message, "crashed: ") {
		t.Errorf("crashed: %s %s", status, message)
	}
	id = s.post(t, "held.yaml")
	<-s.waiting
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.url+"/jobs/"+id, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := asked(t, http.DefaultClient, r); status != 200 {
		t.Error(status, body)
	}
	if status, message := s.ended(t, id); status != "dismissed" {
		t.Errorf("dismissed: %s %s", status, message)
	}
	running, next := s.post(t, "held.yaml"), s.post(t, "job.yaml")
	<-s.waiting
	listening, err := http.DefaultClient.Do(getRequest(t, s.url+"/jobs/"+running+"/events"))
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Body.Close()
	stream := bufio.NewReader(listening.Body)
	if _, err := stream.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if o := s.stop(); o.status != 0 {
		t.Errorf("the server ends with %d: %s", o.status, o.stderr)
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		t.Errorf("the stream does not end in order: %v", err)
	}
	s.start(t)
	if status, message := s.ended(t, running); status != "failed" || !strings.HasPrefix(message, "interrupted: ") {
		t.Errorf("interrupted: %s %s", status, message)
	}
	if status, message := s.ended(t, next); status != "successful" {
		t.Errorf("next: %s %s", status, message)
	}
}
