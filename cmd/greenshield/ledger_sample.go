package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/record"
)

// ledgerSample returns the command that draws cases at random, and says what follows from them.
func (p *program) ledgerSample(o *ledgerOptions) *cobra.Command {
	var draw ledgerwork.Sampling
	var estimate string
	points := &pointOptions{}
	cmd := &cobra.Command{
		Use:   "sample [flags]",
		Short: "Draw cases at random to be judged, and estimate from them how many of all are real",
		Long: `sample draws cases at random from all that the kept candidates of a run belong to, reviewed or not. Strata
are the groups of changes and severities unless --by says others; each gives its share of the sample, but
--min-each at least. A case is drawn once, however many candidates it has. The same ledger, run and seed
draw the same cases: in each stratum those with the smallest SHA-256 of seed, run and case.

The draws and their probabilities are events of the ledger. list and review take --sample NAME, so that
reviewers get exactly these cases; all of them have to be judged. --estimate NAME then says how many of
all cases are real, with an interval of 95 %, from the cases drawn and from no others; drawn ones without
a verdict make it wider. What no candidate shows is in no such sample: nothing is said of omissions.

--points M draws points for a sample that there is, by area, in the ground of the zones of its run outside all
kept candidates; suppressed changes lie in that ground. --folder is the folder of the run, as it wrote it
with --formats gpkg. --out gets the list: points.csv for spreadsheets, points.geojson for QGIS. Somebody
fills in 是, 否 or 无法判断 for each in one of them, by images or on the spot; --answers FILE takes them into
the ledger. --estimate then also says how much change no candidate shows, the area of all change with its
standard error, and the share of it that the candidates show. Points without an answer make it wider.
` + exitHelp,
		Example: `  greenshield ledger sample --n 60 --seed 2026 --as 王建国 --level city
  greenshield ledger sample --share 10 --by severity,county --name 三季度 --as 王建国 --level city
  greenshield ledger review 抽查.gpkg --sample 三季度
  greenshield ledger sample --points 300 --name 三季度 --folder out --out 漏检 --as 王建国 --level city
  greenshield ledger sample --answers 漏检/points.csv --as 李明 --level county
  greenshield ledger sample --estimate 三季度`,
		Args: atMost(0, "sample takes no argument; name the sample by --name"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := 0
			for _, name := range []string{"n", "share", "estimate", "points", "answers"} {
				if cmd.Flags().Changed(name) {
					given++
				}
			}
			if given != 1 {
				return redline.Faultf(redline.Usage,
					"give one of --n and --share to draw a sample, or --estimate NAME for what follows from it; "+
						"--points draws points for one, --answers takes what was answered")
			}
			switch draw.Name = strings.TrimSpace(draw.Name); {
			case cmd.Flags().Changed("estimate"):
				return p.tellEstimate(cmd, o, estimate)
			case cmd.Flags().Changed("points"):
				return p.drawPoints(cmd.Context(), o, points, &draw)
			case cmd.Flags().Changed("answers"):
				return p.takeAnswers(cmd.Context(), o, points)
			}
			if err := checkSampling(&draw); err != nil {
				return err
			}
			return p.writeLedger(cmd.Context(), o, true, false,
				func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
					return ledgerwork.DrawSample(cmd.Context(), s, draw, by)
				})
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&draw.N, "n", 0, "draw `N` cases")
	flags.Float64Var(&draw.Share, "share", 0, "draw `PCT` percent of the cases, at least --min-each of each stratum")
	flags.StringVar(&draw.Run, "run", "latest", "the run: the `ID` or its beginning, or latest for the last one added")
	flags.StringSliceVar(&draw.By, "by", []string{ledger.FieldGroup, ledger.FieldSeverity},
		"`FIELDS` that make the strata, by commas: group, severity, county; none for one stratum")
	flags.Int64Var(&draw.Seed, "seed", 1, "`NUMBER` that chance begins with")
	flags.IntVar(&draw.Least, "min-each", 2, "draw `N` cases of each stratum at least")
	flags.StringVar(&draw.Name, "name", "", "`NAME` of the sample; without it the beginning of the run's id, and the seed")
	flags.StringVar(&estimate, "estimate", "", "say what follows from the sample of that `NAME`; nothing is drawn")
	points.bind(cmd)
	o.bindWriter(cmd)
	return cmd
}

// checkSampling refuses what cannot be drawn, whatever the ledger is.
func checkSampling(draw *ledgerwork.Sampling) error {
	if len(draw.By) == 1 && draw.By[0] == "none" {
		draw.By = nil
	}
	for i, name := range draw.By {
		known := ledgerwork.StratifiedBy()
		if !slices.Contains(known, name) || slices.Contains(draw.By[:i], name) {
			return redline.Faultf(redline.Usage,
				"--by: %q makes no strata; write group, severity and county, each once, or none%s",
				name, redline.DidYouMean(name, known))
		}
	}
	switch {
	case draw.N < 0 || draw.N == 0 && !(draw.Share > 0 && draw.Share <= 100):
		return redline.Faultf(redline.Usage, "--n is at least 1, --share more than 0 and at most 100")
	case draw.Least < 1:
		return redline.Faultf(redline.Usage, "--min-each is at least 1, so that each stratum is seen")
	case strings.ContainsAny(draw.Name, "/\n\r\t"):
		return redline.Faultf(redline.Usage, "--name: a name has no / and no line breaks")
	}
	return nil
}

// printSample prints how a sample was drawn.
func (p *program) printSample(s *ledger.Sample) {
	cases, drawn := 0, 0
	rows := [][]string{p.header("stratum", "cases", "drawn")}
	for _, h := range s.Strata {
		cases, drawn = cases+h.Cases, drawn+h.Drawn
		rows = append(rows, []string{p.stratum(s.By, h.Name), thousands(int64(h.Cases)), thousands(int64(h.Drawn))})
	}
	p.printf("sample %s, run %s, seed %d: %d of %d cases are drawn\n", s.Name, s.Run[:min(8, len(s.Run))], s.Seed, drawn,
		cases)
	p.table(rows, "lrr")
}

// stratum returns the name of a stratum for a reader.
func (p *program) stratum(by []string, name string) string {
	return p.choose(name, ledgerwork.StratumTitle(by, name))
}

// tellEstimate prints what follows from a sample.
func (p *program) tellEstimate(cmd *cobra.Command, o *ledgerOptions, name string) error {
	return p.readLedger(cmd.Context(), o, func(s ledger.Store) error {
		sample, err := ledgerwork.SampleNamed(cmd.Context(), s, name)
		if err != nil {
			return err
		}
		e := ledgerwork.EstimateOf(sample)
		if p.json {
			return p.printJSON(e)
		}
		p.printEstimate(e)
		return nil
	})
}

func (p *program) printEstimate(e *ledgerwork.Estimate) {
	p.printf("sample %s, run %s, drawn %s, seed %d: %d of %d cases, %d of them judged\n", e.Sample,
		e.Run[:min(8, len(e.Run))], e.Day, e.Seed, e.Real.Drawn, e.Real.Cases, e.Real.Judged)
	rows := [][]string{p.header("stratum", "cases", "drawn", "judged", "real", "change")}
	for _, h := range e.Strata {
		row := []string{p.stratum(e.By, h.Name)}
		for _, n := range []int{h.Cases, h.Drawn, h.Judged, h.Real, h.Change} {
			row = append(row, thousands(int64(n)))
		}
		rows = append(rows, row)
	}
	p.table(rows, "lrrrrr")
	for _, why := range slices.Sorted(maps.Keys(e.Open)) {
		p.printf("drawn but not counted, %s: %d\n", p.choose(why, ledgerwork.OpenTitle(why)), e.Open[why])
	}
	p.printResult("real", e.Real)
	p.printResult("change", e.Change)
	p.printPointsSeen(e.Points)
}

// printResult prints an estimate.
func (p *program) printResult(what string, r record.SampleResult) {
	p.printf("%s: %d to %d of %d cases (95 %%), %s %% to %s %%\n", p.words.Word(what), r.AtLeast, r.AtMost, r.Cases,
		shareText(r.Low), shareText(r.High))
	if r.Share != nil {
		p.printf("  by those judged: %s %% of the cases\n", shareText(*r.Share))
	}
	if r.Area != nil {
		p.printf("  by those judged: %s ha, %s to %s ha (95 %%), standard error %s ha\n", hectares(r.Area.Ha),
			hectares(r.Area.LowHa), hectares(r.Area.HighHa), hectares(r.Area.ErrorHa))
	}
}

// shareText writes a share, 0 to 1, in percent.
func shareText(share float64) string { return fmt.Sprintf("%.1f", 100*share) }
