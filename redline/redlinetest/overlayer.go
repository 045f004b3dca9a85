package redlinetest

import (
	"errors"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/vector"
)

// Overlayer overlays without cgo, by simplefeatures. It has no precision model.
type Overlayer struct{}

func toGeom(mp orb.MultiPolygon) geom.Geometry {
	if len(mp) == 0 {
		return geom.MultiPolygon{}.AsGeometry()
	}
	g, err := geom.UnmarshalWKB(wkb.MustMarshal(mp), geom.NoValidate{})
	if err != nil {
		panic(err)
	}
	return g
}

func fromGeom(g geom.Geometry, err error) (orb.MultiPolygon, error) {
	if err != nil || g.IsEmpty() {
		return nil, err
	}
	o, err := wkb.Unmarshal(g.AsBinary())
	if err != nil {
		return nil, err
	}
	var mp orb.MultiPolygon
	switch o := o.(type) {
	case orb.Polygon:
		mp = orb.MultiPolygon{o}
	case orb.MultiPolygon:
		mp = o
	case orb.Collection:
		for _, part := range o {
			if p, ok := part.(orb.Polygon); ok {
				mp = append(mp, p)
			}
		}
	}
	return vector.Orient(mp), nil
}

func (Overlayer) Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return fromGeom(geom.Intersection(toGeom(a), toGeom(b)))
}

func (Overlayer) Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return fromGeom(geom.Difference(toGeom(a), toGeom(b)))
}

func (Overlayer) Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error) {
	sum := geom.MultiPolygon{}.AsGeometry()
	for _, mp := range all {
		var err error
		if sum, err = geom.Union(sum, toGeom(mp)); err != nil {
			return nil, err
		}
	}
	return fromGeom(sum, nil)
}

func (Overlayer) Valid(a orb.MultiPolygon) (bool, string) {
	if err := toGeom(a).Validate(); err != nil {
		return false, err.Error()
	}
	return true, ""
}

func (Overlayer) Snap(orb.MultiPolygon, float64) (orb.MultiPolygon, error) {
	return nil, errors.New("simplefeatures has no precision model")
}
