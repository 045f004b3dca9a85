package territory

import "github.com/paulmach/orb"

// Overlayer overlays valid multipolygons in the plane. Its results are valid, with counter-clockwise shells and
// clockwise holes. An Overlayer belongs to one goroutine at a time.
type Overlayer interface {
	Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error)
	Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error)
}
