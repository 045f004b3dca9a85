package job

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"greenshield/redline"
)

// MaxBetween is how many maps there may be between the epochs.
const MaxBetween = 60

// Maps are the map of one year between the epochs, or those of several years in a row that are bands of the same files.
type Maps struct {
	Epoch          // Year and Band are 0 for several years, Legend is "" for that of before
	Years     Span // of several maps, else zero
	FirstBand int  // band of the first of Years, from 1; the others follow it
}

// Span is the years from First to Last.
type Span struct{ First, Last int }

// String returns the years of the maps, "" when none is said.
func (m *Maps) String() string {
	switch {
	case m.Years != (Span{}):
		return (span{&m.Years}).String()
	case m.Year != 0:
		return strconv.Itoa(m.Year)
	}
	return ""
}

// epochs returns the maps one by one. Legend is that of maps that name none.
func (m *Maps) epochs(legend string) []Epoch {
	one := m.Epoch
	if one.Legend == "" {
		one.Legend = legend
	}
	if m.Years == (Span{}) {
		return []Epoch{one}
	}
	var all []Epoch
	for year := m.Years.First; year <= m.Years.Last; year++ {
		one.Year, one.Band = year, m.FirstBand+year-m.Years.First
		all = append(all, one)
	}
	return all
}

// Stack returns all maps of the job by year: before, those between, after.
func (j *Job) Stack() []Epoch {
	all := []Epoch{j.Before}
	for i := range j.Between {
		all = append(all, j.Between[i].epochs(j.Before.Legend)...)
	}
	slices.SortStableFunc(all[1:], func(a, b Epoch) int { return a.Year - b.Year })
	return append(all, j.After)
}

// betweenFaults says what does not fit together of the maps between the epochs.
func (j *Job) betweenFaults() (faults []error) {
	fail := func(format string, args ...any) {
		faults = append(faults, redline.Faultf(redline.Usage, format, args...))
	}
	for i := range j.Between {
		if err := j.Between[i].validate(); err != nil {
			faults = append(faults, err)
		}
	}
	if faults != nil {
		return faults
	}
	stack := j.Stack()
	maps := stack[1 : len(stack)-1]
	if len(maps) > MaxBetween {
		fail("there are %d maps between the epochs, at most %d are taken; leave some years out", len(maps), MaxBetween)
	}
	for i, e := range maps {
		if i > 0 && e.Year == maps[i-1].Year {
			fail("there are two maps of %d between the epochs, %s and %s; keep one of them, "+
				"or name the tiles of one map in one list of files", e.Year, maps[i-1].Files[0], e.Files[0])
		}
		if j.Before.Year < j.After.Year && (e.Year <= j.Before.Year || e.Year >= j.After.Year) { // else that is told
			fail("the map of %d (%s) does not lie between before (%d) and after (%d); correct its year or theirs, "+
				"or leave it out", e.Year, e.Files[0], j.Before.Year, j.After.Year)
		}
	}
	return faults
}

// validate returns the fault that says what is missing from the maps or contradicts itself.
func (m *Maps) validate() error {
	file := strings.Join(m.Files, ", ")
	several := m.Years != (Span{})
	switch {
	case file == "":
		return redline.Faultf(redline.Usage, "a map between the epochs has no file; name it by --between YEAR=FILE, "+
			"or between: [{year: YEAR, files: [FILE]}] in a job file")
	case m.String() == "":
		return redline.Faultf(redline.Usage, "between, %s: no year; write year: YEAR, or years: FIRST-LAST with "+
			"first_band: N for bands of one file", file)
	case several && m.Year != 0:
		return redline.Faultf(redline.Usage, "between, %s: year and years contradict each other; keep year for one map, "+
			"years for several", file)
	case m.Band != 0 && m.FirstBand != 0:
		return redline.Faultf(redline.Usage, "between, %s: band and first_band contradict each other; keep band for one "+
			"year, first_band for several", file)
	case several && m.FirstBand == 0:
		return redline.Faultf(redline.Usage, "between, %s: no first_band, so it is not known which bands are %s; "+
			"write the band of %d as first_band: N, or |first_band=N behind the file", file, m, m.Years.First)
	case !several && m.FirstBand != 0:
		return redline.Faultf(redline.Usage, "between, %s: first_band is for several years; write band: %d for the map of "+
			"%d, or years: FIRST-LAST", file, m.FirstBand, m.Year)
	}
	return nil
}

// options lists the keys of the maps.
func (m *Maps) options() []option {
	return []option{
		{key: "year", value: year(&m.Year)},
		{key: "years", value: span{&m.Years}},
		fileList(&m.Files),
		{key: "band", value: band(&m.Band)},
		{key: "first_band", value: band(&m.FirstBand)},
		{key: "crs", value: (*text)(&m.CRS)},
		{key: "legend", value: (*text)(&m.Legend)},
	}
}

// between is the option of the maps between the epochs.
func between(list *[]Maps) option {
	return option{key: "between", flag: "between", arg: "YEAR=FILE",
		usage: "map of a year between the two, which dates the changes, then |band=N, |legend=L or |crs=CRS, or bands of " +
			"several years: FIRST-LAST=FILE|first_band=N; repeat for more years, and for the tiles of one",
		clear: func() { *list = nil },
		item: func() (value, []option) {
			*list = append(*list, Maps{})
			return newMaps{list}, (*list)[len(*list)-1].options()
		}}
}

// newMaps is the last one of a list of maps.
type newMaps struct{ list *[]Maps }

// mapsForm is how the maps between the epochs are named on the command line.
const mapsForm = "YEAR=FILE or FIRST-LAST=FILE|first_band=N, then |band=N, |legend=L or |crs=CRS where they are needed"

// Set makes the last maps those that a text names, see mapsForm. Where the text differs from that of earlier ones only
// in the file, it names a tile of those.
func (v newMaps) Set(s string) error {
	m, err := parseMaps(s, mapsForm)
	if err != nil {
		return err
	}
	last := len(*v.list) - 1
	for i := range (*v.list)[:last] {
		known := &(*v.list)[i]
		if known.Year == m.Year && known.Years == m.Years && known.Band == m.Band && known.FirstBand == m.FirstBand &&
			known.Legend == m.Legend && known.CRS == m.CRS {
			known.Files = append(known.Files, m.Files...)
			*v.list = (*v.list)[:last]
			return nil
		}
	}
	(*v.list)[last] = m
	return nil
}

// String implements value.
func (v newMaps) String() string { return "" }

// parseMaps reads a text of mapsForm; faults are told with form, by which the user wrote it. A variable of a netCDF or
// HDF file stays with the name of the file.
func parseMaps(s, form string) (m Maps, err error) {
	when, what, ok := strings.Cut(s, "=")
	parts := strings.Split(what, "|")
	switch {
	case !ok || strings.TrimSpace(when) == "":
		return m, fmt.Errorf("%q names no year; write %s", s, form)
	case strings.TrimSpace(parts[0]) == "":
		return m, fmt.Errorf("%q names no file; write %s", s, form)
	}
	var at value = year(&m.Year)
	if strings.Contains(when, "-") {
		at = span{&m.Years}
	}
	if err := at.Set(when); err != nil {
		return Maps{}, err
	}
	file := parts[0]
	keys := map[string]value{"band": band(&m.Band), "first_band": band(&m.FirstBand), "legend": (*text)(&m.Legend),
		"crs": (*text)(&m.CRS)}
	for _, part := range parts[1:] {
		key, text, _ := strings.Cut(part, "=")
		place := keys[key]
		switch {
		case key == "variable":
			file += "|" + part
			continue
		case place == nil:
			return Maps{}, fmt.Errorf("%q has parts behind the file that are not known; write %s", s, form)
		case place.String() != "":
			return Maps{}, fmt.Errorf("%q says %s twice; write %s", s, key, form)
		}
		if err := place.Set(text); err != nil {
			return Maps{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	m.Files = []string{file}
	return m, nil
}

// span is a range of years, FIRST-LAST.
type span struct{ s *Span }

func (v span) Set(s string) error {
	first, last, _ := strings.Cut(s, "-")
	var years Span
	if year(&years.First).Set(first) != nil || year(&years.Last).Set(last) != nil {
		return fmt.Errorf("%q is not a range of years from 1900 to 2100, such as 2016-2019", s)
	}
	if years.Last < years.First {
		return fmt.Errorf("%q runs backwards; write %d-%d, and the band of %d first", s, years.Last, years.First, years.Last)
	}
	*v.s = years
	return nil
}

func (v span) String() string {
	if *v.s == (Span{}) {
		return ""
	}
	return fmt.Sprintf("%d-%d", v.s.First, v.s.Last)
}
