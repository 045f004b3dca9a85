package geostwin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/engine"
	"greenshield/vector/geos"
)

// collector is a Sink that keeps everything.
type collector struct {
	mu       sync.Mutex
	found    map[redline.Key]redline.Candidate
	overlaps map[redline.Key][]redline.Overlap
}

func (c *collector) Put(key redline.Key, cand *redline.Candidate, overlaps []redline.Overlap) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, twice := c.found[key]; twice {
		return fmt.Errorf("key %v twice", key)
	}
	kept := *cand
	kept.ZonesAll, kept.Flags, kept.Patch = slices.Clone(cand.ZonesAll), slices.Clone(cand.Flags), nil
	kept.Geometry = cand.Geometry.Clone()
	c.found[key], c.overlaps[key] = kept, slices.Clone(overlaps)
	return nil
}

func (c *collector) keys() []redline.Key {
	keys := make([]redline.Key, 0, len(c.found))
	for k := range c.found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b redline.Key) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col), cmp.Compare(a.Zone, b.Zone))
	})
	return keys
}

func run(s *scene, tune engine.Tuning) (*collector, *redline.Summary, error) {
	c := &collector{found: map[redline.Key]redline.Candidate{}, overlaps: map[redline.Key][]redline.Overlap{}}
	sum, err := engine.Run(context.Background(), s.in, s.o, tune, engine.Ports{NewOverlayer: func() engine.Overlayer { return geos.New() }, Sink: c}, &redline.Progress{})
	return c, sum, err
}

// answer is what the twin says of a scene. All areas are in cells.
type answer struct {
	rank    []int // zones by precedence: position in Inputs.Zones
	patches []*patchTwin
	patchOf []int // by cell: position in patches, −1 without
	parts   map[partKey]*partTwin
	zones   []zoneTwin // as Inputs.Zones

	valid, nodata, changed, unruled int64
	pairs                           map[[2]uint8]int64
	typeCells                       map[string]int64
}

type patchTwin struct {
	change       int
	cells        []int // row-major
	nodata, edge bool
	outline      float64 // of all zones in the patch, and of its cells
}

type partKey struct{ patch, rank int }

// partTwin is what a patch has in common with a zone: controlled is the part that no
// stricter zone holds.
type partTwin struct {
	controlled float64
	inZone     []float64 // of it, in each zone
	lost       []float64 // of the rest, by the zone that takes it
	exempt     float64   // of controlled
	mixture    map[[2]uint8]float64
	// cells wholly inside, and those that are but for less than rounding may hide
	whole, nearlyWhole int
}

type zoneTwin struct {
	inGrid, controlled, changed, unruled, nodata float64
	insideChanged, insideUnruled                 float64 // whoever controls the ground
}

// changeOf finds the change type in the rule table: −1 none, −2 the same ecosystem.
func changeOf(before, after uint8) int {
	if before == after {
		return -2
	}
	for i, c := range changeTypes {
		if slices.Contains(strings.Split(c.from, "|"), ecosystems[before]) && slices.Contains(strings.Split(c.to, "|"), ecosystems[after]) {
			return i
		}
	}
	return -1
}

const (
	unchanged = -2
	unruled   = -1
	nodata    = -3
)

func (s *scene) kind(cell int) int {
	if s.before[cell] == raster.NoData || s.after[cell] == raster.NoData {
		return nodata
	}
	return changeOf(s.before[cell], s.after[cell])
}

// neighbours lists the cells beside a cell, and the diagonal ones after them.
func (s *scene) neighbours(cell int) (straight, diagonal []int) {
	cols, rows := s.in.Grid.Cols, s.in.Grid.Rows
	r, c := cell/cols, cell%cols
	for dr := -1; dr <= 1; dr++ {
		for dc := -1; dc <= 1; dc++ {
			if nr, nc := r+dr, c+dc; (dr != 0 || dc != 0) && nr >= 0 && nc >= 0 && nr < rows && nc < cols {
				if dr == 0 || dc == 0 {
					straight = append(straight, nr*cols+nc)
				} else {
					diagonal = append(diagonal, nr*cols+nc)
				}
			}
		}
	}
	return straight, diagonal
}

// flood finds the patches by flood fill, in the order of their first cells.
func (s *scene) flood() (patches []*patchTwin, patchOf []int) {
	patchOf = make([]int, len(s.before))
	for i := range patchOf {
		patchOf[i] = -1
	}
	for start := range s.before {
		k := s.kind(start)
		if k < 0 || patchOf[start] >= 0 {
			continue
		}
		p := &patchTwin{change: k, cells: []int{start}}
		patchOf[start] = len(patches)
		for i := 0; i < len(p.cells); i++ {
			straight, diagonal := s.neighbours(p.cells[i])
			p.edge = p.edge || len(straight)+len(diagonal) < 8
			for _, n := range append(straight, diagonal...) {
				p.nodata = p.nodata || s.kind(n) == nodata
			}
			next := straight
			if s.o.Conn == patch.Eight {
				next = append(next, diagonal...)
			}
			for _, n := range next {
				if s.kind(n) == k && patchOf[n] < 0 {
					patchOf[n] = len(patches)
					p.cells = append(p.cells, n)
				}
			}
		}
		slices.Sort(p.cells)
		patches = append(patches, p)
	}
	return patches, patchOf
}

// ranks orders zones: the strictest type, then the smaller id, then the layer.
func (s *scene) ranks() []int {
	zones := s.in.Zones
	rank := make([]int, len(zones))
	for i := range rank {
		rank[i] = i
	}
	strictness := func(z int) int {
		return slices.Index([]string{"core", "buffer", "unzoned", "core_protection", "experimental", "general_control", "nature_park", "redline", "periphery"}, zones[z].Type.String())
	}
	slices.SortFunc(rank, func(a, b int) int {
		return cmp.Or(cmp.Compare(strictness(a), strictness(b)), strings.Compare(zones[a].ID, zones[b].ID), strings.Compare(zones[a].Layer, zones[b].Layer))
	})
	return rank
}

// zonesPlane holds the zones, then the exemptions.
func (s *scene) zonesPlane() *plane {
	p := newPlane(s.in.Grid.Cols)
	for _, z := range s.in.Zones {
		p.add(rational(z.Shape))
	}
	for _, a := range s.in.Exempt {
		p.add(rational(a.Shape))
	}
	return p
}

// solve is the twin.
func solve(s *scene) *answer {
	n := len(s.in.Zones)
	a := &answer{rank: s.ranks(), parts: map[partKey]*partTwin{}, zones: make([]zoneTwin, n), pairs: map[[2]uint8]int64{}, typeCells: map[string]int64{}}
	a.patches, a.patchOf = s.flood()
	plane := s.zonesPlane()
	cols := s.in.Grid.Cols
	for cell := range s.before {
		kind := s.kind(cell)
		pair := [2]uint8{s.before[cell], s.after[cell]}
		switch {
		case kind == nodata:
			a.nodata++
		case kind == unruled:
			a.unruled++
			a.changed++
		case kind >= 0:
			a.changed++
			a.typeCells[changeTypes[kind].name]++
		}
		if kind != nodata {
			a.valid++
			a.pairs[pair]++
		}
		row, col := cell/cols, cell%cols
		own := make([]float64, n) // of the cell, by controlling zone
		plane.cell(row, col, func(area float64, in uint64) {
			owner := -1
			for rank, z := range a.rank {
				if in>>z&1 == 0 {
					continue
				}
				a.zones[z].inGrid += area
				switch {
				case kind == nodata:
					a.zones[z].nodata += area
				case kind == unruled:
					a.zones[z].insideUnruled += area
				case kind >= 0:
					a.zones[z].insideChanged += area
				}
				if kind >= 0 {
					part := a.part(cell, rank, n)
					if owner >= 0 {
						part.lost[owner] += area
					} else {
						part.controlled += area
						part.mixture[pair] += area
						for other := range n {
							if in>>other&1 == 1 {
								part.inZone[other] += area
							}
						}
						if in>>n != 0 {
							part.exempt += area
						}
					}
				}
				if owner < 0 {
					owner = z
					own[z] += area
					a.zones[z].controlled += area
					if kind >= 0 {
						a.zones[z].changed += area
					}
					if kind == unruled {
						a.zones[z].unruled += area
					}
				}
			}
		})
		if kind < 0 {
			continue
		}
		a.patches[a.patchOf[cell]].outline += 4 + plane.outline(row, col)
		for rank, z := range a.rank {
			if own[z] > 0 {
				part := a.part(cell, rank, n)
				if own[z] > 1-1e-14 { // the sum of rounded pieces
					part.whole++
				} else if own[z] > 1-1e-6 {
					part.nearlyWhole++
				}
			}
		}
	}
	return a
}

// part returns what the cell's patch has in common with the zone of that rank.
func (a *answer) part(cell, rank, zones int) *partTwin {
	key := partKey{a.patchOf[cell], rank}
	if a.parts[key] == nil {
		a.parts[key] = &partTwin{inZone: make([]float64, zones), lost: make([]float64, zones), mixture: map[[2]uint8]float64{}}
	}
	return a.parts[key]
}
