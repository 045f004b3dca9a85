package scene

import "slices"

// hash mixes a seed with two numbers. It is the finalizer of MurmurHash3 (Appleby 2011, in
// the public domain) on their weighted sum.
func hash(seed uint64, x, y int) uint64 {
	h := seed + uint64(x)*0x9E3779B97F4A7C15 + uint64(y)*0xC2B2AE3D27D4EB4F
	h ^= h >> 33
	h *= 0xFF51AFD7ED558CCD
	h ^= h >> 33
	h *= 0xC4CEB9FE1A85EC53
	return h ^ h>>33
}

// field is value noise: random heights on square lattices of several spacings,
// joined smoothly and added up.
type field []octave

// octave is the noise of one spacing.
type octave struct {
	log2   uint // the spacing is 2^log2 cells
	seed   uint64
	dx, dy int     // offset of the lattice, so that the lattices of several octaves do not share lines
	amp    int64   // amplitude: 256 stands for heights of ±32768
	weight []int64 // smoothstep at 0, 1 … spacing-1 cells from a lattice line, in 65536ths
}

// newField returns a field with octaves of 2^first, 2^(first-1) … 2^last cells, each with
// 5/8 of the amplitude of the one before.
func newField(seed uint64, first, last uint) field {
	var f field
	amp := int64(256)
	for k := first; ; k-- {
		o := octave{log2: k, seed: hash(seed, int(k), 0), amp: amp, weight: make([]int64, 1<<k)}
		o.dx, o.dy = int(hash(o.seed, 1, 0)>>40), int(hash(o.seed, 2, 0)>>40)
		for i := range o.weight {
			o.weight[i] = smooth(int64(i) << 16 >> k)
		}
		f = append(f, o)
		if k == last {
			return f
		}
		amp = max(1, amp*5/8)
	}
}

// smooth returns 3t² − 2t³ for t from 0 to 1, both in 65536ths.
func smooth(t int64) int64 { return t * t >> 16 * (3<<16 - 2*t) >> 16 }

// height returns the height on column x of the octave's lattice between rows y and y+1. wy is the weight of row y+1.
func (o *octave) height(x, y int, wy int64) int64 {
	top := int64(hash(o.seed, x, y)>>48) - 1<<15
	bottom := int64(hash(o.seed, x, y+1)>>48) - 1<<15
	return (top + (bottom-top)*wy>>16) * o.amp >> 8
}

// fill computes the noise of len(dst) cells of a row, from column col on.
func (f field) fill(dst []int32, row, col int) {
	clear(dst)
	for k := range f {
		o := &f[k]
		mask := 1<<o.log2 - 1
		y := row + o.dy
		wy := o.weight[y&mask]
		x := col + o.dx
		right := o.height(x>>o.log2, y>>o.log2, wy)
		for rest := dst; len(rest) > 0; {
			left := right
			right = o.height(x>>o.log2+1, y>>o.log2, wy)
			n := min(len(rest), mask+1-x&mask)
			w, out, d := o.weight[x&mask:][:n], rest[:n], right-left
			for j := range out {
				out[j] += int32(left + d*w[j]>>16)
			}
			rest, x = rest[n:], x+n
		}
	}
}

// at returns the noise of one cell.
func (f field) at(row, col int) int32 {
	var v [1]int32
	f.fill(v[:], row, col)
	return v[0]
}

// quantiles is a sample of a noise field in ascending order.
type quantiles []int32

// sample evaluates a field at side × side places, one somewhere in each of as many equal
// parts of the raster. Even steps would fall in step with the lattices of the noise.
func sample(p Params, side int, at func(row, col int) int32) quantiles {
	q := make(quantiles, 0, side*side)
	for i := range side {
		for j := range side {
			h := hash(p.Seed, i, j)
			row := (i<<16 + int(h>>48)) * p.Rows / side >> 16
			col := (j<<16 + int(h&(1<<16-1))) * p.Cols / side >> 16
			q = append(q, at(row, col))
		}
	}
	slices.Sort(q)
	return q
}

// above returns the value that a share of the field, in millionths, exceeds.
func (q quantiles) above(ppm int) int32 { return q[min(len(q)-1, len(q)*(1_000_000-ppm)/1_000_000)] }

// below returns the value that a share of the field, in millionths, stays under.
func (q quantiles) below(ppm int) int32 { return q[min(len(q)-1, len(q)*ppm/1_000_000)] }
