package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBadTarget: folders that cannot take the results are refused, before computing
// where possible, and the old results stay.
func TestBadTarget(t *testing.T) {
	t.Run("O04 exists", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.check(os.Mkdir(f.path("out"), 0o777))
		f.check(os.WriteFile(f.path("out/thesis.doc"), []byte("precious"), 0o666))
		o := run(t, f.dir, "run", "job.yaml")
		o.want(t, 15)
		if o.stderr != "greenshield: out: exists; say --replace to replace it, or name another folder\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
		o = run(t, f.dir, "run", "job.yaml", "--replace")
		o.want(t, 15)
		if !like(o.stderr, "greenshield: out: is not replaced because …; name another folder\n") {
			t.Errorf("stderr is %s", o.stderr)
		}
		if got := contents(t, f.path("out")); len(got) != 1 || got["thesis.doc"] != "precious" {
			t.Errorf("the folder holds %v", got)
		}
		f.tidy("out")
	})
	t.Run("O05 no parent", func(t *testing.T) {
		f := folder{t, newSample(t)}
		o := run(t, f.dir, "run", "job.yaml", "--out", "a/b")
		o.want(t, 15)
		if !like(o.stderr, "greenshield: a/b: the folder above it cannot be used: …; create it, or name another folder\n") {
			t.Errorf("stderr is %s", o.stderr)
		}
		f.tidy()
	})
	t.Run("O05 no folder named", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.edit("out: out\n", "")
		o := run(t, f.dir, "run", "job.yaml")
		o.want(t, 10)
		if o.stderr != "greenshield: no folder for the results; name one by --out DIR, or out: DIR in the job file\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
	})
	t.Run("O03 read-only", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.check(os.Mkdir(f.path("ro"), 0o555))
		cmd := command(f.dir, "run", "job.yaml", "--out", "ro/out")
		if os.Getuid() == 0 { // whom permissions do not stop
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			f.check(filepath.WalkDir(filepath.Dir(filepath.Dir(f.dir)), func(path string, d os.DirEntry, err error) error {
				if err == nil && d.IsDir() && path != f.path("ro") {
					err = os.Chmod(path, 0o755)
				}
				return err
			}))
		}
		o := finish(t, cmd)
		o.want(t, 15)
		if o.stderr != "greenshield: ro/out: cannot be locked: open "+f.path("ro/.out.lock")+": permission denied; name a folder where you may write, on a file system that has locks\n" {
			t.Errorf("stderr is %s", o.stderr)
		}
	})
	t.Run("O01 disk full", func(t *testing.T) {
		f := folder{t, newSample(t)}
		f.check(os.Mkdir(f.path("small"), 0o777))
		if err := syscall.Mount("tmpfs", f.path("small"), "tmpfs", 0, "size=256k"); err != nil {
			t.Skipf("a small disk cannot be mounted: %v", err)
		}
		defer syscall.Unmount(f.path("small"), 0)
		// The first run leaves little, the second has too much to say.
		run(t, f.dir, "run", "job.yaml", "--out", "small/out", "--min-severity", "4", "--min-area", "1km2", "--rules", f.fewRules(), "--formats", "geojson").want(t, 0)
		before := contents(t, f.path("small"))
		f.check(os.WriteFile(f.path("small/filler"), make([]byte, 100<<10), 0o666))
		o := run(t, f.dir, "run", "job.yaml", "--out", "small/out", "--replace", "--quiet", "--formats", "geojson")
		o.want(t, 15)
		if lines := strings.Split(strings.TrimSpace(o.stderr), "\n"); !like(lines[len(lines)-1], "greenshield: small/out/…: cannot be written: no space left on device; make room, or name a folder on another disk") {
			t.Errorf("stderr is %s", o.stderr)
		}
		f.remove("small/filler")
		sameFiles(t, contents(t, f.path("small")), before)
	})
}

// fewRules writes a rule table that finds next to nothing.
func (f folder) fewRules() string {
	f.t.Helper()
	text := "change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to\n"
	for _, z := range []string{"core", "buffer", "unzoned", "core_protection", "experimental", "general_control", "nature_park", "redline", "periphery"} {
		text += "melting,消融,ice,bare," + z + ",1,none,none,,\n"
	}
	f.check(os.WriteFile(f.path("few.csv"), []byte(text), 0o666))
	return f.path("few.csv")
}

// TestTargetIsNoFolder: what is no folder of a run is not replaced, whatever it is.
func TestTargetIsNoFolder(t *testing.T) {
	for _, c := range []struct {
		name, out string
		make      func(f folder) error
		want      string
	}{
		{"O05 symbolic link", "link", func(f folder) error { return os.Symlink("out", f.path("link")) }, "link: is a symbolic link; name the folder that it leads to"},
		{"O05 broken link", "link", func(f folder) error { return os.Symlink("nowhere", f.path("link")) }, "link: is a symbolic link; name the folder that it leads to"},
		{"O05 file", "lc2015.tif", func(folder) error { return nil }, "lc2015.tif: is not a folder; name another one"},
		{"O05 pipe", "pipe", func(f folder) error { return unix.Mkfifo(f.path("pipe"), 0o666) }, "pipe: is not a folder; name another one"},
		{"O05 folder of the inputs", ".", func(folder) error { return nil }, ".: is not replaced because it is not the folder of a run: open …/manifest.json: no such file or directory; name another folder"},
		{"O05 folder in a file", "lc2015.tif/out", func(folder) error { return nil }, "lc2015.tif/out: …lc2015.tif is not a folder; name another one"},
		{"O05 inputs inside", "out", func(f folder) error { return os.Rename(f.path("exempt.geojson"), f.path("out/exempt.geojson")) },
			`out: is not replaced because it holds "exempt.geojson", which no run wrote; move that away, or name another folder`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := folder{t, newSample(t)}
			f.edit("exempt:", "#")
			run(t, f.dir, "run", "job.yaml", "--quiet").want(t, 0)
			f.check(c.make(f))
			before := contents(t, f.dir)
			o := run(t, f.dir, "run", "job.yaml", "--quiet", "--out", c.out, "--replace", "--connectivity", "4")
			o.want(t, 15)
			if lines := strings.Split(strings.TrimSpace(o.stderr), "\n"); !like(lines[len(lines)-1], "greenshield: "+c.want) {
				t.Errorf("stderr is %s", o.stderr)
			}
			sameFiles(t, contents(t, f.dir), before)
		})
	}
}

// limited is the program under a limit of the shell.
func limited(dir, limit string, args ...string) *exec.Cmd {
	cmd := command(dir, args...)
	const alone = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; " // files that whoever runs the tests has left open
	cmd.Args = append([]string{"sh", "-c", alone + limit + ` && exec "$0" "$@"`, binary}, args...)
	cmd.Path = "/bin/sh"
	return cmd
}

// TestFileSizeLimit: a file that may not grow is an error of the output, and the signal
// that comes with it ends nothing.
func TestFileSizeLimit(t *testing.T) {
	f := folder{t, newSample(t)}
	for _, target := range []string{"first", "replacing"} {
		t.Run("O10 "+target, func(t *testing.T) {
			before := contents(t, f.dir)
			o := finish(t, limited(f.dir, "ulimit -f 8", "run", "job.yaml", "--quiet", "--replace", "--connectivity", "4"))
			o.want(t, 15)
			if lines := strings.Split(strings.TrimSpace(o.stderr), "\n"); !like(lines[len(lines)-1], "greenshield: out/candidates.…: cannot be written: file too large; raise the limit on the size of a file (ulimit -f)") {
				t.Errorf("stderr is %s", o.stderr)
			}
			sameFiles(t, contents(t, f.dir), before)
			run(t, f.dir, "run", "job.yaml", "--quiet").want(t, 0)
		})
	}
}

// TestClosedStandardOutput: Go opens /dev/null in place of a closed standard output, so
// that no file of the run can come to stand there; that nobody reads it cannot be told.
func TestClosedStandardOutput(t *testing.T) {
	f := folder{t, newSample(t)}
	run(t, f.dir, "run", "job.yaml", "--quiet").want(t, 0)
	finish(t, limited(f.dir, "exec <&- >&-", "run", "job.yaml", "--quiet", "--out", "closed")).want(t, 0)
	sameFiles(t, contents(t, f.path("closed")), contents(t, f.path("out")), tellOfInputs...)
	cmd := limited(f.dir, "exec <&- >&- 2>&-", "run", "job.yaml", "--out", "all closed")
	finish(t, cmd).want(t, 0)
	sameFiles(t, contents(t, f.path("all closed")), contents(t, f.path("out")), tellOfInputs...)
}

// TestSameBytesAnywhere: what surrounds a run does not show in its results.
func TestSameBytesAnywhere(t *testing.T) {
	f := folder{t, newSample(t)}
	run(t, f.dir, "run", "job.yaml", "--quiet").want(t, 0)
	want := contents(t, f.path("out"))
	for _, c := range []struct {
		name, limit string
		env         []string
	}{
		{"O12 far east", "true", []string{"TZ=Pacific/Kiritimati", "LC_ALL=zh_CN.UTF-8"}},
		{"O12 no such zone, decimal comma", "true", []string{"TZ=Nowhere/Else", "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "LC_NUMERIC=de_DE.UTF-8"}},
		{"O12 dotless i", "true", []string{"LC_ALL=tr_TR.UTF-8", "LANGUAGE=tr"}},
		{"O12 GBK", "true", []string{"LC_ALL=zh_CN.GBK"}},
		{"O12 umask", "umask 077", nil},
		{"M05 one thread", "true", []string{"GOMAXPROCS=1"}},
		{"M05 more threads than cores", "true", []string{"GOMAXPROCS=8"}},
		{"M05 one core", "taskset -p -c 0 $$ >&2", nil},
		{"M05 nice", "renice -n 19 -p $$ >&2", nil},
		{"M05 a limit of seconds", "ulimit -t 60", nil},
		{"M06 no TMPDIR", "true", []string{"TMPDIR=/nowhere/at/all", "TMP=/nowhere/at/all", "TEMP=/nowhere/at/all", "SQLITE_TMPDIR=/nowhere/at/all"}},
		{"M06 TMPDIR is a device", "true", []string{"TMPDIR=/dev/full"}},
		{"C11 GDAL is steered", "true", []string{"GDAL_CACHEMAX=1", "OGR_GEOJSON_MAX_OBJ_SIZE=0.001", "PROJ_LIB=/nowhere", "PROJ_DATA=/nowhere", "GTIFF_IGNORE_READ_ERRORS=YES",
			"CPL_DEBUG=ON", "OSR_DEFAULT_AXIS_MAPPING_STRATEGY=AUTHORITY_COMPLIANT", "GDAL_DISABLE_READDIR_ON_OPEN=FALSE", "GDAL_DATA=/nowhere", "SHAPE_ENCODING=LATIN1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := fmt.Sprintf("out %x", c.name)
			cmd := limited(f.dir, c.limit, "run", "job.yaml", "--quiet", "--out", out)
			cmd.Env = append(cmd.Env, c.env...)
			o := finish(t, cmd)
			o.want(t, 0)
			sameFiles(t, contents(t, f.path(out)), want, tellOfInputs...)
			if timeless(contents(t, f.path(out))["manifest.json"]) != timeless(want["manifest.json"]) && c.name[:3] != "C11" && c.name[:3] != "M05" && c.name[:3] != "M06" {
				t.Error("the manifests differ in more than times")
			}
			if c.name[:3] == "C11" {
				slices.Sort(c.env)
				var ignored []string
				for _, pair := range c.env {
					name, _, _ := strings.Cut(pair, "=")
					ignored = append(ignored, name)
				}
				m := readManifest(t, f.path(out))
				if want := "environment variables are ignored: " + strings.Join(ignored, ", "); !slices.Contains(m.Warnings, want) || !strings.Contains(o.stderr, "warning: "+want+"\n") {
					t.Errorf("want %q\nwarnings %q\nstderr %s", want, m.Warnings, o.stderr)
				}
			}
		})
	}
}

// TestTwoRunsAtOnce: of two runs on one folder one wins and the other is turned away.
func TestTwoRunsAtOnce(t *testing.T) {
	f := folder{t, newSample(t)}
	var want []map[string]string
	for _, connectivity := range []string{"4", "8"} {
		run(t, f.dir, "run", "job.yaml", "--quiet", "--out", "out"+connectivity, "--connectivity", connectivity).want(t, 0)
		want = append(want, contents(t, f.path("out"+connectivity)))
	}
	// both runs the two jobs at the same time.
	both := func(outs ...string) (got []outcome) {
		ends := make([]chan outcome, 2)
		for i, out := range outs {
			ends[i] = make(chan outcome, 1)
			cmd := command(f.dir, "run", "job.yaml", "--quiet", "--replace", "--out", out, "--connectivity", []string{"4", "8"}[i])
			go func() { ends[i] <- finish(t, cmd) }()
		}
		return []outcome{<-ends[0], <-ends[1]}
	}
	t.Run("O08 race", func(t *testing.T) {
		turnedAway := 0
		for range 5 {
			for _, o := range both("out", "out") {
				switch {
				case o.status == 16 && strings.Contains(o.stderr, "greenshield: out: another run works on it; wait until that one ends, or name another folder\n"):
					turnedAway++
				case o.status != 0:
					t.Errorf("status %d: %s", o.status, o.stderr)
				}
			}
			got := contents(t, f.path("out"))
			wins := 0
			for _, w := range want {
				if timeless(got["manifest.json"]) == timeless(w["manifest.json"]) {
					sameFiles(t, got, w, tellOfInputs...)
					wins++
				}
			}
			if wins != 1 {
				t.Error("the folder is that of neither run")
			}
			f.tidy("out", "out4", "out8")
		}
		t.Logf("%d of 10 runs were turned away", turnedAway)
	})
	t.Run("O08 lock of a dead run", func(t *testing.T) {
		f.check(os.WriteFile(f.path(".dead.lock"), []byte("4711"), 0o400))
		f.check(os.MkdirAll(f.path(".dead.tmp-4711/a"), 0o755))
		run(t, f.dir, "run", "job.yaml", "--quiet", "--out", "dead").want(t, 0)
		f.tidy("dead", "out", "out4", "out8")
	})
	t.Run("O09 two folders", func(t *testing.T) {
		for range 3 {
			for i, o := range both("a", "b") {
				o.want(t, 0)
				sameFiles(t, contents(t, f.path([]string{"a", "b"}[i])), want[i], tellOfInputs...)
			}
			f.check(os.RemoveAll(f.path("a")))
			f.check(os.RemoveAll(f.path("b")))
		}
	})
}
