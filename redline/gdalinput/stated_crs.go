package gdalinput

import (
	"fmt"
	"math"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// noteStated records what the user stated of the CRS of an input, and warns of what that overrides. x, y is a place
// in the middle of it.
func (in *Input) noteStated(stated string, declares, used raster.CRS, x, y float64) {
	if stated == "" {
		return
	}
	in.Record.CRSStated = stated
	in.Record.CRS += ", as stated"
	switch {
	case declares.WKT == "":
		in.warn("declares no CRS that can be used; it is taken to be in %s, as stated", crsTitle(used))
	case !gdalraster.SameCRS(declares, used):
		in.warn("declares %s, but is taken to be in %s, as stated; its coordinates are not moved%s",
			crsTitle(declares), crsTitle(used), shiftText(declares, used, x, y))
	}
}

// shiftText says how far places lie off if a file was right and what the user stated of it is wrong; "" where that is
// not known.
func shiftText(declares, used raster.CRS, x, y float64) string {
	m, err := gdalraster.StatedShiftM(declares, used, x, y)
	switch {
	case err != nil || math.IsNaN(m) || math.IsInf(m, 0):
		return ""
	case m < 0.01:
		return "; on its own ellipsoid they would mean the same places"
	case m < 1:
		return fmt.Sprintf("; by the declared CRS they would lie %.2f m away", m)
	}
	return fmt.Sprintf("; by the declared CRS they would lie %.0f m away", m)
}
