package spool

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"

	"greenshield/raster"
	"greenshield/redline"
	"greenshield/redline/files"
	"greenshield/redline/findings"
	"greenshield/redline/folder"
	"greenshield/redline/record"
	"greenshield/redline/redlinetest"
	"greenshield/vector/trace"
)

type put struct {
	key      redline.Key
	c        redline.Candidate
	overlaps []redline.Overlap
}

func TestPutRefuses(t *testing.T) {
	for name, change := range map[string]func(c *redline.Candidate){
		"NaN area":         func(c *redline.Candidate) { c.AreaM2 = math.NaN() },
		"no patch area":    func(c *redline.Candidate) { c.PatchM2 = 0 },
		"negative area":    func(c *redline.Candidate) { c.AreaM2 = -1 },
		"NaN point":        func(c *redline.Candidate) { c.Lon = math.NaN() },
		"metres, not deg":  func(c *redline.Candidate) { c.Geometry[0][0][2] = orb.Point{500000, 3300000} },
		"NaN corner":       func(c *redline.Candidate) { c.Geometry[1][0][1][1] = math.NaN() },
		"no geometry":      func(c *redline.Candidate) { c.Geometry = nil },
		"empty polygon":    func(c *redline.Candidate) { c.Geometry[1] = nil },
		"open ring":        func(c *redline.Candidate) { c.Geometry[0][0] = c.Geometry[0][0][:4] },
		"ring of 3 points": func(c *redline.Candidate) { r := c.Geometry[0][0]; c.Geometry[0][0] = orb.Ring{r[0], r[1], r[0]} },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(begin(t), &redline.Inputs{}, findings.Columns{}, true)
			redlinetest.Must(t, err)
			c := redlinetest.Candidate("c9")
			redlinetest.Must(t, s.Put(redline.Key{}, &c, nil))
			change(&c)
			redlinetest.WantFault(t, s.Put(redline.Key{Row: 1}, &c, nil), redline.Internal, "candidate c9")
		})
	}
}

// TestOrderDoesNotMatter: any order of Put, from any number of goroutines, gives the same
// bytes, whether memory holds them or the file.
func TestOrderDoesNotMatter(t *testing.T) {
	const n = 600
	random := rand.New(rand.NewPCG(1, 2))
	zones := make([]redline.Zone, 3)
	pairs := []redline.Pair{{Name: "one"}, {Name: "two"}}
	grid := raster.Grid{OriginX: 117, OriginY: 31, CellX: 1, CellY: 1, Cols: 5000, Rows: 40}
	var patches []redline.Patch // in order
	var puts []put
	var kept, suppressed int64
	for i := range n {
		c := redlinetest.Candidate(fmt.Sprint("c", i))
		c.ZoneName = strings.Repeat("长", random.IntN(200))
		p := put{redline.Key{Row: int32(i / 20), Col: int32(i / 2 % 10), Zone: int32(i % 2)}, c, []redline.Overlap{{Zone: 2, AreaM2: 1}, {Zone: 0, AreaM2: 2}}}
		if i%3 == 0 {
			p.c.Reason, p.c.Geometry = redline.ReasonPart, nil
			suppressed++
		} else {
			kept++
			if i%2 == 0 || i%3 == 1 {
				row, col := int32(i/20), int32(i/2%10)
				patches = append(patches, redline.Patch{ID: "p" + c.ID, Group: "natural>built", Cells: []trace.Run{
					{Row: row, Col0: col, Col1: col + 1}, {Row: row + 1, Col0: 255, Col1: 255 + int32(i)},
					{Row: row + 1, Col0: 1000, Col1: 4999},
				}})
				p.c.Patch = &redline.Patch{}
				*p.c.Patch = patches[len(patches)-1]
			}
		}
		p.c.Evidence = &redline.Evidence{Agreed: []redline.Agreement{
			{Same: 1, Other: float64(i), NoData: 1}, {Unchanged: 2, NoData: 1}}}
		puts = append(puts, p)
	}
	inOrder := slices.Clone(puts)
	var want map[string]string
	for _, workers := range []int{1, 2, 8, 3} {
		f := begin(t)
		s, err := New(f, &redline.Inputs{Zones: zones, Grid: grid, Confirm: pairs}, findings.Columns{}, true)
		redlinetest.Must(t, err)
		if workers%2 == 1 {
			s.chunks.room = 0
		}
		if workers > 1 {
			random.Shuffle(n, func(i, j int) { puts[i], puts[j] = puts[j], puts[i] })
		}
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for i := w; i < n; i += workers {
					c := puts[i].c
					overlaps := append([]redline.Overlap(nil), puts[i].overlaps...)
					if err := s.Put(puts[i].key, &c, overlaps); err != nil {
						t.Error(err)
					}
					c.ZoneName, c.Geometry = "used again", nil // all belongs to the caller again
					clear(overlaps)
				}
			})
		}
		group.Wait()
		gotKept, gotSuppressed, err := s.Finish(t.Context(), func(string) error { return nil })
		redlinetest.Must(t, err)
		if gotKept != kept || gotSuppressed != suppressed {
			t.Errorf("%d kept and %d suppressed, want %d and %d", gotKept, gotSuppressed, kept, suppressed)
		}
		got := map[string]string{}
		for _, name := range []string{"candidates.geojson", "suppressed.csv", "overlaps.csv", files.ConfirmName, files.PatchesName} {
			got[name] = read(t, f, name)
			if want != nil && got[name] != want[name] {
				t.Errorf("%d workers: %s differs", workers, name)
			}
		}
		want = got
	}
	in, err := files.NewPatches(strings.NewReader(want[files.PatchesName]))
	redlinetest.Must(t, err)
	if in.Grid != record.GridOf(grid) {
		t.Errorf("the patches are on the grid %v", in.Grid)
	}
	seen := 0
	for p, err := range in.All() {
		redlinetest.Must(t, err)
		if !reflect.DeepEqual(*p, patches[seen]) {
			t.Fatalf("patch %d is %v, want %v", seen, *p, patches[seen])
		}
		seen++
	}
	if seen != len(patches) || seen < 100 {
		t.Errorf("%d patches, want %d", seen, len(patches))
	}
	confirm := strings.SplitAfter(want[files.ConfirmName], "\n")
	if len(confirm) != int(2*kept)+2 || confirm[0] != files.ConfirmHeader() {
		t.Fatalf("%d lines of %s, the first %q", len(confirm), files.ConfirmName, confirm[0])
	}
	last := -1
	for _, feature := range features(t, want["candidates.geojson"]) {
		i, err := strconv.Atoi(strings.TrimPrefix(feature.ID.(string), "c"))
		redlinetest.Must(t, err)
		if i <= last {
			t.Fatalf("c%d after c%d", i, last)
		}
		last = i
		two := string(files.AppendConfirm(nil, &inOrder[i].c, pairs))
		if confirm[1]+confirm[2] != two {
			t.Fatalf("%q stand where those of c%d are due: %q", confirm[1:3], i, two)
		}
		confirm = confirm[2:]
	}
}

// TestPick: candidates come by their positions among the kept ones, in any order, and more than once, whether memory
// holds them or the file.
func TestPick(t *testing.T) {
	for name, room := range map[string]int{"in memory": 1 << 20, "in the file": 0} {
		t.Run(name, func(t *testing.T) {
			f := begin(t)
			s, err := New(f, &redline.Inputs{Zones: make([]redline.Zone, 1)}, findings.Columns{}, true)
			redlinetest.Must(t, err)
			s.chunks.room = room
			for _, i := range []int{4, 0, 3, 1, 5, 2} {
				c := redlinetest.Candidate(fmt.Sprint("c", i))
				if i == 1 {
					c.Reason, c.Geometry = redline.ReasonPart, nil
				}
				redlinetest.Must(t, s.Put(redline.Key{Row: int32(i)}, &c, nil))
			}
			_, _, err = s.Finish(t.Context(), func(string) error { return nil }, func() ([]string, error) {
				got := ""
				for c, err := range s.Pick(t.Context(), slices.Values([]uint32{4, 0, 2, 1, 4})) {
					if err != nil {
						return nil, err
					}
					got += c.ID
				}
				if got != "c5c0c3c2c5" {
					t.Errorf("picked %s", got)
				}
				cancelled, cancel := context.WithCancel(t.Context())
				cancel()
				for c, err := range s.Pick(cancelled, slices.Values([]uint32{0})) {
					if err != context.Canceled {
						t.Errorf("%v, %v after an interruption", c, err)
					}
				}
				return nil, nil
			})
			redlinetest.Must(t, err)
		})
	}
}

// features has a GeoJSON parser of others read text; it refuses invalid geometries.
func features(t *testing.T, text string) []geom.GeoJSONFeature {
	t.Helper()
	var fc geom.GeoJSONFeatureCollection
	redlinetest.Must(t, json.Unmarshal([]byte(text), &fc))
	for _, f := range fc.Features {
		if !f.Geometry.IsMultiPolygon() || f.Geometry.Area() == 0 || f.ID != f.Properties["cand_id"] {
			t.Fatalf("feature %v: %v", f.ID, f.Geometry.Summary())
		}
	}
	return fc.Features
}

func read(t *testing.T, f *folder.Folder, name string) string {
	t.Helper()
	text, err := os.ReadFile(f.Path(name))
	redlinetest.Must(t, err)
	return string(text)
}

// TestManyCandidates: memory holds neither the texts of the candidates nor an index of them.
func TestManyCandidates(t *testing.T) {
	n := 100_000
	if os.Getenv("GREENSHIELD_TORTURE") != "" {
		n = 1_000_000
	}
	f := begin(t)
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	s, err := New(f, &redline.Inputs{}, findings.Columns{}, true)
	redlinetest.Must(t, err)
	for i := range n {
		c := redlinetest.Candidate(fmt.Sprint("c", i))
		redlinetest.Must(t, s.Put(redline.Key{Row: int32(n - i)}, &c, nil))
	}
	bound := uint64(3<<20 + (spoolChunks+streams)*chunkBytes)
	if grown := live() - before; grown > bound {
		t.Errorf("%d candidates hold %d bytes, more than %d", n, grown, bound)
	}
	kept, _, err := s.Finish(context.Background(), func(string) error { return nil })
	redlinetest.Must(t, err)
	bound -= (spoolChunks + streams) * chunkBytes
	if info, err := os.Stat(f.Path(files.CandidatesName)); err != nil || uint64(info.Size()) < 20*uint64(n)*48 {
		t.Errorf("texts show nothing: %v, %v", info, err)
	}
	if grown := live() - before; grown > bound {
		t.Errorf("%d candidates hold %d bytes after writing, more than %d", n, grown, bound)
	}
	back, err := files.ReadBack(context.Background(), f.Path(files.CandidatesName))
	redlinetest.Must(t, err)
	if kept != int64(n) || back.Features != int64(n) {
		t.Errorf("%d kept, %d read back, want %d", kept, back.Features, n)
	}
	runtime.KeepAlive(s)
	t.Logf("tally: streamed candidates %d", n)
}

// begin returns a folder that the test's end removes.
func begin(t testing.TB) *folder.Folder {
	t.Helper()
	f, err := folder.Begin(filepath.Join(t.TempDir(), "out"), false)
	redlinetest.Must(t, err)
	t.Cleanup(f.Abort)
	return f
}

// Without an agreement for each pair of maps, or with one that is no areas, a kept candidate is refused; a suppressed
// one needs none. A run without pairs has no confirm.csv.
func TestAgreementsAreChecked(t *testing.T) {
	good := redline.Agreement{Same: 1, Other: 2, Unchanged: 3, NoData: 4}
	for name, c := range map[string]struct {
		evidence *redline.Evidence
		reason   redline.Reason
		words    string
	}{
		"good":       {&redline.Evidence{Agreed: []redline.Agreement{good, good}}, "", ""},
		"suppressed": {nil, redline.ReasonPart, ""},
		"none":       {nil, "", "candidate c1: not each of 2 pairs of maps was looked at"},
		"too few":    {&redline.Evidence{Agreed: []redline.Agreement{good}}, "", "not each of 2 pairs"},
		"negative":   {&redline.Evidence{Agreed: []redline.Agreement{good, {Same: -1}}}, "", "cannot be written"},
		"no number": {&redline.Evidence{Agreed: []redline.Agreement{{Other: math.NaN()}, good}}, "",
			"cannot be written"},
		"infinite": {&redline.Evidence{Agreed: []redline.Agreement{{NoData: math.Inf(1)}, good}}, "",
			"cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(begin(t), &redline.Inputs{Confirm: make([]redline.Pair, 2)}, findings.Columns{}, false)
			redlinetest.Must(t, err)
			candidate := redlinetest.Candidate("c1")
			candidate.Evidence, candidate.Reason = c.evidence, c.reason
			err = s.Put(redline.Key{}, &candidate, nil)
			if c.words == "" {
				redlinetest.Must(t, err)
			} else {
				redlinetest.WantFault(t, err, redline.Internal, c.words)
			}
		})
	}
	f := begin(t)
	s, err := New(f, &redline.Inputs{}, findings.Columns{}, false)
	redlinetest.Must(t, err)
	_, _, err = s.Finish(t.Context(), func(string) error { return nil })
	redlinetest.Must(t, err)
	if _, err := os.Stat(f.Path(files.ConfirmName)); !os.IsNotExist(err) {
		t.Error("a run without pairs has a confirm.csv:", err)
	}
}
