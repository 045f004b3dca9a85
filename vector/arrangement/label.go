package arrangement

import (
	"encoding/binary"
	"slices"

	"greenshield/raster/sets"
	"greenshield/vector"
)

// labeller finds the kind of ground on both sides of each edge.
type labeller struct {
	*Arrangement
	tree   *vector.BoxTree
	before *before

	kinds    map[Set]int32      // by regions
	number   []int32            // by border: number of what is entered and left there
	crossing []crossed          // by that number
	walked   map[[3]int32]int32 // kind of ground, number of crossing, direction → kind of ground behind
	stack    []int32            // half-edges whose left hand is known, and whose end is to be turned about
	done     []bool             // by node: it was turned about
	key      []byte
	in, out  []int32 // regions on both sides of an edge
	room     int64   // bytes that are left for kinds of ground
}

// crossed is what somebody enters and leaves who passes a border from its right hand to its left hand.
type crossed struct{ enters, leaves []int32 }

// label labels all edges. It is false when that contradicts itself.
func (l *labeller) label() bool {
	n := len(l.edges)
	l.left, l.right = make([]int32, n), make([]int32, n)
	for e := range n {
		l.left[e], l.right[e] = -1, -1
	}
	l.kinds, l.walked = map[Set]int32{}, map[[3]int32]int32{}
	l.kind(nil)
	l.nameBorders()
	l.done = make([]bool, len(l.at))
	for _, node := range l.easternmost() {
		star := slices.Clone(l.leaving(node))
		around, ok := l.around(node)
		if !ok || !l.turnSort(star) {
			return false
		}
		last := star[len(star)-1] // all of them lead west: the east is on its left hand
		left, _ := l.sides(last)
		*left = around
		l.stack = append(l.stack, last)
		if !l.walk() {
			return false
		}
	}
	return true
}

// easternmost returns the easternmost node of each component.
func (l *labeller) easternmost() []int32 {
	parts := sets.New(len(l.at))
	for _, e := range l.edges {
		parts.Union(e.from, e.to)
	}
	parts.Flatten()
	best := map[int32]int32{}
	var roots []int32
	for node := range int32(len(l.at)) {
		if len(l.leaving(node)) == 0 {
			continue
		}
		root := parts[node]
		if b, seen := best[root]; !seen {
			best[root] = node
			roots = append(roots, root)
		} else if l.at[node][0] > l.at[b][0] {
			best[root] = node
		}
	}
	for i, root := range roots {
		roots[i] = best[root]
	}
	return roots
}

// around returns the kind of ground just east of the easternmost node of a component. It is not ok when an edge comes
// too near to the node, or regions are not closed.
func (l *labeller) around(node int32) (kind int32, ok bool) {
	p := l.at[node]
	winding := map[int32]int{}
	ok = l.tree.Beside(p, func(run int) bool {
		r := l.tree.Runs[run]
		for i := r.From; i < r.To; i++ {
			a, b := l.tree.At[i], l.tree.At[i+1]
			if (a[1] > p[1]) == (b[1] > p[1]) || max(a[0], b[0]) <= p[0] {
				continue
			}
			turn := turnOf(a, b, p)
			if turn == 0 {
				return false
			}
			if (turn > 0) != (b[1] > a[1]) {
				continue
			}
			north := b[1] > a[1]
			for _, u := range l.before.uses[l.before.ids[i]] {
				if u.forward == north {
					winding[u.region]++
				} else {
					winding[u.region]--
				}
			}
		}
		return true
	})
	var in []int32
	for region, n := range winding {
		switch n {
		case 0:
		case 1:
			in = append(in, region)
		default:
			ok = false
		}
	}
	slices.Sort(in)
	return l.kind(in), ok
}

// KindBytes returns about how much memory a kind of ground in these regions takes while they are arranged.
func KindBytes(regions Set) int64 { return 160 + regions.Bytes() }

// kind returns the kind of ground that lies in those regions.
func (l *labeller) kind(regions []int32) int32 {
	l.key = AppendSet(l.key[:0], regions)
	id, ok := l.kinds[Set(l.key)]
	if !ok {
		id = int32(len(l.Sets))
		set := Set(l.key)
		l.kinds[set] = id
		l.Sets = append(l.Sets, set)
		l.room -= KindBytes(set)
	}
	return id
}

// nameBorders gives borders of the same regions the same number.
func (l *labeller) nameBorders() {
	numbers := map[string]int32{}
	l.number = make([]int32, len(l.borders))
	for b, uses := range l.borders {
		l.key = l.key[:0]
		for _, u := range uses {
			side := u.region << 1
			if u.forward {
				side++
			}
			l.key = binary.LittleEndian.AppendUint32(l.key, uint32(side))
		}
		id, ok := numbers[string(l.key)]
		if !ok {
			id = int32(len(l.crossing))
			numbers[string(l.key)] = id
			var c crossed
			for _, u := range uses {
				if u.forward {
					c.enters = append(c.enters, u.region)
				} else {
					c.leaves = append(c.leaves, u.region)
				}
			}
			l.crossing = append(l.crossing, c)
		}
		l.number[b] = id
	}
}

// pass returns the kind of ground on the left hand of a half-edge that has the given kind on its right hand. It is −1
// when that contradicts itself.
func (l *labeller) pass(half, right int32) int32 {
	number := l.number[l.edges[half>>1].border]
	key := [3]int32{right, number, half & 1}
	if left, known := l.walked[key]; known {
		return left
	}
	c := l.crossing[number]
	enters, leaves := c.enters, c.leaves
	if half&1 == 1 {
		enters, leaves = leaves, enters
	}
	left := int32(-1)
	l.in = l.Sets[right].AppendTo(l.in[:0])
	var ok bool
	if l.out, ok = exchange(l.out[:0], l.in, enters, leaves); ok {
		left = l.kind(l.out)
	}
	l.walked[key] = left
	return left
}

// exchange appends a sorted list to out, without some elements, which must be in it, and with others, which must not.
func exchange(out, list, add, remove []int32) ([]int32, bool) {
	for _, x := range list {
		for len(add) > 0 && add[0] < x {
			out, add = append(out, add[0]), add[1:]
		}
		switch {
		case len(add) > 0 && add[0] == x:
			return out, false
		case len(remove) > 0 && remove[0] == x:
			remove = remove[1:]
		default:
			out = append(out, x)
		}
	}
	return append(out, add...), len(remove) == 0
}

// sides are the kinds of ground on the left and on the right hand of a half-edge, −1 if not known yet.
func (l *labeller) sides(half int32) (left, right *int32) {
	if e := half >> 1; half&1 == 0 {
		return &l.left[e], &l.right[e]
	} else {
		return &l.right[e], &l.left[e]
	}
}

// turn turns about the node that a half-edge leaves, counter-clockwise, from its left hand on, which is known.
func (l *labeller) turn(half int32) bool {
	node := l.start(half)
	if l.done[node] {
		return true
	}
	l.done[node] = true
	star := l.leaving(node)
	first := slices.Index(star, half)
	left, _ := l.sides(half)
	kind := *left
	for k := range star {
		h := star[(first+1+k)%len(star)]
		left, right := l.sides(h)
		next := l.pass(h, kind)
		if next < 0 || *right >= 0 && *right != kind || *left >= 0 && *left != next {
			return false
		}
		*left, *right = next, kind
		kind = next
		l.stack = append(l.stack, h^1)
	}
	return true
}

// walk turns about all nodes that can be reached.
func (l *labeller) walk() bool {
	for len(l.stack) > 0 && l.room >= 0 {
		half := l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		if !l.turn(half) {
			return false
		}
	}
	return true
}
