package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Access is how stores are asked.
type Access struct {
	// Sign returns the address by which a store answers a request of that verb, GET or HEAD, for an object.
	Sign      func(name, verb string) (address string, err error)
	Transport http.RoundTripper
	Retries   int           // how often a request is sent again after no answer, or that of a store in trouble
	Delay     time.Duration // before the first time; each further one waits twice as long, at most a minute
	Patience  time.Duration // how long a store may be silent
}

// allowed is the access of the process, nil while nothing may be fetched.
var allowed atomic.Pointer[store]

// Allow lets objects be read from now on, or forbids it when a is nil. What was known of objects is forgotten.
func Allow(a *Access) {
	if a == nil {
		allowed.Store(nil)
		return
	}
	allowed.Store(&store{Access: *a, objects: map[string]*object{}, client: http.Client{
		Transport:     a.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}})
}

// Allowed tells whether objects may be read.
func Allowed() bool { return allowed.Load() != nil }

func refusal(name string) error {
	return fmt.Errorf("%s: lies in an object store, and nothing is fetched from a network without --allow-network; give "+
		"that flag, or copy the object to a file and name that", name)
}

// store is the access of a process, with the objects that it has asked for.
type store struct {
	Access
	client http.Client

	mu      sync.Mutex
	objects map[string]*object
	pages   pages
}

// find returns an object, whose state is asked for when it is first named.
func find(name string) (*object, error) {
	s := allowed.Load()
	if s == nil {
		return nil, refusal(name)
	}
	s.mu.Lock()
	o := s.objects[name]
	if o == nil {
		o = &object{store: s, name: name}
		s.objects[name] = o
	}
	s.mu.Unlock()
	o.once.Do(func() { o.info, o.err = s.head(name) })
	return o, o.err
}

// head asks for the present state of an object.
func (s *store) head(name string) (i *Info, err error) {
	err = s.ask(context.Background(), &request{verb: http.MethodHead, name: name, use: func(r *http.Response) error {
		i = &Info{name: name, bytes: r.ContentLength, etag: r.Header.Get("ETag")}
		if i.etag == "" || i.bytes < 0 {
			return fmt.Errorf("%s: the object store tells no ETag or no length of it, so that nobody could see that it is "+
				"changed; copy the object to a file and name that", name)
		}
		i.modified, _ = http.ParseTime(r.Header.Get("Last-Modified"))
		return nil
	}})
	return i, err
}

// request is what is asked of a store.
type request struct {
	verb, name string
	etag       string // of the state that is wanted, "" for any; answers have it, and not all stores know If-Match
	from, to   int64  // bytes that are wanted, without the last one; all for 0, 0
	use        func(*http.Response) error
}

// missing is the error of an object that is not there.
type missing struct{ error }

// Is tells that it is an [fs.ErrNotExist].
func (missing) Is(target error) bool { return target == fs.ErrNotExist }

// trouble is an error that may pass.
type trouble struct{ error }

// Unanswered tells whether an error is that of a store that did not answer as it should, as often as it was asked.
func Unanswered(err error) bool { return errors.As(err, new(trouble)) }

// ask sends a request until it is answered, as often as that may be.
func (s *store) ask(ctx context.Context, q *request) error {
	delay := s.Delay
	for again := 0; ; again++ {
		err := s.askOnce(ctx, q)
		var passing trouble
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil || !errors.As(err, &passing):
			return err
		case again >= s.Retries:
			return fmt.Errorf("%s: the object store did not answer as it should, %d times (%w); run again when it does, or "+
				"copy the object to a file and name that", q.name, again+1, passing)
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay = min(2*delay, time.Minute)
	}
}

// errSilent is the cause of a request that was given up.
var errSilent = errors.New("no answer in time")

// askOnce sends a request once. It waits for each piece of the answer as long as patience says.
func (s *store) askOnce(parent context.Context, q *request) error {
	address, err := s.Sign(q.name, q.verb)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	timer := time.AfterFunc(s.Patience, func() { cancel(errSilent) })
	defer timer.Stop()
	r, err := http.NewRequestWithContext(ctx, q.verb, address, nil)
	if err != nil {
		return fmt.Errorf("%s: the address of its object store is none; correct AWS_S3_ENDPOINT or OSS_ENDPOINT", q.name)
	}
	if q.to > 0 {
		r.Header.Set("Range", "bytes="+strconv.FormatInt(q.from, 10)+"-"+strconv.FormatInt(q.to-1, 10))
	}
	r.Header.Set("Accept-Encoding", "identity")
	answer, err := s.client.Do(r)
	if err != nil {
		return passing(ctx, err)
	}
	defer answer.Body.Close()
	if err := q.judge(answer); err != nil {
		return err
	}
	answer.Body = &patient{answer.Body, timer, s.Patience}
	if err := q.use(answer); err != nil {
		return passing(ctx, err)
	}
	return nil
}

// passing marks errors of the network as such. They are without the address, which holds a signature.
func passing(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errSilent) {
		return trouble{errSilent}
	}
	var of *url.Error
	switch {
	case errors.As(err, &of):
		return trouble{of.Err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return trouble{errors.New("its answer was cut short")}
	}
	return err
}

// judge returns what an answer says but that the object is there as it was asked for.
func (q *request) judge(r *http.Response) error {
	code := r.StatusCode
	switch {
	case code == http.StatusPreconditionFailed, code == http.StatusRequestedRangeNotSatisfiable,
		code < 300 && q.etag != "" && r.Header.Get("ETag") != q.etag:
		return fmt.Errorf("%s: was changed in the object store while it was read; run again when nobody writes to it", q.name)
	case code == http.StatusOK && q.to == 0, code == http.StatusPartialContent && q.to > 0:
		return nil
	case code < 300:
		return fmt.Errorf("%s: the object store does not send parts of objects; copy the object to a file and name that",
			q.name)
	case code == http.StatusNotFound:
		return missing{fmt.Errorf("%s: no such object in the object store; correct the bucket or the key", q.name)}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%s: the object store does not let it be read (%s); check credentials, rights, region and the "+
			"clock of this machine", q.name, status(code))
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return trouble{errors.New(status(code))}
	}
	return fmt.Errorf("%s: the object store refuses the request (%s); check endpoint, region and credentials, of which "+
		"temporary ones expire", q.name, status(code))
}

// status returns the number of a status with its name.
func status(code int) string { return strconv.Itoa(code) + " " + http.StatusText(code) }

// patient is the body of an answer; the timer ends the request unless bytes keep coming.
type patient struct {
	io.ReadCloser
	timer    *time.Timer
	patience time.Duration
}

// Read implements [io.Reader].
func (p *patient) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.timer.Reset(p.patience)
	}
	return n, err
}
