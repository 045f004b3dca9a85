package match

import (
	"cmp"
	"slices"

	"greenshield/raster/sets"
	"greenshield/vector/trace"
)

// NearCells is how many cells may lie between a case and a detection that are near each other, in rows and in columns.
const NearCells = 2

// Case is a place that the ledger knows.
type Case struct {
	ID     string // unique
	Group  string // transition group, such as "natural>built"
	State  int    // how far the case has come; of merged ones the most advanced goes on
	Opened string // day, such as 2021-03-01; of equally advanced ones the earliest goes on
	Cells  []trace.Run
}

// Detection is a whole patch that a run found, on the grid of the cases.
type Detection struct {
	ID    string // unique among those of the run
	Group string
	Cells []trace.Run
}

// Settings say how much a case must gain or lose to be grown or shrunk: at least MinCells cells and Percent % of its
// own.
type Settings struct {
	MinCells int64
	Percent  int64
}

// Relation is what became of cases.
type Relation string

// The relations. Of Alone follow-up decides, see package follow.
const (
	New        Relation = "new"        // a detection that no case has an edge with
	Persisting Relation = "persisting" // one case, one detection
	Grown      Relation = "grown"      // one case, one detection that has more cells
	Shrunk     Relation = "shrunk"     // one case, one detection that lacks cells
	Shifted    Relation = "shifted"    // one case, one detection that has more cells and lacks others
	Split      Relation = "split"      // one case, several detections
	Merged     Relation = "merged"     // several cases, one detection
	Complex    Relation = "complex"    // several of both
	Alone      Relation = "alone"      // a case that no detection has an edge with
)

// Component is cases and detections that edges connect, or one that has no edge.
type Component struct {
	Relation   Relation
	Cases      []string // ids, ascending
	Detections []string // ids, ascending
	// Case goes on with Detection. Case is the only one or, of merged cases, the most advanced, then the earliest, then
	// that of the smallest id: the others are merged into it. Detection is the only one or, of several, that which shares
	// most cells with the case, then that with the first cell: the others are split from the case. Both are "" when
	// nothing can be decided (Complex), Case for New, and Detection for Alone.
	Case, Detection string
	// Shared, Gained and Lost count cells of one case and one detection: of both, of the detection alone, of the case
	// alone. They are 0 where there are not one of each.
	Shared, Gained, Lost int64
	Increment            []trace.Run // what a Grown one gained, see [Union]
}

// Near is a hint: a case and a detection without an edge that share cells or lie near each other.
type Near struct {
	Case, Detection string
	Shared          int64 // cells
	Gap             int   // fewest cells between them, 0 to NearCells; 0 where they share cells or touch
}

// Result is what Match found.
type Result struct {
	Components []Component // by cases, then by detections
	Near       []Near      // by case, then by detection
}

// Match compares the detections of one run with the cases that are not merged into others. Cells of one case must not
// overlap each other, nor must those of one detection; those of two cases may. Sets without cells meet nothing. The
// time is about linear in the number of runs.
func Match(cases []Case, detections []Detection, s Settings) Result {
	groups := map[string]*graph{}
	of := func(group string) *graph {
		if groups[group] == nil {
			groups[group] = &graph{settings: s}
		}
		return groups[group]
	}
	for i := range cases {
		g := of(cases[i].Group)
		g.cases = append(g.cases, &cases[i])
	}
	for i := range detections {
		g := of(detections[i].Group)
		g.detections = append(g.detections, &detections[i])
	}
	var out Result
	for _, g := range groups {
		g.join()
		out.Components, out.Near = append(out.Components, g.components()...), append(out.Near, g.near...)
	}
	slices.SortFunc(out.Components, func(a, b Component) int {
		return cmp.Or(slices.Compare(a.Cases, b.Cases), slices.Compare(a.Detections, b.Detections))
	})
	slices.SortFunc(out.Near, func(a, b Near) int {
		return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Detection, b.Detection))
	})
	return out
}

// graph is the cases and detections of one transition group.
type graph struct {
	settings   Settings
	cases      []*Case
	detections []*Detection
	sizes      [2][]int64     // cells of each case, and of each detection
	shared     map[pair]int64 // by edge
	connected  sets.Sets      // of the cases, then of the detections
	near       []Near
}

// join finds the edges and what is near.
func (g *graph) join() {
	var ofCases, ofDetections [][]trace.Run
	for _, c := range g.cases {
		ofCases, g.sizes[0] = append(ofCases, c.Cells), append(g.sizes[0], trace.Count(c.Cells))
	}
	for _, d := range g.detections {
		ofDetections, g.sizes[1] = append(ofDetections, d.Cells), append(g.sizes[1], trace.Count(d.Cells))
	}
	g.connected, g.shared = sets.New(len(g.cases)+len(g.detections)), map[pair]int64{}
	for p, c := range contacts(newLayer(ofCases), newLayer(ofDetections)) {
		if 2*c.shared > g.sizes[0][p.a] || 2*c.shared > g.sizes[1][p.b] {
			g.shared[p] = c.shared
			g.connected.Union(p.a, int32(len(g.cases))+p.b)
		} else {
			g.near = append(g.near, Near{g.cases[p.a].ID, g.detections[p.b].ID, c.shared, int(c.gap)})
		}
	}
}

// members is one component, by position.
type members struct{ cases, detections []int32 }

// components returns the components in no order.
func (g *graph) components() []Component {
	byRoot := make([]members, len(g.connected))
	for i := range g.connected {
		m := &byRoot[g.connected.Find(int32(i))]
		if i < len(g.cases) {
			m.cases = append(m.cases, int32(i))
		} else {
			m.detections = append(m.detections, int32(i-len(g.cases)))
		}
	}
	var all []Component
	for _, m := range byRoot {
		if len(m.cases)+len(m.detections) > 0 {
			all = append(all, g.component(m))
		}
	}
	return all
}

// component says what became of the members of a component.
func (g *graph) component(m members) Component {
	var c Component
	for _, a := range m.cases {
		c.Cases = append(c.Cases, g.cases[a].ID)
	}
	for _, b := range m.detections {
		c.Detections = append(c.Detections, g.detections[b].ID)
	}
	slices.Sort(c.Cases)
	slices.Sort(c.Detections)
	switch {
	case len(m.cases) == 0:
		c.Relation, c.Detection = New, c.Detections[0]
	case len(m.detections) == 0:
		c.Relation, c.Case = Alone, c.Cases[0]
	case len(m.cases) == 1 && len(m.detections) == 1:
		c.Case, c.Detection = c.Cases[0], c.Detections[0]
		g.compare(m.cases[0], m.detections[0], &c)
	case len(m.cases) == 1:
		c.Relation, c.Case, c.Detection = Split, c.Cases[0], g.keeper(m.cases[0], m.detections)
	case len(m.detections) == 1:
		c.Relation, c.Case, c.Detection = Merged, g.survivor(m.cases), c.Detections[0]
	default:
		c.Relation = Complex
	}
	return c
}

// compare sets what became of a case that has an edge with one detection, which has no other.
func (g *graph) compare(a, b int32, c *Component) {
	size := g.sizes[0][a]
	c.Shared = g.shared[pair{a, b}]
	c.Gained, c.Lost = g.sizes[1][b]-c.Shared, size-c.Shared
	matters := func(cells int64) bool {
		return cells > 0 && cells >= g.settings.MinCells && 100*cells >= g.settings.Percent*size
	}
	switch gained, lost := matters(c.Gained), matters(c.Lost); {
	case gained && lost:
		c.Relation = Shifted
	case gained:
		c.Relation, c.Increment = Grown, Minus(Union(g.detections[b].Cells), Union(g.cases[a].Cells))
	case lost:
		c.Relation = Shrunk
	default:
		c.Relation = Persisting
	}
}

// keeper returns the id of the detection that keeps the id of a case that is split into several.
func (g *graph) keeper(a int32, detections []int32) string {
	return g.detections[slices.MinFunc(detections, func(x, y int32) int {
		dx, dy := g.detections[x], g.detections[y]
		return cmp.Or(
			-cmp.Compare(g.shared[pair{a, x}], g.shared[pair{a, y}]),
			byPlace(slices.MinFunc(dx.Cells, byPlace), slices.MinFunc(dy.Cells, byPlace)),
			cmp.Compare(dx.ID, dy.ID))
	})].ID
}

// survivor returns the id of the case into which the others are merged.
func (g *graph) survivor(cases []int32) string {
	return g.cases[slices.MinFunc(cases, func(x, y int32) int {
		a, b := g.cases[x], g.cases[y]
		return cmp.Or(-cmp.Compare(a.State, b.State), cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.ID, b.ID))
	})].ID
}
