package shard

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/record"
	"greenshield/redline/territory"
	"greenshield/vector"
)

// Layers is what was read of the layers of a job, on the lattice of the run's grid, and what follows from it.
type Layers struct {
	Zones         []redline.Zone
	Admin, Exempt []redline.Area
	Division      *territory.Prepared
}

// slots returns where the shapes of the layers stand: first those with which rows are compared and cut, whose number it
// returns too, then those of zones and exemptions, which are divided already.
func (l *Layers) slots() (all []*orb.MultiPolygon, cutting int) {
	areas := func(areas []redline.Area) {
		for i := range areas {
			all = append(all, &areas[i].Shape)
		}
	}
	areas(l.Admin)
	if d := l.Division; d != nil {
		for _, shapes := range [2][]orb.MultiPolygon{d.Territory, d.Regions} {
			for i := range shapes {
				all = append(all, &shapes[i])
			}
		}
	}
	cutting = len(all)
	areas(l.Exempt)
	for i := range l.Zones {
		all = append(all, &l.Zones[i].Shape)
	}
	return all, cutting
}

// bare returns a copy of the layers without their shapes.
func (l *Layers) bare() *Layers {
	b := &Layers{slices.Clone(l.Zones), slices.Clone(l.Admin), slices.Clone(l.Exempt), nil}
	if l.Division != nil {
		division := *l.Division
		division.Territory, division.Regions = slices.Clone(division.Territory), slices.Clone(division.Regions)
		b.Division = &division
	}
	slots, _ := b.slots()
	for _, slot := range slots {
		*slot = nil
	}
	return b
}

// index is the file of the layers: all but the shapes, and where these are in the file of the shapes.
type index struct {
	Layers Layers  // bare
	Shapes []int32 // by slot: the number of its shape, from 1; 0 for none
	Groups []group // the shapes in the order of their numbers
}

// group is a stretch of the file of the shapes, which is read as a whole or not at all.
type group struct {
	Shapes, Bytes int64
	Row0, Row1    int64 // the rows that some of them reach, and those beside
	Cutting       bool  // rows are cut with some of them
	SHA256        string
}

// groupBytes is about how long a group is, unless one shape is longer.
const groupBytes = 4 << 10

// shape is one to be written: of one slot, or of some that share their memory.
type shape struct {
	outline    orb.MultiPolygon
	row0, row1 int64
	level      int // of how many rows, as a power of two
	cutting    bool
	slots      []int
}

// outlineKey is the memory of an outline.
type outlineKey struct {
	first *orb.Polygon
	len   int
}

// shapesOf returns the shapes of all slots in the order in which they are written: those of about as many rows stand
// together, from top to bottom. So a group reaches few rows besides those of each of its shapes.
func shapesOf(slots []*orb.MultiPolygon, cutting int) []*shape {
	of := map[outlineKey]*shape{}
	var all []*shape
	for i, slot := range slots {
		mp := *slot
		if len(mp) == 0 {
			continue
		}
		key := outlineKey{&mp[0], len(mp)}
		s := of[key]
		if s == nil {
			s = &shape{outline: mp, cutting: i < cutting}
			s.row0, s.row1 = reach(mp)
			s.level = bits.Len64(uint64(s.row1 - s.row0))
			of[key], all = s, append(all, s)
		}
		s.slots = append(s.slots, i)
	}
	slices.SortStableFunc(all, func(a, b *shape) int {
		if a.cutting != b.cutting {
			if a.cutting {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.row0, b.row0))
	})
	return all
}

// reach returns the first row that a shape reaches, and the row below the last one, with one more on either side.
func reach(mp orb.MultiPolygon) (row0, row1 int64) {
	const far = 1 << 30
	b := vector.Bound(mp)
	return int64(max(-far, math.Floor(b.Min[1]))) - 1, int64(min(far, math.Floor(b.Max[1]))) + 2
}

// writeLayers writes the layers and their shapes to a folder, and returns the record of the former file, which holds
// the hashes of the latter.
func writeLayers(ctx context.Context, folder string, l *Layers) (record.File, error) {
	slots, cutting := l.slots()
	shapes := shapesOf(slots, cutting)
	x := index{Layers: *l.bare(), Shapes: make([]int32, len(slots))}
	for i, s := range shapes {
		for _, slot := range s.slots {
			x.Shapes[slot] = int32(i) + 1
		}
	}
	err := writeFile(filepath.Join(folder, shapesName), func(to *bufio.Writer) error {
		var text bytes.Buffer
		w := &writer{to: bufio.NewWriterSize(&text, groupBytes)}
		for len(shapes) > 0 && ctx.Err() == nil {
			text.Reset()
			g := w.group(shapes, &text)
			if _, err := to.Write(text.Bytes()); err != nil {
				return err
			}
			x.Groups, shapes = append(x.Groups, g), shapes[g.Shapes:]
		}
		return ctx.Err()
	})
	if err != nil {
		return record.File{}, err
	}
	path := filepath.Join(folder, layersName)
	err = writeFile(path, func(to *bufio.Writer) error {
		w := &writer{to: to}
		w.value(&x)
		return w.err
	})
	if err != nil {
		return record.File{}, err
	}
	sum, bytes, err := record.HashFile(ctx, path)
	return record.File{Name: layersName, Bytes: bytes, SHA256: sum}, err
}

// group writes a group of the first of the shapes, of which there must be some, to text.
func (w *writer) group(shapes []*shape, text *bytes.Buffer) group {
	first := shapes[0]
	g := group{Row0: first.row0, Row1: first.row1, Cutting: first.cutting}
	for _, s := range shapes {
		if s.cutting != first.cutting || s.level != first.level || text.Len()+w.to.Buffered() >= groupBytes {
			break
		}
		w.shape(s.outline)
		g.Shapes++
		g.Row0, g.Row1 = min(g.Row0, s.row0), max(g.Row1, s.row1)
	}
	_ = w.to.Flush() // to memory
	sum := sha256.Sum256(text.Bytes())
	g.Bytes, g.SHA256 = int64(text.Len()), string(sum[:])
	return g
}

// ReadLayers reads the layers with the shapes that reach the rows [rows[0], rows[1]) of the grid; others may be
// missing, nil. zones asks for the shapes of zones and exemptions too, besides those with which rows are compared and
// cut. Shapes that shared their memory do so again. The fault has kind Incompatible when they are not those of the
// plan.
func (p *Plan) ReadLayers(ctx context.Context, rows [2]int, zones bool) (*Layers, error) {
	path := filepath.Join(p.folder, layersName)
	x, err := p.readIndex(path)
	if err == nil {
		path = filepath.Join(p.folder, shapesName)
		err = x.readShapes(ctx, path, func(g *group) bool {
			return (zones || g.Cutting) && g.Row0 < int64(rows[1]) && g.Row1 > int64(rows[0])
		})
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, redline.Faultf(redline.Incompatible, "%s: %w; make the plan again", path, err)
	}
	return &x.Layers, nil
}

// errOther says that a file of the plan is damaged or another one.
var errOther = errors.New("it is not that of the plan")

func (p *Plan) readIndex(path string) (*index, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if hashOf(text) != p.Layers.SHA256 {
		return nil, errOther
	}
	x := new(index)
	r := &reader{from: bufio.NewReader(bytes.NewReader(text))}
	r.value(x)
	return x, r.err
}

// readShapes reads the groups that are wanted, and sets their shapes.
func (x *index) readShapes(ctx context.Context, path string, wanted func(*group) bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	slots, _ := x.Layers.slots()
	total := int64(0)
	for i := range x.Groups {
		total += x.Groups[i].Shapes
	}
	if len(slots) != len(x.Shapes) {
		return errValues
	}
	shapes := make([]orb.MultiPolygon, total)
	var text []byte
	from := bytes.NewReader(nil)
	r := &reader{from: bufio.NewReaderSize(from, groupBytes)}
	first, at := int64(0), int64(0)
	for i := range x.Groups {
		g := &x.Groups[i]
		if wanted(g) {
			text = slices.Grow(text[:0], int(g.Bytes))[:g.Bytes]
			if _, err := file.ReadAt(text, at); err != nil && err != io.EOF || ctx.Err() != nil {
				return cmp.Or(ctx.Err(), err)
			}
			if sum := sha256.Sum256(text); string(sum[:]) != g.SHA256 {
				return errOther
			}
			from.Reset(text)
			r.from.Reset(from)
			for k := range shapes[first : first+g.Shapes] {
				shapes[first+int64(k)] = r.shape()
			}
			if r.err != nil {
				return r.err
			}
		}
		first, at = first+g.Shapes, at+g.Bytes
	}
	for i, number := range x.Shapes {
		if number > 0 {
			*slots[i] = shapes[number-1]
		}
	}
	return nil
}
