package scene

import (
	"fmt"

	"github.com/paulmach/orb"

	"greenshield/raster"
)

// The fields of the layers.
var (
	redLineFields = []string{"HXBM", "HXMC", "HXLX"}
	reserveFields = []string{"BSM", "BHDMC", "GNFQ", "BHDJB"}
	countyFields  = []string{"adcode", "name", "city"}
)

// functions are the functional zones of a reserve, from the strictest.
var functions = [...]string{"核心区", "缓冲区", "实验区"}

// redLineValues returns the attributes of a red-line zone of one of three kinds.
func redLineValues(i, kind int) []string {
	kinds := [...]string{"水源涵养", "生物多样性维护", "水土保持"}
	return []string{fmt.Sprintf("SLHX%05d", i+1), fmt.Sprintf("示例生态保护红线%d号", i+1), kinds[kind]}
}

// reserveValues returns the attributes of a feature, which is a functional zone of a reserve.
func reserveValues(feature, reserve int, zone string) []string {
	levels := [...]string{"国家级", "省级", "市级", "县级"}
	return []string{
		fmt.Sprintf("SLBHD%05d", feature+1), fmt.Sprintf("示例%d号自然保护区", reserve+1), zone, levels[reserve%len(levels)],
	}
}

// layOut places zones and stamps.
func (s *Scene) layOut() {
	p := s.params
	sites := s.sites()

	at := sites[siteClean]
	reach := at.radius/one + 2
	s.clean = raster.Window{
		Col: at.centre.u/one - reach, Row: at.centre.v/one - reach, Cols: 2*reach + 1, Rows: 2*reach + 1,
	}

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

	s.drawExemption(known.changed())
}

// drawExemption draws an approved project that covers a window of cells.
func (s *Scene) drawExemption(w raster.Window) {
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

func redLineSeed(p Params, site int) uint64 { return hash(p.Seed, site, 101) }

// drawRedLines draws a red-line zone on each site.
func (s *Scene) drawRedLines(sites []site) {
	p := s.params
	s.redLines = Layer{Name: "redline", Fields: redLineFields}
	n := max(24, p.Vertices/p.RedLines)
	for i, at := range sites {
		seed := redLineSeed(p, i)
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
			Values: redLineValues(i, int(seed%3)),
			Shape:  shape,
		})
	}
}

// adoptedReserve is the number of the reserve whose outline is that of the red-line zone on its site.
const adoptedReserve = 4

// drawReserves draws reserves on the sites from siteReserve on, by turns.
func (s *Scene) drawReserves(sites []site) {
	p := s.params
	s.reserves = Layer{Name: "reserves", Fields: reserveFields}
	n := max(24, p.Vertices/p.RedLines)
	for i := range p.Reserves {
		seed := hash(p.Seed, i, 102)
		k := siteReserve + i%(len(sites)-siteReserve)
		at := sites[k]
		r := at.radius
		reach := r * 9 / 8
		// As with real data, most reserves do not quite follow the red line. The first two
		// reserves stay where their stamps are.
		switch {
		case i == adoptedReserve:
			seed, reach = redLineSeed(p, k), r
		case i > 1:
			at.centre.u += int(seed>>33) % (r / 3)
			at.centre.v += int(seed&(1<<31-1)) % (r / 3)
		}
		add := func(zone string, shape orb.MultiPolygon) {
			s.reserves.Features = append(s.reserves.Features, Feature{
				Values: reserveValues(len(s.reserves.Features), i, zone),
				Shape:  shape,
			})
		}
		outer := star(at.centre, reach, n, seed)
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
		add(functions[0], orb.MultiPolygon{{core.orb()}})
		add(functions[1], orb.MultiPolygon{{buffer.orb(), core.hole()}})
		add(functions[2], experimental)
	}
}
