package overlay

import (
	"math"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// Shape is a valid multipolygon that is to be overlaid with others by [Meet], with shells counter-clockwise and holes
// clockwise. What many overlays ask for it finds when it is first asked, and keeps; so it belongs to one goroutine at
// a time.
type Shape struct {
	polygons orb.MultiPolygon
	bound    orb.Bound
	margin   float64
	area     float64 // NaN if not known yet

	tree  vector.BoxTree // its boxes are wider than the edges by the margin
	touch state          // whether rings touch each other
}

type state uint8

const (
	unknown state = iota
	no
	yes
)

// ulps is the margin in units in the last place of the largest coordinate. What comes nearer to an edge of the other
// shape than the margin leaves the position in doubt. It is far more than the rounding of a crossing, or of the side
// on which a point is found.
const ulps = 1 << 10

// NewShape returns a Shape that shares the memory of mp.
func NewShape(mp orb.MultiPolygon) *Shape {
	s := &Shape{polygons: mp, bound: vector.Bound(mp), area: math.NaN()}
	largest := max(-s.bound.Min[0], s.bound.Max[0], -s.bound.Min[1], s.bound.Max[1])
	s.margin = largest * ulps * 0x1p-52
	return s
}

// Polygons returns what the shape was made of.
func (s *Shape) Polygons() orb.MultiPolygon { return s.polygons }

// Bound returns the bounds of the shape, as [vector.Bound] does.
func (s *Shape) Bound() orb.Bound { return s.bound }

// Area returns the area of the shape, as [vector.Area] does.
func (s *Shape) Area() float64 {
	if math.IsNaN(s.area) {
		s.area = vector.Area(s.polygons)
	}
	return s.area
}

// index makes the tree of boxes, if it was not made before.
func (s *Shape) index() {
	if !s.tree.Loaded() {
		s.tree.Load(s.polygons, s.margin)
	}
}

// contains tells whether p, which is no nearer to the outline than the margin, lies inside.
func (s *Shape) contains(p orb.Point) bool {
	if !s.bound.Contains(p) {
		return false
	}
	s.index()
	inside := false
	s.tree.Beside(p, func(run int) bool {
		r := s.tree.Runs[run]
		for i := r.From; i < r.To; i++ {
			a, b := s.tree.At[i], s.tree.At[i+1]
			if (a[1] > p[1]) == (b[1] > p[1]) {
				continue
			}
			if turn := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0]); (turn > 0) == (b[1] > a[1]) {
				inside = !inside
			}
		}
		return true
	})
	return inside
}

// ringsTouch tells whether two rings of the shape come nearer to each other than the margin.
func (s *Shape) ringsTouch() bool {
	if s.touch == unknown {
		s.touch = no
		everywhere := orb.Bound{Min: orb.Point{math.Inf(-1), math.Inf(-1)}, Max: orb.Point{math.Inf(1), math.Inf(1)}}
		f := finder{a: s, b: s, margin: s.margin, sides: sides{box: everywhere}}
		s.tree.OwnPairs(func(i, k int) bool {
			if s.tree.Runs[i].Ring != s.tree.Runs[k].Ring {
				f.edges(i, k)
			}
			if f.doubtful || len(f.found) > 0 {
				s.touch = yes
			}
			return s.touch == no
		})
	}
	return s.touch == yes
}
