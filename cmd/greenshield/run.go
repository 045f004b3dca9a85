package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/report"
	"greenshield/vector/geos"
)

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
` + jobFileHelp + exitHelp,
		Example: `  greenshield run job.yaml
  greenshield run job.yaml --out again --min-area 0.5ha
  greenshield run --before lc2015.tif --after lc2020.tif --legend clcd \
    --redline 'redline.gpkg|layername=redline' --reserve reserves.shp --encoding GBK --out out`,
		Args: oneJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.json = o.json
			return p.run(cmd.Context(), &o, args)
		},
	}
	o.bind(cmd)
	return cmd
}

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

func (p *program) run(ctx context.Context, o *jobOptions, args []string) error {
	ctx, cancel := context.WithCancel(ctx) // a run that fails stops hashing
	defer cancel()
	started := time.Now()
	j, err := o.job(args)
	if err != nil {
		return err
	}
	if j.Out == "" {
		return redline.Faultf(redline.Usage, "no folder for the results; name one by --out DIR, or out: DIR in the job file")
	}
	ignored, err := start(j)
	if err != nil {
		return err
	}
	m := &report.Manifest{
		Program: "greenshield " + version(), Generated: started.UTC(), Options: j.Choices(), Versions: libraries(),
		Machine: map[string]any{"workers": j.Workers, "max_memory": j.MaxMemory, "tile": o.tile},
	}
	if len(ignored) > 0 {
		m.Machine["ignored_environment"] = ignored
		m.Warnings = append(m.Warnings, ignoredWarning(ignored))
	}
	timed := func(stage string, since time.Time) {
		m.Timings = append(m.Timings, report.Timing{Stage: stage, Seconds: math.Round(time.Since(since).Seconds()*1e3) / 1e3})
	}

	// An earlier run in the folder may turn out to be this one; else refuse what can be refused now.
	var folder *report.Folder
	begin := func() (err error) {
		if folder, err = report.Begin(j.Out, j.Replace); err == nil {
			p.onInterrupt(folder.Abort)
		}
		return err
	}
	_, err = os.Stat(filepath.Join(j.Out, "manifest.json"))
	earlier := err == nil
	if !earlier {
		if err := begin(); err != nil {
			return err
		}
	}
	defer func() {
		if folder != nil {
			folder.Abort()
		}
	}()

	since := time.Now()
	loaded, layers, err := gdalinput.Open(j)
	told, hashed := make(chan struct{}), make(chan error, 1)
	// readLayers reads the layers, and says what was odd about all that was read.
	readLayers := func(comparing context.Context) error {
		err := layers(comparing)
		m.Warnings = append(m.Warnings, loaded.Warnings()...)
		p.tellRepairs(loaded.Repairs)
		for _, w := range m.Warnings {
			p.warn(w)
		}
		close(told)
		if err != nil {
			return err
		}
		timed("read", since)
		m.Rules, m.Repairs = loaded.Rules, loaded.Repairs
		go func() { hashed <- loaded.Hash(ctx) }()
		return nil
	}
	if err != nil || earlier {
		if err := readLayers(ctx); err != nil {
			return err
		}
	} else {
		loaded.Inputs.Layers = readLayers
	}
	identify := func() error {
		if err := <-hashed; err != nil {
			return err
		}
		m.Inputs = loaded.Records()
		return loaded.Unchanged()
	}
	if earlier {
		if err := identify(); err != nil {
			return err
		}
		if report.Unchanged(j.Out, m.Identity()) {
			report.Sweep(j.Out)
			return p.nothingChanged(j, m)
		}
		if err := begin(); err != nil {
			return err
		}
	}

	reports := reports(j, loaded)
	since = time.Now()
	spool, err := report.NewSpool(folder, &loaded.Inputs, j.Formats != job.GeoJSON)
	if err != nil {
		return err
	}
	sum, err := p.compare(ctx, o, j, loaded, spool, told)
	if err != nil {
		return err
	}
	timed("compare", since)
	if n := sum.ByReason[redline.ReasonShape]; n > 0 {
		w := fmt.Sprintf("%s suppressed as %s: the outline cannot be written with 7 decimals; judge them by lon and lat in suppressed.csv", plural(n, "candidate"), redline.ReasonShape)
		m.Warnings = append(m.Warnings, w)
		p.warn(w)
	}
	if !earlier {
		if err := identify(); err != nil {
			return err
		}
	} else if err := loaded.Unchanged(); err != nil {
		return err
	}

	if err := report.Write(ctx, folder, spool, sum, m, reports...); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := folder.Publish(); err != nil {
		return err
	}
	return p.summarize(j, m, sum, time.Since(started))
}

// tellRepairs names the features that were repaired; the record of the run has them all.
func (p *program) tellRepairs(repairs []report.Repair) {
	for i, r := range repairs {
		if i == enough && !p.json {
			p.event("repair", nil, "repaired: "+plural(len(repairs)-enough, "more feature"))
			return
		}
		p.event("repair", fields{"repair": r}, "repaired: "+describeRepair(r))
	}
}

func describeRepair(r report.Repair) string {
	return fmt.Sprintf("%s, feature %d: %s; %.4f ha before, %.4f ha after", r.Source, r.Feature, r.Reason, r.BeforeM2/1e4, r.AfterM2/1e4)
}

// compare runs the engine and shows its progress, once told is closed: the layers' warnings come first.
func (p *program) compare(ctx context.Context, o *jobOptions, j *job.Job, loaded *gdalinput.Loaded, sink redline.Sink, told <-chan struct{}) (*redline.Summary, error) {
	var progress redline.Progress
	stop := p.watch(&progress, o.quiet, told)
	defer stop()
	return redline.Run(ctx, &loaded.Inputs, loaded.Options, o.tuning(j, loaded.Workers), func() redline.Overlayer { return geos.New() }, sink, &progress)
}

func (p *program) nothingChanged(j *job.Job, m *report.Manifest) error {
	if p.json {
		return p.printJSON(fields{"status": "unchanged", "out": j.Out, "fingerprint": m.Identity()})
	}
	p.printf("nothing has changed: %s holds the results of the same inputs, options and version\n", j.Out)
	return nil
}

// severities are the words for the severities of candidates.
var severities = [5]string{1: "notice", 2: "medium", 3: "serious", 4: "critical"}

func (p *program) summarize(j *job.Job, m *report.Manifest, s *redline.Summary, took time.Duration) error {
	if p.json {
		return p.printJSON(fields{"status": "complete", "out": j.Out, "fingerprint": m.Fingerprint, "counts": m.Counts,
			"warnings": len(m.Warnings), "repairs": len(m.Repairs), "seconds": math.Round(took.Seconds()*1e3) / 1e3})
	}
	p.printf("%s, %.2f ha", plural(s.Candidates, "candidate"), s.CandidateM2/1e4)
	separator := ": "
	for level := 4; level > 0; level-- {
		if n := s.BySeverity[level]; n > 0 {
			p.printf("%s%d %s", separator, n, severities[level])
			separator = ", "
		}
	}
	p.printf("\n")
	if s.Suppressed > 0 {
		p.printf("%d suppressed, %.2f ha", s.Suppressed, s.SuppressedM2/1e4)
		separator = ": "
		for _, reason := range slices.Sorted(maps.Keys(s.ByReason)) {
			p.printf("%s%d %s", separator, s.ByReason[reason], reason)
			separator = ", "
		}
		p.printf("\n")
	}
	var whole, partly, unseen int
	for _, z := range s.Zones {
		const rounding = 1e-9
		switch missing := z.OutsideM2 + z.NoDataM2; {
		case missing <= rounding*z.TotalM2:
			whole++
		case missing < (1-rounding)*z.TotalM2:
			partly++
		default:
			unseen++
		}
	}
	p.printf("%s: %d seen whole, %d in part, %d not at all (outside the rasters or NoData)\n", plural(len(s.Zones), "zone"), whole, partly, unseen)
	p.printf("%d of %d cells changed; all balances hold; %s\n", s.ChangedCells, s.Cells, took.Round(100*time.Millisecond))
	p.printf("results: %s\n", j.Out)
	return nil
}
