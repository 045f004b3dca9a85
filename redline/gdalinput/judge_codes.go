package gdalinput

import (
	"context"
	"slices"
	"strings"

	"greenshield/raster/landcover"
	"greenshield/redline"
	"greenshield/redline/census"
	"greenshield/seeds"
)

// judgeCodes reads all cells of an epoch and judges its codes. The error is what is wrong with them, or that of ctx.
func (x *Examination) judgeCodes(ctx context.Context, in *Input, workers int, p *redline.Progress) error {
	earth, err := newEarth(in.Record.Path, in.epoch.Source.Grid())
	if err != nil {
		if in.Err != nil {
			return nil // Load has noted the same fault
		}
		return err
	}
	c, err := census.CountCodes(ctx, in.epoch, earth, workers, p)
	if err != nil {
		return err
	}
	in.Raster.CensusFacts = censusFacts(c)
	m2 := map[int64]float64{}
	for _, k := range c.Classes {
		m2[k.Code] = k.AreaM2
	}
	if why := in.epoch.Legend.Unlikely(m2); why != "" {
		in.warn("%s", redline.UnlikelyLegend(in.epoch.Legend.Name, why))
	}
	aligned := in.epoch.Window.Cells() == 0
	if x.ground == groundCommon && !aligned {
		n := c.Cells - in.epoch.Window.Cells()
		in.Raster.OutsideCells = &n
	}
	elsewhere := int64(0) // cells with codes that are unknown, and do not occur on the common grid
	for _, u := range c.Unknown {
		if u.Common == 0 {
			elsewhere += u.Cells
		}
	}
	switch {
	case elsewhere > 0 && isOtherRole(in.Record.Role):
		in.warn("%d of its cells have codes that legend %q lacks; the run fails if it meets one near a candidate",
			elsewhere, in.epoch.Legend.Name)
	case elsewhere > 0 && aligned:
		in.warn("%d of its cells have codes that legend %q lacks; the run fails if the common grid shows one of them",
			elsewhere, in.epoch.Legend.Name)
	case elsewhere > 0:
		in.warn("%d cells outside the common grid have codes that legend %q lacks; they are not compared",
			elsewhere, in.epoch.Legend.Name)
	}
	remedy := census.LegendRemedy
	if fitting := fittingLegends(c); len(fitting) > 0 {
		remedy += "; of the shipped legends " + strings.Join(fitting, ", ") + " know all its codes"
	}
	return c.Judge(in.epoch, remedy)
}

// fittingLegends lists the shipped legends that know all codes of a raster.
func fittingLegends(c *census.Codes) (names []string) {
	for _, name := range seeds.Legends() {
		text, _ := seeds.Legend(name)
		legend, err := landcover.ParseLegend(name, text)
		if err != nil || c.MoreUnknown > 0 {
			continue
		}
		lacks := func(code int64) bool { _, ok := legend.Find(code); return !ok }
		if !slices.ContainsFunc(c.Classes, func(k census.ClassCount) bool { return lacks(k.Code) }) &&
			!slices.ContainsFunc(c.Unknown, func(u census.UnknownCode) bool { return lacks(u.Code) }) {
			names = append(names, name)
		}
	}
	return names
}
