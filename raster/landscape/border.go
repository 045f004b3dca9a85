package landscape

import (
	"slices"

	"greenshield/raster"
	"greenshield/raster/sets"
)

// Border is what is known of where parts touch each other.
type Border struct {
	Linked []Linked
	Same   sets.Sets        // of Linked: pieces of one patch
	Links  [][2]int32       // pairs of Linked that touch
	Across map[[2]Key]int64 // length of the sides between cells of two parts and two classes, the smaller key first
}

// Linked is a patch of a part, or a piece of one, that touches a patch of the same class in another part.
type Linked struct {
	Key  Key
	Area raster.Area // 0 while the patch is open
}

// add adds a piece that is linked to nothing yet, and returns its position.
func (b *Border) add(key Key) int32 {
	b.Linked = append(b.Linked, Linked{Key: key})
	return b.Same.Add()
}

// unite makes two pieces one patch and returns its position; −1 stands for a piece that is linked to nothing.
func (b *Border) unite(x, y int32) int32 {
	if x < 0 || y < 0 {
		return max(x, y)
	}
	return b.Same.Union(x, y)
}

// link notes that two pieces touch. Pieces touch along stretches, so the same note often comes many times in a row.
func (b *Border) link(x, y int32) {
	link := [2]int32{x, y}
	if n := len(b.Links); n == 0 || b.Links[n-1] != link {
		b.Links = append(b.Links, link)
	}
}

// append adds what is known of another border, whose pieces come after those of b.
func (b *Border) append(o *Border) {
	if b.Across == nil {
		b.Across = map[[2]Key]int64{}
	}
	for keys, length := range o.Across {
		b.Across[keys] += length
	}
	shift := int32(len(b.Linked))
	b.Linked = append(b.Linked, o.Linked...)
	for _, parent := range o.Same {
		b.Same = append(b.Same, parent+shift)
	}
	for _, l := range o.Links {
		b.Links = append(b.Links, [2]int32{l[0] + shift, l[1] + shift})
	}
}

// pair is two keys, the smaller one first.
func pair(a, b Key) [2]Key { return [2]Key{min(a, b), max(a, b)} }

// Groups returns, by key, the totals of units made of parts, in a band that has no open patches. of returns the unit
// that a part belongs to, or −1.
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
	together := func(k, l Key) bool { return of(k.Unit()) >= 0 && of(k.Unit()) == of(l.Unit()) }
	for keys, length := range b.Across {
		if together(keys[0], keys[1]) {
			add(keys[0], Total{Edge: length})
			add(keys[1], Total{Edge: length})
		}
	}
	same, area := slices.Clone(b.Same), make([]raster.Area, len(b.Linked)) // by root
	for i := range b.Linked {
		area[same.Find(int32(i))].Add(b.Linked[i].Area)
	}
	for _, l := range b.Links {
		key := b.Linked[l[0]].Key
		if !together(key, b.Linked[l[1]].Key) {
			continue
		}
		if x, y := same.Find(l[0]), same.Find(l[1]); x != y {
			root := same.Union(x, y)
			area[root].Add(area[x+y-root])
			add(key, Total{Patches: -1, Largest: area[root]}) // two patches are one now, and larger than before
		}
	}
	return all
}
