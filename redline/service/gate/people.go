package gate

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// lookAgain is how long after a look at the users file the next request looks again.
const lookAgain = time.Second

// people are those who may come in now: what the users file said when it was last right.
type people struct {
	file  string // "" for users that stay
	log   *slog.Logger
	clock func() time.Time
	users atomic.Pointer[Users]

	mu     sync.Mutex // is held by who looks at the file
	looked time.Time
	stamp  string // of the file when it was last read
}

func newPeople(o *Options) *people {
	p := &people{file: o.UsersFile, log: o.Log, clock: o.Now, looked: o.Now()}
	p.users.Store(o.Users)
	return p
}

// now returns those who may come in, nil where everybody may.
func (p *people) now() *Users { return p.users.Load() }

// look reads the file again when it has changed, at most once in lookAgain. A file that cannot be read, or is wrong,
// changes nothing, and is told to the log once. look returns those who may come in when it has read them, else nil.
func (p *people) look() *Users {
	if p.file == "" || !p.mu.TryLock() { // another request is looking
		return nil
	}
	defer p.mu.Unlock()
	now := p.clock()
	if since := now.Sub(p.looked); since >= 0 && since < lookAgain {
		return nil
	}
	p.looked = now
	stamp := fileStamp(p.file)
	if stamp == p.stamp {
		return nil
	}
	users, err := ReadUsers(p.file)
	if fileStamp(p.file) != stamp {
		return nil // it is being written; the next look reads it
	}
	p.stamp = stamp
	if err != nil {
		p.log.Error("the users file cannot be used; those that it named before hold", "error", err.Error())
		return nil
	}
	p.users.Store(users)
	p.log.Info("the users file is read", "users", len(users.byLogin))
	return users
}

// fileStamp tells states of a file apart by length and time of writing; "none" when there is none.
func fileStamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "none"
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano())
}
