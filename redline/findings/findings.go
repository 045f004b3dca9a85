package findings

import (
	"context"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"greenshield/redline"
	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// Findings is what a run found, for reports.
type Findings struct {
	Summary *redline.Summary
	Inputs  *redline.Inputs
	// Manifest is the record of the run without Outputs and the checks of reading back, which are only known when all
	// files are written.
	Manifest   *record.Manifest
	Candidates Candidates
	// Ranking is the model by which the candidates have their priority; nil when they have none.
	Ranking *priority.Model
	// FollowUps is what stands on the ground of the cases of the ledger that was asked, by case.
	FollowUps []redline.FollowUp
	// Warn tells the user, and the record of the run, what a report could not write as it is. It may be called
	// concurrently.
	Warn func(text string)
}

// Columns returns the columns of the candidates.
func (f *Findings) Columns() Columns {
	m := f.Manifest
	return ColumnsOf(f.Inputs, m != nil && m.Ledger != nil, m != nil && m.Priority != nil)
}

// Fields returns the fields of the candidates, in the order of files.
func (f *Findings) Fields() []Field { return f.Columns().Fields() }

// Years returns the years in which a candidate can have changed as far as the maps tell: those of the maps between the
// epochs, and that of the epoch after, ascending.
func (f *Findings) Years() (years []int) {
	for i := range f.Inputs.Between {
		years = append(years, f.Inputs.Between[i].Year)
	}
	return append(years, f.Summary.YearB)
}

// Candidates are the candidates of a run, kept and suppressed.
type Candidates interface {
	// All yields the kept candidates, or the suppressed ones, in the order of files. A candidate and its slices belong to
	// the caller until the next one is yielded. An error is the last that it yields. Several goroutines may call it, and
	// range over what it returns, at once.
	All(ctx context.Context, suppressed bool) iter.Seq2[*redline.Candidate, error]
	// Pick yields the kept candidates at those positions, in the order of positions, under the same rules as All. A
	// position counts the kept candidates from 0 in the order of files. So a report that wants another order keeps only
	// what it sorts by in memory.
	Pick(ctx context.Context, positions iter.Seq[uint32]) iter.Seq2[*redline.Candidate, error]
}

// Folder is the folder of a run while it is written.
type Folder interface {
	// Write creates a file and calls fill to write it. The error is a fault that names the file.
	Write(name string, fill func(w io.Writer) error) error
	// Path returns where a file of that name is to be created by other means than Write.
	Path(name string) string
	// Relative returns a path as seen from where the folder will be once it is published.
	Relative(path string) (string, error)
	// Fault returns the fault that a file cannot be written because of err; it says what to do.
	Fault(name string, err error) error
}

// Report writes files of its own into the folder of a run.
type Report func(ctx context.Context, f Folder, found *Findings) error

// Visible returns s for the eyes of a reader: on one line, and with U+FFFD for bytes that are no UTF-8, for characters
// that XML cannot have, for control characters, and for those that change the direction of the text around them (U+202E
// and its kin).
func Visible(s string) string {
	for _, r := range s {
		if harms(r) || r == utf8.RuneError { // which a byte that is no UTF-8 is told as
			return strings.Map(func(r rune) rune {
				switch {
				case r == '\n' || r == '\t':
					return ' '
				case harms(r):
					return utf8.RuneError
				}
				return r
			}, strings.ToValidUTF8(s, "\uFFFD"))
		}
	}
	return s
}

// harms tells that a reader must not be shown a character.
func harms(r rune) bool {
	return r < ' ' || r >= 0x7F && r <= 0x9F || r == 0xFFFE || r == 0xFFFF || r == 0x61C || r == 0x200E || r == 0x200F ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
