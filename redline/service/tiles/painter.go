package tiles

import (
	"context"
	"errors"
	"time"

	"github.com/paulmach/orb"
)

// State is how it stands with a raster of a run.
type State string

// The states of a raster.
const (
	Checking  State = "checking"  // it is not known yet whether its files are those of the run
	Preparing State = "preparing" // overviews are being made: tiles at low zooms have to wait
	Ready     State = "ready"
	Changed   State = "changed"  // its files are not those of the run any more
	Missing   State = "missing"  // its files are not found
	Unusable  State = "unusable" // they cannot be read, or nobody knows where on earth they lie
)

// Class is a class of a legend.
type Class struct {
	Code  int64  `json:"code"`
	Name  string `json:"name"` // in Chinese
	Color string `json:"color"`
}

// Raster is a raster of a run, as it is now.
type Raster struct {
	Name    string // part of addresses, such as before, 2017 or image_after
	Title   string // in Chinese
	Year    int    // 0 where nobody says it
	State   State
	Percent int        // of the work that the state tells of, 0 to 100
	Box     *orb.Bound // in degrees; nil while it is not known
	MaxZoom int        // at which a pixel is no more than a cell; 0 while it is not known
	Classes []Class    // nil for images
}

// Picture is a tile, drawn.
type Picture struct {
	Type string // such as image/png
	Data []byte
	Tag  string // changes whenever the picture may; letters and digits
}

// Errors of a [Painter].
var (
	ErrNoRaster = errors.New("there is no such raster")                  // or no such run
	ErrChanged  = errors.New("the files are not those of the run")       // see [Changed]
	ErrUnusable = errors.New("the raster is missing or cannot be drawn") // see [Missing] and [Unusable]
	ErrBusy     = errors.New("more is asked for than can be drawn now")  // it may be asked for again at once
)

// NotYet is the error for a picture that will be there later.
type NotYet struct {
	After   time.Duration // when it makes sense to ask again
	Percent int           // of the work that is done, 0 to 100
}

func (e *NotYet) Error() string { return "the picture is not there yet" }

// Painter draws rasters of runs. Implementations may be used by several goroutines.
type Painter interface {
	// Rasters lists the rasters of a run, or returns ErrNoRaster when there is no such run.
	Rasters(ctx context.Context, run string) ([]Raster, error)
	// Paint draws a tile of Pixels × Pixels. What is beyond the raster, or NoData, is transparent. The error is one of
	// this package where the reason is one that is told there.
	Paint(ctx context.Context, run, raster string, t Tile) (*Picture, error)
}
