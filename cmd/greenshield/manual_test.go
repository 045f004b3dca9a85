package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"greenshield/redline/record"
)

// block is a fenced block of a document.
type block struct{ language, text string }

var fence = regexp.MustCompile("(?ms)^( *)```([a-z]*)\n(.*?)^ *```$")

func blocks(t *testing.T, document string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", document))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		all = append(all, block{m[2], strings.ReplaceAll("\n"+m[3], "\n"+m[1], "\n")[1:]})
	}
	return all
}

// tried is a document whose blocks are tried in a folder in their order: sh is run, text has lines of what the last one
// printed, yaml is the job file. A server is stopped once it says that it serves, and takes any free port.
type tried struct {
	folder
	path    string // of programs
	printed string
	ran     int
}

func newTried(t *testing.T) *tried {
	t.Helper()
	programs := t.TempDir()
	f := folder{t, t.TempDir()}
	f.check(os.Symlink(binary, filepath.Join(programs, "greenshield")))
	return &tried{folder: f, path: programs + ":" + os.Getenv("PATH")}
}

func (d *tried) try(b block) {
	d.t.Helper()
	switch b.language {
	case "sh":
		if strings.Contains(b.text, "greenshield serve ") {
			d.serve(b.text)
			return
		}
		cmd := d.shell(b.text)
		out, err := cmd.CombinedOutput()
		if err != nil {
			d.t.Fatalf("%s%v\n%s", b.text, err, out)
		}
		d.printed = string(out)
		d.ran++
	case "text":
		for _, line := range unprinted(b.text, d.printed) {
			d.t.Errorf("%q is not printed:\n%s", line, d.printed)
		}
	case "yaml":
		d.check(os.WriteFile(d.folder.path("job.yaml"), []byte(b.text), 0o666))
	}
}

func (d *tried) shell(text string) *exec.Cmd {
	cmd := exec.Command("sh", "-ec", text)
	cmd.Dir, cmd.Env = d.dir, []string{"PATH=" + d.path}
	return cmd
}

// serve starts a server, the last command of a block, and stops it.
func (d *tried) serve(text string) {
	d.t.Helper()
	text = strings.Replace(text, "greenshield serve ", "exec greenshield serve --listen 127.0.0.1:0 ", 1)
	cmd := d.shell(text)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	d.check(err)
	d.check(cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "serving at http://127.0.0.1:") {
	}
	if lines.Text() == "" {
		d.t.Errorf("%sserves nothing", text)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may be gone
	if err := cmd.Wait(); err != nil {
		d.t.Errorf("%s%v\n%s", text, err, log.String())
	}
	d.ran++
}

// unprinted returns the lines of a text that do not begin a line of what was printed.
func unprinted(text, printed string) (lines []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); !strings.Contains("\n"+printed, "\n"+line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestManual does what the manual tells to do, one command after the other, on the sample; a reviewer judges a
// candidate before the verdicts are returned.
func TestManual(t *testing.T) {
	d := newTried(t)
	for _, b := range blocks(t, "MANUAL.zh-CN.md") {
		if b.language == "sh" && strings.HasPrefix(b.text, "ogr2ogr ") {
			d.try(block{"sh", `ogrinfo -q myjob/review/review.gpkg -dialect sqlite -sql "UPDATE candidates
				SET verdict = 'confirmed', reviewer = '张三' WHERE cand_id = (SELECT MIN(cand_id) FROM candidates)"`})
		}
		d.try(b)
	}
	if d.ran < 10 {
		t.Errorf("only %d blocks of commands were run", d.ran)
	}
	verdicts := table(t, filepath.Join(d.dir, "verdicts.csv"))
	if len(verdicts) != 1 || verdicts[0]["verdict"] != "confirmed" || verdicts[0]["reviewer"] != "张三" ||
		verdicts[0]["cand_id"] == "" {
		t.Errorf("the verdicts are %v", verdicts)
	}
	for verdict, n := range map[string]int{"confirmed": 1, "unreviewed": 350} {
		if count := fmt.Sprintf("verdict (String) = %s\n  n (Integer) = %d\n", verdict, n); !strings.Contains(d.printed, count) {
			t.Errorf("no %q in\n%s", count, d.printed)
		}
	}
	if got := unprinted("b\nc d\n", "a b\nc d e\n"); !slices.Equal(got, []string{"b"}) {
		t.Errorf("not printed are %q", got)
	}
}

// Both README files name the two commands that a newcomer needs, and the Makefile has them.
func TestReadmeCommands(t *testing.T) {
	read := func(file string) string {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	makefile := read("Makefile")
	for _, target := range []string{"demo", "test"} {
		if !strings.Contains(makefile, "\n"+target+": ") {
			t.Errorf("the Makefile has no target %s", target)
		}
		for _, document := range []string{"README.md", "README.zh-CN.md"} {
			if !strings.Contains(read(document), "`make "+target+"`") {
				t.Errorf("%s does not name make %s", document, target)
			}
		}
	}
}

// TestReadmeJobs does what the README files tell to do; the user's own data are those of the sample.
func TestReadmeJobs(t *testing.T) {
	for _, document := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(document, func(t *testing.T) {
			d := newTried(t)
			d.try(block{"sh", "greenshield demo sample"})
			d.try(block{"sh", "cp sample/redline.gpkg sample/reserves.* sample/counties.geojson ."})
			d.try(block{"sh", "for y in 2015 2020; do cp sample/lc$y.tif CLCD_$y.tif; done && rm -r sample"})
			for _, b := range blocks(t, document) {
				d.try(b)
			}
			d.try(block{"sh", "greenshield check job.yaml && greenshield run job.yaml --out whole --formats geojson"})
			d.try(block{"text", "351 candidates, 970.79 ha: 76 critical, 147 serious, 111 medium, 17 notice"})
		})
	}
}

// TestDocumentedCommands: the commands of the program that documents show are such as it takes.
func TestDocumentedCommands(t *testing.T) {
	shown := 0
	for _, document := range []string{"README.md", "README.zh-CN.md", "MANUAL.zh-CN.md", "INSTALL.md", serveReadme,
		examplesReadme} {
		for _, b := range blocks(t, document) {
			if b.language != "sh" {
				continue
			}
			for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", " ")) {
				n, err := takes(line)
				if shown += n; err != nil {
					t.Errorf("%s: %s: %v", document, strings.TrimSpace(line), err)
				}
			}
		}
	}
	if shown < 15 {
		t.Errorf("only %d commands are shown", shown)
	}
	for _, wrong := range []string{
		"greenshield run --min-ara 4cells", "greenshield rum job.yaml", "sudo greenshield run job.yaml --out",
	} {
		if n, err := takes(wrong); n != 1 || err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

// TestFormatNumbers: the numbers of the formats stand where a user who upgrades looks.
func TestFormatNumbers(t *testing.T) {
	text, err := os.ReadFile("../../INSTALL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		fmt.Sprintf("| the folder of a run | `\"format\"` in `manifest.json` | %d |\n", record.Format),
		fmt.Sprintf("| the diagnosis | `\"format\"` in the output of `check --json` | %d |\n", checkFormat),
	} {
		if !strings.Contains(string(text), row) {
			t.Errorf("INSTALL.md lacks %s", row)
		}
	}
}

var words = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s|&;]+|[|&;]`)

// takes counts the commands of the program in a line of a shell script, and returns why one of them is not taken.
func takes(line string) (commands int, err error) {
	line, _, _ = strings.Cut(line, " # ")
	all := words.FindAllString(line, -1)
	for i, word := range all {
		ahead := i == 0 || slices.Contains([]string{"sudo", "&", "|", ";"}, all[i-1])
		if !ahead || filepath.Base(word) != "greenshield" {
			continue
		}
		commands++
		end := len(all)
		for k := i + 1; k < len(all); k++ {
			if strings.Contains("|&;", all[k]) {
				end = k
				break
			}
		}
		var args []string
		for _, w := range all[i+1 : end] {
			if !strings.Contains(w, ">") {
				args = append(args, strings.Trim(w, `'"`))
			}
		}
		p := &program{stdout: &results{w: io.Discard}, stderr: io.Discard}
		var found *cobra.Command
		found, args, err = p.rootCommand().Find(args)
		if err == nil {
			err = found.ParseFlags(args)
		}
		if err == nil && found.Name() == "greenshield" && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			err = fmt.Errorf("there is no command %s", args[0])
		}
		if err != nil {
			return commands, err
		}
	}
	return commands, nil
}
