package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/sys/unix"

	"greenshield/redline"
)

// yearlyText is a template of the small scene, of which a year has a map a year before.
var yearlyText = strings.ReplaceAll(strings.ReplaceAll(templateText, "{year-5}", "{year-1}"), "lc{", "map{")

// newYears returns a folder with the small scene, a template over it, and a ledger; the maps of the years have not come.
func newYears(t *testing.T) (dir string) {
	t.Helper()
	dir = newSample(t)
	writeTemplate(t, filepath.Join(dir, "y.yaml"), yearlyText)
	run(t, dir, "ledger", "init", "--code", "341700", "--name", "台账", "--as", "王建国", "--level", "city").want(t, 0)
	return dir
}

// comes has the map of a year of the scene come as that of another one.
func comes(t *testing.T, dir string, scene, year int) {
	t.Helper()
	text := fileText(t, filepath.Join(dir, fmt.Sprintf("lc%d.tif", scene)))
	writeTemplate(t, filepath.Join(dir, fmt.Sprintf("map%d.tif", year)), text)
}

// scripts writes programs that keep what they are told: of --notify and of sendmail.
func scripts(t *testing.T) (notify, sendmail, told string) {
	t.Helper()
	told = t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(told, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return script("notify", "cat >> "+told+"/json\n"), script("sendmail", "[ \"$*\" = -t ] && cat >> "+told+"/mails\n"), told
}

// tellings returns the outcomes that were told since the last call.
func tellings(t *testing.T, told string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(told, "json"))
	if os.IsNotExist(err) {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	for d.More() {
		var o struct {
			Status string
			Next   int
			Notes  []struct {
				Code  string
				Year  int
				Files []string
			}
		}
		if err := d.Decode(&o); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		said := fmt.Sprint(o.Status, " ", o.Next)
		for _, n := range o.Notes {
			said += fmt.Sprint(" ", n.Code, " ", n.Year, " ", strings.Join(n.Files, ","))
		}
		all = append(all, said)
	}
	if err := os.Remove(filepath.Join(told, "json")); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestYearly: a map comes late, is looked at until it is complete, is refused, comes again, is done, is replaced; each of
// these is told once.
func TestYearly(t *testing.T) {
	dir := newYears(t)
	notify, sendmail, told := scripts(t)
	look := func(status int, flags ...string) outcome {
		t.Helper()
		args := slices.Concat([]string{"yearly", "y.yaml", "--first", "2018", "--every", "100", "--notify", notify}, flags)
		o := run(t, dir, args...)
		o.want(t, status)
		return o
	}
	wantTold := func(want ...string) {
		t.Helper()
		if got := tellings(t, told); !slices.Equal(got, want) {
			t.Errorf("told was %q, want %q", got, want)
		}
	}
	comes(t, dir, 2015, 2017)
	look(0).has(t, "nothing new; the next year is 2018\n2018: not there yet: map2018.tif\n")
	look(0)
	wantTold("nothing_new 2018")
	writeTemplate(t, filepath.Join(dir, "map2018.tif"), fileText(t, filepath.Join(dir, "lc2020.tif"))[:4000])
	look(0).has(t, "maps have come: 2018\n", "2018: the maps are there; they are read when they have not changed for 30m: ")
	look(0)
	wantTold("settling 2018")
	o := look(11, "--settle", "0s")
	o.has(t, "failed: 2018\n2018: the step check fails, status 11\n  map2018.tif")
	look(11, "--settle", "0s") // nothing is tried before a quarter of an hour has gone
	wantTold("failed 2018")
	if again := len(tellings(t, told)); again > 0 || o.stderr != "" {
		t.Errorf("stderr is %s", o.stderr)
	}
	comes(t, dir, 2020, 2018)
	look(0, "--settle", "0s", "--sendmail", sendmail, "--mail-to", "李明 <office@example.org>").has(t,
		"done: 2018\n2018: done, ", "; results: out2018\n  report of the ledger: y-yearly/ledger2018\n")
	wantTold("done 2118")
	mail := fileText(t, filepath.Join(told, "mails"))
	if !strings.HasPrefix(mail, "To: =?utf-8?q?=E6=9D=8E=E6=98=8E?= <office@example.org>\nSubject: Green Shield, y.yaml: done: 2018\n") ||
		!strings.Contains(mail, "charset=utf-8\n") || !strings.Contains(mail, "\n\ndone: 2018\n2018: done, ") {
		t.Errorf("the mail is %s", mail)
	}
	for _, path := range []string{"out2018/candidates.geojson", "y-yearly/ledger2018/ledger.html", "y-yearly/ledger2018/ledger.xlsx"} {
		if fileText(t, filepath.Join(dir, path)) == "" {
			t.Errorf("%s is empty", path)
		}
	}
	events := eventsOf(t, dir)
	look(0).has(t, "nothing new; the next year is 2118\n")
	look(0)
	wantTold("nothing_new 2118")

	writeTemplate(t, filepath.Join(dir, "map2018.tif"), fileText(t, filepath.Join(dir, "lc2015.tif"))+"\x00")
	look(0).has(t, "2018: these maps are others than those that were compared; the year is not done again by itself, say --again 2018 for that: "+filepath.Join(dir, "map2018.tif")+"\n")
	look(0)
	run(t, t.TempDir(), "yearly", filepath.Join(dir, "y.yaml"), "--first", "2018", "--every", "100", "--notify", notify).want(t, 0)
	wantTold("nothing_new 2118 replaced 2018 " + filepath.Join(dir, "map2018.tif"))
	look(0, "--again", "2018", "--settle", "0s").has(t, "done: 2018\n")
	wantTold("done 2118")
	now := eventsOf(t, dir)
	if now == events {
		t.Errorf("the ledger has %s, and after another map as many", events)
	}

	if err := os.Remove(filepath.Join(dir, "y-yearly", "state.json")); err != nil {
		t.Fatal(err)
	}
	look(15, "--settle", "0s").has(t, "out2018: was there before this schedule; when the year is done and in the ledger, "+
		"say a later year by --first, else --again 2018, which replaces it\n")
	look(0, "--settle", "0s", "--first", "2118").has(t, "nothing new; the next year is 2118\n")
	if then := eventsOf(t, dir); then != now {
		t.Errorf("the ledger has %s, and without a state %s", now, then)
	}
}

// TestYearlyWrongYear: the map of the year before under the name of a year is not compared with itself.
func TestYearlyWrongYear(t *testing.T) {
	dir := newYears(t)
	comes(t, dir, 2015, 2017)
	comes(t, dir, 2015, 2018)
	args := []string{"yearly", "y.yaml", "--first", "2018", "--every", "100", "--settle", "0s"}
	o := run(t, dir, args...)
	o.want(t, 11)
	o.has(t, "2018: the step look fails, status 11\n  map2018.tif: has the same content as map2017.tif, so one of them is the map of another year")
	comes(t, dir, 2020, 2018)
	o = run(t, dir, args...)
	o.want(t, 0)
	o.has(t, "2018: done, ")
}

// TestYearlyJobIsMended: while the counties are wrong, which no map tells, nothing is tried between two tries; when they, or
// the job file, were changed the next look goes on.
func TestYearlyJobIsMended(t *testing.T) {
	dir := newYears(t)
	comes(t, dir, 2015, 2017)
	comes(t, dir, 2020, 2018)
	counties := filepath.Join(dir, "counties.geojson")
	right := fileText(t, counties)
	write := func(path, text string, before time.Duration) {
		t.Helper()
		writeTemplate(t, path, text)
		when := time.Now().Add(-before)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	look := func(status int, failures string) {
		t.Helper()
		run(t, dir, "yearly", "y.yaml", "--first", "2018", "--every", "100", "--settle", "0s").want(t, status)
		if got := gjson.Get(fileText(t, filepath.Join(dir, "y-yearly", "state.json")), "years.2018.failures").Raw; got != failures {
			t.Errorf("%s failures, want %s", got, failures)
		}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if err := os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
			t.Fatal(err)
		}
	}
	write(counties, right[:len(right)/2], time.Hour)
	look(12, "1")
	look(12, "1") // it waits
	write(filepath.Join(dir, "y.yaml"), yearlyText, 0)
	look(12, "1") // tried anew
	write(filepath.Join(dir, "y.yaml"), yearlyText, time.Hour)
	look(12, "1")
	write(counties, right, 0)
	look(0, "")
}

// TestYearlyWithoutRights: of a map that may not be read it says who is to get which right, and goes on at the first look
// after that; of a state that may not be written it says so by its name.
func TestYearlyWithoutRights(t *testing.T) {
	f := folder{t, newYears(t)}
	comes(t, f.dir, 2015, 2017)
	comes(t, f.dir, 2020, 2018)
	look := func(status int) outcome {
		t.Helper()
		cmd := command(f.dir, "yearly", "y.yaml", "--first", "2018", "--every", "100", "--settle", "0s")
		if os.Getuid() == 0 { // whom permissions do not stop
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			for dir := f.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
				f.check(os.Chmod(dir, 0o755))
			}
			f.check(filepath.WalkDir(f.dir, func(path string, _ fs.DirEntry, err error) error {
				return cmp.Or(err, os.Lchown(path, 65534, 65534))
			}))
		}
		o := finish(t, cmd)
		o.want(t, status)
		return o
	}
	f.check(os.Chmod(f.path("map2018.tif"), 0))
	look(11).has(t, "2018: the step look fails, status 11\n  map2018.tif: may not be read by the user as whom this runs; give that right\n")
	f.check(os.Chmod(f.path("y-yearly"), 0o500))
	o := look(15)
	const why = ": cannot be written: permission denied; make room there, or give the right to write\n"
	if o.stdout != "failed\ny-yearly/state.json"+why || !strings.Contains(o.stderr, "y-yearly/summary.txt"+why) {
		t.Errorf("it says %s%s", o.stdout, o.stderr)
	}
	f.check(os.Chmod(f.path("y-yearly"), 0o700))
	f.check(os.Chmod(f.path("map2018.tif"), 0o400))
	look(0).has(t, "2018: done, ")
}

// TestYearlyTellsEach: of two programs that are told, the one that fails is called again at the next look, and the other
// one is not.
func TestYearlyTellsEach(t *testing.T) {
	dir := newYears(t)
	notify, sendmail, told := scripts(t)
	for _, fails := range []string{notify, sendmail} {
		works := fileText(t, fails)
		writeTemplate(t, fails, "#!/bin/sh\necho out of order\nexit 3\n")
		if err := os.RemoveAll(filepath.Join(dir, "y-yearly")); err != nil {
			t.Fatal(err)
		}
		look := func(status int) {
			t.Helper()
			o := run(t, dir, "yearly", "y.yaml", "--first", "2018", "--every", "100", "--notify", notify, "--sendmail", sendmail,
				"--mail-to", "a@example.org")
			if o.want(t, status); status != 0 {
				o.has(t, fails+": could not tell what is new: exit status 3: out of order")
			}
		}
		look(15)
		look(15)
		writeTemplate(t, fails, works)
		look(0)
		look(0)
		mails := strings.Count(fileText(t, filepath.Join(told, "mails")), "To: ")
		if got := tellings(t, told); !slices.Equal(got, []string{"nothing_new 2018"}) || mails != 1 {
			t.Errorf("when %s fails first, %q is told, and there are %d mails", fails, got, mails)
		}
		if err := os.Remove(filepath.Join(told, "mails")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCallEnds: a program that is told something and does not end is ended, with what it has begun; what it leaves at work
// is no fault.
func TestCallEnds(t *testing.T) {
	dir := t.TempDir()
	script := func(name, text string) string {
		path := filepath.Join(dir, name)
		writeTemplate(t, path, "#!/bin/sh\n"+text)
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	o := &office{patience: time.Millisecond}
	hangs := script("hangs", "sleep 1000 | sleep 1000\n")
	err := o.call(t.Context(), hangs, []byte("news"))
	if redline.KindOf(err) != redline.Output || !strings.Contains(err.Error(), hangs+": could not tell what is new: it has not ended in 1ms") {
		t.Errorf("of one that hangs it says %v", err)
	}
	o.patience = time.Hour
	leaves := script("leaves", "cat > "+dir+"/news\nsleep 100 &\n")
	if err := o.call(t.Context(), leaves, []byte("news")); err != nil || fileText(t, filepath.Join(dir, "news")) != "news" {
		t.Errorf("of one that leaves something at work it says %v", err)
	}
}

// eventsOf verifies the ledger in a folder and returns how many events it has.
func eventsOf(t *testing.T, dir string) string {
	t.Helper()
	o := run(t, dir, "ledger", "verify", "--json")
	o.want(t, 0)
	return gjson.Get(o.stdout, "head.seq").Raw
}

// TestYearlyRefuses: what cannot be a schedule is refused before anything is made; what another one works on, and a state
// that cannot be read, stay as they are.
func TestYearlyRefuses(t *testing.T) {
	dir := newYears(t)
	for name, oldNew := range map[string][2]string{
		"same.yaml": {"{year}", "2018"}, "out.yaml": {"out{year}", "out"}, "ledgers.yaml": {"ledger.gpkg", "l{year}.gpkg"},
	} {
		writeTemplate(t, filepath.Join(dir, name), strings.ReplaceAll(strings.ReplaceAll(yearlyText, "{year-1}", "2017"), oldNew[0], oldNew[1]))
	}
	writeTemplate(t, filepath.Join(dir, "store.yaml"), strings.ReplaceAll(yearlyText, "map{", "/vsis3/maps/map{"))
	for _, tt := range []struct{ args, want string }{
		{"store.yaml --first 2018", "/vsis3/maps/map2017.tif: lies in an object store, and nothing is fetched from a network without --allow-network; give"},
		{"", "no job; name its file: greenshield yearly JOB.yaml"},
		{"y.yaml", "the first year is not said; name it by --first YEAR"},
		{"y.yaml --first 2018 --every 0", "--every: 0 is no number of years; write 1 or more"},
		{"y.yaml --first 2018 --settle -1s", "--settle: -1s is negative"},
		{"y.yaml --first 2018 --sendmail x", "--sendmail needs somebody to write to; name the address by --mail-to"},
		{"y.yaml --first 2018 --mail-to x", `--mail-to: "x" is no address; write it as office@example.org`},
		{"y.yaml --first 2018 --again 2018", "--again: the year 2018 was not done"},
		{"none.yaml --first 2018", "none.yaml: no such file"},
		{"same.yaml --first 2018", "same.yaml: is the same job in every year; write {year} for the year in the names of maps"},
		{"out.yaml --first 2018", "out.yaml: the results of all years would be in one folder; write {year} into its name"},
		{"ledgers.yaml --first 2018", "ledgers.yaml: each year would have a ledger of its own; name one for all years"},
	} {
		o := run(t, dir, append([]string{"yearly"}, strings.Fields(tt.args)...)...)
		o.want(t, 10)
		o.has(t, tt.want)
	}
	lock, err := os.Create(filepath.Join(dir, "y-yearly", "lock"))
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := run(t, dir, "yearly", "y.yaml", "--first", "2018")
	o.want(t, 16)
	o.has(t, "y-yearly: another greenshield yearly is at work here")
	lock.Close()
	run(t, dir, "yearly", "y.yaml", "--first", "2018").want(t, 0)
	state := filepath.Join(dir, "y-yearly", "state.json")
	writeTemplate(t, state, fileText(t, state)[:20])
	o = run(t, dir, "yearly", "y.yaml", "--first", "2018")
	o.want(t, 15)
	o.has(t, "y-yearly/state.json: cannot be read: ", "bring back a copy, or remove it and say the first year that is not done by --first")
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "yearly", "y.yaml", "--first", "2018").want(t, 0)
	o = run(t, dir, "yearly", "y.yaml", "--first", "2018", "--every", "2", "--notify", "/none/notify")
	o.want(t, 15)
	o.has(t, "/none/notify: could not tell what is new: ")
}

// TestYearlyClock: a clock that was set back is told, and the exit status is that of the fault.
func TestYearlyClock(t *testing.T) {
	dir := newYears(t)
	run(t, dir, "yearly", "y.yaml", "--first", "2018", "--every", "100").want(t, 0)
	path := filepath.Join(dir, "y-yearly", "state.json")
	var state map[string]any
	if err := json.Unmarshal([]byte(fileText(t, path)), &state); err != nil {
		t.Fatal(err)
	}
	state["looked"] = time.Now().AddDate(0, 0, 3)
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	writeTemplate(t, path, string(text))
	run(t, dir, "yearly", "y.yaml", "--first", "2018", "--every", "100").has(t, "the clock of this machine was set back, from ")
	state["years"].(map[string]any)["2990"] = map[string]any{"files": nil, "done": []string{"check"}, "finished": time.Now()}
	if text, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	writeTemplate(t, path, string(text))
	o := run(t, dir, "yearly", "y.yaml", "--first", "2018", "--every", "100", "--json")
	o.want(t, 10)
	o.has(t, `"code": 10`, "but the year 2990 is done already; correct the clock")
}

// TestYearlySkips: a year without a map holds up the next one, which is told, until it is skipped as the message says.
func TestYearlySkips(t *testing.T) {
	dir := newYears(t)
	comes(t, dir, 2015, 2018)
	comes(t, dir, 2020, 2019)
	o := run(t, dir, "yearly", "y.yaml", "--first", "2018", "--settle", "0s")
	o.want(t, 0)
	o.has(t, "nothing new; the next year is 2018\n2018: not there yet: map2017.tif\n2019: the maps are there; the years before come first\n",
		"2018 has no map, and a later year has one; if none will come, say --skip 2018\n")
	o = chinese(t, dir, "yearly", "y.yaml", "--first", "2018", "--settle", "0s", "--skip", "2018", "--mail-to", "a@example.org")
	o.want(t, 0)
	o.has(t, "已完成：2019\n2019 年：已完成，", "2020 年：尚缺：map2020.tif\n")
	if _, err := os.Stat(filepath.Join(dir, "out2018")); err == nil {
		t.Error("a year that is skipped was done")
	}
	if mail := fileText(t, filepath.Join(dir, "y-yearly", "summary.txt")); !strings.HasPrefix(mail, "To: <a@example.org>\nSubject: =?utf-8?b?") ||
		!strings.Contains(mail, "\n\n已完成：2019\n") {
		t.Errorf("the mail is %s", mail)
	}
}

// TestLastWords: of a program that has ended by itself, the line that says why is told.
func TestLastWords(t *testing.T) {
	for said, want := range map[string]string{
		"": "it said nothing",
		`{"event":"warning","message":"x"}` + "\n\npanic: index out of range [8]\n\ngoroutine 1 [running]:\n": "panic: index out of range [8]",
		"fatal error: out of memory": "fatal error: out of memory",
	} {
		if got := lastWords([]byte(said)); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

func TestShortDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{30 * time.Minute: "30m", time.Hour: "1h", 90 * time.Minute: "1h30m", 0: "0s",
		20 * time.Second: "20s", 10 * time.Minute: "10m", 100 * time.Hour: "100h"} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
