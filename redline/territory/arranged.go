package territory

import (
	"context"
	"math"
	"slices"

	"greenshield/vector"
	"greenshield/vector/arrangement"
)

// arranged is the state of one tile while it is divided by the arrangement of its shapes.
type arranged struct {
	*tile
	*arrangement.Arrangement
	over   [][]int32    // by zone: the kinds of ground that it lies over, ascending
	claims [][]int32    // by zone: kinds of ground of which it is the strictest zone that has not been asked yet
	owner  [][]int32    // by kind of ground: the zones that control it, ascending; more than one where they merely touch
	parts  [][]int32    // by kind of ground: the territories and shared parts that it belongs to, ascending
	cut    []bool       // by zone: its territory is less than its shape
	taken  []bits       // by zone: the weaker zones from which it takes ground
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
	a, err := arrangement.New(t.shapes, d.account.room(), sharedBytes)
	switch {
	case err != nil:
		return false, ErrMemory
	case a == nil:
		return false, nil
	}
	zones := len(t.zoneShapes())
	s := &arranged{tile: t, Arrangement: a, pairs: pairs,
		over: kindsOver(a.Sets, len(t.ranks)), owner: make([][]int32, len(a.Sets)), parts: make([][]int32, len(a.Sets)),
		claims: make([][]int32, zones), cut: make([]bool, zones), taken: make([]bits, zones)}
	for i := range zones {
		s.takeStricter(int32(i), elsewhere)
	}
	s.list()
	if err := d.charge(t, s.charge+pairBytes*int64(len(t.meeting))); err != nil {
		return false, err
	}
	return d.outline(s)
}

// kindsOver lists by region the kinds of ground that lie in it, ascending.
func kindsOver(sets []arrangement.Set, regions int) [][]int32 {
	counts, sum := make([]int, regions), 0
	for _, set := range sets {
		for i := range set.All() {
			counts[i]++
			sum++
		}
	}
	over, all := make([][]int32, regions), make([]int32, sum)
	for i, n := range counts {
		over[i], all = all[:0:n], all[n:]
	}
	for kind, set := range sets {
		for i := range set.All() {
			over[i] = append(over[i], int32(kind))
		}
	}
	return over
}

// bits are numbers ≥ 0. The zero value is none.
type bits []uint64

func (b bits) has(i int32) bool { return b != nil && b[i/64]>>(i%64)&1 == 1 }

// takeStricter finds which stricter zones take ground from zone i, and makes it an owner of the ground that none takes.
func (s *arranged) takeStricter(i int32, elsewhere map[[2]int]bool) {
	open := 0 // how many kinds of ground are claimed
	claim := func(first, kind int32) {
		if first == i {
			s.owner[kind] = append(s.owner[kind], i)
			return
		}
		s.claims[first] = append(s.claims[first], kind)
		open++
	}
	for _, kind := range s.over[i] {
		claim(s.Sets[kind].First(), kind)
	}
	left := vector.Area(s.shapes[i])
	for j := int32(0); j < i && open > 0; j++ {
		group := s.claims[j]
		if len(group) == 0 {
			continue
		}
		s.claims[j] = group[:0]
		open -= len(group)
		area := 0.0
		for _, kind := range group {
			area += s.Areas[kind]
		}
		pair := [2]int{s.ranks[j], s.ranks[i]}
		if area > TouchCells+1e-12*left || elsewhere[pair] {
			if s.taken[j] == nil {
				s.taken[j] = make(bits, len(s.shapes)/64+1)
			}
			s.taken[j][i/64] |= 1 << (i % 64)
			s.meeting = append(s.meeting, pair)
			s.cut[i] = true
			left -= area
			continue
		}
		s.touching = append(s.touching, touch{pair, area})
		for _, kind := range group { // so the outline stays free of the neighbour's vertices
			for next := range s.Sets[kind].All() {
				if next > j {
					claim(next, kind)
					break
				}
			}
		}
	}
}

// list lists the kinds of ground that territories and shared parts are made of.
func (s *arranged) list() {
	zones := int32(len(s.zoneShapes()))
	type part struct {
		i    int32
		with arrangement.Set
	}
	ids := map[part]int32{}
	var key []byte
	add := func(kind int, i int32, with []int32) {
		key = arrangement.AppendSet(key[:0], with)
		id, known := ids[part{i, arrangement.Set(key)}]
		if !known {
			id = zones + int32(len(s.shared))
			set := arrangement.Set(key)
			ids[part{i, set}] = id
			s.shared = append(s.shared, sharedPart{i: int(i), with: set})
			s.charge += sharedBytes + 2*set.Bytes()
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
			for j := range s.Sets[kind].All() {
				if j > i && (s.taken[i].has(j) || j == zones) {
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
			for j := range shared.with.All() {
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
