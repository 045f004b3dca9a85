package visits

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/rows"
	"greenshield/redline/ledgergpkg"
	"greenshield/redline/ledgerwork"
	"greenshield/redline/priority"
)

// Stop is a case to visit.
type Stop struct {
	Case     ledger.Case
	At       orb.Point        // in degrees
	Outline  orb.MultiPolygon // in degrees; nil for none. see [Plan.Outline]
	Severity int              // 1 to 4; 0 is not known
	Zone     string           // name of the zone of its most severe candidate
	// Prio is the highest priority of the candidates of its last detection, nil when it is not known.
	Prio  *redline.Priority
	Worth float64 // see worth
}

// What counts for a case of which it is not known: half of the highest.
const (
	unknownPrio     = 50
	unknownSeverity = 2
)

// worth returns how much a visit is worth, 0 to 4: the severity times the priority in hundredths. A severity that is
// not known counts as 2, a priority that is not known as 50, so that without any the severity alone decides.
func (s *Stop) worth() float64 {
	prio, severity := unknownPrio, s.Severity
	if s.Prio != nil {
		prio = s.Prio.Score
	}
	if severity == 0 {
		severity = unknownSeverity
	}
	return float64(severity*prio) / 100
}

// Left is why cases of the ledger are not in the plan.
type Left struct {
	Code  string `json:"code"`
	Why   string `json:"why"` // Chinese
	Cases int    `json:"cases"`
}

// The reasons, in the order in which they are looked for.
var reasons = []Left{{Code: "merged", Why: "已并入其他问题"}, {Code: "handed", Why: "已移交其他单位"},
	{Code: "elsewhere", Why: "不在所选县区"}, {Code: "judged", Why: "已核查，无须确认"}, {Code: "no_place", Why: "没有位置"},
	{Code: "far", Why: "单独去也超出一天的时长"}, {Code: "later", Why: "本次排不下，留待以后"}}

// Chosen is the cases of a ledger that wait for a visit.
type Chosen struct {
	Ledger string // its name
	Head   ledger.Head
	Stops  []*Stop // by id
	Ranked int     // of these, those whose priority is known
	Left   []Left  // without those that do not fit
}

// Choose returns the cases of some counties, whose codes are or begin as given, that wait for a visit: nobody has
// judged them, or something of them has to be confirmed, or reviewers differ. model ranks them by what the ledger keeps
// of their candidates; nil for none.
func Choose(ctx context.Context, s ledger.Store, counties []string, model *priority.Model) (*Chosen, error) {
	meta, err := ledger.Meta(ctx, s)
	if err != nil {
		return nil, err
	}
	c := &Chosen{Ledger: meta[ledger.FieldName]}
	if c.Head, err = s.Head(ctx); err != nil {
		return nil, err
	}
	left := map[string]int{}
	for of, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		if code := leftOut(&of, counties); code != "" {
			left[code]++
			continue
		}
		severity, _ := strconv.Atoi(of.Get(ledger.FieldSeverity)) // 0 where there is none
		at, _ := rows.Place(&of)
		c.Stops = append(c.Stops, &Stop{Case: of, At: at, Severity: severity})
	}
	if err := c.detections(ctx, s, model); err != nil {
		return nil, err
	}
	for _, l := range reasons {
		if l.Cases = left[l.Code]; l.Cases > 0 {
			c.Left = append(c.Left, l)
		}
	}
	return c, nil
}

// leftOut returns the code of the reason why a case waits for no visit, "" when it does.
func leftOut(c *ledger.Case, counties []string) string {
	here := len(counties) == 0
	for _, code := range counties {
		here = here || strings.HasPrefix(c.Get(ledger.FieldCounty), code)
	}
	verdict := c.Get(ledger.FieldVerdict)
	unsure := c.Get(ledger.FieldToConfirm) != "" || len(c.Disputes) > 0
	_, placed := rows.Place(c)
	switch {
	case c.MergedInto != "":
		return "merged"
	case c.HandedTo != "":
		return "handed"
	case !here:
		return "elsewhere"
	case !unsure && (ledgerwork.Closed(c) || verdict != "" && verdict != string(ledger.Unreviewed)):
		return "judged"
	case !placed:
		return "no_place"
	}
	return ""
}

// detections reads of the last detection of each stop what bears on the visit.
func (c *Chosen) detections(ctx context.Context, s ledger.Store, model *priority.Model) error {
	var ids []string
	of := map[string][]*Stop{}
	for _, stop := range c.Stops {
		if id := stop.Case.Detection; id != "" {
			ids, of[id] = append(ids, id), append(of[id], stop)
		}
	}
	if len(ids) > 0 {
		for d, err := range s.Detections(ctx, ledger.DetectionFilter{IDs: ids}) {
			if err != nil {
				return err
			}
			for _, stop := range of[d.ID] {
				if err := stop.learn(&d, model); err != nil {
					return err
				}
			}
		}
	}
	for _, stop := range c.Stops {
		if stop.Worth = stop.worth(); stop.Prio != nil {
			c.Ranked++
		}
	}
	return nil
}

// learn takes over the zone and the priority of the kept candidates of a detection.
func (s *Stop) learn(d *ledger.Detection, model *priority.Model) error {
	severest := 0
	for i := range d.Candidates {
		c := &d.Candidates[i]
		if c.Reason != "" {
			continue
		}
		if c.Severity > severest {
			severest, s.Zone = c.Severity, c.ZoneName
		}
		if model == nil || len(c.Features) == 0 {
			continue
		}
		f, err := priority.ParseFeatures(c.Features)
		if err != nil {
			return redline.Faultf(redline.Incompatible, "case %s: candidate %s: %w", s.Case.ID, c.ID, err)
		}
		if p := model.Card(d.Group).Score(f); s.Prio == nil || p.Score > s.Prio.Score {
			s.Prio = p
		}
	}
	return nil
}

// Plan is what is visited on which day, and what is not.
type Plan struct {
	*Chosen
	*Settings
	Model *priority.Model // what ranks the cases, nil when nothing does
	Days  []Day
	Left  []Left
}

// New returns the plan for the cases that wait. Days go over working days when the settings say when they begin.
func New(c *Chosen, o *Settings, model *priority.Model) (*Plan, error) {
	p := &Plan{Chosen: c, Settings: o, Model: model, Left: c.Left}
	days, far, later := Make(c.Stops, o)
	p.Days = days
	for _, l := range reasons {
		switch l.Code {
		case "far":
			l.Cases = len(far)
		case "later":
			l.Cases = len(later)
		}
		if l.Cases > 0 {
			p.Left = append(p.Left, l)
		}
	}
	for i := range days {
		if o.Begin == "" {
			break
		}
		var err error
		if days[i].Date, err = ledger.Shipped().LastDay(o.Begin, i+1); err != nil {
			return nil, redline.WithKind(redline.Usage, err)
		}
	}
	return p, nil
}

// Cases returns the cases of the plan in the order of the visits.
func (p *Plan) Cases() (cases []ledger.Case) {
	for _, d := range p.Days {
		for _, s := range d.Stops {
			cases = append(cases, s.Case)
		}
	}
	return cases
}

// Outline sets the outlines of the cases of the plan. degrees is as for [ledgergpkg.WriteCopy].
func (p *Plan) Outline(ctx context.Context, s ledger.Store, degrees ledgergpkg.Degrees) error {
	outlines, err := ledgergpkg.Outlines(ctx, s, p.Cases(), degrees)
	if err != nil {
		return err
	}
	for _, d := range p.Days {
		for _, stop := range d.Stops {
			stop.Outline = outlines[stop.Case.ID]
		}
	}
	return nil
}

// Name returns how a case is called in the plan: its day, its place in the order, and its id.
func Name(day, stop int, s *Stop) string { return fmt.Sprintf("%d-%02d %s", day+1, stop+1, s.Case.ID) }
