package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster/patch"
	"greenshield/redline"
	"greenshield/redline/redlinetest"
)

// stackedInputs is a scene of squares one over the other, each a little further south-east: every pair of them shares
// ground of its own, along whole rows and columns.
func stackedInputs(t *testing.T, zones int) *redline.Inputs {
	t.Helper()
	const side = 120
	var all []redline.Zone
	for i := range zones {
		d := 10 + 1e-3*float64(i)
		shape := orb.MultiPolygon{orb.Bound{Min: orb.Point{d, d}, Max: orb.Point{d + side, d + side}}.ToPolygon()}
		all = append(all, redline.Zone{
			Layer: redline.LayerRedLine, ID: fmt.Sprintf("Z%03d", i), Type: redline.RedLine, Feature: i + 1, Source: "zones.shp|zones",
			Shape: shape, TotalM2: side * side * 900,
		})
	}
	return flatInputs(t, 150, 150, all, func(row, col int) bool { return row%3 == 0 && col%5 < 3 })
}

// Zones one over the other are refused, by name, when memory has no room for what they share; where it has room for
// that once, one worker goes on, and finds what all workers find.
func TestStackedZones(t *testing.T) {
	const zones = 60
	in := stackedInputs(t, zones)
	o := redline.Options{Rules: testRules(t), Conn: patch.Eight}
	want, _, err := run(t, in, o, Tuning{Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(want.over); n == 0 || len(want.found) == 0 {
		t.Fatal("nothing is found")
	}
	refused, ran := 0, 0
	for memory := int64(1 << 18); memory <= 1<<30; memory *= 4 {
		got, _, err := run(t, in, o, Tuning{Workers: 4, MaxMemory: memory, Tile: 150})
		switch {
		case err == nil && got.text() != want.text():
			t.Errorf("%d bytes: another result", memory)
		case err == nil:
			ran++
		case redline.KindOf(err) != redline.Limit:
			t.Errorf("%d bytes: %v", memory, err)
		default:
			refused++
			if ran > 0 {
				t.Errorf("%d bytes are too few, fewer were enough", memory)
			}
			for _, text := range []string{"--max-memory", "zone Z000 of zones.shp|zones (feature 1), where 59 others are"} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%d bytes: %q lacks %q", memory, err, text)
				}
			}
		}
	}
	if refused < 2 || ran < 2 {
		t.Errorf("%d runs refused, %d not", refused, ran)
	}
}

// What is known of the ground of open patches counts too.
func TestOpenPatchesOverStackedZones(t *testing.T) {
	in := stackedInputs(t, 40)
	c, err := Begin(t.Context(), in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 1, MaxMemory: 1 << 20}, &redline.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	c.rimBytes = 1<<19 + 1
	err = c.checkOpen(&patch.Band{Row1: 7})
	if redline.KindOf(err) != redline.Limit || !strings.HasPrefix(err.Error(), "at row 7, what is known of the zones under patches that reach over bands takes 0 MiB, more than half of --max-memory; most lie one over the other at zone Z000 of") {
		t.Error(err)
	}
	c.rimBytes--
	if err := c.checkOpen(&patch.Band{Row1: 7}); err != nil {
		t.Error(err)
	}
}

// Memory for covers costs workers before it ends a run.
func TestWorkersForCovers(t *testing.T) {
	in := stackedInputs(t, 60)
	seen := map[int]bool{}
	for memory := int64(1 << 20); memory <= 1<<30; memory += memory / 4 {
		c, err := Begin(t.Context(), in, redline.Options{Rules: testRules(t), Conn: patch.Eight}, Tuning{Workers: 4, MaxMemory: memory, Tile: 150}, &redline.Progress{})
		if err != nil {
			t.Fatal(err)
		}
		c.ports.NewOverlayer = func() Overlayer { return redlinetest.Overlayer{} }
		if err := c.divide(); err == nil {
			workers, err := c.shareMemory()
			if (workers < 1) != (err != nil) || workers > 4 {
				t.Errorf("%d bytes: %d workers, %v", memory, workers, err)
			}
			seen[workers] = true
		}
		c.Stop()
	}
	for workers := range 5 {
		if !seen[workers] {
			t.Errorf("never %d workers", workers)
		}
	}
}
