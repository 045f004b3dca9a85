package scene

import (
	_ "embed" // of the coarse legend
	"fmt"
	"strconv"

	"greenshield/raster"
)

// Noise is what is wrong with the maps of the years between two epochs. The zero value is nothing.
type Noise struct {
	Blips   int  // of a million cells, how many have a wrong class in a map; each map has its own
	Passing int  // of a million changed cells, how many have a class of passage in the year before they change
	Clouds  bool // whether every third map has stripes of NoData
	// Unsteady is of a million sites, how many show in each map either class of what changes, at random: as the banks
	// of a lake that a map sees now dry, now flooded.
	Unsteady int
}

// RealNoise is about that of annual products of 30 m.
var RealNoise = Noise{Blips: 4000, Passing: 100_000, Clouds: true, Unsteady: 60_000}

// Years makes a map of every year between the two epochs of a scene. Ground that differs between the epochs changes in
// one year, which is the same within a site: all places that lie nearest to one point of an uneven lattice. Patches of
// change that reach over the border of two sites have the years of both.
type Years struct {
	seed     uint64
	cols     int
	from, to int
	noise    Noise
}

// Years returns the maps of the scene when epoch 0 is of the year from and epoch 1 of the later year to.
func (s *Scene) Years(from, to int, noise Noise) *Years {
	return &Years{seed: hash(s.params.Seed, 400, 0), cols: s.params.Cols, from: from, to: to, noise: noise}
}

// siteSide is the mean distance of the points of sites, in cells.
const siteSide = 64

// Change returns the year whose map is the first that shows the class of epoch 1 at a cell: later than that of epoch 0,
// at most that of epoch 1. It is the truth, whatever the noise.
func (y *Years) Change(row, col int) int { return y.changeAt(y.site(row, col)) }

// changeAt returns the year in which the ground of a site changes.
func (y *Years) changeAt(site uint64) int { return y.from + 1 + int(site&(1<<32-1))*(y.to-y.from)>>32 }

// site returns a random number of the site of a cell.
func (y *Years) site(row, col int) (number uint64) {
	i, j := col/siteSide, row/siteSide
	nearest := -1
	for dj := j - 1; dj <= j+1; dj++ {
		for di := i - 1; di <= i+1; di++ {
			h := hash(y.seed, di, dj)
			du := di*siteSide + siteSide/4 + int(h>>59) - col
			dv := dj*siteSide + siteSide/4 + int(h>>54&31) - row
			if d := du*du + dv*dv; nearest < 0 || d < nearest {
				nearest, number = d, h
			}
		}
	}
	return number
}

// Row fills dst with the class codes of one row of the map of a year between the epochs: CLCD's, or 0 for NoData.
// before and after are the whole row of both epochs, as [Scene.Row] makes it. Rows may be asked for in any order and by
// several goroutines.
func (y *Years) Row(year, row int, before, after, dst []uint8) {
	copy(dst, before)
	for col := range dst {
		if before[col] == after[col] {
			continue
		}
		site := y.site(row, col)
		switch change := y.changeAt(site); {
		case parts(site, 1, 1, y.noise.Unsteady):
			if hash(site, year, 2)&1 == 1 {
				dst[col] = after[col]
			}
		case year >= change:
			dst[col] = after[col]
		case year == change-1 && before[col] != 0 && parts(y.seed, row, col, y.noise.Passing):
			dst[col] = passage(after[col])
		}
	}
	if y.noise.Blips > 0 {
		seed := hash(y.seed, 401, year)
		for col, class := range dst {
			if class != 0 && parts(seed, row, col, y.noise.Blips) {
				dst[col] = becomes[class][hash(^seed, row, col)&15] - '0'
			}
		}
	}
	if y.Clouded(year) {
		for col := range dst {
			if (col+row/2)%(y.cols/3) < y.cols/40 {
				dst[col] = 0
			}
		}
	}
}

// Clouded reports whether the map of a year has stripes of NoData.
func (y *Years) Clouded(year int) bool { return y.noise.Clouds && (year-y.from)%3 == 2 }

// parts reports whether a cell is of those that a share of a million has at random.
func parts(seed uint64, row, col, ppm int) bool {
	return int(hash(seed, row, col)>>44)*1_000_000>>20 < ppm
}

// passage returns the class that ground has on its way to another: it is bare, or, where it becomes bare, grassland.
func passage(class uint8) uint8 {
	if class == barren {
		return grassland
	}
	return barren
}

// Map is a file of maps of years.
type Map struct {
	File   string
	Years  []int         // of its bands
	Pixels bool          // whether the bands are interleaved by pixel
	Coarse bool          // whether its codes are those of [Coarse]
	Window raster.Window // of the grid, which it covers; zero: all of it
}

// span returns the years of the map, first and last.
func (m *Map) span() string {
	first, last := m.Years[0], m.Years[len(m.Years)-1]
	if first == last {
		return strconv.Itoa(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// CoarseLegend is the file of a legend of six classes, [Coarse] its text. Shrub and grassland are one class of it, and
// so are water and wetland.
const CoarseLegend = "coarse.csv"

//go:embed coarse.csv
var Coarse []byte

// CoarseCodes are the codes of [Coarse] by those of CLCD.
var CoarseCodes = [10]uint8{
	cropland: 11, forest: 12, shrub: 13, grassland: 13, water: 14, wetland: 14, barren: 15, impervious: 16,
}

// Maps lists the files of the years between the epochs in the demo: one of another legend, one that covers a part of
// the grid, one of two bands.
func Maps() []Map {
	p := Default()
	return []Map{
		{File: "lc2016.tif", Years: []int{2016}, Coarse: true},
		{File: "lc2017.tif", Years: []int{2017}, Window: raster.Window{Cols: p.Cols - p.Cols/8, Rows: p.Rows}},
		{File: "lc2018-2019.tif", Years: []int{2018, 2019}},
	}
}
