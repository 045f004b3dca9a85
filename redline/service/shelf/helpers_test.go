package shelf

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/redline/review"
	"greenshield/redline/spool"
	"greenshield/redline/work"
)

// publish publishes a run of n candidates and as many suppressed changes in a folder, as a run does, in place of the one
// that is there. Candidates are L-shaped, so that many boxes meet only their boxes. The zones have names made to do harm.
func publish(t testing.TB, target string, n int, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(19, seed))
	redlinetest.Must(t, os.MkdirAll(filepath.Dir(target), 0o755))
	grid := raster.Grid{OriginX: 117, OriginY: 32, CellX: 0.001, CellY: 0.001, Cols: 1000, Rows: 1000,
		CRS: raster.CRS{Geographic: true, SemiMajorM: 6378137, Flattening: 1 / 298.257222101}}
	earth, err := raster.NewEarth(grid, nil, nil)
	redlinetest.Must(t, err)
	in := &redline.Inputs{Grid: grid, Earth: earth, Before: redline.Epoch{Year: 2015}, After: redline.Epoch{Year: 2020}}
	for i, name := range []string{"甲", redlinetest.Hostile["html"], redlinetest.Hostile["formula"]} {
		u := float64(10 * i)
		in.Zones = append(in.Zones, redline.Zone{Layer: redline.LayerReserve, ID: fmt.Sprint("=Z", i), Name: name,
			Type: redline.Core, TotalM2: 1e6, Shape: orb.MultiPolygon{{{{u, 0}, {u + 9, 0}, {u, 9}, {u, 0}}}}})
	}
	f, err := folder.Begin(target, true)
	redlinetest.Must(t, err)
	defer f.Abort()
	columns := findings.Columns{Ranked: true}
	s, err := spool.New(f, in, columns, true)
	redlinetest.Must(t, err)
	sum := &redline.Summary{Grid: grid, YearA: 2015, YearB: 2020}
	for i := range in.Zones {
		sum.Zones = append(sum.Zones, redline.ZoneTotal{Zone: &in.Zones[i], TotalM2: 1e6, ControlledM2: 5e5,
			Controlled: in.Zones[i].Shape})
	}
	for i := range n {
		total := &sum.Zones[random.IntN(len(sum.Zones))]
		z := total.Zone
		c := redlinetest.Candidate(fmt.Sprintf("C%d", random.Uint64()))
		x, y, arm := 117+float64(random.IntN(100))/100, 31+float64(random.IntN(100))/100, 0.01+float64(random.IntN(9))/100
		c.Geometry = orb.MultiPolygon{{{{x, y}, {x + arm, y}, {x + arm, y + 0.005}, {x + 0.005, y + 0.005},
			{x + 0.005, y + arm}, {x, y + arm}, {x, y}}}}
		c.Severity, c.AreaM2, c.PatchM2 = redline.Severity(1+random.IntN(4)), float64(100*random.IntN(20)), 2000
		c.Layer, c.ZoneID, c.ZoneName, c.Lon, c.Lat = z.Layer, z.ID, z.Name, x+0.001, y+0.001
		c.AdmCode = fmt.Sprint(340100 + random.IntN(5))
		if random.IntN(3) > 0 {
			c.Priority = &redline.Priority{Score: random.IntN(10)}
		}
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(2 * i)}, &c, nil))
		total.Candidates, total.CandidateM2 = total.Candidates+1, total.CandidateM2+c.AreaM2
		sum.CandidateM2, sum.SuppressedM2 = sum.CandidateM2+c.AreaM2, sum.SuppressedM2+c.AreaM2
		c.ID, c.Reason, c.Geometry, c.Priority = "S"+c.ID[1:], redline.ReasonArea, nil, nil
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(2*i + 1)}, &c, nil))
		total.Suppressed, total.SuppressedM2 = total.Suppressed+1, total.SuppressedM2+c.AreaM2
	}
	sum.Candidates, sum.Suppressed = int64(n), int64(n)
	m := &record.Manifest{Priority: &record.Ranking{Model: "simple"}, Options: map[string]any{"seed": seed},
		Inputs: []record.Input{{Role: "before", Year: 2015, Legend: "clcd"}, {Role: "after", Year: 2020}}}
	redlinetest.Must(t, work.Write(t.Context(), f, work.Found{Inputs: in, Summary: sum, Spool: s}, m, review.GPKG))
	redlinetest.Must(t, f.Publish(t.Context()))
}

// open opens a shelf that looks at the folders whenever somebody asks.
func open(t testing.TB, dir, cache string) *Shelf {
	t.Helper()
	s, err := Open(dir, cache)
	redlinetest.Must(t, err)
	s.every = 0
	t.Cleanup(func() { redlinetest.Must(t, s.Close()) })
	redlinetest.Must(t, s.Wait(t.Context()))
	return s
}
