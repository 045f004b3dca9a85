package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"greenshield/seeds"
)

// said returns the standard output of a command line that ends well.
func said(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := execute(args, &stdout, &stderr); status != 0 {
		t.Fatalf("%v: status %d, %s", args, status, stderr.String())
	}
	return stdout.String()
}

// TestVersionFlag: the flag prints what the command prints.
func TestVersionFlag(t *testing.T) {
	if flag, command := said(t, "--version"), said(t, "version"); flag != command || strings.Count(command, "\n") != 5 {
		t.Errorf("--version prints %q, version %q", flag, command)
	}
}

// TestCompletion: a script for each shell, which asks the program itself; and what the program answers.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := said(t, "completion", shell)
		if !strings.HasPrefix(script, "#") || !strings.Contains(script, shell+" completion") ||
			!strings.Contains(script, "__complete") {
			t.Errorf("the script for %s is %.200q", shell, script)
		}
		if shell == "bash" {
			check := exec.Command("bash", "-n")
			check.Stdin = strings.NewReader(script)
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("bash: %v, %s", err, out)
			}
		}
	}
	for _, c := range []struct {
		line string
		want []string
	}{
		{"run |", []string{"yaml", "yml", ":8"}},
		{"check |", []string{"yaml", "yml", ":8"}},
		{"run job.yaml |", []string{":4"}},
		{"run --legend |", append(slices.Clone(seeds.Legends()), ":0")},
		{"run --after-legend |", append(slices.Clone(seeds.Legends()), ":0")},
		{"run --rules |", append(slices.Clone(seeds.RuleTables()), ":0")},
		{"legends |", append(slices.Clone(seeds.Legends()), ":4")},
		{"legends clcd |", []string{":4"}},
		{"priority |", []string{"simple", ":0"}},
		{"priority simple |", []string{":4"}},
		{"completion |", []string{"bash", "zsh", "fish", ":4"}},
		{"demo |", []string{":16"}},
		{"man |", []string{":16"}},
		{"man x |", []string{":4"}},
		{"ch|", []string{"check\tRead and judge all inputs, write nothing", ":4"}},
		{"run --til|", []string{":4"}}, // which is hidden
	} {
		args := strings.Fields("__complete " + strings.ReplaceAll(c.line, "|", "\x00"))
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "\x00", "")
		}
		got := strings.Split(strings.TrimSpace(said(t, args...)), "\n")
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
}

// TestManPages: each command has a page that has all of its help, and only macros of man(7).
func TestManPages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "man1")
	for range 2 { // pages that are there are replaced
		if out := said(t, "man", dir); out != "" {
			t.Errorf("stdout is %q", out)
		}
	}
	pages := contents(t, dir)
	p := &program{stdout: &results{w: io.Discard}, stderr: io.Discard}
	root := p.rootCommand()
	commands := append(root.Commands(), root)
	for _, c := range root.Commands() {
		commands = append(commands, c.Commands()...)
	}
	if len(pages) != len(commands) || len(commands) != 40 {
		t.Errorf("%d pages of %d commands", len(pages), len(commands))
	}
	control := regexp.MustCompile(`^\.(TH |SH [A-Z]|(PP|TP|nf|fi)$)`)
	for _, c := range commands {
		page := pages[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"]
		for line := range strings.Lines(page) {
			if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, ".") && !control.MatchString(line) ||
				strings.HasPrefix(line, "'") {
				t.Errorf("%s: %q would not be shown", c.Name(), line)
			}
		}
		shown := bare(regexp.MustCompile(`(?m)^\.\S+`).ReplaceAllString(page, ""))
		texts := []string{c.Short, c.Long, c.Example, c.UseLine(), "greenshield " + release, "-h, --help"}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden {
				if strings.Contains(shown, bare("--"+f.Name)) {
					t.Errorf("%s: --%s is hidden, the page shows it", c.Name(), f.Name)
				}
				return
			}
			arg, usage := pflag.UnquoteUsage(f)
			texts = append(texts, "--"+f.Name+arg+usage, f.DefValue)
		})
		for _, text := range texts {
			if f := bare(text); f != "false" && !strings.Contains(shown, f) {
				t.Errorf("%s: the page lacks %q", c.Name(), text)
			}
		}
	}
}

// bare returns the text that man shows of a page, or a plain text, without blanks.
func bare(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(`\fB`, "", `\fI`, "", `\fR`, "", `\-`, "-", `\(aq`, "'",
		`\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\&`, "", `\e`, `\`).Replace(text)), "")
}

// TestRoff: what man would take for itself is escaped.
func TestRoff(t *testing.T) {
	for text, want := range map[string]string{
		`a\nb`: `a\enb`, "--out": `\-\-out`, "'x'": `\(aqx\(aq`, ".x": `\&.x`, "~/`a`^": "\\(ti/\\(gaa\\(ga\\(ha",
	} {
		if got := roff(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	got := roffText("one\ntwo\n\nA HEAD\n  as  it is\n\n  again\nthree\n")
	want := "one\ntwo\n.SH A HEAD\n.nf\n  as  it is\n.fi\n.PP\n.nf\n  again\n.fi\nthree\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestLinks: what the documents link to is there, files and headings.
func TestLinks(t *testing.T) {
	links := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{"node_modules", "out", ".git"}, d.Name()) {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		n, broken := brokenLinks(path, string(text))
		links += n
		for _, link := range broken {
			t.Errorf("%s: %s is not there", path, link)
		}
		return err
	})
	if err != nil || links < 50 {
		t.Errorf("%d links, %v", links, err)
	}
	if n, broken := brokenLinks("../../README.md", "[a](INSTALL.md#upgrading) [b](NONE.md) [c](INSTALL.md#none) "+
		"[d](#here) [e](#there) [f](https://example.com/#x)\n# Here\n"); n != 5 ||
		!slices.Equal(broken, []string{"NONE.md", "INSTALL.md#none", "#there"}) {
		t.Errorf("of %d links, broken are %q", n, broken)
	}
}

var (
	linkPattern = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headPattern = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// brokenLinks counts the links of a document to files, or to headings of files, and returns those that lead nowhere.
func brokenLinks(path, text string) (links int, broken []string) {
	for _, m := range linkPattern.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		links++
		file, anchor, _ := strings.Cut(m[1], "#")
		target := text
		if file != "" {
			content, err := os.ReadFile(filepath.Join(filepath.Dir(path), file))
			info, statErr := os.Stat(filepath.Join(filepath.Dir(path), file))
			if err != nil && (statErr != nil || !info.IsDir()) {
				broken = append(broken, m[1])
				continue
			}
			target = string(content)
		}
		found := anchor == ""
		for _, head := range headPattern.FindAllStringSubmatch(target, -1) {
			name := strings.ToLower(notInAnchor.ReplaceAllString(linkPattern.ReplaceAllString(head[1], ""), ""))
			found = found || strings.ReplaceAll(name, " ", "-") == anchor
		}
		if !found {
			broken = append(broken, m[1])
		}
	}
	return links, broken
}
