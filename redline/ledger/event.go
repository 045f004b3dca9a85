package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Level is the level of government that speaks.
type Level string

// The levels, the lowest first. An event that a run says has the level "".
const (
	County   Level = "county"   // 县级
	City     Level = "city"     // 市级
	Province Level = "province" // 省级
)

// Levels lists the levels, the lowest first.
func Levels() []Level { return []Level{County, City, Province} }

// Kind says what an event says.
type Kind string

// The kinds of events. Which fields each of them has stands at the names of fields.
const (
	Founded   Kind = "founded"   // the ledger begins; of no case
	RunAdded  Kind = "run"       // a run was added; of no case
	Detected  Kind = "detected"  // a run met the ground of a case; the first one of a case opens it
	LeadTold  Kind = "lead"      // an outside lead; the first one of a case opens it
	FollowUp  Kind = "follow_up" // what stands there now, from a raster
	Judged    Kind = "judged"    // a verdict with its reason
	Set       Kind = "set"       // other fields were set
	Advanced  Kind = "advanced"  // the case moved to another state
	Evidence  Kind = "evidence"  // a document that shows the rectification
	Accepted  Kind = "accepted"  // a level accepted the rectification or sent it back
	Published Kind = "published" // the public notice began
	Objection Kind = "objection" // somebody objected during publicity
	Answered  Kind = "answered"  // an objection was answered
	Conflict  Kind = "conflict"  // two reviewers say different things of one field
	Settled   Kind = "settled"   // a conflict was settled
	Suspected Kind = "suspected" // rebound or false rectification, for a person to confirm
	Decided   Kind = "decided"   // a suspicion was confirmed or dismissed
	Merged    Kind = "merged"    // the case was merged into another
	Handed    Kind = "handed"    // the case was handed over to another office (移交)

	SampleDesigned Kind = "sample_design" // a random sample of a run's cases was drawn (抽查); of no case
	CaseDrawn      Kind = "drawn"         // the case is in the sample
	PointsDrawn    Kind = "points_drawn"  // random points of the sample where no candidate is (漏检抽查); of no case
	PointAnswered  Kind = "point_answer"  // what is seen at one of them; of no case. The last answer counts
)

// Document is a document by its name and the SHA-256 of its content, in hexadecimal digits. The zero value is none.
type Document struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Origin is where an event was first written when it came from another ledger. The zero value is here.
type Origin struct {
	Ledger string `json:"ledger"` // code of that ledger
	Seq    int64  `json:"seq"`
	Hash   string `json:"hash"`
}

// Event is one statement. Whoever makes one sets Case, Kind, Time, Actor, Level, Fields, Doc, and Origin where it
// has one; Commit sets the rest. It never changes after that.
type Event struct {
	Seq    int64             `json:"seq"`            // from 1, without gaps
	Case   string            `json:"case,omitempty"` // "" when it is of no case
	Kind   Kind              `json:"kind"`
	Time   time.Time         `json:"time"`            // UTC, whole seconds
	Actor  string            `json:"actor,omitempty"` // name of the person or office; of the program for a run
	Level  Level             `json:"level,omitempty"`
	Fields map[string]string `json:"fields,omitempty"` // by name of field; never an empty name
	Doc    Document          `json:"doc,omitzero"`
	Origin Origin            `json:"origin,omitzero"`
	Prev   string            `json:"prev"`           // hash of the event before, "" for the first
	Hash   string            `json:"hash,omitempty"` // SHA-256 of Canonical
}

// Canonical returns the JSON of the event without its hash, which is what the hash is of: members in the order of the
// type's fields, those of Fields sorted by name, no white space, no escapes but those that JSON demands and \u2028
// and \u2029.
func (e Event) Canonical() []byte {
	e.Hash = ""
	return canonical(e)
}

// Day returns the day of the event in China.
func (e Event) Day() Date { return DayOf(e.Time) }

// seal returns the event as the next one after head.
func (e Event) seal(head Head) Event {
	e.Seq, e.Prev, e.Time = head.Seq+1, head.Hash, e.Time.UTC().Truncate(time.Second)
	if len(e.Fields) == 0 {
		e.Fields = nil
	}
	e.Hash = hashOf(e.Canonical())
	return e
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
