package arrangement

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// graph is the edges of all outlines between their nodes. Half-edge 2e leads along edge e, half-edge 2e+1 back.
type graph struct {
	at      []orb.Point // by node
	split   []bool      // by node: an edge of some region was led through it
	edges   []edge
	borders [][]use // by edge.border

	// The half-edges that leave node i are out[star[i]:star[i+1]]. Where they are more than two they stand
	// counter-clockwise, from the direction east on.
	star []int32
	out  []int32
}

// graph makes the graph, without stars; every edge ends at its crossings.
func (n *noder) graph() graph {
	g := graph{at: n.at, borders: n.uses, split: make([]bool, len(n.at))}
	for _, node := range n.passed {
		g.split[node] = true
	}
	g.edges = make([]edge, 0, len(n.edges)+len(n.onEdge))
	on := n.onEdge
	for e, whole := range n.edges {
		part := edge{from: whole.from, border: int32(e)}
		for len(on) > 0 && on[0].edge == int32(e) {
			part.to, on = on[0].node, on[1:]
			g.split[part.to] = true
			g.edges = append(g.edges, part)
			part.from = part.to
		}
		part.to = whole.to
		g.edges = append(g.edges, part)
	}
	return g
}

// start returns the node that a half-edge leaves, and end the one to which it leads.
func (g *graph) start(half int32) int32 { return g.end(half ^ 1) }

func (g *graph) end(half int32) int32 {
	if e := &g.edges[half>>1]; half&1 == 0 {
		return e.to
	} else {
		return e.from
	}
}

// leaving returns the half-edges that leave a node.
func (g *graph) leaving(node int32) []int32 { return g.out[g.star[node]:g.star[node+1]] }

// makeStars finds the half-edges that leave each node. It is false when the order of two is in doubt.
func (g *graph) makeStars() bool {
	g.star = make([]int32, len(g.at)+2)
	for _, e := range g.edges {
		g.star[e.from+2]++
		g.star[e.to+2]++
	}
	for i := 2; i < len(g.star); i++ {
		g.star[i] += g.star[i-1]
	}
	g.out = make([]int32, 2*len(g.edges))
	for half := range int32(2 * len(g.edges)) {
		node := g.start(half)
		g.out[g.star[node+1]] = half
		g.star[node+1]++
	}
	g.star = g.star[:len(g.at)+1]
	for node := range g.at {
		if s := g.leaving(int32(node)); len(s) > 2 && !g.turnSort(s) {
			return false
		}
	}
	return true
}

// turnSort sorts half-edges that leave one node counter-clockwise, from the direction east on. It is false when the
// order of two is in doubt.
func (g *graph) turnSort(halves []int32) bool {
	sure := true
	slices.SortFunc(halves, func(a, b int32) int {
		o, p, q := g.at[g.start(a)], g.at[g.end(a)], g.at[g.end(b)]
		upper := func(p orb.Point) bool { return p[1] > o[1] || p[1] == o[1] && p[0] > o[0] }
		switch {
		case a == b:
			return 0
		case upper(p) != upper(q):
			if upper(p) {
				return -1
			}
			return 1
		}
		turn := turnOf(o, p, q)
		sure = sure && turn != 0
		return -turn
	})
	return sure
}

// turnOf is 1 if the direction from o to q lies counter-clockwise of that from o to p, −1 if clockwise, both by less
// than half a turn; 0 if that is in doubt.
func turnOf(o, p, q orb.Point) int {
	l, r := (p[0]-o[0])*(q[1]-o[1]), (p[1]-o[1])*(q[0]-o[0])
	if size := math.Abs(l) + math.Abs(r); math.Abs(l-r) > 0x1p-50*size {
		return cmp.Compare(l, r)
	}
	du, dv := difference(p[0], o[0]), difference(p[1], o[1])
	eu, ev := difference(q[0], o[0]), difference(q[1], o[1])
	left, right := du.times(ev), dv.times(eu)
	if d := left.minus(right).hi; math.Abs(d) > 0x1p-98*(math.Abs(left.hi)+math.Abs(right.hi)) {
		return cmp.Compare(d, 0)
	}
	return 0
}
