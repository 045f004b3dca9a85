package gdaltiles

import (
	"context"
	"errors"
	"image/color"
	"math"
	"runtime"
	"strconv"
	"sync"

	"github.com/airbusgeo/godal"
	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/raster/landcover"
	"greenshield/redline/service/tiles"
)

// opened is a raster that can be drawn. It closes its files when it is let go of by all who use it.
type opened struct {
	key           string // of what it is made of
	grid          raster.Grid
	box           orb.Bound // in degrees
	cellsPerPixel float64   // at zoom 0, in the middle of the box

	epoch   *gdalraster.Epoch // nil for images
	legend  landcover.Legend
	palette color.Palette // 0 is transparent, behind it the classes of the legend

	images *gdalraster.Images // nil for classes

	toGrid *gdalraster.Transform // from degrees to the grid's CRS; nil where coordinates mean the same
	tools  chan *tool            // that nobody uses

	mu      sync.Mutex
	users   int
	folder  string             // of the overviews of classes, "" while there are none
	smaller *gdalraster.Images // of images, their overviews
}

// tool is what one goroutine draws by.
type tool struct {
	reader    raster.Reader
	transform *gdalraster.Transform
	overviews [maxLevel + 1]*godal.Dataset // by level, nil until they are needed
}

// open opens the files of a layer, which are those of the run.
func (l *layer) open(p *place, key string, legend []byte) (o *opened, err error) {
	o = &opened{key: key, users: 1, tools: make(chan *tool, runtime.NumCPU())}
	var reads []string
	if l.image {
		if o.images, err = gdalraster.OpenImages(p.open[0]); err != nil {
			return nil, err
		}
		o.grid, reads = o.images.Grid(), o.images.Files()
	} else {
		if o.legend, err = landcover.ParseLegend("legend", legend); err != nil {
			return nil, err
		}
		o.epoch, err = gdalraster.Open(p.open, gdalraster.Options{
			Band: l.input.Band, Codes: o.legend.Codes(), NoDataCodes: o.legend.NoDataCodes(), CRS: l.input.CRSStated,
		})
		if err != nil {
			return nil, err
		}
		o.grid, reads = o.epoch.Grid(), o.epoch.Files()
		o.palette = paletteOf(o.legend)
	}
	if !l.free && !owns(p.files, reads) { // as a mosaic that names more than the run read
		return nil, tiles.ErrChanged
	}
	if err := o.findPlace(); err != nil {
		o.done()
		return nil, err
	}
	return o, nil
}

// paletteOf returns the colours of the classes of a legend, behind a transparent one.
func paletteOf(legend landcover.Legend) color.Palette {
	all := color.Palette{color.NRGBA{}}
	for _, c := range classesOf(legend) {
		n, _ := strconv.ParseUint(c.Color[1:], 16, 32) // legends are checked when they are read
		all = append(all, color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255})
	}
	return all
}

// findPlace finds the way from degrees to the grid, and where on earth the grid lies.
func (o *opened) findPlace() error {
	degrees, err := gdalraster.ParseCRS("EPSG:4326")
	if err != nil {
		return err
	}
	same := o.grid.CRS.Geographic && gdalraster.SameDatum(degrees, o.grid.CRS)
	back := func(x, y []float64) error { return nil }
	if !same {
		within := gdalraster.ExtentOf(o.grid)
		t, err := gdalraster.NewTransformWithin(o.grid.CRS, degrees, within)
		if err != nil {
			return err
		}
		defer t.Close()
		back = t.XY
	}
	const steps = 256 // along each edge, which a projection bends
	var x, y []float64
	for i := range steps + 1 {
		u, v := float64(o.grid.Cols)*float64(i)/steps, float64(o.grid.Rows)*float64(i)/steps
		for _, at := range [][2]float64{{u, 0}, {u, float64(o.grid.Rows)}, {0, v}, {float64(o.grid.Cols), v}} {
			px, py := o.grid.Map(at[0], at[1])
			x, y = append(x, px), append(y, py)
		}
	}
	if err := back(x, y); err != nil {
		return err
	}
	o.box = orb.Bound{Min: orb.Point{x[0], y[0]}, Max: orb.Point{x[0], y[0]}}
	for i := range x {
		o.box = o.box.Extend(orb.Point{x[i], y[i]})
	}
	if !same {
		within := gdalraster.Extent{MinX: o.box.Min[0], MinY: o.box.Min[1], MaxX: o.box.Max[0], MaxY: o.box.Max[1]}
		if o.toGrid, err = gdalraster.NewTransformWithin(degrees, o.grid.CRS, within); err != nil {
			return err
		}
		// Between the points of the outline an edge may bulge a little.
		o.box = o.box.Pad(1e-4 * max(o.box.Max[0]-o.box.Min[0], o.box.Max[1]-o.box.Min[1]))
	}
	return o.measure()
}

// measure finds how many cells a pixel of zoom 0 is wide, in the middle of the raster.
func (o *opened) measure() error {
	centre := o.box.Center()
	const pixel = 360.0 / tiles.Pixels
	const small = 1e-6 // of a pixel
	dx, dy := pixel*small, pixel*small*math.Cos(centre[1]*math.Pi/180)
	t, err := o.tool()
	if err != nil {
		return err
	}
	defer o.putBack(t)
	x := []float64{centre[0], centre[0] + dx, centre[0]}
	y := []float64{centre[1], centre[1], centre[1] + dy}
	if err := o.lattice(t, x, y); err != nil {
		return err
	}
	o.cellsPerPixel = max(math.Hypot(x[1]-x[0], y[1]-y[0]), math.Hypot(x[2]-x[0], y[2]-y[0])) / small
	if !(o.cellsPerPixel > 0) || math.IsInf(o.cellsPerPixel, 0) {
		return errors.New("the scale of the raster is not known")
	}
	return nil
}

// lattice takes places in degrees to lattice coordinates of the grid, in place.
func (o *opened) lattice(t *tool, x, y []float64) error {
	if t.transform != nil {
		if err := t.transform.XY(x, y); err != nil {
			return err
		}
	}
	for i := range x {
		x[i], y[i] = o.grid.Lattice(x[i], y[i])
	}
	return nil
}

// tool returns a tool, which the caller puts back.
func (o *opened) tool() (t *tool, err error) {
	select {
	case t := <-o.tools:
		return t, nil
	default:
	}
	t = &tool{}
	if o.toGrid != nil {
		o.mu.Lock()
		t.transform, err = o.toGrid.Clone()
		o.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
	if o.epoch != nil {
		if t.reader, err = o.epoch.Open(); err != nil {
			t.close()
			return nil, err
		}
	}
	return t, nil
}

func (o *opened) putBack(t *tool) {
	select {
	case o.tools <- t:
	default:
		t.close()
	}
}

func (t *tool) close() {
	if t.transform != nil {
		t.transform.Close()
	}
	if t.reader != nil {
		_ = t.reader.Close() // it only read
	}
	for _, ds := range t.overviews {
		if ds != nil {
			_ = ds.Close()
		}
	}
}

// use notes one more user.
func (o *opened) use() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users++
}

// done is called by each user; the last one closes all files.
func (o *opened) done() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.users--; o.users > 0 {
		return
	}
	for {
		select {
		case t := <-o.tools:
			t.close()
		default:
			if o.toGrid != nil {
				o.toGrid.Close()
			}
			return
		}
	}
}

func (o *opened) classes() []tiles.Class {
	if o.epoch == nil {
		return nil
	}
	return classesOf(o.legend)
}

// draw draws a tile. It needs o.use before.
func (o *opened) draw(ctx context.Context, t tiles.Tile) ([]byte, error) {
	if _, ok := common(o.box, t.Degrees(0)); !ok {
		return nothing(), nil
	}
	if o.images != nil {
		return o.drawImage(t)
	}
	return o.drawClasses(ctx, t)
}
