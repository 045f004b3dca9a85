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
	Patches int64  // maximal connected sets of its cells
	Largest uint64 // area of the largest one, in units of raster.AreaUnitM2
	Edge    int64  // sides between a cell of the key and one of another class in the unit, in units of raster.SideUnitM
}

// known tells that something was added: patches, or edges, which have a length.
func (t *Total) known() bool { return t.Patches > 0 || t.Edge > 0 }

func (t *Total) add(o Total) {
	t.Patches += o.Patches
	t.Largest = max(t.Largest, o.Largest)
	t.Edge += o.Edge
}

// Open is a patch that touches a row next to its band.
type Open struct {
	Key  Key
	Area uint64
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
type Counter struct {
	Map
	row0, row   int
	above, here []Run
	labels      [2][]int32 // of the runs above and here
	parent      []int32    // union-find; of labels that are one patch the smallest is the root
	area        []uint64   // by label
	keys        []Key      // by label
	top         []Seam     // with labels for positions
	totals      []Total    // by key
	touched     []Key      // those of them that are not empty
	open        []int32
}

// NewCounter returns a counter for bands of m.
func NewCounter(m Map) *Counter { return &Counter{Map: m} }

// Begin starts a band at a row.
func (c *Counter) Begin(row int) {
	c.row0, c.row = row, row
	c.above, c.parent, c.area, c.keys, c.top = c.above[:0], c.parent[:0], c.area[:0], c.keys[:0], c.top[:0]
}

// Row takes the next row: runs by unit, then column; those of one unit do not overlap. area is that of the row. The runs are
// copied.
func (c *Counter) Row(runs []Run, area *raster.RowArea) {
	c.here = append(c.here[:0], runs...)
	here, above := c.here, c.above
	labels := slices.Grow(c.labels[1][:0], len(here))[:len(here)]
	c.labels[1] = labels
	labelsAbove := c.labels[0]
	ns, ew := c.Earth.SideNS(c.row), c.Earth.SideEW(c.row)
	at := 0
	for i := range here {
		r := here[i]
		unit := r.Key >> classBits
		if i > 0 && here[i-1].Col1 == r.Col0 && here[i-1].Key>>classBits == unit && here[i-1].Key != r.Key {
			c.total(here[i-1].Key).Edge += ns
			c.total(r.Key).Edge += ns
		}
		for at < len(above) && (above[at].Key>>classBits < unit || above[at].Key>>classBits == unit && above[at].Col1 < r.Col0) {
			at++
		}
		label := int32(-1)
		for k := at; k < len(above) && above[k].Col0 <= r.Col1 && above[k].Key>>classBits == unit; k++ {
			common := min(r.Col1, above[k].Col1) - max(r.Col0, above[k].Col0) // 0 at a corner
			if above[k].Key != r.Key {
				if common > 0 {
					c.total(above[k].Key).Edge += int64(common) * ew
					c.total(r.Key).Edge += int64(common) * ew
				}
				continue
			}
			if common == 0 && c.Conn == patch.Four {
				continue
			}
			root := c.find(labelsAbove[k])
			switch {
			case label < 0:
				label = root
			case label != root:
				label, root = min(label, root), max(label, root)
				c.parent[root] = label
				c.area[label] += c.area[root]
			}
		}
		if label < 0 {
			label = int32(len(c.parent))
			c.parent, c.area, c.keys = append(c.parent, label), append(c.area, 0), append(c.keys, r.Key)
		}
		labels[i] = label
		c.area[label] += area.Run(int(r.Col0), int(r.Col1))
	}
	if c.row == c.row0 && c.row0 > 0 {
		for i, r := range here {
			c.top = append(c.top, Seam{r, labels[i]})
		}
	}
	c.row++
	c.above, c.here = here, above
	c.labels[0], c.labels[1] = labels, labelsAbove
}

func (c *Counter) find(i int32) int32 {
	for c.parent[i] != i {
		c.parent[i] = c.parent[c.parent[i]]
		i = c.parent[i]
	}
	return i
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
	b := Band{Row0: c.row0, Row1: c.row}
	const closed = -1
	open := slices.Grow(c.open[:0], len(c.parent))[:len(c.parent)] // by root: position in b.Open
	c.open = open
	for i := range open {
		open[i] = closed
	}
	position := func(label int32) int32 {
		root := c.find(label)
		if open[root] == closed {
			open[root] = int32(len(b.Open))
			b.Open = append(b.Open, Open{c.keys[root], c.area[root]})
		}
		return open[root]
	}
	for _, s := range c.top {
		b.Top = append(b.Top, Seam{s.Run, position(s.Open)})
	}
	if c.row < c.Rows {
		for i, r := range c.above {
			b.Bottom = append(b.Bottom, Seam{r, position(c.labels[0][i])})
		}
	}
	for label, parent := range c.parent {
		if int(parent) == label && open[label] == closed {
			c.total(c.keys[label]).add(Total{Patches: 1, Largest: c.area[label]})
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
					nodes[x].Area += nodes[y].Area
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
