package jobs

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"greenshield/redline/service/answer"
	"greenshield/redline/service/gate"
)

// patience is how long one who reads events may take for a piece of them.
const patience = 30 * time.Second

// mostStreams is how many streams of events one user may read at a time: each holds a connection.
const mostStreams = 16

// streams counts the streams that are being read.
type streams struct {
	mu sync.Mutex
	of map[string]int // by login
}

// open counts one more of a user, unless he has as many as he may. Whoever was let through must call close.
func (s *streams) open(login string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[login] >= mostStreams {
		return false
	}
	if s.of == nil {
		s.of = map[string]int{}
	}
	s.of[login]++
	return true
}

func (s *streams) close(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[login]--; s.of[login] == 0 {
		delete(s.of, login)
	}
}

// getEvents sends what happens to a job as server-sent events until it has ended: first what has happened before, or of
// that what came after the event that the client has seen (Last-Event-ID). One who has seen all of a job that has ended
// gets 204, upon which browsers do not ask again. Nobody waits for one who reads slowly: he reads what is kept, when he
// can. One who has mostStreams streams already gets 429.
func (j *Jobs) getEvents(w http.ResponseWriter, r *http.Request, found *work) {
	next := j.unseen(r.Header.Get("Last-Event-ID"))
	fresh, last, changed := j.after(found, next)
	if last && len(fresh) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	login := gate.UserOf(r.Context()).Login
	if !j.streams.open(login) {
		w.Header().Set("Retry-After", "5")
		answer.Fail(w, r, http.StatusTooManyRequests, "you follow as many jobs as you may at a time; end one of the streams")
		return
	}
	defer j.streams.close(login)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx
	out := http.NewResponseController(w)
	beat := time.NewTicker(j.o.Heartbeat)
	defer beat.Stop()
	for {
		_ = out.SetWriteDeadline(time.Now().Add(patience)) // servers without deadlines have none to be lifted
		for _, e := range fresh {
			if _, err := fmt.Fprintf(w, "id: %s.%d\nevent: %s\ndata: %s\n\n", j.life, e.number, e.kind, e.data); err != nil {
				return
			}
		}
		if out.Flush() != nil || last {
			return
		}
		if len(fresh) > 0 {
			next = fresh[len(fresh)-1].number + 1
		}
		select {
		case <-changed:
		case <-beat.C:
			_ = out.SetWriteDeadline(time.Now().Add(patience))
			if _, err := fmt.Fprint(w, ": heartbeat\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-j.ctx.Done():
			// What runs is being ended; a client that asks again is told by the service that comes next.
			return
		}
		fresh, last, changed = j.after(found, next)
	}
}

// unseen returns the number of the event that comes after the one with an id, or the first number when the id is none
// of this service, such as one from before a restart.
func (j *Jobs) unseen(id string) int {
	text, own := strings.CutPrefix(id, j.life+".")
	seen, err := strconv.Atoi(text)
	if !own || err != nil || seen < 0 {
		return 0
	}
	return seen + 1
}

// numbered is an event with its number.
type numbered struct {
	number int
	event
}

// after returns the events of a job from a number on, whether there will be no more, and what is closed when there are.
func (j *Jobs) after(w *work, next int) (fresh []numbered, last bool, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := max(0, next-w.dropped); i < len(w.events); i++ {
		fresh = append(fresh, numbered{w.dropped + i, w.events[i]})
	}
	return fresh, w.Status.ended(), w.changed
}
