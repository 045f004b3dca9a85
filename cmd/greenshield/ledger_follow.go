package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// followOptions are the flags of the command that looks at the ground of cases.
type followOptions struct {
	after              job.Epoch
	minArea, maxMemory []string
	rebound, falsePct  float64
}

// ledgerFollow returns the command that looks at the ground of all cases in a raster.
func (p *program) ledgerFollow(o *ledgerOptions) *cobra.Command {
	f := &followOptions{}
	cmd := &cobra.Command{
		Use:   "follow [JOB.yaml] [flags]",
		Short: "Look at what stands on the ground of every case in a raster of a later year",
		Long: `follow looks at the ground of every case, open or struck off, in a land-cover raster, without a new run:
how much of it is still of the problem's classes, how much is back in a class from before, and how much
the raster does not show. What it finds is still (仍存在), restored (已恢复), partly (部分恢复) or unseen
(未覆盖). From a job file it takes the raster of after, its year and its legend; flags stand over it.

A case that was struck off is suspected of a rebound when --rebound-pct of its ground or more, and --min-area or
more, is bad in a raster of a later year. One that was reported as cleared is suspected of a false
rectification when --false-pct or more still is. Suspicions are for a person to confirm (ledger set); a
raster of the year of the claim, or of one before, raises none.

A raster of another cell size or origin is compared by area. Where its CRS is another one, nothing is said of
the case, and the case is listed. The same raster changes nothing the second time.
` + exitHelp,
		Example: `  greenshield ledger follow --raster lc2027.tif --year 2027 --legend clcd --dry-run
  greenshield ledger follow --raster west.tif --raster east.tif --year 2027 --legend clcd
  greenshield ledger follow job.yaml --year 2027 --raster lc2027.tif`,
		Args:              atMost(1, "follow takes one job file; name rasters by --raster FILE"),
		ValidArgsFunction: completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := f.job(cmd, args)
			if err != nil {
				return err
			}
			return p.ledgerLook(cmd.Context(), o, j, f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.after.Files, "raster", nil, "land-cover raster `FILE`; several are the tiles of one mosaic")
	flags.IntVar(&f.after.Year, "year", 0, "`YEAR` of the raster")
	flags.StringVar(&f.after.Legend, "legend", "", "legend of its codes: the `NAME` of a shipped one, or a CSV file")
	flags.IntVar(&f.after.Band, "band", 0, "`BAND` of the raster, from 1; only needed when it has several")
	flags.StringVar(&f.after.CRS, "crs", "", "`CRS` of the raster, whatever it declares, such as EPSG:4490")
	flags.Float64Var(&f.rebound, "rebound-pct", 30, "bad `PERCENT` from which a rebound is suspected")
	flags.Float64Var(&f.falsePct, "false-pct", 70, "bad `PERCENT` from which a false rectification is suspected")
	flags.StringArrayVar(&f.minArea, "min-area", nil,
		"smallest `SIZE` of a rebound: 4cells, 0.5ha or 3600m2 (default 4cells)")
	flags.StringArrayVar(&f.maxMemory, "max-memory", nil, "memory to use, `BYTES` such as 4GiB (default 2GiB)")
	o.bindWriter(cmd)
	return cmd
}

// job returns a job whose epoch after is the raster to look at.
func (f *followOptions) job(cmd *cobra.Command, args []string) (*job.Job, error) {
	j := job.Default()
	j.After.Year = 0
	if len(args) > 0 {
		var err error
		if j, err = job.Parse(args[0]); err != nil {
			return nil, err
		}
	}
	given := map[string][]string{}
	for name, texts := range map[string][]string{"min-area": f.minArea, "max-memory": f.maxMemory} {
		if len(texts) > 0 {
			given[name] = texts[len(texts)-1:]
		}
	}
	if err := j.Set(given); err != nil {
		return nil, err
	}
	a := &j.After
	if len(f.after.Files) > 0 { // another raster has another band and CRS, too
		a.Files, a.Band, a.CRS = f.after.Files, 0, ""
	}
	a.Year, a.Legend = cmp.Or(f.after.Year, a.Year), cmp.Or(f.after.Legend, a.Legend)
	a.Band, a.CRS = cmp.Or(f.after.Band, a.Band), cmp.Or(f.after.CRS, a.CRS)
	return j, errors.Join(f.faults(a)...)
}

// faults returns what is missing or cannot be.
func (f *followOptions) faults(a *job.Epoch) (all []error) {
	fail := func(format string, args ...any) { all = append(all, redline.Faultf(redline.Usage, format, args...)) }
	if len(a.Files) == 0 {
		fail("no raster; name one by --raster FILE, or a job file")
	}
	if a.Legend == "" {
		fail("no legend of the raster; name one by --legend NAME (greenshield legends lists the shipped ones)")
	}
	switch now := time.Now().In(ledger.China).Year(); {
	case a.Year == 0:
		fail("the year of the raster is not said; give it by --year")
	case a.Year < 1949 || a.Year > now:
		fail("--year: %d is no year of a raster; write one from 1949 to %d", a.Year, now)
	}
	for _, pct := range []struct {
		flag string
		v    float64
	}{{"rebound-pct", f.rebound}, {"false-pct", f.falsePct}} {
		if !(pct.v > 0 && pct.v <= 100) {
			fail("--%s: %g is no share; write one above 0 and up to 100", pct.flag, pct.v)
		}
	}
	return all
}

// ledgerLook looks at the ground of all cases in the raster of a job, and writes what follows to the ledger.
func (p *program) ledgerLook(ctx context.Context, o *ledgerOptions, j *job.Job, f *followOptions) error {
	ignored, err := prepare(j)
	if err != nil {
		return err
	}
	if len(ignored) > 0 {
		p.warn(ignoredWarning(ignored))
	}
	l, err := gdalinput.OpenAfter(j)
	if err != nil {
		return err
	}
	for _, warning := range l.Warnings() {
		p.warn(warning)
	}
	inputs, err := l.Records(ctx)
	if err != nil {
		return err
	}
	judging := ledgerwork.DefaultJudging(float64(j.MinArea.Cells))
	judging.Suspicions = ledger.Suspecting{ReboundPct: f.rebound, FalsePct: f.falsePct, MinM2: j.MinArea.M2}
	judging.Findings.BadPct = f.rebound
	return p.writeLedger(ctx, o, false, false, func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
		found, refused, err := ledgerwork.Look(ctx, s, &l.Inputs.After, l.GroundGrid)
		if err != nil {
			return nil, err
		}
		c, err := ledgerwork.Follow(ctx, s, ledgerwork.ImageOf(inputs[0]), found, judging, by)
		if err == nil {
			c.Refused = append(refused, c.Refused...)
			err = l.Unchanged()
		}
		return c, err
	})
}

// tellFollowed prints what follow-ups of a change have found, and the cases that they suspect.
func (p *program) tellFollowed(c *ledgerwork.Change) {
	found, suspected := c.Followed()
	if len(found) == 0 {
		return
	}
	rows := [][]string{}
	for _, code := range []string{ledger.Still, ledger.Restored, ledger.Partly, ledger.Unseen} {
		rows = append(rows, []string{p.label("finding", code), fmt.Sprint(found[code])})
	}
	p.table(rows, "lr")
	for _, s := range suspected {
		p.printf("%s  %s  %s %%\n", s.Case, p.label("suspicion", s.Suspicion), s.BadPct)
	}
}
