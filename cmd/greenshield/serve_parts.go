package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/ledger"
	"greenshield/redline/record"
	"greenshield/redline/service"
	feeds "greenshield/redline/service/collection"
	"greenshield/redline/service/features"
	"greenshield/redline/service/gdaltiles"
	"greenshield/redline/service/intake"
	"greenshield/redline/service/jobs"
	"greenshield/redline/service/register"
	"greenshield/redline/service/shelf"
	"greenshield/redline/service/tiles"
	"greenshield/redline/service/web"
)

// serving is what the server is made of.
type serving struct {
	*program
	options *serveOptions
	log     *slog.Logger
	store   ledger.Store       // nil without a ledger
	cases   *register.Register // of the store
	state   string             // the folder of the server's own files

	parts   []service.Part                // behind the gate
	painter tiles.Painter                 // of the rasters of runs; nil without runs
	sources []feeds.Source                // of collections that parts show
	warm    []func(context.Context) error // which read what requests would wait for
	closers []func() error                // in the order in which things were opened
}

// open opens the ledger, the folders, and all parts. Whether or not it fails, close must be called.
func (s *serving) open(ctx context.Context) error {
	if err := s.options.something(); err != nil {
		return err
	}
	var err error
	if s.state, err = s.options.stateFolder(); err != nil {
		return err
	}
	if s.options.place != "" {
		if s.store, err = s.openLedger(ctx, s.options.place, true); err != nil {
			return err
		}
		s.closers = append(s.closers, func() error { return ledgerFault(s.store.Close()) })
	}
	if err := os.MkdirAll(s.state, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return redline.Faultf(redline.Output, "the folder of the server's own files cannot be made: %w", err)
	}
	for _, add := range []func(context.Context) error{s.addLedger, s.addRuns, s.addJobs, s.addPages} {
		if err := add(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close closes what open opened, the last first.
func (s *serving) close() (err error) {
	for _, end := range slices.Backward(s.closers) {
		err = errors.Join(err, end())
	}
	return err
}

// prepare has what requests would wait for read beside the server, until ctx or the server ends.
func (s *serving) prepare(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, read := range s.warm {
		running.Go(func() {
			if err := read(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("preparation", "error", err.Error())
			}
		})
	}
	s.closers = append(s.closers, func() error {
		cancel()
		running.Wait()
		return nil
	})
}

// something refuses to serve nothing.
func (o *serveOptions) something() error {
	if o.place == "" && o.runs == "" {
		return redline.Faultf(redline.Usage,
			"there is nothing to serve; name a ledger by --ledger, or runs by --runs FOLDER")
	}
	if o.jobs != "" && o.runs == "" {
		return redline.Faultf(redline.Usage, "jobs have no folder for their runs; name one by --runs FOLDER")
	}
	if o.jobs == "" && len(o.memory)+len(o.workers) > 0 {
		return redline.Faultf(redline.Usage, "--max-memory and --workers are for runs that keepers start; "+
			"name the folder of their job files by --jobs FOLDER")
	}
	if len(o.data)+len(o.images) > 0 && o.runs == "" {
		return redline.Faultf(redline.Usage, "--data and --image are for runs; name their folder by --runs FOLDER")
	}
	if o.runs != "" {
		if err := isFolder(o.runs); err != nil {
			return err
		}
	}
	for _, folder := range o.data {
		if err := isFolder(folder); err != nil {
			return err
		}
	}
	return nil
}

// isFolder refuses what is no folder.
func isFolder(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return redline.Faultf(redline.Usage, "the folder cannot be read: %w", err)
	}
	if !info.IsDir() {
		return redline.Faultf(redline.Usage, "%s: is no folder", path)
	}
	return nil
}

// imageName are names that stand in addresses, and are no year.
var imageName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// pictures returns the files of --image by their names.
func (o *serveOptions) pictures() (map[string]string, error) {
	all := map[string]string{}
	for _, text := range o.images {
		name, file, _ := strings.Cut(text, "=")
		_, twice := all[name]
		switch taken := []string{"before", "after", "image_before", "image_after", "legend"}; {
		case !imageName.MatchString(name) || file == "":
			return nil, redline.Faultf(redline.Usage,
				"--image: %q is no name with its file; write it as drone=FILE, with a name of ASCII letters and digits", text)
		case twice || slices.Contains(taken, name):
			return nil, redline.Faultf(redline.Usage, "--image: the name %s is taken; choose another one", name)
		}
		if _, err := record.RegularFile(file); err != nil {
			return nil, redline.Faultf(redline.Usage, "the image %s cannot be read: %w", name, err)
		}
		all[name] = file
	}
	return all, nil
}

// stateFolder returns the folder of the server's own files.
func (o *serveOptions) stateFolder() (string, error) {
	const name = ".greenshield-serve"
	switch {
	case o.state != "":
		return o.state, nil
	case o.runs != "":
		return filepath.Join(o.runs, name), nil
	case !isDatabase(o.place):
		return filepath.Join(filepath.Dir(o.place), name), nil
	}
	return "", redline.Faultf(redline.Usage, "the server has no folder for its own files; name one by --state FOLDER")
}

// addLedger adds the cases of the ledger, and what takes in events.
func (s *serving) addLedger(ctx context.Context) error {
	if s.store == nil {
		return nil
	}
	cases, err := register.New(ctx, s.store, degreesOf)
	if err != nil {
		return ledgerFault(err)
	}
	taken, err := intake.New(ctx, intake.Options{
		Store: s.store, Evidence: filepath.Join(s.state, "evidence"), Log: s.log,
	})
	if err != nil {
		return redline.WithKind(redline.Output, err)
	}
	s.cases = cases
	s.warm = append(s.warm, cases.Warm)
	s.parts = append(s.parts, cases, taken)
	s.sources = append(s.sources, cases)
	return nil
}

// addJobs adds runs that are started over HTTP.
func (s *serving) addJobs(context.Context) error {
	if s.options.jobs == "" {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	memory, workers, err := s.options.jobBounds()
	if err != nil {
		return err
	}
	all, err := jobs.Open(jobs.Options{
		Allowed: s.options.jobs, Out: s.options.runs, State: s.state, Command: []string{self}, Log: s.log,
		MaxMemory: memory, Workers: workers,
	})
	if err != nil {
		return redline.Faultf(redline.Usage, "jobs cannot be taken: %w", err)
	}
	s.closers = append(s.closers, all.Close)
	s.parts = append(s.parts, all)
	return nil
}

// jobBounds returns how much memory, in bytes, and how many workers runs over HTTP may have; 0 for what is not said.
func (o *serveOptions) jobBounds() (memory int64, workers int, err error) {
	j := job.Default()
	given := map[string][]string{"max-memory": o.memory, "workers": o.workers}
	if err := j.Set(given); err != nil {
		return 0, 0, err
	}
	if len(o.memory) > 0 {
		memory = j.MaxMemory
	}
	if len(o.workers) > 0 {
		workers = j.Workers
	}
	return memory, workers, nil
}

// addRuns adds what the runs found, and draws their rasters.
func (s *serving) addRuns(context.Context) error {
	if s.options.runs == "" {
		return nil
	}
	images, err := s.options.pictures()
	if err != nil {
		return err
	}
	runs, err := shelf.Open(s.options.runs, filepath.Join(s.state, "runs"))
	if err != nil {
		return redline.WithKind(redline.Output, err)
	}
	runs.Log = s.log
	s.closers = append(s.closers, runs.Close)
	s.sources = append(s.sources, runs)
	painter, err := gdaltiles.New(gdaltiles.Options{
		State: filepath.Join(s.state, "rasters"), Data: s.options.data, Images: images, Log: s.log,
		Run: func(ctx context.Context, id string) (*gdaltiles.Run, error) {
			all, err := runs.Runs(ctx)
			for _, r := range all {
				if r.ID == id && r.Manifest != nil {
					return &gdaltiles.Run{Folder: r.Folder, Version: r.Version, Manifest: r.Manifest}, nil
				}
			}
			return nil, err
		},
	})
	if err != nil {
		return redline.WithKind(redline.Output, err)
	}
	s.closers = append(s.closers, func() error { painter.Close(); return nil })
	s.painter = painter
	return nil
}

// addPages adds what shows all collections: as features, as maps, and to reviewers.
func (s *serving) addPages(context.Context) error {
	pages, err := web.New()
	if err != nil {
		return err
	}
	if s.store != nil {
		board := pages.Dashboard(s.store, s.cases.Head)
		s.closers = append(s.closers, board.Close)
		s.warm = append(s.warm, board.Warm)
		s.parts = append(s.parts, board)
	}
	shown := features.New(s.sources, &serveCRS{})
	s.parts = append(s.parts, shown, tiles.New(s.sources, s.painter), pages)
	return service.Describe(shown.Describe, s.parts)
}
