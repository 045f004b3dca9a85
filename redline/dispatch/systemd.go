package dispatch

import (
	_ "embed" // of the templates
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

// Timer is a command that systemd is to carry out again and again.
type Timer struct {
	Name        string   // of the units, without .service and .timer: letters, digits, - and _
	Description string   // a line
	Command     []string // a program by its absolute path, and its arguments
	Calendar    string   // when: OnCalendar of systemd.timer(5), such as hourly
	User        string   // whose the files are
	Writable    []string // folders that may be written, by their absolute paths; they must be there
	Needs       []string // further files and folders that it reads, by their absolute paths
	MemoryMax   int64    // bytes
	Network     bool     // the command may reach other machines
	Environment string   // file of variables of the environment, a plain absolute path; it may be missing. "" for none
}

//go:embed systemd.tmpl
var systemdText string

var systemdUnits = template.Must(template.New("").Funcs(template.FuncMap{
	"words": systemdWords, "command": systemdCommand, "line": systemdLine,
}).Parse(systemdText))

// Units returns the texts of the service and of the timer that starts it.
func (t *Timer) Units() (service, timer string) {
	text := func(name string) string {
		var b strings.Builder
		if err := systemdUnits.ExecuteTemplate(&b, name, t); err != nil {
			panic(err) // a builder takes all, and the template is ours
		}
		return b.String()
	}
	return text("service"), text("timer")
}

// Temporary returns the first path of what the service needs that lies in /tmp or /var/tmp, "" for none. When there is
// none, these may be folders of the service's own.
func (t *Timer) Temporary() string {
	for _, path := range slices.Concat(t.Needs, t.Writable, t.Command) {
		below := filepath.Clean(path) + "/"
		if strings.HasPrefix(below, "/tmp/") || strings.HasPrefix(below, "/var/tmp/") {
			return path
		}
	}
	return ""
}

// MemoryMiB returns MemoryMax in MiB.
func (t *Timer) MemoryMiB() int64 { return t.MemoryMax >> 20 }

// systemdWords writes words as systemd reads lists of them: each in quotes, without specifiers (%).
func systemdWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "%", "%%").Replace(word) + `"`
	}
	return strings.Join(quoted, " ")
}

// systemdCommand writes a command: of the words behind the program systemd would also replace variables ($).
func systemdCommand(command []string) string {
	return systemdWords(command[:1]) + " " + strings.ReplaceAll(systemdWords(command[1:]), "$", "$$")
}

// systemdLine writes a text that systemd reads as it is, but for specifiers and lines that go on.
func systemdLine(text string) string {
	return strings.TrimRight(strings.NewReplacer("\n", " ", "%", "%%").Replace(text), `\`)
}
