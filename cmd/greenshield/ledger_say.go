package main

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/record"
)

// sayOptions are what is said of cases beside fields.
type sayOptions struct {
	evidence                  []string
	objection, answer, settle string
	decide, handOver          string
}

// ledgerSet returns the command that says things of cases.
func (p *program) ledgerSet(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	var say sayOptions
	cmd := &cobra.Command{
		Use:   "set [CASE…] [FIELD=VALUE…] [flags]",
		Short: "Say something of a case, or of many by flags: fields, evidence, objections",
		Long: `set fills in fields of the cases that are named or that flags choose: verdict and reason, the four lists
(problem, measures, standard, responsible_unit, responsible_person, due_date or due_text), ext_no, lists,
assigned_to, goal, result, and what the public notice names. An empty value takes a field away. Names of fields, and
codes, may be written in Chinese. Of each case all of it is said, or nothing when the rules refuse some.
` + exitHelp,
		Example: `  greenshield ledger set 341700-000012 verdict=属实 --as 李明 --level county
  greenshield ledger set --state unreviewed --severity 1 verdict=refuted reason=natural --as 李明 --level county
  greenshield ledger set 341700-000012 problem=毁林建房 measures=拆除复绿 measure_kind=demolition \
    standard=恢复林地 responsible_unit=某镇政府 responsible_person=赵强 due_date=2026-12-31 --as 李明 --level county
  greenshield ledger set 341700-000012 --evidence 验收照片.pdf --as 李明 --level county`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, values, err := idsAndFields(args)
			if err != nil {
				return err
			}
			said, err := say.events(cmd.Context(), values)
			if err != nil {
				return err
			}
			return p.say(cmd, o, &f, ids, said)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&say.evidence, "evidence", nil,
		"a `FILE` that shows the rectification; its name and SHA-256 are kept")
	flags.StringVar(&say.objection, "objection", "", "an objection to the public notice: `TEXT`")
	flags.StringVar(&say.answer, "answer", "", "the answer to an objection: `TEXT`")
	flags.StringVar(&say.settle, "settle", "", "settle a conflict between reviewers: `FIELD=VALUE`")
	flags.StringVar(&say.decide, "decide", "", "decide on a suspicion: `DECISION` confirmed or dismissed")
	flags.StringVar(&say.handOver, "hand-over", "", "hand the case over to another `OFFICE`")
	f.bind(cmd)
	o.bindWriter(cmd)
	return cmd
}

// say says things of the cases that ids and flags choose. Flags or ids there must be.
func (p *program) say(cmd *cobra.Command, o *ledgerOptions, f *filterOptions, ids []string, said []ledger.Event) error {
	if len(ids) == 0 && f.empty(cmd) {
		return redline.Faultf(redline.Usage, "no case; name one, or choose many by flags such as --state")
	}
	filter, err := f.filter(ids)
	if err != nil {
		return err
	}
	return p.writeLedger(cmd.Context(), o, true, false,
		func(s ledger.Store, by ledgerwork.By) (*ledgerwork.Change, error) {
			return ledgerwork.Say(cmd.Context(), s, filter, said, by)
		})
}

// idsAndFields parts arguments into ids of cases and fields.
func idsAndFields(args []string) (ids []string, values map[string]string, err error) {
	values = map[string]string{}
	for _, arg := range args {
		name, value, isField := strings.Cut(arg, "=")
		if !isField {
			ids = append(ids, arg)
			continue
		}
		if name, value, err = fieldOf(name, value); err != nil {
			return nil, nil, err
		}
		values[name] = value
	}
	return ids, values, nil
}

// fieldOf returns a field and its value as the ledger has them, of what a person wrote.
func fieldOf(name, value string) (string, string, error) {
	known := slices.Concat(ledger.Reviewed(), ledger.Settable())
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	at := slices.IndexFunc(known, func(field string) bool { return field == name || ledgerwork.Title(field) == name })
	if at < 0 {
		return "", "", redline.Faultf(redline.Usage, "unknown field %q%s", name, redline.DidYouMean(name, known))
	}
	if known[at] == ledger.FieldLists {
		value = strings.NewReplacer(";", "\n", "；", "\n").Replace(value)
	}
	return known[at], ledgerwork.CodeOf(known[at], value), nil
}

// events returns what is said, in the order in which it can be said.
func (o *sayOptions) events(ctx context.Context, values map[string]string) (said []ledger.Event, err error) {
	judged, set := map[string]string{}, map[string]string{}
	for name, value := range values {
		if slices.Contains(ledger.Reviewed(), name) && name != ledger.FieldNote {
			judged[name] = value
		} else {
			set[name] = value
		}
	}
	if note, ok := set[ledger.FieldNote]; ok && len(judged) > 0 {
		judged[ledger.FieldNote] = note
		delete(set, ledger.FieldNote)
	}
	say := func(kind ledger.Kind, fields map[string]string) {
		said = append(said, ledger.Event{Kind: kind, Fields: fields})
	}
	if o.settle != "" {
		name, value, _ := strings.Cut(o.settle, "=")
		if name, value, err = fieldOf(name, value); err != nil {
			return nil, err
		}
		say(ledger.Settled, map[string]string{ledger.FieldField: name, ledger.FieldValue: value})
	}
	for _, e := range []struct {
		kind  ledger.Kind
		field string
		text  string
	}{
		{ledger.Decided, ledger.FieldDecision, o.decide},
		{ledger.Objection, ledger.FieldObjection, o.objection},
		{ledger.Answered, ledger.FieldAnswer, o.answer},
		{ledger.Handed, ledger.FieldHandedTo, o.handOver},
	} {
		if e.text != "" {
			say(e.kind, map[string]string{e.field: ledgerwork.CodeOf(e.field, e.text)})
		}
	}
	if len(judged) > 0 {
		say(ledger.Judged, judged)
	}
	if len(set) > 0 {
		say(ledger.Set, set)
	}
	for _, path := range o.evidence {
		sum, _, err := record.HashFile(ctx, path)
		if err != nil {
			return nil, redline.WithKind(redline.Usage, err)
		}
		said = append(said, ledger.Event{Kind: ledger.Evidence,
			Doc: ledger.Document{Name: filepath.Base(path), SHA256: sum}})
	}
	if len(said) == 0 {
		return nil, redline.Faultf(redline.Usage, "nothing to say; give FIELD=VALUE, or a flag such as --evidence FILE")
	}
	return said, nil
}

// ledgerAdvance returns the command that moves cases on.
func (p *program) ledgerAdvance(o *ledgerOptions) *cobra.Command {
	var f filterOptions
	var to, unit, outcome, start, days, note, override, done string
	cmd := &cobra.Command{
		Use:   "advance [CASE…] --to STATE [flags]",
		Short: "Move a case, or many by flags, to another state",
		Long: `advance moves cases on, if the rules let them: from unreviewed (待核查) to filed (立案), rectifying (整改中),
submitted (待验收), county_checked (县自查), city_accepted (市验收), province_accepted (省验收) or recorded
(备案), publicity (公示中) and struck_off (已销号). What is missing is told case by case.

The four lists must be complete before rectifying, evidence must be there before submitted. A level that
accepts names its unit by --accept-unit, which is not the one that rectified; --outcome returned sends
the case back. The public notice begins on --start and lasts --days working days.
` + exitHelp,
		Example: `  greenshield ledger advance 341700-000012 --to rectifying --as 李明 --level county
  greenshield ledger advance 341700-000012 --to county_checked --accept-unit 县林业局 --as 李明 --level county
  greenshield ledger advance --state province_accepted --to publicity --start 2026-03-02 --days 10 --as 王建国 --level city
  greenshield ledger advance 341700-000012 --to struck_off --as 王建国 --level city`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			states, err := codesOf("to", "state", []string{to}, ledger.States())
			if err != nil {
				return err
			}
			e := ledger.Event{Kind: ledger.Advanced, Fields: map[string]string{ledger.FieldTo: string(states[0])}}
			switch state := states[0]; {
			case unit != "" || outcome != "" || slices.Contains(accepting, state):
				e.Kind = ledger.Accepted
				if outcome == "" && state == ledger.Recorded {
					outcome = ledger.OnlyRecord
				}
				e.Fields = map[string]string{ledger.FieldAcceptUnit: unit,
					ledger.FieldOutcome: cmp.Or(outcome, ledger.Passed)}
			case state == ledger.Publicity:
				e.Kind = ledger.Published
				e.Fields = map[string]string{ledger.FieldStart: start, ledger.FieldDays: days}
			}
			for field, text := range map[string]string{ledger.FieldNote: note, ledger.FieldOverride: override,
				ledger.FieldDoneDate: done} {
				if text != "" {
					e.Fields[field] = text
				}
			}
			return p.say(cmd, o, &f, args, []ledger.Event{e})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&to, "to", "", "`STATE` that the cases go to")
	flags.StringVar(&unit, "accept-unit", "", "`UNIT` that accepts")
	flags.StringVar(&outcome, "outcome", "",
		"`OUTCOME` of the acceptance: passed, returned, or recorded; passed without it")
	flags.StringVar(&start, "start", "", "first `DAY` of the public notice, such as 2026-03-02")
	flags.StringVar(&days, "days", "10", "`N` working days of the public notice")
	flags.StringVar(&note, "note", "", "`TEXT` that says why, needed for ways back")
	flags.StringVar(&override, "override", "",
		"`TEXT` that says why a case is struck off that an image shows to be still there")
	flags.StringVar(&done, "done-date", "", "`DAY` on which the rectification was done")
	f.bind(cmd)
	o.bindWriter(cmd)
	return cmd
}

// accepting are the states that a case comes into when a level accepts.
var accepting = []ledger.State{ledger.CountyOK, ledger.CityOK, ledger.ProvinceOK, ledger.Recorded}
