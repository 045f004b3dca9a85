package territory

import (
	"testing"

	"github.com/paulmach/orb"
)

// A zone fills holes of another only where it does so to the vertex.
func TestFillsHoles(t *testing.T) {
	outer := orb.MultiPolygon{{{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0}}, {{2, 2}, {2, 5}, {5, 5}, {5, 2}, {2, 2}}}}
	for name, c := range map[string]struct {
		inner orb.MultiPolygon
		fills bool
	}{
		"same start":    {orb.MultiPolygon{{{{2, 2}, {5, 2}, {5, 5}, {2, 5}, {2, 2}}}}, true},
		"another start": {orb.MultiPolygon{{{{5, 5}, {2, 5}, {2, 2}, {5, 2}, {5, 5}}}}, true},
		"smaller":       {orb.MultiPolygon{{{{2, 2}, {4, 2}, {4, 5}, {2, 5}, {2, 2}}}}, false},
		"a part more":   {orb.MultiPolygon{{{{2, 2}, {5, 2}, {5, 5}, {2, 5}, {2, 2}}}, {{{7, 7}, {8, 7}, {8, 8}, {7, 7}}}}, false},
		"the shell":     {orb.MultiPolygon{{{{0, 0}, {9, 0}, {9, 9}, {0, 9}, {0, 0}}}}, false},
	} {
		if got := fillsHoles(c.inner, outer); got != c.fills {
			t.Errorf("%s: %v", name, got)
		}
	}
}
