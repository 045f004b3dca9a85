package jobs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestRestart: a service that ends in order has what runs failed, and what waits goes on with the next one.
func TestRestart(t *testing.T) {
	s := newServer(t).open()
	running, waiting := s.post(), s.post()
	p := s.next()
	s.stop()
	if err := syscall.Kill(p.pid, 0); err != syscall.ESRCH {
		t.Errorf("the process is still there: %v", err)
	}
	s.open()
	next := s.next()
	if !strings.Contains(strings.Join(next.args, " "), waiting) {
		t.Errorf("the process is %v", next.args)
	}
	next.tell("exit 0")
	s.want(s.ended(waiting), "successful", "the run is complete")
	s.want(s.ended(running), "failed", "interrupted: the service ended while it ran; start it again")
}

// TestKilledService: with a service that is killed ends what it runs; a run that was published is not lost.
func TestKilledService(t *testing.T) {
	for _, published := range []bool{false, true} {
		t.Run(fmt.Sprint("published ", published), func(t *testing.T) {
			s := newServer(t).open()
			sum, err := s.jobs.sum("a/job.yaml")
			if err != nil {
				t.Fatal(err)
			}
			s.stop()
			service := exec.Command(os.Args[0])
			service.Env = append(os.Environ(), serveFolder+"="+s.dir, "JOBS_TEST_SUM="+sum)
			if err := service.Start(); err != nil {
				t.Fatal(err)
			}
			p := s.next()
			if _, err := Open(options(s.dir)); err == nil || !strings.Contains(err.Error(), "another service keeps its jobs there") {
				t.Errorf("a second service: %v", err)
			}
			want, message := "failed", "interrupted: the service ended while it ran; start it again"
			if published {
				want, message = "successful", "the run is complete"
				p.tell("publish", "say {}")
				out := p.args[3]
				for _, err := os.Stat(filepath.Join(out, "manifest.json")); err != nil; {
					_, err = os.Stat(filepath.Join(out, "manifest.json"))
				}
			}
			if err := service.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = service.Wait()
			s.open()
			list := s.ask("GET", "/jobs", "").body["jobs"].([]any)
			if len(list) != 1 {
				t.Fatalf("the jobs are %v", list)
			}
			s.want(list[0].(map[string]any), want, message)
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
			if err == nil && !bytes.Contains(stat, []byte(") Z ")) {
				t.Errorf("the process lives on: %s", stat)
			}
		})
	}
}

// TestState: an unreadable record is told of, and the oldest jobs that ended are forgotten.
func TestState(t *testing.T) {
	s := newServer(t).open(func(o *Options) { o.Kept = 2 })
	var ids []string
	for range 4 {
		ids = append(ids, s.post())
		s.next().tell("exit 0")
		s.ended(ids[len(ids)-1])
	}
	files, _ := filepath.Glob(filepath.Join(s.dir, "state/jobs/*.json"))
	if len(files) != 2 || s.ask("GET", "/jobs/"+ids[1], "").status != 404 || s.ask("GET", "/jobs/"+ids[2], "").status != 200 {
		t.Errorf("kept are %s", files)
	}
	s.stop()
	s.write("state/jobs/half.json", `{"id": "ha`)
	if _, err := Open(options(s.dir)); err == nil || !strings.HasSuffix(err.Error(), "half.json: is no record of a job; remove it") {
		t.Errorf("an unreadable record: %v", err)
	}
}
