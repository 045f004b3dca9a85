package corroborate

import (
	"fmt"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// Corroborator knows the other maps of a run. It is safe for concurrent use; see [Corroborator.Looker].
type Corroborator struct {
	pairs  []pair
	newest *layer // nil for none
	groups map[string]group
}

// pair is two maps that may show the same changes.
type pair struct {
	name          string
	before, after layer
	// onOne tells that the cells of the two are the same ones, and east and south where the first cell of before lies in
	// after.
	onOne       bool
	east, south int
}

// layer is one of the other maps.
type layer struct {
	*redline.OtherMap
	blocks *Blocks
	grid   raster.Grid
	run    raster.Grid
	eco    [256]uint8 // ecosystem class by symbol: landcover.NoData, or unknown
	// aligned tells that the cells of the run are cells of the map, and east and south where the first of them lies in
	// the map.
	aligned     bool
	east, south int
}

// unknown stands for the ecosystem class of a code that the legend lacks.
const unknown = 255

// What a pair shows of ground.
const (
	noData = iota
	unchanged
	other
	same
	numKinds
)

// group is what classes mean for candidates of a change type.
type group struct {
	kinds [landcover.NumEcosystems][landcover.NumEcosystems]uint8 // by class before and after
	bad   [landcover.NumEcosystems]bool                           // what the ground became
}

// New returns a corroborator for the maps Inputs.Confirm and Inputs.Newest of a run, which it reads through the cache.
// The transition groups of pairs of classes, and of candidates, follow from the rules.
func New(in *redline.Inputs, rules *redline.RuleTable, cache *Cache) *Corroborator {
	c := &Corroborator{groups: map[string]group{}}
	for i := range in.Confirm {
		p := &in.Confirm[i]
		made := pair{name: p.Name, before: newLayer(in, &p.Before, cache), after: newLayer(in, &p.After, cache)}
		if sameCRS(p.Before.Source.Grid().CRS, p.After.Source.Grid().CRS) {
			var err error
			made.east, made.south, err = raster.Offset(made.after.grid, made.before.grid)
			made.onOne = err == nil
		}
		c.pairs = append(c.pairs, made)
	}
	if in.Newest != nil {
		newest := newLayer(in, in.Newest, cache)
		c.newest = &newest
	}
	for i := range rules.Changes {
		c.groups[rules.Changes[i].Name] = newGroup(rules, rules.Changes[i].Group())
	}
	return c
}

func newLayer(in *redline.Inputs, m *redline.OtherMap, cache *Cache) layer {
	l := layer{OtherMap: m, blocks: cache.Blocks(m.Source), grid: m.Source.Grid(), run: in.Grid}
	if m.NewMover == nil || sameCRS(l.run.CRS, l.grid.CRS) {
		var err error
		l.east, l.south, err = raster.Offset(l.grid, l.run)
		l.aligned = err == nil
	}
	for symbol, position := range m.Source.Index() {
		switch {
		case position == raster.Unknown:
			l.eco[symbol] = unknown
		case int(position) < len(m.Legend.Classes): // else NoData, or a symbol that stands for nothing
			l.eco[symbol] = uint8(m.Legend.Classes[position].Ecosystem)
		}
	}
	return l
}

// sameCRS tells whether two definitions are the same to the letter.
func sameCRS(a, b raster.CRS) bool { return a.WKT != "" && a.WKT == b.WKT }

// newGroup returns what classes mean for candidates of a transition group.
func newGroup(rules *redline.RuleTable, name string) (g group) {
	bad, _, _ := redline.GroupClasses(name)
	for _, e := range bad {
		g.bad[e] = true
	}
	for _, from := range landcover.Ecosystems() {
		for _, to := range landcover.Ecosystems() {
			kind := uint8(other)
			if change := rules.Change(from, to); from == to {
				kind = unchanged
			} else if change >= 0 && rules.Changes[change].Group() == name {
				kind = same
			}
			g.kinds[from][to] = kind
		}
	}
	return g
}

// unknownCode says which code of a cell the legend lacks.
func (l *layer) unknownCode(row, col int) error {
	code, err := l.blocks.code(row, col)
	if err != nil {
		return err
	}
	return redline.Faultf(redline.Raster, "%s (%d): code %d is not in legend %q: row %d, column %d; "+
		"name the legend of the product, or add the code to a copy of it", l.Name, l.Year, code, l.Legend.Name, row, col)
}

// wrap says of which map an error is that a mover returned.
func (l *layer) wrap(err error) error {
	if err == nil {
		return nil
	}
	return redline.WithKind(redline.Incompatible, fmt.Errorf("%s (%d): a candidate has no place on the map: %w", l.Name,
		l.Year, err))
}
