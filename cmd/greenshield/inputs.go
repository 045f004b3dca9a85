package main

import (
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/job"
)

// jobOptions are the flags of the commands that take a job.
type jobOptions struct {
	given map[string][]string // flag → its texts, as the user gave them
	json  bool                // print the result and all messages as JSON
	quiet bool                // show no progress
	tile  int                 // side of a tile in cells; 0 lets the engine choose
	year  int                 // what {year} in the job file stands for; 0 for none

	allowNetwork bool // inputs may lie in object stores
}

// bind makes the flags of a job. Their texts are only judged together with the job file, so that messages and
// precedence are the same for both.
func (o *jobOptions) bind(cmd *cobra.Command) {
	o.bindSome(cmd, func(string) bool { return true })
}

// bindSome is bind for the flags of a job whose names are wanted.
func (o *jobOptions) bindSome(cmd *cobra.Command, wanted func(name string) bool) {
	flags := cmd.Flags()
	flags.SortFlags = false
	o.given = map[string][]string{}
	for _, f := range job.Flags() {
		if !wanted(f.Name) {
			continue
		}
		flag := flags.VarPF(recorder{o, f}, f.Name, "", f.Usage)
		if f.Switch {
			flag.NoOptDefVal = "true"
		}
	}
	flags.BoolVar(&o.json, "json", false, "print the result and all messages as JSON")
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	bindNetwork(flags, &o.allowNetwork)
	flags.IntVar(&o.tile, "tile", 0, "")
	flags.Lookup("tile").Hidden = true // only for tests: the results must not depend on it
	completeNames(cmd)
}

// bindNetwork makes the flag that lets inputs be fetched.
func bindNetwork(flags *pflag.FlagSet, allow *bool) {
	flags.BoolVar(allow, "allow-network", false,
		"fetch inputs that are named /vsis3/BUCKET/KEY or /vsioss/BUCKET/KEY from object stores")
}

// bindYear makes the flag of what {year} stands for.
func (o *jobOptions) bindYear(cmd *cobra.Command) {
	cmd.Flags().IntVar(&o.year, "year", 0, "the `YEAR` that {year} stands for in a job file that is a template")
}

// recorder keeps the texts that a flag is given.
type recorder struct {
	o *jobOptions
	f job.Flag
}

var _ pflag.Value = recorder{}

// Set keeps a text: beside the earlier ones when the flag may be repeated, else in their place.
func (r recorder) Set(text string) error {
	if !r.f.Repeats {
		r.o.given[r.f.Name] = nil
	}
	r.o.given[r.f.Name] = append(r.o.given[r.f.Name], text)
	return nil
}

// String returns the default, for help.
func (r recorder) String() string { return r.f.Default }

// Type returns what help calls the text.
func (r recorder) Type() string {
	if r.f.Switch {
		return "bool"
	}
	return r.f.Arg
}

// job returns the job of the command line: defaults, the job file over them, flags over both. validate judges it.
func (o *jobOptions) job(args []string, validate func(*job.Job) error) (*job.Job, error) {
	if err := checkFileLimit(minFiles); err != nil { // before the first file is opened
		return nil, err
	}
	j := job.Default()
	if o.year < 0 || o.year > 9999 {
		return nil, redline.Faultf(redline.Usage, "--year: %d is no year; write four digits", o.year)
	}
	if len(args) > 0 {
		var err error
		if j, err = job.ParseYear(args[0], o.year); err != nil {
			return nil, err
		}
	}
	if err := j.Set(o.given); err != nil {
		return nil, err
	}
	if o.tile < 0 {
		return nil, redline.Faultf(redline.Usage, "--tile: %d is negative", o.tile)
	}
	return j, validate(j)
}

// oneJob refuses all arguments but one job file.
func oneJob(_ *cobra.Command, args []string) error {
	for i, a := range args {
		switch ext := strings.ToLower(filepath.Ext(a)); {
		case i == 0 && (ext == ".yaml" || ext == ".yml" || len(args) == 1 && ext == ""):
		case i == 0 && len(args) == 1:
			return redline.Faultf(redline.Usage, "%s: is not a job file (.yaml, .yml); "+
				"name rasters and layers by their flags, such as --before %s", a, a)
		default:
			return redline.Faultf(redline.Usage, "unexpected argument %q; a run takes one job file, "+
				"and a flag that takes several files stands before each: --before A --before B", a)
		}
	}
	return nil
}

// prepare shares the memory of the job out and prepares GDAL. It returns the names of the environment variables that
// would have steered GDAL.
func prepare(j *job.Job) (ignoredEnv []string, err error) {
	if err := checkMemoryLimit(j); err != nil {
		return nil, err
	}
	// GDAL's block cache is not counted by Go's memory limit. Blocks are read once, so a larger cache would only cost
	// page faults.
	cache := min(max(j.MaxMemory/8, 16<<20), 48<<20)
	debug.SetMemoryLimit(j.MaxMemory - cache)
	debug.SetGCPercent(50) // takes no more time that could be measured, and saves a quarter of the memory
	return gdalraster.Init(cache)
}

// prepare is [prepare], after which objects of stores may be read if the flag says so.
func (o *jobOptions) prepare(j *job.Job) (ignoredEnv []string, err error) {
	if o.allowNetwork {
		if err := gdalraster.AllowNetwork(); err != nil {
			return nil, redline.WithKind(redline.Usage, err)
		}
	}
	return prepare(j)
}

// ignoredWarning returns the warning of environment variables that are ignored.
func ignoredWarning(env []string) string {
	return "environment variables are ignored: " + strings.Join(env, ", ")
}

// tuning says with how many workers and how much memory the job may run.
func (o *jobOptions) tuning(j *job.Job, workers int) engine.Tuning {
	return engine.Tuning{Workers: workers, Tile: o.tile, MaxMemory: j.MaxMemory}
}
