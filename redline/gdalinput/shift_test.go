package gdalinput

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/vector/gdalvector"
)

// realLayer reads all features of the data of others that match a pattern.
func realLayer(t *testing.T, pattern string) (shapes []orb.MultiPolygon) {
	t.Helper()
	root := os.Getenv("GREENSHIELD_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	paths, err := filepath.Glob(filepath.Join(root, "anhui_admin_geomapdata", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("the data of others is missing; set GREENSHIELD_DATA")
		}
		t.Skip("the data of others is not here (GREENSHIELD_DATA)")
	}
	for _, path := range paths {
		l, err := gdalvector.Read(gdalvector.Source{File: path})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range l.Features {
			shapes = append(shapes, f.Shape)
		}
	}
	return shapes
}

// perDegree is the scale of the tests' lattice: longitude and latitude × 1000, north up negative.
const perDegree = 1000

func lattice(shapes []orb.MultiPolygon, move func(lon, lat float64) (float64, float64)) []orb.MultiPolygon {
	out := make([]orb.MultiPolygon, len(shapes))
	for i, mp := range shapes {
		for _, polygon := range mp {
			var p orb.Polygon
			for _, ring := range polygon {
				var r orb.Ring
				for _, pt := range ring {
					lon, lat := move(pt[0], pt[1])
					r = append(r, orb.Point{lon * perDegree, -lat * perDegree})
				}
				p = append(p, r)
			}
			out[i] = append(out[i], p)
		}
	}
	return out
}

func latticeToDegrees(u, v []float64) error {
	for i := range u {
		u[i], v[i] = u[i]/perDegree, -v[i]/perDegree
	}
	return nil
}

// moved returns a point some metres away.
func moved(lon, lat, east, north float64) (float64, float64) {
	return lon + east/(111320*math.Cos(lat*math.Pi/180)), lat + north/110900
}

func stay(lon, lat float64) (float64, float64) { return lon, lat }

func toGCJ(lon, lat float64) (float64, float64) {
	e, n := gcj02Offset(lon, lat)
	return moved(lon, lat, e, n)
}

func by(east, north float64) func(lon, lat float64) (float64, float64) {
	return func(lon, lat float64) (float64, float64) { return moved(lon, lat, east, north) }
}

// blobs makes smooth closed outlines at random places of a square of 0.6°, about 30 to 3000 m between vertices.
func blobs(rng *rand.Rand, n int) (out []orb.MultiPolygon) {
	for range n {
		lon, lat := 117+0.6*rng.Float64(), 31+0.6*rng.Float64()
		size := 0.01 + 0.08*rng.Float64()
		var a, phase [9]float64
		for k := range a {
			a[k], phase[k] = 0.5*rng.NormFloat64()/float64(k+2), 7*rng.Float64()
		}
		var ring orb.Ring
		vertices := 40 + rng.IntN(400)
		for i := range vertices {
			theta := 2 * math.Pi * float64(i) / float64(vertices)
			r := 1.0
			for k := range a {
				r += a[k] * math.Cos(float64(k+1)*theta+phase[k])
			}
			ring = append(ring, orb.Point{lon + size*r*math.Cos(theta), lat + size*r*math.Sin(theta)})
		}
		out = append(out, orb.MultiPolygon{{append(ring, ring[0])}})
	}
	return out
}

// jitter moves every vertex by chance, as another hand would draw it.
func jitter(rng *rand.Rand, sigma float64) func(lon, lat float64) (float64, float64) {
	return func(lon, lat float64) (float64, float64) {
		return moved(lon, lat, sigma*rng.NormFloat64(), sigma*rng.NormFloat64())
	}
}

// after does one move after another.
func after(moves ...func(lon, lat float64) (float64, float64)) func(lon, lat float64) (float64, float64) {
	return func(lon, lat float64) (float64, float64) {
		for _, m := range moves {
			lon, lat = m(lon, lat)
		}
		return lon, lat
	}
}

// thinned leaves out all but every n-th vertex.
func thinned(shapes []orb.MultiPolygon, n int) (out []orb.MultiPolygon) {
	for _, mp := range shapes {
		var thin orb.MultiPolygon
		for _, polygon := range mp {
			var p orb.Polygon
			for _, ring := range polygon {
				var r orb.Ring
				for i := 0; i < len(ring)-1; i += n {
					r = append(r, ring[i])
				}
				if len(r) >= 3 {
					p = append(p, append(r, r[0]))
				}
			}
			if len(p) > 0 {
				thin = append(thin, p)
			}
		}
		out = append(out, thin)
	}
	return out
}

// inset moves every outline to one side by m metres, as the bank of a river runs beside its middle.
func inset(shapes []orb.MultiPolygon, m float64) (out []orb.MultiPolygon) {
	for _, mp := range shapes {
		var in orb.MultiPolygon
		for _, polygon := range mp {
			ring := polygon[0]
			var r orb.Ring
			n := len(ring) - 1
			for i := range n {
				a, b := ring[(i+n-2)%n], ring[(i+2)%n]
				scale := math.Cos(a[1] * math.Pi / 180)
				dx, dy := (b[0]-a[0])*scale, b[1]-a[1]
				l := math.Hypot(dx, dy)
				if l == 0 {
					continue
				}
				lon, lat := moved(ring[i][0], ring[i][1], -dy/l*m, dx/l*m)
				r = append(r, orb.Point{lon, lat})
			}
			if len(r) >= 3 {
				in = append(in, orb.Polygon{append(r, r[0])})
			}
		}
		out = append(out, in)
	}
	return out
}

// verdict checks a finding: kind "" is none, else within tolerance of the shift.
func verdict(s *Shift, kind string, east, north, tolerance float64) string {
	switch {
	case kind == "" && s == nil:
		return ""
	case kind == "":
		return fmt.Sprintf("false alarm %+v", *s)
	case s == nil:
		return "missed"
	case s.Kind != kind || math.Hypot(s.EastM-east, s.NorthM-north) > tolerance:
		return fmt.Sprintf("found %+v, want %s %.0f, %.0f", *s, kind, east, north)
	}
	return ""
}

func TestVerdictSeesErrors(t *testing.T) {
	s := &Shift{Kind: ShiftConstant, EastM: 300}
	for _, bad := range []string{verdict(s, "", 0, 0, 9), verdict(nil, ShiftConstant, 300, 0, 9), verdict(s, ShiftGCJ02, 300, 0, 9), verdict(s, ShiftConstant, 320, 0, 9)} {
		if bad == "" {
			t.Error("a wrong finding is not seen")
		}
	}
	if verdict(s, ShiftConstant, 305, 0, 9) != "" || verdict(nil, "", 0, 0, 0) != "" {
		t.Error("a right finding is refused")
	}
}

// A point of Beijing as the open implementations of the formula give it.
func TestGCJ02Offset(t *testing.T) {
	for _, k := range []struct{ lon, lat, gcjLon, gcjLat float64 }{
		{116.404, 39.915, 116.41024449916938, 39.91640428150164},
	} {
		e, n := gcj02Offset(k.lon, k.lat)
		lon, lat := moved(k.lon, k.lat, e, n)
		dx, dy := (lon-k.gcjLon)*111320*math.Cos(lat*math.Pi/180), (lat-k.gcjLat)*110900
		t.Logf("offset %.1f, %.1f m", e, n)
		if math.Hypot(dx, dy) > 2 {
			t.Errorf("%v, %v goes to %v, %v, want %v, %v: %.1f m off", k.lon, k.lat, lon, lat, k.gcjLon, k.gcjLat, math.Hypot(dx, dy))
		}
	}
}

// TestShiftOfAnhui shifts real counties against real prefectures, whose outlines they share.
func TestShiftOfAnhui(t *testing.T) {
	counties, cities, single := realLayer(t, "citys/*.json"), realLayer(t, "province/*.json"), realLayer(t, "county/*.json")
	rng := rand.New(rand.NewPCG(5, 5))
	t.Log("seed 5")
	type shapes = []orb.MultiPolygon
	type mover = func(lon, lat float64) (float64, float64)
	e, n := gcj02Offset(117.3, 31.8)
	for _, k := range []struct {
		name        string
		admin       shapes
		moveAdmin   mover
		other       shapes
		moveOther   mover
		kind        string
		east, north float64
		tolerance   float64
	}{
		{"as it is", counties, stay, cities, stay, "", 0, 0, 0},
		{"county files, other edition", single, stay, cities, stay, "", 0, 0, 0},
		{"county files against counties", single, stay, counties, stay, "", 0, 0, 0},
		{"both in GCJ-02", counties, toGCJ, cities, toGCJ, "", 0, 0, 0},
		{"every 5th vertex", thinned(counties, 5), stay, cities, stay, "", 0, 0, 0},
		{"every 20th vertex", thinned(counties, 20), stay, cities, stay, "", 0, 0, 0},
		{"drawn by another hand, 60 m", counties, jitter(rng, 60), cities, jitter(rng, 60), "", 0, 0, 0},
		{"30 m", counties, by(30, 0), cities, stay, "", 0, 0, 0},
		{"a bank 150 m beside", counties, stay, inset(counties, 150), stay, "", 0, 0, 0},
		{"a bank 400 m beside", counties, stay, inset(counties, 400), stay, "", 0, 0, 0},
		{"elsewhere", counties, by(20_000, 13_000), cities, stay, "", 0, 0, 0},
		{"elsewhere, not far", counties, by(5000, 3000), cities, stay, "", 0, 0, 0},
		{"the same elsewhere", counties, by(-4000, 3000), counties, stay, "", 0, 0, 0},

		{"admin in GCJ-02", counties, toGCJ, cities, stay, ShiftGCJ02, e, n, 40},
		{"the others in GCJ-02", counties, stay, cities, toGCJ, ShiftToGCJ02, -e, -n, 40},
		{"other edition in GCJ-02", single, toGCJ, cities, stay, ShiftGCJ02, e, n, 40},
		{"GCJ-02, every 2nd vertex", thinned(counties, 2), toGCJ, cities, stay, ShiftGCJ02, e, n, 40},
		// A limit: outlines generalised by hundreds of metres no longer tell where they lie.
		{"GCJ-02, every 5th vertex: not found", thinned(counties, 5), toGCJ, cities, stay, "", 0, 0, 0},
		{"GCJ-02, drawn by another hand, 40 m", counties, after(toGCJ, jitter(rng, 40)), cities, stay, ShiftGCJ02, e, n, 40},
		{"GCJ-02, five counties", counties[:5], toGCJ, cities, stay, ShiftGCJ02, e, n, 60},
		{"60 m", counties, by(-60, 0), cities, stay, ShiftConstant, -60, 0, 15},
		{"80 m", counties, by(60, 53), cities, stay, ShiftConstant, 60, 53, 15},
		{"360 m", counties, by(300, -200), cities, stay, ShiftConstant, 300, -200, 15},
		{"700 m", counties, by(0, 700), cities, stay, ShiftConstant, 0, 700, 15},
		{"360 m, by another hand, 40 m", counties, after(by(300, -200), jitter(rng, 40)), cities, stay, ShiftConstant, 300, -200, 20},
		{"others are one prefecture", counties, by(-250, 250), cities[4:5], stay, ShiftConstant, -250, 250, 20},
	} {
		t.Run(k.name, func(t *testing.T) {
			s, err := findShift(lattice(k.admin, k.moveAdmin), lattice(k.other, k.moveOther), latticeToDegrees)
			if err != nil {
				t.Fatal(err)
			}
			if bad := verdict(s, k.kind, k.east, k.north, k.tolerance); bad != "" {
				t.Error(bad)
			} else if s != nil {
				t.Logf("%+v", *s)
			}
		})
	}
}

// TestShiftOfScenes counts how often the test fires when it must not, and when it must,
// on invented outlines.
func TestShiftOfScenes(t *testing.T) {
	const seed = 2020
	t.Logf("seed %d", seed)
	scenes := 6
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		scenes = 100
	}
	find := func(admin, other []orb.MultiPolygon) *Shift {
		s, err := findShift(admin, other, latticeToDegrees)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var falseAlarms, detected, wrong, partial, partialFound int
	for i := range scenes {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		admin, zones := blobs(rng, 2+rng.IntN(12)), blobs(rng, 2+rng.IntN(40))
		if s := find(lattice(admin, stay), lattice(zones, stay)); s != nil {
			falseAlarms++
			t.Logf("scene %d: unrelated: %+v", i, *s)
		}
		if s := find(lattice(admin, stay), lattice(admin, jitter(rng, 10+50*rng.Float64()))); s != nil {
			falseAlarms++
			t.Logf("scene %d: drawn twice: %+v", i, *s)
		}
		if s := find(lattice(admin, stay), lattice(inset(admin, 100+500*rng.Float64()), stay)); s != nil {
			falseAlarms++
			t.Logf("scene %d: beside: %+v", i, *s)
		}
		// All outlines shared, and one in four among others of their own.
		angle, length := 2*math.Pi*rng.Float64(), 60+640*rng.Float64()
		east, north := length*math.Cos(angle), length*math.Sin(angle)
		hand := jitter(rng, 20*rng.Float64())
		judge := func(other []orb.MultiPolygon) bool {
			s := find(lattice(admin, after(by(east, north), hand)), lattice(other, stay))
			if s != nil && math.Hypot(s.EastM-east, s.NorthM-north) > 60 {
				wrong++
				t.Logf("scene %d: %+v, want %.0f, %.0f", i, *s, east, north)
			}
			return s != nil
		}
		if judge(admin) {
			detected++
		}
		shared := max(1, len(admin)/4)
		partial++
		if judge(append(blobs(rng, 3*shared), admin[:shared]...)) {
			partialFound++
		}
	}
	t.Logf("%d scenes: %d false alarms in %d; detected %d of %d whole copies, %d of %d where a quarter is shared; %d with a wrong shift",
		scenes, falseAlarms, 3*scenes, detected, scenes, partialFound, partial, wrong)
	t.Logf("tally: scenes %d", scenes)
	t.Logf("tally: false alarms %d", falseAlarms)
	if falseAlarms*1000 > 3*scenes || wrong > 0 || detected*100 < 95*scenes {
		t.Error("fires too often, too seldom, or wrongly")
	}
}

// A layer with very many vertices costs no more than reading them: however many there are, a bounded number of points is
// looked at, and each keeps a bounded number of places.
func TestShiftIsBounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	many := blobs(rng, 3000)
	vertices := 0
	for _, mp := range many {
		vertices += len(mp[0][0])
	}
	admin := lattice(blobs(rng, 300), stay)
	mapped := 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := findShift(lattice(many, stay), admin, func(u, v []float64) error {
		mapped += len(u)
		return latticeToDegrees(u, v)
	})
	runtime.ReadMemStats(&after)
	if err != nil || s != nil {
		t.Errorf("%+v, %v", s, err)
	}
	mb := (after.TotalAlloc - before.TotalAlloc) >> 20
	t.Logf("%d vertices, %d points measured, %d MB", vertices, mapped/3, mb)
	if vertices < 500_000 || mapped < 3*shiftPoints || mapped > 3*shiftPoints+6 || mb > 400 {
		t.Error("too much is looked at, or too little")
	}
	if s, err := findShift(admin, lattice(many, stay), latticeToDegrees); err != nil || s != nil {
		t.Errorf("%+v, %v", s, err)
	}
}
