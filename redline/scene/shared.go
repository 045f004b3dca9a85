package scene

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// survey is the ground of a scene whose zones share borders: a coverage whose layers are counties, red-line zones and
// functional zones of reserves.
type survey struct {
	coverage
	params            Params
	county, red, zone []int32
	reserves          [][]int32 // blocks of each reserve
}

// inRedLine is the share of the ground that the red line covers, in millionths.
const inRedLine = 300_000

// newSurvey divides the ground. It fails when there is not enough of it.
func newSurvey(p Params) (*survey, error) {
	// As many corners as a zone is to have vertices make a finer outline on finer blocks.
	zone := math.Sqrt(float64(p.Cols) * float64(p.Rows) * inRedLine / 1e6 / float64(p.RedLines))
	block := max(1, int(7*zone*float64(p.RedLines)/float64(max(1, p.Vertices))))
	g := &survey{params: p}
	g.side = block * one
	west, north := p.Cols/8/block+1, p.Rows/8/block+1
	g.origin = point{-west * g.side, -north * g.side}
	g.cols, g.rows = (p.Cols+block-1)/block+2*west, (p.Rows+block-1)/block+2*north

	g.county = g.regions(max(3, math.Sqrt(12)*zone/math.Sqrt(inRedLine/1e6)/float64(block)), 301)
	natural := g.natural(zone / float64(block))
	seats := g.regions(max(3, zone/float64(block)), 302)
	if err := g.drawRed(natural, seats); err != nil {
		return nil, err
	}
	if err := g.drawZones(); err != nil {
		return nil, err
	}
	g.owners = [][]int32{number(g.county), g.red, g.zone}
	g.county = g.owners[0]
	return g, nil
}

// regions gives every block the number of the nearest of many places, which lie about spacing blocks apart. The ground
// is warped before, so that borders waver.
func (g *survey) regions(spacing float64, name int) []int32 {
	seed := hash(g.params.Seed, name, 0)
	s := int(spacing * 256) // in 256ths of a block, as all lengths here
	first := log2(s / 256)
	last := max(first, 5) - 4
	east, south := newField(hash(seed, 1, 0), first, last), newField(hash(seed, 2, 0), first, last)
	out := make([]int32, g.cols*g.rows)
	across := g.cols*256/s + 8
	du, dv := make([]int32, g.cols), make([]int32, g.cols)
	for row := range g.rows {
		east.fill(du, row, 0)
		south.fill(dv, row, 0)
		for col := range g.cols {
			u, v := col*256+int(du[col])*s/8>>15, row*256+int(dv[col])*s/8>>15
			i0, j0 := u/s, v/s
			best := math.MaxInt
			for j := j0 - 1; j <= j0+1; j++ {
				for i := i0 - 1; i <= i0+1; i++ {
					h := hash(seed, i, j)
					x, y := i*s+s/8+int(h>>48)*(s*3/4)>>16, j*s+s/8+int(h>>32&0xffff)*(s*3/4)>>16
					if d := (x-u)*(x-u) + (y-v)*(y-v); d < best {
						best, out[row*g.cols+col] = d, int32((j+4)*across+i+4)
					}
				}
			}
		}
	}
	return out
}

// natural marks the ground that the red line covers: land of one kind around the raster's middle and a little beyond
// its edges. Pieces of fewer than four blocks are left out.
func (g *survey) natural(zone float64) []int32 {
	f := newField(hash(g.params.Seed, 303, 0), log2(int(4*zone)), 1)
	heights := make([]int32, g.cols*g.rows)
	for row := range g.rows {
		f.fill(heights[row*g.cols:][:g.cols], row, 0)
	}
	sample := make(quantiles, 0, len(heights)/7+1)
	for i := 0; i < len(heights); i += 7 {
		sample = append(sample, heights[i])
	}
	slices.Sort(sample)
	limit := sample.above(inRedLine)
	west, north := -g.origin.u/g.side-4, -g.origin.v/g.side-4
	for i, h := range heights {
		col, row := i%g.cols, i/g.cols
		if h <= limit || col < west || row < north || col >= g.cols-west || row >= g.rows-north {
			heights[i] = nowhere
		} else {
			heights[i] = 1
		}
	}
	for _, piece := range g.pieces(heights) {
		if len(piece) < 4 {
			for _, block := range piece {
				heights[block] = nowhere
			}
		}
	}
	return heights
}

// pieces returns the connected pieces of the blocks that have an owner and the same one.
func (g *survey) pieces(owner []int32) (all [][]int32) {
	seen := make([]bool, len(owner))
	for first := range owner {
		if seen[first] || owner[first] == nowhere {
			continue
		}
		seen[first] = true
		piece := []int32{int32(first)}
		for i := 0; i < len(piece); i++ {
			g.neighbours(int(piece[i]), func(next int) {
				if !seen[next] && owner[next] == owner[first] {
					seen[next] = true
					piece = append(piece, int32(next))
				}
			})
		}
		all = append(all, piece)
	}
	return all
}

// drawRed parts the natural ground by seats and counties, and keeps the largest parts.
func (g *survey) drawRed(natural, seats []int32) error {
	type key struct{ seat, county int32 }
	size := map[key]int{}
	for i, n := range natural {
		if n != nowhere {
			size[key{seats[i], g.county[i]}]++
		}
	}
	keys := make([]key, 0, len(size))
	for k := range size {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(a.seat, b.seat), cmp.Compare(a.county, b.county))
	})
	if len(keys) < g.params.RedLines {
		return g.noRoom()
	}
	kept := map[key]bool{}
	for _, k := range keys[:g.params.RedLines] {
		kept[k] = true
	}
	numbers := map[key]int32{}
	g.red = make([]int32, len(natural))
	for i, n := range natural {
		g.red[i] = nowhere
		if k := (key{seats[i], g.county[i]}); n != nowhere && kept[k] {
			if _, found := numbers[k]; !found {
				numbers[k] = int32(len(numbers))
			}
			g.red[i] = numbers[k]
		}
	}
	return nil
}

func (g *survey) noRoom() error {
	return fmt.Errorf("scene of %d × %d cells with %d red-line zones and %d reserves that share borders: no room, "+
		"take fewer zones or more cells", g.params.Cols, g.params.Rows, g.params.RedLines, g.params.Reserves)
}

// zoneBlocks is the smallest number of blocks that makes a reserve.
const zoneBlocks = 24

// drawZones makes reserves of red-line zones and parts each into a core, a buffer and an experimental zone. Of four
// reserves two hold the ground of one red-line zone, one that of two neighbours, and one the western half of one.
func (g *survey) drawZones() error {
	parts := make([][]int32, g.params.RedLines)
	for i, r := range g.red {
		if r != nowhere {
			parts[r] = append(parts[r], int32(i))
		}
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Compare(hash(g.params.Seed, a, 304), hash(g.params.Seed, b, 304))
	})
	g.zone = make([]int32, len(g.red))
	for i := range g.zone {
		g.zone[i] = nowhere
	}
	taken := make([]bool, len(parts))
	for _, i := range order {
		n := len(g.reserves)
		if n == g.params.Reserves {
			break
		}
		if taken[i] || len(parts[i]) < 2*zoneBlocks {
			continue
		}
		taken[i] = true
		blocks := slices.Clone(parts[i])
		switch n % 4 {
		case 2:
			if k := g.neighbour(blocks, taken); k != nowhere {
				taken[k] = true
				blocks = append(blocks, parts[k]...)
			}
		case 3:
			slices.SortStableFunc(blocks, func(a, b int32) int { return cmp.Compare(int(a)%g.cols, int(b)%g.cols) })
			blocks = blocks[:len(blocks)/2]
		}
		g.reserves = append(g.reserves, blocks)
		g.function(n)
	}
	if len(g.reserves) < g.params.Reserves {
		return g.noRoom()
	}
	return nil
}

// neighbour returns a red-line zone beside the blocks that no reserve has taken, or nowhere.
func (g *survey) neighbour(blocks []int32, taken []bool) (k int32) {
	k = nowhere
	for _, b := range blocks {
		g.neighbours(int(b), func(next int) {
			if r := g.red[next]; k == nowhere && r != nowhere && !taken[r] {
				k = r
			}
		})
	}
	return k
}

// function parts a reserve by how far a block lies from the outside, and by noise, so that a core may reach the
// border: a fifth is core, the next two are buffer, the rest is experimental.
func (g *survey) function(reserve int) {
	blocks := g.reserves[reserve]
	const unknown = -2
	for _, b := range blocks {
		g.zone[b] = unknown
	}
	depth := make(map[int32]int, len(blocks))
	var queue []int32
	for _, b := range blocks {
		edge := false
		g.neighbours(int(b), func(next int) { edge = edge || g.zone[next] != unknown })
		if edge {
			depth[b] = 1
			queue = append(queue, b)
		}
	}
	for i := 0; i < len(queue); i++ {
		g.neighbours(int(queue[i]), func(next int) {
			if _, found := depth[int32(next)]; !found && g.zone[next] == unknown {
				depth[int32(next)] = depth[queue[i]] + 1
				queue = append(queue, int32(next))
			}
		})
	}
	waves := newField(hash(g.params.Seed, 305, 0), 4, 2)
	deep := depth[queue[len(queue)-1]]
	slices.SortFunc(blocks, func(a, b int32) int {
		weight := func(b int32) int {
			var h [1]int32
			waves.fill(h[:], int(b)/g.cols, int(b)%g.cols)
			return depth[b]<<16 + int(h[0])*deep/2
		}
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b))
	})
	for i, b := range blocks {
		switch share := 5 * i / len(blocks); {
		case share < 1:
			g.zone[b] = int32(3 * reserve)
		case share < 3:
			g.zone[b] = int32(3*reserve + 1)
		default:
			g.zone[b] = int32(3*reserve + 2)
		}
	}
}

// log2 returns the logarithm of n to the base 2, rounded down, but at least 1.
func log2(n int) uint { return uint(max(1, bits.Len(uint(n))-1)) }

// number renumbers owners from 0 in the order in which they come.
func number(owner []int32) []int32 {
	numbers := map[int32]int32{}
	for i, o := range owner {
		if _, found := numbers[o]; !found {
			numbers[o] = int32(len(numbers))
		}
		owner[i] = numbers[o]
	}
	return owner
}

// drawShared places zones that share borders, and a stamp in the core of the first reserve.
func (s *Scene) drawShared() error {
	g, err := newSurvey(s.params)
	if err != nil {
		return err
	}
	s.redLines = Layer{Name: "redline", Fields: redLineFields}
	for i, shape := range g.shapes(g.red, s.params.RedLines) {
		s.redLines.Features = append(s.redLines.Features, Feature{redLineValues(i, int(hash(s.params.Seed, i, 101)%3)), shape})
	}
	s.reserves = Layer{Name: "reserves", Fields: reserveFields}
	for i, shape := range g.shapes(g.zone, 3*len(g.reserves)) {
		s.reserves.Features = append(s.reserves.Features, Feature{reserveValues(i, i/3, functions[i%3]), shape})
	}
	s.drawSharedCounties(g)
	if s.params.Layout == Slivers {
		s.digitiseAgain(g)
	}
	for _, b := range g.reserves[0] { // from the core on
		side := g.side / one
		row, col := int(b)/g.cols*side+g.origin.v/one, int(b)%g.cols*side+g.origin.u/one
		if col >= minSite && row >= minSite && col < s.params.Cols-minSite && row < s.params.Rows-minSite {
			st := project().centred(col+side/2, row+side/2)
			s.stamps = append(s.stamps, st)
			s.drawExemption(st.changed())
			return nil
		}
	}
	return g.noRoom()
}

// drawSharedCounties draws the counties of a survey. A city is what larger regions make of them; the code of a county
// begins with that of its city.
func (s *Scene) drawSharedCounties(g *survey) {
	n := int(slices.Max(g.county)) + 1
	blocks := make([][]int32, n)
	for i, c := range g.county {
		blocks[c] = append(blocks[c], int32(i))
	}
	cities := g.regions(3*math.Sqrt(float64(len(g.county))/float64(n)), 306)
	city := make([]int32, n)
	for i := range city {
		city[i] = cities[blocks[i][len(blocks[i])/2]]
	}
	number(city)
	counties := make([]int, n) // of each city, so far
	s.counties = Layer{Name: "counties", Fields: countyFields}
	for i, shape := range g.shapes(g.county, n) {
		c := city[i]
		counties[c]++
		s.counties.Features = append(s.counties.Features, Feature{[]string{
			fmt.Sprintf("%d%02d", 9901+c, counties[c]), fmt.Sprintf("示例县%d号", i+1), fmt.Sprintf("示例市%d号", c+1),
		}, shape})
	}
}
