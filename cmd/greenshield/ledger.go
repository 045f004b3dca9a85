package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
)

// ledgerOptions are the flags that the commands of the ledger share.
type ledgerOptions struct {
	place         string // of the ledger
	as, level, at string
	dryRun        bool
}

// ledgerCommand returns the command that has all commands of the ledger below it.
func (p *program) ledgerCommand() *cobra.Command {
	o := &ledgerOptions{}
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Keep cases over years: verdicts, rectification, close-out",
		Long: `ledger keeps what candidates become: cases (问题点位) that outlive runs, what reviewers judged, what was
rectified, accepted and struck off, and whether it stayed so. Nothing in a ledger is ever changed or
deleted: each command adds events, all of them or none, and the present state follows from these.

The ledger is one GeoPackage, ledger.gpkg unless --ledger names another, or a PostGIS database.
Commands that write say what they would do with --dry-run, and do nothing.
` + exitHelp,
		Example: `  greenshield ledger init --code 341700 --name 池州市台账 --as 王建国 --level city
  greenshield ledger add out
  greenshield ledger take review.gpkg candidates.xlsx --as 李明 --level county
  greenshield ledger list --state unreviewed --severity 3`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := cmd.PersistentFlags()
	flags.StringVar(&o.place, "ledger", "ledger.gpkg", "the ledger: a `FILE`, or postgres://…")
	flags.BoolVar(&p.json, "json", false, "print the result and all messages as JSON")
	cmd.AddCommand(p.ledgerInit(o), p.ledgerAdd(o), p.ledgerTake(o), p.ledgerLeads(o), p.ledgerCase(o),
		p.ledgerList(o), p.ledgerSet(o), p.ledgerAdvance(o), p.ledgerFollow(o), p.ledgerNotice(o), p.ledgerReport(o),
		p.ledgerQGIS(o), p.ledgerReview(o), p.ledgerSample(o), p.ledgerCalibrate(o), p.ledgerExport(o), p.ledgerImport(o),
		p.ledgerMerge(o), p.ledgerVerify(o), p.ledgerBackup(o), p.ledgerPlanVisits(o))
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return redline.Faultf(redline.Usage, "unknown command %q%s", args[0], redline.DidYouMean(args[0], names))
		}
		return nil
	}
	return cmd
}

// bindWriter makes the flags of a command that writes to the ledger.
func (o *ledgerOptions) bindWriter(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.as, "as", "", "`NAME` of who speaks: a person or an office")
	flags.StringVar(&o.level, "level", "", "`LEVEL` of who speaks: county, city or province")
	flags.StringVar(&o.at, "at", "", "`TIME` of the events, as 2026-03-05 or 2026-03-05T09:30:00+08:00; now without it")
	flags.BoolVar(&o.dryRun, "dry-run", false, "say what would be written, and write nothing")
}

// by returns who speaks. Without a name it is an error when a person is wanted, and the program otherwise.
func (o *ledgerOptions) by(person bool) (ledgerwork.By, error) {
	now := time.Now()
	by := ledgerwork.By{Name: strings.TrimSpace(o.as), Level: ledger.Level(o.level), At: now.UTC().Truncate(time.Second)}
	if by.Name == "" && person {
		return by, redline.Faultf(redline.Usage, "who speaks is not said; give the name by --as NAME")
	}
	if by.Name == "" {
		by.Name = "greenshield " + version()
	}
	if by.Level == "" && person || by.Level != "" && !slices.Contains(ledger.Levels(), by.Level) {
		return by, redline.Faultf(redline.Usage, "--level: %q is no level; write county, city or province", o.level)
	}
	if o.at == "" {
		return by, nil
	}
	at, err := time.Parse(time.RFC3339, o.at)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, o.at, ledger.China)
	}
	if err != nil {
		return by, redline.Faultf(redline.Usage,
			"--at: %q is no time; write it as 2026-03-05 or 2026-03-05T09:30:00+08:00", o.at)
	}
	by.At = at.UTC().Truncate(time.Second)
	return by, redline.WithKind(redline.Usage, ledger.CheckNow(by.At, now))
}

// readLedger has work read the ledger.
func (p *program) readLedger(ctx context.Context, o *ledgerOptions, work func(s ledger.Store) error) error {
	s, err := p.openLedger(ctx, o.place, false)
	if err != nil {
		return err
	}
	collectSeldom()
	return ledgerFault(cmp.Or(work(s), s.Close()))
}

// collectSeldom has memory collected when it has grown to three times of what is in use: what was read, cases of a ledger
// or zones, lives until the command ends, and looking at it again and again takes up to a third of the time.
func collectSeldom() { debug.SetGCPercent(200) }

// writeLedger adds the change that makes returns to the ledger, and tells what came of it. With allOrNothing nothing is
// added when a row is refused. person tells that the command needs to know who speaks.
func (p *program) writeLedger(ctx context.Context, o *ledgerOptions, person, allOrNothing bool,
	makes func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error),
) error {
	by, err := o.by(person)
	if err != nil {
		return err
	}
	s, err := p.openLedger(ctx, o.place, !o.dryRun)
	if err != nil {
		return err
	}
	collectSeldom()
	return p.changeLedger(ctx, o, s, allOrNothing, func() (*ledgerwork.Change, error) { return makes(s, by) })
}

// changeLedger adds a change to an open ledger, closes it, and tells what came of it.
func (p *program) changeLedger(ctx context.Context, o *ledgerOptions, s ledger.Store, allOrNothing bool,
	makes func() (*ledgerwork.Change, error),
) error {
	c, err := makes()
	if err == nil && allOrNothing && len(c.Refused) > 0 {
		c.Events, c.Detections = nil, nil
	}
	collectSeldom() // also where rasters or places were looked at
	if err == nil && o.dryRun {
		err = c.Try(ctx, s)
	} else if err == nil {
		err = c.Commit(ctx, s)
	}
	if err := ledgerFault(cmp.Or(err, s.Close())); err != nil {
		return err
	}
	return p.tellChange(o, c)
}

// tellChange prints what was added to the ledger and what was refused. Rows that were refused make the command fail.
func (p *program) tellChange(o *ledgerOptions, c *ledgerwork.Change) error {
	status := "written"
	switch {
	case o.dryRun:
		status = "dry_run"
	case len(c.Events) == 0:
		status = "unchanged"
	}
	if p.json {
		refused := c.Refused
		if refused == nil {
			refused = []ledgerwork.Refusal{}
		}
		out := fields{"status": status, "ledger": shownPlace(o.place), "events": len(c.Events), "kinds": c.Kinds(),
			"refused": refused, "same": c.Same}
		if found, suspected := c.Followed(); len(found) > 0 {
			out["findings"], out["suspicions"] = found, append([]ledgerwork.Suspicion{}, suspected...)
		}
		if conflicts := c.Conflicts(); len(conflicts) > 0 {
			out["conflicts"] = conflicts
		}
		if len(c.Twice) > 0 {
			out["twice"] = c.Twice
		}
		if c.Sample != nil {
			out["sample"] = c.Sample
		}
		if c.Points != nil {
			out["points"] = c.Points
		}
		if err := p.printJSON(out); err != nil {
			return err
		}
	} else {
		p.printChange(o, c)
	}
	if n := len(c.Refused); n > 0 {
		return alreadyTold{redline.Faultf(redline.Incompatible, "%d rows were refused", n)}
	}
	return nil
}

// printChange prints a change for a person.
func (p *program) printChange(o *ledgerOptions, c *ledgerwork.Change) {
	for _, r := range c.Refused {
		var at []string
		for _, part := range []string{r.File, r.Place, r.ID} {
			if part != "" {
				at = append(at, part)
			}
		}
		p.printf("refused: %s: %s\n", strings.Join(at, p.words.Word(", ")), p.words.Text(r.Reason))
	}
	p.tellFollowed(c)
	for _, conflict := range c.Conflicts() {
		set := ledgerwork.Codes(conflict.Field)
		p.printf("conflict: case %s: %s: %s / %s\n", conflict.Case,
			p.choose(conflict.Field, ledgerwork.Title(conflict.Field)), p.label(set, conflict.Values[0]),
			p.label(set, conflict.Values[1]))
	}
	for _, pair := range c.Twice {
		p.printf("one place twice: case %s and case %s are of one detection\n", pair[0], pair[1])
	}
	if c.Sample != nil {
		p.printSample(c.Sample)
	}
	if c.Points != nil {
		p.printPoints(c.Points)
	}
	if c.Same > 0 {
		p.printf("nothing new in %s\n", p.plural(c.Same, "row"))
	}
	switch {
	case len(c.Events) == 0:
		p.printf("nothing was written to %s\n", shownPlace(o.place))
		return
	case o.dryRun:
		p.printf("nothing was written (--dry-run); it would be %s", p.plural(len(c.Events), "event"))
	default:
		p.printf("%s written to %s", p.plural(len(c.Events), "event"), shownPlace(o.place))
	}
	separator := p.words.Word(": ")
	kinds := c.Kinds()
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		p.printf("%s%s", separator, p.words.Count(fmt.Sprint(kinds[kind]), p.label("event", string(kind))))
		separator = p.words.Word(", ")
	}
	p.printf("\n")
}
