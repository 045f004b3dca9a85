package yearly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"greenshield/redline"
)

// content is a file of the office.
type content struct {
	text     string
	modified time.Time
}

// office is one with a clock and files of its own. What a schedule does there stands in log, each with the day and hour.
type office struct {
	t      *testing.T
	now    time.Time
	files  map[string]content
	steps  []Step
	fails  map[string]error // of a step and a year, such as "add 2022"
	during func(step string)
	saving error
	object bool   // its files are objects of a store
	silent error  // of a store that does not answer
	kept   []byte // the state, as it would be on a disk
	log    []string
}

func newOffice(t *testing.T) *office {
	return &office{t: t, files: map[string]content{}, steps: []Step{Check, Run, Add, Report}, fails: map[string]error{}}
}

func (o *office) Now() time.Time { return o.now }

func (o *office) note(format string, args ...any) {
	o.log = append(o.log, o.now.Format("2006-01-02 15h ")+fmt.Sprintf(format, args...))
}

func (o *office) Job(year int) (*Job, error) {
	if err := o.fails[fmt.Sprint("job ", year)]; err != nil {
		return nil, err
	}
	after, before := fmt.Sprintf("lc%d", year), fmt.Sprintf("lc%d", year-5)
	return &Job{[]string{after, before}, []string{"job", "zones"}, []string{before}, []string{after}, fmt.Sprint("out", year),
		o.steps}, nil
}

func (o *office) Stat(path string) (File, error) {
	c, ok := o.files[path]
	if !ok {
		return File{}, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	f := File{Path: path, Bytes: int64(len(c.text)), Modified: c.modified}
	if o.object && o.silent != nil {
		return File{}, o.silent
	} else if o.object {
		f.ETag = fmt.Sprintf("%q", c.text)
	}
	return f, nil
}

func (o *office) Hash(_ context.Context, path string) (string, error) {
	if o.object {
		o.t.Errorf("%s: an object is fetched to hash it", path)
	}
	return "hash of " + o.files[path].text, o.fails["hash"]
}

func (o *office) Do(_ context.Context, year int, step Step, own bool) error {
	what := fmt.Sprint(step, " ", year)
	if own && step == Run && o.files[fmt.Sprint("out", year)].text != "" {
		what += " again"
	}
	if o.during != nil {
		o.during(what)
	}
	err := o.fails[fmt.Sprint(step, " ", year)]
	if err != nil {
		o.note("%s fails", what)
		return err
	}
	o.note("%s", what)
	if step == Run {
		o.put(fmt.Sprint("out", year), "results")
	}
	return nil
}

func (o *office) Save(s *State) (err error) {
	if o.saving != nil {
		return o.saving
	}
	o.kept, err = json.Marshal(s)
	return err
}

func (o *office) put(path, text string) { o.files[path] = content{text, o.now} }

// look is what the program does when the timer calls it: it knows only what was saved, and tells what is new.
func (o *office) look(s Schedule) *Outcome {
	o.t.Helper()
	st := &State{Format: stateFormat, Years: map[int]*Year{}}
	if o.kept != nil {
		if err := json.Unmarshal(o.kept, st); err != nil {
			o.t.Fatal(err)
		}
	}
	out, err := s.Work(context.Background(), o, st)
	if err != nil {
		o.note("stops: %v", err)
		return nil
	}
	if digest := out.Digest(); digest != st.Told {
		o.note("says %s", said(out))
		st.Told = digest
		_ = o.Save(st)
	}
	return out
}

// said writes an outcome in a line.
func said(out *Outcome) string {
	text := string(out.Status)
	if out.Trouble != nil {
		text += ": " + out.Trouble.Message
	}
	for _, y := range out.Years {
		text += fmt.Sprintf(" | %d %s", y.Year, y.Status)
		if y.Status == Awaited {
			text += " " + strings.Join(y.Files, ",")
		}
		if y.Trouble != nil {
			text += fmt.Sprintf(" %s %d %s", y.Trouble.Step, y.Trouble.Code, y.Trouble.Message)
		}
	}
	for _, n := range out.Notes {
		text += fmt.Sprintf(" | note %s %d %s", n.Code, n.Year, strings.Join(n.Files, ","))
	}
	return fmt.Sprint(text, " | next ", out.Next)
}

func at(text string) time.Time {
	when, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return when
}

// wantLog fails unless just these things happened.
func (o *office) wantLog(want ...string) {
	o.t.Helper()
	if !slices.Equal(o.log, want) {
		o.t.Errorf("it went\n%s\nwant\n%s", strings.Join(o.log, "\n"), strings.Join(want, "\n"))
	}
	o.log = nil
}

var hourly = Schedule{First: 2022, Every: 1, Settle: 30 * time.Minute}

// TestTwoYears: two years of looks by the hour. Maps come late and slowly, a step fails and recovers, the machine is down
// over a turn of the year, a map is replaced after its year was done, one is refused.
func TestTwoYears(t *testing.T) {
	o := newOffice(t)
	o.now = at("2021-12-20 00:00")
	for y := 2017; y <= 2019; y++ {
		o.put(fmt.Sprint("lc", y), fmt.Sprint("map of ", y))
	}
	events := map[string]func(){
		"2022-10-10 10:00": func() { o.put("lc2022", "m") },
		"2022-10-10 11:00": func() { o.put("lc2022", "map o") },
		"2022-10-10 12:00": func() { o.put("lc2022", "map of 2022"); o.fails["add 2022"] = redline.Faultf(redline.Locked, "busy") },
		"2022-10-10 16:00": func() { delete(o.fails, "add 2022") },
		"2023-01-20 09:00": func() { o.put("lc2023", "map of 2023") }, // while the machine is down
		"2023-05-01 09:00": func() { o.put("lc2022", "another map") },
		"2023-06-01 09:00": func() { o.put("lc2023", "map of 2023") }, // only touched
		"2024-01-10 09:00": func() {
			o.put("lc2024", "bad map")
			o.fails["check 2024"] = redline.Faultf(redline.Raster, "lc2024: broken")
		},
		"2024-01-13 09:00": func() { o.put("lc2024", "map of 2024"); delete(o.fails, "check 2024") },
	}
	done := 0
	for ; o.now.Before(at("2024-02-01 00:00")); o.now = o.now.Add(time.Hour) {
		if event := events[o.now.Format("2006-01-02 15:04")]; event != nil {
			event()
			done++
		}
		if o.now.After(at("2022-12-30 00:00")) && o.now.Before(at("2023-03-05 06:00")) {
			continue
		}
		o.look(hourly)
	}
	if done != len(events) {
		t.Fatalf("%d of %d events", done, len(events))
	}
	replaced := " | note replaced 2022 lc2022"
	o.wantLog(
		"2021-12-20 00h says nothing_new | next 2022",
		"2022-01-01 00h says nothing_new | 2022 awaited lc2022 | next 2022",
		"2022-10-10 10h says settling | 2022 settling | next 2022",
		"2022-10-10 13h check 2022",
		"2022-10-10 13h run 2022",
		"2022-10-10 13h add 2022 fails",
		"2022-10-10 13h says failed | 2022 failed add 16 busy | next 2022",
		"2022-10-10 14h add 2022 fails",
		"2022-10-10 15h add 2022 fails",
		"2022-10-10 16h add 2022",
		"2022-10-10 16h report 2022",
		"2022-10-10 16h says done | 2022 done | next 2023",
		"2022-10-10 17h says nothing_new | next 2023",
		"2023-03-05 06h says settling | 2023 settling | next 2023",
		"2023-03-05 07h check 2023",
		"2023-03-05 07h run 2023",
		"2023-03-05 07h add 2023",
		"2023-03-05 07h report 2023",
		"2023-03-05 07h says done | 2023 done | next 2024",
		"2023-03-05 08h says nothing_new | next 2024",
		"2023-05-01 09h says nothing_new"+replaced+" | next 2024",
		"2024-01-01 00h says nothing_new | 2024 awaited lc2024"+replaced+" | next 2024",
		"2024-01-10 09h says settling | 2024 settling"+replaced+" | next 2024",
		"2024-01-10 10h check 2024 fails",
		"2024-01-10 10h says failed | 2024 failed check 11 lc2024: broken"+replaced+" | next 2024",
		"2024-01-10 11h check 2024 fails",
		"2024-01-10 12h check 2024 fails",
		"2024-01-10 13h check 2024 fails",
		"2024-01-10 15h check 2024 fails",
		"2024-01-10 19h check 2024 fails",
		"2024-01-11 03h check 2024 fails",
		"2024-01-11 19h check 2024 fails",
		"2024-01-12 19h check 2024 fails",
		"2024-01-13 09h says settling | 2024 settling"+replaced+" | next 2024",
		"2024-01-13 10h check 2024",
		"2024-01-13 10h run 2024",
		"2024-01-13 10h add 2024",
		"2024-01-13 10h report 2024",
		"2024-01-13 10h says done | 2024 done"+replaced+" | next 2025",
		"2024-01-13 11h says nothing_new"+replaced+" | next 2025",
	)
}

// years returns an office on a day, with the maps of years that have been there for long.
func years(t *testing.T, day string, there ...int) *office {
	o := newOffice(t)
	o.now = at("2020-01-01 00:00")
	for _, y := range there {
		o.put(fmt.Sprint("lc", y), fmt.Sprint("map of ", y))
	}
	o.now = at(day)
	return o
}

func (o *office) later(d time.Duration) *office {
	o.now = o.now.Add(d)
	return o
}

// TestYearsAreCaughtUp: years that were missed are done in one look, in their order.
func TestYearsAreCaughtUp(t *testing.T) {
	o := years(t, "2024-03-01 08:00", 2017, 2018, 2019, 2022, 2023, 2024)
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	o.wantLog("2024-03-01 08h says settling | 2022 settling | 2023 ready | 2024 ready | next 2022",
		"2024-03-01 09h check 2022", "2024-03-01 09h run 2022", "2024-03-01 09h add 2022", "2024-03-01 09h report 2022",
		"2024-03-01 09h check 2023", "2024-03-01 09h run 2023", "2024-03-01 09h add 2023", "2024-03-01 09h report 2023",
		"2024-03-01 09h check 2024", "2024-03-01 09h run 2024", "2024-03-01 09h add 2024", "2024-03-01 09h report 2024",
		"2024-03-01 09h says done | 2022 done | 2023 done | 2024 done | next 2025")
}

// TestYearWithoutMap: a year that has no map holds up those after it, which is told, until somebody says that it is to be
// skipped; with maps every few years only those years are due.
func TestYearWithoutMap(t *testing.T) {
	o := years(t, "2023-03-01 08:00", 2017, 2018, 2023)
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	o.wantLog("2023-03-01 08h says nothing_new | 2022 awaited lc2022 | 2023 ready | note passed_over 2022  | next 2022")
	skip := hourly
	skip.Skip = []int{2022, 2024}
	o.later(time.Hour).look(skip)
	o.wantLog("2023-03-01 10h check 2023", "2023-03-01 10h run 2023", "2023-03-01 10h add 2023", "2023-03-01 10h report 2023",
		"2023-03-01 10h says done | 2023 done | next 2025")
	o = years(t, "2028-03-01 08:00", 2017, 2022)
	five := hourly
	five.Every = 5
	o.look(five)
	o.wantLog("2028-03-01 08h says settling | 2022 settling | 2027 awaited lc2027 | next 2022")
}

// TestKilledBetweenSteps: what was saved is not done again, and what was not is.
func TestKilledBetweenSteps(t *testing.T) {
	for _, kill := range []string{"check 2022", "run 2022", "add 2022", "report 2022"} {
		o := years(t, "2022-12-01 08:00", 2017, 2022)
		o.look(hourly)
		var kept []byte
		o.during = func(step string) {
			if strings.TrimSuffix(step, " again") == kill {
				kept = slices.Clone(o.kept)
			}
		}
		o.later(time.Hour).look(hourly)
		o.during, o.log, o.kept = nil, nil, kept // the step was done, and this is all that the disk knows
		o.later(time.Hour).look(hourly)
		all := []string{"check 2022", "run 2022", "add 2022", "report 2022"}
		want := []string{}
		for _, step := range all[slices.Index(all, kill):] {
			if step == "run 2022" && kill == "run 2022" {
				step += " again"
			}
			want = append(want, "2022-12-01 10h "+step)
		}
		o.wantLog(append(want, "2022-12-01 10h says done | 2022 done | next 2023")...)
	}
}

// TestResultsOfOthersStay: a folder that was there before is not to be replaced, also when the look is killed meanwhile.
func TestResultsOfOthersStay(t *testing.T) {
	o := years(t, "2022-12-01 08:00", 2017, 2022)
	o.put("out2022", "of somebody")
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	for _, line := range o.log {
		if strings.HasSuffix(line, "again") {
			t.Error(line)
		}
	}
}

// TestMapChangesMeanwhile: a map that changes while it is compared is compared anew, before anything gets into the
// ledger; so is one that changes before that.
func TestMapChangesMeanwhile(t *testing.T) {
	o := years(t, "2022-12-01 08:00", 2017, 2022)
	o.look(hourly)
	o.during = func(step string) {
		if step == "run 2022" {
			o.now = o.now.Add(time.Minute)
			o.put("lc2022", "map of 2022, longer")
		}
	}
	o.later(time.Hour).look(hourly)
	o.during = nil
	o.later(time.Hour).look(hourly)
	o.fails["add 2022"] = redline.Faultf(redline.Locked, "busy")
	o.later(time.Hour).look(hourly)
	o.put("lc2022", "corrected map of 2022")
	delete(o.fails, "add 2022")
	o.later(time.Hour).look(hourly)
	o.later(time.Hour).look(hourly)
	o.wantLog("2022-12-01 08h says settling | 2022 settling | next 2022",
		"2022-12-01 09h check 2022", "2022-12-01 09h run 2022",
		"2022-12-01 09h says failed | 2022 failed run 11 lc2022: was changed while it was compared; wait until it is complete | next 2022",
		"2022-12-01 10h says settling | 2022 settling | next 2022",
		"2022-12-01 11h check 2022", "2022-12-01 11h run 2022 again", "2022-12-01 11h add 2022 fails",
		"2022-12-01 11h says failed | 2022 failed add 16 busy | next 2022",
		"2022-12-01 12h says settling | 2022 settling | next 2022",
		"2022-12-01 13h check 2022", "2022-12-01 13h run 2022 again", "2022-12-01 13h add 2022", "2022-12-01 13h report 2022",
		"2022-12-01 13h says done | 2022 done | next 2023")
}

// TestPauses: after a disk, a lock or a file that cannot be read was mended, which no file tells, it goes on within an
// hour, however long that took; other faults are tried once a day at last.
func TestPauses(t *testing.T) {
	for name, c := range map[string]struct {
		fails string
		kind  redline.Kind
		most  time.Duration
	}{
		"disk":   {"run 2022", redline.Output, time.Hour},
		"lock":   {"add 2022", redline.Locked, time.Hour},
		"read":   {"hash", redline.Internal, time.Hour},
		"map":    {"check 2022", redline.Raster, 24 * time.Hour},
		"limit":  {"run 2022", redline.Limit, 24 * time.Hour},
		"killed": {"run 2022", redline.Internal, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			o := years(t, "2022-12-01 08:00", 2017, 2022)
			o.fails[c.fails] = redline.Faultf(c.kind, "no")
			var tried []time.Duration // since the one before
			last := 0
			for begun, then := o.now, o.now; o.now.Before(begun.Add(10 * 24 * time.Hour)); o.later(5 * time.Minute) {
				o.look(hourly)
				var st State
				if err := json.Unmarshal(o.kept, &st); err != nil {
					t.Fatal(err)
				}
				if n := st.Years[2022].Failures; n != last {
					tried, last, then = append(tried, o.now.Sub(then)), n, o.now
				}
			}
			want := []time.Duration{30 * time.Minute}
			for next, left := 15*time.Minute, 10*24*time.Hour-30*time.Minute; left > next; next = min(2*next, c.most) {
				want = append(want, next)
				left -= next
			}
			if !slices.Equal(tried, want) {
				t.Errorf("it was tried after %v, want %v", tried, want)
			}
			delete(o.fails, c.fails)
			for range c.most / (5 * time.Minute) {
				o.later(5 * time.Minute).look(hourly)
			}
			if last := o.log[len(o.log)-1]; !strings.Contains(last, "says nothing_new | next 2023") {
				t.Errorf("when it was mended it says %s", last)
			}
		})
	}
}

// TestJobIsMended: when the job, or a file that it names for all years, is changed after a failure, the next look begins
// anew; one whose time is still to come, or from before the failure, says nothing.
func TestJobIsMended(t *testing.T) {
	for _, path := range []string{"job", "zones"} {
		o := years(t, "2022-12-01 08:00", 2017, 2022, 2023)
		o.put(path, "wrong")
		o.look(hourly)
		o.fails["run 2022"] = redline.Faultf(redline.Vector, "no zones")
		for range 24 * 5 {
			o.later(time.Hour).look(hourly)
		}
		o.log = nil
		o.later(time.Hour).put(path, "less wrong")
		o.later(time.Minute).look(hourly)
		for range 3 {
			o.later(15 * time.Minute).look(hourly)
		}
		o.wantLog("2022-12-06 09h run 2022 fails", "2022-12-06 09h run 2022 fails", "2022-12-06 09h run 2022 fails")
		o.files[path] = content{"right", o.now.Add(30 * time.Minute)}
		o.later(5 * time.Minute).look(hourly)
		o.wantLog()
		delete(o.fails, "run 2022")
		o.later(26 * time.Minute).look(hourly)
		if o.log[0] != "2022-12-06 10h run 2022" {
			t.Errorf("it went %q", o.log)
		}
	}
}

// TestMapsMayGo: what was compared may be taken away.
func TestMapsMayGo(t *testing.T) {
	o := years(t, "2022-12-01 08:00", 2017, 2022)
	o.look(hourly)
	o.fails["add 2022"] = redline.Faultf(redline.Output, "no space left")
	o.later(time.Hour).look(hourly)
	delete(o.files, "lc2022")
	delete(o.fails, "add 2022")
	o.log = nil
	o.later(time.Hour).look(hourly)
	o.later(time.Hour).look(hourly)
	o.wantLog("2022-12-01 10h add 2022", "2022-12-01 10h report 2022", "2022-12-01 10h says done | 2022 done | next 2023",
		"2022-12-01 11h says nothing_new | next 2023")
}

// TestClock: a clock that was set back is told; nothing is done twice, and pauses in the future are none.
func TestClock(t *testing.T) {
	o := years(t, "2023-02-01 08:00", 2017, 2018, 2022)
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	o.put("lc2023", "map of 2023")
	o.fails["check 2023"] = redline.Faultf(redline.Raster, "broken")
	o.later(time.Hour).look(hourly)
	o.later(time.Hour).look(hourly)
	o.log = nil
	o.now = at("1970-01-01 00:00")
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	const wrong = "the clock of this machine says that it is 1970, but the year 2022 is done already; correct the clock"
	o.wantLog("1970-01-01 00h says failed: "+wrong+" | note clock_set_back 0  | next 0", "1970-01-01 01h says failed: "+wrong+" | next 0")
	o.now = at("2023-02-01 11:00")
	o.look(hourly)
	o.now = at("2023-01-31 08:00")
	out := o.look(hourly)
	o.wantLog("2023-02-01 11h says failed | 2023 failed check 11 broken | next 2023",
		"2023-01-31 08h says settling | 2023 settling | note clock_set_back 0  | next 2023")
	if from := out.Notes[0].From; !from.Equal(at("2023-02-01 11:00")) {
		t.Errorf("it was set back from %v", from)
	}
	o = years(t, "2022-12-02 08:00", 2017)
	o.now = at("2022-12-02 08:00")
	o.put("lc2022", "map")
	o.look(hourly)
	o.now = at("2022-12-01 08:00")
	o.look(hourly) // settles from here on
	o.later(10 * time.Minute).look(hourly)
	o.log = nil
	o.later(30 * time.Minute).look(hourly)
	if len(o.log) != 5 {
		t.Errorf("it goes on with %q", o.log)
	}
}

// TestMapOfAnotherYear: a map that is there a second time under the name of another year is not compared with itself, be
// they files or objects; when the right one comes the year is done. Of several maps of a year one may be the same.
func TestMapOfAnotherYear(t *testing.T) {
	for _, object := range []bool{false, true} {
		o := newOffice(t)
		o.object, o.now = object, at("2022-12-01 08:00")
		o.put("lc2017", "map")
		o.put("lc2022", "map")
		o.look(hourly)
		o.later(time.Hour).look(hourly)
		o.put("lc2022", "mop")
		o.look(hourly)
		o.later(time.Hour).look(hourly)
		o.wantLog("2022-12-01 08h says settling | 2022 settling | next 2022",
			"2022-12-01 09h says failed | 2022 failed look 11 lc2022: has the same content as lc2017, so one of them is the map of "+
				"another year; copy the right one there | next 2022",
			"2022-12-01 09h says settling | 2022 settling | next 2022", "2022-12-01 10h check 2022", "2022-12-01 10h run 2022",
			"2022-12-01 10h add 2022", "2022-12-01 10h report 2022", "2022-12-01 10h says done | 2022 done | next 2023")
	}
	y := &dueYear{job: &Job{Files: []string{"a", "b", "c", "d"}}, kept: &Year{Files: []File{{Path: "/a", SHA256: "1"},
		{Path: "/b", SHA256: "2"}, {Path: "/c", SHA256: "1"}, {Path: "/d", SHA256: "3"}}}}
	if before, after := y.contents([]string{"b", "a"}), y.contents([]string{"c", "d"}); slices.Equal(before, after) ||
		!slices.Equal(before, []string{"1", "2"}) || y.contents([]string{"a", "e"}) != nil {
		t.Errorf("contents %q and %q", before, after)
	}
}

// TestObjectsOfAStore: an object is known by size and ETag, not by its time: one that is replaced by another of the same
// size while it is waited for begins anew, the same one put there again does not. When it is replaced later that is
// told once, also when the store does not answer in between.
func TestObjectsOfAStore(t *testing.T) {
	o := newOffice(t)
	o.object, o.now = true, at("2022-12-01 08:00")
	o.put("lc2017", "first map")
	o.put("lc2022", "maq")
	o.look(hourly)
	o.later(20*time.Minute).put("lc2022", "map")
	o.look(hourly)
	o.later(20*time.Minute).put("lc2022", "map")
	o.look(hourly)
	if len(o.log) != 1 {
		t.Fatalf("it waits with %q", o.log)
	}
	o.later(10 * time.Minute).look(hourly)
	o.wantLog("2022-12-01 08h says settling | 2022 settling | next 2022", "2022-12-01 08h check 2022", "2022-12-01 08h run 2022",
		"2022-12-01 08h add 2022", "2022-12-01 08h report 2022", "2022-12-01 08h says done | 2022 done | next 2023")
	o.later(time.Hour).put("lc2022", "map")
	o.look(hourly)
	o.later(time.Hour).put("lc2022", "mop")
	o.look(hourly)
	o.silent = errors.New("no answer")
	o.later(time.Hour).look(hourly)
	o.silent = nil
	o.later(time.Hour).look(hourly)
	o.wantLog("2022-12-01 09h says nothing_new | next 2023", "2022-12-01 10h says nothing_new | note replaced 2022 lc2022 | next 2023")
	var kept State
	if err := json.Unmarshal(o.kept, &kept); err != nil {
		t.Fatal(err)
	}
	if f := kept.Years[2022].Files[0]; f.ETag != `"map"` || f.Bytes != 3 || f.SHA256 != "" {
		t.Errorf("the state keeps %+v", f)
	}
}

// TestStateCannotBeSaved: nothing is begun of which nobody would know.
func TestStateCannotBeSaved(t *testing.T) {
	o := years(t, "2022-12-01 08:00", 2017, 2022)
	o.look(hourly)
	o.log = nil
	o.saving = errors.New("no space left on device")
	o.later(time.Hour).look(hourly)
	o.wantLog("2022-12-01 09h stops: no space left on device")
	o.saving = nil
	o.later(time.Hour).look(hourly)
	if len(o.log) != 5 {
		t.Errorf("with room it goes on with %q", o.log)
	}
}

// TestInterrupted: a look that is stopped is no failure.
func TestInterrupted(t *testing.T) {
	o := years(t, "2022-12-01 08:00", 2017, 2022)
	o.look(hourly)
	ctx, cancel := context.WithCancel(context.Background())
	st := &State{}
	if err := json.Unmarshal(o.kept, st); err != nil {
		t.Fatal(err)
	}
	o.during = func(string) { cancel() }
	o.fails["check 2022"] = errors.New("killed")
	if _, err := hourly.Work(ctx, o.later(time.Hour), st); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	if y := st.Years[2022]; y.Failures > 0 || y.Trouble != nil {
		t.Errorf("it is a failure: %+v", y)
	}
}

// TestAgain: a year is done once more when somebody asks for it, with its results replaced; a job that cannot be read and
// a file that cannot be looked at are told.
func TestAgain(t *testing.T) {
	o := years(t, "2023-02-01 08:00", 2017, 2022)
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	o.put("lc2022", "corrected map")
	st := &State{}
	if err := json.Unmarshal(o.kept, st); err != nil {
		t.Fatal(err)
	}
	st.Again(2022)
	_ = o.Save(st)
	o.log = nil
	o.look(hourly)
	o.later(time.Hour).look(hourly)
	o.fails["job 2023"] = redline.Faultf(redline.Usage, "job.yaml:1: no")
	out := o.later(time.Hour).look(hourly)
	o.wantLog("2023-02-01 09h says settling | 2022 settling | 2023 awaited lc2023,lc2018 | next 2022",
		"2023-02-01 10h check 2022", "2023-02-01 10h run 2022 again", "2023-02-01 10h add 2022", "2023-02-01 10h report 2022",
		"2023-02-01 10h says done | 2022 done | 2023 awaited lc2023,lc2018 | next 2023",
		"2023-02-01 11h says failed | 2023 failed job 10 job.yaml:1: no | next 2023")
	if err := out.Err(); redline.KindOf(err) != redline.Usage || err.Error() != "job.yaml:1: no" {
		t.Errorf("the error is %v", err)
	}
}
