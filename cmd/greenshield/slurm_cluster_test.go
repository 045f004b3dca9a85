package main

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"greenshield/redline/redlinetest"
)

// slurmCase is a plan of four shards that a cluster carries out. Its task 1 may be held when it is at work.
type slurmCase struct {
	dir, plan, out string // the folders of the job, of the plan and of its results
	array, merge   string // numbers of the jobs that were submitted last, "" when there is none
}

// newSlurmCase plans the job of a folder.
func newSlurmCase(t *testing.T, dir, name string, shards int) *slurmCase {
	t.Helper()
	c := &slurmCase{dir: dir, plan: filepath.Join(dir, name, "计划 50%a"), out: filepath.Join(dir, "out-"+name)}
	text, err := os.ReadFile(filepath.Join(dir, "job.yaml"))
	redlinetest.Must(t, err)
	redlinetest.Must(t, os.MkdirAll(filepath.Dir(c.plan), 0o700))
	job := filepath.Join(dir, name+".yaml")
	redlinetest.Must(t, os.WriteFile(job, regexp.MustCompile(`(?m)^out:.*$`).ReplaceAll(text, []byte("out: "+c.out)), 0o600))
	run(t, dir, "plan", job, "--quiet", "--formats", "geojson", "--slurm", "--shards", fmt.Sprint(shards), "--out",
		c.plan).want(t, 0)
	return c
}

// slurm runs a command of Slurm, which must end well, and returns what it says.
func slurm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return string(out)
}

var submitted = regexp.MustCompile(`(?m)^job (\d+): (shards|merge)`)

// submit runs submit.sh.
func (c *slurmCase) submit(t *testing.T, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(filepath.Join(c.plan, "slurm", "submit.sh"), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SLURM_CONF=" + os.Getenv("SLURM_CONF")}
	o := finish(t, cmd)
	c.array, c.merge = "", ""
	for _, m := range submitted.FindAllStringSubmatch(o.stdout, -1) {
		if m[2] == "merge" {
			c.merge = m[1]
		} else {
			c.array = m[1]
		}
	}
	return o
}

// hold has task 1 stop, when it is run for the first time, where it has begun the file of its part.
func (c *slurmCase) hold(t *testing.T) {
	t.Helper()
	script := filepath.Join(c.plan, "slurm", "array.sbatch")
	text, err := os.ReadFile(script)
	redlinetest.Must(t, err)
	before, program, _ := strings.Cut(string(text), "\nexec ")
	held := "\n[ \"$SLURM_ARRAY_TASK_ID\" = 1 ] && [ -p \"$1/trace\" ] && [ -z \"$SLURM_RESTART_COUNT\" ] &&\n" +
		"  echo $$ >\"$1/pid\" && exec strace -D -f -qq -o \"$1/trace\" -e trace=flock -e inject=flock:signal=STOP:when=1 "
	redlinetest.Must(t, os.WriteFile(script, []byte(before+held+program+"exec "+program), 0o600))
	redlinetest.Must(t, unix.Mkfifo(filepath.Join(c.plan, "trace"), 0o600))
}

// submitHeld submits, and returns when task 1 is held, with the file that ends when its process is gone.
func (c *slurmCase) submitHeld(t *testing.T, args ...string) *bufio.Reader {
	t.Helper()
	c.hold(t)
	c.submit(t, args...).want(t, 0)
	fifo := filepath.Join(c.plan, "trace")
	file, err := os.Open(fifo)
	redlinetest.Must(t, err)
	t.Cleanup(func() { _ = file.Close() })
	redlinetest.Must(t, os.Remove(fifo))
	trace := bufio.NewReader(file)
	for {
		line, err := trace.ReadString('\n')
		if redlinetest.Must(t, err); strings.Contains(line, "stopped by SIGSTOP") {
			return trace
		}
	}
}

// held returns the number of the process that is held.
func (c *slurmCase) held(t *testing.T) (pid int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.plan, "pid"))
	redlinetest.Must(t, err)
	_, err = fmt.Sscan(string(text), &pid)
	redlinetest.Must(t, err)
	return pid
}

// settle returns when the jobs that were submitted last have ended, however they ended.
func (c *slurmCase) settle(t *testing.T) {
	t.Helper()
	slurm(t, "sbatch", "--wait", "--output=/dev/null", "--dependency=afterany:"+c.array+":"+c.merge, "--wrap=true")
}

// completed returns the lines in which Slurm notes what has ended.
func completed(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("GREENSHIELD_SLURM"), "completed"))
	redlinetest.Must(t, err)
	return slices.Collect(strings.Lines(string(text)))
}

// ended returns the states with which tasks and jobs of the plan ended that were submitted last.
func (c *slurmCase) ended(t *testing.T) (states map[string]int) {
	t.Helper()
	first, err := strconv.Atoi(cmp.Or(c.array, c.merge))
	redlinetest.Must(t, err)
	states = map[string]int{}
	for _, line := range completed(t) {
		var id int
		_, err := fmt.Sscanf(line, "JobId=%d", &id)
		redlinetest.Must(t, err)
		if id >= first && strings.Contains(line, " Name=greenshield-") {
			_, state, _ := strings.Cut(line, "JobState=")
			states[strings.Fields(state)[0]]++
		}
	}
	return states
}

// failed checks that the array has failed in one task, and that nothing is merged or waiting.
func (c *slurmCase) failed(t *testing.T, state string) {
	t.Helper()
	c.settle(t)
	if merge := slurm(t, "scontrol", "show", "job", c.merge); !strings.Contains(merge, "JobState=CANCELLED") ||
		!strings.Contains(merge, "Reason=DependencyNeverSatisfied") {
		t.Errorf("the merge: %s", merge)
	}
	if task := slurm(t, "scontrol", "show", "job", c.array+"_1"); !strings.Contains(task, "JobState="+state) {
		t.Errorf("the task, want %s: %s", state, task)
	}
	if _, err := os.Lstat(c.out); err == nil {
		t.Error("something is published")
	}
}

// made returns the names of the parts that there are.
func (c *slurmCase) made(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(c.plan + "/parts/0*")
	redlinetest.Must(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

// parts checks which parts there are.
func (c *slurmCase) parts(t *testing.T, want ...string) {
	t.Helper()
	if made := c.made(t); !slices.Equal(made, want) {
		t.Errorf("parts %v, want %v", made, want)
	}
}

// finish submits again, which must do nothing but the shards that are missing, and compares what is merged with a run.
func (c *slurmCase) finish(t *testing.T, missing int, want map[string]string) {
	t.Helper()
	o := c.submit(t, "--wait")
	if o.want(t, 0); missing > 0 && !strings.Contains(o.stdout, fmt.Sprintf("shards %d of 4\n", missing)) {
		t.Errorf("it says %s", o.stdout)
	}
	if states := c.ended(t); len(states) != 1 || states["COMPLETED"] != missing+1 {
		t.Errorf("%v, want %d shards and the merge", states, missing)
	}
	c.same(t, want)
}

// same compares what is merged with a run, and looks for what unfinished parts have left.
func (c *slurmCase) same(t *testing.T, want map[string]string) {
	t.Helper()
	mergedAsRun(t, contents(t, c.out), want)
	left, err := filepath.Glob(c.plan + "/parts/.*")
	if redlinetest.Must(t, err); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	c.parts(t, "0000", "0001", "0002", "0003")
}

// logs returns what tasks and the merge have said.
func (c *slurmCase) logs(t *testing.T) map[string]string {
	t.Helper()
	return contents(t, filepath.Join(c.plan, "slurm", "logs"))
}

// TestSlurm has a cluster carry out plans: what it merges is what a run writes, to the byte, whatever befell its tasks.
// make test-slurm starts the cluster.
func TestSlurm(t *testing.T) {
	folder := os.Getenv("GREENSHIELD_SLURM")
	if folder == "" {
		t.Skip("no Slurm; make test-slurm starts one")
	}
	dir := stripScene(t)
	run(t, dir, "run", "job.yaml", "--quiet", "--formats", "geojson", "--workers", "1", "--out", "run").want(t, 0)
	want := contents(t, filepath.Join(dir, "run"))
	cases := map[string]func(*testing.T, *slurmCase, map[string]string){
		"nothing": slurmUndisturbed, "requeued": slurmRequeued, "killed": slurmKilled, "node down": slurmNodeDown,
		"cancelled": slurmCancelled, "all cancelled": slurmAllCancelled, "disk full": slurmDiskFull,
		"merge fails": slurmMergeFails, "out of time": slurmOutOfTime, "out of memory": slurmOutOfMemory,
		"damaged": slurmDamaged,
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) { cases[name](t, newSlurmCase(t, dir, name, 4), want) })
	}
	t.Run("thousands", func(t *testing.T) {
		c := newSlurmCase(t, dir, "thousands", 1003)
		if o := c.submit(t, "--hold"); o.status != 0 || !strings.Contains(o.stdout, "shards 1000 of 1003\n") ||
			!strings.Contains(o.stdout, "shards 3 of 1003\n") {
			t.Errorf("%+v", o)
		}
		if o := c.submit(t); o.status != 1 || !strings.Contains(o.stderr, "jobs of this plan are still there") {
			t.Errorf("%+v", o)
		}
		name := regexp.MustCompile("--name=greenshield-[0-9a-f]{8}").FindString(c.submit(t).stderr)
		slurm(t, "scancel", name)
		if left := slurm(t, "squeue", "--noheader", name); left != "" {
			t.Errorf("still there: %s", left)
		}
	})
}

func slurmUndisturbed(t *testing.T, c *slurmCase, want map[string]string) {
	c.finish(t, 4, want)
	logs := c.logs(t)
	if len(logs) != 5 || !strings.HasPrefix(logs["0002.log"], "the part of shard 2 of 4, ") {
		t.Errorf("logs: %q", logs)
	}
	c.finish(t, 0, want)
	if said := c.logs(t)["merge.log"]; !strings.Contains(said, "nothing has changed") {
		t.Errorf("merged again: %s", said)
	}
}

func slurmRequeued(t *testing.T, c *slurmCase, want map[string]string) {
	c.submitHeld(t)
	slurm(t, "scontrol", "requeue", c.array+"_1")
	c.settle(t)
	if task := slurm(t, "scontrol", "show", "job", c.array+"_1"); !strings.Contains(task, "Restarts=1 ") {
		t.Error(task)
	}
	c.same(t, want)
}

func slurmKilled(t *testing.T, c *slurmCase, want map[string]string) {
	c.submitHeld(t)
	redlinetest.Must(t, syscall.Kill(c.held(t), syscall.SIGKILL))
	c.failed(t, "FAILED")
	c.parts(t, "0000", "0002", "0003")
	c.finish(t, 1, want)
}

// A part that was made is damaged: its shard is submitted again.
func slurmDamaged(t *testing.T, c *slurmCase, want map[string]string) {
	c.finish(t, 4, want)
	redlinetest.Must(t, os.RemoveAll(c.out))
	part := filepath.Join(c.plan, "parts", "0002")
	text, err := os.ReadFile(part)
	redlinetest.Must(t, err)
	text[len(text)/2] ^= 1
	redlinetest.Must(t, os.WriteFile(part, text, 0o600))
	c.finish(t, 1, want)
}

// The time of a task ends, which its limit says in minutes, and its end by the second. Slurm refuses an end that is over
// when it hears of it.
func slurmOutOfTime(t *testing.T, c *slurmCase, want map[string]string) {
	c.submitHeld(t)
	slurm(t, "scontrol", "update", "JobId="+c.array+"_1", "EndTime=now+30")
	c.failed(t, "TIMEOUT")
	c.finish(t, 4-len(c.made(t)), want)
}

// What a task holds is more than it has asked for: the kernel kills it where Slurm works with cgroups, and its state
// says so. Slurm without cgroups ends it as failed. The log says why.
func slurmOutOfMemory(t *testing.T, c *slurmCase, want map[string]string) {
	if os.Getenv("GREENSHIELD_SLURM_CGROUPS") != "" {
		c.submit(t, "--hold", "--mem=2G").want(t, 0)
		slurm(t, "scontrol", "update", "JobId="+c.array+"_1", "MinMemoryNode=12")
		slurm(t, "scontrol", "release", c.array, c.merge)
		c.failed(t, "OUT_OF_MEMORY")
		state := slurm(t, "squeue", "--noheader", "--states=all", "--format=%T", "--jobs="+c.array+"_1")
		if said := c.logs(t)["0001.log"]; strings.TrimSpace(state) != "OUT_OF_MEMORY" || !strings.Contains(said, "oom") {
			t.Errorf("squeue says %s, the task %s", state, said)
		}
		c.parts(t, "0000", "0002", "0003")
		c.finish(t, 1, want)
		return
	}
	c.submitHeld(t, "--mem=8M")
	c.failed(t, "FAILED")
	if said := c.logs(t)["0001.log"]; !strings.Contains(said, "Exceeded job memory limit") {
		t.Errorf("the task says %s", said)
	}
	c.finish(t, 4-len(c.made(t)), want)
}

// A task that is cancelled is woken and told to end; it may be through before it is killed.
func slurmCancelled(t *testing.T, c *slurmCase, want map[string]string) {
	c.submitHeld(t)
	slurm(t, "scancel", c.array+"_1")
	c.failed(t, "CANCELLED")
	c.finish(t, 4-len(c.made(t)), want)
}

func slurmAllCancelled(t *testing.T, c *slurmCase, want map[string]string) {
	c.submitHeld(t)
	again := *c
	o := again.submit(t)
	name := regexp.MustCompile("--name=greenshield-[0-9a-f]{8}").FindString(o.stderr)
	if o.status != 1 || name == "" {
		t.Fatalf("%+v", o)
	}
	slurm(t, "scancel", name)
	c.settle(t)
	c.finish(t, 4-len(c.made(t)), want)
}

// The daemon of a node is gone, while the task on it is not: it goes on when another node has made its part.
func slurmNodeDown(t *testing.T, c *slurmCase, want map[string]string) {
	folder := os.Getenv("GREENSHIELD_SLURM")
	trace := c.submitHeld(t)
	node := strings.TrimSpace(slurm(t, "squeue", "--noheader", "--format=%N", "--jobs="+c.array+"_1"))
	var pid int
	text, err := os.ReadFile(filepath.Join(folder, "slurmd-"+node+".pid"))
	redlinetest.Must(t, err)
	_, err = fmt.Sscan(string(text), &pid)
	redlinetest.Must(t, err)
	redlinetest.Must(t, syscall.Kill(pid, syscall.SIGKILL))
	slurm(t, "scontrol", "update", "NodeName="+node, "State=DOWN", "Reason=test")
	c.settle(t)
	task := slurm(t, "scontrol", "show", "job", c.array+"_1")
	if !strings.Contains(task, "Restarts=1 ") || strings.Contains(task, " NodeList="+node) {
		t.Error(task)
	}
	mergedAsRun(t, contents(t, c.out), want)
	before := contents(t, filepath.Join(c.plan, "parts"))["0001"]
	redlinetest.Must(t, syscall.Kill(c.held(t), syscall.SIGCONT))
	for err == nil {
		_, err = trace.ReadString('\n')
	}
	if contents(t, filepath.Join(c.plan, "parts"))["0001"] != before {
		t.Error("what went on has made another part")
	}
	slurm(t, filepath.Join(folder, "slurmd"), node)
	slurm(t, "srun", "--quiet", "--nodelist="+node, "true")
	c.finish(t, 0, want)
}

// With a full disk even the logs stay empty; the exit status says what it was.
func slurmDiskFull(t *testing.T, c *slurmCase, want map[string]string) {
	disk := filepath.Dir(c.plan)
	moved := disk + " kept"
	redlinetest.Must(t, os.Rename(disk, moved))
	redlinetest.Must(t, os.Mkdir(disk, 0o700))
	if err := unix.Mount("none", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("no disk that could be full: mount: %v", err)
	}
	t.Cleanup(func() { redlinetest.Must(t, unix.Unmount(disk, 0)) })
	slurm(t, "cp", "-r", moved+"/.", disk)
	fill := filepath.Join(disk, "fill")
	if o := finish(t, exec.Command("dd", "if=/dev/zero", "of="+fill, "bs=4k")); !strings.Contains(o.stderr, "No space left") {
		t.Fatalf("%+v", o)
	}
	before := len(completed(t))
	if o := c.submit(t, "--wait"); o.status != 1 || !strings.Contains(o.stderr, "a job was refused or has failed") {
		t.Errorf("%+v", o)
	}
	full := 0
	for _, line := range completed(t)[before:] {
		if strings.Contains(line, " ExitCode=15:0") {
			full++
		}
	}
	if full != 4 {
		t.Errorf("%d tasks have ended with 15, want 4", full)
	}
	if c.parts(t); c.merge != "" {
		t.Error("the merge is submitted")
	}
	redlinetest.Must(t, os.Remove(fill))
	c.finish(t, 4, want)
}

// The merge finds a folder of somebody else in the place of the results.
func slurmMergeFails(t *testing.T, c *slurmCase, want map[string]string) {
	redlinetest.Must(t, os.MkdirAll(filepath.Join(c.out, "other"), 0o700))
	if o := c.submit(t, "--wait"); o.status != 1 {
		t.Errorf("%+v", o)
	}
	if states := c.ended(t); states["COMPLETED"] != 4 || states["FAILED"] != 1 {
		t.Errorf("%v", states)
	}
	if said := c.logs(t)["merge.log"]; !strings.Contains(said, c.out) {
		t.Errorf("the merge says %s", said)
	}
	redlinetest.Must(t, os.RemoveAll(c.out))
	c.finish(t, 0, want)
}

// The cluster of the tests is there in a folder with a long name and on ports of which one is taken, and all of it is
// gone when it is told to end, with a job that is at work.
func TestSlurmCluster(t *testing.T) {
	if os.Getenv("GREENSHIELD_SLURM") == "" {
		t.Skip("no Slurm; make test-slurm starts one")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	redlinetest.Must(t, err)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	python, err := exec.LookPath("python3")
	redlinetest.Must(t, err)
	bin, long := t.TempDir(), filepath.Join(t.TempDir(), strings.Repeat("l", 100))
	redlinetest.Must(t, os.Mkdir(long, 0o700))
	writeText(t, filepath.Join(bin, "python3"), "#!/bin/sh\n"+python+" \"$@\" | if mkdir \"$0.begun\" 2>/dev/null\n"+
		"then sed 's/[0-9]*$/"+port+"/'; else cat; fi\n")
	redlinetest.Must(t, os.Chmod(filepath.Join(bin, "python3"), 0o700))
	cmd := exec.Command("../../.ci/slurm", "sh", "-c",
		`srun true && sbatch --output=/dev/null --wrap='echo $GREENSHIELD_SLURM >there; sleep infinity' && sleep infinity`)
	cmd.Env = append(os.Environ(), "TMPDIR="+long, "PATH="+bin+":"+os.Getenv("PATH"))
	there := filepath.Join(t.TempDir(), "there")
	redlinetest.Must(t, unix.Mkfifo(there, 0o600))
	cmd.Args[3] = strings.Replace(cmd.Args[3], ">there", ">"+there, 1)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	redlinetest.Must(t, cmd.Start())
	text, err := os.ReadFile(there)
	redlinetest.Must(t, err)
	redlinetest.Must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 143 || !strings.Contains(said.String(), "Address already in use") {
		t.Errorf("%v: %s", err, said.String())
	}
	folder := strings.TrimSpace(string(text))
	if _, err := os.Lstat(folder); !os.IsNotExist(err) || len(folder) > 60 {
		t.Errorf("the folder %s: %v", folder, err)
	}
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	redlinetest.Must(t, err)
	for _, path := range paths {
		if env, _ := os.ReadFile(path); strings.Contains(string(env), folder) {
			t.Errorf("%s is still at work", path)
		}
	}
}
