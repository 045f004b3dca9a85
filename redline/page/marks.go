package page

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/findings"
)

// dot is a candidate on the map.
type dot struct {
	lon, lat float64
	m2       float64
	severity redline.Severity
	rank     findings.Rank
	county   string    // key of the county
	zone     string    // key of the zone
	at       orb.Point // on the lattice
}

// mark is a disc on the map.
type mark struct {
	X, Y, R float64
	Color   string
}

// radius is how large the mark of a candidate is, by severity.
var radius = [redline.NumSeverities]float64{
	redline.Notice: 2.5, redline.Medium: 3.3, redline.Serious: 4.2, redline.Critical: 5.4,
}

// crowded tells whether candidates lie too densely for a mark each: where a square of 12 × 12 units holds any, it holds
// more than two on average.
func crowded(f frame, dots []dot) bool {
	squares := map[[2]int]bool{}
	for _, d := range dots {
		p := f.place(d.at)
		squares[[2]int{int(p[0] / 12), int(p[1] / 12)}] = true
	}
	return len(dots) > 2*len(squares)
}

// mostDetailed is how many candidates the enlarged part holds at most, unless it would be smaller than a 64th of the
// map's width.
const mostDetailed = 250

// dense returns the part of the map that is worth enlarging: the one with most weight of candidates, of which a more
// severe one weighs three times as much as the next. There is none without candidates.
func dense(f frame, dots []dot) (box, bool) {
	if len(dots) == 0 {
		return box{}, false
	}
	for k := 4.0; ; k *= 1.5 {
		b := box{W: f.width / k}
		b.H = b.W * detailHeight / mapWidth
		const steps = 4                 // of a side, from one place that is tried to the next
		weights := map[[2]int]float64{} // by square
		for _, d := range dots {
			p := f.place(d.at)
			weights[[2]int{int(p[0] / b.W * steps), int(p[1] / b.H * steps)}] += math.Pow(3, float64(d.severity))
		}
		sums := map[[2]int]float64{} // by the square in the corner of a part: whole numbers, in whatever order they come
		for square, weight := range weights {
			for i := range steps * steps {
				sums[[2]int{square[0] - i%steps, square[1] - i/steps}] += weight
			}
		}
		best, most := [2]int{}, -1.0
		for at, sum := range sums {
			if sum > most || sum == most && slices.Compare(at[:], best[:]) < 0 {
				best, most = at, sum
			}
		}
		b.X = min(max(float64(best[0])*b.W/steps, 0), f.width-b.W)
		b.Y = min(max(float64(best[1])*b.H/steps, 0), max(0, f.height-b.H))
		inside := 0
		for _, d := range dots {
			if p := f.place(d.at); b.meets(box{p[0], p[1], 0, 0}) {
				inside++
			}
		}
		if inside <= mostDetailed || k > 64/1.5 {
			return b, true
		}
	}
}

// writer puts marks and labels on a pane.
type writer struct {
	pane  *pane
	frame frame
	taken *room
}

// Sizes of type, in units; page.css has the same.
const (
	countySize = 13
	zoneSize   = 10.5
	numberSize = 9.5
)

// candidates draws a mark for each candidate, the first of the list on top, and as many numbers as there is room for.
// The candidates that have a row of their own have their numbers in any case.
func (w *writer) candidates(found *findings.Findings, dots []dot) {
	colors := map[redline.Severity]string{}
	for _, s := range findings.Severities() {
		colors[s.Severity] = hexColor(s.Color)
	}
	for _, d := range slices.Backward(dots) {
		p, r := w.frame.place(d.at), radius[d.severity]
		if w.frame.holds(p) {
			w.pane.Marks = append(w.pane.Marks, mark{tenth(p[0]), tenth(p[1]), r, colors[d.severity]})
			w.taken.take(box{p[0] - r, p[1] - r, 2 * r, 2 * r})
		}
	}
	for i, d := range dots[:min(worst, len(dots))] {
		if p := w.frame.place(d.at); w.frame.holds(p) && !w.number(i+1, p, radius[d.severity]) {
			w.lead(i+1, p)
		}
	}
	w.counties(found.Inputs.Admin)
	w.zones(found.Inputs.Zones, dots, len(found.Inputs.Zones))
	for i := worst; i < len(dots); i++ {
		if p := w.frame.place(dots[i].at); w.frame.holds(p) {
			w.number(i+1, p, radius[dots[i].severity])
		}
	}
}

// number writes a number beside a mark if there is room.
func (w *writer) number(n int, p orb.Point, r float64) bool {
	text := strconv.Itoa(n)
	dx, dy := r+textWidth(text, numberSize)/2+1, r+numberSize/2
	for _, side := range []orb.Point{
		{dx, 0}, {-dx, 0}, {0, -dy}, {0, dy}, {dx, -dy}, {dx, dy}, {-dx, -dy}, {-dx, dy},
	} {
		if w.write(label{X: p[0] + side[0], Y: p[1] + side[1], Text: text, Class: "number"}, numberSize) {
			return true
		}
	}
	return false
}

// lead writes a number where there is room farther away, with a line to its mark.
func (w *writer) lead(n int, p orb.Point) {
	for distance := 16.0; distance < 200; distance += 8 {
		for direction := range 16 {
			a := float64(direction) * math.Pi / 8
			l := label{X: p[0] + distance*math.Cos(a), Y: p[1] + distance*math.Sin(a),
				Text: strconv.Itoa(n), Class: "number", Leads: true, FromX: tenth(p[0]), FromY: tenth(p[1])}
			if w.write(l, numberSize) {
				return
			}
		}
	}
}

// write puts a label with its middle at X, Y if there is room for it on the pane.
func (w *writer) write(l label, size float64) bool {
	wide := textWidth(l.Text, size)
	b := box{l.X - wide/2 - 1, l.Y - size/2, wide + 2, size}
	if b.X < 0 || b.Y < 0 || b.X+b.W > w.frame.width || b.Y+b.H > w.frame.height || !w.taken.free(b) {
		return false
	}
	w.taken.take(b)
	l.X, l.Y = tenth(l.X), tenth(l.Y+0.36*size) // the base line lies below the middle
	w.pane.Labels = append(w.pane.Labels, l)
	return true
}

// counties writes the names of counties where there is room.
func (w *writer) counties(counties []redline.Area) {
	for _, a := range counties {
		if len(a.Shape) == 0 {
			continue
		}
		c := w.frame.place(a.Shape.Bound().Center())
		for _, shift := range []float64{0, -16, 16, -32, 32, -48, 48} {
			l := label{X: c[0], Y: c[1] + shift, Text: findings.Visible(a.Name), Class: "county-name"}
			if w.write(l, countySize) {
				break
			}
		}
	}
}

// zones writes the names of at most so many zones around them or in them where there is room: reserves first, the worst
// first, then the largest; zones that share a name have it at the largest.
func (w *writer) zones(zones []redline.Zone, dots []dot, most int) {
	named, largest, byName := map[string]string{}, map[string]*redline.Zone{}, standings{}
	for i := range zones {
		z := &zones[i]
		name := findings.Visible(cmp.Or(z.Name, z.ID))
		named[z.Layer+"\x00"+z.ID] = name
		if l := largest[name]; l == nil || z.TotalM2 > l.TotalM2 {
			largest[name] = z
		}
	}
	for _, d := range dots {
		byName.add(named[d.zone], named[d.zone], &redline.Candidate{Severity: d.severity, AreaM2: d.m2})
	}
	rank := map[string]int{}
	for i, s := range byName.ranked() {
		rank[s.name] = i - len(byName)
	}
	names := slices.SortedFunc(maps.Keys(largest), func(a, b string) int {
		za, zb := largest[a], largest[b]
		return cmp.Or(-cmp.Compare(za.Layer, zb.Layer), cmp.Compare(rank[a], rank[b]),
			cmp.Compare(zb.TotalM2, za.TotalM2), cmp.Compare(a, b))
	})
	for _, name := range names {
		z := largest[name]
		if most == 0 {
			break
		} else if len(z.Shape) == 0 {
			continue
		}
		b := z.Shape.Bound()
		low, high := w.frame.place(b.Min), w.frame.place(b.Max)
		x, y, dx := (low[0]+high[0])/2, (low[1]+high[1])/2, textWidth(name, zoneSize)/2+4
		for _, at := range []orb.Point{{x, low[1] - 7}, {x, high[1] + 7}, {high[0] + dx, y}, {low[0] - dx, y}, {x, y}} {
			l := label{X: at[0], Y: at[1], Text: name, Class: "zone-name", Color: hexColor(findings.ZoneColor(z.Type))}
			if w.write(l, zoneSize) {
				most--
				break
			}
		}
	}
}

// tenth rounds to tenths.
func tenth(x float64) float64 { return math.Round(x*10) / 10 }
