//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// newUnits has the units of a schedule written over a folder whose name is hard to quote, and returns where they are.
func newUnits(t *testing.T, flags ...string) (dir, units string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), `年度 $HOME 50% "x"`)
	if err := os.Rename(newYears(t), dir); err != nil {
		t.Fatal(err)
	}
	args := append(strings.Fields("schedule y.yaml --first 2018 --every 100 --settle 0s --user daemon --out units"), flags...)
	run(t, dir, args...).want(t, 0)
	return dir, filepath.Join(dir, "units")
}

// verified returns what systemd says of the units in a folder.
func verified(t *testing.T, units string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(units, "*"))
	if err != nil || len(names) != 2 {
		t.Fatalf("the units are %v, %v", names, err)
	}
	out, err := exec.Command(needsTool(t, "systemd-analyze"), append([]string{"verify", "--man=no"}, names...)...).CombinedOutput()
	if err != nil && len(out) == 0 {
		return err.Error()
	}
	return string(out)
}

// TestScheduleUnits: systemd has nothing to say of the units, finds the service shut tightly, and sees what is wrong.
func TestScheduleUnits(t *testing.T) {
	notify, sendmail, _ := scripts(t)
	for _, flags := range [][]string{nil, {"--notify", notify, "--sendmail", sendmail, "--mail-to", "a@example.org",
		"--name", "green-1", "--calendar", "*-*-* 06:30", "--skip", "2019,2020"}} {
		_, units := newUnits(t, flags...)
		if said := verified(t, units); said != "" {
			t.Errorf("%q: %s", flags, said)
		}
		service, err := filepath.Glob(filepath.Join(units, "*.service"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", service[0]).CombinedOutput()
		score := regexp.MustCompile(`Overall exposure level.*`).FindString(string(out))
		if t.Log(score); err != nil || score == "" {
			t.Errorf("security: %v: %s", err, out)
		}
		text := fileText(t, service[0])
		writeTemplate(t, service[0], strings.Replace(text, "ProtectHome=read-only", "ProtectHome=maybe", 1))
		if said := verified(t, units); !strings.Contains(said, "maybe") {
			t.Errorf("a wrong service is verified: %s", said)
		}
		writeTemplate(t, service[0], text)
		timer := strings.TrimSuffix(service[0], ".service") + ".timer"
		writeTemplate(t, timer, regexp.MustCompile(`OnCalendar=.*`).ReplaceAllString(fileText(t, timer), "OnCalendar=now and then"))
		if said := verified(t, units); !strings.Contains(said, "now and then") {
			t.Errorf("a wrong timer is verified: %s", said)
		}
	}
}

var unitWord = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

// execStart returns the words of the command of a service, as systemd reads them.
func execStart(t *testing.T, service string) (words []string) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^ExecStart=(.*)$`).FindStringSubmatch(service)
	if line == nil {
		t.Fatalf("no command in %s", service)
	}
	for i, m := range unitWord.FindAllStringSubmatch(line[1], -1) {
		word := strings.NewReplacer(`\\`, `\`, `\"`, `"`, `%%`, `%`).Replace(m[1])
		if i > 0 {
			word = strings.ReplaceAll(word, "$$", "$")
		}
		words = append(words, word)
	}
	return words
}

// TestScheduleDoes: the command of the service, as it is written there, does a year from wherever it is called, and asks
// nothing of the system that the service does not let through.
func TestScheduleDoes(t *testing.T) {
	strace, allowed := needsTool(t, "strace"), allowedCalls(t)
	dir, units := newUnits(t)
	comes(t, dir, 2015, 2017)
	comes(t, dir, 2020, 2018)
	service := fileText(t, filepath.Join(units, "greenshield-yearly.service"))
	for _, line := range regexp.MustCompile(`(?m)^SystemCall.*$`).FindAllString(exampleText(t, "greenshield-serve.service"), -1) {
		if !strings.Contains(service, "\n"+line+"\n") {
			t.Errorf("no %s, by which the calls are judged", line)
		}
	}
	trace := filepath.Join(t.TempDir(), "trace")
	words := append([]string{"-f", "-qq", "-e", "signal=none", "-o", trace}, execStart(t, service)...)
	cmd := exec.Command(strace, words...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(trace)
	if len(text) == 0 && os.Getenv("CI") == "" {
		t.Skip("strace may not trace here")
	}
	if err != nil || !strings.Contains(string(out), "2018: done, ") {
		t.Fatalf("it says %v: %s", err, out)
	}
	found := map[string]int{}
	for _, m := range tracedCall.FindAllStringSubmatch(string(text), -1) {
		call, args := m[1], m[2]
		if found[call]++; strings.Contains(args, "PROT_EXEC") && (call == "mprotect" || call == "mmap" && strings.Contains(args, "PROT_WRITE")) {
			t.Errorf("memory is made executable: %s(%s", call, args)
		}
		if found[call] == 1 && !allowed[call] && (call != "fchown" || os.Geteuid() != 0) { // which SQLite asks of root alone
			t.Errorf("%s is not let through", call)
		}
	}
	for _, call := range []string{"execve", "flock", "fsync", "waitid"} {
		if found[call] == 0 {
			t.Errorf("no %s among %d calls: the trace does not show a year", call, len(found))
		}
	}
	for _, path := range []string{"out2018/candidates.geojson", "y-yearly/ledger2018/ledger.html"} {
		if fileText(t, filepath.Join(dir, path)) == "" {
			t.Errorf("%s is empty", path)
		}
	}
	if !strings.Contains(service, "\nUser=daemon\n") {
		t.Errorf("the user is another: %s", service)
	}
}

// TestScheduleSees: a map and a ledger that are links are read and written where they lie; what lies in /tmp, and what
// the user of the service may not read or write, is said.
func TestScheduleSees(t *testing.T) {
	dir, far := newYears(t), t.TempDir()
	for _, name := range []string{"redline.gpkg", "ledger.gpkg"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(far, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(far, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{filepath.Dir(dir), dir, filepath.Dir(far), far} {
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	schedule := func(user, out string) (string, outcome) {
		t.Helper()
		o := run(t, dir, strings.Fields("schedule y.yaml --first 2018 --user "+user+" --out "+out)...)
		o.want(t, 0)
		return fileText(t, filepath.Join(dir, out, "greenshield-yearly.service")), o
	}
	service, o := schedule("daemon", "units")
	writable := regexp.MustCompile(`(?m)^ReadWritePaths=.*$`).FindString(service)
	if !strings.Contains(writable, `"`+far+`"`) || !strings.Contains(writable, `"`+dir+`"`) {
		t.Errorf("it may write %s, and the ledger lies in %s", writable, far)
	}
	if inTmp := strings.HasPrefix(dir, "/tmp/"); strings.Contains(o.stderr, "y.yaml: lies where systems remove what is older") != inTmp {
		t.Errorf("of the folder it says %s", o.stderr)
	}
	if strings.Contains(o.stderr, "may not") {
		t.Errorf("of what all may read and write it says %s", o.stderr)
	}
	if _, o = schedule("nobody-here", "units1"); !strings.Contains(o.stderr, `this machine has no user "nobody-here", as whom the service is to run`) {
		t.Errorf("of a user that there is not it says %s", o.stderr)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root knows what another user may do")
	}
	if err := os.Chmod(filepath.Join(far, "redline.gpkg"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, o = schedule("daemon", "units2")
	for _, want := range []string{filepath.Join(far, "redline.gpkg") + ": daemon, as whom the service runs, may not read it; give that right",
		dir + ": daemon, as whom the service runs, may not write to it; give that right"} {
		if !strings.Contains(o.stderr, want) {
			t.Errorf("no %q in %s", want, o.stderr)
		}
	}
	if strings.Contains(o.stderr, far+": daemon") {
		t.Errorf("a folder that all may write to is said: %s", o.stderr)
	}
}

// TestScheduleRefuses: what cannot be a schedule is refused, and nothing is written.
func TestScheduleRefuses(t *testing.T) {
	dir := newYears(t)
	mkdir(t, filepath.Join(dir, "there"))
	writeTemplate(t, filepath.Join(dir, "deep.yaml"), strings.Replace(yearlyText, "out{year}", "deep/out{year}", 1))
	for _, tt := range []struct {
		args, want string
		status     int
	}{
		{"y.yaml --first 2018 --user daemon", "no folder for the units; name a new one by --out DIR", 10},
		{"y.yaml --user daemon --out units", "the first year is not said; name it by --first YEAR", 10},
		{"y.yaml --first 2018 --user daemon --out units --name a/b", `--name: "a/b" is no name for units; write letters, digits, - and _`, 10},
		{"y.yaml --first 2018 --user daemon --out units --calendar=", `--calendar: "" is no time; write hourly, or *-*-* 06:30`, 10},
		{"y.yaml --first 2018 --user root --out units", `the service is not to run as "root"; name the user whose the files are by --user NAME`, 10},
		{"y.yaml --first 2018 --user daemon --out units --notify none", "--notify: ", 10},
		{"y.yaml --first 2018 --user daemon --out there", "there: there is such a folder already; name a new one", 15},
		{"deep.yaml --first 2018 --user daemon --out units", "deep: is to be written to and is no folder; create it first", 10},
		{"none.yaml --first 2018 --user daemon --out units", "none.yaml: no such file", 10},
		{"y.yaml --first 1800 --user daemon --out units", "is not a whole number from 1900 to 2100", 10},
	} {
		o := run(t, dir, append([]string{"schedule"}, strings.Fields(tt.args)...)...)
		o.want(t, tt.status)
		o.has(t, tt.want)
		if _, err := os.Stat(filepath.Join(dir, "units")); err == nil {
			t.Fatalf("%s leaves a folder", tt.args)
		}
	}
	mkdir(t, filepath.Join(dir, "deep"))
	run(t, dir, strings.Fields("schedule deep.yaml --first 2018 --user daemon --out units")...).want(t, 0)
}
