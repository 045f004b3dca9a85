package ledgerwork

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"
	"github.com/paulmach/orb/planar"

	"greenshield/redline/ledger"
)

// Placer takes places between degrees of longitude and latitude (CGCS2000) and columns and rows of a grid, in place.
// Columns and rows are whole at the edges of cells.
type Placer interface {
	Cells(lon, lat []float64) error
	Degrees(col, row []float64) error
}

// Placers returns the placer of a grid.
type Placers func(g ledger.Grid) (Placer, error)

// nearby is the case that is the nearest to a lead. Metres is 0 when it lies on the ground of the case or
// shares ground with it; Case is "" when there is none with a place.
type nearby struct {
	Case   string
	Metres float64
}

// grounds are the places of all cases.
type grounds struct {
	lattices map[string]Placer // by id of the grid
	cases    []placed          // by id
}

// placed is a case with its place: cells of a grid, or a point or polygons in degrees.
type placed struct {
	id    string
	grid  string
	spans []ledger.Span
	box   orb.Bound // of the spans, in columns and rows
	shape orb.Geometry
}

// groundsOf reads the places of cases.
func groundsOf(ctx context.Context, s ledger.Store, cases []ledger.Case, lattices Placers) (*grounds, error) {
	runs, err := runsOf(ctx, s)
	if err != nil {
		return nil, err
	}
	grids := map[string]string{} // by run
	for id, run := range runs {
		grids[id] = run.Grid.ID()
	}
	g := &grounds{lattices: map[string]Placer{}}
	found := map[string]ledger.Detection{}
	for d, err := range s.Detections(ctx, ledger.DetectionFilter{Ground: true, Cells: true}) {
		if err != nil {
			return nil, err
		}
		d.Grid = grids[d.Run]
		if found[d.ID] = d; g.lattices[d.Grid] == nil {
			if g.lattices[d.Grid], err = lattices(runs[d.Run].Grid); err != nil {
				return nil, err
			}
		}
	}
	for i := range cases {
		c := &cases[i]
		byGrid := map[string]*placed{}
		for _, id := range c.Ground {
			d := found[id]
			p := byGrid[d.Grid]
			if p == nil {
				p = &placed{id: c.ID, grid: d.Grid}
				byGrid[d.Grid] = p
			}
			p.spans = append(p.spans, d.Spans...)
		}
		for _, p := range byGrid {
			p.box = cellsOf(p.spans[0])
			for _, span := range p.spans {
				p.box = p.box.Union(cellsOf(span))
			}
			g.cases = append(g.cases, *p)
		}
		if shape := ShapeOf(c.Fields); len(c.Ground) == 0 && shape != nil {
			g.cases = append(g.cases, placed{id: c.ID, shape: shape})
		}
	}
	slices.SortFunc(g.cases, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.grid, b.grid))
	})
	return g, nil
}

// cellsOf returns the rectangle of a span, in columns and rows.
func cellsOf(s ledger.Span) orb.Bound {
	return orb.Bound{Min: orb.Point{float64(s.Col0), float64(s.Row)}, Max: orb.Point{float64(s.Col1), float64(s.Row + 1)}}
}

// geoJSON is a geometry of GeoJSON, of the one type that leads have.
type geoJSON struct {
	Type        string           `json:"type"`
	Coordinates orb.MultiPolygon `json:"coordinates"`
}

// ShapeOf returns the place that fields say, in degrees: polygons or a point, nil for none.
func ShapeOf(fields map[string]string) orb.Geometry {
	if text := fields[ledger.FieldLeadPlace]; text != "" {
		var g geoJSON
		if json.Unmarshal([]byte(text), &g) == nil && g.Type == "MultiPolygon" {
			return g.Coordinates
		}
	}
	if lon, lat, ok := pointOf(fields); ok {
		return orb.Point{lon, lat}
	}
	return nil
}

// nearest returns the case that a place in degrees lies on, shares the most ground with, or is the nearest to; of
// equal ones the one with the smallest id.
func (g *grounds) nearest(place orb.Geometry) (best nearby, err error) {
	best.Metres = math.Inf(1)
	inCells, at := map[string]orb.Geometry{}, map[string]plane{}
	for id, l := range g.lattices {
		if inCells[id], err = Moved(place, l.Cells); err != nil {
			return best, err
		}
		if at[id], err = planeAt(l, place, inCells[id]); err != nil {
			return best, err
		}
	}
	origin := middle(place)
	degrees := plane{origin: origin, a: metresPer(origin)}
	shared := 0.0
	for i := range g.cases {
		c := &g.cases[i]
		if c.shape == nil {
			if s := sharedWith(c, inCells[c.grid]); s > shared {
				best, shared = nearby{Case: c.id}, s
			}
		} else if meets(c.shape, place) && shared == 0 {
			best, shared = nearby{Case: c.id}, math.SmallestNonzeroFloat64
		}
		if shared > 0 {
			continue
		}
		var from, to orb.Point
		var metres float64
		if c.shape == nil {
			from, to, metres = at[c.grid].nearestCells(c, inCells[c.grid], best.Metres)
			if metres < best.Metres {
				metres, err = at[c.grid].geodesic(g.lattices[c.grid], from, to)
			}
		} else if from, to, metres = degrees.between(rings(place), rings(c.shape)); metres < best.Metres {
			metres = Geodesic(degrees.back(from), degrees.back(to))
		}
		if err != nil {
			return best, err
		}
		if metres < best.Metres {
			best = nearby{c.id, metres}
		}
	}
	if best.Case == "" {
		best.Metres = 0
	}
	return best, nil
}

// sharedWith returns how many cells of a case a place covers; for a point 1 when it lies in one.
func sharedWith(c *placed, place orb.Geometry) (cells float64) {
	if !c.box.Intersects(place.Bound()) {
		return 0
	}
	for _, span := range c.spans {
		box := cellsOf(span)
		switch p := place.(type) {
		case orb.Point:
			if p[0] >= box.Min[0] && p[0] < box.Max[0] && p[1] >= box.Min[1] && p[1] < box.Max[1] {
				return 1
			}
		case orb.MultiPolygon:
			if box.Intersects(p.Bound()) {
				cells += math.Abs(planar.Area(clip.MultiPolygon(box, p.Clone())))
			}
		}
	}
	return cells
}

// meets tells whether two places in degrees share ground, or lie on each other.
func meets(a, b orb.Geometry) bool {
	covers := func(g orb.Geometry, of orb.Geometry) bool {
		mp, ok := g.(orb.MultiPolygon)
		if !ok {
			return false
		}
		for _, r := range rings(of) {
			if slices.ContainsFunc(r, func(p orb.Point) bool { return planar.MultiPolygonContains(mp, p) }) {
				return true
			}
		}
		return false
	}
	return orb.Equal(a, b) || covers(a, b) || covers(b, a)
}

// rings returns the points of a place by ring; a point is a ring of one.
func rings(g orb.Geometry) (all []orb.Ring) {
	switch p := g.(type) {
	case orb.Point:
		return []orb.Ring{{p}}
	case orb.MultiPolygon:
		for _, polygon := range p {
			all = append(all, polygon...)
		}
	}
	return all
}

// middle returns a point of a place: of polygons the middle of their extent.
func middle(g orb.Geometry) orb.Point { return g.Bound().Center() }

// Moved returns a point or a MultiPolygon whose points were taken elsewhere.
func Moved(g orb.Geometry, take func(x, y []float64) error) (orb.Geometry, error) {
	g = orb.Clone(g)
	var x, y []float64
	for _, r := range rings(g) {
		for _, p := range r {
			x, y = append(x, p[0]), append(y, p[1])
		}
	}
	if err := take(x, y); err != nil {
		return nil, err
	}
	if _, ok := g.(orb.Point); ok {
		return orb.Point{x[0], y[0]}, nil
	}
	i := 0
	for _, r := range rings(g) { // they share their points with g
		for k := range r {
			r[k] = orb.Point{x[i], y[i]}
			i++
		}
	}
	return g, nil
}

// NearLeads has the change that adds a run say of each detection which leads lie on its cells or at most within metres
// from them: those that are cases without ground, in the order of their ids.
func (c *Change) NearLeads(ctx context.Context, s ledger.Store, run *RunFound, within float64, lattices Placers,
) error {
	cases, err := Select(ctx, s, Filter{Led: true})
	if err != nil {
		return err
	}
	near := map[string][]string{}
	g := &grounds{lattices: map[string]Placer{}}
	for i := range c.Detections {
		d := &c.Detections[i]
		p := placed{id: d.ID, grid: d.Grid, spans: d.Spans, box: cellsOf(d.Spans[0])}
		for _, span := range d.Spans {
			p.box = p.box.Union(cellsOf(span))
		}
		g.cases = append(g.cases, p)
	}
	for i := range cases {
		shape := ShapeOf(cases[i].Fields)
		if len(cases[i].Ground) > 0 || shape == nil || len(g.cases) == 0 {
			continue
		}
		id := run.Grid.ID()
		if g.lattices[id] == nil {
			if g.lattices[id], err = lattices(run.Grid); err != nil {
				return err
			}
		}
		inCells, err := Moved(shape, g.lattices[id].Cells)
		if err != nil {
			continue // it lies where the grid's projection has no places
		}
		at, err := planeAt(g.lattices[id], shape, inCells)
		if err != nil {
			continue
		}
		for k := range g.cases {
			p := &g.cases[k]
			metres := 0.0
			if sharedWith(p, inCells) == 0 {
				from, to, flat := at.nearestCells(p, inCells, 2*within+1)
				if metres = flat; flat <= 2*within {
					if metres, err = at.geodesic(g.lattices[id], from, to); err != nil {
						return err
					}
				}
			}
			if metres <= within {
				near[p.id] = append(near[p.id], cases[i].ID)
			}
		}
	}
	for _, e := range c.Events {
		if ids := near[e.Fields[ledger.FieldDetection]]; e.Kind == ledger.Detected && ids != nil {
			e.Fields[ledger.FieldNearLeads] = strings.Join(ids, " ")
		}
	}
	return nil
}
