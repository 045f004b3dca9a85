package main

import (
	"cmp"
	"os/user"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"greenshield/redline"
	"greenshield/redline/dispatch"
	"greenshield/redline/job"
)

const (
	// defaultCron is when a CronJob looks when nothing else is said: hourly, as the timer does.
	defaultCron = "0 * * * *"
	// cronZone is the time zone of a CronJob.
	cronZone = "Asia/Shanghai"
)

// cronJobName is what Kubernetes takes as the name of a CronJob.
var cronJobName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$`)

// bindKubernetes adds the flags of the CronJob.
func (o *scheduleOptions) bindKubernetes(flags *pflag.FlagSet) {
	o.pods.bind(flags, "also write a CronJob for Kubernetes, whose pods run `IMAGE`, beside the units")
	flags.StringVar(&o.cron, "cron", "", "`WHEN` pods look, as cron writes it: five fields, or such as @daily, in the time of "+
		"China; hourly without it")
}

// cronJob returns the manifest of a CronJob that does what the service of systemd does, to a template and a state at
// absolute paths; "" where none is wanted.
func (o *scheduleOptions) cronJob(p *program, template string) (string, error) {
	j, err := job.ParseYear(template, o.First)
	if err != nil {
		return "", err
	}
	c, err := o.pods.cluster(j, o.state)
	switch {
	case err != nil:
		return "", err
	case c == nil && o.cron != "":
		return "", redline.Faultf(redline.Usage, "--cron goes with --kubernetes IMAGE; add it, or leave out --cron")
	case c == nil:
		return "", nil
	case !cronJobName.MatchString(o.name):
		return "", redline.Faultf(redline.Usage, "--name: %q is no name for a CronJob; write at most 52 "+
			"lower-case letters, digits and -", o.name)
	}
	schedule := cmp.Or(o.cron, defaultCron)
	if err := dispatch.CheckCron(schedule, time.Now()); err != nil {
		return "", err
	}
	if o.allowNetwork {
		c.Secret = o.name
	}
	c.Workers = cmp.Or(o.workers, c.Workers)
	inPod := *o // the pods may have fewer processors than this machine
	inPod.workers = c.Workers
	if inPod.notify, err = calledProgram("--notify", o.notify); err != nil {
		return "", err
	}
	if inPod.sendmail, err = calledProgram("--sendmail", o.sendmail); err != nil {
		return "", err
	}
	paths := []string{template}
	for _, path := range []string{inPod.notify, inPod.sendmail} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	if err := cmp.Or(c.Check(paths), o.ownPods(c)); err != nil {
		return "", err
	}
	command, err := inPod.command(p, template)
	if err != nil {
		return "", err
	}
	return c.CronJob(o.name, schedule, cronZone, command[1:]), nil
}

// ownPods has pods run as the user that --user names.
func (o *scheduleOptions) ownPods(c *dispatch.Cluster) error {
	if o.user == "" {
		return nil
	}
	who, err := user.Lookup(o.user)
	if err != nil {
		return redline.Faultf(redline.Usage, "--user: this machine has no user %q, whose number the pods need; "+
			"create it first", o.user)
	}
	if c.User, err = strconv.Atoi(who.Uid); err == nil {
		c.Group, err = strconv.Atoi(who.Gid)
	}
	return err
}
