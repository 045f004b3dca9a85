package scene

import (
	"fmt"

	"greenshield/raster"
)

// Other makes the maps of another product of a scene whose grid is in degrees: on a grid of its own, with the codes of
// GLC_FCS30D, and wrong in places of its own. An eighth of the ground is taken for another class in both epochs alike,
// in patches, and a hundredth in one of them. Of what it sees nothing is wrong otherwise, so it confirms most changes.
type Other struct {
	scene         *Scene
	steady, kinds field
	once          [3]field // of the epochs
	wrong, missed int32    // thresholds of steady and once
}

// otherDeg is the size of a cell of [Other] in degrees, about 28 m along the meridian.
const otherDeg = 0.00025

// OtherCodes are the codes of GLC_FCS30D by those of CLCD.
var OtherCodes = [10]uint8{
	cropland: 10, forest: 61, shrub: 120, grassland: 130, water: 210, 6: 220, barren: 200, impervious: 190, wetland: 182,
}

// Other returns the other product of the scene.
func (s *Scene) Other() *Other {
	seed := func(name int) uint64 { return hash(s.params.Seed, 450+name, 0) }
	o := &Other{scene: s, steady: newField(seed(0), 4, 2), kinds: newField(seed(1), 6, 4)}
	for e := range o.once {
		o.once[e] = newField(seed(2+e), 3, 2)
	}
	o.wrong = sample(s.params, 128, o.steady.at).above(125_000)
	o.missed = sample(s.params, 128, o.once[0].at).above(10_000)
	return o
}

// OtherFile returns the name of the file of the other product of a year.
func OtherFile(year int) string { return fmt.Sprintf("glc%d.tif", year) }

// Grid returns the grid of both maps. It begins a little west and north of the scene's and ends a little before it.
func (o *Other) Grid() raster.Grid {
	g := o.scene.grid
	g.OriginX, g.OriginY = g.OriginX-otherDeg*3/8, g.OriginY+otherDeg*5/8
	g.Cols, g.Rows = int(float64(g.Cols)*CellDeg/otherDeg), int(float64(g.Rows)*CellDeg/otherDeg)
	g.CellX, g.CellY = otherDeg, otherDeg
	return g
}

// inner returns the column or row of the scene in which the centre of a column or row of [Other.Grid] lies, whose first
// one begins so many cells before the scene; a place before the scene is in the first one.
func inner(i int, before float64) int {
	return max(0, int(float64(float64(i)+0.5-before)*(otherDeg/CellDeg)))
}

// Row fills dst, one byte a cell, with the codes of one row of the map of an epoch; 0 is NoData.
func (o *Other) Row(epoch, row int, dst []uint8) {
	cols := o.scene.params.Cols
	line := inner(row, 5./8)
	cells := make([]uint8, cols)
	o.scene.Row(epoch, line, cells)
	steady, once, kinds := make([]int32, cols), make([]int32, cols), make([]int32, cols)
	o.steady.fill(steady, line, 0)
	o.once[epoch].fill(once, line, 0)
	o.kinds.fill(kinds, line, 0)
	for col, class := range cells {
		if class != 0 && (steady[col] > o.wrong || once[col] > o.missed) {
			cells[col] = becomes[class][(kinds[col]+1<<15)>>12&15] - '0'
		}
	}
	for col := range dst {
		dst[col] = OtherCodes[cells[inner(col, 3./8)]]
	}
}
