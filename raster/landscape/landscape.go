// Package landscape measures the pattern of class maps: patches and edges of each class in each of several units,
// which may overlap. It works on runs of cells, row by row, in bands that join along their seams; any cutting gives the same numbers.
package landscape

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"greenshield/raster"
	"greenshield/raster/patch"
)

// Key is a class in a unit.
type Key uint32

// MaxClass is the largest class; 0 is none.
const (
	MaxClass  = 1<<classBits - 1
	classBits = 4
)

// KeyOf returns the key of a class in a unit, which is less than 2^28.
func KeyOf(unit int32, class uint8) Key { return Key(unit)<<classBits | Key(class) }

// Unit returns the unit of a key.
func (k Key) Unit() int32 { return int32(k >> classBits) }

// Class returns the class of a key.
func (k Key) Class() uint8 { return uint8(k & MaxClass) }

// Run is the cells [Col0, Col1) of one row, all of one key.
type Run struct {
	Col0, Col1 int32
	Key        Key
}

// AppendRuns appends the runs of equal classes of a row of symbols, the first of which is in column col0, with unit 0.
// classes says the class of each symbol; what is of class 0 is left out. The first run is joined to the last one of runs where that
// ends at col0 and has its key.
func AppendRuns(runs []Run, col0 int, symbols []uint8, classes *[256]uint8) []Run {
	start := 0
	add := func(end int) {
		if class := classes[symbols[start]]; class != 0 {
			from, to := int32(col0+start), int32(col0+end)
			if n := len(runs) - 1; n >= 0 && runs[n].Col1 == from && runs[n].Key == Key(class) {
				runs[n].Col1 = to
			} else {
				runs = append(runs, Run{from, to, Key(class)})
			}
		}
		start = end
	}
	k := 0
	for ; k+9 <= len(symbols); k += 8 { // which of eight cells differ from the next one
		b := symbols[k : k+9]
		for differ := binary.LittleEndian.Uint64(b) ^ binary.LittleEndian.Uint64(b[1:]); differ != 0; {
			at := bits.TrailingZeros64(differ) / 8
			add(k + at + 1)
			differ &^= 0xff << (8 * at)
		}
	}
	for ; k < len(symbols); k++ {
		if k+1 == len(symbols) || symbols[k] != symbols[k+1] {
			add(k + 1)
		}
	}
	return runs
}

// Map is what the class map is.
type Map struct {
	Rows  int // of the whole raster
	Conn  patch.Connectivity
	Earth *raster.Earth
}

// Total is what is known of a key.
type Total struct {
	Key     Key
	Patches int64       // maximal connected sets of its cells
	Largest raster.Area // of the largest one
	Edge    int64       // sides between a cell of the key and one of another class in the unit, in units of raster.SideUnitM
}

// known tells that something was added: patches, or edges, which have a length.
func (t *Total) known() bool { return t.Patches > 0 || t.Edge > 0 }

func (t *Total) add(o Total) {
	t.Patches += o.Patches
	if t.Largest.Less(o.Largest) {
		t.Largest = o.Largest
	}
	t.Edge += o.Edge
}

// Open is a patch that touches a row next to its band. Its edges are in Band.Totals.
type Open struct {
	Key  Key
	Area raster.Area
}

// Seam is a run in the first or the last row of a band.
type Seam struct {
	Run  Run
	Open int32 // position of its patch in Band.Open
}

// Band is what is known of the rows [Row0, Row1): a value that can be encoded, sent, and joined.
type Band struct {
	Row0, Row1  int
	Totals      []Total // by key; patches that are not open, all edges inside
	Open        []Open
	Top, Bottom []Seam // first and last row; empty at the border of the raster
}

// Total returns what is known of a key in a band that has no open patches.
func (b *Band) Total(key Key) Total {
	if i, ok := slices.BinarySearchFunc(b.Totals, key, func(t Total, key Key) int { return cmp.Compare(t.Key, key) }); ok {
		return b.Totals[i]
	}
	return Total{Key: key}
}

// A Counter measures bands, one after the other, in the same memory. It belongs to one goroutine.
//
// A run takes the label of one that it touches in the row above, or a new one. All that is found of a run is added to its label,
// and no total is looked up before its patch is complete: what a row changes lies close together.
type Counter struct {
	Map
	row0, row   int
	above, here []Run
	labels      [2][]int32 // of the runs above and here
	nodes, left []node     // by label; memory for those that a sweep leaves
	open        []opened   // by node.open
	top         []Seam     // with positions in open
	totals      []Total    // by key
	touched     []Key      // those of them that are not empty
}

// node is what is known of the runs with a label, and its place in a union-find structure.
type node struct {
	area   raster.Area
	edge   int64
	key    Key
	parent int32 // a smaller label of the same patch, or itself: the smallest one is the root
	open   int32 // of runs in the first row: position in Counter.open; else −1
}

// opened is an open patch, or a part of one: then parent is a smaller position.
type opened struct {
	Open
	parent int32
}

// NewCounter returns a counter for bands of m.
func NewCounter(m Map) *Counter { return &Counter{Map: m} }

// Begin starts a band at a row.
func (c *Counter) Begin(row int) {
	c.row0, c.row = row, row
	c.above, c.nodes, c.open, c.top = c.above[:0], c.nodes[:0], c.open[:0], c.top[:0]
}

// Row takes the next row: runs by unit, then column; those of one unit do not overlap, and those of one key may lie side by side.
// area is that of the row. The runs are copied.
func (c *Counter) Row(runs []Run, area *raster.RowArea) {
	c.here = append(c.here[:0], runs...)
	here, above := c.here, c.above
	c.labels[1] = slices.Grow(c.labels[1][:0], len(here))[:len(here)]
	ns, ew := c.Earth.SideNS(c.row), c.Earth.SideEW(c.row)
	for i, k := 0, 0; i < len(here); {
		unit := here[i].Key >> classBits
		for k < len(above) && above[k].Key>>classBits < unit {
			k++
		}
		end, endAbove := endOf(here, i, unit), endOf(above, k, unit)
		c.unit(here[i:end], above[k:endAbove], c.labels[1][i:end], c.labels[0][k:endAbove], ns, ew, area)
		i, k = end, endAbove
	}
	c.labels[0], c.labels[1] = c.labels[1], c.labels[0]
	c.above, c.here = here, above
	if c.row == c.row0 && c.row0 > 0 {
		c.top = c.seam(c.top)
	}
	c.row++
	if len(c.nodes) > 4*len(here)+1024 { // so few that they stay in the cache, and so seldom that it takes no time
		c.sweep()
	}
}

// endOf returns where the runs of a unit end that begin at start, if there are any.
func endOf(runs []Run, start int, unit Key) int {
	for start < len(runs) && runs[start].Key>>classBits == unit {
		start++
	}
	return start
}

// unit labels the runs of one unit in a row. ns and ew are the lengths of the sides between them, and of those above them.
func (c *Counter) unit(here, above []Run, labels, labelsAbove []int32, ns, ew int64, area *raster.RowArea) {
	labels, labelsAbove = labels[:len(here)], labelsAbove[:len(above)]
	eight := c.Conn == patch.Eight
	at := 0 // the first run above that ends after the beginning of r
	for i, r := range here {
		for at < len(above) && above[at].Col1 <= r.Col0 {
			at++
		}
		label, edge := int32(-1), int64(0)
		if at < len(above) && above[at] == r {
			// Nearly all runs. What touches r at a corner has another key, or r's own and is one patch with above[at].
			label = c.root(labelsAbove[at])
		} else {
			if eight && at > 0 && above[at-1].Col1 == r.Col0 && above[at-1].Key == r.Key {
				label = c.root(labelsAbove[at-1])
			}
			k := at
			for ; k < len(above) && above[k].Col0 < r.Col1; k++ {
				if above[k].Key == r.Key {
					label = c.union(label, labelsAbove[k])
					continue
				}
				side := int64(min(r.Col1, above[k].Col1)-max(r.Col0, above[k].Col0)) * ew
				edge += side
				c.nodes[labelsAbove[k]].edge += side
			}
			if eight && k < len(above) && above[k].Col0 == r.Col1 && above[k].Key == r.Key {
				label = c.union(label, labelsAbove[k])
			}
		}
		if i > 0 && here[i-1].Col1 == r.Col0 {
			if here[i-1].Key == r.Key {
				label = c.union(label, labels[i-1])
			} else {
				edge += ns
				c.nodes[labels[i-1]].edge += ns
			}
		}
		if label < 0 {
			label = int32(len(c.nodes))
			c.nodes = append(c.nodes, node{key: r.Key, parent: label, open: -1})
		}
		labels[i] = label
		n := &c.nodes[label]
		n.area.AddUnits(area.Run(int(r.Col0), int(r.Col1)))
		n.edge += edge
	}
}

func (c *Counter) root(label int32) int32 {
	for c.nodes[label].parent != label {
		c.nodes[label].parent = c.nodes[c.nodes[label].parent].parent
		label = c.nodes[label].parent
	}
	return label
}

// union makes the patches of a root, or of none yet (−1), and of a label one, and returns its root.
func (c *Counter) union(root, label int32) int32 {
	label = c.root(label)
	if root < 0 || root == label {
		return label
	}
	root, label = min(root, label), max(root, label)
	c.nodes[label].parent = root
	return root
}

// seam opens the patches of the last row, and appends its runs.
func (c *Counter) seam(seam []Seam) []Seam {
	for i, r := range c.above {
		n := &c.nodes[c.root(c.labels[0][i])]
		if n.open < 0 {
			n.open = int32(len(c.open))
			c.open = append(c.open, opened{Open{Key: n.key}, n.open})
		}
		seam = append(seam, Seam{r, n.open})
	}
	return seam
}

// sweep closes the patches that have no run in the last row, and numbers the others anew, without what is no root.
func (c *Counter) sweep() {
	for label := range c.nodes { // a parent comes before, and has its root already
		n := &c.nodes[label]
		if int(n.parent) == label {
			continue
		}
		n.parent = c.nodes[n.parent].parent
		root := &c.nodes[n.parent]
		root.area.Add(n.area)
		root.edge += n.edge
		switch {
		case root.open < 0:
			root.open = n.open
		case n.open >= 0:
			c.joinOpen(root.open, n.open)
		}
	}
	c.left = c.left[:0]
	labels := c.labels[0][:len(c.above)]
	for i, label := range labels {
		root := &c.nodes[label] // as a root that is left it has its new label, inverted, for a parent
		if root.parent >= 0 {
			root = &c.nodes[root.parent]
		}
		if root.parent >= 0 {
			n := *root
			n.parent = int32(len(c.left))
			c.left = append(c.left, n)
			root.parent = ^n.parent
		}
		labels[i] = ^root.parent
	}
	for label := range c.nodes {
		if n := &c.nodes[label]; int(n.parent) == label {
			c.closed(n)
		}
	}
	c.nodes, c.left = c.left, c.nodes
}

// joinOpen makes two open patches one.
func (c *Counter) joinOpen(a, b int32) {
	for c.open[a].parent != a {
		a = c.open[a].parent
	}
	for c.open[b].parent != b {
		b = c.open[b].parent
	}
	c.open[max(a, b)].parent = min(a, b)
}

// closed adds a patch to the totals: of an open one its edges only.
func (c *Counter) closed(n *node) {
	if n.open < 0 {
		c.total(n.key).add(Total{Patches: 1, Largest: n.area, Edge: n.edge})
		return
	}
	c.open[n.open].Area.Add(n.area)
	if n.edge > 0 {
		c.total(n.key).Edge += n.edge
	}
}

// total returns what is known of a key in the band.
func (c *Counter) total(k Key) *Total {
	if int(k) >= len(c.totals) {
		c.totals = slices.Grow(c.totals, int(k)+1-len(c.totals))
		c.totals = c.totals[:cap(c.totals)]
	}
	t := &c.totals[k]
	if !t.known() {
		t.Key = k
		c.touched = append(c.touched, k)
	}
	return t
}

// End returns the band of the rows since Begin.
func (c *Counter) End() Band {
	b := Band{Row0: c.row0, Row1: c.row, Top: slices.Clone(c.top)}
	c.sweep()
	if c.row < c.Rows {
		b.Bottom = c.seam(nil)
	}
	for i := range c.nodes {
		c.closed(&c.nodes[i])
	}
	position := make([]int32, len(c.open)) // in b.Open
	for i, o := range c.open {
		if int(o.parent) == i {
			position[i] = int32(len(b.Open))
			b.Open = append(b.Open, o.Open)
		} else {
			position[i] = position[o.parent]
			b.Open[position[i]].Area.Add(o.Area)
		}
	}
	for _, seam := range [...][]Seam{b.Top, b.Bottom} {
		for i := range seam {
			seam[i].Open = position[seam[i].Open]
		}
	}
	slices.Sort(c.touched)
	b.Totals = make([]Total, len(c.touched))
	for i, k := range c.touched {
		b.Totals[i] = c.totals[k]
		c.totals[k] = Total{}
	}
	c.touched = c.touched[:0]
	return b
}

// Join joins two bands, a directly above b.
func Join(m Map, a, b Band) Band {
	out := Band{Row0: a.Row0, Row1: b.Row1}
	more := []Total{}
	nodes := append(slices.Clone(a.Open), b.Open...)
	parent := make([]int32, len(nodes))
	for i := range parent {
		parent[i] = int32(i)
	}
	find := func(i int32) int32 {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	shift := int32(len(a.Open))
	ew := m.Earth.SideEW(b.Row0)
	at := 0
	for _, below := range b.Top {
		r := below.Run
		for at < len(a.Bottom) && (a.Bottom[at].Run.Key.Unit() < r.Key.Unit() || a.Bottom[at].Run.Key.Unit() == r.Key.Unit() && a.Bottom[at].Run.Col1 < r.Col0) {
			at++
		}
		for k := at; k < len(a.Bottom) && a.Bottom[k].Run.Key.Unit() == r.Key.Unit() && a.Bottom[k].Run.Col0 <= r.Col1; k++ {
			above := a.Bottom[k].Run
			common := min(r.Col1, above.Col1) - max(r.Col0, above.Col0)
			switch {
			case above.Key != r.Key:
				if common > 0 {
					more = append(more, Total{Key: above.Key, Edge: int64(common) * ew}, Total{Key: r.Key, Edge: int64(common) * ew})
				}
			case common > 0 || m.Conn == patch.Eight:
				if x, y := find(a.Bottom[k].Open), find(below.Open+shift); x != y {
					parent[y] = x
					nodes[x].Area.Add(nodes[y].Area)
				}
			}
		}
	}
	position := make([]int32, len(nodes)) // 0: not seen, else position in out.Open + 1
	keep := func(seam []Seam, shift int32) []Seam {
		kept := make([]Seam, len(seam))
		for i, s := range seam {
			root := find(s.Open + shift)
			if position[root] == 0 {
				out.Open = append(out.Open, nodes[root])
				position[root] = int32(len(out.Open))
			}
			kept[i] = Seam{s.Run, position[root] - 1}
		}
		return kept
	}
	out.Top, out.Bottom = keep(a.Top, 0), keep(b.Bottom, shift)
	for i := range nodes {
		if parent[i] == int32(i) && position[i] == 0 {
			more = append(more, Total{Key: nodes[i].Key, Patches: 1, Largest: nodes[i].Area})
		}
	}
	out.Totals = merge(merge(a.Totals, b.Totals), more)
	return out
}

// merge adds up two lists of totals; b need not be in order.
func merge(a, b []Total) []Total {
	all := append(slices.Clone(a), b...)
	slices.SortStableFunc(all, func(a, b Total) int { return cmp.Compare(a.Key, b.Key) })
	out := all[:0]
	for _, t := range all {
		if n := len(out); n > 0 && out[n-1].Key == t.Key {
			out[n-1].add(t)
		} else {
			out = append(out, t)
		}
	}
	return out
}
