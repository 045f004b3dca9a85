package landscape

import (
	"slices"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/raster/sets"
)

// A Counter measures bands in both epochs, one after the other, in the same memory. It belongs to one goroutine.
//
// Where both epochs have one class, runs are labelled once for both: a run takes the label of one that it touches in
// the row above, or a new one. Such a steady patch is a patch of both epochs, unless a run that touches it has its
// class in one epoch alone; then it is a piece of a patch of that epoch, with a label there. Runs that changed have a
// label in each epoch from the beginning. The areas of runs are added to their labels, and totals are looked up only
// when a patch is complete, so what a row changes lies close together in memory.
type Counter struct {
	Map
	row0, row   int
	above       []Pair
	families    []int         // where those of each family of parts end in above
	labels      [2][]label    // of the runs above, and of those in the row that is being taken
	areas       []raster.Area // of the runs in the row that is being taken
	same        sets.Sets     // of labels of steady runs: those of one patch
	nodes, left []steady      // by label; and the memory for the nodes that a sweep leaves
	epochs      [2]pieces
	edges       [2]edges // of a unit, in the row that is being taken: those of runs that are not alike

	// What the run that is being labelled touches in an epoch: pieces of its patch, and pieces in other parts.
	join, link [2][]int32
	pending    bool // there are some
}

// label is of a steady run its label; of another one its labels in both epochs.
type label [2]int32

// steady is what is known of the steady runs with a label.
type steady struct {
	area  raster.Area
	key   PairKey
	piece [2]int32 // the label of the patch in each epoch, −1 while it is not needed
	kept  int32    // during a sweep: the new label of a root that stays, otherwise −1
}

// edges is lengths by class.
type edges [MaxClass + 1]int64

// measures is what the cells of a row have: the length of a side between two of them and of one to the row above, and
// the area.
type measures struct {
	ns, ew int64
	area   *raster.RowArea
}

// labelled is runs with their labels and, in the row that is being taken, their areas.
type labelled struct {
	runs   []Pair
	labels []label
	areas  []raster.Area
}

// NewCounter returns a counter for bands of m.
func NewCounter(m Map) *Counter { return &Counter{Map: m} }

// Begin starts a band at a row.
func (c *Counter) Begin(row int) {
	c.row0, c.row = row, row
	c.above, c.families, c.same, c.nodes = nil, c.families[:0], c.same[:0], c.nodes[:0]
	for e := range c.epochs {
		c.epochs[e].begin()
	}
}

// Row takes the next row. First come the runs of parts, one family after the other and by column in each; families says
// where those of each family end, and every row has as many. After them come those of other units, by unit and column.
// Runs of one unit, or of one family, do not overlap; runs of one key may lie side by side. area is that of the row.
// The runs belong to the counter until the next row has been taken. Row returns their areas, which are valid as long.
func (c *Counter) Row(here []Pair, families []int, area *raster.RowArea) []raster.Area {
	above := c.above
	c.labels[1] = slices.Grow(c.labels[1][:0], len(here))[:len(here)]
	c.areas = slices.Grow(c.areas[:0], len(here))[:len(here)]
	m := &measures{c.Earth.SideNS(c.row), c.Earth.SideEW(c.row), area}
	of := func(start, end, startAbove, endAbove int) {
		c.unit(labelled{here[start:end], c.labels[1][start:end], c.areas[start:end]},
			labelled{above[startAbove:endAbove], c.labels[0][startAbove:endAbove], nil}, m)
	}
	i, k := 0, 0
	for f, end := range families {
		endAbove := 0
		if len(above) > 0 {
			endAbove = c.families[f]
		}
		of(i, end, k, endAbove)
		i, k = end, endAbove
	}
	for i < len(here) {
		unit := here[i].Key >> pairBits
		for k < len(above) && above[k].Key>>pairBits < unit {
			k++
		}
		end, endAbove := endOf(here, i, unit), endOf(above, k, unit)
		of(i, end, k, endAbove)
		i, k = end, endAbove
	}
	c.labels[0], c.labels[1] = c.labels[1], c.labels[0]
	c.above, c.families = here, append(c.families[:0], families...)
	if c.row == c.row0 && c.row0 > 0 {
		for e := range c.epochs {
			p := &c.epochs[e]
			p.top, p.topFamilies = c.seam(e, p.top), slices.Clone(families)
		}
	}
	c.row++
	most := 4*len(here) + 1024 // so few that they stay in the cache, and so seldom that it takes no time
	if len(c.nodes) > most || len(c.epochs[0].nodes) > most || len(c.epochs[1].nodes) > most {
		c.sweep()
	}
	return c.areas
}

// endOf returns where the runs of a unit end that begin at start, if there are any.
func endOf(runs []Pair, start int, unit PairKey) int {
	for start < len(runs) && runs[start].Key>>pairBits == unit {
		start++
	}
	return start
}

// unit labels the runs of one unit in a row, or those of a family of parts, by the runs above them, and adds up their
// edges.
func (c *Counter) unit(in, over labelled, m *measures) {
	here, above := in.runs, over.runs
	labels, labelsAbove, areas := in.labels[:len(here)], over.labels[:len(above)], in.areas[:len(here)]
	reach := int32(0) // how far from r the runs that touch it may begin or end
	if c.Conn == patch.Eight {
		reach = 1
	}
	at := 0        // the first run above that touches r, or lies east of it
	var both edges // of unit, in this row: between runs that are steady
	unit := int32(-1)
	for i, r := range here {
		if u := r.Key.Unit(); u != unit {
			c.addEdges(unit, &both)
			unit = u
		}
		for at < len(above) && above[at].Col1+reach <= r.Col0 {
			at++
		}
		over := at // the first run above that has a side in common with r
		if over < len(above) && above[over].Col1 == r.Col0 {
			over++
		}
		l := label{-1, -1}
		if over < len(above) && above[over] == r {
			// The same run lies above. A run that touches r at a corner has another class, or it belongs to the patch of
			// that run, or is linked to it, already.
			l = c.find(r.Key, labelsAbove[over])
		} else {
			for k := at; k < len(above) && above[k].Col0 < r.Col1+reach; k++ {
				q := above[k]
				side := int64(min(r.Col1, q.Col1)-max(r.Col0, q.Col0)) * m.ew // 0 at a corner
				if !alike(r.Key, q.Key) {
					c.touch(&l, r.Key, q.Key, labelsAbove[k], side)
				} else if r.Key != q.Key {
					both[r.Key&MaxClass] += side
					both[q.Key&MaxClass] += side
				} else if x := labelsAbove[k][0]; l[0] < 0 {
					l[0] = c.same.Find(x)
				} else if l[0] != x {
					l[0] = c.same.Union(l[0], x)
				}
			}
		}
		if i > 0 && here[i-1].Col1 == r.Col0 {
			q := here[i-1].Key
			if !alike(r.Key, q) || r.Key == q {
				c.touch(&l, r.Key, q, labels[i-1], m.ns)
			} else {
				both[r.Key&MaxClass] += m.ns
				both[q&MaxClass] += m.ns
			}
		}
		area := m.area.Run(int(r.Col0), int(r.Col1))
		if l[0] >= 0 && r.Key.steady() && !c.pending {
			c.nodes[l[0]].area.Add(area)
		} else {
			l = c.labelled(r.Key, l, area)
		}
		labels[i], areas[i] = l, area
	}
	c.addEdges(unit, &both)
}

// alike tells that two runs are steady and of one unit.
func alike(a, b PairKey) bool {
	between := a ^ b
	return a.steady() && between < 1<<pairBits && between.steady()
}

// find returns the roots of the labels of a run.
func (c *Counter) find(key PairKey, l label) label {
	if key.steady() {
		return label{c.same.Find(l[0]), -1}
	}
	return label{c.epochs[0].same.Find(l[0]), c.epochs[1].same.Find(l[1])}
}

// touch notes that a run with a key touches a labelled run with the key other, along a side of that length, or at a
// corner when it is 0. l are the labels of the run so far, which are roots, or −1 for none. Edges between runs that are
// alike are counted elsewhere.
func (c *Counter) touch(l *label, key, other PairKey, labelled label, side int64) {
	if key == other && key.steady() {
		if l[0] < 0 {
			l[0] = c.same.Find(labelled[0])
		} else {
			l[0] = c.same.Union(l[0], labelled[0])
		}
		return
	}
	for e := range c.epochs {
		p, k, o := &c.epochs[e], key.In(e), other.In(e)
		if k.Class() != o.Class() {
			switch {
			case side == 0:
			case k.Unit() != o.Unit():
				p.border.Across[pair(k, o)] += side
			default:
				c.edges[e][k.Class()] += side
				c.edges[e][o.Class()] += side
			}
			continue
		}
		x := c.piece(other, labelled, e)
		switch {
		case k != o:
			c.link[e], c.pending = append(c.link[e], x), true
		case key.steady():
			c.join[e], c.pending = append(c.join[e], x), true
		case l[e] < 0:
			l[e] = p.same.Find(x)
		default:
			l[e] = p.same.Union(l[e], x)
		}
	}
}

// piece returns the label in an epoch of a labelled run.
func (c *Counter) piece(key PairKey, l label, epoch int) int32 {
	if !key.steady() {
		return l[epoch]
	}
	n := &c.nodes[c.same.Find(l[0])]
	if n.piece[epoch] < 0 {
		n.piece[epoch] = c.epochs[epoch].add(key.In(epoch))
	}
	return n.piece[epoch]
}

// labelled returns the labels of a run: those that it has so far, and new ones in place of −1. It adds the area of the
// run to them, and joins and links them with what the run touches.
func (c *Counter) labelled(key PairKey, l label, area raster.Area) label {
	if key.steady() {
		if l[0] < 0 {
			l[0] = c.same.Add()
			c.nodes = append(c.nodes, steady{key: key, piece: [2]int32{-1, -1}, kept: -1})
		}
		c.nodes[l[0]].area.Add(area)
	} else {
		for e := range c.epochs {
			p := &c.epochs[e]
			if l[e] < 0 {
				l[e] = p.add(key.In(e))
			}
			p.nodes[l[e]].area.Add(area)
		}
	}
	if !c.pending {
		return l
	}
	c.pending = false
	for e := range c.epochs {
		p := &c.epochs[e]
		for _, x := range c.join[e] {
			p.same.Union(c.piece(key, l, e), x)
		}
		for _, x := range c.link[e] {
			p.border.link(p.linked(c.piece(key, l, e)), p.linked(x))
		}
		c.join[e], c.link[e] = c.join[e][:0], c.link[e][:0]
	}
	return l
}

// addEdges adds the edges of a unit to its totals, and empties them.
func (c *Counter) addEdges(unit int32, both *edges) {
	for class := range both {
		for e := range c.epochs {
			if length := both[class] + c.edges[e][class]; length > 0 {
				c.epochs[e].total(KeyOf(unit, uint8(class))).Edge += length
				c.edges[e][class] = 0
			}
		}
		both[class] = 0
	}
}

// seam opens the patches of the last row in an epoch, and appends its runs.
func (c *Counter) seam(epoch int, seam []Seam) []Seam {
	for i, r := range c.above {
		open := c.epochs[epoch].opened(c.piece(r.Key, c.labels[0][i], epoch))
		seam = append(seam, Seam{Run{r.Col0, r.Col1, r.Key.In(epoch)}, open})
	}
	return seam
}

// sweep closes the patches that have no run in the last row, and numbers the other ones anew, with one label each.
func (c *Counter) sweep() {
	c.foldSteady()
	labels := c.labels[0][:len(c.above)]
	c.left = c.left[:0]
	for i, r := range c.above {
		if r.Key.steady() {
			root := &c.nodes[c.same[labels[i][0]]]
			if root.kept < 0 {
				c.left = append(c.left, *root)
				root.kept = int32(len(c.left)) - 1
			}
			labels[i][0] = root.kept
		}
	}
	for l, root := range c.same {
		if n := &c.nodes[l]; int(root) == l && n.kept < 0 {
			c.closed(n)
		}
	}
	c.nodes, c.left = c.left, c.nodes
	c.same = c.same[:0]
	for range c.nodes {
		c.same.Add()
	}
	for e := range c.epochs {
		p := &c.epochs[e]
		p.fold()
		for i := range c.nodes {
			if x := &c.nodes[i].piece[e]; *x >= 0 {
				*x = p.keep(*x)
			}
		}
		for i, r := range c.above {
			if !r.Key.steady() {
				labels[i][e] = p.keep(labels[i][e])
			}
		}
		p.drop()
	}
}

// foldSteady adds what is known of labels of steady runs to their roots.
func (c *Counter) foldSteady() {
	c.same.Flatten()
	for l, root := range c.same {
		if int(root) == l {
			continue
		}
		n, whole := &c.nodes[l], &c.nodes[root]
		whole.area.Add(n.area)
		for e, x := range n.piece {
			switch {
			case whole.piece[e] < 0:
				whole.piece[e] = x
			case x >= 0:
				c.epochs[e].same.Union(whole.piece[e], x)
			}
		}
	}
}

// closed adds a steady patch that no row adds to any more to the totals of each epoch, or to the patch of which it is a
// piece.
func (c *Counter) closed(n *steady) {
	for e, x := range n.piece {
		p := &c.epochs[e]
		if x < 0 {
			p.total(n.key.In(e)).add(Total{Patches: 1, Largest: n.area})
			continue
		}
		p.nodes[p.same.Find(x)].area.Add(n.area)
	}
}

// End returns the bands of the rows since Begin, before and after.
func (c *Counter) End() (bands [2]Band) {
	c.sweep()
	var bottom [2][]Seam
	var families []int
	if c.row < c.Rows {
		families = c.families
		for e := range bottom {
			bottom[e] = c.seam(e, nil)
		}
	}
	for i := range c.nodes {
		c.closed(&c.nodes[i])
	}
	for e := range bands {
		p := &c.epochs[e]
		for i := range p.nodes { // the sweep left each patch one label
			p.closed(&p.nodes[i])
		}
		bands[e] = p.band(c.row0, c.row, bottom[e], families)
	}
	return bands
}
