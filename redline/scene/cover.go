package scene

import "math/bits"

// Class codes of CLCD (Yang and Huang 2021, doi:10.5194/essd-13-3907-2021). No cell of a
// scene is snow and ice (6).
const (
	cropland   = 1
	forest     = 2
	shrub      = 3
	grassland  = 4
	water      = 5
	barren     = 7
	impervious = 8
	wetland    = 9
)

// becomes lists, for each class of epoch 0, the classes that 16 kinds of change make of it.
// No class becomes itself. The kind of change varies slowly from place to place, so equal
// classes stand together: neighbouring cells then mostly become the same.
var becomes = [10]string{
	cropland:   "5522222888888889",
	forest:     "1111188887774433",
	shrub:      "1111188887772222",
	grassland:  "1111188888777222",
	water:      "1111111118889999",
	6:          "7777777777777777",
	barren:     "2222444488888881",
	impervious: "1111111112222447",
	wetland:    "1111111188855555",
}

// chunk is how many cells of a row are worked on at once: the noise of a chunk
// fits the stack and the first-level cache.
const chunk = 512

// landscape decides the class of every cell from noise and thresholds. Thresholds
// are quantiles of the noise, so the share of each class is the same for every seed and size.
type landscape struct {
	seed uint64
	// Noise fields: the height of the land, the distance from a river, how urban and how rural a place is, small
	// forms, the liability to change and the kind of change.
	relief, river, town, village, grain, site, kinds field

	lake, marsh, hills, peaks   int32  // thresholds of relief
	channel                     int32  // threshold of the distance from a river
	centre, suburb              int32  // thresholds of town
	hamlet                      int32  // threshold of village
	glade, thicket, grove, reed int32  // thresholds of grain
	changed                     int32  // threshold of pull
	speckle                     uint64 // threshold of a 64-bit hash, for changed cells that stand alone
	lone                        uint64 // of 1024 cells how many stand alone in all epochs
}

// newLandscape makes the noise of a scene and finds the thresholds.
func newLandscape(p Params) landscape {
	// The largest forms are a quarter to an eighth of a small scene, 1024 cells (30 km)
	// in a large one.
	top := uint(min(10, bits.Len(uint(max(p.Cols, p.Rows)/4))-1))
	seed := func(name int) uint64 { return hash(p.Seed, name, -1) }
	l := landscape{
		seed:    p.Seed,
		lone:    40,
		relief:  newField(seed(1), top, 3),
		river:   newField(seed(2), top, 4),
		town:    newField(seed(3), 7, 3),
		village: newField(seed(4), 4, 3),
		grain:   newField(seed(5), 5, 1),
		site:    newField(seed(6), 4, 3),
		kinds:   newField(seed(7), 7, 7),
	}
	one := func(f field) func(row, col int) int32 {
		return func(row, col int) int32 {
			var v [1]int32
			f.fill(v[:], row, col)
			return v[0]
		}
	}
	relief := sample(p, 128, one(l.relief))
	l.lake, l.marsh = relief.below(35_000), relief.below(70_000)
	l.hills, l.peaks = relief.above(310_000), relief.above(40_000)
	l.channel = sample(p, 128, func(row, col int) int32 { return distance(one(l.river)(row, col)) }).below(14_000)
	town := sample(p, 128, one(l.town))
	l.centre, l.suburb = town.above(50_000), town.above(150_000)
	l.hamlet = sample(p, 128, one(l.village)).above(70_000)
	grain := sample(p, 128, one(l.grain))
	l.glade, l.thicket = grain.above(20_000), grain.above(120_000)
	l.grove, l.reed = grain.below(25_000), grain.above(550_000)

	// One changed cell in eleven stands alone.
	ppm := p.changedPPM()
	l.speckle = uint64(ppm/11) * (1 << 63 / 500_000)
	sites := sample(p, 256, func(row, col int) int32 {
		return l.pull(one(l.site)(row, col), one(l.town)(row, col))
	})
	l.changed = sites.above(ppm - ppm/11)
	return l
}

// distance returns how far a place is from the middle of the river, in units of the noise.
func distance(river int32) int32 { return max(river, -river) }

// pull returns the liability of a place to change. Suburbs change more than other places.
func (l *landscape) pull(site, town int32) int32 { return site + max(0, town-l.suburb)/2 }

// cover fills dst, which has at most chunk cells, with the classes of epoch 0 from (row, col) east.
func (l *landscape) cover(row, col int, dst []uint8) {
	var reliefs, rivers, towns, villages, grains [chunk]int32
	n := len(dst)
	l.relief.fill(reliefs[:n], row, col)
	l.river.fill(rivers[:n], row, col)
	l.town.fill(towns[:n], row, col)
	l.village.fill(villages[:n], row, col)
	l.grain.fill(grains[:n], row, col)
	for i := range dst {
		relief, grain := reliefs[i], grains[i]
		ragged := relief + grain/16
		channel := l.channel
		if ragged > l.hills {
			channel /= 3
		}
		var class uint8
		switch {
		case relief < l.lake || distance(rivers[i]) < channel:
			class = water
		case relief < l.marsh && grain > l.reed:
			class = wetland
		case ragged > l.peaks && grain > l.thicket:
			class = barren
		case ragged > l.hills && grain > l.glade:
			class = grassland
		case ragged > l.hills && relief < l.hills && grain > l.thicket:
			class = shrub
		case ragged > l.hills:
			class = forest
		case towns[i] > l.centre || villages[i] > l.hamlet:
			class = impervious
		case grain < l.grove:
			class = forest
		default:
			class = cropland
		}
		if h := hash(l.seed, row, col+i); h>>54 < l.lone {
			switch class {
			case cropland:
				class = impervious
			case forest:
				class = shrub
			}
		}
		dst[i] = class
	}
}

// change turns the classes of epoch 0 in dst, which has at most chunk cells, into those of epoch 1.
func (l *landscape) change(row, col int, dst []uint8) {
	var sites, towns, kinds [chunk]int32
	n := len(dst)
	l.site.fill(sites[:n], row, col)
	l.town.fill(towns[:n], row, col)
	l.kinds.fill(kinds[:n], row, col)
	for i, class := range dst {
		if l.pull(sites[i], towns[i]) > l.changed {
			kind := (kinds[i] + 1<<15) >> 12 & 15
			if class == cropland && towns[i] > l.suburb {
				kind = 8
			}
			dst[i] = becomes[class][kind] - '0'
		} else if h := hash(^l.seed, row, col+i); h < l.speckle {
			dst[i] = becomes[class][h&15] - '0'
		}
	}
}
