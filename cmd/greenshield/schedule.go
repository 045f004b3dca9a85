package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"greenshield/raster/gdalraster"
	"greenshield/raster/object"
	"greenshield/redline"
	"greenshield/redline/dispatch"
	"greenshield/redline/job"
	"greenshield/redline/yearly"
)

// scheduleOptions are the flags of the writing of a schedule.
type scheduleOptions struct {
	yearlyOptions
	out, name, calendar, user string
	pods                      podFlags
	cron                      string // "" for defaultCron
}

// scheduleCommand returns the command that writes what has systemd do a job of every year.
func (p *program) scheduleCommand() *cobra.Command {
	o := &scheduleOptions{}
	cmd := &cobra.Command{
		Use:   "schedule JOB.yaml --first YEAR --out DIR [flags]",
		Short: "Write the systemd units that do a job of every year",
		Long: `schedule writes a timer and a service of systemd to a new folder; the service calls greenshield yearly with
the same flags. It can write the folders of the results, of the ledger and of the state, which must be there, and no
others; it reaches no other machine unless it calls a program (--notify, --sendmail), the ledger is a database, or
--allow-network lets it read maps from an object store, whose keys it finds in /etc/greenshield/NAME.env.
A program that needs the rights of another user, as the sendmail of Postfix does, cannot work in it; msmtp can.

Put the two files into /etc/systemd/system, and enable the timer.

With --kubernetes IMAGE the folder also has NAME.yaml, a CronJob whose pods do the same in a cluster, in place of the
timer. They find job, maps, results, ledger, state and programs at the same paths as schedule does, in the volume
that --claim names, and run as the user of the service.
` + exitHelp,
		Example: `  greenshield schedule /srv/greenshield/job.yaml --first 2026 --user greenshield --out units
  greenshield schedule /data/job.yaml --first 2026 --user greenshield --out units --kubernetes greenshield:1`,
		Args:              oneJob,
		ValidArgsFunction: completeJob,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := o.schedule(p, args); err != nil {
				return err
			}
			p.printf("%s has the units; copy them to /etc/systemd/system, and enable %s.timer\n", o.out, o.name)
			if o.pods.image != "" {
				manifest := filepath.Join(o.out, o.name+".yaml")
				p.printf("in place of the timer, for Kubernetes: kubectl apply -f %s\n", manifest)
			}
			switch {
			case o.allowNetwork && o.pods.image != "":
				p.printf("keys of the object store, such as AWS_ACCESS_KEY_ID: to %s, which root alone may read; for pods, "+
					"to the secret %s\n", o.environment(), o.name)
			case o.allowNetwork:
				p.printf("keys of the object store, such as AWS_ACCESS_KEY_ID: to %s, which root alone may read\n",
					o.environment())
			}
			return nil
		},
	}
	o.bind(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.out, "out", "", "new folder for the units: `DIR`")
	flags.StringVar(&o.name, "name", "greenshield-yearly", "`NAME` of the units, each job its own")
	flags.StringVar(&o.calendar, "calendar", "hourly", "`WHEN` to look, as systemd.time(7) writes it")
	flags.StringVar(&o.user, "user", "", "`NAME` of the user whose the files are; without it who calls")
	o.bindKubernetes(flags)
	return cmd
}

var unitName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// schedule writes the units, and the CronJob where one is wanted.
func (o *scheduleOptions) schedule(p *program, args []string) error {
	if err := o.check(args); err != nil {
		return err
	}
	switch {
	case o.out == "":
		return redline.Faultf(redline.Usage, "no folder for the units; name a new one by --out DIR")
	case !unitName.MatchString(o.name):
		return redline.Faultf(redline.Usage, "--name: %q is no name for units; write letters, digits, - and _", o.name)
	case o.calendar == "" || strings.ContainsAny(o.calendar, "\r\n"):
		return redline.Faultf(redline.Usage, "--calendar: %q is no time; write hourly, or *-*-* 06:30", o.calendar)
	}
	template, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	timer, err := o.timer(p, template)
	if err != nil {
		return err
	}
	manifest, err := o.cronJob(p, template)
	if err != nil {
		return err
	}
	warnings, err := unreachable(timer)
	if err != nil {
		return err
	}
	if err := os.Mkdir(o.out, 0o777); errors.Is(err, fs.ErrExist) {
		return redline.Faultf(redline.Output, "%s: there is such a folder already; name a new one", o.out)
	} else if err != nil {
		return redline.WithKind(redline.Output, err)
	}
	service, unit := timer.Units()
	files := map[string]string{".service": service, ".timer": unit}
	if manifest != "" {
		files[".yaml"] = manifest
	}
	for extension, text := range files {
		if err := yearly.WriteFile(filepath.Join(o.out, o.name+extension), []byte(text)); err != nil {
			return errors.Join(err, os.RemoveAll(o.out))
		}
	}
	for _, warning := range warnings {
		p.warn(warning)
	}
	return nil
}

// unreachable says what of the paths that the service needs it will not find, or not for long.
func unreachable(t *dispatch.Timer) (warnings []string, err error) {
	if path := t.Temporary(); path != "" {
		warnings = append(warnings, redline.Faultf(redline.Usage, "%s: lies where systems remove what is older than some "+
			"days, or all when they start; move it, since the schedule is for years", path).Error())
	}
	who, err := user.Lookup(t.User)
	if err != nil {
		return append(warnings, redline.Faultf(redline.Usage, "this machine has no user %q, as whom the service is to run; "+
			"create it before you enable the timer", t.User).Error()), nil
	}
	for _, access := range []struct {
		flag  string
		paths []string
		say   string
	}{
		{"-r", t.Needs, "%s: %s, as whom the service runs, may not read it; give that right"},
		{"-w", t.Writable, "%s: %s, as whom the service runs, may not write to it; give that right"},
	} {
		for _, path := range access.paths {
			may, err := mayUse(who, access.flag, path)
			if err != nil {
				return nil, err
			}
			if !may {
				warnings = append(warnings, redline.Faultf(redline.Usage, access.say, path, t.User).Error())
			}
		}
	}
	return warnings, nil
}

// mayUse tells whether a user has a right, -r or -w of test(1), to what lies at a path. What is not there, it has all
// rights to; of another user only root can tell, all others get true.
func mayUse(who *user.User, right, path string) (bool, error) {
	cmd := exec.Command("test", right, path)
	if _, err := os.Stat(path); err != nil || strconv.Itoa(os.Geteuid()) != who.Uid && os.Geteuid() != 0 {
		return true, nil
	}
	if os.Geteuid() == 0 {
		groups, err := who.GroupIds()
		if err != nil {
			return false, redline.WithKind(redline.Usage, err)
		}
		var ids []uint32
		for _, id := range append([]string{who.Uid, who.Gid}, groups...) {
			n, err := strconv.ParseUint(id, 10, 32)
			if err != nil {
				return false, err
			}
			ids = append(ids, uint32(n))
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ids[0], Gid: ids[1], Groups: ids[2:]}}
		cmd.Dir = "/"
	}
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return false, nil
	} else if err != nil {
		return false, redline.WithKind(redline.Usage, err)
	}
	return true, nil
}

// withLinked returns paths, and before each that leads through a link what it leads to.
func withLinked(paths []string) (all []string) {
	for _, path := range paths {
		if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
			all = append(all, real)
		}
		all = append(all, path)
	}
	return all
}

// timer returns what systemd is to do with a template at an absolute path: all paths are absolute, that of the state
// from then on, and all folders that it writes are there.
func (o *scheduleOptions) timer(p *program, template string) (_ *dispatch.Timer, err error) {
	if o.state, err = filepath.Abs(o.state); err != nil {
		return nil, err
	}
	if _, err := (&office{yearlyOptions: &o.yearlyOptions, template: template}).of(o.First); err != nil {
		return nil, err
	}
	j, err := job.ParseYear(template, o.First)
	if err != nil {
		return nil, err
	}
	name, err := o.owner()
	if err != nil {
		return nil, err
	}
	command, err := o.command(p, template)
	if err != nil {
		return nil, err
	}
	written := []string{filepath.Dir(j.Out), filepath.Dir(o.state)}
	if j.Ledger != "" && !isDatabase(j.Ledger) {
		written = append(written, filepath.Dir(j.Ledger))
	}
	for _, folder := range written {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			return nil, redline.Faultf(redline.Usage, "%s: is to be written to and is no folder; create it first", folder)
		}
	}
	for _, path := range []string{o.state, j.Ledger} { // what a link leads to is written where it lies
		if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
			written = append(written, filepath.Dir(real))
		}
	}
	slices.Sort(written)
	needs := []string{template}
	for _, path := range j.Inputs() {
		if !object.Named(path) {
			needs = append(needs, gdalraster.FileOf(path))
		}
	}
	return &dispatch.Timer{
		Name: o.name, Description: "Green Shield, every year: " + template, Command: command, Calendar: o.calendar,
		User: name, Writable: slices.Compact(written), Needs: withLinked(needs), MemoryMax: 2 * j.MaxMemory,
		Network: o.notify+o.sendmail != "" || isDatabase(j.Ledger) || o.allowNetwork, Environment: o.environment(),
	}, nil
}

// environment returns the file in which the service finds the keys of an object store, "" for none.
func (o *scheduleOptions) environment() string {
	if !o.allowNetwork {
		return ""
	}
	return "/etc/greenshield/" + o.name + ".env"
}

// owner returns the name of the user of the service.
func (o *scheduleOptions) owner() (string, error) {
	name := o.user
	if name == "" {
		me, err := user.Current()
		if err != nil {
			return "", redline.WithKind(redline.Usage, err)
		}
		name = me.Username
	}
	if name == "root" || !unitName.MatchString(name) {
		return "", redline.Faultf(redline.Usage, "the service is not to run as %q; name the user whose the files are by "+
			"--user NAME", name)
	}
	return name, nil
}

// command returns what the service does.
func (o *scheduleOptions) command(p *program, template string) ([]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := []string{self, "yearly", template, "--first", fmt.Sprint(o.First), "--every", fmt.Sprint(o.Every),
		"--settle", shortDuration(o.Settle), "--state", o.state}
	for _, year := range o.Skip {
		command = append(command, "--skip", fmt.Sprint(year))
	}
	for _, called := range []struct{ flag, program string }{{"--notify", o.notify}, {"--sendmail", o.sendmail}} {
		path, err := calledProgram(called.flag, called.program)
		if err != nil {
			return nil, err
		}
		if path != "" {
			command = append(command, called.flag, path)
		}
	}
	if o.workers != 0 {
		command = append(command, "--workers", fmt.Sprint(o.workers))
	}
	if o.mailTo != "" {
		command = append(command, "--mail-to", o.mailTo)
	}
	if o.allowNetwork {
		command = append(command, "--allow-network")
	}
	return append(command, "--lang", p.choose("en", "zh")), nil
}

// calledProgram returns the absolute path of a program that a flag names; "" is none.
func calledProgram(flag, name string) (string, error) {
	if name == "" {
		return "", nil
	}
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", redline.Faultf(redline.Usage, "%s: %w", flag, err)
	}
	return path, nil
}
