package dispatch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// must fails when something that has nothing to do with the test went wrong.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write writes a file, and folders for it.
func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(text), 0o700))
}

// slurmPlan is a folder like that of a plan, and commands in the place of Slurm's that write down their arguments.
type slurmPlan struct{ folder, bin, calls string }

// newSlurmPlan makes the scripts of a plan, of which a program says that these shards are missing.
func newSlurmPlan(t *testing.T, name string, shards int, missing ...int) *slurmPlan {
	t.Helper()
	dir := t.TempDir()
	p := &slurmPlan{filepath.Join(dir, name), filepath.Join(dir, "bin"), filepath.Join(dir, "calls")}
	write(t, filepath.Join(p.folder, "plan.json"), "abc")
	program := filepath.Join(p.bin, "it's greenshield")
	write(t, program, "#!/bin/sh\n[ \"$*\" = \"shard $EXPECTED --missing\" ] || exit 10\nprintf '%s' '"+
		strings.Trim(strings.ReplaceAll(fmt.Sprint(missing), " ", "\n"), "[]")+"'\n")
	for file, text := range (&Slurm{Program: program, Shards: shards, MaxMemory: 2 << 30}).Files() {
		write(t, filepath.Join(p.folder, file), text)
	}
	write(t, filepath.Join(p.bin, "squeue"), "#!/bin/sh\n")
	p.limit(t, "1001")
	write(t, filepath.Join(p.bin, "sbatch"), "#!/bin/sh\nprintf '%s\\n' \"$*\" >>'"+p.calls+"'\n"+
		"grep -c . '"+p.calls+"'\n")
	return p
}

// limit has Slurm say that it takes arrays whose numbers are below a limit.
func (p *slurmPlan) limit(t *testing.T, limit string) {
	t.Helper()
	write(t, filepath.Join(p.bin, "scontrol"), "#!/bin/sh\n[ \"$*\" = 'show config' ] || exit 1\n"+
		"printf 'MailProg                = /bin/mail\nMaxArraySize            = "+limit+"\n'\n")
}

// submit runs submit.sh from another folder.
func (p *slurmPlan) submit(t *testing.T, args ...string) (said string, calls []string, err error) {
	t.Helper()
	cmd := exec.Command(filepath.Join(p.folder, "slurm", "submit.sh"), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+p.bin+":"+os.Getenv("PATH"), "CDPATH=/:"+cmd.Dir, "EXPECTED="+p.folder)
	out, err := cmd.CombinedOutput()
	text, _ := os.ReadFile(p.calls)
	return string(out), strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}

// What is missing is submitted, and nothing else, in arrays whose numbers are below a thousand, or a hundred or ten where
// Slurm takes no others; the merge waits for them.
func TestSubmit(t *testing.T) {
	const hash = "ba7816bf" // begin of the SHA-256 of abc
	for name, c := range map[string]struct {
		shards  int
		missing []int
		limit   string
		arrays  []string // tasks, log and number of task 0
		said    []string
	}{
		"first": {3, []int{0, 1, 2}, "1001", []string{"0,1,2 0%3a 0"}, []string{"job 1: shards 3 of 3", "job 2: merge"}},
		"some of them": {2000, []int{7, 70, 100, 999, 1000, 1010}, "4000001", []string{"7,70,100,999 0%3a 0", "0,10 1%3a 1000"},
			[]string{"job 1: shards 4 of 2000", "job 2: shards 2 of 2000", "job 3: merge"}},
		"a limit": {2000, []int{7, 70, 100, 1899}, "1000", []string{"7,70,100 0%3a 0", "899 1%3a 1000"},
			[]string{"job 1: shards 3 of 2000", "job 2: shards 1 of 2000", "job 3: merge"}},
		"hundreds": {2000, []int{0, 99, 808, 1000}, "999", []string{"0,99 00%2a 0", "8 08%2a 800", "0 10%2a 1000"},
			[]string{"job 1: shards 2 of 2000", "job 2: shards 1 of 2000", "job 3: shards 1 of 2000", "job 4: merge"}},
		"tens": {100, []int{9, 10, 19}, "10", []string{"9 000%1a 0", "0,9 001%1a 10"},
			[]string{"job 1: shards 1 of 100", "job 2: shards 2 of 100", "job 3: merge"}},
		"the last": {10000, []int{9999}, "1001", []string{"999 9%3a 9000"}, []string{"job 1: shards 1 of 10000", "job 2: merge"}},
		"none":     {2, nil, "1001", nil, []string{"job 1: merge"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newSlurmPlan(t, "计划 50%a", c.shards, c.missing...)
			p.limit(t, c.limit)
			logs := strings.ReplaceAll(p.folder, "%", "%%") + "/slurm/logs/"
			begin := "--parsable --job-name=greenshield-" + hash + " --chdir=" + p.folder + " --output=" + logs
			var want []string
			depends := ""
			for i, a := range c.arrays {
				f := strings.Fields(a)
				want = append(want, fmt.Sprintf("%s%s.log --array=%s --time=1:00:00 -A x y %s/slurm/array.sbatch %s %s", begin,
					f[1], f[0], p.folder, p.folder, f[2]))
				depends += fmt.Sprintf(":%d", i+1)
			}
			if depends != "" {
				depends = "--dependency=afterok" + depends + " --kill-on-invalid-dep=yes "
			}
			want = append(want, begin+"merge.log "+depends+"--time=1:00:00 -A x y "+p.folder+"/slurm/merge.sbatch "+p.folder)
			said, calls, err := p.submit(t, "--time=1:00:00", "-A", "x y")
			if must(t, err); !slices.Equal(calls, want) {
				t.Errorf("it submits\n%s, want\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
			}
			end := "watch them by squeue --name=greenshield-" + hash + ", read " + p.folder + "/slurm/logs\n"
			if said != strings.Join(c.said, "\n")+"\n"+end {
				t.Errorf("it says %s", said)
			}
			if _, err := os.Stat(p.folder + "/slurm/logs"); err != nil {
				t.Error(err)
			}
		})
	}
}

// What cannot be submitted is said, with status 1, and the merge is not submitted without its shards.
func TestSubmitRefused(t *testing.T) {
	for name, c := range map[string]struct {
		folder, command, script, want string
	}{
		"still there": {"p", "squeue", `echo "$*" | grep -q -- --name=greenshield-ba7816bf && echo '7_1 (PENDING, Priority)'`,
			"jobs of this plan are still there; wait for them, or end them by scancel --name=greenshield-ba7816bf:\n7_1 (PENDING"},
		"no controller": {"p", "squeue", "echo 'unable to contact'; exit 1", "squeue does not answer; nothing is submitted"},
		"refused": {"p", "sbatch", "echo no partition >&2; exit 1",
			"no partition\nsubmit.sh: a job was refused or has failed: see above, and "},
		"backslash": {`a\nb`, "true", "", `move the plan to another folder: /`},
		"no arrays": {"p", "scontrol", "echo 'MaxArraySize = 0'", "Slurm takes no arrays: MaxArraySize is '0'"},
		"another version": {"p", "it's greenshield", "echo 'it was made by greenshield 1' >&2; exit 13",
			"it was made by greenshield 1\nsubmit.sh: what is missing cannot be told; nothing is submitted"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newSlurmPlan(t, c.folder, 3, 1)
			write(t, filepath.Join(p.bin, c.command), "#!/bin/sh\n"+c.script+"\n")
			said, calls, err := p.submit(t)
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(said, c.want) {
				t.Errorf("%v: %s", err, said)
			}
			if !slices.Equal(calls, []string{""}) {
				t.Errorf("it submits %q", calls)
			}
		})
	}
}

// An array that is refused after another one stops all that would come behind it.
func TestSubmitRefusedHalfway(t *testing.T) {
	p := newSlurmPlan(t, "p", 3000, 0, 1000, 2000)
	write(t, filepath.Join(p.bin, "sbatch"), "#!/bin/sh\necho \"$*\" >>'"+p.calls+"'\n"+
		"[ \"$(grep -c . '"+p.calls+"')\" = 1 ] && echo 7 || { echo limit >&2; exit 1; }\n")
	said, calls, err := p.submit(t)
	if err == nil || len(calls) != 2 || !strings.HasPrefix(said, "job 7: shards 1 of 3000\nlimit\nsubmit.sh: a job was refused") {
		t.Errorf("%v, %q: %s", err, calls, said)
	}
}

// A task runs the shard of its number and of its thousand with the processors that it has.
func TestArrayTask(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "it's $HOME `x` \\n \"绿盾\"")
	write(t, program, "#!/bin/sh\nprintf '<%s>' \"$@\"\n")
	files := (&Slurm{Program: program, Shards: 1500, MaxMemory: 1<<30 + 1}).Files()
	for name, want := range map[string]string{
		"slurm/array.sbatch": "<shard><计划 $x><1042><--workers><3><--quiet>",
		"slurm/merge.sbatch": "<merge><计划 $x><--workers><3><--quiet>",
	} {
		script := filepath.Join(dir, filepath.Base(name))
		write(t, script, files[name])
		cmd := exec.Command("sh", script, "计划 $x", "1000")
		cmd.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID=42", "SLURM_CPUS_ON_NODE=3")
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%s: %v, %s, want %s", name, err, out, want)
		}
		if !strings.Contains(files[name], "\n#SBATCH --mem=3073M\n") {
			t.Errorf("%s asks for another memory:\n%s", name, files[name])
		}
	}
	if len(files) != 3 {
		t.Errorf("%d files", len(files))
	}
}
