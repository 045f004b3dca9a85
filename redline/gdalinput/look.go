package gdalinput

import (
	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
	"greenshield/redline/job"
)

// OpenAfter opens the raster of the epoch after alone, to look at ground in it: Inputs.After and Inputs.Grid are of its
// whole extent, and there is no Inputs.Earth. It does not read cells. The error joins the faults, each a
// [redline.Fault].
func OpenAfter(j *job.Job) (*Loaded, error) {
	l := newLoaded(j)
	e := l.openEpoch(RoleAfter, &j.After)
	if e == nil {
		return l, l.allFaults()
	}
	if err := l.shareMemory(e, e, nil); err != nil {
		return l, err
	}
	l.Inputs.After, l.Inputs.Grid = *e.in.epoch, e.Grid()
	return l, nil
}

// GroundGrid gives a grid the CRS that a text says, and measures it. It is a fault of kind Incompatible when places do
// not have the same coordinates in that CRS and in that of after. In two geographic CRSs of one datum they have.
func (l *Loaded) GroundGrid(crs string, g raster.Grid) (raster.Grid, *raster.Earth, error) {
	own := l.Inputs.Grid.CRS
	of, err := gdalraster.ParseCRS(crs)
	if err != nil {
		return g, nil, redline.WithKind(redline.Incompatible, err)
	}
	degrees := own.Geographic && of.Geographic && gdalraster.SameDatum(own, of)
	if !degrees && !gdalraster.SameCRS(own, of) {
		return g, nil, redline.Faultf(redline.Incompatible, "its cells are in %s, the raster is in %s; "+
			"take a raster in that CRS, or bring this one into it by gdalwarp -r near", crsTitle(of), crsTitle(own))
	}
	g.CRS = of
	earth, err := newEarth(l.Inputs.After.Name, g)
	return g, earth, err
}
