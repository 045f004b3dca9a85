package redline

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/digits"
	"greenshield/raster/landcover"
	"greenshield/raster/patch"
	"greenshield/vector"
	"greenshield/vector/overlay"
	"greenshield/vector/trace"
)

// A cutter turns closed patches into candidates. It belongs to one goroutine.
type cutter struct {
	*survey
	sink    Sink
	covers  *covers // of all rows of the patches to come
	clipper overlay.Clipper
	tracer  trace.Tracer
	over    Overlayer

	tally tally

	// Memory that one patch leaves to the next.
	cells   []trace.Run
	whole   part
	touched []*part
	pool    []*part // of which the touched ones are taken
	shared  []raster.Area
	out     Candidate
	common  []Overlap
	place   []byte
	idWords []byte
	mix     []byte
	finder  finder
}

// tally counts what a cutter gave away; integers and fixed point, so that tallies of
// several cutters add up to the same whatever the share of work.
type tally struct {
	patches, patchCells []int64 // by change type
	zones               []zoneTally
	bySeverity          [5]int64
	byReason            map[string]int64
}

type zoneTally struct {
	candidates, suppressed    int64
	candidateM2, suppressedM2 raster.Area
	touchingM2                raster.Area // parts that are mere rounding of a border, and no candidates
}

func (a *tally) add(b *tally) {
	for i := range a.patches {
		a.patches[i] += b.patches[i]
		a.patchCells[i] += b.patchCells[i]
	}
	for i := range a.zones {
		x, y := &a.zones[i], &b.zones[i]
		x.candidates += y.candidates
		x.suppressed += y.suppressed
		x.candidateM2.Add(y.candidateM2)
		x.suppressedM2.Add(y.suppressedM2)
		x.touchingM2.Add(y.touchingM2)
	}
	for i := range a.bySeverity {
		a.bySeverity[i] += b.bySeverity[i]
	}
	for r, n := range b.byReason {
		a.byReason[r] += n
	}
}

func (s *survey) newTally() tally {
	return tally{patches: make([]int64, s.types), patchCells: make([]int64, s.types), zones: make([]zoneTally, len(s.in.Zones)), byReason: map[string]int64{}}
}

func (s *survey) newCutter(sink Sink, over Overlayer, ground *covers) *cutter {
	return &cutter{survey: s, sink: sink, over: over, covers: ground, tally: s.newTally()}
}

// part is what a patch has in common with one territory.
type part struct {
	rank    int32
	shape   orb.MultiPolygon // lattice coordinates; nil when the part is the whole patch and not traced yet
	whole   bool             // the territory holds the whole patch
	m2      float64
	cells   float64  // planar area
	inside  int64    // whole cells of the patch inside the territory, but for rounding
	rows    [2]int32 // first and last row with a cell of the part, when it is not whole
	mixture []share  // areas by pair of classes
}

type share struct {
	pair uint16
	area raster.Area
}

// addTo returns where to add area with that pair of classes.
func (p *part) addTo(pair uint16) *raster.Area {
	for i := range p.mixture {
		if p.mixture[i].pair == pair {
			return &p.mixture[i].area
		}
	}
	p.mixture = append(p.mixture, share{pair: pair})
	return &p.mixture[len(p.mixture)-1].area
}

// cut gives all parts of a closed patch to the sink.
func (c *cutter) cut(p *patch.Patch) error {
	c.tally.patches[p.Type]++
	c.tally.patchCells[p.Type] += p.Cells
	c.cells = c.cells[:0]
	for _, r := range p.Runs {
		c.cells = trace.Append(c.cells, trace.Run{Row: r.Row, Col0: r.Col0, Col1: r.Col1})
	}
	whole := &c.whole
	c.measure(p, whole)
	if p.Tag > 0 {
		whole.rank = p.Tag - 1
		return c.give(p, whole, whole)
	}
	parts, err := c.split(p)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := c.give(p, whole, part); err != nil {
			return err
		}
	}
	return nil
}

// measure describes the whole patch.
func (c *cutter) measure(p *patch.Patch, whole *part) {
	*whole = part{whole: true, cells: float64(p.Cells), inside: p.Cells, mixture: whole.mixture[:0]}
	var total raster.Area
	var area raster.RowArea
	row := int32(-1)
	for _, r := range p.Runs {
		if r.Row != row {
			row = r.Row
			area = c.in.Earth.Row(int(row))
		}
		units := area.Run(int(r.Col0), int(r.Col1))
		total.AddUnits(units)
		whole.addTo(r.Pair).AddUnits(units)
	}
	whole.m2 = total.M2()
}

// split finds the parts of a patch in several territories, or partly in none, by rank.
func (c *cutter) split(p *patch.Patch) ([]*part, error) {
	c.touched = c.touched[:0]
	find := func(rank, row int32) *part {
		for _, t := range c.touched {
			if t.rank == rank {
				return t
			}
		}
		if len(c.touched) == len(c.pool) {
			c.pool = append(c.pool, new(part))
		}
		t := c.pool[len(c.touched)]
		*t = part{rank: rank, rows: [2]int32{row, row}, mixture: t.mixture[:0]}
		c.touched = append(c.touched, t)
		return t
	}
	var err error
	for _, r := range p.Runs {
		area := c.in.Earth.Row(int(r.Row))
		control := c.covers.control.At(r.Row)
		control.Spans(r.Row, r.Col0, r.Col1, func(span overlay.Span) {
			if err != nil {
				return
			}
			t := find(span.Region, r.Row)
			t.rows[1] = r.Row
			share := t.addTo(r.Pair)
			if span.Mixed() {
				var m2 float64
				if m2, err = pieceM2(c.in.Earth, control, span); err == nil {
					share.AddM2(m2)
				}
				// An outline along the cell's own sides passes it too, and leaves it whole.
				if cell := float64(area.Run(int(span.Col0), int(span.Col1))) * raster.AreaUnitM2; m2 >= cell*(1-1e-9) {
					t.inside++
				}
				return
			}
			col0, col1 := max(span.Col0, r.Col0), min(span.Col1, r.Col1)
			share.AddUnits(area.Run(int(col0), int(col1)))
			t.inside += int64(col1 - col0)
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(c.touched, func(a, b *part) int { return cmp.Compare(a.rank, b.rank) })
	parts := c.touched[:0]
	for _, t := range c.touched {
		if t.shape, err = c.clip(t); err != nil {
			return nil, err
		}
		t.m2, t.cells = c.in.Earth.PolygonM2(t.shape), vector.Area(t.shape)
		if err := c.agree(t); err != nil {
			return nil, err
		}
		if t.cells > touchCells {
			parts = append(parts, t)
		} else {
			c.tally.zones[c.parts.byRank[t.rank]].touchingM2.AddM2(max(0, t.m2))
		}
	}
	return parts, nil
}

// clip cuts the patch by a territory: only the rows where the two meet, and one more on
// each side, matter for the outline.
func (c *cutter) clip(t *part) (orb.MultiPolygon, error) {
	byRow := func(r trace.Run, row int32) int { return cmp.Compare(r.Row, row) }
	first, _ := slices.BinarySearchFunc(c.cells, t.rows[0]-1, byRow)
	last, _ := slices.BinarySearchFunc(c.cells, t.rows[1]+2, byRow)
	shape, err := c.clipper.Clip(c.covers.control, c.cells[first:last], t.rank)
	if err != nil { // an outline that runs within rounding of a lattice line over and over
		return c.over.Intersection(trace.Polygons(c.cells), c.parts.territory[t.rank])
	}
	return shape, nil
}

// agree compares the area of a part's polygons with the sum over its cells.
func (c *cutter) agree(t *part) error {
	var sum raster.Area
	for _, s := range t.mixture {
		sum.Add(s.area)
	}
	if d := math.Abs(sum.M2() - t.m2); d > 1e-9*t.m2+roundingM2*(1+float64(len(c.cells))) {
		zone := &c.in.Zones[c.parts.byRank[t.rank]]
		return Faultf(Unbalanced, "zone %s, patch at row %d, column %d: its polygons measure %.6f m², its cells %.6f m²; nothing is published, please report this",
			zone.ID, c.cells[0].Row, c.cells[0].Col0, t.m2, sum.M2())
	}
	return nil
}

// roundingM2 is what rounding may change in one term of a sum of areas.
const roundingM2 = 1e-6

// give makes a candidate, or a suppressed one, of a part and hands it to the sink.
func (c *cutter) give(p *patch.Patch, whole, t *part) error {
	z := c.parts.byRank[t.rank]
	zone := &c.in.Zones[z]
	changeType := &c.options.Rules.Changes[p.Type]
	rule := c.options.Rules.Rule(int(p.Type), zone.Type)
	row, col := p.First()
	out := &c.out
	*out = Candidate{
		YearA: c.in.Before.Year, YearB: c.in.After.Year,
		Change: changeType.Name, ChangeZH: changeType.NameZH,
		Severity: rule.Severity, RuleID: rule.ID, Activity: rule.Activity, Basis: rule.Basis,
		Layer: zone.Layer, ZoneID: zone.ID, ZoneName: zone.Name, ZoneType: zone.Type.String(), FuncZone: zone.FuncZone, ZoneLvl: zone.Level,
		ZonesAll: append(out.ZonesAll[:0], zone.ID), Flags: out.Flags[:0],
		AreaM2: t.m2, PatchM2: whole.m2, Cells: p.Cells, EdgeCells: p.ByShift,
		Reason: c.reason(rule, whole, t),
	}
	c.identify(out, row, col)
	c.describe(out, t)

	inner := c.innerPoint(t)
	lon, lat := c.in.Earth.LonLat(inner[0], inner[1])
	out.Lon, out.Lat = roundDegrees(lon), roundDegrees(lat)
	out.AdmCode, out.AdmName = c.admin.find(c.covers.admin, inner)
	overlaps, exempt, err := c.overlaps(out, z, t)
	if err != nil {
		return err
	}
	if p.ByShift*100 >= p.Cells*edgePct {
		out.Flags = append(out.Flags, FlagEdge)
	}
	if !t.whole && t.inside == 0 {
		out.Flags = append(out.Flags, FlagSliver)
	}
	if p.TouchesNoData {
		out.Flags = append(out.Flags, FlagNoData)
	}
	if p.TouchesEdge {
		out.Flags = append(out.Flags, FlagRasterEdge)
	}
	if exempt {
		out.Flags = append(out.Flags, FlagExempt)
	}
	tally := &c.tally.zones[z]
	if out.Reason == "" {
		out.Geometry, out.Reason = c.geometry(t)
	}
	if out.Reason == "" {
		c.tally.bySeverity[out.Severity]++
		tally.candidates++
		tally.candidateM2.AddM2(t.m2)
	} else {
		c.tally.byReason[out.Reason]++
		tally.suppressed++
		tally.suppressedM2.AddM2(t.m2)
	}
	return c.sink.Put(Key{row, col, t.rank}, out, overlaps)
}

// edgePct is the least share of a patch's cells, in %, which a shift of one cell explains, for FlagEdge.
const edgePct = 80

// reason says why a part is suppressed; "" keeps it. A size equal to its threshold is kept.
func (c *cutter) reason(rule *Rule, whole, t *part) string {
	reaches := func(s Size, p *part) bool {
		if s.M2 > 0 {
			return p.m2 >= s.M2*(1-1e-9)
		}
		return p.cells >= s.Cells*(1-1e-9)
	}
	switch {
	case rule.Severity == 0:
		return ReasonSeverity0
	case rule.Severity < c.options.MinSeverity:
		return ReasonSeverity
	case !reaches(c.options.MinArea, whole):
		return ReasonArea
	case !reaches(c.options.MinPart, t):
		return ReasonPart
	}
	return ""
}

// describe fills in what changed: the largest transition, and the mixture before.
func (c *cutter) describe(out *Candidate, t *part) {
	var byEco [landcover.NumEcosystems]float64
	total := 0.0
	best, most := 0, -1.0
	for i, s := range t.mixture {
		before, _ := c.classifier.Classes(s.pair)
		m2 := s.area.M2()
		byEco[c.in.Before.Legend.Classes[before].Ecosystem] += m2
		total += m2
		if m2 > most || (m2 == most && s.pair < t.mixture[best].pair) {
			best, most = i, m2
		}
	}
	b, a := c.classifier.Classes(t.mixture[best].pair)
	from, to := &c.in.Before.Legend.Classes[b], &c.in.After.Legend.Classes[a]
	out.FromEco, out.FromCode, out.FromName = from.Ecosystem.String(), strconv.FormatInt(from.Code, 10), from.Name()
	out.ToEco, out.ToCode, out.ToName = to.Ecosystem.String(), strconv.FormatInt(to.Code, 10), to.Name()
	if byEco[from.Ecosystem] == total {
		out.FromMix = from.Ecosystem.String() + ":100"
		return
	}
	var classes [len(byEco)]landcover.Ecosystem
	present := classes[:0]
	for e := landcover.Forest; e < landcover.NumEcosystems; e++ {
		if byEco[e] > 0 {
			present = append(present, e)
		}
	}
	slices.SortStableFunc(present, func(x, y landcover.Ecosystem) int { return cmp.Compare(byEco[y], byEco[x]) })
	mix := c.mix[:0]
	for i, e := range present {
		if i > 0 {
			mix = append(mix, ';')
		}
		mix = append(append(mix, e.String()...), ':')
		mix = bytes.TrimSuffix(digits.AppendFixed(mix, 100*byEco[e]/total, 1), []byte(".0"))
	}
	c.mix = mix
	out.FromMix = string(mix)
}

// idText is base 32 with the digits of RFC 4648's extended hex alphabet, in lower case.
var idText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv")

// identify fills in the stable ids of the patch whose first cell is at that place, and of
// the candidate.
func (c *cutter) identify(out *Candidate, row, col int32) {
	u, v := c.in.Grid.Map(float64(col)+0.5, float64(row)+0.5)
	place := append(c.appendPlace(c.place[:0], u), 0)
	c.place = c.appendPlace(place, v)
	var buf [2 * idBytes]byte
	ids := c.appendID(buf[:0], 'P', out.Change)
	ids = c.appendID(ids, 'C', out.Change, out.Layer, out.ZoneID)
	both := string(ids)
	out.PatchID, out.ID = both[:idBytes], both[idBytes:]
}

// appendID appends a stable id of words and c.place: 80 bits of the SHA-256 of all these,
// with zeros between.
func (c *cutter) appendID(b []byte, prefix byte, words ...string) []byte {
	text := c.idWords[:0]
	for _, w := range words {
		text = append(append(text, w...), 0)
	}
	c.idWords = append(text, c.place...)
	sum := sha256.Sum256(c.idWords)
	return idText.AppendEncode(append(b, prefix), sum[:10])
}

// idBytes is the length of an id.
const idBytes = 17

// appendPlace writes a map coordinate for identifiers, to about a millimetre.
func (s *survey) appendPlace(b []byte, x float64) []byte {
	if s.in.Grid.CRS.Geographic {
		return digits.AppendFixed(b, x, 8)
	}
	return digits.AppendFixed(b, x, 3)
}

// overlaps measures what the part has in common with each zone over it, and whether
// exemptions cover it.
func (c *cutter) overlaps(out *Candidate, z int, t *part) (overlaps []Overlap, exempt bool, err error) {
	overlaps = append(c.common[:0], Overlap{z, t.m2})
	defer func() { c.common = overlaps }()
	regions := c.parts.sharedOf[t.rank]
	if len(regions) == 0 {
		return overlaps, false, nil
	}
	sums := slices.Grow(c.shared[:0], len(regions))[:len(regions)]
	clear(sums)
	c.shared = sums
	for _, r := range c.cells {
		area := c.in.Earth.Row(int(r.Row))
		shared := c.covers.shared.At(r.Row)
		shared.Spans(r.Row, r.Col0, r.Col1, func(span overlay.Span) {
			i, ok := slices.BinarySearch(regions, span.Region)
			if !ok || err != nil {
				return
			}
			if !span.Mixed() {
				sums[i].AddUnits(area.Run(int(max(span.Col0, r.Col0)), int(min(span.Col1, r.Col1))))
				return
			}
			var m2 float64
			if m2, err = pieceM2(c.in.Earth, shared, span); err == nil {
				sums[i].AddM2(m2)
			}
		})
	}
	for i, region := range regions {
		m2, s := sums[i].M2(), c.parts.sharing[region]
		switch {
		case m2 <= roundingM2:
		case s.zone < 0:
			exempt = m2 >= t.m2*(1-1e-9)-roundingM2
		default:
			overlaps = append(overlaps, Overlap{s.zone, m2})
			out.ZonesAll = append(out.ZonesAll, c.in.Zones[s.zone].ID)
		}
	}
	return overlaps, exempt, err
}

// innerPoint returns a point inside the part, in lattice coordinates.
func (c *cutter) innerPoint(t *part) orb.Point {
	if t.shape == nil {
		best := c.cells[0]
		for _, r := range c.cells {
			if r.Col1-r.Col0 > best.Col1-best.Col0 {
				best = r
			}
		}
		return orb.Point{float64(best.Col0+best.Col1) / 2, float64(best.Row) + 0.5}
	}
	return c.finder.innerPoint(t.shape)
}

// A finder finds points inside polygons. It keeps memory: one goroutine each.
type finder struct {
	vs, us []float64
	gaps   [8]gap
}

// gap is what no vertex lies in, from v on.
type gap struct{ height, v float64 }

// innerPoint looks along horizontal lines in the middle of the largest gaps between
// vertices of the largest polygon, and takes the middle of the stay inside that has
// most room: the tallest gap alone may lie in a spike.
func (f *finder) innerPoint(mp orb.MultiPolygon) orb.Point {
	best, most := mp[0], 0.0
	for _, p := range mp {
		if a := trace.DoubleArea(p[0]); a > most {
			best, most = p, a
		}
	}
	point, room := best[0][0], -1.0
	for _, gap := range f.largest(best) {
		if gap.height <= room { // no stay here has more
			break
		}
		v := gap.v + gap.height/2
		us := f.us[:0]
		for _, ring := range best {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > v) != (b[1] > v) {
					us = append(us, a[0]+(v-a[1])/(b[1]-a[1])*(b[0]-a[0]))
				}
			}
		}
		slices.Sort(us)
		for i := 1; i < len(us); i += 2 {
			if d := us[i] - us[i-1]; min(d, gap.height) > room {
				point, room = orb.Point{us[i-1] + d/2, v}, min(d, gap.height)
			}
		}
		f.us = us
	}
	return point
}

// largest returns the largest gaps between the vertices of a polygon, the largest first,
// and of equal ones that with the smaller v.
func (f *finder) largest(p orb.Polygon) []gap {
	f.vs = f.vs[:0]
	for _, ring := range p {
		for _, q := range ring {
			f.vs = append(f.vs, q[1])
		}
	}
	slices.Sort(f.vs)
	n := 0
	for i := 1; i < len(f.vs); i++ {
		g := gap{f.vs[i] - f.vs[i-1], f.vs[i-1]}
		at := n
		for at > 0 && f.gaps[at-1].height < g.height {
			at--
		}
		if at == len(f.gaps) {
			continue
		}
		n = min(n+1, len(f.gaps))
		copy(f.gaps[at+1:n], f.gaps[at:])
		f.gaps[at] = g
	}
	return f.gaps[:n]
}

// degreeGrid is the last decimal of published degrees: about a centimetre.
const degreeGrid = 1e-7

func roundDegrees(x float64) float64 { return math.Round(x*1e7) / 1e7 }

// geometry brings a part to degrees: seven decimals, RFC 7946 orientation, valid. Where
// that leaves no polygon to show, it says for which reason the candidate is suppressed.
func (c *cutter) geometry(t *part) (shape orb.MultiPolygon, reason string) {
	shape = t.shape
	if shape == nil {
		shape = c.tracer.Polygons(c.cells)
	}
	out := c.toDegrees(shape, true)
	if t.whole && c.in.Grid.CRS.Geographic {
		return out, "" // cell edges stay straight, and cells are far larger than the rounding
	}
	if ok, _ := c.over.Valid(out); !ok {
		// Rounding made it touch itself, so it is snapped, from the exact coordinates.
		var err error
		if out, err = c.over.Snap(c.toDegrees(shape, false), degreeGrid); err != nil {
			return nil, ReasonShape
		}
		for _, p := range out {
			for _, r := range p {
				for i := range r {
					r[i] = orb.Point{roundDegrees(r[i][0]), roundDegrees(r[i][1])}
				}
			}
		}
		if ok, _ := c.over.Valid(out); !ok {
			return nil, ReasonShape // one odd outline must not stop a province
		}
	}
	if len(out) == 0 { // rounded away
		return nil, ReasonPart
	}
	return out, ""
}

// chordM is the longest edge that is published as one straight line in degrees when it
// is straight on a projected grid: at 35° it bends by 1 cm (length²·tan φ / 8R).
const chordM = 850

// between calls add for the points that keep the edge from a to b on its course.
func (c *cutter) between(a, b orb.Point, add func(orb.Point)) {
	g := c.in.Grid
	if g.CRS.Geographic {
		return
	}
	n := math.Ceil(math.Hypot((b[0]-a[0])*g.CellX, (b[1]-a[1])*g.CellY) / chordM)
	for k := 1.0; k < n; k++ {
		add(orb.Point{a[0] + (b[0]-a[0])*k/n, a[1] + (b[1]-a[1])*k/n})
	}
}

// toDegrees brings a shape from the lattice to degrees, rounded or not, without
// repeated points and without what the rounding leaves nothing of.
func (c *cutter) toDegrees(shape orb.MultiPolygon, round bool) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(shape))
	for _, p := range shape {
		var q orb.Polygon
		for _, ring := range p {
			r := make(orb.Ring, 0, len(ring))
			add := func(p orb.Point) {
				lon, lat := c.in.Earth.LonLat(p[0], p[1])
				if round {
					lon, lat = roundDegrees(lon), roundDegrees(lat)
				}
				if d := (orb.Point{lon, lat}); len(r) == 0 || r[len(r)-1] != d {
					r = append(r, d)
				}
			}
			for i, v := range slices.Backward(ring) { // v grows south: turning round keeps shells counter-clockwise
				if i+1 < len(ring) {
					c.between(ring[i+1], v, add)
				}
				add(v)
			}
			if len(r) >= 4 {
				q = append(q, r)
			} else if len(q) == 0 {
				break
			}
		}
		if len(q) > 0 {
			out = append(out, q)
		}
	}
	return out
}
