package engine

import (
	"context"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/territory"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// Tuning changes how fast a run is and how much memory it takes, never its result; only Vertices may move the crossings
// of zones by rounding errors.
type Tuning struct {
	Workers   int   // goroutines that read and compare; at least 1
	Tile      int   // edge of a tile in cells; 0 follows the files' blocks
	MaxMemory int64 // bytes that the run may hold; 0 is no limit
	Vertices  int   // about how many vertices an Overlayer gets at a time; 0 is 512
}

// Overlayer overlays, judges and mends multipolygons in the plane. An Overlayer belongs to one goroutine.
type Overlayer interface {
	territory.Overlayer
	// Valid tells whether a is valid, and why not.
	Valid(a orb.MultiPolygon) (ok bool, reason string)
	// Snap moves all vertices to multiples of gridSize; the result is valid even if a is not.
	Snap(a orb.MultiPolygon, gridSize float64) (orb.MultiPolygon, error)
}

// Sink takes what the engine finds.
type Sink interface {
	// Put takes a candidate and the area that it shares with each zone over it. It is called from several goroutines, in
	// no order of keys. When it returns, c, its slices and overlaps belong to the engine again. An error ends the run.
	Put(key redline.Key, c *redline.Candidate, overlaps []redline.Overlap) error
}

// Annotator adds to candidates what follows neither from their patch nor from their zone, such as the county.
type Annotator interface {
	// Outlines returns the outlines of the shapes that Annotate needs to know, on the lattice of the grid.
	Outlines() *overlay.Outlines
	// Annotate adds to c. inner is a point inside c in lattice coordinates; cover tells which of the shapes cover the
	// cells in all rows of c's patch. What it sets of the fields named in [redline.Alike] it tells there. It is called
	// from several goroutines.
	Annotate(c *redline.Candidate, inner orb.Point, cover overlay.Stack)
}

// Examiner finds the evidence on kept candidates. It belongs to one goroutine.
type Examiner interface {
	// Examine sets the evidence of c, and its priority. patch is the whole patch, row by row, and shape the ground of c
	// on the lattice of the grid; both belong to the engine again when it returns. What it sets depends on c, patch and
	// shape alone, not on what was examined before.
	Examine(c *redline.Candidate, patch []trace.Run, shape orb.MultiPolygon) error
	Close() error
}

// Ports are the parts of a run that the caller provides.
type Ports struct {
	NewOverlayer func() Overlayer // called once for each goroutine
	Sink         Sink
	Annotators   []Annotator     // besides the counties
	NewExaminer  func() Examiner // called once for each goroutine; nil for none
	// Division is the ground as it was divided before among the same zones on the same grid; nil to divide it.
	Division *territory.Division
}

// Run compares the epochs and gives every part of a changed patch that a zone controls to the sink. When a balance does
// not hold, the error is a fault of kind Unbalanced and the summary says which. When ctx ends, the error is its cause.
//
// Memory holds the zones, one band of rows for each worker, and the patches that are still open at the lower edge of
// the last band joined; it does not grow with the raster.
func Run(
	ctx context.Context, in *redline.Inputs, o redline.Options, t Tuning, ports Ports, p *redline.Progress,
) (*redline.Summary, error) {
	c, err := Begin(ctx, in, o, t, p)
	if err != nil {
		return nil, err
	}
	defer c.Stop()
	return c.Finish(ports)
}
