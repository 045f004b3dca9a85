package jobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Options are what jobs follow.
type Options struct {
	Allowed string   // folder of the job files
	Out     string   // folder of runs, in which each job makes its own
	State   string   // folder of the state, which is made when it is not there
	Command []string // the program, and what stands before its command run
	// MaxMemory is how much memory a run may use, whatever its job file allows, in bytes; 0: DefaultMemory.
	MaxMemory int64
	Workers   int           // how many workers a run may have, whatever its job file asks for; 0: as many as that asks for
	Queue     int           // how many jobs may wait; 0: 10
	Grace     time.Duration // how long a process may take to end when it is asked to; 0: 5 s
	Heartbeat time.Duration // how often a stream of events says that it is alive; 0: 15 s
	Kept      int           // how many jobs that ended are kept; 0: 100
	Log       *slog.Logger  // nil: the default one
}

// Jobs are the jobs of a service.
type Jobs struct {
	o       Options
	allowed *os.Root
	store   store
	release func()
	streams streams
	life    string // of this service, different from that of any other

	mu    sync.Mutex
	all   map[string]*work
	order []*work // by when they came

	wake   chan struct{}
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when nothing runs any more
}

// Open takes up the jobs that are in the state, and starts with those that wait. Only one service may have a state.
func Open(o Options) (*Jobs, error) {
	o.MaxMemory, o.Queue, o.Kept = or(o.MaxMemory, DefaultMemory), or(o.Queue, 10), or(o.Kept, 100)
	o.Grace, o.Heartbeat = or(o.Grace, 5*time.Second), or(o.Heartbeat, 15*time.Second)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	var err error
	for _, dir := range []*string{&o.Allowed, &o.Out, &o.State} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return nil, err
		}
	}
	j := &Jobs{o: o, store: store{filepath.Join(o.State, "jobs")}, all: map[string]*work{},
		life: random(), wake: make(chan struct{}, 1), done: make(chan struct{})}
	if err := os.MkdirAll(j.store.dir, 0o700); err != nil {
		return nil, err
	}
	if j.allowed, err = os.OpenRoot(o.Allowed); err != nil {
		return nil, err
	}
	if j.release, err = j.store.lock(); err == nil {
		if err = j.takeUp(); err != nil {
			j.release()
		}
	}
	if err != nil {
		_ = j.allowed.Close()
		return nil, err
	}
	j.ctx, j.cancel = context.WithCancelCause(context.Background())
	go j.loop()
	return j, nil
}

// random returns eight letters and digits.
func random() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

func or[T int | int64 | time.Duration](v, instead T) T {
	if v == 0 {
		return instead
	}
	return v
}

// takeUp reads what the state holds.
func (j *Jobs) takeUp() error {
	all, err := j.store.load()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Status == Running {
			if err := j.settle(r); err != nil {
				return err
			}
		}
		j.add(&work{record: *r})
	}
	j.prune()
	return nil
}

// add takes a job into the list.
func (j *Jobs) add(w *work) {
	w.changed = make(chan struct{})
	j.all[w.ID], j.order = w, append(j.order, w)
	w.note("status", encode(state(&w.record)))
}

// Close ends what runs, which has then failed as interrupted, and waits for it. Jobs that wait stay in the state.
func (j *Jobs) Close() error {
	j.cancel(errStopped)
	<-j.done
	j.release()
	return j.allowed.Close()
}

// loop does one job after the other until the service ends.
func (j *Jobs) loop() {
	runtime.LockOSThread() // it ends with this goroutine, and with it what it started
	defer close(j.done)
	for {
		ctx, w := j.next()
		switch {
		case w != nil:
			status, message := j.run(ctx, w)
			j.finish(w, status, message)
		case j.ctx.Err() != nil:
			return
		default:
			select {
			case <-j.wake:
			case <-j.ctx.Done():
			}
		}
	}
}

// next has the job that waits longest run; nil when none does.
func (j *Jobs) next() (context.Context, *work) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := slices.IndexFunc(j.order, func(w *work) bool { return w.Status == Accepted })
	if i < 0 || j.ctx.Err() != nil {
		return nil, nil
	}
	w := j.order[i]
	ctx, cancel := context.WithCancelCause(j.ctx)
	w.cancel, w.Status, w.Message, w.Started = cancel, Running, "", time.Now().UTC()
	j.changed(w)
	return ctx, w
}

// changed keeps and tells a new status. A record that the disk does not take is told to the log: the job goes on.
func (j *Jobs) changed(w *work) {
	if err := j.store.save(&w.record); err != nil {
		j.o.Log.Error("record of a job cannot be written", "job", w.ID, "error", err)
	}
	w.note("status", encode(state(&w.record)))
	j.o.Log.Info("job", "job", w.ID, "file", w.Job, "user", w.User, "status", w.Status, "message", w.Message)
}

// finish ends a job.
func (j *Jobs) finish(w *work, status Status, message string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if w.cancel != nil {
		w.cancel(nil)
	}
	w.cancel, w.Status, w.Message, w.Finished = nil, status, j.plain(message), time.Now().UTC()
	if status == Successful {
		w.Progress = 100
	}
	j.changed(w)
	j.prune()
}

// prune forgets the oldest of the jobs that ended.
func (j *Jobs) prune() {
	ended := 0
	for _, w := range j.order {
		if w.Status.ended() {
			ended++
		}
	}
	j.order = slices.DeleteFunc(j.order, func(w *work) bool {
		if ended <= j.o.Kept || !w.Status.ended() {
			return false
		}
		if err := j.store.remove(w.ID); err != nil && !errors.Is(err, os.ErrNotExist) {
			j.o.Log.Error("record of a job cannot be removed", "job", w.ID, "error", err)
			return false
		}
		ended--
		delete(j.all, w.ID)
		return true
	})
}

// errFull is that no more jobs may wait.
var errFull = errors.New("as many jobs wait as may; send it again when one of them has ended")

// start accepts a job, which is on the disk when start returns.
func (j *Jobs) start(name, sum, user string) (record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	waiting := 0
	for _, w := range j.order {
		if w.Status == Accepted {
			waiting++
		}
	}
	if waiting >= j.o.Queue {
		return record{}, errFull
	}
	now := time.Now().UTC()
	w := &work{record: record{ID: "job-" + now.Format("20060102-150405-") + random(), Job: name,
		SHA256: sum, User: user, Status: Accepted, Created: now}}
	if err := j.store.save(&w.record); err != nil {
		return record{}, err
	}
	j.add(w)
	select {
	case j.wake <- struct{}{}:
	default: // it is awake
	}
	return w.record, nil
}

// dismiss ends a job that waits or runs, and waits for its process. What has ended before stays as it is.
func (j *Jobs) dismiss(ctx context.Context, w *work) (record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if w.Status == Accepted {
		w.Status, w.Message, w.Finished = Dismissed, "dismissed before it ran", time.Now().UTC()
		j.changed(w)
		j.prune()
	} else if w.cancel != nil {
		w.cancel(errDismissed)
	}
	for !w.Status.ended() {
		changed := w.changed
		j.mu.Unlock()
		var err error
		select {
		case <-changed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		j.mu.Lock()
		if err != nil {
			return w.record, err
		}
	}
	return w.record, nil
}
