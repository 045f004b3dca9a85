package job

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"greenshield/redline"
)

// MaxConfirm is how many pairs of maps may confirm changes.
const MaxConfirm = 8

// Pair is another pair of maps, which may show the same changes.
type Pair struct {
	Name          string // as the user calls it
	Before, After Epoch  // Legend is "" for that of the job's before, of After for that of Before
}

// Pairs returns the pairs of the job with the legends that hold for them.
func (j *Job) Pairs() []Pair {
	all := slices.Clone(j.Confirm)
	for i := range all {
		p := &all[i]
		if p.Before.Legend == "" {
			p.Before.Legend = j.Before.Legend
		}
		if p.After.Legend == "" {
			p.After.Legend = p.Before.Legend
		}
	}
	return all
}

// NewestMap returns the newest map with the legend that holds for it, nil when the job names none.
func (j *Job) NewestMap() *Epoch {
	e := j.Newest
	if len(e.Files) == 0 {
		return nil
	}
	if e.Legend == "" {
		e.Legend = j.Before.Legend
	}
	return &e
}

// Within tells whether the years of a pair differ from those of the job's maps by at most ConfirmTolerance.
func (j *Job) Within(p *Pair) bool {
	apart := func(a, b int) int { return max(a-b, b-a) }
	return max(apart(p.Before.Year, j.Before.Year), apart(p.After.Year, j.After.Year)) <= j.ConfirmTolerance
}

// confirmFaults says what does not fit together of the pairs that may confirm changes, and of the newest map.
func (j *Job) confirmFaults() (faults []error) {
	if len(j.Confirm) > MaxConfirm {
		faults = append(faults, redline.Faultf(redline.Usage,
			"confirm has %d pairs of maps, at most %d are taken; leave some out", len(j.Confirm), MaxConfirm))
	}
	for i := range j.Confirm {
		p := &j.Confirm[i]
		faults = append(faults, p.faults()...)
		twice := func(other Pair) bool { return p.Name != "" && redline.SameWord(other.Name, p.Name) }
		if slices.ContainsFunc(j.Confirm[:i], twice) {
			faults = append(faults, redline.Faultf(redline.Usage,
				"two pairs of confirm have the name %q; give each one of its own", p.Name))
		}
	}
	return append(faults, j.newestFaults()...)
}

// faults says what is missing from the pair or contradicts itself.
func (p *Pair) faults() (faults []error) {
	fail := func(format string, args ...any) {
		faults = append(faults, redline.Faultf(redline.Usage, format, args...))
	}
	name := p.Name
	if name == "" {
		fail("a pair of confirm has no name; write name: NAME in the job file, or --confirm NAME:YEAR=FILE")
		name = "a pair"
	}
	for _, e := range []struct {
		role string
		*Epoch
	}{{"before", &p.Before}, {"after", &p.After}} {
		switch {
		case len(e.Files) == 0:
			fail("confirm, %[1]s: no raster for %[2]s; write %[2]s: {year: YEAR, files: [FILE]} in the job file, or "+
				"--confirm NAME:YEAR=FILE once for each of its two years", name, e.role)
		case e.Year == 0:
			fail("confirm, %[1]s: no year for %[2]s; write %[2]s: {year: YEAR, files: [FILE]} in the job file", name, e.role)
		}
	}
	if faults == nil && p.After.Year <= p.Before.Year {
		fail("confirm, %s: the year of its after (%d) is not later than that of its before (%d); correct them, or exchange "+
			"the rasters", name, p.After.Year, p.Before.Year)
	}
	if year := time.Now().Year(); p.After.Year > year {
		fail("confirm, %s: the year of its after (%d) is still to come: it is %d by this machine's clock; "+
			"correct it, or the clock", name, p.After.Year, year)
	}
	return faults
}

// newestFaults says what is missing from the newest map, or is wrong with its year.
func (j *Job) newestFaults() (faults []error) {
	e := &j.Newest
	fail := func(format string, args ...any) {
		faults = append(faults, redline.Faultf(redline.Usage, format, args...))
	}
	file := strings.Join(e.Files, ", ")
	switch year := time.Now().Year(); {
	case file == "" && (e.Year != 0 || e.Band != 0 || e.Legend != "" || e.CRS != ""):
		fail("newest has no file; write newest: {year: YEAR, files: [FILE]} in the job file, or --newest YEAR=FILE")
	case file == "":
	case e.Year == 0:
		fail("newest, %s: no year; write newest: {year: YEAR, files: [FILE]} in the job file, or --newest YEAR=FILE", file)
	case e.Year <= j.After.Year && j.Before.Year < j.After.Year: // else that is told
		fail("newest, %s: its year (%d) is not later than that of after (%d), so it cannot show what became of the changes; "+
			"correct it, or leave it out", file, e.Year, j.After.Year)
	case e.Year > year:
		fail("newest, %s: its year (%d) is still to come: it is %d by this machine's clock; correct it, or the clock", file,
			e.Year, year)
	}
	return faults
}

// toleranceFaults names the pairs whose years differ too much from those of the job's maps.
func (j *Job) toleranceFaults() (faults []error) {
	for i := range j.Confirm {
		p := &j.Confirm[i]
		if j.Within(p) || p.faults() != nil {
			continue
		}
		faults = append(faults, redline.Faultf(redline.Usage, "confirm, %s: its maps are of %d and %d, "+
			"those that are compared of %d and %d: further apart than confirm_tolerance allows (%d); name maps of nearer "+
			"years, allow more by --confirm-tolerance N (confirm_tolerance: N in a job file), or leave the pair out",
			p.Name, p.Before.Year, p.After.Year, j.Before.Year, j.After.Year, j.ConfirmTolerance))
	}
	return faults
}

// mapOptions lists the keys of a map that has no flags of its own.
func (e *Epoch) mapOptions() []option {
	return []option{
		{key: "year", value: year(&e.Year)},
		fileList(&e.Files),
		{key: "band", value: band(&e.Band)},
		{key: "crs", value: (*text)(&e.CRS)},
		{key: "legend", value: (*text)(&e.Legend)},
	}
}

// options lists the keys of the pair.
func (p *Pair) options() []option {
	return []option{
		{key: "name", value: (*text)(&p.Name)},
		{key: "before", keys: p.Before.mapOptions()},
		{key: "after", keys: p.After.mapOptions()},
	}
}

// confirm is the option of the pairs that may confirm changes.
func confirm(list *[]Pair) option {
	return option{key: "confirm", flag: "confirm", arg: "NAME:YEAR=FILE",
		usage: "one map of another pair, which may show the same changes, then |band=N, |legend=L or |crs=CRS; repeat " +
			"for its other year, for tiles, and for more pairs",
		clear: func() { *list = nil },
		item: func() (value, []option) {
			*list = append(*list, Pair{})
			return newPair{list}, (*list)[len(*list)-1].options()
		}}
}

// newPair is the last one of a list of pairs.
type newPair struct{ list *[]Pair }

// How maps of pairs, and the newest map, are named on the command line.
const (
	pairForm = "NAME:YEAR=FILE, then |band=N, |legend=L or |crs=CRS where they are needed, once for each of the two " +
		"years"
	newestForm = "YEAR=FILE, then |band=N, |legend=L or |crs=CRS where they are needed"
)

// Set adds the map that a text names, see pairForm, to the pair of that name. The earlier of two years is that of
// before. Where the text differs from that of a map only in the file, it names a tile of that.
func (v newPair) Set(s string) error {
	where, _, _ := strings.Cut(s, "=")
	cut := strings.LastIndexByte(where, ':')
	if cut < 0 || strings.TrimSpace(s[:cut]) == "" {
		return fmt.Errorf("%q names no pair; write %s", s, pairForm)
	}
	m, err := parseMap(s[cut+1:], pairForm)
	if err != nil {
		return err
	}
	last := len(*v.list) - 1
	p := &(*v.list)[last]
	p.Name = s[:cut]
	if i := slices.IndexFunc((*v.list)[:last], func(known Pair) bool { return known.Name == p.Name }); i >= 0 {
		*v.list = (*v.list)[:last]
		p = &(*v.list)[i]
	}
	switch {
	case len(p.Before.Files) == 0:
		p.Before = m
	case p.Before.addTile(&m) || p.After.addTile(&m):
	case len(p.After.Files) > 0:
		return fmt.Errorf("%q is a third map of the pair %q; a pair has one of each of two years, whose tiles have the same "+
			"band, legend and crs", s, p.Name)
	case m.Year < p.Before.Year:
		p.Before, p.After = m, p.Before
	default:
		p.After = m
	}
	return nil
}

// String implements value.
func (v newPair) String() string { return "" }

// newestFlag is the flag of the newest map.
func newestFlag(e *Epoch) option {
	return option{flag: "newest", arg: "YEAR=FILE",
		usage: "map of a year after both, which shows whether changes stay, then |band=N, |legend=L or |crs=CRS; repeat " +
			"for tiles",
		clear: func() { *e = Epoch{} },
		item:  func() (value, []option) { return newestMap{e}, nil }}
}

// newestMap is the newest map as a flag names it, see newestForm.
type newestMap struct{ e *Epoch }

// Set makes the map that of a text, or adds a tile that the text names.
func (v newestMap) Set(s string) error {
	m, err := parseMap(s, newestForm)
	switch {
	case err != nil:
		return err
	case len(v.e.Files) == 0:
		*v.e = m
	case !v.e.addTile(&m):
		return fmt.Errorf("%q is another map than %q; the tiles of one have the same year, band, legend and crs", s,
			v.e.Files[0])
	}
	return nil
}

// String implements value.
func (v newestMap) String() string { return "" }

// addTile adds the files of a map when it is the same but for them.
func (e *Epoch) addTile(m *Epoch) bool {
	if len(e.Files) == 0 || e.Year != m.Year || e.Band != m.Band || e.Legend != m.Legend || e.CRS != m.CRS {
		return false
	}
	e.Files = append(e.Files, m.Files...)
	return true
}

// parseMap reads a text that names one map, as form says.
func parseMap(s, form string) (Epoch, error) {
	m, err := parseMaps(s, form)
	if err == nil && (m.Years != (Span{}) || m.FirstBand != 0) {
		err = errors.New("one map is of one year: write YEAR=FILE|band=N")
	}
	return m.Epoch, err
}
