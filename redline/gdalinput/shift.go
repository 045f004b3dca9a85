package gdalinput

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/gdalraster"
)

// Shift is a steady displacement of a layer's outlines against those of another layer,
// found where the outlines of both run near each other. It is a suspicion: it says what
// a translation would explain, not why.
type Shift struct {
	Against string  `json:"against"` // the other layer
	Kind    string  `json:"kind"`    // ShiftConstant, ShiftGCJ02, ShiftToGCJ02
	EastM   float64 `json:"east_m"`  // where the layer lies, as seen from the other; of GCJ-02 the mean
	NorthM  float64 `json:"north_m"`
	Points  int     `json:"points"`  // points of the layer's outlines that have an outline of the other within 800 m
	Fit     int     `json:"fit"`     // of them, on such an outline when the shift is undone
	Unmoved int     `json:"unmoved"` // of them, on such an outline as they are
}

// The kinds of a [Shift].
const (
	ShiftConstant = "constant"
	ShiftGCJ02    = "gcj02"    // undoing the GCJ-02 offset of the layer explains it
	ShiftToGCJ02  = "to_gcj02" // undoing that of the other layer does
)

// LengthM returns the length of the shift.
func (s Shift) LengthM() float64 { return math.Hypot(s.EastM, s.NorthM) }

const (
	shiftReachM  = 800 // larger than any GCJ-02 offset in China
	shiftLeastM  = 50  // smaller shifts are differences of drawing
	shiftBinM    = 25
	shiftBins    = 2*shiftReachM/shiftBinM + 1
	shiftWiden   = 1    // bins to each side that a point counts in too, so that lines drawn differently share one
	shiftOnM     = 30   // an outline so near is met
	shiftStepM   = 20   // outlines of the other layer are taken as points at this distance
	shiftPoints  = 3000 // points taken from the layer
	shiftCrowded = 3000 // points of the other layer around one of the layer: no telling which belongs
	shiftAlone   = 150  // m: other shifts than this from the best one must be clearly worse
)

// The tests that a shift must pass. Chance makes the best of a few hundred independent
// shifts fit somewhat better than the others, but not twice as well.
const (
	shiftMinFit   = 40   // points
	shiftMinShare = 0.1  // of all points with an outline near
	shiftMinRatio = 1.8  // against the best shift elsewhere
	shiftMinGain  = 1.4  // against the layer as it is
	shiftMinTurn  = 0.08 // how well outlines of all directions take part, 0 to 0.5: a shift along a straight line cannot be seen
)

// mapping takes points of the lattice to longitude and latitude in place.
type mapping func(u, v []float64) error

// latticeDegrees returns the mapping of a grid, to WGS 84 where that is known.
// close frees it.
func latticeDegrees(grid raster.Grid) (m mapping, close func(), err error) {
	to, err := gdalraster.ParseCRS("EPSG:4326")
	if err != nil {
		return nil, nil, err
	}
	t, err := gdalraster.NewTransform(grid.CRS, to)
	if err != nil { // the offset is a smooth function: another datum will do
		if to, err = gdalraster.Base(grid.CRS); err == nil {
			t, err = gdalraster.NewTransform(grid.CRS, to)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return func(u, v []float64) error {
		for i := range u {
			u[i], v[i] = grid.Map(u[i], v[i])
		}
		return t.XY(u, v)
	}, t.Close, nil
}

// shiftPoint is a point of the layer's outline.
type shiftPoint struct {
	u, v     float64
	metres   [2][2]float64 // lattice → metres east and north
	gcj      [2]float64    // GCJ-02 offset there, m
	tangent  [2]float64    // direction of the outline, m, of length 1
	votes    [][2]float32  // where the other layer's outlines are, m from here
	crowded  bool
	lon, lat float64
}

func (p *shiftPoint) toMetres(du, dv float64) (east, north float64) {
	return p.metres[0][0]*du + p.metres[0][1]*dv, p.metres[1][0]*du + p.metres[1][1]*dv
}

// findShift looks for a shift of the outlines of layer against those of other, both on
// the lattice; nil when there is none to suspect. Its cost is bounded by the number of
// vertices plus a constant.
//
// For each of some points spread evenly along the layer's outlines, every place of the
// other's outlines within reach is a possible displacement. A real shift shows as one
// displacement that many points share and no other rivals: a peak of the
// cross-correlation of the two sets of lines. The same is tried with each point's own
// GCJ-02 offset taken off, which is not constant over a province.
func findShift(layer, other []orb.MultiPolygon, degrees mapping) (*Shift, error) {
	if len(layer) == 0 || len(other) == 0 {
		return nil, nil
	}
	points, err := samplePoints(layer, other, degrees)
	if err != nil || len(points) < shiftMinFit {
		return nil, err
	}
	gatherVotes(points, other)
	near := points[:0]
	for _, p := range points {
		if len(p.votes) > 0 && !p.crowded {
			near = append(near, p)
		}
	}
	none := func(*shiftPoint) (x, y float64) { return 0, 0 }
	constant := tally(near, none)
	// A layer in GCJ-02 lies its offset away from where it belongs.
	plus := func(p *shiftPoint) (x, y float64) { return p.gcj[0], p.gcj[1] }
	minus := func(p *shiftPoint) (x, y float64) { return -p.gcj[0], -p.gcj[1] }
	from, to := tally(near, plus), tally(near, minus)

	s := &Shift{Points: len(near), Unmoved: met(near, none, 0, 0)}
	best, add := constant, none
	const gcjSlackM, gcjShare = 60, 0.85
	switch {
	case math.Hypot(from.x, from.y) <= gcjSlackM && from.sound() && float64(from.fit) >= gcjShare*float64(constant.fit):
		s.Kind, best, add = ShiftGCJ02, from, plus
	case math.Hypot(to.x, to.y) <= gcjSlackM && to.sound() && float64(to.fit) >= gcjShare*float64(constant.fit):
		s.Kind, best, add = ShiftToGCJ02, to, minus
	case constant.sound():
		s.Kind = ShiftConstant
	default:
		return nil, nil
	}
	s.Fit = met(near, add, best.x, best.y)
	s.EastM, s.NorthM = -best.x, -best.y
	for i := range near {
		x, y := add(&near[i])
		s.EastM += x / float64(len(near))
		s.NorthM += y / float64(len(near))
	}
	if s.LengthM() < shiftLeastM || s.LengthM() > shiftReachM || float64(s.Unmoved)*shiftMinGain > float64(s.Fit) {
		return nil, nil
	}
	return s, nil
}

// samplePoints spreads points evenly along the outlines of layer near other's box.
func samplePoints(layer, other []orb.MultiPolygon, degrees mapping) ([]shiftPoint, error) {
	box := other[0].Bound()
	for _, mp := range other[1:] {
		box = box.Union(mp.Bound())
	}
	// The scale is that of the middle; the exact one is measured at each point.
	middle := []shiftPoint{{u: box.Center()[0], v: box.Center()[1]}}
	if err := measurePoints(middle, degrees); err != nil {
		return nil, err
	}
	east, _ := middle[0].toMetres(1, 0)
	_, north := middle[0].toMetres(0, 1)
	cell := math.Max(math.Abs(east), math.Abs(north))
	box = box.Pad(2 * shiftReachM / cell)

	edges := func(do func(a, b orb.Point, length float64)) {
		for _, mp := range layer {
			if !mp.Bound().Intersects(box) {
				continue
			}
			for _, polygon := range mp {
				for _, ring := range polygon {
					for i := 1; i < len(ring); i++ {
						a, b := ring[i-1], ring[i]
						if box.Contains(a) || box.Contains(b) {
							do(a, b, math.Hypot(b[0]-a[0], b[1]-a[1]))
						}
					}
				}
			}
		}
	}
	total := 0.0
	edges(func(_, _ orb.Point, length float64) { total += length })
	step := total / shiftPoints
	if !(step > 0) {
		return nil, nil
	}
	var points []shiftPoint
	next, done := step/2, 0.0
	edges(func(a, b orb.Point, length float64) {
		for ; next < done+length; next += step {
			t := (next - done) / length
			points = append(points, shiftPoint{u: a[0] + t*(b[0]-a[0]), v: a[1] + t*(b[1]-a[1]), tangent: [2]float64{b[0] - a[0], b[1] - a[1]}})
		}
		done += length
	})
	return points, measurePoints(points, degrees)
}

// measurePoints finds where points are on earth, and how long a cell is there.
func measurePoints(points []shiftPoint, degrees mapping) error {
	u, v := make([]float64, 0, 3*len(points)), make([]float64, 0, 3*len(points))
	for _, p := range points {
		u, v = append(u, p.u, p.u+1, p.u), append(v, p.v, p.v, p.v+1)
	}
	if err := degrees(u, v); err != nil {
		return err
	}
	const a, f = 6378137, 1 / 298.257223563 // WGS 84
	const e2 = f * (2 - f)
	for i := range points {
		p := &points[i]
		lon, lat := u[3*i:3*i+3], v[3*i:3*i+3]
		p.lon, p.lat = lon[0], lat[0]
		s, c := math.Sincos(lat[0] * math.Pi / 180)
		w := math.Sqrt(1 - e2*s*s)
		perLon, perLat := a*c/w*math.Pi/180, a*(1-e2)/(w*w*w)*math.Pi/180
		for k := range 2 {
			p.metres[0][k], p.metres[1][k] = (lon[k+1]-lon[0])*perLon, (lat[k+1]-lat[0])*perLat
		}
		p.gcj[0], p.gcj[1] = gcj02Offset(p.lon, p.lat)
		x, y := p.toMetres(p.tangent[0], p.tangent[1])
		if l := math.Hypot(x, y); l > 0 {
			p.tangent = [2]float64{x / l, y / l}
		}
	}
	return nil
}

// gatherVotes collects for each point where the outlines of other are around it.
func gatherVotes(points []shiftPoint, other []orb.MultiPolygon) {
	// Squares of the lattice, and the points that reach into each.
	finest, coarsest := math.Inf(1), 0.0
	for i := range points {
		for _, d := range [][2]float64{{1, 0}, {0, 1}} {
			x, y := points[i].toMetres(d[0], d[1])
			finest, coarsest = math.Min(finest, math.Hypot(x, y)), math.Max(coarsest, math.Hypot(x, y))
		}
	}
	reach, step := shiftReachM/finest, shiftStepM/coarsest
	type square [2]int
	at := func(u, v float64) square { return square{int(math.Floor(u / reach)), int(math.Floor(v / reach))} }
	squares := map[square][]*shiftPoint{}
	for i := range points {
		s := at(points[i].u, points[i].v)
		for du := -1; du <= 1; du++ {
			for dv := -1; dv <= 1; dv++ {
				near := square{s[0] + du, s[1] + dv}
				squares[near] = append(squares[near], &points[i])
			}
		}
	}
	for _, mp := range other {
		for _, polygon := range mp {
			for _, ring := range polygon {
				for i := 1; i < len(ring); i++ {
					a, b := ring[i-1], ring[i]
					length := math.Hypot(b[0]-a[0], b[1]-a[1])
					for s := 0.0; s < length; {
						u, v := a[0]+s/length*(b[0]-a[0]), a[1]+s/length*(b[1]-a[1])
						list := squares[at(u, v)]
						for _, p := range list {
							p.vote(u, v)
						}
						if s += step; list == nil { // nobody is within reach of this square
							s += reach / 4
						}
					}
				}
			}
		}
	}
}

func (p *shiftPoint) vote(u, v float64) {
	x, y := p.toMetres(u-p.u, v-p.v)
	if p.crowded || x*x+y*y > shiftReachM*shiftReachM {
		return
	}
	if len(p.votes) == shiftCrowded {
		p.crowded, p.votes = true, nil
		return
	}
	p.votes = append(p.votes, [2]float32{float32(x), float32(y)})
}

// peak is what the points say when each may add something of its own.
type peak struct {
	x, y   float64 // best displacement, m
	fit    int     // points that meet an outline about there
	rival  int     // the same at the best displacement elsewhere
	points int
	turn   float64 // see shiftMinTurn
	counts [shiftBins][shiftBins]int32
}

// standsOut tells a peak from chance, sound also from what a straight line shows.
func (p *peak) standsOut() bool {
	return p.fit >= shiftMinFit && float64(p.fit) >= shiftMinShare*float64(p.points) && float64(p.fit) >= shiftMinRatio*float64(p.rival)
}

func (p *peak) sound() bool { return p.standsOut() && p.turn >= shiftMinTurn }

func bin(m float64) int { return int(math.Round(m/shiftBinM)) + shiftBins/2 }

// met returns the number of points that meet an outline when displaced by x, y.
func met(points []shiftPoint, add func(*shiftPoint) (x, y float64), x, y float64) (n int) {
	for i := range points {
		ax, ay := add(&points[i])
		if slices.ContainsFunc(points[i].votes, func(vote [2]float32) bool {
			return math.Hypot(float64(vote[0])+ax-x, float64(vote[1])+ay-y) <= shiftOnM
		}) {
			n++
		}
	}
	return n
}

func tally(points []shiftPoint, add func(*shiftPoint) (x, y float64)) *peak {
	p := &peak{points: len(points)}
	for i := range points {
		var mine [shiftBins][shiftBins]bool // each point counts once
		ax, ay := add(&points[i])
		for _, vote := range points[i].votes {
			col, row := bin(float64(vote[0])+ax), bin(float64(vote[1])+ay)
			for r := max(0, row-shiftWiden); r <= min(shiftBins-1, row+shiftWiden); r++ {
				for c := max(0, col-shiftWiden); c <= min(shiftBins-1, col+shiftWiden); c++ {
					mine[r][c] = true
				}
			}
		}
		for r := range mine {
			for c, hit := range mine[r] {
				if hit {
					p.counts[r][c]++
				}
			}
		}
	}
	centre := func(c int) float64 { return float64(c-shiftBins/2) * shiftBinM }
	for r := range p.counts {
		for c, n := range p.counts[r] {
			if int(n) > p.fit {
				p.fit, p.x, p.y = int(n), centre(c), centre(r)
			}
		}
	}
	for r := range p.counts {
		for c, n := range p.counts[r] {
			if math.Hypot(centre(c)-p.x, centre(r)-p.y) >= shiftAlone {
				p.rival = max(p.rival, int(n))
			}
		}
	}
	if p.standsOut() {
		p.refine(points, add)
	}
	return p
}

// refine centres the peak on the votes near it, and measures the directions of the
// outlines that take part.
func (p *peak) refine(points []shiftPoint, add func(*shiftPoint) (x, y float64)) {
	for range 4 {
		var sx, sy, n, xx, xy, yy float64
		for i := range points {
			ax, ay := add(&points[i])
			best, bx, by := math.Inf(1), 0.0, 0.0
			for _, vote := range points[i].votes {
				x, y := float64(vote[0])+ax-p.x, float64(vote[1])+ay-p.y
				if d := math.Hypot(x, y); d < best {
					best, bx, by = d, x, y
				}
			}
			if best <= shiftBinM*(shiftWiden+1) {
				t := points[i].tangent
				sx, sy, n = sx+bx, sy+by, n+1
				xx, xy, yy = xx+t[0]*t[0], xy+t[0]*t[1], yy+t[1]*t[1]
			}
		}
		if n == 0 {
			return
		}
		p.x, p.y = p.x+sx/n, p.y+sy/n
		// The smaller eigenvalue of the mean of tangent·tangentᵀ, whose trace is 1.
		p.turn = 0.5 - math.Hypot((xx-yy)/2, xy)/n
	}
}

// gcj02Offset returns by how many metres east and north the GCJ-02 coordinates of a
// place differ from its WGS 84 coordinates. GCJ-02 (国测局坐标, "Mars coordinates") is
// the obfuscated datum of Chinese web maps. The formula was never published officially; this one is the
// widely known reconstruction, right to a few metres inside China (see
// https://en.wikipedia.org/wiki/Restrictions_on_geographic_data_in_China). It is used
// for suspicion alone, never to correct data.
func gcj02Offset(lon, lat float64) (east, north float64) {
	x, y := lon-105, lat-35
	wave := func(amplitude, t, period float64) float64 { return amplitude * math.Sin(math.Pi*t/period) * 2 / 3 }
	ripple := wave(20, x, 1./6) + wave(20, x, 1./2)
	north = -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) + ripple +
		wave(20, y, 1) + wave(40, y, 3) + wave(160, y, 12) + wave(320, y, 30)
	east = 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) + ripple +
		wave(20, x, 1) + wave(40, x, 3) + wave(150, x, 12) + wave(300, x, 30)
	return east, north
}
