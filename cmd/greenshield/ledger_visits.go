package main

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/spf13/cobra"

	"greenshield/redline"
	published "greenshield/redline/folder"
	"greenshield/redline/ledger"
	"greenshield/redline/visits"
)

// visitOptions are the flags of the plan of visits.
type visitOptions struct {
	out, from, begin, priority string
	counties                   []string
	edited                     bool
	set                        visits.Settings
}

// ledgerPlanVisits returns the command that plans which cases are visited next.
func (p *program) ledgerPlanVisits(o *ledgerOptions) *cobra.Command {
	v := &visitOptions{}
	cmd := &cobra.Command{
		Use:   "plan-visits --days N --out FOLDER [flags]",
		Short: "Plan the next visits: by priority and severity, near places on one day",
		Long: `plan-visits chooses which cases are visited next, those that nobody has judged or of which something has to
be confirmed, and writes the plan into a new folder: visits.gpx and visits.kml for phones, visits.gpkg for
QGIS, visits.csv, visits.html to print on A4 or to read on a phone, and review.gpkg with review.qgz, in
which reviewers fill in their verdicts. These come back by greenshield ledger take review.gpkg.

The worth of a case is its severity, 1 to 4, times its priority in hundredths. The priority is that of the
last run that found it, by the model of --priority; a case without one counts as 50, so that without any
model the severity decides. Each day begins with the case of the highest worth left, takes the cases
with the most worth for their distance from those of the day, and puts them into a short order.

Distances are straight lines on the ellipsoid; nothing is known of roads. Coordinates are CGCS2000, for
phones the same as WGS 84; maps in GCJ-02 or BD-09 show them some hundred metres away.
` + exitHelp,
		Example: `  greenshield ledger plan-visits --county 341721 --days 5 --out 外业
  greenshield ledger plan-visits --county 3417 --days 3 --hours 8 --from 117.49,30.66 --priority model.json --out 外业`,
		Args: atMost(0, "plan-visits takes no argument; name the folder by --out"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := v.check(); err != nil {
				return redline.WithKind(redline.Usage, err)
			}
			return p.readLedger(cmd.Context(), o, func(s ledger.Store) error { return p.planVisits(cmd.Context(), s, o, v) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&v.out, "out", "", "new `FOLDER` for the plan")
	flags.StringSliceVar(&v.counties, "county", nil, "cases in counties whose `CODES` are or begin so: 3417 for a city")
	flags.IntVar(&v.set.Days, "days", 0, "how many `DAYS` are planned")
	flags.IntVar(&v.set.PerDay, "per-day", 8, "`N` cases on a day at most")
	flags.Float64Var(&v.set.Hours, "hours", 0, "`HOURS` of a day, with --stay and --speed; no limit without it")
	flags.Float64Var(&v.set.StayMin, "stay", 45, "with --hours: `MINUTES` at each case")
	flags.Float64Var(&v.set.SpeedKM, "speed", 25, "with --hours: `KM` of straight line in an hour")
	flags.StringVar(&v.from, "from", "", "`LON,LAT` in degrees where each day begins and ends")
	flags.StringVar(&v.begin, "begin", "", "the `DAY` on which the plan begins; it goes over working days")
	flags.StringVar(&v.priority, "priority", "simple",
		"what ranks the cases: simple, off, or the `FILE` of a calibrated model")
	flags.BoolVar(&v.edited, "priority-edited", false, "allow a model that was changed after it was calibrated")
	flags.BoolVar(&o.dryRun, "dry-run", false, "tell the plan, and write nothing")
	return cmd
}

// check refuses settings with which no plan can be made.
func (v *visitOptions) check() error {
	set := &v.set
	positive := func(x float64) bool { return x > 0 && !math.IsInf(x, 0) }
	switch {
	case v.out == "":
		return redline.Faultf(redline.Usage, "the folder of the plan is not said; name one by --out")
	case set.Days < 1 || set.Days > 366:
		return redline.Faultf(redline.Usage, "--days: write how many days are planned, 1 to 366")
	case set.PerDay < 1 || set.PerDay > visits.MaxPerDay:
		return redline.Faultf(redline.Usage, "--per-day: write a number from 1 to %d", visits.MaxPerDay)
	case set.Hours != 0 && (!positive(set.Hours) || !positive(set.SpeedKM) ||
		!(set.StayMin >= 0) || math.IsInf(set.StayMin, 0)):
		return redline.Faultf(redline.Usage, "--hours and --speed: write numbers above 0, --stay: 0 or more")
	}
	if v.from != "" {
		lon, lat, _ := strings.Cut(v.from, ",")
		x, errX := strconv.ParseFloat(strings.TrimSpace(lon), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(lat), 64)
		if errX != nil || errY != nil || !(math.Abs(x) <= 180) || !(math.Abs(y) <= 90) {
			return redline.Faultf(redline.Usage, "--from: %q is no place; write it as 117.49,30.66", v.from)
		}
		set.From = &orb.Point{x, y}
	}
	var err error
	if v.begin != "" {
		set.Begin, err = ledger.ParseDate(v.begin)
	}
	return err
}

// planVisits makes the plan, writes it whole or not at all, and tells it.
func (p *program) planVisits(ctx context.Context, s ledger.Store, o *ledgerOptions, v *visitOptions) error {
	model, err := modelOf(v.priority, v.edited)
	if err != nil {
		return err
	}
	chosen, err := visits.Choose(ctx, s, v.counties, model)
	if err != nil {
		return err
	}
	plan, err := visits.New(chosen, &v.set, model)
	if err != nil {
		return err
	}
	if len(plan.Days) == 0 {
		if len(plan.Stops) > 0 {
			return redline.Faultf(redline.Usage,
				"no case fits into a day, not even alone; write more --hours, or less --stay, or another --from")
		}
		return redline.Faultf(redline.Usage, "no case waits for a visit; nothing was written")
	}
	if !o.dryRun {
		f, err := published.Begin(v.out, false)
		if err != nil {
			return err
		}
		defer f.Abort()
		p.onInterrupt(func() bool { f.Abort(); return f.Published() })
		if err := plan.Write(ctx, f, s, degreesOf); err != nil {
			return err
		}
		if err := f.Publish(ctx); err != nil {
			return err
		}
	}
	return p.tellVisits(o, v, plan)
}

// leftOutOf says by code why cases are not in a plan.
var leftOutOf = map[string]string{
	"merged": "merged into others", "handed": "handed over", "elsewhere": "in other counties",
	"judged": "judged, with nothing to confirm", "no_place": "without a place", "far": "too far for a day, even alone",
	"later": "no room in these days"}

// tellVisits prints the plan.
func (p *program) tellVisits(o *ledgerOptions, v *visitOptions, plan *visits.Plan) error {
	if p.json {
		status := "written"
		if o.dryRun {
			status = "dry_run"
		}
		var days []fields
		for i := range plan.Days {
			d := &plan.Days[i]
			ids := []string{}
			for _, s := range d.Stops {
				ids = append(ids, s.Case.ID)
			}
			days = append(days, fields{"date": d.Date, "cases": ids, "worth": math.Round(d.Worth()*100) / 100,
				"straight_m": math.Round(d.Metres())})
		}
		return p.printJSON(fields{"status": status, "out": v.out, "days": days, "waiting": len(plan.Stops),
			"ranked": plan.Ranked, "left_out": append([]visits.Left{}, plan.Left...)})
	}
	for i := range plan.Days {
		d := &plan.Days[i]
		p.printf("day %d: %s, worth %.2f, %.1f km of straight lines\n", i+1, p.plural(len(d.Stops), "case"), d.Worth(),
			d.Metres()/1000)
	}
	for _, l := range plan.Left {
		p.printf("not planned: %s: %s\n", p.choose(leftOutOf[l.Code], l.Why), p.plural(l.Cases, "case"))
	}
	if plan.Ranked == 0 {
		p.printf("no case has a priority; the severity alone decided\n")
	}
	if o.dryRun {
		p.printf("nothing was written (--dry-run)\n")
		return nil
	}
	p.printf("results: %s\n", v.out)
	return nil
}
