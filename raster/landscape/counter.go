package landscape

import (
	"cmp"
	"slices"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/raster/sets"
)

// A Counter measures bands, one after the other, in the same memory. It belongs to one goroutine.
//
// A run takes the label of one that it touches in the row above, or a new one. The areas of runs are added to their
// labels, and totals are looked up only when a patch is complete, so what a row changes lies close together in memory.
type Counter struct {
	Map
	row0, row   int
	above       []Run
	parts       int        // the first runs above, as many as this, are those of parts
	labels      [2][]int32 // of the runs above, and of those in the row that is being taken
	same        sets.Sets  // of labels: those of one patch
	nodes, left []node     // by label; and the memory for the nodes that a sweep leaves
	open        []Open     // open patches, and pieces of them
	sameOpen    sets.Sets  // of open: pieces of one patch
	top         []Seam     // with positions in open
	topParts    int
	totals      []Total // by key
	touched     []Key   // the keys of totals that are not empty
	border      Border
	touching    []int32 // labels of runs of other parts that a run touches
}

// node is what is known of the runs with a label.
type node struct {
	area   raster.Area
	key    Key
	open   int32 // position in Counter.open if there are runs in the first row, otherwise −1
	linked int32 // position in Border.Linked, or −1
	kept   int32 // during a sweep: the new label of a root that stays, otherwise −1
}

// measures is what the cells of a row have: the length of a side between two of them and of one to the row above, and
// the area.
type measures struct {
	ns, ew int64
	area   *raster.RowArea
}

// labelled is runs with their labels.
type labelled struct {
	runs   []Run
	labels []int32
}

// NewCounter returns a counter for bands of m.
func NewCounter(m Map) *Counter { return &Counter{Map: m} }

// Begin starts a band at a row.
func (c *Counter) Begin(row int) {
	c.row0, c.row = row, row
	c.above, c.parts, c.same, c.nodes = nil, 0, c.same[:0], c.nodes[:0]
	c.open, c.sameOpen, c.top, c.topParts = c.open[:0], c.sameOpen[:0], c.top[:0], 0
	b := &c.border
	b.Linked, b.Same, b.Links, b.Across = b.Linked[:0], b.Same[:0], b.Links[:0], map[[2]Key]int64{}
}

// Row takes the next row. The first runs, as many as parts says, are those of parts, by column; after them come those
// of other units, by unit and column. Runs of one unit do not overlap; runs of one key may lie side by side. area is
// that of the row. The runs belong to the counter until the next row has been taken.
func (c *Counter) Row(here []Run, parts int, area *raster.RowArea) {
	above := c.above
	c.labels[1] = slices.Grow(c.labels[1][:0], len(here))[:len(here)]
	m := &measures{c.Earth.SideNS(c.row), c.Earth.SideEW(c.row), area}
	of := func(start, end, startAbove, endAbove int) {
		c.unit(labelled{here[start:end], c.labels[1][start:end]},
			labelled{above[startAbove:endAbove], c.labels[0][startAbove:endAbove]}, m)
	}
	of(0, parts, 0, c.parts)
	for i, k := parts, c.parts; i < len(here); {
		unit := here[i].Key >> classBits
		for k < len(above) && above[k].Key>>classBits < unit {
			k++
		}
		end, endAbove := endOf(here, i, unit), endOf(above, k, unit)
		of(i, end, k, endAbove)
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

// unit labels the runs of one unit in a row, or those of all parts, by the runs above them, and adds up their edges.
func (c *Counter) unit(in, over labelled, m *measures) {
	here, above := in.runs, over.runs
	labels, labelsAbove := in.labels[:len(here)], over.labels[:len(above)]
	ns, ew := m.ns, m.ew
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
			// The same run lies above. A run that touches r at a corner has another key, or it has the key of r and belongs
			// to the patch of above[at] already.
			label = c.same.Find(labelsAbove[at])
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
					c.border.Across[pair(above[k].Key, r.Key)] += side
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
				c.border.Across[pair(before, r.Key)] += ns
			default:
				edges[r.Key.Class()] += ns
				edges[before.Class()] += ns
			}
		}
		if label < 0 {
			label = c.same.Add()
			c.nodes = append(c.nodes, node{key: r.Key, open: -1, linked: -1, kept: -1})
		}
		labels[i] = label
		for ; len(c.touching) > 0; c.touching = c.touching[:len(c.touching)-1] {
			c.border.link(c.linked(label), c.linked(c.touching[len(c.touching)-1]))
		}
		c.nodes[label].area.Add(m.area.Run(int(r.Col0), int(r.Col1)))
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

// touch notes that a run with a key touches a labelled run of its class with the key other. It returns the root of the
// run's label, which was root before; −1 means that it has none yet.
func (c *Counter) touch(root int32, key, other Key, label int32) int32 {
	if key != other {
		c.touching = append(c.touching, label)
		return root
	}
	if root < 0 {
		return c.same.Find(label)
	}
	return c.same.Union(root, label)
}

// linked returns the position in Border.Linked of a label's patch, which it adds if need be.
func (c *Counter) linked(label int32) int32 {
	n := &c.nodes[c.same.Find(label)]
	if n.linked < 0 {
		n.linked = c.border.add(n.key)
	}
	return n.linked
}

// seam opens the patches of the last row, and appends its runs.
func (c *Counter) seam(seam []Seam) []Seam {
	for i, r := range c.above {
		n := &c.nodes[c.same.Find(c.labels[0][i])]
		if n.open < 0 {
			n.open = c.sameOpen.Add()
			c.open = append(c.open, Open{Key: n.key, Linked: -1})
		}
		seam = append(seam, Seam{r, n.open})
	}
	return seam
}

// sweep closes the patches that have no run in the last row, and numbers the other ones anew, with one label each.
func (c *Counter) sweep() {
	c.same.Flatten()
	for label, root := range c.same {
		if int(root) == label {
			continue
		}
		n, whole := &c.nodes[label], &c.nodes[root]
		whole.area.Add(n.area)
		whole.linked = c.border.unite(whole.linked, n.linked)
		switch {
		case whole.open < 0:
			whole.open = n.open
		case n.open >= 0:
			c.sameOpen.Union(whole.open, n.open)
		}
	}
	c.left = c.left[:0]
	labels := c.labels[0][:len(c.above)]
	for i, label := range labels {
		root := &c.nodes[c.same[label]]
		if root.kept < 0 {
			c.left = append(c.left, *root)
			root.kept = int32(len(c.left)) - 1
		}
		labels[i] = root.kept
	}
	for label, root := range c.same {
		if n := &c.nodes[label]; int(root) == label && n.kept < 0 {
			c.closed(n)
		}
	}
	c.nodes, c.left = c.left, c.nodes
	c.same = c.same[:0]
	for range c.nodes {
		c.same.Add()
	}
}

// closed adds a patch that no row adds to any more to the totals, or to the open patches.
func (c *Counter) closed(n *node) {
	if n.open < 0 {
		c.total(n.key).add(Total{Patches: 1, Largest: n.area})
		if n.linked >= 0 {
			c.border.Linked[n.linked].Area.Add(n.area)
		}
		return
	}
	o := &c.open[n.open]
	o.Area.Add(n.area)
	o.Linked = c.border.unite(o.Linked, n.linked)
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
	b := Band{Row0: c.row0, Row1: c.row, Top: slices.Clone(c.top), TopParts: c.topParts}
	c.sweep()
	if c.row < c.Rows {
		b.Bottom, b.BottomParts = c.seam(nil), c.parts
	}
	for i := range c.nodes {
		c.closed(&c.nodes[i])
	}
	position := c.wholes(&b)
	for _, seam := range [...][]Seam{b.Top, b.Bottom} {
		for i := range seam {
			seam[i].Open = position[seam[i].Open]
		}
	}
	b.Border = c.borderSoFar()
	slices.Sort(c.touched)
	b.Totals = make([]Total, len(c.touched))
	for i, k := range c.touched {
		b.Totals[i] = c.totals[k]
		c.totals[k] = Total{}
	}
	c.touched = c.touched[:0]
	return b
}

// wholes makes the open patches of a band from their pieces, and returns each piece's position in Band.Open.
func (c *Counter) wholes(b *Band) []int32 {
	c.sameOpen.Flatten()
	position := make([]int32, len(c.open))
	for i, o := range c.open {
		root := c.sameOpen[i]
		if int(root) == i {
			position[i] = int32(len(b.Open))
			b.Open = append(b.Open, o)
			continue
		}
		position[i] = position[root]
		whole := &b.Open[position[i]]
		whole.Area.Add(o.Area)
		whole.Linked = c.border.unite(whole.Linked, o.Linked)
	}
	return position
}

// borderSoFar returns the border in memory of its own, with each link once.
func (c *Counter) borderSoFar() Border {
	b := &c.border
	b.Same.Flatten()
	links := make([][2]int32, 0, len(b.Links))
	for _, l := range b.Links {
		x, y := b.Same[l[0]], b.Same[l[1]]
		links = append(links, [2]int32{min(x, y), max(x, y)})
	}
	slices.SortFunc(links, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return Border{slices.Clone(b.Linked), slices.Clone(b.Same), slices.Compact(links), b.Across}
}
