package geos

import (
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom/encoding/wkb"
	"github.com/twpayne/go-geom/encoding/wkbcommon"
	"github.com/twpayne/go-geom/encoding/wkt"

	"greenshield/vector"
)

// wrongly says what is wrong with certain, a claim that a polygon is certainly valid.
func wrongly(c *Context, certain bool, mp orb.MultiPolygon) string {
	if valid, reason := c.judge(mp); certain && !valid {
		return "called valid, but GEOS says " + reason
	}
	return ""
}

// plain tells that no point comes twice in mp, repeated ones aside: then a valid mp
// must be called certainly valid, unless a vertex lies on another edge.
func plain(mp orb.MultiPolygon) bool {
	seen := map[orb.Point]bool{}
	for _, p := range mp {
		for _, r := range p {
			for i, q := range r[1:] {
				if q == r[i] {
					continue
				}
				if seen[q] {
					return false
				}
				seen[q] = true
			}
		}
	}
	return true
}

// randomRing is a ring about a centre: a star, now and then with two vertices exchanged,
// a vertex moved anywhere, repeated points, or spikes far longer than they are wide.
func randomRing(rng *rand.Rand, x, y, radius float64, lattice bool) orb.Ring {
	n := 3 + rng.IntN(1+rng.IntN(60))
	if rng.IntN(5) == 0 {
		n += rng.IntN(200)
	}
	waver := rng.Float64()
	var r orb.Ring
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * (float64(i) + rng.Float64()*0.9) / float64(n))
		d := radius * (1 - waver*rng.Float64())
		p := orb.Point{x + d*c, y + d*s}
		if lattice {
			p = orb.Point{math.Round(p[0]), math.Round(p[1])}
		}
		r = append(r, p)
		for rng.IntN(40) == 0 {
			r = append(r, p)
		}
	}
	n = len(r)
	switch rng.IntN(8) {
	case 0:
		i, j := rng.IntN(n), rng.IntN(n)
		r[i], r[j] = r[j], r[i]
	case 1:
		r[rng.IntN(n)] = orb.Point{x + radius*(2*rng.Float64()-1), y + radius*(2*rng.Float64()-1)}
	case 2:
		i := rng.IntN(n) // a vertex in the middle of another edge
		r[rng.IntN(n)] = orb.Point{(r[i][0] + r[(i+1)%n][0]) / 2, (r[i][1] + r[(i+1)%n][1]) / 2}
	}
	if rng.IntN(2) == 0 {
		r.Reverse()
	}
	return append(r, r[0])
}

func randomPolygons(rng *rand.Rand) orb.MultiPolygon {
	lattice := rng.IntN(3) == 0
	offset := []float64{0, 0, 1e4, 4e7, 1.0 / 3}[rng.IntN(5)]
	var mp orb.MultiPolygon
	for range 1 + rng.IntN(3) {
		x, y, radius := offset+rng.Float64()*60, offset+rng.Float64()*60, 2+rng.Float64()*20
		if rng.IntN(4) > 0 {
			x += 60 * float64(len(mp)) // mostly apart
		}
		p := orb.Polygon{randomRing(rng, x, y, radius, lattice)}
		for range rng.IntN(4) - 1 {
			hx, hy := x+(rng.Float64()-0.5)*radius, y+(rng.Float64()-0.5)*radius
			p = append(p, randomRing(rng, hx, hy, radius*rng.Float64()*0.3, lattice))
		}
		mp = append(mp, p)
		if len(p) > 1 && rng.IntN(3) == 0 { // an island in a hole, or not quite
			mp = append(mp, orb.Polygon{randomRing(rng, x, y, radius/20, lattice)})
		}
	}
	return mp
}

func TestCertainlyValidAgainstGEOS(t *testing.T) {
	scenes := 3000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		scenes = 150_000
	}
	const seed = 20152020
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := New()
	var certain, valid, missed int
	for i := range scenes {
		mp := randomPolygons(rng)
		yes := vector.CertainlyValid(mp)
		if w := wrongly(c, yes, mp); w != "" {
			t.Fatalf("scene %d: %s: %v", i, w, mp)
		}
		ok, _ := c.judge(mp)
		if yes {
			certain++
		}
		if ok {
			valid++
			if !yes && plain(mp) {
				missed++
			}
		}
	}
	t.Logf("%d of %d valid ones were certain; missed though no point comes twice: %d", certain, valid, missed)
	t.Logf("tally: scenes %d", scenes)
	t.Logf("tally: comparisons %d", scenes)
	if certain < valid*9/10 || valid < scenes/5 || valid > scenes*9/10 || missed > scenes/500 {
		t.Error("the scenes are too easy, or too much is left to GEOS")
	}
}

func TestCertainlyValidOnCorpora(t *testing.T) {
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	start := regexp.MustCompile(`(MULTI)?POLYGON\s*\(`)
	c := New()
	var polygons, certain, valid, other int
	for _, dir := range []string{"geos_xml_overlay", "jts_wkt", "exactextract_wkt"} {
		if _, err := os.Stat(filepath.Join(root, dir)); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("real data is missing: %v; set GREENSHIELD_DATA", err)
			}
			t.Skipf("real data is not here: %v; set GREENSHIELD_DATA to its folder", err)
		}
		err := fs.WalkDir(os.DirFS(root), dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") {
				return err
			}
			text, err := os.ReadFile(filepath.Join(root, path))
			if err != nil {
				return err
			}
			for _, at := range start.FindAllIndex(text, -1) {
				end, depth := at[1], 1
				for ; end < len(text) && depth > 0; end++ {
					depth += strings.Count(string(text[end]), "(") - strings.Count(string(text[end]), ")")
				}
				mp, err := fromWKT(string(text[at[0]:end]))
				if err != nil {
					other++ // unclosed, empty inside, or not WKT as go-geom reads it
					continue
				}
				yes := vector.CertainlyValid(mp)
				if w := wrongly(c, yes, mp); w != "" {
					t.Errorf("%s, byte %d: %s", path, at[0], w)
				}
				polygons++
				if yes {
					certain++
				}
				if ok, _ := c.judge(mp); ok {
					valid++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d polygons, %d valid, %d certainly; %d could not be read", polygons, valid, certain, other)
	t.Logf("tally: comparisons %d", polygons)
	if polygons < 500 || certain < valid/2 || certain > valid {
		t.Error("the corpora were not read as meant")
	}
}

func fromWKT(text string) (orb.MultiPolygon, error) {
	g, err := wkt.Unmarshal(text)
	if err != nil {
		return nil, err
	}
	b, err := wkb.Marshal(g, wkb.NDR, wkbcommon.WKBOptionEmptyPointHandling(wkbcommon.EmptyPointHandlingNaN))
	if err != nil {
		return nil, err
	}
	mp, _, err := vector.DecodeWKB(b)
	return mp, err
}

func TestWronglySeesWrongAnswers(t *testing.T) {
	c := New()
	bowTie := orb.MultiPolygon{{{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}}
	if wrongly(c, true, bowTie) == "" {
		t.Error("a bow-tie may be called valid")
	}
	if w := wrongly(c, false, bowTie) + wrongly(c, false, square(0, 0, 1)) + wrongly(c, true, square(0, 0, 1)); w != "" {
		t.Error(w)
	}
	// An answer that never looks at nesting is caught by the scenes.
	rng := rand.New(rand.NewPCG(20152020, 0))
	caught := 0
	for range 2000 {
		mp := randomPolygons(rng)
		var flat orb.MultiPolygon
		certain := true
		for _, p := range mp {
			for _, r := range p {
				flat = orb.MultiPolygon{{r}}
				certain = certain && vector.CertainlyValid(flat)
			}
		}
		if wrongly(c, certain, mp) != "" {
			caught++
		}
	}
	if caught == 0 {
		t.Error("no scene catches an answer that looks at each ring alone")
	}
	t.Logf("an answer that looks at each ring alone is wrong %d times in 2000", caught)
}

func TestCertainlyValidCases(t *testing.T) {
	big := rect(0, 0, 10, 10)
	nan := math.NaN()
	for _, k := range []struct {
		name string
		mp   orb.MultiPolygon
		want bool
	}{
		{"square", square(0, 0, 1), true},
		{"hole", orb.MultiPolygon{{big, rect(2, 2, 4, 4)}}, true},
		{"holes of either orientation", orb.MultiPolygon{{big, rect(2, 2, 4, 4), {{5, 5}, {5, 6}, {6, 6}, {6, 5}, {5, 5}}}}, true},
		{"island in a hole", orb.MultiPolygon{{big, rect(2, 2, 8, 8)}, {rect(4, 4, 6, 6)}}, true},
		{"island of its own in a hole of an island", orb.MultiPolygon{{big, rect(1, 1, 9, 9)}, {rect(2, 2, 8, 8), rect(3, 3, 7, 7)}, {rect(4, 4, 6, 6)}}, true},
		{"points repeated", orb.MultiPolygon{{{{0, 0}, {0, 0}, {10, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {0, 0}}}}, true},
		{"vertices on one line", orb.MultiPolygon{{{{0, 0}, {5, 0}, {10, 0}, {10, 5}, {10, 10}, {0, 10}, {0, 5}, {0, 0}}}}, true},
		{"hole in a hole", orb.MultiPolygon{{big, rect(2, 2, 8, 8), rect(4, 4, 6, 6)}}, false},
		{"hole outside", orb.MultiPolygon{{big, rect(20, 0, 22, 2)}}, false},
		{"hole of another part", orb.MultiPolygon{{big}, {rect(20, 0, 22, 2), rect(4, 4, 6, 6)}}, false},
		{"nested shells", orb.MultiPolygon{{big}, {rect(4, 4, 6, 6)}}, false},
		{"same shell twice", orb.MultiPolygon{{big}, {big}}, false},
		{"touching in a point", orb.MultiPolygon{{big}, {rect(10, 10, 12, 12)}}, false},
		{"touching an edge in a point", orb.MultiPolygon{{big}, {{{10, 5}, {12, 4}, {12, 6}, {10, 5}}}}, false},
		{"sharing an edge", orb.MultiPolygon{{big}, {rect(10, 2, 12, 4)}}, false},
		{"spike", orb.MultiPolygon{{{{0, 0}, {10, 0}, {10, 5}, {15, 5}, {10, 5}, {10, 10}, {0, 10}, {0, 0}}}}, false},
		{"there and back", orb.MultiPolygon{{{{0, 0}, {5, 1}, {10, 2}, {5, 1}, {0, 0}}}}, false},
		{"flat", orb.MultiPolygon{{{{0, 0}, {5, 0}, {10, 0}, {0, 0}}}}, false},
		{"unclosed", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}}, false},
		{"NaN", orb.MultiPolygon{{{{0, 0}, {nan, 0}, {1, 1}, {0, 0}}}}, false},
		{"infinite", orb.MultiPolygon{{{{0, 0}, {math.Inf(1), 0}, {1, 1}, {0, 0}}}}, false},
		{"no rings", orb.MultiPolygon{{}}, false},
		{"thinner than rounding", orb.MultiPolygon{{{{0, 0}, {3, 1}, {3e15, math.Nextafter(1e15, 2e15)}, {0, 0}}}}, true},
	} {
		t.Run(k.name, func(t *testing.T) {
			if got := vector.CertainlyValid(k.mp); got != k.want {
				t.Errorf("got %v", got)
			}
			if w := wrongly(New(), k.want, k.mp); w != "" {
				t.Error(w)
			}
		})
	}
}

// A ring of a million vertices whose spikes each pass a thousand others in x or in y:
// GEOS needs 84 s for one; it must not be asked.
func TestHugeRingIsNotLeftToGEOS(t *testing.T) {
	n := 60_000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		n = 1_000_000
	}
	rng := rand.New(rand.NewPCG(7, 7))
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		d := 6000 + 340*rng.Float64()
		ring = append(ring, orb.Point{8000 + d*c, 8000 + d*s})
	}
	ring = append(ring, ring[0])
	mp := orb.MultiPolygon{{ring}}
	if !vector.CertainlyValid(mp) {
		t.Fatal("left to GEOS")
	}
	if ok, reason := New().Valid(mp); !ok {
		t.Fatal(reason)
	}
	// A bow-tie anywhere in it is GEOS's to describe.
	i := n / 3
	far := func(k int) orb.Point { return orb.Point{8000 + (ring[k][0]-8000)*2, 8000 + (ring[k][1]-8000)*2} }
	tied := orb.MultiPolygon{{append(append(ring[:i:i], far(i+9), far(i)), ring[i+1:]...)}}
	if n > 100_000 {
		if vector.CertainlyValid(tied) {
			t.Error("a bow-tie is called valid")
		}
		return // GEOS would take a minute to find it
	}
	if ok, reason := New().Valid(tied); ok || !strings.Contains(reason, "elf-intersection[") {
		t.Error(ok, fmt.Sprint(reason))
	}
}
