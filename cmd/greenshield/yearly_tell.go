package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/record"
	"greenshield/redline/yearly"
)

// The files of the last look in the folder of the state.
const (
	summaryText = "summary.txt"
	summaryJSON = "summary.json"
)

// summaryFormat grows when a reader of the older one would misread the new one.
const summaryFormat = 1

// checkAddress refuses what cannot be the address of a mail; "" is none.
func checkAddress(text string) error {
	if text == "" {
		return nil
	}
	if _, err := mail.ParseAddressList(text); err != nil || strings.ContainsAny(text, "\r\n") {
		return redline.Faultf(redline.Usage, "--mail-to: %q is no address; write it as office@example.org", text)
	}
	return nil
}

// tellYearly writes what came of a look, and has it told when it is not what was told before.
func (p *program) tellYearly(ctx context.Context, o *office, state *yearly.State, out *yearly.Outcome) error {
	text := p.yearlyMail(o, state, out)
	summary, err := o.summary(state, out)
	if err != nil {
		return err
	}
	err = errors.Join(yearly.WriteFile(filepath.Join(o.state, summaryText), []byte(text)),
		yearly.WriteFile(filepath.Join(o.state, summaryJSON), summary))
	err = errors.Join(err, o.tellNew(ctx, state, out.Digest(), summary, []byte(text)))
	if p.json {
		p.printText(summary)
	} else {
		p.printText([]byte(strings.Join(p.yearlyLines(o, out), "\n") + "\n"))
	}
	if fault := out.Err(); fault != nil {
		p.tell(err)
		return alreadyTold{fault}
	}
	return err
}

// tellNew has each program told what it was not told before: one that fails is called again at the next look, and the
// other one is not.
func (o *office) tellNew(ctx context.Context, state *yearly.State, digest string, summary, text []byte) (err error) {
	before := [2]string{state.Told, state.Mailed}
	if state.Told != digest {
		if err = o.call(ctx, o.notify, summary); err == nil {
			state.Told = digest
		}
	}
	if state.Mailed != digest {
		fault := o.call(ctx, o.sendmail, text, "-t")
		if fault == nil {
			state.Mailed = digest
		}
		err = errors.Join(err, fault)
	}
	if before != [2]string{state.Told, state.Mailed} {
		err = errors.Join(err, o.Save(state))
	}
	return err
}

// call has a program of the user's read a text. Without a program nothing is done. One that has not ended in time is
// ended, with all that it has begun; what it leaves at work when it ends by itself is left alone.
func (o *office) call(ctx context.Context, program string, text []byte, args ...string) error {
	if program == "" {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.patience, fmt.Errorf("it has not ended in %s", shortDuration(o.patience)))
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = time.Second
	cmd.Env, cmd.Stdin = o.env, bytes.NewReader(text)
	said, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return redline.Faultf(redline.Output, "%s: could not tell what is new: %w: %s", program, err,
			bytes.TrimSpace(said[:min(len(said), 500)]))
	}
	return nil
}

// summary returns the outcome as JSON.
func (o *office) summary(state *yearly.State, out *yearly.Outcome) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(struct {
		Format  int       `json:"format"`
		Program string    `json:"program"`
		Job     string    `json:"job"`
		Looked  time.Time `json:"looked"`
		*yearly.Outcome
	}{summaryFormat, "greenshield " + version(), o.template, state.Looked, out})
	return b.Bytes(), err
}

// yearlyMail returns the text of the summary, with heads before it when somebody is to be written to.
func (p *program) yearlyMail(o *office, state *yearly.State, out *yearly.Outcome) string {
	var b strings.Builder
	if o.mailTo != "" {
		to, _ := mail.ParseAddressList(o.mailTo) // was checked
		var all []string
		for _, address := range to {
			all = append(all, address.String())
		}
		subject := p.words.Say("Green Shield, %s: %s", filepath.Base(o.template), p.yearlyHead(out))
		fmt.Fprintf(&b, "To: %s\nSubject: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"+
			"Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n",
			strings.Join(all, ",\n "), strings.ReplaceAll(mime.BEncoding.Encode("utf-8", subject), "?= =?", "?=\n =?"))
	}
	for _, line := range p.yearlyLines(o, out) {
		b.WriteString(line + "\n")
	}
	b.WriteString("\n" + p.words.Say("job: %s; looked at %s", oneLine(o.template), localTime(state.Looked)) + "\n")
	return b.String()
}

// localTime writes a time as it is in China.
func localTime(t time.Time) string { return t.In(ledger.China).Format("2006-01-02 15:04 -07:00") }

// yearlyHead says in a few words what came of a look.
func (p *program) yearlyHead(out *yearly.Outcome) string {
	var years []string
	for _, y := range out.Years {
		if y.Status == out.Status {
			years = append(years, fmt.Sprint(y.Year))
		}
	}
	list := strings.Join(years, p.words.Word(", "))
	switch out.Status {
	case yearly.Done:
		return p.words.Say("done: %s", list)
	case yearly.Failed:
		if list == "" { // it is no year's
			return p.words.Word("failed")
		}
		return p.words.Say("failed: %s", list)
	case yearly.Settling:
		return p.words.Say("maps have come: %s", list)
	default:
		return p.words.Say("nothing new; the next year is %d", out.Next)
	}
}

// yearlyLines says what came of a look, line by line.
func (p *program) yearlyLines(o *office, out *yearly.Outcome) []string {
	lines := []string{p.yearlyHead(out)}
	if out.Trouble != nil {
		lines = append(lines, p.words.Text(oneLine(out.Trouble.Message)))
	}
	for _, y := range out.Years {
		lines = append(lines, p.yearLines(o, y)...)
	}
	for _, n := range out.Notes {
		lines = append(lines, p.noteLine(n))
	}
	return lines
}

// yearLines says what is with a year.
func (p *program) yearLines(o *office, y yearly.Told) []string {
	files := make([]string, len(y.Files))
	for i, path := range y.Files {
		files[i] = oneLine(path)
	}
	list := strings.Join(files, p.words.Word(", "))
	switch y.Status {
	case yearly.Done:
		return p.doneLines(o, y.Year)
	case yearly.Settling:
		return []string{p.words.Say("%d: the maps are there; they are read when they have not changed for %s: %s", y.Year,
			shortDuration(o.Settle), list)}
	case yearly.Awaited:
		return []string{p.words.Say("%d: not there yet: %s", y.Year, list)}
	case yearly.Ready:
		return []string{p.words.Say("%d: the maps are there; the years before come first", y.Year)}
	}
	lines := []string{p.words.Say("%d: the step %s fails, status %d", y.Year, y.Trouble.Step, y.Trouble.Code)}
	for line := range strings.Lines(y.Trouble.Message) {
		lines = append(lines, "  "+p.words.Text(oneLine(strings.TrimSuffix(line, "\n"))))
	}
	return append(lines, p.words.Say("  it is tried again by itself, more and more seldom, and anew when the job or a file that it names changes"))
}

// shortDuration writes a duration without the minutes and seconds at its end that are 0.
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, none := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, none) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// doneLines says what a year that is done has brought.
func (p *program) doneLines(o *office, year int) []string {
	w, err := o.of(year)
	if err != nil {
		return nil // the job was changed meanwhile
	}
	lines := []string{p.words.Say("%d: done; results: %s", year, oneLine(w.Out))}
	if m, err := record.Read(w.Out); err == nil {
		lines[0] = p.words.Say("%d: done, %s; results: %s", year, p.plural(int(m.Counts.Candidates), "candidate"),
			oneLine(w.Out))
	}
	if len(w.Steps) > 2 {
		lines = append(lines, p.words.Say("  report of the ledger: %s", oneLine(o.report(year))))
	}
	return lines
}

// noteLine says a note.
func (p *program) noteLine(n yearly.Note) string {
	switch n.Code {
	case yearly.NoteClock:
		return p.words.Say("the clock of this machine was set back, from %s to %s", localTime(*n.From), localTime(*n.To))
	case yearly.NotePassed:
		return p.words.Say("%d has no map, and a later year has one; if none will come, say --skip %d", n.Year, n.Year)
	}
	var files []string
	for _, path := range n.Files {
		files = append(files, oneLine(path))
	}
	return p.words.Say("%d: these maps are others than those that were compared; the year is not done again by itself, "+
		"say --again %d for that: %s", n.Year, n.Year, strings.Join(files, p.words.Word(", ")))
}
