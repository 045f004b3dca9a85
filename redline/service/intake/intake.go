package intake

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/service/answer"
)

// Options are what an Intake needs.
type Options struct {
	Store ledger.Store // open for writing
	// Evidence is a folder for files of evidence, which is made when it is not there.
	Evidence string
	// MaxUpload bounds one file of evidence, Quota those of one user that no event names, in bytes; 0: the defaults.
	MaxUpload, Quota int64
	Now              func() time.Time // nil: the clock
	Log              *slog.Logger     // what went wrong inside; nil: nowhere
}

// Defaults of Options.
const (
	DefaultMaxUpload = 50 << 20
	DefaultQuota     = 1 << 30
)

// Intake takes in events and files of evidence. Its methods may be called concurrently.
type Intake struct {
	store ledger.Store
	files *files
	now   func() time.Time
	log   *slog.Logger
	turn  chan struct{} // holds one element while somebody writes
}

// New returns an Intake. It removes files of evidence that nobody needs: those that are older than a day and that no
// event of the ledger names.
func New(ctx context.Context, o Options) (*Intake, error) {
	in := &Intake{store: o.Store, now: o.Now, log: o.Log, turn: make(chan struct{}, 1)}
	if in.now == nil {
		in.now = time.Now
	}
	if in.log == nil {
		in.log = slog.New(slog.DiscardHandler)
	}
	in.files = &files{dir: o.Evidence, max: o.MaxUpload, quota: o.Quota, now: in.now}
	if in.files.max == 0 {
		in.files.max = DefaultMaxUpload
	}
	if in.files.quota == 0 {
		in.files.quota = DefaultQuota
	}
	if err := in.files.open(); err != nil {
		return nil, err
	}
	return in, in.files.sweep(func(named func(sum string)) error {
		for e, err := range o.Store.Events(ctx, ledger.EventFilter{}) {
			if err != nil {
				return err
			}
			named(e.Doc.SHA256)
		}
		return nil
	})
}

// Routes adds the routes of the package.
func (in *Intake) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /cases/{id}/events", in.postEvents)
	mux.HandleFunc("POST /cases/events", in.postBulk)
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "OPTIONS"} { // else it is taken for a case
		mux.HandleFunc(method+" /cases/events", postAlone)
	}
	mux.HandleFunc("POST /evidence", in.upload)
	mux.HandleFunc("GET /evidence/{sha256}", in.download)
}

// postAlone refuses a method.
func postAlone(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	answer.Fail(w, r, http.StatusMethodNotAllowed, "events of many cases are sent by POST")
}

// problem is an error that a client is told of.
type problem struct {
	answer.Problem
	retry string // Retry-After, in seconds
}

func (p *problem) Error() string { return p.Detail }

func fail(status int, detail string) *problem {
	return &problem{Problem: answer.Problem{Status: status, Detail: detail}}
}

// broken is what a client is told of errors of the disk that the ledger or the files lie on.
var broken = []struct {
	errs   []error
	status int
	detail string
}{
	{[]error{unix.ENOSPC, unix.EDQUOT}, http.StatusInsufficientStorage, "the disk of the service is full; have its " +
		"keeper make room, then send the request again as it was, with the same key where it has one"},
	{[]error{unix.EROFS}, http.StatusInternalServerError, "the disk of the service is read-only; have its keeper " +
		"look at the log, then send the request again as it was, with the same key where it has one"},
	{[]error{unix.EIO}, http.StatusInternalServerError, "the disk of the service fails; have its keeper " +
		"look at the log, then send the request again as it was, with the same key where it has one"},
}

// inside returns what a client is told of an error of the inside.
func inside(err error) *problem {
	for _, b := range broken {
		if slices.ContainsFunc(b.errs, func(e error) bool { return errors.Is(err, e) }) {
			return fail(b.status, b.detail)
		}
	}
	return fail(http.StatusInternalServerError, "the service could not do it; its log says why")
}

// fail tells the client what is wrong. What happened inside is logged, not told.
func (in *Intake) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	switch {
	case errors.As(err, &p):
	case errors.Is(err, ledger.ErrConflict):
		p = fail(http.StatusServiceUnavailable, "others write to the ledger; send the request again, with the same key")
		p.retry = "1"
	case redline.KindOf(err) == redline.Locked:
		p = fail(http.StatusServiceUnavailable,
			"another program writes to the ledger; send the request again, with the same key")
		p.retry = "5"
	case r.Context().Err() != nil:
		p = fail(http.StatusServiceUnavailable, "the request was given up; send it again, with the same key")
		p.retry = "1"
	default:
		in.log.LogAttrs(r.Context(), slog.LevelError, "intake", slog.String("error", err.Error()))
		p = inside(err)
	}
	if p.retry != "" {
		w.Header().Set("Retry-After", p.retry)
	}
	p.Write(w, r)
}
