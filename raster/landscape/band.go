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

// Linked is a patch of a part that touches one of the same class in another part. Area is unknown while the patch is open.
type Linked struct {
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

// link fills in linked patches, of which parent says which are one, and the links between them.
func (b *Band) link(patches []Linked, parent []int32, links [][2]int32) {
	position := make([]int32, len(patches))
	for i, p := range patches {
		if root := find(parent, int32(i)); int(root) == i {
			position[i] = int32(len(b.Linked))
			b.Linked = append(b.Linked, p)
		} else { // a root comes before
			position[i] = position[root]
			b.Linked[position[i]].Area.Add(p.Area)
		}
	}
	for i := range b.Open {
		if l := &b.Open[i].Linked; *l >= 0 {
			*l = position[*l]
		}
	}
	seen := map[[2]int32]bool{}
	for _, l := range links {
		x, y := position[l[0]], position[l[1]]
		if l = [2]int32{min(x, y), max(x, y)}; !seen[l] {
			seen[l] = true
			b.Links = append(b.Links, l)
		}
	}
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
	for i, l := range b.Linked {
		parent[i], area[i] = int32(i), l.Area
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

// Join joins two bands, a directly above b.
func Join(m Map, a, b Band) Band {
	out := Band{Row0: a.Row0, Row1: b.Row1, TopParts: a.TopParts, BottomParts: b.BottomParts, Across: map[[2]Key]int64{}}
	for _, part := range []Band{a, b} {
		for keys, length := range part.Across {
			out.Across[keys] += length
		}
	}
	patches, same := slices.Concat(a.Linked, b.Linked), make([]int32, 0, len(a.Linked)+len(b.Linked))
	for i := range patches {
		same = append(same, int32(i))
	}
	links := slices.Clone(a.Links)
	for _, l := range b.Links {
		links = append(links, [2]int32{l[0] + int32(len(a.Linked)), l[1] + int32(len(a.Linked))})
	}
	more := []Total{}
	nodes := slices.Concat(a.Open, b.Open)
	parent := make([]int32, len(nodes))
	for i := range parent {
		parent[i] = int32(i)
		if i >= len(a.Open) && nodes[i].Linked >= 0 {
			nodes[i].Linked += int32(len(a.Linked))
		}
	}
	shift := int32(len(a.Open))
	linkedOf := func(n *Open) int32 {
		if n.Linked < 0 {
			n.Linked = int32(len(patches))
			patches, same = append(patches, Linked{Key: n.Key}), append(same, n.Linked)
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
				links = append(links, [2]int32{linkedOf(&nodes[x]), linkedOf(&nodes[y])})
			case x != y:
				x, y = min(x, y), max(x, y)
				parent[y] = x
				nodes[x].Area.Add(nodes[y].Area)
				switch l, k := nodes[x].Linked, nodes[y].Linked; {
				case l >= 0 && k >= 0:
					l, k = find(same, l), find(same, k)
					same[max(l, k)] = min(l, k)
				case k >= 0:
					nodes[x].Linked = k
				}
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
				patches[l].Area.Add(nodes[i].Area)
			}
		}
	}
	out.link(patches, same, links)
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
