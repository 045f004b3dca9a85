package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Answer is what is seen at a random point: whether the ground changed between the years of the run as its rules say.
type Answer string

// The answers.
const (
	PointChanged   Answer = "changed"     // 是
	PointUnchanged Answer = "unchanged"   // 否
	PointUnknown   Answer = "cannot_tell" // 无法判断, as where an image is missing
)

// Answers lists the answers.
func Answers() []Answer { return []Answer{PointChanged, PointUnchanged, PointUnknown} }

// Points are random points of a sample in the ground of a run's zones where none of its kept candidates is. They are
// written as the fields of an event of kind [PointsDrawn], whose document is the list that was given out.
type Points struct {
	Sample   string    `json:"sample"` // name
	Run      string    `json:"run"`    // id
	Seed     int64     `json:"seed"`
	Box      orb.Bound `json:"-"`         // degrees
	Tries    []int     `json:"tries"`     // see Place of package sampling; point 1 is the first
	GroundM2 float64   `json:"ground_m2"` // of all such ground
}

// Event returns the event that the points were drawn, without its document.
func (p *Points) Event() Event {
	var box, tries []string
	for _, x := range []float64{p.Box.Min[0], p.Box.Min[1], p.Box.Max[0], p.Box.Max[1]} {
		box = append(box, strconv.FormatFloat(x, 'f', -1, 64))
	}
	for _, k := range p.Tries {
		tries = append(tries, strconv.Itoa(k))
	}
	return Event{Kind: PointsDrawn, Fields: map[string]string{FieldSample: p.Sample, FieldRun: p.Run,
		FieldSeed: strconv.FormatInt(p.Seed, 10), FieldBox: strings.Join(box, " "),
		FieldTries: strings.Join(tries, " "), FieldGroundM2: strconv.FormatFloat(p.GroundM2, 'f', -1, 64)}}
}

// PointsOf returns the points that an event of kind [PointsDrawn] says.
func PointsOf(e Event) (Points, error) {
	p := Points{Sample: e.SampleName(), Run: e.Fields[FieldRun]}
	seed, wrong := strconv.ParseInt(e.Fields[FieldSeed], 10, 64)
	p.Seed = seed
	number := func(text string) (x float64) {
		x, err := strconv.ParseFloat(text, 64)
		wrong = errors.Join(wrong, err)
		return x
	}
	p.GroundM2 = number(e.Fields[FieldGroundM2])
	var box []float64
	for _, text := range strings.Fields(e.Fields[FieldBox]) {
		box = append(box, number(text))
	}
	for _, text := range strings.Fields(e.Fields[FieldTries]) {
		k, err := strconv.Atoi(text)
		p.Tries, wrong = append(p.Tries, k), errors.Join(wrong, err)
	}
	if e.Kind != PointsDrawn || wrong != nil || len(box) != 4 {
		return Points{}, fmt.Errorf("event %d does not say which points were drawn", e.Seq)
	}
	p.Box = orb.Bound{Min: orb.Point{box[0], box[1]}, Max: orb.Point{box[2], box[3]}}
	return p, nil
}
