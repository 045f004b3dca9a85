package engine

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"reflect"
	"testing"

	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// A part survives encoding: the parts of bands, joined from decoded values, finish as the run in one piece, and their
// candidates are the same.
func TestPartCanBeSent(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	candidates, bands, own, surveys, years := 0, 0, 0, 0, 0
	for range 200 {
		s := newTwinScene(t, rng)
		var inCounty [][]bool
		for range rng.IntN(4) {
			s.addCounty(rng, &inCounty)
		}
		if rng.IntN(2) == 0 {
			s.addMaps(t, rng)
		}
		o := redline.Options{
			Rules: testRules(t), Conn: patch.Eight, MinArea: redline.Size{Cells: float64(rng.IntN(3))}, MinSeverity: 1}
		o.Survey = rng.IntN(4) > 0
		wantFound, want, err := run(t, s.in, o, Tuning{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		found, sum, kept := runInParts(t, s.in, o, Tuning{Workers: 1, Tile: 1 + rng.IntN(7)})
		n := len(kept)
		if textOf(found) != textOf(wantFound) {
			t.Fatalf("%d parts have the candidates\n%s\nwant\n%s", n, textOf(found), textOf(wantFound))
		}
		if !reflect.DeepEqual(sum, want) {
			t.Fatalf("%d parts have the summary\n%+v\nwant\n%+v", n, sum, want)
		}
		candidates, bands = candidates+len(found.found), bands+n
		for _, k := range kept[1:] {
			own += int(k)
		}
		if sum.Survey != nil {
			surveys++
			if s.in.Between != nil {
				years++
			}
		}
	}
	if candidates < 500 || bands < 500 || own < 25 || surveys < 60 || years < 30 {
		t.Errorf("%d candidates, %d bands with %d of their own, %d surveys, %d with maps between: too few to mean anything",
			candidates, bands, own, surveys, years)
	}
}

// runInParts runs band by band, each with a plan of its own, as on another machine; between them parts are bytes. It also
// returns how many candidates each band kept by itself.
func runInParts(t *testing.T, in *redline.Inputs, o redline.Options, tune Tuning) (found *collector, sum *redline.Summary, kept []int64) {
	t.Helper()
	found = newCollector()
	planned := func() (*Comparison, *scanner, *cutter) {
		p, err := newPlan(in, o, tune)
		if err != nil {
			t.Fatal(err)
		}
		c := &Comparison{plan: p, ctx: t.Context(), ports: Ports{NewOverlayer: newOverlayer, Sink: found}}
		if err := p.setLayers(c.ctx); err != nil {
			t.Fatal(err)
		}
		if err := c.divide(); err != nil {
			t.Fatal(err)
		}
		s, err := c.newScanner()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.begin(); err != nil {
			t.Fatal(err)
		}
		return c, s, c.newCutter(redlinetest.Overlayer{})
	}
	c, s, seams := planned()
	s.close()
	var total *Part
	for band := range len(c.rows) - 1 {
		_, s, cut := planned()
		b, err := s.compare(band)
		if err != nil {
			t.Fatal(err)
		}
		part, err := s.part(t.Context(), b, cut)
		s.close()
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, 0)
		for _, n := range part.Tally.BySeverity {
			kept[band] += n
		}
		if part = sent(t, part); total == nil {
			total = part
		} else {
			c.plan.join(total, part)
		}
		if total = sent(t, total); band%2 == 1 { // closed patches may wait, and be sent
			continue
		}
		if err := seams.closed(t.Context(), total); err != nil {
			t.Fatal(err)
		}
	}
	if err := seams.closed(t.Context(), total); err != nil {
		t.Fatal(err)
	}
	union, err := c.division.UnionCells(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum, err = c.plan.finish(sent(t, total), union)
	if err != nil {
		t.Fatal(err)
	}
	return found, sum, kept
}

// sent is a part as it comes out of encoding.
func sent(t *testing.T, p *Part) *Part {
	t.Helper()
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(p); err != nil {
		t.Fatal(err)
	}
	out := new(Part)
	if err := gob.NewDecoder(&b).Decode(out); err != nil {
		t.Fatal(err)
	}
	return out
}
