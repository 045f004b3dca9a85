package tiles

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/tidwall/gjson"

	"greenshield/redline/service/collection"
)

const (
	maxFeatures = 4000 // in one tile
	countCells  = 32   // along each side of a tile that has counts
)

// mapFields are the properties that maps need, of those that a collection has.
var mapFields = []string{
	"cand_id", "zone_id", "severity", "state", "verdict", "relation", "suspicion", "finding", "prio", "change", "layer",
	"zone_type", "zone_name", "name", "adm_code", "county", "assigned_to", "near_lead", "overdue", "kind", "year",
	"source", "number",
}

// item is a feature that meets a tile.
type item struct {
	id         string
	properties []byte
	shape      *shape
}

// shapes keeps the shapes of features, since reading them takes most of the time of a tile. The text of a geometry is
// told by its hash.
type shapes struct {
	seed  maphash.Seed
	cache *cache[*shape]
}

func newShapes(bytes int64) *shapes { return &shapes{maphash.MakeSeed(), newCache[*shape](bytes)} }

func (s *shapes) of(text []byte) (*shape, error) {
	var sum maphash.Hash
	sum.SetSeed(s.seed)
	sum.Write(text)
	var key [16]byte
	for i, v := range []uint64{sum.Sum64(), uint64(len(text))} {
		for k := range 8 {
			key[8*i+k] = byte(v >> (8 * k))
		}
	}
	if known, ok := s.cache.get(string(key[:])); ok {
		return known, nil
	}
	read, err := newShape(text)
	if err == nil {
		s.cache.put(string(key[:]), read, int64(read.vertices)*16+100)
	}
	return read, err
}

// gather returns the features of a collection that meet a tile or its margin, in the order of the collection.
func (s *shapes) gather(
	ctx context.Context, of collection.Collection, t Tile, where map[string][]string,
) (items []item, err error) {
	box := t.Degrees(float64(margin) / extent)
	q := collection.Query{Box: &box, Where: where, Limit: collection.MaxLimit}
	for {
		page, err := of.Items(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, f := range page.Features {
			if len(f.Geometry) == 0 {
				continue
			}
			shape, err := s.of(f.Geometry)
			if err != nil {
				continue // an empty geometry, which is nowhere
			}
			items = append(items, item{f.ID, f.Properties, shape})
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if q.After = page.Next; page.Next == "" {
			return items, nil
		}
	}
}

// layerName is the name of the layer of a collection: its id without that of its run.
func layerName(info collection.Info) string {
	if info.Run != "" {
		return strings.TrimPrefix(info.ID, info.Run+".")
	}
	return info.ID
}

// areas tells that counting the features of a layer says nothing: there the largest ones are shown.
func areas(layer string) bool { return layer == "zones" || layer == "coverage" }

// draw makes a vector tile of a collection, gzipped.
func (s *shapes) draw(
	ctx context.Context, of collection.Collection, t Tile, where map[string][]string,
) (tile []byte, err error) {
	items, err := s.gather(ctx, of, t, where)
	if err != nil {
		return nil, err
	}
	info := of.Info()
	name := layerName(info)
	var l *layer
	if len(items) > maxFeatures && !areas(name) {
		l = counted(name+"_count", t, items)
	} else if l, err = drawn(ctx, name, t, items, fieldsOf(info)); err != nil {
		return nil, err
	}
	plain, err := l.encode()
	if err != nil {
		return nil, err
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err = w.Write(plain)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return zipped.Bytes(), nil
}

// fieldsOf lists the properties of a collection that tiles have.
func fieldsOf(info collection.Info) (names []string) {
	for _, f := range info.Fields {
		if slices.Contains(mapFields, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// drawn returns the layer of the features of a tile, at most maxFeatures of them.
func drawn(ctx context.Context, name string, t Tile, items []item, fields []string) (*layer, error) {
	l := newLayer(name)
	left := len(items) - maxFeatures
	if left > 0 {
		size := func(i item) float64 {
			return (i.shape.bound.Max[0] - i.shape.bound.Min[0]) * (i.shape.bound.Max[1] - i.shape.bound.Min[1])
		}
		slices.SortFunc(items, func(a, b item) int { return cmp.Or(cmp.Compare(size(b), size(a)), cmp.Compare(a.id, b.id)) })
		items = items[:maxFeatures]
	}
	for i, it := range items {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		properties := []property{{"id", it.id}}
		for k, value := range gjson.GetManyBytes(it.properties, fields...) {
			if v := valueOf(value); v != nil {
				properties = append(properties, property{fields[k], v})
			}
		}
		if left > 0 {
			properties = append(properties, property{"left_out", int64(left)})
		}
		l.add(it.shape.in(t), properties)
	}
	return l, nil
}

// valueOf is a property as tiles hold it, nil for none.
func valueOf(v gjson.Result) any {
	switch v.Type {
	case gjson.True, gjson.False:
		return v.Bool()
	case gjson.String:
		return v.Str
	case gjson.Number:
		if v.Num == math.Trunc(v.Num) && math.Abs(v.Num) < 1<<53 {
			return int64(v.Num)
		}
		return v.Num
	}
	return nil
}

// cell is what a cell of a tile counts.
type cell struct {
	count    int64
	sum      orb.Point // of the centres, in units of the tile
	severity gjson.Result
	id       string
}

// counted returns the layer with a point and a count for each cell of the tile in which features have their centres.
func counted(name string, t Tile, items []item) *layer {
	l := newLayer(name)
	cells := make([]cell, countCells*countCells)
	for _, it := range items {
		at := t.units(it.shape.centre())
		col, row := int(math.Floor(at[0]*countCells/extent)), int(math.Floor(at[1]*countCells/extent))
		if col < 0 || row < 0 || col >= countCells || row >= countCells {
			continue // its centre is in another tile
		}
		c := &cells[row*countCells+col]
		c.count++
		c.sum[0] += at[0]
		c.sum[1] += at[1]
		c.id = it.id
		s := gjson.GetBytes(it.properties, "severity")
		if s.Type == gjson.Number && (c.severity.Type != gjson.Number || s.Num > c.severity.Num) {
			c.severity = s
		}
	}
	for _, c := range cells {
		if c.count == 0 {
			continue
		}
		properties := []property{{"count", c.count}}
		if v := valueOf(c.severity); v != nil {
			properties = append(properties, property{"severity", v})
		}
		if c.count == 1 {
			properties = append(properties, property{"id", c.id})
		}
		n := float64(c.count)
		l.add(round(orb.Point{c.sum[0] / n, c.sum[1] / n}), properties)
	}
	return l
}
