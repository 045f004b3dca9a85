package ledger

import (
	"errors"
	"fmt"
	"strings"
)

// reason is why an event must not follow: a format of [fmt], with what stands for its verbs. What is a [term] has a
// label in other languages.
type reason struct {
	format string
	args   []any
}

// because returns a reason.
func because(format string, args ...any) error { return reason{format, args} }

func (r reason) Error() string { return fmt.Sprintf(r.format, r.args...) }

// term stands for codes of a set, such as states, or for names of fields, which are the set "field".
type term struct {
	set   string
	codes []string
}

func termOf[C ~string](set string, codes ...C) term {
	t := term{set: set}
	for _, code := range codes {
		t.codes = append(t.codes, string(code))
	}
	return t
}

// String lists the codes.
func (t term) String() string { return list(t.codes) }

// Labelled returns the text of a reason for which [Rules.Check] refuses an event, without the case that it is of: in
// English, but with what label returns for a code of a set, or for a name of the set "field". Other errors have their
// own text.
func Labelled(err error, label func(set, code string) string) string {
	var of refusal
	if errors.As(err, &of) {
		err = of.reason
	}
	var r reason
	if !errors.As(err, &r) {
		return err.Error()
	}
	args := make([]any, len(r.args))
	for i, a := range r.args {
		args[i] = a
		if t, ok := a.(term); ok {
			labels := make([]string, len(t.codes))
			for j, code := range t.codes {
				labels[j] = label(t.set, code)
			}
			args[i] = strings.Join(labels, "、")
		}
	}
	return fmt.Sprintf(r.format, args...)
}
