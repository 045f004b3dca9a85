package scene

import (
	"fmt"

	"greenshield/raster"
)

// Other makes the maps of another product of a scene whose grid is in degrees: on a grid of its own, with the codes of
// GLC_FCS30D, and wrong in places of its own. An eighth of the ground is taken for another class in both epochs alike,
// in patches, and a hundredth in one of them; where it is blind, on two fifths of the ground, nothing changes. So it
// confirms about half of the changes.
type Other struct {
	scene         *Scene
	steady, kinds field
	blind         field
	once          [3]field // of the epochs
	wrong, missed int32    // thresholds of steady and once
	unseen        int32    // threshold of blind
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
	o := &Other{scene: s, steady: newField(seed(0), 4, 2), kinds: newField(seed(1), 6, 4),
		blind: newField(seed(5), 6, 5)}
	for e := range o.once {
		o.once[e] = newField(seed(2+e), 3, 2)
	}
	o.wrong = sample(s.params, 128, o.steady.at).above(125_000)
	o.missed = sample(s.params, 128, o.once[0].at).above(10_000)
	o.unseen = sample(s.params, 128, o.blind.at).above(400_000)
	return o
}

// OtherFile returns the name of the file of the other product of a year.
func OtherFile(year int) string { return fmt.Sprintf("glc%d.tif", year) }

// Grid returns the grid of both maps. It holds the scene's and reaches less than two cells beyond it.
func (o *Other) Grid() raster.Grid {
	g := o.scene.grid
	g.OriginX, g.OriginY = g.OriginX-otherDeg*3/8, g.OriginY+otherDeg*5/8
	g.Cols, g.Rows = cellsOver(g.Cols), cellsOver(g.Rows)
	g.CellX, g.CellY = otherDeg, otherDeg
	return g
}

// cellsOver returns how many columns or rows reach beyond the last of n of the scene, wherever they begin in a cell
// before it.
func cellsOver(n int) int { return int(float64(n)*(CellDeg/otherDeg)) + 2 }

// inner returns the column or row of the scene in which the centre of a column or row of [Other.Grid] lies, whose first
// one begins so many cells before the scene, at most five eighths of one; a place a little before the scene is in the
// first one, one beyond it in none that there is.
func inner(i int, before float64) int {
	return max(0, int(float64(float64(i)+0.5-before)*(otherDeg/CellDeg)))
}

// Row fills dst, one byte a cell, with the codes of one row of the map of an epoch; 0 is NoData, also beyond the scene.
func (o *Other) Row(epoch, row int, dst []uint8) {
	cols := o.scene.params.Cols
	line := inner(row, 5./8)
	clear(dst)
	if line >= o.scene.params.Rows {
		return
	}
	cells := make([]uint8, cols)
	o.scene.Row(epoch, line, cells)
	if epoch > 0 {
		o.forget(line, cells)
	}
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
		if in := inner(col, 3./8); in < cols {
			dst[col] = OtherCodes[cells[in]]
		}
	}
}

// forget gives cells, the whole row of a later epoch, the classes of epoch 0 where nothing changes.
func (o *Other) forget(row int, cells []uint8) {
	before, blind := make([]uint8, len(cells)), make([]int32, len(cells))
	o.scene.Row(0, row, before)
	o.blind.fill(blind, row, 0)
	for col := range cells {
		if blind[col] > o.unseen && before[col] != 0 && cells[col] != 0 {
			cells[col] = before[col]
		}
	}
}
