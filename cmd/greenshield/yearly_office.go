package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"greenshield/raster/gdalraster"
	"greenshield/raster/object"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/redline/yearly"
)

// office does the work of a year by programs of its own. It implements [yearly.Office].
type office struct {
	*yearlyOptions
	template string
	env      []string         // of its programs, nil for that of this one
	silent   map[string]error // of buckets that did not answer in this look, which are not asked again
	patience time.Duration    // with a program that is told something
}

// Now implements [yearly.Office].
func (o *office) Now() time.Time { return time.Now() }

// farFrom returns a year whose files are not those of a year, so that what both name belongs to neither: so far from it
// that no map of its is near, and a year that a job may have.
func farFrom(year int) int {
	const far = 70
	if year < 2030 {
		return year + far
	}
	return year - far
}

// Job implements [yearly.Office].
func (o *office) Job(year int) (*yearly.Job, error) {
	w, err := o.of(year)
	if err != nil {
		return nil, err
	}
	j, err := job.ParseYear(o.template, year)
	return w, cmp.Or(err, j.Validate())
}

// of returns the work of a year, which may be still to come.
func (o *office) of(year int) (*yearly.Job, error) {
	j, err := job.ParseYear(o.template, year)
	if err != nil {
		return nil, err
	}
	far, err := job.ParseYear(o.template, farFrom(year))
	if err != nil {
		return nil, err
	}
	of := far.Inputs()
	w := &yearly.Job{Shared: []string{o.template}, Before: j.Before.Files, After: j.After.Files, Out: j.Out,
		Steps: []yearly.Step{yearly.Check, yearly.Run}}
	for _, path := range j.Inputs() {
		if object.Named(path) && !o.allowNetwork {
			_, err := object.Stat(path) // says what to do
			return nil, redline.WithKind(redline.Usage, err)
		}
		if slices.Contains(of, path) {
			w.Shared = append(w.Shared, path)
		} else {
			w.Files = append(w.Files, path)
		}
	}
	switch {
	case len(w.Files) == 0:
		return nil, redline.Faultf(redline.Usage, "%s: is the same job in every year; write {year} for the year in the "+
			"names of maps, and {year-5} for five years before it", o.template)
	case j.Out == "" || j.Out == far.Out:
		return nil, redline.Faultf(redline.Usage, "%s: the results of all years would be in one folder; write {year} into "+
			"its name, such as out: out{year}", o.template)
	case j.Ledger != far.Ledger:
		return nil, redline.Faultf(redline.Usage, "%s: each year would have a ledger of its own; name one for all years",
			o.template)
	}
	if j.Ledger != "" {
		w.Steps = append(w.Steps, yearly.Add, yearly.Report)
	}
	return w, nil
}

// Stat implements [yearly.Office]. What is in a container or an archive is the file around it; a folder, such as a
// geodatabase, is all that is in it, with the time of its latest file. What may not be read is an error, so that the
// first look after the right was given goes on.
func (o *office) Stat(path string) (yearly.File, error) {
	if object.Named(path) {
		return o.statObject(path)
	}
	f := yearly.File{Path: path}
	if !filepath.IsAbs(path) {
		here, err := os.Getwd()
		if err != nil {
			return f, redline.WithKind(redline.Internal, err)
		}
		f.Path = filepath.Join(here, path)
	}
	err := filepath.WalkDir(gdalraster.FileOf(path), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(name) // of what a link leads to
		if err == nil {
			f.Bytes += info.Size()
			if modified := info.ModTime().UTC(); modified.After(f.Modified) {
				f.Modified = modified
			}
			err = unix.Access(name, unix.R_OK)
		}
		return err
	})
	if errors.Is(err, fs.ErrPermission) {
		err = redline.Faultf(redline.Raster, "%s: may not be read by the user as whom this runs; give that right", path)
	}
	return f, err
}

// statObject asks a store for the present state of an object.
func (o *office) statObject(path string) (yearly.File, error) {
	bucket := strings.Join(strings.SplitN(path, "/", 4)[:3], "/")
	if err := o.silent[bucket]; err != nil {
		return yearly.File{}, err
	}
	info, err := object.Latest(path)
	if err != nil {
		if object.Unanswered(err) {
			o.silent[bucket] = err
		}
		return yearly.File{}, err
	}
	return yearly.File{Path: path, Bytes: info.Size(), Modified: info.ModTime().UTC(), ETag: info.(*object.Info).ETag()}, nil
}

// Hash implements [yearly.Office]. That of a folder is of the names and hashes of its files.
func (o *office) Hash(ctx context.Context, path string) (string, error) {
	path = gdalraster.FileOf(path)
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		sum, _, err := record.HashFile(ctx, path)
		return sum, err
	}
	all := sha256.New()
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		sum, _, err := record.HashFile(ctx, name)
		fmt.Fprintf(all, "%s %q\n", sum, strings.TrimPrefix(name, path))
		return err
	})
	return hex.EncodeToString(all.Sum(nil)), err
}

// report returns the folder of the report of the ledger of a year.
func (o *office) report(year int) string {
	return filepath.Join(o.state, fmt.Sprintf("ledger%04d", year))
}

// Save implements [yearly.Office].
func (o *office) Save(s *yearly.State) error { return s.Write(o.state) }

// Do implements [yearly.Office].
func (o *office) Do(ctx context.Context, year int, step yearly.Step, own bool) error {
	j, err := job.ParseYear(o.template, year)
	if err != nil {
		return err
	}
	template := []string{"--json", "--quiet", "--year", fmt.Sprint(year), "--", o.template}
	if o.workers != 0 {
		template = append([]string{"--workers", fmt.Sprint(o.workers)}, template...)
	}
	if o.allowNetwork {
		template = append([]string{"--allow-network"}, template...)
	}
	switch step {
	case yearly.Check:
		return o.child(ctx, append([]string{"check"}, template...)...)
	case yearly.Run:
		if own {
			template = append([]string{"--replace"}, template...)
		}
		err := o.child(ctx, append([]string{"run"}, template...)...)
		if _, missing := os.Stat(j.Out); err != nil && !own && missing == nil {
			err = errors.Join(err, redline.Faultf(redline.Output, "%s: was there before this schedule; when the year is done "+
				"and in the ledger, say a later year by --first, else --again %d, which replaces it", j.Out, year))
		}
		return err
	case yearly.Add:
		return o.child(ctx, "ledger", "add", "--json", "--ledger", j.Ledger, "--", j.Out)
	default:
		return o.doReport(ctx, j, year)
	}
}

// doReport writes the report of the ledger of a year in place of that which may be there.
func (o *office) doReport(ctx context.Context, j *job.Job, year int) error {
	folder := o.report(year)
	tmp := folder + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return redline.WithKind(redline.Output, err)
	}
	if err := o.child(ctx, "ledger", "report", "--json", "--ledger", j.Ledger, "--out", tmp); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	err := unix.Renameat2(unix.AT_FDCWD, tmp, unix.AT_FDCWD, folder, unix.RENAME_EXCHANGE)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(tmp, folder)
	}
	return redline.WithKind(redline.Output, cmp.Or(err, os.RemoveAll(tmp)))
}

// child has this program do one command, and returns what it says when it fails. It ends when ctx does, and with this
// program, however that ends.
func (o *office) child(ctx context.Context, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // the child ends with the thread that began it
	defer runtime.UnlockOSThread()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = o.env, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	if err == nil || cmd.ProcessState == nil {
		return err
	}
	status := cmd.ProcessState.ExitCode()
	said := childSaid(stdout.Bytes(), stderr.Bytes())
	if status != int(redline.Internal) && (status < int(redline.Usage) || status > int(redline.Limit)) || said == "" {
		return fmt.Errorf("greenshield %s ended by itself: %s: %s", args[0], cmd.ProcessState, lastWords(stderr.Bytes()))
	}
	return redline.Faultf(redline.Kind(status), "%s", said)
}

// lastWords returns the first line of what a command that was not to end so has said that is no JSON, such as that of a
// panic.
func lastWords(stderr []byte) string {
	for line := range bytes.Lines(stderr) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !json.Valid(line) {
			return string(line[:min(len(line), 500)])
		}
	}
	return "it said nothing"
}

// childSaid returns the errors that a command told as JSON: as lines on standard error, and in its result.
func childSaid(stdout, stderr []byte) string {
	var all []string
	for line := range bytes.Lines(stderr) {
		var told struct{ Event, Message string }
		if json.Unmarshal(line, &told) == nil && told.Event == "error" {
			all = append(all, told.Message)
		}
	}
	var result struct {
		Problems []struct{ Message string }
		Refused  []struct{ Reason string }
	}
	_ = json.Unmarshal(stdout, &result) // there may be no result
	for _, problem := range result.Problems {
		all = append(all, problem.Message)
	}
	for _, refused := range result.Refused {
		all = append(all, refused.Reason)
	}
	const most = 20
	if len(all) > most {
		all = append(all[:most], "…")
	}
	return strings.Join(all, "\n")
}
