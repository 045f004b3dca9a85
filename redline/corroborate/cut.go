package corroborate

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/vector/overlay"
)

// tiny is the share of a cell up to which ground is rounding: no cell is looked at for it, nor is so little missed.
const tiny = 1e-9

// cutter cuts polygons by the cells of grids, in memory that it uses again. It belongs to one goroutine.
type cutter struct {
	builder overlay.Builder
	points  []orb.Point
	edges   [][2]orb.Point
	sides   []westEast
	strips  []strip // of the cells of a box, row by row
}

// westEast is a side of a cell that a region has on one hand and not on the other.
type westEast struct{ row, col int32 }

// cut is what a region has of some cells of a row: share of each of the columns [col0, col1). The outline of what it
// has of a single cell that the outline of the region passes is edges, in no order, with the region on the left (u to
// the right, v upwards); without edges the cells are whole.
type cut struct {
	region          int
	row, col0, col1 int
	share           float64
	edges           [][2]orb.Point
}

// each calls f for what regions have of the cells of a grid, row by row, from west to east. The edges belong to the
// cutter again when f returns.
func (k *cutter) each(g raster.Grid, regions []orb.MultiPolygon, f func(cut) error) error {
	bound, some := boundOf(regions)
	if !some {
		return nil
	}
	col0, row0 := max(0, math.Floor(bound.Min[0])), max(0, math.Floor(bound.Min[1]))
	col1, row1 := min(float64(g.Cols), math.Floor(bound.Max[0])+1), min(float64(g.Rows), math.Floor(bound.Max[1])+1)
	if col0 >= col1 || row0 >= row1 {
		return nil
	}
	if len(regions) == 1 && k.alongCells(regions[0]) {
		return k.eachRun(g, f)
	}
	// The outlines are followed on a lattice that is no larger than they are.
	rows := int(row1 - row0)
	outlines, err := overlay.NewOutlines(int(col1-col0), rows, k.shifted(regions, -col0, -row0))
	if err != nil {
		return err
	}
	cover, err := k.builder.Cover(outlines, 0, rows, nil)
	if err != nil {
		return err
	}
	for row := range rows {
		for _, s := range cover.Row(int32(row)) {
			c := cut{region: int(s.Region), row: row + int(row0), col0: int(s.Col0) + int(col0),
				col1: int(s.Col1) + int(col0), share: 1}
			if s.Mixed() {
				if err := k.piece(cover, s, orb.Point{col0, row0}); err != nil {
					return err
				}
				if c.share = k.area(c); c.share <= tiny {
					continue
				}
				if c.share < 1-tiny {
					c.edges = k.edges
				} else {
					c.share = 1
				}
			}
			if err := f(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// alongCells tells whether all sides of a region run along sides of cells. Then it sets sides to those that run from
// north to south, row by row, from west to east.
func (k *cutter) alongCells(mp orb.MultiPolygon) bool {
	k.sides = k.sides[:0]
	for _, polygon := range mp {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if a[0] != math.Trunc(a[0]) || a[1] != math.Trunc(a[1]) || a[0] != b[0] && a[1] != b[1] {
					return false
				}
				if a[0] == b[0] {
					for v := min(a[1], b[1]); v < max(a[1], b[1]); v++ {
						k.sides = append(k.sides, westEast{int32(v), int32(a[0])})
					}
				}
			}
		}
	}
	slices.SortFunc(k.sides, func(a, b westEast) int {
		return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col))
	})
	return true
}

// eachRun calls f for the cells of a grid between sides.
func (k *cutter) eachRun(g raster.Grid, f func(cut) error) error {
	for i := 0; i < len(k.sides); i += 2 {
		c := cut{row: int(k.sides[i].row), col0: max(0, int(k.sides[i].col)),
			col1: min(g.Cols, int(k.sides[i+1].col)), share: 1}
		if c.row < 0 || c.row >= g.Rows || c.col0 >= c.col1 {
			continue
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// piece sets edges to the outline of what a region has of a cell. The first cell of the cover lies at origin.
func (k *cutter) piece(cover *overlay.Cover, s overlay.Span, origin orb.Point) error {
	k.edges = k.edges[:0]
	return cover.Piece(s, func(a, b orb.Point) {
		a[0], a[1], b[0], b[1] = a[0]+origin[0], a[1]+origin[1], b[0]+origin[0], b[1]+origin[1]
		k.edges = append(k.edges, [2]orb.Point{a, b})
	})
}

// area returns the area of what edges enclose, which lie in the cell of c.
func (k *cutter) area(c cut) (sum float64) {
	u, v := float64(c.col0), float64(c.row)
	for _, e := range k.edges {
		sum += (e[0][0]-u)*(e[1][1]-v) - (e[1][0]-u)*(e[0][1]-v)
	}
	return sum / 2
}

// shifted returns regions moved by whole cells, in memory of the cutter.
func (k *cutter) shifted(regions []orb.MultiPolygon, du, dv float64) (out []orb.MultiPolygon) {
	out, k.points = mapped(regions, k.points[:0], copied)
	for i := range k.points {
		k.points[i][0], k.points[i][1] = k.points[i][0]+du, k.points[i][1]+dv
	}
	return out
}

// copied appends a ring to points.
func copied(points []orb.Point, ring orb.Ring) []orb.Point { return append(points, ring...) }

// mapped returns regions whose rings are what each appends for a ring to points, and points with all of them.
func mapped(
	regions []orb.MultiPolygon, points []orb.Point, each func([]orb.Point, orb.Ring) []orb.Point,
) ([]orb.MultiPolygon, []orb.Point) {
	var ends []int
	for _, mp := range regions {
		for _, polygon := range mp {
			for _, ring := range polygon {
				points = each(points, ring)
				ends = append(ends, len(points))
			}
		}
	}
	out := make([]orb.MultiPolygon, len(regions))
	first := 0
	for i, mp := range regions {
		out[i] = make(orb.MultiPolygon, len(mp))
		for k, polygon := range mp {
			out[i][k] = make(orb.Polygon, len(polygon))
			for r := range polygon {
				out[i][k][r] = points[first:ends[0]:ends[0]]
				first, ends = ends[0], ends[1:]
			}
		}
	}
	return out, points
}

// boundOf returns the bounds of regions; some is false when they have no vertices.
func boundOf(regions []orb.MultiPolygon) (b orb.Bound, some bool) {
	for _, mp := range regions {
		for _, polygon := range mp {
			for _, ring := range polygon {
				for _, p := range ring {
					if !some {
						b, some = orb.Bound{Min: p, Max: p}, true
					}
					b.Min = orb.Point{min(b.Min[0], p[0]), min(b.Min[1], p[1])}
					b.Max = orb.Point{max(b.Max[0], p[0]), max(b.Max[1], p[1])}
				}
			}
		}
	}
	return b, some
}

// divided appends a ring to points, with further vertices where its sides cross lines of the lattice, so that no side
// leaves a cell.
func divided(points []orb.Point, ring orb.Ring) []orb.Point {
	for i := range ring {
		if i > 0 {
			points = crossings(points, ring[i-1], ring[i])
		}
		points = append(points, ring[i])
	}
	return points
}

// crossings appends the points where the side a–b crosses lines of the lattice, without its ends.
func crossings(points []orb.Point, a, b orb.Point) []orb.Point {
	first := len(points)
	for axis := range 2 {
		from, to := min(a[axis], b[axis]), max(a[axis], b[axis])
		for at := math.Floor(from) + 1; at < to; at++ {
			p := orb.Point{at, at}
			p[1-axis] = a[1-axis] + (at-a[axis])/(b[axis]-a[axis])*(b[1-axis]-a[1-axis])
			points = append(points, p)
		}
	}
	behind := func(p orb.Point) float64 { return math.Abs(p[0]-a[0]) + math.Abs(p[1]-a[1]) }
	slices.SortFunc(points[first:], func(p, q orb.Point) int { return cmp.Compare(behind(p), behind(q)) })
	return points
}

// rings appends to mp the rings that edges form, each as a polygon.
func rings(mp orb.MultiPolygon, edges [][2]orb.Point) orb.MultiPolygon {
	used := make([]bool, len(edges))
	for first := range edges {
		if used[first] {
			continue
		}
		ring := orb.Ring{edges[first][0]}
		for at := first; at >= 0; {
			used[at] = true
			end := edges[at][1]
			ring = append(ring, end)
			if end == ring[0] {
				break
			}
			next := -1
			for n := range edges { // mostly the edge behind it
				if k := (at + 1 + n) % len(edges); !used[k] && edges[k][0] == end {
					next = k
					break
				}
			}
			at = next
		}
		mp = append(mp, orb.Polygon{ring})
	}
	return mp
}
