package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/sys/unix"

	"greenshield/redline"
)

// fields are the members of a JSON message.
type fields map[string]any

// event writes a message to stderr: with --json as a line of JSON with the fields and the name of the event, else as
// text.
func (p *program) event(name string, f fields, text string) {
	if p.json {
		f["event"] = name
		line, err := json.Marshal(f)
		if err == nil {
			text = string(line)
		}
	}
	fmt.Fprintln(p.stderr, oneLine(text)) // an error is ignored: there is nowhere to write it
}

// warn writes a warning.
func (p *program) warn(text string) {
	p.event("warning", fields{"message": text}, p.words.Say("warning: %s", p.words.Text(text)))
}

// printJSON writes the final object of a command. It returns an error of the encoding; results remembers one of the
// writing.
func (p *program) printJSON(v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	p.printText(text.Bytes())
	return err
}

// printText writes lines of JSON to standard output, with escapes for the control characters that an encoder leaves.
func (p *program) printText(text []byte) {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		b.WriteString(oneLine(strings.TrimSuffix(line, "\n")))
		b.WriteByte('\n')
	}
	io.WriteString(p.stdout, b.String()) // results remembers an error
}

// watch shows the progress of a run until stop is called: as a bar on a terminal, else as a line for every stage and
// tenth of the work.
func (p *program) watch(progress *redline.Progress, quiet bool) (stop func()) {
	if quiet {
		return func() {}
	}
	w := &watcher{program: p, progress: progress, start: time.Now()}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		show, interval, finish := w.line, time.Second, func() {}
		if file, ok := p.stderr.(*os.File); ok && !p.json && isTerminal(file) {
			interval = 200 * time.Millisecond
			show, finish = w.bar(file)
		}
		for tick := time.NewTicker(interval); ; {
			select {
			case <-tick.C:
				show()
			case <-end:
				tick.Stop()
				finish()
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

// isTerminal tells whether a file is a terminal.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// watcher turns the counters of a run into words.
type watcher struct {
	*program
	progress *redline.Progress
	start    time.Time
	stage    string // of the last line
	tenth    int64  // of the last line
}

// rate returns the speed in cells per second, and the time that is left at that speed; 0 before any cell is done.
func (w *watcher) rate() (perSecond float64, left time.Duration) {
	done, total := w.progress.Done.Load(), w.progress.Total.Load()
	perSecond = float64(done) / time.Since(w.start).Seconds()
	if perSecond > 0 {
		left = time.Duration(float64(total-done) / perSecond * float64(time.Second)).Round(time.Second)
	}
	return perSecond, left
}

// line prints a line when the stage, or the tenth of the work, is a new one.
func (w *watcher) line() {
	stage, done, total := w.progress.Stage(), w.progress.Done.Load(), w.progress.Total.Load()
	tenth := int64(0)
	if total > 0 {
		tenth = done * 10 / total
	}
	if stage == w.stage && tenth == w.tenth {
		return
	}
	w.stage, w.tenth = stage, tenth
	perSecond, left := w.rate()
	w.event("progress", fields{"stage": stage, "cells": done, "total": total},
		w.words.Say("%s: %d %%, %.1f million cells/s, %s left", w.words.Text(stage), tenth*10, perSecond/1e6, left))
}

// bar shows one bar with the stage, the share done, the speed and the time left.
func (w *watcher) bar(out *os.File) (show, finish func()) {
	bars := mpb.New(mpb.WithOutput(out), mpb.WithWidth(40), mpb.WithAutoRefresh())
	bar := bars.AddBar(0,
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return w.words.Text(w.progress.Stage()) + " " })),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string {
			perSecond, left := w.rate()
			share := 100 * float64(s.Current) / float64(max(s.Total, 1))
			return w.words.Say(" %3.0f %%  %.1f million cells/s  %s left", share, perSecond/1e6, left)
		})))
	show = func() {
		bar.SetTotal(w.progress.Total.Load(), false)
		bar.SetCurrent(w.progress.Done.Load())
	}
	finish = func() {
		bar.Abort(true)
		bars.Wait()
	}
	return show, finish
}
