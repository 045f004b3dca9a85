package ledger

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// pastDates and anyDates are the fields that hold dates; the former cannot lie after the day of the event.
var (
	pastDates = []string{FieldReviewed, FieldLeadDate, FieldDoneDate}
	anyDates  = []string{FieldValidUntil, FieldDueDate, FieldStart}
)

// needed are fields that an event of the kind must have.
var needed = map[Kind][]string{
	Founded: {FieldFormat, FieldCode}, RunAdded: {FieldRun},
	Detected: {FieldDetection, FieldDetectionHash, FieldRelation},
	LeadTold: {FieldLeadSource}, FollowUp: {FieldFinding, FieldYear}, Judged: {FieldVerdict}, Set: {},
	Advanced: {FieldTo},
	Evidence: {}, Accepted: {FieldAcceptUnit, FieldOutcome}, Published: {FieldStart, FieldDays},
	Objection: {FieldObjection}, Answered: {FieldAnswer}, Conflict: {FieldField}, Settled: {FieldField},
	Suspected: {FieldSuspect}, Decided: {FieldSuspect, FieldDecision}, Merged: {FieldInto}, Handed: {FieldHandedTo},
	SampleDesigned: {FieldSample, FieldRun, FieldSeed, FieldStrata, FieldFrame},
	CaseDrawn:      {FieldSample, FieldStratum, FieldInclusion, FieldDrawnM2},
	PointsDrawn:    {FieldSample, FieldRun, FieldSeed, FieldBox, FieldTries, FieldGroundM2},
	PointAnswered:  {FieldSample, FieldPoint, FieldAnswer},
}

// caseless are the kinds of events that are of no case.
var caseless = []Kind{Founded, RunAdded, SampleDesigned, PointsDrawn, PointAnswered}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// CheckNow refuses a time of events that lies after now.
func CheckNow(at, now time.Time) error {
	if at.After(now) {
		return fmt.Errorf("%s lies in the future; an event is written after it happened", at.In(China).Format(time.RFC3339))
	}
	return nil
}

// checkEvent refuses an event that says too little, or what no store could keep.
func checkEvent(e Event) error {
	if err := CheckForm(e); err != nil {
		return fmt.Errorf("event %d of kind %s: %w", e.Seq, e.Kind, err)
	}
	return nil
}

// CheckForm refuses an event that says too little, or what no store could keep. [Commit] asks it of each event.
func CheckForm(e Event) error {
	names, known := needed[e.Kind]
	if !known {
		return fmt.Errorf("the kind is unknown")
	}
	if (e.Case == "") != slices.Contains(caseless, e.Kind) {
		return fmt.Errorf(
			"it must be of a case, unless it founds the ledger, adds a run or designs a sample, or is of points")
	}
	if e.Level != "" && !slices.Contains(Levels(), e.Level) {
		return fmt.Errorf("the level %q is unknown; county, city and province are", e.Level)
	}
	if y := e.Time.Year(); y < 1949 || y > 2999 {
		return fmt.Errorf("the year %d is not one of an event; give the time with --at", y)
	}
	for _, name := range names {
		if e.Fields[name] == "" {
			return fmt.Errorf("the field %s is empty", name)
		}
	}
	if err := checkDocument(e); err != nil {
		return err
	}
	for _, named := range [][2]string{{"the id of the case", e.Case}, {"the person's name", e.Actor},
		{"the name of the document", e.Doc.Name}} {
		if err := checkText(named[0], named[1]); err != nil {
			return err
		}
	}
	for name, text := range e.Fields {
		if name == "" {
			return fmt.Errorf("a field has no name")
		}
		if len(name)+len(text) <= MaxText && isText(name) && isText(text) {
			continue
		}
		if err := checkText("the field "+name, name+text); err != nil {
			return err
		}
	}
	return checkDates(e)
}

func checkDocument(e Event) error {
	if e.Doc == (Document{}) && e.Kind != Evidence {
		return nil
	}
	if strings.TrimSpace(e.Doc.Name) == "" || !sha256Form.MatchString(e.Doc.SHA256) {
		return fmt.Errorf("a document needs a name and its SHA-256 (64 hexadecimal digits)")
	}
	return nil
}

func checkDates(e Event) error {
	for _, name := range slices.Concat(anyDates, pastDates) {
		text := e.Fields[name]
		if text == "" {
			continue
		}
		d, err := ParseDate(text)
		if err != nil {
			return fmt.Errorf("the field %s: %w", name, err)
		}
		if d > e.Day() && slices.Contains(pastDates, name) {
			return fmt.Errorf("the field %s: %s lies after the day of the event, %s", name, d, e.Day())
		}
	}
	return nil
}

// checkText refuses a text that no store could keep.
func checkText(what, text string) error {
	switch {
	case len(text) > MaxText:
		return fmt.Errorf("%s has %d bytes, at most %d are kept; shorten it", what, len(text), MaxText)
	case !isText(text):
		return fmt.Errorf("%s holds bytes that are no text (UTF-8 without NUL); write it anew", what)
	}
	return nil
}

func isText(text string) bool { return utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 }
