package scene

import (
	"cmp"
	"slices"
)

// site is a place for a zone, to which alone everything within radius belongs.
type site struct {
	centre point
	radius int // in 65536ths of a cell
	score  int // how natural the land is: the larger, the more
}

// The numbers of the sites whose zones have something special.
const (
	siteOutside = iota // its red line reaches across the southern edge
	siteClean          // its red line holds no change
	siteHoled          // its red line holds the patch with holes
	siteReserve        // the first reserve lies here
	siteUnzoned        // the second reserve, without functional zones, lies here
	siteFree           // the first site with nothing special
)

// minSite is the smallest square that has room for a zone with its stamps, in cells.
const minSite = 64

// siteGrid returns into how many squares the raster is divided, east and south.
func (p Params) siteGrid() (nx, ny int) {
	wanted := 2 * p.RedLines
	for nx = 1; nx*max(1, nx*p.Rows/p.Cols) < wanted; nx++ {
	}
	return nx, (wanted + nx - 1) / nx
}

// sites divides the raster into about twice as many squares as there are red-line zones and
// returns a site in each of the more natural half, the most natural first.
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
	for i := siteFree; i < len(sites); i++ { // not all in rows and columns
		h := hash(p.Seed, i, 103)
		at := &sites[i]
		at.radius = at.radius * (12 + int(h%5)) / 16
		at.centre.u += (int(h>>48) - 1<<15) * (width/2 - at.radius) >> 15
		at.centre.v += (int(h>>32&(1<<16-1)) - 1<<15) * (height/2 - at.radius) >> 15
	}
	return sites
}
