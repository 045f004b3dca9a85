package gdalinput

import (
	"slices"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
	"greenshield/redline"
)

// openBetween opens the maps between the epochs, those that can be used by year.
func (l *Loaded) openBetween() (maps []*epoch) {
	stack := l.job.Stack()
	for _, e := range stack[1 : len(stack)-1] {
		if m := l.openEpoch(RoleBetween, &e); m != nil {
			maps = append(maps, m)
		}
	}
	return maps
}

// placeBetween finds which part of the common grid each of the maps between the epochs covers, and adds those that do
// to the inputs. before is the epoch whose grid the common one is a part of. A map that does not lie there has a fault.
// aligned tells that some map was brought onto that grid.
func (l *Loaded) placeBetween(before *epoch, maps []*epoch) (aligned bool) {
	for _, m := range maps {
		placed, err := l.ontoCommonGrid(before, m)
		if err != nil {
			m.in.Err = err
			continue
		}
		m.in.epoch.Window = placed.Window
		if placed.Source != raster.Source(m.Epoch) { // which of its cells the grid shows is only known when they are read
			m.in.epoch.Window = raster.Window{}
			aligned = true
		}
		l.Inputs.Between = append(l.Inputs.Between, placed)
	}
	return aligned
}

// ontoCommonGrid returns a map with its place on the common grid, and warns where it covers only a part of that.
func (l *Loaded) ontoCommonGrid(before, m *epoch) (placed redline.Epoch, err error) {
	placed = *m.in.epoch
	grid, own := l.Inputs.Grid, m.Grid()
	box, err := project(bounds(own), own.CRS, grid.CRS)
	if err == nil && !overlap(box, bounds(grid)) {
		return placed, l.beyondGrid(m)
	}
	if reason := latticesDiffer(before.Grid(), own); reason != nil {
		if err := crsNotStated(before, m); err != nil && !l.job.Align {
			return placed, err
		}
		if !l.job.Align {
			return placed, redline.Faultf(redline.Incompatible, "%s: does not share the grid of before (%s): %w; "+
				"say --align (align: true in a job file) to bring it onto that grid by nearest neighbour",
				m.in.Record.Path, before.in.Record.Path, reason)
		}
		moved, err := gdalraster.Align(m.Epoch, before.Grid())
		if err != nil {
			return placed, redline.WithKind(redline.Incompatible, err)
		}
		m.in.warnOfAlignment(moved, reason)
		placed.Source, placed.Window = moved, l.Inputs.Before.Window
		if part := share(box, bounds(grid)); part < 1 {
			m.in.warn("covers about %.2f %% of the common grid; of the cells beyond it nothing is known in its year",
				redline.Percent(part, 1))
		}
		return placed, nil
	}
	on, window, err := raster.Common(grid, own)
	if err != nil {
		return placed, l.beyondGrid(m)
	}
	placed.Window, placed.AtCol, placed.AtRow = window, on.Col, on.Row
	if window.Cells() < grid.Cells() {
		m.in.warn("covers %.2f %% of the common grid; of the cells beyond it nothing is known in its year",
			redline.Percent(float64(window.Cells()), float64(grid.Cells())))
	}
	return placed, nil
}

// crsNotStated is the fault of a map whose CRS differs from what the job states of before's, and states of that alone.
func crsNotStated(before, m *epoch) error {
	stated := before.in.Record.CRSStated
	if stated == "" || m.in.Record.CRSStated != "" || gdalraster.SameCRS(before.Grid().CRS, m.Grid().CRS) {
		return nil
	}
	return redline.Faultf(redline.Incompatible, "%s: declares another CRS than crs: %s states of before (%s); if that is "+
		"right of this map too, say so by crs: %s under it, or by |crs=%s behind its file; if it lies on another grid, say "+
		"--align (align: true in a job file) to bring it onto that grid by nearest neighbour",
		m.in.Record.Path, stated, before.in.Record.Path, stated, stated)
}

// beyondGrid is the fault of a map that covers nothing of the common grid.
func (l *Loaded) beyondGrid(m *epoch) error {
	grid := l.Inputs.Grid
	return redline.Faultf(redline.Incompatible, "%s: covers %s, nothing of the common grid of before and after (%s); "+
		"name a map of that area for %d, or leave that year out", m.in.Record.Path, lonLat(bounds(m.Grid()), m.Grid().CRS),
		lonLat(bounds(grid), grid.CRS), m.in.Record.Year)
}

// warnOfAlignment warns that a raster is brought onto another grid, and says why.
func (in *Input) warnOfAlignment(moved *gdalraster.Aligned, reason error) {
	in.warn("is brought onto before's grid by nearest neighbour (%s), because %v", moved.Note(), reason)
}

// warnOfSameMaps warns of maps between the epochs that have the same content as an epoch or as an earlier map.
func warnOfSameMaps(before, after *epoch, maps []*epoch) {
	all := slices.Concat([]*epoch{before, after}, maps)
	for i, m := range maps {
		others := all[:i+2]
		if k := slices.IndexFunc(others, func(other *epoch) bool { return sameCells(other, m) }); k >= 0 {
			m.in.warn("the map of %d has the same content as that of %d; is it the right file?", m.in.Record.Year,
				others[k].in.Record.Year)
		}
	}
}

// sameCells reports whether two maps are the same band of files with the same content.
func sameCells(a, b *epoch) bool {
	return a.in.Record.Band == b.in.Record.Band && slices.Equal(a.Inside(), b.Inside()) &&
		sameContent(a.Files(), b.Files())
}
