package engine

import (
	"unsafe"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/territory"
	"greenshield/vector"
	"greenshield/vector/overlay"
)

// zoneLimit returns how many bytes the zones, what they share, and the covers of bands may take: three quarters of the
// memory of the run; 0 is no limit.
func (c *Comparison) zoneLimit() int64 { return max(0, c.tuning.MaxMemory) / 4 * 3 }

// zoneBytes returns how many bytes the shapes of zones, counties and exemptions take, and the outlines of the counties.
func (c *Comparison) zoneBytes() (sum int64) {
	for i := range c.in.Zones {
		sum += vector.Bytes(c.in.Zones[i].Shape)
	}
	for _, areas := range [][]redline.Area{c.in.Admin, c.in.Exempt} {
		for i := range areas {
			sum += vector.Bytes(areas[i].Shape)
		}
	}
	counties := make([]orb.MultiPolygon, len(c.in.Admin))
	for i := range counties {
		counties[i] = c.in.Admin[i].Shape
	}
	return sum + overlay.OutlinesBytes(c.in.Grid.Cols, c.in.Grid.Rows, counties)
}

// tooManyZones says that the zones take more memory than they may.
func (c *Comparison) tooManyZones() error {
	return redline.Faultf(redline.Limit, "the zones, and the ground that they share, need more than %d MiB, "+
		"three quarters of --max-memory; %s; take copies and old versions of zones out of the layers, or raise --max-memory",
		c.zoneLimit()>>20, territory.Stacked(c.in.Zones))
}

// shareMemory returns how many workers may make parts of bands at once: as many as there is room for covers and parts,
// beside the divided ground. It is a fault of kind Limit when there is none for one.
func (c *Comparison) shareMemory() (workers int, err error) {
	limit := c.zoneLimit()
	if limit == 0 {
		return c.tuning.Workers, nil
	}
	outlines := []*overlay.Outlines{c.division.Control, c.division.Shared}
	room := limit - c.zoneBytes() - c.division.Bytes
	for _, note := range c.notes {
		outlines = append(outlines, note.Outlines())
	}
	largest := int64(0)
	for band := range len(c.rows) - 1 {
		sum := int64(0)
		for _, o := range outlines {
			sum += o.CoverBytes(c.rows[band], c.rows[band+1])
		}
		largest = max(largest, sum)
	}
	// One part is made, and one is joined or waits for that.
	workers = int(min(int64(c.tuning.Workers), room/max(1, largest+2*c.partBytes())))
	if workers < 1 {
		return 0, c.tooManyZones()
	}
	return workers, nil
}

// partBytes returns how many bytes a [Part] takes for the zones and for what they share.
func (c *Comparison) partBytes() int64 {
	return int64(len(c.division.Sharing))*int64(unsafe.Sizeof(SharedCover{})) +
		int64(len(c.in.Zones))*(int64(c.types+2)*int64(unsafe.Sizeof(raster.Area{}))+int64(unsafe.Sizeof(ZoneTally{})))
}

// checkOpen refuses open patches that, with what is known of their ground, take too much memory.
func (c *Comparison) checkOpen(b *patch.Band) error {
	runs := 0
	for i := range b.Open {
		runs += len(b.Open[i].Runs)
	}
	const runBytes = 20
	limit := c.tuning.MaxMemory
	switch {
	case limit <= 0:
	case int64(runs)*runBytes > limit/2:
		return redline.Faultf(redline.Limit,
			"patches that are still open at row %d hold %d runs, more than half of --max-memory; raise it", b.Row1, runs)
	case c.rimBytes > limit/2:
		return redline.Faultf(redline.Limit, "at row %d, what is known of the zones under patches that reach over bands "+
			"takes %d MiB, more than half of --max-memory; %s; take copies and old versions of zones out of the layers, "+
			"or raise --max-memory", b.Row1, c.rimBytes>>20, territory.Stacked(c.in.Zones))
	}
	return nil
}

// bytes returns about how many bytes the covers take.
func (c *Covers) bytes() (sum int64) {
	for _, s := range append([]overlay.Stack{c.Control, c.Shared}, c.Notes...) {
		for _, cover := range s {
			sum += cover.Bytes()
		}
	}
	return sum
}
