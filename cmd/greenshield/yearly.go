package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/yearly"
)

// yearlyOptions are the flags of the work of every year.
type yearlyOptions struct {
	yearly.Schedule
	again                    int
	workers                  int  // 0 for those of the job
	allowNetwork             bool // maps may lie in object stores
	state                    string
	notify, mailTo, sendmail string
}

// bind makes the flags that a schedule has too.
func (o *yearlyOptions) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.First, "first", 0, "the first `YEAR` that is to be done")
	flags.IntVar(&o.Every, "every", 1, "`YEARS` from one map to the next")
	flags.IntSliceVar(&o.Skip, "skip", nil, "`YEAR` of which there will be no map; may stand several times")
	flags.DurationVar(&o.Settle, "settle", 30*time.Minute,
		"for how long (`TIME`) size and time of the maps must have been the same before they are read")
	flags.StringVar(&o.state, "state", "", "`FOLDER` for state, summaries and reports of the ledger; without it "+
		"JOB-yearly beside the job file")
	flags.StringVar(&o.notify, "notify", "", "`PROGRAM` that is called when there is something new to tell, with "+
		"summary.json on its standard input")
	flags.StringVar(&o.mailTo, "mail-to", "", "`ADDRESS` that stands at the head of summary.txt, which is a mail then")
	flags.StringVar(&o.sendmail, "sendmail", "", "`PROGRAM` that is called with -t and that mail, such as "+
		"/usr/bin/msmtp")
	flags.IntVar(&o.workers, "workers", 0, "`N` parallel workers, in place of those of the job")
	bindNetwork(flags, &o.allowNetwork)
}

// check refuses flags that cannot be, and completes the others.
func (o *yearlyOptions) check(args []string) error {
	switch {
	case len(args) == 0:
		return redline.Faultf(redline.Usage, "no job; name its file: greenshield yearly JOB.yaml")
	case o.First < 1 || o.First > 9999:
		return redline.Faultf(redline.Usage, "the first year is not said; name it by --first YEAR")
	case o.Every < 1:
		return redline.Faultf(redline.Usage, "--every: %d is no number of years; write 1 or more", o.Every)
	case o.Settle < 0:
		return redline.Faultf(redline.Usage, "--settle: %s is negative", o.Settle)
	case o.workers < 0 || o.workers > 1024:
		return redline.Faultf(redline.Usage, "--workers: %d is not from 1 to 1024; "+
			"leave it out for those of the job", o.workers)
	case o.sendmail != "" && o.mailTo == "":
		return redline.Faultf(redline.Usage, "--sendmail needs somebody to write to; name the address by --mail-to")
	}
	if err := checkAddress(o.mailTo); err != nil {
		return err
	}
	if o.state == "" {
		path := args[0]
		o.state = path[:len(path)-len(filepath.Ext(path))] + "-yearly"
	}
	return nil
}

// yearlyCommand returns the command that does what is due of a job of every year.
func (p *program) yearlyCommand() *cobra.Command {
	o := &yearlyOptions{}
	cmd := &cobra.Command{
		Use:   "yearly JOB.yaml --first YEAR [flags]",
		Short: "Do what is due of a job of every year",
		Long: `yearly takes a job file in which {year} stands for a year, and {year-5} for five years before it, and does
each year from --first on that is not done yet, in order: it waits for the maps of the year, checks them,
runs the job, adds the run to the ledger that the job names, and writes the report of the ledger. Each step is
done once. It ends at once when nothing is due; a timer calls it again and again (greenshield schedule).

The maps of a year are complete when they have not changed for --settle, and check finds no fault. A step that
fails is tried again: soon, then more and more seldom, at last once a day, or once an hour when files cannot be
read, nothing can be written, or a lock is held (status 15 and 16); and anew when the job file or a file that it
names changes. A map that is replaced when its year is done is told; --again does the year once more. A year of
which no map comes holds up the later ones until --skip names it.

summary.txt and summary.json in --state say what came of the last look. What they say is told by --notify and
--sendmail when it is not what was told before. The exit status is that of the fault that a year has, also
while nothing is tried, and 0 when nothing is due.
` + exitHelp,
		Example: `  greenshield yearly job.yaml --first 2026
  greenshield yearly job.yaml --first 2026 --mail-to office@example.org --sendmail /usr/bin/msmtp
  greenshield yearly job.yaml --first 2026 --again 2026`,
		Args:              oneJob,
		ValidArgsFunction: completeJob,
		RunE:              func(cmd *cobra.Command, args []string) error { return p.yearly(cmd.Context(), o, args) },
	}
	o.bind(cmd)
	cmd.Flags().IntVar(&o.again, "again", 0, "`YEAR` that is done once more, with its results replaced")
	cmd.Flags().BoolVar(&p.json, "json", false, "print the result and all messages as JSON")
	return cmd
}

// yearly looks at all years, does what is due, and tells what is new.
func (p *program) yearly(ctx context.Context, o *yearlyOptions, args []string) error {
	if err := o.check(args); err != nil {
		return err
	}
	office := &office{yearlyOptions: o, template: args[0], silent: map[string]error{}, patience: 5 * time.Minute}
	if _, err := os.Stat(o.state); errors.Is(err, fs.ErrNotExist) { // the first time nothing is made of what is wrong
		if _, err := office.of(o.First); err != nil {
			return err
		}
	}
	if o.allowNetwork {
		office.env = os.Environ() // from which GDAL's variables are then removed
		if err := gdalraster.AllowNetwork(); err != nil {
			return redline.WithKind(redline.Usage, err)
		}
		if _, err := gdalraster.Init(0); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(o.state, 0o777); err != nil {
		return redline.WithKind(redline.Output, err)
	}
	unlock, err := lockYearly(o.state)
	if err != nil {
		return err
	}
	defer unlock()
	state, err := yearly.Read(o.state)
	if err != nil {
		return err
	}
	if o.again != 0 {
		if state.Years[o.again] == nil {
			return redline.Faultf(redline.Usage, "--again: the year %d was not done", o.again)
		}
		state.Again(o.again)
	}
	p.onInterrupt(func() bool { return true }) // it ends by itself, once the step has ended
	out, err := o.Work(ctx, office, state)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil { // of the state
		out = &yearly.Outcome{Status: yearly.Failed, Years: []yearly.Told{}, Notes: []yearly.Note{},
			Trouble: &yearly.Trouble{Code: int(redline.KindOf(err)), Message: err.Error()}}
	}
	return p.tellYearly(ctx, office, state, out)
}

// lockYearly sees to it that no other program works on the same state, until unlock is called or the program ends.
func lockYearly(folder string) (unlock func(), err error) {
	path := filepath.Join(folder, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, redline.WithKind(redline.Output, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, redline.Faultf(redline.Locked, "%s: another greenshield yearly is at work here", folder)
	}
	return func() { f.Close() }, nil
}
