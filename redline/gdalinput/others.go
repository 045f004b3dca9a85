package gdalinput

import (
	"slices"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/job"
)

// other is a map on a grid of its own, opened: one of a pair that may confirm changes, or the newest map.
type other struct {
	*epoch
	against int // the year of the map of the run that it stands beside; 0 for the newest map
}

// others are all maps on grids of their own. Entries of maps that cannot be used have no epoch.
type others struct {
	pairs  [][2]other // as job.Pairs, before and after
	newest other
}

// openOthers opens the pairs that may confirm changes, and the newest map.
func (l *Loaded) openOthers() (o others) {
	open := func(role, name string, e *job.Epoch, against int) other {
		in := l.addInput(role, e.Files...)
		in.Record.Name = name
		return other{l.openMap(in, e), against}
	}
	for _, p := range l.job.Pairs() {
		o.pairs = append(o.pairs, [2]other{
			open(RoleConfirmBefore, p.Name, &p.Before, l.job.Before.Year),
			open(RoleConfirmAfter, p.Name, &p.After, l.job.After.Year),
		})
	}
	if e := l.job.NewestMap(); e != nil {
		o.newest = open(RoleNewest, "", e, 0)
	}
	return o
}

// all lists the maps that could be opened.
func (o *others) all() (maps []*epoch) {
	for _, pair := range append(o.pairs, [2]other{o.newest}) {
		for _, m := range pair {
			if m.epoch != nil {
				maps = append(maps, m.epoch)
			}
		}
	}
	return maps
}

// placeOthers adds the maps to the inputs and finds how much of the common grid each covers. A map that covers nothing
// of it, or has no way to there, has a fault. before and after are the epochs.
func (l *Loaded) placeOthers(o others, before, after *epoch) {
	for i, pair := range o.pairs {
		placed := [2]redline.OtherMap{l.placeOther(pair[0]), l.placeOther(pair[1])}
		l.Inputs.Confirm = append(l.Inputs.Confirm,
			redline.Pair{Name: l.job.Confirm[i].Name, Before: placed[0], After: placed[1]})
	}
	if o.newest.epoch != nil {
		m := l.placeOther(o.newest)
		l.Inputs.Newest = &m
	}
	o.warnOfSameMaps(before, after)
}

// placeOther returns a map as a run takes it, and warns where its year differs and where it covers only a part of the
// common grid. A fault is noted in its input.
func (l *Loaded) placeOther(m other) (placed redline.OtherMap) {
	if m.epoch == nil {
		return placed
	}
	placed.Epoch = *m.in.epoch
	// Which of its cells lie near candidates is only known when they are read.
	m.in.epoch.Window = raster.Window{}
	ways, err := newWays(l.Inputs.Grid, m.Grid())
	if err != nil {
		m.in.Err = redline.Faultf(redline.Incompatible, "%s: %w", m.in.Record.Path, err)
		return placed
	}
	placed.NewMover = ways.newMover
	part, err := ways.covered()
	if err != nil {
		m.in.Err = redline.Faultf(redline.Incompatible, "%s: %w", m.in.Record.Path, err)
		return placed
	}
	if part == 0 {
		grid := l.Inputs.Grid
		m.in.addFault(redline.Incompatible, "covers %s, nothing of the common grid of before and after (%s); name a map of "+
			"that area, or leave out what it belongs to", lonLat(bounds(m.Grid()), m.Grid().CRS), lonLat(bounds(grid), grid.CRS))
		return placed
	}
	if placed.Earth, err = newEarth(m.in.Record.Path, m.Grid()); err != nil {
		m.in.Err = err
		return placed
	}
	m.in.CoversPct = redline.Percent(part, 1)
	if m.against != 0 {
		years := m.in.Record.Year - m.against
		m.in.YearsApart = &years
	}
	if part < 1 {
		m.in.warn("covers about %.2f %% of the common grid; of candidates beyond it nothing is known from it", m.in.CoversPct)
	}
	if m.in.YearsApart != nil && *m.in.YearsApart != 0 {
		m.in.warn("is of %d, the map that it stands beside of %d; changes in between count as disagreement",
			m.in.Record.Year, m.against)
	}
	return placed
}

// warnOfSameMaps warns of maps that have the same content as an epoch, and of pairs of one content.
func (o *others) warnOfSameMaps(before, after *epoch) {
	for _, pair := range o.pairs {
		b, a := pair[0].epoch, pair[1].epoch
		for _, m := range pair {
			same := func(e *epoch) bool { return m.epoch != nil && sameCells(e, m.epoch) }
			if of := slices.IndexFunc([]*epoch{before, after}, same); of >= 0 {
				m.in.warn("has the same content as the raster of %s, so it proves nothing; is it the right file?",
					[]string{RoleBefore, RoleAfter}[of])
			}
		}
		if b != nil && a != nil && sameCells(b, a) {
			a.in.warn("has the same content as the other map of its pair, so that shows no change; is it the right file?")
		}
	}
	if n := o.newest.epoch; n != nil && sameCells(after, n) {
		n.in.warn("has the same content as the raster of after, so that all changes stay; is it the right file?")
	}
}
