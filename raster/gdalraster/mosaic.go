package gdalraster

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/airbusgeo/godal"

	"greenshield/raster"
)

// judgeTiles returns an error that names all files that do not fit to the first one.
func (e *Epoch) judgeTiles(o Options) error {
	var faults []error
	for _, p := range e.parts[1:] {
		faults = append(faults, e.parts[0].fits(p, o))
	}
	return errors.Join(faults...)
}

// assemble lays all files out on one lattice.
func (e *Epoch) assemble() error {
	first := e.parts[0]
	e.grid = first.grid
	for _, p := range e.parts[1:] {
		// The origin comes from the outermost files, so that it does not depend on the order of the list.
		e.grid.OriginX = min(e.grid.OriginX, p.grid.OriginX)
		e.grid.OriginY = max(e.grid.OriginY, p.grid.OriginY)
	}
	e.grid.Cols, e.grid.Rows = 0, 0
	for _, p := range e.parts {
		u, v := e.grid.Lattice(p.grid.OriginX, p.grid.OriginY)
		col, row := math.Round(u), math.Round(v)
		if (col+float64(p.size[0]))*(row+float64(p.size[1])) > maxCells || col+float64(p.size[0]) > math.MaxInt32 ||
			row+float64(p.size[1]) > math.MaxInt32 {
			return fmt.Errorf("%s: lies so far from the other files that the mosaic has more than %.0g cells: %w; run the "+
				"regions one by one", p.path, float64(maxCells), raster.ErrLimit)
		}
		p.col, p.row, p.cols, p.rows = int(col), int(row), p.size[0], p.size[1]
		e.grid.Cols, e.grid.Rows = max(e.grid.Cols, p.col+p.cols), max(e.grid.Rows, p.row+p.rows)
	}
	if e.grid.Cells() > maxCells {
		return fmt.Errorf("%s: the mosaic has more than %.0g cells: %w; run the regions one by one", first.path,
			float64(maxCells), raster.ErrLimit)
	}
	return nil
}

// fits returns an error, with its remedy, when p is no tile of a mosaic whose first file is a.
func (a *part) fits(p *part, o Options) error {
	differ := func(what, inA, inP, remedy string) error {
		return fmt.Errorf("%s and %s are no tiles of one mosaic: %s %s against %s; %s", a.path, p.path, what, inA, inP,
			remedy)
	}
	span := func(n int, x, y float64) float64 { return float64(n) * math.Abs(x-y) / x }
	own, other := a.emptyCells(o), p.emptyCells(o)
	switch {
	case !SameCRS(a.grid.CRS, p.grid.CRS):
		return differ("CRS", title(a.grid.CRS), title(p.grid.CRS), a.warped(p, o))
	case span(max(a.size[0], p.size[0]), a.grid.CellX, p.grid.CellX) > raster.AlignTolerance*1e3 ||
		span(max(a.size[1], p.size[1]), a.grid.CellY, p.grid.CellY) > raster.AlignTolerance*1e3:
		return differ("cell size", fmt.Sprintf("%.12g × %.12g", a.grid.CellX, a.grid.CellY),
			fmt.Sprintf("%.12g × %.12g", p.grid.CellX, p.grid.CellY), a.warped(p, o))
	case a.dtype != p.dtype:
		return differ("data type", a.dtype.String(), p.dtype.String(), oneType(a, p))
	case a.signed != p.signed:
		return differ("data type", "bytes with sign", "bytes without sign", "export both in one type")
	case own != other && own == "none":
		return differ("NoData value", own, other, a.translate("-a_nodata "+other))
	case own != other && other == "none":
		return differ("NoData value", own, other, p.translate("-a_nodata "+own))
	case own != other:
		return differ("NoData value", own, other, p.warp("-dstnodata "+own))
	}
	u, v := a.grid.Lattice(p.grid.OriginX, p.grid.OriginY)
	col, row := math.Round(u), math.Round(v)
	if math.Abs(u-col) <= raster.AlignTolerance && math.Abs(v-row) <= raster.AlignTolerance {
		return nil
	}
	// Its cells keep their values: the centre of each falls into the same one of the lattice.
	g := a.grid
	return fmt.Errorf("%s is not on the lattice of %s, the first file of the mosaic: off by %.6g cells east and %.6g "+
		"cells south; %s", p.path, a.path, u-col, v-row, p.translate(fmt.Sprintf("-a_ullr %s %s %s %s",
		digits(g.OriginX+col*g.CellX), digits(g.OriginY-row*g.CellY), digits(g.OriginX+(col+float64(p.size[0]))*g.CellX),
		digits(g.OriginY-(row+float64(p.size[1]))*g.CellY))))
}

// emptyCells returns the NoData value of a file as text; "none" when it has none, or one that the legend says itself.
func (p *part) emptyCells(o Options) string {
	if !p.hasNoData || p.nodata == math.Trunc(p.nodata) && slices.Contains(o.NoDataCodes, int64(p.nodata)) {
		return "none"
	}
	return p.nodataText()
}

// warped is a remedy for a tile p in another CRS or of another cell size than a: p on the lattice of a.
func (a *part) warped(p *part, o Options) string {
	west, south, east, north, err := p.extentIn(a.grid.CRS)
	if err != nil {
		return err.Error()
	}
	const slack = 1e-6 // cells, for what a rounding adds
	g := a.grid
	left, right := math.Floor((west-g.OriginX)/g.CellX+slack), math.Ceil((east-g.OriginX)/g.CellX-slack)
	top, bottom := math.Floor((g.OriginY-north)/g.CellY+slack), math.Ceil((g.OriginY-south)/g.CellY-slack)
	options := fmt.Sprintf("-tr %s %s -te %s %s %s %s", digits(g.CellX), digits(g.CellY), digits(g.OriginX+left*g.CellX),
		digits(g.OriginY-bottom*g.CellY), digits(g.OriginX+right*g.CellX), digits(g.OriginY-top*g.CellY))
	if !SameCRS(g.CRS, p.grid.CRS) {
		to := g.CRS.WKT
		if g.CRS.EPSG != 0 {
			to = fmt.Sprintf("EPSG:%d", g.CRS.EPSG)
		}
		options = "-t_srs " + raster.Quote(to) + " " + options
	}
	empty, forFirst := a.nodataText(), ""
	if empty == "" {
		if empty = o.freeCode(p); p.emptyCells(o) != "none" {
			empty = p.nodataText()
		}
		if !slices.ContainsFunc(o.NoDataCodes, func(code int64) bool { return fmt.Sprint(code) == empty }) {
			forFirst = "; of " + a.path + " too, " + a.translate("-a_nodata "+empty)
		}
	}
	return p.warp(options+" -dstnodata "+empty) + forFirst
}

// freeCode returns a number for cells without data that p can hold: one that the legend says, or one that it lacks.
func (o Options) freeCode(p *part) string {
	r := ranges[p.dtype]
	holds := func(code int64) bool {
		return !r.integer || float64(code) >= r.low && float64(code) <= r.high && (!p.signed || code <= math.MaxInt8)
	}
	if i := slices.IndexFunc(o.NoDataCodes, holds); i >= 0 {
		return fmt.Sprint(o.NoDataCodes[i])
	}
	code := int64(math.MaxUint8)
	for slices.Contains(o.Codes, code) || !holds(code) {
		code--
	}
	return fmt.Sprint(code)
}

// extentIn returns the extent of p in a CRS. It follows the outline of p, since a projection bends its edges.
func (p *part) extentIn(crs raster.CRS) (west, south, east, north float64, err error) {
	const steps = 64
	var x, y []float64
	for i := range steps + 1 {
		t := float64(i) / steps
		alongX := p.grid.OriginX + t*float64(p.size[0])*p.grid.CellX
		alongY := p.grid.OriginY - t*float64(p.size[1])*p.grid.CellY
		endX := p.grid.OriginX + float64(p.size[0])*p.grid.CellX
		endY := p.grid.OriginY - float64(p.size[1])*p.grid.CellY
		x = append(x, alongX, alongX, p.grid.OriginX, endX)
		y = append(y, p.grid.OriginY, endY, alongY, alongY)
	}
	if !SameCRS(p.grid.CRS, crs) {
		t, err := NewTransform(p.grid.CRS, crs)
		if err != nil {
			return 0, 0, 0, 0, err
		}
		defer t.Close()
		if err := t.XY(x, y); err != nil {
			return 0, 0, 0, 0, err
		}
	}
	return slices.Min(x), slices.Min(y), slices.Max(x), slices.Max(y), nil
}

// oneType is a remedy for two files of different types: both in the narrowest type that holds the numbers of both.
func oneType(files ...*part) string {
	holds := func(t godal.DataType) bool {
		return !slices.ContainsFunc(files, func(p *part) bool {
			return t != p.dtype && (!ranges[p.dtype].integer && t != godal.Float64 ||
				ranges[t].integer && (ranges[p.dtype].low < ranges[t].low || ranges[p.dtype].high > ranges[t].high))
		})
	}
	all := []godal.DataType{godal.Byte, godal.UInt16, godal.Int16, godal.UInt32, godal.Int32, godal.Float64}
	common := all[slices.IndexFunc(all, holds)]
	remedy := ""
	for _, p := range files {
		if p.dtype != common {
			if remedy != "" {
				remedy += "; of " + p.path + " too, "
			}
			remedy += p.translate(fmt.Sprintf("-ot %s", common))
		}
	}
	return remedy
}

// digits writes a coordinate so that reading it gives the same number.
func digits(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
