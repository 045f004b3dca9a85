package ledger

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Given is one candidate as a run gave it out to reviewers.
type Given struct {
	Case   string            // of the ledger; "" when it is not in it
	Values map[string]string // by the names of [Reviewed]; what is not there was empty
	// Detection is what the candidate is of. A verdict that the case has already confirms it where it has to be confirmed
	// for this detection.
	Detection string
	// Was is what the ledger had then, by the same names, nil for the same as Values. Where the case still has it, the
	// ledger has not changed since.
	Was      map[string]string
	ReadOnly map[string]string // all other columns
}

// Row is one candidate as it came back.
type Row struct {
	Place     string            // where it stands in the file, such as "row 12"
	Candidate string            // id
	Values    map[string]string // by the names of [Reviewed]; a column that the file lacks is not there
	ReadOnly  map[string]string // other columns that the file has
}

// File is a file that came back from a reviewer.
type File struct {
	Run  string // that it says it is of
	Rows []Row
	// Once says that somebody answers for each row being taken only once. Then nothing of it is remembered, and what was
	// said before, and taken back, may be said again.
	Once bool
}

// RefusedRow is a row that was not taken.
type RefusedRow struct {
	Row
	Reason error
}

// Taken is what a file says that the ledger does not know.
type Taken struct {
	Events    []Event
	Refused   []RefusedRow
	Same      int // rows that say nothing new
	Changed   int // rows with something that is taken
	Conflicts int // fields over which there is a conflict now
}

// Take compares what came back with what the run gave out (the base) and with the ledger, field by field. What is
// equal to the base or to the ledger says nothing. Where the ledger still has the base, the change is taken, by an
// event of kind [Judged]. Where both have changed, an event of kind [Conflict] keeps both: the verdict that is
// shown is the stricter one, any other field is as in the base, and the case stays open until somebody settles it.
// Names of reviewers and what they looked at are joined, and of two dates the later one holds.
//
// What a file said once, it does not say again: a case remembers the claims of files by digests of field, base and
// value. So a file may be taken twice, and two files in either order lead to the same.
//
// Rows are refused one by one. by has the time, the name and the level; cases has the cases of the candidates. Take
// fails only when the file is of another run, or by has no name.
func (r *Rules) Take(run string, given map[string]Given, cases map[string]Case, f File, by Event) (Taken, error) {
	if f.Run != run {
		return Taken{}, fmt.Errorf("the file is of run %.16s, not of %.16s; take it with the run that it came from",
			f.Run, run)
	}
	if err := named(r, nil, Event{Kind: Judged, Actor: by.Actor}); err != nil {
		return Taken{}, err
	}
	t, after, times := taking{once: f.Once}, maps.Clone(cases), map[string]int{}
	for _, row := range f.Rows {
		times[row.Candidate]++
	}
	for _, row := range f.Rows {
		reason := error(nil)
		if n := times[row.Candidate]; n > 1 {
			reason = fmt.Errorf("it stands in the file %d times; leave one of them", n)
		} else {
			reason = r.takeRow(&t, given, after, row, by)
		}
		if reason != nil {
			reason = fmt.Errorf("%s, candidate %q: %w", row.Place, row.Candidate, reason)
			t.Refused = append(t.Refused, RefusedRow{row, reason})
		}
	}
	return t.Taken, nil
}

// taking is what a file says so far.
type taking struct {
	Taken
	once bool
}

// takeRow adds what a row says; it returns why the row is refused.
func (r *Rules) takeRow(t *taking, given map[string]Given, cases map[string]Case, row Row, by Event) error {
	g, ok := given[row.Candidate]
	if !ok {
		return fmt.Errorf("the run has no such candidate; was its id edited?")
	}
	for _, name := range slices.Sorted(maps.Keys(row.ReadOnly)) {
		if row.ReadOnly[name] != g.ReadOnly[name] {
			return fmt.Errorf("the field %s was changed, which is not for reviewers: %s instead of %s", name,
				shortened(row.ReadOnly[name]), shortened(g.ReadOnly[name]))
		}
	}
	base, _ := r.translated(g.Values, nil)
	file, err := r.translated(row.Values, base)
	if err != nil {
		return err
	}
	if maps.Equal(file, base) {
		t.Same++
		return nil
	}
	if err := r.checkRow(file, by); err != nil {
		return err
	}
	c, ok := cases[g.Case]
	if !ok {
		return fmt.Errorf("it is of no case of the ledger; add the run first")
	}
	if err := notGone(r, &c, by); err != nil {
		return err
	}
	was := base
	if g.Was != nil {
		was, _ = r.translated(g.Was, nil)
	}
	events, conflicts := r.compare(&c, versions{base, was, file, g.Detection, t.once}, by)
	for _, e := range events {
		if c, err = c.Apply(e); err != nil {
			return err
		}
	}
	if len(events) == 0 {
		t.Same++
		return nil
	}
	for _, e := range r.Following(&c, by) {
		events = append(events, e)
		if c, err = c.Apply(e); err != nil {
			return err
		}
	}
	cases[g.Case] = c
	t.Changed++
	t.Conflicts += conflicts
	t.Events = append(t.Events, events...)
	return nil
}

// shortened returns a text in quotes that fits into a message.
func shortened(text string) string {
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", text)
}

// translated returns the values of all reviewed fields, with the words of files replaced by codes. A field that is
// not there is as in base.
func (r *Rules) translated(values, base map[string]string) (map[string]string, error) {
	all := map[string]string{}
	for _, name := range Reviewed() {
		value, ok := values[name]
		if !ok {
			value = base[name]
		}
		all[name] = value
	}
	verdict, err := r.word(FieldVerdict, all[FieldVerdict])
	if err != nil {
		return all, err
	}
	reason, err := r.word(FieldReason, all[FieldReason])
	if err != nil {
		return all, err
	}
	all[FieldVerdict], all[FieldReason] = verdict.verdict, verdict.reason
	if v, _ := r.Verdict(verdict.verdict); verdict.reason == "" && (v.Reason != "no" || reason.basis == "") {
		all[FieldReason] = reason.reason
	}
	for _, basis := range []string{verdict.basis, reason.basis} {
		if basis != "" {
			all[FieldBasis] = joined(all[FieldBasis], basis)
		}
	}
	return all, nil
}

// word returns what a word of a column says; it may be a code, its Chinese, or a word of the table of words.
func (r *Rules) word(column, text string) (word, error) {
	text = strings.TrimSpace(text)
	if text == "" && column == FieldVerdict {
		return word{verdict: string(Unreviewed)}, nil
	}
	if text == "" {
		return word{}, nil
	}
	if column == FieldVerdict {
		for _, v := range r.Verdicts {
			if text == v.Code || text == v.Label {
				return word{verdict: v.Code}, nil
			}
		}
	} else {
		for _, v := range r.Reasons {
			if text == v.Code || text == v.Label {
				return word{reason: v.Code}, nil
			}
		}
	}
	if w, ok := r.words[[2]string{column, text}]; ok {
		return w, nil
	}
	if column == FieldVerdict {
		return word{}, fmt.Errorf("the verdict %s is unknown; the verdicts are %s", shortened(text),
			list(codes(r.Verdicts)))
	}
	return word{}, fmt.Errorf("the reason %s is unknown; the reasons are %s", shortened(text), list(codes(r.Reasons)))
}

// checkRow refuses a row of which the values are wrong in themselves.
func (r *Rules) checkRow(file map[string]string, by Event) error {
	fields := map[string]string{}
	for name, value := range file {
		if value != "" {
			fields[name] = value
		}
	}
	if err := CheckForm(Event{Case: "-", Kind: Judged, Time: by.Time, Fields: fields}); err != nil {
		return err
	}
	return r.checkVerdict(file, func(name string) string { return file[name] })
}

// companions say how two changes of a field are joined that is not disputed over.
var companions = map[string]func(ours, file string) string{
	FieldReviewer: joined, FieldBasis: joined, FieldReviewed: func(ours, file string) string { return max(ours, file) },
}

// joined returns the union of two lists of names.
func joined(ours, file string) string {
	parts := strings.Split(ours+"、"+file, "、")
	return strings.Join(slices.DeleteFunc(union(parts), func(s string) bool { return s == "" }), "、")
}

// versions are the values of a row: as the file was given out, as the ledger was then, and as the file came back; and
// the detection that it is of. once is that of the file.
type versions struct {
	base, was, file map[string]string
	detection       string
	once            bool
}

// confirms tells whether the row says once more, of what the case is now, what has to be confirmed.
func (v versions) confirms(c *Case) bool {
	verdict := v.file[FieldVerdict]
	return c.Get(FieldToConfirm) != "" && v.detection == c.Detection && v.detection != "" &&
		verdict != v.base[FieldVerdict] && verdict == verdictOf(c)
}

// claim returns the digest by which a case remembers what the row says of a field, "" when it need not.
func (v versions) claim(name string) string {
	if v.once {
		return ""
	}
	return hashOf(canonical([]string{name, v.base[name], v.file[name]}))[:16]
}

// compare returns the events that a row makes, and how many of them are conflicts.
func (r *Rules) compare(c *Case, v versions, by Event) (events []Event, conflicts int) {
	base, file := v.base, v.file
	event := func(kind Kind, fields map[string]string) Event {
		return Event{Case: c.ID, Kind: kind, Time: by.Time, Actor: by.Actor, Level: by.Level, Doc: by.Doc, Fields: fields}
	}
	set, claims := map[string]string{}, []string{}
	for _, name := range Reviewed() {
		ours, claim := c.reviewed(name), v.claim(name)
		d := c.dispute(name)
		switch known := slices.Contains(c.Claims, claim); {
		case file[name] == base[name] || file[name] == ours || known:
		case d != nil && slices.Contains(d.Values, file[name]):
		case (ours == base[name] || ours == v.was[name]) && d == nil:
			set[name] = file[name]
			if companions[name] == nil && claim != "" { // their joining needs no memory
				claims = append(claims, claim)
			}
		case companions[name] != nil:
			if both := companions[name](ours, file[name]); both != ours {
				set[name] = both
			}
		default:
			conflicts++
			fields := map[string]string{FieldField: name, FieldBase: base[name], FieldOurs: ours, FieldFile: file[name],
				FieldValue: r.shown(name, base[name], ours, file[name])}
			if claim != "" {
				fields[FieldClaims] = claim
			}
			events = append(events, event(Conflict, fields))
		}
	}
	if v.confirms(c) && c.dispute(FieldVerdict) == nil {
		set[FieldVerdict] = file[FieldVerdict]
	}
	if len(set) > 0 {
		if len(claims) > 0 {
			set[FieldClaims] = strings.Join(claims, " ")
		}
		if set[FieldVerdict] == "" {
			set[FieldVerdict] = c.reviewed(FieldVerdict)
		}
		events = append([]Event{event(Judged, set)}, events...)
	}
	return events, conflicts
}

// reviewed returns the value of a reviewed field; a case without a verdict is unreviewed.
func (c *Case) reviewed(name string) string {
	if name == FieldVerdict {
		return verdictOf(c)
	}
	return c.Get(name)
}

// shown returns what a disputed field shows: of verdicts the strictest, of others what the base had.
func (r *Rules) shown(name, base string, values ...string) string {
	if name != FieldVerdict {
		return base
	}
	return r.Strictest(values...)
}

// Strictest returns the verdict with the highest rank; of equal ones the first by its code.
func (r *Rules) Strictest(verdicts ...string) string {
	slices.Sort(verdicts)
	return slices.MaxFunc(verdicts, func(a, b string) int {
		x, _ := r.Verdict(a)
		y, _ := r.Verdict(b)
		return x.Rank - y.Rank
	})
}
