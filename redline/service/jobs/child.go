package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/redline/folder"
	"greenshield/redline/job"
	manifest "greenshield/redline/record"
)

// absolute is the beginning of an absolute path up to its last part, after what may stand before a path.
var absolute = regexp.MustCompile(`(^|[\s"'(=:,;])/(?:[^\s"'/:;,()]+/)+`)

const (
	niceness = 10  // of processes of jobs: what people wait for goes first
	oomScore = 500 // added to what the kernel thinks of them when memory is short: they end before the service does
)

// errDismissed is why a job ends that somebody dismissed; errStopped, that the service ends.
var (
	errDismissed = errors.New("dismissed")
	errStopped   = errors.New("interrupted: the service ended while it ran; start it again")
)

// run does a job, from its process to how it ended. It is called by one goroutine that keeps its thread, with which the
// process ends ([unix.PR_SET_PDEATHSIG]).
func (j *Jobs) run(ctx context.Context, w *work) (Status, string) {
	if now, err := j.sum(w.Job); err != nil || now != w.SHA256 {
		return Failed, "the job file was changed or removed after the job was accepted; start it again"
	}
	parsed, err := j.read(w.Job)
	if err != nil {
		return Failed, err.Error()
	}
	alive, err := os.OpenFile(j.store.alive(w.ID), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		defer alive.Close()
		err = unix.Flock(int(alive.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err != nil {
		return Failed, "the state of the service cannot be written: " + j.plain(err.Error())
	}
	said := &lines{take: func(line []byte) { j.heard(w, line) }}
	cmd := j.command(ctx, w, parsed)
	cmd.Stderr, cmd.ExtraFiles = said, []*os.File{alive}
	if err := cmd.Start(); ctx.Err() != nil && cmd.Process == nil {
		return ending(ctx)
	} else if err != nil {
		return Failed, "the program cannot be started: " + j.plain(err.Error())
	}
	// A job without low priority is done all the same.
	_ = unix.Setpriority(unix.PRIO_PGRP, cmd.Process.Pid, niceness)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", cmd.Process.Pid), []byte(strconv.Itoa(oomScore)), 0)
	err = cmd.Wait()
	said.end()
	_ = os.Remove(alive.Name())
	status, message := j.outcome(ctx, cmd.ProcessState, err, said)
	if status != Successful {
		folder.Sweep(filepath.Join(j.o.Out, w.ID))
	}
	return status, message
}

// command is the process of a job: in a group of its own, which is asked to end when ctx does, and killed when it
// stays.
func (j *Jobs) command(ctx context.Context, w *work, parsed *job.Job) *exec.Cmd {
	memory, workers := min(parsed.MaxMemory, j.o.MaxMemory), min(parsed.Workers, or(j.o.Workers, parsed.Workers))
	args := slices.Concat(j.o.Command[1:], []string{"run", "--json", "--out", filepath.Join(j.o.Out, w.ID),
		"--max-memory", strconv.FormatFloat(float64(memory)/(1<<20), 'f', -1, 64) + "MiB",
		"--workers", strconv.Itoa(workers), "--", w.Job})
	cmd := exec.CommandContext(ctx, j.o.Command[0], args...)
	cmd.Dir = j.o.Allowed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGTERM) }
	cmd.WaitDelay = j.o.Grace
	return cmd
}

// ending says what a job is that ended because ctx did.
func ending(ctx context.Context) (Status, string) {
	if errors.Is(context.Cause(ctx), errDismissed) {
		return Dismissed, "dismissed while it ran"
	}
	return Failed, errStopped.Error()
}

// outcome says how a process ended.
func (j *Jobs) outcome(ctx context.Context, state *os.ProcessState, err error, said *lines) (Status, string) {
	if state.Success() {
		return Successful, "the run is complete"
	}
	if ctx.Err() != nil {
		return ending(ctx)
	}
	known := state.Exited() && (state.ExitCode() == 1 || state.ExitCode() >= 10 && state.ExitCode() <= 17)
	if known && len(said.errors) > 0 {
		return Failed, strings.Join(said.errors, "\n")
	}
	j.o.Log.Error("process of a job crashed", "state", state.String(), "error", err, "said", string(said.other))
	message := "crashed: " + state.String()
	if s, ok := state.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
		message += "; perhaps there was not enough memory"
	}
	return Failed, message
}

// heard takes what a process says.
func (j *Jobs) heard(w *work, line []byte) {
	var said struct {
		Event, Message, Stage string
		Cells, Total          int64
	}
	if json.Unmarshal(line, &said) != nil {
		return // a crash speaks otherwise; its words are kept for the log
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch said.Event {
	case "progress":
		w.Message, w.Progress = said.Stage, 0
		if said.Total > 0 {
			w.Progress = int(min(100, max(0, 100*said.Cells/said.Total)))
		}
		w.note("progress", encode(map[string]any{"stage": said.Stage, "cells": said.Cells, "total": said.Total,
			"progress": w.Progress}))
	case "warning", "error":
		w.note(said.Event, encode(map[string]any{"message": j.plain(said.Message)}))
	}
}

// encode returns the JSON of a value that has one.
func encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// lines takes a stream apart into lines. Of longer ones than a message can be the beginning counts.
type lines struct {
	take   func(line []byte)
	part   []byte
	other  []byte   // the first of what was no message
	errors []string // messages of errors, the first ones
}

// The longest line, how much is kept of what is no message, and of how many errors.
const (
	longestLine  = 64 << 10
	longestOther = 4 << 10
	mostErrors   = 20
)

// Write takes a piece of the stream.
func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		l.part = append(l.part, line[:min(len(line), longestLine-len(l.part))]...)
		if b = rest; whole {
			l.end()
		}
	}
	return n, nil
}

// end takes the line that has begun.
func (l *lines) end() {
	if len(l.part) == 0 {
		return
	}
	l.take(l.part)
	var said struct{ Event, Message string }
	if json.Unmarshal(l.part, &said) != nil {
		l.other = append(append(l.other, l.part...), '\n')
		l.other = l.other[:min(len(l.other), longestOther)]
	} else if said.Event == "error" && len(l.errors) < mostErrors {
		l.errors = append(l.errors, said.Message)
	}
	l.part = l.part[:0]
}

// DefaultMemory is what a run may use when [Options.MaxMemory] is 0, in bytes.
const DefaultMemory = 2 << 30

// settle says how a job ended that ran when the service did: successful when its run was published before. It waits for
// its process, which ends with the service that started it.
func (j *Jobs) settle(r *record) error {
	alive, err := os.OpenFile(j.store.alive(r.ID), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer alive.Close()
	if err := unix.Flock(int(alive.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	target := filepath.Join(j.o.Out, r.ID)
	folder.Sweep(target)
	r.Finished = time.Now().UTC()
	if _, err := os.Stat(filepath.Join(target, manifest.Name)); err == nil {
		r.Status, r.Message, r.Progress = Successful, "the run is complete", 100
	} else {
		r.Status, r.Message = Failed, errStopped.Error()
	}
	if err := j.store.save(r); err != nil {
		return err
	}
	return os.Remove(alive.Name())
}
