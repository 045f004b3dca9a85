package page

import "math"

// box is a rectangle in units of a view box.
type box struct{ X, Y, W, H float64 }

// meets tells whether two boxes share ground.
func (b box) meets(o box) bool {
	return b.X < o.X+o.W && o.X < b.X+b.W && b.Y < o.Y+o.H && o.Y < b.Y+b.H
}

// room knows what of a map is taken.
type room struct{ squares map[[2]int][]box }

func newRoom() *room { return &room{map[[2]int][]box{}} }

// each visits the squares of 32 units that a box touches, until visit returns false.
func (r *room) each(b box, visit func(square [2]int) bool) bool {
	const side = 32
	for x := int(math.Floor(b.X / side)); float64(x*side) < b.X+b.W; x++ {
		for y := int(math.Floor(b.Y / side)); float64(y*side) < b.Y+b.H; y++ {
			if !visit([2]int{x, y}) {
				return false
			}
		}
	}
	return true
}

// take marks a box as taken.
func (r *room) take(b box) {
	r.each(b, func(square [2]int) bool {
		r.squares[square] = append(r.squares[square], b)
		return true
	})
}

// free tells whether nothing of a box is taken.
func (r *room) free(b box) bool {
	return r.each(b, func(square [2]int) bool {
		for _, o := range r.squares[square] {
			if b.meets(o) {
				return false
			}
		}
		return true
	})
}

// textWidth is about how wide a text is, in units, at a size of type.
func textWidth(text string, size float64) (width float64) {
	for _, r := range text {
		if r < 0x2E80 {
			width += 0.58 * size
		} else {
			width += size
		}
	}
	return width
}
