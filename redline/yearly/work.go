package yearly

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"time"

	"greenshield/redline"
)

// Schedule says which years are worked on, and when a map counts as complete.
type Schedule struct {
	First  int           // the first year
	Every  int           // years from one to the next, at least 1
	Skip   []int         // years of which there will be no maps
	Settle time.Duration // how long files must have been the same
}

// Job is the work of a year.
type Job struct {
	Files []string // of the year's own, by path
	// Shared are the job file and the files that it names for all years.
	Shared []string
	// Before and After are the maps that are compared.
	Before, After []string
	Out           string // folder of the results
	Steps         []Step // in their order
}

// Office does for the package what has to do with the world.
type Office interface {
	Now() time.Time
	// Job returns the work of a year.
	Job(year int) (*Job, error)
	// Stat returns size and time of a file, or size and ETag of an object, with its absolute path: the next look may be
	// from another working folder. The error wraps [fs.ErrNotExist] when it is not there.
	Stat(path string) (File, error)
	Hash(ctx context.Context, path string) (string, error)
	// Do does a step, wholly or not at all. To do a step again that was done changes nothing. A folder of results that
	// is there already may be replaced when own.
	Do(ctx context.Context, year int, step Step, own bool) error
	Save(s *State) error
}

// Again has a year done once more, with its results replaced.
func (s *State) Again(year int) { s.Years[year] = &Year{Own: true} }

// look is one look at all years.
type look struct {
	Schedule
	Office
	*State
	now time.Time
	out *Outcome
}

// dueYear is a year that is not done.
type dueYear struct {
	number  int
	job     *Job
	kept    *Year
	missing []string
	trouble *Trouble // why it cannot be looked at
}

// Work looks at all years and does what is due. An error is of the state, which could not be saved, or that of ctx;
// what else goes wrong is in the outcome.
func (s Schedule) Work(ctx context.Context, o Office, st *State) (*Outcome, error) {
	l := &look{Schedule: s, Office: o, State: st, now: o.Now().UTC().Truncate(time.Second), out: &Outcome{Years: []Told{}}}
	l.out.Notes = []Note{}
	if back := st.Looked.Sub(l.now); back > time.Minute {
		from, to := st.Looked, l.now
		l.out.Notes = append(l.out.Notes, Note{Code: NoteClock, From: &from, To: &to})
	}
	st.Looked = l.now
	for year, kept := range st.Years {
		if !kept.Finished.IsZero() && year > l.now.Year() {
			l.out.Status, l.out.Trouble = Failed, troubleOf("", redline.Faultf(redline.Usage,
				"the clock of this machine says that it is %d, but the year %d is done already; correct the clock",
				l.now.Year(), year))
			return l.out, o.Save(st)
		}
	}
	if err := l.replaced(ctx); err != nil {
		return nil, err
	}
	due := l.due()
	if err := o.Save(st); err != nil {
		return nil, err
	}
	return l.out, l.work(ctx, due)
}

// due looks at the years that are not done, in their order.
func (l *look) due() (all []*dueYear) {
	y := l.First
	for ; y <= l.now.Year(); y += l.Every {
		kept := l.Years[y]
		if slices.Contains(l.Skip, y) || kept != nil && !kept.Finished.IsZero() {
			continue
		}
		if kept == nil {
			kept = &Year{}
			l.Years[y] = kept
		}
		d := &dueYear{number: y, kept: kept}
		l.see(d)
		all = append(all, d)
	}
	for l.out.Next = y; slices.Contains(l.Skip, l.out.Next); {
		l.out.Next += l.Every
	}
	return all
}

// see looks at the files of a year. After they were compared they may be gone; when they are others the year begins
// anew, unless it is in the ledger.
func (l *look) see(d *dueYear) {
	var err error
	if d.job, err = l.Job(d.number); err != nil {
		d.trouble = troubleOf(JobStep, err)
		return
	}
	if d.kept.Trouble != nil && l.mended(d) {
		d.kept.Failures = 0
	}
	if slices.Contains(d.kept.Done, Add) {
		return
	}
	var files []File
	for _, path := range d.job.Files {
		f, err := l.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			d.missing = append(d.missing, path)
		} else if err != nil {
			d.trouble = troubleOf(Look, redline.WithKind(redline.Raster, err))
			return
		}
		files = append(files, f)
	}
	switch {
	case len(d.missing) > 0 && slices.Contains(d.kept.Done, Run):
		d.missing = nil
	case len(d.missing) > 0:
		d.kept.begin(nil, time.Time{})
	case !slices.EqualFunc(d.kept.Files, files, File.same):
		d.kept.begin(files, l.now)
	case d.kept.Since.After(l.now): // the clock was set back
		d.kept.Since = l.now
	}
}

// mended tells that somebody has changed the job, or a file that it names for all years, since a step failed. Times to
// come count for nothing; now is cut to seconds.
func (l *look) mended(d *dueYear) bool {
	return slices.ContainsFunc(d.job.Shared, func(path string) bool {
		f, err := l.Stat(path)
		return err == nil && f.Modified.After(d.kept.Failed) && f.Modified.Before(l.now.Add(time.Second))
	})
}

// begin begins a year anew with other files.
func (y *Year) begin(files []File, since time.Time) {
	*y = Year{Files: files, Since: since, Own: y.Own}
}

// replaced notes the files of years that are done which are others than those that were compared. Of one that cannot be
// read now, stays what was known.
func (l *look) replaced(ctx context.Context) error {
	for _, number := range slices.Sorted(maps.Keys(l.Years)) {
		y := l.Years[number]
		if y.Finished.IsZero() {
			continue
		}
		var paths []string
		var later []File
		for _, was := range y.Files {
			is, err := l.Stat(was.Path)
			known := slices.IndexFunc(y.Later, is.same)
			switch {
			case errors.Is(err, fs.ErrNotExist), err == nil && is.same(was):
				continue
			case err != nil:
				known = slices.IndexFunc(y.Later, func(f File) bool { return f.Path == was.Path })
			case known < 0 && is.ETag == "":
				is.SHA256, err = l.Hash(ctx, is.Path)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if known >= 0 {
				is = y.Later[known]
			} else if err != nil {
				continue // what cannot be read is not said to be another
			}
			if later = append(later, is); is.ETag != was.ETag || is.SHA256 != was.SHA256 {
				paths = append(paths, is.Path)
			}
		}
		if y.Later = later; len(paths) > 0 {
			l.out.Notes = append(l.out.Notes, Note{Code: NoteReplaced, Year: number, Files: paths})
		}
	}
	return nil
}

// work does the years in their order, up to the first that cannot be done.
func (l *look) work(ctx context.Context, due []*dueYear) error {
	l.out.Status = NothingNew
	for i, d := range due {
		status, trouble := l.hindrance(d)
		if status == "" {
			status = Done
			if err := l.steps(ctx, d); ctx.Err() != nil {
				return ctx.Err()
			} else if err != nil {
				return err
			} else if d.kept.Trouble != nil {
				status, trouble = Failed, d.kept.Trouble
			}
		}
		told := Told{d.number, status, d.job.files(), trouble}
		if status == Awaited {
			told.Files = d.missing
		}
		l.out.Years = append(l.out.Years, told)
		if status == Done {
			l.out.Status = Done
			continue
		}
		if status == Failed || status == Settling && l.out.Status != Done {
			l.out.Status = status
		}
		l.out.Next = d.number
		l.behind(d, due[i+1:])
		break
	}
	return nil
}

// files returns the files of a job, none of a job that could not be read.
func (j *Job) files() []string {
	if j == nil {
		return []string{}
	}
	return j.Files
}

// behind tells of the years that wait for one that is not done.
func (l *look) behind(first *dueYear, due []*dueYear) {
	passed := false
	for _, d := range due {
		switch {
		case d.trouble != nil:
			l.out.Years = append(l.out.Years, Told{d.number, Awaited, []string{}, nil})
		case len(d.missing) > 0:
			l.out.Years = append(l.out.Years, Told{d.number, Awaited, d.missing, nil})
		default:
			l.out.Years = append(l.out.Years, Told{d.number, Ready, d.job.Files, nil})
			passed = true
		}
	}
	if passed && len(first.missing) > 0 {
		l.out.Notes = append(l.out.Notes, Note{Code: NotePassed, Year: first.number})
	}
}

// hindrance says why the steps of a year are not to be begun now, "" for nothing.
func (l *look) hindrance(d *dueYear) (Status, *Trouble) {
	y := d.kept
	wait := l.now.Sub(y.Failed)
	switch {
	case d.trouble != nil:
		return Failed, d.trouble
	case len(d.missing) > 0:
		return Awaited, nil
	case y.Trouble != nil && wait >= 0 && wait < y.pause():
		return Failed, y.Trouble
	case !slices.Contains(y.Done, Run) && l.now.Sub(y.Since) < l.Settle:
		return Settling, nil
	}
	return "", nil
}

// pause returns how long nothing is tried after failures one after the other: a quarter of an hour after the first,
// twice as long after each further one, a day at most. What is mended without a change of files, such as a disk, a
// database or a lock, is waited for an hour at most.
func (y *Year) pause() time.Duration {
	if y.Failures < 1 {
		return 0
	}
	most := 24 * time.Hour
	if kind := redline.Kind(y.Trouble.Code); y.Trouble.Step == Look || kind == redline.Output || kind == redline.Locked {
		most = time.Hour
	}
	return min(15*time.Minute<<min(y.Failures-1, 10), most)
}

// steps does the steps of a year that are not done. What fails is noted there; an error is that of ctx or of the state.
func (l *look) steps(ctx context.Context, d *dueYear) error {
	y := d.kept
	fail := func(step Step, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		y.Failures, y.Failed, y.Trouble = y.Failures+1, l.now, troubleOf(step, err)
		return l.Save(l.State)
	}
	if err := l.hash(ctx, y); err != nil {
		return fail(Look, redline.WithKind(redline.Raster, err))
	}
	before := d.contents(d.job.Before)
	if before != nil && !slices.Contains(y.Done, Run) && slices.Equal(before, d.contents(d.job.After)) {
		return fail(Look, redline.Faultf(redline.Raster, "%s: has the same content as %s, so one of them is the map of "+
			"another year; copy the right one there", d.job.After[0], d.job.Before[0]))
	}
	for _, step := range d.job.Steps {
		if slices.Contains(y.Done, step) {
			continue
		}
		if step == Run && !y.Own {
			_, err := l.Stat(d.job.Out)
			y.Own = errors.Is(err, fs.ErrNotExist) // what is made there from now on is ours
			if err := l.Save(l.State); err != nil {
				return err
			}
		}
		if err := l.Do(ctx, d.number, step, y.Own); err != nil {
			return fail(step, err)
		}
		if changed := l.changed(y); step == Run && changed != "" {
			y.begin(nil, l.now)
			return fail(Run, redline.Faultf(redline.Raster, "%s: was changed while it was compared; "+
				"wait until it is complete", changed))
		}
		if y.Done = append(y.Done, step); step == d.job.Steps[len(d.job.Steps)-1] {
			y.Finished = l.now
		}
		y.Failures, y.Failed, y.Trouble = 0, time.Time{}, nil
		if err := l.Save(l.State); err != nil {
			return err
		}
	}
	return nil
}

// hash takes the SHA-256 of the files of a year once; an object is known by its ETag.
func (l *look) hash(ctx context.Context, y *Year) error {
	for i := range y.Files {
		if y.Files[i].SHA256 != "" || y.Files[i].ETag != "" {
			continue
		}
		sum, err := l.Hash(ctx, y.Files[i].Path)
		if err != nil {
			return err
		}
		y.Files[i].SHA256 = sum
	}
	return nil
}

// contents returns by what the contents of maps are known, sorted; nil when one of them is not of the year's own.
func (d *dueYear) contents(maps []string) (all []string) {
	for _, path := range maps {
		i := slices.Index(d.job.Files, path)
		if i < 0 || len(d.kept.Files) != len(d.job.Files) { // the job may be another one since the run
			return nil
		}
		all = append(all, d.kept.Files[i].SHA256+d.kept.Files[i].ETag)
	}
	slices.Sort(all)
	return all
}

// changed returns the first file of a year that is another one than was looked at, "" for none.
func (l *look) changed(y *Year) string {
	for _, was := range y.Files {
		if is, err := l.Stat(was.Path); err != nil || !is.same(was) {
			return was.Path
		}
	}
	return ""
}
