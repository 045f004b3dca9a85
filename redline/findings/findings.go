package findings

import (
	"context"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"greenshield/redline"
	"greenshield/redline/record"
)

// Findings is what a run found, for reports.
type Findings struct {
	Summary *redline.Summary
	Inputs  *redline.Inputs
	// Manifest lacks what is only known when all is written: Outputs, and the checks of reading back.
	Manifest   *record.Manifest
	Candidates Candidates
}

// Candidates are those of a run.
type Candidates interface {
	// All yields the candidates in the order of files, or the suppressed ones. A candidate and its slices belong to the
	// caller until the next one. Several goroutines may go through them at once, each by itself.
	All(ctx context.Context, suppressed bool) iter.Seq2[*redline.Candidate, error]
}

// Folder is the folder of a run while it is written.
type Folder interface {
	// Write creates a file and has it filled.
	Write(name string, fill func(w io.Writer) error) error
	// Path returns where a file of that name is to be created by other means than Write.
	Path(name string) string
	// Relative returns a path as seen from where the folder will be.
	Relative(path string) (string, error)
	// Fault says of a file that it cannot be written, and what to do about err.
	Fault(name string, err error) error
}

// A Report writes more files into the folder of a run.
type Report func(ctx context.Context, f Folder, found *Findings) error

// Visible is s for the eyes of a reader: on one line, and with U+FFFD for what is no UTF-8, what XML cannot have, and what
// would turn the direction of the text around it (U+202E and its kin).
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7F || r == 0xFFFE || r == 0xFFFF, r == 0x61C || r == 0x200E || r == 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
