package gdaltiles

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"

	"greenshield/raster"
	"greenshield/redline/service/tiles"
)

// nothing returns a tile on which nothing is. It is made when it is first asked for.
var nothing = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	picture := image.NewPaletted(image.Rect(0, 0, tiles.Pixels, tiles.Pixels), color.Palette{color.NRGBA{}})
	if err := png.Encode(&b, picture); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// span is pixels of a tile from low to before high, along one side.
type span struct{ low, high int }

func (s span) len() int { return s.high - s.low }

// between returns the pixels whose centres lie in a stretch of degrees; at gives the degree of each, monotonously.
func between(low, high float64, at func(int) float64) (s span) {
	s.low = tiles.Pixels
	for i := range tiles.Pixels {
		if d := at(i); d >= low && d <= high {
			s.low, s.high = min(s.low, i), i+1
		}
	}
	return s
}

// centres returns the longitude of each column of pixels of a tile, and the latitude of each row.
func centres(t tiles.Tile) (lon, lat func(int) float64) {
	n := math.Exp2(float64(t.Z))
	lon = func(i int) float64 { return (float64(t.X)+(float64(i)+0.5)/tiles.Pixels)/n*360 - 180 }
	lat = func(i int) float64 {
		return math.Atan(math.Sinh(math.Pi*(1-2*(float64(t.Y)+(float64(i)+0.5)/tiles.Pixels)/n))) * 180 / math.Pi
	}
	return lon, lat
}

// drawClasses draws a tile of classes, as PNG with a palette.
func (o *opened) drawClasses(ctx context.Context, t tiles.Tile) ([]byte, error) {
	lon, lat := centres(t)
	cols, rows := between(o.box.Min[0], o.box.Max[0], lon), between(o.box.Min[1], o.box.Max[1], lat)
	if cols.len() <= 0 || rows.len() <= 0 {
		return nothing(), nil
	}
	tool, err := o.tool()
	if err != nil {
		return nil, err
	}
	defer o.putBack(tool)
	u, v := make([]float64, 0, cols.len()*rows.len()), make([]float64, 0, cols.len()*rows.len())
	for row := rows.low; row < rows.high; row++ {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for col := cols.low; col < cols.high; col++ {
			u, v = append(u, lon(col)), append(v, lat(row))
		}
		last := len(u) - cols.len()
		if err := o.lattice(tool, u[last:], v[last:]); err != nil {
			return nil, err
		}
	}
	level := o.level(t, u, v, cols.len(), rows.len())
	classes, err := o.classesAt(ctx, tool, level, u, v)
	if err != nil {
		return nil, err
	}
	picture := image.NewPaletted(image.Rect(0, 0, tiles.Pixels, tiles.Pixels), o.palette)
	for i, class := range classes {
		if int(class) < len(o.palette)-1 {
			picture.Pix[(rows.low+i/cols.len())*picture.Stride+cols.low+i%cols.len()] = class + 1
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, picture); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// level is the overview to read for pixels that lie at (u, v), in rows of so many: 0 for the cells themselves, k for
// those of 2^k each way.
func (o *opened) level(t tiles.Tile, u, v []float64, cols, rows int) int {
	cells := o.cellsPerPixel / math.Exp2(float64(t.Z)) // where there is but one pixel
	last := len(u) - 1
	if cols > 1 && rows > 1 {
		cells = max(math.Hypot(u[cols-1]-u[0], v[cols-1]-v[0])/float64(cols-1),
			math.Hypot(u[last-cols+1]-u[0], v[last-cols+1]-v[0])/float64(rows-1))
	}
	const widest = 2 // cells of one pixel that is drawn from the cells themselves
	k := 0
	if cells > widest {
		k = int(math.Log2(cells))
	}
	return min(k, o.levels())
}

// maxWindow is how many cells are read for one tile.
const maxWindow = 64 << 20

// classesAt returns the class at each lattice point: its position in the legend, or raster.NoData beyond the grid.
func (o *opened) classesAt(ctx context.Context, t *tool, level int, u, v []float64) ([]uint8, error) {
	width, height := reduced(o.grid, level).Cols, reduced(o.grid, level).Rows
	at := func(x float64, of int) int { // of the grid's cells to the overview's
		if x < 0 || !(x < float64(of)) {
			return -1
		}
		return int(x) >> level
	}
	low, high := [2]int{width, height}, [2]int{-1, -1}
	places := make([][2]int, len(u))
	for i := range u {
		p := [2]int{at(u[i], o.grid.Cols), at(v[i], o.grid.Rows)}
		if places[i] = p; p[0] < 0 || p[1] < 0 {
			continue
		}
		for k := range p {
			low[k], high[k] = min(low[k], p[k]), max(high[k], p[k])
		}
	}
	classes := make([]uint8, len(u))
	if high[0] < 0 {
		for i := range classes {
			classes[i] = raster.NoData
		}
		return classes, nil
	}
	w := raster.Window{Col: low[0], Row: low[1], Cols: high[0] - low[0] + 1, Rows: high[1] - low[1] + 1}
	if w.Cells() > maxWindow {
		return nil, fmt.Errorf("a tile would need %d cells", w.Cells())
	}
	cells := make([]uint8, w.Cells())
	index := &identity
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if level > 0 {
		band, err := o.overviewOf(t, level)
		if err != nil {
			return nil, err
		}
		if err := band.Read(w.Col, w.Row, cells, w.Cols, w.Rows); err != nil {
			return nil, err
		}
	} else {
		if err := t.reader.Read(w, cells); err != nil {
			return nil, err
		}
		index = o.epoch.Index()
	}
	for i, p := range places {
		classes[i] = raster.NoData
		if p[0] >= 0 && p[1] >= 0 {
			classes[i] = index[cells[(p[1]-w.Row)*w.Cols+p[0]-w.Col]]
		}
	}
	return classes, nil
}

var identity = func() (all [256]uint8) {
	for i := range all {
		all[i] = uint8(i)
	}
	return all
}()
