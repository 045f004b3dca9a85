package gdalinput

import (
	"fmt"

	"greenshield/raster"
	"greenshield/redline"
)

// judgePlace judges whether the coordinates of a raster can be those of its CRS. It notes a fault and returns false
// when they cannot; it warns when they lie far from where such data lies.
func (l *Loaded) judgePlace(in *Input, grid raster.Grid) bool {
	if grid == l.fits { // the other epoch has the same
		return true
	}
	box := bounds(grid)
	why, certain := crsFits(grid.CRS, box, max(grid.CellX, grid.CellY))
	if why == "" {
		l.fits = grid
		return true
	}
	fits := l.fittingCRS(grid.CRS, box)
	remedy := fmt.Sprintf("state the right one by crs: %s under this raster in the job file, or --%s-crs", fits.crs(),
		in.Record.Role)
	if flag := listFlag(in.Record.Role); flag != "" {
		remedy = fmt.Sprintf("state the right one by crs: %s under this raster in the job file, or |crs=CRS in --%s",
			fits.crs(), flag)
	}
	if likelyCRS(box) == nil && likelyCRS(swapAxes(box)) != nil {
		remedy = "export it again with x to the east"
	}
	text := fmt.Sprintf("%s, %s; %s; %s", crsTitle(grid.CRS), why, fits.text, remedy)
	if certain {
		in.addFault(redline.Raster, "its coordinates are not those of %s", text)
		return false
	}
	in.warn("its coordinates seem not to be those of %s if so", text)
	return true
}

// listFlag returns the flag that names maps of that role and what is said of them; "" for the epochs.
func listFlag(role string) string {
	switch role {
	case RoleBetween, RoleNewest:
		return role
	case RoleConfirmBefore, RoleConfirmAfter:
		return "confirm"
	}
	return ""
}
