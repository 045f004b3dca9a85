package landscape

import (
	"cmp"
	"slices"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/raster/sets"
)

// Map is what the class map is.
type Map struct {
	Rows  int // of the whole raster
	Conn  patch.Connectivity
	Earth *raster.Earth
}

// Band is what is known of the rows [Row0, Row1): a value that can be encoded, sent, and joined.
type Band struct {
	Row0, Row1  int
	Totals      []Total // by key; patches that are not open, and all edges inside
	Open        []Open
	Top, Bottom []Seam // first and last row; empty at the border of the raster
	// Where the runs of each family of parts end in Top and in Bottom. Those of other units come after them.
	TopFamilies, BottomFamilies []int
	Border
}

// Open is a patch that touches a row next to its band. Its edges are in Band.Totals.
type Open struct {
	Key    Key
	Area   raster.Area
	Linked int32 // position in Border.Linked, or −1
}

// Seam is a run in the first or the last row of a band.
type Seam struct {
	Run  Run
	Open int32 // position of its patch in Band.Open
}

// Total returns what is known of a key in a band that has no open patches.
func (b *Band) Total(key Key) Total {
	i, ok := slices.BinarySearchFunc(b.Totals, key, func(t Total, key Key) int { return cmp.Compare(t.Key, key) })
	if ok {
		return b.Totals[i]
	}
	return Total{Key: key}
}

// Join joins two bands, a directly above b. Neither may be used any more.
func Join(m Map, a, b Band) Band {
	j := &joiner{Map: m, border: a.Border, shift: int32(len(a.Open)), ew: m.Earth.SideEW(b.Row0)}
	shiftLinked := int32(len(a.Linked))
	j.border.append(&b.Border)
	j.open = slices.Concat(a.Open, b.Open)
	for i := range j.open[j.shift:] {
		if n := &j.open[int(j.shift)+i]; n.Linked >= 0 {
			n.Linked += shiftLinked
		}
	}
	j.same = sets.New(len(j.open))
	j.rows(&a, &b)

	out := Band{Row0: a.Row0, Row1: b.Row1, TopFamilies: a.TopFamilies, BottomFamilies: b.BottomFamilies}
	position := make([]int32, len(j.open)) // 0: not met yet, else position in out.Open, plus 1
	keep := func(seam []Seam, shift int32) []Seam {
		kept := make([]Seam, len(seam))
		for i, s := range seam {
			root := j.same.Find(s.Open + shift)
			if position[root] == 0 {
				out.Open = append(out.Open, j.open[root])
				position[root] = int32(len(out.Open))
			}
			kept[i] = Seam{s.Run, position[root] - 1}
		}
		return kept
	}
	out.Top, out.Bottom = keep(a.Top, 0), keep(b.Bottom, j.shift)
	for i := range j.open {
		if j.same[i] == int32(i) && position[i] == 0 {
			j.closed(&j.open[i])
		}
	}
	slices.SortFunc(j.more, func(a, b Total) int { return cmp.Compare(a.Key, b.Key) })
	out.Totals = merge(merge(a.Totals, b.Totals), j.more)
	out.Border = j.border
	return out
}

// joiner joins two bands along their seam.
type joiner struct {
	Map
	border Border
	open   []Open    // the open patches of the upper band, then those of the lower one
	same   sets.Sets // of open
	shift  int32     // how many open patches the upper band has
	ew     int64     // length of the side between a cell above the seam and one below it
	more   []Total   // edges on the seam, and patches that are complete now
}

// rows lets the runs on both sides of the seam between two bands touch that are of one unit, or of one family of parts.
func (j *joiner) rows(a, b *Band) {
	bottom, top := a.Bottom, b.Top
	i, k := 0, 0
	for f, end := range a.BottomFamilies {
		j.meet(bottom[i:end], top[k:b.TopFamilies[f]])
		i, k = end, b.TopFamilies[f]
	}
	for bottom, top = bottom[i:], top[k:]; len(top) > 0; {
		var here, above []Seam
		unit := top[0].Run.Key.Unit()
		here, top = unitOf(top, unit)
		for len(bottom) > 0 && bottom[0].Run.Key.Unit() < unit {
			bottom = bottom[1:]
		}
		above, bottom = unitOf(bottom, unit)
		j.meet(above, here)
	}
}

// unitOf splits runs after those of a unit, which come first, if there are any.
func unitOf(seam []Seam, unit int32) (here, rest []Seam) {
	n := 0
	for n < len(seam) && seam[n].Run.Key.Unit() == unit {
		n++
	}
	return seam[:n], seam[n:]
}

// meet lets runs touch that lie above each other, or meet at a corner.
func (j *joiner) meet(bottom, top []Seam) {
	at := 0
	for _, below := range top {
		for at < len(bottom) && bottom[at].Run.Col1 < below.Run.Col0 {
			at++
		}
		for k := at; k < len(bottom) && bottom[k].Run.Col0 <= below.Run.Col1; k++ {
			j.touch(bottom[k], below)
		}
	}
}

// touch adds the edge between two runs of different classes, joins the patches of runs of one key, and links those of
// one class in two parts.
func (j *joiner) touch(bottom, top Seam) {
	above, below := bottom.Run, top.Run
	common := min(below.Col1, above.Col1) - max(below.Col0, above.Col0) // 0 at a corner
	if above.Key.Class() != below.Key.Class() {
		switch side := int64(common) * j.ew; {
		case common <= 0:
		case above.Key.Unit() != below.Key.Unit():
			j.border.Across[pair(above.Key, below.Key)] += side
		default:
			j.more = append(j.more, Total{Key: above.Key, Edge: side}, Total{Key: below.Key, Edge: side})
		}
		return
	}
	if common <= 0 && j.Conn != patch.Eight {
		return
	}
	x, y := j.same.Find(bottom.Open), j.same.Find(top.Open+j.shift)
	switch {
	case above.Key != below.Key:
		j.border.link(j.linked(x), j.linked(y))
	case x != y:
		root := j.same.Union(x, y)
		whole, piece := &j.open[root], &j.open[x+y-root]
		whole.Area.Add(piece.Area)
		whole.Linked = j.border.unite(whole.Linked, piece.Linked)
	}
}

// linked returns the position in Border.Linked of an open patch, which it adds if need be.
func (j *joiner) linked(open int32) int32 {
	n := &j.open[open]
	if n.Linked < 0 {
		n.Linked = j.border.add(n.Key)
	}
	return n.Linked
}

// closed counts a patch that touches no other band any more.
func (j *joiner) closed(n *Open) {
	j.more = append(j.more, Total{Key: n.Key, Patches: 1, Largest: n.Area})
	if n.Linked >= 0 {
		j.border.Linked[n.Linked].Area.Add(n.Area)
	}
}
