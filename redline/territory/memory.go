package territory

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"greenshield/redline"
	"greenshield/vector"
)

// ErrMemory tells that a division would take more memory than it may.
var ErrMemory = errors.New("the division takes more memory than it may")

// account counts the bytes of what a division holds. Its methods may be called concurrently.
type account struct {
	limit int64 // 0 for none
	used  atomic.Int64
}

// take counts bytes; it is ErrMemory when they are too many.
func (a *account) take(bytes int64) error {
	if used := a.used.Add(bytes); a.limit > 0 && used > a.limit {
		return ErrMemory
	}
	return nil
}

// pairBytes is about how much memory a pair of zones that overlap takes beside the shape that they share.
const pairBytes = 400

// sharedBytes is about how much memory a shared part takes, beside its shape and twice the set of the zones that it is
// shared with, until the parts of all tiles are put together.
const sharedBytes = 600

// room returns how many bytes may still be taken.
func (a *account) room() int64 {
	if a.limit <= 0 {
		return math.MaxInt64
	}
	return max(0, a.limit-a.used.Load())
}

// charge counts bytes that the tile holds.
func (d *divider) charge(t *tile, bytes int64) error {
	t.bytes += bytes
	return d.account.take(bytes)
}

// chargeTiles counts the shapes of tiles, unless these are those of the zones.
func (d *divider) chargeTiles(tiles ...*tile) error {
	for _, t := range tiles {
		if !t.part {
			continue
		}
		if err := d.charge(t, t.shapeBytes()); err != nil {
			return err
		}
	}
	return nil
}

// release gives back what a tile holds.
func (d *divider) release(t *tile) {
	d.account.used.Add(-t.bytes)
	t.bytes = 0
}

// begin makes a tile one of which nothing was found yet, and counts its shapes if it was cut.
func (d *divider) begin(t *tile) error {
	d.release(t)
	t.territory, t.shared, t.meeting, t.touching = make([]orb.MultiPolygon, len(t.ranks)), nil, nil, nil
	t.union, t.overlaid = nil, false
	return d.chargeTiles(t)
}

// cutAnew cuts the ground into other tiles.
func (d *divider) cutAnew(g *ground) error {
	for _, t := range g.tiles {
		d.release(t)
	}
	g.divide()
	return d.chargeTiles(g.tiles...)
}

// Stacked names the zone whose bounds meet those of the most other zones, for the message that zones take too much
// memory. Of very many zones it looks at a thousand.
func Stacked(zones []redline.Zone) string {
	const looked = 1000
	var tree rtree.RTreeG[struct{}]
	for i := range zones {
		b := vector.Bound(zones[i].Shape)
		tree.Insert(b.Min, b.Max, struct{}{})
	}
	deepest, others := 0, -1
	for i := 0; i < len(zones); i += len(zones)/looked + 1 {
		b, n := vector.Bound(zones[i].Shape), -1 // not the zone itself
		tree.Search(b.Min, b.Max, func(_, _ [2]float64, _ struct{}) bool {
			n++
			return true
		})
		if n > others {
			deepest, others = i, n
		}
	}
	if others < 0 {
		return "there are no zones"
	}
	z := &zones[deepest]
	return fmt.Sprintf("most lie one over the other at zone %s of %s (feature %d), where %d others are",
		z.ID, z.Source, z.Feature, others)
}
