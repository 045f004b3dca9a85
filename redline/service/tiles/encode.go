package tiles

import (
	"fmt"

	"github.com/gogo/protobuf/proto"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt/vectortile"
)

// layer is a layer of a vector tile as it is made.
type layer struct {
	tile   vectortile.Tile_Layer
	keys   map[string]uint32
	values map[any]uint32
}

func newLayer(name string) *layer {
	version, units := uint32(2), uint32(extent)
	return &layer{
		tile: vectortile.Tile_Layer{Name: &name, Version: &version, Extent: &units},
		keys: map[string]uint32{}, values: map[any]uint32{},
	}
}

// property is a property of a feature: a string, int64, float64 or bool.
type property struct {
	name  string
	value any
}

// add adds a feature in whole units of the tile. Rings are closed.
func (l *layer) add(g orb.Geometry, properties []property) {
	f := &vectortile.Tile_Feature{}
	for _, p := range properties {
		key, ok := l.keys[p.name]
		if !ok {
			key = uint32(len(l.tile.Keys))
			l.keys[p.name], l.tile.Keys = key, append(l.tile.Keys, p.name)
		}
		value, ok := l.values[p.value]
		if !ok {
			value = uint32(len(l.tile.Values))
			l.values[p.value], l.tile.Values = value, append(l.tile.Values, encodedValue(p.value))
		}
		f.Tags = append(f.Tags, key, value)
	}
	pen := pen{}
	kind := vectortile.Tile_POLYGON
	switch g := g.(type) {
	case orb.Point:
		kind = vectortile.Tile_POINT
		pen.draw(moveTo, g)
	case orb.MultiPoint:
		kind = vectortile.Tile_POINT
		pen.draw(moveTo, g...)
	case orb.MultiLineString:
		kind = vectortile.Tile_LINESTRING
		for _, line := range g {
			pen.draw(moveTo, line[0])
			pen.draw(lineTo, line[1:]...)
		}
	case orb.MultiPolygon:
		for _, polygon := range g {
			for _, ring := range polygon {
				pen.draw(moveTo, ring[0])
				pen.draw(lineTo, ring[1:len(ring)-1]...)
				pen.draw(closePath)
			}
		}
	default:
		panic(fmt.Sprintf("a tile has no %T", g))
	}
	f.Type, f.Geometry = &kind, pen.commands
	l.tile.Features = append(l.tile.Features, f)
}

func encodedValue(v any) *vectortile.Tile_Value {
	switch v := v.(type) {
	case string:
		return &vectortile.Tile_Value{StringValue: &v}
	case int64:
		return &vectortile.Tile_Value{SintValue: &v}
	case float64:
		return &vectortile.Tile_Value{DoubleValue: &v}
	case bool:
		return &vectortile.Tile_Value{BoolValue: &v}
	}
	panic(fmt.Sprintf("a tile has no %T", v))
}

// encode returns the tile of one layer, which it leaves out when it has no features.
func (l *layer) encode() ([]byte, error) {
	tile := &vectortile.Tile{}
	if len(l.tile.Features) > 0 {
		tile.Layers = append(tile.Layers, &l.tile)
	}
	return proto.Marshal(tile)
}

// These are the commands by which a tile draws (4.3 of the specification).
const (
	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// pen draws a geometry.
type pen struct {
	commands []uint32
	x, y     int32
}

// draw adds a command for so many points; closing takes none.
func (p *pen) draw(command uint32, points ...orb.Point) {
	p.commands = append(p.commands, uint32(max(len(points), 1))<<3|command)
	for _, at := range points {
		x, y := int32(at[0]), int32(at[1])
		for _, d := range []int32{x - p.x, y - p.y} {
			p.commands = append(p.commands, uint32(d<<1)^uint32(d>>31))
		}
		p.x, p.y = x, y
	}
}
