package engine

import (
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// counties name the county of each candidate: the one in which the candidate's inner point lies. They do not change, so
// they may be used concurrently.
type counties struct {
	areas    []redline.Area
	outlines *overlay.Outlines
}

func newCounties(g raster.Grid, areas []redline.Area) (*counties, error) {
	shapes := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		shapes[i] = a.Shape
	}
	outlines, err := overlay.NewOutlines(g.Cols, g.Rows, shapes)
	return &counties{areas, outlines}, err
}

// Outlines returns the outlines of the counties.
func (k *counties) Outlines() *overlay.Outlines { return k.outlines }

// Annotate sets code and name of the county that holds inner: the first by [redline.CompareAreas] where several do, ""
// where none does.
// It looks at the outlines only in cells that one passes.
func (k *counties) Annotate(c *redline.Candidate, inner orb.Point, cover overlay.Stack) {
	best := -1
	row, col := int32(inner[1]), int32(inner[0])
	cover.At(row).Spans(row, col, col+1, func(s overlay.Span) {
		i := int(s.Region)
		precedes := best < 0 || redline.CompareAreas(&k.areas[i], &k.areas[best]) < 0
		if precedes && (!s.Mixed() || holds(k.areas[i].Shape, inner)) {
			best = i
		}
	})
	c.Alike.County = uint32(best + 2)
	if best >= 0 {
		c.AdmCode, c.AdmName = k.areas[best].Code, k.areas[best].Name
	}
}

// holds tells whether p lies in mp or on its outline.
func holds(mp orb.MultiPolygon, p orb.Point) bool {
	for _, polygon := range mp {
		inside := false
		for _, ring := range polygon {
			in, on := trace.Inside(ring, p)
			if on {
				return true
			}
			if in {
				inside = !inside
			}
		}
		if inside {
			return true
		}
	}
	return false
}
