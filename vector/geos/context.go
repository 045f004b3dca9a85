package geos

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geos"

	"greenshield/vector"
)

// Context holds one GEOS handle. It belongs to one goroutine. It has no Close: its
// handle lives as long as the process, so make one per worker, not one per feature.
type Context struct {
	c *geos.Context
	// debt is the number of coded bytes of the geometries that were made since the last forced garbage collection.
	debt   int
	prover vector.Prover
}

// New returns a Context.
func New() *Context { return &Context{c: geos.NewContext()} }

// Version returns the version of GEOS that the program was built against.
func Version() string {
	return fmt.Sprintf("%d.%d.%d", geos.VersionMajor, geos.VersionMinor, geos.VersionPatch)
}

// maxDebt bounds the C memory of geometries that Go no longer reaches. go-geos frees
// them in clean-ups after a garbage collection, has no way to free them sooner, and the
// collector does not see C memory: with a large and quiet Go heap it runs too seldom.
// 28000 intersections beside a heap of 1 GiB grew by 850 MB without this, 240 MB with.
const maxDebt = 64 << 20

// Intersection returns a ∩ b. Both must be valid.
func (c *Context) Intersection(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return c.overlay("intersect", (*geos.Geom).Intersection, a, b)
}

// Difference returns a without b. Both must be valid.
func (c *Context) Difference(a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return c.overlay("subtract", (*geos.Geom).Difference, a, b)
}

func (c *Context) overlay(verb string, op func(g, other *geos.Geom) *geos.Geom,
	a, b orb.MultiPolygon) (orb.MultiPolygon, error) {
	return c.polygons(verb, []orb.MultiPolygon{a, b}, func(g []*geos.Geom) *geos.Geom { return op(g[0], g[1]) })
}

// Union returns the area that any of all covers. Each polygon must be valid by
// itself; they may overlap.
func (c *Context) Union(all ...orb.MultiPolygon) (orb.MultiPolygon, error) {
	return c.polygons("unite", []orb.MultiPolygon{slices.Concat(all...)},
		func(g []*geos.Geom) *geos.Geom { return g[0].UnaryUnion() })
}

// Snap returns a with its coordinates rounded to multiples of gridSize, in the units of a, and made valid again;
// parts narrower than the grid vanish. An invalid a is made valid first, as by MakeValid.
func (c *Context) Snap(a orb.MultiPolygon, gridSize float64) (orb.MultiPolygon, error) {
	return c.polygons("snap", []orb.MultiPolygon{a}, func(g []*geos.Geom) *geos.Geom {
		valid := g[0]
		if !valid.IsValid() && !strings.HasPrefix(valid.IsValidReason(), "Invalid Coordinate") {
			valid = makeValid(valid)
		}
		return valid.SetPrecision(gridSize, geos.PrecisionRuleValidOutput)
	})
}

// sweepFrom is the number of vertices from which on [vector.CertainlyValid] is asked before GEOS, which may take
// minutes for a ring of a million vertices with long spikes.
const sweepFrom = 10_000

// Valid says whether a is valid by OGC Simple Features. If not, reason is the first fault that GEOS names, with the
// place, such as "Self-intersection[5 5]". GEOS is asked only about what is not certainly valid.
func (c *Context) Valid(a orb.MultiPolygon) (ok bool, reason string) {
	if c.prover.CertainlyValid(a) ||
		vector.Vertices(a) >= sweepFrom && vector.CertainlyValid(a) {
		return true, ""
	}
	return c.judge(a)
}

// judge says what Valid says, by GEOS alone.
func (c *Context) judge(a orb.MultiPolygon) (ok bool, reason string) {
	defer func() {
		if err := caught(recover()); err != nil {
			ok, reason = false, err.Error()
		}
	}()
	g, err := c.geom(a)
	if err != nil {
		return false, err.Error()
	}
	if reason = g.IsValidReason(); reason == "Valid Geometry" { // IsValid would judge once more what is not valid
		return true, ""
	}
	return false, reason
}

// polygons runs op on coded inputs and returns the polygonal part of its result.
func (c *Context) polygons(verb string, inputs []orb.MultiPolygon,
	op func([]*geos.Geom) *geos.Geom) (mp orb.MultiPolygon, err error) {
	defer func() {
		if e := caught(recover()); e != nil {
			err = e
		}
		if err != nil {
			mp, err = nil, fmt.Errorf("GEOS cannot %s: %w", verb, err)
		}
	}()
	geoms := make([]*geos.Geom, len(inputs))
	for i, in := range inputs {
		if geoms[i], err = c.geom(in); err != nil {
			return nil, err
		}
	}
	out := op(geoms)
	if out == nil {
		return nil, c.why(inputs)
	}
	b := out.Normalize().ToWKB()
	c.owe(len(b))
	if mp, _, err = vector.DecodeWKB(b); err != nil {
		return nil, err
	}
	return vector.Orient(mp), nil
}

// why explains why GEOS gave no result. Its own message names only a place in the arrangement; the cause is nearly
// always that an input is invalid.
func (c *Context) why(inputs []orb.MultiPolygon) error {
	for i, in := range inputs {
		if ok, reason := c.Valid(in); !ok {
			return fmt.Errorf("input %d is invalid: %s; repair it first", i+1, reason)
		}
	}
	return errors.New("no result although the input is valid")
}

func (c *Context) geom(mp orb.MultiPolygon) (*geos.Geom, error) {
	b := vector.EncodeWKB(mp)
	c.owe(len(b))
	g, err := c.c.NewGeomFromWKB(b)
	if err == nil && g == nil {
		err = errors.New("geometry was not taken")
	}
	return g, err
}

func (c *Context) owe(bytes int) {
	if c.debt += bytes; c.debt > maxDebt {
		c.debt = 0
		runtime.GC()
	}
}

// caught turns what go-geos panics with into an error; a fault of our own goes on as a panic.
func caught(r any) error {
	if r == nil {
		return nil
	}
	err, ok := r.(error)
	var bug runtime.Error
	if !ok || errors.As(err, &bug) {
		panic(r)
	}
	return err
}
