package gdalinput

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// suspectShifts looks for a steady shift of admin layers against each layer of zones, and warns of the one that most
// points fit.
func (x *Examination) suspectShifts(ctx context.Context) error {
	for _, in := range x.Read {
		if in.Record.Role != RoleAdmin || x.shapes[in] == nil {
			continue
		}
		degrees, done, err := latticeDegrees(x.Inputs.Grid)
		if err != nil {
			return err
		}
		defer done()
		for _, other := range x.Read {
			if !isZoneRole(other.Record.Role) || x.shapes[other] == nil {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			s, err := findShift(notEmpty(x.shapes[in]), notEmpty(x.shapes[other]), degrees)
			if err != nil {
				// A point has no longitude and latitude. That is no reason to suspect a shift, and a fault of the layer
				// elsewhere.
				continue
			}
			if s != nil && (in.Layer.Shift == nil || s.Fit > in.Layer.Shift.Fit) {
				s.Against = other.Record.Path
				in.Layer.Shift = s
			}
		}
		if s := in.Layer.Shift; s != nil {
			in.warn("%s", s.describe())
		}
	}
	return nil
}

// notEmpty returns those of the shapes that have a polygon.
func notEmpty(shapes []orb.MultiPolygon) []orb.MultiPolygon {
	return slices.DeleteFunc(slices.Clone(shapes), func(mp orb.MultiPolygon) bool { return len(mp) == 0 })
}

// describe puts a suspicion into words.
func (s *Shift) describe() string {
	compass := []string{"east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east"}
	octant := int(math.Round(math.Atan2(s.NorthM, s.EastM)/(math.Pi/4))+8) % 8
	tens := func(m float64) float64 { return math.Round(m/10) * 10 }
	reason := "a steady shift, as from another datum (Beijing 1954, Xi'an 1980, a web map's) under a wrong name"
	switch s.Kind {
	case ShiftGCJ02:
		reason = gcj02Explains + "the layer may be in GCJ-02"
	case ShiftToGCJ02:
		reason = gcj02Explains + "that layer may be in GCJ-02"
	}
	return fmt.Sprintf("suspected shift: its outlines lie about %.0f m %s (%+.0f m east, %+.0f m north) of those of %s: "+
		"%s; without it %d instead of %d of %d nearby points meet. "+
		"Compare both with an image, or get the layer in CGCS2000; shifted borders give candidates the wrong county",
		tens(s.LengthM()), compass[octant], tens(s.EastM), tens(s.NorthM), s.Against,
		reason, s.Fit, s.Unmoved, s.Points)
}

// gcj02Explains begins the reason for a shift that the offset of GCJ-02 explains.
const gcj02Explains = "the offset of GCJ-02 (国测局坐标, by its unofficial formula) explains it, so "
