package yearly

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Status says in a word what came of a look, or what is with a year.
type Status string

// The statuses. Of a look: Done, Failed, Settling, NothingNew; of a year: Done, Failed, Settling, Awaited, Ready.
const (
	Done       Status = "done"        // each step, in this look
	Failed     Status = "failed"      // a step, in this look or before; it is tried again
	Settling   Status = "settling"    // its files are there, but perhaps not complete
	Awaited    Status = "awaited"     // a file is not there
	Ready      Status = "ready"       // its files are there; it waits for an earlier year
	NothingNew Status = "nothing_new" // no year was done, and none can be
)

// Outcome is what came of a look. It holds no time at which it was made, so that two that say the same are the same.
type Outcome struct {
	Status  Status   `json:"status"`
	Trouble *Trouble `json:"trouble,omitempty"` // what belongs to no year
	Years   []Told   `json:"years"`             // those done now and those that are due, in order
	Next    int      `json:"next,omitempty"`    // the first year that is not done; it may be still to come
	Notes   []Note   `json:"notes"`
}

// Told is what is with a year.
type Told struct {
	Year    int      `json:"year"`
	Status  Status   `json:"status"`
	Files   []string `json:"files"` // of the year's own; those that are missing when it is awaited
	Trouble *Trouble `json:"trouble,omitempty"`
}

// Note is something beside that somebody has to look into.
type Note struct {
	Code  string     `json:"code"` // one of those below
	Year  int        `json:"year,omitempty"`
	Files []string   `json:"files,omitempty"`
	From  *time.Time `json:"from,omitempty"`
	To    *time.Time `json:"to,omitempty"`
}

// The codes of notes.
const (
	NoteReplaced = "replaced"       // files of a year that is done are not those that were compared
	NoteClock    = "clock_set_back" // from the time of the last look to that of this one
	NotePassed   = "passed_over"    // the year is awaited, and a later one is there
)

// Digest returns the SHA-256 of an outcome: another one when there is something new to tell.
func (o *Outcome) Digest() string {
	text, _ := json.Marshal(o) // nothing in it fails
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Err returns the first trouble as an error, nil when there is none.
func (o *Outcome) Err() error {
	if o.Trouble != nil {
		return o.Trouble.Err()
	}
	for _, y := range o.Years {
		if y.Trouble != nil {
			return y.Trouble.Err()
		}
	}
	return nil
}
