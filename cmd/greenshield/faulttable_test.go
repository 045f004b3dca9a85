package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// catalogue counts the known faults of each kind: rasters, layers (vector), job, output,
// resources (memory), numbers, every year.
var catalogue = []struct {
	letter string
	rows   int
}{{"R", 53}, {"V", 49}, {"C", 15}, {"O", 19}, {"M", 8}, {"N", 16}, {"Y", 14}}

// TestFaultTable holds FAULTS.md against the catalogue and against the tests that are
// there: each fault has a row, no cell is empty, and each test that a row names
// exists. That its subtests exist, and pass, is seen where all are run: .ci/torture.
func TestFaultTable(t *testing.T) {
	table, err := os.ReadFile("FAULTS.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			var text []byte
			text, err = os.ReadFile(path)
			tests.Write(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range faultTableProblems(string(table), tests.String()) {
		t.Error(problem)
	}
}

var faultRow = regexp.MustCompile(`^\| *([A-Z]\d\d|settings)\b([^|]*)\|([^|]*)\|([^|]*)\|$`)

// faultTableProblems judges a table by the text of all test files.
func faultTableProblems(table, tests string) (problems []string) {
	seen := map[string]bool{}
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| fault") || strings.HasPrefix(line, "|---") {
			continue
		}
		row := faultRow.FindStringSubmatch(line)
		if row == nil {
			problems = append(problems, "not a row: "+line)
			continue
		}
		id := row[1]
		seen[id] = true
		for _, cell := range row[2:] {
			if strings.TrimSpace(cell) == "" {
				problems = append(problems, id+" has an empty cell")
			}
		}
		if reason, none := strings.CutPrefix(strings.TrimSpace(row[4]), "n/a:"); none {
			if strings.TrimSpace(reason) == "" {
				problems = append(problems, id+" has no reason")
			}
			continue
		}
		for name := range strings.SplitSeq(row[4], "; ") {
			function, _, _ := strings.Cut(strings.TrimSpace(name), "/")
			if !strings.HasPrefix(function, "Test") || !strings.Contains(tests, "\nfunc "+function+"(t *testing.T)") {
				problems = append(problems, fmt.Sprintf("%s: there is no test %q", id, function))
			}
		}
	}
	for _, kind := range catalogue {
		for n := 1; n <= kind.rows; n++ {
			if id := fmt.Sprintf("%s%02d", kind.letter, n); !seen[id] {
				problems = append(problems, id+" is missing")
			}
		}
	}
	return problems
}

func TestFaultTableIsJudged(t *testing.T) {
	full := ""
	for _, kind := range catalogue {
		for n := 1; n <= kind.rows; n++ {
			full += fmt.Sprintf("| %s%02d | refused | TestA/sub |\n", kind.letter, n)
		}
	}
	full = strings.ReplaceAll(full, " | refused", " fault | refused")
	const tests = "\nfunc TestA(t *testing.T) {\nt.Run(\"sub\""
	if got := faultTableProblems(full, tests); got != nil {
		t.Errorf("a good table: %v", got)
	}
	for old, bad := range map[string]string{
		"| R07 fault | refused | TestA/sub |\n": "",
		"| V01 fault | refused |":               "| V01 fault | |",
		"| M03 fault | refused | TestA/sub |":   "| M03 fault | refused | TestB |",
		"| O11 fault | refused | TestA/sub |":   "| O11 | refused | TestA; other |",
		"| N02 fault | refused | TestA/sub |":   "| N02 fault | n/a | n/a: |",
		"| C12 fault |":                         "| C12 fault |  | x |",
		"| C11 fault |":                         "| C10 fault |",
	} {
		if got := faultTableProblems(strings.Replace(full, old, bad, 1), tests); got == nil {
			t.Errorf("nothing is seen when %q becomes %q", old, bad)
		}
	}
}
