package ledger

import (
	"reflect"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// TestPoints: the event says the points again; points of another ledger's sample have its code in the name; what says no
// points is refused.
func TestPoints(t *testing.T) {
	p := Points{Sample: "甲", Run: "r1", Seed: -3, Box: orb.Bound{Min: orb.Point{117.1, 30}, Max: orb.Point{117.25, 30.123456789012345}},
		Tries: []int{2, 17}, GroundM2: 1234567.89}
	e := p.Event()
	if e.Time = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC); CheckForm(e) != nil {
		t.Fatal(CheckForm(e))
	}
	got, err := PointsOf(e)
	if err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("%+v, %v", got, err)
	}
	e.Origin = Origin{Ledger: "341700", Seq: 5, Hash: "x"}
	if got, err = PointsOf(e); err != nil || got.Sample != "341700/甲" {
		t.Errorf("%s, %v", got.Sample, err)
	}
	for name, text := range map[string]string{FieldBox: "1 2 3", FieldTries: "1 x", FieldGroundM2: "", FieldSeed: "1.5"} {
		e := p.Event()
		if e.Fields[name] = text; text == "" {
			delete(e.Fields, name)
		}
		if _, err := PointsOf(e); err == nil {
			t.Errorf("%s = %q says points", name, text)
		}
	}
	e = p.Event()
	if e.Time, e.Case = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), "341700-000001"; CheckForm(e) == nil {
		t.Error("points of a case")
	}
}
