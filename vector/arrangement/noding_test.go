package arrangement

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// TestNodesAndEdgesAgainstMaps: the vertex of a square, and the edge between two nodes either way, are those that maps
// find, with all squares side by side, far apart, or in one row, and with many edges at one node.
func TestNodesAndEdgesAgainstMaps(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	again, backward := 0, 0
	for range 200 {
		const points = 300
		n := noder{margin: 1e-3 * (1 + rng.Float64()), places: make([]int32, 2<<bits.Len(points))}
		size := 1 + rng.IntN(100)
		step := orb.Point{n.margin * float64(1+rng.IntN(9000)), float64(rng.IntN(3))}
		squares, ids := map[place]int32{}, map[[2]int32]int32{}
		for range points {
			p := orb.Point{float64(rng.IntN(size)-size/2) * step[0], float64(rng.IntN(size)-size/2) * step[1]}
			nodes := int32(len(n.at))
			v := n.vertex(p)
			if v == nodes {
				squares[n.in[v]] = v
			} else if !near(n.at[v], p, n.margin) {
				t.Fatalf("%v is node %d, which is at %v", p, v, n.at[v])
			}
			for w := range nodes {
				if v == nodes && near(n.at[w], p, n.margin) {
					t.Fatalf("%v is a node of its own, and near %v", p, n.at[w])
				}
			}
		}
		for at, want := range squares {
			if got := *n.slot(at) - 1; got != want {
				t.Fatalf("the last vertex in %v is %d, want %d", at, got, want)
			}
			if _, some := squares[place{at[1], at[0]}]; *n.slot(place{at[1], at[0]}) > 0 != some {
				t.Fatalf("%v is known: %v", place{at[1], at[0]}, !some)
			}
		}
		nodes := int32(len(n.at) + 5) // crossings are no vertices
		for range 500 {
			a, b := rng.Int32N(nodes), rng.Int32N(nodes)
			if rng.IntN(2) == 0 {
				a = nodes / 2
			}
			if a == b {
				continue
			}
			u := use{forward: rng.IntN(2) == 0}
			was := u.forward
			want, known := ids[[2]int32{min(a, b), max(a, b)}]
			if !known {
				want = int32(len(n.edges))
				ids[[2]int32{min(a, b), max(a, b)}] = want
			} else if n.edges[want].from == b {
				was = !was
				backward++
			}
			got, isNew := n.edge(a, b, &u)
			if got != want || isNew == known || u.forward != was {
				t.Fatalf("%d to %d is edge %d, new %v, forward %v; want %d, %v, %v", a, b, got, isNew, u.forward, want, !known, was)
			}
			if known {
				again++
			}
		}
	}
	if again < 1000 || backward < 500 {
		t.Errorf("%d edges came again, %d of them backward: too few to mean anything", again, backward)
	}
}
