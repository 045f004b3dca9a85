package ledgerwork

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/ledger"
	"greenshield/redline/ledger/sampling"
	"greenshield/redline/record"
	"greenshield/redline/review"
	"greenshield/vector/trace"
)

// MaxPoints is how many points may be drawn.
const MaxPoints = 100_000

// OpenGround is the ground of the zones of a run: where points are drawn in what lies outside its kept candidates.
type OpenGround struct {
	review.Ground
	Run          string // id
	YearA, YearB int
}

// ReadOpenGround reads it from the folder of a run, which must be as the run wrote it.
func ReadOpenGround(ctx context.Context, folder string) (*OpenGround, error) {
	const name = "review.gpkg"
	m, err := record.Read(folder)
	if err != nil {
		return nil, redline.Faultf(redline.Usage, "%s: not the folder of a run: %w", folder, err)
	}
	if !slices.ContainsFunc(m.Outputs, func(f record.File) bool { return f.Name == name }) {
		return nil, redline.Faultf(redline.Usage,
			"%s: the run wrote no review.gpkg, which has the outlines of its zones; run it again with --formats gpkg", folder)
	}
	if err := whole(ctx, folder, name, m); err != nil {
		return nil, err
	}
	g, err := review.ReadGround(ctx, filepath.Join(folder, name))
	if err != nil {
		return nil, redline.WithKind(redline.Vector, err)
	}
	before, after := epochsOf(m)
	return &OpenGround{*g, m.Fingerprint, before.Year, after.Year}, nil
}

// AreaM2 returns the area of the ground outside all kept candidates: no place counts twice, for zones control no ground
// together, and candidates never overlap.
func (g *OpenGround) AreaM2() (m2 float64) {
	for _, z := range g.Zones {
		m2 += z.ControlledM2 - z.CandidateM2
	}
	return roundedTo(m2, 2)
}

// box returns the box around the zones, to seven decimals.
func (g *OpenGround) box() orb.Bound {
	box := g.Zones[0].Shape.Bound()
	for _, z := range g.Zones[1:] {
		box = box.Union(z.Shape.Bound())
	}
	for i := range box.Min {
		box.Min[i], box.Max[i] = roundedTo(box.Min[i], 7), roundedTo(box.Max[i], 7)
	}
	return box
}

// taker returns what tells whether a place lies in the ground outside all candidates, and in which zone, −1 for none.
// What lies on the outline of a candidate is the candidate's.
func (g *OpenGround) taker() func(p orb.Point) (zone int) {
	type part struct {
		polygon orb.Polygon
		box     orb.Bound
		zone    int
	}
	var zones, candidates []part
	for i := range g.Zones {
		for _, polygon := range g.Zones[i].Shape {
			zones = append(zones, part{polygon, polygon.Bound(), i})
		}
	}
	for _, polygon := range g.Candidates {
		candidates = append(candidates, part{polygon, polygon.Bound(), 0})
	}
	first := func(parts []part, p orb.Point) int {
		at := slices.IndexFunc(parts, func(a part) bool { return a.box.Contains(p) && holds(a.polygon, p) })
		if at < 0 {
			return -1
		}
		return parts[at].zone
	}
	return func(p orb.Point) int {
		zone := first(zones, p)
		if zone >= 0 && first(candidates, p) >= 0 {
			return -1
		}
		return zone
	}
}

// holds tells whether a point lies in a polygon or on its outline.
func holds(polygon orb.Polygon, p orb.Point) bool {
	for i, ring := range polygon {
		in, on := trace.Inside(ring, p)
		if on || in == (i > 0) {
			return on
		}
	}
	return true
}

// PointList is what is given out of points.
type PointList struct {
	ledger.Points
	YearA, YearB int
	Places       []PointPlace // in the order of their numbers, from 1
}

// PointPlace is a point and the zone that controls it.
type PointPlace struct {
	At   orb.Point
	Zone *review.ZoneGround
}

// DrawPoints returns the change that draws n points for a sample of the ledger, in the ground of the sample's run, and
// their list. Points are spread by area; the same run, seed and n draw the same ones. Those that the ledger has
// already change nothing. A name without a sample, a sample of another run, one with other points, and ground without
// room are faults of kind Usage.
func DrawPoints(ctx context.Context, s ledger.Store, g *OpenGround, name string, n int, seed int64, by By) (
	*Change, *PointList, error,
) {
	c, err := begin(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	sample, err := SampleNamed(ctx, s, name)
	switch {
	case err != nil:
		return nil, nil, err
	case sample.Run != g.Run:
		return nil, nil, redline.Faultf(redline.Usage,
			"the sample %s is of the run %.8s, the folder of the run %.8s; name the folder of the sample's run",
			sample.Name, sample.Run, g.Run)
	case sample.Points != nil && (sample.Points.Seed != seed || len(sample.Points.Tries) != n):
		return nil, nil, redline.Faultf(redline.Usage,
			"the sample %s has %d points by seed %d already; draw another sample for other ones",
			sample.Name, len(sample.Points.Tries), sample.Points.Seed)
	case len(g.Zones) == 0 || g.AreaM2() <= 0:
		return nil, nil, redline.Faultf(redline.Usage, "the zones of the run have no ground outside its candidates")
	}
	l := &PointList{Points: ledger.Points{Sample: sample.Name, Run: g.Run, Seed: seed, Box: g.box(), GroundM2: g.AreaM2()},
		YearA: g.YearA, YearB: g.YearB}
	zoneAt := g.taker()
	l.Tries, err = sampling.Places(l.Box, seed, g.Run, n, func(p orb.Point) bool { return zoneAt(p) >= 0 })
	if err != nil {
		return nil, nil, redline.WithKind(redline.Usage, err)
	}
	for _, k := range l.Tries {
		at, _ := sampling.Place(l.Box, seed, g.Run, k)
		l.Places = append(l.Places, PointPlace{at, &g.Zones[zoneAt(at)]})
	}
	if c.Points = &l.Points; sample.Points == nil {
		e := by.event("", ledger.PointsDrawn, l.Event().Fields)
		e.Doc = ledger.Document{Name: "points.csv", SHA256: fmt.Sprintf("%x", l.sum())}
		c.Events = append(c.Events, e)
	}
	return c, l, nil
}

// DrawnPoints are the points of a sample with what was answered.
type DrawnPoints struct {
	ledger.Points
	Answers map[int]PointAnswer // by number: the last answer of each
	before  map[pointSaid]bool  // all answers that were ever given
}

// PointAnswer is what is said of a point.
type PointAnswer struct {
	Answer                   ledger.Answer
	Reviewer, Reviewed, Note string
}

type pointSaid struct {
	number int
	PointAnswer
}

// sampleKinds are the kinds of events of no case that make a sample.
var sampleKinds = []ledger.Kind{ledger.SampleDesigned, ledger.PointsDrawn, ledger.PointAnswered}

// learnPoints adds points and answers to their sample. What is of no sample that is known is left out.
func learnPoints(all []DrawnSample, e ledger.Event) error {
	at := slices.IndexFunc(all, func(s DrawnSample) bool { return s.Name == e.SampleName() })
	if at < 0 {
		return nil
	}
	if e.Kind == ledger.PointsDrawn {
		points, err := ledger.PointsOf(e)
		all[at].Points = &DrawnPoints{Points: points, Answers: map[int]PointAnswer{}, before: map[pointSaid]bool{}}
		return err
	}
	number, answer := answerIn(e)
	if p := all[at].Points; p != nil && number >= 1 && number <= len(p.Tries) {
		p.Answers[number], p.before[pointSaid{number, answer}] = answer, true
	}
	return nil
}
