package ledger

// Meeting is that a detection of a new run meets cases.
type Meeting struct {
	Relation  Relation
	Old       []*Case // as they were before the run: the one that keeps its id first
	Keeps     bool    // whether the case in question is Old[0]; of a split, the others are not
	Detection *Detection
	OtherGrid bool   // whether cells could not be compared, since the grids differ
	Day       Date   // of the run
	Approval  string // number or version of the approval in force there, "" when none is known
}

// Carried is what the case in question has of earlier verdicts.
type Carried struct {
	Fields    map[string]string // fields of the verdict that a case begins with that did not keep its id
	ToConfirm string            // why a person has to confirm the verdict, for [FieldToConfirm]; "" when nobody has to
	Disputes  []Event           // of kind [Conflict], without time: verdicts of merged cases that disagree
}

// Why a carried verdict has to be confirmed.
const (
	ConfirmShifted  = "shifted"
	ConfirmSplit    = "split"
	ConfirmComplex  = "complex"
	ConfirmExpired  = "approval_expired"
	ConfirmApproval = "approval_changed"
	ConfirmGroup    = "group_changed"
	ConfirmProduct  = "product_changed"
	ConfirmLegend   = "legend_changed"
	ConfirmGrid     = "grid_changed"
)

// Carry says which verdicts go over to a case when a run meets it. A case that keeps its id keeps its verdict, and
// the question is only whether somebody has to confirm it. What has grown is, beyond the cells of before, a case of
// its own without a verdict. Other parts of a split begin with the verdict, to be confirmed. Verdicts of merged
// cases that disagree are a conflict, in which the stricter one is shown. An approval holds until its last day or
// another version of it; what was refuted, while group, product and legend are the same; a verdict on another grid
// or product is shown, to be confirmed.
func (r *Rules) Carry(m Meeting) Carried {
	if len(m.Old) == 0 {
		return Carried{}
	}
	keeper := m.Old[0]
	if !m.Keeps {
		if m.Relation != Split || verdictOf(keeper) == string(Unreviewed) {
			return Carried{}
		}
		fields := map[string]string{}
		for _, name := range Reviewed() {
			if value := keeper.Get(name); value != "" {
				fields[name] = value
			}
		}
		return Carried{Fields: fields, ToConfirm: ConfirmSplit}
	}
	var c Carried
	if m.Relation == MergedOf {
		c.Disputes = r.disagreements(m.Old)
	}
	for _, old := range m.Old {
		if c.ToConfirm == "" && verdictOf(old) != string(Unreviewed) {
			c.ToConfirm = r.doubt(m, old)
		}
	}
	return c
}

// doubt returns why the verdict of a case has to be confirmed.
func (r *Rules) doubt(m Meeting, old *Case) string {
	v, _ := r.Verdict(verdictOf(old))
	lawful := v.Outcome == NoProblem && old.Get(FieldReason) == "lawful"
	until, d := Date(old.Get(FieldValidUntil)), m.Detection
	for _, doubt := range []struct {
		why string
		is  bool
	}{
		{ConfirmShifted, m.Relation == Shifted},
		{ConfirmComplex, m.Relation == Complex},
		{ConfirmGrid, m.OtherGrid},
		{ConfirmProduct, d.Product != old.Get(FieldProduct)},
		{ConfirmGroup, v.Outcome == NoProblem && d.Group != old.Get(FieldGroup)},
		{ConfirmLegend, v.Outcome == NoProblem && d.Legend != old.Get(FieldLegend)},
		{ConfirmExpired, lawful && until != "" && until < m.Day},
		{ConfirmApproval, lawful && m.Approval != "" && m.Approval != old.Get(FieldApproval)},
	} {
		if doubt.is {
			return doubt.why
		}
	}
	return ""
}

// disagreements returns the conflicts over the verdict of merged cases, of the first of them. Where nobody has
// judged one of them, that is a disagreement too: its ground was never looked at.
func (r *Rules) disagreements(old []*Case) (events []Event) {
	shown, said := verdictOf(old[0]), map[string]bool{verdictOf(old[0]): true}
	for _, c := range old[1:] {
		verdict := verdictOf(c)
		if said[verdict] {
			continue
		}
		said[verdict] = true
		fields := map[string]string{FieldField: FieldVerdict, FieldBase: string(Unreviewed), FieldOurs: shown,
			FieldFile: verdict}
		shown = r.Strictest(shown, verdict)
		fields[FieldValue] = shown
		events = append(events, Event{Case: old[0].ID, Kind: Conflict, Fields: fields})
	}
	return events
}
