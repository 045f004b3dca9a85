package ledgerwork

import (
	"context"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/tidwall/rtree"

	"greenshield/redline/ledger"
	"greenshield/vector"
)

// LeadLimitM is how far around a candidate leads are looked for, in metres.
const LeadLimitM = 1000

// LeadPlaces are the points and polygons that leads of a ledger name. They may be used by several goroutines.
type LeadPlaces struct {
	edges rtree.RTreeG[edge]             // of outlines by their boxes in degrees; a point is an edge without length
	areas rtree.RTreeG[orb.MultiPolygon] // by their boxes in degrees
	bytes int64
	count int // places
}

// PlacesOf returns these places, points and polygons in degrees; nil is none.
func PlacesOf(places ...orb.Geometry) *LeadPlaces {
	l := &LeadPlaces{}
	for _, p := range places {
		l.add(p)
	}
	return l
}

// Len returns how many places leads name.
func (l *LeadPlaces) Len() int { return l.count }

// edge is a straight line between two places in degrees.
type edge [2]orb.Point

// leadPlacesOf reads the places that leads name. A lead counts wherever its case stands, also when that was struck off,
// handed over or merged, unless the case, or the one that it was merged into, is judged to be no problem: then what was
// told was not real. Leads that name no place, or only a county, have none.
func leadPlacesOf(ctx context.Context, s ledger.Store) (*LeadPlaces, error) {
	cases := map[string]*ledger.Case{}
	var led []*ledger.Case
	for c, err := range s.Cases(ctx, ledger.CaseFilter{}) {
		if err != nil {
			return nil, err
		}
		keep := &ledger.Case{ID: c.ID, Leads: c.Leads, Detection: c.Detection, MergedInto: c.MergedInto, State: c.State,
			Fields: map[string]string{ledger.FieldVerdict: c.Get(ledger.FieldVerdict)}}
		if cases[c.ID] = keep; c.Leads > 0 {
			keep.Fields = c.Fields
			led = append(led, keep)
		}
	}
	places := &LeadPlaces{}
	for _, c := range led {
		if !stands(cases, c) {
			continue
		}
		if c.Leads == 1 && c.Detection == "" { // all that the lead said is in the fields of the case
			places.add(ShapeOf(c.Fields))
			continue
		}
		events, err := eventsOf(ctx, s, c.ID)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.Kind == ledger.LeadTold {
				places.add(ShapeOf(e.Fields))
			}
		}
	}
	return places, nil
}

// stands tells whether nobody has judged that a case, or the one that it was merged into, is no problem.
func stands(cases map[string]*ledger.Case, c *ledger.Case) bool {
	for c.MergedInto != "" && cases[c.MergedInto] != nil {
		c = cases[c.MergedInto]
	}
	v, _ := ledger.Shipped().Verdict(verdictOf(c))
	return c.State != ledger.Archived && v.Outcome != ledger.NoProblem
}

// add adds a point or polygons in degrees; nil is none.
func (l *LeadPlaces) add(place orb.Geometry) {
	if mp, ok := place.(orb.MultiPolygon); ok {
		box := vector.Bound(mp)
		l.areas.Insert(box.Min, box.Max, mp)
		l.bytes += vector.Bytes(mp)
	}
	if place == nil {
		return
	}
	l.count++
	for e := range edgesOf(rings(place)) {
		box := orb.MultiPoint(e[:]).Bound()
		l.edges.Insert(box.Min, box.Max, e)
		l.bytes += 2 * 4 * 8 // the edge and its box
	}
}

// edgesOf yields the edges of rings; one of a single point has an edge without length.
func edgesOf(rings []orb.Ring) func(yield func(edge) bool) {
	return func(yield func(edge) bool) {
		for _, r := range rings {
			for i := range max(1, len(r)-1) {
				if len(r) > 0 && !yield(edge{r[i], r[min(i+1, len(r)-1)]}) {
					return
				}
			}
		}
	}
}

// Metres returns how far the nearest of the places is from polygons in degrees, on the ellipsoid: 0 when they share
// ground, +Inf when there is none within [LeadLimitM], and NaN when there is no place, or no ground, at all. Edges are
// straight in degrees.
func (l *LeadPlaces) Metres(ground orb.MultiPolygon) float64 {
	if len(ground) == 0 || l.count == 0 {
		return math.NaN()
	}
	box := vector.Bound(ground)
	near, inside := false, false
	around := Widened(box, LeadLimitM)
	l.edges.Search(around.Min, around.Max, func(_, _ [2]float64, e edge) bool {
		near = true
		inside = inside || box.Contains(e[0]) && planar.MultiPolygonContains(ground, e[0])
		return !inside
	})
	if !near && l.areas.Len() == 0 {
		return math.Inf(1)
	}
	l.areas.Search(box.Min, box.Max, func(_, _ [2]float64, area orb.MultiPolygon) bool {
		for _, p := range ground {
			inside = inside || planar.MultiPolygonContains(area, p[0][0])
		}
		return !inside
	})
	if inside {
		return 0
	}
	if !near {
		return math.Inf(1)
	}
	best := math.Inf(1)
	for e := range edgesOf(rings(ground)) {
		around := Widened(orb.MultiPoint(e[:]).Bound(), min(best, LeadLimitM))
		l.edges.Search(around.Min, around.Max, func(_, _ [2]float64, other edge) bool {
			best = min(best, e.metres(other, min(best, LeadLimitM)))
			return best > 0
		})
		if best == 0 {
			break
		}
	}
	if best > LeadLimitM {
		return math.Inf(1)
	}
	return best
}

// slack is by how much distances on a plane may be wrong before the plane lies where the distance is.
const slack = 1.05

// Widened returns a box in degrees that holds all places that lie within metres from it.
func Widened(b orb.Bound, metres float64) orb.Bound {
	x, y := math.Inf(1), math.Inf(1)
	for _, at := range []orb.Point{b.Min, b.Max} {
		m := metresPer(at)
		x, y = min(x, m[0]), min(y, m[3])
	}
	dx, dy := slack*metres/max(x, 1), slack*metres/max(y, 1)
	return orb.Bound{Min: orb.Point{b.Min[0] - dx, b.Min[1] - dy}, Max: orb.Point{b.Max[0] + dx, b.Max[1] + dy}}
}

// metres returns how far two edges are from each other on the ellipsoid; +Inf when that is more than a limit for sure.
func (e edge) metres(other edge, limit float64) float64 {
	if e.crosses(other) {
		return 0
	}
	p := plane{origin: orb.MultiPoint{e[0], e[1], other[0], other[1]}.Bound().Center()}
	var from, to orb.Point
	for range 2 { // the second time on the plane where the nearest points are
		p.a = metresPer(p.origin)
		var metres float64
		if from, to, metres = p.nearest(e, other); metres > slack*limit {
			return math.Inf(1)
		}
		from, to = p.back(from), p.back(to)
		p.origin = orb.Point{(from[0] + to[0]) / 2, (from[1] + to[1]) / 2}
	}
	return Geodesic(from, to)
}

// nearest returns the points of two edges that do not cross that are the nearest to each other, and their distance, in
// metres on the plane.
func (p plane) nearest(a, b edge) (from, to orb.Point, metres float64) {
	a, b = edge{p.metres(a[0]), p.metres(a[1])}, edge{p.metres(b[0]), p.metres(b[1])}
	metres = math.Inf(1)
	for i := range 2 {
		for _, pair := range []edge{{a[i], nearestOn(a[i], b[0], b[1])}, {nearestOn(b[i], a[0], a[1]), b[i]}} {
			if d := math.Hypot(pair[1][0]-pair[0][0], pair[1][1]-pair[0][1]); d < metres {
				from, to, metres = pair[0], pair[1], d
			}
		}
	}
	return from, to, metres
}

// crosses tells whether two edges cross in a point inside both.
func (e edge) crosses(other edge) bool {
	side := func(e edge, p orb.Point) float64 {
		return (e[1][0]-e[0][0])*(p[1]-e[0][1]) - (e[1][1]-e[0][1])*(p[0]-e[0][0])
	}
	return side(e, other[0])*side(e, other[1]) < 0 && side(other, e[0])*side(other, e[1]) < 0
}
