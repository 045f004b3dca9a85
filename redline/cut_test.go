package redline

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/raster/change"
	"greenshield/raster/landcover"
	"greenshield/vector/trace"
)

// TestIdentifyAgainstTwin: ids are the first 80 bits of the SHA-256 of what they stand for.
func TestIdentifyAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	for _, geographic := range []bool{true, false} {
		g := raster.Grid{OriginX: -0.01, OriginY: 0.02, CellX: 0.00025, CellY: 0.00025, CRS: raster.CRS{Geographic: geographic}}
		decimals := 8
		if !geographic {
			g.OriginX, g.OriginY, g.CellX, g.CellY, decimals = -3000.0005, 4.1e6, 30, 29.98, 3
		}
		c := &cutter{survey: &survey{in: &Inputs{Grid: g}}}
		for range 2000 {
			out := Candidate{Change: "deforestation"[:random.IntN(13)], Layer: LayerRedLine, ZoneID: strings.Repeat("区", random.IntN(200))}
			row, col := random.Int32N(200), random.Int32N(200)
			c.identify(&out, row, col)
			u, v := g.Map(float64(col)+0.5, float64(row)+0.5)
			place := "\x00" + strconv.FormatFloat(u, 'f', decimals, 64) + "\x00" + strconv.FormatFloat(v, 'f', decimals, 64)
			id := func(text string) string {
				sum := sha256.Sum256([]byte(text))
				return strings.ToLower(base32.HexEncoding.EncodeToString(sum[:10]))
			}
			if want := "P" + id(out.Change+place); out.PatchID != want {
				t.Fatalf("the patch at %q has id %s, want %s", place, out.PatchID, want)
			}
			if want := "C" + id(out.Change+"\x00"+out.Layer+"\x00"+out.ZoneID+place); out.ID != want {
				t.Fatalf("the candidate at %q in %s has id %s, want %s", place, out.ZoneID, out.ID, want)
			}
		}
	}
}

// slowInnerPoint is what a finder must agree with: it sorts all gaps and looks into eight.
func slowInnerPoint(mp orb.MultiPolygon) orb.Point {
	best, most := mp[0], 0.0
	for _, p := range mp {
		if a := trace.DoubleArea(p[0]); a > most {
			best, most = p, a
		}
	}
	var vs []float64
	for _, ring := range best {
		for _, q := range ring {
			vs = append(vs, q[1])
		}
	}
	slices.Sort(vs)
	var gaps [][2]float64 // height, lower end
	for i := 1; i < len(vs); i++ {
		gaps = append(gaps, [2]float64{vs[i] - vs[i-1], vs[i-1]})
	}
	slices.SortFunc(gaps, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(b[0], a[0]), cmp.Compare(a[1], b[1])) })
	point, room := best[0][0], -1.0
	for _, gap := range gaps[:min(8, len(gaps))] {
		v := gap[1] + gap[0]/2
		var us []float64
		for _, ring := range best {
			for i := 1; i < len(ring); i++ {
				a, b := ring[i-1], ring[i]
				if (a[1] > v) != (b[1] > v) {
					us = append(us, a[0]+(v-a[1])/(b[1]-a[1])*(b[0]-a[0]))
				}
			}
		}
		slices.Sort(us)
		for i := 1; i < len(us); i += 2 {
			if d := us[i] - us[i-1]; min(d, gap[0]) > room {
				point, room = orb.Point{us[i-1] + d/2, v}, min(d, gap[0])
			}
		}
	}
	return point
}

// TestInnerPointAgainstTwin: polygons with many equal gaps, with none, and with few.
func TestInnerPointAgainstTwin(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	var f finder
	for range 5000 {
		var mp orb.MultiPolygon
		for range 1 + random.IntN(3) {
			var p orb.Polygon
			for range 1 + random.IntN(2) {
				var ring orb.Ring
				n, lattice := 3+random.IntN(30), random.IntN(2) == 0
				for i := range n { // around a centre
					turn, r := 2*math.Pi*float64(i)/float64(n), 1+9*random.Float64()
					q := orb.Point{10 + r*math.Cos(turn), 10 + r*math.Sin(turn)}
					if lattice {
						q = orb.Point{math.Round(q[0]), math.Round(q[1])}
					}
					ring = append(ring, q)
				}
				p = append(p, append(ring, ring[0]))
			}
			mp = append(mp, p)
		}
		if got, want := f.innerPoint(mp), slowInnerPoint(mp); got != want {
			t.Fatalf("%v is found in %v, want %v", got, mp, want)
		}
	}
}

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
	c := &cutter{survey: &survey{in: &Inputs{Before: Epoch{Legend: legend}, After: Epoch{Legend: legend}}, classifier: classifier}}
	mixed := 0
	for range 5000 {
		var p part
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
		var out Candidate
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
