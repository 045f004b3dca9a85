package yearly

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"greenshield/redline"
)

// StateName is the name of the file of the state.
const StateName = "state.json"

// stateFormat grows when a reader of the older one would misread the new one.
const stateFormat = 1

// State is what is kept between looks.
type State struct {
	Format int           `json:"format"`
	Looked time.Time     `json:"looked"`           // when the last look began
	Told   string        `json:"told,omitempty"`   // [Outcome.Digest] of what was told last
	Mailed string        `json:"mailed,omitempty"` // the same of what was mailed last
	Years  map[int]*Year `json:"years"`
}

// Year is what is kept of a year.
type Year struct {
	Files []File    `json:"files"` // its own, as they were at the last look before its maps were compared
	Since time.Time `json:"since"` // the first look at which they were so
	Done  []Step    `json:"done"`
	// Own tells that the folder of the results is of this schedule, which may replace it.
	Own      bool      `json:"own,omitempty"`
	Failures int       `json:"failures,omitempty"` // one after the other
	Failed   time.Time `json:"failed,omitzero"`    // the last of these
	Trouble  *Trouble  `json:"trouble,omitempty"`  // what it was
	Finished time.Time `json:"finished,omitzero"`  // zero until all steps are done
	// Later are files that have changed since their year was done, as they are now.
	Later []File `json:"later,omitempty"`
}

// File is a file, or an object of a store, at one time.
type File struct {
	Path     string    `json:"path"` // absolute
	Bytes    int64     `json:"bytes"`
	Modified time.Time `json:"modified"`
	// ETag is what an object store tells this state of an object by, in place of the time; "" for a file.
	ETag   string `json:"etag,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // "" until it was taken, and for an object
}

// same tells that a file looks as another one did, whatever is in it.
func (f File) same(g File) bool {
	if f.ETag != "" || g.ETag != "" {
		return f.Path == g.Path && f.Bytes == g.Bytes && f.ETag == g.ETag
	}
	return f.Path == g.Path && f.Bytes == g.Bytes && f.Modified.Equal(g.Modified)
}

// Step is a part of the work of a year.
type Step string

// The steps, in their order. Job is no work but the reading of the job, and Look that of what files there are.
const (
	JobStep Step = "job"
	Look    Step = "look"
	Check   Step = "check"
	Run     Step = "run"
	Add     Step = "add"
	Report  Step = "report"
)

// Trouble is why something was not done.
type Trouble struct {
	Step    Step   `json:"step,omitempty"`
	Code    int    `json:"code"` // a [redline.Kind]
	Message string `json:"message"`
}

// Err returns the trouble as an error of its kind.
func (t *Trouble) Err() error { return redline.Faultf(redline.Kind(t.Code), "%s", t.Message) }

func troubleOf(step Step, err error) *Trouble {
	return &Trouble{step, int(redline.KindOf(err)), err.Error()}
}

// Read returns the state in a folder, a new one when there is none. A file that is no state is an error of kind Output.
func Read(folder string) (*State, error) {
	path := filepath.Join(folder, StateName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &State{Format: stateFormat, Years: map[int]*Year{}}, nil
	} else if err != nil {
		return nil, redline.WithKind(redline.Output, err)
	}
	s := new(State)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(s)
	if _, more := d.Token(); err == nil && more != io.EOF {
		err = errors.New("something stands behind it")
	}
	if err == nil && s.Format != stateFormat {
		err = errors.New("it is of another version of the program")
	}
	if err == nil && (s.Years == nil || slices.Contains(values(s.Years), nil)) {
		err = errors.New("it lacks years")
	}
	if err != nil {
		return nil, redline.Faultf(redline.Output, "%s: cannot be read: %w; bring back a copy, or remove it and say the "+
			"first year that is not done by --first", path, err)
	}
	return s, nil
}

func values(m map[int]*Year) (all []*Year) {
	for _, y := range m {
		all = append(all, y)
	}
	return all
}

// Write brings the state to the disk, whole or not at all.
func (s *State) Write(folder string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(folder, StateName), append(text, '\n'))
}

// WriteFile makes a file hold a text, whole or not at all, also when the machine stops meanwhile.
func WriteFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return unwritten(path, err)
	}
	defer os.Remove(f.Name()) // it is gone when all went well
	_, err = f.Write(text)
	err = cmp.Or(err, f.Chmod(0o644), f.Sync())
	if err = cmp.Or(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return unwritten(path, err)
	}
	return nil
}

// unwritten says that a file could not be written, without the name of the one that was to take its place, which is
// another one each time.
func unwritten(path string, err error) error {
	var why syscall.Errno
	if errors.As(err, &why) {
		err = why
	}
	return redline.Faultf(redline.Output, "%s: cannot be written: %w; make room there, or give the right to write",
		path, err)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return cmp.Or(d.Sync(), d.Close())
}
