package scene

import (
	"slices"

	"github.com/paulmach/orb"
)

// one is the side of a cell in the fixed-point coordinates that zones are drawn in. They are
// integers that float64 holds exactly, and most of them lie off the lattice of cell corners.
const one = 1 << 16

// point is a lattice point in 65536ths of a cell: u east, v south.
type point struct{ u, v int }

// loop is a ring without its closing point.
type loop []point

// sine returns the sine of an angle in 65536ths of a turn, in 32768ths, within 0.2 % of the
// true one.
func sine(turn int) int {
	turn &= 1<<16 - 1
	half := turn & (1<<15 - 1)
	s := half * (1<<15 - half) >> 13
	s = s * (25395 + 7373*s>>15) >> 15
	if turn >= 1<<15 {
		return -s
	}
	return s
}

// star draws a simple ring of n points about a centre, counter-clockwise on the map.
// Its distance from the centre wavers between 7/16 of radius and all of it. Of stars with
// the same seed, centre and n, those with a smaller radius lie inside those with a larger one.
func star(centre point, radius, n int, seed uint64) loop {
	ring := make(loop, n)
	for i := range ring {
		turn := i << 16 / n
		// There are octaves of 3, 6, 12 … waves a turn. The first ones give the form, the
		// last ones the jagged border.
		noise, amp := 0, 3<<12
		for waves := 3; waves <= max(3, n/2); waves *= 2 {
			at := turn * waves
			k, t := at>>16, int64(at&(1<<16-1))
			a, b := int(hash(seed, waves, k)>>48), int(hash(seed, waves, (k+1)%waves)>>48)
			noise += (a + (b-a)*int(smooth(t))>>16) * amp >> 15
			amp = amp * 5 / 8
		}
		noise = min(max(0, 2*noise-1<<15), 1<<16) // sums of noise keep to the middle
		r := radius - radius*9/16*noise>>16
		ring[i] = point{centre.u + r*sine(turn+1<<14)>>15, centre.v - r*sine(turn)>>15}
	}
	return ring
}

// border draws a line of n points from a towards b, without b. It wavers to both sides.
func border(a, b point, n int, seed uint64) loop {
	line := make(loop, n)
	du, dv := b.u-a.u, b.v-a.v
	for i := range line {
		side := 0
		for waves, amp := 4, 1<<12; waves <= n/2; waves, amp = waves*2, amp/2 {
			at := i << 16 / n * waves
			k, t := at>>16, int64(at&(1<<16-1))
			p, q := int(hash(seed, waves, k)>>48), int(hash(seed, waves, k+1)>>48)
			side += (p + (q-p)*int(smooth(t))>>16 - 1<<15) * amp >> 15
		}
		side = side * 4 * i / n * (n - i) / n // none at the ends
		line[i] = point{a.u + du*i/n - dv*side>>16, a.v + dv*i/n + du*side>>16}
	}
	return line
}

// crossed returns the ring with a tiny loop in its longest edge, where the ring crosses
// itself: an error of digitizing, a few hundredths of the edge wide.
func (l loop) crossed() loop {
	best, at := -1, 0
	for i, p := range l {
		q := l[(i+1)%len(l)]
		if d := (q.u-p.u)*(q.u-p.u) + (q.v-p.v)*(q.v-p.v); d > best {
			best, at = d, i
		}
	}
	p, q := l[at], l[(at+1)%len(l)]
	along := func(percent, aside int) point {
		du, dv := q.u-p.u, q.v-p.v
		return point{p.u + du*percent/100 - dv*aside/100, p.v + dv*percent/100 + du*aside/100}
	}
	return slices.Insert(slices.Clone(l), at+1, along(60, 0), along(60, 2), along(40, 2), along(40, -2))
}

// orb returns the ring in lattice coordinates, closed.
func (l loop) orb() orb.Ring {
	ring := make(orb.Ring, 0, len(l)+1)
	for _, p := range l {
		ring = append(ring, orb.Point{float64(p.u) / one, float64(p.v) / one})
	}
	return append(ring, ring[0])
}

// hole returns the ring in lattice coordinates, closed, in the opposite direction.
func (l loop) hole() orb.Ring {
	ring := l.orb()
	ring.Reverse()
	return ring
}
