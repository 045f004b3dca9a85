package review

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// index is the boxes of the rows of a layer, of which an R-tree of SQLite is made at once: to insert them one by one
// takes several times as long, and makes a tree in which searches look at more nodes.
//
// The tables of such a tree are those that https://www.sqlite.org/rtree.html#the_shadow_tables tells of. A node is the
// depth of the tree if it is the root, otherwise 0, in two bytes, the number of its cells in two bytes, and the cells;
// the rest is 0. Numbers are big-endian.
type index []cell

// cell is a box of a row or of a node in a node.
type cell struct {
	number int64      // of the row or the node
	box    [4]float32 // minx, maxx, miny, maxy
}

const (
	cellBytes = 8 + 4*4
	nodeCells = 51 // of which a node has room for at pages of 1,292 bytes and more
	nodeBytes = 4 + nodeCells*cellBytes
	rootNode  = 1
)

// add adds the box of a row. The index has a box with single precision around it.
func (x *index) add(row int64, box orb.Bound) {
	c := cell{number: row}
	for i, at := range [...]float64{box.Min[0], box.Max[0], box.Min[1], box.Max[1]} {
		outside := math.Inf(2*(i%2) - 1)
		if c.box[i] = float32(at); (float64(c.box[i])-at)*outside < 0 {
			c.box[i] = math.Nextafter32(c.box[i], float32(outside))
		}
	}
	*x = append(*x, c)
}

// write writes the boxes into the R-tree of that name, which is empty. Its nodes are made level by level, from the rows
// to the root.
func (x index) write(w *packager, name string) {
	if len(x) == 0 {
		return
	}
	w.exec("DELETE FROM " + name + "_node") // the empty root
	nodes, parents := w.into(name+"_node"), w.into(name+"_parent")
	held := make([][2]int64, 0, len(x)) // rows with their nodes
	number, depth := int64(rootNode), uint16(0)
	level := slices.Clone(x)
	for ; len(level) > nodeCells; depth++ {
		var above index
		for _, cells := range tile(level) {
			number++
			nodes.add(integer(number), blob(node(0, cells)))
			above = append(above, cell{number, around(cells)})
			for _, c := range cells {
				if depth == 0 {
					held = append(held, [2]int64{c.number, number})
				} else {
					parents.add(integer(c.number), integer(number))
				}
			}
		}
		level = above
	}
	nodes.add(integer(rootNode), blob(node(depth, level)))
	for _, c := range level {
		if depth == 0 {
			held = append(held, [2]int64{c.number, rootNode})
		} else {
			parents.add(integer(c.number), integer(rootNode))
		}
	}
	nodes.finish()
	parents.finish()
	slices.SortFunc(held, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
	rows := w.into(name + "_rowid")
	for _, h := range held {
		rows.add(integer(h[0]), integer(h[1]))
	}
	rows.finish()
}

// tile sorts cells and cuts them into nodes, by "sort, tile, recurse": into strips by their middles along x, and the
// strips by those along y, all as even as can be. (Leutenegger, Lopez, Edgington: STR: a simple and efficient algorithm
// for R-tree packing, 1997, DOI 10.1109/ICDE.1997.582015.)
func tile(cells index) (nodes []index) {
	strips := int(math.Ceil(math.Sqrt(float64(len(cells)) / nodeCells)))
	cells.sort(0)
	for _, strip := range cells.cut(strips) {
		strip.sort(2)
		nodes = append(nodes, strip.cut((len(strip)+nodeCells-1)/nodeCells)...)
	}
	return nodes
}

// sort sorts cells by their middles along the axis whose least coordinate stands at that place of a box.
func (x index) sort(at int) {
	slices.SortFunc(x, func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.box[at]+a.box[at+1], b.box[at]+b.box[at+1]), cmp.Compare(a.number, b.number))
	})
}

// cut cuts cells into so many parts.
func (x index) cut(parts int) []index {
	cut := make([]index, parts)
	for i := range cut {
		cut[i] = x[len(x)*i/parts : len(x)*(i+1)/parts]
	}
	return cut
}

// around returns the box around cells.
func around(cells index) [4]float32 {
	box := cells[0].box
	for _, c := range cells[1:] {
		box = [4]float32{min(box[0], c.box[0]), max(box[1], c.box[1]), min(box[2], c.box[2]), max(box[3], c.box[3])}
	}
	return box
}

// node returns a node with these cells.
func node(depth uint16, cells index) []byte {
	be := binary.BigEndian
	b := be.AppendUint16(be.AppendUint16(make([]byte, 0, nodeBytes), depth), uint16(len(cells)))
	for _, c := range cells {
		b = be.AppendUint64(b, uint64(c.number))
		for _, at := range c.box {
			b = be.AppendUint32(b, math.Float32bits(at))
		}
	}
	return b[:nodeBytes]
}
