package territory

import "github.com/paulmach/orb"

// Overlayer overlays valid multipolygons in the plane. An Overlayer belongs to one goroutine. Results have
// counter-clockwise shells and clockwise holes.
type Overlayer interface {
	Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error)
}
