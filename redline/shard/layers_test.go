package shard

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/redline"
	"greenshield/redline/redlinetest"
	"greenshield/redline/territory"
)

// circle returns a shape of n points in the rows from row0 to row1.
func circle(n int, row0, row1 float64) orb.MultiPolygon {
	ring := make(orb.Ring, n)
	for i := range ring {
		ring[i] = orb.Point{float64(i), row0 + (row1-row0)*float64(i)/float64(n-1)}
	}
	return orb.MultiPolygon{{ring}}
}

// keep writes layers as those of a plan.
func keep(t *testing.T, l *Layers) *Plan {
	t.Helper()
	p := &Plan{folder: t.TempDir()}
	var err error
	p.Layers, err = writeLayers(t.Context(), p.folder, l)
	redlinetest.Must(t, err)
	return p
}

// size returns how long a file of a plan is.
func size(t *testing.T, p *Plan, name string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(p.folder, name))
	redlinetest.Must(t, err)
	return info.Size()
}

// Outlines that a territory shares with its zone are written once, and share their memory again.
func TestSharedOutlines(t *testing.T) {
	shape := circle(10000, 1, 2)
	l := &Layers{Zones: []redline.Zone{{Shape: shape, ID: "a"}, {}},
		Division: &territory.Prepared{Territory: []orb.MultiPolygon{shape, shape, nil}}}
	p := keep(t, l)
	if n := size(t, p, shapesName); n < 160_000 || n > 160_100 {
		t.Errorf("%d bytes", n)
	}
	got, err := p.ReadLayers(t.Context(), [2]int{0, 9}, false)
	redlinetest.Must(t, err)
	if !same(got, l) || &got.Division.Territory[1][0] != &got.Zones[0].Shape[0] {
		t.Error("they are not the same")
	}
	if &l.Zones[0].Shape[0] != &shape[0] {
		t.Error("writing changes the layers")
	}
}

// Of rows all shapes are read that reach them, and few others; those of zones and exemptions only when asked for.
func TestLayersOfRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	shapes := func(n int) (all []orb.MultiPolygon) {
		for range n {
			top := rng.Float64()*1100 - 50
			all = append(all, circle(200, top, top+float64(int(1)<<rng.IntN(9))))
		}
		return all
	}
	l := &Layers{Division: &territory.Prepared{Territory: shapes(700), Regions: shapes(300)}}
	for _, s := range shapes(100) {
		l.Zones = append(l.Zones, redline.Zone{Name: "z", Shape: s})
		l.Exempt = append(l.Exempt, redline.Area{Name: "e", Shape: s})
	}
	l.Zones[7].Shape = l.Division.Territory[7]
	for _, s := range shapes(20) {
		l.Admin = append(l.Admin, redline.Area{Name: "c", Shape: s})
	}
	p := keep(t, l)
	all, err := p.ReadLayers(t.Context(), [2]int{-100, 2000}, true)
	redlinetest.Must(t, err)
	if !same(all, l) {
		t.Error("not all is read")
	}
	for row := 0; row < 1000; row += 37 {
		for _, zones := range []bool{false, true} {
			checkRows(t, p, l, [2]int{row, row + 40}, zones)
		}
	}
}

// checkRows checks what is read of some rows.
func checkRows(t *testing.T, p *Plan, l *Layers, rows [2]int, zones bool) {
	t.Helper()
	got, err := p.ReadLayers(t.Context(), rows, zones)
	redlinetest.Must(t, err)
	slots, _ := got.slots()
	want, cutting := l.slots()
	needed, read := 0, 0
	for i, slot := range slots {
		shape := *want[i]
		b := shape.Bound()
		reaches := b.Min[1] <= float64(rows[1]) && b.Max[1] >= float64(rows[0]) && (zones || i < cutting)
		switch {
		case len(*slot) == 0 && reaches:
			t.Fatalf("rows %v lack shape %d of %v", rows, i, b)
		case len(*slot) > 0 && !reflect.DeepEqual(*slot, shape):
			t.Fatalf("shape %d is another one", i)
		}
		if reaches {
			needed++
		}
		if len(*slot) > 0 {
			read++
		}
	}
	if read > needed*3/2+60 {
		t.Errorf("rows %v need %d shapes of %d, and %d are read", rows, needed, len(slots), read)
	}
	if got.Zones[3].Name != "z" || len(got.Division.Territory) != 700 {
		t.Error("something else is missing")
	}
}

// Layers and shapes that are damaged, cut or gone are refused; a shard does not look at shapes that it does not need.
func TestLayersAreRefused(t *testing.T) {
	l := &Layers{Division: &territory.Prepared{Territory: []orb.MultiPolygon{circle(9000, 0, 10), circle(9000, 50, 60)}}}
	for _, name := range []string{layersName, shapesName} {
		for what, change := range map[string]func(text []byte) []byte{
			"damaged": func(text []byte) []byte { text[len(text)-20] ^= 1; return text },
			"cut":     func(text []byte) []byte { return text[:len(text)-1] },
		} {
			p := keep(t, l)
			path := filepath.Join(p.folder, name)
			text, err := os.ReadFile(path)
			redlinetest.Must(t, err)
			redlinetest.Must(t, os.WriteFile(path, change(text), 0o600))
			_, err = p.ReadLayers(t.Context(), [2]int{40, 55}, true)
			if redline.KindOf(err) != redline.Incompatible ||
				!strings.Contains(err.Error(), path+": it is not that of the plan; make the plan again") {
				t.Errorf("%s %s: %v", name, what, err)
			}
			if _, err := p.ReadLayers(t.Context(), [2]int{0, 5}, true); name == shapesName && err != nil {
				t.Errorf("%s: rows of other shapes: %v", what, err)
			}
		}
	}
	p := keep(t, l)
	redlinetest.Must(t, os.Remove(filepath.Join(p.folder, shapesName)))
	if _, err := p.ReadLayers(t.Context(), [2]int{0, 5}, true); redline.KindOf(err) != redline.Incompatible {
		t.Error(err)
	}
}
