package redline

import (
	"errors"
	"fmt"
)

// Kind says what went wrong; its value is the program's exit status.
type Kind int

// The kinds of a Fault. Every error that is none is Internal.
const (
	Internal     Kind = 1
	Usage        Kind = 10 // command line, job file, legend or rules
	Raster       Kind = 11 // raster unusable
	Vector       Kind = 12 // vector layer unusable
	Incompatible Kind = 13 // inputs do not fit together
	Unbalanced   Kind = 14 // it does not add up
	Output       Kind = 15 // output cannot be written
	Locked       Kind = 16 // another run works on this target
	Limit        Kind = 17 // a limit is exceeded
)

// Fault is an error with its kind. Its text names the file, the place in it, the
// cause, and what to do.
type Fault struct {
	Kind Kind
	Err  error
}

func (f *Fault) Error() string { return f.Err.Error() }
func (f *Fault) Unwrap() error { return f.Err }

// Faultf returns a Fault of that kind; %w works as in [fmt.Errorf].
func Faultf(kind Kind, format string, args ...any) error {
	return &Fault{kind, fmt.Errorf(format, args...)}
}

// WithKind gives err a kind unless it has one. A nil err stays nil.
func WithKind(kind Kind, err error) error {
	var f *Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &Fault{kind, err}
}

// Faults takes joined errors apart. A nil err has none.
func Faults(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if _, fault := err.(*Fault); fault || !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, Faults(e)...)
	}
	return all
}

// KindOf returns the kind of err, Internal when it has none.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}
