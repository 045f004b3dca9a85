package redline

import (
	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/vector/trace"
)

// locator finds the county of a point. It is safe for concurrent use.
type locator struct {
	areas []Area
	tree  rtree.RTreeG[int]
}

func newLocator(areas []Area) *locator {
	l := &locator{areas: areas}
	for i, a := range areas {
		b := a.Shape.Bound()
		l.tree.Insert(b.Min, b.Max, i)
	}
	return l
}

// find returns code and name of the area that holds p, in lattice coordinates; the
// smallest code where several do, and empty texts where none does.
func (l *locator) find(p orb.Point) (code, name string) {
	best := -1
	l.tree.Search(p, p, func(_, _ [2]float64, i int) bool {
		if (best < 0 || l.areas[i].Code < l.areas[best].Code) && holds(l.areas[i].Shape, p) {
			best = i
		}
		return true
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
