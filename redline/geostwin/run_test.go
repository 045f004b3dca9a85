package geostwin

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline/engine"
)

// torture tells whether tests run at full size.
func torture() bool { return os.Getenv("GREENSHIELD_TORTURE") != "" }

// seeds lists the seeds of n random scenes, or of the one that GREENSHIELD_SCENE names.
func seeds(t testing.TB, quick, full int) (all []uint64) {
	t.Helper()
	if text := os.Getenv("GREENSHIELD_SCENE"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return []uint64{seed}
	}
	if torture() {
		quick = full
	}
	for i := range quick {
		all = append(all, uint64(i)+1)
	}
	t.Logf("seeds 1 … %d; GREENSHIELD_SCENE=SEED runs one alone", quick)
	return all
}

// examine runs a scene and holds it against the twin. Every other scene has its ground cut
// into tiles as small as they get.
func examine(s *scene) *verdict {
	tune := engine.Tuning{Workers: 1}
	if s.seed%2 == 1 {
		tune.Vertices = 16
	}
	c, sum, err := run(s, tune)
	if err != nil {
		v := &verdict{}
		v.bad("the run failed: %v", err)
		return v
	}
	return compare(s, solve(s), c, sum)
}

func TestAgainstTwin(t *testing.T) {
	m := newMaker(t)
	var scenes, failed, parts, comparisons, close, blank int
	for _, seed := range seeds(t, 300, 10_000) {
		s := m.random(seed)
		scenes++
		if len(s.in.Zones) == 0 {
			blank++ // repair left nothing of its zones: still a run
		}
		v := examine(s)
		if len(v.problems) > 0 {
			failed++
			report(t, s, v)
		}
		parts += v.parts
		comparisons += v.comparisons
		close += v.close
	}
	t.Logf("%d scenes, %d of them without a zone after repair, %d failed; %d parts, %d within rounding of a threshold", scenes, blank, failed, parts, close)
	t.Logf("tally: scenes %d", scenes)
	t.Logf("tally: skipped %d", 0)
	t.Logf("tally: failed %d", failed)
	t.Logf("tally: comparisons %d", comparisons)
	if os.Getenv("GREENSHIELD_SCENE") == "" && (parts < 4*scenes || blank*20 > scenes) {
		t.Error("too few parts to mean anything")
	}
}

// Scenes that went wrong once.
func TestScenesOnceWrong(t *testing.T) {
	m := newMaker(t)
	for name, seed := range map[string]uint64{
		"overlap that is too small in each tile":    6205,
		"touch that is no touch in the whole":       7788,
		"outline that is not closed round its tile": 7457,
	} {
		t.Run(name, func(t *testing.T) {
			s := m.random(seed)
			if v := examine(s); len(v.problems) > 0 {
				report(t, s, v)
			}
		})
	}
}

func report(t *testing.T, s *scene, v *verdict) {
	t.Helper()
	t.Errorf("scene %d:\n\t%s\n%s", s.seed, strings.Join(v.problems, "\n\t"), s)
}

// String prints a small scene.
func (s *scene) String() string {
	var b strings.Builder
	g := s.in.Grid
	b.WriteString(strconv.Itoa(g.Cols) + " × " + strconv.Itoa(g.Rows) + " cells")
	if g.Cells() <= 400 {
		for r := range g.Rows {
			b.WriteString("\n")
			for c := range g.Cols {
				k := s.kind(r*g.Cols + c)
				b.WriteByte("?-.0123"[k+3])
			}
		}
	}
	for _, z := range s.in.Zones {
		text := strings.TrimSpace(z.Layer + " " + z.ID + " " + z.Type.String())
		b.WriteString("\n" + text + " ")
		b.WriteString(shapeText(z.Shape))
	}
	return b.String()
}

// shapeText writes coordinates to the last bit, unless there are very many.
func shapeText(mp orb.MultiPolygon) string {
	text := fmt.Sprintf("%.17g", mp)
	if len(text) > 2000 {
		text = text[:2000] + "…"
	}
	return text
}
