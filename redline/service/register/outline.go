package register

import (
	"container/list"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"greenshield/redline/findings"
	"greenshield/redline/ledger"
	"greenshield/redline/ledgergpkg"
	"greenshield/vector"
)

// shape is the ground of a case. What it covers is found out when somebody asks.
type shape struct {
	ground string                    // ids of detections, by spaces
	box    atomic.Pointer[orb.Bound] // of the outline; nil until it is known. Empty when there is no outline
}

func shapeOf(ground []string) *shape {
	if len(ground) == 0 {
		return nil
	}
	return &shape{ground: strings.Join(ground, " ")}
}

// same tells whether two shapes are of the same ground.
func (s *shape) same(other *shape) bool { return s != nil && other != nil && s.ground == other.ground }

// roomForOutlines is how many bytes of outlines are kept in memory.
const roomForOutlines = 64 << 20

// portion is how many outlines are made at once.
const portion = 2000

// outlines makes the outlines of cases, and keeps those that were asked for last.
type outlines struct {
	store   ledger.Store
	degrees ledgergpkg.Degrees
	room    int64 // bytes that may be kept

	making sync.Mutex // one makes outlines at a time: it is the others' work too
	mu     sync.Mutex
	kept   map[*shape]*list.Element
	recent *list.List // of kept, what was asked for last in front
	bytes  int64
}

// kept is an outline in memory.
type keptOutline struct {
	of      *shape
	outline orb.MultiPolygon
	bytes   int64
}

func newOutlines(store ledger.Store, degrees ledgergpkg.Degrees) *outlines {
	return &outlines{store: store, degrees: degrees, room: roomForOutlines,
		kept: map[*shape]*list.Element{}, recent: list.New()}
}

// known returns an outline that is in memory.
func (o *outlines) known(s *shape) (orb.MultiPolygon, bool) {
	if box := s.box.Load(); box != nil && box.IsEmpty() {
		return nil, true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.kept[s]
	if e == nil {
		return nil, false
	}
	o.recent.MoveToFront(e)
	return e.Value.(keptOutline).outline, true
}

func (o *outlines) keep(s *shape, outline orb.MultiPolygon) {
	box := orb.Bound{Min: orb.Point{1}, Max: orb.Point{-1}}
	if len(outline) > 0 {
		box = vector.Bound(outline)
	}
	s.box.Store(&box)
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(outline) == 0 || o.kept[s] != nil {
		return
	}
	k := keptOutline{s, outline, vector.Bytes(outline)}
	o.kept[s] = o.recent.PushFront(k)
	for o.bytes += k.bytes; o.bytes > o.room && o.recent.Len() > 1; {
		last := o.recent.Remove(o.recent.Back()).(keptOutline)
		delete(o.kept, last.of)
		o.bytes -= last.bytes
	}
}

// of returns where cases are, in their order: the outline of the ground, where there is none a point or the polygons of
// a lead, nil for nowhere.
func (o *outlines) of(ctx context.Context, items []*item) ([]orb.Geometry, error) {
	places := make([]orb.Geometry, len(items))
	var missing []int
	for i, it := range items {
		if it.shape == nil {
			places[i] = it.place
		} else if outline, ok := o.known(it.shape); ok {
			places[i] = shown(it, outline)
		} else {
			missing = append(missing, i)
		}
	}
	for some := range slices.Chunk(missing, portion) {
		asked := make([]*item, len(some))
		for k, i := range some {
			asked[k] = items[i]
		}
		err := o.make(ctx, asked, func(k int, outline orb.MultiPolygon) { places[some[k]] = shown(asked[k], outline) })
		if err != nil {
			return nil, err
		}
	}
	return places, nil
}

// shown returns where a case is shown by its outline, if it has any.
func shown(it *item, outline orb.MultiPolygon) orb.Geometry {
	if len(outline) == 0 {
		return it.place
	}
	return outline
}

// measure finds out the extents of all outlines that are not known yet.
func (o *outlines) measure(ctx context.Context, items []*item) error {
	missing := unmeasured(items)
	if len(missing) == 0 {
		return nil
	}
	o.making.Lock()
	defer o.making.Unlock()
	for some := range slices.Chunk(unmeasured(missing), portion) {
		if err := o.make(ctx, some, func(int, orb.MultiPolygon) {}); err != nil {
			return err
		}
	}
	return nil
}

func unmeasured(items []*item) (missing []*item) {
	for _, it := range items {
		if it.shape != nil && it.shape.box.Load() == nil {
			missing = append(missing, it)
		}
	}
	return missing
}

// make makes outlines, and keeps them. made is called for each of the cases.
func (o *outlines) make(ctx context.Context, items []*item, made func(k int, outline orb.MultiPolygon)) error {
	cases := make([]ledger.Case, len(items))
	for i, it := range items {
		cases[i] = ledger.Case{ID: it.id, Ground: strings.Fields(it.shape.ground)}
	}
	found, err := ledgergpkg.Outlines(ctx, o.store, cases, o.degrees)
	if err != nil {
		return unavailable(ctx, err)
	}
	for k, it := range items {
		outline := found[it.id]
		for _, polygon := range outline {
			for _, ring := range polygon {
				for i := range ring {
					ring[i] = rounded(ring[i])
				}
			}
		}
		o.keep(it.shape, outline)
		made(k, outline)
	}
	return nil
}

// rounded returns a place as it is written, so that what is found in a box is what is shown there.
func rounded(p orb.Point) orb.Point {
	scale := math.Pow10(findings.DegDecimals)
	return orb.Point{math.Round(p[0]*scale) / scale, math.Round(p[1]*scale) / scale}
}

// geoJSON returns the GeoJSON of a point or of polygons in degrees; nil for nil.
func geoJSON(g orb.Geometry) json.RawMessage {
	switch g := g.(type) {
	case orb.Point:
		return append(appendPoint([]byte(`{"type":"Point","coordinates":`), g), '}')
	case orb.MultiPolygon:
		b := []byte(`{"type":"MultiPolygon","coordinates":`)
		b = appendList(b, g, func(b []byte, polygon orb.Polygon) []byte {
			return appendList(b, polygon, func(b []byte, ring orb.Ring) []byte { return appendList(b, ring, appendPoint) })
		})
		return append(b, '}')
	}
	return nil
}

// appendList appends a list in JSON.
func appendList[T any](b []byte, all []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = strconv.AppendFloat(append(b, '['), p[0], 'f', -1, 64)
	b = strconv.AppendFloat(append(b, ','), p[1], 'f', -1, 64)
	return append(b, ']')
}

// meets tells whether a place and a box in degrees have a point in common.
func meets(g orb.Geometry, box orb.Bound) bool {
	switch g := g.(type) {
	case orb.Point:
		return box.Contains(g)
	case orb.MultiPolygon:
		return vector.Meets(g, box)
	}
	return false
}

// inBox returns those of the cases that have a point in a box.
func (t caseTable) inBox(ctx context.Context, box orb.Bound, chosen []int32) ([]int32, error) {
	if err := t.outlines.measure(ctx, t.cases); err != nil {
		return nil, err
	}
	sure := make([]bool, len(chosen))
	var asked []*item
	var at []int
	for k, i := range chosen {
		it := t.cases[i]
		switch extent := it.extent(); {
		case extent == nil || !extent.Intersects(box):
		case it.shape != nil && box.Contains(extent.Min) && box.Contains(extent.Max):
			sure[k] = true
		default:
			asked, at = append(asked, it), append(at, k)
		}
	}
	places, err := t.outlines.of(ctx, asked)
	if err != nil {
		return nil, err
	}
	for k, place := range places {
		sure[at[k]] = meets(place, box)
	}
	in := chosen[:0]
	for k, i := range chosen {
		if sure[k] {
			in = append(in, i)
		}
	}
	return in, nil
}

// extent returns the box of a case whose outline was measured, nil for a case without a place.
func (it *item) extent() *orb.Bound {
	if it.shape != nil {
		if box := it.shape.box.Load(); box != nil && !box.IsEmpty() {
			return box
		}
	}
	if it.place == nil {
		return nil
	}
	box := it.place.Bound()
	return &box
}

func (t caseTable) geometries(ctx context.Context, chosen []int32) ([]orb.Geometry, error) {
	items := make([]*item, len(chosen))
	for k, i := range chosen {
		items[k] = t.cases[i]
	}
	return t.outlines.of(ctx, items)
}

// box returns the extent of all cases, nil when none has a place. Those whose outline nobody has asked for count by
// their points.
func (t caseTable) box() *orb.Bound {
	var whole extents
	for _, it := range t.cases {
		whole.add(it.extent())
	}
	return whole.box()
}

// extents is the union of boxes.
type extents struct {
	union orb.Bound
	any   bool
}

func (e *extents) add(b *orb.Bound) {
	switch {
	case b == nil:
	case e.any:
		e.union = e.union.Union(*b)
	default:
		e.union, e.any = *b, true
	}
}

// box returns the union, nil when there was none.
func (e *extents) box() *orb.Bound {
	if !e.any {
		return nil
	}
	return &e.union
}
