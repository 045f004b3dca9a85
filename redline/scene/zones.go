package scene

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
)

// Layer is a layer of polygons with text attributes.
type Layer struct {
	Name     string
	Fields   []string
	Features []Feature
}

// Feature is one feature of a [Layer]. Its rings are closed; exteriors run
// counter-clockwise on the map, holes clockwise.
type Feature struct {
	Values []string         // as Layer.Fields
	Shape  orb.MultiPolygon // lattice coordinates of Scene.Grid, multiples of 1/65536: see [Scene.Map]
}

// RedLines returns the red-line layer. Its zones do not overlap each other. The
// first one reaches beyond the raster's southern edge, the second one holds no
// change; others have holes or several parts.
func (s *Scene) RedLines() Layer { return s.redLines }

// Reserves returns the nature-reserve layer. Each reserve has a core (核心区), a buffer
// (缓冲区) and an experimental zone (实验区) around each other, and overlaps the red
// line; the second one has no functional zones, and its ring crosses itself once in
// a tiny loop.
func (s *Scene) Reserves() Layer { return s.reserves }

// Counties returns six counties that tile the raster and some land around it.
func (s *Scene) Counties() Layer { return s.counties }

// Exemptions returns the layer of approved projects: one, which covers one patch in
// the core of the first reserve.
func (s *Scene) Exemptions() Layer { return s.exemptions }

// site is a place for a zone: everything within radius belongs to it alone.
type site struct {
	centre point
	radius int // 65536ths of a cell
	score  int // how natural the land is
}

// The parts that the first sites play.
const (
	siteOutside = iota // red line across the southern edge
	siteClean          // red line without change
	siteHoled          // red line with the holed patch
	siteReserve        // first reserve
	siteUnzoned        // second reserve
	siteFree           // from here on nothing is fixed
)

// layOut places zones and stamps.
func (s *Scene) layOut() {
	p := s.params
	sites := s.sites()

	at := sites[siteClean]
	reach := at.radius/one + 2
	s.clean = raster.Window{Col: at.centre.u/one - reach, Row: at.centre.v/one - reach, Cols: 2*reach + 1, Rows: 2*reach + 1}

	put := func(st stamp, site, du, dv int) stamp {
		c := sites[site].centre
		st = st.centred(c.u/one+du, c.v/one+dv)
		s.stamps = append(s.stamps, st)
		return st
	}
	put(holed(), siteHoled, 0, 0)
	known := put(project(), siteReserve, 0, 0)
	put(chain(), siteUnzoned, -8, 0)
	put(shore(), siteUnzoned, 8, 0)
	edge := put(quay(), siteOutside, 0, 0)
	s.stamps[len(s.stamps)-1].row = p.Rows - len(edge.before)

	s.drawRedLines(sites)
	s.drawReserves(sites)
	s.drawCounties()

	w := known.changed()
	s.exemptions = Layer{Name: "exempt", Fields: []string{"code", "name"}, Features: []Feature{{
		Values: []string{"SLXM-001", "示例批准项目（虚构）"},
		Shape: orb.MultiPolygon{{loop{
			{w.Col*one - one*5/8, (w.Row+w.Rows)*one + one*3/8},
			{(w.Col+w.Cols)*one + one*7/8, (w.Row+w.Rows)*one + one*5/8},
			{(w.Col+w.Cols)*one + one*3/8, w.Row*one - one*5/8},
			{w.Col*one - one*7/8, w.Row*one - one*3/8},
		}.orb()}},
	}}}
}

// minSite is the smallest square that has room for a zone with its stamps, in cells.
const minSite = 64

// siteGrid is how many squares the raster is divided into, east and south.
func (p Params) siteGrid() (nx, ny int) {
	wanted := 2 * p.RedLines
	for nx = 1; nx*max(1, nx*p.Rows/p.Cols) < wanted; nx++ {
	}
	return nx, (wanted + nx - 1) / nx
}

// sites divides the raster into twice as many squares as there are red-line zones
// and takes the more natural half, most natural first.
func (s *Scene) sites() []site {
	p := s.params
	nx, ny := p.siteGrid()
	width, height := p.Cols*one/nx, p.Rows*one/ny
	var all []site
	var codes [1]uint8
	for j := range ny {
		for i := range nx {
			at := site{centre: point{i*width + width/2, j*height + height/2}, radius: min(width, height) * 7 / 16}
			const probes = 6
			for k := range probes * probes {
				col := (i*width + (2*(k%probes)+1)*width/(2*probes)) / one
				row := (j*height + (2*(k/probes)+1)*height/(2*probes)) / one
				s.land.cover(row, col, codes[:])
				switch {
				case p.blankAt(0, row, col) || p.blankAt(1, row, col):
					at.score -= 2
				case codes[0] == forest || codes[0] == water || codes[0] == wetland || codes[0] == grassland:
					at.score++
				}
			}
			all = append(all, at)
		}
	}
	slices.SortStableFunc(all, func(a, b site) int { return cmp.Compare(b.score, a.score) })
	sites := all[:p.RedLines]

	// The best site of the southern row moves to the edge, and to the front.
	south := slices.IndexFunc(all, func(a site) bool { return a.centre.v+height > p.Rows*one })
	edge := all[south]
	edge.centre.v = p.Rows * one
	edge.centre.v -= edge.radius / 3
	sites = slices.DeleteFunc(slices.Clone(sites), func(a site) bool { return a.centre == all[south].centre })
	sites = slices.Insert(sites, siteOutside, edge)[:p.RedLines]
	for i := siteFree; i < len(sites); i++ { // off the squares' rows and columns
		h := hash(p.Seed, i, 103)
		at := &sites[i]
		at.radius = at.radius * (12 + int(h%5)) / 16
		at.centre.u += (int(h>>48) - 1<<15) * (width/2 - at.radius) >> 15
		at.centre.v += (int(h>>32&(1<<16-1)) - 1<<15) * (height/2 - at.radius) >> 15
	}
	return sites
}

func (s *Scene) drawRedLines(sites []site) {
	p := s.params
	kinds := []string{"水源涵养", "生物多样性维护", "水土保持"}
	s.redLines = Layer{Name: "redline", Fields: []string{"HXBM", "HXMC", "HXLX"}}
	n := max(24, p.Vertices/p.RedLines)
	for i, at := range sites {
		seed := hash(p.Seed, i, 101)
		var shape orb.MultiPolygon
		switch r := at.radius; {
		case i >= siteFree && i%5 == 0: // two parts; the second has a hole
			east, west := at.centre, at.centre
			east.u += r / 2
			west.u -= r / 2
			shape = orb.MultiPolygon{
				{star(west, r*15/32, n*2/5, seed).orb()},
				{star(east, r*15/32, n*2/5, seed+1).orb(), star(east, r/6, n/5, seed+2).hole()},
			}
		case i >= siteFree && i%3 == 0: // a hole
			shape = orb.MultiPolygon{{star(at.centre, r, n*3/4, seed).orb(), star(at.centre, r/3, n/4, seed+1).hole()}}
		default:
			shape = orb.MultiPolygon{{star(at.centre, r, n, seed).orb()}}
		}
		s.redLines.Features = append(s.redLines.Features, Feature{
			Values: []string{fmt.Sprintf("SLHX%05d", i+1), fmt.Sprintf("示例生态保护红线%d号", i+1), kinds[seed%3]},
			Shape:  shape,
		})
	}
}

func (s *Scene) drawReserves(sites []site) {
	p := s.params
	s.reserves = Layer{Name: "reserves", Fields: []string{"BSM", "BHDMC", "GNFQ", "BHDJB"}}
	levels := []string{"国家级", "省级", "市级", "县级"}
	n := max(24, p.Vertices/p.RedLines)
	for i := range p.Reserves {
		seed := hash(p.Seed, i, 102)
		at := sites[siteReserve+i%(len(sites)-siteReserve)]
		r := at.radius
		// Reserves and the red line were drawn by different people; the first two stay
		// where their stamps are.
		if i > 1 {
			at.centre.u += int(seed>>33) % (r / 3)
			at.centre.v += int(seed&(1<<31-1)) % (r / 3)
		}
		add := func(zone string, shape orb.MultiPolygon) {
			s.reserves.Features = append(s.reserves.Features, Feature{
				Values: []string{fmt.Sprintf("SLBHD%05d", len(s.reserves.Features)+1), fmt.Sprintf("示例%d号自然保护区", i+1), zone, levels[i%len(levels)]},
				Shape:  shape,
			})
		}
		outer := star(at.centre, r*9/8, n, seed)
		if i == 1 {
			add("", orb.MultiPolygon{{outer.crossed().orb()}})
			continue
		}
		buffer, core := star(at.centre, r*3/4, n, seed), star(at.centre, r/2, n, seed)
		experimental := orb.MultiPolygon{{outer.orb(), buffer.hole()}}
		if i%3 == 2 { // an exclave
			exclave := at.centre
			exclave.u += r * 3 / 2
			experimental = append(experimental, orb.Polygon{star(exclave, r/4, n/4, seed+1).orb()})
		}
		add("核心区", orb.MultiPolygon{{core.orb()}})
		add("缓冲区", orb.MultiPolygon{{buffer.orb(), core.hole()}})
		add("实验区", experimental)
	}
}

// drawCounties tiles the raster and a margin of an eighth with three by two counties, each row a city.
func (s *Scene) drawCounties() {
	const nx, ny, steps = 3, 2, 48
	p := s.params
	u0, v0 := -p.Cols/8, -p.Rows/8
	width, height := (p.Cols-2*u0)*one/nx, (p.Rows-2*v0)*one/ny
	node := func(i, j int) point {
		q := point{u0*one + i*width, v0*one + j*height}
		if i > 0 && i < nx {
			q.u += (int(hash(p.Seed, i, 200+j)>>48) - 1<<15) * (width / 5 >> 15)
		}
		if j > 0 && j < ny {
			q.v += (int(hash(p.Seed, i, 210+j)>>48) - 1<<15) * (height / 5 >> 15)
		}
		return q
	}
	// A border belongs to two counties: both walk the same points.
	walk := func(i, j, toI, toJ int) loop {
		if toI < i || toJ < j {
			back := border(node(toI, toJ), node(i, j), steps, hash(p.Seed, toI*8+toJ, 220+i-toI))
			back = append(back[1:], node(i, j))
			slices.Reverse(back)
			return back
		}
		return border(node(i, j), node(toI, toJ), steps, hash(p.Seed, i*8+j, 220+toI-i))
	}
	s.counties = Layer{Name: "counties", Fields: []string{"adcode", "name", "city"}}
	for j := range ny {
		for i := range nx {
			k := j*nx + i
			ring := slices.Concat(walk(i, j, i, j+1), walk(i, j+1, i+1, j+1), walk(i+1, j+1, i+1, j), walk(i+1, j, i, j))
			s.counties.Features = append(s.counties.Features, Feature{
				Values: []string{fmt.Sprint(990101 + 100*j + i), "示例县" + string(rune('A'+k)), "示例市" + string(rune('甲'+j*('乙'-'甲')))},
				Shape:  orb.MultiPolygon{{ring.orb()}},
			})
		}
	}
}
