package language

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// spoken are the functions whose texts are made for people, if they hold a word.
var spoken = names(`Errorf errors.New Faultf fail fault addFault refuse warn warnOfUnknownFields failed differ counted
	Say Word line header plural`)

// unspoken are functions whose texts are for GDAL, PROJ, SQLite or other parts of the program.
var unspoken = names(`Contains HasPrefix MustCompile ask parameter translate warp Mend MendFrom ReadTable`)

// unsaid are texts that look like messages but are none.
var unsaid = names2(
	"VRTDataset", "VRTRasterBand", "SourceFilename", // elements of a VRT
	"completion bash|zsh|fish", // the use of a command
)

// files are packages whose texts stand in files that a run writes, so that only their errors are messages.
var files = names(`redline/findings redline/geopackage redline/ledgergpkg redline/ledgerpg redline/page redline/qgis redline/review
	redline/scene redline/scene/gdalscene redline/sheets seeds`)

// answering are packages whose texts are sent to those who ask over HTTP, where pages put them into words of their own.
// Their faults alone are for the terminal.
const answering = "redline/service"

// untranslated are packages whose messages have no translation yet. There are none; whoever must leave one out for a
// while adds it here, and only here.
var untranslated = names(``)

func names(list string) map[string]bool { return names2(strings.Fields(list)...) }

func names2(list ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range list {
		set[name] = true
	}
	return set
}

// literal is a text of the source; what is no constant in it stands as %s.
type literal struct {
	text, in string // in is the function that is given it, "" for none
	place    string
}

var (
	word     = regexp.MustCompile(`[a-z]{3}`)
	appended = regexp.MustCompile(`\n(%s)+$`) // paragraphs that stand elsewhere
	words    = regexp.MustCompile(`[a-z]{2},? [a-z]{2}`)
)

// message tells whether a literal of a package is a text for people.
func (l literal) message(pkg string) bool {
	switch {
	case unsaid[l.text] || unspoken[l.in]:
		return false
	case strings.HasPrefix(l.text, "-") || strings.HasPrefix(l.text, "  greenshield "): // options, examples
		return false
	case strings.HasPrefix(pkg, answering) && l.in != "Faultf" && l.in != "fault":
		return false
	case spoken[l.in]:
		return word.MatchString(strings.ReplaceAll(l.text, "%s", ""))
	}
	return !files[pkg] && words.MatchString(l.text)
}

// paragraphs returns a text as the catalogue has it: without line breaks at its ends, paragraph by paragraph.
func paragraphs(text string) []string {
	return strings.Split(strings.Trim(appended.ReplaceAllString(text, ""), "\n"), "\n\n")
}

// literals returns the texts of a source file.
func literals(path string, source any) (all []literal, err error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, 0)
	if err != nil {
		return nil, err
	}
	calls := map[ast.Expr]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.CallExpr:
			for _, arg := range n.Args {
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					calls[arg] = f.Sel.Name
					if x, ok := f.X.(*ast.Ident); ok && f.Sel.Name == "New" {
						calls[arg] = x.Name + ".New"
					}
				case *ast.Ident:
					calls[arg] = f.Name
				}
			}
		case *ast.BinaryExpr:
			for _, part := range []ast.Expr{n.X, n.Y} {
				calls[part] = calls[n]
			}
			if text, ok := folded(n); ok {
				all = append(all, literal{text, calls[n], fmt.Sprint(set.Position(n.Pos()))})
				for _, part := range variables(n) {
					ast.Inspect(part, func(n ast.Node) bool { // a literal inside of what is no constant
						if b, ok := n.(*ast.BasicLit); ok && b.Kind == token.STRING {
							all = append(all, literal{text: unquoted(b), place: fmt.Sprint(set.Position(b.Pos()))})
						}
						return true
					})
				}
				return false
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				all = append(all, literal{unquoted(n), calls[n], fmt.Sprint(set.Position(n.Pos()))})
			}
		}
		return true
	})
	return all, nil
}

func unquoted(b *ast.BasicLit) string {
	text, err := strconv.Unquote(b.Value)
	if err != nil {
		panic(err) // the parser took it
	}
	return text
}

// folded joins what + joins; ok tells that a text is among it.
func folded(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return unquoted(e), true
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			x, okX := folded(e.X)
			y, okY := folded(e.Y)
			return x + y, okX || okY
		}
	}
	return "%s", false
}

// variables lists the parts of a sum that are no texts.
func variables(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(variables(b.X), variables(b.Y)...)
	}
	if _, ok := e.(*ast.BasicLit); ok {
		return nil
	}
	return []ast.Expr{e}
}

// problems compares a catalogue with the texts of packages.
func problems(entries []Entry, source map[string][]literal) (found []string) {
	has, used := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		has[e.English] = true
	}
	for pkg, texts := range source {
		for _, l := range texts {
			for _, text := range paragraphs(l.text) {
				used[text] = true
				if part := (literal{text, l.in, l.place}); part.message(pkg) && !has[text] && !untranslated[pkg] {
					found = append(found, fmt.Sprintf("%s: zh_CN.po lacks %q", l.place, text))
				}
			}
			used[l.text] = true
		}
	}
	for _, e := range entries {
		if !used[e.English] && !e.Foreign {
			found = append(found, fmt.Sprintf("zh_CN.po:%d: nothing in the source says %q", e.Line, e.English))
		}
	}
	slices.Sort(found)
	return found
}

// TestEveryMessage holds the catalogue against the source: each message of the program has its translation, and each
// translation its message.
func TestEveryMessage(t *testing.T) {
	entries, err := ReadPO(chinesePO)
	if err != nil {
		t.Fatal(err)
	}
	root, source, count := "../..", map[string][]literal{}, 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		pkg, _ := filepath.Rel(root, filepath.Dir(path))
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || slices.Contains(
			[]string{"testdata", "redlinetest", "ledgertest", "geostwin", "language", "out", "bin"}, d.Name())):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			texts, err := literals(path, nil)
			source[pkg] = append(source[pkg], texts...)
			count += len(texts)
			return err
		}
		return nil
	})
	if err != nil || count < 2000 {
		t.Fatalf("%d texts were found, %v", count, err)
	}
	for pkg := range untranslated {
		t.Log("not translated yet:", pkg)
		if source[pkg] == nil {
			t.Errorf("there is no package %s", pkg)
		}
	}
	for _, p := range problems(entries, source) {
		t.Error(p)
	}
}

func TestProblemsAreSeen(t *testing.T) {
	entries := []Entry{
		{English: "%s: no such file"}, {English: "made of it, %s"}, {English: "permission denied", Foreign: true},
	}
	const good = `package p
		func f() { fmt.Errorf("%s: no such " + "file", p); g("made of it, " + name) }`
	read := func(source string) map[string][]literal {
		t.Helper()
		texts, err := literals("p.go", source)
		if err != nil {
			t.Fatal(err)
		}
		return map[string][]literal{"raster": texts}
	}
	if got := problems(entries, read(good)); got != nil {
		t.Errorf("a good catalogue: %v", got)
	}
	for name, source := range map[string]string{
		"an error":          good + "\nvar e = errors.New(\"gone\")",
		"a text":            good + "\nvar s = \"it is gone\"",
		"inside a sum":      good + "\nvar s = \"made of it, \" + h(\"it is gone\")",
		"a warning":         good + "\nfunc g() { l.warn(3, \"%d gone\") }",
		"a paragraph":       good + "\nvar long = \"made of it, %s\\n\\nit is gone\\n\"",
		"never said":        strings.Replace(good, "made of it", "made of them", 1),
		"never said either": strings.Replace(good, "file", "folder", 1),
	} {
		if problems(entries, read(source)) == nil {
			t.Errorf("%s: nothing is seen", name)
		}
	}
}

// TestCatalogue: entries are sorted, whole, and both languages say the same things.
func TestCatalogue(t *testing.T) {
	entries, err := ReadPO(chinesePO)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(entries, func(a, b Entry) int { return strings.Compare(a.English, b.English) }) {
		t.Error("entries are not sorted")
	}
	for _, e := range entries {
		for _, p := range entryProblems(e) {
			t.Errorf("zh_CN.po:%d: %s", e.Line, p)
		}
	}
}

var chineseOrSign = regexp.MustCompile(`[\p{Han}：；，（]`)

// entryProblems lists what is wrong with one entry.
func entryProblems(e Entry) (found []string) {
	if a, b := Verbs(e.English), Verbs(e.Translated); a != b {
		found = append(found, fmt.Sprintf("%q has the verbs %s, %q has %s", e.English, a, e.Translated, b))
	}
	if strings.Contains(e.Translated, "%v") || strings.Contains(e.Translated, "%!") {
		found = append(found, fmt.Sprintf("%q: write %%s or %%w", e.Translated))
	}
	if word.MatchString(e.English) && !chineseOrSign.MatchString(e.Translated) && e.Translated != "%s" {
		found = append(found, fmt.Sprintf("%q has no Chinese: %q", e.English, e.Translated))
	}
	if strings.HasPrefix(e.English, "\n") || strings.HasSuffix(e.English, "\n") {
		found = append(found, fmt.Sprintf("%q has a line break at its end", e.English))
	}
	if !e.Foreign && strings.Count(e.English, "`") != strings.Count(e.Translated, "`") {
		found = append(found, fmt.Sprintf("%q: a command is missing in %q", e.English, e.Translated))
	}
	return found
}

func TestEntryProblemsAreSeen(t *testing.T) {
	good := Entry{English: "%s has %d of %q and %.2f: %w", Translated: "%[4].2f 与 %[1]s 的 %[3]q 有 %[2]d 个：%[5]w"}
	if got := entryProblems(good); got != nil {
		t.Errorf("a good entry: %v", got)
	}
	for _, e := range []Entry{
		{English: "has %d cells", Translated: "有像元"},
		{English: "has %d cells", Translated: "有 %s 个像元"},
		{English: "%d of %s", Translated: "%s 的 %d"},
		{English: "has %d", Translated: "%d"},
		{English: "has %v", Translated: "有 %v"},
		{English: "use `x`", Translated: "请用 x"},
		{English: "has cells\n", Translated: "有像元\n"},
		{English: "%s and %s", Translated: "%[1]s 和 %[1]s"},
	} {
		if entryProblems(e) == nil {
			t.Errorf("nothing is seen in %q", e.Translated)
		}
	}
}
