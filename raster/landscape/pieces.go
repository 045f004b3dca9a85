package landscape

import (
	"slices"

	"greenshield/raster"
	"greenshield/raster/sets"
)

// pieces is what a band has in one epoch besides the steady patches: labels of pieces of patches, whose runs are of
// another class in the other epoch, or touch such runs, another part, or another band.
type pieces struct {
	same        sets.Sets // of labels: those of one patch
	nodes, left []node    // by label; and the memory for the nodes that a sweep leaves
	open        []Open    // open patches, and pieces of them
	sameOpen    sets.Sets // of open: pieces of one patch
	top         []Seam    // with positions in open
	topFamilies []int
	totals      []Total // by key
	touched     []Key   // the keys of totals that are not empty
	border      Border
}

// node is what is known of the runs with a label.
type node struct {
	area   raster.Area
	key    Key
	open   int32 // position in pieces.open if there are runs in the first row, otherwise −1
	linked int32 // position in Border.Linked, or −1
	kept   int32 // during a sweep: the new label of a root that stays, otherwise −1
}

func (p *pieces) begin() {
	p.same, p.nodes = p.same[:0], p.nodes[:0]
	p.open, p.sameOpen, p.top, p.topFamilies = p.open[:0], p.sameOpen[:0], p.top[:0], nil
	b := &p.border
	b.Linked, b.Same, b.Links, b.Across = b.Linked[:0], b.Same[:0], b.Links[:0], map[[2]Key]int64{}
}

// add returns a new label.
func (p *pieces) add(key Key) int32 {
	p.nodes = append(p.nodes, node{key: key, open: -1, linked: -1, kept: -1})
	return p.same.Add()
}

// linked returns the position in Border.Linked of a label's patch, which it adds if need be.
func (p *pieces) linked(label int32) int32 {
	n := &p.nodes[p.same.Find(label)]
	if n.linked < 0 {
		n.linked = p.border.add(n.key)
	}
	return n.linked
}

// opened returns the position in pieces.open of a label's patch, which it adds if need be.
func (p *pieces) opened(label int32) int32 {
	n := &p.nodes[p.same.Find(label)]
	if n.open < 0 {
		n.open = p.sameOpen.Add()
		p.open = append(p.open, Open{Key: n.key, Linked: -1})
	}
	return n.open
}

// fold adds what is known of labels to their roots, of which each is the parent of its labels then.
func (p *pieces) fold() {
	p.same.Flatten()
	for label, root := range p.same {
		if int(root) == label {
			continue
		}
		n, whole := &p.nodes[label], &p.nodes[root]
		whole.area.Add(n.area)
		whole.linked = p.border.unite(whole.linked, n.linked)
		switch {
		case whole.open < 0:
			whole.open = n.open
		case n.open >= 0:
			p.sameOpen.Union(whole.open, n.open)
		}
	}
	p.left = p.left[:0]
}

// keep returns the label that one has after a sweep. It is called between fold and drop.
func (p *pieces) keep(label int32) int32 {
	root := &p.nodes[p.same[label]]
	if root.kept < 0 {
		p.left = append(p.left, *root)
		root.kept = int32(len(p.left)) - 1
	}
	return root.kept
}

// drop closes the patches that are not kept, and numbers the other ones anew, with one label each.
func (p *pieces) drop() {
	for label, root := range p.same {
		if n := &p.nodes[label]; int(root) == label && n.kept < 0 {
			p.closed(n)
		}
	}
	p.nodes, p.left = p.left, p.nodes
	p.same = p.same[:0]
	for range p.nodes {
		p.same.Add()
	}
}

// closed adds a patch that no row adds to any more to the totals, or to the open patches.
func (p *pieces) closed(n *node) {
	if n.open < 0 {
		p.total(n.key).add(Total{Patches: 1, Largest: n.area})
		if n.linked >= 0 {
			p.border.Linked[n.linked].Area.Add(n.area)
		}
		return
	}
	o := &p.open[n.open]
	o.Area.Add(n.area)
	o.Linked = p.border.unite(o.Linked, n.linked)
}

// total returns what is known of a key in the band.
func (p *pieces) total(k Key) *Total {
	if int(k) >= len(p.totals) {
		p.totals = slices.Grow(p.totals, int(k)+1-len(p.totals))
		p.totals = p.totals[:cap(p.totals)]
	}
	t := &p.totals[k]
	if !t.known() {
		t.Key = k
		p.touched = append(p.touched, k)
	}
	return t
}

// band returns the band of the rows [row0, row1), which ends with those runs; in them families of parts end there.
func (p *pieces) band(row0, row1 int, bottom []Seam, families []int) Band {
	b := Band{Row0: row0, Row1: row1, Top: slices.Clone(p.top), TopFamilies: p.topFamilies,
		Bottom: bottom, BottomFamilies: slices.Clone(families)}
	position := p.wholes(&b)
	for _, seam := range [...][]Seam{b.Top, b.Bottom} {
		for i := range seam {
			seam[i].Open = position[seam[i].Open]
		}
	}
	b.Border = p.borderSoFar()
	slices.Sort(p.touched)
	b.Totals = make([]Total, len(p.touched))
	for i, k := range p.touched {
		b.Totals[i] = p.totals[k]
		p.totals[k] = Total{}
	}
	p.touched = p.touched[:0]
	return b
}

// wholes makes the open patches of a band from their pieces, and returns each piece's position in Band.Open.
func (p *pieces) wholes(b *Band) []int32 {
	p.sameOpen.Flatten()
	position := make([]int32, len(p.open))
	for i, o := range p.open {
		root := p.sameOpen[i]
		if int(root) == i {
			position[i] = int32(len(b.Open))
			b.Open = append(b.Open, o)
			continue
		}
		position[i] = position[root]
		whole := &b.Open[position[i]]
		whole.Area.Add(o.Area)
		whole.Linked = p.border.unite(whole.Linked, o.Linked)
	}
	return position
}

// borderSoFar returns the border in memory of its own, with each link once.
func (p *pieces) borderSoFar() Border {
	b := &p.border
	b.Same.Flatten()
	packed := make([]uint64, len(b.Links))
	for i, l := range b.Links {
		x, y := b.Same[l[0]], b.Same[l[1]]
		packed[i] = uint64(min(x, y))<<32 | uint64(max(x, y))
	}
	slices.Sort(packed) // numbers are sorted several times as fast as pairs
	packed = slices.Compact(packed)
	links := make([][2]int32, len(packed))
	for i, l := range packed {
		links[i] = [2]int32{int32(l >> 32), int32(l)}
	}
	return Border{slices.Clone(b.Linked), slices.Clone(b.Same), links, b.Across}
}
