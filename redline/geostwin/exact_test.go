// Package geostwin holds the engine, with GEOS as it is shipped, against a slow and
// obvious twin: change cell by cell, patches by flood fill, and every cell divided among
// the zones in exact rational arithmetic. It has only tests. The twin itself uses
// neither GEOS nor any code of the engine.
package geostwin

import (
	"math"
	"math/big"
	"slices"

	"github.com/paulmach/orb"
)

// An edge joins two exact points, a to the left of b. A vertical one bounds no slab of
// a cell from above or below, but its u is an ordinate.
type edge struct {
	a, b     [2]*big.Rat
	shape    int
	lo, hi   orb.Point // bounds in floating point, not smaller than the edge
	vertical bool
	slope    *big.Rat
}

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

func newEdge(shape int, a, b [2]*big.Rat) *edge {
	if a[0].Cmp(b[0]) > 0 {
		a, b = b, a
	}
	e := &edge{a: a, b: b, shape: shape}
	for axis := range 2 {
		x, _ := a[axis].Float64()
		y, _ := b[axis].Float64()
		e.lo[axis] = math.Nextafter(min(x, y), math.Inf(-1))
		e.hi[axis] = math.Nextafter(max(x, y), math.Inf(1))
	}
	if e.vertical = a[0].Cmp(b[0]) == 0; !e.vertical {
		e.slope = new(big.Rat).Sub(b[0], a[0])
		e.slope.Quo(new(big.Rat).Sub(b[1], a[1]), e.slope)
	}
	return e
}

// at returns v of the edge at u.
func (e *edge) at(u *big.Rat) *big.Rat {
	v := new(big.Rat).Sub(u, e.a[0])
	return v.Add(v.Mul(v, e.slope), e.a[1])
}

// A plane holds shapes, at most 64, over a lattice of cells. Shapes are sets of rings:
// what lies inside an odd number of them belongs to the shape.
type plane struct {
	shapes  int
	columns [][]*edge // by column: edges over or in it
}

func newPlane(cols int) *plane { return &plane{columns: make([][]*edge, cols)} }

// add adds the next shape.
func (p *plane) add(rings [][][2]*big.Rat) {
	for _, r := range rings {
		for i := 1; i < len(r); i++ {
			e := newEdge(p.shapes, r[i-1], r[i])
			for col := max(0, int(e.lo[0])); col < len(p.columns) && float64(col) < e.hi[0]; col++ {
				if e.hi[0] > float64(col) && e.lo[0] < float64(col+1) {
					p.columns[col] = append(p.columns[col], e)
				}
			}
		}
	}
	if p.shapes++; p.shapes > 64 {
		panic("too many shapes")
	}
}

// rational writes a multipolygon as rings of exact points.
func rational(mp orb.MultiPolygon) (rings [][][2]*big.Rat) {
	for _, polygon := range mp {
		for _, ring := range polygon {
			r := make([][2]*big.Rat, len(ring))
			for i, q := range ring {
				r[i] = [2]*big.Rat{rat(q[0]), rat(q[1])}
			}
			rings = append(rings, r)
		}
	}
	return rings
}

// holding returns the shapes that hold a point, bit by bit: the parity of their edges
// that pass under it (at smaller v). No edge passes through the point itself.
func (p *plane) holding(col int, u, v *big.Rat) (in uint64) {
	fu, _ := u.Float64()
	fv, _ := v.Float64()
	const near = 1e-9 // far above the rounding of fu and fv
	for _, e := range p.columns[col] {
		if e.vertical || e.lo[1] > fv+near || e.lo[0] > fu+near || e.hi[0] < fu-near {
			continue
		}
		if e.a[0].Cmp(u) > 0 || u.Cmp(e.b[0]) >= 0 {
			continue
		}
		if e.hi[1] < fv-near || e.at(u).Cmp(v) < 0 {
			in ^= 1 << e.shape
		}
	}
	return in
}

// cell divides a cell into trapezoids that no edge passes and gives the area of each,
// rounded once, with the shapes that hold it. The areas add up to 1.
func (p *plane) cell(row, col int, f func(area float64, in uint64)) {
	var near []*edge
	for _, e := range p.columns[col] {
		if e.lo[1] < float64(row+1) && e.hi[1] > float64(row) {
			near = append(near, e)
		}
	}
	left, right := big.NewRat(int64(col), 1), big.NewRat(int64(col)+1, 1)
	low, high := big.NewRat(int64(row), 1), big.NewRat(int64(row)+1, 1)
	half := big.NewRat(1, 2)
	if len(near) == 0 {
		f(1, p.holding(col, new(big.Rat).Add(left, half), new(big.Rat).Add(low, half)))
		return
	}
	ordinates := []*big.Rat{left, right}
	add := func(u *big.Rat) {
		if left.Cmp(u) < 0 && u.Cmp(right) < 0 {
			ordinates = append(ordinates, u)
		}
	}
	for i, e := range near {
		add(e.a[0])
		if e.vertical {
			continue
		}
		add(e.b[0])
		if e.slope.Sign() != 0 {
			for k, v := range []*big.Rat{low, high} {
				if at := float64(row + k); e.lo[1] < at && at < e.hi[1] {
					u := new(big.Rat).Sub(v, e.a[1])
					add(u.Add(u.Quo(u, e.slope), e.a[0]))
				}
			}
		}
		for _, o := range near[:i] {
			if !o.vertical && e.lo[0] < o.hi[0] && o.lo[0] < e.hi[0] && e.lo[1] < o.hi[1] && o.lo[1] < e.hi[1] {
				if d := new(big.Rat).Sub(e.slope, o.slope); d.Sign() != 0 {
					u := new(big.Rat).Sub(o.at(left), e.at(left))
					u.Add(u.Quo(u, d), left)
					if f, _ := u.Float64(); max(e.lo[0], o.lo[0]) <= f && f <= min(e.hi[0], o.hi[0]) {
						add(u) // at most one rounding beyond the edges' ends, where it does no harm
					}
				}
			}
		}
	}
	slices.SortFunc(ordinates, (*big.Rat).Cmp)
	for i := 1; i < len(ordinates); i++ {
		u0, u1 := ordinates[i-1], ordinates[i]
		width := new(big.Rat).Sub(u1, u0)
		if width.Sign() == 0 {
			continue
		}
		middle := new(big.Rat).Add(u0, u1)
		middle.Mul(middle, half)
		levels := []*big.Rat{low, high}
		from, _ := u0.Float64()
		to, _ := u1.Float64()
		for _, e := range near {
			if !e.vertical && e.lo[0] <= from && to <= e.hi[0] && e.a[0].Cmp(u0) <= 0 && u1.Cmp(e.b[0]) <= 0 {
				if v := e.at(middle); low.Cmp(v) < 0 && v.Cmp(high) < 0 {
					levels = append(levels, v)
				}
			}
		}
		slices.SortFunc(levels, (*big.Rat).Cmp)
		for k := 1; k < len(levels); k++ {
			area := new(big.Rat).Sub(levels[k], levels[k-1])
			if area.Sign() == 0 {
				continue
			}
			v := new(big.Rat).Add(levels[k], levels[k-1])
			in := p.holding(col, middle, v.Mul(v, half))
			rounded, _ := area.Mul(area, width).Float64()
			f(rounded, in)
		}
	}
}

// outline is how long the edges are that pass a cell, per axis and added, roughly: each
// edge counts as far as its bounds meet the cell.
func (p *plane) outline(row, col int) (sum float64) {
	for _, e := range p.columns[col] {
		du := min(e.hi[0], float64(col+1)) - max(e.lo[0], float64(col))
		dv := min(e.hi[1], float64(row+1)) - max(e.lo[1], float64(row))
		if du > 0 && dv > 0 {
			sum += du + dv
		}
	}
	return sum
}
