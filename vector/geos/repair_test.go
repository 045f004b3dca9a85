package geos

import (
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector"
)

// tolerated is the change up to which the product accepts a repair unasked.
const tolerated = 0.001

func TestRepair(t *testing.T) {
	big := rect(0, 0, 10, 10)
	clockwise := big.Clone()
	clockwise.Reverse()
	for _, k := range []struct {
		name          string
		mp            orb.MultiPolygon
		before, after float64 // before < 0: valid, no repair
		reason        string
	}{
		{"even bow-tie", orb.MultiPolygon{{{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}}, 0, 50, "Self-intersection[5 5]"},
		{"uneven bow-tie", orb.MultiPolygon{{{{0, 0}, {30, 30}, {30, 0}, {0, 10}, {0, 0}}}}, 300, 375, "Self-intersection"},
		{"two even bow-ties", orb.MultiPolygon{{{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}, {{{20, 0}, {30, 10}, {30, 0}, {20, 10}, {20, 0}}}}, 0, 100, "Self-intersection"},
		{"loop run through twice", orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}}}, 200, 100, ""},
		{"hole outside its shell", orb.MultiPolygon{{big, rect(20, 0, 22, 2)}}, 96, 104, "Hole lies outside shell"},
		{"hole half outside", orb.MultiPolygon{{big, rect(8, 2, 12, 4)}}, 92, 96, "Self-intersection"},
		{"hole equals its shell", orb.MultiPolygon{{big, big}}, 0, 0, ""},
		{"hole larger than its shell", orb.MultiPolygon{{rect(2, 2, 4, 4), big}}, -96, 0, "Hole lies outside shell"},
		{"nested shells", orb.MultiPolygon{{big}, {rect(4, 4, 6, 6)}}, 104, 100, "Nested shells"},
		{"same shell twice", orb.MultiPolygon{{big}, {big}}, 200, 100, ""},
		{"nested holes", orb.MultiPolygon{{big, rect(2, 2, 8, 8), rect(4, 4, 6, 6)}}, 60, 64, "Holes are nested"},

		{"figure of eight that touches, not crosses", orb.MultiPolygon{{{{0, 0}, {5, 5}, {0, 10}, {10, 10}, {5, 5}, {10, 0}, {0, 0}}}}, 50, 50, "Ring Self-intersection[5 5]"},
		{"spike out", orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 5}, {15, 5}, {10, 5}, {10, 10}, {0, 10}, {0, 0}}}}, 100, 100, "Self-intersection"},
		{"spike in", orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 5}, {5, 5}, {10, 5}, {10, 10}, {0, 10}, {0, 0}}}}, 100, 100, "Ring Self-intersection[10 5]"},
		{"small crossing at a corner", orb.MultiPolygon{{{{0, 0}, {10.1, 0}, {10, -0.1}, {10, 10}, {0, 10}, {0, 0}}}}, 99.995, 100.005, "Self-intersection[10 0]"},
		{"parts overlap by a sliver", orb.MultiPolygon{{big}, {rect(9.999, 0, 20, 10)}}, 200.01, 200, "Self-intersection"},
		{"parts share an edge", orb.MultiPolygon{{big}, {rect(10, 0, 20, 10)}}, 200, 200, "Self-intersection"},
		{"hole shares an edge with its shell", orb.MultiPolygon{{big, rect(0, 2, 2, 4)}}, 96, 96, "Self-intersection"},

		{"points repeated", orb.MultiPolygon{{{{0, 0}, {0, 0}, {10, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {0, 0}}}}, -1, 100, ""},
		{"clockwise shell, counter-clockwise hole", orb.MultiPolygon{{clockwise, rect(2, 2, 4, 4)}}, -1, 96, ""},
		{"hole touches its shell in a point", orb.MultiPolygon{{big, {{5, 0}, {6, 2}, {4, 2}, {5, 0}}}}, -1, 98, ""},
		{"empty", nil, -1, 0, ""},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := New()
			fixed, r, err := c.Repair(k.mp)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(vector.Area(fixed)-k.after) > 1e-9 {
				t.Errorf("area %v, want %v", vector.Area(fixed), k.after)
			}
			if ok, reason := c.Valid(fixed); !ok {
				t.Errorf("still invalid: %s", reason)
			}
			if valid := k.before == -1; valid {
				if r != nil {
					t.Errorf("a valid polygon was repaired: %+v", r)
				}
				return
			}
			if r == nil {
				t.Fatal("not found invalid")
			}
			if math.Abs(r.Before-k.before) > 1e-9 || math.Abs(r.After-k.after) > 1e-9 || !strings.HasPrefix(r.Reason, k.reason) || !strings.HasSuffix(r.Reason, "]") {
				t.Errorf("got %+v, want %v → %v, %s…[x y]", r, k.before, k.after, k.reason)
			}
			// No case lies near the limit; the sliver's 5e-5 and the nested holes' 0.06 bracket it.
			harmless := math.Abs(k.before-k.after) <= 0.01 && k.after > 0
			if change := r.Change(); change <= tolerated != harmless || math.IsNaN(change) {
				t.Errorf("%+v changes by %v, harmless is %v", r, change, harmless)
			}
			if !oriented(fixed) {
				t.Errorf("wrong orientation: %v", fixed)
			}
		})
	}
}

func TestMakeValidIsStable(t *testing.T) {
	c := New()
	once, err := c.MakeValid(orb.MultiPolygon{{{{0, 0}, {30, 30}, {30, 0}, {0, 10}, {0, 0}}}})
	if err != nil {
		t.Fatal(err)
	}
	twice, err := c.MakeValid(once)
	if err != nil || !twice.Equal(once) {
		t.Errorf("got %v, %v; want %v", twice, err, once)
	}
}
