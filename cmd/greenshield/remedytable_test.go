package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestRemedyTable holds REMEDIES.md against the messages of the program and against the tests that are there: each
// remedy of a message has a row, each row is of a message, no cell is empty, and each test that a row names exists.
func TestRemedyTable(t *testing.T) {
	table, err := os.ReadFile("REMEDIES.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	var messages []string
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "testdata"):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			tests.Write(text)
			return err
		case strings.HasSuffix(path, ".go"):
			found, err := texts(path)
			messages = append(messages, found...)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) < 100 {
		t.Fatalf("only %d texts were found", len(messages))
	}
	for _, problem := range remedyTableProblems(string(table), messages, tests.String()) {
		t.Error(problem)
	}
}

// texts returns the texts of a source file, those that + joins as one.
func texts(path string) (all []string, err error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return nil, err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		if e, ok := n.(ast.Expr); ok {
			if s, ok := joined(e); ok {
				all = append(all, s)
				return false
			}
		}
		return true
	})
	return all, nil
}

// joined returns the text of an expression of string literals; … stands for what else is joined to them.
func joined(e ast.Expr) (s string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		a, okA := joined(e.X)
		b, okB := joined(e.Y)
		if e.Op != token.ADD || !okA && !okB {
			return "", false
		}
		for _, part := range []*string{&a, &b} {
			if *part == "" {
				*part = "…"
			}
		}
		return a + b, true
	case *ast.ParenExpr:
		return joined(e.X)
	}
	return "", false
}

// A text tells to do something when it names a command or an option, or when such a verb begins one of its parts.
var tellsToDo = regexp.MustCompile(`gdal_?[a-z]+ -|ogr2ogr |apt install|ulimit|--[a-z]|` +
	`(?:[;,:] |, or |^|if so, )(?:say|name|copy|make|raise|lower|lift|correct|remove|write|state|map|bring|close|rename|unpack|export|` +
	`save|download|reinstall|move|cut|split|allow|add|extend|check|fill|indent|keep|wait|create|start|run|get|give|store|` +
	`find|compare|leave|choose|drop|set) [a-zA-Z0-9]`)

// These are no messages about a fault but help and internal texts: they have several lines, or say what there is.
var noMessage = regexp.MustCompile(`(?s)\n.|^(?:Read and judge all inputs|%w; see %s --help$|remove all$|cut UTF-8$|name of (?:a )?field|Use "|` +
	`bring after onto before's grid when|map of a year (?:between the two|after both), which|by how many years the maps|--tile: |--years: …$|` +
	`  greenshield |[a-z]+ (?:FILE|RUN|JOB\.yaml|\[CASE)|say what would be written|nothing was written \(--dry-run\)|--overdue: %w|add takes one folder|` +
	`--%s: unknown code )`)

var remedyRow = regexp.MustCompile(`^\| ([^|]+) \| ([^|]+) \|$`)

// remedyTableProblems judges a table by the texts of the program and the text of all test files.
func remedyTableProblems(table string, messages []string, tests string) (problems []string) {
	var remedies []string
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| what a message") || strings.HasPrefix(line, "|---") {
			continue
		}
		row := remedyRow.FindStringSubmatch(line)
		if row == nil {
			problems = append(problems, "not a row: "+line)
			continue
		}
		remedy := strings.ReplaceAll(strings.TrimSpace(row[1]), "¦", "|")
		remedies = append(remedies, remedy)
		if reason, none := strings.CutPrefix(strings.TrimSpace(row[2]), "n/a:"); none {
			if strings.TrimSpace(reason) == "" {
				problems = append(problems, remedy+": has no reason")
			}
			continue
		}
		for name := range strings.SplitSeq(row[2], "; ") {
			function, sub, _ := strings.Cut(strings.TrimSpace(name), "/")
			if !strings.HasPrefix(function, "Test") || !strings.Contains(tests, "\nfunc "+function+"(t *testing.T)") {
				problems = append(problems, fmt.Sprintf("%s: there is no test %q", remedy, function))
			}
			if sub != "" && !strings.Contains(tests, `"`+strings.ReplaceAll(sub, "_", " ")+`"`) && !strings.Contains(tests, `"`+sub+`"`) {
				problems = append(problems, fmt.Sprintf("%s: there is no subtest %q", remedy, sub))
			}
		}
	}
	used := map[string]bool{}
	for _, message := range messages {
		if !tellsToDo.MatchString(message) || noMessage.MatchString(message) || !strings.Contains(message, " ") {
			continue
		}
		known := false
		for _, remedy := range remedies {
			if strings.Contains(message, remedy) {
				known, used[remedy] = true, true
			}
		}
		if !known {
			problems = append(problems, fmt.Sprintf("no row for %q", message))
		}
	}
	for _, remedy := range remedies {
		if !used[remedy] {
			problems = append(problems, fmt.Sprintf("no message says %q", remedy))
		}
	}
	return problems
}

func TestRemedyTableIsJudged(t *testing.T) {
	const good = "| what a message tells to do | test |\n|---|---|\n| say --align | TestA/sub |\n| copy it again | n/a: nothing to run |\n"
	messages := []string{"grids differ; say --align to align", "%s: empty file; copy it again", "nothing to do here"}
	const tests = "\nfunc TestA(t *testing.T) {\nt.Run(\"sub\""
	if got := remedyTableProblems(good, messages, tests); got != nil {
		t.Errorf("a good table: %v", got)
	}
	for _, bad := range []struct {
		table    string
		messages []string
	}{
		{strings.Replace(good, "TestA/sub", "TestB", 1), messages},
		{strings.Replace(good, "TestA/sub", "TestA/other", 1), messages},
		{strings.Replace(good, "TestA/sub", "", 1), messages},
		{strings.Replace(good, "nothing to run", "", 1), messages},
		{good + "| never said | TestA |\n", messages},
		{good, append(messages, "too large; split it in two")},
		{good, append(messages, "wrong encoding; say --encoding NAME")},
		{good, append(messages, "use `gdal_translate -ot Byte`")},
	} {
		if remedyTableProblems(bad.table, bad.messages, tests) == nil {
			t.Errorf("nothing is seen in %q, %q", bad.table, bad.messages[len(bad.messages)-1])
		}
	}
}
