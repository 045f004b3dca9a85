package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Draw is that a case was drawn in a sample.
type Draw struct {
	Sample    string `json:"sample"` // name, see [Event.SampleName]
	Stratum   string `json:"stratum"`
	Inclusion string `json:"inclusion"` // probability: cases drawn of the stratum / cases of it, such as "12/87"
	AreaM2    string `json:"area_m2"`   // of the case in the run that the sample is of
}

// Probability returns the inclusion probability, 0 < p ≤ 1; 0 for a text that is none.
func (d Draw) Probability() float64 {
	drawn, of, _ := strings.Cut(d.Inclusion, "/")
	n, errN := strconv.Atoi(drawn)
	all, errAll := strconv.Atoi(of)
	if errN != nil || errAll != nil || n < 1 || n > all {
		return 0
	}
	return float64(n) / float64(all)
}

// Sample is the design of a stratified random sample of the cases that the kept candidates of a run belong to. It is
// written as the fields of an event of kind [SampleDesigned]; each case drawn has an event of kind [CaseDrawn].
type Sample struct {
	Name   string        `json:"name"`
	Run    string        `json:"run"` // id
	Seed   int64         `json:"seed"`
	By     []string      `json:"by"`    // names of fields of [Detected] that make the strata; none: one stratum
	Frame  string        `json:"frame"` // [FrameHash] of all cases that could be drawn
	Strata []DrawStratum `json:"strata"`
}

// DrawStratum is one stratum of a sample.
type DrawStratum struct {
	Name   string  `json:"name"`
	Cases  int     `json:"cases"`
	Drawn  int     `json:"drawn"`
	AreaM2 float64 `json:"area_m2"` // of all its cases in the run
}

// FrameHash returns the SHA-256 of the ids of cases, sorted, one a line.
func FrameHash(ids []string) string {
	return hashOf([]byte(strings.Join(slices.Sorted(slices.Values(ids)), "\n")))
}

// Event returns the event that the sample was designed.
func (s Sample) Event() Event {
	return Event{Kind: SampleDesigned, Fields: map[string]string{FieldSample: s.Name, FieldRun: s.Run,
		FieldSeed: strconv.FormatInt(s.Seed, 10), FieldBy: strings.Join(s.By, " "), FieldFrame: s.Frame,
		FieldStrata: string(canonical(s.Strata))}}
}

// SampleOf returns the sample that an event of kind [SampleDesigned] says.
func SampleOf(e Event) (Sample, error) {
	s := Sample{Name: e.SampleName(), Run: e.Fields[FieldRun], By: strings.Fields(e.Fields[FieldBy]),
		Frame: e.Fields[FieldFrame]}
	seed, err := strconv.ParseInt(e.Fields[FieldSeed], 10, 64)
	s.Seed = seed
	if err = errors.Join(err, json.Unmarshal([]byte(e.Fields[FieldStrata]), &s.Strata)); e.Kind != SampleDesigned ||
		err != nil {
		return Sample{}, fmt.Errorf("event %d does not say how a sample was drawn", e.Seq)
	}
	return s, nil
}

// SampleName returns the name of the sample that the event is of. One of another ledger has the code of that before it,
// as in 341700/NAME.
func (e Event) SampleName() string {
	if e.adopted() {
		return e.Origin.Ledger + "/" + e.Fields[FieldSample]
	}
	return e.Fields[FieldSample]
}

// drawn keeps that the case is in a sample, once of each name.
func (c *Case) drawn(e Event) error {
	name := e.SampleName()
	if c.InSample(name) {
		return fmt.Errorf("it is in the sample %s already", name)
	}
	f := e.Fields
	c.Draws = append(slices.Clip(c.Draws), Draw{name, f[FieldStratum], f[FieldInclusion], f[FieldDrawnM2]})
	return nil
}

// InSample tells whether the case was drawn in the sample of that name.
func (c *Case) InSample(name string) bool {
	return slices.ContainsFunc(c.Draws, func(d Draw) bool { return d.Sample == name })
}
