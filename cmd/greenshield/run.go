package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/files"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/record"
	"greenshield/redline/shard"
	"greenshield/redline/work"
	"greenshield/vector/geos"
)

// runCommand returns the command that does a whole job.
func (p *program) runCommand() *cobra.Command {
	var o jobOptions
	cmd := &cobra.Command{
		Use:   "run [JOB.yaml] [flags]",
		Short: "Compare two land-cover maps and write the candidates",
		Long: `run does the whole job: it reads the inputs, compares the two land-cover maps, cuts the changes by
the zones, and writes one folder of results, whole or not at all. A folder in place of --out stays as
it is until the new one is complete.

Flags go before the job file, which goes before the defaults. Paths in a job file are relative to it.
A run that would write the same as the run in the folder says so and does nothing.

With --ledger each candidate also tells which case of the ledger it is, what became of that since, what was
said of it before and what stands there now. The ledger is only read: ledger add brings the run into it.
` + jobFileHelp + exitHelp,
		Example: `  greenshield run job.yaml
  greenshield run job.yaml --out again --min-area 0.5ha
  greenshield run --before lc2015.tif --after lc2020.tif --legend clcd \
    --redline 'redline.gpkg|layername=redline' --reserve reserves.shp --encoding GBK --out out`,
		Args:              oneJob,
		ValidArgsFunction: completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.run(cmd.Context(), &o, args)
		},
	}
	o.bind(cmd)
	o.bindYear(cmd)
	return cmd
}

// jobFileHelp is the part of run's help that shows a job file.
const jobFileHelp = `
JOB FILE
  before: {files: [lc2015.tif], year: 2015, legend: clcd}      # band: 16 in a file of several
  after:  {files: [lc2020.tif], year: 2020, legend: clcd}
  redline: [{file: redline.gpkg, layer: redline, fields: {id: HXBM, name: HXMC}}]
  reserve:
    - file: reserves.shp
      encoding: GBK
      fields: {name: BHDMC, func_zone: GNFQ, level: BHDJB}     # id: "#" numbers the features
      zone_types: {1: core, 2: buffer, 3: experimental}        # what func_zone's texts mean
  admin:   {file: counties.geojson, fields: {code: adcode, name: name}}
  exempt:  [{file: approved.geojson}]
  min_area: 4 cells
  out: out
  Other keys are the flags below with _ for -.
`

// run does a whole job and prints what came of it.
func (p *program) run(ctx context.Context, o *jobOptions, args []string) error {
	started := time.Now()
	j, ignored, err := o.prepared(args, (*job.Job).Validate)
	if err != nil {
		return err
	}
	d, err := p.do(ctx, o, j, ignored, started)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(d.fields())
	}
	p.summarize(d)
	return nil
}

// prepared returns the job of the command line, which has a folder for its results and is valid, and does what
// [prepare] does.
func (o *jobOptions) prepared(
	args []string, validate func(*job.Job) error,
) (j *job.Job, ignoredEnv []string, err error) {
	if j, err = o.job(args, validate); err != nil {
		return nil, nil, err
	}
	if j.Out == "" {
		return nil, nil, redline.Faultf(redline.Usage,
			"no folder for the results; name one by --out DIR, or out: DIR in the job file")
	}
	if err := checkFileLimit(filesOf(j)); err != nil {
		return nil, nil, err
	}
	ignoredEnv, err = o.prepare(j)
	return j, ignoredEnv, err
}

// done is a job that was done.
type done struct {
	job      *job.Job
	manifest *record.Manifest
	summary  *redline.Summary // nil when the folder held the same results already
	took     time.Duration
}

// do does a job that is prepared, and tells what happens on the way.
func (p *program) do(
	ctx context.Context, o *jobOptions, j *job.Job, ignored []string, started time.Time,
) (*done, error) {
	m := o.manifest(j, ignored, started)
	sum, err := p.carryOut(ctx, o, j, m, nil)
	if err != nil {
		return nil, err
	}
	return &done{j, m, sum, time.Since(started)}, nil
}

// manifest returns the record of a job that is about to begin.
func (o *jobOptions) manifest(j *job.Job, ignored []string, started time.Time) *record.Manifest {
	m := &record.Manifest{
		Program:   "greenshield " + version(),
		Generated: started.UTC(),
		Options:   j.Choices(),
		Versions:  libraries(),
		Machine:   map[string]any{"workers": j.Workers, "max_memory": j.MaxMemory, "tile": o.tile},
	}
	if len(ignored) > 0 {
		m.Machine["ignored_environment"] = ignored
		m.Warnings = append(m.Warnings, ignoredWarning(ignored))
	}
	return m
}

// carryOut runs a job, or merges the parts of a plan of it when plan is not nil. The summary is nil when the folder
// holds the same results already.
func (p *program) carryOut(
	ctx context.Context, o *jobOptions, j *job.Job, m *record.Manifest, plan *shard.Plan,
) (*redline.Summary, error) {
	w, examined, err := p.workOf(ctx, o, j, m, plan)
	if err != nil {
		return nil, err
	}
	var progress redline.Progress
	l := &listener{program: p, show: func() (stop func()) { return p.watch(&progress, o.quiet) }}
	defer l.stop()
	result, err := work.Run(ctx, w, l, &progress)
	l.stop()
	return result.Summary, examined.close(err)
}

// workOf opens what a job names and returns the work to be done, that of a plan when that is not nil. What is examined
// must be closed. It completes m.
func (p *program) workOf(
	ctx context.Context, o *jobOptions, j *job.Job, m *record.Manifest, plan *shard.Plan,
) (*work.Job, *examination, error) {
	model, err := rankingOf(j)
	if err != nil {
		return nil, nil, err
	}
	var loaded *gdalinput.Loaded
	asked, err := p.askLedger(ctx, j, func(crs string, g raster.Grid) (raster.Grid, *raster.Earth, error) {
		return loaded.GroundGrid(crs, g)
	})
	if err == nil {
		err = sameLeads(plan, asked)
	}
	if err != nil {
		return nil, nil, err
	}
	m.Priority = rankingRecord(model, j, asked)
	m.Warnings = append(m.Warnings, rankingWarnings(m.Priority)...)
	loaded, fault := gdalinput.Open(j)
	m.Rules = loaded.Rules
	w := &work.Job{
		Out:          j.Out,
		Replace:      j.Replace,
		Inputs:       &loaded.Inputs,
		Options:      loaded.Options,
		Tuning:       o.tuning(j, loaded.Workers),
		Source:       source{loaded},
		Fault:        fault,
		Manifest:     m,
		NewOverlayer: newOverlayer,
		Ranking:      model,
		Ledger:       ledgerOf(asked),
		Records:      j.Formats != job.GeoJSON,
		Compact:      j.Suppressed == job.Compact,
	}
	warnings := loaded.Warnings
	if plan != nil {
		w.Parts = &work.Planned{Plan: plan, Inputs: &loaded.Inputs}
		w.Source = w.Parts
		warnings = func() []string { return plan.Warnings }
	}
	if w.Reports, err = reports(j, loaded, warnings); err != nil {
		return nil, nil, err
	}
	var examined *examination
	if fault == nil {
		examined = examine(j, loaded, model, asked)
	}
	w.NewExaminer = examined.port()
	return w, examined, nil
}

// newOverlayer returns GEOS for one goroutine.
func newOverlayer() engine.Overlayer { return geos.New() }

// source makes what is loaded a [work.Source].
type source struct{ *gdalinput.Loaded }

// Layers implements [work.Source].
func (s source) Layers(ctx context.Context) (work.Said, error) {
	err := s.Loaded.Layers(ctx)
	return work.Said{Warnings: s.Warnings(), Repairs: s.Repairs}, err
}

// listener tells the user of a run. It implements [work.Listener].
type listener struct {
	*program
	show     func() (stop func()) // shows the progress until stop is called
	stopShow func()               // nil while the progress is not shown
}

// Begun sees to it that a signal removes what was begun.
func (l *listener) Begun(abort func() (published bool)) { l.onInterrupt(abort) }

// Read writes what a user should know of the inputs. Only then the progress of the run is shown.
func (l *listener) Read(said work.Said) {
	l.tellRepairs(said.Repairs)
	for _, w := range said.Warnings {
		l.warn(w)
	}
	l.stopShow = l.show()
}

// Warn writes a warning.
func (l *listener) Warn(text string) { l.warn(text) }

// stop ends the progress when it is shown.
func (l *listener) stop() {
	if l.stopShow != nil {
		l.stopShow()
		l.stopShow = nil
	}
}

// tellRepairs names the features that were repaired: all in JSON, else the first ones. The record of the run has all.
func (p *program) tellRepairs(repairs []record.Repair) {
	for i, r := range repairs {
		if i == maxListed && !p.json {
			p.event("repair", nil, p.words.Say("repaired: %s", p.plural(len(repairs)-maxListed, "more feature")))
			return
		}
		p.event("repair", fields{"repair": r}, p.words.Say("repaired: %s", p.describeRepair(r)))
	}
}

// describeRepair says what was repaired of which feature of which layer.
func (p *program) describeRepair(r record.Repair) string {
	return p.words.Say("%s, %s", r.Source, p.repairText(r))
}

// repairText says what was repaired of which feature of a layer.
func (p *program) repairText(r record.Repair) string {
	ha := func(m2 float64) string { return group(fmt.Sprintf("%.4f", m2/redline.M2PerHa)) }
	return p.words.Say("feature %d: %s; %s ha before, %s ha after",
		r.Feature, p.words.Text(r.Reason), ha(r.BeforeM2), ha(r.AfterM2))
}

// fields returns what came of a job for JSON.
func (d *done) fields() fields {
	if d.summary == nil {
		return fields{"status": "unchanged", "out": d.job.Out, "fingerprint": d.manifest.Identity()}
	}
	return fields{
		"status":      "complete",
		"out":         d.job.Out,
		"fingerprint": d.manifest.Fingerprint,
		"counts":      d.manifest.Counts,
		"warnings":    len(d.manifest.Warnings),
		"repairs":     len(d.manifest.Repairs),
		"seconds":     math.Round(d.took.Seconds()*1e3) / 1e3,
	}
}

// summarize prints the totals of a run, or that the folder holds the results already.
func (p *program) summarize(d *done) {
	s := d.summary
	if s == nil {
		p.printf("nothing has changed: %s holds the results of the same inputs, options and version\n", d.job.Out)
		p.printOpen(d.job)
		return
	}
	p.printTotals(s)
	codes := ""
	if s.CodeChangedCells >= 0 {
		codes = p.words.Say(" and %s their class code", thousands(s.CodeChangedCells))
	}
	p.printf("%s of %s changed their ecosystem class%s; all balances hold; %s\n",
		thousands(s.ChangedCells), p.cells(s.Cells), codes, d.took.Round(100*time.Millisecond))
	p.printf("results: %s\n", d.job.Out)
	p.printOpen(d.job)
}

// printTotals prints how many candidates, suppressed changes and zones there are.
func (p *program) printTotals(s *redline.Summary) {
	p.printf("%s, %s ha", p.plural(int(s.Candidates), "candidate"), hectares(s.CandidateM2/redline.M2PerHa))
	separator := p.words.Word(": ")
	for _, severity := range redline.Severities() {
		if n := s.BySeverity[severity]; n > 0 {
			p.printf("%s%s", separator, p.words.Count(thousands(n), p.choose(severity.String(), severity.Chinese())))
			separator = p.words.Word(", ")
		}
	}
	p.printf("\n")
	if s.Suppressed > 0 {
		p.printf("%s suppressed, %s ha", thousands(s.Suppressed), hectares(s.SuppressedM2/redline.M2PerHa))
		separator = p.words.Word(": ")
		for _, reason := range slices.Sorted(maps.Keys(s.ByReason)) {
			p.printf("%s%s", separator,
				p.words.Count(thousands(s.ByReason[reason]), p.choose(reason.String(), reason.Chinese())))
			separator = p.words.Word(", ")
		}
		p.printf("\n")
	}
	seen := map[redline.Seen]int{}
	for i := range s.Zones {
		seen[s.Zones[i].Seen()]++
	}
	p.printf("%s: %s (outside the rasters or NoData)\n", p.plural(len(s.Zones), "zone"), p.seenText(seen))
}

// printOpen prints which of the files in the folder of the results a person opens, and with what.
func (p *program) printOpen(j *job.Job) {
	in := func(name string) string { return filepath.Join(j.Out, name) }
	var open []string
	if j.Formats.Has(job.HTML) {
		open = append(open, p.words.Say("%s in a browser", in("report.html")))
	}
	if j.Formats.Has(job.GPKG) {
		open = append(open, p.words.Say("%s in QGIS", in("review.qgz")))
	}
	if len(open) == 0 {
		open = append(open, p.words.Say("%s in QGIS", in(files.CandidatesName)))
	}
	p.printf("now open %s\n", strings.Join(open, p.words.Word(", ")))
}
