// Package landscape measures the pattern of class maps: patches and edges of each class in each of several units,
// which may overlap. It works on runs of cells, row by row, in bands that join along their seams; any cutting gives the same numbers.
//
// Some of the units may be parts: no cell is of two of them. What larger units made of parts have follows from what the parts have
// and from where they touch, so their cells need not be counted once more: see [Band.Groups].
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

// A Counter measures bands, one after the other, in the same memory. It belongs to one goroutine.
//
// A run takes the label of one that it touches in the row above, or a new one. The areas of runs are added to their labels,
// and no total is looked up before a patch is complete: what a row changes lies close together.
type Counter struct {
	Map
	row0, row   int
	above       []Run
	parts       int        // so many runs above are those of parts
	labels      [2][]int32 // of the runs above and of those here
	nodes, left []node     // by label; memory for those that a sweep leaves
	open        []opened   // by node.open
	top         []Seam     // with positions in open
	topParts    int
	totals      []Total // by key
	touched     []Key   // those of them that are not empty
	linked      []Linked
	links       [][2]int32 // of linked
	across      map[[2]Key]int64
	touching    []int32 // labels of other parts that a run touches
}

// node is what is known of the runs with a label, and its place in a union-find structure.
type node struct {
	area   raster.Area
	key    Key
	parent int32 // a smaller label of the same patch, or itself: the smallest one is the root
	open   int32 // of runs in the first row: position in Counter.open; else −1
	linked int32 // position in Counter.linked, or −1
}

// opened is an open patch, or a piece of one: then parent is a smaller position.
type opened struct {
	Open
	parent int32
}

// NewCounter returns a counter for bands of m.
func NewCounter(m Map) *Counter { return &Counter{Map: m} }

// Begin starts a band at a row.
func (c *Counter) Begin(row int) {
	c.row0, c.row = row, row
	c.above, c.nodes, c.open, c.top = nil, c.nodes[:0], c.open[:0], c.top[:0]
	c.parts, c.topParts, c.linked, c.links, c.across = 0, 0, c.linked[:0], c.links[:0], map[[2]Key]int64{}
}

// Row takes the next row: first so many runs of parts by column, then those of other units by unit and column; those of one unit do not
// overlap, and those of one key may lie side by side. area is that of the row. The runs belong to the counter until the next row has been taken.
func (c *Counter) Row(here []Run, parts int, area *raster.RowArea) {
	above := c.above
	c.labels[1] = slices.Grow(c.labels[1][:0], len(here))[:len(here)]
	ns, ew := c.Earth.SideNS(c.row), c.Earth.SideEW(c.row)
	c.unit(here[:parts], above[:c.parts], c.labels[1][:parts], c.labels[0][:c.parts], ns, ew, area)
	for i, k := parts, c.parts; i < len(here); {
		unit := here[i].Key >> classBits
		for k < len(above) && above[k].Key>>classBits < unit {
			k++
		}
		end, endAbove := endOf(here, i, unit), endOf(above, k, unit)
		c.unit(here[i:end], above[k:endAbove], c.labels[1][i:end], c.labels[0][k:endAbove], ns, ew, area)
		i, k = end, endAbove
	}
	c.labels[0], c.labels[1] = c.labels[1], c.labels[0]
	c.above, c.parts = here, parts
	if c.row == c.row0 && c.row0 > 0 {
		c.top, c.topParts = c.seam(c.top), parts
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

// unit labels the runs of one unit in a row, or those of all parts. ns and ew are the lengths of the sides between them, and of those above them.
func (c *Counter) unit(here, above []Run, labels, labelsAbove []int32, ns, ew int64, area *raster.RowArea) {
	labels, labelsAbove = labels[:len(here)], labelsAbove[:len(above)]
	eight := c.Conn == patch.Eight
	at := 0                       // the first run above that ends after the beginning of r
	var edges [MaxClass + 1]int64 // of unit, in this row
	unit := int32(-1)
	for i, r := range here {
		if u := r.Key.Unit(); u != unit {
			c.addEdges(unit, &edges)
			unit = u
		}
		for at < len(above) && above[at].Col1 <= r.Col0 {
			at++
		}
		label := int32(-1)
		if at < len(above) && above[at] == r {
			// The same run as above. What touches r at a corner has another key, or r's own and is one patch with above[at].
			label = c.root(labelsAbove[at])
		} else {
			if eight && at > 0 && above[at-1].Col1 == r.Col0 && above[at-1].Key.Class() == r.Key.Class() {
				label = c.touch(label, r.Key, above[at-1].Key, labelsAbove[at-1])
			}
			k := at
			for ; k < len(above) && above[k].Col0 < r.Col1; k++ {
				if above[k].Key.Class() == r.Key.Class() {
					label = c.touch(label, r.Key, above[k].Key, labelsAbove[k])
					continue
				}
				side := int64(min(r.Col1, above[k].Col1)-max(r.Col0, above[k].Col0)) * ew
				if above[k].Key.Unit() != unit {
					c.across[pair(above[k].Key, r.Key)] += side
					continue
				}
				edges[r.Key.Class()] += side
				edges[above[k].Key.Class()] += side
			}
			if eight && k < len(above) && above[k].Col0 == r.Col1 && above[k].Key.Class() == r.Key.Class() {
				label = c.touch(label, r.Key, above[k].Key, labelsAbove[k])
			}
		}
		if i > 0 && here[i-1].Col1 == r.Col0 {
			switch before := here[i-1].Key; {
			case before.Class() == r.Key.Class():
				label = c.touch(label, r.Key, before, labels[i-1])
			case before.Unit() != unit:
				c.across[pair(before, r.Key)] += ns
			default:
				edges[r.Key.Class()] += ns
				edges[before.Class()] += ns
			}
		}
		if label < 0 {
			label = int32(len(c.nodes))
			c.nodes = append(c.nodes, node{key: r.Key, parent: label, open: -1, linked: -1})
		}
		labels[i] = label
		for ; len(c.touching) > 0; c.touching = c.touching[:len(c.touching)-1] {
			c.link(label, c.touching[len(c.touching)-1])
		}
		c.nodes[label].area.AddUnits(area.Run(int(r.Col0), int(r.Col1)))
	}
	c.addEdges(unit, &edges)
}

// addEdges adds edges by class to the totals of a unit, and empties them.
func (c *Counter) addEdges(unit int32, edges *[MaxClass + 1]int64) {
	for class, length := range edges {
		if length > 0 {
			c.total(KeyOf(unit, uint8(class))).Edge += length
			edges[class] = 0
		}
	}
}

// pair is two keys, the smaller one first.
func pair(a, b Key) [2]Key { return [2]Key{min(a, b), max(a, b)} }

// touch takes note that a run with a key and a root, or none yet, touches a labelled one of its class, and returns its root.
func (c *Counter) touch(root int32, key, other Key, label int32) int32 {
	if key == other {
		return c.union(root, label)
	}
	c.touching = append(c.touching, label)
	return root
}

// link takes note that the patches of two labels touch.
func (c *Counter) link(a, b int32) {
	var at [2]int32
	for i, label := range [2]int32{a, b} {
		n := &c.nodes[c.root(label)]
		if n.linked < 0 {
			n.linked = int32(len(c.linked))
			c.linked = append(c.linked, Linked{Key: n.key, Parent: n.linked})
		}
		at[i] = n.linked
	}
	if n := len(c.links); n == 0 || c.links[n-1] != at {
		c.links = append(c.links, at)
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
			c.open = append(c.open, opened{Open{Key: n.key, Linked: -1}, n.open})
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
		root.linked = oneLinked(c.linked, root.linked, n.linked)
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

// closed adds a patch, if it is not open, to the totals.
func (c *Counter) closed(n *node) {
	if n.open < 0 {
		c.total(n.key).add(Total{Patches: 1, Largest: n.area})
		if n.linked >= 0 {
			c.linked[n.linked].Area.Add(n.area)
		}
		return
	}
	o := &c.open[n.open]
	o.Area.Add(n.area)
	o.Linked = oneLinked(c.linked, o.Linked, n.linked)
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
	b := Band{Row0: c.row0, Row1: c.row, Top: slices.Clone(c.top), TopParts: c.topParts, Across: c.across}
	c.sweep()
	if c.row < c.Rows {
		b.Bottom, b.BottomParts = c.seam(nil), c.parts
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
			whole := &b.Open[position[i]]
			whole.Area.Add(o.Area)
			whole.Linked = oneLinked(c.linked, whole.Linked, o.Linked)
		}
	}
	for _, l := range c.links {
		x, y := linkedRoot(c.linked, l[0]), linkedRoot(c.linked, l[1])
		b.Links = append(b.Links, [2]int32{min(x, y), max(x, y)})
	}
	slices.SortFunc(b.Links, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	b.Links, b.Linked = slices.Compact(b.Links), slices.Clone(c.linked)
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
