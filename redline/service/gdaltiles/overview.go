package gdaltiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline/service/tiles"
)

// unfinished is how the name of a file or folder ends while it is being written.
const unfinished = ".part"

// overviewFolder is where the overviews of what a key stands for are: N.tif has a cell for N × N.
func (p *Painter) overviewFolder(key string) string {
	return filepath.Join(p.options.State, "overviews", key)
}

func overviewFile(folder string, level int) string {
	return filepath.Join(folder, fmt.Sprintf("%d.tif", 1<<level))
}

// levels is how many overviews classes have: of 2, 4, 8… cells each way, until one is very small, but at most maxLevel.
func (o *opened) levels() (n int) {
	const small = 16 // cells along the longer side
	for n < maxLevel && max(o.grid.Cols, o.grid.Rows)>>n > small {
		n++
	}
	return n
}

// strip is how many rows are read at once to make overviews; a block of the last level has as many.
const (
	maxLevel = 8
	strip    = 1 << maxLevel
)

// takeOverviews takes the overviews in a folder, or says why not.
func (o *opened) takeOverviews(folder string) error {
	if o.images != nil {
		smaller, err := gdalraster.OpenImages(overviewFile(folder, 1))
		if err != nil {
			return err
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.smaller = smaller
		return nil
	}
	if _, err := os.Stat(folder); err != nil {
		return err
	}
	t := &tool{}
	defer t.close()
	for level := 1; level <= o.levels(); level++ {
		band, err := t.overview(folder, level)
		if err != nil {
			return err
		}
		s, g := band.Structure(), reduced(o.grid, level)
		if s.SizeX != g.Cols || s.SizeY != g.Rows {
			return errors.New("the overviews are not those of the raster")
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.folder = folder
	return nil
}

// overview returns an overview in a folder, which the tool opens and keeps open.
func (t *tool) overview(folder string, level int) (b godal.Band, err error) {
	ds := t.overviews[level]
	if ds == nil {
		ds, err = godal.Open(overviewFile(folder, level), godal.RasterOnly(), godal.Drivers("GTiff"))
		if err != nil {
			return b, err
		}
		t.overviews[level] = ds
	}
	return ds.Bands()[0], nil
}

// overviewOf returns an overview of classes for a tool; the error is *tiles.NotYet while there is none.
func (o *opened) overviewOf(t *tool, level int) (godal.Band, error) {
	o.mu.Lock()
	folder := o.folder
	o.mu.Unlock()
	if folder == "" {
		return godal.Band{}, &tiles.NotYet{After: 2 * time.Second}
	}
	return t.overview(folder, level)
}

// reduced is the lattice of an overview. Its last column and row may reach beyond the grid.
func reduced(g raster.Grid, level int) raster.Grid {
	n := 1 << level
	g.CellX, g.CellY = g.CellX*float64(n), g.CellY*float64(n)
	g.Cols, g.Rows = (g.Cols+n-1)/n, (g.Rows+n-1)/n
	return g
}

// makeOverviews makes the overviews in a folder, which gets its name when they are whole. told is given how many per
// cent are done.
func (o *opened) makeOverviews(ctx context.Context, folder string, told func(percent int)) (err error) {
	part := folder + unfinished
	for _, old := range []string{part, folder} {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(part, 0o755); err != nil { // the state may have been removed meanwhile
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	if o.images != nil {
		err = o.images.Reduce(ctx, overviewFile(part, 1), told)
	} else {
		err = o.reduceClasses(ctx, part, told)
	}
	if err != nil {
		return err
	}
	err = filepath.WalkDir(part, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
	if err != nil {
		return err
	}
	return os.Rename(part, folder)
}

// reduceClasses writes all overviews of classes in one pass.
func (o *opened) reduceClasses(ctx context.Context, folder string, told func(percent int)) (err error) {
	var all []*reducer
	defer func() {
		for _, r := range all {
			err = errors.Join(err, r.w.Close())
		}
	}()
	for level := 1; level <= o.levels(); level++ {
		r, err := newReducer(folder, o.grid, level)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	reader, err := o.epoch.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	index := o.epoch.Index()
	cells := make([]uint8, strip*o.grid.Cols)
	for row := 0; row < o.grid.Rows; row += strip {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := raster.Window{Row: row, Cols: o.grid.Cols, Rows: min(strip, o.grid.Rows-row)}
		own := cells[:w.Cells()]
		if err := reader.Read(w, own); err != nil {
			return err
		}
		for i, symbol := range own {
			own[i] = index[symbol]
		}
		for _, r := range all {
			if err := r.add(own, w); err != nil {
				return err
			}
		}
		told(100 * (row + w.Rows) / o.grid.Rows)
	}
	for _, r := range all {
		if err := r.flush(); err != nil {
			return err
		}
	}
	return nil
}

// reducer writes an overview of classes.
type reducer struct {
	w       *gdalraster.Writer
	n, cols int     // cells of the grid each way, and columns of the overview
	rows    []uint8 // that are not written yet: tiles are written whole
	next    int     // the first of them
}

func newReducer(folder string, g raster.Grid, level int) (*reducer, error) {
	small := reduced(g, level)
	nodata := float64(raster.NoData)
	w, err := gdalraster.Create(overviewFile(folder, level), small, &nodata, nil, "TILED=YES", "COMPRESS=DEFLATE",
		"ZLEVEL=1", "BIGTIFF=IF_SAFER")
	return &reducer{w: w, n: 1 << level, cols: small.Cols}, err
}

// add adds what a strip of the grid yields.
func (r *reducer) add(cells []uint8, w raster.Window) error {
	var counts [256]int
	for top := 0; top < w.Rows; top += r.n {
		for left := 0; left < w.Cols; left += r.n {
			r.rows = append(r.rows, mostFrequent(cells, w.Cols, raster.Window{
				Col: left, Row: top, Cols: min(r.n, w.Cols-left), Rows: min(r.n, w.Rows-top),
			}, &counts))
		}
	}
	const tile = 256 // rows of a tile of the file
	if len(r.rows) >= tile*r.cols {
		return r.flush()
	}
	return nil
}

// mostFrequent returns the class that most cells of a window have, of several the first of the legend; NoData only
// where there is nothing else. counts is zero before and after.
func mostFrequent(cells []uint8, cols int, w raster.Window, counts *[256]int) uint8 {
	best := uint8(raster.NoData)
	for row := w.Row; row < w.Row+w.Rows; row++ {
		for _, class := range cells[row*cols+w.Col:][:w.Cols] {
			if class >= raster.Unknown { // or NoData
				continue
			}
			counts[class]++
			if n := counts[class]; n > counts[best] || n == counts[best] && class < best {
				best = class
			}
		}
	}
	for row := w.Row; row < w.Row+w.Rows; row++ {
		for _, class := range cells[row*cols+w.Col:][:w.Cols] {
			counts[class] = 0
		}
	}
	return best
}

// flush writes the rows that are whole.
func (r *reducer) flush() error {
	if len(r.rows) == 0 {
		return nil
	}
	err := r.w.WriteRows(r.next, r.rows)
	r.next += len(r.rows) / r.cols
	r.rows = r.rows[:0]
	return err
}
