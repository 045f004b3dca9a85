package main

import (
	"path/filepath"
	"strings"

	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/redline/evidence"
	"greenshield/redline/gdalinput"
	"greenshield/redline/job"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/priority"
	"greenshield/redline/record"
)

// rankingOf returns the model by which a job ranks its candidates, nil for none. The error is a fault.
func rankingOf(j *job.Job) (*priority.Model, error) {
	m, err := modelOf(j.Priority, j.PriorityEdited)
	if m != nil && m.Made != nil {
		if m.Name = j.Relative(m.Name); !job.IsModelFile(m.Name) { // a file of the name simple is not the shipped rule
			m.Name = "." + string(filepath.Separator) + m.Name
		}
	}
	return m, err
}

// modelOf returns the model that is named simple or by its file, nil for off; edited allows one that somebody changed.
// The error is a fault.
func modelOf(name string, edited bool) (*priority.Model, error) {
	switch name {
	case job.PriorityOff:
		return nil, nil
	case priority.SimpleName:
		return priority.Simple(), nil
	}
	return priority.Read(name, edited)
}

// rankingRecord returns the record of a model in a job, which may ask a ledger; nil for none.
func rankingRecord(m *priority.Model, j *job.Job, asked *ledgerwork.Asked) *record.Ranking {
	if m == nil {
		return nil
	}
	r := &record.Ranking{Model: m.Name, SHA256: m.SHA256, Edited: m.Edited}
	r.Missed, r.Fresh = m.Apart(func(f priority.Feature) bool {
		switch f {
		case priority.StaysPct:
			return j.NewestMap() != nil
		case priority.LeadM:
			return asked != nil && asked.Leads().Len() > 0
		case priority.DateGrade, priority.Flicker:
			return len(j.Between) > 0
		}
		return len(j.Confirm) > 0
	})
	return r
}

// examination finds the evidence on candidates. It is nil where none is wanted.
type examination struct{ *evidence.Finder }

// examine returns the examination of the candidates of inputs that can be compared: nil where no model ranks them and
// no other maps are named.
func examine(j *job.Job, loaded *gdalinput.Loaded, model *priority.Model, asked *ledgerwork.Asked) *examination {
	in := &loaded.Inputs
	if model == nil && len(in.Confirm) == 0 && in.Newest == nil {
		return nil
	}
	var leads evidence.Leads // an interface with a nil pointer would not be nil
	if asked != nil {
		leads = asked.Leads()
	}
	const part = 4 // of the memory that the blocks of maps may take
	finder := evidence.New(in, loaded.Options.Rules, model, leads, j.Workers, j.MaxMemory/part)
	finder.Near = j.PriorityNear
	return &examination{finder}
}

// port returns what gives each goroutine its examiner, nil for none.
func (e *examination) port() func() engine.Examiner {
	if e == nil {
		return nil
	}
	return func() engine.Examiner { return e.NewExaminer() }
}

// close closes the maps that were read. err is what the run says; without that a fault in closing is returned.
func (e *examination) close(err error) error {
	if e == nil {
		return err
	}
	if closing := e.Close(); err == nil && closing != nil {
		return redline.WithKind(redline.Raster, closing)
	}
	return err
}

// printRanking prints by what candidates are ranked.
func (p *program) printRanking(r *record.Ranking) {
	if r == nil {
		return
	}
	p.printf("%s  %s\n", p.words.Word("priority"), r.Model)
	p.line("model", "SHA-256 %s", r.SHA256)
	for _, warning := range rankingWarnings(r) {
		p.line("warning", "%s", p.words.Text(warning))
	}
	p.printf("\n")
}

// rankingWarnings are what is to be known of a model in a run; none for nil.
func rankingWarnings(r *record.Ranking) (all []string) {
	if r == nil {
		return nil
	}
	if r.Edited {
		all = append(all, editedWarning(r.Model))
	}
	if len(r.Missed) > 0 {
		all = append(all, missedWarning(r.Model, strings.Join(r.Missed, " ")))
	}
	if len(r.Fresh) > 0 {
		all = append(all, freshWarning(r.Model, strings.Join(r.Fresh, " ")))
	}
	return all
}

// missedWarning is the warning of a model that was calibrated from more evidence than a run has.
func missedWarning(model, features string) string {
	return model + ": most verdicts that the model was calibrated from came with evidence that this run does not have: " +
		features + "; its scores here are an order, no chances"
}

// freshWarning is the warning of a model that was calibrated from less evidence than a run has.
func freshWarning(model, features string) string {
	return model + ": most verdicts that the model was calibrated from came without evidence that this run has: " +
		features + "; its scores here are an order, no chances"
}

// editedWarning is the warning of a model that somebody changed.
func editedWarning(model string) string {
	return model + ": the model was changed after it was calibrated; its scores are no longer those of the verdicts"
}
