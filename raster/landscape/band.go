package landscape

import (
	"cmp"
	"slices"

	"greenshield/raster"
	"greenshield/raster/patch"
)

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
	Key    Key
	Area   raster.Area
	Linked int32 // position in Band.Linked, or −1
}

// Linked is a patch of a part that touches one of the same class in another part, or a piece of one. Its area is unknown while it is open.
type Linked struct {
	Key    Key
	Area   raster.Area
	Parent int32 // position of an earlier piece of the same patch, or its own
}

func linkedRoot(linked []Linked, i int32) int32 {
	for linked[i].Parent != i {
		linked[i].Parent = linked[linked[i].Parent].Parent
		i = linked[i].Parent
	}
	return i
}

// oneLinked makes two pieces one patch, and returns its position; −1 is none.
func oneLinked(linked []Linked, a, b int32) int32 {
	if a < 0 || b < 0 {
		return max(a, b)
	}
	a, b = linkedRoot(linked, a), linkedRoot(linked, b)
	linked[max(a, b)].Parent = min(a, b)
	return min(a, b)
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
	TopParts    int    // so many runs of Top are those of parts
	BottomParts int

	Linked []Linked
	Links  [][2]int32       // of Linked: which of them touch
	Across map[[2]Key]int64 // sides between cells of two parts and classes, the smaller key first
}

// Total returns what is known of a key in a band that has no open patches.
func (b *Band) Total(key Key) Total {
	if i, ok := slices.BinarySearchFunc(b.Totals, key, func(t Total, key Key) int { return cmp.Compare(t.Key, key) }); ok {
		return b.Totals[i]
	}
	return Total{Key: key}
}

// find returns the root of i in a union-find structure in which parents come first, and shortens the way.
func find(parent []int32, i int32) int32 {
	for parent[i] != i {
		parent[i] = parent[parent[i]]
		i = parent[i]
	}
	return i
}

// Groups returns, by key, the totals of units made of parts, in a band that has no open patches. of returns the unit that a part belongs
// to, or −1.
func (b *Band) Groups(of func(part int32) int32) map[Key]Total {
	all := map[Key]Total{}
	add := func(k Key, t Total) {
		if group := of(k.Unit()); group >= 0 {
			t.Key = KeyOf(group, k.Class())
			sum := all[t.Key]
			sum.Key = t.Key
			sum.add(t)
			all[t.Key] = sum
		}
	}
	for _, t := range b.Totals {
		add(t.Key, t)
	}
	same := func(k, l Key) bool { return of(k.Unit()) >= 0 && of(k.Unit()) == of(l.Unit()) }
	for keys, length := range b.Across {
		if same(keys[0], keys[1]) {
			add(keys[0], Total{Edge: length})
			add(keys[1], Total{Edge: length})
		}
	}
	parent, area := make([]int32, len(b.Linked)), make([]raster.Area, len(b.Linked))
	for i := range b.Linked { // a root comes before its pieces
		parent[i] = linkedRoot(b.Linked, int32(i))
		area[parent[i]].Add(b.Linked[i].Area)
	}
	for _, l := range b.Links {
		if key := b.Linked[l[0]].Key; same(key, b.Linked[l[1]].Key) {
			if x, y := find(parent, l[0]), find(parent, l[1]); x != y {
				x, y = min(x, y), max(x, y)
				parent[y] = x
				area[x].Add(area[y])
				add(key, Total{Patches: -1, Largest: area[x]}) // one less; the larger, the later
			}
		}
	}
	return all
}

// Join joins two bands, a directly above b. Neither may be used any more.
func Join(m Map, a, b Band) Band {
	out := Band{Row0: a.Row0, Row1: b.Row1, TopParts: a.TopParts, BottomParts: b.BottomParts, Linked: a.Linked, Links: a.Links, Across: a.Across}
	if out.Across == nil {
		out.Across = map[[2]Key]int64{}
	}
	for keys, length := range b.Across {
		out.Across[keys] += length
	}
	later := int32(len(a.Linked)) // is added to positions in b.Linked
	for _, l := range b.Linked {
		l.Parent += later
		out.Linked = append(out.Linked, l)
	}
	for _, l := range b.Links {
		out.Links = append(out.Links, [2]int32{l[0] + later, l[1] + later})
	}
	more := []Total{}
	nodes := slices.Concat(a.Open, b.Open)
	parent := make([]int32, len(nodes))
	for i := range parent {
		parent[i] = int32(i)
		if i >= len(a.Open) && nodes[i].Linked >= 0 {
			nodes[i].Linked += later
		}
	}
	shift := int32(len(a.Open))
	linkedOf := func(n *Open) int32 {
		if n.Linked < 0 {
			n.Linked = int32(len(out.Linked))
			out.Linked = append(out.Linked, Linked{Key: n.Key, Parent: n.Linked})
		}
		return n.Linked
	}
	ew := m.Earth.SideEW(b.Row0)
	touch := func(a, b Seam) {
		above, r := a.Run, b.Run
		switch common := min(r.Col1, above.Col1) - max(r.Col0, above.Col0); {
		case above.Key.Class() != r.Key.Class():
			switch side := int64(max(common, 0)) * ew; {
			case side == 0:
			case above.Key.Unit() != r.Key.Unit():
				out.Across[pair(above.Key, r.Key)] += side
			default:
				more = append(more, Total{Key: above.Key, Edge: side}, Total{Key: r.Key, Edge: side})
			}
		case common > 0 || m.Conn == patch.Eight:
			x, y := find(parent, a.Open), find(parent, b.Open+shift)
			switch {
			case above.Key != r.Key:
				out.Links = append(out.Links, [2]int32{linkedOf(&nodes[x]), linkedOf(&nodes[y])})
			case x != y:
				x, y = min(x, y), max(x, y)
				parent[y] = x
				nodes[x].Area.Add(nodes[y].Area)
				nodes[x].Linked = oneLinked(out.Linked, nodes[x].Linked, nodes[y].Linked)
			}
		}
	}
	// meet lets runs touch that lie above each other, or meet at a corner: those of one unit, or of all parts.
	meet := func(bottom, top []Seam) {
		at := 0
		for _, below := range top {
			for at < len(bottom) && bottom[at].Run.Col1 < below.Run.Col0 {
				at++
			}
			for k := at; k < len(bottom) && bottom[k].Run.Col0 <= below.Run.Col1; k++ {
				touch(bottom[k], below)
			}
		}
	}
	meet(a.Bottom[:a.BottomParts], b.Top[:b.TopParts])
	for bottom, top := a.Bottom[a.BottomParts:], b.Top[b.TopParts:]; len(top) > 0; {
		var here, above []Seam
		unit := top[0].Run.Key.Unit()
		here, top = unitOf(top, unit)
		for len(bottom) > 0 && bottom[0].Run.Key.Unit() < unit {
			bottom = bottom[1:]
		}
		above, bottom = unitOf(bottom, unit)
		meet(above, here)
	}
	position := make([]int32, len(nodes)) // 0: not seen, else position in out.Open + 1
	keep := func(seam []Seam, shift int32) []Seam {
		kept := make([]Seam, len(seam))
		for i, s := range seam {
			root := find(parent, s.Open+shift)
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
			if l := nodes[i].Linked; l >= 0 {
				out.Linked[l].Area.Add(nodes[i].Area)
			}
		}
	}
	slices.SortFunc(more, func(a, b Total) int { return cmp.Compare(a.Key, b.Key) })
	out.Totals = merge(merge(a.Totals, b.Totals), more)
	return out
}

// unitOf parts runs, which begin with those of a unit, if any.
func unitOf(seam []Seam, unit int32) (here, rest []Seam) {
	n := 0
	for n < len(seam) && seam[n].Run.Key.Unit() == unit {
		n++
	}
	return seam[:n], seam[n:]
}

// merge adds up two lists of totals in the order of keys.
func merge(a, b []Total) []Total {
	out := make([]Total, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].Key < b[0].Key {
			a, b = b, a
		}
		if n := len(out); n > 0 && out[n-1].Key == b[0].Key {
			out[n-1].add(b[0])
		} else {
			out = append(out, b[0])
		}
		b = b[1:]
	}
	return out
}
