package redline

import (
	"errors"
	"fmt"
)

// Kind says what went wrong. Its value is the exit status of the program.
type Kind int

// The kinds of a Fault. An error that is no Fault counts as Internal.
const (
	Internal     Kind = 1
	Usage        Kind = 10 // command line, job file, legend or rules
	Raster       Kind = 11 // raster unusable
	Vector       Kind = 12 // vector layer unusable
	Incompatible Kind = 13 // inputs do not fit together
	Unbalanced   Kind = 14 // the results do not add up
	Output       Kind = 15 // output cannot be written
	Locked       Kind = 16 // another run works on this target
	Limit        Kind = 17 // a limit is exceeded
)

// Fault is an error with its kind. Its text names the file, the place in the file, the cause, and what to do.
type Fault struct {
	Kind Kind
	Err  error
}

// Error returns the text of the fault.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the error without its kind.
func (f *Fault) Unwrap() error { return f.Err }

// Faultf returns a Fault of that kind with a text as of [fmt.Errorf]; %w wraps an error.
func Faultf(kind Kind, format string, args ...any) error {
	return &Fault{kind, fmt.Errorf(format, args...)}
}

// WithKind returns err as a Fault of that kind, joined errors one by one. An err that is or wraps a Fault keeps its own
// kind, and nil stays nil.
func WithKind(kind Kind, err error) error {
	if all := Faults(err); len(all) > 1 {
		for i := range all {
			all[i] = WithKind(kind, all[i])
		}
		return errors.Join(all...)
	}
	var f *Fault
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &Fault{kind, err}
}

// Faults returns the errors that err joins ([errors.Join]), in their order; an err that joins none is the only one, and
// nil has none.
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

// KindOf returns the kind of the Fault that err is or wraps, Internal when there is none.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}
