package jobs

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// stream is a stream of events that is read.
type stream struct {
	*server
	in   *bufio.Reader
	last string // the id of the last event
}

// listen begins to read the events of a job, by a connection of its own.
func (s *server) listen(id string) *stream {
	s.Helper()
	c, err := net.Dial("tcp", s.http.Listener.Addr().String())
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET /jobs/%s/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n", id)
	in := bufio.NewReader(c)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		s.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		s.Fatalf("%s %v", response.Status, response.Header)
	}
	return &stream{server: s, in: bufio.NewReader(response.Body)}
}

// event returns the next event, its kind and data; ": heartbeat" is one; "" at the end.
func (s *stream) event() (kind, data string) {
	s.Helper()
	for {
		line, err := s.in.ReadString('\n')
		line = strings.TrimSuffix(line, "\n")
		switch name, value, _ := strings.Cut(line, ": "); {
		case err != nil:
			return "", ""
		case line == ": heartbeat":
			_, _ = s.in.ReadString('\n')
			return line, ""
		case line == "":
			return kind, data
		case name == "id":
			s.last = value
		case name == "event":
			kind = value
		case name == "data":
			data = value
		}
	}
}

// until reads to the event of a kind.
func (s *stream) until(kind string) string {
	s.Helper()
	for {
		switch got, data := s.event(); got {
		case kind:
			return data
		case "":
			s.Fatalf("the stream ended before %s", kind)
		}
	}
}

// TestEvents: two clients follow a job, one from its beginning, one from later on, and a third who does not read hinders
// nobody.
func TestEvents(t *testing.T) {
	s := newServer(t).open()
	id := s.post()
	p := s.next()
	lazy, first := s.listen(id), s.listen(id)
	if data := first.until("status"); !strings.Contains(data, `"accepted"`) {
		t.Errorf("the first event is %s", data)
	}
	first.until(": heartbeat")
	for i := range 2000 {
		p.tell(fmt.Sprintf(`say {"event":"progress","stage":"compare","cells":%d,"total":2000}`, i))
	}
	for data := ""; !strings.Contains(data, `"cells":1999,`); {
		data = first.until("progress")
	}
	if job := s.ask("GET", "/jobs/"+id, "").body; job["progress"] != 99.0 || job["message"] != "compare" {
		t.Errorf("the job is %v", job)
	}
	late := s.listen(id)
	if data := late.until("progress"); strings.Contains(data, `"cells":0,`) {
		t.Errorf("nothing is forgotten: %s", data)
	}
	p.tell(`say {"event":"warning","message":"half is missing"}`, "exit 0")
	for _, c := range []*stream{first, late, lazy} {
		if data := c.until("warning"); data != `{"message":"half is missing"}` {
			t.Errorf("the warning is %s", data)
		}
		if data := c.until("status"); !strings.Contains(data, `"successful"`) {
			t.Errorf("the last event is %s", data)
		}
		if kind, _ := c.event(); kind != "" {
			t.Errorf("%s follows the end", kind)
		}
	}
	if a := s.ask("GET", "/jobs/"+id+"/events", "", "Last-Event-ID", first.last); a.status != 204 {
		t.Errorf("all is seen: %d %s", a.status, a.text)
	}
	if a := s.ask("GET", "/jobs/"+id+"/events", "", "Last-Event-ID", "other.7"); a.status != 200 ||
		!strings.Contains(a.text, `"successful"`) {
		t.Errorf("an id from before a restart: %d %s", a.status, a.text)
	}
}

// TestStreamsAreBounded: a user may follow so many jobs at a time, others may follow theirs, and a stream that ends makes
// room.
func TestStreamsAreBounded(t *testing.T) {
	s := newServer(t).open()
	id := s.post()
	p := s.next()
	for range mostStreams {
		s.listen(id)
	}
	if a := s.ask("GET", "/jobs/"+id+"/events", ""); a.status != 429 || a.header.Get("Retry-After") == "" ||
		!strings.Contains(a.text, "end one of the streams") {
		t.Errorf("one stream more: %d %s", a.status, a.text)
	}
	if a := s.ask("GET", "/jobs/"+id, ""); a.status != 200 {
		t.Errorf("the job itself: %d %s", a.status, a.text)
	}
	if !s.jobs.streams.open("another") {
		t.Error("another user has no stream")
	}
	s.jobs.streams.close("another")
	p.tell("exit 0")
	for room := false; !room; {
		a := s.ask("GET", "/jobs/"+id+"/events", "")
		if room = a.status == 200; room && !strings.Contains(a.text, `"successful"`) {
			t.Errorf("the end of the job: %s", a.text)
		}
	}
	for left := 1; left > 0; {
		s.jobs.streams.mu.Lock()
		left = len(s.jobs.streams.of)
		s.jobs.streams.mu.Unlock()
	}
}
