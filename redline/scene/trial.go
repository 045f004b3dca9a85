package scene

import "slices"

// Trial is a scene of which the truth is known, and maps of it as land-cover products make them. Its zones and counties
// are those of a scene that shares borders. It is immutable.
//
// The truth: land cover as in every scene, with roads. Of the ground [TrialChanged] changes between epoch 0 and 1, in
// patches, within some cells of a settlement or a road far more often than elsewhere and there mostly by building; a
// tenth of what changed is as before in epoch 2, when a little more has changed.
//
// The maps: a cell is taken for another class where smooth noise exceeds a threshold of its true class, so that errors
// come in patches; to which class follows from other noise, by the shares of [trialConfusion]. The noise is a sum of
// four: one that all maps share (mixed ground is hard for everybody), one that all maps of an epoch share (a dry year),
// one of the product, and one of the product and the epoch. The last one makes most false changes. Borders are moved by
// up to a cell, partly anew in each epoch, and of a million cells some are wrong by themselves.
//
// How often products are wrong: Yang and Huang (2021, doi:10.5194/essd-13-3907-2021) state 79.31 % of right samples for
// CLCD; the user guide of GLC_FCS30D 80.88 % for ten classes; the data centre of GlobeLand30 85.72 % for its edition of
// 2020. [First] has about the first rate, [Second] the second, [Third] the third. Products of 30 m of China differ by
// pairs in 21.10 to 37.53 % of the cells (Remote Sensing 2024, 16(22), 4330, doi:10.3390/rs16224330). Rates by class
// could not be read there: those of [trialErrors] are chosen so that the sums are met and shrub, wetland, grassland and
// bare ground are the least reliable, as comparisons say. How alike the errors of two epochs and two products are is
// not published; it is chosen so that 2 to 15 % of what a run finds is real.
type Trial struct {
	*Scene
	truth [3][]uint8
	kinds quantiles // sixteen parts of the field of kinds
}

// TrialChanged is of a million cells how many truly change between the epochs, roughly.
const TrialChanged = 6000

// settled is within how many cells of a settlement or a road most is built.
const settled = 10

// Product is a land-cover product in a trial.
type Product int

// The products: the first is that of the run.
const (
	First Product = iota
	Second
	Third
	numProducts
)

// trialErrors is of a million cells of each class how many [First] takes for another, roughly, borders aside.
var trialErrors = [10]int{
	cropland: 175_000, forest: 145_000, shrub: 430_000, grassland: 340_000, water: 100_000, barren: 360_000,
	impervious: 200_000, wetland: 430_000,
}

// trialConfusion lists what sixteenths of the wrong cells of a class are taken for.
var trialConfusion = [10]string{
	cropland:   "2222444488888775",
	forest:     "3333344441111118",
	shrub:      "2222222244444111",
	grassland:  "2222333311111778",
	water:      "9999991111117788",
	barren:     "4444448888811111",
	impervious: "1111111117777442",
	wetland:    "5555551111144422",
}

// errorShare is the errors of the products, in hundredths of those of the first.
var errorShare = [numProducts]int{97, 88, 58}

// Weights of the four noises, in 256ths: of all maps, of the maps of an epoch, of the product, of one map.
const (
	weighAll   = 150
	weighEpoch = 26
	weighOwn   = 196
	weighMap   = 38
)

// loneErrors is of a million cells how many are wrong by themselves, anew in each map.
const loneErrors = 4000

// NewTrial makes a trial of size × size cells, at least 512. Zones and counties have about the same size in all: a zone
// holds some 3,600 cells, a county some 144,000. Zones that have no room with a seed are drawn by another.
func NewTrial(seed uint64, size int) (t *Trial, err error) {
	zones := max(2*MinRedLines, size*size/12000)
	p := Params{Cols: size, Rows: size, RedLines: zones, Reserves: MinReserves, Vertices: 90 * zones, Layout: Shared}
	var s *Scene
	for try := range 20 {
		p.Seed = hash(seed, try, 599)
		if s, err = New(p); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	s.stamps, s.land.lone = nil, 2
	t = &Trial{Scene: s}
	kinds := newField(hash(p.Seed, 600, 0), 5, 3)
	q := sample(p, 256, func(row, col int) int32 { return kinds.at(row, col) })
	for i := 1; i < 16; i++ {
		t.kinds = append(t.kinds, q.below(i*62_500))
	}
	t.develop()
	return t, nil
}

// Truth returns the true class codes of an epoch, row by row: CLCD's, 1 to 9. It belongs to the trial.
func (t *Trial) Truth(epoch int) []uint8 { return t.truth[epoch] }

// kind returns which of sixteen parts of equal size a value of a field of kinds lies in.
func (t *Trial) kind(v int32) int {
	i, _ := slices.BinarySearch(t.kinds, v)
	return i
}

// develop makes the truth of all epochs.
func (t *Trial) develop() {
	p := t.params
	for e := range t.truth {
		t.truth[e] = make([]uint8, p.Cols*p.Rows)
	}
	road := newField(hash(p.Seed, 601, 0), 7, 5)
	line := make([]int32, p.Cols)
	for row := range p.Rows {
		cells := t.truth[0][row*p.Cols:][:p.Cols]
		for col := 0; col < p.Cols; col += chunk {
			t.land.cover(row, col, cells[col:min(col+chunk, p.Cols)])
		}
		road.fill(line, row, 0)
		for col, v := range line {
			if cells[col] != water && distance(v) < 280 {
				cells[col] = impervious
			}
		}
	}
	pull, near := t.pulls()
	sorted := quantiles(slices.Sorted(slices.Values(pull)))
	grown, later := sorted.above(TrialChanged), sorted.above(TrialChanged*9/8)
	kinds, back := newField(hash(p.Seed, 602, 0), 5, 4), newField(hash(p.Seed, 603, 0), 5, 4)
	ends := sample(p, 256, back.at).above(100_000)
	for i, before := range t.truth[0] {
		row, col := i/p.Cols, i%p.Cols
		after := before
		if pull[i] > later && before != impervious {
			table := &becomes
			if near[i] < settled {
				table = &develops
			}
			after = table[before][t.kind(kinds.at(row, col))] - '0'
		}
		t.truth[1][i], t.truth[2][i] = before, after
		if pull[i] > grown {
			t.truth[1][i] = after
			if back.at(row, col) > ends {
				t.truth[2][i] = before
			}
		}
	}
}

// develops lists, as [becomes] does, what ground near a settlement truly becomes.
var develops = [10]string{
	cropland:  "8888888888888552",
	forest:    "8888888888811177",
	shrub:     "8888888888811177",
	grassland: "8888888888811177",
	water:     "8888888811111199",
	barren:    "8888888888884444",
	wetland:   "8888888811111155",
}

// pulls returns how liable each cell is to change, and how many cells it is from a settlement or road, at most settled.
func (t *Trial) pulls() (pull []int32, near []uint8) {
	p := t.params
	near = t.distances()
	pull = make([]int32, len(near))
	site := newField(hash(p.Seed, 604, 0), 4, 2)
	for row := range p.Rows {
		line := pull[row*p.Cols:][:p.Cols]
		site.fill(line, row, 0)
		for col := range line {
			line[col] += 1200 * int32(settled-near[row*p.Cols+col])
		}
	}
	return pull, near
}

// distances returns for each cell how many steps to one of eight neighbours lie between it and an impervious one.
func (t *Trial) distances() []uint8 {
	p := t.params
	near := slices.Repeat([]uint8{settled}, p.Cols*p.Rows)
	var queue []int32
	for i, class := range t.truth[0] {
		if class == impervious {
			near[i] = 0
			queue = append(queue, int32(i))
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		i := int(queue[0])
		for row := max(0, i/p.Cols-1); row <= min(p.Rows-1, i/p.Cols+1); row++ {
			for col := max(0, i%p.Cols-1); col <= min(p.Cols-1, i%p.Cols+1); col++ {
				if k := row*p.Cols + col; near[k] > near[i]+1 {
					near[k] = near[i] + 1
					queue = append(queue, int32(k))
				}
			}
		}
	}
	return near
}

// mapNoise is the noise of one map.
type mapNoise struct {
	liability         [4]field
	kinds             field
	own, once         [2]field  // by how much borders are moved, east and south: in all maps of the product, in this one
	thresholds        [10]int32 // of the liability by class
	lone              uint64    // seed of the errors that stand alone
	wrong, part, kind []int32   // of a row
	east, south       []int32
}

// newMapNoise returns the noise of the map of a product of an epoch.
func (t *Trial) newMapNoise(product Product, epoch int) *mapNoise {
	p := t.params
	seed := func(name, of, in int) uint64 { return hash(hash(p.Seed, 610+name, of), in, 1) }
	k, e := int(product)+1, epoch+1
	n := &mapNoise{
		liability: [4]field{
			newField(seed(0, 0, 0), 5, 2), newField(seed(1, 0, e), 4, 2), newField(seed(2, k, 0), 5, 2),
			newField(seed(3, k, e), 4, 2),
		},
		kinds: newField(seed(4, k, 0), 5, 3),
		own:   [2]field{newField(seed(5, k, 0), 5, 3), newField(seed(6, k, 0), 5, 3)},
		once:  [2]field{newField(seed(7, k, e), 5, 3), newField(seed(8, k, e), 5, 3)},
		lone:  seed(9, k, e),
	}
	for _, line := range []*[]int32{&n.wrong, &n.part, &n.kind, &n.east, &n.south} {
		*line = make([]int32, p.Cols)
	}
	q := sample(p, 256, func(row, col int) int32 {
		sum := int32(0)
		for i, f := range n.liability {
			sum += f.at(row, col) * weights[i] >> 8
		}
		return sum
	})
	for class, rate := range trialErrors {
		n.thresholds[class] = q.above(rate * errorShare[product] / 100)
	}
	return n
}

var weights = [4]int32{weighAll, weighEpoch, weighOwn, weighMap}

// row computes the noise of a row.
func (n *mapNoise) row(row int) {
	clear(n.wrong)
	for i, f := range n.liability {
		f.fill(n.part, row, 0)
		for col, v := range n.part {
			n.wrong[col] += v * weights[i] >> 8
		}
	}
	n.kinds.fill(n.kind, row, 0)
	for i, line := range [][]int32{n.east, n.south} {
		n.own[i].fill(line, row, 0)
		n.once[i].fill(n.part, row, 0)
		for col, v := range n.part {
			line[col] = step(line[col] + v/5)
		}
	}
}

// Map returns the class codes of the map of a product of an epoch, row by row, on the scene's grid: 1 to 9, as CLCD.
func (t *Trial) Map(product Product, epoch int) []uint8 {
	p := t.params
	n := t.newMapNoise(product, epoch)
	out := make([]uint8, p.Cols*p.Rows)
	for row := range p.Rows {
		n.row(row)
		for col := range p.Cols {
			r := min(max(0, row+int(n.south[col])), p.Rows-1)
			c := min(max(0, col+int(n.east[col])), p.Cols-1)
			class := t.truth[epoch][r*p.Cols+c]
			kind := t.kind(n.kind[col])
			switch {
			case n.wrong[col] > n.thresholds[class]:
				class = trialConfusion[class][kind] - '0'
			case parts(n.lone, row, col, loneErrors):
				class = trialConfusion[class][hash(n.lone, col, row)&15] - '0'
			}
			out[row*p.Cols+col] = class
		}
	}
	return out
}

// step returns by how many cells, −1 to 1, a border is moved.
func step(noise int32) int32 { return min(max(-1, (noise+1<<14)>>15), 1) }
