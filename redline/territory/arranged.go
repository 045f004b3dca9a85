package territory

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"greenshield/vector"
	"greenshield/vector/arrangement"
)

// arranged is the state of one tile while it is divided by the arrangement of its shapes.
type arranged struct {
	*tile
	*arrangement.Arrangement
	over   [][]int32    // by zone: the kinds of ground that it lies over
	owner  [][]int32    // by kind of ground: the zones that control it, ascending; more than one where they merely touch
	parts  [][]int32    // by kind of ground: the territories and shared parts that it belongs to, ascending
	cut    []bool       // by zone: its territory is less than its shape
	pairs  bool         // each shared part is with one zone
	shared []sharedPart // what the numbers of parts behind those of the zones stand for
	charge int64        // about how many bytes these take
}

// divideArranged divides a tile by an arrangement of its shapes. It is not done when they cannot be arranged, or areas
// do not add up. With pairs, each shared part is with one zone.
func (d *divider) divideArranged(
	ctx context.Context, t *tile, pairs bool, elsewhere map[[2]int]bool,
) (done bool, err error) {
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	if err := d.begin(t); err != nil {
		return false, err
	}
	if len(t.shapes) == 1 && !t.exempted {
		t.territory, t.union = t.shapes, t.shapes[0]
		return true, nil
	}
	a, err := arrangement.New(t.shapes, d.account.room())
	switch {
	case err != nil:
		return false, ErrMemory
	case a == nil:
		return false, nil
	}
	s := &arranged{tile: t, Arrangement: a, pairs: pairs,
		over: make([][]int32, len(t.ranks)), owner: make([][]int32, len(a.Sets)),
		parts: make([][]int32, len(a.Sets)), cut: make([]bool, len(t.ranks))}
	for kind, zones := range a.Sets {
		for _, i := range zones {
			s.over[i] = append(s.over[i], int32(kind))
		}
	}
	accepted := make([]map[int32]bool, len(t.ranks)) // by zone: stricter zones that take ground from it
	for i := range t.zoneShapes() {
		accepted[i] = s.takeStricter(int32(i), elsewhere)
	}
	s.list(accepted)
	if err := d.charge(t, s.charge+pairBytes*int64(len(t.meeting))); err != nil {
		return false, err
	}
	return d.outline(s)
}

// takeStricter finds which stricter zones take ground from zone i, and makes it an owner of the ground that none takes.
func (s *arranged) takeStricter(i int32, elsewhere map[[2]int]bool) map[int32]bool {
	type claim struct{ kind, next int32 } // next is a position in the zones over the kind of ground
	var accepted map[int32]bool
	claims := map[int32][]claim{} // by the strictest zone that has not been asked yet
	var free []int32
	for _, kind := range s.over[i] {
		if first := s.Sets[kind][0]; first == i {
			free = append(free, kind)
		} else {
			claims[first] = append(claims[first], claim{kind: kind})
		}
	}
	left := vector.Area(s.shapes[i])
	for j := int32(0); j < i && len(claims) > 0; j++ {
		group := claims[j]
		if group == nil {
			continue
		}
		delete(claims, j)
		area := 0.0
		for _, c := range group {
			area += s.Areas[c.kind]
		}
		pair := [2]int{s.ranks[j], s.ranks[i]}
		if area > TouchCells+1e-12*left || elsewhere[pair] {
			if accepted == nil {
				accepted = map[int32]bool{}
			}
			accepted[j] = true
			s.meeting = append(s.meeting, pair)
			s.cut[i] = true
			left -= area
			continue
		}
		s.touching = append(s.touching, touch{pair, area})
		for _, c := range group { // so the outline stays free of the neighbour's vertices
			c.next++
			if next := s.Sets[c.kind][c.next]; next == i {
				free = append(free, c.kind)
			} else {
				claims[next] = append(claims[next], c)
			}
		}
	}
	for _, kind := range free {
		s.owner[kind] = append(s.owner[kind], i)
	}
	return accepted
}

// list lists the kinds of ground that territories and shared parts are made of.
func (s *arranged) list(accepted []map[int32]bool) {
	zones := len(s.zoneShapes())
	ids := map[string]int32{}
	var key []byte
	add := func(kind int, i int32, with []int32) {
		key = binary.LittleEndian.AppendUint32(key[:0], uint32(i))
		for _, j := range with {
			key = binary.LittleEndian.AppendUint32(key, uint32(j))
		}
		id, known := ids[string(key)]
		if !known {
			id = int32(zones + len(s.shared))
			ids[string(key)] = id
			s.shared = append(s.shared, sharedPart{i: int(i), with: slices.Clone(with)})
			s.charge += sharedBytes + zoneBytes*int64(len(with))
		}
		s.parts[kind] = append(s.parts[kind], id)
	}
	var with []int32
	for kind, owners := range s.owner {
		for _, i := range owners {
			if s.cut[i] {
				s.parts[kind] = append(s.parts[kind], i)
			}
		}
		for _, i := range owners {
			with = with[:0]
			for _, j := range s.Sets[kind] {
				if j > i && (accepted[j][i] || int(j) == zones) {
					with = append(with, j)
				}
			}
			switch {
			case s.pairs:
				for k := range with {
					add(kind, i, with[k:k+1])
				}
			case len(with) > 0:
				add(kind, i, with)
			}
		}
		slices.Sort(s.parts[kind])
	}
}

// outline makes the outlines of all territories and shared parts. It is not done when areas do not add up: those of the
// kinds of ground to the outlines, or those of the outlines to the zones.
func (d *divider) outline(s *arranged) (done bool, err error) {
	t := s.tile
	zones := len(t.zoneShapes())
	owner := make([]int32, zones+len(s.shared)+1)
	for i := range zones {
		owner[i] = int32(i)
	}
	for k, part := range s.shared {
		owner[zones+k] = int32(part.i)
	}
	all := int32(len(owner) - 1) // the union of all zones
	for kind, zones := range s.owner {
		if len(zones) > 0 {
			s.parts[kind] = append(s.parts[kind], all)
		}
	}
	outlines, err := s.Outlines(s.parts, owner)
	if err != nil {
		return false, nil
	}
	want := make([]float64, len(owner))
	for kind, parts := range s.parts {
		for _, part := range parts {
			want[part] += s.Areas[kind]
		}
	}
	given := make([]float64, len(t.ranks))
	for part, outline := range outlines {
		area := vector.Area(outline)
		if !adds(area, want[part]) {
			return false, nil
		}
		switch {
		case part == int(all):
			t.union = outline
		case part >= zones:
			shared := s.shared[part-zones]
			shared.shape = outline
			t.shared = append(t.shared, shared)
			for _, j := range shared.with {
				given[j] += area
			}
			err = d.charge(t, vector.Bytes(outline))
		case s.cut[part]:
			t.territory[part] = outline
			given[part] += area
			err = d.charge(t, vector.Bytes(outline))
		default:
			t.territory[part] = t.shapes[part]
			given[part] += vector.Area(t.shapes[part])
		}
		if err != nil {
			return false, err
		}
	}
	for i, shape := range t.zoneShapes() {
		all := vector.Area(shape)
		if math.Abs(given[i]-all) > float64(len(t.ranks))*TouchCells+1e-9*all {
			return false, nil
		}
	}
	return true, nil
}
