package territory

import (
	"slices"

	"greenshield/vector/trace"

	"github.com/paulmach/orb"
)

// fillsHoles tells that every part of inner fills a hole of outer to the vertex, as functional zones of a reserve do.
// The two then share no ground, which saves an overlay.
func fillsHoles(inner, outer orb.MultiPolygon) bool {
	for _, part := range inner {
		k, h := filledHole(part[0], outer)
		if k < 0 {
			return false
		}
		for other, island := range outer { // an island in the hole could overlap with inner
			if in, on := trace.Inside(outer[k][h], island[0][0]); other != k && (in || on) {
				return false
			}
		}
	}
	return true
}

// filledHole finds the hole of outer that a shell fills to the vertex: ring h of part k. When there is none, k is −1.
func filledHole(shell orb.Ring, outer orb.MultiPolygon) (k, h int) {
	for k, part := range outer {
		for h := 1; h < len(part); h++ {
			if reversed(shell, part[h]) {
				return k, h
			}
		}
	}
	return -1, 0
}

// fill returns outer and inner as one shape; inner must fill holes of outer to the vertex.
func fill(inner, outer orb.MultiPolygon) orb.MultiPolygon {
	whole := make(orb.MultiPolygon, len(outer))
	for k, part := range outer {
		whole[k] = slices.Clone(part)
	}
	for _, part := range inner {
		k, h := filledHole(part[0], whole)
		whole[k] = slices.Concat(whole[k][:h], whole[k][h+1:], part[1:])
	}
	return whole
}

// reversed tells whether two closed rings have the same vertices in opposite order.
func reversed(a, b orb.Ring) bool {
	n := len(a) - 1
	if len(b) != len(a) {
		return false
	}
	start := slices.Index(b, a[0])
	if start < 0 {
		return false
	}
	for i := range n {
		if a[i] != b[((start-i)%n+n)%n] {
			return false
		}
	}
	return true
}

// nested puts zones into the holes that they fill to the vertex, so that three functional zones become one shape
// with a third of the vertices.
func nested(zones []orb.MultiPolygon) []orb.MultiPolygon {
	hasHoles := func(s orb.MultiPolygon) bool {
		return slices.ContainsFunc(s, func(p orb.Polygon) bool { return len(p) > 1 })
	}
	zones = slices.Clone(zones)
	for i := 0; i < len(zones); i++ {
		for j := 0; j < len(zones) && hasHoles(zones[i]); j++ {
			if j != i && fillsHoles(zones[j], zones[i]) {
				zones[i] = fill(zones[j], zones[i])
				zones = slices.Delete(zones, j, j+1)
				if j < i {
					i--
				}
				j = -1
			}
		}
	}
	return zones
}
