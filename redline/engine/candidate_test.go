package engine

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/redline"
)

// TestDescribeAgainstTwin: the mixture of a part names the ecosystems by share, and those
// of equal share in the order of the tables.
func TestDescribeAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(25, 26))
	var legend landcover.Legend
	for i, e := range append(landcover.Ecosystems(), landcover.Ecosystems()...) {
		legend.Classes = append(legend.Classes, landcover.Class{Code: int64(10 * i), NameEN: "class " + strconv.Itoa(i), Ecosystem: e})
	}
	n := len(legend.Classes)
	classifier, err := change.NewClassifier(new([256]uint8), new([256]uint8), legend.Classes, legend.Classes, 1, func(_, _ landcover.Ecosystem) int { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{plan: &plan{in: &redline.Inputs{Before: redline.Epoch{Legend: legend}, After: redline.Epoch{Legend: legend}}, classifier: classifier}}
	mixed := 0
	for range 5000 {
		var p piece
		byEco, total := map[landcover.Ecosystem]float64{}, 0.0
		for range 1 + random.IntN(6) {
			pair := uint16(random.IntN(n * n))
			if b, a := classifier.Classes(pair); b >= n || a >= n {
				continue
			}
			p.addTo(pair).AddUnits(uint64(1+random.IntN(4)) << 30)
		}
		if len(p.mixture) == 0 {
			continue
		}
		largest := p.mixture[0]
		for _, s := range p.mixture {
			b, _ := classifier.Classes(s.pair)
			byEco[legend.Classes[b].Ecosystem] += s.area.M2()
			total += s.area.M2()
			if d := cmp.Compare(s.area.M2(), largest.area.M2()); d > 0 || (d == 0 && s.pair < largest.pair) {
				largest = s
			}
		}
		order := landcover.Ecosystems()
		slices.SortStableFunc(order, func(x, y landcover.Ecosystem) int { return cmp.Compare(byEco[y], byEco[x]) })
		var mix []string
		for _, e := range order {
			if byEco[e] > 0 {
				mix = append(mix, e.String()+":"+strings.TrimSuffix(strconv.FormatFloat(100*byEco[e]/total, 'f', 1, 64), ".0"))
			}
		}
		b, a := classifier.Classes(largest.pair)
		from, to := &legend.Classes[b], &legend.Classes[a]
		want := [7]string{from.Ecosystem.String(), strconv.FormatInt(from.Code, 10), from.Name(), to.Ecosystem.String(), strconv.FormatInt(to.Code, 10), to.Name(), strings.Join(mix, ";")}
		var out redline.Candidate
		c.describe(&out, &p)
		if got := [7]string{out.FromEco, out.FromCode, out.FromName, out.ToEco, out.ToCode, out.ToName, out.FromMix}; got != want {
			t.Fatalf("%v is %q, want %q", p.mixture, got, want)
		}
		if len(mix) > 1 {
			mixed++
		}
	}
	if mixed < 1000 {
		t.Errorf("only %d mixtures", mixed)
	}
}
