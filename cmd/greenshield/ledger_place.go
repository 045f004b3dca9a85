package main

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/job"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgerwork"
	"greenshield/vector/gdalvector"
)

// readLeadLayer reads a layer of leads. A feature without geometry is a lead without a place.
func (p *program) readLeadLayer(text, encoding string, titles map[string]string) (leads []ledgerwork.Lead,
	leftOut []string, err error,
) {
	var source job.Source
	if err := source.Set(text); err != nil {
		return nil, nil, redline.WithKind(redline.Usage, err)
	}
	if source.File, err = gdalvector.Find(source.File); err != nil {
		return nil, nil, redline.WithKind(redline.Vector, err)
	}
	l, err := gdalvector.Read(gdalvector.Source{File: source.File, Layer: source.Layer, DefaultEncoding: encoding,
		Where: source.Where, CRS: source.CRS, Places: true})
	if err != nil {
		return nil, nil, redline.WithKind(redline.Vector, err)
	}
	for _, w := range l.Warnings {
		p.warn(source.File + ": " + w)
	}
	fail := func(err error) ([]ledgerwork.Lead, []string, error) {
		return nil, nil, redline.Faultf(redline.Vector, "%s: %w", source.File, err)
	}
	degrees, err := gdalraster.ParseCRS("EPSG:4490")
	if err != nil {
		return fail(err)
	}
	to, err := gdalraster.NewTransform(l.CRS, degrees)
	if err != nil {
		return fail(l.WithRemedy(err))
	}
	defer to.Close()
	rows := [][]string{l.Fields}
	for i := range l.Features {
		rows = append(rows, l.Features[i].Values)
	}
	if leads, leftOut, err = ledgerwork.Mapped(rows, titles); err != nil {
		return fail(err)
	}
	for i := range leads {
		f := &l.Features[leads[i].Row]
		leads[i].Place = fmt.Sprintf("feature %d", f.Number)
		var shape orb.Geometry
		switch {
		case f.Point != nil:
			shape = *f.Point
		case len(f.Shape) > 0:
			shape = f.Shape
		default:
			continue
		}
		if leads[i].Shape, err = ledgerwork.Moved(shape, to.XY); err != nil {
			return fail(fmt.Errorf("feature %d: %w", f.Number, err))
		}
	}
	return leads, leftOut, nil
}

// nearLeads has a change that adds a run say which leads lie near its detections.
func (p *program) nearLeads(ctx context.Context, s ledger.Store, c *ledgerwork.Change, run *ledgerwork.RunFound,
	within float64,
) error {
	if !(within >= 0) {
		return redline.Faultf(redline.Usage, "--near-leads: %g is no distance; write metres, such as 100", within)
	}
	if _, err := prepare(job.Default()); err != nil {
		return err
	}
	l := &lattices{}
	defer l.close()
	return c.NearLeads(ctx, s, run, within, l.of)
}

// lattices are those of the grids of a ledger. They must be closed.
type lattices struct{ open []*gdalraster.Transform }

func (l *lattices) close() {
	for _, t := range l.open {
		t.Close()
	}
}

// lattice takes degrees of CGCS2000 to cells of a grid and back.
type lattice struct {
	grid     raster.Grid
	to, from *gdalraster.Transform
}

// of returns the lattice of a grid.
func (l *lattices) of(g ledger.Grid) (ledgerwork.Placer, error) {
	crs, err := gdalraster.ParseCRS(g.CRS)
	if err != nil {
		return nil, err
	}
	degrees, err := gdalraster.ParseCRS("EPSG:4490")
	if err != nil {
		return nil, err
	}
	n := &lattice{grid: raster.Grid{CRS: crs, OriginX: g.OriginX, OriginY: g.OriginY, CellX: g.CellX, CellY: g.CellY,
		Cols: g.Cols, Rows: g.Rows}}
	if n.to, err = gdalraster.NewTransform(degrees, crs); err != nil {
		return nil, err
	}
	l.open = append(l.open, n.to)
	if n.from, err = gdalraster.NewTransform(crs, degrees); err != nil {
		return nil, err
	}
	l.open = append(l.open, n.from)
	return n, nil
}

// Cells takes longitudes and latitudes to columns and rows.
func (l *lattice) Cells(lon, lat []float64) error {
	if err := l.to.XY(lon, lat); err != nil {
		return err
	}
	for i := range lon {
		lon[i], lat[i] = l.grid.Lattice(lon[i], lat[i])
	}
	return nil
}

// Degrees takes columns and rows to longitudes and latitudes.
func (l *lattice) Degrees(col, row []float64) error {
	for i := range col {
		col[i], row[i] = l.grid.Map(col[i], row[i])
	}
	return l.from.XY(col, row)
}
