package arrangement

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// edge is a straight line between two nodes.
type edge struct {
	from, to int32
	border   int32 // in a graph: position in graph.borders
}

// use is one edge of one ring that runs along an edge of the graph.
type use struct {
	region  int32
	line    int32 // number of the edge of the ring, over all rings
	ring    int32
	forward bool // the ring leads as the edge does, so that the region lies on its left
}

// noder makes the graph of all outlines: first of the edges as they are, each once, then led through the vertices that
// lie on them, then through their crossings.
type noder struct {
	origin orb.Point
	margin float64
	at     []orb.Point // by node
	places []int32     // by hash of a square: 1 + the last vertex in it
	in     []place     // by vertex: its square
	also   []int32     // by vertex: the vertex before it in its square, −1 if there is none
	edges  []edge
	last   []int32 // by node: the last edge from it to a node of a smaller number, −1 if there is none
	older  []int32 // by edge: the one before it from the same node, −1 if there is none
	uses   [][]use // by edge
	sole   []int32 // by edge: the only ring that it is of, −1 if there are several

	tree    vector.BoxTree // of the edges as they are
	treeIDs []int32        // by edge of the tree; −1 between two lines
	unsplit *before

	pairs    [][2]int32 // edges that cross
	onEdge   []nodeOn   // vertices on edges
	doubtful bool
	children [][]int32 // by edge as it was: the edges that it is now; nil if nothing lay on any
	passed   []int32   // vertices that edges were led through
}

// before is whose borders the edges of the tree are, before they are led through anything.
type before struct {
	ids  []int32 // by edge of the tree
	uses [][]use
}

// nodeOn is a node that lies on an edge.
type nodeOn struct{ edge, node int32 }

// ulps is the margin in units in the last place of the largest coordinate. It is far more than the rounding of a
// crossing, or of the side on which a point is found.
const ulps = 1 << 10

// vast is the margin from which on products might not be finite.
const vast = 1e100

// load takes the edges of all rings, each once, and makes the tree of their boxes. It is false when an edge bounds a
// region on both sides, or coordinates are too large.
func (n *noder) load(regions []orb.MultiPolygon) bool {
	vertices := 0
	largest := 0.0
	for _, r := range regions {
		vertices += vector.Vertices(r)
		if len(r) > 0 {
			b := vector.Bound(r)
			largest = max(largest, -b.Min[0], b.Max[0], -b.Min[1], b.Max[1])
		}
	}
	if n.margin = largest * ulps * 0x1p-52; !(n.margin < vast) || vertices > math.MaxInt32/4 {
		return false
	}
	n.places = make([]int32, 2<<bits.Len(uint(vertices)))
	n.in, n.also = make([]place, 0, vertices), make([]int32, 0, vertices)
	n.last, n.older = make([]int32, 0, vertices), make([]int32, 0, vertices)
	n.at, n.edges, n.uses = make([]orb.Point, 0, vertices), make([]edge, 0, vertices), make([][]use, 0, vertices)
	first := make([]use, vertices) // most edges have one use
	line, ringNumber := int32(0), int32(0)
	var lines []orb.Ring // of edges that were not there before
	for region, r := range regions {
		for _, polygon := range r {
			for _, ring := range polygon {
				open := orb.Ring(nil)
				var from, to int32
				for i, q := range ring {
					from, to = to, n.vertex(q)
					if i == 0 || from == to {
						continue
					}
					u := use{region: int32(region), line: line, ring: ringNumber, forward: true}
					line++
					id, isNew := n.edge(from, to, &u)
					if !isNew {
						n.uses[id] = append(n.uses[id], u)
						if open != nil {
							lines, open = append(lines, open), nil
						}
						continue
					}
					n.uses[id], first = append(first[:0:1], u), first[1:]
					if open == nil {
						open = orb.Ring{n.at[from]}
					}
					open = append(open, n.at[to])
				}
				if open != nil {
					lines = append(lines, open)
				}
				ringNumber++
			}
		}
	}
	n.findSole()
	for _, uses := range n.uses {
		if len(uses) > 1 {
			slices.SortFunc(uses, func(a, b use) int { return cmp.Compare(a.region, b.region) })
			for i := 1; i < len(uses); i++ {
				if uses[i].region == uses[i-1].region {
					return false
				}
			}
		}
	}
	n.plant(lines)
	return true
}

// findSole finds the edges that are of one ring only.
func (n *noder) findSole() {
	n.sole = make([]int32, len(n.edges))
	for e, uses := range n.uses {
		if n.sole[e] = uses[0].ring; len(uses) > 1 {
			n.sole[e] = -1
		}
	}
}

// plant makes the tree of lines, whose edges follow each other as they were made.
func (n *noder) plant(lines []orb.Ring) {
	polygons := make(orb.MultiPolygon, len(lines))
	for i := range lines {
		polygons[i] = orb.Polygon(lines[i : i+1])
	}
	n.tree.Load(polygons, n.margin)
	n.treeIDs = make([]int32, len(n.tree.At))
	id := int32(0)
	from := int32(0)
	for _, end := range n.tree.Ends {
		for i := from; i < end-1; i++ {
			n.treeIDs[i] = id
			id++
		}
		n.treeIDs[end-1] = -1
		from = end
	}
}

// place is a square of the plane, with sides of squareSide margins.
type place [2]int64

const squareSide = 64

// vertex returns the node of a point: the vertex that is nearer than the margin, or else a new one.
func (n *noder) vertex(p orb.Point) int32 {
	side := squareSide * n.margin
	var at place
	var steps [2]int64 // to the neighbour that the point is near to; 0 if there is none
	for axis, x := range p {
		floor := math.Floor(x / side)
		at[axis] = int64(floor)
		switch rest := x - floor*side; {
		case rest < 2*n.margin:
			steps[axis] = -1
		case rest > side-2*n.margin:
			steps[axis] = 1
		}
	}
	if id := n.known(p, at); id >= 0 {
		return id
	}
	if steps != [2]int64{} {
		for _, k := range [3]place{{steps[0], 0}, {0, steps[1]}, {steps[0], steps[1]}} {
			if k != (place{}) {
				if id := n.known(p, place{at[0] + k[0], at[1] + k[1]}); id >= 0 {
					return id
				}
			}
		}
	}
	id, slot := int32(len(n.at)), n.slot(at)
	n.at, n.in, n.also = append(n.at, p), append(n.in, at), append(n.also, *slot-1)
	*slot = id + 1
	return id
}

// slot returns where places tells of a square. More than half of the slots are free.
func (n *noder) slot(at place) *int32 {
	h := (uint64(at[0])*0x9e3779b97f4a7c15 ^ uint64(at[1])) * 0xd6e8feb86659fd93
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	for k := h >> 32; ; k++ {
		slot := &n.places[k&uint64(len(n.places)-1)]
		if *slot == 0 || n.in[*slot-1] == at {
			return slot
		}
	}
}

// known returns the vertex in a square that is nearer to a point than the margin, −1 if there is none.
func (n *noder) known(p orb.Point, at place) int32 {
	id := *n.slot(at) - 1
	for ; id >= 0 && !near(p, n.at[id], n.margin); id = n.also[id] {
	}
	return id
}

// edge returns the edge between two nodes. When it leads the other way, so does what uses it.
func (n *noder) edge(a, b int32, u *use) (id int32, isNew bool) {
	larger := max(a, b) // where lines fan out, the edges of most of them end in nodes that came later
	for int(larger) >= len(n.last) {
		n.last = append(n.last, -1)
	}
	for id = n.last[larger]; id >= 0; id = n.older[id] {
		if e := &n.edges[id]; e.from == a && e.to == b {
			return id, false
		} else if e.from == b && e.to == a {
			u.forward = !u.forward
			return id, false
		}
	}
	id = int32(len(n.edges))
	n.older, n.last[larger] = append(n.older, n.last[larger]), id
	n.edges = append(n.edges, edge{from: a, to: b})
	n.uses = append(n.uses, nil)
	return id, true
}

// findPairs finds the edges that cross, and the vertices that lie on edges. It is false when a position is in doubt.
func (n *noder) findPairs() bool {
	t := &n.tree
	for _, r := range t.Runs {
		for i := r.From; i < r.To; i++ {
			for k := i + 1; k < r.To; k++ {
				n.pair(n.treeIDs[i], n.treeIDs[k])
			}
		}
	}
	t.OwnPairs(func(i, k int) bool {
		var listA, listB [vector.Fan]int32
		nearA := t.Near(i, t.Box(k), &listA)
		if len(nearA) == 0 {
			return true
		}
		nearB := t.Near(k, t.Box(i), &listB)
		for _, i := range nearA {
			for _, k := range nearB {
				n.pair(n.treeIDs[i], n.treeIDs[k])
			}
		}
		return !n.doubtful
	})
	return !n.doubtful
}

// pair looks at two edges.
func (n *noder) pair(e, f int32) {
	if n.sole[e] >= 0 && n.sole[e] == n.sole[f] {
		return // a ring does not meet itself
	}
	p, q := n.at[n.edges[e].from], n.at[n.edges[e].to]
	r, s := n.at[n.edges[f].from], n.at[n.edges[f].to]
	m := n.margin
	if min(r[0], s[0])-m > max(p[0], q[0]) || max(r[0], s[0])+m < min(p[0], q[0]) ||
		min(r[1], s[1])-m > max(p[1], q[1]) || max(r[1], s[1])+m < min(p[1], q[1]) {
		return
	}
	sideR, sideS := n.side(p, q, r), n.side(p, q, s)
	if sideR*sideS > 0 {
		return
	}
	sideP, sideQ := n.side(r, s, p), n.side(r, s, q)
	switch {
	case sideP*sideQ > 0:
	case sideR != 0 && sideS != 0 && sideP != 0 && sideQ != 0:
		n.pairs = append(n.pairs, [2]int32{e, f})
	default:
		n.touch(e, f, n.edges[f].from, sideR)
		n.touch(e, f, n.edges[f].to, sideS)
		n.touch(f, e, n.edges[e].from, sideP)
		n.touch(f, e, n.edges[e].to, sideQ)
	}
}

// touch looks whether a node, which is an end of other and on that side of the line of an edge, lies on the edge.
func (n *noder) touch(e, other, node int32, side int) {
	ends := &n.edges[e]
	if side != 0 || node == ends.from || node == ends.to {
		return
	}
	p, q, x := n.at[ends.from], n.at[ends.to], n.at[node]
	axis := 0
	if math.Abs(q[1]-p[1]) > math.Abs(q[0]-p[0]) {
		axis = 1
	}
	low, high := min(p[axis], q[axis]), max(p[axis], q[axis])
	switch {
	case x[axis] > low+n.margin && x[axis] < high-n.margin:
		n.onEdge = append(n.onEdge, nodeOn{e, node})
	case x[axis] < low-n.margin || x[axis] > high+n.margin:
	case near(x, p, 2*n.margin) || near(x, q, 2*n.margin):
		n.doubtful = true
	}
}

func near(p, q orb.Point, margin float64) bool {
	return math.Abs(p[0]-q[0]) <= margin && math.Abs(p[1]-q[1]) <= margin
}

// side is positive if r lies on the left of the line from p to q, negative if on its right, 0 if it is nearer to the
// line than the margin, about.
func (n *noder) side(p, q, r orb.Point) int {
	d, e := orb.Point{q[0] - p[0], q[1] - p[1]}, orb.Point{r[0] - p[0], r[1] - p[1]}
	det, doubt := d[0]*e[1]-d[1]*e[0], n.margin*(math.Abs(d[0])+math.Abs(d[1]))
	switch {
	case det > doubt:
		return 1
	case det < -doubt:
		return -1
	}
	return 0
}

// splitAtVertices leads edges through the vertices that lie on them; parts that are equal become one edge. It is false
// when an edge bounds a region on both sides then.
func (n *noder) splitAtVertices() bool {
	n.unsplit = &before{ids: n.treeIDs, uses: n.uses}
	if len(n.onEdge) == 0 {
		return true
	}
	olds, oldUses := n.edges, n.uses
	n.edges, n.uses = make([]edge, 0, len(olds)+len(n.onEdge)), make([][]use, 0, len(olds)+len(n.onEdge))
	n.last, n.older = n.last[:0], n.older[:0]
	n.sortAlong(olds)
	n.children = make([][]int32, len(olds))
	on := n.onEdge
	for _, x := range on {
		n.passed = append(n.passed, x.node)
	}
	for e, old := range olds {
		from := old.from
		for {
			to := old.to
			last := len(on) == 0 || on[0].edge != int32(e)
			if !last {
				to, on = on[0].node, on[1:]
			}
			n.add(e, from, to, oldUses[e])
			if from = to; last {
				break
			}
		}
	}
	for _, uses := range n.uses {
		slices.SortFunc(uses, func(a, b use) int { return cmp.Compare(a.region, b.region) })
		for i := 1; i < len(uses); i++ {
			if uses[i].region == uses[i-1].region {
				return false
			}
		}
	}
	return true
}

// add adds a part of an edge that was there before.
func (n *noder) add(e int, from, to int32, uses []use) {
	along := use{forward: true}
	id, _ := n.edge(from, to, &along)
	n.children[e] = append(n.children[e], id)
	for _, u := range uses {
		u.forward = u.forward == along.forward
		n.uses[id] = append(n.uses[id], u)
	}
}

// sortAlong sorts the nodes on edges by the edge and then along it, each once.
func (n *noder) sortAlong(edges []edge) {
	slices.SortFunc(n.onEdge, func(a, b nodeOn) int {
		if a.edge != b.edge {
			return cmp.Compare(a.edge, b.edge)
		}
		from := n.at[edges[a.edge].from]
		return cmp.Or(cmp.Compare(distance(from, n.at[a.node]), distance(from, n.at[b.node])), cmp.Compare(a.node, b.node))
	})
	n.onEdge = slices.Compact(n.onEdge)
}

func distance(p, q orb.Point) float64 { return math.Abs(q[0]-p[0]) + math.Abs(q[1]-p[1]) }

// cross finds the crossings of all pairs, and sorts them along the edges. It is false when one is in doubt.
func (n *noder) cross() bool {
	if n.children != nil {
		if n.pairs = n.childPairs(); n.doubtful || len(n.onEdge) > 0 {
			return false
		}
	}
	n.onEdge = n.onEdge[:0]
	for _, pair := range n.pairs {
		e, f := n.edges[pair[0]], n.edges[pair[1]]
		p, q, r, s := n.at[e.from], n.at[e.to], n.at[f.from], n.at[f.to]
		x := crossingPoint(p, q, r, s)
		if !between(p, q, x) || !between(r, s, x) {
			return false
		}
		node := int32(len(n.at))
		n.at = append(n.at, x)
		n.onEdge = append(n.onEdge, nodeOn{pair[0], node}, nodeOn{pair[1], node})
	}
	n.sortAlong(n.edges)
	for i, x := range n.onEdge {
		e := n.edges[x.edge]
		before := e.from
		if i > 0 && n.onEdge[i-1].edge == x.edge {
			before = n.onEdge[i-1].node
		}
		if distance(n.at[before], n.at[x.node]) <= n.margin || distance(n.at[e.to], n.at[x.node]) <= n.margin {
			return false
		}
	}
	return true
}

// childPairs returns the pairs of edges that cross after edges were led through vertices.
func (n *noder) childPairs() [][2]int32 {
	olds := n.pairs
	n.pairs = nil
	n.onEdge = n.onEdge[:0]
	n.findSole()
	for _, old := range olds {
		for _, e := range n.children[old[0]] {
			for _, f := range n.children[old[1]] {
				n.pair(min(e, f), max(e, f))
			}
		}
	}
	slices.SortFunc(n.pairs, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(n.pairs)
}

func between(p, q, x orb.Point) bool {
	return min(p[0], q[0]) <= x[0] && x[0] <= max(p[0], q[0]) && min(p[1], q[1]) <= x[1] && x[1] <= max(p[1], q[1])
}
