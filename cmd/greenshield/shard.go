package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/dispatch"
	"greenshield/redline/job"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/record"
	"greenshield/redline/shard"
	"greenshield/redline/work"
)

// planOptions are the flags of plan.
type planOptions struct {
	jobOptions
	shards int
	folder string
	slurm  bool
	pods   podFlags
}

// check refuses flags by which no plan can be made of a job.
func (o *planOptions) check(j *job.Job) error {
	if _, err := o.manifests(j); err != nil {
		return err
	}
	if o.slurm && j.Out == "" {
		return redline.Faultf(redline.Usage, "--slurm: nobody would tell the merge its folder; "+
			"name one by out: DIR in the job file")
	}
	return shard.Free(o.folder)
}

// beside returns the files that the flags want beside the plan of a job.
func (o *planOptions) beside(j *job.Job) (map[string]string, error) {
	files, err := o.manifests(j)
	if err != nil || !o.slurm {
		return files, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, redline.WithKind(redline.Internal, err)
	}
	scripts := (&dispatch.Slurm{Program: program, Shards: o.shards, MaxMemory: j.MaxMemory}).Files()
	maps.Copy(scripts, files)
	return scripts, nil
}

// planCommand returns the command that prepares a job for many machines.
func (p *program) planCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan [JOB.yaml] [flags]",
		Short: "Prepare a job for many machines",
		Long: `plan, shard and merge do what run does, on as many machines as there are. plan reads the layers of the
job, divides the ground among the zones, hashes all inputs and cuts the maps into bands of rows that take
about equally long. It writes all this to a new folder, whole or not at all. Then, in any order and at once:

  greenshield shard PLAN I      for each I from 0 to N-1, on any machine that has the files at the same paths
  greenshield merge PLAN        when all of them are done

With --slurm the folder also holds scripts for Slurm: PLAN/slurm/submit.sh submits all shards and the merge,
and when some have failed it submits what is missing. The guide: redline/dispatch/README.md.

With --kubernetes IMAGE it holds manifests for Kubernetes: PLAN/kubernetes/shards.yaml is a Job with a pod for
each shard, merge.yaml the Job to run after it. Pods find job, data, plan and results at the same paths as
plan does, in the volume that --claim names.

The folder that merge writes is the one that run would write, to the byte, but for times and machine in
manifest.json. plan takes the flags of run, but --out names the folder of the plan; that of the results is
out in the job file, or --out of merge.
` + exitHelp,
		Example: `  greenshield plan job.yaml --shards 64 --out plan
  greenshield shard plan 0
  greenshield merge plan`,
		Args:              oneJob,
		ValidArgsFunction: completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.plan(cmd.Context(), &o, args)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVar(&o.shards, "shards", 0, "into how many bands of rows the maps are cut")
	cmd.Flags().StringVar(&o.folder, "out", "", "new folder of the plan: `PLAN`")
	cmd.Flags().BoolVar(&o.slurm, "slurm", false, "also make scripts for Slurm, in the folder of the plan")
	o.pods.bind(cmd.Flags(), "also make manifests for Kubernetes, whose pods run `IMAGE`, in the folder of the plan")
	o.bindSome(cmd, func(name string) bool { return name != "out" && name != "replace" })
	o.bindYear(cmd)
	return cmd
}

// plan writes the plan of a job.
func (p *program) plan(ctx context.Context, o *planOptions, args []string) error {
	started, shards, folder := time.Now(), o.shards, o.folder
	switch {
	case shards < 1 || shards > shard.MaxShards:
		return redline.Faultf(redline.Usage, "--shards: say into how many shards, 1 to %d", shard.MaxShards)
	case folder == "":
		return redline.Faultf(redline.Usage, "no folder for the plan; name a new one by --out PLAN")
	}
	j, err := o.job(args, (*job.Job).Validate)
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	ignored, err := o.ready(j)
	if err != nil {
		return err
	}
	if err := o.check(j); err != nil {
		return err
	}
	collectSeldom()
	m := o.manifest(j, ignored, started)
	w, examined, err := p.workOf(ctx, &o.jobOptions, j, m, nil)
	if err != nil {
		return err
	}
	kept := j.Absolute(here)
	if kept.Workers == runtime.NumCPU() { // as many as the machine has, which is for each machine to say
		kept.Workers = 0
	}
	plan := &shard.Plan{Program: m.Program, Versions: m.Versions, Job: kept, Rules: m.Rules, Priority: m.Priority}
	if plan.Beside, err = o.beside(j); err != nil {
		return examined.close(err)
	}
	if w.Ledger != nil {
		plan.Ledger = w.Ledger.Record()
	}
	loaded := w.Source.(source).Loaded
	err = work.Plan(ctx, w, plan, shards, folder, func(ctx context.Context) ([]record.Stamp, error) {
		files, err := loaded.Files(ctx)
		if err != nil || !job.IsModelFile(j.Priority) {
			return files, err
		}
		model, err := record.StampOf(ctx, j.Priority, "")
		return append(files, model), redline.WithKind(redline.Usage, err)
	})
	for _, warning := range slices.Concat(m.Warnings, plan.Warnings) {
		p.warn(warning)
	}
	p.tellRepairs(plan.Repairs)
	if err := examined.close(err); err != nil {
		return err
	}
	took := time.Since(started).Round(100 * time.Millisecond)
	if p.json {
		return p.printJSON(fields{"status": "planned", "out": folder, "shards": shards, "rows": plan.Rows,
			"seconds": took.Seconds()})
	}
	p.printf("plan of %s: %s; %s\n", p.plural(shards, "shard"), folder, took)
	if o.pods.image != "" {
		p.printf("manifests for Kubernetes: %s\n", filepath.Join(folder, "kubernetes"))
	}
	if o.slurm {
		p.printf("now run %s\n", raster.Quote(filepath.Join(folder, "slurm", "submit.sh")))
		return nil
	}
	p.printf("now run greenshield shard %s I for each I from 0 to %d, and then greenshield merge %s\n",
		raster.Quote(folder), shards-1, raster.Quote(folder))
	return nil
}

// ready does what a job needs before GDAL may be used; see [prepare].
func (o *jobOptions) ready(j *job.Job) (ignored []string, err error) {
	if err := checkFileLimit(filesOf(j)); err != nil {
		return nil, err
	}
	return o.prepare(j)
}

// indexVariables are the environment variables in which schedulers tell a task of an array which one it is.
var indexVariables = []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"}

// shardCommand returns the command that makes one part of a plan.
func (p *program) shardCommand() *cobra.Command {
	var o jobOptions
	var missing bool
	cmd := &cobra.Command{
		Use:   "shard PLAN [I] [flags]",
		Short: "Compare the rows of one shard of a plan",
		Long: `shard makes the part of shard I, from 0 on, in the folder of a plan: whole, or not at all. A part that is
there already and right is left as it is, so that a task that failed or was killed is simply run again. The
inputs must be as they were when the plan was made, and program and libraries of the same versions.

Without I it is the number that the scheduler gives a task of an array: SLURM_ARRAY_TASK_ID (Slurm),
JOB_COMPLETION_INDEX (an indexed Job of Kubernetes) or AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch).

With --missing nothing is made: it reads all parts and prints the numbers of the shards whose part is missing,
damaged, or of another plan, one on a line.
` + exitHelp,
		Example: `  greenshield shard plan 7
  greenshield shard plan --missing | xargs -n 1 greenshield shard plan
  sbatch --array=0-63 --wrap 'greenshield shard plan'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no plan; name its folder: greenshield shard PLAN I")
			}
			return atMost(2, "shard takes the folder of a plan and the number of a shard")(nil, args)
		},
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			if missing {
				return p.missingShards(cmd.Context(), args)
			}
			return p.shard(cmd.Context(), &o, args)
		},
	}
	cmd.Flags().BoolVar(&missing, "missing", false, "only print the numbers of the shards that are to be made")
	o.bindSome(cmd, func(name string) bool { return name == "workers" || name == "max-memory" })
	return cmd
}

// index is the number of a shard as somebody gave it.
type index struct{ from, text string }

// indexOf returns what arguments or else the environment say.
func indexOf(args []string, env func(string) string) index {
	if len(args) > 1 {
		return index{"", args[1]}
	}
	for _, name := range indexVariables {
		if text := env(name); text != "" {
			return index{name + ": ", text}
		}
	}
	return index{}
}

// in returns the number, which must be one of the plan's.
func (x index) in(plan *shard.Plan) (int, error) {
	if x.text == "" {
		return 0, redline.Faultf(redline.Usage, "no number of a shard; name one, 0 to %d", plan.Shards()-1)
	}
	i, err := strconv.Atoi(x.text)
	if err != nil || i < 0 || i >= plan.Shards() {
		return 0, redline.Faultf(redline.Usage, "%s%q is no shard of the plan; name one, 0 to %d", x.from, x.text,
			plan.Shards()-1)
	}
	return i, nil
}

// shard makes a part.
func (p *program) shard(ctx context.Context, o *jobOptions, args []string) error {
	started := time.Now()
	given := indexOf(args, os.Getenv) // before variables are removed that would steer GDAL
	plan, j, ignored, err := o.planned(args[0])
	if err != nil {
		return err
	}
	i, err := given.in(plan)
	if err != nil {
		return err
	}
	if plan.Ledger != nil && plan.Ledger.Leads == 0 {
		j.Ledger = "" // all that it says is for merge
	}
	m := o.manifest(j, ignored, started)
	for _, warning := range m.Warnings {
		p.warn(warning)
	}
	w, examined, err := p.workOf(ctx, o, j, m, plan)
	if err != nil {
		return err
	}
	var progress redline.Progress
	stop := p.watch(&progress, o.quiet)
	made, err := work.Shard(ctx, w, i, &progress)
	stop()
	if err := examined.close(err); err != nil {
		return err
	}
	took, rows := time.Since(started).Round(100*time.Millisecond), plan.RowsOf(i)
	if p.json {
		status := "complete"
		if !made {
			status = "unchanged"
		}
		return p.printJSON(fields{"status": status, "plan": plan.Folder(), "shard": i, "shards": plan.Shards(), "rows": rows,
			"seconds": took.Seconds()})
	}
	if !made {
		p.printf("nothing is to be done: the part of shard %d is there\n", i)
		return nil
	}
	p.printf("the part of shard %d of %d, %s, is made; %s\n", i, plan.Shards(), p.plural(rows[1]-rows[0], "row"), took)
	return nil
}

// missingShards prints which parts of a plan are to be made.
func (p *program) missingShards(ctx context.Context, args []string) error {
	if len(args) > 1 {
		return redline.Faultf(redline.Usage, "--missing looks at all shards; leave out the number")
	}
	plan, err := shard.Open(args[0])
	if err != nil {
		return err
	}
	if err := plan.CheckVersions("greenshield "+version(), libraries()); err != nil {
		return err
	}
	missing, err := plan.Missing(ctx)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(fields{"plan": plan.Folder(), "shards": plan.Shards(), "missing": append([]int{}, missing...)})
	}
	for _, i := range missing {
		fmt.Fprintln(p.stdout, i)
	}
	return nil
}

// planned opens a plan that this program may work on, and returns its job as the flags have it, ready to begin.
func (o *jobOptions) planned(folder string) (plan *shard.Plan, j *job.Job, ignored []string, err error) {
	if plan, err = shard.Open(folder); err != nil {
		return nil, nil, nil, err
	}
	if err := plan.CheckVersions("greenshield "+version(), libraries()); err != nil {
		return nil, nil, nil, err
	}
	of := *plan.Job
	j = &of
	j.Workers = cmp.Or(j.Workers, runtime.NumCPU())
	if err := j.Set(o.given); err != nil {
		return nil, nil, nil, err
	}
	ignored, err = o.ready(j)
	return plan, j, ignored, err
}

// mergeCommand returns the command that merges the parts of a plan.
func (p *program) mergeCommand() *cobra.Command {
	var o jobOptions
	cmd := &cobra.Command{
		Use:   "merge PLAN [flags]",
		Short: "Merge the parts of a plan into the results",
		Long: `merge joins the parts of all shards in the folder of a plan, checks that all adds up, and writes and
publishes the folder of the results as run does: the same files, to the byte, but for times and machine in
manifest.json. A part that is missing, damaged, or of another plan, version or input is named by its number,
and nothing is published. The folder of the plan stays as it is; remove it when it is no longer needed.
` + exitHelp,
		Example: `  greenshield merge plan
  greenshield merge plan --out results --replace`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return redline.Faultf(redline.Usage, "no plan; name its folder: greenshield merge PLAN")
			}
			return atMost(1, "merge takes the folder of a plan")(nil, args)
		},
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.merge(cmd.Context(), &o, args[0])
		},
	}
	o.bindSome(cmd, func(name string) bool {
		return slices.Contains([]string{"workers", "max-memory", "out", "replace"}, name)
	})
	return cmd
}

// merge merges the parts of a plan and prints what came of it.
func (p *program) merge(ctx context.Context, o *jobOptions, folder string) error {
	started := time.Now()
	plan, j, ignored, err := o.planned(folder)
	if err != nil {
		return err
	}
	if j.Out == "" {
		return redline.Faultf(redline.Usage,
			"no folder for the results; name one by --out DIR, or out: DIR in the job file of the plan")
	}
	m := o.manifest(j, ignored, started)
	sum, err := p.carryOut(ctx, o, j, m, plan)
	if err != nil {
		return err
	}
	d := &done{j, m, sum, time.Since(started)}
	if p.json {
		return p.printJSON(d.fields())
	}
	p.summarize(d)
	return nil
}

// sameLeads refuses a ledger that has got events since the plan was made, when it has leads or had them: they bear on
// the priorities, and so on the parts.
func sameLeads(plan *shard.Plan, asked *ledgerwork.Asked) error {
	if plan == nil || plan.Ledger == nil || asked == nil {
		return nil
	}
	then, now := plan.Ledger, asked.Record()
	if then.Leads == 0 && now.Leads == 0 || then.Events == now.Events && then.Hash == now.Hash {
		return nil
	}
	return redline.Faultf(redline.Incompatible, "%s: the ledger has changed since the plan was made, and its leads "+
		"bear on the priorities of the parts; make the plan and all shards again",
		cmp.Or(now.Place, filepath.Base(plan.Folder())))
}
