package scene

import (
	"github.com/paulmach/orb"

	"greenshield/vector/trace"
)

// nowhere is the owner of ground that no feature of a layer holds.
const nowhere = -1

// coverage is ground in square blocks, each of which has one owner in every layer. Its features are traced from the
// blocks and smoothed once, so that all that meet along a border have the same vertices there.
type coverage struct {
	cols, rows int
	side       int   // side of a block, in 65536ths of a cell
	origin     point // the north-western corner of the first block
	owners     [][]int32
}

// at returns the number of a block, −1 beyond the frame.
func (c *coverage) at(col, row int) int {
	if col < 0 || row < 0 || col >= c.cols || row >= c.rows {
		return -1
	}
	return row*c.cols + col
}

// parted reports whether two blocks, or the ground beyond the frame, differ in any layer.
func (c *coverage) parted(a, b int) bool {
	if a < 0 || b < 0 {
		return a != b
	}
	for _, owner := range c.owners {
		if owner[a] != owner[b] {
			return true
		}
	}
	return false
}

// isNode reports whether borders meet at a corner of blocks: no line passes there from one block's side to another's.
func (c *coverage) isNode(col, row int) bool {
	nw, ne, sw, se := c.at(col-1, row-1), c.at(col, row-1), c.at(col-1, row), c.at(col, row)
	lines := 0
	for _, pair := range [][2]int{{nw, ne}, {ne, se}, {se, sw}, {sw, nw}} {
		if c.parted(pair[0], pair[1]) {
			lines++
		}
	}
	return lines != 2
}

// neighbours calls visit with the blocks beside a block.
func (c *coverage) neighbours(block int, visit func(next int)) {
	col, row := block%c.cols, block/c.cols
	for _, next := range []int{c.at(col, row-1), c.at(col-1, row), c.at(col+1, row), c.at(col, row+1)} {
		if next >= 0 {
			visit(next)
		}
	}
}

// shapes returns the smoothed outlines of n owners of a layer.
func (c *coverage) shapes(owner []int32, n int) []orb.MultiPolygon {
	runs := make([][]trace.Run, n)
	for row := range c.rows {
		for col := range c.cols {
			if o := owner[row*c.cols+col]; o != nowhere {
				runs[o] = trace.Append(runs[o], trace.Run{Row: int32(row), Col0: int32(col), Col1: int32(col + 1)})
			}
		}
	}
	all := make([]orb.MultiPolygon, n)
	for i := range runs {
		all[i] = trace.Polygons(runs[i])
		for _, polygon := range all[i] {
			for k, ring := range polygon {
				polygon[k] = c.smooth(ring).orb()
				polygon[k].Reverse() // lattice rows grow southwards
			}
		}
	}
	return all
}

// stop is a corner of blocks where a border turns or others join it.
type stop struct {
	at   point
	node bool
}

// stops returns the stops of a traced ring.
func (c *coverage) stops(ring orb.Ring) (all []stop) {
	for i, p := range ring[1:] {
		at, to := point{int(ring[i][0]), int(ring[i][1])}, point{int(p[0]), int(p[1])}
		step := point{sign(to.u - at.u), sign(to.v - at.v)}
		for turn := true; at != to; turn = false {
			if node := c.isNode(at.u, at.v); turn || node {
				all = append(all, stop{at, node})
			}
			at.u, at.v = at.u+step.u, at.v+step.v
		}
	}
	return all
}

// smooth cuts the corners of a traced ring once: each is replaced by points a quarter of the way to the stops beside
// it, at most a block away. So the piece that is cut lies within one block, and borders do not cross afterwards either.
// Nodes stay where they are. What becomes of a border follows from its stops alone, in whatever ring it is.
func (c *coverage) smooth(ring orb.Ring) loop {
	stops := c.stops(ring)
	out := make(loop, 0, 2*len(stops))
	towards := func(a, b point) point {
		du, dv := b.u-a.u, b.v-a.v
		far := min((du*du+dv*dv)/(abs(du)+abs(dv))*c.side/4, c.side) // one of the two is 0
		return point{c.origin.u + a.u*c.side + sign(du)*far, c.origin.v + a.v*c.side + sign(dv)*far}
	}
	for i, s := range stops {
		if s.node {
			out = append(out, point{c.origin.u + s.at.u*c.side, c.origin.v + s.at.v*c.side})
			continue
		}
		before, after := stops[(i+len(stops)-1)%len(stops)], stops[(i+1)%len(stops)]
		out = append(out, towards(s.at, before.at), towards(s.at, after.at))
	}
	return out
}

func abs(x int) int { return max(x, -x) }

func sign(x int) int { return min(max(x, -1), 1) }
