package redline

import (
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// locator finds the county of a point on the grid. It is safe for concurrent use.
type locator struct {
	areas    []Area
	outlines *overlay.Outlines
}

func newLocator(g raster.Grid, areas []Area) (*locator, error) {
	shapes := make([]orb.MultiPolygon, len(areas))
	for i, a := range areas {
		shapes[i] = a.Shape
	}
	outlines, err := overlay.NewOutlines(g.Cols, g.Rows, shapes)
	return &locator{areas, outlines}, err
}

// find returns code and name of the area that holds p, in lattice coordinates; the
// smallest code where several do, and empty texts where none does. Only in cells that
// an outline passes does it look at the outline. covers are those of the outlines.
func (l *locator) find(covers overlay.Stack, p orb.Point) (code, name string) {
	best := -1
	col := int32(p[0])
	covers.At(int32(p[1])).Spans(int32(p[1]), col, col+1, func(s overlay.Span) {
		i := int(s.Region)
		if (best < 0 || l.areas[i].Code < l.areas[best].Code) && (!s.Mixed() || holds(l.areas[i].Shape, p)) {
			best = i
		}
	})
	if best < 0 {
		return "", ""
	}
	return l.areas[best].Code, l.areas[best].Name
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
