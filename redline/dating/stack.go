package dating

import (
	"fmt"
	"slices"

	"greenshield/raster"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// State of the ground in a year, bit by bit, as [CodeOf] has it. Ground without an observation has none.
const (
	stateNew     = 1        // it is in the new group
	stateValid   = 2        // there is an observation
	stateUnknown = stateNew // without stateValid: the code is not in the legend
)

// Stack is the maps between the epochs of a run with what they tell of each change type. It does not change, so it may
// be used concurrently.
type Stack struct {
	years []int // of the sequence: before, the maps between, after
	maps  []layer
	// startsNew tells by change type and by ecosystem class before whether that class is in the new group already.
	startsNew [][landcover.NumEcosystems]bool
	unit      struct{ cols, rows, col, row int }
}

// layer is one map.
type layer struct {
	epoch    *redline.Epoch
	states   [][256]uint8 // by change type and symbol
	cols     int          // of a block
	rows     int
	col, row int           // how far the lattice of the source lies before that of the grid
	cover    raster.Window // of the grid
}

// unitCells is about how many cells of each map are read at a time, unless blocks are larger.
const unitCells = 128 << 10

// NewStack returns the stack of in, which has at least one map between the epochs. The error says that there are more
// than [MaxMaps].
func NewStack(in *redline.Inputs, changes []redline.ChangeType) (*Stack, error) {
	if len(in.Between) > MaxMaps {
		return nil, fmt.Errorf("%d maps between %d and %d; at most %d can date changes, so leave some out", len(in.Between),
			in.Before.Year, in.After.Year, MaxMaps)
	}
	s := &Stack{years: []int{in.Before.Year}, startsNew: make([][landcover.NumEcosystems]bool, len(changes))}
	for t := range changes {
		for _, e := range newClasses(&changes[t]) {
			s.startsNew[t][e] = true
		}
	}
	s.unit.cols, s.unit.rows = 1, 1
	for i := range in.Between {
		e := &in.Between[i]
		s.years = append(s.years, e.Year)
		l := layer{epoch: e, states: make([][256]uint8, len(changes)),
			col: e.Window.Col - e.AtCol, row: e.Window.Row - e.AtRow,
			cover: raster.Window{Col: e.AtCol, Row: e.AtRow, Cols: e.Window.Cols, Rows: e.Window.Rows}}
		l.cols, l.rows = e.Source.BlockSize()
		s.unit.cols, s.unit.rows = max(s.unit.cols, l.cols), max(s.unit.rows, l.rows)
		for t := range changes {
			for symbol, position := range e.Source.Index() {
				l.states[t][symbol] = s.state(t, &e.Legend, position)
			}
		}
		s.maps = append(s.maps, l)
	}
	s.years = append(s.years, in.After.Year)
	for 2*s.unit.cols*s.unit.rows <= unitCells {
		if s.unit.cols < s.unit.rows && s.unit.cols < in.Grid.Cols {
			s.unit.cols *= 2
		} else {
			s.unit.rows *= 2
		}
	}
	within := func(n, size int) int { return (n%size + size) % size }
	s.unit.col, s.unit.row = within(s.maps[0].col, s.unit.cols), within(s.maps[0].row, s.unit.rows)
	return s, nil
}

// newClasses returns the ecosystem classes of the new group of a change type.
func newClasses(change *redline.ChangeType) []landcover.Ecosystem {
	classes, _, _ := redline.GroupClasses(change.Group())
	return classes
}

// state returns what a position in a legend says of ground of a change type.
func (s *Stack) state(t int, legend *landcover.Legend, position uint8) uint8 {
	switch {
	case position == raster.NoData:
		return 0
	case position == raster.Unknown:
		return stateUnknown
	case int(position) >= len(legend.Codes()): // a symbol that stands for nothing
		return 0
	case s.startsNew[t][legend.Classes[position].Ecosystem]:
		return stateNew | stateValid
	}
	return stateValid
}

// BlockRows returns how many rows the highest block of a map has.
func (s *Stack) BlockRows() int {
	return slices.MaxFunc(s.maps, func(a, b layer) int { return a.rows - b.rows }).rows
}
