package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAddressSpaceLimit: a limit that the run could hit is refused. Below 2 GB Go's runtime or the libraries may find no
// room before the limit can be looked at, and end the program anywhere; the folders are as they were then too.
func TestAddressSpaceLimit(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, "run", "job.yaml", "--quiet").want(t, 0)
	for _, kb := range []int{300_000, 600_000, 1_000_000, 1_500_000, 2_000_000, 4_000_000} {
		t.Run(fmt.Sprintf("M01 %d kB", kb), func(t *testing.T) {
			before := contents(t, f.dir)
			o := finish(t, limited(f.dir, fmt.Sprintf("ulimit -v %d", kb), "run", "job.yaml", "--quiet", "--formats", "geojson", "--replace", "--workers", "2", "--connectivity", "4"))
			fits := kb >= 2_000_000 // the program itself does
			switch want := fmt.Sprintf("greenshield: the address space is limited to %d MiB (ulimit -v), but 2 workers with --max-memory 2048 MiB may reserve 4352 MiB; lift the limit (--max-memory bounds what is used), or lower --workers and --max-memory\n", kb/1024); {
			case o.status == 17 && o.stderr == want:
			case fits || o.status == 0 || o.status == 17:
				t.Errorf("status %d, stderr %s", o.status, o.stderr)
			}
			sameFiles(t, contents(t, f.dir), before)
		})
	}
	want := contents(t, f.path("out"))
	for _, workers := range []int{1, 2, 8} {
		kb := (baseAddressSpace + workers*workerAddressSpace + 64<<20) / 1024
		t.Run(fmt.Sprintf("M01 just enough for %d workers", workers), func(t *testing.T) {
			out := fmt.Sprint("out", workers)
			args := []string{"run", "job.yaml", "--quiet", "--max-memory", "64MiB", "--workers", fmt.Sprint(workers), "--out", out}
			finish(t, limited(f.dir, fmt.Sprintf("ulimit -v %d", kb-1), args...)).want(t, 17)
			finish(t, limited(f.dir, fmt.Sprintf("ulimit -v %d", kb), args...)).want(t, 0)
			sameFiles(t, contents(t, f.path(out)), want, tellOfInputs...)
		})
	}
}

// TestMemoryIsTaken: the kernel ends a program that uses more than its control group may.
func TestMemoryIsTaken(t *testing.T) {
	group := fmt.Sprintf("/sys/fs/cgroup/memory/greenshield-test-%d", os.Getpid())
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("no control group for memory (version 1) can be made: %v", err)
	}
	defer os.Remove(group)
	_ = os.WriteFile(filepath.Join(group, "memory.swappiness"), []byte("0"), 0o644) // else pages may go to the disk instead
	limit := filepath.Join(group, "memory.limit_in_bytes")
	if err := os.WriteFile(limit, []byte("16M"), 0o644); err != nil {
		t.Skipf("memory cannot be limited: %v", err)
	}
	f := folder{t, newSample(t)}
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson").want(t, 0)
	before := contents(t, f.dir)
	o := finish(t, limited(f.dir, "echo $$ > "+group+"/cgroup.procs", "run", "job.yaml", "--quiet", "--replace", "--connectivity", "4"))
	if o.status != -1 && o.status != 137 {
		t.Fatalf("M02: status %d: %s", o.status, o.stderr)
	}
	sameFiles(t, contents(t, f.path("out")), sub(before, "out/"))
	run(t, f.dir, "run", "job.yaml", "--quiet", "--replace", "--connectivity", "4").want(t, 0)
	f.tidy("out")
}

// sub returns the files below a folder, named from there.
func sub(files map[string]string, folder string) map[string]string {
	below := map[string]string{}
	for name, text := range files {
		if rest, ok := strings.CutPrefix(name, folder); ok {
			below[rest] = text
		}
	}
	return below
}

// TestOpenFilesLimit: with too few descriptors PROJ would go on without its database.
func TestOpenFilesLimit(t *testing.T) {
	f := folder{t, newSample(t)}
	here(t, f.dir, "run", "job.yaml", "--quiet").want(t, 0)
	want := contents(t, f.path("out"))
	for _, n := range []int{4, 5, 6, 7, 8, 12, 20, minFiles - 1} {
		t.Run(fmt.Sprint("M03 ", n), func(t *testing.T) {
			o := finish(t, limited(f.dir, fmt.Sprintf("ulimit -n %d", n), "run", "job.yaml", "--out", "few"))
			if n < 8 && o.status == 2 && strings.Contains(o.stderr, " failed with 24") {
				f.tidy("out") // a library opens a file before the limit can be looked at, and Go's runtime has none left
				return
			}
			o.want(t, 17)
			if o.stderr != fmt.Sprintf("greenshield: only %d files may be open at once (ulimit -n); allow 64 at least\n", n) {
				t.Errorf("stderr is %s", o.stderr)
			}
			f.tidy("out")
		})
	}
	t.Run("M03 maps between", func(t *testing.T) { // which would be called damaged if they could not be opened
		g := folder{t, newSample(t)}
		between("[{year: 2016, files: [lc2015.tif]}, {year: 2017, files: [lc2015.tif]}, {year: 2018, files: [lc2015.tif]}]")(g)
		need := minFiles + 2*3*8
		o := finish(t, limited(g.dir, fmt.Sprintf("ulimit -n %d", need-1), "run", "job.yaml", "--workers", "8"))
		o.want(t, 17)
		if o.stderr != fmt.Sprintf("greenshield: only %d files may be open at once (ulimit -n); allow %d at least\n", need-1, need) {
			t.Errorf("stderr is %s", o.stderr)
		}
		g.tidy("out")
		finish(t, limited(g.dir, fmt.Sprintf("ulimit -n %d", need), "run", "job.yaml", "--quiet", "--workers", "8")).want(t, 0)
	})
	t.Run("M03 just enough", func(t *testing.T) {
		finish(t, limited(f.dir, fmt.Sprintf("ulimit -n %d", minFiles), "run", "job.yaml", "--quiet", "--workers", "8", "--out", "enough")).want(t, 0)
		sameFiles(t, contents(t, f.path("enough")), want, tellOfInputs...)
	})
}

// TestWithoutPROJ: PROJ without a good database is found out before anything is read.
func TestWithoutPROJ(t *testing.T) {
	const data = "/usr/share/proj"
	database, err := os.ReadFile(data + "/proj.db")
	if err != nil {
		t.Skipf("PROJ has its data elsewhere: %v", err)
	}
	f := folder{t, newSample(t)}
	here(t, f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson").want(t, 0)
	want := contents(t, f.path("out"))
	version := []byte("DATABASE.LAYOUT.VERSION.MAJOR")
	at := bytes.Index(database, version)
	if at < 0 {
		t.Fatal("proj.db has no version of its layout")
	}
	old := bytes.Clone(database)
	old[at+len(version)]-- // from 1 to 0
	for _, c := range []struct {
		name string
		file []byte
	}{{"M04 no proj.db", nil}, {"M04 empty proj.db", []byte{}}, {"M04 proj.db is no database", []byte("hello")}, {"M04 proj.db cut", database[:len(database)/2]}, {"M04 old proj.db", old}} {
		t.Run(c.name, func(t *testing.T) {
			bad := t.TempDir()
			if c.file != nil {
				f.check(os.WriteFile(filepath.Join(bad, "proj.db"), c.file, 0o644))
			}
			cmd := limited(f.dir, "mount --bind "+bad+" "+data, "run", "job.yaml", "--quiet", "--formats", "geojson", "--replace", "--connectivity", "4")
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // the mount is seen by this process alone
			if os.Getuid() != 0 {
				t.Skip("only root may mount")
			}
			o := finish(t, cmd)
			o.want(t, 1)
			if !like(o.stderr, "greenshield: PROJ …"+data+"…: reinstall PROJ's data (Debian: apt install --reinstall proj-data)\n") {
				t.Errorf("stderr is %s", o.stderr)
			}
			sameFiles(t, contents(t, f.path("out")), want)
		})
	}
	t.Run("M04 another proj.db in the user's folder", func(t *testing.T) {
		home := t.TempDir()
		f.check(os.MkdirAll(filepath.Join(home, ".local/share/proj"), 0o755))
		f.check(os.WriteFile(filepath.Join(home, ".local/share/proj/proj.db"), []byte("hello"), 0o644))
		cmd := command(f.dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--out", "home")
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_DATA_HOME="+home+"/.local/share")
		finish(t, cmd).want(t, 0)
		sameFiles(t, contents(t, f.path("home")), want, tellOfInputs...)
	})
}
