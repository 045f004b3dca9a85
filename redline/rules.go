package redline

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"greenshield/raster/landcover"
)

// ChangeType is a named set of transitions between ecosystem classes that mean the same on the ground.
type ChangeType struct {
	Name, NameZH string
	Pairs        [][2]landcover.Ecosystem // {before, after}, sorted
}

// Rule says how serious a change type is in one zone type.
type Rule struct {
	// ID is "change/zone_type", then "@" and the first day on which it is in force, unless that is open, then "+" and
	// the timing, unless it holds for all that no other rule is for.
	ID       string
	Change   string
	ZoneType ZoneType
	Timing   VsZone // "" for all that no other rule is for
	Severity Severity
	Basis    string // legal basis
	// Activities says what may have happened, by transition: the classes before and after.
	Activities map[[2]landcover.Ecosystem]string
}

// RuleTable holds the rules in force on one day. It does not change, so it may be used concurrently.
type RuleTable struct {
	Name    string
	Changes []ChangeType // in the order in which the table first names them

	changeOf map[pair]int        // transition → position in Changes
	rules    [][NumZoneTypes]set // parallel to Changes
}

// set are the rules for a change type in a zone type, by timing, in the order of VsZones.
type set [4]*Rule

// position returns the position of v in a set. A change of which nothing is said is unknown.
func position(v VsZone) int { return max(0, slices.Index(VsZones(), cmp.Or(v, VsUnknown))) }

// Change returns the position in Changes of the type that the transition belongs to, −1 when no rule covers it.
func (t *RuleTable) Change(from, to landcover.Ecosystem) int {
	if i, ok := t.changeOf[pair{from, to}]; ok {
		return i
	}
	return -1
}

// Rule returns the rule for the change type Changes[change] in zones of type z, when the maps show it before or after
// its zone as v says; "" is unknown. There is always one.
func (t *RuleTable) Rule(change int, z ZoneType, v VsZone) *Rule {
	return t.rules[change][z][position(v)]
}

// Severest returns the largest severity that the change type Changes[change] has in zones of type z.
func (t *RuleTable) Severest(change int, z ZoneType) Severity {
	most := NoCandidate
	for _, r := range t.rules[change][z] {
		most = max(most, r.Severity)
	}
	return most
}

// Timed returns the rules for a change type in a zone type as [RuleTable.Rule] does, by timing in the order of VsZones;
// nil when one rule holds for all.
func (t *RuleTable) Timed(change int, z ZoneType) []*Rule {
	all := t.rules[change][z]
	if len(distinct(all)) == 1 {
		return nil
	}
	return all[:]
}

// distinct returns the rules of a set, each once.
func distinct(all set) (rules []*Rule) {
	for _, r := range all {
		if !slices.Contains(rules, r) {
			rules = append(rules, r)
		}
	}
	return rules
}

// Count returns how many rules there are.
func (t *RuleTable) Count() int {
	n := 0
	for _, zones := range t.rules {
		for _, all := range zones {
			n += len(distinct(all))
		}
	}
	return n
}

// ParseRules reads a rule table (see [landcover.ReadTable]) and keeps the rules in force on the given day. Its columns
// are
//
//	change,change_zh,from,to,zone_type,severity,activity,basis,effective_from,effective_to
//
// and it may have the column timing, with one of VsZones: a row holds only for changes of which the maps show that. An
// empty one holds for those for which the change type has no other rows in the zone type on that day.
//
// A row covers the transitions from each class of from to each class of to (several joined by |) in one zone type. Both
// dates (2026-03-15) belong to the period; an empty one is open. Several rows of one timing may make up one rule when
// they agree in severity and basis; each says what may have happened by its own transitions. A transition belongs to at
// most one change type at a time, a change type has the same transitions in every zone type, and on the given day every
// change type has a rule for every zone type and timing. Errors begin with name and the line.
func ParseRules(name string, csv []byte, on time.Time) (RuleTable, error) {
	fail := func(line int, format string, args ...any) (RuleTable, error) {
		return RuleTable{}, fmt.Errorf("%s:%d: %s", name, line, fmt.Sprintf(format, args...))
	}
	records, err := landcover.ReadTableWith(name, csv, "timing", "change", "change_zh", "from", "to", "zone_type",
		"severity", "activity", "basis", "effective_from", "effective_to")
	if err != nil {
		return RuleTable{}, err
	}
	if len(records) == 0 {
		return RuleTable{}, fmt.Errorf("%s: the table has no rules", name)
	}
	rows := make([]ruleRow, len(records))
	for i, r := range records {
		if rows[i], err = parseRuleRow(r); err != nil {
			return fail(r.Line, "%v", err)
		}
		for _, earlier := range rows[:i] {
			if conflict := rows[i].conflict(earlier); conflict != "" {
				return fail(r.Line, "contradicts line %d: %s", earlier.line, conflict)
			}
		}
	}

	t := RuleTable{Name: name, changeOf: map[pair]int{}}
	day := on.Format(time.DateOnly)
	for _, first := range rows {
		if slices.ContainsFunc(t.Changes, func(c ChangeType) bool { return c.Name == first.change }) {
			continue
		}
		groups, missing := inForce(rows, first.change, day)
		if missing != nil {
			return fail(first.line, "%s has no rule on %s for zone type %s; add rows for it or extend their periods",
				first.change, day, strings.Join(missing, ", "))
		}
		base := groups[0]
		change := ChangeType{Name: first.change, NameZH: first.changeZH, Pairs: pairs(base.rows)}
		var rules [NumZoneTypes]set
		for _, g := range groups {
			if p, ok := difference(change.Pairs, pairs(g.rows)); ok {
				return fail(g.rows[0].line, "%s must cover the same transitions in every zone type, "+
					"but %s is covered in only one of %s and %s (line %d)",
					first.change, arrow(p), g.where(), base.where(), base.rows[0].line)
			}
			rule := g.rule()
			for _, i := range g.timings {
				rules[g.zone][i] = rule
			}
		}
		for _, p := range change.Pairs {
			t.changeOf[p] = len(t.Changes)
		}
		t.Changes = append(t.Changes, change)
		t.rules = append(t.rules, rules)
	}
	return t, nil
}

// rowGroup are the rows that make up one rule.
type rowGroup struct {
	zone    ZoneType
	timing  VsZone
	timings []int // positions in a set at which the rule stands
	rows    []ruleRow
}

// inForce returns the rows of a change type that are in force on a day, by zone type and timing, and what lacks any.
func inForce(rows []ruleRow, change, day string) (groups []rowGroup, missing []string) {
	for _, z := range ZoneTypes() {
		byTiming := map[VsZone][]ruleRow{}
		for _, r := range rows {
			if r.change == change && r.zone == z && r.start <= day && day <= r.end {
				byTiming[r.timing] = append(byTiming[r.timing], r)
			}
		}
		rest := rowGroup{zone: z, rows: byTiming[""]}
		var lacks []string
		for i, v := range VsZones() {
			if own := byTiming[v]; own != nil {
				groups = append(groups, rowGroup{z, v, []int{i}, own})
			} else {
				rest.timings, lacks = append(rest.timings, i), append(lacks, v.String())
			}
		}
		switch {
		case rest.timings == nil:
		case rest.rows != nil:
			groups = append(groups, rest)
		case len(lacks) == len(VsZones()):
			missing = append(missing, z.String())
		default:
			missing = append(missing, fmt.Sprintf("%s (timing %s)", z, strings.Join(lacks, ", ")))
		}
	}
	return groups, missing
}

// where names the changes that the rule is for, for messages.
func (g *rowGroup) where() string {
	if g.timing == "" {
		return g.zone.String()
	}
	return fmt.Sprintf("%s (timing %s)", g.zone, g.timing)
}

// rule returns what the rows make up.
func (g *rowGroup) rule() *Rule {
	r := g.rows[0]
	id := r.change + "/" + g.zone.String()
	byStart := func(a, b ruleRow) int { return cmp.Compare(a.start, b.start) }
	if since := slices.MaxFunc(g.rows, byStart).start; since != "" {
		id += "@" + since
	}
	if g.timing != "" {
		id += "+" + g.timing.String()
	}
	return &Rule{ID: id, Change: r.change, ZoneType: g.zone, Timing: g.timing, Severity: r.severity, Basis: r.basis,
		Activities: activities(g.rows)}
}

// ruleRow is one row of a rule table. Its period runs from start to end, both included. They are ISO dates, which sort
// as text; a start of "" and an end of openEnd are open.
type ruleRow struct {
	line             int
	change, changeZH string
	pairs            []pair
	zone             ZoneType
	severity         Severity
	timing           VsZone // "" for all that have no rows of their own
	activity, basis  string
	start, end       string
}

// pair is a transition: the ecosystem classes before and after.
type pair = [2]landcover.Ecosystem

// openEnd is the end of a period without one.
const openEnd = "9999-12-31"

var changeName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// parseRuleRow reads one row and judges each of its cells.
func parseRuleRow(r landcover.Row) (row ruleRow, err error) {
	row = ruleRow{
		line: r.Line, change: r.Fields["change"], changeZH: r.Fields["change_zh"],
		activity: r.Fields["activity"], basis: r.Fields["basis"],
		start: r.Fields["effective_from"], end: cmp.Or(r.Fields["effective_to"], openEnd),
	}
	if !changeName.MatchString(row.change) {
		return row, fmt.Errorf("change %q must be lower-case ASCII letters, digits and underscores", row.change)
	}
	if row.changeZH == "" {
		return row, fmt.Errorf("change_zh of %s is empty", row.change)
	}
	from, err := parseClasses("from", r.Fields["from"])
	if err != nil {
		return row, err
	}
	to, err := parseClasses("to", r.Fields["to"])
	if err != nil {
		return row, err
	}
	for _, a := range from {
		for _, b := range to {
			if a == b {
				return row, fmt.Errorf("%s stands in from and in to; a change leads to another class", a)
			}
			row.pairs = append(row.pairs, pair{a, b})
		}
	}
	if row.zone, err = parseZoneType(r.Fields["zone_type"]); err != nil {
		return row, err
	}
	if row.timing = VsZone(r.Fields["timing"]); row.timing != "" && !slices.Contains(VsZones(), row.timing) {
		return row, fmt.Errorf("timing %q is none of before, after, straddles, unknown; leave it empty for all", row.timing)
	}
	s := r.Fields["severity"]
	if len(s) != 1 || s[0] < '0' || s[0] > '4' {
		return row, fmt.Errorf("severity %q is none of 0, 1, 2, 3, 4", s)
	}
	row.severity = Severity(s[0] - '0')
	for _, column := range []string{"effective_from", "effective_to"} {
		if d := r.Fields[column]; d != "" {
			if _, err := time.Parse(time.DateOnly, d); err != nil {
				return row, fmt.Errorf("%s %q is not a date of the form 2026-03-15", column, d)
			}
		}
	}
	if row.start > row.end {
		return row, fmt.Errorf("effective_from %s is later than effective_to %s", row.start, row.end)
	}
	return row, nil
}

// parseClasses reads a list of ecosystem classes joined by |; column is for the error.
func parseClasses(column, list string) ([]landcover.Ecosystem, error) {
	var classes []landcover.Ecosystem
	for word := range strings.SplitSeq(list, "|") {
		word = strings.TrimSpace(word)
		e, err := landcover.ParseEcosystem(word)
		if err != nil || e == landcover.NoData {
			return nil, fmt.Errorf("%s: unknown ecosystem class %q%s",
				column, word, DidYouMean(word, names(landcover.Ecosystems())))
		}
		if slices.Contains(classes, e) {
			return nil, fmt.Errorf("%s: %s stands there twice", column, e)
		}
		classes = append(classes, e)
	}
	return classes, nil
}

// parseZoneType is ParseZoneType with an error that lists the valid names.
func parseZoneType(name string) (ZoneType, error) {
	t, err := ParseZoneType(name)
	if err != nil {
		return t, fmt.Errorf("%w%s", err, DidYouMean(name, names(ZoneTypes())))
	}
	return t, nil
}

// conflict says why two rows cannot stand in one table, "" when they can.
func (r ruleRow) conflict(other ruleRow) string {
	same := r.change == other.change
	if same && r.changeZH != other.changeZH {
		return fmt.Sprintf("%s is called both %s and %s", r.change, r.changeZH, other.changeZH)
	}
	if r.start > other.end || other.start > r.end || same && (r.zone != other.zone || r.timing != other.timing) {
		return ""
	}
	if p, ok := common(r.pairs, other.pairs); ok {
		if !same {
			return fmt.Sprintf("%s belongs to both %s and %s in the same period", arrow(p), r.change, other.change)
		}
		return fmt.Sprintf("%s in %s has two rows in the same period", arrow(p), r.zone)
	}
	if same && (r.severity != other.severity || r.basis != other.basis) {
		return fmt.Sprintf("the rows of %s in %s must agree in severity and basis", r.change, r.zone)
	}
	return ""
}

// pairs lists the transitions that the rows cover together, sorted.
func pairs(rows []ruleRow) []pair {
	var all []pair
	for _, r := range rows {
		all = append(all, r.pairs...)
	}
	slices.SortFunc(all, func(a, b pair) int { return slices.Compare(a[:], b[:]) })
	return all
}

// activities returns what each transition of the rows may be.
func activities(rows []ruleRow) map[pair]string {
	all := map[pair]string{}
	for _, r := range rows {
		for _, p := range r.pairs {
			all[p] = r.activity
		}
	}
	return all
}

// common returns a transition that stands in both lists.
func common(a, b []pair) (pair, bool) {
	for _, p := range a {
		if slices.Contains(b, p) {
			return p, true
		}
	}
	return pair{}, false
}

// difference returns a transition that stands in only one of the lists.
func difference(a, b []pair) (pair, bool) {
	for _, p := range slices.Concat(a, b) {
		if slices.Contains(a, p) != slices.Contains(b, p) {
			return p, true
		}
	}
	return pair{}, false
}

// arrow writes a transition for messages.
func arrow(p pair) string { return p[0].String() + "→" + p[1].String() }

// names returns the names of values.
func names[T fmt.Stringer](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = v.String()
	}
	return all
}
